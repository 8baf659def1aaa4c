//! Convolutions: what agrees with the float run, and what is refused.

use super::import_support::networks::*;
use super::import_support::*;
use assay_prover::model::{Op, Padding};

/// The base network with another second convolution.
fn conv_with(dims: &[i64], attributes: Vec<tract_onnx::pb::AttributeProto>) -> Onnx {
    let onnx = stem().weights("w", dims).node("Conv", &["x", "w"], "y", attributes);
    with_head(onnx, dims[0])
}

#[test]
fn every_kind_of_convolution_and_padding_agrees_with_the_float_run() {
    let dense: &[i64] = &[6, 4, 3, 3];
    let depthwise: &[i64] = &[4, 1, 3, 3];
    let pointwise: &[i64] = &[6, 4, 1, 1];
    let same = || text("auto_pad", "SAME_UPPER");
    let cases = [
        (dense, vec![ints("pads", &[1, 1, 1, 1])], Padding::ONE),
        (
            dense,
            vec![ints("pads", &[1, 1, 1, 1]), ints("strides", &[2, 2])],
            Padding::ONE,
        ),
        (
            dense,
            vec![ints("pads", &[0, 0, 1, 1]), ints("strides", &[2, 2])],
            Padding::SAME_STRIDE_2,
        ),
        (dense, vec![same(), ints("kernel_shape", &[3, 3])], Padding::ONE),
        (
            dense,
            vec![same(), ints("kernel_shape", &[3, 3]), ints("strides", &[2, 2])],
            Padding::SAME_STRIDE_2,
        ),
        (
            depthwise,
            vec![ints("pads", &[1, 1, 1, 1]), int("group", 4)],
            Padding::ONE,
        ),
        (
            depthwise,
            vec![ints("pads", &[1, 1, 1, 1]), int("group", 4), ints("strides", &[2, 2])],
            Padding::ONE,
        ),
        (
            depthwise,
            vec![ints("pads", &[0, 0, 1, 1]), int("group", 4), ints("strides", &[2, 2])],
            Padding::SAME_STRIDE_2,
        ),
        (
            &[6, 2, 3, 3],
            vec![ints("pads", &[1, 1, 1, 1]), int("group", 2)],
            Padding::ONE,
        ),
        (
            &[8, 1, 3, 3],
            vec![ints("pads", &[1, 1, 1, 1]), int("group", 4)],
            Padding::ONE,
        ),
        (&[6, 2, 1, 1], vec![int("group", 2)], Padding::NONE),
        (&[4, 1, 1, 1], vec![int("group", 4)], Padding::NONE),
        (
            &[6, 4, 5, 5],
            vec![ints("pads", &[2, 2, 2, 2])],
            Padding {
                top: 2,
                left: 2,
                bottom: 2,
                right: 2,
            },
        ),
        (
            &[6, 4, 7, 7],
            vec![ints("pads", &[3, 0, 2, 1]), ints("strides", &[2, 2])],
            Padding {
                top: 3,
                left: 0,
                bottom: 2,
                right: 1,
            },
        ),
        (
            &[4, 1, 2, 5],
            vec![int("group", 4), ints("strides", &[2, 2])],
            Padding::NONE,
        ),
        (dense, vec![], Padding::NONE),
        (
            dense,
            vec![ints("pads", &[0, 0, 1, 1])],
            Padding {
                top: 0,
                left: 0,
                bottom: 1,
                right: 1,
            },
        ),
        (
            dense,
            vec![text("auto_pad", "SAME_LOWER"), ints("strides", &[2, 2])],
            Padding {
                top: 1,
                left: 1,
                bottom: 0,
                right: 0,
            },
        ),
        (
            &[6, 4, 4, 4],
            vec![text("auto_pad", "SAME_LOWER")],
            Padding {
                top: 2,
                left: 2,
                bottom: 1,
                right: 1,
            },
        ),
        (
            &[6, 4, 4, 4],
            vec![same()],
            Padding {
                top: 1,
                left: 1,
                bottom: 2,
                right: 2,
            },
        ),
        (dense, vec![text("auto_pad", "VALID")], Padding::NONE),
        (pointwise, vec![], Padding::NONE),
        (
            pointwise,
            vec![text("auto_pad", "VALID"), ints("dilations", &[1, 1])],
            Padding::NONE,
        ),
    ];
    for (dims, attributes, pad) in cases {
        for bias in [false, true] {
            let inputs: &[&str] = if bias { &["x", "w", "b"] } else { &["x", "w"] };
            let onnx = stem().weights("w", dims).uniform("b", &dims[..1], -0.5, 0.5).node(
                "Conv",
                inputs,
                "y",
                attributes.clone(),
            );
            let model = assert_agrees(&with_head(onnx, dims[0]));
            match &model.architecture.layers[1].op {
                Op::Conv(conv) => assert_eq!(conv.pad, pad),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn unsupported_convolutions_are_refused_with_the_nodes_name() {
    let pads = || ints("pads", &[1, 1, 1, 1]);
    let dense: &[i64] = &[4, 4, 3, 3];
    assert_refused(
        conv_with(dense, vec![pads(), ints("dilations", &[2, 2])]),
        &["node y", "dilations"],
    );
    for groups in [3, 8, -1, i64::MAX] {
        let onnx = conv_with(&[4, 2, 3, 3], vec![pads(), int("group", groups)]);
        assert_refused(onnx, &["node y", "group", "must divide the 4 channels"]);
    }
    assert_refused(
        conv_with(&[4, 4, 3, 3], vec![pads(), int("group", 2)]),
        &["node y", "weights read 4 channels", "4 in 2 groups"],
    );
    assert_refused(conv_with(dense, vec![pads(), int("group", 0)]), &["node y", "group"]);
    assert_refused(
        conv_with(dense, vec![pads(), ints("strides", &[3, 3])]),
        &["node y", "strides"],
    );
    assert_refused(
        conv_with(dense, vec![pads(), ints("strides", &[1, 2])]),
        &["node y", "strides"],
    );
    for pads in [
        &[1, 1][..],
        &[3, 0, 0, 0],
        &[0, 0, 0, -1],
        &[-1, 1, 1, 1, 1],
        &[i64::MAX; 4],
    ] {
        assert_refused(
            conv_with(dense, vec![ints("pads", pads)]),
            &["node y", "pads", "below the kernel's, 3x3"],
        );
    }
    assert_refused(
        conv_with(&[4, 4, 8, 1], vec![]),
        &["node y", "8x1 kernel", "1 to 7 rows and columns"],
    );
    assert_refused(
        conv_with(dense, vec![text("auto_pad", "SAME")]),
        &["node y", "auto_pad", "SAME_UPPER"],
    );
    assert_refused(conv_with(&[4, 5, 3, 3], vec![pads()]), &["node y", "5 channels", "4"]);
    assert_refused(conv_with(&[4, 4, 3], vec![pads()]), &["node y", "four sizes"]);
    assert_refused(
        conv_with(dense, vec![pads(), int("surprise", 1)]),
        &["node y", "surprise"],
    );
    assert_refused(
        conv_with(dense, vec![pads(), ints("kernel_shape", &[1, 1])]),
        &["node y", "kernel_shape"],
    );
    assert_refused(
        conv_with(dense, vec![int("pads", 1)]),
        &["node y", "pads", "not a list"],
    );
    let narrow = stem()
        .weights("w1", &[4, 4, 7, 7])
        .weights("w2", dense)
        .node("Conv", &["x", "w1"], "a", vec![])
        .node("Conv", &["a", "w2"], "y", vec![]);
    assert_refused(
        with_head(narrow, 4),
        &["node y", "3x3 kernel", "larger than 4x2x2 with its padding"],
    );
}
