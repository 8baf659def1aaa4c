//! The queue as a program uses it. Everything that matters is decided in the database, see `sql/`.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `task` | what is submitted, taken and collected | nothing |
//! | `session` | a connection that is checked and made again, as one role | `task` |
//! | `set_up` | tables, functions and roles; a database that is not the same any more | `session` |
//! | `owner` | submit, collect, retry, cancel, forget, budgets | `session` |
//! | `worker` | take, beat, finish, fail, give back | `session` |
//! | `status` | what is going on | `session` |

mod owner;
mod session;
mod set_up;
mod status;
mod task;
mod worker;

pub use owner::{Budget, Collected, Done, Submitted};
pub use session::{Queue, Role};
pub use set_up::{Left, SetUp, Settings};
pub use status::{Aside, BudgetLeft, EngagementStatus, Running, Second, Status};
pub use task::{Hash, NewTask, Skill, Token};
pub use worker::{Beat, Closed, Failure, Offer, Taken};
