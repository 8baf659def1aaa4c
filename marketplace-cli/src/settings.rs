//! `assay.toml`: options that need not be typed each time. What is typed comes first, then the environment, then the file in the
//! working directory, then the one in the state directory.
//!
//! A working directory may be somebody else's: its file counts once it was allowed, as it is. Where the state directory is, which
//! remembers what was compared, stands in no file, nor does whether contracts or a verifier are trusted.

use crate::args::fees::{ether, gwei, FeeArgs};
use crate::args::globals::Globals;
use crate::args::keys::KeyArgs;
use alloy::primitives::{keccak256, Address};
use assay_chain::error::{hinted, usage};
use assay_chain::keys::{KEY_VARIABLE, SIGNER_VARIABLE};
use assay_durable::file::write_atomic;
use assay_marketplace::home::Home;
use eyre::WrapErr;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::num::NonZeroU64;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Its name, in whatever directory.
pub const FILE: &str = "assay.toml";

/// A value of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// Paths are relative to the file's directory.
    pub value: T,
    /// File and line, as `assay.toml:3`.
    pub place: String,
}

/// Wei, written as a decimal number of gwei or with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Gwei(pub u128);

/// Wei, written as a decimal number of ether or with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Ether(pub u128);

impl TryFrom<String> for Gwei {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        gwei(&text).map(Self)
    }
}

impl TryFrom<String> for Ether {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        ether(&text).map(Self)
    }
}

/// What a value of a file means, given the file's directory.
trait Of: Sized {
    fn of(self, folder: &Path) -> Self {
        let _ = folder;
        self
    }
}

impl Of for PathBuf {
    fn of(self, folder: &Path) -> Self {
        folder.join(self)
    }
}

impl Of for String {}
impl Of for bool {}
impl Of for NonZeroU64 {}
impl Of for Address {}
impl Of for Gwei {}
impl Of for Ether {}

/// The one list of what may stand in a file.
macro_rules! settings {
    ($($(#[$doc:meta])* $field:ident: $of:ty,)*) => {
        /// A file, as it is written.
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
        struct Written {
            $($field: Option<Spanned<$of>>,)*
        }

        /// What the files say, each value with its place.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Settings {
            $($(#[$doc])* pub $field: Option<Placed<$of>>,)*
        }

        /// Every key of a file, written with `_` for `-`, with the type of its value.
        pub const KEYS: &[(&str, &str)] = &[$((stringify!($field), stringify!($of)),)*];

        impl Settings {
            fn new(written: Written, file: &Path, text: &str) -> Self {
                let folder = file.parent().unwrap_or(Path::new(""));
                let place = |span: Range<usize>| format!("{}:{}", file.display(), line_of(text, span.start));
                Self {
                    $($field: written.$field.map(|written| Placed {
                        place: place(written.span()),
                        value: written.into_inner().of(folder),
                    }),)*
                }
            }

            fn or(self, other: Self) -> Self {
                Self {
                    $($field: self.$field.or(other.$field),)*
                }
            }

            /// Each key that has a value, and where it stands, as FILE:LINE.
            fn places(&self) -> Vec<(String, &str)> {
                let places = [$((stringify!($field), self.$field.as_ref().map(|placed| placed.place.as_str())),)*];
                let set = places.into_iter().filter_map(|(key, place)| Some((key.replace('_', "-"), place?)));
                set.collect()
            }
        }
    };
}

settings! {
    /// `--rpc-url`.
    rpc_url: String,
    /// `--confirmations`.
    confirmations: NonZeroU64,
    /// `--deployment`.
    deployment: PathBuf,
    /// `--market`.
    market: Address,
    /// `--retrieval`.
    retrieval: Address,
    /// `--portable`.
    portable: bool,
    /// `--queue`.
    queue: String,
    /// `--tasks`.
    tasks: PathBuf,
    /// `--keystore`, where neither another key is named nor the environment holds one.
    keystore: PathBuf,
    /// `--password-file`, of that keystore.
    password_file: PathBuf,
    /// `--signer-url`, where a keystore would count, too.
    signer_url: String,
    /// `--sender`.
    sender: Address,
    /// `--max-fee`.
    max_fee: Gwei,
    /// `--max-priority-fee`.
    max_priority_fee: Gwei,
    /// `--max-cost`.
    max_cost: Ether,
}

impl Settings {
    /// Reads the files for these options: that of the state directory, and that of the working directory if it was allowed. Answers the
    /// latter's place if it was not.
    ///
    /// # Errors
    /// If one cannot be read, or holds what is no setting: with its line.
    pub fn find(globals: &Globals) -> eyre::Result<(Self, Option<PathBuf>)> {
        let here = here()?;
        let Ok(home) = Home::new(globals.home.clone()) else {
            return Ok((Self::default(), here.is_file().then_some(here)));
        };
        let there = home.path().join(FILE);
        let own = match text_of(&there)? {
            Some(text) => Self::parse(&there, &text)?,
            None => Self::default(),
        };
        let is_same = || Some(here.canonicalize().ok()? == there.canonicalize().ok()?);
        match text_of(&here)? {
            Some(text) if is_same() != Some(true) => match allowance(&home, &here, &text)?.is_file() {
                true => Ok((Self::parse(&here, &text)?.before(own), None)),
                false => Ok((own, Some(here))),
            },
            _ => Ok((own, None)),
        }
    }

    fn parse(file: &Path, text: &str) -> eyre::Result<Self> {
        let written = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.lines().nth(line_of(text, at) - 1).unwrap_or_default();
            // Never the line itself, nor what was understood of it: it may hold the key of a node.
            let key = line.split_once('=').map(|(key, _)| key.trim());
            let is_key = |key: &&str| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            let key = key.filter(is_key).map(|key| format!(" ({key})")).unwrap_or_default();
            let what = match error.message().split_once(", expected ") {
                Some((said, expected)) if said.starts_with("invalid") => format!("expected {expected}"),
                _ => error.message().to_owned(),
            };
            usage(format!("{}, line {}{key}: {what}", file.display(), line_of(text, at)))
        })?;
        let read = Self::new(written, file, text);
        match (&read.keystore, &read.signer_url) {
            (Some(_), Some(url)) => Err(usage(format!(
                "{} (signer-url): a keystore is named, too; keep one of them",
                url.place
            ))),
            _ => Ok(read),
        }
    }

    /// These, and what they leave open from another file, which says nothing about who signs if these do.
    fn before(self, mut other: Self) -> Self {
        if self.keystore.is_some() || self.signer_url.is_some() {
            other.keystore = None;
            other.signer_url = None;
        }
        self.or(other)
    }

    /// Takes the place of global options that were neither typed nor in the environment; those that were are forgotten here.
    pub fn fill(&mut self, globals: &mut Globals) {
        let confirmations = &mut globals.confirmations;
        // A book that is typed says where its markets are, a market that is typed has no other's retrieval market.
        if globals.deployment.is_some() {
            self.market = None;
        }
        if globals.deployment.is_some() || globals.market.is_some() {
            self.retrieval = None;
        }
        take(&mut self.rpc_url, &mut globals.rpc_url, |url| url);
        take(&mut self.confirmations, confirmations, NonZeroU64::get);
        take(&mut self.deployment, &mut globals.deployment, |file| file);
        take(&mut self.market, &mut globals.market, |address| address);
        match globals.portable {
            true => self.portable = None,
            false => globals.portable = self.portable.as_ref().is_some_and(|portable| portable.value),
        }
    }

    /// The files that anything is taken from, and what.
    pub fn files(&self) -> BTreeMap<&str, Vec<String>> {
        let mut files = BTreeMap::<_, Vec<_>>::new();
        for (key, place) in self.places() {
            let file = place.rsplit_once(':').map_or(place, |(file, _)| file);
            files.entry(file).or_default().push(key);
        }
        files
    }

    /// The retrieval market that is meant where no option names one.
    pub fn retrieval(&self) -> Option<Address> {
        value(&self.retrieval)
    }

    /// The options of a signing command, with what they leave open.
    pub fn keys(&self, keys: &KeyArgs) -> KeyArgs {
        let mut keys = keys.clone();
        let is_set = |name: &str| std::env::var_os(name).is_some();
        if !keys.is_typed() && !is_set(KEY_VARIABLE) && !is_set(SIGNER_VARIABLE) {
            keys.keystore = value(&self.keystore);
            keys.configured_signer = value(&self.signer_url);
            let is_its = |password: &&Placed<PathBuf>| {
                let of = |placed: &Placed<PathBuf>| placed.place.rsplit_once(':').map(|(file, _)| file.to_owned());
                self.keystore.as_ref().map(of) == Some(of(password))
            };
            if !keys.password.is_given() {
                let password = self.password_file.as_ref().filter(is_its);
                keys.password.password_file = password.map(|password| password.value.clone());
            }
        }
        let fees = keys.fees;
        KeyArgs {
            sender: keys.sender.or(value(&self.sender)),
            fees: FeeArgs {
                max_fee: fees.max_fee.or(value(&self.max_fee).map(|fee| fee.0)),
                max_priority_fee: fees.max_priority_fee.or(value(&self.max_priority_fee).map(|fee| fee.0)),
                max_cost: fees.max_cost.or(value(&self.max_cost).map(|cost| cost.0)),
            },
            ..keys
        }
    }
}

/// The file of the working directory.
fn here() -> eyre::Result<PathBuf> {
    Ok(std::env::current_dir()?.join(FILE))
}

/// What is in a file, if there is one.
fn text_of(file: &Path) -> eyre::Result<Option<String>> {
    let is_absent = |error: &std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    let told = || format!("cannot read {}", file.display());
    match std::fs::metadata(file) {
        Err(error) if is_absent(&error) => return Ok(None),
        Ok(kind) if !kind.is_file() => return Err(usage(format!("{} is no file", file.display()))),
        found => found.wrap_err_with(told)?,
    };
    std::fs::read_to_string(file).wrap_err_with(told).map(Some)
}

/// What is there if a file was allowed with this text.
fn allowance(home: &Home, file: &Path, text: &str) -> eyre::Result<PathBuf> {
    let file = file
        .canonicalize()
        .wrap_err_with(|| format!("cannot read {}", file.display()))?;
    let parts = [file.as_os_str().as_encoded_bytes(), &[0], text.as_bytes()].concat();
    Ok(home.path().join("allowed").join(hex::encode(keccak256(parts))))
}

/// Allows the file of the working directory, as it is: whoever changes it has to be allowed again. Answers its place.
///
/// # Errors
/// If there is none, or it holds what is no setting.
pub fn allow(home: &Home) -> eyre::Result<PathBuf> {
    let file = here()?;
    let text = text_of(&file)?.ok_or_else(|| {
        let hint = "go to the directory whose settings are to be used";
        hinted(format!("there is no {}", file.display()), hint)
    })?;
    Settings::parse(&file, &text)?;
    write_atomic(&allowance(home, &file, &text)?, b"", false)?;
    Ok(file)
}

fn value<T: Clone>(placed: &Option<Placed<T>>) -> Option<T> {
    placed.as_ref().map(|placed| placed.value.clone())
}

/// Gives what a file says to an option that is open; forgets it where the option is taken.
fn take<T: Clone, O>(from: &mut Option<Placed<T>>, to: &mut Option<O>, as_option: impl Fn(T) -> O) {
    match to {
        Some(_) => *from = None,
        None => *to = value(from).map(as_option),
    }
}

/// Of a byte in a text, from 1 on.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        let read = Settings::parse(&file, text).map_err(|error| error.to_string());
        read.map_err(|error| error.replace(dir.path().to_str().unwrap(), ""))
    }

    #[test]
    fn a_mistake_names_line_and_key_and_shows_no_value() {
        let typo = read("# mine\nrpc-ulr = \"https://node/secretsecret\"\n").unwrap_err();
        assert!(
            typo.starts_with("/assay.toml, line 2 (rpc-ulr): unknown field `rpc-ulr`, expected one of `rpc-url`"),
            "{typo}"
        );
        assert!(!typo.contains("secretsecret"), "{typo}");
        for (text, why) in [
            ("confirmations = 0", "line 1 (confirmations): "),
            ("\nmax-fee = \"1 apple\"", "line 2 (max-fee): an amount"),
            ("market = \"0x12\"", "line 1 (market): "),
            ("home = \"state\"", "line 1 (home): unknown field"),
            (
                "confirmations = \"https://node/secret\"",
                "line 1 (confirmations): expected a nonzero u64",
            ),
            ("rpc-url: \"https://node/secret?a=1\"", "line 1: "),
            ("portable", "line 1: "),
            ("portable = true\nportable = false", "line 2 (portable): duplicate key"),
        ] {
            let error = read(text).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_typed_comes_before_a_file_and_paths_are_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        let text = "rpc-url = \"http://a\"\nkeystore = \"me.json\"\nmax-cost = \"0.5\"\n";
        let mut settings = Settings::parse(&file, text).unwrap();
        let mut globals = Globals {
            market: Some(Address::ZERO),
            ..Globals::default()
        };
        settings.fill(&mut globals);
        assert_eq!(globals.rpc_url.as_deref(), Some("http://a"));
        assert_eq!(globals.market, Some(Address::ZERO));
        let place = &settings.rpc_url.as_ref().unwrap().place;
        assert_eq!(*place, format!("{}:1", file.display()));
        let keys = settings.keys(&KeyArgs::default());
        assert_eq!(keys.keystore, Some(dir.path().join("me.json")));
        assert_eq!(keys.fees.max_cost, Some(500_000_000_000_000_000));
        assert_eq!(settings.keys(&KeyArgs::devnet(1)).keystore, None);

        globals.rpc_url = Some("http://b".into());
        settings.fill(&mut globals);
        assert_eq!((globals.rpc_url.as_deref(), settings.rpc_url), (Some("http://b"), None));
    }
    #[test]
    fn a_book_that_is_typed_has_its_own_markets_and_a_password_its_own_keystore() {
        let (folder, other) = (Path::new("/a/assay.toml"), Path::new("/b/assay.toml"));
        let market = format!("market = \"{0}\"\nretrieval = \"{0}\"\n", Address::ZERO);
        let typed = |globals: Globals| {
            let mut globals = globals;
            let mut settings = Settings::parse(folder, &market).unwrap();
            settings.fill(&mut globals);
            (globals.market, settings.retrieval())
        };
        assert_eq!(typed(Globals::default()), (Some(Address::ZERO), Some(Address::ZERO)));
        let book = Globals {
            deployment: Some("book.json".into()),
            ..Globals::default()
        };
        assert_eq!(typed(book), (None, None));
        let one = Address::repeat_byte(1);
        let market = Globals {
            market: Some(one),
            ..Globals::default()
        };
        assert_eq!(typed(market), (Some(one), None));

        let keystore = Settings::parse(folder, "keystore = \"me.json\"\n").unwrap();
        let password = |file| Settings::parse(file, "password-file = \"me.password\"\n").unwrap();
        for (file, expected) in [(folder, Some("/a/me.password".into())), (other, None)] {
            let both = keystore.clone().before(password(file));
            assert_eq!(both.keys(&KeyArgs::default()).password.password_file, expected);
        }
    }

    #[test]
    fn a_file_names_one_who_signs_and_the_nearer_file_counts() {
        let both = read("keystore = \"me.json\"\nsigner-url = \"https://a/secretsecret\"\n").unwrap_err();
        assert_eq!(
            both,
            "/assay.toml:2 (signer-url): a keystore is named, too; keep one of them"
        );
        let signer = read("signer-url = \"https://a/token\"\n").unwrap();
        let keystore = Settings::parse(Path::new("/b/assay.toml"), "keystore = \"me.json\"\n").unwrap();
        let who = |settings: Settings, typed: &KeyArgs| {
            let keys = settings.keys(typed);
            (keys.keystore, keys.configured_signer)
        };
        let url = Some("https://a/token".to_owned());
        let file = Some(PathBuf::from("/b/me.json"));
        let none = KeyArgs::default();
        assert_eq!(who(signer.clone().before(keystore.clone()), &none), (None, url));
        assert_eq!(who(keystore.before(signer.clone()), &none), (file, None));
        assert_eq!(who(signer, &KeyArgs::devnet(1)), (None, None));
    }
}
