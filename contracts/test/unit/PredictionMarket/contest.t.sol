// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICredits} from "../../../src/interfaces/ICredits.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IPredictionMarket} from "../../../src/interfaces/IPredictionMarket.sol";
import {ResultBitmap} from "../../../src/libraries/ResultBitmap.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {RoundOutcome, RoundState, RoundTerms, RoundView} from "../../../src/types/RoundTypes.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";

contract RoundContestTest is RoundFixture {
    function test_contest_inPublic() public {
        bytes32 id = served(PUBLIC);
        bytes32 g = roundGuard(id);
        uint64 deadline = rounds.round(id).deadline;
        bytes memory bitmap = bitmapFor(0x10001); // the first and the last
        vm.warp(START + 100);
        uint64 answerBy = START + 100 + RESPOND + 2 * ROUND_ANSWER_TIME;
        vm.expectEmit(true, true, true, true, address(rounds));
        emit IPredictionMarket.Contested(id, modelId, mc, bitmap, 2, 2, answerBy);
        vm.prank(mc);
        rounds.contest{value: 2 * ANSWER_FEE}(id, g, bitmap);
        RoundView memory r = rounds.round(id);
        assertEq(r.contested, 2, "contested");
        assertEq(r.proven, 0, "proven");
        assertEq(r.contestFees, 2 * ANSWER_FEE, "F");
        assertEq(r.answerBy, answerBy, "answerBy");
        assertEq(r.deadline, deadline, "the window goes on");
        assertEq(keccak256(rounds.contestedSet(id)), keccak256(bitmap), "set");
        assertEq(keccak256(rounds.provenSet(id)), keccak256(bitmapFor(0)), "none proven");
        assertEq(rounds.timeoutAt(id), answerBy, "timeoutAt");
        assertCredits(0, 0, 2 * ROUND_FEE);
    }

    /// In PRIVATE the first one admits that the outputs are there.
    function test_contest_inPrivateBeforePublication() public {
        bytes32 id = rooted(PRIVATE);
        vm.warp(START + CONTEST);
        contestRound(id, 1);
        assertRound(id, RoundState.Served, RoundOutcome.None);
        assertTrue(!rounds.round(id).published, "not published");
        assertEq(rounds.round(id).deadline, START + CONTEST, "same deadline");
        // What was admitted is not published any more.
        bytes32 g = roundGuard(id);
        vm.warp(START + CONTEST + 1);
        expectRoundState(id, RoundState.Served);
        vm.prank(mp);
        rounds.publish(id, g, ROUND_MASTER, wordsOf(PRIVATE));
    }

    /// Bits that were contested before are ignored and cost nothing.
    function test_contest_addsOnlyWhatIsNew() public {
        bytes32 id = served(PUBLIC);
        contestRound(id, 1);
        bytes32 g = roundGuard(id);
        vm.warp(START + 50);
        vm.prank(mc);
        rounds.contest{value: ANSWER_FEE}(id, g, bitmapFor(3));
        assertEq(rounds.round(id).contested, 2, "contested");
        assertEq(rounds.round(id).contestFees, 2 * ANSWER_FEE, "F");
        assertEq(rounds.round(id).answerBy, START + 50 + RESPOND + 2 * ROUND_ANSWER_TIME, "for all of them");
        bytes memory same = bitmapFor(3);
        vm.expectRevert(IPredictionMarket.NothingNew.selector);
        vm.prank(mc);
        rounds.contest{value: ANSWER_FEE}(id, g, same);
    }

    /// A proven prediction is contested for good.
    function test_contest_ofAProvenOneAddsNothing() public {
        bytes32 id = served(PUBLIC);
        contestRound(id, 1);
        answerRound(id, 1);
        bytes32 g = roundGuard(id);
        bytes memory same = bitmapFor(1);
        vm.expectRevert(IPredictionMarket.NothingNew.selector);
        vm.prank(mc);
        rounds.contest{value: ANSWER_FEE}(id, g, same);
    }

    function test_contest_upToTheCap() public {
        bytes32 id = served(PUBLIC);
        bytes32 g = roundGuard(id);
        bytes memory four = bitmapFor(0xf);
        vm.expectRevert(abi.encodeWithSelector(IPredictionMarket.AboveCap.selector, C, 4));
        vm.prank(mc);
        rounds.contest{value: 4 * ANSWER_FEE}(id, g, four);
        contestRound(id, 7);
        vm.expectRevert(abi.encodeWithSelector(IPredictionMarket.AboveCap.selector, C, 4));
        vm.prank(mc);
        rounds.contest{value: ANSWER_FEE}(id, g, four);
    }

    function test_contest_ofEverything() public {
        RoundTerms memory t = roundTerms(PUBLIC);
        t.contestCap = K;
        t.mpDeposit = 2 * K * RZ;
        bytes32 id = openWith(t);
        serveWith(id, outputsRootOf(PUBLIC));
        publishRound(id);
        contestRound(id, (1 << K) - 1);
        assertEq(rounds.round(id).contested, K, "contested");
        answerRound(id, (1 << K) - 1);
        assertEq(rounds.round(id).proven, K, "proven");
        assertEq(keccak256(rounds.provenSet(id)), keccak256(rounds.contestedSet(id)), "V23");
    }

    function test_contest_revertsWhen_theBitmapIsNotOne() public {
        bytes32 id = served(PUBLIC);
        bytes32 g = roundGuard(id);
        bytes[4] memory bad = [bytes(""), hex"0100", hex"01000000", hex"010002"];
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ResultBitmap.BadBitmap.selector, K, bad[i].length));
            vm.prank(mc);
            rounds.contest{value: ANSWER_FEE}(id, g, bad[i]);
        }
        bytes memory none = bitmapFor(0);
        vm.expectRevert(IPredictionMarket.NothingNew.selector);
        vm.prank(mc);
        rounds.contest(id, g, none);
    }

    function test_contest_revertsWhen_theCallIsWrong() public {
        bytes32 id = served(PUBLIC);
        bytes32 g = roundGuard(id);
        bytes memory bitmap = bitmapFor(1);
        address[2] memory others = [mp, outsider];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, mc, others[i]));
            vm.prank(others[i]);
            rounds.contest{value: ANSWER_FEE}(id, g, bitmap);
        }
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, bytes32(0)));
        vm.prank(mc);
        rounds.contest{value: ANSWER_FEE}(id, 0, bitmap);
        vm.warp(START + CONTEST + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + CONTEST, START + CONTEST + 1));
        vm.prank(mc);
        rounds.contest{value: ANSWER_FEE}(id, g, bitmap);
    }

    function test_contest_value() public {
        bytes32 id = served(PUBLIC);
        bytes32 g = roundGuard(id);
        bytes memory bitmap = bitmapFor(5);
        uint256 due = 2 * ANSWER_FEE;
        assertEq(rounds.contestFee(2, BASE_FEE), due, "as the view says");
        vm.expectRevert(abi.encodeWithSelector(ICredits.ValueTooLow.selector, due, due - 1));
        vm.prank(mc);
        rounds.contest{value: due - 1}(id, g, bitmap);
        vm.prank(mc);
        rounds.contest{value: due + 99}(id, g, bitmap);
        assertEq(rounds.round(id).contestFees, due, "F is what was due");
        assertCredits(99, 0, 2 * ROUND_FEE);
    }

    /// What is overdue would get new time.
    function test_contest_revertsWhen_somethingIsOverdue() public {
        bytes32 id = served(PUBLIC);
        contestRound(id, 1);
        uint64 answerBy = START + RESPOND + ROUND_ANSWER_TIME;
        bytes32 g = roundGuard(id);
        bytes memory bitmap = bitmapFor(2);
        uint256 before = vm.snapshotState();
        // In the last second for the answer a contest is as good as ever.
        vm.warp(answerBy);
        contestRound(id, 2);
        assertEq(rounds.round(id).answerBy, answerBy + RESPOND + 2 * ROUND_ANSWER_TIME, "new time for both");
        vm.revertToState(before);
        vm.warp(answerBy + 1);
        vm.expectRevert(abi.encodeWithSelector(IPredictionMarket.Overdue.selector, answerBy, answerBy + 1));
        vm.prank(mc);
        rounds.contest{value: ANSWER_FEE}(id, g, bitmap);
        rounds.timeout(id);
        assertRound(id, RoundState.Closed, RoundOutcome.Fault);
        vm.revertToState(before);
        // Nothing is overdue when everything is proven.
        answerRound(id, 1);
        vm.warp(answerBy + 1);
        contestRound(id, 2);
    }
}
