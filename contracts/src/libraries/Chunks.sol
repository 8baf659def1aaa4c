// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TAG_CT} from "./Tags.sol";

/// @title How a transfer is cut into chunks
/// @notice Example i, in dataset order, takes `perExample` consecutive chunks: a header of 5 words
/// `[index, inputCommit, label, leafSalt, inputSalt]`, then ceil(L / w) data chunks of 1 + w words
/// `[hIn, m_0 .. m_{w-1}]`, the last one filled with zeros. hIn is the chain value before the words of its chunk.
library Chunks {
    uint256 internal constant HEADER_WORDS = 5;
    /// Largest w: a chunk and the one after it must fit one transaction.
    uint256 private constant WORDS_MAX = 256;

    /// @notice Whether data chunks may have so many message words, when `rate` of them are absorbed at once.
    function isSize(uint256 wordsPerChunk, uint256 rate) internal pure returns (bool) {
        return wordsPerChunk != 0 && wordsPerChunk <= WORDS_MAX && wordsPerChunk % rate == 0;
    }

    /// @notice Data chunks of one example of `inputWords` words.
    function dataChunks(uint256 inputWords, uint256 wordsPerChunk) internal pure returns (uint256) {
        return (inputWords + wordsPerChunk - 1) / wordsPerChunk;
    }

    /// @notice Chunks of one example, its header included.
    function perExample(uint256 inputWords, uint256 wordsPerChunk) internal pure returns (uint256) {
        return 1 + dataChunks(inputWords, wordsPerChunk);
    }

    /// @notice Words of chunk number `chunk`.
    function wordsIn(uint256 chunk, uint256 chunksPerExample, uint256 wordsPerChunk) internal pure returns (uint256) {
        return chunk % chunksPerExample == 0 ? HEADER_WORDS : 1 + wordsPerChunk;
    }

    /// @notice Leaf of the ciphertext tree: `keccak256(abi.encode(TAG_CT, chunk, keccak256(cipher words)))`.
    function leaf(uint256 chunk, bytes32[] calldata cipherWords) internal pure returns (bytes32) {
        // Only 32-byte words, and their number follows from `chunk`: nothing here is ambiguous.
        return keccak256(abi.encode(TAG_CT, chunk, keccak256(abi.encodePacked(cipherWords))));
    }
}
