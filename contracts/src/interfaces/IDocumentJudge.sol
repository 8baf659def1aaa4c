// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJudge} from "./IJudge.sol";
import {DocumentClaim, DocumentGroup} from "../types/RetrievalTypes.sol";

/// @title Decides whether documents are proven to be no match
/// @notice Stateless and without money. Markets pass groups on as they are; this judge takes groups of one index.
interface IDocumentJudge is IJudge {
    /// @notice A group of one index has one document commitment, one salt and one path.
    error BadDocumentGroup(uint256 docCommits, uint256 leafSalts, uint256 paths);
    /// @notice The opening does not lead to the root of the corpus.
    error WrongDocumentLeaf(uint32 index, bytes32 expected, bytes32 given);

    /// @notice Returns iff every document of `group` is proven to have output 0 in the sense of `claim`.
    ///
    /// Requirements:
    /// - `claim` is trusted, also that its predicate is the one of the request and that its indices are below its size;
    /// - the group has one index, else `BatchUnsupported`;
    /// - the code of the predicate's verifier is the one of the request;
    /// - the document leaf opens under the root at the index;
    /// - `docCommit` is below the BN254 scalar order, and the verifier accepts the proof for `[ctx, weightsCommit, docCommit, 0]`,
    ///   where ctx names the caller of this function, the kind, the id and the index.
    function check(DocumentClaim calldata claim, DocumentGroup calldata group) external view;
}
