//! The synthesis of a circuit with its witness, as the library's prover drives it: a circuit is synthesized until all its phases
//! are committed, once if it calls `next_phase` itself.
//!
//! In contrast to the library, values that were assigned cannot be read back from their cells: the trait asks for a reference
//! that outlives the assignment, which safe code cannot give. A circuit that does so ends with
//! [`EngineError::UnknownValue`].

use crate::domain::Domain;
use crate::engine::Engine;
use crate::error::{Cell, ColumnKind, EngineError};
use crate::fractions::Fractions;
use crate::witness::{Phases, Witness};
use halo2_proofs::circuit::Value;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed, FloorPlanner,
    Instance, Selector,
};
use std::collections::BTreeSet;

/// A circuit as a witness of itself.
pub(crate) struct Synthesis<'a, C: Circuit<Fr>> {
    pub(crate) circuit: &'a C,
    pub(crate) config: C::Config,
    /// The key's; its constants and columns are the circuit's.
    pub(crate) system: &'a ConstraintSystem<Fr>,
    pub(crate) domain: &'a Domain,
    pub(crate) engine: Engine<'a>,
}

impl<C: Circuit<Fr>> Witness for Synthesis<'_, C> {
    fn draw(&self, phases: &mut dyn Phases) -> Result<(), EngineError> {
        let column_phases = self.system.advice_column_phase();
        let count = phase_count(&column_phases);
        let mut assembly = Assembly {
            usable: phases.usable_rows(),
            k: self.domain.k(),
            advice: vec![Some(Fractions::new(self.domain)); column_phases.len()],
            unknown: vec![BTreeSet::new(); column_phases.len()],
            column_phases,
            count,
            phase: 0,
            challenges: vec![None; self.system.num_challenges()],
            phases,
            engine: self.engine,
            failure: None,
        };
        while assembly.phase < count {
            let constants = self.system.constants().clone();
            let result = C::FloorPlanner::synthesize(&mut assembly, self.circuit, self.config.clone(), constants);
            if let Some(failure) = assembly.failure.take() {
                return Err(failure);
            }
            result.map_err(EngineError::Synthesis)?;
            if assembly.phase < count {
                assembly.commit()?;
            }
        }
        Ok(())
    }
}

/// How many phases a circuit has whose advice columns are in these: at least one.
pub(crate) fn phase_count(column_phases: &[u8]) -> u8 {
    column_phases.iter().max().map_or(1, |last| last + 1)
}

struct Assembly<'a> {
    usable: usize,
    k: u32,
    /// By column; none once its phase is committed, after which no assignment counts.
    advice: Vec<Option<Fractions>>,
    /// By column: the rows that were assigned an unknown value, which is wrong only if the phase is committed with it.
    unknown: Vec<BTreeSet<usize>>,
    column_phases: Vec<u8>,
    count: u8,
    phase: u8,
    challenges: Vec<Option<Fr>>,
    phases: &'a mut dyn Phases,
    engine: Engine<'a>,
    /// The first thing that went wrong where the trait has no result to say so.
    failure: Option<EngineError>,
}

impl Assembly<'_> {
    fn commit(&mut self) -> Result<(), EngineError> {
        let in_phase: Vec<usize> = (0..self.advice.len())
            .filter(|column| self.column_phases[*column] == self.phase)
            .collect();
        for column in &in_phase {
            if let Some(row) = self.unknown[*column].first() {
                return Err(EngineError::UnknownValue(advice_cell(*column, *row)));
            }
        }
        let taken: Vec<Fractions> = in_phase
            .iter()
            .filter_map(|column| self.advice[*column].take())
            .collect();
        let (usable, backend) = (self.usable, self.engine.backend);
        let columns = self.engine.threads.run(|| {
            let columns = taken.into_iter();
            columns.map(|column| column.into_values(usable, backend)).collect()
        });
        self.challenges = self.phases.commit(columns)?;
        self.phase += 1;
        Ok(())
    }

    fn fail(&mut self, failure: EngineError) {
        self.failure.get_or_insert(failure);
    }
}

fn advice_cell(column: usize, row: usize) -> Cell {
    Cell {
        kind: ColumnKind::Advice,
        column,
        row,
    }
}

impl Assignment<Fr> for Assembly<'_> {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {}

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        _: &Selector,
        _: usize,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn query_instance(&self, column: Column<Instance>, row: usize) -> Result<Value<Fr>, Error> {
        if row >= self.usable {
            return Err(Error::NotEnoughRowsAvailable { current_k: self.k });
        }
        let value = self
            .phases
            .instances()
            .get(column.index())
            .and_then(|values| values.get(row));
        value.map(|value| Value::known(*value)).ok_or(Error::BoundsFailure)
    }

    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        let index = column.index();
        let inside = row < self.usable;
        match self.advice.get_mut(index) {
            Some(None) if inside => {}
            Some(Some(cells)) if inside => {
                let mut known = None;
                to.map(|to| known = Some(to));
                match known {
                    Some(value) => {
                        cells.set(row, value);
                        if !self.unknown[index].is_empty() {
                            self.unknown[index].remove(&row);
                        }
                    }
                    None => {
                        self.unknown[index].insert(row);
                    }
                }
            }
            _ => self.fail(EngineError::OutsideTable(advice_cell(index, row))),
        }
        Value::unknown()
    }

    fn assign_fixed(&mut self, _: Column<Fixed>, _: usize, _: Assigned<Fr>) {}

    fn copy(&mut self, _: Column<Any>, _: usize, _: Column<Any>, _: usize) {}

    fn fill_from_row(&mut self, _: Column<Fixed>, _: usize, _: Value<Assigned<Fr>>) -> Result<(), Error> {
        Ok(())
    }

    fn get_challenge(&self, challenge: Challenge) -> Value<Fr> {
        let known = self.challenges.get(challenge.index()).copied().flatten();
        known.map_or_else(Value::unknown, Value::known)
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}

    fn next_phase(&mut self) {
        // As in the library, a call behind the last phase does nothing.
        if self.failure.is_some() || self.phase == self.count {
            return;
        }
        if let Err(failure) = self.commit() {
            self.fail(failure);
        }
    }
}
