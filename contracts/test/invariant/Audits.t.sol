// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RetrievalMarket} from "../../src/RetrievalMarket.sol";
import {
    AuditAssurance,
    AuditOutcome,
    AuditState,
    AuditView,
    DemandState,
    DemandView,
    NAMED
} from "../../src/types/AuditTypes.sol";
import {TestBase} from "../base/TestBase.sol";
import {AuditHandler} from "./handlers/AuditHandler.sol";

/// See README.md beside this file for the invariants in words.
contract AuditInvariantTest is TestBase {
    uint256 private constant PRICE = 30_011;
    uint256 private constant ESCROW = 100_012;
    uint256 private constant SAMPLES = 3;
    uint256 private constant SIZE = 11;

    AuditHandler internal handler;
    RetrievalMarket internal audits;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        handler = new AuditHandler();
        audits = RetrievalMarket(handler.world());
    }

    /// Read by forge: only these functions are called. What leads on is there more than once.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](53);
        selectors[0] = AuditHandler.warp.selector;
        selectors[1] = AuditHandler.warpToEdge.selector;
        selectors[2] = AuditHandler.setBaseFee.selector;
        selectors[3] = AuditHandler.request.selector;
        selectors[4] = AuditHandler.request.selector;
        selectors[5] = AuditHandler.approve.selector;
        selectors[6] = AuditHandler.cancel.selector;
        selectors[7] = AuditHandler.decline.selector;
        selectors[8] = AuditHandler.accept.selector;
        selectors[9] = AuditHandler.accept.selector;
        selectors[10] = AuditHandler.post.selector;
        selectors[11] = AuditHandler.post.selector;
        selectors[12] = AuditHandler.withhold.selector;
        selectors[13] = AuditHandler.overrule.selector;
        selectors[14] = AuditHandler.reveal.selector;
        selectors[15] = AuditHandler.reveal.selector;
        selectors[16] = AuditHandler.submit.selector;
        selectors[17] = AuditHandler.submit.selector;
        selectors[18] = AuditHandler.submit.selector;
        selectors[19] = AuditHandler.demand.selector;
        selectors[20] = AuditHandler.demand.selector;
        selectors[21] = AuditHandler.deliver.selector;
        selectors[22] = AuditHandler.deliver.selector;
        selectors[23] = AuditHandler.ack.selector;
        selectors[24] = AuditHandler.publish.selector;
        selectors[25] = AuditHandler.publish.selector;
        selectors[26] = AuditHandler.proveBadData.selector;
        selectors[27] = AuditHandler.settleDemand.selector;
        selectors[28] = AuditHandler.confirm.selector;
        selectors[29] = AuditHandler.finalize.selector;
        selectors[30] = AuditHandler.timeout.selector;
        selectors[31] = AuditHandler.withdraw.selector;
        selectors[50] = AuditHandler.ack.selector;
        selectors[51] = AuditHandler.ack.selector;
        selectors[52] = AuditHandler.proveBadData.selector;
        for (uint256 i = 32; i < 50; ++i) {
            selectors[i] = AuditHandler.advance.selector;
        }
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), selectors);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// One invariant, so that each sequence is run once and everything is compared after each of its calls.
    function invariant_auditsAgreeWithTheBooks() public view {
        AuditHandler.Ghost[] memory all = handler.all();
        AuditHandler.GhostDemand[] memory demands = handler.allDemands();
        checkAudits(all);
        checkDemands(all, demands);
        checkMoney(all, demands);
    }

    /// V34, run by forge after each sequence.
    function afterInvariant() public {
        handler.closeEverything();
        for (uint256 i = 0; i < 4; ++i) {
            if (audits.credit(handler.actors(i)) != 0) handler.withdraw(i);
        }
        assertEq(address(audits).balance, 0, "nothing left behind");
        assertEq(audits.totalOwed(), 0, "nothing owed");
        invariant_auditsAgreeWithTheBooks();
    }

    /// The invariants would be worth nothing if random calls never got anywhere.
    function test_handler_reachesEveryTransition() public {
        for (uint256 i = 0; i < 6000; ++i) {
            uint256 a = uint256(keccak256(abi.encode(i)));
            (uint256 b, uint256 c, uint256 d) = (a >> 64, a >> 128, a >> 192);
            step(a, b, c, a >> 32, d);
            if (i % 100 == 99) {
                invariant_auditsAgreeWithTheBooks();
                handler.closeEverything();
                handler.forget();
            }
        }
        bytes32[32] memory names = [
            bytes32("request"),
            "approve",
            "cancel",
            "decline",
            "accept",
            "post",
            "withhold",
            "overrule",
            "overruled",
            "overruledLate",
            "reveal",
            "submit",
            "proven",
            "namedProven",
            "demand",
            "demandedAgain",
            "demandedOverruled",
            "deliver",
            "ack",
            "publish",
            "published",
            "proveBadData",
            "settle",
            "settledLate",
            "undelivered",
            "unpublished",
            "shared",
            "sharedCheaper",
            "confirm",
            "finalize",
            "timeout",
            "withdraw"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            assertGe(handler.done(names[i]), 1, string(abi.encodePacked("never reached: ", names[i])));
        }
        for (uint256 o = uint256(AuditOutcome.Cancelled); o <= uint256(AuditOutcome.Complete); ++o) {
            assertGe(handler.outcomes(o), 1, string.concat("never ended as ", vm.toString(o)));
        }
    }

    function step(uint256 a, uint256 b, uint256 c, uint256 mask, uint256 d) private {
        uint256 call = a % 64;
        if (call == 0) handler.warp(b);
        else if (call == 1) handler.warpToEdge(b, c);
        else if (call == 2) handler.setBaseFee(b);
        else if (call < 6) handler.request(b, d);
        else if (call == 6) handler.approve(b, c, d);
        else if (call == 7) handler.cancel(b, c);
        else if (call == 8) handler.decline(b, c, d);
        else if (call < 12) handler.accept(b, c, d);
        else if (call < 14) handler.post(b, c, d);
        else if (call < 16) handler.withhold(b, c, mask, d);
        else if (call == 16) handler.overrule(b, c, mask, d);
        else if (call < 19) handler.reveal(b, c, mask, d);
        else if (call < 22) handler.submit(b, c, mask, d);
        else if (call < 25) handler.demand(b, c, mask, d);
        else if (call < 27) handler.deliver(b, c, d);
        else if (call == 27) handler.ack(b, c, d);
        else if (call < 30) handler.publish(b, c, d);
        else if (call == 30) handler.proveBadData(b, c, d);
        else if (call == 31) handler.settleDemand(b, c, d);
        else if (call == 32) handler.confirm(b, c, d);
        else if (call == 33) handler.finalize(b, c);
        else if (call == 34) handler.timeout(b, c);
        else if (call == 35) handler.withdraw(c);
        else if (call < 38) handler.overrule(b, c, mask, d);
        else if (call < 40) handler.withhold(b, c, mask, d);
        else if (call < 56) handler.advance(b, mask);
        else if (call < 58) handler.ack(b, c, d);
        else if (call < 60) handler.proveBadData(b, c, d);
        else handler.publish(b, c, d);
    }

    function checkAudits(AuditHandler.Ghost[] memory all) private view {
        for (uint256 i = 0; i < all.length; ++i) {
            AuditHandler.Ghost memory g = all[i];
            AuditView memory a = audits.audit(g.id);
            assertEq(uint256(a.state), uint256(g.state), "state");
            assertEq(uint256(a.outcome), uint256(g.outcome), "outcome");
            assertEq(a.state == AuditState.Closed ? a.closedAt : a.deadline, g.clock, "clock");
            assertEq(a.overruleBy, g.overruleBy, "overruleBy");
            assertEq(a.guard, g.guard, "V28: guard");
            assertEq(a.seed, g.seed, "V28: seed");
            assertTrue(a.approved == g.approved, "approved");
            assertEq(a.positives, g.posted ? 4 : 0, "V28: positives");
            assertEq(a.withheld, count(g.withheld), "withheld");
            assertEq(a.overruled, count(g.overruled), "overruled");
            assertEq(a.named, count(g.named), "named");
            assertEq(a.proven, count(g.samplesProven) + count(g.namedProven), "proven");
            assertEq(a.demands, g.demands, "demands");
            assertEq(a.demanded, count(g.demanded), "demanded");
            assertEq(a.openDemands, g.openDemands, "open demands");
            assertEq(a.published, g.published, "published");
            if (g.state == AuditState.Closed) checkClosed(g);
        }
    }

    function checkDocuments(AuditHandler.Ghost memory g) private view {
        for (uint32 k = 0; k < SIZE; ++k) {
            assertTrue(audits.documentAt(g.id, k).withheld == ((g.withheld >> k) & 1 == 1), "withheld");
            assertTrue(audits.documentAt(g.id, k).overruled == ((g.overruled >> k) & 1 == 1), "overruled");
            assertTrue(audits.documentAt(g.id, k).demanded == ((g.demanded >> k) & 1 == 1), "demanded");
            assertTrue(audits.isProven(g.id, NAMED, k) == ((g.namedProven >> k) & 1 == 1), "named");
            assertTrue(audits.isProven(g.id, k, 0) == ((g.samplesProven >> k) & 1 == 1), "sample");
        }
        assertEq(g.overruled & ~g.withheld, 0, "only what is withheld");
        assertEq(g.demanded & g.withheld & ~g.overruled, 0, "V29: nothing withheld is demanded");
    }

    function checkClosed(AuditHandler.Ghost memory g) private view {
        checkDocuments(g);
        bool wasAccepted = g.outcome >= AuditOutcome.Timeout;
        assertEq(g.paid, wasAccepted ? ESCROW : PRICE, "V27: paid once");
        bool complete = g.outcome == AuditOutcome.Complete;
        bool allProven = count(g.samplesProven) == SAMPLES && g.namedProven == g.named;
        if (complete) assertTrue(allProven, "V29: Complete has all proofs");
        AuditAssurance expected = complete ? AuditAssurance.SAMPLED : AuditAssurance.NONE;
        assertEq(uint256(audits.verdict(g.id).assurance), uint256(expected), "assurance");
    }

    function checkDemands(AuditHandler.Ghost[] memory all, AuditHandler.GhostDemand[] memory demands) private view {
        for (uint256 i = 0; i < demands.length; ++i) {
            AuditHandler.GhostDemand memory d = demands[i];
            AuditHandler.Ghost memory g = all[d.audit];
            DemandView memory v = audits.demandAt(g.id, d.m);
            assertEq(uint256(v.state), uint256(d.state), "demand state");
            assertEq(v.documents, count(d.documents), "documents");
            assertTrue(v.published == d.published, "published");
            assertEq(v.paid, d.fee, "B");
            assertEq(v.spent, d.spent, "used up");
            if (d.state == DemandState.Settled) {
                assertEq(d.paid, d.fee, "V27: B paid once");
                assertEq(v.deadline, 0, "no deadline");
            } else {
                assertEq(v.deadline, d.clock, "demand clock");
                assertEq(d.paid, 0, "not yet paid");
                assertTrue(g.outcome != AuditOutcome.Complete, "V29: Complete leaves no demand open");
            }
        }
    }

    function checkMoney(AuditHandler.Ghost[] memory all, AuditHandler.GhostDemand[] memory demands) private view {
        uint256 escrow = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].state == AuditState.Requested) escrow += PRICE;
            else if (all[i].state != AuditState.Closed) escrow += ESCROW;
        }
        for (uint256 i = 0; i < demands.length; ++i) {
            if (demands[i].state != DemandState.Settled) escrow += demands[i].fee;
        }
        uint256 credits = 0;
        for (uint256 i = 0; i < 4; ++i) {
            address a = handler.actors(i);
            assertEq(audits.credit(a), handler.credits(a), "V7: credit");
            credits += audits.credit(a);
        }
        assertEq(audits.credit(handler.actors(2)), 0, "V30: authority");
        assertEq(audits.credit(handler.actors(3)), 0, "V7: outsider");
        assertEq(audits.totalOwed(), credits + escrow, "owed");
        assertEq(address(audits).balance, credits + escrow, "V1");
        assertEq(handler.paidIn(), handler.paidOut() + credits + escrow, "V2");
    }

    function count(uint256 mask) private pure returns (uint256 ones) {
        for (; mask != 0; mask &= mask - 1) {
            ++ones;
        }
    }
}
