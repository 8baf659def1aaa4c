// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {Payouts} from "../../../src/libraries/Payouts.sol";
import {Outcome} from "../../../src/types/MarketTypes.sol";
import {Counter} from "../../../src/types/ModelTypes.sol";

contract PayoutsTest is TestBase {
    function counter(Outcome outcome) external pure returns (Counter) {
        return Payouts.counter(outcome, false);
    }

    function mcAmount(Outcome outcome) external pure returns (uint256) {
        return Payouts.mcAmount(outcome, 4, 1, 2);
    }

    /// What is no row of the table pays nothing by it and raises no counter of it.
    function test_outcomesWithoutRow_areRefused() public {
        Outcome[3] memory none = [Outcome.None, Outcome.Cancelled, Outcome.Settled];
        for (uint256 i = 0; i < none.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Payouts.NoRow.selector, none[i]));
            this.counter(none[i]);
            vm.expectRevert(abi.encodeWithSelector(Payouts.NoRow.selector, none[i]));
            this.mcAmount(none[i]);
        }
        assertEq(uint256(this.counter(Outcome.NoAck)), uint256(Counter.Unacked), "the last row");
    }
}
