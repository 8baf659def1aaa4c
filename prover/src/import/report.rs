//! What the import did, layer by layer.

use super::calibrate::{check_outputs, for_each_image, Calibration};
use super::change::Change;
use super::error::ImportError;
use super::float_run::Run;
use super::fold::{FusedLayer, FusedNetwork};
use super::images::Image;
use super::quant::Quant;
use crate::model::{FoldedModel, LayerParams, Model, OutputMode, QRange};
use crate::reference::{self, Trace};
use assay_durable::progress::Progress;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What the import did, for the owner's eyes: ranges say something about the model.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// What was left out, folded, or read in another way.
    pub changes: Vec<Change>,
    /// In the order of the quantised network.
    pub layers: Vec<LayerReport>,
    /// Secret integers: weights, biases and multipliers.
    pub parameters: usize,
    /// Outputs of all layers.
    pub activations: usize,
    /// The file is quantised itself: what is compared with is its own run, operator by operator, instead of a float run.
    pub quantised: bool,
    /// Images that both networks were run on.
    pub calibration_images: usize,
    /// Calibration images on which both networks choose the same class.
    pub same_top1: usize,
    /// Those on which both have the same five classes with the largest logits; of a network whose output is that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_top5: Option<usize>,
}

/// What the import did to one layer.
#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    /// Position and kind.
    pub name: String,
    /// The ONNX node.
    pub node: String,
    /// `[c, h, w]` of the output.
    pub shape: [usize; 3],
    /// Smallest value on the calibration images, if there are any, in the network that is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_min: Option<f64>,
    /// Largest value on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_max: Option<f64>,
    /// `real = scale·(q − zero)`.
    pub scale: f64,
    /// The integer that stands for 0.
    pub zero: i32,
    /// Smallest of the layer's multipliers `a`; absent where nothing is multiplied, or each weight is multiplied and rounded by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiplier_min: Option<u32>,
    /// Largest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiplier_max: Option<u32>,
    /// Lower bound of `q` over all images whatsoever.
    pub q_min: i64,
    /// Upper bound.
    pub q_max: i64,
    /// Largest difference to the float run on the calibration images, earlier layers' errors included.
    pub max_abs_error: f64,
    /// Differences to the bytes of the file's own run; of quantised layers of a quantised file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// Signal to quantisation noise on the calibration images, in dB; absent where there is no noise or no signal.
    pub sqnr_db: Option<f64>,
}

/// How far bytes are from those of the file's own run, earlier layers' differences included.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Difference {
    /// On average, over all outputs and images.
    pub mean: f64,
    /// At most.
    pub max: u32,
}

/// The integer network as the report needs it.
pub(super) struct Integers<'a> {
    pub(super) model: &'a Model,
    pub(super) folded: &'a FoldedModel,
    pub(super) quants: &'a [Quant],
    pub(super) bounds: &'a [QRange],
}

/// Runs both networks on the calibration images and compares every layer.
pub(super) fn report(
    network: &FusedNetwork,
    calibration: &Calibration,
    integers: &Integers<'_>,
    run: &dyn Run,
    images: &[Image],
    progress: &dyn Progress,
) -> Result<ImportReport, ImportError> {
    let arch = &integers.model.architecture;
    progress.phase("report", images.len() as u64);
    let runs = for_each_image(images, progress, |image| {
        let outputs = run.run(&image.bytes)?;
        check_outputs(network, &outputs, image)?;
        let trace = reference::run(arch, integers.folded, &image.bytes)?;
        let noise: Vec<Noise> = (0..outputs.len())
            .map(|i| Noise::of(&outputs[i], &trace, i, integers))
            .collect();
        Ok((noise, trace.top5()))
    })?;
    let mut noise = vec![Noise::default(); network.layers.len()];
    for (image, _) in &runs {
        noise.iter_mut().zip(image).for_each(|(total, layer)| total.add(layer));
    }
    let best = || {
        calibration
            .logits
            .iter()
            .map(|logits| top5(logits))
            .zip(runs.iter().map(|(_, best)| best))
    };
    let same_top1 = best().filter(|(float, integers)| float[0] == integers[0]).count();
    let same_top5 = || {
        best()
            .filter(|(float, integers)| as_set(float) == as_set(integers))
            .count()
    };
    let layers = network.layers.iter().enumerate().map(|(i, layer)| {
        let params = &integers.model.params[i];
        let (multipliers, mut zero) = multipliers(params);
        if matches!(params, LayerParams::Concat) {
            zero = integers.quants[i + 1].zero.into();
        }
        let observed = calibration.layers[i];
        let any = |value: f64| (!images.is_empty()).then_some(value);
        LayerReport {
            name: arch.layer_name(i),
            node: layer.node.clone(),
            shape: [layer.output.c, layer.output.h, layer.output.w],
            float_min: any(observed.min),
            float_max: any(observed.max),
            scale: integers.quants[i + 1].scale,
            zero,
            multiplier_min: multipliers.map(|(min, _)| min),
            multiplier_max: multipliers.map(|(_, max)| max),
            q_min: integers.bounds[i].min,
            q_max: integers.bounds[i].max,
            max_abs_error: noise[i].max_abs,
            difference: noise[i].difference().filter(|_| is_quantised(layer)),
            sqnr_db: noise[i].sqnr_db(),
        }
    });
    Ok(ImportReport {
        changes: network.changes.clone(),
        layers: layers.collect(),
        parameters: arch.parameter_count(),
        activations: arch.activation_count(),
        quantised: network.layers.iter().any(|layer| layer.file.is_some()),
        calibration_images: images.len(),
        same_top1,
        same_top5: (arch.output == OutputMode::Top5).then(same_top5),
    })
}

fn is_quantised(layer: &FusedLayer) -> bool {
    layer.file.is_some_and(|file| file.quant.is_some())
}

/// Smallest and largest multiplier, if there are any, and the zero point of the output.
fn multipliers(params: &LayerParams) -> (Option<(u32, u32)>, i32) {
    match params {
        LayerParams::Conv(p) => {
            let bounds = p
                .multiplier
                .iter()
                .fold((u32::MAX, 0), |(min, max), a| (min.min(*a), max.max(*a)));
            (Some(bounds), p.output_zero)
        }
        LayerParams::Scaled(p) => (None, p.output_zero),
        LayerParams::Add(p) => {
            let (lhs, rhs) = (p.lhs_multiplier, p.rhs_multiplier);
            (Some((lhs.min(rhs), lhs.max(rhs))), p.output_zero)
        }
        LayerParams::Pool(p) => (Some((p.multiplier, p.multiplier)), p.output_zero),
        LayerParams::Concat => (None, 0),
    }
}

/// The largest logits, the lowest indices among equals, as in [`Trace::top5`].
fn top5(logits: &[f32]) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..logits.len()).collect();
    // Every logit of a calibration image is finite.
    classes.sort_by(|a, b| logits[*b].partial_cmp(&logits[*a]).unwrap_or(Ordering::Equal));
    classes.truncate(5);
    classes
}

fn as_set(classes: &[usize]) -> BTreeSet<usize> {
    classes.iter().copied().collect()
}

/// Differences between the float run and the integers.
#[derive(Clone, Copy, Default)]
struct Noise {
    max_abs: f64,
    error_squares: f64,
    signal_squares: f64,
    /// Sum, maximum and number of differences between bytes.
    steps: f64,
    max_steps: f64,
    count: u64,
}

impl Noise {
    fn of(values: &[f32], trace: &Trace, layer: usize, integers: &Integers<'_>) -> Self {
        let arch = &integers.model.architecture;
        let quant = integers.quants[layer + 1];
        let layer_trace = &trace.layers[layer];
        let last = layer + 1 == arch.layers.len();
        let mut noise = Self::default();
        for (i, value) in values.iter().enumerate() {
            let q = if last {
                i64::from(layer_trace.q_hat[i]) - arch.cut().half()
            } else {
                i64::from(layer_trace.out[i])
            };
            let error = quant.scale * (q - i64::from(quant.zero)) as f64 - f64::from(*value);
            // The file clips its logits, the model does not.
            let byte = quant.scale * (q.clamp(0, 255) - i64::from(quant.zero)) as f64;
            let steps = ((byte - f64::from(*value)) / quant.scale).round().abs();
            noise.steps += steps;
            noise.max_steps = noise.max_steps.max(steps);
            noise.count += 1;
            noise.max_abs = noise.max_abs.max(error.abs());
            noise.error_squares += error * error;
            noise.signal_squares += f64::from(*value) * f64::from(*value);
        }
        noise
    }

    fn add(&mut self, other: &Self) {
        self.max_abs = self.max_abs.max(other.max_abs);
        self.error_squares += other.error_squares;
        self.signal_squares += other.signal_squares;
        self.steps += other.steps;
        self.max_steps = self.max_steps.max(other.max_steps);
        self.count += other.count;
    }

    /// `None` without images.
    fn difference(&self) -> Option<Difference> {
        (self.count > 0).then(|| Difference {
            mean: self.steps / self.count as f64,
            max: self.max_steps as u32,
        })
    }

    fn sqnr_db(&self) -> Option<f64> {
        let both = self.error_squares > 0.0 && self.signal_squares > 0.0;
        both.then(|| 10.0 * (self.signal_squares / self.error_squares).log10())
    }
}
