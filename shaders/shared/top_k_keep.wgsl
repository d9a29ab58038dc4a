// What a kernel of scores keeps: included after its bindings `params`, `states`, `candidates`,
// `allowed` and the constant `SPREAD`.
fn keep(query: u32, row: u32, score: f32, threshold: u32) {
    let key = score_key(score);
    if (key <= threshold || row >= params.chunk_end) {
        return;
    }
    let document = params.first_document + row;
    if (params.filtered == 1u && ((allowed[document / 32u] >> (document % 32u)) & 1u) == 0u) {
        return;
    }
    if (params.first_chunk == 1u) {
        let slot = row - params.chunk_start;
        candidates[query * params.capacity + slot] = vec2<u32>(key, document);
        return;
    }
    // a chunk that is repeated for another query's overflow must not be taken in twice
    if (document < states[query].done) {
        return;
    }
    let slot = atomicAdd(&states[query].count, 1u);
    if (slot < params.capacity) {
        candidates[query * params.capacity + slot] = vec2<u32>(key, document);
    }
}

fn keep_four(query: u32, row: u32, scores: vec4<f32>) {
    if (query >= params.n_queries) {
        return;
    }
    let threshold = states[query].threshold;
    keep(query, row, scores.x, threshold);
    keep(query, row + SPREAD, scores.y, threshold);
    keep(query, row + 2u * SPREAD, scores.z, threshold);
    keep(query, row + 3u * SPREAD, scores.w, threshold);
}
