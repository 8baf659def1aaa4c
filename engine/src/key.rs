//! What a prover keeps of a circuit: derived from the circuit, compared with the verifying key.

use crate::arithmetization::{configure, phases, refuse_lookups, text, Arithmetization};
use crate::backend::Basis;
use crate::constraints::Constraints;
use crate::copies::Copies;
use crate::domain::Domain;
use crate::draws::{Draws, SystemDraws};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::passes::Pass;
use crate::polynomial::combined;
use crate::program::Program;
use crate::reference::ReferenceString;
use crate::slots::{Scalars, Slots};
use crate::unchanging::Unchanging;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::group::{prime::PrimeCurveAffine, Curve};
use halo2_proofs::plonk::{permutation, Circuit, ConstraintSystem, VerifyingKey};
use halo2_proofs::poly::EvaluationDomain;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;

/// A proving key. Holds no witness.
#[derive(Debug)]
pub struct Key {
    pub(crate) vk: VerifyingKey<G1Affine>,
    pub(crate) domain: Domain,
    pub(crate) slots: Slots,
    pub(crate) scalars: Scalars,
    pub(crate) fixed: Vec<Unchanging>,
    pub(crate) sigma: Vec<Unchanging>,
    pub(crate) copies: Copies,
    pub(crate) gates: Program,
    /// What is divided by `X^n − 1`: the sum of all programs' results.
    pub(crate) constraints: Vec<(Pass, Program)>,
    /// `τ·G` of the reference string that the key was made with.
    tau: G1Affine,
    /// [`Arithmetization::text`].
    circuit: String,
}

impl Key {
    /// The key of a circuit under a verifying key, which must be this circuit's.
    ///
    /// The columns are compared with the verifying key's commitments all at once, under random weights: one
    /// multi-exponentiation, which another circuit passes with a probability of the number of columns over `r`.
    ///
    /// # Errors
    /// [`EngineError::OtherCircuit`] if anything the verifying key says is not what this circuit gives under this reference
    /// string; [`EngineError::OtherDegree`] if the library would now give the circuit another degree than the verifying key
    /// has; and if the circuit cannot be synthesized, or is one that this prover refuses.
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
        let parts = engine.step("lay out the circuit", || {
            Arithmetization::of(engine, circuit, library, vk.compress_selectors())
        })?;
        engine.step("compare the circuit with its key", || {
            compare(engine, reference, &parts, vk, SystemDraws::new()?.weight())
        })?;
        if phases(vk.cs()) != phases(&parts.system) {
            return Err(EngineError::OtherCircuit { part: "phases" });
        }
        let points = [vk.fixed_commitments().clone(), vk.permutation().commitments().clone()];
        let expected = vk.transcript_repr();
        let key = Self::build(
            engine,
            reference,
            parts,
            without_factors(library),
            points,
            vk.compress_selectors(),
        )?;
        if key.vk.transcript_repr() == expected {
            Ok(key)
        } else {
            Err(EngineError::OtherCircuit { part: "constraints" })
        }
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
        let parts = engine.step("lay out the circuit", || {
            Arithmetization::of(engine, circuit, &library, compress_selectors)
        })?;
        let points = engine.step("commit to the circuit", || {
            let commit = |columns: &[Vec<Fr>]| engine.commit(reference, Basis::Lagrange, columns);
            Ok::<_, EngineError>([commit(&parts.fixed)?, commit(&parts.sigma)?])
        })?;
        Self::build(engine, reference, parts, library, points, compress_selectors)
    }

    fn build(
        engine: &Engine<'_>,
        reference: &ReferenceString,
        parts: Arithmetization,
        library: EvaluationDomain<Fr>,
        [fixed_points, sigma_points]: [Vec<G1Affine>; 2],
        compress_selectors: bool,
    ) -> Result<Self, EngineError> {
        let Arithmetization { domain, system, .. } = parts;
        // A verifier takes the permutation's sets from the one and the quotient's pieces from the other.
        let (in_key, of_circuit) = (domain.degree(), system.degree());
        if in_key != of_circuit {
            return Err(EngineError::OtherDegree {
                key: in_key,
                circuit: of_circuit,
            });
        }
        let slots = Slots {
            fixed: parts.fixed.len(),
            sigma: parts.sigma.len(),
            instance: system.num_instance_columns(),
            advice: system.num_advice_columns(),
            product: parts.sigma.len().div_ceil(domain.degree() - 2),
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
        let transformed = |columns: Vec<Vec<Fr>>| -> Vec<Unchanging> {
            let coefficients = engine.coefficients(&domain, columns).into_iter();
            coefficients.map(Unchanging::new).collect()
        };
        let (fixed, sigma) = engine.step("transform the circuit's columns", || {
            Ok::<_, EngineError>((transformed(parts.fixed), transformed(parts.sigma)))
        })?;
        let permutation = permutation::VerifyingKey::from_commitments(sigma_points);
        let kept = parts.selectors;
        Ok(Self {
            vk: VerifyingKey::from_parts(library, fixed_points, permutation, system, kept, compress_selectors),
            slots,
            scalars,
            fixed,
            sigma,
            copies: parts.copies,
            gates,
            constraints: all,
            circuit: parts.text,
            tau: reference.points(Basis::Powers)[1],
            domain,
        })
    }

    /// What verifies the proofs made with this key.
    pub fn verifying_key(&self) -> &VerifyingKey<G1Affine> {
        &self.vk
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

    /// The circuit's fixed columns in the rows.
    pub(crate) fn fixed_in_rows(&self, engine: &Engine<'_>) -> Vec<Vec<Fr>> {
        self.in_rows(engine, &self.fixed)
    }

    /// `σ` of some columns of the permutation, in the rows.
    pub(crate) fn permuted_in_rows(&self, engine: &Engine<'_>, columns: Range<usize>) -> Vec<Vec<Fr>> {
        self.in_rows(engine, &self.sigma[columns])
    }

    fn in_rows(&self, engine: &Engine<'_>, columns: &[Unchanging]) -> Vec<Vec<Fr>> {
        let in_rows = |column| Unchanging::in_rows(column, engine.backend, &self.domain);
        engine.threads.run(|| columns.par_iter().map(in_rows).collect())
    }
}

/// The library's domain without its tables for Fourier transforms, which would take 14 times 32 bytes a row; a verifier has no use for
/// them.
fn without_factors(library: &EvaluationDomain<Fr>) -> EvaluationDomain<Fr> {
    EvaluationDomain {
        t_evaluations: library.t_evaluations.clone(),
        fft_data: HashMap::new(),
        ..*library
    }
}

/// Checks that the verifying key commits to the circuit's columns.
fn compare(
    engine: &Engine<'_>,
    reference: &ReferenceString,
    parts: &Arithmetization,
    vk: &VerifyingKey<G1Affine>,
    weight: Fr,
) -> Result<(), EngineError> {
    let [fixed, copies] = ["fixed columns", "copies"].map(|part| EngineError::OtherCircuit { part });
    let fixed_points = vk.fixed_commitments();
    let points = [fixed_points.as_slice(), vk.permutation().commitments()].concat();
    if fixed_points.len() != parts.fixed.len() {
        return Err(fixed);
    }
    if points.len() != parts.fixed.len() + parts.sigma.len() {
        return Err(copies);
    }
    let columns: Vec<&[Fr]> = parts.fixed.iter().chain(&parts.sigma).map(Vec::as_slice).collect();
    let agree = |count: usize| {
        let column = engine.threads.run(|| combined(&columns[..count], weight));
        let weighed = points[..count].iter().rev();
        let expected = weighed.fold(G1Affine::default().to_curve(), |sum, point| sum * weight + point);
        let made = engine.commit(reference, Basis::Lagrange, &[column])?;
        Ok::<_, EngineError>(made == [expected.to_affine()])
    };
    if agree(points.len())? {
        Ok(())
    } else if agree(parts.fixed.len())? {
        Err(copies)
    } else {
        Err(fixed)
    }
}
