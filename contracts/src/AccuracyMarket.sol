// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAccuracyMarket} from "./interfaces/IAccuracyMarket.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {Bitmap} from "./libraries/Bitmap.sol";
import {Credits} from "./libraries/Credits.sol";
import {Deadlines} from "./libraries/Deadlines.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {Statement} from "./libraries/Statement.sol";
import {TAG_PARAMS} from "./libraries/Tags.sol";
import {
    Adjudication,
    Amounts,
    Assurance,
    EngagementView,
    MarketParams,
    Mode,
    OfferTerms,
    Outcome,
    Params,
    ProofItem,
    State,
    Verdict
} from "./types/MarketTypes.sol";
import {Counter, ModelStatus, ProofTerms, RegistryParams} from "./types/ModelTypes.sol";

/// @title Engagements that settle on proofs of accuracy: SIMPLE mode, DIRECT adjudication
contract AccuracyMarket is IAccuracyMarket, Credits {
    using Bitmap for Bitmap.Set;

    struct Engagement {
        bytes32 modelId;
        bytes32 testRoot;
        bytes32 offerHash;
        // one slot
        address mc;
        State state;
        Outcome outcome;
        Mode mode;
        Adjudication adjudication;
        uint16 targetBps;
        // one slot: what every transition writes
        address mp;
        /// Last second of the current window; once Closed, the second of closing.
        uint64 clock;
        uint32 provenOnChain;
    }

    uint256 private constant BPS = 10_000;
    /// Largest N: the result must stay a bitmap that fits a transaction.
    uint256 private constant N_MAX = 1 << 16;
    /// Strikes burned by silence.
    uint32 private constant SILENCE_STRIKES = 1;

    /// @inheritdoc IAccuracyMarket
    bytes32 public immutable PARAMS_HASH;

    IModelRegistry private immutable REGISTRY;
    address private immutable TREASURY;
    uint128 private immutable PRICE_INPUT;
    uint128 private immutable PRICE_PROOF;
    uint128 private immutable PRICE_INFERENCE;
    uint128 private immutable FEE;
    uint32 private immutable N1;
    uint32 private immutable N2;
    uint16 private immutable FAULT_STRIKES;
    uint64 private immutable ACCEPT_WINDOW;
    uint64 private immutable DECIDE_WINDOW;
    uint64 private immutable PROVE_BASE;
    uint64 private immutable PROVE_TIME_PER_ITEM;
    uint64 private immutable UNBOND_WINDOW;

    // Derived from the above, for SIMPLE.
    uint32 private immutable N;
    uint128 private immutable DEPOSIT;
    uint128 private immutable ABORT_PAYMENT;
    uint128 private immutable SUCCESS_PAYMENT;
    uint64 private immutable PROVE_WINDOW;

    mapping(bytes32 id => Engagement) private _engagements;
    mapping(bytes32 id => Bitmap.Set) private _proven;
    mapping(bytes32 modelId => uint256 count) private _count;

    /// @notice Requirements:
    /// - `registry` names this contract as its accuracy market;
    /// - E > Z > P > 0, `fee` > 0, `n2` >= 1, N1 + N2 <= 65536, D + fee fits 128 bits;
    /// - each window within its bounds, `proveTimePerItem` > 0;
    /// - the registry's unbonding delay covers W_decide + W_prove.
    constructor(MarketParams memory p) {
        IModelRegistry registry = IModelRegistry(p.registry);
        require(registry.accuracy() == address(this), NotRegistered(registry.accuracy(), address(this)));
        RegistryParams memory r = registry.params();
        require(r.priceInput > p.priceProof, BadParameter("priceProof", p.priceProof));
        require(
            p.priceProof > p.priceInference && p.priceInference != 0, BadParameter("priceInference", p.priceInference)
        );
        require(p.fee != 0, BadParameter("fee", p.fee));
        uint256 n = uint256(r.n1) + p.n2;
        require(p.n2 != 0 && n <= N_MAX, BadParameter("n2", p.n2));
        uint256 deposit = 2 * n * r.priceInput;
        require(deposit + p.fee <= type(uint128).max, BadParameter("deposit", deposit));
        Deadlines.checkWindow("acceptWindow", p.acceptWindow);
        Deadlines.checkWindow("decideWindow", p.decideWindow);
        Deadlines.checkWindow("proveBase", p.proveBase);
        require(p.proveTimePerItem != 0, BadParameter("proveTimePerItem", 0));
        uint256 proveWindow = p.proveBase + n * p.proveTimePerItem;
        // The unbonding delay has an upper bound, hence so have these.
        require(r.unbondWindow >= p.decideWindow + proveWindow, BadParameter("unbondWindow", r.unbondWindow));

        REGISTRY = registry;
        TREASURY = r.treasury;
        PRICE_INPUT = r.priceInput;
        PRICE_PROOF = p.priceProof;
        PRICE_INFERENCE = p.priceInference;
        FEE = p.fee;
        N1 = r.n1;
        N2 = p.n2;
        FAULT_STRIKES = r.faultStrikes;
        ACCEPT_WINDOW = p.acceptWindow;
        DECIDE_WINDOW = p.decideWindow;
        PROVE_BASE = p.proveBase;
        PROVE_TIME_PER_ITEM = p.proveTimePerItem;
        UNBOND_WINDOW = r.unbondWindow;
        N = SafeCast.toUint32(n);
        // E > Z > P gives A < R < D, so no row of the payout table can overdraw a deposit.
        DEPOSIT = SafeCast.toUint128(deposit);
        ABORT_PAYMENT = SafeCast.toUint128(n * p.priceInference);
        SUCCESS_PAYMENT = SafeCast.toUint128(2 * n * p.priceProof);
        PROVE_WINDOW = SafeCast.toUint64(proveWindow);
        PARAMS_HASH = keccak256(
            abi.encode(
                TAG_PARAMS,
                Params({
                    registry: p.registry,
                    treasury: r.treasury,
                    priceInput: r.priceInput,
                    priceProof: p.priceProof,
                    priceInference: p.priceInference,
                    fee: p.fee,
                    n1: r.n1,
                    n2: p.n2,
                    faultStrikes: r.faultStrikes,
                    acceptWindow: p.acceptWindow,
                    decideWindow: p.decideWindow,
                    proveBase: p.proveBase,
                    proveTimePerItem: p.proveTimePerItem,
                    unbondWindow: r.unbondWindow
                })
            )
        );
    }

    // ---- offers ----

    /// @inheritdoc IAccuracyMarket
    function open(OfferTerms calldata terms) external payable nonReentrant returns (bytes32 id) {
        require(
            terms.mode == Mode.SIMPLE && terms.adjudication == Adjudication.DIRECT,
            Unsupported(terms.mode, terms.adjudication)
        );
        _requireEntryValue();
        (ModelStatus status, address mp, bytes32 modelHash) = REGISTRY.standing(terms.modelId);
        require(status == ModelStatus.Active, ModelNotActive(terms.modelId, status));
        require(modelHash == terms.modelHash, ModelHashMismatch(modelHash, terms.modelHash));
        require(terms.targetBps != 0 && terms.targetBps <= BPS, BadTarget(terms.targetBps));
        require(
            terms.expiry >= block.timestamp && terms.expiry <= Deadlines.fromNow(ACCEPT_WINDOW),
            BadExpiry(uint64(block.timestamp), Deadlines.fromNow(ACCEPT_WINDOW), terms.expiry)
        );
        require(terms.testRoot != 0, ZeroTestRoot());
        require(terms.mcSaltHash == 0, SaltHashNotZero(terms.mcSaltHash));

        id = Statement.engagementId(terms.modelId, _count[terms.modelId]++);
        bytes32 offerHash = Statement.offerHash(id, msg.sender, terms, PARAMS_HASH);
        _engagements[id] = Engagement({
            modelId: terms.modelId,
            testRoot: terms.testRoot,
            offerHash: offerHash,
            mc: msg.sender,
            state: State.Offered,
            outcome: Outcome.None,
            mode: terms.mode,
            adjudication: terms.adjudication,
            targetBps: terms.targetBps,
            mp: mp,
            clock: terms.expiry,
            provenOnChain: 0
        });
        _takeIn();
        emit Offered(id, terms.modelId, msg.sender, offerHash, terms);
    }

    /// @inheritdoc IAccuracyMarket
    function cancel(bytes32 id) external nonReentrant {
        Engagement storage e = _in(id, State.Offered);
        if (msg.sender != e.mc) Deadlines.requirePast(e.clock);
        _cancel(id, e);
    }

    /// @inheritdoc IAccuracyMarket
    function accept(bytes32 id, bytes32 guard) external payable nonReentrant {
        Engagement storage e = _in(id, State.Offered);
        _requireMpAction(e, guard);
        _requireEntryValue();
        e.state = State.Probing;
        e.clock = Deadlines.fromNow(DECIDE_WINDOW);
        _takeIn();
        // INVARIANT: from here on 2D is in escrow for this engagement, both fees are the treasury's.
        _give(TREASURY, 2 * uint256(FEE));
        emit Locked(id, e.modelId, e.mp, e.clock);
        REGISTRY.reserve(e.modelId, FAULT_STRIKES);
    }

    // ---- provider ----

    /// @inheritdoc IAccuracyMarket
    function abort(bytes32 id, bytes32 guard) external nonReentrant {
        Engagement storage e = _in(id, State.Probing);
        _requireMpAction(e, guard);
        emit Aborted(id, e.modelId, e.mp);
        _close(id, e, Outcome.Abort, DEPOSIT - ABORT_PAYMENT, 0, Counter.Aborted);
    }

    /// @inheritdoc IAccuracyMarket
    function proceed(bytes32 id, bytes32 guard) external nonReentrant {
        Engagement storage e = _in(id, State.Probing);
        _requireMpAction(e, guard);
        e.state = State.Proving;
        e.clock = Deadlines.fromNow(PROVE_WINDOW);
        emit Proceeded(id, e.modelId, e.mp, e.clock);
    }

    /// @inheritdoc IAccuracyMarket
    function concede(bytes32 id, bytes32 guard) external nonReentrant {
        Engagement storage e = _in(id, State.Proving);
        _requireMpAction(e, guard);
        _close(id, e, Outcome.FailedAccuracy, 2 * uint256(DEPOSIT), 0, Counter.Failed);
    }

    // ---- anyone ----

    /// @inheritdoc IAccuracyMarket
    function submitProofs(bytes32 id, ProofItem[] calldata items) external nonReentrant {
        Engagement storage e = _in(id, State.Proving);
        Deadlines.requireOpen(e.clock);
        ProofTerms memory terms = REGISTRY.proofTerms(e.modelId);
        bytes32 codehash = terms.verifier.codehash;
        require(codehash == terms.verifierCodehash, VerifierChanged(terms.verifier, terms.verifierCodehash, codehash));

        bytes32 testRoot = e.testRoot;
        uint32 accepted = 0;
        for (uint256 i = 0; i < items.length; ++i) {
            ProofItem calldata item = items[i];
            require(item.position < N, PositionOutOfRange(N, item.position));
            // INVARIANT: a proven position is skipped, never a revert, or a copied item could sink a provider's batch.
            if (!_proven[id].insert(item.position)) continue;
            _checkItem(id, testRoot, terms, item);
            ++accepted;
        }
        if (accepted == 0) return;
        uint32 proven = e.provenOnChain + accepted;
        e.provenOnChain = proven;
        emit ProofsAccepted(id, e.modelId, msg.sender, accepted, proven);
        if (_meetsTarget(proven, e.targetBps)) {
            _close(id, e, Outcome.Passed, DEPOSIT - SUCCESS_PAYMENT, 0, Counter.PassedProven);
        }
    }

    /// @inheritdoc IAccuracyMarket
    function timeout(bytes32 id) external nonReentrant {
        Engagement storage e = _engagements[id];
        State state = e.state;
        require(state == State.Offered || state == State.Probing || state == State.Proving, WrongState(id, state));
        Deadlines.requirePast(e.clock);
        if (state == State.Offered) _cancel(id, e);
        else _close(id, e, Outcome.MpSilent, 2 * uint256(DEPOSIT), SILENCE_STRIKES, Counter.MpFault);
    }

    // ---- views ----

    /// @inheritdoc IAccuracyMarket
    function params() external view returns (Params memory) {
        return Params({
            registry: address(REGISTRY),
            treasury: TREASURY,
            priceInput: PRICE_INPUT,
            priceProof: PRICE_PROOF,
            priceInference: PRICE_INFERENCE,
            fee: FEE,
            n1: N1,
            n2: N2,
            faultStrikes: FAULT_STRIKES,
            acceptWindow: ACCEPT_WINDOW,
            decideWindow: DECIDE_WINDOW,
            proveBase: PROVE_BASE,
            proveTimePerItem: PROVE_TIME_PER_ITEM,
            unbondWindow: UNBOND_WINDOW
        });
    }

    /// @inheritdoc IAccuracyMarket
    function amounts() external view returns (Amounts memory) {
        return Amounts({deposit: DEPOSIT, abortPayment: ABORT_PAYMENT, successPayment: SUCCESS_PAYMENT, fee: FEE});
    }

    /// @inheritdoc IAccuracyMarket
    function engagement(bytes32 id) external view returns (EngagementView memory) {
        Engagement storage e = _known(id);
        bool closed = e.state == State.Closed;
        return EngagementView({
            modelId: e.modelId,
            testRoot: e.testRoot,
            offerHash: e.offerHash,
            mc: e.mc,
            mp: e.mp,
            state: e.state,
            outcome: e.outcome,
            mode: e.mode,
            adjudication: e.adjudication,
            targetBps: e.targetBps,
            deadline: closed ? 0 : e.clock,
            closedAt: closed ? e.clock : 0,
            provenOnChain: e.provenOnChain
        });
    }

    /// @inheritdoc IAccuracyMarket
    function verdict(bytes32 id) external view returns (Verdict memory) {
        Engagement storage e = _known(id);
        return Verdict({
            modelId: e.modelId,
            mp: e.mp,
            mc: e.mc,
            mode: e.mode,
            adjudication: e.adjudication,
            assurance: _assurance(e),
            metric: REGISTRY.proofTerms(e.modelId).metric,
            targetBps: e.targetBps,
            n2: N,
            claimedCorrect: e.provenOnChain,
            resultHash: 0,
            provenOnChain: e.provenOnChain,
            challengesAnswered: 0,
            outcome: e.outcome,
            closedAt: e.state == State.Closed ? e.clock : 0,
            testRoot: e.testRoot
        });
    }

    /// @inheritdoc IAccuracyMarket
    function timeoutAt(bytes32 id) external view returns (uint64) {
        Engagement storage e = _known(id);
        return e.state == State.Closed ? 0 : e.clock;
    }

    /// @inheritdoc IAccuracyMarket
    function isProven(bytes32 id, uint256 position) external view returns (bool) {
        _known(id);
        return _proven[id].contains(position);
    }

    /// @inheritdoc IAccuracyMarket
    function engagementCount(bytes32 modelId) external view returns (uint256) {
        return _count[modelId];
    }

    /// @inheritdoc IAccuracyMarket
    function engagementIdAt(bytes32 modelId, uint256 seq) external view returns (bytes32) {
        require(seq < _count[modelId], SequenceOutOfRange(_count[modelId], seq));
        return Statement.engagementId(modelId, seq);
    }

    // ---- internal ----

    function _checkItem(bytes32 id, bytes32 testRoot, ProofTerms memory terms, ProofItem calldata item) private view {
        bytes32 leaf = Statement.testLeaf(item.position, item.inputCommit, item.label, item.leafSalt);
        bytes32 root = Merkle.rootFrom(leaf, item.position, N, item.path);
        require(root == testRoot, WrongTestLeaf(item.position, testRoot, root));
        require(
            Statement.isCorrect(terms.metric, terms.classes, item.output, item.label),
            NotCorrect(item.position, item.output, item.label)
        );
        require(Statement.isProven(terms, id, item), ProofRejected(item.position));
    }

    function _cancel(bytes32 id, Engagement storage e) private {
        e.state = State.Closed;
        e.outcome = Outcome.Cancelled;
        e.clock = uint64(block.timestamp);
        _give(e.mc, uint256(DEPOSIT) + FEE);
        emit Cancelled(id, e.modelId, e.mc);
    }

    /// Pays out a locked engagement: `mcAmount` to the consumer, the rest of 2D to the provider.
    function _close(bytes32 id, Engagement storage e, Outcome outcome, uint256 mcAmount, uint32 burn, Counter counter)
        private
    {
        // INVARIANT: Closed is never left and is entered before anything is paid, so each engagement pays 2D once.
        e.state = State.Closed;
        e.outcome = outcome;
        e.clock = uint64(block.timestamp);
        uint256 mpAmount = 2 * uint256(DEPOSIT) - mcAmount;
        _give(e.mc, mcAmount);
        _give(e.mp, mpAmount);
        emit Closed(id, e.modelId, msg.sender, outcome, mcAmount, mpAmount);
        REGISTRY.release(e.modelId, FAULT_STRIKES, burn, counter);
    }

    /// No division, hence no rounding.
    function _meetsTarget(uint256 correct, uint256 targetBps) private view returns (bool) {
        return correct * BPS >= targetBps * N;
    }

    function _assurance(Engagement storage e) private view returns (Assurance) {
        if (e.outcome != Outcome.Passed) return Assurance.NONE;
        return _meetsTarget(e.provenOnChain, e.targetBps) ? Assurance.PROVEN : Assurance.OPTIMISTIC;
    }

    /// What every call of the provider needs: the right caller, the thing it answers, and time left.
    function _requireMpAction(Engagement storage e, bytes32 guard) private view {
        require(msg.sender == e.mp, NotParty(e.mp, msg.sender));
        require(guard == e.offerHash, GuardMismatch(e.offerHash, guard));
        Deadlines.requireOpen(e.clock);
    }

    function _requireEntryValue() private view {
        uint256 due = uint256(DEPOSIT) + FEE;
        require(msg.value == due, WrongValue(due, msg.value));
    }

    function _in(bytes32 id, State state) private view returns (Engagement storage e) {
        e = _engagements[id];
        require(e.state == state, WrongState(id, e.state));
    }

    function _known(bytes32 id) private view returns (Engagement storage e) {
        e = _engagements[id];
        require(e.state != State.None, WrongState(id, State.None));
    }
}
