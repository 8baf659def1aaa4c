// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferFixture} from "../../base/TransferFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IJudge} from "../../../src/interfaces/IJudge.sol";
import {IProofJudge} from "../../../src/interfaces/IProofJudge.sol";
import {ResultBitmap} from "../../../src/libraries/ResultBitmap.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Assurance, EngagementView, OfferTerms, Outcome, ProofItem, State} from "../../../src/types/MarketTypes.sol";

/// The posted result, its acceptance and its end, and proofs of positions that a shuffle has moved.
contract ResultTest is TransferFixture {
    // ---- postResult ----

    function test_postResult_storesTheCountAndTheHash() public {
        bytes32 id = reach(State.Proving, FULL, OPTIMISTIC);
        bytes memory bitmap = hex"0b"; // positions 0, 1 and 3
        vm.warp(START + 9);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.ResultPosted(id, modelId, mp, bitmap, 3, START + 9 + CHALLENGE_WINDOW);
        post(id, bitmap);
        EngagementView memory e = market.engagement(id);
        assertState(id, State.Claimed);
        assertEq(e.claimedCorrect, 3, "count");
        assertEq(e.guard, keccak256(bitmap), "guard");
        assertEq(e.deadline, START + 9 + CHALLENGE_WINDOW, "W_challenge");
        assertEq(market.verdict(id).resultHash, keccak256(bitmap), "resultHash");
        assertEq(market.verdict(id).claimedCorrect, 3, "claimed");
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.NONE), "no assurance yet");
    }

    function test_postResult_revertsWhen_theBitmapIsMalformed() public {
        bytes32 id = reach(State.Proving, FULL, OPTIMISTIC);
        bytes[3] memory bad = [bytes(""), hex"0f00", hex"1f"];
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 g = guard(id);
            vm.expectRevert(abi.encodeWithSelector(ResultBitmap.BadBitmap.selector, N2, bad[i].length));
            vm.prank(mp);
            market.postResult(id, g, bad[i]);
        }
        // SIMPLE has seven positions
        id = reach(State.Proving, SIMPLE, OPTIMISTIC);
        bytes32 own = guard(id);
        vm.expectRevert(abi.encodeWithSelector(ResultBitmap.BadBitmap.selector, N, 1));
        vm.prank(mp);
        market.postResult(id, own, hex"ff");
    }

    function test_postResult_revertsWhen_belowTheTarget() public {
        bytes32 id = reach(State.Proving, FULL, OPTIMISTIC);
        bytes32 g = guard(id);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.BelowTarget.selector, 3, 2));
        vm.prank(mp);
        market.postResult(id, g, hex"0a");
        post(id, hex"0e");
    }

    /// V17: the stored count is the number of set bits, and the target decides.
    function testFuzz_postResult_countsTheSetBits(uint8 bits, uint16 rawTarget) public {
        bits &= 0x7f;
        uint16 target = uint16(bound(rawTarget, 1, 10_000));
        OfferTerms memory t = termsOf(SIMPLE, OPTIMISTIC);
        t.targetBps = target;
        bytes32 id = offeredWith(t);
        acceptBy(mp, id);
        commit(id);
        acknowledge(id);
        reveal(id);
        decide(id);
        uint256 ones = 0;
        for (uint256 b = bits; b != 0; b >>= 1) {
            ones += b & 1;
        }
        bytes32 g = guard(id);
        vm.prank(mp);
        try market.postResult(id, g, bytes.concat(bytes1(bits))) {
            assertTrue(ones * 10_000 >= uint256(target) * N, "at the target");
            assertEq(market.engagement(id).claimedCorrect, ones, "count");
        } catch (bytes memory reason) {
            assertTrue(ones * 10_000 < uint256(target) * N, "below it");
            uint256 needed = (uint256(target) * N + 9999) / 10_000;
            assertEq(
                keccak256(reason),
                keccak256(abi.encodeWithSelector(IAccuracyMarket.BelowTarget.selector, needed, ones)),
                "reason"
            );
        }
    }

    // ---- acceptResult, finalize ----

    function test_acceptResult_closesAtOnce() public {
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        bytes32 g = guard(id);
        vm.prank(mc);
        market.acceptResult(id, g);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "passed");
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.OPTIMISTIC), "OPTIMISTIC");
        assertEq(registry.reputation(modelId).passedOptimistic, 1, "counter");
    }

    /// Accepted in the block of the claim, nobody had a second to object; accepted in its last one, everybody had them all.
    function test_acceptResult_saysForHowLongOthersCouldObject() public {
        uint64[4] memory after_ = [uint64(0), 1, CHALLENGE_WINDOW - 1, CHALLENGE_WINDOW];
        for (uint256 i = 0; i < 4; ++i) {
            bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
            assertEq(market.verdict(id).openFor, 0, "not yet known");
            vm.warp(block.timestamp + after_[i]);
            bytes32 g = guard(id);
            vm.prank(mc);
            market.acceptResult(id, g);
            vm.warp(block.timestamp + 1 hours);
            assertEq(market.verdict(id).openFor, after_[i], "seconds");
            assertTrue(market.verdict(id).closedEarly == (i != 3), "early");
        }
    }

    function test_finalize_comesAfterTheWholeWindow() public {
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        vm.warp(uint256(market.timeoutAt(id)) + 1 days);
        market.finalize(id);
        assertEq(market.verdict(id).openFor, CHALLENGE_WINDOW, "no longer than objections were possible");
        assertTrue(!market.verdict(id).closedEarly, "not early");
    }

    /// An unconditional verdict needs nobody's objections: it was not closed early, however soon it was.
    function test_verdict_thatIsProvenIsNotClosedEarly() public {
        bytes32 demanded = reach(State.Claimed, FULL, OPTIMISTIC);
        vm.warp(START + 70);
        demandFull(demanded, FULL_NEEDED);
        assertEq(market.verdict(demanded).openFor, 70, "until the demand");
        vm.warp(START + 90);
        market.submitDemanded(demanded, hex"0f", items(demanded, 0, 3));
        assertEq(market.verdict(demanded).openFor, 70, "no longer");
        assertTrue(!market.verdict(demanded).closedEarly, "PROVEN");
        bytes32 answered = reach(State.Claimed, FULL, OPTIMISTIC);
        for (uint32 p = 0; p < 3; ++p) {
            challengeBy(mc, answered, p);
            market.answer(answered, itemOf(answered, p));
        }
        bytes32 g = guard(answered);
        vm.prank(mc);
        market.acceptResult(answered, g);
        assertEq(uint256(market.verdict(answered).assurance), uint256(Assurance.PROVEN), "answers suffice");
        assertTrue(!market.verdict(answered).closedEarly, "PROVEN by answers");
        assertEq(market.verdict(answered).claimedCorrect, 3, "what was proven");
    }

    function test_verdict_ofOtherEndingsSaysHowLongObjectionsWerePossible() public {
        bytes32 direct = reach(State.Closed, FULL, DIRECT);
        assertEq(market.verdict(direct).openFor, 0, "nothing was claimed");
        assertTrue(!market.verdict(direct).closedEarly, "DIRECT");
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        challengeBy(outsider, id, 0);
        vm.warp(START + RESPOND_WINDOW + 1);
        market.timeoutChallenge(id, 0);
        assertEq(market.verdict(id).openFor, RESPOND_WINDOW + 1, "fault");
        assertTrue(!market.verdict(id).closedEarly, "no verdict to close early");
    }

    function test_acceptResult_revertsWhen_aChallengeIsOpen() public {
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        challengeBy(outsider, id, 1);
        bytes32 g = guard(id);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.ChallengesOpen.selector, id, 1));
        vm.prank(mc);
        market.acceptResult(id, g);
        market.answer(id, itemOf(id, 1));
        vm.prank(mc);
        market.acceptResult(id, g);
    }

    function test_finalize_revertsWhen_early() public {
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        uint64 deadline = market.timeoutAt(id);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, deadline, deadline));
        market.finalize(id);
        vm.warp(uint256(deadline) + 1);
        vm.prank(outsider);
        market.finalize(id);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "passed");
    }

    function test_finalize_revertsWhen_aChallengeIsOpen() public {
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        vm.warp(market.timeoutAt(id));
        challengeBy(mc, id, 0);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.ChallengesOpen.selector, id, 1));
        market.finalize(id);
        market.answer(id, itemOf(id, 0));
        market.finalize(id);
    }

    // ---- proofs of shuffled positions ----

    function test_submitProofs_countsPositionsWithinTheProvenSet() public {
        bytes32 id = reach(State.Proving, FULL, DIRECT);
        ProofItem memory it = itemOf(id, 0);
        it.position = N2;
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.PositionOutOfRange.selector, N2, N2));
        market.submitProofs(id, only(it));
        market.submitProofs(id, items(id, 0, 1));
        assertTrue(market.isProven(id, 0), "position 0 of the proven set");
    }

    /// A probed example cannot be counted: its leaf is at no position of the proven set.
    function test_submitProofs_refusesProbedExamples() public {
        bytes32 id = reach(State.Proving, FULL, DIRECT);
        ProofItem memory probed = itemOf(id, 0);
        uint256 index = indexOf(id, 0);
        (probed.inputCommit, probed.label, probed.leafSalt) =
        (examples[index].inputCommit, examples[index].label, examples[index].leafSalt);
        (bool ok, bytes memory reason) = address(market).call(abi.encodeCall(market.submitProofs, (id, only(probed))));
        assertTrue(!ok, "accepted");
        assertEq(bytes32(bytes4(reason)), bytes32(IProofJudge.WrongTestLeaf.selector), "reason");
    }

    /// V13: the context names the position of the whole set, so proofs of the same index in another mode are worthless.
    function test_submitProofs_refusesTheContextOfTheUnshiftedPosition() public {
        bytes32 id = reach(State.Proving, FULL, DIRECT);
        ProofItem memory it = itemOf(id, 1);
        it.proof = abi.encode(verifier.proofOf(VK_DIGEST, [context(id, 1), WEIGHTS, it.inputCommit, it.output]));
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 1));
        market.submitProofs(id, only(it));
    }

    function test_concede_costsNoStrike() public {
        bytes32 id = reach(State.Proving, FULL, OPTIMISTIC);
        bytes32 g = guard(id);
        vm.prank(mp);
        market.concede(id, g);
        assertEq(market.credit(mc), 2 * DEPOSIT, "2D");
        assertEq(registry.reputation(modelId).failed, 1, "failed");
        assertEq(registry.model(modelId).stake, STAKE, "stake");
    }
}
