// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IRetrievalMarket} from "../../../src/interfaces/IRetrievalMarket.sol";
import {AnswerPages} from "../../../src/libraries/AnswerPages.sol";
import {ResultBitmap} from "../../../src/libraries/ResultBitmap.sol";
import {TAG_ANSWERS, TAG_PAGE, TAG_WITHHELD} from "../../../src/libraries/Tags.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {AuditAssurance, AuditOutcome, AuditState, AuditView} from "../../../src/types/AuditTypes.sol";
import {PageOpening, RequestTerms} from "../../../src/types/RetrievalTypes.sol";
import {AuditFixture} from "../../base/AuditFixture.sol";

/// Pages, withholding and overruling (I 8 and 13).
contract AnswersTest is AuditFixture {
    // ---- pages ----

    function test_postAnswers_hashesTheRequestThePageAndItsOnes() public {
        bytes32 id = accepted();
        bytes32 requestHash = audits.audit(id).requestHash;
        bytes32 pageHash = keccak256(abi.encode(TAG_PAGE, id, uint256(0), uint256(0), keccak256(PAGE)));
        vm.expectEmit(true, true, true, true, address(audits));
        emit IRetrievalMarket.AnswersPosted(id, corpusId, rs, 0, 0, PAGE);
        post(id, onePage(), false);
        AuditView memory a = audits.audit(id);
        assertEq(audits.pageHashAt(id, 0), pageHash, "page");
        assertEq(a.answersHash, keccak256(abi.encode(TAG_ANSWERS, requestHash, pageHash)), "answers");
        assertEq(a.positives, POSITIVES, "ones");
        assertEq(a.pages, 1, "pages");
        assertEq(uint256(a.state), uint256(AuditState.Accepted), "not sealed");
        post(id, new bytes[](0), true);
        assertEq(audits.audit(id).answersHash, a.answersHash, "sealing changes nothing");
        assertEq(uint256(stateOf(id)), uint256(AuditState.Answered), "sealed");
        assertEq(audits.audit(id).deadline, START + REVEAL, "deadline");
    }

    function test_attack8_pagesOfEverySizeAndSplit() public {
        uint32[6] memory sizes = [uint32(1), 4095, 4096, 4097, 8193, 1 << 20];
        for (uint256 i = 0; i < sizes.length; ++i) {
            bytes32 whole = bigAccepted(sizes[i]);
            bytes[] memory pages = pagesOf(sizes[i], 0x55);
            post(whole, pages, true);
            uint256 ones = audits.audit(whole).positives;
            assertEq(ones, onesOf(sizes[i]), "every second document");
            // One page a call.
            if (sizes[i] > 8193) continue;
            bytes32 split = bigAccepted(sizes[i]);
            for (uint256 q = 0; q < pages.length; ++q) {
                bytes[] memory one = new bytes[](1);
                one[0] = pages[q];
                post(split, one, q + 1 == pages.length);
            }
            assertEq(audits.audit(split).positives, ones, "split");
            assertEq(uint256(stateOf(split)), uint256(AuditState.Answered), "sealed");
        }
    }

    function test_attack8_aPageOfALargerCorpusOrBeyondTheEnd() public {
        bytes32 id = accepted();
        bytes32 g = auditGuard(id);
        bytes[] memory pages = onePage();
        pages[0] = hex"640200";
        vm.startPrank(rs);
        vm.expectRevert(abi.encodeWithSelector(ResultBitmap.BadBitmap.selector, SIZE, 3));
        audits.postAnswers(id, g, pages, true);
        pages[0] = hex"640a"; // document 11
        vm.expectRevert(abi.encodeWithSelector(ResultBitmap.BadBitmap.selector, SIZE, 2));
        audits.postAnswers(id, g, pages, true);
        pages = new bytes[](2);
        (pages[0], pages[1]) = (PAGE, PAGE);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.NoSuchPage.selector, 1, 1));
        audits.postAnswers(id, g, pages, true);
    }

    function test_attack8_aPageForAnOldFork() public {
        bytes32 id = bigAccepted(4097);
        bytes[] memory pages = pagesOf(4097, 0);
        bytes[] memory first = new bytes[](1);
        first[0] = pages[0];
        uint256 snapshot = vm.snapshotState();
        post(id, first, false);
        bytes32 gone = auditGuard(id);
        // Reorganised: another first page, and the second one still on its way.
        vm.revertToState(snapshot);
        first[0] = pagesOf(4097, 0x01)[0];
        post(id, first, false);
        bytes32 there = auditGuard(id);
        first[0] = pages[1];
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, there, gone));
        vm.prank(rs);
        audits.postAnswers(id, gone, first, true);
    }

    /// Only the bond of the request differs: the same id, accepted all the same, and a page for the terms that are gone.
    function test_attack8_aPageForARequestThatWasReplaced() public {
        RequestTerms memory t = requestTerms();
        uint256 snapshot = vm.snapshotState();
        bytes32 id = requestWith(t);
        acceptAudit(id);
        bytes32 gone = auditGuard(id);
        post(id, onePage(), true);
        bytes32 answersToTheOther = audits.audit(id).answersHash;
        // Reorganised: the requester asks something else, and the responder's `accept` comes again.
        vm.revertToState(snapshot);
        t.bond = BOND + 1;
        assertEq(requestWith(t), id, "the same id");
        acceptAudit(id);
        bytes32 there = auditGuard(id);
        vm.startPrank(rs);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, there, gone));
        audits.postAnswers(id, gone, onePage(), true);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, there, id));
        audits.postAnswers(id, id, onePage(), true);
        audits.postAnswers(id, there, onePage(), true);
        assertTrue(audits.audit(id).answersHash != answersToTheOther, "the same answers to other terms");
    }

    function test_attack13_aSealWithAPageMissing() public {
        bytes32 id = bigAccepted(4097);
        bytes[] memory first = new bytes[](1);
        first[0] = pagesOf(4097, 0)[0];
        bytes32 g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.PagesMissing.selector, 2, 1));
        vm.prank(rs);
        audits.postAnswers(id, g, first, true);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.PagesMissing.selector, 2, 0));
        vm.prank(rs);
        audits.postAnswers(id, g, new bytes[](0), true);
    }

    function test_postAnswers_revertsWhen_thereAreTooManyOnes() public {
        bytes32 id = accepted();
        bytes32 g = auditGuard(id);
        bytes[] memory pages = onePage();
        pages[0] = hex"7602"; // six
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.AboveLimit.selector, ONES_MAX, 6));
        vm.prank(rs);
        audits.postAnswers(id, g, pages, true);
        pages[0] = hex"6602"; // five
        vm.prank(rs);
        audits.postAnswers(id, g, pages, true);
    }

    function test_postAnswers_onlyByTheResponderInTime() public {
        bytes32 id = accepted();
        bytes32 g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, rs, rq));
        vm.prank(rq);
        audits.postAnswers(id, g, onePage(), true);
        vm.warp(START + ANSWER_BASE + ANSWER_TIME + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                Deadlines.DeadlinePassed.selector,
                START + ANSWER_BASE + ANSWER_TIME,
                START + ANSWER_BASE + ANSWER_TIME + 1
            )
        );
        vm.prank(rs);
        audits.postAnswers(id, g, onePage(), true);
        vm.warp(START + ANSWER_BASE + ANSWER_TIME);
        vm.prank(rs);
        audits.postAnswers(id, g, onePage(), true);
    }

    /// Issue 12: everything is answered with one, or withheld. Nothing is proven, so nothing is called exhaustive, and the terms
    /// say how much of it there may be.
    function test_attack_everythingMatchesOrIsWithheld() public {
        RequestTerms memory t = requestTerms();
        (t.samples, t.onesMax, t.withholdMax) = (SIZE, SIZE, SIZE);
        bytes32 id = requestWith(t);
        acceptAudit(id);
        bytes[] memory pages = onePage();
        pages[0] = hex"ff07";
        post(id, pages, false);
        uint32[] memory all = new uint32[](SIZE);
        for (uint32 i = 0; i < SIZE; ++i) {
            all[i] = i;
        }
        PageOpening[] memory page = opening();
        page[0].bits = hex"ff07";
        bytes32 g = auditGuard(id);
        vm.prank(rs);
        audits.withhold(id, g, all, page, keccak256("log"), true);
        revealNamed(id, none());
        assertEq(uint256(stateOf(id)), uint256(AuditState.Delivering), "nothing is due");
        confirmBy(id);
        assertAudit(id, AuditState.Closed, AuditOutcome.Complete);
        assertEq(uint256(audits.verdict(id).assurance), uint256(AuditAssurance.NONE), "no assurance");
        assertEq(audits.verdict(id).audit.withheld, SIZE, "withheld");
        // With terms of the requester's choice the same answers cannot be given.
        id = accepted();
        g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.AboveLimit.selector, ONES_MAX, SIZE));
        vm.prank(rs);
        audits.postAnswers(id, g, pages, true);
    }

    // ---- withholding ----

    function test_withhold_isHashedIntoTheAnswers() public {
        bytes32 id = accepted();
        post(id, onePage(), false);
        bytes32 before = auditGuard(id);
        withholdBy(id, list(2, 9), true);
        AuditView memory a = audits.audit(id);
        assertEq(
            a.answersHash,
            keccak256(abi.encode(TAG_WITHHELD, before, listHashOf(list(2, 9)), keccak256("log"))),
            "answers"
        );
        assertEq(a.withheld, 2, "count");
        assertTrue(audits.documentAt(id, 2).withheld && audits.documentAt(id, 9).withheld, "withheld");
        assertTrue(!audits.documentAt(id, 5).withheld, "not withheld");
        assertEq(uint256(a.state), uint256(AuditState.Answered), "sealed");
    }

    function test_attack13_withholdingZerosTwiceOrOfAPageThatIsNotThere() public {
        bytes32 id = accepted();
        expectWithhold(id, list(2), abi.encodeWithSelector(AnswerPages.WrongPage.selector, 0, 0, pageHashOf(id)));
        post(id, onePage(), false);
        expectWithhold(id, list(3), abi.encodeWithSelector(IRetrievalMarket.WrongAnswer.selector, 3, false));
        expectWithhold(id, list(11), abi.encodeWithSelector(AnswerPages.NoSuchDocument.selector, SIZE, 11));
        expectWithhold(id, list(5, 2), abi.encodeWithSelector(IRetrievalMarket.NotAscending.selector, 1));
        expectWithhold(id, list(5, 5), abi.encodeWithSelector(IRetrievalMarket.NotAscending.selector, 1));
        withholdBy(id, list(2), false);
        expectWithhold(id, list(2), abi.encodeWithSelector(IRetrievalMarket.Repeated.selector, 2));
        expectWithhold(id, list(5, 6), abi.encodeWithSelector(IRetrievalMarket.AboveLimit.selector, WITHHOLD_MAX, 3));
    }

    function test_attack13_withholdingAfterTheSeal() public {
        bytes32 id = answered();
        bytes32 g = auditGuard(id);
        expectAuditState(id, AuditState.Answered);
        vm.prank(rs);
        audits.withhold(id, g, list(2), opening(), 0, false);
    }

    function test_withhold_revertsWhen_aPageIsSuppliedInVain() public {
        bytes32 id = accepted();
        post(id, onePage(), false);
        bytes32 g = auditGuard(id);
        PageOpening[] memory two = new PageOpening[](2);
        (two[0], two[1]) = (opening()[0], opening()[0]);
        vm.startPrank(rs);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.WrongPageCount.selector, 1, 2));
        audits.withhold(id, g, list(2), two, 0, false);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.WrongPageCount.selector, 1, 0));
        audits.withhold(id, g, list(2), noPages(), 0, false);
    }

    // ---- overruling ----

    function test_overrule_inEveryStateFromTheSealOn() public {
        AuditState[3] memory states = [AuditState.Answered, AuditState.Sampled, AuditState.Delivering];
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 id = reach(states[i]);
            overruleBy(id, list(9));
            assertEq(audits.audit(id).overruled, 1, "count");
            assertTrue(audits.documentAt(id, 9).overruled, "overruled");
            assertEq(uint256(stateOf(id)), uint256(states[i]), "state");
        }
    }

    function test_overrule_givesTimeToDemandOnce() public {
        bytes32 id = deliveringWithheld();
        uint256 first = START + DEMAND;
        vm.warp(first - 5);
        overruleBy(id, list(2));
        assertEq(audits.audit(id).deadline, first - 5 + DEMAND, "from now");
        assertEq(audits.audit(id).overruleBy, first, "but no more overruling");
        bytes32 g = auditGuard(id);
        vm.warp(first + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, first, first + 1));
        vm.prank(authority);
        audits.overrule(id, g, list(9), 0);
        uint256 m = demandBy(id, list(2));
        assertEq(m, 0, "what was overruled can be demanded");
    }

    function test_attack13_overrulingByOthersOrOfWhatIsNotWithheld() public {
        bytes32 id = answeredWithheld();
        bytes32 g = auditGuard(id);
        address[3] memory others = [rq, rs, outsider];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, authority, others[i]));
            vm.prank(others[i]);
            audits.overrule(id, g, list(2), 0);
        }
        vm.startPrank(authority);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.NotWithheld.selector, 5));
        audits.overrule(id, g, list(5), 0);
        audits.overrule(id, g, list(2), 0);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.Repeated.selector, 2));
        audits.overrule(id, g, list(2), 0);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.Repeated.selector, 9));
        audits.overrule(id, g, list(9, 9), 0);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, id));
        audits.overrule(id, id, list(9), 0);
    }

    // ---- helpers ----

    function pageHashOf(bytes32 id) private pure returns (bytes32) {
        return keccak256(abi.encode(TAG_PAGE, id, uint256(0), uint256(0), keccak256(PAGE)));
    }

    function expectWithhold(bytes32 id, uint32[] memory indices, bytes memory reason) private {
        bytes32 g = auditGuard(id);
        vm.expectRevert(reason);
        vm.prank(rs);
        audits.withhold(id, g, indices, opening(), 0, false);
    }

    /// An audit of a corpus of that size whose root is any word, with every document allowed to match.
    function bigAccepted(uint32 size) private returns (bytes32 id) {
        RequestTerms memory t = requestTerms();
        bytes32 root = keccak256(abi.encode("root", size, audits.requestCount(corpusId), t.requesterKey.x));
        t.corpusId = commitCorpus(root, size, 1);
        (t.samples, t.namedMax, t.onesMax, t.withholdMax) = (1, 0, size, 1);
        id = requestWith(t);
        acceptAudit(id);
    }

    function pagesOf(uint256 size, uint8 pattern) private pure returns (bytes[] memory pages) {
        pages = new bytes[]((size + 4095) / 4096);
        for (uint256 q = 0; q < pages.length; ++q) {
            uint256 bits = size - 4096 * q < 4096 ? size - 4096 * q : 4096;
            bytes memory page = new bytes((bits + 7) / 8);
            for (uint256 i = 0; i < page.length; ++i) {
                page[i] = bytes1(pattern);
            }
            if (bits % 8 != 0) page[page.length - 1] = bytes1(pattern & uint8((1 << (bits % 8)) - 1));
            pages[q] = page;
        }
    }

    function onesOf(uint256 size) private pure returns (uint256) {
        return (size + 1) / 2;
    }
}
