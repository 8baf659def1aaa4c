//! The `.ptau` files of snarkjs, read once from front to back.
//!
//! ```text
//! "ptau", version u32 = 1, number of sections u32, then per section: type u32, length u64, content
//! ```
//!
//! | type | content (m = 2^power) |
//! |---|---|
//! | 1 | bytes per coordinate u32 = 32, the prime, power u32, power of the ceremony u32 |
//! | 2 | `τ^i·G1` for i < 2m − 1 |
//! | 3 | `τ^i·G2` for i < m |
//! | 4, 5, 6, 7 | `α·τ^i·G1`, `β·τ^i·G1`, `β·G2`, the contributions: Groth16's, used nowhere here |
//! | 12 | Lagrange bases of `τ^i·G1` for 1, 2, 4, …, 2m points, in files prepared for phase 2 |
//! | 13, 14, 15 | the same for sections 3, 4, 5 |
//!
//! Integers are little-endian; coordinates are too, in Montgomery form, as in memory of the curve library here.
//! A file may hold other sections. One that is cut short or goes on after its last section is refused.
//!
//! # Soundness
//! Parsing establishes that points are on their curves and in the right subgroups, not how they relate: that is
//! `checks`. Bytes that are not read (powers beyond the one behind the first 2^k, sections 4 to 7) are hashed and otherwise ignored; they cannot
//! change the string.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use std::io::{self, Read};

use halo2_proofs::halo2curves::bn256::{Fq, Fr, G1Affine, G2Affine, G2};
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use halo2_proofs::halo2curves::group::cofactor::CofactorGroup;
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::serde::SerdeObject;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use thiserror::Error;

const G1_BYTES: u64 = 64;
const G2_BYTES: u64 = 128;
const HEADER_BYTES: u64 = 4 + 32 + 4 + 4;
/// The largest ceremony the group of 2^28 roots of unity has use for.
const MAX_POWER: u32 = 28;
/// Types 1 to 15 with room to spare; every one costs a read.
const MAX_SECTIONS: u32 = 64;
/// Points read at a time: what a lying length can make us reserve.
const CHUNK_POINTS: u64 = 1 << 15;

const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;
const LAGRANGE_G1: u32 = 12;

/// Why a file is no `.ptau` file that can be used. Offsets are from the start of the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PtauError {
    /// The operating system could not read it.
    #[error(
        "cannot read the file, which is read each time: name it where it lies now, or fetch it from its ceremony again"
    )]
    Io(#[source] io::Error),
    /// It ends too early.
    #[error("the file ends at byte {offset}, in the middle of something")]
    UnexpectedEnd {
        /// The file's length.
        offset: u64,
    },
    /// There is something after the last section.
    #[error("the file goes on after its last section, which ends at byte {offset}")]
    TrailingBytes {
        /// Where the last section ends.
        offset: u64,
    },
    /// It does not start like a `.ptau` file of version 1.
    #[error("not a .ptau file of version 1")]
    Magic,
    /// No or too many sections.
    #[error("{got} sections announced, expected 1 to {MAX_SECTIONS}")]
    SectionCount {
        /// The number announced.
        got: u32,
    },
    /// The header's section does not come first, or comes again.
    #[error("section {section} at byte {offset}: the header must come first and once")]
    HeaderNotFirst {
        /// Type of the section.
        section: u32,
        /// Where it begins.
        offset: u64,
    },
    /// Points of another curve than BN254.
    #[error("the file is for another curve than bn128 (BN254)")]
    OtherCurve,
    /// The file's power is out of range.
    #[error("power {got}, expected 1 to {MAX_POWER}")]
    Power {
        /// The power found.
        got: u32,
    },
    /// A section's length does not go with the power.
    #[error("section {section} has {got} bytes, expected {expected}")]
    SectionLength {
        /// Type of the section.
        section: u32,
        /// What the power demands.
        expected: u64,
        /// What is announced.
        got: u64,
    },
    /// A section comes twice.
    #[error("section {section} comes twice")]
    DuplicateSection {
        /// Type of the section.
        section: u32,
    },
    /// A section is missing.
    #[error("section {section} is missing")]
    MissingSection {
        /// Type of the section.
        section: u32,
    },
    /// The string is shorter than asked for.
    #[error("the file has 2^{power} powers, 2^{k} are needed: use a larger .ptau file")]
    TooSmall {
        /// log₂ of what there is.
        power: u32,
        /// log₂ of what is needed.
        k: u32,
    },
    /// Something that is no point of the right group, or the point at infinity.
    #[error("point {index} of section {section} is not a point of order r on the curve")]
    NotAPoint {
        /// Type of the section.
        section: u32,
        /// Which point.
        index: u64,
    },
    /// The string does not start at the curve's generator.
    #[error("section {section} does not start with the generator")]
    NotTheGenerator {
        /// Type of the section.
        section: u32,
    },
    /// Nobody has contributed: τ = 1.
    #[error("nobody has contributed to this file: its secret is 1")]
    NoContribution,
    /// The powers are not powers of one secret, or not of the secret in G2.
    #[error("the points are not consecutive powers of one secret")]
    NotPowers,
    /// The Lagrange basis of section 12 does not go with the powers.
    #[error("the Lagrange basis in section {LAGRANGE_G1} does not belong to the powers")]
    LagrangeMismatch,
    /// The secret is a root of unity, under which commitments bind nothing.
    #[error("the secret lies in the evaluation domain")]
    SecretInDomain,
    /// The file was written to while it was read.
    #[error("the file changed while it was read")]
    Changed,
}

/// What a file says, before anything is known about how its points relate.
pub(super) struct PtauFile {
    /// `τ^i·G1` for i ≤ 2^k.
    pub(super) g: Vec<G1Affine>,
    /// Lagrange basis of 2^k points in snarkjs's order of the domain, if the file has one.
    pub(super) lagrange: Option<Vec<G1Affine>>,
    /// The first point of section 3.
    pub(super) g2: G2Affine,
    /// `τ·G2`.
    pub(super) s_g2: G2Affine,
    /// SHA-256 of all bytes.
    pub(super) sha256: [u8; 32],
}

/// Reads 2^k powers, `k ≥ 1`, and the next one from a file: the smallest that will do, of power k, has 2^(k+1) − 1.
pub(super) fn read(source: impl Read, k: u32) -> Result<PtauFile, PtauError> {
    let mut reader = Reader {
        source,
        hasher: Sha256::new(),
        offset: 0,
    };
    if reader.array::<4>()? != *b"ptau" || reader.u32()? != 1 {
        return Err(PtauError::Magic);
    }
    let sections = reader.u32()?;
    if !(1..=MAX_SECTIONS).contains(&sections) {
        return Err(PtauError::SectionCount { got: sections });
    }
    let power = reader.header()?;
    if k > power {
        return Err(PtauError::TooSmall { power, k });
    }
    let (mut g, mut g2, mut lagrange) = (None, None, None);
    for _ in 1..sections {
        let offset = reader.offset;
        let section = reader.u32()?;
        let got = reader.u64()?;
        let expect = |expected: u64, is_new: bool| match (expected == got, is_new) {
            (false, _) => Err(PtauError::SectionLength { section, expected, got }),
            (_, false) => Err(PtauError::DuplicateSection { section }),
            _ => Ok(()),
        };
        match section {
            HEADER => return Err(PtauError::HeaderNotFirst { section, offset }),
            TAU_G1 => {
                expect(G1_BYTES * ((2 << power) - 1), g.is_none())?;
                let count = (1 << k) + 1;
                g = Some(reader.g1_points(section, 0, count)?);
                reader.skip(got - G1_BYTES * count)?;
            }
            TAU_G2 => {
                expect(G2_BYTES << power, g2.is_none())?;
                g2 = Some([reader.g2_point(section, 0)?, reader.g2_point(section, 1)?]);
                reader.skip(got - 2 * G2_BYTES)?;
            }
            LAGRANGE_G1 => {
                expect(G1_BYTES * ((4 << power) - 1), lagrange.is_none())?;
                // The bases of 1, 2, …, 2^(k−1) points come first.
                let before = (1 << k) - 1;
                reader.skip(G1_BYTES * before)?;
                lagrange = Some(reader.g1_points(section, before, 1 << k)?);
                reader.skip(got - G1_BYTES * (before + (1 << k)))?;
            }
            _ => reader.skip(got)?,
        }
    }
    let g = g.ok_or(PtauError::MissingSection { section: TAU_G1 })?;
    let [g2, s_g2] = g2.ok_or(PtauError::MissingSection { section: TAU_G2 })?;
    let sha256 = reader.finish()?;
    Ok(PtauFile {
        g,
        lagrange,
        g2,
        s_g2,
        sha256,
    })
}

/// Index in snarkjs's domain → index in halo2's, for 2^k points: both count powers of a root of unity, not of the same.
pub(super) fn snarkjs_domain(k: u32) -> impl Fn(usize) -> usize {
    // Both take a non-residue to the power (r − 1)/2^28, snarkjs the smallest, 5; then square.
    let r_minus_1 = (-Fr::ONE).to_repr();
    let (limbs, _) = r_minus_1.as_chunks::<8>();
    let exponent: Vec<u64> = limbs.iter().map(|l| u64::from_le_bytes(*l)).collect();
    let following = exponent.iter().skip(1).chain([&0]);
    let exponent: Vec<u64> = (exponent.iter().zip(following))
        .map(|(limb, next)| limb >> Fr::S | next << (64 - Fr::S))
        .collect();
    let root = |full: Fr| (k..Fr::S).fold(full, |w, _| w.square());
    let (theirs, ours) = (root(Fr::from(5).pow_vartime(exponent)), root(Fr::ROOT_OF_UNITY));
    let n = 1usize << k;
    let ratio = std::iter::successors(Some(Fr::ONE), |w| Some(w * ours))
        .take(n)
        .position(|w| w == theirs)
        .unwrap_or(0);
    move |i| i * ratio % n
}

struct Reader<R> {
    source: R,
    hasher: Sha256,
    offset: u64,
}

impl<R: Read> Reader<R> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), PtauError> {
        self.source.read_exact(bytes).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => PtauError::UnexpectedEnd { offset: self.offset },
            _ => PtauError::Io(e),
        })?;
        self.hasher.update(&*bytes);
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PtauError> {
        let mut bytes = [0u8; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, PtauError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, PtauError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// The first section; returns the power.
    fn header(&mut self) -> Result<u32, PtauError> {
        let offset = self.offset;
        let section = self.u32()?;
        let got = self.u64()?;
        if section != HEADER {
            return Err(PtauError::HeaderNotFirst { section, offset });
        }
        if got != HEADER_BYTES {
            return Err(PtauError::SectionLength {
                section,
                expected: HEADER_BYTES,
                got,
            });
        }
        let coordinate_bytes = self.u32()?;
        let prime: [u8; 32] = self.array()?;
        // p − 1, and p is odd.
        let mut expected = (-Fq::ONE).to_repr();
        expected[0] += 1;
        if coordinate_bytes != 32 || prime != expected {
            return Err(PtauError::OtherCurve);
        }
        let power = self.u32()?;
        let _ceremony_power = self.u32()?;
        if (1..=MAX_POWER).contains(&power) {
            Ok(power)
        } else {
            Err(PtauError::Power { got: power })
        }
    }

    /// `count` points, the first of which is point `first` of the section.
    fn g1_points(&mut self, section: u32, first: u64, count: u64) -> Result<Vec<G1Affine>, PtauError> {
        let mut points = Vec::new();
        let mut index = first;
        while index < first + count {
            let chunk = CHUNK_POINTS.min(first + count - index);
            let mut bytes = vec![0u8; (chunk * G1_BYTES) as usize];
            self.fill(&mut bytes)?;
            let read: Result<Vec<_>, _> = bytes
                .par_chunks_exact(G1_BYTES as usize)
                .enumerate()
                .map(|(i, bytes)| {
                    G1Affine::from_raw_bytes(bytes)
                        .filter(|p| !bool::from(p.is_identity()))
                        .ok_or(PtauError::NotAPoint {
                            section,
                            index: index + i as u64,
                        })
                })
                .collect();
            points.extend(read?);
            index += chunk;
        }
        Ok(points)
    }

    fn g2_point(&mut self, section: u32, index: u64) -> Result<G2Affine, PtauError> {
        let bytes: [u8; G2_BYTES as usize] = self.array()?;
        G2Affine::from_raw_bytes(&bytes)
            .filter(|p| !bool::from(p.is_identity()) && bool::from(G2::from(*p).is_torsion_free()))
            .ok_or(PtauError::NotAPoint { section, index })
    }

    fn skip(&mut self, bytes: u64) -> Result<(), PtauError> {
        let mut buffer = vec![0u8; bytes.min(1 << 20) as usize];
        let mut left = bytes;
        while left > 0 {
            let chunk = left.min(buffer.len() as u64) as usize;
            self.fill(buffer.get_mut(..chunk).unwrap_or_default())?;
            left -= chunk as u64;
        }
        Ok(())
    }

    /// The hash of the file, which must end here.
    fn finish(mut self) -> Result<[u8; 32], PtauError> {
        match self.source.read(&mut [0u8]).map_err(PtauError::Io)? {
            0 => Ok(self.hasher.finalize().into()),
            _ => Err(PtauError::TrailingBytes { offset: self.offset }),
        }
    }
}
