//! Commits to the documents of a folder.

use crate::args::image_size::image_size;
use crate::args::sending::TryArgs;
use crate::context::Context;
use assay_marketplace::corpus::commit::{beside, commit, size_of};
use assay_protocol::testset::ImageSize;
use clap::ArgGroup;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("input").required(true).args(["arch", "size"]),
    after_help = "Examples:\n  \
    assay corpus commit archive --arch predicate.arch.json --keystore me.json\n  \
    assay corpus commit archive --size 96 --corpus /secure/archive.corpus --uri ipfs://… --keystore me.json\n\n\
    A document is a PNG image of the size that models read, eight bits a colour; whatever else is in the folder is refused with its\n\
    name. The original file is bound byte for byte, and what a model reads of it. Order and salts come from the operating\n\
    system's randomness and are in the corpus directory before anything is on chain: repeated, or after a crash, the command goes\n\
    on where it was and commits to nothing twice. Without that directory and the originals no document can be opened or proven:\n\
    keep copies of both. On chain are root, number and size of the documents, and nothing of what they hold.\n\n\
    Every leaf of the corpus is in a file of its own, salted hashes that say nothing of the documents: publish it where --uri points.\n\
    A requester asks for an audit only if it has every leaf, without which it could not show that it was handed something else."
)]
pub struct Args {
    /// Folder with the documents: PNG images and nothing else
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Architecture whose input the documents are, see assay plan
    #[arg(long, value_name = "FILE")]
    arch: Option<PathBuf>,
    /// Height and width of the documents instead, or both as HEIGHTxWIDTH
    #[arg(long, value_name = "PIXELS", value_parser = image_size)]
    size: Option<ImageSize>,
    /// Directory for order, salts and commitments; made if it is not there [default: FOLDER.corpus, beside the folder]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// File for every leaf of the corpus, for everybody [default: the directory's name with .leaves, beside it]
    #[arg(long, value_name = "FILE")]
    leaves: Option<PathBuf>,
    /// Where others read about the documents and find the leaves; goes on chain
    #[arg(long, value_name = "URI", default_value = "", hide_default_value = true)]
    uri: String,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let size = match (&args.arch, args.size) {
        (Some(arch), _) => size_of(arch)?,
        (None, size) => size.unwrap_or(ImageSize { height: 0, width: 0 }),
    };
    let dir = match args.corpus {
        Some(dir) => dir,
        None => beside(&args.folder)?,
    };
    let desk = ctx.corpora_desk(&args.keys).await?;
    let result = commit(&desk, &args.folder, size, &dir, args.leaves.as_deref(), &args.uri).await?;
    ctx.out.result(&result, &result)
}
