// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IZkVerifier} from "../interfaces/IZkVerifier.sol";
import {Metric, ModelRecord, ProofTerms} from "../types/ModelTypes.sol";
import {OfferTerms} from "../types/MarketTypes.sol";
import {RoundTerms} from "../types/RoundTypes.sol";
import {
    TAG_CTX,
    TAG_ENG,
    TAG_IN,
    TAG_MODEL,
    TAG_OFFER,
    TAG_OUT,
    TAG_RECORD,
    TAG_ROUND,
    TAG_ROUND_OFFER,
    TAG_SALT,
    TAG_SEED,
    TAG_TEST
} from "./Tags.sol";

/// @title What is hashed, and what a proof states
/// @notice Each encoding is `abi.encode` of fixed-width values: every field takes one 32-byte big-endian word, in the
/// order written, after the tag. Integers and enums are zero-extended, addresses are left-padded.
library Statement {
    /// Order of the BN254 scalar field. Two numbers that differ by it are one instance value to a verifier.
    uint256 internal constant SCALAR_ORDER = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

    /// `kind` of a context that belongs to an accuracy engagement.
    uint256 internal constant KIND_ACCURACY = 1;
    /// Of one that belongs to a round of predictions, and to an audit of a corpus.
    uint256 internal constant KIND_PREDICTION = 2;
    uint256 internal constant KIND_RETRIEVAL = 3;

    /// @notice A value of an instance is not below the scalar order.
    error NotCanonical(uint256 value);

    /// @notice `keccak256(abi.encode(TAG_RECORD, mp, verifier, verifierCodehash, vkDigest, weightsCommit, metric, classes,
    /// inputWords, wordsPerHash))`.
    function modelHash(ModelRecord calldata r) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                TAG_RECORD,
                r.mp,
                r.verifier,
                r.verifierCodehash,
                r.vkDigest,
                r.weightsCommit,
                r.metric,
                r.classes,
                r.inputWords,
                r.wordsPerHash
            )
        );
    }

    /// @notice `keccak256(abi.encode(TAG_MODEL, chainid, registry, mp, modelHash, nonce))`; the registry is the caller.
    function modelId(address mp, bytes32 hash, uint64 nonce) internal view returns (bytes32) {
        return keccak256(abi.encode(TAG_MODEL, block.chainid, address(this), mp, hash, nonce));
    }

    /// @notice `keccak256(abi.encode(TAG_ENG, chainid, contract, modelId, seq))`; the contract is the caller.
    function engagementId(bytes32 model, uint256 seq) internal view returns (bytes32) {
        return keccak256(abi.encode(TAG_ENG, block.chainid, address(this), model, seq));
    }

    /// @notice `keccak256(abi.encode(TAG_OFFER, id, mc, modelId, modelHash, mode, adjudication, testRoot, mcSaltHash,
    /// targetBps, expiry, PARAMS_HASH))`.
    function offerHash(bytes32 id, address mc, OfferTerms calldata terms, bytes32 paramsHash)
        internal
        pure
        returns (bytes32)
    {
        // A static struct is encoded as its fields in order.
        return keccak256(abi.encode(TAG_OFFER, id, mc, terms, paramsHash));
    }

    /// @notice `keccak256(abi.encode(TAG_ROUND, chainid, contract, modelId, seq))`; the contract is the caller.
    function roundId(bytes32 model, uint256 seq) internal view returns (bytes32) {
        return keccak256(abi.encode(TAG_ROUND, block.chainid, address(this), model, seq));
    }

    /// @notice `keccak256(abi.encode(TAG_ROUND_OFFER, id, mc, modelId, modelHash, inputRoot, predictions, contestCap, mpDeposit,
    /// price, privacy, expiry, quietBond, PARAMS_HASH))`.
    function roundOfferHash(bytes32 id, address mc, RoundTerms calldata terms, uint128 quietBond, bytes32 paramsHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(TAG_ROUND_OFFER, id, mc, terms, quietBond, paramsHash));
    }

    /// @notice `keccak256(abi.encode(TAG_IN, index, inputCommit))`: the commitment is salted.
    function inputLeaf(uint256 index, uint256 inputCommit) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_IN, index, inputCommit));
    }

    /// @notice Salt of output word number `w` under the master salt of the round: `keccak256(abi.encode(TAG_OUT, master, w))`.
    function outputSalt(bytes32 master, uint256 w) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_OUT, master, w));
    }

    /// @notice `keccak256(abi.encode(TAG_OUT, w, word, salt))`: one field more than a salt, so neither is read as the other.
    function outputLeaf(uint256 w, uint256 word, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_OUT, w, word, salt));
    }

    /// @notice `keccak256(abi.encode(TAG_TEST, index, inputCommit, label, leafSalt))`.
    function testLeaf(uint256 index, uint256 inputCommit, uint32 label, bytes32 leafSalt)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(TAG_TEST, index, inputCommit, label, leafSalt));
    }

    /// @notice `uint256(keccak256(abi.encode(TAG_CTX, chainid, market, kind, id, position))) >> 8`: what makes a proof
    /// worthless anywhere else.
    function context(address market, uint256 kind, bytes32 id, uint256 position) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(TAG_CTX, block.chainid, market, kind, id, position))) >> 8;
    }

    /// @notice The commitment to the consumer's salt: `keccak256(abi.encode(TAG_SALT, mcSalt))`.
    function saltHash(bytes32 mcSalt) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_SALT, mcSalt));
    }

    /// @notice `keccak256(abi.encode(TAG_SEED, id, testRoot, ctRoot, mpSeed, mcSalt))`: each part is fixed before its owner
    /// could see the other side's.
    function seed(bytes32 id, bytes32 testRoot, bytes32 ctRoot, bytes32 mpSeed, bytes32 mcSalt)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(TAG_SEED, id, testRoot, ctRoot, mpSeed, mcSalt));
    }

    /// @notice Whether `output` counts as correct for `label`.
    function isCorrect(Metric metric, uint32 classes, uint256 output, uint32 label) internal pure returns (bool) {
        if (!isOutput(metric, classes, output)) return false;
        if (metric != Metric.TOP5) return output == label;
        for (uint256 j = 0; j < 5; ++j) {
            if ((output >> (16 * j)) & 0xffff == label) return true;
        }
        return false;
    }

    /// @notice Whether `output` is an output word of the metric, as `Metric` describes it. No word is one of TOP5 and of
    /// another metric, so a circuit registered under the wrong one proves nothing.
    function isOutput(Metric metric, uint32 classes, uint256 output) internal pure returns (bool) {
        if (metric != Metric.TOP5) return output < classes;
        uint256 smallest = 0;
        for (uint256 j = 0; j < 5; ++j) {
            uint256 class = output & 0xffff;
            if (class < smallest || class >= classes) return false;
            smallest = class + 1;
            output >>= 16;
        }
        return output == 0;
    }

    /// @notice Whether the registered verifier accepts `proof` in context `ctx`, which is canonical.
    ///
    /// Requirements:
    /// - `inputCommit` and `output` are below the scalar order, else `NotCanonical`.
    ///
    /// Only success with exactly 32 bytes of return data equal to 1 is acceptance. A false answer, a revert and too
    /// little gas look the same here, hence a caller must never hold a rejection against the prover.
    function isProven(ProofTerms memory terms, uint256 ctx, uint256 inputCommit, uint256 output, bytes calldata proof)
        internal
        view
        returns (bool)
    {
        requireCanonical(inputCommit);
        requireCanonical(output);
        // weightsCommit is below 2^248, hence canonical.
        uint256[4] memory inst = [ctx, terms.weightsCommit, inputCommit, output];
        (bool ok, bytes memory answer) =
            terms.verifier.staticcall(abi.encodeCall(IZkVerifier.verify, (terms.vkDigest, inst, proof)));
        return ok && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }

    function requireCanonical(uint256 value) internal pure {
        require(value < SCALAR_ORDER, NotCanonical(value));
    }
}
