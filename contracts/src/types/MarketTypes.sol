// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Metric} from "./ModelTypes.sol";

/// States of an engagement in the order of protocols 6.3. CLEAR enters only Offered, Probing, Proving and Closed; SIMPLE
/// never enters Proceeded. A cancelled offer is Closed with `Outcome.Cancelled`.
enum State {
    None,
    Offered,
    Locked,
    Committed,
    Published,
    Acked,
    Probing,
    Proceeded,
    Proving,
    Claimed,
    FullDemanded,
    Closed
}

/// Outcomes in the order of protocols 6.4; `None` until Closed.
enum Outcome {
    None,
    Cancelled,
    McSilent,
    NoAck,
    BadData,
    Abort,
    MpSilent,
    FailedAccuracy,
    Fault,
    Passed,
    Settled
}

/// How the provider gets the examples and which of them count.
///
/// `CLEAR`: handed over in clear off chain after `accept`; all N count (protocols 6.5; this value was called SIMPLE when it
/// was the only one). `FULL`: encrypted transfer; N1 examples drawn by a common coin are opened for probing, then the N2
/// others, which count. `SIMPLE`: encrypted transfer, opened at once; all N count.
enum Mode {
    CLEAR,
    FULL,
    SIMPLE
}

/// DIRECT: each counted example is proven on chain. OPTIMISTIC: a claimed result stands unless challenged.
enum Adjudication {
    DIRECT,
    OPTIMISTIC
}

/// What a verdict is worth. PROVEN: Passed, and enough positions verified on chain to meet the target by themselves.
enum Assurance {
    NONE,
    OPTIMISTIC,
    PROVEN
}

/// The arguments of `AccuracyMarket.open`.
struct OfferTerms {
    bytes32 modelId;
    /// Must equal the registry's hash of the record: the consumer states what it verified off chain.
    bytes32 modelHash;
    Mode mode;
    Adjudication adjudication;
    /// Root over the N test leaves; never zero.
    bytes32 testRoot;
    /// Commitment to the consumer's salt, `keccak256(abi.encode(TAG_SALT, mcSalt))`: zero in all modes but FULL.
    bytes32 mcSaltHash;
    /// Required accuracy in basis points, 1..10000.
    uint16 targetBps;
    /// Last second in which the provider may accept; within `acceptWindow` from now.
    uint64 expiry;
}

/// One example proven correct, an element of `submitProofs`.
struct ProofItem {
    /// Position p in the proven set: 0..N2-1 in FULL, else 0..N-1. Its test leaf has index pi_seed(N1 + p) in FULL, else p;
    /// its context is that of position N1 + p in FULL, else p.
    uint32 position;
    uint256 inputCommit;
    uint32 label;
    bytes32 leafSalt;
    /// Siblings from the leaf upward, exactly ceil(log2 N).
    bytes32[] path;
    uint256 output;
    bytes proof;
}

/// What a proof item must show; from an adjudicator to `ProofJudge`.
struct Claim {
    /// Where the model's record is.
    address registry;
    bytes32 modelId;
    /// Kind and id of the context: which adjudication the proof is for.
    uint256 kind;
    bytes32 id;
    bytes32 testRoot;
    /// Seed of the shuffle; zero if positions are dataset indices.
    bytes32 seed;
    /// N: leaves under `testRoot`.
    uint256 examples;
    /// Position in the whole set, 0..N-1.
    uint256 position;
}

/// One challenged position of a posted result.
struct Challenge {
    /// Zero if the position was never challenged.
    address challenger;
    /// Last second for an answer; zero once answered, or once the bond is reclaimed.
    uint64 deadline;
}

/// What is paid, wei.
struct Prices {
    /// Z: per proof; E > Z.
    uint128 proof;
    /// P: per inference; Z > P > 0.
    uint128 inference;
    /// epsilon: by each side when an engagement locks; > 0.
    uint128 fee;
}

/// Windows of every engagement, seconds.
struct Windows {
    /// Longest time between `open` and its expiry.
    uint64 accept;
    /// W_decide: for probing and deciding.
    uint64 decide;
    /// W_prove = proveBase + (size of the proven set)·proveTimePerItem.
    uint64 proveBase;
    uint64 proveTimePerItem;
}

/// Stateless contracts that judge proofs and transfers, and the one that keeps frontiers of published ciphertexts.
struct Judges {
    address proofs;
    address transfers;
    address publication;
}

/// The encrypted transfer; windows in seconds.
struct TransferParams {
    /// w: message words per data chunk; a multiple of the judge's rho, at most 256.
    uint32 wordsPerChunk;
    /// W_commit: from `accept` to `commitTransfer`.
    uint64 commitWindow;
    /// W_ack: from `commitTransfer`, and again from the last published chunk, to `ack`.
    uint64 ackWindow;
    /// W_publish: added once to W_ack by the first `publishChunks`.
    uint64 publishWindow;
    /// W_key: for each reveal of keys.
    uint64 keyWindow;
}

/// Claimed results; windows in seconds.
struct ClaimParams {
    /// W_challenge: from `postResult`.
    uint64 challengeWindow;
    /// W_respond: from a challenge or a full demand.
    uint64 respondWindow;
    /// t_answer: more time per challenge open before, and per proof of a full demand; > 0, at most W_respond. A prover of
    /// one engagement that makes a proof in this time and takes them up in the order of their deadlines is never late.
    uint64 answerTime;
    /// B: wei per challenge by the consumer; about the gas of one answer; even and > 0. Anybody else pays B + Z.
    uint128 challengeBond;
    /// DIRECT_MAX: proven sets up to this size must be adjudicated directly; > 0.
    uint32 directMax;
}

/// Constructor argument of `AccuracyMarket`: what the registry does not say.
struct MarketParams {
    address registry;
    Prices prices;
    /// N2: proven set size; N = N1 + N2 <= 65536.
    uint32 n2;
    Windows windows;
    Judges judges;
    TransferParams transfer;
    ClaimParams claim;
}

/// Every parameter that an engagement depends on; `PARAMS_HASH = keccak256(abi.encode(TAG_PARAMS, Params))`. Its 27 words are in
/// this order whatever structs they are in, since all are static.
struct Params {
    address registry;
    address treasury;
    uint128 priceInput;
    Prices prices;
    uint32 n1;
    uint32 n2;
    uint16 faultStrikes;
    Windows windows;
    uint64 unbondWindow;
    Judges judges;
    TransferParams transfer;
    ClaimParams claim;
}

/// Amounts of an engagement, wei.
struct Amounts {
    /// D = 2·N·E, escrowed by each side. `open` and `accept` take D + fee.
    uint128 deposit;
    /// A, from the consumer to the provider in Abort: N1·P in FULL, else N·P.
    uint128 abortPayment;
    /// R, from the consumer to the provider in Passed: 2·(N1·P + N2·Z) in FULL, else 2·N·Z.
    uint128 successPayment;
    uint128 fee;
}

/// An engagement as `AccuracyMarket.engagement` returns it.
struct EngagementView {
    bytes32 modelId;
    bytes32 testRoot;
    bytes32 offerHash;
    address mc;
    address mp;
    State state;
    Outcome outcome;
    Mode mode;
    Adjudication adjudication;
    uint16 targetBps;
    /// Last second of the current window; zero once Closed.
    uint64 deadline;
    /// Unix seconds; zero until Closed.
    uint64 closedAt;
    /// Distinct positions proven so far.
    uint32 provenOnChain;
    /// What a call of a party must name now: the thing it answers.
    bytes32 guard;
    /// Root of the ciphertext; zero before `commitTransfer`.
    bytes32 ctRoot;
    /// Seed of the shuffle; zero before `revealA`, and in all modes but FULL.
    bytes32 seed;
    /// Set bits of the posted result; zero before `postResult`.
    uint32 claimedCorrect;
    /// Challenges that are not answered, in Claimed and FullDemanded; zero elsewhere.
    uint32 openChallenges;
}

/// The public result of an engagement. Warning: an `outcome` other than Passed says nothing good about the model, and
/// Passed is worth what `assurance`, `targetBps`, `n2`, `testRoot` and `mc` say, not more.
struct Verdict {
    bytes32 modelId;
    address mp;
    address mc;
    Mode mode;
    Adjudication adjudication;
    Assurance assurance;
    Metric metric;
    uint16 targetBps;
    /// Size of the proven set: N2 in FULL, else N.
    uint32 n2;
    /// Set bits of the posted result; in DIRECT, and when the assurance is PROVEN, equal to `provenOnChain`.
    uint32 claimedCorrect;
    /// keccak256 of the posted bitmap; zero in DIRECT and before `postResult`.
    bytes32 resultHash;
    uint32 provenOnChain;
    uint32 challengesAnswered;
    Outcome outcome;
    /// Unix seconds; zero until Closed.
    uint64 closedAt;
    bytes32 testRoot;
    /// Seconds in which anybody could object to the posted result: from `postResult` until W_challenge ended, the consumer
    /// accepted or demanded proofs, or the engagement closed otherwise, whichever came first. Zero before that and in DIRECT.
    uint64 openFor;
    /// The assurance is OPTIMISTIC because the consumer accepted before all of W_challenge had passed: its word, no more.
    bool closedEarly;
}
