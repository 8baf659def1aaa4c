//! What a third party reads: one document about one thing, all of it at one block, and the page that shows the same.
//!
//! | module | content |
//! |---|---|
//! | [`kind`], [`document`] | what can be read, and reading it |
//! | [`link`] | the page's link to a thing, and which kind of thing an id names |
//! | [`page`] | the page itself, which is part of the program |
//! | [`server`] | page, documents and node over HTTP |
//! | `calls`, `told` | which calls of the node are passed on; what readers hear of an error |
//! | [`desktop`] | opens a link where there is a desktop |

mod calls;
pub mod desktop;
pub mod document;
pub mod kind;
pub mod link;
pub mod page;
pub mod server;
mod told;

pub use document::{read, How, Read};
pub use kind::Kind;
