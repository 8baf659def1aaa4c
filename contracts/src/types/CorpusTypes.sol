// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// A committed set of documents as `CorpusRegistry.corpus` returns it. Nothing of it ever changes.
struct Corpus {
    /// Who committed it, and who answers for it in audits.
    address rs;
    /// Number of documents, 1..2^20.
    uint32 size;
    /// Unix seconds.
    uint64 committedAt;
    /// Root over the document leaves (`AuditStatement.documentLeaf`).
    bytes32 root;
    /// L: number of 31-byte words of the model input of one document; at least 1.
    uint32 inputWords;
    /// rho: message words absorbed by one hash call of a document's commitment; at least 1.
    uint32 wordsPerHash;
}

/// What one source said about one corpus.
struct Attestation {
    address source;
    /// Unix seconds.
    uint64 attestedAt;
    /// Hash of what the source states: which documents are its own, or that the archive is whole.
    bytes32 statement;
}
