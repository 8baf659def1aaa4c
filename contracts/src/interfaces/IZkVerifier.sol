// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Checks one proof of one inference
interface IZkVerifier {
    /// @notice True iff `proof` proves `inst` under the verifying key with digest `vkDigest`.
    ///
    /// Requirements:
    /// - Called by `staticcall`; a failed check may return false or revert.
    /// - Every word of `inst` below the BN254 scalar order, else false or revert.
    /// - The verifying key is fixed by the implementation; `vkDigest` only names it.
    ///
    /// @param vkDigest Digest of the verifying key, as in the model record.
    /// @param inst `[ctx, weightsCommit, inputCommit, output]`.
    /// @param proof Opaque to the caller.
    function verify(bytes32 vkDigest, uint256[4] calldata inst, bytes calldata proof) external view returns (bool);
}
