function reject(reason) {
    mstore(0x00, PROOF_REJECTED)
    mstore(0x04, reason)
    revert(0x00, 0x24)
}
function requireScalars(from, to) {
    let r := R
    let ok := 1
    for { let at := from } lt(at, to) { at := add(at, 0x20) } { ok := and(ok, lt(mload(at), r)) }
    if iszero(ok) { reject(SCALAR) }
}
// y^2 = x^3 + 3 with both below P; infinity, (0, 0), is not a solution.
function requirePoints(from, to) {
    let p := P
    let ok := 1
    for { let at := from } lt(at, to) { at := add(at, POINT_LEN) } {
        let x := mload(at)
        let y := mload(add(at, 0x20))
        let onCurve := eq(mulmod(y, y, p), addmod(mulmod(x, mulmod(x, x, p), p), 3, p))
        ok := and(ok, and(onCurve, and(lt(x, p), lt(y, p))))
    }
    if iszero(ok) { reject(POINT) }
}
// Hashes [from, from + len), stores the challenge, returns the hash.
function squeeze(from, len, to) -> h {
    h := keccak256(from, len)
    mstore(to, mod(h, R))
}
// A challenge that directly follows the one with hash `previous`.
function squeezeAgain(previous, to) -> h {
    mstore(0x00, previous)
    mstore8(0x20, 1)
    h := squeeze(0x00, 0x21, to)
}
// ACC += [TERM]; a precompile that answers with anything but a point rejects. Yul evaluates arguments from right to
// left: the call comes before the size of what it returned.
function addToAcc() {
    if iszero(and(eq(returndatasize(), POINT_LEN), staticcall(gas(), EC_ADD, ACC, 0x80, ACC, POINT_LEN))) {
        reject(ARITHMETIC)
    }
}
// ACC += scalar * [point]
function addTerm(point, scalar) {
    mcopy(TERM, point, POINT_LEN)
    mstore(TERM_SCALAR, scalar)
    if iszero(and(eq(returndatasize(), POINT_LEN), staticcall(gas(), EC_MUL, TERM, 0x60, TERM, POINT_LEN))) {
        reject(ARITHMETIC)
    }
    addToAcc()
}
