//! What a provider or a consumer types: the program `assay`.
//!
//! | module | content |
//! |---|---|
//! | [`cmd`] | one file per subcommand |
//! | [`args`] | options of several commands, as plain values |
//! | [`engagement`] | what every engagement needs |
//! | [`context`] | global options, and what every command starts from |
//! | [`verifier`], [`verifier_check`] | the generated contract: deployed by providers, checked by consumers and readers |
//! | [`record`] | what an architecture determines of a model's record |
//! | [`prover_api`] | the prover library in this program's words |
//! | [`reference_string`] | which reference string will do on which chain |
//! | [`testset`], [`revealed`] | test sets on disk, and which images were seen |
//! | [`home`] | where state is |
//! | [`promises`] | proofs that are promised, and how fast they are made |
//! | [`cipher_file`], [`transfer`] | encrypted hand-over of a test set: the file, and what [`assay_protocol::transfer`] says |
//! | [`delivery`] | files between the parties, through a directory or a server ([`assay_exchange`]) |
//! | [`watch`] | daemons that keep a party's engagements going |
//! | [`transport`] | transport key |
//! | [`measured`] | how often a model was right on its provider's own examples |
//! | [`output`], [`exit`] | the only place that prints; exit codes |
//!
//! Node, accounts, journal, market and errors are in [`assay_chain`].

pub mod args;
pub mod cipher_file;
pub mod cmd;
pub mod context;
pub mod delivery;
pub mod engagement;
pub mod exit;
pub mod home;
pub mod measured;
pub mod output;
pub mod promises;
pub mod prover_api;
pub mod record;
pub mod reference_string;
pub mod revealed;
pub mod testset;
pub mod transfer;
pub mod transport;
pub mod verifier;
pub mod verifier_check;
pub mod watch;
