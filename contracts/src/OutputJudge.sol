// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IOutputJudge} from "./interfaces/IOutputJudge.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {OutputWords} from "./libraries/OutputWords.sol";
import {Statement} from "./libraries/Statement.sol";
import {Judge} from "./shared/Judge.sol";
import {ProofTerms} from "./types/ModelTypes.sol";
import {AnswerGroup, OutputOpening, RoundClaim} from "./types/RoundTypes.sol";

/// @title Decides whether posted outputs are proven, one at a time
contract OutputJudge is IOutputJudge, Judge {
    using OutputWords for OutputWords.Layout;

    /// @inheritdoc IOutputJudge
    function check(RoundClaim calldata claim, AnswerGroup calldata group) external view {
        _requireSingle(group.indices);
        require(
            group.inputCommits.length == 1 && group.inputPaths.length == 1 && group.outputs.length == 1,
            BadGroup(group.inputCommits.length, group.inputPaths.length, group.outputs.length)
        );
        uint32 index = group.indices[0];
        uint256 inputCommit = group.inputCommits[0];
        ProofTerms memory terms = IModelRegistry(claim.registry).proofTerms(claim.modelId);

        bytes32 leaf = Statement.inputLeaf(index, inputCommit);
        bytes32 root = Merkle.rootFrom(leaf, index, claim.predictions, group.inputPaths[0]);
        require(root == claim.inputRoot, WrongInputLeaf(index, claim.inputRoot, root));

        uint256 output = _outputAt(claim, terms, index, group.outputs[0]);
        uint256 ctx = Statement.context(msg.sender, claim.kind, claim.id, index);
        _requireProven(terms, ctx, inputCommit, output, group.proof, index);
    }

    /// The posted output of `index`, which is in the opened word.
    function _outputAt(RoundClaim calldata claim, ProofTerms memory terms, uint32 index, OutputOpening calldata opening)
        private
        pure
        returns (uint256 output)
    {
        OutputWords.Layout memory outputs = OutputWords.planned(claim.predictions, terms.metric, claim.privacy);
        uint256 w = index / outputs.lanes;
        bytes32 leaf = Statement.outputLeaf(w, opening.word, opening.salt);
        bytes32 root = Merkle.rootFrom(leaf, w, outputs.count(), opening.path);
        require(root == claim.outputsRoot, WrongOutputLeaf(index, claim.outputsRoot, root));
        output = outputs.outputAt(index, opening.word);
        require(Statement.isOutput(terms.metric, terms.classes, output), NotAnOutput(index, output));
    }
}
