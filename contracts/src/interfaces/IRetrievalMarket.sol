// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "./IMarket.sol";
import {
    AuditOutcome,
    AuditState,
    AuditVerdict,
    AuditView,
    DemandState,
    DemandView,
    DocumentView,
    SampleGroup
} from "../types/AuditTypes.sol";
import {PageOpening, Predicate, RequestTerms} from "../types/RetrievalTypes.sol";
import {Point, SharedSecret} from "../types/SharedKeyTypes.sol";
import {BadData, Evidence} from "../types/TransferTypes.sol";

/// @title Audits of a corpus that settle on proofs and deliveries
/// @notice A requester (rq) asks which documents of a corpus match a predicate. The responder (rs), who committed the corpus,
/// answers all of them: one, it matches and is handed over, or zero, it does not, which is proven for a sample that nobody could
/// foresee and for some that the requester names. An authority, if both accept one, may approve the request and overrule what is
/// withheld. Every call of a party names what it answers, its guard.
///
/// | state      | guard       | call                             | who    | allowed | next |
/// |------------|-------------|----------------------------------|--------|---------|------|
/// | -          |             | `request`, value pi              | rq     |         | Requested |
/// | Requested  | requestHash | `approve`                        | authority | now <= expiry | |
/// | Requested  |             | `cancelRequest`                  | rq; anyone if expired | | Closed(Cancelled) |
/// | Requested  | requestHash | `decline`                        | rs     | now <= expiry | Closed(Declined) |
/// | Requested  | requestHash | `accept`, value b                | rs     | now <= expiry | Accepted, deadline in W_answer |
/// | Accepted   | answersHash | `postAnswers`                    | rs     | now <= deadline | with `seal`: Answered, deadline in W_reveal |
/// | Accepted   | answersHash | `withhold`                       | rs     | now <= deadline | with `seal`: as above |
/// | Answered   | answersHash | `reveal`                         | rq     | now <= deadline | Sampled, deadline in W_prove; Delivering if nothing is due |
/// | Sampled    |             | `submitProofs`                   | anyone | now <= deadline | with all proven: Delivering, deadline in W_demand |
/// | Answered, Sampled | answersHash | `overrule`                | authority | now <= deadline | |
/// | Delivering | answersHash | `overrule`                       | authority | now <= overruleBy | same, deadline in W_demand from now |
/// | Delivering | answersHash | `demand`, value B                | rq     | now <= deadline | a demand opens |
/// | Delivering | answersHash | `confirm`, no demand open        | rq     |         | Closed(Complete) |
/// | Delivering |             | `finalize`, no demand open       | anyone | now > deadline | Closed(Complete) |
/// | Accepted, Answered, Sampled | | `timeout`                   | anyone | now > deadline | Closed(Timeout, Unchecked, Violation) |
///
/// | demand     | guard    | call                                | who    | allowed | next |
/// |------------|----------|-------------------------------------|--------|---------|------|
/// | Demanded   | listHash | `deliver`                           | rs     | now <= deadline, in W_deliver | Delivered, deadline in W_ack |
/// | Delivered  | ctRoot   | `ack`                               | rq     | now <= deadline | Acked, deadline in W_evidence |
/// | Delivered  | ctRoot   | `publishChunks`                     | rs     | deadline < now <= deadline + W_publish | with the last chunk: Acked, as above |
/// | Acked      | listHash | `proveBadData`                      | anyone | now <= deadline | Settled, the audit Closed(Violation) |
/// | Acked      |          | `settleDemand`                      | anyone | now > deadline | Settled |
/// | Demanded   |          | `settleDemand`                      | anyone | now > deadline | Settled, the audit Closed(Violation) |
/// | Delivered  |          | `settleDemand`                      | anyone | now > deadline + W_publish | Settled, the audit Closed(Violation) |
/// | any of these, audit Closed | | `settleDemand`                | anyone |         | Settled |
///
/// | outcome    | rq gets | rs gets | it says |
/// |------------|---------|---------|---------|
/// | Cancelled  | pi      | -       | nothing |
/// | Declined   | pi      | -       | a refusal, of weight only if `approved` |
/// | Timeout    | pi + b  | 0       | the responder took the request and did not answer |
/// | Unchecked  | 0       | pi + b  | answers that nobody sampled: no assurance |
/// | Violation  | pi + b  | 0       | a proof that was due, or a delivery, failed |
/// | Complete   | 0       | pi + b  | everything due is proven, no demand is left |
///
/// B = (gas of `deliver` + chunks·gas of a chunk)·basefee at `demand`. It returns to the requester, but for what a publication
/// used up, at the base fee of each of the responder's calls: half of that, of B at most, is the responder's, unless the audit
/// ended as a Violation before the demand was settled. So a publication costs both sides, and neither refusing to acknowledge
/// nor refusing to hand over is free.
///
/// W_answer counts pages, W_prove samples and named documents, W_deliver and W_publish the chunks of all documents demanded so
/// far. An action is allowed iff now <= deadline, a timeout iff now > deadline.
///
/// What is hashed, also answersHash and the seed: `AuditStatement`. Pages: `AnswerPages`. The chunks of a delivery: `Chunks`; slot
/// s holds document `indices[s]` of the demand, with its index in the corpus in its header, encrypted under the key that
/// `ISharedKeyJudge` describes.
///
/// Calls that reach another contract may revert with its errors: `ICorpusRegistry`, `IDocumentJudge`, `ITransferJudge`,
/// `ISharedKeyJudge`, `IPublishedTransfers`; those that check a deadline with the errors of `Deadlines`, a page with
/// `AnswerPages` and `ResultBitmap`, a predicate with those of `IModelRegistry` about verifiers.
///
/// Warning: an audit says nothing about documents that are not in the corpus, nor about leaves that hide none. Which documents
/// match is public.
interface IRetrievalMarket is IMarket {
    event AuditRequested(
        bytes32 indexed id,
        bytes32 indexed corpusId,
        address indexed rq,
        bytes32 requestHash,
        RequestTerms terms,
        Predicate predicate,
        string uri
    );
    event AuditApproved(bytes32 indexed id, bytes32 indexed corpusId, address indexed authority);
    event AuditDeclined(bytes32 indexed id, bytes32 indexed corpusId, address indexed rs, string reason);
    event AuditAccepted(bytes32 indexed id, bytes32 indexed corpusId, address indexed rs, uint64 deadline);
    /// @notice Page number `page`, with `before` ones on earlier pages.
    event AnswersPosted(
        bytes32 indexed id, bytes32 indexed corpusId, address indexed rs, uint32 page, uint32 before, bytes bits
    );
    event Withheld(
        bytes32 indexed id,
        bytes32 indexed corpusId,
        address indexed rs,
        uint32[] indices,
        bytes32 log,
        bytes32 answersHash
    );
    event AnswersSealed(
        bytes32 indexed id,
        bytes32 indexed corpusId,
        address indexed rs,
        bytes32 answersHash,
        uint32 positives,
        uint32 withheld,
        uint64 deadline
    );
    event Overruled(
        bytes32 indexed id,
        bytes32 indexed corpusId,
        address indexed authority,
        uint32[] indices,
        bytes32 ruling,
        uint64 deadline
    );
    /// @notice `due` samples and named documents are to be proven; with none, the deadline is that of demands.
    event SaltRevealed(
        bytes32 indexed id,
        bytes32 indexed corpusId,
        address indexed rq,
        bytes32 salt,
        bytes32 seed,
        uint32[] named,
        uint32 due,
        uint64 deadline
    );
    /// @notice `accepted` were proven in this call, `proven` in all; with the last one, the deadline is that of demands.
    event AuditProven(
        bytes32 indexed id,
        bytes32 indexed corpusId,
        address indexed by,
        uint32 accepted,
        uint32 proven,
        uint64 deadline
    );
    event Demanded(
        bytes32 indexed id,
        bytes32 indexed corpusId,
        address indexed rq,
        uint256 m,
        uint32[] indices,
        uint256 paid,
        uint64 deadline
    );
    event Delivered(
        bytes32 indexed id,
        bytes32 indexed corpusId,
        address indexed rs,
        uint256 m,
        bytes32 ctRoot,
        Point ephemeral,
        uint64 deadline
    );
    event DemandAcked(bytes32 indexed id, bytes32 indexed corpusId, address indexed rq, uint256 m, uint64 deadline);
    /// @notice `next` chunks are there; with all of them, the deadline is that of evidence.
    event DemandPublished(
        bytes32 indexed id,
        bytes32 indexed corpusId,
        address indexed rs,
        uint256 m,
        uint256 next,
        bool complete,
        uint64 deadline
    );
    /// @notice The two amounts add up to B.
    event DemandSettled(
        bytes32 indexed id, bytes32 indexed corpusId, address indexed by, uint256 m, uint256 rqAmount, uint256 rsAmount
    );
    event AuditBadData(
        bytes32 indexed id, bytes32 indexed corpusId, address indexed by, uint256 m, uint256 slot, BadData claim
    );
    /// @notice `by` sent the transaction. The two amounts add up to pi + b, or to pi if the request was not accepted.
    event AuditClosed(
        bytes32 indexed id,
        bytes32 indexed corpusId,
        address indexed by,
        AuditOutcome outcome,
        uint256 rqAmount,
        uint256 rsAmount
    );

    error WrongAuditState(bytes32 id, AuditState given);
    error WrongDemandState(bytes32 id, uint256 m, DemandState given);
    error WrongPredicate(bytes32 expected, bytes32 given);
    error ZeroSaltHash();
    error BadSamples(uint256 limit, uint256 given);
    error BadNamedMax(uint256 limit, uint256 given);
    error BadOnesMax(uint256 limit, uint256 given);
    error BadWithholdMax(uint256 limit, uint256 given);
    /// @notice The corpus is committed by chains that the judge of transfers cannot follow.
    error WordsPerHashMismatch(uint256 expected, uint256 given);
    /// @notice The window `name` of this audit could be longer than any may be.
    error WindowTooLong(bytes32 name, uint256 limit, uint256 given);
    /// @notice The requester had a key with this first coordinate before.
    error KeyUsed(address rq, uint256 keyX);
    error NoSuchPage(uint256 pages, uint256 given);
    /// @notice Answers are sealed when every page is there.
    error PagesMissing(uint256 expected, uint256 given);
    /// @notice More than the terms of the request allow, or a sample number that is none.
    error AboveLimit(uint256 limit, uint256 given);
    /// @notice Document `index` was withheld, overruled or demanded before.
    error Repeated(uint256 index);
    /// @notice Element number `k` of the list is not above the one before.
    error NotAscending(uint256 k);
    /// @notice Document `index` was answered the other way.
    error WrongAnswer(uint256 index, bool given);
    /// @notice The documents lie on so many pages, each of which is supplied once.
    error WrongPageCount(uint256 expected, uint256 given);
    error NotWithheld(uint256 index);
    error WrongSalt(bytes32 expected, bytes32 given);
    error BadRanks(uint256 expected, uint256 given);
    error NotNamed(uint256 index);
    error BadDemand(uint256 limit, uint256 given);
    error DocumentWithheld(uint256 index);
    error ZeroCtRoot();
    /// @notice The published chunks do not have the root that was delivered.
    error WrongCtRoot(bytes32 expected, bytes32 given);
    error NoSuchSlot(uint256 slots, uint256 given);
    error DemandsOpen(bytes32 id, uint256 count);

    // ---- requests ----

    /// @notice Asks for an audit of a corpus.
    ///
    /// Requirements:
    /// - the corpus exists, and its chains take as many words at once as the judge of transfers;
    /// - `t.predicateHash` is that of `predicate`, whose verifier has the code that it names, its own and no delegation; its
    ///   vkDigest is not zero, its weightsCommit below 2^248;
    /// - `samples` is in 1..size, `namedMax` in 0..min(size, 128), `onesMax` in 0..size, `withholdMax` in 0..onesMax, 0 without an authority;
    /// - `saltHash` is not zero; `requesterKey` is a point of BN254 other than infinity, and the caller has never used it nor its
    ///   negative;
    /// - `expiry` is in now..now + acceptWindow; `msg.value` is exactly pi;
    /// - W_prove of all samples and named documents, W_deliver and W_publish of `onesMax` documents are 365 days at most.
    ///
    /// Warning: the salt must be kept, and shown to nobody before the answers are sealed. The secret of the key opens what is
    /// delivered in this audit; a key that was used elsewhere must not be used here.
    ///
    /// @param uri Where the responder finds the predicate, and what else the requester says, such as which audit this appeals.
    /// @return id `AuditStatement.auditId`: its number counts the requests for this corpus.
    function request(RequestTerms calldata t, Predicate calldata predicate, string calldata uri)
        external
        payable
        returns (bytes32 id);

    /// @notice Records that the authority stands behind the request, so that refusing it has weight.
    ///
    /// Requirements:
    /// - the audit is Requested, the caller is its authority, `guard` is the request hash, now <= expiry.
    function approve(bytes32 id, bytes32 guard) external;

    /// @notice Withdraws a request; pi returns to the requester.
    ///
    /// Requirements:
    /// - the audit is Requested; the caller is the requester, or now > expiry.
    function cancelRequest(bytes32 id) external;

    /// @notice Refuses a request; pi returns to the requester.
    ///
    /// Requirements:
    /// - the audit is Requested, the caller is the responder, `guard` is the request hash, now <= expiry.
    function decline(bytes32 id, bytes32 guard, string calldata reason) external;

    /// @notice Takes a request on, with b in escrow.
    ///
    /// Requirements:
    /// - the audit is Requested, the caller is the responder, `guard` is the request hash, now <= expiry;
    /// - `msg.value` is exactly b.
    ///
    /// Warning: before it, the responder has recomputed the weights commitment and regenerated the verifier's code, run the
    /// predicate on all documents, found its ones, those without a witness among them, within `onesMax`, and has time to prove
    /// n + m. It recognises the authority: one of the requester's own overrules everything.
    function accept(bytes32 id, bytes32 guard) external payable;

    // ---- answers ----

    /// @notice Posts the next pages of answers.
    ///
    /// Requirements:
    /// - the audit is Accepted, the caller is the responder, now <= deadline;
    /// - `guard` is answersHash, before the first page the request hash: a request that took the place of another in a
    ///   reorganisation is not answered by pages for the other;
    /// - the pages follow those that are there, none beyond the last; each has exactly the bits of its documents;
    /// - the ones are `onesMax` at most;
    /// - with `seal`, every page is there then, and nothing changes any more.
    function postAnswers(bytes32 id, bytes32 guard, bytes[] calldata pages, bool seal) external;

    /// @notice Claims privilege for documents that match: they need not be delivered unless the authority overrules.
    ///
    /// Requirements:
    /// - the audit is Accepted, the caller is the responder, `guard` is answersHash, now <= deadline;
    /// - the documents are in ascending order, answered with one on posted pages, each page supplied once, none withheld already;
    /// - `withholdMax` are withheld at most;
    /// - with `seal` as for `postAnswers`.
    ///
    /// @param log Hash of what the responder says of them; hashed into answersHash with the list.
    function withhold(
        bytes32 id,
        bytes32 guard,
        uint32[] calldata indices,
        PageOpening[] calldata pages,
        bytes32 log,
        bool seal
    ) external;

    /// @notice Makes withheld documents ones that may be demanded.
    ///
    /// Requirements:
    /// - the audit is Answered or Sampled and now <= deadline, or Delivering and now <= overruleBy;
    /// - the caller is the authority, `guard` is answersHash;
    /// - each document is withheld and was not overruled.
    ///
    /// @param ruling Hash of what the authority says of them.
    function overrule(bytes32 id, bytes32 guard, uint32[] calldata indices, bytes32 ruling) external;

    // ---- samples ----

    /// @notice Fixes the sample, min(n, number of zeros) of the zeros, and names further ones.
    ///
    /// Requirements:
    /// - the audit is Answered, the caller is the requester, `guard` is answersHash, now <= deadline;
    /// - `salt` opens the commitment of the request;
    /// - `named` are `namedMax` documents at most, in ascending order, answered with zero, each of their pages supplied once.
    ///
    /// Warning: a reorganisation can undo the seal: wait for its confirmations, and never show the salt a second time. Silence
    /// pays the responder.
    function reveal(bytes32 id, bytes32 guard, bytes32 salt, uint32[] calldata named, PageOpening[] calldata pages)
        external;

    /// @notice Proves that samples and named documents do not match. The context of a proof is that of the document's index; a
    /// document that is due both ways is proven once for each.
    ///
    /// Requirements:
    /// - the audit is Sampled, now <= deadline; anybody may call; `predicate` is the one of the request;
    /// - each group has a rank for each index: the number j of a sample, below the number of samples, or `NAMED` for a named one;
    /// - what is proven already, also earlier in the same call, is skipped, and a group without anything else whatever it
    ///   contains;
    /// - each new sample is the zero with pi_seed(j) zeros before it on its page; `IDocumentJudge` accepts every group with
    ///   something new. Else the whole call reverts and nothing changes.
    function submitProofs(bytes32 id, Predicate calldata predicate, SampleGroup[] calldata groups) external;

    // ---- demands ----

    /// @notice Demands documents that match.
    ///
    /// Requirements:
    /// - the audit is Delivering, the caller is the requester, `guard` is answersHash, now <= deadline;
    /// - the documents, 1..128, are in ascending order, answered with one, each page supplied once; none is in another demand, or
    ///   withheld and not overruled;
    /// - `msg.value` is at least B; the rest becomes credit of the caller.
    ///
    /// @return m Number of the demand, counted from 0.
    function demand(bytes32 id, bytes32 guard, uint32[] calldata indices, PageOpening[] calldata pages)
        external
        payable
        returns (uint256 m);

    /// @notice Commits to the ciphertext of the demanded documents.
    ///
    /// Requirements:
    /// - the demand is Demanded, the caller is the responder, `guard` is the hash of its list, now <= deadline;
    /// - `ctRoot` is not zero, `ephemeral` a point of BN254 other than infinity.
    ///
    /// Warning: `ephemeral` = s·G with a fresh s, kept before this call. Whoever knows s can read the delivery.
    function deliver(bytes32 id, uint256 m, bytes32 guard, bytes32 ctRoot, Point calldata ephemeral) external;

    /// @notice The requester has the ciphertext.
    ///
    /// Requirements:
    /// - the demand is Delivered, the caller is the requester, `guard` is its ctRoot, now <= deadline.
    ///
    /// Warning: only with every chunk in hand, of its exact length and under ctRoot: without them nothing bad can be shown.
    function ack(bytes32 id, uint256 m, bytes32 guard) external;

    /// @notice Publishes the next chunks of a delivery that was not acknowledged.
    ///
    /// Requirements:
    /// - the demand is Delivered, the caller is the responder, `guard` is its ctRoot;
    /// - deadline < now <= deadline + W_publish;
    /// - `IPublishedTransfers` takes them as chunks `from` on, and with the last one their root is ctRoot.
    function publishChunks(bytes32 id, uint256 m, bytes32 guard, uint256 from, bytes32[] calldata cipherWords) external;

    /// @notice Shows that a delivery is bad; the audit ends as a Violation.
    ///
    /// Requirements:
    /// - the demand is Acked, now <= deadline; anybody may call;
    /// - `indices` are its list; `slot` is below their number;
    /// - `ISharedKeyJudge` accepts `secret`, and `ITransferJudge` the evidence about document `indices[slot]`.
    ///
    /// Warning: this call lets everybody read the delivery who has its ciphertext.
    function proveBadData(
        bytes32 id,
        uint256 m,
        uint32[] calldata indices,
        uint256 slot,
        SharedSecret calldata secret,
        Evidence calldata evidence
    ) external;

    /// @notice Settles a demand whose time is over, or of an audit that has ended.
    ///
    /// Requirements:
    /// - the demand is Demanded, Delivered or Acked; anybody may call;
    /// - the audit is Closed, or now > settleAfter of the demand. A demand that is not Acked by then ends the audit as a
    ///   Violation.
    function settleDemand(bytes32 id, uint256 m) external;

    // ---- endings ----

    /// @notice The requester has what it wants: closes the audit as Complete.
    ///
    /// Requirements:
    /// - the audit is Delivering, no demand is open;
    /// - the caller is the requester, `guard` is answersHash.
    function confirm(bytes32 id, bytes32 guard) external;

    /// @notice Closes as Complete an audit in which nothing can be demanded any more.
    ///
    /// Requirements:
    /// - the audit is Delivering, no demand is open, now > deadline; anybody may call.
    function finalize(bytes32 id) external;

    /// @notice Closes the audit against the party whose move it was: as Timeout without sealed answers, as Unchecked without a
    /// salt, as Violation without all proofs.
    ///
    /// Requirements:
    /// - the audit is Accepted, Answered or Sampled, now > deadline; anybody may call.
    function timeout(bytes32 id) external;

    // ---- views ----

    /// @notice Reverts `WrongAuditState` for an unknown id, as do the next views.
    function audit(bytes32 id) external view returns (AuditView memory);

    /// @notice The result; meaningless before it is Closed.
    function verdict(bytes32 id) external view returns (AuditVerdict memory);

    /// @notice Demand number `m`. Reverts `WrongDemandState` if there is none.
    function demandAt(bytes32 id, uint256 m) external view returns (DemandView memory);

    /// @notice What became of document `index`.
    function documentAt(bytes32 id, uint32 index) external view returns (DocumentView memory);

    /// @notice Hash of page number `q` of the answers; zero before it is posted.
    function pageHashAt(bytes32 id, uint256 q) external view returns (bytes32);

    /// @notice Whether sample number `rank` is proven, or with `NAMED` the named document `index`.
    function isProven(bytes32 id, uint32 rank, uint32 index) external view returns (bool);

    /// @notice Last second in which only a party can end the audit; later anybody can, by `cancelRequest`, `timeout` or, once each
    /// open demand is settled, `finalize`. Zero once Closed.
    function timeoutAt(bytes32 id) external view returns (uint64);

    /// @notice Number of audits of a corpus that were ever accepted. Requests cost their maker gas only, and are counted apart.
    function auditCount(bytes32 corpusId) external view returns (uint256);

    /// @notice Identifier of accepted audit number `i`, counted from 0. Reverts `SequenceOutOfRange` past the last one.
    function auditIdAt(bytes32 corpusId, uint256 i) external view returns (bytes32);

    /// @notice Number of requests ever made for a corpus.
    function requestCount(bytes32 corpusId) external view returns (uint256);

    /// @notice Identifier of request number `seq`, counted from 0, as `request` returned it. Reverts `SequenceOutOfRange` past the
    /// last one.
    function requestIdAt(bytes32 corpusId, uint256 seq) external view returns (bytes32);
}
