//! Keystores: keys in files that a password opens, in the standard format (Web3 Secret Storage, version 3), which geth, cast and
//! `--keystore` read.

use crate::args::keys::{from_variable, PasswordArgs};
use crate::context::Context;
use alloy::primitives::{Address, B256};
use alloy::signers::local::PrivateKeySigner;
use assay_chain::error::{hinted, usage};
use assay_chain::keys::KEY_VARIABLE;
use assay_durable::file::{create, Access};
use clap::Subcommand;
use eyre::WrapErr;
use rand::rngs::OsRng;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The library derives a key in a few hundredths of a second, as foundry does: what is short is found by trying.
const MIN_PASSWORD: usize = 10;

/// `assay key …`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a key, and a keystore for it
    #[command(after_help = "Examples:\n  \
        assay key new provider\n  \
        assay key new provider --password-file provider.password\n\n\
        The password is asked for twice. Without the file or without its password the money of its account is lost: keep a copy of\n\
        both, apart. Nothing here writes the key itself anywhere.")]
    New(NameArgs),
    /// Put a key that exists into a keystore
    #[command(after_help = "Examples:\n  \
        assay key import provider\n  \
        ASSAY_PRIVATE_KEY=$(cat key) assay key import provider --password-env PASSWORD\n\n\
        The key is taken from ASSAY_PRIVATE_KEY, or asked for on the terminal; never from an argument.")]
    Import(NameArgs),
    /// Keystores of the state directory, with their addresses
    #[command(after_help = "Example:\n  assay key list")]
    List(PlaceArgs),
}

/// Where keystores are.
#[derive(Debug, clap::Args)]
pub struct PlaceArgs {
    /// Directory of keystores, in place of keys/ in the state directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// A keystore that is not there yet.
#[derive(Debug, clap::Args)]
pub struct NameArgs {
    /// Name of its file: letters, digits, '-', '_' and '.'
    #[arg(value_parser = name)]
    name: String,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    password: PasswordArgs,
}

fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if (1..=64).contains(&text.len()) && text.chars().all(plain) && !text.starts_with(['.', '-']) {
        Ok(text.to_owned())
    } else {
        Err("a name has 1 to 64 letters, digits, '-', '_' and '.', and begins with a letter, a digit or '_'".into())
    }
}

/// A keystore.
#[derive(Debug, Serialize)]
struct Keystore {
    name: String,
    /// `null` if the file does not say: it need not.
    address: Option<Address>,
    path: PathBuf,
}

impl fmt::Display for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, address, path } = self;
        let address = address.map_or_else(
            || "(its address is not in it)".to_owned(),
            |address| address.to_string(),
        );
        write!(f, "{name:<16} {address:<42}  {}", path.display())
    }
}

#[derive(Debug, Serialize)]
struct Listed {
    keystores: Vec<Keystore>,
}

impl Command {
    pub(crate) fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::New(args) => made(&args, PrivateKeySigner::random_with(&mut OsRng), ctx),
            Self::Import(args) => {
                let key = given_key()?;
                made(&args, key, ctx)
            }
            Self::List(place) => {
                let keystores = list(&place.directory(ctx))?;
                let shown: Vec<String> = keystores.iter().map(ToString::to_string).collect();
                let shown = if shown.is_empty() {
                    format!("no keystores in {}: assay key new NAME", place.directory(ctx).display())
                } else {
                    shown.join("\n")
                };
                ctx.out.result(&Listed { keystores }, &shown)
            }
        }
    }
}

impl PlaceArgs {
    fn directory(&self, ctx: &Context) -> PathBuf {
        self.dir.clone().unwrap_or_else(|| ctx.home.keystores())
    }
}

/// The key of the environment, or of whoever sits at the terminal.
fn given_key() -> eyre::Result<PrivateKeySigner> {
    if std::env::var_os(KEY_VARIABLE).is_some() {
        return from_variable();
    }
    let text = rpassword::prompt_password("private key (32 bytes in hexadecimal, not shown): ")
        .wrap_err_with(|| format!("cannot ask for the key; put it into the variable {KEY_VARIABLE}"))?;
    let key = text.trim().parse::<B256>().ok();
    // The parser's own message may quote the text.
    key.and_then(|bytes| PrivateKeySigner::from_bytes(&bytes).ok())
        .ok_or_else(|| usage("that is no private key of 32 bytes in hexadecimal"))
}

fn made(args: &NameArgs, key: PrivateKeySigner, ctx: &Context) -> eyre::Result<()> {
    let dir = args.place.directory(ctx);
    let path = dir.join(&args.name);
    if path.symlink_metadata().is_ok() {
        return Err(taken(&path));
    }
    let password = args.password.read(|| chosen(&path))?;
    if password.chars().count() < MIN_PASSWORD {
        return Err(usage(format!(
            "the password has fewer than {MIN_PASSWORD} characters: whoever has the file could try them all"
        )));
    }
    std::fs::create_dir_all(&dir).wrap_err_with(|| format!("cannot make {}", dir.display()))?;
    store(&path, &key, &password)?;
    let keystore = Keystore {
        name: args.name.clone(),
        address: Some(key.address()),
        path,
    };
    let shown = format!(
        "{}\n{}\n\nsign with it: --keystore {}, or keystore = \"…\" in assay.toml",
        key.address(),
        keystore.path.display(),
        keystore.path.display()
    );
    ctx.out.result(&keystore, &shown)
}

fn taken(path: &Path) -> eyre::Report {
    hinted(
        format!("{} exists, and is left as it is", path.display()),
        "choose another name: assay key list shows those that are taken",
    )
}

/// A new password, typed twice.
fn chosen(path: &Path) -> eyre::Result<String> {
    let ask = |what: &str| {
        rpassword::prompt_password(format!("{what} of {}: ", path.display()))
            .wrap_err("cannot ask for the password; use --password-env or --password-file")
    };
    let password = ask("new password")?;
    if ask("once more, the password")? == password {
        Ok(password)
    } else {
        Err(usage("the two passwords differ; nothing was written"))
    }
}

/// Writes the keystore, of which nothing is seen before it is whole and opens.
fn store(path: &Path, key: &PrivateKeySigner, password: &str) -> eyre::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    // Of the owner alone, as the library does not say who may read its file.
    let hidden = tempfile::tempdir_in(dir).wrap_err_with(|| format!("cannot write to {}", dir.display()))?;
    PrivateKeySigner::encrypt_keystore(hidden.path(), &mut OsRng, key.to_bytes(), password, Some("key"))?;
    let written = hidden.path().join("key");
    let opened = PrivateKeySigner::decrypt_keystore(&written, password)?;
    eyre::ensure!(
        opened.address() == key.address(),
        "the keystore does not open to its key"
    );
    let mut content: Value = serde_json::from_slice(&std::fs::read(&written)?)?;
    // As geth has it: without the prefix.
    content["address"] = hex::encode(key.address()).into();
    match create(path, content.to_string().as_bytes(), Access::Private) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(taken(path)),
        written => written.wrap_err_with(|| format!("cannot write {}", path.display())),
    }
}

/// By name.
fn list(dir: &Path) -> eyre::Result<Vec<Keystore>> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.wrap_err_with(|| format!("cannot read {}", dir.display()))?,
    };
    let mut keystores = Vec::new();
    for entry in entries {
        let path = entry.wrap_err_with(|| format!("cannot read {}", dir.display()))?.path();
        if let Some(content) = std::fs::read(&path).ok().and_then(|bytes| keystore(&bytes)) {
            keystores.push(Keystore {
                name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                address: content["address"].as_str().and_then(|address| address.parse().ok()),
                path,
            });
        }
    }
    keystores.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(keystores)
}

/// What a file says, if it is a keystore.
fn keystore(bytes: &[u8]) -> Option<Value> {
    let content: Value = serde_json::from_slice(bytes).ok()?;
    content["crypto"]["ciphertext"].as_str()?;
    Some(content)
}
