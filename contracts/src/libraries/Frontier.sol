// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Merkle} from "./Merkle.sol";

/// @title A positional Merkle tree built leaf by leaf
/// @notice Keeps, for each set bit of the number of leaves, the root of the complete subtree that this bit stands for. The
/// finished root is the one of `Merkle` over the same leaves.
library Frontier {
    struct Tree {
        /// Leaves so far.
        uint256 count;
        /// Level j: root of the last complete left subtree of 2^j leaves; meaningful iff bit j of `count` is set.
        bytes32[] left;
    }

    /// @notice Adds the next leaf.
    ///
    /// Requirements:
    /// - `left` has `Merkle.depth(n) + 1` levels for a tree of n leaves, and fewer than n are there.
    function append(Tree memory self, bytes32 leaf) internal pure {
        uint256 level = 0;
        for (uint256 bits = self.count; bits & 1 == 1; bits >>= 1) {
            leaf = Merkle.parent(self.left[level], leaf);
            ++level;
        }
        self.left[level] = leaf;
        ++self.count;
    }

    /// @notice The root once every leaf is there; leaves up to the next power of two are empty ones.
    function root(Tree memory self) internal pure returns (bytes32 node) {
        uint256 levels = self.left.length - 1;
        if (self.count >> levels == 1) return self.left[levels];
        bytes32 empty = Merkle.emptyLeaf();
        node = empty;
        for (uint256 j = 0; j < levels; ++j) {
            node = (self.count >> j) & 1 == 1 ? Merkle.parent(self.left[j], node) : Merkle.parent(node, empty);
            empty = Merkle.parent(empty, empty);
        }
    }
}
