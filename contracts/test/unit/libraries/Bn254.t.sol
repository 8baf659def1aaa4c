// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {Bn254} from "../../../src/libraries/Bn254.sol";
import {Statement} from "../../../src/libraries/Statement.sol";
import {Point} from "../../../src/types/SharedKeyTypes.sol";

contract Bn254Test is TestBase {
    using Bn254 for Point;

    uint256 internal constant P = Bn254.BASE_ORDER;

    function requireValid(Point memory p) external pure {
        p.requireValid();
    }

    function mul(Point memory p, uint256 k) external view returns (Point memory) {
        return p.mul(k);
    }

    function mulWith(uint256 gas_, Point memory p, uint256 k) external view returns (Point memory) {
        return this.mul{gas: gas_}(p, k);
    }

    function expectBad(uint256 x, uint256 y) private {
        vm.expectRevert(abi.encodeWithSelector(Bn254.BadPoint.selector, x, y));
        this.requireValid(Point(x, y));
    }

    function test_baseOrder_isThatOfBn254() public pure {
        assertEq(
            P,
            21_888_242_871_839_275_222_246_405_745_257_275_088_696_311_157_297_823_662_689_037_894_645_226_208_583,
            "order"
        );
    }

    function test_requireValid_acceptsThePointsOfTheGroup() public view {
        Point memory p = Bn254.generator();
        for (uint256 i = 0; i < 20; ++i) {
            this.requireValid(p);
            // and its negative
            this.requireValid(Point(p.x, P - p.y));
            p = p.add(Bn254.generator());
        }
    }

    function test_requireValid_revertsWhen_theCoordinatesAreNoPoint() public {
        expectBad(0, 0);
        expectBad(1, 1);
        expectBad(2, 1);
        expectBad(0, 1);
        expectBad(1, 0);
        // 3 is no square of the base field, so nothing has x = 0
        expectBad(0, 2);
    }

    /// The same residues, written with other words: two encodings of one point would be two keys.
    function test_requireValid_revertsWhen_aCoordinateIsNotReduced() public {
        expectBad(1 + P, 2);
        expectBad(1, 2 + P);
        expectBad(1, type(uint256).max);
        expectBad(type(uint256).max, 2);
        expectBad(P, P);
        expectBad(P - 1, P);
    }

    function testFuzz_requireValid_isTheEquationOfTheCurve(uint256 x, uint256 y) public view {
        x %= P;
        y %= P;
        bool valid = mulmod(y, y, P) == addmod(mulmod(x, mulmod(x, x, P), P), 3, P);
        try this.requireValid(Point(x, y)) {
            assertTrue(valid, "valid");
        } catch {
            assertTrue(!valid, "not on the curve");
        }
    }

    /// Values of EIP-196's reference tests: 2·G.
    function test_addAndMul_agreeWithAKnownPoint() public view {
        Point memory g = Bn254.generator();
        assertTrue(g.equal(Point(1, 2)), "G");
        Point memory two = g.add(g);
        assertEq(two.x, 0x030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3, "x of 2G");
        assertEq(two.y, 0x15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4, "y of 2G");
        assertTrue(g.mul(2).equal(two), "2G");
        assertTrue(g.mul(Statement.SCALAR_ORDER).equal(Point(0, 0)), "r times G is infinity");
        assertTrue(g.mul(Statement.SCALAR_ORDER + 1).equal(g), "r + 1");
        assertTrue(!two.equal(Point(two.x, 2)) && !two.equal(Point(1, two.y)), "both coordinates count");
    }

    function testFuzz_mul_distributes(uint128 a, uint128 b) public view {
        Point memory g = Bn254.generator();
        assertTrue(g.mul(a).add(g.mul(b)).equal(g.mul(uint256(a) + b)), "(a + b)G");
        assertTrue(g.mul(a).mul(b).equal(g.mul(b).mul(a)), "abG");
    }

    /// Without an answer there is no result, whatever the reason.
    function test_mul_revertsWhen_thePrecompileDoesNotAnswer() public {
        vm.expectRevert(Bn254.CurveCallFailed.selector);
        this.mulWith(100_000, Point(1, 1), 2);
        // What is left by a call that ran out of gas is too little to say so.
        vm.expectRevert();
        this.mulWith(6500, Point(1, 2), 2);
        assertTrue(this.mulWith(10_000, Point(1, 2), 1).equal(Point(1, 2)), "with enough");
    }
}
