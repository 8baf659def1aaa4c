//! Documents that match, demanded and delivered.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::course::{require_deadline, require_in_time, require_past, Course, Demand, Moment};
use crate::audit::package::fault::{judge, Accused};
use crate::audit::package::refusal::{refused, require, require_same};
use alloy::primitives::{B256, U256};
use assay_protocol::abi::IRetrievalMarket::{
    proveBadDataCall, publishChunksCall, AuditBadData, Delivered, DemandAcked, DemandPublished, Demanded,
};
use assay_protocol::abi::{AuditState, DeliveryParams, DemandState, DemandView, Point};
use assay_protocol::retrieval::amounts::{chunks_fee, deliver_fee, demand_fee};
use assay_protocol::retrieval::delivery::{layout, Parcel, MAX_DEMANDED};
use assay_protocol::retrieval::group::Element;
use assay_protocol::retrieval::shared_key::stream_id;
use assay_protocol::retrieval::statement::list_hash;
use assay_protocol::retrieval::windows::{deliver_window, publish_window};
use assay_protocol::transfer::chunks::Chunks;
use assay_statement::field::Word;

pub(super) fn demanded(course: &mut Course, at: &Moment, event: Demanded) -> eyre::Result<()> {
    course.require_state("a demand", &[AuditState::Delivering])?;
    course.require_by("a demand", event.rq, course.view.rq)?;
    require_in_time("a demand", at, course.view.deadline)?;
    require_same("the number of the demand", event.m, U256::from(course.demands.len()))?;
    let count = event.indices.len();
    require(
        (1..=MAX_DEMANDED).contains(&count) && event.indices.is_sorted_by(|a, b| a < b),
        || format!("a demand for documents {:?}", event.indices),
    )?;
    for index in event.indices.iter().copied() {
        let is_match = course.sealed()?.answer(index as usize) == Some(true);
        require(is_match, || {
            format!("document {index} was demanded, but not answered with a match")
        })?;
        let is_kept = course.withheld.contains(&index) && !course.overruled.contains(&index);
        require(!is_kept, || format!("document {index} was demanded, but withheld"))?;
        require(course.demanded.insert(index), || {
            format!("document {index} was demanded twice")
        })?;
    }
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let (params, words) = (&course.known.params, course.view.inputWords);
    let fee = demand_fee(&params.delivery, count, words, at.base_fee);
    require_same("what a demand brought", event.paid, fee)?;
    let in_all = course.view.counts.demanded.saturating_add(count);
    let window = deliver_window(params, in_all.into(), words);
    require_deadline("a demand", event.deadline, at.after(window))?;
    let publish_window = publish_window(params, in_all.into(), words);
    let none = U256::ZERO;
    let view = DemandView {
        state: DemandState::Demanded,
        listHash: list_hash(&event.indices),
        ctRoot: B256::ZERO,
        ephemeral: Point { x: none, y: none },
        streamId: stream_id(course.known.id, course.demands.len() as u64),
        documents: count,
        published: false,
        paid: fee.saturating_to(),
        spent: 0,
        deadline: event.deadline,
        settleAfter: event.deadline,
    };
    let counts = &mut course.view.counts;
    counts.demands = counts.demands.saturating_add(1);
    counts.openDemands = counts.openDemands.saturating_add(1);
    counts.demanded = in_all;
    course.note(
        at,
        format!(
            "demand {}: the requester demanded documents {:?}",
            event.m, event.indices
        ),
    );
    course.demands.push(Demand {
        view,
        indices: event.indices,
        publish_window,
        chunks: 0,
        words: Some(Vec::new()),
        fault: None,
        paid_out: None,
    });
    Ok(())
}

pub(super) fn delivered(course: &mut Course, at: &Moment, event: Delivered) -> eyre::Result<()> {
    course.require_state("a delivery", &[AuditState::Delivering])?;
    course.require_by("a delivery", event.rs, course.view.rs)?;
    let (delivery, ack) = (course.known.params.delivery.clone(), course.known.params.windows.ack);
    let demand = in_state(course, event.m, DemandState::Demanded)?;
    require_in_time("a delivery", at, demand.view.deadline)?;
    require(!event.ctRoot.is_zero(), || "a delivery without a root".to_owned())?;
    Element::parse(&event.ephemeral).map_err(|why| refused(format!("the key of a delivery: {why}")))?;
    demand.view.ctRoot = event.ctRoot;
    demand.view.ephemeral = event.ephemeral;
    demand.view.spent = deliver_fee(&delivery, at.base_fee).saturating_to();
    pass(
        "a delivery",
        demand,
        DemandState::Delivered,
        event.deadline,
        at.after(ack),
    )?;
    demand.view.settleAfter = event.deadline.saturating_add(demand.publish_window);
    course.note(
        at,
        format!("demand {}: the responder committed to its ciphertext", event.m),
    );
    Ok(())
}

pub(super) fn acked(course: &mut Course, at: &Moment, event: &DemandAcked) -> eyre::Result<()> {
    course.require_state("an acknowledgement", &[AuditState::Delivering])?;
    course.require_by("an acknowledgement", event.rq, course.view.rq)?;
    let evidence = course.known.params.windows.evidence;
    let demand = in_state(course, event.m, DemandState::Delivered)?;
    require_in_time("an acknowledgement", at, demand.view.deadline)?;
    pass(
        "an acknowledgement",
        demand,
        DemandState::Acked,
        event.deadline,
        at.after(evidence),
    )?;
    course.note(at, format!("demand {}: the requester had the ciphertext", event.m));
    Ok(())
}

pub(super) fn published(course: &mut Course, at: &Moment, event: &DemandPublished) -> eyre::Result<()> {
    course.require_state("a publication", &[AuditState::Delivering])?;
    course.require_by("a publication", event.rs, course.view.rs)?;
    let (delivery, evidence) = (
        course.known.params.delivery.clone(),
        course.known.params.windows.evidence,
    );
    let (id, input_words) = (course.known.id, course.view.inputWords);
    let demand = in_state(course, event.m, DemandState::Delivered)?;
    require_past("a publication", at, demand.view.deadline)?;
    require_in_time("a publication", at, demand.view.settleAfter)?;
    let next: u64 = event.next.saturating_to();
    let before = demand.chunks;
    let added = next.saturating_sub(before);
    require(added > 0, || {
        format!("a publication up to chunk {next} of which {} were there", demand.chunks)
    })?;
    let spent: u128 = chunks_fee(&delivery, added, at.base_fee).saturating_to();
    demand.view.spent = demand.view.spent.saturating_add(spent);
    demand.chunks = next;
    let call = at.called::<publishChunksCall>();
    demand.words = match (demand.words.take(), call) {
        (Some(mut words), Some(call)) => {
            require(call.id == id && call.m == event.m, || {
                "chunks of another demand were published".to_owned()
            })?;
            require_same("the number of the first published chunk", call.from, U256::from(before))?;
            words.extend(call.cipherWords);
            Some(words)
        }
        _ => None,
    };
    if event.complete {
        let layout = demand_layout(demand, input_words, &delivery)?;
        if let Some(words) = &demand.words {
            let words: Vec<Word> = words.iter().map(|word| word.0).collect();
            let parcel = Parcel::from_words(layout, demand.view.streamId, &words);
            let parcel = parcel.and_then(|parcel| parcel.require_root(demand.view.ctRoot));
            parcel.map_err(|why| refused(format!("the published chunks of demand {}: {why}", event.m)))?;
        }
        demand.view.published = true;
        pass(
            "a publication",
            demand,
            DemandState::Acked,
            event.deadline,
            at.after(evidence),
        )?;
        let counts = &mut course.view.counts;
        counts.published = counts.published.saturating_add(1);
        course.note(
            at,
            format!("demand {}: the responder had published the whole ciphertext", event.m),
        );
        return Ok(());
    }
    require_deadline("a publication", event.deadline, demand.view.deadline)
}

pub(super) fn bad_data(course: &mut Course, at: &Moment, event: &AuditBadData) -> eyre::Result<()> {
    course.require_state("evidence of bad data", &[AuditState::Delivering])?;
    let (id, key) = (course.known.id, course.view.requesterKey.clone());
    let (root, size, input_words) = (course.known.corpus.root, course.view.size, course.view.inputWords);
    let delivery = course.known.params.delivery.clone();
    let demand = in_state(course, event.m, DemandState::Acked)?;
    require_in_time("evidence of bad data", at, demand.view.deadline)?;
    let call = at.called::<proveBadDataCall>();
    let is_read = match call {
        Some(call) => {
            require(call.id == id && call.m == event.m && call.slot == event.slot, || {
                "the evidence of bad data is about another delivery".to_owned()
            })?;
            require(call.indices == demand.indices, || {
                "the evidence of bad data has another list".to_owned()
            })?;
            let layout = demand_layout(demand, input_words, &delivery)?;
            let accused = Accused {
                indices: &demand.indices,
                ct_root: demand.view.ctRoot,
                ephemeral: &demand.view.ephemeral,
                requester_key: &key,
                root,
                size,
                layout,
            };
            require(judge(&accused, &call)? == event.claim, || {
                "the evidence of bad data shows another fault".to_owned()
            })?;
            true
        }
        None => false,
    };
    demand.fault = Some((event.claim, is_read));
    course.note(
        at,
        format!(
            "demand {}: document in slot {} was shown to be bad",
            event.m, event.slot
        ),
    );
    Ok(())
}

fn demand_layout(demand: &Demand, input_words: u32, delivery: &DeliveryParams) -> eyre::Result<Chunks> {
    layout(
        demand.indices.len(),
        input_words as usize,
        delivery.wordsPerChunk as usize,
    )
    .map_err(|why| refused(format!("the layout of a delivery: {why}")))
}

/// Demand number `m`, in a state in which this may happen to it.
pub(super) fn in_state(course: &mut Course, m: U256, state: DemandState) -> eyre::Result<&mut Demand> {
    let demand = usize::try_from(m).ok().and_then(|m| course.demands.get_mut(m));
    let demand = demand.ok_or_else(|| refused(format!("there is no demand {m}")))?;
    let now = demand.view.state;
    require(now == state, || format!("demand {m} was {now:?}, not {state:?}"))?;
    Ok(demand)
}

fn pass(what: &str, demand: &mut Demand, state: DemandState, deadline: u64, expected: u64) -> eyre::Result<()> {
    require_deadline(what, deadline, expected)?;
    (demand.view.state, demand.view.deadline, demand.view.settleAfter) = (state, deadline, deadline);
    Ok(())
}
