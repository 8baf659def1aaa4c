// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Amounts, Mode, OfferTerms, Outcome, Params} from "../types/MarketTypes.sol";
import {Counter} from "../types/ModelTypes.sol";

/// @title Parameters of an accuracy market, what an offer must be and what each outcome pays
/// @notice Stateless and without money; the market deploys its own one.
interface IAccuracyTerms {
    /// @notice A constructor parameter is outside its range.
    error BadParameter(bytes32 name, uint256 value);

    function params() external view returns (Params memory);

    /// @notice `keccak256(abi.encode(TAG_PARAMS, params()))`.
    function PARAMS_HASH() external view returns (bytes32);

    /// @notice Checks an offer that is made now: every requirement of `IAccuracyMarket.open` but the value, with the errors of
    /// that interface.
    ///
    /// @return mp The provider of the model.
    function checkOffer(OfferTerms calldata offer) external view returns (address mp);

    /// @notice Deposit and payments of an engagement.
    function amounts(Mode mode) external view returns (Amounts memory);

    /// @notice The row of `outcome` in the table of `IAccuracyMarket`. Cancelled and Settled have none: `Payouts.NoRow`.
    ///
    /// @param proven Whether the proofs on chain reach the target by themselves.
    /// @return mcAmount What the consumer gets of 2D, wei; the rest is the provider's.
    /// @return burned Strikes.
    function row(Outcome outcome, Mode mode, bool proven)
        external
        view
        returns (uint256 mcAmount, uint32 burned, Counter counter);
}
