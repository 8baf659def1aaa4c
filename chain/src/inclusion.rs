//! Ways from the root of a Merkle-Patricia trie to what stands in it: a block has such roots over its transactions, over their
//! receipts and over the state after it.
//!
//! # Soundness
//! A value that [`Nodes::value_at`] finds is the one under that root, as long as nobody finds two nodes of one hash. That the root is the
//! chain's is for whoever knows the block.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::{keccak256, Bytes, B256};
use alloy::rlp::Decodable;
use alloy::trie::nodes::TrieNode;
use alloy::trie::proof::ProofRetainer;
use alloy::trie::root::adjust_index_for_rlp;
use alloy::trie::{HashBuilder, Nibbles, EMPTY_ROOT_HASH};
use std::collections::BTreeMap;

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

/// The root over a block's items, and the nodes from it to the named ones.
pub fn nodes_in_block(items: &[Bytes], named: &[u64]) -> (B256, Vec<Bytes>) {
    let places = named.iter().map(|index| place_in_block(*index)).collect();
    let mut trie = HashBuilder::default().with_proof_retainer(ProofRetainer::new(places));
    // In the order of their places, which is not that of their numbers.
    for i in 0..items.len() {
        let index = adjust_index_for_rlp(i, items.len());
        if let Some(item) = items.get(index) {
            trie.add_leaf(place_in_block(index as u64), item);
        }
    }
    let root = trie.root();
    let nodes = trie.take_proof_nodes().into_inner();
    (root, nodes.into_values().collect())
}

/// Nodes of tries, each once and known by its hash: where ways run together they share them.
#[derive(Debug, Clone, Default)]
pub struct Nodes(BTreeMap<B256, Node>);

#[derive(Debug, Clone)]
struct Node {
    bytes: Bytes,
    /// Some way led through it.
    is_followed: bool,
}

impl Nodes {
    /// Nodes as [`Nodes::followed`] lists them.
    ///
    /// # Errors
    /// The hash of the first that is not in its place, or there again.
    pub fn listed(nodes: &[Bytes]) -> Result<Self, B256> {
        let mut all = Self::default();
        for node in nodes {
            let hash = keccak256(node);
            if all.0.last_key_value().is_some_and(|(last, _)| *last >= hash) {
                return Err(hash);
            }
            all.add(std::slice::from_ref(node));
        }
        Ok(all)
    }

    /// More of them.
    pub fn add(&mut self, nodes: &[Bytes]) {
        for bytes in nodes {
            let new = || Node {
                bytes: bytes.clone(),
                is_followed: false,
            };
            self.0.entry(keccak256(bytes)).or_insert_with(new);
        }
    }

    /// Those that ways led through, in the order of their hashes.
    pub fn followed(&self) -> Vec<Bytes> {
        let followed = self.0.values().filter(|node| node.is_followed);
        followed.map(|node| node.bytes.clone()).collect()
    }

    /// The hash of one that no way led through.
    pub fn idle(&self) -> Option<B256> {
        self.0.iter().find(|(_, node)| !node.is_followed).map(|(hash, _)| *hash)
    }

    /// What stands at a place of the trie with this root, `None` if nothing does.
    ///
    /// Each node goes down one nibble of the place at least, so that a way ends where the place ends, whatever its nodes say.
    ///
    /// # Errors
    /// If they do not lead there.
    pub fn value_at(&mut self, root: B256, place: Nibbles) -> Result<Option<Vec<u8>>, NoWay> {
        self.walk(root, &place.to_vec()).ok_or(NoWay { root })
    }

    fn walk(&mut self, root: B256, place: &[u8]) -> Option<Option<Vec<u8>>> {
        let (mut named, mut rest) = (root, place);
        // The trie without any value has no nodes.
        while named != EMPTY_ROOT_HASH {
            let node = self.0.get_mut(&named)?;
            node.is_followed = true;
            match step(&node.bytes, rest)? {
                Step::Down(next, below) => (named, rest) = (next, below),
                Step::End(found) => return Some(found),
            }
        }
        Some(None)
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
            let before = (0..*next)
                .filter(|nibble| branch.state_mask.is_bit_set(*nibble))
                .count();
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
    use alloy::trie::root::ordered_trie_root_encoded;
    use alloy::trie::TrieMask;

    fn items(count: u8) -> Vec<Bytes> {
        (0..count).map(|i| Bytes::from(vec![i; 40])).collect()
    }

    fn found(root: B256, place: Nibbles, nodes: &[Bytes]) -> Result<Option<Vec<u8>>, NoWay> {
        let mut all = Nodes::default();
        all.add(nodes);
        all.value_at(root, place)
    }

    /// Numbers around those at which the encoding of a place grows.
    #[test]
    fn every_item_of_a_block_is_found_where_it_stands_and_nowhere_else() {
        for count in [1, 2, 17, 127, 128, 129, 200] {
            let items = items(count);
            let named: Vec<u64> = (0..u64::from(count)).collect();
            let (root, nodes) = nodes_in_block(&items, &named);
            assert_eq!(root, ordered_trie_root_encoded(&items));
            for index in named {
                let there = found(root, place_in_block(index), &nodes).unwrap();
                assert_eq!(there.as_deref(), Some(&items[index as usize][..]), "{index} of {count}");
            }
            assert_eq!(found(root, place_in_block(count.into()), &nodes), Ok(None));
        }
    }

    #[test]
    fn nodes_with_one_bit_changed_or_one_less_lead_nowhere() {
        let items = items(60);
        let (root, nodes) = nodes_in_block(&items, &[33]);
        let (place, refused) = (place_in_block(33), Err(NoWay { root }));
        for node in 0..nodes.len() {
            for byte in 0..nodes[node].len() {
                let mut changed = nodes.clone();
                let mut bytes = changed[node].to_vec();
                bytes[byte] ^= 1;
                changed[node] = bytes.into();
                assert_eq!(found(root, place, &changed), refused, "byte {byte} of node {node}");
            }
            let mut less = nodes.clone();
            less.remove(node);
            assert_eq!(found(root, place, &less), refused);
        }
        let other = B256::repeat_byte(1);
        assert_eq!(found(other, place, &nodes), Err(NoWay { root: other }));
    }

    #[test]
    fn each_node_is_listed_once_in_its_place_and_is_followed() {
        let (root, nodes) = nodes_in_block(&items(60), &[33, 34]);
        let mut all = Nodes::default();
        all.add(&nodes);
        all.add(&nodes);
        assert!(all.idle().is_some());
        all.value_at(root, place_in_block(33)).unwrap();
        let half = all.followed();
        assert!(
            half.len() < nodes.len() && all.idle().is_some(),
            "the other's leaf is not needed"
        );
        all.value_at(root, place_in_block(34)).unwrap();
        assert_eq!((all.followed().len(), all.idle()), (nodes.len(), None));

        let listed = all.followed();
        assert!(Nodes::listed(&listed).is_ok());
        let mut other = listed.clone();
        other.swap(0, 1);
        assert_eq!(Nodes::listed(&other).unwrap_err(), keccak256(&listed[0]));
        let twice = [&listed[..1], &listed[..]].concat();
        assert_eq!(Nodes::listed(&twice).unwrap_err(), keccak256(&listed[0]));
    }

    #[test]
    fn that_nothing_stands_at_a_place_is_shown_too() {
        let (root, nodes) = nodes_in_block(&items(60), &[60]);
        assert_eq!(found(root, place_in_block(60), &nodes), Ok(None));
        assert_eq!(found(EMPTY_ROOT_HASH, place_in_block(0), &[]), Ok(None));
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
        let nodes: Vec<Bytes> = trie.take_proof_nodes().into_inner().into_values().collect();
        assert_eq!(found(root, place(2), &nodes), Ok(Some(vec![9])));
        assert_eq!(found(root, place(4), &nodes), Ok(None));
        // A node may be listed by itself that stands inside of another: no way leads through it there.
        let mut all = Nodes::default();
        all.add(&nodes);
        all.value_at(root, place(2)).unwrap();
        assert_eq!(all.followed().len(), 2);
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
        // Where it leads is not where the place is.
        assert_eq!(found(keccak256(&above), place(1), &[above, below]), Ok(None));
        let leaf = encoded(TrieNode::Leaf(LeafNode::new(Nibbles::from_nibbles([1; 50]), vec![9])));
        assert!(leaf.len() < 32, "it stands inside");
        for nibbles in [13, 60, 64] {
            let way = [long(nibbles, RlpNode::from_rlp(&leaf))];
            assert_eq!(found(keccak256(&way[0]), place(1), &way), Ok(None), "{nibbles}");
        }
        let way = [long(14, RlpNode::from_rlp(&leaf))];
        assert_eq!(found(keccak256(&way[0]), place(1), &way), Ok(Some(vec![9])));
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
        assert_eq!(found(root, place(1), &way), Err(NoWay { root }));
    }
}
