// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Metric} from "./ModelTypes.sol";

/// States of a round. A cancelled offer is Closed with `RoundOutcome.Cancelled`.
enum RoundState {
    None,
    Offered,
    Rooted,
    Served,
    Closed
}

/// What a round ended as; `None` until Closed.
enum RoundOutcome {
    None,
    Cancelled,
    Void,
    Clean,
    Upheld,
    Fault
}

/// Who reads the outputs. PUBLIC: the provider publishes all of them on chain. PRIVATE: it hands them over off chain, and
/// only contested ones become public, or all if the provider has to publish.
enum Privacy {
    PUBLIC,
    PRIVATE
}

/// The arguments of `PredictionMarket.open`.
struct RoundTerms {
    bytes32 modelId;
    /// Must equal the registry's hash of the record: the consumer states what it verified off chain.
    bytes32 modelHash;
    /// Root over the K input leaves; never zero.
    bytes32 inputRoot;
    /// K: 1..4096, in PRIVATE 1..1024.
    uint32 predictions;
    /// C: how many predictions may be contested in all, 1..K. The consumer deposits 2·C·Z.
    uint32 contestCap;
    /// M: what the provider deposits, and loses in a Fault; at least 2·C·Z.
    uint128 mpDeposit;
    /// pi: what the consumer pays for the predictions; may be zero.
    uint128 price;
    Privacy privacy;
    /// Last second in which the provider may serve; within `acceptWindow` from now.
    uint64 expiry;
}

/// Windows of every round, seconds.
struct RoundWindows {
    /// Longest time between `open` and its expiry.
    uint64 accept;
    /// W_publish: for the outputs; in PUBLIC after `serve`, in PRIVATE after a consumer's silence.
    uint64 publish;
    /// W_contest: for contests and a confirmation.
    uint64 contest;
    /// W_respond: from the last contest to its answers, and t for each contested prediction.
    uint64 respond;
    /// t > 0.
    uint64 answerTime;
}

/// Constructor argument of `PredictionMarket`: what the registry does not say.
struct PredictionMarketParams {
    address registry;
    /// Decides about answers: `IOutputJudge`.
    address judge;
    /// Z > 0: wei per proof. A contested prediction that is proven costs the consumer 2·Z.
    uint128 priceProof;
    /// epsilon_r: wei by each side when a round is served; may be zero.
    uint128 fee;
    /// G: gas of one answer, at most 2^24. A contest brings G times the base fee for each prediction; zero asks for none.
    uint32 answerGas;
    RoundWindows windows;
}

/// Gas that the quiet bond of a PRIVATE round stands for, as measured.
struct QuietGas {
    /// Of `confirm`.
    uint32 confirm;
    /// Of `publish`, beside its words.
    uint32 publishBase;
    /// Of `publish`, per output word.
    uint32 publishPerWord;
}

/// Every parameter that a round depends on; `PARAMS_HASH = keccak256(abi.encode(TAG_ROUND_PARAMS, PredictionParams))`. Its 15
/// words are in this order whatever structs they are in, since all are static.
struct PredictionParams {
    address registry;
    address treasury;
    address judge;
    uint128 priceProof;
    uint128 fee;
    uint32 answerGas;
    QuietGas quiet;
    RoundWindows windows;
    uint64 unbondWindow;
}

/// Opening of one output word under outputsRoot.
struct OutputOpening {
    uint256 word;
    /// `Statement.outputSalt`.
    bytes32 salt;
    /// Siblings from the leaf upward.
    bytes32[] path;
}

/// Contested predictions that one proof shows to be what the model says.
struct AnswerGroup {
    uint32[] indices;
    /// One for each index, with its siblings from the leaf upward under inputRoot.
    uint256[] inputCommits;
    bytes32[][] inputPaths;
    /// The words that the indices lie in, each once, in the order in which the indices first name them.
    OutputOpening[] outputs;
    bytes proof;
}

/// What an answer must show; from the market to its judge.
struct RoundClaim {
    /// Where the model's record is.
    address registry;
    bytes32 modelId;
    /// Kind and id of the context: which adjudication the proof is for.
    uint256 kind;
    bytes32 id;
    bytes32 inputRoot;
    bytes32 outputsRoot;
    /// K: leaves under `inputRoot`.
    uint256 predictions;
    Privacy privacy;
}

/// Q of a round, wei.
struct QuietBond {
    /// By the consumer, at `open`.
    uint128 paid;
    /// What of it the consumer lost, since its provider had to publish in PRIVATE.
    uint128 taken;
    /// What of that is the provider's; the rest is the treasury's.
    uint128 earned;
}

/// A round as `PredictionMarket.round` returns it.
struct RoundView {
    bytes32 modelId;
    bytes32 inputRoot;
    bytes32 offerHash;
    /// Zero before `serve`.
    bytes32 outputsRoot;
    /// What a call of a party must name now: offerHash, from `serve` on outputsRoot.
    bytes32 guard;
    address mc;
    address mp;
    RoundState state;
    RoundOutcome outcome;
    Privacy privacy;
    Metric metric;
    /// Whether `publish` has shown all outputs on chain.
    bool published;
    uint32 predictions;
    uint32 contestCap;
    /// Predictions contested and proven so far.
    uint32 contested;
    uint32 proven;
    /// 2·C·Z, M and pi, wei.
    uint256 mcDeposit;
    uint128 mpDeposit;
    uint128 price;
    QuietBond quietBond;
    /// F: what contests have brought so far, wei.
    uint128 contestFees;
    /// Last second of the current window: of `serve`, `publish` (in PRIVATE: of a contest without publication) or of contests.
    /// Zero once Closed.
    uint64 deadline;
    /// Last second for answers to the last contest; zero before the first.
    uint64 answerBy;
    /// Unix seconds; zero until Closed.
    uint64 closedAt;
}
