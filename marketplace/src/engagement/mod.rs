//! What every engagement needs, whatever is at stake in it: where it is, who acts, what was sent.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`site`] | a market, and what this machine keeps about it | nothing |
//! | [`desk`] | somebody who signs there | `site` |
//! | [`batch`] | how much fits one transaction | `desk` |
//! | [`sent`] | what a transaction cost | nothing |
//! | [`paths`] | where files are | `site` |
//! | [`secrets`] | key and salt of an encrypted transfer | nothing |
//! | [`facts`] | what journals note | nothing |
//! | [`moved`], [`ended`] | what an engagement is after a call | `sent` |
//! | [`play`] | calls that only move an engagement, as rows | `desk`, `moved`, `ended` |
//! | [`overdue`] | what anybody may close | `desk`, `ended` |
//! | [`withdraw`] | what the contracts owe | `desk`, `sent` |

pub mod batch;
pub mod desk;
pub mod ended;
pub mod facts;
pub mod moved;
pub mod overdue;
pub mod paths;
pub mod play;
pub mod secrets;
pub mod sent;
pub mod site;
pub mod withdraw;

pub use desk::{Desk, PayingDesk};
pub use ended::Ended;
pub use moved::Moved;
pub use sent::Sent;
pub use site::Site;
