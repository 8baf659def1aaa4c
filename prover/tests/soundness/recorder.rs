//! What the layouter receives from a circuit: fixed cells and copies as a proving key is made of them.

use crate::support::configure;
use crate::support::weakening::Weakened;
use assay_prover::circuit::{Compiled, NetworkCircuit};
use assay_statement::field::Fr;
use halo2_proofs::circuit::{SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Assignment, Challenge, Column, Error, Fixed, FloorPlanner, Instance, Selector,
};
use std::sync::Arc;

/// A cell of an advice column.
pub(crate) type At = (usize, usize);

/// One synthesis without a witness, as for key generation.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// By column over all rows; what is not assigned is zero.
    pub(crate) fixed: Vec<Vec<Fr>>,
    /// Equalities of advice cells, in the order in which they were asked for.
    pub(crate) copies: Vec<(At, At)>,
    /// Advice cells bound to an instance.
    pub(crate) bound: Vec<(At, usize)>,
}

impl Recorder {
    pub(crate) fn new(compiled: &Arc<Compiled>) -> Self {
        let (cs, columns) = configure(compiled);
        let rows = 1 << compiled.frozen.layout.k;
        let mut recorder = Self {
            fixed: vec![vec![Fr::zero(); rows]; cs.num_fixed_columns()],
            copies: Vec::new(),
            bound: Vec::new(),
        };
        let circuit = Weakened::as_chosen(NetworkCircuit::for_keygen(compiled.clone()), compiled);
        SimpleFloorPlanner::synthesize(&mut recorder, &circuit, columns, Vec::new()).expect("synthesis");
        recorder
    }
}

impl Assignment<Fr> for Recorder {
    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<Fr>) {
        self.fixed[column.index()][row] = to.evaluate();
    }

    fn copy(&mut self, left: Column<Any>, left_row: usize, right: Column<Any>, right_row: usize) {
        let (left_cell, right_cell) = ((left.index(), left_row), (right.index(), right_row));
        match (left.column_type(), right.column_type()) {
            (Any::Advice(_), Any::Advice(_)) => self.copies.push((left_cell, right_cell)),
            (Any::Advice(_), Any::Instance) => self.bound.push((left_cell, right_row)),
            (Any::Instance, Any::Advice(_)) => self.bound.push((right_cell, left_row)),
            other => panic!("the circuit has no such copy: {other:?}"),
        }
    }

    fn assign_advice<'v>(&mut self, _: Column<Advice>, _: usize, _: Value<Assigned<Fr>>) -> Value<&'v Assigned<Fr>> {
        unreachable!("keys are made without a witness")
    }

    fn enable_selector<A, AR>(&mut self, _: A, _: &Selector, _: usize) -> Result<(), Error>
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        unreachable!("there are no selectors")
    }

    fn fill_from_row(&mut self, _: Column<Fixed>, _: usize, _: Value<Assigned<Fr>>) -> Result<(), Error> {
        unreachable!("tables are filled row by row")
    }

    fn query_instance(&self, _: Column<Instance>, _: usize) -> Result<Value<Fr>, Error> {
        unreachable!("no cell is computed from an instance")
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn enter_region<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn annotate_column<A, AR>(&mut self, _: A, _: Column<Any>)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
    }

    fn exit_region(&mut self) {}

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self, _: Option<String>) {}
}
