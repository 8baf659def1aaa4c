//! What a consumer knows about an engagement, and how it acts.

use super::decide::{Action, Facts, Judgement};
use super::provider::{CLEAR_SET, SETTLED};
use super::Desk;
use crate::chain::bindings::{EngagementView, Mode, State};
use crate::cmd::engagement_journal;
use crate::cmd::mc::result::{
    accept_result, challenge_positions, demand, reclaim_bonds, verify_result, PublicModelArgs,
};
use crate::cmd::mc::send::{send, send_leaves, LEAVES_DELIVERED};
use crate::cmd::mc::transfer::{self, publish_chunks, reveal, DELIVERED};
use crate::cmd::mp::transfer::fetched_files;
use crate::cmd::timeout::timeout;
use crate::cmd::withdraw::withdraw;
use crate::delivery::MAX_PROOF_BYTES;
use crate::serve::blob::Kind;
use alloy::primitives::{Address, B256};
use assay_prover::proof::VerifierKey;
use clap::ValueEnum;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What to do about claims that are not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Objection {
    /// Challenge them, at one bond each
    Challenge,
    /// Demand as many proofs on chain as the target needs, at half a bond each
    DemandFull,
    /// Only say so
    None,
}

/// What the consumer was told.
#[derive(Debug)]
pub struct Orders {
    /// The model whose proofs are checked; without it results are left alone.
    pub model: Option<PublicModelArgs>,
    pub objection: Objection,
    /// Bonds to risk on one engagement at one time.
    pub max_challenges: usize,
    /// Put the ciphertext on chain if it is not acknowledged.
    pub publishes: bool,
    pub withdraw_to: Address,
}

#[derive(Debug)]
pub struct Consumer {
    orders: Orders,
    /// Loaded when first needed.
    key: Option<Arc<VerifierKey>>,
    good: BTreeSet<B256>,
    /// Results with unproven claims, and how many proofs were there then.
    doubtful: BTreeMap<B256, usize>,
}

impl Consumer {
    pub fn new(orders: Orders) -> Self {
        Self {
            orders,
            key: None,
            good: BTreeSet::new(),
            doubtful: BTreeMap::new(),
        }
    }

    fn key(&mut self, desk: &Desk, model: &PublicModelArgs) -> eyre::Result<Arc<VerifierKey>> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        let key = Arc::new(model.key(&desk.ctx)?);
        self.key = Some(key.clone());
        Ok(key)
    }

    pub(super) async fn facts(&mut self, desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<Facts> {
        let owed = match e.state {
            State::Offered => LEAVES_DELIVERED,
            _ => DELIVERED,
        };
        Ok(Facts {
            handed_over: desk.fact::<Value>(id, owed)?.is_some(),
            challenge: desk.first_challenge(id, e).await?,
            judgement: self.judgement(desk, id, e).await?,
            publishes: self.orders.publishes,
            checks: self.orders.model.is_some(),
            objects: self.orders.objection != Objection::None,
            is_settled: desk.fact::<bool>(id, SETTLED)?.unwrap_or(false),
            ..Facts::default()
        })
    }

    async fn judgement(&self, desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<Judgement> {
        if self.good.contains(&id) {
            return Ok(Judgement::Good);
        }
        Ok(match self.doubtful.get(&id).filter(|_| e.state == State::Claimed) {
            // Proofs that came since may have changed it.
            Some(then) if *then == proofs_there(desk, id, e).await? => Judgement::Doubtful,
            _ => Judgement::Unknown,
        })
    }

    pub(super) async fn act(
        &mut self,
        desk: &Desk,
        id: B256,
        e: &EngagementView,
        action: Action,
    ) -> eyre::Result<Value> {
        let (ctx, market, account) = (&desk.ctx, &desk.market, &desk.account);
        let done = match action {
            Action::Send if e.mode == Mode::CLEAR => {
                let dir = desk.exchange.of_engagement(id);
                json!(send(ctx, market, id, None, &dir.directory()?.join(CLEAR_SET)).await?)
            }
            Action::Send => {
                let to = desk.delivery(id, e.mp)?;
                match e.state {
                    State::Offered => json!(send_leaves(ctx, market, id, None, &to).await?),
                    _ => json!(transfer::send(ctx, market, account, id, None, &to).await?),
                }
            }
            Action::Publish => json!(publish_chunks(ctx, market, account, id).await?),
            Action::Reveal => json!(reveal(ctx, market, account, id).await?),
            Action::Check => {
                let there = proofs_there(desk, id, e).await?;
                let (claimed, unproven) = self.unproven(desk, id, e).await?;
                if unproven.is_empty() {
                    self.good.insert(id);
                } else {
                    self.doubtful.insert(id, there);
                }
                json!({ "claimed": claimed, "unproven": unproven })
            }
            Action::AcceptResult => json!(accept_result(ctx, market, account, id).await?),
            Action::Object => {
                let (_, mut unproven) = self.unproven(desk, id, e).await?;
                match self.orders.objection {
                    _ if unproven.is_empty() => {
                        self.good.insert(id);
                        json!({ "unproven": unproven })
                    }
                    Objection::Challenge => {
                        unproven.truncate(self.orders.max_challenges);
                        json!(challenge_positions(ctx, market, account, id, &unproven).await?)
                    }
                    Objection::DemandFull => json!(demand(ctx, market, account, id).await?),
                    Objection::None => Value::Null,
                }
            }
            Action::Timeout => json!(timeout(ctx, market, account, id).await?),
            Action::Settle => {
                let bonds = reclaim_bonds(ctx, market, account, id).await?;
                let withdrawn = withdraw(ctx, market, account, self.orders.withdraw_to).await?;
                engagement_journal(ctx, &market.chain, id)?.set_fact(SETTLED, &true)?;
                json!({ "bonds": bonds.positions, "withdrawals": withdrawn.withdrawals })
            }
            _ => Value::Null,
        };
        Ok(done)
    }

    /// How many positions are claimed, and which of them are proven neither here nor on chain.
    async fn unproven(&mut self, desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<(u32, Vec<u32>)> {
        let model = self.orders.model.clone();
        let model = model.ok_or_else(|| eyre::eyre!("no model to check proofs with"))?;
        let key = self.key(desk, &model)?;
        let proofs = desk.delivery(id, e.mp)?;
        let verified = verify_result(&desk.ctx, &desk.market, id, None, &proofs, &key).await?;
        let unproven = verified.unproven.iter().map(|claim| claim.position as u32).collect();
        Ok((verified.claimed, unproven))
    }
}

async fn proofs_there(desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<usize> {
    let into = fetched_files(&desk.ctx, &desk.market, id).join("proofs");
    let files = desk
        .delivery(id, e.mp)?
        .get(Kind::Proofs, &into, MAX_PROOF_BYTES, &desk.ctx.out)
        .await?;
    Ok(files.len())
}
