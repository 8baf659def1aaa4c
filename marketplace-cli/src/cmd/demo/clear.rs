//! The simple protocol with a clear hand-over: everything that counts is proven on chain.

use crate::cmd::demo::attack::{attempt, with_flipped_bit, with_proof_of};
use crate::cmd::demo::ending::Played;
use crate::cmd::demo::farm;
use crate::cmd::demo::ledger::Summary;
use crate::cmd::demo::stage::{Stage, PROVIDER, STRANGER};
use assay_marketplace::accuracy::consumer::hand_over::send;
use assay_marketplace::accuracy::provider::accept::accept;
use assay_marketplace::accuracy::provider::held::Held;
use assay_marketplace::accuracy::provider::proceed::proceed_now;
use assay_marketplace::accuracy::provider::prove;
use assay_marketplace::accuracy::provider::submit::{submission, submit};
use assay_protocol::abi::Mode;
use assay_prover::proof::ProofBundle;

pub(super) async fn play(mut s: Stage, workers: Option<u16>) -> eyre::Result<Played<Summary>> {
    s.note("4. the consumer checks the verifier, salts its images and opens an engagement");
    let id = s.open(Mode::CLEAR).await?.id;

    s.note("5. the provider accepts; the consumer hands the examples over");
    let leaves = s.leaves(id);
    let accepted = accept(&s.mp, id, &s.policy(), Some(&leaves)).await?;
    s.ledger.add("accept", PROVIDER, &accepted.sent);
    let handed_over = s.path("handed-over");
    send(&s.mc, id, None, &handed_over).await?;

    let mut farmed = None;
    if let Some(workers) = workers {
        s.note("6. the provider checks the examples and has a farm prove every one that its model gets right");
        let manner = prove::Manner {
            all: true,
            force: true,
            ..prove::Manner::default()
        };
        let wanted = prove::begin(&s.mp, id, Some(&handed_over), &s.prover, manner).await?;
        farmed = Some(farm::play(&s, wanted, workers).await?);
    } else {
        s.note("6. the provider checks the examples and proves as many as the target needs");
    }
    let manner = prove::Manner::default();
    let proven = prove::prove(&s.mp, id, Some(&handed_over), &s.prover, manner).await?;

    s.note("7. a stranger sends false proofs");
    if let Some(sent) = proceed_now(&s.mp, id).await? {
        s.ledger.add("proceed", PROVIDER, &sent);
    }
    let e = s.market.engagement(id).await?;
    let mut held = Held::open(&s.mp, id, &e, None).await?;
    let mut first_two = Vec::new();
    for p in proven.proofs.iter().take(2) {
        first_two.extend(held.item(p.position, &ProofBundle::load(&p.file)?)?);
    }
    let [one, other] = first_two.as_slice() else {
        eyre::bail!(
            "the demo needs two proofs, the model got {} examples right",
            proven.proofs.len()
        );
    };
    let mut false_proofs = Vec::new();
    for (what, item) in [
        ("a proof with one flipped bit", with_flipped_bit(one)),
        ("a proof for another image", with_proof_of(other, one)),
    ] {
        let call = submission(&s.market, id, vec![item], None);
        let refused = attempt(what, &s.stranger, id, &call).await?;
        s.note(format_args!("   {}: {}", refused.what, refused.answer));
        s.ledger.add(format!("{what} (reverts)"), STRANGER, &refused.sent);
        false_proofs.push(refused);
    }

    s.note("8. the provider submits; the escrow settles; both withdraw");
    let submitted = submit(&s.mp, id, None, false).await?;
    for batch in &submitted.batches {
        s.ledger.add(
            format!("submit {} proof(s)", batch.positions.len()),
            PROVIDER,
            &batch.sent,
        );
    }
    s.withdraw().await?;

    s.note("9. a third party reads the verdict");
    let mut played = s.finish(id, Mode::CLEAR, 0, proven, false_proofs).await?;
    played.summary.farmed = farmed;
    Ok(played)
}
