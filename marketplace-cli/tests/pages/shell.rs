//! As much of a shell's language as pages use: words, quotes, comments, several commands in a line.

/// The commands of a block, each as its words; assignments in front of one, `export` and redirections are left out.
pub(super) fn commands(block: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    for line in block.replace("\\\n", " ").lines() {
        let mut rest = line;
        while let Some((word, is_quoted, after)) = word(rest) {
            rest = after;
            if is_quoted || !matches!(word.as_str(), ";" | "&" | "&&" | "|" | "||") {
                commands.last_mut().expect("one is begun").push(word);
            } else {
                commands.push(Vec::new());
            }
        }
        commands.push(Vec::new());
    }
    commands
        .into_iter()
        .map(own)
        .filter(|words| !words.is_empty())
        .collect()
}

/// The first word, whether a part of it is quoted, and what is behind it; nothing at a comment or the end.
fn word(text: &str) -> Option<(String, bool, &str)> {
    let text = text.trim_start();
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    let separator = text.find(|c| !";&|".contains(c)).unwrap_or(text.len());
    if separator > 0 {
        return Some((text[..separator].to_owned(), false, &text[separator..]));
    }
    let (mut word, mut quote, mut is_quoted) = (String::new(), None, false);
    for (at, c) in text.char_indices() {
        match quote {
            None if c.is_whitespace() || ";&|".contains(c) => return Some((word, is_quoted, &text[at..])),
            None if "'\"".contains(c) => (quote, is_quoted) = (Some(c), true),
            Some(open) if c == open => quote = None,
            _ => word.push(c),
        }
    }
    Some((word, is_quoted, ""))
}

/// The command without what a shell does with it.
fn own(words: Vec<String>) -> Vec<String> {
    let is_assignment = |word: &String| {
        let name = word.split('=').next().unwrap_or_default();
        word.contains('=')
            && !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
    };
    let words: Vec<String> = words.into_iter().skip_while(is_assignment).collect();
    if words.first().is_some_and(|first| first == "export") {
        return Vec::new();
    }
    let is_redirection = |word: &&String| [">", ">>", "<", "2>"].contains(&word.as_str());
    let end = words
        .iter()
        .position(|word| is_redirection(&word))
        .unwrap_or(words.len());
    words[..end].to_vec()
}

#[test]
fn a_block_is_cut_as_a_shell_would() {
    let cut = |block: &str| commands(block).iter().map(|words| words.join("|")).collect::<Vec<_>>();
    assert_eq!(
        cut("A=1 assay x 'a b; #c' --url \"u?a=1&b\" # then\nexport B=2\none; two && three | four > f\n"),
        ["assay|x|a b; #c|--url|u?a=1&b", "one", "two", "three", "four"]
    );
    assert_eq!(cut("one \\\n  --two\n# none\n\n"), ["one|--two"]);
}
