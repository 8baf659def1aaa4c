// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRetrievalMarket} from "../interfaces/IRetrievalMarket.sol";
import {AuditPayouts} from "../libraries/AuditPayouts.sol";
import {AuditStatement} from "../libraries/AuditStatement.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Statement} from "../libraries/Statement.sol";
import {Deadlines} from "../shared/Deadlines.sol";
import {Parties} from "../shared/Parties.sol";
import {AuditState, NAMED, SampleGroup} from "../types/AuditTypes.sol";
import {DocumentClaim, PageOpening, Predicate} from "../types/RetrievalTypes.sol";
import {Audits} from "./Audits.sol";

/// @title The sample, and proofs that its documents do not match
abstract contract SamplePhase is Audits {
    using Bitmap for Bitmap.Set;

    /// Documents named at `reveal`, and those of them that are proven.
    mapping(bytes32 id => Bitmap.Set) private _named;
    mapping(bytes32 id => Bitmap.Set) private _namedProven;
    /// Numbers of samples.
    mapping(bytes32 id => Bitmap.Set) private _sampleProven;

    /// @inheritdoc IRetrievalMarket
    function reveal(bytes32 id, bytes32 guard, bytes32 salt, uint32[] calldata named, PageOpening[] calldata pages)
        external
        nonReentrant
    {
        Audit storage a = _in(id, AuditState.Answered);
        _requireAction(a, a.rq, guard);
        bytes32 saltHash = Statement.saltHash(salt);
        require(saltHash == a.coin, WrongSalt(a.coin, saltHash));
        _requireAtMost(a.namedMax, named.length);
        _requireAnswers(id, a, named, pages, false);
        _insert(_named[id], named);
        // INVARIANT: the salt was fixed before the answers, the answers before anybody else knew the salt: nobody steers.
        bytes32 seed = AuditStatement.seed(id, guard, salt);
        uint256 due = AuditPayouts.drawn(a.samples, _zeros(a)) + named.length;
        a.coin = seed;
        a.named = uint32(named.length);
        a.due = uint32(due);
        uint64 deadline = due == 0 ? _deliver(a) : _enter(a, AuditState.Sampled, TERMS.proveWindow(due));
        emit SaltRevealed(id, a.corpusId, msg.sender, salt, seed, named, uint32(due), deadline);
    }

    /// @inheritdoc IRetrievalMarket
    function submitProofs(bytes32 id, Predicate calldata predicate, SampleGroup[] calldata groups)
        external
        nonReentrant
    {
        Audit storage a = _in(id, AuditState.Sampled);
        Deadlines.requireOpen(a.clock);
        bytes32 given = AuditStatement.predicateHash(predicate);
        require(given == a.predicateHash, WrongPredicate(a.predicateHash, given));
        DocumentClaim memory claim =
            DocumentClaim({predicate: predicate, kind: Statement.KIND_RETRIEVAL, id: id, root: a.root, size: a.size});
        uint256 drawn = a.due - a.named;
        uint32 accepted = 0;
        for (uint256 g = 0; g < groups.length; ++g) {
            SampleGroup calldata group = groups[g];
            uint32 fresh = _prove(id, drawn, group.ranks, group.group.indices);
            // INVARIANT: a group with nothing new is skipped, never a revert, or a copied one could sink a responder's batch.
            if (fresh == 0) continue;
            accepted += fresh;
            READER.requireSamples(id, a.size, _zeros(a), a.coin, group);
            DOCUMENT_JUDGE.check(claim, group.group);
        }
        if (accepted == 0) return;
        uint32 proven = a.proven + accepted;
        a.proven = proven;
        uint64 deadline = proven == a.due ? _deliver(a) : a.clock;
        emit AuditProven(id, a.corpusId, msg.sender, accepted, proven, deadline);
    }

    /// @inheritdoc IRetrievalMarket
    function isProven(bytes32 id, uint32 rank, uint32 index) external view returns (bool) {
        _known(id);
        return rank == NAMED ? _namedProven[id].contains(index) : _sampleProven[id].contains(rank);
    }

    /// Marks what a group proves; how much of it was not proven before.
    function _prove(bytes32 id, uint256 drawn, uint32[] calldata ranks, uint32[] calldata indices)
        private
        returns (uint32 fresh)
    {
        require(ranks.length == indices.length, BadRanks(indices.length, ranks.length));
        for (uint256 k = 0; k < ranks.length; ++k) {
            bool isNew;
            if (ranks[k] == NAMED) {
                require(_named[id].contains(indices[k]), NotNamed(indices[k]));
                isNew = _namedProven[id].insert(indices[k]);
            } else {
                _requireAtMost(drawn, uint256(ranks[k]) + 1);
                isNew = _sampleProven[id].insert(ranks[k]);
            }
            if (isNew) ++fresh;
        }
    }
}
