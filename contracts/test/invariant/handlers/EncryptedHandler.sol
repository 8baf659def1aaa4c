// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Moves} from "../../base/Moves.sol";
import {Adjudication, Mode, OfferTerms, Outcome, ProofItem, State} from "../../../src/types/MarketTypes.sol";
import {BadData, Evidence} from "../../../src/types/TransferTypes.sol";
import {ModelStatus} from "../../../src/types/ModelTypes.sol";

/// Tries every move of an encrypted engagement by every account at every time, knows beforehand whether it must succeed, and
/// keeps its own books. It deploys a registry and a market of its own.
contract EncryptedHandler is Moves {
    struct Ghost {
        bytes32 id;
        Mode mode;
        Adjudication adjudication;
        State state;
        Outcome outcome;
        uint256 deadline;
        uint256 needed;
        bytes32 guard;
        /// The keys revealed last do not open the data.
        bool falseKeys;
        /// Set bits of the posted result: the lowest ones.
        uint256 claimed;
        uint256 provenMask;
        uint256 answered;
        uint256 fund;
        bytes32 mcVote;
        bytes32 mpVote;
        /// Paid out of the two deposits.
        uint256 paid;
        uint256 strikes;
        /// Seconds in which anybody could object.
        uint256 openFor;
    }

    struct GhostChallenge {
        address challenger;
        uint256 deadline;
        /// Bonds paid out, to the provider or back.
        uint256 paid;
    }

    uint256 private constant MAX_ENGAGEMENTS = 8;
    uint256 private constant RESERVED = 10;

    Ghost[] internal ghosts;
    mapping(bytes32 id => mapping(uint256 position => GhostChallenge)) internal challenges;

    /// 0 provider, 1 consumer, 2 and 3 outsiders, 4 treasury, which only withdraws.
    address[5] public actors;
    mapping(address => uint256) public ghostCredit;
    /// Tenths of burned stakes, credit in the registry.
    mapping(address => uint256) public found;
    uint256 public paidIn;
    uint256 public paidOut;
    uint256 public everLocked;
    uint256 public open_;
    uint256 public stake;
    uint256 public burned;
    mapping(Outcome => uint256) public outcomes;
    mapping(bytes32 name => uint256) public done;

    constructor() {
        setUp();
        actors = [mp, mc, outsider, account("second outsider"), treasury];
        for (uint256 i = 0; i < 5; ++i) {
            vm.deal(actors[i], 1 ether);
        }
        stake = STAKE;
    }

    // ---- actions ----

    function warp(uint256 by) external {
        vm.warp(block.timestamp + bound(by, 0, 1 hours));
    }

    /// To the very edge of some deadline: its last second, or the first one after.
    function warpToEdge(uint256 which, uint256 p, bool after_) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which);
        uint256 deadline = g.deadline;
        if (isClaimed(g) && challenges[g.id][p % 7].deadline != 0) {
            deadline = challenges[g.id][p % 7].deadline;
        }
        deadline += after_ ? 1 : 0;
        if (deadline > block.timestamp && deadline < block.timestamp + 1 days) vm.warp(deadline);
    }

    function offer(uint256 kind, uint256 target) external {
        if (ghosts.length >= MAX_ENGAGEMENTS) return;
        OfferTerms memory t = termsOf(kind & 1 == 0 ? FULL : SIMPLE, kind & 2 == 0 ? OPTIMISTIC : DIRECT);
        t.targetBps = uint16(bound(target, 1, 10_000));
        bool allowed = status() == ModelStatus.Active;
        vm.prank(mc);
        try market.open{value: ENTRY}(t) returns (bytes32 id) {
            expect("open", true, allowed);
            Ghost storage g = ghosts.push();
            g.id = id;
            (g.mode, g.adjudication, g.state) = (t.mode, t.adjudication, State.Offered);
            g.deadline = t.expiry;
            g.needed = (uint256(t.targetBps) * sizeOf(t.mode) + 9999) / 10_000;
            g.guard = market.engagement(id).offerHash;
            paidIn += ENTRY;
        } catch {
            expect("open", false, allowed);
        }
    }

    /// One of the moves that lead on from the state, mostly by the right account.
    function proceedWith(uint256 which, uint256 choice, uint256 who, uint256 arg) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which);
        Move m = natural(g, choice);
        address party = partyOf(m);
        if (m == Move.AgreeClose) party = arg & 1 == 0 ? mc : mp;
        if (m == Move.Answer || m == Move.TimeoutChallenge || m == Move.ReclaimBond) arg = openAt(g, arg);
        attempt(g, m, party == address(0) || who % 8 == 0 ? actors[who % 4] : party, who % 16 != 1, arg);
    }

    /// Any move whatever.
    function tryAnything(uint256 which, uint256 m, uint256 who, bool rightGuard, uint256 arg) external {
        if (ghosts.length == 0) return;
        attempt(pick(which), Move(m % MOVES), actors[who % 4], rightGuard, arg);
    }

    function topUp(uint256 amount) external {
        if (status() != ModelStatus.Suspended) return;
        amount = bound(amount, 1, 20 * STRIKE);
        vm.prank(mp);
        registry.topUp{value: amount}(modelId);
        stake += amount;
        done["topUp"] += 1;
    }

    function withdraw(uint256 who) external {
        address by = actors[who % 5];
        uint256 amount = ghostCredit[by];
        vm.prank(by);
        try market.withdraw(payable(by)) returns (uint256 sent) {
            assertEq(sent, amount, "V18: the whole credit");
            expect("withdraw", true, amount != 0);
            ghostCredit[by] = 0;
            paidOut += amount;
        } catch {
            expect("withdraw", false, amount != 0);
        }
    }

    /// V9: an outsider alone closes everything; not one of the random actions.
    function closeEverything() external {
        for (uint256 i = 0; i < ghosts.length; ++i) {
            Ghost storage g = ghosts[i];
            if (isClaimed(g)) {
                for (uint256 p = 0; p < N && isClaimed(g); ++p) {
                    uint256 deadline = challenges[g.id][p].deadline;
                    if (deadline == 0) continue;
                    if (block.timestamp <= deadline) vm.warp(deadline + 1);
                    attempt(g, Move.TimeoutChallenge, outsider, true, p);
                }
            }
            if (g.state == State.Closed) continue;
            if (block.timestamp <= g.deadline) vm.warp(g.deadline + 1);
            attempt(g, g.state == State.Claimed ? Move.Finalize : Move.Timeout, outsider, true, 0);
            assertTrue(g.state == State.Closed, "V9: closed");
        }
        for (uint256 i = 0; i < ghosts.length; ++i) {
            for (uint256 p = 0; p < N; ++p) {
                address challenger = challenges[ghosts[i].id][p].challenger;
                if (challenges[ghosts[i].id][p].deadline != 0) {
                    attempt(ghosts[i], Move.ReclaimBond, challenger, true, p);
                }
            }
        }
    }

    /// Frees the room for new engagements once all are closed; not one of the random actions.
    function forget() external {
        delete ghosts;
    }

    // ---- reading ----

    function engagements() external view returns (Ghost[] memory) {
        return ghosts;
    }

    function challengeOf(bytes32 id, uint256 position) external view returns (GhostChallenge memory) {
        return challenges[id][position];
    }

    function contracts() external view returns (address, address, bytes32) {
        return (address(registry), address(market), modelId);
    }

    // ---- one attempt ----

    function attempt(Ghost storage g, Move m, address by, bool rightGuard, uint256 arg) private {
        bytes32 guard_ = rightGuard ? g.guard : ~g.guard;
        bool allowed = belongsTo(m, g.state, g.mode) && fits(m, g.mode, g.adjudication)
            && (partyOf(m) == address(0) || partyOf(m) == by) && (rightGuard || !hasGuard(m))
            && isAllowed(g, m, by, arg);
        bytes memory data = dataOf(g, m, guard_, arg);
        uint256 value = m == Move.DemandFull ? g.needed * BOND / 2 : valueOf(m, g.id, by);
        vm.prank(by);
        (bool ok,) = address(market).call{value: value}(data);
        expect(moveName(m), ok, allowed);
        if (ok) {
            paidIn += value;
            apply_(g, m, by, guard_, arg);
        }
    }

    function hasGuard(Move m) private view returns (bool) {
        return m == Move.AgreeClose || partyOf(m) != address(0);
    }

    /// Time, and what else the move needs.
    function isAllowed(Ghost storage g, Move m, address by, uint256 arg) private view returns (bool) {
        bool inTime = block.timestamp <= g.deadline;
        GhostChallenge storage c = challenges[g.id][arg % 7];
        if (m == Move.Cancel) return by == mc || !inTime;
        if (m == Move.Accept) {
            uint256 required = (open_ + 1) * RESERVED * STRIKE;
            return inTime && status() == ModelStatus.Active && stake >= required;
        }
        if (m == Move.ProveBadData) return inTime && g.falseKeys;
        if (m == Move.PostResult) return inTime && onesOf(g, arg) >= g.needed;
        if (m == Move.AcceptResult) return inTime && isQuiet(g);
        if (m == Move.Challenge) {
            return inTime && arg % 7 < g.claimed && c.challenger == address(0);
        }
        if (m == Move.Answer) return c.deadline != 0 && arg % 7 < sizeOf(g.mode) && block.timestamp <= c.deadline;
        if (m == Move.TimeoutChallenge) return c.deadline != 0 && block.timestamp > c.deadline;
        if (m == Move.ReclaimBond) return c.deadline != 0 && by == c.challenger;
        if (m == Move.Finalize) return !inTime && isQuiet(g);
        if (m == Move.DemandFull) return inTime && provenIn(g) < g.needed;
        if (m == Move.SubmitDemanded) {
            (uint32 from, uint32 to) = rangeOf(g, arg);
            for (uint256 p = from; p < to; ++p) {
                uint256 deadline = challenges[g.id][p].deadline;
                if (deadline != 0 && block.timestamp > deadline) return false;
            }
            return inTime && to <= g.claimed;
        }
        if (m == Move.AgreeClose) return by == mc || by == mp;
        if (m == Move.Timeout) return !inTime && (g.state != State.FullDemanded || isQuiet(g));
        return inTime;
    }

    function dataOf(Ghost storage g, Move m, bytes32 guard_, uint256 arg) private view returns (bytes memory) {
        uint32 p = uint32(arg % 7);
        if (m == Move.RevealA) {
            bytes memory keys = keysA(g.id);
            if (isFalse(arg)) keys[0] ^= 0x01;
            return abi.encodeCall(market.revealA, (g.id, guard_, MC_SALT, keys));
        }
        if (m == Move.RevealAll) return abi.encodeCall(market.revealAll, (g.id, guard_, masterOf(isFalse(arg))));
        if (m == Move.RevealB) return abi.encodeCall(market.revealB, (g.id, guard_, masterOf(isFalse(arg))));
        if (m == Move.ProveBadData && g.state != State.Offered && belongsTo(m, g.state, g.mode)) return accusation(g);
        if (m == Move.PostResult) {
            return abi.encodeCall(market.postResult, (g.id, guard_, bitmapOf(onesOf(g, arg))));
        }
        if (m == Move.Challenge) return abi.encodeCall(market.challenge, (g.id, bitmapOf(g.claimed), p));
        if (m == Move.Answer) {
            ProofItem memory it = itemOf(g.id, p < sizeOf(g.mode) ? p : 0);
            it.position = p;
            return abi.encodeCall(market.answer, (g.id, it));
        }
        if (m == Move.TimeoutChallenge) return abi.encodeCall(market.timeoutChallenge, (g.id, p));
        if (m == Move.ReclaimBond) return abi.encodeCall(market.reclaimBond, (g.id, p));
        if (m == Move.SubmitProofs) {
            (uint32 from, uint32 to) = rangeOf(g, arg);
            return abi.encodeCall(market.submitProofs, (g.id, items(g.id, from, to)));
        }
        if (m == Move.SubmitDemanded) {
            (uint32 from, uint32 to) = rangeOf(g, arg);
            return abi.encodeCall(market.submitDemanded, (g.id, bitmapOf(g.claimed), items(g.id, from, to)));
        }
        if (m == Move.AgreeClose) {
            return abi.encodeCall(market.agreeClose, (g.id, guard_, splitOf(arg), 2 * DEPOSIT - splitOf(arg)));
        }
        return callOf(m, g.id, guard_);
    }

    // ---- books ----

    function apply_(Ghost storage g, Move m, address by, bytes32 guard_, uint256 arg) private {
        uint256 p = arg % 7;
        if (m == Move.Cancel) {
            cancelled(g);
        } else if (m == Move.Accept) {
            (everLocked, open_) = (everLocked + 1, open_ + 1);
            ghostCredit[treasury] += 2 * uint256(FEE);
            enter(g, State.Locked, COMMIT_WINDOW);
        } else if (m == Move.CommitTransfer) {
            g.guard = ctRootOf(g.id);
            enter(g, State.Committed, ACK_WINDOW);
        } else if (m == Move.PublishChunks) {
            enter(g, State.Published, ACK_WINDOW);
        } else if (m == Move.Ack) {
            g.guard = MP_SEED;
            enter(g, State.Acked, KEY_WINDOW);
        } else if (m == Move.RevealA || m == Move.RevealAll) {
            g.falseKeys = isFalse(arg);
            g.guard = keccak256(keysOf(g, State.Probing));
            enter(g, State.Probing, DECIDE_WINDOW);
        } else if (m == Move.RevealB) {
            g.falseKeys = isFalse(arg);
            g.guard = keccak256(keysOf(g, State.Proving));
            enter(g, State.Proving, proveWindow(g));
        } else if (m == Move.ProveBadData) {
            settle(g, Outcome.BadData, 0, 0);
        } else if (m == Move.Abort) {
            settle(g, Outcome.Abort, DEPOSIT - abortOf(g), 0);
        } else if (m == Move.Proceed && g.mode == FULL) {
            g.guard = seedOf(g.id);
            enter(g, State.Proceeded, KEY_WINDOW);
        } else if (m == Move.Proceed) {
            enter(g, State.Proving, proveWindow(g));
        } else if (m == Move.SubmitProofs) {
            proved(g, arg);
        } else if (m == Move.Concede) {
            settle(g, Outcome.FailedAccuracy, 2 * DEPOSIT, 0);
        } else if (m == Move.PostResult) {
            g.claimed = onesOf(g, arg);
            g.guard = keccak256(bitmapOf(g.claimed));
            enter(g, State.Claimed, CHALLENGE_WINDOW);
        } else if (m == Move.AcceptResult || m == Move.Finalize) {
            settle(g, Outcome.Passed, DEPOSIT - successOf(g), 0);
        } else if (m == Move.Challenge) {
            challenged(g, p, by);
        } else if (m == Move.Answer) {
            if (g.state == State.FullDemanded) done["demand: answer"] += 1;
            answered(g, p);
            meetDemand(g);
        } else if (m == Move.TimeoutChallenge) {
            address challenger = challenges[g.id][p].challenger;
            if (g.state == State.FullDemanded) done["demand: fault of a challenge"] += 1;
            if (challenger != mc) done["finder"] += 1;
            settle(g, Outcome.Fault, 2 * DEPOSIT, RESERVED);
            if (challenger != mc) found[challenger] += RESERVED * STRIKE / 10;
        } else if (m == Move.ReclaimBond) {
            challenges[g.id][p].deadline = 0;
            challenges[g.id][p].paid += 1;
            ghostCredit[by] += bondOf(by);
        } else if (m == Move.DemandFull) {
            g.fund = g.needed * BOND / 2;
            objected(g);
            enter(g, State.FullDemanded, RESPOND_WINDOW + (g.needed + openIn(g)) * ANSWER_TIME);
        } else if (m == Move.SubmitDemanded) {
            demanded(g, arg);
        } else if (m == Move.AgreeClose) {
            voted(g, by, guard_, splitOf(arg));
        } else {
            silent(g);
        }
    }

    function enter(Ghost storage g, State state, uint256 window) private {
        g.state = state;
        g.deadline = block.timestamp + window;
    }

    function cancelled(Ghost storage g) private {
        ghostCredit[mc] += ENTRY;
        g.paid = ENTRY;
        (g.state, g.outcome, g.deadline) = (State.Closed, Outcome.Cancelled, block.timestamp);
        outcomes[Outcome.Cancelled] += 1;
    }

    function settle(Ghost storage g, Outcome outcome, uint256 mcAmount, uint256 strikes) private {
        if (g.state == State.Claimed) objected(g);
        ghostCredit[mc] += mcAmount + g.fund;
        ghostCredit[mp] += 2 * DEPOSIT - mcAmount;
        g.paid += 2 * DEPOSIT;
        g.fund = 0;
        g.strikes += strikes;
        stake -= strikes * STRIKE;
        burned += strikes;
        open_ -= 1;
        (g.state, g.outcome, g.deadline) = (State.Closed, outcome, block.timestamp);
        outcomes[outcome] += 1;
    }

    function silent(Ghost storage g) private {
        State s = g.state;
        if (s == State.FullDemanded) done["demand: fault"] += 1;
        if (s == State.Offered) cancelled(g);
        else if (s == State.Committed) settle(g, Outcome.NoAck, DEPOSIT, 0);
        else if (s == State.Locked || s == State.Acked || s == State.Proceeded) settle(g, Outcome.McSilent, 0, 0);
        else if (s == State.FullDemanded) settle(g, Outcome.Fault, 2 * DEPOSIT, RESERVED);
        else settle(g, Outcome.MpSilent, 2 * DEPOSIT, 1);
    }

    /// The positions of the range are proven.
    function proved(Ghost storage g, uint256 arg) private {
        (uint32 from, uint32 to) = rangeOf(g, arg);
        for (uint256 p = from; p < to; ++p) {
            g.provenMask |= uint256(1) << p;
        }
        if (provenIn(g) >= g.needed) settle(g, Outcome.Passed, DEPOSIT - successOf(g), 0);
    }

    /// As above; first those that answer no challenge, each of which is paid while k* are not reached, then the answers.
    function demanded(Ghost storage g, uint256 arg) private {
        (uint32 from, uint32 to) = rangeOf(g, arg);
        for (uint256 p = from; p < to; ++p) {
            if (g.provenMask & (uint256(1) << p) != 0 || challenges[g.id][p].deadline != 0) continue;
            if (provenIn(g) < g.needed) {
                ghostCredit[mp] += BOND / 2;
                g.fund -= BOND / 2;
            }
            g.provenMask |= uint256(1) << p;
        }
        for (uint256 p = from; p < to; ++p) {
            if (challenges[g.id][p].deadline == 0) continue;
            done["demand: answer in a batch"] += 1;
            answered(g, p);
        }
        meetDemand(g);
    }

    function meetDemand(Ghost storage g) private {
        if (g.state != State.FullDemanded || provenIn(g) < g.needed || !isQuiet(g)) return;
        done["demand met"] += 1;
        settle(g, Outcome.Passed, DEPOSIT - successOf(g), 0);
    }

    /// The time for objections is over: now, or at the end of the window.
    function objected(Ghost storage g) private {
        uint256 end = block.timestamp < g.deadline ? block.timestamp : g.deadline;
        g.openFor = CHALLENGE_WINDOW - (g.deadline - end);
    }

    function challenged(Ghost storage g, uint256 p, address by) private {
        challenges[g.id][p].challenger = by;
        challenges[g.id][p].deadline = block.timestamp + RESPOND_WINDOW + openIn(g) * ANSWER_TIME;
    }

    function answered(Ghost storage g, uint256 p) private {
        g.provenMask |= uint256(1) << p;
        g.answered += 1;
        challenges[g.id][p].deadline = 0;
        challenges[g.id][p].paid += 1;
        ghostCredit[mp] += bondOf(challenges[g.id][p].challenger);
    }

    function voted(Ghost storage g, address by, bytes32 guard_, uint256 mcAmount) private {
        bytes32 vote = keccak256(abi.encode(g.state, guard_, mcAmount));
        if (by == mc) g.mcVote = vote;
        else g.mpVote = vote;
        if (g.mcVote == g.mpVote) settle(g, Outcome.Settled, mcAmount, 0);
    }

    // ---- arguments ----

    function natural(Ghost storage g, uint256 choice) private view returns (Move) {
        State s = g.state;
        uint256 c = choice % 16;
        if (c == 15 && s != State.Offered && s != State.Closed) return Move.AgreeClose;
        if (s == State.Offered) return c == 0 ? Move.Cancel : Move.Accept;
        if (s == State.Locked) return Move.CommitTransfer;
        if (s == State.Committed) return c < 4 ? Move.PublishChunks : Move.Ack;
        if (s == State.Published) return Move.Ack;
        if (s == State.Acked) return g.mode == FULL ? Move.RevealA : Move.RevealAll;
        if (s == State.Probing) return c < 2 ? Move.Abort : g.falseKeys && c < 8 ? Move.ProveBadData : Move.Proceed;
        if (s == State.Proceeded) return Move.RevealB;
        if (s == State.Proving) {
            if (c == 0) return Move.Concede;
            if (g.falseKeys && c < 8) return Move.ProveBadData;
            return g.adjudication == DIRECT ? Move.SubmitProofs : Move.PostResult;
        }
        if (s == State.Claimed) {
            Move[8] memory claimed = [
                Move.Challenge,
                Move.Challenge,
                Move.Challenge,
                Move.Answer,
                Move.DemandFull,
                Move.DemandFull,
                Move.AcceptResult,
                block.timestamp > g.deadline ? Move.Finalize : Move.Challenge
            ];
            return claimed[c % 8];
        }
        if (s == State.FullDemanded) {
            return c < 11 ? Move.SubmitDemanded : c < 13 ? Move.Answer : Move.TimeoutChallenge;
        }
        return Move.ReclaimBond;
    }

    function accusation(Ghost storage g) private view returns (bytes memory) {
        uint256 position = g.mode == FULL && g.state == State.Proving ? N1 : 0;
        Evidence memory e = evidence(g.id, position, BadData.Header, 0);
        return abi.encodeCall(market.proveBadData, (g.id, position, keysOf(g, g.state), e));
    }

    /// The keys of record in `state`: only that of the first probed example is ever false, or the master key.
    function keysOf(Ghost storage g, State state) private view returns (bytes memory keys) {
        if (g.mode != FULL || state == State.Proving) return bytes.concat(masterOf(g.falseKeys));
        keys = keysA(g.id);
        if (g.falseKeys) keys[0] ^= 0x01;
    }

    function masterOf(bool isFalse_) private pure returns (bytes32) {
        return isFalse_ ? ~MASTER : MASTER;
    }

    function isFalse(uint256 arg) private pure returns (bool) {
        return arg % 5 == 0;
    }

    function onesOf(Ghost storage g, uint256 arg) private view returns (uint256) {
        return sizeOf(g.mode) - (arg >> 8) % 3;
    }

    function rangeOf(Ghost storage g, uint256 arg) private view returns (uint32 from, uint32 to) {
        from = uint32(arg % sizeOf(g.mode));
        to = from + 1 + uint32((arg >> 16) % 3);
        if (to > sizeOf(g.mode)) to = sizeOf(g.mode);
    }

    /// Few splits, so that votes meet.
    function splitOf(uint256 arg) private pure returns (uint256) {
        return (arg >> 4) & 1 == 0 ? DEPOSIT : DEPOSIT + 777;
    }

    function abortOf(Ghost storage g) private view returns (uint256) {
        return g.mode == FULL ? FULL_ABORT_PAYMENT : ABORT_PAYMENT;
    }

    function successOf(Ghost storage g) private view returns (uint256) {
        return g.mode == FULL ? FULL_SUCCESS_PAYMENT : SUCCESS_PAYMENT;
    }

    function proveWindow(Ghost storage g) private view returns (uint256) {
        return PROVE_BASE + sizeOf(g.mode) * PROVE_TIME_PER_ITEM;
    }

    function provenIn(Ghost storage g) private view returns (uint256 proven) {
        for (uint256 mask = g.provenMask; mask != 0; mask &= mask - 1) {
            ++proven;
        }
    }

    function openIn(Ghost storage g) private view returns (uint256 count) {
        for (uint256 p = 0; p < N; ++p) {
            if (challenges[g.id][p].deadline != 0) ++count;
        }
    }

    /// The next position with an open challenge, if there is any.
    function openAt(Ghost storage g, uint256 arg) private view returns (uint256) {
        for (uint256 p = arg % N; p < arg % N + N; ++p) {
            if (challenges[g.id][p % N].deadline != 0) return p % N;
        }
        return arg;
    }

    function isClaimed(Ghost storage g) private view returns (bool) {
        return g.state == State.Claimed || g.state == State.FullDemanded;
    }

    function isQuiet(Ghost storage g) private view returns (bool) {
        return openIn(g) == 0;
    }

    function status() private view returns (ModelStatus) {
        return stake >= STAKE ? ModelStatus.Active : ModelStatus.Suspended;
    }

    function pick(uint256 which) private view returns (Ghost storage) {
        return ghosts[which % ghosts.length];
    }

    /// "move A" to "move X" in the order of `Move`.
    function moveName(Move m) public pure returns (bytes32) {
        return bytes32("move ") | bytes32(uint256(0x41) + uint256(m)) << 208;
    }

    function expect(bytes32 name, bool happened, bool allowed) private {
        if (happened) done[name] += 1;
        if (happened == allowed) return;
        assertTrue(false, string(abi.encodePacked(happened ? "must not succeed: " : "must succeed: ", name)));
    }
}
