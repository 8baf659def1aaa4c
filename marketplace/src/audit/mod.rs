//! Audits of corpora: one operation or row for each move of the parties, and what anybody may do.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`facts`] | what the journals of audits note | nothing |
//! | [`predicate`] | the predicate as the chain names it | nothing |
//! | [`published`] | the predicate with its weights, as the requester publishes it | nothing |
//! | [`posted`] | answers on chain | nothing |
//! | [`matches`](mod@matches) | answers before they are | nothing |
//! | [`several`] | how it went with each of several demands | nothing |
//! | [`parcel_file`] | the ciphertext of a demand in a file | nothing |
//! | [`delivered`] | what was handed over | nothing |
//! | [`requester`] | request, reveal, receive, demand, acknowledge, dispute, confirm | all above |
//! | [`responder`] | accept, decline, answer, withhold, prove, hand over, deliver, publish | all above |
//! | [`authority`] | approve, overrule | `facts`, `predicate`, `posted` |
//! | [`anybody`] | show, list, verdicts, what is overdue | `predicate`, `several` |
//! | [`package`] | an audit in one file, made with a node and checked without | `anybody`, `predicate` |

pub mod anybody;
pub mod authority;
pub mod delivered;
pub mod facts;
pub mod matches;
pub mod package;
pub mod parcel_file;
pub mod posted;
pub mod predicate;
pub mod published;
pub mod requester;
pub mod responder;
pub mod several;
