//! Named arrays of numbers in one safetensors file: derived data that is written once and read in
//! part.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::file_bytes::FileBytes;

/// An array to be written, little-endian, of one dimension.
#[derive(Debug, Clone, Copy)]
pub enum Array<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 32-bit integers from zero.
    U32(&'a [u32]),
    /// 32-bit integers.
    I32(&'a [i32]),
    /// Bytes.
    U8(&'a [u8]),
}

impl Array<'_> {
    fn view(&self) -> io::Result<TensorView<'_>> {
        let (dtype, length, bytes): (_, _, &[u8]) = match self {
            Self::F32(data) => (Dtype::F32, data.len(), bytemuck::cast_slice(data)),
            Self::U32(data) => (Dtype::U32, data.len(), bytemuck::cast_slice(data)),
            Self::I32(data) => (Dtype::I32, data.len(), bytemuck::cast_slice(data)),
            Self::U8(data) => (Dtype::U8, data.len(), data),
        };
        TensorView::new(dtype, vec![length], bytes).map_err(invalid)
    }
}

/// Numbers that an array file can hold.
pub trait Number: bytemuck::Pod {
    #[doc(hidden)]
    const DTYPE: Dtype;
}

impl Number for f32 {
    const DTYPE: Dtype = Dtype::F32;
}

impl Number for u32 {
    const DTYPE: Dtype = Dtype::U32;
}

impl Number for i32 {
    const DTYPE: Dtype = Dtype::I32;
}

impl Number for u8 {
    const DTYPE: Dtype = Dtype::U8;
}

/// Writes a new file of arrays and waits until the disk has it.
///
/// Numbers are written as the machine holds them; all machines that this program is made for hold
/// them little-endian.
///
/// # Errors
/// When the file cannot be written.
pub fn write_arrays(path: &Path, arrays: &[(&str, Array<'_>)]) -> io::Result<()> {
    let views: Vec<(&str, TensorView<'_>)> =
        arrays.iter().map(|(name, array)| Ok((*name, array.view()?))).collect::<io::Result<_>>()?;
    safetensors::serialize_to_file(views, None, path).map_err(|error| match error {
        safetensors::SafeTensorError::IoError(source) => source,
        other => invalid(other),
    })?;
    std::fs::File::open(path)?.sync_all()
}

/// An opened file of arrays; large ones are mapped, not read.
#[derive(Debug)]
pub struct ArrayFile {
    bytes: FileBytes,
    /// Type, first byte and length in bytes of each array.
    arrays: BTreeMap<String, (Dtype, usize, usize)>,
}

impl ArrayFile {
    /// Opens a file that [`write_arrays`] wrote and that nobody changes afterwards.
    ///
    /// # Errors
    /// When the file cannot be read, or is not such a file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let bytes = FileBytes::open(path)?;
        let arrays = {
            let tensors = SafeTensors::deserialize(&bytes).map_err(invalid)?;
            let start = bytes.as_ptr() as usize;
            tensors
                .tensors()
                .into_iter()
                .map(|(name, view)| {
                    let data = view.data();
                    (name, (view.dtype(), data.as_ptr() as usize - start, data.len()))
                })
                .collect()
        };
        Ok(Self { bytes, arrays })
    }

    /// The numbers `range` of the array `name`.
    ///
    /// # Errors
    /// When there is no such array of this type, or it is shorter.
    pub fn part<T: Number>(&self, name: &str, range: Range<usize>) -> io::Result<Cow<'_, [T]>> {
        let &(dtype, start, length) =
            self.arrays.get(name).ok_or_else(|| invalid(format!("there is no array {name}")))?;
        if dtype != T::DTYPE {
            return Err(invalid(format!("the array {name} holds {dtype:?}")));
        }
        let size = size_of::<T>();
        if range.start > range.end || range.end > length / size {
            return Err(invalid(format!("the array {name} ends before {}", range.end)));
        }
        let bytes = &self.bytes[start + range.start * size..start + range.end * size];
        Ok(match bytemuck::try_cast_slice(bytes) {
            Ok(numbers) => Cow::Borrowed(numbers),
            // Bytes in memory of our own may begin anywhere.
            Err(_) => Cow::Owned(bytemuck::pod_collect_to_vec(bytes)),
        })
    }

    /// The whole array `name`.
    ///
    /// # Errors
    /// When there is no such array of this type.
    pub fn all<T: Number>(&self, name: &str) -> io::Result<Cow<'_, [T]>> {
        let length = self.arrays.get(name).map_or(0, |array| array.2);
        self.part(name, 0..length / size_of::<T>())
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_whole_or_in_part() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        let floats = [1.5, -0.0, f32::NAN];
        let arrays =
            [("f", Array::F32(&floats)), ("u", Array::U32(&[7, 8])), ("b", Array::U8(&[1]))];
        write_arrays(&path, &arrays).unwrap();
        let file = ArrayFile::open(&path).unwrap();
        let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&file.all::<f32>("f").unwrap()), bits(&floats));
        assert_eq!(*file.part::<u32>("u", 1..2).unwrap(), [8]);
        assert!(file.part::<u32>("u", 1..3).is_err());
        assert!(file.all::<f32>("u").is_err() && file.all::<u8>("none").is_err());
    }

    #[test]
    fn other_bytes_are_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        for bytes in [&b""[..], b"not at all", &[255; 64]] {
            std::fs::write(&path, bytes).unwrap();
            assert!(ArrayFile::open(&path).is_err());
        }
    }
}
