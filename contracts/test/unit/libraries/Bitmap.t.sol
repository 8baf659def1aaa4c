// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {Bitmap} from "../../../src/libraries/Bitmap.sol";

contract BitmapTest is TestBase {
    using Bitmap for Bitmap.Set;

    Bitmap.Set internal set;
    mapping(uint256 position => bool) internal model;

    function test_insert_placesEachPositionInItsBit() public {
        uint256[6] memory positions = [uint256(0), 1, 255, 256, 257, 65_535];
        for (uint256 i = 0; i < 6; ++i) {
            assertTrue(set.insert(positions[i]), "new");
        }
        assertEq(set.words[0], 1 | 2 | (uint256(1) << 255), "word 0");
        assertEq(set.words[1], 1 | 2, "word 1");
        assertEq(set.words[255], uint256(1) << 255, "word 255");
    }

    /// Behaves like a mapping to bool under any sequence of insertions.
    function testFuzz_insert_agreesWithAMapping(uint16[24] memory positions) public {
        for (uint256 i = 0; i < positions.length; ++i) {
            uint256 p = positions[i] % 270;
            assertTrue(set.contains(p) == model[p], "contains before");
            assertTrue(set.insert(p) == !model[p], "added");
            model[p] = true;
        }
        for (uint256 p = 0; p < 270; ++p) {
            assertTrue(set.contains(p) == model[p], "contains after");
        }
    }

    /// A word at once is its positions one by one, and what is added is what was not there.
    function testFuzz_insertAll_isManyInsertions(uint256 present, uint256 bits, uint8 word) public {
        set.words[word] = present;
        set.words[uint256(word) + 1] = 5;
        assertEq(set.insertAll(word, bits), bits & ~present, "added");
        assertEq(set.words[word], present | bits, "all of them");
        assertEq(set.words[uint256(word) + 1], 5, "the next word");
        assertEq(set.insertAll(word, bits), 0, "not twice");
    }
}
