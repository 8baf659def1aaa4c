//! Why a verifying key cannot become a contract.

use thiserror::Error;

/// A circuit or a request that this generator does not support, or refuses as unsound.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum GenerateError {
    #[error("{got} instance columns, at most one is supported")]
    InstanceColumns { got: usize },
    #[error("the instance column is queried at rotation {rotation}, only the current row is supported")]
    RotatedInstance { rotation: i32 },
    #[error("{got} instances do not fit, the circuit has room for {max}")]
    TooManyInstances { got: usize, max: usize },
    #[error("{poly} is opened twice at rotation {rotation}")]
    DuplicateQuery { poly: String, rotation: i32 },
    #[error("rotations {first} and {second} are the same row of {rows}")]
    CoincidingRotations { first: i32, second: i32, rows: u64 },
    #[error("{what} has degree {degree}, the quotient was built for {max}")]
    DegreeTooHigh { what: String, degree: usize, max: usize },
    #[error("{what} refers to a selector that was not turned into a fixed column")]
    VirtualSelector { what: String },
    #[error("{what} refers to {poly} at rotation {rotation}, which the proof does not open")]
    NotOpened { what: String, poly: String, rotation: i32 },
    #[error("the proof opens at {got} rotations, at most {max} are supported")]
    TooManyRotations { got: usize, max: usize },
    #[error("{asked} leading points asked for, the proof starts with {available} first-phase commitments")]
    LeadingPoints { asked: usize, available: usize },
    #[error("the call has {words} words, one of them the hash of points; the circuit has {instances} instances")]
    CallWords { words: usize, instances: usize },
    #[error("word {hash} of the call is to be the hash of points, there are {words}")]
    HashWord { hash: usize, words: usize },
    #[error("the verifier needs {bytes} bytes of memory, table addresses reach {max}")]
    MemoryTooLarge { bytes: usize, max: usize },
    #[error("the verifying key data takes {bytes} bytes of code, a contract has at most {max}")]
    VkDataTooLarge { bytes: usize, max: usize },
    #[error("{name:?} is not a Solidity identifier")]
    ContractName { name: String },
    #[error("a group element of the parameters is the point at infinity")]
    IdentityInParams,
}
