/// @notice Checks a proof. Calldata is `instances || proof`: {{num_instances}} words, then {{proof_len}} bytes.
/// Returns one word, `true`; whatever is not proven reverts.
fallback() external {
    {{constructed}}
    assembly {
        {{functions}}

        // 1. The call.
        if iszero(eq(calldatasize(), CALLDATA_LEN)) { reject(CALLDATA) }
        calldatacopy(INSTANCES, 0, INSTANCES_LEN)
        requireScalars(INSTANCES, add(INSTANCES, INSTANCES_LEN))
        {{copy_proof}}

        {{core}}
    }
}
