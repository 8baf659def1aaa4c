// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferFixture} from "../../base/TransferFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IProofJudge} from "../../../src/interfaces/IProofJudge.sol";
import {Deadlines} from "../../../src/libraries/Deadlines.sol";
import {Assurance, OfferTerms, Outcome, ProofItem, State} from "../../../src/types/MarketTypes.sol";

contract DemandFullTest is TransferFixture {
    uint256 private constant HALF = 2501;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        id = reach(State.Claimed, FULL, OPTIMISTIC);
    }

    function test_demandFull_startsTheRespondWindow() public {
        uint64 deadline = START + RESPOND_WINDOW + FULL_NEEDED * ANSWER_TIME;
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.FullDemanded(id, modelId, mc, FULL_NEEDED, deadline);
        demandFull(id, FULL_NEEDED);
        assertState(id, State.FullDemanded);
        assertEq(market.timeoutAt(id), deadline, "deadline");
        assertEq(guard(id), keccak256(hex"0f"), "guard");
        assertSolvent();
    }

    function test_demandFull_revertsWhen_theValueIsOneWeiOff() public {
        bytes32 g = guard(id);
        uint256 due = 3 * HALF;
        for (uint256 i = 0; i < 2; ++i) {
            uint256 value = i == 0 ? due - 1 : due + 1;
            vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.WrongValue.selector, due, value));
            vm.prank(mc);
            market.demandFull{value: value}(id, g);
        }
    }

    function test_demandFull_revertsWhen_enoughIsProven() public {
        answerFirst(3);
        bytes32 g = guard(id);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.NothingToDemand.selector, 3, 3));
        vm.prank(mc);
        market.demandFull{value: 3 * HALF}(id, g);
    }

    function test_demandFull_letsOpenChallengesLapse() public {
        challengeBy(outsider, id, 0);
        demandFull(id, FULL_NEEDED);
        assertEq(market.engagement(id).openChallenges, 0, "none");
        expectWrongState(id, State.FullDemanded);
        market.timeoutChallenge(id, 0);
        vm.prank(outsider);
        market.reclaimBond(id, 0);
        assertEq(market.credit(outsider), BOND, "bond");
        market.submitDemanded(id, hex"0f", items(id, 0, 3));
        assertEq(market.verdict(id).challengesAnswered, 0, "not an answer");
        assertSolvent();
    }

    // ---- submitDemanded ----

    function test_submitDemanded_paysEachMissingProofOnce() public {
        answerFirst(1);
        demandFull(id, FULL_NEEDED);
        uint256 paid = market.credit(mp);
        market.submitDemanded(id, hex"0f", items(id, 0, 2));
        assertEq(market.credit(mp), paid + HALF, "the answered one is not paid again");
        market.submitDemanded(id, hex"0f", items(id, 0, 2));
        assertEq(market.credit(mp), paid + HALF, "nor is a repeated one");
        assertState(id, State.FullDemanded);
        market.submitDemanded(id, hex"0f", items(id, 2, 4));
        assertEq(market.credit(mp), paid + 2 * HALF + DEPOSIT + FULL_SUCCESS_PAYMENT, "k* are paid");
        assertEq(market.credit(mc), DEPOSIT - FULL_SUCCESS_PAYMENT + HALF, "the rest of the fund");
        assertEq(market.verdict(id).provenOnChain, 4, "all of them count");
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.PROVEN), "PROVEN");
        assertEq(registry.reputation(modelId).passedProven, 1, "counter");
        assertSolvent();
    }

    function test_submitDemanded_skipsWhatAFrontRunnerProvedFirst() public {
        demandFull(id, FULL_NEEDED);
        ProofItem[] memory pending = items(id, 0, 3);
        vm.prank(mc);
        market.submitDemanded(id, hex"0f", only(pending[1]));
        vm.prank(mp);
        market.submitDemanded(id, hex"0f", pending);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "passed");
        assertEq(market.credit(mp), DEPOSIT + FULL_SUCCESS_PAYMENT + 3 * HALF, "paid for all");
    }

    function test_submitDemanded_revertsWhen_thePositionIsNotClaimed() public {
        id = reach(State.Proving, FULL, OPTIMISTIC);
        post(id, hex"0b");
        demandFull(id, FULL_NEEDED);
        ProofItem[] memory list = items(id, 1, 3);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.NotClaimed.selector, 2));
        market.submitDemanded(id, hex"0b", list);
        list = items(id, 0, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IAccuracyMarket.GuardMismatch.selector, keccak256(hex"0b"), keccak256(hex"0f"))
        );
        market.submitDemanded(id, hex"0f", list);
    }

    function test_submitDemanded_revertsAsAWholeWhen_oneItemIsBad() public {
        demandFull(id, FULL_NEEDED);
        ProofItem[] memory list = items(id, 0, 3);
        list[2].proof = "bad";
        vm.expectRevert(abi.encodeWithSelector(IProofJudge.ProofRejected.selector, 2));
        market.submitDemanded(id, hex"0f", list);
        assertEq(market.engagement(id).provenOnChain, 0, "nothing counted");
        assertEq(market.credit(mp), 0, "nothing paid");
    }

    function test_submitDemanded_revertsWhen_late() public {
        demandFull(id, FULL_NEEDED);
        uint64 deadline = market.timeoutAt(id);
        ProofItem[] memory list = items(id, 0, 3);
        vm.warp(uint256(deadline) + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, deadline, deadline + 1));
        market.submitDemanded(id, hex"0f", list);
        vm.warp(deadline);
        market.submitDemanded(id, hex"0f", list);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "in the last second");
    }

    // ---- other endings ----

    function test_timeout_inFullDemandedIsAFaultAndReturnsTheFund() public {
        demandFull(id, FULL_NEEDED);
        market.submitDemanded(id, hex"0f", items(id, 0, 2));
        vm.warp(uint256(market.timeoutAt(id)) + 1);
        market.timeout(id);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Fault), "fault");
        assertEq(market.credit(mc), 2 * DEPOSIT + HALF, "2D and the rest of the fund");
        assertEq(market.credit(mp), 2 * HALF, "what it had proven");
        assertEq(registry.model(modelId).stake, STAKE - 10 * STRIKE, "faultStrikes");
        assertSolvent();
    }

    function test_agreeClose_inFullDemandedReturnsTheFund() public {
        demandFull(id, FULL_NEEDED);
        market.submitDemanded(id, hex"0f", items(id, 0, 1));
        bytes32 g = guard(id);
        vm.prank(mp);
        market.agreeClose(id, g, 2 * DEPOSIT, 0);
        vm.prank(mc);
        market.agreeClose(id, g, 2 * DEPOSIT, 0);
        assertEq(market.credit(mc), 2 * DEPOSIT + 2 * HALF, "consumer");
        assertEq(market.credit(mp), HALF, "provider");
        assertEq(registry.reputation(modelId).settled, 1, "settled");
        assertSolvent();
    }

    /// The fund plus what the provider was paid is always k*·B/2, whatever was answered before.
    function testFuzz_demandFull_conservesTheFund(uint8 answered, uint8 batch_, uint16 rawTarget, bool silent) public {
        OfferTerms memory t = termsOf(FULL, OPTIMISTIC);
        t.targetBps = uint16(bound(rawTarget, 1, 10_000));
        uint256 needed = (uint256(t.targetBps) * N2 + 9999) / 10_000;
        id = offeredWith(t);
        acceptBy(mp, id);
        commit(id);
        acknowledge(id);
        reveal(id);
        decide(id);
        revealRest(id);
        post(id, hex"0f");
        uint32 before = uint32(bound(answered, 0, needed - 1));
        answerFirst(before);
        demandFull(id, needed);
        uint32 end = uint32(bound(batch_, before, N2));
        market.submitDemanded(id, hex"0f", items(id, 0, end));
        if (end < needed) {
            assertState(id, State.FullDemanded);
            if (!silent) market.submitDemanded(id, hex"0f", items(id, end, uint32(needed)));
            else end = end > before ? end : before;
        }
        if (silent && end < needed) {
            vm.warp(uint256(market.timeoutAt(id)) + 1);
            market.timeout(id);
            assertEq(market.credit(mp), before * BOND + (end - before) * HALF, "provider");
            assertEq(market.credit(mc), 2 * DEPOSIT + (needed + before - end) * HALF, "consumer");
        } else {
            assertEq(
                market.credit(mp), DEPOSIT + FULL_SUCCESS_PAYMENT + before * BOND + (needed - before) * HALF, "provider"
            );
            assertEq(market.credit(mc), DEPOSIT - FULL_SUCCESS_PAYMENT + before * HALF, "consumer");
        }
        assertSolvent();
    }

    function answerFirst(uint32 count) private {
        for (uint32 p = 0; p < count; ++p) {
            challengeBy(mc, id, p);
            market.answer(id, itemOf(id, p));
        }
    }
}
