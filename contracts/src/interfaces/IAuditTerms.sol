// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Audited, RetrievalParams} from "../types/AuditTypes.sol";
import {Predicate, RequestTerms} from "../types/RetrievalTypes.sol";

/// @title Parameters of a retrieval market, what a request must be and how long everything may take
/// @notice Stateless and without money; the market deploys its own one.
interface IAuditTerms {
    /// @notice A constructor parameter is outside its range.
    error BadParameter(bytes32 name, uint256 value);

    function params() external view returns (RetrievalParams memory);

    /// @notice `keccak256(abi.encode(TAG_AUDIT_PARAMS, params()))`.
    function PARAMS_HASH() external view returns (bytes32);

    /// @notice Checks a request that is made now: every requirement of `IRetrievalMarket.request` but the value and the freshness of
    /// the key, with the errors of that interface.
    function checkRequest(RequestTerms calldata t, Predicate calldata predicate) external view returns (Audited memory);

    // ---- windows, seconds ----

    /// @notice W_answer for a corpus of so many documents.
    function answerWindow(uint32 size) external view returns (uint64);

    /// @notice W_prove for so many samples and named documents.
    function proveWindow(uint256 items) external view returns (uint64);

    /// @notice What a demand for `documents` of L words each brings when `soFar`, these among them, were demanded.
    ///
    /// @return fee B at that base fee.
    /// @return deliverWindow W_deliver.
    /// @return publishWindow W_publish.
    function demandTerms(uint256 documents, uint256 soFar, uint32 inputWords, uint256 baseFee)
        external
        view
        returns (uint256 fee, uint64 deliverWindow, uint64 publishWindow);
}
