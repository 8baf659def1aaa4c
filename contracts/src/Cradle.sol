// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

/// @title Creates the contracts of one marketplace
/// @notice Their addresses follow from this contract's nonces, and nobody but the factory that made it can use one up.
contract Cradle {
    address private immutable FACTORY = msg.sender;

    error NotFactory(address expected, address given);

    /// @notice Runs `code` as the creation code of a new contract; address zero if that reverts without a reason. A reason is
    /// passed on as it is.
    function create(bytes memory code) external returns (address created) {
        require(msg.sender == FACTORY, NotFactory(FACTORY, msg.sender));
        assembly ("memory-safe") {
            created := create(0, add(code, 0x20), mload(code))
        }
        if (created == address(0) && LowLevelCall.returnDataSize() != 0) LowLevelCall.bubbleRevert();
    }
}
