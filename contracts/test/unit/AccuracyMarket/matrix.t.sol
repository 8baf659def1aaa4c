// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferFixture} from "../../base/TransferFixture.sol";
import {Adjudication, Assurance, Mode, Outcome, State} from "../../../src/types/MarketTypes.sol";
import {BadData, Evidence} from "../../../src/types/TransferTypes.sol";

/// Whole games of two parties, each honest, silent or cheating at each of its stages, with models of three qualities. Who is
/// honest throughout is never worse off than the specification promises (V10, V11), and every game ends (V9) with both
/// deposits paid out.
contract MatrixTest is TransferFixture {
    enum Way {
        Honest,
        Silent,
        Cheating
    }

    /// Good: every example is proven. Uneven: enough probed examples are correct, too few of the others. Bad: too few at all.
    enum Quality {
        Good,
        Uneven,
        Bad
    }

    struct Game {
        Mode mode;
        Adjudication adjudication;
        Quality quality;
        /// The state in which a party deviates, and how; Closed for never.
        State mcState;
        Way mcWay;
        State mpState;
        Way mpWay;
    }

    uint256 private constant MAX_STEPS = 24;

    function test_matrix_fullDirect() public {
        playAll(FULL, DIRECT);
    }

    function test_matrix_fullOptimistic() public {
        playAll(FULL, OPTIMISTIC);
    }

    function test_matrix_simpleDirect() public {
        playAll(SIMPLE, DIRECT);
    }

    function test_matrix_simpleOptimistic() public {
        playAll(SIMPLE, OPTIMISTIC);
    }

    function test_matrix_clearDirect() public {
        playAll(CLEAR, DIRECT);
    }

    /// The games of the matrix are worth nothing if they all end the same way.
    function test_matrix_reachesEveryOutcome() public {
        Game memory g = Game(FULL, OPTIMISTIC, Quality.Good, State.Closed, Way.Honest, State.Closed, Way.Honest);
        expectOutcome(g, Outcome.Passed);
        g.quality = Quality.Uneven;
        expectOutcome(g, Outcome.FailedAccuracy);
        g.quality = Quality.Bad;
        expectOutcome(g, Outcome.Abort);
        g.quality = Quality.Good;
        (g.mcState, g.mcWay) = (State.Acked, Way.Silent);
        expectOutcome(g, Outcome.McSilent);
        g.mcWay = Way.Cheating;
        expectOutcome(g, Outcome.BadData);
        (g.mcState, g.mcWay) = (State.Committed, Way.Silent);
        expectOutcome(g, Outcome.NoAck);
        g.mcState = State.Closed;
        (g.mpState, g.mpWay) = (State.Published, Way.Silent);
        expectOutcome(g, Outcome.MpSilent);
        (g.mpState, g.mpWay, g.quality) = (State.Proving, Way.Cheating, Quality.Uneven);
        expectOutcome(g, Outcome.Fault);
    }

    // ---- games ----

    function playAndJudge(Game memory g) external {
        judge(g, play(g));
    }

    function playAll(Mode mode, Adjudication adjudication) private {
        for (uint256 q = 0; q < 3; ++q) {
            for (uint256 a = uint256(State.Locked); a <= uint256(State.Closed); ++a) {
                for (uint256 b = uint256(State.Committed); b <= uint256(State.Closed); ++b) {
                    for (uint256 w = 0; w < 4; ++w) {
                        Game memory g = Game({
                            mode: mode,
                            adjudication: adjudication,
                            quality: Quality(q),
                            mcState: State(a),
                            mcWay: w & 1 == 0 ? Way.Silent : Way.Cheating,
                            mpState: State(b),
                            mpWay: w & 2 == 0 ? Way.Silent : Way.Cheating
                        });
                        if (isRepeat(g, w)) continue;
                        uint256 before = vm.snapshotState();
                        // A call of its own, so that the memory of one game is not paid for in all later ones.
                        this.playAndJudge(g);
                        vm.revertToState(before);
                    }
                }
            }
        }
    }

    /// Ways of a party without a deviation are all the same; so are deviations in states that the game does not have.
    function isRepeat(Game memory g, uint256 w) private pure returns (bool) {
        if (g.mcState == State.Closed && w & 1 == 1) return true;
        if (g.mpState == State.Closed && w & 2 == 2) return true;
        // Two deviations at once: those of the same way are enough.
        if (g.mcState != State.Closed && g.mpState != State.Closed && (w == 1 || w == 2)) return true;
        return (g.mcState != State.Closed && !isReachable(g.mcState, g.mode, g.adjudication))
            || (g.mpState != State.Closed && !isReachable(g.mpState, g.mode, g.adjudication));
    }

    function expectOutcome(Game memory g, Outcome expected) private {
        uint256 before = vm.snapshotState();
        bytes32 id = play(g);
        assertEq(uint256(market.engagement(id).outcome), uint256(expected), "outcome");
        judge(g, id);
        vm.revertToState(before);
    }

    function judge(Game memory g, bytes32 id) private view {
        Outcome o = market.engagement(id).outcome;
        uint256 a = g.mode == FULL ? FULL_ABORT_PAYMENT : ABORT_PAYMENT;
        uint256 r = g.mode == FULL ? FULL_SUCCESS_PAYMENT : SUCCESS_PAYMENT;
        (uint256 bonds, uint256 answered) = bondsOf(id);
        assertEq(market.verdict(id).challengesAnswered, answered, "answered");
        assertEq(market.credit(mc) + market.credit(mp), 2 * DEPOSIT + bonds * BOND, "V3: 2D and the bonds");
        if (g.mpState == State.Closed) {
            assertTrue(o != Outcome.Fault && o != Outcome.MpSilent, "V10: no fault of an honest provider");
            if (o != Outcome.FailedAccuracy) assertGe(market.credit(mp), DEPOSIT, "V10: the deposit");
            assertEq(registry.model(modelId).stake, STAKE, "V10: the stake");
        }
        if (g.mcState == State.Closed) {
            assertTrue(o != Outcome.McSilent && o != Outcome.BadData, "V11: no fault of an honest consumer");
            assertGe(
                market.credit(mc),
                DEPOSIT - (a > r ? a : r) + (bonds - answered) * BOND,
                "V11: the deposit less a payment"
            );
            // A model below target never passes against a live consumer.
            if (g.quality != Quality.Good) assertTrue(o != Outcome.Passed, "no false verdict");
        }
        if (market.verdict(id).assurance == Assurance.PROVEN) {
            assertTrue(g.quality == Quality.Good, "PROVEN means proven");
        }
        assertSolvent();
    }

    function play(Game memory g) private returns (bytes32 id) {
        id = offeredWith(termsOf(g.mode, g.adjudication));
        acceptBy(mp, id);
        for (uint256 step = 0; step < MAX_STEPS; ++step) {
            State s = stateOf(id);
            if (s == State.Closed) break;
            Way mcWay = g.mcState == s ? g.mcWay : Way.Honest;
            Way mpWay = g.mpState == s ? g.mpWay : Way.Honest;
            if (s == State.Locked) playLocked(id, mcWay);
            else if (s == State.Committed) playCommitted(g, id, mcWay);
            else if (s == State.Published) playPublished(id, mpWay);
            else if (s == State.Acked) playAcked(id, mcWay);
            else if (s == State.Probing) playProbing(g, id, mpWay, mcWay);
            else if (s == State.Proceeded) playProceeded(id, mcWay);
            else if (s == State.Proving) playProving(g, id, mpWay);
            else playClaimed(g, id, mcWay, mpWay);
        }
        assertState(id, State.Closed);
        reclaimAll(id);
    }

    function playLocked(bytes32 id, Way way) private {
        if (way == Way.Silent) return expire(id);
        // A cheat commits to a chunk that does not follow from its neighbour, in every example.
        for (uint256 i = 0; way == Way.Cheating && i < N; ++i) {
            plain[3 * i + 1][1] ^= 1;
        }
        commit(id);
    }

    /// The consumer delivers, nothing (silent) or something else than it committed to (cheating).
    /// A provider that denies the receipt is published to, and then gives in or does not.
    function playCommitted(Game memory g, bytes32 id, Way mcWay) private {
        if (mcWay != Way.Honest) return expire(id);
        if (g.mpState == State.Committed || g.mpState == State.Published) publish(id);
        else acknowledge(id);
    }

    function playPublished(bytes32 id, Way way) private {
        if (way == Way.Honest) acknowledge(id);
        else expire(id);
    }

    function playAcked(bytes32 id, Way way) private {
        if (way == Way.Silent) return expire(id);
        if (way == Way.Honest) return reveal(id);
        bytes32 g = guard(id);
        bytes memory keys = keysA(id);
        bool simple = market.engagement(id).mode == SIMPLE;
        vm.prank(mc);
        if (simple) {
            market.revealAll(id, g, falseMaster());
        } else {
            keys[0] ^= 0x01;
            market.revealA(id, g, MC_SALT, keys);
        }
    }

    function playProbing(Game memory g, bytes32 id, Way way, Way mcWay) private {
        if (way == Way.Silent) return expire(id);
        bool bad = isSpoiled() || g.mcState == State.Acked && g.mcWay == Way.Cheating;
        bytes32 gd = guard(id);
        if (way == Way.Honest && bad) return accuse(id, 0, probeKeys(g, id), g);
        // In CLEAR a consumer that delivers nothing, or garbage, is answered by an abort.
        bool missing = g.mode == CLEAR && mcWay != Way.Honest;
        bool below = g.quality == Quality.Bad || (g.mode != FULL && g.quality == Quality.Uneven);
        if (way == Way.Honest && (missing || below)) {
            vm.prank(mp);
            return market.abort(id, gd);
        }
        decide(id);
    }

    function playProceeded(bytes32 id, Way way) private {
        if (way == Way.Silent) return expire(id);
        if (way == Way.Honest) return revealRest(id);
        bytes32 g = guard(id);
        vm.prank(mc);
        market.revealB(id, g, falseMaster());
    }

    function playProving(Game memory g, bytes32 id, Way way) private {
        if (way == Way.Silent) return expire(id);
        bool falseKey = g.mcState == State.Proceeded && g.mcWay == Way.Cheating;
        if (way == Way.Honest && g.mode == FULL && (isSpoiled() || falseKey)) {
            return accuse(id, N1, falseKey ? bytes.concat(falseMaster()) : masterBytes(), g);
        }
        uint32 provable = provableOf(g);
        bool enough = provable >= neededOf(g.mode);
        if (g.adjudication == OPTIMISTIC) {
            if (way == Way.Cheating) return post(id, bitmapOf(sizeOf(g.mode)));
            if (enough) return post(id, bitmapOf(provable));
        } else if (enough || way == Way.Cheating) {
            market.submitProofs(id, items(id, 0, provable));
            if (!enough) expire(id);
            return;
        }
        bytes32 gd = guard(id);
        vm.prank(mp);
        market.concede(id, gd);
    }

    /// An honest consumer has seen the proofs of everything that can be proven: it challenges a claimed position without
    /// one, if there is any. A cheating one challenges what it has seen proven. A silent one lets the window pass.
    function playClaimed(Game memory g, bytes32 id, Way mcWay, Way mpWay) private {
        uint32 provable = provableOf(g);
        uint32 claimed = market.engagement(id).claimedCorrect;
        bytes memory bitmap = bitmapOf(claimed);
        if (mcWay == Way.Honest && claimed > provable) {
            vm.prank(mc);
            market.challenge{value: BOND}(id, bitmap, provable);
            vm.warp(uint256(market.challengeAt(id, provable).deadline) + 1);
            return market.timeoutChallenge(id, provable);
        }
        if (mcWay == Way.Honest) {
            bytes32 gd = guard(id);
            vm.prank(mc);
            return market.acceptResult(id, gd);
        }
        if (mcWay == Way.Cheating) {
            for (uint32 p = 0; p < claimed; ++p) {
                vm.prank(mc);
                market.challenge{value: BOND}(id, bitmap, p);
            }
            for (uint32 p = 0; p < claimed; ++p) {
                if (mpWay == Way.Honest && p < provable) market.answer(id, itemOf(id, p));
            }
            if (mpWay != Way.Honest || provable < claimed) {
                vm.warp(uint256(market.challengeAt(id, claimed - 1).deadline) + 1);
                return market.timeoutChallenge(id, claimed - 1);
            }
        }
        vm.warp(uint256(market.timeoutAt(id)) + 1);
        market.finalize(id);
    }

    // ---- helpers ----

    function expire(bytes32 id) private {
        vm.warp(uint256(market.timeoutAt(id)) + 1);
        vm.prank(outsider);
        market.timeout(id);
    }

    function provableOf(Game memory g) private pure returns (uint32) {
        return g.quality == Quality.Good ? sizeOf(g.mode) : neededOf(g.mode) - 1;
    }

    function isSpoiled() private view returns (bool) {
        uint256 message = uint256(keccak256(abi.encode("message", SET, uint256(0), uint256(0)))) >> 8;
        return plain[1][1] != message;
    }

    function falseMaster() private pure returns (bytes32) {
        return keccak256("false master");
    }

    function probeKeys(Game memory g, bytes32 id) private view returns (bytes memory keys) {
        bool falseKeys = g.mcState == State.Acked && g.mcWay == Way.Cheating;
        if (g.mode == SIMPLE) return falseKeys ? bytes.concat(falseMaster()) : masterBytes();
        keys = keysA(id);
        if (falseKeys) keys[0] ^= 0x01;
    }

    /// A false key makes garbage of the header, a spoiled chunk breaks the chain.
    function accuse(bytes32 id, uint256 position, bytes memory keys, Game memory g) private {
        bool falseKey = g.mcWay == Way.Cheating && (g.mcState == State.Acked || g.mcState == State.Proceeded);
        Evidence memory e = evidence(id, position, falseKey ? BadData.Header : BadData.Step, 0);
        vm.prank(mp);
        market.proveBadData(id, position, keys, e);
    }

    function reclaimAll(bytes32 id) private {
        for (uint32 p = 0; p < N; ++p) {
            if (market.challengeAt(id, p).deadline == 0) continue;
            vm.prank(mc);
            market.reclaimBond(id, p);
        }
    }

    /// Challenges made, and those of them that were answered.
    function bondsOf(bytes32 id) private view returns (uint256 made, uint256 answered) {
        for (uint32 p = 0; p < N; ++p) {
            if (market.challengeAt(id, p).challenger == address(0)) continue;
            ++made;
            if (market.isProven(id, p)) ++answered;
        }
    }
}
