//! What a provider or a consumer types: the program `assay`.
//!
//! | module | content |
//! |---|---|
//! | [`cmd`] | one file per subcommand: options, the operation of [`assay_marketplace`], its result |
//! | [`args`] | options of several commands, as plain values |
//! | [`farm`] | proofs made by a farm |
//! | [`settings`] | options that stand in files |
//! | [`ids`] | ids completed from their beginnings |
//! | [`reading`] | what third parties read, and the page that shows it |
//! | [`observed`] | numbers of daemons, whether they are well, what needs a person |
//! | [`context`] | global options, and what every command starts from |
//! | [`output`], [`exit`] | the only place that prints; exit codes |
//! | [`tried`] | what a dry run came to |
//! | [`core_dumps`] | that what is in memory is in no core dump |
//! | [`version`] | what this program is |

pub mod args;
pub mod cmd;
pub mod context;
pub mod core_dumps;
pub mod exit;
pub mod farm;
pub mod ids;
pub mod observed;
pub mod output;
pub mod reading;
pub mod settings;
pub mod tried;
pub mod version;
