//! Serves files to the other party of an engagement, a round or an audit.

use crate::args::retrieval::RetrievalArgs;
use crate::context::Context;
use alloy::primitives::{Address, B256};
use assay_chain::error::usage;
use assay_exchange::parties;
use assay_exchange::server::{Options, Tls};
use assay_exchange::store::Store;
use assay_marketplace::serve::{add, audits_on_chain, on_chain, serve, List};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay serve --operator 0x52… --engagement 0x3f…        to this machine, parties as the market says\n  \
    assay serve --operator 0x52… --round 0x9b…\n  \
    assay serve --operator 0x52… --audit 0x4d…             its authority may list and fetch, and put nothing there\n  \
    assay serve --operator 0x52… --parties parties.json --listen 0.0.0.0:8700 --tls-cert c.pem --tls-key k.pem\n\n\
    parties.json is {\"<engagement>\": [\"<address>\", …], …}; it is read again whenever it changes. Instead of the list there may be\n\
    {\"parties\": [\"<address>\", …], \"readers\": [\"<address>\", …]}: readers list and fetch. One host has at most 32 connections at one\n\
    time; what stands in front of the server, as a proxy does, is one host. A second server on the same store is refused.")]
pub struct Args {
    /// Address to listen on; outside the loopback interface only with TLS
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8700")]
    listen: SocketAddr,
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
    #[arg(long, value_name = "ADDRESS")]
    operator: Address,
    /// Serve the consumer and the provider of this engagement
    #[arg(long = "engagement", value_name = "ID", required_unless_present_any = ["parties", "rounds", "audits"])]
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
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let store = args.store.clone().unwrap_or_else(|| ctx.home.path().join("files"));
    let mut options = Options::new(args.listen, store, args.operator);
    options.tls = args.tls_cert.zip(args.tls_key).map(|(cert, key)| Tls { cert, key });
    options.limits.blob_bytes = args.max_file.unwrap_or(options.limits.blob_bytes);
    options.limits.engagement_bytes = args.max_engagement.unwrap_or(options.limits.engagement_bytes);
    options.check().map_err(|e| usage(e.to_string()))?;

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
    serve(options, lock, List::new(parties, args.parties), &ctx.out, |serving| {
        ctx.out.result(serving, serving)
    })
    .await
}
