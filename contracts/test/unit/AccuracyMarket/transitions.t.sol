// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Moves} from "../../base/Moves.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Adjudication, Mode, State} from "../../../src/types/MarketTypes.sol";

/// Every move in every state of every mode and adjudication: the wrong state, the wrong party, the wrong guard and the wrong
/// time are refused with the reason, the right call is not.
contract TransitionsTest is Moves {
    function test_transitions_fullDirect() public {
        checkAll(FULL, DIRECT);
    }

    function test_transitions_fullOptimistic() public {
        checkAll(FULL, OPTIMISTIC);
    }

    function test_transitions_simpleDirect() public {
        checkAll(SIMPLE, DIRECT);
    }

    function test_transitions_simpleOptimistic() public {
        checkAll(SIMPLE, OPTIMISTIC);
    }

    function test_transitions_clearDirect() public {
        checkAll(CLEAR, DIRECT);
    }

    function test_transitions_ofAnUnknownEngagement() public {
        bytes32 id = keccak256("nothing");
        expectWrongState(id, State.None);
        market.timeout(id);
        expectWrongState(id, State.None);
        market.agreeClose(id, 0, 0, 0);
        expectWrongState(id, State.None);
        market.reclaimBond(id, 0);
        expectWrongState(id, State.None);
        market.ack(id, 0, MP_SEED);
        expectWrongState(id, State.None);
        market.finalize(id);
    }

    function checkAll(Mode mode, Adjudication adjudication) private {
        for (uint256 s = 1; s <= uint256(State.Closed); ++s) {
            State state = State(s);
            if (!isReachable(state, mode, adjudication)) continue;
            uint256 before = vm.snapshotState();
            bytes32 id = reach(state, mode, adjudication);
            assertState(id, state);
            for (uint256 m = 0; m < MOVES; ++m) {
                uint256 now_ = vm.snapshotState();
                checkMove(Move(m), id, state, mode, adjudication);
                vm.revertToState(now_);
            }
            vm.revertToState(before);
        }
    }

    function checkMove(Move m, bytes32 id, State state, Mode mode, Adjudication adjudication) private {
        bytes32 g = guard(id);
        address party = partyOf(m);
        address by = party == address(0) ? (m == Move.Cancel || m == Move.AgreeClose ? mc : outsider) : party;
        if (!belongsTo(m, state, mode)) {
            refused(by, m, id, g, abi.encodeWithSelector(IAccuracyMarket.WrongState.selector, id, state));
            return;
        }
        if (!fits(m, mode, adjudication)) {
            (bool ok, bytes memory answer) = send(by, m, id, g);
            assertTrue(!ok, "does not fit");
            bytes4 reason = m == Move.RevealA || m == Move.RevealAll
                ? IAccuracyMarket.WrongMode.selector
                : IAccuracyMarket.WrongAdjudication.selector;
            assertEq(bytes32(bytes4(answer)), bytes32(reason), "does not fit: reason");
            return;
        }
        if (party != address(0)) checkParty(m, id, g, party);
        else if (m == Move.AgreeClose) checkVote(m, id, g);
    }

    /// A call of one party: refused from others, for another guard, after the deadline; accepted in its last second.
    function checkParty(Move m, bytes32 id, bytes32 g, address party) private {
        address[3] memory callers = [mc, mp, outsider];
        for (uint256 i = 0; i < 3; ++i) {
            if (callers[i] == party) continue;
            refused(callers[i], m, id, g, abi.encodeWithSelector(IMarket.NotParty.selector, party, callers[i]));
        }
        bytes32 wrong = g ^ bytes32(uint256(1));
        refused(party, m, id, wrong, abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, wrong));

        uint64 deadline = market.timeoutAt(id);
        uint256 before = vm.snapshotState();
        vm.warp(uint256(deadline) + 1);
        refused(party, m, id, g, abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, deadline, deadline + 1));
        vm.revertToState(before);
        vm.warp(deadline);
        (bool ok,) = send(party, m, id, g);
        assertTrue(ok, "in the last second");
    }

    function checkVote(Move m, bytes32 id, bytes32 g) private {
        refused(outsider, m, id, g, abi.encodeWithSelector(IMarket.NotParty.selector, mc, outsider));
        bytes32 wrong = g ^ bytes32(uint256(1));
        refused(mp, m, id, wrong, abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, wrong));
        (bool ok,) = send(mc, m, id, g);
        assertTrue(ok, "a vote");
    }

    function refused(address by, Move m, bytes32 id, bytes32 g, bytes memory reason) private {
        (bool ok, bytes memory answer) = send(by, m, id, g);
        assertTrue(!ok, string(abi.encodePacked("accepted: move ", vm.toString(uint256(m)))));
        assertEq(
            keccak256(answer), keccak256(reason), string(abi.encodePacked("reason: move ", vm.toString(uint256(m))))
        );
    }
}
