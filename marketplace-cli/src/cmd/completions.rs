//! Completions for shells.

use crate::context::Context;
use clap_complete::Shell;
use serde::Serialize;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay completions bash > ~/.local/share/bash-completion/completions/assay\n  \
    assay completions zsh > ~/.zfunc/_assay          with ~/.zfunc in fpath\n  \
    assay completions fish > ~/.config/fish/completions/assay.fish")]
pub struct Args {
    /// Shell to complete commands and options in
    shell: Shell,
}

/// A script that a shell reads.
#[derive(Debug, Serialize)]
struct Completions {
    shell: String,
    script: String,
}

/// Of `program`, the whole command line.
pub(crate) fn run(args: &Args, mut program: clap::Command, ctx: &Context) -> eyre::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "assay", &mut script);
    let result = Completions {
        shell: args.shell.to_string(),
        script: String::from_utf8(script)?,
    };
    ctx.out.result(&result, &result.script)
}
