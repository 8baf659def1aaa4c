//! Contested predictions: which deposit deters a provider that serves a cheaper model (I8), and what a round takes of capital,
//! proofs and time (I10 to I13).

/// A round; amounts in one unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// K: predictions.
    pub outputs: u32,
    /// C: most that may be contested.
    pub cap: u32,
    /// M: what the provider has at stake.
    pub provider_deposit: f64,
    /// π: what the predictions are paid.
    pub price: f64,
    /// Z: of each side, per contested prediction.
    pub proof: f64,
    /// P: what one prediction costs the provider.
    pub inference: f64,
}

impl Round {
    /// I8a: least M at which false answers do not pay, however many: `K(P + g)/q`. `probability` q is that of a consumer
    /// contesting one index drawn at random, `gain` g what a false answer is worth to the provider outside.
    ///
    /// m false answers of K gain at most m(P + g) and lose M with at least q·m/K: m cancels. More contests help against few
    /// false answers only; the worst m is K.
    pub fn deterring_deposit(&self, gain: f64, probability: f64) -> f64 {
        f64::from(self.outputs) * (self.inference + gain) / probability
    }

    /// I8a: least q at which this M deters: `K(P + g)/M`. With the paper's `M = βKZ` that is `(P + g)/(βZ)`.
    pub fn deterring_probability(&self, gain: f64) -> f64 {
        f64::from(self.outputs) * (self.inference + gain) / self.provider_deposit
    }

    /// I8b: belief that an output cannot be proven in time from which on contesting it pays: `2Z/(M + π + 2Z)`. A provider that
    /// is late more often is contested for profit: M is no larger than I8a asks.
    pub fn contest_belief(&self) -> f64 {
        let contest = 2.0 * self.proof;
        contest / (self.provider_deposit + self.price + contest)
    }

    /// What the consumer locks for its contests, and the least M (I8d): `2CZ`.
    pub fn contest_deposit(&self) -> f64 {
        2.0 * f64::from(self.cap) * self.proof
    }

    /// I11: what both sides lock while the round is open: `2CZ + M + π`.
    pub fn capital(&self) -> f64 {
        self.contest_deposit() + self.provider_deposit + self.price
    }
}

/// I12: rounds or engagements that `left` proofs carry at `each` proofs.
pub fn carried(left: u64, each: u64) -> u64 {
    left.checked_div(each).unwrap_or(u64::MAX)
}

/// I13: proofs that can be made within half of the shortest window to respond: the other half is for what goes wrong.
pub fn capacity(respond_seconds: u64, proof_seconds: f64) -> u64 {
    (respond_seconds as f64 / 2.0 / proof_seconds).floor() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Z is the unit.
    const ROUND: Round = Round {
        outputs: 4096,
        cap: 59,
        provider_deposit: 118.0,
        price: 0.0,
        proof: 1.0,
        inference: 0.01,
    };

    #[test]
    fn lying_about_any_number_of_answers_does_not_pay_at_the_deterring_deposit() {
        let (gain, probability) = (0.04, 0.3);
        let deposit = ROUND.deterring_deposit(gain, probability);
        let round = Round {
            provider_deposit: deposit,
            ..ROUND
        };
        for m in [1u32, 10, 1000, 4096] {
            let share = f64::from(m) / 4096.0;
            let (won, lost) = (f64::from(m) * (ROUND.inference + gain), probability * share * deposit);
            assert!(won <= lost * (1.0 + 1e-12), "{m}");
            assert!(won > lost * 0.999, "no more than it takes: {m}");
        }
        assert!((round.deterring_probability(gain) - probability).abs() < 1e-12);
    }

    #[test]
    fn capacity_and_budget_round_down() {
        assert_eq!(
            [capacity(86_400, 48.0), capacity(86_399, 48.0), capacity(0, 48.0)],
            [900, 899, 0]
        );
        assert_eq!(
            [
                carried(8197, 600),
                carried(8197, 4096),
                carried(8197, 59),
                carried(5, 6)
            ],
            [13, 2, 138, 0]
        );
    }
}
