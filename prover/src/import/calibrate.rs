//! Ranges of every tensor from the calibration images.

use super::error::ImportError;
use super::float_run::{FloatModel, Run};
use super::fold::{Activation, FusedNetwork, FusedOp};
use super::images::Image;
use super::options::{ImportOptions, RangeMethod};
use assay_durable::progress::Progress;
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the calibration images do to one layer's output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    pub(super) min: f64,
    pub(super) max: f64,
    /// The range that 0..=255 will cover, 0 included.
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Observed ranges, one per layer, and the float logits of each image.
pub(super) struct Calibration {
    pub(super) layers: Vec<Observed>,
    pub(super) logits: Vec<Vec<f32>>,
}

/// Runs the float network on all images, twice where histograms are needed.
pub(super) fn calibrate(
    network: &FusedNetwork,
    float: &FloatModel,
    images: &[Image],
    options: &ImportOptions,
    progress: &dyn Progress,
) -> Result<Calibration, ImportError> {
    let mut observed = observe(network, float, images, progress)?;
    let layers = &mut observed.layers;
    for (layer, observed) in network.layers.iter().zip(layers.iter_mut()) {
        if let Activation::Clip { max: Some(max) } = layer.activation {
            // ReLU6: the clip of the integers is the clip of the network.
            (observed.low, observed.high) = (0.0, max);
        }
    }
    if options.range == RangeMethod::Mse {
        narrow(network, float, images, layers, progress)?;
    }
    Ok(observed)
}

/// The extremes of every layer, without images none.
pub(super) fn observe(
    network: &FusedNetwork,
    run: &dyn Run,
    images: &[Image],
    progress: &dyn Progress,
) -> Result<Calibration, ImportError> {
    progress.phase("calibrate: extremes", images.len() as u64);
    let runs = for_each_image(images, progress, |image| {
        let outputs = run.run(&image.bytes)?;
        check_outputs(network, &outputs, image)?;
        let extremes: Vec<(f32, f32)> = outputs.iter().map(|values| extremes(values)).collect();
        Ok((extremes, outputs.into_iter().next_back().unwrap_or_default()))
    })?;
    let mut layers = vec![
        Observed {
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            low: 0.0,
            high: 0.0,
        };
        network.layers.len()
    ];
    for (extremes, _) in &runs {
        for (layer, (min, max)) in layers.iter_mut().zip(extremes) {
            layer.min = layer.min.min(f64::from(*min));
            layer.max = layer.max.max(f64::from(*max));
            (layer.low, layer.high) = (layer.min.min(0.0), layer.max.max(0.0));
        }
    }
    Ok(Calibration {
        layers,
        logits: runs.into_iter().map(|(_, logits)| logits).collect(),
    })
}

/// Replaces extremes by the range of least error, in layers that neither have a clip of their own nor a range that the
/// pool's few values leave to chance.
fn narrow(
    network: &FusedNetwork,
    float: &FloatModel,
    images: &[Image],
    layers: &mut [Observed],
    progress: &dyn Progress,
) -> Result<(), ImportError> {
    let last = layers.len() - 1;
    let wanted: Vec<usize> = (0..last)
        .filter(|i| {
            let layer = &network.layers[*i];
            let clipped = matches!(layer.activation, Activation::Clip { max: Some(_) });
            !clipped
                && !matches!(layer.op, FusedOp::Pool | FusedOp::Copy | FusedOp::Concat)
                && layers[*i].low < layers[*i].high
        })
        .collect();
    progress.phase("calibrate: histograms", images.len() as u64);
    let histograms = for_each_image(images, progress, |image| {
        let outputs = float.run(&image.bytes)?;
        check_outputs(network, &outputs, image)?;
        Ok(wanted
            .iter()
            .map(|i| Histogram::of(&outputs[*i], layers[*i].low, layers[*i].high))
            .collect::<Vec<_>>())
    })?;
    for (n, i) in wanted.iter().enumerate() {
        let mut total = Histogram::empty(layers[*i].low, layers[*i].high);
        histograms.iter().for_each(|image| total.add(&image[n]));
        (layers[*i].low, layers[*i].high) = total.least_error_range();
    }
    Ok(())
}

/// Runs `work` on all images on all threads; results in the images' order.
pub(super) fn for_each_image<T: Send>(
    images: &[Image],
    progress: &dyn Progress,
    work: impl Fn(&Image) -> Result<T, ImportError> + Sync,
) -> Result<Vec<T>, ImportError> {
    let done = AtomicU64::new(0);
    images
        .par_iter()
        .map(|image| {
            let result = work(image)?;
            progress.step(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(result)
        })
        .collect()
}

/// The float run must agree with the converter on sizes, and be finite.
pub(super) fn check_outputs(network: &FusedNetwork, outputs: &[Vec<f32>], image: &Image) -> Result<(), ImportError> {
    for (layer, values) in network.layers.iter().zip(outputs) {
        if values.len() != layer.output.len() {
            return Err(ImportError::FloatRun {
                reason: format!(
                    "node {} has {} outputs, expected {}",
                    layer.node,
                    values.len(),
                    layer.output.len()
                ),
            });
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(ImportError::FloatNotFinite {
                layer: layer.node.clone(),
                image: image.path.clone(),
            });
        }
    }
    Ok(())
}

fn extremes(values: &[f32]) -> (f32, f32) {
    values
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), value| {
            (min.min(*value), max.max(*value))
        })
}

/// Counts of values in equal bins from `low` to `high`.
struct Histogram {
    low: f64,
    high: f64,
    bins: Vec<u64>,
}

impl Histogram {
    const BINS: usize = 2048;

    fn empty(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            bins: vec![0; Self::BINS],
        }
    }

    fn of(values: &[f32], low: f64, high: f64) -> Self {
        let mut histogram = Self::empty(low, high);
        let per_unit = Self::BINS as f64 / (high - low);
        for value in values {
            let bin = ((f64::from(*value) - low) * per_unit) as usize;
            histogram.bins[bin.min(Self::BINS - 1)] += 1;
        }
        histogram
    }

    fn add(&mut self, other: &Self) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(a, b)| *a += b);
    }

    /// The best of a grid of ranges, each end shrunk by itself down to a quarter.
    fn least_error_range(&self) -> (f64, f64) {
        const STEPS: u32 = 30;
        let shrink = |end: f64| (0..=STEPS).map(move |i| end * (1.0 - 0.75 * f64::from(i) / f64::from(STEPS)));
        let mut best = (f64::INFINITY, self.low, self.high);
        for low in shrink(self.low) {
            for high in shrink(self.high) {
                let error = self.error(low, high);
                if error < best.0 {
                    best = (error, low, high);
                }
            }
        }
        (best.1, best.2)
    }

    /// Summed squared error of rounding to 256 levels from `low` to `high` and clipping the rest.
    fn error(&self, low: f64, high: f64) -> f64 {
        let step = (high - low) / 255.0;
        let width = (self.high - self.low) / Self::BINS as f64;
        let mut sum = 0.0;
        for (i, count) in self.bins.iter().enumerate().filter(|(_, count)| **count > 0) {
            let value = self.low + (i as f64 + 0.5) * width;
            let outside = (low - value).max(value - high).max(0.0);
            sum += *count as f64 * (step * step / 12.0 + outside * outside);
        }
        sum
    }
}
