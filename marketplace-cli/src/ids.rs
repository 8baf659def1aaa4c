//! Ids by their beginnings: what stands in the journals of the state directory need not be typed whole.

use alloy::primitives::B256;
use assay_marketplace::home::{Home, Journaled};
use clap::builder::TypedValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Fewer digits say too little: the other side of a deal can look for an id that begins like another.
const SHORTEST: usize = 8;

/// Names of arguments that are ids, each with the kinds of things that it may name.
const NAMES: [(&str, &[Journaled]); 8] = [
    (
        "id",
        &[
            Journaled::Engagement,
            Journaled::Round,
            Journaled::Audit,
            Journaled::Corpus,
        ],
    ),
    ("engagement", &[Journaled::Engagement]),
    ("engagements", &[Journaled::Engagement]),
    ("round", &[Journaled::Round]),
    ("rounds", &[Journaled::Round]),
    ("audits", &[Journaled::Audit]),
    ("corpus_id", &[Journaled::Corpus]),
    ("model_id", &[Journaled::Model]),
];

/// The state directory that a command line will use; ids are completed from it before anything else is read.
pub fn home_of(args: impl Iterator<Item = OsString>) -> Option<Home> {
    let args: Vec<OsString> = args.collect();
    let typed = args
        .windows(2)
        .find(|two| two[0] == "--home")
        .map(|two| PathBuf::from(&two[1]));
    let joined = || {
        args.iter()
            .find_map(|arg| arg.to_str()?.strip_prefix("--home=").map(PathBuf::from))
    };
    let variable = || {
        std::env::var_os("ASSAY_HOME")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    Home::new(typed.or_else(joined).or_else(variable)).ok()
}

/// The command, and all below it, with ids completed from this state directory.
pub fn completed(mut command: Command, home: Option<&Home>) -> Command {
    command = command.mut_subcommands(|command| completed(command, home));
    for (name, kinds) in NAMES {
        let is_id = |arg: &Arg| arg.get_id() == name && arg.get_value_parser().type_id() == TypeId::of::<B256>();
        if command.get_arguments().any(is_id) {
            let home = home.cloned();
            command = command.mut_arg(name, |arg| arg.value_parser(Beginning { home, kinds }));
        }
    }
    command
}

/// Reads an id, or the beginning of one that is known.
#[derive(Debug, Clone)]
struct Beginning {
    home: Option<Home>,
    kinds: &'static [Journaled],
}

impl Beginning {
    /// The id that is meant.
    fn read(&self, text: &str) -> Result<B256, String> {
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        let digits = text
            .strip_prefix("0x")
            .unwrap_or(text)
            .trim_end_matches('…')
            .to_ascii_lowercase();
        let is_beginning = (SHORTEST..64).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_beginning {
            return Err(format!(
                "an id: 64 hexadecimal digits, or {SHORTEST} or more with which one begins that is known here"
            ));
        }
        let Some(home) = &self.home else {
            return Err("an id of 64 digits: no state directory is named that knows others".into());
        };
        let known = home.journaled(self.kinds).map_err(|error| format!("{error:#}"))?;
        let mut meant: Vec<_> = known
            .into_iter()
            .filter(|(_, id)| hex::encode(id).starts_with(&digits))
            .collect();
        meant.sort_by_key(|(_, id)| *id);
        meant.dedup_by_key(|(_, id)| *id);
        match meant.as_slice() {
            [(_, id)] => Ok(*id),
            [] => Err(format!(
                "nothing in {} has an id that begins so; give all of its 64 digits",
                home.path().display()
            )),
            several => {
                let names = several.iter().map(|(kind, id)| format!("{kind} {id}"));
                Err(format!(
                    "several ids begin so: {}",
                    names.collect::<Vec<_>>().join(", ")
                ))
            }
        }
    }
}

impl TypedValueParser for Beginning {
    type Value = B256;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<B256, clap::Error> {
        let text = value.to_string_lossy();
        self.read(&text).map_err(|why| {
            let mut error = clap::Error::raw(ErrorKind::ValueValidation, format!("invalid value '{text}': {why}\n"));
            if let Some(arg) = arg {
                error.insert(ContextKind::InvalidArg, ContextValue::String(arg.to_string()));
            }
            error.with_cmd(command)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_beginning_is_completed_if_one_id_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(Some(dir.path().to_owned())).unwrap();
        let chain = dir.path().join("31337-01020304");
        let id = |beginning: &str| format!("0x{beginning:0<64}");
        for path in [
            format!("engagements/{}/journal.json", id("abcdabcd1")),
            format!("rounds/{}/journal.json", id("abcdabcd2")),
            format!("models/{}.json", id("abcdabcd1")),
            "engagements/offers/journal.json".into(),
        ] {
            let file = chain.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "{}").unwrap();
        }
        let read = |kinds, text: &str| {
            let home = Some(home.clone());
            Beginning { home, kinds }.read(text)
        };
        let (any, models) = (NAMES[0].1, NAMES[7].1);
        assert_eq!(read(any, "0xabcdabcd1"), Ok(id("abcdabcd1").parse().unwrap()));
        assert_eq!(read(any, "ABCDABCD2…"), Ok(id("abcdabcd2").parse().unwrap()));
        assert_eq!(read(models, "0xabcdabcd"), Ok(id("abcdabcd1").parse().unwrap()));
        // What is whole need not be known.
        assert_eq!(read(any, &id("ffff")), Ok(id("ffff").parse().unwrap()));
        let ambiguous = read(any, "0xabcdabcd").unwrap_err();
        assert!(
            ambiguous.contains(&format!("engagement {}, round {}", id("abcdabcd1"), id("abcdabcd2"))),
            "{ambiguous}"
        );
        assert!(read(any, "0xabcdabce").unwrap_err().contains("nothing in"));
        assert!(read(any, "0xabcdabc").unwrap_err().contains("8 or more"));
        assert!(read(any, "abcgabcd1").is_err() && read(any, "").is_err());
    }
}
