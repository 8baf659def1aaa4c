//! `bench prove`: keys, one proof, its verification in Rust and by the generated contracts.

use crate::on_evm::on_evm;
use crate::process::{memory, processor_time};
use crate::stock::StockKeys;
use assay_durable::cache::Cache;
use assay_durable::profile::{Profile, Span};
use assay_durable::progress::Progress;
use assay_marketplace::plan::search;
use assay_marketplace::proving::load_model;
use assay_prover::circuit::{Cost, FrozenArchitecture, Layout};
use assay_prover::model::random::mobilenet_v2;
use assay_prover::model::{Architecture, Model};
use assay_prover::proof::{
    only_portable, prove_with_secret, uses_lanes, verify, Inference, Keys, Memory, ProofBundle, VerifierKey,
};
use assay_prover::secret::{self, ModelSecret};
use assay_prover::srs::Srs;
use assay_statement::field::Fr;
use assay_statement::input::InputSalt;
use eyre::{bail, ensure, eyre, WrapErr};
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::ff::Field;
use rand::rngs::OsRng;
use rand::RngCore;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// As in the paper: those of ImageNet, and one for the rest.
const CLASSES: usize = 1001;
/// log₂ of the scalars of the reference multi-exponentiation.
const MSM_LOG_SIZE: u32 = 18;
/// Verifications whose median is reported.
const VERIFICATIONS: usize = 5;

/// What to prove.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// mobilenet_v2_WIDTH_RESOLUTION, for example mobilenet_v2_035_96, with 1001 classes as in the paper and random weights,
    /// mobilenet_v2_WIDTH_RESOLUTION_CLASSES with others; or a model file
    pub arch: String,
    /// What the layout is chosen for, as by assay plan
    #[arg(long, value_name = "fast|fastest|small-memory|cheap-gas", default_value_t)]
    pub profile: search::Profile,
    /// Activations per row of the layout, in place of a profile
    #[arg(long, conflicts_with = "profile")]
    pub lanes: Option<usize>,
    /// Shift of a named architecture, 9 to 24; above 16 remainders have two limbs
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub shift: u32,
    /// Proofs: of the first one the caches are cold, of the others the median counts
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Without AVX-512, whatever the processor has
    #[arg(long, conflicts_with = "stock")]
    pub portable: bool,
    /// By the library's own prover, which the engine replaces
    #[arg(long)]
    pub stock: bool,
    /// What stays in memory between proofs [default: by the machine's memory]
    #[arg(long, value_name = "small|fast", conflicts_with = "stock")]
    pub memory: Option<Memory>,
    /// Print one JSON object as the last line
    #[arg(long)]
    pub json: bool,
}

/// Who makes keys and proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prover {
    /// This project's.
    Assay,
    /// halo2-axiom's `create_proof`.
    Stock,
}

/// The measurements. Seconds are wall clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// As it was asked for.
    pub arch: String,
    /// Activations a row.
    pub activations_per_row: usize,
    /// log₂ of the circuit's rows.
    pub k: u32,
    /// Columns committed in each proof.
    pub advice_columns: usize,
    /// Points that the verifier reads: of the verifying key and of the proof.
    pub commitments: usize,
    /// Rows of the highest column, without blinding.
    pub rows_used: usize,
    /// Both keys, the verifying one from nothing.
    pub keygen_s: f64,
    /// What made keys and proofs.
    pub engine: Prover,
    /// Whether field elements were computed eight at a time.
    pub lanes: bool,
    /// One proof: the median of those after the first, or the first if there is one only.
    pub prove_s: f64,
    /// The first proof of the process.
    pub prove_cold_s: f64,
    /// The median of the others, if there are any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prove_warm_s: Option<f64>,
    /// Processor time of the last proof, all threads together.
    pub cpu_s: f64,
    /// Seconds of each step of the last proof.
    pub step_s: BTreeMap<String, f64>,
    /// Resident memory at the end of each step of the last proof, bytes.
    pub step_rss_bytes: BTreeMap<String, u64>,
    /// Median of a few verifications in Rust, ms.
    pub verify_ms: f64,
    /// One multi-exponentiation of 2^18 random scalars by the library: the median of one before each proof.
    pub msm_ref_s: f64,
    /// `prove_s / msm_ref_s`.
    pub ratio: f64,
    /// Of this process, up to the proof.
    pub peak_rss_bytes: u64,
    /// Without instances and the bundle's header.
    pub proof_bytes: usize,
    /// Of one call of the verifier.
    pub calldata_bytes: usize,
    /// Of one call from outside: base fee, calldata and execution.
    pub gas: u64,
    /// The same if no byte of the calldata were zero: the most that a proof can cost, and the same for every proof.
    pub gas_at_most: u64,
    /// Runtime code of the verifier.
    pub verifier_code_bytes: usize,
    /// Runtime code of the contract that holds its key's data.
    pub vk_code_bytes: usize,
}

/// Prints each phase as it begins, and notes the memory in which the one before has ended.
#[derive(Debug, Clone, Default)]
struct Printed {
    ended: Arc<Mutex<Ended>>,
}

#[derive(Debug, Default)]
struct Ended {
    running: Option<String>,
    rss: BTreeMap<String, u64>,
}

impl Printed {
    fn begins(&self, next: Option<&str>) -> MutexGuard<'_, Ended> {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut ended.running, next.map(str::to_owned));
        if let (Some(name), Ok(bytes)) = (before, memory("VmRSS:")) {
            ended.rss.insert(name, bytes);
        }
        ended
    }

    /// Resident bytes at the end of each phase; the last one ends now.
    fn rss(&self) -> BTreeMap<String, u64> {
        self.begins(None).rss.clone()
    }
}

impl Progress for Printed {
    fn phase(&self, name: &str, _: u64) {
        eprintln!("… {name}");
        drop(self.begins(Some(name)));
    }
}

/// Measures and prints.
///
/// # Errors
/// If the architecture is unknown, or any step fails.
pub fn run(args: &Args) -> eyre::Result<()> {
    let report = measure(args)?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{}", serde_json::to_string_pretty(&report)?);
    }
    Ok(())
}

/// The same in a process of its own, so that the peak of its memory is its own.
///
/// # Errors
/// If it fails.
pub(crate) fn in_a_process(arguments: &[&str]) -> eyre::Result<Report> {
    let mut command = Command::new(std::env::current_exe()?);
    let done = command
        .arg("prove")
        .args(arguments)
        .arg("--json")
        .stderr(Stdio::inherit())
        .output()
        .wrap_err("cannot start the process that proves")?;
    ensure!(
        done.status.success(),
        "the proof of {} failed: {}",
        arguments[0],
        done.status
    );
    let text = String::from_utf8(done.stdout)?;
    let last = text.lines().last().ok_or_else(|| eyre!("it printed no figures"))?;
    Ok(serde_json::from_str(last)?)
}

/// Keys from nothing, one proof of random weights and a random image, its verification in Rust and by the contracts.
///
/// # Errors
/// If the architecture is unknown, or any step fails.
pub fn measure(args: &Args) -> eyre::Result<Report> {
    if args.portable {
        only_portable();
    }
    let profile = Profile::begin();
    let steps = profile.phases(Box::new(Printed::default()));
    let cache = Cache::user()?;
    let model = model(&args.arch, args.shift)?;
    let architecture = model.architecture.clone();
    let frozen = match args.lanes {
        Some(lanes) => FrozenArchitecture::plan_with(architecture, lanes, Layout::DEFAULT_SALT_ROWS)?,
        None => search::choose(&architecture, args.profile)?.frozen,
    };
    let srs = Arc::new(Srs::dev(frozen.layout.k.max(MSM_LOG_SIZE), &cache, &steps)?);
    let strings = srs.clone();
    let srs = if srs.k() == frozen.layout.k {
        srs
    } else {
        Arc::new(Srs::dev(frozen.layout.k, &cache, &steps)?)
    };

    // An empty cache: key generation is part of the measurement.
    let scratch = tempfile::tempdir()?;
    let empty = Cache::at(scratch.path().join("cache"));
    let (maker, keygen_s) = Maker::new(args, &frozen, srs, &empty, &steps)?;
    let key = maker.verifier();
    drop(steps);

    let mut subject = Subject::new(model, &frozen, key, scratch.path())?;
    let mut proofs = Vec::new();
    let mut msm = Vec::new();
    for _ in 0..args.repeat {
        msm.push(reference_msm(&strings));
        proofs.push(subject.prove(&maker, &profile)?);
    }
    let prove_cold_s = proofs[0].seconds;
    let prove_warm_s = median(proofs.iter().skip(1).map(|proof| proof.seconds));
    let prove_s = prove_warm_s.unwrap_or(prove_cold_s);
    let msm_ref_s = median(msm).unwrap_or(f64::NAN);
    let Some(Timing {
        bundle,
        cpu_s,
        step_s,
        step_rss_bytes,
        ..
    }) = proofs.pop()
    else {
        bail!("no proof was made");
    };
    let peak_rss_bytes = memory("VmHWM:")?;
    let verify_ms = timed_verification(key, &bundle)?;
    let evm = on_evm(key, &bundle)?;

    let cost = Cost::of(key.compiled());
    let cs = key.verifying_key().cs();
    Ok(Report {
        arch: args.arch.clone(),
        activations_per_row: frozen.layout.lanes,
        k: frozen.layout.k,
        advice_columns: cs.num_advice_columns(),
        commitments: evm.points,
        rows_used: cost.rows_used,
        keygen_s,
        engine: if args.stock { Prover::Stock } else { Prover::Assay },
        lanes: !args.stock && uses_lanes()?,
        prove_s,
        prove_cold_s,
        prove_warm_s,
        cpu_s,
        step_s,
        step_rss_bytes,
        verify_ms,
        msm_ref_s,
        ratio: prove_s / msm_ref_s,
        peak_rss_bytes,
        proof_bytes: bundle.proof().len(),
        calldata_bytes: evm.calldata,
        gas: evm.gas,
        gas_at_most: evm.gas_at_most,
        verifier_code_bytes: evm.verifier_code,
        vk_code_bytes: evm.vk_code,
    })
}

/// What a file holds, or random weights of a named architecture.
fn model(name: &str, shift: u32) -> eyre::Result<Model> {
    let path = Path::new(name);
    if path.is_file() {
        return load_model(path);
    }
    let architecture = Architecture { shift, ..named(name)? };
    Ok(Model::random(architecture, 1)?)
}

/// `mobilenet_v2_035_96` and `mobilenet_v2_035_96_10`: of the paper's 1001 classes, and of ten.
///
/// # Errors
/// If it is no such name.
pub(crate) fn named(name: &str) -> eyre::Result<Architecture> {
    let numbers = name
        .strip_prefix("mobilenet_v2_")
        .map(|rest| rest.split('_').collect::<Vec<_>>());
    let (width, resolution, classes) = match numbers.as_deref() {
        Some([width, resolution]) => (*width, *resolution, None),
        Some([width, resolution, classes]) => (*width, *resolution, Some(*classes)),
        _ => bail!(
            "unknown architecture {name}: expected mobilenet_v2_WIDTH_RESOLUTION or mobilenet_v2_WIDTH_RESOLUTION_CLASSES, for example \
             mobilenet_v2_035_96, or a model file"
        ),
    };
    let (whole, fraction) = width.split_at(1.min(width.len()));
    let width: f64 = format!("{whole}.{fraction}0")
        .parse()
        .wrap_err("the width has to be digits, 035 for 0.35")?;
    let resolution: usize = resolution
        .parse()
        .wrap_err("the resolution has to be a number of pixels")?;
    ensure!(width > 0.0 && width <= 2.0, "the width {width} is not between 0 and 2");
    ensure!(
        resolution > 0 && resolution <= 512 && resolution.is_multiple_of(32),
        "the resolution has to be a multiple of 32"
    );
    let classes = match classes {
        Some(classes) => classes.parse().wrap_err("the classes have to be a number")?,
        None => CLASSES,
    };
    ensure!(
        (1..=10_000).contains(&classes),
        "{classes} classes are not between 1 and 10,000"
    );
    Ok(mobilenet_v2(width, resolution, classes))
}

fn reference_msm(srs: &Srs) -> f64 {
    let scalars: Vec<Fr> = (0..1usize << MSM_LOG_SIZE).map(|_| Fr::random(OsRng)).collect();
    let start = Instant::now();
    std::hint::black_box(best_multiexp(&scalars, &srs.g()[..scalars.len()]));
    start.elapsed().as_secs_f64()
}

/// A proof and what it took.
struct Timing {
    bundle: ProofBundle,
    seconds: f64,
    cpu_s: f64,
    step_s: BTreeMap<String, f64>,
    step_rss_bytes: BTreeMap<String, u64>,
}

/// Keys, and what proves with them.
enum Maker {
    Assay(Box<Keys>),
    Stock(Box<StockKeys>),
}

impl Maker {
    /// Keys from nothing, and the seconds they took.
    fn new(
        args: &Args,
        frozen: &FrozenArchitecture,
        srs: Arc<Srs>,
        cache: &Cache,
        progress: &dyn Progress,
    ) -> eyre::Result<(Self, f64)> {
        if args.stock {
            let keys = StockKeys::generate(frozen, srs, cache, progress)?;
            let keygen_s = keys.keygen_s;
            return Ok((Self::Stock(Box::new(keys)), keygen_s));
        }
        let start = Instant::now();
        let keys = Keys::load_or_build(frozen, srs, cache, progress)?;
        let keys = match args.memory {
            Some(memory) => keys.with_memory(memory),
            None => keys,
        };
        Ok((Self::Assay(Box::new(keys)), start.elapsed().as_secs_f64()))
    }

    fn verifier(&self) -> &VerifierKey {
        match self {
            Self::Assay(keys) => keys.verifier(),
            Self::Stock(keys) => &keys.verifier,
        }
    }

    fn prove(&self, inference: &Inference<'_>, progress: &dyn Progress) -> eyre::Result<ProofBundle> {
        let Inference {
            model,
            image,
            salt,
            ctx,
            ..
        } = *inference;
        match self {
            Self::Assay(keys) => Ok(prove_with_secret(keys, inference, progress)?),
            Self::Stock(keys) => keys.prove(model, image, salt, ctx, progress),
        }
    }
}

/// A network, and what hides its weights.
struct Subject {
    model: Model,
    secret: PathBuf,
}

impl Subject {
    fn new(model: Model, frozen: &FrozenArchitecture, key: &VerifierKey, scratch: &Path) -> eyre::Result<Self> {
        let blinding_rows = key.verifying_key().cs().blinding_factors() + 1;
        let secret = scratch.join("model.secret");
        let layout = &frozen.layout;
        let [weight_columns, salt_rows] = [layout.weight_columns, layout.salt_rows];
        ModelSecret::create(
            &secret,
            weight_columns.try_into()?,
            salt_rows.try_into()?,
            blinding_rows.try_into()?,
        )?;
        Ok(Self { model, secret })
    }

    /// Of a random image.
    fn prove(&mut self, maker: &Maker, profile: &Profile) -> eyre::Result<Timing> {
        secret::reserve_proof(&self.secret)?;
        let secret = ModelSecret::open(&self.secret)?;
        let mut image = vec![0; self.model.architecture.image_len()];
        OsRng.fill_bytes(&mut image);
        let mut ctx = [0; 32];
        OsRng.fill_bytes(&mut ctx[1..]);
        let inference = Inference {
            model: &self.model,
            secret: &secret,
            image: &image,
            salt: &InputSalt::random(),
            ctx,
        };
        profile.take();
        let printed = Printed::default();
        let steps = profile.phases(Box::new(printed.clone()));
        let (start, cpu) = (Instant::now(), processor_time()?);
        let bundle = maker.prove(&inference, &steps)?;
        drop(steps);
        let seconds = start.elapsed().as_secs_f64();
        let mut step_s = BTreeMap::new();
        for Span { name, took, .. } in profile.take() {
            *step_s.entry(name).or_default() += took.as_secs_f64();
        }
        Ok(Timing {
            bundle,
            seconds,
            cpu_s: processor_time()? - cpu,
            step_s,
            step_rss_bytes: printed.rss(),
        })
    }
}

/// The one in the middle.
fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn timed_verification(key: &VerifierKey, bundle: &ProofBundle) -> eyre::Result<f64> {
    let mut times = Vec::with_capacity(VERIFICATIONS);
    for _ in 0..VERIFICATIONS {
        let start = Instant::now();
        verify(key, bundle)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[VERIFICATIONS / 2])
}
