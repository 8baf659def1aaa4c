//! The chips of the narrow form in order.

use crate::chips::gates::Gates;
use crate::chips::narrow::{arith, fold, hash, lookup, output, tensor};
use crate::chips::{garbage, poseidon, tensor as cells, weights};
use crate::circuit::params::CircuitParams;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::plan::kinds::{BOUNDARY, CHAIN_GOES_ON, CONSTANT};
use crate::plan::layout::FrozenArchitecture;
use crate::plan::narrow_floor::STATEMENT_ROWS;
use crate::plan::program::Program;
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::{Inputs, Witness};

pub(super) fn configure(gates: &mut Gates<'_>, columns: &Columns, params: &CircuitParams) {
    lookup::configure(gates, columns);
    tensor::configure(gates, columns, params.cut.shift(), params.image);
    fold::configure(gates, columns);
    weights::configure(gates, columns);
    hash::configure(gates, columns);
    arith::configure(gates, columns);
}

pub(super) fn fixed(frozen: &FrozenArchitecture, floor: &Floor, program: &Program, fixed: &mut Fixed) {
    let arch = &frozen.architecture;
    lookup::fixed(floor, fixed);
    tensor::fixed(floor, fixed);
    output::fixed(arch, floor, fixed);
    garbage::fixed(floor, fixed);
    poseidon::fixed(arch, floor, fixed);
    weights::fixed(arch, floor, fixed);
    arith::fixed(floor, program, fixed);
    assert_rows_are_of_one_kind(floor, fixed);
}

/// What the gates take for granted of every key, see [`narrow_floor`](crate::plan::narrow_floor).
fn assert_rows_are_of_one_kind(floor: &Floor, fixed: &Fixed) {
    assert!(floor.on_rows + 1 < floor.poseidon && floor.weight_end <= floor.poseidon);
    for row in 0..floor.usable {
        let lookup = fixed.kind(row);
        let [round, arithmetic, block, weight] =
            [&fixed.round, &fixed.arith_kind, &fixed.block, &fixed.weight_kind].map(|column| u64::from(column[row]));
        let kinds = [lookup, round, arithmetic, block].map(|kind| usize::from(kind != 0));
        assert!(kinds.iter().sum::<usize>() <= 1, "row {row} is of two kinds");
        let looks_up = (STATEMENT_ROWS..floor.on_rows).contains(&row);
        assert_eq!(lookup != 0, looks_up, "row {row}: no gap in the lookup's sum");
        let is_boundary = row < STATEMENT_ROWS || row == floor.on_rows;
        assert_eq!(
            block == BOUNDARY,
            is_boundary,
            "row {row}: the sum begins and ends at zero"
        );
        let of_weights = row < floor.weight_end;
        assert!(weight == 0 || of_weights, "row {row}: the accumulator is the weights'");
        assert!(
            weight != CHAIN_GOES_ON || row + 1 < floor.weight_end,
            "row {row}: a chain ends"
        );
        let behind = row > floor.poseidon;
        assert!(
            round + arithmetic == 0 || behind,
            "row {row}: the accumulator is the weights'"
        );
        if arithmetic != 0 && arithmetic != CONSTANT {
            let takes_result = row + 1 < floor.usable && u64::from(fixed.arith_kind[row + 1]) != CONSTANT;
            assert!(takes_result, "row {row}: its result has a place");
        }
    }
}

pub(super) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    weights::phase_1(inputs, witness);
    cells::phase_1(inputs, witness);
    output::phase_1(inputs, witness);
    // Counts the rows of the two before it.
    lookup::phase_1(inputs, witness);
    garbage::phase_1(inputs, witness);
    hash::phase_1(inputs, witness);
}

pub(super) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    tensor::phase_2(compiled, witness, challenges, phase_2);
    fold::phase_2(compiled, witness, challenges, phase_2);
    weights::phase_2(compiled, witness, challenges, phase_2);
    // Copies from the sums of those before it.
    arith::phase_2(compiled, witness, challenges, phase_2);
    hash::phase_2(compiled, phase_2);
    arith::statement(compiled, phase_2);
    lookup::phase_2(compiled, witness, challenges, phase_2);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::random::tiny_network;
    use crate::plan::layout::Layout;
    use std::panic::{catch_unwind, AssertUnwindSafe};

    #[test]
    fn row_of_two_kinds_has_no_key() {
        let compiled = || {
            let frozen = FrozenArchitecture::plan_with(tiny_network(10), Layout::NARROW, 32).unwrap();
            Compiled::new(frozen).unwrap()
        };
        let Floor {
            on_rows,
            poseidon,
            end,
            weight_end,
            usable,
            ..
        } = compiled().floor;
        type Change = fn(&mut Fixed) -> &mut [u8];
        let (lookup, block): (Change, Change) = (|fixed| fixed.kind_of_row(), |fixed| &mut fixed.block);
        let (round, arithmetic): (Change, Change) = (|fixed| &mut fixed.round, |fixed| &mut fixed.arith_kind);
        let weight: Change = |fixed| &mut fixed.weight_kind;
        for (column, row, kind) in [
            (lookup, on_rows - 1, 0),
            (lookup, on_rows + 1, 1),
            (block, 2, 0),
            (block, on_rows, 1),
            (block, end + 1, 1),
            (weight, weight_end, 4),
            (weight, weight_end - 1, 1),
            (round, poseidon - 1, 1),
            (arithmetic, poseidon + 1, 1),
            (arithmetic, usable - 1, 1),
        ] {
            let mut changed = compiled();
            assert_rows_are_of_one_kind(&changed.floor, &changed.fixed);
            column(&mut changed.fixed)[row] = kind;
            let Compiled { floor, fixed, .. } = &changed;
            let looked_at = catch_unwind(AssertUnwindSafe(|| assert_rows_are_of_one_kind(floor, fixed)));
            assert!(looked_at.is_err(), "row {row}, kind {kind}");
        }
    }
}
