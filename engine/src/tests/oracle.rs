//! The library's prover with its random polynomial recorded.
//!
//! `create_proof` draws that polynomial from the thread's generator, so that two of its proofs differ under one generator. It is
//! the first polynomial that it commits to by coefficients; this commitment scheme is KZG and keeps what is committed to so.

use crate::draws::Draws;
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{create_proof, Circuit, ProvingKey};
use halo2_proofs::poly::commitment::{Blind, CommitmentScheme, Params, ParamsProver, ParamsVerifier, Prover};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::msm::MSMKZG;
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::poly::{Coeff, LagrangeCoeff, Polynomial, ProverQuery};
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, EncodedChallenge, TranscriptWrite, TranscriptWriterBuffer};
use rand_core::RngCore;
use std::io;
use std::sync::{Arc, Mutex};

/// What the library drew, played back.
pub(super) struct Replay(Vec<Fr>);

impl Replay {
    /// A polynomial that no library drew.
    pub(super) fn of(polynomial: Vec<Fr>) -> Self {
        Self(polynomial)
    }
}

impl Draws for Replay {
    fn polynomial(&self, rows: usize) -> Vec<Fr> {
        assert_eq!(self.0.len(), rows);
        self.0.clone()
    }

    fn blinders(&self, _: usize) -> Vec<Fr> {
        unreachable!("the library does not blind the quotient")
    }

    fn weight(&self) -> Fr {
        Fr::from(0xdecaf)
    }
}

/// The library's proof, and its random polynomial.
pub(super) fn stock_proof<C: Circuit<Fr>>(
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    circuit: &C,
    instances: &[&[Fr]],
    rng: impl RngCore,
) -> (Vec<u8>, Replay) {
    let recorder = Recorder {
        inner: params.clone(),
        committed: Arc::default(),
    };
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(vec![]);
    create_proof::<Scheme, Shplonk<'_>, _, _, _, _>(
        &recorder,
        pk,
        std::slice::from_ref(circuit),
        &[instances],
        rng,
        &mut transcript,
    )
    .unwrap();
    let random = recorder.committed.lock().unwrap().remove(0);
    assert!(random.iter().all(|c| *c != Fr::ZERO), "not the random polynomial");
    (transcript.finalize(), Replay(random))
}

#[derive(Clone, Debug)]
struct Recorder {
    inner: ParamsKZG<Bn256>,
    committed: Arc<Mutex<Vec<Vec<Fr>>>>,
}

impl<'p> Params<'p, G1Affine> for Recorder {
    type MSM = MSMKZG<Bn256>;

    fn k(&self) -> u32 {
        Params::k(&self.inner)
    }

    fn n(&self) -> u64 {
        Params::n(&self.inner)
    }

    fn downsize(&mut self, k: u32) {
        self.inner.downsize(k);
    }

    fn empty_msm(&'p self) -> Self::MSM {
        self.inner.empty_msm()
    }

    fn commit_lagrange(&self, polynomial: &Polynomial<Fr, LagrangeCoeff>, blind: Blind<Fr>) -> G1 {
        self.inner.commit_lagrange(polynomial, blind)
    }

    fn write<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.inner.write(writer)
    }

    fn read<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Ok(Self {
            inner: ParamsKZG::read(reader)?,
            committed: Arc::default(),
        })
    }
}

impl ParamsVerifier<'_, G1Affine> for Recorder {}

impl<'p> ParamsProver<'p, G1Affine> for Recorder {
    type ParamsVerifier = Recorder;

    fn new(k: u32) -> Self {
        Self {
            inner: ParamsKZG::new(k),
            committed: Arc::default(),
        }
    }

    fn commit(&self, polynomial: &Polynomial<Fr, Coeff>, blind: Blind<Fr>) -> G1 {
        self.committed.lock().unwrap().push(polynomial.to_vec());
        self.inner.commit(polynomial, blind)
    }

    fn get_g(&self) -> &[G1Affine] {
        self.inner.get_g()
    }

    fn verifier_params(&'p self) -> &'p Recorder {
        self
    }
}

#[derive(Debug)]
struct Scheme;

impl CommitmentScheme for Scheme {
    type Scalar = Fr;
    type Curve = G1Affine;
    type ParamsProver = Recorder;
    type ParamsVerifier = Recorder;

    fn new_params(k: u32) -> Recorder {
        Recorder::new(k)
    }

    fn read_params<R: io::Read>(reader: &mut R) -> io::Result<Recorder> {
        <Recorder as Params<_>>::read(reader)
    }
}

struct Shplonk<'p>(&'p Recorder);

impl<'p> Prover<'p, Scheme> for Shplonk<'p> {
    const QUERY_INSTANCE: bool = false;

    fn new(recorder: &'p Recorder) -> Self {
        Self(recorder)
    }

    fn create_proof<'com, E, T, R, I>(&self, rng: R, transcript: &mut T, queries: I) -> io::Result<()>
    where
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
        I: IntoIterator<Item = ProverQuery<'com, G1Affine>> + Clone,
        R: RngCore,
    {
        let inner = ProverSHPLONK::new(&self.0.inner);
        <ProverSHPLONK<'_, Bn256> as Prover<'_, KZGCommitmentScheme<Bn256>>>::create_proof(
            &inner, rng, transcript, queries,
        )
    }
}
