//! Daemons as those see them who run them: numbers for Prometheus, whether it is well, and what needs a person.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`exposition`] | numbers as Prometheus reads them | nothing |
//! | [`notify`] | a command that hears what needs a person | nothing |
//! | [`server`] | both answers over HTTP | `exposition` |
//! | [`daemon`] | a daemon with all of it | `notify`, `server` |

pub mod daemon;
pub mod exposition;
pub mod notify;
pub mod server;
