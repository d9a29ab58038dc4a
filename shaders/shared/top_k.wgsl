// What the two kernels of the selection share. Twins of these structs: engine/kernel/top_k.rs.
struct TopKParams {
    n_queries: u32,
    // row length in groups of sixteen bytes; rows are padded with zeros
    dim_vec4: u32,
    // rows of this chunk within the bound documents: start <= row < end
    chunk_start: u32,
    chunk_end: u32,
    // which document the first bound row is
    first_document: u32,
    k: u32,
    // candidates per query
    capacity: u32,
    // 1 for the first chunk: every score is stored at its place, without a count
    first_chunk: u32,
    // 1 where only allowed documents may be found
    filtered: u32,
    padding0: u32,
    padding1: u32,
    padding2: u32,
}

// Where one query stands. All zeros before the first chunk.
struct QueryState {
    // key of the k-th best score so far; 0 while fewer than k are known
    threshold: u32,
    // candidates written, or tried to: more than the capacity is an overflow
    count: atomic<u32>,
    // how many of them survived the last refinement
    kept: u32,
    // documents before this one have been taken in
    done: u32,
}
