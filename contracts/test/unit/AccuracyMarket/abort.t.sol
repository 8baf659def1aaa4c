// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Outcome, State, EngagementView} from "../../../src/types/MarketTypes.sol";
import {Reputation} from "../../../src/types/ModelTypes.sol";

contract AbortTest is MarketFixture {
    function test_abort_paysTheInferences() public {
        bytes32 id = probing();
        bytes32 guard = guardOf(id);
        vm.warp(START + 5);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Aborted(id, modelId, mp);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Closed(id, modelId, mp, Outcome.Abort, 13_999_335, 14_000_749);
        vm.prank(mp);
        market.abort(id, guard);

        EngagementView memory e = market.engagement(id);
        assertEq(uint256(e.state), uint256(State.Closed), "state");
        assertEq(uint256(e.outcome), uint256(Outcome.Abort), "outcome");
        assertEq(e.closedAt, START + 5, "closedAt");
        assertEq(e.deadline, 0, "deadline");
        assertEq(market.credit(mc), 13_999_335, "D - A");
        assertEq(market.credit(mp), 14_000_749, "D + A");
        assertEq(market.credit(treasury), 155_554, "fees");
        assertEq(market.totalOwed(), 2 * ENTRY, "owed");
        assertEq(registry.model(modelId).open, 0, "open");
        assertEq(registry.model(modelId).reserved, 0, "reserved");
        assertEq(registry.model(modelId).stake, STAKE, "stake untouched");
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.aborted, 1, "aborted");
        assertEq(r.failed + r.mpFault + r.passedProven + r.strikes, 0, "nothing else");
        assertSolvent();
    }

    function test_abort_inTheLastSecond() public {
        bytes32 id = probing();
        bytes32 guard = guardOf(id);
        vm.warp(START + DECIDE_WINDOW);
        vm.prank(mp);
        market.abort(id, guard);
    }

    function test_abort_revertsWhen_late() public {
        bytes32 id = probing();
        bytes32 guard = guardOf(id);
        vm.warp(START + DECIDE_WINDOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + DECIDE_WINDOW, START + DECIDE_WINDOW + 1)
        );
        vm.prank(mp);
        market.abort(id, guard);
    }

    function test_abort_revertsWhen_callerIsNotTheProvider() public {
        bytes32 id = probing();
        bytes32 guard = guardOf(id);
        address[2] memory callers = [mc, outsider];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, mp, callers[i]));
            vm.prank(callers[i]);
            market.abort(id, guard);
        }
    }

    function test_abort_revertsWhen_guardIsAnotherOffer() public {
        bytes32 id = probing();
        bytes32 wrong = guardOf(offered());
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, guardOf(id), wrong));
        vm.prank(mp);
        market.abort(id, wrong);
    }

    function test_abort_revertsWhen_inAnyOtherState() public {
        bytes32[4] memory ids = oneOfEach();
        State[4] memory states = [State.Offered, State.Probing, State.Proving, State.Closed];
        for (uint256 i = 0; i < 4; ++i) {
            if (states[i] == State.Probing) continue;
            bytes32 guard = guardOf(ids[i]);
            expectWrongState(ids[i], states[i]);
            vm.prank(mp);
            market.abort(ids[i], guard);
        }
        expectWrongState(keccak256("nothing"), State.None);
        market.abort(keccak256("nothing"), 0);
    }
}
