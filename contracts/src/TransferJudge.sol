// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ITransferJudge} from "./interfaces/ITransferJudge.sol";
import {Chunks} from "./libraries/Chunks.sol";
import {Keystream} from "./libraries/Keystream.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {PoseidonChain} from "./libraries/PoseidonChain.sol";
import {Shuffle} from "./libraries/Shuffle.sol";
import {Statement} from "./libraries/Statement.sol";
import {BadData, ChunkOpening, Evidence, Transfer} from "./types/TransferTypes.sol";

/// @title Decides whether transferred data are bad
/// @notice Apart from the markets because `PoseidonT4` is reached by delegatecall, which must not happen where money is.
contract TransferJudge is ITransferJudge {
    /// The accused example: where its chunks are and what opens them.
    struct Accused {
        /// Place of its leaf.
        uint256 index;
        uint256 chunksEach;
        /// Number of its header chunk.
        uint256 header;
        /// Chunks of the whole transfer.
        uint256 chunks;
        bytes32 key;
    }

    /// Every word of a message, and the input salt, has 31 bytes.
    uint256 private constant WORD_BITS = 248;

    /// @inheritdoc ITransferJudge
    function judge(Transfer calldata t, Evidence calldata e) external pure returns (BadData) {
        uint256 index = Shuffle.datasetIndex(t.seed, t.position, t.shape.examples);
        return _judge(t, e, index, index, t.shape.examples);
    }

    /// @inheritdoc ITransferJudge
    function judgeSlot(Transfer calldata t, uint256 slot, uint256 slots, Evidence calldata e)
        external
        pure
        returns (BadData)
    {
        return _judge(t, e, Shuffle.datasetIndex(t.seed, t.position, t.shape.examples), slot, slots);
    }

    /// @inheritdoc ITransferJudge
    function wordsPerHash() external pure returns (uint256) {
        return PoseidonChain.RATE;
    }

    function _judge(Transfer calldata t, Evidence calldata e, uint256 index, uint256 slot, uint256 slots)
        private
        pure
        returns (BadData)
    {
        uint256 each = Chunks.perExample(t.shape.inputWords, t.shape.wordsPerChunk);
        Accused memory x = Accused({
            index: index,
            chunksEach: each,
            header: slot * each,
            chunks: slots * each,
            key: t.isMaster ? Keystream.keyOf(t.key, index) : t.key
        });
        bool bad = e.claim == BadData.Header
            ? _headerIsBad(t, e, x)
            : e.claim == BadData.Start ? _startIsBad(t, e, x) : _stepIsBad(t, e, x);
        require(bad, NoFault(t.position));
        return e.claim;
    }

    function _headerIsBad(Transfer calldata t, Evidence calldata e, Accused memory x) private pure returns (bool) {
        bytes32 root = Merkle.rootFrom(e.leaf, x.index, t.shape.examples, e.leafPath);
        require(root == t.testRoot, WrongLeaf(x.index, t.testRoot, root));
        uint256[] memory h = _open(t, x, 0, e.first);
        // The label as the whole word it is: a truncated one would hide bits that the leaf does not have.
        return h[0] != x.index || keccak256(abi.encode(t.leafTag, h[0], h[1], h[2], h[3])) != e.leaf;
    }

    function _startIsBad(Transfer calldata t, Evidence calldata e, Accused memory x) private pure returns (bool) {
        uint256 salt = _open(t, x, 0, e.first)[4];
        if (salt >> WORD_BITS != 0) return true;
        return _open(t, x, 1, e.second)[0] != PoseidonChain.start(t.shape.inputWords, salt);
    }

    function _stepIsBad(Transfer calldata t, Evidence calldata e, Accused memory x) private pure returns (bool) {
        uint256 w = t.shape.wordsPerChunk;
        uint256 dataChunks = Chunks.dataChunks(t.shape.inputWords, w);
        uint256 j = e.chunk;
        require(j < dataChunks, NoSuchChunk(dataChunks, j));
        uint256[] memory c = _open(t, x, 1 + j, e.first);

        uint256 h = c[0];
        if (h >= Statement.SCALAR_ORDER) return true;
        uint256 rest = t.shape.inputWords - j * w;
        uint256 used = rest < w ? rest : w;
        for (uint256 m = 0; m < w; ++m) {
            if (m < used ? c[1 + m] >> WORD_BITS != 0 : c[1 + m] != 0) return true;
        }
        for (uint256 m = 0; m < used; m += PoseidonChain.RATE) {
            h = PoseidonChain.step(h, c[1 + m], c[2 + m]);
        }
        return h != (j + 1 == dataChunks ? _open(t, x, 0, e.second)[1] : _open(t, x, 2 + j, e.second)[0]);
    }

    /// The plain words of chunk `offset` of the accused example: 0 is the header, 1 + j data chunk j.
    function _open(Transfer calldata t, Accused memory x, uint256 offset, ChunkOpening calldata opening)
        private
        pure
        returns (uint256[] memory)
    {
        uint256 chunk = x.header + offset;
        uint256 expected = Chunks.wordsIn(chunk, x.chunksEach, t.shape.wordsPerChunk);
        uint256 given = opening.cipherWords.length;
        require(given == expected, BadChunkLength(chunk, expected, given));
        bytes32 leaf = Chunks.leaf(chunk, opening.cipherWords);
        bytes32 root = Merkle.rootFrom(leaf, chunk, x.chunks, opening.path);
        require(root == t.ctRoot, WrongChunk(chunk, t.ctRoot, root));
        return Keystream.decrypt(x.key, t.id, chunk, opening.cipherWords);
    }
}
