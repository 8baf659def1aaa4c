// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferJudge} from "../../src/TransferJudge.sol";
import {TAG_TEST} from "../../src/libraries/Tags.sol";
import {Shuffle} from "../../src/libraries/Shuffle.sol";
import {BadData, Evidence, Shape, Transfer} from "../../src/types/TransferTypes.sol";
import {Payload} from "./Payload.sol";
import {TestBase} from "./TestBase.sol";
import {TestSet} from "./TestSet.sol";

/// A small transfer in memory: 3 examples of 5 words, 4 words per chunk, so 3 chunks each and three words of padding.
abstract contract JudgeFixture is TestBase {
    bytes32 internal constant ID = keccak256("engagement");
    bytes32 internal constant MASTER = keccak256("master");
    uint256 internal constant PER = 3;
    uint256 internal constant N = 3;

    TransferJudge internal judge;

    function setUp() public virtual {
        judge = new TransferJudge();
    }

    function shape() internal pure returns (Payload.Shape memory) {
        return Payload.Shape({n: N, inputWords: 5, wordsPerChunk: 4, classes: 10});
    }

    struct Case {
        Payload.Shape shape;
        bytes32 seed;
        uint256[][] plain;
        TestSet.Example[] examples;
        bytes32[] tree;
        bytes32[] keys;
        bytes32[][] cipher;
    }

    function build(Payload.Shape memory s, bytes32 seed) internal pure returns (Case memory c) {
        c.shape = s;
        c.seed = seed;
        (c.plain, c.examples) = Payload.build(s, 1);
        c.tree = Payload.testLeaves(c.examples);
        c.keys = Payload.keys(MASTER, s.n);
        seal(c);
    }

    /// Encrypts what is in `plain` now.
    function seal(Case memory c) internal pure {
        c.cipher = Payload.encrypt(c.plain, c.keys, ID);
    }

    function transfer(Case memory c, uint256 position) internal pure returns (Transfer memory t) {
        t.id = ID;
        t.testRoot = TestSet.root(c.tree);
        t.ctRoot = TestSet.root(Payload.cipherLeaves(c.cipher));
        t.leafTag = TAG_TEST;
        t.seed = c.seed;
        t.position = position;
        t.shape = Shape(c.shape.n, c.shape.inputWords, c.shape.wordsPerChunk);
        t.key = MASTER;
        t.isMaster = true;
    }

    function indexOf(Case memory c, uint256 position) internal pure returns (uint256) {
        return c.seed == 0 ? position : Shuffle.indexAt(c.seed, position, c.shape.n);
    }

    function evidence(Case memory c, uint256 position, BadData claim, uint256 chunk)
        internal
        pure
        returns (Evidence memory)
    {
        return Payload.evidence(claim, indexOf(c, position), chunk, Payload.perExample(c.shape), c.cipher, c.tree);
    }

    /// Whether the judge convicts on that claim; anything but `NoFault` is a test that is built wrongly.
    function convicts(Case memory c, uint256 position, BadData claim, uint256 chunk) internal view returns (bool) {
        try judge.judge(transfer(c, position), evidence(c, position, claim, chunk)) returns (BadData returned) {
            assertEq(uint256(returned), uint256(claim), "the proven claim");
            return true;
        } catch (bytes memory reason) {
            assertEq(
                keccak256(reason), keccak256(abi.encodeWithSignature("NoFault(uint256)", position)), "NoFault only"
            );
            return false;
        }
    }

    /// Whether any claim at all convicts.
    function convictsSomehow(Case memory c, uint256 position) internal view returns (bool) {
        if (convicts(c, position, BadData.Header, 0) || convicts(c, position, BadData.Start, 0)) return true;
        for (uint256 j = 0; j + 1 < Payload.perExample(c.shape); ++j) {
            if (convicts(c, position, BadData.Step, j)) return true;
        }
        return false;
    }
}
