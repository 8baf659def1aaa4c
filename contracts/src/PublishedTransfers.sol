// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPublishedTransfers} from "./interfaces/IPublishedTransfers.sol";
import {Chunks} from "./libraries/Chunks.sol";
import {Frontier} from "./libraries/Frontier.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {Shape} from "./types/TransferTypes.sol";

/// @title Roots of ciphertexts that are published as calldata
contract PublishedTransfers is IPublishedTransfers {
    using Frontier for Frontier.Tree;

    struct Stored {
        uint256 count;
        /// As `Frontier.Tree.left`; levels whose bit of `count` is not set are stale.
        mapping(uint256 level => bytes32 node) left;
    }

    mapping(address publisher => mapping(bytes32 id => Stored)) private _stored;

    /// @inheritdoc IPublishedTransfers
    function append(bytes32 id, Shape calldata shape, uint256 from, bytes32[] calldata cipherWords)
        external
        returns (uint256 next, bytes32 root)
    {
        Stored storage stored = _stored[msg.sender][id];
        require(from == stored.count, OutOfOrder(stored.count, from));
        require(cipherWords.length != 0, NothingPublished());
        uint256 perExample = Chunks.perExample(shape.inputWords, shape.wordsPerChunk);
        uint256 total = shape.examples * perExample;

        Frontier.Tree memory tree = _load(stored, Merkle.depth(total));
        for (uint256 start = 0; start < cipherWords.length;) {
            uint256 chunk = tree.count;
            require(chunk < total, TooManyChunks(total));
            uint256 end = start + Chunks.wordsIn(chunk, perExample, shape.wordsPerChunk);
            require(end <= cipherWords.length, PartialChunk(chunk));
            tree.append(Chunks.leaf(chunk, cipherWords[start:end]));
            start = end;
        }
        _store(stored, tree);
        next = tree.count;
        if (next == total) root = tree.root();
    }

    /// @inheritdoc IPublishedTransfers
    function published(address publisher, bytes32 id) external view returns (uint256) {
        return _stored[publisher][id].count;
    }

    function _load(Stored storage stored, uint256 depth) private view returns (Frontier.Tree memory tree) {
        tree.count = stored.count;
        tree.left = new bytes32[](depth + 1);
        for (uint256 j = 0; j <= depth; ++j) {
            if ((tree.count >> j) & 1 == 1) tree.left[j] = stored.left[j];
        }
    }

    function _store(Stored storage stored, Frontier.Tree memory tree) private {
        stored.count = tree.count;
        for (uint256 j = 0; j < tree.left.length; ++j) {
            if ((tree.count >> j) & 1 == 1) stored.left[j] = tree.left[j];
        }
    }
}
