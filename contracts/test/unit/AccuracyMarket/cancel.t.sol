// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Outcome, State} from "../../../src/types/MarketTypes.sol";

contract CancelTest is MarketFixture {
    function test_cancel_byConsumerReturnsEverything() public {
        bytes32 id = offered();
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Cancelled(id, modelId, mc);
        vm.prank(mc);
        market.cancel(id);
        assertCancelled(id, START);
    }

    function test_cancel_byConsumerAfterExpiry() public {
        bytes32 id = offered();
        vm.warp(START + 1 hours + 1);
        vm.prank(mc);
        market.cancel(id);
        assertCancelled(id, START + 1 hours + 1);
    }

    function test_cancel_byAnyoneAfterExpiryPaysTheConsumer() public {
        bytes32 id = offered();
        vm.warp(START + 1 hours + 1);
        vm.prank(outsider);
        market.cancel(id);
        assertCancelled(id, START + 1 hours + 1);
        assertEq(market.credit(outsider), 0, "outsider");
    }

    function test_cancel_revertsWhen_othersCallAtTheLastSecond() public {
        bytes32 id = offered();
        vm.warp(START + 1 hours);
        address[2] memory callers = [mp, outsider];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, START + 1 hours, START + 1 hours)
            );
            vm.prank(callers[i]);
            market.cancel(id);
        }
    }

    function test_cancel_revertsWhen_notOffered() public {
        bytes32[4] memory ids = oneOfEach();
        State[4] memory states = [State.Offered, State.Probing, State.Proving, State.Closed];
        for (uint256 i = 1; i < 4; ++i) {
            expectWrongState(ids[i], states[i]);
            vm.prank(mc);
            market.cancel(ids[i]);
        }
        expectWrongState(keccak256("nothing"), State.None);
        market.cancel(keccak256("nothing"));
    }

    function test_cancel_twiceReverts() public {
        bytes32 id = offered();
        vm.startPrank(mc);
        market.cancel(id);
        expectWrongState(id, State.Closed);
        market.cancel(id);
    }

    function assertCancelled(bytes32 id, uint256 closedAt) private view {
        assertEq(uint256(market.engagement(id).state), uint256(State.Closed), "state");
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Cancelled), "outcome");
        assertEq(market.engagement(id).closedAt, closedAt, "closedAt");
        assertEq(market.credit(mc), ENTRY, "mc");
        assertEq(market.credit(treasury), 0, "no fee");
        assertEq(registry.model(modelId).open, 0, "nothing reserved");
        assertSolvent();
    }
}
