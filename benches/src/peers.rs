//! `bench peers`: two small networks by ezkl, as its documentation proves them, and by this program.

use crate::paper::measured::{commit, Machine};
use crate::paper::write;
use crate::prove::{self, Report};
use assay_durable::progress::Silent;
use assay_prover::import::{import, ImportOptions};
use assay_verifier_gen::evm::{Compiler, Deployed, Evm, MAX_GAS};
use eyre::{ensure, eyre, WrapErr};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Below the folder of the page.
const KEPT: &str = "benchmarks/peers.json";
/// Of the Python packages, so that nothing else of the machine is used.
const ENVIRONMENT: &str = "target/peers";
/// EIP-170.
pub const MOST_CODE: usize = 24_576;
/// Of the contract.
const ADDRESS: [u8; 20] = [0xe2; 20];
/// Proofs of ours: they are short, and the median of those after the first counts.
const REPEAT: &str = "7";

/// Where the figures go.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of benchmarks/peers.json; scripts/bench paper --page-only takes it into the page
    #[arg(long, value_name = "DIR", default_value = "docs")]
    pub out: PathBuf,
}

/// What was measured on one machine in one go.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peers {
    /// Where.
    pub machine: Machine,
    /// Of the program.
    pub commit: String,
    /// By network.
    pub pairs: Vec<Pair>,
}

/// One network.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// What it is.
    pub network: String,
    /// Nothing committed.
    pub ezkl: Ezkl,
    /// Weights and image committed.
    pub ours: Report,
}

/// What `peers/ezkl_proof.py` prints, and the contract on an EVM.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ezkl {
    /// Of the package.
    pub version: String,
    /// log₂ of the rows.
    pub k: u32,
    /// Both keys.
    pub setup_s: f64,
    /// With the witness.
    pub prove_s: f64,
    /// Processor time of the same.
    pub cpu_s: f64,
    /// One.
    pub verify_ms: f64,
    /// Of the process, up to the verification.
    pub peak_rss_bytes: u64,
    /// Without instances.
    pub proof_bytes: usize,
    /// Runtime code of its verifier.
    #[serde(default)]
    pub code_bytes: usize,
    /// Of one call, where the limit of code sizes is lifted.
    #[serde(default)]
    pub gas: u64,
    #[serde(skip_serializing)]
    solidity: Option<PathBuf>,
    #[serde(skip_serializing)]
    calldata: Option<PathBuf>,
}

impl Ezkl {
    /// Whether a chain takes its contract.
    pub fn is_deployable(&self) -> bool {
        self.code_bytes <= MOST_CODE
    }
}

/// What was measured before, if anything was.
///
/// # Errors
/// If the file is not what this program keeps.
pub fn kept(out: &Path) -> eyre::Result<Option<Peers>> {
    let path = out.join(KEPT);
    if !path.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    let peers = serde_json::from_str(&text);
    peers
        .wrap_err_with(|| format!("{} is not what this program keeps", path.display()))
        .map(Some)
}

/// Measures, and keeps the figures.
///
/// # Errors
/// If a package cannot be installed, or something cannot be proven.
pub fn run(args: &Args) -> eyre::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.ok_or_else(|| eyre!("no repository root"))?;
    let python = environment(root)?;
    let scratch = tempfile::tempdir()?;
    let at = |name: &str| scratch.path().join(name);
    let small = root.join("models/small");
    let (mobilenet, images) = (at("mobilenet.onnx"), at("images"));
    python.run("mobilenet.py", &[&mobilenet, &small.join("calibration"), &images])?;

    let lenet = small.join("lenet.onnx");
    let networks = [
        ("LeNet-5, 32×32, 0.42 M MACs", &lenet, small.join("calibration"), 14),
        (
            "MobileNet v2 0.35, 16×16, 10 classes",
            &mobilenet,
            images,
            ImportOptions::default().shift,
        ),
    ];
    let mut pairs = Vec::new();
    for (number, (network, onnx, calibration, shift)) in networks.into_iter().enumerate() {
        eprintln!("… {network}");
        let options = ImportOptions {
            shift,
            ..ImportOptions::default()
        };
        let (model, _) = import(onnx, calibration.as_path(), &options, &Silent)?;
        let file = at(&format!("{number}.assay"));
        model.save(&file)?;
        let file = file.to_str().ok_or_else(|| eyre!("{} is no text", file.display()))?;
        let mut ours = prove::in_a_process(&[file, "--repeat", REPEAT])?;
        ours.arch = network.into();
        let ezkl = by_ezkl(root, &python, onnx, &at(&number.to_string()))?;
        pairs.push(Pair {
            network: network.into(),
            ezkl,
            ours,
        });
    }
    let peers = Peers {
        machine: Machine::this()?,
        commit: commit(root)?,
        pairs,
    };
    write(&args.out.join(KEPT), &(serde_json::to_string_pretty(&peers)? + "\n"))
}

fn by_ezkl(root: &Path, python: &Python, onnx: &Path, folder: &Path) -> eyre::Result<Ezkl> {
    let said = python.run("ezkl_proof.py", &[onnx, folder])?;
    let last = said.lines().last().ok_or_else(|| eyre!("it printed no figures"))?;
    let mut ezkl: Ezkl = serde_json::from_str(last)?;
    let (Some(solidity), Some(calldata)) = (ezkl.solidity.take(), ezkl.calldata.take()) else {
        return Err(eyre!("it names no contract"));
    };
    let source = std::fs::read_to_string(&solidity)?;
    let contract = Compiler::in_repo(root)?.compile(&source, "Halo2Verifier")?;
    ezkl.code_bytes = contract.runtime_len;
    // Too large to be deployed, and to be made in one transaction: it is just there.
    let runtime = &contract.initcode[contract.initcode.len() - contract.runtime_len..];
    let there = Deployed {
        address: ADDRESS,
        code_len: runtime.len(),
        code_hash: [0; 32],
        gas_used: 0,
    };
    let mut evm = Evm::new().with_code(ADDRESS, runtime);
    let outcome = evm.call(&there, &std::fs::read(&calldata)?, MAX_GAS)?;
    ensure!(
        outcome.accepted(),
        "its contract does not accept its proof: {outcome:?}"
    );
    ezkl.gas = outcome.gas_used;
    Ok(ezkl)
}

/// An interpreter with the pinned packages.
struct Python {
    interpreter: PathBuf,
    scripts: PathBuf,
}

impl Python {
    /// What a script prints.
    fn run(&self, script: &str, arguments: &[&Path]) -> eyre::Result<String> {
        let done = Command::new(&self.interpreter)
            .arg(self.scripts.join(script))
            .args(arguments)
            .stderr(Stdio::inherit())
            .output()
            .wrap_err_with(|| format!("cannot run {}", self.interpreter.display()))?;
        ensure!(done.status.success(), "{script} failed: {}", done.status);
        Ok(String::from_utf8(done.stdout)?)
    }
}

/// The packages of `peers/requirements.txt`, installed once.
fn environment(root: &Path) -> eyre::Result<Python> {
    let scripts = root.join("benches/peers");
    let folder = root.join(ENVIRONMENT);
    let run = |program: &Path, arguments: &[&str]| -> eyre::Result<()> {
        let mut command = Command::new(program);
        let status = command.args(arguments).stdout(Stdio::null()).status();
        let status = status.wrap_err_with(|| format!("cannot run {}", program.display()))?;
        ensure!(
            status.success(),
            "{} {} failed: {status}",
            program.display(),
            arguments.join(" ")
        );
        Ok(())
    };
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| eyre!("{} is no text", path.display()))
    };
    let interpreter = folder.join("bin/python");
    if !interpreter.is_file() {
        run(Path::new("python3"), &["-m", "venv", &text(&folder)?])?;
    }
    let pinned = text(&scripts.join("requirements.txt"))?;
    run(
        &interpreter,
        &["-m", "pip", "install", "--quiet", "--requirement", &pinned],
    )?;
    Ok(Python { interpreter, scripts })
}
