// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TAG_KEY, TAG_KS} from "./Tags.sol";

/// @title The cipher of a transfer: keccak256 in counter mode, XORed word by word
/// @notice Encryption and decryption are the same function. A key serves one example of one engagement.
library Keystream {
    /// @notice Key of dataset index `index` under the master key K: `keccak256(abi.encode(TAG_KEY, K, index))`.
    function keyOf(bytes32 master, uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_KEY, master, index));
    }

    /// @notice `keccak256(abi.encode(TAG_KS, key, id, chunk, word))`; `chunk` is numbered over the whole transfer.
    function wordAt(bytes32 key, bytes32 id, uint256 chunk, uint256 word) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_KS, key, id, chunk, word));
    }

    /// @notice The plain words of one chunk.
    function decrypt(bytes32 key, bytes32 id, uint256 chunk, bytes32[] calldata cipherWords)
        internal
        pure
        returns (uint256[] memory plain)
    {
        plain = new uint256[](cipherWords.length);
        for (uint256 w = 0; w < plain.length; ++w) {
            plain[w] = uint256(cipherWords[w] ^ wordAt(key, id, chunk, w));
        }
    }
}
