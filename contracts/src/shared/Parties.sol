// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "../interfaces/IMarket.sol";
import {Deadlines} from "./Deadlines.sol";

/// @title What a call of a party must be
library Parties {
    /// @notice The right caller, the thing it answers, and time left.
    function requireAction(address party, bytes32 expected, bytes32 guard, uint64 deadline) internal view {
        requireAnswer(party, expected, guard);
        Deadlines.requireOpen(deadline);
    }

    /// @notice As above, at any time.
    function requireAnswer(address party, bytes32 expected, bytes32 guard) internal view {
        require(msg.sender == party, IMarket.NotParty(party, msg.sender));
        requireGuard(expected, guard);
    }

    function requireGuard(bytes32 expected, bytes32 guard) internal pure {
        require(guard == expected, IMarket.GuardMismatch(expected, guard));
    }

    function requireValue(uint256 due) internal view {
        require(msg.value == due, IMarket.WrongValue(due, msg.value));
    }
}
