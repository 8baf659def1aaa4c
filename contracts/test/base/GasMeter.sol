// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "./TestBase.sol";

/// Gas of whole transactions: 21,000, calldata and execution, at least the floor of EIP-7623.
abstract contract GasMeter is TestBase {
    /// EIP-7825, and what nodes relay.
    uint256 internal constant GAS_MAX = 1 << 24;
    uint256 internal constant BYTES_MAX = 128 * 1024;
    /// Of one real proof: its verification, and its length.
    uint256 internal constant VERIFICATION = 640_000;
    uint256 internal constant PROOF_BYTES = 4800;

    /// The caller makes cold what is to be cold.
    function transactionGas(address to, address by, uint256 value, bytes memory data) internal returns (uint256 used) {
        vm.prank(by);
        uint256 before = gasleft();
        (bool ok,) = to.call{value: value}(data);
        used = before - gasleft();
        assertTrue(ok, "the call");
        uint256 zeros = 0;
        for (uint256 i = 0; i < data.length; ++i) {
            if (data[i] == 0) ++zeros;
        }
        uint256 others = data.length - zeros;
        used += 21_000 + 4 * zeros + 16 * others;
        uint256 floor = 21_000 + 10 * zeros + 40 * others;
        if (used < floor) used = floor;
    }

    function assertFits(uint256 used, uint256 size, string memory name) internal pure {
        assertLe(used, GAS_MAX, name);
        assertLe(size, BYTES_MAX, name);
    }
}
