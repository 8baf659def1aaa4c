// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {AccuracyMarket} from "../../../src/AccuracyMarket.sol";
import {MarketplaceFactory} from "../../../src/MarketplaceFactory.sol";
import {ModelRegistry} from "../../../src/ModelRegistry.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IAccuracyTerms} from "../../../src/interfaces/IAccuracyTerms.sol";
import {IMarketplaceFactory} from "../../../src/interfaces/IMarketplaceFactory.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {MarketParams} from "../../../src/types/MarketTypes.sol";
import {RegistryParams} from "../../../src/types/ModelTypes.sol";
import {NamingMarket, Reentering} from "../../mocks/Markets.sol";

contract CreateTest is MarketFixture {
    MarketplaceFactory internal factory;
    // Where the factory creates its first three contracts.
    address internal first;
    address internal second;
    address internal third;
    RegistryParams internal r;
    MarketParams internal m;

    function setUp() public override {
        super.setUp();
        vm.prank(mp);
        factory = new MarketplaceFactory();
        (first, second, third) = (place(1), place(2), place(3));
        r = registryParams();
        r.accuracy = second;
        m = marketParams();
        m.registry = first;
    }

    // ---- what comes out ----

    function test_create_makesARegistryAndAMarketThatNameEachOther() public {
        vm.expectEmit(true, true, true, true, address(factory));
        emit IMarketplaceFactory.MarketplaceCreated(first, second, address(0));
        (address newRegistry, address accuracy, address prediction) = create(registryCode(), accuracyCode(), "");
        assertEq(newRegistry, first, "registry");
        assertEq(accuracy, second, "accuracy");
        assertEq(prediction, address(0), "prediction");
        assertEq(IModelRegistry(first).accuracy(), second, "the registry's market");
        assertEq(IAccuracyTerms(IAccuracyMarket(second).terms()).params().registry, first, "the market's registry");
        assertEq(keccak256(abi.encode(IModelRegistry(first).params())), keccak256(abi.encode(r)), "as given");
    }

    /// As if each had been created by a transaction of its own.
    function test_create_changesNoCode() public {
        create(registryCode(), accuracyCode(), "");
        assertEq(first.codehash, address(new ModelRegistry(r)).codehash, "registry");
        assertEq(second.code.length, address(market).code.length, "market");
    }

    function test_create_withAPredictionMarket() public {
        r.prediction = third;
        vm.expectEmit(true, true, true, true, address(factory));
        emit IMarketplaceFactory.MarketplaceCreated(first, second, third);
        (,, address prediction) = create(registryCode(), accuracyCode(), namingCode(first));
        assertEq(prediction, third, "prediction");
        assertEq(IModelRegistry(first).params().prediction, third, "the registry's");
    }

    function test_create_againUsesTheNextNonces() public {
        create(registryCode(), accuracyCode(), "");
        r.accuracy = place(4);
        m.registry = place(3);
        (address newRegistry, address accuracy,) = create(registryCode(), accuracyCode(), "");
        assertEq(newRegistry, place(3), "registry");
        assertEq(accuracy, place(4), "accuracy");
    }

    function test_create_leavesNothingBehindWhenItReverts() public {
        expect(abi.encodeWithSelector(IMarketplaceFactory.NothingCreated.selector, 1));
        create(registryCode(), "", "");
        assertEq(vm.getNonce(address(factory)), 1, "nonce");
        assertEq(first.code.length, 0, "no registry");
        create(registryCode(), accuracyCode(), "");
    }

    // ---- who calls ----

    function test_create_revertsWhen_callerDidNotCreateTheFactory() public {
        assertEq(factory.creator(), mp, "creator");
        (bytes memory a, bytes memory b) = (registryCode(), accuracyCode());
        vm.expectRevert(abi.encodeWithSelector(IMarketplaceFactory.NotCreator.selector, mp, outsider));
        vm.prank(outsider);
        factory.create(a, b, "");
    }

    function test_create_revertsWhen_aConstructorCallsBack() public {
        bytes memory nested =
            abi.encodePacked(type(Reentering).creationCode, abi.encode(factory, registryCode(), accuracyCode()));
        expect(abi.encodeWithSelector(IMarketplaceFactory.NotCreator.selector, mp, first));
        create(nested, accuracyCode(), "");
        expect(abi.encodeWithSelector(IMarketplaceFactory.NotCreator.selector, mp, second));
        create(registryCode(), nested, "");
    }

    // ---- names ----

    /// The owner of such an account could burn every stake.
    function test_create_revertsWhen_anAdjudicatorIsAnAccount() public {
        r.prediction = outsider;
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, address(0), outsider));
        create(registryCode(), accuracyCode(), "");
        r.accuracy = outsider;
        r.prediction = address(0);
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, second, outsider));
        create(registryCode(), namingCode(first), "");
    }

    /// Also when it is a contract, and even a market of this registry.
    function test_create_revertsWhen_anAdjudicatorIsFromElsewhere() public {
        r.prediction = address(new NamingMarket(first));
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, third, r.prediction));
        create(registryCode(), accuracyCode(), namingCode(first));
        r.accuracy = r.prediction;
        r.prediction = address(0);
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, second, r.accuracy));
        create(registryCode(), namingCode(first), "");
    }

    function test_create_revertsWhen_theRegistryDoesNotKnowThePredictionMarket() public {
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, third, address(0)));
        create(registryCode(), accuracyCode(), namingCode(first));
    }

    /// One registry made beforehand and the new one name the market; the market serves the first.
    function test_create_revertsWhen_theMarketServesAnotherRegistry() public {
        m.registry = address(new ModelRegistry(r));
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongRegistry.selector, second, first, m.registry));
        create(registryCode(), accuracyCode(), "");
    }

    function test_create_revertsWhen_thePredictionMarketServesAnotherRegistry() public {
        r.prediction = third;
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongRegistry.selector, third, first, address(registry)));
        create(registryCode(), accuracyCode(), namingCode(address(registry)));
    }

    function test_create_revertsWhen_theMarketsAreSwapped() public {
        r.accuracy = third;
        r.prediction = second;
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, second, third));
        create(registryCode(), namingCode(first), namingCode(first));
    }

    // ---- constructors ----

    function test_create_passesTheReasonOfAConstructorOn() public {
        r.n1 = 0;
        expect(abi.encodeWithSelector(IModelRegistry.BadParameter.selector, bytes32("n1"), 0));
        create(registryCode(), accuracyCode(), "");
        r.n1 = N1;
        r.accuracy = outsider;
        expect(abi.encodeWithSelector(IAccuracyMarket.NotRegistered.selector, outsider, second));
        create(registryCode(), accuracyCode(), "");
    }

    function test_create_revertsWhen_aContractHasNoCode() public {
        // Nothing to run; STOP; SELFDESTRUCT to itself; a revert without a reason.
        bytes[4] memory codes = [bytes(""), hex"00", hex"30ff", hex"5f5ffd"];
        r.prediction = third;
        for (uint256 i = 0; i < 4; ++i) {
            expectNothing(0);
            create(codes[i], accuracyCode(), namingCode(first));
            expectNothing(1);
            create(registryCode(), codes[i], namingCode(first));
            // Empty code asks for no prediction market.
            if (i == 0) continue;
            expectNothing(2);
            create(registryCode(), accuracyCode(), codes[i]);
        }
    }

    // ---- size ----

    /// The whole transaction: under EIP-7825's 2^24 gas, and under the 128 KiB that nodes relay.
    function test_gas_ofCreateFitsATransaction() public {
        (bytes memory a, bytes memory b) = (registryCode(), accuracyCode());
        bytes memory data = abi.encodeCall(IMarketplaceFactory.create, (a, b, ""));
        vm.cool(address(factory));
        uint256 before = gasleft();
        create(a, b, "");
        uint256 execution = before - gasleft();
        uint256 zeros;
        for (uint256 i = 0; i < data.length; ++i) {
            if (data[i] == 0) ++zeros;
        }
        uint256 nonZeros = data.length - zeros;
        assertLe(21_000 + 4 * zeros + 16 * nonZeros + execution, 10_000_000, "gas");
        // What the calldata costs at least (EIP-7623).
        assertLe(21_000 + 10 * zeros + 40 * nonZeros, 10_000_000, "floor");
        assertLe(data.length, 64 * 1024, "calldata");
    }

    // ---- helpers ----

    function place(uint256 nonce) private view returns (address) {
        return vm.computeCreateAddress(address(factory), nonce);
    }

    function registryCode() private view returns (bytes memory) {
        return abi.encodePacked(type(ModelRegistry).creationCode, abi.encode(r));
    }

    function accuracyCode() private view returns (bytes memory) {
        return abi.encodePacked(type(AccuracyMarket).creationCode, abi.encode(m));
    }

    function namingCode(address named) private pure returns (bytes memory) {
        return abi.encodePacked(type(NamingMarket).creationCode, abi.encode(named));
    }

    function create(bytes memory a, bytes memory b, bytes memory c) private returns (address, address, address) {
        vm.prank(mp);
        return factory.create(a, b, c);
    }

    function expect(bytes memory reason) private {
        vm.expectRevert(reason);
    }

    function expectNothing(uint256 position) private {
        expect(abi.encodeWithSelector(IMarketplaceFactory.NothingCreated.selector, position));
    }
}
