//! Registers a model and stakes on it.

use crate::args::model::ModelArgs;
use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::Address;
use assay_chain::address_book::Deployment;
use assay_chain::error::{hinted, usage};
use assay_marketplace::model::register::register;
use assay_marketplace::proving::{load_model, MissingSecret, ModelFiles};
use assay_marketplace::verifier::code::{compiler, require_makeable, VerifierCode};
use assay_marketplace::verifier::record::metric_of;
use assay_prover::secret::ModelSecret;
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay mp register --model digits.assay --uri https://example.org/digits --keystore me.json\n\n\
    Stakes 1000 strikes. The metric follows from what the model's proofs reveal, see assay model import. The secret file is made\n\
    here if it is not there yet: without it the model cannot prove.\n\
    With --public-weights salts and blinders are constants that everybody knows: whoever has the model file recomputes the\n\
    commitment (assay model check), which hides nothing of the weights. All other randomness of the proofs stays secret and\n\
    fresh: images of consumers are as hidden as ever. The count of proofs in such a secret file protects nothing; the file can\n\
    be removed and made again.\n\
    Registering the same model again finds it; another --nonce registers a copy with a stake of its own."
)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Verifier contract [default: the architecture's in the address book]
    #[arg(long, value_name = "ADDRESS")]
    verifier: Option<Address>,
    /// Commit with the public salts; the secret file must have them, or not be there yet
    #[arg(long)]
    public_weights: bool,
    /// Where consumers find the architecture file and a description; not part of the model's identity
    #[arg(long, default_value = "", value_name = "URI")]
    uri: String,
    /// Tells copies of one model apart
    #[arg(long, default_value_t = 0)]
    nonce: u64,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.paying_desk(&args.keys).await?;
    // A model that was registered here before is found without another stake.
    let stake_wei = match ctx.home.models(&desk.market.chain).exists() {
        true => 0,
        false => desk.market.stake_required().await?,
    };
    desk.account.require_funds(stake_wei, 0).await?;
    let files = ModelFiles::from(args.model);
    let frozen = files.frozen(&load_model(&files.model)?)?;
    metric_of(frozen.architecture.output)?;
    // What is missing is said before a key is made, which may take minutes.
    require_makeable(&frozen)?;
    let missing = match args.public_weights {
        true => MissingSecret::Public,
        false => MissingSecret::Drawn,
    };
    let secret = files.secret_path();
    if ModelSecret::open(&secret).is_ok_and(|secret| secret.is_opened()) {
        return Err(usage(format!(
            "{} is of a model that was opened: whoever has the opening proves for it; name another file with --secret",
            secret.display()
        )));
    }
    if !args.public_weights && ModelSecret::open(&secret).is_ok_and(|secret| secret.is_public()) {
        return Err(usage(format!(
            "{} has the public salts, which hide nothing of the weights: say --public-weights if that is meant, or name another \
             file with --secret",
            secret.display()
        )));
    }
    let prover = files.prover(&desk.market.chain, missing, &ctx.out)?;
    let verifier = match args.verifier {
        Some(address) => address,
        None => {
            let path = ctx.deployment_path(&desk.market.chain);
            let listed = match ctx.globals.deployment.is_some() || path.exists() {
                true => Deployment::load(&path, &desk.market.chain)?.verifiers,
                false => BTreeMap::new(),
            };
            listed
                .get(&prover.arch_id())
                .map(|entry| entry.address)
                .ok_or_else(|| {
                    hinted(
                        "no address book here has a verifier of this architecture",
                        "run: assay mp deploy-verifier ARCH, or use --verifier ADDRESS",
                    )
                })?
        }
    };
    VerifierCode::generate(prover.verifier_key(), compiler, &ctx.out)?
        .check(&desk.market.chain, verifier)
        .await?;
    let result = register(&desk, &files, &prover, verifier, &args.uri, args.nonce).await?;
    ctx.out.result(&result, &result)
}
