//! Deploys registry and market.

use crate::args::sending::TryArgs;
use crate::cmd::devnet::Deployed;
use crate::context::Context;
use assay_chain::deploy::deploy;
use assay_chain::journal::Journal;
use assay_chain::terms::MarketTerms;
use eyre::WrapErr;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay deploy --terms terms.json --keystore deployer.json --rpc-url https://node.example\n  \
    assay deploy --print-terms > terms.json      the devnet's terms, to edit")]
pub struct Args {
    /// JSON file with prices, windows and treasury; they can never be changed
    #[arg(long, value_name = "FILE", required_unless_present = "print_terms")]
    terms: Option<PathBuf>,
    /// Print the devnet's terms and do nothing else
    #[arg(long)]
    print_terms: bool,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let Some(path) = args.terms.filter(|_| !args.print_terms) else {
        let terms = MarketTerms::devnet();
        return ctx.out.result(&terms, serde_json::to_string_pretty(&terms)?);
    };
    let text = std::fs::read(&path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    let terms: MarketTerms =
        serde_json::from_slice(&text).wrap_err_with(|| format!("{} holds no terms", path.display()))?;
    let chain = ctx.chain().await?;
    let account = ctx.account(&chain, &args.keys).await?;
    let book = ctx.deployment_path(&chain);
    eyre::ensure!(
        !book.exists(),
        "{} exists: this chain has a deployment already; use --deployment for another",
        book.display()
    );
    let mut journal = Journal::open(&book.with_extension("journal"))?;
    let deployment = deploy(&account, &terms, &mut journal, &ctx.out).await?;
    deployment.save(&book)?;
    let result = Deployed::new(&deployment, &book, None);
    ctx.out.result(&result, &result)
}
