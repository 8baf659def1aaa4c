// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import {AnswerPages} from "../../../src/libraries/AnswerPages.sol";
import {ResultBitmap} from "../../../src/libraries/ResultBitmap.sol";
import {Shuffle} from "../../../src/libraries/Shuffle.sol";
import {TAG_PAGE} from "../../../src/libraries/Tags.sol";
import {PageOpening} from "../../../src/types/RetrievalTypes.sol";

/// Calls the library as a market does.
contract PageCaller {
    function ones(bytes calldata bits, uint256 q, uint256 size) external pure returns (uint256) {
        return AnswerPages.ones(bits, q, size);
    }

    function requirePage(PageOpening calldata page, bytes32 id, uint256 q, bytes32 expected) external pure {
        AnswerPages.requirePage(page, id, q, expected);
    }

    function answer(PageOpening calldata page, uint256 index, uint256 size) external pure returns (bool) {
        return AnswerPages.answer(page, index, size);
    }

    function requireZero(PageOpening calldata page, uint256 index, uint256 size) external pure {
        AnswerPages.requireZero(page, index, size);
    }

    function zerosBefore(PageOpening calldata page, uint256 index) external pure returns (uint256) {
        return AnswerPages.zerosBefore(page, index);
    }

    function requireSample(
        PageOpening calldata page,
        uint256 index,
        uint256 size,
        bytes32 seed,
        uint256 j,
        uint256 zeros
    ) external pure {
        AnswerPages.requireSample(page, index, size, seed, j, zeros);
    }
}

contract AnswerPagesTest is TestBase {
    bytes32 internal constant ID = keccak256("audit");
    bytes32 internal constant SEED = keccak256("seed");

    PageCaller internal pages;

    function setUp() public {
        pages = new PageCaller();
    }

    // ---- a reference: one bool for each document ----

    /// About `share` of 256 documents match.
    function answersOf(uint256 size, uint256 salt, uint256 share) private pure returns (bool[] memory answers) {
        answers = new bool[](size);
        for (uint256 i = 0; i < size; ++i) {
            answers[i] = uint8(uint256(keccak256(abi.encode(salt, i)))) < share;
        }
    }

    function pageAt(bool[] memory answers, uint256 q) private pure returns (PageOpening memory page) {
        for (uint256 i = 0; i < 4096 * q; ++i) {
            if (answers[i]) ++page.before;
        }
        uint256 rest = answers.length - 4096 * q;
        uint256 documents = rest < 4096 ? rest : 4096;
        page.bits = new bytes((documents + 7) / 8);
        for (uint256 i = 0; i < documents; ++i) {
            if (answers[4096 * q + i]) page.bits[i / 8] |= bytes1(uint8(1 << (i % 8)));
        }
    }

    function zerosOf(bool[] memory answers) private pure returns (uint256[] memory zeros) {
        uint256 z = 0;
        for (uint256 i = 0; i < answers.length; ++i) {
            if (!answers[i]) ++z;
        }
        zeros = new uint256[](z);
        z = 0;
        for (uint256 i = 0; i < answers.length; ++i) {
            if (!answers[i]) zeros[z++] = i;
        }
    }

    // ---- cutting into pages ----

    function test_count_andDocumentsOn_atTheBorders() public pure {
        uint256[8] memory sizes = [uint256(1), 4095, 4096, 4097, 8191, 8192, 8193, 1 << 20];
        uint256[8] memory counts = [uint256(1), 1, 1, 2, 2, 2, 3, 256];
        uint256[8] memory last = [uint256(1), 4095, 4096, 1, 4095, 4096, 1, 4096];
        for (uint256 i = 0; i < 8; ++i) {
            assertEq(AnswerPages.count(sizes[i]), counts[i], "pages");
            assertEq(AnswerPages.documentsOn(counts[i] - 1, sizes[i]), last[i], "on the last page");
            assertEq(AnswerPages.pageOf(sizes[i] - 1), counts[i] - 1, "page of the last document");
            if (counts[i] > 1) assertEq(AnswerPages.documentsOn(0, sizes[i]), 4096, "on the first page");
        }
        assertEq(AnswerPages.pageOf(4095), 0, "4095");
        assertEq(AnswerPages.pageOf(4096), 1, "4096");
    }

    function test_ones_ofEveryBorder() public view {
        uint256[5] memory sizes = [uint256(1), 4095, 4096, 4097, 8192];
        for (uint256 i = 0; i < 5; ++i) {
            bool[] memory answers = answersOf(sizes[i], i, 100);
            uint256 total = 0;
            for (uint256 q = 0; q < AnswerPages.count(sizes[i]); ++q) {
                PageOpening memory page = pageAt(answers, q);
                assertEq(page.before, total, "before");
                total += pages.ones(page.bits, q, sizes[i]);
            }
            assertEq(total, sizes[i] - zerosOf(answers).length, "ones");
        }
    }

    function test_ones_ofTheLastPageOfTheLargestCorpus() public view {
        bytes memory all = new bytes(512);
        for (uint256 i = 0; i < 512; ++i) {
            all[i] = 0xff;
        }
        assertEq(pages.ones(all, 255, 1 << 20), 4096, "all ones");
        assertEq(pages.ones(new bytes(512), 255, 1 << 20), 0, "all zeros");
    }

    function test_ones_revertsWhen_thePageIsForACorpusOfAnotherSize() public {
        expectBad(1, 512);
        pages.ones(new bytes(512), 0, 1);
        expectBad(4095, 511);
        pages.ones(new bytes(511), 0, 4095);
        expectBad(4096, 513);
        pages.ones(new bytes(513), 0, 4096);
        expectBad(1, 0);
        pages.ones(new bytes(0), 1, 4097);
        // the one document of page 1 has the lowest bit
        assertEq(pages.ones(hex"01", 1, 4097), 1, "used");
        expectBad(1, 1);
        pages.ones(hex"02", 1, 4097);
        bytes memory full = new bytes(512);
        full[511] = 0x80;
        assertEq(pages.ones(full, 0, 4096), 1, "the last bit of a full page");
        expectBad(4095, 512);
        pages.ones(full, 0, 4095);
    }

    // ---- openings ----

    function test_requirePage_wantsAuditNumberCountAndBytes() public {
        PageOpening memory page = PageOpening(9, hex"0180");
        bytes32 expected = keccak256(abi.encode(TAG_PAGE, ID, uint256(2), uint256(9), keccak256(hex"0180")));
        pages.requirePage(page, ID, 2, expected);
        expectWrongPage(3, page);
        pages.requirePage(page, ID, 3, expected);
        page.before = 8;
        expectWrongPage(2, page);
        pages.requirePage(page, ID, 2, expected);
        page = PageOpening(9, hex"0181");
        expectWrongPage(2, page);
        pages.requirePage(page, ID, 2, expected);
        page = PageOpening(9, hex"0180");
        vm.expectPartialRevert(AnswerPages.WrongPage.selector);
        pages.requirePage(page, keccak256("another audit"), 2, expected);
        // a page that was not posted has no hash
        vm.expectPartialRevert(AnswerPages.WrongPage.selector);
        pages.requirePage(page, ID, 2, 0);
    }

    function test_answer_isTheBitOfTheDocument() public {
        bool[] memory answers = answersOf(4099, 1, 128);
        PageOpening memory first = pageAt(answers, 0);
        PageOpening memory second = pageAt(answers, 1);
        for (uint256 i = 0; i < 4099; i = i == 64 ? 4030 : i + 1) {
            assertTrue(pages.answer(i < 4096 ? first : second, i, 4099) == answers[i], "answer");
        }
        vm.expectRevert(abi.encodeWithSelector(AnswerPages.NoSuchDocument.selector, 4099, 4099));
        pages.answer(second, 4099, 4099);
        vm.expectRevert(abi.encodeWithSelector(AnswerPages.NoSuchDocument.selector, 4099, 4103));
        pages.requireZero(second, 4103, 4099);
        vm.expectRevert(abi.encodeWithSelector(AnswerPages.NoSuchDocument.selector, 4099, type(uint32).max));
        pages.requireZero(second, type(uint32).max, 4099);
    }

    function test_requireZero_revertsWhen_theDocumentMatches() public {
        PageOpening memory page = PageOpening(0, hex"04");
        pages.requireZero(page, 1, 8);
        pages.requireZero(page, 3, 8);
        vm.expectRevert(abi.encodeWithSelector(AnswerPages.AnsweredOne.selector, 2));
        pages.requireZero(page, 2, 8);
    }

    // ---- ranks ----

    function test_zerosBefore_atPageBorders() public view {
        for (uint256 share = 0; share <= 256; share += 64) {
            bool[] memory answers = answersOf(8200, share, share);
            PageOpening[3] memory list = [pageAt(answers, 0), pageAt(answers, 1), pageAt(answers, 2)];
            uint256 zeros = 0;
            for (uint256 i = 0; i < 8200; ++i) {
                bool border = i % 4096 < 2 || i % 4096 > 4093 || i % 256 == 0 || i % 256 == 255 || i > 8190;
                if (border) assertEq(pages.zerosBefore(list[i / 4096], i), zeros, "zeros");
                if (!answers[i]) ++zeros;
            }
        }
    }

    function testFuzz_zerosBefore_countsOnePageAndAllBeforeIt(bytes32[16] memory words, uint256 raw, uint32 before)
        public
        view
    {
        bytes memory bits = abi.encodePacked(words);
        uint256 q = raw % 256;
        uint256 place = (raw >> 8) % 4096;
        before = uint32(bound(before, 0, 4096 * q));
        uint256 ones = 0;
        for (uint256 i = 0; i < place; ++i) {
            if (uint8(bits[i / 8]) >> (i % 8) & 1 == 1) ++ones;
        }
        assertEq(
            pages.zerosBefore(PageOpening(before, bits), 4096 * q + place), 4096 * q + place - before - ones, "zeros"
        );
    }

    function test_zerosBefore_inTheLargestCorpus() public view {
        uint256 last = (1 << 20) - 1;
        assertEq(pages.zerosBefore(PageOpening(0, new bytes(512)), last), last, "all zeros");
        assertEq(pages.zerosBefore(PageOpening(255 * 4096, new bytes(512)), last), 4095, "only on the last page");
    }

    // ---- samples: V28 ----

    /// For every size and bitmap, each j < z draws one document, which is a zero, and no two draw the same.
    function test_requireSample_drawsEveryZeroOnce() public view {
        for (uint256 size = 1; size <= 10; ++size) {
            for (uint256 salt = 0; salt < 4; ++salt) {
                checkSamples(answersOf(size, salt, 64 * salt), keccak256(abi.encode(size, salt)));
            }
        }
        checkSamples(answersOf(64, 1, 100), SEED);
    }

    function testFuzz_requireSample_drawsEveryZeroOnce(uint64 bitmap, uint8 rawSize, bytes32 seed) public view {
        bool[] memory answers = new bool[](bound(rawSize, 1, 12));
        for (uint256 i = 0; i < answers.length; ++i) {
            answers[i] = bitmap >> i & 1 == 1;
        }
        checkSamples(answers, seed);
    }

    /// Over two pages: the reference names the document, the neighbours on both sides are refused.
    function test_requireSample_acrossPages() public {
        bool[] memory answers = answersOf(4100, 3, 120);
        for (uint256 i = 4094; i < 4098; ++i) {
            answers[i] = false;
        }
        uint256[] memory zeros = zerosOf(answers);
        for (uint256 j = 0; j < 12; ++j) {
            checkDraw(answers, zeros, j);
        }
        // and those next to the border, whichever sample draws them
        uint256 found = 0;
        for (uint256 rank = 0; rank < zeros.length; ++rank) {
            if (zeros[rank] < 4094 || zeros[rank] > 4097) continue;
            checkDraw(answers, zeros, preimage(rank, zeros.length));
            ++found;
        }
        assertEq(found, 4, "all four");
    }

    function test_requireSample_revertsWhen_theDocumentMatchesOrIsNone() public {
        PageOpening memory page = PageOpening(0, hex"02");
        // two zeros, 0 and 2: a one between them has the rank of the second
        for (uint256 j = 0; j < 2; ++j) {
            vm.expectRevert(abi.encodeWithSelector(AnswerPages.AnsweredOne.selector, 1));
            pages.requireSample(page, 1, 3, SEED, j, 2);
            vm.expectRevert(abi.encodeWithSelector(AnswerPages.NoSuchDocument.selector, 3, 3));
            pages.requireSample(page, 3, 3, SEED, j, 2);
        }
    }

    function test_gas_ofASampleOfTheLargestCorpus() public view {
        PageOpening memory page = PageOpening(300, new bytes(512));
        uint256 index = (1 << 20) - 1;
        uint256 zeros = (1 << 20) - 300;
        // The sample that draws the last zero, found by the reference once.
        uint256 j = preimage(zeros - 1, zeros);
        uint256 used = gasleft();
        pages.requireSample(page, index, 1 << 20, SEED, j, zeros);
        used -= gasleft();
        assertLe(used, 110_000, "page and shuffle");
    }

    /// The position that the shuffle sends to `rank`: each round is its own inverse, so they are run backwards.
    function preimage(uint256 rank, uint256 n) private pure returns (uint256 index) {
        index = rank;
        for (uint256 r = 1; r <= Shuffle.ROUNDS; ++r) {
            uint256 round = Shuffle.ROUNDS - r;
            uint256 pivot = uint256(keccak256(abi.encode(keccak256("assay.shuffle.v1"), SEED, round))) % n;
            uint256 flip = (pivot + n - index) % n;
            uint256 higher = index > flip ? index : flip;
            uint256 coins = uint256(keccak256(abi.encode(keccak256("assay.shuffle.v1"), SEED, round, higher >> 8)));
            if ((coins >> (higher & 0xff)) & 1 == 1) index = flip;
        }
        assertEq(Shuffle.indexAt(SEED, index, n), rank, "inverse");
    }

    function checkSamples(bool[] memory answers, bytes32 seed) private view {
        uint256[] memory zeros = zerosOf(answers);
        PageOpening memory page = pageAt(answers, 0);
        bool[] memory drawn = new bool[](answers.length);
        for (uint256 j = 0; j < zeros.length; ++j) {
            uint256 expected = zeros[Shuffle.indexAt(seed, j, zeros.length)];
            for (uint256 i = 0; i <= answers.length; ++i) {
                try pages.requireSample(page, i, answers.length, seed, j, zeros.length) {
                    assertEq(i, expected, "this one only");
                    assertTrue(!answers[i] && !drawn[i], "a zero, once");
                    drawn[i] = true;
                } catch {
                    assertTrue(i != expected, "refused");
                }
            }
        }
        for (uint256 k = 0; k < zeros.length; ++k) {
            assertTrue(drawn[zeros[k]], "all of them");
        }
    }

    function checkDraw(bool[] memory answers, uint256[] memory zeros, uint256 j) private {
        uint256 rank = Shuffle.indexAt(SEED, j, zeros.length);
        uint256 i = zeros[rank];
        pages.requireSample(pageAt(answers, i / 4096), i, answers.length, SEED, j, zeros.length);
        if (rank != 0) refuse(answers, zeros, j, rank, rank - 1);
        if (rank + 1 < zeros.length) refuse(answers, zeros, j, rank, rank + 1);
    }

    function refuse(bool[] memory answers, uint256[] memory zeros, uint256 j, uint256 rank, uint256 other) private {
        uint256 i = zeros[other];
        PageOpening memory page = pageAt(answers, i / 4096);
        vm.expectRevert(abi.encodeWithSelector(AnswerPages.WrongSample.selector, j, rank, other));
        pages.requireSample(page, i, answers.length, SEED, j, zeros.length);
    }

    function expectBad(uint256 bits, uint256 length) private {
        vm.expectRevert(abi.encodeWithSelector(ResultBitmap.BadBitmap.selector, bits, length));
    }

    function expectWrongPage(uint256 q, PageOpening memory page) private {
        bytes32 given = keccak256(abi.encode(TAG_PAGE, ID, q, uint256(page.before), keccak256(page.bits)));
        bytes32 expected = keccak256(abi.encode(TAG_PAGE, ID, uint256(2), uint256(9), keccak256(hex"0180")));
        vm.expectRevert(abi.encodeWithSelector(AnswerPages.WrongPage.selector, q, expected, given));
    }
}
