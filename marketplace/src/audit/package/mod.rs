//! An audit in one file: whoever has it recomputes everything without a node, and believes nothing but the hashes of blocks.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `refusal` | how evidence is refused | nothing |
//! | [`relayed`] | calls to the market that other contracts made | `refusal` |
//! | [`record`] | what a package says of the chain | `relayed` |
//! | [`container`] | the file | `record`, `refusal` |
//! | [`fault`] | evidence of bad data, judged again | `refusal` |
//! | [`replay`] | events taken in their order, by the rules of the market | `fault`, `refusal` |
//! | [`events`] | the events of an audit, from blocks that prove them | `refusal`, `relayed`, `replay` |
//! | [`standing`] | how the state has an audit | `record`, `refusal` |
//! | [`agreement`] | what the events lead to against the state | `refusal`, `replay`, `standing` |
//! | [`reading`] | all that a record shows | `agreement`, `events`, `record`, `replay`, `standing` |
//! | [`report`](mod@report) | the same in words | `reading`, `replay`, `standing` |
//! | [`weights`] | the predicate, its key and its verifier | `record`, `refusal` |
//! | [`proofs`] | every proof, verified natively | `refusal`, `replay` |
//! | [`opened`] | documents that came with it, and the predicate run on them | `reading`, `refusal` |
//! | [`result`] | what a check and an export say | `opened`, `reading`, `record` |
//! | [`check`](mod@check) | anybody, without a node: checks a package | all above |
//! | [`export`](mod@export) | anybody with a node: makes one | all above, `check` |
//!
//! # What an exporter could leave out
//! Nothing of the audit: requester and responder, answers, sample, counts, outcome and other audits of the corpus are words of the
//! market's storage, proven by the state root of the last block, and events that lead to something else are refused. Beside that:
//! what happened after the last block; documents, of which it hands over as many as it wants; and, if parties called the market
//! through contracts of their own, what those calls carried, which is then named as taken on trust. Texts that nothing on chain
//! commits to are not in a package, but for the uri of the request and the reason of a refusal, which are words of events.

pub mod agreement;
pub mod check;
pub mod container;
pub mod events;
pub mod export;
pub mod fault;
pub mod opened;
pub mod proofs;
pub mod reading;
pub mod record;
pub(crate) mod refusal;
pub mod relayed;
pub mod replay;
pub mod report;
pub mod result;
pub mod standing;
pub mod weights;
