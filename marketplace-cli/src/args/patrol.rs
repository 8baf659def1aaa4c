//! When a daemon looks, and who hears of it.

use crate::args::time::up_to_an_hour;
use assay_marketplace::watch::patrol::Schedule;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// When to look.
#[derive(Debug, Clone, clap::Args)]
pub struct PatrolArgs {
    /// Seconds between two looks at the chain
    #[arg(help_heading = "Watching", long, value_name = "SECONDS", default_value_t = 12, value_parser = up_to_an_hour)]
    pub every: u64,
    /// Do what is due now, with the proofs that it needs, and end
    #[arg(help_heading = "Watching", long)]
    pub once: bool,
    /// Who hears how it is.
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// Run this for each event that needs a person, with the event as JSON on its standard input; split at spaces, without a shell
    #[arg(help_heading = "Watching", long, value_name = "CMD", conflicts_with = "once")]
    pub notify: Option<Argv>,
}

/// Where a daemon tells how it is.
#[derive(Debug, Clone, clap::Args)]
pub struct MetricsArgs {
    /// Serve /metrics for Prometheus and /healthz on this port of this machine
    #[arg(help_heading = "Watching", long, value_name = "[ADDRESS:]PORT", value_parser = on_loopback)]
    pub metrics: Option<SocketAddr>,
}

fn on_loopback(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "wanted is a port, or ADDRESS:PORT".to_owned())?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("it is told on the loopback interface alone; elsewhere by a proxy that knows who asks".into()),
    }
}

impl PatrolArgs {
    /// When to look.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            every: Duration::from_secs(self.every),
            once: self.once,
        }
    }
}

/// Program and arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argv(pub Vec<String>);

impl std::str::FromStr for Argv {
    type Err = String;

    /// Split at white space; there is no shell, hence no quotes.
    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        match words.is_empty() {
            true => Err("wanted is a command".into()),
            false => Ok(Self(words)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_of_this_machine_alone() {
        let of = |text| on_loopback(text).map(|address| address.to_string());
        assert_eq!(of("9100").unwrap(), "127.0.0.1:9100");
        assert_eq!(of("[::1]:9100").unwrap(), "[::1]:9100");
        assert!(of("0.0.0.0:9100").unwrap_err().contains("loopback"));
        assert!(of("[2001:db8::1]:1").is_err() && of("here").is_err());
    }

    #[test]
    fn a_command_is_words_between_spaces() {
        assert!("  ".parse::<Argv>().is_err());
        let words: Argv = " a  'b c' ".parse().unwrap();
        assert_eq!(words.0, ["a", "'b", "c'"]);
    }
}
