// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Point, SharedSecret} from "../types/SharedKeyTypes.sol";

/// @title Points of a key agreement, and what they agree on
/// @notice Stateless and without money. A requester's key is key = x·G, that of one delivery E = s·G; both sides know
/// S = s·key = x·E, from which the delivery is encrypted, and nobody else does. To accuse the responder, the requester shows S
/// and that it is the right one, without showing x. For any (key, E) there is one such S, so that nobody is accused under a
/// false one.
interface ISharedKeyJudge {
    /// @notice The proof does not show that S belongs to key and E in this demand.
    error WrongSharedPoint(bytes32 id, uint256 m);

    /// @notice Reverts `Bn254.BadPoint` unless `point` is a point of G1 of BN254 other than infinity, with coordinates below the
    /// order of the base field.
    function requirePoint(Point calldata point) external pure;

    /// @notice What opens the delivery of demand number `m` of audit `id`: the identifier in its keystream and its master key
    /// (`AuditStatement.streamId`, `masterKey`).
    ///
    /// Requirements:
    /// - every point is valid as for `requirePoint`, the response is below the scalar order, else `Statement.NotCanonical`;
    /// - with c the challenge (`AuditStatement.dleqChallenge`): response·G = A1 + c·key and response·E = A2 + c·S.
    ///
    /// Warning: whoever can read this call can read the delivery, and S is worth as much in every other delivery under the same
    /// key and E.
    function open(bytes32 id, uint256 m, Point calldata key, Point calldata ephemeral, SharedSecret calldata secret)
        external
        view
        returns (bytes32 stream, bytes32 master);
}
