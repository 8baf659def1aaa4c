//! Engagements on anvil with the real contracts, without proofs: money, deadlines, guards, resumption.

use crate::support;

use alloy::providers::Provider;
use assay_chain::account::Account;
use assay_chain::client::{Call, Chain};
use assay_chain::error::hint_of;
use assay_chain::market::Market;
use assay_chain::terms::MarketTerms;
use assay_cli::exit::Exit;
use assay_marketplace::accuracy::anybody::verdict::{Listed, Shown};
use assay_marketplace::accuracy::consumer::hand_over::send;
use assay_marketplace::accuracy::consumer::moves::CANCEL;
use assay_marketplace::accuracy::consumer::open::{open, Ask};
use assay_marketplace::accuracy::provider::accept::{accept, Policy};
use assay_marketplace::accuracy::provider::moves::ABORT;
use assay_marketplace::accuracy::provider::moves::CONCEDE;
use assay_marketplace::accuracy::provider::proceed::proceed_now;
use assay_marketplace::accuracy::provider::submit::submission;
use assay_marketplace::delivery::Delivery;
use assay_marketplace::engagement::overdue::close;
use assay_marketplace::engagement::withdraw::withdraw;
use assay_marketplace::model::register::register_record;
use assay_marketplace::testset;
use assay_protocol::abi::IAccuracyMarket::engagementIdAtCall;
use assay_protocol::abi::IModelRegistry::{hashRecordCall, modelIdOfCall};
use assay_protocol::abi::{IAccuracyMarket, ICredits, Mode, Outcome, State};
use assay_protocol::ids;
use assay_protocol::merkle::MerkleTree;
use support::{World, UNTRUSTING};

const ANY: Policy = Policy {
    max_target_bps: 10_000,
    consumers: Vec::new(),
    against_advice: true,
};

fn says<T: std::fmt::Debug>(result: eyre::Result<T>, part: &str) {
    let error = format!("{:#}", result.expect_err(part));
    assert!(error.contains(part), "{error}");
}

#[tokio::test]
async fn an_aborted_engagement_pays_the_provider_for_its_inferences_once() {
    let w = World::new().await;
    let m = &w.market;
    let before = w.balance(&w.mc).await;
    let opened = w.opened(1).await;
    assert!(opened.to_string().contains("target      75 %: 3 of 4"), "{opened}");
    assert_eq!(
        w.balance(&w.mc).await + alloy::primitives::U256::from(m.entry_wei() + opened.sent.gas_wei),
        before
    );
    let accepted = accept(&w.mp, opened.id, &ANY, None).await.unwrap();
    assert_eq!((accepted.needed, accepted.offer_hash), (3, opened.offer_hash));

    says(
        w.mc.play(opened.id, &ABORT).await,
        &format!("the provider of this engagement is {}", w.mp.address()),
    );
    let ended = w.mp.play(opened.id, &ABORT).await.unwrap();
    assert_eq!(ended.after.outcome, Outcome::Abort);
    assert_eq!(
        w.credit(&w.mc).await,
        m.amounts(Mode::CLEAR).deposit - m.amounts(Mode::CLEAR).abortPayment
    );
    assert_eq!(
        w.credit(&w.mp).await,
        m.amounts(Mode::CLEAR).deposit + m.amounts(Mode::CLEAR).abortPayment
    );
    assert!(
        w.mp.play(opened.id, &ABORT).await.unwrap().receipt.is_none(),
        "the second abort sends nothing"
    );

    let before = w.balance(&w.mp).await;
    let withdrawn = withdraw(&w.mp, w.mp.address()).await.unwrap();
    let [one] = withdrawn.withdrawals.as_slice() else {
        panic!("one contract owes")
    };
    assert_eq!(
        w.balance(&w.mp).await + alloy::primitives::U256::from(one.sent.gas_wei),
        before + one.amount_wei
    );
    assert!(withdraw(&w.mp, w.mp.address()).await.unwrap().withdrawals.is_empty());

    let shown = Shown::read(&w.mp, opened.id, &UNTRUSTING).await.unwrap();
    assert_eq!(
        (shown.fields.outcome.as_str(), shown.fields.assurance.as_str()),
        ("Abort", "NONE")
    );
    assert!(!shown.to_string().to_lowercase().contains("passed"));
    let listed = Listed::read(&w.mp, w.model_id, &UNTRUSTING, false).await.unwrap();
    assert_eq!((listed.none.len(), listed.proven.len(), listed.open.len()), (1, 0, 0));
}

#[tokio::test]
async fn a_silent_provider_loses_its_deposit_and_a_strike() {
    let w = World::new().await;
    let id = w.opened(1).await.id;
    accept(&w.mp, id, &ANY, None).await.unwrap();
    let early = close(&w.other, id).await.unwrap_err();
    assert!(hint_of(&early).unwrap().starts_with("try again in"));
    w.pass(MarketTerms::devnet().decide_window + 1).await;
    says(w.mp.play(id, &ABORT).await, "the window ended");
    let ended = close(&w.other, id).await.unwrap();
    assert_eq!(ended.outcome, "MpSilent");
    assert_eq!(w.credit(&w.mc).await, 2 * w.market.amounts(Mode::CLEAR).deposit);
    assert_eq!(w.market.reputation(w.model_id).await.unwrap().strikes, 1);
    assert!(close(&w.other, id).await.unwrap().sent.is_none());
    // One strike suspends: nobody can open against this model now.
    let set = w.test_set(2);
    says(open(&w.mc, &set, w.ask()).await, "Suspended");
}

#[tokio::test]
async fn an_expired_offer_returns_to_its_consumer_by_anybody() {
    let w = World::new().await;
    let id = w.opened(1).await.id;
    w.pass(1801).await;
    says(accept(&w.mp, id, &ANY, None).await, "the window ended");
    assert_eq!(close(&w.other, id).await.unwrap().outcome, "Cancelled");
    assert_eq!(w.credit(&w.mc).await, w.market.entry_wei());

    let id = w.opened(2).await.id;
    says(w.other.play(id, &CANCEL).await, "the consumer of this engagement is");
    w.pass(1801).await;
    assert_eq!(
        w.other.play(id, &CANCEL).await.unwrap().after.outcome,
        Outcome::Cancelled
    );
    assert_eq!(w.credit(&w.mc).await, 2 * w.market.entry_wei());
}

#[tokio::test]
async fn a_conceded_engagement_costs_the_deposit_but_no_strike() {
    let w = World::new().await;
    let id = w.opened(1).await.id;
    accept(&w.mp, id, &ANY, None).await.unwrap();
    says(w.mp.play(id, &CONCEDE).await, "in state Probing");
    assert!(proceed_now(&w.mp, id).await.unwrap().is_some());
    assert!(proceed_now(&w.mp, id).await.unwrap().is_none());
    says(w.mp.play(id, &ABORT).await, "in state Proving");
    assert_eq!(
        w.mp.play(id, &CONCEDE).await.unwrap().after.outcome,
        Outcome::FailedAccuracy
    );
    assert_eq!(
        (w.credit(&w.mc).await, w.credit(&w.mp).await),
        (2 * w.market.amounts(Mode::CLEAR).deposit, 0)
    );
    assert_eq!(w.market.reputation(w.model_id).await.unwrap().strikes, 0);
}

#[tokio::test]
async fn an_offer_is_judged_before_money_goes_in() {
    let w = World::new().await;
    let (m, id) = (&w.market, w.opened(1).await.id);
    says(
        accept(&w.as_of(&w.mp, &w.mc.account).await, id, &ANY, None).await,
        "the provider of this engagement is",
    );
    says(
        accept(&w.as_of(&w.mc, &w.mp.account).await, id, &ANY, None).await,
        "did not register model",
    );
    let low = Policy {
        max_target_bps: 7499,
        consumers: Vec::new(),
        against_advice: true,
    };
    says(
        accept(&w.mp, id, &low, None).await,
        "asks for 75 %, the highest target to accept is 74.99 %",
    );
    let others = Policy {
        max_target_bps: 7500,
        consumers: vec![w.other.address()],
        against_advice: true,
    };
    says(accept(&w.mp, id, &others, None).await, "none of --consumer");
    let wrong = w.test_set(9).join("leaves.json");
    says(
        accept(&w.mp, id, &ANY, Some(&Delivery::at(wrong, id))).await,
        "do not lead to the test root",
    );
    assert_eq!(m.engagement(id).await.unwrap().state, State::Offered);
    let right = w.dir.path().join("set-1/leaves.json");
    accept(&w.mp, id, &ANY, Some(&Delivery::at(right, id))).await.unwrap();
}

#[tokio::test]
async fn a_set_is_handed_over_after_acceptance_and_never_offered_again() {
    let w = World::new().await;
    let (m, id) = (&w.market, w.opened(1).await.id);
    let to = w.dir.path().join("handed-over");
    says(send(&w.mc, id, None, &to).await, "is an open offer");
    assert!(!to.exists());
    accept(&w.mp, id, &ANY, None).await.unwrap();

    let mut patient = Market::clone(m);
    patient.chain.confirmations = 3;
    says(
        send(&w.seeing(&w.mc, &patient), id, None, &to).await,
        "does not have 3 confirmations yet",
    );
    assert!(!to.exists());
    w.mine().await;
    w.mine().await;
    send(&w.seeing(&w.mc, &patient), id, None, &to).await.unwrap();
    send(&w.mc, id, None, &to).await.expect("sending again changes nothing");
    assert_eq!(
        testset::load(&to).unwrap(),
        testset::load(&w.dir.path().join("set-1")).unwrap()
    );

    // The same images with new salts are the same images.
    std::fs::rename(w.dir.path().join("set-1"), w.dir.path().join("old")).unwrap();
    let again = w.test_set(1);
    says(open(&w.mc, &again, w.ask()).await, "handed over to a provider before");
    let reuse = Ask {
        allow_reuse: true,
        ..w.ask()
    };
    open(&w.mc, &again, reuse).await.unwrap();
}

#[tokio::test]
async fn repeating_open_and_register_finds_what_was_done() {
    let w = World::new().await;
    let set = w.test_set(1);
    let first = open(&w.mc, &set, w.ask()).await.unwrap();
    let second = open(&w.mc, &set, w.ask()).await.unwrap();
    assert_eq!((first.id, first.sent.tx_hash), (second.id, second.sent.tx_hash));
    assert_eq!(w.market.engagement_ids(w.model_id).await.unwrap(), [first.id]);

    // Also without the journal: the registry knows.
    let record = w.record(w.market.registry).await;
    let again = register_record(&w.as_of(&w.mc, &w.mp.account).await, &record, 0)
        .await
        .unwrap();
    assert!(again.sent.is_none() && again.model_id == w.model_id);
    let copy = register_record(&w.mp, &record, 1).await.unwrap();
    assert_ne!(copy.model_id, w.model_id);
}

#[tokio::test]
async fn an_interrupted_command_sends_the_same_transaction_again() {
    let w = World::new().await;
    let id = w.opened(1).await.id;
    w.rpc("evm_setAutomine", vec![false.into()]).await;
    let policy = ANY;
    let interrupted = accept(&w.mp, id, &policy, None);
    let patience = std::time::Duration::from_secs(2);
    assert!(
        tokio::time::timeout(patience, interrupted).await.is_err(),
        "nothing is mined"
    );
    // The node forgets it: the second run must send it anew.
    w.rpc("anvil_dropAllTransactions", vec![]).await;
    w.rpc("evm_setAutomine", vec![true.into()]).await;
    let nonce = w
        .market
        .chain
        .provider
        .get_transaction_count(w.mp.address())
        .await
        .unwrap();
    accept(&w.mp, id, &ANY, None).await.unwrap();
    accept(&w.mp, id, &ANY, None).await.unwrap();
    let after = w
        .market
        .chain
        .provider
        .get_transaction_count(w.mp.address())
        .await
        .unwrap();
    assert_eq!(after, nonce + 1);
}

#[tokio::test]
async fn encodings_are_those_of_the_contracts() {
    let w = World::new().await;
    let (m, chain) = (&w.market, &w.market.chain);
    let record = w.record(w.market.registry).await;
    let call = hashRecordCall { record: record.clone() };
    assert_eq!(chain.view(m.registry, &call).await.unwrap(), ids::model_hash(&record));
    let hash = ids::model_hash(&record);
    let call = modelIdOfCall {
        mp: record.mp,
        modelHash: hash,
        nonce: 5,
    };
    let id = chain.view(m.registry, &call).await.unwrap();
    assert_eq!(id, ids::model_id(chain.id, m.registry, record.mp, hash, 5));

    let ids = [w.opened(1).await.id, w.opened(2).await.id];
    assert_eq!(m.engagement_ids(w.model_id).await.unwrap(), ids);
    for (seq, id) in ids.iter().enumerate() {
        let call = engagementIdAtCall {
            modelId: w.model_id,
            seq: alloy::primitives::U256::from(seq),
        };
        assert_eq!(chain.view(m.address, &call).await.unwrap(), *id);
        let e = m.engagement(*id).await.unwrap();
        assert_eq!(m.expected_offer_hash(*id, &e, hash, Default::default()), e.offerHash);
    }
}

/// The market opens a leaf before it asks the verifier: a refusal by the verifier says that leaf and path were right.
#[tokio::test]
async fn every_leaf_and_path_opens_the_root_on_chain_and_nothing_else_does() {
    let w = World::new().await;
    let (m, id) = (&w.market, w.opened(1).await.id);
    accept(&w.mp, id, &ANY, None).await.unwrap();
    proceed_now(&w.mp, id).await.unwrap();
    let set = testset::load(&w.dir.path().join("set-1")).unwrap();
    let tree: MerkleTree = set.tree().unwrap();
    let item = |i: usize| {
        let e = &set.examples[i];
        assay_protocol::abi::ProofItem {
            position: i as u32,
            inputCommit: e.input_commit,
            label: e.label,
            leafSalt: e.leaf_salt,
            path: tree.path(i).unwrap(),
            output: alloy::primitives::U256::from(e.label),
            proof: vec![1, 2, 3].into(),
        }
    };
    for i in 0..4 {
        let refused = w
            .other
            .account
            .dry_run(&submission(m, id, vec![item(i)], None))
            .await
            .unwrap_err();
        assert_eq!(Exit::of(&refused), Exit::ProofRejected, "{refused:#}");
        let mut moved = item(i);
        moved.position = (i as u32 + 1) % 4;
        says(
            w.other.account.dry_run(&submission(m, id, vec![moved], None)).await,
            "the consumer committed to",
        );
    }
    let mut wrong = item(0);
    wrong.output += alloy::primitives::U256::from(1);
    says(
        w.other.account.dry_run(&submission(m, id, vec![wrong], None)).await,
        "is not its label",
    );
}

#[tokio::test]
async fn refusals_of_the_contracts_are_told_in_words() {
    let w = World::new().await;
    let opened = w.opened(1).await;
    let stranger: &Account = &w.other.account;
    let call = |c: &IAccuracyMarket::acceptCall| w.mc.paying(c, w.market.entry_wei());
    let right = IAccuracyMarket::acceptCall {
        id: opened.id,
        guard: opened.offer_hash,
    };
    says(stranger.dry_run(&call(&right)).await, "only 0x");
    let wrong = IAccuracyMarket::acceptCall {
        id: opened.id,
        guard: opened.id,
    };
    says(w.mp.account.dry_run(&call(&wrong)).await, "the offer on chain is");
    says(
        w.mp.account.dry_run(&w.mc.paying(&right, 1)).await,
        "the call takes 0.081 ETH, not 0.000000000000000001 ETH",
    );
    let nothing = Call::new(w.market.address, &ICredits::withdrawCall { to: stranger.address() });
    says(stranger.dry_run(&nothing).await, "has no credit");
    says(
        w.market.verdict(alloy::primitives::B256::ZERO).await,
        "unknown to this market",
    );
    assert_eq!(w.market.engagement(opened.id).await.unwrap().outcome, Outcome::None);
}

#[tokio::test]
async fn anvil_ends_with_its_guard() {
    let w = World::new().await;
    let url = w.node.url();
    drop(w);
    let error = assay_chain::client::Chain::connect(&url, None).await.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::ChainUnreachable);
}

#[tokio::test]
async fn anvil_ends_when_the_program_is_killed() {
    let home = tempfile::tempdir().unwrap();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(["devnet", "up", "--json", "--home"])
        .arg(home.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = program.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
    let up: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = up["rpcUrl"].as_str().unwrap();
    Chain::connect(url, None).await.expect("it answers");
    // The signal that no program can handle.
    program.kill().unwrap();
    program.wait().unwrap();
    for _ in 0..50 {
        if Chain::connect(url, None).await.is_err() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("anvil outlived the program");
}

#[tokio::test]
async fn nothing_final_answers_a_state_that_may_yet_be_undone() {
    let w = World::new().await;
    let m = &w.market;
    let mut patient = Market::clone(m);
    patient.chain.confirmations = 3;
    let unsettled = "does not have 3 confirmations yet";
    let [aborted, conceded] = [w.opened(1).await.id, w.opened(2).await.id];
    for id in [aborted, conceded] {
        accept(&w.mp, id, &ANY, None).await.unwrap();
    }
    says(proceed_now(&w.seeing(&w.mp, &patient), conceded).await, unsettled);
    says(w.seeing(&w.mp, &patient).play(conceded, &ABORT).await, unsettled);
    assert_eq!(m.engagement(conceded).await.unwrap().state, State::Probing);
    w.mine().await;
    w.mine().await;
    proceed_now(&w.seeing(&w.mp, &patient), conceded).await.unwrap();
    says(w.seeing(&w.mp, &patient).play(conceded, &CONCEDE).await, unsettled);
    w.seeing(&w.mp, &patient).play(aborted, &ABORT).await.unwrap();
}
