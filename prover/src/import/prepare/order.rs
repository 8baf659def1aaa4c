//! Nodes behind what they read.

use crate::import::change::Change;
use crate::import::error::ImportError;
use std::collections::{BTreeSet, HashMap};
use tract_onnx::pb;

/// Sorts the nodes; those that are in order keep it. What no node makes is not this module's to miss.
pub(super) fn sort(graph: &mut pb::GraphProto, changes: &mut Vec<Change>) -> Result<(), ImportError> {
    let mut makers: HashMap<&str, usize> = HashMap::new();
    for (i, node) in graph.node.iter().enumerate() {
        for output in node.output.iter().filter(|output| !output.is_empty()) {
            makers.entry(output).or_insert(i);
        }
    }
    let mut waits: Vec<BTreeSet<usize>> = Vec::with_capacity(graph.node.len());
    let mut readers: Vec<Vec<usize>> = vec![vec![]; graph.node.len()];
    for (i, node) in graph.node.iter().enumerate() {
        let before: BTreeSet<usize> = node
            .input
            .iter()
            .filter_map(|input| makers.get(input.as_str()).copied())
            .collect();
        before.iter().for_each(|maker| readers[*maker].push(i));
        waits.push(before);
    }
    let mut ready: BTreeSet<usize> = (0..waits.len()).filter(|i| waits[*i].is_empty()).collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for reader in &readers[next] {
            waits[*reader].remove(&next);
            if waits[*reader].is_empty() {
                ready.insert(*reader);
            }
        }
    }
    if order.len() < waits.len() {
        return Err(cycle(&graph.node, &waits));
    }
    if order.is_sorted() {
        return Ok(());
    }
    let mut nodes: Vec<Option<pb::NodeProto>> = std::mem::take(&mut graph.node).into_iter().map(Some).collect();
    graph.node = order.iter().filter_map(|i| nodes[*i].take()).collect();
    changes.push(Change::new("nodes", "not behind what they read: sorted"));
    Ok(())
}

/// Every node that still waits waits for another one that does: whoever follows them comes round.
fn cycle(nodes: &[pb::NodeProto], waits: &[BTreeSet<usize>]) -> ImportError {
    let mut seen = BTreeSet::new();
    let mut at = waits.iter().position(|waits| !waits.is_empty()).unwrap_or_default();
    while seen.insert(at) {
        at = waits[at].first().copied().unwrap_or(at);
    }
    let output = nodes[at].output.first().cloned().unwrap_or_default();
    ImportError::Node {
        node: if nodes[at].name.is_empty() {
            output.clone()
        } else {
            nodes[at].name.clone()
        },
        op: nodes[at].op_type.clone(),
        problem: format!("reads what is made of its own output {output}: the graph has a cycle"),
    }
}
