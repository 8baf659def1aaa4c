//! The synthesis of a circuit without a witness: fixed columns, selectors and copies.

use crate::copies::{Copies, CopiesBuilder};
use crate::domain::Domain;
use crate::error::{Cell, ColumnKind, EngineError};
use crate::fractions::Fractions;
use halo2_proofs::circuit::Value;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed, FloorPlanner,
    Instance, Selector,
};

/// What a circuit fixes.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) fixed: Vec<Fractions>,
    pub(crate) selectors: Vec<Vec<bool>>,
    pub(crate) copies: Copies,
}

impl Tables {
    /// Synthesizes the circuit; its constraint system is still with selectors.
    ///
    /// # Errors
    /// [`EngineError::DomainSize`] for a permutation of `2^32` cells or more; if the circuit leaves its table or cannot be
    /// synthesized.
    pub(crate) fn of<C: Circuit<Fr>>(
        circuit: &C,
        config: C::Config,
        system: &ConstraintSystem<Fr>,
        domain: &Domain,
    ) -> Result<Self, EngineError> {
        let columns = system.permutation().get_columns();
        // Cells of the permutation are counted in 32 bits.
        if u32::try_from(columns.len() * domain.rows()).is_err() {
            let (k, degree) = (domain.k(), domain.degree());
            return Err(EngineError::DomainSize { k, degree });
        }
        let mut assembly = Assembly {
            usable: domain.rows() - (system.blinding_factors() + 1),
            k: domain.k(),
            fixed: vec![Fractions::new(domain); system.num_fixed_columns()],
            selectors: vec![vec![false; domain.rows()]; system.num_selectors()],
            copies: CopiesBuilder::new(columns.len(), domain.rows()),
            columns,
            failure: None,
        };
        let result = C::FloorPlanner::synthesize(&mut assembly, circuit, config, system.constants().clone());
        if let Some(failure) = assembly.failure {
            return Err(failure);
        }
        result.map_err(EngineError::Synthesis)?;
        Ok(Self {
            fixed: assembly.fixed,
            selectors: assembly.selectors,
            copies: assembly.copies.finish(),
        })
    }
}

struct Assembly {
    usable: usize,
    k: u32,
    fixed: Vec<Fractions>,
    selectors: Vec<Vec<bool>>,
    columns: Vec<Column<Any>>,
    copies: CopiesBuilder,
    /// The first thing that went wrong where the trait has no result to say so.
    failure: Option<EngineError>,
}

impl Assembly {
    fn fail(&mut self, failure: EngineError) {
        self.failure.get_or_insert(failure);
    }

    fn check_row(&self, row: usize) -> Result<(), Error> {
        if row < self.usable {
            Ok(())
        } else {
            Err(Error::NotEnoughRowsAvailable { current_k: self.k })
        }
    }

    /// Its place among the columns with equality.
    fn permuted(&mut self, column: Column<Any>, row: usize) -> Option<(usize, usize)> {
        let cell = Cell {
            kind: ColumnKind::of(column.column_type()),
            column: column.index(),
            row,
        };
        let place = self.columns.iter().position(|known| *known == column);
        match place {
            Some(place) if row < self.usable => Some((place, row)),
            Some(_) => {
                self.fail(EngineError::OutsideTable(cell));
                None
            }
            None => {
                self.fail(EngineError::NotInPermutation(cell));
                None
            }
        }
    }
}

impl Assignment<Fr> for Assembly {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {}

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        selector: &Selector,
        row: usize,
    ) -> Result<(), Error> {
        self.check_row(row)?;
        match self.selectors.get_mut(selector.index()) {
            Some(rows) => rows[row] = true,
            None => self.fail(EngineError::OutsideSelectors {
                selector: selector.index(),
                row,
            }),
        }
        Ok(())
    }

    fn query_instance(&self, _: Column<Instance>, row: usize) -> Result<Value<Fr>, Error> {
        self.check_row(row)?;
        Ok(Value::unknown())
    }

    fn assign_advice<'v>(&mut self, _: Column<Advice>, _: usize, _: Value<Assigned<Fr>>) -> Value<&'v Assigned<Fr>> {
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<Fr>) {
        match self.fixed.get_mut(column.index()) {
            Some(cells) if row < self.usable => cells.set(row, to),
            _ => self.fail(EngineError::OutsideTable(Cell {
                kind: ColumnKind::Fixed,
                column: column.index(),
                row,
            })),
        }
    }

    fn copy(&mut self, left_column: Column<Any>, left_row: usize, right_column: Column<Any>, right_row: usize) {
        let left = self.permuted(left_column, left_row);
        let right = self.permuted(right_column, right_row);
        if let (Some(left), Some(right)) = (left, right) {
            self.copies.join(left, right);
        }
    }

    fn fill_from_row(&mut self, column: Column<Fixed>, row: usize, to: Value<Assigned<Fr>>) -> Result<(), Error> {
        self.check_row(row)?;
        let cells = self.fixed.get_mut(column.index()).ok_or(Error::BoundsFailure)?;
        let mut value = None;
        to.map(|to| value = Some(to));
        let value = value.ok_or(Error::Synthesis)?;
        (row..self.usable).for_each(|row| cells.set(row, value));
        Ok(())
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}
}
