//! What a prover keeps of a circuit: derived from the circuit, compared with the verifying key.

use crate::backend::Basis;
use crate::constraints::Constraints;
use crate::copies::Copies;
use crate::domain::Domain;
use crate::engine::Engine;
use crate::error::{ColumnKind, EngineError};
use crate::program::Program;
use crate::reference::ReferenceString;
use crate::slots::{Scalars, Slots};
use crate::tables::Tables;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{permutation, Circuit, ConstraintSystem, VerifyingKey};
use halo2_proofs::poly::EvaluationDomain;
use std::sync::OnceLock;

/// A column in both forms.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// In the rows.
    pub(crate) values: Vec<Fr>,
    pub(crate) coefficients: Vec<Fr>,
}

/// A proving key. Holds no witness.
#[derive(Debug)]
pub struct Key {
    pub(crate) vk: VerifyingKey<G1Affine>,
    pub(crate) domain: Domain,
    pub(crate) slots: Slots,
    pub(crate) scalars: Scalars,
    pub(crate) fixed: Vec<Column>,
    pub(crate) sigma: Vec<Column>,
    pub(crate) copies: Copies,
    /// By slot, from [`Slots::first`] on: `l_0`, `l_u`, `1 − l_u − …`, `X`.
    pub(crate) rows: Vec<Vec<Fr>>,
    pub(crate) gates: Program,
    pub(crate) constraints: Program,
    /// By coset, then by slot, once they are kept.
    pub(crate) cosets: OnceLock<Vec<Vec<Vec<Fr>>>>,
    /// `τ·G` of the reference string that the key was made with.
    tau: G1Affine,
    /// The constraint system with selectors, as text: what a circuit is recognised by.
    circuit: String,
}

impl Key {
    /// The key of a circuit under a verifying key, which must be this circuit's.
    ///
    /// # Errors
    /// [`EngineError::OtherCircuit`] if anything the verifying key says is not what this circuit gives under this reference
    /// string; and if the circuit cannot be synthesized, or is one that this prover refuses.
    pub fn derive<C: Circuit<Fr>>(
        engine: &Engine<'_>,
        reference: &ReferenceString,
        vk: &VerifyingKey<G1Affine>,
        circuit: &C,
    ) -> Result<Self, EngineError> {
        let library = vk.get_domain();
        let (needed, got) = (library.k(), reference.k());
        if needed != got {
            return Err(EngineError::ReferenceSize { needed, got });
        }
        let key = Self::build(engine, reference, circuit, library.clone(), vk.compress_selectors())?;
        if key.vk.fixed_commitments() != vk.fixed_commitments() {
            return Err(EngineError::OtherCircuit { part: "fixed columns" });
        }
        if key.vk.permutation().commitments() != vk.permutation().commitments() {
            return Err(EngineError::OtherCircuit { part: "copies" });
        }
        if key.vk.transcript_repr() != vk.transcript_repr() {
            return Err(EngineError::OtherCircuit { part: "constraints" });
        }
        Ok(key)
    }

    /// The key of a circuit, together with the verifying key that the library would make ([`Key::verifying_key`]).
    ///
    /// # Errors
    /// If the circuit cannot be synthesized, or is one that this prover refuses.
    pub fn generate<C: Circuit<Fr>>(
        engine: &Engine<'_>,
        reference: &ReferenceString,
        circuit: &C,
        compress_selectors: bool,
    ) -> Result<Self, EngineError> {
        let (_, system) = configure(circuit);
        refuse_lookups(&system)?;
        let k = reference.k();
        Domain::new(k, system.degree())?;
        let library = EvaluationDomain::new(system.degree() as u32, k);
        Self::build(engine, reference, circuit, library, compress_selectors)
    }

    fn build<C: Circuit<Fr>>(
        engine: &Engine<'_>,
        reference: &ReferenceString,
        circuit: &C,
        library: EvaluationDomain<Fr>,
        compress_selectors: bool,
    ) -> Result<Self, EngineError> {
        let domain = Domain::of(&library)?;
        let (config, system) = configure(circuit);
        let text = text(&system);
        refuse_lookups(&system)?;
        let (needed, rows) = (system.minimum_rows(), domain.rows());
        if rows < needed {
            return Err(EngineError::Rows { needed, rows });
        }
        let tables = engine.step("lay out the circuit", || Tables::of(circuit, config, &system, &domain))?;
        let mut fixed: Vec<Vec<Fr>> = engine.threads.run(|| {
            let columns = tables.fixed.iter();
            columns.map(|column| column.values(rows, engine.backend)).collect()
        });
        let (system, selectors) = if compress_selectors {
            system.compress_selectors(tables.selectors.clone())
        } else {
            system.directly_convert_selectors_to_fixed(tables.selectors.clone())
        };
        fixed.extend(selectors);
        check(&system, &domain)?;

        let copies = tables.copies;
        let sigma = copies.sigma(&domain);
        let [fixed_points, sigma_points] = engine.step("commit to the circuit", || {
            Ok::<_, EngineError>([&fixed, &sigma].map(|columns| engine.commit(reference, Basis::Lagrange, columns)))
        })?;
        let slots = Slots {
            fixed: fixed.len(),
            sigma: sigma.len(),
            instance: system.num_instance_columns(),
            advice: system.num_advice_columns(),
            product: sigma.len().div_ceil(domain.degree() - 2),
        };
        let scalars = Scalars {
            challenges: system.num_challenges(),
        };
        let constraints = Constraints {
            system: &system,
            domain: &domain,
            slots,
            scalars,
        };
        let (gates, all) = (constraints.gates(), constraints.all());
        let row_polynomials = row_polynomials(engine, &domain, system.blinding_factors());
        // The library keeps the selectors in a verifying key only where it compresses them.
        let kept = if compress_selectors { tables.selectors } else { vec![] };
        let permutation = permutation::VerifyingKey::from_commitments(sigma_points);
        let both = |columns: Vec<Vec<Fr>>| -> Vec<Column> {
            let coefficients = engine.coefficients(&domain, columns.clone());
            let columns = columns.into_iter().zip(coefficients);
            columns
                .map(|(values, coefficients)| Column { values, coefficients })
                .collect()
        };
        let (fixed, sigma) = (both(fixed), both(sigma));
        Ok(Self {
            vk: VerifyingKey::from_parts(library, fixed_points, permutation, system, kept, compress_selectors),
            slots,
            scalars,
            fixed,
            sigma,
            copies,
            rows: row_polynomials,
            gates,
            constraints: all,
            cosets: OnceLock::new(),
            circuit: text,
            tau: reference.points(Basis::Powers)[1],
            domain,
        })
    }

    /// What verifies the proofs made with this key.
    pub fn verifying_key(&self) -> &VerifyingKey<G1Affine> {
        &self.vk
    }

    /// The program of the quotient's numerator: what a backend runs for each coset.
    pub fn program(&self) -> &Program {
        &self.constraints
    }

    pub(crate) fn system(&self) -> &ConstraintSystem<Fr> {
        self.vk.cs()
    }

    /// Rows that a witness may fill: those before the first one that is blinded or closes the permutation.
    pub fn usable_rows(&self) -> usize {
        self.domain.rows() - (self.system().blinding_factors() + 1)
    }

    pub(crate) fn is_made_with(&self, reference: &ReferenceString) -> bool {
        reference.points(Basis::Powers)[1] == self.tau
    }

    /// The circuit's configuration, if it is the key's circuit.
    pub(crate) fn configure<C: Circuit<Fr>>(&self, circuit: &C) -> Result<C::Config, EngineError> {
        let (config, system) = configure(circuit);
        if text(&system) == self.circuit {
            Ok(config)
        } else {
            Err(EngineError::OtherCircuit { part: "constraints" })
        }
    }

    /// The coefficients of a polynomial that is the same in every proof.
    pub(crate) fn unchanging(&self, slot: usize) -> &[Fr] {
        let Slots { fixed, sigma, .. } = self.slots;
        if slot < fixed {
            &self.fixed[slot].coefficients
        } else if slot < fixed + sigma {
            &self.sigma[slot - fixed].coefficients
        } else {
            &self.rows[slot - fixed - sigma]
        }
    }
}

fn configure<C: Circuit<Fr>>(circuit: &C) -> (C::Config, ConstraintSystem<Fr>) {
    let mut system = ConstraintSystem::default();
    let config = C::configure_with_params(&mut system, circuit.params());
    (config, system)
}

fn text(system: &ConstraintSystem<Fr>) -> String {
    format!("{:?}", system.pinned())
}

fn refuse_lookups(system: &ConstraintSystem<Fr>) -> Result<(), EngineError> {
    match system.lookups().first() {
        None => Ok(()),
        Some(lookup) => Err(EngineError::Lookups {
            count: system.lookups().len(),
            name: lookup.name().to_owned(),
        }),
    }
}

/// What the library does not check and would make an invalid proof of.
fn check(system: &ConstraintSystem<Fr>, domain: &Domain) -> Result<(), EngineError> {
    let allowed = domain.degree();
    for gate in system.gates() {
        let degree = gate.polynomials().iter().map(|polynomial| polynomial.degree()).max();
        if let Some(degree) = degree.filter(|degree| *degree > allowed) {
            return Err(EngineError::GateDegree {
                gate: gate.name().to_owned(),
                degree,
                allowed,
            });
        }
    }
    let advice = system.advice_queries().iter();
    let fixed = system.fixed_queries().iter();
    let mut queries: Vec<(ColumnKind, usize, usize)> = advice
        .map(|(column, at)| (ColumnKind::Advice, column.index(), domain.rotation(at.0)))
        .chain(fixed.map(|(column, at)| (ColumnKind::Fixed, column.index(), domain.rotation(at.0))))
        .collect();
    queries.sort_unstable();
    match queries.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => Err(EngineError::Rotations {
            kind: pair[0].0,
            column: pair[0].1,
        }),
    }
}

/// The coefficients of `l_0`, `l_u`, `1 − l_u − Σ_{i>u} l_i` and `X`.
fn row_polynomials(engine: &Engine<'_>, domain: &Domain, blinding_factors: usize) -> Vec<Vec<Fr>> {
    let rows = domain.rows();
    let last = rows - blinding_factors - 1;
    let in_rows = |inside: &dyn Fn(usize) -> bool| -> Vec<Fr> {
        (0..rows)
            .map(|row| if inside(row) { Fr::ONE } else { Fr::ZERO })
            .collect()
    };
    let values = vec![
        in_rows(&|row| row == 0),
        in_rows(&|row| row == last),
        in_rows(&|row| row < last),
    ];
    let mut polynomials = engine.coefficients(domain, values);
    let mut identity = vec![Fr::ZERO; rows];
    identity[1] = Fr::ONE;
    polynomials.push(identity);
    polynomials
}
