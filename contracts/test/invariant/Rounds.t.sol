// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../src/ModelRegistry.sol";
import {PredictionMarket} from "../../src/PredictionMarket.sol";
import {ModelView, Reputation} from "../../src/types/ModelTypes.sol";
import {RoundOutcome, RoundState, RoundView} from "../../src/types/RoundTypes.sol";
import {TestBase} from "../base/TestBase.sol";
import {RoundHandler} from "./handlers/RoundHandler.sol";

/// See README.md beside this file for the invariants in words.
contract RoundInvariantTest is TestBase {
    uint256 private constant MC_DEPOSIT = 120_066;
    uint256 private constant PI = 50_021;
    uint256 private constant M = 200_003;
    uint256 private constant ROUND_FEE = 331;
    uint256 private constant C = 3;
    uint256 private constant STRIKE = 3_000_009;
    uint256 private constant FAULT_STRIKES = 10;

    RoundHandler internal handler;
    ModelRegistry internal registry;
    PredictionMarket internal rounds;
    bytes32 internal modelId;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        handler = new RoundHandler();
        (address r, address m, bytes32 id) = handler.world();
        (registry, rounds, modelId) = (ModelRegistry(r), PredictionMarket(m), id);
    }

    /// Read by forge: only these functions are called.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](20);
        selectors[0] = RoundHandler.warp.selector;
        selectors[1] = RoundHandler.warpToEdge.selector;
        selectors[2] = RoundHandler.setBaseFee.selector;
        selectors[3] = RoundHandler.open.selector;
        selectors[4] = RoundHandler.open.selector;
        selectors[5] = RoundHandler.cancel.selector;
        selectors[6] = RoundHandler.serve.selector;
        selectors[7] = RoundHandler.serve.selector;
        selectors[8] = RoundHandler.publish.selector;
        selectors[9] = RoundHandler.publish.selector;
        selectors[10] = RoundHandler.confirm.selector;
        selectors[11] = RoundHandler.contest.selector;
        selectors[12] = RoundHandler.contest.selector;
        selectors[13] = RoundHandler.answer.selector;
        selectors[14] = RoundHandler.finalize.selector;
        selectors[15] = RoundHandler.timeout.selector;
        selectors[16] = RoundHandler.engage.selector;
        selectors[17] = RoundHandler.disengage.selector;
        selectors[18] = RoundHandler.topUp.selector;
        selectors[19] = RoundHandler.withdraw.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), selectors);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// One invariant, so that each sequence is run once and everything is compared after each of its calls.
    function invariant_roundsAgreeWithTheBooks() public view {
        RoundHandler.Ghost[] memory all = handler.all();
        checkRounds(all);
        checkMoney(all);
        checkStake(all);
    }

    /// V34, run by forge after each sequence.
    function afterInvariant() public {
        handler.closeEverything();
        for (uint256 i = 0; i < 4; ++i) {
            if (rounds.credit(handler.actors(i)) != 0) handler.withdraw(i);
        }
        assertEq(address(rounds).balance, 0, "nothing left behind");
        assertEq(rounds.totalOwed(), 0, "nothing owed");
        invariant_roundsAgreeWithTheBooks();
    }

    /// The invariants would be worth nothing if random calls never got anywhere.
    function test_handler_reachesEveryTransition() public {
        for (uint256 i = 0; i < 3000; ++i) {
            uint256 a = uint256(keccak256(abi.encode(i)));
            (uint256 b, uint256 c, uint256 d) = (a >> 64, a >> 128, a >> 192);
            uint256 call = a % 22;
            if (call == 0) handler.warp(b);
            else if (call == 1) handler.warpToEdge(b, c);
            else if (call == 2) handler.setBaseFee(b);
            else if (call < 5) handler.open(b, c, d);
            else if (call == 5) handler.cancel(b, c);
            else if (call < 8) handler.serve(b, c, d);
            else if (call < 11) handler.publish(b, c, d);
            else if (call == 11) handler.confirm(b, c, d);
            else if (call < 14) handler.contest(b, c, a >> 32, d);
            else if (call < 17) handler.answer(b, c, a >> 32, d);
            else if (call == 17) handler.finalize(b, c);
            else if (call == 18) handler.timeout(b, c);
            else if (call == 19) handler.engage();
            else if (call == 20) handler.disengage(b);
            else if (b % 4 == 0) handler.withdraw(c);
            else handler.topUp(c);
            if (i % 60 == 59) {
                invariant_roundsAgreeWithTheBooks();
                handler.closeEverything();
                handler.forget();
                // Or no model with a strike would ever serve again.
                handler.topUp(1);
            }
        }
        bytes32[15] memory names = [
            bytes32("open"),
            "cancel",
            "serve",
            "publish",
            "publishPrivate",
            "publishCheaper",
            "confirm",
            "contest",
            "contestPrivate",
            "answer",
            "proven",
            "finalize",
            "timeout",
            "engage",
            "withdraw"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            assertGe(handler.done(names[i]), 1, string(abi.encodePacked("never reached: ", names[i])));
        }
        for (uint256 o = uint256(RoundOutcome.Void); o <= uint256(RoundOutcome.Fault); ++o) {
            assertGe(handler.outcomes(o), 1, string.concat("never ended as ", vm.toString(o)));
        }
    }

    function checkRounds(RoundHandler.Ghost[] memory all) private view {
        for (uint256 i = 0; i < all.length; ++i) {
            RoundHandler.Ghost memory g = all[i];
            RoundView memory r = rounds.round(g.id);
            assertEq(uint256(r.state), uint256(g.state), "state");
            assertEq(uint256(r.outcome), uint256(g.outcome), "outcome");
            assertEq(r.state == RoundState.Closed ? r.closedAt : r.deadline, g.clock, "clock");
            assertEq(r.answerBy, g.answerBy, "answerBy");
            assertEq(r.guard, g.guard, "guard");
            assertTrue(r.published == g.published, "published");
            assertEq(r.quietBond.paid, g.bond, "Q");
            assertEq(r.quietBond.taken, g.taken, "Q taken");
            assertEq(r.quietBond.earned, handler.earnedOf(g), "Q earned");
            assertEq(r.contestFees, g.fees, "F");
            uint256 contested = maskOf(rounds.contestedSet(g.id));
            uint256 proven = maskOf(rounds.provenSet(g.id));
            assertEq(contested, g.contested, "V23: contested");
            assertEq(proven, g.proven, "V23: proven");
            assertEq(proven & ~contested, 0, "V23: only what is contested");
            assertEq(r.contested, count(contested), "V23: count");
            assertEq(r.proven, count(proven), "V23: count of the proven");
            assertLe(r.contested, C, "V23: cap");
            if (g.state != RoundState.Closed) {
                assertTrue(rounds.timeoutAt(g.id) >= g.clock || g.contested != 0, "timeoutAt");
            } else if (g.outcome == RoundOutcome.Cancelled) {
                assertEq(g.paid, 0, "not a row");
            } else {
                assertEq(g.paid, MC_DEPOSIT + PI + M + g.fees + g.bond, "V22: paid once");
                assertTrue((g.outcome == RoundOutcome.Fault) == (contested != proven), "V23: Fault");
            }
        }
    }

    function checkMoney(RoundHandler.Ghost[] memory all) private view {
        uint256 escrow = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            escrow += handler.escrowOf(all[i]);
        }
        uint256 credits = 0;
        for (uint256 i = 0; i < 4; ++i) {
            address a = handler.actors(i);
            assertEq(rounds.credit(a), handler.credits(a), "V7: credit");
            credits += rounds.credit(a);
        }
        assertEq(rounds.credit(handler.actors(2)), 0, "V7: outsider");
        assertEq(rounds.totalOwed(), credits + escrow, "V25: both deposits of every served round");
        assertEq(address(rounds).balance, credits + escrow, "V1");
        assertEq(handler.paidIn(), handler.paidOut() + credits + escrow, "V2");
        // The treasury withdraws, too: nothing but fees and parts of quiet bonds ever came to it here.
        address treasury = handler.actors(3);
        assertEq(
            treasury.balance + rounds.credit(treasury),
            1000 ether + 2 * ROUND_FEE * handler.everServed() + handler.forConfirm(),
            "V22: fees"
        );
    }

    function checkStake(RoundHandler.Ghost[] memory all) private view {
        uint256 open = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].state == RoundState.Rooted || all[i].state == RoundState.Served) ++open;
        }
        ModelView memory m = registry.model(modelId);
        assertEq(m.open, open + handler.openEngagements(), "open");
        assertEq(m.reserved, open + FAULT_STRIKES * handler.openEngagements(), "V32");
        assertEq(m.stake, handler.stake(), "V6: stake");
        assertGe(m.stake, m.reserved * STRIKE, "V5: stake covers the reservations");
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.strikes, handler.strikes(), "V6: strikes");
        assertEq(r.voided, handler.outcomes(uint256(RoundOutcome.Void)), "voided");
        assertEq(r.roundClean, handler.outcomes(uint256(RoundOutcome.Clean)), "clean");
        assertEq(r.roundUpheld, handler.outcomes(uint256(RoundOutcome.Upheld)), "upheld");
        assertEq(r.roundFault, handler.outcomes(uint256(RoundOutcome.Fault)), "fault");
        assertEq(r.passedProven + r.passedOptimistic + r.failed + r.settled, 0, "no verdict");
    }

    function maskOf(bytes memory bitmap) private pure returns (uint256 mask) {
        for (uint256 i = 0; i < bitmap.length; ++i) {
            mask |= uint256(uint8(bitmap[i])) << (8 * i);
        }
    }

    function count(uint256 mask) private pure returns (uint256 ones) {
        for (; mask != 0; mask &= mask - 1) {
            ++ones;
        }
    }
}
