// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SharedKeyJudge} from "../src/SharedKeyJudge.sol";
import {TransferJudge} from "../src/TransferJudge.sol";
import {ICorpusRegistry} from "../src/interfaces/ICorpusRegistry.sol";
import {IRetrievalMarket} from "../src/interfaces/IRetrievalMarket.sol";
import {AuditPayouts} from "../src/libraries/AuditPayouts.sol";
import {AuditTerms} from "../src/retrieval/AuditTerms.sol";
import {TAG_PREDICATE} from "../src/libraries/Tags.sol";
import {AuditOutcome, Audited, RetrievalParams} from "../src/types/AuditTypes.sol";
import {Corpus} from "../src/types/CorpusTypes.sol";
import {Predicate, RequestTerms} from "../src/types/RetrievalTypes.sol";
import {TestBase} from "./base/TestBase.sol";
import {HashVerifier} from "./mocks/HashVerifier.sol";

/// Money and windows of audits as the off-chain program computes them (V20). Its test `audit_vectors` writes the file.
contract AuditAmountVectorsTest is TestBase {
    string private constant PATH = "contracts/test/fixtures/audit_vectors.json";

    string private json;
    RetrievalParams private params;
    AuditTerms private terms;

    /// The other contracts are where the parameters of the file say.
    function setUp() public {
        json = vm.readFile(PATH);
        params = abi.decode(vm.parseJsonBytes(json, ".identifiers.params"), (RetrievalParams));
        vm.etch(params.contracts.corpora, hex"00");
        vm.etch(params.contracts.documents, hex"00");
        vm.etch(params.contracts.publication, hex"00");
        vm.etch(params.contracts.transfers, address(new TransferJudge()).code);
        vm.etch(params.contracts.sharedKeys, address(new SharedKeyJudge()).code);
        terms = new AuditTerms(params);
    }

    function test_parameters_haveTheHash() public view {
        assertEq(terms.PARAMS_HASH(), vm.parseJsonBytes32(json, ".identifiers.paramsHash"), "parameters");
    }

    function test_outcomes_payTheirRows() public view {
        uint256 cases = 0;
        for (; exists(".amounts.outcomes", cases); ++cases) {
            string memory where = entry(".amounts.outcomes", cases);
            AuditOutcome outcome = AuditOutcome(number(where, ".outcome"));
            (uint256 rq, uint256 rs) = AuditPayouts.row(outcome, number(where, ".price"), number(where, ".bond"));
            assertEq(rq, number(where, ".rq"), where);
            assertEq(rs, number(where, ".rs"), where);
        }
        assertEq(cases, 18, "six outcomes, three amounts");
    }

    function test_demandRows_pay() public view {
        uint256 cases = 0;
        for (; exists(".amounts.demandRows", cases); ++cases) {
            string memory where = entry(".amounts.demandRows", cases);
            bool violated = vm.parseJsonBool(json, string.concat(where, ".violated"));
            bool published = vm.parseJsonBool(json, string.concat(where, ".published"));
            (uint256 rq, uint256 rs) =
                AuditPayouts.demandRow(violated, published, number(where, ".paid"), number(where, ".spent"));
            assertEq(rq, number(where, ".rq"), where);
            assertEq(rs, number(where, ".rs"), where);
        }
        assertEq(cases, 20, "violated or not, published or not, five amounts");
    }

    function test_demands_bringTheirFeeAndHaveTheirWindows() public view {
        uint256 cases = 0;
        for (; exists(".amounts.demands", cases); ++cases) {
            string memory where = entry(".amounts.demands", cases);
            uint256 baseFee = number(where, ".baseFee");
            (uint256 fee, uint64 deliverWindow, uint64 publishWindow) = terms.demandTerms(
                number(where, ".documents"), number(where, ".soFar"), uint32(number(where, ".inputWords")), baseFee
            );
            assertEq(fee, number(where, ".fee"), where);
            assertEq(deliverWindow, number(where, ".deliverWindow"), where);
            assertEq(publishWindow, number(where, ".publishWindow"), where);
            // What the market counts as used up by `deliver`, and by `publishChunks` of all chunks.
            uint256 used = AuditPayouts.demandFee(0, 0, params.delivery.deliverGas, baseFee);
            assertEq(used, number(where, ".deliverFee"), where);
            used = AuditPayouts.demandFee(number(where, ".chunks"), params.delivery.chunkGas, 0, baseFee);
            assertEq(used, number(where, ".chunksFee"), where);
        }
        assertEq(cases, 6, "demands");
    }

    function test_windows_countPagesAndProofs() public view {
        uint256 cases = 0;
        for (; exists(".amounts.answerWindows", cases); ++cases) {
            string memory where = entry(".amounts.answerWindows", cases);
            assertEq(terms.answerWindow(uint32(number(where, ".documents"))), number(where, ".window"), where);
        }
        assertEq(cases, 5, "answers");
        for (cases = 0; exists(".amounts.proveWindows", cases); ++cases) {
            string memory where = entry(".amounts.proveWindows", cases);
            assertEq(terms.proveWindow(number(where, ".items")), number(where, ".window"), where);
        }
        assertEq(cases, 4, "proofs");
    }

    /// What clients refuse before they ask, the contract refuses, and nothing else.
    function test_requests_whoseWindowsWouldBeTooLong() public {
        HashVerifier verifier = new HashVerifier();
        Predicate memory predicate = Predicate(address(verifier), address(verifier).codehash, keccak256("key"), 1);
        RequestTerms memory t = abi.decode(vm.parseJsonBytes(json, ".identifiers.terms"), (RequestTerms));
        t.predicateHash = keccak256(abi.encode(TAG_PREDICATE, predicate));
        vm.warp(t.expiry);
        uint256 cases = 0;
        for (; exists(".amounts.requests", cases); ++cases) {
            string memory where = entry(".amounts.requests", cases);
            t.samples = uint32(number(where, ".samples"));
            t.namedMax = uint32(number(where, ".namedMax"));
            t.onesMax = uint32(number(where, ".onesMax"));
            t.withholdMax = 0;
            setCorpus(t.corpusId, uint32(number(where, ".inputWords")));
            bytes memory tooLong = bytes(vm.parseJsonString(json, string.concat(where, ".tooLong")));
            try terms.checkRequest(t, predicate) returns (Audited memory) {
                assertEq(tooLong.length, 0, where);
            } catch (bytes memory reason) {
                bytes memory expected = abi.encodeWithSelector(
                    IRetrievalMarket.WindowTooLong.selector,
                    bytes32(tooLong),
                    number(where, ".limit"),
                    number(where, ".window")
                );
                assertEq(keccak256(reason), keccak256(expected), where);
            }
        }
        assertEq(cases, 8, "requests");
    }

    /// Of 2^20 documents.
    function setCorpus(bytes32 corpusId, uint32 inputWords) private {
        Corpus memory corpus;
        corpus.size = 1 << 20;
        corpus.inputWords = inputWords;
        corpus.wordsPerHash = 2;
        bytes memory call = abi.encodeCall(ICorpusRegistry.corpus, (corpusId));
        vm.mockCall(params.contracts.corpora, call, abi.encode(corpus));
    }

    // ---- reading ----

    function entry(string memory array, uint256 i) private pure returns (string memory) {
        return string.concat(array, "[", vm.toString(i), "]");
    }

    function exists(string memory array, uint256 i) private view returns (bool) {
        return vm.keyExistsJson(json, entry(array, i));
    }

    function number(string memory where, string memory field) private view returns (uint256) {
        return uint256(vm.parseJsonBytes32(json, string.concat(where, field)));
    }
}
