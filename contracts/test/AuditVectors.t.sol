// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PublishedTransfers} from "../src/PublishedTransfers.sol";
import {SharedKeyJudge} from "../src/SharedKeyJudge.sol";
import {TransferJudge} from "../src/TransferJudge.sol";
import {ITransferJudge} from "../src/interfaces/ITransferJudge.sol";
import {AnswerPages} from "../src/libraries/AnswerPages.sol";
import {AuditStatement} from "../src/libraries/AuditStatement.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {Merkle} from "../src/libraries/Merkle.sol";
import {Shuffle} from "../src/libraries/Shuffle.sol";
import {Statement} from "../src/libraries/Statement.sol";
import "../src/libraries/Tags.sol" as Tags;
import {ISharedKeyJudge} from "../src/interfaces/ISharedKeyJudge.sol";
import {PageOpening, Predicate, RequestTerms} from "../src/types/RetrievalTypes.sol";
import {Point, SharedSecret} from "../src/types/SharedKeyTypes.sol";
import {BadData, Evidence, Shape, Transfer} from "../src/types/TransferTypes.sol";
import {TestBase} from "./base/TestBase.sol";

/// Calls the libraries as registry and market do.
contract AuditCaller {
    function corpusId(address rs, bytes32 root, uint32 size, uint32 inputWords, uint32 wordsPerHash)
        external
        view
        returns (bytes32)
    {
        return AuditStatement.corpusId(rs, root, size, inputWords, wordsPerHash);
    }

    function auditId(bytes32 corpus, uint256 seq) external view returns (bytes32) {
        return AuditStatement.auditId(corpus, seq);
    }

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

    function listHash(uint32[] calldata indices) external pure returns (bytes32) {
        return AuditStatement.listHash(indices);
    }

    function rootFrom(bytes32 leaf, uint256 index, uint256 n, bytes32[] calldata path) external pure returns (bytes32) {
        return Merkle.rootFrom(leaf, index, n, path);
    }

    function challenge(bytes32 stream, Point calldata key, Point calldata e, SharedSecret calldata s)
        external
        pure
        returns (uint256)
    {
        return AuditStatement.dleqChallenge(stream, key, e, s);
    }

    function ones(PageOpening calldata page, uint256 q, uint256 size) external pure returns (uint256) {
        return AnswerPages.ones(page.bits, q, size);
    }

    function requirePage(PageOpening calldata page, bytes32 id, uint256 q, bytes32 expected) external pure {
        AnswerPages.requirePage(page, id, q, expected);
    }

    function answer(PageOpening calldata page, uint256 index, uint256 size) external pure returns (bool) {
        return AnswerPages.answer(page, index, size);
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

/// The contracts agree with the off-chain program, word for word (V20). Its test `audit_vectors` writes the file.
contract AuditVectorsTest is TestBase {
    string private constant PATH = "contracts/test/fixtures/audit_vectors.json";
    bytes32 private constant ID = keccak256("audit");

    AuditCaller private caller;
    string private json;

    function setUp() public {
        caller = new AuditCaller();
        json = vm.readFile(PATH);
    }

    function test_tags() public view {
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
            assertEq(tags[i], word(string.concat(".tags['", names[i], "']")), names[i]);
        }
    }

    function test_identifiers() public {
        string memory where = ".identifiers";
        address market = addressAt(where, ".contract");
        vm.etch(market, address(caller).code);
        AuditCaller there = AuditCaller(market);
        bytes32 corpus = there.corpusId(addressAt(where, ".responder"), word(where, ".corpusRoot"), 10_000, 892, 2);
        assertEq(corpus, word(where, ".corpusId"), "corpus");
        assertEq(there.auditId(keccak256("corpus"), 3), word(where, ".auditId"), "audit");
        Predicate memory predicate = abi.decode(bytesAt(where, ".predicate"), (Predicate));
        assertEq(caller.predicateHash(predicate), word(where, ".predicateHash"), "predicate");
        // A static struct is encoded as its fields in order.
        bytes memory params = bytes.concat(Tags.TAG_AUDIT_PARAMS, bytesAt(where, ".params"));
        assertEq(keccak256(params), word(where, ".paramsHash"), "parameters");
        RequestTerms memory terms = abi.decode(bytesAt(where, ".terms"), (RequestTerms));
        assertEq(
            caller.requestHash(ID, addressAt(where, ".requester"), terms, word(where, ".paramsHash")),
            word(where, ".requestHash"),
            "request"
        );
        uint256 ctx = Statement.context(market, Statement.KIND_RETRIEVAL, ID, 1_048_575);
        assertEq(ctx, number(where, ".context"), "context");
        assertEq(
            AuditStatement.seed(ID, word(where, ".answersHash"), word(where, ".salt")), word(where, ".seed"), "seed"
        );
    }

    function test_document() public view {
        string memory where = ".document";
        bytes memory salt = bytes.concat(Tags.TAG_FILE, word(where, ".fileHash"), word(where, ".fileSalt"));
        assertEq(keccak256(salt), word(where, ".leafSalt"), "salt");
        uint256 index = number(where, ".index");
        bytes32 leaf = AuditStatement.documentLeaf(index, number(where, ".docCommit"), word(where, ".leafSalt"));
        assertEq(leaf, word(where, ".leaf"), "leaf");
        bytes32[] memory path = list(where, ".path");
        assertEq(caller.rootFrom(leaf, index, number(where, ".documents"), path), word(where, ".root"), "root");
    }

    function test_answers_ofEverySize() public {
        uint256 cases = 0;
        for (; vm.keyExistsJson(json, entry(".answers", cases)); ++cases) {
            checkAnswers(entry(".answers", cases));
        }
        assertEq(cases, 9, "cases");
    }

    function test_sharedKey() public {
        string memory where = ".sharedKey";
        Point memory key = abi.decode(bytesAt(where, ".key"), (Point));
        Point memory ephemeral = abi.decode(bytesAt(where, ".ephemeral"), (Point));
        SharedSecret memory secret = abi.decode(bytesAt(where, ".secret"), (SharedSecret));
        bytes32 id = word(where, ".id");
        uint256 m = number(where, ".m");
        SharedKeyJudge judge = new SharedKeyJudge();
        (bytes32 stream, bytes32 master) = judge.open(id, m, key, ephemeral, secret);
        assertEq(stream, word(where, ".stream"), "stream");
        assertEq(master, word(where, ".master"), "master");
        assertEq(caller.challenge(stream, key, ephemeral, secret), number(where, ".challenge"), "challenge");

        uint256 wrong = 0;
        for (; vm.keyExistsJson(json, entry(".sharedKey.wrong", wrong)); ++wrong) {
            string memory one = entry(".sharedKey.wrong", wrong);
            secret = abi.decode(bytesAt(one, ".secret"), (SharedSecret));
            try judge.open(id, number(one, ".m"), key, ephemeral, secret) {
                assertTrue(false, vm.parseJsonString(json, string.concat(one, ".name")));
            } catch (bytes memory reason) {
                bytes4 refusal = bytes4(reason);
                assertTrue(
                    refusal == ISharedKeyJudge.WrongSharedPoint.selector || refusal == Bn254.BadPoint.selector
                        || refusal == Statement.NotCanonical.selector,
                    "a refusal by name"
                );
            }
        }
        assertEq(wrong, 12, "wrong ones");
    }

    function test_delivery() public {
        string memory where = ".delivery";
        bytes32[] memory given = list(where, ".indices");
        uint32[] memory indices = numbers(given);
        assertEq(caller.listHash(indices), word(where, ".listHash"), "list");
        assertEq(AuditStatement.streamId(ID, 5), word(where, ".stream"), "stream");
        assertEq(word(where, ".master"), word(".sharedKey", ".master"), "the key of the demand");
        // The ciphertext is cut into the chunks of the listed documents, whatever the corpus has.
        Shape memory shape = Shape(indices.length, number(where, ".inputWords"), number(where, ".wordsPerChunk"));
        (, bytes32 root) = new PublishedTransfers().append(ID, shape, 0, list(where, ".cipherWords"));
        assertEq(root, word(where, ".ctRoot"), "root");

        address judge = address(new TransferJudge());
        uint256 calls = 0;
        uint256 convictions = 0;
        for (; vm.keyExistsJson(json, entry(".delivery.calls", calls)); ++calls) {
            string memory one = entry(".delivery.calls", calls);
            if (checkCall(judge, one)) ++convictions;
        }
        // Each of the 11 words of a document, and swapped ones; six claims about each of three honest documents.
        assertEq(convictions, 12, "convictions");
        assertEq(calls, 30, "calls");
    }

    /// Whether the judge convicts, which must be what the file says.
    function checkCall(address judge, string memory where) private view returns (bool convicts) {
        string memory name = vm.parseJsonString(json, string.concat(where, ".name"));
        bytes memory arguments = bytesAt(where, ".arguments");
        bytes memory answer;
        (convicts, answer) = judge.staticcall(bytes.concat(ITransferJudge.judgeSlot.selector, arguments));
        assertTrue(convicts == vm.parseJsonBool(json, string.concat(where, ".convicts")), name);
        (Transfer memory t, uint256 slot,, Evidence memory e) =
            abi.decode(arguments, (Transfer, uint256, uint256, Evidence));
        assertEq(slot, number(where, ".slot"), name);
        if (convicts) {
            assertEq(abi.decode(answer, (uint256)), uint256(e.claim), name);
            return true;
        }
        // That a word is not canonical needs no second chunk; where it is, the judge asks for one.
        bool isShort = e.claim != BadData.Header && e.second.cipherWords.length == 0;
        bytes4 expected = isShort ? ITransferJudge.BadChunkLength.selector : ITransferJudge.NoFault.selector;
        assertEq(bytes32(bytes4(answer)), bytes32(expected), name);
        if (!isShort) assertEq(keccak256(answer), keccak256(abi.encodeWithSelector(expected, t.position)), name);
    }

    function checkAnswers(string memory where) private {
        uint256 size = number(where, ".size");
        bytes32[] memory hashes = list(where, ".pageHashes");
        assertEq(hashes.length, AnswerPages.count(size), "pages");
        PageOpening[] memory pages = new PageOpening[](hashes.length);
        bytes32 answersHash = word(where, ".requestHash");
        uint256 positives = 0;
        for (uint256 q = 0; q < pages.length; ++q) {
            pages[q] = abi.decode(vm.parseJsonBytes(json, entry(string.concat(where, ".pages"), q)), (PageOpening));
            assertEq(pages[q].before, positives, "before");
            caller.requirePage(pages[q], ID, q, hashes[q]);
            positives += caller.ones(pages[q], q, size);
            answersHash = AuditStatement.withPage(answersHash, hashes[q]);
        }
        assertEq(positives, number(where, ".positives"), "positives");
        assertEq(answersHash, word(where, ".pagesHash"), "pages");
        uint32[] memory withheld = numbers(list(where, ".withheld"));
        bytes32 listHash = caller.listHash(withheld);
        assertEq(listHash, word(where, ".listHash"), "list");
        if (withheld.length != 0) {
            answersHash = AuditStatement.withWithheld(answersHash, listHash, word(where, ".log"));
        }
        assertEq(answersHash, word(where, ".answersHash"), "answers");
        bytes32 seed = AuditStatement.seed(ID, answersHash, keccak256("salt"));
        assertEq(seed, word(where, ".seed"), "seed");
        checkSamples(where, pages, size, size - positives);
        checkEdges(where, pages, size);
    }

    function checkSamples(string memory where, PageOpening[] memory pages, uint256 size, uint256 zeros) private {
        bytes32 seed = word(where, ".seed");
        uint32[] memory drawn = numbers(list(where, ".drawn"));
        uint32[] memory ranks = numbers(list(where, ".ranks"));
        assertEq(drawn.length, zeros < 12 ? zeros : 12, "samples");
        for (uint256 j = 0; j < drawn.length; ++j) {
            PageOpening memory page = pages[AnswerPages.pageOf(drawn[j])];
            caller.requireSample(page, drawn[j], size, seed, j, zeros);
            assertEq(Shuffle.indexAt(seed, j, zeros), ranks[j], "rank");
            if (zeros == 1) continue;
            uint256 next = (j + 1) % zeros;
            vm.expectPartialRevert(AnswerPages.WrongSample.selector);
            caller.requireSample(page, drawn[j], size, seed, next, zeros);
        }
    }

    function checkEdges(string memory where, PageOpening[] memory pages, uint256 size) private view {
        uint32[] memory edges = numbers(list(where, ".edges"));
        uint32[] memory answers = numbers(list(where, ".edgeAnswers"));
        uint32[] memory zeros = numbers(list(where, ".edgeZerosBefore"));
        assertEq(edges.length, 2 * pages.length, "edges");
        for (uint256 i = 0; i < edges.length; ++i) {
            PageOpening memory page = pages[AnswerPages.pageOf(edges[i])];
            assertTrue(caller.answer(page, edges[i], size) == (answers[i] == 1), "answer");
            assertEq(caller.zerosBefore(page, edges[i]), zeros[i], "zeros");
        }
    }

    // ---- reading ----

    function entry(string memory array, uint256 i) private pure returns (string memory) {
        return string.concat(array, "[", vm.toString(i), "]");
    }

    function word(string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, key);
    }

    function word(string memory where, string memory field) private view returns (bytes32) {
        return word(string.concat(where, field));
    }

    function number(string memory where, string memory field) private view returns (uint256) {
        return uint256(word(where, field));
    }

    function addressAt(string memory where, string memory field) private view returns (address) {
        return vm.parseJsonAddress(json, string.concat(where, field));
    }

    function bytesAt(string memory where, string memory field) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(where, field));
    }

    function list(string memory where, string memory field) private view returns (bytes32[] memory) {
        return vm.parseJsonBytes32Array(json, string.concat(where, field));
    }

    function numbers(bytes32[] memory words) private pure returns (uint32[] memory values) {
        values = new uint32[](words.length);
        for (uint256 i = 0; i < words.length; ++i) {
            values[i] = uint32(uint256(words[i]));
        }
    }
}
