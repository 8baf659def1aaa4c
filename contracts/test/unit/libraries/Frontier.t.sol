// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {TestSet} from "../../base/TestSet.sol";
import {Frontier} from "../../../src/libraries/Frontier.sol";
import {Merkle} from "../../../src/libraries/Merkle.sol";

contract FrontierTest is TestBase {
    using Frontier for Frontier.Tree;

    function test_root_isThatOfTheWholeTreeForEverySmallSize() public pure {
        for (uint256 n = 1; n <= 34; ++n) {
            check(TestSet.leaves(n, n, 10));
        }
    }

    function testFuzz_root_isThatOfTheWholeTree(uint256 seed, uint256 rawN) public pure {
        check(TestSet.leaves(seed, bound(rawN, 1, 130), 10));
    }

    function check(bytes32[] memory leaves) private pure {
        Frontier.Tree memory tree = Frontier.Tree(0, new bytes32[](Merkle.depth(leaves.length) + 1));
        for (uint256 i = 0; i < leaves.length; ++i) {
            tree.append(leaves[i]);
        }
        assertEq(tree.count, leaves.length, "count");
        assertEq(tree.root(), TestSet.root(leaves), "root");
    }
}
