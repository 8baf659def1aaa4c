//! Lies about the class in the narrow form: numbers in range and a program over them.

use crate::cheat::{edits, expect_constraint, expect_unbalanced_lookup, expect_wrong_copy, Cheat, Failure};
use crate::support::{mock_phase_2, recount, small, Case};
use assay_prover::circuit::program::{Cell, Col, Operand, Program, Step};
use assay_prover::model::random::tiny_network;
use assay_prover::model::FoldedLayer;
use assay_prover::reference;
use assay_statement::field::{from_i64, Fr};
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;

const CLASSES: usize = 10;
const MODULUS: i64 = 1 << 10;

fn tiny(seed: u64) -> Cheat {
    Cheat::of(Case::narrow(tiny_network(10), seed))
}

/// A model with two equal classes at the top, and these classes.
fn tie() -> (Cheat, [usize; 2]) {
    let mut case = Case::narrow(tiny_network(10), 4);
    let best = case.trace.top1();
    let other = if best == 0 { 7 } else { best - 1 };
    let last = case.folded.layers.len() - 1;
    match &mut case.folded.layers[last] {
        FoldedLayer::Conv { weights, bias } => {
            let each = weights.len() / CLASSES;
            weights.copy_within(best * each..(best + 1) * each, other * each);
            bias[other] = bias[best];
        }
        _ => unreachable!("a convolution"),
    }
    let arch = case.compiled.frozen.architecture.clone();
    case.trace = reference::run(&arch, &case.folded, &case.image).expect("the model is total");
    let tied = [best.min(other), best.max(other)];
    let q = &case.trace.layers[last].q_hat;
    assert_eq!(q[tied[0]], q[tied[1]]);
    assert_eq!(case.trace.top1(), tied[0]);
    (Cheat::of(case), tied)
}

/// Writes a number that should be in range: as quotient and remainder if it is, else as a quotient of its own.
fn put(cheat: &mut Cheat, row: usize, number: i64) {
    let (mut q, mut r) = (number.div_euclid(MODULUS), number.rem_euclid(MODULUS));
    if !(0..MODULUS).contains(&q) {
        (q, r) = (0, number);
    }
    let out = (q - MODULUS / 2).clamp(0, 255);
    for (column, value) in cheat.witness.cells.iter_mut().zip([q, r, out]) {
        column[row] = from_i64(value);
    }
}

/// The numbers for these `b_j` and this maximum, and the output that follows from them.
fn choose(cheat: &mut Cheat, chosen: [i64; CLASSES], maximum: i64) {
    let compiled = cheat.case.compiled.clone();
    let rows = compiled.floor.narrow.unwrap();
    let logits = compiled.floor.logits().start;
    let number = |cheat: &Cheat, row: usize| {
        let cell = |n: usize| small(&cheat.witness.cells[n][row]).unwrap() as i64;
        cell(0) * MODULUS + cell(1)
    };
    let (mut before, mut index, mut excess) = (1, 0, -maximum * MODULUS);
    for (j, is_chosen) in chosen.into_iter().enumerate() {
        let t = number(cheat, logits + j);
        before -= is_chosen;
        index += before;
        excess += is_chosen * t;
        put(cheat, rows.chosen(j), is_chosen);
        put(cheat, rows.gap(CLASSES, j), (maximum + 1 - before) * MODULUS - 1 - t);
    }
    put(cheat, rows.maximum(CLASSES), maximum);
    put(cheat, rows.excess(CLASSES), excess);
    cheat.instances[instance::OUTPUT] = from_i64(index);
    recount(&compiled, &mut cheat.witness);
}

fn only(class: usize) -> [i64; CLASSES] {
    std::array::from_fn(|j| i64::from(j == class))
}

fn logit(cheat: &Cheat, class: usize) -> i64 {
    cheat.case.trace.logits()[class].into()
}

#[test]
fn the_class_itself_is_accepted_when_written_here() {
    let mut cheat = tiny(1);
    let best = cheat.case.trace.top1();
    let maximum = logit(&cheat, best);
    choose(&mut cheat, only(best), maximum);
    assert_eq!(cheat.instances, cheat.case.instances());
    assert_eq!(cheat.failures(), []);
    let (mut cheat, [low, _]) = tie();
    let maximum = logit(&cheat, low);
    choose(&mut cheat, only(low), maximum);
    assert_eq!(cheat.failures(), []);
}

#[test]
fn class_that_is_not_the_largest_is_rejected_whatever_the_maximum() {
    for class in 0..CLASSES {
        let mut cheat = tiny(1);
        let best = cheat.case.trace.top1();
        for maximum in [logit(&cheat, class), logit(&cheat, best), logit(&cheat, best) + 1, 0] {
            let honest = class == best && maximum == logit(&cheat, best);
            choose(&mut cheat, only(class), maximum);
            if !honest {
                expect_unbalanced_lookup(&cheat);
            }
        }
    }
}

#[test]
fn tie_broken_the_wrong_way_is_rejected() {
    let (mut cheat, [low, high]) = tie();
    let maximum = logit(&cheat, low);
    choose(&mut cheat, only(high), maximum);
    assert_eq!(cheat.instances[instance::OUTPUT], Fr::from(high as u64));
    expect_unbalanced_lookup(&cheat);
    // Larger than both: the chosen is below it.
    choose(&mut cheat, only(high), maximum + 1);
    expect_unbalanced_lookup(&cheat);
}

#[test]
fn two_classes_or_one_twice_are_rejected() {
    let (mut cheat, [low, high]) = tie();
    let maximum = logit(&cheat, low);
    let (mut both, mut twice) = (only(low), [0; CLASSES]);
    both[high] = 1;
    twice[low] = 2;
    for chosen in [both, twice] {
        choose(&mut cheat, chosen, maximum);
        let failures = cheat.failures();
        let is_count = |failure: &Failure| matches!(failure, Failure::Copy(_));
        assert!(!failures.is_empty() && failures.iter().all(is_count), "{failures:?}");
        assert!(failures.contains(&Failure::Copy(count(&cheat))), "{failures:?}");
    }
}

/// The cell that holds 1 less the number of chosen classes.
fn count(cheat: &Cheat) -> Cell {
    let equal = &cheat.case.compiled.program.equal;
    equal.iter().find(|(what, ..)| *what == "one is chosen").unwrap().1
}

#[test]
fn choices_that_add_up_to_one_but_are_not_in_range_are_rejected() {
    let mut cheat = tiny(1);
    let best = cheat.case.trace.top1();
    let maximum = logit(&cheat, best);
    let mut chosen = only(best);
    let other = (best + 1) % CLASSES;
    (chosen[best], chosen[other]) = (2, -1);
    choose(&mut cheat, chosen, maximum);
    expect_unbalanced_lookup(&cheat);
}

/// A number in range is not the one that the program makes: the copy says so, and nothing else.
#[test]
fn gap_or_excess_that_is_not_the_computed_one_is_rejected() {
    let rows = tiny(1).case.compiled.floor.narrow.unwrap();
    for row in [rows.gap(CLASSES, 3), rows.excess(CLASSES)] {
        let mut cheat = tiny(1);
        let r = &mut cheat.witness.cells[1][row];
        *r = if *r == Fr::ZERO { Fr::ONE } else { *r - Fr::ONE };
        recount(&cheat.case.compiled, &mut cheat.witness);
        let failures = cheat.failures();
        assert!(
            failures.contains(&Failure::Copy(Cell::new(Col::AccY, row))),
            "{failures:?}"
        );
        assert!(failures.iter().all(|f| matches!(f, Failure::Copy(_))), "{failures:?}");
    }
}

/// The largest number of the range for a constant lets equal classes pass: no constant is the prover's.
#[test]
fn constant_of_the_program_that_is_another_is_rejected() {
    let (mut cheat, [_, high]) = tie();
    let compiled = cheat.case.compiled.clone();
    let step = compiled
        .program
        .steps
        .iter()
        .find(|step| step.what == "2^s less one")
        .unwrap();
    let maximum = logit(&cheat, high);
    choose(&mut cheat, only(high), maximum);
    // All limits one quotient higher.
    let rows = compiled.floor.narrow.unwrap();
    for j in 0..CLASSES {
        let row = rows.gap(CLASSES, j);
        let (q, r) = (cheat.witness.cells[0][row], cheat.witness.cells[1][row]);
        let gap = match (small(&q), small(&r)) {
            (Some(q), Some(r)) => q as i64 * MODULUS + r as i64,
            _ => -(small(&-r).unwrap() as i64),
        };
        put(&mut cheat, row, gap + MODULUS);
    }
    recount(&compiled, &mut cheat.witness);
    let honest = mock_phase_2(&compiled, &cheat.witness);
    let mut forged = mock_phase_2(&compiled, &cheat.witness);
    cheat.rerun_program(&mut forged.values, |program| {
        for changed in program.steps.iter_mut().filter(|changed| changed.row == step.row) {
            changed.a = Operand::Constant(Fr::from(2 * MODULUS as u64 - 1));
        }
    });
    cheat.edits = edits(&compiled, &honest, &forged);
    let rows = expect_constraint(&cheat.failures(), "narrow constants", "constant");
    assert_eq!(rows, [step.row]);
}

/// The index is one more than the classes before the chosen.
#[test]
fn index_that_the_program_does_not_make_is_rejected() {
    let mut cheat = tiny(1);
    let compiled = cheat.case.compiled.clone();
    let (_, index, _) = *compiled
        .program
        .equal
        .iter()
        .find(|(what, ..)| *what == "output")
        .unwrap();
    cheat.instances[instance::OUTPUT] += Fr::ONE;
    cheat.forge(|phase_2| {
        phase_2.values.acc[index.row] += Fr::ONE;
        phase_2.values.acc_x[instance::OUTPUT] += Fr::ONE;
    });
    let rows = expect_constraint(&cheat.failures(), "arithmetic", "acc' = acc + a·b");
    assert_eq!(rows, [index.row - 1]);
}

/// Numbers for these `b_j` and this maximum by a program that is changed, and the class that it tells.
fn choose_by(chosen: [i64; CLASSES], maximum: i64, change: impl Fn(&mut Program)) -> Cheat {
    let mut cheat = tiny(1);
    choose(&mut cheat, chosen, maximum);
    let compiled = cheat.case.compiled.clone();
    let forged = |cheat: &Cheat| {
        let mut forged = mock_phase_2(&compiled, &cheat.witness);
        cheat.rerun_program(&mut forged.values, &change);
        forged
    };
    let values = forged(&cheat).values;
    for (what, from, to) in &compiled.program.equal {
        if ["gap is in range", "excess is in range"].contains(what) {
            let number = small(&values.get(*from)).expect("the lie makes all of them numbers in range");
            put(&mut cheat, to.row, number as i64);
        }
    }
    recount(&compiled, &mut cheat.witness);
    let (_, index, output) = *(compiled.program.equal.iter().find(|(what, ..)| *what == "output")).unwrap();
    let (honest, mut forged) = (mock_phase_2(&compiled, &cheat.witness), forged(&cheat));
    forged.values.acc_x[output.row] = values.get(index);
    cheat.instances[instance::OUTPUT] = values.get(index);
    assert_ne!(cheat.instances, cheat.case.instances(), "the class is wrong");
    cheat.edits = edits(&compiled, &honest, &forged);
    cheat
}

/// Where the `n`-th step of a purpose is.
fn step(program: &Program, what: &str, n: usize) -> usize {
    let mut of_purpose = (0..program.steps.len()).filter(|i| program.steps[*i].what == what);
    of_purpose.nth(n).expect("a step")
}

/// The largest class, and one that does not win.
fn classes() -> (usize, usize, [i64; CLASSES]) {
    let cheat = tiny(1);
    let best = cheat.case.trace.top1();
    let loser = (0..CLASSES)
        .filter(|j| *j != best)
        .max_by_key(|j| logit(&cheat, *j))
        .unwrap();
    (best, loser, std::array::from_fn(|j| logit(&cheat, j)))
}

/// Purpose and number of a step, its operand, what is chosen, the maximum, and the number in the operand's place.
type Lie = (&'static str, usize, Col, [i64; CLASSES], i64, Operand);

/// Each operand that the class is made of: another number in its place lets a class win that is not the largest, and the copy alone says so.
#[test]
fn operand_of_the_class_that_is_no_copy_is_rejected() {
    let (best, loser, logits) = classes();
    let before = i64::from(best < loser);
    let program = &tiny(1).case.compiled.program;
    let (mut both, minus) = (only(best), |n: i64| Operand::Constant(from_i64(n)));
    both[loser] = 1;
    let numbers = |q: i64| minus(q * MODULUS);
    let lies: [Lie; 4] = [
        // Two are chosen, and one of them is counted.
        (
            "classes before the chosen",
            best,
            Col::A,
            both,
            logits[best] + 1,
            minus(0),
        ),
        // A maximum above the chosen class.
        (
            "limit of the logits",
            0,
            Col::A,
            only(loser),
            logits[loser],
            minus(logits[best] + before),
        ),
        // The largest logit is as small as the chosen one; a gap has two terms.
        (
            "gap to the maximum",
            2 * best + 1,
            Col::A,
            only(loser),
            logits[loser],
            numbers(logits[loser] - before),
        ),
        // The chosen logit is as large as the largest.
        (
            "chosen is the maximum",
            loser,
            Col::B,
            only(loser),
            logits[best] + before,
            numbers(logits[best] + before),
        ),
    ];
    for (what, n, col, chosen, maximum, operand) in lies {
        let step = step(program, what, n);
        let cheat = choose_by(chosen, maximum, |program| match col {
            Col::A => program.steps[step].a = operand,
            _ => program.steps[step].b = operand,
        });
        expect_wrong_copy(&cheat.failures(), Cell::new(col, program.steps[step].row));
    }
}

/// The limit, and the gap of the largest class, other than their sums.
#[test]
fn result_of_the_class_that_the_program_does_not_make_is_rejected() {
    let (best, loser, logits) = classes();
    let before = i64::from(best < loser);
    let limit = (logits[best] + before + 1) * MODULUS - 1;
    for (what, n, result) in [
        ("limit of the logits", 0, limit),
        ("gap to the maximum", 2 * best + 1, 7),
    ] {
        let step = step(&tiny(1).case.compiled.program, what, n);
        let row = tiny(1).case.compiled.program.steps[step].row;
        let cheat = choose_by(only(loser), logits[loser], |program| {
            let instead = Step {
                what: "lie",
                row: row + 1,
                kind: 0,
                a: Operand::Idle,
                b: Operand::Idle,
                acc: Operand::Constant(from_i64(result)),
            };
            program.steps.insert(step + 1, instead);
        });
        let rows = expect_constraint(&cheat.failures(), "arithmetic", "acc' = acc + a·b");
        assert_eq!(rows, [row]);
    }
}
