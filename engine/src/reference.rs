//! The points that commitments are made of.

use crate::backend::Basis;
use crate::error::EngineError;
use halo2_proofs::halo2curves::bn256::{Bn256, G1Affine, G2Affine};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::pairing::Engine as _;
use halo2_proofs::halo2curves::serde::SerdeObject;
use halo2_proofs::halo2curves::CurveAffine;
use halo2_proofs::poly::commitment::{Params, ParamsProver};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::SerdeFormat;
use std::io::{self, Write};

/// Bytes of a point in the library's own memory layout: two coordinates of 32.
const POINT_BYTES: usize = 64;
/// Bytes of a point of the second group; two of them end the parameters.
const SECOND_GROUP_POINT_BYTES: usize = 128;
/// Bytes before the first point: `k`.
const HEADER_BYTES: usize = 4;

/// `τ^i·G` and `l_i(τ)·G` for `i < 2^k`, and `τ^(2^k)·G` if there is one.
#[derive(Clone, Debug)]
pub struct ReferenceString {
    k: u32,
    powers: Vec<G1Affine>,
    lagrange: Vec<G1Affine>,
    top: Option<G1Affine>,
}

impl ReferenceString {
    /// That of the library's parameters, which are taken as they are. Proofs made with it leave the quotient's pieces as the
    /// library makes them; see [`ReferenceString::with_top_power`].
    ///
    /// # Errors
    /// [`EngineError::Reference`], if the library's own layout of parameters is not the expected one.
    pub fn new(params: &ParamsKZG<Bn256>) -> Result<Self, EngineError> {
        let powers = params.get_g().to_vec();
        // The library shows the Lagrange basis only where it writes the parameters out.
        let mut reader = LagrangeReader {
            skip: HEADER_BYTES + powers.len() * POINT_BYTES,
            wanted: powers.len(),
            length: 0,
            partial: Vec::with_capacity(POINT_BYTES),
            points: Vec::with_capacity(powers.len()),
        };
        params
            .write_custom(&mut reader, SerdeFormat::RawBytesUnchecked)
            .map_err(EngineError::Reference)?;
        let length = HEADER_BYTES + 2 * powers.len() * POINT_BYTES + 2 * SECOND_GROUP_POINT_BYTES;
        if reader.length != length || 1usize.checked_shl(params.k()) != Some(powers.len()) {
            let message = "the written parameters have another number of points than their size";
            return Err(EngineError::Reference(io::Error::new(
                io::ErrorKind::InvalidData,
                message,
            )));
        }
        Ok(Self {
            k: params.k(),
            powers,
            lagrange: reader.points,
            top: None,
        })
    }

    /// With the next power `τ^(2^k)·G`: every proof made with this string blinds the quotient's pieces, which the library does
    /// not. The commitments to all pieces but the last are then uniform, and the last piece's shows no more than a commitment to
    /// the whole quotient would: one element of the group, which the other commitments determine where no column is queried at
    /// another row, and else do not. The module `vanishing` says how.
    ///
    /// # Errors
    /// [`EngineError::TopPower`], if the point is not on the curve, is the identity, or is not `τ` times the last one: checked by the pairings
    /// `e(top, G₂) = e(τ^(2^k − 1)·G, τ·G₂)`.
    pub fn with_top_power(params: &ParamsKZG<Bn256>, top: G1Affine) -> Result<Self, EngineError> {
        let string = Self::new(params)?;
        let last = string.powers[string.powers.len() - 1];
        if !is_next_power(&top, &last, &params.g2(), &params.s_g2()) {
            return Err(EngineError::TopPower);
        }
        Ok(Self {
            top: Some(top),
            ..string
        })
    }

    /// Log₂ of the number of points in either basis.
    pub fn k(&self) -> u32 {
        self.k
    }

    /// `τ^(2^k)·G`, if there is one.
    pub fn top(&self) -> Option<G1Affine> {
        self.top
    }

    /// The points of a basis.
    pub fn points(&self, basis: Basis) -> &[G1Affine] {
        match basis {
            Basis::Powers => &self.powers,
            Basis::Lagrange => &self.lagrange,
        }
    }
}

/// Whether `top` is `τ·last`: `e(top, G₂) = e(last, τ·G₂)`, on the curve and not the identity. The others are taken as they are.
pub fn is_next_power(top: &G1Affine, last: &G1Affine, g2: &G2Affine, s_g2: &G2Affine) -> bool {
    // A pairing says nothing of what is not in the group.
    let in_group = bool::from(top.is_on_curve()) && !bool::from(top.is_identity());
    in_group && Bn256::pairing(top, g2) == Bn256::pairing(last, s_g2)
}

/// Takes the second half of the points from what the library writes.
struct LagrangeReader {
    skip: usize,
    wanted: usize,
    /// Of all that was written.
    length: usize,
    partial: Vec<u8>,
    points: Vec<G1Affine>,
}

impl Write for LagrangeReader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.length += bytes.len();
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        for byte in &bytes[skipped..] {
            if self.points.len() == self.wanted {
                break;
            }
            self.partial.push(*byte);
            if self.partial.len() == POINT_BYTES {
                self.points.push(G1Affine::from_raw_bytes_unchecked(&self.partial));
                self.partial.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
