//! Deployment on anvil: interruptions cost nothing, and what is deployed belongs together.

use crate::node_support;

use alloy::primitives::{Address, Bytes};
use alloy::providers::Provider;
use assay_chain::account::Account;
use assay_chain::address_book::Deployment;
use assay_chain::client::{Call, Chain};
use assay_chain::deploy::deploy;
use assay_chain::devnet::{Devnet, DevnetOptions};
use assay_chain::error::Kind;
use assay_chain::journal::Journal;
use assay_chain::keys::devnet_key;
use assay_chain::market::Market;
use assay_chain::retrieval_terms::RetrievalTerms;
use assay_chain::rounds::Rounds;
use assay_chain::terms::MarketTerms;
use assay_durable::report::Reporter;
use assay_protocol::abi::IModelRegistry::paramsCall;
use node_support::in_front_of;
use serde_json::json;
use std::future::ready;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// Eight contracts without parameters, the factory, its call, the retrieval market.
const TRANSACTIONS: u64 = 11;

struct Site {
    account: Account,
    journal: PathBuf,
    _dir: TempDir,
    node: Devnet,
}

impl Site {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (node, chain) = Devnet::start(&DevnetOptions::default()).await.unwrap();
        let account = Account::new(chain.clone(), devnet_key(9, chain.id).unwrap());
        Self {
            account,
            journal: dir.path().join("deployment.journal"),
            _dir: dir,
            node,
        }
    }

    fn chain(&self) -> &Chain {
        &self.account.chain
    }

    async fn sent(&self) -> u64 {
        self.chain().provider_nonce(self.account.address()).await.unwrap()
    }

    async fn deploy(&self, terms: &MarketTerms) -> eyre::Result<Deployment> {
        // A process that another test starts has the locks of this one until it begins.
        let mut journal = loop {
            match Journal::open(&self.journal) {
                Err(error) if Kind::InUse.is_of(&error) => tokio::time::sleep(Duration::from_millis(10)).await,
                opened => break opened?,
            }
        };
        let out = Reporter::silent();
        deploy(&self.account, terms, &mut journal, &out).await
    }

    /// Runs the deployment until one more transaction is mined; `None` if it was cut off then.
    async fn deploy_one(&self) -> Option<Deployment> {
        let before = self.sent().await;
        let terms = MarketTerms::devnet();
        let mined = async {
            while self.sent().await == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            biased;
            () = mined => None,
            deployed = self.deploy(&terms) => Some(deployed.unwrap()),
        }
    }
}

/// Between two runs the account sends something else: its nonce does not count.
#[tokio::test]
async fn a_deployment_cut_off_after_each_transaction_ends_as_one() {
    let site = Site::new().await;
    let mut cuts = 0;
    let deployed = loop {
        if let Some(deployed) = site.deploy_one().await {
            break deployed;
        }
        cuts += 1;
        let nothing = Call::create(Bytes::new());
        site.account.send_regardless(&nothing, 100_000).await.unwrap();
    };
    assert!(cuts > 2, "only {cuts} times");
    assert_eq!(site.sent().await, TRANSACTIONS + cuts, "each transaction once");

    let market = Market::load(site.chain().clone(), deployed.market).await.unwrap();
    assert_eq!(market.registry, deployed.registry);
    let params = site.chain().view(deployed.registry, &paramsCall {}).await.unwrap();
    assert_eq!(params.accuracy, deployed.market);
    let rounds = Rounds::of(market).await.unwrap();
    assert_eq!(params.prediction, rounds.address);

    assert_eq!(
        site.deploy(&MarketTerms::devnet()).await.unwrap(),
        deployed,
        "once more changes nothing"
    );
    assert_eq!(site.sent().await, TRANSACTIONS + cuts);
}

#[test]
fn terms_and_address_books_of_older_releases_are_read() {
    let mut terms = serde_json::to_value(MarketTerms::devnet()).unwrap();
    assert!(terms.as_object_mut().unwrap().remove("retrieval").is_some());
    let terms: MarketTerms = serde_json::from_value(terms).unwrap();
    assert_eq!(terms.retrieval, None);

    let book = json!({ "chainId": 1, "registry": Address::repeat_byte(1), "market": Address::repeat_byte(2) });
    let book: Deployment = serde_json::from_value(book).unwrap();
    assert_eq!((book.corpora, book.retrieval), (None, None));
}

/// Each of these is refused by another constructor: the registry's, the market's own, that of its terms, that of the terms of audits.
#[tokio::test]
async fn terms_that_the_contracts_refuse_cost_nothing() {
    let site = Site::new().await;
    let devnet = MarketTerms::devnet;
    let refused = [
        ("n1", MarketTerms { n1: 0, ..devnet() }),
        ("n2", MarketTerms { n2: 0, ..devnet() }),
        (
            "acceptWindow",
            MarketTerms {
                accept_window: 1,
                ..devnet()
            },
        ),
        (
            "unbondWindow",
            MarketTerms {
                unbond_window: 3600,
                ..devnet()
            },
        ),
        (
            "treasury",
            MarketTerms {
                treasury: Address::ZERO,
                ..devnet()
            },
        ),
        (
            "publishTime",
            MarketTerms {
                retrieval: Some(RetrievalTerms {
                    publish_time: 0,
                    ..RetrievalTerms::devnet()
                }),
                ..devnet()
            },
        ),
    ];
    for (parameter, terms) in refused {
        let error = format!("{:#}", site.deploy(&terms).await.unwrap_err());
        assert!(error.contains("the contracts refuse these terms"), "{error}");
        assert!(error.contains(parameter), "{error}");
    }
    assert_eq!(site.sent().await, 0);
}

#[tokio::test]
async fn a_node_that_cannot_try_a_deployment_is_sent_none() {
    let mut site = Site::new().await;
    let plain = in_front_of(site.node.url(), |request| {
        let overrides = request["method"] == "eth_call" && request["params"][2].is_object();
        ready(overrides.then(|| json!({ "code": -32602, "message": "too many arguments, want at most 2" })))
    });
    let chain = Chain::connect(&plain.await, None).await.unwrap();
    site.account = Account::new(chain, site.account.key());
    let error = format!("{:#}", site.deploy(&MarketTerms::devnet()).await.unwrap_err());
    assert!(error.contains("cannot try the deployment"), "{error}");
    assert_eq!(site.sent().await, 0);
}

#[tokio::test]
async fn other_terms_are_another_marketplace_on_the_same_contracts() {
    let site = Site::new().await;
    let first = site.deploy(&MarketTerms::devnet()).await.unwrap();
    let other = MarketTerms {
        fault_strikes: 11,
        ..MarketTerms::devnet()
    };
    let second = site.deploy(&other).await.unwrap();
    assert_ne!((first.registry, first.market), (second.registry, second.market));
    assert_eq!(site.sent().await, TRANSACTIONS + 1, "only registry and markets are new");
    assert_eq!(
        first.retrieval, second.retrieval,
        "the retrieval market has the same terms"
    );

    let params = site.chain().view(second.registry, &paramsCall {}).await.unwrap();
    assert_eq!(params.faultStrikes, 11);
    assert_eq!(
        site.deploy(&MarketTerms::devnet()).await.unwrap(),
        first,
        "the first one is still known"
    );
    assert_eq!(site.sent().await, TRANSACTIONS + 1);
}

/// The first account ran out of ether with a transaction that no block took; the nonces of the second one are others.
#[tokio::test]
async fn another_account_goes_on_with_the_same_journal() {
    let mut site = Site::new().await;
    while site.sent().await < 3 {
        assert!(site.deploy_one().await.is_none());
    }
    let (first, sent) = (site.account.address(), site.sent().await);
    let chain = site.chain().clone();
    let rpc = |method: &'static str, params: serde_json::Value| {
        let provider = chain.provider.clone();
        async move {
            provider
                .raw_request::<_, serde_json::Value>(method.into(), params)
                .await
                .unwrap()
        }
    };
    rpc("evm_setAutomine", json!([false])).await;
    let pending = async {
        while chain.provider.get_transaction_count(first).pending().await.unwrap() == sent {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let terms = MarketTerms::devnet();
    tokio::select! {
        () = pending => {}
        deployed = site.deploy(&terms) => panic!("no block took it: {deployed:?}"),
    }
    rpc("anvil_dropAllTransactions", json!([])).await;
    rpc("anvil_setBalance", json!([first, "0x0"])).await;
    rpc("evm_setAutomine", json!([true])).await;

    site.account = Account::new(chain.clone(), devnet_key(8, chain.id).unwrap());
    let deployed = tokio::time::timeout(Duration::from_secs(60), site.deploy(&terms)).await;
    let deployed = deployed.expect("it waits for no nonce of the first").unwrap();
    assert_eq!(site.sent().await + sent, TRANSACTIONS);
    let market = Market::load(chain.clone(), deployed.market).await.unwrap();
    assert_eq!(market.registry, deployed.registry);
}

#[tokio::test]
async fn a_chain_without_the_deployment_proxy_is_sent_nothing() {
    let site = Site::new().await;
    let proxy = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
    let provider = &site.chain().provider;
    let _: serde_json::Value = provider
        .raw_request("anvil_setCode".into(), json!([proxy, "0x00"]))
        .await
        .unwrap();
    let error = format!("{:#}", site.deploy(&MarketTerms::devnet()).await.unwrap_err());
    assert!(error.contains("no deterministic deployment proxy"), "{error}");
    assert_eq!(site.sent().await, 0);
}
