//! Models: imported, measured, registered, staked on, shown.

mod fields;
pub mod import;
pub mod list;
pub mod measure;
pub mod register;
pub mod show;
pub mod stake;

pub use fields::{Counters, Fields};
