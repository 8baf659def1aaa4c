//! The stake of a model, and its transport key.

use crate::engagement::{Desk, PayingDesk, Sent, Site};
use crate::transport;
use alloy::primitives::{B256, U256};
use assay_chain::account::Account;
use assay_chain::client::Call;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_protocol::abi::IModelRegistry::{cancelExitCall, exitCall, requestExitCall, setTransportKeyCall, topUpCall};
use assay_protocol::abi::{ModelStatus, ModelView};
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::path::Path;

/// The model after the call.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Staked {
    /// What the stake is on.
    pub model_id: B256,
    /// As the contract names it.
    pub status: String,
    /// At stake now.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub stake_wei: u128,
    /// While unbonding, the last second before the stake may be taken out, Unix seconds; else 0.
    pub unlock_at: u64,
    /// X25519 public key that consumers encrypt to.
    pub transport_pub_key: B256,
    /// Absent if nothing was left to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl Staked {
    async fn read(site: &Site, model_id: B256, sent: Option<Sent>) -> eyre::Result<Self> {
        let model = site.market.model(model_id).await?;
        Ok(Self {
            model_id,
            status: format!("{:?}", model.status),
            stake_wei: model.stake,
            unlock_at: model.unlockAt,
            transport_pub_key: model.transportPubKey,
            sent,
        })
    }
}

impl std::fmt::Display for Staked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "model {} is {}, stake {}",
            self.model_id,
            self.status,
            ether(U256::from(self.stake_wei))
        )?;
        if self.unlock_at > 0 {
            write!(f, "\nunlocks {}: run this again then", utc(self.unlock_at))?;
        }
        Ok(())
    }
}

/// Adds to a model's stake.
pub async fn add(desk: &PayingDesk, model_id: B256, amount_wei: u128) -> eyre::Result<Staked> {
    if amount_wei == 0 {
        return Staked::read(desk, model_id, None).await;
    }
    let call = desk.paying_registry(&topUpCall { modelId: model_id }, amount_wei);
    act(desk, model_id, "topup", &call).await
}

/// Whether leaving starts the unbonding delay: from then on the model can accept no offer.
pub fn begins_exit(model: &ModelView, cancel: bool) -> bool {
    !cancel && !matches!(model.status, ModelStatus::Unbonding | ModelStatus::Closed)
}

/// The next step on the way out of a model as it was read: asks for the stake, then takes it; or goes back, with `cancel`.
///
/// # Errors
/// Before the unbonding delay is over, or if the chain has another state by then.
pub async fn leave(desk: &Desk, id: B256, model: &ModelView, cancel: bool) -> eyre::Result<Staked> {
    require_owner(model, &desk.account)?;
    let (step, call) = match (model.status, cancel) {
        (ModelStatus::Unbonding, true) => ("cancelExit", desk.market.registry_call(&cancelExitCall { modelId: id })),
        (_, true) | (ModelStatus::Closed, false) => return Staked::read(desk, id, None).await,
        (ModelStatus::Unbonding, false) => {
            let now = desk.market.chain.now().await?;
            if now <= model.unlockAt {
                return Err(hinted(
                    format!("the stake of model {id} unlocks {}", utc(model.unlockAt)),
                    format!("try again in {} s", model.unlockAt - now + 1),
                ));
            }
            ("exit", desk.market.registry_call(&exitCall { modelId: id }))
        }
        (_, false) => (
            "requestExit",
            desk.market.registry_call(&requestExitCall { modelId: id }),
        ),
    };
    act(desk, id, step, &call).await
}

/// Registers the public half of the key in `file`, which is made if it is not there.
pub async fn set_transport_key(desk: &Desk, model_id: B256, file: &Path) -> eyre::Result<Staked> {
    let model = desk.market.model(model_id).await?;
    require_owner(&model, &desk.account)?;
    let key = transport::public_key(file)?;
    if model.transportPubKey == key {
        return Staked::read(desk, model_id, None).await;
    }
    let call = desk.market.registry_call(&setTransportKeyCall {
        modelId: model_id,
        transportPubKey: key,
    });
    act(desk, model_id, "transportKey", &call).await
}

/// # Errors
/// Unless `account` registered the model; names both.
pub fn require_owner(model: &ModelView, account: &Account) -> eyre::Result<()> {
    if model.record.mp == account.address() {
        return Ok(());
    }
    Err(usage(format!(
        "the model belongs to {}, the key is of {}",
        model.record.mp,
        account.address()
    )))
}

/// Sends a step of a model's life. These repeat, so each is named after the account's nonce.
async fn act(desk: &Desk, model_id: B256, step: &str, call: &Call) -> eyre::Result<Staked> {
    let mut journal = Journal::open(&desk.home.model(&desk.market.chain, model_id))?;
    let step = format!(
        "{step}-{}",
        desk.market.chain.provider_nonce(desk.account.address()).await?
    );
    let receipt = desk.account.send(&mut journal, &step, call, &desk.report).await?;
    Staked::read(desk, model_id, Some(Sent::from(&receipt))).await
}
