// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DocumentGroup, PageOpening} from "./RetrievalTypes.sol";
import {Point} from "./SharedKeyTypes.sol";

// Rank of a document that was named, in `SampleGroup`.
uint32 constant NAMED = type(uint32).max;

/// States of an audit. A request that nobody accepted is Closed with `AuditOutcome.Cancelled` or `Declined`.
enum AuditState {
    None,
    Requested,
    Accepted,
    Answered,
    Sampled,
    Delivering,
    Closed
}

/// What an audit ended as; `None` until Closed.
enum AuditOutcome {
    None,
    Cancelled,
    Declined,
    Timeout,
    Unchecked,
    Violation,
    Complete
}

/// Life of a demand for documents within an audit.
enum DemandState {
    None,
    Demanded,
    Delivered,
    Acked,
    Settled
}

/// What a verdict says of the documents answered with zero. SAMPLED: the sample and the named ones are proven. EXHAUSTIVE: every
/// one of them is. NONE: nothing is proven, so in every outcome but Complete, and when no document was answered with zero.
enum AuditAssurance {
    NONE,
    SAMPLED,
    EXHAUSTIVE
}

/// Contracts that an audit relies on.
struct AuditContracts {
    /// `ICorpusRegistry`.
    address corpora;
    /// Decides about proofs: `IDocumentJudge`.
    address documents;
    /// Decides about deliveries: `ITransferJudge`.
    address transfers;
    /// Decides about shared keys: `ISharedKeyJudge`.
    address sharedKeys;
    /// `IPublishedTransfers`.
    address publication;
}

/// How documents are delivered and what a demand brings.
struct DeliveryParams {
    /// w: message words per data chunk; a multiple of the judge's rho, at most 256. A document has 1 + ceil(L / w) chunks.
    uint32 wordsPerChunk;
    /// Gas of publishing one chunk, at most 1280·(w + 6).
    uint32 chunkGas;
    /// Gas of `deliver`, at most 2^24.
    uint32 deliverGas;
}

/// Windows of every audit, seconds.
struct AuditWindows {
    /// Longest time between `request` and its expiry.
    uint64 accept;
    /// W_answer = answerBase + pages·answerTime.
    uint64 answerBase;
    uint64 answerTime;
    /// W_reveal: for the requester's salt.
    uint64 reveal;
    /// W_prove = proveBase + (sampled and named documents)·proveTime.
    uint64 proveBase;
    uint64 proveTime;
    /// W_demand: for demands; again from the last overruling.
    uint64 demand;
    /// W_deliver = deliverBase + (chunks of all documents demanded so far)·deliverTime.
    uint64 deliverBase;
    uint64 deliverTime;
    /// W_ack: for the acknowledgement of a delivery.
    uint64 ack;
    /// W_publish = publishBase + (chunks of all documents demanded so far)·publishTime; added to W_ack.
    uint64 publishBase;
    uint64 publishTime;
    /// W_evidence: from the acknowledgement or the last published chunk.
    uint64 evidence;
}

/// Constructor argument of `RetrievalMarket`, and every parameter that an audit depends on:
/// `PARAMS_HASH = keccak256(abi.encode(TAG_AUDIT_PARAMS, RetrievalParams))`. Its 21 words are in this order whatever structs they
/// are in, since all are static.
struct RetrievalParams {
    AuditContracts contracts;
    DeliveryParams delivery;
    AuditWindows windows;
}

/// Documents of the sample, or named ones, that one proof shows not to match.
struct SampleGroup {
    /// For each index of the group the number j of the sample that it is, or `NAMED`.
    uint32[] ranks;
    /// Page of each index that is a sample; one for several in a row that are on the same page.
    PageOpening[] pages;
    DocumentGroup group;
}

/// The delivery that evidence is about; from the market to its reader.
struct DeliveryClaim {
    bytes32 id;
    uint256 m;
    /// Of the demand.
    bytes32 listHash;
    /// Root of the corpus, and leaves under it.
    bytes32 root;
    uint256 size;
    /// L.
    uint256 inputWords;
    bytes32 ctRoot;
    Point requesterKey;
    Point ephemeral;
}

/// What a request relies on of the corpus that it names.
struct Audited {
    address rs;
    uint32 size;
    uint64 committedAt;
    bytes32 root;
    uint32 inputWords;
}

/// An audit as `RetrievalMarket.audit` returns it.
struct AuditView {
    bytes32 corpusId;
    bytes32 predicateHash;
    bytes32 requestHash;
    /// Grows with each page and withholding; requestHash before the first page, zero before `accept`.
    bytes32 answersHash;
    /// What a call of a party about the audit must name now: requestHash, from `accept` on answersHash.
    bytes32 guard;
    /// Seed of the sample; zero before `reveal`.
    bytes32 seed;
    /// The requester's commitment until `reveal`, zero from then on.
    bytes32 saltHash;
    Point requesterKey;
    address rq;
    address rs;
    address authority;
    AuditState state;
    AuditOutcome outcome;
    /// The authority stands behind the request.
    bool approved;
    /// The requester closed it, and asked for nothing more.
    bool confirmed;
    uint32 size;
    /// L.
    uint32 inputWords;
    uint32 samples;
    uint32 namedMax;
    uint32 onesMax;
    uint32 withholdMax;
    uint128 bond;
    uint128 price;
    /// Pages posted so far, and ones on them.
    uint32 pages;
    uint32 positives;
    /// Documents withheld, and those of them that the authority overruled.
    uint32 withheld;
    uint32 overruled;
    /// Documents named at `reveal`.
    uint32 named;
    /// Samples and named documents to be proven; zero before `reveal`.
    uint32 due;
    uint32 proven;
    /// Demands made, those not settled, and those published.
    uint32 demands;
    uint32 openDemands;
    uint32 published;
    /// Documents in all demands.
    uint32 demanded;
    /// Last second of the current window; in Delivering of demands. Zero once Closed.
    uint64 deadline;
    /// In Delivering the last second in which the authority may overrule; zero before, of no meaning once Closed.
    uint64 overruleBy;
    /// Unix seconds; zero until Closed.
    uint64 closedAt;
    /// Unix seconds.
    uint64 corpusCommittedAt;
}

/// A demand as `RetrievalMarket.demandAt` returns it.
struct DemandView {
    DemandState state;
    /// Hash of the demanded indices (`AuditStatement.listHash`).
    bytes32 listHash;
    /// Root of the ciphertext; zero before `deliver`, as is the responder's point E.
    bytes32 ctRoot;
    Point ephemeral;
    /// Identifier of the delivery, in keystream and publication (`AuditStatement.streamId`).
    bytes32 streamId;
    uint32 documents;
    /// Whether all chunks were published.
    bool published;
    /// B, and what of it the responder's calls have used up so far, wei.
    uint128 paid;
    uint128 spent;
    /// Last second of the current window: of `deliver`, `ack` or evidence. Zero once Settled.
    uint64 deadline;
    /// Last second in which anybody's `settleDemand` is too early; zero once Settled.
    uint64 settleAfter;
}

/// What became of one document answered with one.
struct DocumentView {
    bool withheld;
    /// The authority said that it may be demanded all the same.
    bool overruled;
    bool demanded;
}

/// The public result of an audit.
///
/// Warning: it says nothing about documents that were never put in the corpus, nor about leaves that hide no document. With `h`
/// documents at most hidden among the `size - positives` (by the sample, one-sided), the recall is at least positives /
/// (positives + h). An audit whose requester is its responder shows nothing.
struct AuditVerdict {
    AuditAssurance assurance;
    /// Whom and what it is about; `outcome`, `approved` and `confirmed`; documents answered, withheld, overruled, named, drawn and
    /// proven; demands made and published; when the corpus was committed and when the audit closed.
    AuditView audit;
}
