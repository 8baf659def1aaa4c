// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferFixture} from "../../base/TransferFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IJudge} from "../../../src/interfaces/IJudge.sol";
import {IProofJudge} from "../../../src/interfaces/IProofJudge.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Challenge, Outcome, ProofItem, State} from "../../../src/types/MarketTypes.sol";
import {ModelStatus} from "../../../src/types/ModelTypes.sol";

contract ChallengeTest is TransferFixture {
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        id = reach(State.Claimed, FULL, OPTIMISTIC);
    }

    // ---- challenge ----

    function test_challenge_startsAClockThatGrowsWithTheQueue() public {
        for (uint32 p = 0; p < 3; ++p) {
            uint64 deadline = START + RESPOND_WINDOW + p * ANSWER_TIME;
            vm.expectEmit(true, true, true, true, address(market));
            emit IAccuracyMarket.Challenged(id, modelId, mc, p, deadline);
            challengeBy(mc, id, p);
            Challenge memory c = market.challengeAt(id, p);
            assertEq(c.challenger, mc, "challenger");
            assertEq(c.deadline, deadline, "deadline");
            assertEq(market.engagement(id).openChallenges, p + 1, "open");
        }
        // an answer shortens the queue
        market.answer(id, itemOf(id, 1));
        challengeBy(mc, id, 3);
        assertEq(market.challengeAt(id, 3).deadline, START + RESPOND_WINDOW + 2 * ANSWER_TIME, "two before it");
        assertSolvent();
    }

    function test_challenge_inTheLastSecondAndNotLater() public {
        vm.warp(START + CHALLENGE_WINDOW);
        challengeBy(outsider, id, 0);
        vm.warp(START + CHALLENGE_WINDOW + 1);
        expectChallenge(
            mc,
            hex"0f",
            1,
            BOND,
            abi.encodeWithSelector(
                Deadlines.DeadlinePassed.selector, START + CHALLENGE_WINDOW, START + CHALLENGE_WINDOW + 1
            )
        );
    }

    function test_challenge_revertsWhen_theValueIsOneWeiOff() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 value = i == 0 ? BOND - 1 : BOND + 1;
            expectChallenge(mc, hex"0f", 0, value, abi.encodeWithSelector(IMarket.WrongValue.selector, BOND, value));
            uint256 dear = i == 0 ? DEAR_BOND - 1 : DEAR_BOND + 1;
            expectChallenge(mp, hex"0f", 0, dear, abi.encodeWithSelector(IMarket.WrongValue.selector, DEAR_BOND, dear));
        }
        // neither pays what the other one does
        expectChallenge(mc, hex"0f", 0, DEAR_BOND, abi.encodeWithSelector(IMarket.WrongValue.selector, BOND, DEAR_BOND));
        expectChallenge(
            outsider, hex"0f", 0, BOND, abi.encodeWithSelector(IMarket.WrongValue.selector, DEAR_BOND, BOND)
        );
    }

    function test_challenge_revertsWhen_theBitmapIsAnother() public {
        expectChallenge(
            mc,
            hex"07",
            0,
            BOND,
            abi.encodeWithSelector(IMarket.GuardMismatch.selector, keccak256(hex"0f"), keccak256(hex"07"))
        );
    }

    /// V17: an unset position, or one beyond the set, can be neither challenged nor answered.
    function test_challenge_revertsWhen_thePositionIsNotClaimed() public {
        id = reach(State.Proving, FULL, OPTIMISTIC);
        post(id, hex"0b");
        uint32[3] memory positions = [uint32(2), N2, type(uint32).max];
        for (uint256 i = 0; i < 3; ++i) {
            expectChallenge(
                mc,
                hex"0b",
                positions[i],
                BOND,
                abi.encodeWithSelector(IAccuracyMarket.NotClaimed.selector, positions[i])
            );
        }
        ProofItem memory it = itemOf(id, 2);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.NotChallenged.selector, 2));
        market.answer(id, it);
    }

    function test_challenge_revertsWhen_thePositionWasChallenged() public {
        challengeBy(outsider, id, 2);
        expectChallenge(
            mc, hex"0f", 2, BOND, abi.encodeWithSelector(IAccuracyMarket.AlreadyChallenged.selector, 2, outsider)
        );
        market.answer(id, itemOf(id, 2));
        expectChallenge(
            mc, hex"0f", 2, BOND, abi.encodeWithSelector(IAccuracyMarket.AlreadyChallenged.selector, 2, outsider)
        );
    }

    /// A provider that challenges itself shuts nobody out: whatever position it leaves can be challenged by anybody.
    function test_challenge_nobodyIsShutOut() public {
        challengeBy(mp, id, 0);
        challengeBy(mp, id, 1);
        market.answer(id, itemOf(id, 0));
        challengeBy(outsider, id, 2);
        vm.deal(treasury, 1 ether);
        challengeBy(treasury, id, 3);
        assertEq(market.engagement(id).openChallenges, 3, "all positions were challenged");
        for (uint32 p = 1; p < 4; ++p) {
            market.answer(id, itemOf(id, p));
        }
        assertEq(market.credit(mp), 4 * DEAR_BOND, "each for what it cost");
        assertSolvent();
    }

    // ---- answer ----

    function test_answer_paysTheBondAndProvesThePosition() public {
        challengeBy(outsider, id, 1);
        ProofItem memory it = itemOf(id, 1);
        vm.warp(START + RESPOND_WINDOW);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Answered(id, modelId, treasury, 1);
        vm.prank(treasury);
        market.answer(id, it);
        assertEq(market.credit(mp), DEAR_BOND, "B + Z to the provider, whoever sent it");
        assertTrue(market.isProven(id, 1), "proven");
        assertEq(market.engagement(id).provenOnChain, 1, "count");
        assertEq(market.engagement(id).openChallenges, 0, "open");
        assertEq(market.verdict(id).challengesAnswered, 1, "answered");
        assertEq(market.challengeAt(id, 1).deadline, 0, "done");
        assertSolvent();
        // V19: paid once
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.NotChallenged.selector, 1));
        market.answer(id, it);
    }

    function test_answer_revertsWhen_late() public {
        challengeBy(mc, id, 1);
        ProofItem memory it = itemOf(id, 1);
        vm.warp(START + RESPOND_WINDOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                Deadlines.DeadlinePassed.selector, START + RESPOND_WINDOW, START + RESPOND_WINDOW + 1
            )
        );
        market.answer(id, it);
    }

    function test_answer_aBadProofIsNoFault() public {
        challengeBy(mc, id, 1);
        ProofItem memory it = itemOf(id, 1);
        it.proof = "";
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 1));
        market.answer(id, it);
        it = itemOf(id, 1);
        it.output = uint256(it.label) + 1;
        vm.expectRevert(abi.encodeWithSelector(IProofJudge.NotCorrect.selector, 1, it.output, it.label));
        market.answer(id, it);
        assertEq(market.engagement(id).openChallenges, 1, "still open");
        assertTrue(!market.isProven(id, 1), "not proven");
        market.answer(id, itemOf(id, 1));
    }

    /// V13: the answer to one challenge is none to another.
    function test_answer_revertsWhen_theItemIsOfAnotherPosition() public {
        challengeBy(mc, id, 1);
        ProofItem memory it = itemOf(id, 2);
        it.position = 1;
        (bool ok, bytes memory reason) = address(market).call(abi.encodeCall(market.answer, (id, it)));
        assertTrue(!ok, "accepted");
        assertEq(bytes32(bytes4(reason)), bytes32(IProofJudge.WrongTestLeaf.selector), "reason");
    }

    // ---- timeoutChallenge ----

    function test_timeoutChallenge_isAFault() public {
        challengeBy(outsider, id, 1);
        challengeBy(mc, id, 2);
        vm.warp(START + RESPOND_WINDOW + 1);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Closed(id, modelId, treasury, Outcome.Fault, 2 * DEPOSIT, 0);
        vm.prank(treasury);
        market.timeoutChallenge(id, 1);
        assertEq(market.credit(mc), 2 * DEPOSIT, "2D");
        assertEq(market.credit(mp), 0, "nothing");
        assertEq(registry.model(modelId).stake, STAKE - 10 * STRIKE, "faultStrikes");
        assertEq(registry.credit(outsider), STRIKE, "a tenth to the finder");
        assertEq(registry.credit(treasury), 9 * STRIKE, "the rest to the treasury");
        assertEq(registry.reputation(modelId).mpFault, 1, "mpFault");
        assertEq(uint256(registry.model(modelId).status), uint256(ModelStatus.Suspended), "suspended");
        // both bonds return, the answered ones would not
        reclaim(outsider, 1);
        reclaim(mc, 2);
        assertEq(market.credit(outsider), DEAR_BOND, "bond");
        assertEq(market.credit(mc), 2 * DEPOSIT + BOND, "bond of the consumer");
        assertSolvent();
    }

    /// The consumer has 2D for it, and the caller of the timeout has done nothing.
    function test_timeoutChallenge_ofTheConsumersChallengeHasNoFinder() public {
        challengeBy(outsider, id, 1);
        challengeBy(mc, id, 2);
        vm.warp(START + RESPOND_WINDOW + ANSWER_TIME + 1);
        vm.prank(outsider);
        market.timeoutChallenge(id, 2);
        assertEq(registry.credit(treasury), 10 * STRIKE, "all to the treasury");
        assertEq(registry.credit(outsider) + registry.credit(mc), 0, "nothing to anybody else");
        assertSolvent();
    }

    /// I7: a cheat that convicts itself before a watcher does has nine tenths of the strikes to lose, however few those are.
    function test_timeoutChallenge_ofItsOwnChallengeCostsTheProviderNineTenths() public {
        challengeBy(mp, id, 1);
        vm.warp(START + RESPOND_WINDOW + 1);
        vm.startPrank(mp);
        market.timeoutChallenge(id, 1);
        market.reclaimBond(id, 1);
        vm.stopPrank();
        assertEq(market.credit(mp), DEAR_BOND, "its bond, and nothing of 2D");
        assertEq(registry.credit(mp), STRIKE, "a tenth of ten strikes");
        assertEq(registry.credit(treasury), 9 * STRIKE, "nine tenths are lost");
        assertSolvent();
    }

    function test_timeoutChallenge_revertsWhen_earlyOrAnswered() public {
        challengeBy(mc, id, 1);
        uint64 deadline = START + RESPOND_WINDOW;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, deadline, deadline));
        market.timeoutChallenge(id, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.NotChallenged.selector, 2));
        market.timeoutChallenge(id, 2);
        market.answer(id, itemOf(id, 1));
        vm.warp(uint256(deadline) + 1);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.NotChallenged.selector, 1));
        market.timeoutChallenge(id, 1);
    }

    /// A challenge made in the last second may outlast the window: it still must be answered.
    function test_timeoutChallenge_afterTheWindow() public {
        vm.warp(START + CHALLENGE_WINDOW);
        challengeBy(mc, id, 3);
        vm.warp(START + CHALLENGE_WINDOW + RESPOND_WINDOW + 1);
        market.timeoutChallenge(id, 3);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Fault), "fault");
    }

    // ---- reclaimBond ----

    function test_reclaimBond_revertsWhen_calledTwiceOrByAnother() public {
        challengeBy(outsider, id, 1);
        challengeBy(mc, id, 2);
        market.answer(id, itemOf(id, 2));
        vm.warp(START + RESPOND_WINDOW + 1);
        market.timeoutChallenge(id, 1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, outsider, mc));
        vm.prank(mc);
        market.reclaimBond(id, 1);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.BondReclaimed(id, modelId, outsider, 1);
        reclaim(outsider, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.NotChallenged.selector, 1));
        reclaim(outsider, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.NotChallenged.selector, 2));
        reclaim(mc, 2);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.NotChallenged.selector, 3));
        reclaim(mc, 3);
    }

    function test_reclaimBond_afterACooperativeClose() public {
        challengeBy(outsider, id, 1);
        bytes32 g = guard(id);
        vm.prank(mc);
        market.agreeClose(id, g, DEPOSIT, DEPOSIT);
        vm.prank(mp);
        market.agreeClose(id, g, DEPOSIT, DEPOSIT);
        reclaim(outsider, 1);
        assertEq(market.credit(outsider), DEAR_BOND, "bond");
        assertSolvent();
    }

    function reclaim(address who, uint32 position) private {
        vm.prank(who);
        market.reclaimBond(id, position);
    }

    function expectChallenge(address who, bytes memory bitmap, uint32 position, uint256 value, bytes memory reason)
        private
    {
        vm.deal(who, 1 ether);
        vm.expectRevert(reason);
        vm.prank(who);
        market.challenge{value: value}(id, bitmap, position);
    }
}
