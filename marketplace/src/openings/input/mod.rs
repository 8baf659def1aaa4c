//! Inputs of a round and examples of a test set, opened by their consumer and checked by anybody.
//!
//! An opening is one JSON document: the size of the images, the root that they lead to, and for each its index, salt, image (HWC
//! bytes), commitment and siblings up to the root; of an example also its label and the salt of its leaf.
//!
//! # What it gives away, and what it does not
//! Salts of a list are drawn one by one, so the others stay hidden behind theirs: a sibling is a hash of a salted commitment.
//! Proofs about an opened input hide weights and activations as before; whoever has input and output learns from them what any
//! customer of the model does.
//!
//! # Soundness
//! Nothing of a file is believed: commitments are recomputed, and led to a root that the reader has from elsewhere, as the contracts
//! do it: from a leaf of the list's kind, at an index of the list, over as many siblings as a tree of its length has. The height and
//! width of images are not part of a commitment: they are the architecture's.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `document` | the file | nothing |
//! | `open` | written by a consumer | `document` |
//! | `check` | checked by anybody | `document` |

mod check;
mod document;
mod open;
#[cfg(test)]
mod tests;

pub use check::{check_images, check_opening, Claim, InputsChecked, Leaves};
pub use document::Committed;
pub use open::{InputsOpened, Prepared, Which};
