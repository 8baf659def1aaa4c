// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Privacy, RoundOutcome, RoundState, RoundView} from "../../../src/types/RoundTypes.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";
import {TestSet} from "../../base/TestSet.sol";

/// V24: whole rounds of an honest party against one that does anything at any time.
contract RoundStrategiesTest is RoundFixture {
    /// Shorter than every window: how long an honest party may be away.
    uint256 private constant AWAY = 3000;
    uint256 private constant STEPS = 16;

    // ---- an honest provider ----

    /// It never ends in Fault or Void, and never with less than M and the price.
    function testFuzz_honestProvider_isPaid(uint256 seed) public {
        Privacy privacy = Privacy(seed & 1);
        bytes32 id = rooted(privacy);
        for (uint256 step = 0; step < STEPS && !isClosed(id); ++step) {
            uint256 dice = uint256(keccak256(abi.encode(seed, step)));
            vm.warp(block.timestamp + 1 + dice % AWAY);
            tryConsumer(id, dice >> 32);
            playProvider(id);
        }
        RoundView memory r = rounds.round(id);
        assertEq(uint256(r.state), uint256(RoundState.Closed), "ended");
        assertTrue(r.outcome == RoundOutcome.Clean || r.outcome == RoundOutcome.Upheld, "V24: outcome");
        assertEq(rounds.credit(mp), M + PI + r.contested * TOLL + r.contestFees + r.quietBond.earned, "V24: paid");
        if (r.published && privacy == PRIVATE) {
            assertEq(r.quietBond.earned, publishPart(PRIVATE), "V24: half of publish");
        }
        assertReleased(0);
    }

    /// Publishes as soon as it may, answers what is contested, ends what can be ended.
    function playProvider(bytes32 id) private {
        RoundView memory r = rounds.round(id);
        if (r.state == RoundState.Rooted && (r.privacy == PUBLIC || block.timestamp > r.deadline)) {
            publishRound(id);
            r = rounds.round(id);
        }
        if (r.state != RoundState.Served) return;
        uint256 open = maskOf(rounds.contestedSet(id)) & ~maskOf(rounds.provenSet(id));
        if (open != 0) answerRound(id, open);
        if (block.timestamp > rounds.timeoutAt(id)) rounds.finalize(id);
    }

    function tryConsumer(bytes32 id, uint256 dice) private {
        bytes32 g = roundGuard(id);
        bytes memory bitmap = bitmapFor(dice & (dice >> 64) & (dice >> 128) & 0x1ffff);
        vm.prank(mc);
        if (dice % 8 == 0) {
            try rounds.confirm(id, g) {} catch {}
        } else if (dice % 8 < 5) {
            try rounds.contest{value: 20 * ANSWER_FEE}(id, g, bitmap) {} catch {}
        } else {
            try rounds.timeout(id) {} catch {}
        }
    }

    // ---- an honest consumer ----

    /// It never ends with less than its deposit less the tolls, pays for outputs only, and no false output that it contests is
    /// ever upheld.
    function testFuzz_honestConsumer_isSafe(uint256 seed) public {
        Privacy privacy = Privacy(seed & 1);
        bool isFalse = (seed >> 1) & 1 == 1;
        bool handsOver = (seed >> 2) & 1 == 1;
        uint256[] memory words = wordsOf(privacy);
        // A false output 0.
        if (isFalse) words[0] ^= 2;
        bytes32 id = opened(privacy);
        serveWith(id, TestSet.root(outputTree(words)));
        for (uint256 step = 0; step < STEPS && !isClosed(id); ++step) {
            uint256 dice = uint256(keccak256(abi.encode(seed, step)));
            vm.warp(block.timestamp + 1 + dice % AWAY);
            tryProvider(id, words, dice >> 32);
            playConsumer(id, isFalse, handsOver);
        }
        RoundView memory r = rounds.round(id);
        assertEq(uint256(r.state), uint256(RoundState.Closed), "ended");
        if (r.outcome == RoundOutcome.Upheld) {
            assertTrue(!isFalse, "V24: nothing false is upheld");
            assertGe(rounds.credit(mc), MC_DEPOSIT - r.contested * TOLL, "V24: the deposit less the tolls");
        } else {
            assertGe(rounds.credit(mc), MC_DEPOSIT + (r.outcome == RoundOutcome.Clean ? 0 : PI), "V24: the deposit");
        }
        if (isFalse) assertTrue(r.outcome == RoundOutcome.Fault || r.outcome == RoundOutcome.Void, "caught");
        if (r.outcome == RoundOutcome.Fault) assertGe(rounds.credit(mc), MC_DEPOSIT + PI + M, "V24: the award");
    }

    /// Looks at what it was handed or what was published, contests what is false, else output 1 and no more.
    function playConsumer(bytes32 id, bool isFalse, bool handsOver) private {
        RoundView memory r = rounds.round(id);
        if (r.state == RoundState.Rooted) {
            if (block.timestamp > rounds.timeoutAt(id)) rounds.timeout(id);
            else if (r.privacy == PRIVATE && handsOver && block.timestamp <= r.deadline) contestOne(id, isFalse);
            return;
        }
        if (r.state != RoundState.Served) return;
        if (r.contested == 0) {
            if (block.timestamp <= r.deadline) contestOne(id, isFalse);
        } else if (r.contested == r.proven) {
            confirmRound(id);
        } else if (block.timestamp > r.answerBy) {
            rounds.timeout(id);
        }
    }

    function contestOne(bytes32 id, bool isFalse) private {
        contestRound(id, isFalse ? 1 : 2);
    }

    function tryProvider(bytes32 id, uint256[] memory words, uint256 dice) private {
        bytes32 g = roundGuard(id);
        if (dice % 4 == 0) {
            vm.prank(mp);
            try rounds.publish(id, g, ROUND_MASTER, words) {} catch {}
        } else if (dice % 4 == 1) {
            // The proof of what was posted is none of a false output.
            uint32 index = uint32(dice >> 8) % 2;
            try rounds.answer(id, one(groupWith(id, index, words, outputOf(index)))) {} catch {}
        } else if (dice % 4 == 2) {
            try rounds.finalize(id) {} catch {}
        }
    }

    function isClosed(bytes32 id) private view returns (bool) {
        return rounds.round(id).state == RoundState.Closed;
    }

    function maskOf(bytes memory bitmap) private pure returns (uint256 mask) {
        for (uint256 i = 0; i < bitmap.length; ++i) {
            mask |= uint256(uint8(bitmap[i])) << (8 * i);
        }
    }
}
