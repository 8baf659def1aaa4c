//! `CorpusRegistry`, as `contracts/src/interfaces/ICorpusRegistry.sol` explains it.

use alloy::sol;

sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq))]

    struct Corpus {
        address rs;
        uint32 size;
        uint64 committedAt;
        bytes32 root;
        uint32 inputWords;
        uint32 wordsPerHash;
    }

    struct Attestation {
        address source;
        uint64 attestedAt;
        bytes32 statement;
    }

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
            bytes32 indexed corpusId,
            address indexed source,
            bytes32 root,
            bytes32 statement,
            uint64 attestedAt,
            string uri
        );

        error ZeroRoot();
        error BadCorpusSize(uint32 largest, uint32 given);
        error BadInputShape(uint32 inputWords, uint32 wordsPerHash);
        error UriTooLong(uint256 limit, uint256 given);
        error CorpusExists(bytes32 corpusId);
        error UnknownCorpus(bytes32 corpusId);
        error ZeroStatement();
        error AlreadyAttested(bytes32 corpusId, address source);

        function commit(bytes32 root, uint32 size, uint32 inputWords, uint32 wordsPerHash, string calldata uri)
            external returns (bytes32 corpusId);
        function attest(bytes32 corpusId, bytes32 root, bytes32 statement, string calldata uri) external;
        function corpusIdOf(address rs, bytes32 root, uint32 size, uint32 inputWords, uint32 wordsPerHash)
            external view returns (bytes32 corpusId);
        function corpus(bytes32 corpusId) external view returns (Corpus memory);
        function corpusCount(address rs) external view returns (uint256);
        function corpusIdAt(address rs, uint256 i) external view returns (bytes32);
        function attestedAt(bytes32 corpusId, address source) external view returns (uint64);
        function attestationCount(bytes32 corpusId) external view returns (uint256);
        function attestationAt(bytes32 corpusId, uint256 i) external view returns (Attestation memory);
    }
}
