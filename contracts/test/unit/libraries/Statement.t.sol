// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import "../../../src/libraries/Tags.sol" as Tags;
import {Statement} from "../../../src/libraries/Statement.sol";
import {ProofItem} from "../../../src/types/MarketTypes.sol";
import {Metric, ProofTerms} from "../../../src/types/ModelTypes.sol";

contract StatementTest is TestBase {
    function requireCanonical(uint256 value) external pure {
        Statement.requireCanonical(value);
    }

    function isProven(ProofTerms memory terms, uint256 ctx, ProofItem calldata item) external view returns (bool) {
        return Statement.isProven(terms, ctx, item.inputCommit, item.output, item.proof);
    }

    /// No value of an instance reaches a verifier unless it is canonical, whatever the metric has checked before.
    function test_isProven_refusesEveryNonCanonicalValue() public {
        ProofTerms memory terms;
        ProofItem memory item;
        assertTrue(!this.isProven(terms, 0, item), "no verifier");
        item.output = Statement.SCALAR_ORDER;
        vm.expectRevert(abi.encodeWithSelector(Statement.NotCanonical.selector, Statement.SCALAR_ORDER));
        this.isProven(terms, 0, item);
        item.output = 0;
        item.inputCommit = Statement.SCALAR_ORDER;
        vm.expectRevert(abi.encodeWithSelector(Statement.NotCanonical.selector, Statement.SCALAR_ORDER));
        this.isProven(terms, 0, item);
    }

    function test_tags_areTheHashesOfTheirNames() public pure {
        assertEq(Tags.TAG_TEST, keccak256("assay.test.v1"), "test");
        assertEq(Tags.TAG_NODE, keccak256("assay.node.v1"), "node");
        assertEq(Tags.TAG_EMPTY, keccak256("assay.empty.v1"), "empty");
        assertEq(Tags.TAG_CTX, keccak256("assay.ctx.v1"), "ctx");
        assertEq(Tags.TAG_RECORD, keccak256("assay.record.v1"), "record");
        assertEq(Tags.TAG_MODEL, keccak256("assay.model.v1"), "model");
        assertEq(Tags.TAG_ENG, keccak256("assay.engagement.v1"), "engagement");
        assertEq(Tags.TAG_OFFER, keccak256("assay.offer.v1"), "offer");
        assertEq(Tags.TAG_PARAMS, keccak256("assay.params.v1"), "params");
        assertEq(Tags.TAG_SALT, keccak256("assay.salt.v1"), "salt");
        assertEq(Tags.TAG_SEED, keccak256("assay.seed.v1"), "seed");
        assertEq(Tags.TAG_SHUFFLE, keccak256("assay.shuffle.v1"), "shuffle");
        assertEq(Tags.TAG_KEY, keccak256("assay.key.v1"), "key");
        assertEq(Tags.TAG_KS, keccak256("assay.keystream.v1"), "keystream");
        assertEq(Tags.TAG_CT, keccak256("assay.cipher.v1"), "cipher");
        assertEq(Tags.TAG_VOTE, keccak256("assay.vote.v1"), "vote");
    }

    function test_scalarOrder_isThatOfBn254() public pure {
        assertEq(
            Statement.SCALAR_ORDER,
            21_888_242_871_839_275_222_246_405_745_257_275_088_548_364_400_416_034_343_698_204_186_575_808_495_617,
            "order"
        );
    }

    function test_requireCanonical_endsExactlyAtTheOrder() public {
        this.requireCanonical(Statement.SCALAR_ORDER - 1);
        uint256[3] memory bad = [Statement.SCALAR_ORDER, Statement.SCALAR_ORDER + 1, type(uint256).max];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Statement.NotCanonical.selector, bad[i]));
            this.requireCanonical(bad[i]);
        }
    }

    /// Fixed values, recomputed by the clients (tests of `prover` and `marketplace-cli` use the same ones).
    function test_encodings_areFixedWidthWords() public view {
        bytes32 id = keccak256("id");
        bytes memory ctx =
            abi.encodePacked(Tags.TAG_CTX, block.chainid, uint256(uint160(address(this))), uint256(1), id, uint256(5));
        assertEq(ctx.length, 6 * 32, "ctx words");
        assertEq(Statement.context(address(this), 1, id, 5), uint256(keccak256(ctx)) >> 8, "ctx");
        bytes memory leaf = abi.encodePacked(Tags.TAG_TEST, uint256(3), uint256(0xabc), uint256(9), keccak256("salt"));
        assertEq(leaf.length, 5 * 32, "leaf words");
        assertEq(Statement.testLeaf(3, 0xabc, 9, keccak256("salt")), keccak256(leaf), "leaf");
        bytes memory eng =
            abi.encodePacked(Tags.TAG_ENG, block.chainid, uint256(uint160(address(this))), id, uint256(2));
        assertEq(Statement.engagementId(id, 2), keccak256(eng), "engagement");
    }

    function testFuzz_context_isBelow248Bits(bytes32 id, uint256 position) public view {
        assertTrue(Statement.context(address(this), 1, id, position) < uint256(1) << 248, "canonical");
    }

    function testFuzz_isCorrect_top1IsEqualityWithAClass(uint32 label, uint32 classes, uint256 output) public pure {
        assertTrue(
            Statement.isCorrect(Metric.TOP1, classes, output, label) == (output == label && label < classes), "random"
        );
        assertTrue(Statement.isCorrect(Metric.TOP1, classes, label, label) == (label < classes), "equal");
        assertTrue(!Statement.isCorrect(Metric.TOP1, classes, uint256(label) + (1 << 32), label), "no truncation");
    }

    /// Any five numbers of 16 bits, in order or not, equal or not, classes or not.
    function testFuzz_isCorrect_top5IsMembershipInAnAscendingList(
        uint16[5] memory places,
        uint32 classes,
        uint32 label,
        uint8 pick
    ) public pure {
        if (pick < 5) label = places[pick];
        check(places, uint32(bound(classes, 0, 65_536)), label);
        for (uint256 i = 1; i < 5; ++i) {
            for (uint256 j = i; j > 0 && places[j] < places[j - 1]; --j) {
                (places[j], places[j - 1]) = (places[j - 1], places[j]);
            }
        }
        check(places, 65_536, label);
        check(places, places[4], label);
        check(places, uint32(places[4]) + 1, label);
    }

    function check(uint16[5] memory places, uint32 classes, uint32 label) private pure {
        bool ascending =
            places[0] < places[1] && places[1] < places[2] && places[2] < places[3] && places[3] < places[4];
        bool found = false;
        for (uint256 j = 0; j < 5; ++j) {
            found = found || places[j] == label;
        }
        uint256 output = word(places);
        bool correct = Statement.isCorrect(Metric.TOP5, classes, output, label);
        assertTrue(correct == (ascending && places[4] < classes && found), "membership");
        assertTrue(!Statement.isCorrect(Metric.TOP5, classes, output | (1 << 80), label), "a sixth place");
        assertTrue(!Statement.isCorrect(Metric.TOP5, classes, output | (1 << 255), label), "the highest bit");
    }

    function word(uint16[5] memory places) private pure returns (uint256 output) {
        for (uint256 j = 0; j < 5; ++j) {
            output |= uint256(places[j]) << (16 * j);
        }
    }

    function test_isCorrect_top5IgnoresNothingAtTheEdges() public pure {
        // places: 0xffff, 4, 3, 2, 1 from the highest to the lowest
        uint256 output = 0xffff_0004_0003_0002_0001;
        assertTrue(Statement.isCorrect(Metric.TOP5, 65_536, output, 1), "lowest place");
        assertTrue(Statement.isCorrect(Metric.TOP5, 65_536, output, 65_535), "highest place");
        assertTrue(!Statement.isCorrect(Metric.TOP5, 65_536, output, 0), "the words above are no place");
        assertTrue(!Statement.isCorrect(Metric.TOP5, 65_535, output, 65_535), "no class");
    }

    function test_isCorrect_top5RefusesWhatIsNoListOfFiveClasses() public pure {
        assertTrue(Statement.isCorrect(Metric.TOP5, 10, word([uint16(0), 1, 2, 3, 4]), 0), "the smallest list");
        assertTrue(Statement.isCorrect(Metric.TOP5, 10, word([uint16(5), 6, 7, 8, 9]), 9), "the largest list");
        assertTrue(!Statement.isCorrect(Metric.TOP5, 10, word([uint16(5), 6, 7, 8, 10]), 5), "a place that is no class");
        assertTrue(!Statement.isCorrect(Metric.TOP5, 10, word([uint16(0), 0, 2, 3, 4]), 0), "equal first places");
        assertTrue(!Statement.isCorrect(Metric.TOP5, 10, word([uint16(0), 1, 2, 4, 4]), 0), "equal last places");
        assertTrue(!Statement.isCorrect(Metric.TOP5, 10, word([uint16(0), 1, 3, 2, 4]), 0), "in another order");
    }

    /// The circuit's one class, registered under another metric, would make every example with label 0 right.
    function testFuzz_isCorrect_oneClassIsNoListOfFive(uint16 class, uint32 label) public pure {
        assertTrue(!Statement.isCorrect(Metric.TOP5, 65_536, class, 0), "label 0");
        assertTrue(!Statement.isCorrect(Metric.TOP5, 65_536, class, class), "the class itself");
        assertTrue(!Statement.isCorrect(Metric.TOP5, 65_536, class, label), "any label");
    }

    function testFuzz_isOutput_ofOneClassIsBelowTheClasses(uint32 classes, uint256 output) public pure {
        assertTrue(Statement.isOutput(Metric.TOP1, classes, output) == (output < classes), "TOP1");
        assertTrue(Statement.isOutput(Metric.BIN, 2, output) == (output == 0 || output == 1), "BIN");
        assertTrue(!Statement.isOutput(Metric.TOP1, classes, classes), "the number of classes is none");
    }

    function test_isCorrect_binIsEqualityOfBits() public pure {
        assertTrue(Statement.isCorrect(Metric.BIN, 2, 0, 0), "0 = 0");
        assertTrue(Statement.isCorrect(Metric.BIN, 2, 1, 1), "1 = 1");
        assertTrue(!Statement.isCorrect(Metric.BIN, 2, 1, 0), "1 is not 0");
        assertTrue(!Statement.isCorrect(Metric.BIN, 2, 0, 1), "0 is not 1");
        assertTrue(!Statement.isCorrect(Metric.BIN, 2, 2, 2), "2 is no bit");
        assertTrue(!Statement.isCorrect(Metric.BIN, 2, (1 << 255) + 1, 1), "the highest bit");
    }
}
