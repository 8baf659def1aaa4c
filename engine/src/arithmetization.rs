//! What a circuit is for the prover, before any commitment: its constraint system and the columns that it fixes.

use crate::backend::Backend;
use crate::copies::Copies;
use crate::domain::Domain;
use crate::engine::Engine;
use crate::error::{ColumnKind, EngineError};
use crate::tables::Tables;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use halo2_proofs::poly::EvaluationDomain;

/// A circuit over a domain.
#[derive(Debug)]
pub(crate) struct Arithmetization {
    pub(crate) domain: Domain,
    /// Without selectors, which are fixed columns here.
    pub(crate) system: ConstraintSystem<Fr>,
    /// The constraint system with selectors, as text: what a circuit is recognised by.
    pub(crate) text: String,
    /// In the rows; selectors behind the circuit's own.
    pub(crate) fixed: Vec<Vec<Fr>>,
    /// `σ`, in the rows.
    pub(crate) sigma: Vec<Vec<Fr>>,
    pub(crate) copies: Copies,
    /// What the library keeps of the selectors in a verifying key: all of them where it compresses them, else none.
    pub(crate) selectors: Vec<Vec<bool>>,
}

impl Arithmetization {
    /// Configures and synthesizes the circuit without its witness.
    ///
    /// # Errors
    /// If the circuit cannot be synthesized, or is one that this prover refuses.
    pub(crate) fn of<C: Circuit<Fr>>(
        engine: &Engine<'_>,
        circuit: &C,
        library: &EvaluationDomain<Fr>,
        compress_selectors: bool,
    ) -> Result<Self, EngineError> {
        let domain = Domain::of(library)?;
        let (config, system) = configure(circuit);
        let text = text(&system);
        refuse_lookups(&system)?;
        let (needed, rows) = (system.minimum_rows(), domain.rows());
        if rows < needed {
            return Err(EngineError::Rows { needed, rows });
        }
        let tables = Tables::of(circuit, config, &system, &domain)?;
        let backend: &dyn Backend = engine.backend;
        let mut fixed: Vec<Vec<Fr>> = engine.threads.run(|| {
            let columns = tables.fixed.into_iter();
            columns.map(|column| column.into_values(rows, backend)).collect()
        });
        let kept = if compress_selectors {
            tables.selectors.clone()
        } else {
            vec![]
        };
        let (system, selectors) = if compress_selectors {
            system.compress_selectors(tables.selectors)
        } else {
            system.directly_convert_selectors_to_fixed(tables.selectors)
        };
        fixed.extend(selectors);
        check_degrees(&system, &domain)?;
        check_rotations(&system, &domain)?;
        Ok(Self {
            sigma: tables.copies.sigma(&domain),
            copies: tables.copies,
            selectors: kept,
            domain,
            system,
            text,
            fixed,
        })
    }
}

/// The circuit's configuration and its constraint system, still with selectors.
pub(crate) fn configure<C: Circuit<Fr>>(circuit: &C) -> (C::Config, ConstraintSystem<Fr>) {
    let mut system = ConstraintSystem::default();
    let config = C::configure_with_params(&mut system, circuit.params());
    (config, system)
}

/// All that a proof depends on in a constraint system.
pub(crate) fn text(system: &ConstraintSystem<Fr>) -> String {
    format!("{:?} {:?}", system.pinned(), phases(system))
}

/// The phases of advice columns, then of challenges. The library's own text of a system, and with it the verifying key's
/// digest, leaves them out where there is no challenge.
pub(crate) fn phases(system: &ConstraintSystem<Fr>) -> [Vec<u8>; 2] {
    [system.advice_column_phase(), system.challenge_phase()]
}

/// # Errors
/// [`EngineError::Lookups`].
pub(crate) fn refuse_lookups(system: &ConstraintSystem<Fr>) -> Result<(), EngineError> {
    match system.lookups().first() {
        None => Ok(()),
        Some(lookup) => Err(EngineError::Lookups {
            count: system.lookups().len(),
            name: lookup.name().to_owned(),
        }),
    }
}

/// The library clamps the degree to a limit of its own and writes an invalid proof of a gate above it.
fn check_degrees(system: &ConstraintSystem<Fr>, domain: &Domain) -> Result<(), EngineError> {
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
    Ok(())
}

/// Two queries of a column at one point cannot be opened: the library ends such a proof with an error.
fn check_rotations(system: &ConstraintSystem<Fr>, domain: &Domain) -> Result<(), EngineError> {
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
