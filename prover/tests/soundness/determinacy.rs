//! What follows from what: phase 2 and the hash must leave a prover no choice.
//!
//! Every constraint either computes one cell from its others or only checks. A check must not be what fixes a value:
//! equalities that close a sum, instances and the inputs of the hash would otherwise hide that the sum is free.

use super::{At, Checker, Polynomial, Table};
use assay_prover::model::{Op, OutputMode};
use assay_statement::field::Fr;
use assay_statement::instance;
use assay_statement::poseidon::{self, WIDTH};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{Advice, Column, Expression, Fixed};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};

/// One constraint in one row that computes a cell.
struct Computation {
    polynomial: usize,
    row: usize,
    result: At,
    /// Sets it reads that are not known yet, its result's apart.
    missing: BTreeSet<At>,
}

/// What a prover may still choose.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Choice {
    /// Cells that gates or copies use and nothing computes from the weights, the activations, garbage, words and
    /// multiplicities, the salt, the context and the challenges. Each stands for all that are copied from it.
    pub(crate) free: Vec<At>,
    /// Sums that some equality should close and none does: each layer's, the image's and those of the output.
    pub(crate) open: usize,
}

impl Checker {
    /// A cell is computed by a constraint that is affine in it, with a coefficient that is not zero at this witness, and
    /// whose other cells are known. An equality of two computed cells is a check.
    pub(crate) fn choice(&self, table: &Table) -> Choice {
        let cells = self.cells_read();
        let computed: HashSet<At> = (self.computations(&cells, &Sets::default()).iter().map(|c| c.result)).collect();
        let (closing, operands): (Vec<_>, Vec<_>) =
            (self.copies.iter()).partition(|(a, b)| computed.contains(a) && computed.contains(b));
        let architecture = &self.compiled.frozen.architecture;
        let of_output = match architecture.output {
            // The class is chosen once.
            OutputMode::Top1 | OutputMode::Bit => 1,
            // One class is the threshold, five are chosen.
            OutputMode::Top5 => 2,
            OutputMode::Logits => 0,
        };
        // A concatenation computes nothing.
        let computing = architecture
            .layers
            .iter()
            .filter(|layer| !matches!(layer.op, Op::Concat { .. }));
        let of_image_and_output = match self.compiled.floor.narrow {
            // The image is its words.
            None => 1 + of_output,
            // The image is its words by itself. One class is chosen, whose logit is the maximum, and each class has its gap.
            Some(_) => 2 + architecture.layers.last().expect("there are layers").output.c,
        };
        let sums = computing.count() + of_image_and_output;

        let mut sets = Sets::default();
        for (a, b) in operands {
            sets.join(a, b);
        }
        let mut computations = self.computations(&cells, &sets);
        let mut uses: HashMap<At, Vec<usize>> = HashMap::new();
        for (n, computation) in computations.iter().enumerate() {
            for set in &computation.missing {
                uses.entry(*set).or_default().push(n);
            }
        }
        let mut known: HashSet<At> = HashSet::new();
        let mut queue: Vec<usize> = (0..computations.len()).collect();
        let mut learn = |set: At, computations: &mut [Computation], queue: &mut Vec<usize>| {
            if known.insert(set) {
                for n in uses.get(&set).into_iter().flatten() {
                    computations[*n].missing.remove(&set);
                    queue.push(*n);
                }
            }
        };
        for cell in self.free() {
            learn(sets.of(cell), &mut computations, &mut queue);
        }
        while let Some(n) = queue.pop() {
            let computation = &computations[n];
            let set = sets.of(computation.result);
            if computation.missing.is_empty() && self.fixes(computation, set, table, &sets) {
                learn(set, &mut computations, &mut queue);
            }
        }
        let used = cells.iter().flatten().flatten().chain(&self.copied);
        let unknown = used
            .filter(|cell| self.is_computed_here(**cell))
            .map(|cell| sets.of(*cell));
        let free: BTreeSet<At> = unknown.filter(|set| !known.contains(set)).collect();
        Choice {
            free: free.into_iter().collect(),
            open: sums.checked_sub(closing.len()).expect("no other equality is a check"),
        }
    }

    /// Whether the computation has one result only, given the other cells of this table.
    fn fixes(&self, computation: &Computation, set: At, table: &Table, sets: &Sets) -> bool {
        let moved = |by: u64| {
            let get = |cell: At| {
                let value = table[cell.0][cell.1];
                if sets.of(cell) == set {
                    value + Fr::from(by)
                } else {
                    value
                }
            };
            self.value(&self.polynomials[computation.polynomial], computation.row, &get)
        };
        let (zero, once, twice) = (moved(0), moved(1), moved(2));
        zero == Fr::ZERO && once != Fr::ZERO && twice == once.double()
    }

    fn computations(&self, cells: &[Vec<Vec<At>>], sets: &Sets) -> Vec<Computation> {
        let mut computations = Vec::new();
        for (n, polynomial) in self.polynomials.iter().enumerate() {
            let (gate, constraint) = (&polynomial.name.0, &polynomial.name.1);
            let Some((column, rotation)) = self.computes(gate, constraint) else {
                continue;
            };
            for row in (0..self.rows).filter(|row| !self.only_checks(gate, constraint, *row)) {
                let before_the_first_call = gate == "narrow call" && row == self.compiled.floor.poseidon;
                let result = match constraint.as_str() {
                    // Whose first input is the tag.
                    "hash goes on" if before_the_first_call => (self.columns.phi.index(), row),
                    _ => (column.index(), self.at(row, rotation)),
                };
                if !cells[n][row].contains(&result) {
                    continue;
                }
                let own = sets.of(result);
                let missing = (cells[n][row].iter())
                    .filter(|cell| self.is_computed_here(**cell))
                    .map(|cell| sets.of(*cell))
                    .filter(|set| *set != own)
                    .collect();
                computations.push(Computation {
                    polynomial: n,
                    row,
                    result,
                    missing,
                });
            }
        }
        computations
    }

    /// Whether a constraint that computes a cell elsewhere only checks on this row.
    fn only_checks(&self, gate: &str, constraint: &str, row: usize) -> bool {
        match (gate, constraint) {
            // The lookup's sum starts at zero; that it ends at zero is a check.
            ("logup boundary", _) => row > 0,
            ("narrow boundary", "sum is zero") => row == self.compiled.floor.on_rows,
            // Both are results.
            ("narrow boundary", "word of the statement") => [instance::INPUT_COMMIT, instance::OUTPUT].contains(&row),
            _ => false,
        }
    }

    /// The cell that a constraint computes, as column and rotation; `None` if it only checks.
    fn computes(&self, gate: &str, constraint: &str) -> Option<(Column<Advice>, i32)> {
        let columns = &self.columns;
        let number = || -> usize {
            let last = constraint.rsplit(' ').next().expect("a name has a word");
            last.parse().expect("the name ends in a number")
        };
        let is_narrow = self.compiled.floor.narrow.is_some();
        let state = [columns.phi, columns.acc_x, columns.acc_y, columns.acc_w];
        Some(match (gate, constraint) {
            ("narrow lookup", _) => (columns.phi, 1),
            ("narrow tensor", "sum of out") | ("narrow image", "sum of bytes") => (columns.acc_x, 0),
            ("narrow tensor" | "narrow image", _) => (columns.acc_y, 0),
            ("narrow fold", _) => (columns.acc_x, 0),
            ("poseidon round", name) if is_narrow && name.starts_with("square") => (columns.cells[number()], 0),
            ("poseidon round", _) if is_narrow => (state[number()], 1),
            ("narrow call", "capacity starts at zero") => (columns.phi, 1),
            ("narrow call", "hash goes on") => (columns.acc_x, 1),
            ("narrow constants", "constant") => (columns.a, 0),
            ("narrow boundary", "sum is zero") => (columns.phi, 0),
            ("narrow boundary", "sum begins at zero") => (columns.phi, 1),
            ("narrow boundary", "challenge") => (columns.acc_y, 0),
            ("narrow boundary", "word of the statement") => (columns.acc_x, 0),
            ("logup helper", _) => (columns.helpers[number()], 0),
            ("logup sum", "sum goes on") => (columns.phi, 1),
            ("logup boundary", "sum is zero") => (columns.phi, 0),
            ("outputs as input of the next layer", "sum of out") => (columns.acc_x, 0),
            ("outputs as input of the next layer", "sum of out, odd columns") => (columns.acc, 0),
            ("outputs of this layer", "sum of quotients and remainders") => (columns.acc_y, 0),
            ("image byte", _) => return None,
            ("folded lanes", "fold by gamma") => (columns.acc_x, 0),
            ("folded lanes", "digits of a word") => (columns.acc_y, 0),
            ("folded lanes", "byte 32 of a word is zero") => return None,
            ("weights", _) => (columns.acc_w, 0),
            ("poseidon round", name) if name.starts_with("square") => (columns.cells[WIDTH + number()], 0),
            ("poseidon round", name) if name.starts_with("next") => (columns.cells[number()], 1),
            ("poseidon call", "hash is the first word") => (columns.acc_x, 0),
            ("poseidon call", "capacity starts at zero") => (columns.cells[0], 1),
            ("poseidon call", name) if name.starts_with("input") => (columns.cells[1 + number()], 1),
            ("arithmetic", _) => (columns.acc, 1),
            ("constants", "constant" | "alpha") => (columns.a, 0),
            ("constants", "gamma") => (columns.b, 0),
            ("argmax", "chosen so far") => (columns.b, 1),
            ("argmax", "index of the chosen") => (columns.acc, 1),
            ("argmax", "chosen is boolean" | "one maximum" | "chosen is the maximum" | "gap to the maximum") => {
                return None
            }
            ("top5", "threshold so far") => (columns.b, 1),
            ("top5", "scale moves on at the chosen") => (columns.a, 1),
            ("top5", "chosen in the word") => (columns.acc, 1),
            ("top5", _) => return None,
            ("logits", "exposed is the logit") => (columns.acc, 0),
            _ => panic!("say what {gate}: {constraint} computes"),
        })
    }

    /// Whether a cell must follow from others: phase 2, and the states and squares of the hash.
    fn is_computed_here(&self, (column, row): At) -> bool {
        let floor = &self.compiled.floor;
        let in_hash = (floor.poseidon + 1..floor.end).contains(&row);
        let of_hash = self.columns.cells.iter().take(2 * WIDTH).any(|c| c.index() == column);
        let phase_2 = self.columns.phi.index();
        let phase_2 = self.columns.helpers.first().map_or(phase_2, |helper| helper.index());
        column >= phase_2 || (in_hash && of_hash)
    }

    /// Cells of phase 2 that are the prover's to choose: the context, which only its instance binds, the salt, and the
    /// inputs of a call that never comes, after the last.
    fn free(&self) -> Vec<At> {
        let (columns, floor) = (&self.columns, &self.compiled.floor);
        if floor.narrow.is_some() {
            // The gate computes the context, and nothing reads what a call that never comes would absorb.
            return vec![(columns.acc_y.index(), floor.poseidon + 1)];
        }
        let after_the_last = floor.end - 2;
        assert_eq!(
            (after_the_last - floor.poseidon) % (poseidon::parameters().rounds() + 1),
            0,
            "a call ends there"
        );
        let context = self.bound.iter().filter(|(_, index)| *index == instance::CTX);
        let inputs = [columns.acc, columns.a, columns.b].map(|c| (c.index(), after_the_last));
        context
            .map(|(cell, _)| *cell)
            .chain([(columns.a.index(), floor.poseidon)])
            .chain(inputs)
            .collect()
    }

    /// Advice cells that each constraint reads in each row.
    fn cells_read(&self) -> Vec<Vec<Vec<At>>> {
        let in_row = |p: &Polynomial, row: usize| -> Vec<At> {
            let read = self.read(p, row);
            let queries = p.queries.iter().enumerate().filter(|(n, _)| read >> n & 1 == 1);
            queries
                .map(|(_, (column, rotation))| (*column, self.at(row, *rotation)))
                .collect()
        };
        let polynomials = self.polynomials.par_iter();
        polynomials
            .map(|p| (0..self.rows).map(|row| in_row(p, row)).collect())
            .collect()
    }
}

/// Changes that the check must notice.
impl Checker {
    /// Makes the constraint hold everywhere; returns what [`Checker::restore`] needs.
    pub(crate) fn delete(&mut self, name: &(String, String)) -> (usize, Expression<Fr>) {
        let n = self
            .polynomials
            .iter()
            .position(|p| p.name == *name)
            .expect("a constraint");
        let nothing = Expression::Constant(Fr::ZERO);
        (n, std::mem::replace(&mut self.polynomials[n].expression, nothing))
    }

    pub(crate) fn restore(&mut self, (n, expression): (usize, Expression<Fr>)) {
        self.polynomials[n].expression = expression;
    }

    /// Returns the cell's value.
    pub(crate) fn switch_off(&mut self, column: Column<Fixed>, row: usize) -> Fr {
        let value = std::mem::replace(&mut self.fixed[column.index()][row], Fr::ZERO);
        assert_ne!(value, Fr::ZERO, "it was on");
        value
    }

    pub(crate) fn switch_on(&mut self, column: Column<Fixed>, row: usize, value: Fr) {
        self.fixed[column.index()][row] = value;
    }

    /// Names of all constraints that compute a cell.
    pub(crate) fn computing(&self) -> Vec<(String, String)> {
        let names = self.polynomials.iter().map(|p| p.name.clone());
        names
            .filter(|(gate, constraint)| self.computes(gate, constraint).is_some())
            .collect()
    }
}

/// Cells that copies make equal, each set named by one of its cells.
#[derive(Default)]
struct Sets(HashMap<At, At>);

impl Sets {
    fn of(&self, mut cell: At) -> At {
        while let Some(parent) = self.0.get(&cell) {
            cell = *parent;
        }
        cell
    }

    fn join(&mut self, a: At, b: At) {
        let (a, b) = (self.of(a), self.of(b));
        if a != b {
            // Copies point from the source, which may have thousands: it becomes the name.
            self.0.insert(b, a);
        }
    }
}
