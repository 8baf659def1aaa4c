// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Outcome, State, EngagementView} from "../../../src/types/MarketTypes.sol";
import {Reputation} from "../../../src/types/ModelTypes.sol";

contract ConcedeTest is MarketFixture {
    function test_concede_givesTheConsumerBothDepositsWithoutAStrike() public {
        bytes32 id = proving();
        bytes32 guard = guardOf(id);
        vm.warp(START + 9);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Closed(id, modelId, mp, Outcome.FailedAccuracy, 28_000_084, 0);
        vm.prank(mp);
        market.concede(id, guard);

        EngagementView memory e = market.engagement(id);
        assertEq(uint256(e.state), uint256(State.Closed), "state");
        assertEq(uint256(e.outcome), uint256(Outcome.FailedAccuracy), "outcome");
        assertEq(e.closedAt, START + 9, "closedAt");
        assertEq(market.credit(mc), 28_000_084, "2D");
        assertEq(market.credit(mp), 0, "mp");
        assertEq(registry.model(modelId).stake, STAKE, "no strike");
        assertEq(registry.model(modelId).open, 0, "open");
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.failed, 1, "failed");
        assertEq(r.aborted + r.mpFault + r.passedProven + r.strikes, 0, "nothing else");
        assertSolvent();
    }

    function test_concede_afterSomeProofsKeepsTheirCount() public {
        bytes32 id = proving();
        market.submitProofs(id, batch(id, 0, NEEDED - 1));
        bytes32 guard = guardOf(id);
        vm.prank(mp);
        market.concede(id, guard);
        assertEq(market.verdict(id).provenOnChain, NEEDED - 1, "count");
        assertEq(uint256(market.verdict(id).assurance), 0, "no assurance");
        assertEq(market.credit(mc), 28_000_084, "2D");
    }

    function test_concede_inTheLastSecond() public {
        bytes32 id = proving();
        bytes32 guard = guardOf(id);
        vm.warp(START + PROVE_WINDOW);
        vm.prank(mp);
        market.concede(id, guard);
    }

    function test_concede_revertsWhen_late() public {
        bytes32 id = proving();
        bytes32 guard = guardOf(id);
        vm.warp(START + PROVE_WINDOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + PROVE_WINDOW, START + PROVE_WINDOW + 1)
        );
        vm.prank(mp);
        market.concede(id, guard);
    }

    function test_concede_revertsWhen_callerIsNotTheProvider() public {
        bytes32 id = proving();
        bytes32 guard = guardOf(id);
        address[2] memory callers = [mc, outsider];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, mp, callers[i]));
            vm.prank(callers[i]);
            market.concede(id, guard);
        }
    }

    function test_concede_revertsWhen_guardIsAnotherOffer() public {
        bytes32 id = proving();
        bytes32 wrong = guardOf(offered());
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, guardOf(id), wrong));
        vm.prank(mp);
        market.concede(id, wrong);
    }

    function test_concede_revertsWhen_inAnyOtherState() public {
        bytes32[4] memory ids = oneOfEach();
        State[4] memory states = [State.Offered, State.Probing, State.Proving, State.Closed];
        for (uint256 i = 0; i < 4; ++i) {
            if (states[i] == State.Proving) continue;
            bytes32 guard = guardOf(ids[i]);
            expectWrongState(ids[i], states[i]);
            vm.prank(mp);
            market.concede(ids[i], guard);
        }
        expectWrongState(keccak256("nothing"), State.None);
        market.concede(keccak256("nothing"), 0);
    }
}
