// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAccuracyTerms} from "../interfaces/IAccuracyTerms.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAccuracyMarket} from "../interfaces/IAccuracyMarket.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IProofJudge} from "../interfaces/IProofJudge.sol";
import {IPublishedTransfers} from "../interfaces/IPublishedTransfers.sol";
import {ITransferJudge} from "../interfaces/ITransferJudge.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Target} from "../libraries/Target.sol";
import {Credits} from "../shared/Credits.sol";
import {Deadlines} from "../shared/Deadlines.sol";
import {Parties} from "../shared/Parties.sol";
import {Adjudication, MarketParams, Mode, Outcome, Params, State} from "../types/MarketTypes.sol";
import {Counter} from "../types/ModelTypes.sol";
import {AccuracyTerms} from "./AccuracyTerms.sol";

/// @title What all phases of an engagement share: parameters, storage, guards and the one way to close
abstract contract Engagements is IAccuracyMarket, Credits {
    struct Engagement {
        bytes32 modelId;
        bytes32 testRoot;
        bytes32 offerHash;
        // one slot
        address mc;
        State state;
        Outcome outcome;
        Mode mode;
        Adjudication adjudication;
        uint16 targetBps;
        /// Seconds in which anybody could challenge the posted result; at most W_challenge.
        uint32 openFor;
        // one slot: what every transition writes
        address mp;
        /// Last second of the current window; once Closed, the second of closing.
        uint64 clock;
        uint32 provenOnChain;
        /// What the current state last fixed; after Closed, what was fixed last.
        bytes32 guard;
        bytes32 mcSaltHash;
        bytes32 ctRoot;
        bytes32 seed;
        // one slot: the challenge game
        uint32 claimedCorrect;
        /// Meaningful in Claimed and FullDemanded only.
        uint32 openChallenges;
        uint32 challengesAnswered;
        /// Wei of `demandFull` that are not yet paid to the provider.
        uint256 fund;
    }

    /// @inheritdoc IMarket
    bytes32 public immutable PARAMS_HASH;

    IAccuracyTerms internal immutable TERMS;
    IModelRegistry internal immutable REGISTRY;
    IProofJudge internal immutable PROOF_JUDGE;
    ITransferJudge internal immutable TRANSFER_JUDGE;
    IPublishedTransfers internal immutable PUBLICATION;
    address internal immutable TREASURY;
    uint32 internal immutable N1;
    uint32 private immutable N2;
    uint16 internal immutable FAULT_STRIKES;
    uint32 internal immutable WORDS_PER_CHUNK;
    uint64 internal immutable COMMIT_WINDOW;
    uint64 internal immutable ACK_WINDOW;
    uint64 internal immutable PUBLISH_WINDOW;
    uint64 internal immutable KEY_WINDOW;
    uint64 internal immutable DECIDE_WINDOW;
    uint64 private immutable PROVE_BASE;
    uint64 private immutable PROVE_TIME_PER_ITEM;
    uint64 internal immutable CHALLENGE_WINDOW;
    uint64 internal immutable RESPOND_WINDOW;
    uint64 internal immutable ANSWER_TIME;
    uint128 internal immutable CHALLENGE_BOND;
    uint128 internal immutable PRICE_PROOF;

    // Derived from the parameters.
    /// N1 + N2.
    uint32 internal immutable N;
    /// D + fee: what each side pays in.
    uint256 internal immutable ENTRY;
    /// 2D: what a locked engagement pays out.
    uint256 internal immutable ESCROW;
    /// Both fees.
    uint256 internal immutable FEES;

    mapping(bytes32 id => Engagement) internal _engagements;
    /// Positions of the proven set.
    mapping(bytes32 id => Bitmap.Set) internal _proven;

    /// @notice Requirements:
    /// - `registry` names this contract as its accuracy market; the other ones are those of `AccuracyTerms`.
    constructor(MarketParams memory given) {
        address expected = IModelRegistry(given.registry).accuracy();
        require(expected == address(this), NotRegistered(expected, address(this)));
        AccuracyTerms newTerms = new AccuracyTerms(given);
        Params memory p = newTerms.params();
        TERMS = newTerms;
        PARAMS_HASH = newTerms.PARAMS_HASH();
        REGISTRY = IModelRegistry(p.registry);
        PROOF_JUDGE = IProofJudge(p.judges.proofs);
        TRANSFER_JUDGE = ITransferJudge(p.judges.transfers);
        PUBLICATION = IPublishedTransfers(p.judges.publication);
        TREASURY = p.treasury;
        FEES = 2 * uint256(p.prices.fee);
        N1 = p.n1;
        N2 = p.n2;
        N = p.n1 + p.n2;
        FAULT_STRIKES = p.faultStrikes;
        WORDS_PER_CHUNK = p.transfer.wordsPerChunk;
        COMMIT_WINDOW = p.transfer.commitWindow;
        ACK_WINDOW = p.transfer.ackWindow;
        PUBLISH_WINDOW = p.transfer.publishWindow;
        KEY_WINDOW = p.transfer.keyWindow;
        DECIDE_WINDOW = p.windows.decide;
        PROVE_BASE = p.windows.proveBase;
        PROVE_TIME_PER_ITEM = p.windows.proveTimePerItem;
        CHALLENGE_WINDOW = p.claim.challengeWindow;
        RESPOND_WINDOW = p.claim.respondWindow;
        ANSWER_TIME = p.claim.answerTime;
        CHALLENGE_BOND = p.claim.challengeBond;
        PRICE_PROOF = p.prices.proof;
        uint256 deposit = newTerms.amounts(Mode.CLEAR).deposit;
        ENTRY = deposit + p.prices.fee;
        ESCROW = 2 * deposit;
    }

    /// @inheritdoc IMarket
    function terms() external view returns (address) {
        return address(TERMS);
    }

    // ---- closing ----

    /// Pays out a locked engagement by the row of its outcome.
    function _close(bytes32 id, Engagement storage e, Outcome outcome) internal {
        _close(id, e, outcome, address(0));
    }

    /// As above; `finder` has a part in what is burned.
    function _close(bytes32 id, Engagement storage e, Outcome outcome, address finder) internal {
        (uint256 mcAmount, uint32 burned, Counter counter) =
            TERMS.row(outcome, e.mode, _meetsTarget(e, e.provenOnChain));
        _closeWith(id, e, outcome, mcAmount, burned, counter, finder);
    }

    /// Pays out a locked engagement: `mcAmount` to the consumer, the rest of 2D to the provider.
    function _closeWith(
        bytes32 id,
        Engagement storage e,
        Outcome outcome,
        uint256 mcAmount,
        uint32 burned,
        Counter counter,
        address finder
    ) internal {
        if (e.state == State.Claimed) _endObjections(e);
        // INVARIANT: Closed is never left and is entered before anything is paid, so each engagement pays 2D once.
        e.state = State.Closed;
        e.outcome = outcome;
        e.clock = uint64(block.timestamp);
        uint256 mpAmount = ESCROW - mcAmount;
        uint256 fund = e.fund;
        if (fund != 0) e.fund = 0;
        _give(e.mc, mcAmount + fund);
        _give(e.mp, mpAmount);
        emit Closed(id, e.modelId, msg.sender, outcome, mcAmount, mpAmount);
        REGISTRY.release(e.modelId, FAULT_STRIKES, burned, counter, finder);
    }

    /// On leaving Claimed, while `clock` is still the end of W_challenge.
    function _endObjections(Engagement storage e) internal {
        uint256 end = Math.min(block.timestamp, e.clock);
        // At most W_challenge, which is at most a year.
        e.openFor = SafeCast.toUint32(end + CHALLENGE_WINDOW - e.clock);
    }

    // ---- sizes ----

    /// Size of the proven set.
    function _size(Mode mode) internal view returns (uint32) {
        return mode == Mode.FULL ? N2 : N;
    }

    function _proveWindow(Mode mode) internal view returns (uint64) {
        return PROVE_BASE + _size(mode) * PROVE_TIME_PER_ITEM;
    }

    function _meetsTarget(Engagement storage e, uint256 correct) internal view returns (bool) {
        return Target.isMet(correct, e.targetBps, _size(e.mode));
    }

    /// k*: proofs that make a verdict unconditional.
    function _needed(Engagement storage e) internal view returns (uint32) {
        return SafeCast.toUint32(Target.needed(e.targetBps, _size(e.mode)));
    }

    // ---- guards ----

    function _enter(Engagement storage e, State state, uint64 window) internal returns (uint64 deadline) {
        deadline = Deadlines.fromNow(window);
        e.state = state;
        e.clock = deadline;
    }

    /// What every call of a party needs: the right caller, the thing it answers, and time left.
    function _requireAction(Engagement storage e, address party, bytes32 guard) internal view {
        Parties.requireAction(party, e.guard, guard, e.clock);
    }

    function _requireGuard(Engagement storage e, bytes32 guard) internal view {
        Parties.requireGuard(e.guard, guard);
    }

    function _requireMode(Engagement storage e, Mode mode) internal view {
        require(e.mode == mode, WrongMode(mode, e.mode));
    }

    function _requireAdjudication(Engagement storage e, Adjudication adjudication) internal view {
        require(e.adjudication == adjudication, WrongAdjudication(adjudication, e.adjudication));
    }

    function _requireValue(uint256 due) internal view {
        Parties.requireValue(due);
    }

    function _in(bytes32 id, State state) internal view returns (Engagement storage e) {
        e = _engagements[id];
        require(e.state == state, WrongState(id, e.state));
    }

    function _known(bytes32 id) internal view returns (Engagement storage e) {
        e = _engagements[id];
        require(e.state != State.None, WrongState(id, State.None));
    }
}
