// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {TestSet} from "../../base/TestSet.sol";
import {AccuracyMarket} from "../../../src/AccuracyMarket.sol";
import {ModelRegistry} from "../../../src/ModelRegistry.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IJudge} from "../../../src/interfaces/IJudge.sol";
import {IProofJudge} from "../../../src/interfaces/IProofJudge.sol";
import {Merkle} from "../../../src/libraries/Merkle.sol";
import {Statement} from "../../../src/libraries/Statement.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {
    Assurance,
    EngagementView,
    MarketParams,
    Mode,
    OfferTerms,
    Outcome,
    ProofItem,
    State
} from "../../../src/types/MarketTypes.sol";
import {RegistryParams, Reputation} from "../../../src/types/ModelTypes.sol";

contract SubmitProofsTest is MarketFixture {
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        id = proving();
    }

    // ---- reaching the target ----

    function test_submitProofs_belowTheTargetKeepsProving() public {
        ProofItem[] memory items = batch(id, 0, NEEDED - 1);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.ProofsAccepted(id, modelId, outsider, NEEDED - 1, NEEDED - 1);
        vm.prank(outsider);
        market.submitProofs(id, items);

        EngagementView memory e = market.engagement(id);
        assertEq(uint256(e.state), uint256(State.Proving), "state");
        assertEq(e.provenOnChain, NEEDED - 1, "count");
        assertEq(e.deadline, START + PROVE_WINDOW, "deadline unchanged");
        assertEq(market.credit(mp) + market.credit(mc), 0, "nothing paid");
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.NONE), "no assurance yet");
    }

    function test_submitProofs_atTheTargetPaysTheProvider() public {
        market.submitProofs(id, batch(id, 0, NEEDED - 1));
        vm.warp(START + 77);
        ProofItem[] memory last = batch(id, NEEDED - 1, NEEDED);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.ProofsAccepted(id, modelId, outsider, 1, NEEDED);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Closed(id, modelId, outsider, Outcome.Passed, 13_859_944, 14_140_140);
        vm.prank(outsider);
        market.submitProofs(id, last);

        EngagementView memory e = market.engagement(id);
        assertEq(uint256(e.state), uint256(State.Closed), "state");
        assertEq(uint256(e.outcome), uint256(Outcome.Passed), "outcome");
        assertEq(e.closedAt, START + 77, "closedAt");
        assertEq(market.credit(mc), 13_859_944, "D - R");
        assertEq(market.credit(mp), 14_140_140, "D + R");
        assertEq(market.credit(outsider), 0, "the relayer gets nothing");
        assertEq(registry.model(modelId).open, 0, "open");
        assertEq(registry.model(modelId).stake, STAKE, "stake");
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.passedProven, 1, "passedProven");
        assertEq(r.passedOptimistic + r.aborted + r.failed + r.mpFault + r.strikes, 0, "nothing else");
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.PROVEN), "PROVEN");
        assertSolvent();
    }

    function test_submitProofs_countsEveryItemOfTheClosingCall() public {
        market.submitProofs(id, batch(id, 0, N));
        assertEq(market.verdict(id).provenOnChain, N, "all of them");
    }

    function test_submitProofs_anyOrderAndAnyPositionsCount() public {
        ProofItem[] memory items = batch(id, N - NEEDED, N);
        (items[0], items[NEEDED - 1]) = (items[NEEDED - 1], items[0]);
        market.submitProofs(id, items);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "passed");
        assertTrue(!market.isProven(id, 0) && market.isProven(id, N - 1), "positions");
    }

    /// k* = ceil(targetBps·N / 10000): one proof fewer never closes, exactly k* always does.
    function testFuzz_submitProofs_closesExactlyAtTheTarget(uint16 rawTarget) public {
        OfferTerms memory t = terms();
        t.targetBps = uint16(bound(rawTarget, 1, 10_000));
        uint32 needed = uint32((uint256(t.targetBps) * N + 9_999) / 10_000);
        bytes32 own = offeredWith(t);
        acceptBy(mp, own);
        proceedWith(own);
        market.submitProofs(own, batch(own, 0, needed - 1));
        assertEq(uint256(market.engagement(own).state), uint256(State.Proving), "not yet");
        market.submitProofs(own, batch(own, needed - 1, needed));
        assertEq(uint256(market.engagement(own).outcome), uint256(Outcome.Passed), "now");
        assertEq(market.verdict(own).provenOnChain, needed, "count");
        assertEq(uint256(market.verdict(own).assurance), uint256(Assurance.PROVEN), "PROVEN");
    }

    function test_submitProofs_worksForASetOfTheSmallestSize() public {
        // N1 = N2 = 1: two leaves, depth 1.
        useMarket(1, 1);
        bytes32 own = engagementOver(2, 10_000);
        market.submitProofs(own, only(itemOver(own, 0, 2)));
        market.submitProofs(own, only(itemOver(own, 1, 2)));
        assertEq(uint256(market.engagement(own).outcome), uint256(Outcome.Passed), "passed");
    }

    function test_submitProofs_crossesWordsOfTheBitmap() public {
        useMarket(1, 256);
        bytes32 own = engagementOver(257, 10);
        market.submitProofs(own, only(itemOver(own, 256, 257)));
        assertTrue(market.isProven(own, 256) && !market.isProven(own, 0), "only position 256");
        assertEq(uint256(market.engagement(own).outcome), uint256(Outcome.Passed), "k* = 1");
    }

    // ---- repeats ----

    function test_submitProofs_skipsARepeatInTheSameBatch() public {
        ProofItem[] memory items = batch(id, 0, 3);
        items[2] = items[0];
        market.submitProofs(id, items);
        assertEq(market.engagement(id).provenOnChain, 2, "counted once");
    }

    /// A consumer that copies one item of a pending batch must not make the batch fail.
    function test_submitProofs_skipsWhatAFrontRunnerProvedFirst() public {
        ProofItem[] memory pending = batch(id, 0, NEEDED);
        vm.prank(mc);
        market.submitProofs(id, only(pending[1]));
        vm.prank(mp);
        market.submitProofs(id, pending);
        assertEq(market.engagement(id).provenOnChain, NEEDED, "count");
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "passed");
    }

    function test_submitProofs_skipsAProvenPositionWhateverTheItemContains() public {
        market.submitProofs(id, batch(id, 0, 1));
        ProofItem[] memory items = batch(id, 0, 2);
        items[0].proof = "";
        items[0].path = new bytes32[](40);
        items[0].inputCommit = type(uint256).max;
        market.submitProofs(id, items);
        assertEq(market.engagement(id).provenOnChain, 2, "the other item counts");
    }

    function test_submitProofs_ofRepeatsOnlyChangesNothing() public {
        market.submitProofs(id, batch(id, 0, NEEDED - 1));
        vm.recordLogs();
        market.submitProofs(id, batch(id, 0, NEEDED - 1));
        market.submitProofs(id, new ProofItem[](0));
        assertEq(vm.getRecordedLogs().length, 0, "no event");
        assertEq(market.engagement(id).provenOnChain, NEEDED - 1, "count");
        assertEq(uint256(market.engagement(id).state), uint256(State.Proving), "state");
    }

    // ---- time and state ----

    function test_submitProofs_inTheLastSecond() public {
        vm.warp(START + PROVE_WINDOW);
        market.submitProofs(id, batch(id, 0, NEEDED));
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "passed");
    }

    function test_submitProofs_revertsWhen_late() public {
        ProofItem[] memory items = batch(id, 0, NEEDED);
        vm.warp(START + PROVE_WINDOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + PROVE_WINDOW, START + PROVE_WINDOW + 1)
        );
        market.submitProofs(id, items);
    }

    function test_submitProofs_revertsWhen_inAnyOtherState() public {
        bytes32[4] memory ids = oneOfEach();
        State[4] memory states = [State.Offered, State.Probing, State.Proving, State.Closed];
        for (uint256 i = 0; i < 4; ++i) {
            if (states[i] == State.Proving) continue;
            ProofItem[] memory items = batch(ids[i], 0, 1);
            expectWrongState(ids[i], states[i]);
            market.submitProofs(ids[i], items);
        }
        expectWrongState(keccak256("nothing"), State.None);
        market.submitProofs(keccak256("nothing"), new ProofItem[](0));
    }

    // ---- bad items: the whole batch reverts ----

    function test_submitProofs_revertsWhen_positionIsN() public {
        ProofItem memory it = item(id, 0);
        it.position = N;
        expectRejection(it, abi.encodeWithSelector(IAccuracyMarket.PositionOutOfRange.selector, N, N));
    }

    /// N = 7 pads its tree to 8 leaves: a position beyond N is refused even if it opens.
    function test_submitProofs_revertsWhen_positionIsAPaddingLeaf() public {
        ProofItem memory it = item(id, 6);
        it.position = 7;
        expectRejection(it, abi.encodeWithSelector(IAccuracyMarket.PositionOutOfRange.selector, N, 7));
    }

    function test_submitProofs_revertsWhen_pathIsShortOrLong() public {
        ProofItem memory it = item(id, 0);
        it.path = new bytes32[](2);
        expectRejection(it, abi.encodeWithSelector(Merkle.BadPathLength.selector, 3, 2));
        it.path = new bytes32[](4);
        expectRejection(it, abi.encodeWithSelector(Merkle.BadPathLength.selector, 3, 4));
    }

    function test_submitProofs_revertsWhen_anyPartOfTheLeafIsWrong() public {
        ProofItem memory it = item(id, 2);
        it.inputCommit ^= 1;
        it.proof = proofFor(id, it);
        expectRejection(it, IProofJudge.WrongTestLeaf.selector);
        it = item(id, 2);
        it.label = 3;
        it.output = 3;
        it.proof = proofFor(id, it);
        expectRejection(it, IProofJudge.WrongTestLeaf.selector);
        it = item(id, 2);
        it.leafSalt ^= bytes32(uint256(1));
        expectRejection(it, IProofJudge.WrongTestLeaf.selector);
        it = item(id, 2);
        it.path[1] ^= bytes32(uint256(1));
        expectRejection(it, IProofJudge.WrongTestLeaf.selector);
    }

    /// The leaf of one position opens at no other, so an easy example cannot be counted several times.
    function test_submitProofs_revertsWhen_leafIsUsedAtAnotherPosition() public {
        for (uint32 p = 1; p < N; ++p) {
            ProofItem memory it = item(id, 0);
            it.position = p;
            it.proof = proofFor(id, it);
            expectRejection(it, IProofJudge.WrongTestLeaf.selector);
        }
    }

    function test_submitProofs_revertsWhen_outputIsNotTheLabel() public {
        ProofItem memory it = item(id, 2);
        it.output = 3;
        it.proof = proofFor(id, it);
        expectRejection(it, abi.encodeWithSelector(IProofJudge.NotCorrect.selector, 2, 3, 2));
    }

    function test_submitProofs_revertsWhen_inputCommitIsNotCanonical() public {
        // The same field element as a canonical commitment, committed as such in the test set.
        useAliasedSet();
        ProofItem memory it = aliasedItem();
        vm.expectRevert(abi.encodeWithSelector(Statement.NotCanonical.selector, it.inputCommit));
        market.submitProofs(id, only(it));
    }

    function test_submitProofs_revertsWhen_proofIsWrong() public {
        ProofItem memory it = item(id, 2);
        it.proof[31] ^= 0x01;
        expectRejection(it, abi.encodeWithSelector(IJudge.ProofRejected.selector, 2));
        it.proof = "";
        expectRejection(it, abi.encodeWithSelector(IJudge.ProofRejected.selector, 2));
    }

    function test_submitProofs_revertsAsAWholeWhen_theLastItemIsBad() public {
        ProofItem[] memory items = batch(id, 0, NEEDED);
        items[NEEDED - 1].proof = "bad";
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, NEEDED - 1));
        market.submitProofs(id, items);
        assertEq(market.engagement(id).provenOnChain, 0, "nothing counted");
        for (uint256 p = 0; p < N; ++p) {
            assertTrue(!market.isProven(id, p), "nothing proven");
        }
        market.submitProofs(id, batch(id, 0, NEEDED));
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "not held against the provider");
    }

    // ---- replay (V13) ----

    function test_submitProofs_rejectsTheProofOfAnotherEngagement() public {
        bytes32 other = proving();
        ProofItem memory it = item(other, 2);
        expectRejection(it, abi.encodeWithSelector(IJudge.ProofRejected.selector, 2));
        market.submitProofs(other, only(it));
    }

    function test_submitProofs_rejectsTheProofOfAnotherContextOnEachAxis() public {
        uint256[5] memory contexts = [
            contextAt(1, address(market), 1, id, 2),
            contextAt(block.chainid, address(registry), 1, id, 2),
            contextAt(block.chainid, address(market), 2, id, 2),
            contextAt(block.chainid, address(market), 1, keccak256("other"), 2),
            contextAt(block.chainid, address(market), 1, id, 3)
        ];
        ProofItem memory it = item(id, 2);
        for (uint256 i = 0; i < 5; ++i) {
            it.proof = abi.encode(verifier.proofOf(VK_DIGEST, [contexts[i], WEIGHTS, it.inputCommit, it.output]));
            expectRejection(it, abi.encodeWithSelector(IJudge.ProofRejected.selector, 2));
        }
    }

    function test_submitProofs_rejectsTheProofAfterAChainSplit() public {
        ProofItem memory it = item(id, 2);
        vm.chainId(31338);
        expectRejection(it, abi.encodeWithSelector(IJudge.ProofRejected.selector, 2));
    }

    function test_submitProofs_rejectsTheProofOfOtherWeightsOrAnotherKey() public {
        ProofItem memory it = item(id, 2);
        it.proof = abi.encode(verifier.proofOf(VK_DIGEST, [context(id, 2), WEIGHTS + 1, it.inputCommit, it.output]));
        expectRejection(it, abi.encodeWithSelector(IJudge.ProofRejected.selector, 2));
        it.proof =
            abi.encode(verifier.proofOf(keccak256("other vk"), [context(id, 2), WEIGHTS, it.inputCommit, it.output]));
        expectRejection(it, abi.encodeWithSelector(IJudge.ProofRejected.selector, 2));
    }

    // ---- helpers ----

    function expectRejection(ProofItem memory it, bytes memory reason) private {
        vm.expectRevert(reason);
        market.submitProofs(id, only(it));
    }

    function expectRejection(ProofItem memory it, bytes4 selector) private {
        try market.submitProofs(id, only(it)) {
            assertTrue(false, "accepted");
        } catch (bytes memory reason) {
            assertEq(bytes32(bytes4(reason)), bytes32(selector), "reason");
        }
    }

    /// Replaces market and registry by ones with other set sizes, and registers the model there.
    function useMarket(uint32 n1, uint32 n2) private {
        (registry, market) = deployWithSizes(n1, n2);
        uint256 stake = registry.stakeRequired();
        vm.deal(mp, 1 ether);
        vm.prank(mp);
        modelId = registry.register{value: stake}(record(), TRANSPORT_KEY, 0);
    }

    function deployWithSizes(uint32 n1, uint32 n2) private returns (ModelRegistry, AccuracyMarket) {
        RegistryParams memory r = registryParams();
        r.n1 = n1;
        MarketParams memory m = marketParams();
        m.n2 = n2;
        return deploy(r, m);
    }

    function engagementOver(uint256 n, uint16 target) private returns (bytes32 own) {
        OfferTerms memory t = terms();
        t.testRoot = TestSet.root(TestSet.leaves(SET, n, CLASSES));
        t.targetBps = target;
        uint256 entry = uint256(accuracyTerms().amounts(Mode.CLEAR).deposit) + FEE;
        vm.prank(mc);
        own = market.open{value: entry}(t);
        bytes32 guard = guardOf(own);
        vm.prank(mp);
        market.accept{value: entry}(own, guard);
        proceedWith(own);
    }

    function itemOver(bytes32 own, uint32 position, uint256 n) private view returns (ProofItem memory it) {
        TestSet.Example memory e = TestSet.example(SET, position, CLASSES);
        it.position = position;
        it.inputCommit = e.inputCommit;
        it.label = e.label;
        it.leafSalt = e.leafSalt;
        it.path = TestSet.path(TestSet.leaves(SET, n, CLASSES), position);
        it.output = e.label;
        it.proof = proofFor(own, it);
    }

    function aliasedLeaves() private pure returns (bytes32[] memory list) {
        list = TestSet.leaves(SET, N, CLASSES);
        TestSet.Example memory e = TestSet.example(SET, 0, CLASSES);
        e.inputCommit += Statement.SCALAR_ORDER;
        list[0] = TestSet.leafOf(0, e);
    }

    function useAliasedSet() private {
        OfferTerms memory t = terms();
        t.testRoot = TestSet.root(aliasedLeaves());
        id = offeredWith(t);
        acceptBy(mp, id);
        proceedWith(id);
    }

    function aliasedItem() private view returns (ProofItem memory it) {
        it = item(id, 0);
        it.inputCommit += Statement.SCALAR_ORDER;
        it.path = TestSet.path(aliasedLeaves(), 0);
        it.proof = proofFor(id, it);
    }
}
