//! What transactions may cost.

use alloy::primitives::utils::{ParseUnits, Unit};
use alloy::primitives::U256;
use assay_chain::fees::FeeLimits;
use clap::Args;

/// What transactions may cost.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct FeeArgs {
    /// Most to pay per gas, in gwei [default: twice the newest block's base fee and the tip, as far as --max-cost allows]
    #[arg(help_heading = "Fees", long, value_name = "GWEI", value_parser = gwei, allow_negative_numbers = true)]
    pub max_fee: Option<u128>,
    /// Most of it that is for whoever makes the block, in gwei, whatever the node suggests; twice that for a transaction that
    /// takes the place of one that no block took [default: 5]
    #[arg(help_heading = "Fees", long, value_name = "GWEI", value_parser = gwei, allow_negative_numbers = true)]
    pub max_priority_fee: Option<u128>,
    /// Most that the gas of each transaction may cost, in ether [default: 250 gwei per gas, or a tenth of what the transaction
    /// sends if that is more]
    #[arg(help_heading = "Fees", long, value_name = "ETHER", value_parser = ether, allow_negative_numbers = true)]
    pub max_cost: Option<u128>,
}

pub(crate) fn gwei(text: &str) -> Result<u128, String> {
    amount(text, Unit::GWEI)
}

pub(crate) fn ether(text: &str) -> Result<u128, String> {
    amount(text, Unit::ETHER)
}

/// Units that may stand behind a number; none is the end of one before it.
const UNITS: [(&str, Unit); 4] = [
    ("gwei", Unit::GWEI),
    ("wei", Unit::WEI),
    ("ether", Unit::ETHER),
    ("eth", Unit::ETHER),
];

/// A number and the unit behind it, if there is one.
pub(crate) fn with_unit(text: &str) -> Option<(&str, Unit)> {
    UNITS
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))
}

/// Wei of a decimal number of `unit`, or of the unit that stands behind it.
fn amount(text: &str, unit: Unit) -> Result<u128, String> {
    let (text, unit) = with_unit(text).unwrap_or((text, unit));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || text.contains('.') && !is_number(fraction) {
        return Err(
            "an amount is a decimal number, such as 2 or 0.5, or one with its unit, such as 1.5ether or 20gwei".into(),
        );
    }
    if fraction.len() > usize::from(unit.get()) {
        return Err(format!("at most {} digits after the point", unit.get()));
    }
    let wei: U256 = ParseUnits::parse_units(text, unit)
        .map_err(|error| error.to_string())?
        .into();
    wei.try_into().map_err(|_| "more than there is".into())
}

impl From<FeeArgs> for FeeLimits {
    fn from(args: FeeArgs) -> Self {
        Self {
            max_fee: args.max_fee,
            max_priority_fee: args.max_priority_fee,
            max_cost: args.max_cost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GWEI: u128 = 1_000_000_000;
    const ETHER: u128 = GWEI * GWEI;

    #[test]
    fn amounts_are_plain_decimal_numbers() {
        assert_eq!(gwei("2"), Ok(2 * GWEI));
        assert_eq!(gwei("0.000000001"), Ok(1));
        assert_eq!(ether("18.8"), Ok(188 * ETHER / 10));
        assert_eq!(
            [ether("1.5ether"), gwei("1.5eth")],
            [Ok(3 * ETHER / 2), Ok(3 * ETHER / 2)]
        );
        assert_eq!([ether("20gwei"), gwei("20gwei")], [Ok(20 * GWEI), Ok(20 * GWEI)]);
        assert_eq!([ether("7wei"), gwei("0.1eth")], [Ok(7), Ok(ETHER / 10)]);
        for text in [
            "1.5wei",
            "ether",
            "1 apple",
            "1 gwei",
            "1ether ",
            "-1gwei",
            "1.gwei",
            "1kwei",
            "1gweiether",
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e9",
            "NaN",
            "inf",
            "0x1",
            "1,5",
            "1_000",
            "1.2.3",
            " 1",
        ] {
            assert!(gwei(text).is_err() && ether(text).is_err(), "{text}");
        }
        assert!(gwei("0.0000000001").is_err(), "less than a wei");
        assert!(ether("400000000000000000000").is_err() && ether(&"9".repeat(90)).is_err());
    }
}
