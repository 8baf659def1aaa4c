//! Channels of tensors that differ in scale, joined on the scale of the whole.
//!
//! Rounding and clipping go number by number, so those of what is joined are those of its parts: what a file does behind a
//! concatenation is done before it. A part that is not rounded yet is rounded to the scale of the whole by the layer that makes it. One that
//! has bytes of another scale is rounded twice by the file, and in the model, too, by a layer of its own: in one step the layer that makes
//! it would give other bytes, and clip elsewhere.

use super::builder::{each, error, Builder, Clip, Open, OpenOp, Part, Place, State};
use crate::import::change::Change;
use crate::import::convert::{check_joined, FloatLayer};
use crate::import::error::ImportError;
use crate::import::fold::{of_image, FromFile, FusedLayer, FusedOp};
use crate::import::quant::Quant;
use crate::model::Shape;

impl Builder<'_> {
    /// Parts of one scale are joined as they are, others when they are rounded.
    pub(super) fn join(&mut self, tensor: usize, layer: &FloatLayer) -> Result<State, ImportError> {
        let mut parts = Vec::with_capacity(layer.inputs.len());
        for input in &layer.inputs {
            parts.push(match self.take(layer, *input)? {
                Some(open) if matches!(open.op, OpenOp::Join(_)) => return Err(self.mixed(layer, &open)),
                Some(open) => Part::Open(open),
                None => match self.states[*input] {
                    State::Real(tensor) => Part::Real { tensor, place: *input },
                    State::Bytes(_) | State::Open(_) | State::Taken => {
                        return Err(error(layer, "reads integers".into()))
                    }
                },
            });
        }
        let mut joined = Open {
            node: layer.node.clone(),
            onnx_op: layer.onnx_op.clone(),
            op: OpenOp::Join(Vec::new()),
            inputs: Vec::new(),
            output: layer.output,
            channels_last: layer.channels_last,
            clip: None,
            tensors: [tensor; 2],
        };
        // The image has readers of its own kind only.
        let known = |part: &Part| match part {
            Part::Real { tensor: 0, .. } | Part::Open(_) => None,
            Part::Real { tensor, .. } => self.quants[*tensor].map(|quant| (quant, self.effective(*tensor))),
        };
        let common = known(&parts[0]).filter(|common| parts.iter().all(|part| known(part) == Some(*common)));
        let Some((quant, effective)) = common else {
            joined.op = OpenOp::Join(parts);
            return Ok(State::Open(Box::new(joined)));
        };
        for part in &parts {
            if let Part::Real { tensor, .. } = part {
                joined.inputs.push(*tensor);
            }
        }
        self.push_joined(joined, tensor, quant, effective).map(State::Real)
    }

    /// All parts on one scale, and what joins them; its tensor in the model.
    pub(super) fn round_joined(&mut self, mut joined: Open, tensor: usize, quant: Quant) -> Result<usize, ImportError> {
        let parts = match std::mem::replace(&mut joined.op, OpenOp::Join(Vec::new())) {
            OpenOp::Join(parts) => parts,
            OpenOp::Conv(_) | OpenOp::Add | OpenOp::Pool => Vec::new(),
        };
        let is_never_negative = |part: &Part| match part {
            Part::Real { tensor, .. } => self.effective(*tensor).zero == 0,
            Part::Open(open) => open.clip.is_some(),
        };
        // A clip at 0 that changes nothing leaves out the bytes below it, as every clip does.
        let at_zero = parts.iter().all(is_never_negative).then_some(Clip { max: None });
        joined.clip = joined.clip.or(at_zero);
        let (low, high) = Clip::limits(joined.clip, quant);
        let wanted = Quant {
            zero: quant.zero - low,
            ..quant
        };
        let (count, mut from, mut rescaled) = (parts.len(), 0, Vec::new());
        for part in parts {
            let place = Place { tensor, from };
            let (part, behind) = match part {
                Part::Real { tensor, place } => (tensor, place),
                Part::Open(mut open) => {
                    if let Some(clip) = joined.clip {
                        open.clip = Some(clip.and(open.clip));
                    }
                    let behind = open.tensors[1];
                    (self.round(*open, place, quant), behind)
                }
            };
            // The image is not joined: it can have no copy for other readers.
            let fits = part > 0 && self.effective(part) == wanted && self.tops[part] <= high - low;
            let part = if fits {
                part
            } else {
                let copy = self.copy(part, behind, &joined);
                rescaled.push(copy.node.clone());
                self.round(copy, place, quant)
            };
            from += self.layers[part - 1].output.c;
            joined.inputs.push(part);
        }
        self.clipped = None;
        if !rescaled.is_empty() {
            let what = format!(
                "{} of {count} parts have another scale than the whole, and layers of their own that rescale them, as the file does: {}",
                rescaled.len(),
                rescaled.join(", ")
            );
            let subject = format!("{} ({})", joined.node, joined.onnx_op);
            self.changes.push(Change::new(subject, what));
        }
        self.push_joined(joined, tensor, quant, wanted)
    }

    /// The numbers of a part once more, to be rounded.
    fn copy(&self, part: usize, place: usize, joined: &Open) -> Open {
        let made = part.checked_sub(1).map(|layer| &self.layers[layer]);
        let channels = made.map_or(self.network.input.c, |layer| layer.output.c);
        let conv = each(vec![1.0; channels], vec![0.0; channels]);
        let is_grey = part == 0 && channels == 1;
        Open {
            node: made.map_or_else(|| "image".into(), |layer| layer.node.clone()),
            onnx_op: joined.onnx_op.clone(),
            op: OpenOp::Conv(if is_grey { of_image(conv) } else { conv }),
            inputs: vec![part],
            output: Shape {
                c: channels,
                ..joined.output
            },
            channels_last: joined.channels_last,
            clip: joined.clip,
            tensors: [place; 2],
        }
    }

    /// Tensors whose bytes all stand for `effective`, joined; what is joined already is joined at once.
    fn push_joined(
        &mut self,
        mut joined: Open,
        tensor: usize,
        quant: Quant,
        effective: Quant,
    ) -> Result<usize, ImportError> {
        let parts = |part: &usize| match &self.layers[part - 1] {
            FusedLayer {
                op: FusedOp::Concat,
                inputs,
                ..
            } => inputs.clone(),
            _ => vec![*part],
        };
        joined.inputs = joined.inputs.iter().flat_map(parts).collect();
        self.joined += joined.inputs.len();
        check_joined(self.joined, &joined.node)?;
        let top = joined.inputs.iter().map(|part| self.tops[*part]).max().unwrap_or(255);
        let file = FromFile {
            quant: Some(effective),
            tensor,
            from: 0,
        };
        self.push(joined, file, quant, top);
        Ok(self.layers.len())
    }
}

/// The layers without concatenations that were joined by others, and that nothing else reads.
pub(super) fn without_unread(mut layers: Vec<FusedLayer>) -> Vec<FusedLayer> {
    let mut stays: Vec<bool> = layers
        .iter()
        .map(|layer| !matches!(layer.op, FusedOp::Concat))
        .collect();
    for input in layers.iter().flat_map(|layer| &layer.inputs) {
        if let Some(layer) = input.checked_sub(1) {
            stays[layer] = true;
        }
    }
    // Tensor → its place among those that stay.
    let mut places = vec![0];
    for stays in &stays {
        places.push(places[places.len() - 1] + usize::from(*stays));
    }
    let mut stays = stays.into_iter();
    layers.retain_mut(|layer| {
        layer.inputs.iter_mut().for_each(|input| *input = places[*input]);
        stays.next() == Some(true)
    });
    layers
}
