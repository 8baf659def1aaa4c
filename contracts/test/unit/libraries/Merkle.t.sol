// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {TestSet} from "../../base/TestSet.sol";
import {Merkle} from "../../../src/libraries/Merkle.sol";

contract MerkleTest is TestBase {
    function rootFrom(bytes32 leaf, uint256 index, uint256 n, bytes32[] calldata path) external pure returns (bytes32) {
        return Merkle.rootFrom(leaf, index, n, path);
    }

    function test_depth_isTheCeilingOfTheLogarithm() public pure {
        uint256[9] memory sizes = [uint256(1), 2, 3, 4, 5, 8, 9, 65_535, 65_536];
        uint256[9] memory depths = [uint256(0), 1, 2, 2, 3, 3, 4, 16, 16];
        for (uint256 i = 0; i < 9; ++i) {
            assertEq(Merkle.depth(sizes[i]), depths[i], "depth");
        }
    }

    function test_rootFrom_ofOneLeafIsTheLeaf() public view {
        assertEq(this.rootFrom(keccak256("leaf"), 0, 1, new bytes32[](0)), keccak256("leaf"), "root");
    }

    function test_emptyLeaf_isItsTagHashed() public pure {
        assertEq(Merkle.emptyLeaf(), keccak256(abi.encode(keccak256("assay.empty.v1"))), "empty");
    }

    function test_parent_isTaggedAndOrdered() public pure {
        bytes32 a = keccak256("a");
        bytes32 b = keccak256("b");
        assertEq(Merkle.parent(a, b), keccak256(abi.encode(keccak256("assay.node.v1"), a, b)), "parent");
        assertTrue(Merkle.parent(a, b) != Merkle.parent(b, a), "ordered");
    }

    /// Every leaf of every small tree opens at its own index and at no other.
    function test_rootFrom_bindsThePositionExhaustively() public view {
        for (uint256 n = 1; n <= 9; ++n) {
            bytes32[] memory leaves = TestSet.leaves(n, n, 10);
            bytes32 root = TestSet.root(leaves);
            for (uint256 i = 0; i < n; ++i) {
                bytes32[] memory path = TestSet.path(leaves, i);
                for (uint256 j = 0; j < n; ++j) {
                    assertTrue((this.rootFrom(leaves[i], j, n, path) == root) == (i == j), "position");
                }
            }
        }
    }

    function testFuzz_rootFrom_opensHonestLeaves(uint256 rawN, uint256 rawIndex, uint256 seed) public view {
        uint256 n = bound(rawN, 1, 70);
        uint256 index = bound(rawIndex, 0, n - 1);
        bytes32[] memory leaves = TestSet.leaves(seed, n, 10);
        bytes32[] memory path = TestSet.path(leaves, index);
        bytes32 root = TestSet.root(leaves);
        assertEq(this.rootFrom(leaves[index], index, n, path), root, "honest");
        assertTrue(this.rootFrom(leaves[index] ^ bytes32(uint256(1)), index, n, path) != root, "other leaf");
        for (uint256 j = 0; j < path.length; ++j) {
            path[j] ^= bytes32(uint256(1));
            assertTrue(this.rootFrom(leaves[index], index, n, path) != root, "other sibling");
            path[j] ^= bytes32(uint256(1));
        }
    }

    /// An inner node offered as a leaf with a shorter path is refused by the length.
    function testFuzz_rootFrom_refusesEveryOtherLength(uint256 rawN, uint256 rawLength) public {
        uint256 n = bound(rawN, 1, 65_536);
        uint256 length = bound(rawLength, 0, 20);
        uint256 depth = Merkle.depth(n);
        vm.assume(length != depth);
        vm.expectRevert(abi.encodeWithSelector(Merkle.BadPathLength.selector, depth, length));
        this.rootFrom(keccak256("leaf"), 0, n, new bytes32[](length));
    }
}
