//! A lying witness, and the constraints it violates.

use crate::support::weakening::{lacks_constraint, Weakened};
use crate::support::{configure, mock_challenges, mock_phase_2, Case};
use assay_prover::circuit::phase2::{Challenges, Phase2};
use assay_prover::circuit::program::{Cell, Col, Inputs, Program, Values};
use assay_prover::circuit::{Columns, Compiled, Edit, NetworkCircuit};
use assay_prover::model::{Layer, Op, TensorId};
use assay_prover::witness::Witness;
use assay_statement::field::Fr;
use halo2_proofs::dev::{FailureLocation, MockProver, VerifyFailure};
use halo2_proofs::plonk::{Advice, Any, Column};

/// What the mock prover complains about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    Gate {
        gate: String,
        constraint: String,
        row: usize,
    },
    Copy(Cell),
    Instance(usize),
}

/// A witness with the instances it claims, and what the prover changes after the challenges.
pub(crate) struct Cheat {
    pub(crate) case: Case,
    pub(crate) witness: Witness,
    pub(crate) instances: Vec<Fr>,
    pub(crate) edits: Vec<Edit>,
}

impl Cheat {
    /// Everything as the case's trace says, which may lie already.
    pub(crate) fn of(case: Case) -> Self {
        let (witness, instances) = (case.witness(), case.instances());
        Self {
            case,
            witness,
            instances,
            edits: Vec::new(),
        }
    }

    pub(crate) fn failures(&self) -> Vec<Failure> {
        let circuit = NetworkCircuit::with_witness(self.case.compiled.clone(), self.witness.clone())
            .with_phase_2_edits(self.edits.clone());
        let circuit = Weakened::as_chosen(circuit, &self.case.compiled);
        let prover = MockProver::run(self.case.k(), &circuit, vec![self.instances.clone()]).expect("synthesis");
        let (_, columns) = configure(&self.case.compiled);
        let left_out = |f: &Failure| matches!(f, Failure::Gate { gate, constraint, .. } if lacks_constraint(&self.case.compiled, gate, constraint));
        match prover.verify() {
            Ok(()) => Vec::new(),
            Err(failures) => {
                let failures = failures.iter().map(|f| failure(&columns, &self.case.compiled, f));
                failures.filter(|f| !left_out(f)).collect()
            }
        }
    }

    /// The cells of one activation: quotient, remainder, output.
    pub(crate) fn activation(&mut self, tensor: TensorId, index: usize) -> [&mut Fr; 3] {
        let (row, lane) = activation_cell(&self.case.compiled, tensor, index);
        let mut cells = self.witness.cells[3 * lane..3 * lane + 3]
            .iter_mut()
            .map(|column| &mut column[row]);
        [(); 3].map(|()| cells.next().expect("three cells a lane"))
    }

    /// The high limb of one activation, of a circuit that has them.
    pub(crate) fn high(&mut self, tensor: TensorId, index: usize) -> &mut Fr {
        let (row, lane) = activation_cell(&self.case.compiled, tensor, index);
        &mut self.witness.high[lane][row]
    }

    /// What the arithmetic region reads besides the running sums.
    pub(crate) fn inputs(&self) -> Inputs {
        let Challenges { alpha, gamma, .. } = mock_challenges();
        Inputs {
            alpha,
            gamma,
            salt: self.witness.salt,
            context: self.witness.context,
        }
    }

    /// Runs the program with changed steps. The hash of the narrow form stays as it is: of its rows the program writes only the first of
    /// each call.
    pub(crate) fn rerun_program(&self, values: &mut Values, change: impl FnOnce(&mut Program)) {
        let compiled = &self.case.compiled;
        let mut program = Program {
            steps: compiled.program.steps.clone(),
            ..Program::default()
        };
        change(&mut program);
        let hash = compiled.floor.poseidon..compiled.floor.end;
        let state = [&values.a, &values.b, &values.acc].map(|column| column[hash.clone()].to_vec());
        program.run(&self.inputs(), values);
        if compiled.floor.narrow.is_some() {
            for (column, state) in [&mut values.a, &mut values.b, &mut values.acc].into_iter().zip(state) {
                column[hash.clone()].copy_from_slice(&state);
            }
        }
    }

    /// Phase 2 of this witness with a change.
    pub(crate) fn forge(&mut self, change: impl FnOnce(&mut Phase2)) {
        let compiled = &self.case.compiled;
        let (honest, mut forged) = (
            mock_phase_2(compiled, &self.witness),
            mock_phase_2(compiled, &self.witness),
        );
        change(&mut forged);
        self.edits = edits(compiled, &honest, &forged);
    }

    /// Phase 2 as it would be for `other`, except for the lookup, which stays honest: what a prover commits to who wants
    /// the layers to see another phase 1 than there is.
    pub(crate) fn pretend(&mut self, other: &Witness) {
        let compiled = &self.case.compiled;
        let (honest, mut pretended) = (mock_phase_2(compiled, &self.witness), mock_phase_2(compiled, other));
        pretended.phi.clone_from(&honest.phi);
        pretended.helpers.clone_from(&honest.helpers);
        self.edits = edits(compiled, &honest, &pretended);
    }
}

/// Row and lane of an element of a tensor, `index` counting channel-major.
pub(crate) fn activation_cell(compiled: &Compiled, tensor: TensorId, index: usize) -> (usize, usize) {
    let rows = compiled.floor.tensor(tensor);
    let (w, h) = (rows.shape.w, rows.shape.h);
    rows.cell(index / (h * w), index / w % h, index % w, compiled.frozen.layout.lanes)
}

/// Column and row of a garbage coefficient: the `n`-th garbage exponent, output channel `o`.
pub(crate) fn garbage_cell(compiled: &Compiled, layer: usize, n: usize, o: usize) -> (usize, usize) {
    let garbage = compiled.floor.garbage[layer].as_ref().expect("the layer is spatial");
    let (fold, slot) = (compiled.frozen.layout.fold(), compiled.floor.weights[layer].slots.of(o));
    (slot % fold, garbage.start + n * garbage.chain + slot / fold)
}

/// Column and row of a weight that stands in a chain over the output channels: chain `n`, channel `o`.
pub(crate) fn chain_cell(compiled: &Compiled, layer: usize, n: usize, o: usize) -> (usize, usize) {
    let (rows, width) = (compiled.floor.weights[layer], compiled.frozen.layout.weight_columns);
    (o % width, rows.start + n * rows.chain + o / width)
}

/// Every cell of phase 2 that differs.
pub(crate) fn edits(compiled: &Compiled, from: &Phase2, to: &Phase2) -> Vec<Edit> {
    let (_, columns) = configure(compiled);
    let mut edits = Vec::new();
    let pairs = phase_2_columns(&columns, compiled, from)
        .into_iter()
        .zip(phase_2_columns(&columns, compiled, to));
    for ((column, from), (_, to)) in pairs {
        for (row, (a, value)) in from.into_iter().zip(to).enumerate() {
            if a != value {
                edits.push(Edit { column, row, value });
            }
        }
    }
    edits
}

/// The columns of phase 2 with their indices. In the narrow form sums and operands share them.
pub(crate) fn phase_2_columns(columns: &Columns, compiled: &Compiled, phase_2: &Phase2) -> Vec<(usize, Vec<Fr>)> {
    let v = &phase_2.values;
    let helpers = columns.helpers.iter().zip(&phase_2.helpers);
    let mut all: Vec<(usize, Vec<Fr>)> = helpers.map(|(c, values)| (c.index(), values.clone())).collect();
    all.push((columns.phi.index(), phase_2.phi.clone()));
    let pairs = [
        (columns.acc_x, &v.acc_x, columns.a, &v.a),
        (columns.acc_y, &v.acc_y, columns.b, &v.b),
        (columns.acc_w, &v.acc_w, columns.acc, &v.acc),
    ];
    for (sums, of_sums, operands, of_operands) in pairs {
        if sums == operands {
            let (above, below) = (0..compiled.floor.poseidon, compiled.floor.poseidon..);
            all.push((sums.index(), [&of_sums[above], &of_operands[below]].concat()));
        } else {
            all.push((sums.index(), of_sums.clone()));
            all.push((operands.index(), of_operands.clone()));
        }
    }
    all
}

fn failure(columns: &Columns, compiled: &Compiled, failure: &VerifyFailure) -> Failure {
    let row = |location: &FailureLocation| match location {
        // There is one region and it starts in row 0.
        FailureLocation::InRegion { offset, .. } => *offset,
        FailureLocation::OutsideRegion { row } => *row,
    };
    match failure {
        VerifyFailure::ConstraintNotSatisfied {
            constraint, location, ..
        } => {
            let text = constraint.to_string();
            let (constraint, gate) = text.split_once(" in gate ").expect("the library's wording");
            let quoted = |s: &str| {
                s.split_once("('")
                    .and_then(|(_, rest)| rest.strip_suffix("')"))
                    .unwrap_or_default()
                    .to_owned()
            };
            Failure::Gate {
                gate: quoted(gate),
                constraint: quoted(constraint),
                row: row(location),
            }
        }
        VerifyFailure::Permutation { column, location } => {
            let row = row(location);
            let col = match column.column_type() {
                Any::Instance => return Failure::Instance(row),
                Any::Advice(_) => column_of_copies(columns, compiled, (column.index(), row)),
                Any::Fixed => unreachable!("no fixed column is copied"),
            };
            Failure::Copy(Cell::new(col, row))
        }
        other => panic!("the circuit has no other constraints: {other}"),
    }
}

/// Column and row of a cell that can be copied.
pub(crate) fn at(columns: &Columns, cell: Cell) -> (usize, usize) {
    let of = columns_of_copies(columns).into_iter().find(|(_, col)| *col == cell.col);
    (of.expect("a copied column").0.index(), cell.row)
}

/// What the column is for on this row: in the narrow form for sums above the hash, and for operands from there on.
fn column_of_copies(columns: &Columns, compiled: &Compiled, (index, row): (usize, usize)) -> Col {
    let mut purposes = columns_of_copies(columns)
        .into_iter()
        .filter(|(column, _)| column.index() == index);
    let of = match compiled.floor.narrow {
        Some(_) if row >= compiled.floor.poseidon => purposes.next_back(),
        _ => purposes.next(),
    };
    of.expect("a copied column").1
}

fn columns_of_copies(columns: &Columns) -> [(Column<Advice>, Col); 6] {
    [
        (columns.acc_x, Col::AccX),
        (columns.acc_y, Col::AccY),
        (columns.acc_w, Col::AccW),
        (columns.a, Col::A),
        (columns.b, Col::B),
        (columns.acc, Col::Acc),
    ]
}

/// All failures are of this constraint; their rows.
#[track_caller]
pub(crate) fn expect_constraint(failures: &[Failure], gate: &str, constraint: &str) -> Vec<usize> {
    assert!(!failures.is_empty(), "the cheat passed");
    failures
        .iter()
        .map(|f| match f {
            Failure::Gate {
                gate: g,
                constraint: c,
                row,
            } if g == gate && c == constraint => *row,
            other => panic!(
                "expected only {gate}: {constraint}, got {other:?} among {} failures",
                failures.len()
            ),
        })
        .collect()
}

/// The lookup does not balance, and nothing else is wrong.
#[track_caller]
pub(crate) fn expect_unbalanced_lookup(cheat: &Cheat) {
    let gate = match cheat.case.compiled.floor.narrow {
        None => "logup boundary",
        Some(_) => "narrow boundary",
    };
    let rows = expect_constraint(&cheat.failures(), gate, "sum is zero");
    assert_eq!(rows, [cheat.case.compiled.floor.on_rows]);
}

/// The two sides of one equality differ, and nothing else is wrong.
#[track_caller]
pub(crate) fn expect_unequal(failures: &[Failure], pair: (Cell, Cell)) {
    assert!(!failures.is_empty(), "the cheat passed");
    assert!(
        failures
            .iter()
            .all(|f| *f == Failure::Copy(pair.0) || *f == Failure::Copy(pair.1)),
        "expected only the equality of {pair:?}, got {failures:?}"
    );
}

/// The identity of one layer does not hold, and nothing else is wrong.
#[track_caller]
pub(crate) fn expect_identity(cheat: &Cheat, layer: usize) {
    expect_unequal(&cheat.failures(), identity(&cheat.case.compiled, layer));
}

/// Both sides of a layer's identity: concatenations have none.
pub(crate) fn identity(compiled: &Compiled, layer: usize) -> (Cell, Cell) {
    let before = compiled.frozen.architecture.layers[..layer].iter();
    let computes = |layer: &&Layer| !matches!(layer.op, Op::Concat { .. });
    compiled.program.identities[before.filter(computes).count()]
}

/// This cell differs from what it is a copy of, and nothing else is wrong.
#[track_caller]
pub(crate) fn expect_wrong_copy(failures: &[Failure], cell: Cell) {
    assert!(
        failures.contains(&Failure::Copy(cell)),
        "{cell:?} is not among {failures:?}"
    );
    // A cell of a cycle that differs from the rest differs from its two neighbours.
    assert!(
        failures.len() <= 2 && failures.iter().all(|f| !matches!(f, Failure::Gate { .. })),
        "more than {cell:?}: {failures:?}"
    );
}
