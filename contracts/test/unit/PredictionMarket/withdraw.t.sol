// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IPredictionMarket} from "../../../src/interfaces/IPredictionMarket.sol";
import {ICredits} from "../../../src/interfaces/ICredits.sol";
import {AnswerGroup, RoundTerms} from "../../../src/types/RoundTypes.sol";
import {ReenteringReceiver} from "../../mocks/Receivers.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";

contract RoundWithdrawTest is RoundFixture {
    /// A receiver that is a consumer calls every function back while it is paid.
    function test_withdraw_everyMutatorIsGuardedWhileItRuns() public {
        ReenteringReceiver receiver = new ReenteringReceiver();
        RoundTerms memory t = roundTerms(PUBLIC);
        bytes memory call = abi.encodeCall(IPredictionMarket.open, (t));
        uint256 value = entryFor(PUBLIC);
        vm.deal(address(this), 1 ether);
        bytes32 id = abi.decode(receiver.act{value: value + 1}(address(rounds), value + 1, call), (bytes32));
        bytes[10] memory calls = [
            call,
            abi.encodeCall(IPredictionMarket.cancel, (id)),
            abi.encodeCall(IPredictionMarket.serve, (id, 0, 0)),
            abi.encodeCall(IPredictionMarket.publish, (id, 0, 0, new uint256[](0))),
            abi.encodeCall(IPredictionMarket.confirm, (id, 0)),
            abi.encodeCall(IPredictionMarket.contest, (id, 0, "")),
            abi.encodeCall(IPredictionMarket.answer, (id, new AnswerGroup[](0))),
            abi.encodeCall(IPredictionMarket.finalize, (id)),
            abi.encodeCall(IPredictionMarket.timeout, (id)),
            abi.encodeCall(ICredits.withdraw, (payable(address(receiver))))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 before = vm.snapshotState();
            receiver.arm(address(rounds), calls[i]);
            receiver.withdrawFrom(rounds);
            assertTrue(receiver.called() && !receiver.succeeded(), "refused");
            assertEq(
                keccak256(receiver.answer()),
                keccak256(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)),
                "by the guard"
            );
            vm.revertToState(before);
        }
    }

    function test_withdraw_paysWhatARoundLeft() public {
        upheld(PRIVATE, 3);
        uint256[2] memory before = [mc.balance, mp.balance];
        vm.prank(mc);
        rounds.withdraw(payable(mc));
        vm.prank(mp);
        rounds.withdraw(payable(mp));
        vm.prank(treasury);
        rounds.withdraw(payable(treasury));
        assertEq(mc.balance - before[0], 40_022 + bondFor(PRIVATE), "consumer");
        assertEq(mp.balance - before[1], 330_068 + 2 * ANSWER_FEE, "provider");
        assertEq(treasury.balance, 662, "treasury");
        assertEq(address(rounds).balance, 0, "nothing is left");
        vm.expectRevert(abi.encodeWithSelector(ICredits.NothingToWithdraw.selector, mc));
        vm.prank(mc);
        rounds.withdraw(payable(mc));
    }
}
