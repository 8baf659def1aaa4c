// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BadData, Evidence, Transfer} from "../types/TransferTypes.sol";

/// @title Decides whether transferred data are bad
/// @notice Stateless and without money. With i = pi_seed(position), k the chunk number and r the BN254 scalar order:
///
/// | claim  | shown by                  | the transfer is bad iff |
/// |--------|---------------------------|-------------------------|
/// | Header | header                    | its index is not i, or its fields do not hash to the committed test leaf i |
/// | Start  | header, data chunk 0      | inputSalt >= 2^248, or hIn of the chunk is not H(TAG_LEN, inputSalt, 0) |
/// | Step   | data chunk j              | hIn >= r, a message word >= 2^248, or a word beyond the input is not zero |
/// | Step   | data chunk j and the next, or the header | the chain over the words of j does not give the next hIn, or inputCommit |
///
/// Every word of an example is checked by one of these and an honest transfer by all of them: if no claim holds for any
/// chunk, the receiver has exactly the committed data.
interface ITransferJudge {
    /// @notice The evidence is well formed and the data are as they must be.
    error NoFault(uint256 position);
    error NoSuchChunk(uint256 chunks, uint256 given);
    error BadChunkLength(uint256 chunk, uint256 expected, uint256 given);
    /// @notice The opened chunk is not the one under ctRoot.
    error WrongChunk(uint256 chunk, bytes32 expected, bytes32 given);
    /// @notice The given leaf is not the one under testRoot.
    error WrongLeaf(uint256 index, bytes32 expected, bytes32 given);

    /// @notice The proven claim; reverts in every other case, with `NoFault` if all openings are right.
    ///
    /// Requirements:
    /// - `transfer` is trusted: position < N, L >= 1, w a positive multiple of rho;
    /// - each opening has the exact number of words of its chunk and leads to ctRoot, the leaf to testRoot.
    function judge(Transfer calldata transfer, Evidence calldata evidence) external view returns (BadData claim);

    /// @notice As `judge`, for a transfer that holds some examples of a set: i stays the index of the accused one, its place among
    /// the leaves and in its header, but its chunks are those of `slot` among `slots`. `judge` is this with slot i of N. Every claim
    /// is the same for a document, whose leaf has the label 0: a header with another word there does not open it.
    ///
    /// Requirements:
    /// - as for `judge`, and `slot` < `slots`; both, and that slot `slot` is to hold example i, are trusted.
    function judgeSlot(Transfer calldata transfer, uint256 slot, uint256 slots, Evidence calldata evidence)
        external
        view
        returns (BadData claim);

    /// @notice rho of the chains it can check; 2 for Poseidon of three inputs.
    function wordsPerHash() external view returns (uint256);
}
