// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AuditState, DemandState} from "../../../src/types/AuditTypes.sol";
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

    function test_demandAt_revertsWhen_thereIsNoSuchDemand() public {
        (bytes32 id, uint256 m) = demanded(DemandState.Demanded);
        expectDemandState(id, m + 1, DemandState.None);
        audits.demandAt(id, m + 1);
    }
}
