//! Chooses the layout of a model's circuit.

use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::proving::{load_model, save_arch};
use assay_prover::circuit::{Compiled, Cost, FrozenArchitecture};
use assay_prover::model::OutputMode;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay plan digits.assay --out digits.arch.json\n\n\
    The architecture file is public: it is all that the verifying key depends on, besides the reference string. Consumers\n\
    need it to make test sets and to check the verifier contract.\n\n\
    Rows, columns and bytes are exact. Time, memory and gas are estimates: time counts multi-exponentiations of 2^18 random\n\
    scalars, of which `scripts/bench prove` times one on this machine.")]
pub struct Args {
    /// Model file
    model: PathBuf,
    /// Where the architecture with its layout goes
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Planned {
    arch_id: B256,
    /// What proofs reveal.
    output: OutputMode,
    k: u32,
    lanes: usize,
    weight_columns: usize,
    salt_rows: usize,
    parameters: usize,
    activations: usize,
    cost: Cost,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
}

impl std::fmt::Display for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "arch id         {}", self.arch_id)?;
        writeln!(f, "output          {}", self.output)?;
        writeln!(f, "rows            2^{}", self.k)?;
        writeln!(f, "activations     {}, {} per row", self.activations, self.lanes)?;
        writeln!(
            f,
            "parameters      {} in {} columns",
            self.parameters, self.weight_columns
        )?;
        writeln!(f, "proofs          at most {} per weights commitment", self.salt_rows)?;
        let cost = &self.cost;
        writeln!(f, "rows used       {}", cost.rows_used)?;
        writeln!(
            f,
            "commitments     {}, of which {} advice columns",
            cost.commitments, cost.advice_columns
        )?;
        writeln!(f, "proof           {} bytes", cost.proof_bytes)?;
        writeln!(
            f,
            "proving         about {:.0} multi-exponentiations of 2^18",
            cost.footprint.prove_msm
        )?;
        writeln!(
            f,
            "memory          about {:.1} GB",
            cost.footprint.memory_bytes as f64 / 1e9
        )?;
        write!(f, "verification    about {} gas", cost.gas)
    }
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let model = load_model(&args.model)?;
    let frozen = FrozenArchitecture::plan(model.architecture)?;
    if let Some(path) = &args.out {
        save_arch(path, &frozen)?;
    }
    let compiled = Compiled::new(frozen)?;
    let frozen = &compiled.frozen;
    let planned = Planned {
        arch_id: frozen.arch_id().into(),
        output: frozen.architecture.output,
        k: frozen.layout.k,
        lanes: frozen.layout.lanes,
        weight_columns: frozen.layout.weight_columns,
        salt_rows: frozen.layout.salt_rows,
        parameters: frozen.architecture.parameter_count(),
        activations: frozen.architecture.activation_count(),
        cost: Cost::of(&compiled),
        file: args.out,
    };
    ctx.out.result(&planned, &planned)
}
