//! The server that files are exchanged over.

use alloy::primitives::Address;
use assay_marketplace::delivery::ServerIdentity;
use std::path::PathBuf;

/// Who serves at a URL.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ServerArgs {
    /// Operator of the server, for whom requests are signed [default: the other party]
    #[arg(help_heading = "Server, if the place is a URL", long, value_name = "ADDRESS")]
    pub server_address: Option<Address>,
    /// PEM file with the only certificates to trust, for a server whose certificate nobody else signed
    #[arg(help_heading = "Server, if the place is a URL", long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

impl From<ServerArgs> for ServerIdentity {
    fn from(args: ServerArgs) -> Self {
        Self {
            address: args.server_address,
            ca: args.ca,
        }
    }
}
