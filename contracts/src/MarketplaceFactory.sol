// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Cradle} from "./Cradle.sol";
import {Creation, IMarketplaceFactory} from "./interfaces/IMarketplaceFactory.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {RegistryParams} from "./types/ModelTypes.sol";

/// What every market answers about itself.
interface IMarket {
    function terms() external view returns (address);
}

/// The first word of a longer answer: parameters of every market begin with its registry.
interface IMarketTerms {
    function params() external view returns (address registry);
}

/// @title Creates a registry and its markets together, and keeps from which code
contract MarketplaceFactory is IMarketplaceFactory {
    /// @inheritdoc IMarketplaceFactory
    mapping(address created => bytes32 hash) public creationCodeHash;

    /// @inheritdoc IMarketplaceFactory
    function create(bytes32 salt, Creation calldata first, Creation calldata second, Creation calldata third)
        external
        returns (address registry, address accuracy, address prediction)
    {
        // INVARIANT: one salt serves one sender once, so nonces 1, 2 and 3 of the cradle are those of this call.
        Cradle cradle = new Cradle{salt: keccak256(abi.encode(msg.sender, salt))}();
        registry = _create(cradle, 0, first);
        accuracy = _create(cradle, 1, second);
        if (third.code.length != 0) prediction = _create(cradle, 2, third);

        RegistryParams memory p = IModelRegistry(registry).params();
        require(p.accuracy == accuracy, WrongAdjudicator(accuracy, p.accuracy));
        require(p.prediction == prediction, WrongAdjudicator(prediction, p.prediction));
        _requireServes(accuracy, registry);
        if (prediction != address(0)) _requireServes(prediction, registry);
        emit MarketplaceCreated(registry, accuracy, prediction);
    }

    function _create(Cradle cradle, uint256 place, Creation calldata c) private returns (address created) {
        created = cradle.create(bytes.concat(c.code, c.arguments));
        // Address zero has none either.
        require(created.code.length != 0, NothingCreated(place));
        creationCodeHash[created] = keccak256(c.code);
    }

    function _requireServes(address market, address registry) private view {
        address named = IMarketTerms(IMarket(market).terms()).params();
        require(named == registry, WrongRegistry(market, registry, named));
    }
}
