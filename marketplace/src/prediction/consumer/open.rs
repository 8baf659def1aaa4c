//! Offers a round and escrows its money.

use crate::engagement::{PayingDesk, Sent};
use crate::inputs::Inputs;
use crate::prediction::facts::{INPUTS, ROUND_OFFER};
use crate::prediction::words::privacy_words;
use crate::proving::{input_words, WORDS_PER_HASH};
use alloy::primitives::{Bytes, B256, U256};
use alloy::sol_types::SolCall;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_chain::rounds::Rounds;
use assay_chain::venue::Venue;
use assay_protocol::abi::IPredictionMarket::{openCall, RoundOffered};
use assay_protocol::abi::{ModelStatus, Privacy, RoundOutcome, RoundState, RoundTerms};
use assay_protocol::prediction::amounts::Stakes;
use assay_protocol::prediction::inputs::input_tree;
use assay_protocol::prediction::{MAX_PREDICTIONS, MAX_PRIVATE};
use assay_protocol::units::{ether, utc};
use serde::Serialize;

/// What an offer asks for, besides the inputs.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// Whose predictions.
    pub model_id: B256,
    /// C: the most that may be contested.
    pub contest_cap: u32,
    /// M, wei: twice the price of a proof for each that may be contested, if not given.
    pub deposit: Option<u128>,
    /// π, wei.
    pub price: u128,
    /// Who reads the outputs.
    pub privacy: Privacy,
    /// Seconds: the market's accept window, if not given; more does not count.
    pub expires_in: Option<u64>,
}

impl Ask {
    /// What was signed before must be what is asked now.
    fn require_same(&self, terms: &RoundTerms) -> eyre::Result<()> {
        let asked = (self.model_id, self.contest_cap, self.price, self.privacy);
        let is_same = asked == (terms.modelId, terms.contestCap, terms.price, terms.privacy)
            && self.deposit.is_none_or(|deposit| deposit == terms.mpDeposit);
        if is_same {
            return Ok(());
        }
        Err(hinted(
            format!(
                "these inputs were offered before, to other terms: model {}, {}, {} for them, up to {} contested, {} of the provider's",
                terms.modelId,
                privacy_words(terms.privacy),
                ether(U256::from(terms.price)),
                terms.contestCap,
                ether(U256::from(terms.mpDeposit))
            ),
            "repeat it with those terms, or make the inputs again: new salts make another root, of public inputs another order or number",
        ))
    }
}

/// The result of an offer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundOpened {
    /// Of the round.
    pub id: B256,
    /// Whose predictions.
    pub model_id: B256,
    /// Commits to the inputs.
    pub input_root: B256,
    /// Covers all terms and the market's parameters; the provider serves by it.
    pub offer_hash: B256,
    /// K.
    pub predictions: u32,
    /// C.
    pub contest_cap: u32,
    /// Who reads the outputs.
    pub privacy: &'static str,
    /// M.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub provider_deposit_wei: u128,
    /// Deposit, price, fee and quiet bond.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub escrow_wei: U256,
    /// Last second in which the provider may serve, Unix seconds.
    pub expiry: u64,
    /// The transaction that made the offer, now or before.
    pub sent: Sent,
}

impl std::fmt::Display for RoundOpened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "round       {}", self.id)?;
        writeln!(
            f,
            "asks for    {} predictions, {}, up to {} contested",
            self.predictions, self.privacy, self.contest_cap
        )?;
        writeln!(f, "escrowed    {}", ether(self.escrow_wei))?;
        writeln!(f, "expires     {}", utc(self.expiry))?;
        write!(
            f,
            "next        hand the inputs over: assay predict send {} --to DIR|URL",
            self.id
        )
    }
}

/// Makes the offer once per root of inputs. The caller has judged the model's verifier.
///
/// # Errors
/// If the inputs are not the model's, or were offered before to other terms.
pub async fn open(desk: &PayingDesk<Rounds>, inputs: &Inputs, ask: Ask) -> eyre::Result<RoundOpened> {
    let market = &desk.market;
    let bar = desk.report.bar("committing to inputs", inputs.len() as u64);
    let commits = inputs.commits(|done| bar.set(done))?;
    drop(bar);
    let tree = input_tree(&commits).ok_or_else(|| eyre::eyre!("a round has 1 to {MAX_PREDICTIONS} inputs"))?;
    let predictions = u32::try_from(inputs.len())?;
    let mut journal = Journal::open(&desk.home.offer(&market.chain, market.address, tree.root()))?;
    let stakes = Stakes {
        proof: market.params.priceProof,
        contest_cap: ask.contest_cap,
        provider: ask.deposit.unwrap_or_default(),
        price: ask.price,
        fee: market.params.fee,
    };
    let base_fee = market.chain.base_fee_ahead().await?;
    let bond = market.quiet_bond(ask.privacy, predictions, base_fee).await?;
    let value = (stakes.consumer_entry() + U256::from(bond)).saturating_to();
    let is_asked = |call: &Bytes| ask.require_same(&openCall::abi_decode(call)?.terms);
    let resumed = desk
        .account
        .resume_with(&mut journal, "open", value, is_asked, &desk.report);
    if let Some(receipt) = resumed.await? {
        let offered = finish(desk, inputs, &receipt).await?;
        require_no_lapse(desk, &offered).await?;
        desk.report.note("these inputs were offered before; this is that offer");
        return Ok(offered);
    }
    let most = match ask.privacy {
        Privacy::PUBLIC => MAX_PREDICTIONS,
        _ => MAX_PRIVATE,
    };
    if inputs.len() > most {
        return Err(usage(format!(
            "a {} round has at most {most} predictions, not {predictions}: make several rounds of them",
            privacy_words(ask.privacy).to_lowercase()
        )));
    }
    if ask.contest_cap == 0 || ask.contest_cap > predictions {
        return Err(usage(format!(
            "--contest-cap {} is not 1 to {predictions}, the number of predictions",
            ask.contest_cap
        )));
    }
    let model = market.marketplace.model(ask.model_id).await?;
    if model.status != ModelStatus::Active {
        return Err(hinted(
            format!("the model is {:?}, not Active", model.status),
            "it serves no round now",
        ));
    }
    let words = input_words(inputs.image_len());
    eyre::ensure!(
        (words, WORDS_PER_HASH) == (model.record.inputWords, model.record.wordsPerHash),
        "the model takes inputs of {} words, {} per hash; these have {words}, {WORDS_PER_HASH} per hash",
        model.record.inputWords,
        model.record.wordsPerHash
    );
    let least = stakes.consumer().saturating_to();
    let deposit = ask.deposit.unwrap_or(least);
    if deposit < least {
        return Err(usage(format!(
            "the provider's deposit {} is below the least, {}: twice the price of a proof for each that may be contested",
            ether(U256::from(deposit)),
            ether(U256::from(least))
        )));
    }
    let accept = market.params.windows.accept;
    let terms = RoundTerms {
        modelId: ask.model_id,
        modelHash: model.modelHash,
        inputRoot: tree.root(),
        predictions,
        contestCap: ask.contest_cap,
        mpDeposit: deposit,
        price: ask.price,
        privacy: ask.privacy,
        expiry: market.chain.now().await? + ask.expires_in.unwrap_or(accept).min(accept),
    };
    journal.set_fact(&INPUTS, &inputs.path().canonicalize()?)?;
    let call = desk.paying(&openCall { terms }, value);
    let receipt = desk.account.send(&mut journal, "open", &call, &desk.report).await?;
    finish(desk, inputs, &receipt).await
}

/// Fails if nobody can serve the offer any more.
async fn require_no_lapse(desk: &PayingDesk<Rounds>, offered: &RoundOpened) -> eyre::Result<()> {
    let id = offered.id;
    let round = desk.market.newest(id).await?;
    let (lapsed, money) = match round.state {
        RoundState::Offered if desk.market.chain.now().await? > round.deadline => (
            format!("lapsed {}", utc(round.deadline)),
            format!("assay predict cancel {id} gives the money back; "),
        ),
        RoundState::Closed if round.outcome == RoundOutcome::Cancelled => {
            (format!("was cancelled {}", utc(round.closedAt)), String::new())
        }
        _ => return Ok(()),
    };
    Err(hinted(
        format!("these inputs were offered before, and that offer, round {id}, {lapsed}"),
        format!(
            "{money}to offer the images again make a new file of them, with secret salts: another --inputs, with --images; public \
             salts are the same again"
        ),
    ))
}

/// What the offer of this receipt is.
async fn finish(
    desk: &PayingDesk<Rounds>,
    inputs: &Inputs,
    receipt: &alloy::rpc::types::TransactionReceipt,
) -> eyre::Result<RoundOpened> {
    let event = receipt
        .logs()
        .iter()
        .filter(|log| log.address() == desk.market.address)
        .find_map(|log| log.log_decode::<RoundOffered>().ok());
    let event = event
        .ok_or_else(|| eyre::eyre!("transaction {} has no RoundOffered event", receipt.transaction_hash))?
        .inner
        .data;
    let terms = &event.terms;
    let mut journal = desk.journal(event.id)?;
    journal.set_fact(&INPUTS, &inputs.path().canonicalize()?)?;
    journal.set_fact(&ROUND_OFFER, &event.offerHash)?;
    let deposit = U256::from(2) * U256::from(terms.contestCap) * U256::from(desk.market.params.priceProof);
    Ok(RoundOpened {
        id: event.id,
        model_id: terms.modelId,
        input_root: terms.inputRoot,
        offer_hash: event.offerHash,
        predictions: terms.predictions,
        contest_cap: terms.contestCap,
        privacy: privacy_words(terms.privacy),
        provider_deposit_wei: terms.mpDeposit,
        escrow_wei: deposit
            + U256::from(terms.price)
            + U256::from(desk.market.params.fee)
            + U256::from(event.quietBond),
        expiry: terms.expiry,
        sent: Sent::from(receipt),
    })
}
