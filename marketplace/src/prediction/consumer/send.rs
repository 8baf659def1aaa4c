//! Hands the inputs of an offer over.

use crate::delivery::{Delivery, INPUTS_FILE};
use crate::engagement::Desk;
use crate::inputs::{require_root, Inputs};
use crate::prediction::delivered::Delivered;
use crate::prediction::facts::{INPUTS, INPUTS_DELIVERED};
use crate::revealed::Revealed;
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::rounds::Rounds;
use assay_chain::venue::{require_state, Venue};
use assay_durable::file::copy_atomic;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::RoundState;
use assay_protocol::testset::fingerprint;
use std::path::Path;

/// Hands the inputs over: from here on the provider has them, whether it serves or not.
///
/// # Errors
/// If the round is no offer any more, or the file does not hold its inputs.
pub async fn send_inputs(
    desk: &Desk<Rounds>,
    id: B256,
    given: Option<&Path>,
    to: &Delivery,
) -> eyre::Result<Delivered> {
    let round = desk.market.newest(id).await?;
    require_state(id, &round, &[RoundState::Offered])?;
    let mut journal = desk.journal(id)?;
    let inputs = offered_inputs(&journal, given)?;
    let bar = desk.report.bar("checking inputs", inputs.len() as u64);
    let commits = inputs.each(
        |done| bar.set(done),
        |_, input| Ok((input.commit(), fingerprint(&input.image))),
    )?;
    drop(bar);
    let (commits, images): (Vec<_>, Vec<_>) = commits.into_iter().unzip();
    require_root(&commits, round.inputRoot, inputs.path())?;
    // Before they go: a provider may train on what it has seen, so none of them is for a test set any more.
    Revealed::load(&desk.home)?.add(images)?;
    let file = desk.files(id).join(INPUTS_FILE);
    if inputs.path() != file {
        copy_atomic(inputs.path(), &file, true)?;
    }
    to.put(BlobKind::Inputs, &file, &desk.report).await?;
    journal.set_fact(&INPUTS_DELIVERED, &to.place().to_string())?;
    Ok(Delivered::new(id, "inputs", to, &round))
}

/// The inputs that were offered, from `given` or where they were then.
///
/// # Errors
/// If this program did not make the offer and is not told where they are.
pub fn offered_inputs(journal: &Journal, given: Option<&Path>) -> eyre::Result<Inputs> {
    let path = given.map(Path::to_owned).or(journal.fact(&INPUTS)?);
    let path = path.ok_or_else(|| {
        hinted(
            "this program did not make the offer, so it does not know the inputs",
            "use --inputs FILE",
        )
    })?;
    Inputs::open(&path)
}
