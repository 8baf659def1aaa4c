// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAccuracyMarket} from "../interfaces/IAccuracyMarket.sol";
import {IAccuracyTerms} from "../interfaces/IAccuracyTerms.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {ITransferJudge} from "../interfaces/ITransferJudge.sol";
import {Chunks} from "../libraries/Chunks.sol";
import {Payouts} from "../libraries/Payouts.sol";
import {TAG_PARAMS} from "../libraries/Tags.sol";
import {Target} from "../libraries/Target.sol";
import {Deadlines} from "../shared/Deadlines.sol";
import {Offers} from "../shared/Offers.sol";
import {
    Adjudication,
    Amounts,
    ClaimParams,
    Judges,
    MarketParams,
    Mode,
    OfferTerms,
    Outcome,
    Params,
    Prices,
    TransferParams,
    Windows
} from "../types/MarketTypes.sol";
import {Counter, RegistryParams} from "../types/ModelTypes.sol";

/// @title Parameters of an accuracy market, what an offer must be and what each outcome pays
/// @notice Apart from the market because its code would exceed the limit with it.
contract AccuracyTerms is IAccuracyTerms {
    /// Largest N: the result must stay a bitmap that fits a transaction.
    uint256 private constant N_MAX = 1 << 16;

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
        _checkPrices(p.prices, r.priceInput);
        _checkBond(p.claim);
        _checkJudges(p.judges, p.transfer.wordsPerChunk);
        uint256 n = uint256(r.n1) + p.n2;
        require(p.n2 != 0 && n <= N_MAX, BadParameter("n2", p.n2));
        uint256 d = Payouts.deposit(n, r.priceInput);
        require(d + p.prices.fee <= type(uint128).max, BadParameter("deposit", d));
        uint256 longest = _longestPath(p.windows, p.transfer, p.claim, n);
        require(r.unbondWindow >= longest, BadParameter("unbondWindow", r.unbondWindow));

        REGISTRY = p.registry;
        TREASURY = r.treasury;
        PRICE_INPUT = r.priceInput;
        PRICE_PROOF = p.prices.proof;
        PRICE_INFERENCE = p.prices.inference;
        FEE = p.prices.fee;
        N1 = r.n1;
        N2 = p.n2;
        FAULT_STRIKES = r.faultStrikes;
        ACCEPT_WINDOW = p.windows.accept;
        DECIDE_WINDOW = p.windows.decide;
        PROVE_BASE = p.windows.proveBase;
        PROVE_TIME_PER_ITEM = p.windows.proveTimePerItem;
        UNBOND_WINDOW = r.unbondWindow;
        PROOF_JUDGE = p.judges.proofs;
        TRANSFER_JUDGE = p.judges.transfers;
        PUBLICATION = p.judges.publication;
        WORDS_PER_CHUNK = p.transfer.wordsPerChunk;
        COMMIT_WINDOW = p.transfer.commitWindow;
        ACK_WINDOW = p.transfer.ackWindow;
        PUBLISH_WINDOW = p.transfer.publishWindow;
        KEY_WINDOW = p.transfer.keyWindow;
        CHALLENGE_WINDOW = p.claim.challengeWindow;
        RESPOND_WINDOW = p.claim.respondWindow;
        ANSWER_TIME = p.claim.answerTime;
        CHALLENGE_BOND = p.claim.challengeBond;
        DIRECT_MAX = p.claim.directMax;
        PARAMS_HASH = keccak256(abi.encode(TAG_PARAMS, params()));
    }

    /// @inheritdoc IAccuracyTerms
    function params() public view returns (Params memory) {
        return Params({
            registry: REGISTRY,
            treasury: TREASURY,
            priceInput: PRICE_INPUT,
            prices: Prices(PRICE_PROOF, PRICE_INFERENCE, FEE),
            n1: N1,
            n2: N2,
            faultStrikes: FAULT_STRIKES,
            windows: Windows(ACCEPT_WINDOW, DECIDE_WINDOW, PROVE_BASE, PROVE_TIME_PER_ITEM),
            unbondWindow: UNBOND_WINDOW,
            judges: Judges(PROOF_JUDGE, TRANSFER_JUDGE, PUBLICATION),
            transfer: TransferParams(WORDS_PER_CHUNK, COMMIT_WINDOW, ACK_WINDOW, PUBLISH_WINDOW, KEY_WINDOW),
            claim: ClaimParams(CHALLENGE_WINDOW, RESPOND_WINDOW, ANSWER_TIME, CHALLENGE_BOND, DIRECT_MAX)
        });
    }

    /// @inheritdoc IAccuracyTerms
    function checkOffer(OfferTerms calldata offer) external view returns (address) {
        _checkMode(offer);
        address mp = Offers.check(IModelRegistry(REGISTRY), offer.modelId, offer.modelHash, offer.expiry, ACCEPT_WINDOW);
        require(offer.targetBps != 0 && offer.targetBps <= Target.BPS, IAccuracyMarket.BadTarget(offer.targetBps));
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

    function _checkPrices(Prices memory p, uint128 priceInput) private pure {
        require(priceInput > p.proof, BadParameter("priceProof", p.proof));
        require(p.proof > p.inference && p.inference != 0, BadParameter("priceInference", p.inference));
        require(p.fee != 0, BadParameter("fee", p.fee));
    }

    function _checkBond(ClaimParams memory c) private pure {
        // Half of it is paid per proof of a full demand.
        require(c.challengeBond != 0 && c.challengeBond % 2 == 0, BadParameter("challengeBond", c.challengeBond));
        require(c.directMax != 0, BadParameter("directMax", 0));
    }

    function _checkJudges(Judges memory j, uint32 wordsPerChunk) private view {
        require(j.proofs.code.length != 0, BadParameter("proofJudge", uint160(j.proofs)));
        require(j.transfers.code.length != 0, BadParameter("transferJudge", uint160(j.transfers)));
        require(j.publication.code.length != 0, BadParameter("publication", uint160(j.publication)));
        uint256 rate = ITransferJudge(j.transfers).wordsPerHash();
        require(Chunks.isSize(wordsPerChunk, rate), BadParameter("wordsPerChunk", wordsPerChunk));
    }

    /// Seconds from `accept` to Closed when everybody waits for each deadline; checks the windows on the way.
    function _longestPath(Windows memory w, TransferParams memory t, ClaimParams memory c, uint256 n)
        private
        view
        returns (uint256)
    {
        Deadlines.checkWindow("acceptWindow", w.accept);
        Deadlines.checkWindow("commitWindow", t.commitWindow);
        Deadlines.checkWindow("ackWindow", t.ackWindow);
        Deadlines.checkWindow("publishWindow", t.publishWindow);
        Deadlines.checkWindow("keyWindow", t.keyWindow);
        Deadlines.checkWindow("decideWindow", w.decide);
        Deadlines.checkWindow("proveBase", w.proveBase);
        Deadlines.checkWindow("challengeWindow", c.challengeWindow);
        Deadlines.checkWindow("respondWindow", c.respondWindow);
        require(w.proveTimePerItem != 0, BadParameter("proveTimePerItem", 0));
        // Else the proof for a lone challenge could take longer than its window.
        require(c.answerTime != 0 && c.answerTime <= c.respondWindow, BadParameter("answerTime", c.answerTime));
        uint256 transfer = uint256(t.commitWindow) + 2 * t.ackWindow + t.publishWindow + 2 * t.keyWindow;
        uint256 prove = w.proveBase + n * w.proveTimePerItem;
        // A demand in the last second of W_challenge grows with what it asks for and with the challenges still open.
        uint256 answers = uint256(c.challengeWindow) + c.respondWindow + 2 * n * c.answerTime;
        return transfer + w.decide + prove + answers;
    }
}
