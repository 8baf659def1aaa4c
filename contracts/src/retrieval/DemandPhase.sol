// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IRetrievalMarket} from "../interfaces/IRetrievalMarket.sol";
import {AuditPayouts} from "../libraries/AuditPayouts.sol";
import {AuditStatement} from "../libraries/AuditStatement.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Deadlines} from "../shared/Deadlines.sol";
import {Parties} from "../shared/Parties.sol";
import {AuditOutcome, AuditState, DeliveryClaim, DemandState, DemandView, DocumentView} from "../types/AuditTypes.sol";
import {PageOpening} from "../types/RetrievalTypes.sol";
import {Point, SharedSecret} from "../types/SharedKeyTypes.sol";
import {BadData, Evidence, Shape} from "../types/TransferTypes.sol";
import {AnswerPhase} from "./AnswerPhase.sol";

/// @title Documents that match: demands, deliveries, publication, evidence
abstract contract DemandPhase is AnswerPhase {
    using Bitmap for Bitmap.Set;

    struct Demand {
        bytes32 listHash;
        bytes32 ctRoot;
        /// E.
        Point ephemeral;
        // one slot: what every transition writes
        DemandState state;
        bool published;
        /// Last second of the current window.
        uint64 clock;
        uint32 documents;
        /// W_publish, which counts the documents of all demands up to this one.
        uint64 publishWindow;
        // one slot: B, and what of it the responder has used up
        uint128 paid;
        uint128 spent;
    }

    /// Largest demand: its pages and its list must fit one transaction.
    uint256 private constant DOCUMENTS_MAX = 128;

    mapping(bytes32 id => mapping(uint256 m => Demand)) private _demands;
    /// Documents that some demand names.
    mapping(bytes32 id => Bitmap.Set) private _demanded;

    /// @inheritdoc IRetrievalMarket
    function demand(bytes32 id, bytes32 guard, uint32[] calldata indices, PageOpening[] calldata pages)
        external
        payable
        nonReentrant
        returns (uint256 m)
    {
        Audit storage a = _in(id, AuditState.Delivering);
        _requireAction(a, a.rq, guard);
        require(indices.length != 0 && indices.length <= DOCUMENTS_MAX, BadDemand(DOCUMENTS_MAX, indices.length));
        _requireAnswers(id, a, indices, pages, true);
        for (uint256 k = 0; k < indices.length; ++k) {
            uint256 index = indices[k];
            require(!_withheld[id].contains(index) || _overruled[id].contains(index), DocumentWithheld(index));
        }
        _insert(_demanded[id], indices);
        m = a.demands++;
        ++a.openDemands;
        (uint256 fee, uint64 deadline) = _note(a, _demands[id][m], indices);
        _takeDue(fee);
        emit Demanded(id, a.corpusId, msg.sender, m, indices, fee, deadline);
    }

    /// @inheritdoc IRetrievalMarket
    function deliver(bytes32 id, uint256 m, bytes32 guard, bytes32 ctRoot, Point calldata ephemeral)
        external
        nonReentrant
    {
        (Audit storage a, Demand storage d) = _demandIn(id, m, DemandState.Demanded);
        Parties.requireAction(a.rs, d.listHash, guard, d.clock);
        require(ctRoot != 0, ZeroCtRoot());
        SHARED_KEY_JUDGE.requirePoint(ephemeral);
        d.ctRoot = ctRoot;
        d.ephemeral = ephemeral;
        d.spent = SafeCast.toUint128(AuditPayouts.demandFee(0, 0, DELIVER_GAS, block.basefee));
        uint64 deadline = _pass(d, DemandState.Delivered, ACK_WINDOW);
        emit Delivered(id, a.corpusId, msg.sender, m, ctRoot, ephemeral, deadline);
    }

    /// @inheritdoc IRetrievalMarket
    function ack(bytes32 id, uint256 m, bytes32 guard) external nonReentrant {
        (Audit storage a, Demand storage d) = _demandIn(id, m, DemandState.Delivered);
        Parties.requireAction(a.rq, d.ctRoot, guard, d.clock);
        uint64 deadline = _pass(d, DemandState.Acked, EVIDENCE_WINDOW);
        emit DemandAcked(id, a.corpusId, msg.sender, m, deadline);
    }

    /// @inheritdoc IRetrievalMarket
    function publishChunks(bytes32 id, uint256 m, bytes32 guard, uint256 from, bytes32[] calldata cipherWords)
        external
        nonReentrant
    {
        (Audit storage a, Demand storage d) = _demandIn(id, m, DemandState.Delivered);
        Parties.requireAction(a.rs, d.ctRoot, guard, _publishBy(d));
        // INVARIANT: no second belongs to both, so neither side can take away what the other does: an acknowledgement in front of
        // the last chunk, a publication in front of an acknowledgement.
        Deadlines.requirePast(d.clock);
        Shape memory shape = Shape({examples: d.documents, inputWords: a.inputWords, wordsPerChunk: WORDS_PER_CHUNK});
        (uint256 next, bytes32 root) = PUBLICATION.append(AuditStatement.streamId(id, m), shape, from, cipherWords);
        d.spent += SafeCast.toUint128(AuditPayouts.demandFee(next - from, CHUNK_GAS, 0, block.basefee));
        if (root != 0) {
            require(root == d.ctRoot, WrongCtRoot(d.ctRoot, root));
            d.published = true;
            ++a.published;
            _pass(d, DemandState.Acked, EVIDENCE_WINDOW);
        }
        emit DemandPublished(id, a.corpusId, msg.sender, m, next, root != 0, d.clock);
    }

    /// @inheritdoc IRetrievalMarket
    function proveBadData(
        bytes32 id,
        uint256 m,
        uint32[] calldata indices,
        uint256 slot,
        SharedSecret calldata secret,
        Evidence calldata evidence
    ) external nonReentrant {
        (Audit storage a, Demand storage d) = _demandIn(id, m, DemandState.Acked);
        Deadlines.requireOpen(d.clock);
        DeliveryClaim memory delivery = DeliveryClaim({
            id: id,
            m: m,
            listHash: d.listHash,
            root: a.root,
            size: a.size,
            inputWords: a.inputWords,
            ctRoot: d.ctRoot,
            requesterKey: a.requesterKey,
            ephemeral: d.ephemeral
        });
        BadData claim = READER.judgeDelivery(delivery, indices, slot, secret, evidence);
        emit AuditBadData(id, a.corpusId, msg.sender, m, slot, claim);
        _close(id, a, AuditOutcome.Violation);
        _settle(id, a, m, d);
    }

    /// @inheritdoc IRetrievalMarket
    function settleDemand(bytes32 id, uint256 m) external nonReentrant {
        Audit storage a = _audits[id];
        Demand storage d = _demands[id][m];
        DemandState state = d.state;
        require(state != DemandState.None && state != DemandState.Settled, WrongDemandState(id, m, state));
        // An audit that ended over another demand has nothing to wait for.
        if (a.state == AuditState.Delivering) {
            Deadlines.requirePast(_settleAfter(d));
            if (state != DemandState.Acked) _close(id, a, AuditOutcome.Violation);
        }
        _settle(id, a, m, d);
    }

    /// @inheritdoc IRetrievalMarket
    function demandAt(bytes32 id, uint256 m) external view returns (DemandView memory v) {
        Demand storage d = _demands[id][m];
        require(d.state != DemandState.None, WrongDemandState(id, m, DemandState.None));
        v.state = d.state;
        v.listHash = d.listHash;
        v.ctRoot = d.ctRoot;
        v.ephemeral = d.ephemeral;
        v.streamId = AuditStatement.streamId(id, m);
        v.documents = d.documents;
        v.published = d.published;
        v.paid = d.paid;
        v.spent = d.spent;
        if (v.state == DemandState.Settled) return v;
        v.deadline = d.clock;
        v.settleAfter = _settleAfter(d);
    }

    /// @inheritdoc IRetrievalMarket
    function documentAt(bytes32 id, uint32 index) external view returns (DocumentView memory) {
        _known(id);
        return DocumentView({
            withheld: _withheld[id].contains(index),
            overruled: _overruled[id].contains(index),
            demanded: _demanded[id].contains(index)
        });
    }

    /// Notes a new demand: B and its first deadline.
    function _note(Audit storage a, Demand storage d, uint32[] calldata indices)
        private
        returns (uint256 fee, uint64 deadline)
    {
        uint32 n = uint32(indices.length);
        uint32 soFar = a.demanded + n;
        a.demanded = soFar;
        d.listHash = AuditStatement.listHash(indices);
        d.documents = n;
        uint64 deliverWindow;
        (fee, deliverWindow, d.publishWindow) = TERMS.demandTerms(n, soFar, a.inputWords, block.basefee);
        d.paid = SafeCast.toUint128(fee);
        deadline = _pass(d, DemandState.Demanded, deliverWindow);
    }

    /// Pays out B of a demand.
    function _settle(bytes32 id, Audit storage a, uint256 m, Demand storage d) private {
        bool violated = a.outcome == AuditOutcome.Violation;
        (uint256 rqAmount, uint256 rsAmount) = AuditPayouts.demandRow(violated, d.published, d.paid, d.spent);
        // INVARIANT: Settled is never left and is entered before anything is paid, so each demand pays B once.
        d.state = DemandState.Settled;
        --a.openDemands;
        _give(a.rq, rqAmount);
        _give(a.rs, rsAmount);
        emit DemandSettled(id, a.corpusId, msg.sender, m, rqAmount, rsAmount);
    }

    function _pass(Demand storage d, DemandState state, uint64 window) private returns (uint64 deadline) {
        deadline = Deadlines.fromNow(window);
        d.state = state;
        d.clock = deadline;
    }

    /// Last second in which anybody's settlement would be too early.
    function _settleAfter(Demand storage d) private view returns (uint64) {
        return d.state == DemandState.Delivered ? _publishBy(d) : d.clock;
    }

    /// Last second in which the responder of a Delivered demand may publish.
    function _publishBy(Demand storage d) private view returns (uint64) {
        return d.clock + d.publishWindow;
    }

    function _demandIn(bytes32 id, uint256 m, DemandState state)
        private
        view
        returns (Audit storage a, Demand storage d)
    {
        a = _in(id, AuditState.Delivering);
        d = _demands[id][m];
        require(d.state == state, WrongDemandState(id, m, d.state));
    }
}
