//! Proofs made one after the other, beside other processes that prove: with whatever model from the same state directory, or from
//! another one with the same secret.

use crate::home::Home;
use crate::proving::promises::{note_speed, reserve_proof};
use crate::proving::Prover;
use alloy::primitives::B256;
use assay_durable::lock::Lock;
use assay_durable::report::Reporter;
use assay_durable::turn::Places;
use assay_prover::proof::{self, Inference, ProofBundle};
use assay_prover::secret::ModelSecret;
use assay_statement::field::Word;
use assay_statement::input::InputSalt;
use std::path::PathBuf;
use std::time::Instant;

/// For what a proof is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The engagement or the round.
    pub id: B256,
    /// Until when it must be there, Unix seconds.
    pub by: u64,
}

/// Proofs with one model, whose places among those of other processes are kept from the first to the last: promises count with
/// proofs in the order of their deadlines.
#[derive(Debug)]
pub struct Job<'a> {
    prover: &'a Prover,
    home: PathBuf,
    places: Option<(Option<Asked>, Places)>,
}

/// The right to make one proof: two at one time would each take longer than anybody counts with.
#[derive(Debug)]
pub struct Turn<'a> {
    prover: &'a Prover,
    asked: Option<Asked>,
    _work: [Lock; 2],
}

impl<'a> Job<'a> {
    /// Without a place before its first turn.
    pub fn new(prover: &'a Prover, home: &Home) -> Self {
        Self {
            prover,
            home: home.proving(),
            places: None,
        }
    }

    /// Whose proofs are made.
    pub fn prover(&self) -> &'a Prover {
        self.prover
    }

    /// Waits until no other process proves from this state directory or with this model's secret, and none needs its proof sooner, as
    /// long as `goes_on`. What is for nobody comes last.
    ///
    /// # Errors
    /// If the files in the state directory and beside the secret cannot be had.
    pub fn turn(
        &mut self,
        asked: Option<Asked>,
        goes_on: impl Fn() -> bool,
        out: &Reporter,
    ) -> eyre::Result<Option<Turn<'a>>> {
        let places = match self.places.take().filter(|(of, _)| *of == asked) {
            Some((_, places)) => places,
            None => {
                let mut secret = self.prover.secret_path().as_os_str().to_owned();
                secret.push(".proving");
                let by = asked.map_or(u64::MAX, |asked| asked.by);
                Places::new([self.home.clone(), secret.into()], by)?
            }
        };
        let (_, places) = self.places.insert((asked, places));
        let waits = [
            "another assay process proves",
            "another assay process proves with this model",
        ];
        let waits = waits.map(|why| move || out.note(format_args!("{why}; waiting for its proof")));
        let work = places.turn(waits, goes_on)?;
        Ok(work.map(|work| Turn {
            prover: self.prover,
            asked,
            _work: work,
        }))
    }
}

impl Turn<'_> {
    /// Proves one image; takes one of the model's proofs, whatever becomes of it: of those that are promised to who asked, or of
    /// those that nobody is promised.
    ///
    /// # Errors
    /// If there is no secret, it has no proof left, or the image has no witness.
    pub fn prove(self, image: &[u8], salt: &InputSalt, ctx: Word, out: &Reporter) -> eyre::Result<ProofBundle> {
        const FEW: u64 = 256;
        let Prover {
            model, keys, secret, ..
        } = self.prover;
        proof::check_secret(keys.verifier(), &ModelSecret::open(secret)?)?;
        let complain = |error: eyre::Report| out.warn(format_args!("a proof is still counted as promised: {error:#}"));
        let reservation = reserve_proof(secret, self.asked.map(|asked| asked.id), complain)?;
        if reservation.remaining() < FEW {
            out.warn(format_args!(
                "{} proofs are left of this model's {}",
                reservation.remaining(),
                reservation.budget
            ));
        }
        let expected = self.prover.expected();
        let inference = Inference {
            model,
            secret: &ModelSecret::open(secret)?,
            image,
            salt,
            ctx,
        };
        let began = Instant::now();
        let bundle = proof::prove_with_secret(keys, &inference, &out.phases_of(expected))?;
        if let Err(error) = note_speed(secret, began.elapsed()) {
            out.warn(format_args!("the proving speed is not noted: {error:#}"));
        }
        Ok(bundle)
    }
}
