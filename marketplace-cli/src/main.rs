//! Parses the command line, runs the command, and turns its result into an exit code.

use assay_cli::args::sending::Sending;
use assay_cli::cmd::Cli;
use assay_cli::context::Context;
use assay_cli::core_dumps;
use assay_cli::exit::Exit;
use assay_cli::ids;
use assay_cli::output::Output;
use assay_cli::settings::Settings;
use assay_cli::tried;
use clap::{CommandFactory, FromArgMatches};
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    if let Err(error) = core_dumps::none() {
        eprintln!("warning: a crash may write keys to a core dump: {error}");
    }
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
    let began = Instant::now();
    // Wrong usage ends here with code 2.
    let home = ids::home_of(std::env::args_os());
    let meant = ids::Meant::default();
    let matches = ids::completed(Cli::command(), home.as_ref(), &meant).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let sending = Sending::of(&matches);
    let mut out = Output::of(&cli.globals);
    let settled = Settings::find(&cli.globals).and_then(|(settings, blocked)| {
        let ctx = Context::with(cli.globals, settings)?.sending(sending);
        for line in meant.lines() {
            ctx.out.note(line);
        }
        if let Some(file) = blocked {
            let file = file.display();
            ctx.out
                .insist(format_args!("{file} is not used: read it, then run assay config allow"));
        }
        Ok(ctx)
    });
    let done = match settled {
        Ok(ctx) => {
            out = ctx.out.clone();
            tried::ended(&ctx, cli.command.run(&ctx).await)
        }
        Err(error) => Err(error),
    };
    out.detail(format_args!("took {:.1} s", began.elapsed().as_secs_f64()));
    match done {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            out.error(&error);
            Exit::of(&error).into()
        }
    }
}
