//! Parses the command line, runs the command, and turns its result into an exit code.

use assay_cli::cmd::Cli;
use assay_cli::context::Context;
use assay_cli::exit::Exit;
use assay_cli::output::Output;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run());
    // What a command has left behind is on disk; nothing waits for a thread that does not end.
    runtime.shutdown_background();
    code
}

async fn run() -> ExitCode {
    // Wrong usage ends here with code 2.
    let cli = Cli::parse();
    let out = Output::new(cli.globals.json).hiding(cli.globals.rpc_url.as_deref());
    let done = match Context::new(cli.globals) {
        Ok(ctx) => cli.command.run(&ctx).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            out.error(&error);
            Exit::of(&error).into()
        }
    }
}
