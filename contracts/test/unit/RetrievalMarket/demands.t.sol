// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICredits} from "../../../src/interfaces/ICredits.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IPublishedTransfers} from "../../../src/interfaces/IPublishedTransfers.sol";
import {IRetrievalMarket} from "../../../src/interfaces/IRetrievalMarket.sol";
import {ISharedKeyJudge} from "../../../src/interfaces/ISharedKeyJudge.sol";
import {ITransferJudge} from "../../../src/interfaces/ITransferJudge.sol";
import {Bn254} from "../../../src/libraries/Bn254.sol";
import {Statement} from "../../../src/libraries/Statement.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {AuditOutcome, AuditState, DemandState, DemandView} from "../../../src/types/AuditTypes.sol";
import {PageOpening, RequestTerms} from "../../../src/types/RetrievalTypes.sol";
import {Point, SharedSecret} from "../../../src/types/SharedKeyTypes.sol";
import {BadData, Evidence} from "../../../src/types/TransferTypes.sol";
import {AuditFixture} from "../../base/AuditFixture.sol";
import {Payload} from "../../base/Payload.sol";

/// Demands, deliveries, publication and evidence, with the attacks on them (I 11, 12, 13, issue 12).
contract DemandsTest is AuditFixture {
    using Bn254 for Point;

    // ---- demand ----

    function test_demand_keepsItsListAndItsFee() public {
        bytes32 id = delivering();
        uint256 m = demandBy(id, list(2, 6));
        DemandView memory d = audits.demandAt(id, m);
        assertEq(m, 0, "the first");
        assertEq(uint256(d.state), uint256(DemandState.Demanded), "state");
        assertEq(d.listHash, listHashOf(list(2, 6)), "list");
        assertEq(d.streamId, streamOf(id, 0), "stream");
        assertEq(d.documents, 2, "documents");
        assertEq(d.paid, feeOf(2, BASE_FEE), "B");
        assertEq(d.deadline, START + DELIVER_BASE + 6 * DELIVER_TIME, "six chunks");
        assertEq(d.settleAfter, d.deadline, "settleAfter");
        assertTrue(audits.documentAt(id, 2).demanded && audits.documentAt(id, 6).demanded, "demanded");
        assertEq(audits.audit(id).openDemands, 1, "open");
        assertEq(audits.totalOwed(), ESCROW + feeOf(2, BASE_FEE), "escrow");
    }

    /// Windows count everything demanded so far.
    function test_demand_windowsCountAllDocumentsSoFar() public {
        bytes32 id = delivering();
        demandBy(id, list(2, 5));
        uint256 m = demandBy(id, list(6));
        assertEq(audits.demandAt(id, m).deadline, START + DELIVER_BASE + 9 * DELIVER_TIME, "nine chunks");
        deliverBy(id, m, list(6));
        assertEq(audits.demandAt(id, m).settleAfter, START + ACK + PUBLISH_BASE + 9 * PUBLISH_TIME, "to publish");
        assertEq(audits.audit(id).demanded, 3, "documents");
    }

    function test_demand_takesWhatIsDueAndCreditsTheRest() public {
        bytes32 id = delivering();
        bytes32 g = auditGuard(id);
        uint256 due = feeOf(1, BASE_FEE);
        vm.startPrank(rq);
        vm.expectRevert(abi.encodeWithSelector(ICredits.ValueTooLow.selector, due, due - 1));
        audits.demand{value: due - 1}(id, g, list(2), opening());
        audits.demand{value: due + 9}(id, g, list(2), opening());
        assertCredits(9, 0);
    }

    function test_attack13_demandsForWhatMayNotBeDemanded() public {
        bytes32 id = deliveringWithheld();
        expectDemand(id, list(9), abi.encodeWithSelector(IRetrievalMarket.DocumentWithheld.selector, 9));
        overruleBy(id, list(9));
        demandBy(id, list(9));
        expectDemand(id, list(9), abi.encodeWithSelector(IRetrievalMarket.Repeated.selector, 9));
        expectDemand(id, list(2), abi.encodeWithSelector(IRetrievalMarket.DocumentWithheld.selector, 2));
        expectDemand(id, list(3), abi.encodeWithSelector(IRetrievalMarket.WrongAnswer.selector, 3, false));
        expectDemand(id, list(5, 5), abi.encodeWithSelector(IRetrievalMarket.NotAscending.selector, 1));
        expectDemand(id, none(), abi.encodeWithSelector(IRetrievalMarket.BadDemand.selector, 128, 0));
        expectDemand(id, new uint32[](129), abi.encodeWithSelector(IRetrievalMarket.BadDemand.selector, 128, 129));
    }

    function test_demand_ofAsManyAsThereMayBe() public {
        RequestTerms memory t = requestTerms();
        t.corpusId = commitCorpus(keccak256("any root"), 128, 1);
        (t.samples, t.namedMax, t.onesMax, t.withholdMax) = (1, 0, 128, 0);
        bytes32 id = requestWith(t);
        acceptAudit(id);
        bytes[] memory pages = new bytes[](1);
        pages[0] = abi.encodePacked(type(uint128).max);
        post(id, pages, true);
        revealNamed(id, none());
        uint32[] memory all = new uint32[](128);
        for (uint32 i = 0; i < 128; ++i) {
            all[i] = i;
        }
        PageOpening[] memory page = opening();
        page[0].bits = pages[0];
        bytes32 g = auditGuard(id);
        vm.prank(rq);
        audits.demand{value: 1 ether}(id, g, all, page);
        assertEq(audits.audit(id).demanded, 128, "all of them");
    }

    function test_demand_onlyByTheRequesterInTime() public {
        bytes32 id = delivering();
        bytes32 g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, rq, outsider));
        vm.prank(outsider);
        audits.demand(id, g, list(2), opening());
        vm.warp(START + DEMAND + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + DEMAND, START + DEMAND + 1));
        vm.prank(rq);
        audits.demand(id, g, list(2), opening());
        vm.warp(START + DEMAND);
        demandBy(id, list(2));
    }

    // ---- deliver and ack ----

    function test_deliver_onlyByTheResponderForThatListInTime() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Demanded);
        Point memory e = point(7);
        bytes32 g = listHashOf(list(2, 6));
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, rs, rq));
        vm.prank(rq);
        audits.deliver(id, m, g, keccak256("root"), e);
        vm.startPrank(rs);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, listHashOf(list(2, 5))));
        audits.deliver(id, m, listHashOf(list(2, 5)), keccak256("root"), e);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.ZeroCtRoot.selector));
        audits.deliver(id, m, g, 0, e);
        vm.expectRevert(abi.encodeWithSelector(Bn254.BadPoint.selector, 0, 0));
        audits.deliver(id, m, g, keccak256("root"), Point(0, 0));
        vm.expectRevert(abi.encodeWithSelector(Bn254.BadPoint.selector, 1, 3));
        audits.deliver(id, m, g, keccak256("root"), Point(1, 3));
        uint256 deadline = audits.demandAt(id, m).deadline;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, deadline, deadline + 1));
        audits.deliver(id, m, g, keccak256("root"), e);
        vm.warp(deadline);
        audits.deliver(id, m, g, keccak256("root"), e);
        assertEq(audits.demandAt(id, m).spent, DELIVER_GAS * BASE_FEE, "used up");
        expectDemandState(id, m, DemandState.Delivered);
        audits.deliver(id, m, g, keccak256("other"), e);
    }

    /// I 15: the same number stands for another list after a reorganisation.
    function test_attack15_demandThenOtherLists() public {
        bytes32 id = delivering();
        uint256 snapshot = vm.snapshotState();
        demandBy(id, list(2));
        bytes32 seen = audits.demandAt(id, 0).listHash;
        vm.revertToState(snapshot);
        demandBy(id, list(5));
        bytes32 g = audits.demandAt(id, 0).listHash;
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, seen));
        vm.prank(rs);
        audits.deliver(id, 0, seen, keccak256("root"), Point(1, 2));
    }

    function test_ack_onlyByTheRequesterForThatRootInTime() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        bytes32 root = audits.demandAt(id, m).ctRoot;
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, rq, rs));
        vm.prank(rs);
        audits.ack(id, m, root);
        vm.startPrank(rq);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, root, id));
        audits.ack(id, m, id);
        vm.warp(START + ACK);
        audits.ack(id, m, root);
        assertEq(audits.demandAt(id, m).deadline, START + ACK + EVIDENCE, "W_evidence");
        expectDemandState(id, m, DemandState.Acked);
        audits.ack(id, m, root);
    }

    // ---- publication ----

    /// Issue 12: the requester waits until nearly everything is published, and acknowledges in front of the last chunk. It may
    /// not, and pays half of what the publication cost.
    function test_attack_anAcknowledgementBeforeTheLastChunkCostsTheRequester() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        bytes32 root = audits.demandAt(id, m).ctRoot;
        vm.warp(START + ACK + 1);
        publishBy(id, m, list(2, 6), 0, 5);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + ACK, START + ACK + 1));
        vm.prank(rq);
        audits.ack(id, m, root);
        publishBy(id, m, list(2, 6), 5, 6);
        assertDemand(id, m, DemandState.Acked);
        passDemand(id, m);
        audits.settleDemand(id, m);
        assertCredits(777_235, 777_234);
    }

    /// Issue 12: the responder publishes what it could have handed over, before it can be acknowledged. It may not, and later it
    /// pays half of it.
    function test_attack_aPublicationBeforeItCanBeAcknowledgedCostsTheResponder() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        bytes32 root = audits.demandAt(id, m).ctRoot;
        bytes32[] memory words = Payload.flat(cipherOf(id, m, list(2, 6)), 0, 6);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, START + ACK, START));
        vm.prank(rs);
        audits.publishChunks(id, m, root, 0, words);
        // In the last second of the window the requester still can, the responder cannot.
        vm.warp(START + ACK);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, START + ACK, START + ACK));
        vm.prank(rs);
        audits.publishChunks(id, m, root, 0, words);
        ackBy(id, m);
        passDemand(id, m);
        audits.settleDemand(id, m);
        assertCredits(feeOf(2, BASE_FEE), 0);
    }

    /// Withholding a ciphertext until gas is cheap does not pay: the responder gets half of what it used up, not half of B.
    function test_attack_publicationWhenGasIsCheaper() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        vm.warp(START + ACK + 1);
        vm.fee(1);
        publishBy(id, m, list(2, 6), 0, 6);
        uint256 spent = DELIVER_GAS * BASE_FEE + 6 * uint256(CHUNK_GAS);
        assertEq(audits.demandAt(id, m).spent, spent, "used up");
        passDemand(id, m);
        audits.settleDemand(id, m);
        assertCredits(feeOf(2, BASE_FEE) - spent / 2, spent / 2);
    }

    /// Nor can a dear last chunk make the cheap ones dear, or bring more than half of B.
    function test_attack_publicationWithADearLastChunk() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        vm.warp(START + ACK + 1);
        vm.fee(1);
        publishBy(id, m, list(2, 6), 0, 5);
        vm.fee(20);
        publishBy(id, m, list(2, 6), 5, 6);
        uint256 spent = DELIVER_GAS * BASE_FEE + 25 * uint256(CHUNK_GAS);
        assertEq(audits.demandAt(id, m).spent, spent, "used up");
        passDemand(id, m);
        audits.settleDemand(id, m);
        assertCredits(feeOf(2, BASE_FEE) - spent / 2, spent / 2);
        (id, m) = demanded(DemandState.Delivered);
        vm.warp(block.timestamp + ACK + 1);
        vm.fee(1000);
        publishBy(id, m, list(2, 6), 0, 6);
        passDemand(id, m);
        audits.settleDemand(id, m);
        // B of the second demand was made at 20.
        uint256 second = feeOf(2, 20);
        assertCredits(feeOf(2, BASE_FEE) - spent / 2 + second - second / 2, spent / 2 + second / 2);
    }

    function test_publishChunks_inTheLastSecondAndNotLater() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        bytes32 root = audits.demandAt(id, m).ctRoot;
        uint256 last = START + ACK + PUBLISH_BASE + 6 * PUBLISH_TIME;
        bytes32[] memory words = Payload.flat(cipherOf(id, m, list(2, 6)), 0, 6);
        uint256 snapshot = vm.snapshotState();
        vm.warp(last);
        publishBy(id, m, list(2, 6), 0, 6);
        assertDemand(id, m, DemandState.Acked);
        assertTrue(audits.demandAt(id, m).published, "published");
        assertEq(audits.audit(id).published, 1, "count");
        vm.revertToState(snapshot);
        vm.warp(last + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, last, last + 1));
        vm.prank(rs);
        audits.publishChunks(id, m, root, 0, words);
    }

    /// Who watches learns from the event alone whether the publication is whole.
    function test_publishChunks_saysWhetherItIsTheLast() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        bytes32 root = audits.demandAt(id, m).ctRoot;
        bytes32[] memory first = Payload.flat(cipherOf(id, m, list(2, 6)), 0, 5);
        bytes32[] memory rest = Payload.flat(cipherOf(id, m, list(2, 6)), 5, 6);
        vm.warp(START + ACK + 1);
        vm.startPrank(rs);
        vm.expectEmit(true, true, true, true, address(audits));
        emit IRetrievalMarket.DemandPublished(id, corpusId, rs, m, 5, false, uint64(START + ACK));
        audits.publishChunks(id, m, root, 0, first);
        vm.expectEmit(true, true, true, true, address(audits));
        emit IRetrievalMarket.DemandPublished(id, corpusId, rs, m, 6, true, uint64(START + ACK + 1 + EVIDENCE));
        audits.publishChunks(id, m, root, 5, rest);
    }

    function test_attack12_publicationOfAWrongRootOrByOthers() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        bytes32 root = audits.demandAt(id, m).ctRoot;
        bytes32[] memory words = Payload.flat(cipherOf(id, m, list(2, 6)), 0, 6);
        vm.warp(START + ACK + 1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, rs, rq));
        vm.prank(rq);
        audits.publishChunks(id, m, root, 0, words);
        vm.startPrank(rs);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, root, id));
        audits.publishChunks(id, m, id, 0, words);
        vm.expectRevert(abi.encodeWithSelector(IPublishedTransfers.OutOfOrder.selector, 0, 1));
        audits.publishChunks(id, m, root, 1, words);
        words[3] ^= bytes32(uint256(1));
        vm.expectPartialRevert(IRetrievalMarket.WrongCtRoot.selector);
        audits.publishChunks(id, m, root, 0, words);
    }

    /// A publication that is not finished in time is worth nothing to the responder.
    function test_attack12_anUnfinishedPublication() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Delivered);
        vm.warp(START + ACK + 1);
        publishBy(id, m, list(2, 6), 0, 5);
        passDemand(id, m);
        audits.settleDemand(id, m);
        assertAudit(id, AuditState.Closed, AuditOutcome.Violation);
        assertCredits(ESCROW + feeOf(2, BASE_FEE), 0);
    }

    // ---- evidence ----

    /// V31: no evidence about an honest delivery, whatever the claim.
    function test_proveBadData_revertsAgainstAnHonestDelivery() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Acked);
        SharedSecret memory secret = secretFor(id, m);
        for (uint256 slot = 0; slot < 2; ++slot) {
            uint32 index = slot == 0 ? 2 : 6;
            for (uint256 claim = 0; claim < 4; ++claim) {
                BadData kind = claim < 2 ? BadData(claim) : BadData.Step;
                Evidence memory e = evidenceOf(id, m, list(2, 6), slot, kind, claim < 2 ? 0 : claim - 2);
                vm.expectRevert(abi.encodeWithSelector(ITransferJudge.NoFault.selector, index));
                audits.proveBadData(id, m, list(2, 6), slot, secret, e);
            }
        }
    }

    /// I 12: every single word of the second document spoiled, and shown, in a delivery that was acknowledged or published.
    function test_attack12_everyWordOfADelivery() public {
        uint256 words = 5 + 2 * (1 + WORDS_PER_CHUNK);
        bytes32 id;
        for (uint256 w = 0; w < words; ++w) {
            uint256 chunk = w < 5 ? 0 : 1 + (w - 5) / (1 + WORDS_PER_CHUNK);
            uint256 place = w < 5 ? w : (w - 5) % (1 + WORDS_PER_CHUNK);
            uint256 snapshot = vm.snapshotState();
            plain[6 * CHUNKS_EACH + chunk][place] ^= 1;
            uint256 m;
            (id, m) = demanded(DemandState.Delivered);
            if (w % 2 == 0) ackBy(id, m);
            else publishAll(id, m, list(2, 6));
            convict(id, m, list(2, 6), 1);
            assertAudit(id, AuditState.Closed, AuditOutcome.Violation);
            assertDemand(id, m, DemandState.Settled);
            assertCredits(ESCROW + feeOf(2, BASE_FEE), 0);
            vm.revertToState(snapshot);
        }
    }

    /// I 12: the two documents of a list in each other's place.
    function test_attack12_documentsSwapped() public {
        for (uint256 c = 0; c < CHUNKS_EACH; ++c) {
            (uint256[] memory a, uint256[] memory b) = (plain[2 * CHUNKS_EACH + c], plain[6 * CHUNKS_EACH + c]);
            (plain[2 * CHUNKS_EACH + c], plain[6 * CHUNKS_EACH + c]) = (b, a);
        }
        (bytes32 id, uint256 m) = demanded(DemandState.Acked);
        Evidence memory e = evidenceOf(id, m, list(2, 6), 0, BadData.Header, 0);
        audits.proveBadData(id, m, list(2, 6), 0, secretFor(id, m), e);
        assertAudit(id, AuditState.Closed, AuditOutcome.Violation);
    }

    function test_attack12_evidenceThroughAnotherSlotOrList() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Acked);
        SharedSecret memory secret = secretFor(id, m);
        Evidence memory e = evidenceOf(id, m, list(2, 6), 0, BadData.Header, 0);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.NoSuchSlot.selector, 2, 2));
        audits.proveBadData(id, m, list(2, 6), 2, secret, e);
        bytes32 g = listHashOf(list(2, 6));
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, listHashOf(list(6, 2))));
        audits.proveBadData(id, m, list(6, 2), 0, secret, e);
        // Chunks of slot 1 shown as those of slot 0.
        e = evidenceOf(id, m, list(2, 6), 1, BadData.Start, 0);
        vm.expectPartialRevert(ITransferJudge.WrongChunk.selector);
        audits.proveBadData(id, m, list(2, 6), 0, secret, e);
    }

    /// I 11: S of another demand, of another key, with a response beyond the order, with infinity.
    function test_attack11_falseSecrets() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Acked);
        Evidence memory e = evidenceOf(id, m, list(2, 6), 0, BadData.Header, 0);
        Point memory ephemeral = audits.demandAt(id, m).ephemeral;
        bytes memory wrong = abi.encodeWithSelector(ISharedKeyJudge.WrongSharedPoint.selector, id, m);
        SharedSecret memory s = secretFor(id, m);
        s.shared = s.shared.add(Point(1, 2));
        expectSecret(id, m, s, e, wrong);
        s = secretFrom(id, m, secretOf[id] + 1, ephemeral);
        expectSecret(id, m, s, e, wrong);
        s = secretFrom(id, m + 1, secretOf[id], ephemeral);
        expectSecret(id, m, s, e, wrong);
        s = secretFrom(keccak256("another audit"), m, secretOf[id], ephemeral);
        expectSecret(id, m, s, e, wrong);
        s = secretFor(id, m);
        s.response += R;
        expectSecret(id, m, s, e, abi.encodeWithSelector(Statement.NotCanonical.selector, s.response));
        s = secretFor(id, m);
        s.shared = Point(0, 0);
        expectSecret(id, m, s, e, abi.encodeWithSelector(Bn254.BadPoint.selector, 0, 0));
    }

    /// I 11: points that are careless, or copied from another demand: each has its one S, which the requester can show.
    function test_attack11_carelessPointsOfTheResponder() public {
        bytes32 id = delivering();
        Point memory key = audits.audit(id).requesterKey;
        Point[3] memory points = [Point(1, 2), key, point(ephemeralSecret(id, 0))];
        uint32[3] memory indices = [uint32(2), 5, 6];
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < 3; ++i) {
            uint256 m = demandBy(id, list(indices[i]));
            vm.prank(rs);
            audits.deliver(id, m, listHashOf(list(indices[i])), keccak256("garbage"), points[i]);
            ackBy(id, m);
            SharedSecret memory s = secretFrom(id, m, secretOf[id], points[i]);
            (, bytes32 master) = sharedKeyJudge.open(id, m, key, points[i], s);
            assertTrue(master != 0, "opened");
        }
        vm.revertToState(snapshot);
    }

    function test_proveBadData_inTimeByAnybody() public {
        plain[2 * CHUNKS_EACH][1] ^= 1;
        (bytes32 id, uint256 m) = demanded(DemandState.Acked);
        SharedSecret memory secret = secretFor(id, m);
        Evidence memory e = evidenceOf(id, m, list(2, 6), 0, BadData.Header, 0);
        uint256 deadline = audits.demandAt(id, m).deadline;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, deadline, deadline + 1));
        audits.proveBadData(id, m, list(2, 6), 0, secret, e);
        vm.warp(deadline);
        vm.prank(outsider);
        audits.proveBadData(id, m, list(2, 6), 0, secret, e);
        assertCredits(ESCROW + feeOf(2, BASE_FEE), 0);
    }

    // ---- settlement ----

    function test_settleDemand_onceAndNotTooEarly() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Acked);
        vm.warp(START + EVIDENCE);
        vm.expectRevert(
            abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, START + EVIDENCE, START + EVIDENCE)
        );
        audits.settleDemand(id, m);
        vm.warp(START + EVIDENCE + 1);
        vm.prank(outsider);
        audits.settleDemand(id, m);
        expectDemandState(id, m, DemandState.Settled);
        audits.settleDemand(id, m);
        expectDemandState(id, m + 1, DemandState.None);
        audits.settleDemand(id, m + 1);
    }

    // ---- helpers ----

    function expectDemand(bytes32 id, uint32[] memory indices, bytes memory reason) private {
        bytes32 g = auditGuard(id);
        vm.expectRevert(reason);
        vm.prank(rq);
        audits.demand{value: 1 ether}(id, g, indices, opening());
    }

    function expectSecret(bytes32 id, uint256 m, SharedSecret memory s, Evidence memory e, bytes memory reason)
        private
    {
        vm.expectRevert(reason);
        audits.proveBadData(id, m, list(2, 6), 0, s, e);
    }

    /// Some claim about the document in `slot` convicts.
    function convict(bytes32 id, uint256 m, uint32[] memory indices, uint256 slot) private {
        SharedSecret memory secret = secretFor(id, m);
        for (uint256 claim = 0; claim < 4; ++claim) {
            BadData kind = claim < 2 ? BadData(claim) : BadData.Step;
            Evidence memory e = evidenceOf(id, m, indices, slot, kind, claim < 2 ? 0 : claim - 2);
            try audits.proveBadData(id, m, indices, slot, secret, e) {
                return;
            } catch (bytes memory reason) {
                assertEq(bytes32(bytes4(reason)), bytes32(ITransferJudge.NoFault.selector), "NoFault only");
            }
        }
        assertTrue(false, "nothing convicts");
    }
}
