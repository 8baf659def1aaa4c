//! What the integer network computes on one image, layer by layer.

use crate::model::{OutputMode, TensorId};

/// Everything the network computes on one image. As secret as the image and the model.
#[derive(Clone, PartialEq, Eq)]
pub struct Trace {
    /// Channel-major `[c, h, w]`.
    pub image: Vec<u8>,
    /// One entry per layer.
    pub layers: Vec<LayerTrace>,
}

/// Quotients, remainders and clipped outputs of one layer, channel-major, one entry per output element. A concatenation has outputs only.
#[derive(Clone, PartialEq, Eq)]
pub struct LayerTrace {
    /// `q̂ = q + 2^(b−1)`, in `[0, 2^b)`; [`Cut`](crate::model::Cut) says `b`.
    pub q_hat: Vec<u32>,
    /// In `[0, 2^s)`.
    pub r: Vec<u32>,
    /// `clip(q, 0, 255)`; meaningless in the last layer, whose `q̂` are the logits.
    pub out: Vec<u8>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace")
            .field("layers", &self.layers.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for LayerTrace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LayerTrace")
            .field("outputs", &self.out.len())
            .finish_non_exhaustive()
    }
}

impl Trace {
    /// The bytes of a tensor.
    ///
    /// # Panics
    /// If the tensor has not been computed.
    pub fn tensor(&self, id: TensorId) -> &[u8] {
        if id == TensorId::IMAGE {
            &self.image
        } else {
            &self.layers[id.0 - 1].out
        }
    }

    /// Logits `q̂` of the last layer, one per class; empty in an empty trace.
    pub fn logits(&self) -> &[u32] {
        self.layers.last().map_or(&[], |layer| &layer.q_hat)
    }

    /// The class with the largest logit, the lowest index among equals.
    pub fn top1(&self) -> usize {
        let logits = self.logits();
        (0..logits.len()).fold(0, |best, k| if logits[k] > logits[best] { k } else { best })
    }

    /// The five classes with the largest logits, the lowest indices among equals, best first; fewer if there are fewer.
    pub fn top5(&self) -> Vec<usize> {
        let logits = self.logits();
        let mut classes: Vec<usize> = (0..logits.len()).collect();
        // Stable: equals stay in the order of their indices.
        classes.sort_by_key(|class| std::cmp::Reverse(logits[*class]));
        classes.truncate(5);
        classes
    }

    /// What a proof reveals in a mode: one number, or one per class.
    pub fn outputs(&self, mode: OutputMode) -> Vec<u128> {
        match mode {
            OutputMode::Top1 | OutputMode::Bit => vec![self.top1() as u128],
            OutputMode::Top5 => {
                let mut classes = self.top5();
                classes.sort_unstable();
                vec![classes.iter().rev().fold(0, |word, class| word << 16 | *class as u128)]
            }
            OutputMode::Logits => self.logits().iter().map(|logit| u128::from(*logit)).collect(),
        }
    }
}
