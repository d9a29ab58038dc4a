// Scores listed pairs: one dot product each.
//   params
//   queries     [n_bound_queries, dim_vec4]     row-major, four numbers each
//   documents   [n_bound_documents, dim_vec4]   row-major
//   pairs       [n_pairs]                       (query row, document row) within the bound rows
//   scores      [n_pairs]                       out, higher is better
// Grid: x = pairs / 4, rounded up; sixteen invocations share a pair.
// Reference: engine/kernel/pair_scores.rs

struct PairParams {
    n_pairs: u32,
    // four numbers each; rows are padded with zeros
    dim_vec4: u32,
    // a uniform buffer is a multiple of sixteen bytes
    padding0: u32,
    padding1: u32,
}

@group(0) @binding(0) var<uniform> params: PairParams;
@group(0) @binding(1) var<storage, read> queries: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> documents: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> pairs: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;

const WORKGROUP: u32 = 64u;
const LANES: u32 = 16u;
const PAIRS: u32 = WORKGROUP / LANES;

var<workgroup> partial_sums: array<f32, WORKGROUP>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) invocation: u32,
) {
    let pair = workgroup.x * PAIRS + invocation / LANES;
    let lane = invocation % LANES;
    var sums = vec4<f32>();
    if (pair < params.n_pairs) {
        let query = pairs[pair].x * params.dim_vec4;
        let document = pairs[pair].y * params.dim_vec4;
        for (var i = lane; i < params.dim_vec4; i += LANES) {
            sums = fma(queries[query + i], documents[document + i], sums);
        }
    }
    partial_sums[invocation] = (sums.x + sums.z) + (sums.y + sums.w);
    workgroupBarrier();
    for (var width = LANES / 2u; width > 0u; width /= 2u) {
        if (lane < width) {
            partial_sums[invocation] += partial_sums[invocation + width];
        }
        workgroupBarrier();
    }
    if (lane == 0u && pair < params.n_pairs) {
        scores[pair] = partial_sums[invocation];
    }
}
