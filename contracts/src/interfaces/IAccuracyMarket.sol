// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICredits} from "./ICredits.sol";
import {
    Adjudication,
    Amounts,
    EngagementView,
    Mode,
    OfferTerms,
    Outcome,
    Params,
    ProofItem,
    State,
    Verdict
} from "../types/MarketTypes.sol";
import {ModelStatus} from "../types/ModelTypes.sol";

/// @title Engagements that settle on proofs of accuracy
/// @notice A consumer (mc) deposits D + fee and states a model, a root over N labelled examples and a target accuracy. The
/// provider (mp) deposits as much, receives the examples off chain, and either aborts or proves on chain, example by
/// example, that the model answers enough of them correctly. Money and state:
///
/// | state    | call                         | who                   | when          | next              | mc gets | mp gets |
/// |----------|------------------------------|-----------------------|---------------|-------------------|---------|---------|
/// | -        | `open`, value D + fee        | mc                    |               | Offered           |         |         |
/// | Offered  | `cancel`                     | mc; anyone if expired |               | Closed(Cancelled) | D + fee | -       |
/// | Offered  | `accept`, value D + fee      | mp                    | now <= expiry | Probing           |         |         |
/// | Probing  | `abort`                      | mp                    | in W_decide   | Closed(Abort)     | D - A   | D + A   |
/// | Probing  | `proceed`                    | mp                    | in W_decide   | Proving           |         |         |
/// | Proving  | `submitProofs`               | anyone                | in W_prove    | Closed(Passed) at the target | D - R | D + R |
/// | Proving  | `concede`                    | mp                    | in W_prove    | Closed(FailedAccuracy) | 2D | 0       |
/// | Probing, Proving | `timeout`            | anyone                | after         | Closed(MpSilent), 1 strike | 2D | 0   |
///
/// With N = N1 + N2: D = 2·N·E, A = N·P, R = 2·N·Z. Both fees go to the treasury when the engagement locks and are never
/// refunded. An action is allowed iff now <= deadline, a timeout iff now > deadline.
///
/// Only SIMPLE mode with DIRECT adjudication exists in this market; other offers revert `Unsupported`. Calls that reach the
/// registry may revert with its errors (`IModelRegistry`), those that check an item with the errors of `Merkle` and
/// `Statement`, those that check a deadline with the errors of `Deadlines`.
///
/// Warning: nobody proves delivery of the examples. `proceed` is the provider's acknowledgement that it holds all of them,
/// that they match `testRoot` and that enough are correct. Whatever is missing or wrong is a reason to `abort`; silence
/// costs the provider its deposit and a strike.
interface IAccuracyMarket is ICredits {
    event Offered(bytes32 indexed id, bytes32 indexed modelId, address indexed mc, bytes32 offerHash, OfferTerms terms);
    /// @notice The offer ended without being accepted; no `Closed` follows.
    event Cancelled(bytes32 indexed id, bytes32 indexed modelId, address indexed mc);
    event Locked(bytes32 indexed id, bytes32 indexed modelId, address indexed mp, uint64 deadline);
    event Aborted(bytes32 indexed id, bytes32 indexed modelId, address indexed mp);
    event Proceeded(bytes32 indexed id, bytes32 indexed modelId, address indexed mp, uint64 deadline);
    /// @notice `accepted` new positions were proven in this call, `provenOnChain` in all.
    event ProofsAccepted(
        bytes32 indexed id, bytes32 indexed modelId, address indexed by, uint32 accepted, uint32 provenOnChain
    );
    /// @notice A locked engagement ended; `by` sent the transaction. The two amounts add up to 2D.
    event Closed(
        bytes32 indexed id,
        bytes32 indexed modelId,
        address indexed by,
        Outcome outcome,
        uint256 mcAmount,
        uint256 mpAmount
    );

    /// @notice A constructor parameter is outside its range.
    error BadParameter(bytes32 name, uint256 value);
    /// @notice The registry was built for another accuracy market.
    error NotRegistered(address expected, address given);
    error Unsupported(Mode mode, Adjudication adjudication);
    error WrongValue(uint256 expected, uint256 given);
    error WrongState(bytes32 id, State given);
    error NotParty(address expected, address given);
    /// @notice The thing the caller answers is not the thing that is there.
    error GuardMismatch(bytes32 expected, bytes32 given);
    error ModelNotActive(bytes32 modelId, ModelStatus status);
    error ModelHashMismatch(bytes32 expected, bytes32 given);
    error BadTarget(uint16 targetBps);
    error BadExpiry(uint64 earliest, uint64 latest, uint64 given);
    error ZeroTestRoot();
    error SaltHashNotZero(bytes32 given);
    error PositionOutOfRange(uint256 limit, uint256 given);
    /// @notice The opening does not lead to the committed root.
    error WrongTestLeaf(uint32 position, bytes32 expected, bytes32 given);
    /// @notice The proven output does not count as correct for the committed label.
    error NotCorrect(uint32 position, uint256 output, uint32 label);
    /// @notice The verifier reverted, ran out of gas, or returned anything but the 32-byte word 1.
    error ProofRejected(uint32 position);
    error VerifierChanged(address verifier, bytes32 expected, bytes32 given);
    error SequenceOutOfRange(uint256 count, uint256 given);

    /// @notice Offers an engagement on a registered model.
    ///
    /// Requirements:
    /// - `msg.value` is exactly D + fee;
    /// - mode is SIMPLE and adjudication DIRECT, else `Unsupported`;
    /// - the model is Active and its hash is `terms.modelHash`;
    /// - `testRoot` is not zero, `mcSaltHash` is zero, `targetBps` is in 1..10000;
    /// - `expiry` is in now..now + acceptWindow.
    ///
    /// Warning: the consumer must deliver the examples as soon as `accept` is confirmed: a provider without them aborts,
    /// which costs the consumer A and the fee.
    ///
    /// @return id `keccak256(abi.encode(TAG_ENG, chainid, market, modelId, seq))`, seq counting the offers on this model.
    function open(OfferTerms calldata terms) external payable returns (bytes32 id);

    /// @notice Withdraws an offer that nobody accepted; D + fee return to the consumer.
    ///
    /// Requirements:
    /// - the engagement is Offered;
    /// - the caller is the consumer, or now > expiry.
    function cancel(bytes32 id) external;

    /// @notice Locks the engagement: both fees go to the treasury, `faultStrikes` are reserved, W_decide starts.
    ///
    /// Requirements:
    /// - the engagement is Offered, the caller is the provider, now <= expiry;
    /// - `guard` is the offer hash;
    /// - `msg.value` is exactly D + fee;
    /// - the registry grants the reservation (model Active, enough free stake).
    function accept(bytes32 id, bytes32 guard) external payable;

    /// @notice Ends the engagement before proving; the provider is paid A for its inferences.
    ///
    /// Requirements:
    /// - the engagement is Probing, the caller is the provider, now <= deadline, `guard` is the offer hash.
    function abort(bytes32 id, bytes32 guard) external;

    /// @notice Commits the provider to prove; W_prove starts.
    ///
    /// Requirements:
    /// - the engagement is Probing, the caller is the provider, now <= deadline, `guard` is the offer hash.
    ///
    /// Warning: call only with all N examples in hand, checked against `testRoot`, and a correct count at the target.
    function proceed(bytes32 id, bytes32 guard) external;

    /// @notice Proves correct examples; closes as Passed at the end of the call that reaches the target.
    ///
    /// Requirements:
    /// - the engagement is Proving, now <= deadline; anybody may call;
    /// - an item whose position is proven already, also earlier in the same call, is skipped whatever it contains;
    /// - every other item: position < N; `inputCommit` and `output` below the BN254 scalar order; the test leaf opens under
    ///   `testRoot` at `position`; the output is correct for the label; the registered verifier, unchanged, accepts the
    ///   proof for `[ctx, weightsCommit, inputCommit, output]`. Else the whole call reverts and nothing changes.
    ///
    /// Warning: labels, salts and commitments of proven examples become public.
    function submitProofs(bytes32 id, ProofItem[] calldata items) external;

    /// @notice The provider admits that it cannot prove the target: it loses D, but no strike.
    ///
    /// Requirements:
    /// - the engagement is Proving, the caller is the provider, now <= deadline, `guard` is the offer hash.
    function concede(bytes32 id, bytes32 guard) external;

    /// @notice Closes an engagement whose window has passed: MpSilent from Probing and Proving, Cancelled from Offered.
    ///
    /// Requirements:
    /// - the engagement is Offered, Probing or Proving, now > deadline.
    function timeout(bytes32 id) external;

    function params() external view returns (Params memory);

    /// @notice `keccak256(abi.encode(TAG_PARAMS, params()))`, covered by every offer hash.
    function PARAMS_HASH() external view returns (bytes32);

    /// @notice Deposit and payments of a SIMPLE engagement.
    function amounts() external view returns (Amounts memory);

    /// @notice Reverts `WrongState` for an unknown id, as do the next views.
    function engagement(bytes32 id) external view returns (EngagementView memory);

    /// @notice The result so far; `outcome` is None and `assurance` NONE until Closed.
    function verdict(bytes32 id) external view returns (Verdict memory);

    /// @notice Last second of the current window: `timeout` succeeds iff now is later. Zero once Closed.
    function timeoutAt(bytes32 id) external view returns (uint64);

    /// @notice Whether `position` is proven.
    function isProven(bytes32 id, uint256 position) external view returns (bool);

    /// @notice Number of offers ever made on a model.
    function engagementCount(bytes32 modelId) external view returns (uint256);

    /// @notice Identifier of offer number `seq`, counted from 0. Reverts `SequenceOutOfRange` past the last one.
    function engagementIdAt(bytes32 modelId, uint256 seq) external view returns (bytes32);
}
