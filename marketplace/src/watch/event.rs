//! What a daemon did or saw, one line each: JSON with `--json`, else text.

use crate::watch::vitals::Vitals;
use alloy::primitives::B256;
use assay_chain::error::hint_of;
use assay_durable::report::Reporter;
use assay_protocol::units::utc;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// What an event is about: what it is called, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject(pub &'static str, pub B256);

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}

/// One line of a daemon's output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Unix seconds of this machine.
    pub time: u64,
    /// What the event is about: `engagement` or `round`, and its id; absent where it is about all of them.
    #[serde(flatten)]
    pub subject: Option<Subject>,
    /// `started`, `state`, `error`, `waiting`, `rpcLost`, `rpcBack`, `proving`, `proven`, `ended`, one of
    /// [`ALARMS`](crate::watch::alarms::ALARMS), or the name of what was done.
    pub event: &'static str,
    /// The command's own result, for what was done.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub fields: Value,
}

impl Event {
    /// An event of now.
    pub fn new(subject: Option<Subject>, event: &'static str, fields: Value) -> Self {
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            time: time.unwrap_or_default().as_secs(),
            subject,
            event,
            fields,
        }
    }
}

type Announce = dyn Fn(&Event) -> eyre::Result<()> + Send + Sync;

/// Where events go: whoever runs the daemon shows them.
#[derive(Clone)]
pub struct Announcer {
    show: Arc<Announce>,
    /// Of the daemon whose events these are.
    pub vitals: Arc<Vitals>,
}

impl Announcer {
    /// `announce` may be called from several threads at once.
    pub fn new(announce: impl Fn(&Event) -> eyre::Result<()> + Send + Sync + 'static) -> Self {
        Self {
            show: Arc::new(announce),
            vitals: Arc::default(),
        }
    }

    /// The same for a daemon with these vitals.
    pub fn of(self, vitals: Arc<Vitals>) -> Self {
        Self { vitals, ..self }
    }

    /// # Errors
    /// If it cannot be shown.
    pub fn say(&self, subject: Option<Subject>, event: &'static str, fields: Value) -> eyre::Result<()> {
        if event == "error" {
            self.vitals.failed(fields["during"].as_str().unwrap_or("look"));
        }
        (self.show)(&Event::new(subject, event, fields))
    }
}

impl fmt::Debug for Announcer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Announcer")
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", utc(self.time), self.event)?;
        if let Some(Subject(_, id)) = self.subject {
            write!(f, "  {id}")?;
        }
        let Value::Object(fields) = &self.fields else {
            return Ok(());
        };
        // The long ones are for programs.
        for (name, value) in fields
            .iter()
            .filter(|(name, value)| *name != "id" && !value.is_object())
        {
            match value {
                Value::String(text) => write!(f, "  {name}={}", text.replace('\n', " "))?,
                value => write!(f, "  {name}={value}")?,
            }
        }
        Ok(())
    }
}

/// An error with its causes and its hint, as fields; with what may be shown of the node's address.
pub fn error_fields(out: &Reporter, during: &str, error: &eyre::Report) -> Value {
    let mut fields = serde_json::json!({ "during": during, "error": out.redacted(format!("{error:#}")) });
    if let Some(hint) = hint_of(error) {
        fields["hint"] = hint.into();
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::hinted;
    use assay_chain::node_url::NodeUrl;
    use assay_durable::report::Report;

    /// Shows nothing of the node's address but what may be shown.
    #[derive(Debug)]
    struct Hiding(NodeUrl);

    impl Report for Hiding {
        fn note(&self, _: &str) {}

        fn redacted(&self, text: String) -> String {
            self.0.redact(&text)
        }
    }

    #[test]
    fn an_event_is_one_line_in_both_forms() {
        let fields = error_fields(
            &Reporter::new(Hiding("http://node:1/secret-key".parse().unwrap())),
            "ack",
            &hinted("no file\nat http://node:1/secret-key", "ask for it"),
        );
        let event = Event {
            time: 0,
            ..Event::new(Some(Subject("engagement", B256::ZERO)), "error", fields)
        };
        let json = serde_json::to_string(&event).unwrap();
        assert!(!json.contains('\n') && !json.contains("secret"), "{json}");
        assert!(json.contains("at http://node:1\""), "{json}");
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (&read["event"], &read["fields"]["hint"]),
            (&"error".into(), &"ask for it".into())
        );
        assert!(!event.to_string().contains('\n'), "{event}");
        let text = Event::new(
            None,
            "rpcLost",
            serde_json::json!({"id": 1, "wait": 2, "sent": {"a": 1}}),
        )
        .to_string();
        assert!(text.ends_with("rpcLost  wait=2"), "{text}");
    }
}
