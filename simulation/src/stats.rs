//! Means over seeds, and when they decide.

use serde::Serialize;

/// Mean and standard error over seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Of the seeds' means.
    pub mean: f64,
    /// Of that mean; 0 for a single seed.
    pub error: f64,
}

impl Estimate {
    /// Of one number a seed.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let error = if values.len() > 1 {
            (squares / (n - 1.0) / n).sqrt()
        } else {
            0.0
        };
        Self { mean, error }
    }

    /// Above zero by more than two standard errors.
    pub fn is_positive(&self) -> bool {
        self.mean > 2.0 * self.error
    }

    /// Below zero by more than two standard errors.
    pub fn is_negative(&self) -> bool {
        self.mean < -2.0 * self.error
    }
}

/// Smallest count that a Binomial(n, p) exceeds with a probability of 2.5 % at most: the upper end of its 95 % band.
pub fn upper_band(n: u64, p: f64) -> u64 {
    const TAIL: f64 = 0.025;
    if p >= 1.0 {
        return n;
    }
    // From the most likely count outward, so that nothing underflows; the weights are normalised afterwards.
    let mode = (((n + 1) as f64 * p).floor() as u64).min(n);
    let odds = p / (1.0 - p);
    let mut weights = vec![0.0; n as usize + 1];
    weights[mode as usize] = 1.0;
    for k in mode + 1..=n {
        weights[k as usize] = weights[k as usize - 1] * odds * (n - k + 1) as f64 / k as f64;
    }
    for k in (0..mode).rev() {
        weights[k as usize] = weights[k as usize + 1] / odds * (k + 1) as f64 / (n - k) as f64;
    }
    let total: f64 = weights.iter().sum();
    let mut above = 0.0;
    for k in (0..=n).rev() {
        above += weights[k as usize] / total;
        if above > TAIL {
            return k;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_by_hand() {
        let found = Estimate::of(&[1.0, 2.0, 3.0]);
        assert_eq!(found.mean, 2.0);
        assert!((found.error - (1.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(found.is_positive() && !found.is_negative());
        assert_eq!(Estimate::of(&[4.0]).error, 0.0);
    }

    /// P[Binomial(10, 1/2) > 8] = 11/1024, > 7 = 56/1024.
    #[test]
    fn the_band_of_a_coin() {
        assert_eq!(upper_band(10, 0.5), 8);
        assert_eq!([upper_band(10, 0.0), upper_band(10, 1.0)], [0, 10]);
        let upper = upper_band(1000, 0.1);
        assert!((118..=120).contains(&upper), "{upper}");
    }
}
