// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAccuracyMarket} from "../interfaces/IAccuracyMarket.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Deadlines} from "../libraries/Deadlines.sol";
import {Payouts} from "../libraries/Payouts.sol";
import {ResultBitmap} from "../libraries/ResultBitmap.sol";
import {Statement} from "../libraries/Statement.sol";
import {Adjudication, Challenge, Claim, Mode, Outcome, ProofItem, State} from "../types/MarketTypes.sol";
import {Engagements} from "./Engagements.sol";

/// @title From Proving to Closed: proofs, the claimed result and the challenge game
abstract contract ResultPhase is Engagements {
    using Bitmap for Bitmap.Set;

    mapping(bytes32 id => mapping(uint256 position => Challenge)) internal _challenges;

    // ---- Proving ----

    /// @inheritdoc IAccuracyMarket
    function submitProofs(bytes32 id, ProofItem[] calldata items) external nonReentrant {
        Engagement storage e = _in(id, State.Proving);
        _requireAdjudication(e, Adjudication.DIRECT);
        Deadlines.requireOpen(e.clock);
        if (_proveBatch(id, e, items) && _meetsTarget(e, e.provenOnChain)) _close(id, e, Outcome.Passed);
    }

    /// @inheritdoc IAccuracyMarket
    function concede(bytes32 id, bytes32 guard) external nonReentrant {
        Engagement storage e = _in(id, State.Proving);
        _requireAction(e, e.mp, guard);
        _close(id, e, Outcome.FailedAccuracy);
    }

    /// @inheritdoc IAccuracyMarket
    function postResult(bytes32 id, bytes32 guard, bytes calldata bitmap) external nonReentrant {
        Engagement storage e = _in(id, State.Proving);
        _requireAdjudication(e, Adjudication.OPTIMISTIC);
        _requireAction(e, e.mp, guard);
        uint32 correct = SafeCast.toUint32(ResultBitmap.count(bitmap, _size(e.mode)));
        require(_meetsTarget(e, correct), BelowTarget(_needed(e), correct));
        e.claimedCorrect = correct;
        e.guard = keccak256(bitmap);
        uint64 deadline = _enter(e, State.Claimed, CHALLENGE_WINDOW);
        emit ResultPosted(id, e.modelId, msg.sender, bitmap, correct, deadline);
    }

    // ---- Claimed ----

    /// @inheritdoc IAccuracyMarket
    function acceptResult(bytes32 id, bytes32 guard) external nonReentrant {
        Engagement storage e = _in(id, State.Claimed);
        _requireAction(e, e.mc, guard);
        _requireNoneOpen(id, e);
        _close(id, e, Outcome.Passed);
    }

    /// @inheritdoc IAccuracyMarket
    function finalize(bytes32 id) external nonReentrant {
        Engagement storage e = _in(id, State.Claimed);
        Deadlines.requirePast(e.clock);
        _requireNoneOpen(id, e);
        _close(id, e, Outcome.Passed);
    }

    /// @inheritdoc IAccuracyMarket
    function challenge(bytes32 id, bytes calldata bitmap, uint32 position) external payable nonReentrant {
        Engagement storage e = _in(id, State.Claimed);
        Deadlines.requireOpen(e.clock);
        _requireGuard(e, keccak256(bitmap));
        _requireValue(CHALLENGE_BOND);
        require(ResultBitmap.contains(bitmap, position), NotClaimed(position));
        Challenge storage c = _challenges[id][position];
        // A position is challenged once: only an answer proves one while the result is claimed, and for good.
        require(c.challenger == address(0), AlreadyChallenged(position, c.challenger));
        if (msg.sender != e.mc) {
            require(e.othersChallenges < OTHERS_MAX, TooManyChallenges(OTHERS_MAX));
            e.othersChallenges += 1;
        }
        c.challenger = msg.sender;
        c.deadline = Deadlines.fromNow(RESPOND_WINDOW + e.openChallenges * ANSWER_TIME);
        e.openChallenges += 1;
        _takeIn();
        emit Challenged(id, e.modelId, msg.sender, position, c.deadline);
    }

    /// @inheritdoc IAccuracyMarket
    function answer(bytes32 id, ProofItem calldata item) external nonReentrant {
        Engagement storage e = _in(id, State.Claimed);
        uint32 position = item.position;
        Challenge storage c = _openChallenge(id, position);
        Deadlines.requireOpen(c.deadline);
        _proven[id].insert(position);
        c.deadline = 0;
        e.provenOnChain += 1;
        e.openChallenges -= 1;
        e.challengesAnswered += 1;
        _give(e.mp, CHALLENGE_BOND);
        emit Answered(id, e.modelId, msg.sender, position);
        PROOF_JUDGE.check(_claim(id, e, position), item);
    }

    /// @inheritdoc IAccuracyMarket
    function timeoutChallenge(bytes32 id, uint32 position) external nonReentrant {
        Engagement storage e = _in(id, State.Claimed);
        Deadlines.requirePast(_openChallenge(id, position).deadline);
        _close(id, e, Outcome.Fault);
    }

    /// @inheritdoc IAccuracyMarket
    function reclaimBond(bytes32 id, uint32 position) external nonReentrant {
        Engagement storage e = _engagements[id];
        require(e.state == State.Closed || e.state == State.FullDemanded, WrongState(id, e.state));
        Challenge storage c = _openChallenge(id, position);
        require(msg.sender == c.challenger, NotParty(c.challenger, msg.sender));
        // INVARIANT: an answered or reclaimed challenge has no deadline, so each bond is paid once.
        c.deadline = 0;
        _give(msg.sender, CHALLENGE_BOND);
        emit BondReclaimed(id, e.modelId, msg.sender, position);
    }

    // ---- FullDemanded ----

    /// @inheritdoc IAccuracyMarket
    function demandFull(bytes32 id, bytes32 guard) external payable nonReentrant {
        Engagement storage e = _in(id, State.Claimed);
        _requireAction(e, e.mc, guard);
        uint32 needed = _needed(e);
        require(e.provenOnChain < needed, NothingToDemand(needed, e.provenOnChain));
        uint256 fund = uint256(needed) * (CHALLENGE_BOND / 2);
        _requireValue(fund);
        e.fund = fund;
        _takeIn();
        uint64 deadline = _enter(e, State.FullDemanded, RESPOND_WINDOW + needed * ANSWER_TIME);
        emit FullDemanded(id, e.modelId, msg.sender, needed, deadline);
    }

    /// @inheritdoc IAccuracyMarket
    function submitDemanded(bytes32 id, bytes calldata bitmap, ProofItem[] calldata items) external nonReentrant {
        Engagement storage e = _in(id, State.FullDemanded);
        Deadlines.requireOpen(e.clock);
        _requireGuard(e, keccak256(bitmap));
        for (uint256 i = 0; i < items.length; ++i) {
            require(ResultBitmap.contains(bitmap, items[i].position), NotClaimed(items[i].position));
        }
        uint256 needed = _needed(e);
        uint256 before = e.provenOnChain;
        if (!_proveBatch(id, e, items)) return;
        uint256 proven = e.provenOnChain;
        uint256 amount = Payouts.proofsPaid(before, proven, needed) * (CHALLENGE_BOND / 2);
        e.fund -= amount;
        _give(e.mp, amount);
        if (proven >= needed) _close(id, e, Outcome.Passed);
    }

    // ---- internal ----

    /// Proves the items whose positions are not proven yet; false if there are none.
    function _proveBatch(bytes32 id, Engagement storage e, ProofItem[] calldata items) private returns (bool) {
        uint256 size = _size(e.mode);
        uint32 accepted = 0;
        for (uint256 i = 0; i < items.length; ++i) {
            ProofItem calldata item = items[i];
            require(item.position < size, PositionOutOfRange(size, item.position));
            // INVARIANT: a proven position is skipped, never a revert, or a copied item could sink a provider's batch.
            if (!_proven[id].insert(item.position)) continue;
            PROOF_JUDGE.check(_claim(id, e, item.position), item);
            ++accepted;
        }
        if (accepted == 0) return false;
        uint32 proven = e.provenOnChain + accepted;
        e.provenOnChain = proven;
        emit ProofsAccepted(id, e.modelId, msg.sender, accepted, proven);
        return true;
    }

    function _claim(bytes32 id, Engagement storage e, uint256 position) private view returns (Claim memory) {
        return Claim({
            registry: address(REGISTRY),
            modelId: e.modelId,
            kind: Statement.KIND_ACCURACY,
            id: id,
            testRoot: e.testRoot,
            seed: e.seed,
            examples: N,
            position: e.mode == Mode.FULL ? N1 + position : position
        });
    }

    /// A challenge that is neither answered nor reclaimed.
    function _openChallenge(bytes32 id, uint32 position) private view returns (Challenge storage c) {
        c = _challenges[id][position];
        require(c.deadline != 0, NotChallenged(position));
    }

    function _requireNoneOpen(bytes32 id, Engagement storage e) private view {
        require(e.openChallenges == 0, ChallengesOpen(id, e.openChallenges));
    }
}
