//! The only place that prints: results on stdout, everything else on stderr.

use crate::args::globals::Globals;
use assay_chain::error::{hint_of, usage};
use assay_chain::node_url::NodeUrl;
use assay_durable::progress::Progress;
use assay_durable::report::{self, Estimate, Report, Reporter};
use assay_marketplace::table::Tabled;
use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde::Serialize;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::ops::Deref;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Where and how this run prints.
#[derive(Debug, Clone)]
pub struct Output {
    json: bool,
    verbose: bool,
    /// Whether results are not printed.
    withheld: bool,
    report: Reporter,
}

/// What is shown besides results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Warnings, questions, errors.
    Little,
    /// What goes on, too.
    Usual,
}

impl Output {
    /// With `json` results are one JSON document each; messages stay text.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            verbose: false,
            withheld: false,
            report: Reporter::new(Terminal::new(Told::Usual)),
        }
    }

    /// As these options ask for it. Shows of the node's address nothing but scheme, host and port; what is no address is never used,
    /// so nothing quotes it.
    pub fn of(globals: &Globals) -> Self {
        let told = if globals.quiet { Told::Little } else { Told::Usual };
        let terminal = Terminal {
            node: globals.rpc_url.as_ref().and_then(|url| url.parse().ok()),
            ..Terminal::new(told)
        };
        Self {
            json: globals.json,
            verbose: globals.verbose,
            withheld: false,
            report: Reporter::new(terminal),
        }
    }

    /// Whether results are not printed from now on.
    pub fn withhold(&mut self, withheld: bool) {
        self.withheld = withheld;
    }

    /// A line for whoever wants to know more.
    pub fn detail(&self, line: impl fmt::Display) {
        if self.verbose {
            self.note(line);
        }
    }

    /// Prints the result of the command: `value` as one JSON document with `--json`, `text` otherwise.
    pub fn result<T: Serialize>(&self, value: &T, text: impl fmt::Display) -> eyre::Result<()> {
        if self.withheld {
            return Ok(());
        }
        let text = if self.json {
            serde_json::to_string(value)?
        } else {
            text.to_string()
        };
        writeln!(std::io::stdout(), "{}", text.trim_end())?;
        Ok(())
    }

    /// Prints a list: as [`Output::result`], or as comma-separated values; on a terminal its tables are no wider than that.
    ///
    /// # Errors
    /// If it is to be both.
    pub fn list<T: Serialize + fmt::Display>(&self, list: &T, table: &impl Tabled, csv: bool) -> eyre::Result<()> {
        if csv && self.json {
            return Err(usage("--json and --csv are two ways to print one list"));
        }
        let width = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        match width {
            _ if csv => self.result(list, table.tabled().csv()),
            Some(width) => self.result(list, format_args!("{list:width$}")),
            None => self.result(list, list),
        }
    }

    /// The error with its causes, then its hint if there is one.
    pub fn error(&self, report: &eyre::Report) {
        let mut text = format!("error: {report}");
        for cause in report.chain().skip(1) {
            let _ = write!(text, "\n  because {cause}");
        }
        if let Some(hint) = hint_of(report) {
            let _ = write!(text, "\nhint: {hint}");
        }
        self.insist(text);
    }
}

/// What is no result goes where operations report.
impl Deref for Output {
    type Target = Reporter;

    fn deref(&self) -> &Reporter {
        &self.report
    }
}

/// [`Report`] on stderr.
#[derive(Debug, Clone)]
struct Terminal {
    told: Told,
    bars: MultiProgress,
    /// The node's address: never printed whole, though errors of other libraries quote it.
    node: Option<NodeUrl>,
}

impl Report for Terminal {
    fn note(&self, line: &str) {
        if self.told != Told::Little {
            self.insist(line);
        }
    }

    fn insist(&self, line: &str) {
        let line = self.redacted(line.to_owned());
        self.bars.suspend(|| eprintln!("{line}"));
    }

    fn redacted(&self, text: String) -> String {
        match &self.node {
            Some(node) => node.redact(&text),
            None => text,
        }
    }

    /// They are drawn on a terminal only.
    fn draws_bars(&self) -> bool {
        !self.bars.is_hidden()
    }

    fn bar(&self, name: &str, steps: u64) -> Box<dyn report::Bar> {
        Box::new(self.bar_of(name, steps, None))
    }

    fn phases(&self, whole: Option<Estimate>) -> Box<dyn Progress> {
        Box::new(PhaseBars {
            terminal: self.clone(),
            whole: whole.map(|estimate| (Instant::now(), estimate)),
            current: Mutex::new(None),
        })
    }
}

impl Terminal {
    fn new(told: Told) -> Self {
        let bars = MultiProgress::new();
        if told == Told::Little {
            bars.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self { told, bars, node: None }
    }

    /// A bar of a part of longer work, of which it says how much is over.
    fn bar_of(&self, name: &str, steps: u64, whole: Option<(Instant, Estimate)>) -> Bar {
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
                        let _ = w.write_str(&after(&estimate, began.elapsed()));
                    }
                }),
            );
        }
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Bar(bar)
    }
}

/// What is over and what is left after so much time; never all of it.
fn after(estimate: &Estimate, elapsed: Duration) -> String {
    let Estimate { what, time, basis } = estimate;
    match time.checked_sub(elapsed).filter(|left| !left.is_zero()) {
        Some(left) => {
            let percent = 100.0 * elapsed.as_secs_f64() / time.as_secs_f64();
            let (percent, left) = (percent.min(99.0).floor(), left.as_secs_f64().ceil());
            format!("{what}: {percent} % (about {left} s left, estimated from {basis})")
        }
        None => format!("{what}: 99 % (takes longer than estimated from {basis})"),
    }
}

/// A progress bar; cleared when dropped.
#[derive(Debug)]
struct Bar(ProgressBar);

impl report::Bar for Bar {
    fn set(&self, done: u64) {
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
struct PhaseBars {
    terminal: Terminal,
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
            self.terminal
                .note(&format!("  {name}: {:.1} s", since.elapsed().as_secs_f64()));
        }
    }
}

impl Progress for PhaseBars {
    fn phase(&self, name: &str, steps: u64) {
        self.end();
        let bar = self.terminal.bar_of(name, steps, self.whole);
        if let Ok(mut current) = self.current.lock() {
            *current = Some((name.to_owned(), Instant::now(), bar));
        }
    }

    fn step(&self, done: u64) {
        if let Ok(current) = self.current.lock() {
            if let Some((_, _, bar)) = &*current {
                report::Bar::set(bar, done);
            }
        }
    }
}

impl Drop for PhaseBars {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_never_all_and_says_what_it_is() {
        let estimate = Estimate {
            what: "proving",
            time: Duration::from_secs(40),
            basis: "earlier proofs",
        };
        let after = |millis| super::after(&estimate, Duration::from_millis(millis));
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
        assert!(super::after(&nothing, Duration::ZERO).contains("99 %"));
    }
}
