// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJudge} from "../../../src/interfaces/IJudge.sol";
import {IOutputJudge} from "../../../src/interfaces/IOutputJudge.sol";
import {IPredictionMarket} from "../../../src/interfaces/IPredictionMarket.sol";
import {Merkle} from "../../../src/libraries/Merkle.sol";
import {OutputWords} from "../../../src/libraries/OutputWords.sol";
import {Statement} from "../../../src/libraries/Statement.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {ModelRecord} from "../../../src/types/ModelTypes.sol";
import {AnswerGroup, OutputOpening, Privacy, RoundOutcome, RoundState} from "../../../src/types/RoundTypes.sol";
import {OddVerifier} from "../../mocks/OddVerifier.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";
import {TestSet} from "../../base/TestSet.sol";

contract RoundAnswerTest is RoundFixture {
    /// Contested: 1 and 16, in different words of PUBLIC.
    uint256 private constant CONTESTED = 0x10002;

    function contested(Privacy privacy) private returns (bytes32 id) {
        id = privacy == PUBLIC ? served(PUBLIC) : rooted(PRIVATE);
        contestRound(id, CONTESTED);
    }

    function test_answer_provesContestedPredictions() public {
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 id = contested(Privacy(i));
            vm.warp(rounds.round(id).answerBy);
            AnswerGroup[] memory groups = groupsFor(id, CONTESTED);
            vm.expectEmit(true, true, true, true, address(rounds));
            emit IPredictionMarket.RoundAnswered(id, modelId, outsider, 2, 2);
            vm.prank(outsider);
            rounds.answer(id, groups);
            assertEq(rounds.round(id).proven, 2, "proven");
            assertEq(keccak256(rounds.provenSet(id)), keccak256(bitmapFor(CONTESTED)), "set");
            assertCredits(0, 0, (i + 1) * 2 * ROUND_FEE);
        }
    }

    function test_answer_inParts() public {
        bytes32 id = contested(PUBLIC);
        answerRound(id, 2);
        assertEq(rounds.round(id).proven, 1, "one");
        assertEq(keccak256(rounds.provenSet(id)), keccak256(bitmapFor(2)), "set");
        answerRound(id, 0x10000);
        assertEq(rounds.round(id).proven, 2, "both");
    }

    /// Whatever a group without a new index contains, it is skipped.
    function test_answer_skipsWhatIsNotNew() public {
        bytes32 id = contested(PUBLIC);
        AnswerGroup[] memory groups = new AnswerGroup[](6);
        groups[0] = groupFor(id, 1);
        groups[1] = groupFor(id, 1); // earlier in the same call
        groups[2] = groupFor(id, 2); // not contested
        groups[2].proof = "nonsense";
        groups[3].indices = new uint32[](2); // a batch of what is not contested
        groups[3].indices[1] = 4095;
        groups[4].indices = new uint32[](1);
        groups[4].indices[0] = type(uint32).max;
        // groups[5] is empty
        rounds.answer(id, groups);
        assertEq(rounds.round(id).proven, 1, "proven");
        assertEq(keccak256(rounds.provenSet(id)), keccak256(bitmapFor(2)), "nothing else is marked");
        // Now none is new: no event, no change.
        vm.recordLogs();
        rounds.answer(id, groups);
        rounds.answer(id, new AnswerGroup[](0));
        assertEq(vm.getRecordedLogs().length, 0, "nothing happens");
    }

    /// Batches plug in with another judge.
    function test_answer_revertsWhen_aGroupHasSeveralIndices() public {
        bytes32 id = contested(PUBLIC);
        AnswerGroup memory g = groupFor(id, 1);
        g.indices = new uint32[](2);
        (g.indices[0], g.indices[1]) = (1, 16);
        expectRefusal(id, g, abi.encodeWithSelector(IJudge.BatchUnsupported.selector, 2));
        // Half proven is still a batch.
        answerRound(id, 0x10000);
        expectRefusal(id, g, abi.encodeWithSelector(IJudge.BatchUnsupported.selector, 2));
        // All proven: skipped.
        answerRound(id, 2);
        rounds.answer(id, one(g));
    }

    function test_answer_revertsWhen_aGroupIsMalformed() public {
        bytes32 id = contested(PUBLIC);
        AnswerGroup memory g = groupFor(id, 1);
        g.inputCommits = new uint256[](2);
        expectRefusal(id, g, abi.encodeWithSelector(IOutputJudge.BadGroup.selector, 2, 1, 1));
        g = groupFor(id, 1);
        g.inputPaths = new bytes32[][](0);
        expectRefusal(id, g, abi.encodeWithSelector(IOutputJudge.BadGroup.selector, 1, 0, 1));
        g = groupFor(id, 1);
        g.outputs = new OutputOpening[](2);
        expectRefusal(id, g, abi.encodeWithSelector(IOutputJudge.BadGroup.selector, 1, 1, 2));
    }

    function test_answer_revertsWhen_theProofIsAnothers() public {
        bytes32 id = contested(PUBLIC);
        AnswerGroup memory g = groupFor(id, 1);
        g.proof = proofOf(roundContext(id, 1), inputCommitOf(1), outputOf(1) + 1);
        expectRejection(id, g);
        g.proof = proofOf(roundContext(id, 16), inputCommitOf(1), outputOf(1));
        expectRejection(id, g);
        g.proof = proofOf(contextAt(block.chainid, address(rounds), 1, id, 1), inputCommitOf(1), outputOf(1));
        expectRejection(id, g);
        g.proof = proofOf(contextAt(block.chainid, address(rounds), 3, id, 1), inputCommitOf(1), outputOf(1));
        expectRejection(id, g);
        g.proof = proofOf(contextAt(block.chainid, address(market), 2, id, 1), inputCommitOf(1), outputOf(1));
        expectRejection(id, g);
        g.proof = proofOf(contextAt(1, address(rounds), 2, id, 1), inputCommitOf(1), outputOf(1));
        expectRejection(id, g);
        g.proof = "";
        expectRejection(id, g);
    }

    /// One bad group takes the whole call with it.
    function test_answer_revertsWhen_oneGroupIsBad() public {
        bytes32 id = contested(PUBLIC);
        AnswerGroup[] memory groups = groupsFor(id, CONTESTED);
        groups[1].proof = "";
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 16));
        rounds.answer(id, groups);
        assertEq(rounds.round(id).proven, 0, "nothing proven");
        assertEq(keccak256(rounds.provenSet(id)), keccak256(bitmapFor(0)), "nothing marked");
        answerRound(id, CONTESTED);
    }

    function test_answer_revertsWhen_theInputIsAnother() public {
        bytes32 id = contested(PUBLIC);
        AnswerGroup memory g = groupFor(id, 1);
        // The input of 2 with its own path, at index 1.
        g.inputCommits[0] = inputCommitOf(2);
        g.inputPaths[0] = TestSet.path(inputTree, 2);
        g.proof = proofOf(roundContext(id, 1), inputCommitOf(2), outputOf(1));
        expectPartial(id, g, IOutputJudge.WrongInputLeaf.selector);
        g = groupFor(id, 1);
        g.inputPaths[0] = TestSet.path(inputTree, 2);
        expectPartial(id, g, IOutputJudge.WrongInputLeaf.selector);
        g = groupFor(id, 1);
        g.inputPaths[0] = new bytes32[](4);
        expectRefusal(id, g, abi.encodeWithSelector(Merkle.BadPathLength.selector, 5, 4));
    }

    function test_answer_revertsWhen_theOutputIsAnother() public {
        bytes32 id = contested(PUBLIC);
        // The other word, with its own path; one wrong lane of the right word; another salt.
        AnswerGroup memory g = groupFor(id, 1);
        g.outputs[0] = groupFor(id, 16).outputs[0];
        expectPartial(id, g, IOutputJudge.WrongOutputLeaf.selector);
        g = groupFor(id, 1);
        g.outputs[0].word ^= 1 << 16;
        g.proof = proofOf(roundContext(id, 1), inputCommitOf(1), outputOf(1) ^ 1);
        expectPartial(id, g, IOutputJudge.WrongOutputLeaf.selector);
        g = groupFor(id, 1);
        g.outputs[0].salt = saltOf(1);
        expectPartial(id, g, IOutputJudge.WrongOutputLeaf.selector);
        g = groupFor(id, 1);
        g.outputs[0].path = new bytes32[](0);
        expectRefusal(id, g, abi.encodeWithSelector(Merkle.BadPathLength.selector, 1, 0));
    }

    /// A proof of what the neighbouring lane says is none of this one.
    function test_answer_takesTheLaneOfTheIndex() public {
        bytes32 id = contested(PUBLIC);
        AnswerGroup memory g = groupFor(id, 1);
        g.proof = proofOf(roundContext(id, 1), inputCommitOf(1), outputOf(2));
        expectRejection(id, g);
        g.proof = proofOf(roundContext(id, 1), inputCommitOf(1), wordsOf(PUBLIC)[0]);
        expectRejection(id, g);
    }

    function test_answer_revertsWhen_theCommitmentIsNotCanonical() public {
        uint256 order = Statement.SCALAR_ORDER;
        inputTree[1] = inputLeaf(1, inputCommitOf(1) + order);
        bytes32 id = contested(PUBLIC);
        AnswerGroup memory g = groupFor(id, 1);
        g.inputCommits[0] = inputCommitOf(1) + order;
        expectRefusal(id, g, abi.encodeWithSelector(Statement.NotCanonical.selector, inputCommitOf(1) + order));
    }

    /// Lanes that are no class, and words with bits that no output uses.
    function test_answer_revertsWhen_theWordIsNoOutput() public {
        uint256[] memory words = wordsOf(PRIVATE);
        words[1] = CLASSES;
        words[16] = outputOf(16) | (1 << 16);
        bytes32 id = opened(PRIVATE);
        serveWith(id, TestSet.root(outputTree(words)));
        contestRound(id, CONTESTED);
        expectRefusal(
            id,
            groupWith(id, 1, words, CLASSES),
            abi.encodeWithSelector(IOutputJudge.NotAnOutput.selector, 1, uint256(CLASSES))
        );
        expectRefusal(
            id,
            groupWith(id, 16, words, outputOf(16)),
            abi.encodeWithSelector(OutputWords.UnusedBits.selector, 16, words[16])
        );
    }

    function test_answer_revertsWhen_itIsTooLate() public {
        bytes32 id = contested(PUBLIC);
        uint64 answerBy = rounds.round(id).answerBy;
        AnswerGroup[] memory groups = groupsFor(id, CONTESTED);
        vm.warp(answerBy + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, answerBy, answerBy + 1));
        rounds.answer(id, groups);
    }

    function test_answer_revertsWhen_nothingWasContested() public {
        bytes32 id = served(PUBLIC);
        AnswerGroup[] memory groups = groupsFor(id, CONTESTED);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, 0, START));
        rounds.answer(id, groups);
    }

    // ---- verifiers ----

    /// Whatever a verifier does but answer with the word 1, nothing changes and nobody is punished.
    function test_answer_ofAnOddVerifier() public {
        OddVerifier odd = new OddVerifier();
        ModelRecord memory rec = record();
        rec.verifier = address(odd);
        rec.verifierCodehash = address(odd).codehash;
        modelId = register(rec, 1);
        modelHash = registry.hashRecord(rec);
        bytes32 id = contested(PUBLIC);
        AnswerGroup memory g = groupFor(id, 1);
        OddVerifier.Answer[8] memory odds = [
            OddVerifier.Answer.Zero,
            OddVerifier.Answer.Two,
            OddVerifier.Answer.HighBitOne,
            OddVerifier.Answer.Nothing,
            OddVerifier.Answer.ShortOne,
            OddVerifier.Answer.LongOne,
            OddVerifier.Answer.Revert,
            OddVerifier.Answer.RevertWithOne
        ];
        for (uint256 i = 0; i < odds.length; ++i) {
            odd.set(odds[i]);
            expectRejection(id, g);
        }
        assertEq(registry.model(modelId).stake, STAKE, "never slashed for a failed verification");
        odd.set(OddVerifier.Answer.One);
        rounds.answer(id, one(g));
        assertEq(rounds.round(id).proven, 1, "proven");
    }

    function test_answer_revertsWhen_theVerifierWasReplaced() public {
        bytes32 id = contested(PUBLIC);
        AnswerGroup memory g = groupFor(id, 1);
        bytes32 before = address(verifier).codehash;
        vm.etch(address(verifier), hex"600160005260206000f3");
        expectRefusal(
            id,
            g,
            abi.encodeWithSelector(
                IJudge.VerifierChanged.selector, address(verifier), before, address(verifier).codehash
            )
        );
    }

    // ---- helpers ----

    function expectRejection(bytes32 id, AnswerGroup memory g) private {
        expectRefusal(id, g, abi.encodeWithSelector(IJudge.ProofRejected.selector, g.indices[0]));
    }

    function expectRefusal(bytes32 id, AnswerGroup memory g, bytes memory reason) private {
        uint256 proven = rounds.round(id).proven;
        vm.expectRevert(reason);
        rounds.answer(id, one(g));
        assertEq(rounds.round(id).proven, proven, "nothing proven");
        assertRound(id, RoundState.Served, RoundOutcome.None);
    }

    function expectPartial(bytes32 id, AnswerGroup memory g, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        rounds.answer(id, one(g));
    }
}
