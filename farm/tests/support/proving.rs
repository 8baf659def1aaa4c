//! Provers that prove nothing: scripts that say their statement, and what their supervisors tell.

use super::{skill, Farm, GB};
use assay_farm::queue::{Failure, Skill, Taken};
use assay_farm::supervisor::child::ChildAttempt;
use assay_farm::supervisor::{Event, Options, Progress, Stop, Supervisor, Work};
use assay_farm::{FarmError, Queue, Role};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Reads the assignment, and says the statement as its bundle. `$0` is a directory for what a test wants to know or to say.
pub(crate) const HONEST: &str = r#"read -r line; s=${line#*statement\":\"}; printf %s "${s%%\"*}""#;

/// The same, but waits for the file `go`.
pub(crate) const PATIENT: &str =
    r#"read -r line; s=${line#*statement\":\"}; until [ -e "$0/go" ]; do sleep 0.05; done; printf %s "${s%%\"*}""#;

/// Says which process it is, and never ends.
pub(crate) const ENDLESS: &str = r#"read -r line; echo $$ > "$0/pid.new"; mv "$0/pid.new" "$0/pid"; exec sleep 1000"#;

#[derive(Debug)]
pub(crate) struct Scripted {
    pub(crate) script: &'static str,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) memory: u64,
    pub(crate) told: Mutex<Vec<String>>,
}

impl Scripted {
    pub(crate) fn new(script: &'static str) -> Self {
        Self {
            script,
            directory: tempfile::tempdir().expect("a directory"),
            memory: 4 * GB,
            told: Mutex::default(),
        }
    }

    /// How often something was told.
    pub(crate) fn count(&self, what: &str) -> usize {
        let told = self.told.lock().expect("no panic");
        told.iter().filter(|line| line.starts_with(what)).count()
    }

    /// Lets patient ones go on.
    pub(crate) fn go(&self) {
        std::fs::write(self.directory.path().join("go"), "").expect("written");
    }
}

impl Work for Scripted {
    type Attempt = ChildAttempt;

    fn skills(&self) -> Vec<Skill> {
        vec![skill()]
    }

    fn free_memory(&self) -> u64 {
        self.memory
    }

    fn begin(&self, taken: &Taken, progress: &Progress) -> Result<ChildAttempt, Failure> {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(self.script).arg(self.directory.path());
        ChildAttempt::begin(command, taken, progress)
    }

    fn check(&self, taken: &Taken, bundle: &[u8]) -> Result<(), String> {
        let said = String::from_utf8_lossy(bundle);
        let wanted: String = taken.statement.iter().map(|byte| format!("{byte:02x}")).collect();
        if said == wanted {
            Ok(())
        } else {
            Err(format!("it says {said}"))
        }
    }

    fn hear(&self, event: Event<'_>) {
        let line = match event {
            Event::Answered(..) | Event::Idle => return,
            Event::Took(_) => "took".into(),
            Event::Finished(_, closed, _) => format!("finished {closed:?}"),
            Event::Failed(_, failure) => format!("failed {}", failure.error),
            Event::Stopped(_, why) => format!("stopped {why:?}"),
            Event::Doubled(_) => "doubled".into(),
            Event::GaveBack(_) => "gave back".into(),
            Event::Waiting(error) => format!("waiting {error}"),
            _ => "something new".into(),
        };
        self.told.lock().expect("no panic").push(line);
    }
}

/// A worker in this process.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) work: Arc<Scripted>,
    pub(crate) stop: watch::Sender<Stop>,
    ends: JoinHandle<Result<(), FarmError>>,
}

pub(crate) fn options() -> Options {
    Options {
        poll: Duration::from_millis(100),
        spread: Duration::ZERO,
        least: Duration::ZERO,
        pauses: (Duration::from_millis(20), Duration::from_millis(200)),
        ..Options::of("w1")
    }
}

impl Worker {
    pub(crate) async fn start(farm: &Farm, work: Scripted, options: Options) -> Self {
        let queue = Queue::connect(&farm.url, Role::Worker)
            .await
            .expect("a worker connects");
        let work = Arc::new(work);
        let (stop, stopped) = watch::channel(Stop::No);
        let supervisor = Supervisor::new(Arc::new(queue), work.clone(), options);
        let ends = tokio::spawn(async move { supervisor.run(stopped).await });
        Self { work, stop, ends }
    }

    /// Waits until something was told.
    pub(crate) async fn tells(&self, what: &str) {
        super::until(what, || async { self.work.count(what) > 0 }).await;
    }

    pub(crate) async fn ended(self) -> Arc<Scripted> {
        self.ends.await.expect("no panic").expect("no error");
        self.work
    }

    pub(crate) async fn failed(self) -> FarmError {
        self.ends.await.expect("no panic").expect_err("an error")
    }

    /// Waits for the process of an endless one.
    pub(crate) async fn process(&self) -> String {
        let file = self.work.directory.path().join("pid");
        super::until("the prover begins", || async { file.exists() }).await;
        std::fs::read_to_string(file).expect("a number").trim().to_owned()
    }
}

/// Whether a process is there and not dead.
pub(crate) fn lives(process: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process).join("stat")).unwrap_or_default();
    stat.rsplit(')')
        .next()
        .is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}
