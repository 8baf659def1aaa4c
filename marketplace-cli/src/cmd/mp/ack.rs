use super::require_time;
use super::transfer::{encrypted, fetched_files, layout, own_files, read_leaves};
use crate::chain::bindings::{EngagementView, IAccuracyMarket::ackCall, State};
use crate::chain::client::Account;
use crate::chain::keys::KeyArgs;
use crate::chain::market::{require_state, Market};
use crate::cmd::{engagement_journal, Sent};
use crate::context::Context;
use crate::delivery::{Delivery, Place, ServerArgs, CIPHER_FILE, LEAVES_FILE};
use crate::exit::hinted;
use crate::files::copy_atomic;
use crate::output::utc;
use crate::serve::blob::Kind;
use crate::transfer::cipher_file::{file_bytes, CipherFile};
use crate::transfer::layout::Layout;
use alloy::primitives::B256;
use eyre::WrapErr;
use rand::{rngs::OsRng, RngCore};
use serde::Serialize;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mp ack 0x3f… --from /mnt/shared/3f --keystore me.json\n  \
    assay mp ack 0x3f… --from https://consumer.example:8700 --keystore me.json\n\n\
    Compares every chunk of the ciphertext with the root on chain before it says so: what was acknowledged cannot be asked\n\
    for again. Without an acknowledgement both sides get their deposits back, unless the consumer publishes the chunks."
)]
pub struct Args {
    /// Engagement
    id: B256,
    /// Directory with transfer.cipher from the consumer, or URL of the server that has it
    #[arg(long, value_name = "DIR|URL")]
    from: Place,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    keys: KeyArgs,
}

/// The result of an acknowledgement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledged {
    pub id: B256,
    pub ct_root: B256,
    pub chunks: usize,
    /// Last second in which the consumer may reveal keys.
    pub keys_until: u64,
    pub sent: Sent,
}

impl std::fmt::Display for Acknowledged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "acknowledged  {} chunks under {}", self.chunks, self.ct_root)?;
        write!(
            f,
            "next          the consumer reveals keys by {}, then: assay mp probe {}",
            utc(self.keys_until),
            self.id
        )
    }
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let (market, account) = ctx.market_and_account(&args.keys).await?;
    let e = encrypted(&market, &account, args.id).await?;
    let from = Delivery::open(&args.from, args.id, &args.server, e.mc, account.key())?;
    let result = ack(ctx, &market, &account, args.id, &from).await?;
    ctx.out.result(&result, &result)
}

/// Checks the ciphertext, keeps it, and acknowledges it, once.
pub async fn ack(
    ctx: &Context,
    market: &Market,
    account: &Account,
    id: B256,
    from: &Delivery,
) -> eyre::Result<Acknowledged> {
    let e = encrypted(market, account, id).await?;
    let mut journal = engagement_journal(ctx, &market.chain, id)?;
    let receipt = match account.resume(&mut journal, "ack", &ctx.out).await? {
        Some(receipt) => receipt,
        None => {
            require_state(id, &e, &[State::Committed, State::Published])?;
            require_time(market, &e).await?;
            let files = own_files(ctx, market, id);
            read_leaves(&files.join(LEAVES_FILE), market, e.testRoot)
                .wrap_err("the leaf hashes that were checked at the acceptance are needed to judge the transfer")?;
            let layout = layout(market, e.modelId).await?;
            if CipherFile::open(&files.join(CIPHER_FILE), layout, id, e.ctRoot).is_err() {
                keep_cipher(ctx, market, id, &e, layout, from).await?;
            }
            let call = ackCall {
                id,
                guard: e.ctRoot,
                mpSeed: own_seed(&mut journal)?,
            };
            account.send(&mut journal, "ack", &market.call(&call), &ctx.out).await?
        }
    };
    let after = market.engagement(id).await?;
    Ok(Acknowledged {
        id,
        ct_root: after.ctRoot,
        chunks: layout(market, after.modelId).await?.chunk_count(),
        keys_until: after.deadline,
        sent: Sent::from(&receipt),
    })
}

/// Keeps the ciphertext that the consumer committed to.
async fn keep_cipher(
    ctx: &Context,
    market: &Market,
    id: B256,
    e: &EngagementView,
    layout: Layout,
    from: &Delivery,
) -> eyre::Result<()> {
    let kept = own_files(ctx, market, id).join(CIPHER_FILE);
    let into = fetched_files(ctx, market, id);
    let mut refused = None;
    for given in from.get(Kind::Cipher, &into, file_bytes(&layout), &ctx.out).await? {
        if let Err(error) = CipherFile::open(&given, layout, id, e.ctRoot) {
            refused = Some((given, error));
            continue;
        }
        copy_atomic(&given, &kept)?;
        // What is kept is what will be opened.
        CipherFile::open(&kept, layout, id, e.ctRoot)?;
        return Ok(());
    }
    Err(match refused {
        Some((given, error)) => hinted(
            format!("{} is not what the consumer committed to: {error}", given.display()),
            "ask for it again; do not acknowledge anything else",
        ),
        None => hinted(
            format!("there is no ciphertext of engagement {id} in {}", from.place()),
            "ask the consumer for it: assay mc send",
        ),
    })
}

/// This provider's part of the seed: drawn once, on disk before the chain sees it.
fn own_seed(journal: &mut crate::journal::Journal) -> eyre::Result<B256> {
    if let Some(seed) = journal.fact("mpSeed")? {
        return Ok(seed);
    }
    let mut seed = B256::ZERO;
    OsRng.fill_bytes(seed.as_mut_slice());
    journal.set_fact("mpSeed", &seed)?;
    Ok(seed)
}
