// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {PoseidonChain} from "../../../src/libraries/PoseidonChain.sol";

contract PoseidonChainTest is TestBase {
    /// circomlibjs: `poseidon([1, 2, 3])`; `statement/src/poseidon.rs` pins the same value.
    function test_step_isCircomlibsPoseidonOfThree() public pure {
        assertEq(
            PoseidonChain.step(1, 2, 3), 0x0e7732d89e6939c0ff03d5e58dab6302f3230e269dc5b968f725df34ab36d732, "1, 2, 3"
        );
    }

    /// The bytes 0..99 with a salt of 31 sevens: four words, the last one filled. Computed with circomlibjs.
    function test_chain_commitsToAHundredBytes() public pure {
        uint256 h = PoseidonChain.start(4, 0x07070707070707070707070707070707070707070707070707070707070707);
        assertEq(h, 0x13b5b0db39a49aeb9b7863387844a209fc692540e07e85a3c605b41701a2f5ef, "h0");
        h = PoseidonChain.step(
            h,
            0x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e,
            0x1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d
        );
        assertEq(h, 0x2dc10b47a59eea63095665474183f229c92bcb421c8a09c30ce76a785835129b, "h1");
        h = PoseidonChain.step(
            h,
            0x3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c,
            0x5d5e5f60616263000000000000000000000000000000000000000000000000
        );
        assertEq(h, 0x1b94c28eb48d80103e9b076778f425abf1a6061a52dc0128b9f92985739cc4c6, "commitment");
    }

    function test_lengthTag_holdsDomainAndLength() public pure {
        uint256 domain = uint256(uint120(uint256(keccak256("assay.input.v1"))));
        assertEq(PoseidonChain.lengthTag(892), domain * (1 << 64) + 892, "tag");
        assertTrue(PoseidonChain.lengthTag(type(uint32).max) < uint256(1) << 184, "184 bits");
    }

    function testFuzz_start_bindsLengthAndSalt(uint32 words, uint248 salt) public pure {
        uint256 h = PoseidonChain.start(words, salt);
        assertTrue(h != PoseidonChain.start(uint256(words) + 1, salt), "length");
        assertTrue(h != PoseidonChain.start(words, uint256(salt) + 1), "salt");
    }
}
