//! Attention over sequences that lie one after another in one tensor, without padding.

use std::ops::Range;

use candle_core::{Result, Tensor};

use super::elementwise::Causal;
use super::ops::Rows;

/// Query rows whose scores are held at once: with 8,192 keys and 16 heads 64 MiB.
const QUERY_BLOCK: usize = 128;

/// One sequence: which rows ask and which rows answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sequence {
    /// Its rows among the query rows.
    pub(super) queries: Range<usize>,
    /// Its rows among the key rows.
    pub(super) keys: Range<usize>,
    /// Position of the first query row within the sequence.
    pub(super) first: usize,
}

/// Scaled dot-product attention (Vaswani et al., 2017, equation 1) for each sequence by itself.
///
/// `queries` is `[n_queries, heads, dim]`; `keys` and `values` are `[n_keys, kv_heads, dim]`, each
/// shared by `heads / kv_heads` neighbouring heads. Views are fine: rows need not be contiguous.
/// With `causal` a row sees no later position. Gives `[n_queries, heads · dim]`, rows in the order
/// of `sequences`.
pub(super) fn attention(
    queries: &Tensor,
    keys: &Tensor,
    values: &Tensor,
    sequences: &[Sequence],
    causal: bool,
) -> Result<Tensor> {
    let (_, heads, dim) = queries.dims3()?;
    let (_, kv_heads, _) = keys.dims3()?;
    let group = heads / kv_heads;
    // 1/√dim; a head of 128 numbers at most in practice.
    let factor = 1.0 / (dim as f32).sqrt();
    let mut blocks = Vec::new();
    for sequence in sequences {
        for start in sequence.queries.clone().step_by(QUERY_BLOCK) {
            let rows = QUERY_BLOCK.min(sequence.queries.end - start);
            let first = sequence.first + (start - sequence.queries.start);
            // Keys that no row of the block sees are not multiplied at all.
            let seen =
                if causal { (first + rows).min(sequence.keys.len()) } else { sequence.keys.len() };
            let causal = causal.then_some(Causal { first });
            let query = queries.narrow(0, start, rows)?.transpose(0, 1)?;
            let key = keys.narrow(0, sequence.keys.start, seen)?.transpose(0, 1)?;
            let value = values.narrow(0, sequence.keys.start, seen)?.transpose(0, 1)?;
            let context = if group == 1 {
                query.matmul(&key.t()?)?.softmax(factor, causal)?.matmul(&value)?
            } else {
                let shared = (0..kv_heads).map(|head| {
                    // Candle 0.11.1 takes rows that share one matrix for rows of one tensor and
                    // trusts their stride, which is off where there is one row per head;
                    // reshaping sets the stride right, and copies where rows lie apart.
                    let query = query.narrow(0, head * group, group)?;
                    let query = query.reshape((group, rows, dim))?;
                    let key = key.narrow(0, head, 1)?.t()?.broadcast_as((group, dim, seen))?;
                    let value = value.narrow(0, head, 1)?.broadcast_as((group, seen, dim))?;
                    query.matmul(&key)?.softmax(factor, causal)?.matmul(&value)
                });
                Tensor::cat(&shared.collect::<Result<Vec<_>>>()?, 0)?
            };
            blocks.push(context.transpose(0, 1)?);
        }
    }
    let rows = Tensor::cat(&blocks, 0)?;
    let n = rows.dim(0)?;
    rows.reshape((n, heads * dim))
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn made(rows: usize, heads: usize, dim: usize, seed: usize) -> Tensor {
        let numbers: Vec<f32> = (0..rows * heads * dim)
            .map(|i| ((i * 7919 + seed * 104_729) % 1000) as f32 / 500.0 - 1.0)
            .collect();
        Tensor::from_vec(numbers, (rows, heads, dim), &Device::Cpu).unwrap()
    }

    /// Straight from the equation, in `f64`.
    #[expect(clippy::needless_range_loop, reason = "indices as in the equation")]
    fn reference(q: &Tensor, k: &Tensor, v: &Tensor, at: &[Sequence], causal: bool) -> Vec<f64> {
        let (_, heads, dim) = q.dims3().unwrap();
        let group = heads / k.dim(1).unwrap();
        let [q, k, v] = [q, k, v].map(|t| t.to_vec3::<f32>().unwrap());
        let mut out = Vec::new();
        for sequence in at {
            for row in sequence.queries.clone() {
                let position = sequence.first + row - sequence.queries.start;
                for head in 0..heads {
                    let keys = sequence.keys.clone().enumerate();
                    let seen: Vec<usize> =
                        keys.filter(|(p, _)| !causal || *p <= position).map(|(_, k)| k).collect();
                    let weights: Vec<f64> = seen
                        .iter()
                        .map(|key| {
                            let pairs = q[row][head].iter().zip(&k[*key][head / group]);
                            let dot: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                            (dot / (dim as f64).sqrt()).exp()
                        })
                        .collect();
                    let total: f64 = weights.iter().sum();
                    for d in 0..dim {
                        let pairs = seen.iter().zip(&weights);
                        let sum: f64 =
                            pairs.map(|(key, w)| w * f64::from(v[*key][head / group][d])).sum();
                        out.push(sum / total);
                    }
                }
            }
        }
        out
    }

    #[test]
    fn equals_the_equation() {
        // Three sequences, one of a single row, one longer than a block; one asks from its end only.
        let lengths = [5, 1, QUERY_BLOCK + 3];
        let total = lengths.iter().sum();
        let mut start = 0;
        let all: Vec<Sequence> = lengths
            .iter()
            .map(|length| {
                start += length;
                let range = start - length..start;
                Sequence { queries: range.clone(), keys: range, first: 0 }
            })
            .collect();
        for (heads, kv_heads) in [(3, 3), (4, 2), (4, 1)] {
            let (q, k, v) = (
                made(total, heads, 8, 1),
                made(total, kv_heads, 8, 2),
                made(total, kv_heads, 8, 3),
            );
            for causal in [false, true] {
                let got = attention(&q, &k, &v, &all, causal).unwrap();
                assert_eq!(got.dims(), [total, heads * 8]);
                let got = got.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                for (got, wanted) in got.iter().zip(reference(&q, &k, &v, &all, causal)) {
                    assert!((f64::from(*got) - wanted).abs() < 1e-5, "{got} {wanted}");
                }
            }
            let last: Vec<Sequence> = all
                .iter()
                .enumerate()
                .map(|(row, s)| Sequence {
                    queries: row..row + 1,
                    keys: s.keys.clone(),
                    first: s.keys.len() - 1,
                })
                .collect();
            let q = made(3, heads, 8, 1);
            let got = attention(&q, &k, &v, &last, true).unwrap();
            let got = got.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for (got, wanted) in got.iter().zip(reference(&q, &k, &v, &last, true)) {
                assert!((f64::from(*got) - wanted).abs() < 1e-5, "{got} {wanted}");
            }
        }
    }
}
