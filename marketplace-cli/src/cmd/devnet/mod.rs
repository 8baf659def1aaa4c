//! A development chain with the contracts on it.

mod running;

use crate::args::time::seconds;
use crate::context::Context;
use crate::reading::link::{Link, PLACE};
use alloy::primitives::Address;
use assay_chain::account::Account;
use assay_chain::address_book::Deployment;
use assay_chain::block::Which;
use assay_chain::client::Chain;
use assay_chain::deploy::deploy;
use assay_chain::devnet::{Devnet, DevnetOptions};
use assay_chain::journal::Journal;
use assay_chain::keys::devnet_key;
use assay_chain::terms::MarketTerms;
use clap::Subcommand;
use eyre::WrapErr;
use running::Noted;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// `assay devnet …`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start anvil and deploy the contracts
    Up(UpArgs),
    /// Which devnets run in the background
    #[command(
        after_help = "Example:\n  assay devnet status\n\nOf those that were started with --detach from this state directory."
    )]
    Status,
    /// End devnets that run in the background
    #[command(
        after_help = "Examples:\n  assay devnet down                            all of them\n  \
        assay devnet down --port 8545\n\nOf those that were started with --detach from this state directory."
    )]
    Down {
        /// The one that listens here [default: all]
        #[arg(long)]
        port: Option<u16>,
    },
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay devnet up                              until Ctrl-C\n  \
    assay devnet up --detach --port 8545         in the background; assay devnet down ends it\n  \
    assay devnet up --terms terms.json           other prices and windows, see assay deploy --print-terms")]
/// `assay devnet up`.
pub struct UpArgs {
    /// Port to listen on [default: any free one]
    #[arg(long)]
    port: Option<u16>,
    /// Seconds between blocks [default: a block per transaction]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    block_time: Option<u64>,
    /// Leave anvil running and return
    #[arg(long)]
    detach: bool,
    /// JSON file with prices and windows [default: four examples, windows of an hour]
    #[arg(long, value_name = "FILE")]
    terms: Option<PathBuf>,
}

/// The result of a deployment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    /// EIP-155.
    pub chain_id: u64,
    /// `ModelRegistry`.
    pub registry: Address,
    /// `AccuracyMarket`.
    pub market: Address,
    /// `CorpusRegistry`, which serves everybody on its chain; absent from books of older releases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpora: Option<Address>,
    /// `RetrievalMarket`; absent where none was deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retrieval: Option<Address>,
    /// The file that other commands find the contracts in.
    pub address_book: PathBuf,
    /// Absent where somebody else's node was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpc_url: Option<String>,
    /// Anvil's process, to end it; absent with `rpc_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The page of the contracts, once `assay serve --read` serves it.
    pub page: String,
}

impl Deployed {
    /// `book` is where `deployment` was written; `devnet` is anvil, if it was started for this.
    pub fn new(deployment: &Deployment, book: &Path, devnet: Option<&Devnet>) -> Self {
        let page = Link {
            thing: None,
            chain_id: deployment.chain_id,
            market: deployment.market,
            block: Which::Newest,
        };
        Self {
            chain_id: deployment.chain_id,
            registry: deployment.registry,
            market: deployment.market,
            corpora: deployment.corpora,
            retrieval: deployment.retrieval,
            address_book: book.to_owned(),
            rpc_url: devnet.map(Devnet::url),
            pid: devnet.map(Devnet::pid),
            page: page.at(PLACE),
        }
    }
}

impl fmt::Display for Deployed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "registry      {}", self.registry)?;
        writeln!(f, "market        {}", self.market)?;
        if let Some(corpora) = self.corpora {
            writeln!(f, "corpora       {corpora}")?;
        }
        if let Some(retrieval) = self.retrieval {
            writeln!(f, "retrieval     {retrieval}")?;
        }
        writeln!(f, "address book  {}", self.address_book.display())?;
        writeln!(f, "page          {} (once assay serve --read runs)", self.page)?;
        if let (Some(url), Some(pid)) = (&self.rpc_url, self.pid) {
            writeln!(f, "node          {url} (process {pid}, chain {})", self.chain_id)?;
            writeln!(f, "\nexport ETH_RPC_URL={url}")?;
        }
        Ok(())
    }
}

impl Command {
    /// Runs it to its end.
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Up(args) => args.run(ctx).await,
            Self::Status => {
                let devnets = running::status(&ctx.home).await?;
                ctx.out.result(&devnets, &devnets)
            }
            Self::Down { port } => {
                let devnets = running::down(&ctx.home, port).await?;
                ctx.out.result(&devnets, &devnets)
            }
        }
    }
}

impl UpArgs {
    /// With `--detach` as soon as the contracts are there, else when somebody ends it.
    async fn run(self, ctx: &Context) -> eyre::Result<()> {
        let args = self;
        let terms = match &args.terms {
            None => MarketTerms::devnet(),
            Some(path) => {
                let text = std::fs::read(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
                serde_json::from_slice(&text).wrap_err_with(|| format!("{} holds no terms", path.display()))?
            }
        };
        let options = DevnetOptions {
            port: args.port,
            chain_id: None,
            block_time: args.block_time,
            detach: args.detach,
        };
        let (mut devnet, deployment, book) = up(ctx, &options, &terms).await?;
        if args.detach {
            let noted = Noted {
                rpc_url: devnet.url(),
                pid: devnet.pid(),
                genesis: Chain::connect(&devnet.url(), None).await?.genesis,
                address_book: std::path::absolute(&book)?,
            };
            noted.keep(&ctx.home)?;
        }
        let result = Deployed::new(&deployment, &book, Some(&devnet));
        ctx.out.result(&result, &result)?;
        if args.detach {
            devnet.detach();
            return Ok(());
        }
        ctx.out.note("running; Ctrl-C ends it");
        tokio::select! {
            ended = devnet.ended() => ended,
            signal = tokio::signal::ctrl_c() => Ok(signal?),
        }
    }
}

/// A devnet with the contracts on it, deployed by anvil's account 9, and its address book.
pub async fn up(
    ctx: &Context,
    options: &DevnetOptions,
    terms: &MarketTerms,
) -> eyre::Result<(Devnet, Deployment, PathBuf)> {
    const DEPLOYER: u32 = 9;
    let (devnet, chain) = Devnet::start(options).await?;
    let account = Account::new(chain.clone(), devnet_key(DEPLOYER, chain.id)?);
    let book = ctx.deployment_path(&chain);
    if book.exists() {
        // A book of another chain, or another file altogether, is not written over.
        Deployment::load(&book, &chain)?;
    }
    let mut journal = Journal::open(&ctx.home.deployment(&chain).with_extension("journal"))?;
    let deployment = deploy(&account, terms, &mut journal, &ctx.out).await?;
    deployment.save(&book)?;
    Ok((devnet, deployment, book))
}
