//! `bench held`: what the provider's commands spend on an encrypted test set, when it is checked and afterwards.

use alloy::primitives::{Address, Bytes, B256, U256};
use assay_cli::context::{Context, Globals};
use assay_durable::report::Reporter;
use assay_marketplace::accuracy::provider::held::{Engagement, Held};
use assay_marketplace::accuracy::provider::received::Transfer;
use assay_marketplace::cipher_file::{seal, CipherFile};
use assay_marketplace::proving::reference_string::SrsUse;
use assay_marketplace::proving::ModelFiles;
use assay_protocol::abi::{Metric, ProofTerms};
use assay_protocol::testset::{ImageSize, TestSet};
use assay_protocol::transfer::chunks::Chunks;
use assay_protocol::transfer::keys::KeysOfRecord;
use assay_protocol::transfer::secret::MasterKey;
use assay_protocol::transfer::shuffle::Shuffle;
use rand::rngs::OsRng;
use rand::RngCore;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::runtime::Runtime;

const ID: B256 = B256::repeat_byte(1);
/// As on a devnet.
const WORDS_PER_CHUNK: usize = 8;
/// Challenges that are answered together.
const CHALLENGES: usize = 8;

/// What to time, and how large.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Examples of the set
    #[arg(long, default_value_t = 2000)]
    pub examples: usize,
    /// Height and width of the images
    #[arg(long, default_value_t = 8)]
    pub side: u32,
    /// Model file, to time its weights' commitment too
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
}

/// Seconds of wall clock.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Of the set.
    pub examples: usize,
    /// Of one image.
    pub image_bytes: usize,
    /// Reading, decrypting and hashing everything, as every command would without findings.
    pub everything_s: f64,
    /// The same when what was found before is known.
    pub known_s: f64,
    /// What `mp answer` reads for eight challenges.
    pub answer_s: f64,
    /// What `mp post` and `mp submit` read if every example has a proof.
    pub post_s: f64,
    /// `everything_s / answer_s`: about the same on every machine.
    pub answer_ratio: f64,
    /// `everything_s / post_s`.
    pub post_ratio: f64,
    /// The weights' commitment, when a process first needs it and afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_s: Option<[f64; 2]>,
}

/// Measures and prints.
///
/// # Errors
/// If any step fails.
pub fn run(args: &Args) -> eyre::Result<()> {
    println!("{}", serde_json::to_string_pretty(&measure(args)?)?);
    Ok(())
}

/// # Errors
/// If any step fails.
pub fn measure(args: &Args) -> eyre::Result<Report> {
    let dir = tempfile::tempdir()?;
    let size = ImageSize {
        height: args.side,
        width: args.side,
    };
    let image_bytes = (3 * args.side * args.side) as usize;
    let image = |_| {
        let mut image = vec![0; image_bytes];
        OsRng.fill_bytes(&mut image);
        (image, 0)
    };
    let set = TestSet::build(size, (0..args.examples).map(image).collect(), |_| ())?;
    let sealed = Sealed::new(&set, image_bytes, dir.path())?;
    let out = Reporter::silent();

    let everything_s = timed(|| {
        sealed.checked()?;
        sealed.held(dir.path(), &out)?.check(&out)
    })?;
    let known_s = timed(|| sealed.held(dir.path(), &out)?.check(&out))?;
    let open = |count: usize| {
        timed(|| {
            let mut held = sealed.held(dir.path(), &out)?;
            (0..count).try_for_each(|position| held.opening(position).map(drop))
        })
    };
    let (answer_s, post_s) = (open(CHALLENGES.min(args.examples))?, open(args.examples)?);
    let commit_s = args.model.as_deref().map(commits).transpose()?;
    Ok(Report {
        examples: args.examples,
        image_bytes,
        everything_s,
        known_s,
        answer_s,
        post_s,
        answer_ratio: everything_s / answer_s,
        post_ratio: everything_s / post_s,
        commit_s,
    })
}

fn timed<T>(work: impl FnOnce() -> eyre::Result<T>) -> eyre::Result<f64> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// Twice the commitment of one process.
fn commits(model: &Path) -> eyre::Result<[f64; 2]> {
    let scratch = tempfile::tempdir()?;
    let files = ModelFiles {
        model: model.to_owned(),
        arch: None,
        secret: Some(scratch.path().join("model.secret")),
        srs: SrsUse::dev(),
        memory: None,
    };
    let ctx = Context::new(Globals::default())?;
    let prover = Runtime::new()?.block_on(files.prover_off_chain(async || Ok(None), &ctx.out))?;
    Ok([timed(|| prover.weights_commit())?, timed(|| prover.weights_commit())?])
}

/// A ciphertext that a provider keeps.
struct Sealed {
    path: PathBuf,
    layout: Chunks,
    ct_root: B256,
    master: MasterKey,
    leaves: Vec<B256>,
}

impl Sealed {
    fn new(set: &TestSet, image_bytes: usize, dir: &Path) -> eyre::Result<Self> {
        let layout = Chunks::new(set.examples.len(), image_bytes.div_ceil(31), WORDS_PER_CHUNK)?;
        let (path, master) = (dir.join("transfer.cipher"), MasterKey::random());
        Ok(Self {
            ct_root: seal(&path, layout, ID, &master, set, |_| ())?,
            path,
            layout,
            master,
            leaves: set.leaves(),
        })
    }

    /// Compares every word with `ctRoot`.
    fn checked(&self) -> eyre::Result<CipherFile> {
        Ok(CipherFile::open(&self.path, self.layout, ID, self.ct_root)?)
    }

    /// As a new process holds it.
    fn held(&self, dir: &Path, out: &Reporter) -> eyre::Result<Held> {
        let terms = ProofTerms {
            verifier: Address::ZERO,
            verifierCodehash: B256::ZERO,
            vkDigest: B256::ZERO,
            weightsCommit: U256::ZERO,
            metric: Metric::TOP1,
            classes: 10,
        };
        let engagement = Engagement {
            id: ID,
            chain_id: 1,
            market: Address::ZERO,
            terms,
            first: 0,
        };
        let n = self.leaves.len();
        let keys = KeysOfRecord {
            probe: Vec::new(),
            master: Some(self.master.clone()),
        };
        let transfer = Transfer::of(
            ID,
            CipherFile::open_kept(&self.path, self.layout, ID, self.ct_root)?,
            self.leaves.clone(),
            Shuffle::identity(n),
            Bytes::copy_from_slice(self.master.expose()),
            keys,
            0..n,
            [B256::ZERO, self.ct_root, B256::ZERO],
        )?;
        Ok(Held::encrypted(engagement, transfer, &dir.join("held.json"), out))
    }
}
