//! Checks that images are those of a commitment.

use crate::args::image_size::image_size;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::error::usage;
use assay_chain::venue::Venue;
use assay_marketplace::openings::input::{check_images, check_opening, Claim, Leaves};
use assay_protocol::testset::ImageSize;
use clap::ArgGroup;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("claim").required(true).args(["round", "engagement", "root", "commitment"]),
    after_help = "Examples:\n  \
    assay input check third.opening --round 0x3f… --rpc-url http://127.0.0.1:8545\n  \
    assay input check third.opening --commitment 0x2b…                     one input, without a node\n  \
    assay input check my-images --size 96 --round 0x3f…                    a folder of images with public salts\n\n\
    Recomputes commitments from image and salt, and the root from them. Exit code 3 if something differs, with the input and what\n\
    of it. Public inputs (assay predict open --public-inputs) need no opening: the salt of the one at index i is the first 31\n\
    bytes of keccak256(\"assay.input.public-salt.v1\" ‖ i), i in 8 bytes, big-endian, and the images are all of the folder's, in\n\
    the order of their names."
)]
pub struct Args {
    /// Opening, see assay input open, or a folder with all images of a list with public salts
    path: PathBuf,
    /// Round whose inputs these must be
    #[arg(long, value_name = "ID")]
    round: Option<B256>,
    /// Engagement whose examples these must be
    #[arg(long, value_name = "ID")]
    engagement: Option<B256>,
    /// Root that they must lead to, without a node
    #[arg(long, value_name = "HASH", requires = "count")]
    root: Option<B256>,
    /// How many inputs lead to --root
    #[arg(long, value_name = "N", requires = "root")]
    count: Option<u32>,
    /// Commitment to one input, as its proof states it, without a node
    #[arg(long, value_name = "HASH")]
    commitment: Option<B256>,
    /// Height and width of a folder's images, or both as HEIGHTxWIDTH
    #[arg(long, value_name = "PIXELS", value_parser = image_size)]
    size: Option<ImageSize>,
}

impl Args {
    async fn claim(&self, ctx: &Context) -> eyre::Result<Claim> {
        let claim = |root, count: u32, leaves, of| {
            Ok(Claim::List {
                root,
                count: count as usize,
                leaves,
                of,
            })
        };
        if let Some(id) = self.round {
            let round = ctx.rounds_site().await?.market.newest(id).await?;
            return claim(
                round.inputRoot,
                round.predictions,
                Some(Leaves::Inputs),
                format!("round {id}"),
            );
        }
        if let Some(id) = self.engagement {
            let market = ctx.market().await?;
            let root = market.engagement(id).await?.testRoot;
            return claim(
                root,
                market.examples(),
                Some(Leaves::Examples),
                format!("engagement {id}"),
            );
        }
        match self.root {
            Some(root) => claim(root, self.count.unwrap_or_default(), None, format!("root {root}")),
            None => Ok(Claim::Commitment(self.commitment.unwrap_or_default())),
        }
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let claim = args.claim(ctx).await?;
    let result = match (args.path.is_dir(), args.size) {
        (false, _) => check_opening(&args.path, &claim)?,
        (true, Some(size)) => check_images(&args.path, size, &claim, &ctx.out)?,
        (true, None) => {
            return Err(usage(format!(
                "{} is a folder: say with --size which size the images were committed to in",
                args.path.display()
            )));
        }
    };
    ctx.out.result(&result, &result)
}
