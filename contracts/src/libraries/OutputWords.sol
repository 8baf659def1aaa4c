// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Metric} from "../types/ModelTypes.sol";
import {Privacy} from "../types/RoundTypes.sol";
import {Frontier} from "./Frontier.sol";
import {Merkle} from "./Merkle.sol";
import {Statement} from "./Statement.sol";

/// @title How the outputs of a round are packed into words
/// @notice A lane has 16 bits in TOP1, 80 in TOP5, 1 in BIN. A word has as many lanes as fit into 240 bits, in PRIVATE one, so
/// that its opening shows no neighbour. Output i is lane i mod lanes of word i / lanes; lane l begins at bit l times its width.
/// Bits that no output uses are zero.
library OutputWords {
    using Frontier for Frontier.Tree;

    /// As many as a batch circuit packs into one value of its instance.
    uint256 private constant WORD_BITS = 240;

    error WrongWordCount(uint256 expected, uint256 given);
    /// @notice Word number `w` has a bit that no output uses.
    error UnusedBits(uint256 w, uint256 word);

    /// @notice What is known of the outputs of a round before they are.
    struct Layout {
        /// K.
        uint256 predictions;
        uint256 laneBits;
        /// Lanes of a full word.
        uint256 lanes;
    }

    function planned(uint256 predictions, Metric metric, Privacy privacy) internal pure returns (Layout memory) {
        uint256 bits = metric == Metric.TOP1 ? 16 : metric == Metric.TOP5 ? 80 : 1;
        return Layout(predictions, bits, privacy == Privacy.PRIVATE ? 1 : WORD_BITS / bits);
    }

    /// @notice Number of words of the round.
    function count(Layout memory self) internal pure returns (uint256) {
        return Math.ceilDiv(self.predictions, self.lanes);
    }

    /// @notice Output number `index`, which is in `word`.
    ///
    /// Requirements:
    /// - `index` is below K; the bits of the word that no output uses are zero, else `UnusedBits`.
    function outputAt(Layout memory self, uint256 index, uint256 word) internal pure returns (uint256) {
        _requireUnusedZero(self, index / self.lanes, word);
        uint256 lane = index % self.lanes;
        return (word >> (lane * self.laneBits)) & ((uint256(1) << self.laneBits) - 1);
    }

    /// @notice Root over all words of the round with their salts under `master`.
    ///
    /// Requirements:
    /// - there are `count` words, unused bits are zero.
    function root(Layout memory self, bytes32 master, uint256[] calldata words) internal pure returns (bytes32) {
        uint256 n = count(self);
        require(words.length == n, WrongWordCount(n, words.length));
        Frontier.Tree memory tree = Frontier.Tree(0, new bytes32[](Merkle.depth(n) + 1));
        for (uint256 w = 0; w < n; ++w) {
            uint256 free;
            assembly ("memory-safe") {
                free := mload(0x40)
            }
            _requireUnusedZero(self, w, words[w]);
            tree.append(Statement.outputLeaf(w, words[w], Statement.outputSalt(master, w)));
            // What was encoded for the hashes of this word is not needed again, and memory costs as its square.
            assembly ("memory-safe") {
                mstore(0x40, free)
            }
        }
        return tree.root();
    }

    function _requireUnusedZero(Layout memory self, uint256 w, uint256 word) private pure {
        uint256 used = Math.min(self.lanes, self.predictions - w * self.lanes);
        require(word >> (used * self.laneBits) == 0, UnusedBits(w, word));
    }
}
