// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";

contract DeadlinesTest is TestBase {
    function requireOpen(uint64 deadline) external view {
        Deadlines.requireOpen(deadline);
    }

    function requirePast(uint64 deadline) external view {
        Deadlines.requirePast(deadline);
    }

    function checkWindow(uint64 window) external view {
        Deadlines.checkWindow("w", window);
    }

    /// There is no second at which both or neither is possible.
    function testFuzz_deadline_exactlyOneOfActionAndTimeout(uint64 deadline, uint64 nowTs, int8 near) public {
        if (near != 0) nowTs = uint64(uint256(int256(uint256(deadline)) + (near % 2)));
        vm.warp(nowTs);
        bool acted = true;
        try this.requireOpen(deadline) {}
        catch {
            acted = false;
        }
        bool timedOut = true;
        try this.requirePast(deadline) {}
        catch {
            timedOut = false;
        }
        assertTrue(acted != timedOut, "exactly one");
        assertTrue(acted == (nowTs <= deadline), "at the right side");
    }

    function test_minWindow_isAnHourOnTheDevnetOnly() public {
        assertEq(Deadlines.minWindow(), 1 hours, "devnet");
        uint256[4] memory chains = [uint256(1), 10, 31336, 31338];
        for (uint256 i = 0; i < 4; ++i) {
            vm.chainId(chains[i]);
            assertEq(Deadlines.minWindow(), 24 hours, "elsewhere");
        }
    }

    function test_checkWindow_endsAtBothBounds() public {
        this.checkWindow(1 hours);
        this.checkWindow(365 days);
        uint64[3] memory bad = [uint64(0), 1 hours - 1, 365 days + 1];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(Deadlines.WindowOutOfBounds.selector, bytes32("w"), 1 hours, 365 days, bad[i])
            );
            this.checkWindow(bad[i]);
        }
    }
}
