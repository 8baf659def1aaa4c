// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TAG_EMPTY, TAG_NODE, TAG_TEST} from "../../src/libraries/Tags.sol";

/// A labelled test set and its tree, built from the text of the specification rather than by the library under test.
library TestSet {
    struct Example {
        uint256 inputCommit;
        uint32 label;
        bytes32 leafSalt;
    }

    /// Example `i` of the set named `seed`: label i mod `classes`.
    function example(uint256 seed, uint256 i, uint32 classes) internal pure returns (Example memory) {
        return Example({
            inputCommit: uint256(keccak256(abi.encode("input", seed, i))) >> 8,
            label: uint32(i % classes),
            leafSalt: keccak256(abi.encode("salt", seed, i))
        });
    }

    function leafOf(uint256 i, Example memory e) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_TEST, i, e.inputCommit, e.label, e.leafSalt));
    }

    function leaves(uint256 seed, uint256 n, uint32 classes) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](n);
        for (uint256 i = 0; i < n; ++i) {
            list[i] = leafOf(i, example(seed, i, classes));
        }
    }

    function root(bytes32[] memory list) internal pure returns (bytes32) {
        bytes32[] memory level = padded(list);
        while (level.length > 1) level = above(level);
        return level[0];
    }

    function path(bytes32[] memory list, uint256 index) internal pure returns (bytes32[] memory siblings) {
        bytes32[] memory level = padded(list);
        uint256 levels = 0;
        for (uint256 w = level.length; w > 1; w /= 2) {
            ++levels;
        }
        siblings = new bytes32[](levels);
        for (uint256 j = 0; j < levels; ++j) {
            siblings[j] = level[index ^ 1];
            level = above(level);
            index /= 2;
        }
    }

    function above(bytes32[] memory level) internal pure returns (bytes32[] memory up) {
        up = new bytes32[](level.length / 2);
        for (uint256 i = 0; i < up.length; ++i) {
            up[i] = keccak256(abi.encode(TAG_NODE, level[2 * i], level[2 * i + 1]));
        }
    }

    function padded(bytes32[] memory list) internal pure returns (bytes32[] memory full) {
        uint256 width = 1;
        while (width < list.length) width *= 2;
        full = new bytes32[](width);
        for (uint256 i = 0; i < width; ++i) {
            full[i] = i < list.length ? list[i] : keccak256(abi.encode(TAG_EMPTY));
        }
    }
}
