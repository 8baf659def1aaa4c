//! Prepares the examples of an engagement.

use crate::context::Context;
use crate::testset::{label_of, labelled_images, read_image, ImageSize, TestSet};
use alloy::primitives::B256;
use assay_chain::error::UsageError;
use assay_durable::report::Reporter;
use clap::Subcommand;
use eyre::WrapErr;
use rand::{rngs::OsRng, seq::SliceRandom};
use serde::Serialize;
use std::path::{Path, PathBuf};

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

/// The result of a build.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Built {
    pub set: PathBuf,
    pub examples: usize,
    pub test_root: B256,
}

impl std::fmt::Display for Built {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} examples in {}\ntest root {}",
            self.examples,
            self.set.display(),
            self.test_root
        )
    }
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

/// Salts these images and saves the set at `to`.
pub fn build(images: &[(PathBuf, u32)], size: ImageSize, to: &Path, out: &Reporter) -> eyre::Result<Built> {
    eyre::ensure!(
        !to.exists(),
        "{} exists already: a test set is never overwritten",
        to.display()
    );
    let images = images.iter().map(|(path, label)| Ok((read_image(path, size)?, *label)));
    let images = images.collect::<eyre::Result<Vec<_>>>()?;
    let bar = out.bar("committing to images", images.len() as u64);
    let set = TestSet::build(size, images, |done| bar.set(done))?;
    crate::testset::save(&set, to)?;
    let to = to.canonicalize().wrap_err("the set is not where it was written")?;
    Ok(Built {
        set: to,
        examples: set.examples.len(),
        test_root: set.root()?,
    })
}

/// `count` of a folder's labelled images, or all, in random order.
pub fn draw(dir: &Path, count: Option<u32>) -> eyre::Result<Vec<(PathBuf, u32)>> {
    let mut found = labelled_images(dir)?;
    let count = count.map_or(found.len(), |n| n as usize);
    if count > found.len() {
        return Err(UsageError(format!("{} holds {} images, not {count}", dir.display(), found.len())).into());
    }
    found.shuffle(&mut OsRng);
    found.truncate(count);
    Ok(found)
}
