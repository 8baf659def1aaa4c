//! The accuracy that an offer asks for, as people write and read it.

const WRONG: &str =
    "a target is written with the percent sign, above 0% and at most 100%, with two decimals at most: 75% or 97.5%";

/// Hundredths of a percent as percent, for example `97.5 %`.
pub fn percent(bps: u16) -> String {
    let text = format!("{:.2}", f64::from(bps) / 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Hundredths of a percent, from text such as `97.5%`.
///
/// # Errors
/// For anything else, and outside 0.01 % to 100 %.
pub fn parse(text: &str) -> Result<u16, &'static str> {
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
