// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "./MarketFixture.sol";
import {ModelRegistry} from "../../src/ModelRegistry.sol";
import {Counter, ModelStatus, RegistryParams} from "../../src/types/ModelTypes.sol";

/// A registry whose adjudicators are plain accounts, so that each of its functions can be called alone.
abstract contract RegistryFixture is MarketFixture {
    address internal immutable accuracy = account("accuracy");
    address internal immutable prediction = account("prediction");

    function setUp() public virtual override {
        super.setUp();
        RegistryParams memory p = registryParams();
        p.accuracy = accuracy;
        p.prediction = prediction;
        registry = new ModelRegistry(p);
        modelId = register(record(), 0);
    }

    function reserve(uint32 strikes) internal {
        vm.prank(accuracy);
        registry.reserve(modelId, strikes);
    }

    function suspend() internal {
        reserve(FAULT_STRIKES);
        vm.prank(accuracy);
        registry.release(modelId, FAULT_STRIKES, 1, Counter.MpFault, address(0));
    }

    function unbond() internal {
        vm.prank(mp);
        registry.requestExit(modelId);
    }

    function close() internal {
        unbond();
        vm.warp(block.timestamp + UNBOND_WINDOW + 1);
        vm.prank(mp);
        registry.exit(modelId);
    }

    function assertStatus(ModelStatus expected) internal view {
        assertEq(uint256(registry.model(modelId).status), uint256(expected), "status");
    }

    function assertRegistrySolvent() internal view {
        assertEq(address(registry).balance, registry.totalOwed(), "registry balance");
    }
}
