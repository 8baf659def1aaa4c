// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPredictionMarket} from "../../../src/interfaces/IPredictionMarket.sol";
import {Metric, ModelRecord} from "../../../src/types/ModelTypes.sol";
import {AnswerGroup, OutputOpening, Privacy, QuietGas, RoundTerms} from "../../../src/types/RoundTypes.sol";
import {GasMeter} from "../../base/GasMeter.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";
import {TestSet} from "../../base/TestSet.sol";

/// Whole transactions with every account they touch cold. The verification of a proof comes on top.
contract RoundGasTest is RoundFixture, GasMeter {
    bytes32[] private tree;
    bytes32[] private outputs;
    uint256[] private words;
    /// By the last `measure`.
    uint256 private measured;
    uint256 private publicLanes = WORD_LANES;

    // ---- small rounds: what each step costs ----

    function test_gas_ofOpen() public {
        RoundTerms memory t = roundTerms(PRIVATE);
        uint256 used = measure(mc, entryFor(PRIVATE), abi.encodeCall(IPredictionMarket.open, (t)));
        assertLe(used, 330_000, "open");
    }

    function test_gas_ofServe() public {
        bytes32 id = opened(PRIVATE);
        bytes memory data = abi.encodeCall(IPredictionMarket.serve, (id, roundGuard(id), outputsRootOf(PRIVATE)));
        assertLe(measure(mp, M + ROUND_FEE, data), 190_000, "serve");
    }

    function test_gas_ofCancel() public {
        bytes32 id = opened(PRIVATE);
        assertLe(measure(mc, 0, abi.encodeCall(IPredictionMarket.cancel, (id))), 75_000, "cancel");
    }

    function test_gas_ofFinalize() public {
        bytes32 id = served(PUBLIC);
        vm.warp(uint256(rounds.round(id).deadline) + 1);
        assertLe(measure(outsider, 0, abi.encodeCall(IPredictionMarket.finalize, (id))), 150_000, "finalize");
    }

    function test_gas_ofTimeout() public {
        bytes32 id = served(PUBLIC);
        contestRound(id, 7);
        vm.warp(uint256(rounds.round(id).answerBy) + 1);
        assertLe(measure(outsider, 0, abi.encodeCall(IPredictionMarket.timeout, (id))), 190_000, "timeout");
    }

    /// The constants of the quiet bond are what these calls cost, to a fifth above and not below.
    function test_gas_ofConfirmIsInTheQuietBond() public {
        bytes32 id = rooted(PRIVATE);
        uint256 used = measure(mc, 0, abi.encodeCall(IPredictionMarket.confirm, (id, roundGuard(id))));
        assertCovers(rounds.params().quiet.confirm, used);
    }

    function test_gas_ofPublishIsInTheQuietBond() public {
        QuietGas memory quiet = rounds.params().quiet;
        assertCovers(quiet.publishBase + quiet.publishPerWord, publishGas(1, PRIVATE));
        assertCovers(quiet.publishBase + 1024 * uint256(quiet.publishPerWord), publishGas(1024, PRIVATE));
    }

    /// Confirming costs the consumer less than silence, withholding costs the provider more than it gets: whatever K is.
    function test_quietBond_liesBetween() public view {
        uint256 confirm = rounds.params().quiet.confirm;
        for (uint256 k = 1; k <= 1024; k *= 2) {
            uint256 publish = rounds.params().quiet.publishBase + k * rounds.params().quiet.publishPerWord;
            uint256 bond = rounds.quietBond(PRIVATE, uint32(k), 1);
            assertGe(bond, confirm, "silence is dearer");
            assertLe(bond, confirm + publish / 2, "the formula");
            // Who withholds publishes, and finalizes, which costs about as much as to confirm.
            assertLe(bond, publish + confirm, "withholding is dearer");
        }
    }

    // ---- the largest legal call of each function ----

    function test_gas_ofTheLargestPublications() public {
        assertFits(publishGas(4096, PUBLIC), 4 * 4096, "publish, TOP1");
        assertFits(publishGas(1024, PRIVATE), 1024 * 32, "publish, PRIVATE");
        // Three lanes in a word: the most words, here without a zero byte that could be one.
        ModelRecord memory rec = record();
        rec.metric = Metric.TOP5;
        modelId = register(rec, 1);
        modelHash = registry.hashRecord(rec);
        publicLanes = 3;
        assertFits(publishGas(4096, PUBLIC), 1366 * 32, "publish, TOP5");
    }

    function test_gas_ofTheLargestContests() public {
        bytes32 id = bigRound(4096, PUBLIC);
        bytes memory all = new bytes(512);
        for (uint256 i = 0; i < 512; ++i) {
            all[i] = 0xff;
        }
        bytes memory data = abi.encodeCall(IPredictionMarket.contest, (id, roundGuard(id), all));
        assertFits(measure(mc, 4096 * ANSWER_FEE, data), data.length, "contest");
        assertLe(measured, 520_000, "contest of everything");
    }

    /// 21 answers of a round of 4096 in one transaction.
    function test_gas_ofTheLargestAnswers() public {
        bytes32 id = bigRound(4096, PUBLIC);
        bytes memory bits = new bytes(512);
        for (uint256 i = 0; i < 21; ++i) {
            bits[i * 24] = 0x01;
        }
        bytes32 g = roundGuard(id);
        vm.prank(mc);
        rounds.contest{value: 21 * ANSWER_FEE}(id, g, bits);
        AnswerGroup[] memory groups = new AnswerGroup[](21);
        for (uint256 i = 0; i < 21; ++i) {
            groups[i] = this.bigGroup(id, uint32(i * 192));
        }
        bytes memory data = abi.encodeCall(IPredictionMarket.answer, (id, groups));
        uint256 used = measure(outsider, 0, data);
        assertEq(rounds.round(id).proven, 21, "proven");
        // The proofs of the mock have 32 bytes.
        assertFits(
            used + 21 * (VERIFICATION + 16 * (PROOF_BYTES - 32)), data.length + 21 * (PROOF_BYTES - 32), "answer"
        );
        assertLe(used / 21, 70_000, "an answer");
    }

    function test_gas_ofTheLargestViews() public {
        bytes32 id = bigRound(4096, PUBLIC);
        uint256 before = gasleft();
        rounds.contestedSet(id);
        rounds.provenSet(id);
        rounds.round(id);
        assertLe(before - gasleft(), 200_000, "views");
    }

    // ---- helpers ----

    function assertCovers(uint256 constant_, uint256 used) private pure {
        assertGe(constant_, used, "covers");
        assertLe(constant_, used + used / 5, "is not far above");
    }

    function publishGas(uint256 k, Privacy privacy) private returns (uint256) {
        bytes32 id = bigRooted(k, privacy);
        if (privacy == PRIVATE) vm.warp(uint256(rounds.round(id).deadline) + 1);
        return measure(mp, 0, abi.encodeCall(IPredictionMarket.publish, (id, roundGuard(id), ROUND_MASTER, words)));
    }

    function bigRound(uint256 k, Privacy privacy) private returns (bytes32 id) {
        id = bigRooted(k, privacy);
        if (privacy == PRIVATE) vm.warp(uint256(rounds.round(id).deadline) + 1);
        bytes32 g = roundGuard(id);
        uint256[] memory w = words;
        vm.prank(mp);
        rounds.publish(id, g, ROUND_MASTER, w);
    }

    /// A round of K predictions in which everything may be contested.
    function bigRooted(uint256 k, Privacy privacy) private returns (bytes32 id) {
        this.build(k, privacy == PRIVATE ? 1 : publicLanes);
        RoundTerms memory t = roundTerms(privacy);
        t.inputRoot = this.rootOf(true);
        t.predictions = uint32(k);
        t.contestCap = uint32(k);
        t.mpDeposit = uint128(2 * k * RZ);
        id = openWith(t);
        serveWith(id, this.rootOf(false));
    }

    // Calls of their own, so that memory is not paid for in later ones.

    function build(uint256 k, uint256 lanes) external {
        delete tree;
        delete outputs;
        delete words;
        for (uint256 i = 0; i < k; ++i) {
            tree.push(inputLeaf(i, inputCommitOf(i)));
            if (i % lanes == 0) words.push(0);
            if (lanes == 3) words[i / lanes] |= uint256(type(uint80).max) << (80 * (i % lanes));
            else words[i / lanes] |= outputOf(i) << (16 * (i % lanes));
        }
        outputs = outputTree(words);
    }

    function rootOf(bool inputs) external view returns (bytes32) {
        return TestSet.root(inputs ? tree : outputs);
    }

    function bigGroup(bytes32 id, uint32 index) external view returns (AnswerGroup memory g) {
        uint256 w = index / WORD_LANES;
        g.indices = new uint32[](1);
        g.indices[0] = index;
        g.inputCommits = new uint256[](1);
        g.inputCommits[0] = inputCommitOf(index);
        g.inputPaths = new bytes32[][](1);
        g.inputPaths[0] = TestSet.path(tree, index);
        g.outputs = new OutputOpening[](1);
        g.outputs[0] = OutputOpening(words[w], saltOf(w), TestSet.path(outputs, w));
        g.proof = proofOf(roundContext(id, index), inputCommitOf(index), outputOf(index));
    }

    /// Gas of the whole transaction.
    function measure(address by, uint256 value, bytes memory data) private returns (uint256 used) {
        vm.cool(address(rounds));
        vm.cool(address(registry));
        vm.cool(address(outputJudge));
        vm.cool(address(verifier));
        used = transactionGas(address(rounds), by, value, data);
        measured = used;
    }
}
