// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferJudge} from "../src/TransferJudge.sol";
import {Chunks} from "../src/libraries/Chunks.sol";
import {Keystream} from "../src/libraries/Keystream.sol";
import {Merkle} from "../src/libraries/Merkle.sol";
import {PoseidonChain} from "../src/libraries/PoseidonChain.sol";
import {ResultBitmap} from "../src/libraries/ResultBitmap.sol";
import {Shuffle} from "../src/libraries/Shuffle.sol";
import {TAG_CT, TAG_KEY, TAG_KS, TAG_SALT, TAG_SEED, TAG_SHUFFLE, TAG_TEST} from "../src/libraries/Tags.sol";
import {BadData, Evidence, Transfer} from "../src/types/TransferTypes.sol";
import {TestBase} from "./base/TestBase.sol";
import {TestSet} from "./base/TestSet.sol";

/// The contracts agree with the off-chain program, word for word (V20). Its test `transfer_vectors` writes the file.
contract TransferVectorsTest is TestBase {
    string private constant PATH = "contracts/test/fixtures/transfer_vectors.json";

    TransferJudge private judge;

    function setUp() public {
        judge = new TransferJudge();
    }

    function test_tags() public view {
        string memory json = vm.readFile(PATH);
        assertEq(vm.parseJsonBytes32(json, ".tags.salt"), TAG_SALT, "salt");
        assertEq(vm.parseJsonBytes32(json, ".tags.seed"), TAG_SEED, "seed");
        assertEq(vm.parseJsonBytes32(json, ".tags.shuffle"), TAG_SHUFFLE, "shuffle");
        assertEq(vm.parseJsonBytes32(json, ".tags.key"), TAG_KEY, "key");
        assertEq(vm.parseJsonBytes32(json, ".tags.keystream"), TAG_KS, "keystream");
        assertEq(vm.parseJsonBytes32(json, ".tags.cipher"), TAG_CT, "cipher");
    }

    function test_shuffle_ofSeveralSizes() public view {
        string memory json = vm.readFile(PATH);
        uint256 sizes = 0;
        for (; vm.keyExistsJson(json, key(".shuffle.whole", sizes, "")); ++sizes) {
            bytes32 seed = vm.parseJsonBytes32(json, key(".shuffle.whole", sizes, ".seed"));
            uint256 n = vm.parseJsonUint(json, key(".shuffle.whole", sizes, ".n"));
            bytes32[] memory indices = vm.parseJsonBytes32Array(json, key(".shuffle.whole", sizes, ".indices"));
            assertEq(indices.length, n, "positions");
            for (uint256 p = 0; p < n; ++p) {
                assertEq(Shuffle.indexAt(seed, p, n), uint256(indices[p]), "index");
            }
        }
        assertEq(sizes, 7, "sizes");
    }

    function test_shuffle_ofTheLargestSet() public view {
        string memory json = vm.readFile(PATH);
        bytes32 seed = vm.parseJsonBytes32(json, ".shuffle.largest.seed");
        uint256 n = vm.parseJsonUint(json, ".shuffle.largest.n");
        bytes32[] memory positions = vm.parseJsonBytes32Array(json, ".shuffle.largest.positions");
        bytes32[] memory indices = vm.parseJsonBytes32Array(json, ".shuffle.largest.indices");
        assertEq(positions.length, 6, "positions");
        for (uint256 p = 0; p < positions.length; ++p) {
            assertEq(Shuffle.indexAt(seed, uint256(positions[p]), n), uint256(indices[p]), "index");
        }
    }

    function test_keystream() public view {
        string memory json = vm.readFile(PATH);
        bytes32 kappa = vm.parseJsonBytes32(json, ".keystream.key");
        bytes32 id = vm.parseJsonBytes32(json, ".keystream.engagementId");
        uint256 chunk = vm.parseJsonUint(json, ".keystream.chunk");
        bytes32[] memory words = vm.parseJsonBytes32Array(json, ".keystream.words");
        assertEq(words.length, 4, "words");
        for (uint256 w = 0; w < words.length; ++w) {
            assertEq(Keystream.wordAt(kappa, id, chunk, w), words[w], "word");
        }
    }

    function test_poseidonChain() public view {
        string memory json = vm.readFile(PATH);
        uint256 inputWords = vm.parseJsonUint(json, ".chain.inputWords");
        bytes32[] memory message = vm.parseJsonBytes32Array(json, ".chain.message");
        bytes32[] memory values = vm.parseJsonBytes32Array(json, ".chain.values");
        uint256 h = PoseidonChain.start(inputWords, vm.parseJsonUint(json, ".chain.salt"));
        assertEq(h, uint256(values[0]), "start");
        for (uint256 m = 0; m < inputWords; m += 2) {
            h = PoseidonChain.step(h, uint256(message[m]), m + 1 < inputWords ? uint256(message[m + 1]) : 0);
            assertEq(h, uint256(values[1 + m / 2]), "step");
        }
        assertEq(values.length, 1 + (inputWords + 1) / 2, "values");
    }

    function test_resultBitmap() public view {
        string memory json = vm.readFile(PATH);
        uint256 n = vm.parseJsonUint(json, ".bitmap.n");
        bytes memory bitmap = vm.parseJsonBytes(json, ".bitmap.bitmap");
        assertEq(this.count(bitmap, n), vm.parseJsonUint(json, ".bitmap.correct"), "correct");
        assertEq(keccak256(bitmap), vm.parseJsonBytes32(json, ".bitmap.hash"), "hash");
        bytes32[] memory positions = vm.parseJsonBytes32Array(json, ".bitmap.positions");
        uint256 next = 0;
        for (uint256 p = 0; p < n; ++p) {
            bool set = next < positions.length && uint256(positions[next]) == p;
            assertTrue(this.contains(bitmap, p) == set, "position");
            if (set) ++next;
        }
        assertEq(next, positions.length, "positions");
    }

    function test_transfer_coinToss() public view {
        string memory json = vm.readFile(PATH);
        bytes32 salt = vm.parseJsonBytes32(json, ".transfer.mcSalt");
        assertEq(
            keccak256(abi.encode(TAG_SALT, salt)), vm.parseJsonBytes32(json, ".transfer.mcSaltHash"), "salt commitment"
        );
        bytes32 seed = keccak256(
            abi.encode(
                TAG_SEED,
                vm.parseJsonBytes32(json, ".transfer.engagementId"),
                vm.parseJsonBytes32(json, ".transfer.testRoot"),
                vm.parseJsonBytes32(json, ".transfer.ctRoot"),
                vm.parseJsonBytes32(json, ".transfer.mpSeed"),
                salt
            )
        );
        assertEq(seed, vm.parseJsonBytes32(json, ".transfer.seed"), "seed");

        bytes32[] memory keys = vm.parseJsonBytes32Array(json, ".transfer.keys");
        bytes32[] memory indices = vm.parseJsonBytes32Array(json, ".transfer.indices");
        bytes32 master = vm.parseJsonBytes32(json, ".transfer.master");
        for (uint256 p = 0; p < indices.length; ++p) {
            assertEq(Shuffle.datasetIndex(seed, p, indices.length), uint256(indices[p]), "index");
            assertEq(Keystream.keyOf(master, p), keys[p], "key");
        }
        assertEq(
            keccak256(abi.encodePacked(keys[uint256(indices[0])], keys[uint256(indices[1])])),
            keccak256(vm.parseJsonBytes(json, ".transfer.keysA")),
            "keys of the probe positions, in their order"
        );
    }

    function test_transfer_chunksAndRoots() public view {
        string memory json = vm.readFile(PATH);
        uint256 examples = vm.parseJsonUint(json, ".transfer.examples");
        uint256 w = vm.parseJsonUint(json, ".transfer.wordsPerChunk");
        uint256 perExample = Chunks.perExample(vm.parseJsonUint(json, ".transfer.inputWords"), w);
        bytes32 id = vm.parseJsonBytes32(json, ".transfer.engagementId");
        bytes32[] memory keys = vm.parseJsonBytes32Array(json, ".transfer.keys");
        bytes32[] memory plain = vm.parseJsonBytes32Array(json, ".transfer.plainWords");
        bytes32[] memory cipher = vm.parseJsonBytes32Array(json, ".transfer.cipherWords");
        bytes32[] memory leaves = vm.parseJsonBytes32Array(json, ".transfer.cipherLeaves");
        assertEq(leaves.length, examples * perExample, "chunks");
        uint256 next = 0;
        for (uint256 k = 0; k < leaves.length; ++k) {
            bytes32[] memory words = new bytes32[](Chunks.wordsIn(k, perExample, w));
            for (uint256 i = 0; i < words.length; ++i) {
                words[i] = cipher[next + i];
            }
            assertEq(this.leaf(k, words), leaves[k], "cipher leaf");
            uint256[] memory opened = this.decrypt(keys[k / perExample], id, k, words);
            for (uint256 i = 0; i < words.length; ++i) {
                assertEq(opened[i], uint256(plain[next + i]), "plain word");
            }
            next += words.length;
        }
        assertEq(next, cipher.length, "cipher words");
        assertEq(next, plain.length, "plain words");
        assertEq(TestSet.root(leaves), vm.parseJsonBytes32(json, ".transfer.ctRoot"), "ctRoot");
    }

    function test_transfer_testSet() public view {
        string memory json = vm.readFile(PATH);
        uint256 w = vm.parseJsonUint(json, ".transfer.wordsPerChunk");
        uint256 inputWords = vm.parseJsonUint(json, ".transfer.inputWords");
        bytes32[] memory plain = vm.parseJsonBytes32Array(json, ".transfer.plainWords");
        bytes32[] memory leaves = vm.parseJsonBytes32Array(json, ".transfer.testLeaves");
        uint256 stride = Chunks.HEADER_WORDS + Chunks.dataChunks(inputWords, w) * (1 + w);
        for (uint256 i = 0; i < leaves.length; ++i) {
            uint256 header = i * stride;
            assertEq(uint256(plain[header]), i, "index");
            bytes32 leafHash =
                keccak256(abi.encode(TAG_TEST, i, plain[header + 1], plain[header + 2], plain[header + 3]));
            assertEq(leafHash, leaves[i], "test leaf");
        }
        bytes32 root = vm.parseJsonBytes32(json, ".transfer.testRoot");
        assertEq(TestSet.root(leaves), root, "testRoot");
        uint256 index = vm.parseJsonUint(json, ".testPath.index");
        bytes32[] memory path = vm.parseJsonBytes32Array(json, ".testPath.path");
        assertEq(this.rootFrom(leaves[index], index, leaves.length, path), root, "path");
    }

    /// Every single word that a sender can get wrong, and every claim against an honest one.
    function test_evidence() public view {
        uint256 convicted = 0;
        uint256 acquitted = 0;
        // Each case is read in a call of its own: the copies of the file would fill this one's memory.
        for (uint256 i = 0; this.exists(i); ++i) {
            if (this.convicts(i)) ++convicted;
            else ++acquitted;
        }
        assertEq(convicted, 21, "convicted");
        assertEq(acquitted, 20, "acquitted");
    }

    function exists(uint256 i) external view returns (bool) {
        return vm.keyExistsJson(vm.readFile(PATH), key(".evidence", i, ""));
    }

    /// Whether the judge convicts in case `i`, which must be what the file says.
    function convicts(uint256 i) external view returns (bool convicted) {
        string memory json = vm.readFile(PATH);
        string memory name = vm.parseJsonString(json, key(".evidence", i, ".name"));
        (Transfer memory t, Evidence memory e) =
            abi.decode(vm.parseJsonBytes(json, key(".evidence", i, ".arguments")), (Transfer, Evidence));
        assertEq(t.position, vm.parseJsonUint(json, key(".evidence", i, ".position")), name);
        assertEq(uint256(e.claim), vm.parseJsonUint(json, key(".evidence", i, ".claim")), name);
        try judge.judge(t, e) returns (BadData claim) {
            assertEq(uint256(claim), uint256(e.claim), name);
            convicted = true;
        } catch (bytes memory reason) {
            bytes memory noFault = abi.encodeWithSignature("NoFault(uint256)", t.position);
            assertEq(keccak256(reason), keccak256(noFault), name);
        }
        bool expected = abi.decode(vm.parseJson(json, key(".evidence", i, ".convicts")), (bool));
        assertTrue(convicted == expected, name);
    }

    function count(bytes calldata bitmap, uint256 n) external pure returns (uint256) {
        return ResultBitmap.count(bitmap, n);
    }

    function contains(bytes calldata bitmap, uint256 p) external pure returns (bool) {
        return ResultBitmap.contains(bitmap, p);
    }

    function leaf(uint256 chunk, bytes32[] calldata words) external pure returns (bytes32) {
        return Chunks.leaf(chunk, words);
    }

    function decrypt(bytes32 kappa, bytes32 id, uint256 chunk, bytes32[] calldata words)
        external
        pure
        returns (uint256[] memory)
    {
        return Keystream.decrypt(kappa, id, chunk, words);
    }

    function rootFrom(bytes32 node, uint256 index, uint256 n, bytes32[] calldata path) external pure returns (bytes32) {
        return Merkle.rootFrom(node, index, n, path);
    }

    function key(string memory list, uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(i), "]", field);
    }
}
