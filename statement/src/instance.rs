//! Order of the public inputs in the single instance column.

/// What the proof was made for: a hash of chain, contract, engagement and position.
pub const CTX: usize = 0;
/// The commitment to the image.
pub const INPUT_COMMIT: usize = 1;
/// The output's first word; the only one unless the output is every logit.
pub const OUTPUT: usize = 2;
/// Number of instances of a statement, whose output is one word.
pub const COUNT: usize = count(1);

/// Number of instances with this many words of output.
pub const fn count(outputs: usize) -> usize {
    OUTPUT + outputs
}

/// The public inputs in their order.
pub fn in_order<T>(ctx: T, input_commit: T, output: T) -> [T; COUNT] {
    [ctx, input_commit, output]
}

/// The public inputs in their order, with any number of words of output.
pub fn with_outputs<T>(ctx: T, input_commit: T, outputs: impl IntoIterator<Item = T>) -> Vec<T> {
    [ctx, input_commit].into_iter().chain(outputs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_stands_at_its_index() {
        let order = in_order("ctx", "input", "output");
        assert_eq!(
            [order[CTX], order[INPUT_COMMIT], order[OUTPUT]],
            ["ctx", "input", "output"]
        );
        assert_eq!(with_outputs("ctx", "input", ["output"]), order);
        assert_eq!(with_outputs("ctx", "input", ["a", "b"])[OUTPUT..], ["a", "b"]);
        assert_eq!((count(1), count(2)), (order.len(), 4));
    }
}
