// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Engagements} from "./accuracy/Engagements.sol";
import {ResultPhase} from "./accuracy/ResultPhase.sol";
import {TransferPhase} from "./accuracy/TransferPhase.sol";
import {IAccuracyMarket} from "./interfaces/IAccuracyMarket.sol";
import {Bitmap} from "./libraries/Bitmap.sol";
import {Statement} from "./libraries/Statement.sol";
import {TAG_VOTE} from "./libraries/Tags.sol";
import {Deadlines} from "./shared/Deadlines.sol";
import {Sequence} from "./shared/Sequence.sol";
import {
    Adjudication,
    Assurance,
    Challenge,
    EngagementView,
    MarketParams,
    Mode,
    OfferTerms,
    Outcome,
    State,
    Verdict
} from "./types/MarketTypes.sol";
import {Counter} from "./types/ModelTypes.sol";

/// @title Engagements that settle on proofs of accuracy
/// @notice Offers, decisions, endings and views; `accuracy/` has the transfer and the adjudication.
contract AccuracyMarket is TransferPhase, ResultPhase {
    using Bitmap for Bitmap.Set;
    using Sequence for bytes32[];

    /// Hash of a party's last vote: state, guard and amounts.
    struct Votes {
        bytes32 mc;
        bytes32 mp;
    }

    /// In the order of the offers.
    mapping(bytes32 modelId => bytes32[] ids) private _ids;
    /// In the order of acceptance.
    mapping(bytes32 modelId => bytes32[] ids) private _locked;
    mapping(bytes32 id => Votes) private _votes;

    /// @notice See `Engagements`.
    constructor(MarketParams memory p) Engagements(p) {}

    // ---- offers ----

    /// @inheritdoc IAccuracyMarket
    function open(OfferTerms calldata terms) external payable nonReentrant returns (bytes32 id) {
        _requireValue(ENTRY);
        address mp = TERMS.checkOffer(terms);
        bytes32[] storage ids = _ids[terms.modelId];
        id = Statement.engagementId(terms.modelId, ids.length);
        ids.push(id);
        bytes32 offerHash = Statement.offerHash(id, msg.sender, terms, PARAMS_HASH);
        Engagement storage e = _engagements[id];
        e.modelId = terms.modelId;
        e.testRoot = terms.testRoot;
        e.offerHash = offerHash;
        e.mc = msg.sender;
        e.state = State.Offered;
        e.mode = terms.mode;
        e.adjudication = terms.adjudication;
        e.targetBps = terms.targetBps;
        e.mp = mp;
        e.clock = terms.expiry;
        e.guard = offerHash;
        if (terms.mode == Mode.FULL) e.mcSaltHash = terms.mcSaltHash;
        _takeIn();
        emit Offered(id, terms.modelId, msg.sender, offerHash, terms);
    }

    /// @inheritdoc IAccuracyMarket
    function cancel(bytes32 id) external nonReentrant {
        Engagement storage e = _in(id, State.Offered);
        if (msg.sender != e.mc) Deadlines.requirePast(e.clock);
        _cancel(id, e);
    }

    /// @inheritdoc IAccuracyMarket
    function accept(bytes32 id, bytes32 guard) external payable nonReentrant {
        Engagement storage e = _in(id, State.Offered);
        _requireAction(e, e.mp, guard);
        _requireValue(ENTRY);
        uint64 deadline =
            e.mode == Mode.CLEAR ? _enter(e, State.Probing, DECIDE_WINDOW) : _enter(e, State.Locked, COMMIT_WINDOW);
        _locked[e.modelId].push(id);
        _takeIn();
        // INVARIANT: from here on 2D is in escrow for this engagement, both fees are the treasury's.
        _give(TREASURY, FEES);
        emit Locked(id, e.modelId, msg.sender, deadline);
        REGISTRY.reserve(e.modelId, FAULT_STRIKES);
    }

    // ---- the provider's decision ----

    /// @inheritdoc IAccuracyMarket
    function abort(bytes32 id, bytes32 guard) external nonReentrant {
        Engagement storage e = _in(id, State.Probing);
        _requireAction(e, e.mp, guard);
        emit Aborted(id, e.modelId, msg.sender);
        _close(id, e, Outcome.Abort);
    }

    /// @inheritdoc IAccuracyMarket
    function proceed(bytes32 id, bytes32 guard) external nonReentrant {
        Engagement storage e = _in(id, State.Probing);
        _requireAction(e, e.mp, guard);
        uint64 deadline;
        if (e.mode == Mode.FULL) {
            e.guard = e.seed;
            deadline = _enter(e, State.Proceeded, KEY_WINDOW);
        } else {
            deadline = _enter(e, State.Proving, _proveWindow(e.mode));
        }
        emit Proceeded(id, e.modelId, msg.sender, deadline);
    }

    // ---- endings ----

    /// @inheritdoc IAccuracyMarket
    function agreeClose(bytes32 id, bytes32 guard, uint256 mcAmount, uint256 mpAmount) external nonReentrant {
        Engagement storage e = _engagements[id];
        State state = e.state;
        require(state > State.Offered && state < State.Closed, WrongState(id, state));
        require(msg.sender == e.mc || msg.sender == e.mp, NotParty(e.mc, msg.sender));
        _requireGuard(e, guard);
        require(mcAmount <= ESCROW && mpAmount == ESCROW - mcAmount, BadSplit(ESCROW, mcAmount, mpAmount));

        Votes storage votes = _votes[id];
        bytes32 vote = keccak256(abi.encode(TAG_VOTE, state, guard, mcAmount, mpAmount));
        if (msg.sender == e.mc) votes.mc = vote;
        if (msg.sender == e.mp) votes.mp = vote;
        emit CloseVoted(id, e.modelId, msg.sender, guard, mcAmount, mpAmount);
        if (votes.mc == votes.mp) _closeWith(id, e, Outcome.Settled, mcAmount, 0, Counter.Settled, address(0));
    }

    /// @inheritdoc IAccuracyMarket
    function timeout(bytes32 id) external nonReentrant {
        Engagement storage e = _engagements[id];
        State state = e.state;
        require(state != State.None && state != State.Claimed && state != State.Closed, WrongState(id, state));
        Deadlines.requirePast(e.clock);
        // An open challenge is overdue by now, and its end pays whoever watched. A demand that has its k* proofs is open for
        // no other reason.
        if (state == State.FullDemanded) _requireNoneOpen(id, e);
        if (state == State.Offered) _cancel(id, e);
        else _close(id, e, _silenceIn(state));
    }

    // ---- views ----

    /// @inheritdoc IAccuracyMarket
    function engagement(bytes32 id) public view returns (EngagementView memory v) {
        Engagement storage e = _known(id);
        v.modelId = e.modelId;
        v.testRoot = e.testRoot;
        v.offerHash = e.offerHash;
        v.mc = e.mc;
        v.mp = e.mp;
        v.state = e.state;
        v.outcome = e.outcome;
        v.mode = e.mode;
        v.adjudication = e.adjudication;
        v.targetBps = e.targetBps;
        if (v.state == State.Closed) v.closedAt = e.clock;
        else v.deadline = e.clock;
        v.provenOnChain = e.provenOnChain;
        v.guard = e.guard;
        v.ctRoot = e.ctRoot;
        v.seed = e.seed;
        v.claimedCorrect = e.claimedCorrect;
        if (v.state == State.Claimed || v.state == State.FullDemanded) v.openChallenges = e.openChallenges;
    }

    /// @inheritdoc IAccuracyMarket
    function verdict(bytes32 id) external view returns (Verdict memory v) {
        Engagement storage e = _engagements[id];
        EngagementView memory w = engagement(id);
        v.modelId = w.modelId;
        v.mp = w.mp;
        v.mc = w.mc;
        v.mode = w.mode;
        v.adjudication = w.adjudication;
        v.metric = REGISTRY.proofTerms(w.modelId).metric;
        v.targetBps = w.targetBps;
        v.n2 = _size(w.mode);
        v.provenOnChain = w.provenOnChain;
        v.claimedCorrect = w.provenOnChain;
        v.challengesAnswered = e.challengesAnswered;
        v.outcome = w.outcome;
        v.openFor = e.openFor;
        if (w.outcome == Outcome.Passed) {
            bool proven = _meetsTarget(e, w.provenOnChain);
            v.assurance = proven ? Assurance.PROVEN : Assurance.OPTIMISTIC;
            v.closedEarly = !proven && v.openFor < CHALLENGE_WINDOW;
        }
        if (w.adjudication == Adjudication.OPTIMISTIC) {
            if (v.assurance != Assurance.PROVEN) v.claimedCorrect = w.claimedCorrect;
            // A posted result has set bits, and its hash is the last guard.
            if (w.claimedCorrect != 0) v.resultHash = w.guard;
        }
        v.closedAt = w.closedAt;
        v.testRoot = w.testRoot;
    }

    /// @inheritdoc IAccuracyMarket
    function challengeAt(bytes32 id, uint32 position) external view returns (Challenge memory) {
        _known(id);
        return _challenges[id][position];
    }

    /// @inheritdoc IAccuracyMarket
    function timeoutAt(bytes32 id) external view returns (uint64) {
        Engagement storage e = _known(id);
        return e.state == State.Closed ? 0 : e.clock;
    }

    /// @inheritdoc IAccuracyMarket
    function isProven(bytes32 id, uint256 position) external view returns (bool) {
        _known(id);
        return _proven[id].contains(position);
    }

    /// @inheritdoc IAccuracyMarket
    function lockedCount(bytes32 modelId) external view returns (uint256) {
        return _locked[modelId].length;
    }

    /// @inheritdoc IAccuracyMarket
    function lockedIdAt(bytes32 modelId, uint256 i) external view returns (bytes32) {
        return _locked[modelId].idAt(i);
    }

    /// @inheritdoc IAccuracyMarket
    function engagementCount(bytes32 modelId) external view returns (uint256) {
        return _ids[modelId].length;
    }

    /// @inheritdoc IAccuracyMarket
    function engagementIdAt(bytes32 modelId, uint256 seq) external view returns (bytes32) {
        return _ids[modelId].idAt(seq);
    }

    // ---- internal ----

    function _cancel(bytes32 id, Engagement storage e) private {
        e.state = State.Closed;
        e.outcome = Outcome.Cancelled;
        e.clock = uint64(block.timestamp);
        _give(e.mc, ENTRY);
        emit Cancelled(id, e.modelId, e.mc);
    }

    /// Whose silence a state waits out.
    function _silenceIn(State state) private pure returns (Outcome) {
        if (state == State.Committed) return Outcome.NoAck;
        if (state == State.FullDemanded) return Outcome.Fault;
        if (state == State.Locked || state == State.Acked || state == State.Proceeded) return Outcome.McSilent;
        return Outcome.MpSilent;
    }
}
