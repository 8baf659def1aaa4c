//! Lies about the class.

use crate::cheat::{edits, expect_constraint, expect_unbalanced_lookup, expect_wrong_copy, Cheat, Failure};
use crate::support::{mock_phase_2, recount, Case};
use assay_prover::circuit::program::{Cell, Col, Values};
use assay_prover::model::FoldedLayer;
use assay_prover::reference;
use assay_statement::field::{from_i64, Fr};
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;
use std::collections::BTreeSet;

/// Cell columns of a logit's row.
const LOGIT: usize = 0;
const MAXIMUM: usize = 3;
const GAP: usize = 4;
const MAXIMUM_CLIPPED: usize = 5;
const CHOSEN: usize = 6;

/// Rewrites the argmax for other classes and maximum: gaps as the gate wants them, index and multiplicities to match.
pub(crate) fn choose(cheat: &mut Cheat, maximum: Fr, chosen: &[usize]) {
    choose_from(cheat, Fr::ZERO, maximum, chosen);
}

/// As [`choose`], with another number of chosen classes, and of classes before them, to begin with.
pub(crate) fn choose_from(cheat: &mut Cheat, start: Fr, maximum: Fr, chosen: &[usize]) {
    let logits = *cheat.case.compiled.floor.logits();
    let cells = &mut cheat.witness.cells;
    let half = cheat.case.compiled.frozen.architecture.cut().half();
    let clipped = crate::support::small(&maximum).map_or(0, |m| (m as i64 - half).clamp(0, 255));
    let (mut count, mut index) = (start, start);
    for class in 0..=logits.shape.c {
        let row = logits.start + class;
        cells[MAXIMUM][row] = maximum;
        cells[MAXIMUM_CLIPPED][row] = from_i64(clipped);
        if class < logits.shape.c {
            let is_chosen = if chosen.contains(&class) { Fr::ONE } else { Fr::ZERO };
            let before = Fr::ONE - count - is_chosen;
            cells[CHOSEN][row] = is_chosen;
            cells[GAP][row] = maximum - cells[LOGIT][row] - before;
            count += is_chosen;
            index += before;
        }
    }
    cheat.instances[instance::OUTPUT] = index;
    recount(&cheat.case.compiled, &mut cheat.witness);
}

/// Both counts of the argmax over the chosen classes in the circuit's cells.
pub(crate) fn count_from(start: Fr, cheat: &Cheat, values: &mut Values) {
    let rows = cheat.case.compiled.floor.logits().rows();
    (values.b[rows.start], values.acc[rows.start]) = (start, start);
    for row in rows {
        let chosen = cheat.witness.cells[CHOSEN][row];
        values.b[row + 1] = values.b[row] + chosen;
        values.acc[row + 1] = values.acc[row] + Fr::ONE - values.b[row] - chosen;
    }
}

/// A model with two equal classes at the top, and these classes.
pub(crate) fn tie() -> (Case, usize, usize) {
    for seed in 0.. {
        let mut case = Case::tiny(seed);
        let top = case.trace.top1();
        let other = (top + 4) % 10;
        let inputs = case.compiled.frozen.architecture.layers[12].output.c;
        match case.folded.layers.last_mut() {
            Some(FoldedLayer::Conv { weights, bias }) => {
                weights.copy_within(top * inputs..(top + 1) * inputs, other * inputs);
                bias[other] = bias[top];
            }
            _ => unreachable!("the last layer is fully connected"),
        }
        case.trace = reference::run(&case.compiled.frozen.architecture, &case.folded, &case.image).unwrap();
        let (low, high) = (top.min(other), top.max(other));
        if case
            .trace
            .logits()
            .iter()
            .filter(|l| **l == case.trace.logits()[low])
            .count()
            == 2
        {
            return (case, low, high);
        }
    }
    unreachable!("some seed has no further tie")
}

/// Shifts of one limb, of two, and the smallest of two.
const SHIFTS: [fn(u64) -> Case; 3] = [Case::tiny, Case::two_limbs, Case::least_two_limbs];

fn logit(case: &Case, class: usize) -> Fr {
    Fr::from(u64::from(case.trace.logits()[class]))
}

#[test]
fn a_tie_goes_to_the_lower_class() {
    let (case, low, _) = tie();
    let cheat = Cheat::of(case);
    assert_eq!(cheat.instances[instance::OUTPUT], Fr::from(low as u64));
    assert_eq!(cheat.failures(), []);
}

#[test]
fn tie_broken_towards_the_higher_class_is_rejected() {
    let (case, low, high) = tie();
    let mut cheat = Cheat::of(case);
    let maximum = logit(&cheat.case, high);
    choose(&mut cheat, maximum, &[high]);
    assert_eq!(cheat.instances[instance::OUTPUT], Fr::from(high as u64));
    // The lower one's gap is −1.
    expect_unbalanced_lookup(&cheat);

    let start = cheat.case.compiled.floor.logits().start;
    cheat.witness.cells[GAP][start + low] = Fr::ZERO;
    recount(&cheat.case.compiled, &mut cheat.witness);
    assert_eq!(
        expect_constraint(&cheat.failures(), "argmax", "gap to the maximum"),
        [start + low]
    );
}

/// The tests' own way of writing a class is the prover's, at every shift: what is rejected below is so for what it says.
#[test]
fn class_as_it_is_is_accepted_when_written_here() {
    for of in SHIFTS {
        let case = of(1);
        let (top, maximum) = (case.trace.top1(), logit(&case, case.trace.top1()));
        let honest = case.witness();
        assert!(maximum > from_i64(case.compiled.frozen.architecture.cut().half()));
        let mut cheat = Cheat::of(case);
        choose(&mut cheat, maximum, &[top]);
        assert_eq!(cheat.witness.cells, honest.cells);
        assert_eq!(cheat.failures(), []);
    }
}

#[test]
fn class_below_the_maximum_is_rejected() {
    for (of, class) in SHIFTS.into_iter().flat_map(|of| (0..10).map(move |class| (of, class))) {
        let mut cheat = Cheat::of(of(1));
        if class == cheat.case.trace.top1() {
            continue;
        }
        let own = logit(&cheat.case, class);
        choose(&mut cheat, own, &[class]);
        expect_unbalanced_lookup(&cheat);
    }
}

/// A loser before the winner: every gap to the true maximum is in range.
#[test]
fn chosen_class_that_is_not_the_maximum_is_rejected() {
    for of in SHIFTS {
        let mut cheat = (0..)
            .map(|seed| Cheat::of(of(seed)))
            .find(|cheat| cheat.case.trace.top1() > 0)
            .expect("some class is above the first");
        let (loser, maximum) = (0, logit(&cheat.case, cheat.case.trace.top1()));
        choose(&mut cheat, maximum, &[loser]);
        let row = cheat.case.compiled.floor.logits().start + loser;
        assert_eq!(
            expect_constraint(&cheat.failures(), "argmax", "chosen is the maximum"),
            [row]
        );
    }
}

#[test]
fn maximum_that_differs_between_classes_is_rejected() {
    let mut cheat = Cheat::of(Case::tiny(1));
    let top = cheat.case.trace.top1();
    let loser = (0..top.max(1)).chain(top + 1..10).find(|k| *k != top).unwrap();
    let (own, maximum) = (logit(&cheat.case, loser), logit(&cheat.case, top));
    choose(&mut cheat, maximum, &[loser]);
    let row = cheat.case.compiled.floor.logits().start + loser;
    let cells = &mut cheat.witness.cells;
    let half = from_i64(cheat.case.compiled.frozen.architecture.cut().half());
    let clipped = crate::support::small(&(own - half))
        .filter(|v| *v < 512)
        .unwrap_or(0)
        .min(255);
    // In the loser's row its own logit is the maximum, and where a gap would be below 0 a larger one.
    cells[MAXIMUM][row] = own;
    cells[MAXIMUM_CLIPPED][row] = Fr::from(clipped);
    cells[GAP][row] = Fr::ZERO;
    if top < loser {
        let row = row - loser + top;
        let more = crate::support::small(&(maximum + Fr::ONE - half))
            .filter(|v| *v < 512)
            .unwrap_or(0)
            .min(255);
        cells[MAXIMUM][row] = maximum + Fr::ONE;
        cells[MAXIMUM_CLIPPED][row] = Fr::from(more);
        cells[GAP][row] = Fr::ZERO;
    }
    recount(&cheat.case.compiled, &mut cheat.witness);
    expect_constraint(&cheat.failures(), "argmax", "one maximum");
}

#[test]
fn two_chosen_classes_are_rejected() {
    let (case, low, high) = tie();
    let mut cheat = Cheat::of(case);
    let maximum = logit(&cheat.case, low);
    choose(&mut cheat, maximum, &[low, high]);
    let after = cheat.case.compiled.floor.logits().rows().end;
    expect_wrong_copy(&cheat.failures(), Cell::new(Col::B, after));
}

#[test]
fn no_chosen_class_is_rejected() {
    let mut cheat = Cheat::of(Case::tiny(1));
    let maximum = Fr::from(1023);
    choose(&mut cheat, maximum, &[]);
    let after = cheat.case.compiled.floor.logits().rows().end;
    expect_wrong_copy(&cheat.failures(), Cell::new(Col::B, after));
}

/// Two halves make one; neither is a boolean, nor a table entry: table and count make the boolean's constraint redundant.
#[test]
fn half_chosen_classes_are_rejected() {
    let (case, low, high) = tie();
    let mut cheat = Cheat::of(case);
    let maximum = logit(&cheat.case, low);
    choose(&mut cheat, maximum, &[low]);
    let half = Fr::from(2).invert().unwrap();
    let start = cheat.case.compiled.floor.logits().start;
    for class in [low, high] {
        cheat.witness.cells[CHOSEN][start + class] = half;
    }
    let (mut count, mut index) = (Fr::ZERO, Fr::ZERO);
    for class in 0..10 {
        let cells = &mut cheat.witness.cells;
        let before = Fr::ONE - count - cells[CHOSEN][start + class];
        cells[GAP][start + class] = maximum - cells[LOGIT][start + class] - before;
        count += cells[CHOSEN][start + class];
        index += before;
    }
    cheat.instances[instance::OUTPUT] = index;
    recount(&cheat.case.compiled, &mut cheat.witness);
    let names: BTreeSet<_> = cheat
        .failures()
        .into_iter()
        .map(|f| match f {
            Failure::Gate { gate, constraint, .. } => (gate, constraint),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected =
        [("argmax", "chosen is boolean"), ("logup boundary", "sum is zero")].map(|(g, c)| (g.to_owned(), c.to_owned()));
    assert_eq!(names, BTreeSet::from(expected));
}

/// The count of chosen classes starts at 1 instead of 0: then none need be chosen.
#[test]
fn count_of_chosen_classes_not_started_at_zero_is_rejected() {
    let mut cheat = Cheat::of(Case::tiny(1));
    choose(&mut cheat, Fr::from(1023), &[]);
    let compiled = cheat.case.compiled.clone();
    let logits = *compiled.floor.logits();
    let mut forged = mock_phase_2(&compiled, &cheat.witness);
    for class in 0..=logits.shape.c {
        forged.values.b[logits.start + class] = Fr::ONE;
        forged.values.acc[logits.start + class] = Fr::ZERO;
        if class < logits.shape.c {
            // Nothing is before the chosen class: no logit may be larger than the maximum.
            let cells = &mut cheat.witness.cells;
            cells[GAP][logits.start + class] = Fr::from(1023) - cells[LOGIT][logits.start + class];
        }
    }
    cheat.instances[instance::OUTPUT] = Fr::ZERO;
    recount(&compiled, &mut cheat.witness);
    let lookup = mock_phase_2(&compiled, &cheat.witness);
    forged.phi.clone_from(&lookup.phi);
    forged.helpers.clone_from(&lookup.helpers);
    cheat.edits = edits(&compiled, &lookup, &forged);
    expect_wrong_copy(&cheat.failures(), Cell::new(Col::B, logits.start));
}

/// The count of the chosen classes is whatever makes the gaps fit: nothing is wrong with the class but its count.
#[test]
fn any_class_by_a_count_that_does_not_count_is_rejected() {
    let mut tried = 0;
    for (seed, class) in (0..30).flat_map(|seed| (1..10).map(move |class| (seed, class))) {
        let case = Case::tiny(seed);
        let (top, logits) = (case.trace.top1(), case.trace.logits().to_vec());
        let below = |j: usize| i64::from(logits[top]) - i64::from(logits[j]);
        // All classes before the claimed one are counted in one row, in which the gap leaves room.
        let room = (1..10).find(|j| *j != top && below(*j) >= class as i64 - 1);
        let (Some(room), true) = (room, top != 0 && top != class && below(0) > 0) else {
            continue;
        };
        let mut cheat = Cheat::of(case);
        let rows = cheat.case.compiled.floor.logits().rows();
        let (mut counts, mut indices) = (Vec::new(), vec![Fr::ZERO]);
        for j in 0..10 {
            let before = if j == 0 {
                1
            } else if j == room {
                class as i64 - 1
            } else {
                0
            };
            cheat.witness.cells[GAP][rows.start + j] = from_i64(below(j) - before);
            counts.push(from_i64(1 - i64::from(j == top) - before));
            indices.push(indices[j] + from_i64(before));
        }
        counts.push(Fr::ONE);
        assert_eq!(counts[0], Fr::ZERO);
        recount(&cheat.case.compiled, &mut cheat.witness);
        cheat.forge(|p| {
            p.values.b[rows.start..=rows.end].copy_from_slice(&counts);
            p.values.acc[rows.start..=rows.end].copy_from_slice(&indices);
        });
        cheat.instances[instance::OUTPUT] = Fr::from(class as u64);
        let wrong = expect_constraint(&cheat.failures(), "argmax", "chosen so far");
        assert!(wrong.iter().all(|row| rows.contains(row)));
        tried += 1;
        if tried == 12 {
            return;
        }
    }
    panic!("too few statements leave room: {tried}");
}

/// The class is whatever the last row says, if nothing looks there.
#[test]
fn another_class_after_the_last_row_is_rejected() {
    for step in 1..10 {
        let mut cheat = Cheat::of(Case::tiny(1));
        let after = cheat.case.compiled.floor.logits().rows().end;
        let class = Fr::from((cheat.case.trace.top1() as u64 + step) % 10);
        cheat.forge(|p| p.values.acc[after] = class);
        cheat.instances[instance::OUTPUT] = class;
        assert_eq!(
            expect_constraint(&cheat.failures(), "argmax", "index of the chosen"),
            [after - 1]
        );
    }
}

/// The index of the chosen class starts at 1, or jumps.
#[test]
fn index_that_does_not_count_from_zero_is_rejected() {
    let start = |cheat: &Cheat| cheat.case.compiled.floor.logits().start;
    for jump in [0, 3] {
        let mut cheat = Cheat::of(Case::tiny(1));
        let compiled = cheat.case.compiled.clone();
        let honest = mock_phase_2(&compiled, &cheat.witness);
        let mut forged = mock_phase_2(&compiled, &cheat.witness);
        for row in start(&cheat) + jump..=compiled.floor.logits().rows().end {
            forged.values.acc[row] += Fr::ONE;
        }
        cheat.instances[instance::OUTPUT] += Fr::ONE;
        cheat.edits = edits(&compiled, &honest, &forged);
        let failures = cheat.failures();
        if jump == 0 {
            expect_wrong_copy(&failures, Cell::new(Col::Acc, start(&cheat)));
        } else {
            assert_eq!(
                expect_constraint(&failures, "argmax", "index of the chosen"),
                [start(&cheat) + jump - 1]
            );
        }
    }
}
