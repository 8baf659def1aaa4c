// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPredictionMarket} from "../interfaces/IPredictionMarket.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {ResultBitmap} from "../libraries/ResultBitmap.sol";
import {RoundPayouts} from "../libraries/RoundPayouts.sol";
import {Statement} from "../libraries/Statement.sol";
import {Deadlines} from "../shared/Deadlines.sol";
import {Parties} from "../shared/Parties.sol";
import {AnswerGroup, RoundClaim, RoundState} from "../types/RoundTypes.sol";
import {Rounds} from "./Rounds.sol";

/// @title Contests and their answers
abstract contract ContestPhase is Rounds {
    using Bitmap for Bitmap.Set;

    /// @inheritdoc IPredictionMarket
    function contest(bytes32 id, bytes32 guard, bytes calldata bitmap) external payable nonReentrant {
        Round storage r = _withOutputs(id);
        Parties.requireAction(r.mc, r.outputsRoot, guard, r.clock);
        // INVARIANT: what is overdue stays overdue, or a contest would give the provider new time for it.
        require(_unproven(r) == 0 || !Deadlines.isPast(r.answerBy), Overdue(r.answerBy, uint64(block.timestamp)));
        uint32 added = _insert(id, r, bitmap);
        require(added != 0, NothingNew());
        uint32 contested = r.contested + added;
        require(contested <= r.contestCap, AboveCap(r.contestCap, contested));
        uint256 due = contestFee(added, block.basefee);
        r.contestFees += SafeCast.toUint128(due);
        r.contested = contested;
        uint64 answerBy = Deadlines.fromNow(RESPOND_WINDOW + contested * ANSWER_TIME);
        r.answerBy = answerBy;
        // A contest in PRIVATE admits that the outputs are there. The window for contests goes on.
        r.state = RoundState.Served;
        _takeDue(due);
        emit Contested(id, r.modelId, msg.sender, bitmap, added, contested, answerBy);
    }

    /// @inheritdoc IPredictionMarket
    function answer(bytes32 id, AnswerGroup[] calldata groups) external nonReentrant {
        Round storage r = _in(id, RoundState.Served);
        Deadlines.requireOpen(r.answerBy);
        RoundClaim memory claim = RoundClaim({
            registry: address(REGISTRY),
            modelId: r.modelId,
            kind: Statement.KIND_PREDICTION,
            id: id,
            inputRoot: r.inputRoot,
            outputsRoot: r.outputsRoot,
            predictions: r.predictions,
            privacy: r.privacy
        });
        uint32 accepted = 0;
        for (uint256 i = 0; i < groups.length; ++i) {
            uint32 fresh = _prove(id, groups[i].indices);
            // INVARIANT: a group with nothing new is skipped, never a revert, or a copied one could sink a provider's batch.
            if (fresh == 0) continue;
            accepted += fresh;
            JUDGE.check(claim, groups[i]);
        }
        if (accepted == 0) return;
        uint32 proven = r.proven + accepted;
        r.proven = proven;
        emit RoundAnswered(id, r.modelId, msg.sender, accepted, proven);
    }

    /// @inheritdoc IPredictionMarket
    function contestFee(uint32 added, uint256 baseFee) public view returns (uint256) {
        return RoundPayouts.contestFee(added, ANSWER_GAS, baseFee);
    }

    /// Number of predictions of the bitmap that were not contested before.
    function _insert(bytes32 id, Round storage r, bytes calldata bitmap) private returns (uint32) {
        Bitmap.Set storage set = _contested[id];
        ResultBitmap.requireFits(bitmap, r.predictions);
        uint256 added = 0;
        for (uint256 w = 0; 32 * w < bitmap.length; ++w) {
            added += ResultBitmap.popcount(set.insertAll(w, ResultBitmap.wordAt(bitmap, w)));
        }
        return SafeCast.toUint32(added);
    }

    /// Marks the contested ones of `indices` as proven; how many were not before.
    function _prove(bytes32 id, uint32[] calldata indices) private returns (uint32 fresh) {
        for (uint256 i = 0; i < indices.length; ++i) {
            if (_contested[id].contains(indices[i]) && _proven[id].insert(indices[i])) ++fresh;
        }
    }
}
