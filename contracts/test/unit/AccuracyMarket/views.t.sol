// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {Sequence} from "../../../src/shared/Sequence.sol";
import {Adjudication, Assurance, Mode, Outcome, State, Verdict} from "../../../src/types/MarketTypes.sol";
import {Metric} from "../../../src/types/ModelTypes.sol";

contract MarketViewsTest is MarketFixture {
    function test_verdict_ofAPassedEngagement() public {
        bytes32 id = proving();
        vm.warp(START + 33);
        market.submitProofs(id, batch(id, 0, NEEDED + 1));
        Verdict memory v = market.verdict(id);
        assertEq(v.modelId, modelId, "modelId");
        assertEq(v.mp, mp, "mp");
        assertEq(v.mc, mc, "mc");
        assertEq(uint256(v.mode), uint256(Mode.CLEAR), "mode");
        assertEq(uint256(v.adjudication), uint256(Adjudication.DIRECT), "adjudication");
        assertEq(uint256(v.assurance), uint256(Assurance.PROVEN), "assurance");
        assertEq(uint256(v.metric), uint256(Metric.TOP1), "metric");
        assertEq(v.targetBps, TARGET, "target");
        assertEq(v.n2, N, "n2 is N in CLEAR");
        assertEq(v.claimedCorrect, NEEDED + 1, "claimed");
        assertEq(v.resultHash, 0, "resultHash");
        assertEq(v.provenOnChain, NEEDED + 1, "proven");
        assertEq(v.challengesAnswered, 0, "challenges");
        assertEq(uint256(v.outcome), uint256(Outcome.Passed), "outcome");
        assertEq(v.closedAt, START + 33, "closedAt");
        assertEq(v.testRoot, testRoot, "testRoot");
    }

    function test_verdict_givesNoAssuranceInEveryOtherOutcome() public {
        bytes32 cancelled = offered();
        vm.prank(mc);
        market.cancel(cancelled);
        bytes32 abortedId = aborted();
        bytes32 conceded = proving();
        bytes32 guard = guardOf(conceded);
        vm.prank(mp);
        market.concede(conceded, guard);
        bytes32 silent = probing();
        vm.warp(START + DECIDE_WINDOW + 1);
        market.timeout(silent);
        bytes32[4] memory ids = [cancelled, abortedId, conceded, silent];
        Outcome[4] memory outcomes = [Outcome.Cancelled, Outcome.Abort, Outcome.FailedAccuracy, Outcome.MpSilent];
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(uint256(market.verdict(ids[i]).outcome), uint256(outcomes[i]), "outcome");
            assertEq(uint256(market.verdict(ids[i]).assurance), uint256(Assurance.NONE), "assurance");
        }
    }

    function test_verdict_ofAnOpenEngagementSaysNothing() public {
        bytes32 id = proving();
        assertEq(uint256(market.verdict(id).outcome), uint256(Outcome.None), "outcome");
        assertEq(market.verdict(id).closedAt, 0, "closedAt");
    }

    function test_views_revertWhen_theIdIsUnknown() public {
        bytes32 id = keccak256("nothing");
        expectWrongState(id, State.None);
        market.engagement(id);
        expectWrongState(id, State.None);
        market.verdict(id);
        expectWrongState(id, State.None);
        market.timeoutAt(id);
        expectWrongState(id, State.None);
        market.isProven(id, 0);
    }

    function test_engagementIdAt_revertsWhen_pastTheLast() public {
        offered();
        vm.expectRevert(abi.encodeWithSelector(Sequence.SequenceOutOfRange.selector, 1, 1));
        market.engagementIdAt(modelId, 1);
        vm.expectRevert(abi.encodeWithSelector(Sequence.SequenceOutOfRange.selector, 0, 0));
        market.engagementIdAt(keccak256("nobody"), 0);
    }

    /// Ids are those that `open` returned, also after a fork has given this chain another id.
    function test_engagementIdAt_isWhatOpenReturned() public {
        bytes32 first = offered();
        bytes32 second = offered();
        vm.chainId(31_338);
        bytes32 third = offered();
        assertEq(market.engagementCount(modelId), 3, "count");
        assertEq(market.engagementIdAt(modelId, 0), first, "first");
        assertEq(market.engagementIdAt(modelId, 1), second, "second");
        assertEq(market.engagementIdAt(modelId, 2), third, "third");
    }

    /// Offers that nobody accepted are free to make, and are not among the locked ones.
    function test_lockedIdAt_isInTheOrderOfAcceptance() public {
        bytes32 first = offered();
        offered();
        bytes32 third = offered();
        assertEq(market.lockedCount(modelId), 0, "offers only");
        acceptBy(mp, third);
        acceptBy(mp, first);
        assertEq(market.engagementCount(modelId), 3, "offers");
        assertEq(market.lockedCount(modelId), 2, "locked");
        assertEq(market.lockedIdAt(modelId, 0), third, "the first accepted");
        assertEq(market.lockedIdAt(modelId, 1), first, "the second accepted");
        vm.expectRevert(abi.encodeWithSelector(Sequence.SequenceOutOfRange.selector, 2, 2));
        market.lockedIdAt(modelId, 2);
    }

    /// Values of the enums are part of the ABI.
    function test_enums_keepTheOrderOfTheSpecification() public pure {
        assertEq(uint256(State.Offered), 1, "Offered");
        assertEq(uint256(State.Probing), 6, "Probing");
        assertEq(uint256(State.Proving), 8, "Proving");
        assertEq(uint256(State.Closed), 11, "Closed");
        assertEq(uint256(Mode.CLEAR), 0, "CLEAR");
        assertEq(uint256(Mode.FULL), 1, "FULL");
        assertEq(uint256(Mode.SIMPLE), 2, "SIMPLE");
        assertEq(uint256(Outcome.Cancelled), 1, "Cancelled");
        assertEq(uint256(Outcome.Abort), 5, "Abort");
        assertEq(uint256(Outcome.MpSilent), 6, "MpSilent");
        assertEq(uint256(Outcome.FailedAccuracy), 7, "FailedAccuracy");
        assertEq(uint256(Outcome.Passed), 9, "Passed");
        assertEq(uint256(Outcome.Settled), 10, "Settled");
    }
}
