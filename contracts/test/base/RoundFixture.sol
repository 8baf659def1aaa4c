// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AccuracyMarket} from "../../src/AccuracyMarket.sol";
import {ModelRegistry} from "../../src/ModelRegistry.sol";
import {OutputJudge} from "../../src/OutputJudge.sol";
import {PredictionMarket} from "../../src/PredictionMarket.sol";
import {IPredictionMarket} from "../../src/interfaces/IPredictionMarket.sol";
import {TAG_IN, TAG_OUT} from "../../src/libraries/Tags.sol";
import {MarketParams} from "../../src/types/MarketTypes.sol";
import {RegistryParams} from "../../src/types/ModelTypes.sol";
import {
    AnswerGroup,
    OutputOpening,
    PredictionMarketParams,
    Privacy,
    RoundOutcome,
    RoundState,
    RoundTerms,
    RoundView,
    RoundWindows
} from "../../src/types/RoundTypes.sol";
import {MarketFixture} from "./MarketFixture.sol";
import {TestSet} from "./TestSet.sol";

/// A registry with both markets, the model of the accuracy tests in TOP1, and the way to every state of a round. Words, leaves
/// and trees are built from the text of the specification.
abstract contract RoundFixture is MarketFixture {
    Privacy internal constant PUBLIC = Privacy.PUBLIC;
    Privacy internal constant PRIVATE = Privacy.PRIVATE;

    uint32 internal constant K = 17; // two words in PUBLIC, and no power of two
    uint32 internal constant C = 3;
    uint128 internal constant RZ = 20_011;
    uint128 internal constant PI = 50_021;
    uint128 internal constant M = 200_003;
    uint128 internal constant ROUND_FEE = 331;
    uint32 internal constant ANSWER_GAS = 900_001;
    uint256 internal constant BASE_FEE = 7;

    // Written out by hand.
    uint256 internal constant MC_DEPOSIT = 120_066; // 2·3·20011
    uint256 internal constant TOLL = 40_022; // 2Z
    uint256 internal constant ANSWER_FEE = 6_300_007; // G·basefee

    uint64 internal constant ROUND_ACCEPT = 2 hours;
    uint64 internal constant PUBLISH = 3700;
    uint64 internal constant CONTEST = 9000; // an answer may be overdue while contests are open
    uint64 internal constant RESPOND = 3900;
    uint64 internal constant ROUND_ANSWER_TIME = 7;
    // 3700 + 2·9000 + 3900 + 4096·7
    uint64 internal constant LONGEST_ROUND = 54_272;

    bytes32 internal constant ROUND_MASTER = keccak256("round master");
    uint256 internal constant WORD_LANES = 15;

    PredictionMarket internal rounds;
    OutputJudge internal outputJudge;
    bytes32[] internal inputTree;

    function setUp() public virtual override {
        super.setUp();
        outputJudge = new OutputJudge();
        (registry, market, rounds) = deployBoth(registryParams(), marketParams(), roundParams());
        modelId = register(record(), 0);
        vm.fee(BASE_FEE);
        for (uint256 i = 0; i < K; ++i) {
            inputTree.push(inputLeaf(i, inputCommitOf(i)));
        }
    }

    // ---- deployment ----

    function roundParams() internal view returns (PredictionMarketParams memory) {
        return PredictionMarketParams({
            registry: address(0), // known in deployBoth
            judge: address(outputJudge),
            priceProof: RZ,
            fee: ROUND_FEE,
            answerGas: ANSWER_GAS,
            windows: RoundWindows({
                accept: ROUND_ACCEPT,
                publish: PUBLISH,
                contest: CONTEST,
                respond: RESPOND,
                answerTime: ROUND_ANSWER_TIME
            })
        });
    }

    /// Registry first, with the addresses of the two contracts that this account makes next.
    function deployBoth(RegistryParams memory r, MarketParams memory m, PredictionMarketParams memory p)
        internal
        returns (ModelRegistry newRegistry, AccuracyMarket newMarket, PredictionMarket newRounds)
    {
        address deployer = account("deployer");
        uint256 nonce = vm.getNonce(deployer);
        r.accuracy = vm.computeCreateAddress(deployer, nonce + 1);
        r.prediction = vm.computeCreateAddress(deployer, nonce + 2);
        vm.startPrank(deployer);
        newRegistry = new ModelRegistry(r);
        m.registry = address(newRegistry);
        p.registry = address(newRegistry);
        newMarket = new AccuracyMarket(m);
        newRounds = new PredictionMarket(p);
        vm.stopPrank();
    }

    // ---- inputs and outputs ----

    function inputCommitOf(uint256 i) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("round input", i))) >> 8;
    }

    function outputOf(uint256 i) internal pure returns (uint256) {
        return (3 * i + 1) % CLASSES;
    }

    function inputLeaf(uint256 i, uint256 inputCommit) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_IN, i, inputCommit));
    }

    function lanesOf(Privacy privacy) internal pure returns (uint256) {
        return privacy == PRIVATE ? 1 : WORD_LANES;
    }

    /// The first K outputs of TOP1.
    function wordsOf(Privacy privacy) internal pure returns (uint256[] memory words) {
        uint256 lanes = lanesOf(privacy);
        words = new uint256[]((K + lanes - 1) / lanes);
        for (uint256 i = 0; i < K; ++i) {
            words[i / lanes] |= outputOf(i) << (16 * (i % lanes));
        }
    }

    function saltOf(uint256 w) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_OUT, ROUND_MASTER, w));
    }

    function outputTree(uint256[] memory words) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](words.length);
        for (uint256 w = 0; w < words.length; ++w) {
            leaves[w] = keccak256(abi.encode(TAG_OUT, w, words[w], saltOf(w)));
        }
    }

    function outputsRootOf(Privacy privacy) internal pure returns (bytes32) {
        return TestSet.root(outputTree(wordsOf(privacy)));
    }

    // ---- the way to each state ----

    function roundTerms(Privacy privacy) internal view returns (RoundTerms memory) {
        return RoundTerms({
            modelId: modelId,
            modelHash: modelHash,
            inputRoot: TestSet.root(inputTree),
            predictions: K,
            contestCap: C,
            mpDeposit: M,
            price: PI,
            privacy: privacy,
            expiry: uint64(block.timestamp) + 1 hours
        });
    }

    /// Q at the base fee of the tests.
    /// What stands in Q for half of `publish`, and for `confirm`: 55,625 and 140,000 gas.
    function publishPart(Privacy privacy) internal pure returns (uint256) {
        return privacy == PRIVATE ? 55_625 * BASE_FEE : 0;
    }

    function confirmPart(Privacy privacy) internal pure returns (uint256) {
        return privacy == PRIVATE ? 140_000 * BASE_FEE : 0;
    }

    function bondFor(Privacy privacy) internal view returns (uint256) {
        return rounds.quietBond(privacy, K, BASE_FEE);
    }

    /// What the consumer pays in: 2CZ + pi + fee + Q.
    function entryFor(Privacy privacy) internal view returns (uint256) {
        return MC_DEPOSIT + PI + ROUND_FEE + bondFor(privacy);
    }

    function openWith(RoundTerms memory t) internal returns (bytes32) {
        uint256 value = 2 * uint256(t.contestCap) * RZ + t.price + ROUND_FEE
            + rounds.quietBond(t.privacy, t.predictions, block.basefee);
        vm.prank(mc);
        return rounds.open{value: value}(t);
    }

    function opened(Privacy privacy) internal returns (bytes32) {
        return openWith(roundTerms(privacy));
    }

    function serveWith(bytes32 id, bytes32 outputsRoot) internal {
        bytes32 g = roundGuard(id);
        uint256 value = uint256(rounds.round(id).mpDeposit) + ROUND_FEE;
        vm.prank(mp);
        rounds.serve{value: value}(id, g, outputsRoot);
    }

    function rooted(Privacy privacy) internal returns (bytes32 id) {
        id = opened(privacy);
        serveWith(id, outputsRootOf(privacy));
    }

    /// In PRIVATE as soon as the consumer has been silent long enough.
    function publishRound(bytes32 id) internal {
        RoundView memory r = rounds.round(id);
        if (r.privacy == PRIVATE && block.timestamp <= r.deadline) vm.warp(uint256(r.deadline) + 1);
        vm.prank(mp);
        rounds.publish(id, r.guard, ROUND_MASTER, wordsOf(r.privacy));
    }

    /// PUBLIC: published. PRIVATE: published after silence.
    function served(Privacy privacy) internal returns (bytes32 id) {
        id = rooted(privacy);
        publishRound(id);
    }

    function confirmRound(bytes32 id) internal {
        bytes32 g = roundGuard(id);
        vm.prank(mc);
        rounds.confirm(id, g);
    }

    /// Positions as the bits of `mask`.
    function bitmapFor(uint256 mask) internal pure returns (bytes memory bitmap) {
        bitmap = new bytes((K + 7) / 8);
        for (uint256 p = 0; p < K; ++p) {
            if ((mask >> p) & 1 == 1) bitmap[p / 8] |= bytes1(uint8(1 << (p % 8)));
        }
    }

    /// Contests the bits of `mask`, all of them new, and pays what is due.
    function contestRound(bytes32 id, uint256 mask) internal {
        bytes32 g = roundGuard(id);
        uint256 ones = 0;
        for (uint256 m = mask; m != 0; m &= m - 1) {
            ++ones;
        }
        vm.prank(mc);
        rounds.contest{value: ones * ANSWER_GAS * block.basefee}(id, g, bitmapFor(mask));
    }

    function groupFor(bytes32 id, uint32 index) internal view returns (AnswerGroup memory) {
        return groupWith(id, index, wordsOf(rounds.round(id).privacy), outputOf(index));
    }

    /// A group whose proof is for `output` in the round's context, whatever the posted word says.
    function groupWith(bytes32 id, uint32 index, uint256[] memory words, uint256 output)
        internal
        view
        returns (AnswerGroup memory g)
    {
        uint256 w = index / lanesOf(rounds.round(id).privacy);
        g.indices = new uint32[](1);
        g.indices[0] = index;
        g.inputCommits = new uint256[](1);
        g.inputCommits[0] = inputCommitOf(index);
        g.inputPaths = new bytes32[][](1);
        g.inputPaths[0] = TestSet.path(inputTree, index);
        g.outputs = new OutputOpening[](1);
        g.outputs[0] = OutputOpening(words[w], saltOf(w), TestSet.path(outputTree(words), w));
        g.proof = proofOf(roundContext(id, index), inputCommitOf(index), output);
    }

    function roundContext(bytes32 id, uint256 index) internal view returns (uint256) {
        return contextAt(block.chainid, address(rounds), 2, id, index);
    }

    function proofOf(uint256 ctx, uint256 inputCommit, uint256 output) internal view returns (bytes memory) {
        return abi.encode(verifier.proofOf(VK_DIGEST, [ctx, WEIGHTS, inputCommit, output]));
    }

    /// Groups for the bits of `mask`.
    function groupsFor(bytes32 id, uint256 mask) internal view returns (AnswerGroup[] memory groups) {
        uint256 n = 0;
        for (uint256 m = mask; m != 0; m &= m - 1) {
            ++n;
        }
        groups = new AnswerGroup[](n);
        n = 0;
        for (uint32 p = 0; p < K; ++p) {
            if ((mask >> p) & 1 == 1) groups[n++] = groupFor(id, p);
        }
    }

    function one(AnswerGroup memory g) internal pure returns (AnswerGroup[] memory groups) {
        groups = new AnswerGroup[](1);
        groups[0] = g;
    }

    function answerRound(bytes32 id, uint256 mask) internal {
        rounds.answer(id, groupsFor(id, mask));
    }

    /// A contested round with everything proven.
    function upheld(Privacy privacy, uint256 mask) internal returns (bytes32 id) {
        id = privacy == PUBLIC ? served(PUBLIC) : rooted(PRIVATE);
        contestRound(id, mask);
        answerRound(id, mask);
        confirmRound(id);
    }

    // ---- expectations ----

    function roundGuard(bytes32 id) internal view returns (bytes32) {
        return rounds.round(id).guard;
    }

    function assertRound(bytes32 id, RoundState state, RoundOutcome outcome) internal view {
        RoundView memory r = rounds.round(id);
        assertEq(uint256(r.state), uint256(state), "round state");
        assertEq(uint256(r.outcome), uint256(outcome), "round outcome");
    }

    function expectRoundState(bytes32 id, RoundState given) internal {
        vm.expectRevert(abi.encodeWithSelector(IPredictionMarket.WrongRoundState.selector, id, given));
    }

    /// Credits of the two parties and of the treasury in the market of rounds.
    function assertCredits(uint256 toMc, uint256 toMp, uint256 toTreasury) internal view {
        assertEq(rounds.credit(mc), toMc, "consumer");
        assertEq(rounds.credit(mp), toMp, "provider");
        assertEq(rounds.credit(treasury), toTreasury, "treasury");
        assertEq(rounds.credit(outsider), 0, "outsider");
        assertEq(address(rounds).balance, rounds.totalOwed(), "market balance");
        assertEq(address(registry).balance, registry.totalOwed(), "registry balance");
    }

    /// Nothing is left open, and so many strikes are burned.
    function assertReleased(uint256 strikes) internal view {
        assertEq(registry.model(modelId).open, 0, "open");
        assertEq(registry.model(modelId).reserved, 0, "reserved");
        assertEq(registry.model(modelId).stake, STAKE - strikes * STRIKE, "stake");
        assertEq(registry.credit(treasury), strikes * STRIKE, "burned");
    }
}
