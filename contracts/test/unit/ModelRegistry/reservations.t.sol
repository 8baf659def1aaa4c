// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RegistryFixture} from "../../base/RegistryFixture.sol";
import {ICredits} from "../../../src/interfaces/ICredits.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {Counter, ModelStatus, ModelView, Reputation} from "../../../src/types/ModelTypes.sol";

contract ReserveTest is RegistryFixture {
    function test_reserve_setsStrikesAside() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.Reserved(modelId, accuracy, FAULT_STRIKES);
        reserve(FAULT_STRIKES);
        vm.prank(prediction);
        registry.reserve(modelId, 1);
        ModelView memory m = registry.model(modelId);
        assertEq(m.open, 2, "open");
        assertEq(m.reserved, FAULT_STRIKES + 1, "reserved");
        assertEq(m.stake, STAKE, "stake");
    }

    function test_reserve_revertsWhen_callerIsNoAdjudicator() public {
        address[4] memory callers = [mp, mc, treasury, address(registry)];
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotAdjudicator.selector, callers[i]));
            vm.prank(callers[i]);
            registry.reserve(modelId, 1);
        }
    }

    function test_reserve_revertsWhen_modelIsNotActive() public {
        expectStatus(keccak256("nothing"), ModelStatus.None);
        suspend();
        expectStatus(modelId, ModelStatus.Suspended);
        unbond();
        expectStatus(modelId, ModelStatus.Unbonding);
        vm.warp(block.timestamp + UNBOND_WINDOW + 1);
        vm.prank(mp);
        registry.exit(modelId);
        expectStatus(modelId, ModelStatus.Closed);
    }

    function test_reserve_upToTheWholeStake() public {
        reserve(1000);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StakeTooLow.selector, 1001 * STRIKE, STAKE));
        vm.prank(accuracy);
        registry.reserve(modelId, 1);
        vm.prank(outsider);
        registry.topUp{value: STRIKE - 1}(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StakeTooLow.selector, 1001 * STRIKE, STAKE + STRIKE - 1));
        vm.prank(accuracy);
        registry.reserve(modelId, 1);
        vm.prank(outsider);
        registry.topUp{value: 1}(modelId);
        reserve(1);
    }

    function expectStatus(bytes32 id, ModelStatus given) private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, id, given));
        vm.prank(accuracy);
        registry.reserve(id, 1);
    }
}

contract ReleaseTest is RegistryFixture {
    function test_release_withoutBurnOnlyCounts() public {
        reserve(FAULT_STRIKES);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.Released(modelId, accuracy, FAULT_STRIKES, 0, Counter.PassedProven);
        release(FAULT_STRIKES, 0, Counter.PassedProven);
        ModelView memory m = registry.model(modelId);
        assertEq(m.open + m.reserved, 0, "free");
        assertEq(m.stake, STAKE, "stake");
        assertStatus(ModelStatus.Active);
    }

    function test_release_burnGoesToTheTreasuryAndSuspends() public {
        reserve(FAULT_STRIKES);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.Struck(modelId, mp, FAULT_STRIKES, uint128(STAKE - 10 * STRIKE));
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.Suspended(modelId, mp, uint128(STAKE - 10 * STRIKE));
        release(FAULT_STRIKES, FAULT_STRIKES, Counter.MpFault);
        assertEq(registry.model(modelId).stake, STAKE - 10 * STRIKE, "stake");
        assertEq(registry.credit(treasury), 10 * STRIKE, "treasury");
        assertEq(registry.reputation(modelId).strikes, 10, "strikes");
        assertEq(registry.totalOwed(), STAKE, "money stays");
        assertStatus(ModelStatus.Suspended);
        assertRegistrySolvent();
    }

    /// One strike is 3,000,009 wei, which ten does not divide.
    function test_release_givesTheFinderATenthRoundedDown() public {
        reserve(1);
        vm.expectEmit(true, true, true, true, address(registry));
        emit ICredits.Credited(outsider, 300_000);
        vm.expectEmit(true, true, true, true, address(registry));
        emit ICredits.Credited(treasury, 2_700_009);
        vm.prank(accuracy);
        registry.release(modelId, 1, 1, Counter.MpFault, outsider);
        assertEq(registry.credit(outsider), 300_000, "finder");
        assertEq(registry.credit(treasury), 2_700_009, "the rest");
        assertEq(registry.model(modelId).stake, STAKE - STRIKE, "stake");
        assertEq(registry.totalOwed(), STAKE, "money stays");
        assertRegistrySolvent();
    }

    function test_release_withoutBurnGivesAFinderNothing() public {
        reserve(1);
        vm.prank(accuracy);
        registry.release(modelId, 1, 0, Counter.Settled, outsider);
        assertEq(registry.credit(outsider) + registry.credit(treasury), 0, "nothing");
    }

    /// I7: a provider that is its own finder gets a tenth back, whatever is burned.
    function testFuzz_release_costsTheProviderNineTenths(uint16 rawBurn) public {
        uint32 burn = uint32(bound(rawBurn, 1, 1000));
        reserve(1000);
        vm.prank(accuracy);
        registry.release(modelId, 1000, burn, Counter.MpFault, mp);
        uint256 amount = burn * STRIKE;
        assertEq(registry.credit(mp), amount / 10, "a tenth");
        assertEq(registry.credit(mp) + registry.credit(treasury), amount, "all of it");
        assertGe(registry.credit(treasury) * 10, amount * 9, "nine tenths are lost");
        assertRegistrySolvent();
    }

    function test_release_leavesAModelWithASurplusActive() public {
        vm.prank(mp);
        registry.topUp{value: STRIKE}(modelId);
        reserve(1);
        release(1, 1, Counter.MpFault);
        assertStatus(ModelStatus.Active);
        reserve(1);
        release(1, 1, Counter.MpFault);
        assertStatus(ModelStatus.Suspended);
    }

    function test_release_worksWhileSuspended() public {
        reserve(1);
        suspend();
        release(1, 1, Counter.MpFault);
        assertEq(registry.model(modelId).stake, STAKE - 2 * STRIKE, "stake");
        assertEq(registry.model(modelId).open, 0, "open");
    }

    function test_release_ofAFullyReservedStakeCanBurnAllOfIt() public {
        reserve(1000);
        release(1000, 1000, Counter.MpFault);
        assertEq(registry.model(modelId).stake, 0, "stake");
        assertEq(registry.credit(treasury), STAKE, "treasury");
    }

    function test_release_countsEachOutcomeInItsPlace() public {
        for (uint256 i = 0; i < 12; ++i) {
            for (uint256 k = 0; k <= i; ++k) {
                reserve(1);
                release(1, 0, Counter(i));
            }
        }
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.passedProven, 1, "passedProven");
        assertEq(r.passedOptimistic, 2, "passedOptimistic");
        assertEq(r.failed, 3, "failed");
        assertEq(r.aborted, 4, "aborted");
        assertEq(r.unacked, 5, "unacked");
        assertEq(r.mcFault, 6, "mcFault");
        assertEq(r.mpFault, 7, "mpFault");
        assertEq(r.settled, 8, "settled");
        assertEq(r.voided, 9, "voided");
        assertEq(r.roundClean, 10, "roundClean");
        assertEq(r.roundUpheld, 11, "roundUpheld");
        assertEq(r.roundFault, 12, "roundFault");
        assertEq(r.strikes, 0, "strikes");
    }

    /// What is no counter reaches none.
    function test_release_revertsWhen_theCounterIsUnknown() public {
        reserve(1);
        bytes memory data = abi.encodeCall(IModelRegistry.release, (modelId, 1, 0, Counter.RoundFault, address(0)));
        data[4 + 4 * 32 - 1] = bytes1(uint8(12));
        vm.prank(accuracy);
        (bool ok,) = address(registry).call(data);
        assertTrue(!ok, "refused");
        assertEq(registry.model(modelId).open, 1, "still open");
    }

    function test_release_revertsWhen_callerIsNoAdjudicator() public {
        reserve(1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotAdjudicator.selector, mp));
        vm.prank(mp);
        registry.release(modelId, 1, 0, Counter.Aborted, address(0));
    }

    function test_release_revertsWhen_burnIsAboveTheReservation() public {
        reserve(5);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.BurnAboveReservation.selector, 5, 6));
        release(5, 6, Counter.MpFault);
    }

    function test_release_revertsWhen_moreThanReserved() public {
        reserve(5);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ReleaseAboveReserved.selector, 5, 6));
        release(6, 0, Counter.Aborted);
        release(5, 0, Counter.Aborted);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ReleaseAboveReserved.selector, 0, 0));
        release(0, 0, Counter.Aborted);
    }

    function test_release_revertsWhen_modelIsUnknown() public {
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, keccak256("nothing"), ModelStatus.None)
        );
        vm.prank(accuracy);
        registry.release(keccak256("nothing"), 0, 0, Counter.Aborted, address(0));
    }

    function release(uint32 strikes, uint32 burn, Counter counter) private {
        vm.prank(accuracy);
        registry.release(modelId, strikes, burn, counter, address(0));
    }
}
