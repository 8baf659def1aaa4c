//! The public result of engagements.

mod fields;
mod list;
mod show;

pub use fields::Fields;
pub use list::{Filter, Listed};
pub use show::Shown;
