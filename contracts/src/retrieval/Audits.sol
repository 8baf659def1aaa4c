// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAuditReader} from "../interfaces/IAuditReader.sol";
import {IAuditTerms} from "../interfaces/IAuditTerms.sol";
import {IDocumentJudge} from "../interfaces/IDocumentJudge.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {IPublishedTransfers} from "../interfaces/IPublishedTransfers.sol";
import {IRetrievalMarket} from "../interfaces/IRetrievalMarket.sol";
import {ISharedKeyJudge} from "../interfaces/ISharedKeyJudge.sol";
import {ITransferJudge} from "../interfaces/ITransferJudge.sol";
import {AuditPayouts} from "../libraries/AuditPayouts.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Credits} from "../shared/Credits.sol";
import {Deadlines} from "../shared/Deadlines.sol";
import {Parties} from "../shared/Parties.sol";
import {AuditOutcome, AuditState, RetrievalParams} from "../types/AuditTypes.sol";
import {PageOpening} from "../types/RetrievalTypes.sol";
import {Point} from "../types/SharedKeyTypes.sol";
import {AuditReader} from "./AuditReader.sol";
import {AuditTerms} from "./AuditTerms.sol";

/// @title What all phases of an audit share: parameters, storage, guards and the one way to close
abstract contract Audits is IRetrievalMarket, Credits {
    using Bitmap for Bitmap.Set;

    struct Audit {
        bytes32 corpusId;
        /// Of the corpus.
        bytes32 root;
        bytes32 predicateHash;
        bytes32 requestHash;
        /// Zero before `accept`, then requestHash.
        bytes32 answersHash;
        /// The requester's commitment to its salt; from `reveal` on the seed.
        bytes32 coin;
        Point requesterKey;
        // one slot
        address rq;
        AuditState state;
        AuditOutcome outcome;
        bool approved;
        bool confirmed;
        uint32 samples;
        uint32 namedMax;
        // one slot: what every transition writes
        address rs;
        /// Last second of the current window; once Closed, the second of closing.
        uint64 clock;
        /// L.
        uint32 inputWords;
        // one slot
        address authority;
        uint32 size;
        uint32 onesMax;
        uint32 withholdMax;
        // one slot
        uint128 bond;
        uint128 price;
        // one slot: answers and proofs
        uint32 pages;
        uint32 positives;
        uint32 withheld;
        uint32 overruled;
        uint32 named;
        uint32 due;
        uint32 proven;
        // one slot: demands
        uint32 demands;
        uint32 openDemands;
        uint32 published;
        /// Documents in all demands.
        uint32 demanded;
        /// In Delivering: last second for overruling, the end of the first window for demands.
        uint64 overruleBy;
        uint64 corpusCommittedAt;
    }

    /// @inheritdoc IMarket
    bytes32 public immutable PARAMS_HASH;

    IAuditTerms internal immutable TERMS;
    IAuditReader internal immutable READER;
    IDocumentJudge internal immutable DOCUMENT_JUDGE;
    ISharedKeyJudge internal immutable SHARED_KEY_JUDGE;
    IPublishedTransfers internal immutable PUBLICATION;
    uint32 internal immutable WORDS_PER_CHUNK;
    uint32 internal immutable CHUNK_GAS;
    uint32 internal immutable DELIVER_GAS;
    uint64 internal immutable REVEAL_WINDOW;
    uint64 internal immutable DEMAND_WINDOW;
    uint64 internal immutable ACK_WINDOW;
    uint64 internal immutable EVIDENCE_WINDOW;

    mapping(bytes32 id => Audit) internal _audits;
    mapping(bytes32 id => mapping(uint256 page => bytes32 pageHash)) internal _pageHashes;
    /// Documents answered with one that the responder does not hand over.
    mapping(bytes32 id => Bitmap.Set) internal _withheld;

    /// @notice Requirements: those of `AuditTerms`.
    constructor(RetrievalParams memory p) {
        AuditTerms newTerms = new AuditTerms(p);
        TERMS = newTerms;
        PARAMS_HASH = newTerms.PARAMS_HASH();
        DOCUMENT_JUDGE = IDocumentJudge(p.contracts.documents);
        SHARED_KEY_JUDGE = ISharedKeyJudge(p.contracts.sharedKeys);
        PUBLICATION = IPublishedTransfers(p.contracts.publication);
        WORDS_PER_CHUNK = p.delivery.wordsPerChunk;
        DELIVER_GAS = p.delivery.deliverGas;
        CHUNK_GAS = p.delivery.chunkGas;
        READER = new AuditReader(
            ISharedKeyJudge(p.contracts.sharedKeys), ITransferJudge(p.contracts.transfers), p.delivery.wordsPerChunk
        );
        REVEAL_WINDOW = p.windows.reveal;
        DEMAND_WINDOW = p.windows.demand;
        ACK_WINDOW = p.windows.ack;
        EVIDENCE_WINDOW = p.windows.evidence;
    }

    /// @inheritdoc IMarket
    function terms() external view returns (address) {
        return address(TERMS);
    }

    // ---- closing ----

    /// Pays out an audit by the row of its outcome.
    function _close(bytes32 id, Audit storage a, AuditOutcome outcome) internal {
        (uint256 rqAmount, uint256 rsAmount) = AuditPayouts.row(outcome, a.price, a.bond);
        // INVARIANT: Closed is never left and is entered before anything is paid, so each audit pays its escrow once.
        a.state = AuditState.Closed;
        a.outcome = outcome;
        a.clock = uint64(block.timestamp);
        _give(a.rq, rqAmount);
        _give(a.rs, rsAmount);
        emit AuditClosed(id, a.corpusId, msg.sender, outcome, rqAmount, rsAmount);
    }

    // ---- states ----

    function _enter(Audit storage a, AuditState state, uint64 window) internal returns (uint64 deadline) {
        deadline = Deadlines.fromNow(window);
        a.state = state;
        a.clock = deadline;
    }

    /// Everything due is proven: the ones may be demanded.
    function _deliver(Audit storage a) internal returns (uint64 deadline) {
        deadline = _enter(a, AuditState.Delivering, DEMAND_WINDOW);
        a.overruleBy = deadline;
    }

    /// Documents answered with zero.
    function _zeros(Audit storage a) internal view returns (uint32) {
        return a.size - a.positives;
    }

    // ---- guards ----

    /// Reverts unless each document is answered so, on pages that are supplied.
    function _requireAnswers(
        bytes32 id,
        Audit storage a,
        uint32[] calldata indices,
        PageOpening[] calldata pages,
        bool one
    ) internal view {
        READER.requireAnswers(id, a.size, indices, pages, one);
    }

    function _requireAtMost(uint256 limit, uint256 given) internal pure {
        require(given <= limit, AboveLimit(limit, given));
    }

    /// Adds documents to a set that has none of them.
    function _insert(Bitmap.Set storage set, uint32[] calldata indices) internal {
        for (uint256 k = 0; k < indices.length; ++k) {
            require(set.insert(indices[k]), Repeated(indices[k]));
        }
    }

    /// What every call of a party about the answers needs: the right caller, the answers as they are, and time left.
    function _requireAction(Audit storage a, address party, bytes32 guard) internal view {
        Parties.requireAction(party, a.answersHash, guard, a.clock);
    }

    function _in(bytes32 id, AuditState state) internal view returns (Audit storage a) {
        a = _audits[id];
        require(a.state == state, WrongAuditState(id, a.state));
    }

    function _known(bytes32 id) internal view returns (Audit storage a) {
        a = _audits[id];
        require(a.state != AuditState.None, WrongAuditState(id, AuditState.None));
    }
}
