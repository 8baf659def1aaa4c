//! What whoever imports a network chooses.

use super::error::ImportError;
use crate::model::{Architecture, OutputMode};

/// How the range of a linear tensor follows from its values on the calibration images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeMethod {
    /// Smallest to largest value.
    MinMax,
    /// The range with the least mean squared error of 8-bit rounding and clipping.
    Mse,
}

/// How images enter the network and how ranges are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImportOptions {
    /// `s`: multipliers are `a/2^s`. From 17 on remainders have two limbs ([`Cut`](crate::model::Cut)).
    pub shift: u32,
    /// The float network reads `input_scale·(byte − input_zero)`.
    pub input_scale: f64,
    /// The byte that stands for the float 0.
    pub input_zero: u8,
    /// How the range of a linear tensor follows from its calibration values.
    pub range: RangeMethod,
    /// What proofs reveal of the logits.
    pub output: OutputMode,
    /// `[height, width]` of the image, of a network that leaves them open.
    pub input_size: Option<[usize; 2]>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            shift: 16,
            input_scale: 1.0 / 255.0,
            input_zero: 0,
            range: RangeMethod::Mse,
            output: OutputMode::Top1,
            input_size: None,
        }
    }
}

impl ImportOptions {
    pub(super) fn check(&self) -> Result<(), ImportError> {
        let (min, max) = (Architecture::MIN_SHIFT, Architecture::MAX_SHIFT);
        if !(min..=max).contains(&self.shift) {
            return Err(ImportError::Option {
                option: "shift",
                problem: format!("{} is outside {min} to {max}", self.shift),
            });
        }
        if self.input_scale.is_finite() && self.input_scale > 0.0 {
            Ok(())
        } else {
            Err(ImportError::Option {
                option: "input_scale",
                problem: format!("{} is not a positive number", self.input_scale),
            })
        }
    }
}
