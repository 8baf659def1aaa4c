// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPredictionMarket} from "./interfaces/IPredictionMarket.sol";
import {OutputWords} from "./libraries/OutputWords.sol";
import {ResultBitmap} from "./libraries/ResultBitmap.sol";
import {RoundPayouts} from "./libraries/RoundPayouts.sol";
import {Statement} from "./libraries/Statement.sol";
import {ContestPhase} from "./prediction/ContestPhase.sol";
import {Rounds} from "./prediction/Rounds.sol";
import {Deadlines} from "./shared/Deadlines.sol";
import {Offers} from "./shared/Offers.sol";
import {Parties} from "./shared/Parties.sol";
import {Sequence} from "./shared/Sequence.sol";
import {
    PredictionMarketParams,
    Privacy,
    QuietBond,
    RoundOutcome,
    RoundState,
    RoundTerms,
    RoundView
} from "./types/RoundTypes.sol";

/// @title Rounds of predictions that settle on contests
/// @notice Offers, outputs, endings and views; `prediction/` has the contests.
contract PredictionMarket is ContestPhase {
    using OutputWords for OutputWords.Layout;
    using Sequence for bytes32[];

    /// In the order of the offers.
    mapping(bytes32 modelId => bytes32[] ids) private _ids;
    /// In the order of `serve`.
    mapping(bytes32 modelId => bytes32[] ids) private _served;

    /// @notice See `Rounds`.
    constructor(PredictionMarketParams memory p) Rounds(p) {}

    // ---- offers ----

    /// @inheritdoc IPredictionMarket
    function open(RoundTerms calldata t) external payable nonReentrant returns (bytes32 id) {
        address mp = Offers.check(REGISTRY, t.modelId, t.modelHash, t.expiry, ACCEPT_WINDOW);
        _checkSizes(t);
        bytes32[] storage ids = _ids[t.modelId];
        id = Statement.roundId(t.modelId, ids.length);
        ids.push(id);
        uint128 bond = SafeCast.toUint128(quietBond(t.privacy, t.predictions, block.basefee));
        bytes32 offerHash = Statement.roundOfferHash(id, msg.sender, t, bond, PARAMS_HASH);
        Round storage r = _rounds[id];
        r.modelId = t.modelId;
        r.inputRoot = t.inputRoot;
        r.offerHash = offerHash;
        r.mc = msg.sender;
        r.state = RoundState.Offered;
        r.privacy = t.privacy;
        r.metric = REGISTRY.proofTerms(t.modelId).metric;
        r.predictions = t.predictions;
        r.contestCap = t.contestCap;
        r.mp = mp;
        r.clock = t.expiry;
        r.mpDeposit = t.mpDeposit;
        r.price = t.price;
        r.quietBond = bond;
        _takeDue(_entry(r));
        emit RoundOffered(id, t.modelId, msg.sender, offerHash, bond, t);
    }

    /// @inheritdoc IPredictionMarket
    function cancel(bytes32 id) external nonReentrant {
        Round storage r = _in(id, RoundState.Offered);
        if (msg.sender != r.mc) Deadlines.requirePast(r.clock);
        _end(r, RoundOutcome.Cancelled);
        _give(r.mc, _entry(r));
        emit RoundCancelled(id, r.modelId, r.mc);
    }

    /// @inheritdoc IPredictionMarket
    function serve(bytes32 id, bytes32 guard, bytes32 outputsRoot) external payable nonReentrant {
        Round storage r = _in(id, RoundState.Offered);
        Parties.requireAction(r.mp, r.offerHash, guard, r.clock);
        Parties.requireValue(uint256(r.mpDeposit) + FEE);
        require(outputsRoot != 0, ZeroOutputsRoot());
        r.outputsRoot = outputsRoot;
        bool handsOver = r.privacy == Privacy.PRIVATE;
        uint64 deadline = _enter(r, RoundState.Rooted, handsOver ? CONTEST_WINDOW : PUBLISH_WINDOW);
        _served[r.modelId].push(id);
        _takeIn();
        // INVARIANT: both deposits are in escrow before anybody reads an output, both fees are the treasury's.
        _give(TREASURY, 2 * uint256(FEE));
        emit RoundServed(id, r.modelId, msg.sender, outputsRoot, deadline);
        REGISTRY.reserve(r.modelId, RoundPayouts.STRIKES);
    }

    // ---- outputs ----

    /// @inheritdoc IPredictionMarket
    function publish(bytes32 id, bytes32 guard, bytes32 master, uint256[] calldata words) external nonReentrant {
        Round storage r = _in(id, RoundState.Rooted);
        Parties.requireAction(r.mp, r.outputsRoot, guard, _publishBy(r));
        // The consumer has all of the window to confirm what it was handed.
        if (r.privacy == Privacy.PRIVATE) Deadlines.requirePast(r.clock);
        bytes32 root = OutputWords.planned(r.predictions, r.metric, r.privacy).root(master, words);
        require(root == r.outputsRoot, WrongOutputs(r.outputsRoot, root));
        r.published = true;
        r.quietTaken = RoundPayouts.publicationTakes(r.quietBond, r.privacy, r.predictions, block.basefee);
        uint64 deadline = _enter(r, RoundState.Served, CONTEST_WINDOW);
        emit OutputsPublished(id, r.modelId, msg.sender, master, words, deadline);
    }

    /// @inheritdoc IPredictionMarket
    function confirm(bytes32 id, bytes32 guard) external nonReentrant {
        Round storage r = _withOutputs(id);
        Parties.requireAnswer(r.mc, r.outputsRoot, guard);
        _requireNoneUnproven(id, r);
        _closeProven(id, r);
    }

    // ---- endings ----

    /// @inheritdoc IPredictionMarket
    function finalize(bytes32 id) external nonReentrant {
        Round storage r = _in(id, RoundState.Served);
        _requireNoneUnproven(id, r);
        if (r.contested != r.contestCap) Deadlines.requirePast(r.clock);
        _closeProven(id, r);
    }

    /// @inheritdoc IPredictionMarket
    function timeout(bytes32 id) external nonReentrant {
        Round storage r = _rounds[id];
        RoundState state = r.state;
        require(state == RoundState.Rooted || state == RoundState.Served, WrongRoundState(id, state));
        if (state == RoundState.Served) require(_unproven(r) != 0, NothingUnproven(id));
        Deadlines.requirePast(timeoutAt(id));
        _close(id, r, state == RoundState.Rooted ? RoundOutcome.Void : RoundOutcome.Fault);
    }

    // ---- views ----

    /// @inheritdoc IPredictionMarket
    function quietBond(Privacy privacy, uint32 predictions, uint256 baseFee) public pure returns (uint256) {
        return RoundPayouts.quietBond(privacy, predictions, baseFee);
    }

    /// @inheritdoc IPredictionMarket
    function round(bytes32 id) external view returns (RoundView memory v) {
        Round storage r = _known(id);
        v.modelId = r.modelId;
        v.inputRoot = r.inputRoot;
        v.offerHash = r.offerHash;
        v.outputsRoot = r.outputsRoot;
        v.guard = r.outputsRoot == 0 ? r.offerHash : r.outputsRoot;
        v.mc = r.mc;
        v.mp = r.mp;
        v.state = r.state;
        v.outcome = r.outcome;
        v.privacy = r.privacy;
        v.metric = r.metric;
        v.published = r.published;
        v.predictions = r.predictions;
        v.contestCap = r.contestCap;
        v.contested = r.contested;
        v.proven = r.proven;
        v.mcDeposit = _toll(r.contestCap);
        v.mpDeposit = r.mpDeposit;
        v.price = r.price;
        v.quietBond = QuietBond({paid: r.quietBond, taken: r.quietTaken, earned: uint128(_quietEarned(r))});
        v.contestFees = r.contestFees;
        if (v.state == RoundState.Closed) v.closedAt = r.clock;
        else v.deadline = r.clock;
        v.answerBy = r.answerBy;
    }

    /// @inheritdoc IPredictionMarket
    function contestedSet(bytes32 id) external view returns (bytes memory) {
        return ResultBitmap.pack(_contested[id], _known(id).predictions);
    }

    /// @inheritdoc IPredictionMarket
    function provenSet(bytes32 id) external view returns (bytes memory) {
        return ResultBitmap.pack(_proven[id], _known(id).predictions);
    }

    /// @inheritdoc IPredictionMarket
    function timeoutAt(bytes32 id) public view returns (uint64) {
        Round storage r = _known(id);
        RoundState state = r.state;
        if (state == RoundState.Closed) return 0;
        if (state == RoundState.Rooted) return _publishBy(r);
        if (_unproven(r) != 0) return r.answerBy;
        // Nothing is left to contest.
        if (r.contested == r.contestCap) return 0;
        return r.clock;
    }

    /// @inheritdoc IPredictionMarket
    function roundCount(bytes32 modelId) external view returns (uint256) {
        return _served[modelId].length;
    }

    /// @inheritdoc IPredictionMarket
    function roundIdAt(bytes32 modelId, uint256 i) external view returns (bytes32) {
        return _served[modelId].idAt(i);
    }

    /// @inheritdoc IPredictionMarket
    function offerCount(bytes32 modelId) external view returns (uint256) {
        return _ids[modelId].length;
    }

    /// @inheritdoc IPredictionMarket
    function offerIdAt(bytes32 modelId, uint256 seq) external view returns (bytes32) {
        return _ids[modelId].idAt(seq);
    }

    // ---- internal ----

    /// What the consumer pays in: 2CZ + pi + fee + Q.
    function _entry(Round storage r) private view returns (uint256) {
        return _toll(r.contestCap) + r.price + FEE + r.quietBond;
    }

    function _checkSizes(RoundTerms calldata t) private view {
        require(t.inputRoot != 0, ZeroInputRoot());
        uint256 most = t.privacy == Privacy.PRIVATE ? PREDICTIONS_MAX_PRIVATE : PREDICTIONS_MAX;
        require(t.predictions != 0 && t.predictions <= most, BadPredictions(most, t.predictions));
        require(t.contestCap != 0 && t.contestCap <= t.predictions, BadContestCap(t.predictions, t.contestCap));
        uint256 least = _toll(t.contestCap);
        require(t.mpDeposit >= least, DepositTooLow(least, t.mpDeposit));
    }
}
