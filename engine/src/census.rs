//! What keys and proofs of a constraint system are made of, counted before there is any of them.

use crate::arithmetization::refuse_lookups;
use crate::constraints::Constraints;
use crate::domain::Domain;
use crate::error::EngineError;
use crate::passes::Pass;
use crate::program::Program;
use crate::slots::{Scalars, Slots};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;
use std::collections::BTreeSet;
use std::ops::Range;

/// Columns of one value for each row, and what is done in each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// Of the circuit.
    pub fixed: usize,
    /// Of the permutation.
    pub sigma: usize,
    /// Of the statement.
    pub instance: usize,
    /// Of the witness.
    pub advice: usize,
    /// Those of the advice columns that are the same in many proofs.
    pub remembered: usize,
    /// Of the permutation's argument.
    pub products: usize,
    /// Pieces of the quotient: as many as there are cosets.
    pub pieces: usize,
    /// Columns that are on a coset at a time while the quotient is computed, at most, if none is kept.
    pub live: usize,
    /// The same if those that are the same in every proof are kept ([`Options::keep`](crate::Options::keep)): without these.
    pub live_beside_kept: usize,
    /// Values that are in the proof.
    pub evaluations: usize,
    /// Sums and products for each row of each coset.
    pub quotient_steps: usize,
    /// Sums and products for each row while the witness is checked.
    pub check_steps: usize,
}

impl Census {
    /// Counts; `remembered` are the advice columns that proofs have in common.
    ///
    /// # Errors
    /// If it is a system that this prover refuses, or one with selectors, which become columns only when a circuit is laid out.
    pub fn of(system: &ConstraintSystem<Fr>, remembered: Range<usize>) -> Result<Self, EngineError> {
        refuse_lookups(system)?;
        if system.num_selectors() > 0 {
            return Err(EngineError::Selectors {
                count: system.num_selectors(),
            });
        }
        let degree = system.degree();
        // How many rows there are says nothing of what is done in each.
        let domain = Domain::new(system.minimum_rows().next_power_of_two().ilog2(), degree)?;
        let sigma = system.permutation().get_columns().len();
        let slots = Slots {
            fixed: system.num_fixed_columns(),
            sigma,
            instance: system.num_instance_columns(),
            advice: system.num_advice_columns(),
            product: sigma.div_ceil(degree - 2),
        };
        let scalars = Scalars {
            challenges: system.num_challenges(),
        };
        let constraints = Constraints {
            system,
            domain: &domain,
            slots,
            scalars,
        };
        let all = constraints.all();
        let changing = |slot: &usize| {
            let advice = slot.wrapping_sub(slots.unchanging() + slots.instance);
            *slot >= slots.first() && !(advice < slots.advice && remembered.contains(&advice))
        };
        let in_proof = [system.advice_queries().len(), system.fixed_queries().len(), sigma, 1];
        let of_products = (3 * slots.product).saturating_sub(1);
        Ok(Self {
            fixed: slots.fixed,
            sigma,
            instance: slots.instance,
            advice: slots.advice,
            remembered: remembered.len(),
            products: slots.product,
            pieces: domain.shifts().len(),
            live: most_live(&all, |_| true),
            live_beside_kept: most_live(&all, changing),
            evaluations: in_proof.iter().sum::<usize>() + of_products,
            quotient_steps: all.iter().map(|(_, program)| program.steps()).sum(),
            check_steps: constraints.gates().steps(),
        })
    }

    /// Columns for which a proof has a value on each coset, those of single rows apart.
    pub fn on_cosets(&self) -> usize {
        self.fixed + self.sigma + self.instance + self.advice + self.products
    }

    /// Those of them that are the same in every proof.
    pub fn unchanging(&self) -> usize {
        self.fixed + self.sigma + self.remembered
    }

    /// Points in a proof: the columns, the random polynomial, the quotient's pieces, and two of the opening.
    pub fn points(&self) -> usize {
        self.advice + self.products + 1 + self.pieces + 2
    }
}

/// How many of the counted columns are there at a time, at most.
fn most_live(passes: &[(Pass, Program)], counts: impl Fn(&usize) -> bool) -> usize {
    let mut live: BTreeSet<usize> = BTreeSet::new();
    let mut most = 0;
    for (pass, _) in passes {
        live.extend(pass.new.iter().filter(|slot| counts(slot)));
        most = most.max(live.len());
        live.retain(|slot| !pass.last.contains(slot));
    }
    most
}
