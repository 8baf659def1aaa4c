//! The public result of engagements.

mod fields;
mod list;
mod show;

pub use fields::Fields;
pub use list::Listed;
pub use show::Shown;
