// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IProofJudge} from "./interfaces/IProofJudge.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {Shuffle} from "./libraries/Shuffle.sol";
import {Statement} from "./libraries/Statement.sol";
import {Judge} from "./shared/Judge.sol";
import {Claim, ProofItem} from "./types/MarketTypes.sol";
import {ProofTerms} from "./types/ModelTypes.sol";

/// @title Decides whether one example is proven correct
/// @notice Apart from the markets because their code would exceed the limit with it.
contract ProofJudge is IProofJudge, Judge {
    /// @inheritdoc IProofJudge
    function check(Claim calldata claim, ProofItem calldata item) external view {
        ProofTerms memory terms = IModelRegistry(claim.registry).proofTerms(claim.modelId);
        uint256 index = Shuffle.datasetIndex(claim.seed, claim.position, claim.examples);
        bytes32 leaf = Statement.testLeaf(index, item.inputCommit, item.label, item.leafSalt);
        bytes32 root = Merkle.rootFrom(leaf, index, claim.examples, item.path);
        require(root == claim.testRoot, WrongTestLeaf(item.position, claim.testRoot, root));
        require(
            Statement.isCorrect(terms.metric, terms.classes, item.output, item.label),
            NotCorrect(item.position, item.output, item.label)
        );
        uint256 ctx = Statement.context(msg.sender, claim.kind, claim.id, claim.position);
        _requireProven(terms, ctx, item.inputCommit, item.output, item.proof, item.position);
    }
}
