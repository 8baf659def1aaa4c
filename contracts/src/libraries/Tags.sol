// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

// Domain tags.
// Every hash of the protocol is `keccak256(abi.encode(TAG, fields...))` with a tag from this list, so that no
// value of one kind can be read as another. A tag is the keccak256 of its ASCII name; clients recompute them.

// Leaf of the test set: (index, inputCommit, label, leafSalt).
bytes32 constant TAG_TEST = keccak256("assay.test.v1");
// Inner node of a Merkle tree: (left, right).
bytes32 constant TAG_NODE = keccak256("assay.node.v1");
// Unused leaf of a Merkle tree: ().
bytes32 constant TAG_EMPTY = keccak256("assay.empty.v1");
// Proof context: (chainid, contract, kind, id, position).
bytes32 constant TAG_CTX = keccak256("assay.ctx.v1");
// Model record without uri: see `IModelRegistry.hashRecord`.
bytes32 constant TAG_RECORD = keccak256("assay.record.v1");
// Model identifier: (chainid, registry, mp, modelHash, nonce).
bytes32 constant TAG_MODEL = keccak256("assay.model.v1");
// Engagement identifier: (chainid, contract, modelId, seq).
bytes32 constant TAG_ENG = keccak256("assay.engagement.v1");
// Offer: (id, mc, every argument of open, PARAMS_HASH).
bytes32 constant TAG_OFFER = keccak256("assay.offer.v1");
// Marketplace parameters: every field of `Params`.
bytes32 constant TAG_PARAMS = keccak256("assay.params.v1");
// Commitment to the consumer's salt in FULL: (mcSalt).
bytes32 constant TAG_SALT = keccak256("assay.salt.v1");
// Seed of the shuffle in FULL: (engagementId, testRoot, ctRoot, mpSeed, mcSalt).
bytes32 constant TAG_SEED = keccak256("assay.seed.v1");
// Coins of the shuffle: pivots (seed, round), sides (seed, round, block).
bytes32 constant TAG_SHUFFLE = keccak256("assay.shuffle.v1");
// Key of one example: (master key, index).
bytes32 constant TAG_KEY = keccak256("assay.key.v1");
// Keystream word: (key, engagementId, chunk, word).
bytes32 constant TAG_KS = keccak256("assay.keystream.v1");
// Leaf of the ciphertext: (chunk, hash of its cipher words).
bytes32 constant TAG_CT = keccak256("assay.cipher.v1");
// Vote for a cooperative close: (state, guard, mcAmount, mpAmount).
bytes32 constant TAG_VOTE = keccak256("assay.vote.v1");
// Round identifier: (chainid, contract, modelId, seq).
bytes32 constant TAG_ROUND = keccak256("assay.round.v1");
// Round offer: (id, mc, every argument of open, quiet bond, PARAMS_HASH).
bytes32 constant TAG_ROUND_OFFER = keccak256("assay.round-offer.v1");
// Parameters of a prediction market: every field of `PredictionParams`.
bytes32 constant TAG_ROUND_PARAMS = keccak256("assay.round-params.v1");
// Leaf of the inputs of a round: (index, inputCommit).
bytes32 constant TAG_IN = keccak256("assay.input-leaf.v1");
// Leaf of the outputs of a round: (word number, word, salt). Its salt: (master salt, word number).
bytes32 constant TAG_OUT = keccak256("assay.output.v1");
// Position of a proof of several predictions in its context: (indices...).
bytes32 constant TAG_GROUP = keccak256("assay.group.v1");
// Corpus identifier: (chainid, registry, rs, root, size, inputWords, wordsPerHash).
bytes32 constant TAG_CORPUS = keccak256("assay.corpus.v1");
// Leaf of a corpus: (index, docCommit, 0, leafSalt).
bytes32 constant TAG_DOC = keccak256("assay.document.v1");
// Salt of such a leaf, which no contract computes: (SHA-256 of the original file, 32 random bytes).
bytes32 constant TAG_FILE = keccak256("assay.file.v1");
// Predicate of an audit: (verifier, verifierCodehash, vkDigest, weightsCommit).
bytes32 constant TAG_PREDICATE = keccak256("assay.predicate.v1");
// Audit identifier: (chainid, contract, corpusId, seq). Seed of its sample: (id, answersHash, salt).
bytes32 constant TAG_AUDIT = keccak256("assay.audit.v1");
// Audit request: (id, rq, every argument of request but the predicate, PARAMS_HASH).
bytes32 constant TAG_AUDIT_REQUEST = keccak256("assay.audit-request.v1");
// Parameters of a retrieval market: every field in order.
bytes32 constant TAG_AUDIT_PARAMS = keccak256("assay.audit-params.v1");
// Page of answers: (id, page number, ones on earlier pages, hash of its bytes).
bytes32 constant TAG_PAGE = keccak256("assay.page.v1");
// Answers with one more page: (answers so far, page).
bytes32 constant TAG_ANSWERS = keccak256("assay.answers.v1");
// Answers of which documents are withheld: (answers so far, list, log).
bytes32 constant TAG_WITHHELD = keccak256("assay.withheld.v1");
// Documents of a demand, or of those withheld: (indices...).
bytes32 constant TAG_LIST = keccak256("assay.list.v1");
// Keystream identifier of a demand: (id, demand number). Its master key: (id, demand number, shared point).
bytes32 constant TAG_SHARED = keccak256("assay.shared.v1");
// Challenge of a proof about a shared point: (keystream identifier, key, E, S, A1, A2).
bytes32 constant TAG_DLEQ = keccak256("assay.dleq.v1");
