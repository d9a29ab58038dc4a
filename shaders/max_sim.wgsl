// Finds the best of consecutive document rows for one query row, for listed jobs.
//   params
//   queries     [n_bound_queries, dim_vec4]     row-major, four numbers each
//   documents   [n_bound_documents, dim_vec4]   row-major
//   jobs        [n_jobs]                        one query row, consecutive document rows
//   best        [n_jobs]                        out: greatest dot product, and which row of the job
// Ties: the first row. Grid: x = jobs / 8, rounded up; eight invocations share a job.
// Reference: engine/kernel/max_sim.rs

struct MaxSimParams {
    n_jobs: u32,
    // four numbers each; rows are padded with zeros
    dim_vec4: u32,
    // a uniform buffer is a multiple of sixteen bytes
    padding0: u32,
    padding1: u32,
}

struct MaxSimJob {
    // rows within the bound rows
    query: u32,
    first: u32,
    // at least 1
    n_rows: u32,
}

struct BestRow {
    score: f32,
    position: u32,
}

@group(0) @binding(0) var<uniform> params: MaxSimParams;
@group(0) @binding(1) var<storage, read> queries: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> documents: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> jobs: array<MaxSimJob>;
@group(0) @binding(4) var<storage, read_write> best: array<BestRow>;

const WORKGROUP: u32 = 64u;
const LANES: u32 = 8u;
const JOBS: u32 = WORKGROUP / LANES;
const NO_ROW: u32 = 0xffffffffu;

// The best that each invocation saw.
var<workgroup> found: array<BestRow, WORKGROUP>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) invocation: u32,
) {
    let place = workgroup.x * JOBS + invocation / LANES;
    let lane = invocation % LANES;
    var mine = BestRow(0.0, NO_ROW);
    if (place < params.n_jobs) {
        let job = jobs[place];
        let query = job.query * params.dim_vec4;
        for (var row = lane; row < job.n_rows; row += LANES) {
            let document = (job.first + row) * params.dim_vec4;
            var sums = vec4<f32>();
            for (var i = 0u; i < params.dim_vec4; i += 1u) {
                sums = fma(queries[query + i], documents[document + i], sums);
            }
            // One row takes the place of another only if it is better, so the first stays.
            let score = (sums.x + sums.z) + (sums.y + sums.w);
            if (mine.position == NO_ROW || score > mine.score) {
                mine = BestRow(score, row);
            }
        }
    }
    found[invocation] = mine;
    workgroupBarrier();
    if (lane == 0u && place < params.n_jobs) {
        for (var other = 1u; other < LANES; other += 1u) {
            let its = found[invocation + other];
            let earlier = its.score == mine.score && its.position < mine.position;
            if (its.position != NO_ROW && (its.score > mine.score || earlier)) {
                mine = its;
            }
        }
        best[place] = mine;
    }
}
