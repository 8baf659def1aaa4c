//! Ids by their beginnings: what stands in the journals of the state directory need not be typed whole.

use alloy::primitives::B256;
use assay_marketplace::home::{Home, Journaled};
use clap::builder::TypedValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use std::any::TypeId;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Fewer digits say too little: the other side of a deal can look for an id that begins like another.
const SHORTEST: usize = 8;

use Journaled::{Audit, Corpus, Engagement, Model, Round};

/// Names of arguments that are ids, each with the kinds of things that it may name.
const NAMES: [(&str, &[Journaled]); 9] = [
    ("id", &[Engagement, Round, Audit, Corpus]),
    ("thing", &[Engagement, Round, Audit, Corpus, Model]),
    ("engagement", &[Engagement]),
    ("engagements", &[Engagement]),
    ("round", &[Round]),
    ("rounds", &[Round]),
    ("audits", &[Audit]),
    ("corpus_id", &[Corpus]),
    ("model_id", &[Model]),
];

/// What an `id` of these commands, and of those below them, can be of.
const COMMANDS: [(&str, &[Journaled]); 10] = [
    ("mp", &[Engagement]),
    ("mc", &[Engagement]),
    ("verdict", &[Engagement]),
    ("agree-close", &[Engagement]),
    ("predict", &[Round]),
    ("round", &[Round]),
    ("audit", &[Audit]),
    ("corpus", &[Corpus]),
    ("model", &[Model]),
    ("timeout", &[Engagement, Round, Audit]),
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

/// What beginnings were taken for, in words, for whoever typed them.
#[derive(Debug, Clone, Default)]
pub struct Meant(Arc<Mutex<BTreeSet<String>>>);

impl Meant {
    /// Each of them once.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect()
    }

    fn add(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(line);
    }
}

/// The command, and all below it, with ids completed from this state directory; `meant` hears what they were taken for.
pub fn completed(command: Command, home: Option<&Home>, meant: &Meant) -> Command {
    narrowed(command, home, meant, None)
}

fn narrowed(mut command: Command, home: Option<&Home>, meant: &Meant, of: Option<&'static [Journaled]>) -> Command {
    let own = COMMANDS.iter().find(|(name, _)| *name == command.get_name());
    let of = own.map(|(_, kinds)| *kinds).or(of);
    command = command.mut_subcommands(|command| narrowed(command, home, meant, of));
    for (name, kinds) in NAMES {
        let is_id = |arg: &Arg| arg.get_id() == name && arg.get_value_parser().type_id() == TypeId::of::<B256>();
        if command.get_arguments().any(is_id) {
            let kinds = match of {
                Some(of) if name == "id" => of,
                _ => kinds,
            };
            let parser = Beginning {
                home: home.cloned(),
                kinds,
                meant: meant.clone(),
            };
            command = command.mut_arg(name, |arg| arg.value_parser(parser));
        }
    }
    command
}

/// Reads an id, or the beginning of one that is known.
#[derive(Debug, Clone)]
struct Beginning {
    home: Option<Home>,
    kinds: &'static [Journaled],
    meant: Meant,
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
            [(kind, id)] => {
                self.meant.add(format!("{text} is {kind} {id}"));
                Ok(*id)
            }
            [] => {
                let kinds: Vec<_> = self.kinds.iter().map(Journaled::to_string).collect();
                Err(format!(
                    "nothing in {} has an id that begins so, of these: {}; give all of its 64 digits",
                    home.path().display(),
                    kinds.join(", ")
                ))
            }
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
        let read = |kinds: &'static [Journaled], text: &str| {
            let (home, meant) = (Some(home.clone()), Meant::default());
            let read = Beginning {
                home,
                kinds,
                meant: meant.clone(),
            }
            .read(text);
            (read, meant.lines())
        };
        let any = NAMES[0].1;
        let one: B256 = id("abcdabcd1").parse().unwrap();
        let said = format!("0xabcdabcd1 is engagement {one}");
        assert_eq!(read(any, "0xabcdabcd1"), (Ok(one), vec![said]));
        assert_eq!(read(any, "ABCDABCD2…").0, Ok(id("abcdabcd2").parse().unwrap()));
        assert_eq!(read(&[Model], "0xabcdabcd").0, Ok(one));
        // What is whole need not be known, and nothing is said of it.
        assert_eq!(read(any, &id("ffff")), (Ok(id("ffff").parse().unwrap()), vec![]));
        let ambiguous = read(any, "0xabcdabcd").0.unwrap_err();
        assert!(
            ambiguous.contains(&format!("engagement {}, round {}", id("abcdabcd1"), id("abcdabcd2"))),
            "{ambiguous}"
        );
        assert_eq!(read(&[Engagement], "0xabcdabcd").0, Ok(one));
        assert!(read(any, "0xabcdabce").0.unwrap_err().contains("nothing in"));
        assert!(read(any, "0xabcdabc").0.unwrap_err().contains("8 or more"));
        assert!(read(any, "abcgabcd1").0.is_err() && read(any, "").0.is_err());
    }
}
