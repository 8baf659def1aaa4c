// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TAG_KEY, TAG_SALT, TAG_SEED} from "../../src/libraries/Tags.sol";
import {Shuffle} from "../../src/libraries/Shuffle.sol";
import {Adjudication, EngagementView, Mode, OfferTerms, ProofItem, State} from "../../src/types/MarketTypes.sol";
import {BadData, Evidence} from "../../src/types/TransferTypes.sol";
import {MarketFixture} from "./MarketFixture.sol";
import {Payload} from "./Payload.sol";
import {TestSet} from "./TestSet.sol";

/// A test set that can be transferred, and the way of an encrypted engagement to every state: 7 examples of 7 words, 4 words
/// per chunk, hence 3 chunks each, the last one with a word of padding.
abstract contract TransferFixture is MarketFixture {
    bytes32 internal constant MC_SALT = keccak256("mcSalt");
    bytes32 internal constant MP_SEED = keccak256("mpSeed");
    bytes32 internal constant MASTER = keccak256("master");
    uint256 internal constant CHUNKS = 21;
    /// k* = ceil(0.6·4) of a FULL engagement.
    uint32 internal constant FULL_NEEDED = 3;

    Adjudication internal constant DIRECT = Adjudication.DIRECT;
    Adjudication internal constant OPTIMISTIC = Adjudication.OPTIMISTIC;
    Mode internal constant CLEAR = Mode.CLEAR;
    Mode internal constant FULL = Mode.FULL;
    Mode internal constant SIMPLE = Mode.SIMPLE;

    /// Plain chunks: the honest ones, unless a test spoils them before the ciphertext is committed.
    uint256[][] internal plain;
    TestSet.Example[] internal examples;

    function setUp() public virtual override {
        super.setUp();
        (uint256[][] memory honest, TestSet.Example[] memory list) = Payload.build(shape(), SET);
        for (uint256 k = 0; k < CHUNKS; ++k) {
            plain.push(honest[k]);
        }
        for (uint256 i = 0; i < N; ++i) {
            examples.push(list[i]);
        }
        testRoot = TestSet.root(tree());
    }

    function shape() internal pure returns (Payload.Shape memory) {
        return Payload.Shape({n: N, inputWords: INPUT_WORDS, wordsPerChunk: WORDS_PER_CHUNK, classes: CLASSES});
    }

    // ---- what is transferred ----

    function tree() internal view returns (bytes32[] memory) {
        return Payload.testLeaves(examples);
    }

    function cipherOf(bytes32 id) internal view returns (bytes32[][] memory) {
        return Payload.encrypt(plain, Payload.keys(MASTER, N), id);
    }

    function ctRootOf(bytes32 id) internal view returns (bytes32) {
        return TestSet.root(Payload.cipherLeaves(cipherOf(id)));
    }

    function seedOf(bytes32 id) internal view returns (bytes32) {
        return keccak256(abi.encode(TAG_SEED, id, testRoot, market.engagement(id).ctRoot, MP_SEED, MC_SALT));
    }

    /// Dataset index at `position` of the whole set.
    function indexOf(bytes32 id, uint256 position) internal view returns (uint256) {
        return market.engagement(id).mode == FULL ? Shuffle.indexAt(seedOf(id), position, N) : position;
    }

    function keysA(bytes32 id) internal view returns (bytes memory keys) {
        for (uint256 p = 0; p < N1; ++p) {
            keys = bytes.concat(keys, keccak256(abi.encode(TAG_KEY, MASTER, indexOf(id, p))));
        }
    }

    function masterBytes() internal pure returns (bytes memory) {
        return bytes.concat(MASTER);
    }

    function evidence(bytes32 id, uint256 position, BadData claim, uint256 chunk)
        internal
        view
        returns (Evidence memory)
    {
        return Payload.evidence(claim, indexOf(id, position), chunk, 3, cipherOf(id), tree());
    }

    // ---- items: `position` counts within the proven set ----

    function sizeOf(Mode mode) internal pure returns (uint32) {
        return mode == FULL ? N2 : N;
    }

    function itemOf(bytes32 id, uint32 position) internal view returns (ProofItem memory it) {
        uint256 whole = market.engagement(id).mode == FULL ? N1 + position : position;
        uint256 index = indexOf(id, whole);
        TestSet.Example memory e = examples[index];
        it.position = position;
        it.inputCommit = e.inputCommit;
        it.label = e.label;
        it.leafSalt = e.leafSalt;
        it.path = TestSet.path(tree(), index);
        it.output = e.label;
        it.proof = abi.encode(verifier.proofOf(VK_DIGEST, [context(id, whole), WEIGHTS, it.inputCommit, it.output]));
    }

    function items(bytes32 id, uint32 from, uint32 to) internal view returns (ProofItem[] memory list) {
        list = new ProofItem[](to - from);
        for (uint32 p = from; p < to; ++p) {
            list[p - from] = itemOf(id, p);
        }
    }

    /// The lowest `ones` bits of a bitmap over the proven set of at most 8 positions.
    function bitmapOf(uint256 ones) internal pure returns (bytes memory) {
        return bytes.concat(bytes1(uint8((uint256(1) << ones) - 1)));
    }

    // ---- the way to each state ----

    function termsOf(Mode mode, Adjudication adjudication) internal view returns (OfferTerms memory t) {
        t = terms();
        t.mode = mode;
        t.adjudication = adjudication;
        t.mcSaltHash = mode == FULL ? keccak256(abi.encode(TAG_SALT, MC_SALT)) : bytes32(0);
    }

    function guard(bytes32 id) internal view returns (bytes32) {
        return market.engagement(id).guard;
    }

    function stateOf(bytes32 id) internal view returns (State) {
        return market.engagement(id).state;
    }

    function commit(bytes32 id) internal {
        bytes32 g = guard(id);
        bytes32 ctRoot = ctRootOf(id);
        vm.prank(mc);
        market.commitTransfer(id, g, ctRoot);
    }

    function publish(bytes32 id) internal {
        bytes32 g = guard(id);
        bytes32[] memory words = Payload.flat(cipherOf(id), 0, CHUNKS);
        vm.prank(mc);
        market.publishChunks(id, g, 0, words);
    }

    function acknowledge(bytes32 id) internal {
        bytes32 g = guard(id);
        vm.prank(mp);
        market.ack(id, g, MP_SEED);
    }

    /// The first keys: `revealA` or `revealAll`.
    function reveal(bytes32 id) internal {
        bytes32 g = guard(id);
        if (market.engagement(id).mode == SIMPLE) {
            vm.prank(mc);
            market.revealAll(id, g, MASTER);
            return;
        }
        bytes memory keys = keysA(id);
        vm.prank(mc);
        market.revealA(id, g, MC_SALT, keys);
    }

    function decide(bytes32 id) internal {
        bytes32 g = guard(id);
        vm.prank(mp);
        market.proceed(id, g);
    }

    function revealRest(bytes32 id) internal {
        bytes32 g = guard(id);
        vm.prank(mc);
        market.revealB(id, g, MASTER);
    }

    function post(bytes32 id, bytes memory bitmap) internal {
        bytes32 g = guard(id);
        vm.prank(mp);
        market.postResult(id, g, bitmap);
    }

    /// Challenges with a bitmap of all positions set.
    function challengeBy(address who, bytes32 id, uint32 position) internal {
        bytes memory bitmap = bitmapOf(sizeOf(market.engagement(id).mode));
        vm.prank(who);
        market.challenge{value: bondOf(who)}(id, bitmap, position);
    }

    /// What a challenge of that account costs.
    function bondOf(address who) internal view returns (uint256) {
        return who == mc ? BOND : DEAR_BOND;
    }

    function demandFull(bytes32 id, uint256 needed) internal {
        bytes32 g = guard(id);
        vm.prank(mc);
        market.demandFull{value: needed * BOND / 2}(id, g);
    }

    /// A new engagement in `state`, reached by honest moves; the posted result claims every position.
    function reach(State state, Mode mode, Adjudication adjudication) internal returns (bytes32 id) {
        id = offeredWith(termsOf(mode, adjudication));
        if (state == State.Offered) return id;
        acceptBy(mp, id);
        if (mode != CLEAR) {
            if (state == State.Locked) return id;
            commit(id);
            if (state == State.Committed) return id;
            if (state == State.Published) {
                publish(id);
                return id;
            }
            acknowledge(id);
            if (state == State.Acked) return id;
            reveal(id);
        }
        if (state == State.Probing) return id;
        decide(id);
        if (mode == FULL) {
            if (state == State.Proceeded) return id;
            revealRest(id);
        }
        if (state == State.Proving) return id;
        if (adjudication == DIRECT) {
            market.submitProofs(id, items(id, 0, sizeOf(mode)));
            return id;
        }
        post(id, bitmapOf(sizeOf(mode)));
        if (state == State.Claimed) return id;
        if (state == State.FullDemanded) {
            demandFull(id, neededOf(mode));
            return id;
        }
        bytes32 g = guard(id);
        vm.prank(mc);
        market.acceptResult(id, g);
    }

    function neededOf(Mode mode) internal pure returns (uint32) {
        return mode == FULL ? FULL_NEEDED : NEEDED;
    }

    function assertState(bytes32 id, State expected) internal view {
        assertEq(uint256(stateOf(id)), uint256(expected), "state");
    }

    /// Every state but None that a mode and an adjudication can reach.
    function isReachable(State state, Mode mode, Adjudication adjudication) internal pure returns (bool) {
        if (mode == CLEAR) {
            return adjudication == DIRECT
                && (state == State.Offered || state == State.Probing || state == State.Proving || state == State.Closed);
        }
        if (state == State.Proceeded) return mode == FULL;
        if (state == State.Claimed || state == State.FullDemanded) return adjudication == OPTIMISTIC;
        return state != State.None;
    }
}
