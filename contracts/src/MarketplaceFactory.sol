// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {IMarketplaceFactory} from "./interfaces/IMarketplaceFactory.sol";
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

/// @title Creates a registry and its markets together
contract MarketplaceFactory is IMarketplaceFactory {
    address private immutable CREATOR = msg.sender;

    /// @inheritdoc IMarketplaceFactory
    function create(bytes calldata registryCode, bytes calldata accuracyCode, bytes calldata predictionCode)
        external
        returns (address registry, address accuracy, address prediction)
    {
        require(msg.sender == CREATOR, NotCreator(CREATOR, msg.sender));
        registry = _create(0, registryCode);
        accuracy = _create(1, accuracyCode);
        if (predictionCode.length != 0) prediction = _create(2, predictionCode);

        RegistryParams memory p = IModelRegistry(registry).params();
        require(p.accuracy == accuracy, WrongAdjudicator(accuracy, p.accuracy));
        require(p.prediction == prediction, WrongAdjudicator(prediction, p.prediction));
        _requireServes(accuracy, registry);
        if (prediction != address(0)) _requireServes(prediction, registry);
        emit MarketplaceCreated(registry, accuracy, prediction);
    }

    /// @inheritdoc IMarketplaceFactory
    function creator() external view returns (address) {
        return CREATOR;
    }

    function _create(uint256 place, bytes memory code) private returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(code, 0x20), mload(code))
        }
        if (created == address(0) && LowLevelCall.returnDataSize() != 0) LowLevelCall.bubbleRevert();
        // Address zero has none either.
        require(created.code.length != 0, NothingCreated(place));
    }

    function _requireServes(address market, address registry) private view {
        address named = IMarketTerms(IMarket(market).terms()).params();
        require(named == registry, WrongRegistry(market, registry, named));
    }
}
