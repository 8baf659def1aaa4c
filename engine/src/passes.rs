//! In which order constraints are computed, so that few columns are in memory at a time.
//!
//! A pass is some constraints that are summed by one program. It begins with the constraint that needs the fewest columns that are not
//! there yet, takes all others that need no more than these, and ends with forgetting the columns that no later pass reads.

use std::collections::BTreeSet;

/// Constraints that are computed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pass {
    /// Their places, ascending.
    pub(crate) constraints: Vec<usize>,
    /// The columns that no pass before it reads.
    pub(crate) new: Vec<usize>,
    /// The columns that no pass behind it reads.
    pub(crate) last: Vec<usize>,
}

/// All constraints in passes, where `reads` tells which columns each of them reads.
pub(crate) fn passes(reads: &[BTreeSet<usize>]) -> Vec<Pass> {
    let mut waiting: BTreeSet<usize> = (0..reads.len()).collect();
    let mut live: BTreeSet<usize> = BTreeSet::new();
    let mut passes = Vec::new();
    while let Some(next) = waiting.iter().min_by_key(|c| reads[**c].difference(&live).count()) {
        let new: Vec<usize> = reads[*next].difference(&live).copied().collect();
        live.extend(&new);
        let (constraints, others) = waiting.iter().partition(|c| reads[**c].is_subset(&live));
        waiting = others;
        let later: BTreeSet<usize> = waiting.iter().flat_map(|c| &reads[*c]).copied().collect();
        let last = live.difference(&later).copied().collect();
        live.retain(|column| later.contains(column));
        passes.push(Pass {
            constraints: BTreeSet::into_iter(constraints).collect(),
            new,
            last,
        });
    }
    passes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(columns: &[&[usize]]) -> Vec<BTreeSet<usize>> {
        columns
            .iter()
            .map(|columns| columns.iter().copied().collect())
            .collect()
    }

    #[test]
    fn constraints_that_share_columns_are_one_pass_and_columns_are_forgotten_after_their_last_one() {
        let pass = |constraints: &[usize], new: &[usize], last: &[usize]| Pass {
            constraints: constraints.to_vec(),
            new: new.to_vec(),
            last: last.to_vec(),
        };
        let reads = reads(&[&[3, 4, 5], &[0, 1], &[1], &[0, 2], &[4, 5]]);
        assert_eq!(
            passes(&reads),
            [
                pass(&[2], &[1], &[]),
                pass(&[1], &[0], &[1]),
                pass(&[3], &[2], &[0, 2]),
                pass(&[4], &[4, 5], &[]),
                pass(&[0], &[3], &[3, 4, 5]),
            ]
        );
        assert_eq!(passes(&[]), []);
    }

    #[test]
    fn a_constraint_that_reads_no_column_has_a_pass_too() {
        let passes = passes(&reads(&[&[0], &[], &[]]));
        let constraints: Vec<&[usize]> = passes.iter().map(|pass| pass.constraints.as_slice()).collect();
        assert_eq!(constraints, [&[1, 2][..], &[0]]);
    }

    #[test]
    fn every_constraint_is_in_one_pass_and_every_column_there_from_its_first_to_its_last_one() {
        let mut state: usize = 7;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..100 {
            let reads: Vec<BTreeSet<usize>> = (0..random(40))
                .map(|_| (0..random(6)).map(|_| random(20)).collect())
                .collect();
            let (mut live, mut done) = (BTreeSet::new(), Vec::new());
            for pass in passes(&reads) {
                for column in &pass.new {
                    assert!(live.insert(*column), "column {column} made while it is there");
                }
                for constraint in &pass.constraints {
                    assert!(reads[*constraint].is_subset(&live));
                }
                done.extend(pass.constraints);
                for column in &pass.last {
                    assert!(live.remove(column), "column {column} forgotten while it is not there");
                }
            }
            assert_eq!(live, BTreeSet::new());
            done.sort_unstable();
            assert_eq!(done, (0..reads.len()).collect::<Vec<_>>());
        }
    }
}
