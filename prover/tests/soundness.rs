//! The malicious-prover suite: one named test per known way to cheat, each failing at the stated constraint and at no
//! other.
//!
//! The adversary is adaptive. When it lies in one place it recomputes everything that still can be computed honestly:
//! the layers after the lie, garbage, multiplicities, argmax, hash and instances, and all of phase 2. So a test that
//! expects one constraint shows that this constraint alone carries the weight.
//!
//! | module | what is attacked |
//! |---|---|
//! | `requantise` | `q̂·2^s + r`, the output of every kind of layer, both lookup tables |
//! | `limbs` | remainders of two limbs |
//! | `slots` | garbage, tails, slots beyond the last channel |
//! | `image` | bytes, their packing, the commitment to them |
//! | `poseidon` | values inside the hash |
//! | `argmax` | the class |
//! | `top5` | the five classes |
//! | `logits` | the logits as they are exposed |
//! | `concat` | which channels the readers of joined tensors read |
//! | `narrow`, `narrow_…` | the narrow form: its own constraints and kinds of rows, challenges, fixed columns, the class, real proofs |
//! | `sums` | where running sums start, and what they add |
//! | `constants` | constants and challenges in cells |
//! | `challenges` | what a prover could do who knew them |
//! | `structure` | degrees, phases, queries |
//! | `fixed` | what the fixed columns hold |
//! | `proofs` | real proofs, keys and bundles |
//! | `provers` | the provers they are made by: ours, and the adversary's |
//! | `weakened` | the changes under which `scripts/mutate --circuit` runs all this |
//!
//! `mutation_sweep` tries every cell.

mod support;

#[path = "soundness/argmax.rs"]
mod argmax;
#[path = "soundness/challenges.rs"]
mod challenges;
#[path = "soundness/cheat.rs"]
mod cheat;
#[path = "soundness/concat.rs"]
mod concat;
#[path = "soundness/constants.rs"]
mod constants;
#[path = "soundness/executor.rs"]
mod executor;
#[path = "soundness/fixed.rs"]
mod fixed;
#[path = "soundness/image.rs"]
mod image;
#[path = "soundness/limbs.rs"]
mod limbs;
#[path = "soundness/logits.rs"]
mod logits;
#[path = "soundness/narrow.rs"]
mod narrow;
#[path = "soundness/narrow_challenges.rs"]
mod narrow_challenges;
#[path = "soundness/narrow_fixed.rs"]
mod narrow_fixed;
#[path = "soundness/narrow_hash.rs"]
mod narrow_hash;
#[path = "soundness/narrow_output.rs"]
mod narrow_output;
#[path = "soundness/narrow_proofs.rs"]
mod narrow_proofs;
#[path = "soundness/poseidon.rs"]
mod poseidon;
#[path = "soundness/proofs.rs"]
mod proofs;
#[path = "soundness/provers.rs"]
mod provers;
#[path = "soundness/recorder.rs"]
mod recorder;
#[path = "soundness/requantise.rs"]
mod requantise;
#[path = "soundness/slots.rs"]
mod slots;
#[path = "soundness/structure.rs"]
mod structure;
#[path = "soundness/sums.rs"]
mod sums;
#[path = "soundness/top5.rs"]
mod top5;
#[path = "soundness/weakened.rs"]
mod weakened;
