//! The step compiled for wider registers; integers give the same bits in all of them.

use super::step::{Context, Slots, StepResult, step_slots};

/// Which vector registers the step uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vectors {
    /// What every processor of the architecture has.
    Baseline,
    /// 256-bit registers.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 512-bit registers with conflict detection, which brings counting of leading zeros.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Vectors {
    /// All that this architecture may have, narrowest first.
    pub const ALL: &[Self] = &[
        Self::Baseline,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
    ];

    /// The fastest that this processor has: 256 bits where there are, because the step is bound by
    /// gathers from tables, which wider registers were measured not to speed up.
    #[must_use]
    pub fn preferred() -> Self {
        #[cfg(target_arch = "x86_64")]
        if Self::Avx2.is_available() {
            return Self::Avx2;
        }
        Self::Baseline
    }

    /// Whether this processor has them.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Baseline => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512cd")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
            }
        }
    }

    /// Steps a run of slots; the baseline serves where the processor lacks the instructions.
    pub(super) fn run(self, context: &Context<'_>, slots: &mut Slots<'_>) -> StepResult {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if self.is_available() => {
                #[expect(unsafe_code, reason = "the guard proved that the processor has AVX2")]
                // SAFETY: the only requirement of the function is the instruction set.
                unsafe {
                    step_avx2(context, slots)
                }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if self.is_available() => {
                #[expect(unsafe_code, reason = "the guard proved that the processor has AVX-512")]
                // SAFETY: the only requirement of the function is the instruction set.
                unsafe {
                    step_avx512(context, slots)
                }
            }
            _ => step_slots(context, slots),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn step_avx2(context: &Context<'_>, slots: &mut Slots<'_>) -> StepResult {
    step_slots(context, slots)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512cd,avx512dq,avx512bw,avx512vl")]
fn step_avx512(context: &Context<'_>, slots: &mut Slots<'_>) -> StepResult {
    step_slots(context, slots)
}
