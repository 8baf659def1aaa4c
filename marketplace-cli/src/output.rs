//! The only place that prints: results on stdout, everything else on stderr.

use crate::chain::node_url::NodeUrl;
use crate::exit::Hinted;
use alloy::primitives::utils::{ParseUnits, Unit};
use alloy::primitives::U256;
use assay_durable::progress::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use serde::Serialize;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Where and how this run prints.
#[derive(Debug, Clone)]
pub struct Output {
    json: bool,
    bars: MultiProgress,
    /// The node's address: never printed whole, though errors of other libraries quote it.
    node: Option<NodeUrl>,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self {
            json,
            bars: MultiProgress::new(),
            node: None,
        }
    }

    /// Shows of this node's address nothing but scheme, host and port. What is no address is never used, so nothing quotes it.
    pub fn hiding(self, rpc_url: Option<&str>) -> Self {
        let node = rpc_url.and_then(|url| url.parse().ok());
        Self { node, ..self }
    }

    /// The text with what may be shown of the node's address.
    pub fn redacted(&self, text: String) -> String {
        match &self.node {
            Some(node) => node.redact(&text),
            None => text,
        }
    }

    /// Prints the result of the command: `value` as one JSON document with `--json`, `text` otherwise.
    pub fn result<T: Serialize>(&self, value: &T, text: impl fmt::Display) -> eyre::Result<()> {
        let text = if self.json {
            serde_json::to_string(value)?
        } else {
            text.to_string()
        };
        writeln!(std::io::stdout(), "{}", text.trim_end())?;
        Ok(())
    }

    /// One line about what is going on.
    pub fn note(&self, line: impl fmt::Display) {
        let line = self.redacted(line.to_string());
        self.bars.suspend(|| eprintln!("{line}"));
    }

    /// Whether bars are drawn: they are on a terminal only.
    pub fn draws_bars(&self) -> bool {
        !self.bars.is_hidden()
    }

    pub fn warn(&self, line: impl fmt::Display) {
        self.note(format_args!("warning: {line}"));
    }

    /// The error with its causes, then its hint if there is one.
    pub fn error(&self, report: &eyre::Report) {
        let mut text = format!("error: {report}");
        for cause in report.chain().skip(1) {
            let _ = write!(text, "\n  because {cause}");
        }
        if let Some(hinted) = report.chain().find_map(|cause| cause.downcast_ref::<Hinted>()) {
            let _ = write!(text, "\nhint: {}", hinted.hint);
        }
        self.note(text);
    }

    /// A bar that is gone when dropped; counts `steps`, or spins if that is 0.
    pub fn bar(&self, name: impl fmt::Display, steps: u64) -> Bar {
        self.bar_of(name, steps, None)
    }

    /// A bar of a part of longer work, of which it says how much is over.
    fn bar_of(&self, name: impl fmt::Display, steps: u64, whole: Option<(Instant, Estimate)>) -> Bar {
        let bar = match steps {
            0 => ProgressBar::new_spinner(),
            _ => ProgressBar::new(steps),
        };
        let template = match (whole, steps) {
            (Some(_), _) => "{spinner} {whole} {wide_msg}",
            (None, 0) => "{spinner} {msg} [{elapsed}]",
            (None, _) => "{msg} {bar:30} {pos}/{len} [{elapsed}]",
        };
        // Before anything is drawn: what a bar draws by itself, the others do not take away.
        let bar = self.bars.add(bar);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(
                style.with_key("whole", move |_: &ProgressState, w: &mut dyn fmt::Write| {
                    if let Some((began, estimate)) = whole {
                        let _ = w.write_str(&estimate.after(began.elapsed()));
                    }
                }),
            );
        }
        bar.set_message(name.to_string());
        bar.enable_steady_tick(Duration::from_millis(120));
        Bar(bar)
    }

    /// Shows the phases of long work; each finished phase leaves one line with its time.
    pub fn phases(&self) -> PhaseBars {
        self.phases_in(None)
    }

    /// As [`Output::phases`], of work that begins now and is expected to take some time in all.
    pub fn phases_of(&self, estimate: Estimate) -> PhaseBars {
        self.phases_in(Some((Instant::now(), estimate)))
    }

    fn phases_in(&self, whole: Option<(Instant, Estimate)>) -> PhaseBars {
        PhaseBars {
            output: self.clone(),
            whole,
            current: Mutex::new(None),
        }
    }
}

/// How long work will take, as far as one can tell.
#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    /// What is done.
    pub what: &'static str,
    pub time: Duration,
    /// What the time was estimated from.
    pub basis: &'static str,
}

impl Estimate {
    /// What is over and what is left after so much time; never all of it.
    fn after(&self, elapsed: Duration) -> String {
        let Self { what, time, basis } = self;
        match time.checked_sub(elapsed).filter(|left| !left.is_zero()) {
            Some(left) => {
                let percent = 100.0 * elapsed.as_secs_f64() / time.as_secs_f64();
                let (percent, left) = (percent.min(99.0).floor(), left.as_secs_f64().ceil());
                format!("{what}: {percent} % (about {left} s left, estimated from {basis})")
            }
            None => format!("{what}: 99 % (takes longer than estimated from {basis})"),
        }
    }
}

/// A progress bar; cleared when dropped.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    pub fn set(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// [`Progress`] on stderr.
#[derive(Debug)]
pub struct PhaseBars {
    output: Output,
    /// Since when all phases together go on, and how long they are expected to.
    whole: Option<(Instant, Estimate)>,
    current: Mutex<Option<(String, Instant, Bar)>>,
}

impl PhaseBars {
    /// Ends the phase that goes on, if there is one.
    fn end(&self) {
        let ended = self.current.lock().ok().and_then(|mut current| current.take());
        if let Some((name, since, bar)) = ended {
            drop(bar);
            self.output
                .note(format_args!("  {name}: {:.1} s", since.elapsed().as_secs_f64()));
        }
    }
}

impl Progress for PhaseBars {
    fn phase(&self, name: &str, steps: u64) {
        self.end();
        let bar = self.output.bar_of(name, steps, self.whole);
        if let Ok(mut current) = self.current.lock() {
            *current = Some((name.to_owned(), Instant::now(), bar));
        }
    }

    fn step(&self, done: u64) {
        if let Ok(current) = self.current.lock() {
            if let Some((_, _, bar)) = &*current {
                bar.set(done);
            }
        }
    }
}

impl Drop for PhaseBars {
    fn drop(&mut self) {
        self.end();
    }
}

/// Rows of text in aligned columns, the first row being the head.
#[derive(Debug, Default)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self(vec![head.map(str::to_owned).to_vec()])
    }

    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push(cells.to_vec());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width = |c: usize| {
            self.0
                .iter()
                .filter_map(|r| r.get(c))
                .map(|s| s.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (i, row) in self.0.iter().enumerate() {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
            if i == 0 {
                let rule = widths.iter().map(|w| "-".repeat(*w)).collect::<Vec<_>>().join("  ");
                writeln!(f, "{rule}")?;
            }
        }
        Ok(())
    }
}

/// Ether with all its digits, for example `0.08 ETH`: never rounded.
pub fn ether(wei: impl Into<U256>) -> String {
    format!("{} ETH", decimal(wei.into(), Unit::ETHER))
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
    fn an_estimate_is_never_all_and_says_what_it_is() {
        let estimate = Estimate {
            what: "proving",
            time: Duration::from_secs(40),
            basis: "earlier proofs",
        };
        let after = |millis| estimate.after(Duration::from_millis(millis));
        assert_eq!(
            after(0),
            "proving: 0 % (about 40 s left, estimated from earlier proofs)"
        );
        assert_eq!(
            after(30_100),
            "proving: 75 % (about 10 s left, estimated from earlier proofs)"
        );
        assert_eq!(
            after(39_999),
            "proving: 99 % (about 1 s left, estimated from earlier proofs)"
        );
        for late in [40_000, 400_000] {
            assert_eq!(
                after(late),
                "proving: 99 % (takes longer than estimated from earlier proofs)"
            );
        }
        let nothing = Estimate {
            time: Duration::ZERO,
            ..estimate
        };
        assert!(nothing.after(Duration::ZERO).contains("99 %"));
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

    #[test]
    fn table_columns_align() {
        let mut table = Table::new(["step", "gas"]);
        table.row(["open".into(), "150000".into()]);
        assert_eq!(table.to_string(), "step  gas\n----  ------\nopen  150000\n");
    }
}
