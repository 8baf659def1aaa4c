// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IJudge} from "../../../src/interfaces/IJudge.sol";
import {IProofJudge} from "../../../src/interfaces/IProofJudge.sol";
import {Assurance, OfferTerms, Outcome, ProofItem, State} from "../../../src/types/MarketTypes.sol";
import {Metric, ModelRecord} from "../../../src/types/ModelTypes.sol";
import {OddVerifier} from "../../mocks/OddVerifier.sol";

/// What a hostile or broken verifier can and cannot do. The provider chose it, so it may only hurt the provider.
contract SubmitProofsVerifierTest is MarketFixture {
    OddVerifier internal odd;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        odd = new OddVerifier();
        ModelRecord memory r = record();
        r.verifier = address(odd);
        r.verifierCodehash = address(odd).codehash;
        modelId = register(r, 1);
        modelHash = registry.hashRecord(r);
        id = proving();
    }

    function test_verifier_answeringOneIsAccepted() public {
        odd.set(OddVerifier.Answer.One);
        market.submitProofs(id, batch(id, 0, NEEDED));
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "passed");
    }

    function test_verifier_answeringAnythingElseIsARejection() public {
        OddVerifier.Answer[8] memory answers = [
            OddVerifier.Answer.Zero,
            OddVerifier.Answer.Two,
            OddVerifier.Answer.HighBitOne,
            OddVerifier.Answer.Nothing,
            OddVerifier.Answer.ShortOne,
            OddVerifier.Answer.LongOne,
            OddVerifier.Answer.Revert,
            OddVerifier.Answer.RevertWithOne
        ];
        ProofItem[] memory items = batch(id, 0, NEEDED);
        for (uint256 i = 0; i < answers.length; ++i) {
            odd.set(answers[i]);
            vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 0));
            market.submitProofs(id, items);
        }
        assertUntouched();
    }

    function test_verifier_burningAllGasIsARejectionAndNoFault() public {
        ProofItem[] memory items = batch(id, 0, 1);
        odd.set(OddVerifier.Answer.BurnGas);
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 0));
        market.submitProofs{gas: 5_000_000}(id, items);
        assertUntouched();
    }

    /// A relayer that supplies too little gas makes its own call fail and nothing else.
    function testFuzz_verifier_starvedOfGasNeverHurtsTheProvider(uint256 gasLimit) public {
        odd.set(OddVerifier.Answer.One);
        ProofItem[] memory items = batch(id, 0, NEEDED);
        gasLimit = bound(gasLimit, 30_000, 600_000);
        try market.submitProofs{gas: gasLimit}(id, items) {
            assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "all or nothing");
        } catch {
            assertUntouched();
        }
    }

    function test_verifier_cannotReenter() public {
        odd.aim(market, id);
        odd.set(OddVerifier.Answer.ReenterTimeout);
        ProofItem[] memory items = batch(id, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 0));
        market.submitProofs(id, items);
        assertUntouched();
    }

    function test_verifier_whoseCodeChangedIsRefused() public {
        bytes32 before = address(odd).codehash;
        bytes memory accepting = hex"600160005260206000f3";
        vm.etch(address(odd), accepting);
        ProofItem[] memory items = batch(id, 0, NEEDED);
        vm.expectRevert(
            abi.encodeWithSelector(IJudge.VerifierChanged.selector, address(odd), before, keccak256(accepting))
        );
        market.submitProofs(id, items);
        assertUntouched();
    }

    function test_verifier_thatLostItsCodeIsRefused() public {
        bytes32 before = address(odd).codehash;
        vm.etch(address(odd), "");
        ProofItem[] memory items = batch(id, 0, NEEDED);
        vm.expectRevert(
            abi.encodeWithSelector(IJudge.VerifierChanged.selector, address(odd), before, address(odd).codehash)
        );
        market.submitProofs(id, items);
    }

    /// Even a verifier that accepts everything proves nothing but correct openings of the committed test set.
    function test_verifier_acceptingEverythingStillNeedsTheCommittedLabels() public {
        odd.set(OddVerifier.Answer.One);
        ProofItem memory it = item(id, 1);
        it.output = 5;
        vm.expectRevert(abi.encodeWithSelector(IProofJudge.NotCorrect.selector, 1, 5, 1));
        market.submitProofs(id, only(it));
    }

    function assertUntouched() private view {
        assertEq(uint256(market.engagement(id).state), uint256(State.Proving), "state");
        assertEq(market.engagement(id).provenOnChain, 0, "count");
        assertTrue(!market.isProven(id, 0), "bitmap");
        assertEq(registry.model(modelId).stake, STAKE, "stake");
    }
}

/// `submitProofs` under the other two metrics.
contract SubmitProofsMetricTest is MarketFixture {
    function test_metric_top5CountsALabelAtAnyOfFivePlaces() public {
        bytes32 id = engagementWith(Metric.TOP5, 10);
        for (uint32 p = 0; p < NEEDED; ++p) {
            ProofItem memory it = item(id, p);
            // The labels of the set are 0 to 6, and these five classes hold label p at place p.
            assertEq(it.label, p, "label");
            it.output = 0x0004_0003_0002_0001_0000;
            it.proof = proofFor(id, it);
            market.submitProofs(id, only(it));
        }
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.PROVEN), "PROVEN");
    }

    /// The circuit outputs one class; a record that says TOP5 would have it read as {c, 0, 0, 0, 0}.
    function test_metric_top5OverACircuitOfOneClassProvesNothing() public {
        bytes32 id = engagementWith(Metric.TOP5, 10);
        for (uint256 class = 0; class < 10; ++class) {
            ProofItem memory it = item(id, 0);
            assertEq(it.label, 0, "label");
            it.output = class;
            it.proof = proofFor(id, it);
            vm.expectRevert(abi.encodeWithSelector(IProofJudge.NotCorrect.selector, 0, class, 0));
            market.submitProofs(id, only(it));
        }
    }

    function test_metric_binRejectsLabelsThatAreNoBit() public {
        bytes32 id = engagementWith(Metric.BIN, 2);
        market.submitProofs(id, batch(id, 0, 2));
        ProofItem memory it = item(id, 2);
        vm.expectRevert(abi.encodeWithSelector(IProofJudge.NotCorrect.selector, 2, 2, 2));
        market.submitProofs(id, only(it));
    }

    function engagementWith(Metric metric, uint32 classes) private returns (bytes32) {
        ModelRecord memory r = record();
        r.metric = metric;
        r.classes = classes;
        modelId = register(r, 0);
        modelHash = registry.hashRecord(r);
        return proving();
    }
}
