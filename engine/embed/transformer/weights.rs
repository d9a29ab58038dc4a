//! The tensors of a folder: one mapped `model.safetensors`, or shards named by an index.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use half::{bf16, f16};
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::TransformerError;
use super::settings::{parse, read_file};

const SINGLE_FILE: &str = "model.safetensors";
const INDEX_FILE: &str = "model.safetensors.index.json";

/// Where a tensor lies.
#[derive(Debug, Clone)]
struct Place {
    file: Arc<Mmap>,
    start: usize,
    end: usize,
    dtype: Dtype,
    shape: Vec<usize>,
}

impl Place {
    fn bytes(&self) -> &[u8] {
        &self.file[self.start..self.end]
    }
}

/// All tensors of a folder by name.
#[derive(Debug)]
pub(super) struct Weights {
    tensors: BTreeMap<String, Place>,
    /// Put before every name that is asked for: checkpoints saved with a head carry one.
    prefix: &'static str,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// Maps the files and feeds their bytes to `hash`, in the order of their names.
    pub(super) fn open(directory: &Path, hash: &mut Sha256) -> Result<Self, TransformerError> {
        let files: BTreeSet<String> = if directory.join(SINGLE_FILE).exists() {
            [SINGLE_FILE.to_owned()].into()
        } else if directory.join(INDEX_FILE).exists() {
            let index: Index = parse(INDEX_FILE, &read_file(directory, INDEX_FILE)?)?;
            index.weight_map.into_values().collect()
        } else {
            // The usual file is the one to name as missing.
            [SINGLE_FILE.to_owned()].into()
        };
        let mut tensors = BTreeMap::new();
        for name in files {
            let file = Arc::new(map(directory, &name)?);
            hash.update((file.len() as u64).to_le_bytes());
            hash.update(&file[..]);
            let broken = |source| TransformerError::Safetensors { file: name.clone(), source };
            for (tensor, view) in SafeTensors::deserialize(&file).map_err(broken)?.tensors() {
                let start = view.data().as_ptr() as usize - file.as_ptr() as usize;
                let place = Place {
                    file: Arc::clone(&file),
                    start,
                    end: start + view.data().len(),
                    dtype: view.dtype(),
                    shape: view.shape().to_vec(),
                };
                tensors.insert(tensor, place);
            }
        }
        Ok(Self { tensors, prefix: "" })
    }

    /// Uses the first of `prefixes` under which `tensor` exists; the first one if under none.
    pub(super) fn choose_prefix(&mut self, prefixes: &[&'static str], tensor: &str) {
        let found = prefixes.iter().find(|p| self.tensors.contains_key(&format!("{p}{tensor}")));
        self.prefix = found.or(prefixes.first()).copied().unwrap_or_default();
    }

    fn place(&self, name: &str, shape: &[usize]) -> Result<&Place, TransformerError> {
        let tensor = format!("{}{name}", self.prefix);
        let Some(place) = self.tensors.get(&tensor) else {
            return Err(TransformerError::MissingTensor { tensor });
        };
        if !matches!(place.dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            let found = format!("{:?}", place.dtype);
            return Err(TransformerError::TensorType { tensor, found });
        }
        if place.shape != shape {
            return Err(TransformerError::TensorShape {
                tensor,
                found: place.shape.clone(),
                expected: shape.to_vec(),
            });
        }
        Ok(place)
    }

    /// The numbers of a tensor, row-major, in `f32`; all are finite.
    pub(super) fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, TransformerError> {
        let place = self.place(name, shape)?;
        let mut values = vec![0.0; shape.iter().product()];
        decode(place.dtype, place.bytes(), &mut values);
        match values.iter().position(|value| !value.is_finite()) {
            Some(position) => Err(TransformerError::TensorValue {
                tensor: format!("{}{name}", self.prefix),
                position,
                value: values[position],
            }),
            None => Ok(values),
        }
    }

    /// Linear layers that read the same `input` numbers, side by side: `[input, Σ outputs]`.
    ///
    /// Files keep them as `[output, input]`; turned once, the products read them in order.
    pub(super) fn linear(
        &self,
        layers: &[(&str, usize)],
        input: usize,
    ) -> Result<Tensor, TransformerError> {
        let width: usize = layers.iter().map(|(_, output)| output).sum();
        let mut turned = vec![0.0; input * width];
        let mut first = 0;
        for (name, output) in layers {
            let values = self.floats(&format!("{name}.weight"), &[*output, input])?;
            for (column, row) in (first..).zip(values.chunks_exact(input)) {
                for (value, target) in row.iter().zip(turned[column..].iter_mut().step_by(width)) {
                    *target = *value;
                }
            }
            first += output;
        }
        Ok(Tensor::from_vec(turned, (input, width), &Device::Cpu)?)
    }

    /// A table of vectors that stays in the mapped file; rows are decoded when they are asked for.
    pub(super) fn table(
        &self,
        name: &str,
        rows: usize,
        dim: usize,
    ) -> Result<Table, TransformerError> {
        Ok(Table { place: self.place(name, &[rows, dim])?.clone(), dim })
    }
}

/// `[rows, dim]` numbers in a mapped file.
#[derive(Debug)]
pub(super) struct Table {
    place: Place,
    dim: usize,
}

impl Table {
    /// Writes row `at` to `into` (`[dim]`). Panics beyond the table: ids are checked at loading.
    pub(super) fn read(&self, at: usize, into: &mut [f32]) {
        let bytes = self.place.bytes();
        let size = bytes.len() / self.place.shape[0];
        decode(self.place.dtype, &bytes[at * size..(at + 1) * size], into);
    }

    pub(super) const fn dim(&self) -> usize {
        self.dim
    }
}

/// Little-endian numbers to `f32`.
fn decode(dtype: Dtype, bytes: &[u8], into: &mut [f32]) {
    match dtype {
        Dtype::F16 => {
            for (value, b) in into.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *value = f16::from_le_bytes(*b).to_f32();
            }
        }
        Dtype::BF16 => {
            for (value, b) in into.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *value = bf16::from_le_bytes(*b).to_f32();
            }
        }
        _ => {
            for (value, b) in into.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *value = f32::from_le_bytes(*b);
            }
        }
    }
}

fn map(directory: &Path, name: &str) -> Result<Mmap, TransformerError> {
    let unreadable = |source| TransformerError::Read { file: name.to_owned(), source };
    let file = File::open(directory.join(name)).map_err(unreadable)?;
    #[expect(unsafe_code, reason = "a file of a gigabyte is mapped, not read")]
    // SAFETY: the map is read only. Whoever shortens the file while the program runs ends it with
    // a signal, as with every mapped file; model folders are replaced whole, never written to.
    let map = unsafe { Mmap::map(&file) }.map_err(unreadable)?;
    Ok(map)
}
