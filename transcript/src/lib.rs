//! The Keccak transcript that a contract can follow: what the prover writes and both verifiers read.
//!
//! Every item is absorbed big-endian, without tags: a scalar as 32 bytes, a point as `x || y`, 64 bytes.
//! A challenge is `keccak256(buffer) mod r`; the 32-byte hash becomes the new buffer. A buffer of exactly 32 bytes
//! (a challenge right after a challenge) gets one byte `0x01` appended first. This is the `EvmTranscript` of
//! snark-verifier, byte for byte, except that the point at infinity is refused in both directions.
//!
//! # Soundness
//! The lack of tags is safe because the verifying key fixes how many points and scalars lie between two challenges;
//! it would not be for a protocol of variable shape. The caller absorbs the verifying key and all instances first,
//! which halo2's `create_proof` and `verify_proof` do.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use std::io::{self, Read, Write};

use halo2_proofs::{
    halo2curves::{
        bn256::{Fq, Fr, G1Affine},
        ff::{FromUniformBytes, PrimeField},
        group::prime::PrimeCurveAffine,
        CurveAffine,
    },
    transcript::{
        EncodedChallenge, Transcript, TranscriptRead, TranscriptReadBuffer, TranscriptWrite, TranscriptWriterBuffer,
    },
};
use sha3::{Digest, Keccak256};

/// Appended when a challenge directly follows another one.
const REPEATED_CHALLENGE: u8 = 1;

/// A challenge: 32 bytes of Keccak output, taken modulo the scalar field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeccakChallenge(Fr);

impl EncodedChallenge<G1Affine> for KeccakChallenge {
    type Input = [u8; 32];

    fn new(hash: &[u8; 32]) -> Self {
        let mut wide = [0; 64];
        for (to, from) in wide.iter_mut().zip(hash.iter().rev()) {
            *to = *from;
        }
        Self(Fr::from_uniform_bytes(&wide))
    }

    fn get_scalar(&self) -> Fr {
        self.0
    }
}

/// The bytes absorbed since the last challenge, led by that challenge's hash.
#[derive(Clone, Debug, Default)]
struct Sponge(Vec<u8>);

impl Sponge {
    fn scalar(&mut self, scalar: Fr) -> [u8; 32] {
        let bytes = fr_to_be(&scalar);
        self.0.extend_from_slice(&bytes);
        bytes
    }

    fn point(&mut self, point: G1Affine) -> io::Result<[u8; 64]> {
        let bytes = point_to_be(&point).ok_or_else(|| invalid("point at infinity in a transcript"))?;
        self.0.extend_from_slice(&bytes);
        Ok(bytes)
    }

    fn challenge(&mut self) -> KeccakChallenge {
        if self.0.len() == 32 {
            self.0.push(REPEATED_CHALLENGE);
        }
        let hash: [u8; 32] = Keccak256::digest(&self.0).into();
        self.0.clear();
        self.0.extend_from_slice(&hash);
        KeccakChallenge::new(&hash)
    }
}

/// The verifier's side: reads a proof.
///
/// # Errors
/// `read_point` and `read_scalar` fail on a short stream, a coordinate or scalar that is not reduced, a point off the
/// curve, and the point at infinity (`(0, 0)`).
#[derive(Clone, Debug)]
pub struct KeccakRead<R> {
    sponge: Sponge,
    reader: R,
}

impl<R: Read> KeccakRead<R> {
    /// Ends the reading: anything left in the stream is an error, as it is for the contract.
    pub fn finish(mut self) -> io::Result<()> {
        match self.reader.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(invalid("bytes after the end of the proof")),
        }
    }
}

impl<R: Read> TranscriptReadBuffer<R, G1Affine, KeccakChallenge> for KeccakRead<R> {
    fn init(reader: R) -> Self {
        Self {
            sponge: Sponge::default(),
            reader,
        }
    }
}

impl<R: Read> Transcript<G1Affine, KeccakChallenge> for KeccakRead<R> {
    fn squeeze_challenge(&mut self) -> KeccakChallenge {
        self.sponge.challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.sponge.point(point).map(drop)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.sponge.scalar(scalar);
        Ok(())
    }
}

impl<R: Read> TranscriptRead<G1Affine, KeccakChallenge> for KeccakRead<R> {
    fn read_point(&mut self) -> io::Result<G1Affine> {
        let (mut x, mut y) = ([0; 32], [0; 32]);
        self.reader.read_exact(&mut x)?;
        self.reader.read_exact(&mut y)?;
        let point = point_from_be(x, y).ok_or_else(|| invalid("point encoding in a proof"))?;
        self.sponge.point(point)?;
        Ok(point)
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        let mut bytes = [0; 32];
        self.reader.read_exact(&mut bytes)?;
        bytes.reverse();
        let scalar = Option::from(Fr::from_repr(bytes)).ok_or_else(|| invalid("scalar encoding in a proof"))?;
        self.sponge.scalar(scalar);
        Ok(scalar)
    }
}

/// The prover's side: writes a proof.
///
/// # Errors
/// `write_point` refuses the point at infinity, which no verifier would read. Blinded commitments never hit it; a
/// chunk of the quotient does when the constraint system declares a higher degree than its constraints have.
#[derive(Clone, Debug)]
pub struct KeccakWrite<W> {
    sponge: Sponge,
    writer: W,
}

impl<W: Write> TranscriptWriterBuffer<W, G1Affine, KeccakChallenge> for KeccakWrite<W> {
    fn init(writer: W) -> Self {
        Self {
            sponge: Sponge::default(),
            writer,
        }
    }

    fn finalize(self) -> W {
        self.writer
    }
}

impl<W: Write> Transcript<G1Affine, KeccakChallenge> for KeccakWrite<W> {
    fn squeeze_challenge(&mut self) -> KeccakChallenge {
        self.sponge.challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.sponge.point(point).map(drop)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.sponge.scalar(scalar);
        Ok(())
    }
}

impl<W: Write> TranscriptWrite<G1Affine, KeccakChallenge> for KeccakWrite<W> {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        let bytes = self.sponge.point(point)?;
        self.writer.write_all(&bytes)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        let bytes = self.sponge.scalar(scalar);
        self.writer.write_all(&bytes)
    }
}

/// A scalar as it is absorbed: 32 bytes, big-endian.
pub fn fr_to_be(scalar: &Fr) -> [u8; 32] {
    let mut bytes = scalar.to_repr();
    bytes.reverse();
    bytes
}

/// A coordinate as it is absorbed: 32 bytes, big-endian.
pub fn fq_to_be(coordinate: &Fq) -> [u8; 32] {
    let mut bytes = coordinate.to_repr();
    bytes.reverse();
    bytes
}

/// `x || y`, or `None` for the point at infinity.
fn point_to_be(point: &G1Affine) -> Option<[u8; 64]> {
    if bool::from(point.is_identity()) {
        return None;
    }
    let mut bytes = [0; 64];
    let (x, y) = bytes.split_at_mut(32);
    x.copy_from_slice(&fq_to_be(&point.x));
    y.copy_from_slice(&fq_to_be(&point.y));
    Some(bytes)
}

/// A finite point of the curve from reduced coordinates, or `None`.
fn point_from_be(mut x: [u8; 32], mut y: [u8; 32]) -> Option<G1Affine> {
    x.reverse();
    y.reverse();
    let x = Option::<Fq>::from(Fq::from_repr(x))?;
    let y = Option::<Fq>::from(Fq::from_repr(y))?;
    let point = Option::<G1Affine>::from(G1Affine::from_xy(x, y))?;
    (!bool::from(point.is_identity())).then_some(point)
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("invalid {what}"))
}
