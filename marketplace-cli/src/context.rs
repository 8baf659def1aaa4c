//! What every command starts from: global options, output, state directory, chain, market, signer.

use crate::args::consent::{on_terminal, Person};
pub use crate::args::globals::Globals;
use crate::args::keys::KeyArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::args::sending::Sending;
use crate::output::Output;
use crate::settings::Settings;
use alloy::primitives::Address;
use assay_chain::account::Account;
use assay_chain::address_book::Deployment;
use assay_chain::audits::Audits;
use assay_chain::client::Chain;
use assay_chain::consent::{Consent, Tried};
use assay_chain::corpora::Corpora;
use assay_chain::error::hinted;
use assay_chain::market::Market;
use assay_chain::rounds::Rounds;
use assay_marketplace::engagement::{Desk, PayingDesk, Site};
use assay_marketplace::home::Home;
use std::path::PathBuf;
use std::sync::Arc;

/// Made once per call of the program; connects to nothing before it is asked.
#[derive(Debug, Clone)]
pub struct Context {
    /// As they were given, or as files say.
    pub globals: Globals,
    /// What files say of options that were not given.
    pub settings: Settings,
    /// Hides the secrets of the node's address.
    pub out: Output,
    /// Not made before something is written.
    pub home: Home,
    /// How the command sends.
    pub sending: Sending,
    /// What a dry run was about to sign.
    pub tried: Tried,
}

impl Context {
    /// The output and the state directory that the options ask for.
    ///
    /// # Errors
    /// If no state directory is named and the environment has none.
    pub fn new(globals: Globals) -> eyre::Result<Self> {
        Self::with(globals, Settings::default())
    }

    /// As [`Context::new`], with what files say about options that are not given.
    ///
    /// # Errors
    /// As [`Context::new`].
    pub fn with(mut globals: Globals, mut settings: Settings) -> eyre::Result<Self> {
        settings.fill(&mut globals);
        if globals.portable {
            assay_prover::proof::only_portable();
        }
        let home = Home::new(globals.home.clone())?;
        let out = Output::of(&globals);
        out.detail(format_args!("state directory {}", home.path().display()));
        for (file, keys) in settings.files() {
            out.note(format_args!("{file} sets {}", keys.join(", ")));
        }
        Ok(Self {
            globals,
            settings,
            out,
            home,
            sending: Sending::default(),
            tried: Tried::default(),
        })
    }

    /// The same for a command that sends so.
    pub fn sending(mut self, sending: Sending) -> Self {
        self.sending = sending;
        // What a command says at its end has not happened in a dry run.
        self.out.withhold(sending.is_dry);
        self
    }

    /// Whether transactions are signed: with a person in front of a terminal it is asked.
    fn consent(&self) -> Consent {
        match self.sending {
            Sending { is_dry: true, .. } => Consent::Dry(self.tried.clone()),
            Sending { asks: true, .. } if on_terminal() => Consent::Asked(Arc::new(Person(self.out.clone()))),
            _ => Consent::Given,
        }
    }

    /// Connects to the node that the options name.
    ///
    /// # Errors
    /// If they name none, or it does not answer.
    pub async fn chain(&self) -> eyre::Result<Chain> {
        let Some(url) = &self.globals.rpc_url else {
            return Err(hinted(
                "no node to talk to",
                "use --rpc-url URL or set ETH_RPC_URL; for a local chain run: assay devnet up",
            ));
        };
        let chain = Chain::connect(url, self.globals.confirmations).await?;
        let (label, confirmations) = (chain.label(), chain.confirmations);
        self.out
            .detail(format_args!("node {url}, chain {label}, {confirmations} confirmations"));
        Ok(chain)
    }

    /// Address book of `chain`, whether or not it is there.
    pub fn deployment_path(&self, chain: &Chain) -> PathBuf {
        self.globals
            .deployment
            .clone()
            .unwrap_or_else(|| self.home.deployment(chain))
    }

    /// The market at `--market`, else the address book's.
    ///
    /// # Errors
    /// If neither says where it is, or no market is there.
    pub async fn market(&self) -> eyre::Result<Market> {
        let chain = self.chain().await?;
        let address = match self.globals.market {
            Some(address) => address,
            None => Deployment::load(&self.deployment_path(&chain), &chain)?.market,
        };
        self.out.detail(format_args!("market {address}"));
        Market::load(chain, address).await
    }

    /// Who signs on `chain`, within the fees of the options; may ask for a password.
    ///
    /// # Errors
    /// If nobody is named, more than one is, or cannot sign.
    pub async fn account(&self, chain: &Chain, keys: &KeyArgs) -> eyre::Result<Account> {
        let keys = self.settings.keys(keys);
        let account = Account::new(chain.clone(), keys.load(chain).await?).within(keys.fees.into());
        Ok(account.asking(self.consent()))
    }

    /// The chain, if a node is named.
    pub async fn named_chain(&self) -> eyre::Result<Option<Chain>> {
        match self.globals.rpc_url {
            Some(_) => self.chain().await.map(Some),
            None => Ok(None),
        }
    }

    /// The market and what is kept about it here.
    pub async fn site(&self) -> eyre::Result<Site> {
        Ok(self.site_of(self.market().await?))
    }

    /// What is kept here about a market.
    pub fn site_of<V>(&self, market: V) -> Site<V> {
        Site {
            market,
            home: self.home.clone(),
            report: (*self.out).clone(),
            trusted_deployment: self.globals.trust_deployment,
        }
    }

    /// The prediction market of the marketplace and what is kept about it here.
    ///
    /// # Errors
    /// If there is none.
    pub async fn rounds_site(&self) -> eyre::Result<Site<Rounds>> {
        let site = self.site().await?;
        let rounds = Rounds::of(site.market.clone()).await?;
        Ok(site.at(rounds))
    }

    /// The prediction market and who signs, for calls that carry no money.
    ///
    /// # Errors
    /// If there is none.
    pub async fn rounds_desk(&self, keys: &KeyArgs) -> eyre::Result<Desk<Rounds>> {
        let site = self.rounds_site().await?;
        let account = self.account(&site.market.chain, keys).await?;
        Ok(Desk::new(site, account))
    }

    /// The prediction market to send money to, and who signs.
    ///
    /// # Errors
    /// If there is none, or its contracts are neither this release's nor trusted.
    pub async fn paying_rounds_desk(&self, keys: &KeyArgs) -> eyre::Result<PayingDesk<Rounds>> {
        let site = self.rounds_site().await?;
        // Before the key is asked for.
        site.checked_market().await?;
        let account = self.account(&site.market.chain, keys).await?;
        PayingDesk::new(site, account).await
    }

    /// The registry of corpora and what is kept about it here: the address book's, else the one that this release's code is at on
    /// every chain.
    ///
    /// # Errors
    /// If it is not there.
    pub async fn corpora_site(&self) -> eyre::Result<Site<Corpora>> {
        let chain = self.chain().await?;
        let named = self.named_corpora(&chain)?;
        Ok(self.site_of(Corpora::open(chain, named).await?))
    }

    fn named_corpora(&self, chain: &Chain) -> eyre::Result<Option<Address>> {
        let book = self.deployment_path(chain);
        match self.globals.deployment.is_some() || book.exists() {
            true => Ok(Deployment::load(&book, chain)?.corpora),
            false => Ok(None),
        }
    }

    /// As [`Context::corpora_site`], if it is there.
    ///
    /// # Errors
    /// If the node does not answer, or the address book cannot be read.
    pub async fn corpora_if_any(&self, chain: &Chain) -> eyre::Result<Option<Corpora>> {
        let address = self.named_corpora(chain)?.unwrap_or_else(Corpora::place);
        match chain.code(address).await?.is_empty() {
            true => Ok(None),
            false => Corpora::open(chain.clone(), Some(address)).await.map(Some),
        }
    }

    /// The registry of corpora and who signs.
    ///
    /// # Errors
    /// If it is not there.
    pub async fn corpora_desk(&self, keys: &KeyArgs) -> eyre::Result<Desk<Corpora>> {
        let site = self.corpora_site().await?;
        let account = self.account(&site.market.chain, keys).await?;
        Ok(Desk::new(site, account))
    }

    /// The retrieval market, if the command or the address book names one.
    ///
    /// # Errors
    /// If none is at the address that is named.
    pub async fn retrieval_if_named(&self, chain: &Chain, args: RetrievalArgs) -> eyre::Result<Option<Audits>> {
        let book = self.deployment_path(chain);
        let named = match args.retrieval.or(self.settings.retrieval()) {
            None if self.globals.deployment.is_some() || book.exists() => Deployment::load(&book, chain)?.retrieval,
            named => named,
        };
        match named {
            Some(address) => Audits::open(chain.clone(), address).await.map(Some),
            None => Ok(None),
        }
    }

    /// The retrieval market and what is kept about it here.
    ///
    /// # Errors
    /// If none is named, or none is there.
    pub async fn audits_site(&self, args: RetrievalArgs) -> eyre::Result<Site<Audits>> {
        let audits = self.retrieval_if_named(&self.chain().await?, args).await?;
        let audits = audits.ok_or_else(|| {
            hinted(
                "no retrieval market is named",
                "give --retrieval ADDRESS, or --deployment FILE with an address book that has one",
            )
        })?;
        Ok(self.site_of(audits))
    }

    /// The retrieval market and who signs, for calls that carry no money.
    ///
    /// # Errors
    /// If none is named, or none is there.
    pub async fn audits_desk(&self, args: RetrievalArgs, keys: &KeyArgs) -> eyre::Result<Desk<Audits>> {
        let site = self.audits_site(args).await?;
        let account = self.account(&site.market.chain, keys).await?;
        Ok(Desk::new(site, account))
    }

    /// The retrieval market to send money to, and who signs.
    ///
    /// # Errors
    /// If none is named, or its contracts are neither this release's nor trusted.
    pub async fn paying_audits_desk(&self, args: RetrievalArgs, keys: &KeyArgs) -> eyre::Result<PayingDesk<Audits>> {
        let site = self.audits_site(args).await?;
        // Before the key is asked for.
        site.checked_market().await?;
        let account = self.account(&site.market.chain, keys).await?;
        PayingDesk::new(site, account).await
    }

    /// The market at `--market`, else the address book's, if there is one.
    ///
    /// # Errors
    /// If none is where it is said to be.
    pub async fn market_if_named(&self, chain: &Chain) -> eyre::Result<Option<Market>> {
        let book = self.deployment_path(chain);
        let address = match self.globals.market {
            None if self.globals.deployment.is_some() || book.exists() => Some(Deployment::load(&book, chain)?.market),
            named => named,
        };
        match address {
            Some(address) => Market::load(chain.clone(), address).await.map(Some),
            None => Ok(None),
        }
    }

    /// The market and who signs, for calls that carry no money.
    pub async fn desk(&self, keys: &KeyArgs) -> eyre::Result<Desk> {
        let site = self.site().await?;
        let account = self.account(&site.market.chain, keys).await?;
        Ok(Desk::new(site, account))
    }

    /// The market to send money to, and who signs.
    ///
    /// # Errors
    /// If its contracts are neither this release's nor trusted.
    pub async fn paying_desk(&self, keys: &KeyArgs) -> eyre::Result<PayingDesk> {
        let site = self.site().await?;
        // Before the key is asked for.
        site.checked_market().await?;
        let account = self.account(&site.market.chain, keys).await?;
        PayingDesk::new(site, account).await
    }
}
