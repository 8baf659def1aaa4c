// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AccuracyMarket} from "../../src/AccuracyMarket.sol";
import {ModelRegistry} from "../../src/ModelRegistry.sol";
import {ProofJudge} from "../../src/ProofJudge.sol";
import {PublishedTransfers} from "../../src/PublishedTransfers.sol";
import {TransferJudge} from "../../src/TransferJudge.sol";
import {TAG_CTX} from "../../src/libraries/Tags.sol";
import {
    Adjudication,
    ClaimParams,
    Judges,
    MarketParams,
    Mode,
    OfferTerms,
    Prices,
    ProofItem,
    State,
    TransferParams,
    Windows
} from "../../src/types/MarketTypes.sol";
import {IAccuracyTerms} from "../../src/interfaces/IAccuracyTerms.sol";
import {IAccuracyMarket} from "../../src/interfaces/IAccuracyMarket.sol";
import {Metric, ModelRecord, RegistryParams} from "../../src/types/ModelTypes.sol";
import {HashVerifier} from "../mocks/HashVerifier.sol";
import {TestBase} from "./TestBase.sol";
import {TestSet} from "./TestSet.sol";

/// A registry and a market with small odd parameters, one registered model, and the way to every state.
abstract contract MarketFixture is TestBase {
    // Odd numbers, so that no two formulas give the same amount. N = 7 is no power of two.
    uint128 internal constant E = 1_000_003;
    uint128 internal constant Z = 10_007;
    uint128 internal constant P = 101;
    uint128 internal constant FEE = 77_777;
    uint32 internal constant N1 = 3;
    uint32 internal constant N2 = 4;
    uint32 internal constant N = 7;
    uint16 internal constant FAULT_STRIKES = 10;

    // Written out by hand from the tables of the specification.
    uint256 internal constant STRIKE = 3_000_009; // N1·E
    uint256 internal constant STAKE = 3_000_009_000; // 1000·N1·E
    uint256 internal constant DEPOSIT = 14_000_042; // 2·N·E
    uint256 internal constant ABORT_PAYMENT = 707; // N·P
    uint256 internal constant SUCCESS_PAYMENT = 140_098; // 2·N·Z
    uint256 internal constant ENTRY = 14_077_819; // D + fee
    uint256 internal constant FULL_ABORT_PAYMENT = 303; // N1·P
    uint256 internal constant FULL_SUCCESS_PAYMENT = 80_662; // 2·(N1·P + N2·Z)

    uint64 internal constant ACCEPT_WINDOW = 2 hours;
    uint64 internal constant DECIDE_WINDOW = 3 hours;
    uint64 internal constant PROVE_BASE = 5 hours;
    uint64 internal constant PROVE_TIME_PER_ITEM = 11;
    uint64 internal constant PROVE_WINDOW = 18_077; // 5 h + 7·11 s
    uint64 internal constant COMMIT_WINDOW = 4000;
    uint64 internal constant ACK_WINDOW = 4100;
    uint64 internal constant PUBLISH_WINDOW = 4200;
    uint64 internal constant KEY_WINDOW = 4300;
    uint64 internal constant CHALLENGE_WINDOW = 4600;
    uint64 internal constant RESPOND_WINDOW = 4500;
    uint64 internal constant ANSWER_TIME = 13;
    // 4000 + 2·4100 + 4200 + 2·4300 + 3 h + 18077 + 4600 + 4500 + 2·7·13
    uint64 internal constant LONGEST_PATH = 63_159;
    uint64 internal constant UNBOND_WINDOW = 21 hours;
    uint128 internal constant BOND = 5002;
    uint256 internal constant DEAR_BOND = 15_009; // B + Z, for anybody but the consumer
    uint32 internal constant DIRECT_MAX = 1;
    uint32 internal constant INPUT_WORDS = 7;
    uint32 internal constant WORDS_PER_CHUNK = 4;

    uint64 internal constant START = 1_800_000_000;
    uint32 internal constant CLASSES = 10;
    uint16 internal constant TARGET = 6000; // k* = ceil(4.2) = 5
    uint32 internal constant NEEDED = 5;
    uint256 internal constant SET = 1;
    bytes32 internal constant VK_DIGEST = keccak256("vk");
    bytes32 internal constant TRANSPORT_KEY = keccak256("transport");
    uint256 internal constant WEIGHTS = uint256(keccak256("weights")) >> 8;

    address internal immutable mp = account("mp");
    address internal immutable mc = account("mc");
    address internal immutable outsider = account("outsider");
    address internal immutable treasury = account("treasury");

    ModelRegistry internal registry;
    AccuracyMarket internal market;
    HashVerifier internal verifier;
    ProofJudge internal proofJudge;
    TransferJudge internal transferJudge;
    PublishedTransfers internal publication;
    bytes32 internal modelId;
    bytes32 internal modelHash;
    bytes32 internal testRoot;

    function setUp() public virtual {
        vm.warp(START);
        verifier = new HashVerifier();
        proofJudge = new ProofJudge();
        transferJudge = new TransferJudge();
        publication = new PublishedTransfers();
        (registry, market) = deploy(registryParams(), marketParams());
        vm.deal(mp, 1 ether);
        vm.deal(mc, 1 ether);
        vm.deal(outsider, 1 ether);
        modelId = register(record(), 0);
        modelHash = registry.hashRecord(record());
        testRoot = TestSet.root(TestSet.leaves(SET, N, CLASSES));
    }

    // ---- deployment ----

    function registryParams() internal view returns (RegistryParams memory) {
        return RegistryParams({
            priceInput: E,
            n1: N1,
            faultStrikes: FAULT_STRIKES,
            unbondWindow: UNBOND_WINDOW,
            treasury: treasury,
            accuracy: address(0), // predicted in deploy
            prediction: address(0)
        });
    }

    function marketParams() internal view returns (MarketParams memory) {
        return MarketParams({
            registry: address(0), // known in deploy
            prices: Prices({proof: Z, inference: P, fee: FEE}),
            n2: N2,
            windows: Windows({
                accept: ACCEPT_WINDOW,
                decide: DECIDE_WINDOW,
                proveBase: PROVE_BASE,
                proveTimePerItem: PROVE_TIME_PER_ITEM
            }),
            judges: Judges({
                proofs: address(proofJudge), transfers: address(transferJudge), publication: address(publication)
            }),
            transfer: TransferParams({
                wordsPerChunk: WORDS_PER_CHUNK,
                commitWindow: COMMIT_WINDOW,
                ackWindow: ACK_WINDOW,
                publishWindow: PUBLISH_WINDOW,
                keyWindow: KEY_WINDOW
            }),
            claim: ClaimParams({
                challengeWindow: CHALLENGE_WINDOW,
                respondWindow: RESPOND_WINDOW,
                answerTime: ANSWER_TIME,
                challengeBond: BOND,
                directMax: DIRECT_MAX
            })
        });
    }

    /// Registry first, with the address that the next contract of this account will have.
    function deploy(RegistryParams memory r, MarketParams memory m) internal returns (ModelRegistry, AccuracyMarket) {
        address deployer = account("deployer");
        r.accuracy = vm.computeCreateAddress(deployer, uint256(vm.getNonce(deployer)) + 1);
        vm.startPrank(deployer);
        ModelRegistry newRegistry = new ModelRegistry(r);
        m.registry = address(newRegistry);
        AccuracyMarket newMarket = new AccuracyMarket(m);
        vm.stopPrank();
        return (newRegistry, newMarket);
    }

    function accuracyTerms() internal view returns (IAccuracyTerms) {
        return IAccuracyTerms(market.terms());
    }

    function record() internal view returns (ModelRecord memory) {
        return ModelRecord({
            mp: mp,
            verifier: address(verifier),
            verifierCodehash: address(verifier).codehash,
            vkDigest: VK_DIGEST,
            weightsCommit: WEIGHTS,
            metric: Metric.TOP1,
            classes: CLASSES,
            inputWords: INPUT_WORDS,
            wordsPerHash: 2,
            uri: "ipfs://model"
        });
    }

    function register(ModelRecord memory r, uint64 nonce) internal returns (bytes32) {
        vm.prank(mp);
        return registry.register{value: STAKE}(r, TRANSPORT_KEY, nonce);
    }

    // ---- the way to each state ----

    function terms() internal view returns (OfferTerms memory) {
        return OfferTerms({
            modelId: modelId,
            modelHash: modelHash,
            mode: Mode.CLEAR,
            adjudication: Adjudication.DIRECT,
            testRoot: testRoot,
            mcSaltHash: 0,
            targetBps: TARGET,
            expiry: uint64(block.timestamp) + 1 hours
        });
    }

    function offered() internal returns (bytes32 id) {
        return offeredWith(terms());
    }

    function offeredWith(OfferTerms memory t) internal returns (bytes32 id) {
        vm.prank(mc);
        return market.open{value: ENTRY}(t);
    }

    function guardOf(bytes32 id) internal view returns (bytes32) {
        return market.engagement(id).offerHash;
    }

    function acceptBy(address who, bytes32 id) internal {
        bytes32 guard = guardOf(id);
        vm.prank(who);
        market.accept{value: ENTRY}(id, guard);
    }

    function probing() internal returns (bytes32 id) {
        id = offered();
        acceptBy(mp, id);
    }

    function proceedWith(bytes32 id) internal {
        bytes32 guard = guardOf(id);
        vm.prank(mp);
        market.proceed(id, guard);
    }

    function proving() internal returns (bytes32 id) {
        id = probing();
        proceedWith(id);
    }

    function passed() internal returns (bytes32 id) {
        id = proving();
        market.submitProofs(id, batch(id, 0, NEEDED));
    }

    function aborted() internal returns (bytes32 id) {
        id = probing();
        bytes32 guard = guardOf(id);
        vm.prank(mp);
        market.abort(id, guard);
    }

    /// One id in each state that can be reached, Closed last.
    function oneOfEach() internal returns (bytes32[4] memory ids) {
        ids = [offered(), probing(), proving(), passed()];
    }

    // ---- items ----

    function context(bytes32 id, uint256 position) internal view returns (uint256) {
        return contextAt(block.chainid, address(market), 1, id, position);
    }

    function contextAt(uint256 chain, address where, uint256 kind, bytes32 id, uint256 position)
        internal
        pure
        returns (uint256)
    {
        return uint256(keccak256(abi.encode(TAG_CTX, chain, where, kind, id, position))) >> 8;
    }

    function item(bytes32 id, uint32 position) internal view returns (ProofItem memory it) {
        TestSet.Example memory e = TestSet.example(SET, position, CLASSES);
        it.position = position;
        it.inputCommit = e.inputCommit;
        it.label = e.label;
        it.leafSalt = e.leafSalt;
        it.path = TestSet.path(TestSet.leaves(SET, N, CLASSES), position);
        it.output = e.label;
        it.proof = proofFor(id, it);
    }

    function proofFor(bytes32 id, ProofItem memory it) internal view returns (bytes memory) {
        return abi.encode(verifier.proofOf(VK_DIGEST, [context(id, it.position), WEIGHTS, it.inputCommit, it.output]));
    }

    /// Items for positions from..to-1.
    function batch(bytes32 id, uint32 from, uint32 to) internal view returns (ProofItem[] memory items) {
        items = new ProofItem[](to - from);
        for (uint32 p = from; p < to; ++p) {
            items[p - from] = item(id, p);
        }
    }

    function only(ProofItem memory it) internal pure returns (ProofItem[] memory items) {
        items = new ProofItem[](1);
        items[0] = it;
    }

    // ---- expectations ----

    function expectWrongState(bytes32 id, State given) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.WrongState.selector, id, given));
    }

    /// Escrow of one locked engagement is 2D; what is owed beyond it is credit.
    function assertSolvent() internal view {
        assertEq(address(market).balance, market.totalOwed(), "market balance");
        assertEq(address(registry).balance, registry.totalOwed(), "registry balance");
    }
}
