//! Order of the public inputs in the single instance column.

/// What the proof was made for: a hash of chain, contract, engagement and position.
pub const CTX: usize = 0;
/// The commitment to the image.
pub const INPUT_COMMIT: usize = 1;
/// The class.
pub const OUTPUT: usize = 2;
/// Number of instances.
pub const COUNT: usize = 3;
