// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Pull payments: what a contract owes and how it is fetched
interface ICredits {
    event Credited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice A call that may be overpaid brought less than is due.
    error ValueTooLow(uint256 due, uint256 given);
    /// @notice What is paid to address zero is lost.
    error ZeroReceiver();
    /// @notice `account` has no credit.
    error NothingToWithdraw(address account);
    /// @notice The receiver refused the payment; the credit is kept.
    error TransferFailed(address to, uint256 amount);

    /// @notice Sends the whole credit of the caller to `to`.
    ///
    /// Requirements:
    /// - `to` is not zero, else `ZeroReceiver`;
    /// - the caller has credit, else `NothingToWithdraw`;
    /// - `to` accepts the payment, else `TransferFailed` and nothing changes.
    ///
    /// @return amount Wei sent.
    function withdraw(address payable to) external returns (uint256 amount);

    /// @notice Wei that `account` may withdraw.
    function credit(address account) external view returns (uint256);

    /// @notice Wei that this contract owes in all: credits and everything it holds in escrow or at stake.
    /// Never more than its balance; less only if ether was forced in.
    function totalOwed() external view returns (uint256);
}
