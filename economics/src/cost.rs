//! What a proof costs: `c = t·cores/3600·w + G·p·10⁻⁹·H + bytes·β·10⁻⁹·H`.

/// One proof and its answer on chain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proof {
    /// t: seconds on `cores`.
    pub seconds: f64,
    /// Cores that work on it.
    pub cores: f64,
    /// G: gas of an answer in a transaction of its own.
    pub gas: u64,
    /// Bytes of an answer with its openings.
    pub bytes: u64,
}

/// Gas of one verification at most, of [`Proof::measured`]'s.
pub const VERIFICATION_GAS: u64 = 638_306;

/// Bytes of one proof, of [`Proof::measured`]'s.
pub const PROOF_BYTES: u64 = 4_512;

impl Proof {
    /// MobileNet v2 (0.35, 96) on 2 cores without AVX-512: seconds of a process's first proof, and its bytes, as
    /// `scripts/bench prove --portable` prints them, gas as the story of `scripts/demo` does; an answer is about 6,100 bytes.
    pub const fn measured() -> Self {
        Self {
            seconds: 16.0,
            cores: 2.0,
            gas: 791_998,
            bytes: 6_100,
        }
    }
}

/// Prices of what a proof takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// w: dollars per core and hour.
    pub core_hour: f64,
    /// p: gwei per gas.
    pub gwei: f64,
    /// β: gwei per byte of data that an L2 posts; 0 on L1, where calldata is gas.
    pub gwei_per_byte: f64,
    /// H: dollars per ether.
    pub ether: f64,
}

impl Prices {
    /// 0.05 dollars per core and hour, an assumption.
    pub const ASSUMED_CORE_HOUR: f64 = 0.05;
    /// 3,000 dollars per ether, an assumption.
    pub const ASSUMED_ETHER: f64 = 3000.0;

    /// L1 at this price of gas, the rest as assumed.
    pub const fn l1(gwei: f64) -> Self {
        Self {
            core_hour: Self::ASSUMED_CORE_HOUR,
            gwei,
            gwei_per_byte: 0.0,
            ether: Self::ASSUMED_ETHER,
        }
    }

    /// An L2 at these prices of gas and data, the rest as assumed.
    pub const fn l2(gwei: f64, gwei_per_byte: f64) -> Self {
        Self {
            gwei_per_byte,
            ..Self::l1(gwei)
        }
    }

    /// A consumer that verifies by itself: no chain.
    pub const fn off_chain() -> Self {
        Self::l1(0.0)
    }
}

/// Dollars of proofs, by what they are for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Proving.
    pub compute: f64,
    /// Gas.
    pub gas: f64,
    /// Data that an L2 posts.
    pub data: f64,
}

impl Cost {
    /// Of `proofs` proofs.
    ///
    /// ```
    /// use assay_economics::cost::{Cost, Prices, Proof};
    /// let cost = Cost::of(299, Proof::measured(), Prices::l1(1.0));
    /// assert!((cost.total() - 710.56).abs() < 0.01 && (cost.compute - 0.13).abs() < 0.01);
    /// ```
    pub fn of(proofs: u64, proof: Proof, prices: Prices) -> Self {
        const GWEI: f64 = 1e-9;
        let n = proofs as f64;
        Self {
            compute: n * proof.seconds * proof.cores / 3600.0 * prices.core_hour,
            gas: n * proof.gas as f64 * prices.gwei * GWEI * prices.ether,
            data: n * proof.bytes as f64 * prices.gwei_per_byte * GWEI * prices.ether,
        }
    }

    /// All of it.
    pub fn total(&self) -> f64 {
        self.compute + self.gas + self.data
    }
}

/// Ether that so much gas costs.
pub fn gas_ether(gas: u64, gwei: f64) -> f64 {
    gas as f64 * gwei * 1e-9
}
