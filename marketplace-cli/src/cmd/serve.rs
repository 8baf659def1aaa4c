//! Serves files to the other party of an engagement, a round or an audit; or the page and its documents to readers.

use crate::args::patrol::MetricsArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::args::trust::TrustArgs;
use crate::context::Context;
use crate::observed::daemon::{answer, vitals};
use crate::reading::link::Link;
use crate::reading::{page, server, How};
use alloy::primitives::{Address, B256};
use assay_chain::block::Which;
use assay_chain::client::Chain;
use assay_chain::error::usage;
use assay_exchange::listening::{Listen, Tls};
use assay_exchange::parties;
use assay_exchange::server::Options;
use assay_exchange::store::Store;
use assay_marketplace::serve::{add, audits_on_chain, on_chain, serve, List};
use assay_marketplace::watch::end::told_to_end;
use assay_marketplace::watch::vitals::Vitals;
use serde::Serialize;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay serve --operator 0x52… --engagement 0x3f…        to this machine, parties as the market says\n  \
    assay serve --operator 0x52… --round 0x9b…\n  \
    assay serve --operator 0x52… --audit 0x4d…             its authority may list and fetch, and put nothing there\n  \
    assay serve --operator 0x52… --parties parties.json --listen 0.0.0.0:8700 --tls-cert c.pem --tls-key k.pem\n  \
    assay serve --read --rpc-url http://127.0.0.1:8545     the page for verdicts, documents at /api/verdict/ID?block=N, and the node\n\n\
    parties.json is {\"<engagement>\": [\"<address>\", …], …}; it is read again whenever it changes. Instead of the list there may be\n\
    {\"parties\": [\"<address>\", …], \"readers\": [\"<address>\", …]}: readers list and fetch. One host has at most 32 connections at one\n\
    time; what stands in front of the server, as a proxy does, is one host. A second server on the same store is refused.\n\n\
    With --read nothing is signed, written or fetched from elsewhere: page and documents come from this program and its node. On the\n\
    loopback interface it passes on what the page asks of the node, of a call at most 16,777,216 gas and of logs at most 100,000 blocks;\n\
    elsewhere readers name a node of their own. A request has to arrive within ten seconds, and no answer names a file of this machine.")]
pub struct Args {
    /// Serve the page for verdicts and what it needs, instead of files
    #[arg(long, conflicts_with_all = ["operator", "store", "engagements", "rounds", "audits", "parties", "max_file", "max_engagement"])]
    read: bool,
    /// Address to listen on; outside the loopback interface only with TLS [default: 127.0.0.1:8700, with --read 127.0.0.1:8701]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// PEM file with the certificate chain
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Directory of the files [default: files/ in this program's state]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Who serves: the other party signs its requests for this address
    #[arg(long, value_name = "ADDRESS", required_unless_present = "read")]
    operator: Option<Address>,
    /// Serve the consumer and the provider of this engagement
    #[arg(long = "engagement", value_name = "ID", required_unless_present_any = ["parties", "rounds", "audits", "read"])]
    engagements: Vec<B256>,
    /// Serve the consumer and the provider of this round of predictions
    #[arg(long = "round", value_name = "ID")]
    rounds: Vec<B256>,
    /// Serve requester and responder of this audit, and its authority, which may only read
    #[arg(long = "audit", value_name = "ID")]
    audits: Vec<B256>,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    /// JSON file with the parties of engagements, rounds and audits
    #[arg(long, value_name = "FILE")]
    parties: Option<PathBuf>,
    /// Bytes of the largest file to take
    #[arg(long, value_name = "BYTES")]
    max_file: Option<u64>,
    /// Bytes to take for one engagement, round or audit
    #[arg(long, value_name = "BYTES")]
    max_engagement: Option<u64>,
    /// Where it tells how it is.
    #[command(flatten)]
    metrics: MetricsArgs,
    /// How verifiers are judged in the documents that readers get.
    #[command(flatten)]
    trust: TrustArgs,
}

/// Where files are served, and where the page is.
const FILES_AT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8700);
pub(super) const PAGE_AT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8701);

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let mut listen = Listen::new(args.listen.unwrap_or(if args.read { PAGE_AT } else { FILES_AT }));
    listen.tls = args.tls_cert.zip(args.tls_key).map(|(cert, key)| Tls { cert, key });
    listen.check().map_err(|e| usage(e.to_string()))?;
    let vitals = vitals(ctx, Vec::new());
    let _answering = answer(&args.metrics, &vitals, PATIENCE, ctx).await?;
    let Some(operator) = args.operator else {
        if args.metrics.metrics.is_some() {
            tokio::spawn(look_at_node(vitals, ctx.named_chain().await?));
        }
        let how = How {
            retrieval: args.retrieval,
            ..How::new(None, args.trust.into())
        };
        return readers(&listen, ctx, how, |url, contracts| {
            let result = Serving {
                url: url.to_owned(),
                page: page::hash(),
                contracts: contracts.map(|contracts| contracts.at(url)),
            };
            ctx.out.result(&result, &result)
        })
        .await;
    };
    if args.trust.arch.is_some() || args.trust.trust_codehash.is_some() {
        return Err(usage(
            "--arch and --trust-codehash are about documents for readers: add --read, or leave them out",
        ));
    }
    let store = args.store.clone().unwrap_or_else(|| ctx.home.path().join("files"));
    let mut options = Options::new(listen.address, store, operator);
    options.listen = listen;
    options.limits.blob_bytes = args.max_file.unwrap_or(options.limits.blob_bytes);
    options.limits.engagement_bytes = args.max_engagement.unwrap_or(options.limits.engagement_bytes);

    let lock = Store::lock(&options.store)?;
    let mut parties = match args.engagements.as_slice() {
        [] => parties::Table::new(),
        engagements => on_chain(&ctx.site().await?.market, engagements).await?,
    };
    if !args.rounds.is_empty() {
        add(
            &mut parties,
            on_chain(&ctx.rounds_site().await?.market, &args.rounds).await?,
        );
    }
    if !args.audits.is_empty() {
        let audits = ctx.audits_site(args.retrieval).await?.market;
        add(&mut parties, audits_on_chain(&audits, &args.audits).await?);
    }
    serve(
        options,
        lock,
        List::new(parties, args.parties),
        &ctx.out,
        &vitals,
        |serving| ctx.out.result(serving, serving),
    )
    .await
}

/// How long it may be since it was seen to be at work.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the node from time to time whether it is there, if one is named.
async fn look_at_node(vitals: Arc<Vitals>, chain: Option<Chain>) {
    vitals.connected();
    loop {
        match &chain {
            None => vitals.turned(),
            Some(chain) => match chain.now().await {
                Ok(time) => {
                    vitals.saw_block(time);
                    vitals.turned();
                }
                Err(_) => vitals.lost_node(),
            },
        }
        tokio::time::sleep(PATIENCE / 4).await;
    }
}

/// Where the page is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Serving {
    url: String,
    /// SHA-256 of script and style, as the footer has it.
    page: String,
    /// The page of the contracts that are named; absent if none are.
    #[serde(skip_serializing_if = "Option::is_none")]
    contracts: Option<String>,
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "url        {}", self.url)?;
        writeln!(f, "page       SHA-256 {}", self.page)?;
        match &self.contracts {
            Some(contracts) => writeln!(f, "contracts  {contracts}"),
            None => Ok(()),
        }
    }
}

/// How long requests under way may still take at the end.
const GRACE: Duration = Duration::from_secs(5);

/// Serves the page until told to end; `started` hears where, and of the contracts that are named.
pub(super) async fn readers(
    listen: &Listen,
    ctx: &Context,
    how: How,
    started: impl FnOnce(&str, Option<Link>) -> eyre::Result<()>,
) -> eyre::Result<()> {
    let chain = ctx.named_chain().await?;
    let market = match &chain {
        Some(chain) => ctx.market_if_named(chain).await?,
        None => None,
    };
    let mut serving = server::start(listen, ctx, how, chain).await?;
    let contracts = market.map(|market| Link {
        thing: None,
        chain_id: market.chain.id,
        market: market.address,
        block: Which::Newest,
    });
    started(&format!("{}://{}/", listen.scheme(), serving.address()), contracts)?;
    if ctx.globals.rpc_url.is_none() {
        ctx.out
            .note("no node is named: the page asks its reader for one, and there are no documents");
    }
    ctx.out.note("serving; Ctrl-C ends it");
    tokio::select! {
        ended = serving.ended() => return Ok(ended?),
        signal = told_to_end() => signal?,
    }
    Ok(serving.shutdown(GRACE).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::link::PLACE;

    #[test]
    fn links_lead_to_where_the_page_is_served() {
        assert_eq!(PLACE, format!("http://{PAGE_AT}/"));
    }
}
