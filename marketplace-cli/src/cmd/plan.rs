use crate::context::Context;
use crate::prover_api::{load_model, save_arch};
use alloy::primitives::B256;
use assay_prover::circuit::FrozenArchitecture;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay plan digits.assay --out digits.arch.json\n\n\
    The architecture file is public: it is all that the verifying key depends on, besides the reference string. Consumers\n\
    need it to make test sets and to check the verifier contract.")]
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
    k: u32,
    lanes: usize,
    weight_columns: usize,
    salt_rows: usize,
    parameters: usize,
    activations: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
}

impl std::fmt::Display for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "arch id         {}", self.arch_id)?;
        writeln!(f, "rows            2^{}", self.k)?;
        writeln!(f, "activations     {}, {} per row", self.activations, self.lanes)?;
        writeln!(
            f,
            "parameters      {} in {} columns",
            self.parameters, self.weight_columns
        )?;
        write!(f, "proofs          at most {} per weights commitment", self.salt_rows)
    }
}

pub fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let model = load_model(&args.model)?;
    let frozen = FrozenArchitecture::plan(model.architecture)?;
    if let Some(path) = &args.out {
        save_arch(path, &frozen)?;
    }
    let planned = Planned {
        arch_id: frozen.arch_id().into(),
        k: frozen.layout.k,
        lanes: frozen.layout.lanes,
        weight_columns: frozen.layout.weight_columns,
        salt_rows: frozen.layout.salt_rows,
        parameters: frozen.architecture.parameter_count(),
        activations: frozen.architecture.activation_count(),
        file: args.out,
    };
    ctx.out.result(&planned, &planned)
}
