// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {PageOpening} from "../types/RetrievalTypes.sol";
import {AuditStatement} from "./AuditStatement.sol";
import {ResultBitmap} from "./ResultBitmap.sol";
import {Shuffle} from "./Shuffle.sol";

/// @title The answers of an audit, 4096 documents to a page
/// @notice Document i has bit i mod 4096 of page i / 4096, in the bit order of `ResultBitmap`: 1 says that it matches. The last
/// page is as long as needed. A contract keeps the hash of each page; whoever needs a bit later supplies the page again, with the
/// number of ones before it, so that no count is ever taken on trust.
library AnswerPages {
    uint256 internal constant PAGE_BITS = 4096;

    /// @notice The opening is not page number `q` as it was posted.
    error WrongPage(uint256 q, bytes32 expected, bytes32 given);
    error NoSuchDocument(uint256 size, uint256 index);
    /// @notice Document `index` was answered 1, so nothing about it is proven.
    error AnsweredOne(uint256 index);
    /// @notice Document `index` is not the zero that sample number `j` draws.
    error WrongSample(uint256 j, uint256 expectedRank, uint256 rank);

    /// @notice Pages of a corpus of `size` documents.
    function count(uint256 size) internal pure returns (uint256) {
        return Math.ceilDiv(size, PAGE_BITS);
    }

    /// @notice Number of the page that document `index` is on.
    function pageOf(uint256 index) internal pure returns (uint256) {
        return index / PAGE_BITS;
    }

    /// @notice Documents on page number `q`, which is below `count(size)`.
    function documentsOn(uint256 q, uint256 size) internal pure returns (uint256) {
        return Math.min(PAGE_BITS, size - q * PAGE_BITS);
    }

    /// @notice Documents answered 1 on page number `q`, which is below `count(size)`.
    ///
    /// Requirements:
    /// - `bits` is exactly as long as the page and bits that no document uses are zero, else `ResultBitmap.BadBitmap`.
    function ones(bytes calldata bits, uint256 q, uint256 size) internal pure returns (uint256) {
        return ResultBitmap.count(bits, documentsOn(q, size));
    }

    /// @notice Reverts `WrongPage` unless this opens page number `q` of audit `id`, whose hash is `expected`.
    function requirePage(PageOpening calldata page, bytes32 id, uint256 q, bytes32 expected) internal pure {
        bytes32 given = AuditStatement.pageHash(id, q, page.before, page.bits);
        require(given == expected, WrongPage(q, expected, given));
    }

    /// @notice The answer about document `index`, whose page this is.
    ///
    /// Requirements:
    /// - `index` is below `size`, else `NoSuchDocument`.
    function answer(PageOpening calldata page, uint256 index, uint256 size) internal pure returns (bool) {
        require(index < size, NoSuchDocument(size, index));
        return ResultBitmap.contains(page.bits, index % PAGE_BITS);
    }

    /// @notice How many documents before `index` were answered 0.
    ///
    /// Requirements:
    /// - this is the page of `index`, which is below the size of the corpus.
    function zerosBefore(PageOpening calldata page, uint256 index) internal pure returns (uint256) {
        return index - page.before - ResultBitmap.onesBelow(page.bits, index % PAGE_BITS);
    }

    /// @notice Reverts unless document `index`, whose page this is, is sample number `j`: the zero with pi_seed(j) zeros before it.
    ///
    /// Requirements:
    /// - the caller has checked `j < zeros`, which is the number of documents answered 0;
    /// - `index` is below `size` and answered 0.
    function requireSample(
        PageOpening calldata page,
        uint256 index,
        uint256 size,
        bytes32 seed,
        uint256 j,
        uint256 zeros
    ) internal pure {
        requireZero(page, index, size);
        uint256 expected = Shuffle.indexAt(seed, j, zeros);
        uint256 rank = zerosBefore(page, index);
        require(rank == expected, WrongSample(j, expected, rank));
    }

    /// @notice Reverts unless document `index`, whose page this is, is below `size` and answered 0.
    function requireZero(PageOpening calldata page, uint256 index, uint256 size) internal pure {
        require(!answer(page, index, size), AnsweredOne(index));
    }
}
