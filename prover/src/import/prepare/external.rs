//! Constants in files beside the ONNX file.
//!
//! A file may be hostile: what it names must be an ordinary file in its own folder, reached without links; the parts must lie in it and
//! not overlap, so that little in the file cannot mean much to read.

use super::tensors::tensors;
use crate::import::error::ImportError;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use tract_onnx::pb;
use tract_onnx::pb::tensor_proto::DataType;

/// Bytes of all such constants together: protobuf's own limit for those inside of a file.
const MAX_BYTES: u64 = 1 << 31;

/// Where the bytes of a constant are.
struct Part {
    location: PathBuf,
    offset: u64,
    len: u64,
    tensor: String,
}

/// Reads all of them into the graph.
pub(super) fn load(graph: &mut pb::GraphProto, folder: &Path) -> Result<(), ImportError> {
    let mut parts = Vec::new();
    for tensor in tensors(graph).filter(|tensor| is_external(tensor)) {
        parts.push(part(tensor, folder)?);
    }
    check_overlaps(&parts)?;
    let mut parts = parts.into_iter();
    for tensor in tensors(graph).filter(|tensor| is_external(tensor)) {
        let Some(part) = parts.next() else { break };
        tensor.raw_data = read(&part).map_err(|source| ImportError::Read {
            path: part.location,
            source,
        })?;
        tensor.external_data.clear();
        tensor.data_location = None;
    }
    Ok(())
}

/// Whether the tensor says so; one that names a file besides has what is in it.
fn is_external(tensor: &pb::TensorProto) -> bool {
    tensor.data_location.unwrap_or(0) != 0
}

fn part(tensor: &pb::TensorProto, folder: &Path) -> Result<Part, ImportError> {
    let error = |problem: String| ImportError::Constant {
        tensor: tensor.name.clone(),
        problem,
    };
    let within = [
        tensor.raw_data.len(),
        tensor.float_data.len(),
        tensor.int32_data.len(),
        tensor.int64_data.len(),
        tensor.double_data.len(),
    ];
    if within.iter().any(|len| *len > 0) {
        return Err(error("is stored both in the file and outside".into()));
    }
    let entry = |key: &str| {
        let found = tensor.external_data.iter().find(|entry| entry.key == key);
        found.map(|entry| entry.value.as_str())
    };
    let number = |key: &str| match entry(key) {
        None => Ok(None),
        Some(text) => text
            .parse::<u64>()
            .map(Some)
            .map_err(|_| error(format!("is stored outside the file, with the {key} {text:?}"))),
    };
    let location =
        entry("location").ok_or_else(|| error("is stored outside the file, which does not say where".into()))?;
    let path = inside(folder, location).map_err(|problem| error(format!("is stored in {location:?}, {problem}")))?;
    let size = std::fs::metadata(&path)
        .map_err(|source| ImportError::Read {
            path: path.clone(),
            source,
        })?
        .len();
    let needed = bytes(tensor).ok_or_else(|| error("has a shape or an element type that cannot be read".into()))?;
    let offset = number("offset")?.unwrap_or(0);
    let len = number("length")?.unwrap_or(needed);
    if len != needed {
        return Err(error(format!(
            "is stored in {len} bytes of {location}, its shape needs {needed}"
        )));
    }
    match offset.checked_add(len) {
        Some(end) if end <= size => Ok(Part {
            location: path,
            offset,
            len,
            tensor: tensor.name.clone(),
        }),
        _ => Err(error(format!(
            "is stored in {len} bytes from {offset} on of {location}, which has {size}; is the file complete?"
        ))),
    }
}

/// An ordinary file in the folder or below it.
fn inside(folder: &Path, location: &str) -> Result<PathBuf, &'static str> {
    let mut path = if folder.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        folder.to_owned()
    };
    let mut components = Path::new(location).components().peekable();
    if components.peek().is_none() {
        return Err("which names no file");
    }
    for component in components {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => continue,
            _ => return Err("which is outside of the network's folder"),
        }
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => {
                return Err("which is a link; copy the file itself beside the network")
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err("which is not beside the network; copy it there")
            }
            Err(_) => return Err("which cannot be read"),
        }
    }
    if path.is_file() {
        Ok(path)
    } else {
        Err("which is no file")
    }
}

fn bytes(tensor: &pb::TensorProto) -> Option<u64> {
    let element = match DataType::try_from(tensor.data_type).ok()? {
        DataType::Double | DataType::Int64 => 8,
        DataType::Float | DataType::Int32 => 4,
        DataType::Float16 | DataType::Bfloat16 => 2,
        DataType::Int8 | DataType::Uint8 => 1,
        _ => return None,
    };
    let mut dims = tensor.dims.iter();
    dims.try_fold(element, |product: u64, dim| {
        product.checked_mul(u64::try_from(*dim).ok()?)
    })
}

fn check_overlaps(parts: &[Part]) -> Result<(), ImportError> {
    let error = |part: &Part, problem: String| ImportError::Constant {
        tensor: part.tensor.clone(),
        problem,
    };
    let mut sorted: Vec<&Part> = parts.iter().filter(|part| part.len > 0).collect();
    sorted.sort_by(|a, b| (&a.location, a.offset).cmp(&(&b.location, b.offset)));
    for pair in sorted.windows(2) {
        if pair[0].location == pair[1].location && pair[0].offset + pair[0].len > pair[1].offset {
            return Err(error(
                pair[1],
                format!("is stored in bytes that {} has too", pair[0].tensor),
            ));
        }
    }
    let mut total = 0;
    for part in &sorted {
        total += part.len;
        if total > MAX_BYTES {
            return Err(error(part, "is one more constant than 2 GiB have room for".into()));
        }
    }
    Ok(())
}

fn read(part: &Part) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(&part.location)?;
    file.seek(SeekFrom::Start(part.offset))?;
    // Below the limit, and in the file a moment ago.
    let mut bytes = vec![0; part.len as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
