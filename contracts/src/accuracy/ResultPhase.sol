// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAccuracyMarket} from "../interfaces/IAccuracyMarket.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Payouts} from "../libraries/Payouts.sol";
import {ResultBitmap} from "../libraries/ResultBitmap.sol";
import {Statement} from "../libraries/Statement.sol";
import {Deadlines} from "../shared/Deadlines.sol";
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
        uint256 size = _size(e.mode);
        uint32 accepted = 0;
        for (uint256 i = 0; i < items.length; ++i) {
            require(items[i].position < size, PositionOutOfRange(size, items[i].position));
            if (_prove(id, e, items[i])) ++accepted;
        }
        _count(id, e, accepted);
        if (_meetsTarget(e, e.provenOnChain)) _close(id, e, Outcome.Passed);
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
        _requireValue(_bondOf(e, msg.sender));
        require(ResultBitmap.contains(bitmap, position), NotClaimed(position));
        Challenge storage c = _challenges[id][position];
        // A position is challenged once: only an answer proves one while the result is claimed, and for good.
        require(c.challenger == address(0), AlreadyChallenged(position, c.challenger));
        c.challenger = msg.sender;
        c.deadline = Deadlines.fromNow(RESPOND_WINDOW + e.openChallenges * ANSWER_TIME);
        e.openChallenges += 1;
        _takeIn();
        emit Challenged(id, e.modelId, msg.sender, position, c.deadline);
    }

    /// @inheritdoc IAccuracyMarket
    function answer(bytes32 id, ProofItem calldata item) external nonReentrant {
        Engagement storage e = _withChallenges(id);
        uint32 position = item.position;
        Challenge storage c = _openChallenge(id, position);
        _settleChallenge(id, e, position, c);
        // A challenge opens on positions that are not proven, and is closed by the proof: nothing is skipped here.
        _prove(id, e, item);
        e.provenOnChain += 1;
        _closeIfDemandIsMet(id, e);
    }

    /// @inheritdoc IAccuracyMarket
    function timeoutChallenge(bytes32 id, uint32 position) external nonReentrant {
        Engagement storage e = _withChallenges(id);
        Challenge storage c = _openChallenge(id, position);
        Deadlines.requirePast(c.deadline);
        // The consumer has 2D already.
        _close(id, e, Outcome.Fault, c.challenger == e.mc ? address(0) : c.challenger);
    }

    /// @inheritdoc IAccuracyMarket
    function reclaimBond(bytes32 id, uint32 position) external nonReentrant {
        Engagement storage e = _in(id, State.Closed);
        Challenge storage c = _openChallenge(id, position);
        require(msg.sender == c.challenger, NotParty(c.challenger, msg.sender));
        // INVARIANT: an answered or reclaimed challenge has no deadline, so each bond is paid once.
        c.deadline = 0;
        _give(msg.sender, _bondOf(e, msg.sender));
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
        _endObjections(e);
        // Later than the deadline of every open challenge: fewer than k* of those that were open with it are answered.
        uint64 deadline = _enter(e, State.FullDemanded, RESPOND_WINDOW + (needed + e.openChallenges) * ANSWER_TIME);
        emit FullDemanded(id, e.modelId, msg.sender, needed, deadline);
    }

    /// @inheritdoc IAccuracyMarket
    function submitDemanded(bytes32 id, bytes calldata bitmap, ProofItem[] calldata items) external nonReentrant {
        Engagement storage e = _in(id, State.FullDemanded);
        Deadlines.requireOpen(e.clock);
        _requireGuard(e, keccak256(bitmap));
        uint32 answers = 0;
        uint32 others = 0;
        for (uint256 i = 0; i < items.length; ++i) {
            uint32 position = items[i].position;
            require(ResultBitmap.contains(bitmap, position), NotClaimed(position));
            if (!_prove(id, e, items[i])) continue;
            Challenge storage c = _challenges[id][position];
            if (c.deadline != 0) {
                ++answers;
                _settleChallenge(id, e, position, c);
            } else {
                ++others;
            }
        }
        // INVARIANT: an answer takes the bond and nothing of the fund, which pays for proofs that were missing to k* before.
        uint256 amount = Payouts.proofsPaid(e.provenOnChain, others, _needed(e)) * (CHALLENGE_BOND / 2);
        _count(id, e, answers + others);
        e.fund -= amount;
        _give(e.mp, amount);
        _closeIfDemandIsMet(id, e);
    }

    // ---- internal ----

    /// What a challenge of that account costs.
    function _bondOf(Engagement storage e, address challenger) private view returns (uint256) {
        return challenger == e.mc ? CHALLENGE_BOND : uint256(CHALLENGE_BOND) + PRICE_PROOF;
    }

    /// Pays the bond of an open challenge to the provider for the proof that the caller of this checks.
    function _settleChallenge(bytes32 id, Engagement storage e, uint32 position, Challenge storage c) private {
        Deadlines.requireOpen(c.deadline);
        c.deadline = 0;
        e.openChallenges -= 1;
        e.challengesAnswered += 1;
        _give(e.mp, _bondOf(e, c.challenger));
        emit Answered(id, e.modelId, msg.sender, position);
    }

    /// A demand is met by k* proofs and the answer to every challenge.
    function _closeIfDemandIsMet(bytes32 id, Engagement storage e) private {
        if (e.state == State.FullDemanded && e.openChallenges == 0 && _meetsTarget(e, e.provenOnChain)) {
            _close(id, e, Outcome.Passed);
        }
    }

    /// Proves the position of the item; false if it is proven already.
    function _prove(bytes32 id, Engagement storage e, ProofItem calldata item) private returns (bool) {
        uint256 position = item.position;
        // INVARIANT: a proven position is skipped, never a revert, or a copied item could sink a provider's batch.
        if (!_proven[id].insert(position)) return false;
        Claim memory claim = Claim({
            registry: address(REGISTRY),
            modelId: e.modelId,
            kind: Statement.KIND_ACCURACY,
            id: id,
            testRoot: e.testRoot,
            seed: e.seed,
            examples: N,
            position: e.mode == Mode.FULL ? N1 + position : position
        });
        PROOF_JUDGE.check(claim, item);
        return true;
    }

    /// Counts new proofs of a batch.
    function _count(bytes32 id, Engagement storage e, uint32 accepted) private {
        if (accepted == 0) return;
        uint32 proven = e.provenOnChain + accepted;
        e.provenOnChain = proven;
        emit ProofsAccepted(id, e.modelId, msg.sender, accepted, proven);
    }

    /// A challenge that is neither answered nor reclaimed.
    function _openChallenge(bytes32 id, uint32 position) private view returns (Challenge storage c) {
        c = _challenges[id][position];
        require(c.deadline != 0, NotChallenged(position));
    }

    function _withChallenges(bytes32 id) private view returns (Engagement storage e) {
        e = _engagements[id];
        require(e.state == State.Claimed || e.state == State.FullDemanded, WrongState(id, e.state));
    }

    function _requireNoneOpen(bytes32 id, Engagement storage e) internal view {
        require(e.openChallenges == 0, ChallengesOpen(id, e.openChallenges));
    }
}
