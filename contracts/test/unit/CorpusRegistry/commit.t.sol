// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {CorpusRegistry} from "../../../src/CorpusRegistry.sol";
import {ICorpusRegistry} from "../../../src/interfaces/ICorpusRegistry.sol";
import {TAG_CORPUS} from "../../../src/libraries/Tags.sol";
import {Sequence} from "../../../src/shared/Sequence.sol";
import {Corpus} from "../../../src/types/CorpusTypes.sol";
import {TestBase} from "../../base/TestBase.sol";

contract CorpusCommitTest is TestBase {
    bytes32 internal constant ROOT = keccak256("root");
    string internal constant URI = "https://archive.example/corpus";
    uint32 internal constant SIZE_MAX = 1_048_576;

    CorpusRegistry internal corpora;
    address internal rs = account("rs");

    function setUp() public {
        corpora = new CorpusRegistry();
        vm.warp(1_800_000_000);
    }

    function commit(address who, bytes32 root) private returns (bytes32) {
        vm.prank(who);
        return corpora.commit(root, 1000, 34, 2, URI);
    }

    function idOf(address who, bytes32 root) private view returns (bytes32) {
        bytes memory words = abi.encodePacked(
            TAG_CORPUS,
            block.chainid,
            uint256(uint160(address(corpora))),
            uint256(uint160(who)),
            root,
            uint256(1000),
            uint256(34),
            uint256(2)
        );
        return keccak256(words);
    }

    function test_commit_storesTheCorpusUnderItsId() public {
        vm.expectEmit(true, true, true, true, address(corpora));
        emit ICorpusRegistry.CorpusCommitted(idOf(rs, ROOT), rs, ROOT, 1000, 34, 2, URI);
        bytes32 id = commit(rs, ROOT);
        assertEq(id, idOf(rs, ROOT), "id");
        assertEq(corpora.corpusIdOf(rs, ROOT, 1000, 34, 2), id, "predicted");
        Corpus memory c = corpora.corpus(id);
        assertEq(c.rs, rs, "rs");
        assertEq(c.size, 1000, "size");
        assertEq(c.committedAt, 1_800_000_000, "time");
        assertEq(c.root, ROOT, "root");
        assertEq(c.inputWords, 34, "L");
        assertEq(c.wordsPerHash, 2, "rho");
    }

    function test_commit_isEnumeratedForEachResponder() public {
        bytes32 first = commit(rs, ROOT);
        bytes32 other = commit(account("other"), ROOT);
        bytes32 second = commit(rs, keccak256("another"));
        assertEq(corpora.corpusCount(rs), 2, "two");
        assertEq(corpora.corpusIdAt(rs, 0), first, "first");
        assertEq(corpora.corpusIdAt(rs, 1), second, "second");
        assertEq(corpora.corpusCount(account("other")), 1, "of the other");
        assertEq(corpora.corpusIdAt(account("other"), 0), other, "its own");
        vm.expectRevert(abi.encodeWithSelector(Sequence.SequenceOutOfRange.selector, 2, 2));
        corpora.corpusIdAt(rs, 2);
    }

    /// Each field is part of the identity: a corpus that differs in one is another.
    function test_commit_ofAnyOtherFieldIsAnotherCorpus() public {
        bytes32[6] memory ids = [
            commit(rs, ROOT),
            corpora.corpusIdOf(rs, keccak256("another"), 1000, 34, 2),
            corpora.corpusIdOf(rs, ROOT, 1001, 34, 2),
            corpora.corpusIdOf(rs, ROOT, 1000, 35, 2),
            corpora.corpusIdOf(rs, ROOT, 1000, 34, 3),
            corpora.corpusIdOf(account("other"), ROOT, 1000, 34, 2)
        ];
        for (uint256 i = 0; i < 6; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                assertTrue(ids[i] != ids[j], "distinct");
            }
        }
        vm.prank(rs);
        assertEq(corpora.commit(ROOT, 1001, 34, 2, URI), ids[2], "may be committed too");
        vm.chainId(5);
        assertTrue(corpora.corpusIdOf(rs, ROOT, 1000, 34, 2) != ids[0], "on another chain");
    }

    /// The uri is no part of it, so that nobody has the same corpus twice.
    function test_commit_revertsWhen_doneBefore() public {
        bytes32 id = commit(rs, ROOT);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(abi.encodeWithSelector(ICorpusRegistry.CorpusExists.selector, id));
        vm.prank(rs);
        corpora.commit(ROOT, 1000, 34, 2, "elsewhere");
        assertEq(corpora.corpusCount(rs), 1, "one");
        assertEq(corpora.corpus(id).committedAt, 1_800_000_000, "as it was");
    }

    function test_commit_byACopierIsAnotherCorpusAndStopsNobody() public {
        bytes32 copied = commit(account("copier"), ROOT);
        bytes32 id = commit(rs, ROOT);
        assertTrue(copied != id, "its own");
        assertEq(corpora.corpus(id).rs, rs, "of the responder");
        assertEq(corpora.corpus(copied).rs, account("copier"), "of the copier");
    }

    function test_commit_ofTheSmallestAndTheLargestCorpus() public {
        bytes32 one = corpora.commit(ROOT, 1, 1, 1, "");
        assertEq(corpora.corpus(one).size, 1, "one document");
        bytes32 largest = corpora.commit(ROOT, SIZE_MAX, type(uint32).max, type(uint32).max, string(new bytes(512)));
        Corpus memory c = corpora.corpus(largest);
        assertEq(c.size, SIZE_MAX, "2^20 documents");
        assertEq(c.inputWords, type(uint32).max, "L");
        assertEq(c.wordsPerHash, type(uint32).max, "rho");
    }

    function test_commit_revertsWhen_anArgumentIsOutOfRange() public {
        vm.expectRevert(ICorpusRegistry.ZeroRoot.selector);
        corpora.commit(0, 1000, 34, 2, URI);
        vm.expectRevert(abi.encodeWithSelector(ICorpusRegistry.BadCorpusSize.selector, SIZE_MAX, 0));
        corpora.commit(ROOT, 0, 34, 2, URI);
        vm.expectRevert(abi.encodeWithSelector(ICorpusRegistry.BadCorpusSize.selector, SIZE_MAX, SIZE_MAX + 1));
        corpora.commit(ROOT, SIZE_MAX + 1, 34, 2, URI);
        vm.expectRevert(abi.encodeWithSelector(ICorpusRegistry.BadInputShape.selector, 0, 2));
        corpora.commit(ROOT, 1000, 0, 2, URI);
        vm.expectRevert(abi.encodeWithSelector(ICorpusRegistry.BadInputShape.selector, 34, 0));
        corpora.commit(ROOT, 1000, 34, 0, URI);
        vm.expectRevert(abi.encodeWithSelector(ICorpusRegistry.UriTooLong.selector, 512, 513));
        corpora.commit(ROOT, 1000, 34, 2, string(new bytes(513)));
    }

    function test_corpus_revertsWhen_nobodyCommittedIt() public {
        bytes32 id = corpora.corpusIdOf(rs, ROOT, 1000, 34, 2);
        vm.expectRevert(abi.encodeWithSelector(ICorpusRegistry.UnknownCorpus.selector, id));
        corpora.corpus(id);
    }

    function test_gas_ofTheLargestCommit() public {
        vm.startPrank(rs);
        uint256 used = gasleft();
        corpora.commit(ROOT, SIZE_MAX, 892, 2, string(new bytes(512)));
        used -= gasleft();
        assertLe(used, 160_000, "commit");
    }
}
