// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AuditStatement} from "../../../src/libraries/AuditStatement.sol";
import {AuditOutcome, AuditState, AuditView, DemandState} from "../../../src/types/AuditTypes.sol";
import {AuditFixture} from "../../base/AuditFixture.sol";

/// What nobody asked for is not zero but an error.
contract AuditViewsTest is AuditFixture {
    function test_views_revertWhen_thereIsNoSuchAudit() public {
        bytes32 id = keccak256("no audit");
        expectAuditState(id, AuditState.None);
        audits.audit(id);
        expectAuditState(id, AuditState.None);
        audits.verdict(id);
        expectAuditState(id, AuditState.None);
        audits.pageHashAt(id, 0);
        expectAuditState(id, AuditState.None);
        audits.timeoutAt(id);
        expectAuditState(id, AuditState.None);
        audits.documentAt(id, 0);
        expectAuditState(id, AuditState.None);
        audits.isProven(id, 0, 0);
    }

    /// In the place of the hash of its salt, once the salt was shown: also where the audit was closed since.
    function test_audit_showsTheSeedFromTheRevealOn() public {
        for (uint256 s = 1; s <= uint256(AuditState.Closed); ++s) {
            assertCoin(reach(AuditState(s)), s >= uint256(AuditState.Sampled));
        }
        // An audit that was never proven is a violation, one that was never revealed unchecked, one that was never answered late.
        for (uint256 s = uint256(AuditState.Accepted); s <= uint256(AuditState.Sampled); ++s) {
            bytes32 id = reach(AuditState(s));
            pass(id);
            audits.timeout(id);
            AuditOutcome outcome = s == uint256(AuditState.Accepted)
                ? AuditOutcome.Timeout
                : s == uint256(AuditState.Answered) ? AuditOutcome.Unchecked : AuditOutcome.Violation;
            assertAudit(id, AuditState.Closed, outcome);
            assertCoin(id, outcome == AuditOutcome.Violation);
        }
    }

    function assertCoin(bytes32 id, bool revealed) private view {
        AuditView memory a = audits.audit(id);
        assertEq(a.seed, revealed ? AuditStatement.seed(id, a.answersHash, SALT) : bytes32(0), "seed");
        assertEq(a.saltHash, revealed ? bytes32(0) : requestTerms().saltHash, "hash of the salt");
    }

    function test_demandAt_revertsWhen_thereIsNoSuchDemand() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Demanded);
        expectDemandState(id, m + 1, DemandState.None);
        audits.demandAt(id, m + 1);
    }
}
