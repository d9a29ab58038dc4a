//! Secrets: made once, shown once, kept as hashes.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::store::StoreError;
use crate::store::row::hex;

/// Random bits of a secret: nobody guesses one of 2²⁵⁶.
const BYTES: usize = 32;

/// A text that only its bearer may know. Printed for debugging it shows nothing.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the bearer's eyes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `text` is this secret. Takes as long wherever they differ, apart from the length,
    /// which is no secret.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// `prefix` and 64 hexadecimal digits of the system's random numbers.
    pub(super) fn random(prefix: &str) -> Result<Self, StoreError> {
        Ok(Self(format!("{prefix}{}", hex(&random::<BYTES>()?))))
    }

    /// What the store keeps of it. The bits are uniform, so a plain hash cannot be turned back by
    /// trying, as one of a password could.
    pub(super) fn hash(&self) -> [u8; 32] {
        hash_of(&self.0)
    }

    /// Another secret, which whoever knows this one can compute and nobody else: the hash of its
    /// purpose and of this one, whose length is fixed.
    pub(super) fn derived(&self, purpose: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(purpose.as_bytes());
        hasher.update([0]);
        hasher.update(self.0.as_bytes());
        Self(hex(&hasher.finalize()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The secret's hash, if `text` has the form of one with this prefix.
///
/// Rows are looked up by this hash, in an index, whose comparisons may take longer the more of a
/// hash agrees. That tells nothing of use: who sends a text cannot choose its SHA-256, and a part
/// of a kept hash does not lead to the 256 random bits beneath it. It is as safe as a comparison
/// in constant time, and does not take longer with the number of rows.
pub(super) fn hash_of_text(text: &str, prefix: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(prefix)?;
    let well_formed =
        digits.len() == 2 * BYTES && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    well_formed.then(|| hash_of(text))
}

fn hash_of(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Bytes of the system's generator for secrets.
pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::NoRandomness { detail: error.to_string() })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_their_form_and_differ() {
        let (a, b) = (Secret::random("dj_").expect("made"), Secret::random("dj_").expect("made"));
        assert_eq!(a.expose().len(), 67);
        assert_ne!(a.expose(), b.expose());
        assert_eq!(hash_of_text(a.expose(), "dj_"), Some(a.hash()));
        assert!(a.matches(a.expose()) && !a.matches(b.expose()) && !a.matches(""));
        let shorter = &a.expose()[..66];
        let other = a.expose().replacen("dj_", "dk_", 1);
        for malformed in ["", "dj_", shorter, &other, &a.expose().to_uppercase(), "dj_碳化硅"] {
            assert_eq!(hash_of_text(malformed, "dj_"), None, "{malformed}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::random("").expect("made");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(…) Some(Secret(…))");
    }

    #[test]
    fn a_derived_secret_is_another_and_always_the_same() {
        let secret = Secret::random("").expect("made");
        let derived = secret.derived("csrf");
        assert!(derived.matches(secret.clone().derived("csrf").expose()));
        assert!(
            !derived.matches(secret.expose()) && !derived.matches(secret.derived("x").expose())
        );
    }
}
