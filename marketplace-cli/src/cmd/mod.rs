//! One file per subcommand: its `Args` and its `run`.

mod agree_close;
mod audit;
mod backup;
mod completions;
mod config;
mod corpus;
mod demo;
mod deploy;
pub mod devnet;
mod doctor;
mod farm;
mod input;
mod key;
mod man;
mod market;
mod mc;
mod model;
mod mp;
mod plan;
mod policy;
mod predict;
mod prove;
mod read;
mod restore;
mod serve;
mod setup;
mod simulate;
mod srs;
mod status;
mod timeout;
mod verdict;
mod verify;
mod withdraw;

use crate::context::{Context, Globals};
use crate::version;
use clap::{CommandFactory, Parser, Subcommand};

/// Staked accuracy verification of committed neural networks by zero-knowledge proofs.
#[derive(Debug, Parser)]
#[command(
    name = "assay",
    version = version::short(),
    long_version = version::long(),
    propagate_version = true,
    after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 proof or opening rejected, 4 chain or farm unreachable.\n\
                  Results go to stdout, everything else to stderr. NO_COLOR=1 leaves colours out.\n\
                  Options that stand in files: assay config show. What is missing here: assay doctor."
)]
pub struct Cli {
    /// Allowed before and after the subcommand.
    #[command(flatten)]
    pub globals: Globals,
    /// What is asked for.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands of `assay`; each one's doc is what its help begins with.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make model files, open their commitments, check openings, look at registered models
    #[command(subcommand, visible_alias = "models")]
    Model(model::Command),
    /// Choose the circuit's layout for a model's architecture
    Plan(plan::Args),
    /// Reference strings
    #[command(subcommand)]
    Srs(srs::Command),
    /// Make the keys of an architecture
    Setup(setup::Args),
    /// Prove one inference
    Prove(prove::Args),
    /// Verify one proof
    Verify(verify::Args),
    /// A development chain with the contracts on it
    #[command(subcommand)]
    Devnet(devnet::Command),
    /// Deploy registry and market
    Deploy(deploy::Args),
    /// What a marketplace is
    #[command(subcommand)]
    Market(market::Command),
    /// What a model provider does
    #[command(subcommand)]
    Mp(mp::Command),
    /// What a model consumer does
    #[command(subcommand)]
    Mc(mc::Command),
    /// Rounds of contested predictions
    #[command(subcommand)]
    Predict(predict::Command),
    /// Open the commitments to inputs, and check openings
    #[command(subcommand)]
    Input(input::Command),
    /// Corpora of documents: committed to, attested, opened, checked
    #[command(subcommand)]
    Corpus(corpus::Command),
    /// Audits of corpora: which documents match, with proofs
    #[command(subcommand)]
    Audit(audit::Command),
    /// A farm of provers: machines that take what is to be proven from a queue
    #[command(subcommand)]
    Farm(farm::Command),
    /// What is open here: whose move it is, until when, and what follows if nobody makes it
    Status(status::Args),
    /// Serve files to the other party of an engagement or a round, or the page to readers
    Serve(serve::Args),
    /// Close an engagement, a round or an audit whose window has passed; anybody may
    #[command(subcommand)]
    Timeout(timeout::Command),
    /// Vote to end an engagement with an agreed split
    AgreeClose(agree_close::Args),
    /// Fetch what the contracts owe
    Withdraw(withdraw::Args),
    /// Play the whole story on a devnet, with real proofs
    Demo(demo::Args),
    /// Read the public result of engagements
    #[command(subcommand)]
    Verdict(verdict::Command),
    /// Read what an engagement, a round, an audit, a corpus or a model showed, as a third party does
    #[command(subcommand)]
    Read(read::Command),
    /// How many samples, which prices and deposits, what it costs
    #[command(subcommand)]
    Policy(policy::Command),
    /// Play the markets' incentives in memory, around the threshold of each condition
    Simulate(simulate::Args),
    /// What stands in the way: node, contracts, key, disk, clock, each with its cure
    Doctor(Box<doctor::Args>),
    /// Keystores: keys in files that a password opens
    #[command(subcommand)]
    Key(key::Command),
    /// Put what must not be lost into one encrypted file
    Backup(backup::Args),
    /// Make a state directory of a backup
    Restore(restore::Args),
    /// Options that stand in files
    #[command(subcommand)]
    Config(config::Command),
    /// Print a script that completes commands in a shell
    Completions(completions::Args),
    /// Print or write manual pages
    Man(man::Args),
}

impl Command {
    /// Runs the command to its end, daemons until they are told to stop.
    ///
    /// # Errors
    /// Those that [`Exit::of`](crate::exit::Exit::of) tells apart.
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Model(command) => command.run(ctx).await,
            Self::Plan(args) => plan::run(args, ctx),
            Self::Srs(command) => command.run(ctx),
            Self::Setup(args) => setup::run(args, ctx).await,
            Self::Prove(args) => prove::run(args, ctx).await,
            Self::Verify(args) => verify::run(args, ctx).await,
            Self::Devnet(command) => command.run(ctx).await,
            Self::Deploy(args) => deploy::run(args, ctx).await,
            Self::Market(command) => command.run(ctx).await,
            Self::Mp(command) => command.run(ctx).await,
            Self::Mc(command) => command.run(ctx).await,
            Self::Predict(command) => command.run(ctx).await,
            Self::Input(command) => command.run(ctx).await,
            Self::Corpus(command) => command.run(ctx).await,
            Self::Audit(command) => command.run(ctx).await,
            Self::Farm(command) => command.run(ctx).await,
            Self::Status(args) => status::run(args, ctx).await,
            Self::Serve(args) => serve::run(args, ctx).await,
            Self::Timeout(command) => command.run(ctx).await,
            Self::AgreeClose(args) => agree_close::run(args, ctx).await,
            Self::Withdraw(args) => withdraw::run(args, ctx).await,
            Self::Demo(args) => demo::run(args, ctx).await,
            Self::Verdict(command) => command.run(ctx).await,
            Self::Read(command) => command.run(ctx).await,
            Self::Policy(command) => command.run(ctx).await,
            Self::Simulate(args) => simulate::run(args, ctx),
            Self::Doctor(args) => doctor::run(*args, ctx).await,
            Self::Key(command) => command.run(ctx),
            Self::Backup(args) => backup::run(args, ctx),
            Self::Restore(args) => restore::run(args, ctx),
            Self::Config(command) => command.run(ctx),
            Self::Completions(args) => completions::run(&args, Cli::command(), ctx),
            Self::Man(args) => man::run(args, Cli::command(), ctx),
        }
    }
}
