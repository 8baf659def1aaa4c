//! A command that hears what needs a person, one event after the other. The daemon waits for none of them.

use crate::args::patrol::Argv;
use assay_durable::report::Reporter;
use eyre::WrapErr;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::mpsc::{channel, Sender};

/// How long the command may take.
const TIME: Duration = Duration::from_secs(30);
/// Events that may wait for it: there are no more at a time unless it hangs.
const WAITING: usize = 64;

/// Hands events to the command.
#[derive(Debug, Clone)]
pub struct Notifier {
    events: Sender<String>,
    out: Reporter,
}

impl Notifier {
    /// Runs `argv` for each event, on the runtime it is called on.
    pub fn start(argv: Argv, out: Reporter) -> Self {
        let (events, mut waiting) = channel::<String>(WAITING);
        let log = out.clone();
        tokio::spawn(async move {
            while let Some(event) = waiting.recv().await {
                if let Err(error) = run(&argv, &event, TIME).await {
                    log.warn(format_args!("--notify: nobody heard of {event}: {error:#}"));
                }
            }
        });
        Self { events, out }
    }

    /// Takes an event, as one line of JSON.
    pub fn tell(&self, event: String) {
        if let Err(error) = self.events.try_send(event) {
            self.out
                .warn(format_args!("--notify: nobody hears of an event: {error}"));
        }
    }
}

async fn run(Argv(words): &Argv, event: &str, time: Duration) -> eyre::Result<()> {
    let [program, args @ ..] = words.as_slice() else {
        return Ok(());
    };
    let mut command = Command::new(program);
    // Its words go where the daemon's do.
    command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().wrap_err_with(|| format!("cannot run {program}"))?;
    let told = async {
        if let Some(mut stdin) = child.stdin.take() {
            // It may end without having read everything.
            let _ = stdin.write_all(format!("{event}\n").as_bytes()).await;
        }
        child.wait().await
    };
    let ended = tokio::time::timeout(time, told).await;
    let ended = ended.map_err(|_| eyre::eyre!("{program} took more than {} s and was killed", time.as_secs()))??;
    eyre::ensure!(ended.success(), "{program} ended with {ended}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(text: &str) -> Argv {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_command_gets_the_event_as_it_is_and_no_shell_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let heard = dir.path().join("heard");
        let event = r#"{"event":"stuck","fields":{"error":"$(touch x); `id` 'a' \"b\""}}"#;
        run(&argv(&format!("tee {}", heard.display())), event, TIME)
            .await
            .unwrap();
        assert_eq!(std::fs::read_to_string(heard).unwrap(), format!("{event}\n"));
    }

    #[tokio::test]
    async fn one_that_fails_or_hangs_is_told_and_killed() {
        let says = async |text: &str| {
            let ended = run(&argv(text), "{}", Duration::from_millis(200)).await;
            format!("{:#}", ended.unwrap_err())
        };
        assert!(says("false").await.contains("false ended with exit status: 1"));
        assert!(says("sleep 100").await.contains("was killed"));
        assert!(says("/no/such/program").await.contains("cannot run /no/such/program"));
    }
}
