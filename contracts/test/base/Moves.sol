// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Adjudication, Mode, State} from "../../src/types/MarketTypes.sol";
import {Evidence} from "../../src/types/TransferTypes.sol";
import {Payload} from "./Payload.sol";
import {TransferFixture} from "./TransferFixture.sol";

/// Every call that can move an engagement, as data, and where the specification allows it.
abstract contract Moves is TransferFixture {
    enum Move {
        Cancel,
        Accept,
        CommitTransfer,
        PublishChunks,
        Ack,
        RevealA,
        RevealAll,
        RevealB,
        ProveBadData,
        Abort,
        Proceed,
        SubmitProofs,
        Concede,
        PostResult,
        AcceptResult,
        Challenge,
        Answer,
        TimeoutChallenge,
        ReclaimBond,
        Finalize,
        DemandFull,
        SubmitDemanded,
        AgreeClose,
        Timeout
    }

    uint256 internal constant MOVES = 24;

    /// The move as its party would make it now, with `g` for a guard.
    function callOf(Move m, bytes32 id, bytes32 g) internal view returns (bytes memory) {
        Mode mode = market.engagement(id).mode;
        if (m == Move.Cancel) return abi.encodeCall(market.cancel, (id));
        if (m == Move.Accept) return abi.encodeCall(market.accept, (id, g));
        if (m == Move.CommitTransfer) return abi.encodeCall(market.commitTransfer, (id, g, ctRootOf(id)));
        if (m == Move.PublishChunks) {
            return abi.encodeCall(market.publishChunks, (id, g, 0, Payload.flat(cipherOf(id), 0, CHUNKS)));
        }
        if (m == Move.Ack) return abi.encodeCall(market.ack, (id, g, MP_SEED));
        if (m == Move.RevealA) return abi.encodeCall(market.revealA, (id, g, MC_SALT, keysA(id)));
        if (m == Move.RevealAll) return abi.encodeCall(market.revealAll, (id, g, MASTER));
        if (m == Move.RevealB) return abi.encodeCall(market.revealB, (id, g, MASTER));
        if (m == Move.ProveBadData) {
            Evidence memory e;
            return abi.encodeCall(market.proveBadData, (id, 0, "", e));
        }
        if (m == Move.Abort) return abi.encodeCall(market.abort, (id, g));
        if (m == Move.Proceed) return abi.encodeCall(market.proceed, (id, g));
        if (m == Move.SubmitProofs) return abi.encodeCall(market.submitProofs, (id, items(id, 0, neededOf(mode))));
        if (m == Move.Concede) return abi.encodeCall(market.concede, (id, g));
        if (m == Move.PostResult) return abi.encodeCall(market.postResult, (id, g, bitmapOf(sizeOf(mode))));
        if (m == Move.AcceptResult) return abi.encodeCall(market.acceptResult, (id, g));
        if (m == Move.Challenge) return abi.encodeCall(market.challenge, (id, bitmapOf(sizeOf(mode)), 0));
        if (m == Move.Answer) return abi.encodeCall(market.answer, (id, itemOf(id, 0)));
        if (m == Move.TimeoutChallenge) return abi.encodeCall(market.timeoutChallenge, (id, 0));
        if (m == Move.ReclaimBond) return abi.encodeCall(market.reclaimBond, (id, 0));
        if (m == Move.Finalize) return abi.encodeCall(market.finalize, (id));
        if (m == Move.DemandFull) return abi.encodeCall(market.demandFull, (id, g));
        if (m == Move.SubmitDemanded) {
            return abi.encodeCall(market.submitDemanded, (id, bitmapOf(sizeOf(mode)), items(id, 0, neededOf(mode))));
        }
        if (m == Move.AgreeClose) return abi.encodeCall(market.agreeClose, (id, g, DEPOSIT, DEPOSIT));
        return abi.encodeCall(market.timeout, (id));
    }

    function valueOf(Move m, bytes32 id, address by) internal view returns (uint256) {
        if (m == Move.Accept) return ENTRY;
        if (m == Move.Challenge) return bondOf(by);
        if (m == Move.DemandFull) return uint256(neededOf(market.engagement(id).mode)) * BOND / 2;
        return 0;
    }

    /// Whether the move exists in that state; its party, its time and its arguments may still be wrong.
    function belongsTo(Move m, State s, Mode mode) internal pure returns (bool) {
        if (m == Move.Cancel || m == Move.Accept) return s == State.Offered;
        if (m == Move.CommitTransfer) return s == State.Locked;
        if (m == Move.PublishChunks) return s == State.Committed;
        if (m == Move.Ack) return s == State.Committed || s == State.Published;
        if (m == Move.RevealA || m == Move.RevealAll) return s == State.Acked;
        if (m == Move.RevealB) return s == State.Proceeded;
        if (m == Move.ProveBadData) {
            return (s == State.Probing && mode != Mode.CLEAR) || (s == State.Proving && mode == Mode.FULL);
        }
        if (m == Move.Abort || m == Move.Proceed) return s == State.Probing;
        if (m == Move.SubmitProofs || m == Move.Concede || m == Move.PostResult) return s == State.Proving;
        if (m == Move.ReclaimBond) return s == State.Closed;
        if (m == Move.Answer || m == Move.TimeoutChallenge) return s == State.Claimed || s == State.FullDemanded;
        if (m == Move.SubmitDemanded) return s == State.FullDemanded;
        if (m == Move.AgreeClose) return s != State.None && s != State.Offered && s != State.Closed;
        if (m == Move.Timeout) return s != State.None && s != State.Claimed && s != State.Closed;
        return s == State.Claimed;
    }

    /// The party that alone may make the move; zero if anybody may.
    function partyOf(Move m) internal view returns (address) {
        if (
            m == Move.CommitTransfer || m == Move.PublishChunks || m == Move.RevealA || m == Move.RevealAll
                || m == Move.RevealB || m == Move.AcceptResult || m == Move.DemandFull
        ) return mc;
        if (
            m == Move.Accept || m == Move.Ack || m == Move.Abort || m == Move.Proceed || m == Move.Concede
                || m == Move.PostResult
        ) return mp;
        return address(0);
    }

    /// Whether mode and adjudication have the move in a state to which it belongs.
    function fits(Move m, Mode mode, Adjudication adjudication) internal pure returns (bool) {
        if (m == Move.RevealA) return mode == Mode.FULL;
        if (m == Move.RevealAll) return mode == Mode.SIMPLE;
        if (m == Move.SubmitProofs) return adjudication == Adjudication.DIRECT;
        if (m == Move.PostResult) return adjudication == Adjudication.OPTIMISTIC;
        return true;
    }

    function send(address by, Move m, bytes32 id, bytes32 g) internal returns (bool ok, bytes memory answer) {
        bytes memory data = callOf(m, id, g);
        uint256 value = valueOf(m, id, by);
        vm.prank(by);
        return address(market).call{value: value}(data);
    }
}
