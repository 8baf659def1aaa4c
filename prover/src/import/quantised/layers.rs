//! Operators between one QuantizeLinear and the next → one layer, or two.
//!
//! A layer of the model rounds to bytes and clips to 0..=255. What a file has of a Relu or a Clip before it rounds to bytes is a clip
//! of bytes to `low..=high`. Where that is not all of them, one layer with its zero point moved up by `255 − high` clips at the top, and a
//! layer that takes `255 − high + low` off clips at the bottom: exactly the file's bytes, less `low`.

use super::builder::{each, error, Builder, Clip, OpenOp, Place, State};
use super::join::without_unread;
use crate::import::change::Change;
use crate::import::convert::{FloatLayer, FloatNetwork, FloatOp};
use crate::import::error::ImportError;
use crate::import::fold::{apply_affine, reads_green, FromFile, FusedLayer, FusedNetwork, FusedOp, END};
use crate::import::options::ImportOptions;
use crate::model::Shape;

/// Every layer with the scale and zero point that the file gives its output.
///
/// # Errors
/// If something is not quantised, or in a way that no layer has.
pub(crate) fn layers(network: &FloatNetwork, options: &ImportOptions) -> Result<FusedNetwork, ImportError> {
    let mut builder = Builder::new(network, options);
    for (i, layer) in network.layers.iter().enumerate() {
        let state = builder.layer(i + 1, layer)?;
        builder.states.push(state);
    }
    builder.finish()
}

impl Builder<'_> {
    fn layer(&mut self, tensor: usize, layer: &FloatLayer) -> Result<State, ImportError> {
        let input = layer.inputs[0];
        match &layer.op {
            FloatOp::Conv(conv) => self.open(tensor, layer, OpenOp::Conv(conv.clone())),
            FloatOp::Add => self.open(tensor, layer, OpenOp::Add),
            FloatOp::Pool => self.open(tensor, layer, OpenOp::Pool),
            FloatOp::Concat => self.join(tensor, layer),
            FloatOp::Affine { scale, shift } => match self.take(layer, input)? {
                Some(mut open) => {
                    match &mut open.op {
                        OpenOp::Conv(conv) if open.clip.is_none() => apply_affine(conv, scale, shift),
                        _ => return Err(self.mixed(layer, &open)),
                    }
                    open.tensors = [tensor; 2];
                    Ok(State::Open(open))
                }
                None => self.open(tensor, layer, OpenOp::Conv(each(scale.clone(), shift.clone()))),
            },
            FloatOp::Clip { max } => {
                let mut open = match self.take(layer, input)? {
                    Some(open) => open,
                    None => self.same(input, layer)?,
                };
                open.clip = Some(Clip { max: *max }.and(open.clip));
                open.tensors[1] = tensor;
                Ok(State::Open(open))
            }
            FloatOp::Quantise(quant) => {
                let open = match self.states[input] {
                    // The converter lets integers through to DequantizeLinear alone.
                    State::Bytes(same) => return Ok(State::Bytes(same)),
                    State::Real(same) if self.is_same(same, *quant) => {
                        self.quants[same].get_or_insert(*quant);
                        return Ok(State::Bytes(same));
                    }
                    _ => match self.take(layer, input)? {
                        Some(open) => open,
                        None => self.same(input, layer)?,
                    },
                };
                let rounded = match open.op {
                    OpenOp::Join(_) => self.round_joined(*open, tensor, *quant)?,
                    _ => self.round(*open, Place::whole(tensor), *quant),
                };
                Ok(State::Bytes(rounded))
            }
            FloatOp::Dequantise(quant) => match &self.states[input] {
                State::Bytes(bytes) => {
                    let known = *self.quants[*bytes].get_or_insert(*quant);
                    if known != *quant {
                        let problem = "reads the image with another scale or zero point than another node does";
                        return Err(error(layer, problem.into()));
                    }
                    Ok(State::Real(*bytes))
                }
                _ => Err(error(layer, "reads what is no integer".into())),
            },
        }
    }

    fn finish(mut self) -> Result<FusedNetwork, ImportError> {
        match self.states.pop() {
            Some(State::Open(open)) if matches!(open.op, OpenOp::Join(_)) => return Err(no_end(open.node)),
            Some(State::Open(open)) => {
                self.clipped = open.clip.map(|_| open.node.clone());
                let file = FromFile {
                    quant: None,
                    tensor: open.tensors[1],
                    from: 0,
                };
                let unused = self.float_image;
                self.push(*open, file, unused, 255);
            }
            Some(State::Bytes(last) | State::Real(last)) if last == self.layers.len() => {}
            _ => {
                return Err(ImportError::Interface {
                    role: "output",
                    tensor: self
                        .network
                        .layers
                        .last()
                        .map_or_else(String::new, |layer| layer.tensor.clone()),
                    problem: "is not the output of the last layer".into(),
                })
            }
        }
        if let Some(FusedLayer {
            op: FusedOp::Concat,
            node,
            ..
        }) = self.layers.last()
        {
            return Err(no_end(node.clone()));
        }
        if let Some(node) = self.clipped {
            return Err(ImportError::Node {
                node,
                op: "Clip".into(),
                problem: "the logits are clipped, which would make ties".into(),
            });
        }
        let mut changes = self.network.changes.clone();
        changes.extend(self.changes);
        if self.network.input.c == 1 {
            changes.push(reads_green());
        }
        if self.network.integer_input == Some(true) {
            changes.push(Change::new("image", "int8 in the file: a pixel's byte less 128"));
        }
        Ok(FusedNetwork {
            input: Shape::new(3, self.network.input.h, self.network.input.w),
            image: self.quants[0],
            layers: without_unread(self.layers),
            changes,
        })
    }
}

fn no_end(node: String) -> ImportError {
    ImportError::Node {
        node,
        op: "Concat".into(),
        problem: END.into(),
    }
}
