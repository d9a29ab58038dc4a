// Puts firms into slots.
//   params
//   arrivals  [n_arrivals]               a firm and its place
//   free      [n_bound_runs, stride]     slots that can be taken
//   x, a, uid, w0, w1   [n_bound_runs, stride]
// Grid: x = arrivals / 64, rounded up.
// A place is a slot, or with its highest bit a place in `free` whose entry is the slot of the run.
// Reference: `FirmSession::place` in engine/kernel/firm_step/session.rs

struct FirmArrivalsParams {
    n_arrivals: u32,
    // slots of a run in the buffers
    stride: u32,
    // a uniform buffer is a multiple of sixteen bytes
    padding0: u32,
    padding1: u32,
}

struct FirmArrival {
    place: u32,
    x: i32,
    a: i32,
    uid: u32,
    w0: u32,
    w1: u32,
}

@group(0) @binding(0) var<uniform> params: FirmArrivalsParams;
@group(0) @binding(1) var<storage, read> arrivals: array<FirmArrival>;
@group(0) @binding(2) var<storage, read> free: array<u32>;
@group(0) @binding(3) var<storage, read_write> x: array<i32>;
@group(0) @binding(4) var<storage, read_write> a: array<i32>;
@group(0) @binding(5) var<storage, read_write> uid: array<u32>;
@group(0) @binding(6) var<storage, read_write> w0: array<u32>;
@group(0) @binding(7) var<storage, read_write> w1: array<u32>;

const WORKGROUP: u32 = 64u;
const BY_FREE: u32 = 0x80000000u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3<u32>) {
    if (invocation.x >= params.n_arrivals) {
        return;
    }
    let firm = arrivals[invocation.x];
    var at = firm.place;
    if ((at & BY_FREE) != 0u) {
        at = at & ~BY_FREE;
        at = at / params.stride * params.stride + free[at];
    }
    x[at] = firm.x;
    a[at] = firm.a;
    uid[at] = firm.uid;
    w0[at] = firm.w0;
    w1[at] = firm.w1;
}
