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
//! | `quantised` | instead of the three before, of a file that is quantised: its scales, its weights, its own run |
//! | `quantise` | ranges and float weights → integers |
//! | `validate` | every image has a proof, or the import fails |
//! | `report` | agreement of the integers with the float run, or the file's own, layer by layer |
//!
//! `table` prints the report.
//!
//! Supported: `Conv` (kernels of 1 to 7 rows and columns, stride 1 or 2, any padding below the kernel's size, groups), `Gemm` and `MatMul` (of
//! a flat map of up to 7×7), `BatchNormalization`, `Relu`, `Clip` from 0, `Add`, average pools of the whole map in their four spellings and
//! of windows as `Conv` has them, `Flatten`, `Reshape`, `Identity`, `Dropout`, `Constant`; `Add`, `Sub`, `Mul` and `Div` of a tensor
//! and a constant; `Transpose` of the channels to the end and back; `Cast` between float types; `Softmax`, `LogSoftmax` and
//! `ArgMax` at the end; `Concat` of channels; `Shape`, `Gather`, `Unsqueeze` and `Concat` of sizes; `Squeeze` of a pixel; `QuantizeLinear` and
//! `DequantizeLinear` of 8 bits, and what onnxruntime computes on integers. Constants may be of 16 to 64 bits, in the file or beside
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
mod quant;
mod quantise;
mod quantised;
mod report;
mod split;
mod table;
mod validate;

use calibrate::Calibration;
use float_run::Run;
use fold::FusedNetwork;
use images::Image;

pub use change::Change;
pub use error::ImportError;
pub use float_run::FloatModel;
pub use images::{decode_png, load_png, ImageError};
pub use options::{ImportOptions, RangeMethod};
pub use report::{Difference, ImportReport, LayerReport};

use crate::model::Model;
use assay_durable::progress::Progress;
use std::path::Path;

/// Imports the network in `onnx`; `calibration` is a directory of PNG images of the network's size. A float network is quantised, and needs
/// them; one that is quantised already keeps its scales, and is compared with its own run on them if there are any.
///
/// # Errors
/// The first thing that is not supported, with the name of its node or layer.
pub fn import<'a>(
    onnx: &Path,
    calibration: impl Into<Option<&'a Path>>,
    options: &ImportOptions,
    progress: &dyn Progress,
) -> Result<(Model, ImportReport), ImportError> {
    options.check()?;
    progress.phase("parse", 0);
    let graph = parse::parse(onnx, options)?;
    progress.phase("convert", 0);
    let network = convert::convert(&graph)?;
    let images = |directory: &Path| images::load_directory(directory, graph.input.image());
    if quantised::is_quantised(&network) {
        quantised::check_biases(&graph)?;
        let mut fused = quantised::layers(&network, options)?;
        split::split_readers(&mut fused, |_| ());
        let images = calibration.into().map_or(Ok(Vec::new()), images)?;
        let own = quantised::FileRun::new(network, &fused, options);
        let observed = calibrate::observe(&fused, &own, &images, progress)?;
        return integers(&fused, &observed, &own, &images, options, progress);
    }
    let images = images(calibration.into().ok_or(ImportError::Uncalibrated)?)?;
    let mut fused = fold::fold(network)?;
    split::split_readers(&mut fused, |_| ());
    let mut float = FloatModel::with_outputs(&graph, fused.outputs(), options)?;
    let mut observed = calibrate::calibrate(&fused, &float, &images, options, progress)?;
    if concat::join_ranges(&mut fused, &mut observed) {
        // What joins on another scale reads the tensor whole.
        let layers = &mut observed.layers;
        split::split_readers(&mut fused, |copy| layers.insert(copy, layers[copy - 1]));
        float = FloatModel::with_outputs(&graph, fused.outputs(), options)?;
    }
    integers(&fused, &observed, &float, &images, options, progress)
}

/// What a quantised file computes on an image, by its own scales: name and bytes of every tensor that it quantises, in its order and
/// layout; those of int8 are moved up by 128. Row-major HWC bytes are read, as by the model.
///
/// # Errors
/// If the file is not supported, or not quantised, or the image has another size.
pub fn file_integers(
    onnx: &Path,
    options: &ImportOptions,
    image: &[u8],
) -> Result<Vec<(String, Vec<u8>)>, ImportError> {
    options.check()?;
    let network = convert::convert(&parse::parse(onnx, options)?)?;
    let fused = quantised::layers(&network, options)?;
    quantised::FileRun::new(network, &fused, options).integers(image)
}

/// The model, and how it differs from what `run` says.
fn integers(
    network: &FusedNetwork,
    observed: &Calibration,
    run: &dyn Run,
    images: &[Image],
    options: &ImportOptions,
    progress: &dyn Progress,
) -> Result<(Model, ImportReport), ImportError> {
    progress.phase("quantise", 0);
    let (model, quants) = quantise::quantise(network, observed, options)?;
    progress.phase("validate", 0);
    let (folded, bounds) = validate::validate(&model, network)?;
    let integers = report::Integers {
        model: &model,
        folded: &folded,
        quants: &quants,
        bounds: &bounds,
    };
    let report = report::report(network, observed, &integers, run, images, progress)?;
    Ok((model, report))
}
