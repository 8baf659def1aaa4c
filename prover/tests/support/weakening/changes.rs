//! What may be left out of a circuit or let in, by name. The names of fixed cells come from the floor plan, those of
//! copies from the program.

use super::narrow;
use crate::support::configure;
use assay_prover::circuit::program::{Cell, Col, Step};
use assay_prover::circuit::{Columns, Compiled};
use assay_prover::model::{ConvKind, Op, OutputMode};
use assay_statement::field::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{Any, Column, Fixed};
use std::collections::{BTreeMap, HashMap, HashSet};

pub(crate) type FixedCell = (Column<Fixed>, usize);
pub(crate) type AnyCell = (Column<Any>, usize);

/// What a circuit is changed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weakening {
    /// Fixed cells and what they hold instead.
    pub(crate) fixed: HashMap<FixedCell, Fr>,
    /// Copies left out.
    pub(crate) copies: HashSet<(AnyCell, AnyCell)>,
    /// Instances left unbound.
    pub(crate) instances: HashSet<usize>,
}

/// Those of the narrow form say so: constraints, classes and copies have names that the wide form has, too, and its tests say nothing
/// about the other one's columns.
fn name_in_form(compiled: &Compiled, change: &str) -> String {
    match compiled.floor.narrow {
        None => change.to_owned(),
        Some(_) => format!("narrow form, {change}"),
    }
}

pub(crate) fn constraint_change(compiled: &Compiled, gate: &str, constraint: &str) -> String {
    name_in_form(compiled, &format!("constraint, {gate}: {constraint}"))
}

/// Every change of this circuit that leaves something out or lets something in, by name.
fn weakenings(compiled: &Compiled, columns: &Columns) -> BTreeMap<String, Weakening> {
    let mut all: BTreeMap<String, Weakening> = BTreeMap::new();
    let (classes, false_cells) = match compiled.floor.narrow {
        None => (fixed_classes(compiled, columns), false_cells(compiled, columns)),
        Some(_) => (
            narrow::fixed_classes(compiled, columns),
            narrow::false_cells(compiled, columns),
        ),
    };
    for (cell, class) in classes {
        let weakening = all.entry(format!("fixed, {class}")).or_default();
        weakening.fixed.insert(cell, Fr::ZERO);
    }
    for (class, cells) in false_cells {
        all.entry(format!("false, {class}")).or_default().fixed.extend(cells);
    }
    for (what, from, to) in compiled.program.named_copies() {
        let operand = match to.col {
            Col::A => "a",
            Col::B => "b",
            _ => "acc",
        };
        let of_step = compiled.program.equal.iter().all(|(_, a, b)| (*a, *b) != (from, to));
        let name = if of_step {
            format!("copies, {what}: {operand} from {:?}", from.col)
        } else {
            format!("copies, {what}")
        };
        let cell = |cell: Cell| (column(columns, cell.col), cell.row);
        all.entry(name).or_default().copies.insert((cell(from), cell(to)));
    }
    for (_, index) in &compiled.program.instances {
        all.entry(format!("instance, {index}"))
            .or_default()
            .instances
            .insert(*index);
    }
    all.into_iter()
        .map(|(change, weakening)| (name_in_form(compiled, &change), weakening))
        .collect()
}

/// A change that a circuit does not have leaves it as it is, as does that of a constraint.
pub(crate) fn weakening(compiled: &Compiled, change: &str) -> Weakening {
    let (_, columns) = configure(compiled);
    weakenings(compiled, &columns).remove(change).unwrap_or_default()
}

fn column(columns: &Columns, col: Col) -> Column<Any> {
    let column = match col {
        Col::AccX => columns.acc_x,
        Col::AccY => columns.acc_y,
        Col::AccW => columns.acc_w,
        Col::A => columns.a,
        Col::B => columns.b,
        Col::Acc => columns.acc,
    };
    column.into()
}

/// The names of all changes of a circuit.
pub(crate) fn changes(compiled: &Compiled) -> Vec<String> {
    let (cs, columns) = configure(compiled);
    let constraints = cs.gates().iter().flat_map(|gate| {
        (0..gate.polynomials().len()).map(|n| constraint_change(compiled, gate.name(), gate.constraint_name(n)))
    });
    let mut names: Vec<String> = constraints.collect();
    names.extend(weakenings(compiled, &columns).into_keys());
    names
}

/// The assigned fixed cells, each with the class in which it is switched off.
fn fixed_classes(compiled: &Compiled, columns: &Columns) -> Vec<(FixedCell, String)> {
    let Compiled { floor, fixed, .. } = compiled;
    let lanes = compiled.frozen.layout.lanes;
    let half = fixed.table_rows / 2;
    let mut all = Vec::new();
    for row in 0..floor.on_rows {
        let class = if row + 1 == floor.on_rows {
            "on: last row".to_owned()
        } else {
            format!("on: {}", tensor_name(compiled, row))
        };
        all.push(((columns.on, row), class));
    }
    for row in 1..fixed.table_rows {
        let part = match row {
            _ if row <= half => "below the clip",
            _ if row <= half + 255 => "between the clips",
            _ => "above the clip",
        };
        all.push(((columns.table_q, row), format!("table_q: {part}")));
        if row > half {
            all.push(((columns.table_out, row), format!("table_out: {part}")));
        }
    }
    for (i, (column, values)) in columns.coefficients.iter().zip(&fixed.coefficients).enumerate() {
        for (row, value) in values.iter().enumerate().filter(|(_, v)| **v != 0) {
            let class = if row < floor.on_rows {
                let (name, width) = (tensor_name(compiled, row), real_lanes(compiled, row));
                match i {
                    _ if i + 1 < lanes => format!("mask of lane {} of {width}: {name}", i + 1),
                    _ if i + 1 == lanes => format!("line goes on: {name}"),
                    _ => format!("kind {value} of row: {name}"),
                }
            } else if i == 0 {
                let last = row + 1 == floor.poseidon;
                let first = row < floor.words + 32 / compiled.frozen.layout.fold();
                format!("byte 32: {}", position(first, last))
            } else {
                format!("garbage chain goes on: {}", garbage_name(compiled, row))
            };
            all.push(((*column, row), class));
        }
    }
    let rounds = assay_statement::poseidon::parameters().rounds();
    let calls = (floor.end - floor.poseidon) / (rounds + 1);
    let call = |row: usize| (row - floor.poseidon) / (rounds + 1);
    let call_name = |row: usize| position(call(row) == 0, call(row) + 1 == calls);
    for (row, round) in &fixed.round_constants {
        let kind = fixed.round[*row];
        for (word, column) in columns.coefficients.iter().enumerate().take(4) {
            let class = format!("constant of word {word}: round of kind {kind}");
            all.push(((*column, *row), class));
        }
        let class = format!(
            "round of kind {kind}: {} round of {} call",
            position(*round == 0, *round + 1 == rounds),
            call_name(*row)
        );
        all.push(((columns.round, *row), class));
    }
    for (row, value) in fixed.block.iter().enumerate().filter(|(_, v)| **v != 0) {
        let class = match value {
            1 if row < floor.words => format!("folded lanes: garbage, {}", garbage_name(compiled, row)),
            1 => {
                let rows_each = 32 / compiled.frozen.layout.fold();
                let n = (row - floor.words) % rows_each;
                format!("folded lanes: {} row of a word", position(n == 0, n + 1 == rows_each))
            }
            _ => format!("boundary of {} call", call_name(row)),
        };
        all.push(((columns.block, row), class));
    }
    weight_classes(compiled, columns, &mut all);
    let steps: HashMap<usize, &Step> = compiled.program.steps.iter().map(|step| (step.row, step)).collect();
    arithmetic_classes(compiled, columns, &steps, &mut all);
    let mut named: HashMap<&str, usize> = HashMap::new();
    for (row, _) in &fixed.constants {
        let what = steps[row].what;
        let n = named.entry(what).or_default();
        all.push(((columns.constant, *row), format!("constant: {what} {n}")));
        *n += 1;
    }
    for row in fixed.boundary {
        let which = position(row == 0, row != 0);
        all.push(((columns.boundary, row), format!("boundary: {which} row")));
    }
    let gate = match compiled.frozen.architecture.output {
        OutputMode::Top1 | OutputMode::Bit => "argmax",
        OutputMode::Top5 => "top5",
        OutputMode::Logits => "logits",
    };
    for (n, (row, _)) in fixed.logits.iter().enumerate() {
        let which = position(n == 0, n + 1 == fixed.logits.len());
        all.push(((columns.logits, *row), format!("{gate}: {which} row")));
    }
    all
}

pub(super) fn weight_classes(compiled: &Compiled, columns: &Columns, all: &mut Vec<(FixedCell, String)>) {
    let kinds = compiled.fixed.weight_kind.iter().enumerate();
    for (row, value) in kinds.filter(|(_, v)| **v != 0) {
        let class = format!("weight kind {value}: {}", weights_name(compiled, row));
        all.push(((columns.weight_kind, row), class));
    }
}

pub(super) fn arithmetic_classes(
    compiled: &Compiled,
    columns: &Columns,
    steps: &HashMap<usize, &Step>,
    all: &mut Vec<(FixedCell, String)>,
) {
    for step in compiled.program.steps.iter().filter(|step| step.kind != 0) {
        let next = steps.get(&(step.row + 1));
        let last = !next.is_some_and(|next| next.kind == step.kind && next.what == step.what);
        let which = if last { "last step" } else { "step" };
        let class = format!("arithmetic of kind {}: {which} of {}", step.kind, step.what);
        all.push(((columns.arith_kind, step.row), class));
    }
}

/// Fixed cells that let something in: masks of lanes that hold no element, and entries that are in no table.
fn false_cells(compiled: &Compiled, columns: &Columns) -> Vec<(String, Vec<(FixedCell, Fr)>)> {
    let Compiled { floor, fixed, .. } = compiled;
    let lanes = compiled.frozen.layout.lanes;
    let mut masks: BTreeMap<String, Vec<(FixedCell, Fr)>> = BTreeMap::new();
    for row in floor.tensors.iter().flat_map(|t| t.rows()) {
        let width = real_lanes(compiled, row);
        for lane in width..lanes {
            let name = format!("mask of lane {lane} of {width}: {}", tensor_name(compiled, row));
            let cell = ((columns.coefficients[lane - 1], row), Fr::ONE);
            masks.entry(name).or_default().push(cell);
        }
    }
    let (entries, half) = (fixed.table_rows, fixed.table_rows / 2);
    let entry = |column: Column<Fixed>, row: usize, value: usize| vec![((column, row), Fr::from(value as u64))];
    let tables = [
        ("table_out: of 0", entry(columns.table_out, 0, 1)),
        ("table_out: where the clip begins", entry(columns.table_out, half, 1)),
        (
            "table_out: where the clip ends",
            entry(columns.table_out, half + 256, 256),
        ),
        ("table_out: of the last", entry(columns.table_out, entries - 1, 0)),
        ("table_q: of the last", entry(columns.table_q, entries - 1, entries)),
        ("table_q: beyond the last", entry(columns.table_q, entries, entries)),
    ];
    let tables = tables.into_iter().map(|(name, cells)| (name.to_owned(), cells));
    masks.into_iter().chain(tables).collect()
}

pub(super) fn position(first: bool, last: bool) -> &'static str {
    match (first, last) {
        (true, _) => "first",
        (_, true) => "last",
        _ => "middle",
    }
}

/// The kind of tensor that a row of the cell columns holds.
fn tensor_name(compiled: &Compiled, row: usize) -> &'static str {
    let tensors = &compiled.floor.tensors;
    match tensors.iter().position(|t| t.rows().contains(&row)) {
        None => "no tensor",
        Some(0) if tensors[0].strided => "image",
        Some(0) => "image read whole",
        Some(t) if t + 1 == tensors.len() => "logits",
        Some(t) if tensors[t].kind == 0 => "plain tensor",
        Some(_) => "strided tensor",
    }
}

/// How many lanes of a tensor's row hold elements.
fn real_lanes(compiled: &Compiled, row: usize) -> usize {
    let (tensors, lanes) = (&compiled.floor.tensors, compiled.frozen.layout.lanes);
    let tensor = tensors
        .iter()
        .find(|t| t.rows().contains(&row))
        .expect("a tensor's row");
    (tensor.shape.w - (row - tensor.start) % tensor.line_rows * lanes).min(lanes)
}

fn op_name(op: &Op) -> &'static str {
    match op {
        Op::Conv(conv) => match (conv.kind, conv.stride) {
            (ConvKind::Pointwise, _) => "pointwise",
            (ConvKind::Dense(_), 2) => "dense of stride 2",
            (ConvKind::Dense(_), _) => "dense",
            (ConvKind::Grouped(..), 2) => "grouped of stride 2",
            (ConvKind::Grouped(..), _) => "grouped",
            (ConvKind::Depthwise(_), 2) => "depthwise of stride 2",
            (ConvKind::Depthwise(kernel), _) if kernel.w == 3 => "depthwise",
            (ConvKind::Depthwise(_), _) => "depthwise by single taps",
        },
        Op::Add { .. } => "add",
        Op::GlobalAvgPool { .. } => "pool",
        Op::Concat { .. } => unreachable!("it has no rows"),
    }
}

pub(super) fn garbage_name(compiled: &Compiled, row: usize) -> &'static str {
    let garbage = compiled.floor.garbage.iter().enumerate();
    let (layer, _) = garbage
        .filter_map(|(i, g)| g.as_ref().map(|g| (i, g)))
        .rfind(|(_, g)| g.start <= row)
        .expect("a row of garbage");
    op_name(&compiled.frozen.architecture.layers[layer].op)
}

fn weights_name(compiled: &Compiled, row: usize) -> String {
    let weights = &compiled.floor.weights;
    let layer = weights.iter().rposition(|w| w.start <= row).expect("a row of weights");
    let part = if row < weights[layer].bias { "weights" } else { "biases" };
    format!("{part}, {}", op_name(&compiled.frozen.architecture.layers[layer].op))
}
