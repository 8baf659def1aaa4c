// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJudge} from "./IJudge.sol";
import {Claim, ProofItem} from "../types/MarketTypes.sol";

/// @title Decides whether one example is proven correct
/// @notice Stateless and without money.
interface IProofJudge is IJudge {
    /// @notice The opening does not lead to the committed root.
    error WrongTestLeaf(uint32 position, bytes32 expected, bytes32 given);
    /// @notice The proven output does not count as correct for the committed label.
    error NotCorrect(uint32 position, uint256 output, uint32 label);

    /// @notice Returns iff `item` is proven correct in the sense of `claim`; `item.position` only names it in errors.
    ///
    /// Requirements:
    /// - `claim` is trusted: its position is below its number of examples;
    /// - the code of the registered verifier is the registered one;
    /// - the test leaf opens under `testRoot` at the dataset index of the position;
    /// - the output is correct for the label;
    /// - `inputCommit` and `output` are below the BN254 scalar order, and the verifier accepts the proof for
    ///   `[ctx, weightsCommit, inputCommit, output]`, where ctx names the caller of this function.
    function check(Claim calldata claim, ProofItem calldata item) external view;
}
