//! What the numbers say about an engagement, and whether a provider acts against it.

use crate::engagement::facts::{EndAdvised, ADVISED_TO_END};
use crate::proving::measured::Measured;
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_economics::accuracy::Terms;
use assay_economics::belief::Prior;
use assay_protocol::abi::Mode;
use assay_protocol::target::percent;
use assay_protocol::transfer::policy::{Advice, Caution, Stakes};

/// What is at stake in an engagement of this mode and target.
pub fn stakes(market: &Market, mode: Mode, target_bps: u16) -> Stakes {
    let proven = market.proven_size(mode);
    Stakes {
        terms: Terms {
            probe: market.examples() - proven,
            proven,
            ..market.economic_terms()
        },
        target_bps,
    }
}

/// Right answers among the opened examples from which on to proceed; `None` if not even all of them are enough.
pub fn threshold(market: &Market, mode: Mode, target_bps: u16) -> Option<u32> {
    if mode != Mode::FULL {
        // Everything is open: the outcome is known.
        return Some(market.needed(mode, target_bps));
    }
    let stakes = stakes(market, mode, target_bps);
    // More right answers never speak against proceeding.
    let counts: Vec<u32> = (0..=stakes.terms.probe).collect();
    let advised = |c: u32| stakes.decide(c, Prior::default(), Caution::Unprofitable) == Advice::Proceed;
    let fewest = counts.partition_point(|c| !advised(*c));
    counts.get(fewest).copied()
}

/// The largest target, hundredths of a percent, that a model which did so well should be committed to.
pub fn largest_target(market: &Market, mode: Mode, measured: &Measured) -> Option<u16> {
    let can_pay = |target_bps| threshold(market, mode, target_bps).is_some();
    stakes(market, mode, 10_000).largest_target(measured.belief(), can_pay)
}

/// Why an offer should not be accepted, if anything speaks against it.
pub fn against_accepting(market: &Market, mode: Mode, target_bps: u16, measured: Option<&Measured>) -> Option<String> {
    if threshold(market, mode, target_bps).is_none() {
        return Some("with these prices and this target no number of right probes makes it pay to proceed".into());
    }
    let measured = measured?;
    let stakes = stakes(market, mode, target_bps);
    let risk = measured.belief().failure(stakes.needed(), stakes.terms.proven);
    (risk > stakes.max_failure()).then(|| {
        let largest = largest_target(market, mode, measured).map_or_else(|| "none".into(), percent);
        format!(
            "the model was right on {} of {} examples of its own test: it misses {} of {} with a probability of {:.1} %, and \
             proceeding pays up to {:.1} %; the largest target that does: {largest}",
            measured.correct,
            measured.examples,
            stakes.needed(),
            stakes.terms.proven,
            100.0 * risk,
            100.0 * stakes.max_failure()
        )
    })
}

/// Notes why ending the engagement is advised in the state with this guard, or that it is not.
pub fn note(journal: &mut Journal, guard: B256, why: Option<String>) -> eyre::Result<()> {
    journal.set_fact(&ADVISED_TO_END, &why.map(|why| EndAdvised { guard, why }))
}

/// # Errors
/// If ending the engagement is advised instead.
pub fn require_no_advice_to_end(journal: &Journal, id: B256, guard: B256) -> eyre::Result<()> {
    let noted = journal.fact(&ADVISED_TO_END)?.flatten();
    match noted.filter(|advice| advice.guard == guard) {
        None => Ok(()),
        Some(EndAdvised { why, .. }) => Err(hinted(
            format!("this speaks against proceeding: {why}"),
            format!(
                "assay mp abort {id} ends it; assay mp proceed {id} --force goes on all the same and puts the deposit at risk"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::hint_of;

    #[test]
    fn advice_holds_for_the_state_it_was_given_in() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&dir.path().join("journal.json")).unwrap();
        let (id, one, two) = (B256::ZERO, B256::repeat_byte(1), B256::repeat_byte(2));
        assert!(require_no_advice_to_end(&journal, id, one).is_ok());
        note(&mut journal, one, Some("1 of 4 was right".into())).unwrap();
        let refused = require_no_advice_to_end(&journal, id, one).unwrap_err();
        assert!(refused.to_string().contains("1 of 4 was right"), "{refused}");
        assert!(hint_of(&refused).unwrap().contains("--force"));
        assert!(require_no_advice_to_end(&journal, id, two).is_ok());
        note(&mut journal, one, None).unwrap();
        assert!(require_no_advice_to_end(&journal, id, one).is_ok());
    }
}
