//! What a model file holds, layer by layer; its numbers stay where they are.

use crate::context::Context;
use assay_marketplace::proving::{load_arch, load_model};
use assay_prover::model::{Architecture, Op};
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// One layer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    name: String,
    /// 0 is the image, `i + 1` the output of layer `i`.
    inputs: Vec<usize>,
    /// `[c, h, w]`.
    output: [usize; 3],
    stride: usize,
    parameters: usize,
    multiply_adds: usize,
}

/// A network without its numbers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Network {
    /// `[c, h, w]` of the image.
    input: [usize; 3],
    classes: usize,
    /// What proofs reveal.
    output: String,
    shift: u32,
    layers: Vec<Layer>,
    parameters: usize,
    activations: usize,
    multiply_adds: usize,
}

impl Network {
    fn of(arch: &Architecture) -> Self {
        let layers: Vec<Layer> = (0..arch.layers.len())
            .map(|i| {
                let layer = &arch.layers[i];
                Layer {
                    name: arch.layer_name(i),
                    inputs: layer.op.inputs().into_iter().map(|tensor| tensor.0).collect(),
                    output: [layer.output.c, layer.output.h, layer.output.w],
                    stride: match &layer.op {
                        Op::Conv(conv) => conv.stride,
                        Op::Add { .. } | Op::GlobalAvgPool { .. } | Op::Concat { .. } => 1,
                    },
                    parameters: arch.parameters_of(i),
                    multiply_adds: arch.multiply_adds(i),
                }
            })
            .collect();
        Self {
            input: [arch.input.c, arch.input.h, arch.input.w],
            classes: arch.classes(),
            output: arch.output.to_string(),
            shift: arch.shift,
            parameters: arch.parameter_count(),
            activations: arch.activation_count(),
            multiply_adds: layers.iter().map(|layer| layer.multiply_adds).sum(),
            layers,
        }
    }
}

fn shape([c, h, w]: [usize; 3]) -> String {
    format!("{c}x{h}x{w}")
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<24} {:>10} {:>6} {:>14} {:>12} {:>14}",
            "layer", "reads", "stride", "output", "parameters", "multiply-adds"
        )?;
        writeln!(f, "{:<24} {:>10} {:>6} {:>14}", "image", "", "", shape(self.input))?;
        for layer in &self.layers {
            let read = |tensor: &usize| match tensor.checked_sub(1) {
                None => "image".to_owned(),
                Some(layer) => format!("{layer:02}"),
            };
            let reads: Vec<String> = layer.inputs.iter().map(read).collect();
            writeln!(
                f,
                "{:<24} {:>10} {:>6} {:>14} {:>12} {:>14}",
                layer.name,
                reads.join("+"),
                layer.stride,
                shape(layer.output),
                layer.parameters,
                layer.multiply_adds
            )?;
        }
        write!(
            f,
            "{} classes, output {}, multipliers of {} bits; {} parameters, {} activations, {} multiply-adds",
            self.classes, self.output, self.shift, self.parameters, self.activations, self.multiply_adds
        )
    }
}

/// Of a model file, or of the public file of an architecture.
pub(super) fn show(path: &Path, ctx: &Context) -> eyre::Result<()> {
    let arch = if path.extension().is_some_and(|extension| extension == "json") {
        load_arch(path)?.architecture
    } else {
        load_model(path)?.architecture
    };
    let network = Network::of(&arch);
    ctx.out.result(&network, &network)
}
