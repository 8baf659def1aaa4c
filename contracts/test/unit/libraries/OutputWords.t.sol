// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {OutputWords} from "../../../src/libraries/OutputWords.sol";
import {TAG_OUT} from "../../../src/libraries/Tags.sol";
import {Metric} from "../../../src/types/ModelTypes.sol";
import {Privacy} from "../../../src/types/RoundTypes.sol";
import {TestBase} from "../../base/TestBase.sol";
import {TestSet} from "../../base/TestSet.sol";

contract OutputWordsTest is TestBase {
    using OutputWords for OutputWords.Layout;

    bytes32 private constant MASTER = keccak256("master");

    function rootOf(uint256 k, Metric metric, Privacy privacy, uint256[] calldata words)
        external
        pure
        returns (bytes32)
    {
        return OutputWords.planned(k, metric, privacy).root(MASTER, words);
    }

    function outputAt(uint256 k, Metric metric, Privacy privacy, uint256 index, uint256 word)
        external
        pure
        returns (uint256)
    {
        return OutputWords.planned(k, metric, privacy).outputAt(index, word);
    }

    function test_lanes_ofEachMetric() public pure {
        expectLanes(Metric.TOP1, 16, 15);
        expectLanes(Metric.TOP5, 80, 3);
        expectLanes(Metric.BIN, 1, 240);
    }

    function expectLanes(Metric metric, uint256 bits, uint256 lanes) private pure {
        OutputWords.Layout memory open_ = OutputWords.planned(1000, metric, Privacy.PUBLIC);
        assertEq(open_.laneBits, bits, "bits");
        assertEq(open_.lanes, lanes, "lanes");
        assertEq(open_.count(), (1000 + lanes - 1) / lanes, "words");
        OutputWords.Layout memory hidden = OutputWords.planned(1000, metric, Privacy.PRIVATE);
        assertEq(hidden.laneBits, bits, "bits in PRIVATE");
        assertEq(hidden.lanes, 1, "no neighbour");
        assertEq(hidden.count(), 1000, "words in PRIVATE");
    }

    /// V26: the root is the one built leaf by leaf, and each output is at one lane of one word.
    function testFuzz_root_isThatOfTheLeaves(uint256 k, uint256 metric, uint256 privacy, bytes32 seed) public view {
        check(bound(k, 1, 70), Metric(metric % 3), Privacy(privacy % 2), seed);
    }

    /// At the edges of words and of the tree.
    function test_root_atTheEdges() public view {
        uint256[12] memory sizes = [uint256(1), 2, 3, 4, 14, 15, 16, 30, 31, 239, 240, 241];
        for (uint256 i = 0; i < sizes.length; ++i) {
            for (uint256 m = 0; m < 3; ++m) {
                this.checkAt(sizes[i], Metric(m), Privacy.PUBLIC);
                this.checkAt(sizes[i], Metric(m), Privacy.PRIVATE);
            }
        }
    }

    function checkAt(uint256 k, Metric metric, Privacy privacy) external view {
        check(k, metric, privacy, bytes32(k));
    }

    function check(uint256 k, Metric metric, Privacy privacy, bytes32 seed) private view {
        (uint256 bits, uint256 lanes) = metric == Metric.TOP1
            ? (uint256(16), uint256(15))
            : metric == Metric.TOP5 ? (uint256(80), uint256(3)) : (uint256(1), uint256(240));
        if (privacy == Privacy.PRIVATE) lanes = 1;
        uint256[] memory outputs = new uint256[](k);
        uint256[] memory words = new uint256[]((k + lanes - 1) / lanes);
        for (uint256 i = 0; i < k; ++i) {
            outputs[i] = uint256(keccak256(abi.encode(seed, i))) % (1 << bits);
            words[i / lanes] += outputs[i] * 2 ** (bits * (i % lanes));
        }
        bytes32[] memory leaves = new bytes32[](words.length);
        for (uint256 w = 0; w < words.length; ++w) {
            leaves[w] = keccak256(abi.encode(TAG_OUT, w, words[w], keccak256(abi.encode(TAG_OUT, MASTER, w))));
        }
        assertEq(this.rootOf(k, metric, privacy, words), TestSet.root(leaves), "root");
        for (uint256 i = 0; i < k; ++i) {
            assertEq(this.outputAt(k, metric, privacy, i, words[i / lanes]), outputs[i], "output");
        }
    }

    /// Every bit of the last word that no output uses.
    function test_unusedBits_areRefused() public {
        for (uint256 p = 0; p < 2; ++p) {
            uint256 used = p == 0 ? 32 : 16; // K = 17: two lanes in the second word, or one in the last
            uint256 w = p == 0 ? 1 : 16;
            uint256[] memory words = new uint256[](w + 1);
            for (uint256 bit = 0; bit < 256; ++bit) {
                words[w] = 1 << bit;
                if (bit >= used) vm.expectRevert(abi.encodeWithSelector(OutputWords.UnusedBits.selector, w, words[w]));
                this.rootOf(17, Metric.TOP1, Privacy(p), words);
                if (bit >= used) vm.expectRevert(abi.encodeWithSelector(OutputWords.UnusedBits.selector, w, words[w]));
                this.outputAt(17, Metric.TOP1, Privacy(p), 16, words[w]);
            }
        }
    }

    function test_root_revertsWhen_theNumberIsWrong() public {
        uint256[] memory words = new uint256[](3);
        vm.expectRevert(abi.encodeWithSelector(OutputWords.WrongWordCount.selector, 2, 3));
        this.rootOf(17, Metric.TOP1, Privacy.PUBLIC, words);
        vm.expectRevert(abi.encodeWithSelector(OutputWords.WrongWordCount.selector, 17, 3));
        this.rootOf(17, Metric.TOP1, Privacy.PRIVATE, words);
    }
}
