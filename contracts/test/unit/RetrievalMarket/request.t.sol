// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RetrievalMarket} from "../../../src/RetrievalMarket.sol";
import {ICorpusRegistry} from "../../../src/interfaces/ICorpusRegistry.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {IRetrievalMarket} from "../../../src/interfaces/IRetrievalMarket.sol";
import {Bn254} from "../../../src/libraries/Bn254.sol";
import {TAG_AUDIT, TAG_AUDIT_REQUEST} from "../../../src/libraries/Tags.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Sequence} from "../../../src/shared/Sequence.sol";
import {AuditState, AuditView, RetrievalParams} from "../../../src/types/AuditTypes.sol";
import {Predicate, RequestTerms} from "../../../src/types/RetrievalTypes.sol";
import {Point} from "../../../src/types/SharedKeyTypes.sol";
import {AuditFixture} from "../../base/AuditFixture.sol";

contract RequestTest is AuditFixture {
    RequestTerms private t;
    Predicate private p;

    function setUp() public override {
        super.setUp();
        t = requestTerms();
        p = predicate();
    }

    // ---- what is stored and announced ----

    function test_request_keepsItsTerms() public {
        bytes32 id = keccak256(abi.encode(TAG_AUDIT, block.chainid, address(audits), corpusId, uint256(0)));
        bytes32 requestHash = keccak256(abi.encode(TAG_AUDIT_REQUEST, id, rq, t, audits.PARAMS_HASH()));
        vm.expectEmit(true, true, true, true, address(audits));
        emit IRetrievalMarket.AuditRequested(id, corpusId, rq, requestHash, t, p, "uri");
        vm.prank(rq);
        assertEq(audits.request{value: PRICE}(t, p, "uri"), id, "id");

        AuditView memory a = audits.audit(id);
        assertEq(a.corpusId, corpusId, "corpus");
        assertEq(a.predicateHash, t.predicateHash, "predicate");
        assertEq(a.requestHash, requestHash, "request");
        assertEq(a.guard, requestHash, "guard");
        assertEq(a.answersHash, 0, "no answers");
        assertEq(a.saltHash, t.saltHash, "salt");
        assertEq(a.seed, 0, "no seed");
        assertEq(a.requesterKey.x, t.requesterKey.x, "x");
        assertEq(a.requesterKey.y, t.requesterKey.y, "y");
        assertEq(a.rq, rq, "rq");
        assertEq(a.rs, rs, "rs");
        assertEq(a.authority, authority, "authority");
        assertEq(uint256(a.state), uint256(AuditState.Requested), "state");
        assertEq(a.size, SIZE, "size");
        assertEq(a.inputWords, INPUT_WORDS, "L");
        assertEq(a.samples, SAMPLES, "n");
        assertEq(a.namedMax, NAMED_MAX, "m");
        assertEq(a.onesMax, ONES_MAX, "ones");
        assertEq(a.withholdMax, WITHHOLD_MAX, "withheld");
        assertEq(a.bond, BOND, "b");
        assertEq(a.price, PRICE, "pi");
        assertEq(a.deadline, t.expiry, "expiry");
        assertEq(audits.timeoutAt(id), t.expiry, "timeoutAt");
        assertEq(audits.totalOwed(), PRICE, "escrow");
        assertCredits(0, 0);
    }

    /// Requests and accepted audits are counted apart, so that a flood of requests hides no audit.
    function test_request_isEnumerable() public {
        bytes32 first = requested();
        bytes32 second = requested();
        assertEq(audits.requestCount(corpusId), 2, "requests");
        assertEq(audits.requestIdAt(corpusId, 0), first, "first");
        assertEq(audits.requestIdAt(corpusId, 1), second, "second");
        assertEq(audits.auditCount(corpusId), 0, "no audit");
        acceptAudit(second);
        assertEq(audits.auditCount(corpusId), 1, "one audit");
        assertEq(audits.auditIdAt(corpusId, 0), second, "the accepted one");
        vm.expectRevert(abi.encodeWithSelector(Sequence.SequenceOutOfRange.selector, 1, 1));
        audits.auditIdAt(corpusId, 1);
        vm.expectRevert(abi.encodeWithSelector(Sequence.SequenceOutOfRange.selector, 2, 2));
        audits.requestIdAt(corpusId, 2);
    }

    function test_request_takesItsLimits() public {
        (t.samples, t.namedMax, t.onesMax, t.withholdMax) = (SIZE, SIZE, SIZE, SIZE);
        (t.price, t.bond, t.expiry) = (0, 0, uint64(START));
        requestWith(t);
        t.requesterKey = point(nextSecret());
        (t.samples, t.namedMax, t.onesMax, t.withholdMax) = (1, 0, 0, 0);
        (t.authority, t.expiry) = (address(0), uint64(START) + ACCEPT);
        requestWith(t);
    }

    // ---- what is refused ----

    function test_request_revertsWhen_theValueIsNotThePrice() public {
        expectRefusal(abi.encodeWithSelector(IMarket.WrongValue.selector, PRICE, PRICE - 1), PRICE - 1);
        expectRefusal(abi.encodeWithSelector(IMarket.WrongValue.selector, PRICE, PRICE + 1), PRICE + 1);
    }

    function test_request_revertsWhen_theCorpusIsUnknown() public {
        t.corpusId = keccak256("no corpus");
        expectRefusal(abi.encodeWithSelector(ICorpusRegistry.UnknownCorpus.selector, t.corpusId), PRICE);
    }

    function test_request_revertsWhen_theChainsAreOthers() public {
        vm.prank(rs);
        t.corpusId = corpora.commit(keccak256("root"), SIZE, 7, 3, "");
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.WordsPerHashMismatch.selector, 2, 3), PRICE);
    }

    function test_request_revertsWhen_aSizeIsOutOfRange() public {
        t.samples = 0;
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.BadSamples.selector, SIZE, 0), PRICE);
        t.samples = SIZE + 1;
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.BadSamples.selector, SIZE, SIZE + 1), PRICE);
        t.samples = 1;
        t.namedMax = SIZE + 1;
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.BadNamedMax.selector, SIZE, SIZE + 1), PRICE);
        bytes32 small = t.corpusId;
        t.corpusId = commitCorpus(keccak256("root"), 129, 1);
        t.namedMax = 129;
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.BadNamedMax.selector, 128, 129), PRICE);
        t.corpusId = small;
        t.namedMax = 0;
        t.onesMax = SIZE + 1;
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.BadOnesMax.selector, SIZE, SIZE + 1), PRICE);
        t.onesMax = 1;
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.BadWithholdMax.selector, 1, 2), PRICE);
        t.authority = address(0);
        t.withholdMax = 1;
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.BadWithholdMax.selector, 0, 1), PRICE);
    }

    function test_request_revertsWhen_theExpiryIsOutOfRange() public {
        (uint64 first, uint64 last) = (uint64(START), uint64(START) + ACCEPT);
        t.expiry = first - 1;
        expectRefusal(abi.encodeWithSelector(IMarket.BadExpiry.selector, first, last, first - 1), PRICE);
        t.expiry = last + 1;
        expectRefusal(abi.encodeWithSelector(IMarket.BadExpiry.selector, first, last, last + 1), PRICE);
    }

    function test_request_revertsWhen_theSaltHashIsZero() public {
        t.saltHash = 0;
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.ZeroSaltHash.selector), PRICE);
    }

    /// 365 days bound everything that may be proven, delivered or published.
    function test_request_revertsWhen_aWindowWouldBeTooLong() public {
        // 1 + ceil(L / 4) chunks a document; 5 s a chunk to deliver, 3 to publish.
        uint256 year = 365 days;
        uint256 most = (year - DELIVER_BASE) / DELIVER_TIME / ONES_MAX; // chunks of each of 5 documents
        uint32 words = uint32(4 * (most - 1));
        t.corpusId = commitCorpus(keccak256("root"), SIZE, words);
        requestWith(t);
        t.requesterKey = point(nextSecret());
        t.corpusId = commitCorpus(keccak256("root"), SIZE, words + 1);
        uint256 given = DELIVER_BASE + 5 * (most + 1) * DELIVER_TIME;
        expectRefusal(
            abi.encodeWithSelector(IRetrievalMarket.WindowTooLong.selector, bytes32("deliver"), year, given), PRICE
        );
        t.onesMax = 0;
        t.withholdMax = 0;
        requestWith(t);
    }

    function test_request_revertsWhen_provingCouldTakeMoreThanAYear() public {
        t.corpusId = commitCorpus(keccak256("root"), 1 << 20, 1);
        (t.samples, t.namedMax) = (1 << 20, 128);
        requestWith(t);
        RetrievalParams memory params = retrievalParams();
        params.windows.proveTime = 31;
        audits = new RetrievalMarket(params);
        uint256 given = PROVE_BASE + 31 * uint256((1 << 20) + 128);
        expectRefusal(
            abi.encodeWithSelector(IRetrievalMarket.WindowTooLong.selector, bytes32("prove"), 365 days, given), PRICE
        );
        t.samples = 1 << 19;
        requestWith(t);
        // To the second.
        params.windows.proveBase = uint64(365 days - 31 * ((1 << 19) + 128));
        audits = new RetrievalMarket(params);
        requestWith(t);
        t.samples += 1;
        expectRefusal(
            abi.encodeWithSelector(IRetrievalMarket.WindowTooLong.selector, bytes32("prove"), 365 days, 365 days + 31),
            PRICE
        );
    }

    // ---- predicates (I 10) ----

    function test_attack10_predicatesWithoutCodeOrOfAnotherHash() public {
        p.vkDigest = keccak256("another vk");
        expectRefusal(
            abi.encodeWithSelector(IRetrievalMarket.WrongPredicate.selector, t.predicateHash, hashOf(p)), PRICE
        );
        p.verifier = outsider;
        expectBad(abi.encodeWithSelector(IModelRegistry.VerifierHasNoCode.selector, outsider));
        p = predicate();
        p.verifierCodehash = keccak256("other code");
        expectBad(
            abi.encodeWithSelector(
                IModelRegistry.VerifierChanged.selector, p.verifier, p.verifierCodehash, p.verifier.codehash
            )
        );
        p = predicate();
        p.vkDigest = 0;
        expectBad(abi.encodeWithSelector(IModelRegistry.ZeroVkDigest.selector));
        p = predicate();
        p.weightsCommit = 1 << 248;
        expectBad(abi.encodeWithSelector(IModelRegistry.WeightsCommitTooLarge.selector, 1 << 248));
    }

    /// A delegated account can change its mind at any time.
    function test_attack10_aVerifierThatIsADelegation() public {
        address delegated = account("delegated");
        vm.etch(delegated, bytes.concat(hex"ef0100", abi.encodePacked(address(verifier))));
        (p.verifier, p.verifierCodehash) = (delegated, delegated.codehash);
        expectBad(abi.encodeWithSelector(IModelRegistry.VerifierIsDelegated.selector, delegated));
    }

    // ---- keys (I 11) ----

    function test_attack11_keysThatAreNoPoints() public {
        Point[4] memory bad = [Point(0, 0), Point(1, 3), Point(1 + Bn254.BASE_ORDER, 2), Point(1, Bn254.BASE_ORDER - 1)];
        for (uint256 i = 0; i < 4; ++i) {
            t.requesterKey = bad[i];
            expectRefusal(abi.encodeWithSelector(Bn254.BadPoint.selector, bad[i].x, bad[i].y), PRICE);
        }
    }

    /// One key opens one audit, nor does its negative open another: who shows S of the one shows it of the other.
    function test_attack11_oneKeyInTwoAudits() public {
        requestWith(t);
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.KeyUsed.selector, rq, t.requesterKey.x), PRICE);
        t.requesterKey.y = Bn254.BASE_ORDER - t.requesterKey.y;
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.KeyUsed.selector, rq, t.requesterKey.x), PRICE);
        t.corpusId = commitCorpus(keccak256("another corpus"), SIZE, uint32(INPUT_WORDS));
        expectRefusal(abi.encodeWithSelector(IRetrievalMarket.KeyUsed.selector, rq, t.requesterKey.x), PRICE);
    }

    /// Issue 12: whoever copies a key out of the mempool blocks nobody with it.
    function test_attack11_aCopiedPendingKeyBlocksNobody() public {
        t.price = 0;
        vm.prank(outsider);
        audits.request(t, p, "");
        vm.prank(rs);
        audits.request(t, p, "");
        bytes32 id = requestWith(t);
        assertEq(audits.audit(id).rq, rq, "the owner's request");
    }

    // ---- approve, accept, decline ----

    function test_approve_byTheAuthorityInTime() public {
        bytes32 id = requested();
        bytes32 g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, authority, rq));
        vm.prank(rq);
        audits.approve(id, g);
        vm.startPrank(authority);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, id));
        audits.approve(id, id);
        vm.warp(t.expiry);
        audits.approve(id, g);
        vm.warp(uint256(t.expiry) + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, t.expiry, t.expiry + 1));
        audits.approve(id, g);
        assertTrue(audits.audit(id).approved, "approved");
    }

    /// Address zero is nobody's authority.
    function test_approve_withoutAnAuthority() public {
        (t.authority, t.withholdMax) = (address(0), 0);
        bytes32 id = requestWith(t);
        bytes32 g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, address(0), rq));
        vm.prank(rq);
        audits.approve(id, g);
    }

    function test_accept_takesTheBondOfTheResponderInTime() public {
        bytes32 id = requested();
        bytes32 g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, rs, outsider));
        vm.prank(outsider);
        audits.accept{value: BOND}(id, g);
        vm.startPrank(rs);
        vm.expectRevert(abi.encodeWithSelector(IMarket.WrongValue.selector, BOND, BOND - 1));
        audits.accept{value: BOND - 1}(id, g);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, id));
        audits.accept{value: BOND}(id, id);
        vm.warp(uint256(t.expiry) + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, t.expiry, t.expiry + 1));
        audits.accept{value: BOND}(id, g);
        vm.warp(t.expiry);
        audits.accept{value: BOND}(id, g);
        AuditView memory a = audits.audit(id);
        assertEq(a.deadline, uint256(t.expiry) + ANSWER_BASE + ANSWER_TIME, "one page");
        assertEq(a.answersHash, g, "answers begin with the request");
        assertEq(a.guard, g, "guard");
        assertEq(audits.totalOwed(), ESCROW, "escrow");
    }

    /// I 14: a thousand requests cost the responder nothing and delay nothing.
    function test_attack14_aThousandRequests() public {
        bytes32 id = accepted();
        for (uint256 i = 0; i < 1000; ++i) {
            t.requesterKey = point(i + 1);
            t.price = 0;
            vm.prank(outsider);
            audits.request(t, p, "");
        }
        post(id, onePage(), true);
        revealNamed(id, none());
        proveSamples(id);
        confirmBy(id);
        assertCredits(0, ESCROW);
        assertEq(audits.auditCount(corpusId), 1, "one audit");
        assertEq(audits.requestCount(corpusId), 1001, "requests");
    }

    // ---- helpers ----

    function expectBad(bytes memory reason) private {
        t.predicateHash = hashOf(p);
        expectRefusal(reason, PRICE);
    }

    function expectRefusal(bytes memory reason, uint256 value) private {
        RequestTerms memory terms = t;
        Predicate memory q = p;
        vm.expectRevert(reason);
        vm.prank(rq);
        audits.request{value: value}(terms, q, "uri");
        assertEq(audits.totalOwed(), address(audits).balance, "nothing is kept");
    }
}
