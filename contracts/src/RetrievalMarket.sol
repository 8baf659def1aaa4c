// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRetrievalMarket} from "./interfaces/IRetrievalMarket.sol";
import {AuditPayouts} from "./libraries/AuditPayouts.sol";
import {AuditStatement} from "./libraries/AuditStatement.sol";
import {Audits} from "./retrieval/Audits.sol";
import {DemandPhase} from "./retrieval/DemandPhase.sol";
import {SamplePhase} from "./retrieval/SamplePhase.sol";
import {Deadlines} from "./shared/Deadlines.sol";
import {Parties} from "./shared/Parties.sol";
import {Sequence} from "./shared/Sequence.sol";
import {Audited, AuditOutcome, AuditState, AuditVerdict, AuditView, RetrievalParams} from "./types/AuditTypes.sol";
import {Predicate, RequestTerms} from "./types/RetrievalTypes.sol";

/// @title Audits of a corpus that settle on proofs and deliveries
/// @notice Requests, endings and views; `retrieval/` has answers, samples and demands.
contract RetrievalMarket is DemandPhase, SamplePhase {
    using Sequence for bytes32[];

    /// In the order of the requests.
    mapping(bytes32 corpusId => bytes32[] ids) private _ids;
    /// In the order of `accept`.
    mapping(bytes32 corpusId => bytes32[] ids) private _accepted;
    /// A key and its negative are one: they have the same x, and whoever knows the secret of one knows the other's.
    mapping(address rq => mapping(uint256 keyX => bool)) private _usedKeys;

    /// @notice See `Audits`.
    constructor(RetrievalParams memory p) Audits(p) {}

    // ---- requests ----

    /// @inheritdoc IRetrievalMarket
    function request(RequestTerms calldata t, Predicate calldata predicate, string calldata uri)
        external
        payable
        nonReentrant
        returns (bytes32 id)
    {
        Parties.requireValue(t.price);
        bytes32[] storage ids = _ids[t.corpusId];
        id = AuditStatement.auditId(t.corpusId, ids.length);
        Audit storage a = _audits[id];
        Audited memory c = TERMS.checkRequest(t, predicate);
        require(!_usedKeys[msg.sender][t.requesterKey.x], KeyUsed(msg.sender, t.requesterKey.x));
        _usedKeys[msg.sender][t.requesterKey.x] = true;
        ids.push(id);
        bytes32 requestHash = AuditStatement.requestHash(id, msg.sender, t, PARAMS_HASH);
        a.corpusId = t.corpusId;
        a.root = c.root;
        a.rs = c.rs;
        a.size = c.size;
        a.inputWords = c.inputWords;
        a.corpusCommittedAt = c.committedAt;
        a.predicateHash = t.predicateHash;
        a.requestHash = requestHash;
        a.coin = t.saltHash;
        a.requesterKey = t.requesterKey;
        a.rq = msg.sender;
        a.state = AuditState.Requested;
        a.samples = t.samples;
        a.namedMax = t.namedMax;
        a.clock = t.expiry;
        a.authority = t.authority;
        a.onesMax = t.onesMax;
        a.withholdMax = t.withholdMax;
        a.bond = t.bond;
        a.price = t.price;
        _takeIn();
        emit AuditRequested(id, t.corpusId, msg.sender, requestHash, t, predicate, uri);
    }

    /// @inheritdoc IRetrievalMarket
    function approve(bytes32 id, bytes32 guard) external nonReentrant {
        Audit storage a = _requested(id, guard, true);
        a.approved = true;
        emit AuditApproved(id, a.corpusId, msg.sender);
    }

    /// @inheritdoc IRetrievalMarket
    function cancelRequest(bytes32 id) external nonReentrant {
        Audit storage a = _in(id, AuditState.Requested);
        if (msg.sender != a.rq) Deadlines.requirePast(a.clock);
        _close(id, a, AuditOutcome.Cancelled);
    }

    /// @inheritdoc IRetrievalMarket
    function decline(bytes32 id, bytes32 guard, string calldata reason) external nonReentrant {
        Audit storage a = _requested(id, guard, false);
        emit AuditDeclined(id, a.corpusId, msg.sender, reason);
        _close(id, a, AuditOutcome.Declined);
    }

    /// @inheritdoc IRetrievalMarket
    function accept(bytes32 id, bytes32 guard) external payable nonReentrant {
        Audit storage a = _requested(id, guard, false);
        Parties.requireValue(a.bond);
        // INVARIANT: the first guard binds the terms: if a reorganisation brings another request under the same id, no page that was
        // on its way answers it.
        a.answersHash = guard;
        uint64 deadline = _enter(a, AuditState.Accepted, TERMS.answerWindow(a.size));
        _accepted[a.corpusId].push(id);
        _takeIn();
        emit AuditAccepted(id, a.corpusId, msg.sender, deadline);
    }

    // ---- endings ----

    /// @inheritdoc IRetrievalMarket
    function confirm(bytes32 id, bytes32 guard) external nonReentrant {
        Audit storage a = _delivered(id);
        Parties.requireAnswer(a.rq, a.answersHash, guard);
        a.confirmed = true;
        _close(id, a, AuditOutcome.Complete);
    }

    /// @inheritdoc IRetrievalMarket
    function finalize(bytes32 id) external nonReentrant {
        Audit storage a = _delivered(id);
        Deadlines.requirePast(a.clock);
        _close(id, a, AuditOutcome.Complete);
    }

    /// @inheritdoc IRetrievalMarket
    function timeout(bytes32 id) external nonReentrant {
        Audit storage a = _audits[id];
        AuditState state = a.state;
        require(state >= AuditState.Accepted && state <= AuditState.Sampled, WrongAuditState(id, state));
        Deadlines.requirePast(a.clock);
        if (state == AuditState.Accepted) _close(id, a, AuditOutcome.Timeout);
        else _close(id, a, state == AuditState.Answered ? AuditOutcome.Unchecked : AuditOutcome.Violation);
    }

    // ---- views ----

    /// @inheritdoc IRetrievalMarket
    function audit(bytes32 id) public view returns (AuditView memory v) {
        Audit storage a = _known(id);
        v.corpusId = a.corpusId;
        v.predicateHash = a.predicateHash;
        v.requestHash = a.requestHash;
        v.answersHash = a.answersHash;
        v.guard = a.answersHash == 0 ? a.requestHash : a.answersHash;
        if (_isRevealed(a)) v.seed = a.coin;
        else v.saltHash = a.coin;
        v.requesterKey = a.requesterKey;
        v.rq = a.rq;
        v.rs = a.rs;
        v.authority = a.authority;
        v.state = a.state;
        v.outcome = a.outcome;
        v.approved = a.approved;
        v.confirmed = a.confirmed;
        v.size = a.size;
        v.inputWords = a.inputWords;
        v.samples = a.samples;
        v.namedMax = a.namedMax;
        v.onesMax = a.onesMax;
        v.withholdMax = a.withholdMax;
        v.bond = a.bond;
        v.price = a.price;
        v.pages = a.pages;
        v.positives = a.positives;
        v.withheld = a.withheld;
        v.overruled = a.overruled;
        v.named = a.named;
        v.due = a.due;
        v.proven = a.proven;
        v.demands = a.demands;
        v.openDemands = a.openDemands;
        v.published = a.published;
        v.demanded = a.demanded;
        v.overruleBy = a.overruleBy;
        v.corpusCommittedAt = a.corpusCommittedAt;
        if (v.state == AuditState.Closed) v.closedAt = a.clock;
        else v.deadline = a.clock;
    }

    /// @inheritdoc IRetrievalMarket
    function verdict(bytes32 id) external view returns (AuditVerdict memory v) {
        v.audit = audit(id);
        v.assurance = AuditPayouts.assurance(v.audit.outcome, v.audit.samples, v.audit.size - v.audit.positives);
    }

    /// @inheritdoc IRetrievalMarket
    function pageHashAt(bytes32 id, uint256 q) external view returns (bytes32) {
        _known(id);
        return _pageHashes[id][q];
    }

    /// @inheritdoc IRetrievalMarket
    function timeoutAt(bytes32 id) external view returns (uint64) {
        Audit storage a = _known(id);
        return a.state == AuditState.Closed ? 0 : a.clock;
    }

    /// @inheritdoc IRetrievalMarket
    function auditCount(bytes32 corpusId) external view returns (uint256) {
        return _accepted[corpusId].length;
    }

    /// @inheritdoc IRetrievalMarket
    function auditIdAt(bytes32 corpusId, uint256 i) external view returns (bytes32) {
        return _accepted[corpusId].idAt(i);
    }

    /// @inheritdoc IRetrievalMarket
    function requestCount(bytes32 corpusId) external view returns (uint256) {
        return _ids[corpusId].length;
    }

    /// @inheritdoc IRetrievalMarket
    function requestIdAt(bytes32 corpusId, uint256 seq) external view returns (bytes32) {
        return _ids[corpusId].idAt(seq);
    }

    /// A request that the caller, authority or responder, may still decide about.
    function _requested(bytes32 id, bytes32 guard, bool byAuthority) private view returns (Audit storage a) {
        a = _in(id, AuditState.Requested);
        Parties.requireAction(byAuthority ? a.authority : a.rs, a.requestHash, guard, a.clock);
    }

    /// Whether the coin is the seed already.
    function _isRevealed(Audit storage a) private view returns (bool) {
        AuditOutcome outcome = a.outcome;
        return a.state == AuditState.Sampled || a.state == AuditState.Delivering || outcome == AuditOutcome.Violation
            || outcome == AuditOutcome.Complete;
    }

    /// An audit in Delivering of which no demand is open.
    function _delivered(bytes32 id) private view returns (Audit storage a) {
        a = _in(id, AuditState.Delivering);
        require(a.openDemands == 0, DemandsOpen(id, a.openDemands));
    }
}
