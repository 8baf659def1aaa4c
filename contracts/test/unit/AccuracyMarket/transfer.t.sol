// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Payload} from "../../base/Payload.sol";
import {TransferFixture} from "../../base/TransferFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IPublishedTransfers} from "../../../src/interfaces/IPublishedTransfers.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {EngagementView, Outcome, State} from "../../../src/types/MarketTypes.sol";

/// Ciphertext, receipt, seed and keys: what each call stores, says and refuses. Callers, guards, states and deadlines are in
/// `transitions.t.sol`.
contract TransferTest is TransferFixture {
    // ---- accept ----

    function test_accept_startsTheCommitWindow() public {
        bytes32 id = reach(State.Locked, FULL, DIRECT);
        EngagementView memory e = market.engagement(id);
        assertEq(e.deadline, START + COMMIT_WINDOW, "W_commit");
        assertEq(e.guard, e.offerHash, "guard");
        assertEq(registry.model(modelId).reserved, FAULT_STRIKES, "reserved");
        assertEq(market.credit(treasury), 2 * FEE, "fees");
    }

    // ---- commitTransfer ----

    function test_commitTransfer_fixesTheCiphertext() public {
        bytes32 id = reach(State.Locked, FULL, DIRECT);
        vm.warp(START + 5);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.TransferCommitted(id, modelId, mc, ctRootOf(id), START + 5 + ACK_WINDOW);
        commit(id);
        EngagementView memory e = market.engagement(id);
        assertState(id, State.Committed);
        assertEq(e.ctRoot, ctRootOf(id), "ctRoot");
        assertEq(e.guard, e.ctRoot, "guard");
        assertEq(e.deadline, START + 5 + ACK_WINDOW, "W_ack");
    }

    function test_commitTransfer_revertsWhen_theRootIsZero() public {
        bytes32 id = reach(State.Locked, SIMPLE, DIRECT);
        bytes32 g = guard(id);
        vm.expectRevert(IAccuracyMarket.ZeroCtRoot.selector);
        vm.prank(mc);
        market.commitTransfer(id, g, 0);
    }

    // ---- publishChunks ----

    function test_publishChunks_extendsTheDeadlineOnce() public {
        bytes32 id = reach(State.Committed, FULL, DIRECT);
        uint64 deadline = START + ACK_WINDOW + PUBLISH_WINDOW;
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.ChunksPublished(id, modelId, mc, 2, false, deadline);
        publishSome(id, 0, 2);
        publishSome(id, 2, 20);
        assertEq(market.timeoutAt(id), deadline, "once");
        assertEq(publication.published(address(market), id), 20, "the publication counts them");
        assertState(id, State.Committed);

        vm.warp(deadline);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.ChunksPublished(id, modelId, mc, CHUNKS, true, deadline + ACK_WINDOW);
        publishSome(id, 20, CHUNKS);
        assertState(id, State.Published);
        assertEq(market.timeoutAt(id), deadline + ACK_WINDOW, "W_ack again");
        assertEq(guard(id), market.engagement(id).ctRoot, "guard");
    }

    function test_publishChunks_revertsWhen_late() public {
        bytes32 id = reach(State.Committed, FULL, DIRECT);
        publishSome(id, 0, 3);
        uint64 deadline = START + ACK_WINDOW + PUBLISH_WINDOW;
        vm.warp(deadline + 1);
        bytes32 g = guard(id);
        bytes32[] memory words = Payload.flat(cipherOf(id), 3, CHUNKS);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, deadline, deadline + 1));
        vm.prank(mc);
        market.publishChunks(id, g, 3, words);
    }

    function test_publishChunks_revertsWhen_outOfOrder() public {
        bytes32 id = reach(State.Committed, FULL, DIRECT);
        publishSome(id, 0, 2);
        expectPublishing(id, 0, 2, abi.encodeWithSelector(IPublishedTransfers.OutOfOrder.selector, 2, 0));
        expectPublishing(id, 3, 4, abi.encodeWithSelector(IPublishedTransfers.OutOfOrder.selector, 2, 3));
        expectPublishing(id, 2, 2, abi.encodeWithSelector(IPublishedTransfers.NothingPublished.selector));
        assertEq(market.timeoutAt(id), START + ACK_WINDOW + PUBLISH_WINDOW, "not extended again");
    }

    /// The last chunk of another ciphertext reverts: the provider is not held to data it cannot open.
    function test_publishChunks_revertsWhen_theRootIsAnother() public {
        bytes32 id = reach(State.Committed, FULL, DIRECT);
        publishSome(id, 0, CHUNKS - 1);
        plain[CHUNKS - 1][1] ^= 1;
        bytes32[] memory words = Payload.flat(cipherOf(id), CHUNKS - 1, CHUNKS);
        bytes32 ctRoot = guard(id);
        bytes32 other = ctRootOf(id);
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.WrongCtRoot.selector, ctRoot, other));
        vm.prank(mc);
        market.publishChunks(id, ctRoot, CHUNKS - 1, words);
        assertState(id, State.Committed);
    }

    function test_publishChunks_doesNotStopAnAcknowledgement() public {
        bytes32 id = reach(State.Committed, FULL, DIRECT);
        publishSome(id, 0, 2);
        acknowledge(id);
        assertState(id, State.Acked);
    }

    // ---- ack ----

    function test_ack_fixesTheProvidersSeed() public {
        State[2] memory states = [State.Committed, State.Published];
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 id = reach(states[i], FULL, DIRECT);
            vm.expectEmit(true, true, true, true, address(market));
            emit IAccuracyMarket.Acked(id, modelId, mp, MP_SEED, START + KEY_WINDOW);
            acknowledge(id);
            assertState(id, State.Acked);
            assertEq(guard(id), MP_SEED, "guard");
            assertEq(market.engagement(id).seed, 0, "nobody knows the seed");
        }
    }

    function test_ack_revertsWhen_theSeedIsZero() public {
        bytes32 id = reach(State.Committed, FULL, DIRECT);
        bytes32 g = guard(id);
        vm.expectRevert(IAccuracyMarket.ZeroSeed.selector);
        vm.prank(mp);
        market.ack(id, g, 0);
    }

    // ---- revealA ----

    function test_revealA_fixesTheSeedAndTheProbeKeys() public {
        bytes32 id = reach(State.Acked, FULL, DIRECT);
        bytes memory keys = keysA(id);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.ProbeKeysRevealed(id, modelId, mc, seedOf(id), keys, START + DECIDE_WINDOW);
        reveal(id);
        EngagementView memory e = market.engagement(id);
        assertState(id, State.Probing);
        assertEq(e.seed, seedOf(id), "seed");
        assertEq(e.guard, keccak256(keys), "guard");
        assertEq(e.deadline, START + DECIDE_WINDOW, "W_decide");
    }

    function test_revealA_revertsWhen_theSaltIsAnother() public {
        bytes32 id = reach(State.Acked, FULL, DIRECT);
        bytes memory keys = keysA(id);
        bytes32 wrong = keccak256("another salt");
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccuracyMarket.WrongSalt.selector,
                keccak256(abi.encode(keccak256("assay.salt.v1"), MC_SALT)),
                keccak256(abi.encode(keccak256("assay.salt.v1"), wrong))
            )
        );
        vm.prank(mc);
        market.revealA(id, MP_SEED, wrong, keys);
    }

    function test_revealA_revertsWhen_aKeyIsMissingOrTooMany() public {
        bytes32 id = reach(State.Acked, FULL, DIRECT);
        uint256[4] memory lengths = [uint256(0), 64, 95, 97];
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.BadKeysLength.selector, 96, lengths[i]));
            vm.prank(mc);
            market.revealA(id, MP_SEED, MC_SALT, new bytes(lengths[i]));
        }
    }

    /// V6b: the seed depends on every part, each fixed before its owner saw the other's.
    function test_revealA_seedDependsOnEveryPart() public {
        bytes32 id = reach(State.Probing, FULL, DIRECT);
        EngagementView memory e = market.engagement(id);
        bytes32[5] memory parts = [id, e.testRoot, e.ctRoot, MP_SEED, MC_SALT];
        bytes32 tag = keccak256("assay.seed.v1");
        assertEq(e.seed, keccak256(abi.encode(tag, parts)), "the seed");
        for (uint256 i = 0; i < 5; ++i) {
            bytes32 kept = parts[i];
            parts[i] = ~kept;
            assertTrue(keccak256(abi.encode(tag, parts)) != e.seed, "each part matters");
            parts[i] = kept;
        }
    }

    // ---- revealAll, revealB ----

    function test_revealAll_fixesTheMasterKey() public {
        bytes32 id = reach(State.Acked, SIMPLE, DIRECT);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.KeyRevealed(id, modelId, mc, MASTER, START + DECIDE_WINDOW);
        reveal(id);
        assertState(id, State.Probing);
        assertEq(guard(id), keccak256(masterBytes()), "guard");
        assertEq(market.engagement(id).seed, 0, "positions are indices");
    }

    function test_revealB_startsTheProof() public {
        bytes32 id = reach(State.Proceeded, FULL, DIRECT);
        uint64 window = PROVE_BASE + N2 * PROVE_TIME_PER_ITEM;
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.KeyRevealed(id, modelId, mc, MASTER, START + window);
        revealRest(id);
        assertState(id, State.Proving);
        assertEq(guard(id), keccak256(masterBytes()), "guard");
        assertEq(market.timeoutAt(id), START + window, "time for N2 proofs");
    }

    // ---- proceed ----

    function test_proceed_inFullWaitsForTheOtherKeys() public {
        bytes32 id = reach(State.Probing, FULL, DIRECT);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Proceeded(id, modelId, mp, START + KEY_WINDOW);
        decide(id);
        assertState(id, State.Proceeded);
        assertEq(guard(id), seedOf(id), "guard");
    }

    function test_proceed_inSimpleStartsTheProof() public {
        bytes32 id = reach(State.Proving, SIMPLE, DIRECT);
        assertEq(guard(id), keccak256(masterBytes()), "guard");
        assertEq(market.timeoutAt(id), START + PROVE_WINDOW, "time for N proofs");
    }

    function test_abort_paysForTheOpenedExamples() public {
        bytes32 full = reach(State.Probing, FULL, DIRECT);
        bytes32 g = guard(full);
        vm.prank(mp);
        market.abort(full, g);
        assertEq(market.credit(mp), DEPOSIT + FULL_ABORT_PAYMENT, "N1 P");
        assertEq(market.credit(mc), DEPOSIT - FULL_ABORT_PAYMENT, "consumer");
        bytes32 simple = reach(State.Probing, SIMPLE, DIRECT);
        g = guard(simple);
        vm.prank(mp);
        market.abort(simple, g);
        assertEq(market.credit(mp), 2 * DEPOSIT + FULL_ABORT_PAYMENT + ABORT_PAYMENT, "N P");
        assertEq(uint256(market.verdict(simple).outcome), uint256(Outcome.Abort), "outcome");
    }

    function publishSome(bytes32 id, uint256 from, uint256 to) private {
        bytes32 g = guard(id);
        bytes32[] memory words = Payload.flat(cipherOf(id), from, to);
        vm.prank(mc);
        market.publishChunks(id, g, from, words);
    }

    function expectPublishing(bytes32 id, uint256 from, uint256 to, bytes memory reason) private {
        bytes32 g = guard(id);
        bytes32[] memory words = Payload.flat(cipherOf(id), from, to);
        vm.expectRevert(reason);
        vm.prank(mc);
        market.publishChunks(id, g, from, words);
    }
}
