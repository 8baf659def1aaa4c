// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TAG_CT, TAG_KEY, TAG_KS, TAG_TEST} from "../../src/libraries/Tags.sol";
import {PoseidonChain} from "../../src/libraries/PoseidonChain.sol";
import {BadData, ChunkOpening, Evidence} from "../../src/types/TransferTypes.sol";
import {TestSet} from "./TestSet.sol";

/// A test set as it is transferred: plain and cipher chunks, trees, evidence. Written from the text of the specification;
/// of the libraries under test only the Poseidon chain is used, which has pinned values of its own.
library Payload {
    /// L inputs words, w of them per chunk; rho is 2.
    struct Shape {
        uint256 n;
        uint256 inputWords;
        uint256 wordsPerChunk;
        uint32 classes;
    }

    function perExample(Shape memory s) internal pure returns (uint256) {
        return 1 + (s.inputWords + s.wordsPerChunk - 1) / s.wordsPerChunk;
    }

    function message(uint256 seed, uint256 i, uint256 m) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("message", seed, i, m))) >> 8;
    }

    /// All plain chunks of an honest set, and its examples.
    function build(Shape memory s, uint256 seed)
        internal
        pure
        returns (uint256[][] memory plain, TestSet.Example[] memory examples)
    {
        uint256 per = perExample(s);
        plain = new uint256[][](s.n * per);
        examples = new TestSet.Example[](s.n);
        for (uint256 i = 0; i < s.n; ++i) {
            TestSet.Example memory e = TestSet.example(seed, i, s.classes);
            uint256 inputSalt = uint256(keccak256(abi.encode("inputSalt", seed, i))) >> 8;
            uint256 h = PoseidonChain.start(s.inputWords, inputSalt);
            for (uint256 j = 0; j + 1 < per; ++j) {
                uint256[] memory chunk = new uint256[](1 + s.wordsPerChunk);
                chunk[0] = h;
                for (uint256 m = 0; m < s.wordsPerChunk; ++m) {
                    uint256 place = j * s.wordsPerChunk + m;
                    if (place < s.inputWords) chunk[1 + m] = message(seed, i, place);
                }
                for (uint256 m = 0; m < s.wordsPerChunk && j * s.wordsPerChunk + m < s.inputWords; m += 2) {
                    h = PoseidonChain.step(h, chunk[1 + m], chunk[2 + m]);
                }
                plain[i * per + 1 + j] = chunk;
            }
            e.inputCommit = h;
            examples[i] = e;
            uint256[] memory header = new uint256[](5);
            (header[0], header[1], header[2], header[3], header[4]) = (i, h, e.label, uint256(e.leafSalt), inputSalt);
            plain[i * per] = header;
        }
    }

    function testLeaves(TestSet.Example[] memory examples) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](examples.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = keccak256(
                abi.encode(TAG_TEST, i, examples[i].inputCommit, uint256(examples[i].label), examples[i].leafSalt)
            );
        }
    }

    /// Key of each dataset index under one master key.
    function keys(bytes32 master, uint256 n) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](n);
        for (uint256 i = 0; i < n; ++i) {
            list[i] = keccak256(abi.encode(TAG_KEY, master, i));
        }
    }

    function encrypt(uint256[][] memory plain, bytes32[] memory keyOf, bytes32 id)
        internal
        pure
        returns (bytes32[][] memory cipher)
    {
        uint256 per = plain.length / keyOf.length;
        cipher = new bytes32[][](plain.length);
        for (uint256 k = 0; k < plain.length; ++k) {
            cipher[k] = encryptChunk(plain[k], keyOf[k / per], id, k);
        }
    }

    function encryptChunk(uint256[] memory plain, bytes32 key, bytes32 id, uint256 k)
        internal
        pure
        returns (bytes32[] memory cipher)
    {
        cipher = new bytes32[](plain.length);
        for (uint256 w = 0; w < plain.length; ++w) {
            cipher[w] = bytes32(plain[w]) ^ keccak256(abi.encode(TAG_KS, key, id, k, w));
        }
    }

    function cipherLeaves(bytes32[][] memory cipher) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](cipher.length);
        for (uint256 k = 0; k < cipher.length; ++k) {
            leaves[k] = keccak256(abi.encode(TAG_CT, k, keccak256(abi.encodePacked(cipher[k]))));
        }
    }

    /// The words of chunks from..to-1 in one list, as `publishChunks` takes them.
    function flat(bytes32[][] memory cipher, uint256 from, uint256 to) internal pure returns (bytes32[] memory words) {
        uint256 length = 0;
        for (uint256 k = from; k < to; ++k) {
            length += cipher[k].length;
        }
        words = new bytes32[](length);
        uint256 next = 0;
        for (uint256 k = from; k < to; ++k) {
            for (uint256 w = 0; w < cipher[k].length; ++w) {
                words[next++] = cipher[k][w];
            }
        }
    }

    function opening(bytes32[][] memory cipher, bytes32[] memory leaves, uint256 k)
        internal
        pure
        returns (ChunkOpening memory)
    {
        return ChunkOpening({cipherWords: cipher[k], path: TestSet.path(leaves, k)});
    }

    /// Every claim with all its openings, true or not: `chunk` matters for Step only.
    function evidence(
        BadData claim,
        uint256 index,
        uint256 chunk,
        uint256 per,
        bytes32[][] memory cipher,
        bytes32[] memory testTree
    ) internal pure returns (Evidence memory e) {
        bytes32[] memory leaves = cipherLeaves(cipher);
        uint256 header = index * per;
        e.claim = claim;
        if (claim == BadData.Step) {
            e.chunk = chunk;
            e.first = opening(cipher, leaves, header + 1 + chunk);
            e.second = opening(cipher, leaves, chunk + 2 == per ? header : header + 2 + chunk);
            return e;
        }
        e.first = opening(cipher, leaves, header);
        if (claim == BadData.Start) {
            e.second = opening(cipher, leaves, header + 1);
        } else {
            e.leaf = testTree[index];
            e.leafPath = TestSet.path(testTree, index);
        }
    }
}
