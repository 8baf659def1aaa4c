//! Biases of int32, whose scale must be that of what they are added to.

use crate::import::constant::{Constant, Data};
use crate::import::error::ImportError;
use crate::import::parse::{Attribute, Graph, Node};
use std::collections::HashMap;

/// How far a scale may be from the product of two others, of itself: rounding to float32 is a hundred times less, float16 a hundred
/// times more.
const TOLERANCE: f64 = 1e-5;

/// # Errors
/// If a bias has another scale than the product of input and weight: integer kernels add the integers as they are, float arithmetic
/// adds what they stand for, and both would be the file's own result.
pub(crate) fn check(graph: &Graph) -> Result<(), ImportError> {
    let made: HashMap<&str, &Node> = graph.nodes.iter().map(|node| (node.output.as_str(), node)).collect();
    let scales = |name: &String| {
        let node = made.get(source(&made, name))?;
        let scale = source(&made, node.inputs.get(1).filter(|_| node.op == "DequantizeLinear")?);
        match graph.constants.get(scale) {
            Some(constant) => floats(constant),
            None => match made.get(scale)?.attributes.values().next()? {
                Attribute::Tensor(constant) => floats(constant),
                Attribute::Float(value) => Some(std::slice::from_ref(value)),
                _ => None,
            },
        }
    };
    for node in graph
        .nodes
        .iter()
        .filter(|node| ["Conv", "Gemm"].contains(&node.op.as_str()))
    {
        let [x, w, b] = &node.inputs[..] else { continue };
        let (Some([x]), Some(w), Some(b)) = (scales(x), scales(w), scales(b)) else {
            continue;
        };
        let [alpha, beta] = [node.float("alpha", 1.0)?, node.float("beta", 1.0)?].map(f64::from);
        // What is refused elsewhere is not compared.
        let factor = Some(alpha / beta).filter(|factor| factor.is_normal() && *factor > 0.0);
        let Some(factor) = factor else { continue };
        let channels = w.len().max(b.len());
        for channel in 0..channels {
            let of = |scales: &[f32]| {
                f64::from(
                    scales[if scales.len() == 1 {
                        0
                    } else {
                        channel.min(scales.len() - 1)
                    }],
                )
            };
            let (product, bias) = (factor * f64::from(*x) * of(w), of(b));
            if (bias - product).abs() > TOLERANCE * product {
                return Err(ImportError::Node {
                    node: node.name.clone(),
                    op: node.op.clone(),
                    problem: format!(
                        "the bias of channel {channel} has the scale {bias:e}, input and weight together {product:e}: what it adds would \
                         depend on who runs it; export scales in float32, or quantise again"
                    ),
                });
            }
        }
    }
    Ok(())
}

/// The tensor whose numbers these are, in another shape.
fn source<'g>(made: &HashMap<&str, &'g Node>, mut name: &'g str) -> &'g str {
    const SAME: [&str; 7] = [
        "Dropout",
        "Flatten",
        "Identity",
        "Reshape",
        "Squeeze",
        "Transpose",
        "Unsqueeze",
    ];
    // A node is behind what it reads.
    while let Some(input) = made
        .get(name)
        .filter(|node| SAME.contains(&node.op.as_str()))
        .and_then(|node| node.inputs.first())
    {
        name = input;
    }
    name
}

/// `None` if there are none.
fn floats(constant: &Constant) -> Option<&[f32]> {
    match &constant.data {
        Data::Float(floats) if !floats.is_empty() => Some(floats),
        _ => None,
    }
}
