//! Reads the public result of engagements.

use crate::args::block::BlockArgs;
use crate::args::listing::ListingArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::args::time::seconds;
use crate::args::trust::TrustArgs;
use crate::context::Context;
use crate::reading::link::{find, Link, PLACE};
use crate::reading::{desktop, Kind};
use alloy::primitives::{Address, B256};
use alloy::sol_types::SolEnum;
use assay_chain::block::Which;
use assay_chain::error::usage;
use assay_marketplace::accuracy::anybody::verdict::{Filter, Listed, Shown};
use assay_marketplace::document::{read, Document};
use assay_marketplace::table::{Table, Tabled};
use assay_marketplace::verifier::check::Trust;
use assay_protocol::abi::Outcome;
use clap::Subcommand;
use serde::Serialize;
use std::fmt;
use std::net::TcpStream;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What an engagement showed, and what it did not
    #[command(after_help = "Examples:\n  \
        assay verdict show 0x3f… --arch digits.arch.json --rpc-url http://127.0.0.1:8545\n  \
        assay verdict show 0x3f… --trust-codehash 0x51…\n  \
        assay verdict show 0x3f… --trust-codehash 0x51… --json --block 19000000\n\n\
        Whether proofs show anything depends on the contract that checked them: with --arch it is made anew and compared, with\n\
        --trust-codehash it must have code that you compared before. Without either nothing is called proven.\n\n\
        With --json one versioned document, see marketplace/DOCUMENTS.md.")]
    Show {
        /// Engagement
        id: B256,
        #[command(flatten)]
        block: BlockArgs,
        #[command(flatten)]
        trust: TrustArgs,
    },
    /// Every engagement that a provider accepted, of a model or of all of them, by assurance
    #[command(after_help = "Examples:\n  \
        assay verdict list 0x9a… --arch digits.arch.json\n  \
        assay verdict list 0x9a… --arch digits.arch.json --json | jq .proven\n  \
        assay verdict list 0x9a… --offers            and open offers, which cost nothing to make\n  \
        assay verdict list --provider 0x70… --outcome Fault --since 30d --csv")]
    List {
        /// Model [default: all of the registry]
        model_id: Option<B256>,
        /// Open offers too
        #[arg(long)]
        offers: bool,
        /// Of the models of this provider only
        #[arg(long, value_name = "ADDRESS", conflicts_with = "model_id")]
        provider: Option<Address>,
        /// Of this consumer only
        #[arg(long, value_name = "ADDRESS")]
        consumer: Option<Address>,
        /// Closed with this outcome only, such as Passed or Fault
        #[arg(long, value_name = "NAME", value_parser = outcome)]
        outcome: Option<Outcome>,
        /// Closed no longer ago than this, such as 90m, 12h or 30d, or still open
        #[arg(long, value_name = "TIME", value_parser = seconds)]
        since: Option<u64>,
        #[command(flatten)]
        listing: ListingArgs,
        #[command(flatten)]
        block: BlockArgs,
        #[command(flatten)]
        trust: TrustArgs,
    },
    /// Print the page's link to an engagement, round, audit, corpus or model, and open it where a desktop is
    #[command(after_help = "Examples:\n  assay verdict open 0x3f…\n  \
        assay verdict open 0x3f… --page https://verdicts.example/        where the page is served to others\n  \
        assay verdict open 0x3f… --page file:///home/me/page/index.html  from disk\n\n\
        On this machine assay serve --read serves the page. A link names no node: the page asks the one that serves it, or its\n\
        reader's.")]
    Open {
        /// Engagement, round, audit, corpus or model
        #[arg(value_name = "ID")]
        thing: B256,
        #[command(flatten)]
        block: BlockArgs,
        /// Where the page is
        #[arg(long, value_name = "URL", default_value = PLACE)]
        page: String,
        /// Print the link and open nothing
        #[arg(long)]
        print: bool,
        #[command(flatten)]
        retrieval: RetrievalArgs,
    },
}

/// The engagements of several models, a document each.
#[derive(Debug, Serialize)]
struct OfModels {
    models: Vec<Document<Listed>>,
}

impl Tabled for OfModels {
    fn tabled(&self) -> Table {
        let mut table = Listed::head();
        self.models.iter().for_each(|listed| listed.add_to(&mut table));
        table
    }
}

impl fmt::Display for OfModels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.models.is_empty() {
            true => write!(f, "there is no such model"),
            false => self.models.iter().try_for_each(|listed| {
                listed.fmt(f)?;
                writeln!(f)
            }),
        }
    }
}

/// An outcome by its name, however it is written.
fn outcome(text: &str) -> Result<Outcome, String> {
    let all = (0..=u8::MAX).map_while(|value| Outcome::try_from(value).ok());
    let mut all = all.take(Outcome::COUNT).filter(|outcome| *outcome != Outcome::None);
    let found = all
        .clone()
        .find(|outcome| format!("{outcome:?}").eq_ignore_ascii_case(text));
    found.ok_or_else(|| {
        let names: Vec<_> = all.by_ref().map(|outcome| format!("{outcome:?}")).collect();
        format!("one of {}", names.join(", "))
    })
}

/// The page's link to a thing.
#[derive(Debug, Serialize)]
struct Opened {
    /// Which kind of thing has the id.
    kind: Kind,
    link: String,
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Open {
                thing,
                block,
                page,
                print,
                retrieval,
            } => open(ctx, thing, block.into(), &page, print, retrieval).await,
            Self::Show { id, block, trust } => {
                let site = ctx.site().await?;
                let trust = &Trust::from(trust);
                let of = |site| async move { Shown::read(&site, id, trust).await };
                let result = read(&site, block.into(), of).await?;
                ctx.out.result(&result, &result)
            }
            Self::List {
                model_id,
                offers,
                provider,
                consumer,
                outcome,
                since,
                listing,
                block,
                trust,
            } => {
                let site = ctx.site().await?;
                let trust = &Trust::from(trust);
                let now = site.market.chain.now().await?;
                let filter = &Filter {
                    consumer,
                    outcome,
                    since: since.map(|since| now.saturating_sub(since)),
                };
                let of = |id| {
                    let listed = move |site| async move {
                        let all = Listed::read(&site, id, trust, offers).await;
                        all.map(|all| all.filtered(filter))
                    };
                    read(&site, block.into(), listed)
                };
                if let Some(id) = model_id {
                    let result = of(id).await?;
                    return ctx.out.list(&result, &*result, listing.csv);
                }
                let mut models = Vec::new();
                for id in site.market.model_ids().await? {
                    let is_wanted = match provider {
                        Some(provider) => site.market.model(id).await?.record.mp == provider,
                        None => true,
                    };
                    if is_wanted {
                        models.push(of(id).await?);
                    }
                }
                let result = OfModels { models };
                ctx.out.list(&result, &result, listing.csv)
            }
        }
    }
}

async fn open(
    ctx: &Context,
    id: B256,
    block: Which,
    page: &str,
    print: bool,
    retrieval: RetrievalArgs,
) -> eyre::Result<()> {
    if !["http://", "https://", "file:///"]
        .iter()
        .any(|scheme| page.starts_with(scheme))
    {
        return Err(usage(format!(
            "--page {page} is no address: it begins with https://, http:// or file:///"
        )));
    }
    let link = Link {
        block,
        ..find(ctx, id, retrieval).await?
    };
    let Some((kind, _)) = link.thing else {
        return Ok(());
    };
    let link = link.at(page);
    let result = Opened { kind, link };
    ctx.out.result(&result, &result.link)?;
    // Programs ask for a link, not for a browser.
    if !print && !ctx.globals.json {
        desktop::open(&result.link);
    }
    if page == PLACE && !is_served() {
        ctx.out.note("nothing serves the page there yet: assay serve --read");
    }
    Ok(())
}

/// Whether anything listens where the page is by default.
fn is_served() -> bool {
    let address = PLACE.trim_start_matches("http://").trim_end_matches('/');
    TcpStream::connect(address).is_ok()
}
