//! The accuracy that an offer asks for, as people write and read it.

use clap::Args;

const WRONG: &str =
    "a target is written with the percent sign, above 0% and at most 100%, with two decimals at most: 75% or 97.5%";

/// What an offer requires, given in one way.
#[derive(Debug, Clone, Copy, Args)]
#[group(required = true, multiple = false)]
pub struct TargetArgs {
    /// Required accuracy, for example 75% or 97.5%
    #[arg(long, value_name = "PERCENT", value_parser = parse)]
    target: Option<u16>,
    /// The same in hundredths of a percent, 1..10000, for scripts
    #[arg(long, value_name = "BPS", value_parser = clap::value_parser!(u16).range(1..=10000))]
    target_bps: Option<u16>,
}

impl TargetArgs {
    /// Hundredths of a percent; 100 % if the command line was not read by clap, which demands one of the two.
    pub fn bps(&self) -> u16 {
        self.target.or(self.target_bps).unwrap_or(10_000)
    }
}

/// What a provider accepts, given in one way.
#[derive(Debug, Clone, Copy, Args)]
#[group(multiple = false)]
pub struct MaxTargetArgs {
    /// Highest target to accept, for example 90%: well below the model's own accuracy
    #[arg(long, value_name = "PERCENT", value_parser = parse)]
    max_target: Option<u16>,
    /// The same in hundredths of a percent, for scripts
    #[arg(long, value_name = "BPS")]
    max_target_bps: Option<u16>,
}

impl MaxTargetArgs {
    pub fn is_given(&self) -> bool {
        self.max_target.or(self.max_target_bps).is_some()
    }

    /// Hundredths of a percent; any target if none was given.
    pub fn bps(&self) -> u16 {
        self.max_target.or(self.max_target_bps).unwrap_or(10_000)
    }
}

/// Hundredths of a percent as percent, for example `97.5 %`.
pub fn percent(bps: u16) -> String {
    let text = format!("{:.2}", f64::from(bps) / 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn parse(text: &str) -> Result<u16, &'static str> {
    let number = text.strip_suffix('%').ok_or(WRONG)?.trim_end();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole, 3) || !digits(decimals, 2) {
        return Err(WRONG);
    }
    let bps = format!("{whole}{decimals:0<2}").parse::<u32>().map_err(|_| WRONG)?;
    match u16::try_from(bps) {
        Ok(bps @ 1..=10_000) => Ok(bps),
        _ => Err(WRONG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_needs_the_percent_sign() {
        for (text, bps) in [
            ("75%", 7500),
            ("75 %", 7500),
            ("97.5%", 9750),
            ("0.01%", 1),
            ("100.00%", 10_000),
        ] {
            assert_eq!(parse(text), Ok(bps), "{text}");
        }
        for text in [
            "75", "0.75", "0%", "100.01%", "97.555%", "-5%", "+5%", "%", "7.%", ".5%", "1e1%", "9999%",
        ] {
            assert_eq!(parse(text), Err(WRONG), "{text}");
        }
    }

    #[test]
    fn percent_shows_no_more_digits_than_there_are() {
        assert_eq!(percent(7500), "75 %");
        assert_eq!(percent(9750), "97.5 %");
        assert_eq!(percent(9999), "99.99 %");
        assert_eq!(percent(1), "0.01 %");
        assert_eq!(percent(10_000), "100 %");
    }
}
