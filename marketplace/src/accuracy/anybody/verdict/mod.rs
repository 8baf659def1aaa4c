//! The public result of engagements.

mod fields;
mod grades;
mod list;
mod show;

pub use fields::Fields;
pub use grades::Grades;
pub use list::Listed;
pub use show::Shown;
