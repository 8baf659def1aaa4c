//! Files that the parties of an engagement hand to each other over HTTP.
//!
//! One party serves; both put files into its store and fetch from it. A file is known by the Keccak-256 of its content,
//! so neither side can pass off another one, and it travels in pieces, so neither has to begin again.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/<engagement>/<kind>` | what there is: `[{"id", "bytes"}]` |
//! | `HEAD /v1/<engagement>/<kind>/<id>` | `content-length` of a file; `assay-offset` of an upload under way |
//! | `GET /v1/<engagement>/<kind>/<id>` | the file, or the rest of it (`range: bytes=n-`) |
//! | `PATCH /v1/<engagement>/<kind>/<id>?offset=n&length=m` | appends the body, which begins at byte n of m |
//!
//! Every request is signed by a party of the engagement ([`auth`]); everybody else is refused before anything of a body
//! is read. So is somebody who may only read, as the authority of an audit, and sends a file.
//!
//! | module | content |
//! |---|---|
//! | [`blob`] | names of files, and the paths of requests |
//! | [`store`] | files under their hashes, written beside their place, synced, then renamed |
//! | [`parties`] | who may speak about which engagement, and who may only listen |
//! | [`auth`], [`replay`] | signatures over requests, and each of them once |
//! | [`refusal`] | why a request is not served |
//! | [`listening`] | sockets, TLS, bounds on connections; the reading server listens so, too |
//! | [`server`], [`client`] | the two ends |
//!
//! # Soundness
//! What a file says is not checked here: the receiver of a ciphertext still compares it with `ctRoot`. TLS keeps
//! outsiders from reading; it is asked for everywhere but on the loopback interface. Nothing that a stranger sends makes
//! either end panic.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

pub mod auth;
pub mod blob;
pub mod client;
mod connections;
pub mod listening;
pub mod parties;
pub mod refusal;
pub mod replay;
pub mod server;
pub mod store;
