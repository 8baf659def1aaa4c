// 0. What was set at construction: key data and the string's point go to memory, so that no variable stays on the stack.
{
    (address vkData, bytes32 codehash) = (VK_DATA, VK_DATA_CODEHASH);
    assembly {
        if iszero(eq(extcodehash(vkData), codehash)) {
            mstore(0x00, PROOF_REJECTED)
            mstore(0x04, KEY_DATA)
            revert(0x00, 0x24)
        }
        extcodecopy(vkData, KEY_DATA_AT, 1, KEY_DATA_LEN)
    }
}
{
    (uint256 x1, uint256 x0, uint256 y1, uint256 y0) = (NEG_S_G2_X1, NEG_S_G2_X0, NEG_S_G2_Y1, NEG_S_G2_Y0);
    assembly {
        mstore(NEG_S_G2, x1)
        mstore(add(NEG_S_G2, 0x20), x0)
        mstore(add(NEG_S_G2, 0x40), y1)
        mstore(add(NEG_S_G2, 0x60), y0)
    }
}
