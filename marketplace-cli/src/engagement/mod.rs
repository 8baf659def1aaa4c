//! What every engagement needs, whatever is at stake in it: where it is, who acts, what was sent.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`site`] | a market, and what this machine keeps about it | nothing |
//! | [`desk`] | somebody who signs there | `site` |
//! | [`sent`] | what a transaction cost | nothing |

pub mod desk;
pub mod sent;
pub mod site;

pub use desk::{Desk, PayingDesk};
pub use sent::Sent;
pub use site::Site;
