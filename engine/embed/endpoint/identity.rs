//! Who answers behind an endpoint, as far as that can be known.

use sha2::{Digest, Sha256};

use super::EndpointAddress;
use crate::embed::{EmbedderIdentity, Windows};

/// The sentence that is embedded to tell models apart.
pub(super) const PROBE: &str = "对接：碳化硅衬底的激光切片与化学机械抛光，表面粗糙度 Ra ≤ 0.2 nm。";

/// How many sums of the probe's vector enter the identity. Two models agree in all of them by
/// chance less than once in 10⁹ times.
const N_SUMS: u32 = 8;
/// Steps per unit to which they are rounded.
///
/// Services repeat a vector only to about 10⁻⁴ (half precision, other companions in the batch).
/// Rounding each of a thousand numbers would put some of them on a border at every call; eight
/// sums in steps of 0.05 change by that noise in a few calls of a hundred at worst, and by another
/// model, even a retrained one (cosine .99: sums move by some 0.1), nearly always.
const STEPS: f64 = 20.0;

/// The identity of the model that gave the probe sentence the unit vector `probe`.
pub(super) fn of(
    address: &EndpointAddress,
    dim: usize,
    instruction: &str,
    windows: Windows,
    probe: &[f32],
) -> EmbedderIdentity {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        // The length keeps the borders between the fields in the hash.
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(b"duijie endpoint 1");
    field(address.base().as_bytes());
    field(address.model().as_bytes());
    field(&(dim as u64).to_le_bytes());
    field(instruction.as_bytes());
    field(&(windows.size() as u64).to_le_bytes());
    field(&(windows.overlap() as u64).to_le_bytes());
    for sum in rounded_sums(probe) {
        field(&sum.to_le_bytes());
    }
    EmbedderIdentity {
        name: format!("{}@{}", address.model(), address.host()),
        sha256: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        dim,
    }
}

/// Sums of the vector's numbers under [`N_SUMS`] fixed patterns of signs, rounded to [`STEPS`].
fn rounded_sums(probe: &[f32]) -> [i64; N_SUMS as usize] {
    let mut sums = [0.0_f64; N_SUMS as usize];
    for (place, value) in (0_u64..).zip(probe) {
        // One well mixed bit per sum (Fibonacci hashing of the place).
        let bits = (place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bits = (bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40;
        for (sum, bit) in sums.iter_mut().zip(0..) {
            *sum += if bits >> bit & 1 == 1 { f64::from(*value) } else { -f64::from(*value) };
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "a sum of a unit vector is small")]
    let rounded = sums.map(|sum| (sum * STEPS).round() as i64);
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(shift: f32) -> Vec<f32> {
        let row: Vec<f32> = (0..512_u16).map(|i| (f32::from(i) * 0.7 + shift).sin()).collect();
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        row.iter().map(|x| x / length).collect()
    }

    fn identity(address: &str, instruction: &str, probe: &[f32]) -> EmbedderIdentity {
        let address = address.parse().unwrap();
        of(&address, probe.len(), instruction, Windows::new(480, 48), probe)
    }

    #[test]
    fn everything_known_and_the_probe_enter() {
        let base = identity("http://host/v1#m", "", &probe(0.0));
        assert_eq!(base.name, "m@host");
        assert_eq!(base, identity("http://HOST/v1/#m", "", &probe(0.0)));
        for other in [
            identity("https://host/v1#m", "", &probe(0.0)),
            identity("http://host/v1#n", "", &probe(0.0)),
            identity("http://host/v1#m", "查询：", &probe(0.0)),
            identity("http://host/v1#m", "", &probe(0.0)[..256]),
            identity("http://host/v1#m", "", &probe(0.2)),
        ] {
            assert_ne!(base.sha256, other.sha256);
        }
    }

    #[test]
    fn noise_of_a_service_does_not_change_it() {
        let exact = probe(0.0);
        let noisy: Vec<f32> =
            exact.iter().zip(0_u16..).map(|(x, i)| x + 1e-6 * (f32::from(i) * 1.3).cos()).collect();
        assert_eq!(rounded_sums(&exact), rounded_sums(&noisy));
    }
}
