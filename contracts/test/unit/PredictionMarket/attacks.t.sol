// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJudge} from "../../../src/interfaces/IJudge.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {IOutputJudge} from "../../../src/interfaces/IOutputJudge.sol";
import {Metric, ModelRecord, ModelStatus, Reputation} from "../../../src/types/ModelTypes.sol";
import {
    AnswerGroup,
    OutputOpening,
    Privacy,
    RoundOutcome,
    RoundState,
    RoundTerms
} from "../../../src/types/RoundTypes.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";
import {TestSet} from "../../base/TestSet.sol";

/// What parties, relayers and copiers may try on rounds, with the wei that each gets. False publications are in `publish.t.sol`,
/// false openings and proofs in `answer.t.sol`, bitmaps and values in `contest.t.sol`, a registry that names another market in
/// `constructor.t.sol`.
contract RoundAttacksTest is RoundFixture {
    uint256 private constant FEES = 662;

    // ---- 1: the order of calls in a block ----

    /// A consumer that sees the provider's transaction cannot take the offer away and have the outputs.
    function test_attack1_serveThenCancel() public {
        bytes32 id = rooted(PUBLIC);
        expectRoundState(id, RoundState.Rooted);
        vm.prank(mc);
        rounds.cancel(id);
        assertCredits(0, 0, FEES);
    }

    /// In the other order the provider has shown a hiding root and pays nothing.
    function test_attack1_cancelThenServe() public {
        bytes32 id = opened(PUBLIC);
        bytes32 g = roundGuard(id);
        bytes32 root = outputsRootOf(PUBLIC);
        vm.prank(mc);
        rounds.cancel(id);
        uint256 before = mp.balance;
        expectRoundState(id, RoundState.Closed);
        vm.prank(mp);
        rounds.serve{value: M + ROUND_FEE}(id, g, root);
        assertEq(mp.balance, before, "the value comes back");
        assertCredits(MC_DEPOSIT + PI + ROUND_FEE, 0, 0);
    }

    /// A reorganisation can replace the offer, never what `serve` answers.
    function test_attack1_serveOfAnotherOffer() public {
        uint256 before = vm.snapshotState();
        bytes32 id = opened(PUBLIC);
        bytes32 g = roundGuard(id);
        vm.revertToState(before);
        RoundTerms memory t = roundTerms(PUBLIC);
        t.contestCap = C + 1;
        assertEq(openWith(t), id, "the same number");
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, roundGuard(id), g));
        vm.prank(mp);
        rounds.serve{value: M + ROUND_FEE}(id, g, keccak256("root"));
    }

    /// Another base fee in the block of the offer makes another bond, hence another offer.
    function test_attack1_serveOfAnOfferWithAnotherBond() public {
        uint256 before = vm.snapshotState();
        bytes32 id = opened(PRIVATE);
        bytes32 g = roundGuard(id);
        vm.revertToState(before);
        vm.fee(BASE_FEE + 1);
        opened(PRIVATE);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, roundGuard(id), g));
        vm.prank(mp);
        rounds.serve{value: M + ROUND_FEE}(id, g, keccak256("root"));
    }

    /// Publication and confirmation in one block: the bond goes to whose call comes first.
    function test_attack1_publishAndConfirmInOneBlock() public {
        bytes32 id = rooted(PRIVATE);
        vm.warp(START + CONTEST + 1);
        uint256 before = vm.snapshotState();
        confirmRound(id);
        bytes32 g = roundGuard(id);
        expectRoundState(id, RoundState.Closed);
        vm.prank(mp);
        rounds.publish(id, g, ROUND_MASTER, wordsOf(PRIVATE));
        assertCredits(MC_DEPOSIT + bondFor(PRIVATE), M + PI, FEES);
        vm.revertToState(before);
        publishRound(id);
        confirmRound(id);
        assertCredits(MC_DEPOSIT, M + PI + publishPart(PRIVATE), FEES + confirmPart(PRIVATE));
    }

    // ---- 2: false trees, lanes and models ----

    /// A consumer that commits to input 2 at index 1 makes an input that nobody can prove: the provider must not serve.
    function test_attack2_anInputLeafAtTheWrongIndex() public {
        inputTree[1] = inputLeaf(2, inputCommitOf(2));
        bytes32 id = served(PUBLIC);
        contestRound(id, 2);
        AnswerGroup memory g = groupFor(id, 1);
        vm.expectPartialRevert(IOutputJudge.WrongInputLeaf.selector);
        rounds.answer(id, one(g));
        g.inputCommits[0] = inputCommitOf(2);
        g.proof = proofOf(roundContext(id, 1), inputCommitOf(2), outputOf(1));
        vm.expectPartialRevert(IOutputJudge.WrongInputLeaf.selector);
        rounds.answer(id, one(g));
    }

    /// The outputs of a cheaper model are posted, one of them contested.
    function test_attack2_aCheaperModelIsCaught() public {
        uint256[] memory words = wordsOf(PRIVATE);
        words[4] = (words[4] + 1) % CLASSES;
        bytes32 id = opened(PRIVATE);
        serveWith(id, TestSet.root(outputTree(words)));
        contestRound(id, 1 << 4);
        // It can prove what the model says, but that was not posted.
        AnswerGroup memory g = groupWith(id, 4, words, outputOf(4));
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 4));
        rounds.answer(id, one(g));
        g = groupFor(id, 4);
        vm.expectPartialRevert(IOutputJudge.WrongOutputLeaf.selector);
        rounds.answer(id, one(g));
        vm.warp(uint256(rounds.round(id).answerBy) + 1);
        rounds.timeout(id);
        assertCredits(MC_DEPOSIT + PI + M + ANSWER_FEE + bondFor(PRIVATE), 0, FEES);
        assertReleased(1);
    }

    /// The same class under other weights of the same architecture.
    function test_attack2_aProofOfAnotherModel() public {
        bytes32 id = served(PUBLIC);
        contestRound(id, 1);
        AnswerGroup memory g = groupFor(id, 0);
        g.proof =
            abi.encode(verifier.proofOf(VK_DIGEST, [roundContext(id, 0), WEIGHTS ^ 1, inputCommitOf(0), outputOf(0)]));
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 0));
        rounds.answer(id, one(g));
    }

    /// Five classes in another order are no output of the metric, in order they are.
    function test_attack2_fiveClassesInAnotherOrder() public {
        ModelRecord memory rec = record();
        rec.metric = Metric.TOP5;
        modelId = register(rec, 1);
        modelHash = registry.hashRecord(rec);
        fiveClasses(PUBLIC, 3);
        fiveClasses(PRIVATE, 1);
    }

    /// Index 1 in another order, 2 in order.
    function fiveClasses(Privacy privacy, uint256 lanes) private {
        (uint256 ascending, uint256 swapped) = (five(1, 2, 4, 7, 9), five(1, 4, 2, 7, 9));
        uint256[] memory words = new uint256[]((K + lanes - 1) / lanes);
        words[1 / lanes] |= swapped << (80 * (1 % lanes));
        words[2 / lanes] |= ascending << (80 * (2 % lanes));
        bytes32 id = opened(privacy);
        serveWith(id, TestSet.root(outputTree(words)));
        bytes32 root = roundGuard(id);
        if (privacy == PUBLIC) {
            vm.prank(mp);
            rounds.publish(id, root, ROUND_MASTER, words);
        }
        contestRound(id, 6);
        rounds.answer(id, one(top5Group(id, 2, lanes, words, ascending)));
        for (uint256 i = 0; i < 2; ++i) {
            AnswerGroup memory g = top5Group(id, 1, lanes, words, i == 0 ? swapped : ascending);
            vm.expectRevert(abi.encodeWithSelector(IOutputJudge.NotAnOutput.selector, 1, swapped));
            rounds.answer(id, one(g));
        }
        assertEq(rounds.round(id).proven, 1, "only the other one");
    }

    function five(uint256 a, uint256 b, uint256 c, uint256 d, uint256 e) private pure returns (uint256) {
        return a | (b << 16) | (c << 32) | (d << 48) | (e << 64);
    }

    function top5Group(bytes32 id, uint32 index, uint256 lanes, uint256[] memory words, uint256 output)
        private
        view
        returns (AnswerGroup memory g)
    {
        uint256 w = index / lanes;
        // Paths and proof do not depend on the metric, the number of words does.
        g = groupWith(id, 0, words, output);
        g.indices[0] = index;
        g.inputCommits[0] = inputCommitOf(index);
        g.inputPaths[0] = TestSet.path(inputTree, index);
        g.outputs[0] = OutputOpening(words[w], saltOf(w), TestSet.path(outputTree(words), w));
        g.proof = proofOf(roundContext(id, index), inputCommitOf(index), output);
    }

    // ---- 3: contests at the last second ----

    /// The answer deadline grows by the rule, and only until the window of contests ends.
    function test_attack3_contestsInTheLastSecondsOfTheWindow() public {
        bytes32 id = served(PUBLIC);
        uint64 end = rounds.round(id).deadline;
        vm.warp(end - 1);
        contestRound(id, 1);
        assertEq(rounds.round(id).answerBy, end - 1 + RESPOND + 7, "first");
        vm.warp(end);
        contestRound(id, 2);
        assertEq(rounds.round(id).answerBy, end + RESPOND + 14, "second");
        assertEq(rounds.round(id).deadline, end, "the window does not grow");
        bytes32 g = roundGuard(id);
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSignature("DeadlinePassed(uint64,uint64)", end, end + 1));
        vm.prank(mc);
        rounds.contest{value: ANSWER_FEE}(id, g, hex"040000");
        vm.warp(end + RESPOND + 14);
        answerRound(id, 3);
        rounds.finalize(id);
        assertCredits(MC_DEPOSIT - 2 * TOLL, M + PI + 2 * TOLL + 2 * ANSWER_FEE, FEES);
    }

    /// A silent consumer that contests in the last second before publication, then never answers again.
    function test_attack3_contestInPrivateInTheLastSecondOfSilence() public {
        bytes32 id = rooted(PRIVATE);
        vm.warp(START + CONTEST);
        contestRound(id, 1);
        answerRound(id, 1);
        vm.warp(START + CONTEST + 1);
        vm.prank(mp);
        rounds.finalize(id);
        assertCredits(MC_DEPOSIT - TOLL + bondFor(PRIVATE), M + PI + TOLL + ANSWER_FEE, FEES);
    }

    /// Nothing is read by the contract before both deposits are there, and nothing contested before it is shown.
    function test_attack3_contestInPublicBeforePublication() public {
        bytes32 id = rooted(PUBLIC);
        bytes32 g = roundGuard(id);
        expectRoundState(id, RoundState.Rooted);
        vm.prank(mc);
        rounds.contest{value: ANSWER_FEE}(id, g, hex"010000");
        expectRoundState(id, RoundState.Rooted);
        vm.prank(mc);
        rounds.confirm(id, g);
    }

    /// Every second of the game is paid at the base fee of its block.
    function test_attack3_contestAcrossAChangeOfTheBaseFee() public {
        bytes32 id = served(PUBLIC);
        bytes32 g = roundGuard(id);
        vm.fee(2 * BASE_FEE);
        vm.expectRevert(abi.encodeWithSignature("ValueTooLow(uint256,uint256)", 2 * ANSWER_FEE, ANSWER_FEE));
        vm.prank(mc);
        rounds.contest{value: ANSWER_FEE}(id, g, hex"010000");
        vm.prank(mc);
        rounds.contest{value: 2 * ANSWER_FEE}(id, g, hex"010000");
        vm.fee(BASE_FEE);
        vm.prank(mc);
        rounds.contest{value: 2 * ANSWER_FEE}(id, g, hex"020000");
        assertEq(rounds.round(id).contestFees, 3 * ANSWER_FEE, "F");
        assertCredits(ANSWER_FEE, 0, FEES);
    }

    // ---- 4: relayers and copiers ----

    /// Whoever sends the answers, in whatever pieces and how often, both parties get the same.
    function test_attack4_copiedAnswersChangeNothing() public {
        for (uint256 order = 0; order < 4; ++order) {
            uint256 before = vm.snapshotState();
            bytes32 id = served(PUBLIC);
            contestRound(id, 7);
            AnswerGroup[] memory all = groupsFor(id, 7);
            if (order == 1) vm.prank(outsider);
            if (order >= 2) {
                // The consumer takes single indices out of the pending call, and again.
                for (uint256 i = 0; i < order; ++i) {
                    vm.prank(mc);
                    rounds.answer(id, one(all[i]));
                    vm.prank(mc);
                    rounds.answer(id, one(all[i]));
                }
                vm.prank(mp);
            }
            rounds.answer(id, all);
            assertEq(rounds.round(id).proven, 3, "proven");
            rounds.finalize(id);
            assertCredits(MC_DEPOSIT - 3 * TOLL, M + PI + 3 * TOLL + 3 * ANSWER_FEE, FEES);
            vm.revertToState(before);
        }
    }

    /// A group without a contested index among good ones, its contents nonsense.
    function test_attack4_uncontestedGroupInABatch() public {
        bytes32 id = served(PUBLIC);
        contestRound(id, 3);
        AnswerGroup[] memory groups = new AnswerGroup[](3);
        (groups[0], groups[2]) = (groupFor(id, 0), groupFor(id, 1));
        groups[1] = groupFor(id, 5);
        groups[1].inputPaths = new bytes32[][](0);
        rounds.answer(id, groups);
        assertEq(rounds.round(id).proven, 2, "proven");
        assertEq(keccak256(rounds.provenSet(id)), keccak256(bitmapFor(3)), "V23: no more than is contested");
    }

    // ---- 5: a provider out of proofs, or of money for gas ----

    function test_attack5_allRoundsContestedInOneBlock() public {
        bytes32[3] memory ids = [served(PUBLIC), served(PUBLIC), served(PUBLIC)];
        for (uint256 i = 0; i < 3; ++i) {
            contestRound(ids[i], 7);
        }
        // It has proofs for two of them; two daemons answer the first.
        answerRound(ids[0], 7);
        answerRound(ids[0], 7);
        answerRound(ids[1], 3);
        answerRound(ids[1], 4);
        answerRound(ids[2], 3);
        vm.warp(uint256(rounds.round(ids[2]).answerBy) + 1);
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSignature("NothingUnproven(bytes32)", ids[i]));
            rounds.timeout(ids[i]);
            rounds.finalize(ids[i]);
        }
        rounds.timeout(ids[2]);
        assertCredits(MC_DEPOSIT + PI + M + 3 * ANSWER_FEE, 2 * (M + PI + MC_DEPOSIT + 3 * ANSWER_FEE), 3 * FEES);
        assertReleased(1);
    }

    /// What a contest brought does not change with the price of gas; what is due by then does.
    function test_attack5_gasTenTimesDearerBetweenContestAndAnswer() public {
        bytes32 id = served(PUBLIC);
        contestRound(id, 7);
        vm.fee(10 * BASE_FEE);
        answerRound(id, 7);
        rounds.finalize(id);
        assertCredits(0, M + PI + MC_DEPOSIT + 3 * ANSWER_FEE, FEES);
    }

    // ---- 6: rounds and engagements of one model ----

    function test_attack6_roundAndEngagementEndInBothOrders() public {
        for (uint256 order = 0; order < 2; ++order) {
            uint256 before = vm.snapshotState();
            bytes32 engagement = probing();
            bytes32 id = rooted(PUBLIC);
            assertEq(registry.model(modelId).open, 2, "both");
            assertEq(registry.model(modelId).reserved, FAULT_STRIKES + 1, "V32");
            vm.warp(START + 10 hours);
            if (order == 0) rounds.timeout(id);
            market.timeout(engagement);
            if (order == 1) rounds.timeout(id);
            assertReleased(2);
            assertCredits(MC_DEPOSIT + PI, M, FEES);
            assertEq(market.credit(mc), 2 * DEPOSIT, "the engagement's");
            Reputation memory r = registry.reputation(modelId);
            assertEq(r.mpFault, 1, "silence in the engagement");
            assertEq(r.voided, 1, "and in the round");
            vm.revertToState(before);
        }
    }

    /// A stake that one strike has made too small takes no round before it is topped up.
    function test_attack6_aSuspendedModelServesNothing() public {
        bytes32 first = rooted(PUBLIC);
        bytes32 second = opened(PUBLIC);
        bytes32 g = roundGuard(second);
        vm.warp(START + PUBLISH + 1);
        rounds.timeout(first);
        assertEq(uint256(registry.model(modelId).status), uint256(ModelStatus.Suspended), "suspended");
        vm.warp(START + 1 hours);
        vm.prank(mp);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, modelId, ModelStatus.Suspended)
        );
        rounds.serve{value: M + ROUND_FEE}(second, g, keccak256("root"));
        registry.topUp{value: STRIKE}(modelId);
        serveWith(second, keccak256("root"));
    }

    /// Each open round is one strike of the stake: 1000 are the last.
    function test_attack6_theStakeCoversEveryOpenRound() public {
        vm.deal(mc, 10 ether);
        vm.deal(mp, 10 ether);
        bytes32 engagement = probing();
        for (uint256 i = 0; i < 1000 - FAULT_STRIKES; ++i) {
            rooted(PUBLIC);
        }
        bytes32 id = opened(PUBLIC);
        bytes32 g = roundGuard(id);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StakeTooLow.selector, 1001 * STRIKE, STAKE));
        vm.prank(mp);
        rounds.serve{value: M + ROUND_FEE}(id, g, keccak256("root"));
        vm.warp(START + DECIDE_WINDOW + 1);
        market.timeout(engagement);
        assertEq(registry.model(modelId).reserved, 1000 - FAULT_STRIKES, "V32");
    }

    function test_attack6_noExitWhileARoundIsOpen() public {
        bytes32 id = rooted(PUBLIC);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.HasOpenEngagements.selector, modelId, 1));
        vm.prank(mp);
        registry.requestExit(modelId);
        publishRound(id);
        confirmRound(id);
        vm.prank(mp);
        registry.requestExit(modelId);
    }

    // ---- 7: the same things twice ----

    /// V33: one answer is for one round, whatever else is the same.
    function test_attack7_theSameInputsAndOutputsInTwoRounds() public {
        bytes32 first = served(PUBLIC);
        bytes32 second = served(PUBLIC);
        modelId = register(record(), 1); // the same record: another model
        bytes32 third = served(PUBLIC);
        bytes32[3] memory ids = [first, second, third];
        for (uint256 i = 0; i < 3; ++i) {
            contestRound(ids[i], 1);
        }
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < 3; ++j) {
                if (i == j) continue;
                AnswerGroup memory g = groupFor(ids[j], 0);
                vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 0));
                rounds.answer(ids[i], one(g));
            }
        }
        answerRound(third, 1);
        assertEq(rounds.round(first).proven + rounds.round(second).proven, 0, "only the third");
    }

    function test_attack7_anAnswerOfAnotherChain() public {
        bytes32 id = served(PUBLIC);
        contestRound(id, 1);
        AnswerGroup memory g = groupFor(id, 0);
        vm.chainId(31_338);
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 0));
        rounds.answer(id, one(g));
        answerRound(id, 1);
    }

    /// A provider that deals with itself pays gas and the two fees, and raises no counter of a verdict.
    function test_attack7_selfDealtRounds() public {
        RoundTerms memory t = roundTerms(PRIVATE);
        uint256 value = entryFor(PRIVATE);
        uint256 before = mp.balance;
        vm.startPrank(mp);
        bytes32 id = rounds.open{value: value}(t);
        rounds.serve{value: M + ROUND_FEE}(id, rounds.round(id).guard, outputsRootOf(PRIVATE));
        rounds.confirm(id, rounds.round(id).guard);
        rounds.withdraw(payable(mp));
        vm.stopPrank();
        assertEq(before - mp.balance, FEES, "the fees are gone");
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.roundClean, 1, "a round");
        assertEq(r.passedProven + r.passedOptimistic + r.settled, 0, "no verdict");
        assertRound(id, RoundState.Closed, RoundOutcome.Clean);
    }
}
