// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Sets of positions in storage, 256 to a word
/// @notice Position p is bit p mod 256, least significant first, of word p / 256.
library Bitmap {
    struct Set {
        mapping(uint256 word => uint256 bits) words;
    }

    function contains(Set storage self, uint256 position) internal view returns (bool) {
        return self.words[position >> 8] & (uint256(1) << (position & 0xff)) != 0;
    }

    /// @notice Adds `position`; false if it was there already.
    function insert(Set storage self, uint256 position) internal returns (bool added) {
        uint256 bits = self.words[position >> 8];
        uint256 mask = uint256(1) << (position & 0xff);
        added = bits & mask == 0;
        if (added) self.words[position >> 8] = bits | mask;
    }

    /// @notice Adds the positions 256·word.. that are set in `bits`; those that were not there.
    function insertAll(Set storage self, uint256 word, uint256 bits) internal returns (uint256 added) {
        uint256 present = self.words[word];
        added = bits & ~present;
        if (added != 0) self.words[word] = present | added;
    }
}
