// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TAG_EMPTY, TAG_NODE} from "./Tags.sol";

/// @title Positional Merkle trees of fixed depth
/// @notice A tree over n >= 1 leaves has depth d = ceil(log2 n); leaves n..2^d-1 are `emptyLeaf()`. A node is
/// `keccak256(abi.encode(TAG_NODE, left, right))`; with n = 1 the root is the leaf. Bit j of the index says whether the
/// node on level j is a right child, so a path proves the position as well as the leaf. Leaves carry a tag of their own.
library Merkle {
    error BadPathLength(uint256 expected, uint256 given);

    /// @notice Root that `leaf` has at `index` of a tree over `n` leaves, given the siblings from the leaf upward.
    ///
    /// Requirements:
    /// - `path.length` is `depth(n)`; the caller has checked `index < n`.
    function rootFrom(bytes32 leaf, uint256 index, uint256 n, bytes32[] calldata path)
        internal
        pure
        returns (bytes32 node)
    {
        uint256 levels = depth(n);
        require(path.length == levels, BadPathLength(levels, path.length));
        node = leaf;
        for (uint256 j = 0; j < levels; ++j) {
            node = (index >> j) & 1 == 0 ? parent(node, path[j]) : parent(path[j], node);
        }
    }

    function parent(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_NODE, left, right));
    }

    function emptyLeaf() internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_EMPTY));
    }

    /// @notice ceil(log2 n) for n >= 1.
    function depth(uint256 n) internal pure returns (uint256 d) {
        while ((uint256(1) << d) < n) ++d;
    }
}
