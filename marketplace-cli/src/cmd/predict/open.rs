//! Offers a round and escrows its money.

use crate::args::fees::ether;
use crate::args::image_size::image_size;
use crate::args::sending::TryArgs;
use crate::args::time::seconds;
use crate::args::trust::TrustArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::error::usage;
use assay_marketplace::inputs::{self, Inputs, Salts};
use assay_marketplace::prediction::consumer::open::{open, Ask};
use assay_marketplace::testset::{image_files, read_image};
use assay_marketplace::verifier::check::Trust;
use assay_protocol::abi::Privacy;
use assay_protocol::testset::ImageSize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay predict open 0x9a… --inputs round.inputs --images my-images --size 32 --contest-cap 4 --arch digits.arch.json --keystore me.json\n  \
    assay predict open 0x9a… --inputs round.inputs --contest-cap 4 --price 0.01 --public --arch digits.arch.json --keystore me.json\n\n\
    The inputs file holds the images with their salts and is made from --images if it is not there; keep it, the round needs it.\n\
    Repeating the command with the same file finds the offer instead of making another. In a private round, the default, only\n\
    you read the outputs, and what you contest becomes public; but if you stay silent the provider may publish them all.\n\
    With --public-inputs nothing of the inputs is hidden; the provider's weights are as hidden as ever. The same public images in\n\
    the same order are the same offer: they can be offered once.\n\
    With the offer you escrow twice the price of a proof for each prediction that may be contested, and the price. What is\n\
    sent along for the base fee and not needed becomes credit, see assay withdraw.")]
pub struct Args {
    /// Model whose predictions are wanted
    model_id: B256,
    /// File with the salted inputs; made from --images if it is not there
    #[arg(long, value_name = "FILE")]
    inputs: PathBuf,
    /// Folder with the images, taken in the order of their names
    #[arg(long, value_name = "DIR", requires = "size")]
    images: Option<PathBuf>,
    /// Height and width that the model reads, or both as HEIGHTxWIDTH
    #[arg(long, value_name = "PIXELS", value_parser = image_size)]
    size: Option<ImageSize>,
    /// Salt the inputs with what everybody knows: whoever has the images recomputes the commitments, see assay input check
    #[arg(long)]
    public_inputs: bool,
    /// Most predictions that may be contested
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    contest_cap: u32,
    /// Deposit of the provider, in ether; assay policy deposit tells what deters [default: the least, as much as your own]
    #[arg(long, value_name = "ETHER", value_parser = ether)]
    deposit: Option<u128>,
    /// Price of all predictions, in ether
    #[arg(long, value_name = "ETHER", value_parser = ether, default_value = "0")]
    price: u128,
    /// All outputs go on chain
    #[arg(long)]
    public: bool,
    /// Seconds in which the provider may serve [default: as long as the market allows]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    expires_in: Option<u64>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let trust = Trust::from(args.trust.clone());
    trust.require_given()?;
    let desk = ctx.paying_rounds_desk(&args.keys).await?;
    let model = desk.market.marketplace.model(args.model_id).await?;
    trust.require(&desk.market.chain, &model.record, &ctx.out).await?;
    let inputs = inputs_of(&args)?;
    let ask = Ask {
        model_id: args.model_id,
        contest_cap: args.contest_cap,
        deposit: args.deposit,
        price: args.price,
        privacy: match args.public {
            true => Privacy::PUBLIC,
            false => Privacy::PRIVATE,
        },
        expires_in: args.expires_in,
    };
    let result = open(&desk, &inputs, ask).await?;
    ctx.out.result(&result, &result)
}

/// Those of the file, which is made if it is not there.
fn inputs_of(args: &Args) -> eyre::Result<Inputs> {
    let file = &args.inputs;
    if file.exists() {
        let inputs = Inputs::open(file)?;
        if !args.public_inputs && inputs.are_public()? {
            return Err(usage(format!(
                "{} holds inputs with public salts, which hide nothing: say --public-inputs if that is meant, or name another \
                 file",
                file.display()
            )));
        }
        if args.public_inputs && !inputs.are_public()? {
            return Err(usage(format!(
                "{} holds inputs with secret salts; name another file for public ones, or open these with assay input open",
                file.display()
            )));
        }
        return Ok(inputs);
    }
    let (Some(images), Some(size)) = (&args.images, args.size) else {
        return Err(usage(format!(
            "{} is not there; say with --images and --size what to make it from",
            file.display()
        )));
    };
    let images = image_files(images)?;
    let images = images.iter().map(|path| read_image(path, size));
    let images = images.collect::<eyre::Result<Vec<_>>>()?;
    let salts = match args.public_inputs {
        true => Salts::Public,
        false => Salts::Secret,
    };
    inputs::build(&images, size, salts, file)
}
