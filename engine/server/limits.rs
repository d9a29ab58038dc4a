//! How often one caller may ask.

use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::ServeOptions;

/// Attempts to sign in per minute and name, so that passwords cannot be tried out.
const LOGINS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(6).expect("not zero");

/// Rates by caller.
pub(super) struct Limits {
    callers: DefaultKeyedRateLimiter<String>,
    logins: DefaultKeyedRateLimiter<String>,
}

impl Limits {
    pub(super) fn new(options: &ServeOptions) -> Self {
        let rate = NonZeroU32::new(options.rate).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate)
            .allow_burst(rate.saturating_mul(NonZeroU32::MIN.saturating_add(1)));
        Self {
            callers: RateLimiter::keyed(quota),
            logins: RateLimiter::keyed(Quota::per_minute(LOGINS_PER_MINUTE)),
        }
    }

    /// Whether this caller may ask now.
    pub(super) fn allows(&self, caller: &str) -> bool {
        self.callers.check_key(&caller.to_owned()).is_ok()
    }

    /// Whether this name may try to sign in now.
    pub(super) fn allows_login(&self, name: &str) -> bool {
        self.logins.check_key(&name.to_lowercase()).is_ok()
    }

    /// Forgets callers who have not asked for long.
    pub(super) fn forget_idle(&self) {
        self.callers.retain_recent();
        self.logins.retain_recent();
    }
}
