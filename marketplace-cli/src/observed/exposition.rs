//! Numbers as Prometheus reads them: its text format, version 0.0.4.
//!
//! Written here and not by a library: what there is to write is a snapshot that is made at one place, not counters that are spread over
//! the program, and of the format only gauges and counters are used.

use assay_marketplace::watch::vitals::{Item, Snapshot};
use std::fmt::{Display, Write};
use std::time::Duration;

/// Of the answer.
pub const MEDIA: &str = "text/plain; version=0.0.4; charset=utf-8";

const WEI_IN_ETHER: f64 = 1e18;

/// The text so far.
struct Text(String);

impl Text {
    /// A metric with a sample for each set of labels; nothing if there is no sample.
    fn metric<V: Display>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Vec<(&'static str, String)>, V)>,
    ) {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_some() {
            let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        }
        for (labels, value) in samples {
            let labels: Vec<String> = labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            let labels = match labels.is_empty() {
                true => String::new(),
                false => format!("{{{}}}", labels.join(",")),
            };
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }

    fn one<V: Display>(&mut self, name: &str, help: &str, value: Option<V>) {
        self.metric(name, help, value.map(|value| (Vec::new(), value)));
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Everything in a snapshot.
pub fn exposition(s: &Snapshot) -> String {
    let mut text = Text(String::new());
    let build = vec![
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("commit", env!("ASSAY_COMMIT").to_owned()),
        ("target", env!("ASSAY_TARGET").to_owned()),
    ];
    text.metric("assay_build_info", "What this program is.", [(build, 1)]);
    text.one("assay_up_seconds", "Since the daemon began.", Some(s.up.as_secs()));
    text.one(
        "assay_node_up",
        "Whether the node answered all that the last pass asked.",
        Some(u8::from(s.lost.is_none())),
    );
    text.one(
        "assay_last_block_timestamp_seconds",
        "Time of the newest block that was seen.",
        s.block.map(|(time, _)| time),
    );
    text.one(
        "assay_last_block_age_seconds",
        "Since that block was seen first.",
        s.block.map(|(_, seen)| seen.as_secs()),
    );
    text.one(
        "assay_turn_age_seconds",
        "Since the last pass over everything was completed.",
        s.turned.map(|turned| turned.as_secs()),
    );
    text.one(
        "assay_longest_turn_seconds",
        "Of the turns that are not over, the one that has taken longest.",
        s.turns.values().max().map(Duration::as_secs),
    );
    deadlines(&mut text, s);
    let model = |name: &str| vec![("model", name.to_owned())];
    let begun = s
        .budgets
        .iter()
        .map(|budget| (model(&budget.model), budget.proofs.used));
    text.metric(
        "assay_proofs_begun_total",
        "Proofs begun with a model's secret, on whatever machine.",
        begun,
    );
    let left = |total: u64, used: u64| total - used;
    let left = s
        .budgets
        .iter()
        .map(|b| (model(&b.model), left(b.proofs.total, b.proofs.used)));
    text.metric("assay_proofs_left", "Proofs that a model's secret still carries.", left);
    text.one(
        "assay_fees_paid_ether_total",
        "Paid for gas by the transactions in the journals of this state directory.",
        s.turned.map(|_| s.paid_wei as f64 / WEI_IN_ETHER),
    );
    text.one(
        "assay_stuck_journals",
        "Journals with something that no block takes for what it may cost.",
        s.turned.map(|_| s.stuck.0),
    );
    let errors = s
        .errors
        .iter()
        .map(|(during, count)| (vec![("during", during.clone())], *count));
    text.metric("assay_errors_total", "What went wrong, by what was done.", errors);
    let requests = s
        .requests
        .iter()
        .map(|(class, count)| (vec![("status", format!("{class}xx"))], *count));
    text.metric(
        "assay_requests_total",
        "Requests that were answered, by status.",
        requests,
    );
    text.one(
        "assay_queue_up",
        "Whether the farm's queue answers.",
        s.queue.map(|said| u8::from(said.is_ok())),
    );
    if let Some(Ok(queue)) = s.queue {
        let tasks = [
            ("queued", queue.queued),
            ("running", queue.running),
            ("done", queue.done),
            ("set_aside", queue.set_aside),
        ];
        let tasks = tasks.map(|(state, count)| (vec![("state", state.to_owned())], count));
        text.metric("assay_queue_tasks", "Tasks of the farm's queue, by state.", tasks);
    }
    let stakes = s
        .stakes
        .iter()
        .map(|(id, (now, _))| (model(&id.to_string()), *now as f64 / WEI_IN_ETHER));
    text.metric("assay_stake_ether", "Stake of a registered model.", stakes);
    text.one(
        "assay_free_bytes",
        "Free on the disk of the state directory.",
        s.free_bytes,
    );
    text.0
}

fn deadlines(text: &mut Text, s: &Snapshot) {
    let party = |item: &Item| if item.is_own_move { "own" } else { "other" };
    let items = s.items.iter().filter_map(|((thing, id), item)| {
        let labels = vec![
            ("kind", (*thing).to_owned()),
            ("id", id.to_string()),
            ("move", party(item).to_owned()),
        ];
        Some((labels, s.left(item)?))
    });
    text.metric(
        "assay_deadline_left_seconds",
        "Until the window of something open ends, by the chain's clock, and whose move it is.",
        items,
    );
    let own = s.items.values().filter(|item| item.is_own_move);
    text.one(
        "assay_deadline_left_worst_seconds",
        "The least of those in which it is this party's move; absent if there is none.",
        own.filter_map(|item| s.left(item)).min(),
    );
    text.one("assay_open_items", "What is open.", Some(s.items.len()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::B256;
    use assay_marketplace::proving::promises::allotted::Counted;
    use assay_marketplace::watch::vitals::{Budget, QueueGauges};

    fn item(deadline: u64, is_own_move: bool) -> Item {
        Item {
            state: "Proving".into(),
            deadline,
            since: 0,
            saw_begin: true,
            is_own_move,
        }
    }

    #[test]
    fn everything_is_told_once_and_labels_are_escaped() {
        let id = B256::repeat_byte;
        let snapshot = Snapshot {
            is_connected: true,
            block: Some((1_000, Duration::from_secs(5))),
            turned: Some(Duration::from_secs(2)),
            items: [
                (("engagement", id(1)), item(1_105, true)),
                (("engagement", id(2)), item(1_015, false)),
                (("engagement", id(3)), item(0, true)),
            ]
            .into(),
            errors: [("submit".into(), 3)].into(),
            paid_wei: 1_500_000_000_000_000_000,
            budgets: vec![Budget {
                model: "a\"b\\c\nd".into(),
                proofs: Counted { used: 7, total: 25 },
            }],
            queue: Some(Ok(QueueGauges {
                queued: 4,
                ..QueueGauges::default()
            })),
            ..Snapshot::default()
        };
        let text = exposition(&snapshot);
        let has = |line: &str| assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        has(&format!(
            "assay_deadline_left_seconds{{kind=\"engagement\",id=\"{}\",move=\"own\"}} 100",
            id(1)
        ));
        has(&format!(
            "assay_deadline_left_seconds{{kind=\"engagement\",id=\"{}\",move=\"other\"}} 10",
            id(2)
        ));
        has("assay_deadline_left_worst_seconds 100");
        has("assay_open_items 3");
        has("# TYPE assay_proofs_begun_total counter");
        has("assay_proofs_left{model=\"a\\\"b\\\\c\\nd\"} 18");
        has("assay_fees_paid_ether_total 1.5");
        has("assay_errors_total{during=\"submit\"} 3");
        has("assay_queue_tasks{state=\"queued\"} 4");
        let types = text.lines().filter(|line| line.starts_with("# TYPE "));
        let names: Vec<&str> = types.filter_map(|line| line.split(' ').nth(2)).collect();
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len());
        // What is not known is not told.
        assert!(!exposition(&Snapshot::default()).contains("assay_deadline_left_worst_seconds"));
    }
}
