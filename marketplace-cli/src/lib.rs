//! What a provider or a consumer types: the program `assay`.
//!
//! | module | content |
//! |---|---|
//! | [`cmd`] | one file per subcommand |
//! | [`args`] | options of several commands, as plain values |
//! | [`engagement`] | what every engagement needs |
//! | [`context`] | global options, and what every command starts from |
//! | [`chain`] | bindings, node, keys, fees, deployment, devnet, encodings |
//! | [`verifier`], [`verifier_check`] | the generated contract: deployed by providers, checked by consumers and readers |
//! | [`record`] | what an architecture determines of a model's record |
//! | [`prover_api`] | the prover library in this program's words |
//! | [`reference_string`] | which reference string will do on which chain |
//! | [`testset`], [`revealed`] | labelled examples with salts, and which were seen |
//! | [`journal`], [`home`] | what was sent, where state is |
//! | [`promises`] | proofs that are promised, and how fast they are made |
//! | [`transfer`] | encrypted hand-over of a test set, and evidence about it |
//! | [`serve`] | files between the parties of an engagement, over HTTP |
//! | [`delivery`] | the same files through a directory or a server, as the commands take them |
//! | [`watch`] | daemons that keep a party's engagements going |
//! | [`transport`], [`stats`] | transport key, confidence bounds |
//! | [`measured`] | how often a model was right on its provider's own examples |
//! | [`target`] | the accuracy an offer asks for, as people write it |
//! | [`units`] | amounts and times in words |
//! | [`output`], [`exit`] | the only place that prints; exit codes |

pub mod args;
pub mod chain;
pub mod cmd;
pub mod context;
pub mod delivery;
pub mod engagement;
pub mod exit;
pub mod home;
pub mod journal;
pub mod measured;
pub mod output;
pub mod promises;
pub mod prover_api;
pub mod record;
pub mod reference_string;
pub mod revealed;
pub mod serve;
pub mod stats;
pub mod target;
pub mod testset;
pub mod transfer;
pub mod transport;
pub mod units;
pub mod verifier;
pub mod verifier_check;
pub mod watch;
