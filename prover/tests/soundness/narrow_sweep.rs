//! Every cell of the narrow form changed alone: a constraint notices it, or the floor plan says why none does.

use crate::checker::{Checker, Choice, Violations};
use crate::support::{tiny_with, Case};
use assay_prover::circuit::Compiled;
use assay_prover::model::random::{joined_network, kernel_network, tiny_network};
use assay_prover::model::{Architecture, OutputMode};
use assay_statement::field::Fr;
use assay_statement::poseidon;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;
use std::collections::HashMap;

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

/// A cell that gates use but nothing fixes could balance any lie after the challenges are known.
#[test]
fn hash_and_phase_2_of_the_narrow_form_follow_from_the_rest_and_the_challenges() {
    for architecture in networks() {
        let case = Case::narrow(architecture, 11);
        let checker = Checker::new(&case);
        let witness = case.witness();
        let table = checker.table(&witness, &checker.phase_2(&witness));
        assert_eq!(checker.choice(&table), Choice::default());
    }
}

/// The check above notices the loss of each constraint that computes something which another one reads.
#[test]
fn without_any_one_computing_constraint_of_the_narrow_form_some_cell_is_free() {
    let case = Case::narrow(tiny_network(10), 11);
    let mut checker = Checker::new(&case);
    let witness = case.witness();
    let table = checker.table(&witness, &checker.phase_2(&witness));
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
        let case = Case::narrow(architecture, 11);
        let checker = Checker::new(&case);
        let witness = case.witness();
        let table = checker.table(&witness, &checker.phase_2(&witness));
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
