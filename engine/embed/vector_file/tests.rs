//! Files of vectors in both formats, good and bad.

use std::fs;
use std::path::{Path, PathBuf};

use half::f16;
use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};

use super::{VectorFault, VectorFile};
use crate::model::{Diagnosis, Lang};

/// An array file of version 1.0.
fn npy(descr: &str, shape: &str, numbers: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), numbers].concat()
}

fn singles(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn tensors(list: &[(&str, Dtype, &[usize], &[u8])]) -> Vec<u8> {
    let views = list.iter().map(|(name, dtype, shape, data)| {
        (*name, TensorView::new(*dtype, shape.to_vec(), data).unwrap())
    });
    serialize(views, None).unwrap()
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn fault(path: &Path) -> VectorFault {
    let error = VectorFile::open(path).unwrap_err();
    assert!(!error.remedy(Lang::Zh).is_empty() && error.code().starts_with("vectors."));
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(error.message(Lang::Zh).contains(name) && error.to_string().contains(name), "{error}");
    error.fault
}

#[test]
fn every_number_type_is_read_and_brought_to_unit_length() {
    let dir = tempfile::tempdir().unwrap();
    let numbers = [3.0_f32, 4.0, 0.0, -2.0];
    let halves: Vec<u8> = numbers.iter().flat_map(|n| f16::from_f32(*n).to_le_bytes()).collect();
    let doubles: Vec<u8> = numbers.iter().flat_map(|n| f64::from(*n).to_le_bytes()).collect();
    let singles = singles(&numbers);
    let files = [
        ("a.npy", npy("<f2", "(2, 2)", &halves)),
        ("b.npy", npy("<f4", "(2, 2)", &singles)),
        ("c.npy", npy("<f8", "(2, 2)", &doubles)),
        ("d.safetensors", tensors(&[("embeddings", Dtype::F16, &[2, 2], &halves)])),
        ("e.SAFETENSORS", tensors(&[("embeddings", Dtype::F32, &[2, 2], &singles)])),
    ];
    for (name, bytes) in files {
        let file = VectorFile::open(&write(dir.path(), name, &bytes)).unwrap();
        assert_eq!((file.n_rows(), file.dim(), file.ids()), (2, 2, None), "{name}");
        let found = file.rows(&[1, 0, 1]).unwrap();
        assert_eq!(found.view().data(), [0.0, -1.0, 0.6, 0.8, 0.0, -1.0], "{name}");
    }
}

#[test]
fn ids_stand_beside_the_file_or_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let numbers = singles(&[1.0, 0.0, 0.0, 1.0]);
    let bare = npy("<f4", "(2, 2)", &numbers);
    let path = write(dir.path(), "a.npy", &bare);
    let without = VectorFile::open(&path).unwrap();
    write(dir.path(), "a.npy.ids.txt", "\u{feff}XQ-2\r\n XQ-1 \n".as_bytes());
    let with = VectorFile::open(&path).unwrap();
    assert_eq!(with.ids().unwrap(), ["XQ-2", "XQ-1"]);
    assert_ne!(with.sha256(), without.sha256());
    let inside = tensors(&[
        ("embeddings", Dtype::F32, &[2, 2], &numbers),
        ("ids", Dtype::U8, &[7], "甲\n乙".as_bytes()),
    ]);
    let inside = VectorFile::open(&write(dir.path(), "b.safetensors", &inside)).unwrap();
    assert_eq!(inside.ids().unwrap(), ["甲", "乙"]);

    for ids in ["XQ-1\n", "XQ-1\nXQ-2\nXQ-3", "XQ-1\n\n", "XQ-1\nXQ-1\n"] {
        write(dir.path(), "a.npy.ids.txt", ids.as_bytes());
        let fault = fault(&path);
        assert!(
            matches!(fault, VectorFault::Id { line: 2, .. } | VectorFault::IdCount { rows: 2, .. }),
            "{fault}"
        );
    }
    write(dir.path(), "a.npy.ids.txt", b"\xff\n\xfe\n");
    assert!(matches!(fault(&path), VectorFault::IdText));
}

#[test]
fn bad_rows_are_named_when_they_are_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let numbers = singles(&[1.0, 0.0, 0.0, 0.0, 1.0, f32::NAN]);
    let file =
        VectorFile::open(&write(dir.path(), "a.npy", &npy("<f4", "(3, 2)", &numbers))).unwrap();
    assert!(file.rows(&[0]).is_ok());
    assert!(matches!(file.rows(&[0, 1]).unwrap_err().fault, VectorFault::Zero { row: 2 }));
    let error = file.rows(&[2]).unwrap_err();
    assert!(matches!(error.fault, VectorFault::NotFinite { row: 3, column: 2, .. }), "{error}");
    let large = npy("<f8", "(1, 1)", &1e300_f64.to_le_bytes());
    let file = VectorFile::open(&write(dir.path(), "b.npy", &large)).unwrap();
    assert!(matches!(file.rows(&[0]).unwrap_err().fault, VectorFault::NotFinite { row: 1, .. }));
}

#[test]
fn what_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let numbers = singles(&[1.0, 0.0]);
    let case = |name: &str, bytes: &[u8]| fault(&write(dir.path(), name, bytes));
    assert!(matches!(fault(&dir.path().join("absent.npy")), VectorFault::Read(_)));
    assert!(matches!(case("a.csv", b"1,2"), VectorFault::UnknownFormat));
    assert!(matches!(case("a.npy", b"1,2"), VectorFault::Damaged(_)));
    assert!(matches!(case("a.npy", &npy("<f4", "(1, 3)", &numbers)), VectorFault::Damaged(_)));
    assert!(matches!(case("a.npy", &npy("<f4", "(1, 1)", &numbers)), VectorFault::Damaged(_)));
    let huge = npy("<f4", "(4611686018427387904, 4)", &numbers);
    assert!(matches!(case("a.npy", &huge), VectorFault::Damaged(_)));
    assert!(matches!(case("a.npy", &npy("<f4", "(2,)", &numbers)), VectorFault::Shape { .. }));
    assert!(matches!(case("a.npy", &npy("<f4", "(0, 2)", b"")), VectorFault::Shape { .. }));
    for kind in [">f4", "<i4", "|O"] {
        let fault = case("a.npy", &npy(kind, "(1, 2)", &numbers));
        assert!(matches!(&fault, VectorFault::NumberType { found } if found == kind), "{fault}");
    }
    assert!(matches!(case("a.safetensors", b"1234567890"), VectorFault::Damaged(_)));
    let other = tensors(&[("vectors", Dtype::F32, &[1, 2], &numbers)]);
    let fault = case("a.safetensors", &other);
    assert!(matches!(&fault, VectorFault::NoTensor { found } if found == &["vectors"]), "{fault}");
    let whole = tensors(&[("embeddings", Dtype::I32, &[1, 2], &numbers)]);
    assert!(matches!(case("a.safetensors", &whole), VectorFault::NumberType { .. }));
}
