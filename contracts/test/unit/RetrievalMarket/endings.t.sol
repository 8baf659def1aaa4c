// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IRetrievalMarket} from "../../../src/interfaces/IRetrievalMarket.sol";
import {TAG_SALT} from "../../../src/libraries/Tags.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {AuditAssurance, AuditOutcome, AuditState, AuditVerdict, DemandState} from "../../../src/types/AuditTypes.sol";
import {RequestTerms} from "../../../src/types/RetrievalTypes.sol";
import {AuditFixture} from "../../base/AuditFixture.sol";

/// Every ending to the wei, and what its verdict says.
contract AuditEndingsTest is AuditFixture {
    function test_cancelled_returnsThePrice() public {
        bytes32 id = requested();
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, START + 1 hours, uint64(START)));
        vm.prank(rs);
        audits.cancelRequest(id);
        vm.prank(rq);
        audits.cancelRequest(id);
        assertAudit(id, AuditState.Closed, AuditOutcome.Cancelled);
        assertCredits(PRICE, 0);
    }

    function test_cancelled_byAnybodyAfterExpiry() public {
        bytes32 id = requested();
        vm.warp(START + 1 hours);
        vm.expectRevert();
        vm.prank(outsider);
        audits.cancelRequest(id);
        vm.warp(START + 1 hours + 1);
        vm.prank(outsider);
        audits.cancelRequest(id);
        assertAudit(id, AuditState.Closed, AuditOutcome.Cancelled);
        assertCredits(PRICE, 0);
    }

    function test_declined_returnsThePriceAndSaysWhetherItWasApproved() public {
        bytes32 id = requested();
        bytes32 g = auditGuard(id);
        vm.prank(authority);
        audits.approve(id, g);
        vm.prank(rs);
        audits.decline(id, g, "the predicate reads names");
        assertAudit(id, AuditState.Closed, AuditOutcome.Declined);
        assertTrue(audits.verdict(id).audit.approved, "approved");
        assertCredits(PRICE, 0);
    }

    function test_timeout_paysTheRequesterEverything() public {
        bytes32 id = accepted();
        vm.warp(START + ANSWER_BASE + ANSWER_TIME);
        vm.expectRevert();
        audits.timeout(id);
        vm.warp(START + ANSWER_BASE + ANSWER_TIME + 1);
        audits.timeout(id);
        assertAudit(id, AuditState.Closed, AuditOutcome.Timeout);
        assertCredits(ESCROW, 0);
        assertNone(id);
    }

    function test_unchecked_paysTheResponderEverything() public {
        bytes32 id = answered();
        vm.warp(START + REVEAL);
        vm.expectRevert();
        audits.timeout(id);
        vm.warp(START + REVEAL + 1);
        audits.timeout(id);
        assertAudit(id, AuditState.Closed, AuditOutcome.Unchecked);
        assertCredits(0, ESCROW);
        assertNone(id);
    }

    function test_violation_ofASampleThatWasNotProven() public {
        bytes32 id = sampled();
        submit(id, groupOf(id, 0));
        submit(id, groupOf(id, 1));
        vm.warp(START + PROVE_BASE + 3 * PROVE_TIME);
        vm.expectRevert();
        audits.timeout(id);
        vm.warp(START + PROVE_BASE + 3 * PROVE_TIME + 1);
        audits.timeout(id);
        assertAudit(id, AuditState.Closed, AuditOutcome.Violation);
        assertCredits(ESCROW, 0);
        assertNone(id);
        assertEq(audits.verdict(id).audit.proven, 2, "proven");
    }

    /// From `reveal` on everybody can draw the sample again, also when it is over; what was never revealed stays a commitment.
    function test_closed_showsTheSeedIfItWasRevealed() public {
        bytes32 id = delivering();
        bytes32 seed = audits.audit(id).seed;
        confirmBy(id);
        assertSeed(id, seed);
        id = sampled();
        seed = audits.audit(id).seed;
        pass(id);
        audits.timeout(id);
        assertSeed(id, seed);
        AuditState[3] memory states = [AuditState.Requested, AuditState.Accepted, AuditState.Answered];
        for (uint256 i = 0; i < 3; ++i) {
            id = reach(states[i]);
            pass(id);
            if (states[i] == AuditState.Requested) audits.cancelRequest(id);
            else audits.timeout(id);
            assertEq(audits.audit(id).seed, 0, "no seed");
            assertEq(audits.audit(id).saltHash, keccak256(abi.encode(TAG_SALT, SALT)), "commitment");
        }
    }

    function test_complete_byConfirmation() public {
        bytes32 id = delivering();
        confirmBy(id);
        assertAudit(id, AuditState.Closed, AuditOutcome.Complete);
        assertCredits(0, ESCROW);
        AuditVerdict memory v = audits.verdict(id);
        assertEq(uint256(v.assurance), uint256(AuditAssurance.SAMPLED), "3 of 7");
        assertTrue(v.audit.confirmed, "confirmed");
        assertEq(v.audit.size, SIZE, "size");
        assertEq(v.audit.positives, POSITIVES, "positives");
        assertEq(v.audit.proven, SAMPLES, "proven");
        assertEq(v.audit.corpusCommittedAt, START, "corpus");
        assertEq(v.audit.closedAt, block.timestamp, "closed");
    }

    function test_complete_byAnybodyAfterTheWindow() public {
        bytes32 id = delivering();
        vm.warp(START + DEMAND);
        vm.expectRevert();
        audits.finalize(id);
        vm.warp(START + DEMAND + 1);
        vm.prank(outsider);
        audits.finalize(id);
        assertAudit(id, AuditState.Closed, AuditOutcome.Complete);
        assertCredits(0, ESCROW);
        assertTrue(!audits.verdict(id).audit.confirmed, "nobody confirmed");
    }

    function test_complete_isExhaustiveWhenEveryZeroIsProven() public {
        for (uint32 n = ZEROS; n <= SIZE; n += SIZE - ZEROS) {
            RequestTerms memory t = requestTerms();
            t.samples = n;
            bytes32 id = requestWith(t);
            acceptAudit(id);
            post(id, onePage(), true);
            revealNamed(id, none());
            assertEq(audits.audit(id).due, ZEROS, "all zeros");
            for (uint32 j = 0; j < ZEROS; ++j) {
                submit(id, groupOf(id, j));
            }
            confirmBy(id);
            assertEq(uint256(audits.verdict(id).assurance), uint256(AuditAssurance.EXHAUSTIVE), "exhaustive");
        }
        RequestTerms memory u = requestTerms();
        u.samples = ZEROS - 1;
        bytes32 other = requestWith(u);
        acceptAudit(other);
        post(other, onePage(), true);
        revealNamed(other, none());
        for (uint32 j = 0; j < ZEROS - 1; ++j) {
            submit(other, groupOf(other, j));
        }
        confirmBy(other);
        assertEq(uint256(audits.verdict(other).assurance), uint256(AuditAssurance.SAMPLED), "all but one");
    }

    function test_confirm_onlyByTheRequesterWhoNamesTheAnswers() public {
        bytes32 id = delivering();
        bytes32 g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, rq, rs));
        vm.prank(rs);
        audits.confirm(id, g);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, bytes32(uint256(1))));
        vm.prank(rq);
        audits.confirm(id, bytes32(uint256(1)));
    }

    function test_complete_revertsWhen_aDemandIsOpen() public {
        (bytes32 id,) = demanded(DemandState.Acked);
        bytes32 g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.DemandsOpen.selector, id, 1));
        vm.prank(rq);
        audits.confirm(id, g);
        vm.warp(START + 30 days);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.DemandsOpen.selector, id, 1));
        audits.finalize(id);
    }

    function test_demand_acknowledgedReturnsItsFee() public {
        (bytes32 id,) = demanded(DemandState.Settled);
        assertCredits(feeOf(2, BASE_FEE), 0);
        confirmBy(id);
        assertCredits(feeOf(2, BASE_FEE), ESCROW);
    }

    function test_demand_publishedCostsBothSides() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        publishAll(id, m, list(2, 6));
        passDemand(id, m);
        audits.settleDemand(id, m);
        // 150,001 + 6·30,011 = 330,067 gas at 7: odd, and the odd wei is the requester's.
        assertEq(feeOf(2, BASE_FEE), 1_554_469, "B");
        assertCredits(777_235, 777_234);
        confirmBy(id);
        assertCredits(777_235, 777_234 + ESCROW);
        assertEq(audits.verdict(id).audit.published, 1, "published");
    }

    function test_demand_notDeliveredIsAViolation() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Demanded);
        vm.warp(START + DELIVER_BASE + 6 * DELIVER_TIME);
        vm.expectRevert();
        audits.settleDemand(id, m);
        vm.warp(START + DELIVER_BASE + 6 * DELIVER_TIME + 1);
        audits.settleDemand(id, m);
        assertAudit(id, AuditState.Closed, AuditOutcome.Violation);
        assertDemand(id, m, DemandState.Settled);
        assertCredits(ESCROW + feeOf(2, BASE_FEE), 0);
        assertNone(id);
    }

    function test_demand_neitherAcknowledgedNorPublishedIsAViolation() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        vm.warp(START + ACK + PUBLISH_BASE + 6 * PUBLISH_TIME);
        vm.expectRevert();
        audits.settleDemand(id, m);
        vm.warp(START + ACK + PUBLISH_BASE + 6 * PUBLISH_TIME + 1);
        audits.settleDemand(id, m);
        assertAudit(id, AuditState.Closed, AuditOutcome.Violation);
        assertCredits(ESCROW + feeOf(2, BASE_FEE), 0);
    }

    /// Once the audit is a Violation, every other demand returns to the requester, published or not, at once.
    function test_demand_ofAViolatedAuditReturns() public {
        bytes32 id = delivering();
        uint256 first = demandBy(id, list(2));
        uint256 second = demandBy(id, list(5));
        deliverBy(id, first, list(2));
        publishAll(id, first, list(2));
        vm.warp(uint256(audits.demandAt(id, second).settleAfter) + 1);
        audits.settleDemand(id, second);
        assertAudit(id, AuditState.Closed, AuditOutcome.Violation);
        assertEq(audits.audit(id).openDemands, 1, "one is left");
        audits.settleDemand(id, first);
        assertCredits(ESCROW + 2 * feeOf(1, BASE_FEE), 0);
        assertEq(audits.audit(id).openDemands, 0, "none is left");
        expectDemandState(id, first, DemandState.Settled);
        audits.settleDemand(id, first);
    }

    function test_closed_isNeverLeft() public {
        bytes32 id = delivering();
        confirmBy(id);
        bytes32 g = auditGuard(id);
        expectAuditState(id, AuditState.Closed);
        audits.timeout(id);
        expectAuditState(id, AuditState.Closed);
        audits.finalize(id);
        expectAuditState(id, AuditState.Closed);
        vm.prank(rq);
        audits.confirm(id, g);
        assertEq(audits.timeoutAt(id), 0, "no deadline");
    }

    function test_withdraw_paysOutEverything() public {
        bytes32 id = delivering();
        uint256 before = rs.balance;
        confirmBy(id);
        vm.prank(rs);
        audits.withdraw(payable(rs));
        assertEq(rs.balance, before + ESCROW, "responder");
        assertEq(address(audits).balance, 0, "empty");
        assertEq(audits.totalOwed(), 0, "owed");
    }

    function assertSeed(bytes32 id, bytes32 seed) private view {
        assertTrue(seed != 0, "a seed");
        assertEq(audits.audit(id).seed, seed, "the same seed");
        assertEq(audits.audit(id).saltHash, 0, "no commitment");
    }

    function assertNone(bytes32 id) private view {
        assertEq(uint256(audits.verdict(id).assurance), uint256(AuditAssurance.NONE), "no assurance");
    }
}
