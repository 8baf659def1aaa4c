//! What an integer of a tensor stands for.

/// Jacob18 (1): `real = scale·(q − zero)`. Zero points of all tensors that are read are bytes: those of int8 tensors, as all their
/// integers, are moved up by 128.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quant {
    pub(super) scale: f64,
    pub(super) zero: u8,
}

impl Quant {
    /// 0..=255 covers `low..=high`, with real 0 on a whole number.
    pub(super) fn of_range(low: f64, high: f64) -> Self {
        let scale = (high - low) / 255.0;
        if scale <= 0.0 || !scale.is_finite() {
            // A tensor that is always 0: any scale will do.
            return Self { scale: 1.0, zero: 0 };
        }
        Self {
            scale,
            zero: (-low / scale).round().clamp(0.0, 255.0) as u8,
        }
    }

    /// What an integer stands for.
    pub(super) fn real(self, q: f64) -> f64 {
        self.scale * (q - f64::from(self.zero))
    }

    /// The byte for a number, as QuantizeLinear has it: halves go to the even neighbour.
    pub(super) fn byte(self, real: f64) -> u8 {
        ((real / self.scale).round_ties_even() + f64::from(self.zero)).clamp(0.0, 255.0) as u8
    }
}
