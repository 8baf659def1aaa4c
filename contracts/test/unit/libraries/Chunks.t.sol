// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {Chunks} from "../../../src/libraries/Chunks.sol";

contract ChunksTest is TestBase {
    function leaf(uint256 chunk, bytes32[] calldata words) external pure returns (bytes32) {
        return Chunks.leaf(chunk, words);
    }

    /// A 96x96x3 image: 892 words, 112 data chunks of 9 words, 1,013 words in all.
    function test_chunks_ofTheLargestImage() public pure {
        assertEq(Chunks.dataChunks(892, 8), 112, "data chunks");
        uint256 per = Chunks.perExample(892, 8);
        assertEq(per, 113, "with the header");
        uint256 words = 0;
        for (uint256 k = per; k < 2 * per; ++k) {
            words += Chunks.wordsIn(k, per, 8);
        }
        assertEq(words, 1013, "words of example 1");
    }

    function test_dataChunks_roundsUp() public pure {
        assertEq(Chunks.dataChunks(1, 8), 1, "one word");
        assertEq(Chunks.dataChunks(8, 8), 1, "one full chunk");
        assertEq(Chunks.dataChunks(9, 8), 2, "one word more");
    }

    function test_wordsIn_headersStartEachExample() public pure {
        uint256 per = Chunks.perExample(5, 2);
        assertEq(per, 4, "per example");
        for (uint256 k = 0; k < 12; ++k) {
            assertEq(Chunks.wordsIn(k, per, 2), k % 4 == 0 ? 5 : 3, "words");
        }
    }

    /// The value of an independent implementation in JavaScript.
    function test_leaf_agreesWithAPinnedValue() public view {
        bytes32[] memory words = new bytes32[](2);
        words[0] = bytes32(uint256(1));
        words[1] = bytes32(uint256(2));
        assertEq(
            this.leaf(7, words), bytes32(0x3156b8ba974ed322e0ead1c83c0ab083b6aad17fa2423ee5e2b14b19711ab204), "leaf"
        );
    }

    function testFuzz_leaf_bindsChunkAndWords(uint256 chunk, bytes32[3] memory three, uint256 place, uint8 bit)
        public
        view
    {
        bytes32[] memory words = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            words[i] = three[i];
        }
        bytes32 here = this.leaf(chunk, words);
        assertTrue(this.leaf(chunk ^ (uint256(1) << bit), words) != here, "chunk");
        words[place % 3] ^= bytes32(uint256(1) << bit);
        assertTrue(this.leaf(chunk, words) != here, "word");
    }
}
