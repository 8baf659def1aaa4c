// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {Shuffle} from "../../../src/libraries/Shuffle.sol";

contract ShuffleTest is TestBase {
    bytes32 internal constant SEED = keccak256("seed");

    /// Values of an independent implementation in JavaScript; clients pin the same ones.
    function test_indexAt_agreesWithPinnedValues() public pure {
        uint8[10] memory ten = [7, 4, 6, 2, 8, 1, 3, 5, 0, 9];
        for (uint256 p = 0; p < 10; ++p) {
            assertEq(Shuffle.indexAt(SEED, p, 10), ten[p], "n = 10");
        }
        uint16[4] memory places = [0, 255, 256, 699];
        uint16[4] memory index = [570, 610, 75, 465];
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(Shuffle.indexAt(SEED, places[i], 700), index[i], "n = 700");
        }
        assertEq(Shuffle.indexAt(SEED, 0, 65_536), 39_730, "first of the largest set");
        assertEq(Shuffle.indexAt(SEED, 65_535, 65_536), 19_222, "last of the largest set");
    }

    function test_indexAt_ofOneIsZero() public pure {
        assertEq(Shuffle.indexAt(SEED, 0, 1), 0, "n = 1");
    }

    /// V14. Every small n, so that each parity of pivot and fixed point occurs.
    function test_indexAt_isABijectionForEverySmallN() public pure {
        for (uint256 n = 1; n <= 20; ++n) {
            checkBijection(keccak256(abi.encode(n)), n);
        }
    }

    /// V14. One block of coins, its edge, and more than one.
    function test_indexAt_isABijectionAroundABlock() public pure {
        checkBijection(SEED, 256);
        checkBijection(SEED, 257);
    }

    function testFuzz_indexAt_isABijection(bytes32 seed, uint256 rawN) public pure {
        checkBijection(seed, bound(rawN, 1, 12));
    }

    /// Injective on pairs of the largest sets too, where counting is too dear.
    function testFuzz_indexAt_separatesPositions(bytes32 seed, uint256 rawN, uint256 a, uint256 b) public pure {
        uint256 n = bound(rawN, 2, 65_536);
        a = bound(a, 0, n - 1);
        b = bound(b, 0, n - 1);
        uint256 x = Shuffle.indexAt(seed, a, n);
        uint256 y = Shuffle.indexAt(seed, b, n);
        assertTrue(x < n && y < n, "range");
        assertTrue((x == y) == (a == b), "injective");
    }

    /// Both sides of a coin are taken: a position moves for most seeds, and not always to the same place.
    function test_indexAt_dependsOnTheSeed() public pure {
        uint256 seen = 0;
        for (uint256 i = 0; i < 64; ++i) {
            seen |= uint256(1) << Shuffle.indexAt(keccak256(abi.encode(i)), 0, 8);
        }
        assertEq(seen, 0xff, "every place of eight within 64 seeds");
    }

    function checkBijection(bytes32 seed, uint256 n) private pure {
        bool[] memory taken = new bool[](n);
        for (uint256 p = 0; p < n; ++p) {
            uint256 index = Shuffle.indexAt(seed, p, n);
            assertTrue(!taken[index], "taken twice");
            taken[index] = true;
        }
    }
}
