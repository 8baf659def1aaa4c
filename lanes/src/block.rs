//! Eight elements between two passes of a transform.

/// Eight elements below `2^256` (`5.29·p`) as four rows of words: word `j` of element `l` is word `l` of row `j`.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Block {
    pub(crate) words: [[u64; 8]; 4],
}

impl Block {
    /// Eight zeros.
    pub const ZERO: Self = Self { words: [[0; 8]; 4] };
}
