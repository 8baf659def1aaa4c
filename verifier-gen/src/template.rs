//! Fills the Solidity templates.
//!
//! `{{name}}` alone on a line stands for any number of lines, indented like it; within a line it stands for a word.

use crate::error::GenerateError;

const VERIFIER: &str = include_str!("../templates/verifier.sol");
const CONSTRUCTED: &str = include_str!("../templates/constructed.sol");
const ENTRY_BOUND: &str = include_str!("../templates/entry_bound.sol");
const ENTRY_RAW: &str = include_str!("../templates/entry_raw.sol");
const FUNCTIONS: &str = include_str!("../templates/functions.yul");
const CORE: &str = include_str!("../templates/core.yul");

/// Which function the contract offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Raw,
    Bound,
}

/// Values by placeholder name.
#[derive(Debug, Default)]
pub(crate) struct Values(Vec<(&'static str, Vec<String>)>);

impl Values {
    pub(crate) fn line(&mut self, name: &'static str, value: impl ToString) {
        self.lines(name, vec![value.to_string()]);
    }

    pub(crate) fn lines(&mut self, name: &'static str, value: Vec<String>) {
        self.0.push((name, value));
    }

    fn get(&self, name: &str) -> &[String] {
        let found = self.0.iter().find(|(other, _)| *other == name);
        &found.unwrap_or_else(|| panic!("no value for placeholder {name}")).1
    }
}

/// The whole contract.
pub(crate) fn render(entry: Entry, mut values: Values) -> String {
    values.lines("constructed", fill(CONSTRUCTED, &values));
    values.lines("functions", fill(FUNCTIONS, &values));
    values.lines("core", fill(CORE, &values));
    let entry = match entry {
        Entry::Raw => ENTRY_RAW,
        Entry::Bound => ENTRY_BOUND,
    };
    values.lines("entry", fill(entry, &values));
    let mut source = fill(VERIFIER, &values).join("\n");
    source.push('\n');
    source
}

fn fill(template: &str, values: &Values) -> Vec<String> {
    let mut out = vec![];
    for line in template.lines() {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        match text
            .strip_prefix("{{")
            .and_then(|rest| rest.strip_suffix("}}"))
            .filter(|name| !name.contains('}'))
        {
            Some(name) => {
                let indented = |value: &String| {
                    if value.is_empty() {
                        String::new()
                    } else {
                        format!("{indent}{value}")
                    }
                };
                out.extend(values.get(name).iter().map(indented));
            }
            None => out.push(fill_words(line, values)),
        }
    }
    out
}

fn fill_words(line: &str, values: &Values) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, tail) = after
            .split_once("}}")
            .unwrap_or_else(|| panic!("placeholder without an end: {line}"));
        out.push_str(before);
        out.push_str(&values.get(name).join(" "));
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// `uint256 private constant NAME = value;`
pub(crate) fn constant(name: &str, value: impl std::fmt::Display) -> String {
    format!("uint256 private constant {name} = {value};")
}

/// Names come from a circuit: what could end a comment line, or mislead its reader, is replaced.
pub(crate) fn comment(text: &str) -> String {
    let printable = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().map(printable).collect()
}

/// A Solidity identifier that is safe to use as a contract name.
pub(crate) fn check_contract_name(name: &str) -> Result<(), GenerateError> {
    let mut chars = name.chars();
    let starts_well = chars.next().is_some_and(|c| c.is_ascii_uppercase());
    if starts_well && chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(GenerateError::ContractName { name: name.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let mut values = Values::default();
        values.line("word", "w");
        values.lines("block", vec!["one".into(), String::new(), "two".into()]);
        values.lines("nothing", vec![]);
        values
    }

    #[test]
    fn block_takes_the_indentation_of_its_placeholder() {
        assert_eq!(fill("a\n  {{block}}\nb", &values()), ["a", "  one", "", "  two", "b"]);
        assert_eq!(fill("a\n  {{nothing}}\nb", &values()), ["a", "b"]);
    }

    #[test]
    fn word_is_filled_within_its_line() {
        assert_eq!(fill("x {{word}} y {{word}}", &values()), ["x w y w"]);
    }

    #[test]
    fn comment_cannot_leave_its_line() {
        assert_eq!(comment("a\nb\u{2028}\u{202e}c"), "a?b??c");
    }

    #[test]
    fn contract_name_is_an_identifier() {
        assert!(check_contract_name("MobileNetVerifier_2").is_ok());
        for bad in ["", "verifier", "A B", "A{}", "Ä", "1A"] {
            assert!(check_contract_name(bad).is_err(), "{bad}");
        }
    }
}
