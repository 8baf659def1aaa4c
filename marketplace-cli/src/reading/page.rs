//! The page, as `scripts/build-web` makes it: part of the program, so that nothing is looked for when it runs.

use sha2::{Digest, Sha256};

/// One file of the page.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Below the page's address.
    pub path: &'static str,
    /// Of its content.
    pub media: &'static str,
    /// All of it.
    pub text: &'static str,
}

const HTML: &str = include_str!("../../page/index.html");
const STYLE: &str = include_str!("../../page/page.css");
const SCRIPT: &str = include_str!("../../page/page.js");

/// All files; the first one is what the page's address shows.
pub const FILES: [File; 3] = [
    File {
        path: "index.html",
        media: "text/html; charset=utf-8",
        text: HTML,
    },
    File {
        path: "page.css",
        media: "text/css; charset=utf-8",
        text: STYLE,
    },
    File {
        path: "page.js",
        media: "text/javascript; charset=utf-8",
        text: SCRIPT,
    },
];

/// The page with a node of its own, at this path beside it: readers who name no other one ask it.
pub fn with_node(path: &str) -> String {
    HTML.replacen("<html ", &format!("<html data-node=\"{path}\" "), 1)
}

/// SHA-256 of script and style, one after the other, as the page's footer has it.
pub fn hash() -> String {
    hex::encode(Sha256::new().chain_update(SCRIPT).chain_update(STYLE).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_footer_has_the_hash_of_what_is_served() {
        assert!(HTML.contains(&format!("<code id=\"build\">{}</code>", hash())));
        assert!(with_node("rpc").contains("<html data-node=\"rpc\" lang=\"en\">"));
    }
}
