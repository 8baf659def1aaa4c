//! What both stories begin and end with: a devnet, a registered model, a test set; and the money, counted.

use crate::cmd::demo::ending::Played;
use crate::cmd::demo::ledger::{Ledger, Party, Summary};
use crate::cmd::demo::subject::{Source, Subject, TARGET_BPS};
use crate::cmd::devnet;
use crate::context::Context;
use crate::reading::Kind;
use alloy::primitives::{Address, B256, I256, U256};
use alloy::providers::Provider;
use assay_chain::account::Account;
use assay_chain::address_book::Deployment;
use assay_chain::client::Chain;
use assay_chain::devnet::{Devnet, DevnetOptions};
use assay_chain::keys::devnet_key;
use assay_chain::market::Market;
use assay_chain::terms::MarketTerms;
use assay_durable::cache::Cache;
use assay_marketplace::accuracy::anybody::verdict::Shown;
use assay_marketplace::accuracy::consumer::open::{open, Ask, Opened};
use assay_marketplace::accuracy::consumer::test_set;
use assay_marketplace::accuracy::provider::accept::Policy;
use assay_marketplace::accuracy::provider::prove::Proven;
use assay_marketplace::delivery::Delivery;
use assay_marketplace::engagement::withdraw::withdraw;
use assay_marketplace::engagement::{Desk, PayingDesk, Site};
use assay_marketplace::home::Home;
use assay_marketplace::model::import::save;
use assay_marketplace::model::register::{register, Registered};
use assay_marketplace::plan::plan;
use assay_marketplace::plan::search::Profile;
use assay_marketplace::proving::reference_string::SrsUse;
use assay_marketplace::proving::{save_arch, MissingSecret, ModelFiles, Prover};
use assay_marketplace::verifier::check::Trust;
use assay_marketplace::verifier::deploy::deploy_verifier;
use assay_protocol::abi::{ICredits::creditCall, Mode};
use std::path::{Path, PathBuf};
use std::time::Instant;

pub(super) const PROVIDER: &str = "provider";
pub(super) const CONSUMER: &str = "consumer";
pub(super) const STRANGER: &str = "stranger";

/// All parties on a fresh devnet; each has a directory of its own in `work`.
pub(super) struct Stage {
    pub(super) began: Instant,
    work: PathBuf,
    node: Devnet,
    book: PathBuf,
    deployment: Deployment,
    pub(super) starts: [U256; 3],
    arch: PathBuf,
    set: PathBuf,
    calibration_agreement: Option<String>,
    pub(super) chain: Chain,
    pub(super) market: Market,
    pub(super) mp: PayingDesk,
    pub(super) mc: PayingDesk,
    pub(super) stranger: Desk,
    pub(super) prover: Prover,
    pub(super) model: Registered,
    pub(super) ledger: Ledger,
}

impl Stage {
    /// Three steps: a planned circuit, contracts, a registered model. The consumer's set is built but not offered.
    pub(super) async fn set(outer: &Context, work: &Path, source: Source) -> eyre::Result<Self> {
        let began = Instant::now();
        let out = &outer.out;
        let role = |name: &str| -> eyre::Result<Context> {
            Ok(Context {
                home: Home::new(Some(work.join(name)))?,
                ..outer.clone()
            })
        };
        let (chain_side, mp_side, mc_side) = (role("chain")?, role(PROVIDER)?, role(CONSUMER)?);
        let mut ledger = Ledger::default();

        out.note("1. the provider takes the trained network and plans its circuit");
        let examples = source.examples;
        let subject = Subject::load(source, work, out)?;
        // The copy has a secret of its own, whatever lies beside the file that was given.
        let files = ModelFiles {
            model: work.join("model.assay"),
            arch: Some(work.join("model.arch.json")),
            secret: None,
            srs: SrsUse::dev(),
            memory: None,
        };
        save(&subject.model, &files.model)?;
        let architecture = &subject.model.architecture;
        let plan = plan(architecture.clone(), Profile::default(), &Cache::user()?, out)?;
        plan.require_memory(architecture)?;
        out.note(format_args!(
            "   2^{} rows, about {:.0} s a proof",
            plan.frozen.layout.k,
            plan.times.later.as_secs_f64().ceil()
        ));
        let arch_path = files.arch.clone().unwrap_or_default();
        save_arch(&arch_path, &plan.frozen)?;

        out.note("2. a devnet with the contracts");
        let terms = MarketTerms {
            n2: examples - 1,
            ..MarketTerms::devnet()
        };
        let (node, deployment, book) = devnet::up(&chain_side, &DevnetOptions::default(), &terms).await?;
        let chain = Chain::connect(&node.url(), None).await?;
        let market = Market::load(chain.clone(), deployment.market).await?;
        let account = |n: u32| -> eyre::Result<Account> { Ok(Account::new(chain.clone(), devnet_key(n, chain.id)?)) };
        let (mp, mc, stranger) = (account(1)?, account(2)?, account(3)?);
        let balance = |who: &Account| {
            let (provider, address) = (chain.provider.clone(), who.address());
            async move { provider.get_balance(address).await }
        };
        let starts = [balance(&mp).await?, balance(&mc).await?, balance(&stranger).await?];
        let (mp, mc) = (
            PayingDesk::new(mp_side.site_of(market.clone()), mp).await?,
            PayingDesk::new(mc_side.site_of(market.clone()), mc).await?,
        );
        let stranger = Desk::new(mc_side.site_of(market.clone()), stranger);

        out.note("3. the provider makes keys, deploys the generated verifier and registers the model with its stake");
        let prover = files.prover(&chain, MissingSecret::Drawn, out)?;
        let verifier = deploy_verifier(
            &mp_side.home,
            &mp.account,
            prover.verifier_key(),
            Some(book.as_path()),
            out,
        )
        .await?;
        for (name, sent) in ["deploy key data", "deploy verifier"].iter().zip(&verifier.sent) {
            ledger.add(*name, PROVIDER, sent);
        }
        let registered = register(&mp, &files, &prover, verifier.entry.address, &subject.uri, 0).await?;
        if let Some(sent) = &registered.sent {
            ledger.add("register", PROVIDER, sent);
        }

        let set = work.join(CONSUMER).join("test-set");
        test_set::build(&subject.images, subject.size(), &set, out)?;
        Ok(Self {
            began,
            work: work.to_owned(),
            node,
            book,
            deployment,
            starts,
            arch: arch_path,
            set,
            calibration_agreement: subject.agreement,
            chain,
            market,
            mp,
            mc,
            stranger,
            prover,
            model: registered,
            ledger,
        })
    }

    pub(super) fn note(&self, line: impl std::fmt::Display) {
        self.mc.report.note(line);
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }

    /// Where the provider finds the leaf hashes.
    pub(super) fn leaves(&self, id: B256) -> Delivery {
        Delivery::at(&self.set, id)
    }

    /// The provider takes offers of this consumer.
    pub(super) fn policy(&self) -> Policy {
        Policy {
            max_target_bps: 9000,
            consumers: vec![self.mc.account.address()],
            // With four examples the numbers advise against; the demo's provider knows its consumer.
            against_advice: true,
        }
    }

    /// Whoever does not know the verifier compares it with the architecture.
    pub(super) fn trust(&self) -> Trust {
        Trust {
            arch: Some(self.arch.clone()),
            srs: SrsUse::dev(),
            trust_codehash: None,
        }
    }

    /// The consumer checks the verifier contract, then offers.
    pub(super) async fn open(&mut self, mode: Mode) -> eyre::Result<Opened> {
        let model_id = self.model.model_id;
        let record = self.market.model(model_id).await?.record;
        self.trust().require(&self.chain, &record, &self.mc.report).await?;
        let ask = Ask {
            model_id,
            mode,
            adjudication: None,
            target_bps: TARGET_BPS,
            expires_in: 1800,
            allow_reuse: false,
        };
        let opened = open(&self.mc, &self.set, ask).await?;
        self.ledger.add("open", CONSUMER, &opened.sent);
        Ok(opened)
    }

    /// Both sides fetch their money.
    pub(super) async fn withdraw(&mut self) -> eyre::Result<()> {
        for (who, desk) in [(PROVIDER, &self.mp), (CONSUMER, &self.mc)] {
            let withdrawn = withdraw(desk, desk.account.address()).await?;
            for w in &withdrawn.withdrawals {
                self.ledger.add("withdraw", who, &w.sent);
            }
        }
        Ok(())
    }

    /// A third party reads the verdict, and every balance is compared with what the protocol says: `bonds` is what the
    /// consumer paid for challenges and demands that were met.
    pub(super) async fn finish(
        self,
        id: B256,
        mode: Mode,
        bonds: u128,
        proven: Proven,
        false_proofs: Vec<super::ledger::Attempt>,
    ) -> eyre::Result<Played<Summary>> {
        let reader = Market::load(Chain::connect(&self.node.url(), None).await?, self.deployment.market).await?;
        let reader = Site {
            market: reader,
            ..(**self.mc).clone()
        };
        let verdict = Shown::read(&reader, id, &self.trust()).await?;
        let wei = |amount: u128| I256::from_raw(U256::from(amount));
        let (stake, fee) = (wei(self.model.stake_wei), wei(self.market.params.prices.fee));
        let payment = wei(self.market.amounts(mode).successPayment) + wei(bonds);
        let zero = I256::ZERO;
        let [mp, mc, stranger] = self.starts;
        // The contracts began empty.
        let sides = [
            (PROVIDER, self.mp.account.address(), mp, payment - fee - stake),
            (CONSUMER, self.mc.account.address(), mc, zero - payment - fee),
            (STRANGER, self.stranger.account.address(), stranger, zero),
            ("market", self.market.address, U256::ZERO, fee + fee),
            ("registry", self.market.registry, U256::ZERO, stake),
        ];
        let mut parties: Vec<Party> = Vec::new();
        for (name, address, start, expected) in sides {
            parties.push(self.ledger.settle(&self.chain, name, address, start, expected).await?);
        }
        let call = creditCall {
            account: self.market.params.treasury,
        };
        let treasury = self.chain.view(self.market.address, &call).await?;
        eyre::ensure!(
            I256::from_raw(treasury) == fee + fee,
            "the treasury is owed {treasury} wei, not two fees"
        );
        let (seconds, market) = (self.began.elapsed().as_secs_f64(), self.market.address);
        Ok(
            self.over(Kind::Verdict, vec![id], market, |steps, calibration_agreement| {
                Summary {
                    verdict,
                    parties,
                    steps,
                    proofs: proven.proofs,
                    farmed: None,
                    false_proofs,
                    calibration_agreement,
                    seconds,
                }
            }),
        )
    }

    /// The story is over; `market` says what became of these things.
    pub(super) fn over<S>(
        self,
        kind: Kind,
        ids: Vec<B256>,
        market: Address,
        summary: impl FnOnce(Ledger, Option<String>) -> S,
    ) -> Played<S> {
        Played {
            trust: self.trust(),
            summary: summary(self.ledger, self.calibration_agreement),
            chain_id: self.chain.id,
            node: self.node,
            book: self.book,
            kind,
            ids,
            market,
            named: ("--market", self.market.address),
        }
    }
}
