//! From a polynomial to a [`Program`].
//!
//! Equal parts become one node, constants are folded, and what is the same in every row is told apart. Registers are given back
//! after their last use; a loaded column whose next use is far is loaded again instead of being kept.

use crate::program::{Instruction, Operand, Program, Uniform};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use std::collections::{BTreeSet, HashMap};

/// A loaded column is kept over at most this many instructions.
const KEPT_OVER: usize = 48;

/// A part of the polynomial, by its place in the order of making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Node(usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    Constant(Fr),
    Challenge(usize),
    Load { slot: usize, rotation: usize },
    Negate(Node),
    Add(Node, Node),
    Subtract(Node, Node),
    Multiply(Node, Node),
}

/// The parts made so far. Every method gives the node of its result, new or known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    operations: Vec<Operation>,
    uniform: Vec<bool>,
    known: HashMap<Operation, Node>,
}

impl Parts {
    fn node(&mut self, operation: Operation) -> Node {
        if let Some(node) = self.known.get(&operation) {
            return *node;
        }
        let node = Node(self.operations.len());
        self.uniform.push(match operation {
            Operation::Constant(_) | Operation::Challenge(_) => true,
            Operation::Load { .. } => false,
            Operation::Negate(a) => self.uniform[a.0],
            Operation::Add(a, b) | Operation::Subtract(a, b) | Operation::Multiply(a, b) => {
                self.uniform[a.0] && self.uniform[b.0]
            }
        });
        self.operations.push(operation);
        self.known.insert(operation, node);
        node
    }

    fn number(&self, node: Node) -> Option<Fr> {
        match self.operations[node.0] {
            Operation::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn constant(&mut self, value: Fr) -> Node {
        self.node(Operation::Constant(value))
    }

    pub(crate) fn challenge(&mut self, index: usize) -> Node {
        self.node(Operation::Challenge(index))
    }

    pub(crate) fn load(&mut self, slot: usize, rotation: usize) -> Node {
        self.node(Operation::Load { slot, rotation })
    }

    pub(crate) fn negate(&mut self, a: Node) -> Node {
        match self.operations[a.0] {
            Operation::Constant(value) => self.constant(-value),
            Operation::Negate(inner) => inner,
            Operation::Subtract(left, right) => self.subtract(right, left),
            _ => self.node(Operation::Negate(a)),
        }
    }

    pub(crate) fn add(&mut self, a: Node, b: Node) -> Node {
        match (self.number(a), self.number(b)) {
            (Some(a), Some(b)) => return self.constant(a + b),
            (Some(zero), None) if zero == Fr::ZERO => return b,
            (None, Some(zero)) if zero == Fr::ZERO => return a,
            _ => {}
        }
        match (self.operations[a.0], self.operations[b.0]) {
            (_, Operation::Negate(b)) => self.subtract(a, b),
            (Operation::Negate(a), _) => self.subtract(b, a),
            _ => self.node(Operation::Add(a.min(b), a.max(b))),
        }
    }

    pub(crate) fn subtract(&mut self, a: Node, b: Node) -> Node {
        if a == b {
            return self.constant(Fr::ZERO);
        }
        match (self.number(a), self.number(b)) {
            (Some(a), Some(b)) => return self.constant(a - b),
            (Some(zero), None) if zero == Fr::ZERO => return self.negate(b),
            (None, Some(zero)) if zero == Fr::ZERO => return a,
            _ => {}
        }
        match self.operations[b.0] {
            Operation::Negate(b) => self.add(a, b),
            _ => self.node(Operation::Subtract(a, b)),
        }
    }

    pub(crate) fn multiply(&mut self, a: Node, b: Node) -> Node {
        match (self.number(a), self.number(b)) {
            (Some(a), Some(b)) => self.constant(a * b),
            (Some(factor), None) => self.scale(b, a, factor),
            (None, Some(factor)) => self.scale(a, b, factor),
            (None, None) => self.node(Operation::Multiply(a.min(b), a.max(b))),
        }
    }

    fn scale(&mut self, a: Node, factor_node: Node, factor: Fr) -> Node {
        if factor == Fr::ZERO {
            factor_node
        } else if factor == Fr::ONE {
            a
        } else if factor == -Fr::ONE {
            self.negate(a)
        } else {
            self.node(Operation::Multiply(a.min(factor_node), a.max(factor_node)))
        }
    }

    /// The program whose result is `output`: only what it needs, in the order of making.
    pub(crate) fn program(&self, output: Node) -> Program {
        Emission::new(self, output).program()
    }

    /// The columns that a node is made of.
    pub(crate) fn slots(&self, node: Node) -> BTreeSet<usize> {
        let mut seen = vec![false; node.0 + 1];
        let mut slots = BTreeSet::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if std::mem::replace(&mut seen[node.0], true) {
                continue;
            }
            if let Operation::Load { slot, .. } = self.operations[node.0] {
                slots.insert(slot);
            }
            open.extend(self.operands(node.0));
        }
        slots
    }

    fn operands(&self, node: usize) -> Vec<Node> {
        match self.operations[node] {
            Operation::Constant(_) | Operation::Challenge(_) | Operation::Load { .. } => vec![],
            Operation::Negate(a) => vec![a],
            Operation::Add(a, b) | Operation::Subtract(a, b) | Operation::Multiply(a, b) => vec![a, b],
        }
    }
}

/// The state of turning parts into instructions.
struct Emission<'a> {
    parts: &'a Parts,
    output: Node,
    /// The nodes that become instructions, in order; loads are made where they are used.
    order: Vec<usize>,
    /// For each node the places in `order` where it is used, the last one first.
    uses: Vec<Vec<usize>>,
    uniforms: Vec<Uniform>,
    place: HashMap<Node, Operand>,
    free: Vec<usize>,
    registers: usize,
    instructions: Vec<Instruction>,
}

impl<'a> Emission<'a> {
    fn new(parts: &'a Parts, output: Node) -> Self {
        let count = output.0 + 1;
        let mut needed = vec![false; count];
        needed[output.0] = true;
        for node in (0..count).rev() {
            if needed[node] {
                parts
                    .operands(node)
                    .into_iter()
                    .for_each(|operand| needed[operand.0] = true);
            }
        }
        let mut emission = Self {
            parts,
            output,
            order: Vec::new(),
            uses: vec![Vec::new(); count],
            uniforms: Vec::new(),
            place: HashMap::new(),
            free: Vec::new(),
            registers: 0,
            instructions: Vec::new(),
        };
        for node in (0..count).filter(|node| needed[*node]) {
            if parts.uniform[node] {
                emission.add_uniform(node);
            } else if !matches!(parts.operations[node], Operation::Load { .. }) {
                emission.order.push(node);
            }
        }
        for (place, node) in emission.order.iter().enumerate().rev() {
            for operand in parts.operands(*node) {
                emission.uses[operand.0].push(place);
            }
        }
        emission
    }

    fn add_uniform(&mut self, node: usize) {
        let index = |node: Node| match self.place.get(&node) {
            Some(Operand::Uniform(index)) => *index,
            _ => unreachable!("operands of a uniform value are uniform and come before it"),
        };
        let uniform = match self.parts.operations[node] {
            Operation::Constant(value) => Uniform::Constant(value),
            Operation::Challenge(i) => Uniform::Challenge(i),
            Operation::Load { .. } => unreachable!("a loaded column is not uniform"),
            Operation::Negate(a) => Uniform::Negate(index(a)),
            Operation::Add(a, b) => Uniform::Add(index(a), index(b)),
            Operation::Subtract(a, b) => Uniform::Subtract(index(a), index(b)),
            Operation::Multiply(a, b) => Uniform::Multiply(index(a), index(b)),
        };
        self.place.insert(Node(node), Operand::Uniform(self.uniforms.len()));
        self.uniforms.push(uniform);
    }

    fn register(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            self.registers - 1
        })
    }

    /// Where the operand is, loaded now if it is a column that is not there.
    fn operand(&mut self, node: Node) -> Operand {
        if let Some(place) = self.place.get(&node) {
            return *place;
        }
        let Operation::Load { slot, rotation } = self.parts.operations[node.0] else {
            unreachable!("a value is made before it is used and kept until its last use");
        };
        let to = self.register();
        self.instructions.push(Instruction::Load { to, slot, rotation });
        self.place.insert(node, Operand::Register(to));
        Operand::Register(to)
    }

    /// Gives the operand's register back unless it is used again, or soon if it is a column.
    fn release(&mut self, node: Node, now: usize) {
        let uses = &mut self.uses[node.0];
        while uses.last().is_some_and(|place| *place <= now) {
            uses.pop();
        }
        let kept = match (uses.last(), self.parts.operations[node.0]) {
            (None, _) => node == self.output,
            (Some(next), Operation::Load { .. }) => next - now <= KEPT_OVER,
            (Some(_), _) => true,
        };
        if let (false, Some(Operand::Register(register))) = (kept, self.place.get(&node)) {
            self.free.push(*register);
            self.place.remove(&node);
        }
    }

    fn program(mut self) -> Program {
        for now in 0..self.order.len() {
            let node = self.order[now];
            let operation = self.parts.operations[node];
            let nodes = self.parts.operands(node);
            let operands: Vec<Operand> = nodes.iter().map(|operand| self.operand(*operand)).collect();
            nodes.iter().for_each(|operand| self.release(*operand, now));
            let to = self.register();
            self.instructions.push(match (operation, operands.as_slice()) {
                (Operation::Negate(_), [value]) => Instruction::Negate { to, value: *value },
                (Operation::Add(..), [left, right]) => Instruction::Add {
                    to,
                    left: *left,
                    right: *right,
                },
                (Operation::Subtract(..), [left, right]) => Instruction::Subtract {
                    to,
                    left: *left,
                    right: *right,
                },
                (Operation::Multiply(..), [left, right]) => Instruction::Multiply {
                    to,
                    left: *left,
                    right: *right,
                },
                _ => unreachable!("only these have operands"),
            });
            self.place.insert(Node(node), Operand::Register(to));
        }
        let output = self.operand(self.output);
        Program {
            uniforms: self.uniforms,
            instructions: self.instructions,
            registers: self.registers,
            output,
        }
    }
}
