//! Lies about the five classes.

use crate::cheat::{expect_constraint, expect_unbalanced_lookup, expect_wrong_copy, Cheat, Failure};
use crate::support::{configure, recount, Case};
use assay_prover::circuit::phase2::Phase2;
use assay_prover::circuit::program::{Cell, Col};
use assay_prover::model::{FoldedLayer, OutputMode};
use assay_prover::reference;
use assay_statement::field::{from_i64, Fr};
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::Expression;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// Cell columns of a logit's row.
const LOGIT: usize = 0;
const THRESHOLD: usize = 3;
const GAP: usize = 4;
const THRESHOLD_CLIPPED: usize = 5;
const IS_THRESHOLD: usize = 6;
const CHOSEN: usize = 7;

const CLASSES: usize = 10;
const SHIFT: u32 = 10;

/// What a prover says about the classes, true or not.
#[derive(Clone)]
struct Claim {
    /// In each row, and in the one after them.
    threshold: [i64; CLASSES + 1],
    is_threshold: [i64; CLASSES],
    chosen: [i64; CLASSES],
    /// What the three running columns start with: thresholds, scale, word.
    start: [Fr; 3],
}

impl Claim {
    /// These classes are chosen, this one is the threshold and its logit where they part.
    fn new(case: &Case, chosen: &[usize], threshold: Option<usize>) -> Self {
        let logits = case.trace.logits();
        Self {
            threshold: [threshold.map_or(0, |class| i64::from(logits[class])); CLASSES + 1],
            is_threshold: std::array::from_fn(|class| i64::from(threshold == Some(class))),
            chosen: std::array::from_fn(|class| i64::from(chosen.contains(&class))),
            start: [Fr::ZERO, Fr::ONE, Fr::ZERO],
        }
    }

    /// Writes it into phase 1, gaps as the gate wants them, and the word that follows into the instance; multiplicities match.
    fn write(&self, cheat: &mut Cheat) {
        let start = cheat.case.compiled.floor.logits().start;
        let half = 1i64 << (SHIFT - 1);
        let cells = &mut cheat.witness.cells;
        for (n, threshold) in self.threshold.iter().enumerate() {
            cells[THRESHOLD][start + n] = from_i64(*threshold);
            cells[THRESHOLD_CLIPPED][start + n] = from_i64((threshold - half).clamp(0, 255));
        }
        let [mut after, mut scale, mut word] = self.start;
        for class in 0..CLASSES {
            let row = start + class;
            let [chosen, is_threshold] = [self.chosen, self.is_threshold].map(|values| from_i64(values[class]));
            let above = cells[LOGIT][row] - cells[THRESHOLD][row];
            let before = Fr::ONE - after - is_threshold;
            cells[CHOSEN][row] = chosen;
            cells[IS_THRESHOLD][row] = is_threshold;
            cells[GAP][row] = chosen * (above - after) - (Fr::ONE - chosen) * (above + before);
            word += chosen * scale * Fr::from(class as u64);
            after += is_threshold;
            scale += Fr::from(65_535) * chosen * scale;
        }
        cheat.instances[instance::OUTPUT] = word;
        recount(&cheat.case.compiled, &mut cheat.witness);
        let starts = self.start;
        if starts != [Fr::ZERO, Fr::ONE, Fr::ZERO] {
            let rows = rows(cheat);
            let cells = cheat.witness.cells.clone();
            cheat.forge(|p| run_from(p, &cells, rows, starts));
        }
    }

    fn cheat(&self, case: Case) -> Cheat {
        let mut cheat = Cheat::of(case);
        self.write(&mut cheat);
        cheat
    }
}

/// The running columns over the cells, from other starts than theirs.
fn run_from(phase_2: &mut Phase2, cells: &[Vec<Fr>], rows: Range<usize>, [after, scale, word]: [Fr; 3]) {
    let values = &mut phase_2.values;
    (values.b[rows.start], values.a[rows.start], values.acc[rows.start]) = (after, scale, word);
    for (class, row) in rows.enumerate() {
        let moved = cells[CHOSEN][row] * values.a[row];
        values.b[row + 1] = values.b[row] + cells[IS_THRESHOLD][row];
        values.a[row + 1] = values.a[row] + Fr::from(65_535) * moved;
        values.acc[row + 1] = values.acc[row] + moved * Fr::from(class as u64);
    }
}

fn rows(cheat: &Cheat) -> Range<usize> {
    cheat.case.compiled.floor.logits().rows()
}

fn word(classes: &[usize]) -> Fr {
    let place = |(n, class): (usize, &usize)| Fr::from(*class as u64) * Fr::from(1 << 16).pow([n as u64]);
    classes.iter().enumerate().map(place).sum()
}

fn case(seed: u64) -> Case {
    Case::tiny_with(OutputMode::Top5, seed)
}

/// All classes, best first.
fn ranked(case: &Case) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..CLASSES).collect();
    classes.sort_by_key(|class| (-logit(case, *class), *class));
    classes
}

fn logit(case: &Case, class: usize) -> i64 {
    i64::from(case.trace.logits()[class])
}

/// The first seed whose classes, best first, are as wanted.
fn found(wanted: impl Fn(&Case, &[usize]) -> bool) -> (Case, Vec<usize>) {
    for seed in 0..200 {
        let case = case(seed);
        let ranked = ranked(&case);
        if wanted(&case, &ranked) {
            return (case, ranked);
        }
    }
    panic!("no seed has such classes");
}

/// The fifth and the sixth class are equal, and no other; the fifth is not class 0.
fn tie() -> (Case, Vec<usize>) {
    for seed in 0..200 {
        let mut case = case(seed);
        let ranked_before = ranked(&case);
        let (fifth, sixth) = (ranked_before[4], ranked_before[5]);
        let inputs = case.compiled.frozen.architecture.layers[12].output.c;
        match case.folded.layers.last_mut() {
            Some(FoldedLayer::Conv { weights, bias }) => {
                weights.copy_within(fifth * inputs..(fifth + 1) * inputs, sixth * inputs);
                bias[sixth] = bias[fifth];
            }
            _ => unreachable!("the last layer is fully connected"),
        }
        case.trace = reference::run(&case.compiled.frozen.architecture, &case.folded, &case.image).unwrap();
        let ranked = ranked(&case);
        let differ = |a: usize, b: usize| logit(&case, ranked[a]) != logit(&case, ranked[b]);
        if !differ(4, 5) && differ(3, 4) && differ(5, 6) && ranked[4] > 0 {
            return (case, ranked);
        }
    }
    panic!("no seed has such a tie");
}

#[test]
fn honest_claim_is_accepted_ties_included() {
    for (case, ranked) in [found(|_, _| true), tie()] {
        let mut five = ranked[..5].to_vec();
        let claim = Claim::new(&case, &five, Some(ranked[4]));
        let cheat = claim.cheat(case);
        five.sort_unstable();
        assert_eq!(cheat.instances[instance::OUTPUT], word(&five));
        assert_eq!(cheat.instances, cheat.case.instances());
        assert_eq!(cheat.failures(), []);
    }
}

/// Whatever five classes a prover claims, the lookup notices: with the threshold at the least of them, some gap is below 0.
#[test]
fn any_other_five_classes_are_rejected() {
    let five_of = |mask: u32| (0..CLASSES).filter(move |class| mask >> class & 1 == 1);
    let (_, ranked) = found(|_, _| true);
    let truth: u32 = ranked[..5].iter().map(|class| 1 << class).sum();
    // The 25 sets that differ in one class, and every tenth of the others.
    let differ = |mask: u32| (mask ^ truth).count_ones() / 2;
    let others = (0..1u32 << CLASSES).filter(|mask| mask.count_ones() == 5 && differ(*mask) > 0);
    for (_, mask) in others.enumerate().filter(|(n, mask)| n % 10 == 0 || differ(*mask) == 1) {
        let (case, ranked) = found(|_, _| true);
        let five: Vec<usize> = five_of(mask).collect();
        let least = ranked.iter().rfind(|class| five.contains(class)).copied();
        let cheat = Claim::new(&case, &five, least).cheat(case);
        expect_unbalanced_lookup(&cheat);
    }
}

#[test]
fn tie_broken_towards_the_higher_class_is_rejected() {
    let (case, ranked) = tie();
    let (low, high) = (ranked[4], ranked[5]);
    let five = [&ranked[..4], &[high]].concat();
    let claim = Claim::new(&case, &five, Some(high));
    let mut cheat = claim.cheat(case);
    // The lower one's gap is −1.
    expect_unbalanced_lookup(&cheat);

    let row = rows(&cheat).start + low;
    cheat.witness.cells[GAP][row] = Fr::ZERO;
    recount(&cheat.case.compiled, &mut cheat.witness);
    assert_eq!(
        expect_constraint(&cheat.failures(), "top5", "gap to the threshold"),
        [row]
    );
}

/// A count that is 1 at the lower of two equal classes, and 0 again at the higher one.
#[test]
fn tie_broken_by_a_count_that_does_not_count_is_rejected() {
    let (case, ranked) = tie();
    let (low, high) = (ranked[4], ranked[5]);
    let five = [&ranked[..4], &[high]].concat();
    let claim = Claim::new(&case, &five, Some(high));
    let mut cheat = claim.cheat(case);
    let rows = rows(&cheat);
    cheat.witness.cells[GAP][rows.start + low] = Fr::ZERO;
    recount(&cheat.case.compiled, &mut cheat.witness);
    cheat.forge(|p| p.values.b[rows.start + low] = Fr::ONE);
    let wrong = expect_constraint(&cheat.failures(), "top5", "threshold so far");
    assert_eq!(wrong, [rows.start + low - 1, rows.start + low]);
}

/// The sixth class instead of the fifth, with gaps that are none.
#[test]
fn class_that_is_not_among_the_largest_is_rejected() {
    let (case, ranked) = found(|case, ranked| logit(case, ranked[4]) > logit(case, ranked[5]));
    let five = [&ranked[..4], &[ranked[5]]].concat();
    let claim = Claim::new(&case, &five, Some(ranked[5]));
    let mut cheat = claim.cheat(case);
    expect_unbalanced_lookup(&cheat);
    let row = rows(&cheat).start + ranked[4];
    cheat.witness.cells[GAP][row] = Fr::ZERO;
    recount(&cheat.case.compiled, &mut cheat.witness);
    assert_eq!(
        expect_constraint(&cheat.failures(), "top5", "gap to the threshold"),
        [row]
    );
}

/// Each row has the threshold that suits it.
#[test]
fn threshold_that_differs_between_classes_is_rejected() {
    let (case, ranked) = found(|case, ranked| (1..1023).contains(&logit(case, ranked[9])));
    let five = [ranked[9], ranked[1], ranked[8], ranked[3], ranked[6]];
    let mut claim = Claim::new(&case, &five, Some(ranked[9]));
    for class in 0..CLASSES {
        let (after, before) = (i64::from(class > ranked[9]), i64::from(class < ranked[9]));
        claim.threshold[class] = if five.contains(&class) {
            logit(&case, class) - after
        } else {
            logit(&case, class) + before
        };
    }
    claim.threshold[CLASSES] = claim.threshold[CLASSES - 1];
    let cheat = claim.cheat(case);
    expect_constraint(&cheat.failures(), "top5", "one threshold");
}

/// It parts the same five from the rest, but is not the fifth class's: there is one witness.
#[test]
fn threshold_that_is_no_logit_is_rejected() {
    let (case, ranked) = found(|case, ranked| logit(case, ranked[4]) >= logit(case, ranked[5]) + 2);
    let mut claim = Claim::new(&case, &ranked[..5], Some(ranked[4]));
    claim.threshold = claim.threshold.map(|threshold| threshold - 1);
    let cheat = claim.cheat(case);
    let row = rows(&cheat).start + ranked[4];
    assert_eq!(
        expect_constraint(&cheat.failures(), "top5", "threshold is its class's logit"),
        [row]
    );
}

/// The sixth class parts the same five from the rest, too.
#[test]
fn threshold_that_is_not_chosen_is_rejected() {
    let (case, ranked) = found(|_, _| true);
    let cheat = Claim::new(&case, &ranked[..5], Some(ranked[5])).cheat(case);
    let row = rows(&cheat).start + ranked[5];
    assert_eq!(
        expect_constraint(&cheat.failures(), "top5", "threshold is chosen"),
        [row]
    );
}

#[test]
fn no_threshold_is_rejected() {
    let (case, ranked) = found(|case, ranked| logit(case, ranked[4]) > logit(case, ranked[5]));
    let mut claim = Claim::new(&case, &ranked[..5], None);
    claim.threshold = [logit(&case, ranked[4]); CLASSES + 1];
    let cheat = claim.cheat(case);
    expect_wrong_copy(&cheat.failures(), Cell::new(Col::B, rows(&cheat).end));
}

/// As if a class before the first were the threshold.
#[test]
fn count_of_thresholds_not_started_at_zero_is_rejected() {
    let (case, ranked) = found(|case, ranked| logit(case, ranked[4]) > logit(case, ranked[5]));
    let mut claim = Claim::new(&case, &ranked[..5], None);
    claim.threshold = [logit(&case, ranked[5]); CLASSES + 1];
    claim.start[0] = Fr::ONE;
    let cheat = claim.cheat(case);
    expect_wrong_copy(&cheat.failures(), Cell::new(Col::B, rows(&cheat).start));
}

#[test]
fn four_or_six_chosen_classes_are_rejected() {
    for count in [4, 6] {
        let (case, ranked) = found(|_, _| true);
        let cheat = Claim::new(&case, &ranked[..count], Some(ranked[count - 1])).cheat(case);
        expect_wrong_copy(&cheat.failures(), Cell::new(Col::A, rows(&cheat).end));
    }
}

/// A scale that starts where one class is packed already: class 0 would be among the five whatever its logit.
#[test]
fn scale_that_does_not_start_at_one_is_rejected() {
    let (case, ranked) = found(|_, ranked| !ranked[..5].contains(&0));
    let mut four = ranked[..4].to_vec();
    let mut claim = Claim::new(&case, &four, Some(ranked[3]));
    claim.start[1] = Fr::from(1 << 16);
    let cheat = claim.cheat(case);
    four.push(0);
    four.sort_unstable();
    assert_eq!(cheat.instances[instance::OUTPUT], word(&four));
    expect_wrong_copy(&cheat.failures(), Cell::new(Col::A, rows(&cheat).start));
}

#[test]
fn word_that_does_not_start_at_zero_is_rejected() {
    let (case, ranked) = found(|_, _| true);
    let mut claim = Claim::new(&case, &ranked[..5], Some(ranked[4]));
    claim.start[2] = Fr::ONE;
    let cheat = claim.cheat(case);
    expect_wrong_copy(&cheat.failures(), Cell::new(Col::Acc, rows(&cheat).start));
}

/// Four classes are chosen and the scale moves on five times, or six and it moves on five times.
#[test]
fn scale_that_does_not_count_the_chosen_is_rejected() {
    for count in [4, 6] {
        let (case, ranked) = found(|_, ranked| ranked[..6].iter().all(|class| *class < 9));
        let claim = Claim::new(&case, &ranked[..count], Some(ranked[count - 1]));
        let mut cheat = claim.cheat(case);
        let rows = rows(&cheat);
        let five_moves = Fr::from(2).pow([80]);
        // After the last chosen class, so that the word stays what it is.
        cheat.forge(|p| p.values.a[rows.end] = five_moves);
        let failures = cheat.failures();
        assert_eq!(
            expect_constraint(&failures, "top5", "scale moves on at the chosen"),
            [rows.end - 1]
        );
    }
}

/// The word is what the last row says, if nothing looks there: another order, a class twice, other places, another class.
#[test]
fn word_that_does_not_pack_the_chosen_in_order_is_rejected() {
    let (_, ranked) = found(|_, _| true);
    let mut five = ranked[..5].to_vec();
    five.sort_unstable();
    let mut reversed = five.clone();
    reversed.reverse();
    let twice = [five[0], five[1], five[2], five[3], five[3]];
    let shifted = word(&five) * Fr::from(1 << 16);
    let narrow = (five.iter().enumerate())
        .map(|(n, class)| Fr::from((*class as u64) << (8 * n)))
        .sum();
    let other = [&five[..4], &[9 + usize::from(five[4] == 9)]].concat();
    for lie in [word(&reversed), word(&twice), shifted, narrow, word(&other)] {
        let (case, ranked) = found(|_, _| true);
        let claim = Claim::new(&case, &ranked[..5], Some(ranked[4]));
        let mut cheat = claim.cheat(case);
        let end = rows(&cheat).end;
        assert_ne!(lie, word(&five));
        cheat.forge(|p| p.values.acc[end] = lie);
        cheat.instances[instance::OUTPUT] = lie;
        assert_eq!(
            expect_constraint(&cheat.failures(), "top5", "chosen in the word"),
            [end - 1]
        );
    }
}

#[test]
fn instance_that_is_not_the_word_is_rejected() {
    let (case, _) = found(|_, _| true);
    let mut cheat = Cheat::of(case);
    cheat.instances[instance::OUTPUT] += Fr::ONE;
    let failures = cheat.failures();
    assert!(failures.contains(&Failure::Instance(instance::OUTPUT)), "{failures:?}");
    assert!(
        !failures.iter().any(|f| matches!(f, Failure::Gate { .. })),
        "{failures:?}"
    );
}

/// A class that counts twice: the boolean's constraint, and the scale, which such a class takes to no power of 2^16. No lie is
/// known that the first alone stops.
#[test]
fn class_that_is_chosen_twice_is_rejected() {
    let twice = |case: &Case, ranked: &[usize]| {
        let above = logit(case, ranked[0]) - logit(case, ranked[3]);
        (0..300).contains(&above) && ranked[0] != ranked[3]
    };
    let (case, ranked) = found(twice);
    let mut claim = Claim::new(&case, &ranked[..4], Some(ranked[3]));
    claim.chosen[ranked[0]] = 2;
    let cheat = claim.cheat(case);
    let names: BTreeSet<String> = cheat
        .failures()
        .into_iter()
        .map(|failure| match failure {
            Failure::Gate { gate, constraint, .. } => format!("{gate}: {constraint}"),
            Failure::Copy(cell) if cell.col == Col::A => "five are chosen".into(),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = ["five are chosen", "top5: chosen is boolean"].map(str::to_owned);
    assert_eq!(names, BTreeSet::from(expected));
}

/// One row's cells as the gate sees them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Row {
    logit: i64,
    threshold: i64,
    after: i64,
    is_threshold: i64,
    chosen: i64,
}

/// The constraints of the gate, evaluated in one row of class 0.
struct Gate {
    constraints: Vec<Expression<Fr>>,
    columns: assay_prover::circuit::Columns,
    known: HashMap<Row, bool>,
}

impl Gate {
    fn new() -> Self {
        let (cs, columns) = configure(&case(0).compiled);
        let gate = cs.gates().iter().find(|gate| gate.name() == "top5").expect("the gate");
        assert_eq!(gate.polynomials().len(), 8);
        Self {
            constraints: gate.polynomials().to_vec(),
            columns,
            known: HashMap::new(),
        }
    }

    /// Whether some gap of the range table fits, with running columns that go on as they should.
    fn admits(&mut self, row: Row) -> bool {
        if let Some(known) = self.known.get(&row) {
            return *known;
        }
        let admitted = (0..1 << SHIFT).any(|gap| self.holds(row, gap));
        self.known.insert(row, admitted);
        admitted
    }

    fn holds(&self, row: Row, gap: i64) -> bool {
        let Columns { a, b, acc, cells } = Columns::of(&self.columns);
        let value = |column: usize, rotation: i32| {
            let number = match (column, rotation) {
                (c, 0) if c == cells[LOGIT] => row.logit,
                (c, _) if c == cells[THRESHOLD] => row.threshold,
                (c, 0) if c == cells[GAP] => gap,
                (c, 0) if c == cells[IS_THRESHOLD] => row.is_threshold,
                (c, 0) if c == cells[CHOSEN] => row.chosen,
                (c, 0) if c == b => row.after,
                (c, 1) if c == b => row.after + row.is_threshold,
                (c, 0) if c == a => 1,
                (c, 1) if c == a => 1 + 65_535 * row.chosen,
                // Class 0 adds nothing.
                (c, _) if c == acc => 0,
                other => panic!("the gate reads {other:?}"),
            };
            from_i64(number)
        };
        self.constraints.iter().all(|constraint| {
            let found = constraint.evaluate(
                &|v| v,
                &|_| unreachable!("there are no selectors"),
                &|_| Fr::ONE,
                &|q| value(q.column_index(), q.rotation().0),
                &|_| unreachable!("no gate reads an instance"),
                &|_| unreachable!("the gate has no challenge"),
                &|a| -a,
                &|a, b| a + b,
                &|a, b| a * b,
                &|a, f| a * f,
            );
            found == Fr::ZERO
        })
    }
}

/// Indices of the columns that the gate reads.
struct Columns {
    a: usize,
    b: usize,
    acc: usize,
    cells: Vec<usize>,
}

impl Columns {
    fn of(columns: &assay_prover::circuit::Columns) -> Self {
        Self {
            a: columns.a.index(),
            b: columns.b.index(),
            acc: columns.acc.index(),
            cells: columns.cells.iter().map(|column| column.index()).collect(),
        }
    }
}

/// All logits of seven classes out of three numbers, all thresholds, all choices: one fits, the five that are largest by
/// number and then by index.
#[test]
fn exactly_one_solution_exists_ties_included() {
    const SOME: usize = 7;
    let mut gate = Gate::new();
    for code in 0..3usize.pow(SOME as u32) {
        let logits: Vec<i64> = (0..SOME)
            .map(|n| (code / 3usize.pow(n as u32) % 3) as i64 + 1)
            .collect();
        let mut expected: Vec<usize> = (0..SOME).collect();
        expected.sort_by_key(|class| (-logits[*class], *class));
        let truth: u32 = expected[..5].iter().map(|class| 1 << class).sum();
        let mut solutions = Vec::new();
        for (threshold, class) in (0..=4).flat_map(|m| (0..SOME).map(move |k| (m, k))) {
            // Sets of classes that every row so far admits.
            let mut sets = vec![0u32];
            for (j, logit) in logits.iter().enumerate() {
                let mut admits = |chosen| {
                    gate.admits(Row {
                        logit: *logit,
                        threshold,
                        after: i64::from(j > class),
                        is_threshold: i64::from(j == class),
                        chosen,
                    })
                };
                let (left_out, chosen) = (admits(0), admits(1));
                let with = |set: &u32| [left_out.then_some(*set), chosen.then_some(set | 1 << j)];
                sets = sets.iter().flat_map(with).flatten().collect();
            }
            let five = sets.into_iter().filter(|set| set.count_ones() == 5);
            solutions.extend(five.map(|set| (set, class, threshold)));
        }
        let fifth = expected[4];
        assert_eq!(solutions, [(truth, fifth, logits[fifth])], "{logits:?}");
    }
}

#[test]
fn reference_packs_the_five_in_ascending_order() {
    let (case, ranked) = found(|_, _| true);
    let mut five = ranked[..5].to_vec();
    five.sort_unstable();
    let outputs = case.trace.outputs(OutputMode::Top5);
    assert_eq!(outputs.len(), 1);
    assert_eq!(Fr::from(outputs[0] as u64), word(&five[..4]));
    assert_eq!((outputs[0] >> 64) as usize, five[4]);
}
