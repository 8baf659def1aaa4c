//! The words of a proof.
//!
//! # Equation
//! Whoever made the proof knows a model, its secret, an image and a salt with
//!
//! ```text
//! output        = what the architecture's integer network gives for (model, image), in the architecture's mode
//! inputCommit   = last h of the salted chain over the image            (crate::input)
//! weightsCommit = keccak256(points) >> 8, points the commitments to model and secret   (crate::weights)
//! ctx           = bound as it is: the proof holds for no other
//! ```
//!
//! The architecture is the verifying key's. The points are the first of the proof, so `weightsCommit` is no public input of the
//! circuit: whoever reads the proof computes it.
//!
//! | mode | output |
//! |---|---|
//! | `top1` | the class |
//! | `bit` | the class of two: 0 or 1 |
//! | `top5` | five classes ascending, 16 bits each, the lowest class in the lowest bits |
//! | `logits` | one word per class: `q̂`, for use off chain; no [`Statement`] |
//!
//! # Orders
//! | where | words |
//! |---|---|
//! | the circuit's instance column, a proof bundle | `[ctx, inputCommit, output…]`, see [`Statement::instances`] |
//! | a verifier contract's `uint256[4] inst` | `[ctx, weightsCommit, inputCommit, output]`, see [`Statement::call_words`] |

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::field::{from_be_bytes, Fr, Word};
use crate::instance::{self, in_order};

/// What [`Statement::call_words`] are called on chain.
pub const CALL_WORDS: [&str; 4] = ["ctx", "weightsCommit", "inputCommit", "output"];
/// Which of them is no public input of the circuit but the hash of the proof's leading points, see [`crate::weights`].
pub const WEIGHTS_WORD: usize = 1;

/// What a proof says, as the chain writes it; see the module for the equation.
///
/// Any words can stand here: what is expected of a proof may come from a stranger. Only words below the modulus have an
/// encoding as instances, so no proof says anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// What the proof was made for: a hash of chain, contract, engagement and position.
    pub ctx: Word,
    /// The commitment to the weights, below 2^248.
    pub weights_commit: Word,
    /// The commitment to the image.
    pub input_commit: Word,
    /// One number, see the module.
    pub output: Word,
}

impl Statement {
    /// The statement of a proof bundle: its instances, and the commitment that its leading points make.
    ///
    /// `None` if these are not the three instances of the circuit, each below the modulus.
    pub fn from_instances(instances: &[Word], weights_commit: Word) -> Option<Self> {
        let instances: &[Word; instance::COUNT] = instances.try_into().ok()?;
        let statement = Self {
            ctx: instances[instance::CTX],
            weights_commit,
            input_commit: instances[instance::INPUT_COMMIT],
            output: instances[instance::OUTPUT],
        };
        statement.instances().map(|_| statement)
    }

    /// The circuit's public inputs; `None` unless each is below the modulus.
    pub fn instances(&self) -> Option<[Fr; instance::COUNT]> {
        let [a, b, c] = in_order(self.ctx, self.input_commit, self.output).map(|word| from_be_bytes(&word));
        Some([a?, b?, c?])
    }

    /// The words a verifier contract is called with, see [`CALL_WORDS`].
    pub fn call_words(&self) -> [Word; CALL_WORDS.len()] {
        [self.ctx, self.weights_commit, self.input_commit, self.output]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::to_be_bytes;

    const STATEMENT: Statement = Statement {
        ctx: [1; 32],
        weights_commit: [2; 32],
        input_commit: [3; 32],
        output: [4; 32],
    };

    #[test]
    fn words_stand_in_the_orders_of_circuit_and_contract() {
        let instances = STATEMENT.instances().unwrap().map(|v| to_be_bytes(&v));
        assert_eq!(instances, [[1; 32], [3; 32], [4; 32]]);
        let call = STATEMENT.call_words();
        assert_eq!(call, [[1; 32], [2; 32], [3; 32], [4; 32]]);
        assert_eq!(call[WEIGHTS_WORD], STATEMENT.weights_commit);
        let mut without = call.to_vec();
        without.remove(WEIGHTS_WORD);
        assert_eq!(without, instances);
        assert_eq!(Statement::from_instances(&instances, [2; 32]), Some(STATEMENT));
    }

    #[test]
    fn no_proof_has_more_or_fewer_instances_or_one_from_the_modulus_on() {
        let instances = [[1; 32], [3; 32], [4; 32], [5; 32]];
        assert_eq!(Statement::from_instances(&instances, [2; 32]), None);
        assert_eq!(Statement::from_instances(&instances[..2], [2; 32]), None);
        let mut modulus = to_be_bytes(&-Fr::one());
        modulus[31] += 1;
        for at in 0..instance::COUNT {
            let mut instances = [[1; 32], [3; 32], [4; 32]];
            instances[at] = modulus;
            assert_eq!(Statement::from_instances(&instances, [2; 32]), None, "{at}");
            instances[at] = to_be_bytes(&-Fr::one());
            assert!(Statement::from_instances(&instances, [2; 32]).is_some(), "{at}");
        }
    }
}
