// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {RegistryFixture} from "../../base/RegistryFixture.sol";
import {ModelRegistry} from "../../../src/ModelRegistry.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {ModelStatus, RegistryParams} from "../../../src/types/ModelTypes.sol";

contract RegistryConstructorTest is RegistryFixture {
    RegistryParams internal p;

    function setUp() public override {
        super.setUp();
        p = registryParams();
        p.accuracy = accuracy;
        p.prediction = prediction;
    }

    function test_constructor_publishesEveryParameter() public view {
        RegistryParams memory got = registry.params();
        assertEq(keccak256(abi.encode(got)), keccak256(abi.encode(p)), "params");
        assertEq(registry.strike(), STRIKE, "strike");
        assertEq(registry.stakeRequired(), STAKE, "stake");
        assertEq(registry.accuracy(), accuracy, "accuracy");
        assertEq(registry.prediction(), prediction, "prediction");
    }

    function test_constructor_revertsWhen_priceIsZero() public {
        p.priceInput = 0;
        expectBad("priceInput", 0);
    }

    function test_constructor_revertsWhen_n1IsOutOfRange() public {
        p.n1 = 0;
        expectBad("n1", 0);
        p.n1 = 2049;
        expectBad("n1", 2049);
        p.n1 = 2048;
        new ModelRegistry(p);
    }

    function test_constructor_revertsWhen_faultStrikesAreOutOfRange() public {
        p.faultStrikes = 0;
        expectBad("faultStrikes", 0);
        p.faultStrikes = 1001;
        expectBad("faultStrikes", 1001);
        p.faultStrikes = 1000;
        new ModelRegistry(p);
    }

    function test_constructor_revertsWhen_stakeDoesNotFit() public {
        p.n1 = 1;
        p.priceInput = type(uint128).max / 1000;
        new ModelRegistry(p);
        p.priceInput += 1;
        expectBad("stake", uint256(p.priceInput) * 1000);
    }

    function test_constructor_revertsWhen_anAddressIsMissing() public {
        p.treasury = address(0);
        expectBad("treasury", 0);
        p.treasury = treasury;
        p.accuracy = address(0);
        expectBad("accuracy", 0);
    }

    function test_constructor_revertsWhen_oneContractIsBothMarkets() public {
        p.prediction = accuracy;
        expectBad("prediction", uint160(accuracy));
    }

    function test_constructor_revertsWhen_unbondingIsTooShort() public {
        p.unbondWindow = 1 hours;
        new ModelRegistry(p);
        p.unbondWindow = 1 hours - 1;
        vm.expectRevert(
            abi.encodeWithSelector(
                Deadlines.WindowOutOfBounds.selector, bytes32("unbondWindow"), 1 hours, 365 days, 1 hours - 1
            )
        );
        new ModelRegistry(p);
    }

    /// Without a prediction market nobody has its rights.
    function test_constructor_absentPredictionMarketGivesNobodyRights() public {
        p.prediction = address(0);
        registry = new ModelRegistry(p);
        modelId = register(record(), 0);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotAdjudicator.selector, prediction));
        vm.prank(prediction);
        registry.reserve(modelId, 1);
        // Nobody signs for address zero, but a call without a transaction may name it as its sender.
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotAdjudicator.selector, address(0)));
        vm.prank(address(0));
        registry.reserve(modelId, 1);
    }

    function test_views_revertWhen_theModelIsUnknown() public {
        bytes32 id = keccak256("nothing");
        bytes memory reason = abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, id, ModelStatus.None);
        vm.expectRevert(reason);
        registry.model(id);
        vm.expectRevert(reason);
        registry.standing(id);
        vm.expectRevert(reason);
        registry.proofTerms(id);
        vm.expectRevert(reason);
        registry.transportKey(id);
        vm.expectRevert(reason);
        registry.reputation(id);
    }

    function test_supportsInterface_ofRegistryAndErc165Only() public view {
        assertTrue(registry.supportsInterface(type(IModelRegistry).interfaceId), "registry");
        assertTrue(registry.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        assertTrue(!registry.supportsInterface(0xffffffff), "the invalid id");
    }

    function expectBad(bytes32 name, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.BadParameter.selector, name, value));
        new ModelRegistry(p);
    }
}
