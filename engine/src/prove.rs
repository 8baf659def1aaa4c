//! A proof, step by step, in the order of the library's `create_proof`.

use crate::check;
use crate::draws::{Draws, SystemDraws};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::evaluation;
use crate::key::Key;
use crate::opening;
use crate::options::Options;
use crate::permutation;
use crate::phases::{Committed, Committer, Sources};
use crate::polynomial::combined;
use crate::polynomials::{Polynomials, Queries};
use crate::quotient;
use crate::reference::ReferenceString;
use crate::remembered::{Kept, Remembered};
use crate::statement;
use crate::synthesis::Synthesis;
use crate::table::{ProofRows, Table};
use crate::unchanging::Source;
use crate::vanishing;
use crate::witness::{Phases, Witness};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::Circuit;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use rand_core::RngCore;
use std::sync::Arc;

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

    /// [`Prover::prove`] of a circuit that is given away: once its advice columns are committed, its memory is free.
    ///
    /// # Errors
    /// As [`Prover::prove`].
    pub fn prove_owned<C, E, T>(
        &self,
        circuit: C,
        instances: &[&[Fr]],
        rng: impl RngCore,
        transcript: &mut T,
    ) -> Result<(), EngineError>
    where
        C: Circuit<Fr>,
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
    {
        let config = self.key.configure(&circuit)?;
        let draw = move |phases: &mut dyn Phases| self.synthesis(&circuit, config).draw(phases);
        self.prove_columns(draw, instances, rng, transcript, &SystemDraws::new()?)
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
        let draw = |phases: &mut dyn Phases| witness.draw(phases);
        self.prove_columns(draw, instances, rng, transcript, &SystemDraws::new()?)
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
        let config = self.key.configure(circuit)?;
        let draw = |phases: &mut dyn Phases| self.synthesis(circuit, config).draw(phases);
        self.prove_columns(draw, instances, rng, transcript, draws)
    }

    fn synthesis<'b, C: Circuit<Fr>>(&'b self, circuit: &'b C, config: C::Config) -> Synthesis<'b, C> {
        Synthesis {
            circuit,
            config,
            system: self.key.system(),
            domain: &self.key.domain,
            engine: self.engine,
        }
    }

    fn check_statement(&self, instances: &[&[Fr]]) -> Result<(), EngineError> {
        let (needed, got) = (self.key.domain.k(), self.reference.k());
        if needed != got {
            return Err(EngineError::ReferenceSize { needed, got });
        }
        if !self.key.is_made_with(self.reference) {
            return Err(EngineError::OtherReference);
        }
        statement::check(self.key, instances)
    }

    /// The coefficients of the advice columns that are not kept; none of those that are.
    fn fresh_coefficients(&self, columns: Vec<Vec<Fr>>, kept: &[Option<Arc<Kept>>]) -> Vec<Vec<Fr>> {
        let fresh = columns.into_iter().zip(kept);
        let fresh = fresh.filter(|(_, kept)| kept.is_none()).map(|(values, _)| values);
        self.engine.coefficients(&self.key.domain, fresh.collect())
    }

    pub(crate) fn prove_columns<E, T>(
        &self,
        draw: impl FnOnce(&mut dyn Phases) -> Result<(), EngineError>,
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
        draw(&mut committer)?;
        let Committed {
            advice,
            kept,
            mut challenges,
        } = committer.finish()?;
        let own = ProofRows {
            instance: statement::columns(key, instances),
            advice,
        };
        let fixed = key.fixed_in_rows(engine);
        let table = Table {
            key,
            fixed: &fixed,
            proof: &own,
        };
        let check = |table: &Table<'_>, challenges: &[Fr]| check::check(engine, table, challenges, draws.weight());
        if options.check {
            engine.step("check the witness", || check(&table, &challenges))?;
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
            check(&table, &challenges)?;
            return Err(EngineError::Identity);
        }
        drop(fixed);
        let random = engine.step("commit to the random polynomial", || {
            let random = engine.threads.run(|| draws.polynomial(rows));
            vanishing::commit_random(engine, reference, &random, &mut rng, transcript)?;
            Ok::<_, EngineError>(random)
        })?;

        let y = *transcript.squeeze_challenge_scalar::<()>();
        // What is needed to say where an unchecked table does not satisfy the circuit.
        let unchecked = (!options.check).then(|| (own.clone(), challenges.clone()));
        challenges.extend([beta, gamma, y]);
        let instance = engine.coefficients(&key.domain, own.instance);
        let fresh = self.fresh_coefficients(own.advice, &kept);
        let mut fresh = Source::fresh(&fresh);
        // There is one for each that is not kept.
        let advice: Vec<Source<'_>> = kept
            .iter()
            .filter_map(|kept| match kept {
                Some(kept) => Some(Source::Unchanging(&kept.column)),
                None => fresh.next(),
            })
            .collect();
        let mut pieces = engine.step("divide by the vanishing polynomial", || {
            let changing = Source::fresh(&instance).chain(advice.iter().copied());
            let changing: Vec<Source<'_>> = changing.chain(Source::fresh(&products.coefficients)).collect();
            quotient::pieces(engine, key, &challenges, &changing, options.keep)
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
                    if let Some((own, challenges)) = &unchecked {
                        let table = Table {
                            key,
                            fixed: &key.fixed_in_rows(engine),
                            proof: own,
                        };
                        check(&table, challenges)?;
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
