//! Plays cases over seeds, and judges what comes out by the rules of their predictions.

use crate::books::{Agent, Books, Cause};
use crate::bytecode::Bytecode;
use crate::case::{Case, Game, Mark, Rule, Sign, Unit};
use crate::error::Error;
use crate::site::Site;
use crate::stats::{upper_band, Estimate};
use crate::terms::ether;
use crate::world::World;
use alloy::primitives::keccak256;
use rayon::prelude::*;
use serde::Serialize;

/// How a mean compares with what was predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Agreement {
    /// The sign is the predicted one, by more than two standard errors.
    Agrees,
    /// Within two standard errors of zero.
    Undecided,
    /// The other sign, by more than two standard errors.
    Disagrees,
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Such as `I3`.
    pub condition: &'static str,
    /// Who does what.
    pub strategy: String,
    /// Where on the grid.
    pub point: String,
    /// What is predicted.
    pub predicted: Sign,
    /// By which rule it is judged.
    pub rule: Rule,
    /// What the mean is in.
    pub unit: Unit,
    /// At twice the threshold or half of it.
    pub far: bool,
    /// Over seeds, a game.
    pub estimate: Estimate,
    /// Of each seed.
    pub seeds: Vec<f64>,
    /// Games of all seeds.
    pub games: u64,
    /// Gas of all games.
    pub gas: u64,
    /// Whether the sign is the predicted one.
    pub agreement: Agreement,
    /// Whether the rule refutes what was predicted.
    pub refuted: bool,
    /// Where a plot shows it.
    pub mark: Option<Mark>,
    /// Ether of all games, by agent and cause.
    pub books: Vec<(Agent, Cause, f64)>,
}

/// Plays a case with so many seeds from `seed` on.
///
/// # Errors
/// If a run cannot be played, is left open, or leaves a wei unaccounted for.
pub(crate) fn measure(code: &Bytecode, case: &Case, seed: u64, seeds: u64) -> Result<Line, Error> {
    let site = Site::new(code, case.terms)?;
    let runs: Result<Vec<Run>, Error> = (seed..seed + seeds)
        .into_par_iter()
        .map(|seed| run(&site, case, seed))
        .collect();
    let runs = runs?;
    let values: Vec<f64> = runs.iter().map(|run| run.value).collect();
    let estimate = Estimate::of(&values);
    let games = u64::from(case.games) * seeds;
    let (agreement, refuted) = judge(case, &estimate, games);
    let mut books = Books::default();
    runs.iter().for_each(|run| books.merge(&run.books));
    Ok(Line {
        condition: case.condition,
        strategy: case.strategy.clone(),
        point: case.point.clone(),
        predicted: case.predicted,
        rule: case.rule,
        unit: case.unit,
        far: case.far,
        estimate,
        seeds: values,
        games,
        gas: runs.iter().map(|run| run.gas).sum(),
        agreement,
        refuted,
        mark: case.mark.clone(),
        books: books
            .entries()
            .map(|(agent, cause, wei)| (agent, cause, ether(wei)))
            .collect(),
    })
}

struct Run {
    value: f64,
    gas: u64,
    books: Books,
}

fn run(site: &Site, case: &Case, seed: u64) -> Result<Run, Error> {
    // The same chance at every point of a grid: what differs between points is the point.
    let named = format!("{} {} {seed}", case.condition, case.strategy);
    let mut world = World::new(site, keccak256(named).0);
    let mut total = 0i128;
    for game in Game::all(case.games, &mut world.rng) {
        total += (case.play)(&mut world, &game)?;
    }
    let gas = world.gas;
    Ok(Run {
        value: ether(total) / f64::from(case.games),
        gas,
        books: world.finish()?,
    })
}

fn judge(case: &Case, estimate: &Estimate, games: u64) -> (Agreement, bool) {
    if let Rule::Band(exact) = case.rule {
        let undetected = (estimate.mean * games as f64).round() as u64;
        let refuted = undetected > upper_band(games, exact);
        let agreement = if refuted {
            Agreement::Disagrees
        } else {
            Agreement::Agrees
        };
        return (agreement, refuted);
    }
    let is_nothing = estimate.mean == 0.0 && estimate.error == 0.0;
    let (predicted, other) = match case.predicted {
        Sign::Gain => (estimate.is_positive(), estimate.is_negative()),
        Sign::Loss => (estimate.is_negative(), estimate.is_positive()),
        Sign::Nothing => (is_nothing, !is_nothing),
    };
    let agreement = match (predicted, other) {
        (true, _) => Agreement::Agrees,
        (_, true) => Agreement::Disagrees,
        _ => Agreement::Undecided,
    };
    let refuted = match (case.rule, case.predicted) {
        (Rule::Honest, Sign::Gain) => estimate.mean < 0.0,
        (Rule::Honest, Sign::Loss) => case.far && !estimate.is_negative(),
        (Rule::Deviating, Sign::Loss) => estimate.is_positive(),
        (Rule::Deviating, Sign::Gain) => case.far && !estimate.is_positive(),
        (Rule::Honest | Rule::Deviating, Sign::Nothing) => !is_nothing,
        (Rule::Band(_) | Rule::Shown, _) => false,
    };
    (agreement, refuted)
}
