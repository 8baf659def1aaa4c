//! A proof, step by step, in the order of the library's `create_proof`.

use crate::check;
use crate::draws::{Draws, SystemDraws};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::evaluation;
use crate::key::Key;
use crate::opening;
use crate::permutation;
use crate::phases::{Committer, Sources};
use crate::polynomial::combined;
use crate::polynomials::{Polynomials, Queries};
use crate::quotient;
use crate::reference::ReferenceString;
use crate::remembered::Remembered;
use crate::synthesis::Synthesis;
use crate::table::Table;
use crate::vanishing;
use crate::witness::Witness;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::Circuit;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use rand_core::RngCore;

/// How a proof is made; none of it changes what the proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Check gates and copies as soon as the witness is drawn. Without it a table that does not satisfy the circuit is found
    /// too, at the end.
    pub check: bool,
    /// Keep with the key what is the same in every proof under it: `degree − 1` times 32 bytes for each row of each fixed
    /// column, of each permutation column and of four more.
    pub keep_cosets: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            check: true,
            keep_cosets: false,
        }
    }
}

/// Makes proofs under one key.
#[derive(Clone, Copy, Debug)]
pub struct Prover<'a> {
    /// What it runs on.
    pub engine: Engine<'a>,
    /// The circuit's.
    pub key: &'a Key,
    /// The one that the key was made with. With [`ReferenceString::top`] the quotient's pieces are blinded.
    pub reference: &'a ReferenceString,
    /// How.
    pub options: Options,
    /// Advice columns that are the same in many proofs.
    pub remembered: Option<&'a Remembered>,
}

impl Prover<'_> {
    /// Proves that the circuit's witness satisfies it: what the library's `create_proof` writes with KZG and SHPLONK for one
    /// circuit, but for the random polynomial and for pieces of the quotient that are blinded.
    ///
    /// The table's own blinding is drawn from `rng`, in the library's order. What the proof hides depends on it: the generator
    /// is cryptographic, its state is secret, and it never gives the same numbers to two proofs, nor to a second attempt after
    /// an error, as an attempt that failed may have written commitments already. The one exception are the columns of
    /// [`Remembered`], if their blinding is meant to repeat: each proof opens such a column at another point, once for each
    /// rotation, and a column is hidden only as long as fewer of its values were opened than it has blinded rows. Whoever
    /// repeats it keeps count of that budget.
    ///
    /// # Errors
    /// If the circuit is not the key's, if instances or witness do not fit it, or if they do not satisfy it. What was written
    /// to the transcript is then no proof.
    pub fn prove<C, E, T>(
        &self,
        circuit: &C,
        instances: &[&[Fr]],
        rng: impl RngCore,
        transcript: &mut T,
    ) -> Result<(), EngineError>
    where
        C: Circuit<Fr>,
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
    {
        self.prove_with_draws(circuit, instances, rng, transcript, &SystemDraws::new()?)
    }

    /// [`Prover::prove`] for columns that come from elsewhere than a circuit's synthesis; what it asks of `rng` is the same.
    ///
    /// # Errors
    /// As [`Prover::prove`], and the witness's own.
    pub fn prove_witness<E, T>(
        &self,
        witness: &dyn Witness,
        instances: &[&[Fr]],
        rng: impl RngCore,
        transcript: &mut T,
    ) -> Result<(), EngineError>
    where
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
    {
        self.prove_columns(witness, instances, rng, transcript, &SystemDraws::new()?)
    }

    pub(crate) fn prove_with_draws<C, E, T>(
        &self,
        circuit: &C,
        instances: &[&[Fr]],
        rng: impl RngCore,
        transcript: &mut T,
        draws: &dyn Draws,
    ) -> Result<(), EngineError>
    where
        C: Circuit<Fr>,
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
    {
        let witness = Synthesis {
            circuit,
            config: self.key.configure(circuit)?,
            system: self.key.system(),
            domain: &self.key.domain,
            engine: self.engine,
        };
        self.prove_columns(&witness, instances, rng, transcript, draws)
    }

    fn check_statement(&self, instances: &[&[Fr]]) -> Result<(), EngineError> {
        let (needed, got) = (self.key.domain.k(), self.reference.k());
        if needed != got {
            return Err(EngineError::ReferenceSize { needed, got });
        }
        if !self.key.is_made_with(self.reference) {
            return Err(EngineError::OtherReference);
        }
        let (expected, got) = (self.key.slots.instance, instances.len());
        if expected != got {
            return Err(EngineError::InstanceColumns { expected, got });
        }
        let max = self.key.usable_rows();
        match instances.iter().enumerate().find(|(_, values)| values.len() > max) {
            None => Ok(()),
            Some((column, values)) => Err(EngineError::InstanceLength {
                column,
                max,
                got: values.len(),
            }),
        }
    }

    /// The coefficients of the advice columns.
    fn advice_coefficients(&self, columns: Vec<Vec<Fr>>) -> Vec<Vec<Fr>> {
        let mut known = Vec::with_capacity(columns.len());
        let mut fresh = Vec::new();
        for (column, values) in columns.into_iter().enumerate() {
            let found = self
                .remembered
                .and_then(|all| all.find(self.reference, column, &values));
            if found.is_none() {
                fresh.push(values);
            }
            known.push(found);
        }
        let mut fresh = self.engine.coefficients(&self.key.domain, fresh).into_iter();
        let coefficients = known.into_iter().map(|known| match known {
            Some(kept) => kept.coefficients.clone(),
            // One was made for each that is not known.
            None => fresh.next().unwrap_or_default(),
        });
        coefficients.collect()
    }

    pub(crate) fn prove_columns<E, T>(
        &self,
        witness: &dyn Witness,
        instances: &[&[Fr]],
        mut rng: impl RngCore,
        transcript: &mut T,
        draws: &dyn Draws,
    ) -> Result<(), EngineError>
    where
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
    {
        let Self {
            engine,
            key,
            reference,
            options,
            ..
        } = self;
        let rows = key.domain.rows();
        self.check_statement(instances)?;
        key.vk.hash_into(transcript)?;
        let sources = Sources {
            engine: *engine,
            key,
            reference,
            remembered: self.remembered,
        };
        let mut committer = Committer::new(sources, instances, &mut rng, transcript);
        witness.draw(&mut committer)?;
        let (advice, mut challenges) = committer.finish()?;
        let padded = |values: &&[Fr]| {
            let zeros = std::iter::repeat_n(Fr::ZERO, rows - values.len());
            values.iter().copied().chain(zeros).collect()
        };
        let instance: Vec<Vec<Fr>> = instances.iter().map(padded).collect();
        let table = Table { key, instance, advice };
        if options.check {
            engine.step("check the witness", || {
                check::check(engine, &table, &challenges, draws.weight())
            })?;
        }

        // θ weighs lookups, of which there are none; it is drawn all the same.
        let _theta = transcript.squeeze_challenge_scalar::<()>();
        let beta = *transcript.squeeze_challenge_scalar::<()>();
        let gamma = *transcript.squeeze_challenge_scalar::<()>();
        let products = engine.step("commit to the permutation", || {
            let challenges = permutation::Challenges { beta, gamma };
            permutation::commit(engine, reference, &table, challenges, &mut rng, transcript)
        })?;
        if !products.closed {
            check::check(engine, &table, &challenges, draws.weight())?;
            return Err(EngineError::Identity);
        }
        let random = engine.step("commit to the random polynomial", || {
            let random = engine.threads.run(|| draws.polynomial(rows));
            vanishing::commit_random(engine, reference, &random, &mut rng, transcript)?;
            Ok::<_, EngineError>(random)
        })?;

        let y = *transcript.squeeze_challenge_scalar::<()>();
        // What is needed to say where an unchecked table does not satisfy the circuit.
        let unchecked = (!options.check).then(|| (table.clone(), challenges.clone()));
        challenges.extend([beta, gamma, y]);
        let instance = engine.coefficients(&key.domain, table.instance);
        let advice = self.advice_coefficients(table.advice);
        let mut pieces = engine.step("divide by the vanishing polynomial", || {
            let changing = instance.iter().chain(&advice).chain(&products.coefficients);
            let changing: Vec<&[Fr]> = changing.map(Vec::as_slice).collect();
            let pieces = quotient::pieces(engine, key, &challenges, &changing, options.keep_cosets);
            Ok::<_, EngineError>(pieces)
        })?;
        engine.step("commit to the quotient", || {
            if reference.top().is_some() {
                let blinders = draws.blinders(pieces.len() - 1);
                vanishing::blind(&mut pieces, &blinders);
            }
            vanishing::commit_pieces(engine, reference, &pieces, &mut rng, transcript)
        })?;

        let x = *transcript.squeeze_challenge_scalar::<()>();
        let queries = Queries::of(key);
        let pieces: Vec<&[Fr]> = pieces.iter().map(Vec::as_slice).collect();
        let quotient = engine.threads.run(|| combined(&pieces, x.pow_vartime([rows as u64])));
        let polynomials = Polynomials {
            key,
            instance: &instance,
            advice: &advice,
            products: &products.coefficients,
            random: &random,
            quotient: &quotient,
        };
        let values = engine.step("evaluate", || {
            let written = queries.written();
            let all = [written.as_slice(), &queries.unwritten()].concat();
            let values = evaluation::evaluate(engine, &polynomials, &all, x);
            match evaluation::check_identity(key, &values, &challenges, x) {
                Ok(()) => {}
                Err(EngineError::Identity) => {
                    if let Some((table, challenges)) = &unchecked {
                        check::check(engine, table, challenges, draws.weight())?;
                    }
                    return Err(EngineError::Identity);
                }
                Err(other) => return Err(other),
            }
            for query in &written {
                transcript.write_scalar(*values.get(query).ok_or(EngineError::Identity)?)?;
            }
            Ok(values)
        })?;
        engine.step("open", || {
            let queries = queries.opened();
            opening::open(engine, reference, &polynomials, &queries, &values, x, transcript)
        })
    }
}
