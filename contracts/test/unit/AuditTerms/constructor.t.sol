// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RetrievalMarket} from "../../../src/RetrievalMarket.sol";
import {IAuditTerms} from "../../../src/interfaces/IAuditTerms.sol";
import {TAG_AUDIT_PARAMS} from "../../../src/libraries/Tags.sol";
import {AuditTerms} from "../../../src/retrieval/AuditTerms.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {
    AuditAssurance,
    AuditOutcome,
    AuditState,
    DemandState,
    RetrievalParams
} from "../../../src/types/AuditTypes.sol";
import {AuditFixture} from "../../base/AuditFixture.sol";

contract AuditTermsTest is AuditFixture {
    /// The deterministic proxy: it takes a salt and creation code, and returns the address.
    address private constant PROXY = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes private constant PROXY_CODE =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

    RetrievalParams private p;

    function setUp() public override {
        super.setUp();
        p = retrievalParams();
    }

    function test_params_areThoseGiven() public view {
        IAuditTerms terms = IAuditTerms(audits.terms());
        bytes memory words = abi.encode(terms.params());
        assertEq(words.length, 21 * 32, "words");
        assertEq(keccak256(words), keccak256(abi.encode(p)), "as given");
        bytes32 hash = keccak256(bytes.concat(abi.encode(TAG_AUDIT_PARAMS), words));
        assertEq(terms.PARAMS_HASH(), hash, "hash");
        assertEq(audits.PARAMS_HASH(), hash, "the market's");
    }

    /// Its address proves code and parameters, whoever deploys it.
    function test_create2_theAddressIsThatOfCodeAndParameters() public {
        vm.etch(PROXY, PROXY_CODE);
        bytes memory code = bytes.concat(type(RetrievalMarket).creationCode, abi.encode(p));
        assertLe(code.length, 49_152, "creation code");
        bytes32 word = keccak256(abi.encodePacked(bytes1(0xff), PROXY, bytes32(0), keccak256(code)));
        address expected = address(uint160(uint256(word)));
        vm.prank(outsider);
        (bool ok,) = PROXY.call(bytes.concat(bytes32(0), code));
        assertTrue(ok, "deployed");
        assertGe(expected.code.length, 1, "at the address");
        assertEq(RetrievalMarket(expected).PARAMS_HASH(), audits.PARAMS_HASH(), "parameters");
        assertLe(expected.code.length, 24_576, "size");
    }

    function test_windows_countTheirUnits() public view {
        IAuditTerms terms = IAuditTerms(audits.terms());
        assertEq(terms.answerWindow(1), ANSWER_BASE + ANSWER_TIME, "one page");
        assertEq(terms.answerWindow(4096), ANSWER_BASE + ANSWER_TIME, "one full page");
        assertEq(terms.answerWindow(4097), ANSWER_BASE + 2 * ANSWER_TIME, "two pages");
        assertEq(terms.proveWindow(5), PROVE_BASE + 5 * PROVE_TIME, "five proofs");
        (uint256 fee, uint64 deliver, uint64 publish) = terms.demandTerms(2, 7, 9, 3);
        // 9 words are three data chunks: four chunks a document.
        assertEq(fee, 3 * (150_001 + 8 * 12_011), "B");
        assertEq(deliver, DELIVER_BASE + 28 * DELIVER_TIME, "W_deliver");
        assertEq(publish, PUBLISH_BASE + 28 * PUBLISH_TIME, "W_publish");
    }

    function test_constructor_revertsWhen_aContractHasNoCode() public {
        bytes32[5] memory names =
            [bytes32("corpora"), "documentJudge", "transferJudge", "sharedKeyJudge", "publication"];
        for (uint256 i = 0; i < 5; ++i) {
            p = retrievalParams();
            if (i == 0) p.contracts.corpora = outsider;
            if (i == 1) p.contracts.documents = outsider;
            if (i == 2) p.contracts.transfers = outsider;
            if (i == 3) p.contracts.sharedKeys = outsider;
            if (i == 4) p.contracts.publication = outsider;
            expectBad(names[i], uint160(outsider));
        }
    }

    function test_constructor_revertsWhen_aSizeIsOutOfRange() public {
        uint32[3] memory sizes = [uint32(0), 3, 258];
        for (uint256 i = 0; i < 3; ++i) {
            p.delivery.wordsPerChunk = sizes[i];
            expectBad("wordsPerChunk", sizes[i]);
        }
        p = retrievalParams();
        p.delivery.chunkGas = 0;
        expectBad("chunkGas", 0);
        p.delivery.chunkGas = 12_801;
        expectBad("chunkGas", 12_801);
        p.delivery.chunkGas = 12_800;
        new AuditTerms(p);
        p = retrievalParams();
        p.delivery.deliverGas = 0;
        expectBad("deliverGas", 0);
        p.delivery.deliverGas = (1 << 24) + 1;
        expectBad("deliverGas", (1 << 24) + 1);
    }

    function test_constructor_revertsWhen_aWindowIsTooShortOrTooLong() public {
        bytes32[9] memory names = [
            bytes32("acceptWindow"),
            "answerBase",
            "revealWindow",
            "proveBase",
            "demandWindow",
            "deliverBase",
            "ackWindow",
            "publishBase",
            "evidenceWindow"
        ];
        for (uint256 i = 0; i < 9; ++i) {
            for (uint256 end = 0; end < 2; ++end) {
                uint64 w = end == 0 ? 1 hours - 1 : 365 days + 1;
                p = retrievalParams();
                if (i == 0) p.windows.accept = w;
                if (i == 1) p.windows.answerBase = w;
                if (i == 2) p.windows.reveal = w;
                if (i == 3) p.windows.proveBase = w;
                if (i == 4) p.windows.demand = w;
                if (i == 5) p.windows.deliverBase = w;
                if (i == 6) p.windows.ack = w;
                if (i == 7) p.windows.publishBase = w;
                if (i == 8) p.windows.evidence = w;
                expectDeploy(
                    abi.encodeWithSelector(Deadlines.WindowOutOfBounds.selector, names[i], 1 hours, 365 days, w)
                );
            }
        }
    }

    /// A publisher has a second for each 100,000 gas, as has one that delivers.
    function test_constructor_revertsWhen_aTimeIsTooShortOrTooLong() public {
        p.windows.answerTime = 0;
        expectBad("answerTime", 0);
        p.windows.answerTime = uint64((365 days - ANSWER_BASE) / 256 + 1);
        expectBad("answerTime", p.windows.answerTime);
        p.windows.answerTime -= 1;
        new AuditTerms(p);
        p.windows.proveTime = 0;
        expectBad("proveTime", 0);
        p.windows.proveTime = 365 days + 1;
        expectBad("proveTime", 365 days + 1);
        p = retrievalParams();
        p.windows.publishTime = 0;
        expectBad("publishTime", 0);
        p.windows.publishTime = 1;
        p.delivery.wordsPerChunk = 256;
        (p.delivery.chunkGas, p.delivery.deliverGas) = (100_000, 200_000);
        p.windows.deliverTime = 1;
        new AuditTerms(p);
        p.delivery.chunkGas = 100_001;
        expectBad("publishTime", 1);
        (p.delivery.chunkGas, p.delivery.deliverGas) = (100_000, 200_001);
        expectBad("deliverTime", 1);
        p.windows.deliverTime = 365 days + 1;
        expectBad("deliverTime", 365 days + 1);
        p.windows.deliverTime = 2;
        p.windows.publishTime = 365 days + 1;
        expectBad("publishTime", 365 days + 1);
    }

    function test_constructor_takesItsLimits() public {
        p.delivery.deliverGas = 1 << 24;
        (p.windows.proveTime, p.windows.deliverTime, p.windows.publishTime) = (365 days, 365 days, 365 days);
        // W_answer of 2^20 documents, which are 256 pages, is 365 days to the second.
        (p.windows.answerBase, p.windows.answerTime) = (365 days - 256 * 123_000, 123_000);
        new AuditTerms(p);
    }

    /// Values of the enums are part of the ABI.
    function test_enums_keepTheirOrder() public pure {
        assertEq(uint256(AuditState.Requested), 1, "Requested");
        assertEq(uint256(AuditState.Accepted), 2, "Accepted");
        assertEq(uint256(AuditState.Answered), 3, "Answered");
        assertEq(uint256(AuditState.Sampled), 4, "Sampled");
        assertEq(uint256(AuditState.Delivering), 5, "Delivering");
        assertEq(uint256(AuditState.Closed), 6, "Closed");
        assertEq(uint256(AuditOutcome.Cancelled), 1, "Cancelled");
        assertEq(uint256(AuditOutcome.Declined), 2, "Declined");
        assertEq(uint256(AuditOutcome.Timeout), 3, "Timeout");
        assertEq(uint256(AuditOutcome.Unchecked), 4, "Unchecked");
        assertEq(uint256(AuditOutcome.Violation), 5, "Violation");
        assertEq(uint256(AuditOutcome.Complete), 6, "Complete");
        assertEq(uint256(DemandState.Demanded), 1, "Demanded");
        assertEq(uint256(DemandState.Delivered), 2, "Delivered");
        assertEq(uint256(DemandState.Acked), 3, "Acked");
        assertEq(uint256(DemandState.Settled), 4, "Settled");
        assertEq(uint256(AuditAssurance.NONE), 0, "NONE");
        assertEq(uint256(AuditAssurance.SAMPLED), 1, "SAMPLED");
        assertEq(uint256(AuditAssurance.EXHAUSTIVE), 2, "EXHAUSTIVE");
    }

    // ---- helpers ----

    function expectBad(bytes32 name, uint256 value) private {
        expectDeploy(abi.encodeWithSelector(IAuditTerms.BadParameter.selector, name, value));
    }

    function expectDeploy(bytes memory reason) private {
        RetrievalParams memory q = p;
        vm.expectRevert(reason);
        new AuditTerms(q);
    }
}
