// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AccuracyMarket} from "../../../src/AccuracyMarket.sol";
import {ModelRegistry} from "../../../src/ModelRegistry.sol";
import {TAG_CTX} from "../../../src/libraries/Tags.sol";
import {OfferTerms, Outcome, ProofItem, State} from "../../../src/types/MarketTypes.sol";
import {ModelRecord, ModelStatus} from "../../../src/types/ModelTypes.sol";
import {HashVerifier} from "../../mocks/HashVerifier.sol";
import {TestBase} from "../../base/TestBase.sol";
import {TestSet} from "../../base/TestSet.sol";

/// Tries every call by every actor at every time, knows beforehand whether it must succeed, and keeps its own books.
contract MarketHandler is TestBase {
    struct Ghost {
        bytes32 id;
        uint256 model;
        address mc;
        State state;
        Outcome outcome;
        uint256 deadline;
        uint16 targetBps;
        uint256 provenMask;
        bytes32 guard;
        uint256 paid;
    }

    struct GhostModel {
        bytes32 id;
        bytes32 hash;
        address mp;
        ModelStatus status;
        uint256 stake;
        uint256 open;
        uint256 unlockAt;
        uint256 passed;
        uint256 aborted;
        uint256 failed;
        uint256 silent;
    }

    uint32 internal constant N = 7;
    uint32 internal constant CLASSES = 10;
    uint256 internal constant SET = 1;
    bytes32 internal constant VK_DIGEST = keccak256("vk");
    uint256 internal constant WEIGHTS = uint256(keccak256("weights")) >> 8;

    // The parameters again, so that nothing is read from the contracts under test.
    uint256 internal constant FEE = 77_777;
    uint256 internal constant DEPOSIT = 14_000_042;
    uint256 internal constant ENTRY = 14_077_819;
    uint256 internal constant ABORT_PAYMENT = 707;
    uint256 internal constant SUCCESS_PAYMENT = 140_098;
    uint256 internal constant STRIKE = 3_000_009;
    uint256 internal constant STAKE = 3_000_009_000;
    uint256 internal constant DECIDE_WINDOW = 3 hours;
    uint256 internal constant PROVE_WINDOW = 18_077;
    uint256 internal constant UNBOND_WINDOW = 21 hours;

    AccuracyMarket public market;
    ModelRegistry public registry;
    HashVerifier internal verifier;
    address internal treasury;
    bytes32 internal testRoot;
    bytes32[][] internal paths;

    /// 0..2 providers (2 is a consumer too), 2..4 consumers, 5 outsider, 6 treasury.
    address[7] public actors;
    Ghost[] internal ghosts;
    GhostModel[3] internal models;

    // Books of credit and of money in and out, per contract.
    mapping(address => uint256) public marketCredit;
    mapping(address => uint256) public registryCredit;
    uint256 public marketIn;
    uint256 public marketOut;
    uint256 public registryIn;
    uint256 public registryOut;
    uint256 public everLocked;
    uint256 public silences;
    mapping(address => uint256) public topUpsOf;

    mapping(bytes32 name => uint256) public done;

    constructor(ModelRegistry r, AccuracyMarket m, HashVerifier v, address tr) {
        registry = r;
        market = m;
        verifier = v;
        treasury = tr;
        bytes32[] memory leaves = TestSet.leaves(SET, N, CLASSES);
        testRoot = TestSet.root(leaves);
        for (uint256 p = 0; p < N; ++p) {
            paths.push(TestSet.path(leaves, p));
        }
        for (uint256 i = 0; i < 6; ++i) {
            actors[i] = account(string(abi.encodePacked("actor", i)));
        }
        actors[6] = tr;
        for (uint256 i = 0; i < 7; ++i) {
            vm.deal(actors[i], 1 ether);
        }
        for (uint256 i = 0; i < 3; ++i) {
            ModelRecord memory rec = record(actors[i]);
            vm.prank(actors[i]);
            bytes32 id = registry.register{value: STAKE}(rec, keccak256("key"), uint64(i));
            models[i].id = id;
            models[i].hash = registry.hashRecord(rec);
            models[i].mp = actors[i];
            models[i].status = ModelStatus.Active;
            models[i].stake = STAKE;
            registryIn += STAKE;
        }
    }

    // ---- actions ----

    function warp(uint256 by) external {
        vm.warp(block.timestamp + bound(by, 0, 5 hours));
    }

    /// To the very edge of some deadline: its last second, or the first one after.
    function warpToEdge(uint256 which, bool after_) external {
        if (ghosts.length == 0) return;
        uint256 deadline = pick(which).deadline + (after_ ? 1 : 0);
        if (deadline > block.timestamp && deadline < block.timestamp + 1 days) vm.warp(deadline);
    }

    function open(uint256 who, uint256 which, uint256 target, uint256 lifetime) external {
        if (ghosts.length >= 16) return;
        address mc = actors[bound(who, 2, 4)];
        GhostModel storage m = models[bound(which, 0, 2)];
        OfferTerms memory t;
        t.modelId = m.id;
        t.modelHash = m.hash;
        t.testRoot = testRoot;
        t.targetBps = uint16(bound(target, 1, 10_000));
        t.expiry = uint64(block.timestamp + bound(lifetime, 0, 2 hours));
        vm.prank(mc);
        try market.open{value: ENTRY}(t) returns (bytes32 id) {
            must("open", m.status == ModelStatus.Active);
            Ghost storage g = ghosts.push();
            g.id = id;
            g.model = bound(which, 0, 2);
            g.mc = mc;
            g.state = State.Offered;
            g.deadline = t.expiry;
            g.targetBps = t.targetBps;
            g.guard = market.engagement(id).offerHash;
            marketIn += ENTRY;
        } catch {
            mustNot("open", m.status == ModelStatus.Active);
        }
    }

    function cancel(uint256 who, uint256 which) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which);
        address by = caller(who, g);
        bool allowed = g.state == State.Offered && (by == g.mc || block.timestamp > g.deadline);
        vm.prank(by);
        try market.cancel(g.id) {
            must("cancel", allowed);
            settleCancelled(g);
        } catch {
            mustNot("cancel", allowed);
        }
    }

    function accept(uint256 who, uint256 which) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which);
        GhostModel storage m = models[g.model];
        address by = caller(who, g);
        bool allowed = g.state == State.Offered && by == m.mp && block.timestamp <= g.deadline
            && m.status == ModelStatus.Active && m.stake >= (m.open + 1) * 10 * STRIKE;
        vm.prank(by);
        try market.accept{value: ENTRY}(g.id, g.guard) {
            must("accept", allowed);
            g.state = State.Probing;
            g.deadline = block.timestamp + DECIDE_WINDOW;
            m.open += 1;
            marketIn += ENTRY;
            marketCredit[treasury] += 2 * FEE;
            everLocked += 1;
        } catch {
            mustNot("accept", allowed);
        }
    }

    function proceed(uint256 who, uint256 which) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which);
        address by = caller(who, g);
        bool allowed = g.state == State.Probing && by == models[g.model].mp && block.timestamp <= g.deadline;
        vm.prank(by);
        try market.proceed(g.id, g.guard) {
            must("proceed", allowed);
            g.state = State.Proving;
            g.deadline = block.timestamp + PROVE_WINDOW;
        } catch {
            mustNot("proceed", allowed);
        }
    }

    function abort(uint256 who, uint256 which) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which);
        address by = caller(who, g);
        bool allowed = g.state == State.Probing && by == models[g.model].mp && block.timestamp <= g.deadline;
        vm.prank(by);
        try market.abort(g.id, g.guard) {
            must("abort", allowed);
            settle(g, Outcome.Abort, DEPOSIT - ABORT_PAYMENT, DEPOSIT + ABORT_PAYMENT);
            models[g.model].aborted += 1;
        } catch {
            mustNot("abort", allowed);
        }
    }

    function concede(uint256 who, uint256 which) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which);
        address by = caller(who, g);
        bool allowed = g.state == State.Proving && by == models[g.model].mp && block.timestamp <= g.deadline;
        vm.prank(by);
        try market.concede(g.id, g.guard) {
            must("concede", allowed);
            settle(g, Outcome.FailedAccuracy, 2 * DEPOSIT, 0);
            models[g.model].failed += 1;
        } catch {
            mustNot("concede", allowed);
        }
    }

    /// Four positions, repeats among them; about one batch in six holds an item that is bad unless it is skipped.
    function submit(uint256 who, uint256 which, uint256 positions, uint256 spoil) external {
        if (ghosts.length == 0) return;
        Ghost storage g = pick(which);
        ProofItem[] memory items = new ProofItem[](4);
        bool allowed = g.state == State.Proving && block.timestamp <= g.deadline;
        uint256 mask = g.provenMask;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 fault = (spoil >> (8 * i)) % 96;
            uint32 p = fault == 3 ? N : uint32((positions >> (8 * i)) % N);
            // a proof of another engagement (V13), if there is one
            bytes32 statedId = fault == 0 ? ghosts[(which / 3) % ghosts.length].id : g.id;
            items[i] = item(statedId, p);
            if (fault == 1) items[i].proof = "";
            if (fault == 2) items[i].output += 1;
            bool bad = fault == 1 || fault == 2 || statedId != g.id;
            if (p >= N) allowed = false;
            else if (mask & (1 << p) == 0 && bad) allowed = false;
            else mask |= 1 << p;
        }
        vm.prank(actors[bound(who, 0, 6)]);
        try market.submitProofs(g.id, items) {
            must("submit", allowed);
            g.provenMask = mask;
            if (count(mask) * 10_000 >= uint256(g.targetBps) * N) {
                settle(g, Outcome.Passed, DEPOSIT - SUCCESS_PAYMENT, DEPOSIT + SUCCESS_PAYMENT);
                models[g.model].passed += 1;
                done["passed"] += 1;
            }
        } catch {
            mustNot("submit", allowed);
        }
    }

    function timeout(uint256 who, uint256 which) external {
        if (ghosts.length == 0) return;
        _timeout(actors[bound(who, 0, 6)], pick(which));
    }

    function withdrawMarket(uint256 who) external {
        address by = actors[bound(who, 0, 6)];
        uint256 due = marketCredit[by];
        uint256 before = by.balance;
        vm.prank(by);
        try market.withdraw(payable(by)) {
            must("withdrawMarket", due != 0);
            assertEq(by.balance - before, due, "V18: the amount sent");
            marketCredit[by] = 0;
            marketOut += due;
        } catch {
            mustNot("withdrawMarket", due != 0);
        }
    }

    function withdrawRegistry(uint256 who) external {
        address by = actors[bound(who, 0, 6)];
        uint256 due = registryCredit[by];
        uint256 before = by.balance;
        vm.prank(by);
        try registry.withdraw(payable(by)) {
            must("withdrawRegistry", due != 0);
            assertEq(by.balance - before, due, "V18: the amount sent");
            registryCredit[by] = 0;
            registryOut += due;
        } catch {
            mustNot("withdrawRegistry", due != 0);
        }
    }

    function topUp(uint256 who, uint256 which, uint256 value) external {
        GhostModel storage m = models[bound(which, 0, 2)];
        value = bound(value, 0, 2 * STRIKE);
        bool allowed = (m.status == ModelStatus.Active || m.status == ModelStatus.Suspended) && value != 0;
        address by = actors[bound(who, 0, 6)];
        vm.prank(by);
        try registry.topUp{value: value}(m.id) {
            must("topUp", allowed);
            m.stake += value;
            topUpsOf[by] += value;
            registryIn += value;
            if (m.stake >= STAKE) m.status = ModelStatus.Active;
        } catch {
            mustNot("topUp", allowed);
        }
    }

    function requestExit(uint256 which, uint256 dice) external {
        // rarely, or there would be nothing to do
        if (dice % 8 != 0) return;
        GhostModel storage m = models[bound(which, 0, 2)];
        bool allowed = (m.status == ModelStatus.Active || m.status == ModelStatus.Suspended) && m.open == 0;
        vm.prank(m.mp);
        try registry.requestExit(m.id) {
            must("requestExit", allowed);
            m.status = ModelStatus.Unbonding;
            m.unlockAt = block.timestamp + UNBOND_WINDOW;
        } catch {
            mustNot("requestExit", allowed);
        }
    }

    function cancelExit(uint256 which) external {
        GhostModel storage m = models[bound(which, 0, 2)];
        bool allowed = m.status == ModelStatus.Unbonding;
        vm.prank(m.mp);
        try registry.cancelExit(m.id) {
            must("cancelExit", allowed);
            m.status = m.stake >= STAKE ? ModelStatus.Active : ModelStatus.Suspended;
        } catch {
            mustNot("cancelExit", allowed);
        }
    }

    function exit(uint256 which) external {
        GhostModel storage m = models[bound(which, 0, 2)];
        bool allowed = m.status == ModelStatus.Unbonding && block.timestamp > m.unlockAt;
        vm.prank(m.mp);
        try registry.exit(m.id) {
            must("exit", allowed);
            m.status = ModelStatus.Closed;
            registryCredit[m.mp] += m.stake;
            m.stake = 0;
        } catch {
            mustNot("exit", allowed);
        }
    }

    // ---- what the invariants read ----

    function engagements() external view returns (Ghost[] memory) {
        return ghosts;
    }

    function modelAt(uint256 i) external view returns (GhostModel memory) {
        return models[i];
    }

    /// V9: an outsider alone ends everything.
    function closeEverything() external {
        vm.warp(block.timestamp + 2 hours + DECIDE_WINDOW + PROVE_WINDOW + 1);
        for (uint256 i = 0; i < ghosts.length; ++i) {
            if (ghosts[i].state != State.Closed) _timeout(actors[5], ghosts[i]);
            assertEq(uint256(ghosts[i].state), uint256(State.Closed), "V9: closed by timeouts alone");
        }
    }

    /// Drops the closed engagements from the books, all of which must be closed.
    function forget() external {
        delete ghosts;
    }

    // ---- internal ----

    function _timeout(address by, Ghost storage g) private {
        bool allowed = g.state != State.Closed && block.timestamp > g.deadline;
        vm.prank(by);
        try market.timeout(g.id) {
            must("timeout", allowed);
            if (g.state == State.Offered) {
                settleCancelled(g);
                return;
            }
            settle(g, Outcome.MpSilent, 2 * DEPOSIT, 0);
            GhostModel storage m = models[g.model];
            m.silent += 1;
            m.stake -= STRIKE;
            registryCredit[treasury] += STRIKE;
            silences += 1;
            if (m.status == ModelStatus.Active && m.stake < STAKE) m.status = ModelStatus.Suspended;
        } catch {
            mustNot("timeout", allowed);
        }
    }

    function settle(Ghost storage g, Outcome outcome, uint256 toMc, uint256 toMp) private {
        g.state = State.Closed;
        g.outcome = outcome;
        g.deadline = block.timestamp;
        g.paid += toMc + toMp;
        marketCredit[g.mc] += toMc;
        marketCredit[models[g.model].mp] += toMp;
        models[g.model].open -= 1;
    }

    function settleCancelled(Ghost storage g) private {
        g.state = State.Closed;
        g.outcome = Outcome.Cancelled;
        g.deadline = block.timestamp;
        g.paid += ENTRY;
        marketCredit[g.mc] += ENTRY;
    }

    function must(bytes32 name, bool allowed) private {
        assertTrue(allowed, string(abi.encodePacked("succeeded but must not: ", name)));
        done[name] += 1;
    }

    function mustNot(bytes32 name, bool allowed) private pure {
        assertTrue(!allowed, string(abi.encodePacked("failed but must succeed: ", name)));
    }

    function pick(uint256 which) private view returns (Ghost storage) {
        // mostly one of the last few, or most picks would be closed ones
        uint256 n = ghosts.length;
        return which % 4 == 0 || n < 4 ? ghosts[(which / 4) % n] : ghosts[n - 1 - (which / 4) % 4];
    }

    /// Mostly the party that may act, sometimes anybody.
    function caller(uint256 who, Ghost storage g) private view returns (address) {
        if (who % 4 == 0) return actors[bound(who / 4, 0, 6)];
        return g.state == State.Offered && who % 4 == 1 ? g.mc : models[g.model].mp;
    }

    function count(uint256 mask) private pure returns (uint256 ones) {
        for (; mask != 0; mask >>= 1) {
            ones += mask & 1;
        }
    }

    function record(address mp) private view returns (ModelRecord memory r) {
        r.mp = mp;
        r.verifier = address(verifier);
        r.verifierCodehash = address(verifier).codehash;
        r.vkDigest = VK_DIGEST;
        r.weightsCommit = WEIGHTS;
        r.classes = CLASSES;
        r.inputWords = 7;
        r.wordsPerHash = 1;
    }

    function item(bytes32 id, uint32 position) private view returns (ProofItem memory it) {
        TestSet.Example memory e = TestSet.example(SET, position, CLASSES);
        it.position = position;
        it.inputCommit = e.inputCommit;
        it.label = e.label;
        it.leafSalt = e.leafSalt;
        it.path = paths[position % N];
        it.output = e.label;
        uint256 ctx =
            uint256(keccak256(abi.encode(TAG_CTX, block.chainid, address(market), uint256(1), id, position))) >> 8;
        it.proof = abi.encode(verifier.proofOf(VK_DIGEST, [ctx, WEIGHTS, it.inputCommit, it.output]));
    }
}
