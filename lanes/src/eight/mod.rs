//! Eight elements in five registers.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `arithmetic` | products, sums, reductions | nothing here |
//! | `transpose` | squares of words | nothing here |
//! | `layout` | from and to the library's elements, blocks of words, single lanes | `arithmetic`, `transpose` |
//! | `inverse` | eight inverses with one inversion | `arithmetic`, `layout` |

pub(crate) mod arithmetic;
pub(crate) mod inverse;
pub(crate) mod layout;
pub(crate) mod transpose;

pub(crate) use arithmetic::Eight;

#[cfg(test)]
mod tests;
