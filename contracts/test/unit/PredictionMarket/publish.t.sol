// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IPredictionMarket} from "../../../src/interfaces/IPredictionMarket.sol";
import {OutputWords} from "../../../src/libraries/OutputWords.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Privacy, RoundOutcome, RoundState} from "../../../src/types/RoundTypes.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";
import {TestSet} from "../../base/TestSet.sol";

contract RoundPublishTest is RoundFixture {
    function test_publish_showsAllOutputs() public {
        bytes32 id = rooted(PUBLIC);
        uint256[] memory words = wordsOf(PUBLIC);
        bytes32 root = roundGuard(id);
        vm.warp(START + PUBLISH);
        uint64 deadline = START + PUBLISH + CONTEST;
        vm.expectEmit(true, true, true, true, address(rounds));
        emit IPredictionMarket.OutputsPublished(id, modelId, mp, ROUND_MASTER, words, deadline);
        vm.prank(mp);
        rounds.publish(id, root, ROUND_MASTER, words);
        assertRound(id, RoundState.Served, RoundOutcome.None);
        assertTrue(rounds.round(id).published, "published");
        assertEq(roundGuard(id), root, "the guard stays");
        assertEq(rounds.round(id).deadline, deadline, "deadline");
        assertCredits(0, 0, 2 * ROUND_FEE);
    }

    function test_publish_inPrivateOnlyAfterSilence() public {
        bytes32 id = rooted(PRIVATE);
        uint256[] memory words = wordsOf(PRIVATE);
        bytes32 root = roundGuard(id);
        vm.warp(START + CONTEST);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, START + CONTEST, START + CONTEST));
        vm.prank(mp);
        rounds.publish(id, root, ROUND_MASTER, words);
        uint64[2] memory ends = [START + CONTEST + 1, START + CONTEST + PUBLISH];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 before = vm.snapshotState();
            vm.warp(ends[i]);
            vm.prank(mp);
            rounds.publish(id, root, ROUND_MASTER, words);
            assertEq(rounds.round(id).deadline, ends[i] + CONTEST, "a window of its own");
            vm.revertToState(before);
        }
        vm.warp(START + CONTEST + PUBLISH + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                Deadlines.DeadlinePassed.selector, START + CONTEST + PUBLISH, START + CONTEST + PUBLISH + 1
            )
        );
        vm.prank(mp);
        rounds.publish(id, root, ROUND_MASTER, words);
    }

    function test_publish_revertsWhen_theCallIsWrong() public {
        bytes32 id = rooted(PUBLIC);
        uint256[] memory words = wordsOf(PUBLIC);
        bytes32 root = roundGuard(id);
        address[2] memory others = [mc, outsider];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, mp, others[i]));
            vm.prank(others[i]);
            rounds.publish(id, root, ROUND_MASTER, words);
        }
        bytes32 offerHash = rounds.round(id).offerHash;
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, root, offerHash));
        vm.prank(mp);
        rounds.publish(id, offerHash, ROUND_MASTER, words);
        vm.warp(START + PUBLISH + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + PUBLISH, START + PUBLISH + 1));
        vm.prank(mp);
        rounds.publish(id, root, ROUND_MASTER, words);
    }

    /// One lane, an unused lane, a bit above the lanes, the order, the number, the master salt.
    function test_publish_revertsWhen_theOutputsAreOthers() public {
        bytes32 id = rooted(PUBLIC);
        uint256[] memory words = wordsOf(PUBLIC);
        words[1] ^= 1 << 16;
        expectOthers(id, ROUND_MASTER, words);
        words = wordsOf(PUBLIC);
        (words[0], words[1]) = (words[1], wordsOf(PUBLIC)[0] & 0xffffffff);
        expectOthers(id, ROUND_MASTER, words);
        expectOthers(id, bytes32(uint256(ROUND_MASTER) ^ 1), wordsOf(PUBLIC));

        words = wordsOf(PUBLIC);
        words[1] |= 1 << 32; // K = 17: two lanes of the second word are used
        expectReason(id, words, abi.encodeWithSelector(OutputWords.UnusedBits.selector, 1, words[1]));
        words = wordsOf(PUBLIC);
        words[0] |= 1 << 240;
        expectReason(id, words, abi.encodeWithSelector(OutputWords.UnusedBits.selector, 0, words[0]));
        uint256[] memory fewer = new uint256[](1);
        fewer[0] = wordsOf(PUBLIC)[0];
        expectReason(id, fewer, abi.encodeWithSelector(OutputWords.WrongWordCount.selector, 2, 1));
        uint256[] memory more = new uint256[](3);
        (more[0], more[1]) = (wordsOf(PUBLIC)[0], wordsOf(PUBLIC)[1]);
        expectReason(id, more, abi.encodeWithSelector(OutputWords.WrongWordCount.selector, 2, 3));
    }

    /// A root over words that no publication may have cannot be published: the round ends Void.
    function test_publish_revertsWhen_theRootCoversAnUnusedBit() public {
        uint256[] memory words = wordsOf(PUBLIC);
        words[0] |= 1 << 255;
        bytes32 id = opened(PUBLIC);
        serveWith(id, TestSet.root(outputTree(words)));
        expectReason(id, words, abi.encodeWithSelector(OutputWords.UnusedBits.selector, 0, words[0]));
    }

    function expectOthers(bytes32 id, bytes32 master, uint256[] memory words) private {
        bytes32 root = roundGuard(id);
        vm.expectPartialRevert(IPredictionMarket.WrongOutputs.selector);
        vm.prank(mp);
        rounds.publish(id, root, master, words);
    }

    function expectReason(bytes32 id, uint256[] memory words, bytes memory reason) private {
        bytes32 root = roundGuard(id);
        vm.expectRevert(reason);
        vm.prank(mp);
        rounds.publish(id, root, ROUND_MASTER, words);
    }
}
