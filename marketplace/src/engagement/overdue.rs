//! What anybody may close once its window has passed.

use crate::engagement::ended::Ended;
use crate::engagement::Desk;
use alloy::primitives::{Address, B256};
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

    /// The call by which `caller` ends it now, or the first thing in it whose time has passed, and the step that the journal calls it.
    ///
    /// # Errors
    /// If its time has not come.
    fn due(
        &self,
        id: B256,
        view: &Self::View,
        caller: Address,
    ) -> impl Future<Output = eyre::Result<(String, Call)>> + Send;
}

/// Closes what is overdue, or what nothing more can happen to, and first what is overdue in it; does nothing if it is closed.
///
/// # Errors
/// If its time has not come.
pub async fn close<V: Overdue>(desk: &Desk<V>, id: B256) -> eyre::Result<Ended> {
    let (mut closing, mut sent) = (None, None);
    loop {
        let view = desk.market.newest(id).await?;
        if V::is_done(&view) {
            return Ok(Ended::new(id, &view, closing.as_ref()));
        }
        let (step, call) = match desk.market.due(id, &view, desk.account.address()).await {
            // The rest has its own time.
            Err(error) if sent.is_some() && Kind::Early.is_of(&error) => {
                return Ok(Ended::new(id, &view, closing.as_ref()))
            }
            due => due?,
        };
        // The node does not show yet what it did.
        if sent.as_ref() == Some(&step) {
            return Ok(Ended::new(id, &view, closing.as_ref()));
        }
        let mut journal = desk.journal(id)?;
        let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
        if !view.is_closed() {
            closing = Some(receipt);
        }
        sent = Some(step);
    }
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
