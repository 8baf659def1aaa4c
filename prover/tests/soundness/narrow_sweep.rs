//! Every cell of the narrow form changed alone: a constraint notices it, or the floor plan says why none does.

use crate::cheat::{Cheat, Failure};
use crate::checker::{Checker, Choice, Table, Violations};
use crate::support::{recount, small, tiny_with, Case};
use assay_prover::circuit::{Compiled, Edit};
use assay_prover::model::random::{joined_network, kernel_network, tiny_network};
use assay_prover::model::{Architecture, OutputMode};
use assay_prover::witness::Witness;
use assay_statement::field::Fr;
use assay_statement::poseidon;
use halo2_proofs::halo2curves::ff::Field;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use std::collections::HashMap;

/// Cells that are tried of each network.
const SAMPLE: usize = 60;

/// Why nothing reads a cell.
type Idle = Option<&'static str>;

fn idle_unless(is_read: bool, why: &'static str) -> Idle {
    (!is_read).then_some(why)
}

/// What the rows of a column are, from the floor plan.
struct Map<'a> {
    compiled: &'a Compiled,
    /// Kind of the step on a row of the arithmetic, and whether it has a constant.
    steps: HashMap<usize, (u64, bool)>,
}

impl<'a> Map<'a> {
    fn new(compiled: &'a Compiled) -> Self {
        let constants: Vec<usize> = compiled.fixed.constants.iter().map(|(row, _)| *row).collect();
        let steps = compiled.program.steps.iter();
        let steps = steps.map(|step| (step.row, (step.kind, constants.contains(&step.row))));
        Self {
            compiled,
            steps: steps.collect(),
        }
    }

    /// Round of the hash on a row: as many as there are where a call has ended.
    fn round(&self, row: usize) -> Option<usize> {
        let floor = &self.compiled.floor;
        let in_hash = (floor.poseidon + 1..floor.end - 1).contains(&row);
        in_hash.then(|| (row - floor.poseidon - 1) % (poseidon::parameters().rounds() + 1))
    }

    fn computes(&self, row: usize) -> bool {
        self.steps.get(&row).is_some_and(|(kind, _)| *kind != 0)
    }

    fn weight(&self, column: usize, row: usize) -> Idle {
        let read = match self.compiled.fixed.weight_kind[row] {
            0 => false,
            1 | 2 => true,
            3 => column < 3,
            _ => column == 0,
        };
        idle_unless(read, "no weight")
    }

    fn cell(&self, n: usize, row: usize) -> Idle {
        let (floor, p) = (&self.compiled.floor, poseidon::parameters());
        let table = floor.narrow.unwrap().table;
        let read = match row {
            _ if (3..table).contains(&row) => n < 3,
            _ if (table..floor.on_rows).contains(&row) => n == 0,
            _ if (floor.on_rows + 1..floor.words).contains(&row) => n == 0,
            _ => self
                .round(row)
                .is_some_and(|round| round < p.rounds() && (n == 0 || p.is_full(round))),
        };
        idle_unless(read, "no activation, multiplicity, garbage or square")
    }

    fn phi(&self, row: usize) -> Idle {
        let floor = &self.compiled.floor;
        let read = row <= floor.on_rows + 1 || (floor.poseidon..floor.end).contains(&row);
        idle_unless(read, "no lookup, no hash")
    }

    fn x(&self, row: usize) -> Idle {
        let floor = &self.compiled.floor;
        let table = floor.narrow.unwrap().table;
        let constant = self.steps.get(&row).is_some_and(|(_, constant)| *constant);
        let sums = row < table || (floor.on_rows..floor.words).contains(&row);
        let hash = (floor.poseidon + 1..floor.end).contains(&row);
        idle_unless(
            sums || hash || constant || self.computes(row),
            "no sum, state or operand",
        )
    }

    fn y(&self, row: usize) -> Idle {
        let floor = &self.compiled.floor;
        let sums = row < floor.narrow.unwrap().table || row == floor.on_rows;
        let state = self.round(row).is_some();
        idle_unless(sums || state || self.computes(row), "no sum, state or operand")
    }

    fn w(&self, row: usize) -> Idle {
        let floor = &self.compiled.floor;
        let result = row > 0 && self.computes(row - 1);
        let read = row < floor.weight_end || self.round(row).is_some() || self.computes(row) || result;
        idle_unless(read, "no sum, state or accumulator")
    }
}

fn networks() -> [Architecture; 4] {
    [
        tiny_network(10),
        kernel_network(10),
        joined_network(10),
        tiny_with(OutputMode::Bit),
    ]
}

/// A case of the narrow form with its check.
struct Sweep {
    case: Case,
    checker: Checker,
    witness: Witness,
}

impl Sweep {
    /// A weight that multiplies nothing but zeros may be anything: no channel is all zeros.
    fn new(architecture: &Architecture) -> Self {
        let is_lively = |case: &Case| {
            let layers = &case.compiled.frozen.architecture.layers;
            let maps = case.trace.layers.iter().zip(&layers[..layers.len() - 1]);
            let mut channels = maps.flat_map(|(trace, layer)| trace.out.chunks(layer.output.h * layer.output.w));
            channels.all(|channel| channel.iter().any(|x| *x > 0))
        };
        let mut cases = (11..).map(|seed| Case::narrow(architecture.clone(), seed));
        let case = cases.find(is_lively).expect("some image moves everything");
        let (checker, witness) = (Checker::new(&case), case.witness());
        Self { case, checker, witness }
    }

    fn table(&self) -> Table {
        self.checker.table(&self.witness, &self.checker.phase_2(&self.witness))
    }

    /// Whether it is accepted with all of phase 2 computed anew.
    fn accepts(&self, witness: &Witness) -> bool {
        self.checker.accepts_recomputed(witness, &self.case.instances())
    }
}

/// A cell that gates use but nothing fixes could balance any lie after the challenges are known.
#[test]
fn hash_and_phase_2_of_the_narrow_form_follow_from_the_rest_and_the_challenges() {
    for architecture in networks() {
        let sweep = Sweep::new(&architecture);
        assert_eq!(sweep.checker.choice(&sweep.table()), Choice::default());
    }
}

/// The check above notices the loss of each constraint that computes something which another one reads.
#[test]
fn without_any_one_computing_constraint_of_the_narrow_form_some_cell_is_free() {
    let sweep = Sweep::new(&tiny_network(10));
    let table = sweep.table();
    let mut checker = sweep.checker;
    let alone = ["sum is zero", "word of the statement"];
    let computing = checker.computing();
    let read = computing
        .into_iter()
        .filter(|(_, name)| !alone.contains(&name.as_str()));
    for name in read.collect::<Vec<_>>() {
        let whole = checker.delete(&name);
        assert_ne!(checker.choice(&table), Choice::default(), "{name:?}");
        checker.restore(whole);
    }
}

#[test]
fn every_cell_of_the_narrow_form_is_noticed_or_idle() {
    for architecture in networks() {
        let sweep = Sweep::new(&architecture);
        let (table, case, checker) = (sweep.table(), &sweep.case, &sweep.checker);
        assert_eq!(checker.violations(&table, &case.instances()), Violations::default());
        let map = Map::new(&case.compiled);
        let weights = case.compiled.frozen.layout.weight_columns;
        let cells: Vec<(usize, usize)> = (0..table.len())
            .flat_map(|column| (0..case.compiled.floor.usable).map(move |row| (column, row)))
            .collect();
        let wrong: Vec<String> = cells
            .par_iter()
            .filter_map(|cell| {
                let (column, row) = *cell;
                let (name, idle) = match column.checked_sub(weights) {
                    None => ("weights", map.weight(column, row)),
                    Some(n @ 0..=3) => (["q", "r", "out", "s"][n], map.cell(n, row)),
                    Some(4) => ("phi", map.phi(row)),
                    Some(5) => ("x", map.x(row)),
                    Some(6) => ("y", map.y(row)),
                    Some(_) => ("w", map.w(row)),
                };
                let noticed = checker.notices(&table, *cell, table[column][row] + Fr::ONE);
                (noticed != idle.is_none()).then(|| format!("{name} {row}: noticed {noticed}, {idle:?}"))
            })
            .collect();
        assert!(
            wrong.is_empty(),
            "{}: {:#?}",
            wrong.len(),
            &wrong[..wrong.len().min(30)]
        );
    }
}

/// A cell of phase 1 larger by one, everything after it computed from it.
#[test]
fn changed_cell_of_phase_1_of_the_narrow_form_is_rejected_whatever_follows_honestly() {
    for architecture in networks() {
        let sweep = Sweep::new(&architecture);
        let map = Map::new(&sweep.case.compiled);
        let weights = sweep.witness.weights.len();
        let rows = sweep.case.compiled.floor.usable;
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let some: Vec<(usize, usize)> = (0..SAMPLE)
            .map(|_| {
                (
                    rng.gen_range(0..weights + sweep.witness.cells.len()),
                    rng.gen_range(0..rows),
                )
            })
            .collect();
        some.par_iter().for_each(|(column, row)| {
            let mut witness = sweep.witness.clone();
            let (idle, values) = match column.checked_sub(weights) {
                None => (map.weight(*column, *row), &mut witness.weights[*column]),
                Some(n) => (map.cell(n, *row), &mut witness.cells[n]),
            };
            values[*row] += Fr::ONE;
            assert_eq!(
                sweep.accepts(&witness),
                idle.is_some(),
                "column {column}, row {row}: {idle:?}"
            );
        });
    }
}

/// One number changed within the tables, output and multiplicities to match: what a row of the image leaves free is its remainder, and
/// its quotient where the byte stays the same.
#[test]
fn changed_activation_of_the_narrow_form_is_rejected_even_with_its_lookups_in_order() {
    for architecture in networks() {
        let sweep = Sweep::new(&architecture);
        let floor = &sweep.case.compiled.floor;
        let (table, image) = (floor.narrow.unwrap().table, floor.tensors[0].rows());
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let of_image = (0..SAMPLE / 4).map(|n| (n % 2, rng.gen_range(image.clone())));
        let mut some: Vec<(usize, usize)> = of_image.collect();
        some.extend((0..SAMPLE).map(|n| (n % 2, rng.gen_range(3..table))));
        some.par_iter().for_each(|(n, row)| {
            let mut witness = sweep.witness.clone();
            let old = small(&witness.cells[*n][*row]).expect("it is in range");
            let new = if old < 1023 { old + 1 } else { old - 1 };
            witness.cells[*n][*row] = Fr::from(new);
            let mut is_same = true;
            if *n == 0 {
                let out = Fr::from(new.saturating_sub(512).min(255));
                is_same = witness.cells[2][*row] == out;
                witness.cells[2][*row] = out;
            }
            recount(&sweep.case.compiled, &mut witness);
            let harmless = image.contains(row) && is_same;
            assert_eq!(sweep.accepts(&witness), harmless, "cell {n}, row {row}");
        });
    }
}

/// The checker of the sweeps and the library's mock prover find the same constraints violated.
#[test]
fn checker_agrees_with_the_mock_prover_on_the_narrow_form() {
    let sweep = Sweep::new(&tiny_network(10));
    let first = sweep.witness.weights.len() + sweep.witness.cells.len();
    let columns = sweep.table().len();
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    for _ in 0..40 {
        let (column, row) = (
            rng.gen_range(first..columns),
            rng.gen_range(0..sweep.case.compiled.floor.usable),
        );
        let mut table = sweep.table();
        table[column][row] += Fr::ONE;
        let value = table[column][row];
        let mut cheat = Cheat::of(Case::narrow(tiny_network(10), 0));
        cheat.instances = sweep.case.instances();
        cheat.witness = sweep.witness.clone();
        cheat.edits = vec![Edit { column, row, value }];
        let mut theirs = Violations::default();
        for failure in cheat.failures() {
            match failure {
                Failure::Gate { gate, constraint, .. } => drop(theirs.gates.insert((gate, constraint))),
                Failure::Copy(_) | Failure::Instance(_) => theirs.copies = true,
            }
        }
        assert_eq!(
            sweep.checker.violations(&table, &cheat.instances),
            theirs,
            "{column} {row}"
        );
    }
}
