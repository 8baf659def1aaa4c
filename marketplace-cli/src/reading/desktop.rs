//! Opens a link where there is a desktop; nothing depends on it.

use std::process::{Command, Stdio};

/// Whether somebody sits in front of this machine, as far as its environment says.
fn is_there(variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let is_remote = is_set("SSH_CONNECTION") && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY");
    match std::env::consts::OS {
        "macos" | "windows" => !is_remote,
        _ => is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"),
    }
}

/// What opens links here.
fn opener(link: &str) -> Command {
    let (program, before): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("rundll32", &["url.dll,FileProtocolHandler"]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(program);
    command.args(before).arg(link);
    command
}

/// Gives the link to a browser, and waits for nothing: some come back when they are closed.
pub fn open(link: &str) {
    if is_there(|name| std::env::var(name).ok()) {
        let quiet = || Stdio::null();
        let _ = opener(link).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desktop_is_where_a_display_is() {
        let with = |set: &'static str| is_there(move |name| (name == set).then(|| ":0".to_owned()));
        assert!(with("DISPLAY") && with("WAYLAND_DISPLAY"));
        assert!(!with("SSH_CONNECTION") && !is_there(|_| Some(String::new())));
    }
}
