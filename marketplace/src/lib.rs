//! What providers, consumers and third parties do in the markets: operations that take plain values and report to whoever
//! listens.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`home`] | where state is | nothing |
//! | [`table`] | tables as text | nothing |
//! | `instructions` | EVM code as instructions and data | nothing |
//! | [`transport`] | transport key | nothing |
//! | [`restored`] | what a state directory that was made of a backup does not know | `home` |
//! | [`testset`], [`revealed`] | test sets on disk, and which images were seen | `home` |
//! | [`cipher_file`] | the file of an encrypted transfer | nothing |
//! | [`proving`] | the prover with a model's files, its promises, its reference string | `instructions` |
//! | [`job`] | proofs made one after the other, beside other processes | `home`, `proving` |
//! | [`proofs`] | what asks for proofs, one proof's worth of it as a file, and who makes it | `home`, `job`, `proving` |
//! | [`verifier`] | the generated contract: deployed by providers, checked by everybody else | `proving`, `home`, `engagement`, `instructions` |
//! | [`plan`] | what a model's circuit costs before there is any key | `verifier` |
//! | [`engagement`] | what every engagement needs | `home` |
//! | [`delivery`] | files between the parties, through a directory or a server ([`assay_exchange`]) | nothing |
//! | [`document`] | what readers get of the contracts, all of it at one block | `engagement` |
//! | [`capacity`] | proofs promised, by whatever market | `engagement`, `home`, `proving`, `restored` |
//! | [`inputs`] | the inputs of a round on disk | nothing |
//! | [`openings`] | commitments to weights and inputs opened to everybody, and checked | `proving`, `verifier`, `inputs`, `testset` |
//! | [`corpus`] | corpora of documents, their sources, documents opened to their originals | `document`, `engagement`, `inputs`, `openings`, `proving` |
//! | [`accuracy`] | accuracy engagements: provider, consumer, anybody | all above |
//! | [`prediction`] | rounds of predictions: provider, consumer, anybody | all above |
//! | [`audit`] | audits of corpora: requester, responder, authority, anybody | `capacity`, `corpus`, `delivery`, `document`, `engagement`, `job`, `openings`, `proofs`, `proving`, `verifier` |
//! | [`model`] | models: imported, measured, registered, staked on, shown | `accuracy`, `document` |
//! | [`deployed`] | what a marketplace is: contracts, parameters | `document` |
//! | [`status`] | what is open here: whose move it is, until when | `engagement`, `home`, `table` |
//! | [`watch`] | daemons that keep a party's engagements going | `accuracy`, `prediction`, `audit` |
//! | [`serve`] | files served to the other party | `watch` |
//! | [`backup`] | what must not be lost, in one encrypted file | `audit`, `engagement`, `home`, `prediction`, `proving`, `restored` |

pub mod accuracy;
pub mod audit;
pub mod backup;
pub mod capacity;
pub mod cipher_file;
pub mod corpus;
pub mod delivery;
pub mod deployed;
pub mod document;
pub mod engagement;
pub mod home;
pub mod inputs;
mod instructions;
pub mod job;
pub mod model;
pub mod openings;
pub mod plan;
pub mod prediction;
pub mod proofs;
pub mod proving;
pub mod restored;
pub mod revealed;
pub mod serve;
pub mod status;
pub mod table;
pub mod testset;
pub mod transport;
pub mod verifier;
pub mod watch;
