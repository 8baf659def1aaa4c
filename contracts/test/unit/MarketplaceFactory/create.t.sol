// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {AccuracyMarket} from "../../../src/AccuracyMarket.sol";
import {Cradle} from "../../../src/Cradle.sol";
import {MarketplaceFactory} from "../../../src/MarketplaceFactory.sol";
import {OutputJudge} from "../../../src/OutputJudge.sol";
import {PredictionMarket} from "../../../src/PredictionMarket.sol";
import {ModelRegistry} from "../../../src/ModelRegistry.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IAccuracyTerms} from "../../../src/interfaces/IAccuracyTerms.sol";
import {Creation, IMarketplaceFactory} from "../../../src/interfaces/IMarketplaceFactory.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {MarketParams} from "../../../src/types/MarketTypes.sol";
import {RegistryParams} from "../../../src/types/ModelTypes.sol";
import {PredictionMarketParams, RoundWindows} from "../../../src/types/RoundTypes.sol";
import {NamingMarket, Nested, Reentering} from "../../mocks/Markets.sol";

contract CreateTest is MarketFixture {
    bytes32 internal constant SALT = "salt";

    MarketplaceFactory internal factory;
    // Where the factory creates the contracts of `mp`'s call with this salt.
    address internal first;
    address internal second;
    address internal third;
    RegistryParams internal r;
    MarketParams internal m;

    function setUp() public override {
        super.setUp();
        factory = new MarketplaceFactory();
        (first, second, third) = (place(mp, SALT, 1), place(mp, SALT, 2), place(mp, SALT, 3));
        r = registryParams();
        r.accuracy = second;
        m = marketParams();
        m.registry = first;
    }

    // ---- what comes out ----

    function test_create_makesARegistryAndAMarketThatNameEachOther() public {
        vm.expectEmit(true, true, true, true, address(factory));
        emit IMarketplaceFactory.MarketplaceCreated(first, second, address(0));
        (address newRegistry, address accuracy, address prediction) = create(registryCode(), accuracyCode(), none());
        assertEq(newRegistry, first, "registry");
        assertEq(accuracy, second, "accuracy");
        assertEq(prediction, address(0), "prediction");
        assertEq(IModelRegistry(first).accuracy(), second, "the registry's market");
        assertEq(IAccuracyTerms(IAccuracyMarket(second).terms()).params().registry, first, "the market's registry");
        assertEq(keccak256(abi.encode(IModelRegistry(first).params())), keccak256(abi.encode(r)), "as given");
    }

    /// As if each had been created by a transaction of its own.
    function test_create_changesNoCode() public {
        create(registryCode(), accuracyCode(), none());
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

    /// The real one, whose constructor asks the registry for its name.
    function test_create_makesThreeContractsThatNameEachOther() public {
        r.prediction = third;
        (address newRegistry, address accuracy, address prediction) =
            create(registryCode(), accuracyCode(), predictionCode());
        assertEq(IModelRegistry(newRegistry).accuracy(), accuracy, "accuracy");
        assertEq(IModelRegistry(newRegistry).prediction(), prediction, "prediction");
        assertEq(PredictionMarket(prediction).params().registry, newRegistry, "the market's registry");
        assertEq(factory.creationCodeHash(third), keccak256(type(PredictionMarket).creationCode), "code");
    }

    function test_create_revertsWhen_thePredictionMarketIsNotTheRegistrys() public {
        Creation memory rounds = predictionCode();
        expect(abi.encodeWithSelector(IMarket.NotRegistered.selector, address(0), third));
        create(registryCode(), accuracyCode(), rounds);
    }

    /// Of the code as the compiler makes it, whatever the arguments are.
    function test_create_keepsFromWhichCode() public {
        r.prediction = third;
        create(registryCode(), accuracyCode(), namingCode(first));
        assertEq(factory.creationCodeHash(first), keccak256(type(ModelRegistry).creationCode), "registry");
        assertEq(factory.creationCodeHash(second), keccak256(type(AccuracyMarket).creationCode), "accuracy");
        assertEq(factory.creationCodeHash(third), keccak256(type(NamingMarket).creationCode), "prediction");
        assertEq(factory.creationCodeHash(address(registry)), 0, "created elsewhere");
    }

    /// Arguments that are passed as part of the code make other code.
    function test_create_keepsTheWholeCodeIfArgumentsArePartOfIt() public {
        Creation memory a = registryCode();
        bytes memory whole = bytes.concat(a.code, a.arguments);
        create(Creation(whole, ""), accuracyCode(), none());
        assertEq(factory.creationCodeHash(first), keccak256(whole), "not the registry's");
    }

    function test_create_onceForASalt() public {
        create(registryCode(), accuracyCode(), none());
        expect(abi.encodeWithSelector(IMarketplaceFactory.SaltUsed.selector, mp, SALT));
        create(registryCode(), accuracyCode(), none());
        bytes32 other = "other";
        r.accuracy = place(mp, other, 2);
        m.registry = place(mp, other, 1);
        vm.prank(mp);
        (address newRegistry, address accuracy,) = factory.create(other, registryCode(), accuracyCode(), none());
        assertEq(newRegistry, m.registry, "registry");
        assertEq(accuracy, r.accuracy, "accuracy");
    }

    function test_create_leavesNothingBehindWhenItReverts() public {
        expect(abi.encodeWithSelector(IMarketplaceFactory.NothingCreated.selector, 1));
        create(registryCode(), none(), none());
        assertEq(first.code.length, 0, "no registry");
        assertEq(factory.creationCodeHash(first), 0, "no hash");
        create(registryCode(), accuracyCode(), none());
    }

    // ---- who calls ----

    /// Somebody else's call with the same salt makes other addresses, and takes none away.
    function test_create_byAnotherIsAnotherMarketplace() public {
        (r.accuracy, m.registry) = (place(outsider, SALT, 2), place(outsider, SALT, 1));
        vm.prank(outsider);
        (address newRegistry,,) = factory.create(SALT, registryCode(), accuracyCode(), none());
        assertEq(newRegistry, m.registry, "the outsider's");
        (r.accuracy, m.registry) = (second, first);
        create(registryCode(), accuracyCode(), none());
    }

    function test_create_ofACradle_revertsWhen_callerIsNotTheFactory() public {
        create(registryCode(), accuracyCode(), none());
        Cradle cradle = cradleOf(mp, SALT);
        vm.expectRevert(abi.encodeWithSelector(Cradle.NotFactory.selector, address(factory), mp));
        vm.prank(mp);
        cradle.create(hex"60006000f3");
    }

    function test_create_revertsWhen_aConstructorUsesTheCradle() public {
        Creation memory nested = Creation(type(Nested).creationCode, "");
        expect(abi.encodeWithSelector(Cradle.NotFactory.selector, address(factory), first));
        create(nested, accuracyCode(), none());
        expect(abi.encodeWithSelector(Cradle.NotFactory.selector, address(factory), second));
        create(registryCode(), nested, none());
    }

    /// What a constructor creates through the factory is a marketplace of that contract's, beside this one.
    function test_create_whileAConstructorCreatesAnother() public {
        r.prediction = third;
        (Creation memory a, Creation memory b) = (registryCode(), accuracyCode());
        (r.accuracy, r.prediction, m.registry) = (place(third, SALT, 2), address(0), place(third, SALT, 1));
        bytes memory arguments = abi.encode(first, factory, SALT, registryCode(), accuracyCode());
        create(a, b, Creation(type(Reentering).creationCode, arguments));
        assertEq(factory.creationCodeHash(r.accuracy), keccak256(type(AccuracyMarket).creationCode), "inner");
        assertEq(factory.creationCodeHash(second), keccak256(type(AccuracyMarket).creationCode), "outer");
        assertEq(factory.creationCodeHash(third), keccak256(type(Reentering).creationCode), "between");
    }

    // ---- names ----

    /// The owner of such an account could burn every stake.
    function test_create_revertsWhen_anAdjudicatorIsAnAccount() public {
        r.prediction = outsider;
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, address(0), outsider));
        create(registryCode(), accuracyCode(), none());
        r.accuracy = outsider;
        r.prediction = address(0);
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, second, outsider));
        create(registryCode(), namingCode(first), none());
    }

    /// Also when it is a contract, and even a market of this registry.
    function test_create_revertsWhen_anAdjudicatorIsFromElsewhere() public {
        r.prediction = address(new NamingMarket(first));
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, third, r.prediction));
        create(registryCode(), accuracyCode(), namingCode(first));
        r.accuracy = r.prediction;
        r.prediction = address(0);
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, second, r.accuracy));
        create(registryCode(), namingCode(first), none());
    }

    function test_create_revertsWhen_theRegistryDoesNotKnowThePredictionMarket() public {
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongAdjudicator.selector, third, address(0)));
        create(registryCode(), accuracyCode(), namingCode(first));
    }

    /// One registry made beforehand and the new one name the market; the market serves the first.
    function test_create_revertsWhen_theMarketServesAnotherRegistry() public {
        m.registry = address(new ModelRegistry(r));
        expect(abi.encodeWithSelector(IMarketplaceFactory.WrongRegistry.selector, second, first, m.registry));
        create(registryCode(), accuracyCode(), none());
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
        create(registryCode(), accuracyCode(), none());
        r.n1 = N1;
        r.accuracy = outsider;
        expect(abi.encodeWithSelector(IMarket.NotRegistered.selector, outsider, second));
        create(registryCode(), accuracyCode(), none());
    }

    function test_create_revertsWhen_aContractHasNoCode() public {
        // Nothing to run; STOP; SELFDESTRUCT to itself; a revert without a reason.
        bytes[4] memory codes = [bytes(""), hex"00", hex"30ff", hex"5f5ffd"];
        r.prediction = third;
        for (uint256 i = 0; i < 4; ++i) {
            expectNothing(0);
            create(Creation(codes[i], ""), accuracyCode(), namingCode(first));
            expectNothing(1);
            create(registryCode(), Creation(codes[i], ""), namingCode(first));
            // Empty code asks for no prediction market.
            if (i == 0) continue;
            expectNothing(2);
            create(registryCode(), accuracyCode(), Creation(codes[i], ""));
        }
    }

    // ---- size ----

    /// The whole transaction: under EIP-7825's 2^24 gas, and under the 128 KiB that nodes relay.
    function test_gas_ofCreateFitsATransaction() public {
        r.prediction = third;
        (Creation memory a, Creation memory b, Creation memory c) = (registryCode(), accuracyCode(), predictionCode());
        bytes memory data = abi.encodeCall(IMarketplaceFactory.create, (SALT, a, b, c));
        vm.cool(address(factory));
        uint256 before = gasleft();
        create(a, b, c);
        uint256 execution = before - gasleft();
        uint256 zeros;
        for (uint256 i = 0; i < data.length; ++i) {
            if (data[i] == 0) ++zeros;
        }
        uint256 nonZeros = data.length - zeros;
        assertLe(21_000 + 4 * zeros + 16 * nonZeros + execution, 15_500_000, "gas");
        // What the calldata costs at least (EIP-7623).
        assertLe(21_000 + 10 * zeros + 40 * nonZeros, 15_500_000, "floor");
        assertLe(data.length, 80 * 1024, "calldata");
    }

    // ---- helpers ----

    function cradleOf(address sender, bytes32 salt) private view returns (Cradle) {
        bytes32 code = keccak256(type(Cradle).creationCode);
        bytes memory image = abi.encodePacked(hex"ff", address(factory), keccak256(abi.encode(sender, salt)), code);
        Cradle computed = Cradle(address(uint160(uint256(keccak256(image)))));
        assertEq(factory.cradle(sender, salt), address(computed), "as the factory says");
        return computed;
    }

    function place(address sender, bytes32 salt, uint256 nonce) private view returns (address) {
        return vm.computeCreateAddress(address(cradleOf(sender, salt)), nonce);
    }

    function registryCode() private view returns (Creation memory) {
        return Creation(type(ModelRegistry).creationCode, abi.encode(r));
    }

    function accuracyCode() private view returns (Creation memory) {
        return Creation(type(AccuracyMarket).creationCode, abi.encode(m));
    }

    function predictionCode() private returns (Creation memory) {
        PredictionMarketParams memory p = PredictionMarketParams({
            registry: first,
            judge: address(new OutputJudge()),
            priceProof: Z,
            fee: FEE,
            answerGas: 1,
            windows: RoundWindows(1 hours, 1 hours, 1 hours, 1 hours, 7)
        });
        return Creation(type(PredictionMarket).creationCode, abi.encode(p));
    }

    function namingCode(address named) private pure returns (Creation memory) {
        return Creation(type(NamingMarket).creationCode, abi.encode(named));
    }

    function none() private pure returns (Creation memory) {
        return Creation("", "");
    }

    function create(Creation memory a, Creation memory b, Creation memory c)
        private
        returns (address, address, address)
    {
        vm.prank(mp);
        return factory.create(SALT, a, b, c);
    }

    function expect(bytes memory reason) private {
        vm.expectRevert(reason);
    }

    function expectNothing(uint256 position) private {
        expect(abi.encodeWithSelector(IMarketplaceFactory.NothingCreated.selector, position));
    }
}
