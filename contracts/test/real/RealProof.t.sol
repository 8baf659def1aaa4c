// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../base/TestBase.sol";
import {AccuracyMarket} from "../../src/AccuracyMarket.sol";
import {ModelRegistry} from "../../src/ModelRegistry.sol";
import {ProofJudge} from "../../src/ProofJudge.sol";
import {PublishedTransfers} from "../../src/PublishedTransfers.sol";
import {TransferJudge} from "../../src/TransferJudge.sol";
import {IAccuracyTerms} from "../../src/interfaces/IAccuracyTerms.sol";
import {IJudge} from "../../src/interfaces/IJudge.sol";
import {Statement} from "../../src/libraries/Statement.sol";
import {
    Amounts,
    Assurance,
    ClaimParams,
    Judges,
    MarketParams,
    OfferTerms,
    Outcome,
    Prices,
    ProofItem,
    State,
    TransferParams,
    Windows
} from "../../src/types/MarketTypes.sol";
import {Metric, ModelRecord, RegistryParams} from "../../src/types/ModelTypes.sol";

/// The generated verifier and real proofs in a whole engagement. The fixture is made by the Rust side; every address and
/// id in it follows from what is fixed here, and is checked before it is used.
contract RealProofTest is TestBase {
    string internal constant FIXTURE = "contracts/test/fixtures/real_proof.json";

    address internal constant DEPLOYER = 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266; // anvil account 0
    address internal constant MP = 0x70997970C51812dc3A010C7d01b50e0d17dc79C8; // anvil account 1
    address internal constant MC = 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC; // anvil account 2

    string internal json;
    ModelRegistry internal registry;
    AccuracyMarket internal market;
    address internal verifier;
    bytes32 internal id;

    /// Deployer nonces: 0 verifying key data, 1 verifier, 2 registry, 3 market; the contracts without parameters are deployed
    /// by the test.
    function setUp() public {
        vm.chainId(31337);
        vm.warp(1_800_000_000);
        json = vm.readFile(FIXTURE);
        create(vm.parseJsonBytes(json, ".vkInitcode"));
        verifier = create(vm.parseJsonBytes(json, ".verifierInitcode"));
        deployMarket();
        assertEq(verifier, vm.parseJsonAddress(json, ".verifierAddress"), "verifierAddress");
        assertEq(verifier.codehash, vm.parseJsonBytes32(json, ".verifierCodehash"), "verifierCodehash");
        assertEq(address(registry), vm.parseJsonAddress(json, ".registryAddress"), "registryAddress");
        assertEq(address(market), vm.parseJsonAddress(json, ".marketAddress"), "marketAddress");
        id = engage(registerModel());
        assertEq(id, vm.parseJsonBytes32(json, ".engagementId"), "engagementId");
    }

    function test_realProofs_closeTheEngagementAsProven() public {
        market.submitProofs(id, items());
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.PROVEN), "assurance");
        assertEq(uint256(market.verdict(id).outcome), uint256(Outcome.Passed), "outcome");
        assertEq(market.verdict(id).provenOnChain, items().length, "proven");
    }

    function test_realProof_oneItem() public {
        market.submitProofs(id, only(0));
        assertTrue(market.isProven(id, items()[0].position), "proven");
    }

    /// The same proof with one bit flipped, every 97th byte and both ends.
    function test_realProof_flippedBitsAreRejected() public {
        ProofItem[] memory one = only(0);
        uint256 length = one[0].proof.length;
        for (uint256 k = 0; k < length; k = k == length - 1 || k + 97 < length ? k + 97 : length - 1) {
            one[0].proof[k] ^= 0x01;
            expectRejection(one);
            one[0].proof[k] ^= 0x01;
        }
    }

    function test_realProof_truncatedOrExtendedIsRejected() public {
        ProofItem[] memory one = only(0);
        bytes memory proof = one[0].proof;
        one[0].proof = bytes.concat(proof, bytes32(0));
        expectRejection(one);
        one[0].proof = bytes.concat(proof, hex"00");
        expectRejection(one);
        one[0].proof = "";
        expectRejection(one);
    }

    function test_realProof_ofAnotherEngagementIsRejected() public {
        bytes32 other = engage(market.engagement(id).modelId);
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, items()[0].position));
        market.submitProofs(other, only(0));
    }

    function test_realProof_onAnotherChainIsRejected() public {
        vm.chainId(31338);
        expectRejection(only(0));
    }

    /// An instance and the same instance plus the scalar order are one number to the proof system.
    function test_realProof_aliasOfTheOutputIsRejected() public {
        ProofItem[] memory one = only(0);
        one[0].output += Statement.SCALAR_ORDER;
        vm.expectRevert();
        market.submitProofs(id, one);
        assertTrue(!market.isProven(id, one[0].position), "not proven");
    }

    /// For every gas limit the answer is acceptance or a revert that changes nothing.
    function test_realProof_starvedOfGasChangesNothing() public {
        ProofItem[] memory one = only(0);
        for (uint256 gasLimit = 50_000; gasLimit < 3_000_000; gasLimit += 150_000) {
            try market.submitProofs{gas: gasLimit}(id, one) {
                assertTrue(market.isProven(id, one[0].position), "accepted");
                return;
            } catch {
                assertEq(uint256(market.engagement(id).state), uint256(State.Proving), "state");
                assertTrue(!market.isProven(id, one[0].position), "bitmap");
            }
        }
        assertTrue(false, "never accepted");
    }

    // ---- the engagement of the fixture ----

    function create(bytes memory initcode) private returns (address deployed) {
        vm.prank(DEPLOYER);
        assembly ("memory-safe") {
            deployed := create(0, add(initcode, 0x20), mload(initcode))
        }
        assertTrue(deployed != address(0), "create failed");
    }

    function deployMarket() private {
        RegistryParams memory r = RegistryParams({
            priceInput: 1_000_000,
            n1: uint32(vm.parseJsonUint(json, ".n1")),
            faultStrikes: 10,
            unbondWindow: 1 days,
            treasury: account("treasury"),
            accuracy: vm.computeCreateAddress(DEPLOYER, 3),
            prediction: address(0)
        });
        vm.prank(DEPLOYER);
        registry = new ModelRegistry(r);
        MarketParams memory m = MarketParams({
            registry: address(registry),
            prices: Prices({proof: 10_000, inference: 100, fee: 1000}),
            n2: uint32(vm.parseJsonUint(json, ".n2")),
            windows: Windows({accept: 1 hours, decide: 1 hours, proveBase: 1 hours, proveTimePerItem: 60}),
            judges: Judges({
                proofs: address(new ProofJudge()),
                transfers: address(new TransferJudge()),
                publication: address(new PublishedTransfers())
            }),
            transfer: TransferParams({
                wordsPerChunk: 8, commitWindow: 1 hours, ackWindow: 1 hours, publishWindow: 1 hours, keyWindow: 1 hours
            }),
            claim: ClaimParams({
                challengeWindow: 1 hours, respondWindow: 1 hours, answerTime: 60, challengeBond: 1000, directMax: 1
            })
        });
        vm.prank(DEPLOYER);
        market = new AccuracyMarket(m);
    }

    function registerModel() private returns (bytes32 modelId) {
        ModelRecord memory r = ModelRecord({
            mp: MP,
            verifier: verifier,
            verifierCodehash: verifier.codehash,
            vkDigest: vm.parseJsonBytes32(json, ".vkDigest"),
            weightsCommit: vm.parseJsonUint(json, ".weightsCommit"),
            metric: Metric(vm.parseJsonUint(json, ".metric")),
            classes: uint32(vm.parseJsonUint(json, ".classes")),
            inputWords: uint32(vm.parseJsonUint(json, ".L")),
            wordsPerHash: uint32(vm.parseJsonUint(json, ".rho")),
            uri: ""
        });
        uint256 stake = registry.stakeRequired();
        vm.deal(MP, 1 ether);
        vm.prank(MP);
        modelId = registry.register{value: stake}(r, keccak256("transport"), 0);
        assertEq(modelId, vm.parseJsonBytes32(json, ".modelId"), "modelId");
    }

    function engage(bytes32 modelId) private returns (bytes32 opened) {
        (,, bytes32 modelHash) = registry.standing(modelId);
        OfferTerms memory t;
        t.modelId = modelId;
        t.modelHash = modelHash;
        t.testRoot = vm.parseJsonBytes32(json, ".testRoot");
        t.targetBps = uint16(vm.parseJsonUint(json, ".targetBps"));
        t.expiry = uint64(block.timestamp);
        Amounts memory a = IAccuracyTerms(market.terms()).amounts(t.mode);
        uint256 entry = uint256(a.deposit) + a.fee;
        vm.deal(MC, 1 ether);
        vm.prank(MC);
        opened = market.open{value: entry}(t);
        bytes32 guard = market.engagement(opened).offerHash;
        vm.startPrank(MP);
        market.accept{value: entry}(opened, guard);
        market.proceed(opened, guard);
        vm.stopPrank();
    }

    function items() private view returns (ProofItem[] memory list) {
        uint256 count = vm.parseJsonUint(json, ".itemCount");
        list = new ProofItem[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = itemAt(i);
        }
    }

    function only(uint256 i) private view returns (ProofItem[] memory list) {
        list = new ProofItem[](1);
        list[0] = itemAt(i);
    }

    function itemAt(uint256 i) private view returns (ProofItem memory it) {
        string memory key = string.concat(".items[", vm.toString(i), "]");
        it.position = uint32(vm.parseJsonUint(json, string.concat(key, ".position")));
        it.inputCommit = vm.parseJsonUint(json, string.concat(key, ".inputCommit"));
        it.label = uint32(vm.parseJsonUint(json, string.concat(key, ".label")));
        it.leafSalt = vm.parseJsonBytes32(json, string.concat(key, ".leafSalt"));
        it.path = vm.parseJsonBytes32Array(json, string.concat(key, ".path"));
        it.output = vm.parseJsonUint(json, string.concat(key, ".output"));
        it.proof = vm.parseJsonBytes(json, string.concat(key, ".proof"));
    }

    function expectRejection(ProofItem[] memory one) private {
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, one[0].position));
        market.submitProofs(id, one);
    }
}
