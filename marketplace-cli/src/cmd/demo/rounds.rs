//! Two rounds of predictions: an honest one that is contested, and one in which the provider serves a cheaper model.

use crate::cmd::demo::ending::{Played, Story};
use crate::cmd::demo::ledger::{gas_table, money_table, require_refused, require_right, Attempt, Ledger, Party};
use crate::cmd::demo::stage::{Stage, CONSUMER, PROVIDER, STRANGER};
use crate::cmd::demo::subject::digits;
use crate::reading::Kind;
use alloy::primitives::{B256, I256, U256};
use assay_chain::block::Which;
use assay_chain::client::Chain;
use assay_chain::devnet::mine_after;
use assay_chain::revert;
use assay_chain::rounds::Rounds;
use assay_chain::venue::Venue;
use assay_marketplace::delivery::Delivery;
use assay_marketplace::document::Document;
use assay_marketplace::engagement::overdue::close;
use assay_marketplace::engagement::paths::proof_path;
use assay_marketplace::engagement::withdraw::withdraw;
use assay_marketplace::engagement::{Desk, PayingDesk, Sent, Site};
use assay_marketplace::inputs::{self, Inputs, Salts};
use assay_marketplace::prediction::anybody::show::{show, Shown};
use assay_marketplace::prediction::consumer::check::check;
use assay_marketplace::prediction::consumer::contest::{contest, Choice};
use assay_marketplace::prediction::consumer::moves::CONFIRM;
use assay_marketplace::prediction::consumer::open::{open, Ask};
use assay_marketplace::prediction::consumer::send::send_inputs;
use assay_marketplace::prediction::provider::answer::{answer, Openings};
use assay_marketplace::prediction::provider::prove::prove;
use assay_marketplace::prediction::provider::publish::{publish, send_outputs};
use assay_marketplace::prediction::provider::serve::{serve, serve_as, ServePolicy};
use assay_marketplace::proving::bundle;
use assay_marketplace::testset::{labelled_images, read_image};
use assay_protocol::abi::ICredits::creditCall;
use assay_protocol::abi::IModelRegistry::strikeCall;
use assay_protocol::abi::IOutputJudge::ProofRejected;
use assay_protocol::abi::IPredictionMarket::answerCall;
use assay_protocol::abi::Privacy;
use assay_protocol::testset::ImageSize;
use assay_protocol::units::ether;
use rand::{rngs::StdRng, seq::SliceRandom, SeedableRng};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// Images of each round, and how many of its predictions may be contested.
const PREDICTIONS: usize = 48;
const CAP: u32 = 4;
const PRICE: u128 = 5_000_000_000_000_000;
const DEPOSIT: u128 = 40_000_000_000_000_000;
/// Gas of one attempt: far more than an honest answer takes.
const GAS: u64 = 5_000_000;

/// What the demo showed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    honest: Document<Shown>,
    cheater: Document<Shown>,
    images_per_second: f64,
    /// Of the cheaper model's predictions, those that the registered one gives too.
    cheaper_agrees: usize,
    false_proofs: Vec<Attempt>,
    parties: Vec<Party>,
    steps: Ledger,
    seconds: f64,
}

impl Story for Summary {
    fn check(&self) -> eyre::Result<()> {
        eyre::ensure!(
            self.honest.outcome == "Upheld" && self.cheater.outcome == "Fault",
            "the rounds ended as {} and {}, expected Upheld and Fault",
            self.honest.outcome,
            self.cheater.outcome
        );
        require_refused(&self.false_proofs)?;
        require_right(&self.parties)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.honest)?;
        writeln!(f, "{}\n", self.cheater)?;
        writeln!(f, "{}", money_table(&self.parties))?;
        writeln!(f, "{}", gas_table(&self.steps))?;
        for a in &self.false_proofs {
            let end = if a.refused { "refused on chain" } else { "ACCEPTED" };
            writeln!(f, "{}: {end}", a.what)?;
        }
        writeln!(
            f,
            "predictions {:.0} a second; the cheaper model agrees on {} of {PREDICTIONS}, and {} of those it was contested on \
             could not be proven",
            self.images_per_second,
            self.cheaper_agrees,
            self.cheater.contested - self.cheater.proven
        )?;
        writeln!(
            f,
            "the cheater's deposit of {} went to the consumer",
            ether(U256::from(self.cheater.provider_deposit_wei))
        )?;
        writeln!(f, "{:.0} s in all", self.seconds)
    }
}

/// Both parties at the prediction market.
struct Table {
    mp: PayingDesk<Rounds>,
    mc: PayingDesk<Rounds>,
    stranger: Desk<Rounds>,
}

impl Table {
    async fn of(s: &Stage) -> eyre::Result<Self> {
        let market = Rounds::of(s.market.clone()).await?;
        let site = |desk: &Desk| Site::clone(desk).at(market.clone());
        Ok(Self {
            mp: PayingDesk::new(site(&s.mp), s.mp.account.clone()).await?,
            mc: PayingDesk::new(site(&s.mc), s.mc.account.clone()).await?,
            stranger: Desk::new(site(&s.stranger), s.stranger.account.clone()),
        })
    }
}

pub(super) async fn play(mut s: Stage) -> eyre::Result<Played<Summary>> {
    let t = Table::of(&s).await?;
    let (first, second, labels) = prepare(&s)?;

    s.note(format_args!(
        "4. the consumer checks the verifier and offers a private round of {PREDICTIONS} digits"
    ));
    let record = s.market.model(s.model.model_id).await?.record;
    s.trust().require(&s.chain, &record, &s.mc.report).await?;
    let honest = offer(&mut s, &t, &first, Privacy::PRIVATE).await?;

    s.note(
        "5. the provider checks the inputs, predicts, and locks with a root of the outputs; then it hands them over",
    );
    let exchange = Delivery::at(s.path("handed-over"), honest);
    send_inputs(&t.mc, honest, None, &exchange).await?;
    let policy = ServePolicy {
        consumers: vec![t.mc.address()],
        ..ServePolicy::default()
    };
    let served = serve(&t.mp, honest, &s.prover, &policy, &exchange).await?;
    s.note(format_args!(
        "   {}",
        served.to_string().lines().nth(1).unwrap_or_default()
    ));
    s.ledger.add("serve", PROVIDER, &served.sent);
    let images_per_second = served.images_per_second.unwrap_or_default();
    send_outputs(&t.mp, honest, &exchange).await?;

    s.note("6. the consumer checks every opening and contests a prediction that it draws; the provider proves it");
    check(&t.mc, honest, Some(&exchange), None, None).await?;
    let contested = contest(&t.mc, honest, &Choice::Random(1)).await?;
    for sent in &contested.sent {
        s.ledger.add("contest 1 prediction", CONSUMER, sent);
    }
    prove(&t.mp, honest, &s.prover, None, || false).await?;
    let answered = answer(&t.mp, honest).await?;
    for batch in &answered.batches {
        s.ledger.add("answer 1 contest", PROVIDER, &batch.sent);
    }
    if let Some(sent) = t.mc.play(honest, &CONFIRM).await?.sent() {
        s.ledger.add("confirm", CONSUMER, &sent);
    }

    s.note(
        "7. a public round, for which the provider serves a nearest-mean classifier instead of the registered network",
    );
    let cheater = offer(&mut s, &t, &second, Privacy::PUBLIC).await?;
    let exchange = Delivery::at(s.path("handed-over-again"), cheater);
    send_inputs(&t.mc, cheater, None, &exchange).await?;
    let (cheaper, agrees) = cheaper_outputs(&s, &second)?;
    let served = serve_as(&t.mp, cheater, &s.prover, &policy, &exchange, |index, _| {
        Ok(cheaper[index])
    })
    .await?;
    s.ledger.add("serve a cheaper model", PROVIDER, &served.sent);
    for sent in &publish(&t.mp, cheater).await?.sent {
        s.ledger.add(format!("publish {PREDICTIONS} outputs"), PROVIDER, sent);
    }

    s.note("8. the consumer knows some of its digits, and contests what is wrong about them");
    check(&t.mc, cheater, None, None, None).await?;
    let wrong = cheaper.iter().zip(&labels).zip(0u32..);
    let wrong: BTreeSet<u32> = wrong
        .filter(|((output, label), _)| **output != U256::from(**label))
        .map(|(_, index)| index)
        .take(CAP as usize)
        .collect();
    eyre::ensure!(
        !wrong.is_empty(),
        "the cheaper model is right about every digit: another --seed shows more"
    );
    for sent in &contest(&t.mc, cheater, &Choice::Indices(wrong.clone())).await?.sent {
        s.ledger
            .add(format!("contest {} predictions", wrong.len()), CONSUMER, sent);
    }

    s.note("9. the provider has no proof; one of another round is refused, and when its time is over anybody closes the round");
    let stolen = contested.positions.first().copied().unwrap_or_default();
    let target = wrong.first().copied().unwrap_or_default();
    let attempt = attempt(&t, honest, stolen, cheater, target).await?;
    s.note(format_args!("   {}: {}", attempt.what, attempt.answer));
    s.ledger
        .add(format!("{} (reverts)", attempt.what), PROVIDER, &attempt.sent);
    pass(&s.chain, &t.mc.market, cheater).await?;
    if let Some(sent) = close(&t.stranger, cheater).await?.sent {
        s.ledger.add("close the round", STRANGER, &sent);
    }
    for (who, desk) in [(PROVIDER, &t.mp), (CONSUMER, &t.mc)] {
        for w in &withdraw(desk, desk.address()).await?.withdrawals {
            s.ledger.add("withdraw", who, &w.sent);
        }
    }
    let trust = s.trust();
    let rounds = [
        show(&t.stranger, honest, &trust, Which::Newest).await?,
        show(&t.stranger, cheater, &trust, Which::Newest).await?,
    ];
    let parties = settle(&s, &t, &rounds).await?;
    let ids = vec![honest, cheater];
    let [honest, cheater] = rounds;
    let (seconds, market) = (s.began.elapsed().as_secs_f64(), t.mp.market.address);
    Ok(s.over(Kind::Round, ids, market, |steps, _| Summary {
        honest,
        cheater,
        images_per_second,
        cheaper_agrees: agrees,
        false_proofs: vec![attempt],
        parties,
        steps,
        seconds,
    }))
}

/// Every balance against what the protocol says.
async fn settle(s: &Stage, t: &Table, rounds: &[Document<Shown>; 2]) -> eyre::Result<Vec<Party>> {
    let wei = |amount: U256| I256::from_raw(amount);
    let small = |amount: u128| I256::from_raw(U256::from(amount));
    let (stake, fee) = (small(s.model.stake_wei), small(t.mp.market.params.fee));
    let [honest, cheater] = rounds;
    let proven = small(2 * u128::from(honest.contested) * t.mp.market.params.priceProof);
    let won = small(honest.price_wei) + proven + small(honest.contest_fees_wei);
    let lost = small(cheater.provider_deposit_wei);
    let strike = wei(U256::from(s.chain.view(s.market.registry, &strikeCall {}).await?));
    let two = I256::try_from(2)?;
    let [mp, mc, stranger] = s.starts;
    // The contracts began empty.
    let sides = [
        (PROVIDER, t.mp.address(), mp, won - lost - two * fee - stake),
        (CONSUMER, t.mc.address(), mc, lost - won - two * fee),
        (STRANGER, t.stranger.address(), stranger, I256::ZERO),
        ("market", t.mp.market.address, U256::ZERO, two * two * fee),
        ("registry", s.market.registry, U256::ZERO, stake),
    ];
    let mut parties = Vec::new();
    for (name, address, start, expected) in sides {
        parties.push(s.ledger.settle(&s.chain, name, address, start, expected).await?);
    }
    let treasury = creditCall {
        account: t.mp.market.params.treasury,
    };
    let owed = s.chain.view(s.market.registry, &treasury).await?;
    eyre::ensure!(
        wei(owed) == strike,
        "the treasury is owed {owed} wei by the registry, not one strike"
    );
    Ok(parties)
}

/// Lets the time for answers pass.
async fn pass(chain: &Chain, market: &Rounds, id: B256) -> eyre::Result<()> {
    let seconds = market.newest(id).await?.answerBy.saturating_sub(chain.now().await?) + 1;
    mine_after(chain, seconds).await
}

/// The inputs of both rounds, and what the digits of the second are.
fn prepare(s: &Stage) -> eyre::Result<(Inputs, Inputs, Vec<u32>)> {
    let mut images = labelled_images(&digits()?.join("heldout"))?;
    images.shuffle(&mut StdRng::seed_from_u64(7));
    let size = size(s);
    let build = |name: &str, some: &[(std::path::PathBuf, u32)]| -> eyre::Result<Inputs> {
        let images = some.iter().map(|(path, _)| read_image(path, size));
        inputs::build(
            &images.collect::<eyre::Result<Vec<_>>>()?,
            size,
            Salts::Secret,
            &s.path(name),
        )
    };
    eyre::ensure!(images.len() >= 2 * PREDICTIONS, "there are too few digits");
    let (first, second) = (&images[..PREDICTIONS], &images[PREDICTIONS..2 * PREDICTIONS]);
    let labels = second.iter().map(|(_, label)| *label).collect();
    Ok((build("first.inputs", first)?, build("second.inputs", second)?, labels))
}

fn size(s: &Stage) -> ImageSize {
    let shape = s.prover.frozen.architecture.input;
    ImageSize {
        height: shape.h as u32,
        width: shape.w as u32,
    }
}

async fn offer(s: &mut Stage, t: &Table, inputs: &Inputs, privacy: Privacy) -> eyre::Result<B256> {
    let ask = Ask {
        model_id: s.model.model_id,
        contest_cap: CAP,
        deposit: Some(DEPOSIT),
        price: PRICE,
        privacy,
        expires_in: None,
    };
    let opened = open(&t.mc, inputs, ask).await?;
    s.ledger.add("open a round", CONSUMER, &opened.sent);
    Ok(opened.id)
}

/// What a nearest-mean classifier says, learnt from the calibration images; and on how many of them the registered model
/// agrees.
fn cheaper_outputs(s: &Stage, inputs: &Inputs) -> eyre::Result<(Vec<U256>, usize)> {
    let means = Means::of(&digits()?.join("calibration"), size(s))?;
    let pairs = inputs.each(
        |_| (),
        |_, input| Ok((means.nearest(&input.image), s.prover.output_of(&input.image)?)),
    )?;
    let agrees = pairs.iter().filter(|(cheap, true_one)| cheap == true_one).count();
    Ok((pairs.into_iter().map(|(cheap, _)| cheap).collect(), agrees))
}

/// The mean image of each digit.
struct Means(Vec<(u32, Vec<f64>)>);

impl Means {
    fn of(dir: &Path, size: ImageSize) -> eyre::Result<Self> {
        let mut sums: Vec<(u32, Vec<f64>)> = Vec::new();
        let images = labelled_images(dir)?;
        for (path, label) in &images {
            let image = read_image(path, size)?;
            let at = match sums.iter().position(|(of, _)| of == label) {
                Some(at) => at,
                None => {
                    sums.push((*label, vec![0.0; image.len()]));
                    sums.len() - 1
                }
            };
            let of_label = images.iter().filter(|(_, other)| other == label).count() as f64;
            for (sum, pixel) in sums[at].1.iter_mut().zip(image) {
                *sum += f64::from(pixel) / of_label;
            }
        }
        Ok(Self(sums))
    }

    fn nearest(&self, image: &[u8]) -> U256 {
        let distance = |mean: &[f64]| -> f64 { mean.iter().zip(image).map(|(m, x)| (m - f64::from(*x)).powi(2)).sum() };
        let nearest = self
            .0
            .iter()
            .min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
        U256::from(nearest.map_or(0, |(label, _)| *label))
    }
}

/// The proof of a prediction of one round, sent for a prediction of another.
async fn attempt(t: &Table, from: B256, stolen: u32, id: B256, target: u32) -> eyre::Result<Attempt> {
    let proof = bundle::load(&proof_path(&t.mp, from, stolen as usize))?;
    let round = t.mp.market.newest(id).await?;
    let group = Openings::new(&t.mp, id, &round)?.group(target, proof.proof().to_vec().into())?;
    let call = t.mp.market.call(&answerCall {
        id,
        groups: vec![group],
    });
    let before = round.proven;
    let simulated = t.mp.account.try_dry_run(&call).await?;
    let receipt = t.mp.account.send_regardless(&call, GAS).await?;
    let after = t.mp.market.newest(id).await?.proven;
    let (rejected, answer) = match &simulated {
        Ok(_) => (false, "the call succeeds".to_owned()),
        Err(data) => (revert::is::<ProofRejected>(data), revert::explain(data).to_string()),
    };
    Ok(Attempt {
        what: "a proof of another round",
        refused: rejected && !receipt.status() && before == after,
        answer,
        sent: Sent::from(&receipt),
    })
}
