//! The full protocol: encrypted transfer, a probe set drawn by both, a claimed result that is challenged and then demanded.

use crate::cmd::demo::attack::{attempt, with_flipped_bit, with_proof_of};
use crate::cmd::demo::ending::Played;
use crate::cmd::demo::ledger::Summary;
use crate::cmd::demo::stage::{Stage, CONSUMER, PROVIDER, STRANGER};
use assay_marketplace::accuracy::consumer::object::{challenge_positions, demand};
use assay_marketplace::accuracy::consumer::transfer::{reveal, send};
use assay_marketplace::accuracy::provider::accept::accept;
use assay_marketplace::accuracy::provider::ack::ack;
use assay_marketplace::accuracy::provider::answer::answer;
use assay_marketplace::accuracy::provider::held::held;
use assay_marketplace::accuracy::provider::post::post;
use assay_marketplace::accuracy::provider::probe::{probe, AfterProbe};
use assay_marketplace::accuracy::provider::prove;
use assay_marketplace::accuracy::provider::submit::submit;
use assay_marketplace::delivery::Delivery;
use assay_protocol::abi::{IAccuracyMarket::answerCall, Mode};
use assay_prover::proof::ProofBundle;

pub(super) async fn play(mut s: Stage) -> eyre::Result<Played<Summary>> {
    s.note(
        "4. the consumer checks the verifier, salts its images, commits to its half of a seed and opens an engagement",
    );
    let id = s.open(Mode::FULL).await?.id;

    s.note("5. the provider accepts; the consumer encrypts all examples and commits to the ciphertext; the provider acknowledges");
    let leaves = s.leaves(id);
    let accepted = accept(&s.mp, id, &s.policy(), Some(&leaves)).await?;
    s.ledger.add("accept", PROVIDER, &accepted.sent);
    let cipher = Delivery::at(s.path("handed-over"), id);
    let committed = send(&s.mc, id, None, &cipher).await?;
    if let Some(sent) = &committed.sent {
        s.ledger.add("commit to the ciphertext", CONSUMER, sent);
    }
    let acked = ack(&s.mp, id, &cipher).await?;
    s.ledger.add("acknowledge", PROVIDER, &acked.sent);

    s.note("6. the seed is tossed: the consumer reveals the keys of the probe set, the provider probes and proceeds");
    let revealed = reveal(&s.mc, id).await?;
    s.ledger.add("reveal probe keys", CONSUMER, &revealed.sent);
    // One probe convinces nobody; the demo's provider knows its consumer.
    let decision = AfterProbe {
        act: true,
        at_least: Some(1),
    };
    let probed = probe(&s.mp, id, &s.prover, decision).await?;
    eyre::ensure!(probed.advice == "proceed", "the probe failed: {probed}");
    if let Some(sent) = &probed.sent {
        s.ledger.add("proceed", PROVIDER, sent);
    }

    s.note(
        "7. the consumer reveals the other keys; the provider proves each example its model gets right and claims them",
    );
    let revealed = reveal(&s.mc, id).await?;
    s.ledger.add("reveal all keys", CONSUMER, &revealed.sent);
    let proven = prove::prove(&s.mp, id, None, &s.prover, prove::Manner::default()).await?;
    let posted = post(&s.mp, id, None).await?;
    s.ledger.add("post the result", PROVIDER, &posted.sent);
    let [first, second, ..] = posted.positions.as_slice() else {
        eyre::bail!("the demo needs two proofs, {} examples are right", posted.claimed);
    };

    s.note(
        "8. the consumer challenges a position; a stranger answers with false proofs, the provider with the true one",
    );
    let challenged = challenge_positions(&s.mc, id, &[*first as u32]).await?;
    for sent in &challenged.sent {
        s.ledger.add("challenge", CONSUMER, sent);
    }
    let e = s.market.engagement(id).await?;
    let mut held = {
        let journal = s.mp.journal(id)?;
        held(&s.mp, &journal, id, &e, None).await?
    };
    let mut load = |position: usize| -> eyre::Result<_> {
        let found = proven.proofs.iter().find(|p| p.position == position);
        let found = found.ok_or_else(|| eyre::eyre!("position {position} was claimed without a proof"))?;
        let item = held.item(position, &ProofBundle::load(&found.file)?)?;
        item.ok_or_else(|| eyre::eyre!("the proof of position {position} is about something else"))
    };
    let (one, other) = (load(*first)?, load(*second)?);
    let mut false_proofs = Vec::new();
    for (what, item) in [
        ("a proof with one flipped bit", with_flipped_bit(&one)),
        ("a proof for another image", with_proof_of(&one, &other)),
    ] {
        let call = s.market.call(&answerCall { id, item });
        let refused = attempt(what, &s.stranger, id, &call).await?;
        s.note(format_args!("   {}: {}", refused.what, refused.answer));
        s.ledger.add(format!("{what} (reverts)"), STRANGER, &refused.sent);
        false_proofs.push(refused);
    }
    for a in answer(&s.mp, id).await?.answered {
        s.ledger.add("answer", PROVIDER, &a.sent);
    }

    s.note("9. the consumer demands all proofs that the target needs; the provider delivers; both withdraw");
    for sent in &demand(&s.mc, id).await?.sent {
        s.ledger.add("demand all proofs", CONSUMER, sent);
    }
    for batch in &submit(&s.mp, id, None, false).await?.batches {
        s.ledger.add(
            format!("submit {} proof(s)", batch.positions.len()),
            PROVIDER,
            &batch.sent,
        );
    }
    s.withdraw().await?;

    s.note("10. a third party reads the verdict");
    // A whole bond for the answer, half of one for each proof that was still needed.
    let bond = s.market.params.claim.challengeBond;
    let demanded = u128::from(s.market.needed(e.mode, e.targetBps)) - 1;
    s.finish(id, Mode::FULL, bond + demanded * (bond / 2), proven, false_proofs)
        .await
}
