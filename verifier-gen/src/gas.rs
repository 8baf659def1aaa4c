//! What one call of a generated contract spends, counted before there is any contract.
//!
//! Precompiles, hashes, calldata and memory are counted by the rules of the Osaka fork; what the contract computes by itself is
//! the sum over its statements, each token an instruction. The suite compares the sum with deployed contracts.

use serde::Serialize;

use crate::{
    calldata::encode_bound,
    constraints::constraints,
    contract::{check_interface, numerator},
    error::GenerateError,
    expr::Graph,
    opening,
    plan::{Plan, WORD},
    protocol::Protocol,
    spec::{Interface, VerifierSpec},
};

/// Of every transaction.
const TRANSACTION: u64 = 21_000;
/// A byte of calldata that is not zero (EIP-2028).
const CALLDATA_BYTE: u64 = 16;
/// Multiplication and addition on the curve (EIP-1108).
const EC_MUL: u64 = 6_000;
const EC_ADD: u64 = 150;
/// Of two pairs (EIP-1108).
const PAIRING: u64 = 45_000 + 2 * 34_000;
/// `x^(r − 2)` of one word (EIP-7883): sixteen for each bit of the exponent behind the first one.
const MODEXP: u64 = 16 * 253;
/// A call of a contract that was called before; precompiles always were.
const CALL: u64 = 100;
/// The first look at the contract of the key's data, and the second one.
const COLD_ACCOUNT: u64 = 2_600;
const WARM_ACCOUNT: u64 = 100;
/// A hash, and each of its words.
const KECCAK: u64 = 30;
const KECCAK_WORD: u64 = 6;
/// A word that is copied, and one of new memory.
const COPY_WORD: u64 = 3;
const MEMORY_WORD: u64 = 3;

/// An instruction that only moves a word: a constant, a variable, a comparison.
const MOVE: u64 = 3;
/// `addmod` or `mulmod`.
const MODULAR: u64 = 8;
/// Assignment to a variable: what was there is dropped.
const ASSIGN: u64 = 5;

/// The loops and functions of the templates, by the round: instructions beside precompiles, hashes and copies.
mod round {
    pub(super) const POINT_CHECK: u64 = 179;
    pub(super) const SCALAR_CHECK: u64 = 75;
    pub(super) const CHALLENGE: u64 = 90;
    pub(super) const SQUARING: u64 = 74;
    /// Of a row of the Lagrange polynomials: denominator, then value.
    pub(super) const LAGRANGE: u64 = 103 + 114;
    /// Of a word that is inverted with the others.
    pub(super) const INVERSE: u64 = 100 + 122;
    pub(super) const INSTANCE: u64 = 108;
    /// A precompile's answer is checked.
    pub(super) const PRECOMPILE: u64 = 60;
    /// A term's point and scalar are copied to where the precompiles take them.
    pub(super) const TERM: u64 = 60;
    /// A record of the opening's table, without the polynomial's value.
    pub(super) const RECORD: u64 = 113;
    /// The dispatch, constants that are stored, the answer.
    pub(super) const ONCE: u64 = 700;
}

/// One call, if no byte of its calldata is zero: the most that a proof can cost. Zero bytes save twelve each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gas {
    /// Of every transaction.
    pub transaction: u64,
    /// The statement and the proof.
    pub calldata: u64,
    /// The verifying key's data, read from the code of a second contract.
    pub key_data: u64,
    /// Memory, and copies to it.
    pub memory: u64,
    /// Points on the curve, scalars below the modulus.
    pub checks: u64,
    /// The transcript, and the commitment to the weights.
    pub hashing: u64,
    /// Lagrange polynomials and inverses.
    pub lagrange: u64,
    /// The constraints at one point.
    pub constraints: u64,
    /// Values of the opened polynomials, combined.
    pub opening: u64,
    /// Multiplications on the curve, with additions: one for each commitment.
    pub multiplications: u64,
    /// The pairing.
    pub pairing: u64,
    /// Dispatch and answer.
    pub rest: u64,
}

impl Gas {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.items().iter().map(|(_, gas)| gas).sum()
    }

    /// What is spent for what.
    pub fn items(&self) -> [(&'static str, u64); 12] {
        [
            ("transaction", self.transaction),
            ("calldata", self.calldata),
            ("key data", self.key_data),
            ("memory", self.memory),
            ("checks of points and scalars", self.checks),
            ("hashing", self.hashing),
            ("Lagrange polynomials and inverses", self.lagrange),
            ("constraints", self.constraints),
            ("combined values", self.opening),
            ("multiplications", self.multiplications),
            ("pairing", self.pairing),
            ("dispatch", self.rest),
        ]
    }
}

/// Bytes and gas of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallCost {
    /// Of the calldata.
    pub calldata_bytes: usize,
    /// At most.
    pub gas: Gas,
}

impl VerifierSpec<'_> {
    /// What a call costs where the circuit has `2^k` rows: of the verifying key only the constraint system counts, so that it may be
    /// one of fewer rows, whose commitments are any points.
    ///
    /// # Errors
    /// Circuits that the contract cannot follow, see [`GenerateError`].
    pub fn call_cost(&self, k: u32) -> Result<CallCost, GenerateError> {
        let protocol = Protocol::new(self.vk, self.num_instances)?;
        check_interface(self, &protocol)?;
        let plan = Plan::new(&protocol)?;
        let mut graph = Graph::default();
        let constraints = constraints(self.vk, &protocol, &plan, &mut graph)?;
        let (numerator, spilled_words) = numerator(&graph, &constraints, plan.spills);
        let (calldata_bytes, weights) = match self.interface {
            Interface::Raw => (self.num_instances * WORD + plan.proof_len, 0),
            Interface::Bound { words, leading_points } => (
                encode_bound(&[0; 32], &vec![[0; 32]; words.names.len()], &vec![0; plan.proof_len]).len(),
                hash(leading_points * 64),
            ),
        };
        let call = Call {
            protocol: &protocol,
            plan: &plan,
            instances: self.num_instances as u64,
        };
        let gas = Gas {
            transaction: TRANSACTION,
            calldata: CALLDATA_BYTE * calldata_bytes as u64,
            key_data: COLD_ACCOUNT + WARM_ACCOUNT + COPY_WORD * words(plan.vk_data_len),
            memory: memory(plan.spills + spilled_words * WORD) + COPY_WORD * words(calldata_bytes),
            checks: call.checks(),
            hashing: call.hashing() + weights,
            lagrange: call.lagrange(k),
            constraints: statements(&numerator),
            opening: call.opening(),
            multiplications: call.multiplications(),
            pairing: PAIRING + CALL + round::PRECOMPILE,
            rest: round::ONCE,
        };
        Ok(CallCost { calldata_bytes, gas })
    }
}

struct Call<'a> {
    protocol: &'a Protocol,
    plan: &'a Plan,
    instances: u64,
}

impl Call<'_> {
    fn checks(&self) -> u64 {
        let points: usize = self.protocol.segments.iter().map(|segment| segment.points.len()).sum();
        let scalars = self.protocol.evals.len() as u64 + self.instances;
        round::POINT_CHECK * points as u64 + round::SCALAR_CHECK * scalars
    }

    fn hashing(&self) -> u64 {
        let segments = self.protocol.segments.iter().zip(&self.plan.segments);
        let squeezed = segments.filter(|(segment, _)| !segment.challenges.is_empty());
        squeezed
            .map(|(segment, at)| {
                let again = segment.challenges.len() as u64 - 1;
                let all = (again + 1) * round::CHALLENGE;
                hash(WORD + at.len.max(1)) + again * hash(WORD + 1) + all
            })
            .sum()
    }

    fn lagrange(&self, k: u32) -> u64 {
        let rows = self.protocol.lagrange_rows().len() as u64;
        let inverted = rows + 3;
        let instances = if self.protocol.queries_instance {
            self.instances
        } else {
            0
        };
        MODEXP
            + CALL
            + round::PRECOMPILE
            + u64::from(k) * round::SQUARING
            + rows * round::LAGRANGE
            + inverted * round::INVERSE
            + instances * round::INSTANCE
            + statements(&opening::distances(self.protocol, self.plan))
            + statements(&[opening::first_difference(self.protocol, self.plan)])
    }

    fn opening(&self) -> u64 {
        let sets = self.protocol.sets.iter().enumerate().map(|(i, set)| {
            let polys = set.polys.len() as u64;
            let value = statements(&opening::interpolant(self.plan, set));
            statements(&opening::basis(self.protocol, self.plan, i)) + polys * (value + round::RECORD)
        });
        sets.sum::<u64>() + statements(&[opening::first_vanishing(self.protocol, self.plan)])
    }

    /// The first commitment is taken as it is; the generator and both points of the opening come after the last.
    fn multiplications(&self) -> u64 {
        let opened: usize = self.protocol.sets.iter().map(|set| set.polys.len()).sum();
        let terms = opened - 1 + 3;
        let chunks = self.protocol.quotient_chunks - 1;
        let one = EC_MUL + EC_ADD + 2 * (CALL + round::PRECOMPILE) + round::TERM;
        one * (terms + chunks) as u64
    }
}

fn words(bytes: usize) -> u64 {
    bytes.div_ceil(WORD) as u64
}

fn hash(bytes: usize) -> u64 {
    KECCAK + KECCAK_WORD * words(bytes)
}

fn memory(bytes: usize) -> u64 {
    MEMORY_WORD * words(bytes) + words(bytes).pow(2) / 512
}

/// Of Yul statements without jumps: each name, number and function is an instruction.
fn statements<L: AsRef<str>>(lines: &[L]) -> u64 {
    lines.iter().map(|line| statement(line.as_ref())).sum()
}

fn statement(line: &str) -> u64 {
    let code = line.split("//").next().unwrap_or_default();
    let (target, value) = match code.split_once(":=") {
        Some((target, value)) => (Some(target), value),
        None => (None, code),
    };
    let assigned = target.map_or(0, |target| if target.contains("let ") { 0 } else { ASSIGN });
    let tokens = value.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let tokens = tokens.filter(|token| !token.is_empty());
    assigned
        + tokens
            .map(|token| match token {
                "addmod" | "mulmod" => MODULAR,
                _ => MOVE,
            })
            .sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_costs_its_instructions() {
        assert_eq!(statement("// gate: nothing"), 0);
        assert_eq!(statement("let value"), 2 * MOVE);
        // Two constants, two loads, the modulus, the product; the constant and the store.
        assert_eq!(
            statement("mstore(0x20, mulmod(mload(0x40), mload(0x60), r)) // product"),
            5 * MOVE + MODULAR + 2 * MOVE
        );
        assert_eq!(
            statement("acc := addmod(mulmod(acc, y, r), 0x1, r)"),
            ASSIGN + 2 * MODULAR + 5 * MOVE
        );
    }

    #[test]
    fn hashes_and_memory_are_counted_by_the_word() {
        assert_eq!([hash(0), hash(1), hash(64)], [30, 36, 42]);
        assert_eq!([memory(32), memory(32 * 512)], [3, 3 * 512 + 512]);
    }
}
