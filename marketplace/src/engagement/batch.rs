//! How much fits one transaction.

use crate::engagement::Desk;
use assay_chain::account::MAX_ESTIMATE;
use assay_chain::client::Call;
use assay_chain::venue::Venue;
use assay_statement::field::Word;

/// Words of ciphertext in one call: below the 128 KiB that nodes take, and below 2^24 gas at 64 gas a byte.
pub const PUBLISHED_WORDS: usize = 3500;

/// The words of as many whole chunks as one call takes, one at least.
pub fn first_words(chunks: impl IntoIterator<Item = Vec<Word>>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for chunk in chunks {
        if !words.is_empty() && words.len() + chunk.len() > PUBLISHED_WORDS {
            break;
        }
        words.extend(chunk);
    }
    words
}

/// How many of `most` things fit the call that `call_of` makes of so many: half as many until the estimate says so; one always.
pub async fn largest_batch<V: Venue>(desk: &Desk<V>, most: usize, call_of: impl Fn(usize) -> Call) -> usize {
    let mut size = most;
    while size > 1 {
        let gas = desk.account.estimate_gas(&call_of(size)).await;
        if gas.is_ok_and(|gas| gas <= MAX_ESTIMATE) {
            break;
        }
        size /= 2;
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_chunks_go_together_and_one_goes_whatever_its_size() {
        let chunks = |sizes: &[usize]| -> usize {
            let chunks = sizes.iter().map(|size| vec![[0; 32]; *size]);
            first_words(chunks).len()
        };
        assert_eq!(chunks(&[]), 0);
        assert_eq!(chunks(&[PUBLISHED_WORDS + 1, 1]), PUBLISHED_WORDS + 1);
        assert_eq!(chunks(&[1000, 1000, 1000, 500, 1]), 3500);
        assert_eq!(chunks(&[1000, 1000, 1000, 501, 1]), 3000);
    }
}
