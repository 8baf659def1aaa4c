// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";

/// @title What a verifier and the statement it is asked about must be before anybody relies on them
library Verifiers {
    /// Code of a delegated account (EIP-7702): this prefix, then an address.
    bytes3 private constant DELEGATION_PREFIX = 0xef0100;
    uint256 private constant DELEGATION_LENGTH = 23;
    /// A weights commitment is a hash without its lowest byte, hence below the scalar order.
    uint256 private constant COMMIT_BITS = 248;

    /// @notice Requirements:
    /// - `verifier` has code of its own, no delegation, whose hash is `codehash`;
    /// - `vkDigest` is not zero, `weightsCommit` is below 2^248.
    function check(address verifier, bytes32 codehash, bytes32 vkDigest, uint256 weightsCommit) internal view {
        require(verifier.code.length != 0, IModelRegistry.VerifierHasNoCode(verifier));
        require(!_isDelegated(verifier), IModelRegistry.VerifierIsDelegated(verifier));
        bytes32 given = verifier.codehash;
        require(given == codehash, IModelRegistry.VerifierChanged(verifier, codehash, given));
        require(vkDigest != 0, IModelRegistry.ZeroVkDigest());
        require(weightsCommit >> COMMIT_BITS == 0, IModelRegistry.WeightsCommitTooLarge(weightsCommit));
    }

    /// Whether the code of `account` is a delegation of EIP-7702, which its owner may replace at any time.
    function _isDelegated(address account) private view returns (bool) {
        return account.code.length == DELEGATION_LENGTH && bytes3(account.code) == DELEGATION_PREFIX;
    }
}
