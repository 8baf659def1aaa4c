// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RegistryFixture} from "../../base/RegistryFixture.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {ICredits} from "../../../src/interfaces/ICredits.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Counter, ModelStatus} from "../../../src/types/ModelTypes.sol";

contract TransportKeyTest is RegistryFixture {
    function test_setTransportKey_replacesTheKeyOnly() public {
        bytes32 hash = registry.model(modelId).modelHash;
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.TransportKeySet(modelId, mp, keccak256("new"));
        setKey(mp, keccak256("new"));
        assertEq(registry.transportKey(modelId), keccak256("new"), "key");
        assertEq(registry.model(modelId).modelHash, hash, "identity");
    }

    function test_setTransportKey_whileSuspendedOrUnbonding() public {
        suspend();
        setKey(mp, keccak256("suspended"));
        unbond();
        setKey(mp, keccak256("unbonding"));
        assertEq(registry.transportKey(modelId), keccak256("unbonding"), "key");
    }

    function test_setTransportKey_revertsWhen_misused() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotProvider.selector, mp, mc));
        setKey(mc, keccak256("new"));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ZeroTransportKey.selector));
        setKey(mp, 0);
        close();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, modelId, ModelStatus.Closed));
        setKey(mp, keccak256("new"));
    }

    function setKey(address who, bytes32 key) private {
        vm.prank(who);
        registry.setTransportKey(modelId, key);
    }
}

contract TopUpTest is RegistryFixture {
    function test_topUp_byAnyoneGrowsTheStake() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.StakeToppedUp(modelId, outsider, 5, uint128(STAKE + 5));
        topUp(5);
        assertEq(registry.model(modelId).stake, STAKE + 5, "stake");
        assertStatus(ModelStatus.Active);
        assertRegistrySolvent();
    }

    function test_topUp_reactivatesExactlyAtTheRequiredStake() public {
        suspend();
        topUp(STRIKE - 1);
        assertStatus(ModelStatus.Suspended);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.Activated(modelId, mp, uint128(STAKE));
        topUp(1);
        assertStatus(ModelStatus.Active);
    }

    function test_topUp_revertsWhen_valueIsZero() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.WrongValue.selector, 1, 0));
        topUp(0);
    }

    function test_topUp_revertsWhen_leavingOrGone() public {
        unbond();
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, modelId, ModelStatus.Unbonding)
        );
        topUp(1);
        vm.warp(block.timestamp + UNBOND_WINDOW + 1);
        vm.prank(mp);
        registry.exit(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, modelId, ModelStatus.Closed));
        topUp(1);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, keccak256("nothing"), ModelStatus.None)
        );
        registry.topUp{value: 1}(keccak256("nothing"));
    }

    function topUp(uint256 value) private {
        vm.prank(outsider);
        registry.topUp{value: value}(modelId);
    }
}

contract ExitTest is RegistryFixture {
    function test_exit_returnsTheStakeAfterTheDelay() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.ExitRequested(modelId, mp, START + UNBOND_WINDOW);
        unbond();
        assertStatus(ModelStatus.Unbonding);
        assertEq(registry.model(modelId).unlockAt, START + UNBOND_WINDOW, "unlockAt");
        vm.warp(START + UNBOND_WINDOW + 1);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.Exited(modelId, mp, uint128(STAKE));
        vm.prank(mp);
        registry.exit(modelId);
        assertStatus(ModelStatus.Closed);
        assertEq(registry.model(modelId).stake, 0, "stake");
        assertEq(registry.model(modelId).unlockAt, 0, "unlockAt");
        assertEq(registry.credit(mp), STAKE, "credit");
        assertRegistrySolvent();
        uint256 before = mp.balance;
        vm.prank(mp);
        registry.withdraw(payable(mp));
        assertEq(mp.balance, before + STAKE, "back");
        assertEq(registry.totalOwed(), 0, "owed");
    }

    function test_exit_returnsWhatStrikesLeft() public {
        suspend();
        close();
        assertEq(registry.credit(mp), STAKE - STRIKE, "the rest");
        assertEq(registry.credit(treasury), STRIKE, "the strike");
    }

    function test_exit_revertsWhen_atTheDeadline() public {
        unbond();
        vm.warp(START + UNBOND_WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, START + UNBOND_WINDOW, START + UNBOND_WINDOW)
        );
        vm.prank(mp);
        registry.exit(modelId);
    }

    function test_exit_revertsWhen_notRequested() public {
        expectStatus(ModelStatus.Active);
        vm.prank(mp);
        registry.exit(modelId);
        suspend();
        expectStatus(ModelStatus.Suspended);
        vm.prank(mp);
        registry.exit(modelId);
        close();
        expectStatus(ModelStatus.Closed);
        vm.prank(mp);
        registry.exit(modelId);
    }

    function test_requestExit_revertsWhen_somethingIsOpen() public {
        reserve(1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.HasOpenEngagements.selector, modelId, 1));
        unbond();
        vm.prank(accuracy);
        registry.release(modelId, 1, 0, Counter.Aborted, address(0));
        unbond();
    }

    function test_requestExit_whileSuspended() public {
        suspend();
        unbond();
        assertStatus(ModelStatus.Unbonding);
    }

    function test_requestExit_revertsWhen_leavingAlready() public {
        unbond();
        expectStatus(ModelStatus.Unbonding);
        unbond();
    }

    function test_cancelExit_restoresActiveOrSuspended() public {
        unbond();
        vm.expectEmit(true, true, true, true, address(registry));
        emit IModelRegistry.ExitCancelled(modelId, mp);
        cancelExit();
        assertStatus(ModelStatus.Active);
        assertEq(registry.model(modelId).unlockAt, 0, "unlockAt");
        suspend();
        unbond();
        cancelExit();
        assertStatus(ModelStatus.Suspended);
    }

    function test_cancelExit_startsTheDelayAnew() public {
        unbond();
        vm.warp(START + UNBOND_WINDOW);
        cancelExit();
        unbond();
        assertEq(registry.model(modelId).unlockAt, START + 2 * UNBOND_WINDOW, "unlockAt");
    }

    function test_cancelExit_revertsWhen_notLeaving() public {
        expectStatus(ModelStatus.Active);
        cancelExit();
    }

    function test_exitCalls_areTheProvidersAlone() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotProvider.selector, mp, outsider));
        vm.prank(outsider);
        registry.requestExit(modelId);
        unbond();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotProvider.selector, mp, outsider));
        vm.prank(outsider);
        registry.cancelExit(modelId);
        vm.warp(START + UNBOND_WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotProvider.selector, mp, outsider));
        vm.prank(outsider);
        registry.exit(modelId);
    }

    function test_withdraw_revertsWhen_theStakeIsStillBonded() public {
        vm.expectRevert(abi.encodeWithSelector(ICredits.NothingToWithdraw.selector, mp));
        vm.prank(mp);
        registry.withdraw(payable(mp));
    }

    function cancelExit() private {
        vm.prank(mp);
        registry.cancelExit(modelId);
    }

    function expectStatus(ModelStatus given) private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, modelId, given));
    }
}
