// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {State} from "../../../src/types/MarketTypes.sol";

contract LifecycleTest is MarketFixture {
    function test_reachesEveryState() public {
        bytes32[4] memory ids = oneOfEach();
        assertEq(uint256(market.engagement(ids[0]).state), uint256(State.Offered), "0");
        assertEq(uint256(market.engagement(ids[1]).state), uint256(State.Probing), "1");
        assertEq(uint256(market.engagement(ids[2]).state), uint256(State.Proving), "2");
        assertEq(uint256(market.engagement(ids[3]).state), uint256(State.Closed), "3");
    }
}
