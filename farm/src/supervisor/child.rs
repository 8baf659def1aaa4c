//! A proof in a process of its own: whatever becomes of it, the supervisor and the other proofs go on.
//!
//! The child reads one line, its [`Assignment`], from its standard input, which then stays open: it ends when that closes, so also
//! when its supervisor is killed. It writes the bundle to its standard output, and where it is, a line a step, to standard error.

use crate::queue::{Failure, Taken};
use crate::supervisor::work::{Attempt, Progress};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Read};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The longest bundle, bytes; as the tables check it.
const LONGEST_BUNDLE: u64 = 1 << 20;

/// The longest line of an assignment, bytes: a claim of 64 MiB in hex, and the rest.
const LONGEST_LINE: u64 = (128 << 20) + (1 << 16);

/// The longest line that says a step, bytes; the rest counts as another one.
const LONGEST_STEP: u64 = 200;

/// How often a child's memory is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// What a child is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Which start of which task, in hex: goes into the seed of the proof's randomness.
    pub token: String,
    /// The opening's number.
    pub number: u64,
    /// Hash of what the proof says, in hex.
    pub statement: String,
    /// The model's id in hex.
    pub model_id: String,
    /// Which keys.
    pub layout: String,
    /// The claim, in hex.
    pub claim: String,
}

impl Assignment {
    /// Of a task.
    pub fn of(taken: &Taken) -> Self {
        Self {
            token: taken.token.to_string(),
            number: taken.number,
            statement: hex::encode(taken.statement),
            model_id: hex::encode(taken.model_id),
            layout: taken.layout.clone(),
            claim: hex::encode(&taken.claim),
        }
    }

    /// For the child: reads the assignment from standard input, and has this process end when its supervisor does.
    ///
    /// # Errors
    /// If standard input has no assignment.
    pub fn receive() -> std::io::Result<Self> {
        let mut line = String::new();
        std::io::stdin().lock().take(LONGEST_LINE).read_line(&mut line)?;
        let assignment = serde_json::from_str(&line)?;
        std::thread::spawn(|| {
            // Ends when the pipe closes.
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            std::process::exit(1);
        });
        Ok(assignment)
    }
}

/// A child that makes a proof; killed when dropped.
#[derive(Debug)]
pub struct ChildAttempt {
    made: JoinHandle<Result<Vec<u8>, Failure>>,
    kill: Option<oneshot::Sender<()>>,
}

impl ChildAttempt {
    /// Starts `command` on what was taken. Must be called within a runtime.
    ///
    /// # Errors
    /// If it does not start.
    pub fn begin(mut command: Command, taken: &Taken, progress: &Progress) -> Result<Self, Failure> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in the terminal is the supervisor's.
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn().map_err(|error| Failure {
            error: format!("the prover does not start: {error}"),
            ..Failure::default()
        })?;
        let mut line = serde_json::to_vec(&Assignment::of(taken)).expect("an assignment is JSON");
        line.push(b'\n');
        let (kill, killed) = oneshot::channel();
        let made = tokio::spawn(follow(child, line, progress.clone(), killed));
        Ok(Self { made, kill: Some(kill) })
    }
}

impl Attempt for ChildAttempt {
    async fn done(&mut self) -> Result<Vec<u8>, Failure> {
        (&mut self.made).await.unwrap_or_else(|_| {
            Err(Failure {
                error: "the supervisor lost its prover".into(),
                ..Failure::default()
            })
        })
    }

    async fn kill(mut self) {
        drop(self.kill.take());
        let _ = (&mut self.made).await;
    }
}

impl Drop for ChildAttempt {
    fn drop(&mut self) {
        self.made.abort();
    }
}

/// Follows a child to its end, or ends it where `killed` says so.
async fn follow(
    mut child: Child,
    line: Vec<u8>,
    progress: Progress,
    killed: oneshot::Receiver<()>,
) -> Result<Vec<u8>, Failure> {
    let failed = |error: String| Failure {
        error,
        ..Failure::default()
    };
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(failed("the prover has no pipes".into()));
    };
    let watched = child.id();
    let work = async {
        let send = async {
            // A child that does not read says why in its own words.
            let _ = stdin.write_all(&line).await;
            let _ = stdin.flush().await;
        };
        let read = async {
            let mut bundle = Vec::new();
            stdout
                .take(LONGEST_BUNDLE + 1)
                .read_to_end(&mut bundle)
                .await
                .map(|_| bundle)
        };
        let steps = async {
            let mut stderr = BufReader::new(stderr);
            let mut last = String::new();
            let mut line = Vec::new();
            // Lines of any length and of any bytes: what is not read would stop the child.
            while let Ok(1..) = (&mut stderr).take(LONGEST_STEP).read_until(b'\n', &mut line).await {
                let step = shown(&line);
                if !step.is_empty() {
                    progress.at(&step);
                    last = step;
                }
                line.clear();
            }
            last
        };
        let (_, bundle, last) = tokio::join!(send, read, steps);
        (child.wait().await, bundle, last)
    };
    let memory = async {
        loop {
            if let Some(peak) = watched.and_then(peak_of) {
                progress.peaked(peak);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let ended = tokio::select! {
        ended = work => Some(ended),
        never = memory => never,
        _ = killed => None,
    };
    drop(stdin);
    let Some((status, bundle, last)) = ended else {
        let _ = child.kill().await;
        return Err(failed("the prover was stopped".into()));
    };
    // It may have ended because nobody read on.
    if bundle.as_ref().is_ok_and(|bundle| bundle.len() as u64 > LONGEST_BUNDLE) {
        return Err(failed("the prover wrote too long a bundle".into()));
    }
    let status = status.map_err(|error| failed(format!("the prover cannot be waited for: {error}")))?;
    if !status.success() {
        return Err(failed(format!("the prover ended with {status}; it said: {last}")));
    }
    match bundle {
        Ok(bundle) if bundle.is_empty() => Err(failed("the prover wrote no bundle".into())),
        Ok(bundle) => Ok(bundle),
        Err(error) => Err(failed(format!("the bundle cannot be read: {error}"))),
    }
}

/// What a child says, as one line that a terminal can show.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim()
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// The highest memory that a process had so far, bytes; where the system says it.
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
