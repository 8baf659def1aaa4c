// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IPredictionMarket} from "../../../src/interfaces/IPredictionMarket.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Reputation} from "../../../src/types/ModelTypes.sol";
import {Privacy, RoundOutcome, RoundState} from "../../../src/types/RoundTypes.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";

/// Every way to Closed and what it pays, to the wei.
contract RoundEndingsTest is RoundFixture {
    uint256 private constant FEES = 662; // both
    // F of two contests.
    uint256 private constant TWO_FEES = 12_600_014;

    // ---- Void ----

    function test_void_inPublicCostsAStrike() public {
        bytes32 id = rooted(PUBLIC);
        expectTooEarly(START + PUBLISH);
        rounds.timeout(id);
        vm.warp(START + PUBLISH + 1);
        expectClosed(id, outsider, RoundOutcome.Void, MC_DEPOSIT + PI, M, 0);
        vm.prank(outsider);
        rounds.timeout(id);
        assertRound(id, RoundState.Closed, RoundOutcome.Void);
        assertCredits(170_087, 200_003, FEES);
        assertReleased(1);
        assertCounters(1, 0, 0, 0);
    }

    /// Who was silent is not visible: no strike, and the bond comes home.
    function test_void_inPrivate() public {
        bytes32 id = rooted(PRIVATE);
        vm.warp(START + CONTEST + PUBLISH);
        expectTooEarly(START + CONTEST + PUBLISH);
        rounds.timeout(id);
        vm.warp(START + CONTEST + PUBLISH + 1);
        rounds.timeout(id);
        assertRound(id, RoundState.Closed, RoundOutcome.Void);
        assertCredits(170_087 + bondFor(PRIVATE), 200_003, FEES);
        assertReleased(0);
        assertCounters(1, 0, 0, 0);
    }

    // ---- Clean ----

    function test_clean_byConfirmationInPublic() public {
        bytes32 id = served(PUBLIC);
        bytes32 g = roundGuard(id);
        expectClosed(id, mc, RoundOutcome.Clean, MC_DEPOSIT, M + PI, 0);
        vm.prank(mc);
        rounds.confirm(id, g);
        assertRound(id, RoundState.Closed, RoundOutcome.Clean);
        assertCredits(120_066, 250_024, FEES);
        assertReleased(0);
        assertCounters(0, 1, 0, 0);
    }

    function test_clean_byConfirmationInPrivate() public {
        bytes32 id = rooted(PRIVATE);
        confirmRound(id);
        assertRound(id, RoundState.Closed, RoundOutcome.Clean);
        assertCredits(120_066 + bondFor(PRIVATE), 250_024, FEES);
        assertReleased(0);
    }

    /// As long as nobody closed it as Void.
    function test_clean_byConfirmationInPrivateAfterTheLastDeadline() public {
        bytes32 id = rooted(PRIVATE);
        vm.warp(START + CONTEST + PUBLISH + 1000);
        confirmRound(id);
        assertCredits(120_066 + bondFor(PRIVATE), 250_024, FEES);
    }

    /// Silence made the provider publish: the bond is lost, and what stands for half of `publish` is the provider's.
    function test_clean_afterAPublicationInPrivate() public {
        bytes32 id = served(PRIVATE);
        confirmRound(id);
        assertCredits(120_066, 250_024 + 389_375, FEES + 980_000);
        assertReleased(0);
    }

    /// Who withholds outputs until gas is cheap has what the publication costs then, and gains nothing by it.
    function test_clean_afterAPublicationWhenGasHadFallen() public {
        bytes32 id = rooted(PRIVATE);
        uint256 before = vm.snapshotState();
        for (uint256 baseFee = 0; baseFee <= 2 * BASE_FEE; ++baseFee) {
            vm.fee(baseFee);
            publishRound(id);
            uint256 charged = baseFee < BASE_FEE ? baseFee : BASE_FEE;
            assertEq(rounds.round(id).quietBond.taken, 195_625 * charged, "taken");
            assertEq(rounds.round(id).quietBond.earned, 55_625 * charged, "earned");
            assertEq(rounds.round(id).quietBond.paid, 1_369_375, "Q stays");
            vm.fee(BASE_FEE);
            confirmRound(id);
            assertCredits(120_066 + 1_369_375 - 195_625 * charged, 250_024 + 55_625 * charged, FEES + 140_000 * charged);
            vm.revertToState(before);
        }
    }

    /// What the publication took goes to the provider and the treasury in each row, in a Fault too.
    function test_fault_leavesWhatThePublicationEarned() public {
        bytes32 id = rooted(PRIVATE);
        vm.fee(3);
        publishRound(id);
        vm.fee(BASE_FEE);
        contestRound(id, 3);
        vm.warp(uint256(rounds.round(id).answerBy) + 1);
        rounds.timeout(id);
        assertRound(id, RoundState.Closed, RoundOutcome.Fault);
        // 2CZ + pi + M + F + Q - 195,625·3
        assertCredits(370_090 + TWO_FEES + 782_500, 166_875, FEES + 420_000);
        assertReleased(1);
    }

    function test_clean_byFinalizing() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 before = vm.snapshotState();
            bytes32 id = served(Privacy(i));
            uint64 deadline = rounds.round(id).deadline;
            assertEq(rounds.timeoutAt(id), deadline, "timeoutAt");
            vm.warp(deadline);
            expectTooEarly(deadline);
            rounds.finalize(id);
            vm.warp(deadline + 1);
            vm.prank(outsider);
            rounds.finalize(id);
            assertRound(id, RoundState.Closed, RoundOutcome.Clean);
            assertCredits(120_066, 250_024 + publishPart(Privacy(i)), FEES + confirmPart(Privacy(i)));
            assertReleased(0);
            assertCounters(0, 1, 0, 0);
            vm.revertToState(before);
        }
    }

    // ---- Upheld ----

    function test_upheld_inPublic() public {
        bytes32 id = upheld(PUBLIC, 3);
        assertRound(id, RoundState.Closed, RoundOutcome.Upheld);
        // 2CZ - 4Z; M + pi + 4Z + F
        assertCredits(40_022, 330_068 + TWO_FEES, FEES);
        assertReleased(0);
        assertCounters(0, 0, 1, 0);
    }

    function test_upheld_inPrivate() public {
        upheld(PRIVATE, 3);
        assertCredits(40_022 + bondFor(PRIVATE), 330_068 + TWO_FEES, FEES);
        assertReleased(0);
    }

    function test_upheld_afterAPublicationInPrivate() public {
        bytes32 id = served(PRIVATE);
        contestRound(id, 3);
        answerRound(id, 3);
        expectClosed(id, mc, RoundOutcome.Upheld, 40_022, 330_068 + TWO_FEES + 389_375, 980_000);
        confirmRound(id);
        assertCredits(40_022, 330_068 + TWO_FEES + 389_375, FEES + 980_000);
    }

    /// The whole cap: the consumer's deposit is gone, and there is nothing to wait for.
    function test_upheld_ofTheWholeCapIsFinalAtOnce() public {
        bytes32 id = served(PUBLIC);
        contestRound(id, 7);
        vm.expectRevert(abi.encodeWithSelector(IPredictionMarket.Unproven.selector, id, 3));
        rounds.finalize(id);
        answerRound(id, 7);
        assertEq(rounds.timeoutAt(id), 0, "anybody can end it");
        vm.prank(outsider);
        rounds.finalize(id);
        assertRound(id, RoundState.Closed, RoundOutcome.Upheld);
        assertCredits(0, 370_090 + 3 * ANSWER_FEE, FEES);
    }

    function test_upheld_byFinalizing() public {
        bytes32 id = rooted(PRIVATE);
        contestRound(id, 1);
        answerRound(id, 1);
        vm.warp(START + CONTEST);
        expectTooEarly(START + CONTEST);
        rounds.finalize(id);
        vm.warp(START + CONTEST + 1);
        rounds.finalize(id);
        assertCredits(80_044 + bondFor(PRIVATE), 290_046 + ANSWER_FEE, FEES);
    }

    // ---- Fault ----

    function test_fault_takesEverythingWhateverIsProven() public {
        for (uint256 proven = 0; proven < 2; ++proven) {
            uint256 before = vm.snapshotState();
            bytes32 id = served(PUBLIC);
            contestRound(id, 3);
            answerRound(id, proven);
            uint64 answerBy = rounds.round(id).answerBy;
            vm.warp(answerBy);
            expectTooEarly(answerBy);
            rounds.timeout(id);
            vm.warp(answerBy + 1);
            expectClosed(id, outsider, RoundOutcome.Fault, MC_DEPOSIT + PI + M + TWO_FEES, 0, 0);
            vm.prank(outsider);
            rounds.timeout(id);
            assertRound(id, RoundState.Closed, RoundOutcome.Fault);
            assertCredits(370_090 + TWO_FEES, 0, FEES);
            assertReleased(1);
            assertCounters(0, 0, 0, 1);
            vm.revertToState(before);
        }
    }

    function test_fault_inPrivate() public {
        bytes32 id = rooted(PRIVATE);
        contestRound(id, 3);
        vm.warp(uint256(rounds.round(id).answerBy) + 1);
        rounds.timeout(id);
        assertCredits(370_090 + TWO_FEES + bondFor(PRIVATE), 0, FEES);
        assertReleased(1);
    }

    function test_fault_afterAPublicationInPrivate() public {
        bytes32 id = served(PRIVATE);
        contestRound(id, 3);
        vm.warp(uint256(rounds.round(id).answerBy) + 1);
        rounds.timeout(id);
        assertCredits(370_090 + TWO_FEES, 389_375, FEES + 980_000);
        assertReleased(1);
    }

    // ---- refusals ----

    function test_confirm_revertsWhen_theCallIsWrong() public {
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 id = i == 0 ? served(PUBLIC) : rooted(PRIVATE);
            bytes32 g = roundGuard(id);
            address[2] memory others = [mp, outsider];
            for (uint256 j = 0; j < 2; ++j) {
                vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, mc, others[j]));
                vm.prank(others[j]);
                rounds.confirm(id, g);
            }
            bytes32 offerHash = rounds.round(id).offerHash;
            vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, offerHash));
            vm.prank(mc);
            rounds.confirm(id, offerHash);
        }
    }

    function test_confirm_revertsWhen_somethingIsUnproven() public {
        bytes32 id = served(PUBLIC);
        contestRound(id, 3);
        answerRound(id, 2);
        bytes32 g = roundGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IPredictionMarket.Unproven.selector, id, 1));
        vm.prank(mc);
        rounds.confirm(id, g);
        vm.warp(uint256(rounds.round(id).deadline) + 1);
        vm.expectRevert(abi.encodeWithSelector(IPredictionMarket.Unproven.selector, id, 1));
        rounds.finalize(id);
    }

    function test_timeout_revertsWhen_nothingIsUnproven() public {
        bytes32 id = served(PUBLIC);
        vm.warp(START + 30 days);
        vm.expectRevert(abi.encodeWithSelector(IPredictionMarket.NothingUnproven.selector, id));
        rounds.timeout(id);
    }

    /// Closed is final.
    function test_closed_isNeverLeft() public {
        bytes32 id = upheld(PUBLIC, 1);
        bytes32 g = roundGuard(id);
        uint256[2] memory credits = [rounds.credit(mc), rounds.credit(mp)];
        vm.warp(START + 60 days);
        for (uint256 call = 0; call < 8; ++call) {
            expectRoundState(id, RoundState.Closed);
            callInState(id, g, call);
        }
        assertCredits(credits[0], credits[1], FEES);
        assertEq(rounds.timeoutAt(id), 0, "timeoutAt");
    }

    /// Every call in every state that has it not.
    function test_calls_revertWhen_theStateIsWrong() public {
        // Bit c: call c is of this state. In the order of `callInState`.
        // cancel, serve, publish, confirm, contest, answer, finalize, timeout
        expectStates(keccak256("nothing"), RoundState.None, 0);
        expectStates(opened(PUBLIC), RoundState.Offered, 0x03);
        expectStates(opened(PRIVATE), RoundState.Offered, 0x03);
        expectStates(rooted(PUBLIC), RoundState.Rooted, 0x84);
        expectStates(rooted(PRIVATE), RoundState.Rooted, 0x9c);
        expectStates(served(PUBLIC), RoundState.Served, 0xf8);
        expectStates(served(PRIVATE), RoundState.Served, 0xf8);
    }

    function expectStates(bytes32 id, RoundState state, uint256 allowed) private {
        bytes32 g = state == RoundState.None ? bytes32(0) : roundGuard(id);
        for (uint256 call = 0; call < 8; ++call) {
            if ((allowed >> call) & 1 == 1) continue;
            expectRoundState(id, state);
            callInState(id, g, call);
        }
    }

    /// Call number `call` by the party that would make it, right in all but the state.
    function callInState(bytes32 id, bytes32 g, uint256 call) private {
        vm.prank(call == 1 || call == 2 ? mp : mc);
        if (call == 0) rounds.cancel(id);
        else if (call == 1) rounds.serve{value: M + ROUND_FEE}(id, g, keccak256("root"));
        else if (call == 2) rounds.publish(id, g, ROUND_MASTER, new uint256[](0));
        else if (call == 3) rounds.confirm(id, g);
        else if (call == 4) rounds.contest{value: ANSWER_FEE}(id, g, hex"010000");
        else if (call == 5) rounds.answer(id, groupsFor(id, 0));
        else if (call == 6) rounds.finalize(id);
        else rounds.timeout(id);
    }

    // ---- helpers ----

    function expectTooEarly(uint64 deadline) private {
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, deadline, deadline));
    }

    function expectClosed(bytes32 id, address by, RoundOutcome outcome, uint256 toMc, uint256 toMp, uint256 toTreasury)
        private
    {
        vm.expectEmit(true, true, true, true, address(rounds));
        emit IPredictionMarket.RoundClosed(id, modelId, by, outcome, toMc, toMp, toTreasury);
    }

    /// Rounds are counted apart from verdicts.
    function assertCounters(uint32 voided, uint32 clean, uint32 upheld_, uint32 fault) private view {
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.voided, voided, "voided");
        assertEq(r.roundClean, clean, "roundClean");
        assertEq(r.roundUpheld, upheld_, "roundUpheld");
        assertEq(r.roundFault, fault, "roundFault");
        assertEq(
            r.passedProven + r.passedOptimistic + r.failed + r.aborted + r.unacked + r.mcFault + r.mpFault + r.settled,
            0,
            "no verdict"
        );
    }
}
