//! Blinds and commits the advice columns, phase by phase.
//!
//! Draws from the caller's generator, for each phase: the rows from the first that is not usable on, column after column; then one
//! value for each column, which the library calls a commitment's blind and does not use with this commitment.

use crate::backend::Basis;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::key::Key;
use crate::reference::ReferenceString;
use crate::remembered::{Kept, Remembered};
use crate::synthesis::phase_count;
use crate::witness::Phases;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use rand_core::RngCore;
use std::marker::PhantomData;
use std::sync::Arc;

/// What columns are committed with.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) engine: Engine<'a>,
    pub(crate) key: &'a Key,
    pub(crate) reference: &'a ReferenceString,
    pub(crate) remembered: Option<&'a Remembered>,
}

/// The advice columns of all phases.
pub(crate) struct Committed {
    /// By column, in the rows.
    pub(crate) advice: Vec<Vec<Fr>>,
    /// By column, if it is remembered.
    pub(crate) kept: Vec<Option<Arc<Kept>>>,
    pub(crate) challenges: Vec<Fr>,
}

/// The advice columns committed so far.
pub(crate) struct Committer<'a, R, E, T> {
    engine: Engine<'a>,
    key: &'a Key,
    reference: &'a ReferenceString,
    remembered: Option<&'a Remembered>,
    instances: &'a [&'a [Fr]],
    rng: R,
    transcript: &'a mut T,
    phase: u8,
    /// Whether some of the phase is in the transcript and not all.
    begun: bool,
    /// By column, in the rows; empty until the phase is committed.
    advice: Vec<Vec<Fr>>,
    /// By column, if it is remembered.
    kept: Vec<Option<Arc<Kept>>>,
    challenges: Vec<Option<Fr>>,
    encoding: PhantomData<E>,
}

impl<'a, R, E, T> Committer<'a, R, E, T>
where
    R: RngCore,
    E: EncodedChallenge<G1Affine>,
    T: TranscriptWrite<G1Affine, E>,
{
    pub(crate) fn new(sources: Sources<'a>, instances: &'a [&'a [Fr]], rng: R, transcript: &'a mut T) -> Self {
        let Sources {
            engine,
            key,
            reference,
            remembered,
        } = sources;
        let system = key.system();
        Self {
            engine,
            key,
            reference,
            remembered,
            instances,
            rng,
            transcript,
            phase: 0,
            begun: false,
            advice: vec![Vec::new(); system.num_advice_columns()],
            kept: vec![None; system.num_advice_columns()],
            challenges: vec![None; system.num_challenges()],
            encoding: PhantomData,
        }
    }

    /// What was committed, after the last phase.
    pub(crate) fn finish(self) -> Result<Committed, EngineError> {
        let phases = phase_count(&self.key.system().advice_column_phase());
        let missing = EngineError::PhaseMissing {
            phase: self.phase,
            phases,
        };
        if self.phase < phases {
            return Err(missing);
        }
        // Every challenge belongs to a phase that has advice columns.
        let challenges: Option<Vec<Fr>> = self.challenges.into_iter().collect();
        Ok(Committed {
            advice: self.advice,
            kept: self.kept,
            challenges: challenges.ok_or(missing)?,
        })
    }

    /// The commitments of some columns in the rows, those that are remembered among them.
    fn points(&mut self, indices: &[usize], columns: &[Vec<Fr>]) -> Result<Vec<G1Affine>, EngineError> {
        let engine = self.engine;
        let Some(remembered) = self.remembered else {
            return engine.commit(self.reference, Basis::Lagrange, columns);
        };
        let find = |(index, values): (&usize, &Vec<Fr>)| remembered.find(self.reference, *index, values);
        let known: Vec<_> = engine.threads.run(|| indices.iter().zip(columns).map(find).collect());
        let fresh: Vec<&Vec<Fr>> = columns
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(c, _)| c)
            .collect();
        let mut made = engine.commit(self.reference, Basis::Lagrange, &fresh)?.into_iter();
        let mut points = Vec::with_capacity(columns.len());
        for ((index, values), known) in indices.iter().zip(columns).zip(known) {
            match known {
                Some(kept) => {
                    points.push(kept.point);
                    self.kept[*index] = Some(kept);
                }
                None => {
                    // One was made for each that is not known.
                    let point = made.next().unwrap_or_default();
                    if remembered.wants(*index) {
                        let coefficients = engine.coefficients(&self.key.domain, vec![values.clone()]).concat();
                        let keep = || remembered.keep(self.reference, *index, values, point, coefficients);
                        self.kept[*index] = Some(engine.threads.run(keep));
                    }
                    points.push(point);
                }
            }
        }
        Ok(points)
    }

    fn check_lengths(&self, indices: &[usize], columns: &[Vec<Fr>]) -> Result<(), EngineError> {
        let max = self.key.usable_rows();
        match indices.iter().zip(columns).find(|(_, values)| values.len() > max) {
            None => Ok(()),
            Some((column, values)) => Err(EngineError::AdviceLength {
                column: *column,
                max,
                got: values.len(),
            }),
        }
    }

    /// A column of at most as many values as there are usable rows, in all rows.
    fn blinded(&mut self, mut values: Vec<Fr>) -> Vec<Fr> {
        let (usable, rows) = (self.key.usable_rows(), self.key.domain.rows());
        values.resize(usable, Fr::ZERO);
        values.extend((usable..rows).map(|_| Fr::random(&mut self.rng)));
        values
    }
}

impl<R, E, T> Phases for Committer<'_, R, E, T>
where
    R: RngCore,
    E: EncodedChallenge<G1Affine>,
    T: TranscriptWrite<G1Affine, E>,
{
    fn usable_rows(&self) -> usize {
        self.key.usable_rows()
    }

    fn instances(&self) -> &[&[Fr]] {
        self.instances
    }

    fn commit(&mut self, columns: Vec<Vec<Fr>>) -> Result<Vec<Option<Fr>>, EngineError> {
        let system = self.key.system();
        let column_phases = system.advice_column_phase();
        let phases = phase_count(&column_phases);
        let phase = self.phase;
        if phase >= phases {
            return Err(EngineError::PhaseBeyond { phases });
        }
        let indices: Vec<usize> = (0..column_phases.len())
            .filter(|i| column_phases[*i] == phase)
            .collect();
        let (expected, got) = (indices.len(), columns.len());
        if expected != got {
            return Err(EngineError::PhaseColumns { phase, expected, got });
        }
        self.check_lengths(&indices, &columns)?;
        if self.begun {
            return Err(EngineError::PhaseBegun { phase });
        }
        // Behind this line something is absorbed or drawn: a witness that goes on after an error must not commit again.
        self.begun = true;
        let engine = self.engine;
        engine.step("commit to advice columns", || {
            if phase == 0 {
                for value in self.instances.iter().flat_map(|values| values.iter()) {
                    self.transcript.common_scalar(*value)?;
                }
            }
            let blinded: Vec<Vec<Fr>> = columns.into_iter().map(|values| self.blinded(values)).collect();
            for _ in &indices {
                Fr::random(&mut self.rng);
            }
            for point in self.points(&indices, &blinded)? {
                self.transcript.write_point(point)?;
            }
            for (index, values) in indices.iter().zip(blinded) {
                self.advice[*index] = values;
            }
            for (index, challenge_phase) in system.challenge_phase().into_iter().enumerate() {
                if challenge_phase == phase {
                    self.challenges[index] = Some(*self.transcript.squeeze_challenge_scalar::<()>());
                }
            }
            Ok::<_, EngineError>(())
        })?;
        self.begun = false;
        self.phase += 1;
        Ok(self.challenges.clone())
    }
}
