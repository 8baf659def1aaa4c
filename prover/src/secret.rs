//! What a model's owner must keep: the salts and blinders of its weight columns, and how many proofs it has made.
//!
//! The weights' commitments are the first points of every proof and the same in each, so they hide the weights only as
//! long as the random rows of a column outnumber the points at which proofs have opened it: `salt_rows +
//! blinding_rows` unknowns carry `salt_rows + blinding_rows − 1` proofs. The counter is therefore written and synced
//! *before* a proof starts, counts proofs that were never finished, and is never set back.
//!
//! Without this file the model cannot prove any more (its commitment cannot be repeated); with it anyone who sees the
//! proofs can work out the weights. Restoring an old copy sets the counter back: raise it with [`advance_counter`] to at
//! least the number of proofs that have left the house. Two machines must not use two copies.
//!
//! # Format
//! Fixed length, integers big-endian:
//! magic `ASSAYSEC`, version u16 = 1, or 2 if the seeds are bound to a model already, weight columns u32, salt rows u32, blinding rows u32, proofs counted u64,
//! salt seed 32, blinder seed 32, SHA-256 of all before. The seeds come from the operating system, fresh per model.
//! Column c's salt is the ChaCha20 stream c under `SHA-256("assay.secret.salt.v1" ‖ salt seed)`, 64 bytes a scalar,
//! reduced; its blinders likewise under `"assay.secret.blinder.v1"` and the other seed. So no two columns, models or
//! purposes share randomness.
//!
//! # Models whose weights are public
//! The seeds of [`ModelSecret::public`] are constants, `SHA-256("assay.secret.public-salt.v1")` and
//! `SHA-256("assay.secret.public-blinder.v1")`: whoever has the model recomputes its commitment, which then hides nothing.
//! A model that was hidden is opened by the two seeds that are [bound](ModelSecret::bound_seeds) to it, see
//! [`ModelOpening`](crate::proof::ModelOpening); the seeds of the file stay secret, and with them every other model. No other
//! randomness of any proof derives from either. With an opening everybody proves for that model: a secret that is made of bound
//! seeds ([`ModelSecret::with_seeds`]) is used as it is. There are no weights left to hide, so no number of proofs uses it up.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, OsRng, RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use assay_durable::file::{self, Access};

const MAGIC: [u8; 8] = *b"ASSAYSEC";
const VERSION: u16 = 1;
/// Of a file whose seeds are bound to a model.
const VERSION_BOUND: u16 = 2;
const BODY_LEN: usize = 8 + 2 + 3 * 4 + 8 + 2 * 32;
const FILE_LEN: usize = BODY_LEN + 32;
/// `Fr::random` draws this many `next_u64`.
const WORDS_PER_SCALAR: u64 = 8;

/// Salt rows per weight column of a model that is meant to last: 8,192 proofs and a few.
pub const RECOMMENDED_SALT_ROWS: u32 = 1 << 13;
/// Bounds of what a file may say; far above what a layout has.
const MAX_COLUMNS: u32 = 1 << 10;
const MAX_ROWS: u32 = 1 << 24;

/// Why a secret file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SecretError {
    /// There is one, and it is worth a model.
    #[error("{} exists; a model's secret is never overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is none.
    #[error("{} does not exist; restore it from its backup or register the model anew", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused something.
    #[error("secret file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it says.
        #[source]
        source: io::Error,
    },
    /// The content is not what was written.
    #[error("{} is damaged ({reason}); restore it from its backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// Sizes that no layout has.
    #[error(
        "{weight_columns} weight columns with {salt_rows} salt and {blinding_rows} blinding rows are out of range"
    )]
    Sizes {
        /// Number of weight columns.
        weight_columns: u32,
        /// Salt rows per column.
        salt_rows: u32,
        /// Blinding rows per column.
        blinding_rows: u32,
    },
    /// Another proof could reveal the weights.
    #[error(
        "all {budget} proofs of this commitment are used up, another one could reveal the weights: register a new \
         model with a new salt"
    )]
    BudgetExhausted {
        /// Proofs a commitment carries.
        budget: u64,
    },
}

/// Salts, blinders and the proof counter of one model, as of the time of reading.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ModelSecret {
    weight_columns: u32,
    salt_rows: u32,
    blinding_rows: u32,
    counter: u64,
    /// The seeds are those that were bound to a model, and everybody's.
    is_bound: bool,
    salt_seed: [u8; 32],
    blinder_seed: [u8; 32],
}

/// The right to make one proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The proof's number, from 1; nobody else has it.
    pub number: u64,
    /// How many proofs the commitment carries.
    pub budget: u64,
}

impl Reservation {
    /// Proofs left after this one.
    pub fn remaining(&self) -> u64 {
        self.budget - self.number
    }
}

impl ModelSecret {
    /// Draws a fresh secret and writes it, readable by its owner alone, synced before this returns.
    ///
    /// `blinding_rows` is the constraint system's `blinding_factors() + 1`.
    ///
    /// # Errors
    /// [`SecretError::Exists`] rather than overwriting, [`SecretError::Sizes`], [`SecretError::Io`].
    pub fn create(path: &Path, weight_columns: u32, salt_rows: u32, blinding_rows: u32) -> Result<Self, SecretError> {
        let mut secret = Self::of(weight_columns, salt_rows, blinding_rows, [[0; 32]; 2])?;
        let draw = |seed: &mut [u8; 32]| {
            OsRng.try_fill_bytes(seed).map_err(|e| SecretError::Io {
                path: path.into(),
                source: io::Error::other(e),
            })
        };
        draw(&mut secret.salt_seed)?;
        draw(&mut secret.blinder_seed)?;
        secret.write_new(path)?;
        Ok(secret)
    }

    /// What models with public weights are committed to with: it hides nothing, and everybody has it.
    ///
    /// # Errors
    /// [`SecretError::Sizes`].
    pub fn public(weight_columns: u32, salt_rows: u32, blinding_rows: u32) -> Result<Self, SecretError> {
        Self::of(weight_columns, salt_rows, blinding_rows, public_seeds())
    }

    /// With the seeds that were [bound](ModelSecret::bound_seeds) to a model, whose commitment alone they serve: it is open.
    ///
    /// # Errors
    /// [`SecretError::Sizes`].
    pub fn with_seeds(
        weight_columns: u32,
        salt_rows: u32,
        blinding_rows: u32,
        seeds: [[u8; 32]; 2],
    ) -> Result<Self, SecretError> {
        let secret = Self::of(weight_columns, salt_rows, blinding_rows, seeds)?;
        Ok(Self {
            is_bound: true,
            ..secret
        })
    }

    fn of(
        weight_columns: u32,
        salt_rows: u32,
        blinding_rows: u32,
        [salt_seed, blinder_seed]: [[u8; 32]; 2],
    ) -> Result<Self, SecretError> {
        let secret = Self {
            weight_columns,
            salt_rows,
            blinding_rows,
            counter: 0,
            is_bound: false,
            salt_seed,
            blinder_seed,
        };
        if secret.sizes_are_sane() {
            Ok(secret)
        } else {
            Err(SecretError::Sizes {
                weight_columns,
                salt_rows,
                blinding_rows,
            })
        }
    }

    /// Writes it where no file is, readable by its owner alone, synced before this returns.
    ///
    /// # Errors
    /// [`SecretError::Exists`] rather than overwriting, [`SecretError::Io`].
    pub fn write_new(&self, path: &Path) -> Result<(), SecretError> {
        file::create(path, &self.to_bytes(), Access::Private).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => SecretError::Exists { path: path.into() },
            _ => SecretError::Io {
                path: path.into(),
                source,
            },
        })
    }

    /// As [`ModelSecret::write_new`], with all proofs used up: for a machine that proves with numbers that are counted elsewhere. No
    /// number can be taken of the copy.
    ///
    /// # Errors
    /// As there.
    pub fn write_uncounted(&self, path: &Path) -> Result<(), SecretError> {
        self.write_counted(path, u64::MAX)
    }

    /// As [`ModelSecret::write_new`], with so many proofs used up: never fewer than this one counts, nor more than it carries.
    ///
    /// # Errors
    /// As there.
    pub fn write_counted(&self, path: &Path, proofs: u64) -> Result<(), SecretError> {
        let copy = Self {
            counter: self.counter.max(proofs).min(self.budget()),
            ..*self
        };
        copy.write_new(path)
    }

    /// Reads a file of [`ModelSecret::create`].
    ///
    /// # Errors
    /// [`SecretError::Missing`], [`SecretError::Damaged`], [`SecretError::Io`].
    pub fn open(path: &Path) -> Result<Self, SecretError> {
        // One byte more than a file has, so that a longer one shows.
        let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_LEN + 1));
        File::open(path)
            .and_then(|file| file.take(FILE_LEN as u64 + 1).read_to_end(&mut bytes))
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => SecretError::Missing { path: path.into() },
                _ => SecretError::Io {
                    path: path.into(),
                    source,
                },
            })?;
        Self::from_bytes(&bytes).map_err(|reason| SecretError::Damaged {
            path: path.into(),
            reason,
        })
    }

    /// The secret of one model: salts and blinders that no other digest shares.
    ///
    /// Were they shared, the difference of two commitments would be a commitment to the difference of the models without
    /// any randomness, and small changes could be guessed. Seeds that are bound already stay what they are.
    pub fn bound_to(&self, model_digest: &[u8; 32]) -> Self {
        let bind = |seed: &[u8; 32]| -> [u8; 32] {
            Sha256::new()
                .chain_update(b"assay.secret.bound.v1")
                .chain_update(seed)
                .chain_update(model_digest)
                .finalize()
                .into()
        };
        if self.is_bound {
            return Self { ..*self };
        }
        Self {
            is_bound: true,
            salt_seed: bind(&self.salt_seed),
            blinder_seed: bind(&self.blinder_seed),
            ..*self
        }
    }

    /// The seeds of [`ModelSecret::bound_to`]: they open the commitment to this model.
    ///
    /// # Soundness
    /// SHA-256 as a pseudorandom function of the file's seeds: these two tell nothing of those, nor of what is bound to
    /// another model.
    pub fn bound_seeds(&self, model_digest: &[u8; 32]) -> [[u8; 32]; 2] {
        let bound = self.bound_to(model_digest);
        [bound.salt_seed, bound.blinder_seed]
    }

    /// Whether it is that of [`ModelSecret::public`], which is none.
    pub fn is_public(&self) -> bool {
        !self.is_bound && [self.salt_seed, self.blinder_seed] == public_seeds()
    }

    /// Whether its seeds are those of an opening, which everybody may have.
    pub fn is_opened(&self) -> bool {
        self.is_bound
    }

    /// Number of weight columns, the first advice columns of the circuit.
    pub fn weight_columns(&self) -> u32 {
        self.weight_columns
    }

    /// Random rows per weight column besides the blinding rows.
    pub fn salt_rows(&self) -> u32 {
        self.salt_rows
    }

    /// Rows per column that the proving system blinds.
    pub fn blinding_rows(&self) -> u32 {
        self.blinding_rows
    }

    /// Proofs one commitment carries: one less than the random rows of a column; as many as can be counted if it is open.
    pub fn budget(&self) -> u64 {
        if self.is_bound {
            return u64::from(u32::MAX);
        }
        u64::from(self.salt_rows) + u64::from(self.blinding_rows) - 1
    }

    /// Proofs counted when the file was read.
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// Tells secrets apart, whatever their counters say: what was derived from one is of use while this is the same.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"assay.secret.fingerprint.v1")
            .chain_update(self.weight_columns.to_be_bytes())
            .chain_update(self.salt_rows.to_be_bytes())
            .chain_update(self.blinding_rows.to_be_bytes())
            .chain_update([u8::from(self.is_bound)])
            .chain_update(self.salt_seed)
            .chain_update(self.blinder_seed)
            .finalize()
            .into()
    }

    /// The salt of a weight column, one scalar per salt row.
    pub fn salt(&self, column: u32) -> Vec<Fr> {
        let mut rng = stream(b"assay.secret.salt.v1", &self.salt_seed, column);
        (0..self.salt_rows).map(|_| Fr::random(&mut rng)).collect()
    }

    /// The RNG to prove with: the blinders of the weight columns first, then the operating system's randomness.
    ///
    /// # Soundness
    /// Zero knowledge rests on every draw after the prefix being new in every proof, so there is no way to seed those,
    /// and the RNG cannot be cloned. A prover that draws anything before the first-phase columns' blinding rows, or
    /// whose weight columns are not the first advice columns, must not use it.
    pub fn blinding_rng(&self) -> BlindingRng {
        self.blinding(None)
    }

    /// As [`ModelSecret::blinding_rng`], for a try that no other has the token of: machines may have been cloned from one another,
    /// with what their systems draw next.
    ///
    /// # Soundness
    /// Every new word is still the system's, with one of a ChaCha20 stream on top, whose key is a hash of the token, of 32 more bytes
    /// of the system and of the blinder seed: clones that draw the same bytes share nothing that anybody else could compute.
    pub fn blinding_rng_for(&self, token: &[u8; 16]) -> BlindingRng {
        let mut drawn = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *drawn);
        let key = Sha256::new()
            .chain_update(b"assay.secret.try.v1")
            .chain_update(self.blinder_seed)
            .chain_update(token)
            .chain_update(*drawn)
            .finalize();
        self.blinding(Some(ChaCha20Rng::from_seed(key.into())))
    }

    fn blinding(&self, of_try: Option<ChaCha20Rng>) -> BlindingRng {
        BlindingRng {
            of_try,
            key: derive_key(b"assay.secret.blinder.v1", &self.blinder_seed),
            columns: self.weight_columns,
            words_per_column: u64::from(self.blinding_rows) * WORDS_PER_SCALAR,
            column: 0,
            word: 0,
            stream: None,
        }
    }

    fn sizes_are_sane(&self) -> bool {
        (1..=MAX_COLUMNS).contains(&self.weight_columns)
            && (1..=MAX_ROWS).contains(&self.salt_rows)
            && (1..=MAX_ROWS).contains(&self.blinding_rows)
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_LEN));
        bytes.extend_from_slice(&MAGIC);
        let version = if self.is_bound { VERSION_BOUND } else { VERSION };
        bytes.extend_from_slice(&version.to_be_bytes());
        for size in [self.weight_columns, self.salt_rows, self.blinding_rows] {
            bytes.extend_from_slice(&size.to_be_bytes());
        }
        bytes.extend_from_slice(&self.counter.to_be_bytes());
        bytes.extend_from_slice(&self.salt_seed);
        bytes.extend_from_slice(&self.blinder_seed);
        let checksum = Sha256::digest(&*bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// The content of a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let file: &[u8; FILE_LEN] = bytes.try_into().map_err(|_| "wrong length")?;
        let (body, checksum) = file.split_at(BODY_LEN);
        let mut rest = body;
        if rest.split_off(..8) != Some(&MAGIC) {
            return Err("not a secret file");
        }
        let version = number(&mut rest, 2)? as u16;
        if ![VERSION, VERSION_BOUND].contains(&version) {
            return Err("unknown version");
        }
        if Sha256::digest(body).as_slice() != checksum {
            return Err("wrong checksum");
        }
        let mut size = || number(&mut rest, 4).map(|n| n as u32);
        let (weight_columns, salt_rows, blinding_rows) = (size()?, size()?, size()?);
        let counter = number(&mut rest, 8)?;
        let mut secret = Self {
            weight_columns,
            salt_rows,
            blinding_rows,
            counter,
            is_bound: version == VERSION_BOUND,
            salt_seed: [0; 32],
            blinder_seed: [0; 32],
        };
        for seed in [&mut secret.salt_seed, &mut secret.blinder_seed] {
            seed.copy_from_slice(rest.split_off(..32).ok_or("wrong length")?);
        }
        if secret.sizes_are_sane() && counter <= secret.budget() {
            Ok(secret)
        } else {
            Err("impossible sizes")
        }
    }
}

impl fmt::Debug for ModelSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelSecret")
            .field("weight_columns", &self.weight_columns)
            .field("salt_rows", &self.salt_rows)
            .field("blinding_rows", &self.blinding_rows)
            .field("counter", &self.counter)
            .field("is_bound", &self.is_bound)
            .field("seeds", &"redacted")
            .finish()
    }
}

/// Takes the next number of the model's budget; on disk when this returns, whatever becomes of the proof.
///
/// # Errors
/// [`SecretError::BudgetExhausted`] and those of [`ModelSecret::open`].
pub fn reserve_proof(path: &Path) -> Result<Reservation, SecretError> {
    LockedSecret::open(path)?.reserve_proof()
}

/// Raises the counter to `proofs`, for a file that was restored from a backup or whose budget is shared out between
/// machines; a lower value changes nothing, one beyond the budget uses it up.
///
/// # Errors
/// Those of [`ModelSecret::open`].
pub fn advance_counter(path: &Path, proofs: u64) -> Result<(), SecretError> {
    let mut locked = LockedSecret::open(path)?;
    let budget = locked.secret.budget();
    locked.count_to(locked.secret.counter.max(proofs).min(budget))
}

/// A secret file that no other process or thread can count in before this is dropped: what is kept beside the file about its
/// budget is read and written meanwhile.
#[derive(Debug)]
pub struct LockedSecret {
    path: PathBuf,
    secret: ModelSecret,
    /// Lies in a file beside the secret, because replacing a file by renaming would leave others waiting for the lock of
    /// the old one. Released when it is dropped or the process dies.
    _lock: File,
}

impl LockedSecret {
    /// Waits for the lock, then reads the file.
    ///
    /// # Errors
    /// Those of [`ModelSecret::open`].
    pub fn open(path: &Path) -> Result<Self, SecretError> {
        let error = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => SecretError::Missing { path: path.into() },
            _ => SecretError::Io {
                path: path.into(),
                source,
            },
        };
        // Under another name than its own a file would be counted twice: replacing a link leaves what it led to as it was.
        let path = &path.canonicalize().map_err(error)?;
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(lock_path)
            .map_err(error)?;
        lock.lock().map_err(error)?;
        Ok(Self {
            path: path.into(),
            secret: ModelSecret::open(path)?,
            _lock: lock,
        })
    }

    /// Proofs that the commitment still carries.
    pub fn remaining(&self) -> u64 {
        self.secret.budget() - self.secret.counter
    }

    /// As [`reserve_proof`], under the lock that is held.
    ///
    /// # Errors
    /// [`SecretError::BudgetExhausted`], [`SecretError::Io`].
    pub fn reserve_proof(&mut self) -> Result<Reservation, SecretError> {
        self.reserve_proofs(1)
    }

    /// As [`LockedSecret::reserve_proof`], for so many proofs; the number is the last one's.
    ///
    /// # Errors
    /// As there; nothing is taken then.
    pub fn reserve_proofs(&mut self, proofs: u64) -> Result<Reservation, SecretError> {
        let budget = self.secret.budget();
        if proofs > self.remaining() {
            return Err(SecretError::BudgetExhausted { budget });
        }
        self.count_to(self.secret.counter + proofs)?;
        Ok(Reservation {
            number: self.secret.counter,
            budget,
        })
    }

    fn count_to(&mut self, proofs: u64) -> Result<(), SecretError> {
        self.secret.counter = proofs;
        file::replace(&self.path, &self.secret.to_bytes(), Access::Private).map_err(|source| SecretError::Io {
            path: self.path.clone(),
            source,
        })
    }
}

fn public_seeds() -> [[u8; 32]; 2] {
    [&b"assay.secret.public-salt.v1"[..], b"assay.secret.public-blinder.v1"].map(|name| Sha256::digest(name).into())
}

fn number(rest: &mut &[u8], len: usize) -> Result<u64, &'static str> {
    let bytes = rest.split_off(..len).ok_or("wrong length")?;
    Ok(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
}

fn derive_key(domain: &[u8], seed: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(Sha256::new().chain_update(domain).chain_update(seed).finalize().into())
}

fn column_stream(key: &[u8; 32], column: u32) -> ChaCha20Rng {
    let mut rng = ChaCha20Rng::from_seed(*key);
    rng.set_stream(u64::from(column));
    rng
}

fn stream(domain: &[u8], seed: &[u8; 32], column: u32) -> ChaCha20Rng {
    column_stream(&derive_key(domain, seed), column)
}

/// Serves the weight columns' blinders, `blinding_rows` scalars of eight words per column in column order, then the
/// operating system's randomness for ever.
///
/// Every method consumes whole words: [`RngCore::next_u32`] the low half of one, [`RngCore::fill_bytes`] one per eight
/// bytes begun. A request that reaches past the prefix gets the words that are left of it and new ones after.
pub struct BlindingRng {
    key: Zeroizing<[u8; 32]>,
    columns: u32,
    words_per_column: u64,
    column: u32,
    word: u64,
    stream: Option<ChaCha20Rng>,
    /// On top of the system's words, where the try has a token.
    of_try: Option<ChaCha20Rng>,
}

impl BlindingRng {
    /// Whether the weight columns' blinders have all been served.
    pub fn prefix_is_over(&self) -> bool {
        self.column >= self.columns
    }

    fn prefix_word(&mut self) -> Option<u64> {
        if self.prefix_is_over() {
            return None;
        }
        let (key, column) = (&self.key, self.column);
        let word = self.stream.get_or_insert_with(|| column_stream(key, column)).next_u64();
        self.word += 1;
        if self.word == self.words_per_column {
            (self.column, self.word, self.stream) = (self.column + 1, 0, None);
        }
        Some(word)
    }
}

impl RngCore for BlindingRng {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.prefix_word().unwrap_or_else(|| {
            let on_top = self.of_try.as_mut().map_or(0, RngCore::next_u64);
            OsRng.next_u64() ^ on_top
        })
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !self.prefix_is_over() && !rest.is_empty() {
            let word = self.next_u64().to_le_bytes();
            let (now, later) = rest.split_at_mut(rest.len().min(word.len()));
            now.iter_mut().zip(word).for_each(|(byte, w)| *byte = w);
            rest = later;
        }
        OsRng.fill_bytes(rest);
        if let Some(of_try) = &mut self.of_try {
            let mut on_top = Zeroizing::new(vec![0; rest.len()]);
            of_try.fill_bytes(&mut on_top);
            rest.iter_mut().zip(on_top.iter()).for_each(|(byte, top)| *byte ^= top);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for BlindingRng {}

impl fmt::Debug for BlindingRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlindingRng")
            .field("prefix_is_over", &self.prefix_is_over())
            .finish_non_exhaustive()
    }
}
