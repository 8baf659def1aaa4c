//! A farm of provers as this program uses it: [`assay_farm`] knows bytes and leases, [`assay_marketplace`] what is to be proven.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`fault`] | what goes wrong there, as errors of this program | nothing |
//! | [`place`] | which queue and which directory are meant | `fault` |
//! | [`tasks`] | what is to be proven, in a directory that all machines mount | nothing |
//! | [`owner`] | tasks handed over and collected, proofs allotted | `place`, `tasks` |
//! | [`memory`] | what of the machine's memory is free | nothing |
//! | [`worker`] | a process for each proof | `memory`, `tasks` |

pub mod fault;
pub mod memory;
pub mod owner;
pub mod place;
pub mod tasks;
pub mod worker;
