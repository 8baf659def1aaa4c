//! Kernels and averages of every size over maps of every size.

use super::import_support::networks::*;
use super::import_support::*;
use assay_prover::model::{ConvKind, Kernel, Op};

/// Odd sizes at every stride, down to one pixel.
#[test]
fn odd_sizes_are_halved_as_the_float_run_halves_them() {
    let mut onnx = stem();
    let pads = || ints("pads", &[1, 1, 1, 1]);
    for (from, to, pads) in [("x", "a", None), ("a", "b", Some(pads())), ("b", "y", Some(pads()))] {
        let weights = format!("w{to}");
        let attributes = pads.into_iter().chain([ints("strides", &[2, 2])]).collect();
        onnx = onnx.weights(&weights, &[4, 4, 3, 3]);
        onnx = onnx.node("Conv", &[from, &weights], to, attributes);
    }
    let model = assert_agrees(&with_head(onnx, 4));
    let sizes: Vec<usize> = model.architecture.layers.iter().map(|layer| layer.output.h).collect();
    assert_eq!(sizes, [8, 3, 2, 1, 1, 1]);
}

/// A fully connected layer over a map is a kernel of the map's size, in whichever order its numbers were flattened.
#[test]
fn flat_maps_are_read_by_kernels_of_their_size() {
    for channels_last in [false, true] {
        let mut onnx = stem().node(
            "AveragePool",
            &["x"],
            "p",
            vec![ints("kernel_shape", &[2, 4]), ints("strides", &[2, 2])],
        );
        let mut map = "p";
        if channels_last {
            onnx = onnx.node("Transpose", &[map], "t", vec![ints("perm", &[0, 2, 3, 1])]);
            map = "t";
        }
        let onnx = onnx
            .node("Flatten", &[map], "flat", vec![])
            .weights("w1", &[6, 4 * 4 * 3])
            .uniform("b1", &[6], -0.2, 0.2)
            .node("Gemm", &["flat", "w1", "b1"], "y", vec![int("transB", 1)])
            .node("Relu", &["y"], "r", vec![])
            .weights("w2", &[5, 6])
            .node("Gemm", &["r", "w2"], "logits", vec![int("transB", 1)])
            .output("logits", 5);
        let model = assert_agrees(&onnx);
        match &model.architecture.layers[2].op {
            Op::Conv(conv) => assert_eq!(conv.kind, ConvKind::Dense(Kernel { h: 4, w: 3 })),
            other => panic!("{other:?}"),
        }
        assert_says(&run(&onnx).unwrap().1, "y (Gemm)", "4x3 kernel over the map 4x4x3");
    }
}

#[test]
fn small_averages_are_depthwise_convolutions() {
    let average = |window: i64, stride: i64, pad: i64, counted: i64| {
        let attributes = vec![
            ints("kernel_shape", &[window, window]),
            ints("strides", &[stride, stride]),
            ints("pads", &[pad; 4]),
            int("count_include_pad", counted),
        ];
        with_head(stem().node("AveragePool", &["x"], "y", attributes), 4)
    };
    for (window, stride, pad, side) in [
        (2, 2, 0, 4),
        (3, 1, 1, 8),
        (3, 2, 1, 4),
        (2, 1, 0, 7),
        (5, 2, 2, 4),
        (7, 1, 0, 2),
    ] {
        let onnx = average(window, stride, pad, 1);
        let model = assert_agrees(&onnx);
        assert_eq!(model.architecture.layers[1].output.h, side);
        assert_says(&run(&onnx).unwrap().1, "y (AveragePool)", "depthwise");
    }
    assert_agrees(&average(2, 2, 0, 0));
    assert_refused(average(3, 1, 1, 0), &["node y (AveragePool)", "count_include_pad"]);
    assert_refused(average(3, 3, 1, 1), &["node y (AveragePool)", "strides", "[3, 3]"]);
    let with = |attribute| {
        let mut onnx = average(3, 2, 1, 1);
        let pool = onnx.graph().node.iter_mut().find(|node| node.name == "y").unwrap();
        pool.attribute.push(attribute);
        onnx
    };
    assert_refused(with(int("ceil_mode", 1)), &["node y (AveragePool)", "ceil_mode"]);
    let mut exact = average(2, 2, 0, 0);
    let pool = exact.graph().node.iter_mut().find(|node| node.name == "y").unwrap();
    pool.attribute.push(int("ceil_mode", 1));
    assert_agrees(&exact);
    assert_refused(
        with(text("auto_pad", "VALID")),
        &["node y (AveragePool)", "pads", "besides auto_pad"],
    );
}

#[test]
fn every_second_pixel_is_read_by_one_tap() {
    let onnx = stem().weights("w", &[6, 4, 1, 1]).uniform("b", &[6], -0.5, 0.5).node(
        "Conv",
        &["x", "w", "b"],
        "y",
        vec![ints("strides", &[2, 2])],
    );
    let model = assert_agrees(&with_head(onnx, 6));
    assert_eq!(model.architecture.parameters_of(1), 6 * 4 + 6);
}
