// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {Keystream} from "../../../src/libraries/Keystream.sol";

contract KeystreamTest is TestBase {
    function decrypt(bytes32 key, bytes32 id, uint256 chunk, bytes32[] calldata words)
        external
        pure
        returns (uint256[] memory)
    {
        return Keystream.decrypt(key, id, chunk, words);
    }

    /// Values of an independent implementation in JavaScript; clients pin the same ones.
    function test_keystream_agreesWithPinnedValues() public pure {
        assertEq(
            Keystream.keyOf(keccak256("K"), 5),
            bytes32(0xb1bc3caa60600190c8f9ac6a70d1feb48f4e3d5d01ba171037e50fe9bde910ad),
            "key"
        );
        assertEq(
            Keystream.wordAt(keccak256("kappa"), keccak256("id"), 7, 3),
            bytes32(0x1e31bb236a76cf74c255ab9aff614ef55c1a2bb49f0d915a79ee116d1134e7c0),
            "word"
        );
    }

    function testFuzz_decrypt_isItsOwnInverse(bytes32 key, bytes32 id, uint256 chunk, bytes32[] memory plain)
        public
        view
    {
        uint256[] memory once = this.decrypt(key, id, chunk, plain);
        bytes32[] memory cipher = new bytes32[](once.length);
        for (uint256 w = 0; w < once.length; ++w) {
            cipher[w] = bytes32(once[w]);
            assertEq(bytes32(once[w]), plain[w] ^ Keystream.wordAt(key, id, chunk, w), "XOR of the word's own stream");
        }
        uint256[] memory twice = this.decrypt(key, id, chunk, cipher);
        assertEq(twice.length, plain.length, "length");
        for (uint256 w = 0; w < twice.length; ++w) {
            assertEq(bytes32(twice[w]), plain[w], "word");
        }
    }

    /// No two places of any transfers share a keystream word: each field counts.
    function testFuzz_wordAt_dependsOnEveryField(bytes32 key, bytes32 id, uint256 chunk, uint256 word, uint8 bit)
        public
        pure
    {
        uint256 flip = uint256(1) << bit;
        bytes32 here = Keystream.wordAt(key, id, chunk, word);
        assertTrue(Keystream.wordAt(key ^ bytes32(flip), id, chunk, word) != here, "key");
        assertTrue(Keystream.wordAt(key, id ^ bytes32(flip), chunk, word) != here, "engagement");
        assertTrue(Keystream.wordAt(key, id, chunk ^ flip, word) != here, "chunk");
        assertTrue(Keystream.wordAt(key, id, chunk, word ^ flip) != here, "word");
        assertTrue(Keystream.keyOf(key, chunk) != Keystream.keyOf(key, chunk ^ flip), "index");
    }
}
