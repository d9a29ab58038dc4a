//! When a row of a list without ids is another version of a record rather than a new one.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::organization_name::normal_name;
use crate::model::Side;

/// Bytes of a likeness: 128 bits, so that two different ones never meet.
pub(super) const BYTES: usize = 16;

/// Whether an id was made from the row's content because its list gives none: `d-` or `s-`, twelve
/// hexadecimal digits, perhaps a running number.
pub(super) fn is_derived(side: Side, id: &str) -> bool {
    let prefix = match side {
        Side::Demand => "d-",
        Side::Supply => "s-",
    };
    let Some(rest) = id.strip_prefix(prefix) else { return false };
    let (hash, n) = rest.split_once('-').map_or((rest, None), |(hash, n)| (hash, Some(n)));
    hash.len() == 12
        && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        && n.is_none_or(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// What two versions of such a record have in common: owner and title, written in any width, case
/// and spacing.
pub(super) fn likeness(title: &str, organization: Option<&str>) -> [u8; BYTES] {
    let title: String =
        title.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect();
    let owner = organization.map(normal_name).unwrap_or_default();
    let mut hasher = Sha256::new();
    hasher.update((owner.len() as u64).to_le_bytes());
    hasher.update(owner.as_bytes());
    hasher.update(title.as_bytes());
    let hash = hasher.finalize();
    hash[..BYTES].try_into().expect("a SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_told_from_given_ones() {
        assert!(is_derived(Side::Demand, "d-0123456789ab"));
        assert!(is_derived(Side::Supply, "s-0123456789ab-12"));
        for given in
            ["s-0123456789ab", "d-0123456789AB", "d-0123456789ab-", "d-012", "XQ-2020-0001", "d-"]
        {
            assert!(!is_derived(Side::Demand, given), "{given}");
        }
    }

    #[test]
    fn ways_of_writing_do_not_count() {
        let one = likeness("ＳｉＣ 衬底减薄", Some("甲（杭州）有限公司"));
        assert_eq!(one, likeness("sic衬底减薄", Some("甲(杭州) 有限责任公司")));
        assert_ne!(one, likeness("SiC衬底减薄", Some("乙有限公司")));
        assert_ne!(one, likeness("SiC衬底减薄", None));
        assert_ne!(likeness("甲乙", Some("丙")), likeness("乙", Some("丙甲")));
    }
}
