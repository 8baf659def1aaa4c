// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Cradle} from "./Cradle.sol";
import {Creation, IMarketplaceFactory} from "./interfaces/IMarketplaceFactory.sol";
import {IMarket} from "./interfaces/IMarket.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {RegistryParams} from "./types/ModelTypes.sol";

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
        // A collision would burn all gas.
        require(cradle(msg.sender, salt).code.length == 0, SaltUsed(msg.sender, salt));
        // INVARIANT: one salt serves one sender once, so nonces 1, 2 and 3 of the cradle are those of this call.
        Cradle made = new Cradle{salt: _key(msg.sender, salt)}();
        registry = _create(made, 0, first);
        accuracy = _create(made, 1, second);
        if (third.code.length != 0) prediction = _create(made, 2, third);

        RegistryParams memory p = IModelRegistry(registry).params();
        require(p.accuracy == accuracy, WrongAdjudicator(accuracy, p.accuracy));
        require(p.prediction == prediction, WrongAdjudicator(prediction, p.prediction));
        _requireServes(accuracy, registry);
        if (prediction != address(0)) _requireServes(prediction, registry);
        emit MarketplaceCreated(registry, accuracy, prediction);
    }

    /// @inheritdoc IMarketplaceFactory
    function cradle(address sender, bytes32 salt) public view returns (address) {
        bytes32 code = keccak256(type(Cradle).creationCode);
        bytes memory image = abi.encodePacked(hex"ff", address(this), _key(sender, salt), code);
        return address(uint160(uint256(keccak256(image))));
    }

    function _key(address sender, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(sender, salt));
    }

    function _create(Cradle by, uint256 place, Creation calldata c) private returns (address created) {
        created = by.create(bytes.concat(c.code, c.arguments));
        // Address zero has none either.
        require(created.code.length != 0, NothingCreated(place));
        creationCodeHash[created] = keccak256(c.code);
    }

    function _requireServes(address market, address registry) private view {
        address named = IMarketTerms(IMarket(market).terms()).params();
        require(named == registry, WrongRegistry(market, registry, named));
    }
}
