// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {Bitmap} from "../../../src/libraries/Bitmap.sol";
import {ResultBitmap} from "../../../src/libraries/ResultBitmap.sol";

contract ResultBitmapTest is TestBase {
    using Bitmap for Bitmap.Set;

    Bitmap.Set internal set;

    function wordAt(bytes calldata bitmap, uint256 w) external pure returns (uint256) {
        return ResultBitmap.wordAt(bitmap, w);
    }

    function count(bytes calldata bitmap, uint256 bits) external pure returns (uint256) {
        return ResultBitmap.count(bitmap, bits);
    }

    function contains(bytes calldata bitmap, uint256 p) external pure returns (bool) {
        return ResultBitmap.contains(bitmap, p);
    }

    function onesBelow(bytes calldata bitmap, uint256 p) external pure returns (uint256) {
        return ResultBitmap.onesBelow(bitmap, p);
    }

    function test_contains_countsFromTheLeastSignificantBit() public view {
        bytes memory bitmap = hex"018002";
        for (uint256 p = 0; p < 30; ++p) {
            assertTrue(this.contains(bitmap, p) == (p == 0 || p == 15 || p == 17), "bit");
        }
    }

    function test_popcount_ofTheExtremes() public pure {
        assertEq(ResultBitmap.popcount(0), 0, "none");
        assertEq(ResultBitmap.popcount(type(uint256).max), 256, "all");
        for (uint256 i = 0; i < 256; ++i) {
            assertEq(ResultBitmap.popcount(uint256(1) << i), 1, "one");
            assertEq(ResultBitmap.popcount(type(uint256).max << i), 256 - i, "the upper ones");
        }
    }

    function testFuzz_popcount_isTheNumberOfOnes(uint256 x) public pure {
        uint256 ones = 0;
        for (uint256 rest = x; rest != 0; rest &= rest - 1) {
            ++ones;
        }
        assertEq(ResultBitmap.popcount(x), ones, "ones");
    }

    /// V17.
    function testFuzz_count_isTheNumberOfSetPositions(bytes memory bitmap, uint8 used) public view {
        vm.assume(bitmap.length != 0);
        uint256 bits = 8 * bitmap.length - used % 8;
        bitmap[bitmap.length - 1] = bytes1(uint8(bitmap[bitmap.length - 1]) & uint8(0xff >> (used % 8)));
        uint256 ones = 0;
        for (uint256 p = 0; p < bits; ++p) {
            if (this.contains(bitmap, p)) ++ones;
        }
        assertEq(this.count(bitmap, bits), ones, "count");
    }

    function test_count_ofAWholeResult() public view {
        bytes memory bitmap = new bytes(8192);
        for (uint256 i = 0; i < 8192; ++i) {
            bitmap[i] = 0xff;
        }
        assertEq(this.count(bitmap, 65_536), 65_536, "all");
    }

    function test_count_revertsWhen_theLengthIsWrong() public {
        uint256[4] memory lengths = [uint256(0), 1, 3, 32];
        for (uint256 i = 0; i < 4; ++i) {
            expectBad(9, lengths[i]);
            this.count(new bytes(lengths[i]), 9);
        }
        assertEq(this.count(new bytes(2), 9), 0, "two bytes for nine bits");
    }

    /// Each unused bit of the last byte must be zero, or one count could be posted under many hashes.
    function test_count_revertsWhen_anUnusedBitIsSet() public {
        for (uint256 bit = 0; bit < 8; ++bit) {
            bytes memory bitmap = new bytes(2);
            bitmap[1] = bytes1(uint8(1 << bit));
            if (bit < 3) {
                assertEq(this.count(bitmap, 11), 1, "used");
            } else {
                expectBad(11, 2);
                this.count(bitmap, 11);
            }
        }
    }

    function test_onesBelow_ofEveryPosition() public view {
        // 77 bytes: two whole words and a part of a third
        bytes memory bitmap = new bytes(77);
        for (uint256 i = 0; i < 77; ++i) {
            bitmap[i] = bytes1(uint8(uint256(keccak256(abi.encode(i)))));
        }
        uint256 ones = 0;
        for (uint256 p = 0; p <= 616; ++p) {
            assertEq(this.onesBelow(bitmap, p), ones, "ones");
            if (this.contains(bitmap, p)) ++ones;
        }
        assertEq(this.onesBelow(hex"", 0), 0, "of nothing");
    }

    /// Position p is bit p mod 256 of word p / 256, and zero beyond the end.
    function testFuzz_wordAt_hasThePositionsOfABitmap(bytes memory bitmap) public view {
        for (uint256 w = 0; 32 * w < bitmap.length; ++w) {
            uint256 word = this.wordAt(bitmap, w);
            for (uint256 p = 0; p < 256; ++p) {
                assertTrue((word >> p) & 1 == 1 == this.contains(bitmap, 256 * w + p), "position");
            }
        }
    }

    /// What is stored word by word comes back as the same bytes.
    function testFuzz_pack_undoesWordAt(bytes memory bitmap, uint8 used) public {
        vm.assume(bitmap.length != 0 && bitmap.length <= 512);
        uint256 bits = 8 * bitmap.length - used % 8;
        bitmap[bitmap.length - 1] = bytes1(uint8(bitmap[bitmap.length - 1]) & uint8(0xff >> (used % 8)));
        for (uint256 w = 0; 32 * w < bitmap.length; ++w) {
            set.insertAll(w, this.wordAt(bitmap, w));
        }
        assertEq(keccak256(ResultBitmap.pack(set, bits)), keccak256(bitmap), "the same bytes");
    }

    function test_pack_atTheEdgesOfWords() public {
        uint256[5] memory sizes = [uint256(1), 255, 256, 257, 4096];
        for (uint256 i = 0; i < sizes.length; ++i) {
            set.insert(sizes[i] - 1);
            bytes memory packed = ResultBitmap.pack(set, sizes[i]);
            assertEq(packed.length, (sizes[i] + 7) / 8, "length");
            assertTrue(this.contains(packed, sizes[i] - 1), "the last position");
        }
    }

    function expectBad(uint256 bits, uint256 length) private {
        vm.expectRevert(abi.encodeWithSelector(ResultBitmap.BadBitmap.selector, bits, length));
    }
}
