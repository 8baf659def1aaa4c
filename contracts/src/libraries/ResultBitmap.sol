// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title A claimed result as calldata: one bit per position of the proven set
/// @notice Bit p is bit p mod 8, least significant first, of byte p / 8.
library ResultBitmap {
    /// @notice The length is not ceil(bits / 8), or an unused bit of the last byte is set.
    error BadBitmap(uint256 bits, uint256 length);

    /// @notice Number of set bits of a bitmap of exactly `bits` >= 1 positions, else `BadBitmap`.
    function count(bytes calldata bitmap, uint256 bits) internal pure returns (uint256 ones) {
        uint256 length = bitmap.length;
        require(length == (bits + 7) / 8, BadBitmap(bits, length));
        uint256 used = bits % 8;
        require(used == 0 || uint8(bitmap[length - 1]) >> used == 0, BadBitmap(bits, length));
        for (uint256 start = 0; start < length; start += 32) {
            // A last slice of fewer than 32 bytes is filled with zeros on the right.
            ones += popcount(uint256(bytes32(start + 32 < length ? bitmap[start:start + 32] : bitmap[start:])));
        }
    }

    /// @notice Bit `p`; false beyond the end.
    function contains(bytes calldata bitmap, uint256 p) internal pure returns (bool) {
        return p / 8 < bitmap.length && (uint8(bitmap[p / 8]) >> (p % 8)) & 1 == 1;
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
}
