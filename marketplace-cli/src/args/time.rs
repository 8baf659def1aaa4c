//! Times, in seconds or with units.

use std::time::Duration;

/// Whole seconds: a number, or with units such as 90m, 12h or 2d.
///
/// # Errors
/// For anything else.
pub fn seconds(text: &str) -> Result<u64, String> {
    let time = duration(text)?;
    match time.subsec_nanos() {
        0 => Ok(time.as_secs()),
        _ => Err("whole seconds".into()),
    }
}

/// As [`seconds`], from one second to an hour.
///
/// # Errors
/// For anything else.
pub fn up_to_an_hour(text: &str) -> Result<u64, String> {
    let is_in = |seconds: &u64| (1..=3600).contains(seconds);
    seconds(text).and_then(|seconds| Some(seconds).filter(is_in).ok_or("from a second to an hour".into()))
}

fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    // Months and years have no length that everybody agrees on, and M is no minute.
    let is_short = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b" smhd".contains(&byte));
    let time = is_short.then(|| humantime::parse_duration(text).ok()).flatten();
    time.ok_or_else(|| "a time in seconds, or with its unit, such as 90m, 12h or 2d".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_unless_a_unit_says_otherwise() {
        assert_eq!(
            ["1800", "90m", "2d", "1h 30m", "0"].map(seconds),
            [Ok(1800), Ok(5400), Ok(172_800), Ok(5400), Ok(0)]
        );
        for text in ["", "-1", "1.5", "2 fortnights", "500ms", "m", "1e3", "30M", "1y", "2w"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert_eq!([up_to_an_hour("1h"), up_to_an_hour("12")], [Ok(3600), Ok(12)]);
        assert!(up_to_an_hour("61m").is_err() && up_to_an_hour("0").is_err());
    }
}
