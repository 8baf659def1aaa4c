// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../base/MarketFixture.sol";
import {Assurance, EngagementView, Outcome, State, Verdict} from "../../src/types/MarketTypes.sol";
import {ModelStatus, ModelView, Reputation} from "../../src/types/ModelTypes.sol";
import {MarketHandler} from "./handlers/MarketHandler.sol";

/// See README.md beside this file for the invariants in words.
contract MarketInvariantTest is MarketFixture {
    MarketHandler internal handler;

    function setUp() public override {
        vm.warp(START);
        super.setUp();
        // a fresh pair, so that the model of the fixture is not among the books
        (registry, market) = deploy(registryParams(), marketParams());
        handler = new MarketHandler(registry, market, verifier, treasury);
    }

    /// Read by forge: only the handler is called.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function excludeSelectors() public view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = MarketHandler.closeEverything.selector;
        selectors[1] = MarketHandler.forget.selector;
        excluded[0] = FuzzSelector(address(handler), selectors);
    }

    /// One invariant, so that each sequence is run once and everything is compared after each of its calls.
    function invariant_contractsAgreeWithTheBooks() public view {
        checkMoney();
        checkEngagements();
        checkTreasury();
        checkStakes();
    }

    /// V9, run by forge after each sequence.
    function afterInvariant() public {
        handler.closeEverything();
        for (uint256 i = 0; i < 7; ++i) {
            handler.withdrawMarket(i);
            handler.withdrawRegistry(i);
        }
        assertEq(address(market).balance, 0, "V9: nothing left behind");
        assertEq(market.totalOwed(), 0, "V9: nothing owed");
        invariant_contractsAgreeWithTheBooks();
        checkPositions();
    }

    /// The invariants would be worth nothing if random calls never got anywhere.
    function test_handler_reachesEveryTransition() public {
        for (uint256 i = 0; i < 2400; ++i) {
            uint256 a = uint256(keccak256(abi.encode(i)));
            uint256 b = a >> 64;
            uint256 c = a >> 128;
            uint256 call = a % 20;
            if (call == 0) handler.warp(b);
            else if (call == 1) handler.warpToEdge(b, c & 1 == 0);
            else if (call < 5) handler.open(a >> 32, b, c, a >> 192);
            else if (call == 5) handler.cancel(b, c);
            else if (call < 9) handler.accept(b, c);
            else if (call < 12) handler.proceed(b, c);
            else if (call == 12) handler.abort(b, c);
            else if (call == 13) handler.concede(b, c);
            else if (call < 17) handler.submit(a >> 32, b, c, a >> 192);
            else if (call == 17) handler.timeout(b, c);
            else if (call == 18) handler.topUp(a >> 32, b, c);
            else if (b % 4 == 0) handler.requestExit(b, 0);
            else if (b % 4 == 1) handler.cancelExit(b);
            else if (b % 4 == 2 && i > 1200) handler.exit(b / 8);
            else handler.withdrawMarket(b);
            if (i % 80 == 79) {
                invariant_contractsAgreeWithTheBooks();
                checkPositions();
                handler.closeEverything();
                handler.withdrawRegistry(6);
                handler.forget();
            }
        }
        bytes32[15] memory names = [
            bytes32("open"),
            "cancel",
            "accept",
            "proceed",
            "abort",
            "concede",
            "submit",
            "passed",
            "timeout",
            "topUp",
            "requestExit",
            "cancelExit",
            "exit",
            "withdrawMarket",
            "withdrawRegistry"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            assertGe(handler.done(names[i]), 1, string(abi.encodePacked("never reached: ", names[i])));
        }
    }

    function checkMoney() private view {
        uint256 escrow = 0;
        MarketHandler.Ghost[] memory all = handler.engagements();
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].state == State.Offered) escrow += ENTRY;
            else if (all[i].state != State.Closed) escrow += 2 * DEPOSIT;
        }
        uint256 stakes = 0;
        for (uint256 i = 0; i < 3; ++i) {
            stakes += registry.model(handler.modelAt(i).id).stake;
        }
        uint256 marketCredits = 0;
        uint256 registryCredits = 0;
        for (uint256 i = 0; i < 7; ++i) {
            address a = handler.actors(i);
            assertEq(market.credit(a), handler.marketCredit(a), "V7: market credit");
            assertEq(registry.credit(a), handler.registryCredit(a), "V7: registry credit");
            marketCredits += market.credit(a);
            registryCredits += registry.credit(a);
        }
        assertEq(market.totalOwed(), marketCredits + escrow, "V1: market");
        assertEq(address(market).balance, marketCredits + escrow, "V1: market balance");
        assertEq(registry.totalOwed(), registryCredits + stakes, "V1: registry");
        assertEq(address(registry).balance, registryCredits + stakes, "V1: registry balance");
        assertEq(handler.marketIn(), handler.marketOut() + marketCredits + escrow, "V2: market");
        assertEq(handler.registryIn(), handler.registryOut() + registryCredits + stakes, "V2: registry");
        assertEq(market.credit(handler.actors(5)) + registry.credit(handler.actors(5)), 0, "V7: outsider");
    }

    function checkEngagements() private view {
        MarketHandler.Ghost[] memory all = handler.engagements();
        for (uint256 i = 0; i < all.length; ++i) {
            MarketHandler.Ghost memory g = all[i];
            EngagementView memory e = market.engagement(g.id);
            Verdict memory v = market.verdict(g.id);
            assertEq(uint256(e.state), uint256(g.state), "V3: state");
            assertEq(uint256(e.outcome), uint256(g.outcome), "V3: outcome");
            bool closed = g.state == State.Closed;
            assertEq(closed ? e.closedAt : e.deadline, g.deadline, "V8: clock");
            assertEq(market.timeoutAt(g.id), closed ? 0 : g.deadline, "V8: timeoutAt");
            if (closed) assertEq(g.paid, g.outcome == Outcome.Cancelled ? ENTRY : 2 * DEPOSIT, "V3: paid once");
            uint256 proven = 0;
            for (uint256 mask = g.provenMask; mask != 0; mask &= mask - 1) {
                ++proven;
            }
            assertEq(v.provenOnChain, proven, "V12: count");
            bool reached = proven * 10_000 >= uint256(g.targetBps) * N;
            assertTrue((v.outcome == Outcome.Passed) == reached, "V12: Passed iff the target is reached");
            assertTrue((v.assurance == Assurance.PROVEN) == reached, "V12: PROVEN iff Passed");
            assertEq(e.offerHash, g.guard, "V16: offer");
        }
    }

    /// V12: exactly the positions of the books are marked; dear, hence once per sequence.
    function checkPositions() private view {
        MarketHandler.Ghost[] memory all = handler.engagements();
        for (uint256 i = 0; i < all.length; ++i) {
            for (uint256 p = 0; p < N; ++p) {
                bool marked = all[i].provenMask & (uint256(1) << p) != 0;
                assertTrue(market.isProven(all[i].id, p) == marked, "V12: position");
            }
        }
    }

    function checkTreasury() private view {
        // the treasury withdraws too: what it has is credit plus what it took
        uint256 took = treasury.balance + handler.topUpsOf(treasury) - 1 ether;
        assertEq(
            took + market.credit(treasury) + registry.credit(treasury),
            2 * uint256(FEE) * handler.everLocked() + STRIKE * handler.silences(),
            "V4"
        );
    }

    function checkStakes() private view {
        for (uint256 i = 0; i < 3; ++i) {
            MarketHandler.GhostModel memory g = handler.modelAt(i);
            ModelView memory m = registry.model(g.id);
            assertEq(uint256(m.status), uint256(g.status), "status");
            assertEq(m.stake, g.stake, "V6: stake");
            assertEq(m.open, g.open, "V5: open");
            assertEq(m.reserved, g.open * FAULT_STRIKES, "V5: reserved");
            assertGe(m.stake, m.reserved * STRIKE, "V5: stake covers the reservation");
            assertTrue(m.status != ModelStatus.Active || m.stake >= STAKE, "Active means fully staked");
            Reputation memory r = registry.reputation(g.id);
            assertEq(r.passedProven, g.passed, "passed");
            assertEq(r.aborted, g.aborted, "aborted");
            assertEq(r.failed, g.failed, "failed");
            assertEq(r.mpFault, g.silent, "mpFault");
            assertEq(r.strikes, g.silent, "V6: one strike per silence");
        }
    }
}
