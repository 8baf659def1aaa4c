// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {JudgeFixture} from "../../base/JudgeFixture.sol";
import {Payload} from "../../base/Payload.sol";
import {TestSet} from "../../base/TestSet.sol";
import {ITransferJudge} from "../../../src/interfaces/ITransferJudge.sol";
import {Merkle} from "../../../src/libraries/Merkle.sol";
import {TAG_DOC, TAG_KEY} from "../../../src/libraries/Tags.sol";
import {BadData, Evidence, Shape, Transfer} from "../../../src/types/TransferTypes.sol";

/// Deliveries: documents 1, 4 and 5 of a corpus of 6, in this order, under a key that both sides know.
contract JudgeSlotTest is JudgeFixture {
    uint256 internal constant CORPUS = 6;
    uint256 internal constant SLOTS = 3;
    uint256[3] internal listed = [uint256(1), 4, 5];

    struct Delivery {
        Payload.Shape shape;
        uint256[] indices;
        /// Chunks of the whole corpus, with label 0.
        uint256[][] all;
        bytes32[] tree;
        /// What is delivered: slot by slot.
        uint256[][] plain;
        bytes32[][] cipher;
    }

    // ---- a delivery, from the text of the specification ----

    function build(Payload.Shape memory s, uint256[] memory indices) private pure returns (Delivery memory d) {
        d.shape = s;
        d.indices = indices;
        TestSet.Example[] memory examples;
        (d.all, examples) = Payload.build(s, 1);
        uint256 per = Payload.perExample(s);
        d.tree = new bytes32[](s.n);
        for (uint256 i = 0; i < s.n; ++i) {
            d.all[i * per][2] = 0;
            d.tree[i] = leafOf(i, examples[i].inputCommit, examples[i].leafSalt);
        }
        d.plain = new uint256[][](indices.length * per);
        for (uint256 k = 0; k < d.plain.length; ++k) {
            uint256[] memory from = d.all[indices[k / per] * per + k % per];
            d.plain[k] = new uint256[](from.length);
            for (uint256 w = 0; w < from.length; ++w) {
                d.plain[k][w] = from[w];
            }
        }
        sealDelivery(d);
    }

    function leafOf(uint256 i, uint256 commit, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(TAG_DOC, i, commit, uint256(0), salt));
    }

    function sealDelivery(Delivery memory d) private pure {
        bytes32[] memory keys = new bytes32[](d.indices.length);
        for (uint256 slot = 0; slot < keys.length; ++slot) {
            keys[slot] = keccak256(abi.encode(TAG_KEY, MASTER, d.indices[slot]));
        }
        d.cipher = Payload.encrypt(d.plain, keys, ID);
    }

    function delivery() private view returns (Delivery memory) {
        uint256[] memory indices = new uint256[](SLOTS);
        for (uint256 i = 0; i < SLOTS; ++i) {
            indices[i] = listed[i];
        }
        return build(Payload.Shape({n: CORPUS, inputWords: 5, wordsPerChunk: 4, classes: 10}), indices);
    }

    /// Document 1 of a corpus of 2.
    function smallDelivery() private pure returns (Delivery memory) {
        uint256[] memory indices = new uint256[](1);
        indices[0] = 1;
        return build(Payload.Shape({n: 2, inputWords: 5, wordsPerChunk: 4, classes: 10}), indices);
    }

    function transferOf(Delivery memory d, uint256 slot) private pure returns (Transfer memory t) {
        t.id = ID;
        t.testRoot = TestSet.root(d.tree);
        t.ctRoot = TestSet.root(Payload.cipherLeaves(d.cipher));
        t.leafTag = TAG_DOC;
        t.position = d.indices[slot];
        t.shape = Shape(d.shape.n, d.shape.inputWords, d.shape.wordsPerChunk);
        t.key = MASTER;
        t.isMaster = true;
    }

    function evidenceOf(Delivery memory d, uint256 slot, BadData claim, uint256 chunk)
        private
        pure
        returns (Evidence memory e)
    {
        e = Payload.evidence(claim, slot, chunk, Payload.perExample(d.shape), d.cipher, d.tree);
        if (claim == BadData.Header) {
            e.leaf = d.tree[d.indices[slot]];
            e.leafPath = TestSet.path(d.tree, d.indices[slot]);
        }
    }

    function convictsAt(Delivery memory d, uint256 slot, BadData claim, uint256 chunk) private view returns (bool) {
        try judge.judgeSlot(transferOf(d, slot), slot, d.indices.length, evidenceOf(d, slot, claim, chunk)) returns (
            BadData returned
        ) {
            assertEq(uint256(returned), uint256(claim), "the proven claim");
            return true;
        } catch (bytes memory reason) {
            bytes memory expected = abi.encodeWithSelector(ITransferJudge.NoFault.selector, d.indices[slot]);
            assertEq(keccak256(reason), keccak256(expected), "NoFault only");
            return false;
        }
    }

    function isClear(Delivery memory d, uint256 slot) private view returns (bool) {
        if (convictsAt(d, slot, BadData.Header, 0) || convictsAt(d, slot, BadData.Start, 0)) return false;
        for (uint256 j = 0; j + 1 < Payload.perExample(d.shape); ++j) {
            if (convictsAt(d, slot, BadData.Step, j)) return false;
        }
        return true;
    }

    // ---- honest completeness ----

    function test_judgeSlot_clearsAnHonestDelivery() public view {
        Delivery memory d = delivery();
        for (uint256 slot = 0; slot < SLOTS; ++slot) {
            assertTrue(isClear(d, slot), "honest");
        }
    }

    /// One document of a corpus of one, the whole of a corpus, the last of many; one chunk each and several.
    function test_judgeSlot_clearsHonestDeliveriesOfEverySize() public view {
        for (uint256 n = 1; n <= 5; ++n) {
            for (uint256 count = 1; count <= n; ++count) {
                uint256[] memory indices = new uint256[](count);
                for (uint256 i = 0; i < count; ++i) {
                    indices[i] = n - count + i;
                }
                Payload.Shape memory s = Payload.Shape({n: n, inputWords: n, wordsPerChunk: 2, classes: 3});
                Delivery memory d = build(s, indices);
                for (uint256 slot = 0; slot < count; ++slot) {
                    assertTrue(isClear(d, slot), "honest");
                }
            }
        }
    }

    /// `judge` is slot i of N.
    function test_judgeSlot_agreesWithJudgeOnAWholeSet() public view {
        Case memory c = build(shape(), 0);
        c.plain[PER][1] ^= 1;
        c.plain[2 * PER + 1][1] ^= 1;
        seal(c);
        for (uint256 p = 0; p < N; ++p) {
            for (uint256 claim = 0; claim < 3; ++claim) {
                Transfer memory t = transfer(c, p);
                Evidence memory e = evidence(c, p, BadData(claim), 0);
                (bool ok, bytes memory a) = address(judge).staticcall(abi.encodeCall(judge.judge, (t, e)));
                (bool okSlot, bytes memory b) = address(judge).staticcall(abi.encodeCall(judge.judgeSlot, (t, p, N, e)));
                assertTrue(ok == okSlot && keccak256(a) == keccak256(b), "the same answer");
                assertTrue(ok == ((p == 1 && claim == 0) || (p == 2 && claim == 2)), "and the right one");
            }
        }
    }

    // ---- completeness of evidence ----

    /// Each word of each document: index, commitment, the zero in the place of a label, salts, chain values, message, padding.
    function test_judgeSlot_convictsOnEveryCorruptedWord() public view {
        Delivery memory d = delivery();
        for (uint256 k = 0; k < d.plain.length; ++k) {
            for (uint256 w = 0; w < d.plain[k].length; ++w) {
                d.plain[k][w] ^= 1;
                sealDelivery(d);
                (BadData claim, uint256 chunk) = named(k % PER, w);
                for (uint256 slot = 0; slot < SLOTS; ++slot) {
                    if (slot == k / PER) assertTrue(convictsAt(d, slot, claim, chunk), "convicted");
                    else if (w == 0) assertTrue(isClear(d, slot), "others are clear");
                }
                d.plain[k][w] ^= 1;
            }
        }
    }

    function testFuzz_judgeSlot_convictsOnAnyCorruption(uint256 rawChunk, uint256 rawWord, uint256 difference)
        public
        view
    {
        vm.assume(difference != 0);
        Delivery memory d = smallDelivery();
        uint256 k = bound(rawChunk, 0, d.plain.length - 1);
        uint256 w = bound(rawWord, 0, 4);
        d.plain[k][w] ^= difference;
        sealDelivery(d);
        (BadData claim, uint256 chunk) = named(k % PER, w);
        assertTrue(convictsAt(d, 0, claim, chunk), "convicted");
    }

    function named(uint256 offset, uint256 w) private pure returns (BadData, uint256) {
        if (offset == 0) return (w == 4 ? BadData.Start : BadData.Header, 0);
        if (w == 0) return offset == 1 ? (BadData.Start, 0) : (BadData.Step, offset - 2);
        return (BadData.Step, offset - 1);
    }

    /// Documents in another order than the list: each is the wrong one at its place.
    function test_judgeSlot_convictsOnSwappedDocuments() public view {
        Delivery memory d = delivery();
        for (uint256 offset = 0; offset < PER; ++offset) {
            (d.plain[offset], d.plain[PER + offset]) = (d.plain[PER + offset], d.plain[offset]);
        }
        sealDelivery(d);
        assertTrue(convictsAt(d, 0, BadData.Header, 0), "4 at the place of 1");
        assertTrue(convictsAt(d, 1, BadData.Header, 0), "1 at the place of 4");
        assertTrue(isClear(d, 2), "5 at its own");
    }

    function test_judgeSlot_convictsOnADocumentOfTheCorpusThatIsNotListed() public view {
        Delivery memory d = delivery();
        for (uint256 offset = 0; offset < PER; ++offset) {
            d.plain[PER + offset] = d.all[2 * PER + offset];
        }
        sealDelivery(d);
        assertTrue(convictsAt(d, 1, BadData.Header, 0), "2 at the place of 4");
    }

    function test_judgeSlot_convictsOnADocumentOfAnotherCorpus() public view {
        Delivery memory d = delivery();
        (uint256[][] memory other,) = Payload.build(d.shape, 2);
        for (uint256 offset = 0; offset < PER; ++offset) {
            d.plain[PER + offset] = other[4 * PER + offset];
        }
        d.plain[PER][2] = 0;
        sealDelivery(d);
        assertTrue(convictsAt(d, 1, BadData.Header, 0), "it opens no leaf here");
    }

    function testFuzz_judgeSlot_convictsOnAnotherKey(bytes32 key) public view {
        vm.assume(key != MASTER);
        Delivery memory d = smallDelivery();
        Transfer memory t = transferOf(d, 0);
        t.key = key;
        Evidence memory e = evidenceOf(d, 0, BadData.Header, 0);
        assertEq(uint256(judge.judgeSlot(t, 0, 1, e)), uint256(BadData.Header), "convicted");
    }

    // ---- openings ----

    /// A chunk of another slot is not the accused one, though it is in the same tree.
    function test_judgeSlot_revertsWhen_aChunkIsOfAnotherSlot() public {
        Delivery memory d = delivery();
        for (uint256 other = 0; other < SLOTS; ++other) {
            if (other == 1) continue;
            Evidence memory e = evidenceOf(d, 1, BadData.Header, 0);
            e.first = Payload.opening(d.cipher, Payload.cipherLeaves(d.cipher), other * PER);
            vm.expectPartialRevert(ITransferJudge.WrongChunk.selector);
            judge.judgeSlot(transferOf(d, 1), 1, SLOTS, e);
            e = evidenceOf(d, 1, BadData.Start, 0);
            e.second = Payload.opening(d.cipher, Payload.cipherLeaves(d.cipher), other * PER + 1);
            vm.expectPartialRevert(ITransferJudge.WrongChunk.selector);
            judge.judgeSlot(transferOf(d, 1), 1, SLOTS, e);
        }
    }

    /// With the corpus index in the place of the slot, or the other way round, nothing opens.
    function test_judgeSlot_revertsWhen_slotAndIndexAreConfused() public {
        Delivery memory d = delivery();
        Evidence memory e = evidenceOf(d, 0, BadData.Header, 0);
        vm.expectPartialRevert(ITransferJudge.WrongChunk.selector);
        judge.judgeSlot(transferOf(d, 0), 1, SLOTS, e);
        e.leaf = d.tree[0];
        e.leafPath = TestSet.path(d.tree, 0);
        vm.expectPartialRevert(ITransferJudge.WrongLeaf.selector);
        judge.judgeSlot(transferOf(d, 0), 0, SLOTS, e);
        // 9 chunks have a tree of depth 4, 6 have one of depth 3
        e = evidenceOf(d, 0, BadData.Header, 0);
        vm.expectRevert(abi.encodeWithSelector(Merkle.BadPathLength.selector, 3, 4));
        judge.judgeSlot(transferOf(d, 0), 0, 2, e);
    }

    /// Leaves that are labelled, or of a test set, are none of a corpus: the header opens neither.
    function test_judgeSlot_convictsUnderALeafOfAnotherKind() public view {
        Delivery memory d = delivery();
        Transfer memory t = transferOf(d, 1);
        t.leafTag = keccak256("another tag");
        Evidence memory e = evidenceOf(d, 1, BadData.Header, 0);
        assertEq(uint256(judge.judgeSlot(t, 1, SLOTS, e)), uint256(BadData.Header), "the tag is part of the leaf");
    }

    // ---- gas ----

    /// The last of 128 documents that are 96x96x3 images, in the largest corpus, with paths as long as there.
    function test_gas_ofEachClaimOnAnImage() public {
        uint256[] memory indices = new uint256[](1);
        indices[0] = 1;
        Delivery memory d = build(Payload.Shape({n: 2, inputWords: 892, wordsPerChunk: 8, classes: 10}), indices);
        d.plain[0][0] ^= 1;
        d.plain[1][0] ^= 1;
        d.plain[51][0] ^= 1;
        sealDelivery(d);
        assertLe(gasOf(d, BadData.Header, 0), 130_000, "header");
        assertLe(gasOf(d, BadData.Start, 0), 220_000, "start");
        assertLe(gasOf(d, BadData.Step, 49), 480_000, "step");
    }

    /// The longest chunk that a market may allow, 256 words, and the one after it: it fits a transaction with all its data.
    function test_gas_ofTheLongestChunk() public {
        uint256[] memory indices = new uint256[](1);
        Delivery memory d = build(Payload.Shape({n: 1, inputWords: 512, wordsPerChunk: 256, classes: 10}), indices);
        d.plain[2][0] ^= 1;
        sealDelivery(d);
        Transfer memory t = transferOf(d, 0);
        Evidence memory e = evidenceOf(d, 0, BadData.Step, 0);
        // paths as long as those of 128 such documents with 32 chunks each
        uint256 length = abi.encodeCall(judge.judgeSlot, (t, 0, 1, e)).length + 2 * 12 * 32;
        assertLe(length, 100_000, "bytes, of 131,072");
        assertLe(gasOf(d, BadData.Step, 0) + 16 * length + 2 * 12 * 500, 11_500_000, "gas, of 16,777,216");
    }

    function gasOf(Delivery memory d, BadData claim, uint256 chunk) private returns (uint256 used) {
        Transfer memory t = transferOf(d, 0);
        Evidence memory e = evidenceOf(d, 0, claim, chunk);
        vm.cool(address(judge));
        used = gasleft();
        judge.judgeSlot(t, 0, 1, e);
        used -= gasleft();
    }
}
