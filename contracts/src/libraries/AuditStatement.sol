// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Predicate, RequestTerms} from "../types/RetrievalTypes.sol";
import {Point, SharedSecret} from "../types/SharedKeyTypes.sol";
import {Statement} from "./Statement.sol";
import {
    TAG_ANSWERS,
    TAG_AUDIT,
    TAG_AUDIT_REQUEST,
    TAG_CORPUS,
    TAG_DLEQ,
    TAG_DOC,
    TAG_LIST,
    TAG_PAGE,
    TAG_PREDICATE,
    TAG_SHARED,
    TAG_WITHHELD
} from "./Tags.sol";

/// @title What is hashed for corpora and audits
/// @notice Encodings are as in `Statement`; a point takes two words, x and y. Where two values have one tag, they have different
/// numbers of words, so neither is read as the other.
library AuditStatement {
    // ---- corpora ----

    /// @notice `keccak256(abi.encode(TAG_CORPUS, chainid, registry, rs, root, size, inputWords, wordsPerHash))`; the registry is
    /// the caller.
    function corpusId(address rs, bytes32 root, uint32 size, uint32 inputWords, uint32 wordsPerHash)
        internal
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(TAG_CORPUS, block.chainid, address(this), rs, root, size, inputWords, wordsPerHash));
    }

    /// @notice `keccak256(abi.encode(TAG_DOC, index, docCommit, 0, leafSalt))`: the words of a test leaf with label 0, so that
    /// `TransferJudge` can open it.
    function documentLeaf(uint256 index, uint256 docCommit, bytes32 leafSalt) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_DOC, index, docCommit, uint256(0), leafSalt));
    }

    // ---- requests ----

    /// @notice `keccak256(abi.encode(TAG_PREDICATE, verifier, verifierCodehash, vkDigest, weightsCommit))`.
    function predicateHash(Predicate calldata predicate) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_PREDICATE, predicate));
    }

    /// @notice `keccak256(abi.encode(TAG_AUDIT, chainid, contract, corpusId, seq))`; the contract is the caller.
    function auditId(bytes32 corpus, uint256 seq) internal view returns (bytes32) {
        return keccak256(abi.encode(TAG_AUDIT, block.chainid, address(this), corpus, seq));
    }

    /// @notice `keccak256(abi.encode(TAG_AUDIT_REQUEST, id, rq, corpusId, predicateHash, samples, namedMax, onesMax, withholdMax,
    /// saltHash, requesterKey.x, requesterKey.y, authority, bond, price, expiry, PARAMS_HASH))`.
    function requestHash(bytes32 id, address rq, RequestTerms calldata terms, bytes32 paramsHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(TAG_AUDIT_REQUEST, id, rq, terms, paramsHash));
    }

    // ---- answers ----

    /// @notice `keccak256(abi.encode(TAG_PAGE, id, q, before, keccak256(bits)))`: page number `q`, with `before` ones on earlier
    /// pages.
    function pageHash(bytes32 id, uint256 q, uint256 before, bytes calldata bits) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_PAGE, id, q, before, keccak256(bits)));
    }

    /// @notice answersHash after one more page: `keccak256(abi.encode(TAG_ANSWERS, answersHash, pageHash))`. Before the first page
    /// it is the hash of the request, so that answers are of its terms and no other's.
    function withPage(bytes32 answersHash, bytes32 page) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_ANSWERS, answersHash, page));
    }

    /// @notice answersHash after documents were withheld: `keccak256(abi.encode(TAG_WITHHELD, answersHash, listHash, log))`.
    function withWithheld(bytes32 answersHash, bytes32 list, bytes32 log) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_WITHHELD, answersHash, list, log));
    }

    /// @notice `keccak256(abi.encode(TAG_LIST, indices...))`, one word for each index in order.
    function listHash(uint32[] calldata indices) internal pure returns (bytes32) {
        // The elements of an array are padded to words here, unlike values of their type.
        return keccak256(abi.encodePacked(TAG_LIST, indices));
    }

    /// @notice Seed of the sample: `keccak256(abi.encode(TAG_AUDIT, id, answersHash, salt))`. The salt was committed to before
    /// there were answers, the answers were there before anybody but the requester knew the salt.
    function seed(bytes32 id, bytes32 answersHash, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_AUDIT, id, answersHash, salt));
    }

    // ---- deliveries ----

    /// @notice What the keystream of demand number `m` calls its transfer: `keccak256(abi.encode(TAG_SHARED, id, m))`.
    function streamId(bytes32 id, uint256 m) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_SHARED, id, m));
    }

    /// @notice Master key of demand number `m`: `keccak256(abi.encode(TAG_SHARED, id, m, S.x, S.y))`.
    function masterKey(bytes32 id, uint256 m, Point calldata shared) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_SHARED, id, m, shared));
    }

    /// @notice Challenge of the proof in `secret`: `uint256(keccak256(abi.encode(TAG_DLEQ, streamId, key.x, key.y, E.x, E.y, S.x,
    /// S.y, A1.x, A1.y, A2.x, A2.y))) mod r`.
    function dleqChallenge(bytes32 stream, Point calldata key, Point calldata ephemeral, SharedSecret calldata secret)
        internal
        pure
        returns (uint256)
    {
        bytes memory words = abi.encode(TAG_DLEQ, stream, key, ephemeral, secret.shared, secret.commitG, secret.commitE);
        return uint256(keccak256(words)) % Statement.SCALAR_ORDER;
    }
}
