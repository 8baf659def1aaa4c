//! A case: one strategy at one point of a grid, what is predicted of it, and how it is played.

use crate::error::Error;
use crate::terms::Terms;
use crate::world::World;
use rand::seq::SliceRandom;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// What the conditions say of a mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Sign {
    /// Above zero.
    Gain,
    /// Below zero.
    Loss,
    /// Zero to the wei, in every game.
    Nothing,
}

/// Which rule refutes a case.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Rule {
    /// An honest agent's profit: refuted if it is below zero where a gain is predicted.
    Honest,
    /// What a strategy earns more than honest play: refuted by a gain of more than two standard errors where a loss is
    /// predicted, and by none at twice the threshold where a gain is.
    Deviating,
    /// A share of undetected lies: refuted above the 95 % band of this exact probability.
    Band(f64),
    /// Reported, and judged by nothing.
    Shown,
}

/// What a mean is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// A game, ether.
    Ether,
    /// Of games.
    Share,
    /// A game.
    Hours,
}

/// How one game is played; the answer is what the case measures, wei, in [`Unit::Share`] 10^18 or nothing.
pub(crate) type Play = Box<dyn Fn(&mut World, &Game) -> Result<i128, Error> + Send + Sync>;

/// A point that a plot shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// The plot's name.
    pub plot: &'static str,
    /// The series' label.
    pub series: String,
    /// Where.
    pub x: f64,
}

/// One cell of the grid.
pub(crate) struct Case {
    pub(crate) condition: &'static str,
    pub(crate) strategy: String,
    pub(crate) point: String,
    pub(crate) predicted: Sign,
    pub(crate) rule: Rule,
    /// At twice the threshold or half of it, where a threshold must be tight.
    pub(crate) far: bool,
    pub(crate) unit: Unit,
    pub(crate) terms: Terms,
    pub(crate) games: u32,
    pub(crate) mark: Option<Mark>,
    pub(crate) play: Play,
}

impl Case {
    pub(crate) fn new(
        condition: &'static str,
        strategy: impl Into<String>,
        terms: Terms,
        games: u32,
        play: impl Fn(&mut World, &Game) -> Result<i128, Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            condition,
            strategy: strategy.into(),
            point: String::new(),
            predicted: Sign::Loss,
            rule: Rule::Deviating,
            far: false,
            unit: Unit::Ether,
            terms,
            games,
            mark: None,
            play: Box::new(play),
        }
    }

    /// At `multiple` of a threshold that is called `name`; a gain is predicted on the side that `gains` says.
    pub(crate) fn at(mut self, name: &str, multiple: f64, gains: Gains) -> Self {
        self.point = format!("{multiple} × {name}");
        self.far = multiple >= 2.0 || multiple <= 0.5;
        self.predicted = match (gains, multiple < 1.0) {
            (Gains::Below, true) | (Gains::Above, false) => Sign::Gain,
            _ => Sign::Loss,
        };
        self
    }

    pub(crate) fn point(mut self, point: impl Into<String>) -> Self {
        self.point = point.into();
        self
    }

    pub(crate) fn predict(mut self, sign: Sign) -> Self {
        self.predicted = sign;
        self
    }

    pub(crate) fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    pub(crate) fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    pub(crate) fn mark(mut self, plot: &'static str, series: impl Into<String>, x: f64) -> Self {
        self.mark = Some(Mark {
            plot,
            series: series.into(),
            x,
        });
        self
    }
}

/// On which side of its threshold a strategy gains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gains {
    Below,
    Above,
}

/// The place of a game in its run: what happens in a given share of games happens in just that share of a run's, drawn
/// without replacement, so that chance adds no more noise than it must.
#[derive(Debug, Clone)]
pub(crate) struct Game {
    place: u64,
    offset: u64,
}

const PPM: u64 = 1_000_000;

impl Game {
    /// All games of a run, in the order in which they are played.
    pub(crate) fn all(games: u32, rng: &mut ChaCha8Rng) -> Vec<Self> {
        let mut places: Vec<u64> = (0..u64::from(games)).collect();
        places.shuffle(rng);
        let offset = rng.gen_range(0..PPM);
        places.into_iter().map(|place| Self { place, offset }).collect()
    }

    fn count(&self, share: f64, places: u64) -> u64 {
        (places * (share * PPM as f64).round() as u64 + self.offset) / PPM
    }

    /// Whether this game is among a share of all.
    pub(crate) fn is_in(&self, share: f64) -> bool {
        self.count(share, self.place + 1) > self.count(share, self.place)
    }

    /// Which of `of` indices it draws among the games of a share: each as often as any other, from a random one on.
    pub(crate) fn draws(&self, share: f64, of: u32) -> u32 {
        ((self.count(share, self.place) + self.offset) % u64::from(of)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_share_of_games_is_that_share() {
        for seed in 0..20 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let games = Game::all(40, &mut rng);
            for (share, least, most) in [(0.0, 0, 0), (0.25, 10, 10), (0.13, 5, 6), (1.0, 40, 40)] {
                let count = games.iter().filter(|game| game.is_in(share)).count();
                assert!((least..=most).contains(&count), "{share}: {count}");
            }
            let mut drawn: Vec<u32> = games
                .iter()
                .filter(|g| g.is_in(0.25))
                .map(|g| g.draws(0.25, 10))
                .collect();
            drawn.sort_unstable();
            assert_eq!(drawn, (0..10).collect::<Vec<_>>());
        }
    }
}
