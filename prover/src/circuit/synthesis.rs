//! The circuit as halo2 takes it: columns assigned, copies, instances.

use super::network;
use super::params::CircuitParams;
use crate::chips::lookup;
use crate::chips::narrow;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::layout::Form;
use crate::plan::program::{Cell, Col};
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::Witness;
use assay_durable::progress::{Progress, Silent};
use assay_statement::field::Fr;
use assay_statement::poseidon;
use halo2_proofs::circuit::{Cell as Halo2Cell, Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed as FixedColumn};
use std::ops::Range;
use std::sync::Arc;

/// A change to an honest witness, for the malicious-prover suite: `column` counts all advice columns in order.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Edit {
    pub column: usize,
    pub row: usize,
    pub value: Fr,
}

/// The circuit, with a witness for proving and without for key generation.
#[derive(Clone)]
pub struct NetworkCircuit<'p> {
    compiled: Arc<Compiled>,
    witness: Option<Arc<Witness>>,
    phase_2_edits: Vec<Edit>,
    progress: &'p dyn Progress,
}

impl std::fmt::Debug for NetworkCircuit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetworkCircuit")
            .field("frozen", &self.compiled.frozen)
            .finish_non_exhaustive()
    }
}

impl<'p> NetworkCircuit<'p> {
    /// The circuit without a witness: its keys are those of every proof.
    pub fn for_keygen(compiled: Arc<Compiled>) -> Self {
        Self {
            compiled,
            witness: None,
            phase_2_edits: Vec::new(),
            progress: &Silent,
        }
    }

    /// The circuit of one proof.
    pub fn with_witness(compiled: Arc<Compiled>, witness: Witness) -> Self {
        Self {
            compiled,
            witness: Some(Arc::new(witness)),
            phase_2_edits: Vec::new(),
            progress: &Silent,
        }
    }

    /// Reports the phases of proving, which begin and end inside synthesis.
    pub fn reporting_to(mut self, progress: &'p dyn Progress) -> Self {
        self.progress = progress;
        self
    }

    /// A cheating prover that changes cells after the challenges.
    #[doc(hidden)]
    pub fn with_phase_2_edits(mut self, edits: Vec<Edit>) -> Self {
        self.phase_2_edits = edits;
        self
    }
}

impl Circuit<Fr> for NetworkCircuit<'_> {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = CircuitParams;

    fn params(&self) -> CircuitParams {
        CircuitParams::of(&self.compiled.frozen)
    }

    fn without_witnesses(&self) -> Self {
        Self::for_keygen(self.compiled.clone())
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Columns {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, params: CircuitParams) -> Columns {
        let columns = Columns::configure(meta, &params.layout, params.cut);
        network::configure(meta, &columns, &params);
        // The blinding rows, and the last usable row, whose successor is a blinding row.
        assert_eq!(meta.blinding_factors() + 2, params.layout.reserved_rows());
        columns.assert_weights_are_opened_once(meta);
        columns
    }

    fn synthesize(&self, columns: Columns, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let compiled = &self.compiled;
        layouter.assign_region(
            || "network",
            |mut region| {
                let mut fix = |column: Column<FixedColumn>, row: usize, value: Fr| {
                    region.assign_fixed(column, row, value);
                };
                assign_fixed(compiled, &columns, &mut fix);
                for (left, right) in compiled.program.copies() {
                    region.constrain_equal(cell(&columns, left), cell(&columns, right));
                }
                let Some(witness) = &self.witness else { return Ok(()) };

                self.progress.phase("lay out weights, image and activations", 0);
                let mut assign = |column: Column<Advice>, values: &[Fr]| {
                    for (row, value) in values.iter().enumerate() {
                        region.assign_advice(column, row, Value::known(*value));
                    }
                };
                assert_eq!(columns.weights.len(), witness.weights.len());
                assert_eq!(columns.cells.len(), witness.cells.len());
                assert_eq!(columns.high.len(), witness.high.len());
                for (column, values) in columns.weights.iter().zip(&witness.weights) {
                    assign(*column, values);
                }
                for (column, values) in columns.cells.iter().zip(&witness.cells) {
                    assign(*column, values);
                }
                assign(columns.pair_multiplicity, &witness.pair_multiplicity);
                assign(columns.range_multiplicity, &witness.range_multiplicity);
                for (column, values) in columns.high.iter().zip(&witness.high) {
                    assign(*column, values);
                }

                region.next_phase();
                let challenge = |c| {
                    let mut known = None;
                    region.get_challenge(c).map(|v| known = Some(v));
                    known
                };
                let challenges = match [columns.alpha, columns.gamma, columns.beta, columns.theta].map(challenge) {
                    [Some(alpha), Some(gamma), Some(beta), Some(theta)] => Challenges {
                        alpha,
                        gamma,
                        beta,
                        theta,
                    },
                    // The mock prover synthesises once per phase and knows no challenge in the first.
                    _ => return Ok(()),
                };
                self.progress.phase("evaluate the layers at the challenges", 0);
                let mut phase_2 = Phase2::new(compiled, witness, &challenges);
                let mut all = phase_2_columns(&columns, compiled, &mut phase_2);
                for edit in &self.phase_2_edits {
                    for (column, _, values) in &mut all {
                        if column.index() == edit.column {
                            values[edit.row] = edit.value;
                        }
                    }
                }
                for (column, rows, values) in all {
                    for row in rows {
                        region.assign_advice(column, row, Value::known(values[row]));
                    }
                }
                Ok(())
            },
        )?;
        for (at, index) in &compiled.program.instances {
            layouter.constrain_instance(cell(&columns, *at), columns.instance, *index);
        }
        Ok(())
    }
}

/// Where the values of phase 2 go. In the narrow form a column holds sums above the hash, and from there on operands.
fn phase_2_columns<'v>(
    columns: &Columns,
    compiled: &Compiled,
    phase_2: &'v mut Phase2,
) -> Vec<(Column<Advice>, Range<usize>, &'v mut Vec<Fr>)> {
    let all = 0..compiled.floor.usable;
    let (sums, operands) = match compiled.frozen.layout.form() {
        Form::Wide => (all.clone(), all.clone()),
        Form::Narrow => (0..compiled.floor.poseidon, compiled.floor.poseidon..all.end),
    };
    let values = &mut phase_2.values;
    let mut columns_of: Vec<_> = columns
        .helpers
        .iter()
        .zip(&mut phase_2.helpers)
        .map(|(column, values)| (*column, all.clone(), values))
        .collect();
    columns_of.push((columns.phi, all, &mut phase_2.phi));
    columns_of.push((columns.acc_x, sums.clone(), &mut values.acc_x));
    columns_of.push((columns.acc_y, sums.clone(), &mut values.acc_y));
    columns_of.push((columns.acc_w, sums, &mut values.acc_w));
    columns_of.push((columns.a, operands.clone(), &mut values.a));
    columns_of.push((columns.b, operands.clone(), &mut values.b));
    columns_of.push((columns.acc, operands, &mut values.acc));
    columns_of
}

fn cell(columns: &Columns, at: Cell) -> Halo2Cell {
    let column = match at.col {
        Col::AccX => columns.acc_x,
        Col::AccY => columns.acc_y,
        Col::AccW => columns.acc_w,
        Col::A => columns.a,
        Col::B => columns.b,
        Col::Acc => columns.acc,
    };
    Halo2Cell {
        row_offset: at.row,
        column: column.into(),
    }
}

fn assign_fixed(compiled: &Compiled, columns: &Columns, fix: &mut impl FnMut(Column<FixedColumn>, usize, Fr)) {
    let Compiled {
        frozen, floor, fixed, ..
    } = compiled;
    match (frozen.layout.form(), floor.narrow) {
        (Form::Narrow, Some(rows)) => {
            for (row, entry) in (rows.table..).zip(narrow::lookup::entries(fixed.table_rows)) {
                for (column, number) in columns.coefficients.iter().zip(entry) {
                    fix(*column, row, Fr::from(number));
                }
            }
        }
        _ => {
            for row in 0..floor.on_rows {
                fix(columns.on, row, Fr::one());
            }
            for (row, (q, out)) in (0..).map_while(|row| Some((row, lookup::pair(fixed.table_rows, row)?))) {
                fix(columns.table_q, row, Fr::from(q));
                fix(columns.table_out, row, Fr::from(out));
            }
            for row in fixed.boundary {
                fix(columns.boundary, row, Fr::one());
            }
            for (row, value) in &fixed.logits {
                fix(columns.logits, *row, Fr::from(*value));
            }
        }
    }
    let mut bytes = |column: Column<FixedColumn>, values: &[u8]| {
        for (row, value) in values.iter().enumerate().filter(|(_, v)| **v != 0) {
            fix(column, row, Fr::from(u64::from(*value)));
        }
    };
    for (column, values) in columns.coefficients.iter().zip(&fixed.coefficients) {
        bytes(*column, values);
    }
    bytes(columns.round, &fixed.round);
    bytes(columns.block, &fixed.block);
    bytes(columns.weight_kind, &fixed.weight_kind);
    bytes(columns.arith_kind, &fixed.arith_kind);
    let constants = &poseidon::parameters().constants;
    for (row, round) in &fixed.round_constants {
        for (column, value) in columns.coefficients.iter().zip(&constants[*round]) {
            fix(*column, *row, *value);
        }
    }
    for (row, value) in &fixed.constants {
        fix(columns.constant, *row, *value);
    }
}
