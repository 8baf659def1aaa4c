//! How a list is printed.

/// How a list is printed.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ListingArgs {
    /// Print comma-separated values, the names of the columns first
    #[arg(long)]
    pub csv: bool,
}
