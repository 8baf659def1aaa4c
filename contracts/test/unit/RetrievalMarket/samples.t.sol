// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IDocumentJudge} from "../../../src/interfaces/IDocumentJudge.sol";
import {IJudge} from "../../../src/interfaces/IJudge.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IRetrievalMarket} from "../../../src/interfaces/IRetrievalMarket.sol";
import {AnswerPages} from "../../../src/libraries/AnswerPages.sol";
import {TAG_AUDIT, TAG_CTX, TAG_SALT} from "../../../src/libraries/Tags.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {AuditState, AuditView, NAMED, SampleGroup} from "../../../src/types/AuditTypes.sol";
import {PageOpening, Predicate, RequestTerms} from "../../../src/types/RetrievalTypes.sol";
import {AuditFixture} from "../../base/AuditFixture.sol";
import {OddVerifier} from "../../mocks/OddVerifier.sol";

/// The salt, named documents, proofs and what is skipped (I 9, I 10, V28, V33).
contract SamplesTest is AuditFixture {
    // ---- reveal ----

    function test_reveal_fixesTheSeed() public {
        bytes32 id = answered();
        bytes32 answers = auditGuard(id);
        revealNamed(id, list(0, 10));
        AuditView memory a = audits.audit(id);
        assertEq(a.seed, keccak256(abi.encode(TAG_AUDIT, id, answers, SALT)), "seed");
        assertEq(a.saltHash, 0, "the commitment is gone");
        assertEq(a.named, 2, "named");
        assertEq(a.due, SAMPLES + 2, "due");
        assertEq(a.deadline, START + PROVE_BASE + 5 * PROVE_TIME, "W_prove counts both");
        assertEq(uint256(a.state), uint256(AuditState.Sampled), "state");
        assertEq(a.guard, answers, "V28");
    }

    function test_reveal_onlyByTheRequesterWithItsSaltInTime() public {
        bytes32 id = answered();
        bytes32 g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, rq, outsider));
        vm.prank(outsider);
        audits.reveal(id, g, SALT, none(), noPages());
        vm.startPrank(rq);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, id));
        audits.reveal(id, id, SALT, none(), noPages());
        bytes32 other = keccak256("another salt");
        vm.expectRevert(
            abi.encodeWithSelector(
                IRetrievalMarket.WrongSalt.selector,
                keccak256(abi.encode(TAG_SALT, SALT)),
                keccak256(abi.encode(TAG_SALT, other))
            )
        );
        audits.reveal(id, g, other, none(), noPages());
        vm.warp(START + REVEAL + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + REVEAL, START + REVEAL + 1));
        audits.reveal(id, g, SALT, none(), noPages());
        vm.warp(START + REVEAL);
        audits.reveal(id, g, SALT, none(), noPages());
    }

    function test_attack9_namingOnesTwiceOrTooMany() public {
        bytes32 id = answered();
        bytes32 g = auditGuard(id);
        uint32[] memory three = new uint32[](3);
        (three[0], three[1], three[2]) = (0, 1, 3);
        vm.startPrank(rq);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.WrongAnswer.selector, 2, true));
        audits.reveal(id, g, SALT, list(0, 2), opening());
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.NotAscending.selector, 1));
        audits.reveal(id, g, SALT, list(3, 3), opening());
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.AboveLimit.selector, NAMED_MAX, 3));
        audits.reveal(id, g, SALT, three, opening());
        vm.expectRevert(abi.encodeWithSelector(AnswerPages.NoSuchDocument.selector, SIZE, SIZE));
        audits.reveal(id, g, SALT, list(SIZE), opening());
        PageOpening[] memory false_ = opening();
        false_[0].bits = hex"0000";
        vm.expectPartialRevert(AnswerPages.WrongPage.selector);
        audits.reveal(id, g, SALT, list(2), false_);
    }

    /// I 15: after a reorganisation the answers are others, and the salt goes nowhere.
    function test_attack15_revealThenOtherAnswers() public {
        bytes32 id = accepted();
        uint256 snapshot = vm.snapshotState();
        post(id, onePage(), true);
        bytes32 seen = auditGuard(id);
        vm.revertToState(snapshot);
        bytes[] memory pages = onePage();
        pages[0] = hex"6402";
        pages[0][0] = 0x65;
        post(id, pages, true);
        bytes32 g = auditGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, seen));
        vm.prank(rq);
        audits.reveal(id, seen, SALT, none(), noPages());
    }

    // ---- the sample ----

    function test_samples_areDistinctZerosAndOnlyThese() public {
        bytes32 id = sampled();
        uint256 seen = 0;
        for (uint32 j = 0; j < SAMPLES; ++j) {
            uint32 drawn = sampleOf(id, j);
            assertEq((seen >> drawn) & 1, 0, "distinct");
            seen |= 1 << drawn;
            for (uint32 i = 0; i < SIZE; ++i) {
                if (i == drawn) continue;
                SampleGroup memory g = groupWith(id, j, i);
                bytes4 reason =
                    (MATCHES >> i) & 1 == 1 ? AnswerPages.AnsweredOne.selector : AnswerPages.WrongSample.selector;
                vm.expectPartialRevert(reason);
                audits.submitProofs(id, predicate(), single(g));
            }
            submit(id, groupOf(id, j));
            assertTrue(audits.isProven(id, j, 0), "proven");
        }
        assertEq(seen & MATCHES, 0, "zeros");
        assertEq(uint256(stateOf(id)), uint256(AuditState.Delivering), "all");
    }

    /// Any bitmap of small corpora, any n: so many are due. That they are distinct zeros is tested with `AnswerPages`.
    function testFuzz_attack9_everySmallCorpus(uint64 bits, uint8 size_, uint8 n_) public {
        uint32 size = uint32(bound(size_, 1, 64));
        if (size < 64) bits &= uint64((uint256(1) << size) - 1);
        bytes[] memory pages = new bytes[](1);
        pages[0] = new bytes((size + 7) / 8);
        uint32 zeros = 0;
        for (uint256 i = 0; i < size; ++i) {
            if ((bits >> i) & 1 == 1) pages[0][i / 8] |= bytes1(uint8(1 << (i % 8)));
            else ++zeros;
        }
        RequestTerms memory t = requestTerms();
        t.corpusId = commitCorpus(keccak256("any root"), size, 1);
        (t.samples, t.namedMax, t.onesMax, t.withholdMax) = (uint32(bound(n_, 1, size)), 0, size, 0);
        bytes32 id = requestWith(t);
        acceptAudit(id);
        post(id, pages, true);
        revealNamed(id, none());
        AuditView memory a = audits.audit(id);
        assertEq(a.positives, size - zeros, "ones");
        assertEq(a.due, t.samples < zeros ? t.samples : zeros, "min(n, z)");
        assertEq(uint256(a.state), uint256(a.due == 0 ? AuditState.Delivering : AuditState.Sampled), "state");
    }

    /// A document that is named and drawn is proven once for each; its proof is the same.
    function test_attack9_namedAndDrawn() public {
        bytes32 id = answered();
        uint256 snapshot = vm.snapshotState();
        revealNamed(id, none());
        uint32 drawn = sampleOf(id, 1);
        vm.revertToState(snapshot);
        revealNamed(id, list(drawn));
        submit(id, groupOf(id, 0));
        submit(id, groupOf(id, 1));
        submit(id, groupOf(id, 2));
        assertEq(uint256(stateOf(id)), uint256(AuditState.Sampled), "the named one is missing");
        assertTrue(!audits.isProven(id, NAMED, drawn), "not as a named one");
        submit(id, groupWith(id, NAMED, drawn));
        assertEq(uint256(stateOf(id)), uint256(AuditState.Delivering), "now it is there");
        assertEq(audits.audit(id).proven, 4, "four");
    }

    function test_submitProofs_revertsWhen_aNamedOneIsNotNamed() public {
        bytes32 id = answered();
        revealNamed(id, list(0));
        SampleGroup memory g = groupWith(id, NAMED, 1);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.NotNamed.selector, 1));
        audits.submitProofs(id, predicate(), single(g));
    }

    function test_submitProofs_revertsWhen_theSampleNumberIsNone() public {
        bytes32 id = sampled();
        SampleGroup memory g = groupWith(id, SAMPLES, 0);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.AboveLimit.selector, SAMPLES, SAMPLES + 1));
        audits.submitProofs(id, predicate(), single(g));
        g.ranks = list(0, 1);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.BadRanks.selector, 1, 2));
        audits.submitProofs(id, predicate(), single(g));
    }

    /// What is named is due besides, but makes no further sample: a document of the prover's choice would stand for a named one.
    function test_submitProofs_revertsWhen_aSampleStandsForANamedOne() public {
        bytes32 id = answered();
        revealNamed(id, list(0));
        SampleGroup memory g = groupOf(id, SAMPLES);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.AboveLimit.selector, SAMPLES, SAMPLES + 1));
        audits.submitProofs(id, predicate(), single(g));
    }

    function test_submitProofs_revertsWhen_thePagesAreOthers() public {
        bytes32 id = sampled();
        SampleGroup memory g = groupOf(id, 0);
        g.pages = noPages();
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.WrongPageCount.selector, 1, 0));
        audits.submitProofs(id, predicate(), single(g));
        g.pages = new PageOpening[](2);
        (g.pages[0], g.pages[1]) = (opening()[0], opening()[0]);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.WrongPageCount.selector, 1, 2));
        audits.submitProofs(id, predicate(), single(g));
        g.pages = opening();
        g.pages[0].before = 1;
        vm.expectPartialRevert(AnswerPages.WrongPage.selector);
        audits.submitProofs(id, predicate(), single(g));
    }

    /// A document that matches has no proof that it does not.
    function test_attack9_aProofOfOutputOne() public {
        bytes32 id = sampled();
        SampleGroup memory g = groupOf(id, 0);
        g.group.proof = proofOf(id, g.group.indices[0], 1);
        expectRejected(id, g);
    }

    // ---- what is skipped ----

    function test_submitProofs_skipsWhatIsProven() public {
        bytes32 id = sampled();
        SampleGroup memory copied = groupOf(id, 0);
        submit(id, copied);
        // The requester put a copy of sample 0 in front of the responder's batch; its rest may even be rubbish.
        SampleGroup[] memory batch = new SampleGroup[](4);
        for (uint32 j = 0; j < SAMPLES; ++j) {
            batch[j] = groupOf(id, j);
        }
        batch[0].group.proof = "";
        batch[0].pages = noPages();
        batch[3] = groupOf(id, 1);
        vm.prank(rs);
        audits.submitProofs(id, predicate(), batch);
        assertEq(audits.audit(id).proven, SAMPLES, "all");
        assertEq(uint256(stateOf(id)), uint256(AuditState.Delivering), "delivering");
        assertEq(audits.audit(id).deadline, block.timestamp + DEMAND, "W_demand");
    }

    function test_submitProofs_thatBringNothingNewChangeNothing() public {
        bytes32 id = sampled();
        submit(id, groupOf(id, 0));
        vm.recordLogs();
        submit(id, groupOf(id, 0));
        assertEq(vm.getRecordedLogs().length, 0, "no event");
        assertEq(audits.audit(id).proven, 1, "one");
    }

    /// One index a group is what the judge of today takes.
    function test_submitProofs_revertsWhen_aGroupHasSeveralIndices() public {
        bytes32 id = sampled();
        SampleGroup memory g = groupOf(id, 0);
        g.ranks = list(0, 1);
        g.group.indices = list(sampleOf(id, 0), sampleOf(id, 1));
        vm.expectRevert(abi.encodeWithSelector(IJudge.BatchUnsupported.selector, 2));
        audits.submitProofs(id, predicate(), single(g));
    }

    /// A failed call marks nothing.
    function test_submitProofs_revertsWhole() public {
        bytes32 id = sampled();
        SampleGroup[] memory batch = new SampleGroup[](2);
        (batch[0], batch[1]) = (groupOf(id, 0), groupOf(id, 1));
        batch[1].group.proof = "";
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, sampleOf(id, 1)));
        audits.submitProofs(id, predicate(), batch);
        assertEq(audits.audit(id).proven, 0, "none");
        assertTrue(!audits.isProven(id, 0, 0), "not marked");
    }

    // ---- V33: proofs for something else ----

    function test_submitProofs_revertsWhen_theProofIsForSomethingElse() public {
        bytes32 id = sampled();
        bytes32 other = sampled();
        SampleGroup memory g = groupOf(id, 0);
        uint32 index = g.group.indices[0];
        g.group.proof = proofOf(other, index, 0);
        expectRejected(id, g);
        for (uint256 kind = 0; kind < 5; ++kind) {
            if (kind == 3) continue;
            g.group.proof = proofIn(block.chainid, address(audits), kind, id, index);
            expectRejected(id, g);
        }
        g.group.proof = proofIn(block.chainid + 1, address(audits), 3, id, index);
        expectRejected(id, g);
        g.group.proof = proofIn(block.chainid, address(documentJudge), 3, id, index);
        expectRejected(id, g);
        g.group.proof = proofIn(block.chainid, address(audits), 3, id, index);
        submit(id, g);
    }

    function test_submitProofs_revertsWhen_theDocumentIsAnother() public {
        bytes32 id = sampled();
        SampleGroup memory g = groupOf(id, 0);
        g.group.leafSalts[0] = keccak256("another salt");
        vm.expectPartialRevert(IDocumentJudge.WrongDocumentLeaf.selector);
        audits.submitProofs(id, predicate(), single(g));
    }

    function test_attack10_anotherPredicateOrAVerifierThatChanged() public {
        bytes32 id = sampled();
        SampleGroup memory g = groupOf(id, 0);
        Predicate memory p = predicate();
        p.weightsCommit ^= 1;
        vm.expectRevert(
            abi.encodeWithSelector(IRetrievalMarket.WrongPredicate.selector, hashOf(predicate()), hashOf(p))
        );
        audits.submitProofs(id, p, single(g));
        p = predicate();
        vm.etch(address(verifier), address(new OddVerifier()).code);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJudge.VerifierChanged.selector, p.verifier, p.verifierCodehash, address(verifier).codehash
            )
        );
        audits.submitProofs(id, p, single(g));
    }

    /// A predicate that has no witness on some documents: they are answered with one, and delivered.
    function test_attack10_documentsWithoutAWitness() public {
        bytes32 id = accepted();
        bytes[] memory pages = onePage();
        pages[0] = hex"6502"; // document 0 has no witness
        post(id, pages, true);
        bytes32 g = auditGuard(id);
        PageOpening[] memory page = opening();
        page[0].bits = hex"6502";
        vm.prank(rq);
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.WrongAnswer.selector, 0, true));
        audits.reveal(id, g, SALT, list(0), page);
    }

    function test_submitProofs_byAnybodyUntilTheDeadline() public {
        bytes32 id = sampled();
        SampleGroup memory g = groupOf(id, 0);
        uint256 deadline = audits.audit(id).deadline;
        vm.warp(deadline);
        vm.prank(outsider);
        audits.submitProofs(id, predicate(), single(g));
        vm.warp(deadline + 1);
        g = groupOf(id, 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, deadline, deadline + 1));
        audits.submitProofs(id, predicate(), single(g));
    }

    // ---- helpers ----

    function proofIn(uint256 chain, address market, uint256 kind, bytes32 id, uint256 index)
        private
        view
        returns (bytes memory)
    {
        uint256 ctx = uint256(keccak256(abi.encode(TAG_CTX, chain, market, kind, id, index))) >> 8;
        return abi.encode(verifier.proofOf(VK_DIGEST, [ctx, WEIGHTS, documents[index].inputCommit, 0]));
    }

    function expectRejected(bytes32 id, SampleGroup memory g) private {
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, g.group.indices[0]));
        audits.submitProofs(id, predicate(), single(g));
    }
}
