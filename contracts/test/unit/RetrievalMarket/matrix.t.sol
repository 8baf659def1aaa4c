// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRetrievalMarket} from "../../../src/interfaces/IRetrievalMarket.sol";
import {AuditState, DemandState, SampleGroup} from "../../../src/types/AuditTypes.sol";
import {Point} from "../../../src/types/SharedKeyTypes.sol";
import {BadData} from "../../../src/types/TransferTypes.sol";
import {AuditFixture} from "../../base/AuditFixture.sol";
import {Payload} from "../../base/Payload.sol";

/// Every call on every state by every actor, in time and after it, against the table of `IRetrievalMarket`.
contract AuditMatrixTest is AuditFixture {
    enum Call {
        Approve,
        Cancel,
        Decline,
        Accept,
        Post,
        Withhold,
        Overrule,
        Reveal,
        Submit,
        Demand,
        Confirm,
        Finalize,
        Timeout
    }

    enum DemandCall {
        Deliver,
        Ack,
        Publish,
        BadData,
        Settle
    }

    uint256 private constant CALLS = 13;
    uint256 private constant DEMAND_CALLS = 5;

    function actorAt(uint256 i) private view returns (address) {
        return [rq, rs, authority, outsider][i];
    }

    /// What the table says.
    function allowed(AuditState state, Call call, address by, bool late) private view returns (bool) {
        if (state == AuditState.Requested) {
            if (call == Call.Cancel) return late || by == rq;
            if (call == Call.Approve) return !late && by == authority;
            return (call == Call.Decline || call == Call.Accept) && !late && by == rs;
        }
        if (call == Call.Timeout) return late && state >= AuditState.Accepted && state <= AuditState.Sampled;
        if (state == AuditState.Accepted) return (call == Call.Post || call == Call.Withhold) && !late && by == rs;
        if (call == Call.Overrule) {
            return state >= AuditState.Answered && state <= AuditState.Delivering && !late && by == authority;
        }
        if (state == AuditState.Answered) return call == Call.Reveal && !late && by == rq;
        if (state == AuditState.Sampled) return call == Call.Submit && !late;
        if (state != AuditState.Delivering) return false;
        if (call == Call.Demand) return !late && by == rq;
        if (call == Call.Confirm) return by == rq;
        return call == Call.Finalize && late;
    }

    function test_matrix_ofAudits() public {
        uint256 succeeded = 0;
        for (uint256 s = uint256(AuditState.Requested); s <= uint256(AuditState.Closed); ++s) {
            uint256 outer = vm.snapshotState();
            bytes32 id = reach(AuditState(s));
            // Withholding needs a posted page that is not sealed.
            if (AuditState(s) == AuditState.Accepted) post(id, onePage(), false);
            for (uint256 c = 0; c < CALLS; ++c) {
                for (uint256 x = 0; x < 8; ++x) {
                    bool late = x >= 4;
                    address by = actorAt(x % 4);
                    uint256 inner = vm.snapshotState();
                    if (late && AuditState(s) != AuditState.Closed) pass(id);
                    (bytes memory data, uint256 value) = dataOf(id, Call(c));
                    vm.prank(by);
                    (bool ok,) = address(audits).call{value: value}(data);
                    bool expected = allowed(AuditState(s), Call(c), by, late);
                    assertTrue(
                        ok == expected,
                        string.concat("state ", vm.toString(s), " call ", vm.toString(c), " case ", vm.toString(x))
                    );
                    if (ok) ++succeeded;
                    assertEq(address(audits).balance, audits.totalOwed(), "balance");
                    vm.revertToState(inner);
                }
            }
            vm.revertToState(outer);
        }
        // cancel 1 + 4, approve, decline, accept; post, withhold, timeout 4; overrule 3, reveal, timeouts 2·4; submit 4; demand,
        // confirm 2, finalize 4.
        assertEq(succeeded, 5 + 3 + 2 + 4 + 3 + 1 + 8 + 4 + 1 + 2 + 4, "what the table allows");
    }

    function dataOf(bytes32 id, Call call) private view returns (bytes memory, uint256) {
        bytes32 g = auditGuard(id);
        if (call == Call.Approve) return (abi.encodeCall(IRetrievalMarket.approve, (id, g)), 0);
        if (call == Call.Cancel) return (abi.encodeCall(IRetrievalMarket.cancelRequest, (id)), 0);
        if (call == Call.Decline) return (abi.encodeCall(IRetrievalMarket.decline, (id, g, "no")), 0);
        if (call == Call.Accept) return (abi.encodeCall(IRetrievalMarket.accept, (id, g)), BOND);
        if (call == Call.Post) {
            return (abi.encodeCall(IRetrievalMarket.postAnswers, (id, g, new bytes[](0), true)), 0);
        }
        if (call == Call.Withhold) {
            return (abi.encodeCall(IRetrievalMarket.withhold, (id, g, list(5), opening(), 0, true)), 0);
        }
        if (call == Call.Overrule) return (abi.encodeCall(IRetrievalMarket.overrule, (id, g, list(9), 0)), 0);
        if (call == Call.Reveal) {
            return (abi.encodeCall(IRetrievalMarket.reveal, (id, g, SALT, none(), noPages())), 0);
        }
        if (call == Call.Submit) {
            SampleGroup[] memory groups = new SampleGroup[](1);
            if (audits.audit(id).seed != 0) groups[0] = groupOf(id, 0);
            return (abi.encodeCall(IRetrievalMarket.submitProofs, (id, predicate(), groups)), 0);
        }
        if (call == Call.Demand) {
            return (abi.encodeCall(IRetrievalMarket.demand, (id, g, list(5), opening())), feeOf(1, BASE_FEE));
        }
        if (call == Call.Confirm) return (abi.encodeCall(IRetrievalMarket.confirm, (id, g)), 0);
        if (call == Call.Finalize) return (abi.encodeCall(IRetrievalMarket.finalize, (id)), 0);
        return (abi.encodeCall(IRetrievalMarket.timeout, (id)), 0);
    }

    /// Times of a demand: in its window, after it, after W_publish.
    function allowedOf(DemandState state, DemandCall call, address by, uint256 time) private view returns (bool) {
        if (state == DemandState.Demanded) {
            if (call == DemandCall.Deliver) return time == 0 && by == rs;
            return call == DemandCall.Settle && time != 0;
        }
        if (state == DemandState.Delivered) {
            if (call == DemandCall.Ack) return time == 0 && by == rq;
            if (call == DemandCall.Publish) return time == 1 && by == rs;
            return call == DemandCall.Settle && time == 2;
        }
        if (state != DemandState.Acked) return false;
        if (call == DemandCall.BadData) return time == 0;
        return call == DemandCall.Settle && time != 0;
    }

    function test_matrix_ofDemands() public {
        // So that evidence convicts.
        plain[2 * CHUNKS_EACH][1] ^= 1;
        uint256 succeeded = 0;
        for (uint256 s = uint256(DemandState.Demanded); s <= uint256(DemandState.Settled); ++s) {
            uint256 outer = vm.snapshotState();
            (bytes32 id, uint256 m) = demanded(DemandState(s));
            for (uint256 c = 0; c < DEMAND_CALLS; ++c) {
                for (uint256 x = 0; x < 12; ++x) {
                    uint256 inner = vm.snapshotState();
                    bytes memory data = demandData(id, m, DemandCall(c));
                    if (x >= 4 && DemandState(s) != DemandState.Settled) {
                        uint256 end = x < 8 ? audits.demandAt(id, m).deadline : audits.demandAt(id, m).settleAfter;
                        vm.warp(end + 1);
                    }
                    vm.prank(actorAt(x % 4));
                    (bool ok,) = address(audits).call(data);
                    bool expected = allowedOf(DemandState(s), DemandCall(c), actorAt(x % 4), x / 4);
                    assertTrue(
                        ok == expected,
                        string.concat("demand ", vm.toString(s), " call ", vm.toString(c), " case ", vm.toString(x))
                    );
                    if (ok) ++succeeded;
                    assertEq(address(audits).balance, audits.totalOwed(), "balance");
                    vm.revertToState(inner);
                }
            }
            vm.revertToState(outer);
        }
        assertEq(succeeded, 1 + 8 + 1 + 1 + 4 + 4 + 8, "what the table allows");
    }

    function demandData(bytes32 id, uint256 m, DemandCall call) private view returns (bytes memory) {
        uint32[] memory indices = list(2, 6);
        bytes32 root = audits.demandAt(id, m).ctRoot;
        if (call == DemandCall.Deliver) {
            return
                abi.encodeCall(IRetrievalMarket.deliver, (id, m, listHashOf(indices), keccak256("root"), Point(1, 2)));
        }
        if (call == DemandCall.Ack) return abi.encodeCall(IRetrievalMarket.ack, (id, m, root));
        if (call == DemandCall.Publish) {
            bytes32[] memory words = Payload.flat(cipherOf(id, m, indices), 0, 6);
            return abi.encodeCall(IRetrievalMarket.publishChunks, (id, m, root, 0, words));
        }
        if (call == DemandCall.BadData) {
            if (root == 0) {
                return abi.encodeCall(
                    IRetrievalMarket.proveBadData,
                    (
                        id,
                        m,
                        indices,
                        0,
                        secretFrom(id, m, secretOf[id], Point(1, 2)),
                        evidenceOf(id, m, indices, 0, BadData.Header, 0)
                    )
                );
            }
            return abi.encodeCall(
                IRetrievalMarket.proveBadData,
                (id, m, indices, 0, secretFor(id, m), evidenceOf(id, m, indices, 0, BadData.Header, 0))
            );
        }
        return abi.encodeCall(IRetrievalMarket.settleDemand, (id, m));
    }

    /// V34: from every state the calls of anybody lead to Closed, with everything settled.
    function test_anybody_canCloseEverything() public {
        for (uint256 s = uint256(AuditState.Requested); s <= uint256(AuditState.Delivering); ++s) {
            bytes32 id = reach(AuditState(s));
            pass(id);
            vm.startPrank(outsider);
            if (s == uint256(AuditState.Requested)) audits.cancelRequest(id);
            else if (s == uint256(AuditState.Delivering)) audits.finalize(id);
            else audits.timeout(id);
            vm.stopPrank();
            assertEq(uint256(stateOf(id)), uint256(AuditState.Closed), "closed");
        }
        for (uint256 s = uint256(DemandState.Demanded); s <= uint256(DemandState.Acked); ++s) {
            (bytes32 id, uint256 m) = demanded(DemandState(s));
            passDemand(id, m);
            vm.startPrank(outsider);
            audits.settleDemand(id, m);
            if (s == uint256(DemandState.Acked)) audits.finalize(id);
            vm.stopPrank();
            assertEq(uint256(stateOf(id)), uint256(AuditState.Closed), "closed");
            assertEq(audits.audit(id).openDemands, 0, "settled");
        }
        assertEq(audits.totalOwed(), audits.credit(rq) + audits.credit(rs), "everything is credit");
    }
}
