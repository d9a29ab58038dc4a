//! Passwords as argon2id hashes.
//!
//! The parameters are those that OWASP names first for argon2id with 19 MiB: m = 19456 KiB, t = 2,
//! p = 1 (Password Storage Cheat Sheet). The lengths follow NIST SP 800-63B, which asks for no kinds
//! of characters; the upper bound keeps a request from hashing megabytes.

use std::ops::RangeInclusive;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;

use super::secret::random;
use crate::store::StoreError;

/// Characters that a password may have.
pub const PASSWORD_CHARS: RangeInclusive<usize> = 10..=256;

/// Memory in KiB.
const MEMORY: u32 = 19 * 1024;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Bytes of a salt, as the PHC string format recommends.
const SALT: usize = 16;

/// Takes as long to verify as any other and is nobody's: the password of those who are not there.
pub(super) const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The hash of a new password, with a salt of the system's random numbers.
pub(super) fn hash(password: &str) -> Result<String, StoreError> {
    let given = password.chars().count();
    if !PASSWORD_CHARS.contains(&given) {
        return Err(StoreError::BadPassword { given });
    }
    let salt: [u8; SALT] = random()?;
    let hash: PasswordHash = argon2()
        .hash_password_with_salt(composed(password).as_bytes(), &salt)
        .map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

/// Whether a password has this hash. Texts that no password can be are refused unseen.
pub(super) fn verify(password: &str, hash: &str) -> Result<bool, StoreError> {
    // Counted no further than needed: it may be a whole request.
    let given = password.chars().take(PASSWORD_CHARS.end() + 1).count();
    if !PASSWORD_CHARS.contains(&given) {
        return Ok(false);
    }
    let hash = PasswordHash::new(hash)
        .map_err(|error| StoreError::damaged(format!("a password's hash: {error}")))?;
    match argon2().verify_password(composed(password).as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed(&error)),
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY, PASSES, LANES, None).expect("they are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The same characters are the same password however a keyboard composed them (RFC 8265, 4.2).
fn composed(password: &str) -> String {
    password.nfc().collect()
}

fn failed(error: &Error) -> StoreError {
    StoreError::Internal {
        path: std::path::PathBuf::new(),
        detail: format!("hashing a password: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_argon2id_with_the_stated_parameters_and_a_salt() {
        let kept = hash("correct horse").expect("hashed");
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hash("correct horse").expect("hashed"));
        assert!(verify("correct horse", &kept).expect("verified"));
        assert!(!verify("correct house", &kept).expect("verified"));
        // Verifying nobody's password costs the same: the same parameters, salt and output.
        let shape = |text: &str| {
            let hash = PasswordHash::new(text).expect("PHC");
            let params = (hash.algorithm.to_string(), hash.version, hash.params.to_string());
            (params, hash.salt.map(|salt| salt.len()), hash.hash.map(|out| out.len()))
        };
        assert_eq!(shape(&kept), shape(NOBODYS));
        assert!(!verify("correct horse", NOBODYS).expect("verified"));
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        for (password, good) in [
            ("碳化硅衬底减薄抛光九", true),
            ("碳化硅衬底减薄抛光", false),
            ("", false),
            (&"密".repeat(256), true),
            (&"密".repeat(257), false),
        ] {
            match hash(password) {
                Ok(kept) => assert!(good && verify(password, &kept).expect("verified")),
                Err(StoreError::BadPassword { given }) => {
                    assert!(!good && given == password.chars().count());
                    assert!(!verify(password, NOBODYS).expect("refused"));
                }
                Err(other) => panic!("{other}"),
            }
        }
        let kept = hash("cafe\u{301} au lait").expect("hashed");
        assert!(verify("café au lait", &kept).expect("verified"));
        assert!(matches!(verify("correct horse", "no hash"), Err(StoreError::Corrupt { .. })));
    }
}
