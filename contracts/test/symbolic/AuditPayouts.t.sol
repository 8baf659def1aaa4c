// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AuditPayouts} from "../../src/libraries/AuditPayouts.sol";
import {AuditAssurance, AuditOutcome} from "../../src/types/AuditTypes.sol";
import {TestBase} from "../base/TestBase.sol";

/// Properties of the payout functions of audits. Each `check_` is for halmos (README.md in `contracts/`), which proves it for all
/// arguments; the test below it is for forge.
contract AuditPayoutsSymbolicTest is TestBase {
    /// V27: every row pays out pi and b; before `accept` there is pi alone.
    function check_row_paysTheEscrow(uint8 outcome, uint128 price, uint128 bond) public pure {
        vm.assume(outcome >= uint8(AuditOutcome.Cancelled) && outcome <= uint8(AuditOutcome.Complete));
        (uint256 toRq, uint256 toRs) = AuditPayouts.row(AuditOutcome(outcome), price, bond);
        bool wasAccepted = outcome >= uint8(AuditOutcome.Timeout);
        assert(toRq + toRs == uint256(price) + (wasAccepted ? bond : 0));
        // Winner takes all: nobody gets a part of what is the other's.
        assert(toRq == 0 || toRs == 0);
        // The responder is paid for answers that nobody could fault, and for nothing else.
        bool paid = outcome == uint8(AuditOutcome.Unchecked) || outcome == uint8(AuditOutcome.Complete);
        assert(paid ? toRs == uint256(price) + bond : toRs == 0);
    }

    function testFuzz_row_paysTheEscrow(uint8 outcome, uint128 price, uint128 bond) public pure {
        check_row_paysTheEscrow(uint8(bound(outcome, 1, 6)), price, bond);
    }

    /// V27: a settled demand pays out B; the responder never more than half of it, nor of what it used up.
    function check_demandRow_paysTheFee(bool violated, bool published, uint128 paid, uint128 spent) public pure {
        (uint256 toRq, uint256 toRs) = AuditPayouts.demandRow(violated, published, paid, spent);
        assert(toRq + toRs == paid);
        assert(2 * toRs <= paid && 2 * toRs <= spent);
        if (violated || !published) assert(toRs == 0);
        // A publication costs the requester half of what it cost, unless that is more than B.
        else if (spent <= paid) assert(2 * toRs + 1 >= spent);
        else assert(2 * toRs + 1 >= paid);
    }

    function testFuzz_demandRow_paysTheFee(bool violated, bool published, uint128 paid, uint128 spent) public pure {
        check_demandRow_paysTheFee(violated, published, paid, spent);
    }

    /// What is delivered and published at one base fee uses up B to the wei, however it is split. Narrow, since no solver here
    /// multiplies wide words.
    function check_demandFee_isTheSumOfItsCalls(
        uint8 first,
        uint8 rest,
        uint8 chunkGas,
        uint8 deliverGas,
        uint8 baseFee
    ) public pure {
        isTheSum(first, rest, chunkGas, deliverGas, baseFee);
    }

    function isTheSum(uint256 first, uint256 rest, uint256 chunkGas, uint256 deliverGas, uint256 baseFee) private pure {
        uint256 spent = AuditPayouts.demandFee(0, 0, deliverGas, baseFee)
            + AuditPayouts.demandFee(first, chunkGas, 0, baseFee) + AuditPayouts.demandFee(rest, chunkGas, 0, baseFee);
        assert(spent == AuditPayouts.demandFee(first + rest, chunkGas, deliverGas, baseFee));
    }

    function testFuzz_demandFee_isTheSumOfItsCalls(
        uint32 first,
        uint32 rest,
        uint32 chunkGas,
        uint32 deliverGas,
        uint64 baseFee
    ) public pure {
        isTheSum(first, rest, chunkGas, deliverGas, baseFee);
    }

    /// Nothing is called proven but what is, and never all of it for a part.
    function check_assurance_isWhatIsProven(uint8 outcome, uint32 samples, uint32 zeros) public pure {
        vm.assume(outcome <= uint8(AuditOutcome.Complete) && samples != 0);
        AuditAssurance a = AuditPayouts.assurance(AuditOutcome(outcome), samples, zeros);
        uint256 drawn = AuditPayouts.drawn(samples, zeros);
        assert(drawn <= samples && drawn <= zeros);
        if (outcome != uint8(AuditOutcome.Complete) || zeros == 0) assert(a == AuditAssurance.NONE);
        else assert((a == AuditAssurance.EXHAUSTIVE) == (drawn == zeros) && a != AuditAssurance.NONE);
    }

    function testFuzz_assurance_isWhatIsProven(uint8 outcome, uint32 samples, uint32 zeros) public pure {
        samples = uint32(bound(samples, 1, type(uint32).max));
        check_assurance_isWhatIsProven(uint8(bound(outcome, 0, 6)), samples, zeros);
        check_assurance_isWhatIsProven(
            uint8(AuditOutcome.Complete), samples, zeros % (samples + uint64(1)) == 0 ? zeros : samples
        );
        check_assurance_isWhatIsProven(uint8(AuditOutcome.Complete), samples, 0);
    }

    /// Written out by hand.
    function test_amounts() public pure {
        assertEq(AuditPayouts.demandFee(6, 30_011, 150_001, 7), 2_310_469, "B");
        (uint256 toRq, uint256 toRs) = AuditPayouts.demandRow(false, true, 2_310_469, 2_310_469);
        assertEq(toRs, 1_155_234, "half, rounded down");
        assertEq(toRq, 1_155_235, "the odd wei");
        (toRq, toRs) = AuditPayouts.demandRow(false, true, 2_310_469, 1001);
        assertEq(toRs, 500, "half of what was used up");
        assertEq(AuditPayouts.drawn(3, 7), 3, "a part");
        assertEq(AuditPayouts.drawn(7, 7), 7, "all");
        assertEq(AuditPayouts.drawn(8, 7), 7, "no more than there are");
    }

    function test_row_ofNothing() public {
        vm.expectRevert(abi.encodeWithSelector(AuditPayouts.NoRow.selector, AuditOutcome.None));
        this.rowOf(AuditOutcome.None);
    }

    function rowOf(AuditOutcome outcome) external pure returns (uint256, uint256) {
        return AuditPayouts.row(outcome, 1, 1);
    }
}
