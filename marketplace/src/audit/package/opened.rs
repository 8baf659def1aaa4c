//! Documents that came with a package: each opened to its original, and the predicate run on it.
//!
//! # Soundness
//! What a model reads of a document is what the responder committed to: the predicate's answer is about the same bytes as a proof.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::reading::Reading;
use super::refusal::refused;
use crate::audit::matches::says;
use crate::corpus::opening::check::{check_all, Ask, DocumentsChecked};
use crate::corpus::opening::file::Reader;
use crate::proving::output;
use assay_durable::report::Reporter;
use assay_economics::share::Share;
use assay_prover::model::Model;
use serde::Serialize;
use std::fmt;
use std::fs::File;
use std::io::Take;
use std::sync::{Mutex, PoisonError};

/// What was answered of a document, and what the predicate answers here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// In the corpus.
    pub index: u32,
    /// With a match; `null` if the answers were never sealed.
    pub answered: Option<bool>,
    /// A match, by the weights in the package; `null` if nothing can be proven of it, whatever is tried.
    pub found: Option<bool>,
}

impl Judged {
    /// Whether an honest responder would have answered otherwise: what nothing can be proven of is answered with a match.
    pub fn is_contradicted(&self) -> bool {
        self.answered
            .is_some_and(|answered| answered != self.found.unwrap_or(true))
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.answered {
            Some(true) => "answered with a match",
            Some(false) => "answered with no match",
            None => "never answered",
        })?;
        f.write_str(if self.is_contradicted() { ", BUT " } else { ", and " })?;
        f.write_str(match self.found {
            Some(true) => "the predicate finds one",
            Some(false) => "the predicate finds none",
            None => "nothing can be proven of it, so it was to be answered with a match",
        })
    }
}

/// Opens every document of a package and runs the predicate on it.
///
/// # Errors
/// Of kind rejected, with the document that is none of the corpus, or that the predicate does not read.
pub fn open(
    part: Take<File>,
    reading: &Reading,
    model: &Model,
    delta: &Share,
    out: &Reporter,
) -> eyre::Result<(DocumentsChecked, Vec<Judged>)> {
    let (standing, answers) = (&reading.standing, reading.course.answers.as_ref());
    let all = Ask {
        id: standing.audit.corpusId,
        sample: None,
        delta: delta.clone(),
        originals: None,
        extract: None,
    };
    let folded = model.fold()?;
    let judged = Mutex::new(Vec::new());
    let look = |index: u32, image: &[u8]| {
        let one = Judged {
            index,
            answered: answers.and_then(|answers| answers.answer(index as usize)),
            found: says(output(&model.architecture, &folded, image))?,
        };
        judged.lock().unwrap_or_else(PoisonError::into_inner).push(one);
        Ok(())
    };
    let checked = Reader::of(part).and_then(|reader| {
        let deployment = standing.deployment.clone();
        check_all(reader, &standing.corpus, deployment, &all, &look, out)
    });
    let checked = checked.map_err(|why| refused(format!("its documents: {why:#}")))?;
    let mut judged = judged.into_inner().unwrap_or_else(PoisonError::into_inner);
    judged.sort_by_key(|one| one.index);
    Ok((checked, judged))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_predicate_says_is_told_beside_what_was_answered() {
        let (yes, no) = (Some(true), Some(false));
        for (answered, found, is_contradicted, said) in [
            (yes, yes, false, "answered with a match, and the predicate finds one"),
            (no, no, false, "answered with no match, and the predicate finds none"),
            (no, yes, true, "answered with no match, BUT the predicate finds one"),
            (yes, no, true, "answered with a match, BUT the predicate finds none"),
            (
                yes,
                None,
                false,
                "answered with a match, and nothing can be proven of it",
            ),
            (
                no,
                None,
                true,
                "answered with no match, BUT nothing can be proven of it",
            ),
            (None, yes, false, "never answered, and the predicate finds one"),
        ] {
            let judged = Judged {
                index: 0,
                answered,
                found,
            };
            assert_eq!(judged.is_contradicted(), is_contradicted, "{said}");
            assert!(judged.to_string().starts_with(said), "{judged}");
        }
    }
}
