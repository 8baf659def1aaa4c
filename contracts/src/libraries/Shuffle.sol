// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TAG_SHUFFLE} from "./Tags.sol";

/// @title Swap-or-not shuffle, index by index
/// @notice The permutation of the Ethereum consensus specification (`compute_shuffled_index`) with keccak256 for SHA-256 and
/// one 256-bit word of coins per block of 256 positions. About 60k gas per index, whatever n is.
library Shuffle {
    uint256 internal constant ROUNDS = 90;

    /// @notice pi_seed(position): a bijection of 0..n-1 for every seed and n >= 1.
    ///
    /// Requirements:
    /// - the caller has checked `position < n`.
    function indexAt(bytes32 seed, uint256 position, uint256 n) internal pure returns (uint256 index) {
        index = position;
        for (uint256 round = 0; round < ROUNDS; ++round) {
            uint256 pivot = uint256(keccak256(abi.encode(TAG_SHUFFLE, seed, round))) % n;
            uint256 flip = (pivot + n - index) % n;
            // Both members of a pair look at the same coin: the one of the higher index.
            uint256 higher = index > flip ? index : flip;
            uint256 coins = uint256(keccak256(abi.encode(TAG_SHUFFLE, seed, round, higher >> 8)));
            if ((coins >> (higher & 0xff)) & 1 == 1) index = flip;
        }
    }

    /// @notice Dataset index at `position`: pi_seed(position), or the position itself for seed zero, which no hash is.
    function datasetIndex(bytes32 seed, uint256 position, uint256 n) internal pure returns (uint256) {
        return seed == 0 ? position : indexAt(seed, position, n);
    }
}
