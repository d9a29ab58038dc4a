// As top_k_scores.wgsl, on rows of packed 8-bit integers: a coarse pass, whose error the host knows.
//   params
//   queries     [n_queries, dim_vec4]      row-major, sixteen integers each
//   documents   [n_bound, dim_vec4]        row-major; the chunk is a range of these rows
//   states      [n_queries]                threshold in, count of candidates out
//   candidates  [n_queries, capacity]      out: (key of the score, document)
//   allowed     [documents / 32]           one bit per document, read where the call is filtered
//   scales      [n_bound]                  what a number of each document is worth
// Scores are in units of the query's scale.
// Grid: x = queries / 64, y = chunk / 64, rounded up; each invocation scores 4 x 4 pairs.
// Reference: engine/kernel/coarse/rows.rs
#import top_k
#import order

@group(0) @binding(0) var<uniform> params: TopKParams;
@group(0) @binding(1) var<storage, read> queries: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> documents: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> states: array<QueryState>;
@group(0) @binding(4) var<storage, read_write> candidates: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> allowed: array<u32>;
@group(0) @binding(6) var<storage, read> scales: array<f32>;

// rows of each side per workgroup
const TILE: u32 = 64u;
// vec4s of each row per step
const DEPTH: u32 = 4u;
// one vec4 of padding keeps the sixteen rows read together in different memory banks
const STRIDE: u32 = DEPTH + 1u;
// rows of each side per invocation lie this far apart
const SPREAD: u32 = 16u;

var<workgroup> query_tile: array<vec4<u32>, TILE * STRIDE>;
var<workgroup> document_tile: array<vec4<u32>, TILE * STRIDE>;

fn query_vec4(row: u32, column: u32) -> vec4<u32> {
    if (row < params.n_queries && column < params.dim_vec4) {
        return queries[row * params.dim_vec4 + column];
    }
    return vec4<u32>();
}

fn document_vec4(row: u32, column: u32) -> vec4<u32> {
    if (row < params.chunk_end && column < params.dim_vec4) {
        return documents[row * params.dim_vec4 + column];
    }
    return vec4<u32>();
}

#import top_k_keep

// The sum of sixteen products, added to another.
fn add_dot(sum: i32, q: vec4<u32>, d: vec4<u32>) -> i32 {
    let low = dot4I8Packed(q.x, d.x) + dot4I8Packed(q.y, d.y);
    return sum + low + dot4I8Packed(q.z, d.z) + dot4I8Packed(q.w, d.w);
}

fn add_dots(
    sums: vec4<i32>,
    q: vec4<u32>,
    d0: vec4<u32>,
    d1: vec4<u32>,
    d2: vec4<u32>,
    d3: vec4<u32>,
) -> vec4<i32> {
    return vec4<i32>(
        add_dot(sums.x, q, d0),
        add_dot(sums.y, q, d1),
        add_dot(sums.z, q, d2),
        add_dot(sums.w, q, d3),
    );
}

fn scale_of(row: u32) -> f32 {
    // rows beyond the chunk are not kept, but must not be read beyond the buffer either
    if (row < params.chunk_end) {
        return scales[row];
    }
    return 0.0;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) invocation: u32,
) {
    let first_query = workgroup.x * TILE;
    let first_row = params.chunk_start + workgroup.y * TILE;

    // as a loader, each invocation brings one vec4 of either side per step
    let load_row = invocation / DEPTH;
    let load_column = invocation % DEPTH;
    let load_slot = load_row * STRIDE + load_column;

    // as a scorer, it owns four rows of either side
    let query_row = invocation % SPREAD;
    let document_row = invocation / SPREAD;
    var sums0 = vec4<i32>();
    var sums1 = vec4<i32>();
    var sums2 = vec4<i32>();
    var sums3 = vec4<i32>();

    var next_query = query_vec4(first_query + load_row, load_column);
    var next_document = document_vec4(first_row + load_row, load_column);
    for (var column = 0u; column < params.dim_vec4; column += DEPTH) {
        workgroupBarrier();
        query_tile[load_slot] = next_query;
        document_tile[load_slot] = next_document;
        workgroupBarrier();
        // the next step's numbers travel while this step computes
        next_query = query_vec4(first_query + load_row, column + DEPTH + load_column);
        next_document = document_vec4(first_row + load_row, column + DEPTH + load_column);
        for (var i = 0u; i < DEPTH; i++) {
            let d0 = document_tile[document_row * STRIDE + i];
            let d1 = document_tile[(document_row + SPREAD) * STRIDE + i];
            let d2 = document_tile[(document_row + 2u * SPREAD) * STRIDE + i];
            let d3 = document_tile[(document_row + 3u * SPREAD) * STRIDE + i];
            let q0 = query_tile[query_row * STRIDE + i];
            let q1 = query_tile[(query_row + SPREAD) * STRIDE + i];
            let q2 = query_tile[(query_row + 2u * SPREAD) * STRIDE + i];
            let q3 = query_tile[(query_row + 3u * SPREAD) * STRIDE + i];
            sums0 = add_dots(sums0, q0, d0, d1, d2, d3);
            sums1 = add_dots(sums1, q1, d0, d1, d2, d3);
            sums2 = add_dots(sums2, q2, d0, d1, d2, d3);
            sums3 = add_dots(sums3, q3, d0, d1, d2, d3);
        }
    }

    let query = first_query + query_row;
    let row = first_row + document_row;
    let worth = vec4<f32>(
        scale_of(row),
        scale_of(row + SPREAD),
        scale_of(row + 2u * SPREAD),
        scale_of(row + 3u * SPREAD),
    );
    keep_four(query, row, vec4<f32>(sums0) * worth);
    keep_four(query + SPREAD, row, vec4<f32>(sums1) * worth);
    keep_four(query + 2u * SPREAD, row, vec4<f32>(sums2) * worth);
    keep_four(query + 3u * SPREAD, row, vec4<f32>(sums3) * worth);
}
