//! Every inequality by name: whether it holds, by which numbers, in a sentence. Amounts are in ether. I10 counts what
//! a publication brings the provider of the quiet bond Q besides the price, I11 counts Q.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `condition` | one of them | nothing |
//! | `costs` | what proofs and gas cost | nothing |
//! | `engagements` | I0 to I7, the bond of a challenge, the price of a proof, the treasury | `condition`, `costs` |
//! | `rounds` | I8, I10, I11 | `condition`, `costs` |
//! | `audits` | I9 | `condition`, `costs` |
//! | `load` | I12, I13 | `condition` |

mod audits;
mod condition;
mod costs;
mod engagements;
mod load;
mod rounds;

pub use audits::{audit, AuditCase};
pub use condition::{Condition, Verdict};
pub use costs::Costs;
pub use engagements::{accuracy, AccuracyCase};
pub use load::{load, Load};
pub use rounds::{round, Publication, RoundCase};
