//! Amounts and times in words.

use alloy::primitives::utils::{ParseUnits, Unit};
use alloy::primitives::U256;
use std::fmt;

/// Ether with all its digits, for example `0.08 ETH`: never rounded.
pub fn ether(wei: impl Into<U256>) -> String {
    format!("{} ETH", decimal(wei.into(), Unit::ETHER))
}

/// Ether in floating point: for questions about risk and gain, not for payments.
pub fn in_ether(wei: u128) -> f64 {
    wei as f64 / 1e18
}

/// Ether of which four digits are told, rounded up, for example `0.0004159 ETH`: what gas costs or may cost.
pub fn about_ether(wei: U256) -> String {
    ether(rounded_up(wei, 4))
}

/// An amount of wei in another unit, with all its digits.
pub fn decimal(wei: U256, unit: Unit) -> String {
    let text = ParseUnits::from(wei).format_units(unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The next number that has zeros after so many digits.
pub fn rounded_up(number: U256, digits: usize) -> U256 {
    let zeros = number.to_string().len().saturating_sub(digits);
    let step = U256::from(10).pow(U256::from(zeros));
    number.div_ceil(step).saturating_mul(step)
}

/// A number with a comma after each thousand, for example `277,250`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes an amount of wei as a decimal string: JSON numbers lose digits there.
pub fn as_decimal<T: fmt::Display, S: serde::Serializer>(wei: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(wei)
}

/// Seconds as somebody would say them: whole minutes or hours where there are many.
pub fn in_words(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Unix seconds as UTC, for example `2026-11-20 23:55:24 UTC`.
pub fn utc(unix: u64) -> String {
    let (days, seconds) = (unix / 86_400, unix % 86_400);
    // Civil date from days, Hinnant's algorithm, for dates after 1970.
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {h:02}:{m:02}:{s:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ether_keeps_every_wei() {
        assert_eq!(
            ether(alloy::primitives::U256::from(80_000_000_000_000_001u128)),
            "0.080000000000000001 ETH"
        );
        assert_eq!(
            ether(alloy::primitives::U256::from(10u64).pow(alloy::primitives::U256::from(19))),
            "10 ETH"
        );
        assert_eq!(ether(alloy::primitives::U256::ZERO), "0 ETH");
    }

    #[test]
    fn what_gas_costs_is_told_in_few_digits_and_never_too_low() {
        for (wei, told) in [
            (0u128, "0 ETH"),
            (1, "0.000000000000000001 ETH"),
            (415_875_000_000_001, "0.0004159 ETH"),
            (18_790_000_000_000_000_000, "18.79 ETH"),
            (9_999_900_000_000_000_000, "10 ETH"),
            (12_345_000_000_000_000_000_000, "12350 ETH"),
        ] {
            assert_eq!(about_ether(U256::from(wei)), told);
        }
        assert_eq!(
            [0, 999, 1000, 277_250, 1_509_115].map(grouped),
            ["0", "999", "1,000", "277,250", "1,509,115"]
        );
    }

    #[test]
    fn long_times_are_said_in_minutes_and_hours() {
        assert_eq!(
            [0, 119, 120, 719, 7199, 7260].map(in_words),
            ["0 s", "119 s", "2 min", "11 min", "119 min", "2 h 1 min"]
        );
    }

    #[test]
    fn unix_seconds_become_civil_dates() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(1_795_218_924), "2026-11-20 23:55:24 UTC");
    }
}
