//! What anybody may do about an engagement.
//!
//! | module | content |
//! |---|---|
//! | [`agree_close`] | both parties' vote for an agreed split |
//! | `timeout` | how an engagement ends whose window has passed |
//! | [`verdict`] | the public result of engagements |

pub mod agree_close;
mod timeout;
pub mod verdict;
