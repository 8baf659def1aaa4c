//! The contracts as forge compiled them, played.

mod audits;
mod deployed;
mod markets;
mod silences;
