// 2. Every point and evaluation of the proof.
{{require_points}}
requireScalars(EVALS, add(EVALS, EVALS_LEN))
let r := R

// 3. Challenges: each segment is hashed together with the hash before it.
mstore(TRANSCRIPT, mload(VK_DIGEST))
{{transcript}}

// 4. x^n, and all inverses at once: denominators of the Lagrange polynomials, x^n - 1, x, and the first difference.
{
    let x := mload(X)
    let xn := x
    for { let i := mload(LOG_ROWS) } i { i := sub(i, 1) } { xn := mulmod(xn, xn, r) }
    mstore(X_TO_N, xn)
    let omega := mload(OMEGA)
    let root := mload(FIRST_ROOT)
    for { let at := LAGRANGE } lt(at, LAGRANGE_END) { at := add(at, 0x20) } {
        mstore(at, addmod(x, sub(r, root), r))
        root := mulmod(root, omega, r)
    }
    mstore(INVERSE_VANISHING, addmod(xn, sub(r, 1), r))
    mstore(INVERSE_X, x)
    let u := mload(OPENING_U)
    {{distances}}
}
mstore(INVERSE_FIRST_DIFFERENCE, {{first_difference}})
{
    let product := 1
    let prefix := PREFIX_PRODUCTS
    for { let at := LAGRANGE } lt(at, INVERTED_END) { at := add(at, 0x20) } {
        mstore(prefix, product)
        product := mulmod(product, mload(at), r)
        prefix := add(prefix, 0x20)
    }
    // product^(r - 2) is its inverse unless it is zero, which the multiplication shows.
    mstore(prefix, 0x20)
    mstore(add(prefix, 0x20), 0x20)
    mstore(add(prefix, 0x40), 0x20)
    mstore(add(prefix, 0x60), product)
    mstore(add(prefix, 0x80), sub(r, 2))
    mstore(add(prefix, 0xa0), r)
    if iszero(and(eq(returndatasize(), 0x20), staticcall(gas(), MODEXP, prefix, 0xc0, prefix, 0x20))) {
        reject(ARITHMETIC)
    }
    let inverse := mload(prefix)
    if iszero(eq(mulmod(inverse, product, r), 1)) { reject(ARITHMETIC) }
    for { let at := INVERTED_END } gt(at, LAGRANGE) { } {
        at := sub(at, 0x20)
        prefix := sub(prefix, 0x20)
        let value := mload(at)
        mstore(at, mulmod(inverse, mload(prefix), r))
        inverse := mulmod(inverse, value, r)
    }
}

// 5. Lagrange polynomials and the instance polynomial at x.
{
    let common := mulmod(addmod(mload(X_TO_N), sub(r, 1), r), mload(ROWS_INVERSE), r)
    let omega := mload(OMEGA)
    let root := mload(FIRST_ROOT)
    for { let at := LAGRANGE } lt(at, LAGRANGE_END) { at := add(at, 0x20) } {
        mstore(at, mulmod(mulmod(common, root, r), mload(at), r))
        root := mulmod(root, omega, r)
    }
    let value := 0
    let lagrange := LAGRANGE_ROW_0
    for { let at := INSTANCES } lt(at, INSTANCES_QUERIED_END) { at := add(at, 0x20) } {
        value := addmod(value, mulmod(mload(at), mload(lagrange), r), r)
        lagrange := add(lagrange, 0x20)
    }
    mstore(INSTANCE_EVAL, value)
}

// 6. The quotient at x: all constraints, folded with y, over x^n - 1.
{
    let y := mload(Y)
    let acc := 0
    {{numerator}}
    mstore(QUOTIENT_EVAL, mulmod(acc, mload(INVERSE_VANISHING), r))
}

// 7. The quotient's commitment from its chunks, highest first.
mcopy(ACC, QUOTIENT_LAST_CHUNK, POINT_LEN)
for { let at := QUOTIENT_LAST_CHUNK } gt(at, QUOTIENT_CHUNKS) { } {
    at := sub(at, POINT_LEN)
    // ACC = x^n * ACC + [chunk]
    mstore(ACC_SCALAR, mload(X_TO_N))
    if iszero(and(eq(returndatasize(), POINT_LEN), staticcall(gas(), EC_MUL, ACC, 0x60, ACC, POINT_LEN))) {
        reject(ARITHMETIC)
    }
    mcopy(TERM, at, POINT_LEN)
    addToAcc()
}
mcopy(QUOTIENT, ACC, POINT_LEN)

// 8. SHPLONK: every polynomial at every point, by rotation set.
{{sets}}

// 9. The pairing: e(ACC, g2) = e(W', s g2).
mstore(G1_AT, G1_X)
mstore(add(G1_AT, 0x20), G1_Y)
addTerm(G1_AT, sub(r, mload(OPENING_SUM)))
addTerm(W, sub(r, {{first_vanishing}}))
addTerm(W_PRIME, mload(OPENING_U))
mstore(PAIRING_G2, G2_X1)
mstore(add(PAIRING_G2, 0x20), G2_X0)
mstore(add(PAIRING_G2, 0x40), G2_Y1)
mstore(add(PAIRING_G2, 0x60), G2_Y0)
mcopy(PAIRING_W, W_PRIME, POINT_LEN)
mcopy(PAIRING_S_G2, NEG_S_G2, 0x80)
if iszero(and(eq(returndatasize(), 0x20), staticcall(gas(), EC_PAIRING, 0x00, 0x180, 0x00, 0x20))) {
    reject(ARITHMETIC)
}
if iszero(eq(mload(0x00), 1)) { reject(PAIRING) }
return(0x00, 0x20)
