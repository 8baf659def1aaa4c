//! ONNX → model, in named phases. The only place that sees protobuf or floating point.
//!
//! | phase | from → to |
//! |---|---|
//! | `prepare` | file → a whole graph in float32, in order, for one image |
//! | `parse` | graph → nodes and constants, every number finite, every size static |
//! | `convert` | operators → convolutions, sums, pools, clips and per-channel affine maps |
//! | `fold` | affine maps (batch norm) and clips → into the layer before them |
//! | `split` | tensors with readers of two kinds → two tensors |
//! | `calibrate` | images → range of every tensor, by a float run |
//! | `concat` | ranges of what is joined → one range |
//! | `quantise` | ranges and float weights → integers |
//! | `validate` | every image has a proof, or the import fails |
//! | `report` | agreement of the integers with the float run, layer by layer |
//!
//! Supported: `Conv` (kernels of 1 to 7 rows and columns, stride 1 or 2, any padding below the kernel's size, groups), `Gemm` and `MatMul` (of
//! a flat map of up to 7×7), `BatchNormalization`, `Relu`, `Clip` from 0, `Add`, average pools of the whole map in their four spellings and
//! of windows as `Conv` has them, `Flatten`, `Reshape`, `Identity`, `Dropout`, `Constant`; `Add`, `Sub`, `Mul` and `Div` of a tensor
//! and a constant; `Transpose` of the channels to the end and back; `Cast` between float types; `Softmax`, `LogSoftmax` and
//! `ArgMax` at the end; `Concat` of channels; `Shape`, `Gather`, `Unsqueeze` and `Concat` of sizes. Constants may be of 16 to 64 bits, in the file or beside
//! it. Everything else is an error with the node's name.

mod calibrate;
mod change;
mod concat;
mod constant;
mod convert;
mod error;
mod float_run;
mod fold;
mod images;
mod options;
mod parse;
mod prepare;
mod quantise;
mod report;
mod split;
mod validate;

pub use change::Change;
pub use error::ImportError;
pub use float_run::FloatModel;
pub use images::{decode_png, load_png, ImageError};
pub use options::{ImportOptions, RangeMethod};
pub use report::{ImportReport, LayerReport};

use crate::model::Model;
use assay_durable::progress::Progress;
use std::path::Path;

/// Quantises the float network in `onnx`; `calibration` is a directory of PNG images of the network's size.
///
/// # Errors
/// The first thing that is not supported, with the name of its node or layer.
pub fn import(
    onnx: &Path,
    calibration: &Path,
    options: &ImportOptions,
    progress: &dyn Progress,
) -> Result<(Model, ImportReport), ImportError> {
    options.check()?;
    progress.phase("parse", 0);
    let graph = parse::parse(onnx, options)?;
    progress.phase("convert", 0);
    let mut network = fold::fold(convert::convert(&graph)?)?;
    split::split_readers(&mut network);
    let images = images::load_directory(calibration, graph.input.image())?;
    let mut float = FloatModel::with_outputs(&graph, network.outputs(), options)?;
    let mut observed = calibrate::calibrate(&network, &float, &images, options, progress)?;
    if concat::join_ranges(&mut network, &mut observed) {
        float = FloatModel::with_outputs(&graph, network.outputs(), options)?;
    }
    progress.phase("quantise", 0);
    let (model, quants) = quantise::quantise(&network, &observed, options)?;
    progress.phase("validate", 0);
    let (folded, bounds) = validate::validate(&model, &network)?;
    let integers = report::Integers {
        model: &model,
        folded: &folded,
        quants: &quants,
        bounds: &bounds,
    };
    let report = report::report(&network, &observed, &integers, &float, &images, progress)?;
    Ok((model, report))
}
