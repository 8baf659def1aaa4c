//! Joined channels: as SqueezeNet, Inception and DenseNet have them.

use super::import_support::networks::*;
use super::import_support::*;
use assay_prover::circuit::{Compiled, FrozenArchitecture, NetworkCircuit};
use assay_prover::import::{ImportOptions, ImportReport};
use assay_prover::model::{ConvKind, Kernel, Model, Op, Shape};
use assay_prover::reference;
use assay_prover::witness::{Inputs, Witness};
use assay_statement::field::Fr;
use assay_statement::input::{input_commit, InputSalt};
use assay_statement::instance::with_outputs;
use halo2_proofs::dev::MockProver;
use std::sync::Arc;

/// A convolution of `from` to `to`, which has `channels`, and a ReLU.
fn conv_relu(onnx: Onnx, from: (&str, i64), kernel: i64, to: &str, channels: i64) -> Onnx {
    let name = |what: &str| format!("{to}_{what}");
    onnx.weights(&name("w"), &[channels, from.1, kernel, kernel])
        .uniform(&name("b"), &[channels], 0.1, 0.6)
        .node(
            "Conv",
            &[from.0, &name("w"), &name("b")],
            &name("conv"),
            vec![ints("pads", &[kernel / 2; 4])],
        )
        .node("Relu", &[&name("conv")], to, vec![])
}

/// Squeeze, and expand by two kernels whose outputs are joined.
fn fire(onnx: Onnx, from: (&str, i64), squeezed: i64, expanded: i64, to: &str) -> Onnx {
    let [s, e1, e3] = ["s", "e1", "e3"].map(|part| format!("{to}_{part}"));
    let onnx = conv_relu(onnx, from, 1, &s, squeezed);
    let onnx = conv_relu(onnx, (&s, squeezed), 1, &e1, expanded);
    let onnx = conv_relu(onnx, (&s, squeezed), 3, &e3, expanded);
    onnx.node("Concat", &[&e1, &e3], to, vec![int("axis", 1)])
}

fn concat(onnx: Onnx, inputs: &[&str], output: &str) -> Onnx {
    onnx.node("Concat", inputs, output, vec![int("axis", 1)])
}

fn squeezenet() -> Onnx {
    let pool = || vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])];
    let onnx = conv_relu(Onnx::new(SIDE, SIDE), ("image", 3), 3, "stem", 4);
    let onnx = fire(onnx, ("stem", 4), 2, 4, "fire2");
    let onnx = fire(onnx, ("fire2", 8), 2, 4, "fire3").node("AveragePool", &["fire3"], "pool3", pool());
    let onnx = fire(onnx, ("pool3", 8), 3, 4, "y");
    with_head(onnx, 8)
}

/// By layer that joins: the layers whose outputs it joins.
fn joins(model: &Model) -> Vec<(usize, Vec<usize>)> {
    let layers = model.architecture.layers.iter().enumerate();
    let joins = layers.filter_map(|(i, layer)| match &layer.op {
        Op::Concat { inputs } => Some((i, inputs.iter().map(|input| input.0 - 1).collect())),
        _ => None,
    });
    joins.collect()
}

/// All that is joined has one scale and one zero point.
#[track_caller]
fn assert_one_scale(model: &Model, report: &ImportReport) {
    for (layer, parts) in joins(model) {
        for part in parts {
            let [joined, own] = [layer, part].map(|i| (report.layers[i].scale, report.layers[i].zero));
            assert_eq!(
                joined, own,
                "{} in {}",
                report.layers[part].name, report.layers[layer].name
            );
        }
    }
}

#[track_caller]
fn joined(onnx: &Onnx) -> (Model, ImportReport) {
    let model = assert_agrees(onnx);
    let (_, report) = run(onnx).unwrap();
    assert_one_scale(&model, &report);
    (model, report)
}

fn says(report: &ImportReport, subject: &str) -> Option<String> {
    let mut changes = report.changes.iter().filter(|change| change.subject == subject);
    changes
        .find(|change| change.what.contains("joined with others"))
        .map(|change| change.what.clone())
}

#[test]
fn a_small_squeezenet_is_imported_and_proven() {
    let onnx = squeezenet();
    let (model, report) = joined(&onnx);
    let of = |layers: &[(usize, Vec<usize>)]| layers.iter().map(|(_, parts)| parts.len()).collect::<Vec<_>>();
    assert_eq!(of(&joins(&model)), [2, 2, 2]);
    assert_eq!(report.same_top1, report.calibration_images);
    // Joining costs no activation, and what got coarser is said.
    let computed = model
        .architecture
        .layers
        .iter()
        .filter(|layer| !matches!(layer.op, Op::Concat { .. }));
    assert_eq!(
        report.activations,
        computed.map(|layer| layer.output.len()).sum::<usize>()
    );
    let coarser =
        |part: &str| says(&report, &format!("{part}_conv ({part})")).is_some_and(|what| what.contains("bits coarser"));
    assert!(coarser("fire2_e1") != coarser("fire2_e3"), "{:?}", report.changes);

    let small = ImportOptions {
        shift: 12,
        ..ImportOptions::default()
    };
    let (model, _) = run_with(&onnx, &small).unwrap();
    assert_proven(&model);
}

/// The mock prover accepts a run of the model, and no run that says another class.
fn assert_proven(model: &Model) {
    let frozen = FrozenArchitecture::plan_with(model.architecture.clone(), 3, 32).unwrap();
    let (arch, layout) = (&frozen.architecture, &frozen.layout);
    let compiled = Arc::new(Compiled::new(frozen.clone()).unwrap());
    let folded = model.fold().unwrap();
    let image: Vec<u8> = (0..arch.image_len()).map(|i| (i * i % 251) as u8).collect();
    let trace = reference::run(arch, &folded, &image).unwrap();
    let salts = vec![vec![Fr::from(7); layout.salt_rows]; layout.weight_columns];
    let salt = InputSalt([5; 31]);
    let context = Fr::from(3);
    let witness = Witness::new(&Inputs {
        arch,
        layout,
        floor: &compiled.floor,
        folded: &folded,
        weight_salts: &salts,
        trace: &trace,
        image: &image,
        salt: &salt,
        context,
    });
    for lie in [0, 1] {
        let circuit = NetworkCircuit::with_witness(compiled.clone(), witness.clone());
        let class = Fr::from((trace.top1() + lie) as u64);
        let instances = with_outputs(context, input_commit(&image, &salt), [class]);
        let prover = MockProver::run(layout.k, &circuit, vec![instances]).unwrap();
        assert_eq!(prover.verify_par().is_ok(), lie == 0);
    }
}

/// What one concatenation joins, another one joins again: as DenseNets in Keras, whose batch norms and ReLUs follow the concatenation.
#[test]
fn a_densenet_joins_what_was_joined() {
    let norm = |onnx: Onnx, from: &str, channels: i64, to: &str| {
        let name = |what: &str| format!("{to}_{what}");
        let [scale, shift, mean, variance, normed] = ["s", "h", "m", "v", "n"].map(name);
        onnx.uniform(&scale, &[channels], 0.5, 1.5)
            .uniform(&shift, &[channels], -0.2, 0.5)
            .uniform(&mean, &[channels], -0.3, 0.3)
            .uniform(&variance, &[channels], 0.5, 2.0)
            .node(
                "BatchNormalization",
                &[from, &scale, &shift, &mean, &variance],
                &normed,
                vec![],
            )
            .node("Relu", &[&normed], to, vec![])
    };
    let grow = |onnx: Onnx, from: &str, channels: i64, to: &str| {
        let (normed, weights, grown) = (format!("{to}_r"), format!("{to}_w"), format!("{to}_g"));
        let onnx = norm(onnx, from, channels, &normed)
            .weights(&weights, &[3, channels, 3, 3])
            .node("Conv", &[&normed, &weights], &grown, vec![ints("pads", &[1; 4])]);
        concat(onnx, &[from, &grown], to)
    };
    let onnx = stem()
        .weights("w0", &[4, 4, 1, 1])
        .node("Conv", &["x", "w0"], "first", vec![]);
    let onnx = grow(onnx, "first", 4, "a");
    let onnx = grow(onnx, "a", 7, "b");
    let (model, report) = joined(&with_head(norm(onnx, "b", 10, "y"), 10));
    let parts: Vec<usize> = joins(&model).iter().map(|(_, parts)| parts.len()).collect();
    assert_eq!(parts, [2, 3]);
    assert_says(&report, "a_r_n (BatchNormalization)", "a layer of its own");
    assert!(
        joins(&model)[1].1.starts_with(&joins(&model)[0].1),
        "the same scale all along"
    );
}

/// A concatenation that only another one reads is gone.
#[test]
fn nested_concatenations_are_one() {
    let onnx = conv_relu(stem(), ("x", 4), 1, "a", 2);
    let onnx = conv_relu(onnx, ("x", 4), 3, "b", 3);
    let onnx = concat(concat(onnx, &["a", "b"], "inner"), &["inner", "a"], "y");
    let (model, _) = joined(&with_head(onnx, 7));
    assert_eq!(joins(&model), [(3, vec![1, 2, 1])]);
}

#[test]
fn one_tensor_is_joined_with_itself_or_alone() {
    let (model, report) = joined(&with_head(concat(stem(), &["x", "x"], "y"), 8));
    assert_eq!(joins(&model), [(1, vec![0, 0])]);
    assert_eq!(says(&report, "stem (x)"), None, "nothing got coarser");
    let (model, _) = joined(&with_head(concat(stem(), &["x"], "y"), 4));
    assert_eq!(joins(&model), []);
}

#[test]
fn residual_add_reads_joined_channels() {
    let onnx = conv_relu(stem(), ("x", 4), 3, "a", 2);
    let onnx = conv_relu(onnx, ("x", 4), 1, "b", 3);
    let onnx = concat(onnx, &["a", "b"], "c");
    let onnx = onnx
        .weights("w", &[5, 1, 3, 3])
        .node("Conv", &["c", "w"], "d", vec![ints("pads", &[1; 4]), int("group", 5)])
        .node("Add", &["c", "d"], "y", vec![]);
    let (model, _) = joined(&with_head(onnx, 5));
    assert!(matches!(model.architecture.layers[5].op, Op::Add { .. }));
}

/// Channels last, and flat.
#[test]
fn channels_are_joined_wherever_they_stand() {
    let transpose =
        |onnx: Onnx, from: &str, to: &str, axes| onnx.node("Transpose", &[from], to, vec![ints("perm", axes)]);
    for axis in [3, -1] {
        let onnx = conv_relu(stem(), ("x", 4), 3, "a", 2);
        let onnx = transpose(transpose(onnx, "x", "xt", &[0, 2, 3, 1]), "a", "at", &[0, 2, 3, 1]);
        let onnx = onnx.node("Concat", &["xt", "at"], "j", vec![int("axis", axis)]);
        joined(&with_head(transpose(onnx, "j", "y", &[0, 3, 1, 2]), 6));
    }
    let vectors = conv_relu(stem(), ("x", 4), 3, "a", 2)
        .node("GlobalAveragePool", &["x"], "p", vec![])
        .node("Flatten", &["p"], "pf", vec![])
        .node("GlobalAveragePool", &["a"], "q", vec![])
        .node("Flatten", &["q"], "qf", vec![])
        .node("Concat", &["pf", "qf"], "j", vec![int("axis", 1)])
        .weights("w", &[5, 6])
        .node("Gemm", &["j", "w"], "logits", vec![int("transB", 1)])
        .output("logits", 5);
    joined(&vectors);
}

/// A clip is the end of 0..=255, so that what is clipped elsewhere goes through a layer that only has another scale.
#[test]
fn what_must_keep_its_range_is_rescaled_by_a_layer_of_its_own() {
    let onnx = stem()
        .weights("w", &[3, 4, 3, 3])
        .node("Conv", &["x", "w"], "linear", vec![ints("pads", &[1; 4])]);
    let (model, report) = joined(&with_head(concat(onnx, &["x", "linear"], "y"), 7));
    let said = says(&report, "stem (x)").unwrap();
    assert!(said.contains("rescaled by a layer of its own"), "{said}");
    assert_eq!(joins(&model), [(3, vec![1, 2])]);
    let layers = &model.architecture.layers;
    let rescaling = ConvKind::Depthwise(Kernel { h: 1, w: 1 });
    assert!(matches!(&layers[1].op, Op::Conv(conv) if conv.kind == rescaling && conv.input.0 == 1));
    assert_eq!(layers[1].output, Shape::new(4, 8, 8));
    // Others read it as it was.
    assert!(matches!(&layers[2].op, Op::Conv(conv) if conv.input.0 == 1));
    assert_ne!(report.layers[0].scale, report.layers[1].scale);

    // ReLU6 beside a ReLU that goes beyond 6, and averages, whose scale follows from their multiplier.
    let onnx = conv_relu(stem().floats("eight", &[], vec![8.0]), ("x", 4), 3, "a", 2).node(
        "Mul",
        &["a", "eight"],
        "large",
        vec![],
    );
    let (_, report) = joined(&with_head(concat(onnx, &["x", "large"], "y"), 6));
    assert!(says(&report, "stem (x)").unwrap().contains("by a layer of its own"));
    let onnx = stem()
        .node("GlobalAveragePool", &["x"], "p", vec![])
        .weights("w", &[2, 4, 1, 1])
        .node("Conv", &["p", "w"], "c", vec![]);
    let onnx = concat(onnx, &["c", "p"], "y").weights("v", &[5, 6, 1, 1]);
    let onnx = onnx.node("Conv", &["y", "v"], "logits", vec![]).output("logits", 5);
    joined(&onnx);
}

/// A tensor is read whole or by every second pixel, in a concatenation, too.
#[test]
fn joined_tensors_with_readers_of_both_kinds_are_copied() {
    let by_two = |onnx: Onnx, from: &str, channels: i64, to: &str| {
        let weights = format!("{to}_w");
        onnx.weights(&weights, &[4, channels, 3, 3]).node(
            "Conv",
            &[from, &weights],
            to,
            vec![ints("pads", &[1; 4]), ints("strides", &[2, 2])],
        )
    };
    let joined_two = || {
        let onnx = conv_relu(stem(), ("x", 4), 3, "a", 2);
        concat(onnx, &["x", "a"], "j")
    };
    // What is joined has a reader that reads it whole: `a` reads `x`.
    let onnx = by_two(joined_two(), "j", 6, "y");
    let (_, report) = joined(&with_head(onnx, 4));
    assert_says(&report, "stem (x)", "or of what it is joined with");
    // The whole is read both ways.
    let onnx = by_two(conv_relu(joined_two(), ("j", 6), 3, "whole", 4), "j", 6, "halved");
    let onnx = by_two(onnx, "whole", 4, "halved_too").node("Add", &["halved", "halved_too"], "y", vec![]);
    let (_, report) = joined(&with_head(onnx, 4));
    assert_says(&report, "j (j)", "copied exactly");
}

#[test]
fn what_is_joined_on_another_scale_may_be_read_with_stride_2_besides() {
    let by_two = |onnx: Onnx, from: &str, channels: i64, to: &str| {
        let weights = format!("{to}_w");
        let attributes = vec![ints("pads", &[1; 4]), ints("strides", &[2, 2])];
        let onnx = onnx.weights(&weights, &[4, channels, 3, 3]);
        onnx.node("Conv", &[from, &weights], to, attributes)
    };
    // `x` is clipped at 6, `l` is below 0: one scale for both is not that of `x`, which only layers of stride 2 read besides.
    let onnx = Onnx::new(SIDE, SIDE)
        .weights("xw", &[4, 3, 3, 3])
        .weights("lw", &[2, 3, 3, 3]);
    let onnx = onnx.floats("six", &[], vec![6.0]).floats("nil", &[], vec![0.0]);
    let onnx = onnx.node("Conv", &["image", "xw"], "xc", vec![ints("pads", &[1; 4])]);
    let onnx = onnx.node("Clip", &["xc", "nil", "six"], "x", vec![]);
    let onnx = onnx.node("Conv", &["image", "lw"], "l", vec![ints("pads", &[1; 4])]);
    let onnx = by_two(concat(onnx, &["x", "l"], "j"), "j", 6, "d1");
    let onnx = by_two(onnx, "x", 4, "d2").node("Add", &["d1", "d2"], "y", vec![]);
    let (_, report) = joined(&with_head(onnx, 4));
    assert_says(&report, "xc (x)", "rescaled by a layer of its own");
}

#[test]
fn joints_of_joints_without_end_are_refused_at_once() {
    let mut onnx = conv_relu(stem(), ("x", 4), 3, "a", 2);
    onnx = concat(onnx, &["x", "a"], "j0");
    for i in 0..10 {
        let (from, to) = (format!("j{i}"), format!("j{}", i + 1));
        onnx = concat(onnx, &[&from, &from], &to);
    }
    for name in (0..20).map(|i| format!("c{i}")) {
        onnx = concat(onnx, &["j10", "j10"], &name);
    }
    let onnx = concat(onnx, &["j10", "j10"], "y");
    assert_refused(
        with_head(onnx, 12 << 10),
        &["(Concat)", "joins more than 65536 tensors"],
    );
}

#[test]
fn what_cannot_be_joined_is_refused_by_name() {
    let two = || conv_relu(stem(), ("x", 4), 3, "a", 2);
    for axis in [0, 2, 3, -1, -2, -4, 4, i64::MIN] {
        let onnx = two().node("Concat", &["x", "a"], "y", vec![int("axis", axis)]);
        assert_refused(
            with_head(onnx, 6),
            &[
                "node y (Concat)",
                "attribute axis",
                &format!("is {axis}, supported is that of the channels, 1"),
            ],
        );
    }
    let smaller = two().node(
        "AveragePool",
        &["a"],
        "p",
        vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])],
    );
    assert_refused(
        with_head(concat(smaller, &["x", "p"], "y"), 6),
        &["node y (Concat)", "the maps 4x8x8 and 2x4x4", "one size"],
    );
    assert_refused(
        with_head(concat(two(), &["x", "image"], "y"), 7),
        &["node y (Concat)", "joins the image", "1x1 convolution"],
    );
    let constant = two().floats("k", &[1, 2, 8, 8], vec![0.5; 128]);
    assert_refused(
        with_head(concat(constant, &["x", "k"], "y"), 6),
        &["node y (Concat)", "input k is a constant"],
    );
    let end = concat(base(), &["logits", "logits"], "end").output("end", 10);
    assert_refused(
        end,
        &["node end (Concat)", "is the output", "must end with a convolution"],
    );
    let turned = two().node("Transpose", &["x"], "t", vec![ints("perm", &[0, 2, 3, 1])]);
    assert_refused(
        with_head(concat(turned, &["a", "t"], "y"), 6),
        &["node y (Concat)", "[1, 2, 8, 8] and [1, 8, 8, 4]"],
    );
    let unknown = two().node("Concat", &["x", "a"], "y", vec![int("axis", 1), int("new", 1)]);
    assert_refused(with_head(unknown, 6), &["node y (Concat)", "attribute new"]);
}
