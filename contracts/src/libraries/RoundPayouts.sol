// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Counter} from "../types/ModelTypes.sol";
import {Privacy, QuietGas, RoundOutcome} from "../types/RoundTypes.sol";

/// @title What each outcome of a round costs whom
/// @notice A served round holds 2CZ + pi + Q of the consumer, M of the provider and F that contests brought. At most C are
/// contested, so no row can overdraw the consumer's deposit.
library RoundPayouts {
    /// Strikes that a served round reserves.
    uint32 internal constant STRIKES = 1;

    // Of whole transactions, as measured: unit/PredictionMarket/gas.t.sol compares.
    uint32 private constant CONFIRM_GAS = 140_000;
    uint32 private constant PUBLISH_GAS = 73_000;
    uint32 private constant PUBLISH_GAS_PER_WORD = 2250;

    /// Wei in a served round.
    struct Escrow {
        /// 2CZ.
        uint256 mcDeposit;
        /// pi.
        uint256 price;
        /// M.
        uint256 mpDeposit;
        /// F.
        uint256 contestFees;
        /// Q.
        uint256 quietBond;
    }

    /// @notice Cancelled pays before anything is locked: it is no row of the table.
    error NoRow(RoundOutcome outcome);

    /// @notice What so many contested predictions cost a consumer that contests true ones, and so deposits for C of them.
    function toll(uint256 predictions, uint256 priceProof) internal pure returns (uint256) {
        return 2 * predictions * priceProof;
    }

    /// @notice What the two parties and the treasury get of the escrow, all of it.
    ///
    /// @param tolled 2kZ for the k contested predictions.
    /// @param quietTaken What a publication took of Q, at most all of it: see `publicationTakes`.
    /// @param quietEarned What of that is the provider's: see `publicationEarns`.
    function row(RoundOutcome outcome, Escrow memory e, uint256 tolled, uint256 quietTaken, uint256 quietEarned)
        internal
        pure
        returns (uint256 mcAmount, uint256 mpAmount, uint256 treasuryAmount)
    {
        if (outcome == RoundOutcome.Void) mcAmount = e.mcDeposit + e.price;
        else if (outcome == RoundOutcome.Clean) mcAmount = e.mcDeposit;
        else if (outcome == RoundOutcome.Upheld) mcAmount = e.mcDeposit - tolled;
        else if (outcome == RoundOutcome.Fault) mcAmount = e.mcDeposit + e.price + e.mpDeposit + e.contestFees;
        else revert NoRow(outcome);
        mcAmount += e.quietBond - quietTaken;
        treasuryAmount = quietTaken - quietEarned;
        mpAmount = e.mcDeposit + e.price + e.mpDeposit + e.contestFees + e.quietBond - mcAmount - treasuryAmount;
    }

    /// @notice Strikes burned of the reserved one. In PRIVATE a silent round does not show who was silent.
    function burned(RoundOutcome outcome, Privacy privacy) internal pure returns (uint32) {
        bool caught = outcome == RoundOutcome.Void && privacy == Privacy.PUBLIC;
        return caught || outcome == RoundOutcome.Fault ? STRIKES : 0;
    }

    /// @notice The reputation counter raised.
    function counter(RoundOutcome outcome) internal pure returns (Counter) {
        if (outcome == RoundOutcome.Void) return Counter.Voided;
        if (outcome == RoundOutcome.Clean) return Counter.RoundClean;
        if (outcome == RoundOutcome.Upheld) return Counter.RoundUpheld;
        require(outcome == RoundOutcome.Fault, NoRow(outcome));
        return Counter.RoundFault;
    }

    /// @notice Gas of one answer, at that base fee, for each prediction that a contest adds.
    function contestFee(uint256 added, uint256 answerGas, uint256 baseFee) internal pure returns (uint256) {
        return added * answerGas * baseFee;
    }

    /// @notice What the quiet bond stands for. In PRIVATE every prediction has a word of its own.
    function quietGas() internal pure returns (QuietGas memory) {
        return QuietGas(CONFIRM_GAS, PUBLISH_GAS, PUBLISH_GAS_PER_WORD);
    }

    /// @notice Q = (gas of `confirm` + half the gas of `publish`)·baseFee in PRIVATE, zero in PUBLIC.
    function quietBond(Privacy privacy, uint256 predictions, uint256 baseFee) internal pure returns (uint256) {
        if (privacy == Privacy.PUBLIC) return 0;
        return (CONFIRM_GAS + _halfOfPublish(predictions)) * baseFee;
    }

    /// @notice What a publication at that base fee takes of the bond of the silent consumer: no more than a bond of now, or who
    /// withholds outputs until the price of gas has fallen gains by it.
    function publicationTakes(uint128 bond, Privacy privacy, uint256 predictions, uint256 baseFee)
        internal
        pure
        returns (uint128)
    {
        return SafeCast.toUint128(Math.min(bond, quietBond(privacy, predictions, baseFee)));
    }

    /// @notice What of that is the provider's: the part that stands for half of `publish`, so that who withholds outputs and
    /// publishes them pays the other half, however few they are. The part that stands for `confirm` is the treasury's.
    function publicationEarns(uint256 taken, uint256 predictions) internal pure returns (uint256) {
        uint256 half = _halfOfPublish(predictions);
        return taken * half / (CONFIRM_GAS + half);
    }

    function _halfOfPublish(uint256 predictions) private pure returns (uint256) {
        return (PUBLISH_GAS + predictions * PUBLISH_GAS_PER_WORD) / 2;
    }
}
