//! Shows that a delivery is bad.

use crate::audit::requester::parcel::Shipment;
use crate::engagement::play::{require_party, require_time_of};
use crate::engagement::{Desk, Ended};
use alloy::primitives::{B256, U256};
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::venue::Venue;
use assay_protocol::abi::IRetrievalMarket::proveBadDataCall;
use assay_protocol::abi::{DemandState, TransferEvidence};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::transfer::open::Opened;

/// Opens the delivery of a demand and sends the evidence if it is bad, which ends the audit as a Violation.
///
/// # Errors
/// If nothing is wrong with it, or the evidence comes too late.
pub async fn dispute(desk: &Desk<Audits>, id: B256, m: u32) -> eyre::Result<Ended> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Consumer)?;
    let mut journal = desk.journal(id)?;
    let step = format!("dispute-{m}");
    let receipt = match desk.account.resume(&mut journal, &step, &desk.report).await? {
        Some(receipt) => receipt,
        None => {
            let shipment = Shipment::load(desk, &journal, id, &audit, m).await?;
            // The secret goes to the node with the first try: not before it can be used.
            if shipment.view.state != DemandState::Acked {
                return Err(hinted(
                    format!(
                        "demand {m} is {:?}: only what was acknowledged or published can be disputed",
                        shipment.view.state
                    ),
                    format!("assay audit ack {id} --demand {m}"),
                ));
            }
            require_time_of(&desk.market, shipment.view.deadline).await?;
            let evidence = match shipment.open(desk, &journal, id, &audit).await? {
                Opened::Faulty(evidence) => evidence,
                Opened::Good(documents) => {
                    return Err(hinted(
                        format!(
                            "nothing is wrong with the delivery of demand {m}: each of {} documents opens its leaf",
                            documents.len()
                        ),
                        format!("agree to it: assay audit confirm {id}"),
                    ))
                }
            };
            desk.report.warn(format_args!(
                "the delivery is bad: {evidence}; from here on everybody who has its ciphertext can read it"
            ));
            let secret = shipment.pair.reveal(id, m.into(), &shipment.view.ephemeral)?;
            let call = proveBadDataCall {
                id,
                m: U256::from(m),
                indices: shipment.indices,
                slot: U256::from(evidence.position),
                secret,
                evidence: TransferEvidence::from(&*evidence),
            };
            let call = desk.market.call(&call);
            desk.account.send(&mut journal, &step, &call, &desk.report).await?
        }
    };
    let after = desk.market.newest(id).await?;
    Ok(Ended::new(id, &after, Some(&receipt)))
}
