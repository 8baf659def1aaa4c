//! How far an audit has come.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::audit::package::refusal::{refused, require};
use alloy::primitives::{Address, Bytes, B256, U256};
use alloy::sol_types::abi::AbiDecoderConfig;
use alloy::sol_types::SolCall;
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::abi::IRetrievalMarket::AuditRequested;
use assay_protocol::abi::{
    AuditBounds, AuditCounts, AuditOutcome, AuditState, AuditView, BadData, DemandView, DocumentGroup, Point,
    RetrievalParams,
};
use assay_protocol::retrieval::answers::Answers;
use assay_protocol::retrieval::posted::Step;
use assay_protocol::retrieval::sample::Due;
use assay_protocol::units::utc;
use std::collections::BTreeSet;

/// What is known of an audit before its first event.
#[derive(Debug, Clone)]
pub struct Known {
    /// EIP-155.
    pub chain_id: u64,
    /// Where it is.
    pub market: Address,
    /// Of the audit.
    pub id: B256,
    /// Of the market.
    pub params: RetrievalParams,
    /// Names the corpus.
    pub corpus_id: B256,
    /// What is audited.
    pub corpus: Corpus,
}

/// When something happened, and by which call.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Height of the block.
    pub block: u64,
    /// Unix seconds.
    pub time: u64,
    /// Wei per gas.
    pub base_fee: u128,
    /// What the market was called with; `None` if another contract called it and nobody says with what.
    pub call: Option<Bytes>,
}

impl Moment {
    /// The call to the market, read; `None` if another contract made it, or nobody encodes it so: parts of a call that lie over each
    /// other grow to more than any memory holds.
    pub(super) fn called<C: SolCall>(&self) -> Option<C> {
        let config = AbiDecoderConfig::new().strict(true).validate_allow_trailing_bytes(true);
        let call = self.call.as_ref()?;
        C::abi_decode_with_config(call, config).ok()
    }

    /// The last second of a window that begins now.
    pub(super) fn after(&self, window: u64) -> u64 {
        self.time.saturating_add(window)
    }
}

/// A proof that the market accepted, with all that opens the document's leaf.
#[derive(Debug, Clone)]
pub struct Shown {
    /// For what it was accepted.
    pub due: Due,
    /// What was sent.
    pub group: DocumentGroup,
}

/// A demand as it went.
#[derive(Debug, Clone)]
pub struct Demand {
    /// As `demandAt` answers.
    pub view: DemandView,
    /// Which documents.
    pub indices: Vec<u32>,
    /// W_publish of this demand.
    pub publish_window: u64,
    /// Chunks published so far, and their words as far as calls to the market have them all.
    pub chunks: u64,
    /// Words of these.
    pub words: Option<Vec<B256>>,
    /// The fault that was shown, and whether its evidence was read again.
    pub fault: Option<(BadData, bool)>,
    /// Who got how much of B, requester first.
    pub paid_out: Option<(U256, U256)>,
}

/// An audit as far as its events were taken.
#[derive(Debug, Clone)]
pub struct Course {
    /// What is known of it.
    pub known: Known,
    /// As `audit` answers.
    pub view: AuditView,
    /// As it was made.
    pub request: Option<AuditRequested>,
    /// Why it was declined.
    pub reason: Option<String>,
    /// How it was answered.
    pub steps: Vec<Step>,
    /// All of it, once sealed.
    pub answers: Option<Answers>,
    /// Documents.
    pub withheld: BTreeSet<u32>,
    /// Of these.
    pub overruled: BTreeSet<u32>,
    /// Which of them the authority overruled together, and the hash of what it said of that.
    pub rulings: Vec<(Vec<u32>, B256)>,
    /// What has to be proven.
    pub due: BTreeSet<Due>,
    /// What of it was.
    pub proven: BTreeSet<Due>,
    /// How many proofs came in calls that say nothing here.
    pub unread: u32,
    /// With what the others were shown.
    pub shown: Vec<Shown>,
    /// Documents of all demands.
    pub demanded: BTreeSet<u32>,
    /// In order.
    pub demands: Vec<Demand>,
    /// Who closed it, and who got how much, requester first.
    pub closed: Option<(Address, U256, U256)>,
    /// When each event was, in words.
    pub diary: Vec<(u64, String)>,
}

impl Course {
    /// An audit before its first event.
    pub fn new(known: Known) -> Self {
        let corpus = &known.corpus;
        let none = B256::ZERO;
        let view = AuditView {
            corpusId: known.corpus_id,
            predicateHash: none,
            requestHash: none,
            answersHash: none,
            guard: none,
            seed: none,
            saltHash: none,
            requesterKey: Point {
                x: U256::ZERO,
                y: U256::ZERO,
            },
            rq: Address::ZERO,
            rs: corpus.rs,
            authority: Address::ZERO,
            state: AuditState::None,
            outcome: AuditOutcome::None,
            approved: false,
            confirmed: false,
            size: corpus.size,
            inputWords: corpus.inputWords,
            bounds: AuditBounds {
                samples: 0,
                namedMax: 0,
                onesMax: 0,
                withholdMax: 0,
                bond: 0,
                price: 0,
            },
            counts: AuditCounts {
                pages: 0,
                positives: 0,
                withheld: 0,
                overruled: 0,
                named: 0,
                due: 0,
                proven: 0,
                demands: 0,
                openDemands: 0,
                published: 0,
                demanded: 0,
            },
            deadline: 0,
            overruleBy: 0,
            closedAt: 0,
            corpusCommittedAt: corpus.committedAt,
        };
        Self {
            known,
            view,
            request: None,
            reason: None,
            steps: Vec::new(),
            answers: None,
            withheld: BTreeSet::new(),
            overruled: BTreeSet::new(),
            rulings: Vec::new(),
            due: BTreeSet::new(),
            proven: BTreeSet::new(),
            unread: 0,
            shown: Vec::new(),
            demanded: BTreeSet::new(),
            demands: Vec::new(),
            closed: None,
            diary: Vec::new(),
        }
    }

    /// Notes what happened.
    pub(super) fn note(&mut self, at: &Moment, what: impl Into<String>) {
        self.diary.push((at.time, what.into()));
    }

    /// Refuses what the market does in other states only.
    ///
    /// # Errors
    /// With both.
    pub(super) fn require_state(&self, what: &str, states: &[AuditState]) -> eyre::Result<()> {
        let now = self.view.state;
        require(states.contains(&now), || {
            format!("{what}: the audit was {now:?}, the market does not do that then")
        })
    }

    /// Refuses an account that may not do this.
    ///
    /// # Errors
    /// With both.
    pub(super) fn require_by(&self, what: &str, given: Address, expected: Address) -> eyre::Result<()> {
        require(given == expected, || format!("{what}: by {given}, only {expected} may"))
    }

    /// Goes on to a state in which a window runs, as the event says.
    ///
    /// # Errors
    /// If it says another deadline.
    pub(super) fn enter(&mut self, what: &str, state: AuditState, deadline: u64, expected: u64) -> eyre::Result<()> {
        require_deadline(what, deadline, expected)?;
        (self.view.state, self.view.deadline) = (state, deadline);
        Ok(())
    }

    /// The answers, which are sealed in every state that asks for them.
    ///
    /// # Errors
    /// If they are not.
    pub(super) fn sealed(&self) -> eyre::Result<&Answers> {
        self.answers
            .as_ref()
            .ok_or_else(|| refused("the answers were not sealed"))
    }
}

/// Refuses what came after its last second.
///
/// # Errors
/// With both.
pub(super) fn require_in_time(what: &str, at: &Moment, last: u64) -> eyre::Result<()> {
    require(at.time <= last, || {
        format!("{what}: at {}, its last second was {}", utc(at.time), utc(last))
    })
}

/// Refuses what came before anybody may.
///
/// # Errors
/// With both.
pub(super) fn require_past(what: &str, at: &Moment, last: u64) -> eyre::Result<()> {
    require(at.time > last, || {
        format!("{what}: at {}, nobody may up to {}", utc(at.time), utc(last))
    })
}

/// Refuses a deadline that is not the window from now on.
///
/// # Errors
/// With both.
pub(super) fn require_deadline(what: &str, deadline: u64, expected: u64) -> eyre::Result<()> {
    require(deadline == expected, || {
        format!(
            "{what}: the event says {}, by the market's windows it is {}",
            utc(deadline),
            utc(expected)
        )
    })
}
