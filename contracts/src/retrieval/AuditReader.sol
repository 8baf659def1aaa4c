// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAuditReader} from "../interfaces/IAuditReader.sol";
import {IRetrievalMarket} from "../interfaces/IRetrievalMarket.sol";
import {ISharedKeyJudge} from "../interfaces/ISharedKeyJudge.sol";
import {ITransferJudge} from "../interfaces/ITransferJudge.sol";
import {AnswerPages} from "../libraries/AnswerPages.sol";
import {AuditStatement} from "../libraries/AuditStatement.sol";
import {TAG_DOC} from "../libraries/Tags.sol";
import {Parties} from "../shared/Parties.sol";
import {DeliveryClaim, NAMED, SampleGroup} from "../types/AuditTypes.sol";
import {PageOpening} from "../types/RetrievalTypes.sol";
import {SharedSecret} from "../types/SharedKeyTypes.sol";
import {BadData, Evidence, Shape, Transfer} from "../types/TransferTypes.sol";

/// @title Reads what the parties of an audit supply: pages of answers, evidence
/// @notice Apart from the market because its code would exceed the limit with it.
contract AuditReader is IAuditReader {
    using AnswerPages for PageOpening;

    /// Pages supplied, as far as they are read.
    struct Reading {
        bytes32 id;
        /// Pages opened so far.
        uint256 opened;
        /// Number of the last one.
        uint256 page;
    }

    ISharedKeyJudge private immutable SHARED_KEY_JUDGE;
    ITransferJudge private immutable TRANSFER_JUDGE;
    uint32 private immutable WORDS_PER_CHUNK;

    constructor(ISharedKeyJudge sharedKeys, ITransferJudge transfers, uint32 wordsPerChunk) {
        SHARED_KEY_JUDGE = sharedKeys;
        TRANSFER_JUDGE = transfers;
        WORDS_PER_CHUNK = wordsPerChunk;
    }

    /// @inheritdoc IAuditReader
    function newPage(bytes32 id, uint256 size, uint256 q, uint256 before, bytes calldata bits)
        external
        pure
        returns (bytes32 pageHash, uint256 ones)
    {
        uint256 pages = AnswerPages.count(size);
        require(q < pages, IRetrievalMarket.NoSuchPage(pages, q));
        return (AuditStatement.pageHash(id, q, before, bits), AnswerPages.ones(bits, q, size));
    }

    /// @inheritdoc IAuditReader
    function requireAnswers(bytes32 id, uint256 size, uint32[] calldata indices, PageOpening[] calldata pages, bool one)
        external
        view
    {
        Reading memory reading = Reading(id, 0, 0);
        for (uint256 k = 0; k < indices.length; ++k) {
            uint256 index = indices[k];
            require(k == 0 || index > indices[k - 1], IRetrievalMarket.NotAscending(k));
            bool given = _pageOf(reading, index, pages).answer(index, size);
            require(given == one, IRetrievalMarket.WrongAnswer(index, given));
        }
        _requireAllOpened(reading, pages);
    }

    /// @inheritdoc IAuditReader
    function requireSamples(bytes32 id, uint256 size, uint256 zeros, bytes32 seed, SampleGroup calldata group)
        external
        view
    {
        Reading memory reading = Reading(id, 0, 0);
        uint32[] calldata indices = group.group.indices;
        for (uint256 k = 0; k < indices.length; ++k) {
            uint256 j = group.ranks[k];
            if (j == NAMED) continue;
            _pageOf(reading, indices[k], group.pages).requireSample(indices[k], size, seed, j, zeros);
        }
        _requireAllOpened(reading, group.pages);
    }

    /// @inheritdoc IAuditReader
    function judgeDelivery(
        DeliveryClaim calldata claim,
        uint32[] calldata indices,
        uint256 slot,
        SharedSecret calldata secret,
        Evidence calldata evidence
    ) external view returns (BadData) {
        Parties.requireGuard(claim.listHash, AuditStatement.listHash(indices));
        require(slot < indices.length, IRetrievalMarket.NoSuchSlot(indices.length, slot));
        Transfer memory transfer;
        (transfer.id, transfer.key) =
            SHARED_KEY_JUDGE.open(claim.id, claim.m, claim.requesterKey, claim.ephemeral, secret);
        transfer.isMaster = true;
        transfer.testRoot = claim.root;
        transfer.ctRoot = claim.ctRoot;
        transfer.leafTag = TAG_DOC;
        transfer.position = indices[slot];
        transfer.shape = Shape({examples: claim.size, inputWords: claim.inputWords, wordsPerChunk: WORDS_PER_CHUNK});
        return TRANSFER_JUDGE.judgeSlot(transfer, slot, indices.length, evidence);
    }

    /// The page of document `index`: the last one that was opened, or the next.
    function _pageOf(Reading memory reading, uint256 index, PageOpening[] calldata pages)
        private
        view
        returns (PageOpening calldata)
    {
        uint256 q = AnswerPages.pageOf(index);
        uint256 k = reading.opened;
        if (k != 0 && reading.page == q) return pages[k - 1];
        require(k < pages.length, IRetrievalMarket.WrongPageCount(k + 1, pages.length));
        (reading.opened, reading.page) = (k + 1, q);
        pages[k].requirePage(reading.id, q, IRetrievalMarket(msg.sender).pageHashAt(reading.id, q));
        return pages[k];
    }

    function _requireAllOpened(Reading memory reading, PageOpening[] calldata pages) private pure {
        require(reading.opened == pages.length, IRetrievalMarket.WrongPageCount(reading.opened, pages.length));
    }
}
