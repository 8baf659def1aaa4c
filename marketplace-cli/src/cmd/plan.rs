//! Chooses the layout of a model's circuit, and says what it costs.

use crate::context::Context;
use alloy::primitives::B256;
use assay_durable::cache::Cache;
use assay_marketplace::plan::search::Profile;
use assay_marketplace::plan::{calibrate, plan, Plan};
use assay_marketplace::proving::{load_model, save_arch};
use assay_prover::circuit::{ColumnCounts, Cost, MemoryBytes};
use assay_prover::model::OutputMode;
use assay_prover::proof::SpeedSource;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay plan digits.assay --out digits.arch.json\n  assay plan --calibrate\n\n\
    The architecture file is public: it is all that the verifying key depends on, besides the reference string. Consumers\n\
    need it to make test sets and to check the verifier contract. The layout follows from the model and the profile alone:\n\
    fast takes the fewest rows with three activations each, fastest the least work of all layouts, small-memory the least\n\
    memory, and cheap-gas the least gas, with more rows.\n\n\
    Rows, columns and bytes are exact, gas is to about a part in four hundred, for a proof without zero bytes. Time and memory are\n\
    estimates; --calibrate measures this machine once, in which time nothing else should run."
)]
pub struct Args {
    /// Model file
    #[arg(required_unless_present = "calibrate")]
    model: Option<PathBuf>,
    /// Where the architecture with its layout goes
    #[arg(long, value_name = "FILE", requires = "model")]
    out: Option<PathBuf>,
    /// What the layout is chosen for
    #[arg(long, value_name = "fast|fastest|small-memory|cheap-gas", default_value_t)]
    profile: Profile,
    /// Measure this machine first, and keep that for later plans
    #[arg(long)]
    calibrate: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Planned {
    arch_id: B256,
    /// What proofs reveal.
    output: OutputMode,
    profile: Profile,
    k: u32,
    lanes: usize,
    weight_columns: usize,
    salt_rows: usize,
    parameters: usize,
    activations: usize,
    cost: Cost,
    /// Of one call of the verifier; none where no market takes the outputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Verified>,
    memory: MemoryBytes,
    /// What this machine has.
    #[serde(skip_serializing_if = "Option::is_none")]
    machine_memory: Option<u64>,
    /// How proofs are made here; none if they do not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_mode: Option<String>,
    seconds: Seconds,
    calibrated: bool,
    /// A layout that the default is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    quicker: Option<Quicker>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    calldata_bytes: usize,
    /// At most.
    gas: u64,
    gas_of: Vec<GasItem>,
}

#[derive(Debug, Serialize)]
struct GasItem {
    item: &'static str,
    gas: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Seconds {
    keys: f64,
    first_proof: f64,
    later_proof: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Quicker {
    profile: Profile,
    k: u32,
    lanes: usize,
    later_proof: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Calibrated {
    file: PathBuf,
    nanoseconds: Nanoseconds,
}

/// Of a row.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Nanoseconds {
    multiexp: f64,
    small_multiexp: f64,
    transform: f64,
    step: f64,
    value: f64,
}

impl Planned {
    fn new(plan: Plan, profile: Profile, file: Option<PathBuf>) -> Self {
        let seconds = |time: Duration| (time.as_secs_f64() * 100.0).round() / 100.0;
        let (layout, architecture) = (plan.frozen.layout, &plan.frozen.architecture);
        let items = |(item, gas)| GasItem { item, gas };
        Self {
            arch_id: plan.frozen.arch_id().into(),
            output: architecture.output,
            profile,
            k: layout.k,
            lanes: layout.lanes,
            weight_columns: layout.weight_columns,
            salt_rows: layout.salt_rows,
            parameters: architecture.parameter_count(),
            activations: architecture.activation_count(),
            cost: plan.cost,
            verification: plan.verification.map(|verification| Verified {
                calldata_bytes: verification.calldata_bytes,
                gas: verification.gas.total(),
                gas_of: verification.gas.items().map(items).into(),
            }),
            memory: plan.memory,
            machine_memory: plan.machine_memory,
            memory_mode: plan.mode.map(|mode| mode.to_string()),
            seconds: Seconds {
                keys: seconds(plan.times.keys),
                first_proof: seconds(plan.times.first),
                later_proof: seconds(plan.times.later),
            },
            calibrated: plan.speed == SpeedSource::Calibrated,
            quicker: plan.quicker.map(|(frozen, time)| Quicker {
                profile: Profile::Fastest,
                k: frozen.layout.k,
                lanes: frozen.layout.lanes,
                later_proof: seconds(time),
            }),
            file,
        }
    }
}

impl Display for Planned {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { cost, seconds, .. } = self;
        writeln!(f, "arch id         {}", self.arch_id)?;
        writeln!(f, "output          {}", self.output)?;
        writeln!(f, "rows            2^{}, of which {} are used", self.k, cost.rows_used)?;
        writeln!(f, "activations     {}, {} per row", self.activations, self.lanes)?;
        writeln!(
            f,
            "parameters      {} in {} columns",
            self.parameters, self.weight_columns
        )?;
        writeln!(f, "proofs          at most {} per weights commitment", self.salt_rows)?;
        for columns in ["cells", "weights", "arithmetic"] {
            let regions = cost.regions.iter().filter(|region| region.columns == columns);
            let regions: Vec<String> = regions
                .map(|region| format!("{} {}", region.rows, region.holds))
                .collect();
            writeln!(f, "  {columns:<14}{}", regions.join(", "))?;
        }
        writeln!(f, "columns         {}", ByRole(&cost.columns))?;
        writeln!(
            f,
            "commitments     {}, of which {} advice columns",
            cost.commitments, cost.advice_columns
        )?;
        writeln!(f, "proof           {} bytes", cost.proof_bytes)?;
        if let Some(verification) = &self.verification {
            let bytes = verification.calldata_bytes;
            writeln!(
                f,
                "verification    about {} gas, {bytes} bytes of calldata",
                verification.gas
            )?;
            for GasItem { item, gas } in &verification.gas_of {
                writeln!(f, "  {gas:>12}  {item}")?;
            }
        }
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        let MemoryBytes { small, fast } = self.memory;
        write!(
            f,
            "memory          about {:.1} GB small, {:.1} GB fast",
            gigabytes(small),
            gigabytes(fast)
        )?;
        match (&self.memory_mode, self.machine_memory) {
            (Some(mode), Some(machine)) => writeln!(f, "; {mode} here, of {:.1} GB", gigabytes(machine))?,
            (None, Some(machine)) => writeln!(f, "; neither fits here, in {:.1} GB", gigabytes(machine))?,
            _ => writeln!(f)?,
        }
        let Seconds {
            keys,
            first_proof,
            later_proof,
        } = seconds;
        writeln!(f, "keys            about {keys:.1} s")?;
        write!(
            f,
            "proving         about {first_proof:.1} s for the first, {later_proof:.1} s for each later one"
        )?;
        if !self.calibrated {
            write!(f, "\n                (not calibrated: assay plan --calibrate)")?;
        }
        if let Some(quicker) = &self.quicker {
            let Quicker {
                profile,
                k,
                lanes,
                later_proof,
            } = quicker;
            write!(
                f,
                "\nquicker         --profile {profile}: 2^{k} rows of {lanes} activations, about {later_proof:.1} s"
            )?;
        }
        Ok(())
    }
}

struct ByRole<'a>(&'a ColumnCounts);

impl Display for ByRole<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ColumnCounts {
            weights,
            cells,
            multiplicities,
            lookup,
            accumulators,
            arithmetic,
            permutation,
            quotient,
            opening,
            fixed,
            copies,
        } = self.0;
        write!(
            f,
            "{weights} weights, {cells} cells, {multiplicities} multiplicities, {lookup} lookup, {accumulators} accumulators, \
             {arithmetic} arithmetic, {permutation} permutation, {quotient} quotient, {opening} opening; in the key {fixed} fixed, \
             {copies} copies"
        )
    }
}

impl Display for Calibrated {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Nanoseconds {
            multiexp,
            small_multiexp,
            transform,
            step,
            value,
        } = self.nanoseconds;
        writeln!(
            f,
            "kept in {}; nanoseconds of a row, with all threads:",
            self.file.display()
        )?;
        writeln!(f, "commitment      {multiexp:.0}, {small_multiexp:.0} to small numbers")?;
        writeln!(f, "transform       {transform:.1}")?;
        write!(f, "step, value     {step:.2}, {value:.2}")
    }
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let cache = Cache::user()?;
    let model = args.model.as_deref().map(load_model).transpose()?;
    if args.calibrate {
        let (speed, file) = calibrate(&cache, &ctx.out)?;
        let Some(_) = &model else {
            let nanoseconds = |seconds: f64| (seconds * 1e12).round() / 1e3;
            let calibrated = Calibrated {
                file,
                nanoseconds: Nanoseconds {
                    multiexp: nanoseconds(speed.timing.multiexp),
                    small_multiexp: nanoseconds(speed.timing.small_multiexp),
                    transform: nanoseconds(speed.timing.transform),
                    step: nanoseconds(speed.timing.step),
                    value: nanoseconds(speed.timing.value),
                },
            };
            return ctx.out.result(&calibrated, &calibrated);
        };
        ctx.out
            .note(format_args!("this machine's speed is kept in {}", file.display()));
    }
    let Some(model) = model else { return Ok(()) };
    let plan = plan(model.architecture.clone(), args.profile, &cache, &ctx.out)?;
    plan.require_memory(&model.architecture)?;
    if let Some(path) = &args.out {
        save_arch(path, &plan.frozen)?;
    }
    let planned = Planned::new(plan, args.profile, args.out);
    ctx.out.result(&planned, &planned)
}
