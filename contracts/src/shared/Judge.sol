// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJudge} from "../interfaces/IJudge.sol";
import {Statement} from "../libraries/Statement.sol";
import {ProofTerms} from "../types/ModelTypes.sol";

/// @title What every judge asks a verifier
abstract contract Judge is IJudge {
    /// Returns iff the verifier, which has the registered code, accepts the proof of `[ctx, weightsCommit, inputCommit, output]`.
    /// `position` only names it in errors.
    function _requireProven(
        ProofTerms memory terms,
        uint256 ctx,
        uint256 inputCommit,
        uint256 output,
        bytes calldata proof,
        uint32 position
    ) internal view {
        bytes32 codehash = terms.verifier.codehash;
        require(codehash == terms.verifierCodehash, VerifierChanged(terms.verifier, terms.verifierCodehash, codehash));
        require(Statement.isProven(terms, ctx, inputCommit, output, proof), ProofRejected(position));
    }

    /// Reverts `BatchUnsupported` unless the group has one index.
    function _requireSingle(uint32[] calldata indices) internal pure {
        require(indices.length == 1, BatchUnsupported(indices.length));
    }
}
