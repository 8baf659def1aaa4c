//! How a sum is cut into what the tables bound: `t = q̂·2^s + r`.
//!
//! | s | tables | `r` |
//! |---|---|---|
//! | 9 to 16 | 2^s entries | one limb, `r < 2^s` |
//! | 17 to 24 | `2^b` entries, `b = s − 8` | two limbs, `r = r₁·2^b + r₀`, `r₀ < 2^b`, `r₁ < 2^8` |
//!
//! Either way `q̂ < 2^b` and `out = clip(q̂ − 2^(b−1), 0, 255)`, where `b = s` for one limb. Two limbs let a multiplier have eight more
//! bits with the tables of one.

/// How `t` is cut at a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// `s`.
    shift: u32,
}

impl Cut {
    /// Bits of `r₁`: its range is that of a byte, which the pair table has.
    pub const HIGH_BITS: u32 = 8;
    /// With fewer bits `q < 2^(b−1)` would not reach every output, 0 to 255.
    pub const MIN_TABLE_BITS: u32 = 9;
    /// Every circuit has more rows than its tables.
    pub const MAX_TABLE_BITS: u32 = 16;

    /// That of a shift between [`Architecture::MIN_SHIFT`](super::Architecture::MIN_SHIFT) and
    /// [`Architecture::MAX_SHIFT`](super::Architecture::MAX_SHIFT).
    pub const fn of(shift: u32) -> Self {
        Self { shift }
    }

    /// Limbs of a remainder: 1 or 2.
    pub const fn limbs(self) -> usize {
        if self.shift > Self::MAX_TABLE_BITS {
            2
        } else {
            1
        }
    }

    /// Lookups of an activation: its pair, and each limb of its remainder.
    pub const fn lookups(self) -> usize {
        1 + self.limbs()
    }

    /// `s`.
    pub const fn shift(self) -> u32 {
        self.shift
    }

    /// `b`: both tables have `2^b` entries.
    pub const fn table_bits(self) -> u32 {
        match self.limbs() {
            1 => self.shift,
            _ => self.shift - Self::HIGH_BITS,
        }
    }

    /// `2^b`.
    pub const fn table_rows(self) -> usize {
        1 << self.table_bits()
    }

    /// `2^(b−1)`, the quotient that stands for 0.
    pub const fn half(self) -> i64 {
        1 << (self.table_bits() - 1)
    }

    /// `q̂` and `r`, if `0 ≤ t < 2^(b+s)`.
    pub fn split(self, t: i64) -> Option<(u32, u32)> {
        let t = u64::try_from(t)
            .ok()
            .filter(|t| t >> (self.table_bits() + self.shift) == 0)?;
        // The quotient is below 2^16, the remainder below 2^24.
        Some(((t >> self.shift) as u32, (t & ((1 << self.shift) - 1)) as u32))
    }

    /// `r₀` and `r₁` of a remainder; `r₁` is 0 where there is one limb.
    pub const fn limbs_of(self, r: u32) -> [u32; 2] {
        [r & ((1 << self.table_bits()) - 1), r >> self.table_bits()]
    }

    /// `clip(q̂ − 2^(b−1), 0, 255)`.
    pub fn clip(self, q_hat: u32) -> u8 {
        (i64::from(q_hat) - self.half()).clamp(0, 255) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limbs_put_together_are_the_sum() {
        for shift in 9..=24 {
            let cut = Cut::of(shift);
            assert_eq!(cut.limbs(), if shift <= 16 { 1 } else { 2 });
            let end = 1i64 << (cut.table_bits() + shift);
            for t in [0, 1, 255, end / 3, end / 2, end - 2, end - 1] {
                let (q, r) = cut.split(t).unwrap();
                let [low, high] = cut.limbs_of(r);
                assert!(q < 1 << cut.table_bits() && low < 1 << cut.table_bits() && high < 256);
                assert!(cut.limbs() == 2 || high == 0);
                let again = (i64::from(q) << shift) + (i64::from(high) << cut.table_bits()) + i64::from(low);
                assert_eq!(again, t, "{shift}");
            }
            assert_eq!((cut.split(-1), cut.split(end)), (None, None));
        }
    }
}
