// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "./IMarket.sol";
import {
    AnswerGroup,
    PredictionParams,
    Privacy,
    RoundOutcome,
    RoundState,
    RoundTerms,
    RoundView
} from "../types/RoundTypes.sol";

/// @title Rounds of predictions that settle on contests
/// @notice A consumer (mc) commits to K inputs and hands them to the provider (mp) off chain. The provider runs the model and
/// locks a root of the outputs before anybody reads one. The consumer may contest up to C of them: each must be proven, else
/// the provider loses its deposit M. Every call of a party names what it answers, its guard.
///
/// | state   | guard       | call                                  | who    | allowed | next |
/// |---------|-------------|---------------------------------------|--------|---------|------|
/// | -       |             | `open`, value 2CZ + pi + fee + Q      | mc     |         | Offered |
/// | Offered |             | `cancel`                              | mc; anyone if expired |  | Closed(Cancelled) |
/// | Offered | offerHash   | `serve`, value M + fee                | mp     | now <= expiry | Rooted, deadline in W_publish, PRIVATE: W_contest |
/// | Rooted  | outputsRoot | `publish`, PUBLIC                     | mp     | now <= deadline | Served, deadline in W_contest |
/// | Rooted  | outputsRoot | `publish`, PRIVATE                    | mp     | deadline < now <= deadline + W_publish | as above |
/// | Rooted  | outputsRoot | `confirm`, PRIVATE                    | mc     |         | Closed(Clean) |
/// | Rooted  | outputsRoot | `contest`, PRIVATE, value as below    | mc     | now <= deadline | Served, same deadline |
/// | Rooted  |             | `timeout`                             | anyone | now > deadline, PRIVATE: + W_publish | Closed(Void) |
/// | Served  | outputsRoot | `contest`, value added·G·basefee      | mc     | now <= deadline, nothing overdue | |
/// | Served  |             | `answer`                              | anyone | now <= answerBy | |
/// | Served  | outputsRoot | `confirm`, none unproven              | mc     |         | Closed(Clean, Upheld) |
/// | Served  |             | `finalize`, none unproven             | anyone | now > deadline, or C contested | Closed(Clean, Upheld) |
/// | Served  |             | `timeout`, some unproven              | anyone | now > answerBy | Closed(Fault) |
///
/// | outcome         | mc gets             | mp gets          | strikes burned |
/// |-----------------|---------------------|------------------|----------------|
/// | Cancelled       | 2CZ + pi + fee + Q  | -                | 0 |
/// | Void            | 2CZ + pi            | M                | PUBLIC 1, PRIVATE 0 |
/// | Clean           | 2CZ                 | M + pi           | 0 |
/// | Upheld          | 2CZ - 2kZ           | M + pi + 2kZ + F | 0 |
/// | Fault           | 2CZ + pi + M + F    | -                | 1 |
///
/// Q goes besides to the consumer; but a publication in PRIVATE takes min(Q, Q at the base fee of `publish`) from it: what stands
/// for half of `publish` goes to the provider, what stands for `confirm` to the treasury. k counts the contested predictions, all
/// of which are proven in Upheld, none contested in Clean; F is what contests brought. Both fees go to the treasury when the
/// round is served. answerBy = now + W_respond + (all contested)·t, set anew by each contest. An action is allowed iff
/// now <= deadline, a timeout iff now > deadline.
///
/// Q = (gas of `confirm` + half the gas of `publish`)·basefee at `open`, zero in PUBLIC: to confirm costs the consumer less than
/// silence, and to withhold outputs and publish them the provider twice what it gets for it (`QuietGas`).
///
/// What a caller cannot know exactly beforehand, the base fee, it may overpay: `open` and `contest` credit the rest to it.
///
/// Leaf i of the inputs is `keccak256(abi.encode(TAG_IN, i, inputCommit))`. How outputs are packed into words, and their leaves:
/// `OutputWords` and `Statement`.
///
/// Calls that reach another contract may revert with its errors: `IModelRegistry`, `IOutputJudge`; those that check a deadline
/// with the errors of `Deadlines`, a bitmap with `ResultBitmap`, output words with `OutputWords`.
///
/// Warning: the contract learns nothing about who handed over what. A provider must hold all inputs, matching inputRoot, and a
/// witness of each before it serves. In PRIVATE a consumer without all outputs must neither confirm nor contest: it is silent,
/// and the provider publishes.
interface IPredictionMarket is IMarket {
    event RoundOffered(
        bytes32 indexed id,
        bytes32 indexed modelId,
        address indexed mc,
        bytes32 offerHash,
        uint128 quietBond,
        RoundTerms terms
    );
    /// @notice The offer ended without being served; no `RoundClosed` follows.
    event RoundCancelled(bytes32 indexed id, bytes32 indexed modelId, address indexed mc);
    event RoundServed(
        bytes32 indexed id, bytes32 indexed modelId, address indexed mp, bytes32 outputsRoot, uint64 deadline
    );
    event OutputsPublished(
        bytes32 indexed id,
        bytes32 indexed modelId,
        address indexed mp,
        bytes32 master,
        uint256[] words,
        uint64 deadline
    );
    /// @notice `added` predictions of `bitmap` were not contested before; `contested` are now.
    event Contested(
        bytes32 indexed id,
        bytes32 indexed modelId,
        address indexed mc,
        bytes bitmap,
        uint32 added,
        uint32 contested,
        uint64 answerBy
    );
    /// @notice `accepted` predictions were proven in this call, `proven` in all.
    event RoundAnswered(
        bytes32 indexed id, bytes32 indexed modelId, address indexed by, uint32 accepted, uint32 proven
    );
    /// @notice A served round ended; `by` sent the transaction. The three amounts add up to 2CZ + pi + M + F + Q.
    event RoundClosed(
        bytes32 indexed id,
        bytes32 indexed modelId,
        address indexed by,
        RoundOutcome outcome,
        uint256 mcAmount,
        uint256 mpAmount,
        uint256 treasuryAmount
    );

    /// @notice A constructor parameter is outside its range.
    error BadParameter(bytes32 name, uint256 value);
    error WrongRoundState(bytes32 id, RoundState given);
    error ZeroInputRoot();
    error ZeroOutputsRoot();
    error BadPredictions(uint256 limit, uint256 given);
    error BadContestCap(uint256 limit, uint256 given);
    error DepositTooLow(uint256 least, uint256 given);
    error WrongOutputs(bytes32 expected, bytes32 given);
    /// @notice Every prediction of the bitmap is contested already.
    error NothingNew();
    error AboveCap(uint256 cap, uint256 given);
    /// @notice A contested prediction was not proven in time: only `timeout` is left.
    error Overdue(uint64 answerBy, uint64 nowTs);
    /// @notice So many contested predictions are not proven.
    error Unproven(bytes32 id, uint256 count);
    error NothingUnproven(bytes32 id);

    // ---- offers ----

    /// @notice Offers a round on a registered model.
    ///
    /// Requirements:
    /// - the model is Active and its hash is `t.modelHash`;
    /// - `inputRoot` is not zero, `predictions` is in 1..4096 (PRIVATE: 1..1024), `contestCap` in 1..predictions;
    /// - `mpDeposit` is at least 2·contestCap·Z;
    /// - `expiry` is in now..now + acceptWindow;
    /// - `msg.value` is at least 2CZ + pi + fee + Q, Q by the base fee of this block; the rest becomes credit of the caller.
    ///
    /// Warning: inputs handed over are read whether the round is served or not.
    ///
    /// @return id `keccak256(abi.encode(TAG_ROUND, chainid, market, modelId, seq))`, seq counting the offers on this model.
    function open(RoundTerms calldata t) external payable returns (bytes32 id);

    /// @notice Withdraws an offer that was not served; 2CZ + pi + fee + Q return to the consumer.
    ///
    /// Requirements:
    /// - the round is Offered;
    /// - the caller is the consumer, or now > expiry.
    function cancel(bytes32 id) external;

    /// @notice Fixes all outputs by the root over their salted words, and locks the round: both fees go to the treasury, one
    /// strike is reserved.
    ///
    /// Requirements:
    /// - the round is Offered, the caller is the provider, now <= expiry;
    /// - `guard` is the offer hash; `outputsRoot` is not zero;
    /// - `msg.value` is exactly M + fee;
    /// - the registry grants the reservation (model Active, enough free stake).
    ///
    /// Warning: call only with every input in hand, checked against inputRoot, and the proof of any C of them affordable in time.
    /// The master salt must be kept before this call: without it no output can be published or proven.
    function serve(bytes32 id, bytes32 guard, bytes32 outputsRoot) external payable;

    // ---- outputs ----

    /// @notice Shows all outputs; starts W_contest.
    ///
    /// Requirements:
    /// - the round is Rooted, the caller is the provider, `guard` is the outputsRoot;
    /// - PUBLIC: now <= deadline; PRIVATE: deadline < now <= deadline + W_publish;
    /// - `words` are all ceil(K / lanes) words with unused bits zero, and with their salts under `master` they lead to outputsRoot.
    ///
    /// Warning: a reorganisation can undo `serve` and leave the outputs readable: wait for its confirmations.
    function publish(bytes32 id, bytes32 guard, bytes32 master, uint256[] calldata words) external;

    /// @notice The consumer has all outputs and contests no more.
    ///
    /// Requirements:
    /// - the round is Served with every contested prediction proven, or Rooted and PRIVATE;
    /// - the caller is the consumer, `guard` is the outputsRoot.
    function confirm(bytes32 id, bytes32 guard) external;

    // ---- contests ----

    /// @notice Asks for the proof of each prediction whose bit is set (`ResultBitmap`) and that was not contested before.
    ///
    /// Requirements:
    /// - the round is Served, or Rooted and PRIVATE: then this admits that all outputs are there; now <= deadline;
    /// - the caller is the consumer, `guard` is the outputsRoot;
    /// - no contested prediction is overdue, else `Overdue`;
    /// - `bitmap` has exactly one bit per prediction, adds one at least, and no more than C are contested in all;
    /// - `msg.value` is at least G times the base fee for each prediction added; the rest becomes credit of the caller.
    function contest(bytes32 id, bytes32 guard, bytes calldata bitmap) external payable;

    /// @notice Proves contested predictions.
    ///
    /// Requirements:
    /// - the round is Served, now <= answerBy; anybody may call;
    /// - an index that is not contested, or proven already, also earlier in the same call, is skipped, and a group without
    ///   another index whatever it contains;
    /// - `IOutputJudge` accepts every other group. Else the whole call reverts and nothing changes.
    ///
    /// Warning: input commitments and outputs of proven predictions become public.
    function answer(bytes32 id, AnswerGroup[] calldata groups) external;

    // ---- endings ----

    /// @notice Closes a round in which nothing can be contested any more and everything contested is proven.
    ///
    /// Requirements:
    /// - the round is Served, nothing is unproven;
    /// - now > deadline, or C predictions were contested; anybody may call.
    function finalize(bytes32 id) external;

    /// @notice Closes a round against the party whose move it was: as Void when no outputs came, as Fault when a contested
    /// prediction was not proven.
    ///
    /// Requirements:
    /// - Rooted: now > deadline, in PRIVATE now > deadline + W_publish;
    /// - Served: something is unproven and now > answerBy; anybody may call.
    function timeout(bytes32 id) external;

    // ---- views ----

    function params() external view returns (PredictionParams memory);

    /// @notice Q of a round that is offered at that base fee. A node may report no base fee to a call, hence it is an argument.
    function quietBond(Privacy privacy, uint32 predictions, uint256 baseFee) external pure returns (uint256);

    /// @notice What a contest that adds so many predictions must bring at that base fee.
    function contestFee(uint32 added, uint256 baseFee) external view returns (uint256);

    /// @notice Reverts `WrongRoundState` for an unknown id, as do the next views.
    function round(bytes32 id) external view returns (RoundView memory);

    /// @notice The contested predictions as `contest` takes them.
    function contestedSet(bytes32 id) external view returns (bytes memory bitmap);

    /// @notice The proven predictions, in the same form.
    function provenSet(bytes32 id) external view returns (bytes memory bitmap);

    /// @notice Last second in which only a party can end the round; later anybody can, by `timeout`, `finalize` or, of an offer,
    /// `cancel`. Zero once Closed, and when all of C contested predictions are proven.
    function timeoutAt(bytes32 id) external view returns (uint64);

    /// @notice Number of rounds on a model that were ever served. Offers cost their maker gas only, and are counted apart.
    function roundCount(bytes32 modelId) external view returns (uint256);

    /// @notice Identifier of served round number `i`, counted from 0. Reverts `SequenceOutOfRange` past the last one.
    function roundIdAt(bytes32 modelId, uint256 i) external view returns (bytes32);

    /// @notice Number of offers ever made on a model.
    function offerCount(bytes32 modelId) external view returns (uint256);

    /// @notice Identifier of offer number `seq`, counted from 0, as `open` returned it. Reverts `SequenceOutOfRange` past the
    /// last one.
    function offerIdAt(bytes32 modelId, uint256 seq) external view returns (bytes32);
}
