// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PoseidonT4} from "poseidon-solidity/PoseidonT4.sol";

/// @title The input commitment, step by step
/// @notice `h_0 = H(TAG_LEN, salt, 0)`, `h_{j+1} = H(h_j, m_{2j}, m_{2j+1})` with zero words only to complete the last call;
/// the commitment is the last h. H is circomlib's Poseidon of three inputs over BN254: state `[0, inputs]`, output the
/// first word. The circuit's native twin is `statement/src`.
///
/// Warning: `PoseidonT4` is a linked library, reached by delegatecall: use this from contracts without storage or money.
library PoseidonChain {
    /// @notice rho: message words of one call.
    uint256 internal constant RATE = 2;

    /// Domain of `TAG_LEN`: the low 120 bits of the hash of its name.
    uint256 private constant DOMAIN = uint120(uint256(keccak256("assay.input.v1")));

    /// @notice `(uint120(keccak256("assay.input.v1")) << 64) | L`: no two lengths share a chain.
    function lengthTag(uint256 inputWords) internal pure returns (uint256) {
        return (DOMAIN << 64) | inputWords;
    }

    /// @notice h_0.
    ///
    /// Requirements:
    /// - `salt` is below the BN254 scalar order, here and in `step` every argument.
    function start(uint256 inputWords, uint256 salt) internal pure returns (uint256) {
        return PoseidonT4.hash([lengthTag(inputWords), salt, 0]);
    }

    /// @notice One call of the chain.
    function step(uint256 h, uint256 m0, uint256 m1) internal pure returns (uint256) {
        return PoseidonT4.hash([h, m0, m1]);
    }
}
