//! Everything that follows from an architecture alone.
//!
//! | module | content |
//! |---|---|
//! | [`error`] | why an architecture has no circuit |
//! | [`layout`] | number of rows and columns, frozen with the architecture |
//! | [`columns`] | columns, challenges |
//! | `kinds` | values of the fixed columns that say what a row is |
//! | [`spatial`] | exponents of spatial layers |
//! | [`floor`] | which rows hold what |
//! | `narrow_floor` | the same of the narrow form |
//! | [`program`] | the arithmetic region |
//! | [`identities`] | layers as equalities of inner products |
//! | `wide_statement` | image and output of the wide form |
//! | `narrow_statement` | the same of the narrow form |
//! | [`choose`] | the smallest layout that holds everything |
//! | [`fixed`] | the fixed columns as plain values |
//! | [`compiled`] | all of it |

pub mod choose;
pub mod columns;
pub mod compiled;
pub mod error;
pub mod fixed;
pub mod floor;
pub mod identities;
pub(crate) mod kinds;
pub mod layout;
pub(crate) mod narrow_floor;
pub(crate) mod narrow_statement;
pub mod program;
pub mod spatial;
pub(crate) mod wide_statement;
