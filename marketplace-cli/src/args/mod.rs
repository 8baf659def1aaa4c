//! What is typed, as plain values: the only place that turns options into what operations take.
//!
//! | module | options about |
//! |---|---|
//! | [`globals`] | options of every command |
//! | [`keys`], [`fees`] | who signs, and what it may cost |
//! | [`model`], [`srs`], [`trust`] | a model, the reference string, how a verifier is judged |
//! | [`output`] | what proofs of a new model reveal |
//! | [`claim`], [`image_size`] | a commitment to weights, the size of images |
//! | [`server`] | who serves at a URL |
//! | [`serving`] | which rounds a provider serves |
//! | [`target`] | the accuracy that is asked for |
//! | [`economics`], [`policy`] | prices of a market, costs of a proof; rounds, audits and assumptions |
//! | [`passphrase`] | what opens a backup |
//! | [`patrol`], [`time`] | when a daemon looks; times with units |
//! | [`queue`] | where the queue of a farm is |
//! | [`retrieval`] | which retrieval market is meant |
//! | [`predicate`], [`documents`] | keys of a predicate, documents by their indices |
//! | [`accepting`] | which audits a responder takes on |
//! | [`block`] | the block that is read at |
//! | [`listing`] | lists as comma-separated values |
//! | [`consent`] | what is asked of a person first |
//! | [`sending`] | who signs transactions, and whether somebody is asked |

pub mod accepting;
pub mod block;
pub mod claim;
pub mod consent;
pub mod corpus_place;
pub mod documents;
pub mod economics;
pub mod fees;
pub mod globals;
pub mod image_size;
pub mod keys;
pub mod listing;
pub mod model;
pub mod output;
pub mod passphrase;
pub mod patrol;
pub mod policy;
pub mod predicate;
pub mod queue;
pub mod retrieval;
pub mod sending;
pub mod server;
pub mod serving;
pub mod srs;
pub mod target;
pub mod time;
pub mod trust;
