// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TAG_AUDIT} from "../../../src/libraries/Tags.sol";
import {AuditOutcome, AuditState, DemandState, NAMED, SampleGroup} from "../../../src/types/AuditTypes.sol";
import {PageOpening, RequestTerms} from "../../../src/types/RetrievalTypes.sol";
import {Point, SharedSecret} from "../../../src/types/SharedKeyTypes.sol";
import {BadData, Evidence} from "../../../src/types/TransferTypes.sol";
import {AuditFixture} from "../../base/AuditFixture.sol";
import {Payload} from "../../base/Payload.sol";
import {TestSet} from "../../base/TestSet.sol";

/// Tries every call on audits and demands by every actor at every time and base fee, knows beforehand whether it must succeed, and
/// keeps its own books. Sets of documents are bits.
contract AuditHandler is AuditFixture {
    struct Ghost {
        bytes32 id;
        AuditState state;
        AuditOutcome outcome;
        bool approved;
        bool posted;
        uint256 clock;
        uint256 overruleBy;
        bytes32 guard;
        bytes32 seed;
        uint256 withheld;
        uint256 overruled;
        uint256 named;
        uint256 namedProven;
        /// Numbers of samples.
        uint256 samplesProven;
        uint256 demanded;
        uint256 demands;
        uint256 openDemands;
        uint256 published;
        /// What the closed audit paid.
        uint256 paid;
    }

    struct GhostDemand {
        uint256 audit;
        uint256 m;
        uint256 documents;
        DemandState state;
        /// A word of the first document is wrong.
        bool bad;
        bool published;
        uint256 next;
        uint256 clock;
        uint256 publishWindow;
        uint256 fee;
        uint256 spent;
        /// What was paid of B.
        uint256 paid;
    }

    uint256 private constant MAX_AUDITS = 8;
    uint256 private constant MAX_DEMANDS = 12;

    Ghost[] private ghosts;
    GhostDemand[] private demands_;
    address[4] public actors;

    mapping(address => uint256) public credits;
    uint256 public paidIn;
    uint256 public paidOut;
    /// By outcome.
    uint256[7] public outcomes;
    uint256 private baseFee;
    uint256 private usedSecret;

    mapping(bytes32 name => uint256) public done;

    constructor() {
        setUp();
        actors = [rq, rs, authority, outsider];
        baseFee = BASE_FEE;
    }

    // ---- time and fees ----

    function warp(uint256 by) external {
        vm.warp(block.timestamp + bound(by, 0, 30 minutes));
    }

    /// To the last second of some deadline, or the first one after.
    function warpToEdge(uint256 which, uint256 dice) external {
        uint256 edge;
        if (dice & 1 == 0 && ghosts.length != 0) {
            edge = pick(which, AuditState(1 + dice / 16 % 5)).clock;
        } else if (demands_.length != 0) {
            GhostDemand storage d = pickDemand(which, DemandState(1 + dice / 16 % 3));
            edge = d.clock + (dice & 4 == 0 ? 0 : d.publishWindow);
        }
        edge += (dice >> 3) & 1;
        if (edge > block.timestamp && edge < block.timestamp + 1 days) vm.warp(edge);
    }

    function setBaseFee(uint256 fee) external {
        baseFee = bound(fee, 0, 1000);
        vm.fee(baseFee);
    }

    /// What a party would do next, so that sequences get somewhere.
    function advance(uint256 which, uint256 dice) external {
        uint256 rest = (dice >> 8) & ~uint256(0xf);
        if (dice % 2 == 0 && demands_.length != 0) {
            uint256 w = which % demands_.length;
            DemandState state = demands_[w].state;
            if (state == DemandState.Demanded) {
                this.deliver(1, 8 * w, rest);
            } else if (state == DemandState.Acked) {
                this.proveBadData(1, 8 * w, 0);
            } else if (dice % 4 == 0) {
                this.ack(1, 8 * w, 0);
            } else {
                // Gas is cheaper or dearer by now.
                this.setBaseFee(rest >> 128);
                this.publish(1, 8 * w, rest);
            }
        } else if (ghosts.length != 0) {
            uint256 w = which % ghosts.length;
            AuditState state = ghosts[w].state;
            if (state == AuditState.Requested) {
                this.accept(1, 8 * w, 0);
            } else if (state == AuditState.Accepted && ghosts[w].posted && dice & 0x30 != 0) {
                withholdAt(w, rest);
            } else if (state == AuditState.Accepted) {
                this.post(1, 8 * w, rest);
            } else if (state == AuditState.Answered) {
                this.reveal(1, 8 * w, rest >> 64, 0);
            } else if (state == AuditState.Sampled) {
                this.submit(0, 8 * w, rest >> 64, 0);
            }
            // Withheld documents are ruled on when everything is proven, or never.
            else if (ghosts[w].withheld & ~ghosts[w].overruled != 0 && dice & 0x30 == 0) {
                this.overrule(1, 8 * w, rest >> 64, 0);
            } else if (state == AuditState.Delivering) {
                this.demand(1, 8 * w, rest >> 64, 0);
            }
        }
    }

    function withholdAt(uint256 w, uint256 rest) private {
        this.withhold(1, 8 * w, rest >> 64, rest);
    }

    // ---- requests ----

    function request(uint256 lifetime, uint256 spoil) external {
        if (ghosts.length >= MAX_AUDITS) return;
        RequestTerms memory t = requestTerms();
        t.expiry = uint64(block.timestamp + bound(lifetime, lifetime % 4 == 0 ? 0 : 1 hours, ACCEPT));
        bool reused = spoil % 16 == 1 && usedSecret != 0;
        if (reused) t.requesterKey = point(spoil % 32 == 1 ? usedSecret : R - usedSecret);
        uint256 value = spoil % 16 == 2 ? PRICE + 1 : PRICE;
        bool allowed = !reused && value == PRICE;
        uint256 secret = nextSecret();
        vm.prank(rq);
        try audits.request{value: value}(t, predicate(), "") returns (bytes32 id) {
            must("request", allowed);
            secretOf[id] = secret;
            usedSecret = secret;
            ++keys;
            Ghost storage g = ghosts.push();
            g.id = id;
            g.state = AuditState.Requested;
            g.clock = t.expiry;
            g.guard = audits.audit(id).requestHash;
            paidIn += value;
        } catch {
            mustNot("request", allowed);
        }
    }

    function approve(uint256 who, uint256 which, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, AuditState.Requested);
        bool allowed = acts(g, AuditState.Requested, who, authority, spoil);
        bytes32 guard = guardFor(g, spoil);
        vm.prank(caller(who, authority));
        try audits.approve(g.id, guard) {
            must("approve", allowed);
            g.approved = true;
        } catch {
            mustNot("approve", allowed);
        }
    }

    function cancel(uint256 who, uint256 which) external {
        // Rarely, or nothing would be accepted.
        if (ghosts.length == 0 || which % 4 != 0) return;
        _cancel(caller(who, rq), pick(which / 4, AuditState.Requested));
    }

    function decline(uint256 who, uint256 which, uint256 spoil) external {
        if (ghosts.length == 0 || which % 4 != 0) return;
        Ghost storage g = pick(which / 4, AuditState.Requested);
        bool allowed = acts(g, AuditState.Requested, who, rs, spoil);
        bytes32 guard = guardFor(g, spoil);
        vm.prank(caller(who, rs));
        try audits.decline(g.id, guard, "no") {
            must("decline", allowed);
            close(g, AuditOutcome.Declined);
        } catch {
            mustNot("decline", allowed);
        }
    }

    function accept(uint256 who, uint256 which, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, AuditState.Requested);
        uint256 value = spoil % 16 == 1 ? BOND - 1 : BOND;
        bool allowed = acts(g, AuditState.Requested, who, rs, spoil) && value == BOND;
        bytes32 guard = guardFor(g, spoil);
        vm.prank(caller(who, rs));
        try audits.accept{value: value}(g.id, guard) {
            must("accept", allowed);
            enter(g, AuditState.Accepted, ANSWER_BASE + ANSWER_TIME);
            paidIn += value;
        } catch {
            mustNot("accept", allowed);
        }
    }

    // ---- answers ----

    function post(uint256 who, uint256 which, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, AuditState.Accepted);
        bytes[] memory pages = g.posted && spoil % 16 != 1 ? new bytes[](0) : onePage();
        bool seal = spoil & 0x100 != 0;
        bool manyOnes = !g.posted && spoil % 16 == 3;
        if (manyOnes) pages[0] = hex"7602";
        bool allowed = acts(g, AuditState.Accepted, who, rs, spoil) && !manyOnes;
        if (g.posted && pages.length != 0) allowed = false;
        bytes32 guard = guardFor(g, spoil);
        vm.prank(caller(who, rs));
        try audits.postAnswers(g.id, guard, pages, seal) {
            must("post", allowed);
            g.posted = true;
            g.guard = audits.audit(g.id).answersHash;
            if (seal) enter(g, AuditState.Answered, REVEAL);
        } catch {
            mustNot("post", allowed);
        }
    }

    function withhold(uint256 who, uint256 which, uint256 mask, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, AuditState.Accepted);
        mask = maskFor(mask, MATCHES, spoil);
        bool seal = spoil & 0x100 != 0;
        bool allowed = acts(g, AuditState.Accepted, who, rs, spoil) && g.posted && mask != 0 && mask & ~MATCHES == 0
            && mask & g.withheld == 0 && count(mask | g.withheld) <= WITHHOLD_MAX;
        bytes32 guard = guardFor(g, spoil);
        vm.prank(caller(who, rs));
        try audits.withhold(g.id, guard, listOf(mask), opening(), keccak256("log"), seal) {
            must("withhold", allowed);
            g.withheld |= mask;
            g.guard = audits.audit(g.id).answersHash;
            if (seal) enter(g, AuditState.Answered, REVEAL);
        } catch {
            mustNot("withhold", allowed);
        }
    }

    function overrule(uint256 who, uint256 which, uint256 mask, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pickWithheld(which, AuditState(3 + spoil / 512 % 3));
        mask = maskFor(mask, g.withheld & ~g.overruled, spoil);
        bool delivering = g.state == AuditState.Delivering;
        bool allowed = (delivering || g.state == AuditState.Answered || g.state == AuditState.Sampled)
            && caller(who, authority) == authority && guardFor(g, spoil) == g.guard
            && block.timestamp <= (delivering ? g.overruleBy : g.clock) && mask & ~(g.withheld & ~g.overruled) == 0;
        bytes32 guard = guardFor(g, spoil);
        vm.prank(caller(who, authority));
        try audits.overrule(g.id, guard, listOf(mask), keccak256("ruling")) {
            must("overrule", allowed);
            if (mask != 0) done[delivering ? bytes32("overruledLate") : bytes32("overruled")] += 1;
            g.overruled |= mask;
            if (delivering) g.clock = block.timestamp + DEMAND;
        } catch {
            mustNot("overrule", allowed);
        }
    }

    // ---- samples ----

    function reveal(uint256 who, uint256 which, uint256 mask, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, AuditState.Answered);
        uint256 zeros = 0x7ff & ~MATCHES;
        mask = maskFor(mask & (mask >> 16), zeros, spoil);
        bytes32 salt = spoil % 16 == 3 ? keccak256("false") : SALT;
        bool allowed = acts(g, AuditState.Answered, who, rq, spoil) && mask & ~zeros == 0 && count(mask) <= NAMED_MAX
            && salt == SALT;
        bytes32 guard = guardFor(g, spoil);
        vm.prank(caller(who, rq));
        try audits.reveal(g.id, guard, salt, listOf(mask), mask == 0 ? noPages() : opening()) {
            must("reveal", allowed);
            g.named = mask;
            g.seed = keccak256(abi.encode(TAG_AUDIT, g.id, guard, SALT));
            enter(g, AuditState.Sampled, PROVE_BASE + (SAMPLES + count(mask)) * PROVE_TIME);
        } catch {
            mustNot("reveal", allowed);
        }
    }

    /// Two groups, about one in eight of them bad unless it is skipped; a proof of another audit among the bad ones (V33).
    function submit(uint256 who, uint256 which, uint256 dice, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which, AuditState.Sampled);
        if (audits.audit(g.id).seed == 0) return;
        SampleGroup[] memory groups = new SampleGroup[](2);
        bool allowed = g.state == AuditState.Sampled && block.timestamp <= g.clock;
        (uint256 samples, uint256 named) = (g.samplesProven, g.namedProven);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 roll = dice >> (32 * i);
            bool byName = g.named != 0 && roll % 3 == 0;
            uint32 index = byName ? lowest(g.named & ~named, g.named) : 0;
            uint32 j = byName ? NAMED : uint32((roll >> 8) % SAMPLES);
            groups[i] = byName ? groupWith(g.id, NAMED, index) : groupOf(g.id, j);
            bool isNew = byName ? (named >> index) & 1 == 0 : (samples >> j) & 1 == 0;
            uint256 fault = (spoil >> (8 * i)) % 16;
            if (fault == 1) groups[i].group.proof = "";
            if (fault == 2) groups[i].group.proof = proofOf(otherThan(g), groups[i].group.indices[0], 0);
            if (fault == 3) groups[i].group.proof = proofOf(g.id, groups[i].group.indices[0], 1);
            bool isBad = fault == 1 || fault == 3 || (fault == 2 && otherThan(g) != g.id);
            if (isNew && isBad) allowed = false;
            if (byName) named |= 1 << index;
            else samples |= 1 << j;
        }
        vm.prank(actors[who % 4]);
        try audits.submitProofs(g.id, predicate(), groups) {
            must("submit", allowed);
            (g.samplesProven, g.namedProven) = (samples, named);
            if (count(samples) == SAMPLES && named == g.named) {
                enter(g, AuditState.Delivering, DEMAND);
                g.overruleBy = g.clock;
                done["proven"] += 1;
                if (named != 0) done["namedProven"] += 1;
            }
        } catch {
            mustNot("submit", allowed);
        }
    }

    // ---- demands ----

    function demand(uint256 who, uint256 which, uint256 mask, uint256 spoil) external {
        if (ghosts.length == 0 || demands_.length >= MAX_DEMANDS) return;
        Ghost storage g = pick(which, AuditState.Delivering);
        uint256 open = MATCHES & ~(g.withheld & ~g.overruled) & ~g.demanded;
        mask = maskFor(mask, open, spoil);
        uint256 fee = feeOf(count(mask), baseFee);
        uint256 value = spoil % 16 == 3 && fee != 0 ? fee - 1 : fee + (spoil >> 32) % 8;
        bool allowed = acts(g, AuditState.Delivering, who, rq, spoil) && mask != 0 && mask & ~open == 0 && value >= fee;
        bytes32 guard = guardFor(g, spoil);
        vm.prank(caller(who, rq));
        try audits.demand{value: value}(g.id, guard, listOf(mask), opening()) returns (uint256 m) {
            must("demand", allowed);
            assertEq(m, g.demands, "number");
            if (mask & g.withheld != 0) done["demandedOverruled"] += 1;
            if (m != 0) done["demandedAgain"] += 1;
            g.demanded |= mask;
            g.demands += 1;
            g.openDemands += 1;
            uint256 chunks = CHUNKS_EACH * count(g.demanded);
            GhostDemand storage d = demands_.push();
            (d.audit, d.m, d.documents, d.fee) = (indexOf(g.id), m, mask, fee);
            d.state = DemandState.Demanded;
            d.clock = block.timestamp + DELIVER_BASE + chunks * DELIVER_TIME;
            d.publishWindow = PUBLISH_BASE + chunks * PUBLISH_TIME;
            paidIn += value;
            credits[rq] += value - fee;
        } catch {
            mustNot("demand", allowed);
        }
    }

    function deliver(uint256 who, uint256 which, uint256 spoil) external {
        if (demands_.length == 0) return;
        GhostDemand storage d = pickDemand(which, DemandState.Demanded);
        bool wasBad = d.bad;
        if (d.state == DemandState.Demanded) d.bad = spoil & 0x300 == 0x300;
        bytes32 list_ = spoil % 16 == 2 ? keccak256("wrong") : listHashOf(listOf(d.documents));
        bool allowed = actsOn(d, DemandState.Demanded, who, rs) && spoil % 16 != 2;
        bytes32 root = TestSet.root(Payload.cipherLeaves(cipherFor(d)));
        bytes32 id = ghosts[d.audit].id;
        Point memory e = point(ephemeralSecret(id, d.m));
        vm.prank(caller(who, rs));
        try audits.deliver(id, d.m, list_, root, e) {
            must("deliver", allowed);
            d.state = DemandState.Delivered;
            d.clock = block.timestamp + ACK;
            d.spent = DELIVER_GAS * baseFee;
        } catch {
            mustNot("deliver", allowed);
            d.bad = wasBad;
        }
    }

    function ack(uint256 who, uint256 which, uint256 spoil) external {
        if (demands_.length == 0) return;
        GhostDemand storage d = pickDemand(which, DemandState.Delivered);
        bytes32 root = audits.demandAt(ghosts[d.audit].id, d.m).ctRoot;
        if (spoil % 16 == 2) root = keccak256("wrong");
        bool allowed = actsOn(d, DemandState.Delivered, who, rq) && spoil % 16 != 2;
        vm.prank(caller(who, rq));
        try audits.ack(ghosts[d.audit].id, d.m, root) {
            must("ack", allowed);
            d.state = DemandState.Acked;
            d.clock = block.timestamp + EVIDENCE;
        } catch {
            mustNot("ack", allowed);
        }
    }

    function publish(uint256 who, uint256 which, uint256 spoil) external {
        if (demands_.length == 0) return;
        GhostDemand storage d = pickDemand(which, DemandState.Delivered);
        // A responder that waits until it may.
        bool waits = d.state == DemandState.Delivered && block.timestamp <= d.clock;
        if (waits && spoil & 0x300 != 0) vm.warp(d.clock + 1);
        uint256 chunks = CHUNKS_EACH * count(d.documents);
        if (d.next == chunks) return;
        uint256 to = spoil & 0x400 == 0 ? chunks : d.next + 1 + (spoil >> 16) % (chunks - d.next);
        bytes32[] memory words = Payload.flat(cipherFor(d), d.next, to);
        // Part of a chunk, or in the wrong place. That whole chunks of the right length are wrong shows with the root alone.
        if (spoil % 16 == 3) words = cut(words);
        uint256 from = spoil % 16 == 5 ? d.next + 1 : d.next;
        bytes32 root = audits.demandAt(ghosts[d.audit].id, d.m).ctRoot;
        bool allowed = ghosts[d.audit].state == AuditState.Delivering && d.state == DemandState.Delivered
            && caller(who, rs) == rs && block.timestamp > d.clock && block.timestamp <= d.clock + d.publishWindow
            && spoil % 16 != 3 && spoil % 16 != 5;
        vm.prank(caller(who, rs));
        try audits.publishChunks(ghosts[d.audit].id, d.m, root, from, words) {
            must("publish", allowed);
            d.spent += (to - d.next) * CHUNK_GAS * baseFee;
            d.next = to;
            if (to == chunks) {
                done["published"] += 1;
                d.state = DemandState.Acked;
                d.published = true;
                d.clock = block.timestamp + EVIDENCE;
                ghosts[d.audit].published += 1;
            }
        } catch {
            mustNot("publish", allowed);
        }
    }

    /// Evidence about the first document: it convicts a bad delivery, and never another (V29, V31).
    function proveBadData(uint256 who, uint256 which, uint256 spoil) external {
        if (demands_.length == 0) return;
        GhostDemand storage d = pickDemand(which, DemandState.Acked);
        bytes32 id = ghosts[d.audit].id;
        if (audits.demandAt(id, d.m).ctRoot == 0) return;
        uint32[] memory indices = listOf(d.documents);
        SharedSecret memory secret = secretFor(id, d.m);
        if (spoil % 16 == 1) secret.response = addmod(secret.response, 1, R);
        Evidence memory e = Payload.evidence(BadData.Header, 0, 0, CHUNKS_EACH, cipherFor(d), documentTree);
        e.leaf = documentTree[indices[0]];
        e.leafPath = TestSet.path(documentTree, indices[0]);
        bool allowed = ghosts[d.audit].state == AuditState.Delivering && d.state == DemandState.Acked
            && block.timestamp <= d.clock && d.bad && spoil % 16 != 1;
        vm.prank(actors[who % 4]);
        try audits.proveBadData(id, d.m, indices, 0, secret, e) {
            must("proveBadData", allowed);
            close(ghosts[d.audit], AuditOutcome.Violation);
            settle(d);
        } catch {
            mustNot("proveBadData", allowed);
        }
    }

    function settleDemand(uint256 who, uint256 which, uint256 dice) external {
        if (demands_.length == 0) return;
        _settleDemand(actors[who % 4], pickDemand(which, DemandState(1 + dice % 3)));
    }

    // ---- endings ----

    function confirm(uint256 who, uint256 which, uint256 spoil) external {
        if (ghosts.length == 0 || which % 2 == 0) return;
        Ghost storage g = pick(which / 2, AuditState.Delivering);
        bool allowed = g.state == AuditState.Delivering && g.openDemands == 0 && caller(who, rq) == rq
            && guardFor(g, spoil) == g.guard;
        bytes32 guard = guardFor(g, spoil);
        vm.prank(caller(who, rq));
        try audits.confirm(g.id, guard) {
            must("confirm", allowed);
            close(g, AuditOutcome.Complete);
        } catch {
            mustNot("confirm", allowed);
        }
    }

    function finalize(uint256 who, uint256 which) external {
        if (ghosts.length == 0) return;
        _finalize(actors[who % 4], pick(which, AuditState.Delivering));
    }

    function timeout(uint256 who, uint256 which) external {
        if (ghosts.length == 0) return;
        _timeout(actors[who % 4], pick(which, AuditState(2 + which / 64 % 3)));
    }

    function withdraw(uint256 who) external {
        address by = actors[who % 4];
        uint256 due = credits[by];
        uint256 before = by.balance;
        vm.prank(by);
        try audits.withdraw(payable(by)) {
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
        for (uint256 pass = 0; pass < 3; ++pass) {
            for (uint256 i = 0; i < demands_.length; ++i) {
                if (demands_[i].state != DemandState.Settled) _settleDemand(outsider, demands_[i]);
            }
            for (uint256 i = 0; i < ghosts.length; ++i) {
                Ghost storage g = ghosts[i];
                if (g.state == AuditState.Closed) continue;
                if (g.state == AuditState.Requested) _cancel(outsider, g);
                else if (g.state == AuditState.Delivering) _finalize(outsider, g);
                else _timeout(outsider, g);
            }
            // All at most four documents a demand: longer than any window.
            if (pass == 0) vm.warp(block.timestamp + 12 hours);
        }
        for (uint256 i = 0; i < ghosts.length; ++i) {
            assertEq(uint256(ghosts[i].state), uint256(AuditState.Closed), "V34: closed by others alone");
        }
        for (uint256 i = 0; i < demands_.length; ++i) {
            assertEq(uint256(demands_[i].state), uint256(DemandState.Settled), "V34: settled by others alone");
        }
    }

    function forget() external {
        delete ghosts;
        delete demands_;
    }

    // ---- what the invariants read ----

    function world() external view returns (address) {
        return address(audits);
    }

    function all() external view returns (Ghost[] memory) {
        return ghosts;
    }

    function allDemands() external view returns (GhostDemand[] memory) {
        return demands_;
    }

    // ---- internal ----

    function _cancel(address by, Ghost storage g) private {
        bool allowed = g.state == AuditState.Requested && (by == rq || block.timestamp > g.clock);
        vm.prank(by);
        try audits.cancelRequest(g.id) {
            must("cancel", allowed);
            close(g, AuditOutcome.Cancelled);
        } catch {
            mustNot("cancel", allowed);
        }
    }

    function _finalize(address by, Ghost storage g) private {
        bool allowed = g.state == AuditState.Delivering && g.openDemands == 0 && block.timestamp > g.clock;
        vm.prank(by);
        try audits.finalize(g.id) {
            must("finalize", allowed);
            close(g, AuditOutcome.Complete);
        } catch {
            mustNot("finalize", allowed);
        }
    }

    function _timeout(address by, Ghost storage g) private {
        bool allowed = g.state >= AuditState.Accepted && g.state <= AuditState.Sampled && block.timestamp > g.clock;
        AuditOutcome outcome = g.state == AuditState.Accepted
            ? AuditOutcome.Timeout
            : g.state == AuditState.Answered ? AuditOutcome.Unchecked : AuditOutcome.Violation;
        vm.prank(by);
        try audits.timeout(g.id) {
            must("timeout", allowed);
            close(g, outcome);
        } catch {
            mustNot("timeout", allowed);
        }
    }

    function _settleDemand(address by, GhostDemand storage d) private {
        Ghost storage g = ghosts[d.audit];
        uint256 end = d.clock + (d.state == DemandState.Delivered ? d.publishWindow : 0);
        bool over = g.state == AuditState.Closed || block.timestamp > end;
        bool allowed = d.state != DemandState.Settled && over;
        vm.prank(by);
        try audits.settleDemand(g.id, d.m) {
            must("settle", allowed);
            if (g.state == AuditState.Closed) done["settledLate"] += 1;
            if (g.state == AuditState.Delivering && d.state != DemandState.Acked) {
                done[d.state == DemandState.Demanded ? bytes32("undelivered") : bytes32("unpublished")] += 1;
                close(g, AuditOutcome.Violation);
            }
            settle(d);
        } catch {
            mustNot("settle", allowed);
        }
    }

    /// The rows of the specification, written out.
    function close(Ghost storage g, AuditOutcome outcome) private {
        uint256 toRq;
        uint256 toRs;
        if (outcome == AuditOutcome.Cancelled || outcome == AuditOutcome.Declined) toRq = PRICE;
        if (outcome == AuditOutcome.Timeout || outcome == AuditOutcome.Violation) toRq = ESCROW;
        if (outcome == AuditOutcome.Unchecked || outcome == AuditOutcome.Complete) toRs = ESCROW;
        credits[rq] += toRq;
        credits[rs] += toRs;
        g.paid += toRq + toRs;
        g.state = AuditState.Closed;
        g.outcome = outcome;
        g.clock = block.timestamp;
        outcomes[uint256(outcome)] += 1;
    }

    function settle(GhostDemand storage d) private {
        Ghost storage g = ghosts[d.audit];
        uint256 toRs = 0;
        if (d.published && g.outcome != AuditOutcome.Violation) {
            toRs = (d.spent < d.fee ? d.spent : d.fee) / 2;
            done["shared"] += 1;
            if (d.spent < d.fee) done["sharedCheaper"] += 1;
        }
        credits[rq] += d.fee - toRs;
        credits[rs] += toRs;
        d.paid += d.fee;
        d.state = DemandState.Settled;
        g.openDemands -= 1;
    }

    function enter(Ghost storage g, AuditState state, uint256 window) private {
        g.state = state;
        g.clock = block.timestamp + window;
    }

    function cipherFor(GhostDemand storage d) private view returns (bytes32[][] memory cipher) {
        cipher = cipherOf(ghosts[d.audit].id, d.m, listOf(d.documents));
        if (d.bad) cipher[0][1] ^= bytes32(uint256(1));
    }

    function acts(Ghost storage g, AuditState state, uint256 who, address party, uint256 spoil)
        private
        view
        returns (bool)
    {
        return g.state == state && caller(who, party) == party && guardFor(g, spoil) == g.guard
            && block.timestamp <= g.clock;
    }

    function actsOn(GhostDemand storage d, DemandState state, uint256 who, address party) private view returns (bool) {
        return ghosts[d.audit].state == AuditState.Delivering && d.state == state && caller(who, party) == party
            && block.timestamp <= d.clock;
    }

    function guardFor(Ghost storage g, uint256 spoil) private view returns (bytes32) {
        return spoil % 16 == 2 ? keccak256("wrong") : g.guard;
    }

    /// Mostly some of `good`, sometimes any.
    function maskFor(uint256 mask, uint256 good, uint256 spoil) private pure returns (uint256) {
        return spoil % 16 == 4 ? mask & 0xfff : mask & good;
    }

    /// Without the last word.
    function cut(bytes32[] memory words) private pure returns (bytes32[] memory less) {
        less = new bytes32[](words.length - 1);
        for (uint256 k = 0; k < less.length; ++k) {
            less[k] = words[k];
        }
    }

    function listOf(uint256 mask) private pure returns (uint32[] memory indices) {
        indices = new uint32[](count(mask));
        uint256 k = 0;
        for (uint32 i = 0; mask >> i != 0; ++i) {
            if ((mask >> i) & 1 == 1) indices[k++] = i;
        }
    }

    /// The lowest of `first`, or of `second` if that is empty.
    function lowest(uint256 first, uint256 second) private pure returns (uint32 i) {
        uint256 mask = first == 0 ? second : first;
        while ((mask >> i) & 1 == 0) ++i;
    }

    function indexOf(bytes32 id) private view returns (uint256 i) {
        while (ghosts[i].id != id) ++i;
    }

    function otherThan(Ghost storage g) private view returns (bytes32) {
        for (uint256 i = 0; i < ghosts.length; ++i) {
            if (ghosts[i].id != g.id) return ghosts[i].id;
        }
        return g.id;
    }

    /// Mostly one that is in that state, if there is any.
    function pick(uint256 which, AuditState state) private view returns (Ghost storage) {
        uint256 n = ghosts.length;
        uint256 first = which / 8;
        for (uint256 i = 0; i < n && which % 8 != 0; ++i) {
            if (ghosts[(first + i) % n].state == state) return ghosts[(first + i) % n];
        }
        return ghosts[first % n];
    }

    /// Mostly one of which something is withheld.
    function pickWithheld(uint256 which, AuditState state) private view returns (Ghost storage) {
        for (uint256 i = 0; i < ghosts.length && which % 4 != 0; ++i) {
            Ghost storage g = ghosts[i];
            if (g.withheld & ~g.overruled != 0 && g.state > AuditState.Accepted && g.state < AuditState.Closed) {
                return g;
            }
        }
        return pick(which, state);
    }

    function pickDemand(uint256 which, DemandState state) private view returns (GhostDemand storage) {
        uint256 n = demands_.length;
        uint256 first = which / 8;
        for (uint256 i = 0; i < n && which % 8 != 0; ++i) {
            if (demands_[(first + i) % n].state == state) return demands_[(first + i) % n];
        }
        return demands_[first % n];
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
