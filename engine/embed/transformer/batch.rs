//! Sequences of tokens that go through the network together, one after another without padding.

use candle_core::{Device, Result, Tensor};

use super::attention::Sequence;
use super::settings::Pooling;

/// Token ids of several sequences in one row, and which states of them are wanted.
#[derive(Debug)]
pub(super) struct Batch {
    /// Token ids, sequence after sequence.
    pub(super) ids: Vec<u32>,
    /// Position of each token within its sequence.
    pub(super) positions: Vec<usize>,
    /// Where the sequences lie, each asking with all its rows.
    pub(super) all: Vec<Sequence>,
    pooling: Pooling,
}

/// The rows whose last states are wanted, where that is one row per sequence.
#[derive(Debug)]
pub(super) struct LastRows {
    /// Row numbers within the batch.
    pub(super) rows: Tensor,
    /// Their positions within their sequences.
    pub(super) positions: Vec<usize>,
    /// The sequences, each asking with that row only.
    pub(super) sequences: Vec<Sequence>,
}

impl Batch {
    /// Puts `sequences` one after another; none may be empty.
    pub(super) fn new(sequences: &[&[u32]], pooling: Pooling) -> Self {
        let total = sequences.iter().map(|ids| ids.len()).sum();
        let mut ids = Vec::with_capacity(total);
        let mut positions = Vec::with_capacity(total);
        let mut all = Vec::with_capacity(sequences.len());
        for sequence in sequences {
            let rows = ids.len()..ids.len() + sequence.len();
            ids.extend_from_slice(sequence);
            positions.extend(0..sequence.len());
            all.push(Sequence { queries: rows.clone(), keys: rows, first: 0 });
        }
        Self { ids, positions, all, pooling }
    }

    /// What the last layer has to compute; `None` where the pooling needs every state.
    ///
    /// The states of other rows reach nobody there, so leaving them out changes nothing.
    pub(super) fn last_rows(&self) -> Result<Option<LastRows>> {
        let position = |sequence: &Sequence| match self.pooling {
            Pooling::Cls => Some(0),
            Pooling::LastToken => Some(sequence.keys.len() - 1),
            Pooling::Mean => None,
        };
        let Some(positions) = self.all.iter().map(position).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let mut rows = Vec::with_capacity(positions.len());
        let mut sequences = Vec::with_capacity(positions.len());
        for (at, (sequence, first)) in self.all.iter().zip(&positions).enumerate() {
            rows.push(u32::try_from(sequence.keys.start + first).expect("a batch is small"));
            let keys = sequence.keys.clone();
            sequences.push(Sequence { queries: at..at + 1, keys, first: *first });
        }
        let n = rows.len();
        let rows = Tensor::from_vec(rows, n, &Device::Cpu)?;
        Ok(Some(LastRows { rows, positions, sequences }))
    }

    /// One row per sequence, `[sequences · dim]`, from the states of the last layer: those of
    /// [`last_rows`](Self::last_rows), or all of them for the mean.
    pub(super) fn pool(&self, states: Vec<f32>, dim: usize) -> Vec<f32> {
        if self.pooling != Pooling::Mean {
            return states;
        }
        let mut pooled = vec![0.0_f64; dim];
        let mut out = Vec::with_capacity(self.all.len() * dim);
        for sequence in &self.all {
            pooled.fill(0.0);
            for row in states[sequence.keys.start * dim..sequence.keys.end * dim].chunks(dim) {
                for (sum, value) in pooled.iter_mut().zip(row) {
                    *sum += f64::from(*value);
                }
            }
            let n = sequence.keys.len() as f64;
            #[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is the result")]
            out.extend(pooled.iter().map(|sum| (sum / n) as f32));
        }
        out
    }
}
