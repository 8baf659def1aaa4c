//! One audit with everything in it, event by event; then the same with one thing wrong at a time.

use super::course::{Course, Known, Moment};
use super::play::play;
use alloy::primitives::{Address, Bytes, B256, U256};
use alloy::sol_types::SolCall;
use assay_chain::error::Kind;
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::abi::IRetrievalMarket::{self as market, IRetrievalMarketEvents as Event};
use assay_protocol::abi::{
    AuditContracts, AuditOutcome, AuditState, AuditWindows, BadData, DeliveryParams, DemandState, DocumentGroup, Point,
    Predicate, RequestTerms, RetrievalParams, SampleGroup,
};
use assay_protocol::retrieval::amounts::demand_fee;
use assay_protocol::retrieval::answers::Answers;
use assay_protocol::retrieval::posted::{replay, Step};
use assay_protocol::retrieval::sample::{due, Due, NAMED};
use assay_protocol::retrieval::statement::{audit_params_hash, audit_seed, predicate_hash, request_hash};
use assay_protocol::retrieval::windows::{answer_window, deliver_window, prove_window, publish_window};
use assay_protocol::transfer::keys::mc_salt_hash;
use assay_protocol::transfer::secret::McSalt;

const ID: B256 = B256::repeat_byte(1);
const CORPUS: B256 = B256::repeat_byte(2);
const SALT: B256 = B256::repeat_byte(3);
const RQ: Address = Address::repeat_byte(4);
const RS: Address = Address::repeat_byte(5);
const AUTHORITY: Address = Address::repeat_byte(6);
const ANYBODY: Address = Address::repeat_byte(7);
const SIZE: u32 = 10;
const ONES: [u32; 3] = [2, 3, 7];
const BASE_FEE: u128 = 9;
const BEGAN: u64 = 1_800_000_000;

pub(crate) type Events = Vec<(Moment, Event)>;

fn generator() -> Point {
    Point {
        x: U256::from(1),
        y: U256::from(2),
    }
}

fn params() -> RetrievalParams {
    RetrievalParams {
        contracts: AuditContracts {
            corpora: Address::repeat_byte(11),
            documents: Address::repeat_byte(12),
            transfers: Address::repeat_byte(13),
            sharedKeys: Address::repeat_byte(14),
            publication: Address::repeat_byte(15),
        },
        delivery: DeliveryParams {
            wordsPerChunk: 8,
            chunkGas: 12_000,
            deliverGas: 90_000,
        },
        windows: AuditWindows {
            accept: 10_000,
            answerBase: 100,
            answerTime: 7,
            reveal: 110,
            proveBase: 3600,
            proveTime: 96,
            demand: 1200,
            deliverBase: 1000,
            deliverTime: 1,
            ack: 130,
            publishBase: 2000,
            publishTime: 3,
            evidence: 140,
        },
    }
}

pub(crate) fn known() -> Known {
    Known {
        chain_id: 31337,
        market: Address::repeat_byte(20),
        id: ID,
        params: params(),
        corpus_id: CORPUS,
        corpus: Corpus {
            rs: RS,
            size: SIZE,
            committedAt: BEGAN - 1,
            root: B256::repeat_byte(8),
            inputWords: 16,
            wordsPerHash: 2,
        },
    }
}

fn predicate() -> Predicate {
    Predicate {
        verifier: Address::repeat_byte(30),
        verifierCodehash: B256::repeat_byte(31),
        vkDigest: B256::repeat_byte(32),
        weightsCommit: U256::from(33),
    }
}

fn terms() -> RequestTerms {
    RequestTerms {
        corpusId: CORPUS,
        predicateHash: predicate_hash(&predicate()),
        samples: 4,
        namedMax: 2,
        onesMax: 5,
        withholdMax: 2,
        saltHash: mc_salt_hash(&McSalt::new(SALT.0)),
        requesterKey: generator(),
        authority: AUTHORITY,
        bond: 1000,
        price: 77,
        expiry: BEGAN + 5000,
    }
}

fn answers() -> Answers {
    Answers::of(SIZE as usize, ONES).unwrap()
}

fn log() -> B256 {
    B256::repeat_byte(40)
}

/// By the market's own function, so that it begins where the market begins.
fn answers_hash() -> B256 {
    let page = answers().page(0).unwrap();
    let steps = [
        Step::Page {
            bits: page.bits.to_vec(),
        },
        Step::Withheld {
            indices: vec![7],
            log: log(),
        },
    ];
    let request = request_hash(ID, RQ, &terms(), audit_params_hash(&params()));
    replay(ID, request, SIZE as usize, &steps).unwrap().answers_hash
}

fn all_due() -> Vec<Due> {
    due(&answers(), audit_seed(ID, answers_hash(), SALT), 4, &[0])
}

/// A call with proofs for these; nothing here looks at the proofs themselves.
fn proofs(of: &[Due]) -> Bytes {
    let group = |due: &Due| SampleGroup {
        ranks: vec![due.rank],
        pages: Vec::new(),
        group: DocumentGroup {
            indices: vec![due.index],
            docCommits: vec![U256::from(due.index)],
            leafSalts: vec![B256::ZERO],
            paths: vec![Vec::new()],
            proof: Bytes::from_static(&[1]),
        },
    };
    let call = market::submitProofsCall {
        id: ID,
        predicate: predicate(),
        groups: of.iter().map(group).collect(),
    };
    call.abi_encode().into()
}

trait Told {
    fn told(self) -> Event;
}

macro_rules! told {
    ($($name:ident),*) => {
        $(impl Told for market::$name {
            fn told(self) -> Event {
                Event::$name(self)
            }
        })*
    };
}

told!(
    AuditRequested,
    AuditApproved,
    AuditDeclined,
    AuditAccepted,
    AnswersPosted,
    Withheld,
    AnswersSealed,
    Overruled,
    SaltRevealed,
    AuditProven,
    Demanded,
    Delivered,
    DemandAcked,
    DemandPublished,
    DemandSettled,
    AuditBadData,
    AuditClosed
);

/// Puts events on the way, each a minute after the one before.
struct Way {
    events: Events,
    time: u64,
}

impl Way {
    fn add(&mut self, event: impl Told) -> u64 {
        self.add_call(None, event)
    }

    fn add_call(&mut self, call: Option<Bytes>, event: impl Told) -> u64 {
        let at = Moment {
            block: self.events.len() as u64,
            time: self.time,
            base_fee: BASE_FEE,
            call,
        };
        self.events.push((at, event.told()));
        self.time += 60;
        self.time
    }
}

/// Asked, approved, accepted, answered, withheld, sealed, drawn, proven in two calls, overruled, demanded twice (one acknowledged, one
/// published), settled and confirmed.
pub(crate) fn story() -> Events {
    let (p, t) = (params(), terms());
    let (id, corpus) = (ID, CORPUS);
    let mut way = Way {
        events: Vec::new(),
        time: BEGAN,
    };
    way.add(market::AuditRequested {
        id,
        corpusId: corpus,
        rq: RQ,
        requestHash: request_hash(ID, RQ, &t, audit_params_hash(&p)),
        terms: t,
        predicate: predicate(),
        uri: "ipfs://x".into(),
    });
    let now = way.add(market::AuditApproved {
        id,
        corpusId: corpus,
        authority: AUTHORITY,
    });
    way.add(market::AuditAccepted {
        id,
        corpusId: corpus,
        rs: RS,
        deadline: now + answer_window(&p.windows, SIZE),
    });
    // The answer window is short.
    way.time = now + 10;
    way.add(market::AnswersPosted {
        id,
        corpusId: corpus,
        rs: RS,
        page: 0,
        before: 0,
        bits: answers().page(0).unwrap().bits,
    });
    way.time = now + 20;
    way.add(market::Withheld {
        id,
        corpusId: corpus,
        rs: RS,
        indices: vec![7],
        log: log(),
        answersHash: answers_hash(),
    });
    way.time = now + 30;
    way.add(market::AnswersSealed {
        id,
        corpusId: corpus,
        rs: RS,
        answersHash: answers_hash(),
        positives: 3,
        withheld: 1,
        deadline: now + 30 + p.windows.reveal,
    });
    let now = way.time;
    way.add(market::SaltRevealed {
        id,
        corpusId: corpus,
        rq: RQ,
        salt: SALT,
        seed: audit_seed(ID, answers_hash(), SALT),
        named: vec![0],
        due: 5,
        deadline: now + prove_window(&p.windows, 5),
    });
    let proving_until = now + prove_window(&p.windows, 5);
    let due = all_due();
    way.add_call(
        Some(proofs(&due[..2])),
        market::AuditProven {
            id,
            corpusId: corpus,
            by: ANYBODY,
            accepted: 2,
            proven: 2,
            deadline: proving_until,
        },
    );
    let now = way.time;
    way.add_call(
        Some(proofs(&due[1..])),
        market::AuditProven {
            id,
            corpusId: corpus,
            by: RS,
            accepted: 3,
            proven: 5,
            deadline: now + p.windows.demand,
        },
    );
    let now = way.time;
    way.add(market::Overruled {
        id,
        corpusId: corpus,
        authority: AUTHORITY,
        indices: vec![7],
        ruling: B256::repeat_byte(41),
        deadline: now + p.windows.demand,
    });
    demands(&mut way, &p);
    way.add(market::AuditClosed {
        id,
        corpusId: corpus,
        by: RQ,
        outcome: AuditOutcome::Complete,
        rqAmount: U256::ZERO,
        rsAmount: U256::from(1077),
    });
    way.events
}

fn demands(way: &mut Way, p: &RetrievalParams) {
    let (id, corpus) = (ID, CORPUS);
    let mut in_all = 0u32;
    for (m, indices) in [(0u64, vec![2, 7]), (1, vec![3])] {
        let count = indices.len() as u32;
        in_all += count;
        let now = way.time;
        let paid = demand_fee(&p.delivery, count, 16, BASE_FEE);
        let m = U256::from(m);
        way.add(market::Demanded {
            id,
            corpusId: corpus,
            rq: RQ,
            m,
            indices,
            paid,
            deadline: now + deliver_window(p, in_all.into(), 16),
        });
        let ack_by = way.time + p.windows.ack;
        way.add(market::Delivered {
            id,
            corpusId: corpus,
            rs: RS,
            m,
            ctRoot: B256::repeat_byte(50),
            ephemeral: generator(),
            deadline: ack_by,
        });
        let is_acked = m.is_zero();
        let evidence_by;
        if is_acked {
            evidence_by = way.time + p.windows.evidence;
            way.add(market::DemandAcked {
                id,
                corpusId: corpus,
                rq: RQ,
                m,
                deadline: evidence_by,
            });
        } else {
            way.time = ack_by + 1;
            for (next, complete) in [(2u64, false), (3, true)] {
                let deadline = if complete {
                    way.time + p.windows.evidence
                } else {
                    ack_by
                };
                way.add(market::DemandPublished {
                    id,
                    corpusId: corpus,
                    rs: RS,
                    m,
                    next: U256::from(next),
                    complete,
                    deadline,
                });
            }
            evidence_by = way.time - 60 + p.windows.evidence;
        }
        way.time = evidence_by + 1;
        // A header and two data chunks: deliver and three chunks were used up.
        let spent = (90_000 + 3 * 12_000) * 9u64;
        let responder = if is_acked { U256::ZERO } else { U256::from(spent / 2) };
        way.add(market::DemandSettled {
            id,
            corpusId: corpus,
            by: ANYBODY,
            m,
            rqAmount: paid - responder,
            rsAmount: responder,
        });
    }
}

fn played(events: Events) -> Course {
    play(known(), events).unwrap()
}

/// What is said of the story with one thing changed.
fn refused(change: impl Fn(&mut Events)) -> String {
    let mut events = story();
    change(&mut events);
    let error = play(known(), events).unwrap_err();
    assert!(Kind::Rejected.is_of(&error), "{error:#}");
    format!("{error:#}")
}

macro_rules! change {
    ($events:ident, $at:expr, $kind:ident, $field:ident = $value:expr) => {{
        let Event::$kind(event) = &mut $events[$at].1 else {
            panic!("event {} is no {}", $at, stringify!($kind))
        };
        event.$field = $value;
    }};
}

#[test]
fn the_whole_story_leads_to_a_verdict() {
    let course = played(story());
    let view = &course.view;
    assert_eq!((view.state, view.outcome), (AuditState::Closed, AuditOutcome::Complete));
    let counts = &view.counts;
    assert_eq!(
        [counts.positives, counts.withheld, counts.overruled, counts.named],
        [3, 1, 1, 1]
    );
    assert_eq!(
        [counts.due, counts.proven, counts.demands, counts.openDemands],
        [5, 5, 2, 0]
    );
    assert_eq!((counts.published, counts.demanded), (1, 3));
    assert_eq!(view.answersHash, answers_hash());
    assert_eq!(view.seed, audit_seed(ID, answers_hash(), SALT));
    let shown: Vec<Due> = course.shown.iter().map(|shown| shown.due).collect();
    assert_eq!(shown, all_due(), "each once, though one was sent twice");
    assert!(course
        .demands
        .iter()
        .all(|demand| demand.view.state == DemandState::Settled));
    assert_eq!(course.closed, Some((RQ, U256::ZERO, U256::from(1077))));
    assert!(course.diary.is_sorted_by_key(|(time, _)| *time));
}

#[test]
fn a_request_is_what_its_hash_says() {
    let said = refused(|events| change!(events, 0, AuditRequested, requestHash = B256::ZERO));
    assert!(said.contains("the hash of the request is"), "{said}");
    let said = refused(|events| change!(events, 0, AuditRequested, rq = RS));
    assert!(said.contains("the hash of the request is"), "{said}");
    let said = refused(|events| {
        let other = Predicate {
            weightsCommit: U256::from(34),
            ..predicate()
        };
        change!(events, 0, AuditRequested, predicate = other);
    });
    assert!(said.contains("the hash of the request's predicate is"), "{said}");
    let said = refused(|events| events[0].0.time = BEGAN + 5001);
    assert!(said.contains("the request: at"), "{said}");
    let said = refused(|events| events.swap(0, 1));
    assert!(said.contains("an approval: the audit was None"), "{said}");
    let said = refused(|events| change!(events, 1, AuditApproved, authority = RQ));
    assert!(said.contains("the approval: by"), "{said}");
    let said = refused(|events| change!(events, 2, AuditAccepted, rs = RQ));
    assert!(said.contains("the acceptance: by"), "{said}");
    let said = refused(|events| change!(events, 2, AuditAccepted, deadline = BEGAN));
    assert!(said.contains("the acceptance: the event says"), "{said}");
}

#[test]
fn answers_are_what_their_hash_says() {
    let said = refused(|events| change!(events, 3, AnswersPosted, bits = vec![0b1000_1101, 0].into()));
    assert!(said.contains("the hash of the answers is"), "{said}");
    let said = refused(|events| change!(events, 3, AnswersPosted, page = 1));
    assert!(said.contains("the number of the next page"), "{said}");
    let said = refused(|events| change!(events, 3, AnswersPosted, before = 1));
    assert!(said.contains("the number of matches before the next page"), "{said}");
    let said = refused(|events| change!(events, 3, AnswersPosted, bits = vec![0xff, 0].into()));
    assert!(
        said.contains("more than 5 documents were answered with a match"),
        "{said}"
    );
    let said = refused(|events| change!(events, 4, Withheld, indices = vec![2]));
    assert!(said.contains("the hash of the answers is"), "{said}");
    let said = refused(|events| change!(events, 4, Withheld, log = B256::ZERO));
    assert!(said.contains("the hash of the answers is"), "{said}");
    let said = refused(|events| change!(events, 4, Withheld, indices = vec![1]));
    assert!(
        said.contains("document 1 is withheld, but was not answered with a match"),
        "{said}"
    );
    let said = refused(|events| change!(events, 4, Withheld, indices = vec![2, 3, 7]));
    assert!(said.contains("more than 2 documents were withheld"), "{said}");
    let left_out = refused(|events| drop(events.remove(4)));
    assert!(left_out.contains("the hash of the answers is"), "{left_out}");
    let left_out = refused(|events| drop(events.remove(3)));
    assert!(
        left_out.contains("the answers: 1 pages of answers, not 0"),
        "{left_out}"
    );
    let said = refused(|events| change!(events, 5, AnswersSealed, positives = 4));
    assert!(said.contains("the number of matches at the seal"), "{said}");
    let said = refused(|events| change!(events, 5, AnswersSealed, withheld = 0));
    assert!(said.contains("the number withheld at the seal"), "{said}");
    let said = refused(|events| events[5].0.time += 1000);
    assert!(said.contains("the seal: at"), "{said}");
}

#[test]
fn a_ruling_is_about_what_is_withheld() {
    let said = refused(|events| change!(events, 9, Overruled, indices = vec![2]));
    assert!(said.contains("document 2 was overruled, but not withheld"), "{said}");
    let said = refused(|events| change!(events, 9, Overruled, indices = vec![7, 7]));
    assert!(said.contains("document 7 was overruled twice"), "{said}");
    let said = refused(|events| change!(events, 9, Overruled, authority = RQ));
    assert!(said.contains("the ruling: by"), "{said}");
    let said = refused(|events| change!(events, 9, Overruled, deadline = 1));
    assert!(said.contains("the ruling: the event says"), "{said}");
    let left_out = refused(|events| drop(events.remove(9)));
    assert!(left_out.contains("document 7 was demanded, but withheld"), "{left_out}");
}

#[test]
fn the_sample_follows_from_answers_and_salt() {
    let said = refused(|events| change!(events, 6, SaltRevealed, salt = B256::ZERO));
    assert!(said.contains("the hash of the salt is"), "{said}");
    let said = refused(|events| change!(events, 6, SaltRevealed, seed = B256::ZERO));
    assert!(said.contains("the seed of the sample is"), "{said}");
    let said = refused(|events| change!(events, 6, SaltRevealed, named = vec![2]));
    assert!(said.contains("document 2 was answered with a match"), "{said}");
    let said = refused(|events| change!(events, 6, SaltRevealed, due = 4));
    assert!(
        said.contains("the number of proofs that are due is 4, it must be 5"),
        "{said}"
    );
    let said = refused(|events| events[6].0.time += 200);
    assert!(said.contains("the salt: at"), "{said}");
}

#[test]
fn only_what_is_due_was_proven_and_each_once() {
    let said = refused(|events| change!(events, 7, AuditProven, accepted = 3));
    assert!(
        said.contains("3 proofs were accepted after 0, and 2 were in all"),
        "{said}"
    );
    let said = refused(|events| {
        change!(events, 7, AuditProven, accepted = 1);
        change!(events, 7, AuditProven, proven = 1);
    });
    assert!(
        said.contains("the number of new proofs in a call is 1, it must be 2"),
        "{said}"
    );
    let said = refused(|events| {
        events[7].0.call = Some(proofs(&[all_due()[0], Due { rank: NAMED, index: 1 }]));
    });
    assert!(
        said.contains("a proof about document 1 was accepted, which was not due"),
        "{said}"
    );
    let other = all_due()[0].index;
    let said = refused(move |events| {
        events[7].0.call = Some(proofs(&[Due { rank: 1, index: other }, all_due()[0]]));
    });
    assert!(
        said.contains(&format!("a proof about document {other} was accepted")),
        "{said}"
    );
    let left_out = refused(|events| drop(events.remove(7)));
    assert!(
        left_out.contains("3 proofs were accepted after 0, and 5 were in all"),
        "{left_out}"
    );
    // What did not come in a call to the market is counted, not shown.
    let mut events = story();
    events[8].0.call = None;
    let course = played(events);
    assert_eq!((course.view.counts.proven, course.shown.len()), (5, 2));
    // Nor what came after it, if some of that was there already: which of it, nobody knows.
    let mut events = story();
    events[7].0.call = None;
    let course = played(events);
    assert_eq!((course.unread, course.shown.len()), (5, 0));
    let mut events = story();
    events[7].0.call = None;
    events[8].0.call = Some(proofs(&all_due()[2..]));
    let course = played(events);
    assert_eq!((course.unread, course.shown.len()), (2, 3));
    let said = refused(|events| {
        events[7].0.call = None;
        events[8].0.call = Some(proofs(&all_due()[3..]));
    });
    assert!(said.contains("new proofs in a call is 3, it must be 2"), "{said}");
}

/// A call whose groups all are the same bytes: as many groups as words would be as much as their product.
#[test]
fn a_call_whose_parts_lie_over_each_other_is_not_read() {
    let call = proofs(&all_due()[..1]);
    // Selector, then id, four words of the predicate, where the groups begin: their number, and where each begins.
    let groups = 4 + 6 * 32;
    let word = |number: u64| U256::from(number).to_be_bytes::<32>();
    assert_eq!(call[groups..groups + 64], [word(1), word(32)].concat());
    let twice = [&call[..groups], &word(2), &word(64), &word(64), &call[groups + 64..]].concat();
    let lenient = market::submitProofsCall::abi_decode(&twice).unwrap();
    assert_eq!(lenient.groups[0], lenient.groups[1]);
    let mut at = story()[7].0.clone();
    assert!(at.called::<market::submitProofsCall>().is_some());
    at.call = Some(twice.into());
    assert!(at.called::<market::submitProofsCall>().is_none());
    at.call = Some([&call[..], &[1]].concat().into());
    assert!(
        at.called::<market::submitProofsCall>().is_some(),
        "some add a mark of theirs"
    );
}

#[test]
fn demands_go_as_the_market_lets_them() {
    let said = refused(|events| change!(events, 10, Demanded, indices = vec![1, 2]));
    assert!(
        said.contains("document 1 was demanded, but not answered with a match"),
        "{said}"
    );
    let said = refused(|events| change!(events, 10, Demanded, indices = vec![7, 2]));
    assert!(said.contains("a demand for documents [7, 2]"), "{said}");
    let said = refused(|events| change!(events, 10, Demanded, paid = U256::from(1)));
    assert!(said.contains("what a demand brought is 1"), "{said}");
    let said = refused(|events| change!(events, 10, Demanded, deadline = 1));
    assert!(said.contains("a demand: the event says"), "{said}");
    let said = refused(|events| change!(events, 14, Demanded, indices = vec![2]));
    assert!(said.contains("document 2 was demanded twice"), "{said}");
    let said = refused(|events| change!(events, 14, Demanded, m = U256::from(2)));
    assert!(said.contains("the number of the demand is 2, it must be 1"), "{said}");
    let said = refused(|events| change!(events, 11, Delivered, ctRoot = B256::ZERO));
    assert!(said.contains("a delivery without a root"), "{said}");
    let no_point = Point {
        x: U256::from(1),
        y: U256::from(1),
    };
    let said = refused(move |events| change!(events, 11, Delivered, ephemeral = no_point.clone()));
    assert!(said.contains("the key of a delivery"), "{said}");
    let said = refused(|events| change!(events, 12, DemandAcked, m = U256::from(1)));
    assert!(said.contains("there is no demand 1"), "{said}");
    let said = refused(|events| events[12].0.time += 1000);
    assert!(said.contains("an acknowledgement: at"), "{said}");
    // Before the last second of an acknowledgement nobody publishes; after that of a publication neither.
    let said = refused(|events| events[16].0.time -= 2);
    assert!(said.contains("a publication: at"), "{said}");
    let after = publish_window(&params(), 3, 16) + 1;
    let said = refused(move |events| events[16].0.time += after);
    assert!(said.contains("a publication: at"), "{said}");
    let said = refused(|events| change!(events, 17, DemandPublished, next = U256::from(2)));
    assert!(
        said.contains("a publication up to chunk 2 of which 2 were there"),
        "{said}"
    );
}

#[test]
fn everybody_gets_what_the_rows_say() {
    let said = refused(|events| change!(events, 13, DemandSettled, rsAmount = U256::from(1)));
    assert!(
        said.contains("what the responder got of a demand is 1, it must be 0"),
        "{said}"
    );
    let said = refused(|events| change!(events, 18, DemandSettled, rqAmount = U256::ZERO));
    assert!(said.contains("what the requester got of a demand is 0"), "{said}");
    // At another base fee another half would be the responder's.
    let said = refused(|events| events[17].0.base_fee -= 1);
    assert!(said.contains("of a demand is"), "{said}");
    let said = refused(|events| change!(events, 19, AuditClosed, rqAmount = U256::from(1)));
    assert!(said.contains("what the requester got is 1, it must be 0"), "{said}");
    let said = refused(|events| change!(events, 19, AuditClosed, outcome = AuditOutcome::Violation));
    assert!(said.contains("ended as a violation, but no delivery failed"), "{said}");
    let said = refused(|events| change!(events, 19, AuditClosed, outcome = AuditOutcome::Timeout));
    assert!(said.contains("an audit that was Delivering ended as Timeout"), "{said}");
    let left_out = refused(|events| drop(events.remove(18)));
    assert!(
        left_out.contains("the number of open demands at the end is 1, it must be 0"),
        "{left_out}"
    );
    let said = refused(|events| {
        let again = events[13].clone();
        events.insert(14, again);
    });
    assert!(said.contains("was settled"), "{said}");
}

#[test]
fn an_audit_ends_against_whoever_was_to_move() {
    let closed = |at: usize, later: u64, by: Address, outcome: AuditOutcome, rq: u64, rs: u64| {
        let mut events = story();
        events.truncate(at);
        let mut end = events.last().unwrap().0.clone();
        (end.time, end.call) = (end.time + later, None);
        let event = market::AuditClosed {
            id: ID,
            corpusId: CORPUS,
            by,
            outcome,
            rqAmount: U256::from(rq),
            rsAmount: U256::from(rs),
        };
        events.push((end, event.told()));
        play(known(), events).map(|course| course.view.outcome)
    };
    let month = 30 * 24 * 3600;
    for (at, by, outcome, rq, rs) in [
        (1, RQ, AuditOutcome::Cancelled, 77, 0),
        (3, ANYBODY, AuditOutcome::Timeout, 1077, 0),
        (6, ANYBODY, AuditOutcome::Unchecked, 0, 1077),
        (8, ANYBODY, AuditOutcome::Violation, 1077, 0),
        (9, ANYBODY, AuditOutcome::Complete, 0, 1077),
        (11, ANYBODY, AuditOutcome::Violation, 1077, 0),
        (12, ANYBODY, AuditOutcome::Violation, 1077, 0),
    ] {
        assert_eq!(
            closed(at, month, by, outcome, rq, rs).unwrap(),
            outcome,
            "after {at} events"
        );
        let early = closed(at, 1, ANYBODY, outcome, rq, rs);
        assert!(early.is_err(), "{outcome:?} in time, after {at} events");
    }
    // The requester may end it before the time is over.
    assert!(closed(1, 1, RQ, AuditOutcome::Cancelled, 77, 0).is_ok());
    assert!(closed(9, 1, RQ, AuditOutcome::Complete, 0, 1077).is_ok());
    assert!(
        closed(1, 1, RS, AuditOutcome::Declined, 77, 0).is_err(),
        "nobody declined"
    );
    let mut declined = story();
    declined.truncate(1);
    let at = declined[0].0.clone();
    let event = market::AuditDeclined {
        id: ID,
        corpusId: CORPUS,
        rs: RS,
        reason: "too broad".into(),
    };
    declined.push((at.clone(), event.told()));
    let event = market::AuditClosed {
        id: ID,
        corpusId: CORPUS,
        by: RS,
        outcome: AuditOutcome::Declined,
        rqAmount: U256::from(77),
        rsAmount: U256::ZERO,
    };
    declined.push((at, event.told()));
    assert_eq!(played(declined).reason.as_deref(), Some("too broad"));
}

#[test]
fn bad_data_ends_an_audit_as_a_violation() {
    let mut events = story();
    events.truncate(13);
    let mut at = events.last().unwrap().0.clone();
    at.time += 1;
    let shown = market::AuditBadData {
        id: ID,
        corpusId: CORPUS,
        by: RQ,
        m: U256::ZERO,
        slot: U256::from(1),
        claim: BadData::Start,
    };
    events.push((at.clone(), shown.told()));
    let end = market::AuditClosed {
        id: ID,
        corpusId: CORPUS,
        by: RQ,
        outcome: AuditOutcome::Violation,
        rqAmount: U256::from(1077),
        rsAmount: U256::ZERO,
    };
    events.push((at.clone(), end.told()));
    let course = played(events.clone());
    assert_eq!(
        course.demands[0].fault,
        Some((BadData::Start, false)),
        "its evidence was not in a call to the market"
    );
    // After its last second nothing counts.
    events[13].0.time += 1000;
    let said = format!("{:#}", play(known(), events).unwrap_err());
    assert!(said.contains("evidence of bad data: at"), "{said}");
}
