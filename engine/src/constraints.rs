//! The polynomial that vanishes on the rows of an honest table, as programs whose results are added.
//!
//! All constraints, each weighed by a power of `y`, the first by the highest, in the library's order: the gates'; then for the
//! permutation, whose columns `p_j` are cut into sets of `degree − 2` with one product `z_i` each:
//!
//! ```text
//! l_0·(1 − z_0)
//! l_u·(z_last² − z_last)
//! l_0·(z_i − z_{i−1}(ω^u·X))                                                         for every i > 0
//! (1 − l_u − …)·(z_i(ω·X)·Π_j (p_j + β·σ_j + γ) − z_i·Π_j (p_j + δ^j·β·X + γ))       for every i
//! ```

use crate::compile::{Node, Parts};
use crate::domain::Domain;
use crate::error::ColumnKind;
use crate::passes::{passes, Pass};
use crate::program::Program;
use crate::rows;
use crate::slots::{Scalars, Slots};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use halo2_proofs::plonk::{ConstraintSystem, Expression};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A key's constraints with what is needed to number their columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Constraints<'a> {
    /// Without selectors.
    pub(crate) system: &'a ConstraintSystem<Fr>,
    pub(crate) domain: &'a Domain,
    pub(crate) slots: Slots,
    pub(crate) scalars: Scalars,
}

impl Constraints<'_> {
    /// The gates alone.
    pub(crate) fn gates(&self) -> Program {
        let mut parts = Parts::default();
        let gates = self.gate_nodes(&mut parts);
        let all: Vec<usize> = (0..gates.len()).collect();
        let sum = self.weighed(&mut parts, &gates, &all);
        parts.program(sum)
    }

    /// The gates and the permutation, a program for each pass.
    pub(crate) fn all(&self) -> Vec<(Pass, Program)> {
        let mut parts = Parts::default();
        let mut constraints = self.gate_nodes(&mut parts);
        constraints.extend(self.permutation_nodes(&mut parts));
        let reads: Vec<BTreeSet<usize>> = constraints.iter().map(|node| self.reads(&parts, *node)).collect();
        let passes = passes(&reads).into_iter();
        let programs = passes.map(|pass| {
            let sum = self.weighed(&mut parts, &constraints, &pass.constraints);
            let program = parts.program(sum);
            (pass, program)
        });
        programs.collect()
    }

    /// The columns that a constraint needs. Those of single rows are made together.
    fn reads(&self, parts: &Parts, constraint: Node) -> BTreeSet<usize> {
        let mut slots = parts.slots(constraint);
        let of_rows = self.slots.first()..self.slots.first() + rows::COUNT;
        if slots.range(of_rows.clone()).next().is_some() {
            slots.extend(of_rows);
        }
        slots
    }

    /// `Σ y^(m−1−i)·constraint_i` over the chosen ones of `m`.
    fn weighed(&self, parts: &mut Parts, constraints: &[Node], chosen: &[usize]) -> Node {
        let y = parts.challenge(self.scalars.y());
        let mut powers = vec![parts.constant(Fr::ONE)];
        for i in 1..constraints.len() {
            powers.push(parts.multiply(powers[i - 1], y));
        }
        let zero = parts.constant(Fr::ZERO);
        chosen.iter().fold(zero, |sum, i| {
            let weighed = parts.multiply(constraints[*i], powers[constraints.len() - 1 - i]);
            parts.add(sum, weighed)
        })
    }

    fn gate_nodes(&self, parts: &mut Parts) -> Vec<Node> {
        let gates = self.system.gates().iter();
        gates
            .flat_map(|gate| gate.polynomials())
            .map(|polynomial| self.expression(parts, polynomial))
            .collect()
    }

    fn expression(&self, parts: &mut Parts, expression: &Expression<Fr>) -> Node {
        let parts = RefCell::new(parts);
        let cell = |kind, column, rotation| {
            let slot = self.slots.cell(kind, column);
            parts.borrow_mut().load(slot, self.domain.rotation(rotation))
        };
        expression.evaluate(
            &|constant| parts.borrow_mut().constant(constant),
            &|_| unreachable!("selectors are fixed columns in a key"),
            &|query| cell(ColumnKind::Fixed, query.column_index(), query.rotation().0),
            &|query| cell(ColumnKind::Advice, query.column_index(), query.rotation().0),
            &|query| cell(ColumnKind::Instance, query.column_index(), query.rotation().0),
            &|challenge| parts.borrow_mut().challenge(challenge.index()),
            &|a| parts.borrow_mut().negate(a),
            &|a, b| parts.borrow_mut().add(a, b),
            &|a, b| parts.borrow_mut().multiply(a, b),
            &|a, factor| {
                let factor = parts.borrow_mut().constant(factor);
                parts.borrow_mut().multiply(a, factor)
            },
        )
    }

    fn permutation_nodes(&self, parts: &mut Parts) -> Vec<Node> {
        let Self { domain, slots, .. } = self;
        let columns = self.system.permutation().get_columns();
        let width = domain.degree() - 2;
        let sets = slots.product;
        if sets == 0 {
            return vec![];
        }
        let last_usable = domain.rotation(-(self.system.blinding_factors() as i32 + 1));
        let [first, last, active] = [slots.first(), slots.last(), slots.active()].map(|slot| parts.load(slot, 0));
        let one = parts.constant(Fr::ONE);
        let mut constraints = Vec::new();

        let product = parts.load(slots.product(0), 0);
        let difference = parts.subtract(one, product);
        constraints.push(parts.multiply(difference, first));

        let product = parts.load(slots.product(sets - 1), 0);
        let square = parts.multiply(product, product);
        let difference = parts.subtract(square, product);
        constraints.push(parts.multiply(difference, last));

        for set in 1..sets {
            let product = parts.load(slots.product(set), 0);
            let before = parts.load(slots.product(set - 1), last_usable);
            let difference = parts.subtract(product, before);
            constraints.push(parts.multiply(difference, first));
        }

        let beta = parts.challenge(self.scalars.beta());
        let gamma = parts.challenge(self.scalars.gamma());
        let identity = parts.load(slots.identity(), 0);
        let mut delta = Fr::ONE;
        for (set, columns) in columns.chunks(width).enumerate() {
            let mut left = parts.load(slots.product(set), domain.rotation(1));
            let mut right = parts.load(slots.product(set), 0);
            for (place, column) in columns.iter().enumerate() {
                let kind = ColumnKind::of(column.column_type());
                let value = parts.load(slots.cell(kind, column.index()), 0);
                let value = parts.add(value, gamma);

                let sigma = parts.load(slots.sigma(set * width + place), 0);
                let permuted = parts.multiply(sigma, beta);
                let factor = parts.add(value, permuted);
                left = parts.multiply(left, factor);

                let delta_node = parts.constant(delta);
                let label = parts.multiply(delta_node, beta);
                let own = parts.multiply(label, identity);
                let factor = parts.add(value, own);
                right = parts.multiply(right, factor);
                delta *= Fr::DELTA;
            }
            let difference = parts.subtract(left, right);
            constraints.push(parts.multiply(difference, active));
        }
        constraints
    }
}
