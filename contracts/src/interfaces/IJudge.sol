// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title What judges of proofs have in common
interface IJudge {
    error VerifierChanged(address verifier, bytes32 expected, bytes32 given);
    /// @notice The verifier reverted, ran out of gas, or returned anything but the 32-byte word 1.
    error ProofRejected(uint32 position);
    /// @notice No proof here covers a group of that many indices.
    error BatchUnsupported(uint256 indices);
}
