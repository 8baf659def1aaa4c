// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "../../base/TestBase.sol";
import "../../../src/libraries/Tags.sol" as Tags;
import {AuditStatement} from "../../../src/libraries/AuditStatement.sol";
import {Statement} from "../../../src/libraries/Statement.sol";
import {Predicate, RequestTerms} from "../../../src/types/RetrievalTypes.sol";
import {Point, SharedSecret} from "../../../src/types/SharedKeyTypes.sol";

/// Every encoding against its words, written out one after the other.
contract AuditStatementTest is TestBase {
    bytes32 internal constant ID = keccak256("audit");

    function predicateHash(Predicate calldata p) external pure returns (bytes32) {
        return AuditStatement.predicateHash(p);
    }

    function requestHash(bytes32 id, address rq, RequestTerms calldata t, bytes32 params)
        external
        pure
        returns (bytes32)
    {
        return AuditStatement.requestHash(id, rq, t, params);
    }

    function pageHash(uint256 q, uint256 before, bytes calldata bits) external pure returns (bytes32) {
        return AuditStatement.pageHash(ID, q, before, bits);
    }

    function listHash(uint32[] calldata indices) external pure returns (bytes32) {
        return AuditStatement.listHash(indices);
    }

    function masterKey(uint256 m, Point calldata shared) external pure returns (bytes32) {
        return AuditStatement.masterKey(ID, m, shared);
    }

    function challenge(bytes32 stream, Point calldata key, Point calldata e, SharedSecret calldata s)
        external
        pure
        returns (uint256)
    {
        return AuditStatement.dleqChallenge(stream, key, e, s);
    }

    function test_tags_ofAuditsAreTheHashesOfTheirNames() public pure {
        bytes32[13] memory tags = [
            Tags.TAG_CORPUS,
            Tags.TAG_DOC,
            Tags.TAG_FILE,
            Tags.TAG_PREDICATE,
            Tags.TAG_AUDIT,
            Tags.TAG_AUDIT_REQUEST,
            Tags.TAG_AUDIT_PARAMS,
            Tags.TAG_PAGE,
            Tags.TAG_ANSWERS,
            Tags.TAG_WITHHELD,
            Tags.TAG_LIST,
            Tags.TAG_SHARED,
            Tags.TAG_DLEQ
        ];
        string[13] memory names = [
            "corpus",
            "document",
            "file",
            "predicate",
            "audit",
            "audit-request",
            "audit-params",
            "page",
            "answers",
            "withheld",
            "list",
            "shared",
            "dleq"
        ];
        for (uint256 i = 0; i < 13; ++i) {
            assertEq(tags[i], keccak256(bytes(string.concat("assay.", names[i], ".v1"))), names[i]);
        }
    }

    function test_corpusIdAndAuditId_nameChainAndContract() public view {
        bytes memory corpus = abi.encodePacked(
            Tags.TAG_CORPUS,
            block.chainid,
            word(address(this)),
            word(address(7)),
            ID,
            uint256(8),
            uint256(9),
            uint256(2)
        );
        assertEq(corpus.length, 8 * 32, "words");
        assertEq(AuditStatement.corpusId(address(7), ID, 8, 9, 2), keccak256(corpus), "corpus");
        bytes memory audit = abi.encodePacked(Tags.TAG_AUDIT, block.chainid, word(address(this)), ID, uint256(3));
        assertEq(AuditStatement.auditId(ID, 3), keccak256(audit), "audit");
    }

    function test_documentLeaf_hasTheWordsOfALabelledLeaf() public pure {
        bytes memory leaf = abi.encodePacked(Tags.TAG_DOC, uint256(5), uint256(0xabc), uint256(0), keccak256("salt"));
        assertEq(AuditStatement.documentLeaf(5, 0xabc, keccak256("salt")), keccak256(leaf), "leaf");
        assertTrue(
            AuditStatement.documentLeaf(5, 0xabc, keccak256("salt"))
                != Statement.testLeaf(5, 0xabc, 0, keccak256("salt")),
            "but is no test leaf"
        );
    }

    function test_predicateHash() public view {
        Predicate memory p = Predicate(address(0xa), keccak256("code"), keccak256("vk"), 77);
        bytes memory words =
            abi.encodePacked(Tags.TAG_PREDICATE, word(address(0xa)), keccak256("code"), keccak256("vk"), uint256(77));
        assertEq(this.predicateHash(p), keccak256(words), "predicate");
    }

    function test_requestHash_hasEveryTerm() public view {
        RequestTerms memory t = RequestTerms({
            corpusId: keccak256("corpus"),
            predicateHash: keccak256("predicate"),
            samples: 3,
            namedMax: 4,
            onesMax: 5,
            withholdMax: 6,
            saltHash: keccak256("salt"),
            requesterKey: Point(1, 2),
            authority: address(0xbeef),
            bond: 10,
            price: 11,
            expiry: 12
        });
        bytes memory words = bytes.concat(
            abi.encodePacked(Tags.TAG_AUDIT_REQUEST, ID, word(address(0xc)), t.corpusId, t.predicateHash),
            abi.encodePacked(uint256(3), uint256(4), uint256(5), uint256(6), t.saltHash, uint256(1), uint256(2)),
            abi.encodePacked(word(address(0xbeef)), uint256(10), uint256(11), uint256(12), keccak256("params"))
        );
        assertEq(words.length, 17 * 32, "words");
        assertEq(this.requestHash(ID, address(0xc), t, keccak256("params")), keccak256(words), "request");
    }

    function test_answers_areFoldedInOrder() public view {
        bytes memory bits = hex"0180";
        bytes32 page = this.pageHash(2, 9, bits);
        assertEq(
            page, keccak256(abi.encodePacked(Tags.TAG_PAGE, ID, uint256(2), uint256(9), keccak256(hex"0180"))), "page"
        );
        assertEq(
            AuditStatement.withPage(ID, page), keccak256(abi.encodePacked(Tags.TAG_ANSWERS, ID, page)), "with a page"
        );
        bytes memory withheld = abi.encodePacked(Tags.TAG_WITHHELD, ID, keccak256("list"), keccak256("log"));
        assertEq(AuditStatement.withWithheld(ID, keccak256("list"), keccak256("log")), keccak256(withheld), "withheld");
        bytes memory seed = abi.encodePacked(Tags.TAG_AUDIT, ID, page, keccak256("salt"));
        assertEq(AuditStatement.seed(ID, page, keccak256("salt")), keccak256(seed), "seed");
    }

    function testFuzz_listHash_hasOneWordForEachIndex(uint32[] memory indices) public view {
        bytes memory words = abi.encodePacked(Tags.TAG_LIST);
        for (uint256 i = 0; i < indices.length; ++i) {
            words = bytes.concat(words, abi.encodePacked(uint256(indices[i])));
        }
        assertEq(this.listHash(indices), keccak256(words), "list");
    }

    /// Bits above the 32 of an index are refused, not dropped: one list could have two encodings otherwise.
    function test_listHash_revertsWhen_anIndexHasMoreBits() public {
        uint32[] memory one = new uint32[](1);
        bytes memory data = abi.encodeCall(this.listHash, (one));
        (bool ok,) = address(this).call(data);
        assertTrue(ok, "as encoded");
        // selector, offset, length, then the index: its highest byte
        data[4 + 64] = 0x01;
        (ok,) = address(this).call(data);
        assertTrue(!ok, "refused");
    }

    function test_deliveries_areNamedByAuditAndDemand() public view {
        bytes32 stream = AuditStatement.streamId(ID, 7);
        assertEq(stream, keccak256(abi.encodePacked(Tags.TAG_SHARED, ID, uint256(7))), "stream");
        bytes memory master = abi.encodePacked(Tags.TAG_SHARED, ID, uint256(7), uint256(1), uint256(2));
        assertEq(this.masterKey(7, Point(1, 2)), keccak256(master), "master");
    }

    function test_dleqChallenge_hasEveryPointAndIsReduced() public view {
        SharedSecret memory s = SharedSecret(Point(5, 6), Point(7, 8), Point(9, 10), 11);
        uint256 reduced = 0;
        for (uint256 i = 0; i < 20; ++i) {
            bytes32 stream = keccak256(abi.encode(i));
            bytes memory words = abi.encodePacked(Tags.TAG_DLEQ, stream);
            for (uint256 w = 1; w <= 10; ++w) {
                words = bytes.concat(words, abi.encodePacked(w));
            }
            uint256 hash = uint256(keccak256(words));
            assertEq(this.challenge(stream, Point(1, 2), Point(3, 4), s), hash % Statement.SCALAR_ORDER, "challenge");
            if (hash >= Statement.SCALAR_ORDER) ++reduced;
        }
        assertTrue(reduced != 0 && reduced != 20, "both kinds");
    }

    function word(address a) private pure returns (uint256) {
        return uint256(uint160(a));
    }
}
