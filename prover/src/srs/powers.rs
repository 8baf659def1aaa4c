//! The points of a reference string, and how the cache holds them.

use std::io::{self, Read, Write};

use halo2_proofs::halo2curves::bn256::{G1Affine, G2Affine};
use halo2_proofs::halo2curves::serde::SerdeObject;
use rayon::prelude::*;

use assay_durable::cache::EntryReader;
use assay_durable::progress::Progress;
use assay_engine::is_next_power;

/// Bytes of a point of G1 in the cache: both coordinates in Montgomery form.
const G1_BYTES: usize = 64;

/// The points of a string of 2^k powers.
pub(super) struct Powers {
    pub(super) g: Vec<G1Affine>,
    /// The power behind those, `τ^(2^k)·G1`.
    pub(super) top: G1Affine,
    pub(super) g_lagrange: Vec<G1Affine>,
    pub(super) s_g2: G2Affine,
}

impl Powers {
    /// Reads what [`Powers::write`] wrote. The entry's checksum vouches for the points; the last power is paired with the one
    /// below it all the same, since nothing else that is made with a string would notice.
    pub(super) fn read(k: u32, reader: &mut EntryReader, progress: &dyn Progress) -> io::Result<Self> {
        progress.phase("reference string from the cache", 0);
        let mut s_g2 = [0u8; 2 * G1_BYTES];
        reader.read_exact(&mut s_g2)?;
        let s_g2 = G2Affine::from_raw_bytes(&s_g2)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a point of G2"))?;
        let g = read_g1(1 << k, reader)?;
        let g_lagrange = read_g1(1 << k, reader)?;
        let top = read_g1(1, reader)?[0];
        if !is_next_power(&top, &g[g.len() - 1], &G2Affine::generator(), &s_g2) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not the next power"));
        }
        Ok(Self {
            g,
            top,
            g_lagrange,
            s_g2,
        })
    }

    pub(super) fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        self.s_g2.write_raw(writer)?;
        self.g
            .iter()
            .chain(&self.g_lagrange)
            .chain([&self.top])
            .try_for_each(|point| point.write_raw(writer))
    }
}

fn read_g1(count: usize, reader: &mut EntryReader) -> io::Result<Vec<G1Affine>> {
    let mut bytes = vec![0u8; G1_BYTES * count];
    reader.read_exact(&mut bytes)?;
    Ok(bytes
        .par_chunks_exact(G1_BYTES)
        .map(G1Affine::from_raw_bytes_unchecked)
        .collect())
}
