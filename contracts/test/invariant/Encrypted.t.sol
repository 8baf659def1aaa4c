// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../base/TestBase.sol";
import {Moves} from "../base/Moves.sol";
import {AccuracyMarket} from "../../src/AccuracyMarket.sol";
import {ModelRegistry} from "../../src/ModelRegistry.sol";
import {Adjudication, Assurance, EngagementView, Outcome, State, Verdict} from "../../src/types/MarketTypes.sol";
import {ModelStatus, ModelView, Reputation} from "../../src/types/ModelTypes.sol";
import {EncryptedHandler} from "./handlers/EncryptedHandler.sol";

/// See README.md beside this file for the invariants in words.
contract EncryptedInvariantTest is TestBase {
    uint256 private constant FEE = 77_777;
    uint256 private constant ENTRY = 14_077_819;
    uint256 private constant DEPOSIT = 14_000_042;
    uint256 private constant BOND = 5002;
    uint256 private constant DEAR_BOND = 15_009;
    uint256 private constant CHALLENGE_WINDOW = 4600;
    uint256 private constant STRIKE = 3_000_009;
    uint256 private constant N = 7;

    EncryptedHandler internal handler;
    ModelRegistry internal registry;
    AccuracyMarket internal market;
    bytes32 internal modelId;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        handler = new EncryptedHandler();
        (address r, address m, bytes32 id) = handler.contracts();
        (registry, market, modelId) = (ModelRegistry(r), AccuracyMarket(m), id);
    }

    /// Read by forge: only these functions are called.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](12);
        // natural moves most often, or no sequence gets far
        for (uint256 i = 0; i < 6; ++i) {
            selectors[i] = EncryptedHandler.proceedWith.selector;
        }
        selectors[6] = EncryptedHandler.tryAnything.selector;
        selectors[7] = EncryptedHandler.warp.selector;
        selectors[8] = EncryptedHandler.warpToEdge.selector;
        selectors[9] = EncryptedHandler.offer.selector;
        selectors[10] = EncryptedHandler.topUp.selector;
        selectors[11] = EncryptedHandler.withdraw.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), selectors);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// One invariant, so that each sequence is run once and everything is compared after each of its calls.
    function invariant_contractsAgreeWithTheBooks() public view {
        checkMoney();
        EncryptedHandler.Ghost[] memory all = handler.engagements();
        for (uint256 i = 0; i < all.length; ++i) {
            checkEngagement(all[i]);
        }
        checkModel();
    }

    /// V9, run by forge after each sequence.
    function afterInvariant() public {
        handler.closeEverything();
        invariant_contractsAgreeWithTheBooks();
        for (uint256 i = 0; i < 5; ++i) {
            if (handler.ghostCredit(handler.actors(i)) != 0) handler.withdraw(i);
        }
        assertEq(market.totalOwed(), 0, "V9: nothing owed");
        assertEq(address(market).balance, 0, "V9: nothing left behind");
        invariant_contractsAgreeWithTheBooks();
    }

    /// The invariants would be worth nothing if random calls never got anywhere.
    function test_handler_reachesEveryMoveAndOutcome() public {
        for (uint256 i = 0; i < 6000; ++i) {
            uint256 a = uint256(keccak256(abi.encode(i)));
            uint256 call = a % 24;
            (uint256 b, uint256 c, uint256 d, uint256 arg) = (a >> 16, a >> 32, a >> 48, a >> 64);
            if (call < 15) handler.proceedWith(b, c, d, arg);
            else if (call < 17) handler.tryAnything(b, c, d, d & 256 == 0, arg);
            else if (call < 20) handler.offer(b, c);
            else if (call == 20) handler.warp(b);
            else if (call == 21) handler.warpToEdge(b, c, d & 1 == 0);
            else if (call == 22) handler.topUp(b);
            else handler.withdraw(b);
            if (i % 100 == 99) {
                invariant_contractsAgreeWithTheBooks();
                handler.closeEverything();
                invariant_contractsAgreeWithTheBooks();
                handler.forget();
            }
        }
        for (uint256 m = 0; m < 24; ++m) {
            assertGe(
                handler.done(handler.moveName(Moves.Move(m))),
                1,
                string(abi.encodePacked("never reached: move ", vm.toString(m)))
            );
        }
        bytes32[6] memory ways = [
            bytes32("demand met"),
            "demand: answer",
            "demand: answer in a batch",
            "demand: fault of a challenge",
            "demand: fault",
            "finder"
        ];
        for (uint256 i = 0; i < ways.length; ++i) {
            assertGe(handler.done(ways[i]), 1, string(abi.encodePacked("never reached: ", ways[i])));
        }
        for (uint256 o = uint256(Outcome.Cancelled); o <= uint256(Outcome.Settled); ++o) {
            assertGe(
                handler.outcomes(Outcome(o)), 1, string(abi.encodePacked("never reached: outcome ", vm.toString(o)))
            );
        }
    }

    function checkMoney() private view {
        uint256 held = 0;
        EncryptedHandler.Ghost[] memory all = handler.engagements();
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].state == State.Offered) held += ENTRY;
            else if (all[i].state != State.Closed) held += 2 * DEPOSIT;
            held += all[i].fund;
            for (uint256 p = 0; p < N; ++p) {
                EncryptedHandler.GhostChallenge memory c = handler.challengeOf(all[i].id, p);
                if (c.deadline != 0) held += c.challenger == handler.actors(1) ? BOND : DEAR_BOND;
            }
        }
        uint256 credits = 0;
        for (uint256 i = 0; i < 5; ++i) {
            address a = handler.actors(i);
            assertEq(market.credit(a), handler.ghostCredit(a), "V7: credit");
            credits += market.credit(a);
        }
        assertEq(market.totalOwed(), credits + held, "V1: owed");
        assertEq(address(market).balance, credits + held, "V1: balance");
        assertEq(handler.paidIn(), handler.paidOut() + credits + held, "V2");
        uint256 finders = 0;
        for (uint256 i = 0; i < 4; ++i) {
            address a = handler.actors(i);
            assertEq(registry.credit(a), handler.found(a), "V7: finders");
            finders += handler.found(a);
        }
        assertEq(finders % STRIKE, 0, "V4: a tenth of ten strikes each");
        assertEq(registry.credit(handler.actors(1)), 0, "V4: the consumer is no finder");
        assertEq(registry.credit(handler.actors(4)), handler.burned() * STRIKE - finders, "V4: strikes");
        assertEq(address(registry).balance, handler.burned() * STRIKE + handler.stake(), "V1: registry");
    }

    function checkEngagement(EncryptedHandler.Ghost memory g) private view {
        EngagementView memory e = market.engagement(g.id);
        assertEq(uint256(e.state), uint256(g.state), "V3: state");
        assertEq(uint256(e.outcome), uint256(g.outcome), "V3: outcome");
        bool closed = g.state == State.Closed;
        assertEq(closed ? e.closedAt : e.deadline, g.deadline, "V8: clock");
        assertEq(market.timeoutAt(g.id), closed ? 0 : g.deadline, "V8: timeoutAt");
        assertEq(e.guard, g.guard, "V16: guard");
        if (closed) assertEq(g.paid, g.outcome == Outcome.Cancelled ? ENTRY : 2 * DEPOSIT, "V3: paid once");
        uint256 strikes = g.outcome == Outcome.Fault ? 10 : g.outcome == Outcome.MpSilent ? 1 : 0;
        assertEq(g.strikes, strikes, "V6: strikes");
        checkResult(g, e);
    }

    function checkResult(EncryptedHandler.Ghost memory g, EngagementView memory e) private view {
        uint256 proven = 0;
        uint256 open = 0;
        for (uint256 p = 0; p < N; ++p) {
            bool marked = g.provenMask & (uint256(1) << p) != 0;
            if (marked) ++proven;
            assertTrue(market.isProven(g.id, p) == marked, "V12: position");
            EncryptedHandler.GhostChallenge memory c = handler.challengeOf(g.id, p);
            if (c.deadline != 0) ++open;
            assertEq(market.challengeAt(g.id, uint32(p)).deadline, c.deadline, "V19: deadline");
            assertEq(market.challengeAt(g.id, uint32(p)).challenger, c.challenger, "V19: challenger");
            assertLe(c.paid, 1, "V19: a bond is paid once");
            assertTrue(c.challenger == address(0) || p < g.claimed, "V17: only set positions are challenged");
            if (g.state == State.FullDemanded) {
                assertLe(c.deadline + 1, g.deadline, "V8: challenges end before a demand");
            }
        }
        assertEq(e.claimedCorrect, g.claimed, "V17: count");
        bool isOpen = g.state == State.Claimed || g.state == State.FullDemanded;
        assertEq(e.openChallenges, isOpen ? open : 0, "open challenges");
        Verdict memory v = market.verdict(g.id);
        bool passed = g.outcome == Outcome.Passed;
        assertEq(v.provenOnChain, proven, "V12: count");
        assertEq(v.challengesAnswered, g.answered, "answered");
        if (passed) assertGe(v.claimedCorrect, g.needed, "V12: Passed meets the target");
        Assurance expected = !passed ? Assurance.NONE : proven >= g.needed ? Assurance.PROVEN : Assurance.OPTIMISTIC;
        assertEq(uint256(v.assurance), uint256(expected), "V12: assurance");
        if (passed && v.adjudication == Adjudication.DIRECT) assertGe(proven, g.needed, "V12: DIRECT is PROVEN");
        if (expected == Assurance.PROVEN) {
            assertEq(v.claimedCorrect, proven, "V12: what is proven, not what was claimed");
        }
        assertEq(v.openFor, g.openFor, "time for objections");
        bool early = expected == Assurance.OPTIMISTIC && g.openFor < CHALLENGE_WINDOW;
        assertTrue(v.closedEarly == early, "closed early");
    }

    function checkModel() private view {
        ModelView memory m = registry.model(modelId);
        assertEq(m.stake, handler.stake(), "V6: stake");
        assertEq(m.open, handler.open_(), "V5: open");
        assertEq(m.reserved, handler.open_() * 10, "V5: reserved");
        assertGe(m.stake, m.reserved * STRIKE, "V5: stake covers the reservation");
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.mcFault, handler.outcomes(Outcome.McSilent) + handler.outcomes(Outcome.BadData), "mcFault");
        assertEq(r.mpFault, handler.outcomes(Outcome.MpSilent) + handler.outcomes(Outcome.Fault), "mpFault");
        assertEq(r.unacked, handler.outcomes(Outcome.NoAck), "unacked");
        assertEq(r.aborted, handler.outcomes(Outcome.Abort), "aborted");
        assertEq(r.failed, handler.outcomes(Outcome.FailedAccuracy), "failed");
        assertEq(r.settled, handler.outcomes(Outcome.Settled), "settled");
        assertEq(r.passedProven + r.passedOptimistic, handler.outcomes(Outcome.Passed), "passed");
        assertEq(r.strikes, handler.burned(), "V6: strikes");
        assertEq(
            market.credit(handler.actors(4)) + handler.actors(4).balance - 1 ether,
            2 * FEE * handler.everLocked(),
            "V4: fees"
        );
    }
}
