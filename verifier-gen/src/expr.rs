//! Field expressions over memory words, shared where equal, and their Yul.
//!
//! Values are in `[0, r)` wherever they are loaded from, and `addmod`/`mulmod` keep them there. Only a negation may be
//! `r` itself (`sub(r, 0)`), which the next `addmod` or `mulmod` reduces.

use std::collections::HashMap;

use assay_transcript::fr_to_be;
use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};

use crate::plan::WORD;

/// Deepest expression written without an intermediate word: the EVM reaches sixteen stack slots, and the modulus, the
/// accumulator and its multiplier lie below.
const MAX_DEPTH: usize = 8;

/// A node of the graph.
pub(crate) type Id = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Node {
    Const(Fr),
    /// The word at an address.
    Load(usize),
    Neg(Id),
    Add(Id, Id),
    Mul(Id, Id),
}

/// Hash-consed expressions: equal nodes have equal ids, and operands come before the nodes that use them.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    ids: HashMap<Node, Id>,
}

impl Graph {
    pub(crate) fn constant(&mut self, value: Fr) -> Id {
        self.intern(Node::Const(value))
    }

    pub(crate) fn load(&mut self, address: usize) -> Id {
        self.intern(Node::Load(address))
    }

    pub(crate) fn neg(&mut self, a: Id) -> Id {
        match self.nodes[a] {
            Node::Const(value) => self.constant(-value),
            Node::Neg(inner) => inner,
            _ => self.intern(Node::Neg(a)),
        }
    }

    pub(crate) fn add(&mut self, a: Id, b: Id) -> Id {
        match (self.nodes[a], self.nodes[b]) {
            (Node::Const(x), Node::Const(y)) => self.constant(x + y),
            (Node::Const(x), _) if x == Fr::ZERO => b,
            (_, Node::Const(y)) if y == Fr::ZERO => a,
            _ => self.intern(Node::Add(a.min(b), a.max(b))),
        }
    }

    pub(crate) fn sub(&mut self, a: Id, b: Id) -> Id {
        let b = self.neg(b);
        self.add(a, b)
    }

    pub(crate) fn mul(&mut self, a: Id, b: Id) -> Id {
        match (self.nodes[a], self.nodes[b]) {
            (Node::Const(x), Node::Const(y)) => self.constant(x * y),
            (Node::Const(x), _) => self.scale(b, x),
            (_, Node::Const(y)) => self.scale(a, y),
            _ => self.intern(Node::Mul(a.min(b), a.max(b))),
        }
    }

    fn scale(&mut self, a: Id, by: Fr) -> Id {
        if by == Fr::ZERO {
            self.constant(Fr::ZERO)
        } else if by == Fr::ONE {
            a
        } else if by == -Fr::ONE {
            self.neg(a)
        } else {
            let by = self.constant(by);
            self.intern(Node::Mul(a.min(by), a.max(by)))
        }
    }

    pub(crate) fn sum(&mut self, terms: impl IntoIterator<Item = Id>) -> Id {
        let zero = self.constant(Fr::ZERO);
        terms.into_iter().fold(zero, |sum, term| self.add(sum, term))
    }

    fn intern(&mut self, node: Node) -> Id {
        if let Some(id) = self.ids.get(&node) {
            return *id;
        }
        let id = self.nodes.len();
        self.nodes.push(node);
        self.ids.insert(node, id);
        id
    }

    fn operands(&self, id: Id) -> Vec<Id> {
        match self.nodes[id] {
            Node::Const(_) | Node::Load(_) => vec![],
            Node::Neg(a) => vec![a],
            Node::Add(a, b) | Node::Mul(a, b) => vec![a, b],
        }
    }
}

/// Writes expressions as Yul; what is used twice, or nested too deeply, goes through a word of memory.
#[derive(Debug)]
pub(crate) struct Emitter<'a> {
    graph: &'a Graph,
    uses: Vec<usize>,
    spilled: HashMap<Id, usize>,
    spills_at: usize,
    statements: Vec<String>,
}

impl<'a> Emitter<'a> {
    /// `roots` are all expressions that will be written, in order; `spills_at` is where intermediate words start.
    pub(crate) fn new(graph: &'a Graph, roots: &[Id], spills_at: usize) -> Self {
        let mut uses = vec![0; graph.nodes.len()];
        let mut pending: Vec<Id> = roots.to_vec();
        while let Some(id) = pending.pop() {
            uses[id] += 1;
            if uses[id] == 1 {
                pending.extend(graph.operands(id));
            }
        }
        Self {
            graph,
            uses,
            spilled: HashMap::new(),
            spills_at,
            statements: vec![],
        }
    }

    /// Statements that must come first, and an expression for `root`.
    pub(crate) fn write(&mut self, root: Id) -> (Vec<String>, String) {
        let (text, _) = self.expression(root);
        (std::mem::take(&mut self.statements), text)
    }

    pub(crate) fn spilled_words(&self) -> usize {
        self.spilled.len()
    }

    /// The text and how many stack slots it takes to evaluate.
    fn expression(&mut self, id: Id) -> (String, usize) {
        if let Some(address) = self.spilled.get(&id) {
            return (load(*address), 1);
        }
        let (text, depth) = match self.graph.nodes[id] {
            Node::Const(value) => return constant(&value),
            Node::Load(address) => return (load(address), 1),
            Node::Neg(a) => {
                let (a, depth) = self.expression(a);
                (format!("sub(r, {a})"), depth.max(2))
            }
            Node::Add(a, b) => self.binary("addmod", a, b),
            Node::Mul(a, b) => self.binary("mulmod", a, b),
        };
        if self.uses[id] == 1 && depth <= MAX_DEPTH {
            return (text, depth);
        }
        let address = self.spills_at + WORD * self.spilled.len();
        self.spilled.insert(id, address);
        self.statements.push(format!("mstore({address:#x}, {text})"));
        (load(address), 1)
    }

    /// Yul evaluates arguments from right to left: the modulus and the second operand wait for the first.
    fn binary(&mut self, operation: &str, a: Id, b: Id) -> (String, usize) {
        let (a, b) = (self.expression(a), self.expression(b));
        let ((first, first_depth), (second, second_depth)) = if a.1 > b.1 { (b, a) } else { (a, b) };
        (
            format!("{operation}({first}, {second}, r)"),
            (second_depth + 1).max(first_depth + 2),
        )
    }
}

pub(crate) fn load(address: usize) -> String {
    format!("mload({address:#x})")
}

/// A small negative number is shorter as `sub(r, c)` than as the 32 bytes of `r − c`.
fn constant(value: &Fr) -> (String, usize) {
    let (text, negated) = (hex(value), hex(&-value));
    if negated.len() + 8 < text.len() {
        (format!("sub(r, {negated})"), 2)
    } else {
        (text, 1)
    }
}

/// Shortest literal of a field element.
pub(crate) fn hex(value: &Fr) -> String {
    let digits = hex::encode(fr_to_be(value));
    let digits = digits.trim_start_matches('0');
    format!("0x{}", if digits.is_empty() { "0" } else { digits })
}

/// `δ^power`, the coset of the permutation column `power`.
pub(crate) fn delta_pow(power: usize) -> Fr {
    Fr::DELTA.pow_vartime([power as u64])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(graph: &Graph, roots: &[Id]) -> Vec<String> {
        let mut emitter = Emitter::new(graph, roots, 0x1000);
        let texts = roots.iter().flat_map(|root| {
            let (mut lines, text) = emitter.write(*root);
            lines.push(text);
            lines
        });
        texts.collect()
    }

    #[test]
    fn constants_fold_and_neutral_elements_vanish() {
        let mut graph = Graph::default();
        let (a, zero, one) = (graph.load(0x40), graph.constant(Fr::ZERO), graph.constant(Fr::ONE));
        assert_eq!(graph.add(a, zero), a);
        assert_eq!(graph.mul(a, one), a);
        assert_eq!(graph.mul(a, zero), zero);
        let negated = graph.neg(a);
        assert_eq!(graph.neg(negated), a);
        let minus_one = graph.constant(-Fr::ONE);
        assert_eq!(graph.mul(minus_one, a), negated);
        let (two, three) = (graph.constant(Fr::from(2)), graph.constant(Fr::from(3)));
        assert_eq!(graph.mul(two, three), graph.constant(Fr::from(6)));
    }

    #[test]
    fn what_is_used_twice_is_computed_once() {
        let mut graph = Graph::default();
        let (a, b) = (graph.load(0x40), graph.load(0x60));
        let product = graph.mul(a, b);
        let square = graph.mul(product, product);
        let lines = written(&graph, &[square]);
        let expected = [
            "mstore(0x1000, mulmod(mload(0x40), mload(0x60), r))",
            "mulmod(mload(0x1000), mload(0x1000), r)",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn long_sums_are_cut_before_the_stack_ends() {
        let mut graph = Graph::default();
        let terms: Vec<Id> = (0..100).map(|i| graph.load(0x20 * i)).collect();
        let sum = graph.sum(terms);
        for line in written(&graph, &[sum]) {
            assert!(line.matches("addmod").count() <= MAX_DEPTH, "{line}");
        }
    }

    #[test]
    fn small_negative_constants_stay_short() {
        assert_eq!(constant(&-Fr::from(5)).0, "sub(r, 0x5)");
        assert_eq!(constant(&Fr::from(5)).0, "0x5");
        assert_eq!(constant(&Fr::ZERO).0, "0x0");
    }
}
