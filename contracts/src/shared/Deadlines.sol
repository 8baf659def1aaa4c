// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title The one rule of time: an action is allowed iff now <= deadline, a timeout iff now > deadline
library Deadlines {
    /// @notice No window may be longer: it bounds how long money can be locked.
    uint64 internal constant MAX_WINDOW = 365 days;

    uint256 private constant DEVNET_CHAIN_ID = 31337;

    error DeadlinePassed(uint64 deadline, uint64 nowTs);
    error DeadlineNotReached(uint64 deadline, uint64 nowTs);
    error WindowOutOfBounds(bytes32 name, uint64 shortest, uint64 longest, uint64 given);

    function isPast(uint64 deadline) internal view returns (bool) {
        return block.timestamp > deadline;
    }

    function requireOpen(uint64 deadline) internal view {
        require(!isPast(deadline), DeadlinePassed(deadline, uint64(block.timestamp)));
    }

    function requirePast(uint64 deadline) internal view {
        require(isPast(deadline), DeadlineNotReached(deadline, uint64(block.timestamp)));
    }

    /// @notice The last second of a window that starts now.
    function fromNow(uint64 window) internal view returns (uint64) {
        return uint64(block.timestamp) + window;
    }

    /// @notice 24 hours, so that no party can be kept off the chain for a whole window; 1 hour on the devnet chain id.
    function minWindow() internal view returns (uint64) {
        return block.chainid == DEVNET_CHAIN_ID ? 1 hours : 24 hours;
    }

    function checkWindow(bytes32 name, uint64 window) internal view {
        require(window >= minWindow() && window <= MAX_WINDOW, WindowOutOfBounds(name, minWindow(), MAX_WINDOW, window));
    }
}
