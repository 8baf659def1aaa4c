// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RoundPayouts} from "../../src/libraries/RoundPayouts.sol";
import {Counter} from "../../src/types/ModelTypes.sol";
import {Privacy, RoundOutcome} from "../../src/types/RoundTypes.sol";
import {TestBase} from "../base/TestBase.sol";

/// Properties of the payout functions of rounds. Each `check_` is for halmos (README.md in `contracts/`), which proves it for
/// all arguments; the test below it is for forge.
contract RoundPayoutsSymbolicTest is TestBase {
    struct Case {
        uint128 mcDeposit;
        uint128 price;
        uint128 mpDeposit;
        uint128 contestFees;
        uint128 quietBond;
        uint128 tolled;
        uint128 quietTaken;
        uint128 quietEarned;
    }

    function escrow(Case memory c) private pure returns (RoundPayouts.Escrow memory) {
        return RoundPayouts.Escrow(c.mcDeposit, c.price, c.mpDeposit, c.contestFees, c.quietBond);
    }

    struct Narrow {
        uint32 mcDeposit;
        uint32 price;
        uint32 mpDeposit;
        uint32 contestFees;
        uint32 quietBond;
        uint32 tolled;
        uint32 quietTaken;
        uint32 quietEarned;
    }

    /// V22: every row pays out the escrow. Narrow, since sums of six wide unknowns take the solver too long; the test below has
    /// the full widths.
    function check_row_paysTheEscrow(uint8 outcome, Narrow memory n) public pure {
        vm.assume(outcome >= uint8(RoundOutcome.Void) && outcome <= uint8(RoundOutcome.Fault));
        vm.assume(n.tolled <= n.mcDeposit && n.quietTaken <= n.quietBond && n.quietEarned <= n.quietTaken);
        paysTheEscrow(
            outcome,
            Case(n.mcDeposit, n.price, n.mpDeposit, n.contestFees, n.quietBond, n.tolled, n.quietTaken, n.quietEarned)
        );
    }

    function paysTheEscrow(uint8 outcome, Case memory c) private pure {
        (uint256 toMc, uint256 toMp, uint256 toTreasury) =
            RoundPayouts.row(RoundOutcome(outcome), escrow(c), c.tolled, c.quietTaken, c.quietEarned);
        uint256 all = uint256(c.mcDeposit) + c.price + c.mpDeposit + c.contestFees + c.quietBond;
        assert(toMc + toMp + toTreasury == all);
        assert(toMc >= c.quietBond - c.quietTaken && toMp >= c.quietEarned);
        assert(toTreasury == c.quietTaken - c.quietEarned);
        // V24: an honest provider has its deposit in every row but Fault, an honest consumer its own less the toll in each.
        if (outcome != uint8(RoundOutcome.Fault)) assert(toMp >= c.mpDeposit);
        else assert(toMp == c.quietEarned);
        assert(toMc >= uint256(c.mcDeposit) - c.tolled);
        // Only outputs are paid for.
        bool paid = outcome == uint8(RoundOutcome.Clean) || outcome == uint8(RoundOutcome.Upheld);
        if (!paid) assert(toMc >= uint256(c.mcDeposit) + c.price);
        else assert(toMp >= uint256(c.mpDeposit) + c.price);
    }

    function testFuzz_row_paysTheEscrow(uint8 outcome, Case memory c) public pure {
        c.tolled = uint128(bound(c.tolled, 0, c.mcDeposit));
        c.quietTaken = uint128(bound(c.quietTaken, 0, c.quietBond));
        c.quietEarned = uint128(bound(c.quietEarned, 0, c.quietTaken));
        paysTheEscrow(uint8(bound(outcome, uint8(RoundOutcome.Void), uint8(RoundOutcome.Fault))), c);
    }

    /// Upheld pays the provider more with every prediction proven, by exactly its toll and what the contest brought.
    function check_row_upheldPaysTollAndFees(Case memory c) public pure {
        vm.assume(c.tolled <= c.mcDeposit && c.quietTaken <= c.quietBond && c.quietEarned <= c.quietTaken);
        RoundPayouts.Escrow memory e = escrow(c);
        (uint256 mc, uint256 mp,) = RoundPayouts.row(RoundOutcome.Upheld, e, c.tolled, c.quietTaken, c.quietEarned);
        e.contestFees = 0;
        (uint256 mcClean, uint256 mpClean,) = RoundPayouts.row(RoundOutcome.Clean, e, 0, c.quietTaken, c.quietEarned);
        assert(mp == mpClean + c.tolled + c.contestFees);
        assert(mc == mcClean - c.tolled);
    }

    function testFuzz_row_upheldPaysTollAndFees(Case memory c) public pure {
        c.tolled = uint128(bound(c.tolled, 0, c.mcDeposit));
        c.quietTaken = uint128(bound(c.quietTaken, 0, c.quietBond));
        c.quietEarned = uint128(bound(c.quietEarned, 0, c.quietTaken));
        check_row_upheldPaysTollAndFees(c);
    }

    /// At most the one reserved strike: in a Fault, and in PUBLIC for outputs that never came.
    function check_burned_isWithinTheReservation(uint8 outcome, uint8 privacy) public pure {
        vm.assume(outcome <= uint8(RoundOutcome.Fault) && privacy < 2);
        uint32 burned = RoundPayouts.burned(RoundOutcome(outcome), Privacy(privacy));
        assert(burned <= RoundPayouts.STRIKES);
        bool expected = outcome == uint8(RoundOutcome.Fault)
            || (outcome == uint8(RoundOutcome.Void) && privacy == uint8(Privacy.PUBLIC));
        assert((burned == 1) == expected);
    }

    function test_burned_isWithinTheReservation() public pure {
        for (uint8 outcome = 0; outcome <= uint8(RoundOutcome.Fault); ++outcome) {
            check_burned_isWithinTheReservation(outcome, 0);
            check_burned_isWithinTheReservation(outcome, 1);
        }
    }

    /// A bond is never more than to publish and to confirm cost, nor less than to confirm, and none in PUBLIC. Narrow, since
    /// no solver here multiplies wide words.
    function check_quietBond_liesBetween(uint8 predictions, uint8 baseFee) public pure {
        liesBetween(predictions, baseFee);
    }

    function liesBetween(uint256 predictions, uint256 baseFee) private pure {
        uint256 bond = RoundPayouts.quietBond(Privacy.PRIVATE, predictions, baseFee);
        assert(bond >= uint256(RoundPayouts.quietGas().confirm) * baseFee);
        uint256 publish = RoundPayouts.quietGas().publishBase + predictions * RoundPayouts.quietGas().publishPerWord;
        assert(bond <= (RoundPayouts.quietGas().confirm + publish / 2) * baseFee);
        assert(RoundPayouts.quietBond(Privacy.PUBLIC, predictions, baseFee) == 0);
    }

    function testFuzz_quietBond_liesBetween(uint16 predictions, uint64 baseFee) public pure {
        liesBetween(predictions, baseFee);
    }

    /// A publication never takes more than the bond, nor than a bond of its own base fee.
    function check_publicationTakes_theSmallerBond(uint128 bond, uint8 privacy, uint8 predictions, uint8 baseFee)
        public
        pure
    {
        vm.assume(privacy < 2);
        uint256 other = RoundPayouts.quietBond(Privacy(privacy), predictions, baseFee);
        uint256 taken = RoundPayouts.publicationTakes(bond, Privacy(privacy), predictions, baseFee);
        assert(taken <= bond && taken <= other);
        assert(taken == bond || taken == other);
    }

    function testFuzz_publicationTakes_theSmallerBond(uint128 bond, uint8 predictions, uint8 baseFee) public pure {
        check_publicationTakes_theSmallerBond(bond, uint8(Privacy.PUBLIC), predictions, baseFee);
        check_publicationTakes_theSmallerBond(bond, uint8(Privacy.PRIVATE), predictions, baseFee);
        check_publicationTakes_theSmallerBond(bond % 1e9, uint8(Privacy.PRIVATE), predictions, baseFee);
    }

    /// Who publishes never earns more than half of what it pays, whatever the bond and the base fee are. A division by what
    /// the solver does not know is too much for it, hence a few sizes.
    function check_publicationEarns_atMostHalf(uint16 bond, uint8 baseFee) public pure {
        atMostHalf(bond, 1, baseFee);
        atMostHalf(bond, 91, baseFee);
        atMostHalf(bond, 1024, baseFee);
    }

    function atMostHalf(uint128 bond, uint256 predictions, uint256 baseFee) private pure {
        uint256 taken = RoundPayouts.publicationTakes(bond, Privacy.PRIVATE, predictions, baseFee);
        uint256 earned = RoundPayouts.publicationEarns(taken, predictions);
        uint256 publish = RoundPayouts.quietGas().publishBase + predictions * RoundPayouts.quietGas().publishPerWord;
        assert(earned <= taken && 2 * earned <= publish * baseFee);
    }

    function testFuzz_publicationEarns_atMostHalf(uint128 bond, uint16 predictions, uint64 baseFee) public pure {
        atMostHalf(bond, predictions, baseFee);
        // A bond of that base fee to the wei.
        uint256 exact = RoundPayouts.quietBond(Privacy.PRIVATE, predictions, baseFee);
        uint256 half = (RoundPayouts.quietGas().publishBase + uint256(predictions) * 2250) / 2 * baseFee;
        assert(RoundPayouts.publicationEarns(exact, predictions) == half);
    }

    /// Written out by hand.
    function test_amounts() public pure {
        assertEq(RoundPayouts.toll(3, 20_011), 120_066, "2kZ");
        assertEq(RoundPayouts.toll(0, 20_011), 0, "none");
        assertEq(RoundPayouts.contestFee(3, 900_001, 7), 18_900_021, "three answers");
        // 140,000 + (73,000 + 17·2,250)/2 = 195,625
        assertEq(RoundPayouts.quietBond(Privacy.PRIVATE, 17, 7), 1_369_375, "Q");
        // 1,369,375·55,625/195,625 = 55,625·7; rounded down, the treasury has the rest
        assertEq(RoundPayouts.publicationEarns(1_369_375, 17), 389_375, "earned");
        assertEq(RoundPayouts.publicationEarns(1_369_374, 17), 389_374, "earned of one wei less");
        assertEq(RoundPayouts.publicationEarns(0, 17), 0, "nothing taken");
    }

    function test_counter_ofEachOutcome() public {
        assertTrue(RoundPayouts.counter(RoundOutcome.Void) == Counter.Voided, "Void");
        assertTrue(RoundPayouts.counter(RoundOutcome.Clean) == Counter.RoundClean, "Clean");
        assertTrue(RoundPayouts.counter(RoundOutcome.Upheld) == Counter.RoundUpheld, "Upheld");
        assertTrue(RoundPayouts.counter(RoundOutcome.Fault) == Counter.RoundFault, "Fault");
        RoundOutcome[2] memory none = [RoundOutcome.None, RoundOutcome.Cancelled];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(RoundPayouts.NoRow.selector, none[i]));
            this.counterOf(none[i]);
            vm.expectRevert(abi.encodeWithSelector(RoundPayouts.NoRow.selector, none[i]));
            this.rowOf(none[i]);
        }
    }

    function counterOf(RoundOutcome outcome) external pure returns (Counter) {
        return RoundPayouts.counter(outcome);
    }

    function rowOf(RoundOutcome outcome) external pure returns (uint256 mc, uint256 mp, uint256 rest) {
        return RoundPayouts.row(outcome, RoundPayouts.Escrow(1, 1, 1, 1, 1), 0, 0, 0);
    }
}
