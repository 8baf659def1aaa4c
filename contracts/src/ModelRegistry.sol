// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {Payouts} from "./libraries/Payouts.sol";
import {Statement} from "./libraries/Statement.sol";
import {Credits} from "./shared/Credits.sol";
import {Deadlines} from "./shared/Deadlines.sol";
import {Sequence} from "./shared/Sequence.sol";
import {Verifiers} from "./shared/Verifiers.sol";
import {
    Counter,
    Metric,
    ModelRecord,
    ModelStatus,
    ModelView,
    ProofTerms,
    RegistryParams,
    Reputation
} from "./types/ModelTypes.sol";

/// @title Model records, stakes, reservations and public history
contract ModelRegistry is IModelRegistry, IERC165, Credits {
    using Sequence for bytes32[];

    struct Model {
        ModelRecord record;
        bytes32 modelHash;
        bytes32 transportPubKey;
        // one slot: what reserve and release touch
        ModelStatus status;
        uint128 stake;
        uint32 open;
        uint32 reserved;
        // one slot
        uint64 unlockAt;
        uint64 registeredAt;
    }

    /// A stake is this many strikes.
    uint256 private constant STRIKES_PER_STAKE = 1000;
    /// The probe keys of a larger set would not fit one transaction.
    uint256 private constant N1_MAX = 2048;
    uint256 private constant URI_MAX = 512;
    /// Outputs and TOP5 words carry class indices of 16 bits.
    uint256 private constant CLASSES_MAX = 1 << 16;

    uint128 private immutable PRICE_INPUT;
    uint32 private immutable N1;
    uint16 private immutable FAULT_STRIKES;
    uint64 private immutable UNBOND_WINDOW;
    address private immutable TREASURY;
    address private immutable ACCURACY;
    address private immutable PREDICTION;
    uint128 private immutable STRIKE;
    uint128 private immutable STAKE;

    mapping(bytes32 modelId => Model) private _models;
    mapping(bytes32 modelId => Reputation) private _reputations;
    /// In the order of registration.
    bytes32[] private _ids;
    mapping(address mp => uint64 time) private _providerFirstSeen;

    modifier onlyAdjudicator() {
        require(_isAdjudicator(msg.sender), NotAdjudicator(msg.sender));
        _;
    }

    /// @notice Requirements:
    /// - `priceInput` > 0 and the stake fits 128 bits; `n1` in 1..2048; `faultStrikes` in 1..1000;
    /// - `unbondWindow` within the bounds of every window;
    /// - `treasury` and `accuracy` not zero, `prediction` zero or another address than `accuracy`.
    ///
    /// `accuracy` and `prediction` are predicted addresses: deploy them next and read `accuracy()` back.
    constructor(RegistryParams memory p) {
        require(p.priceInput != 0, BadParameter("priceInput", p.priceInput));
        require(p.n1 != 0 && p.n1 <= N1_MAX, BadParameter("n1", p.n1));
        require(
            p.faultStrikes != 0 && p.faultStrikes <= STRIKES_PER_STAKE, BadParameter("faultStrikes", p.faultStrikes)
        );
        Deadlines.checkWindow("unbondWindow", p.unbondWindow);
        require(p.treasury != address(0), BadParameter("treasury", 0));
        require(p.accuracy != address(0), BadParameter("accuracy", 0));
        require(p.prediction != p.accuracy, BadParameter("prediction", uint160(p.prediction)));
        uint256 strikeWei = uint256(p.n1) * p.priceInput;
        uint256 stakeWei = STRIKES_PER_STAKE * strikeWei;
        require(stakeWei <= type(uint128).max, BadParameter("stake", stakeWei));

        PRICE_INPUT = p.priceInput;
        N1 = p.n1;
        FAULT_STRIKES = p.faultStrikes;
        UNBOND_WINDOW = p.unbondWindow;
        TREASURY = p.treasury;
        ACCURACY = p.accuracy;
        PREDICTION = p.prediction;
        STRIKE = SafeCast.toUint128(strikeWei);
        STAKE = SafeCast.toUint128(stakeWei);
    }

    // ---- provider ----

    /// @inheritdoc IModelRegistry
    function register(ModelRecord calldata record, bytes32 transportPubKey, uint64 nonce)
        external
        payable
        nonReentrant
        returns (bytes32 modelId)
    {
        require(msg.value == STAKE, WrongValue(STAKE, msg.value));
        require(record.mp == msg.sender, NotProvider(record.mp, msg.sender));
        _checkRecord(record);
        require(transportPubKey != 0, ZeroTransportKey());
        bytes32 hash = Statement.modelHash(record);
        modelId = Statement.modelId(msg.sender, hash, nonce);
        Model storage m = _models[modelId];
        require(m.status == ModelStatus.None, ModelExists(modelId));

        uint64 nowTs = uint64(block.timestamp);
        m.record = record;
        m.modelHash = hash;
        m.transportPubKey = transportPubKey;
        m.status = ModelStatus.Active;
        m.stake = STAKE;
        m.registeredAt = nowTs;
        _ids.push(modelId);
        if (_providerFirstSeen[msg.sender] == 0) _providerFirstSeen[msg.sender] = nowTs;
        _takeIn();
        emit ModelRegistered(modelId, msg.sender, hash, STAKE, record);
        emit TransportKeySet(modelId, msg.sender, transportPubKey);
    }

    /// @inheritdoc IModelRegistry
    function setTransportKey(bytes32 modelId, bytes32 transportPubKey) external nonReentrant {
        Model storage m = _known(modelId);
        _requireProvider(m);
        require(m.status != ModelStatus.Closed, WrongModelStatus(modelId, m.status));
        require(transportPubKey != 0, ZeroTransportKey());
        m.transportPubKey = transportPubKey;
        emit TransportKeySet(modelId, msg.sender, transportPubKey);
    }

    /// @inheritdoc IModelRegistry
    function topUp(bytes32 modelId) external payable nonReentrant {
        Model storage m = _known(modelId);
        require(_isStaked(m.status), WrongModelStatus(modelId, m.status));
        require(msg.value != 0, WrongValue(1, 0));
        uint128 added = SafeCast.toUint128(msg.value);
        uint128 stake = m.stake + added;
        m.stake = stake;
        _takeIn();
        emit StakeToppedUp(modelId, msg.sender, added, stake);
        if (m.status == ModelStatus.Suspended && stake >= STAKE) {
            m.status = ModelStatus.Active;
            emit Activated(modelId, m.record.mp, stake);
        }
    }

    /// @inheritdoc IModelRegistry
    function requestExit(bytes32 modelId) external nonReentrant {
        Model storage m = _known(modelId);
        _requireProvider(m);
        require(_isStaked(m.status), WrongModelStatus(modelId, m.status));
        require(m.open == 0, HasOpenEngagements(modelId, m.open));
        m.status = ModelStatus.Unbonding;
        m.unlockAt = Deadlines.fromNow(UNBOND_WINDOW);
        emit ExitRequested(modelId, msg.sender, m.unlockAt);
    }

    /// @inheritdoc IModelRegistry
    function cancelExit(bytes32 modelId) external nonReentrant {
        Model storage m = _known(modelId);
        _requireProvider(m);
        require(m.status == ModelStatus.Unbonding, WrongModelStatus(modelId, m.status));
        m.status = m.stake >= STAKE ? ModelStatus.Active : ModelStatus.Suspended;
        m.unlockAt = 0;
        emit ExitCancelled(modelId, msg.sender);
    }

    /// @inheritdoc IModelRegistry
    function exit(bytes32 modelId) external nonReentrant {
        Model storage m = _known(modelId);
        _requireProvider(m);
        require(m.status == ModelStatus.Unbonding, WrongModelStatus(modelId, m.status));
        Deadlines.requirePast(m.unlockAt);
        uint128 stake = m.stake;
        m.status = ModelStatus.Closed;
        m.stake = 0;
        m.unlockAt = 0;
        _give(msg.sender, stake);
        emit Exited(modelId, msg.sender, stake);
    }

    // ---- adjudicators ----

    /// @inheritdoc IModelRegistry
    function reserve(bytes32 modelId, uint32 strikes) external nonReentrant onlyAdjudicator {
        Model storage m = _known(modelId);
        require(m.status == ModelStatus.Active, WrongModelStatus(modelId, m.status));
        uint32 reserved = m.reserved + strikes;
        uint256 required = uint256(reserved) * STRIKE;
        if (required < STAKE) required = STAKE;
        // INVARIANT: stake >= reserved·strike, so whatever is reserved can be burned.
        require(m.stake >= required, StakeTooLow(required, m.stake));
        m.open += 1;
        m.reserved = reserved;
        emit Reserved(modelId, msg.sender, strikes);
    }

    /// @inheritdoc IModelRegistry
    function release(bytes32 modelId, uint32 strikes, uint32 burn, Counter counter, address finder)
        external
        nonReentrant
        onlyAdjudicator
    {
        Model storage m = _known(modelId);
        require(burn <= strikes, BurnAboveReservation(strikes, burn));
        require(m.open != 0 && m.reserved >= strikes, ReleaseAboveReserved(m.reserved, strikes));
        m.open -= 1;
        m.reserved -= strikes;
        _count(modelId, burn, counter);
        emit Released(modelId, msg.sender, strikes, burn, counter);
        if (burn != 0) _strike(modelId, m, burn, finder);
    }

    // ---- views ----

    /// @inheritdoc IModelRegistry
    function params() external view returns (RegistryParams memory) {
        return RegistryParams({
            priceInput: PRICE_INPUT,
            n1: N1,
            faultStrikes: FAULT_STRIKES,
            unbondWindow: UNBOND_WINDOW,
            treasury: TREASURY,
            accuracy: ACCURACY,
            prediction: PREDICTION
        });
    }

    /// @inheritdoc IModelRegistry
    function stakeRequired() external view returns (uint128) {
        return STAKE;
    }

    /// @inheritdoc IModelRegistry
    function strike() external view returns (uint128) {
        return STRIKE;
    }

    /// @inheritdoc IModelRegistry
    function accuracy() external view returns (address) {
        return ACCURACY;
    }

    /// @inheritdoc IModelRegistry
    function prediction() external view returns (address) {
        return PREDICTION;
    }

    /// @inheritdoc IModelRegistry
    function modelCount() external view returns (uint256) {
        return _ids.length;
    }

    /// @inheritdoc IModelRegistry
    function modelIdAt(uint256 i) external view returns (bytes32) {
        return _ids.idAt(i);
    }

    /// @inheritdoc IModelRegistry
    function hashRecord(ModelRecord calldata record) external pure returns (bytes32) {
        return Statement.modelHash(record);
    }

    /// @inheritdoc IModelRegistry
    function modelIdOf(address mp, bytes32 modelHash, uint64 nonce) external view returns (bytes32) {
        return Statement.modelId(mp, modelHash, nonce);
    }

    /// @inheritdoc IModelRegistry
    function model(bytes32 modelId) external view returns (ModelView memory) {
        Model storage m = _known(modelId);
        return ModelView({
            record: m.record,
            modelHash: m.modelHash,
            transportPubKey: m.transportPubKey,
            status: m.status,
            stake: m.stake,
            open: m.open,
            reserved: m.reserved,
            unlockAt: m.unlockAt,
            registeredAt: m.registeredAt
        });
    }

    /// @inheritdoc IModelRegistry
    function standing(bytes32 modelId) external view returns (ModelStatus status, address mp, bytes32 modelHash) {
        Model storage m = _known(modelId);
        return (m.status, m.record.mp, m.modelHash);
    }

    /// @inheritdoc IModelRegistry
    function proofTerms(bytes32 modelId) external view returns (ProofTerms memory) {
        ModelRecord storage r = _known(modelId).record;
        return ProofTerms({
            verifier: r.verifier,
            verifierCodehash: r.verifierCodehash,
            vkDigest: r.vkDigest,
            weightsCommit: r.weightsCommit,
            metric: r.metric,
            classes: r.classes
        });
    }

    /// @inheritdoc IModelRegistry
    function inputShape(bytes32 modelId) external view returns (uint32 inputWords, uint32 wordsPerHash) {
        ModelRecord storage r = _known(modelId).record;
        return (r.inputWords, r.wordsPerHash);
    }

    /// @inheritdoc IModelRegistry
    function transportKey(bytes32 modelId) external view returns (bytes32) {
        return _known(modelId).transportPubKey;
    }

    /// @inheritdoc IModelRegistry
    function reputation(bytes32 modelId) external view returns (Reputation memory r) {
        Model storage m = _known(modelId);
        r = _reputations[modelId];
        r.firstSeen = m.registeredAt;
        r.providerFirstSeen = _providerFirstSeen[m.record.mp];
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IModelRegistry).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    // ---- internal ----

    function _strike(bytes32 modelId, Model storage m, uint32 burn, address finder) private {
        uint128 amount = burn * STRIKE;
        uint128 stake = m.stake - amount;
        m.stake = stake;
        uint256 reward = finder == address(0) ? 0 : Payouts.finderReward(amount);
        _give(finder, reward);
        _give(TREASURY, amount - reward);
        emit Struck(modelId, m.record.mp, burn, stake);
        // A model with a reservation open cannot be Unbonding or Closed: exit needs open = 0.
        if (m.status == ModelStatus.Active && stake < STAKE) {
            m.status = ModelStatus.Suspended;
            emit Suspended(modelId, m.record.mp, stake);
        }
    }

    function _count(bytes32 modelId, uint32 burn, Counter counter) private {
        Reputation storage r = _reputations[modelId];
        if (counter == Counter.PassedProven) r.passedProven += 1;
        else if (counter == Counter.PassedOptimistic) r.passedOptimistic += 1;
        else if (counter == Counter.Failed) r.failed += 1;
        else if (counter == Counter.Aborted) r.aborted += 1;
        else if (counter == Counter.Unacked) r.unacked += 1;
        else if (counter == Counter.McFault) r.mcFault += 1;
        else if (counter == Counter.MpFault) r.mpFault += 1;
        else if (counter == Counter.Settled) r.settled += 1;
        else if (counter == Counter.Voided) r.voided += 1;
        else if (counter == Counter.RoundClean) r.roundClean += 1;
        else if (counter == Counter.RoundUpheld) r.roundUpheld += 1;
        else r.roundFault += 1;
        r.strikes += burn;
    }

    function _checkRecord(ModelRecord calldata r) private view {
        Verifiers.check(r.verifier, r.verifierCodehash, r.vkDigest, r.weightsCommit);
        // One class of one, or five of five, are always right.
        uint32 fewest = r.metric == Metric.TOP5 ? 6 : 2;
        uint256 most = r.metric == Metric.BIN ? 2 : CLASSES_MAX;
        require(r.classes >= fewest && r.classes <= most, BadClasses(r.metric, r.classes));
        require(r.inputWords != 0 && r.wordsPerHash != 0, BadInputShape(r.inputWords, r.wordsPerHash));
        require(bytes(r.uri).length <= URI_MAX, UriTooLong(URI_MAX, bytes(r.uri).length));
    }

    function _isAdjudicator(address account) private view returns (bool) {
        // An absent prediction market is address zero, which can call without a transaction.
        return account != address(0) && (account == ACCURACY || account == PREDICTION);
    }

    function _isStaked(ModelStatus status) private pure returns (bool) {
        return status == ModelStatus.Active || status == ModelStatus.Suspended;
    }

    function _requireProvider(Model storage m) private view {
        require(m.record.mp == msg.sender, NotProvider(m.record.mp, msg.sender));
    }

    function _known(bytes32 modelId) private view returns (Model storage m) {
        m = _models[modelId];
        require(m.status != ModelStatus.None, WrongModelStatus(modelId, ModelStatus.None));
    }
}
