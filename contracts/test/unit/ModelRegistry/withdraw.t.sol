// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {RegistryFixture} from "../../base/RegistryFixture.sol";
import {ICredits} from "../../../src/interfaces/ICredits.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {Counter, ModelRecord} from "../../../src/types/ModelTypes.sol";
import {ReenteringReceiver} from "../../mocks/Receivers.sol";

contract RegistryWithdrawTest is RegistryFixture {
    function test_withdraw_everyMutatorIsGuardedWhileItRuns() public {
        ModelRecord memory r = record();
        bytes[9] memory calls = [
            abi.encodeCall(IModelRegistry.register, (r, TRANSPORT_KEY, 5)),
            abi.encodeCall(IModelRegistry.setTransportKey, (modelId, keccak256("new"))),
            abi.encodeCall(IModelRegistry.topUp, (modelId)),
            abi.encodeCall(IModelRegistry.reserve, (modelId, 1)),
            abi.encodeCall(IModelRegistry.release, (modelId, 1, 0, Counter.Aborted, address(0))),
            abi.encodeCall(IModelRegistry.requestExit, (modelId)),
            abi.encodeCall(IModelRegistry.cancelExit, (modelId)),
            abi.encodeCall(IModelRegistry.exit, (modelId)),
            abi.encodeCall(ICredits.withdraw, (payable(mp)))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            ReenteringReceiver provider = new ReenteringReceiver();
            exitAs(provider);
            provider.arm(address(registry), calls[i]);
            provider.withdrawFrom(registry);
            assertTrue(provider.called() && !provider.succeeded(), "tried and failed");
            assertEq(
                bytes32(bytes4(provider.answer())),
                bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
                "reason"
            );
            assertEq(address(provider).balance, STAKE, "paid once");
        }
    }

    function test_withdraw_revertsWhen_theReceiverIsAddressZero() public {
        close();
        vm.startPrank(mp);
        vm.expectRevert(abi.encodeWithSelector(ICredits.ZeroReceiver.selector));
        registry.withdraw(payable(address(0)));
        assertEq(registry.credit(mp), STAKE, "kept");
        assertEq(registry.withdraw(payable(mp)), STAKE, "paid");
    }

    /// Registers and leaves, so that the stake is credit.
    function exitAs(ReenteringReceiver provider) private {
        ModelRecord memory r = record();
        r.mp = address(provider);
        vm.deal(address(provider), STAKE);
        bytes memory answer = provider.act(
            address(registry), STAKE, abi.encodeCall(IModelRegistry.register, (r, TRANSPORT_KEY, uint64(0)))
        );
        bytes32 id = abi.decode(answer, (bytes32));
        provider.act(address(registry), 0, abi.encodeCall(IModelRegistry.requestExit, (id)));
        vm.warp(block.timestamp + UNBOND_WINDOW + 1);
        provider.act(address(registry), 0, abi.encodeCall(IModelRegistry.exit, (id)));
    }
}
