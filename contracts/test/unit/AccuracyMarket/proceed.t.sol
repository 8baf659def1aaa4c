// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Outcome, State, EngagementView} from "../../../src/types/MarketTypes.sol";
import {Reputation} from "../../../src/types/ModelTypes.sol";

contract ProceedTest is MarketFixture {
    function test_proceed_startsTheProvingWindow() public {
        bytes32 id = probing();
        bytes32 guard = guardOf(id);
        vm.warp(START + 100);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Proceeded(id, modelId, mp, START + 100 + PROVE_WINDOW);
        vm.prank(mp);
        market.proceed(id, guard);

        EngagementView memory e = market.engagement(id);
        assertEq(uint256(e.state), uint256(State.Proving), "state");
        assertEq(e.deadline, START + 100 + PROVE_WINDOW, "deadline");
        assertEq(uint256(e.outcome), uint256(Outcome.None), "outcome");
        assertEq(market.credit(mp) + market.credit(mc), 0, "nothing paid");
        assertEq(registry.model(modelId).open, 1, "still open");
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.aborted + r.failed + r.mpFault + r.passedProven + r.strikes, 0, "nothing counted");
    }

    function test_proceed_inTheLastSecond() public {
        bytes32 id = probing();
        bytes32 guard = guardOf(id);
        vm.warp(START + DECIDE_WINDOW);
        vm.prank(mp);
        market.proceed(id, guard);
    }

    function test_proceed_revertsWhen_late() public {
        bytes32 id = probing();
        bytes32 guard = guardOf(id);
        vm.warp(START + DECIDE_WINDOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + DECIDE_WINDOW, START + DECIDE_WINDOW + 1)
        );
        vm.prank(mp);
        market.proceed(id, guard);
    }

    function test_proceed_revertsWhen_callerIsNotTheProvider() public {
        bytes32 id = probing();
        bytes32 guard = guardOf(id);
        address[2] memory callers = [mc, outsider];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, mp, callers[i]));
            vm.prank(callers[i]);
            market.proceed(id, guard);
        }
    }

    function test_proceed_revertsWhen_guardIsAnotherOffer() public {
        bytes32 id = probing();
        bytes32 wrong = guardOf(offered());
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, guardOf(id), wrong));
        vm.prank(mp);
        market.proceed(id, wrong);
    }

    function test_proceed_revertsWhen_inAnyOtherState() public {
        bytes32[4] memory ids = oneOfEach();
        State[4] memory states = [State.Offered, State.Probing, State.Proving, State.Closed];
        for (uint256 i = 0; i < 4; ++i) {
            if (states[i] == State.Probing) continue;
            bytes32 guard = guardOf(ids[i]);
            expectWrongState(ids[i], states[i]);
            vm.prank(mp);
            market.proceed(ids[i], guard);
        }
        expectWrongState(keccak256("nothing"), State.None);
        market.proceed(keccak256("nothing"), 0);
    }
}
