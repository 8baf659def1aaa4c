//! What a simulation found: as JSON, as a page in Markdown, as plots.

mod claims;
mod markdown;
mod notes;
mod outcome;
mod statements;
mod svg;

pub use claims::{claims, Claim};
pub use markdown::page;
pub use outcome::Report;
pub use statements::statements;
pub use svg::draw;
