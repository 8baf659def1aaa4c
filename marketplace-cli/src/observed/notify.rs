//! A command that hears what needs a person, one event after the other. The daemon waits for none of them.
//!
//! What nobody heard is tried again until somebody does: of one thing the newest event.

use crate::args::patrol::Argv;
use assay_durable::report::Reporter;
use assay_marketplace::watch::event::Event;
use eyre::WrapErr;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Notify;

/// How long the command may take.
const TIME: Duration = Duration::from_secs(30);
/// Pause after it failed; it doubles with each time.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const MAX_PAUSE: Duration = Duration::from_secs(600);

/// What it is given of the daemon's environment, in which passwords and the address of the node are.
const ENVIRONMENT: [&str; 5] = ["PATH", "HOME", "LANG", "TZ", "USER"];

/// Event and what it is about: there are as many as there are things that need a person.
type Key = (&'static str, String);

/// What nobody has heard yet, as lines of JSON.
#[derive(Debug, Default)]
struct Waiting {
    /// With the order they came in.
    events: Mutex<BTreeMap<Key, (u64, String)>>,
    news: Notify,
}

impl Waiting {
    fn events(&self) -> std::sync::MutexGuard<'_, BTreeMap<Key, (u64, String)>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In the place of an older one about the same.
    fn put(&self, key: Key, line: String) {
        let mut events = self.events();
        let number = events.values().map(|(number, _)| number + 1).max().unwrap_or(0);
        events.insert(key, (number, line));
        drop(events);
        self.news.notify_one();
    }

    /// The oldest.
    async fn first(&self) -> (Key, u64, String) {
        loop {
            let oldest = self
                .events()
                .iter()
                .min_by_key(|(_, (number, _))| *number)
                .map(|(key, event)| {
                    let (number, line) = event.clone();
                    (key.clone(), number, line)
                });
            match oldest {
                Some(event) => return event,
                None => self.news.notified().await,
            }
        }
    }

    /// Somebody heard it: a newer one waits on.
    fn heard(&self, key: &Key, number: u64) {
        let mut events = self.events();
        if events.get(key).is_some_and(|(waiting, _)| *waiting == number) {
            events.remove(key);
        }
    }
}

/// Hands events to the command.
#[derive(Debug, Clone)]
pub struct Notifier(Arc<Waiting>);

impl Notifier {
    /// Runs `argv` for each event, on the runtime it is called on.
    pub fn start(argv: Argv, out: Reporter) -> Self {
        let waiting = Arc::<Waiting>::default();
        tokio::spawn(serve(waiting.clone(), argv, out, FIRST_PAUSE));
        Self(waiting)
    }

    /// Takes an event.
    ///
    /// # Errors
    /// If it is no JSON.
    pub fn tell(&self, event: &Event) -> eyre::Result<()> {
        let about = match &event.subject {
            Some(subject) => subject.1.to_string(),
            None => event.fields["model"].as_str().unwrap_or_default().to_owned(),
        };
        self.0.put((event.event, about), serde_json::to_string(event)?);
        Ok(())
    }
}

/// One after the other, the oldest first; none is left before somebody heard it.
async fn serve(waiting: Arc<Waiting>, argv: Argv, out: Reporter, first_pause: Duration) {
    let mut pause = first_pause;
    loop {
        let (key, number, event) = waiting.first().await;
        match run(&argv, &event, TIME).await {
            Ok(()) => {
                waiting.heard(&key, number);
                pause = first_pause;
            }
            Err(error) => {
                let seconds = pause.as_secs();
                out.warn(format_args!(
                    "--notify: nobody heard of {event}: {error:#}; again in {seconds} s"
                ));
                tokio::time::sleep(pause).await;
                pause = (2 * pause).min(MAX_PAUSE);
            }
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
        .env_clear()
        .envs(
            ENVIRONMENT
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
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

    /// A mail server that is away for a while keeps nobody from hearing of what came meanwhile.
    #[tokio::test]
    async fn what_nobody_heard_is_told_again_the_newest_of_each() {
        let dir = tempfile::tempdir().unwrap();
        let (heard, tries) = (dir.path().join("heard"), dir.path().join("tries"));
        let script = dir.path().join("tell");
        // It fails twice, and knows nothing of the daemon's environment.
        let text = "cat > \"$1/last\"; echo >> \"$1/tries\"\n\
                    [ $(wc -l < \"$1/tries\") -gt 2 ] && cat \"$1/last\" >> \"$1/heard\" && env >> \"$1/env\"";
        std::fs::write(&script, text).unwrap();
        let waiting = Arc::<Waiting>::default();
        let key = |name| (name, String::new());
        waiting.put(key("stuck"), "old".into());
        waiting.put(key("nodeDead"), "dead".into());
        waiting.put(key("stuck"), "new".into());
        let argv = argv(&format!("sh {} {}", script.display(), dir.path().display()));
        let served = serve(waiting.clone(), argv, Reporter::silent(), Duration::from_millis(1));
        let all = async {
            while !waiting.events().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            () = served => {}
            () = all => {}
        }
        assert_eq!(std::fs::read_to_string(heard).unwrap(), "dead\nnew\n");
        assert_eq!(std::fs::read_to_string(tries).unwrap().lines().count(), 4);
        let env = std::fs::read_to_string(dir.path().join("env")).unwrap();
        assert!(env.contains("PATH=") && !env.contains("CARGO"), "{env}");
    }
}
