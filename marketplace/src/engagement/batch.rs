//! How much fits one transaction.

use crate::engagement::Desk;
use assay_chain::account::MAX_ESTIMATE;
use assay_chain::client::Call;
use assay_chain::venue::Venue;

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
