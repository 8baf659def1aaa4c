//! A devnet with the contracts, three parties with state directories of their own, and a registered model.

// Each test program uses a part of it.
#![allow(dead_code, unreachable_pub)]

use alloy::primitives::{keccak256, Address, Bytes, B256, U256};
use alloy::providers::Provider;
use assay_chain::account::Account;
use assay_chain::client::{Call, Chain};
use assay_chain::devnet::{mine_after, Devnet, DevnetOptions};
use assay_chain::journal::Journal;
use assay_chain::keys::devnet_key;
use assay_chain::market::Market;
use assay_chain::rounds::Rounds;
use assay_chain::terms::MarketTerms;
use assay_cli::cmd::devnet::up;
use assay_cli::context::{Context, Globals};
use assay_durable::report::Reporter;
use assay_marketplace::accuracy::consumer::open::{open, Ask, Opened};
use assay_marketplace::engagement::{Desk, PayingDesk, Site};
use assay_marketplace::model::register::register_record;
use assay_marketplace::proving::reference_string::{SrsChoice, SrsUse};
use assay_marketplace::proving::{input_words, WORDS_PER_HASH};
use assay_marketplace::testset::save;
use assay_marketplace::verifier::check::Trust;
use assay_protocol::abi::{ICredits::creditCall, Metric, Mode, ModelRecord};
use assay_protocol::testset::{ImageSize, TestSet};
use assay_prover::model::{Architecture, Conv, ConvKind, Layer, Model, Op, OutputMode, Padding, Shape, TensorId};
use std::path::PathBuf;
use tempfile::TempDir;

pub const SIZE: ImageSize = ImageSize { height: 8, width: 8 };

/// A reader who compares the verifier with nothing.
pub const UNTRUSTING: Trust = Trust {
    arch: None,
    srs: SrsUse {
        choice: SrsChoice::Dev,
        allow_unsafe: false,
    },
    trust_codehash: None,
};

/// 8×8 images, a convolution, an average and ten classes.
pub fn small_architecture() -> Architecture {
    let conv = |input, kind, out_channels, stride, pad| {
        Op::Conv(Conv {
            input: TensorId(input),
            out_channels,
            kind,
            stride,
            pad,
            input_zero: 0,
        })
    };
    let first = conv(0, ConvKind::DENSE_3X3, 6, 2, Padding::ONE);
    let classifier = conv(2, ConvKind::Pointwise, 10, 1, Padding::NONE);
    let layers = [
        (first, Shape::new(6, 4, 4)),
        (Op::GlobalAvgPool { input: TensorId(1) }, Shape::new(6, 1, 1)),
        (classifier, Shape::new(10, 1, 1)),
    ];
    Architecture {
        input: Shape::new(3, 8, 8),
        shift: 10,
        layers: layers.into_iter().map(|(op, output)| Layer { op, output }).collect(),
        output: OutputMode::Top1,
    }
}

pub struct World {
    pub market: Market,
    pub mp: PayingDesk,
    pub mc: PayingDesk,
    /// Somebody without a part in anything.
    pub other: PayingDesk,
    pub model_id: B256,
    pub dir: TempDir,
    pub node: Devnet,
}

impl World {
    /// The registered verifier is a contract that is none, so that no proof can be accepted.
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let context = |name: &str| {
            Context::new(Globals {
                home: Some(dir.path().join(name)),
                ..Globals::default()
            })
            .unwrap()
        };
        let options = DevnetOptions::default();
        let (node, book, _) = up(&context("chain"), &options, &MarketTerms::devnet()).await.unwrap();
        let chain = Chain::connect(&node.url(), None).await.unwrap();
        let market = Market::load(chain.clone(), book.market).await.unwrap();
        let desk = async |name, n| {
            let account = Account::new(chain.clone(), devnet_key(n, chain.id).unwrap());
            let site = context(name).site_of(market.clone());
            PayingDesk::new(site, account).await.unwrap()
        };
        let mut world = Self {
            mp: desk("provider", 1).await,
            mc: desk("consumer", 2).await,
            other: desk("other", 3).await,
            model_id: B256::ZERO,
            market,
            dir,
            node,
        };
        let record = world.record(world.market.registry).await;
        world.model_id = world.register(&record).await;
        world
    }

    /// Somebody else with this one's state directory.
    pub async fn as_of(&self, whose: &Desk, account: &Account) -> PayingDesk {
        PayingDesk::new(Site::clone(whose), account.clone()).await.unwrap()
    }

    /// The same party in the prediction market, with this account.
    pub async fn in_rounds(&self, whose: &Desk, account: &Account) -> PayingDesk<Rounds> {
        let site = Site {
            market: Rounds::of(self.market.clone()).await.unwrap(),
            home: whose.home.clone(),
            report: whose.report.clone(),
            trusted_deployment: whose.trusted_deployment,
        };
        PayingDesk::new(site, account.clone()).await.unwrap()
    }

    /// The same party with another view of the market.
    pub fn seeing(&self, whose: &Desk, market: &Market) -> Desk {
        let site = Site {
            market: market.clone(),
            ..Site::clone(whose)
        };
        Desk::new(site, whose.account.clone())
    }

    /// Registers any record, as if it were of the small model.
    pub async fn register(&self, record: &ModelRecord) -> B256 {
        let registered = register_record(&self.mp, record, 0).await;
        let id = registered.unwrap().model_id;
        let path = self.dir.path().join("small.assay");
        Model::random(small_architecture(), 1).unwrap().save(&path).unwrap();
        let journal = self.mp.home.model(&self.market.chain, id);
        Journal::open(&journal)
            .unwrap()
            .set_fact(&assay_marketplace::engagement::facts::MODEL, &path)
            .unwrap();
        id
    }

    /// Creates a contract with this runtime code.
    pub async fn deploy(&self, runtime: &[u8]) -> Address {
        // PUSH1 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN, and a byte that is not reached
        let length = u8::try_from(runtime.len()).unwrap();
        let mut code = vec![0x60, length, 0x80, 0x60, 0x0a, 0x5f, 0x39, 0x5f, 0xf3, 0x00];
        code.extend(runtime);
        self.create(code.into()).await
    }

    /// Creates a contract; a stranger pays.
    pub async fn create(&self, code: Bytes) -> Address {
        let name = format!("create-{}", keccak256(&code));
        let mut journal = Journal::open(&self.dir.path().join(&name)).unwrap();
        let (call, out) = (Call::create(code), Reporter::silent());
        let receipt = self.other.account.send(&mut journal, &name, &call, &out).await.unwrap();
        receipt.contract_address.unwrap()
    }

    /// The record of the small model but for its key, with this verifier.
    pub async fn record(&self, verifier: Address) -> ModelRecord {
        let code = self.market.chain.provider.get_code_at(verifier).await.unwrap();
        ModelRecord {
            mp: self.mp.address(),
            verifier,
            verifierCodehash: keccak256(code),
            vkDigest: B256::repeat_byte(7),
            weightsCommit: U256::from(8),
            metric: Metric::TOP1,
            classes: 10,
            inputWords: input_words(8 * 8 * 3),
            wordsPerHash: WORDS_PER_HASH,
            uri: "test".into(),
        }
    }

    /// A set of four examples whose images depend on `seed`, on disk.
    pub fn test_set(&self, seed: u8) -> PathBuf {
        let path = self.dir.path().join(format!("set-{seed}"));
        let images = (0..4)
            .map(|i| (vec![seed.wrapping_mul(16) + i; 8 * 8 * 3], u32::from(i)))
            .collect();
        save(&TestSet::build(SIZE, images, |_| ()).unwrap(), &path).unwrap();
        path
    }

    pub fn ask(&self) -> Ask {
        Ask {
            model_id: self.model_id,
            mode: Mode::CLEAR,
            adjudication: None,
            target_bps: 7500,
            expires_in: 1800,
            allow_reuse: false,
        }
    }

    pub async fn opened(&self, seed: u8) -> Opened {
        open(&self.mc, &self.test_set(seed), self.ask()).await.unwrap()
    }

    pub async fn balance(&self, desk: &Desk) -> U256 {
        self.market.chain.provider.get_balance(desk.address()).await.unwrap()
    }

    pub async fn credit(&self, desk: &Desk) -> u128 {
        let chain = &self.market.chain;
        let credit = chain
            .view(
                self.market.address,
                &creditCall {
                    account: desk.address(),
                },
            )
            .await;
        credit.unwrap().to()
    }

    /// Lets time pass.
    pub async fn pass(&self, seconds: u64) {
        mine_after(&self.market.chain, seconds).await.unwrap();
    }

    pub async fn mine(&self) {
        let _: serde_json::Value = self.rpc("evm_mine", vec![]).await;
    }

    pub async fn rpc(&self, method: &'static str, params: Vec<serde_json::Value>) -> serde_json::Value {
        self.market
            .chain
            .provider
            .raw_request(method.into(), params)
            .await
            .unwrap()
    }
}
