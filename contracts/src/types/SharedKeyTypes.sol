// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// A point of G1 of BN254 in affine coordinates; (0, 0) stands for the point at infinity, which is never a valid one here.
struct Point {
    uint256 x;
    uint256 y;
}

/// The point that requester and responder share, and a proof that the requester's key leads to it.
///
/// With key = x·G and a delivery's E: S = x·E. The proof is for log_G(key) = log_E(S): A1 = k·G, A2 = k·E for a fresh k,
/// c = `AuditStatement.dleqChallenge`, zeta = k + c·x mod r.
struct SharedSecret {
    /// S.
    Point shared;
    /// A1.
    Point commitG;
    /// A2.
    Point commitE;
    /// zeta, below the scalar order r.
    uint256 response;
}
