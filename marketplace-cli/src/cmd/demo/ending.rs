//! How every story ends: where to read what just happened, and on request a chain that runs on to be read.

use crate::cmd::serve::{readers, PAGE_AT};
use crate::context::Context;
use crate::reading::link::{Link, PLACE};
use crate::reading::{How, Kind};
use crate::settings::Settings;
use alloy::primitives::{Address, B256};
use assay_chain::block::Which;
use assay_chain::devnet::Devnet;
use assay_exchange::listening::Listen;
use assay_marketplace::home::Home;
use assay_marketplace::verifier::check::Trust;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::io::{stdin, stdout, IsTerminal};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// What becomes of the chain.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct StayArgs {
    /// Let the chain run on at the end and serve the page of what happened, until Ctrl-C [default: on a terminal]
    #[arg(long)]
    stay: bool,
}

impl StayArgs {
    fn stays(self, ctx: &Context) -> bool {
        self.stay || (!ctx.globals.json && stdin().is_terminal() && stdout().is_terminal())
    }
}

/// A story that is over, on a chain that still runs.
pub(super) struct Played<S> {
    pub(super) summary: S,
    pub(super) node: Devnet,
    pub(super) chain_id: u64,
    /// Address book of the chain.
    pub(super) book: PathBuf,
    pub(super) trust: Trust,
    /// What it was about, and whose contract says so.
    pub(super) kind: Kind,
    pub(super) ids: Vec<B256>,
    pub(super) market: Address,
    /// The option that names the market to commands, and its address.
    pub(super) named: (&'static str, Address),
}

/// What a story came to, to be printed and checked.
pub(super) trait Story: Serialize + fmt::Display {
    /// # Errors
    /// If anything is not as the protocol says.
    fn check(&self) -> eyre::Result<()>;
}

/// Where one thing is read.
#[derive(Debug, Serialize)]
struct Reading {
    /// The page's link.
    page: String,
    /// Prints the same.
    command: String,
}

#[derive(Serialize)]
struct Shown<'a, S> {
    #[serde(flatten)]
    summary: &'a S,
    read: Vec<Reading>,
    #[serde(skip)]
    stays: bool,
}

impl<S: fmt::Display> fmt::Display for Shown<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary)?;
        for Reading { page, command } in &self.read {
            writeln!(f, "read it       {command}\nin a browser  {page}")?;
        }
        if !self.stays {
            write!(
                f,
                "              of a chain that has ended with the demo: with --stay it runs on, and the page is served"
            )?;
        }
        Ok(())
    }
}

impl<S: Story> Played<S> {
    /// Prints what happened and where it is read, and stays if that is wanted.
    ///
    /// # Errors
    /// If anything is not as the protocol says, or the page cannot be served.
    pub(super) async fn end(self, ctx: &Context, work: &Path, stay: StayArgs) -> eyre::Result<()> {
        let right = self.summary.check();
        let stays = right.is_ok() && stay.stays(ctx);
        let print = |place: &str| {
            let read = self.ids.iter().map(|id| self.reading(*id, place)).collect();
            let shown = Shown {
                summary: &self.summary,
                read,
                stays,
            };
            ctx.out.result(&shown, &shown)
        };
        if !stays {
            print(PLACE)?;
            return right;
        }
        let mut reader = Context {
            home: Home::new(Some(work.join("reader")))?,
            // What a file says of contracts is about others than the demo's.
            settings: Settings::default(),
            ..ctx.clone()
        };
        reader.globals.rpc_url = Some(self.node.url());
        reader.globals.deployment = Some(self.book.clone());
        reader.globals.market = None;
        // Somebody else may serve there already.
        let free = TcpListener::bind(PAGE_AT).is_ok();
        let listen = Listen::new(if free {
            PAGE_AT
        } else {
            SocketAddr::new(PAGE_AT.ip(), 0)
        });
        readers(&listen, &reader, How::new(None, self.trust.clone()), |url, _| {
            print(url)
        })
        .await
    }

    fn reading(&self, id: B256, place: &str) -> Reading {
        let link = Link {
            thing: Some((self.kind, id)),
            chain_id: self.chain_id,
            market: self.market,
            block: Which::Newest,
        };
        let (kind, url, (option, market)) = (self.kind, self.node.url(), self.named);
        let arch = self.trust.arch.as_ref();
        let arch = arch.map_or_else(String::new, |file| format!(" --arch {}", file.display()));
        Reading {
            page: link.at(place),
            command: format!("assay read {kind} {id} --rpc-url {url} {option} {market}{arch}"),
        }
    }
}
