//! The chips: every topic of the circuit with its gates. Every polynomial has degree at most `MAX_DEGREE`.

pub(crate) mod argmax;
pub(crate) mod arith;
mod expression;
pub(crate) mod gates;
pub(crate) mod lookup;
pub(crate) mod poseidon;
pub(crate) mod tensor;
pub(crate) mod weights;
