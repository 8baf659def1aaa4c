// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRetrievalMarket} from "../interfaces/IRetrievalMarket.sol";
import {AnswerPages} from "../libraries/AnswerPages.sol";
import {AuditStatement} from "../libraries/AuditStatement.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Deadlines} from "../shared/Deadlines.sol";
import {Parties} from "../shared/Parties.sol";
import {AuditState} from "../types/AuditTypes.sol";
import {PageOpening} from "../types/RetrievalTypes.sol";
import {Audits} from "./Audits.sol";

/// @title Answers, and which of the documents that match are withheld
abstract contract AnswerPhase is Audits {
    using Bitmap for Bitmap.Set;

    /// Withheld documents that may be demanded all the same.
    mapping(bytes32 id => Bitmap.Set) internal _overruled;

    /// @inheritdoc IRetrievalMarket
    function postAnswers(bytes32 id, bytes32 guard, bytes[] calldata pages, bool seal) external nonReentrant {
        Audit storage a = _in(id, AuditState.Accepted);
        _requireAction(a, a.rs, guard);
        uint256 q = a.pages;
        uint256 ones = a.positives;
        bytes32 answers = guard;
        for (uint256 k = 0; k < pages.length; ++k) {
            (bytes32 pageHash, uint256 added) = READER.newPage(id, a.size, q, ones, pages[k]);
            _pageHashes[id][q] = pageHash;
            answers = AuditStatement.withPage(answers, pageHash);
            emit AnswersPosted(id, a.corpusId, msg.sender, uint32(q), uint32(ones), pages[k]);
            ones += added;
            ++q;
        }
        _requireAtMost(a.onesMax, ones);
        a.pages = uint32(q);
        a.positives = uint32(ones);
        a.answersHash = answers;
        if (seal) _seal(id, a);
    }

    /// @inheritdoc IRetrievalMarket
    function withhold(
        bytes32 id,
        bytes32 guard,
        uint32[] calldata indices,
        PageOpening[] calldata pages,
        bytes32 log,
        bool seal
    ) external nonReentrant {
        Audit storage a = _in(id, AuditState.Accepted);
        _requireAction(a, a.rs, guard);
        _requireAnswers(id, a, indices, pages, true);
        _insert(_withheld[id], indices);
        uint256 withheld = a.withheld + indices.length;
        _requireAtMost(a.withholdMax, withheld);
        a.withheld = uint32(withheld);
        // INVARIANT: what is withheld is fixed with the answers: later it could be withheld in front of each demand.
        a.answersHash = AuditStatement.withWithheld(guard, AuditStatement.listHash(indices), log);
        emit Withheld(id, a.corpusId, msg.sender, indices, log, a.answersHash);
        if (seal) _seal(id, a);
    }

    /// @inheritdoc IRetrievalMarket
    function overrule(bytes32 id, bytes32 guard, uint32[] calldata indices, bytes32 ruling) external nonReentrant {
        Audit storage a = _audits[id];
        AuditState state = a.state;
        require(state >= AuditState.Answered && state <= AuditState.Delivering, WrongAuditState(id, state));
        bool delivering = state == AuditState.Delivering;
        Parties.requireAction(a.authority, a.answersHash, guard, delivering ? a.overruleBy : a.clock);
        for (uint256 k = 0; k < indices.length; ++k) {
            require(_withheld[id].contains(indices[k]), NotWithheld(indices[k]));
        }
        _insert(_overruled[id], indices);
        a.overruled += uint32(indices.length);
        // What may be demanded now, the requester has time to demand.
        if (delivering) a.clock = Deadlines.fromNow(DEMAND_WINDOW);
        emit Overruled(id, a.corpusId, msg.sender, indices, ruling, a.clock);
    }

    function _seal(bytes32 id, Audit storage a) private {
        uint256 expected = AnswerPages.count(a.size);
        require(a.pages == expected, PagesMissing(expected, a.pages));
        uint64 deadline = _enter(a, AuditState.Answered, REVEAL_WINDOW);
        emit AnswersSealed(id, a.corpusId, msg.sender, a.answersHash, a.positives, a.withheld, deadline);
    }
}
