// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICredits} from "./ICredits.sol";
import {
    Counter,
    Metric,
    ModelRecord,
    ModelStatus,
    ModelView,
    ProofTerms,
    RegistryParams,
    Reputation
} from "../types/ModelTypes.sol";

/// @title Model records, stakes, reservations and public history
/// @notice A model is registered once, with a stake S of 1000 strikes. Engagements reserve strikes while they are open,
/// so that whatever they may burn is always there. Burned strikes go to the treasury, never to the other party.
///
/// There is no owner, no setter and no upgrade: parameters and adjudicators are fixed at construction.
interface IModelRegistry is ICredits {
    event ModelRegistered(
        bytes32 indexed modelId, address indexed mp, bytes32 modelHash, uint128 stake, ModelRecord record
    );
    event TransportKeySet(bytes32 indexed modelId, address indexed mp, bytes32 transportPubKey);
    event StakeToppedUp(bytes32 indexed modelId, address indexed from, uint128 amount, uint128 stake);
    event Reserved(bytes32 indexed modelId, address indexed adjudicator, uint32 strikes);
    event Released(
        bytes32 indexed modelId, address indexed adjudicator, uint32 strikes, uint32 burned, Counter counter
    );
    event Struck(bytes32 indexed modelId, address indexed mp, uint32 strikes, uint128 stake);
    event Suspended(bytes32 indexed modelId, address indexed mp, uint128 stake);
    event Activated(bytes32 indexed modelId, address indexed mp, uint128 stake);
    event ExitRequested(bytes32 indexed modelId, address indexed mp, uint64 unlockAt);
    event ExitCancelled(bytes32 indexed modelId, address indexed mp);
    event Exited(bytes32 indexed modelId, address indexed mp, uint128 stake);

    /// @notice A constructor parameter is outside its range.
    error BadParameter(bytes32 name, uint256 value);
    error WrongValue(uint256 expected, uint256 given);
    error NotProvider(address expected, address given);
    error NotAdjudicator(address given);
    error ModelExists(bytes32 modelId);
    error WrongModelStatus(bytes32 modelId, ModelStatus given);
    error VerifierHasNoCode(address verifier);
    /// @notice The verifier is an account that runs the code of another one, and may change which (EIP-7702).
    error VerifierIsDelegated(address verifier);
    error VerifierChanged(address verifier, bytes32 expected, bytes32 given);
    error ZeroVkDigest();
    error WeightsCommitTooLarge(uint256 given);
    error BadClasses(Metric metric, uint32 given);
    error BadInputShape(uint32 inputWords, uint32 wordsPerHash);
    error UriTooLong(uint256 limit, uint256 given);
    error ZeroTransportKey();
    /// @notice Free stake is below what the reservation needs.
    error StakeTooLow(uint256 required, uint256 given);
    error HasOpenEngagements(bytes32 modelId, uint32 open);
    error BurnAboveReservation(uint32 reserved, uint32 burn);
    error ReleaseAboveReserved(uint32 reserved, uint32 released);

    /// @notice Registers `record` with the caller as provider and the sent value as stake.
    ///
    /// Requirements:
    /// - `msg.value` is exactly `stakeRequired()`;
    /// - `record.mp` is the caller;
    /// - `record.verifier` has code of its own, no delegation, whose hash is `record.verifierCodehash`;
    /// - `record.vkDigest` is not zero, `record.weightsCommit` is below 2^248;
    /// - `record.classes` fits the metric, `inputWords` and `wordsPerHash` are not zero, `uri` has at most 512 bytes;
    /// - `transportPubKey` is not zero;
    /// - the same (caller, record, nonce) was not registered before. A retried transaction therefore costs no stake.
    ///
    /// Warning: a weights commitment need not be unique; a copy of another model's record is worthless without its
    /// weights. Clients trust no verifier code they do not recognise: code that never changes may still ask other contracts,
    /// as a proxy does, and nothing here compares the record with the circuit.
    ///
    /// @return modelId `keccak256(abi.encode(TAG_MODEL, chainid, registry, mp, modelHash, nonce))`.
    function register(ModelRecord calldata record, bytes32 transportPubKey, uint64 nonce)
        external
        payable
        returns (bytes32 modelId);

    /// @notice Replaces the transport key; the identity of the model does not change.
    ///
    /// Requirements:
    /// - the caller is the provider, the model is registered and not Closed, the key is not zero.
    function setTransportKey(bytes32 modelId, bytes32 transportPubKey) external;

    /// @notice Adds the sent value to the stake; a Suspended model whose stake reaches `stakeRequired()` is Active again.
    ///
    /// Requirements:
    /// - the model is Active or Suspended, the value is not zero.
    ///
    /// Warning: anybody may pay, but the stake returns to the provider alone.
    function topUp(bytes32 modelId) external payable;

    /// @notice Sets `strikes` of the stake aside for one engagement.
    ///
    /// Requirements:
    /// - the caller is an adjudicator;
    /// - the model is Active and its stake is at least `stakeRequired()` and `(reserved + strikes)·strike()`.
    function reserve(bytes32 modelId, uint32 strikes) external;

    /// @notice Ends one reservation, burns `burn` of its strikes and counts the outcome.
    ///
    /// Requirements:
    /// - the caller is an adjudicator, which calls this once per `reserve` with the same `strikes`;
    /// - `burn <= strikes`.
    ///
    /// A tenth of what is burned, rounded down, becomes credit of `finder` if that is not zero; the rest, or all, that of the
    /// treasury. A stake below `stakeRequired()` suspends the model.
    ///
    /// @param finder Who showed what the strikes are for, and is not paid for it otherwise.
    function release(bytes32 modelId, uint32 strikes, uint32 burn, Counter counter, address finder) external;

    /// @notice Starts the unbonding delay; no engagement can be accepted from now on.
    ///
    /// Requirements:
    /// - the caller is the provider, the model is Active or Suspended, nothing is open.
    function requestExit(bytes32 modelId) external;

    /// @notice Returns an Unbonding model to Active, or to Suspended if its stake is too low.
    ///
    /// Requirements:
    /// - the caller is the provider, the model is Unbonding.
    function cancelExit(bytes32 modelId) external;

    /// @notice Closes the model for good and credits its stake to the provider.
    ///
    /// Requirements:
    /// - the caller is the provider, the model is Unbonding, now > unlockAt.
    function exit(bytes32 modelId) external;

    function params() external view returns (RegistryParams memory);

    /// @notice S = 1000·N1·E.
    function stakeRequired() external view returns (uint128);

    /// @notice sigma = N1·E, wei per strike.
    function strike() external view returns (uint128);

    /// @notice The accuracy market.
    function accuracy() external view returns (address);

    /// @notice The prediction market; zero when there is none.
    function prediction() external view returns (address);

    /// @notice Number of models ever registered.
    function modelCount() external view returns (uint256);

    /// @notice Identifier of model number `i`, counted from 0. Reverts `SequenceOutOfRange` past the last one.
    function modelIdAt(uint256 i) external view returns (bytes32);

    /// @notice `keccak256(abi.encode(TAG_RECORD, mp, verifier, verifierCodehash, vkDigest, weightsCommit, metric, classes,
    /// inputWords, wordsPerHash))`: everything but `uri`, each field in one word.
    function hashRecord(ModelRecord calldata record) external pure returns (bytes32 modelHash);

    /// @notice The identifier that `register` gives.
    function modelIdOf(address mp, bytes32 modelHash, uint64 nonce) external view returns (bytes32);

    /// @notice All about one model. Reverts `WrongModelStatus` if it was never registered, as do the next views.
    function model(bytes32 modelId) external view returns (ModelView memory);

    /// @notice What an offer is checked against.
    function standing(bytes32 modelId) external view returns (ModelStatus status, address mp, bytes32 modelHash);

    /// @notice What a proof is checked against.
    function proofTerms(bytes32 modelId) external view returns (ProofTerms memory);

    /// @notice L and rho of the record: how an input is cut into chunks and hashed.
    function inputShape(bytes32 modelId) external view returns (uint32 inputWords, uint32 wordsPerHash);

    /// @notice Current transport key. Read it from a confirmed block each time something is sent.
    function transportKey(bytes32 modelId) external view returns (bytes32);

    function reputation(bytes32 modelId) external view returns (Reputation memory);
}
