//! I9: what samples find of documents that are hidden, and whether verdicts bound what they do not find.

use super::hiding::{commitments, fair, terms};
use super::Size;
use crate::audit::{Ask, Audit};
use crate::case::{Case, Rule, Sign, Unit};
use crate::corpus::Corpus;
use crate::error::Error;
use crate::exact::delta;
use crate::plot::Plot;
use crate::world::World;
use assay_economics::hypergeometric::{bound, none_drawn};
use assay_protocol::abi::AuditOutcome;
use assay_protocol::retrieval::verdict::Reading;
use rand::Rng;

/// Documents that are answered with a match beside those that are hidden.
const SHOWN: u32 = 2;

/// One, in what a share is counted in.
const WHOLE: i128 = 1_000_000_000_000_000_000;

/// z and n of an audit.
#[derive(Debug, Clone, Copy)]
struct Sampled {
    zeros: u32,
    samples: u32,
}

const SMALL: Sampled = Sampled { zeros: 24, samples: 8 };
const LARGE: Sampled = Sampled { zeros: 60, samples: 16 };

/// What became of an audit in which some documents were hidden.
struct Played {
    is_complete: bool,
    /// h of its verdict.
    bound: Option<u64>,
}

impl Sampled {
    /// Probability that none of so many hidden ones is drawn.
    fn missed(self, hidden: u32) -> f64 {
        let missed = none_drawn(u64::from(self.zeros), u64::from(hidden), u64::from(self.samples));
        missed.expect("counts of a corpus")
    }

    /// h.
    fn bound(self) -> u32 {
        let bound = bound(u64::from(self.zeros), u64::from(self.samples), &delta());
        bound.expect("counts of a corpus") as u32
    }

    fn play(self, world: &mut World, hidden: u32) -> Result<Played, Error> {
        // z does not depend on how many of the zeros are hidden ones.
        let contents = commitments(self.zeros + SHOWN, hidden + SHOWN);
        let corpus = Corpus::commit(world, contents)?;
        let ask = Ask {
            samples: self.samples,
            bond: 1.0,
            price: fair(&world.site.terms, self.samples),
        };
        let hides = corpus.any(world, hidden);
        let mut audit = Audit::answered(world, corpus, ask, hides)?;
        audit.reveal(world)?;
        audit.settle(world)?;
        let view = audit.view(world)?;
        let reading = Reading::of(&view, &delta()).map_err(|error| Error::Formula {
            reason: error.to_string(),
        })?;
        Ok(Played {
            is_complete: view.outcome == AuditOutcome::Complete,
            bound: reading.hidden,
        })
    }
}

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    for hidden in [1, 2, 4, 6] {
        all.push(drawn(size, SMALL, hidden));
    }
    all.push(drawn(size, LARGE, 4));
    for sampled in [SMALL, LARGE] {
        for above in [1, 2] {
            all.push(misled(size, sampled, sampled.bound() + above));
        }
    }
    all.push(any(size));
    all
}

/// How often none of the hidden documents is drawn.
fn drawn(size: Size, sampled: Sampled, hidden: u32) -> Case {
    let Sampled { zeros, samples } = sampled;
    let strategy = format!("hides {hidden} of {zeros}, not found");
    let case = Case::new("audit samples", strategy, terms(), size.games(30), move |world, _| {
        let played = sampled.play(world, hidden)?;
        Ok(if played.is_complete { WHOLE } else { 0 })
    });
    let exact = sampled.missed(hidden);
    let case = case.point(format!("n = {samples}, exactly {:.2} %", 100.0 * exact));
    let case = case.unit(Unit::Share).predict(Sign::Gain).rule(Rule::Band(exact));
    case.mark("samples", series(sampled), f64::from(hidden))
}

fn series(Sampled { zeros, samples }: Sampled) -> String {
    format!("{samples} of {zeros} drawn, simulated")
}

/// How often a verdict says "at most h" of more.
fn misled(size: Size, sampled: Sampled, hidden: u32) -> Case {
    let Sampled { zeros, samples } = sampled;
    let strategy = format!("hides {hidden} of {zeros}, above the verdict's bound");
    let case = Case::new("audit verdicts", strategy, terms(), size.games(60), move |world, _| {
        let played = sampled.play(world, hidden)?;
        Ok(if is_misled(&played, hidden) { WHOLE } else { 0 })
    });
    let (exact, bound) = (sampled.missed(hidden), sampled.bound());
    let case = case.point(format!("n = {samples}, h = {bound}, exactly {:.2} %", 100.0 * exact));
    let case = case.unit(Unit::Share).predict(Sign::Gain).rule(Rule::Band(exact));
    case.mark("samples", series(sampled), f64::from(hidden))
}

fn is_misled(played: &Played, hidden: u32) -> bool {
    played.bound.is_some_and(|bound| u64::from(hidden) > bound)
}

/// Any number of hidden documents up to twice h: verdicts are wrong less often than δ, whatever is hidden.
fn any(size: Size) -> Case {
    let most = 2 * SMALL.bound();
    let strategy = format!(
        "hides any number up to {most} of {}, above the verdict's bound",
        SMALL.zeros
    );
    let case = Case::new("audit verdicts", strategy, terms(), size.games(60), move |world, _| {
        let hidden = world.rng.gen_range(0..=most);
        let played = SMALL.play(world, hidden)?;
        Ok(if is_misled(&played, hidden) { WHOLE } else { 0 })
    });
    let case = case.point(format!("n = {}, δ = 5 %", SMALL.samples));
    let above = (SMALL.bound() + 1..=most).map(|hidden| SMALL.missed(hidden));
    let exact = above.sum::<f64>() / f64::from(most + 1);
    case.unit(Unit::Share).predict(Sign::Gain).rule(Rule::Band(exact))
}

pub(super) fn plots() -> Vec<Plot> {
    let exact = |sampled: Sampled| {
        let points = (0..=LARGE.bound() + 4).map(|hidden| (f64::from(hidden), sampled.missed(hidden)));
        let Sampled { zeros, samples } = sampled;
        (format!("exact, {samples} of {zeros} drawn"), points.collect())
    };
    let last = f64::from(LARGE.bound() + 4);
    vec![Plot {
        name: "samples",
        title: "Audits in which none of the hidden documents is drawn",
        x: "documents hidden",
        y: "share of audits",
        curves: vec![
            exact(SMALL),
            exact(LARGE),
            (
                "δ of verdicts".into(),
                vec![(0.0, delta().value()), (last, delta().value())],
            ),
        ],
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_last_number_that_is_missed_more_often_than_delta() {
        for sampled in [SMALL, LARGE] {
            let h = sampled.bound();
            assert!(sampled.missed(h) > 0.05 && sampled.missed(h + 1) <= 0.05, "{h}");
        }
        assert_eq!(SMALL.bound(), 6);
    }
}
