// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Cradle} from "../../src/Cradle.sol";
import {Creation, IMarketplaceFactory} from "../../src/interfaces/IMarketplaceFactory.sol";

/// A market that names a registry and does nothing else. Its parameters are two words.
contract NamingMarket {
    address private immutable REGISTRY;

    constructor(address registry) {
        REGISTRY = registry;
    }

    function terms() external view returns (address) {
        return address(this);
    }

    function params() external view returns (address registry, uint256 price) {
        return (REGISTRY, type(uint256).max);
    }
}

/// Creates a marketplace of its own while it is created.
contract Reentering is NamingMarket {
    constructor(
        address registry,
        IMarketplaceFactory factory,
        bytes32 salt,
        Creation memory first,
        Creation memory second
    ) NamingMarket(registry) {
        factory.create(salt, first, second, Creation("", ""));
    }
}

/// Uses up a nonce of the cradle that creates it.
contract Nested {
    constructor() {
        Cradle(msg.sender).create(hex"60006000f3");
    }
}
