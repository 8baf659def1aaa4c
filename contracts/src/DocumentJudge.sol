// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IDocumentJudge} from "./interfaces/IDocumentJudge.sol";
import {AuditStatement} from "./libraries/AuditStatement.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {Statement} from "./libraries/Statement.sol";
import {Judge} from "./shared/Judge.sol";
import {Metric, ProofTerms} from "./types/ModelTypes.sol";
import {DocumentClaim, DocumentGroup, Predicate} from "./types/RetrievalTypes.sol";

/// @title Decides whether documents are proven to be no match, one at a time
contract DocumentJudge is IDocumentJudge, Judge {
    /// The one output that is ever proven: a document that matches is delivered.
    uint256 private constant NO_MATCH = 0;

    /// @inheritdoc IDocumentJudge
    function check(DocumentClaim calldata claim, DocumentGroup calldata group) external view {
        _requireSingle(group.indices);
        require(
            group.docCommits.length == 1 && group.leafSalts.length == 1 && group.paths.length == 1,
            BadDocumentGroup(group.docCommits.length, group.leafSalts.length, group.paths.length)
        );
        uint32 index = group.indices[0];
        uint256 docCommit = group.docCommits[0];

        bytes32 leaf = AuditStatement.documentLeaf(index, docCommit, group.leafSalts[0]);
        bytes32 root = Merkle.rootFrom(leaf, index, claim.size, group.paths[0]);
        require(root == claim.root, WrongDocumentLeaf(index, claim.root, root));

        uint256 ctx = Statement.context(msg.sender, claim.kind, claim.id, index);
        _requireProven(_proofTerms(claim.predicate), ctx, docCommit, NO_MATCH, group.proof, index);
    }

    function _proofTerms(Predicate calldata p) private pure returns (ProofTerms memory) {
        return ProofTerms(p.verifier, p.verifierCodehash, p.vkDigest, p.weightsCommit, Metric.BIN, 2);
    }
}
