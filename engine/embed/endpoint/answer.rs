//! What an endpoint answers, checked before anything is made of it.

use serde::Deserialize;

use super::trouble::AnswerFault;
use crate::embed::unit::normalise;

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Vec<Option<f64>>,
}

/// Reads the vectors of `sent` texts in the order of the texts, `[sent, dim]`, at unit length;
/// returns them with the dimension.
///
/// `dim` is the model's dimension where it is known. Vectors are put in order by `index`; an
/// answer without any index is taken in its own order.
pub(super) fn read(
    json: &[u8],
    sent: usize,
    dim: Option<usize>,
) -> Result<(Vec<f32>, usize), AnswerFault> {
    let answer: Answer =
        serde_json::from_slice(json).map_err(|error| AnswerFault::Json(error.to_string()))?;
    let received = answer.data.len();
    if received != sent {
        return Err(AnswerFault::Count { sent, received });
    }
    let dim = dim.or_else(|| answer.data.first().map(|item| item.embedding.len())).unwrap_or(0);
    let ordered = answer.data.iter().all(|item| item.index.is_none());
    let mut rows = vec![0.0_f32; sent * dim];
    let mut filled = vec![false; sent];
    for (place, item) in answer.data.iter().enumerate() {
        let index = if ordered { Some(place) } else { item.index };
        let index = index.filter(|index| filled.get(*index) == Some(&false));
        let index = index.ok_or(AnswerFault::Index)?;
        filled[index] = true;
        let found = item.embedding.len();
        if found != dim || dim == 0 {
            return Err(AnswerFault::Dimension { expected: dim.max(1), found });
        }
        let row = &mut rows[index * dim..(index + 1) * dim];
        for (into, number) in row.iter_mut().zip(&item.embedding) {
            #[expect(clippy::cast_possible_truncation, reason = "vectors are kept in f32")]
            let number = number.map(|number| number as f32).filter(|number| number.is_finite());
            *into = number.ok_or(AnswerFault::NotFinite { index })?;
        }
        if row.iter().all(|number| *number == 0.0) {
            return Err(AnswerFault::Zero { index });
        }
        normalise(row).ok_or(AnswerFault::NotFinite { index })?;
    }
    Ok((rows, dim))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_stand_in_the_order_of_their_indexes_at_unit_length() {
        let json = br#"{"object":"list","data":[
            {"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4.0]}],"usage":{}}"#;
        assert_eq!(read(json, 2, None).unwrap(), (vec![0.6, 0.8, 0.0, 1.0], 2));
        let unnumbered = br#"{"data":[{"embedding":[1,0]},{"embedding":[0,1]}]}"#;
        assert_eq!(read(unnumbered, 2, Some(2)).unwrap().0, [1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn every_fault_has_its_name() {
        let cases: [(&str, AnswerFault); 9] = [
            (
                r#"{"data":[{"index":0,"embedding":[1,0]}]}"#,
                AnswerFault::Count { sent: 2, received: 1 },
            ),
            (
                r#"{"data":[{"index":0,"embedding":[1,0]},{"index":0,"embedding":[1,0]}]}"#,
                AnswerFault::Index,
            ),
            (
                r#"{"data":[{"index":0,"embedding":[1,0]},{"index":2,"embedding":[1,0]}]}"#,
                AnswerFault::Index,
            ),
            (r#"{"data":[{"index":0,"embedding":[1,0]},{"embedding":[1,0]}]}"#, AnswerFault::Index),
            (
                r#"{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":[1]}]}"#,
                AnswerFault::Dimension { expected: 2, found: 1 },
            ),
            (
                r#"{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}"#,
                AnswerFault::Dimension { expected: 1, found: 0 },
            ),
            (
                r#"{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":[null,1]}]}"#,
                AnswerFault::NotFinite { index: 1 },
            ),
            (
                r#"{"data":[{"index":0,"embedding":[1,1e39]},{"index":1,"embedding":[1,0]}]}"#,
                AnswerFault::NotFinite { index: 0 },
            ),
            (
                r#"{"data":[{"index":0,"embedding":[0,-0.0]},{"index":1,"embedding":[1,0]}]}"#,
                AnswerFault::Zero { index: 0 },
            ),
        ];
        for (json, wanted) in cases {
            assert_eq!(read(json.as_bytes(), 2, None).unwrap_err(), wanted, "{json}");
        }
        for json in ["", "[]", "{\"error\":\"x\"}", r#"{"data":[{"index":0,"embedding":[NaN]}]}"#] {
            assert!(matches!(read(json.as_bytes(), 1, None), Err(AnswerFault::Json(_))), "{json}");
        }
    }
}
