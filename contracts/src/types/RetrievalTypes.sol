// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Point} from "./SharedKeyTypes.sol";

/// The network that decides whether a document matches: its output is one bit. The words of a model record that a proof needs.
struct Predicate {
    /// Contract implementing `IZkVerifier`.
    address verifier;
    /// `extcodehash` of `verifier`, checked at the request and again at each proof.
    bytes32 verifierCodehash;
    /// Digest of the verifying key; never zero.
    bytes32 vkDigest;
    /// `keccak256(weight column points) >> 8`; below 2^248.
    uint256 weightsCommit;
}

/// The arguments of `RetrievalMarket.request`.
struct RequestTerms {
    bytes32 corpusId;
    /// `AuditStatement.predicateHash`.
    bytes32 predicateHash;
    /// n: documents answered 0 that are drawn and proven, 1..size; from the number of zeros on it is all of them.
    uint32 samples;
    /// m: how many more the requester may name.
    uint32 namedMax;
    /// How many documents may be answered 1, 0..size.
    uint32 onesMax;
    /// How many of these may be withheld; zero without an authority.
    uint32 withholdMax;
    /// `Statement.saltHash` of the requester's salt.
    bytes32 saltHash;
    /// x·G for a fresh x.
    Point requesterKey;
    /// Who may approve the request and overrule what is withheld; zero if nobody.
    address authority;
    /// b: what the responder deposits, wei; may be zero.
    uint128 bond;
    /// pi: what the requester pays, wei; may be zero.
    uint128 price;
    /// Last second in which the responder may accept; within the accept window from now.
    uint64 expiry;
}

/// One page of the answers as it was posted (`AnswerPages`).
struct PageOpening {
    /// Documents answered 1 on earlier pages.
    uint32 before;
    bytes bits;
}

/// Documents that one proof shows to be no match.
struct DocumentGroup {
    uint32[] indices;
    /// One of each for each index; the path has the siblings from the leaf upward under the root of the corpus.
    uint256[] docCommits;
    bytes32[] leafSalts;
    bytes32[][] paths;
    bytes proof;
}

/// What a group must show; from the market to its judge.
struct DocumentClaim {
    Predicate predicate;
    /// Kind and id of the context: which audit the proof is for.
    uint256 kind;
    bytes32 id;
    /// Root of the corpus.
    bytes32 root;
    /// Leaves under `root`.
    uint256 size;
}
