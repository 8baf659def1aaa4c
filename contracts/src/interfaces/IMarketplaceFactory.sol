// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice A contract to create.
/// @param code Creation code as the compiler makes it.
/// @param arguments Of its constructor, ABI-encoded.
struct Creation {
    bytes code;
    bytes arguments;
}

/// @title Creates a registry and its markets together, and keeps from which code
/// @notice A registry whose adjudicator is a plain account lets that account burn every stake. Registry and markets name each
/// other in parameters that never change, so each address must be known before its contract is there. The contracts of one
/// call are created by a `Cradle` of their own, at `CREATE2(factory, keccak256(abi.encode(sender, salt)), Cradle)`, with its
/// nonces: `CREATE(cradle, 1)` is the registry, 2 the accuracy market, 3 the prediction market.
///
/// The code of a contract does not show how it began: other code may have put it there, behind storage that its constructor
/// never wrote. `creationCodeHash` does show it, to whoever knows that this factory is genuine: it is, at the address that its
/// own creation code determines, `CREATE2(deployer, 0, MarketplaceFactory)` of the deterministic deployment proxy that most
/// chains have (0x4e59b44847b379578588920cA78FbF26c0B4956C).
///
/// The factory holds no money and has no power over what it created.
///
/// Warning: that a contract was created here says nothing by itself: compare its `creationCodeHash` with that of the code it
/// should be, and its parameters with what you expect.
interface IMarketplaceFactory {
    /// @notice Registry and markets that name each other; `prediction` is zero when there is none.
    event MarketplaceCreated(address indexed registry, address indexed accuracy, address prediction);

    error SaltUsed(address sender, bytes32 salt);
    /// @notice The contract that was to come at this place (0 registry, 1 accuracy market, 2 prediction market) has no code,
    /// or its constructor reverted without a reason. A reason is passed on as it is.
    error NothingCreated(uint256 place);
    /// @notice The registry names `given` where the market created in this call is `expected`.
    error WrongAdjudicator(address expected, address given);
    /// @notice `market` serves the registry `given`, not the one created in this call.
    error WrongRegistry(address market, address expected, address given);

    /// @notice Creates registry (`first`), accuracy market (`second`) and, unless its code is empty, prediction market
    /// (`third`), in this order.
    ///
    /// Requirements:
    /// - the caller has not used this salt before;
    /// - every contract is created with code, else the reason of its constructor, or `NothingCreated`;
    /// - `params()` of the registry names these markets as its adjudicators, zero for one that was not asked for;
    /// - the contract at `terms()` of each market has `params()` that begin with this registry.
    function create(bytes32 salt, Creation calldata first, Creation calldata second, Creation calldata third)
        external
        returns (address registry, address accuracy, address prediction);

    /// @notice Where the creator of the contracts of a call is, or will be.
    function cradle(address sender, bytes32 salt) external view returns (address);

    /// @notice keccak256 of the creation code, without constructor arguments, that `created` came from; zero for what this
    /// factory did not create.
    function creationCodeHash(address created) external view returns (bytes32);
}
