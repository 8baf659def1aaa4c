// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferFixture} from "../../base/TransferFixture.sol";
import {IAccuracyTerms} from "../../../src/interfaces/IAccuracyTerms.sol";
import {Payouts} from "../../../src/libraries/Payouts.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Adjudication, Assurance, Mode, Outcome, State} from "../../../src/types/MarketTypes.sol";
import {Counter, Reputation} from "../../../src/types/ModelTypes.sol";

/// The table of outcomes, written out by hand, against the contract that has it and against every timeout.
contract OutcomesTest is TransferFixture {
    struct Row {
        uint256 mc;
        uint256 mp;
        uint256 strikes;
        Counter counter;
    }

    function rowOf(Outcome o, Mode mode, bool proven) private pure returns (Row memory) {
        uint256 a = mode == Mode.FULL ? 303 : 707;
        uint256 r = mode == Mode.FULL ? 80_662 : 140_098;
        if (o == Outcome.McSilent) return Row(0, 28_000_084, 0, Counter.McFault);
        if (o == Outcome.NoAck) return Row(14_000_042, 14_000_042, 0, Counter.Unacked);
        if (o == Outcome.BadData) return Row(0, 28_000_084, 0, Counter.McFault);
        if (o == Outcome.Abort) return Row(14_000_042 - a, 14_000_042 + a, 0, Counter.Aborted);
        if (o == Outcome.MpSilent) return Row(28_000_084, 0, 1, Counter.MpFault);
        if (o == Outcome.FailedAccuracy) return Row(28_000_084, 0, 0, Counter.Failed);
        if (o == Outcome.Fault) return Row(28_000_084, 0, 10, Counter.MpFault);
        return Row(14_000_042 - r, 14_000_042 + r, 0, proven ? Counter.PassedProven : Counter.PassedOptimistic);
    }

    function test_row_isTheTable() public view {
        IAccuracyTerms t = accuracyTerms();
        for (uint256 mode = 0; mode < 3; ++mode) {
            for (uint256 o = uint256(Outcome.McSilent); o <= uint256(Outcome.Passed); ++o) {
                for (uint256 proven = 0; proven < 2; ++proven) {
                    Row memory w = rowOf(Outcome(o), Mode(mode), proven == 1);
                    (uint256 mcAmount, uint32 burned, Counter counter) = t.row(Outcome(o), Mode(mode), proven == 1);
                    assertEq(mcAmount, w.mc, "consumer");
                    assertEq(w.mc + w.mp, 2 * DEPOSIT, "the table itself");
                    assertEq(burned, w.strikes, "strikes");
                    assertEq(uint256(counter), uint256(w.counter), "counter");
                }
            }
        }
    }

    function test_row_revertsWhen_theOutcomeHasNone() public {
        IAccuracyTerms t = accuracyTerms();
        Outcome[3] memory none = [Outcome.None, Outcome.Cancelled, Outcome.Settled];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Payouts.NoRow.selector, none[i]));
            t.row(none[i], Mode.FULL, true);
        }
    }

    // ---- timeouts: V8 ----

    function silenceIn(State s) private pure returns (Outcome) {
        if (s == State.Locked || s == State.Acked || s == State.Proceeded) return Outcome.McSilent;
        if (s == State.Committed) return Outcome.NoAck;
        if (s == State.FullDemanded) return Outcome.Fault;
        if (s == State.Claimed) return Outcome.Passed;
        return Outcome.MpSilent;
    }

    function windowOf(State s, Mode mode) private pure returns (uint256) {
        if (s == State.Locked) return COMMIT_WINDOW;
        if (s == State.Committed || s == State.Published) return ACK_WINDOW;
        if (s == State.Acked || s == State.Proceeded) return KEY_WINDOW;
        if (s == State.Probing) return DECIDE_WINDOW;
        if (s == State.Proving) return PROVE_BASE + sizeOf(mode) * PROVE_TIME_PER_ITEM;
        if (s == State.Claimed) return CHALLENGE_WINDOW;
        return RESPOND_WINDOW + neededOf(mode) * ANSWER_TIME;
    }

    function test_timeout_ofEveryStateInEveryMode() public {
        for (uint256 mode = 0; mode < 3; ++mode) {
            for (uint256 a = 0; a < 2; ++a) {
                for (uint256 s = uint256(State.Locked); s < uint256(State.Closed); ++s) {
                    if (!isReachable(State(s), Mode(mode), Adjudication(a))) continue;
                    uint256 before = vm.snapshotState();
                    checkTimeout(State(s), Mode(mode), Adjudication(a));
                    vm.revertToState(before);
                }
            }
        }
    }

    function checkTimeout(State s, Mode mode, Adjudication adjudication) private {
        bytes32 id = reach(s, mode, adjudication);
        // Every step of `reach` is in the first second, so the deadline is that of the last window.
        uint64 deadline = START + uint64(windowOf(s, mode));
        assertEq(market.timeoutAt(id), deadline, "window");
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, deadline, deadline));
        end(id, s);
        vm.warp(uint256(deadline) + 1);
        vm.prank(outsider);
        end(id, s);

        Outcome outcome = silenceIn(s);
        Row memory w = rowOf(outcome, mode, false);
        assertState(id, State.Closed);
        assertEq(uint256(market.engagement(id).outcome), uint256(outcome), "outcome");
        assertEq(market.engagement(id).closedAt, deadline + 1, "closedAt");
        uint256 fund = s == State.FullDemanded ? neededOf(mode) * BOND / 2 : 0;
        assertEq(market.credit(mc), w.mc + fund, "consumer");
        assertEq(market.credit(mp), w.mp, "provider");
        assertEq(market.credit(treasury), 2 * FEE, "fees");
        assertEq(registry.model(modelId).stake, STAKE - w.strikes * STRIKE, "stake");
        assertEq(registry.credit(treasury), w.strikes * STRIKE, "strikes go to the treasury");
        assertEq(registry.model(modelId).open + registry.model(modelId).reserved, 0, "released");
        assertOnly(w.counter);
        Assurance assurance = outcome == Outcome.Passed ? Assurance.OPTIMISTIC : Assurance.NONE;
        assertEq(uint256(market.verdict(id).assurance), uint256(assurance), "assurance");
        assertEq(market.timeoutAt(id), 0, "no more timeouts");
        assertSolvent();
    }

    function end(bytes32 id, State s) private {
        if (s == State.Claimed) market.finalize(id);
        else market.timeout(id);
    }

    function assertOnly(Counter counter) private view {
        Reputation memory r = registry.reputation(modelId);
        uint32[9] memory counts = [
            r.passedProven,
            r.passedOptimistic,
            r.failed,
            r.aborted,
            r.unacked,
            r.mcFault,
            r.mpFault,
            r.settled,
            r.voided
        ];
        for (uint256 c = 0; c < 9; ++c) {
            assertEq(counts[c], c == uint256(counter) ? 1 : 0, "counter");
        }
    }
}
