// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {IOutputJudge} from "../interfaces/IOutputJudge.sol";
import {IPredictionMarket} from "../interfaces/IPredictionMarket.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {RoundPayouts} from "../libraries/RoundPayouts.sol";
import {TAG_ROUND_PARAMS} from "../libraries/Tags.sol";
import {Credits} from "../shared/Credits.sol";
import {Deadlines} from "../shared/Deadlines.sol";
import {Metric, RegistryParams} from "../types/ModelTypes.sol";
import {
    PredictionMarketParams,
    PredictionParams,
    Privacy,
    RoundOutcome,
    RoundState,
    RoundWindows
} from "../types/RoundTypes.sol";

/// @title What all phases of a round share: parameters, storage, guards and the one way to close
abstract contract Rounds is IPredictionMarket, Credits {
    struct Round {
        bytes32 modelId;
        bytes32 inputRoot;
        bytes32 offerHash;
        bytes32 outputsRoot;
        // one slot
        address mc;
        RoundState state;
        RoundOutcome outcome;
        Privacy privacy;
        Metric metric;
        uint32 predictions;
        uint32 contestCap;
        // one slot: what every transition writes
        address mp;
        /// Last second of the current window; once Closed, the second of closing.
        uint64 clock;
        bool published;
        // one slot
        uint128 mpDeposit;
        uint128 price;
        // one slot
        uint128 quietBond;
        uint128 contestFees;
        // one slot: contests and publication
        uint64 answerBy;
        uint32 contested;
        uint32 proven;
        /// What a publication took of quietBond.
        uint128 quietTaken;
    }

    /// Largest K: the outputs must be published in one transaction.
    uint256 internal constant PREDICTIONS_MAX = 4096;
    uint256 internal constant PREDICTIONS_MAX_PRIVATE = 1024;
    /// No transaction may use more.
    uint256 private constant ANSWER_GAS_MAX = 1 << 24;

    /// @inheritdoc IMarket
    bytes32 public immutable PARAMS_HASH;

    IModelRegistry internal immutable REGISTRY;
    IOutputJudge internal immutable JUDGE;
    address internal immutable TREASURY;
    uint128 internal immutable PRICE_PROOF;
    uint128 internal immutable FEE;
    uint32 internal immutable ANSWER_GAS;
    uint64 internal immutable ACCEPT_WINDOW;
    uint64 internal immutable PUBLISH_WINDOW;
    uint64 internal immutable CONTEST_WINDOW;
    uint64 internal immutable RESPOND_WINDOW;
    uint64 internal immutable ANSWER_TIME;
    uint64 private immutable UNBOND_WINDOW;

    mapping(bytes32 id => Round) internal _rounds;
    mapping(bytes32 id => Bitmap.Set) internal _contested;
    /// A subset of the contested ones.
    mapping(bytes32 id => Bitmap.Set) internal _proven;

    /// @notice Requirements:
    /// - `registry` names this contract as its prediction market; `judge` has code;
    /// - Z > 0, `answerGas` <= 2^24, each window within its bounds, 0 < `answerTime` <= `windows.respond`;
    /// - the registry's unbonding delay covers the longest path of a round, every prediction contested.
    constructor(PredictionMarketParams memory p) {
        address expected = IModelRegistry(p.registry).prediction();
        require(expected == address(this), NotRegistered(expected, address(this)));
        RegistryParams memory r = IModelRegistry(p.registry).params();
        require(p.judge.code.length != 0, BadParameter("judge", uint160(p.judge)));
        require(p.priceProof != 0, BadParameter("priceProof", 0));
        require(p.answerGas <= ANSWER_GAS_MAX, BadParameter("answerGas", p.answerGas));
        require(r.unbondWindow >= _longestPath(p.windows), BadParameter("unbondWindow", r.unbondWindow));

        REGISTRY = IModelRegistry(p.registry);
        JUDGE = IOutputJudge(p.judge);
        TREASURY = r.treasury;
        PRICE_PROOF = p.priceProof;
        FEE = p.fee;
        ANSWER_GAS = p.answerGas;
        ACCEPT_WINDOW = p.windows.accept;
        PUBLISH_WINDOW = p.windows.publish;
        CONTEST_WINDOW = p.windows.contest;
        RESPOND_WINDOW = p.windows.respond;
        ANSWER_TIME = p.windows.answerTime;
        UNBOND_WINDOW = r.unbondWindow;
        PARAMS_HASH = keccak256(abi.encode(TAG_ROUND_PARAMS, params()));
    }

    /// @inheritdoc IMarket
    function terms() external view returns (address) {
        return address(this);
    }

    /// @inheritdoc IPredictionMarket
    function params() public view returns (PredictionParams memory) {
        return PredictionParams({
            registry: address(REGISTRY),
            treasury: TREASURY,
            judge: address(JUDGE),
            priceProof: PRICE_PROOF,
            fee: FEE,
            answerGas: ANSWER_GAS,
            quiet: RoundPayouts.quietGas(),
            windows: RoundWindows(ACCEPT_WINDOW, PUBLISH_WINDOW, CONTEST_WINDOW, RESPOND_WINDOW, ANSWER_TIME),
            unbondWindow: UNBOND_WINDOW
        });
    }

    // ---- closing ----

    /// Closes a round of which everything contested is proven.
    function _closeProven(bytes32 id, Round storage r) internal {
        _close(id, r, r.contested == 0 ? RoundOutcome.Clean : RoundOutcome.Upheld);
    }

    /// Pays out a served round by the row of its outcome.
    function _close(bytes32 id, Round storage r, RoundOutcome outcome) internal {
        RoundPayouts.Escrow memory escrow = RoundPayouts.Escrow({
            mcDeposit: _toll(r.contestCap),
            price: r.price,
            mpDeposit: r.mpDeposit,
            contestFees: r.contestFees,
            quietBond: r.quietBond
        });
        (uint256 mcAmount, uint256 mpAmount, uint256 treasuryAmount) =
            RoundPayouts.row(outcome, escrow, _toll(r.contested), r.quietTaken, _quietEarned(r));
        // INVARIANT: Closed is never left and is entered before anything is paid, so each round pays its escrow once.
        _end(r, outcome);
        _give(r.mc, mcAmount);
        _give(r.mp, mpAmount);
        _give(TREASURY, treasuryAmount);
        emit RoundClosed(id, r.modelId, msg.sender, outcome, mcAmount, mpAmount, treasuryAmount);
        uint32 burned = RoundPayouts.burned(outcome, r.privacy);
        REGISTRY.release(r.modelId, RoundPayouts.STRIKES, burned, RoundPayouts.counter(outcome), address(0));
    }

    function _end(Round storage r, RoundOutcome outcome) internal {
        r.state = RoundState.Closed;
        r.outcome = outcome;
        r.clock = uint64(block.timestamp);
    }

    /// The provider's part of what a publication took.
    function _quietEarned(Round storage r) internal view returns (uint256) {
        return RoundPayouts.publicationEarns(r.quietTaken, r.predictions);
    }

    /// 2Z for each of so many predictions.
    function _toll(uint256 predictions) internal view returns (uint256) {
        return RoundPayouts.toll(predictions, PRICE_PROOF);
    }

    // ---- guards ----

    function _enter(Round storage r, RoundState state, uint64 window) internal returns (uint64 deadline) {
        deadline = Deadlines.fromNow(window);
        r.state = state;
        r.clock = deadline;
    }

    /// Last second in which the provider of a Rooted round may publish.
    function _publishBy(Round storage r) internal view returns (uint64) {
        return r.privacy == Privacy.PRIVATE ? r.clock + PUBLISH_WINDOW : r.clock;
    }

    function _in(bytes32 id, RoundState state) internal view returns (Round storage r) {
        r = _rounds[id];
        require(r.state == state, WrongRoundState(id, r.state));
    }

    /// A round whose consumer may have its outputs: Served, or Rooted in PRIVATE.
    function _withOutputs(bytes32 id) internal view returns (Round storage r) {
        r = _rounds[id];
        bool handed = r.state == RoundState.Rooted && r.privacy == Privacy.PRIVATE;
        require(handed || r.state == RoundState.Served, WrongRoundState(id, r.state));
    }

    function _known(bytes32 id) internal view returns (Round storage r) {
        r = _rounds[id];
        require(r.state != RoundState.None, WrongRoundState(id, RoundState.None));
    }

    function _unproven(Round storage r) internal view returns (uint32) {
        return r.contested - r.proven;
    }

    function _requireNoneUnproven(bytes32 id, Round storage r) internal view {
        require(_unproven(r) == 0, Unproven(id, _unproven(r)));
    }

    // ---- construction ----

    /// Seconds from `serve` to Closed when everybody waits for each deadline; checks the windows on the way.
    function _longestPath(RoundWindows memory w) private view returns (uint256) {
        Deadlines.checkWindow("acceptWindow", w.accept);
        Deadlines.checkWindow("publishWindow", w.publish);
        Deadlines.checkWindow("contestWindow", w.contest);
        Deadlines.checkWindow("respondWindow", w.respond);
        // Else the proof for a lone contest could take longer than its window.
        require(w.answerTime != 0 && w.answerTime <= w.respond, BadParameter("answerTime", w.answerTime));
        // In PRIVATE: a consumer's silence, then publication, then a contest in the last second.
        return w.publish + 2 * uint256(w.contest) + w.respond + PREDICTIONS_MAX * w.answerTime;
    }
}
