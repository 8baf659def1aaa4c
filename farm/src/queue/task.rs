//! What is submitted, taken and collected: bytes with a name, a size and a deadline.

use std::fmt;

/// Thirty-two bytes: a statement's hash or a model's id.
pub type Hash = [u8; 32];

/// What one worker's start of one task is known by. Drawn by the database, new for every start.
///
/// A prover mixes it into the seed of its randomness: a machine that was cloned while it ran then still blinds each proof anew.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(pub(crate) [u8; 16]);

impl Token {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A proof that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Whose it is: an engagement, a round or an audit, by its id.
    pub engagement: String,
    /// Hash of what the proof will say, but for what comes out: nothing is proven twice.
    pub statement: Hash,
    /// Whose weights are opened. Its budget is in the queue already.
    pub model_id: Hash,
    /// Names everything but the weights that a worker must have: version, verifying key, size of groups.
    pub layout: String,
    /// Predicted peak of the proof's process, in bytes.
    pub memory: u64,
    /// When the bundle has to be there, Unix s: the engagement's deadline less what sending takes.
    pub deadline: u64,
    /// What a prover needs to know, at most 64 MiB; opaque here.
    pub claim: Vec<u8>,
}

/// What a worker can prove, and how fast.
#[derive(Debug, Clone, PartialEq)]
pub struct Skill {
    /// The model it has weights and secret of.
    pub model_id: Hash,
    /// The layout it has keys for.
    pub layout: String,
    /// How long such a proof takes it, s.
    pub seconds: f64,
}

impl Skill {
    /// As `task.kind` in the tables.
    pub(crate) fn kind(&self) -> String {
        format!("{}/{}", hex::encode(self.model_id), self.layout)
    }
}

/// The bytes of a column of 32 bytes; the tables check the length.
pub(crate) fn hash(bytes: &[u8]) -> Hash {
    bytes.try_into().expect("a checked column")
}
