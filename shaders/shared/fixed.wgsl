// Products of 32-bit integers by halves: WGSL has no 64-bit integers and integers do not round.
// Reference: engine/kernel/firm_step/fixed.rs.

// One in Q7.24.
const ONE: i32 = 16777216;

// The high 32 bits of the product.
fn mulhi(a: u32, b: u32) -> u32 {
    let a_low = a & 0xffffu;
    let a_high = a >> 16u;
    let b_low = b & 0xffffu;
    let b_high = b >> 16u;
    let middle = a_high * b_low + ((a_low * b_low) >> 16u);
    let low = a_low * b_high + (middle & 0xffffu);
    return a_high * b_high + (middle >> 16u) + (low >> 16u);
}

// The same of signed numbers: a negative factor counts 2^32 too much in the unsigned product.
fn mulhi_signed(a: i32, b: i32) -> u32 {
    let high = mulhi(bitcast<u32>(a), bitcast<u32>(b));
    return high - select(0u, bitcast<u32>(b), a < 0) - select(0u, bitcast<u32>(a), b < 0);
}

// Product of two Q7.24, rounded down.
fn mulq(a: i32, b: i32) -> i32 {
    let low = bitcast<u32>(a) * bitcast<u32>(b);
    return bitcast<i32>((mulhi_signed(a, b) << 8u) | (low >> 24u));
}

// a * f / 2^16, rounded down.
fn mul16(a: i32, f: i32) -> i32 {
    let low = bitcast<u32>(a) * bitcast<u32>(f);
    return bitcast<i32>((mulhi_signed(a, f) << 16u) | (low >> 16u));
}
