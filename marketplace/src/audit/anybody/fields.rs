//! What every view of an audit says.

use alloy::primitives::{Address, B256};
use assay_protocol::abi::AuditView;
use serde::Serialize;

/// The fields of `audit(id)` in JSON.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fields {
    /// Of the audit.
    pub id: B256,
    /// Whose documents.
    pub corpus_id: B256,
    /// Who asks.
    pub requester: Address,
    /// Who answers.
    pub responder: Address,
    /// Who may approve the request and overrule what is withheld; `null` if nobody.
    pub authority: Option<Address>,
    /// The two parties are one account: it knew the sample, so the audit shows nothing.
    pub self_dealt: bool,
    /// As the contract names it.
    pub state: String,
    /// As the contract names it; `None` until closed.
    pub outcome: String,
    /// The authority stands behind the request.
    pub approved: bool,
    /// The requester closed it and asked for nothing more.
    pub confirmed: bool,
    /// Documents of the corpus.
    pub size: u32,
    /// n: how many of those answered with no match are drawn.
    pub samples: u32,
    /// m: how many more the requester may name.
    pub named_max: u32,
    /// How many may be answered with a match.
    pub ones_max: u32,
    /// How many of these may be withheld.
    pub withhold_max: u32,
    /// Answered with a match so far.
    pub positives: u32,
    /// Of these, withheld.
    pub withheld: u32,
    /// Of these, overruled by the authority.
    pub overruled: u32,
    /// Named by the requester.
    pub named: u32,
    /// Documents, drawn and named, that must be proven; 0 before the salt is out.
    pub due: u32,
    /// Of these, proven.
    pub proven: u32,
    /// Demands that were made.
    pub demands: u32,
    /// Of these, not settled.
    pub open_demands: u32,
    /// Of all, published on chain.
    pub published: u32,
    /// Documents in all demands.
    pub demanded: u32,
    /// b: what the responder has in escrow.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub bond_wei: u128,
    /// π: what the requester has in escrow.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub price_wei: u128,
    /// Names the network that decides.
    pub predicate_hash: B256,
    /// Covers all terms.
    pub request_hash: B256,
    /// Covers all answers so far; zero before the request is accepted.
    pub answers_hash: B256,
    /// Of the sample; zero before the salt is out.
    pub seed: B256,
    /// What the next move of a party answers.
    pub guard: B256,
    /// When the corpus was committed, Unix seconds.
    pub corpus_committed_at: u64,
    /// End of the window that runs, Unix seconds; 0 once closed.
    pub deadline: u64,
    /// Last second for the authority; 0 while it may not overrule by this clock.
    pub overrule_by: u64,
    /// Unix seconds; 0 until it is closed.
    pub closed_at: u64,
}

impl Fields {
    pub(crate) fn new(id: B256, audit: &AuditView) -> Self {
        let (bounds, counts) = (&audit.bounds, &audit.counts);
        Self {
            id,
            corpus_id: audit.corpusId,
            requester: audit.rq,
            responder: audit.rs,
            authority: (!audit.authority.is_zero()).then_some(audit.authority),
            self_dealt: audit.rq == audit.rs,
            state: format!("{:?}", audit.state),
            outcome: format!("{:?}", audit.outcome),
            approved: audit.approved,
            confirmed: audit.confirmed,
            size: audit.size,
            samples: bounds.samples,
            named_max: bounds.namedMax,
            ones_max: bounds.onesMax,
            withhold_max: bounds.withholdMax,
            positives: counts.positives,
            withheld: counts.withheld,
            overruled: counts.overruled,
            named: counts.named,
            due: counts.due,
            proven: counts.proven,
            demands: counts.demands,
            open_demands: counts.openDemands,
            published: counts.published,
            demanded: counts.demanded,
            bond_wei: bounds.bond,
            price_wei: bounds.price,
            predicate_hash: audit.predicateHash,
            request_hash: audit.requestHash,
            answers_hash: audit.answersHash,
            seed: audit.seed,
            guard: audit.guard,
            corpus_committed_at: audit.corpusCommittedAt,
            deadline: audit.deadline,
            overrule_by: audit.overruleBy,
            closed_at: audit.closedAt,
        }
    }
}
