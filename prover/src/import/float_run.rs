//! The float network, run for calibration and comparison.

use super::convert;
use super::error::ImportError;
use super::options::ImportOptions;
use super::parse::{self, Graph};
use crate::model::Shape;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use tract_onnx::pb;
use tract_onnx::prelude::*;

/// The float network, run by tract.
pub struct FloatModel {
    plan: Arc<TypedSimplePlan>,
    input: Shape,
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
        let graph = parse::parse(onnx)?;
        // Tract gets only what the converter has understood.
        convert::convert(&graph)?;
        let output = graph.output.clone();
        Self::with_outputs(&graph, vec![output], options)
    }

    /// The same graph with the named tensors as outputs.
    pub(super) fn with_outputs(
        graph: &Graph,
        outputs: Vec<String>,
        options: &ImportOptions,
    ) -> Result<Self, ImportError> {
        let mut proto = graph.proto.clone();
        if let Some(graph) = proto.graph.as_mut() {
            graph.output = outputs
                .into_iter()
                .map(|name| pb::ValueInfoProto {
                    name,
                    ..Default::default()
                })
                .collect();
        }
        let input = graph.input.shape;
        let plan = guarded(|| {
            onnx()
                .model_for_proto_model(&proto)?
                .with_input_fact(0, f32::fact([1, input.c, input.h, input.w]).into())?
                .into_optimized()?
                .into_runnable()
        })?;
        Ok(Self {
            plan,
            input,
            scale: options.input_scale,
            zero: options.input_zero,
        })
    }

    /// Shape of the image it reads.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The logits of one image, row-major HWC bytes.
    ///
    /// # Errors
    /// If the image has another size or the run fails.
    pub fn logits(&self, image: &[u8]) -> Result<Vec<f32>, ImportError> {
        Ok(self.run(image)?.pop().unwrap_or_default())
    }

    /// Values of all outputs, channel-major.
    pub(super) fn run(&self, image: &[u8]) -> Result<Vec<Vec<f32>>, ImportError> {
        let Shape { c, h, w } = self.input;
        if image.len() != self.input.len() {
            return Err(ImportError::FloatRun {
                reason: format!(
                    "the image has {} bytes, the network reads {}",
                    image.len(),
                    self.input.len()
                ),
            });
        }
        let zero = f64::from(self.zero);
        let mut values = Vec::with_capacity(image.len());
        for channel in 0..c {
            let bytes = image.iter().skip(channel).step_by(c);
            values.extend(bytes.map(|byte| ((f64::from(*byte) - zero) * self.scale) as f32));
        }
        guarded(|| {
            let tensor = Tensor::from_shape(&[1, c, h, w], &values)?;
            let outputs = self.plan.run(tvec!(tensor.into()))?;
            outputs
                .iter()
                .map(|output| Ok(output.try_as_plain_ram()?.as_slice::<f32>()?.to_vec()))
                .collect()
        })
    }
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
