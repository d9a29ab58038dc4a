//! The element-wise passes as operations on tensors, so that they stand between matrix products
//! without copies.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, Tensor};

use super::elementwise::{
    Causal, LayerNorm, RmsNorm, Rotary, add_bias, bias_activation, softmax, swiglu,
};
use super::settings::Activation;

/// The numbers of a contiguous tensor.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(all), Some((start, end))) => Ok(&all[start..end]),
        _ => candle_core::bail!("an operation needs contiguous f32 tensors"),
    }
}

/// As [`values`], to be changed.
fn values_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(all), Some((start, end))) => Ok(&mut all[start..end]),
        _ => candle_core::bail!("an operation needs contiguous f32 tensors"),
    }
}

/// An operation that changes a tensor in place.
struct Change<F>(&'static str, F);

impl<F: Fn(&mut [f32])> InplaceOp1 for Change<F> {
    fn name(&self) -> &'static str {
        self.0
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        (self.1)(values_mut(storage, layout)?);
        Ok(())
    }
}

/// An operation that changes a tensor in place, reading a second one.
impl<F: Fn(&mut [f32], &[f32])> InplaceOp2 for Change<F> {
    fn name(&self) -> &'static str {
        self.0
    }

    fn cpu_fwd(
        &self,
        storage: &mut CpuStorage,
        layout: &Layout,
        second: &CpuStorage,
        second_layout: &Layout,
    ) -> Result<()> {
        (self.1)(values_mut(storage, layout)?, values(second, second_layout)?);
        Ok(())
    }
}

pub(super) trait Rows {
    /// Adds `bias` to each row.
    fn add_bias(self, bias: &[f32]) -> Result<Tensor>;
    /// Adds `bias` to each row and applies `activation`.
    fn bias_activation(self, bias: &[f32], activation: Activation) -> Result<Tensor>;
    /// `norm(self + bias + residual)`.
    fn add_norm(self, bias: &[f32], residual: &Tensor, norm: &LayerNorm) -> Result<Tensor>;
    /// Adds `residual`.
    fn add_rows(self, residual: &Tensor) -> Result<Tensor>;
    /// Root-mean-square normalisation of a copy.
    fn rms_norm(&self, norm: &RmsNorm) -> Result<Tensor>;
    /// `[n, 2·dim]` gates and values to `[n, dim]`.
    fn swiglu(&self) -> Result<Tensor>;
    /// Softmax over the last axis of `[heads, rows, keys]` after multiplying by `factor`.
    fn softmax(self, factor: f32, causal: Option<Causal>) -> Result<Tensor>;
    /// Normalises and rotates the heads of each row; see [`HeadNorms`].
    fn rotate_heads(self, norms: &HeadNorms<'_>) -> Result<Tensor>;
}

/// Which heads of `[n, heads, dim]` are normalised and rotated, and where the rows stand.
pub(super) struct HeadNorms<'a> {
    /// First head, number of heads and their normalisation; heads not named stay as they are.
    pub(super) spans: &'a [(usize, usize, &'a RmsNorm)],
    pub(super) rotary: &'a Rotary,
    /// Position of each row within its sequence.
    pub(super) positions: &'a [usize],
}

impl Rows for Tensor {
    fn add_bias(self, bias: &[f32]) -> Result<Tensor> {
        let op = Change("add_bias", |x: &mut [f32]| add_bias(x, bias));
        self.inplace_op1(&op)?;
        Ok(self)
    }

    fn bias_activation(self, bias: &[f32], activation: Activation) -> Result<Tensor> {
        let op = Change("activation", |x: &mut [f32]| bias_activation(x, bias, activation));
        self.inplace_op1(&op)?;
        Ok(self)
    }

    fn add_norm(self, bias: &[f32], residual: &Tensor, norm: &LayerNorm) -> Result<Tensor> {
        let op = Change("add_norm", |x: &mut [f32], r: &[f32]| norm.add_and_apply(x, bias, r));
        self.inplace_op2(residual, &op)?;
        Ok(self)
    }

    fn add_rows(self, residual: &Tensor) -> Result<Tensor> {
        // A residual is one bias as long as all rows together.
        let op = Change("add_rows", |x: &mut [f32], r: &[f32]| add_bias(x, r));
        self.inplace_op2(residual, &op)?;
        Ok(self)
    }

    fn rms_norm(&self, norm: &RmsNorm) -> Result<Tensor> {
        let copy = self.copy()?;
        copy.inplace_op1(&Change("rms_norm", |x: &mut [f32]| norm.apply(x)))?;
        Ok(copy)
    }

    fn swiglu(&self) -> Result<Tensor> {
        let (rows, width) = self.dims2()?;
        let (storage, layout) = self.storage_and_layout();
        let candle_core::Storage::Cpu(storage) = &*storage else {
            candle_core::bail!("an operation needs a tensor on the processor");
        };
        let out = swiglu(values(storage, layout)?, width / 2);
        Self::from_vec(out, (rows, width / 2), self.device())
    }

    fn softmax(self, factor: f32, causal: Option<Causal>) -> Result<Tensor> {
        let (_, rows, keys) = self.dims3()?;
        let op = Change("softmax", |x: &mut [f32]| softmax(x, rows, keys, factor, causal));
        self.inplace_op1(&op)?;
        Ok(self)
    }

    fn rotate_heads(self, norms: &HeadNorms<'_>) -> Result<Tensor> {
        let (_, heads, dim) = self.dims3()?;
        let op = Change("rotate_heads", |x: &mut [f32]| {
            for (row, position) in x.chunks_exact_mut(heads * dim).zip(norms.positions) {
                let (cosines, sines) = norms.rotary.angles(*position);
                for (first, count, norm) in norms.spans {
                    let span = &mut row[first * dim..(first + count) * dim];
                    Rotary::normalise_and_rotate(span, norm, (&cosines, &sines));
                }
            }
        });
        self.inplace_op1(&op)?;
        Ok(self)
    }
}
