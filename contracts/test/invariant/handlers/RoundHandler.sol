// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ModelStatus} from "../../../src/types/ModelTypes.sol";
import {AnswerGroup, Privacy, RoundOutcome, RoundState, RoundTerms} from "../../../src/types/RoundTypes.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";

/// Tries every call on rounds by every actor at every time and base fee, beside engagements of the same model, knows beforehand
/// whether it must succeed, and keeps its own books.
contract RoundHandler is RoundFixture {
    struct Ghost {
        bytes32 id;
        Privacy privacy;
        RoundState state;
        RoundOutcome outcome;
        bool published;
        uint256 clock;
        uint256 answerBy;
        /// Positions as bits.
        uint256 contested;
        uint256 proven;
        uint256 fees;
        uint256 bond;
        uint256 taken;
        bytes32 guard;
        /// What the closed round paid.
        uint256 paid;
    }

    uint256 private constant MAX_ROUNDS = 12;
    uint256 private constant MAX_ENGAGEMENTS = 4;
    // Again, so that nothing is read from the contracts under test.
    uint256 private constant HALF_OF_PUBLISH = 55_625; // (73,000 + 17·2,250) / 2
    uint256 private constant QUIET_GAS = 195_625; // with the 140,000 of `confirm`

    Ghost[] private ghosts;
    bytes32[] private engagements_;
    uint256[] private engagementDeadlines;
    address[4] public actors;

    mapping(address => uint256) public credits;
    uint256 public paidIn;
    uint256 public paidOut;
    uint256 public everServed;
    /// The treasury's parts of quiet bonds.
    uint256 public forConfirm;
    uint256 public strikes;
    uint256 public stake;
    /// By outcome.
    uint256[6] public outcomes;
    uint256 private baseFee;

    mapping(bytes32 name => uint256) public done;

    constructor() {
        setUp();
        actors = [mc, mp, outsider, treasury];
        for (uint256 i = 0; i < 4; ++i) {
            vm.deal(actors[i], 1000 ether);
        }
        stake = STAKE;
        baseFee = BASE_FEE;
    }

    // ---- time and fees ----

    function warp(uint256 by) external {
        vm.warp(block.timestamp + bound(by, 0, 1 hours));
    }

    /// To the last second of some deadline, or the first one after.
    function warpToEdge(uint256 which, uint256 dice) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, RoundState(1 + dice / 16 % 3));
        uint256 edge = dice & 1 == 0 ? g.clock : g.answerBy;
        if (dice & 6 == 6) edge += PUBLISH;
        edge += (dice >> 3) & 1;
        if (edge > block.timestamp && edge < block.timestamp + 1 days) vm.warp(edge);
    }

    function setBaseFee(uint256 fee) external {
        baseFee = bound(fee, 0, 1000);
        vm.fee(baseFee);
    }

    // ---- rounds ----

    function open(uint256 private_, uint256 lifetime, uint256 value) external {
        if (ghosts.length >= MAX_ROUNDS) return;
        RoundTerms memory t = roundTerms(Privacy(private_ % 2));
        t.expiry = uint64(block.timestamp + bound(lifetime, lifetime % 4 == 0 ? 0 : 1 hours, ROUND_ACCEPT));
        uint256 bond = t.privacy == PRIVATE ? QUIET_GAS * baseFee : 0;
        uint256 due = MC_DEPOSIT + PI + ROUND_FEE + bond;
        value = due + bound(value, 0, 9) - 1;
        bool allowed = isActive() && value >= due;
        vm.prank(mc);
        try rounds.open{value: value}(t) returns (bytes32 id) {
            must("open", allowed);
            Ghost storage g = ghosts.push();
            g.id = id;
            g.privacy = t.privacy;
            g.state = RoundState.Offered;
            g.clock = t.expiry;
            g.bond = bond;
            g.guard = rounds.round(id).offerHash;
            paidIn += value;
            credits[mc] += value - due;
        } catch {
            mustNot("open", allowed);
        }
    }

    function cancel(uint256 who, uint256 which) external {
        // Rarely, or nothing would be served.
        if (ghosts.length == 0 || which % 4 != 0) return;
        _cancel(caller(who, mc), pick(which / 4, RoundState.Offered));
    }

    function serve(uint256 who, uint256 which, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, RoundState.Offered);
        address by = caller(who, mp);
        uint256 value = spoil % 16 == 1 ? M + ROUND_FEE - 1 : M + ROUND_FEE;
        bytes32 guard = guardFor(g, spoil);
        bool allowed = g.state == RoundState.Offered && by == mp && block.timestamp <= g.clock && isActive()
            && guard == g.guard && value == M + ROUND_FEE;
        bytes32 root = outputsRootOf(g.privacy);
        vm.prank(by);
        try rounds.serve{value: value}(g.id, guard, root) {
            must("serve", allowed);
            g.state = RoundState.Rooted;
            g.clock = block.timestamp + (g.privacy == PRIVATE ? CONTEST : PUBLISH);
            g.guard = root;
            paidIn += value;
            credits[treasury] += 2 * ROUND_FEE;
            everServed += 1;
        } catch {
            mustNot("serve", allowed);
        }
    }

    function publish(uint256 who, uint256 which, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, RoundState.Rooted);
        address by = caller(who, mp);
        bytes32 guard = guardFor(g, spoil);
        uint256[] memory words = wordsOf(g.privacy);
        if (spoil % 16 == 1) words[0] ^= 1;
        // A provider that waits until it may.
        bool waits = g.privacy == PRIVATE && g.state == RoundState.Rooted && block.timestamp <= g.clock;
        if (waits && spoil & 0x300 == 0x300) vm.warp(g.clock + 1);
        bool inTime = g.privacy == PRIVATE
            ? block.timestamp > g.clock && block.timestamp <= g.clock + PUBLISH
            : block.timestamp <= g.clock;
        bool allowed = g.state == RoundState.Rooted && by == mp && inTime && guard == g.guard && spoil % 16 != 1;
        vm.prank(by);
        try rounds.publish(g.id, guard, ROUND_MASTER, words) {
            must("publish", allowed);
            if (g.privacy == PRIVATE) {
                done["publishPrivate"] += 1;
                g.taken = g.bond < QUIET_GAS * baseFee ? g.bond : QUIET_GAS * baseFee;
                if (g.taken < g.bond) done["publishCheaper"] += 1;
            }
            g.state = RoundState.Served;
            g.published = true;
            g.clock = block.timestamp + CONTEST;
        } catch {
            mustNot("publish", allowed);
        }
    }

    function confirm(uint256 who, uint256 which, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, spoil & 0x100 == 0 ? RoundState.Rooted : RoundState.Served);
        address by = caller(who, mc);
        bytes32 guard = guardFor(g, spoil);
        bool allowed = hasOutputs(g) && g.contested == g.proven && by == mc && guard == g.guard;
        vm.prank(by);
        try rounds.confirm(g.id, guard) {
            must("confirm", allowed);
            settle(g, g.contested == 0 ? RoundOutcome.Clean : RoundOutcome.Upheld);
        } catch {
            mustNot("confirm", allowed);
        }
    }

    function contest(uint256 who, uint256 which, uint256 mask, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, spoil & 0x100 == 0 ? RoundState.Rooted : RoundState.Served);
        mask = mask & (mask >> 32) & 0x1ffff;
        uint256 added = count(mask & ~g.contested);
        uint256 due = added * ANSWER_GAS * baseFee;
        uint256 value = due + (spoil >> 32) % 8;
        bool enough = true;
        if (spoil % 16 == 1 && due != 0) (value, enough) = (due - 1, false);
        bool allowed = mayContest(g, caller(who, mc), guardFor(g, spoil)) && added != 0
            && count(g.contested | mask) <= C && enough;
        bytes memory bitmap = bitmapFor(mask);
        bytes32 guard = guardFor(g, spoil);
        vm.prank(caller(who, mc));
        try rounds.contest{value: value}(g.id, guard, bitmap) {
            must("contest", allowed);
            if (g.state == RoundState.Rooted) done["contestPrivate"] += 1;
            g.state = RoundState.Served;
            g.contested |= mask;
            g.fees += due;
            g.answerBy = block.timestamp + RESPOND + count(g.contested) * ROUND_ANSWER_TIME;
            paidIn += value;
            credits[mc] += value - due;
        } catch {
            mustNot("contest", allowed);
        }
    }

    /// Two groups, about one in eight of them bad unless it is skipped; a proof of another round among the bad ones (V33).
    function answer(uint256 who, uint256 which, uint256 indices, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, RoundState.Served);
        AnswerGroup[] memory groups = new AnswerGroup[](2);
        bool allowed = g.state == RoundState.Served && block.timestamp <= g.answerBy;
        uint256 proven = g.proven;
        for (uint256 i = 0; i < 2; ++i) {
            uint32 index = indexFor(g, indices >> (32 * i));
            bool isNew = (g.contested & ~proven) >> index & 1 == 1;
            uint256 fault = (spoil >> (8 * i)) % 16;
            groups[i] = groupFor(g.id, index);
            if (fault == 1) groups[i].proof = "";
            if (fault == 2) groups[i].proof = groupFor(otherThan(g), index).proof;
            if (isNew && (fault == 1 || (fault == 2 && otherThan(g) != g.id))) allowed = false;
            if (isNew) proven |= 1 << index;
        }
        vm.prank(actors[who % 4]);
        try rounds.answer(g.id, groups) {
            must("answer", allowed);
            if (proven != g.proven) done["proven"] += 1;
            g.proven = proven;
        } catch {
            mustNot("answer", allowed);
        }
    }

    function finalize(uint256 who, uint256 which) external {
        if (ghosts.length == 0) return;
        _finalize(actors[who % 4], pick(which, RoundState.Served));
    }

    function timeout(uint256 who, uint256 which) external {
        if (ghosts.length == 0) return;
        _timeout(actors[who % 4], pick(which, which % 2 == 0 ? RoundState.Rooted : RoundState.Served));
    }

    // ---- the rest of the world ----

    /// A CLEAR engagement of the same model.
    function engage() external {
        if (engagements_.length >= MAX_ENGAGEMENTS || !isActive()) return;
        bytes32 id = probing();
        engagements_.push(id);
        engagementDeadlines.push(block.timestamp + DECIDE_WINDOW);
        done["engage"] += 1;
    }

    /// It ends by an abort in time, or by silence, which burns a strike.
    function disengage(uint256 dice) external {
        if (engagements_.length == 0) return;
        _disengage(dice % engagements_.length);
    }

    /// Enough to serve again, most of the time.
    function topUp(uint256 value) external {
        value = value % 4 == 0 ? bound(value, 1, 3 * STRIKE) : 20 * STRIKE;
        vm.prank(outsider);
        registry.topUp{value: value}(modelId);
        stake += value;
    }

    function withdraw(uint256 who) external {
        address by = actors[who % 4];
        uint256 due = credits[by];
        uint256 before = by.balance;
        vm.prank(by);
        try rounds.withdraw(payable(by)) {
            must("withdraw", due != 0);
            assertEq(by.balance - before, due, "V18: the amount sent");
            credits[by] = 0;
            paidOut += due;
        } catch {
            mustNot("withdraw", due != 0);
        }
    }

    /// V34: an outsider alone ends everything, within the sum of the windows.
    function closeEverything() external {
        uint256 start = block.timestamp;
        for (uint256 pass = 0; pass < 3; ++pass) {
            for (uint256 i = 0; i < ghosts.length; ++i) {
                Ghost storage g = ghosts[i];
                if (g.state == RoundState.Closed) continue;
                if (g.state == RoundState.Offered) _cancel(outsider, g);
                else if (g.state == RoundState.Served && g.contested == g.proven) _finalize(outsider, g);
                else _timeout(outsider, g);
            }
            if (pass == 0) vm.warp(start + uint256(PUBLISH) + CONTEST + RESPOND + C * ROUND_ANSWER_TIME + 1);
        }
        for (uint256 i = 0; i < ghosts.length; ++i) {
            assertEq(uint256(ghosts[i].state), uint256(RoundState.Closed), "V34: closed by others alone");
        }
        vm.warp(block.timestamp + DECIDE_WINDOW + 1);
        while (engagements_.length != 0) _disengage(0);
    }

    function forget() external {
        delete ghosts;
    }

    // ---- what the invariants read ----

    function world() external view returns (address registry_, address rounds_, bytes32 modelId_) {
        return (address(registry), address(rounds), modelId);
    }

    function all() external view returns (Ghost[] memory) {
        return ghosts;
    }

    function openEngagements() external view returns (uint256) {
        return engagements_.length;
    }

    function isActive() public view returns (bool) {
        return registry.model(modelId).status == ModelStatus.Active;
    }

    /// Read by forge.
    function escrowOf(Ghost memory g) public pure returns (uint256) {
        if (g.state == RoundState.Offered) return MC_DEPOSIT + PI + ROUND_FEE + g.bond;
        if (g.state == RoundState.Closed || g.state == RoundState.None) return 0;
        return MC_DEPOSIT + PI + M + g.fees + g.bond;
    }

    // ---- internal ----

    function _cancel(address by, Ghost storage g) private {
        bool allowed = g.state == RoundState.Offered && (by == mc || block.timestamp > g.clock);
        vm.prank(by);
        try rounds.cancel(g.id) {
            must("cancel", allowed);
            credits[mc] += MC_DEPOSIT + PI + ROUND_FEE + g.bond;
            g.state = RoundState.Closed;
            g.outcome = RoundOutcome.Cancelled;
            g.clock = block.timestamp;
        } catch {
            mustNot("cancel", allowed);
        }
    }

    function _finalize(address by, Ghost storage g) private {
        bool allowed = g.state == RoundState.Served && g.contested == g.proven
            && (block.timestamp > g.clock || count(g.contested) == C);
        vm.prank(by);
        try rounds.finalize(g.id) {
            must("finalize", allowed);
            settle(g, g.contested == 0 ? RoundOutcome.Clean : RoundOutcome.Upheld);
        } catch {
            mustNot("finalize", allowed);
        }
    }

    function _timeout(address by, Ghost storage g) private {
        bool isVoid = g.state == RoundState.Rooted && block.timestamp > g.clock + (g.privacy == PRIVATE ? PUBLISH : 0);
        bool isFault = g.state == RoundState.Served && g.contested != g.proven && block.timestamp > g.answerBy;
        vm.prank(by);
        try rounds.timeout(g.id) {
            must("timeout", isVoid || isFault);
            if (isFault || g.privacy == PUBLIC) strike();
            settle(g, isVoid ? RoundOutcome.Void : RoundOutcome.Fault);
        } catch {
            mustNot("timeout", isVoid || isFault);
        }
    }

    function _disengage(uint256 i) private {
        bytes32 id = engagements_[i];
        if (block.timestamp > engagementDeadlines[i]) {
            market.timeout(id);
            strike();
        } else {
            bytes32 guard = guardOf(id);
            vm.prank(mp);
            market.abort(id, guard);
        }
        engagements_[i] = engagements_[engagements_.length - 1];
        engagements_.pop();
        engagementDeadlines[i] = engagementDeadlines[engagementDeadlines.length - 1];
        engagementDeadlines.pop();
    }

    function strike() private {
        strikes += 1;
        stake -= STRIKE;
    }

    /// The rows of the specification, written out.
    function settle(Ghost storage g, RoundOutcome outcome) private {
        uint256 toMc;
        uint256 toMp;
        uint256 k = count(g.contested);
        if (outcome == RoundOutcome.Void) (toMc, toMp) = (MC_DEPOSIT + PI, M);
        if (outcome == RoundOutcome.Clean) (toMc, toMp) = (MC_DEPOSIT, M + PI);
        if (outcome == RoundOutcome.Upheld) (toMc, toMp) = (MC_DEPOSIT - k * TOLL, M + PI + k * TOLL + g.fees);
        if (outcome == RoundOutcome.Fault) (toMc, toMp) = (MC_DEPOSIT + PI + M + g.fees, 0);
        uint256 earned = earnedOf(g);
        toMp += earned;
        toMc += g.bond - g.taken;
        credits[mc] += toMc;
        credits[mp] += toMp;
        credits[treasury] += g.taken - earned;
        forConfirm += g.taken - earned;
        g.paid += toMc + toMp + g.taken - earned;
        g.state = RoundState.Closed;
        g.outcome = outcome;
        g.clock = block.timestamp;
        outcomes[uint256(outcome)] += 1;
    }

    function earnedOf(Ghost memory g) public pure returns (uint256) {
        return g.taken / QUIET_GAS * HALF_OF_PUBLISH;
    }

    function hasOutputs(Ghost storage g) private view returns (bool) {
        return g.state == RoundState.Served || (g.state == RoundState.Rooted && g.privacy == PRIVATE);
    }

    function mayContest(Ghost storage g, address by, bytes32 guard) private view returns (bool) {
        bool overdue = g.contested != g.proven && block.timestamp > g.answerBy;
        return hasOutputs(g) && by == mc && guard == g.guard && block.timestamp <= g.clock && !overdue;
    }

    /// Mostly an index that is open.
    function indexFor(Ghost storage g, uint256 dice) private view returns (uint32) {
        uint32 index = uint32(dice % K);
        for (uint32 i = 0; i < K && dice & 0x300 != 0; ++i) {
            uint32 p = (index + i) % K;
            if ((g.contested & ~g.proven) >> p & 1 == 1) return p;
        }
        return index;
    }

    function otherThan(Ghost storage g) private view returns (bytes32) {
        for (uint256 i = 0; i < ghosts.length; ++i) {
            if (ghosts[i].id != g.id && ghosts[i].privacy == g.privacy) return ghosts[i].id;
        }
        return g.id;
    }

    function guardFor(Ghost storage g, uint256 spoil) private view returns (bytes32) {
        return spoil % 16 == 2 ? keccak256("wrong") : g.guard;
    }

    /// Mostly one that is in that state, if there is any.
    function pick(uint256 which, RoundState state) private view returns (Ghost storage) {
        uint256 n = ghosts.length;
        uint256 first = which / 8;
        for (uint256 i = 0; i < n && which % 8 != 0; ++i) {
            if (ghosts[(first + i) % n].state == state) return ghosts[(first + i) % n];
        }
        return ghosts[first % n];
    }

    /// Mostly the party that may act, sometimes anybody.
    function caller(uint256 who, address party) private view returns (address) {
        return who % 8 == 0 ? actors[(who / 8) % 4] : party;
    }

    function count(uint256 mask) private pure returns (uint256 ones) {
        for (; mask != 0; mask &= mask - 1) {
            ++ones;
        }
    }

    function must(bytes32 name, bool allowed) private {
        assertTrue(allowed, string(abi.encodePacked("succeeded but must not: ", name)));
        done[name] += 1;
    }

    function mustNot(bytes32 name, bool allowed) private pure {
        assertTrue(!allowed, string(abi.encodePacked("failed but must succeed: ", name)));
    }
}
