//! The float network, run for calibration and comparison.

use super::convert;
use super::error::ImportError;
use super::fold::{self, Output};
use super::options::ImportOptions;
use super::parse::{self, Graph, Input};
use crate::model::Shape;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use tract_onnx::pb;
use tract_onnx::prelude::*;

/// A network that says what the tensors are that the model's layers are compared with.
pub(super) trait Run: Sync {
    /// Values of each layer's tensor on an image of the network's size, channel-major.
    fn run(&self, image: &[u8]) -> Result<Vec<Vec<f32>>, ImportError>;
}

/// The float network, run by tract.
pub struct FloatModel {
    plan: Arc<TypedSimplePlan>,
    /// What it reads of an image of three channels.
    input: Shape,
    /// It reads `[1, h, w, c]`.
    channels_last: bool,
    /// For each output the shape of those that are `[1, h, w, c]`.
    outputs: Vec<Option<Shape>>,
    scale: f64,
    zero: u8,
}

impl std::fmt::Debug for FloatModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FloatModel")
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

impl FloatModel {
    /// Loads an ONNX file whose logits are wanted.
    ///
    /// # Errors
    /// If the file cannot be parsed or run.
    pub fn load(onnx: &Path, options: &ImportOptions) -> Result<Self, ImportError> {
        options.check()?;
        let graph = parse::parse(onnx, options)?;
        // Tract gets only what the converter has understood.
        let network = fold::fold(convert::convert(&graph)?)?;
        let logits = network.outputs().into_iter().last();
        Self::with_outputs(&graph, logits.into_iter().collect(), options)
    }

    /// The same graph with the named tensors as outputs.
    pub(super) fn with_outputs(
        graph: &Graph,
        outputs: Vec<Output>,
        options: &ImportOptions,
    ) -> Result<Self, ImportError> {
        let mut proto = graph.proto.clone();
        if let Some(graph) = proto.graph.as_mut() {
            graph.output = outputs
                .iter()
                .map(|output| pb::ValueInfoProto {
                    name: output.tensor.clone(),
                    ..Default::default()
                })
                .collect();
        }
        let (input, channels_last) = (graph.input.shape, graph.input.channels_last);
        let plan = guarded(|| {
            onnx()
                .model_for_proto_model(&proto)?
                .with_input_fact(0, f32::fact(dims(input, channels_last)).into())?
                .into_optimized()?
                .into_runnable()
        })?;
        Ok(Self {
            plan,
            input,
            channels_last,
            outputs: outputs.into_iter().map(|output| output.channels_last).collect(),
            scale: options.input_scale,
            zero: options.input_zero,
        })
    }

    /// Shape of the image it reads.
    pub fn input(&self) -> Shape {
        Shape::new(3, self.input.h, self.input.w)
    }

    /// The logits of one image, row-major HWC bytes.
    ///
    /// # Errors
    /// If the image has another size or the run fails.
    pub fn logits(&self, image: &[u8]) -> Result<Vec<f32>, ImportError> {
        Ok(self.run(image)?.pop().unwrap_or_default())
    }
}

impl Run for FloatModel {
    fn run(&self, image: &[u8]) -> Result<Vec<Vec<f32>>, ImportError> {
        let wanted = self.input().len();
        if image.len() != wanted {
            return Err(ImportError::FloatRun {
                reason: format!("the image has {} bytes, the network reads {wanted}", image.len()),
            });
        }
        let zero = f64::from(self.zero);
        let real = |byte: &u8| ((f64::from(*byte) - zero) * self.scale) as f32;
        let channel = |channel: usize| image.iter().skip(channel).step_by(3);
        let values: Vec<f32> = match (self.input.c, self.channels_last) {
            (1, _) => channel(Input::GREY).map(real).collect(),
            (_, true) => image.iter().map(real).collect(),
            (_, false) => (0..3).flat_map(channel).map(real).collect(),
        };
        guarded(|| {
            let tensor = Tensor::from_shape(&dims(self.input, self.channels_last), &values)?;
            let outputs = self.plan.run(tvec!(tensor.into()))?;
            let outputs = outputs.iter().zip(&self.outputs);
            outputs
                .map(|(output, channels_last)| {
                    let values = output.try_as_plain_ram()?.as_slice::<f32>()?;
                    Ok(match channels_last {
                        Some(shape) => channels_first(values, shape.c),
                        None => values.to_vec(),
                    })
                })
                .collect()
        })
    }
}

/// The shape of the image.
fn dims(shape: Shape, channels_last: bool) -> [usize; 4] {
    let Shape { c, h, w } = shape;
    if channels_last {
        [1, h, w, c]
    } else {
        [1, c, h, w]
    }
}

fn channels_first(values: &[f32], channels: usize) -> Vec<f32> {
    let channels = (0..channels).flat_map(|channel| values.iter().skip(channel).step_by(channels));
    channels.copied().collect()
}

/// Runs tract. The graph was checked before, but tract's own invariants are not ours: a panic becomes an error.
fn guarded<T>(run: impl FnOnce() -> TractResult<T>) -> Result<T, ImportError> {
    let reason = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => format!("{error:#}"),
        Err(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
            .unwrap_or_else(|| "panic".into()),
    };
    Err(ImportError::FloatRun { reason })
}
