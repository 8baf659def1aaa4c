//! What the import did, layer by layer.

use super::calibrate::{check_outputs, for_each_image, Calibration};
use super::change::Change;
use super::error::ImportError;
use super::float_run::FloatModel;
use super::fold::FusedNetwork;
use super::images::Image;
use super::quantise::Quant;
use crate::model::{FoldedModel, LayerParams, Model, OutputMode, QRange};
use crate::reference::{self, Trace};
use assay_durable::progress::Progress;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::Write;

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
    /// Images that both networks were run on.
    pub calibration_images: usize,
    /// Calibration images on which the float and the integer network choose the same class.
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
    /// Smallest float value on the calibration images.
    pub float_min: f64,
    /// Largest float value on them.
    pub float_max: f64,
    /// `real = scale·(q − zero)`.
    pub scale: f64,
    /// The integer that stands for 0.
    pub zero: i32,
    /// Smallest of the layer's multipliers `a`; 0 where nothing is multiplied.
    pub multiplier_min: u32,
    /// Largest of them.
    pub multiplier_max: u32,
    /// Lower bound of `q` over all images whatsoever.
    pub q_min: i64,
    /// Upper bound.
    pub q_max: i64,
    /// Largest difference to the float run on the calibration images, earlier layers' errors included.
    pub max_abs_error: f64,
    /// Signal to quantisation noise on the calibration images, in dB; absent where there is no noise or no signal.
    pub sqnr_db: Option<f64>,
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
    float: &FloatModel,
    images: &[Image],
    progress: &dyn Progress,
) -> Result<ImportReport, ImportError> {
    let arch = &integers.model.architecture;
    progress.phase("report", images.len() as u64);
    let runs = for_each_image(images, progress, |image| {
        let outputs = float.run(&image.bytes)?;
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
        let (multiplier_min, multiplier_max, mut zero) = multipliers(params);
        if matches!(params, LayerParams::Concat) {
            zero = integers.quants[i + 1].zero.into();
        }
        LayerReport {
            name: arch.layer_name(i),
            node: layer.node.clone(),
            shape: [layer.output.c, layer.output.h, layer.output.w],
            float_min: calibration.layers[i].min,
            float_max: calibration.layers[i].max,
            scale: integers.quants[i + 1].scale,
            zero,
            multiplier_min,
            multiplier_max,
            q_min: integers.bounds[i].min,
            q_max: integers.bounds[i].max,
            max_abs_error: noise[i].max_abs,
            sqnr_db: noise[i].sqnr_db(),
        }
    });
    Ok(ImportReport {
        changes: network.changes.clone(),
        layers: layers.collect(),
        parameters: arch.parameter_count(),
        activations: arch.activation_count(),
        calibration_images: images.len(),
        same_top1,
        same_top5: (arch.output == OutputMode::Top5).then(same_top5),
    })
}

/// Smallest and largest multiplier, and the zero point of the output.
fn multipliers(params: &LayerParams) -> (u32, u32, i32) {
    match params {
        LayerParams::Conv(p) => {
            let bounds = p
                .multiplier
                .iter()
                .fold((u32::MAX, 0), |(min, max), a| (min.min(*a), max.max(*a)));
            (bounds.0, bounds.1, p.output_zero)
        }
        LayerParams::Add(p) => {
            let (lhs, rhs) = (p.lhs_multiplier, p.rhs_multiplier);
            (lhs.min(rhs), lhs.max(rhs), p.output_zero)
        }
        LayerParams::Pool(p) => (p.multiplier, p.multiplier, p.output_zero),
        LayerParams::Concat => (0, 0, 0),
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
                i64::from(layer_trace.q_hat[i]) - (1 << (arch.shift - 1))
            } else {
                i64::from(layer_trace.out[i])
            };
            let error = quant.scale * (q - i64::from(quant.zero)) as f64 - f64::from(*value);
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
    }

    fn sqnr_db(&self) -> Option<f64> {
        let both = self.error_squares > 0.0 && self.signal_squares > 0.0;
        both.then(|| 10.0 * (self.signal_squares / self.error_squares).log10())
    }
}

impl ImportReport {
    /// A plain text table, one line per layer and a summary.
    pub fn to_table(&self) -> String {
        let width = self
            .layers
            .iter()
            .map(|layer| layer.node.chars().count())
            .max()
            .unwrap_or(0)
            .max(4);
        let mut text = String::new();
        for change in &self.changes {
            let _ = writeln!(text, "{}: {}", change.subject, change.what);
        }
        let _ = writeln!(
            text,
            "{:<24} {:<width$} {:>12} {:>19} {:>9} {:>4} {:>15} {:>15} {:>9} {:>7}",
            "layer", "node", "shape", "float range", "scale", "zero", "multiplier", "worst q", "max error", "SQNR dB"
        );
        for layer in &self.layers {
            let [c, h, w] = layer.shape;
            let sqnr = layer.sqnr_db.map_or_else(|| "-".to_owned(), |db| format!("{db:.1}"));
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{:<24} {:<width$} {:>12} {:>19} {:>9.3e} {:>4} {:>15} {:>15} {:>9.3e} {:>7}",
                layer.name,
                layer.node,
                format!("{c}x{h}x{w}"),
                format!("{:.3}..{:.3}", layer.float_min, layer.float_max),
                layer.scale,
                layer.zero,
                format!("{}..{}", layer.multiplier_min, layer.multiplier_max),
                format!("{}..{}", layer.q_min, layer.q_max),
                layer.max_abs_error,
                sqnr,
            );
        }
        let (same, of) = match self.same_top5 {
            Some(same) => ("five classes", same),
            None => ("class", self.same_top1),
        };
        let _ = writeln!(
            text,
            "{} parameters, {} activations; the same {same} as the float network on {of} of {} calibration images",
            self.parameters, self.activations, self.calibration_images
        );
        text
    }
}
