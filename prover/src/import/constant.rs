//! Tensors that the ONNX file stores, with their types checked.

use super::error::ImportError;
use std::ops::RangeInclusive;
use tract_onnx::pb;

/// A tensor that the file stores, row-major.
#[derive(Clone)]
pub(super) struct Constant {
    pub(super) dims: Vec<usize>,
    pub(super) data: Data,
}

#[derive(Clone)]
pub(super) enum Data {
    Float(Vec<f32>),
    Int(Vec<i64>),
    /// int8 if `signed`, else uint8: what quantised networks are made of.
    Byte {
        signed: bool,
        values: Vec<i64>,
    },
}

impl Constant {
    /// Checks type, size and finiteness. `name` is for messages.
    pub(super) fn read(name: &str, tensor: &pb::TensorProto) -> Result<Self, ImportError> {
        use pb::tensor_proto::DataType as T;
        let error = |problem: String| ImportError::Constant {
            tensor: name.to_owned(),
            problem,
        };
        if tensor.segment.is_some() {
            return Err(error("is stored in segments".into()));
        }
        let mut count = 1usize;
        let mut dims = Vec::with_capacity(tensor.dims.len());
        for dim in &tensor.dims {
            let dim = usize::try_from(*dim).map_err(|_| error(format!("has the size {dim}")))?;
            count = count.checked_mul(dim).ok_or_else(|| error("is too large".into()))?;
            dims.push(dim);
        }
        let raw = &tensor.raw_data;
        let data = match T::try_from(tensor.data_type) {
            Ok(T::Float) if raw.is_empty() => Data::Float(tensor.float_data.clone()),
            Ok(T::Float) => Data::Float(
                words(raw)
                    .ok_or_else(|| odd_length(name))?
                    .map(f32::from_le_bytes)
                    .collect(),
            ),
            Ok(T::Int64) if raw.is_empty() => Data::Int(tensor.int64_data.clone()),
            Ok(T::Int64) => Data::Int(
                words(raw)
                    .ok_or_else(|| odd_length(name))?
                    .map(i64::from_le_bytes)
                    .collect(),
            ),
            Ok(T::Int32) if raw.is_empty() => Data::Int(tensor.int32_data.iter().map(|x| i64::from(*x)).collect()),
            Ok(T::Int32) => {
                let words = words(raw).ok_or_else(|| odd_length(name))?;
                Data::Int(words.map(|bytes| i64::from(i32::from_le_bytes(bytes))).collect())
            }
            Ok(T::Int8) => Data::Byte {
                signed: true,
                values: bytes(name, tensor, i64::from(i8::MIN)..=i64::from(i8::MAX), |byte| {
                    i64::from(byte as i8)
                })?,
            },
            Ok(T::Uint8) => Data::Byte {
                signed: false,
                values: bytes(name, tensor, 0..=i64::from(u8::MAX), i64::from)?,
            },
            Ok(other) => {
                return Err(error(format!(
                    "has element type {}; only floats and integers of 8, 32 or 64 bits",
                    other.as_str_name()
                )))
            }
            Err(_) => return Err(error(format!("has the unknown element type {}", tensor.data_type))),
        };
        let len = match &data {
            Data::Float(x) => x.len(),
            Data::Int(x) | Data::Byte { values: x, .. } => x.len(),
        };
        if len != count {
            return Err(error(format!("has {len} elements, its shape {dims:?} needs {count}")));
        }
        if let Data::Float(x) = &data {
            if let Some(index) = x.iter().position(|x| !x.is_finite()) {
                return Err(ImportError::NotFinite {
                    tensor: name.to_owned(),
                    index,
                });
            }
        }
        Ok(Self { dims, data })
    }
}

fn odd_length(name: &str) -> ImportError {
    ImportError::Constant {
        tensor: name.to_owned(),
        problem: "has raw data that is no whole number of elements".into(),
    }
}

/// Elements of one byte, in words of their own where they are not raw.
fn bytes(
    name: &str,
    tensor: &pb::TensorProto,
    of_type: RangeInclusive<i64>,
    read: impl Fn(u8) -> i64,
) -> Result<Vec<i64>, ImportError> {
    if !tensor.raw_data.is_empty() {
        return Ok(tensor.raw_data.iter().map(|byte| read(*byte)).collect());
    }
    let words: Vec<i64> = tensor.int32_data.iter().map(|word| i64::from(*word)).collect();
    match words.iter().find(|word| !of_type.contains(word)) {
        None => Ok(words),
        Some(word) => Err(ImportError::Constant {
            tensor: name.to_owned(),
            problem: format!("has the element {word}, which is no number of its type"),
        }),
    }
}

/// Little-endian words of `N` bytes; `None` if some bytes remain.
fn words<const N: usize>(raw: &[u8]) -> Option<impl Iterator<Item = [u8; N]> + '_> {
    let chunks = raw.chunks_exact(N);
    chunks.remainder().is_empty().then(|| {
        chunks.map(|chunk| {
            let mut word = [0; N];
            word.copy_from_slice(chunk);
            word
        })
    })
}
