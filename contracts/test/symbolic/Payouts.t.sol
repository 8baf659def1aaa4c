// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../base/TestBase.sol";
import {Payouts} from "../../src/libraries/Payouts.sol";
import {Target} from "../../src/libraries/Target.sol";
import {Mode, Outcome} from "../../src/types/MarketTypes.sol";

/// Properties of the payout functions. Each `check_` is for halmos (README.md in `contracts/`), which proves it for all
/// arguments; the test below it is for forge.
contract PayoutsSymbolicTest is TestBase {
    /// No row overdraws the two deposits, and each gives the consumer one of five amounts.
    function check_rows_areWithinTheEscrow(uint8 outcome, uint256 d, uint256 a, uint256 r) public pure {
        vm.assume(outcome >= uint8(Outcome.McSilent) && outcome <= uint8(Outcome.Passed));
        vm.assume(d <= type(uint128).max && a < r && r < d);
        uint256 mcAmount = Payouts.mcAmount(Outcome(outcome), d, a, r);
        assert(mcAmount <= 2 * d);
        assert(mcAmount == 0 || mcAmount == d || mcAmount == d - a || mcAmount == d - r || mcAmount == 2 * d);
        // The provider loses its deposit in the three outcomes that are its own doing, and in no other.
        bool own = outcome == uint8(Outcome.MpSilent) || outcome == uint8(Outcome.FailedAccuracy)
            || outcome == uint8(Outcome.Fault);
        assert((2 * d - mcAmount < d) == own);
        // The consumer loses more than a payment in the two outcomes that are its own doing, and in no other.
        bool mine = outcome == uint8(Outcome.McSilent) || outcome == uint8(Outcome.BadData);
        assert((mcAmount < d - r) == mine);
    }

    function testFuzz_rows_areWithinTheEscrow(uint8 outcome, uint128 d, uint128 a, uint128 r) public pure {
        d = uint128(bound(d, 2, type(uint128).max));
        r = uint128(bound(r, 1, d - 1));
        a = uint128(bound(a, 0, r - 1));
        check_rows_areWithinTheEscrow(uint8(bound(outcome, uint8(Outcome.McSilent), uint8(Outcome.Passed))), d, a, r);
    }

    /// I0: E > Z > P > 0 gives A < R < D in every mode. N1 and N2 are those of the tests and prices are narrow: no solver
    /// here multiplies wide words. The test below has the full widths.
    function check_payments_areOrdered(uint8 mode, uint8 e, uint8 z, uint8 p) public pure {
        vm.assume(mode < 3 && e > z && z > p && p != 0);
        uint256 a = Payouts.abortPayment(Mode(mode), 3, 4, p);
        uint256 r = Payouts.successPayment(Mode(mode), 3, 4, p, z);
        assert(a < r);
        assert(r < Payouts.deposit(7, e));
    }

    function testFuzz_payments_areOrdered(uint8 mode, uint32 n1, uint32 n2, uint128 e, uint128 z, uint128 p)
        public
        pure
    {
        mode = uint8(bound(mode, 0, 2));
        n1 = uint32(bound(n1, 1, 2048));
        n2 = uint32(bound(n2, 1, 65_536 - n1));
        e = uint128(bound(e, 3, type(uint128).max >> 18));
        z = uint128(bound(z, 2, e - 1));
        p = uint128(bound(p, 1, z - 1));
        uint256 d = Payouts.deposit(uint256(n1) + n2, e);
        uint256 a = Payouts.abortPayment(Mode(mode), n1, n2, p);
        uint256 r = Payouts.successPayment(Mode(mode), n1, n2, p, z);
        assertTrue(a < r && r < d && d <= type(uint128).max, "A < R < D");
    }

    /// V6: never more than what is reserved, one for silence, all for a fault, else none.
    function check_burned_isWithinTheReservation(uint8 outcome, uint32 reserved) public pure {
        vm.assume(outcome <= uint8(Outcome.Settled) && reserved != 0);
        uint32 burned = Payouts.burned(Outcome(outcome), reserved);
        assert(burned <= reserved);
        if (outcome == uint8(Outcome.MpSilent)) assert(burned == 1);
        else assert(burned == (outcome == uint8(Outcome.Fault) ? reserved : 0));
    }

    function testFuzz_burned_isWithinTheReservation(uint8 outcome, uint32 reserved) public pure {
        check_burned_isWithinTheReservation(
            uint8(bound(outcome, 0, uint8(Outcome.Settled))), uint32(bound(reserved, 1, type(uint32).max))
        );
    }

    /// What two batches of a full demand are paid is what one is paid, and never more than the demand was for.
    function check_proofsPaid_addUp(uint32 before, uint32 first, uint32 second, uint32 needed) public pure {
        uint256 both = uint256(first) + second;
        uint256 one = Payouts.proofsPaid(before, first, needed);
        uint256 two = Payouts.proofsPaid(uint256(before) + first, second, needed);
        assert(one + two == Payouts.proofsPaid(before, both, needed));
        assert(one + two <= both);
        uint256 missing = before < needed ? needed - before : 0;
        assert(one + two <= missing);
        // The demand is met exactly when everything that was missing is paid.
        assert((before + both >= needed) == (one + two == missing));
    }

    function testFuzz_proofsPaid_addUp(uint32 before, uint32 first, uint32 second, uint32 needed) public pure {
        check_proofsPaid_addUp(before, first, second, needed);
        // Around the edge, where random words seldom are.
        before = uint32(bound(before, 0, needed));
        check_proofsPaid_addUp(before, uint32(bound(first, 0, needed - before)), second, needed);
    }

    /// Answers between two batches leave something in the fund, and never take more out of it.
    function check_proofsPaid_neverOverdraws(uint32 before, uint32 first, uint32 answers, uint32 second, uint32 needed)
        public
        pure
    {
        vm.assume(before <= needed);
        uint256 one = Payouts.proofsPaid(before, first, needed);
        uint256 two = Payouts.proofsPaid(uint256(before) + first + answers, second, needed);
        assert(one + two <= needed - before);
    }

    function testFuzz_proofsPaid_neverOverdraws(
        uint32 before,
        uint32 first,
        uint32 answers,
        uint32 second,
        uint32 needed
    ) public pure {
        before = uint32(bound(before, 0, needed));
        first = uint32(bound(first, 0, needed - before));
        check_proofsPaid_neverOverdraws(before, first, uint32(bound(answers, 0, 3)), second, needed);
    }

    /// I7: whoever the finder is, nine tenths of what is burned are lost to the provider. Narrow, since no solver here divides
    /// wide words; the test below it has the full width.
    function check_finderReward_isATenth(uint16 burned) public pure {
        finderRewardIsATenth(burned);
    }

    function finderRewardIsATenth(uint256 burned) private pure {
        uint256 reward = Payouts.finderReward(burned);
        assert(reward * 10 <= burned);
        assert(burned - reward * 10 < 10);
        assert((burned - reward) * 10 >= burned * 9);
    }

    function testFuzz_finderReward_isATenth(uint128 burned) public pure {
        finderRewardIsATenth(burned);
    }

    /// k* is the least count that meets the target: every target of some sizes. `isMet` never falls with the count.
    function test_needed_isTheLeastThatMeetsEveryTarget() public pure {
        uint256[4] memory sizes = [uint256(1), 7, 600, 65_536];
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 targetBps = 1; targetBps <= 10_000; ++targetBps) {
                uint256 needed = Target.needed(targetBps, sizes[i]);
                assertTrue(needed != 0 && needed <= sizes[i], "in range");
                assertTrue(Target.isMet(needed, targetBps, sizes[i]), "meets it");
                assertTrue(!Target.isMet(needed - 1, targetBps, sizes[i]), "the least");
            }
        }
    }

    function testFuzz_needed_isTheLeastThatMeetsTheTarget(uint16 targetBps, uint16 size, uint16 correct) public pure {
        uint256 target = bound(targetBps, 1, 10_000);
        uint256 n = bound(size, 1, type(uint16).max);
        assertTrue(Target.isMet(correct, target, n) == (correct >= Target.needed(target, n)), "k*");
    }
}
