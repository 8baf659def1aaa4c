//! What the prediction market and its judge refuse, in words.

use alloy::sol_types::SolInterface;
use assay_protocol::abi::IOutputJudge::IOutputJudgeErrors as J;
use assay_protocol::abi::IPredictionMarket::IPredictionMarketErrors as P;
use assay_protocol::units::{ether, utc};

/// Words and a hint; `None` if the data is no refusal of theirs.
pub(super) fn words(data: &[u8]) -> Option<(String, Option<&'static str>)> {
    if let Ok(error) = P::abi_decode(data) {
        return Some(market(error));
    }
    J::abi_decode(data).ok().map(judge)
}

fn market(error: P) -> (String, Option<&'static str>) {
    match error {
        P::BadParameter(e) => (
            format!(
                "parameter {} of the prediction market is {}, which it does not take",
                String::from_utf8_lossy(e.name.as_slice()).trim_end_matches('\0'),
                e.value
            ),
            None,
        ),
        P::WrongRoundState(e) => (
            format!("round {} is {:?}", e.id, e.given),
            Some("assay predict show ID tells where it stands"),
        ),
        P::ZeroInputRoot(_) => ("the root of the inputs is zero".into(), None),
        P::ZeroOutputsRoot(_) => ("the root of the outputs is zero".into(), None),
        P::BadPredictions(e) => (
            format!("{} predictions are not 1 to {}", e.given, e.limit),
            Some("make several rounds of them"),
        ),
        P::BadContestCap(e) => (
            format!("{} contests are not 1 to {}", e.given, e.limit),
            Some("--contest-cap is at most the number of predictions"),
        ),
        P::DepositTooLow(e) => (
            format!(
                "the provider's deposit {} is below the least, {}",
                ether(e.given),
                ether(e.least)
            ),
            Some("it must stake at least as much as the consumer: raise --deposit or lower --contest-cap"),
        ),
        P::ValueTooLow(e) => (
            format!("{} were sent, {} are due", ether(e.given), ether(e.due)),
            Some("the base fee rose meanwhile: repeat the command"),
        ),
        P::WrongOutputs(e) => (
            format!(
                "the outputs lead to root {}, the provider committed to {}",
                e.given, e.expected
            ),
            None,
        ),
        P::NothingNew(_) => ("every one of these predictions is contested already".into(), None),
        P::AboveCap(e) => (
            format!("{} contests in all are more than the round's {}", e.given, e.cap),
            Some("name fewer indices"),
        ),
        P::Overdue(e) => (
            format!("an answer is overdue since {}", utc(e.answerBy)),
            Some("only the end is left: assay predict finalize ID"),
        ),
        P::Unproven(e) => (
            format!("{} contested predictions are not proven", e.count),
            Some("wait for the answers, or until their time is over"),
        ),
        P::NothingUnproven(_) => (
            "no contested prediction is unproven".into(),
            Some("assay predict show ID tells where the round stands"),
        ),
    }
}

fn judge(error: J) -> (String, Option<&'static str>) {
    match error {
        J::BatchUnsupported(e) => (
            format!("this judge takes proofs of one prediction, not of {}", e.indices),
            None,
        ),
        J::BadGroup(e) => (
            format!(
                "an answer has {} commitments, {} paths and {} words instead of one each",
                e.inputCommits, e.inputPaths, e.outputs
            ),
            None,
        ),
        J::VerifierChanged(e) => (
            format!(
                "the code of verifier {} is {}, registered is {}",
                e.verifier, e.given, e.expected
            ),
            Some("nothing can be proven with it any more"),
        ),
        J::WrongInputLeaf(e) => (
            format!(
                "input {} leads to root {}, offered was {}",
                e.index, e.given, e.expected
            ),
            None,
        ),
        J::WrongOutputLeaf(e) => (
            format!(
                "output {} leads to root {}, committed was {}",
                e.index, e.given, e.expected
            ),
            None,
        ),
        J::NotAnOutput(e) => (
            format!("output {} is {}, which is none of the model's", e.index, e.output),
            Some("nobody can prove it"),
        ),
        J::ProofRejected(e) => (
            format!("the verifier contract refuses the proof of number {}", e.index),
            None,
        ),
    }
}
