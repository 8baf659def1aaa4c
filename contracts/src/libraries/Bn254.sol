// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Point} from "../types/SharedKeyTypes.sol";

/// @title The group G1 of BN254, by the precompiled contracts of EIP-196
/// @notice y^2 = x^3 + 3 over the base field; every point of the curve is in the group, whose order is
/// `Statement.SCALAR_ORDER`.
library Bn254 {
    /// Order of the base field: coordinates are below it.
    uint256 internal constant BASE_ORDER = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    address private constant ADD = address(6);
    address private constant MUL = address(7);

    /// @notice A coordinate is not below the order of the base field, or the point is not on the curve. Infinity, written (0, 0),
    /// is not.
    error BadPoint(uint256 x, uint256 y);
    /// @notice A precompiled contract gave no point: an argument is none.
    error CurveCallFailed();

    /// @notice The generator (1, 2).
    function generator() internal pure returns (Point memory) {
        return Point(1, 2);
    }

    /// @notice Reverts `BadPoint` unless this is a point of the group other than infinity.
    function requireValid(Point memory p) internal pure {
        require(p.x < BASE_ORDER && p.y < BASE_ORDER, BadPoint(p.x, p.y));
        uint256 cube = mulmod(mulmod(p.x, p.x, BASE_ORDER), p.x, BASE_ORDER);
        require(mulmod(p.y, p.y, BASE_ORDER) == addmod(cube, 3, BASE_ORDER), BadPoint(p.x, p.y));
    }

    /// @notice `k`·p of a valid point or infinity.
    function mul(Point memory p, uint256 k) internal view returns (Point memory) {
        return _call(MUL, abi.encode(p, k));
    }

    /// @notice p + q of valid points or infinity.
    function add(Point memory p, Point memory q) internal view returns (Point memory) {
        return _call(ADD, abi.encode(p, q));
    }

    function equal(Point memory p, Point memory q) internal pure returns (bool) {
        return p.x == q.x && p.y == q.y;
    }

    function _call(address precompile, bytes memory input) private view returns (Point memory) {
        (bool ok, bytes memory output) = precompile.staticcall(input);
        require(ok, CurveCallFailed());
        // Reverts, too, where nothing answers at that address.
        return abi.decode(output, (Point));
    }
}
