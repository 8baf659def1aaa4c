// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title The accuracy that passes
library Target {
    uint256 internal constant BPS = 10_000;

    /// @notice Whether `correct` of `size` reach `targetBps`: no division, hence no rounding.
    function isMet(uint256 correct, uint256 targetBps, uint256 size) internal pure returns (bool) {
        return correct * BPS >= targetBps * size;
    }

    /// @notice k* = ceil(targetBps·size / 10000): the least count that meets the target.
    function needed(uint256 targetBps, uint256 size) internal pure returns (uint256) {
        return (targetBps * size + BPS - 1) / BPS;
    }
}
