// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICredits} from "./ICredits.sol";
import {ModelStatus} from "../types/ModelTypes.sol";

/// @title What every market has
interface IMarket is ICredits {
    /// @notice The registry was built for another market.
    error NotRegistered(address expected, address given);
    error WrongValue(uint256 expected, uint256 given);
    error NotParty(address expected, address given);
    /// @notice The thing the caller answers is not the thing that is there.
    error GuardMismatch(bytes32 expected, bytes32 given);
    error ModelNotActive(bytes32 modelId, ModelStatus status);
    error ModelHashMismatch(bytes32 expected, bytes32 given);
    error BadExpiry(uint64 earliest, uint64 latest, uint64 given);

    /// @notice The contract that has the parameters: its `params()` begin with the registry, in the retrieval market with the
    /// corpora.
    function terms() external view returns (address);

    /// @notice Hash of the parameters, covered by every offer hash.
    function PARAMS_HASH() external view returns (bytes32);
}
