//! Models: imported, measured, registered, staked on.

pub mod import;
pub mod measure;
pub mod register;
pub mod stake;
