//! The header of a NumPy array file.
//!
//! The format is described in NumPy's manual under `numpy.lib.format`: the six bytes
//! `\x93NUMPY`, a major and a minor version, the header's length in two bytes (version 1) or four
//! (2 and 3), and the header: a Python dictionary literal with the keys `descr`, `fortran_order`
//! and `shape`, padded with blanks and ended by a line feed. The numbers follow.

use super::error::VectorFault;

const MAGIC: &[u8] = b"\x93NUMPY";

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The number type, such as `<f4`.
    pub(super) descr: String,
    /// The lengths of the axes; the last varies fastest.
    pub(super) shape: Vec<usize>,
    /// Where the numbers begin.
    pub(super) start: usize,
}

/// Reads the header of the array in `bytes`; only C order is taken.
pub(super) fn header(bytes: &[u8]) -> Result<Header, VectorFault> {
    let damaged = |what: &str| VectorFault::Damaged(what.to_owned());
    let rest =
        bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("it does not begin with \\x93NUMPY"))?;
    let (length, lead) = match rest {
        [1, _, a, b, ..] => (usize::from(u16::from_le_bytes([*a, *b])), 4),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 6),
        _ => return Err(damaged("its version is none of 1, 2 and 3")),
    };
    let text = rest.get(lead..lead + length).ok_or_else(|| damaged("its header is cut off"))?;
    let text = std::str::from_utf8(text).map_err(|_| damaged("its header is not text"))?;
    let value = |key: &str| {
        let quoted = [format!("'{key}':"), format!("\"{key}\":")];
        quoted
            .iter()
            .find_map(|key| text.split_once(key.as_str()))
            .map(|(_, rest)| rest.trim_start())
            .ok_or_else(|| damaged(&format!("its header lacks {key}")))
    };
    let descr = value("descr")?;
    // Anything but a plain string is a record type.
    let descr = descr
        .strip_prefix(['\'', '"'])
        .and_then(|rest| rest.split(['\'', '"']).next())
        .ok_or_else(|| VectorFault::NumberType { found: "a record".to_owned() })?;
    let shape = value("shape")?
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .map(|(inside, _)| inside)
        .ok_or_else(|| damaged("its shape is not a tuple"))?;
    let shape: Vec<usize> = shape
        .split(',')
        .map(str::trim)
        .filter(|number| !number.is_empty())
        .map(|number| number.parse().map_err(|_| damaged("its shape holds no numbers")))
        .collect::<Result<_, _>>()?;
    if !value("fortran_order")?.starts_with("False") {
        return Err(VectorFault::Damaged(
            "it is in Fortran order; save numpy.ascontiguousarray of it".to_owned(),
        ));
    }
    let start = MAGIC.len() + lead + length;
    Ok(Header { descr: descr.to_owned(), shape, start })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, text: &str) -> Vec<u8> {
        let mut bytes = [MAGIC, &[version, 0]].concat();
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        bytes.extend(if version == 1 { &length[..2] } else { &length[..] });
        bytes.extend(text.as_bytes());
        bytes
    }

    #[test]
    fn headers_of_every_version_are_read() {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }   \n";
        for (version, lead) in [(1, 10), (2, 12), (3, 12)] {
            let found = header(&file(version, text)).unwrap();
            assert_eq!((found.descr.as_str(), &found.shape[..]), ("<f4", &[3, 2][..]));
            assert_eq!(found.start, lead + text.len());
        }
        let flat =
            header(&file(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (7,)}")).unwrap();
        assert_eq!((flat.descr.as_str(), flat.shape), ("|i1", vec![7]));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
        for bytes in [
            b"".to_vec(),
            b"PK\x03\x04".to_vec(),
            file(4, good),
            file(1, good)[..20].to_vec(),
            file(1, "{'descr': '<f4', 'shape': (3, 2)}"),
            file(1, &good.replace("False", "True")),
            file(1, &good.replace("(3, 2)", "(3, x)")),
            file(1, &good.replace("(3, 2)", "[3, 2]")),
        ] {
            assert!(matches!(header(&bytes), Err(VectorFault::Damaged(_))), "{bytes:?}");
        }
        let record = file(1, &good.replace("'<f4'", "[('x', '<f4')]"));
        assert!(matches!(header(&record), Err(VectorFault::NumberType { .. })));
    }
}
