// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Creates a registry and its markets together
/// @notice A registry whose adjudicator is a plain account lets that account burn every stake. Registry and markets name each
/// other in parameters that never change, so each address must be known before its contract is there: the contracts of one
/// call have the addresses of the factory's next nonces, `CREATE(factory, nonce)` for the registry, then the accuracy market,
/// then the prediction market. A contract's first nonce is 1.
///
/// The factory holds no money and has no power over what it created.
///
/// Warning: that contracts were created here says nothing about their code: what they answer is theirs to invent, and one
/// written to do so may be gone when the transaction ends. Compare the code of each contract, as for any other deployment.
interface IMarketplaceFactory {
    /// @notice Registry and markets that name each other; `prediction` is zero when there is none.
    event MarketplaceCreated(address indexed registry, address indexed accuracy, address prediction);

    error NotCreator(address expected, address given);
    /// @notice The contract that was to come at this place (0 registry, 1 accuracy market, 2 prediction market) has no code,
    /// or its constructor reverted without a reason. A reason is passed on as it is.
    error NothingCreated(uint256 place);
    /// @notice The registry names `given` where the market created in this call is `expected`.
    error WrongAdjudicator(address expected, address given);
    /// @notice `market` serves the registry `given`, not the one created in this call.
    error WrongRegistry(address market, address expected, address given);

    /// @notice Creates registry, accuracy market and, unless `predictionCode` is empty, prediction market, in this order.
    /// Each argument is creation code with its constructor arguments.
    ///
    /// Requirements:
    /// - the caller created this factory: a stranger could use up the nonces, and with them the addresses that the codes name;
    /// - every contract is created with code, else the reason of its constructor, or `NothingCreated`;
    /// - `params()` of the registry names these markets as its adjudicators, zero for one that was not asked for;
    /// - the contract at `terms()` of each market has `params()` that begin with this registry.
    function create(bytes calldata registryCode, bytes calldata accuracyCode, bytes calldata predictionCode)
        external
        returns (address registry, address accuracy, address prediction);

    /// @notice The only account that may call `create`.
    function creator() external view returns (address);
}
