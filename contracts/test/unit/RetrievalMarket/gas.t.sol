// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRetrievalMarket} from "../../../src/interfaces/IRetrievalMarket.sol";
import {Shuffle} from "../../../src/libraries/Shuffle.sol";
import {TAG_CTX} from "../../../src/libraries/Tags.sol";
import {AuditState, DemandState, SampleGroup} from "../../../src/types/AuditTypes.sol";
import {PageOpening, RequestTerms} from "../../../src/types/RetrievalTypes.sol";
import {Point} from "../../../src/types/SharedKeyTypes.sol";
import {BadData, Evidence} from "../../../src/types/TransferTypes.sol";
import {AuditFixture} from "../../base/AuditFixture.sol";
import {GasMeter} from "../../base/GasMeter.sol";
import {TestSet} from "../../base/TestSet.sol";

/// Whole transactions with every account they touch cold. The verification of a proof comes on top.
contract AuditGasTest is AuditFixture, GasMeter {
    uint32 private constant LARGEST = 1 << 20;
    uint256 private constant PAGES = 227;

    bytes32[] private bigTree;

    // ---- a small audit: what each step costs ----

    function test_gas_ofRequest() public {
        RequestTerms memory t = requestTerms();
        bytes memory data = abi.encodeCall(IRetrievalMarket.request, (t, predicate(), "https://example.org/predicate"));
        assertLe(measure(rq, PRICE, data), 480_000, "request");
    }

    function test_gas_ofEachStep() public {
        bytes32 id = requested();
        assertLe(measure(rs, BOND, abi.encodeCall(IRetrievalMarket.accept, (id, auditGuard(id)))), 150_000, "accept");
        bytes memory data = abi.encodeCall(IRetrievalMarket.postAnswers, (id, auditGuard(id), onePage(), true));
        assertLe(measure(rs, 0, data), 120_000, "postAnswers");
        data = abi.encodeCall(IRetrievalMarket.reveal, (id, auditGuard(id), SALT, list(0), opening()));
        assertLe(measure(rq, 0, data), 140_000, "reveal");
        data = abi.encodeCall(IRetrievalMarket.submitProofs, (id, predicate(), single(groupOf(id, 0))));
        assertLe(measure(rs, 0, data), 230_000, "submitProofs");
        id = delivering();
        data = abi.encodeCall(IRetrievalMarket.demand, (id, auditGuard(id), list(2, 6), opening()));
        assertLe(measure(rq, feeOf(2, BASE_FEE), data), 220_000, "demand");
        data = abi.encodeCall(
            IRetrievalMarket.deliver, (id, 0, listHashOf(list(2, 6)), ctRootOf(id, 0, list(2, 6)), Point(1, 2))
        );
        assertLe(measure(rs, 0, data), DELIVER_GAS, "deliver is in B");
        data = abi.encodeCall(IRetrievalMarket.ack, (id, 0, ctRootOf(id, 0, list(2, 6))));
        assertLe(measure(rq, 0, data), 60_000, "ack");
        passDemand(id, 0);
        assertLe(measure(outsider, 0, abi.encodeCall(IRetrievalMarket.settleDemand, (id, 0))), 90_000, "settle");
        assertLe(measure(rq, 0, abi.encodeCall(IRetrievalMarket.confirm, (id, auditGuard(id)))), 90_000, "confirm");
    }

    function test_gas_ofEvidence() public {
        plain[2 * CHUNKS_EACH + 1][1] ^= 1;
        (bytes32 id, uint256 m) = demanded(DemandState.Acked);
        Evidence memory e = evidenceOf(id, m, list(2, 6), 0, BadData.Step, 0);
        bytes memory data = abi.encodeCall(IRetrievalMarket.proveBadData, (id, m, list(2, 6), 0, secretFor(id, m), e));
        assertLe(measure(rq, 0, data), 400_000, "proveBadData");
    }

    // ---- the largest legal call of each function ----

    function test_gas_ofTheLargestPageCall() public {
        bytes32 id = bigAccepted(LARGEST, LARGEST);
        bytes memory data = abi.encodeCall(IRetrievalMarket.postAnswers, (id, auditGuard(id), fullPages(PAGES), false));
        assertFits(measure(rs, 0, data), data.length, "postAnswers");
        assertEq(audits.audit(id).positives, PAGES * 4096, "ones");
    }

    /// As many as 128 KiB hold, and each in a word of its own.
    function test_gas_ofTheLargestWithholding() public {
        bytes32 id = bigAccepted(LARGEST, LARGEST);
        post(id, fullPages(150), false);
        uint32[] memory indices = spread(600, 256);
        bytes memory data =
            abi.encodeCall(IRetrievalMarket.withhold, (id, auditGuard(id), indices, openings(38), bytes32(0), false));
        assertFits(measure(rs, 0, data), data.length, "withhold, a word each");
        indices = spread(3900, 1);
        id = bigAccepted(LARGEST, LARGEST);
        post(id, fullPages(1), false);
        data = abi.encodeCall(IRetrievalMarket.withhold, (id, auditGuard(id), indices, openings(1), bytes32(0), false));
        assertFits(measure(rs, 0, data), data.length, "withhold, one page");
    }

    function test_gas_ofTheLargestReveal() public {
        bytes32 id = bigAccepted(LARGEST, 0);
        bytes[] memory pages = zeroPages(128);
        post(id, pages, false);
        post(id, pages, true);
        uint32[] memory named = spread(128, 4096);
        PageOpening[] memory opened = new PageOpening[](128);
        for (uint256 q = 0; q < 128; ++q) {
            opened[q] = PageOpening(0, pages[0]);
        }
        bytes memory data = abi.encodeCall(IRetrievalMarket.reveal, (id, auditGuard(id), SALT, named, opened));
        assertFits(measure(rq, 0, data), data.length, "reveal");
    }

    function test_gas_ofTheLargestDemand() public {
        bytes32 id = bigAccepted(LARGEST, LARGEST);
        post(id, fullPages(128), false);
        post(id, fullPages(128), true);
        revealNamed(id, none());
        assertEq(uint256(stateOf(id)), uint256(AuditState.Delivering), "nothing is due");
        uint32[] memory indices = spread(128, 4096);
        bytes memory data = abi.encodeCall(IRetrievalMarket.demand, (id, auditGuard(id), indices, openings(128)));
        assertFits(measure(rq, 1 ether, data), data.length, "demand");

        // Its ciphertext: as many chunks as 128 KiB hold.
        vm.prank(rs);
        audits.deliver(id, 0, listHashOf(indices), keccak256("root"), Point(1, 2));
        vm.warp(uint256(audits.demandAt(id, 0).deadline) + 1);
        bytes32[] memory words = new bytes32[](128 * 10);
        for (uint256 k = 0; k < words.length; ++k) {
            words[k] = keccak256(abi.encode(k));
        }
        // The root is another, so the last chunk is left out.
        assembly ("memory-safe") {
            mstore(words, 1275)
        }
        data = abi.encodeCall(IRetrievalMarket.publishChunks, (id, 0, keccak256("root"), 0, words));
        uint256 used = measure(rs, 0, data);
        assertFits(used, data.length, "publishChunks");
        assertLe(used / 255, CHUNK_GAS, "a chunk is in B");
        assertLe(255 * uint256(CHUNK_GAS) / 2, used, "what it brings is less than what it costs");
    }

    /// 19 samples of a corpus of two pages in one transaction.
    function test_gas_ofTheLargestProofs() public {
        this.buildTree(4097);
        RequestTerms memory t = requestTerms();
        t.corpusId = commitCorpus(this.bigRoot(), 4097, 1);
        (t.samples, t.namedMax, t.onesMax, t.withholdMax) = (19, 0, 0, 0);
        bytes32 id = requestWith(t);
        acceptAudit(id);
        bytes[] memory pages = zeroPages(2);
        pages[1] = hex"00";
        post(id, pages, true);
        revealNamed(id, none());
        SampleGroup[] memory groups = new SampleGroup[](19);
        for (uint32 j = 0; j < 19; ++j) {
            groups[j] = this.bigGroup(id, j);
        }
        bytes memory data = abi.encodeCall(IRetrievalMarket.submitProofs, (id, predicate(), groups));
        uint256 used = measure(rs, 0, data);
        assertEq(uint256(stateOf(id)), uint256(AuditState.Delivering), "all proven");
        // The proofs of the mock have 32 bytes.
        assertFits(
            used + 19 * (VERIFICATION + 16 * (PROOF_BYTES - 32)), data.length + 19 * (PROOF_BYTES - 32), "proofs"
        );
        assertLe(used / 19, 190_000, "a sample");
    }

    // ---- helpers ----

    function bigAccepted(uint32 size, uint32 onesMax) private returns (bytes32 id) {
        RequestTerms memory t = requestTerms();
        t.corpusId = commitCorpus(keccak256(abi.encode("root", t.requesterKey.x)), size, 1);
        (t.samples, t.namedMax, t.onesMax, t.withholdMax) = (1, 128, onesMax, onesMax);
        id = requestWith(t);
        acceptAudit(id);
    }

    function pagesOf(uint256 n, bytes1 fill) private pure returns (bytes[] memory pages) {
        bytes memory page = new bytes(512);
        for (uint256 i = 0; i < 512; ++i) {
            page[i] = fill;
        }
        pages = new bytes[](n);
        for (uint256 q = 0; q < n; ++q) {
            pages[q] = page;
        }
    }

    function fullPages(uint256 n) private pure returns (bytes[] memory) {
        return pagesOf(n, 0xff);
    }

    function zeroPages(uint256 n) private pure returns (bytes[] memory) {
        return pagesOf(n, 0);
    }

    /// The first pages, all ones.
    function openings(uint256 n) private pure returns (PageOpening[] memory opened) {
        bytes[] memory pages = fullPages(n);
        opened = new PageOpening[](n);
        for (uint256 q = 0; q < n; ++q) {
            opened[q] = PageOpening(uint32(4096 * q), pages[q]);
        }
    }

    function spread(uint32 n, uint32 step) private pure returns (uint32[] memory indices) {
        indices = new uint32[](n);
        for (uint32 k = 0; k < n; ++k) {
            indices[k] = k * step;
        }
    }

    function commitOf(uint256 i) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("document", i))) >> 8;
    }

    // Calls of their own, so that memory is not paid for in later ones.

    function buildTree(uint256 n) external {
        for (uint256 i = 0; i < n; ++i) {
            bigTree.push(documentLeaf(i, commitOf(i), bytes32(i + 1)));
        }
    }

    function bigRoot() external view returns (bytes32) {
        return TestSet.root(bigTree);
    }

    function bigGroup(bytes32 id, uint32 j) external view returns (SampleGroup memory g) {
        // All are zeros: the rank is the index.
        uint32 index = uint32(Shuffle.indexAt(audits.audit(id).seed, j, 4097));
        g.ranks = list(j);
        g.pages = new PageOpening[](1);
        g.pages[0] = PageOpening(0, index < 4096 ? new bytes(512) : new bytes(1));
        g.group.indices = list(index);
        g.group.docCommits = new uint256[](1);
        g.group.docCommits[0] = commitOf(index);
        g.group.leafSalts = new bytes32[](1);
        g.group.leafSalts[0] = bytes32(uint256(index) + 1);
        g.group.paths = new bytes32[][](1);
        g.group.paths[0] = TestSet.path(bigTree, index);
        uint256 ctx =
            uint256(keccak256(abi.encode(TAG_CTX, block.chainid, address(audits), uint256(3), id, index))) >> 8;
        g.group.proof = abi.encode(verifier.proofOf(VK_DIGEST, [ctx, WEIGHTS, commitOf(index), 0]));
    }

    function measure(address by, uint256 value, bytes memory data) private returns (uint256) {
        vm.cool(address(audits));
        vm.cool(address(corpora));
        vm.cool(address(documentJudge));
        vm.cool(address(transferJudge));
        vm.cool(address(sharedKeyJudge));
        vm.cool(address(publication));
        vm.cool(address(verifier));
        vm.cool(audits.terms());
        return transactionGas(address(audits), by, value, data);
    }
}
