// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Bitmap} from "./Bitmap.sol";

/// @title Positions as bytes: a claimed result, or what is contested
/// @notice Bit p is bit p mod 8, least significant first, of byte p / 8.
library ResultBitmap {
    /// @notice The length is not ceil(bits / 8), or an unused bit of the last byte is set.
    error BadBitmap(uint256 bits, uint256 length);

    /// @notice Number of set bits of a bitmap of exactly `bits` >= 1 positions, else `BadBitmap`.
    function count(bytes calldata bitmap, uint256 bits) internal pure returns (uint256 ones) {
        requireFits(bitmap, bits);
        for (uint256 start = 0; start < bitmap.length; start += 32) {
            ones += popcount(uint256(_slice(bitmap, start)));
        }
    }

    /// @notice Reverts `BadBitmap` unless this is a bitmap of exactly `bits` >= 1 positions.
    function requireFits(bytes calldata bitmap, uint256 bits) internal pure {
        uint256 length = bitmap.length;
        require(length == (bits + 7) / 8, BadBitmap(bits, length));
        uint256 used = bits % 8;
        require(used == 0 || uint8(bitmap[length - 1]) >> used == 0, BadBitmap(bits, length));
    }

    /// @notice Bit `p`; false beyond the end.
    function contains(bytes calldata bitmap, uint256 p) internal pure returns (bool) {
        return p / 8 < bitmap.length && (uint8(bitmap[p / 8]) >> (p % 8)) & 1 == 1;
    }

    /// @notice Number of set bits at positions below `p`, which is at most the number of positions.
    function onesBelow(bytes calldata bitmap, uint256 p) internal pure returns (uint256 ones) {
        uint256 w = p / 256;
        for (uint256 start = 0; start < 32 * w; start += 32) {
            ones += popcount(uint256(_slice(bitmap, start)));
        }
        uint256 rest = p % 256;
        if (rest != 0) ones += popcount(wordAt(bitmap, w) & ((uint256(1) << rest) - 1));
    }

    /// @notice Positions 256·w..256·w + 255, as `Bitmap` has them in a word.
    function wordAt(bytes calldata bitmap, uint256 w) internal pure returns (uint256) {
        return uint256(Bytes.reverseBytes32(_slice(bitmap, 32 * w)));
    }

    /// @notice The positions below `bits` of a set in storage.
    function pack(Bitmap.Set storage set, uint256 bits) internal view returns (bytes memory bitmap) {
        bitmap = new bytes((bits + 7) / 8);
        for (uint256 w = 0; w << 8 < bits; ++w) {
            bytes32 word = Bytes.reverseBytes32(bytes32(set.words[w]));
            // Memory is allocated in whole words, and what is beyond `bits` is zero.
            assembly ("memory-safe") {
                mstore(add(add(bitmap, 0x20), shl(5, w)), word)
            }
        }
    }

    /// @notice Number of set bits, by sums in lanes of 2, 4, 8 and 16 bits.
    function popcount(uint256 x) internal pure returns (uint256) {
        unchecked {
            x -= (x >> 1) & (type(uint256).max / 3);
            x = (x & (type(uint256).max / 5)) + ((x >> 2) & (type(uint256).max / 5));
            x = (x + (x >> 4)) & (type(uint256).max / 17);
            x = (x & (type(uint256).max / 257)) + ((x >> 8) & (type(uint256).max / 257));
            // The product's top lane is the sum of all sixteen, at most 256.
            return (x * (type(uint256).max / 0xffff)) >> 240;
        }
    }

    /// 32 bytes from `start` on; a last slice of fewer is filled with zeros on the right.
    function _slice(bytes calldata bitmap, uint256 start) private pure returns (bytes32) {
        return bytes32(start + 32 < bitmap.length ? bitmap[start:start + 32] : bitmap[start:]);
    }
}
