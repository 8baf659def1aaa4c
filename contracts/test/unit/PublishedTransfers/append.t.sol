// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Payload} from "../../base/Payload.sol";
import {TestBase} from "../../base/TestBase.sol";
import {TestSet} from "../../base/TestSet.sol";
import {PublishedTransfers} from "../../../src/PublishedTransfers.sol";
import {IPublishedTransfers} from "../../../src/interfaces/IPublishedTransfers.sol";
import {Shape} from "../../../src/types/TransferTypes.sol";

contract AppendTest is TestBase {
    bytes32 internal constant ID = keccak256("id");
    // 5 examples of 5 words, 2 per chunk: 4 chunks each, 20 in all
    uint256 internal constant TOTAL = 20;

    PublishedTransfers internal publication;
    Shape internal shape = Shape(5, 5, 2);

    function setUp() public {
        publication = new PublishedTransfers();
    }

    function chunks(uint256 seed) private pure returns (bytes32[][] memory cipher) {
        cipher = new bytes32[][](TOTAL);
        for (uint256 k = 0; k < TOTAL; ++k) {
            cipher[k] = new bytes32[](k % 4 == 0 ? 5 : 3);
            for (uint256 w = 0; w < cipher[k].length; ++w) {
                cipher[k][w] = keccak256(abi.encode(seed, k, w));
            }
        }
    }

    function test_append_inOneCallGivesTheRoot() public {
        bytes32[][] memory cipher = chunks(1);
        (uint256 next, bytes32 root) = publication.append(ID, shape, 0, Payload.flat(cipher, 0, TOTAL));
        assertEq(next, TOTAL, "next");
        assertEq(root, TestSet.root(Payload.cipherLeaves(cipher)), "root");
        assertEq(publication.published(address(this), ID), TOTAL, "published");
    }

    function test_append_ofOneChunkTransfer() public {
        bytes32[] memory words = new bytes32[](5);
        Shape memory one = Shape(1, 1, 2);
        publication.append(ID, one, 0, words);
        (uint256 next, bytes32 root) = publication.append(ID, one, 1, new bytes32[](3));
        bytes32[][] memory cipher = new bytes32[][](2);
        (cipher[0], cipher[1]) = (words, new bytes32[](3));
        assertEq(next, 2, "next");
        assertEq(root, TestSet.root(Payload.cipherLeaves(cipher)), "root");
    }

    /// Any cutting into calls gives the same root, and none before the last one.
    function testFuzz_append_inPiecesGivesTheSameRoot(uint256 seed) public {
        bytes32[][] memory cipher = chunks(seed);
        uint256 from = 0;
        while (from < TOTAL) {
            uint256 to = from + 1 + uint256(keccak256(abi.encode(seed, from))) % (TOTAL - from);
            (uint256 next, bytes32 root) = publication.append(ID, shape, from, Payload.flat(cipher, from, to));
            assertEq(next, to, "next");
            assertEq(publication.published(address(this), ID), to, "published");
            assertEq(
                root, to == TOTAL ? TestSet.root(Payload.cipherLeaves(cipher)) : bytes32(0), "root with the last chunk"
            );
            from = to;
        }
    }

    function test_append_writesOnlyTheCallersFrontier() public {
        bytes32[][] memory mine = chunks(1);
        bytes32[][] memory theirs = chunks(2);
        publication.append(ID, shape, 0, Payload.flat(mine, 0, 7));
        vm.prank(account("other"));
        publication.append(ID, shape, 0, Payload.flat(theirs, 0, 9));
        publication.append(keccak256("other id"), shape, 0, Payload.flat(theirs, 0, 3));
        (, bytes32 root) = publication.append(ID, shape, 7, Payload.flat(mine, 7, TOTAL));
        assertEq(root, TestSet.root(Payload.cipherLeaves(mine)), "root");
        assertEq(publication.published(account("other"), ID), 9, "the other's count");
    }

    function test_append_revertsWhen_outOfOrder() public {
        bytes32[][] memory cipher = chunks(1);
        publication.append(ID, shape, 0, Payload.flat(cipher, 0, 4));
        uint256[3] memory from = [uint256(0), 3, 5];
        for (uint256 i = 0; i < 3; ++i) {
            bytes32[] memory words = Payload.flat(cipher, from[i], 8);
            vm.expectRevert(abi.encodeWithSelector(IPublishedTransfers.OutOfOrder.selector, 4, from[i]));
            publication.append(ID, shape, from[i], words);
        }
    }

    function test_append_revertsWhen_theWordsEndWithinAChunk() public {
        bytes32[] memory words = Payload.flat(chunks(1), 0, 3);
        bytes32[] memory shorter = new bytes32[](words.length - 1);
        vm.expectRevert(abi.encodeWithSelector(IPublishedTransfers.PartialChunk.selector, 2));
        publication.append(ID, shape, 0, shorter);
        bytes32[] memory longer = new bytes32[](words.length + 1);
        vm.expectRevert(abi.encodeWithSelector(IPublishedTransfers.PartialChunk.selector, 3));
        publication.append(ID, shape, 0, longer);
    }

    function test_append_revertsWhen_thereAreTooManyChunks() public {
        bytes32[] memory words = Payload.flat(chunks(1), 0, TOTAL);
        bytes32[] memory longer = new bytes32[](words.length + 5);
        vm.expectRevert(abi.encodeWithSelector(IPublishedTransfers.TooManyChunks.selector, TOTAL));
        publication.append(ID, shape, 0, longer);
        publication.append(ID, shape, 0, words);
        vm.expectRevert(abi.encodeWithSelector(IPublishedTransfers.TooManyChunks.selector, TOTAL));
        publication.append(ID, shape, TOTAL, new bytes32[](5));
    }

    function test_append_revertsWhen_empty() public {
        vm.expectRevert(IPublishedTransfers.NothingPublished.selector);
        publication.append(ID, shape, 0, new bytes32[](0));
    }
}
