// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// Life of a registered model: `None -> Active <-> Suspended -> Unbonding -> Closed`.
enum ModelStatus {
    None,
    Active,
    Suspended,
    Unbonding,
    Closed
}

/// How a proven output is compared with a committed label, and how the output word is encoded. Every index is below the
/// number of classes; bits that no index uses are zero.
///
/// `TOP1`: the class index. `TOP5`: five class indices, each above the one before, index j in bits 16j..16j+15. `BIN`: 0
/// or 1.
enum Metric {
    TOP1,
    TOP5,
    BIN
}

/// The reputation counter an adjudicator raises when it releases a reservation (protocols 6.4).
enum Counter {
    PassedProven,
    PassedOptimistic,
    Failed,
    Aborted,
    Unacked,
    McFault,
    MpFault,
    Settled,
    Voided,
    RoundClean,
    RoundUpheld,
    RoundFault
}

/// What a provider registers: immutable, and all of it but `uri` is hashed into `modelHash`.
struct ModelRecord {
    /// The provider: owner of the stake, the only account that may accept engagements.
    address mp;
    /// Contract implementing `IZkVerifier`.
    address verifier;
    /// `extcodehash` of `verifier`, checked at registration and again at each proof.
    bytes32 verifierCodehash;
    /// Digest of the verifying key the verifier must use; never zero.
    bytes32 vkDigest;
    /// `keccak256(weight column points) >> 8`; below 2^248.
    uint256 weightsCommit;
    Metric metric;
    /// Number of classes: 2..65536 for TOP1, 6..65536 for TOP5, exactly 2 for BIN.
    uint32 classes;
    /// L: number of 31-byte words of one input; at least 1.
    uint32 inputWords;
    /// rho: message words absorbed by one hash call of the input commitment; at least 1.
    uint32 wordsPerHash;
    /// Where clients find the circuit and its description; at most 512 bytes, not part of the identity.
    string uri;
}

/// The parts of a record that an adjudicator needs to check a proof.
struct ProofTerms {
    address verifier;
    bytes32 verifierCodehash;
    bytes32 vkDigest;
    uint256 weightsCommit;
    Metric metric;
    uint32 classes;
}

/// A model as `ModelRegistry.model` returns it.
struct ModelView {
    ModelRecord record;
    bytes32 modelHash;
    /// X25519 public key to which consumers encrypt; the provider may replace it.
    bytes32 transportPubKey;
    ModelStatus status;
    /// Wei at stake.
    uint128 stake;
    /// Open engagements and rounds.
    uint32 open;
    /// Strikes reserved by them.
    uint32 reserved;
    /// While Unbonding: `exit` is allowed when now > unlockAt. Zero otherwise.
    uint64 unlockAt;
    /// Unix seconds of registration.
    uint64 registeredAt;
}

/// Public history of a model; raw counts, never a score.
struct Reputation {
    uint32 passedProven;
    /// Includes results that the consumer accepted before all of W_challenge had passed, see `Verdict.closedEarly`.
    uint32 passedOptimistic;
    uint32 failed;
    uint32 aborted;
    uint32 unacked;
    uint32 mcFault;
    uint32 mpFault;
    uint32 settled;
    uint32 voided;
    /// Strikes burned so far.
    uint32 strikes;
    /// Unix seconds: registration of this model.
    uint64 firstSeen;
    /// Unix seconds: the provider's first registration of any model here.
    uint64 providerFirstSeen;
    /// Rounds of predictions, in none of which a verdict was given. One without outputs is `voided`.
    uint32 roundClean;
    uint32 roundUpheld;
    uint32 roundFault;
}

/// Constructor argument of `ModelRegistry`.
struct RegistryParams {
    /// E: wei per labelled input.
    uint128 priceInput;
    /// N1: probe set size, 1..2048. The stake is 1000 strikes of N1·E.
    uint32 n1;
    /// Strikes reserved by an engagement and burned by a Fault, 1..1000.
    uint16 faultStrikes;
    /// W_unbond in seconds.
    uint64 unbondWindow;
    /// TR: receives fees and burned strikes, less what finders have of these. Warning: the deterrents are void if it refunds
    /// anybody.
    address treasury;
    /// The accuracy market, which may reserve and release.
    address accuracy;
    /// The prediction market, which may reserve and release; zero when there is none.
    address prediction;
}
