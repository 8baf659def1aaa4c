//! What readers hear of an error: nothing about the machine that serves them.

use super::document::How;
use crate::context::Context;
use assay_marketplace::home::Home;
use assay_marketplace::proving::reference_string::SrsChoice;
use std::path::{absolute, PathBuf};

/// Instead of a text that names a file.
pub(super) const OWN_FILES: &str = "this server cannot use one of its own files: whoever runs it is told which";

/// Options with all of their paths from the root, so that [`names_a_file`] knows each of them.
///
/// # Errors
/// If there is no current directory.
pub(super) fn rooted(mut ctx: Context, mut how: How) -> eyre::Result<(Context, How)> {
    let all = |path: Option<PathBuf>| path.map(absolute).transpose();
    ctx.home = Home::new(Some(absolute(ctx.home.path())?))?;
    ctx.globals.deployment = all(ctx.globals.deployment.take())?;
    how.trust.arch = all(how.trust.arch.take())?;
    if let SrsChoice::Ptau(path) = &mut how.trust.srs.choice {
        *path = absolute(&*path)?;
    }
    Ok((ctx, how))
}

/// Whether a text names a file by its path from the root: a word that begins with a slash. Addresses of nodes have two.
pub(super) fn names_a_file(text: &str) -> bool {
    let ends_word = |c: char| c.is_whitespace() || "\"'`()[]{}<>=,;:|".contains(c);
    text.split(ends_word)
        .any(|word| word.starts_with('/') && (!word.starts_with("//") || word.starts_with("///")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_what_else_has_a_slash() {
        for file in [
            "no address book for this chain: /var/lib/assay/31337/deployment.json",
            "cannot read \"/etc/x\"",
            "cannot open file:///home/me",
            "(/x) is in use",
            "FILE=/x",
        ] {
            assert!(names_a_file(file), "{file}");
        }
        for other in [
            "no answer from the node at https://node.example:8545",
            "engagement 0x01 is unknown to this market",
            "give --market ADDRESS and/or --deployment FILE",
            "http://127.0.0.1:1 refused: 1/2 of it",
            "",
        ] {
            assert!(!names_a_file(other), "{other}");
        }
    }
}
