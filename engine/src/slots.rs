//! The order of the polynomials that the quotient's program reads.
//!
//! What is the same in every proof under a key comes first, so that it can be kept beside the key:
//!
//! | slots | polynomial |
//! |---|---|
//! | fixed | `f_i`, selectors among them |
//! | sigma | `σ_i`, one for each column of the permutation |
//! | first, last, active | `l_0`, `l_u`, `1 − l_u − Σ_{i>u} l_i`, where `u` is the first row that is not usable |
//! | identity | `X` |
//! | instance | `p_i` |
//! | advice | `a_i` |
//! | product | `z_i`, one for each set of columns of the permutation |

use crate::error::ColumnKind;

/// How many there are of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slots {
    pub(crate) fixed: usize,
    pub(crate) sigma: usize,
    pub(crate) instance: usize,
    pub(crate) advice: usize,
    pub(crate) product: usize,
}

impl Slots {
    pub(crate) fn sigma(&self, i: usize) -> usize {
        self.fixed + i
    }

    pub(crate) fn first(&self) -> usize {
        self.fixed + self.sigma
    }

    pub(crate) fn last(&self) -> usize {
        self.first() + 1
    }

    pub(crate) fn active(&self) -> usize {
        self.first() + 2
    }

    pub(crate) fn identity(&self) -> usize {
        self.first() + 3
    }

    /// How many are the same in every proof.
    pub(crate) fn unchanging(&self) -> usize {
        self.first() + 4
    }

    pub(crate) fn product(&self, i: usize) -> usize {
        self.unchanging() + self.instance + self.advice + i
    }

    /// The slot of a column of the circuit's table.
    pub(crate) fn cell(&self, kind: ColumnKind, i: usize) -> usize {
        match kind {
            ColumnKind::Fixed => i,
            ColumnKind::Instance => self.unchanging() + i,
            ColumnKind::Advice => self.unchanging() + self.instance + i,
        }
    }
}

/// The order of the values that are the same in every row: the circuit's challenges, then `β`, `γ`, `y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scalars {
    pub(crate) challenges: usize,
}

impl Scalars {
    pub(crate) fn beta(&self) -> usize {
        self.challenges
    }

    pub(crate) fn gamma(&self) -> usize {
        self.challenges + 1
    }

    pub(crate) fn y(&self) -> usize {
        self.challenges + 2
    }
}
