//! The circuit with one thing missing: what `scripts/mutate --circuit` runs the suites on.
//!
//! The library knows nothing of this. The circuit is wrapped between its own synthesis and the mock prover, so that fixed
//! cells, copies and bindings can be left out on their way; constraints are left out of what the mock prover complains
//! about. Keys and proofs are made from the circuit itself, never from this wrapper.

pub(crate) mod changes;
mod narrow;

use assay_prover::circuit::{CircuitParams, Columns, Compiled, NetworkCircuit};
use assay_statement::field::Fr;
use changes::{constraint_change, weakening, Weakening};
use halo2_proofs::circuit::layouter::RegionLayouter;
use halo2_proofs::circuit::{AssignedCell, Cell as Halo2Cell, Layouter, Region, SimpleFloorPlanner, Table, Value};
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed, Instance, Selector,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The change that `ASSAY_WEAKEN` names: one line of [`changes::changes`].
pub(crate) fn chosen() -> Option<&'static str> {
    static CHOSEN: OnceLock<Option<String>> = OnceLock::new();
    CHOSEN.get_or_init(|| std::env::var("ASSAY_WEAKEN").ok()).as_deref()
}

/// Whether the change of this run leaves a constraint out.
pub(crate) fn lacks_constraint(compiled: &Compiled, gate: &str, constraint: &str) -> bool {
    chosen().is_some_and(|change| change == constraint_change(compiled, gate, constraint))
}

/// The circuit as the mock prover sees it, with one change or none.
#[derive(Clone)]
pub(crate) struct Weakened<'p> {
    circuit: NetworkCircuit<'p>,
    weakening: Arc<Weakening>,
}

impl<'p> Weakened<'p> {
    /// The circuit with the change of this run.
    pub(crate) fn as_chosen(circuit: NetworkCircuit<'p>, compiled: &Compiled) -> Self {
        /// By architecture: the suites look at few circuits, but thousands of times.
        static KNOWN: Mutex<BTreeMap<[u8; 32], Arc<Weakening>>> = Mutex::new(BTreeMap::new());
        let weakening = match chosen() {
            None => Arc::default(),
            Some(change) => {
                let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
                let of_circuit = || Arc::new(weakening(compiled, change));
                known
                    .entry(compiled.frozen.arch_id())
                    .or_insert_with(of_circuit)
                    .clone()
            }
        };
        Self { circuit, weakening }
    }

    pub(crate) fn new(circuit: NetworkCircuit<'p>, compiled: &Compiled, change: &str) -> Self {
        Self {
            circuit,
            weakening: Arc::new(weakening(compiled, change)),
        }
    }
}

impl Circuit<Fr> for Weakened<'_> {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = CircuitParams;

    fn params(&self) -> CircuitParams {
        self.circuit.params()
    }

    fn without_witnesses(&self) -> Self {
        Self {
            circuit: self.circuit.without_witnesses(),
            weakening: self.weakening.clone(),
        }
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Columns {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, params: CircuitParams) -> Columns {
        NetworkCircuit::configure_with_params(meta, params)
    }

    fn synthesize(&self, columns: Columns, layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let layouter = WeakenedLayouter {
            layouter,
            weakening: &self.weakening,
        };
        self.circuit.synthesize(columns, layouter)
    }
}

struct WeakenedLayouter<'w, L> {
    layouter: L,
    weakening: &'w Weakening,
}

impl<L: Layouter<Fr>> Layouter<Fr> for WeakenedLayouter<'_, L> {
    type Root = Self;

    fn assign_region<A, AR, N, NR>(&mut self, name: N, assignment: A) -> Result<AR, Error>
    where
        A: FnOnce(Region<'_, Fr>) -> Result<AR, Error>,
        N: Fn() -> NR,
        NR: Into<String>,
    {
        let weakening = self.weakening;
        self.layouter.assign_region(name, |mut region| {
            for ((column, row), value) in &weakening.fixed {
                region.assign_fixed(*column, *row, *value);
            }
            let mut region = WeakenedRegion { region, weakening };
            let region: &mut dyn RegionLayouter<Fr> = &mut region;
            assignment(region.into())
        })
    }

    fn assign_table<A, N, NR>(&mut self, _: N, _: A) -> Result<(), Error>
    where
        A: FnMut(Table<'_, Fr>) -> Result<(), Error>,
        N: Fn() -> NR,
        NR: Into<String>,
    {
        unreachable!("the circuit has no tables of the library's kind")
    }

    fn constrain_instance(&mut self, cell: Halo2Cell, column: Column<Instance>, row: usize) {
        if !self.weakening.instances.contains(&row) {
            self.layouter.constrain_instance(cell, column, row);
        }
    }

    fn next_phase(&mut self) {
        self.layouter.next_phase();
    }

    fn get_challenge(&self, challenge: Challenge) -> Value<Fr> {
        self.layouter.get_challenge(challenge)
    }

    fn get_root(&mut self) -> &mut Self {
        self
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, name: N) {
        self.layouter.get_root().push_namespace(name);
    }

    fn pop_namespace(&mut self, gadget: Option<String>) {
        self.layouter.get_root().pop_namespace(gadget);
    }
}

#[derive(Debug)]
struct WeakenedRegion<'r, 'w> {
    region: Region<'r, Fr>,
    weakening: &'w Weakening,
}

impl RegionLayouter<Fr> for WeakenedRegion<'_, '_> {
    fn enable_selector<'v>(
        &'v mut self,
        _: &'v (dyn Fn() -> String + 'v),
        _: &Selector,
        _: usize,
    ) -> Result<(), Error> {
        unreachable!("the circuit has no selectors of the library's kind")
    }

    fn name_column<'v>(&'v mut self, annotation: &'v (dyn Fn() -> String + 'v), column: Column<Any>) {
        self.region.name_column(annotation, column);
    }

    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        offset: usize,
        to: Value<Assigned<Fr>>,
    ) -> AssignedCell<&'v Assigned<Fr>, Fr> {
        self.region.assign_advice(column, offset, to)
    }

    fn assign_advice_from_constant<'v>(
        &'v mut self,
        _: &'v (dyn Fn() -> String + 'v),
        _: Column<Advice>,
        _: usize,
        _: Assigned<Fr>,
    ) -> Result<Halo2Cell, Error> {
        unreachable!("constants stand in a column of their own")
    }

    fn assign_advice_from_instance<'v>(
        &mut self,
        _: &'v (dyn Fn() -> String + 'v),
        _: Column<Instance>,
        _: usize,
        _: Column<Advice>,
        _: usize,
    ) -> Result<(Halo2Cell, Value<Fr>), Error> {
        unreachable!("instances are bound outside the region")
    }

    fn instance_value(&mut self, _: Column<Instance>, _: usize) -> Result<Value<Fr>, Error> {
        unreachable!("no value comes from an instance")
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, offset: usize, to: Assigned<Fr>) -> Halo2Cell {
        let changed = self.weakening.fixed.get(&(column, offset));
        let to = changed.map_or(to, |value| Assigned::Trivial(*value));
        self.region.assign_fixed(column, offset, to)
    }

    fn constrain_constant(&mut self, _: Halo2Cell, _: Assigned<Fr>) -> Result<(), Error> {
        unreachable!("constants stand in a column of their own")
    }

    fn constrain_equal(&mut self, left: Halo2Cell, right: Halo2Cell) {
        let cell = |cell: Halo2Cell| (cell.column, cell.row_offset);
        if !self.weakening.copies.contains(&(cell(left), cell(right))) {
            self.region.constrain_equal(left, right);
        }
    }

    fn get_challenge(&self, challenge: Challenge) -> Value<Fr> {
        self.region.get_challenge(challenge)
    }

    fn next_phase(&mut self) {
        self.region.next_phase();
    }
}
