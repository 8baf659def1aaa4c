// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AnswerGroup, RoundClaim} from "../types/RoundTypes.sol";

/// @title Decides whether posted outputs are proven
/// @notice Stateless and without money. Markets pass groups on as they are; this judge takes groups of one index.
interface IOutputJudge {
    /// @notice No proof here covers that many predictions.
    error BatchUnsupported(uint256 indices);
    /// @notice A group of one index has one input commitment, one path and one output word.
    error BadGroup(uint256 inputCommits, uint256 inputPaths, uint256 outputs);
    error VerifierChanged(address verifier, bytes32 expected, bytes32 given);
    /// @notice The opening does not lead to the committed root.
    error WrongInputLeaf(uint32 index, bytes32 expected, bytes32 given);
    error WrongOutputLeaf(uint32 index, bytes32 expected, bytes32 given);
    /// @notice The posted output is no output word of the model's metric, so nothing can prove it.
    error NotAnOutput(uint32 index, uint256 output);
    /// @notice The verifier reverted, ran out of gas, or returned anything but the 32-byte word 1.
    error ProofRejected(uint32 index);

    /// @notice Returns iff every output of `group` is proven in the sense of `claim`.
    ///
    /// Requirements:
    /// - `claim` is trusted, and every index below its number of predictions;
    /// - the group has one index, else `BatchUnsupported`;
    /// - the code of the registered verifier is the registered one;
    /// - `inputCommit` opens under `inputRoot` at the index, the output word under `outputsRoot` at its own (`OutputWords`);
    /// - `inputCommit` is below the BN254 scalar order, and the verifier accepts the proof for
    ///   `[ctx, weightsCommit, inputCommit, output]`, where the output is the lane of the index and ctx names the caller of this
    ///   function, the kind, the id and the index.
    function check(RoundClaim calldata claim, AnswerGroup calldata group) external view;
}
