//! Writes the random words that the simulation draws, for tests of randomness (K20).
//!
//! `cargo bench --bench random_stream -- --write GIB [--seed N]` writes at least that many GiB to
//! standard output and ends; nothing without `--write`. The stream is the one that is used, not
//! another order of the same generator: firm after firm, quarter after quarter (60 of them), the
//! four words of each call of Philox4x32-10 one after the other, purpose 0, replicate 0, and after
//! every 2²⁰ firms the next replicate, as firms of one economy draw them. Little-endian.

use std::io::{self, BufWriter, Write};

use duijie::kernel::firm_step::philox::{philox, purpose};

/// Quarters of a firm.
const QUARTERS: u32 = 60;
/// Firms of a replicate.
const FIRMS: u32 = 1 << 20;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| -> Option<u32> {
        let at = arguments.iter().position(|it| it == name)?;
        arguments.get(at + 1)?.parse().ok()
    };
    let Some(gib) = value("--write") else { return Ok(()) };
    let seed = [value("--seed").unwrap_or(1), 0];
    let per_firm = u64::from(QUARTERS) * 16;
    let n_firms = (u64::from(gib) << 30).div_ceil(per_firm);
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    for firm in 0..n_firms {
        let uid = u32::try_from(firm % u64::from(FIRMS)).expect("below 2²⁰");
        let replicate = u32::try_from(firm / u64::from(FIRMS)).expect("few replicates");
        for quarter in 0..QUARTERS {
            for word in philox([uid, quarter, purpose::FIRM, replicate], seed) {
                match out.write_all(&word.to_le_bytes()) {
                    // The reader has seen enough.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                    other => other?,
                }
            }
        }
    }
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
