// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "./IMarket.sol";
import {
    Adjudication,
    Challenge,
    EngagementView,
    Mode,
    OfferTerms,
    Outcome,
    ProofItem,
    State,
    Verdict
} from "../types/MarketTypes.sol";
import {BadData, Evidence} from "../types/TransferTypes.sol";

/// @title Engagements that settle on proofs of accuracy
/// @notice A consumer (mc) deposits D + fee and states a model, a root over N labelled examples and a target accuracy. The
/// provider (mp) deposits as much, gets the examples, and either aborts or shows that the model answers enough of them
/// correctly. Every call of a party names what it answers, its guard; every state has one deadline.
///
/// | state        | guard        | call                       | who    | window      | next |
/// |--------------|--------------|----------------------------|--------|-------------|------|
/// | -            |              | `open`, value D + fee      | mc     |             | Offered |
/// | Offered      |              | `cancel`                   | mc; anyone if expired |   | Closed(Cancelled) |
/// | Offered      | offerHash    | `accept`, value D + fee    | mp     | expiry      | Locked; in CLEAR Probing |
/// | Locked       | offerHash    | `commitTransfer`           | mc     | W_commit    | Committed |
/// | Committed    | ctRoot       | `publishChunks`, the last  | mc     | W_ack, + W_publish once | Published |
/// | Committed, Published | ctRoot | `ack`                    | mp     | W_ack       | Acked |
/// | Acked        | mpSeed       | `revealA` (FULL), `revealAll` (SIMPLE) | mc | W_key | Probing |
/// | Probing      | keccak(keys) | `proveBadData`             | anyone | W_decide    | Closed(BadData) |
/// | Probing      | keccak(keys), CLEAR: offerHash | `abort`  | mp     | W_decide    | Closed(Abort) |
/// | Probing      | as above     | `proceed`                  | mp     | W_decide    | FULL: Proceeded; else Proving |
/// | Proceeded    | seed         | `revealB`                  | mc     | W_key       | Proving |
/// | Proving      | keccak(K), CLEAR: offerHash | `proveBadData` (FULL) | anyone | W_prove | Closed(BadData) |
/// | Proving      | as above     | `concede`                  | mp     | W_prove     | Closed(FailedAccuracy) |
/// | Proving      |              | `submitProofs` (DIRECT)    | anyone | W_prove     | Closed(Passed) at the target |
/// | Proving      | keccak(K)    | `postResult` (OPTIMISTIC)  | mp     | W_prove     | Claimed |
/// | Claimed      | resultHash   | `challenge`, value B (mc), B + Z (others) | anyone | W_challenge | |
/// | Claimed, FullDemanded |     | `answer`                   | anyone | of the challenge | FullDemanded: as below |
/// | Claimed, FullDemanded |     | `timeoutChallenge`         | anyone | after that  | Closed(Fault) |
/// | Claimed      | resultHash   | `acceptResult`, none open  | mc     | W_challenge | Closed(Passed) |
/// | Claimed      |              | `finalize`, none open      | anyone | after W_challenge | Closed(Passed) |
/// | Claimed      | resultHash   | `demandFull`, value k*·B/2 | mc     | W_challenge | FullDemanded |
/// | FullDemanded | resultHash   | `submitDemanded`           | anyone | W_demand    | Closed(Passed) at k*, none open |
/// | Locked to FullDemanded | that of the state | `agreeClose` by both | mc, mp |   | Closed(Settled) |
/// | all but Claimed |           | `timeout`, of a demand below k* | anyone | after  | Closed, see below |
///
/// | outcome        | reached by                                          | mc gets | mp gets | strikes burned |
/// |----------------|-----------------------------------------------------|---------|---------|----------------|
/// | Cancelled      | `cancel`, or `timeout` in Offered                   | D + fee | -       | 0 |
/// | McSilent       | `timeout` in Locked, Acked, Proceeded               | 0       | 2D      | 0 |
/// | NoAck          | `timeout` in Committed                              | D       | D       | 0 |
/// | BadData        | `proveBadData`                                      | 0       | 2D      | 0 |
/// | Abort          | `abort`                                             | D - A   | D + A   | 0 |
/// | MpSilent       | `timeout` in Published, Probing, Proving            | 2D      | 0       | 1 |
/// | FailedAccuracy | `concede`                                           | 2D      | 0       | 0 |
/// | Fault          | `timeoutChallenge`, or `timeout` in FullDemanded    | 2D      | 0       | faultStrikes |
/// | Passed         | `submitProofs`, `acceptResult`, `finalize`, `submitDemanded`, `answer` | D - R | D + R | 0 |
/// | Settled        | `agreeClose`                                        | as agreed | as agreed | 0 |
///
/// N = N1 + N2 and D = 2·N·E. The proven set has N2 examples in FULL, else N. A = N1·P and R = 2·(N1·P + N2·Z) in FULL, else
/// A = N·P and R = 2·N·Z. k* = ceil(targetBps·size / 10000). Both fees go to the treasury when the engagement locks and are
/// never refunded. W_demand = W_respond + (k* + open challenges)·t_answer. An action is allowed iff now <= deadline, a timeout
/// iff now > deadline.
///
/// Strikes burned by a `timeoutChallenge` of anybody's challenge but the consumer's are credited to the challenger by a tenth,
/// in the registry; all others, and the rest, to the treasury. A watcher of false results thus risks nothing but gas: its
/// bond comes home unless the position is proven.
///
/// Challenges cost time and money, never the right to object. A provider that is challenged on every position of a result is
/// paid size·B for its proofs, by strangers size·(B + Z), and gets t_answer for each; from the end of W_challenge to Closed it
/// takes at most W_respond + size·t_answer, with a demand in the last second at most W_respond + (size + k*)·t_answer. Gas of a
/// call does not depend on the number of challenges; that of `challenge` and `submitDemanded` grows with the calldata of the
/// bitmap, of size/8 bytes.
///
/// A position is 0..N-1 in the order of the shuffle by the seed, which FULL alone has: its first N1 are the probe set, the
/// others the proven set. In the other modes it is the dataset index and all N are proven. Calls about a proof or a result
/// count positions within the proven set.
///
/// The parameters, amounts and payout table are at `terms()` (`IAccuracyTerms`). Calls that reach another contract may revert
/// with its errors: `IModelRegistry`, `IProofJudge`, `ITransferJudge`,
/// `IPublishedTransfers`; those that check a deadline with the errors of `Deadlines`, a bitmap with `ResultBitmap`.
///
/// Warning: in CLEAR nobody proves delivery of the examples. `proceed` is the provider's acknowledgement that it holds all
/// of them, that they match `testRoot` and that enough are correct. Whatever is missing or wrong is a reason to `abort`.
///
/// Warning: an OPTIMISTIC verdict that passed with fewer than k* proofs says only that nobody who held the proofs objected in
/// time; if it was `closedEarly`, only that its consumer accepted.
interface IAccuracyMarket is IMarket {
    event Offered(bytes32 indexed id, bytes32 indexed modelId, address indexed mc, bytes32 offerHash, OfferTerms terms);
    /// @notice The offer ended without being accepted; no `Closed` follows.
    event Cancelled(bytes32 indexed id, bytes32 indexed modelId, address indexed mc);
    event Locked(bytes32 indexed id, bytes32 indexed modelId, address indexed mp, uint64 deadline);
    event TransferCommitted(
        bytes32 indexed id, bytes32 indexed modelId, address indexed mc, bytes32 ctRoot, uint64 deadline
    );
    /// @notice `chunks` of them are published now, in the calldata of this call and of earlier ones.
    event ChunksPublished(
        bytes32 indexed id, bytes32 indexed modelId, address indexed mc, uint256 chunks, bool complete, uint64 deadline
    );
    event Acked(bytes32 indexed id, bytes32 indexed modelId, address indexed mp, bytes32 mpSeed, uint64 deadline);
    event ProbeKeysRevealed(
        bytes32 indexed id, bytes32 indexed modelId, address indexed mc, bytes32 seed, bytes keysA, uint64 deadline
    );
    event KeyRevealed(bytes32 indexed id, bytes32 indexed modelId, address indexed mc, bytes32 master, uint64 deadline);
    event BadDataProven(
        bytes32 indexed id, bytes32 indexed modelId, address indexed by, BadData claim, uint256 position
    );
    event Aborted(bytes32 indexed id, bytes32 indexed modelId, address indexed mp);
    event Proceeded(bytes32 indexed id, bytes32 indexed modelId, address indexed mp, uint64 deadline);
    event ResultPosted(
        bytes32 indexed id, bytes32 indexed modelId, address indexed mp, bytes bitmap, uint32 correct, uint64 deadline
    );
    event Challenged(
        bytes32 indexed id, bytes32 indexed modelId, address indexed challenger, uint32 position, uint64 deadline
    );
    event Answered(bytes32 indexed id, bytes32 indexed modelId, address indexed by, uint32 position);
    event BondReclaimed(bytes32 indexed id, bytes32 indexed modelId, address indexed challenger, uint32 position);
    event FullDemanded(bytes32 indexed id, bytes32 indexed modelId, address indexed mc, uint32 needed, uint64 deadline);
    /// @notice `accepted` new positions were proven in this call, `provenOnChain` in all.
    event ProofsAccepted(
        bytes32 indexed id, bytes32 indexed modelId, address indexed by, uint32 accepted, uint32 provenOnChain
    );
    event CloseVoted(
        bytes32 indexed id,
        bytes32 indexed modelId,
        address indexed by,
        bytes32 guard,
        uint256 mcAmount,
        uint256 mpAmount
    );
    /// @notice A locked engagement ended; `by` sent the transaction. The two amounts add up to 2D; what is left of a full
    /// demand returns to the consumer besides.
    event Closed(
        bytes32 indexed id,
        bytes32 indexed modelId,
        address indexed by,
        Outcome outcome,
        uint256 mcAmount,
        uint256 mpAmount
    );

    error Unsupported(Mode mode, Adjudication adjudication);
    /// @notice A proven set of up to `directMax` examples gets an unconditional verdict.
    error DirectRequired(uint32 directMax, uint32 size);
    error WrongState(bytes32 id, State given);
    error WrongMode(Mode expected, Mode given);
    error WrongAdjudication(Adjudication expected, Adjudication given);
    error BadTarget(uint16 targetBps);
    error ZeroTestRoot();
    error SaltHashNotZero(bytes32 given);
    error ZeroSaltHash();
    /// @notice Bad data in inputs of this model could not be shown: its chains absorb another number of words per call.
    error WordsPerHashMismatch(uint256 expected, uint256 given);
    error ZeroCtRoot();
    error WrongCtRoot(bytes32 expected, bytes32 given);
    error ZeroSeed();
    error WrongSalt(bytes32 expected, bytes32 given);
    error BadKeysLength(uint256 expected, uint256 given);
    /// @notice Evidence is heard about positions first..end-1 now.
    error NotOpened(uint256 first, uint256 end, uint256 given);
    error PositionOutOfRange(uint256 limit, uint256 given);
    error BelowTarget(uint256 needed, uint256 given);
    error NotClaimed(uint32 position);
    error AlreadyChallenged(uint32 position, address challenger);
    error NotChallenged(uint32 position);
    error ChallengesOpen(bytes32 id, uint32 open);
    error NothingToDemand(uint256 needed, uint256 proven);
    error BadSplit(uint256 escrow, uint256 mcAmount, uint256 mpAmount);

    // ---- offers ----

    /// @notice Offers an engagement on a registered model.
    ///
    /// Requirements:
    /// - `msg.value` is exactly D + fee;
    /// - CLEAR is adjudicated DIRECT, else `Unsupported`; so is every proven set of up to `directMax` examples;
    /// - the model is Active, its hash is `terms.modelHash`, and unless the mode is CLEAR its rho that of the transfer judge;
    /// - `testRoot` is not zero, `mcSaltHash` is zero unless the mode is FULL, `targetBps` is in 1..10000;
    /// - `expiry` is in now..now + acceptWindow.
    ///
    /// Warning: the consumer must be reachable from now on to the end: an acceptance in the last second starts W_commit, at
    /// whose end it loses D. In CLEAR it must deliver as soon as `accept` is confirmed: a provider without examples aborts.
    ///
    /// @return id `keccak256(abi.encode(TAG_ENG, chainid, market, modelId, seq))`, seq counting the offers on this model.
    function open(OfferTerms calldata terms) external payable returns (bytes32 id);

    /// @notice Withdraws an offer that nobody accepted; D + fee return to the consumer.
    ///
    /// Requirements:
    /// - the engagement is Offered;
    /// - the caller is the consumer, or now > expiry.
    function cancel(bytes32 id) external;

    /// @notice Locks the engagement: both fees go to the treasury, `faultStrikes` are reserved, the next window starts.
    ///
    /// Requirements:
    /// - the engagement is Offered, the caller is the provider, now <= expiry;
    /// - `guard` is the offer hash;
    /// - `msg.value` is exactly D + fee;
    /// - the registry grants the reservation (model Active, enough free stake).
    function accept(bytes32 id, bytes32 guard) external payable;

    // ---- transfer ----

    /// @notice Fixes the ciphertext of all N examples: `ctRoot` is the root over its chunks (`Chunks`).
    ///
    /// Requirements:
    /// - the engagement is Locked, the caller is the consumer, now <= deadline, `guard` is the offer hash;
    /// - `ctRoot` is not zero.
    function commitTransfer(bytes32 id, bytes32 guard, bytes32 ctRoot) external;

    /// @notice Publishes chunks of the ciphertext as calldata, for a provider that does not acknowledge them. The first call
    /// extends the deadline by W_publish; once all are there the provider must `ack`, or it loses D.
    ///
    /// Requirements:
    /// - the engagement is Committed, the caller is the consumer, now <= deadline, `guard` is the ctRoot;
    /// - `cipherWords` are whole chunks, of which the first is number `from`, the next one missing;
    /// - with the last chunk the root is ctRoot, else `WrongCtRoot`.
    function publishChunks(bytes32 id, bytes32 guard, uint256 from, bytes32[] calldata cipherWords) external;

    /// @notice The provider holds the whole ciphertext; `mpSeed` is its part of the seed in FULL, elsewhere just a guard.
    ///
    /// Requirements:
    /// - the engagement is Committed or Published, the caller is the provider, now <= deadline, `guard` is the ctRoot;
    /// - `mpSeed` is not zero.
    ///
    /// Warning: call only with every chunk in hand, of the exact length, checked against ctRoot; a wrong length cannot be shown
    /// later. `mpSeed` must be fresh randomness and stay secret until this call.
    function ack(bytes32 id, bytes32 guard, bytes32 mpSeed) external;

    /// @notice FULL: reveals the salt, hence the seed, and the keys of the probe set.
    ///
    /// Requirements:
    /// - the engagement is Acked and FULL, the caller is the consumer, now <= deadline, `guard` is mpSeed;
    /// - `mcSalt` opens `mcSaltHash`;
    /// - `keysA` are N1 keys of 32 bytes, that of position p (dataset index pi_seed(p)) at 32·p.
    function revealA(bytes32 id, bytes32 guard, bytes32 mcSalt, bytes calldata keysA) external;

    /// @notice SIMPLE: reveals the master key K, from which every example's key derives (`Keystream.keyOf`).
    ///
    /// Requirements:
    /// - the engagement is Acked and SIMPLE, the caller is the consumer, now <= deadline, `guard` is mpSeed.
    function revealAll(bytes32 id, bytes32 guard, bytes32 master) external;

    /// @notice FULL: reveals the master key K, from which the key of each position >= N1 derives.
    ///
    /// Requirements:
    /// - the engagement is Proceeded, the caller is the consumer, now <= deadline, `guard` is the seed.
    function revealB(bytes32 id, bytes32 guard, bytes32 master) external;

    /// @notice Shows that the transferred data of one example are not the committed ones (`ITransferJudge`).
    ///
    /// Requirements:
    /// - Probing in FULL with position < N1; Proving in FULL with N1 <= position < N; Probing in SIMPLE with position < N;
    /// - now <= deadline; `keys` hash to the guard: they are keysA, or K as 32 bytes;
    /// - the judge finds a fault, else it reverts and nothing changes.
    function proveBadData(bytes32 id, uint256 position, bytes calldata keys, Evidence calldata evidence) external;

    // ---- decision ----

    /// @notice Ends the engagement before proving; the provider is paid A for its inferences.
    ///
    /// Requirements:
    /// - the engagement is Probing, the caller is the provider, now <= deadline, `guard` is the guard of the state.
    function abort(bytes32 id, bytes32 guard) external;

    /// @notice Commits the provider to prove. In FULL the consumer reveals K next, else W_prove starts.
    ///
    /// Requirements:
    /// - the engagement is Probing, the caller is the provider, now <= deadline, `guard` is the guard of the state.
    ///
    /// Warning: call only with every opened example checked and enough of them correct. Bad data of the probe set, and in
    /// SIMPLE of any example, cannot be shown later.
    function proceed(bytes32 id, bytes32 guard) external;

    // ---- proofs ----

    /// @notice DIRECT: proves correct examples; closes as Passed at the end of the call that reaches the target.
    ///
    /// Requirements:
    /// - the engagement is Proving and DIRECT, now <= deadline; anybody may call;
    /// - an item whose position is proven already, also earlier in the same call, is skipped whatever it contains;
    /// - every other item: its position is in the proven set and `IProofJudge` accepts it. Else the whole call reverts and
    ///   nothing changes.
    ///
    /// Warning: labels, salts and commitments of proven examples become public.
    function submitProofs(bytes32 id, ProofItem[] calldata items) external;

    /// @notice The provider admits that it cannot prove the target: it loses D, but no strike.
    ///
    /// Requirements:
    /// - the engagement is Proving, the caller is the provider, now <= deadline, `guard` is the guard of the state.
    function concede(bytes32 id, bytes32 guard) external;

    // ---- claimed result ----

    /// @notice OPTIMISTIC: claims which examples are correct (`ResultBitmap`). Irrevocable.
    ///
    /// Requirements:
    /// - the engagement is Proving and OPTIMISTIC, the caller is the provider, now <= deadline, `guard` is keccak(K);
    /// - `bitmap` has exactly one bit per position of the proven set, and enough of them are set, else `BelowTarget`.
    ///
    /// Warning: set only bits whose proofs exist: one that nobody can answer loses D and `faultStrikes`.
    function postResult(bytes32 id, bytes32 guard, bytes calldata bitmap) external;

    /// @notice The consumer agrees with the result; closes as Passed at once. The verdict says how long others could object.
    ///
    /// Requirements:
    /// - the engagement is Claimed without open challenges, the caller is the consumer, now <= deadline, `guard` is the
    ///   resultHash, `keccak256(bitmap)`.
    function acceptResult(bytes32 id, bytes32 guard) external;

    /// @notice Asks for the proof of one claimed position; it is due W_respond later, and t_answer for each open challenge.
    ///
    /// Requirements:
    /// - the engagement is Claimed, now <= deadline, `bitmap` hashes to the guard; anybody may call;
    /// - `msg.value` is exactly B from the consumer, B + Z from anybody else; the answer pays it to the provider, else the
    ///   challenger may reclaim it;
    /// - the bit of `position` is set, and the position was not challenged before.
    function challenge(bytes32 id, bytes calldata bitmap, uint32 position) external payable;

    /// @notice Proves a challenged position. In FullDemanded the answer counts for the demand, and the last one that is due
    /// closes as Passed.
    ///
    /// Requirements:
    /// - the engagement is Claimed or FullDemanded, the challenge open, now <= its deadline; anybody may call;
    /// - `IProofJudge` accepts the item, else the call reverts and nothing changes.
    function answer(bytes32 id, ProofItem calldata item) external;

    /// @notice Closes as Fault because a challenge was not answered. The challenger, if it is not the consumer, is credited with
    /// a tenth of the burned strikes in the registry.
    ///
    /// Requirements:
    /// - the engagement is Claimed or FullDemanded, the challenge open, now > its deadline.
    function timeoutChallenge(bytes32 id, uint32 position) external;

    /// @notice Returns the bond of a challenge that was never answered, as much as was paid.
    ///
    /// Requirements:
    /// - the engagement is Closed, the caller made the challenge, it is neither answered nor reclaimed.
    function reclaimBond(bytes32 id, uint32 position) external;

    /// @notice Closes an unchallenged result as Passed.
    ///
    /// Requirements:
    /// - the engagement is Claimed without open challenges, now > deadline.
    function finalize(bytes32 id) external;

    /// @notice Asks for k* proofs. Open challenges stay open: they must be answered besides, by their own deadlines,
    /// which are all before that of the demand.
    ///
    /// Requirements:
    /// - the engagement is Claimed with fewer than k* positions proven, the caller is the consumer, now <= deadline, `guard`
    ///   is the resultHash;
    /// - `msg.value` is exactly k*·B/2. Each proof that was still missing and answers no challenge pays B/2 to the provider;
    ///   what is left returns when the engagement closes.
    function demandFull(bytes32 id, bytes32 guard) external payable;

    /// @notice Proves claimed positions; closes as Passed at the end of the call with which k* are proven and no challenge is
    /// open. The item of a challenged position is its answer: it takes the bond, and nothing of what was paid for the demand.
    ///
    /// Requirements:
    /// - the engagement is FullDemanded, now <= deadline, `bitmap` hashes to the guard; anybody may call;
    /// - the bit of every item is set; for an answer, now <= the deadline of the challenge; otherwise as `submitProofs`.
    function submitDemanded(bytes32 id, bytes calldata bitmap, ProofItem[] calldata items) external;

    // ---- endings ----

    /// @notice Votes to close with this split; the vote that finds an equal one of the other party closes as Settled.
    ///
    /// Requirements:
    /// - the engagement is locked and not Closed, the caller is a party, `guard` is the guard of the state;
    /// - the amounts add up to 2D.
    ///
    /// Warning: the other party may take the offer at any time while the state lasts, also after the deadline. Voting again
    /// replaces it; 2D for oneself withdraws it.
    function agreeClose(bytes32 id, bytes32 guard, uint256 mcAmount, uint256 mpAmount) external;

    /// @notice Closes an engagement whose window has passed, against the party whose move it was.
    ///
    /// Requirements:
    /// - the engagement is neither Claimed nor Closed, now > deadline; anybody may call;
    /// - no challenge is open beside a demand, else `ChallengesOpen`: all are overdue by then, and `timeoutChallenge` closes.
    function timeout(bytes32 id) external;

    // ---- views ----

    /// @notice Reverts `WrongState` for an unknown id, as do the next views.
    function engagement(bytes32 id) external view returns (EngagementView memory);

    /// @notice The result so far; `outcome` is None and `assurance` NONE until Closed.
    function verdict(bytes32 id) external view returns (Verdict memory);

    /// @notice The challenge of `position`, if any.
    function challengeAt(bytes32 id, uint32 position) external view returns (Challenge memory);

    /// @notice Last second of the current window: `timeout`, in Claimed `finalize`, is possible only later; open challenges have
    /// deadlines of their own. Zero once Closed.
    function timeoutAt(bytes32 id) external view returns (uint64);

    /// @notice Whether `position` of the proven set is proven.
    function isProven(bytes32 id, uint256 position) external view returns (bool);

    /// @notice Number of engagements on a model that were ever locked. Offers cost their maker gas only, and are counted apart.
    function lockedCount(bytes32 modelId) external view returns (uint256);

    /// @notice Identifier of locked engagement number `i`, counted from 0. Reverts `SequenceOutOfRange` past the last one.
    function lockedIdAt(bytes32 modelId, uint256 i) external view returns (bytes32);

    /// @notice Number of offers ever made on a model.
    function engagementCount(bytes32 modelId) external view returns (uint256);

    /// @notice Identifier of offer number `seq`, counted from 0, as `open` returned it. Reverts `SequenceOutOfRange` past the
    /// last one.
    function engagementIdAt(bytes32 modelId, uint256 seq) external view returns (bytes32);
}
