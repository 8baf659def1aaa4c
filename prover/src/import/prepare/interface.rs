//! Sizes of the image that the file leaves open.

use crate::import::change::Change;
use crate::import::error::ImportError;
use std::collections::HashSet;
use tract_onnx::pb;
use tract_onnx::pb::tensor_shape_proto::dimension::Value::DimValue;

/// Where height and width are in `[1, c, h, w]`.
const ROWS_AND_COLUMNS: [usize; 2] = [2, 3];
/// And in `[1, h, w, c]`.
const CHANNELS_LAST: [usize; 2] = [1, 2];

/// The open batch becomes one image; open sizes become `size`, `[height, width]`.
pub(super) fn one_image(
    graph: &mut pb::GraphProto,
    size: Option<[usize; 2]>,
    changes: &mut Vec<Change>,
) -> Result<(), ImportError> {
    let constants: HashSet<String> = graph.initializer.iter().map(|tensor| tensor.name.clone()).collect();
    for info in graph.input.iter_mut().filter(|info| !constants.contains(&info.name)) {
        let kind = info.r#type.as_mut().and_then(|t| t.value.as_mut());
        let Some(pb::type_proto::Value::TensorType(tensor)) = kind else {
            continue;
        };
        let Some(dims) = tensor.shape.as_mut().map(|shape| &mut shape.dim) else {
            continue;
        };
        // Anything else is refused where the image's shape is read.
        if dims.len() != 4 {
            continue;
        }
        if open(&dims[0]) {
            dims[0].value = Some(DimValue(1));
            changes.push(Change::new(info.name.clone(), "any number of images: one is read"));
        }
        let colours = |place: usize| matches!(dims[place].value, Some(DimValue(1 | 3)));
        let channels_last = !colours(1) && colours(3);
        let places = if channels_last { CHANNELS_LAST } else { ROWS_AND_COLUMNS };
        for (place, (name, side)) in places.into_iter().zip([("height", 0), ("width", 1)]) {
            let error = |problem: String| ImportError::Interface {
                role: "input",
                tensor: info.name.clone(),
                problem,
            };
            match (size, open(&dims[place])) {
                (None, true) => {
                    return Err(error(format!(
                        "has no {name} of its own; --input-size HEIGHTxWIDTH says which to read"
                    )))
                }
                (Some(size), true) => {
                    dims[place].value = Some(DimValue(size[side] as i64));
                    changes.push(Change::new(
                        info.name.clone(),
                        format!("any {name}: {} is read", size[side]),
                    ));
                }
                (Some(size), false) if dims[place].value != Some(DimValue(size[side] as i64)) => {
                    return Err(error(format!("has a {name} of its own, which is not {}", size[side])))
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether a size has a name, or nothing, instead of a number.
fn open(dim: &pb::tensor_shape_proto::Dimension) -> bool {
    !matches!(dim.value, Some(DimValue(size)) if !(-1..=0).contains(&size))
}
