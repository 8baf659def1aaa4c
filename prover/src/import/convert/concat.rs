//! Channels of several tensors as one tensor.

use super::converter::{error, Converter, Form, Value, MAX_CHANNELS};
use super::network::{FloatNetwork, FloatOp};
use crate::import::error::ImportError;
use crate::import::parse::Node;
use crate::model::Shape;

/// Of all nodes together: ten times what DenseNet-264 joins.
const MAX_JOINED: usize = 1 << 16;

impl Converter {
    /// Of sizes a list, of computed tensors their channels.
    pub(super) fn concat(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axis"])?;
        if !node.attributes.contains_key("axis") {
            return Err(node.attribute_error("axis", "is missing".into()));
        }
        match node.inputs.iter().any(|name| self.values.contains_key(name)) {
            true => self.join_channels(node),
            false => self.join_lists(node),
        }
    }

    /// Maps of one size, the channels of one behind those of the other.
    fn join_channels(&mut self, node: &Node) -> Result<(), ImportError> {
        let names = self.inputs(node, 1, usize::MAX)?;
        let parts: Vec<Value> = names
            .iter()
            .map(|name| self.value(node, name))
            .collect::<Result<_, _>>()?;
        let first = parts[0];
        let rank = first.onnx_shape().len() as i64;
        let channels = if first.form == Form::ChannelsLast { 3 } else { 1 };
        let axis = node.int("axis", channels)?;
        if axis != channels && axis != channels - rank {
            let problem = format!("is {axis}, supported is that of the channels, {channels}");
            return Err(node.attribute_error("axis", problem));
        }
        let Shape { h, w, .. } = first.shape;
        for part in &parts[1..] {
            if (part.shape.h, part.shape.w) != (h, w) {
                let problem = format!(
                    "joins the maps {} and {}, supported are maps of one size",
                    first.shape, part.shape
                );
                return Err(error(node, problem));
            }
            if part.form != first.form {
                let problem = format!("joins shapes {:?} and {:?}", first.onnx_shape(), part.onnx_shape());
                return Err(error(node, problem));
            }
        }
        if first.form == Form::FlatChannelsLast && h * w > 1 {
            let problem = format!(
                "joins the map {} flattened pixel by pixel, whose channels would not stand together",
                first.shape
            );
            return Err(error(node, problem));
        }
        let [only] = parts[..] else {
            let c = parts.iter().map(|part| part.shape.c).sum();
            if c > MAX_CHANNELS {
                return Err(error(node, format!("has {c} output channels")));
            }
            let inputs = parts.iter().map(|part| part.tensor).collect();
            return self.push(node, FloatOp::Concat, inputs, Shape { c, h, w }, first.form);
        };
        self.alias(node, only);
        Ok(())
    }
}

/// # Errors
/// If all concatenations up to a node join more than a file may have of them.
pub(crate) fn check_joined(all: usize, node: &str) -> Result<(), ImportError> {
    if all <= MAX_JOINED {
        return Ok(());
    }
    Err(ImportError::Node {
        node: node.to_owned(),
        op: "Concat".into(),
        problem: format!("joins more than {MAX_JOINED} tensors, all nodes before it together"),
    })
}

/// What a concatenation joins is joined at once by the one that joins it. Those that nothing reads by then go.
///
/// # Errors
/// If that is more than a file may have of them.
pub(super) fn flatten(network: &mut FloatNetwork) -> Result<(), ImportError> {
    let mut all = 0;
    let layers = &mut network.layers;
    let mut joined = vec![false; layers.len() + 1];
    for i in 0..layers.len() {
        if !matches!(layers[i].op, FloatOp::Concat) {
            continue;
        }
        let nested = layers[i].inputs.iter().map(|input| match input.checked_sub(1) {
            Some(inner) if matches!(layers[inner].op, FloatOp::Concat) => layers[inner].inputs.len(),
            _ => 1,
        });
        all += nested.sum::<usize>();
        check_joined(all, &layers[i].node)?;
        let mut inputs = Vec::new();
        for input in layers[i].inputs.clone() {
            match input.checked_sub(1).map(|layer| &layers[layer]) {
                Some(inner) if matches!(inner.op, FloatOp::Concat) => {
                    joined[input] = true;
                    inputs.extend_from_slice(&inner.inputs);
                }
                _ => inputs.push(input),
            }
        }
        layers[i].inputs = inputs;
    }
    for input in layers.iter().flat_map(|layer| &layer.inputs) {
        joined[*input] = false;
    }
    // Tensor → its place among those that stay.
    let mut places = vec![0];
    for gone in &joined[1..] {
        places.push(places[places.len() - 1] + usize::from(!gone));
    }
    let mut tensor = 0;
    layers.retain_mut(|layer| {
        tensor += 1;
        layer.inputs.iter_mut().for_each(|input| *input = places[*input]);
        !joined[tensor]
    });
    Ok(())
}
