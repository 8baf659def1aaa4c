//! Order of the public inputs in the single instance column.

/// What the proof was made for: a hash of chain, contract, engagement and position.
pub const CTX: usize = 0;
/// The commitment to the image.
pub const INPUT_COMMIT: usize = 1;
/// The class.
pub const OUTPUT: usize = 2;
/// Number of instances.
pub const COUNT: usize = 3;

/// The public inputs in their order.
pub fn in_order<T>(ctx: T, input_commit: T, output: T) -> [T; COUNT] {
    [ctx, input_commit, output]
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
    }
}
