//! Every assigned cell of a small circuit changed by one: what survives is idle, and said to be.
//!
//! Besides, the hash and phase 2 must leave no choice: everything in them follows from the rest and the challenges.
//!
//! Three sweeps over a network with every kind of layer:
//! 1. any cell alone, all others as they were;
//! 2. a cell of phase 1, phase 2 computed anew from it;
//! 3. an activation, with its output and the multiplicities to match, phase 2 computed anew.

mod support;

#[path = "soundness/cheat.rs"]
#[expect(dead_code, reason = "the soundness tests use all of it")]
mod cheat;
#[path = "soundness/checker.rs"]
mod checker;
#[path = "soundness/narrow_sweep.rs"]
mod narrow_sweep;
#[path = "soundness/recorder.rs"]
mod recorder;

use assay_prover::circuit::{Compiled, Edit, FrozenArchitecture};
use assay_prover::model::random::{joined_network, kernel_network, tiny_network};
use assay_prover::model::{Architecture, OutputMode};
use assay_prover::witness::Witness;
use assay_statement::field::Fr;
use cheat::{Cheat, Failure};
use checker::{Checker, Choice, Table, Violations};
use halo2_proofs::halo2curves::ff::Field;
use rand::seq::SliceRandom;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use std::collections::BTreeMap;
use support::{recount, small, tiny_with, Case, SALT_ROWS, TWO_LIMBS};

/// Outputs with a gate of their own; a bit has that of the class.
const OTHER_OUTPUTS: [OutputMode; 2] = [OutputMode::Top5, OutputMode::Logits];

/// What a cell is for, and why nothing reads it if so.
type Class = (String, Option<&'static str>);

fn used(name: impl Into<String>) -> Class {
    (name.into(), None)
}

fn idle(name: impl Into<String>, why: &'static str) -> Class {
    (name.into(), Some(why))
}

const PARTS: [&str; 3] = ["quotient", "remainder", "output"];

/// The class of a cell, from the floor plan alone.
fn class(checker: &Checker, compiled: &Compiled, (column, row): (usize, usize)) -> Class {
    let (layout, floor, fixed) = (&compiled.frozen.layout, &compiled.floor, &compiled.fixed);
    let columns = &checker.columns;
    if column < layout.weight_columns {
        return match fixed.weight_kind[row] {
            _ if floor.salt_rows(layout).contains(&row) => idle("salt row", "random by design"),
            0 => idle("weight column: unused row", "between the weights and the salt"),
            1 | 2 => used("weight in a chain"),
            3 if column < 3 => used("weight in a kernel row"),
            4 if column == 0 => used("single weight"),
            _ => idle(
                "weight column: beside a kernel row or single weight",
                "its row uses fewer columns",
            ),
        };
    }
    let n = column - layout.weight_columns;
    if n < layout.cell_columns() {
        return cell_class(compiled, n, row);
    }
    let on = row < floor.on_rows;
    if let Some(lane) = columns.high.iter().position(|c| c.index() == column) {
        return if on {
            activation_class(compiled, lane, "high limb", row)
        } else {
            idle("high limb: unused row", "outside the tensor rows")
        };
    }
    let at = |c: halo2_proofs::plonk::Column<halo2_proofs::plonk::Advice>| c.index() == column;
    let outside = "outside the tensor rows";
    if at(columns.pair_multiplicity) || at(columns.range_multiplicity) {
        return if on {
            used("multiplicity")
        } else {
            idle("multiplicity: no table row", outside)
        };
    }
    if columns.helpers.iter().any(|h| at(*h)) {
        return if on {
            used("logup helper")
        } else {
            idle("logup helper: unused row", outside)
        };
    }
    if at(columns.phi) {
        return if row <= floor.on_rows {
            used("logup sum")
        } else {
            idle("logup sum: unused row", outside)
        };
    }
    let folded = fixed.block[row] == 1;
    let hash_word = fixed.block[row] == 2;
    if at(columns.acc_x) {
        let used_here = on || folded || hash_word;
        return if used_here {
            used("acc_x")
        } else {
            idle("acc_x: unused row", "no tensor, garbage or word here")
        };
    }
    if at(columns.acc_y) {
        return if on || folded {
            used("acc_y")
        } else {
            idle("acc_y: unused row", "no tensor, garbage or word here")
        };
    }
    if at(columns.acc_w) {
        let here = fixed.weight_kind[row] != 0;
        return if here {
            used("acc_w")
        } else {
            idle("acc_w: unused row", "no weights here")
        };
    }
    arithmetic_class(checker, compiled, (column, row))
}

fn cell_class(compiled: &Compiled, n: usize, row: usize) -> Class {
    let (layout, floor, fixed) = (&compiled.frozen.layout, &compiled.floor, &compiled.fixed);
    let (lane, part) = (n / 3, PARTS[n % 3]);
    if row < floor.on_rows {
        return activation_class(compiled, lane, part, row);
    }
    match fixed.block[row] {
        1 if n >= layout.fold() => idle("cells: beside garbage and words", "a row folds a power of two of them"),
        1 if row < floor.words => {
            let mut garbage = floor
                .garbage
                .iter()
                .enumerate()
                .filter_map(|(i, g)| g.as_ref().map(|g| (i, g)));
            let here = garbage
                .rfind(|(_, g)| g.start <= row)
                .expect("the row is one of garbage");
            let slot = (row - here.1.start) % here.1.chain * layout.fold() + n;
            let slots = floor.weights[here.0].slots;
            let mut channels = 0..compiled.frozen.architecture.layers[here.0].output.c;
            let real = channels.any(|o| slots.of(o) == slot);
            used(if real {
                "garbage coefficient"
            } else {
                "garbage, beyond the last channel"
            })
        }
        1 => used("byte of an image word"),
        _ if (floor.poseidon..floor.end).contains(&row) => match n {
            1..=3 if row == floor.poseidon => idle("cells: beside the hash", "no call ends before the first"),
            0..=3 => used("hash state"),
            4 if fixed.round[row] != 0 => used("hash square"),
            5..=7 if fixed.round[row] == 1 => used("hash square"),
            _ => idle(
                "cells: beside the hash",
                "partial rounds square one word, boundaries none",
            ),
        },
        _ => idle("cells: unused row", "the boundary row and the rows below the hash"),
    }
}

/// Of a tensor row.
fn activation_class(compiled: &Compiled, lane: usize, part: &str, row: usize) -> Class {
    let (floor, fixed) = (&compiled.floor, &compiled.fixed);
    let Some(t) = floor.tensors.iter().position(|t| t.rows().contains(&row)) else {
        return used(format!("tensor row without a tensor: {part}"));
    };
    let name = match t {
        0 => "image",
        _ if t + 1 == floor.tensors.len() => return used(format!("logits, lane {lane}: {part}")),
        _ => "activation",
    };
    let real = lane == 0 || fixed.coefficients[lane - 1][row] == 1;
    used(format!("{name}{}: {part}", if real { "" } else { ", tail" }))
}

fn arithmetic_class(checker: &Checker, compiled: &Compiled, (column, row): (usize, usize)) -> Class {
    let columns = &checker.columns;
    let name = [(columns.a, "a"), (columns.b, "b"), (columns.acc, "acc")]
        .into_iter()
        .find(|(c, _)| c.index() == column);
    let name = name.expect("all other columns are taken").1;
    let floor = &compiled.floor;
    let logits = floor.logits().rows();
    let (here, after) = (logits.contains(&row), row == logits.end);
    let (output, of_output) = match compiled.frozen.architecture.output {
        OutputMode::Top1 | OutputMode::Bit => ("argmax", (here || after) && name != "a"),
        OutputMode::Top5 => ("top5", here || after),
        OutputMode::Logits => ("logits", here && name == "acc"),
    };
    let strided = name == "acc" && row < floor.on_rows && {
        // An image that is read whole has one sum, and the logits' rows are none.
        let tensor = floor.tensors.iter().find(|tensor| tensor.rows().contains(&row));
        tensor.is_some_and(|tensor| tensor.strided)
    };
    let program = &compiled.program;
    let step = program.steps.iter().find(|s| s.row == row);
    let operand = step.is_some_and(|s| match name {
        "a" => s.kind != 0 || s.a != assay_prover::circuit::program::Operand::Idle,
        "b" => s.kind != 0 || s.b != assay_prover::circuit::program::Operand::Idle,
        _ => s.kind != 0 || s.acc != assay_prover::circuit::program::Operand::Idle,
    });
    let result = name == "acc" && program.steps.iter().any(|s| s.row + 1 == row && s.kind != 0);
    let hash = compiled.fixed.block[row] == 2;
    let boundary = compiled.fixed.boundary.contains(&row) && name != "acc";
    if of_output {
        used(format!("{output}: {name}"))
    } else if strided {
        used("acc: odd columns of a tensor")
    } else if operand || result || hash || boundary {
        used(format!("arithmetic: {name}"))
    } else {
        idle(
            format!("arithmetic: {name}, unused row"),
            "no step here, or one without this operand",
        )
    }
}

#[derive(Default)]
struct Count {
    tried: usize,
    survived: usize,
    why: Option<&'static str>,
}

/// Prints and returns the number of survivors by class.
fn report(title: &str, results: impl IntoIterator<Item = (Class, bool)>) -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for ((name, why), survived) in results {
        let count = counts.entry(name).or_default();
        count.tried += 1;
        count.survived += usize::from(survived);
        count.why = why;
    }
    eprintln!(
        "\n{title}\n{:>8} {:>8} {:>9}  class of cell",
        "tried", "rejected", "survivors"
    );
    for (name, c) in &counts {
        let why = c
            .why
            .filter(|_| c.survived > 0)
            .map_or(String::new(), |why| format!(" ({why})"));
        eprintln!(
            "{:>8} {:>8} {:>9}  {name}{why}",
            c.tried,
            c.tried - c.survived,
            c.survived
        );
    }
    let (tried, survived) = counts.values().fold((0, 0), |(t, s), c| (t + c.tried, s + c.survived));
    eprintln!("{tried:>8} {:>8} {survived:>9}  in all", tried - survived);
    counts
}

struct Sweep {
    case: Case,
    checker: Checker,
    witness: Witness,
    instances: Vec<Fr>,
    readers: Vec<Vec<u64>>,
}

impl Sweep {
    fn new(lanes: usize) -> Self {
        Self::with(tiny_network(10), lanes)
    }

    fn with(architecture: Architecture, lanes: usize) -> Self {
        let frozen = FrozenArchitecture::plan_with(architecture, lanes, SALT_ROWS).unwrap();
        // A weight that multiplies nothing but zeros may be anything: no channel is all zeros.
        let is_lively = |case: &Case| {
            let layers = &case.compiled.frozen.architecture.layers;
            let maps = case.trace.layers.iter().zip(&layers[..layers.len() - 1]);
            let mut channels = maps.flat_map(|(trace, layer)| trace.out.chunks(layer.output.h * layer.output.w));
            channels.all(|channel| channel.iter().any(|x| *x > 0))
        };
        let mut cases = (11..).map(|seed| Case::frozen(frozen.clone(), seed));
        let case = cases.find(is_lively).expect("some image moves everything");
        let checker = Checker::new(&case);
        let (witness, instances) = (case.witness(), case.instances());
        let honest = checker.violations(&checker.table(&witness, &checker.phase_2(&witness)), &instances);
        assert_eq!(honest, Violations::default());
        let readers = checker.readers();
        Self {
            case,
            checker,
            witness,
            instances,
            readers,
        }
    }

    fn table(&self) -> Table {
        self.checker.table(&self.witness, &self.checker.phase_2(&self.witness))
    }

    fn class(&self, cell: (usize, usize)) -> Class {
        class(&self.checker, &self.case.compiled, cell)
    }

    fn is_idle(&self, cell: (usize, usize)) -> bool {
        self.readers[cell.0][cell.1] == 0 && !self.checker.is_copied(cell)
    }

    fn cells(&self, columns: std::ops::Range<usize>) -> Vec<(usize, usize)> {
        columns
            .flat_map(|c| (0..self.case.compiled.floor.usable).map(move |row| (c, row)))
            .collect()
    }

    fn phase_1_columns(&self) -> usize {
        let layout = &self.case.compiled.frozen.layout;
        layout.weight_columns + layout.cell_columns() + 2 + self.witness.high.len()
    }

    /// The witness with one cell of phase 1 larger by one.
    fn mutated(&self, (column, row): (usize, usize)) -> Witness {
        let mut witness = self.witness.clone();
        let (weights, cells) = (witness.weights.len(), witness.cells.len());
        let values = match column {
            c if c < weights => &mut witness.weights[c],
            c if c < weights + cells => &mut witness.cells[c - weights],
            c if c == weights + cells => &mut witness.pair_multiplicity,
            c if c == weights + cells + 1 => &mut witness.range_multiplicity,
            c => &mut witness.high[c - weights - cells - 2],
        };
        values[row] += Fr::ONE;
        witness
    }

    /// At most `limit` cells of each class.
    fn sample(&self, cells: Vec<(usize, usize)>, limit: usize) -> Vec<(usize, usize)> {
        let mut by_class: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        for cell in cells {
            by_class.entry(self.class(cell).0).or_default().push(cell);
        }
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        by_class
            .into_values()
            .flat_map(|cells| cells.choose_multiple(&mut rng, limit).copied().collect::<Vec<_>>())
            .collect()
    }
}

/// Sweep 1: the changed cell alone.
fn every_cell_alone(sweep: &Sweep) {
    let lanes = sweep.case.compiled.frozen.layout.lanes;
    let table = sweep.table();
    let cells = sweep.cells(0..table.len());
    let survived: Vec<bool> = cells
        .par_iter()
        .map(|c| !sweep.checker.notices(&table, *c, table[c.0][c.1] + Fr::ONE))
        .collect();
    let expected = |cell: (usize, usize)| (sweep.is_idle(cell), sweep.class(cell).1.is_some());
    let surprises: Vec<_> = (cells.iter().zip(&survived))
        .filter(|(cell, survived)| expected(**cell) != (**survived, **survived))
        .map(|(cell, survived)| (sweep.class(*cell).0, cell, survived))
        .collect();
    let (count, some) = (surprises.len(), &surprises[..surprises.len().min(20)]);
    assert!(surprises.is_empty(), "{count} cells, among them {some:#?}");
    let title = format!(
        "any cell alone + 1, {lanes} activations per row, {:?}",
        sweep.case.compiled.frozen.layout
    );
    report(&title, cells.iter().map(|c| sweep.class(*c)).zip(survived));
}

#[test]
fn every_changed_cell_is_noticed_unless_it_is_idle() {
    every_cell_alone(&Sweep::new(3));
}

#[test]
fn every_changed_cell_is_noticed_with_tails_in_the_rows_too() {
    every_cell_alone(&Sweep::new(4));
}

#[test]
fn every_changed_cell_is_noticed_whatever_the_output() {
    for output in OTHER_OUTPUTS {
        every_cell_alone(&Sweep::with(tiny_with(output), 3));
    }
}

#[test]
fn changed_cell_of_phase_1_is_rejected_whatever_follows_honestly() {
    changed_phase_1(&Sweep::new(3));
}

#[test]
fn changed_cell_of_phase_1_is_rejected_whatever_the_output() {
    for output in OTHER_OUTPUTS {
        changed_phase_1(&Sweep::with(tiny_with(output), 3));
    }
}

#[test]
fn every_changed_cell_is_noticed_whatever_the_kernels() {
    every_cell_alone(&Sweep::with(kernel_network(10), 3));
    every_cell_alone(&Sweep::with(kernel_network(10), 4));
}

#[test]
fn every_changed_cell_is_noticed_where_remainders_have_two_limbs() {
    every_cell_alone(&Sweep::with(tiny_network(TWO_LIMBS), 4));
}

#[test]
fn every_changed_cell_is_noticed_where_channels_are_joined() {
    every_cell_alone(&Sweep::with(joined_network(10), 3));
}

#[test]
fn changed_cell_of_phase_1_is_rejected_where_remainders_have_two_limbs() {
    changed_phase_1(&Sweep::with(tiny_network(TWO_LIMBS), 3));
}

#[test]
fn changed_cell_of_phase_1_is_rejected_whatever_the_kernels() {
    changed_phase_1(&Sweep::with(kernel_network(10), 3));
}

#[test]
fn changed_cell_of_phase_1_is_rejected_where_channels_are_joined() {
    changed_phase_1(&Sweep::with(joined_network(10), 3));
}

/// Sweep 2.
fn changed_phase_1(sweep: &Sweep) {
    let cells = sweep.sample(sweep.cells(0..sweep.phase_1_columns()), 150);
    let survived: Vec<bool> = cells
        .par_iter()
        .map(|cell| {
            sweep
                .checker
                .accepts_recomputed(&sweep.mutated(*cell), &sweep.instances)
        })
        .collect();
    for (cell, survived) in cells.iter().zip(&survived) {
        assert_eq!(*survived, sweep.is_idle(*cell), "{} {cell:?}", sweep.class(*cell).0);
    }
    report(
        "phase-1 cell + 1, phase 2 computed anew (sample)",
        cells.iter().map(|c| sweep.class(*c)).zip(survived),
    );
}

/// Sweep 3: one activation changed within the tables, output and multiplicities to match. Only cells that no gate but
/// the lookup reads can survive: tails, the remainders of the image, unused lanes of the logits.
fn adapted_activations(sweep: &Sweep, limit: usize) {
    let lanes = sweep.case.compiled.frozen.layout.lanes;
    let weights = sweep.case.compiled.frozen.layout.weight_columns;
    let half = 512;
    let highs = weights + 3 * lanes + 2..sweep.phase_1_columns();
    let triples: Vec<(usize, usize)> = [weights..weights + 3 * lanes, highs.clone()]
        .into_iter()
        .flat_map(|columns| sweep.cells(columns))
        .filter(|(_, row)| *row < sweep.case.compiled.floor.on_rows)
        .collect();
    // Quotients bring their outputs along.
    let cells: Vec<(usize, usize)> = sweep
        .sample(triples, limit)
        .into_iter()
        .filter(|(c, _)| highs.contains(c) || (c - weights) % 3 != 2)
        .collect();
    let lookup = sweep.checker.gate("logup helper");
    let results: Vec<(bool, bool)> = cells
        .par_iter()
        .map(|(column, row)| {
            let n = column - weights;
            let high = highs.contains(column);
            let mut witness = sweep.witness.clone();
            let (cell, most) = match high {
                true => (&mut witness.high[column - highs.start][*row], 255),
                false => (&mut witness.cells[n][*row], 1023),
            };
            let old = small(cell).expect("cells of tensor rows are small");
            let new = if old < most { old + 1 } else { old - 1 };
            *cell = Fr::from(new);
            let mut changed = vec![(*column, *row)];
            if !high && n.is_multiple_of(3) {
                let out = Fr::from(new.saturating_sub(half).min(255));
                if witness.cells[n + 2][*row] != out {
                    witness.cells[n + 2][*row] = out;
                    changed.push((column + 2, *row));
                }
            }
            recount(&sweep.case.compiled, &mut witness);
            let harmless = changed.iter().all(|c| sweep.readers[c.0][c.1] & !lookup == 0);
            (sweep.checker.accepts_recomputed(&witness, &sweep.instances), harmless)
        })
        .collect();
    // Sums name these cells without anything coming of it: the remainders of image rows are multiplied by 0, and no one
    // reads the sums of rows that hold no tensor.
    let surprises: std::collections::BTreeSet<String> = (cells.iter().zip(&results))
        .filter(|(_, (survived, harmless))| survived != harmless)
        .map(|(cell, _)| sweep.class(*cell).0)
        .filter(|name| {
            !matches!(name.as_str(), "image: remainder" | "image: high limb")
                && !name.starts_with("tensor row without a tensor")
        })
        .collect();
    assert!(surprises.is_empty(), "{surprises:?}");
    let counts = report(
        &format!("activation + 1 with output, multiplicities and phase 2 to match, {lanes} per row (sample)"),
        cells.iter().map(|c| sweep.class(*c)).zip(results.iter().map(|r| r.0)),
    );
    for (name, count) in counts {
        let entered = [
            "activation: quotient",
            "activation: remainder",
            "activation: high limb",
            "image: quotient",
            "logits, lane 0: remainder",
            "logits, lane 0: high limb",
        ];
        assert!(
            count.survived == 0 || !entered.contains(&name.as_str()),
            "{name} enters a sum"
        );
    }
}

#[test]
fn changed_activation_is_rejected_even_with_its_lookups_in_order() {
    adapted_activations(&Sweep::new(3), 300);
}

#[test]
fn changed_activation_is_rejected_with_tails_in_the_rows_too() {
    adapted_activations(&Sweep::new(4), 100);
}

#[test]
fn changed_activation_is_rejected_whatever_the_output() {
    for output in OTHER_OUTPUTS {
        adapted_activations(&Sweep::with(tiny_with(output), 3), 100);
    }
}

#[test]
fn changed_activation_is_rejected_where_remainders_have_two_limbs() {
    adapted_activations(&Sweep::with(tiny_network(TWO_LIMBS), 3), 200);
}

#[test]
fn changed_activation_is_rejected_whatever_the_kernels() {
    adapted_activations(&Sweep::with(kernel_network(10), 3), 200);
}

#[test]
fn changed_activation_is_rejected_where_channels_are_joined() {
    adapted_activations(&Sweep::with(joined_network(10), 3), 200);
}

/// A cell that gates use but nothing fixes could balance any lie after the challenges are known.
#[test]
fn hash_and_phase_2_follow_from_the_rest_and_the_challenges() {
    for lanes in 3..=8 {
        let sweep = Sweep::new(lanes);
        let choice = sweep.checker.choice(&sweep.table());
        let classes: Vec<_> = choice.free.iter().map(|cell| sweep.class(*cell).0).collect();
        assert_eq!(choice, Choice::default(), "{lanes} activations per row: {classes:?}");
    }
    let others = OTHER_OUTPUTS.map(|output| (output.name(), tiny_with(output)));
    let layers = [
        ("kernels", kernel_network(10)),
        ("joined", joined_network(10)),
        ("two limbs", tiny_network(TWO_LIMBS)),
    ];
    for (name, architecture) in others.into_iter().chain(layers) {
        let sweep = Sweep::with(architecture, 3);
        let choice = sweep.checker.choice(&sweep.table());
        let classes: Vec<_> = choice.free.iter().map(|cell| sweep.class(*cell).0).collect();
        assert_eq!(choice, Choice::default(), "{name}: {classes:?}");
    }
}

/// The check above notices the loss of each constraint that computes something.
#[test]
fn without_any_one_computing_constraint_some_cell_is_free() {
    let mut sweep = Sweep::new(3);
    let table = sweep.table();
    let names = sweep.checker.computing();
    assert_eq!(names.len(), 33, "{names:?}");
    for name in names {
        notices_the_loss(&mut sweep, &table, &name);
    }
    for (output, computing) in [(OutputMode::Top5, 3), (OutputMode::Logits, 1)] {
        let mut sweep = Sweep::with(tiny_with(output), 3);
        let table = sweep.table();
        let names = sweep.checker.computing();
        let own: Vec<_> = names.into_iter().filter(|(gate, _)| gate == output.name()).collect();
        assert_eq!(own.len(), computing, "{own:?}");
        for name in own {
            notices_the_loss(&mut sweep, &table, &name);
        }
    }
}

#[track_caller]
fn notices_the_loss(sweep: &mut Sweep, table: &Table, name: &(String, String)) {
    let whole = sweep.checker.delete(name);
    assert_ne!(sweep.checker.choice(table), Choice::default(), "{name:?}");
    sweep.checker.restore(whole);
}

/// It notices each kind of fixed cell, too, that is off in a single row.
#[test]
fn where_a_computing_selector_is_off_some_cell_is_free() {
    let mut sweep = Sweep::new(3);
    let table = sweep.table();
    let compiled = sweep.case.compiled.clone();
    let (floor, fixed, program) = (&compiled.floor, &compiled.fixed, &compiled.program);
    let columns = sweep.checker.columns.clone();
    let of_kind = |column: &[u8], kind: u8| {
        let rows: Vec<usize> = (0..column.len()).filter(|row| column[*row] == kind).collect();
        [rows[0], rows[rows.len() / 2], rows[rows.len() - 1]]
    };
    let mut off = Vec::new();
    for kind in 1..=2 {
        off.extend(of_kind(&fixed.arith_kind, kind).map(|row| (columns.arith_kind, row)));
        off.extend(of_kind(&fixed.round, kind).map(|row| (columns.round, row)));
        off.extend(of_kind(&fixed.block, kind).map(|row| (columns.block, row)));
    }
    for kind in 1..=4 {
        off.extend(of_kind(&fixed.weight_kind, kind).map(|row| (columns.weight_kind, row)));
    }
    // Zero is the first sum; both sides of a layer's identity end in the row before.
    off.push((
        columns.arith_kind,
        program.steps.iter().find(|s| s.kind != 0).expect("zero").row,
    ));
    let sides = program.identities.iter().flat_map(|(left, right)| [left, right]);
    off.extend(sides.map(|side| (columns.arith_kind, side.row - 1)));
    off.extend(fixed.constants.iter().map(|(row, _)| (columns.constant, *row)));
    off.extend(fixed.logits.iter().map(|(row, _)| (columns.logits, *row)));
    off.push((columns.boundary, 0));
    off.extend([0, 77, floor.on_rows - 1].map(|row| (columns.on, row)));
    for (column, row) in off {
        let value = sweep.checker.switch_off(column, row);
        assert_ne!(
            sweep.checker.choice(&table),
            Choice::default(),
            "{column:?} in row {row}"
        );
        sweep.checker.switch_on(column, row, value);
    }
}

#[test]
fn where_the_gate_of_the_output_is_off_some_cell_is_free() {
    for output in OTHER_OUTPUTS {
        let mut sweep = Sweep::with(tiny_with(output), 3);
        let table = sweep.table();
        let column = sweep.checker.columns.logits;
        for (row, _) in sweep.case.compiled.clone().fixed.logits.iter() {
            let value = sweep.checker.switch_off(column, *row);
            assert_ne!(sweep.checker.choice(&table), Choice::default(), "{output}, row {row}");
            sweep.checker.switch_on(column, *row, value);
        }
    }
}

/// The checker of the sweeps and the library's mock prover find the same constraints violated.
#[test]
fn checker_agrees_with_the_mock_prover() {
    let sweep = Sweep::new(3);
    let phase_1 = sweep.phase_1_columns();
    let columns = sweep.table().len();
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let pick = |cells: Vec<(usize, usize)>, rng: &mut ChaCha20Rng| -> Vec<(usize, usize)> {
        sweep.sample(cells, 2).choose_multiple(rng, 24).copied().collect()
    };
    let mut accepted = 0;
    for cell in pick(sweep.cells(0..phase_1), &mut rng)
        .into_iter()
        .chain(pick(sweep.cells(phase_1..columns), &mut rng))
    {
        let mut cheat = Cheat::of(Case::frozen(sweep.case.compiled.frozen.clone(), 11));
        let mut table;
        if cell.0 < phase_1 {
            cheat.witness = sweep.mutated(cell);
            table = sweep
                .checker
                .table(&cheat.witness, &sweep.checker.phase_2(&cheat.witness));
        } else {
            table = sweep.table();
            table[cell.0][cell.1] += Fr::ONE;
            cheat.edits = vec![Edit {
                column: cell.0,
                row: cell.1,
                value: table[cell.0][cell.1],
            }];
        }
        let mut theirs = Violations::default();
        for failure in cheat.failures() {
            match failure {
                Failure::Gate { gate, constraint, .. } => drop(theirs.gates.insert((gate, constraint))),
                Failure::Copy(_) | Failure::Instance(_) => theirs.copies = true,
            }
        }
        let ours = sweep.checker.violations(&table, &sweep.instances);
        assert_eq!(ours, theirs, "{} {cell:?}", sweep.class(cell).0);
        accepted += usize::from(ours.none());
    }
    assert!(accepted > 0, "the sample has idle cells too");
}
