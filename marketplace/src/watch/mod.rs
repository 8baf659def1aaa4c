//! Daemons that keep the engagements of a party going: they know every deadline and act before half of a window is over.
//!
//! | module | content |
//! |---|---|
//! | [`end`] | when to end |
//! | [`event`] | what happened, one line each |
//! | [`station`] | where a daemon works |
//! | [`patrol`] | passes over all engagements, until told to end |
//! | [`turn`] | one engagement's turn: look, decide, act |
//! | [`provider`], [`consumer`] | what a party knows, and how it does what was decided |
//! | [`round_provider`], [`round_consumer`], `rounds` | the same about rounds |
//! | [`audit_responder`], [`audit_requester`], `audits` | the same about audits |
//! | `offers`, `room` | what may be taken on, and how much at one time |
//! | [`models`] | what this program registered, and what it has no journal of |
//! | [`proving`] | one proof at a time, beside everything else |
//! | [`vitals`] | what a daemon knows of itself |
//! | [`alarms`] | what of it needs a person |
//! | [`sweep`] | what no block takes, in whatever journal |
//! | [`record`] | failures and complaints about one engagement |
//!
//! Everything goes through the operations of the commands, hence through the journals: a daemon that was killed goes on
//! where it was, and somebody may help it along by hand.

pub mod alarms;
pub mod audit_requester;
pub mod audit_responder;
mod audits;
pub mod consumer;
pub mod end;
pub mod event;
pub mod models;
mod offers;
pub mod patrol;
pub mod provider;
pub mod proving;
pub mod record;
mod room;
pub mod round_consumer;
pub mod round_provider;
mod rounds;
pub mod station;
pub mod sweep;
pub mod turn;
pub mod vitals;
