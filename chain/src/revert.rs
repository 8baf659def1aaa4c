//! What a contract's refusal means in the user's words, with the cure where there is one.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::error::{hinted, rejected};
use crate::{audit_refusals, corpus_refusals, round_refusals};
use alloy::primitives::B256;
use alloy::sol_types::{Revert, SolError, SolInterface};
use assay_protocol::abi::{
    Adjudication,
    IAccuracyMarket::IAccuracyMarketErrors as M,
    ICredits::ICreditsErrors as C,
    IMarketplaceFactory::IMarketplaceFactoryErrors as F,
    IModelRegistry::{self, IModelRegistryErrors as R},
    IProofJudge::{self, IProofJudgeErrors as P},
    IPublishedTransfers::IPublishedTransfersErrors as T,
    ITransferJudge::ITransferJudgeErrors as J,
    Libraries::LibrariesErrors as L,
    Mode,
};
use assay_protocol::units::{ether, utc};

/// The error for revert data; says the raw selector if the data is none of ours.
pub fn explain(data: &[u8]) -> eyre::Report {
    if let Ok(IProofJudge::ProofRejected { position }) = IProofJudge::ProofRejected::abi_decode(data) {
        // Both judges say it in the same way.
        return rejected(format!("the verifier contract refuses the proof of number {position}"));
    }
    let (error, hint) = words(data);
    match hint {
        Some(hint) => hinted(error, hint),
        None => eyre::eyre!(error),
    }
}

fn words(data: &[u8]) -> (String, Option<&'static str>) {
    if let Ok(error) = M::abi_decode(data) {
        return market(error);
    }
    if let Ok(error) = R::abi_decode(data) {
        return registry(error);
    }
    if let Ok(error) = P::abi_decode(data) {
        return proof_judge(error);
    }
    if let Ok(error) = J::abi_decode(data) {
        return (transfer_judge(error), None);
    }
    if let Ok(error) = T::abi_decode(data) {
        return (
            publication(error),
            Some("run assay mc publish again: it goes on where the chain is"),
        );
    }
    if let Some(words) = round_refusals::words(data) {
        return words;
    }
    if let Some(words) = corpus_refusals::words(data) {
        return words;
    }
    if let Some(words) = audit_refusals::words(data) {
        return words;
    }
    if let Ok(error) = L::abi_decode(data) {
        return library(error);
    }
    if let Ok(error) = F::abi_decode(data) {
        return (factory(error), None);
    }
    if let Ok(error) = C::abi_decode(data) {
        return match error {
            C::ZeroReceiver(_) => ("the zero address belongs to nobody".into(), None),
            C::NothingToWithdraw(e) => (format!("{} has no credit", e.account), None),
            C::TransferFailed(e) => (
                format!("{} refuses the payment of {}", e.to, ether(e.amount)),
                Some("withdraw to another address with --to"),
            ),
            C::ReentrancyGuardReentrantCall(_) => ("the contract was entered twice in one call".into(), None),
        };
    }
    if let Ok(Revert { reason }) = Revert::abi_decode(data) {
        return (format!("the contract says: {reason}"), None);
    }
    let selector = data
        .get(..4)
        .map_or_else(|| "no data".to_owned(), |s| format!("0x{}", hex::encode(s)));
    (format!("the contract reverts ({selector})"), None)
}

fn market(error: M) -> (String, Option<&'static str>) {
    match error {
        M::NotRegistered(e) => (
            format!("the registry serves market {}, not {}", e.expected, e.given),
            None,
        ),
        M::Unsupported(e) => (
            format!("{:?} engagements are not adjudicated {:?}", e.mode, e.adjudication),
            Some("engagements in clear are always DIRECT"),
        ),
        M::DirectRequired(e) => (
            format!(
                "a proven set of {} examples, up to {}, has to be adjudicated DIRECT",
                e.size, e.directMax
            ),
            Some("use --adjudication direct"),
        ),
        M::WrongValue(e) => (
            format!("the call takes {}, not {}", ether(e.expected), ether(e.given)),
            None,
        ),
        M::WrongState(e) => (
            format!("engagement {} is {}", e.id, state_words(e.given)),
            Some("assay verdict show ID tells where it stands"),
        ),
        M::NotParty(e) => (
            format!("only {} may do this, not {}", e.expected, e.given),
            Some("sign with the key of that account"),
        ),
        M::GuardMismatch(e) => (
            format!("the offer on chain is {}, not {}", e.expected, e.given),
            Some("the chain was reorganised or the id is of another offer; look at it again"),
        ),
        M::ModelNotActive(e) => (
            format!("model {} is {:?}", e.modelId, e.status),
            Some("its stake must be full and no exit requested"),
        ),
        M::ModelHashMismatch(e) => (
            format!(
                "the registered model has hash {}, the offer names {}",
                e.expected, e.given
            ),
            None,
        ),
        M::BadTarget(e) => (
            format!("target {} is not in 1..10000 hundredths of a percent", e.targetBps),
            None,
        ),
        M::BadExpiry(e) => (
            format!(
                "expiry {} is not between {} and {}",
                utc(e.given),
                utc(e.earliest),
                utc(e.latest)
            ),
            Some("choose another --expires-in"),
        ),
        M::ZeroTestRoot(_) => ("the test root is zero".into(), None),
        M::SaltHashNotZero(e) => (
            format!("only FULL offers have a salt, but this one names {}", e.given),
            None,
        ),
        M::PositionOutOfRange(e) => (format!("position {} is not below {}", e.given, e.limit), None),
        M::WrongMode(e) => (
            format!(
                "this is for {} engagements, not for {}",
                mode_words(e.expected),
                mode_words(e.given)
            ),
            None,
        ),
        M::WrongAdjudication(e) => (
            format!(
                "this is for {} adjudication, not for {}",
                adjudication_words(e.expected),
                adjudication_words(e.given)
            ),
            None,
        ),
        M::ZeroSaltHash(_) => ("a FULL offer commits to a salt".into(), None),
        M::WordsPerHashMismatch(e) => (
            format!(
                "the model hashes {} words at a time, the transfer judge {}",
                e.given, e.expected
            ),
            Some("this model's engagements can only be in clear"),
        ),
        M::ZeroCtRoot(_) => ("the ciphertext root is zero".into(), None),
        M::WrongCtRoot(e) => (
            format!(
                "the published chunks lead to {}, the committed root is {}",
                e.given, e.expected
            ),
            None,
        ),
        M::ZeroSeed(_) => ("the seed is zero".into(), None),
        M::WrongSalt(e) => (
            format!("the salt hashes to {}, the offer committed to {}", e.given, e.expected),
            None,
        ),
        M::BadKeysLength(e) => (format!("the keys have {} bytes, not {}", e.given, e.expected), None),
        M::NotOpened(e) => (
            format!(
                "position {} is not among {} to {}, which are open now",
                e.given, e.first, e.end
            ),
            None,
        ),
        M::BelowTarget(e) => (
            format!("the result claims {} correct, {} are needed", e.given, e.needed),
            Some("if no more can be proven: assay mp concede ID"),
        ),
        M::NotClaimed(e) => (format!("the result does not claim position {}", e.position), None),
        M::AlreadyChallenged(e) => (
            format!("position {} was challenged already, by {}", e.position, e.challenger),
            None,
        ),
        M::NotChallenged(e) => (format!("position {} has no open challenge", e.position), None),
        M::ChallengesOpen(e) => (format!("{} challenge(s) of engagement {} are open", e.open, e.id), None),
        M::NothingToDemand(e) => (
            format!(
                "{} positions are proven already, {} would be demanded",
                e.proven, e.needed
            ),
            None,
        ),
        M::BadSplit(e) => (
            format!(
                "{} and {} are not {} together",
                ether(e.mcAmount),
                ether(e.mpAmount),
                ether(e.escrow)
            ),
            None,
        ),
        M::SequenceOutOfRange(e) => (
            format!("the model has {} engagements, there is no number {}", e.count, e.given),
            None,
        ),
    }
}

fn proof_judge(error: P) -> (String, Option<&'static str>) {
    match error {
        P::WrongTestLeaf(e) => (
            format!(
                "example {} leads to root {}, the consumer committed to {}",
                e.position, e.given, e.expected
            ),
            Some("the test set is not the one of this engagement"),
        ),
        P::NotCorrect(e) => (
            format!(
                "example {}: output {} is not its label {}",
                e.position, e.output, e.label
            ),
            None,
        ),
        P::ProofRejected(e) => (
            format!("the verifier refuses the proof of example {}", e.position),
            None,
        ),
        P::VerifierChanged(e) => verifier_changed(e.verifier, e.expected, e.given),
    }
}

fn transfer_judge(error: J) -> String {
    match error {
        J::NoFault(e) => format!("the data of position {} are as they must be", e.position),
        J::NoSuchChunk(e) => format!("an example has {} data chunks, there is no chunk {}", e.chunks, e.given),
        J::BadChunkLength(e) => format!("chunk {} has {} words, not {}", e.chunk, e.given, e.expected),
        J::WrongChunk(e) => format!(
            "chunk {} leads to {}, the committed root is {}",
            e.chunk, e.given, e.expected
        ),
        J::WrongLeaf(e) => format!(
            "test leaf {} leads to {}, the test root is {}",
            e.index, e.given, e.expected
        ),
    }
}

fn publication(error: T) -> String {
    match error {
        T::OutOfOrder(e) => format!("chunk {} is next, not {}", e.expected, e.given),
        T::TooManyChunks(e) => format!("the transfer has only {} chunks", e.chunks),
        T::PartialChunk(e) => format!("the words end within chunk {}", e.chunk),
        T::NothingPublished(_) => "no chunk was given".into(),
    }
}

fn factory(error: F) -> String {
    match error {
        F::SaltUsed(e) => format!("{} has created a marketplace with salt {} before", e.sender, e.salt),
        F::NothingCreated(e) => {
            let places = ["the registry", "the accuracy market", "the prediction market"];
            let what = usize::try_from(e.place).ok().and_then(|place| places.get(place));
            format!("{} was not created", what.unwrap_or(&"a contract"))
        }
        F::WrongAdjudicator(e) => format!("the registry lets {} judge where the market is {}", e.given, e.expected),
        F::WrongRegistry(e) => format!("market {} serves registry {}, not {}", e.market, e.given, e.expected),
    }
}

fn registry(error: R) -> (String, Option<&'static str>) {
    match error {
        R::BadParameter(e) => (format!("parameter {} is out of range: {}", name(e.name), e.value), None),
        R::WrongValue(e) => (
            format!("the call takes {}, not {}", ether(e.expected), ether(e.given)),
            None,
        ),
        R::NotProvider(e) => (
            format!("the model belongs to {}, not {}", e.expected, e.given),
            Some("sign with the key of that account"),
        ),
        R::SequenceOutOfRange(e) => (
            format!("the registry has {} models, there is no number {}", e.count, e.given),
            None,
        ),
        R::NotAdjudicator(e) => (format!("{} is no market of this registry", e.given), None),
        R::ModelExists(e) => (
            format!("this model is registered already as {}", e.modelId),
            Some("use it, or register a copy with another --nonce"),
        ),
        R::WrongModelStatus(e) if e.given == assay_protocol::abi::ModelStatus::None => (
            format!("there is no model {}", e.modelId),
            Some("check the id, the registry and the chain"),
        ),
        R::WrongModelStatus(e) => (format!("model {} is {:?}", e.modelId, e.given), None),
        R::VerifierHasNoCode(e) => (
            format!("there is no contract at verifier {}", e.verifier),
            Some("run: assay mp deploy-verifier"),
        ),
        R::VerifierIsDelegated(e) => (
            format!(
                "verifier {} is an account that may change its code at any time",
                e.verifier
            ),
            Some("run: assay mp deploy-verifier"),
        ),
        R::VerifierChanged(e) => verifier_changed(e.verifier, e.expected, e.given),
        R::ZeroVkDigest(_) => ("the verifying key digest is zero".into(), None),
        R::WeightsCommitTooLarge(e) => (format!("weights commitment {} has more than 248 bits", e.given), None),
        R::BadClasses(e) => (format!("{} classes do not fit metric {:?}", e.given, e.metric), None),
        R::BadInputShape(e) => (
            format!("input of {} words, {} per hash", e.inputWords, e.wordsPerHash),
            None,
        ),
        R::UriTooLong(e) => (
            format!("the uri has {} bytes, at most {} are allowed", e.given, e.limit),
            None,
        ),
        R::ZeroTransportKey(_) => ("the transport key is zero".into(), None),
        R::StakeTooLow(e) => (
            format!(
                "the model's stake is {}, this needs {}",
                ether(e.given),
                ether(e.required)
            ),
            Some("top it up, or wait until other engagements end"),
        ),
        R::HasOpenEngagements(e) => (format!("model {} has {} open engagements", e.modelId, e.open), None),
        R::BurnAboveReservation(e) => (format!("{} strikes to burn, {} reserved", e.burn, e.reserved), None),
        R::ReleaseAboveReserved(e) => (
            format!("{} strikes to release, {} reserved", e.released, e.reserved),
            None,
        ),
    }
}

fn library(error: L) -> (String, Option<&'static str>) {
    match error {
        L::DeadlinePassed(e) => (
            format!("the window ended {}, now it is {}", utc(e.deadline), utc(e.nowTs)),
            Some("anybody may now call: assay timeout run ID"),
        ),
        L::DeadlineNotReached(e) => (
            format!("the window runs until {}, now it is {}", utc(e.deadline), utc(e.nowTs)),
            None,
        ),
        L::WindowOutOfBounds(e) => (
            format!(
                "{} of {} s is not between {} and {} s",
                name(e.name),
                e.given,
                e.shortest,
                e.longest
            ),
            None,
        ),
        L::BadPathLength(e) => (
            format!("a Merkle path has {} siblings, not {}", e.given, e.expected),
            None,
        ),
        L::NotCanonical(e) => (format!("{} is not below the scalar order", e.value), None),
        L::BadBitmap(e) => (
            format!("a result of {} bytes is none of {} positions", e.length, e.bits),
            None,
        ),
        L::WrongWordCount(e) => (
            format!("the outputs of the round are {} words, not {}", e.expected, e.given),
            None,
        ),
        L::UnusedBits(e) => (format!("word {} has bits that no output uses", e.w), None),
        L::NoRow(e) => (format!("outcome {:?} has no row in the payout table", e.outcome), None),
    }
}

fn verifier_changed(
    verifier: alloy::primitives::Address,
    expected: B256,
    given: B256,
) -> (String, Option<&'static str>) {
    (
        format!("the code of verifier {verifier} has hash {given}, the record says {expected}"),
        None,
    )
}

/// A mode in words: how the examples travel and which of them count.
pub fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::CLEAR => "CLEAR",
        Mode::FULL => "FULL",
        Mode::SIMPLE => "SIMPLE",
        _ => "unknown",
    }
}

/// An adjudication in words: who has to prove what.
pub fn adjudication_words(adjudication: Adjudication) -> &'static str {
    match adjudication {
        Adjudication::DIRECT => "DIRECT",
        Adjudication::OPTIMISTIC => "OPTIMISTIC",
        _ => "unknown",
    }
}

/// A state in words, as part of a sentence.
pub fn state_words(state: assay_protocol::abi::State) -> String {
    use assay_protocol::abi::State;
    match state {
        State::None => "unknown to this market".into(),
        State::Offered => "an open offer".into(),
        State::Closed => "closed".into(),
        other => format!("in state {other:?}"),
    }
}

/// A parameter name that the contract gives as ASCII.
fn name(word: B256) -> String {
    String::from_utf8_lossy(word.as_slice())
        .trim_end_matches('\0')
        .to_owned()
}

/// Whether this revert is `error`, for callers that handle one refusal.
pub fn is<E: SolError>(data: &[u8]) -> bool {
    data.get(..4) == Some(&E::SELECTOR)
}

/// The refusal of a registration that has happened before.
pub type ModelExists = IModelRegistry::ModelExists;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use assay_protocol::abi::{Libraries, State};

    #[test]
    fn a_rejected_proof_has_its_own_exit_code() {
        let data = IProofJudge::ProofRejected { position: 3 }.abi_encode();
        assert_eq!(Kind::of(&explain(&data)), Some(Kind::Rejected));
    }

    #[test]
    fn refusals_are_told_in_words() {
        let data = assay_protocol::abi::IAccuracyMarket::WrongState {
            id: B256::ZERO,
            given: State::Offered,
        }
        .abi_encode();
        assert!(explain(&data).to_string().ends_with("is an open offer"));
        let data = Libraries::DeadlinePassed { deadline: 0, nowTs: 1 }.abi_encode();
        assert!(explain(&data).to_string().contains("1970-01-01 00:00:00 UTC"));
        assert_eq!(explain(&[1, 2, 3, 4]).to_string(), "the contract reverts (0x01020304)");
        assert_eq!(explain(&[]).to_string(), "the contract reverts (no data)");
    }
}
