// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Shape} from "../types/TransferTypes.sol";

/// @title Roots of ciphertexts that are published as calldata
/// @notice Keeps a Merkle frontier for each pair of caller and id, so a caller can only write its own. It holds no money and
/// knows no roles: who may publish, when, and what the root must be, is the caller's business.
interface IPublishedTransfers {
    /// @notice Chunks come in order, none twice.
    error OutOfOrder(uint256 expected, uint256 given);
    error TooManyChunks(uint256 chunks);
    /// @notice The words end within a chunk.
    error PartialChunk(uint256 chunk);
    error NothingPublished();

    /// @notice Appends the chunks that `cipherWords` consists of.
    ///
    /// Requirements:
    /// - `from` is the number of chunks that are there already;
    /// - `cipherWords` is at least one chunk and ends with one; chunk lengths follow from `shape`, which the caller never
    ///   changes for one id;
    /// - no more chunks than `shape` has.
    ///
    /// @return next Number of chunks now there.
    /// @return root Root over all chunks once the last one is there; zero before.
    function append(bytes32 id, Shape calldata shape, uint256 from, bytes32[] calldata cipherWords)
        external
        returns (uint256 next, bytes32 root);

    /// @notice Number of chunks that `publisher` has appended for `id`: where to go on.
    function published(address publisher, bytes32 id) external view returns (uint256);
}
