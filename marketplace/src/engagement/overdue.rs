//! What anybody may close once its window has passed.

use crate::engagement::ended::Ended;
use crate::engagement::Desk;
use alloy::primitives::{Address, B256};
use alloy::rpc::types::TransactionReceipt;
use assay_chain::client::Call;
use assay_chain::error::{Error, Kind};
use assay_chain::venue::{Venue, View};
use assay_protocol::units::utc;
use std::fmt::Display;
use std::future::Future;

/// A market in which time closes what its parties leave open.
pub trait Overdue: Venue {
    /// Whether nothing of it holds money any more.
    fn is_done(view: &Self::View) -> bool {
        view.is_closed()
    }

    /// The call by which `caller` ends it now, or those by which it first ends what in it is overdue, each with the step that the
    /// journal calls it; one at least.
    ///
    /// # Errors
    /// If its time has not come.
    fn due(
        &self,
        id: B256,
        view: &Self::View,
        caller: Address,
    ) -> impl Future<Output = eyre::Result<Vec<(String, Call)>>> + Send;
}

/// Closes what is overdue, or what nothing more can happen to, and first what is overdue in it; does nothing if it is closed.
///
/// # Errors
/// If its time has not come.
pub async fn close<V: Overdue>(desk: &Desk<V>, id: B256) -> eyre::Result<Ended> {
    let (mut closing, mut sent) = (None, Vec::new());
    loop {
        let view = desk.market.newest(id).await?;
        if V::is_done(&view) {
            return Ok(Ended::new(id, &view, closing.as_ref()));
        }
        let calls = match desk.market.due(id, &view, desk.account.address()).await {
            // The rest has its own time.
            Err(error) if !sent.is_empty() && Kind::Early.is_of(&error) => {
                return Ok(Ended::new(id, &view, closing.as_ref()))
            }
            due => due?,
        };
        // The node does not show yet what it did.
        let steps: Vec<String> = calls.iter().map(|(step, _)| step.clone()).collect();
        if sent == steps {
            return Ok(Ended::new(id, &view, closing.as_ref()));
        }
        let receipt = send_due(desk, id, calls).await?;
        if !view.is_closed() {
            closing = receipt;
        }
        sent = steps;
    }
}

/// Sends calls that are due; the receipt of the one that closed it, else of the last one.
///
/// # Errors
/// The first one, when all were tried.
async fn send_due<V: Overdue>(
    desk: &Desk<V>,
    id: B256,
    calls: Vec<(String, Call)>,
) -> eyre::Result<Option<TransactionReceipt>> {
    let mut journal = desk.journal(id)?;
    let ended = desk.account.send_all(&mut journal, calls, &desk.report).await;
    let receipts = ended.into_iter().collect::<eyre::Result<Vec<_>>>()?;
    Ok(closing::<V::View>(&receipts, id).cloned())
}

/// The receipt of the transaction that closed it, else of the last one.
pub(crate) fn closing<W: View>(receipts: &[TransactionReceipt], id: B256) -> Option<&TransactionReceipt> {
    let closes = |receipt: &&TransactionReceipt| W::credited(receipt, id).is_some();
    receipts.iter().find(closes).or(receipts.last())
}

/// # Errors
/// [`Kind::Early`] unless the window that ends with this second is over.
pub(crate) fn require_over<W: View>(id: B256, deadline: u64, now: u64) -> eyre::Result<()> {
    match now > deadline {
        true => Ok(()),
        false => Err(early(format!("the window of {} {id}", W::THING), deadline, now)),
    }
}

/// That something runs until this second, and how long that still is.
pub(crate) fn early(what: impl Display, deadline: u64, now: u64) -> eyre::Report {
    Error::new(Kind::Early, format!("{what} runs until {}", utc(deadline)))
        .hint(format!("try again in {} s", deadline.saturating_sub(now) + 1))
        .into()
}
