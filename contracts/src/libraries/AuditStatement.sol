// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TAG_CORPUS} from "./Tags.sol";

/// @title What is hashed for corpora and audits
/// @notice Each encoding is as in `Statement`.
library AuditStatement {
    /// @notice `keccak256(abi.encode(TAG_CORPUS, chainid, registry, rs, root, size, inputWords, wordsPerHash))`; the registry is
    /// the caller.
    function corpusId(address rs, bytes32 root, uint32 size, uint32 inputWords, uint32 wordsPerHash)
        internal
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(TAG_CORPUS, block.chainid, address(this), rs, root, size, inputWords, wordsPerHash));
    }
}
