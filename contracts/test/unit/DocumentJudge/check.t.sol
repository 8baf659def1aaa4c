// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DocumentJudge} from "../../../src/DocumentJudge.sol";
import {IDocumentJudge} from "../../../src/interfaces/IDocumentJudge.sol";
import {IJudge} from "../../../src/interfaces/IJudge.sol";
import {Merkle} from "../../../src/libraries/Merkle.sol";
import {Statement} from "../../../src/libraries/Statement.sol";
import {TAG_CTX, TAG_DOC, TAG_TEST} from "../../../src/libraries/Tags.sol";
import {DocumentClaim, DocumentGroup, Predicate} from "../../../src/types/RetrievalTypes.sol";
import {TestBase} from "../../base/TestBase.sol";
import {TestSet} from "../../base/TestSet.sol";
import {HashVerifier} from "../../mocks/HashVerifier.sol";
import {OddVerifier} from "../../mocks/OddVerifier.sol";

contract DocumentCheckTest is TestBase {
    bytes32 internal constant ID = keccak256("audit");
    bytes32 internal constant VK = keccak256("vk");
    uint256 internal constant WEIGHTS = uint256(keccak256("weights")) >> 8;
    uint256 internal constant KIND = 3;
    uint32 internal constant SIZE = 6;
    uint32 internal constant INDEX = 4;

    DocumentJudge internal judge;
    HashVerifier internal verifier;

    function setUp() public {
        judge = new DocumentJudge();
        verifier = new HashVerifier();
    }

    // ---- documents, from the text of the specification ----

    function commitOf(uint256 i) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("document", i))) >> 8;
    }

    function saltOf(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("leaf salt", i));
    }

    function leaves() private pure returns (bytes32[] memory list) {
        list = new bytes32[](SIZE);
        for (uint256 i = 0; i < SIZE; ++i) {
            list[i] = keccak256(abi.encode(TAG_DOC, i, commitOf(i), uint256(0), saltOf(i)));
        }
    }

    function contextOf(address market, uint256 chain, uint256 kind, bytes32 id, uint256 index)
        private
        pure
        returns (uint256)
    {
        return uint256(keccak256(abi.encode(TAG_CTX, chain, market, kind, id, index))) >> 8;
    }

    function context() private view returns (uint256) {
        return contextOf(address(this), block.chainid, KIND, ID, INDEX);
    }

    function proofFor(uint256 ctx, uint256 commit, uint256 output) private view returns (bytes memory) {
        return abi.encode(verifier.proofOf(VK, [ctx, WEIGHTS, commit, output]));
    }

    function claim() private view returns (DocumentClaim memory) {
        return DocumentClaim({
            predicate: Predicate(address(verifier), address(verifier).codehash, VK, WEIGHTS),
            kind: KIND,
            id: ID,
            root: TestSet.root(leaves()),
            size: SIZE
        });
    }

    function group() private view returns (DocumentGroup memory g) {
        g.indices = new uint32[](1);
        g.docCommits = new uint256[](1);
        g.leafSalts = new bytes32[](1);
        g.paths = new bytes32[][](1);
        g.indices[0] = INDEX;
        g.docCommits[0] = commitOf(INDEX);
        g.leafSalts[0] = saltOf(INDEX);
        g.paths[0] = TestSet.path(leaves(), INDEX);
        g.proof = proofFor(context(), commitOf(INDEX), 0);
    }

    function expectRejected(DocumentClaim memory c, DocumentGroup memory g) private {
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, g.indices[0]));
        judge.check(c, g);
    }

    // ---- accepted ----

    function test_check_acceptsEveryDocumentOfTheCorpus() public view {
        DocumentClaim memory c = claim();
        DocumentGroup memory g = group();
        for (uint32 i = 0; i < SIZE; ++i) {
            g.indices[0] = i;
            g.docCommits[0] = commitOf(i);
            g.leafSalts[0] = saltOf(i);
            g.paths[0] = TestSet.path(leaves(), i);
            g.proof = proofFor(contextOf(address(this), block.chainid, KIND, ID, i), commitOf(i), 0);
            judge.check(c, g);
        }
    }

    function test_check_ofTheOnlyDocument() public view {
        DocumentClaim memory c = claim();
        c.size = 1;
        c.root = keccak256(abi.encode(TAG_DOC, uint256(0), commitOf(0), uint256(0), saltOf(0)));
        DocumentGroup memory g = group();
        g.indices[0] = 0;
        g.docCommits[0] = commitOf(0);
        g.leafSalts[0] = saltOf(0);
        g.paths[0] = new bytes32[](0);
        g.proof = proofFor(contextOf(address(this), block.chainid, KIND, ID, 0), commitOf(0), 0);
        judge.check(c, g);
    }

    // ---- the proof ----

    /// V33: nothing but this statement, in this audit, about this document.
    function test_check_revertsWhen_theProofIsAnothers() public {
        DocumentClaim memory c = claim();
        DocumentGroup memory g = group();
        uint256 commit = commitOf(INDEX);
        g.proof = proofFor(context(), commit, 1);
        expectRejected(c, g);
        g.proof = proofFor(context(), commitOf(3), 0);
        expectRejected(c, g);
        g.proof = proofFor(contextOf(address(this), block.chainid, KIND, ID, 3), commit, 0);
        expectRejected(c, g);
        g.proof = proofFor(contextOf(address(this), block.chainid, 1, ID, INDEX), commit, 0);
        expectRejected(c, g);
        g.proof = proofFor(contextOf(address(this), block.chainid, 2, ID, INDEX), commit, 0);
        expectRejected(c, g);
        g.proof = proofFor(contextOf(address(this), block.chainid, KIND, keccak256("another"), INDEX), commit, 0);
        expectRejected(c, g);
        g.proof = proofFor(contextOf(address(judge), block.chainid, KIND, ID, INDEX), commit, 0);
        expectRejected(c, g);
        g.proof = proofFor(contextOf(address(this), block.chainid + 1, KIND, ID, INDEX), commit, 0);
        expectRejected(c, g);
        g.proof = "";
        expectRejected(c, g);
    }

    function test_check_isForItsCallerOnly() public {
        DocumentClaim memory c = claim();
        DocumentGroup memory g = group();
        vm.prank(account("another market"));
        expectRejected(c, g);
        judge.check(c, g);
    }

    function test_check_revertsWhen_thePredicateIsAnother() public {
        DocumentGroup memory g = group();
        DocumentClaim memory c = claim();
        c.predicate.vkDigest = keccak256("another key");
        expectRejected(c, g);
        c = claim();
        c.predicate.weightsCommit += 1;
        expectRejected(c, g);
    }

    function test_check_revertsWhen_theVerifierIsNotTheOneOfTheRequest() public {
        DocumentGroup memory g = group();
        DocumentClaim memory c = claim();
        bytes32 before = address(verifier).codehash;
        vm.etch(address(verifier), address(judge).code);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJudge.VerifierChanged.selector, address(verifier), before, address(verifier).codehash
            )
        );
        judge.check(c, g);
        vm.etch(address(verifier), "");
        vm.expectRevert(
            abi.encodeWithSelector(IJudge.VerifierChanged.selector, address(verifier), before, keccak256(""))
        );
        judge.check(c, g);
    }

    /// Only the word 1 is acceptance.
    function test_check_survivesOddVerifiers() public {
        OddVerifier odd = new OddVerifier();
        DocumentClaim memory c = claim();
        c.predicate.verifier = address(odd);
        c.predicate.verifierCodehash = address(odd).codehash;
        DocumentGroup memory g = group();
        for (uint256 a = 0; a <= uint256(OddVerifier.Answer.RevertWithOne); ++a) {
            odd.set(OddVerifier.Answer(a));
            if (a == 0) judge.check(c, g);
            else expectRejected(c, g);
        }
    }

    function test_check_revertsWhen_theCommitmentIsNotCanonical() public {
        DocumentClaim memory c = claim();
        DocumentGroup memory g = group();
        bytes32[] memory tree = leaves();
        uint256 alias_ = commitOf(INDEX) + Statement.SCALAR_ORDER;
        tree[INDEX] = keccak256(abi.encode(TAG_DOC, uint256(INDEX), alias_, uint256(0), saltOf(INDEX)));
        c.root = TestSet.root(tree);
        g.docCommits[0] = alias_;
        g.paths[0] = TestSet.path(tree, INDEX);
        vm.expectRevert(abi.encodeWithSelector(Statement.NotCanonical.selector, alias_));
        judge.check(c, g);
    }

    // ---- the opening ----

    function test_check_revertsWhen_theDocumentIsAnother() public {
        DocumentClaim memory c = claim();
        DocumentGroup memory g = group();
        g.docCommits[0] ^= 1;
        expectWrongLeaf(c, g);
        g = group();
        g.leafSalts[0] = saltOf(3);
        expectWrongLeaf(c, g);
        g = group();
        g.paths[0] = TestSet.path(leaves(), 5);
        expectWrongLeaf(c, g);
        g = group();
        g.indices[0] = 5;
        expectWrongLeaf(c, g);
        g = group();
        c.root = keccak256("another corpus");
        expectWrongLeaf(c, g);
    }

    /// A leaf that states another index, or is labelled, opens nowhere.
    function test_check_revertsWhen_theLeafIsOfAnotherKind() public {
        bytes32[3] memory odd = [
            keccak256(abi.encode(TAG_DOC, uint256(3), commitOf(INDEX), uint256(0), saltOf(INDEX))),
            keccak256(abi.encode(TAG_DOC, uint256(INDEX), commitOf(INDEX), uint256(1), saltOf(INDEX))),
            keccak256(abi.encode(TAG_TEST, uint256(INDEX), commitOf(INDEX), uint256(0), saltOf(INDEX)))
        ];
        for (uint256 i = 0; i < 3; ++i) {
            bytes32[] memory tree = leaves();
            tree[INDEX] = odd[i];
            DocumentClaim memory c = claim();
            c.root = TestSet.root(tree);
            DocumentGroup memory g = group();
            g.paths[0] = TestSet.path(tree, INDEX);
            expectWrongLeaf(c, g);
        }
    }

    function test_check_revertsWhen_thePathHasAnotherLength() public {
        DocumentClaim memory c = claim();
        DocumentGroup memory g = group();
        g.paths[0] = new bytes32[](2);
        vm.expectRevert(abi.encodeWithSelector(Merkle.BadPathLength.selector, 3, 2));
        judge.check(c, g);
        c.size = 9;
        g = group();
        vm.expectRevert(abi.encodeWithSelector(Merkle.BadPathLength.selector, 4, 3));
        judge.check(c, g);
    }

    // ---- groups ----

    function test_check_revertsWhen_theGroupHasNotOneIndex() public {
        DocumentClaim memory c = claim();
        DocumentGroup memory g = group();
        g.indices = new uint32[](2);
        vm.expectRevert(abi.encodeWithSelector(IJudge.BatchUnsupported.selector, 2));
        judge.check(c, g);
        g.indices = new uint32[](0);
        vm.expectRevert(abi.encodeWithSelector(IJudge.BatchUnsupported.selector, 0));
        judge.check(c, g);
    }

    function test_check_revertsWhen_theGroupIsMalformed() public {
        DocumentClaim memory c = claim();
        DocumentGroup memory g = group();
        g.docCommits = new uint256[](2);
        expectBadGroup(c, g, 2, 1, 1);
        g = group();
        g.docCommits = new uint256[](0);
        expectBadGroup(c, g, 0, 1, 1);
        g = group();
        g.leafSalts = new bytes32[](2);
        expectBadGroup(c, g, 1, 2, 1);
        g = group();
        g.leafSalts = new bytes32[](0);
        expectBadGroup(c, g, 1, 0, 1);
        g = group();
        g.paths = new bytes32[][](2);
        expectBadGroup(c, g, 1, 1, 2);
        g = group();
        g.paths = new bytes32[][](0);
        expectBadGroup(c, g, 1, 1, 0);
    }

    // ---- gas ----

    /// One document of the largest corpus, beside what its verifier uses.
    function test_gas_ofADocumentOfTheLargestCorpus() public {
        DocumentClaim memory c = claim();
        DocumentGroup memory g = group();
        c.size = 1 << 20;
        g.indices[0] = 0xfffff;
        g.paths[0] = new bytes32[](20);
        bytes32 node =
            keccak256(abi.encode(TAG_DOC, uint256(g.indices[0]), g.docCommits[0], uint256(0), g.leafSalts[0]));
        for (uint256 j = 0; j < 20; ++j) {
            g.paths[0][j] = keccak256(abi.encode(j));
            node = Merkle.parent(g.paths[0][j], node);
        }
        c.root = node;
        g.proof = proofFor(contextOf(address(this), block.chainid, KIND, ID, g.indices[0]), g.docCommits[0], 0);
        vm.cool(address(judge));
        vm.cool(address(verifier));
        uint256 used = gasleft();
        judge.check(c, g);
        used -= gasleft();
        assertLe(used, 40_000, "check");
    }

    function expectWrongLeaf(DocumentClaim memory c, DocumentGroup memory g) private {
        vm.expectPartialRevert(IDocumentJudge.WrongDocumentLeaf.selector);
        judge.check(c, g);
    }

    function expectBadGroup(
        DocumentClaim memory c,
        DocumentGroup memory g,
        uint256 commits,
        uint256 salts,
        uint256 paths
    ) private {
        vm.expectRevert(abi.encodeWithSelector(IDocumentJudge.BadDocumentGroup.selector, commits, salts, paths));
        judge.check(c, g);
    }
}
