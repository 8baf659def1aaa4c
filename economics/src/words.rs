//! Numbers in words.

/// Six significant digits, without zeros at the end.
///
/// ```
/// use assay_economics::words::number;
/// assert_eq!([number(0.0395343), number(1400.0), number(1e-9)], ["0.0395343", "1400", "1e-9"]);
/// ```
pub fn number(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    let magnitude = x.abs().log10().floor();
    if !(-5.0..15.0).contains(&magnitude) {
        let text = format!("{x:.5e}");
        return match text.split_once('e') {
            Some((digits, exponent)) => format!("{}e{exponent}", trimmed(digits)),
            None => text,
        };
    }
    let places = (5.0 - magnitude).max(0.0) as usize;
    trimmed(&format!("{x:.places$}")).into()
}

fn trimmed(digits: &str) -> &str {
    if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    }
}

/// A share in percent.
pub fn percent(x: f64) -> String {
    format!("{} %", number(100.0 * x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_not_rounded_to_nothing() {
        assert_eq!(number(0.0), "0");
        assert_eq!(number(0.1), "0.1");
        assert_eq!(number(-1234.5678), "-1234.57");
        assert_eq!(number(999_999.96), "1000000");
        assert_eq!(number(7.0702e-5), "0.000070702");
        assert_eq!(number(1.2e-18), "1.2e-18");
        assert_eq!(number(f64::INFINITY), "inf");
        assert_eq!(percent(0.025), "2.5 %");
    }
}
