//! What the rows of each group of columns hold, and how many are idle.

use crate::plan::compiled::Compiled;
use crate::plan::floor::RESERVED_ROWS;
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
    let groups: [(&str, &[(&str, usize)]); 3] = [
        (
            "cells",
            &[
                ("activations and image", tensors),
                ("garbage", floor.words - (floor.on_rows + 1)),
                ("image words", floor.poseidon - floor.words),
                ("hash", floor.end - floor.poseidon),
            ],
        ),
        ("weights", &[("weights", floor.weight_end), ("salt", layout.salt_rows)]),
        ("arithmetic", &[("arithmetic", arithmetic)]),
    ];
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
        regions.push(region("blinding", RESERVED_ROWS, false));
        regions.push(region("idle", floor.usable - used, true));
    }
    regions
}
