//! Deployment of the contracts, and the address book.

use crate::account::Account;
use crate::address_book::Deployment;
use crate::artefact::creation_code;
use crate::client::{Call, DEVNET_CHAIN_ID};
use crate::creation::{marketplace_call, retrieval_code};
use crate::error::{hinted, hinted_because};
use crate::journal::{Fact, Journal};
use crate::origin::{deployer_input, has_deployer, place, DEPLOYER};
use crate::read_back::{check, check_retrieval};
use crate::rehearsal::rehearse;
use crate::retrieval_terms::RetrievalTerms;
use crate::terms::MarketTerms;
use alloy::eips::BlockId;
use alloy::primitives::{keccak256, Address, Bytes, B256};
use alloy::providers::Provider;
use alloy::sol_types::SolCall;
use assay_durable::report::Reporter;
use assay_protocol::abi::{AuditContracts, IMarketplaceFactory, Judges};
use eyre::WrapErr;
use std::collections::BTreeMap;

/// Deploys everything: the contracts without parameters one by one, those that serve everybody unless the chain has them, then
/// registry and markets by one call of the factory, so that there is never one without the other; and a retrieval market at the
/// address that code and parameters determine. What an earlier run with this journal deployed is used again, where it is the same
/// code with the same arguments.
///
/// # Errors
/// Before the first transaction for terms that the contracts refuse; after the last one if anything on chain differs from what
/// was meant.
pub async fn deploy(
    account: &Account,
    terms: &MarketTerms,
    journal: &mut Journal,
    out: &Reporter,
) -> eyre::Result<Deployment> {
    account.require_funds(0, 0).await?;
    let chain = &account.chain;
    // The devnet's own terms are play money on play money's chain.
    if chain.id != DEVNET_CHAIN_ID || *terms != MarketTerms::devnet() {
        for warning in terms.warnings(chain.provider.get_gas_price().await?) {
            out.warn(warning);
        }
    }
    if !has_deployer(chain, BlockId::latest()).await? {
        return Err(hinted(
            format!("this chain has no deterministic deployment proxy at {DEPLOYER}"),
            "put it there first, as its authors describe (Arachnid/deterministic-deployment-proxy): the address of the factory \
             shows what it is only if that proxy made it",
        ));
    }
    rehearse(account, terms).await?;
    let mut create = Creator { account, journal, out };
    let poseidon = create.contract("PoseidonT4", &[]).await?;
    let judges = Judges {
        transfers: create.contract("TransferJudge", &[("PoseidonT4", poseidon)]).await?,
        publication: create.shared("PublishedTransfers").await?,
        proofs: create.contract("ProofJudge", &[]).await?,
    };
    let outputs = match terms.rounds {
        Some(_) => create.contract("OutputJudge", &[]).await?,
        None => Address::ZERO,
    };
    let corpora = create.shared("CorpusRegistry").await?;
    let factory = create.shared("MarketplaceFactory").await?;
    let created = create.marketplace(factory, terms, judges, outputs).await?;
    let (registry, market) = (created.registry, created.accuracy);
    check(chain, terms, judges, &created).await?;
    let retrieval = match &terms.retrieval {
        Some(terms) => Some(create.retrieval(terms, corpora, judges).await?),
        None => None,
    };
    Ok(Deployment {
        chain_id: chain.id,
        registry,
        market,
        corpora: Some(corpora),
        retrieval,
        verifiers: BTreeMap::new(),
    })
}

/// Sends creations, each once.
struct Creator<'a> {
    account: &'a Account,
    journal: &'a mut Journal,
    out: &'a Reporter,
}

impl Creator<'_> {
    async fn contract(&mut self, contract: &str, libraries: &[(&str, Address)]) -> eyre::Result<Address> {
        let call = Call::create(creation_code(contract, libraries, &[])?);
        let step = step_name(contract, &call.data);
        let receipt = self
            .account
            .send(self.journal, &step, &call, self.out)
            .await
            .wrap_err_with(|| format!("cannot deploy {contract}"))?;
        let address = receipt
            .contract_address
            .ok_or_else(|| eyre::eyre!("transaction {} created nothing", receipt.transaction_hash))?;
        self.out.note(format_args!("{contract} at {address}"));
        Ok(address)
    }

    /// A contract without parameters that serves everybody on its chain.
    async fn shared(&mut self, contract: &str) -> eyre::Result<Address> {
        let code = creation_code(contract, &[], &[])?;
        self.placed(contract, code).await
    }

    /// The retrieval market with these terms: one for everybody who uses the same judges.
    async fn retrieval(&mut self, terms: &RetrievalTerms, corpora: Address, judges: Judges) -> eyre::Result<Address> {
        let params = terms.params(AuditContracts {
            corpora,
            documents: self.shared("DocumentJudge").await?,
            transfers: judges.transfers,
            sharedKeys: self.shared("SharedKeyJudge").await?,
            publication: judges.publication,
        });
        let at = self.placed("RetrievalMarket", retrieval_code(&params)?).await?;
        check_retrieval(&self.account.chain, at, &params).await?;
        Ok(at)
    }

    /// A contract at the address that its creation code, with its arguments, determines.
    async fn placed(&mut self, contract: &str, code: Bytes) -> eyre::Result<Address> {
        let chain = &self.account.chain;
        let at = place(keccak256(&code));
        let confirmed = chain.newest_confirmed().await?;
        if !chain.provider.get_code_at(at).block_id(confirmed).await?.is_empty() {
            return Ok(at);
        }
        let call = Call {
            to: Some(DEPLOYER),
            data: deployer_input(&code),
            value_wei: 0,
        };
        let step = step_name(contract, &call.data);
        let sent = self.account.send(self.journal, &step, &call, self.out).await;
        sent.map_err(|error| {
            let hint = "if somebody else has just put it there, repeat the command";
            hinted_because(error, format!("cannot deploy {contract}"), hint)
        })?;
        self.out.note(format_args!("{contract} at {at}"));
        Ok(at)
    }

    /// Registry and markets, which name each other. Their addresses follow from account and salt.
    async fn marketplace(
        &mut self,
        factory: Address,
        terms: &MarketTerms,
        judges: Judges,
        outputs: Address,
    ) -> eyre::Result<IMarketplaceFactory::MarketplaceCreated> {
        let call = |salt| marketplace_call(self.account.address(), salt, terms, judges, outputs);
        // The same for every salt.
        let step = step_name("Marketplace", &call(B256::ZERO)?.abi_encode());
        let drawn = Fact::<B256>::named(format!("salt of {step}"));
        let salt = match self.journal.fact(&drawn)? {
            Some(salt) => salt,
            None => {
                let salt = B256::new(rand::random());
                self.journal.set_fact(&drawn, &salt)?;
                salt
            }
        };
        let call = Call::new(factory, &call(salt)?);
        let receipt = self
            .account
            .send(self.journal, &step, &call, self.out)
            .await
            .wrap_err("cannot create registry and markets")?;
        let created = receipt
            .decoded_log::<IMarketplaceFactory::MarketplaceCreated>()
            .ok_or_else(|| eyre::eyre!("transaction {} created no marketplace", receipt.transaction_hash))?;
        self.out.note(format_args!(
            "ModelRegistry at {}, AccuracyMarket at {}",
            created.registry, created.accuracy
        ));
        if !created.prediction.is_zero() {
            self.out
                .note(format_args!("PredictionMarket at {}", created.prediction));
        }
        Ok(created.data.clone())
    }
}

/// Names a step by what it deploys: other code or arguments are another step.
fn step_name(what: &str, data: &[u8]) -> String {
    format!("{what} {}", hex::encode(&keccak256(data)[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::RoundMarketTerms;
    use alloy::primitives::address;

    /// Names of the conditions that the warnings are about.
    fn names(terms: &MarketTerms, gas_price_wei: u128) -> Vec<String> {
        let name = |warning: String| Some(warning.rsplit_once(" (")?.1.trim_end_matches(')').to_owned());
        let warnings = terms.warnings(gas_price_wei);
        warnings
            .into_iter()
            .map(|w| name(w).expect("a name at the end"))
            .collect()
    }

    /// Four examples are too few for what a probe is for; nothing else is wrong with them.
    #[test]
    fn devnet_terms_keep_to_the_conditions_that_four_examples_can() {
        let named = names(&MarketTerms::devnet(), 2_000_000_000);
        assert_eq!(named, ["I4 FULL g=99", "I4 CLEAR g=99", "I5"]);
    }

    #[test]
    fn terms_that_invite_theft_or_starve_providers_are_warned_about() {
        let low = MarketTerms {
            fee: 1,
            ..MarketTerms::devnet()
        };
        let named = names(&low, 3_000_000_000);
        for name in ["I3 FULL v=0", "I3 FULL v=1", "I3 CLEAR v=0", "I3 CLEAR v=1", "Z"] {
            assert!(named.contains(&name.to_owned()), "{named:?}");
        }
        let warnings = low.warnings(3_000_000_000);
        assert!(
            warnings.iter().any(|w| w.contains("its gas costs 0.00237599 ETH")),
            "{warnings:?}"
        );
        assert!(!names(&low, 0).contains(&"Z".to_owned()));
        let high = MarketTerms {
            fee: 1 << 80,
            treasury: Address::repeat_byte(1),
            ..MarketTerms::devnet()
        };
        assert_eq!(names(&high, 0), ["I1 FULL", "I1 CLEAR", "TR"]);
    }

    #[test]
    fn a_contest_that_does_not_pay_for_its_answer_is_warned_about() {
        let devnet = MarketTerms::devnet();
        let rounds = devnet.rounds.clone().map(|rounds| RoundMarketTerms {
            answer_gas: 900_000,
            ..rounds
        });
        let poor = MarketTerms { rounds, ..devnet };
        assert!(names(&poor, 0).contains(&"I8c G".to_owned()));
        let none = MarketTerms { rounds: None, ..poor };
        assert!(!names(&none, 0).contains(&"I8c G".to_owned()));
    }

    #[test]
    fn registry_and_market_addresses_follow_the_create_rule() {
        let anvil_0 = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert_eq!(anvil_0.create(0), address!("5FbDB2315678afecb367f032d93F642f64180aa3"));
    }
}
