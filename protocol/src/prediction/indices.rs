//! Sets of indices of a round as the contract takes them: bit `i mod 8`, lowest first, of byte `i / 8`.

use std::collections::BTreeSet;

/// The bitmap of a set of indices, all below `k`: exactly `⌈k/8⌉` bytes. Others are left out.
///
/// # Examples
/// ```
/// use assay_protocol::prediction::indices::{bitmap, set};
///
/// let some = [0, 3, 8].into();
/// assert_eq!(bitmap(&some, 10), [0b0000_1001, 0b0000_0001]);
/// assert_eq!(set(&bitmap(&some, 10), 10), Some(some));
/// assert_eq!(set(&[0, 4], 10), None, "index 10 is none of ten");
/// ```
pub fn bitmap(indices: &BTreeSet<u32>, k: u32) -> Vec<u8> {
    let mut bytes = vec![0u8; k.div_ceil(8) as usize];
    for index in indices.range(..k) {
        if let Some(byte) = bytes.get_mut(*index as usize / 8) {
            *byte |= 1 << (index % 8);
        }
    }
    bytes
}

/// The set that a bitmap says; `None` if it has another length, or a bit that no index has.
pub fn set(bytes: &[u8], k: u32) -> Option<BTreeSet<u32>> {
    if bytes.len() != k.div_ceil(8) as usize {
        return None;
    }
    let bits = bytes.iter().zip(0u32..).flat_map(|(byte, at)| {
        let set = (0..8).filter(move |bit| byte >> bit & 1 == 1);
        set.map(move |bit| 8 * at + bit)
    });
    let indices: BTreeSet<u32> = bits.collect();
    indices.last().is_none_or(|last| *last < k).then_some(indices)
}
