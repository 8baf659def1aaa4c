// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJudge} from "./IJudge.sol";
import {AnswerGroup, RoundClaim} from "../types/RoundTypes.sol";

/// @title Decides whether posted outputs are proven
/// @notice Stateless and without money. Markets pass groups on as they are; this judge takes groups of one index.
interface IOutputJudge is IJudge {
    /// @notice A group of one index has one input commitment, one path and one output word.
    error BadGroup(uint256 inputCommits, uint256 inputPaths, uint256 outputs);
    /// @notice The opening does not lead to the committed root.
    error WrongInputLeaf(uint32 index, bytes32 expected, bytes32 given);
    error WrongOutputLeaf(uint32 index, bytes32 expected, bytes32 given);
    /// @notice The posted output is no output word of the model's metric, so nothing can prove it.
    error NotAnOutput(uint32 index, uint256 output);
    /// @notice Returns iff every output of `group` is proven in the sense of `claim`.
    ///
    /// Requirements:
    /// - `claim` is trusted; an index of the group is contested, hence below its number of predictions;
    /// - the group has one index, else `BatchUnsupported`;
    /// - the code of the registered verifier is the registered one;
    /// - `inputCommit` opens under `inputRoot` at the index, the output word under `outputsRoot` at its number, and bits that no
    ///   output uses are zero (`OutputWords`);
    /// - the output, which is the lane of the index, is an output word of the metric;
    /// - `inputCommit` is below the BN254 scalar order, and the verifier accepts the proof for
    ///   `[ctx, weightsCommit, inputCommit, output]`, where ctx names the caller of this function, the kind, the id and the index.
    function check(RoundClaim calldata claim, AnswerGroup calldata group) external view;
}
