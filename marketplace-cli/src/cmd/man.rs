//! Manual pages, made from the help of each command.

use crate::context::Context;
use assay_durable::file::write_atomic;
use clap_mangen::Man;
use eyre::WrapErr;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay man | man -l -                             the first page\n  \
    assay man --out ~/.local/share/man/man1          a page for every command: man assay-mp-prove")]
pub struct Args {
    /// Folder to write a page for every command to [default: print that of the program itself]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// The pages, by file name.
#[derive(Debug, Serialize)]
struct Pages {
    /// Absent if nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<PathBuf>,
    pages: Vec<String>,
}

/// Of `program`, the whole command line.
pub(crate) fn run(args: Args, program: clap::Command, ctx: &Context) -> eyre::Result<()> {
    // Of the program on every machine: the long version says what it is on this one.
    let version = env!("CARGO_PKG_VERSION");
    let mut program = program.version(version).long_version(version);
    program.build();
    let Some(folder) = args.out else {
        let (name, page) = page(program)?;
        let pages = Pages {
            folder: None,
            pages: vec![name],
        };
        return ctx.out.result(&pages, String::from_utf8(page)?);
    };
    std::fs::create_dir_all(&folder).wrap_err_with(|| format!("cannot make {}", folder.display()))?;
    let (mut left, mut pages) = (vec![program], Vec::new());
    while let Some(command) = left.pop() {
        // What clap adds to groups has no page of its own.
        let of_ours = command.get_subcommands().filter(|command| command.get_name() != "help");
        left.extend(of_ours.cloned());
        let (name, page) = page(command)?;
        write_atomic(&folder.join(&name), &page, false)?;
        pages.push(name);
    }
    pages.sort();
    let said = format!("{} pages in {}", pages.len(), folder.display());
    let folder = Some(folder);
    ctx.out.result(&Pages { folder, pages }, said)
}

/// The page of a command that is built, and its file name, as `assay-mp-prove.1`.
fn page(command: clap::Command) -> eyre::Result<(String, Vec<u8>)> {
    let page = Man::new(command);
    let mut text = Vec::new();
    page.render(&mut text)?;
    Ok((page.get_filename(), text))
}
