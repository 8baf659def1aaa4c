// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAccuracyMarket} from "../interfaces/IAccuracyMarket.sol";
import {IAccuracyTerms} from "../interfaces/IAccuracyTerms.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {ITransferJudge} from "../interfaces/ITransferJudge.sol";
import {Deadlines} from "../libraries/Deadlines.sol";
import {Payouts} from "../libraries/Payouts.sol";
import {TAG_PARAMS} from "../libraries/Tags.sol";
import {Target} from "../libraries/Target.sol";
import {Adjudication, Amounts, MarketParams, Mode, OfferTerms, Outcome, Params} from "../types/MarketTypes.sol";
import {Counter, ModelStatus, RegistryParams} from "../types/ModelTypes.sol";

/// @title Parameters of an accuracy market, what an offer must be and what each outcome pays
/// @notice Apart from the market because its code would exceed the limit with it.
contract AccuracyTerms is IAccuracyTerms {
    /// Largest N: the result must stay a bitmap that fits a transaction.
    uint256 private constant N_MAX = 1 << 16;
    /// Largest w: a chunk and the one after it must fit one transaction.
    uint256 private constant CHUNK_MAX = 256;

    /// @inheritdoc IAccuracyTerms
    bytes32 public immutable PARAMS_HASH;

    address private immutable REGISTRY;
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
    address private immutable PROOF_JUDGE;
    address private immutable TRANSFER_JUDGE;
    address private immutable PUBLICATION;
    uint32 private immutable WORDS_PER_CHUNK;
    uint64 private immutable COMMIT_WINDOW;
    uint64 private immutable ACK_WINDOW;
    uint64 private immutable PUBLISH_WINDOW;
    uint64 private immutable KEY_WINDOW;
    uint64 private immutable CHALLENGE_WINDOW;
    uint64 private immutable RESPOND_WINDOW;
    uint64 private immutable ANSWER_TIME;
    uint128 private immutable CHALLENGE_BOND;
    uint32 private immutable DIRECT_MAX;

    /// @notice Requirements:
    /// - E > Z > P > 0, `fee` > 0, `n2` >= 1, N1 + N2 <= 65536, D + fee fits 128 bits;
    /// - the other contracts have code; `wordsPerChunk` is a positive multiple of the transfer judge's rho, at most 256;
    /// - each window within its bounds, `proveTimePerItem`, `answerTime`, `directMax` > 0, `answerTime` <= `respondWindow`;
    /// - `challengeBond` even and > 0;
    /// - the registry's unbonding delay covers the longest path of one engagement: every position challenged and demanded.
    constructor(MarketParams memory p) {
        RegistryParams memory r = IModelRegistry(p.registry).params();
        _checkPrices(p, r);
        _checkContracts(p);
        uint256 n = uint256(r.n1) + p.n2;
        require(p.n2 != 0 && n <= N_MAX, BadParameter("n2", p.n2));
        uint256 d = Payouts.deposit(n, r.priceInput);
        require(d + p.fee <= type(uint128).max, BadParameter("deposit", d));
        require(r.unbondWindow >= _longestPath(p, n), BadParameter("unbondWindow", r.unbondWindow));

        REGISTRY = p.registry;
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
        PROOF_JUDGE = p.proofJudge;
        TRANSFER_JUDGE = p.transferJudge;
        PUBLICATION = p.publication;
        WORDS_PER_CHUNK = p.wordsPerChunk;
        COMMIT_WINDOW = p.commitWindow;
        ACK_WINDOW = p.ackWindow;
        PUBLISH_WINDOW = p.publishWindow;
        KEY_WINDOW = p.keyWindow;
        CHALLENGE_WINDOW = p.challengeWindow;
        RESPOND_WINDOW = p.respondWindow;
        ANSWER_TIME = p.answerTime;
        CHALLENGE_BOND = p.challengeBond;
        DIRECT_MAX = p.directMax;
        PARAMS_HASH = keccak256(abi.encode(TAG_PARAMS, params()));
    }

    /// @inheritdoc IAccuracyTerms
    function params() public view returns (Params memory p) {
        p.registry = REGISTRY;
        p.treasury = TREASURY;
        p.priceInput = PRICE_INPUT;
        p.priceProof = PRICE_PROOF;
        p.priceInference = PRICE_INFERENCE;
        p.fee = FEE;
        p.n1 = N1;
        p.n2 = N2;
        p.faultStrikes = FAULT_STRIKES;
        p.acceptWindow = ACCEPT_WINDOW;
        p.decideWindow = DECIDE_WINDOW;
        p.proveBase = PROVE_BASE;
        p.proveTimePerItem = PROVE_TIME_PER_ITEM;
        p.unbondWindow = UNBOND_WINDOW;
        p.proofJudge = PROOF_JUDGE;
        p.transferJudge = TRANSFER_JUDGE;
        p.publication = PUBLICATION;
        p.wordsPerChunk = WORDS_PER_CHUNK;
        p.commitWindow = COMMIT_WINDOW;
        p.ackWindow = ACK_WINDOW;
        p.publishWindow = PUBLISH_WINDOW;
        p.keyWindow = KEY_WINDOW;
        p.challengeWindow = CHALLENGE_WINDOW;
        p.respondWindow = RESPOND_WINDOW;
        p.answerTime = ANSWER_TIME;
        p.challengeBond = CHALLENGE_BOND;
        p.directMax = DIRECT_MAX;
    }

    /// @inheritdoc IAccuracyTerms
    function checkOffer(OfferTerms calldata offer) external view returns (address) {
        _checkMode(offer);
        (ModelStatus status, address mp, bytes32 modelHash) = IModelRegistry(REGISTRY).standing(offer.modelId);
        require(status == ModelStatus.Active, IAccuracyMarket.ModelNotActive(offer.modelId, status));
        require(modelHash == offer.modelHash, IAccuracyMarket.ModelHashMismatch(modelHash, offer.modelHash));
        require(offer.targetBps != 0 && offer.targetBps <= Target.BPS, IAccuracyMarket.BadTarget(offer.targetBps));
        require(
            offer.expiry >= block.timestamp && offer.expiry <= Deadlines.fromNow(ACCEPT_WINDOW),
            IAccuracyMarket.BadExpiry(uint64(block.timestamp), Deadlines.fromNow(ACCEPT_WINDOW), offer.expiry)
        );
        require(offer.testRoot != 0, IAccuracyMarket.ZeroTestRoot());
        return mp;
    }

    /// @inheritdoc IAccuracyTerms
    function amounts(Mode mode) public view returns (Amounts memory) {
        return Amounts({
            deposit: SafeCast.toUint128(Payouts.deposit(uint256(N1) + N2, PRICE_INPUT)),
            abortPayment: SafeCast.toUint128(Payouts.abortPayment(mode, N1, N2, PRICE_INFERENCE)),
            successPayment: SafeCast.toUint128(Payouts.successPayment(mode, N1, N2, PRICE_INFERENCE, PRICE_PROOF)),
            fee: FEE
        });
    }

    /// @inheritdoc IAccuracyTerms
    function row(Outcome outcome, Mode mode, bool proven)
        external
        view
        returns (uint256 mcAmount, uint32 burned, Counter counter)
    {
        Amounts memory a = amounts(mode);
        mcAmount = Payouts.mcAmount(outcome, a.deposit, a.abortPayment, a.successPayment);
        burned = Payouts.burned(outcome, FAULT_STRIKES);
        counter = Payouts.counter(outcome, proven);
    }

    // ---- offers ----

    function _checkMode(OfferTerms calldata offer) private view {
        Mode mode = offer.mode;
        if (offer.adjudication == Adjudication.OPTIMISTIC) {
            require(mode != Mode.CLEAR, IAccuracyMarket.Unsupported(mode, offer.adjudication));
            uint32 size = mode == Mode.FULL ? N2 : N1 + N2;
            require(size > DIRECT_MAX, IAccuracyMarket.DirectRequired(DIRECT_MAX, size));
        }
        if (mode == Mode.FULL) require(offer.mcSaltHash != 0, IAccuracyMarket.ZeroSaltHash());
        else require(offer.mcSaltHash == 0, IAccuracyMarket.SaltHashNotZero(offer.mcSaltHash));
        if (mode == Mode.CLEAR) return;
        (, uint32 wordsPerHash) = IModelRegistry(REGISTRY).inputShape(offer.modelId);
        uint256 rate = ITransferJudge(TRANSFER_JUDGE).wordsPerHash();
        require(wordsPerHash == rate, IAccuracyMarket.WordsPerHashMismatch(rate, wordsPerHash));
    }

    // ---- construction ----

    function _checkPrices(MarketParams memory p, RegistryParams memory r) private pure {
        require(r.priceInput > p.priceProof, BadParameter("priceProof", p.priceProof));
        require(
            p.priceProof > p.priceInference && p.priceInference != 0, BadParameter("priceInference", p.priceInference)
        );
        require(p.fee != 0, BadParameter("fee", p.fee));
        // Half of it is paid per proof of a full demand.
        require(p.challengeBond != 0 && p.challengeBond % 2 == 0, BadParameter("challengeBond", p.challengeBond));
        require(p.directMax != 0, BadParameter("directMax", 0));
    }

    function _checkContracts(MarketParams memory p) private view {
        require(p.proofJudge.code.length != 0, BadParameter("proofJudge", uint160(p.proofJudge)));
        require(p.transferJudge.code.length != 0, BadParameter("transferJudge", uint160(p.transferJudge)));
        require(p.publication.code.length != 0, BadParameter("publication", uint160(p.publication)));
        uint256 rate = ITransferJudge(p.transferJudge).wordsPerHash();
        require(
            p.wordsPerChunk != 0 && p.wordsPerChunk <= CHUNK_MAX && p.wordsPerChunk % rate == 0,
            BadParameter("wordsPerChunk", p.wordsPerChunk)
        );
    }

    /// Seconds from `accept` to Closed when everybody waits for each deadline; checks the windows on the way.
    function _longestPath(MarketParams memory p, uint256 n) private view returns (uint256) {
        Deadlines.checkWindow("acceptWindow", p.acceptWindow);
        Deadlines.checkWindow("commitWindow", p.commitWindow);
        Deadlines.checkWindow("ackWindow", p.ackWindow);
        Deadlines.checkWindow("publishWindow", p.publishWindow);
        Deadlines.checkWindow("keyWindow", p.keyWindow);
        Deadlines.checkWindow("decideWindow", p.decideWindow);
        Deadlines.checkWindow("proveBase", p.proveBase);
        Deadlines.checkWindow("challengeWindow", p.challengeWindow);
        Deadlines.checkWindow("respondWindow", p.respondWindow);
        require(p.proveTimePerItem != 0, BadParameter("proveTimePerItem", 0));
        // Else the proof for a lone challenge could take longer than its window.
        require(p.answerTime != 0 && p.answerTime <= p.respondWindow, BadParameter("answerTime", p.answerTime));
        uint256 transfer = uint256(p.commitWindow) + 2 * p.ackWindow + p.publishWindow + 2 * p.keyWindow;
        uint256 prove = p.proveBase + n * p.proveTimePerItem;
        // A demand in the last second of W_challenge grows with what it asks for and with the challenges still open.
        uint256 answers = uint256(p.challengeWindow) + p.respondWindow + 2 * n * p.answerTime;
        return transfer + p.decideWindow + prove + answers;
    }
}
