//! Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw (SC 2011).
//!
//! A draw is a function of who draws, when and for what: (uid, quarter, purpose, replicate) under
//! the key of the run. Nothing depends on the order of calls, so a lever changes only the draws
//! of what it touches, and scenarios of one replicate are paired.

/// Purposes: the third word of the counter.
pub mod purpose {
    /// The four words of a firm's quarter.
    pub const FIRM: u32 = 0;
    /// Initial weights of clusters.
    pub const INITIAL_CLUSTER: u32 = 100;
    /// Initial state of firms.
    pub const INITIAL_FIRM: u32 = 101;
    /// Initial capability of clusters.
    pub const INITIAL_CAPABILITY: u32 = 102;
    /// Shock common to the province.
    pub const PROVINCE: u32 = 200;
    /// Shock common to an industry.
    pub const INDUSTRY: u32 = 201;
    /// Shock of one cluster.
    pub const CLUSTER: u32 = 202;
    /// Candidates for entry.
    pub const ENTRY: u32 = 300;
    /// Attracted firms.
    pub const ATTRACTED: u32 = 310;
    /// Draws of parameters.
    pub const PARAMETERS: u32 = 400;
    /// External shock events.
    pub const SHOCK_EVENT: u32 = 500;
}

/// The four words of `counter` under `key`.
#[inline(always)]
#[must_use]
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    // Multipliers and key increments of the paper: Weyl steps of the golden ratio and of √3 − 1.
    let ([mut c0, mut c1, mut c2, mut c3], [mut k0, mut k1]) = (counter, key);
    for _ in 0..10 {
        let (p0, p1) = (0xd251_1f53_u64 * u64::from(c0), 0xcd9e_8d57_u64 * u64::from(c2));
        (c0, c1, c2, c3) = (high(p1) ^ c1 ^ k0, low(p1), high(p0) ^ c3 ^ k1, low(p0));
        k0 = k0.wrapping_add(0x9e37_79b9);
        k1 = k1.wrapping_add(0xbb67_ae85);
    }
    [c0, c1, c2, c3]
}

#[inline(always)]
fn high(product: u64) -> u32 {
    low(product >> 32)
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the low word is what is asked for")]
fn low(product: u64) -> u32 {
    product as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// K1: the vectors of Random123's `kat_vectors`.
    #[test]
    fn known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }
}
