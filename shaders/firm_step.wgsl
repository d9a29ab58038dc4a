// One quarter of every firm of many runs, in integers.
//   params
//   given    [n_bound_runs * RUN_WORDS, then tables]  a run: header, then six words per cluster
//   x, a, uid, w0, w1   [n_bound_runs, stride]        the firms, see engine/kernel/firm_step/state.rs
//   sums     [n_bound_runs, n_clusters * SUM_WORDS + 1]  in: zeros; the last word counts exits
//   free     [n_bound_runs, stride]                   slots of exits are appended at the header's n_free
// Grid: x = slots of a run / BLOCK, rounded up; y = runs.
// Same bits for any grid and order: draws are keyed by the firm, sums are of integers. Only the
// order of the freed slots differs, and no draw depends on a slot.
// Reference: engine/kernel/firm_step/step.rs

#import fixed
#import philox

struct FirmStepParams {
    first_run: u32,
    // first block of slots of every run
    first_block: u32,
    // slots of a run in the buffers
    stride: u32,
    n_clusters: u32,
}

@group(0) @binding(0) var<uniform> params: FirmStepParams;
@group(0) @binding(1) var<storage, read> given: array<i32>;
@group(0) @binding(2) var<storage, read_write> x: array<i32>;
@group(0) @binding(3) var<storage, read_write> a: array<i32>;
@group(0) @binding(4) var<storage, read> uid: array<u32>;
@group(0) @binding(5) var<storage, read_write> w0: array<u32>;
@group(0) @binding(6) var<storage, read_write> w1: array<u32>;
@group(0) @binding(7) var<storage, read_write> sums: array<atomic<u32>>;
@group(0) @binding(8) var<storage, read_write> free: array<u32>;

const WORKGROUP: u32 = 256u;
// Slots of one workgroup: counts of its firms fit 16 bits.
const BLOCK: u32 = 4096u;
const MAX_CLUSTERS: u32 = 512u;

// A run: header, quantiles of scores, then the inputs of its clusters.
const RUN_HEADER: u32 = 24u;
const N_QUANTILES: u32 = 256u;
const INPUT_WORDS: u32 = 6u;
const RUN_WORDS: u32 = RUN_HEADER + N_QUANTILES + INPUT_WORDS * MAX_CLUSTERS;

// Tables, from where the header says.
const EXP2: u32 = 0u;
const GAUSS: u32 = 257u;
const EXPO: u32 = 1313u;
const ROOT_VARIANCE: u32 = 2369u;
const HAZARD_BY_AGE: u32 = 2625u;
const YOUNG_GROWTH: u32 = 2689u;
const CONVERSION: u32 = 2753u;
const LOGIT_BY_SCORE: u32 = 3265u;

// Words of a cluster's sums: output and capability in two each, firms, exits, innovations,
// transfers, spin-offs.
const SUM_WORDS: u32 = 9u;
// The same in workgroup memory, where counts share words.
const LOCAL_WORDS: u32 = 7u;

const X_MIN: i32 = -3 * ONE;
const X_MAX: i32 = 469762047;
const A_MAX: i32 = 6 * ONE;
const ALIVE: u32 = 0x10000000u;
const MATCH_QUARTERS: u32 = 12u;

var<workgroup> local_sums: array<atomic<u32>, LOCAL_WORDS * MAX_CLUSTERS>;

fn exp2m(f: i32, tables: u32) -> u32 {
    let j = tables + EXP2 + ((bitcast<u32>(f) >> 16u) & 0xffu);
    let low = bitcast<u32>(given[j]);
    let high = bitcast<u32>(given[j + 1u]);
    return low + mulhi((high - low) << 8u, (bitcast<u32>(f) & 0xffffu) << 8u);
}

fn size16(value: i32, tables: u32) -> u32 {
    let bounded = clamp(value, X_MIN, X_MAX);
    let shift = 27 - (bounded >> 24u);
    return (exp2m(bounded, tables) << 1u) >> u32(shift);
}

fn prob32(value: i32, tables: u32) -> u32 {
    let bounded = min(value, -ONE);
    let shift = -1 - (bounded >> 24u);
    let probability = (exp2m(bounded, tables) >> (u32(shift) & 31u)) << 1u;
    return select(probability, 0u, shift > 29);
}

fn exp2q(value: i32, tables: u32) -> i32 {
    let bounded = clamp(value, -20 * ONE, 6 * ONE - 1);
    return bitcast<i32>(exp2m(bounded, tables) >> u32(6 - (bounded >> 24u)));
}

fn octave(u: u32, table: u32) -> i32 {
    let v = u | 1u;
    let zeros = countLeadingZeros(v);
    let mantissa = v << zeros;
    let fraction = bitcast<i32>((mantissa >> 10u) & 0xffffu);
    let i = table + zeros * 33u + ((mantissa >> 26u) & 31u);
    let low = given[i];
    return low + mul16(given[i + 1u] - low, fraction);
}

fn gauss(u: u32, tables: u32) -> i32 {
    let magnitude = octave(u << 1u, tables + GAUSS);
    return select(magnitude, -magnitude, (u >> 31u) == 1u);
}

fn expo16(u: u32, tables: u32) -> i32 {
    return octave((u << 16u) | 0x8000u, tables + EXPO);
}

fn conversion_at(logit: i32, tables: u32) -> i32 {
    let offset = bitcast<u32>(clamp(logit + 16 * ONE, 0, 511 * (ONE / 16) - 1));
    let i = tables + CONVERSION + (offset >> 20u);
    let low = given[i];
    return low + mul16(given[i + 1u] - low, bitcast<i32>((offset >> 4u) & 0xffffu));
}

// Adds a 64-bit number to two words; carries are counted exactly in any order.
fn add_local(at: u32, low: u32, high: u32) {
    let old = atomicAdd(&local_sums[at], low);
    let more = high + select(0u, 1u, old + low < old);
    if (more != 0u) {
        atomicAdd(&local_sums[at + 1u], more);
    }
}

fn add_global(at: u32, low: u32, high: u32) {
    let old = atomicAdd(&sums[at], low);
    let more = high + select(0u, 1u, old + low < old);
    if (more != 0u) {
        atomicAdd(&sums[at + 1u], more);
    }
}

fn step_firm(slot: u32, run: u32) {
    let at = run * params.stride + slot;
    var word0 = w0[at];
    if ((word0 & ALIVE) == 0u) {
        return;
    }
    let header = run * RUN_WORDS;
    let tables = bitcast<u32>(given[header]);
    let quarter = bitcast<u32>(given[header + 3u]);
    let replicate = bitcast<u32>(given[header + 4u]);
    let seed = vec2<u32>(bitcast<u32>(given[header + 5u]), bitcast<u32>(given[header + 6u]));
    let cluster = word0 & 511u;
    let inputs = header + RUN_HEADER + N_QUANTILES + cluster * INPUT_WORDS;
    let size = x[at];
    let capability = a[at];
    let from_x0 = size - given[header + 12u];
    let draws = philox(vec4<u32>(uid[at], quarter, 0u, replicate), seed);
    let year = min((word0 >> 12u) & 255u, 63u);

    let hazard = given[header + 14u] + given[tables + HAZARD_BY_AGE + year]
        - mulq(given[header + 15u], from_x0)
        - mulq(given[header + 16u], capability)
        + given[inputs + 4u];
    var dies = (draws.z >> 16u) < (prob32(hazard, tables) >> 16u);
    if ((quarter & 3u) == 0u) {
        word0 = (word0 & ~0x0ff00000u) | ((draws.z << 20u) & 0x0ff00000u);
    }

    let normal = gauss(draws.x, tables);
    let log_sigma = given[header + 10u] - mulq(given[header + 11u], from_x0);
    let sigma = exp2q(clamp(log_sigma, -5 * ONE, 0), tables);
    let regime = given[tables + ROOT_VARIANCE + ((word0 >> 20u) & 255u)];
    let shock = mulq(mulq(sigma, regime), normal) >> 1u;
    let growth = given[inputs] + mulq(given[header + 7u], capability) + shock
        + given[tables + YOUNG_GROWTH + year];

    let innovates = (draws.y >> 16u) < bitcast<u32>(given[inputs + 1u]);
    let high = bitcast<i32>(draws.w >> 16u);
    let agreed = w1[at];
    let pending = (agreed & 63u) > 0u;
    let arrives = !pending && high < given[inputs + 3u];
    let gap = max(given[inputs + 2u] - capability, 0);
    let new_size = clamp(size + growth, X_MIN, X_MAX);
    var skill = capability + mulq(given[header + 13u], normal)
        - mulq(given[header + 8u], capability)
        - given[header + 9u]
        + mulq(given[header + 18u], gap);
    var word1 = select(0u, agreed, pending);

    if (innovates) {
        skill += mulq(given[header + 21u], expo16(draws.y, tables));
    }
    var transferred = false;
    var spun_off = false;
    if (arrives) {
        let score = bitcast<u32>(given[header + RUN_HEADER + ((draws.w >> 8u) & 255u)]);
        word1 = (score << 6u) | MATCH_QUARTERS;
    } else if (pending) {
        let score = (agreed >> 6u) & 255u;
        let logit = given[tables + LOGIT_BY_SCORE + score] + given[inputs + 5u];
        let limit = conversion_at(logit, tables) >> 8u;
        word1 = agreed - 1u;
        if (high < limit) {
            word1 = 0u;
            // Given conversion, `high` is uniform below the limit: the same word decides.
            spun_off = (high << 8u) < mul16(limit << 8u, given[header + 20u]);
            transferred = !spun_off;
            if (transferred) {
                skill += mulq(given[header + 19u], expo16(draws.w, tables));
            }
        }
    }

    skill = clamp(skill, -A_MAX, A_MAX);
    dies = dies || new_size < given[header + 17u];
    let older = select(word0, word0 + 1024u, ((word0 >> 10u) & 1023u) < 1023u);
    x[at] = new_size;
    a[at] = skill;
    w0[at] = select(older, 0u, dies);
    w1[at] = word1;

    let sum = cluster * LOCAL_WORDS;
    if (dies) {
        atomicAdd(&local_sums[sum + 4u], 0x10000u);
        let counter = (run + 1u) * (params.n_clusters * SUM_WORDS + 1u) - 1u;
        let place = bitcast<u32>(given[header + 2u]) + atomicAdd(&sums[counter], 1u);
        free[run * params.stride + place] = slot;
    } else {
        let output = size16(new_size, tables);
        let weight = bitcast<u32>((skill + A_MAX) >> 8u);
        add_local(sum, output, 0u);
        add_local(sum + 2u, (output >> 4u) * weight, mulhi(output >> 4u, weight));
        atomicAdd(&local_sums[sum + 4u], 1u);
    }
    if (innovates || transferred) {
        let events = select(0u, 1u, innovates) | select(0u, 0x10000u, transferred);
        atomicAdd(&local_sums[sum + 5u], events);
    }
    if (spun_off) {
        atomicAdd(&local_sums[sum + 6u], 1u);
    }
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) invocation: u32,
) {
    let run = params.first_run + workgroup.y;
    let n_local = params.n_clusters * LOCAL_WORDS;
    for (var i = invocation; i < n_local; i += WORKGROUP) {
        atomicStore(&local_sums[i], 0u);
    }
    workgroupBarrier();
    let first = (params.first_block + workgroup.x) * BLOCK;
    let end = min(first + BLOCK, bitcast<u32>(given[run * RUN_WORDS + 1u]));
    for (var slot = first + invocation; slot < end; slot += WORKGROUP) {
        step_firm(slot, run);
    }
    workgroupBarrier();
    let base = run * (params.n_clusters * SUM_WORDS + 1u);
    for (var cluster = invocation; cluster < params.n_clusters; cluster += WORKGROUP) {
        let from_local = cluster * LOCAL_WORDS;
        let sum = base + cluster * SUM_WORDS;
        let lived = atomicLoad(&local_sums[from_local + 4u]);
        if (lived == 0u) {
            continue;
        }
        for (var i = 0u; i < 4u; i += 2u) {
            let low = atomicLoad(&local_sums[from_local + i]);
            add_global(sum + i, low, atomicLoad(&local_sums[from_local + i + 1u]));
        }
        let events = atomicLoad(&local_sums[from_local + 5u]);
        atomicAdd(&sums[sum + 4u], lived & 0xffffu);
        atomicAdd(&sums[sum + 5u], lived >> 16u);
        atomicAdd(&sums[sum + 6u], events & 0xffffu);
        atomicAdd(&sums[sum + 7u], events >> 16u);
        atomicAdd(&sums[sum + 8u], atomicLoad(&local_sums[from_local + 6u]));
    }
}
