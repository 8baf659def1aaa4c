// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MarketFixture} from "../../base/MarketFixture.sol";
import {ICredits} from "../../../src/interfaces/ICredits.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {ReenteringReceiver, RefusingReceiver} from "../../mocks/Receivers.sol";

contract WithdrawTest is MarketFixture {
    function test_withdraw_sendsTheWholeCreditOnce() public {
        aborted();
        address to = account("elsewhere");
        vm.expectEmit(true, true, true, true, address(market));
        emit ICredits.Withdrawn(mp, to, DEPOSIT + ABORT_PAYMENT);
        vm.prank(mp);
        assertEq(market.withdraw(payable(to)), DEPOSIT + ABORT_PAYMENT, "amount");
        assertEq(to.balance, DEPOSIT + ABORT_PAYMENT, "received");
        assertEq(market.credit(mp), 0, "spent");
        assertEq(market.credit(mc), DEPOSIT - ABORT_PAYMENT, "mc untouched");
        assertEq(market.totalOwed(), 2 * ENTRY - DEPOSIT - ABORT_PAYMENT, "owed");
        assertSolvent();
        vm.expectRevert(abi.encodeWithSelector(ICredits.NothingToWithdraw.selector, mp));
        vm.prank(mp);
        market.withdraw(payable(to));
    }

    function test_withdraw_revertsWhen_nothingIsOwed() public {
        probing();
        address[2] memory parties = [mp, mc];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICredits.NothingToWithdraw.selector, parties[i]));
            vm.prank(parties[i]);
            market.withdraw(payable(parties[i]));
        }
    }

    function test_withdraw_everybodyLeavesNothingBehind() public {
        aborted();
        passed();
        address[3] memory all = [mp, mc, treasury];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(all[i]);
            market.withdraw(payable(all[i]));
        }
        assertEq(address(market).balance, 0, "balance");
        assertEq(market.totalOwed(), 0, "owed");
    }

    function test_withdraw_toARefusingReceiverKeepsTheCredit() public {
        aborted();
        address payable refusing = payable(address(new RefusingReceiver()));
        vm.expectRevert(abi.encodeWithSelector(ICredits.TransferFailed.selector, refusing, DEPOSIT - ABORT_PAYMENT));
        vm.prank(mc);
        market.withdraw(refusing);
        assertEq(market.credit(mc), DEPOSIT - ABORT_PAYMENT, "kept");
        vm.expectRevert(
            abi.encodeWithSelector(ICredits.TransferFailed.selector, address(market), DEPOSIT - ABORT_PAYMENT)
        );
        vm.prank(mc);
        market.withdraw(payable(address(market)));
        vm.prank(mc);
        market.withdraw(payable(mc));
    }

    function test_withdraw_revertsWhen_theReceiverIsAddressZero() public {
        aborted();
        vm.startPrank(mc);
        vm.expectRevert(abi.encodeWithSelector(ICredits.ZeroReceiver.selector));
        market.withdraw(payable(address(0)));
        assertEq(market.credit(mc), DEPOSIT - ABORT_PAYMENT, "kept");
        assertEq(market.withdraw(payable(mc)), DEPOSIT - ABORT_PAYMENT, "paid");
    }

    /// A consumer contract that refuses ether cannot block the settlement of its engagement.
    function test_withdraw_refusalBlocksNobodyElse() public {
        RefusingReceiver refusing = new RefusingReceiver();
        vm.deal(address(refusing), ENTRY);
        vm.prank(address(refusing));
        bytes32 id = market.open{value: ENTRY}(terms());
        acceptBy(mp, id);
        vm.warp(START + DECIDE_WINDOW);
        bytes32 guard = guardOf(id);
        vm.startPrank(mp);
        market.abort(id, guard);
        market.withdraw(payable(mp));
    }

    function test_withdraw_cannotBeReentered() public {
        ReenteringReceiver party = creditedReceiver();
        party.arm(address(party), abi.encodeCall(ReenteringReceiver.withdrawFrom, (market)));
        uint256 owed = market.credit(address(party));
        party.withdrawFrom(market);
        assertTrue(party.called() && !party.succeeded(), "tried and failed");
        assertEq(
            bytes32(bytes4(party.answer())),
            bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
            "reason"
        );
        assertEq(address(party).balance, owed, "paid once");
        assertSolvent();
    }

    function test_withdraw_everyMutatorIsGuardedWhileItRuns() public {
        bytes32 id = probing();
        bytes32 guard = guardOf(id);
        bytes[9] memory calls = [
            abi.encodeCall(IAccuracyMarket.open, (terms())),
            abi.encodeCall(IAccuracyMarket.cancel, (id)),
            abi.encodeCall(IAccuracyMarket.accept, (id, guard)),
            abi.encodeCall(IAccuracyMarket.abort, (id, guard)),
            abi.encodeCall(IAccuracyMarket.proceed, (id, guard)),
            abi.encodeCall(IAccuracyMarket.submitProofs, (id, batch(id, 0, 1))),
            abi.encodeCall(IAccuracyMarket.concede, (id, guard)),
            abi.encodeCall(IAccuracyMarket.timeout, (id)),
            abi.encodeCall(ICredits.withdraw, (payable(mc)))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            ReenteringReceiver party = creditedReceiver();
            party.arm(address(market), calls[i]);
            party.withdrawFrom(market);
            assertTrue(party.called() && !party.succeeded(), "tried and failed");
            assertEq(
                bytes32(bytes4(party.answer())),
                bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
                "reason"
            );
        }
    }

    function test_market_takesNoPlainEther() public {
        vm.prank(outsider);
        (bool sent,) = address(market).call{value: 1}("");
        assertTrue(!sent, "market");
        vm.prank(outsider);
        (sent,) = address(registry).call{value: 1}("");
        assertTrue(!sent, "registry");
    }

    /// Ether that is forced in is nobody's and changes no account.
    function test_market_ignoresForcedEther() public {
        aborted();
        uint256 owed = market.totalOwed();
        vm.deal(address(market), address(market).balance + 5);
        assertEq(market.totalOwed(), owed, "owed");
        vm.prank(mc);
        market.withdraw(payable(mc));
        vm.prank(mp);
        market.withdraw(payable(mp));
        vm.prank(treasury);
        market.withdraw(payable(treasury));
        assertEq(address(market).balance, 5, "left over");
    }

    /// A contract that is consumer of an expired offer, hence has credit.
    function creditedReceiver() private returns (ReenteringReceiver party) {
        party = new ReenteringReceiver();
        bytes memory call = abi.encodeCall(IAccuracyMarket.open, (terms()));
        vm.deal(address(party), ENTRY);
        bytes32 id = abi.decode(party.act(address(market), ENTRY, call), (bytes32));
        party.act(address(market), 0, abi.encodeCall(IAccuracyMarket.cancel, (id)));
    }
}
