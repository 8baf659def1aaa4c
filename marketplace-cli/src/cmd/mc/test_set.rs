//! Prepares the examples of an engagement.

use crate::context::Context;
use assay_marketplace::accuracy::consumer::test_set::{build, draw};
use assay_marketplace::testset::label_of;
use assay_protocol::testset::ImageSize;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Salt labelled images and commit to them; nothing goes on chain
    Build(BuildArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay mc test-set build --from models/digits/heldout --count 4 --size 96 --out my-set\n  \
    assay mc test-set build --images a_3.png b_7.png --size 96 --out my-set\n\n\
    Labels are the end of the file name (0042_7.png) or come from labels.csv beside the images.\n\
    The set is secret until it is handed over: its salts hide the images behind public commitments.")]
pub struct BuildArgs {
    /// Folder of labelled PNG images to draw from
    #[arg(long, value_name = "DIR", required_unless_present = "images")]
    from: Option<PathBuf>,
    /// How many to draw at random: N of the market
    #[arg(long, short = 'n', value_name = "N", requires = "from", value_parser = clap::value_parser!(u32).range(1..=65536))]
    count: Option<u32>,
    /// Exactly these images, in this order
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "from")]
    images: Vec<PathBuf>,
    /// Side of the model's square images, pixels
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=4096))]
    size: u32,
    /// New directory for the set
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Command {
    pub fn run(self, ctx: &Context) -> eyre::Result<()> {
        let Self::Build(args) = self;
        let chosen = match &args.from {
            Some(dir) => draw(dir, args.count)?,
            None => args
                .images
                .iter()
                .map(|p| Ok((p.clone(), label_of(p)?)))
                .collect::<eyre::Result<_>>()?,
        };
        let size = ImageSize {
            height: args.size,
            width: args.size,
        };
        let result = build(&chosen, size, &args.out, &ctx.out)?;
        ctx.out.result(&result, &result)
    }
}
