//! What is looked at on the chain, and who would sign.

use super::check::Check;
use crate::args::keys::KeyArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::context::Context;
use alloy::primitives::{keccak256, Address, U256};
use alloy::providers::Provider;
use assay_chain::address_book::Deployment;
use assay_chain::client::Chain;
use assay_chain::keys::{KEY_VARIABLE, SIGNER_VARIABLE};
use assay_chain::release::{DeploymentCheck, DeploymentGrade};
use assay_protocol::units::{about_ether, ether, in_words};
use serde_json::Value;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Gas of the largest call that a party sends alone: the proofs of two examples, settled.
const LARGE_CALL_GAS: u64 = 1_600_000;

/// Most that whoever makes a block gets per gas by the usual limits, wei.
const MAX_TIP: u128 = 5_000_000_000;

/// Blocks are this much apart at most where a chain goes on, in seconds.
const STILL: u64 = 600;

/// A block's time may be this far ahead of a clock, in seconds.
const AHEAD: u64 = 60;

pub(super) async fn checks(ctx: &Context, retrieval: RetrievalArgs, keys: &KeyArgs) -> Vec<Check> {
    let chain = match ctx.chain().await {
        Ok(chain) => chain,
        Err(error) => return vec![Check::failed("node", &error, ctx, "name another node with --rpc-url")],
    };
    let mut checks = vec![node(ctx, &chain).await, clock(ctx, &chain).await];
    checks.extend(contracts(ctx, retrieval, &chain).await);
    let (signer, address) = signer(keys, &chain).await;
    checks.push(signer);
    if let Some(address) = address {
        checks.push(balance(ctx, &chain, address).await);
    }
    checks
}

async fn node(ctx: &Context, chain: &Chain) -> Check {
    match chain.provider.get_block_number().await {
        Ok(block) => {
            let kind = if chain.is_devnet() { "a devnet, " } else { "" };
            let found = format!("chain {} ({kind}{}), block {block}", chain.id, chain.label());
            Check::fine("node", found)
        }
        Err(error) => Check::failed("node", &error.into(), ctx, "name another node with --rpc-url"),
    }
}

async fn clock(ctx: &Context, chain: &Chain) -> Check {
    const WHAT: &str = "clock";
    let block = match chain.now().await {
        Ok(block) => block,
        Err(error) => return Check::failed(WHAT, &error, ctx, "name another node with --rpc-url"),
    };
    let here = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    judge_clock(here, block, chain.is_devnet())
}

/// This machine's time and the newest block's, Unix seconds.
fn judge_clock(here: u64, block: u64, is_devnet: bool) -> Check {
    const WHAT: &str = "clock";
    let (behind, ahead) = (block.saturating_sub(here), here.saturating_sub(block));
    match (behind, ahead) {
        _ if is_devnet => Check::fine(WHAT, "not compared: a devnet's blocks have times of their own"),
        (AHEAD.., _) => Check::wrong(
            WHAT,
            format!("{} behind the newest block", in_words(behind)),
            "set this machine's clock: daemons act by it",
        ),
        (_, STILL..) => Check::look(
            WHAT,
            format!("{} ahead of the newest block", in_words(ahead)),
            "the node has not caught up, or this machine's clock is fast",
        ),
        _ => Check::fine(WHAT, "as the newest block's"),
    }
}

async fn contracts(ctx: &Context, retrieval: RetrievalArgs, chain: &Chain) -> Vec<Check> {
    let mut checks = Vec::new();
    let book = ctx.deployment_path(chain);
    if book.exists() {
        checks.push(address_book(ctx, chain, &book).await);
    }
    match ctx.market_if_named(chain).await {
        Ok(None) => checks.push(Check::look(
            "contracts",
            "no market is named",
            "--market ADDRESS or --deployment FILE; on a devnet: assay devnet up",
        )),
        Ok(Some(market)) => checks.push(graded(ctx, "contracts", ctx.site_of(market).deployment_check().await)),
        Err(error) => checks.push(Check::failed(
            "contracts",
            &error,
            ctx,
            "name another market with --market",
        )),
    }
    match ctx.retrieval_if_named(chain, retrieval).await {
        Ok(None) => {}
        Ok(Some(audits)) => checks.push(graded(
            ctx,
            "retrieval market",
            ctx.site_of(audits).deployment_check().await,
        )),
        Err(error) => checks.push(Check::failed(
            "retrieval market",
            &error,
            ctx,
            "name another one with --retrieval",
        )),
    }
    checks
}

fn graded(ctx: &Context, what: &'static str, check: eyre::Result<DeploymentCheck>) -> Check {
    match check {
        Ok(check) if check.grade == DeploymentGrade::Unknown => Check::wrong(
            what,
            check.to_string(),
            "do not send money there; name another market, or use this program's release of it",
        ),
        Ok(check) => Check::fine(what, check.to_string()),
        Err(error) => Check::failed(what, &error, ctx, "name another market"),
    }
}

/// Whether the verifiers of the address book are what they were when they were entered.
async fn address_book(ctx: &Context, chain: &Chain, file: &Path) -> Check {
    const WHAT: &str = "address book";
    let compared = async {
        let book = Deployment::load(file, chain)?;
        let mut changed = Vec::new();
        for entry in book.verifiers.values() {
            if keccak256(chain.code(entry.address).await?) != entry.codehash {
                changed.push(entry.address.to_string());
            }
        }
        Ok::<_, eyre::Report>((book.verifiers.len(), changed))
    };
    match compared.await {
        Ok((count, changed)) if changed.is_empty() => Check::fine(
            WHAT,
            format!("{}, {count} verifiers as they were entered", file.display()),
        ),
        Ok((_, changed)) => Check::wrong(
            WHAT,
            format!("{}: other code at {}", file.display(), changed.join(", ")),
            "run assay mp deploy-verifier ARCH again, or use the address book of this chain",
        ),
        Err(error) => Check::failed(WHAT, &error, ctx, "name another one with --deployment"),
    }
}

/// Who would sign, and the address if it can be told without a password.
async fn signer(keys: &KeyArgs, chain: &Chain) -> (Check, Option<Address>) {
    const WHAT: &str = "key";
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let is_named =
        keys.is_typed() || keys.configured_signer.is_some() || is_set(KEY_VARIABLE) || is_set(SIGNER_VARIABLE);
    let is_readable = keys.password.is_given();
    match &keys.keystore {
        Some(file) if !is_readable => keystore(file),
        None if !is_named => {
            let cure = format!(
                "to sign: --keystore FILE, --signer-url URL, --ledger, {KEY_VARIABLE}, or --devnet-account N on a devnet"
            );
            (Check::look(WHAT, "none is named", cure), None)
        }
        _ => match keys.load(chain).await {
            Ok(wallet) => {
                let account = wallet.account();
                (Check::fine(WHAT, format!("of {account}")), Some(account))
            }
            Err(error) => {
                let cure = assay_chain::error::hint_of(&error)
                    .map_or_else(|| "name another key".into(), |hint| hint.to_string());
                (Check::wrong(WHAT, format!("{error:#}"), cure), None)
            }
        },
    }
}

/// A keystore whose password is not at hand.
fn keystore(file: &Path) -> (Check, Option<Address>) {
    const WHAT: &str = "key";
    const CURE: &str = "name a keystore file as geth and cast write it";
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) => return (Check::wrong(WHAT, format!("{}: {error}", file.display()), CURE), None),
    };
    let parsed = serde_json::from_slice::<Value>(&text)
        .ok()
        .filter(|value| value["crypto"].is_object());
    let Some(parsed) = parsed else {
        return (
            Check::wrong(WHAT, format!("{} is no keystore", file.display()), CURE),
            None,
        );
    };
    let address: Option<Address> = parsed["address"].as_str().and_then(|text| text.parse().ok());
    let of = address.map_or("an address that the file does not tell".into(), |address| {
        address.to_string()
    });
    (
        Check::fine(WHAT, format!("{} of {of}; its password was not tried", file.display())),
        address,
    )
}

async fn balance(ctx: &Context, chain: &Chain, address: Address) -> Check {
    let asked = async {
        let balance = chain.provider.get_balance(address).await?;
        // What a transaction may pay for gas by the usual limits.
        let price = 2 * chain.base_fee().await? + chain.provider.get_max_priority_fee_per_gas().await?.min(MAX_TIP);
        let entry = ctx
            .market_if_named(chain)
            .await
            .ok()
            .flatten()
            .map(|market| market.entry_wei());
        Ok::<_, eyre::Report>((balance, price, entry))
    };
    match asked.await {
        Ok((balance, price, entry)) => judge_balance(address, balance, price, entry),
        Err(error) => Check::failed("balance", &error, ctx, "name another node with --rpc-url"),
    }
}

/// What an account has against what its next step may take: `price` is wei per gas, `entry` what either side of an engagement locks
/// and pays, if a market is named.
fn judge_balance(address: Address, balance: U256, price: u128, entry: Option<u128>) -> Check {
    const WHAT: &str = "balance";
    let gas = U256::from(price) * U256::from(LARGE_CALL_GAS);
    let needed = gas + U256::from(entry.unwrap_or(0));
    let locked = entry.map_or_else(String::new, |entry| {
        format!("an engagement locks and costs {}, ", ether(U256::from(entry)))
    });
    let found = format!(
        "{}; {locked}the largest call may take {} for gas now",
        ether(balance),
        about_ether(gas)
    );
    let cure = || {
        format!(
            "send at least {} to {address}",
            about_ether(needed.saturating_sub(balance))
        )
    };
    match balance {
        _ if balance < gas => Check::wrong(WHAT, found, cure()),
        _ if balance < needed => Check::look(WHAT, found, cure()),
        _ => Check::fine(WHAT, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::doctor::check::Health;

    #[test]
    fn a_balance_is_compared_with_gas_and_with_what_an_engagement_takes() {
        const GAS: u64 = LARGE_CALL_GAS * 10;
        let check = |balance: u64, entry| judge_balance(Address::ZERO, U256::from(balance), 10, entry);
        let health = |balance, entry| check(balance, entry).health;
        assert_eq!(
            [0, GAS - 1, GAS].map(|balance| health(balance, None)),
            [Health::Wrong, Health::Wrong, Health::Fine]
        );
        assert_eq!(
            [GAS - 1, GAS, GAS + 999].map(|balance| health(balance, Some(1000))),
            [Health::Wrong, Health::Look, Health::Look]
        );
        assert_eq!(health(GAS + 1000, Some(1000)), Health::Fine);
        let cure = check(GAS, Some(1000)).cure.unwrap();
        assert!(cure.contains("at least 0.000000000000001 ETH to 0x0000"), "{cure}");
    }

    #[test]
    fn a_clock_is_judged_by_the_newest_block_but_on_devnets() {
        let health = |here, block, is_devnet| judge_clock(here, block, is_devnet).health;
        assert_eq!(health(1_000_000, 1_000_012, false), Health::Fine);
        assert_eq!(health(1_000_000, 999_700, false), Health::Fine);
        assert_eq!(health(1_000_000, 1_000_060, false), Health::Wrong);
        assert_eq!(health(1_000_000, 999_400, false), Health::Look);
        assert_eq!(health(1_000_000, 2_000_000, true), Health::Fine);
    }
}
