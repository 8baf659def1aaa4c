// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAccuracyMarket} from "../interfaces/IAccuracyMarket.sol";
import {Statement} from "../libraries/Statement.sol";
import {TAG_TEST} from "../libraries/Tags.sol";
import {Deadlines} from "../shared/Deadlines.sol";
import {Mode, Outcome, State} from "../types/MarketTypes.sol";
import {BadData, Evidence, Shape, Transfer} from "../types/TransferTypes.sol";
import {Engagements} from "./Engagements.sol";

/// @title From Locked to Probing, and the keys of the proven set: ciphertext, receipt, seed, keys, bad data
abstract contract TransferPhase is Engagements {
    uint256 private constant KEY_BYTES = 32;

    /// @inheritdoc IAccuracyMarket
    function commitTransfer(bytes32 id, bytes32 guard, bytes32 ctRoot) external nonReentrant {
        Engagement storage e = _in(id, State.Locked);
        _requireAction(e, e.mc, guard);
        require(ctRoot != 0, ZeroCtRoot());
        e.ctRoot = ctRoot;
        e.guard = ctRoot;
        uint64 deadline = _enter(e, State.Committed, ACK_WINDOW);
        emit TransferCommitted(id, e.modelId, msg.sender, ctRoot, deadline);
    }

    /// @inheritdoc IAccuracyMarket
    function publishChunks(bytes32 id, bytes32 guard, uint256 from, bytes32[] calldata cipherWords)
        external
        nonReentrant
    {
        Engagement storage e = _in(id, State.Committed);
        _requireAction(e, e.mc, guard);
        // Chunk 0 is appended once only, so this is the one extension.
        if (from == 0) e.clock += PUBLISH_WINDOW;
        (uint256 next, bytes32 root) = PUBLICATION.append(id, _shape(e), from, cipherWords);
        if (root != 0) {
            require(root == e.ctRoot, WrongCtRoot(e.ctRoot, root));
            _enter(e, State.Published, ACK_WINDOW);
        }
        emit ChunksPublished(id, e.modelId, msg.sender, next, root != 0, e.clock);
    }

    /// @inheritdoc IAccuracyMarket
    function ack(bytes32 id, bytes32 guard, bytes32 mpSeed) external nonReentrant {
        Engagement storage e = _engagements[id];
        require(e.state == State.Committed || e.state == State.Published, WrongState(id, e.state));
        _requireAction(e, e.mp, guard);
        require(mpSeed != 0, ZeroSeed());
        e.guard = mpSeed;
        uint64 deadline = _enter(e, State.Acked, KEY_WINDOW);
        emit Acked(id, e.modelId, msg.sender, mpSeed, deadline);
    }

    /// @inheritdoc IAccuracyMarket
    function revealA(bytes32 id, bytes32 guard, bytes32 mcSalt, bytes calldata keysA) external nonReentrant {
        Engagement storage e = _in(id, State.Acked);
        _requireMode(e, Mode.FULL);
        _requireAction(e, e.mc, guard);
        bytes32 saltHash = Statement.saltHash(mcSalt);
        require(saltHash == e.mcSaltHash, WrongSalt(e.mcSaltHash, saltHash));
        require(keysA.length == N1 * KEY_BYTES, BadKeysLength(N1 * KEY_BYTES, keysA.length));
        // The guard is mpSeed, which the provider fixed before it could know the salt.
        bytes32 seed = Statement.seed(id, e.testRoot, e.ctRoot, guard, mcSalt);
        e.seed = seed;
        e.guard = keccak256(keysA);
        uint64 deadline = _enter(e, State.Probing, DECIDE_WINDOW);
        emit ProbeKeysRevealed(id, e.modelId, msg.sender, seed, keysA, deadline);
    }

    /// @inheritdoc IAccuracyMarket
    function revealAll(bytes32 id, bytes32 guard, bytes32 master) external nonReentrant {
        Engagement storage e = _in(id, State.Acked);
        _requireMode(e, Mode.SIMPLE);
        _revealMaster(id, e, guard, master, State.Probing, DECIDE_WINDOW);
    }

    /// @inheritdoc IAccuracyMarket
    function revealB(bytes32 id, bytes32 guard, bytes32 master) external nonReentrant {
        Engagement storage e = _in(id, State.Proceeded);
        _revealMaster(id, e, guard, master, State.Proving, _proveWindow(e.mode));
    }

    /// @inheritdoc IAccuracyMarket
    function proveBadData(bytes32 id, uint256 position, bytes calldata keys, Evidence calldata evidence)
        external
        nonReentrant
    {
        Engagement storage e = _engagements[id];
        (uint256 first, uint256 end) = _openedPositions(id, e);
        require(position >= first && position < end, NotOpened(first, end, position));
        _requireGuard(e, keccak256(keys));
        Deadlines.requireOpen(e.clock);

        bool isMaster = e.mode == Mode.SIMPLE || e.state == State.Proving;
        Transfer memory transfer;
        transfer.id = id;
        transfer.testRoot = e.testRoot;
        transfer.ctRoot = e.ctRoot;
        transfer.leafTag = TAG_TEST;
        transfer.seed = e.seed;
        transfer.position = position;
        transfer.shape = _shape(e);
        transfer.isMaster = isMaster;
        // INVARIANT: the guard has fixed the length of `keys`: N1 keys in position order, or the master key alone.
        transfer.key = bytes32(keys[isMaster ? 0 : position * KEY_BYTES:]);
        BadData claim = TRANSFER_JUDGE.judge(transfer, evidence);
        emit BadDataProven(id, e.modelId, msg.sender, claim, position);
        _close(id, e, Outcome.BadData);
    }

    function _revealMaster(bytes32 id, Engagement storage e, bytes32 guard, bytes32 master, State next, uint64 window)
        private
    {
        _requireAction(e, e.mc, guard);
        e.guard = keccak256(abi.encode(master));
        uint64 deadline = _enter(e, next, window);
        emit KeyRevealed(id, e.modelId, msg.sender, master, deadline);
    }

    /// Positions whose keys came out last, [first, end): about them evidence is heard.
    function _openedPositions(bytes32 id, Engagement storage e) private view returns (uint256 first, uint256 end) {
        State state = e.state;
        Mode mode = e.mode;
        bool probing = state == State.Probing && mode != Mode.CLEAR;
        require(probing || (state == State.Proving && mode == Mode.FULL), WrongState(id, state));
        if (mode == Mode.SIMPLE) return (0, N);
        return probing ? (0, N1) : (N1, N);
    }

    function _shape(Engagement storage e) private view returns (Shape memory) {
        (uint32 inputWords,) = REGISTRY.inputShape(e.modelId);
        return Shape({examples: N, inputWords: inputWords, wordsPerChunk: WORDS_PER_CHUNK});
    }
}
