//! What anybody may do about an engagement.
//!
//! | module | content |
//! |---|---|
//! | [`agree_close`] | both parties' vote for an agreed split |
//! | [`timeout`] | closes an engagement whose window has passed |
//! | [`verdict`] | the public result of engagements |

pub mod agree_close;
pub mod timeout;
pub mod verdict;
