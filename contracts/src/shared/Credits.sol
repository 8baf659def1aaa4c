// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICredits} from "../interfaces/ICredits.sol";

/// @title Pull payments
/// @notice Base of every contract that holds money. `totalOwed` grows with each wei taken in and shrinks only in
/// `withdraw`; moving money between escrow and credit leaves it alone.
abstract contract Credits is ICredits, ReentrancyGuardTransient {
    mapping(address account => uint256 amount) private _credit;
    uint256 private _totalOwed;

    /// @inheritdoc ICredits
    function withdraw(address payable to) external nonReentrant returns (uint256 amount) {
        require(to != address(0), ZeroReceiver());
        amount = _credit[msg.sender];
        require(amount != 0, NothingToWithdraw(msg.sender));
        // INVARIANT: the credit is gone before any code of the receiver runs.
        _credit[msg.sender] = 0;
        _totalOwed -= amount;
        emit Withdrawn(msg.sender, to, amount);
        (bool sent,) = to.call{value: amount}("");
        require(sent, TransferFailed(to, amount));
    }

    /// @inheritdoc ICredits
    function credit(address account) external view returns (uint256) {
        return _credit[account];
    }

    /// @inheritdoc ICredits
    function totalOwed() external view returns (uint256) {
        return _totalOwed;
    }

    /// @notice Records `msg.value`, which the caller has checked, as owed.
    function _takeIn() internal {
        _totalOwed += msg.value;
    }

    /// @notice Takes `due` of `msg.value`; the rest is credit of the caller, who could not know it to the wei.
    function _takeDue(uint256 due) internal {
        require(msg.value >= due, ValueTooLow(due, msg.value));
        _takeIn();
        _give(msg.sender, msg.value - due);
    }

    /// @notice Moves `amount` from escrow or stake to the credit of `account`.
    function _give(address account, uint256 amount) internal {
        if (amount == 0) return;
        _credit[account] += amount;
        emit Credited(account, amount);
    }
}
