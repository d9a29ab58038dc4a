//! Technology transfer: matches that are known, and how many more arrive.
//!
//! Conversion itself is in the firm kernel: with a calibrated score m, the twelve-quarter
//! probability is logit P = ℓ0 + ℓ1·m + levers, spread evenly over the quarters.

use crate::kernel::firm_step::Firms;
use crate::kernel::firm_step::fixed::ONE;
use crate::kernel::firm_step::tables::MATCH_QUARTERS;

/// A match that the matching engine found: it is given to the firm at its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownMatch {
    /// Quarter since the start.
    pub quarter: u32,
    /// The firm.
    pub uid: u32,
    /// Calibrated score in 1/255.
    pub score: u8,
}

/// Gives the matches of `quarter` to their firms; returns how many found no living firm.
///
/// A firm with a pending match keeps the better of the two; the later one wins a tie.
pub(super) fn inject(known: &[KnownMatch], quarter: u32, firms: &mut Firms) -> usize {
    let mut due: Vec<_> = known.iter().filter(|it| it.quarter == quarter).collect();
    if due.is_empty() {
        return 0;
    }
    due.sort_by_key(|it| (it.uid, it.score));
    let mut placed = 0;
    for slot in 0..firms.len() {
        let mut firm = firms.get(slot);
        if !firm.is_alive() {
            continue;
        }
        let first = due.partition_point(|it| it.uid < firm.uid);
        let own = due[first..].iter().take_while(|it| it.uid == firm.uid);
        let (count, best) = own.fold((0, 0), |(n, _), it| (n + 1, it.score));
        let pending = if firm.w1 & 63 > 0 { (firm.w1 >> 6) & 255 } else { 0 };
        if count > 0 && u32::from(best) >= pending {
            firm.w1 = (u32::from(best) << 6) | MATCH_QUARTERS;
            firms.set(slot, firm);
        }
        placed += count;
    }
    due.len() - placed
}

/// Probability in 1/65536 that an idle firm gets a match, at most one half.
///
/// `per_firm` and `intake` are Q24 per quarter: of the parameter, and of the whole cluster.
pub(super) fn arrival16(per_firm: i32, intake: i32, firms: u32) -> i32 {
    let of_cluster = i64::from(intake) / i64::from(firms.max(1));
    let total = (i64::from(per_firm) + of_cluster).clamp(0, i64::from(ONE / 2));
    i32::try_from(total >> 8).expect("at most one half in 16 bits")
}
