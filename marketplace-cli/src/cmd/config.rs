//! What the options are without being typed, and where they come from.

use crate::context::Context;
use crate::settings::{allow, Placed, FILE};
use alloy::primitives::utils::format_units;
use alloy::primitives::Address;
use assay_chain::keys::{KEY_VARIABLE, SIGNER_VARIABLE};
use assay_chain::node_url::NodeUrl;
use assay_chain::remote_signer::SignerUrl;
use clap::Subcommand;
use serde::Serialize;
use std::fmt::{self, Display};
use std::path::PathBuf;

/// `assay config …`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Every setting with its value and the place that it comes from
    #[command(after_help = "Example:\n  assay config show\n\n\
        Settings are in assay.toml, in the working directory, once assay config allow was run there, or in the state directory; the\n\
        former comes first:\n  \
        rpc-url = \"https://node.example\"  confirmations = 12  deployment = \"deployment.json\"\n  \
        market = \"0x52…\"  retrieval = \"0x7c…\"  portable = true  keystore = \"me.json\"  password-file = \"me.password\"\n  \
        signer-url = \"https://signer.example\", in place of a keystore  sender = \"0x90…\"\n  \
        max-fee = \"30gwei\"  max-priority-fee = \"2gwei\"  max-cost = \"0.05ether\"\n\n\
        Each on a line of its own; paths are relative to the file. An option that is typed comes before the environment\n\
        (ETH_RPC_URL, ASSAY_HOME, ASSAY_PRIVATE_KEY, ASSAY_SIGNER_URL), which comes before the files. What is trusted is in no file, nor where the\n\
        state directory is.")]
    Show,
    /// Use the assay.toml of the working directory from now on, as it is: whenever it changes, it has to be allowed again
    #[command(after_help = "Example:\n  assay config allow")]
    Allow,
}

/// One setting.
#[derive(Debug, Serialize)]
struct Row {
    key: &'static str,
    /// `null` if it has none.
    value: Option<String>,
    /// `option`, `environment NAME`, FILE:LINE, or `default`.
    from: String,
}

/// A file that counts.
#[derive(Debug, Serialize)]
struct Allowed {
    allowed: PathBuf,
}

/// All of them.
#[derive(Debug, Serialize)]
struct Shown {
    settings: Vec<Row>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Row { key, value, from } in &self.settings {
            let value = value.as_deref().unwrap_or("-");
            writeln!(f, "{key:<17} {value:<44} {from}")?;
        }
        write!(
            f,
            "({FILE} in the working directory, if it was allowed, then in the state directory)"
        )
    }
}

impl Command {
    pub(crate) fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Show => {
                let shown = Shown { settings: rows(ctx) };
                ctx.out.result(&shown, &shown)
            }
            Self::Allow => {
                let allowed = allow(&ctx.home)?;
                let shown = format!("{} is used from now on", allowed.display());
                ctx.out.result(&Allowed { allowed }, &shown)
            }
        }
    }
}

fn rows(ctx: &Context) -> Vec<Row> {
    let (globals, settings) = (&ctx.globals, &ctx.settings);
    let node = |url: &String| {
        url.parse::<NodeUrl>()
            .map_or("(no URL)".into(), |node| node.to_string())
    };
    let home = ctx.home.path().display().to_string();
    let key = std::env::var_os(KEY_VARIABLE).map(|_| "(a key, not shown)".to_owned());
    let keystore = match key {
        Some(_) => Row {
            key: "keystore",
            value: key,
            from: format!("environment {KEY_VARIABLE}"),
        },
        None => of_file("keystore", &settings.keystore, |file| file.display().to_string()),
    };
    let signer = |url: &str| {
        url.parse::<SignerUrl>()
            .map_or("(no signer's URL)".into(), |url| url.to_string())
    };
    let signer_url = match std::env::var(SIGNER_VARIABLE) {
        Ok(url) => Row {
            key: "signer-url",
            value: Some(signer(&url)),
            from: format!("environment {SIGNER_VARIABLE}"),
        },
        Err(_) => of_file("signer-url", &settings.signer_url, |url| signer(url)),
    };
    let gwei = |wei: u128| format_units(wei, "gwei").map_or_else(|_| wei.to_string(), |text| format!("{text} gwei"));
    let ether = |wei: u128| format_units(wei, "ether").map_or_else(|_| wei.to_string(), |text| format!("{text} ether"));
    vec![
        Row {
            value: Some(home),
            ..row(
                "home",
                globals.home.as_ref().map(|home| home.display()),
                &None::<Placed<PathBuf>>,
                Some("ASSAY_HOME"),
            )
        },
        Row {
            value: globals.rpc_url.as_ref().map(node),
            ..row(
                "rpc-url",
                globals.rpc_url.as_ref(),
                &settings.rpc_url,
                Some("ETH_RPC_URL"),
            )
        },
        option("confirmations", globals.confirmations, &settings.confirmations),
        option(
            "deployment",
            globals.deployment.as_ref().map(|file| file.display()),
            &settings.deployment,
        ),
        option("market", globals.market, &settings.market),
        of_file("retrieval", &settings.retrieval, Address::to_string),
        option("portable", globals.portable.then_some(true), &settings.portable),
        keystore,
        of_file("password-file", &settings.password_file, |file| {
            file.display().to_string()
        }),
        signer_url,
        of_file("sender", &settings.sender, Address::to_string),
        of_file("max-fee", &settings.max_fee, |fee| gwei(fee.0)),
        of_file("max-priority-fee", &settings.max_priority_fee, |fee| gwei(fee.0)),
        of_file("max-cost", &settings.max_cost, |cost| ether(cost.0)),
    ]
}

/// A global option, which [`Settings::fill`](crate::settings::Settings::fill) has given what a file says.
fn option<T>(key: &'static str, value: Option<impl Display>, file: &Option<Placed<T>>) -> Row {
    row(key, value, file, None)
}

/// As [`option`], of one that may come from a variable.
fn row<T>(key: &'static str, value: Option<impl Display>, file: &Option<Placed<T>>, variable: Option<&str>) -> Row {
    let value = value.map(|value| value.to_string());
    // An option that says what the environment says makes no difference.
    let is_its = |name: &&str| std::env::var(name).is_ok_and(|held| Some(&held) == value.as_ref());
    let from = match (file, variable.filter(is_its)) {
        _ if value.is_none() => "default".into(),
        (Some(placed), _) => placed.place.clone(),
        (None, Some(name)) => format!("environment {name}"),
        (None, None) => "option".into(),
    };
    Row { key, value, from }
}

/// An option of some commands, of which only a file knows here.
fn of_file<T>(key: &'static str, file: &Option<Placed<T>>, show: impl Fn(&T) -> String) -> Row {
    Row {
        key,
        value: file.as_ref().map(|placed| show(&placed.value)),
        from: file.as_ref().map_or("default".into(), |placed| placed.place.clone()),
    }
}
