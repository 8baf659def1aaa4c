// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RegistryFixture} from "../../base/RegistryFixture.sol";
import {Sequence} from "../../../src/shared/Sequence.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {TAG_MODEL, TAG_RECORD} from "../../../src/libraries/Tags.sol";
import {Metric, ModelRecord, ModelStatus, ModelView, ProofTerms, Reputation} from "../../../src/types/ModelTypes.sol";

contract RegisterTest is RegistryFixture {
    function test_register_storesTheRecordAndTheStake() public {
        ModelRecord memory r = record();
        bytes32 hash = keccak256(
            abi.encode(
                TAG_RECORD,
                mp,
                address(verifier),
                address(verifier).codehash,
                VK_DIGEST,
                WEIGHTS,
                uint256(0),
                uint256(CLASSES),
                uint256(7),
                uint256(2)
            )
        );
        bytes32 id = keccak256(abi.encode(TAG_MODEL, block.chainid, address(registry), mp, hash, uint256(9)));
        vm.warp(START + 50);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.ModelRegistered(id, mp, hash, uint128(STAKE), r);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.TransportKeySet(id, mp, TRANSPORT_KEY);
        assertEq(register(r, 9), id, "id");
        assertEq(registry.modelIdOf(mp, hash, 9), id, "modelIdOf");
        assertEq(registry.hashRecord(r), hash, "hashRecord");

        ModelView memory m = registry.model(id);
        assertEq(keccak256(abi.encode(m.record)), keccak256(abi.encode(r)), "record");
        assertEq(m.modelHash, hash, "hash");
        assertEq(m.transportPubKey, TRANSPORT_KEY, "key");
        assertEq(uint256(m.status), uint256(ModelStatus.Active), "status");
        assertEq(m.stake, STAKE, "stake");
        assertEq(m.open + m.reserved + m.unlockAt, 0, "nothing open");
        assertEq(m.registeredAt, START + 50, "registeredAt");
        Reputation memory rep = registry.reputation(id);
        assertEq(rep.firstSeen, START + 50, "firstSeen");
        assertEq(rep.providerFirstSeen, START, "the provider registered in setUp");
        (ModelStatus status, address owner, bytes32 stored) = registry.standing(id);
        assertTrue(status == ModelStatus.Active && owner == mp && stored == hash, "standing");
        (uint32 inputWords, uint32 wordsPerHash) = registry.inputShape(id);
        assertTrue(inputWords == 7 && wordsPerHash == 2, "inputShape");
        ProofTerms memory t = registry.proofTerms(id);
        assertEq(t.verifier, r.verifier, "verifier");
        assertEq(t.verifierCodehash, r.verifierCodehash, "codehash");
        assertEq(t.vkDigest, r.vkDigest, "vkDigest");
        assertEq(t.weightsCommit, r.weightsCommit, "weights");
        assertEq(uint256(t.metric), uint256(r.metric), "metric");
        assertEq(t.classes, r.classes, "classes");
        assertRegistrySolvent();
    }

    /// Everything but uri is part of the identity.
    function test_register_hashesEveryFieldButTheUri() public view {
        bytes32 base = registry.hashRecord(record());
        ModelRecord[10] memory variants;
        for (uint256 i = 0; i < 10; ++i) {
            variants[i] = record();
        }
        variants[0].mp = mc;
        variants[1].verifier = mc;
        variants[2].verifierCodehash = 0;
        variants[3].vkDigest = 0;
        variants[4].weightsCommit += 1;
        variants[5].metric = Metric.BIN;
        variants[6].classes += 1;
        variants[7].inputWords += 1;
        variants[8].wordsPerHash += 1;
        for (uint256 i = 0; i < 9; ++i) {
            assertTrue(registry.hashRecord(variants[i]) != base, "identity");
        }
        variants[9].uri = "elsewhere";
        assertEq(registry.hashRecord(variants[9]), base, "uri is no identity");
    }

    function test_register_twiceRevertsAndCostsNoStake() public {
        expectRefusal(record(), abi.encodeWithSelector(IModelRegistry.ModelExists.selector, modelId));
    }

    function test_register_anotherNonceIsAnotherModel() public {
        assertTrue(register(record(), 1) != modelId, "distinct");
    }

    function test_modelIdAt_isInTheOrderOfRegistration() public {
        bytes32 second = register(record(), 1);
        close();
        assertEq(registry.modelCount(), 2, "count");
        assertEq(registry.modelIdAt(0), modelId, "first, though closed");
        assertEq(registry.modelIdAt(1), second, "second");
        vm.expectRevert(abi.encodeWithSelector(Sequence.SequenceOutOfRange.selector, 2, 2));
        registry.modelIdAt(2);
    }

    function test_register_aClosedModelStaysClosed() public {
        close();
        expectRefusal(record(), abi.encodeWithSelector(IModelRegistry.ModelExists.selector, modelId));
    }

    function test_register_revertsWhen_stakeIsOneWeiOff() public {
        ModelRecord memory r = record();
        for (uint256 i = 0; i < 2; ++i) {
            uint256 value = i == 0 ? STAKE - 1 : STAKE + 1;
            vm.expectRevert(abi.encodeWithSelector(IModelRegistry.WrongValue.selector, STAKE, value));
            vm.prank(mp);
            registry.register{value: value}(r, TRANSPORT_KEY, 1);
        }
    }

    function test_register_revertsWhen_callerIsNotTheProviderOfTheRecord() public {
        ModelRecord memory r = record();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotProvider.selector, mp, mc));
        vm.prank(mc);
        registry.register{value: STAKE}(r, TRANSPORT_KEY, 1);
    }

    function test_register_revertsWhen_verifierHasNoCode() public {
        ModelRecord memory r = record();
        r.verifier = outsider;
        r.verifierCodehash = outsider.codehash;
        expectRefusal(r, abi.encodeWithSelector(IModelRegistry.VerifierHasNoCode.selector, outsider));
    }

    /// An account whose owner may give it other code at any time (EIP-7702).
    function test_register_revertsWhen_verifierIsADelegatedAccount() public {
        ModelRecord memory r = record();
        r.verifier = outsider;
        vm.etch(outsider, abi.encodePacked(hex"ef0100", address(verifier)));
        r.verifierCodehash = outsider.codehash;
        expectRefusal(r, abi.encodeWithSelector(IModelRegistry.VerifierIsDelegated.selector, outsider));
    }

    function test_register_takesOtherCodeOfTheSameLength() public {
        ModelRecord memory r = record();
        r.verifier = outsider;
        vm.etch(outsider, abi.encodePacked(hex"000100", address(verifier)));
        r.verifierCodehash = outsider.codehash;
        register(r, 0);
    }

    function test_register_revertsWhen_codehashIsAnother() public {
        ModelRecord memory r = record();
        r.verifierCodehash = keccak256("other code");
        expectRefusal(
            r,
            abi.encodeWithSelector(
                IModelRegistry.VerifierChanged.selector,
                address(verifier),
                r.verifierCodehash,
                address(verifier).codehash
            )
        );
    }

    function test_register_revertsWhen_vkDigestIsZero() public {
        ModelRecord memory r = record();
        r.vkDigest = 0;
        expectRefusal(r, abi.encodeWithSelector(IModelRegistry.ZeroVkDigest.selector));
    }

    function test_register_revertsWhen_weightsCommitHas249Bits() public {
        ModelRecord memory r = record();
        r.weightsCommit = (1 << 248) - 1;
        register(r, 1);
        r.weightsCommit = 1 << 248;
        expectRefusal(r, abi.encodeWithSelector(IModelRegistry.WeightsCommitTooLarge.selector, r.weightsCommit));
    }

    function test_register_revertsWhen_classesDoNotFitTheMetric() public {
        expectClasses(Metric.TOP1, 0, 2, false);
        expectClasses(Metric.TOP1, 1, 2, true);
        expectClasses(Metric.TOP1, 65_537, 65_536, true);
        expectClasses(Metric.TOP5, 5, 6, true);
        expectClasses(Metric.TOP5, 65_537, 65_536, true);
        expectClasses(Metric.BIN, 1, 2, true);
        expectClasses(Metric.BIN, 3, 2, false);
    }

    function test_register_revertsWhen_shapeIsZero() public {
        ModelRecord memory r = record();
        r.inputWords = 0;
        expectRefusal(r, abi.encodeWithSelector(IModelRegistry.BadInputShape.selector, 0, 2));
        r.inputWords = 7;
        r.wordsPerHash = 0;
        expectRefusal(r, abi.encodeWithSelector(IModelRegistry.BadInputShape.selector, 7, 0));
    }

    function test_register_revertsWhen_uriIsTooLong() public {
        ModelRecord memory r = record();
        r.uri = string(new bytes(512));
        register(r, 1);
        r.uri = string(new bytes(513));
        expectRefusal(r, abi.encodeWithSelector(IModelRegistry.UriTooLong.selector, 512, 513));
    }

    function test_register_revertsWhen_transportKeyIsZero() public {
        ModelRecord memory r = record();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ZeroTransportKey.selector));
        vm.prank(mp);
        registry.register{value: STAKE}(r, 0, 1);
    }

    /// Commitments are not unique: a front-runner that registers the same weights blocks nobody.
    function test_register_sameWeightsByAnotherProvider() public {
        ModelRecord memory r = record();
        r.mp = outsider;
        vm.prank(outsider);
        assertTrue(registry.register{value: STAKE}(r, TRANSPORT_KEY, 0) != modelId, "distinct");
    }

    function expectRefusal(ModelRecord memory r, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(mp);
        registry.register{value: STAKE}(r, TRANSPORT_KEY, 0);
    }

    function expectClasses(Metric metric, uint32 bad, uint32 good, bool registerGood) private {
        ModelRecord memory r = record();
        r.metric = metric;
        r.classes = bad;
        expectRefusal(r, abi.encodeWithSelector(IModelRegistry.BadClasses.selector, metric, bad));
        r.classes = good;
        if (registerGood) register(r, 1);
    }
}
