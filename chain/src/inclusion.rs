//! Ways from the root of a Merkle-Patricia trie to what stands in it: a block has such roots over its transactions, over their
//! receipts and over the state after it.
//!
//! # Soundness
//! A value that [`value_at`] finds is the one under that root, as long as nobody finds two nodes of one hash. That the root is the
//! chain's is for whoever knows the block.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::{keccak256, Bytes, B256};
use alloy::rlp::{Decodable, EMPTY_STRING_CODE};
use alloy::trie::nodes::TrieNode;
use alloy::trie::proof::ProofRetainer;
use alloy::trie::root::adjust_index_for_rlp;
use alloy::trie::{HashBuilder, Nibbles, EMPTY_ROOT_HASH};

/// Nodes do not lead from the root to what stands at the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its nodes do not lead from root {root} to it")]
pub struct NoWay {
    /// From which they were to lead.
    pub root: B256,
}

/// Where item number `index` stands in the trie over a block's transactions, or over their receipts.
pub fn place_in_block(index: u64) -> Nibbles {
    Nibbles::unpack(alloy::rlp::encode(index))
}

/// The root over a block's items, and the nodes from it to each of the named ones.
pub fn ways_in_block(items: &[Bytes], named: &[u64]) -> (B256, Vec<Vec<Bytes>>) {
    let places: Vec<Nibbles> = named.iter().map(|index| place_in_block(*index)).collect();
    let mut trie = HashBuilder::default().with_proof_retainer(ProofRetainer::new(places.clone()));
    // In the order of their places, which is not that of their numbers.
    for i in 0..items.len() {
        let index = adjust_index_for_rlp(i, items.len());
        if let Some(item) = items.get(index) {
            trie.add_leaf(place_in_block(index as u64), item);
        }
    }
    let root = trie.root();
    let nodes = trie.take_proof_nodes();
    let way = |place: &Nibbles| {
        let nodes = nodes.matching_nodes_sorted(place);
        nodes.into_iter().map(|(_, node)| node).collect()
    };
    (root, places.iter().map(way).collect())
}

/// What stands at a place of the trie with this root, `None` if nothing does: the nodes lead there, each named by the one before it.
///
/// A way goes down one nibble of the place at a time at least, so that it ends where the place ends, whatever its nodes say.
///
/// # Errors
/// If they do not.
pub fn value_at(root: B256, place: Nibbles, way: &[Bytes]) -> Result<Option<Vec<u8>>, NoWay> {
    let place = place.to_vec();
    walk(root, &place, way).ok_or(NoWay { root })
}

/// `None` if the nodes are not of a way, which has no node more and none less.
fn walk(root: B256, place: &[u8], way: &[Bytes]) -> Option<Option<Vec<u8>>> {
    if root == EMPTY_ROOT_HASH {
        let is_empty = way.iter().all(|node| node[..] == [EMPTY_STRING_CODE]);
        return (is_empty && way.len() <= 1).then_some(None);
    }
    let (mut named, mut rest, mut nodes) = (root, place, way.iter());
    loop {
        let node = nodes.next().filter(|node| keccak256(node) == named)?;
        match step(node, rest)? {
            Step::Down(next, below) => (named, rest) = (next, below),
            Step::End(found) => return nodes.next().is_none().then_some(found),
        }
    }
}

/// Where a node leads.
enum Step<'a> {
    /// To the node with this hash, with these nibbles left.
    Down(B256, &'a [u8]),
    /// To a value, or to nothing.
    End(Option<Vec<u8>>),
}

/// One node taken, with those that stand inside of it: each of these is shorter than the one around it. `None` if it is no node.
fn step<'a>(node: &[u8], rest: &'a [u8]) -> Option<Step<'a>> {
    let (child, below) = match TrieNode::decode(&mut &node[..]).ok()? {
        TrieNode::EmptyRoot => return None,
        TrieNode::Leaf(leaf) => return Some(Step::End((leaf.key.to_vec() == rest).then_some(leaf.value))),
        TrieNode::Extension(extension) => match rest.strip_prefix(&extension.key.to_vec()[..]) {
            Some(below) if !extension.key.is_empty() => (extension.child, below),
            Some(_) => return None,
            None => return Some(Step::End(None)),
        },
        TrieNode::Branch(branch) => {
            let (next, below) = rest.split_first()?;
            // Children that are there, in the order of their nibbles.
            let before = (0..*next).filter(|nibble| branch.state_mask.is_bit_set(*nibble)).count();
            match branch.stack.into_iter().nth(before) {
                Some(child) if branch.state_mask.is_bit_set(*next) => (child, below),
                _ => return Some(Step::End(None)),
            }
        }
    };
    match child.as_hash() {
        Some(hash) => Some(Step::Down(hash, below)),
        None => step(&child, below),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::trie::nodes::{BranchNode, ExtensionNode, LeafNode, RlpNode};
    use alloy::trie::proof::verify_proof;
    use alloy::trie::root::ordered_trie_root_encoded;
    use alloy::trie::TrieMask;

    fn items(count: u8) -> Vec<Bytes> {
        (0..count).map(|i| Bytes::from(vec![i; 40])).collect()
    }

    /// Numbers around those at which the encoding of a place grows.
    #[test]
    fn every_item_of_a_block_is_found_where_it_stands_and_nowhere_else() {
        for count in [1, 2, 17, 127, 128, 129, 200] {
            let items = items(count);
            let named: Vec<u64> = (0..u64::from(count)).collect();
            let (root, ways) = ways_in_block(&items, &named);
            assert_eq!(root, ordered_trie_root_encoded(&items));
            for (index, way) in named.iter().zip(&ways) {
                let found = value_at(root, place_in_block(*index), way).unwrap();
                assert_eq!(
                    found.as_deref(),
                    Some(&items[*index as usize][..]),
                    "{index} of {count}"
                );
                let elsewhere = value_at(root, place_in_block(*index + 1), way);
                assert_ne!(elsewhere.ok().flatten().as_deref(), Some(&items[*index as usize][..]));
            }
        }
    }

    #[test]
    fn a_way_with_one_bit_changed_or_a_node_less_or_more_leads_nowhere() {
        let items = items(60);
        let (root, ways) = ways_in_block(&items, &[33]);
        let (way, place) = (&ways[0], place_in_block(33));
        let refused = Err(NoWay { root });
        for node in 0..way.len() {
            for byte in 0..way[node].len() {
                let mut changed = way.clone();
                let mut bytes = changed[node].to_vec();
                bytes[byte] ^= 1;
                changed[node] = bytes.into();
                assert_eq!(value_at(root, place, &changed), refused, "byte {byte} of node {node}");
            }
            let mut less = way.clone();
            less.remove(node);
            assert_eq!(value_at(root, place, &less), refused);
            let mut more = way.clone();
            more.insert(node, way[node].clone());
            assert_eq!(value_at(root, place, &more), refused);
        }
        assert_eq!(value_at(root, place, &[]), refused);
        let other = B256::repeat_byte(1);
        assert_eq!(value_at(other, place, way), Err(NoWay { root: other }));
    }

    #[test]
    fn that_nothing_stands_at_a_place_is_shown_too() {
        let items = items(60);
        let (root, ways) = ways_in_block(&items, &[60]);
        assert_eq!(value_at(root, place_in_block(60), &ways[0]), Ok(None));
        assert_eq!(value_at(EMPTY_ROOT_HASH, place_in_block(0), &[]), Ok(None));
        assert_eq!(
            value_at(EMPTY_ROOT_HASH, place_in_block(0), &[Bytes::from_static(&[0x80])]),
            Ok(None)
        );
        // One that is there cannot be denied.
        let (_, ways) = ways_in_block(&items, &[33]);
        assert!(verify_proof(root, place_in_block(33), None, &ways[0]).is_err());
    }

    /// Nibbles of a hash.
    const LONGEST: usize = 64;

    /// Where a hash leads, but for its last nibble.
    fn place(last: u8) -> Nibbles {
        let mut nibbles = [1; LONGEST];
        nibbles[LONGEST - 1] = last;
        Nibbles::from_nibbles(nibbles)
    }

    #[test]
    fn a_short_leaf_stands_inside_of_the_node_above_it() {
        let mut trie = HashBuilder::default().with_proof_retainer(ProofRetainer::new(vec![place(2)]));
        (0..16)
            .filter(|last| *last != 4)
            .for_each(|last| trie.add_leaf(place(last), &[last + 7]));
        let root = trie.root();
        let nodes = trie.take_proof_nodes().matching_nodes_sorted(&place(2));
        // Nodes tell of those below 32 bytes themselves: such ones are not listed.
        let way: Vec<Bytes> = nodes
            .into_iter()
            .map(|(_, node)| node)
            .filter(|node| node.len() >= 32)
            .collect();
        assert_eq!(way.len(), 2);
        assert_eq!(value_at(root, place(2), &way), Ok(Some(vec![9])));
        assert_eq!(value_at(root, place(4), &way), Ok(None));
    }

    fn encoded(node: TrieNode) -> Bytes {
        alloy::rlp::encode(node).into()
    }

    /// Nodes under each other, and those that stand inside of others, which go down more nibbles together than a place has.
    #[test]
    fn a_way_longer_than_any_key_leads_nowhere() {
        let long = |nibbles: usize, child: RlpNode| {
            let node = ExtensionNode::new(Nibbles::from_nibbles(vec![1; nibbles]), child);
            encoded(TrieNode::Extension(node))
        };
        let below = long(40, RlpNode::word_rlp(&B256::ZERO));
        let above = long(40, RlpNode::from_rlp(&below));
        let root = keccak256(&above);
        // Where it leads is not where the place is.
        assert_eq!(value_at(root, place(1), &[above, below]), Err(NoWay { root }));
        let leaf = encoded(TrieNode::Leaf(LeafNode::new(Nibbles::from_nibbles([1; 50]), vec![9])));
        assert!(leaf.len() < 32, "it stands inside");
        for nibbles in [13, 60, 64] {
            let way = [long(nibbles, RlpNode::from_rlp(&leaf))];
            assert_eq!(value_at(keccak256(&way[0]), place(1), &way), Ok(None), "{nibbles}");
        }
        let way = [long(14, RlpNode::from_rlp(&leaf))];
        assert_eq!(value_at(keccak256(&way[0]), place(1), &way), Ok(Some(vec![9])));
        // Branches all the way down, and one more.
        let branch = |child: &B256| {
            let node = BranchNode::new(vec![RlpNode::word_rlp(child)], TrieMask::new(2));
            encoded(TrieNode::Branch(node))
        };
        let mut way = vec![branch(&B256::ZERO)];
        for _ in 0..LONGEST {
            let above = branch(&keccak256(&way[0]));
            way.insert(0, above);
        }
        let root = keccak256(&way[0]);
        assert_eq!(value_at(root, place(1), &way), Err(NoWay { root }));
    }
}
