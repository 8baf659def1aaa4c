// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {AuditAssurance, AuditOutcome} from "../types/AuditTypes.sol";

/// @title What each outcome of an audit costs whom, and what its verdict is worth
/// @notice An accepted audit holds pi of the requester and b of the responder; each of its demands holds B of the requester beside.
library AuditPayouts {
    /// @notice An audit that has not ended pays nothing.
    error NoRow(AuditOutcome outcome);

    /// @notice What the two parties get: of pi + b all of it, or of pi alone if the audit was never accepted.
    function row(AuditOutcome outcome, uint256 price, uint256 bond)
        internal
        pure
        returns (uint256 rqAmount, uint256 rsAmount)
    {
        if (outcome == AuditOutcome.Cancelled || outcome == AuditOutcome.Declined) return (price, 0);
        if (outcome == AuditOutcome.Unchecked || outcome == AuditOutcome.Complete) return (0, price + bond);
        require(outcome == AuditOutcome.Timeout || outcome == AuditOutcome.Violation, NoRow(outcome));
        return (price + bond, 0);
    }

    /// @notice B at that base fee: what it costs to deliver documents of so many chunks and to publish all of these.
    function demandFee(uint256 chunks, uint256 chunkGas, uint256 deliverGas, uint256 baseFee)
        internal
        pure
        returns (uint256)
    {
        return (deliverGas + chunks * chunkGas) * baseFee;
    }

    /// @notice What the two parties get of B, all of it, when the demand is settled.
    ///
    /// A publication costs both sides: the responder gets half of what its calls used up, at the base fee of each and no more
    /// than B, so that who withholds a ciphertext and publishes it always pays the other half, also when the price of gas has
    /// fallen. The rest, and everything if nothing had to be published or the audit ended as a Violation, is the requester's.
    function demandRow(bool violated, bool published, uint256 paid, uint256 spent)
        internal
        pure
        returns (uint256 rqAmount, uint256 rsAmount)
    {
        if (published && !violated) rsAmount = Math.min(paid, spent) / 2;
        rqAmount = paid - rsAmount;
    }

    /// @notice Documents that are drawn: n of the `zeros` answered with zero, all of them if they are no more.
    function drawn(uint256 samples, uint256 zeros) internal pure returns (uint256) {
        return Math.min(samples, zeros);
    }

    /// @notice What a Complete audit has shown of the `zeros` documents answered with zero: each of those due was proven.
    function assurance(AuditOutcome outcome, uint256 samples, uint256 zeros) internal pure returns (AuditAssurance) {
        if (outcome != AuditOutcome.Complete || zeros == 0) return AuditAssurance.NONE;
        return samples < zeros ? AuditAssurance.SAMPLED : AuditAssurance.EXHAUSTIVE;
    }
}
