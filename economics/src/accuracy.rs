//! The accuracy market: what is paid, and who gains by what (I0 to I4, I6, I7; I5's limits).
//!
//! Letters: E, Z, P wei (or any unit) per labelled input, proof, inference; ε the fee of each side; N1 probes, N2 proven
//! examples, N = N1 + N2. `D = 2NE` deposit of each side, A what an abort pays, R what success pays.

/// Fake successes that hide one abort from consumers that ask for 1 % of failures at most, each at two fees, and the abort's
/// own fee: the paper's 99 with both sides counted.
const FEES_OF_AN_ABORT: f64 = 199.0;

/// What the provider sees before it decides whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// FULL: N1 examples that both sides drew. The others are opened and proven after it decided.
    Probes,
    /// SIMPLE and CLEAR: all N, and all are proven.
    All,
}

/// Prices and sizes of a market. Floating point: these numbers decide about a risk, they pay nothing.
///
/// ```
/// use assay_economics::accuracy::{Opened, Terms};
/// let terms = Terms { example: 1.0, proof: 0.1, inference: 0.001, fee: 0.1, probe: 100, proven: 600, fault_strikes: 10 };
/// assert_eq!(terms.deposit(), 1400.0);
/// assert!((terms.max_failure(Opened::Probes) - 0.0395343).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// E.
    pub example: f64,
    /// Z.
    pub proof: f64,
    /// P.
    pub inference: f64,
    /// ε.
    pub fee: f64,
    /// N1.
    pub probe: u32,
    /// N2.
    pub proven: u32,
    /// Strikes that a Fault burns; a strike is N1·E.
    pub fault_strikes: u16,
}

impl Terms {
    /// N.
    pub fn examples(&self) -> u32 {
        self.probe + self.proven
    }

    /// Examples that an aborting provider has seen.
    pub fn opened(&self, opened: Opened) -> f64 {
        f64::from(match opened {
            Opened::Probes => self.probe,
            Opened::All => self.examples(),
        })
    }

    /// `D = 2NE`.
    pub fn deposit(&self) -> f64 {
        2.0 * f64::from(self.examples()) * self.example
    }

    /// `A = N1·P`, or `N·P` where all is opened.
    pub fn abort_payment(&self, opened: Opened) -> f64 {
        self.opened(opened) * self.inference
    }

    /// `R = 2(N1·P + N2·Z)`, or `2NZ` where all is opened.
    pub fn success_payment(&self, opened: Opened) -> f64 {
        match opened {
            Opened::Probes => 2.0 * self.work(),
            Opened::All => 2.0 * f64::from(self.examples()) * self.proof,
        }
    }

    /// What probing and proving cost the provider in FULL mode: `N1·P + N2·Z`.
    pub fn work(&self) -> f64 {
        self.abort_payment(Opened::Probes) + f64::from(self.proven) * self.proof
    }

    /// What success leaves beyond its cost, fee apart: `N1·P + N2·Z`, or `N(Z − P)`.
    pub fn surplus(&self, opened: Opened) -> f64 {
        match opened {
            Opened::Probes => self.work(),
            Opened::All => f64::from(self.examples()) * (self.proof - self.inference),
        }
    }

    /// σ_F: what a Fault burns.
    pub fn fault(&self) -> f64 {
        f64::from(self.fault_strikes) * f64::from(self.probe) * self.example
    }

    /// I0: `E > Z > P > 0`, from which `A < R < D` follows, so that no end of an engagement overdraws a deposit.
    pub fn is_ordered(&self) -> bool {
        self.example > self.proof && self.proof > self.inference && self.inference > 0.0 && self.examples() > 0
    }

    /// I1: largest probability of an abort at which an honest provider earns, `1 − ε/surplus`; negative if it never does. An
    /// abort pays what it cost, so that only the fee is lost.
    ///
    /// The paper's appendix B mixes what is taken with what is left of it, and uses one α for an abort and for a failure.
    pub fn max_abort(&self, opened: Opened) -> f64 {
        1.0 - self.fee / self.surplus(opened)
    }

    /// I2: α*, the largest probability of failing at which going on is worth more than aborting: `surplus/(R + D)`.
    ///
    /// The paper's appendix B has the sign reversed: it proceeds above its α.
    pub fn max_failure(&self, opened: Opened) -> f64 {
        self.surplus(opened) / (self.success_payment(opened) + self.deposit())
    }

    /// I3: largest value of one opened example, as a share v of E, at which a provider that only wants those does not enter:
    /// `(199ε/N1 − P)/E`; negative if not even the payment of an abort is covered.
    pub fn max_theft(&self, opened: Opened) -> f64 {
        (FEES_OF_AN_ABORT * self.fee / self.opened(opened) - self.inference) / self.example
    }

    /// I3: the fee that deters it at a value of v: `N1(P + vE)/199`.
    pub fn fee_against_theft(&self, v: f64, opened: Opened) -> f64 {
        self.opened(opened) * (self.inference + v * self.example) / FEES_OF_AN_ABORT
    }

    /// I4: what a provider that accepts and aborts loses for each unit that its consumer does:
    /// `(199ε − N1·P)/(N1·P + ε + v·N1·E)`. The paper's 99 is that for v = 0 and ε = N1·P.
    pub fn griefing_factor(&self, v: f64, opened: Opened) -> f64 {
        let (abort, leaked) = (self.abort_payment(opened), v * self.opened(opened) * self.example);
        (FEES_OF_AN_ABORT * self.fee - abort) / (abort + self.fee + leaked)
    }

    /// I4: the fee from which on the factor is at least `factor`: `(N1·P + g·N1(P + vE))/(199 − g)`; none from 199 on.
    pub fn fee_against_griefing(&self, factor: f64, v: f64, opened: Opened) -> Option<f64> {
        let leaked = self.opened(opened) * (self.inference + v * self.example);
        (factor < FEES_OF_AN_ABORT)
            .then(|| (self.abort_payment(opened) + factor * leaked) / (FEES_OF_AN_ABORT - factor))
    }

    /// I5: chance of passing the probe and failing afterwards from which on tuning a test set earns its consumer something:
    /// `(A + ε)/(A + D)`.
    pub fn profitable_tuning(&self) -> f64 {
        let a = self.abort_payment(Opened::Probes);
        (a + self.fee) / (a + self.deposit())
    }

    /// I5: largest such chance at which that consumer loses at least `factor` times what the provider does:
    /// `(A + ε)/(A + D + g(D + N1·P + N2·Z + ε))`.
    ///
    /// The paper asks for an expected payment of a hundredth of D, which makes the griefer pay a hundred times less, not more;
    /// its α is no probability at its own example.
    pub fn griefing_tuning(&self, factor: f64) -> f64 {
        let (a, d) = (self.abort_payment(Opened::Probes), self.deposit());
        (a + self.fee) / (a + d + factor * (d + self.work() + self.fee))
    }

    /// I7a: probability of a conviction above which a provider that could still abort does not lie, when a false verdict is
    /// worth `value` outside: `(R + V − A)/(D + σ_F + R + V)`.
    pub fn conviction_before_proceeding(&self, value: f64) -> f64 {
        let r = self.success_payment(Opened::Probes) + value;
        (r - self.abort_payment(Opened::Probes)) / (self.deposit() + self.fault() + r)
    }

    /// I7b: probability of a conviction above which a provider that has lost its deposit already concedes:
    /// `(D + R + V)/(σ_F + D + R + V)`.
    pub fn conviction_after_failing(&self, value: f64) -> f64 {
        let won = self.deposit() + self.success_payment(Opened::Probes) + value;
        won / (self.fault() + won)
    }
}
