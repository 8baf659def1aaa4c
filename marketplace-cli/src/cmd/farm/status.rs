//! What goes on at the farm.

use crate::args::queue::QueueArgs;
use crate::context::Context;
use crate::farm::fault::told;
use crate::farm::owner::Farm;
use crate::farm::place::Place;
use alloy::primitives::B256;
use assay_farm::queue::{Aside, BudgetLeft, EngagementStatus, Running, Status};
use assay_marketplace::table::Table;
use assay_marketplace::watch::end::told_to_end;
use assay_protocol::units::{in_words, utc};
use serde::Serialize;
use std::fmt;
use std::time::Duration;

use super::collect::set_aside;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay farm status\n  assay farm status 0x3f… --watch\n  assay farm status --price 0.40 --json\n\n\
    Times and deadlines are by the database's clock. Openings are the model's proofs that the farm was allotted: used by starts, leased to\n\
    those that are going on, left. The end is expected with as many workers as are proving now. Ends with code 3 if proofs were set\n\
    aside after they failed too often, with the last error and where the prover was."
)]
pub struct Args {
    /// Engagement, round or audit [default: all]
    id: Option<B256>,
    /// Go on telling until told to end
    #[arg(long)]
    watch: bool,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = crate::args::time::up_to_an_hour, requires = "watch")]
    every: u64,
    /// What an hour of one worker costs, in whatever money: says what the proofs cost
    #[arg(long, value_name = "PRICE")]
    price: Option<f64>,
    #[command(flatten)]
    farm: QueueArgs,
}

/// Everything at about one moment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    /// By the database, Unix seconds.
    now: u64,
    tasks: Vec<Tasks>,
    running: Vec<InHand>,
    set_aside: Vec<SetAside>,
    openings: Vec<Openings>,
}

/// Of one engagement, round or audit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tasks {
    id: String,
    queued: u64,
    /// Of the queued, those that nobody starts any more.
    late: u64,
    running: u64,
    done: u64,
    set_aside: u64,
    cancelled: u64,
    last_hour: u64,
    /// Of one proof, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof_seconds: Option<f64>,
    /// The first of what is open, Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<u64>,
    /// When the last proof is expected, Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_end: Option<u64>,
    /// Of all proofs together.
    worker_hours: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InHand {
    id: String,
    statement: B256,
    worker: String,
    step: String,
    seconds: u64,
    start: u32,
    /// Who proves it, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<Beside>,
}

/// A second worker of the same task.
#[derive(Debug, Serialize)]
struct Beside {
    worker: String,
    step: String,
    seconds: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SetAside {
    id: String,
    statement: B256,
    worker: String,
    error: String,
    step: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_bytes: Option<u64>,
}

/// Of one model, by its weights commitment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Openings {
    model: B256,
    used: u64,
    leased: u64,
    left: u64,
}

impl Tasks {
    fn of(status: &EngagementStatus, now: f64, price: Option<f64>) -> Self {
        let hours = status.all_seconds / 3600.0;
        Self {
            id: status.engagement.clone(),
            queued: status.queued,
            late: status.late,
            running: status.running,
            done: status.done,
            set_aside: status.set_aside,
            cancelled: status.cancelled,
            last_hour: status.last_hour,
            proof_seconds: status.mean_seconds,
            deadline: status.deadline.map(|time| time as u64),
            expected_end: status.expected_end(now).map(|time| time.ceil() as u64),
            worker_hours: hours,
            cost: price.map(|price| price * hours),
        }
    }
}

impl InHand {
    fn of(running: Running, now: f64) -> Self {
        let since = |time: f64| (now - time).max(0.0) as u64;
        Self {
            id: running.engagement,
            statement: running.statement.into(),
            worker: running.worker,
            step: running.step.unwrap_or_default(),
            seconds: since(running.since),
            start: running.start,
            second: running.second.map(|second| Beside {
                seconds: since(second.since),
                step: second.step.unwrap_or_default(),
                worker: second.worker,
            }),
        }
    }
}

impl From<Aside> for SetAside {
    fn from(aside: Aside) -> Self {
        Self {
            id: aside.engagement,
            statement: aside.statement.into(),
            worker: aside.worker.unwrap_or_default(),
            error: aside.error.unwrap_or_default(),
            step: aside.step.unwrap_or_default(),
            peak_bytes: aside.peak,
        }
    }
}

impl From<BudgetLeft> for Openings {
    fn from(left: BudgetLeft) -> Self {
        Self {
            model: left.model_id.into(),
            used: left.budget.used,
            leased: left.leased,
            left: left.budget.total - left.budget.used,
        }
    }
}

impl Shown {
    fn of(status: Status, price: Option<f64>) -> Self {
        let now = status.now;
        Self {
            now: now as u64,
            tasks: status
                .engagements
                .iter()
                .map(|one| Tasks::of(one, now, price))
                .collect(),
            running: status.running.into_iter().map(|one| InHand::of(one, now)).collect(),
            set_aside: status.set_aside.into_iter().map(SetAside::from).collect(),
            openings: status.budgets.into_iter().map(Openings::from).collect(),
        }
    }
}

/// The first digits of an id.
fn short(id: &str) -> String {
    plain(id).chars().take(10).collect()
}

/// What workers said, without anything that a terminal obeys.
fn plain(text: &str) -> String {
    text.escape_debug().to_string()
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tasks.is_empty() {
            return write!(f, "nothing was submitted; next: assay farm submit ID --model FILE");
        }
        let mut table = Table::new([
            "id",
            "queued",
            "running",
            "done",
            "set aside",
            "an hour",
            "s each",
            "due",
            "end",
            "cost",
        ]);
        for tasks in &self.tasks {
            let left = |time: Option<u64>| match time {
                None => String::new(),
                Some(time) if time < self.now => format!("over since {}", utc(time)),
                Some(time) => format!("in {}", in_words(time - self.now)),
            };
            table.row([
                short(&tasks.id),
                tasks.queued.to_string(),
                tasks.running.to_string(),
                tasks.done.to_string(),
                tasks.set_aside.to_string(),
                tasks.last_hour.to_string(),
                tasks.proof_seconds.map(|s| format!("{s:.1}")).unwrap_or_default(),
                left(tasks.deadline),
                left(tasks.expected_end),
                tasks.cost.map(|cost| format!("{cost:.2}")).unwrap_or_default(),
            ]);
        }
        write!(f, "{table}")?;
        for tasks in self.tasks.iter().filter(|tasks| tasks.late > 0) {
            let (id, late) = (short(&tasks.id), tasks.late);
            writeln!(f, "{id}: {late} are past their deadline, nobody starts them any more")?;
        }
        for tasks in &self.tasks {
            if tasks
                .expected_end
                .zip(tasks.deadline)
                .is_some_and(|(end, due)| end > due)
            {
                writeln!(f, "{}: will be late, more workers are needed", short(&tasks.id))?;
            }
        }
        for one in &self.running {
            let (id, worker, step) = (short(&one.id), plain(&one.worker), plain(&one.step));
            let (seconds, start) = (one.seconds, one.start);
            writeln!(f, "{id}: {worker} for {seconds} s: {step} (start {start})")?;
            if let Some(second) = &one.second {
                let (worker, step, seconds) = (plain(&second.worker), plain(&second.step), second.seconds);
                writeln!(f, "{id}: {worker}, too, for {seconds} s: {step}")?;
            }
        }
        for one in &self.set_aside {
            let peak = one
                .peak_bytes
                .map(|bytes| format!(", {:.1} GB at most", bytes as f64 / 1e9));
            let peak = peak.unwrap_or_default();
            let (id, worker, step) = (short(&one.id), plain(&one.worker), plain(&one.step));
            writeln!(f, "{id}: set aside at {worker}, {step}{peak}: {}", plain(&one.error))?;
        }
        for one in &self.openings {
            let model = short(&one.model.to_string());
            let (used, leased, left) = (one.used, one.leased, one.left);
            writeln!(
                f,
                "model {model}: {used} openings used, {leased} of them leased, {left} left"
            )?;
        }
        Ok(())
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let farm = Farm::new(Place::named(&args.farm, ctx)?, false, (*ctx.out).clone());
    let queue = farm.queue().await?;
    let only = args.id.map(|id| id.to_string());
    loop {
        let shown = Shown::of(queue.status(only.as_deref()).await.map_err(told)?, args.price);
        ctx.out.result(&shown, &shown)?;
        if !args.watch {
            let first = shown.set_aside.first().map(|one| one.id.clone());
            return first.map_or(Ok(()), |id| Err(set_aside(shown.set_aside.len(), id)));
        }
        tokio::select! {
            ended = told_to_end() => return Ok(ended?),
            () = tokio::time::sleep(Duration::from_secs(args.every)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_worker_says_moves_no_cursor() {
        let shown = Shown {
            now: 100,
            tasks: vec![Tasks::of(&engagement(), 100.0, Some(2.0))],
            running: vec![InHand {
                id: "0xab".into(),
                statement: B256::ZERO,
                worker: "w\u{1b}[2J".into(),
                step: "a\nb".into(),
                seconds: 3,
                start: 1,
                second: Some(Beside {
                    worker: "v\u{7}".into(),
                    step: "keys".into(),
                    seconds: 1,
                }),
            }],
            set_aside: Vec::new(),
            openings: Vec::new(),
        };
        let text = shown.to_string();
        assert!(
            !text.contains(['\u{1b}', '\u{7}'])
                && text.contains("w\\u{1b}[2J for 3 s: a\\nb")
                && text.contains("v\\u{7}, too, for 1 s: keys"),
            "{text}"
        );
        assert!(text.contains("will be late") && text.contains("1.00"), "{text}");
    }

    fn engagement() -> EngagementStatus {
        EngagementStatus {
            engagement: "0xab".into(),
            queued: 7,
            late: 0,
            running: 1,
            done: 2,
            set_aside: 0,
            cancelled: 0,
            deadline: Some(110.0),
            last_hour: 2,
            mean_seconds: Some(9.0),
            all_seconds: 1800.0,
        }
    }
}
