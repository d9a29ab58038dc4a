// Reduces each query's candidates to the best k and raises its threshold to the k-th score.
//   params
//   states      [n_queries]                in and out
//   candidates  [n_queries, capacity]      in: `count` of them; out: the best k first, unordered
//   overflows   [1]                        out: + 1 for each query whose candidates did not fit
// A query that overflowed goes back to where it stood before the chunk.
// Grid: one workgroup per query. Reference: engine/kernel/top_k.rs
#import top_k

@group(0) @binding(0) var<uniform> params: TopKParams;
@group(0) @binding(1) var<storage, read_write> states: array<QueryState>;
@group(0) @binding(2) var<storage, read_write> candidates: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read_write> overflows: array<atomic<u32>>;

const WORKGROUP: u32 = 256u;
// a digit of four bits: eight digits of the key, then eight of the inverted row number
const DIGITS_PER_WORD: u32 = 8u;
const BINS: u32 = 16u;

// Barriers stand only where the flow depends on constants and parameters: the compiler of Direct3D
// takes nothing else for uniform. Work that is not needed is skipped by counts of zero.

// one row of bins per digit, so that none has to be cleared again
var<workgroup> histogram: array<atomic<u32>, BINS * DIGITS_PER_WORD * 2u>;
var<workgroup> shared_count: u32;
var<workgroup> n_kept: atomic<u32>;

// The wanted order as two words, greater is better: equal scores prefer the lower row.
fn words(candidate: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(candidate.x, ~candidate.y);
}

// The word of the place looked for, as far as it is known, and how many to find from there on.
struct Search {
    known: vec2<u32>,
    mask: vec2<u32>,
    rank: u32,
    // how many candidates share the last digit found
    equal: u32,
}

// Finds one more digit: counts the digits of the candidates that match so far, then walks down.
fn find_digit(
    found: Search,
    digit: u32,
    base: u32,
    count: u32,
    invocation: u32,
) -> Search {
    let word = digit / DIGITS_PER_WORD;
    let shift = 28u - 4u * (digit % DIGITS_PER_WORD);
    for (var i = invocation; i < count; i += WORKGROUP) {
        let candidate = words(candidates[base + i]);
        if (all((candidate & found.mask) == found.known)) {
            let value = select(candidate.x, candidate.y, word == 1u);
            atomicAdd(&histogram[digit * BINS + ((value >> shift) & 15u)], 1u);
        }
    }
    workgroupBarrier();
    var result = found;
    var bin = BINS - 1u;
    var here = atomicLoad(&histogram[digit * BINS + bin]);
    while (bin > 0u && here < result.rank) {
        result.rank -= here;
        bin -= 1u;
        here = atomicLoad(&histogram[digit * BINS + bin]);
    }
    let place = select(vec2<u32>(1u, 0u), vec2<u32>(0u, 1u), word == 1u);
    result.known |= place * (bin << shift);
    result.mask |= place * (15u << shift);
    result.equal = here;
    return result;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) invocation: u32,
) {
    let query = workgroup.x;
    let base = query * params.capacity;
    atomicStore(&histogram[invocation], 0u);
    if (invocation == 0u) {
        atomicStore(&n_kept, 0u);
        let chunk = params.chunk_end - params.chunk_start;
        shared_count = select(atomicLoad(&states[query].count), chunk, params.first_chunk == 1u);
        // there is something to select if anything is new and there are k at least
        let select_now = shared_count != states[query].kept && shared_count >= params.k;
        if (shared_count > params.capacity) {
            atomicAdd(&overflows[0], 1u);
            atomicStore(&states[query].count, states[query].kept);
        } else {
            states[query].done = max(states[query].done, params.first_document + params.chunk_end);
            if (!select_now) {
                states[query].kept = shared_count;
                atomicStore(&states[query].count, shared_count);
            }
        }
        shared_count = select(0u, shared_count, select_now && shared_count <= params.capacity);
    }
    workgroupBarrier();
    let count = shared_count;

    var found = Search(vec2<u32>(), vec2<u32>(), params.k, 0u);
    for (var digit = 0u; digit < DIGITS_PER_WORD; digit++) {
        found = find_digit(found, digit, base, count, invocation);
    }
    // rows matter only where more candidates share the k-th score than have a place; without a
    // count the digits found are zeros, which every row passes
    let tied = select(0u, count, found.equal > found.rank);
    for (var digit = DIGITS_PER_WORD; digit < 2u * DIGITS_PER_WORD; digit++) {
        found = find_digit(found, digit, base, tied, invocation);
    }

    // Moves the survivors to the front. A step reads before any invocation writes, and a survivor
    // never moves back, so nothing is overwritten that is still to be read.
    for (var first = 0u; first < params.capacity; first += WORKGROUP) {
        let i = first + invocation;
        var candidate = vec2<u32>();
        var survives = false;
        if (i < count) {
            candidate = candidates[base + i];
            let at = words(candidate);
            survives = at.x > found.known.x || (at.x == found.known.x && at.y >= found.known.y);
        }
        storageBarrier();
        workgroupBarrier();
        if (survives) {
            let slot = atomicAdd(&n_kept, 1u);
            candidates[base + slot] = candidate;
        }
    }
    workgroupBarrier();
    if (invocation == 0u && count > 0u) {
        let kept = atomicLoad(&n_kept);
        states[query].threshold = found.known.x;
        states[query].kept = kept;
        atomicStore(&states[query].count, kept);
    }
}
