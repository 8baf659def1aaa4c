// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Mode, Outcome} from "../types/MarketTypes.sol";
import {Counter} from "../types/ModelTypes.sol";

/// @title What each outcome costs whom (protocols 6.4)
/// @notice With N = N1 + N2 and E > Z > P > 0, wei per labelled input, proof and inference: A < R < D, so no row can
/// overdraw a deposit.
library Payouts {
    /// Strikes burned by silence.
    uint32 internal constant SILENCE_STRIKES = 1;

    uint256 private constant FINDER_PART = 10;

    /// @notice Cancelled pays before anything is locked, Settled what was agreed: neither is a row of the table.
    error NoRow(Outcome outcome);

    /// @notice D = 2·N·E, escrowed by each side.
    function deposit(uint256 n, uint256 priceInput) internal pure returns (uint256) {
        return 2 * n * priceInput;
    }

    /// @notice A: N1·P in FULL, else N·P.
    function abortPayment(Mode mode, uint256 n1, uint256 n2, uint256 priceInference) internal pure returns (uint256) {
        return (mode == Mode.FULL ? n1 : n1 + n2) * priceInference;
    }

    /// @notice R: 2·(N1·P + N2·Z) in FULL, else 2·N·Z.
    function successPayment(Mode mode, uint256 n1, uint256 n2, uint256 priceInference, uint256 priceProof)
        internal
        pure
        returns (uint256)
    {
        return mode == Mode.FULL ? 2 * (n1 * priceInference + n2 * priceProof) : 2 * (n1 + n2) * priceProof;
    }

    /// @notice What the consumer gets of 2D; the rest is the provider's.
    function mcAmount(Outcome outcome, uint256 d, uint256 a, uint256 r) internal pure returns (uint256) {
        if (outcome == Outcome.McSilent || outcome == Outcome.BadData) return 0;
        if (outcome == Outcome.NoAck) return d;
        if (outcome == Outcome.Abort) return d - a;
        if (outcome == Outcome.Passed) return d - r;
        require(
            outcome == Outcome.MpSilent || outcome == Outcome.FailedAccuracy || outcome == Outcome.Fault, NoRow(outcome)
        );
        return 2 * d;
    }

    /// @notice Strikes burned of the `reserved` ones.
    function burned(Outcome outcome, uint32 reserved) internal pure returns (uint32) {
        if (outcome == Outcome.MpSilent) return SILENCE_STRIKES;
        return outcome == Outcome.Fault ? reserved : 0;
    }

    /// @notice Of `proofs` new ones that answer no challenge, those that a full demand pays for when `before` positions were
    /// proven: those up to the `needed` ones.
    function proofsPaid(uint256 before, uint256 proofs, uint256 needed) internal pure returns (uint256) {
        return Math.min(proofs, Math.saturatingSub(needed, before));
    }

    /// @notice What is burned of a stake because of a finder's challenge, and goes to the finder: a tenth, rounded down. Nine
    /// tenths are lost to a provider that is its own finder.
    function finderReward(uint256 burnedWei) internal pure returns (uint256) {
        return burnedWei / FINDER_PART;
    }

    /// @notice The reputation counter raised; `proven` matters in Passed only.
    function counter(Outcome outcome, bool proven) internal pure returns (Counter) {
        if (outcome == Outcome.Passed) return proven ? Counter.PassedProven : Counter.PassedOptimistic;
        if (outcome == Outcome.McSilent || outcome == Outcome.BadData) return Counter.McFault;
        if (outcome == Outcome.MpSilent || outcome == Outcome.Fault) return Counter.MpFault;
        if (outcome == Outcome.FailedAccuracy) return Counter.Failed;
        if (outcome == Outcome.Abort) return Counter.Aborted;
        require(outcome == Outcome.NoAck, NoRow(outcome));
        return Counter.Unacked;
    }
}
