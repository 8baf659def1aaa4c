// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {JudgeFixture} from "../../base/JudgeFixture.sol";
import {Payload} from "../../base/Payload.sol";
import {BadData, Evidence, Transfer} from "../../../src/types/TransferTypes.sol";

/// What a verdict on a 96x96x3 image costs: 892 words, 8 per chunk. Only two examples, so the paths are short; each
/// further level of a tree costs about 400 gas.
contract JudgeGasTest is JudgeFixture {
    function test_gas_ofEachClaimOnAnImage() public {
        Payload.Shape memory s = Payload.Shape({n: 2, inputWords: 892, wordsPerChunk: 8, classes: 10});
        Case memory c = build(s, keccak256("shuffle"));
        uint256 header = indexOf(c, 1) * 113;
        c.plain[header][0] ^= 1;
        c.plain[header + 1][0] ^= 1;
        c.plain[header + 51][0] ^= 1;
        seal(c);
        Transfer memory t = transfer(c, 1);
        assertLe(gasOf(t, evidence(c, 1, BadData.Header, 0)), 130_000, "header");
        assertLe(gasOf(t, evidence(c, 1, BadData.Start, 0)), 220_000, "start");
        assertLe(gasOf(t, evidence(c, 1, BadData.Step, 49)), 480_000, "step");
    }

    function gasOf(Transfer memory t, Evidence memory e) private returns (uint256 used) {
        vm.cool(address(judge));
        used = gasleft();
        judge.judge(t, e);
        used -= gasleft();
    }
}
