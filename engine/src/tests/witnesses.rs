//! The values of a random circuit.
//!
//! Copies join cells of inputs, fixed and instance columns before values are drawn, one for each class; outputs are copied into a
//! column of the last phase; one cell is a constant.

use super::shapes::{Config, Factor, REACH};
use halo2_proofs::circuit::Cell;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{Advice, Any, Assigned, Column, Expression, Fixed, Selector};
use rand::rngs::StdRng;
use rand::Rng;
use rand_core::SeedableRng;
use std::collections::HashMap;

/// What the constant cell is.
pub(super) const CONSTANT: Fr = Fr::from_raw([77, 0, 0, 0]);

type Place = (Column<Any>, usize);
type FixedCells = Vec<(usize, Assigned<Fr>)>;

/// Copies, rows of gates and where values come from.
pub(super) struct Plan<'a> {
    seed: u64,
    tampered: Option<(usize, usize)>,
    config: &'a Config,
    /// By gate: the rows in which its factor is not zero.
    rows: Vec<Vec<usize>>,
    joined: Vec<[Place; 2]>,
    /// The cell whose value a joined cell has.
    class: HashMap<Place, Place>,
    /// Sink row, then gate and its row: the copied output.
    sunk: Vec<(usize, usize, usize)>,
}

fn cell((column, row_offset): Place) -> Cell {
    Cell { row_offset, column }
}

impl<'a> Plan<'a> {
    /// The witness is drawn from the seed; then one is added to the tampered cell, advice column and row.
    pub(super) fn of(seed: u64, tampered: Option<(usize, usize)>, config: &'a Config) -> Self {
        let mut rng = StdRng::seed_from_u64(seed ^ 0xc0de);
        let last = config.last_row;
        let rows: Vec<Vec<usize>> = config
            .gates
            .iter()
            .map(|_| (REACH..=last - REACH).filter(|_| rng.gen_bool(0.6)).collect())
            .collect();
        let mut columns: Vec<Column<Any>> = config.inputs.iter().map(|column| (*column).into()).collect();
        columns.extend(config.tables.iter().map(|column| Column::<Any>::from(*column)));
        columns.extend(config.instances.iter().map(|column| Column::<Any>::from(*column)));
        let place = |rng: &mut StdRng| {
            let column = columns[rng.gen_range(0..columns.len())];
            let limit = match column.column_type() {
                Any::Instance => instance_rows(config, column.index()),
                _ => last + 1,
            };
            (column, rng.gen_range(0..limit))
        };
        let mut plan = Self {
            seed,
            tampered,
            config,
            joined: Vec::new(),
            class: HashMap::new(),
            sunk: Vec::new(),
            rows,
        };
        for _ in 0..last {
            let pair = [place(&mut rng), place(&mut rng)];
            let [left, right] = pair.map(|place| plan.standing_for(place));
            plan.joined.push(pair);
            if left != right {
                plan.class.insert(left, right);
            }
        }
        for (gate, rows) in plan.rows.iter().enumerate() {
            for row in rows.iter().filter(|_| rng.gen_bool(0.2)) {
                plan.sunk.push((plan.sunk.len() + 1, gate, *row));
            }
        }
        plan.sunk.retain(|(row, _, _)| *row <= last);
        plan
    }

    fn standing_for(&self, mut place: Place) -> Place {
        while let Some(above) = self.class.get(&place) {
            place = *above;
        }
        place
    }

    /// The value of a cell that is no output: the same for all cells of a class; often zero or small.
    fn value(&self, column: Column<Any>, row: usize) -> Fr {
        let (column, row) = self.standing_for((column, row));
        let kind: u64 = match column.column_type() {
            Any::Advice(_) => 1,
            Any::Fixed => 2,
            Any::Instance => 3,
        };
        let place = (kind << 40) | ((column.index() as u64) << 32) | row as u64;
        let mut rng = StdRng::seed_from_u64(place ^ self.seed.rotate_left(44));
        match rng.gen_range(0..4) {
            0 => Fr::ZERO,
            1 => Fr::from(rng.gen_range(0..1u64 << 16)),
            _ => Fr::random(rng),
        }
    }

    pub(super) fn instances(&self) -> Vec<Vec<Fr>> {
        let columns = self.config.instances.iter().enumerate();
        columns
            .map(|(i, column)| {
                let rows = 0..instance_rows(self.config, i);
                rows.map(|row| self.value((*column).into(), row)).collect()
            })
            .collect()
    }

    pub(super) fn fixed(&self) -> Vec<(Column<Fixed>, FixedCells)> {
        let mut columns = Vec::new();
        for column in &self.config.tables {
            let rows = 0..=self.config.last_row;
            let fraction = |row: usize| {
                let value = self.value((*column).into(), row);
                let denominator = Fr::from(row as u64 + 2);
                match row % 3 {
                    0 => Assigned::Rational(value * denominator, denominator),
                    1 if value == Fr::ZERO => Assigned::Rational(Fr::ONE, Fr::ZERO),
                    _ => Assigned::Trivial(value),
                }
            };
            // Some twice: the last assignment counts.
            let twice = rows
                .clone()
                .step_by(5)
                .map(|row| (row, Assigned::Rational(Fr::ONE, Fr::from(3))));
            columns.push((*column, twice.chain(rows.map(|row| (row, fraction(row)))).collect()));
        }
        for (gate, rows) in self.config.gates.iter().zip(&self.rows) {
            if let Factor::Fixed(column) = gate.factor {
                let value = |row: usize| (row, Assigned::Trivial(Fr::from(row as u64 % 3 + 1)));
                columns.push((column, rows.iter().map(|row| value(*row)).collect()));
            }
        }
        columns
    }

    pub(super) fn selectors(&self) -> Vec<(Selector, Vec<usize>)> {
        let gates = self.config.gates.iter().zip(&self.rows);
        gates
            .filter_map(|(gate, rows)| match gate.factor {
                Factor::Selector(selector) => Some((selector, rows.clone())),
                Factor::Fixed(_) => None,
            })
            .collect()
    }

    pub(super) fn copies(&self) -> Vec<[Cell; 2]> {
        let mut copies: Vec<[Cell; 2]> = self.joined.iter().map(|pair| pair.map(cell)).collect();
        for (sink_row, gate, row) in &self.sunk {
            let sink = cell((self.config.sink.into(), *sink_row));
            copies.push([sink, cell((self.config.gates[*gate].output.into(), *row))]);
        }
        copies
    }

    /// The rows of a gate.
    pub(super) fn gate_rows(&self, gate: usize) -> &[usize] {
        &self.rows[gate]
    }

    /// A cell of an advice column that is copied to another column's or row's.
    pub(super) fn copied_input(&self) -> Option<(usize, usize)> {
        let pair = self
            .joined
            .iter()
            .find(|[left, right]| matches!(left.0.column_type(), Any::Advice(_)) && left != right);
        pair.map(|[left, _]| (left.0.index(), left.1))
    }

    /// The columns of a phase under the challenges; those of later phases may be anything.
    pub(super) fn advice(&self, phase: usize, challenges: &[Fr]) -> Vec<(Column<Advice>, Vec<Fr>)> {
        let Config { inputs, gates, .. } = self.config;
        let rows = self.config.last_row + 1;
        let mut table: HashMap<Column<Any>, Vec<Fr>> = HashMap::new();
        let mut columns: Vec<Column<Any>> = inputs.iter().map(|column| (*column).into()).collect();
        columns.extend(self.config.tables.iter().map(|column| Column::<Any>::from(*column)));
        for column in columns {
            table.insert(column, (0..rows).map(|row| self.value(column, row)).collect());
        }
        for (column, mut values) in self.config.instances.iter().zip(self.instances()) {
            values.resize(rows, Fr::ZERO);
            table.insert((*column).into(), values);
        }
        for (gate, active) in gates.iter().zip(&self.rows) {
            let mut values: Vec<Fr> = (0..rows).map(|row| self.value(gate.output.into(), row)).collect();
            for row in active {
                values[*row] = evaluate(&gate.body, &table, challenges, *row);
            }
            table.insert(gate.output.into(), values);
        }
        let mut sink = vec![Fr::ZERO; rows];
        sink[0] = CONSTANT;
        for (sink_row, gate, row) in &self.sunk {
            sink[*sink_row] = table[&gates[*gate].output.into()][*row];
        }
        table.insert(self.config.sink.into(), sink);

        let mut columns: Vec<Column<Advice>> = inputs.clone();
        columns.extend(gates.iter().map(|gate| gate.output));
        columns.push(self.config.sink);
        columns.retain(|column| usize::from(column.column_type().phase()) == phase);
        let mut taken: Vec<(Column<Advice>, Vec<Fr>)> = columns
            .into_iter()
            .map(|column| (column, table[&column.into()].clone()))
            .collect();
        if let Some((index, row)) = self.tampered {
            let own = taken.iter_mut().filter(|(column, _)| column.index() == index);
            own.for_each(|(_, values)| values[row] += Fr::ONE);
        }
        taken
    }
}

/// Rows of an instance column that the statement fills.
fn instance_rows(config: &Config, column: usize) -> usize {
    (config.last_row / (column + 1)).max(1)
}

fn evaluate(body: &Expression<Fr>, table: &HashMap<Column<Any>, Vec<Fr>>, challenges: &[Fr], row: usize) -> Fr {
    let at = |matches: &dyn Fn(&Any) -> bool, index: usize, rotation: i32| {
        let column = table
            .iter()
            .find(|(column, _)| column.index() == index && matches(column.column_type()));
        column.unwrap().1[(row as i32 + rotation) as usize]
    };
    body.evaluate(
        &|constant| constant,
        &|_| unreachable!("no selector in a body"),
        &|query| {
            at(
                &|kind| matches!(kind, Any::Fixed),
                query.column_index(),
                query.rotation().0,
            )
        },
        &|query| {
            at(
                &|kind| matches!(kind, Any::Advice(_)),
                query.column_index(),
                query.rotation().0,
            )
        },
        &|query| {
            at(
                &|kind| matches!(kind, Any::Instance),
                query.column_index(),
                query.rotation().0,
            )
        },
        &|challenge| challenges[challenge.index()],
        &|a| -a,
        &|a, b| a + b,
        &|a, b| a * b,
        &|a, factor| a * factor,
    )
}
