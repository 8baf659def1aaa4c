// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {JudgeFixture} from "../../base/JudgeFixture.sol";
import {Payload} from "../../base/Payload.sol";
import {TestSet} from "../../base/TestSet.sol";
import {PoseidonChain} from "../../../src/libraries/PoseidonChain.sol";
import {Statement} from "../../../src/libraries/Statement.sol";
import {BadData, Transfer} from "../../../src/types/TransferTypes.sol";

/// What convicts and what does not (V15).
contract JudgeTest is JudgeFixture {
    bytes32 internal constant SEED = keccak256("shuffle");

    // ---- honest completeness ----

    function test_judge_clearsAnHonestTransfer() public view {
        Case memory c = build(shape(), SEED);
        for (uint256 p = 0; p < N; ++p) {
            assertTrue(!convictsSomehow(c, p), "honest");
        }
    }

    /// Every length of the last chunk, one chunk and several, with and without a shuffle, keys of one example.
    function test_judge_clearsHonestTransfersOfEveryShape() public view {
        for (uint256 words = 1; words <= 9; ++words) {
            Payload.Shape memory s = Payload.Shape({n: 2, inputWords: words, wordsPerChunk: 4, classes: 3});
            Case memory c = build(s, words % 2 == 0 ? SEED : bytes32(0));
            assertTrue(!convictsSomehow(c, 0) && !convictsSomehow(c, 1), "honest");
        }
    }

    function testFuzz_judge_clearsHonestTransfers(uint256 dataSeed, bytes32 seed, bytes32 master, uint8 raw)
        public
        view
    {
        Payload.Shape memory s =
            Payload.Shape({n: bound(raw, 1, 4), inputWords: bound(raw, 1, 5), wordsPerChunk: 2, classes: 7});
        Case memory c;
        c.shape = s;
        c.seed = seed;
        (c.plain, c.examples) = Payload.build(s, dataSeed);
        c.tree = Payload.testLeaves(c.examples);
        c.keys = Payload.keys(master, s.n);
        seal(c);
        uint256 position = bound(dataSeed, 0, s.n - 1);
        Transfer memory t = transfer(c, position);
        // the key of the example itself, as for the probe set
        t.isMaster = false;
        t.key = c.keys[indexOf(c, position)];
        for (uint256 claim = 0; claim < 3; ++claim) {
            for (uint256 j = 0; j + 1 < Payload.perExample(s); ++j) {
                try judge.judge(t, evidence(c, position, BadData(claim), j)) {
                    assertTrue(false, "convicted");
                } catch (bytes memory reason) {
                    assertEq(bytes32(bytes4(reason)), bytes32(bytes4(keccak256("NoFault(uint256)"))), "NoFault");
                }
            }
        }
    }

    // ---- completeness of evidence ----

    /// Each word of each example, one at a time, by its lowest bit: the claim that the specification names convicts.
    function test_judge_convictsOnEveryCorruptedWord() public view {
        Case memory c = build(shape(), SEED);
        for (uint256 p = 0; p < N; ++p) {
            uint256 header = indexOf(c, p) * PER;
            for (uint256 offset = 0; offset < PER; ++offset) {
                for (uint256 w = 0; w < c.plain[header + offset].length; ++w) {
                    c.plain[header + offset][w] ^= 1;
                    seal(c);
                    (BadData claim, uint256 chunk) = named(offset, w);
                    assertTrue(convicts(c, p, claim, chunk), "convicted");
                    c.plain[header + offset][w] ^= 1;
                }
            }
        }
    }

    /// V15: any change of any word.
    function testFuzz_judge_convictsOnAnyCorruption(uint256 rawPosition, uint256 rawWord, uint256 difference)
        public
        view
    {
        vm.assume(difference != 0);
        Case memory c = build(shape(), SEED);
        uint256 p = bound(rawPosition, 0, N - 1);
        uint256 word = bound(rawWord, 0, 14);
        uint256 offset = word / 5;
        c.plain[indexOf(c, p) * PER + offset][word % 5] ^= difference;
        seal(c);
        (BadData claim, uint256 chunk) = named(offset, word % 5);
        assertTrue(convicts(c, p, claim, chunk), "convicted");
        // and nobody is convicted for another example
        for (uint256 other = 0; other < N; ++other) {
            if (other != p) assertTrue(!convictsSomehow(c, other), "others are clear");
        }
    }

    /// A key that decrypts to anything else convicts whoever published it: no key commitment is needed.
    function testFuzz_judge_convictsOnAnotherKey(bytes32 key, uint256 rawPosition) public view {
        vm.assume(key != MASTER);
        Case memory c = build(shape(), SEED);
        uint256 p = bound(rawPosition, 0, N - 1);
        Transfer memory t = transfer(c, p);
        t.key = key;
        assertEq(uint256(judge.judge(t, evidence(c, p, BadData.Header, 0))), uint256(BadData.Header), "convicted");
    }

    /// Each word is checked at one place: the word number and its chunk name the claim.
    function named(uint256 offset, uint256 w) private pure returns (BadData, uint256) {
        if (offset == 0) return (w == 4 ? BadData.Start : BadData.Header, 0);
        if (w == 0) return offset == 1 ? (BadData.Start, 0) : (BadData.Step, offset - 2);
        return (BadData.Step, offset - 1);
    }

    // ---- data that are consistent but not canonical ----

    function test_judge_convictsOnASaltOf249Bits() public view {
        for (uint256 i = 0; i < 2; ++i) {
            Case memory c = build(shape(), 0);
            // i = 0: the chain follows from the salt, so only the rule about its size is broken
            uint256 salt = i == 0 ? uint256(1) << 248 : type(uint256).max;
            rechain(c, 1, salt, c.plain[4], c.plain[5]);
            assertTrue(convicts(c, 1, BadData.Start, 0), "too large");
        }
        Case memory honest = build(shape(), 0);
        rechain(honest, 1, (uint256(1) << 248) - 1, honest.plain[4], honest.plain[5]);
        assertTrue(!convictsSomehow(honest, 1), "the largest salt");
    }

    function test_judge_convictsOnAMessageWordOf249Bits() public view {
        Case memory c = build(shape(), 0);
        c.plain[4][2] = uint256(1) << 248;
        rechain(c, 1, c.plain[3][4], c.plain[4], c.plain[5]);
        assertTrue(convicts(c, 1, BadData.Step, 0), "too large");
        c.plain[4][2] -= 1;
        rechain(c, 1, c.plain[3][4], c.plain[4], c.plain[5]);
        assertTrue(!convictsSomehow(c, 1), "the largest word");
    }

    /// hIn + r is the same field element, hence the same chain: only the check of canonical words sees it.
    function test_judge_convictsOnAChainValueThatIsNotCanonical() public view {
        Case memory c = build(shape(), 0);
        c.plain[5][0] += Statement.SCALAR_ORDER;
        seal(c);
        assertTrue(convicts(c, 1, BadData.Step, 1), "alias of the right value");
        assertTrue(convicts(c, 1, BadData.Step, 0), "also not what follows from the chunk before");
    }

    /// r itself stands for 0, from which the chain goes on as if nothing were wrong.
    function test_judge_convictsOnAChainValueThatIsTheOrder() public view {
        Case memory c = build(shape(), 0);
        c.plain[5][0] = Statement.SCALAR_ORDER;
        c.plain[3][1] = PoseidonChain.step(0, c.plain[5][1], c.plain[5][2]);
        c.examples[1].inputCommit = c.plain[3][1];
        c.tree = Payload.testLeaves(c.examples);
        seal(c);
        assertTrue(convicts(c, 1, BadData.Step, 1), "not canonical");
        c.plain[5][0] = 0;
        seal(c);
        assertTrue(!convicts(c, 1, BadData.Step, 1), "zero would be");
    }

    /// The fifth word is the last one. Its call absorbs one zero word; the two after it are absorbed by no call.
    function test_judge_convictsOnPadding() public view {
        for (uint256 w = 2; w <= 4; ++w) {
            Case memory c = build(shape(), 0);
            c.plain[5][w] = 1;
            rechain(c, 1, c.plain[3][4], c.plain[4], c.plain[5]);
            assertTrue(convicts(c, 1, BadData.Step, 1), "padding");
        }
    }

    // ---- a header that is consistent with a leaf, but not with this one ----

    function test_judge_convictsOnTheHeaderOfAnotherExample() public view {
        Case memory c = build(shape(), 0);
        for (uint256 offset = 0; offset < PER; ++offset) {
            c.plain[3 + offset] = c.plain[6 + offset];
        }
        seal(c);
        assertTrue(convicts(c, 1, BadData.Header, 0), "index 2 at place 1");
    }

    /// The leaf committed under a wrong index opens for nobody, so sending it is bad data even if everything agrees.
    function test_judge_convictsOnALeafOfAnotherIndex() public view {
        Case memory c = build(shape(), 0);
        c.tree[1] = TestSet.leafOf(2, c.examples[1]);
        assertTrue(convicts(c, 1, BadData.Header, 0), "the committed leaf states index 2");
        c.plain[3][0] = 2;
        seal(c);
        assertTrue(convicts(c, 1, BadData.Header, 0), "so does the header");
    }

    /// A label word with bits above 32 that the leaf does not have.
    function test_judge_doesNotTruncateLabels() public view {
        Case memory c = build(shape(), 0);
        c.plain[3][2] += uint256(1) << 32;
        seal(c);
        assertTrue(convicts(c, 1, BadData.Header, 0), "other word");
    }

    function test_wordsPerHash_isTheRateOfTheLibrary() public view {
        assertEq(judge.wordsPerHash(), 2, "rho");
    }

    /// Makes example `i` consistent again after its words were changed: chain values, commitment, leaf, ciphertext.
    function rechain(Case memory c, uint256 i, uint256 salt, uint256[] memory first, uint256[] memory second)
        private
        pure
    {
        uint256[] memory header = c.plain[i * PER];
        header[4] = salt;
        uint256 h = PoseidonChain.start(5, salt % Statement.SCALAR_ORDER);
        first[0] = h;
        h = PoseidonChain.step(h, first[1], first[2]);
        h = PoseidonChain.step(h, first[3], first[4]);
        second[0] = h;
        header[1] = PoseidonChain.step(h, second[1], second[2]);
        c.examples[i].inputCommit = header[1];
        c.tree = Payload.testLeaves(c.examples);
        seal(c);
    }
}
