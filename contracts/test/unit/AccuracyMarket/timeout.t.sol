// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Outcome, State} from "../../../src/types/MarketTypes.sol";
import {ModelStatus, Reputation} from "../../../src/types/ModelTypes.sol";

contract TimeoutTest is MarketFixture {
    function test_timeout_ofProbingCostsDepositAndStrike() public {
        bytes32 id = probing();
        vm.warp(START + DECIDE_WINDOW + 1);
        expectSilence(id);
    }

    function test_timeout_ofProvingCostsDepositAndStrike() public {
        bytes32 id = proving();
        market.submitProofs(id, batch(id, 0, NEEDED - 1));
        vm.warp(START + PROVE_WINDOW + 1);
        expectSilence(id);
        assertEq(market.verdict(id).provenOnChain, NEEDED - 1, "partial proofs stay visible");
        assertEq(uint256(market.verdict(id).assurance), 0, "and give no assurance");
    }

    function test_timeout_ofOfferedIsTheCancellation() public {
        bytes32 id = offered();
        vm.warp(START + 1 hours + 1);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Cancelled(id, modelId, mc);
        vm.prank(outsider);
        market.timeout(id);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Cancelled), "outcome");
        assertEq(market.credit(mc), ENTRY, "D + fee");
        assertEq(market.credit(treasury), 0, "no fee");
        assertSolvent();
    }

    function test_timeout_revertsWhen_atTheDeadline() public {
        bytes32 o = offered();
        bytes32 p = probing();
        bytes32 q = proving();
        expectTooEarly(o, START + 1 hours);
        expectTooEarly(p, START + DECIDE_WINDOW);
        expectTooEarly(q, START + PROVE_WINDOW);
    }

    function test_timeout_revertsWhen_closedOrUnknown() public {
        bytes32 id = passed();
        vm.warp(START + 365 days);
        expectWrongState(id, State.Closed);
        market.timeout(id);
        expectWrongState(keccak256("nothing"), State.None);
        market.timeout(keccak256("nothing"));
    }

    function test_timeout_agreesWithTimeoutAt() public {
        bytes32[4] memory ids = oneOfEach();
        assertEq(market.timeoutAt(ids[0]), START + 1 hours, "offered");
        assertEq(market.timeoutAt(ids[1]), START + DECIDE_WINDOW, "probing");
        assertEq(market.timeoutAt(ids[2]), START + PROVE_WINDOW, "proving");
        assertEq(market.timeoutAt(ids[3]), 0, "closed");
    }

    /// Two engagements share the stake: both can be punished, and the second finds the model Suspended already.
    function test_timeout_ofTwoEngagementsBurnsTwoStrikes() public {
        bytes32 first = probing();
        bytes32 second = proving();
        vm.warp(START + PROVE_WINDOW + 1);
        market.timeout(first);
        market.timeout(second);
        assertEq(registry.model(modelId).stake, STAKE - 2 * STRIKE, "stake");
        assertEq(registry.credit(treasury), 2 * STRIKE, "treasury");
        assertEq(uint256(registry.model(modelId).status), uint256(ModelStatus.Suspended), "status");
        assertSolvent();
    }

    function expectTooEarly(bytes32 id, uint256 deadline) private {
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, deadline, deadline));
        market.timeout(id);
    }

    function expectSilence(bytes32 id) private {
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Closed(id, modelId, outsider, Outcome.MpSilent, 28_000_084, 0);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.Struck(modelId, mp, 1, uint128(STAKE - STRIKE));
        vm.prank(outsider);
        market.timeout(id);
        assertEq(uint256(market.engagement(id).state), uint256(State.Closed), "state");
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.MpSilent), "outcome");
        assertEq(market.engagement(id).closedAt, block.timestamp, "closedAt");
        assertEq(market.credit(mc), 28_000_084, "2D");
        assertEq(market.credit(mp), 0, "mp");
        assertEq(market.credit(outsider), 0, "caller");
        assertEq(registry.credit(treasury), STRIKE, "one strike");
        assertEq(registry.model(modelId).stake, STAKE - STRIKE, "stake");
        assertEq(registry.model(modelId).reserved, 0, "reserved");
        assertEq(uint256(registry.model(modelId).status), uint256(ModelStatus.Suspended), "suspended");
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.mpFault, 1, "mpFault");
        assertEq(r.strikes, 1, "strikes");
        assertEq(r.aborted + r.failed + r.passedProven, 0, "nothing else");
        assertSolvent();
    }
}
