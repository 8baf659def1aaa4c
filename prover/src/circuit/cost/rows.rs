//! What the rows of each group of columns hold, and how many are idle.

use crate::plan::compiled::Compiled;
use serde::Serialize;

/// Rows of a group of columns. The regions of one group are all `2^k` rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    /// Which columns.
    pub columns: &'static str,
    /// What they hold.
    pub holds: &'static str,
    /// How many.
    pub rows: usize,
    /// Whether nothing of the network is there.
    pub idle: bool,
}

/// By group, from the first row on; idle ones together at the end of each group.
pub(super) fn regions(compiled: &Compiled) -> Vec<Region> {
    let (floor, layout) = (&compiled.floor, &compiled.frozen.layout);
    let tensors = floor.tensors.iter().map(|tensor| tensor.rows().len()).sum();
    let arithmetic = compiled.program.steps.len();
    let garbage = floor.words - (floor.on_rows + 1);
    let hash = floor.end - floor.poseidon;
    let groups: [(&str, Vec<(&str, usize)>); 3] = match floor.narrow {
        None => [
            (
                "cells",
                vec![
                    ("activations and image", tensors),
                    ("garbage", garbage),
                    ("image words", floor.poseidon - floor.words),
                    ("hash", hash),
                ],
            ),
            (
                "weights",
                vec![("weights", floor.weight_end), ("salt", layout.salt_rows)],
            ),
            ("arithmetic", vec![("arithmetic", arithmetic)]),
        ],
        Some(rows) => [
            (
                "cells",
                vec![
                    ("activations and image", tensors),
                    ("numbers in range", rows.table - rows.ranges),
                    ("tables", floor.on_rows - rows.table),
                    ("garbage", garbage),
                    ("hash", hash),
                ],
            ),
            (
                "weights",
                vec![("weights", floor.weight_end), ("salt", layout.salt_rows)],
            ),
            (
                "arithmetic",
                vec![("sums", floor.words), ("hash", hash), ("arithmetic", arithmetic)],
            ),
        ],
    };
    let mut regions = Vec::new();
    for (columns, used) in groups {
        let region = |holds, rows, idle| Region {
            columns,
            holds,
            rows,
            idle,
        };
        regions.extend(used.iter().map(|(holds, rows)| region(holds, *rows, false)));
        let used: usize = used.iter().map(|(_, rows)| rows).sum();
        regions.push(region("blinding", layout.reserved_rows(), false));
        regions.push(region("idle", floor.usable - used, true));
    }
    regions
}
