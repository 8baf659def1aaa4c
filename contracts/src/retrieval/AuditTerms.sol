// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAuditTerms} from "../interfaces/IAuditTerms.sol";
import {ICorpusRegistry} from "../interfaces/ICorpusRegistry.sol";
import {IRetrievalMarket} from "../interfaces/IRetrievalMarket.sol";
import {ISharedKeyJudge} from "../interfaces/ISharedKeyJudge.sol";
import {ITransferJudge} from "../interfaces/ITransferJudge.sol";
import {AnswerPages} from "../libraries/AnswerPages.sol";
import {AuditPayouts} from "../libraries/AuditPayouts.sol";
import {AuditStatement} from "../libraries/AuditStatement.sol";
import {Chunks} from "../libraries/Chunks.sol";
import {TAG_AUDIT_PARAMS} from "../libraries/Tags.sol";
import {Deadlines} from "../shared/Deadlines.sol";
import {Offers} from "../shared/Offers.sol";
import {Verifiers} from "../shared/Verifiers.sol";
import {AuditContracts, Audited, AuditWindows, DeliveryParams, RetrievalParams} from "../types/AuditTypes.sol";
import {Corpus} from "../types/CorpusTypes.sol";
import {Predicate, RequestTerms} from "../types/RetrievalTypes.sol";

/// @title Parameters of a retrieval market, what a request must be and how long everything may take
/// @notice Apart from the market because its code would exceed the limit with it.
contract AuditTerms is IAuditTerms {
    /// Documents of the largest corpus (`ICorpusRegistry`).
    uint256 private constant SIZE_MAX = 1 << 20;
    /// No transaction may use more.
    uint256 private constant GAS_MAX = 1 << 24;
    /// Documents that a requester may name: its one call with their pages must fit a transaction.
    uint256 private constant NAMED_MAX = 128;
    /// Gas of a word of ciphertext in calldata, at least (EIP-7623).
    uint256 private constant WORD_GAS = 32 * 40;
    /// Gas per second that one responder may be asked for: a three-hundredth of what blocks carry, or it drives up its own base fee.
    uint256 private constant GAS_PER_SECOND = 100_000;

    /// @inheritdoc IAuditTerms
    bytes32 public immutable PARAMS_HASH;

    address private immutable CORPORA;
    address private immutable DOCUMENT_JUDGE;
    address private immutable TRANSFER_JUDGE;
    address private immutable SHARED_KEY_JUDGE;
    address private immutable PUBLICATION;
    uint32 private immutable WORDS_PER_CHUNK;
    uint32 private immutable CHUNK_GAS;
    uint32 private immutable DELIVER_GAS;
    uint64 private immutable ACCEPT_WINDOW;
    uint64 private immutable ANSWER_BASE;
    uint64 private immutable ANSWER_TIME;
    uint64 private immutable REVEAL_WINDOW;
    uint64 private immutable PROVE_BASE;
    uint64 private immutable PROVE_TIME;
    uint64 private immutable DEMAND_WINDOW;
    uint64 private immutable DELIVER_BASE;
    uint64 private immutable DELIVER_TIME;
    uint64 private immutable ACK_WINDOW;
    uint64 private immutable PUBLISH_BASE;
    uint64 private immutable PUBLISH_TIME;
    uint64 private immutable EVIDENCE_WINDOW;

    /// @notice Requirements:
    /// - the other contracts have code; `wordsPerChunk` is a positive multiple of the transfer judge's rho, at most 256;
    /// - `chunkGas` is in 1..1280·(w + 6), `deliverGas` in 1..2^24;
    /// - each window is within its bounds, W_answer of the largest corpus, too; every time per unit is > 0;
    /// - `publishTime` is at least `chunkGas` at 100,000 gas a second, `deliverTime` as much for the two chunks that a demand has at
    ///   least and `deliverGas`.
    constructor(RetrievalParams memory p) {
        _checkContracts(p.contracts);
        _checkDelivery(p.delivery, ITransferJudge(p.contracts.transfers).wordsPerHash());
        _checkWindows(p.windows, p.delivery);

        CORPORA = p.contracts.corpora;
        DOCUMENT_JUDGE = p.contracts.documents;
        TRANSFER_JUDGE = p.contracts.transfers;
        SHARED_KEY_JUDGE = p.contracts.sharedKeys;
        PUBLICATION = p.contracts.publication;
        WORDS_PER_CHUNK = p.delivery.wordsPerChunk;
        CHUNK_GAS = p.delivery.chunkGas;
        DELIVER_GAS = p.delivery.deliverGas;
        ACCEPT_WINDOW = p.windows.accept;
        ANSWER_BASE = p.windows.answerBase;
        ANSWER_TIME = p.windows.answerTime;
        REVEAL_WINDOW = p.windows.reveal;
        PROVE_BASE = p.windows.proveBase;
        PROVE_TIME = p.windows.proveTime;
        DEMAND_WINDOW = p.windows.demand;
        DELIVER_BASE = p.windows.deliverBase;
        DELIVER_TIME = p.windows.deliverTime;
        ACK_WINDOW = p.windows.ack;
        PUBLISH_BASE = p.windows.publishBase;
        PUBLISH_TIME = p.windows.publishTime;
        EVIDENCE_WINDOW = p.windows.evidence;
        PARAMS_HASH = keccak256(abi.encode(TAG_AUDIT_PARAMS, params()));
    }

    /// @inheritdoc IAuditTerms
    function params() public view returns (RetrievalParams memory) {
        return RetrievalParams({
            contracts: AuditContracts(CORPORA, DOCUMENT_JUDGE, TRANSFER_JUDGE, SHARED_KEY_JUDGE, PUBLICATION),
            delivery: DeliveryParams(WORDS_PER_CHUNK, CHUNK_GAS, DELIVER_GAS),
            windows: AuditWindows({
                accept: ACCEPT_WINDOW,
                answerBase: ANSWER_BASE,
                answerTime: ANSWER_TIME,
                reveal: REVEAL_WINDOW,
                proveBase: PROVE_BASE,
                proveTime: PROVE_TIME,
                demand: DEMAND_WINDOW,
                deliverBase: DELIVER_BASE,
                deliverTime: DELIVER_TIME,
                ack: ACK_WINDOW,
                publishBase: PUBLISH_BASE,
                publishTime: PUBLISH_TIME,
                evidence: EVIDENCE_WINDOW
            })
        });
    }

    /// @inheritdoc IAuditTerms
    function checkRequest(RequestTerms calldata t, Predicate calldata predicate)
        external
        view
        returns (Audited memory)
    {
        Corpus memory corpus = ICorpusRegistry(CORPORA).corpus(t.corpusId);
        Offers.checkExpiry(t.expiry, ACCEPT_WINDOW);
        _checkPredicate(t.predicateHash, predicate);
        require(t.saltHash != 0, IRetrievalMarket.ZeroSaltHash());
        ISharedKeyJudge(SHARED_KEY_JUDGE).requirePoint(t.requesterKey);
        _checkSizes(t, corpus.size);
        uint256 rate = ITransferJudge(TRANSFER_JUDGE).wordsPerHash();
        require(corpus.wordsPerHash == rate, IRetrievalMarket.WordsPerHashMismatch(rate, corpus.wordsPerHash));
        // INVARIANT: whatever may be drawn, named or demanded of it, a responder has time for, and no window is endless.
        _requireShort("prove", _linear(PROVE_BASE, PROVE_TIME, uint256(t.samples) + t.namedMax));
        uint256 chunks = _chunks(t.onesMax, corpus.inputWords);
        _requireShort("deliver", _linear(DELIVER_BASE, DELIVER_TIME, chunks));
        _requireShort("publish", _linear(PUBLISH_BASE, PUBLISH_TIME, chunks));
        return Audited(corpus.rs, corpus.size, corpus.committedAt, corpus.root, corpus.inputWords);
    }

    // ---- windows and fees ----

    /// @inheritdoc IAuditTerms
    function answerWindow(uint32 size) external view returns (uint64) {
        return SafeCast.toUint64(_linear(ANSWER_BASE, ANSWER_TIME, AnswerPages.count(size)));
    }

    /// @inheritdoc IAuditTerms
    function proveWindow(uint256 items) external view returns (uint64) {
        return SafeCast.toUint64(_linear(PROVE_BASE, PROVE_TIME, items));
    }

    /// @inheritdoc IAuditTerms
    function demandTerms(uint256 documents, uint256 soFar, uint32 inputWords, uint256 baseFee)
        external
        view
        returns (uint256 fee, uint64 deliverWindow, uint64 publishWindow)
    {
        fee = AuditPayouts.demandFee(_chunks(documents, inputWords), CHUNK_GAS, DELIVER_GAS, baseFee);
        uint256 chunks = _chunks(soFar, inputWords);
        deliverWindow = SafeCast.toUint64(_linear(DELIVER_BASE, DELIVER_TIME, chunks));
        publishWindow = SafeCast.toUint64(_linear(PUBLISH_BASE, PUBLISH_TIME, chunks));
    }

    /// Chunks of so many documents.
    function _chunks(uint256 documents, uint32 inputWords) private view returns (uint256) {
        return documents * Chunks.perExample(inputWords, WORDS_PER_CHUNK);
    }

    function _linear(uint64 base, uint64 time, uint256 units) private pure returns (uint256) {
        return base + units * time;
    }

    // ---- requests ----

    function _checkPredicate(bytes32 expected, Predicate calldata p) private view {
        bytes32 given = AuditStatement.predicateHash(p);
        require(given == expected, IRetrievalMarket.WrongPredicate(expected, given));
        Verifiers.check(p.verifier, p.verifierCodehash, p.vkDigest, p.weightsCommit);
    }

    function _checkSizes(RequestTerms calldata t, uint32 size) private pure {
        require(t.samples != 0 && t.samples <= size, IRetrievalMarket.BadSamples(size, t.samples));
        uint256 named = Math.min(size, NAMED_MAX);
        require(t.namedMax <= named, IRetrievalMarket.BadNamedMax(named, t.namedMax));
        require(t.onesMax <= size, IRetrievalMarket.BadOnesMax(size, t.onesMax));
        uint32 most = t.authority == address(0) ? 0 : t.onesMax;
        require(t.withholdMax <= most, IRetrievalMarket.BadWithholdMax(most, t.withholdMax));
    }

    function _requireShort(bytes32 name, uint256 window) private pure {
        require(window <= Deadlines.MAX_WINDOW, IRetrievalMarket.WindowTooLong(name, Deadlines.MAX_WINDOW, window));
    }

    // ---- construction ----

    function _checkContracts(AuditContracts memory c) private view {
        require(c.corpora.code.length != 0, BadParameter("corpora", uint160(c.corpora)));
        require(c.documents.code.length != 0, BadParameter("documentJudge", uint160(c.documents)));
        require(c.transfers.code.length != 0, BadParameter("transferJudge", uint160(c.transfers)));
        require(c.sharedKeys.code.length != 0, BadParameter("sharedKeyJudge", uint160(c.sharedKeys)));
        require(c.publication.code.length != 0, BadParameter("publication", uint160(c.publication)));
    }

    function _checkDelivery(DeliveryParams memory d, uint256 rate) private pure {
        require(Chunks.isSize(d.wordsPerChunk, rate), BadParameter("wordsPerChunk", d.wordsPerChunk));
        // INVARIANT: half of what a document's chunks are counted at is less than its header and its data cost as calldata, or
        // whoever withholds a ciphertext and publishes it would gain.
        uint256 most = WORD_GAS * (Chunks.HEADER_WORDS + 1 + d.wordsPerChunk);
        require(d.chunkGas != 0 && d.chunkGas <= most, BadParameter("chunkGas", d.chunkGas));
        require(d.deliverGas != 0 && d.deliverGas <= GAS_MAX, BadParameter("deliverGas", d.deliverGas));
    }

    function _checkWindows(AuditWindows memory w, DeliveryParams memory d) private view {
        Deadlines.checkWindow("acceptWindow", w.accept);
        Deadlines.checkWindow("answerBase", w.answerBase);
        Deadlines.checkWindow("revealWindow", w.reveal);
        Deadlines.checkWindow("proveBase", w.proveBase);
        Deadlines.checkWindow("demandWindow", w.demand);
        Deadlines.checkWindow("deliverBase", w.deliverBase);
        Deadlines.checkWindow("ackWindow", w.ack);
        Deadlines.checkWindow("publishBase", w.publishBase);
        Deadlines.checkWindow("evidenceWindow", w.evidence);
        require(
            w.answerTime != 0
                && _linear(w.answerBase, w.answerTime, AnswerPages.count(SIZE_MAX)) <= Deadlines.MAX_WINDOW,
            BadParameter("answerTime", w.answerTime)
        );
        require(w.proveTime != 0 && w.proveTime <= Deadlines.MAX_WINDOW, BadParameter("proveTime", w.proveTime));
        // A document has a header and one data chunk at least.
        require(
            w.deliverTime <= Deadlines.MAX_WINDOW && 2 * w.deliverTime * GAS_PER_SECOND >= d.deliverGas,
            BadParameter("deliverTime", w.deliverTime)
        );
        require(
            w.publishTime <= Deadlines.MAX_WINDOW && w.publishTime * GAS_PER_SECOND >= d.chunkGas,
            BadParameter("publishTime", w.publishTime)
        );
    }
}
