//! Deployment on anvil: interruptions cost nothing, and what is deployed belongs together.

use alloy::primitives::{Address, Bytes};
use assay_cli::chain::account::Account;
use assay_cli::chain::bindings::IModelRegistry;
use assay_cli::chain::client::{Call, Chain};
use assay_cli::chain::deploy::{deploy, Deployment, MarketTerms};
use assay_cli::chain::devnet::{Devnet, DevnetOptions};
use assay_cli::chain::keys::devnet_key;
use assay_cli::chain::market::Market;
use assay_cli::home::Repository;
use assay_cli::journal::Journal;
use assay_cli::output::Output;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// Four contracts without parameters, the factory, its call.
const TRANSACTIONS: u64 = 6;

struct Site {
    account: Account,
    repository: Repository,
    journal: PathBuf,
    _dir: TempDir,
    _node: Devnet,
}

impl Site {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::find().unwrap();
        let (node, chain) = Devnet::start(&repository, &DevnetOptions::default()).await.unwrap();
        let account = Account::new(chain.clone(), devnet_key(9, chain.id).unwrap());
        Self {
            account,
            repository,
            journal: dir.path().join("deployment.journal"),
            _dir: dir,
            _node: node,
        }
    }

    fn chain(&self) -> &Chain {
        &self.account.chain
    }

    async fn sent(&self) -> u64 {
        self.chain().provider_nonce(self.account.address()).await.unwrap()
    }

    async fn deploy(&self) -> eyre::Result<Deployment> {
        let mut journal = Journal::open(&self.journal)?;
        let out = Output::new(true);
        deploy(
            &self.account,
            &MarketTerms::devnet(),
            &self.repository,
            &mut journal,
            &out,
        )
        .await
    }

    /// Runs the deployment until one more transaction is mined; `None` if it was cut off then.
    async fn deploy_one(&self) -> Option<Deployment> {
        let before = self.sent().await;
        let mined = async {
            while self.sent().await == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            biased;
            () = mined => None,
            deployed = self.deploy() => Some(deployed.unwrap()),
        }
    }
}

/// Between two runs the account sends something else: only the factory's nonce counts.
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
    let registry = IModelRegistry::new(deployed.registry, &site.chain().provider);
    let params = registry.params().call().await.unwrap();
    assert_eq!((params.accuracy, params.prediction), (deployed.market, Address::ZERO));

    assert_eq!(site.deploy().await.unwrap(), deployed, "once more changes nothing");
    assert_eq!(site.sent().await, TRANSACTIONS + cuts);
}
