//! The base fee of a simulated chain: mean-reverting, with spikes.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Seconds after which the base fee takes another value.
const STEP_SECONDS: u64 = 300;
/// A step goes this part of the way back to the mean.
const REVERSION: i64 = 8;
/// Noise of a step, in percent of the mean, to either side.
const NOISE_PERCENT: i64 = 6;
/// One step in so many is a spike.
const SPIKE_ONE_IN: u32 = 500;
/// What the base fee is multiplied by in a spike.
const SPIKE: i64 = 5;

/// What is assumed about the price of gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Climate {
    /// Wei per gas that the base fee returns to.
    pub mean: u64,
}

impl Climate {
    /// Two hundredths of a gwei: amounts of whole ether, in which gas hardly counts.
    pub const CHEAP: Self = Self { mean: 20_000_000 };
    /// Ten gwei: the price of gas decides.
    pub const DEAR: Self = Self { mean: 10_000_000_000 };
}

/// A path of base fees.
#[derive(Debug, Clone)]
pub(crate) struct BaseFee {
    climate: Climate,
    now: u64,
    due: u64,
}

impl BaseFee {
    pub(crate) fn new(climate: Climate, now_seconds: u64) -> Self {
        Self {
            climate,
            now: climate.mean,
            due: now_seconds + STEP_SECONDS,
        }
    }

    /// Wei per gas.
    pub(crate) fn wei(&self) -> u64 {
        self.now
    }

    /// The spike that a step may bring, now.
    pub(crate) fn spike(&mut self) {
        self.now = self.climate.mean * SPIKE as u64;
    }

    /// Goes on to `now_seconds`. After two days without a look the past is forgotten anyway.
    pub(crate) fn advance(&mut self, now_seconds: u64, rng: &mut ChaCha8Rng) {
        const MEMORY: u64 = 576 * STEP_SECONDS;
        self.due = self.due.max(now_seconds.saturating_sub(MEMORY));
        while self.due <= now_seconds {
            self.step(rng);
            self.due += STEP_SECONDS;
        }
    }

    fn step(&mut self, rng: &mut ChaCha8Rng) {
        let (mean, now) = (self.climate.mean as i64, self.now as i64);
        let noise = mean / 100 * rng.gen_range(-NOISE_PERCENT..=NOISE_PERCENT);
        let mut next = now + (mean - now) / REVERSION + noise;
        if rng.gen_ratio(1, SPIKE_ONE_IN) {
            next *= SPIKE;
        }
        self.now = next.clamp(mean / REVERSION, mean * 10) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn the_base_fee_returns_to_its_mean_and_has_spikes() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut fee = BaseFee::new(Climate::DEAR, 0);
        let path: Vec<u64> = (1..=20_000u64)
            .map(|step| {
                fee.advance(step * STEP_SECONDS, &mut rng);
                fee.wei()
            })
            .collect();
        let mean = path.iter().sum::<u64>() / path.len() as u64;
        assert!((9_500_000_000..12_500_000_000).contains(&mean), "{mean}");
        assert!(path.iter().any(|fee| *fee > 40_000_000_000), "no spike");
    }
}
