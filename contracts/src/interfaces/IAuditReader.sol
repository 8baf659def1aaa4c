// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DeliveryClaim, SampleGroup} from "../types/AuditTypes.sol";
import {PageOpening} from "../types/RetrievalTypes.sol";
import {SharedSecret} from "../types/SharedKeyTypes.sol";
import {BadData, Evidence} from "../types/TransferTypes.sol";

/// @title Reads what the parties of an audit supply: pages of answers, evidence
/// @notice Without money or state of its own; the market deploys it. Pages that the caller posted before are compared with the
/// hashes that it keeps, by its `pageHashAt`. Errors are those of `IRetrievalMarket`, `AnswerPages`, `ResultBitmap` and of the
/// judges.
interface IAuditReader {
    /// @notice What page number `q` of an audit amounts to, with `before` ones on earlier pages.
    ///
    /// Requirements:
    /// - it does not lie beyond the last page of `size` documents, and has exactly the bits of its documents.
    function newPage(bytes32 id, uint256 size, uint256 q, uint256 before, bytes calldata bits)
        external
        pure
        returns (bytes32 pageHash, uint256 ones);

    /// @notice Reverts unless each document is answered so.
    ///
    /// Requirements:
    /// - `indices` are in ascending order, each of their pages is supplied once, in order, as the caller has it.
    function requireAnswers(bytes32 id, uint256 size, uint32[] calldata indices, PageOpening[] calldata pages, bool one)
        external
        view;

    /// @notice Reverts unless each document of the group whose rank is not `NAMED` is the sample of that number.
    ///
    /// Requirements:
    /// - there are as many ranks as indices; each rank but `NAMED` is below `zeros`, the number of documents answered with zero;
    /// - the page of each of these is supplied, once for several in a row that are on it, as the caller has it.
    function requireSamples(bytes32 id, uint256 size, uint256 zeros, bytes32 seed, SampleGroup calldata group)
        external
        view;

    /// @notice What is wrong with a delivery; reverts in every other case.
    ///
    /// Requirements:
    /// - `claim` is trusted; `indices` have its hash, `slot` is below their number;
    /// - `ISharedKeyJudge` accepts `secret`, and `ITransferJudge` the evidence about document `indices[slot]`.
    function judgeDelivery(
        DeliveryClaim calldata claim,
        uint32[] calldata indices,
        uint256 slot,
        SharedSecret calldata secret,
        Evidence calldata evidence
    ) external view returns (BadData);
}
