// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Moves} from "../../base/Moves.sol";
import {OfferTerms, State} from "../../../src/types/MarketTypes.sol";

/// What each transition costs at most, execution only and with every account it touches cold: calldata, 21,000 for the
/// transaction and the verification of a proof come on top.
contract MarketGasTest is Moves {
    function test_gas_ofOpen() public {
        OfferTerms memory t = termsOf(FULL, OPTIMISTIC);
        cool();
        vm.prank(mc);
        uint256 before = gasleft();
        market.open{value: ENTRY}(t);
        assertLe(before - gasleft(), 265_000, "open");
    }

    function test_gas_ofEachTransition() public {
        check(Move.Accept, State.Offered, 112_000);
        check(Move.CommitTransfer, State.Locked, 48_000);
        check(Move.Ack, State.Committed, 25_000);
        check(Move.RevealA, State.Acked, 58_000);
        check(Move.Abort, State.Probing, 122_000);
        check(Move.Proceed, State.Probing, 27_000);
        check(Move.RevealB, State.Proceeded, 26_000);
        check(Move.PostResult, State.Proving, 53_000);
        check(Move.Concede, State.Proving, 96_000);
        check(Move.Challenge, State.Claimed, 61_000);
        check(Move.AcceptResult, State.Claimed, 122_000);
        check(Move.DemandFull, State.Claimed, 61_000);
        check(Move.AgreeClose, State.Claimed, 42_000);
    }

    /// Three items, each with a shuffle and a path; the verifier is a mock.
    function test_gas_ofThreeProofs() public {
        bytes32 id = reach(State.Proving, FULL, DIRECT);
        assertLe(used(outsider, Move.SubmitProofs, id), 455_000, "submitProofs");
    }

    /// The same three beside a demand, one of them an answer.
    function test_gas_ofThreeDemandedProofs() public {
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        challengeBy(outsider, id, 0);
        demandFull(id, FULL_NEEDED);
        assertLe(used(outsider, Move.SubmitDemanded, id), 520_000, "submitDemanded");
    }

    /// A conviction, with a finder.
    function test_gas_ofTimeoutChallenge() public {
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        challengeBy(outsider, id, 0);
        vm.warp(uint256(market.challengeAt(id, 0).deadline) + 1);
        assertLe(used(outsider, Move.TimeoutChallenge, id), 190_000, "timeoutChallenge");
    }

    function test_gas_ofFinalize() public {
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        vm.warp(uint256(market.timeoutAt(id)) + 1);
        assertLe(used(outsider, Move.Finalize, id), 120_000, "finalize");
    }

    function check(Move m, State state, uint256 limit) private {
        uint256 before = vm.snapshotState();
        bytes32 id = reach(state, FULL, OPTIMISTIC);
        address party = partyOf(m) == address(0) ? mc : partyOf(m);
        assertLe(used(party, m, id), limit, string.concat("move ", vm.toString(uint256(m))));
        vm.revertToState(before);
    }

    function used(address by, Move m, bytes32 id) private returns (uint256 gas) {
        bytes memory data = callOf(m, id, guard(id));
        uint256 value = valueOf(m, id, by);
        cool();
        vm.prank(by);
        gas = gasleft();
        (bool ok,) = address(market).call{value: value}(data);
        gas -= gasleft();
        assertTrue(ok, "the move");
    }

    function cool() private {
        vm.cool(address(market));
        vm.cool(address(registry));
        vm.cool(market.terms());
        vm.cool(address(proofJudge));
        vm.cool(address(publication));
    }
}
