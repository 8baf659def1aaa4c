//! The file as the parser and the float run want it: whole, for one image, in float32 and in order.
//!
//! | module | content |
//! |---|---|
//! | `bias` | biases as lists |
//! | `tensors` | all constants |
//! | `external` | constants that are stored beside the file |
//! | `floats` | other float types, as float32 |
//! | `interface` | sizes of the image that the file leaves open |
//! | `names` | what is printed of them |
//! | `operators` | operators on integers, as operators on numbers between them |
//! | `order` | nodes behind what they read |

mod bias;
mod external;
mod floats;
mod interface;
mod names;
mod operators;
mod order;
mod tensors;

use super::change::Change;
use super::error::ImportError;
use super::options::ImportOptions;
use std::path::Path;
use tract_onnx::pb;

/// Changes the graph of a file in `folder`, and says how.
pub(super) fn prepare(
    graph: &mut pb::GraphProto,
    folder: &Path,
    options: &ImportOptions,
) -> Result<Vec<Change>, ImportError> {
    names::check(graph)?;
    let mut changes = Vec::new();
    // Claims about inner tensors are not needed, and would have to be checked.
    graph.value_info.clear();
    external::load(graph, folder)?;
    floats::read_as_float32(graph, &mut changes)?;
    interface::one_image(graph, options.input_size, &mut changes)?;
    operators::expand(graph, &mut changes)?;
    bias::flatten(graph, &mut changes);
    order::sort(graph, &mut changes)?;
    Ok(changes)
}
