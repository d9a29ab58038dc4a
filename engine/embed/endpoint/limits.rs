//! How much is asked at once, how long is waited, how often it is tried.

use std::time::Duration;

use super::trouble::Trouble;
use crate::embed::Windows;

/// Sizes and times of the requests to an endpoint; the defaults suit services on the same machine,
/// in the same house and on the Internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointLimits {
    /// Most texts in one request, at least 1. A server that refuses so many gets fewer.
    pub texts_per_request: usize,
    /// Most characters in one request; a single longer text is sent alone.
    pub characters_per_request: usize,
    /// Requests that are under way at the same time, at least 1.
    pub requests_in_flight: usize,
    /// Longest time until a connection stands.
    pub connect: Duration,
    /// Longest time from a request to the end of its answer.
    pub answer: Duration,
    /// Longest time for a request with all its repetitions.
    pub deadline: Duration,
    /// Most tries of one request, at least 1.
    pub attempts: u32,
    /// Waiting time before the second try; it doubles with each further one.
    pub first_wait: Duration,
    /// Longest waiting time between two tries, unless the server asks for more.
    pub longest_wait: Duration,
    /// How longer texts are divided. An endpoint does not tell how much its model reads, and many
    /// read 512 tokens; a Chinese character is at most one in their vocabularies.
    pub windows: Windows,
}

impl Default for EndpointLimits {
    fn default() -> Self {
        Self {
            // What the common servers take by default.
            texts_per_request: 32,
            characters_per_request: 16_000,
            requests_in_flight: 4,
            connect: Duration::from_secs(10),
            // A large model on a few cores takes a minute for several batches at once.
            answer: Duration::from_secs(120),
            deadline: Duration::from_secs(300),
            attempts: 6,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(20),
            // 512 tokens less those that frame a text, with room for words that take several.
            windows: Windows::new(480, 48),
        }
    }
}

/// Most tries where the answer itself is faulty: a service that is out of step may recover, a
/// wrong one does not.
const FAULTY_ANSWERS: u32 = 3;

impl EndpointLimits {
    /// How long to wait before trying again after `attempt` tries, the last of which ended in
    /// `trouble`; `None` to give up. `asked` is the waiting time that the server asks for.
    pub(super) fn wait(
        &self,
        trouble: &Trouble,
        attempt: u32,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        let most = match trouble {
            Trouble::Connection(_)
            | Trouble::TimedOut
            | Trouble::Status { status: 408 | 425 | 429 | 500..=599, .. } => self.attempts,
            Trouble::Answer(_) => self.attempts.min(FAULTY_ANSWERS),
            Trouble::Status { .. } => return None,
        };
        if attempt >= most {
            return None;
        }
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let backed_off = self.first_wait.saturating_mul(doubled).min(self.longest_wait);
        Some(asked.unwrap_or_default().max(backed_off))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::endpoint::AnswerFault;

    fn status(status: u16) -> Trouble {
        Trouble::Status { status, said: String::new() }
    }

    #[test]
    fn waits_double_up_to_a_limit_and_follow_the_server() {
        let limits = EndpointLimits::default();
        let seconds = |attempt, asked: Option<u64>| {
            limits
                .wait(&status(429), attempt, asked.map(Duration::from_secs))
                .map(|wait| wait.as_secs_f64())
        };
        assert_eq!(seconds(1, None), Some(0.5));
        assert_eq!(seconds(2, None), Some(1.0));
        assert_eq!(seconds(5, None), Some(8.0));
        assert_eq!(seconds(1, Some(30)), Some(30.0));
        assert_eq!(seconds(5, Some(1)), Some(8.0));
        assert_eq!(seconds(6, None), None);
        let patient = EndpointLimits { attempts: 100, ..limits };
        assert_eq!(patient.wait(&status(500), 99, None), Some(limits.longest_wait));
    }

    #[test]
    fn what_repeating_cannot_help_is_not_repeated() {
        let limits = EndpointLimits::default();
        for fatal in [301, 400, 401, 403, 404, 413, 422] {
            assert_eq!(limits.wait(&status(fatal), 1, None), None, "{fatal}");
        }
        let faulty = Trouble::Answer(AnswerFault::Index);
        assert!(limits.wait(&faulty, 2, None).is_some());
        assert_eq!(limits.wait(&faulty, 3, None), None);
        assert!(limits.wait(&Trouble::TimedOut, 1, None).is_some());
    }
}
