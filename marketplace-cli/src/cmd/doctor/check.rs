//! One thing that was looked at.

use crate::context::Context;
use assay_chain::error::hint_of;
use serde::Serialize;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Health {
    Fine,
    /// It may be meant so.
    Look,
    /// Commands will fail.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) what: &'static str,
    pub(super) health: Health,
    /// In words.
    pub(super) found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cure: Option<String>,
}

impl Check {
    pub(super) fn fine(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            health: Health::Fine,
            found: found.into(),
            cure: None,
        }
    }

    pub(super) fn look(what: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            health: Health::Look,
            cure: Some(cure.into()),
            ..Self::fine(what, found)
        }
    }

    pub(super) fn wrong(what: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            health: Health::Wrong,
            ..Self::look(what, found, cure)
        }
    }

    /// Wrong for this reason; the error's own hint is the cure if it has one.
    pub(super) fn failed(what: &'static str, error: &eyre::Report, ctx: &Context, cure: &str) -> Self {
        let cure = hint_of(error).map_or_else(|| cure.to_owned(), |hint| hint.to_string());
        Self::wrong(what, ctx.out.redacted(format!("{error:#}")), cure)
    }
}
