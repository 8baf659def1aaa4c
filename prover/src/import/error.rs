//! Why an ONNX file cannot become a model.

use crate::model::ParamsError;
use crate::reference::ReferenceError;
use std::path::PathBuf;

/// Why a file cannot become a model. Nodes and tensors carry the names of the ONNX file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ImportError {
    #[error("cannot read {path}", path = .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} is not an ONNX file: {reason}", path = .path.display())]
    Protobuf { path: PathBuf, reason: String },
    #[error("the ONNX file uses {what}, which is not supported")]
    File { what: String },
    #[error("the ONNX file has operator set {got}, supported are {min} to {max}")]
    Opset { got: i64, min: i64, max: i64 },
    #[error("graph {role} {tensor}: {problem}")]
    Interface {
        role: &'static str,
        tensor: String,
        problem: String,
    },
    #[error("node {node}: operator {op} is not supported (operator set {opset}); supported are {supported}")]
    UnsupportedOp {
        node: String,
        op: String,
        opset: i64,
        supported: String,
    },
    #[error("node {node} ({op}): attribute {attribute} {problem}")]
    Attribute {
        node: String,
        op: String,
        attribute: String,
        problem: String,
    },
    #[error("node {node} ({op}): {problem}")]
    Node { node: String, op: String, problem: String },
    #[error("node {node} ({op}): no node makes {tensor}")]
    UnknownTensor { node: String, op: String, tensor: String },
    #[error("constant {tensor}: {problem}")]
    Constant { tensor: String, problem: String },
    #[error("constant {tensor}: element {index} is infinite or not a number; export the network with finite ones")]
    NotFinite { tensor: String, index: usize },
    #[error("calibration directory {path} holds no PNG file", path = .path.display())]
    NoImages { path: PathBuf },
    #[error("the network is not quantised: --calibration DIR names images that set the ranges of its activations")]
    Uncalibrated,
    #[error("image {path}: {reason}", path = .path.display())]
    Image { path: PathBuf, reason: String },
    #[error("the float run of the network failed: {reason}")]
    FloatRun { reason: String },
    #[error("{layer}: its values are not finite on {image}", image = .image.display())]
    FloatNotFinite { layer: String, image: PathBuf },
    #[error("option {option}: {problem}")]
    Option { option: &'static str, problem: String },
    #[error("{layer}: output channel {channel} needs the multiplier {value:.3}, outside 1 to {max}")]
    Multiplier {
        layer: String,
        channel: usize,
        value: f64,
        max: u32,
    },
    #[error("{layer}: the bias of output channel {channel} does not fit 32 bits ({value:.3e})")]
    Bias { layer: String, channel: usize, value: f64 },
    #[error("{layer} cannot be quantised so that every image has a proof")]
    NotTotal {
        layer: String,
        #[source]
        source: ParamsError,
    },
    #[error("the network is outside what a proof can state")]
    Model(#[from] ParamsError),
    #[error("the integer network fails on a calibration image")]
    Reference(#[from] ReferenceError),
}
