/// @notice {{notice}}
/// @param vkDigest digest of the verifying key, must be the one of the key data.
/// @param inst `[{{words}}]`. `{{hash_word}}` is not an instance of the circuit: it is
/// recomputed here from the first {{leading_points}} points of the proof, as `keccak256(points) >> 8`.
/// @param proof the proof, {{proof_len}} bytes: a whole number of words, so that the ABI adds no padding.
/// @return true; whatever is not proven reverts.
function verify(bytes32 vkDigest, uint256[{{word_count}}] calldata inst, bytes calldata proof) external view returns (bool) {
    {{constructed}}
    assembly {
        {{functions}}

        // 1. The call: canonical ABI encoding and nothing else.
        if iszero(
            and(
                eq(calldatasize(), CALLDATA_LEN),
                and(eq(proof.offset, PROOF_OFFSET), eq(proof.length, PROOF_LEN))
            )
        ) { reject(CALLDATA) }
        if iszero(eq(vkDigest, mload(VK_DIGEST))) { reject(DIGEST) }
        {{copy_instances}}
        requireScalars(INSTANCES, add(INSTANCES, INSTANCES_LEN))
        {{copy_proof}}
        if iszero(eq(shr(8, keccak256(FIRST_POINTS, WEIGHT_POINTS_LEN)), calldataload(add(inst, {{hash_at}})))) {
            reject(WEIGHTS)
        }

        {{core}}
    }
}
