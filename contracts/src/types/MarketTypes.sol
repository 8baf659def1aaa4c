// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Metric} from "./ModelTypes.sol";

/// States of an engagement in the order of protocols 6.3. In this market only Offered, Probing, Proving and Closed are
/// entered; the other values are reserved for the full protocol. A cancelled offer is Closed with `Outcome.Cancelled`.
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

/// Outcomes in the order of protocols 6.4; `None` until Closed. In this market only Cancelled, Abort, MpSilent,
/// FailedAccuracy and Passed are reached.
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

/// SIMPLE: every example is proven. FULL: a hidden probe set, then a proven set.
enum Mode {
    SIMPLE,
    FULL
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
    /// Commitment to the consumer's salt: zero in SIMPLE.
    bytes32 mcSaltHash;
    /// Required accuracy in basis points, 1..10000.
    uint16 targetBps;
    /// Last second in which the provider may accept; within `acceptWindow` from now.
    uint64 expiry;
}

/// One example proven correct, an element of `submitProofs`.
struct ProofItem {
    /// 0..N-1. In SIMPLE the position is the index of the test leaf.
    uint32 position;
    uint256 inputCommit;
    uint32 label;
    bytes32 leafSalt;
    /// Siblings from the leaf upward, exactly ceil(log2 N).
    bytes32[] path;
    uint256 output;
    bytes proof;
}

/// Constructor argument of `AccuracyMarket`; E, N1, faultStrikes and the treasury come from the registry.
struct MarketParams {
    address registry;
    /// Z: wei per proof; E > Z.
    uint128 priceProof;
    /// P: wei per inference; Z > P > 0.
    uint128 priceInference;
    /// epsilon: wei paid by each side when an engagement locks; > 0.
    uint128 fee;
    /// N2: proven set size; N = N1 + N2 <= 65536.
    uint32 n2;
    /// Longest time between `open` and its expiry, seconds.
    uint64 acceptWindow;
    /// W_decide: from `accept`, seconds.
    uint64 decideWindow;
    /// W_prove = proveBase + N·proveTimePerItem: from `proceed`, seconds.
    uint64 proveBase;
    uint64 proveTimePerItem;
}

/// Every parameter that an engagement depends on; `PARAMS_HASH = keccak256(abi.encode(TAG_PARAMS, Params))`.
struct Params {
    address registry;
    address treasury;
    uint128 priceInput;
    uint128 priceProof;
    uint128 priceInference;
    uint128 fee;
    uint32 n1;
    uint32 n2;
    uint16 faultStrikes;
    uint64 acceptWindow;
    uint64 decideWindow;
    uint64 proveBase;
    uint64 proveTimePerItem;
    uint64 unbondWindow;
}

/// Amounts derived from `Params` for SIMPLE engagements, wei.
struct Amounts {
    /// D = 2·N·E, escrowed by each side. `open` and `accept` take D + fee.
    uint128 deposit;
    /// A = N·P, from the consumer to the provider in Abort.
    uint128 abortPayment;
    /// R = 2·N·Z, from the consumer to the provider in Passed.
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
    /// Size of the proven set: N in SIMPLE.
    uint32 n2;
    /// In DIRECT equal to `provenOnChain`.
    uint32 claimedCorrect;
    /// Zero in DIRECT.
    bytes32 resultHash;
    uint32 provenOnChain;
    uint32 challengesAnswered;
    Outcome outcome;
    /// Unix seconds; zero until Closed.
    uint64 closedAt;
    bytes32 testRoot;
}
