// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {CorpusRegistry} from "../../src/CorpusRegistry.sol";
import {DocumentJudge} from "../../src/DocumentJudge.sol";
import {PublishedTransfers} from "../../src/PublishedTransfers.sol";
import {RetrievalMarket} from "../../src/RetrievalMarket.sol";
import {SharedKeyJudge} from "../../src/SharedKeyJudge.sol";
import {TransferJudge} from "../../src/TransferJudge.sol";
import {IRetrievalMarket} from "../../src/interfaces/IRetrievalMarket.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Shuffle} from "../../src/libraries/Shuffle.sol";
import {Statement} from "../../src/libraries/Statement.sol";
import {
    TAG_CTX,
    TAG_DLEQ,
    TAG_DOC,
    TAG_KEY,
    TAG_LIST,
    TAG_PREDICATE,
    TAG_SALT,
    TAG_SHARED
} from "../../src/libraries/Tags.sol";
import {
    AuditContracts,
    AuditOutcome,
    AuditState,
    AuditView,
    AuditWindows,
    DeliveryParams,
    DemandState,
    NAMED,
    RetrievalParams,
    SampleGroup
} from "../../src/types/AuditTypes.sol";
import {PageOpening, Predicate, RequestTerms} from "../../src/types/RetrievalTypes.sol";
import {Point, SharedSecret} from "../../src/types/SharedKeyTypes.sol";
import {BadData, Evidence} from "../../src/types/TransferTypes.sol";
import {HashVerifier} from "../mocks/HashVerifier.sol";
import {Payload} from "./Payload.sol";
import {TestBase} from "./TestBase.sol";
import {TestSet} from "./TestSet.sol";

/// A retrieval market with small odd parameters, a corpus of 11 documents, four of which match, and the way to every state of an
/// audit and of a demand. Hashes, trees and deliveries are built from the text of the specification.
abstract contract AuditFixture is TestBase {
    using Bn254 for Point;

    uint32 internal constant SIZE = 11;
    uint256 internal constant INPUT_WORDS = 7;
    uint32 internal constant WORDS_PER_CHUNK = 4;
    uint256 internal constant CHUNKS_EACH = 3; // 1 + ceil(7 / 4)
    /// Documents 2, 5, 6 and 9.
    bytes internal constant PAGE = hex"6402";
    uint256 internal constant MATCHES = 0x264;
    uint32 internal constant POSITIVES = 4;
    uint32 internal constant ZEROS = 7;

    // Odd numbers, so that no two rows give the same amount.
    uint32 internal constant SAMPLES = 3;
    uint32 internal constant NAMED_MAX = 2;
    uint32 internal constant ONES_MAX = 5;
    uint32 internal constant WITHHOLD_MAX = 2;
    uint128 internal constant BOND = 70_001;
    uint128 internal constant PRICE = 30_011;
    uint256 internal constant ESCROW = 100_012; // pi + b
    uint256 internal constant BASE_FEE = 7;
    uint32 internal constant CHUNK_GAS = 12_011;
    uint32 internal constant DELIVER_GAS = 150_001;

    uint64 internal constant ACCEPT = 2 hours;
    uint64 internal constant ANSWER_BASE = 3700;
    uint64 internal constant ANSWER_TIME = 11;
    uint64 internal constant REVEAL = 3800;
    uint64 internal constant PROVE_BASE = 3900;
    uint64 internal constant PROVE_TIME = 13;
    uint64 internal constant DEMAND = 4000;
    uint64 internal constant DELIVER_BASE = 4100;
    uint64 internal constant DELIVER_TIME = 5;
    uint64 internal constant ACK = 4200;
    uint64 internal constant PUBLISH_BASE = 4300;
    uint64 internal constant PUBLISH_TIME = 3;
    uint64 internal constant EVIDENCE = 4400;

    bytes32 internal constant SALT = keccak256("audit salt");
    bytes32 internal constant VK_DIGEST = keccak256("vk");
    uint256 internal constant WEIGHTS = uint256(keccak256("weights")) >> 8;
    uint256 internal constant R = Statement.SCALAR_ORDER;
    uint256 internal constant START = 1_700_000_000;

    CorpusRegistry internal corpora;
    DocumentJudge internal documentJudge;
    TransferJudge internal transferJudge;
    SharedKeyJudge internal sharedKeyJudge;
    PublishedTransfers internal publication;
    HashVerifier internal verifier;
    RetrievalMarket internal audits;

    address internal rq = account("rq");
    address internal rs = account("rs");
    address internal authority = account("authority");
    address internal outsider = account("outsider");

    bytes32 internal corpusId;
    /// Plain chunks of the corpus: the honest ones, unless a test spoils them before the ciphertext is committed.
    uint256[][] internal plain;
    TestSet.Example[] internal documents;
    bytes32[] internal documentTree;
    /// x of each audit.
    mapping(bytes32 id => uint256) internal secretOf;
    uint256 internal keys;

    function setUp() public virtual {
        vm.warp(START);
        vm.fee(BASE_FEE);
        corpora = new CorpusRegistry();
        documentJudge = new DocumentJudge();
        transferJudge = new TransferJudge();
        sharedKeyJudge = new SharedKeyJudge();
        publication = new PublishedTransfers();
        verifier = new HashVerifier();
        audits = new RetrievalMarket(retrievalParams());
        address[4] memory actors = [rq, rs, authority, outsider];
        for (uint256 i = 0; i < 4; ++i) {
            vm.deal(actors[i], 1000 ether);
        }
        (uint256[][] memory honest, TestSet.Example[] memory examples) = Payload.build(shape(), 1);
        for (uint256 k = 0; k < honest.length; ++k) {
            plain.push(honest[k]);
        }
        for (uint256 i = 0; i < SIZE; ++i) {
            documents.push(examples[i]);
            documentTree.push(documentLeaf(i, examples[i].inputCommit, examples[i].leafSalt));
        }
        corpusId = commitCorpus(TestSet.root(documentTree), SIZE, uint32(INPUT_WORDS));
    }

    // ---- deployment ----

    function retrievalParams() internal view returns (RetrievalParams memory) {
        return RetrievalParams({
            contracts: AuditContracts({
                corpora: address(corpora),
                documents: address(documentJudge),
                transfers: address(transferJudge),
                sharedKeys: address(sharedKeyJudge),
                publication: address(publication)
            }),
            delivery: DeliveryParams({wordsPerChunk: WORDS_PER_CHUNK, chunkGas: CHUNK_GAS, deliverGas: DELIVER_GAS}),
            windows: AuditWindows({
                accept: ACCEPT,
                answerBase: ANSWER_BASE,
                answerTime: ANSWER_TIME,
                reveal: REVEAL,
                proveBase: PROVE_BASE,
                proveTime: PROVE_TIME,
                demand: DEMAND,
                deliverBase: DELIVER_BASE,
                deliverTime: DELIVER_TIME,
                ack: ACK,
                publishBase: PUBLISH_BASE,
                publishTime: PUBLISH_TIME,
                evidence: EVIDENCE
            })
        });
    }

    // ---- corpora ----

    function shape() internal pure returns (Payload.Shape memory) {
        return Payload.Shape({n: SIZE, inputWords: INPUT_WORDS, wordsPerChunk: WORDS_PER_CHUNK, classes: 1});
    }

    function documentLeaf(uint256 i, uint256 commit, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_DOC, i, commit, uint256(0), salt));
    }

    function commitCorpus(bytes32 root, uint32 size, uint32 inputWords) internal returns (bytes32) {
        vm.prank(rs);
        return corpora.commit(root, size, inputWords, 2, "");
    }

    // ---- requests ----

    function predicate() internal view returns (Predicate memory) {
        return Predicate(address(verifier), address(verifier).codehash, VK_DIGEST, WEIGHTS);
    }

    function hashOf(Predicate memory p) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_PREDICATE, p));
    }

    function point(uint256 secret) internal view returns (Point memory) {
        return Bn254.generator().mul(secret);
    }

    function requestTerms() internal view returns (RequestTerms memory t) {
        t.corpusId = corpusId;
        t.predicateHash = hashOf(predicate());
        t.samples = SAMPLES;
        t.namedMax = NAMED_MAX;
        t.onesMax = ONES_MAX;
        t.withholdMax = WITHHOLD_MAX;
        t.saltHash = keccak256(abi.encode(TAG_SALT, SALT));
        t.requesterKey = point(nextSecret());
        t.authority = authority;
        t.bond = BOND;
        t.price = PRICE;
        t.expiry = uint64(block.timestamp) + 1 hours;
    }

    /// x of the next request.
    function nextSecret() internal view returns (uint256) {
        return uint256(keccak256(abi.encode("x", keys))) % R;
    }

    function requestWith(RequestTerms memory t) internal returns (bytes32 id) {
        uint256 secret = nextSecret();
        vm.prank(rq);
        id = audits.request{value: t.price}(t, predicate(), "uri");
        secretOf[id] = secret;
        ++keys;
    }

    function requested() internal returns (bytes32) {
        return requestWith(requestTerms());
    }

    function acceptAudit(bytes32 id) internal {
        AuditView memory a = audits.audit(id);
        vm.prank(rs);
        audits.accept{value: a.bond}(id, a.guard);
    }

    function accepted() internal returns (bytes32 id) {
        id = requested();
        acceptAudit(id);
    }

    // ---- answers ----

    function onePage() internal pure returns (bytes[] memory pages) {
        pages = new bytes[](1);
        pages[0] = PAGE;
    }

    function post(bytes32 id, bytes[] memory pages, bool seal) internal {
        bytes32 g = auditGuard(id);
        vm.prank(rs);
        audits.postAnswers(id, g, pages, seal);
    }

    function opening() internal pure returns (PageOpening[] memory pages) {
        pages = new PageOpening[](1);
        pages[0] = PageOpening(0, PAGE);
    }

    function none() internal pure returns (uint32[] memory) {
        return new uint32[](0);
    }

    function noPages() internal pure returns (PageOpening[] memory) {
        return new PageOpening[](0);
    }

    function list(uint32 a) internal pure returns (uint32[] memory indices) {
        indices = new uint32[](1);
        indices[0] = a;
    }

    function list(uint32 a, uint32 b) internal pure returns (uint32[] memory indices) {
        indices = new uint32[](2);
        (indices[0], indices[1]) = (a, b);
    }

    function withholdBy(bytes32 id, uint32[] memory indices, bool seal) internal {
        bytes32 g = auditGuard(id);
        vm.prank(rs);
        audits.withhold(id, g, indices, opening(), keccak256("log"), seal);
    }

    function overruleBy(bytes32 id, uint32[] memory indices) internal {
        bytes32 g = auditGuard(id);
        vm.prank(authority);
        audits.overrule(id, g, indices, keccak256("ruling"));
    }

    function answered() internal returns (bytes32 id) {
        id = accepted();
        post(id, onePage(), true);
    }

    /// Documents 2 and 9 are withheld.
    function answeredWithheld() internal returns (bytes32 id) {
        id = accepted();
        post(id, onePage(), false);
        withholdBy(id, list(2, 9), true);
    }

    // ---- samples ----

    function revealNamed(bytes32 id, uint32[] memory named) internal {
        bytes32 g = auditGuard(id);
        vm.prank(rq);
        audits.reveal(id, g, SALT, named, named.length == 0 ? noPages() : opening());
    }

    function sampled() internal returns (bytes32 id) {
        id = answered();
        revealNamed(id, none());
    }

    /// Index of the zero with so many zeros before it.
    function zeroOfRank(uint256 rank) internal pure returns (uint32 index) {
        for (index = 0;; ++index) {
            if ((MATCHES >> index) & 1 == 1) continue;
            if (rank == 0) return index;
            --rank;
        }
    }

    function sampleOf(bytes32 id, uint256 j) internal view returns (uint32) {
        return zeroOfRank(Shuffle.indexAt(audits.audit(id).seed, j, ZEROS));
    }

    function proofOf(bytes32 id, uint256 index, uint256 output) internal view returns (bytes memory) {
        uint256 ctx =
            uint256(keccak256(abi.encode(TAG_CTX, block.chainid, address(audits), uint256(3), id, index))) >> 8;
        return abi.encode(verifier.proofOf(VK_DIGEST, [ctx, WEIGHTS, documents[index].inputCommit, output]));
    }

    /// A group of one document with an honest proof; `rank` may be wrong.
    function groupWith(bytes32 id, uint32 rank, uint32 index) internal view returns (SampleGroup memory g) {
        g.ranks = list(rank);
        g.pages = rank == NAMED ? noPages() : opening();
        g.group.indices = list(index);
        g.group.docCommits = new uint256[](1);
        g.group.docCommits[0] = documents[index].inputCommit;
        g.group.leafSalts = new bytes32[](1);
        g.group.leafSalts[0] = documents[index].leafSalt;
        g.group.paths = new bytes32[][](1);
        g.group.paths[0] = TestSet.path(documentTree, index);
        g.group.proof = proofOf(id, index, 0);
    }

    function groupOf(bytes32 id, uint32 j) internal view returns (SampleGroup memory) {
        return groupWith(id, j, sampleOf(id, j));
    }

    function single(SampleGroup memory g) internal pure returns (SampleGroup[] memory groups) {
        groups = new SampleGroup[](1);
        groups[0] = g;
    }

    function submit(bytes32 id, SampleGroup memory g) internal {
        audits.submitProofs(id, predicate(), single(g));
    }

    function proveSamples(bytes32 id) internal {
        SampleGroup[] memory groups = new SampleGroup[](SAMPLES);
        for (uint32 j = 0; j < SAMPLES; ++j) {
            groups[j] = groupOf(id, j);
        }
        audits.submitProofs(id, predicate(), groups);
    }

    function delivering() internal returns (bytes32 id) {
        id = sampled();
        proveSamples(id);
    }

    /// Documents 2 and 9 are withheld.
    function deliveringWithheld() internal returns (bytes32 id) {
        id = answeredWithheld();
        revealNamed(id, none());
        proveSamples(id);
    }

    // ---- demands ----

    /// B at a base fee.
    function feeOf(uint256 n, uint256 baseFee) internal pure returns (uint256) {
        return (DELIVER_GAS + n * CHUNKS_EACH * CHUNK_GAS) * baseFee;
    }

    function demandBy(bytes32 id, uint32[] memory indices) internal returns (uint256 m) {
        bytes32 g = auditGuard(id);
        vm.prank(rq);
        return audits.demand{value: feeOf(indices.length, block.basefee)}(id, g, indices, opening());
    }

    function listHashOf(uint32[] memory indices) internal pure returns (bytes32) {
        bytes memory words = abi.encode(TAG_LIST);
        for (uint256 k = 0; k < indices.length; ++k) {
            words = bytes.concat(words, abi.encode(indices[k]));
        }
        return keccak256(words);
    }

    function streamOf(bytes32 id, uint256 m) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_SHARED, id, m));
    }

    /// s of a demand.
    function ephemeralSecret(bytes32 id, uint256 m) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("s", id, m))) % R;
    }

    /// The ciphertext of a demand, under the key that the responder computes.
    function cipherOf(bytes32 id, uint256 m, uint32[] memory indices)
        internal
        view
        returns (bytes32[][] memory cipher)
    {
        Point memory shared = audits.audit(id).requesterKey.mul(ephemeralSecret(id, m));
        bytes32 master = keccak256(abi.encode(TAG_SHARED, id, m, shared));
        cipher = new bytes32[][](indices.length * CHUNKS_EACH);
        for (uint256 k = 0; k < cipher.length; ++k) {
            uint256 index = indices[k / CHUNKS_EACH];
            bytes32 key = keccak256(abi.encode(TAG_KEY, master, index));
            uint256[] memory words = plain[index * CHUNKS_EACH + k % CHUNKS_EACH];
            cipher[k] = Payload.encryptChunk(words, key, streamOf(id, m), k);
        }
    }

    function ctRootOf(bytes32 id, uint256 m, uint32[] memory indices) internal view returns (bytes32) {
        return TestSet.root(Payload.cipherLeaves(cipherOf(id, m, indices)));
    }

    function deliverBy(bytes32 id, uint256 m, uint32[] memory indices) internal {
        bytes32 root = ctRootOf(id, m, indices);
        Point memory e = point(ephemeralSecret(id, m));
        vm.prank(rs);
        audits.deliver(id, m, listHashOf(indices), root, e);
    }

    function ackBy(bytes32 id, uint256 m) internal {
        bytes32 root = audits.demandAt(id, m).ctRoot;
        vm.prank(rq);
        audits.ack(id, m, root);
    }

    /// Chunks from..to-1 of a delivery.
    function publishBy(bytes32 id, uint256 m, uint32[] memory indices, uint256 from, uint256 to) internal {
        bytes32 root = audits.demandAt(id, m).ctRoot;
        bytes32[] memory words = Payload.flat(cipherOf(id, m, indices), from, to);
        vm.prank(rs);
        audits.publishChunks(id, m, root, from, words);
    }

    /// After the requester's silence.
    function publishAll(bytes32 id, uint256 m, uint32[] memory indices) internal {
        vm.warp(uint256(audits.demandAt(id, m).deadline) + 1);
        publishBy(id, m, indices, 0, indices.length * CHUNKS_EACH);
    }

    /// What the requester shows: S = x·E with its proof.
    function secretFor(bytes32 id, uint256 m) internal view returns (SharedSecret memory s) {
        return secretFrom(id, m, secretOf[id], audits.demandAt(id, m).ephemeral);
    }

    function secretFrom(bytes32 id, uint256 m, uint256 x, Point memory e)
        internal
        view
        returns (SharedSecret memory s)
    {
        uint256 k = uint256(keccak256(abi.encode("k", id, m))) % R;
        s.shared = e.mul(x);
        s.commitG = point(k);
        s.commitE = e.mul(k);
        bytes memory words = abi.encode(TAG_DLEQ, streamOf(id, m), point(x), e, s.shared, s.commitG, s.commitE);
        s.response = addmod(k, mulmod(uint256(keccak256(words)) % R, x, R), R);
    }

    /// A claim about the document in `slot` with all its openings, true or not.
    function evidenceOf(bytes32 id, uint256 m, uint32[] memory indices, uint256 slot, BadData claim, uint256 chunk)
        internal
        view
        returns (Evidence memory e)
    {
        e = Payload.evidence(claim, slot, chunk, CHUNKS_EACH, cipherOf(id, m, indices), documentTree);
        if (claim == BadData.Header) {
            e.leaf = documentTree[indices[slot]];
            e.leafPath = TestSet.path(documentTree, indices[slot]);
        }
    }

    /// The way of a demand for documents 2 and 6 to a state; Settled: acknowledged and its time over.
    function demanded(DemandState state) internal returns (bytes32 id, uint256 m) {
        id = delivering();
        m = demandBy(id, list(2, 6));
        if (state == DemandState.Demanded) return (id, m);
        deliverBy(id, m, list(2, 6));
        if (state == DemandState.Delivered) return (id, m);
        ackBy(id, m);
        if (state == DemandState.Acked) return (id, m);
        passDemand(id, m);
        audits.settleDemand(id, m);
    }

    /// To the first second in which a demand can be settled.
    function passDemand(bytes32 id, uint256 m) internal {
        vm.warp(uint256(audits.demandAt(id, m).settleAfter) + 1);
    }

    function confirmBy(bytes32 id) internal {
        bytes32 g = auditGuard(id);
        vm.prank(rq);
        audits.confirm(id, g);
    }

    /// A new audit in a state, reached by honest moves.
    function reach(AuditState state) internal returns (bytes32 id) {
        if (state == AuditState.Requested) return requested();
        if (state == AuditState.Accepted) return accepted();
        if (state == AuditState.Answered) return answeredWithheld();
        if (state == AuditState.Sampled) {
            id = answeredWithheld();
            revealNamed(id, none());
            return id;
        }
        id = deliveringWithheld();
        if (state == AuditState.Closed) confirmBy(id);
    }

    /// To the first second after the audit's deadline.
    function pass(bytes32 id) internal {
        vm.warp(uint256(audits.audit(id).deadline) + 1);
    }

    // ---- expectations ----

    function auditGuard(bytes32 id) internal view returns (bytes32) {
        return audits.audit(id).guard;
    }

    function stateOf(bytes32 id) internal view returns (AuditState) {
        return audits.audit(id).state;
    }

    function assertAudit(bytes32 id, AuditState state, AuditOutcome outcome) internal view {
        AuditView memory a = audits.audit(id);
        assertEq(uint256(a.state), uint256(state), "audit state");
        assertEq(uint256(a.outcome), uint256(outcome), "audit outcome");
    }

    function assertDemand(bytes32 id, uint256 m, DemandState state) internal view {
        assertEq(uint256(audits.demandAt(id, m).state), uint256(state), "demand state");
    }

    /// Credits of the two parties; nobody else has any, and the market holds what it owes.
    function assertCredits(uint256 toRq, uint256 toRs) internal view {
        assertEq(audits.credit(rq), toRq, "requester");
        assertEq(audits.credit(rs), toRs, "responder");
        assertEq(audits.credit(authority), 0, "V30: authority");
        assertEq(audits.credit(outsider), 0, "outsider");
        assertEq(address(audits).balance, audits.totalOwed(), "balance");
    }

    function expectAuditState(bytes32 id, AuditState given) internal {
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.WrongAuditState.selector, id, given));
    }

    function expectDemandState(bytes32 id, uint256 m, DemandState given) internal {
        vm.expectRevert(abi.encodeWithSelector(IRetrievalMarket.WrongDemandState.selector, id, m, given));
    }
}
