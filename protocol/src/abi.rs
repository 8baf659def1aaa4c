//! The contracts' ABI, by hand, so that cargo needs no forge output.
//!
//! `tests/abi.rs` compares every selector and event topic with forge's artifacts. Functions the program never calls
//! (reserve, release) are left out on purpose.

#![expect(missing_docs, reason = "a mirror of contracts/src, where each name is explained")]
#![expect(clippy::too_many_arguments, reason = "constructors of calls and events")]

pub mod corpora;

use alloy::sol;

sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq))]

    enum ModelStatus { None, Active, Suspended, Unbonding, Closed }
    enum Metric { TOP1, TOP5, BIN }
    enum Counter {
        PassedProven, PassedOptimistic, Failed, Aborted, Unacked, McFault, MpFault, Settled, Voided, RoundClean, RoundUpheld,
        RoundFault
    }
    enum State {
        None, Offered, Locked, Committed, Published, Acked, Probing, Proceeded, Proving, Claimed, FullDemanded, Closed
    }
    enum Outcome {
        None, Cancelled, McSilent, NoAck, BadData, Abort, MpSilent, FailedAccuracy, Fault, Passed, Settled
    }
    enum Mode { CLEAR, FULL, SIMPLE }
    enum Adjudication { DIRECT, OPTIMISTIC }
    enum Assurance { NONE, OPTIMISTIC, PROVEN }
    enum BadData { Header, Start, Step }

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
        uint32 roundClean;
        uint32 roundUpheld;
        uint32 roundFault;
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

    struct Prices {
        uint128 proof;
        uint128 inference;
        uint128 fee;
    }

    struct Windows {
        uint64 accept;
        uint64 decide;
        uint64 proveBase;
        uint64 proveTimePerItem;
    }

    /// The contracts without money that the market relies on.
    #[derive(Copy)]
    struct Judges {
        address proofs;
        address transfers;
        address publication;
    }

    struct TransferParams {
        uint32 wordsPerChunk;
        uint64 commitWindow;
        uint64 ackWindow;
        uint64 publishWindow;
        uint64 keyWindow;
    }

    struct ClaimParams {
        uint64 challengeWindow;
        uint64 respondWindow;
        uint64 answerTime;
        uint128 challengeBond;
        uint32 directMax;
    }

    struct MarketParams {
        address registry;
        Prices prices;
        uint32 n2;
        Windows windows;
        Judges judges;
        TransferParams transfer;
        ClaimParams claim;
    }

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
        bytes32 guard;
        bytes32 ctRoot;
        bytes32 seed;
        uint32 claimedCorrect;
        uint32 openChallenges;
    }

    struct Challenge {
        address challenger;
        uint64 deadline;
    }

    struct Shape {
        uint256 examples;
        uint256 inputWords;
        uint256 wordsPerChunk;
    }

    struct TransferTerms {
        bytes32 id;
        bytes32 testRoot;
        bytes32 ctRoot;
        bytes32 leafTag;
        bytes32 seed;
        uint256 position;
        Shape shape;
        bytes32 key;
        bool isMaster;
    }

    struct ChunkOpening {
        bytes32[] cipherWords;
        bytes32[] path;
    }

    struct TransferEvidence {
        BadData claim;
        uint256 chunk;
        ChunkOpening first;
        ChunkOpening second;
        bytes32 leaf;
        bytes32[] leafPath;
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
        uint64 openFor;
        bool closedEarly;
    }

    enum RoundState { None, Offered, Rooted, Served, Closed }
    enum RoundOutcome { None, Cancelled, Void, Clean, Upheld, Fault }
    enum Privacy { PUBLIC, PRIVATE }

    struct RoundTerms {
        bytes32 modelId;
        bytes32 modelHash;
        bytes32 inputRoot;
        uint32 predictions;
        uint32 contestCap;
        uint128 mpDeposit;
        uint128 price;
        Privacy privacy;
        uint64 expiry;
    }

    struct RoundWindows {
        uint64 accept;
        uint64 publish;
        uint64 contest;
        uint64 respond;
        uint64 answerTime;
    }

    struct PredictionMarketParams {
        address registry;
        address judge;
        uint128 priceProof;
        uint128 fee;
        uint32 answerGas;
        RoundWindows windows;
    }

    struct QuietGas {
        uint32 confirm;
        uint32 publishBase;
        uint32 publishPerWord;
    }

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

    struct RoundClaim {
        address registry;
        bytes32 modelId;
        uint256 kind;
        bytes32 id;
        bytes32 inputRoot;
        bytes32 outputsRoot;
        uint256 predictions;
        Privacy privacy;
    }

    struct QuietBond {
        uint128 paid;
        uint128 taken;
        uint128 earned;
    }

    struct RoundView {
        bytes32 modelId;
        bytes32 inputRoot;
        bytes32 offerHash;
        bytes32 outputsRoot;
        bytes32 guard;
        address mc;
        address mp;
        RoundState state;
        RoundOutcome outcome;
        Privacy privacy;
        Metric metric;
        bool published;
        uint32 predictions;
        uint32 contestCap;
        uint32 contested;
        uint32 proven;
        uint256 mcDeposit;
        uint128 mpDeposit;
        uint128 price;
        QuietBond quietBond;
        uint128 contestFees;
        uint64 deadline;
        uint64 answerBy;
        uint64 closedAt;
    }

    struct OutputOpening {
        uint256 word;
        bytes32 salt;
        bytes32[] path;
    }

    struct AnswerGroup {
        uint32[] indices;
        uint256[] inputCommits;
        bytes32[][] inputPaths;
        OutputOpening[] outputs;
        bytes proof;
    }

    struct Point {
        uint256 x;
        uint256 y;
    }

    struct SharedSecret {
        Point shared;
        Point commitG;
        Point commitE;
        uint256 response;
    }

    struct Predicate {
        address verifier;
        bytes32 verifierCodehash;
        bytes32 vkDigest;
        uint256 weightsCommit;
    }

    struct RequestTerms {
        bytes32 corpusId;
        bytes32 predicateHash;
        uint32 samples;
        uint32 namedMax;
        uint32 onesMax;
        uint32 withholdMax;
        bytes32 saltHash;
        Point requesterKey;
        address authority;
        uint128 bond;
        uint128 price;
        uint64 expiry;
    }

    struct PageOpening {
        uint32 before;
        bytes bits;
    }

    struct DocumentGroup {
        uint32[] indices;
        uint256[] docCommits;
        bytes32[] leafSalts;
        bytes32[][] paths;
        bytes proof;
    }

    struct DocumentClaim {
        Predicate predicate;
        uint256 kind;
        bytes32 id;
        bytes32 root;
        uint256 size;
    }

    enum AuditState { None, Requested, Accepted, Answered, Sampled, Delivering, Closed }
    enum AuditOutcome { None, Cancelled, Declined, Timeout, Unchecked, Violation, Complete }
    enum DemandState { None, Demanded, Delivered, Acked, Settled }
    enum AuditAssurance { NONE, SAMPLED, EXHAUSTIVE }

    struct AuditContracts {
        address corpora;
        address documents;
        address transfers;
        address sharedKeys;
        address publication;
    }

    struct DeliveryParams {
        uint32 wordsPerChunk;
        uint32 chunkGas;
        uint32 deliverGas;
    }

    struct AuditWindows {
        uint64 accept;
        uint64 answerBase;
        uint64 answerTime;
        uint64 reveal;
        uint64 proveBase;
        uint64 proveTime;
        uint64 demand;
        uint64 deliverBase;
        uint64 deliverTime;
        uint64 ack;
        uint64 publishBase;
        uint64 publishTime;
        uint64 evidence;
    }

    struct RetrievalParams {
        AuditContracts contracts;
        DeliveryParams delivery;
        AuditWindows windows;
    }

    struct SampleGroup {
        uint32[] ranks;
        PageOpening[] pages;
        DocumentGroup group;
    }

    struct Audited {
        address rs;
        uint32 size;
        uint64 committedAt;
        bytes32 root;
        uint32 inputWords;
    }

    struct AuditBounds {
        uint32 samples;
        uint32 namedMax;
        uint32 onesMax;
        uint32 withholdMax;
        uint128 bond;
        uint128 price;
    }

    struct AuditCounts {
        uint32 pages;
        uint32 positives;
        uint32 withheld;
        uint32 overruled;
        uint32 named;
        uint32 due;
        uint32 proven;
        uint32 demands;
        uint32 openDemands;
        uint32 published;
        uint32 demanded;
    }

    /// The contract has it as one struct, which is the same words: tuples of so many are not known here.
    struct AuditView {
        bytes32 corpusId;
        bytes32 predicateHash;
        bytes32 requestHash;
        bytes32 answersHash;
        bytes32 guard;
        bytes32 seed;
        bytes32 saltHash;
        Point requesterKey;
        address rq;
        address rs;
        address authority;
        AuditState state;
        AuditOutcome outcome;
        bool approved;
        bool confirmed;
        uint32 size;
        uint32 inputWords;
        AuditBounds bounds;
        AuditCounts counts;
        uint64 deadline;
        uint64 overruleBy;
        uint64 closedAt;
        uint64 corpusCommittedAt;
    }

    struct DemandView {
        DemandState state;
        bytes32 listHash;
        bytes32 ctRoot;
        Point ephemeral;
        bytes32 streamId;
        uint32 documents;
        bool published;
        uint128 paid;
        uint128 spent;
        uint64 deadline;
        uint64 settleAfter;
    }

    struct DocumentView {
        bool withheld;
        bool overruled;
        bool demanded;
    }

    struct AuditVerdict {
        AuditAssurance assurance;
        AuditView audit;
    }

    interface ICredits {
        event Credited(address indexed account, uint256 amount);
        event Withdrawn(address indexed account, address indexed to, uint256 amount);

        error ZeroReceiver();
        error NothingToWithdraw(address account);
        error TransferFailed(address to, uint256 amount);
        error ReentrancyGuardReentrantCall();

        function withdraw(address payable to) external returns (uint256 amount);
        function credit(address account) external view returns (uint256);
        function totalOwed() external view returns (uint256);
    }

    interface IMarketplaceFactory {
        struct Creation {
            bytes code;
            bytes arguments;
        }

        event MarketplaceCreated(address indexed registry, address indexed accuracy, address prediction);

        error SaltUsed(address sender, bytes32 salt);
        error NothingCreated(uint256 place);
        error WrongAdjudicator(address expected, address given);
        error WrongRegistry(address market, address expected, address given);

        function create(bytes32 salt, Creation calldata first, Creation calldata second, Creation calldata third)
            external returns (address registry, address accuracy, address prediction);
        function creationCodeHash(address created) external view returns (bytes32);
    }

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
        error VerifierIsDelegated(address verifier);
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
        error SequenceOutOfRange(uint256 count, uint256 given);

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
        function prediction() external view returns (address);
        function modelCount() external view returns (uint256);
        function modelIdAt(uint256 i) external view returns (bytes32);
        function hashRecord(ModelRecord calldata record) external pure returns (bytes32 modelHash);
        function modelIdOf(address mp, bytes32 modelHash, uint64 nonce) external view returns (bytes32);
        function model(bytes32 modelId) external view returns (ModelView memory);
        function standing(bytes32 modelId) external view returns (ModelStatus status, address mp, bytes32 modelHash);
        function proofTerms(bytes32 modelId) external view returns (ProofTerms memory);
        function inputShape(bytes32 modelId) external view returns (uint32 inputWords, uint32 wordsPerHash);
        function transportKey(bytes32 modelId) external view returns (bytes32);
        function reputation(bytes32 modelId) external view returns (Reputation memory);
    }

    interface IAccuracyMarket {
        event Offered(bytes32 indexed id, bytes32 indexed modelId, address indexed mc, bytes32 offerHash, OfferTerms terms);
        event Cancelled(bytes32 indexed id, bytes32 indexed modelId, address indexed mc);
        event Locked(bytes32 indexed id, bytes32 indexed modelId, address indexed mp, uint64 deadline);
        event TransferCommitted(
            bytes32 indexed id, bytes32 indexed modelId, address indexed mc, bytes32 ctRoot, uint64 deadline
        );
        event ChunksPublished(
            bytes32 indexed id, bytes32 indexed modelId, address indexed mc, uint256 chunks, bool complete, uint64 deadline
        );
        event Acked(bytes32 indexed id, bytes32 indexed modelId, address indexed mp, bytes32 mpSeed, uint64 deadline);
        event ProbeKeysRevealed(
            bytes32 indexed id, bytes32 indexed modelId, address indexed mc, bytes32 seed, bytes keysA, uint64 deadline
        );
        event KeyRevealed(
            bytes32 indexed id, bytes32 indexed modelId, address indexed mc, bytes32 master, uint64 deadline
        );
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
        event FullDemanded(
            bytes32 indexed id, bytes32 indexed modelId, address indexed mc, uint32 needed, uint64 deadline
        );
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
        event Closed(
            bytes32 indexed id, bytes32 indexed modelId, address indexed by, Outcome outcome, uint256 mcAmount, uint256 mpAmount
        );

        error NotRegistered(address expected, address given);
        error Unsupported(Mode mode, Adjudication adjudication);
        error DirectRequired(uint32 directMax, uint32 size);
        error WrongValue(uint256 expected, uint256 given);
        error WrongState(bytes32 id, State given);
        error WrongMode(Mode expected, Mode given);
        error WrongAdjudication(Adjudication expected, Adjudication given);
        error NotParty(address expected, address given);
        error GuardMismatch(bytes32 expected, bytes32 given);
        error ModelNotActive(bytes32 modelId, ModelStatus status);
        error ModelHashMismatch(bytes32 expected, bytes32 given);
        error BadTarget(uint16 targetBps);
        error BadExpiry(uint64 earliest, uint64 latest, uint64 given);
        error ZeroTestRoot();
        error SaltHashNotZero(bytes32 given);
        error ZeroSaltHash();
        error WordsPerHashMismatch(uint256 expected, uint256 given);
        error ZeroCtRoot();
        error WrongCtRoot(bytes32 expected, bytes32 given);
        error ZeroSeed();
        error WrongSalt(bytes32 expected, bytes32 given);
        error BadKeysLength(uint256 expected, uint256 given);
        error NotOpened(uint256 first, uint256 end, uint256 given);
        error PositionOutOfRange(uint256 limit, uint256 given);
        error BelowTarget(uint256 needed, uint256 given);
        error NotClaimed(uint32 position);
        error AlreadyChallenged(uint32 position, address challenger);
        error NotChallenged(uint32 position);
        error ChallengesOpen(bytes32 id, uint32 open);
        error NothingToDemand(uint256 needed, uint256 proven);
        error BadSplit(uint256 escrow, uint256 mcAmount, uint256 mpAmount);
        error SequenceOutOfRange(uint256 count, uint256 given);

        function open(OfferTerms calldata terms) external payable returns (bytes32 id);
        function cancel(bytes32 id) external;
        function accept(bytes32 id, bytes32 guard) external payable;
        function commitTransfer(bytes32 id, bytes32 guard, bytes32 ctRoot) external;
        function publishChunks(bytes32 id, bytes32 guard, uint256 from, bytes32[] calldata cipherWords) external;
        function ack(bytes32 id, bytes32 guard, bytes32 mpSeed) external;
        function revealA(bytes32 id, bytes32 guard, bytes32 mcSalt, bytes calldata keysA) external;
        function revealAll(bytes32 id, bytes32 guard, bytes32 master) external;
        function revealB(bytes32 id, bytes32 guard, bytes32 master) external;
        function proveBadData(bytes32 id, uint256 position, bytes calldata keys, TransferEvidence calldata evidence)
            external;
        function abort(bytes32 id, bytes32 guard) external;
        function proceed(bytes32 id, bytes32 guard) external;
        function submitProofs(bytes32 id, ProofItem[] calldata items) external;
        function concede(bytes32 id, bytes32 guard) external;
        function postResult(bytes32 id, bytes32 guard, bytes calldata bitmap) external;
        function acceptResult(bytes32 id, bytes32 guard) external;
        function challenge(bytes32 id, bytes calldata bitmap, uint32 position) external payable;
        function answer(bytes32 id, ProofItem calldata item) external;
        function timeoutChallenge(bytes32 id, uint32 position) external;
        function reclaimBond(bytes32 id, uint32 position) external;
        function finalize(bytes32 id) external;
        function demandFull(bytes32 id, bytes32 guard) external payable;
        function submitDemanded(bytes32 id, bytes calldata bitmap, ProofItem[] calldata items) external;
        function agreeClose(bytes32 id, bytes32 guard, uint256 mcAmount, uint256 mpAmount) external;
        function timeout(bytes32 id) external;
        function terms() external view returns (address);
        function PARAMS_HASH() external view returns (bytes32);
        function engagement(bytes32 id) external view returns (EngagementView memory);
        function verdict(bytes32 id) external view returns (Verdict memory);
        function challengeAt(bytes32 id, uint32 position) external view returns (Challenge memory);
        function timeoutAt(bytes32 id) external view returns (uint64);
        function isProven(bytes32 id, uint256 position) external view returns (bool);
        function lockedCount(bytes32 modelId) external view returns (uint256);
        function lockedIdAt(bytes32 modelId, uint256 i) external view returns (bytes32);
        function engagementCount(bytes32 modelId) external view returns (uint256);
        function engagementIdAt(bytes32 modelId, uint256 seq) external view returns (bytes32);
    }

    interface IPredictionMarket {
        event RoundOffered(
            bytes32 indexed id,
            bytes32 indexed modelId,
            address indexed mc,
            bytes32 offerHash,
            uint128 quietBond,
            RoundTerms terms
        );
        event RoundCancelled(bytes32 indexed id, bytes32 indexed modelId, address indexed mc);
        event RoundServed(
            bytes32 indexed id, bytes32 indexed modelId, address indexed mp, bytes32 outputsRoot, uint64 deadline
        );
        event OutputsPublished(
            bytes32 indexed id, bytes32 indexed modelId, address indexed mp, bytes32 master, uint256[] words, uint64 deadline
        );
        event Contested(
            bytes32 indexed id,
            bytes32 indexed modelId,
            address indexed mc,
            bytes bitmap,
            uint32 added,
            uint32 contested,
            uint64 answerBy
        );
        event RoundAnswered(
            bytes32 indexed id, bytes32 indexed modelId, address indexed by, uint32 accepted, uint32 proven
        );
        event RoundClosed(
            bytes32 indexed id,
            bytes32 indexed modelId,
            address indexed by,
            RoundOutcome outcome,
            uint256 mcAmount,
            uint256 mpAmount,
            uint256 treasuryAmount
        );

        error BadParameter(bytes32 name, uint256 value);
        error WrongRoundState(bytes32 id, RoundState given);
        error ZeroInputRoot();
        error ZeroOutputsRoot();
        error BadPredictions(uint256 limit, uint256 given);
        error BadContestCap(uint256 limit, uint256 given);
        error DepositTooLow(uint256 least, uint256 given);
        error ValueTooLow(uint256 due, uint256 given);
        error WrongOutputs(bytes32 expected, bytes32 given);
        error NothingNew();
        error AboveCap(uint256 cap, uint256 given);
        error Overdue(uint64 answerBy, uint64 nowTs);
        error Unproven(bytes32 id, uint256 count);
        error NothingUnproven(bytes32 id);

        function open(RoundTerms calldata terms) external payable returns (bytes32 id);
        function cancel(bytes32 id) external;
        function serve(bytes32 id, bytes32 guard, bytes32 outputsRoot) external payable;
        function publish(bytes32 id, bytes32 guard, bytes32 master, uint256[] calldata words) external;
        function confirm(bytes32 id, bytes32 guard) external;
        function contest(bytes32 id, bytes32 guard, bytes calldata bitmap) external payable;
        function answer(bytes32 id, AnswerGroup[] calldata groups) external;
        function finalize(bytes32 id) external;
        function timeout(bytes32 id) external;
        function params() external view returns (PredictionParams memory);
        function quietBond(Privacy privacy, uint32 predictions, uint256 baseFee) external view returns (uint256);
        function contestFee(uint32 added, uint256 baseFee) external view returns (uint256);
        function round(bytes32 id) external view returns (RoundView memory);
        function contestedSet(bytes32 id) external view returns (bytes memory bitmap);
        function provenSet(bytes32 id) external view returns (bytes memory bitmap);
        function timeoutAt(bytes32 id) external view returns (uint64);
        function roundCount(bytes32 modelId) external view returns (uint256);
        function roundIdAt(bytes32 modelId, uint256 i) external view returns (bytes32);
        function offerCount(bytes32 modelId) external view returns (uint256);
        function offerIdAt(bytes32 modelId, uint256 seq) external view returns (bytes32);
        function terms() external view returns (address);
        function PARAMS_HASH() external view returns (bytes32);
    }

    interface IOutputJudge {
        error BatchUnsupported(uint256 indices);
        error BadGroup(uint256 inputCommits, uint256 inputPaths, uint256 outputs);
        error VerifierChanged(address verifier, bytes32 expected, bytes32 given);
        error WrongInputLeaf(uint32 index, bytes32 expected, bytes32 given);
        error WrongOutputLeaf(uint32 index, bytes32 expected, bytes32 given);
        error NotAnOutput(uint32 index, uint256 output);
        error ProofRejected(uint32 index);

        function check(RoundClaim calldata claim, AnswerGroup calldata group) external view;
    }

    interface IRetrievalMarket {
        event AuditRequested(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed rq,
            bytes32 requestHash,
            RequestTerms terms,
            Predicate predicate,
            string uri
        );
        event AuditApproved(bytes32 indexed id, bytes32 indexed corpusId, address indexed authority);
        event AuditDeclined(bytes32 indexed id, bytes32 indexed corpusId, address indexed rs, string reason);
        event AuditAccepted(bytes32 indexed id, bytes32 indexed corpusId, address indexed rs, uint64 deadline);
        event AnswersPosted(
            bytes32 indexed id, bytes32 indexed corpusId, address indexed rs, uint32 page, uint32 before, bytes bits
        );
        event Withheld(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed rs,
            uint32[] indices,
            bytes32 log,
            bytes32 answersHash
        );
        event AnswersSealed(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed rs,
            bytes32 answersHash,
            uint32 positives,
            uint32 withheld,
            uint64 deadline
        );
        event Overruled(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed authority,
            uint32[] indices,
            bytes32 ruling,
            uint64 deadline
        );
        event SaltRevealed(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed rq,
            bytes32 salt,
            bytes32 seed,
            uint32[] named,
            uint32 due,
            uint64 deadline
        );
        event AuditProven(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed by,
            uint32 accepted,
            uint32 proven,
            uint64 deadline
        );
        event Demanded(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed rq,
            uint256 m,
            uint32[] indices,
            uint256 paid,
            uint64 deadline
        );
        event Delivered(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed rs,
            uint256 m,
            bytes32 ctRoot,
            Point ephemeral,
            uint64 deadline
        );
        event DemandAcked(
            bytes32 indexed id, bytes32 indexed corpusId, address indexed rq, uint256 m, uint64 deadline
        );
        event DemandPublished(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed rs,
            uint256 m,
            uint256 next,
            bool complete,
            uint64 deadline
        );
        event DemandSettled(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed by,
            uint256 m,
            uint256 rqAmount,
            uint256 rsAmount
        );
        event AuditBadData(
            bytes32 indexed id, bytes32 indexed corpusId, address indexed by, uint256 m, uint256 slot, BadData claim
        );
        event AuditClosed(
            bytes32 indexed id,
            bytes32 indexed corpusId,
            address indexed by,
            AuditOutcome outcome,
            uint256 rqAmount,
            uint256 rsAmount
        );

        error WrongAuditState(bytes32 id, AuditState given);
        error WrongDemandState(bytes32 id, uint256 m, DemandState given);
        error WrongPredicate(bytes32 expected, bytes32 given);
        error ZeroSaltHash();
        error BadSamples(uint256 limit, uint256 given);
        error BadNamedMax(uint256 limit, uint256 given);
        error BadOnesMax(uint256 limit, uint256 given);
        error BadWithholdMax(uint256 limit, uint256 given);
        error WordsPerHashMismatch(uint256 expected, uint256 given);
        error WindowTooLong(bytes32 name, uint256 limit, uint256 given);
        error KeyUsed(address rq, uint256 keyX);
        error NoSuchPage(uint256 pages, uint256 given);
        error PagesMissing(uint256 expected, uint256 given);
        error AboveLimit(uint256 limit, uint256 given);
        error Repeated(uint256 index);
        error NotAscending(uint256 k);
        error WrongAnswer(uint256 index, bool given);
        error WrongPageCount(uint256 expected, uint256 given);
        error NotWithheld(uint256 index);
        error WrongSalt(bytes32 expected, bytes32 given);
        error BadRanks(uint256 expected, uint256 given);
        error NotNamed(uint256 index);
        error BadDemand(uint256 limit, uint256 given);
        error DocumentWithheld(uint256 index);
        error ZeroCtRoot();
        error WrongCtRoot(bytes32 expected, bytes32 given);
        error NoSuchSlot(uint256 slots, uint256 given);
        error DemandsOpen(bytes32 id, uint256 count);

        function request(RequestTerms calldata t, Predicate calldata predicate, string calldata uri)
            external payable returns (bytes32 id);
        function approve(bytes32 id, bytes32 guard) external;
        function cancelRequest(bytes32 id) external;
        function decline(bytes32 id, bytes32 guard, string calldata reason) external;
        function accept(bytes32 id, bytes32 guard) external payable;
        function postAnswers(bytes32 id, bytes32 guard, bytes[] calldata pages, bool seal) external;
        function withhold(
            bytes32 id, bytes32 guard, uint32[] calldata indices, PageOpening[] calldata pages, bytes32 log, bool seal
        ) external;
        function overrule(bytes32 id, bytes32 guard, uint32[] calldata indices, bytes32 ruling) external;
        function reveal(
            bytes32 id, bytes32 guard, bytes32 salt, uint32[] calldata named, PageOpening[] calldata pages
        ) external;
        function submitProofs(bytes32 id, Predicate calldata predicate, SampleGroup[] calldata groups) external;
        function demand(bytes32 id, bytes32 guard, uint32[] calldata indices, PageOpening[] calldata pages)
            external payable returns (uint256 m);
        function deliver(bytes32 id, uint256 m, bytes32 guard, bytes32 ctRoot, Point calldata ephemeral) external;
        function ack(bytes32 id, uint256 m, bytes32 guard) external;
        function publishChunks(bytes32 id, uint256 m, bytes32 guard, uint256 from, bytes32[] calldata cipherWords)
            external;
        function proveBadData(
            bytes32 id,
            uint256 m,
            uint32[] calldata indices,
            uint256 slot,
            SharedSecret calldata secret,
            TransferEvidence calldata evidence
        ) external;
        function settleDemand(bytes32 id, uint256 m) external;
        function confirm(bytes32 id, bytes32 guard) external;
        function finalize(bytes32 id) external;
        function timeout(bytes32 id) external;
        function audit(bytes32 id) external view returns (AuditView memory);
        function verdict(bytes32 id) external view returns (AuditVerdict memory);
        function demandAt(bytes32 id, uint256 m) external view returns (DemandView memory);
        function documentAt(bytes32 id, uint32 index) external view returns (DocumentView memory);
        function pageHashAt(bytes32 id, uint256 q) external view returns (bytes32);
        function isProven(bytes32 id, uint32 rank, uint32 index) external view returns (bool);
        function timeoutAt(bytes32 id) external view returns (uint64);
        function auditCount(bytes32 corpusId) external view returns (uint256);
        function auditIdAt(bytes32 corpusId, uint256 i) external view returns (bytes32);
        function requestCount(bytes32 corpusId) external view returns (uint256);
        function requestIdAt(bytes32 corpusId, uint256 seq) external view returns (bytes32);
        function terms() external view returns (address);
        function PARAMS_HASH() external view returns (bytes32);
    }

    interface IAuditTerms {
        error BadParameter(bytes32 name, uint256 value);

        function params() external view returns (RetrievalParams memory);
        function PARAMS_HASH() external view returns (bytes32);
        function checkRequest(RequestTerms calldata t, Predicate calldata predicate)
            external view returns (Audited memory);
        function answerWindow(uint32 size) external view returns (uint64);
        function proveWindow(uint256 items) external view returns (uint64);
        function demandTerms(uint256 documents, uint256 soFar, uint32 inputWords, uint256 baseFee)
            external view returns (uint256 fee, uint64 deliverWindow, uint64 publishWindow);
    }

    interface IDocumentJudge {
        error BadDocumentGroup(uint256 docCommits, uint256 leafSalts, uint256 paths);
        error WrongDocumentLeaf(uint32 index, bytes32 expected, bytes32 given);

        function check(DocumentClaim calldata claim, DocumentGroup calldata group) external view;
    }

    interface ISharedKeyJudge {
        error WrongSharedPoint(bytes32 id, uint256 m);

        function requirePoint(Point calldata point) external pure;
        function open(
            bytes32 id, uint256 m, Point calldata key, Point calldata ephemeral, SharedSecret calldata secret
        ) external view returns (bytes32 stream, bytes32 master);
    }

    interface IAccuracyTerms {
        error BadParameter(bytes32 name, uint256 value);

        function params() external view returns (Params memory);
        function PARAMS_HASH() external view returns (bytes32);
        function checkOffer(OfferTerms calldata offer) external view returns (address mp);
        function amounts(Mode mode) external view returns (Amounts memory);
        function row(Outcome outcome, Mode mode, bool proven)
            external view returns (uint256 mcAmount, uint32 burned, Counter counter);
    }

    /// `Claim` in Solidity: what an item must show.
    struct ProofClaim {
        address registry;
        bytes32 modelId;
        uint256 kind;
        bytes32 id;
        bytes32 testRoot;
        bytes32 seed;
        uint256 examples;
        uint256 position;
    }

    interface IProofJudge {
        error VerifierChanged(address verifier, bytes32 expected, bytes32 given);
        error WrongTestLeaf(uint32 position, bytes32 expected, bytes32 given);
        error NotCorrect(uint32 position, uint256 output, uint32 label);
        error ProofRejected(uint32 position);

        function check(ProofClaim calldata claim, ProofItem calldata item) external view;
    }

    interface ITransferJudge {
        error NoFault(uint256 position);
        error NoSuchChunk(uint256 chunks, uint256 given);
        error BadChunkLength(uint256 chunk, uint256 expected, uint256 given);
        error WrongChunk(uint256 chunk, bytes32 expected, bytes32 given);
        error WrongLeaf(uint256 index, bytes32 expected, bytes32 given);

        function judge(TransferTerms calldata transfer, TransferEvidence calldata evidence)
            external view returns (BadData claim);
        function judgeSlot(TransferTerms calldata transfer, uint256 slot, uint256 slots, TransferEvidence calldata evidence)
            external view returns (BadData claim);
        function wordsPerHash() external view returns (uint256);
    }

    interface IPublishedTransfers {
        error OutOfOrder(uint256 expected, uint256 given);
        error TooManyChunks(uint256 chunks);
        error PartialChunk(uint256 chunk);
        error NothingPublished();

        function published(address publisher, bytes32 id) external view returns (uint256);
    }

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
        error BadBitmap(uint256 bits, uint256 length);
        error NoRow(Outcome outcome);
        error WrongWordCount(uint256 expected, uint256 given);
        error UnusedBits(uint256 w, uint256 word);
    }

    /// Those of the libraries of audits.
    interface AuditLibraries {
        error WrongPage(uint256 q, bytes32 expected, bytes32 given);
        error NoSuchDocument(uint256 size, uint256 index);
        error AnsweredOne(uint256 index);
        error WrongSample(uint256 j, uint256 expectedRank, uint256 rank);
        error BadPoint(uint256 x, uint256 y);
        error CurveCallFailed();
    }
}
