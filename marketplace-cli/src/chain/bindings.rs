//! The contracts' ABI, by hand, so that cargo needs no forge output.
//!
//! `tests/abi.rs` compares every selector and event topic with forge's artifacts. Functions the program never calls
//! (reserve, release) are left out on purpose.

use alloy::sol;

sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq))]

    enum ModelStatus { None, Active, Suspended, Unbonding, Closed }
    enum Metric { TOP1, TOP5, BIN }
    enum Counter { PassedProven, PassedOptimistic, Failed, Aborted, Unacked, McFault, MpFault, Settled, Voided }
    enum State {
        None, Offered, Locked, Committed, Published, Acked, Probing, Proceeded, Proving, Claimed, FullDemanded, Closed
    }
    enum Outcome {
        None, Cancelled, McSilent, NoAck, BadData, Abort, MpSilent, FailedAccuracy, Fault, Passed, Settled
    }
    enum Mode { SIMPLE, FULL }
    enum Adjudication { DIRECT, OPTIMISTIC }
    enum Assurance { NONE, OPTIMISTIC, PROVEN }

    struct ModelRecord {
        address mp;
        address verifier;
        bytes32 verifierCodehash;
        bytes32 vkDigest;
        uint256 weightsCommit;
        Metric metric;
        uint32 classes;
        uint32 inputWords;
        uint32 wordsPerHash;
        string uri;
    }

    struct ProofTerms {
        address verifier;
        bytes32 verifierCodehash;
        bytes32 vkDigest;
        uint256 weightsCommit;
        Metric metric;
        uint32 classes;
    }

    struct ModelView {
        ModelRecord record;
        bytes32 modelHash;
        bytes32 transportPubKey;
        ModelStatus status;
        uint128 stake;
        uint32 open;
        uint32 reserved;
        uint64 unlockAt;
        uint64 registeredAt;
    }

    struct Reputation {
        uint32 passedProven;
        uint32 passedOptimistic;
        uint32 failed;
        uint32 aborted;
        uint32 unacked;
        uint32 mcFault;
        uint32 mpFault;
        uint32 settled;
        uint32 voided;
        uint32 strikes;
        uint64 firstSeen;
        uint64 providerFirstSeen;
    }

    struct RegistryParams {
        uint128 priceInput;
        uint32 n1;
        uint16 faultStrikes;
        uint64 unbondWindow;
        address treasury;
        address accuracy;
        address prediction;
    }

    struct OfferTerms {
        bytes32 modelId;
        bytes32 modelHash;
        Mode mode;
        Adjudication adjudication;
        bytes32 testRoot;
        bytes32 mcSaltHash;
        uint16 targetBps;
        uint64 expiry;
    }

    struct ProofItem {
        uint32 position;
        uint256 inputCommit;
        uint32 label;
        bytes32 leafSalt;
        bytes32[] path;
        uint256 output;
        bytes proof;
    }

    struct MarketParams {
        address registry;
        uint128 priceProof;
        uint128 priceInference;
        uint128 fee;
        uint32 n2;
        uint64 acceptWindow;
        uint64 decideWindow;
        uint64 proveBase;
        uint64 proveTimePerItem;
    }

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

    struct Amounts {
        uint128 deposit;
        uint128 abortPayment;
        uint128 successPayment;
        uint128 fee;
    }

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
        uint64 deadline;
        uint64 closedAt;
        uint32 provenOnChain;
    }

    struct Verdict {
        bytes32 modelId;
        address mp;
        address mc;
        Mode mode;
        Adjudication adjudication;
        Assurance assurance;
        Metric metric;
        uint16 targetBps;
        uint32 n2;
        uint32 claimedCorrect;
        bytes32 resultHash;
        uint32 provenOnChain;
        uint32 challengesAnswered;
        Outcome outcome;
        uint64 closedAt;
        bytes32 testRoot;
    }

    #[sol(rpc)]
    interface ICredits {
        event Credited(address indexed account, uint256 amount);
        event Withdrawn(address indexed account, address indexed to, uint256 amount);

        error NothingToWithdraw(address account);
        error TransferFailed(address to, uint256 amount);
        error ReentrancyGuardReentrantCall();

        function withdraw(address payable to) external returns (uint256 amount);
        function credit(address account) external view returns (uint256);
        function totalOwed() external view returns (uint256);
    }

    #[sol(rpc)]
    interface IModelRegistry {
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

        error BadParameter(bytes32 name, uint256 value);
        error WrongValue(uint256 expected, uint256 given);
        error NotProvider(address expected, address given);
        error NotAdjudicator(address given);
        error ModelExists(bytes32 modelId);
        error WrongModelStatus(bytes32 modelId, ModelStatus given);
        error VerifierHasNoCode(address verifier);
        error VerifierChanged(address verifier, bytes32 expected, bytes32 given);
        error ZeroVkDigest();
        error WeightsCommitTooLarge(uint256 given);
        error BadClasses(Metric metric, uint32 given);
        error BadInputShape(uint32 inputWords, uint32 wordsPerHash);
        error UriTooLong(uint256 limit, uint256 given);
        error ZeroTransportKey();
        error StakeTooLow(uint256 required, uint256 given);
        error HasOpenEngagements(bytes32 modelId, uint32 open);
        error BurnAboveReservation(uint32 reserved, uint32 burn);
        error ReleaseAboveReserved(uint32 reserved, uint32 released);

        function register(ModelRecord calldata record, bytes32 transportPubKey, uint64 nonce)
            external payable returns (bytes32 modelId);
        function setTransportKey(bytes32 modelId, bytes32 transportPubKey) external;
        function topUp(bytes32 modelId) external payable;
        function requestExit(bytes32 modelId) external;
        function cancelExit(bytes32 modelId) external;
        function exit(bytes32 modelId) external;
        function params() external view returns (RegistryParams memory);
        function stakeRequired() external view returns (uint128);
        function strike() external view returns (uint128);
        function accuracy() external view returns (address);
        function hashRecord(ModelRecord calldata record) external pure returns (bytes32 modelHash);
        function modelIdOf(address mp, bytes32 modelHash, uint64 nonce) external view returns (bytes32);
        function model(bytes32 modelId) external view returns (ModelView memory);
        function standing(bytes32 modelId) external view returns (ModelStatus status, address mp, bytes32 modelHash);
        function proofTerms(bytes32 modelId) external view returns (ProofTerms memory);
        function transportKey(bytes32 modelId) external view returns (bytes32);
        function reputation(bytes32 modelId) external view returns (Reputation memory);
    }

    #[sol(rpc)]
    interface IAccuracyMarket {
        event Offered(bytes32 indexed id, bytes32 indexed modelId, address indexed mc, bytes32 offerHash, OfferTerms terms);
        event Cancelled(bytes32 indexed id, bytes32 indexed modelId, address indexed mc);
        event Locked(bytes32 indexed id, bytes32 indexed modelId, address indexed mp, uint64 deadline);
        event Aborted(bytes32 indexed id, bytes32 indexed modelId, address indexed mp);
        event Proceeded(bytes32 indexed id, bytes32 indexed modelId, address indexed mp, uint64 deadline);
        event ProofsAccepted(
            bytes32 indexed id, bytes32 indexed modelId, address indexed by, uint32 accepted, uint32 provenOnChain
        );
        event Closed(
            bytes32 indexed id, bytes32 indexed modelId, address indexed by, Outcome outcome, uint256 mcAmount, uint256 mpAmount
        );

        error BadParameter(bytes32 name, uint256 value);
        error NotRegistered(address expected, address given);
        error Unsupported(Mode mode, Adjudication adjudication);
        error WrongValue(uint256 expected, uint256 given);
        error WrongState(bytes32 id, State given);
        error NotParty(address expected, address given);
        error GuardMismatch(bytes32 expected, bytes32 given);
        error ModelNotActive(bytes32 modelId, ModelStatus status);
        error ModelHashMismatch(bytes32 expected, bytes32 given);
        error BadTarget(uint16 targetBps);
        error BadExpiry(uint64 earliest, uint64 latest, uint64 given);
        error ZeroTestRoot();
        error SaltHashNotZero(bytes32 given);
        error PositionOutOfRange(uint256 limit, uint256 given);
        error WrongTestLeaf(uint32 position, bytes32 expected, bytes32 given);
        error NotCorrect(uint32 position, uint256 output, uint32 label);
        error ProofRejected(uint32 position);
        error VerifierChanged(address verifier, bytes32 expected, bytes32 given);
        error SequenceOutOfRange(uint256 count, uint256 given);

        function open(OfferTerms calldata terms) external payable returns (bytes32 id);
        function cancel(bytes32 id) external;
        function accept(bytes32 id, bytes32 guard) external payable;
        function abort(bytes32 id, bytes32 guard) external;
        function proceed(bytes32 id, bytes32 guard) external;
        function submitProofs(bytes32 id, ProofItem[] calldata items) external;
        function concede(bytes32 id, bytes32 guard) external;
        function timeout(bytes32 id) external;
        function params() external view returns (Params memory);
        function PARAMS_HASH() external view returns (bytes32);
        function amounts() external view returns (Amounts memory);
        function engagement(bytes32 id) external view returns (EngagementView memory);
        function verdict(bytes32 id) external view returns (Verdict memory);
        function timeoutAt(bytes32 id) external view returns (uint64);
        function isProven(bytes32 id, uint256 position) external view returns (bool);
        function engagementCount(bytes32 modelId) external view returns (uint256);
        function engagementIdAt(bytes32 modelId, uint256 seq) external view returns (bytes32);
    }

    #[sol(rpc)]
    interface IZkVerifier {
        function verify(bytes32 vkDigest, uint256[4] calldata inst, bytes calldata proof) external view returns (bool);
    }

    /// Errors of the internal libraries, which both contracts may raise.
    interface Libraries {
        error DeadlinePassed(uint64 deadline, uint64 nowTs);
        error DeadlineNotReached(uint64 deadline, uint64 nowTs);
        error WindowOutOfBounds(bytes32 name, uint64 shortest, uint64 longest, uint64 given);
        error BadPathLength(uint256 expected, uint256 given);
        error NotCanonical(uint256 value);
    }
}
