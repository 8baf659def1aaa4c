//! Kernels and averages of every size over maps of every size.

use super::import_support::networks::*;
use super::import_support::*;
use assay_prover::model::{ConvKind, Kernel, Op};
use assay_prover::reference;

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

/// Of one pixel the order of its channels is one, whatever came before.
#[test]
fn a_pixel_with_its_channels_last_is_flat_and_a_map_again() {
    let onnx = stem()
        .node("Transpose", &["x"], "t", vec![ints("perm", &[0, 2, 3, 1])])
        .node(
            "ReduceMean",
            &["t"],
            "m",
            vec![ints("axes", &[1, 2]), int("keepdims", 1)],
        )
        .integers("flat", vec![1, -1])
        .integers("map", vec![1, 4, 1, 1])
        .node("Reshape", &["m", "flat"], "f", vec![])
        .node("Reshape", &["f", "map"], "p", vec![])
        .weights("w", &[6, 4, 1, 1])
        .node("Conv", &["p", "w"], "y", vec![]);
    assert_agrees(&with_head(onnx, 6));
}

#[test]
fn averages_of_one_pixel_are_the_pixel() {
    let attributes = || vec![ints("kernel_shape", &[1, 1])];
    let onnx = with_head(stem().node("AveragePool", &["x"], "y", attributes()), 4);
    assert_eq!(assert_agrees(&onnx).architecture.layers.len(), 3);
    let wrong = vec![ints("kernel_shape", &[-1, 2, 2])];
    let onnx = with_head(stem().node("AveragePool", &["x"], "y", wrong), 4);
    assert_refused(onnx, &["node y (AveragePool)", "kernel_shape", "two sizes"]);
}

/// A flat map of several pixels has no axis of channels that a constant could stand beside.
#[test]
fn constants_beside_flat_maps_are_single_numbers() {
    let with = |constant: Vec<f32>| {
        let n = constant.len() as i64;
        stem()
            .node(
                "AveragePool",
                &["x"],
                "p",
                vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])],
            )
            .weights("w0", &[4, 4, 3, 3])
            .node("Conv", &["p", "w0"], "c", vec![])
            .node("Flatten", &["c"], "flat", vec![])
            .floats("factor", &[n], constant)
            .node("Mul", &["flat", "factor"], "m", vec![])
            .weights("w1", &[5, 16])
            .node("Gemm", &["m", "w1"], "y", vec![int("transB", 1)])
            .output("y", 5)
    };
    assert_agrees(&with(vec![2.0]));
    assert_refused(with(vec![2.0; 4]), &["node m (Mul)", "constant has shape [4]"]);
    assert_refused(with(vec![2.0; 16]), &["node m (Mul)", "constant has shape [16]"]);
}

/// The first block of a stage of ResNet-50: a 1×1 convolution reads all of its input, the shortcut every second pixel.
#[test]
fn a_tensor_read_whole_and_by_stride_2_is_copied_exactly() {
    let onnx = stem()
        .weights("w1", &[4, 4, 1, 1])
        .node("Conv", &["x", "w1"], "a", vec![])
        .weights("w2", &[6, 4, 3, 3])
        .node(
            "Conv",
            &["a", "w2"],
            "b",
            vec![ints("pads", &[1; 4]), ints("strides", &[2, 2])],
        )
        .weights("w3", &[6, 4, 1, 1])
        .node("Conv", &["x", "w3"], "c", vec![ints("strides", &[2, 2])])
        .node("Add", &["b", "c"], "y", vec![]);
    let onnx = with_head(onnx, 6);
    let model = assert_agrees(&onnx);
    assert_says(&run(&onnx).unwrap().1, "stem (x)", "copied exactly");
    let folded = model.fold().unwrap();
    let trace = reference::run(&model.architecture, &folded, &[77; 8 * 8 * 3]).unwrap();
    assert_eq!(trace.layers[0].out, trace.layers[1].out);
    let reads: Vec<Vec<usize>> = (model.architecture.layers.iter())
        .map(|layer| layer.op.inputs().iter().map(|input| input.0).collect())
        .collect();
    assert_eq!(reads[..5], [vec![0], vec![1], vec![1], vec![3], vec![2]]);
    assert_eq!(reads[5], [4, 5]);
}
