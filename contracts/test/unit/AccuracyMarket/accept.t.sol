// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {EngagementView, State} from "../../../src/types/MarketTypes.sol";
import {ModelStatus} from "../../../src/types/ModelTypes.sol";

contract AcceptTest is MarketFixture {
    function test_accept_locksAndPaysBothFees() public {
        bytes32 id = offered();
        bytes32 guard = guardOf(id);
        vm.warp(START + 7);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Locked(id, modelId, mp, START + 7 + DECIDE_WINDOW);
        vm.prank(mp);
        market.accept{value: ENTRY}(id, guard);

        EngagementView memory e = market.engagement(id);
        assertEq(uint256(e.state), uint256(State.Probing), "state");
        assertEq(e.deadline, START + 7 + DECIDE_WINDOW, "deadline");
        assertEq(market.credit(treasury), 155_554, "2 fees");
        assertEq(market.totalOwed(), 2 * ENTRY, "owed");
        assertEq(mp.balance, 1 ether - STAKE - ENTRY, "mp paid");
        assertEq(registry.model(modelId).open, 1, "open");
        assertEq(registry.model(modelId).reserved, FAULT_STRIKES, "reserved");
        assertSolvent();
    }

    function test_accept_inTheLastSecond() public {
        bytes32 id = offered();
        vm.warp(START + 1 hours);
        acceptBy(mp, id);
    }

    function test_accept_revertsWhen_expired() public {
        bytes32 id = offered();
        bytes32 guard = guardOf(id);
        vm.warp(START + 1 hours + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + 1 hours, START + 1 hours + 1));
        vm.prank(mp);
        market.accept{value: ENTRY}(id, guard);
    }

    function test_accept_revertsWhen_callerIsNotTheProvider() public {
        bytes32 id = offered();
        bytes32 guard = guardOf(id);
        address[2] memory callers = [mc, outsider];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, mp, callers[i]));
            vm.prank(callers[i]);
            market.accept{value: ENTRY}(id, guard);
        }
    }

    function test_accept_revertsWhen_guardIsAnotherOffer() public {
        bytes32 id = offered();
        bytes32 wrong = guardOf(offered());
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, guardOf(id), wrong));
        vm.prank(mp);
        market.accept{value: ENTRY}(id, wrong);
    }

    function test_accept_revertsWhen_valueIsOneWeiOff() public {
        bytes32 id = offered();
        bytes32 guard = guardOf(id);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 value = i == 0 ? ENTRY - 1 : ENTRY + 1;
            vm.expectRevert(abi.encodeWithSelector(IMarket.WrongValue.selector, ENTRY, value));
            vm.prank(mp);
            market.accept{value: value}(id, guard);
        }
    }

    function test_accept_revertsWhen_notOffered() public {
        bytes32[4] memory ids = oneOfEach();
        State[4] memory states = [State.Offered, State.Probing, State.Proving, State.Closed];
        for (uint256 i = 1; i < 4; ++i) {
            bytes32 guard = guardOf(ids[i]);
            expectWrongState(ids[i], states[i]);
            vm.prank(mp);
            market.accept{value: ENTRY}(ids[i], guard);
        }
        expectWrongState(keccak256("nothing"), State.None);
        market.accept(keccak256("nothing"), 0);
    }

    function test_accept_revertsWhen_modelIsLeaving() public {
        bytes32 id = offered();
        bytes32 guard = guardOf(id);
        vm.startPrank(mp);
        registry.requestExit(modelId);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, modelId, ModelStatus.Unbonding)
        );
        market.accept{value: ENTRY}(id, guard);
    }

    function test_accept_revertsWhen_cancelled() public {
        bytes32 id = offered();
        bytes32 guard = guardOf(id);
        vm.prank(mc);
        market.cancel(id);
        expectWrongState(id, State.Closed);
        vm.prank(mp);
        market.accept{value: ENTRY}(id, guard);
    }

    /// A stake of 1000 strikes carries 1000 / faultStrikes engagements, not one more.
    function test_accept_revertsWhen_stakeIsFullyReserved() public {
        for (uint256 i = 0; i < 100; ++i) {
            probing();
        }
        bytes32 id = offered();
        bytes32 guard = guardOf(id);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StakeTooLow.selector, 1010 * STRIKE, STAKE));
        vm.prank(mp);
        market.accept{value: ENTRY}(id, guard);
    }
}
