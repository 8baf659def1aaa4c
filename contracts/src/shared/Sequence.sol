// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Identifiers in the order in which they came
library Sequence {
    error SequenceOutOfRange(uint256 count, uint256 given);

    /// @notice Identifier number `i`, counted from 0.
    function idAt(bytes32[] storage self, uint256 i) internal view returns (bytes32) {
        require(i < self.length, SequenceOutOfRange(self.length, i));
        return self[i];
    }
}
