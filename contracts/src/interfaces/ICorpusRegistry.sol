// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Attestation, Corpus} from "../types/CorpusTypes.sol";

/// @title Committed sets of documents, and what sources say of them
/// @notice A responder commits a corpus once, before anybody asks for it; audits of any market and of any requester name it by
/// its identifier. A source attests what it knows of the documents. There is no money, owner or parameter here, and nothing that
/// is written changes.
///
/// Warning: a commitment says nothing about what is not in it, nor that a leaf is the hash of a document at all.
interface ICorpusRegistry {
    event CorpusCommitted(
        bytes32 indexed corpusId,
        address indexed rs,
        bytes32 root,
        uint32 size,
        uint32 inputWords,
        uint32 wordsPerHash,
        string uri
    );
    event Attested(
        bytes32 indexed corpusId, address indexed source, bytes32 root, bytes32 statement, uint64 attestedAt, string uri
    );

    error ZeroRoot();
    /// @notice A corpus has 1..`largest` documents.
    error BadCorpusSize(uint32 largest, uint32 given);
    error BadInputShape(uint32 inputWords, uint32 wordsPerHash);
    error UriTooLong(uint256 limit, uint256 given);
    error CorpusExists(bytes32 corpusId);
    error UnknownCorpus(bytes32 corpusId);
    error ZeroStatement();
    error AlreadyAttested(bytes32 corpusId, address source);

    /// @notice Commits the caller, as responder, to the documents under `root`.
    ///
    /// Requirements:
    /// - `root` is not zero, `size` is in 1..2^20, `inputWords` and `wordsPerHash` are not zero, `uri` has at most 512 bytes;
    /// - the caller has not committed the same before. A copy by somebody else is another corpus.
    ///
    /// @return corpusId `keccak256(abi.encode(TAG_CORPUS, chainid, registry, rs, root, size, inputWords, wordsPerHash))`.
    function commit(bytes32 root, uint32 size, uint32 inputWords, uint32 wordsPerHash, string calldata uri)
        external
        returns (bytes32 corpusId);

    /// @notice Records what the caller, as a source, says of a corpus; once for each source.
    ///
    /// Requirements:
    /// - the corpus exists and `root` is its root, else `IMarket.GuardMismatch`: the caller names what it looked at;
    /// - `statement` is not zero, `uri` has at most 512 bytes;
    /// - the caller has not attested this corpus before.
    ///
    /// Warning: anybody may attest anything. An attestation is worth what its source is.
    function attest(bytes32 corpusId, bytes32 root, bytes32 statement, string calldata uri) external;

    /// @notice The identifier that `commit` gives to `rs`.
    function corpusIdOf(address rs, bytes32 root, uint32 size, uint32 inputWords, uint32 wordsPerHash)
        external
        view
        returns (bytes32 corpusId);

    /// @notice All about one corpus. Reverts `UnknownCorpus` if nobody committed it.
    function corpus(bytes32 corpusId) external view returns (Corpus memory);

    /// @notice Number of corpora that `rs` has committed.
    function corpusCount(address rs) external view returns (uint256);

    /// @notice Identifier of corpus number `i` of `rs`, counted from 0. Reverts `SequenceOutOfRange` past the last one.
    function corpusIdAt(address rs, uint256 i) external view returns (bytes32);

    /// @notice Unix seconds at which `source` attested the corpus; zero if it did not.
    function attestedAt(bytes32 corpusId, address source) external view returns (uint64);

    /// @notice Number of sources that attested the corpus.
    function attestationCount(bytes32 corpusId) external view returns (uint256);

    /// @notice Attestation number `i`, counted from 0, in order of time. Reverts `SequenceOutOfRange` past the last one.
    function attestationAt(bytes32 corpusId, uint256 i) external view returns (Attestation memory);
}
