//! The constraints of a circuit as a plain check over columns, cell by cell: what the mock prover does, fast enough to
//! try every cell. It shares nothing with the circuit's code but the constraint system and what the layouter received.

#[path = "determinacy.rs"]
mod determinacy;

pub(crate) use determinacy::Choice;

use crate::cheat::phase_2_columns;
use crate::recorder::{At, Recorder};
use crate::support::weakening::lacks_constraint;
use crate::support::{configure, mock_challenges, Case};
use assay_prover::circuit::phase2::{Challenges, Phase2};
use assay_prover::circuit::{Columns, Compiled};
use assay_prover::witness::Witness;
use assay_statement::field::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::Expression;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Advice columns over all rows, blinding rows zero.
pub(crate) type Table = Vec<Vec<Fr>>;

/// One constraint of a gate.
#[derive(Debug)]
struct Polynomial {
    gate: usize,
    name: (String, String),
    expression: Expression<Fr>,
    /// Advice cells it mentions: column, rotation; ascending.
    queries: Vec<(usize, i32)>,
}

#[derive(Debug)]
pub(crate) struct Checker {
    compiled: Arc<Compiled>,
    pub(crate) columns: Columns,
    challenges: Challenges,
    rows: usize,
    fixed: Vec<Vec<Fr>>,
    polynomials: Vec<Polynomial>,
    /// Polynomials that mention a column, with the rotation.
    mentions: Vec<Vec<(usize, i32)>>,
    copies: Vec<(At, At)>,
    copied: HashSet<At>,
    bound: Vec<(At, usize)>,
    /// The statement of the case: what gates that read it compare with.
    instances: Vec<Fr>,
}

/// The names of violated constraints, and whether a copy is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Violations {
    pub(crate) gates: BTreeSet<(String, String)>,
    pub(crate) copies: bool,
}

impl Violations {
    pub(crate) fn none(&self) -> bool {
        self.gates.is_empty() && !self.copies
    }
}

impl Checker {
    pub(crate) fn new(case: &Case) -> Self {
        let compiled = case.compiled.clone();
        let (cs, columns) = configure(&compiled);
        let mut polynomials = Vec::new();
        for (n, gate) in cs.gates().iter().enumerate() {
            for (i, expression) in gate.polynomials().iter().enumerate() {
                let name = (gate.name().to_owned(), gate.constraint_name(i).to_owned());
                if lacks_constraint(&compiled, &name.0, &name.1) {
                    continue;
                }
                let queries = queries(expression);
                assert!(queries.len() <= 64, "a bit each");
                polynomials.push(Polynomial {
                    gate: n,
                    name,
                    expression: expression.clone(),
                    queries,
                });
            }
        }
        let mut mentions = vec![Vec::new(); cs.num_advice_columns()];
        for (n, polynomial) in polynomials.iter().enumerate() {
            for (column, rotation) in &polynomial.queries {
                mentions[*column].push((n, *rotation));
            }
        }
        let Recorder { fixed, copies, bound } = Recorder::new(&compiled);
        let copies: Vec<(At, At)> = copies.into_iter().filter(|(a, b)| a != b).collect();
        let copied = copies
            .iter()
            .flat_map(|(a, b)| [*a, *b])
            .chain(bound.iter().map(|(cell, _)| *cell))
            .collect();
        Self {
            challenges: mock_challenges(),
            rows: 1 << case.k(),
            compiled,
            columns,
            fixed,
            polynomials,
            mentions,
            copies,
            copied,
            bound,
            instances: case.instances(),
        }
    }

    /// All advice columns.
    pub(crate) fn table(&self, witness: &Witness, phase_2: &Phase2) -> Table {
        let mut table = vec![Vec::new(); self.mentions.len()];
        for (column, values) in self.columns.weights.iter().zip(&witness.weights) {
            table[column.index()].clone_from(values);
        }
        for (column, values) in self.columns.cells.iter().zip(&witness.cells) {
            table[column.index()].clone_from(values);
        }
        if self.compiled.floor.narrow.is_none() {
            table[self.columns.pair_multiplicity.index()].clone_from(&witness.pair_multiplicity);
            table[self.columns.range_multiplicity.index()].clone_from(&witness.range_multiplicity);
        }
        for (column, values) in self.columns.high.iter().zip(&witness.high) {
            table[column.index()].clone_from(values);
        }
        for (column, mut values) in phase_2_columns(&self.columns, &self.compiled, phase_2) {
            values.truncate(self.compiled.floor.usable);
            table[column] = values;
        }
        for column in &mut table {
            assert_eq!(column.len(), self.compiled.floor.usable);
            column.resize(self.rows, Fr::ZERO);
        }
        table
    }

    pub(crate) fn phase_2(&self, witness: &Witness) -> Phase2 {
        Phase2::new(&self.compiled, witness, &self.challenges)
    }

    /// Everything that is wrong with a table.
    pub(crate) fn violations(&self, table: &Table, instances: &[Fr]) -> Violations {
        let violated = |p: &&Polynomial| (0..self.rows).any(|row| !self.holds(p, table, row, None));
        let gates = self
            .polynomials
            .par_iter()
            .filter(violated)
            .map(|p| p.name.clone())
            .collect();
        let copies = !self.copies_hold(table, instances);
        Violations { gates, copies }
    }

    fn copies_hold(&self, table: &Table, instances: &[Fr]) -> bool {
        let get = |(column, row): At| table[column][row];
        self.copies.iter().all(|(a, b)| get(*a) == get(*b))
            && self.bound.iter().all(|(cell, index)| get(*cell) == instances[*index])
    }

    /// Whether a witness is one when phase 2 is computed anew from this phase 1.
    pub(crate) fn accepts_recomputed(&self, witness: &Witness, instances: &[Fr]) -> bool {
        let table = self.table(witness, &self.phase_2(witness));
        // Most lies show where the lookup ends, or as an inequality: looking at every row takes far longer.
        let end = self.compiled.floor.on_rows;
        self.polynomials.iter().all(|p| self.holds(p, &table, end, None))
            && self.copies_hold(&table, instances)
            && self.violations(&table, instances).none()
    }

    /// Whether a gate or a copy notices that one cell of an otherwise true table has another value.
    pub(crate) fn notices(&self, table: &Table, cell: (usize, usize), value: Fr) -> bool {
        self.copied.contains(&cell)
            || self.mentions[cell.0].iter().any(|(n, rotation)| {
                let row = self.at(cell.1, -rotation);
                !self.holds(&self.polynomials[*n], table, row, Some((cell, value)))
            })
    }

    fn holds(&self, p: &Polynomial, table: &Table, row: usize, change: Option<((usize, usize), Fr)>) -> bool {
        let get = |cell: (usize, usize)| {
            change
                .filter(|(changed, _)| *changed == cell)
                .map_or(table[cell.0][cell.1], |(_, v)| v)
        };
        self.value(p, row, &get) == Fr::ZERO
    }

    /// A polynomial's value in one row.
    fn value(&self, p: &Polynomial, row: usize, advice: &dyn Fn((usize, usize)) -> Fr) -> Fr {
        let challenges = [
            self.challenges.alpha,
            self.challenges.gamma,
            self.challenges.beta,
            self.challenges.theta,
        ];
        p.expression.evaluate_lazy(
            &|v| v,
            &|_| unreachable!("there are no selectors"),
            &|q| self.fixed[q.column_index()][self.at(row, q.rotation().0)],
            &|q| advice((q.column_index(), self.at(row, q.rotation().0))),
            &|q| {
                let row = self.at(row, q.rotation().0);
                self.instances.get(row).copied().unwrap_or(Fr::ZERO)
            },
            &|c| challenges[c.index()],
            &|a| -a,
            &|a, b| a + b,
            &|a, b| a * b,
            &|a, f| a * f,
            &Fr::ZERO,
        )
    }

    fn at(&self, row: usize, rotation: i32) -> usize {
        (row as i64 + i64::from(rotation)).rem_euclid(self.rows as i64) as usize
    }

    /// For every cell the gates that read it, as bits: those in which its term has a factor that the fixed columns make
    /// zero do not.
    pub(crate) fn readers(&self) -> Vec<Vec<u64>> {
        let mut readers = vec![vec![0u64; self.rows]; self.mentions.len()];
        for polynomial in &self.polynomials {
            for row in 0..self.rows {
                let read = self.read(polynomial, row);
                for (n, (column, rotation)) in polynomial.queries.iter().enumerate() {
                    if read >> n & 1 == 1 {
                        readers[*column][self.at(row, *rotation)] |= 1 << polynomial.gate;
                    }
                }
            }
        }
        readers
    }

    /// The queries that matter in one row, given the fixed columns.
    fn read(&self, p: &Polynomial, row: usize) -> u64 {
        let bit = |query: (usize, i32)| 1 << p.queries.binary_search(&query).expect("the queries are all of them");
        let known = |v: Fr| Known {
            value: Some(v),
            reads: 0,
        };
        let zero = known(Fr::ZERO);
        p.expression
            .evaluate_lazy(
                &known,
                &|_| unreachable!("there are no selectors"),
                &|q| known(self.fixed[q.column_index()][self.at(row, q.rotation().0)]),
                &|q| Known {
                    value: None,
                    reads: bit((q.column_index(), q.rotation().0)),
                },
                // Not zero, both.
                &|_| Known { value: None, reads: 0 },
                &|_| Known { value: None, reads: 0 },
                &|a| Known {
                    value: a.value.map(|v| -v),
                    ..a
                },
                &|a, b| Known {
                    value: a.value.zip(b.value).map(|(a, b)| a + b),
                    reads: a.reads | b.reads,
                },
                &|a, b| {
                    if a == zero || b == zero {
                        return zero;
                    }
                    Known {
                        value: a.value.zip(b.value).map(|(a, b)| a * b),
                        reads: a.reads | b.reads,
                    }
                },
                &|a, f| {
                    if f == Fr::ZERO {
                        zero
                    } else {
                        Known {
                            value: a.value.map(|v| v * f),
                            ..a
                        }
                    }
                },
                &zero,
            )
            .reads
    }

    pub(crate) fn is_copied(&self, cell: (usize, usize)) -> bool {
        self.copied.contains(&cell)
    }

    /// The bit of a gate in [`Checker::readers`].
    pub(crate) fn gate(&self, name: &str) -> u64 {
        let found = self.polynomials.iter().find(|p| p.name.0 == name);
        1 << found.expect("the gate exists").gate
    }
}

/// A value, if the fixed columns determine it, and the queries it depends on.
#[derive(Clone, Copy, PartialEq)]
struct Known {
    value: Option<Fr>,
    reads: u64,
}

fn queries(expression: &Expression<Fr>) -> Vec<(usize, i32)> {
    let set: BTreeSet<(usize, i32)> = expression.evaluate(
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|q| BTreeSet::from([(q.column_index(), q.rotation().0)]),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|a| a,
        &|a, b| a.union(&b).copied().collect(),
        &|a, b| a.union(&b).copied().collect(),
        &|a, _| a,
    );
    set.into_iter().collect()
}
