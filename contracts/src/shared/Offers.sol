// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "../interfaces/IMarket.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {ModelStatus} from "../types/ModelTypes.sol";
import {Deadlines} from "./Deadlines.sol";

/// @title What an offer of any market must be
library Offers {
    /// @notice The provider of the model.
    ///
    /// Requirements:
    /// - the model is Active, its hash is `modelHash`;
    /// - `expiry` is in now..now + acceptWindow.
    function check(IModelRegistry registry, bytes32 modelId, bytes32 modelHash, uint64 expiry, uint64 acceptWindow)
        internal
        view
        returns (address)
    {
        (ModelStatus status, address mp, bytes32 expected) = registry.standing(modelId);
        require(status == ModelStatus.Active, IMarket.ModelNotActive(modelId, status));
        require(modelHash == expected, IMarket.ModelHashMismatch(expected, modelHash));
        checkExpiry(expiry, acceptWindow);
        return mp;
    }

    /// @notice `expiry` is in now..now + acceptWindow.
    function checkExpiry(uint64 expiry, uint64 acceptWindow) internal view {
        uint64 latest = Deadlines.fromNow(acceptWindow);
        require(
            expiry >= block.timestamp && expiry <= latest, IMarket.BadExpiry(uint64(block.timestamp), latest, expiry)
        );
    }
}
