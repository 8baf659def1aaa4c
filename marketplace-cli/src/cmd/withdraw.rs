//! Fetches what the contracts owe.

use crate::args::retrieval::RetrievalArgs;
use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::Address;
use assay_chain::venue::Venue;
use assay_marketplace::engagement::withdraw::withdraw_from;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay withdraw --devnet-account 1\n  \
    assay withdraw --keystore me.json --to 0x52…      to another address")]
pub struct Args {
    /// Receiver [default: the signer]
    #[arg(long, value_name = "ADDRESS", value_parser = receiver)]
    to: Option<Address>,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    keys: TryArgs,
}

/// An address that is not zero: what is sent there is lost.
pub(crate) fn receiver(text: &str) -> Result<Address, String> {
    let address: Address = text.parse().map_err(|e| format!("{e}"))?;
    match address {
        Address::ZERO => Err("the zero address belongs to nobody".into()),
        _ => Ok(address),
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let mut contracts = desk.market.creditors().await?;
    if let Some(audits) = ctx.retrieval_if_named(&desk.market.chain, args.retrieval).await? {
        contracts.extend(audits.creditors().await?);
    }
    let to = args.to.unwrap_or(desk.account.address());
    let result = withdraw_from(&desk, &contracts, to).await?;
    ctx.out.result(&result, &result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_withdrawn_to_nobody() {
        assert!(receiver(&Address::ZERO.to_string()).is_err());
        assert!(receiver("0x52").is_err());
        assert_eq!(
            receiver(&Address::repeat_byte(1).to_string()),
            Ok(Address::repeat_byte(1))
        );
    }
}
