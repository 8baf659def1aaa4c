// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICorpusRegistry} from "./interfaces/ICorpusRegistry.sol";
import {AuditStatement} from "./libraries/AuditStatement.sol";
import {Parties} from "./shared/Parties.sol";
import {Sequence} from "./shared/Sequence.sol";
import {Attestation, Corpus} from "./types/CorpusTypes.sol";

/// @title Committed sets of documents, and what sources say of them
contract CorpusRegistry is ICorpusRegistry {
    using Sequence for bytes32[];

    /// Largest corpus: the path of a document and its page of answers stay short, and all pages fit few transactions.
    uint32 private constant SIZE_MAX = 1 << 20;
    uint256 private constant URI_MAX = 512;

    mapping(bytes32 corpusId => Corpus) private _corpora;
    /// In the order of commitment.
    mapping(address rs => bytes32[]) private _ids;
    /// In the order of attestation.
    mapping(bytes32 corpusId => Attestation[]) private _attestations;
    mapping(bytes32 corpusId => mapping(address source => uint64 time)) private _attestedAt;

    /// @inheritdoc ICorpusRegistry
    function commit(bytes32 root, uint32 size, uint32 inputWords, uint32 wordsPerHash, string calldata uri)
        external
        returns (bytes32 corpusId)
    {
        require(root != 0, ZeroRoot());
        require(size != 0 && size <= SIZE_MAX, BadCorpusSize(SIZE_MAX, size));
        require(inputWords != 0 && wordsPerHash != 0, BadInputShape(inputWords, wordsPerHash));
        _requireShort(uri);
        corpusId = corpusIdOf(msg.sender, root, size, inputWords, wordsPerHash);
        require(_corpora[corpusId].rs == address(0), CorpusExists(corpusId));

        _corpora[corpusId] = Corpus(msg.sender, size, uint64(block.timestamp), root, inputWords, wordsPerHash);
        _ids[msg.sender].push(corpusId);
        emit CorpusCommitted(corpusId, msg.sender, root, size, inputWords, wordsPerHash, uri);
    }

    /// @inheritdoc ICorpusRegistry
    function attest(bytes32 corpusId, bytes32 root, bytes32 statement, string calldata uri) external {
        Parties.requireGuard(_known(corpusId).root, root);
        require(statement != 0, ZeroStatement());
        _requireShort(uri);
        require(_attestedAt[corpusId][msg.sender] == 0, AlreadyAttested(corpusId, msg.sender));

        uint64 nowTs = uint64(block.timestamp);
        _attestedAt[corpusId][msg.sender] = nowTs;
        _attestations[corpusId].push(Attestation(msg.sender, nowTs, statement));
        emit Attested(corpusId, msg.sender, root, statement, nowTs, uri);
    }

    /// @inheritdoc ICorpusRegistry
    function corpusIdOf(address rs, bytes32 root, uint32 size, uint32 inputWords, uint32 wordsPerHash)
        public
        view
        returns (bytes32)
    {
        return AuditStatement.corpusId(rs, root, size, inputWords, wordsPerHash);
    }

    /// @inheritdoc ICorpusRegistry
    function corpus(bytes32 corpusId) external view returns (Corpus memory) {
        return _known(corpusId);
    }

    /// @inheritdoc ICorpusRegistry
    function corpusCount(address rs) external view returns (uint256) {
        return _ids[rs].length;
    }

    /// @inheritdoc ICorpusRegistry
    function corpusIdAt(address rs, uint256 i) external view returns (bytes32) {
        return _ids[rs].idAt(i);
    }

    /// @inheritdoc ICorpusRegistry
    function attestedAt(bytes32 corpusId, address source) external view returns (uint64) {
        return _attestedAt[corpusId][source];
    }

    /// @inheritdoc ICorpusRegistry
    function attestationCount(bytes32 corpusId) external view returns (uint256) {
        return _attestations[corpusId].length;
    }

    /// @inheritdoc ICorpusRegistry
    function attestationAt(bytes32 corpusId, uint256 i) external view returns (Attestation memory) {
        Attestation[] storage list = _attestations[corpusId];
        require(i < list.length, Sequence.SequenceOutOfRange(list.length, i));
        return list[i];
    }

    function _known(bytes32 corpusId) private view returns (Corpus storage known) {
        known = _corpora[corpusId];
        require(known.rs != address(0), UnknownCorpus(corpusId));
    }

    function _requireShort(string calldata uri) private pure {
        require(bytes(uri).length <= URI_MAX, UriTooLong(URI_MAX, bytes(uri).length));
    }
}
