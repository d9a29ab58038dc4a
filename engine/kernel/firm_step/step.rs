//! The firm step: a block of firms at a time, stage by stage, without branches on firms.

use rayon::prelude::*;

use super::fixed::{A_MAX, ONE, X_MAX, X_MIN, exp2q, expo16, gauss, mulq, prob32, size16};
pub use super::instructions::Vectors;
use super::philox::{philox, purpose};
use super::state::{ALIVE, ClusterInputs, ClusterSums, Firms, MAX_CLUSTERS, StepConstants};
use super::tables::{MATCH_QUARTERS, Tables};

/// Firms per block: about twenty arrays of this length stay in the first-level cache.
const BLOCK: usize = 128;
/// Firms per task where no other size is asked for: about a tenth of a millisecond of work.
pub const CHUNK: usize = 16_384;

/// What a step of all firms leaves besides their new state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepResult {
    /// Sums by cluster, [`MAX_CLUSTERS`] long.
    pub sums: Vec<ClusterSums>,
    /// Slots whose firm exited in this step, ascending.
    pub freed: Vec<usize>,
}

/// Moves all firms by one quarter, `chunk` firms per task.
///
/// Sums and states do not depend on `chunk`, on `vectors` or on the number of threads. A `chunk`
/// of zero counts as one block.
#[must_use]
pub fn step(
    firms: &mut Firms,
    inputs: &ClusterInputs,
    constants: &StepConstants,
    tables: &Tables,
    chunk: usize,
    vectors: Vectors,
) -> StepResult {
    let chunk = chunk.max(BLOCK).next_multiple_of(BLOCK);
    let context = Context { inputs, constants, tables };
    let slices = (
        firms.x.par_chunks_mut(chunk),
        firms.a.par_chunks_mut(chunk),
        firms.uid.par_chunks(chunk),
        firms.w0.par_chunks_mut(chunk),
        firms.w1.par_chunks_mut(chunk),
    );
    let parts: Vec<StepResult> = slices
        .into_par_iter()
        .enumerate()
        .map(|(i, (x, a, uid, w0, w1))| {
            vectors.run(&context, &mut Slots { first: i * chunk, x, a, uid, w0, w1 })
        })
        .collect();
    let mut total = StepResult { sums: vec![ClusterSums::default(); MAX_CLUSTERS], freed: vec![] };
    for part in &parts {
        total.sums.iter_mut().zip(&part.sums).for_each(|(sum, more)| sum.add(more));
        total.freed.extend_from_slice(&part.freed);
    }
    total
}

/// What a step only reads.
pub(super) struct Context<'a> {
    inputs: &'a ClusterInputs,
    constants: &'a StepConstants,
    tables: &'a Tables,
}

/// A run of slots, the first of which has number `first`.
pub(super) struct Slots<'a> {
    first: usize,
    x: &'a mut [i32],
    a: &'a mut [i32],
    uid: &'a [u32],
    w0: &'a mut [u32],
    w1: &'a mut [u32],
}

/// Words of one block.
type Words<T> = [T; BLOCK];

/// Steps a run of slots: whole blocks in place, the last one through a padded copy.
#[inline(always)]
pub(super) fn step_slots(context: &Context<'_>, slots: &mut Slots<'_>) -> StepResult {
    let mut result = StepResult { sums: vec![ClusterSums::default(); MAX_CLUSTERS], freed: vec![] };
    // Copies on the stack: the compiler sees that what is written does not overlap what is read,
    // without which it does not use vector registers.
    let (inputs, k, t) = (context.inputs.clone(), *context.constants, context.tables.clone());
    let innovation16: [u32; MAX_CLUSTERS] =
        std::array::from_fn(|c| prob32(k.log_h0 + inputs.innovation[c], &t) >> 16);
    let mut block = Block::new();
    for start in (0..slots.x.len()).step_by(BLOCK) {
        let end = (start + BLOCK).min(slots.x.len());
        let n = end - start;
        block.w0.fill(0);
        block.x[..n].copy_from_slice(&slots.x[start..end]);
        block.a[..n].copy_from_slice(&slots.a[start..end]);
        block.uid[..n].copy_from_slice(&slots.uid[start..end]);
        block.w0[..n].copy_from_slice(&slots.w0[start..end]);
        block.w1[..n].copy_from_slice(&slots.w1[start..end]);
        block.step(&inputs, &innovation16, &k, &t);
        block.add_to(n, slots.first + start, &mut result);
        slots.x[start..end].copy_from_slice(&block.x[..n]);
        slots.a[start..end].copy_from_slice(&block.a[..n]);
        slots.w0[start..end].copy_from_slice(&block.w0[..n]);
        slots.w1[start..end].copy_from_slice(&block.w1[..n]);
    }
    result
}

/// One block: state, the draws of the quarter, and what happened.
struct Block {
    x: Words<i32>,
    a: Words<i32>,
    uid: Words<u32>,
    w0: Words<u32>,
    w1: Words<u32>,
    draws: [Words<u32>; 4],
    normal: Words<i32>,
    change: Words<i32>,
    exit: Words<u32>,
    size: Words<u32>,
    /// Bits of what happened, see the constants below.
    events: Words<u32>,
}

const WAS_ALIVE: u32 = 1;
const EXITED: u32 = 2;
const INNOVATED: u32 = 4;
const TRANSFERRED: u32 = 8;
const SPUN_OFF: u32 = 16;
const PENDING: u32 = 32;
const ARRIVED: u32 = 64;

impl Block {
    const fn new() -> Self {
        Self {
            x: [0; BLOCK],
            a: [0; BLOCK],
            uid: [0; BLOCK],
            w0: [0; BLOCK],
            w1: [0; BLOCK],
            draws: [[0; BLOCK]; 4],
            normal: [0; BLOCK],
            change: [0; BLOCK],
            exit: [0; BLOCK],
            size: [0; BLOCK],
            events: [0; BLOCK],
        }
    }

    #[inline(always)]
    fn step(
        &mut self,
        inputs: &ClusterInputs,
        innovation16: &[u32; MAX_CLUSTERS],
        k: &StepConstants,
        t: &Tables,
    ) {
        self.draw(k);
        self.exits(inputs, k, t);
        self.growth(inputs, k, t);
        self.capability(inputs, innovation16, k);
        for i in 0..BLOCK {
            if self.events[i] != 0 {
                self.rare(i, inputs, k, t);
            }
        }
        self.close(k, t);
    }

    #[inline(always)]
    fn draw(&mut self, k: &StepConstants) {
        for i in 0..BLOCK {
            let counter = [self.uid[i], k.quarter, purpose::FIRM, k.replicate];
            let words = philox(counter, k.seed);
            for (row, word) in self.draws.iter_mut().zip(words) {
                row[i] = word;
            }
        }
    }

    /// The exit test, and at the turn of the year a new variance regime.
    #[inline(always)]
    fn exits(&mut self, inputs: &ClusterInputs, k: &StepConstants, t: &Tables) {
        let new_year = if k.quarter & 3 == 0 { 255 << 20 } else { 0 };
        for i in 0..BLOCK {
            let (w0, r2) = (self.w0[i], self.draws[2][i]);
            let year = ((w0 >> 12) & 255).min(63) as usize;
            let hazard = k.log_eta0 + t.hazard_by_age[year & 63]
                - mulq(k.zeta_x, self.x[i] - k.x0)
                - mulq(k.kappa, self.a[i])
                + inputs.exit[(w0 & 511) as usize];
            self.exit[i] = u32::from((r2 >> 16) < (prob32(hazard, t) >> 16));
            self.w0[i] = (w0 & !new_year) | ((r2 << 20) & new_year);
        }
    }

    /// The change of log size, from the state before the step.
    #[inline(always)]
    fn growth(&mut self, inputs: &ClusterInputs, k: &StepConstants, t: &Tables) {
        for i in 0..BLOCK {
            self.normal[i] = gauss(self.draws[0][i], t);
        }
        for i in 0..BLOCK {
            let w0 = self.w0[i];
            let year = ((w0 >> 12) & 255).min(63) as usize;
            let log_sigma = k.log_sigma0 - mulq(k.beta, self.x[i] - k.x0);
            let sigma = exp2q(log_sigma.clamp(-5 * ONE, 0), t);
            let regime = t.root_variance[((w0 >> 20) & 255) as usize];
            // Half the annual deviation per quarter: four independent quarters make the year.
            let shock = mulq(mulq(sigma, regime), self.normal[i]) >> 1;
            self.change[i] = inputs.growth[(w0 & 511) as usize]
                + mulq(k.phi, self.a[i])
                + shock
                + t.young_growth[year & 63];
        }
    }

    /// Size, then capability without jumps; marks the firms to which something rare happens.
    #[inline(always)]
    fn capability(
        &mut self,
        inputs: &ClusterInputs,
        innovation16: &[u32; MAX_CLUSTERS],
        k: &StepConstants,
    ) {
        for i in 0..BLOCK {
            let (w1, a) = (self.w1[i], self.a[i]);
            let cluster = (self.w0[i] & 511) as usize;
            let innovates = (self.draws[1][i] >> 16) < innovation16[cluster];
            let high = (self.draws[3][i] >> 16).cast_signed();
            let pending = w1 & 63 > 0;
            let arrives = !pending & (high < inputs.matches16[cluster]);
            let gap = (inputs.pool[cluster] - a).max(0);
            let kept = mulq(k.delta, a);
            self.x[i] = (self.x[i] + self.change[i]).clamp(X_MIN, X_MAX);
            // The bound is applied after the gains are added.
            self.a[i] =
                a + mulq(k.sigma_a, self.normal[i]) - kept - k.expected_jump + mulq(k.lambda, gap);
            self.w1[i] = if pending { w1 } else { 0 };
            let innovation = if innovates { INNOVATED } else { 0 };
            self.events[i] =
                innovation | if pending { PENDING } else { 0 } | if arrives { ARRIVED } else { 0 };
        }
    }

    /// An innovation, a pending match, a new match: about a firm in six has one of them, so one
    /// at a time is cheaper than looking everything up for all.
    #[inline(always)]
    fn rare(&mut self, i: usize, inputs: &ClusterInputs, k: &StepConstants, t: &Tables) {
        let (w1, r3) = (self.w1[i], self.draws[3][i]);
        let mut events = self.events[i];
        if events & INNOVATED != 0 {
            self.a[i] += mulq(k.mean_jump, expo16(self.draws[1][i], t));
        }
        if events & ARRIVED != 0 {
            let score = inputs.score_quantiles[((r3 >> 8) & 255) as usize];
            self.w1[i] = (score.cast_unsigned() << 6) | MATCH_QUARTERS;
        } else if events & PENDING != 0 {
            let score = (w1 >> 6) & 255;
            let cluster = (self.w0[i] & 511) as usize;
            let logit = t.logit_by_score[score as usize] + inputs.conversion[cluster];
            let limit = t.conversion_at(logit) >> 8;
            let high = (r3 >> 16).cast_signed();
            self.w1[i] = w1 - 1;
            if high < limit {
                self.w1[i] = 0;
                // Given conversion, `high` is uniform below the limit: the same word decides.
                if (high << 8) < mul_share(limit, k.spin_off16) {
                    events |= SPUN_OFF;
                } else {
                    events |= TRANSFERRED;
                    self.a[i] += mulq(k.transfer_jump, expo16(r3, t));
                }
            }
        }
        self.events[i] = events;
    }

    /// Age, death and the size that is summed.
    #[inline(always)]
    fn close(&mut self, k: &StepConstants, t: &Tables) {
        for i in 0..BLOCK {
            self.a[i] = self.a[i].clamp(-A_MAX, A_MAX);
            let w0 = self.w0[i];
            let alive = w0 & ALIVE != 0;
            let dies = (self.exit[i] != 0) | (self.x[i] < k.x_min);
            let older = if (w0 >> 10) & 1023 < 1023 { w0 + (1 << 10) } else { w0 };
            self.w0[i] = if dies { 0 } else { older };
            self.w0[i] = if alive { self.w0[i] } else { 0 };
            self.events[i] |= if dies { EXITED } else { 0 } | WAS_ALIVE;
            // The cluster is kept for the sums although a dead slot forgets it.
            self.exit[i] = w0 & 511;
            self.events[i] = if alive { self.events[i] } else { 0 };
        }
        for i in 0..BLOCK {
            self.size[i] = size16(self.x[i], t);
        }
    }

    /// Adds the first `n` firms to the sums; `first` is the slot of the block's first firm.
    #[inline(always)]
    fn add_to(&self, n: usize, first: usize, result: &mut StepResult) {
        for i in 0..n {
            let events = self.events[i];
            if events & WAS_ALIVE == 0 {
                continue;
            }
            let sum = &mut result.sums[(self.exit[i] & 511) as usize];
            sum.innovations += u32::from(events & INNOVATED != 0);
            sum.transfers += u32::from(events & TRANSFERRED != 0);
            sum.spin_offs += u32::from(events & SPUN_OFF != 0);
            if events & EXITED != 0 {
                sum.exits += 1;
                result.freed.push(first + i);
            } else {
                let size = u64::from(self.size[i]);
                sum.firms += 1;
                sum.output += size;
                sum.capability += (size >> 4) * capability_weight(self.a[i]);
            }
        }
    }
}

/// `(a + 6) ≫ 8`: capability as a number of at most 20 bits that is never negative.
#[inline(always)]
fn capability_weight(a: i32) -> u64 {
    u64::from(((a + A_MAX) >> 8).cast_unsigned())
}

/// `limit · share` with the share in 1/65536, scaled by 2⁸ so that small limits do not vanish.
#[inline(always)]
const fn mul_share(limit: i32, share16: i32) -> i32 {
    super::fixed::mul16(limit << 8, share16)
}
