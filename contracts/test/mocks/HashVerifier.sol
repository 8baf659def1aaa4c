// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IZkVerifier} from "../../src/interfaces/IZkVerifier.sol";

/// Stands in for a proof system in tests: the one proof of a statement is the hash of the statement, so a proof of
/// another statement is rejected exactly as a real one would be.
contract HashVerifier is IZkVerifier {
    function verify(bytes32 vkDigest, uint256[4] calldata inst, bytes calldata proof) external pure returns (bool) {
        return keccak256(proof) == keccak256(abi.encode(proofOf(vkDigest, inst)));
    }

    function proofOf(bytes32 vkDigest, uint256[4] memory inst) public pure returns (bytes32) {
        return keccak256(abi.encode("proof", vkDigest, inst));
    }
}
