//! The only way to a gate: every constraint has a name of its own, and none is above the degree a proof can show.

use super::expression::Expr;
use assay_statement::field::Fr;
use halo2_proofs::plonk::{ConstraintSystem, VirtualCells};
use std::collections::HashSet;

/// halo2-axiom clamps the degree of the quotient to 5 without a word: a gate above it would verify in no real proof.
pub(crate) const MAX_DEGREE: usize = 5;

/// Adds gates to a constraint system that it does not hand out.
pub(crate) struct Gates<'m> {
    meta: &'m mut ConstraintSystem<Fr>,
    names: HashSet<(&'static str, String)>,
}

impl<'m> Gates<'m> {
    pub(crate) fn new(meta: &'m mut ConstraintSystem<Fr>) -> Self {
        Self {
            meta,
            names: HashSet::new(),
        }
    }

    /// A gate of named constraints: each expression is zero in every row.
    ///
    /// # Panics
    /// If a name is empty or taken within the gate, or a degree is above [`MAX_DEGREE`].
    pub(crate) fn create<N: Into<String>>(
        &mut self,
        gate: &'static str,
        constraints: impl FnOnce(&mut VirtualCells<'_, Fr>) -> Vec<(N, Expr)>,
    ) {
        let names = &mut self.names;
        self.meta.create_gate(gate, |meta| {
            constraints(meta)
                .into_iter()
                .map(|(name, expression)| {
                    let name = name.into();
                    let degree = expression.degree();
                    assert!(degree <= MAX_DEGREE, "{gate}: {name} has degree {degree}");
                    assert!(!name.is_empty(), "{gate} has a constraint without a name");
                    assert!(
                        names.insert((gate, name.clone())),
                        "{gate} has two constraints named {name}"
                    );
                    (name, expression)
                })
                .collect::<Vec<_>>()
        });
    }
}
