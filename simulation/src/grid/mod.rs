//! The grid: every strategy at points around the threshold of its condition.
//!
//! | module | conditions |
//! |---|---|
//! | `honest` | honest play in every mode and market; I1 |
//! | `deciding` | I2: when to go on after the probe |
//! | `theft` | I3, I4: abort farmers, thieves of test sets, griefers; the paper's fees |
//! | `tuning` | I5: consumers that tune their test set |
//! | `silence` | I6: parties that walk away from a transfer |
//! | `results` | I7, B: false results, withheld proofs, challenges |
//! | `lying` | I8a: false answers, random contests; the paper's β |
//! | `contests` | I8b to I8d: late providers, griefed providers, copied answers |
//! | `publication` | I10: silent consumers of PRIVATE rounds; time to close |
//! | `load` | I11 to I13: capital, proofs, time |
//! | `hiding` | I9: documents that are hidden, what an audit is paid |
//! | `verdicts` | I9: what samples find, and what verdicts say |
//! | `requests` | audits of which somebody is silent, requests without end |
//! | `deliveries` | I9: demands, documents that are not handed over |
//! | `abandoned` | audits that everybody walks away from: who closes them, and when |

pub(crate) mod abandoned;
pub(crate) mod contests;
pub(crate) mod deciding;
pub(crate) mod deliveries;
pub(crate) mod hiding;
pub(crate) mod honest;
pub(crate) mod load;
pub(crate) mod lying;
pub(crate) mod play;
pub(crate) mod publication;
pub(crate) mod requests;
pub(crate) mod results;
pub(crate) mod silence;
mod size;
pub(crate) mod theft;
pub(crate) mod tuning;
pub(crate) mod verdicts;

use crate::case::Case;
use crate::plot::Plot;
pub use size::Size;

/// All cases in the order of the table.
pub(crate) fn cases(size: Size) -> Vec<Case> {
    let all = [
        honest::cases(size),
        deciding::cases(size),
        theft::cases(size),
        tuning::cases(size),
        silence::cases(size),
        results::cases(size),
        lying::cases(size),
        contests::cases(size),
        publication::cases(size),
        load::cases(size),
        hiding::cases(size),
        verdicts::cases(size),
        requests::cases(size),
        deliveries::cases(size),
        abandoned::cases(size),
    ];
    all.into_iter().flatten().collect()
}

/// The plots, without their points.
pub(crate) fn plots() -> Vec<Plot> {
    let all = [
        lying::plots(),
        theft::plots(),
        tuning::plots(),
        results::plots(),
        contests::plots(),
        publication::plots(),
        hiding::plots(),
        verdicts::plots(),
    ];
    all.into_iter().flatten().collect()
}
