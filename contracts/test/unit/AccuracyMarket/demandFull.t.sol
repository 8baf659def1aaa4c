// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferFixture} from "../../base/TransferFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IJudge} from "../../../src/interfaces/IJudge.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
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
            vm.expectRevert(abi.encodeWithSelector(IMarket.WrongValue.selector, due, value));
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

    // ---- open challenges beside a demand ----

    function test_demandFull_keepsOpenChallengesAndTheirTime() public {
        challengeBy(outsider, id, 0);
        challengeBy(mc, id, 3);
        vm.warp(START + 100);
        demandFull(id, FULL_NEEDED);
        assertEq(market.engagement(id).openChallenges, 2, "open");
        assertEq(market.timeoutAt(id), START + 100 + RESPOND_WINDOW + 5 * ANSWER_TIME, "three demanded, two challenged");
        assertEq(market.challengeAt(id, 3).deadline, START + RESPOND_WINDOW + ANSWER_TIME, "as it was");
        expectWrongState(id, State.FullDemanded);
        vm.prank(outsider);
        market.reclaimBond(id, 0);
        expectWrongState(id, State.FullDemanded);
        vm.prank(outsider);
        market.challenge{value: DEAR_BOND}(id, hex"0f", 1);
        assertSolvent();
    }

    /// The liar's friend demands, the k* true positions are proven, and the watcher's challenge of the false one decides.
    function test_demandFull_doesNotSaveAFalsePosition() public {
        challengeBy(outsider, id, 3);
        demandFull(id, FULL_NEEDED);
        uint64 deadline = market.timeoutAt(id);
        market.submitDemanded(id, hex"0f", items(id, 0, 3));
        ProofItem[] memory late = items(id, 3, 4);
        assertState(id, State.FullDemanded);
        assertEq(market.engagement(id).provenOnChain, FULL_NEEDED, "k* are proven");
        assertEq(market.credit(mp), 3 * HALF, "and paid");
        vm.warp(uint256(deadline) + 1);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.ChallengesOpen.selector, id, 1));
        market.timeout(id);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, deadline, deadline + 1));
        market.submitDemanded(id, hex"0f", late);
        market.timeoutChallenge(id, 3);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Fault), "fault");
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.NONE), "no assurance");
        assertEq(market.credit(mc), 2 * DEPOSIT, "2D");
        assertEq(market.credit(mp), 3 * HALF, "what it had proven");
        assertEq(registry.credit(outsider), STRIKE, "finder");
        assertEq(registry.credit(treasury), 9 * STRIKE, "treasury");
        vm.prank(outsider);
        market.reclaimBond(id, 3);
        assertEq(market.credit(outsider), DEAR_BOND, "bond");
        assertSolvent();
    }

    function test_timeoutChallenge_inFullDemandedComesBeforeTheDeadlineOfTheDemand() public {
        challengeBy(outsider, id, 3);
        demandFull(id, FULL_NEEDED);
        uint64 deadline = START + RESPOND_WINDOW;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, deadline, deadline));
        market.timeoutChallenge(id, 3);
        vm.warp(uint256(deadline) + 1);
        // too late for an answer, whichever way it comes
        bytes memory late = abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, deadline, deadline + 1);
        ProofItem[] memory all = items(id, 0, 4);
        vm.expectRevert(late);
        market.answer(id, all[3]);
        vm.expectRevert(late);
        market.submitDemanded(id, hex"0f", all);
        market.timeoutChallenge(id, 3);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Fault), "fault");
        assertEq(market.credit(mc), 2 * DEPOSIT + 3 * HALF, "2D and the fund");
        assertEq(registry.credit(outsider), STRIKE, "finder");
    }

    /// The last answer closes when the k* proofs came first.
    function test_answer_ofTheLastChallengeMeetsTheDemand() public {
        challengeBy(outsider, id, 0);
        challengeBy(outsider, id, 3);
        demandFull(id, FULL_NEEDED);
        market.submitDemanded(id, hex"0f", items(id, 1, 3));
        market.answer(id, itemOf(id, 0));
        assertState(id, State.FullDemanded);
        assertEq(market.engagement(id).provenOnChain, FULL_NEEDED, "k*, but one is open");
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Closed(
            id, modelId, treasury, Outcome.Passed, DEPOSIT - FULL_SUCCESS_PAYMENT, DEPOSIT + FULL_SUCCESS_PAYMENT
        );
        ProofItem memory last = itemOf(id, 3);
        vm.prank(treasury);
        market.answer(id, last);
        assertEq(market.credit(mp), DEPOSIT + FULL_SUCCESS_PAYMENT + 2 * DEAR_BOND + 2 * HALF, "provider");
        assertEq(market.credit(mc), DEPOSIT - FULL_SUCCESS_PAYMENT + HALF, "the rest of the fund");
        assertEq(market.verdict(id).challengesAnswered, 2, "answers");
        assertEq(market.verdict(id).claimedCorrect, 4, "proven");
        assertSolvent();
    }

    /// The k*-th proof closes when the answers came first; an answer that is the k*-th does as well.
    function test_answer_countsForTheDemand() public {
        challengeBy(outsider, id, 0);
        demandFull(id, FULL_NEEDED);
        market.answer(id, itemOf(id, 0));
        market.submitDemanded(id, hex"0f", items(id, 1, 3));
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "the third proof");
        assertEq(market.credit(mc), DEPOSIT - FULL_SUCCESS_PAYMENT + HALF, "the rest of the fund");
        id = reach(State.Claimed, FULL, OPTIMISTIC);
        challengeBy(outsider, id, 0);
        demandFull(id, FULL_NEEDED);
        market.submitDemanded(id, hex"0f", items(id, 1, 3));
        market.answer(id, itemOf(id, 0));
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "the third proof is an answer");
        assertSolvent();
    }

    function test_submitDemanded_answersChallengesForTheirBondsOnly() public {
        challengeBy(outsider, id, 0);
        challengeBy(mc, id, 1);
        demandFull(id, FULL_NEEDED);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Answered(id, modelId, address(this), 0);
        market.submitDemanded(id, hex"0f", items(id, 0, 1));
        assertEq(market.credit(mp), DEAR_BOND, "a bond, nothing of the fund");
        assertEq(market.engagement(id).openChallenges, 1, "one left");
        assertEq(market.verdict(id).challengesAnswered, 1, "an answer");
        assertEq(market.challengeAt(id, 0).deadline, 0, "done");
        // one answer, and two others of which one was missing
        market.submitDemanded(id, hex"0f", items(id, 0, 4));
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "passed");
        assertEq(market.credit(mp), DEPOSIT + FULL_SUCCESS_PAYMENT + DEAR_BOND + BOND + 2 * HALF, "provider");
        assertEq(market.credit(mc), DEPOSIT - FULL_SUCCESS_PAYMENT + HALF, "the rest of the fund");
        assertSolvent();
    }

    /// The fund pays the first proofs up to k* that answer nothing; once k* are proven it pays none.
    function test_submitDemanded_paysNothingOnceTheTargetIsProven() public {
        challengeBy(outsider, id, 0);
        demandFull(id, FULL_NEEDED);
        market.submitDemanded(id, hex"0f", items(id, 1, 4));
        assertState(id, State.FullDemanded);
        uint256 paid = market.credit(mp);
        assertEq(paid, 3 * HALF, "k*");
        market.submitDemanded(id, hex"0f", items(id, 0, 1));
        assertEq(market.credit(mp), paid + DEPOSIT + FULL_SUCCESS_PAYMENT + DEAR_BOND, "the answer is not demanded");
        assertSolvent();
    }

    /// What was proven counts, not what was claimed.
    function test_verdict_ofADemandIsWhatWasProven() public {
        assertEq(market.verdict(id).claimedCorrect, 4, "claimed");
        demandFull(id, FULL_NEEDED);
        assertEq(market.verdict(id).claimedCorrect, 4, "not proven yet");
        market.submitDemanded(id, hex"0f", items(id, 0, 3));
        assertEq(market.verdict(id).claimedCorrect, 3, "proven");
        assertEq(market.verdict(id).resultHash, keccak256(hex"0f"), "the claim is still on record");
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
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, keccak256(hex"0b"), keccak256(hex"0f")));
        market.submitDemanded(id, hex"0f", list);
    }

    function test_submitDemanded_revertsAsAWholeWhen_oneItemIsBad() public {
        demandFull(id, FULL_NEEDED);
        ProofItem[] memory list = items(id, 0, 3);
        list[2].proof = "bad";
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 2));
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

    /// Nobody ends a demand over the head of a watcher whose challenge is overdue.
    function test_timeout_inFullDemandedLeavesTheEndToAnOpenChallenge() public {
        challengeBy(outsider, id, 3);
        demandFull(id, FULL_NEEDED);
        vm.warp(uint256(market.timeoutAt(id)) + 1);
        vm.prank(mp);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.ChallengesOpen.selector, id, 1));
        market.timeout(id);
        market.timeoutChallenge(id, 3);
        assertEq(registry.credit(outsider), STRIKE, "finder");
        assertEq(registry.credit(treasury), 9 * STRIKE, "treasury");
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

    /// Masks of positions.
    struct Plan {
        uint16 challenged;
        /// Of those, by somebody else than the consumer.
        uint16 byOthers;
        /// Proven at first, and after that.
        uint16 first;
        uint16 second;
        /// Challenges are answered by `answer`, else in the batch.
        bool viaAnswer;
    }

    /// Whatever is challenged by whom, answered or demanded in whatever order: bonds and fund go where they belong.
    function testFuzz_demandFull_conservesFundAndBonds(Plan memory plan) public {
        plan.challenged &= 0xf;
        plan.first &= 0xf;
        plan.second &= 0xf & ~plan.first;
        for (uint32 p = 0; p < 4; ++p) {
            if (has(plan.challenged, p)) challengeBy(challengerOf(plan, p), id, p);
        }
        demandFull(id, FULL_NEEDED);
        uint256 paid = prove(plan, plan.first, 0);
        if (isMet(plan, plan.first)) plan.second = 0;
        paid += prove(plan, plan.second, ones(plan.first));
        uint16 proven = plan.first | plan.second;
        bool met = isMet(plan, proven);
        assertState(id, met ? State.Closed : State.FullDemanded);
        if (!met) convict(plan, proven);
        assertEq(market.credit(mp), (met ? DEPOSIT + FULL_SUCCESS_PAYMENT : 0) + paid, "provider");
        uint256 consumer = (met ? DEPOSIT - FULL_SUCCESS_PAYMENT : 2 * DEPOSIT) + 3 * HALF - fundPaid;
        uint16 left = plan.challenged & ~proven;
        assertEq(market.credit(mc), consumer + ones(left & ~plan.byOthers) * BOND, "consumer");
        assertEq(market.credit(outsider), ones(left & plan.byOthers) * DEAR_BOND, "watcher");
        assertSolvent();
    }

    /// What the fund has paid so far, by the books of the test.
    uint256 private fundPaid;

    /// Proves the positions of the mask when `before` are proven; returns what this earns.
    function prove(Plan memory plan, uint16 mask, uint256 before) private returns (uint256 earned) {
        uint16 plain = mask & ~plan.challenged;
        ProofItem[] memory list = new ProofItem[](ones(plan.viaAnswer ? plain : mask));
        uint256 next = 0;
        for (uint32 p = 0; p < 4; ++p) {
            if (!has(mask, p)) continue;
            if (has(plan.challenged, p)) earned += bondOf(challengerOf(plan, p));
            if (has(plain, p) || !plan.viaAnswer) list[next++] = itemOf(id, p);
        }
        if (next != 0) market.submitDemanded(id, hex"0f", list);
        for (uint32 p = 0; plan.viaAnswer && p < 4; ++p) {
            if (has(mask & plan.challenged, p)) market.answer(id, itemOf(id, p));
        }
        uint256 missing = before < FULL_NEEDED ? FULL_NEEDED - before : 0;
        uint256 demanded = ones(plain) < missing ? ones(plain) : missing;
        fundPaid += demanded * HALF;
        return earned + demanded * HALF;
    }

    /// By the demand or by a challenge, whichever is the way; then the open bonds come home.
    function convict(Plan memory plan, uint16 proven) private {
        vm.warp(uint256(market.timeoutAt(id)) + 1);
        uint16 left = plan.challenged & ~proven;
        if (left == 0) {
            market.timeout(id);
        } else {
            vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.ChallengesOpen.selector, id, ones(left)));
            market.timeout(id);
            uint32 p = 0;
            while (!has(left, p)) ++p;
            market.timeoutChallenge(id, p);
        }
        for (uint32 p = 0; p < 4; ++p) {
            if (!has(left, p)) continue;
            vm.prank(challengerOf(plan, p));
            market.reclaimBond(id, p);
        }
    }

    function isMet(Plan memory plan, uint16 proven) private pure returns (bool) {
        return ones(proven) >= FULL_NEEDED && plan.challenged & ~proven == 0;
    }

    function challengerOf(Plan memory plan, uint32 p) private view returns (address) {
        return has(plan.byOthers, p) ? outsider : mc;
    }

    function has(uint16 mask, uint32 p) private pure returns (bool) {
        return mask & (uint16(1) << p) != 0;
    }

    function ones(uint16 mask) private pure returns (uint256 count) {
        for (; mask != 0; mask &= mask - 1) {
            ++count;
        }
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
