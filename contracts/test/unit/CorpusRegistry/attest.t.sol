// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {CorpusRegistry} from "../../../src/CorpusRegistry.sol";
import {ICorpusRegistry} from "../../../src/interfaces/ICorpusRegistry.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {Sequence} from "../../../src/shared/Sequence.sol";
import {Attestation} from "../../../src/types/CorpusTypes.sol";
import {TestBase} from "../../base/TestBase.sol";

contract CorpusAttestTest is TestBase {
    bytes32 internal constant ROOT = keccak256("root");
    bytes32 internal constant SAID = keccak256("these are all the letters of 1994");
    string internal constant URI = "https://source.example/statement";

    CorpusRegistry internal corpora;
    address internal source = account("source");
    bytes32 internal id;

    function setUp() public {
        corpora = new CorpusRegistry();
        vm.prank(account("rs"));
        id = corpora.commit(ROOT, 1000, 34, 2, "");
        vm.warp(1_800_000_000);
    }

    function attest(address who, bytes32 statement) private {
        vm.prank(who);
        corpora.attest(id, ROOT, statement, URI);
    }

    function test_attest_isRecordedWithItsTime() public {
        assertEq(corpora.attestedAt(id, source), 0, "not yet");
        assertEq(corpora.attestationCount(id), 0, "none");
        vm.expectEmit(true, true, true, true, address(corpora));
        emit ICorpusRegistry.Attested(id, source, ROOT, SAID, 1_800_000_000, URI);
        attest(source, SAID);
        assertEq(corpora.attestedAt(id, source), 1_800_000_000, "time");
        assertEq(corpora.attestedAt(id, account("other")), 0, "of nobody else");
        assertEq(corpora.attestationCount(id), 1, "one");
        checkAttestation(0, source, 1_800_000_000, SAID);
    }

    function test_attest_bySeveralSourcesInOrder() public {
        attest(source, SAID);
        vm.warp(1_800_000_007);
        attest(account("custodian"), keccak256("mine"));
        // The responder may say something too; readers see who it is.
        attest(account("rs"), keccak256("whole"));
        assertEq(corpora.attestationCount(id), 3, "three");
        checkAttestation(0, source, 1_800_000_000, SAID);
        checkAttestation(1, account("custodian"), 1_800_000_007, keccak256("mine"));
        checkAttestation(2, account("rs"), 1_800_000_007, keccak256("whole"));
        vm.expectRevert(abi.encodeWithSelector(Sequence.SequenceOutOfRange.selector, 3, 3));
        corpora.attestationAt(id, 3);
    }

    function test_attest_ofOneCorpusIsNoneOfAnother() public {
        vm.prank(account("copier"));
        bytes32 copy = corpora.commit(ROOT, 1000, 34, 2, "");
        attest(source, SAID);
        assertEq(corpora.attestationCount(copy), 0, "none");
        assertEq(corpora.attestedAt(copy, source), 0, "never");
        vm.prank(source);
        corpora.attest(copy, ROOT, SAID, URI);
        assertEq(corpora.attestationCount(copy), 1, "may be said of both");
    }

    function test_attest_revertsWhen_theSourceDidBefore() public {
        attest(source, SAID);
        vm.warp(1_800_000_001);
        vm.expectRevert(abi.encodeWithSelector(ICorpusRegistry.AlreadyAttested.selector, id, source));
        attest(source, keccak256("something else"));
        checkAttestation(0, source, 1_800_000_000, SAID);
    }

    function test_attest_revertsWhen_theRootIsAnother() public {
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, ROOT, keccak256("other root")));
        corpora.attest(id, keccak256("other root"), SAID, URI);
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, ROOT, bytes32(0)));
        corpora.attest(id, 0, SAID, URI);
    }

    function test_attest_revertsWhen_thereIsNoSuchCorpus() public {
        bytes32 unknown = keccak256("unknown");
        vm.expectRevert(abi.encodeWithSelector(ICorpusRegistry.UnknownCorpus.selector, unknown));
        corpora.attest(unknown, 0, SAID, URI);
    }

    function test_attest_revertsWhen_itSaysNothing() public {
        vm.expectRevert(ICorpusRegistry.ZeroStatement.selector);
        attest(source, 0);
    }

    function test_attest_boundsTheUri() public {
        vm.expectRevert(abi.encodeWithSelector(ICorpusRegistry.UriTooLong.selector, 512, 513));
        corpora.attest(id, ROOT, SAID, string(new bytes(513)));
        uint256 used = gasleft();
        corpora.attest(id, ROOT, SAID, string(new bytes(512)));
        used -= gasleft();
        assertLe(used, 120_000, "gas of the largest");
        assertEq(corpora.attestationCount(id), 1, "512 bytes");
    }

    function checkAttestation(uint256 i, address who, uint256 when, bytes32 statement) private view {
        Attestation memory a = corpora.attestationAt(id, i);
        assertEq(a.source, who, "source");
        assertEq(a.attestedAt, when, "time");
        assertEq(a.statement, statement, "statement");
    }
}
