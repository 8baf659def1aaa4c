//! SHPLONK (BDFG20, the variant of halo2): all openings of a proof in one pairing, as Yul.
//!
//! For the rotation set `i` with points `S_i = { x·ω^ρ }` and polynomials `C_j` with interpolants `R_j`:
//!
//! `F = Σ_i v^i · (Z_{T∖S_i}(u) / Z_{T∖S_0}(u)) · Σ_j y^j · (C_j − R_j(u)·G) − Z_{S_0}(u)·W + u·W'`
//!
//! and `e(F, g2) = e(W', s_g2)`. `R_j(u) = Σ_k eval_k · L_k(u)`, where `L_k(u)` is the product over the other points
//! of `(u − x_l) / (x_k − x_l)`; since `x_k − x_l = x·(ω^ρ_k − ω^ρ_l)`, only `1/x` has to be inverted.

use crate::{
    expr::load,
    key_words::KeyWord,
    plan::{count, record_len, Plan, WORD},
    protocol::{Protocol, Query, RotationSet, Squeezed},
};

/// Writes `u − x·ω^ρ` for all rotations.
pub(crate) fn distances(protocol: &Protocol, plan: &Plan) -> Vec<String> {
    let rotations = protocol.rotations();
    let line = |(i, rotation): (usize, &i32)| {
        let point = match rotation {
            0 => "x".to_string(),
            _ => format!("mulmod(x, {}, r)", load(plan.key_word(KeyWord::Root(*rotation)))),
        };
        format!(
            "mstore({:#x}, addmod(u, sub(r, {point}), r)) // rotation {rotation}",
            plan.distances + WORD * i
        )
    };
    rotations.iter().enumerate().map(line).collect()
}

/// `Z_{T∖S_0}(u)`, which is inverted with the rest.
pub(crate) fn first_difference(protocol: &Protocol, plan: &Plan) -> String {
    vanishing(
        protocol,
        plan,
        &others(&protocol.rotations(), &protocol.sets[0].rotations),
    )
}

/// `Z_{S_0}(u)`
pub(crate) fn first_vanishing(protocol: &Protocol, plan: &Plan) -> String {
    vanishing(protocol, plan, &protocol.sets[0].rotations)
}

/// Adds every set's commitments to the accumulator and its opened values to the sum.
pub(crate) fn sets(protocol: &Protocol, plan: &Plan) -> Vec<String> {
    let mut table = plan.opening_table(protocol);
    let mut out = vec![];
    for (i, set) in protocol.sets.iter().enumerate() {
        let rotations = set.rotations.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
        out.push(format!(
            "// Rotations {{{rotations}}}: {}.",
            count(set.polys.len(), "polynomial")
        ));
        out.push("{".into());
        out.extend(basis(protocol, plan, i).into_iter().map(indent));
        out.extend(terms(protocol, plan, i, table).into_iter().map(indent));
        out.push("}".into());
        table += set.polys.len() * record_len(set.rotations.len());
    }
    out
}

/// The table behind [`sets`]: per polynomial the address of its commitment, then those of its evaluations.
pub(crate) fn table(protocol: &Protocol, plan: &Plan) -> Vec<u8> {
    let mut bytes = vec![];
    let mut push = |address: usize| {
        let address = u16::try_from(address).expect("the plan ends below 2^16");
        bytes.extend_from_slice(&address.to_be_bytes());
    };
    for set in &protocol.sets {
        for poly in &set.polys {
            push(plan.commitment(*poly));
            for rotation in &set.rotations {
                let query = Query {
                    poly: *poly,
                    rotation: *rotation,
                };
                push(plan.eval(query).expect("every opened polynomial has its evaluations"));
            }
        }
    }
    bytes
}

/// Stores `L_k(u)` for the points of the set; a single point needs none, its `L` is one.
pub(crate) fn basis(protocol: &Protocol, plan: &Plan, index: usize) -> Vec<String> {
    let set = &protocol.sets[index];
    if set.rotations.len() == 1 {
        return vec![];
    }
    let inverse_x = load(plan.inverse_x);
    let mut out = vec![format!("let inverse := {inverse_x}")];
    for _ in 2..set.rotations.len() {
        out.push(format!("inverse := mulmod(inverse, {inverse_x}, r)"));
    }
    for (k, rotation) in set.rotations.iter().enumerate() {
        let rest = others(&set.rotations, &[*rotation]);
        let denominator = load(plan.key_word(KeyWord::Denominator {
            set: index,
            rotation: *rotation,
        }));
        let numerator = vanishing(protocol, plan, &rest);
        let over_x = format!("mulmod(inverse, {numerator}, r)");
        out.push(format!(
            "mstore({:#x}, mulmod({denominator}, {over_x}, r))",
            plan.basis + WORD * k
        ));
    }
    out
}

fn terms(protocol: &Protocol, plan: &Plan, index: usize, table: usize) -> Vec<String> {
    let set = &protocol.sets[index];
    let record = record_len(set.rotations.len());
    let end = table + record * set.polys.len();
    let y = load(plan.challenge(Squeezed::OpeningY));
    let mut out = vec![];
    let start = if index == 0 {
        out.push("// The first commitment starts the accumulator: its scalar is one.".into());
        out.push(format!("let entry := mload({table:#x})"));
        out.push("mcopy(ACC, shr(240, entry), POINT_LEN)".into());
        out.push("let value".into());
        out.extend(interpolant(plan, set));
        out.push("let sum := value".into());
        out.push(format!("let scale := {y}"));
        table + record
    } else {
        let difference = vanishing(protocol, plan, &others(&protocol.rotations(), &set.rotations));
        let over_first = format!("mulmod({}, {difference}, r)", load(plan.inverse_first_diff));
        out.push("let entry".into());
        out.push("let value".into());
        out.push(format!("let sum := {}", load(plan.opening_sum)));
        out.push(format!("let scale := mulmod({}, {over_first}, r)", load(plan.v_power)));
        table
    };
    if start < end {
        out.push(format!(
            "for {{ let t := {start:#x} }} lt(t, {end:#x}) {{ t := add(t, {record:#x}) }} {{"
        ));
        out.push("    entry := mload(t)".into());
        out.push("    addTerm(shr(240, entry), scale)".into());
        out.extend(interpolant(plan, set).into_iter().map(indent));
        out.push("    sum := addmod(sum, mulmod(scale, value, r), r)".into());
        out.push(format!("    scale := mulmod(scale, {y}, r)"));
        out.push("}".into());
    }
    out.push(format!("mstore({:#x}, sum)", plan.opening_sum));
    let v = load(plan.challenge(Squeezed::OpeningV));
    let v_power = if index == 0 {
        v
    } else {
        format!("mulmod({}, {v}, r)", load(plan.v_power))
    };
    out.push(format!("mstore({:#x}, {v_power})", plan.v_power));
    out
}

/// Sets `value` to `R_j(u)` from the table record in `entry`.
pub(crate) fn interpolant(plan: &Plan, set: &RotationSet) -> Vec<String> {
    let eval = |k: usize| match 240 - 16 * (k + 1) {
        0 => "mload(and(entry, 0xffff))".to_string(),
        shift => format!("mload(and(shr({shift}, entry), 0xffff))"),
    };
    if set.rotations.len() == 1 {
        return vec![format!("value := {}", eval(0))];
    }
    let term = |k: usize| format!("mulmod({}, {}, r)", load(plan.basis + WORD * k), eval(k));
    let rest = (1..set.rotations.len()).map(|k| format!("value := addmod(value, {}, r)", term(k)));
    [format!("value := {}", term(0))].into_iter().chain(rest).collect()
}

/// `Π (u − x·ω^ρ)` over some rotations.
fn vanishing(protocol: &Protocol, plan: &Plan, rotations: &[i32]) -> String {
    let all = protocol.rotations();
    let distance = |rotation: &i32| {
        let position = all
            .iter()
            .position(|other| other == rotation)
            .expect("a rotation of the protocol");
        load(plan.distances + WORD * position)
    };
    let mut factors = rotations.iter().map(distance);
    match factors.next() {
        None => "1".into(),
        Some(first) => factors.fold(first, |product, factor| format!("mulmod({factor}, {product}, r)")),
    }
}

fn others(all: &[i32], without: &[i32]) -> Vec<i32> {
    all.iter()
        .copied()
        .filter(|rotation| !without.contains(rotation))
        .collect()
}

fn indent(line: String) -> String {
    format!("    {line}")
}
