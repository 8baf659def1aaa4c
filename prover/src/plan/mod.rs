//! Everything that follows from an architecture alone.
//!
//! | module | content |
//! |---|---|
//! | [`layout`] | number of rows and columns, frozen with the architecture |
//! | [`columns`] | columns, challenges |
//! | [`spatial`] | exponents of spatial layers |
//! | [`floor`] | which rows hold what |
//! | [`program`] | the arithmetic region |
//! | [`identities`] | layers as equalities of inner products |
//! | [`instance`] | order of the public inputs |

pub mod columns;
pub mod floor;
pub mod identities;
pub mod instance;
pub mod layout;
pub mod program;
pub mod spatial;
