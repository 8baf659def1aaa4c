//! Values of the fixed columns that say what a row is; 0 is none of them.

/// Kind of a tensor row: one sum over all columns.
pub(crate) const PLAIN: u64 = 0;
/// Kind of a tensor row: read with stride 2, even and odd columns have sums of their own.
pub(crate) const STRIDED: u64 = 1;
/// Kind of a tensor row: as the two before, whichever the network reads, and compared with the words of the image.
pub(crate) const IMAGE: u64 = 2;

/// Lookup of the narrow form: an activation, or a number that is in range.
pub(crate) const ACTIVATION: u64 = 1;
/// Lookup of the narrow form: a byte of the image.
pub(crate) const BYTE: u64 = 2;
/// Lookup of the narrow form: an entry of a table.
pub(crate) const ENTRY: u64 = 3;

/// Block: the cells of the row are folded by γ.
pub(crate) const FOLDED_LANES: u64 = 1;
/// Block: a Poseidon call ends on this row and the next one begins on the next.
pub(crate) const CALL_BOUNDARY: u64 = 2;
/// Block of the narrow form: a word of the statement, α or γ; nothing is looked up on this row and the next one before it begins.
pub(crate) const BOUNDARY: u64 = 3;

/// Round: every word passes the S-box.
pub(crate) const FULL: u64 = 1;
/// Round: the first word does.
pub(crate) const PARTIAL: u64 = 2;

/// Weight kind: numbers of a chain over the output channels, which goes on in the next row.
pub(crate) const CHAIN_GOES_ON: u64 = 1;
/// Weight kind: the last row of a chain.
pub(crate) const CHAIN_ENDS: u64 = 2;
/// Weight kind: a row of three taps of a depthwise kernel.
pub(crate) const KERNEL_ROW: u64 = 3;
/// Weight kind: one number.
pub(crate) const SINGLE: u64 = 4;

/// Arithmetic kind: `acc' = acc + a·b`.
pub(crate) const DOT: u64 = 1;
/// Arithmetic kind: `acc' = acc·a + b`.
pub(crate) const HORNER: u64 = 2;
/// Arithmetic kind of the narrow form: `a` is the constant of the row.
pub(crate) const CONSTANT: u64 = 3;
