//! What goes wrong between this machine and its queue, as errors of this program.

use assay_chain::error::{usage, Error, Kind};
use assay_farm::FarmError;

/// An error with what follows from it: its sentence names the remedy.
pub fn told(error: FarmError) -> eyre::Report {
    match error {
        FarmError::Url { .. } => usage(error.to_string()),
        error if error.passes() => Error::new(Kind::Unreachable, error.to_string()).into(),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_farm::QueueUrl;

    #[test]
    fn a_typo_is_usage_and_a_queue_that_is_away_is_waited_for() {
        let typo = told(QueueUrl::parse("postgress://me@db/farm").unwrap_err());
        assert!(Kind::Usage.is_of(&typo), "{typo}");
        let (at, said) = ("postgres://me@db/farm".to_owned(), "refused".to_owned());
        let away = told(FarmError::Unreachable { at: at.clone(), said });
        assert!(Kind::Unreachable.is_of(&away), "{away}");
        let other = told(FarmError::OtherDatabase { at });
        assert_eq!(Kind::of(&other), None);
    }
}
