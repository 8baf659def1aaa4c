//! The reference string of the KZG commitments: powers `τ^i·G1`, their Lagrange basis, the next power, and `τ·G2`.
//!
//! | module | content |
//! |---|---|
//! | `dev` | deterministic string with a **public** secret, for tests and demonstrations |
//! | `ptau`, `checks` | string of a public ceremony: a snarkjs `.ptau` file, checked by pairings |
//! | `powers` | the points as they are cached |
//! | `batch_affine`, `fixed_base`, `group_fft` | how the points are computed quickly |
//!
//! # Soundness
//! Whoever knows τ can forge any proof under the string. [`Srs::is_development`] is true for the string whose τ is
//! published here, however it was obtained; whoever touches a real chain must ask.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use halo2_proofs::halo2curves::bn256::{Bn256, G1Affine, G2Affine};
use halo2_proofs::halo2curves::serde::SerdeObject;
use halo2_proofs::poly::commitment::{Params, ParamsProver};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use sha2::{Digest, Sha256};
use thiserror::Error;

use assay_durable::cache::{Cache, CacheEvent, Cached, EntryReader};
use assay_durable::progress::Progress;

mod batch_affine;
mod checks;
mod dev;
mod fixed_base;
mod group_fft;
mod powers;
mod ptau;

use powers::Powers;

pub use ptau::PtauError;

/// Largest k: the prover's memory ends long before, and a string of 2^24 powers has 2 GiB.
pub const MAX_K: u32 = 24;
/// Smallest k: halo2 needs room for its blinding rows anyway.
pub const MIN_K: u32 = 1;

/// Part of the cache keys: a change of what an entry holds changes it.
const PAYLOAD_VERSION: &[u8] = b"assay srs payload v2";
/// That of entries without the next power.
const PAYLOAD_VERSION_WITHOUT_TOP: &[u8] = b"assay srs payload v1";
/// What those lack.
const LACKED: &str = "power τ^n·G, with which proofs blind the pieces of their quotient";

/// Why there is no reference string.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SrsError {
    /// k is outside [`MIN_K`]..=[`MAX_K`].
    #[error("no reference string of 2^{k} powers: k must be in {MIN_K}..={MAX_K}")]
    UnsupportedK {
        /// The k asked for.
        k: u32,
    },
    /// A `.ptau` file cannot be used.
    #[error("reference string {}", path.display())]
    Ptau {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: PtauError,
    },
}

/// Identifies a reference string: SHA-256 of a domain, k, G1, τ·G1, G2 and τ·G2, canonical big-endian coordinates.
///
/// For a checked string these points determine τ and with it every other point, so equal ids mean equal strings,
/// wherever they came from. Part of every vk digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SrsId(pub [u8; 32]);

impl fmt::Display for SrsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for SrsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SrsId({self})")
    }
}

impl SrsId {
    fn of(k: u32, tau_g1: &G1Affine, tau_g2: &G2Affine) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"assay.srs.v1");
        hasher.update(k.to_be_bytes());
        for point in [&G1Affine::generator(), tau_g1] {
            hasher.update(be(point.x.to_bytes()));
            hasher.update(be(point.y.to_bytes()));
        }
        for point in [&G2Affine::generator(), tau_g2] {
            for coordinate in [point.x.c0, point.x.c1, point.y.c0, point.y.c1] {
                hasher.update(be(coordinate.to_bytes()));
            }
        }
        Self(hasher.finalize().into())
    }
}

fn be(mut little_endian: [u8; 32]) -> [u8; 32] {
    little_endian.reverse();
    little_endian
}

/// Where a string came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Generated here with a public secret.
    Dev,
    /// Imported from a snarkjs `.ptau` file.
    Ptau {
        /// SHA-256 of the whole file, to compare with the one its ceremony published.
        file_sha256: [u8; 32],
    },
}

/// A reference string ready for use.
#[derive(Debug)]
pub struct Srs {
    params: ParamsKZG<Bn256>,
    top: G1Affine,
    id: SrsId,
    origin: Origin,
    cache_event: CacheEvent,
}

impl Srs {
    /// The **unsafe** deterministic string of 2^k powers: its secret is public, so every proof under it can be forged.
    ///
    /// # Errors
    /// [`SrsError::UnsupportedK`].
    pub fn dev(k: u32, cache: &Cache, progress: &dyn Progress) -> Result<Self, SrsError> {
        check_k(k)?;
        let (k_bytes, tau_g2) = (k.to_be_bytes(), dev::unsafe_public_tau_g2().to_raw_bytes());
        let entry = Entry {
            kind: "srs-dev",
            parts: [b"dev", &k_bytes, &tau_g2],
        };
        let cached = entry.load_or_build(k, cache, progress, || Ok(dev::generate(k, progress)))?;
        Ok(Self::new(k, cached.value, Origin::Dev, cached.event))
    }

    /// The first 2^k powers of a snarkjs `.ptau` file of a bn128 ceremony.
    ///
    /// The file is read as a whole and its SHA-256 ends up in [`Srs::origin`]; that is what vouches for the ceremony.
    /// Structure is checked by pairings. A file prepared for phase 2 brings its Lagrange basis, which is checked; for
    /// another one it is computed, about a minute for k = 18 on two cores. Either way the result is cached.
    ///
    /// # Errors
    /// [`SrsError::Ptau`] for a file that cannot be read, is malformed or inconsistent.
    pub fn import_ptau(path: &Path, k: u32, cache: &Cache, progress: &dyn Progress) -> Result<Self, SrsError> {
        check_k(k)?;
        let error = |source| SrsError::Ptau {
            path: path.into(),
            source,
        };
        progress.phase("hash of the .ptau file", 0);
        let file_sha256 = sha256_of(path).map_err(|e| error(PtauError::Io(e)))?;
        let entry = Entry {
            kind: "srs-ptau",
            parts: [b"ptau", &k.to_be_bytes(), &file_sha256],
        };
        let cached = entry.load_or_build(k, cache, progress, || {
            progress.phase("points of the .ptau file", 0);
            let file = File::open(path).map_err(PtauError::Io)?;
            let read = ptau::read(BufReader::with_capacity(1 << 20, file), k)?;
            if read.sha256 != file_sha256 {
                return Err(PtauError::Changed);
            }
            checks::checked_powers(read, k, progress)
        });
        let cached = cached.map_err(error)?;
        Ok(Self::new(k, cached.value, Origin::Ptau { file_sha256 }, cached.event))
    }

    fn new(k: u32, powers: Powers, origin: Origin, cache_event: CacheEvent) -> Self {
        let Powers {
            g,
            top,
            g_lagrange,
            s_g2,
        } = powers;
        // k ≥ 1, so there is a second power.
        let id = SrsId::of(k, &g[1], &s_g2);
        // `from_parts` is a method of some parameters, of which it uses nothing.
        let any = ParamsKZG::<Bn256>::setup(MIN_K, rand_core::OsRng);
        let params = any.from_parts(k, g, Some(g_lagrange), G2Affine::generator(), s_g2);
        Self {
            params,
            top,
            id,
            origin,
            cache_event,
        }
    }

    /// The parameters the proving system takes.
    pub fn params(&self) -> &ParamsKZG<Bn256> {
        &self.params
    }

    /// The parameters alone.
    pub fn into_params(self) -> ParamsKZG<Bn256> {
        self.params
    }

    /// log₂ of the number of powers.
    pub fn k(&self) -> u32 {
        self.params.k()
    }

    /// Identifies the string.
    pub fn id(&self) -> SrsId {
        self.id
    }

    /// Where the string came from.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// What the cache did; may carry a warning for the user.
    pub fn cache_event(&self) -> &CacheEvent {
        &self.cache_event
    }

    /// Whether the secret of this string is public, even if it came in a `.ptau` file.
    pub fn is_development(&self) -> bool {
        self.origin == Origin::Dev || self.params.s_g2() == dev::unsafe_public_tau_g2()
    }

    /// The powers `τ^i·G1`.
    pub fn g(&self) -> &[G1Affine] {
        self.params.get_g()
    }

    /// The power behind those, `τ^(2^k)·G1`, as the cache gave it: a prover pairs it with the others before it uses it.
    pub fn top(&self) -> G1Affine {
        self.top
    }
}

fn sha256_of(path: &Path) -> io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    io::copy(&mut BufReader::with_capacity(1 << 20, File::open(path)?), &mut hasher)?;
    Ok(hasher.finalize().into())
}

fn check_k(k: u32) -> Result<(), SrsError> {
    if (MIN_K..=MAX_K).contains(&k) {
        Ok(())
    } else {
        Err(SrsError::UnsupportedK { k })
    }
}

/// Where the cache holds a string.
struct Entry<'a> {
    kind: &'a str,
    /// What it is made of, of fixed lengths after the first, which names what they are.
    parts: [&'a [u8]; 3],
}

impl Entry<'_> {
    fn key(&self, payload_version: &[u8]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(payload_version);
        for part in self.parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.finalize().into()
    }

    fn load_or_build<E>(
        &self,
        k: u32,
        cache: &Cache,
        progress: &dyn Progress,
        build: impl FnOnce() -> Result<Powers, E>,
    ) -> Result<Cached<Powers>, E> {
        let read = |reader: &mut EntryReader| Powers::read(k, reader, progress);
        let cached = cache.load_or_build(self.kind, &self.key(PAYLOAD_VERSION), read, build, Powers::write)?;
        let old = self.key(PAYLOAD_VERSION_WITHOUT_TOP);
        Ok(Cached {
            event: cache.remove_superseded(self.kind, &old, LACKED, cached.event),
            ..cached
        })
    }
}
