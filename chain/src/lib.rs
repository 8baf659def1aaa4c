//! Everything that talks to a chain: what is sent is journalled first, and an error says what kind it is.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`node_url`] | the node's address, which is never shown whole | nothing |
//! | [`error`] | errors with a kind and a remedy | `node_url` |
//! | [`repository`], [`packages`] | a checkout, for demos and tests; what npm installs | `error` |
//! | [`journal`] | what was signed, before it is sent | nothing |
//! | `refusal`, `round_refusals`, `corpus_refusals`, `audit_refusals`, [`revert`] | why a node or a contract refused | `error` |
//! | [`client`] | a chain over a node | `refusal`, `revert` |
//! | [`money`] | what becomes of the money that a call sends | `client` |
//! | [`consent`] | what a transaction costs, told before it is signed, and whether it is | `client`, `error`, `money` |
//! | [`keys`], [`fees`] | anvil's keys; what a transaction may cost | `client` |
//! | [`wallet`] | what signs, and that it signed what it was asked to | `error` |
//! | [`remote_signer`], [`hardware`] | a signer at a URL; a device | `error`, `node_url`, `wallet` |
//! | `envelope` | signed transactions of a journal, read | `client`, `fees`, `journal` |
//! | [`account`] | who signs: journal, fees, nonces, confirmations | `client`, `consent`, `envelope`, `fees`, `journal`, `wallet` |
//! | `signing` | what a transaction may use and pay, told and consented to, and its signature | `account`, `consent`, `fees` |
//! | `stuck` | what no block takes, and keeps the account's others waiting | `account`, `envelope` |
//! | [`block`] | the block that a reading comes from | `client` |
//! | [`history`], [`market`] | past events; the market and its registry | `client` |
//! | [`rounds`] | the prediction market | `client`, `history`, `market`, `venue` |
//! | [`venue`] | what every market is to those who move things along | `client`, `market` |
//! | [`artefact`] | what the code of this release is, and what creates it | nothing |
//! | [`inclusion`] | what stands in a trie, by the nodes that lead to it | nothing |
//! | [`block_proof`], [`account_proof`] | transactions, receipts, accounts and their storage, proven where no node is | `client`, `inclusion`, `market` |
//! | [`audit_storage`] | audits and corpora as a proven state has them | `account_proof` |
//! | `origin` | how a contract was created | `artefact`, `client` |
//! | [`corpora`] | the registry of corpora | `client`, `market`, `origin`, `venue` |
//! | [`audits`] | the retrieval market | `client`, `corpora`, `venue` |
//! | `audit_logs` | its past events | `audits`, `history` |
//! | `immutables`, [`release`] | contracts compared with this release | `artefact`, `audits`, `corpora`, `market`, `origin`, `rounds` |
//! | [`given_code`] | the same of code that is given, not asked for | `artefact`, `client`, `immutables`, `origin`, `release` |
//! | [`address_book`], [`terms`], [`retrieval_terms`] | what was deployed, and with what | `client` |
//! | [`creation`] | what the contracts with parameters are created with | `artefact`, `origin`, `terms` |
//! | `rehearsal`, `read_back`, [`deploy`] | contracts are tried out, deployed, then read back | `account`, `creation`, `origin`, `terms` |
//! | [`devnet`] | anvil | `client`, `packages` |

pub mod account;
pub mod account_proof;
pub mod address_book;
pub mod artefact;
mod audit_logs;
mod audit_refusals;
pub mod audit_storage;
pub mod audits;
pub mod block;
pub mod block_proof;
pub mod client;
pub mod consent;
pub mod corpora;
mod corpus_refusals;
pub mod creation;
pub mod deploy;
pub mod devnet;
mod envelope;
pub mod error;
pub mod fees;
pub mod given_code;
pub mod hardware;
pub mod history;
mod immutables;
pub mod inclusion;
pub mod journal;
pub mod keys;
pub mod market;
pub mod money;
pub mod node_url;
mod origin;
pub mod packages;
mod read_back;
mod refusal;
mod rehearsal;
pub mod release;
pub mod remote_signer;
pub mod repository;
pub mod retrieval_terms;
pub mod revert;
mod round_refusals;
pub mod rounds;
mod signing;
mod stuck;
pub mod terms;
pub mod venue;
pub mod wallet;
