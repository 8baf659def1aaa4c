//! What exporters write besides: each spelling agrees with the float run, and the report says what became of it.

use super::import_support::networks::*;
use super::import_support::*;
use assay_prover::import::{ImportOptions, ImportReport};
use tract_onnx::pb;
use tract_onnx::pb::tensor_shape_proto::dimension::Value;

/// Asserts that the network becomes the same model as another one, and returns the report.
pub(crate) fn assert_same(onnx: &Onnx, plain: &Onnx) -> ImportReport {
    let (model, report) = run(onnx).unwrap();
    assert!(model == run(plain).unwrap().0, "another model");
    report
}

fn open(onnx: &mut Onnx, place: usize, name: Option<&str>) {
    let kind = onnx.graph().input[0].r#type.as_mut().unwrap().value.as_mut();
    let Some(pb::type_proto::Value::TensorType(tensor)) = kind else {
        panic!("a tensor");
    };
    tensor.shape.as_mut().unwrap().dim[place].value = name.map(|name| Value::DimParam(name.into()));
}

#[test]
fn open_batch_is_one_image() {
    for name in [Some("N"), None] {
        let mut onnx = base();
        open(&mut onnx, 0, name);
        assert_says(&assert_same(&onnx, &base()), "image", "one is read");
    }
}

#[test]
fn open_height_and_width_are_those_asked_for() {
    let mut onnx = base();
    open(&mut onnx, 2, Some("height"));
    assert_refused(onnx, &["input image", "no height", "--input-size"]);
    let mut onnx = base();
    open(&mut onnx, 3, None);
    let sized = |size| ImportOptions {
        input_size: Some(size),
        ..ImportOptions::default()
    };
    let (model, report) = run_with(&onnx, &sized([8, 8])).unwrap();
    assert!(model == run(&base()).unwrap().0);
    assert_says(&report, "image", "any width: 8");
    let refused = run_with(&onnx, &sized([9, 8])).unwrap_err().to_string();
    assert!(refused.contains("has a height of its own, which is not 9"), "{refused}");
}

#[test]
fn all_operator_sets_are_read_alike() {
    let (expected, _) = run(&base()).unwrap();
    for opset in 11..=23 {
        let (model, _) = run(&base().opset(opset)).unwrap_or_else(|e| panic!("{opset}: {e}"));
        assert!(model == expected, "operator set {opset}");
    }
}

#[test]
fn what_keeps_the_classes_in_order_is_dropped_at_the_end() {
    for (op, attributes) in [
        ("Softmax", vec![]),
        ("Softmax", vec![int("axis", 1)]),
        ("LogSoftmax", vec![int("axis", -1)]),
        ("ArgMax", vec![int("axis", 1), int("keepdims", 0)]),
    ] {
        let onnx = base().node(op, &["logits"], "end", attributes).output("end", 5);
        assert_says(&assert_same(&onnx, &base()), &format!("end ({op})"), "dropped");
    }
    let both = base()
        .node("Softmax", &["logits"], "shares", vec![])
        .node("ArgMax", &["shares"], "class", vec![int("axis", 1)])
        .output("class", 1);
    assert_eq!(assert_same(&both, &base()).changes.len(), 3);
    let wrong = base().node("Softmax", &["logits"], "end", vec![int("axis", 0)]);
    assert_refused(wrong.output("end", 5), &["node end (Softmax)", "over axis 0"]);
    let map = stem().node("Softmax", &["x"], "y", vec![int("axis", 1)]);
    assert_refused(with_head(map, 4), &["node y (Softmax)", "over axis 1"]);
    let class_of_class = base()
        .node("ArgMax", &["logits"], "class", vec![int("axis", 1)])
        .node("Cast", &["class"], "whole", vec![int("to", 6)])
        .node("ArgMax", &["whole"], "end", vec![int("axis", 1)]);
    assert_refused(
        class_of_class.output("end", 1),
        &["node end (ArgMax)", "what follows is no class"],
    );
    let whole = base().node("ArgMax", &["logits"], "class", vec![int("axis", 1)]).node(
        "Cast",
        &["class"],
        "end",
        vec![int("to", 6)],
    );
    assert_same(&whole.output("end", 1), &base());
    let last = base().node(
        "ArgMax",
        &["logits"],
        "end",
        vec![int("axis", 1), int("select_last_index", 1)],
    );
    assert_refused(last.output("end", 1), &["node end", "select_last_index"]);
    let middle = stem()
        .node("GlobalAveragePool", &["x"], "pooled", vec![])
        .node("Softmax", &["pooled"], "shares", vec![int("axis", 1)])
        .weights("w", &[5, 4, 1, 1])
        .node("Conv", &["shares", "w"], "logits", vec![])
        .output("logits", 5);
    assert_refused(middle, &["node logits (Conv)", "goes on after shares (Softmax)"]);
}

#[test]
fn factors_of_a_product_are_in_its_weights_and_bias() {
    let features = || {
        stem()
            .node("GlobalAveragePool", &["x"], "p", vec![])
            .node("Flatten", &["p"], "f", vec![])
            .weights("w", &[5, 4])
            .uniform("b", &[5], -1.0, 1.0)
    };
    let gemm = |attributes| {
        features()
            .node("Gemm", &["f", "w", "b"], "logits", attributes)
            .output("logits", 5)
    };
    let onnx = gemm(vec![int("transB", 1), float("alpha", 0.5), float("beta", -2.0)]);
    assert_agrees(&onnx);
    assert_says(&run(&onnx).unwrap().1, "logits (Gemm)", "alpha 0.5 and beta -2");
    assert_refused(
        gemm(vec![int("transB", 1), float("alpha", f32::NAN)]),
        &["node logits", "not finite"],
    );
    assert_refused(
        gemm(vec![int("transB", 1), int("transA", 1)]),
        &["node logits", "transA"],
    );
}

#[test]
fn biases_with_sizes_of_one_around_them_are_lists() {
    let with_bias = |dims: &[i64]| {
        let onnx = stem().weights("w", &[6, 4, 1, 1]).uniform("b", dims, -0.5, 0.5).node(
            "Conv",
            &["x", "w", "b"],
            "y",
            vec![],
        );
        with_head(onnx, 6)
    };
    for dims in [[1, 6].as_slice(), &[1, 6, 1, 1], &[6, 1, 1]] {
        assert_says(&assert_same(&with_bias(dims), &with_bias(&[6])), "b", "read as [6]");
    }
    assert_refused(with_bias(&[2, 3]), &["node y (Conv)", "input b has shape [2, 3]"]);
    assert_refused(with_bias(&[1, 5]), &["node y (Conv)", "expected [6]"]);
}

#[test]
fn constants_beside_a_tensor_are_folded() {
    let conv = || {
        stem()
            .weights("w", &[6, 4, 1, 1])
            .uniform("each", &[6, 1, 1], 0.5, 2.0)
            .floats("all", &[1], vec![0.75])
            .node("Conv", &["x", "w"], "c", vec![])
    };
    for (op, inputs) in [
        ("Mul", ["c", "each"]),
        ("Mul", ["all", "c"]),
        ("Sub", ["c", "each"]),
        ("Sub", ["each", "c"]),
        ("Div", ["c", "each"]),
        ("Add", ["all", "c"]),
    ] {
        let onnx = with_head(conv().node(op, &inputs, "y", vec![]), 6);
        assert_agrees(&onnx);
        assert_says(&run(&onnx).unwrap().1, &format!("1 {op}"), "folded");
    }
    let divided = conv().node("Div", &["each", "c"], "y", vec![]);
    assert_refused(with_head(divided, 6), &["node y (Div)", "divides by what is computed"]);
    let product = conv().node("Mul", &["c", "c"], "y", vec![]);
    assert_refused(with_head(product, 6), &["node y (Mul)", "no constant input"]);
    let by_zero = conv()
        .floats("zeros", &[6, 1, 1], vec![1.0, 1.0, 0.0, 1.0, 1.0, 1.0])
        .node("Div", &["c", "zeros"], "y", vec![]);
    assert_refused(with_head(by_zero, 6), &["node y (Div)", "0 in channel 2"]);
    let wrong = conv()
        .uniform("rows", &[8, 1], 0.5, 1.0)
        .node("Mul", &["c", "rows"], "y", vec![]);
    assert_refused(with_head(wrong, 6), &["node y (Mul)", "one number per channel"]);
}

#[test]
fn a_network_of_grey_images_reads_the_green_channel() {
    let grey = |dims: &[i64], normalise: bool| {
        let mut onnx = Onnx::new(8, 8)
            .floats("mean", &[1], vec![0.4])
            .weights("w", &[4, 1, 3, 3])
            .uniform("b", &[4], 0.0, 0.5);
        let mut read = "image";
        if dims[1] != 1 {
            onnx = onnx.node("Transpose", &[read], "first", vec![ints("perm", &[0, 3, 1, 2])]);
            read = "first";
        }
        if normalise {
            onnx = onnx.node("Sub", &[read, "mean"], "centred", vec![]);
            read = "centred";
        }
        let mut onnx = onnx
            .node("Conv", &[read, "w", "b"], "c", vec![ints("pads", &[1, 1, 1, 1])])
            .node("Relu", &["c"], "y", vec![]);
        onnx.graph().input[0] = value_info("image", dims);
        with_head(onnx, 4)
    };
    // The calibration images have other values in every channel.
    for (dims, normalise) in [([1, 1, 8, 8], false), ([1, 8, 8, 1], false), ([1, 1, 8, 8], true)] {
        let onnx = grey(&dims, normalise);
        let model = assert_agrees(&onnx);
        assert_eq!(model.architecture.input.c, 3);
        assert_says(&run(&onnx).unwrap().1, "image", "green");
    }
    let mut averaged = Onnx::new(8, 8)
        .node(
            "AveragePool",
            &["image"],
            "a",
            vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])],
        )
        .weights("w", &[4, 1, 3, 3])
        .node("Conv", &["a", "w"], "y", vec![ints("pads", &[1, 1, 1, 1])]);
    averaged.graph().input[0] = value_info("image", &[1, 1, 8, 8]);
    assert_agrees(&with_head(averaged, 4));
    let mut pooled = Onnx::new(8, 8).node("GlobalAveragePool", &["image"], "y", vec![]);
    pooled.graph().input[0] = value_info("image", &[1, 1, 8, 8]);
    assert_refused(with_head(pooled, 1), &["node y", "reads the grey image"]);
}

#[test]
fn a_normalised_image_is_padded_with_the_networks_zero() {
    let normalised = |mean: [f32; 3]| {
        let onnx = Onnx::new(8, 8)
            .floats("mean", &[1, 3, 1, 1], mean.to_vec())
            .floats("deviation", &[3, 1, 1], vec![0.229, 0.224, 0.225])
            .node("Sub", &["image", "mean"], "centred", vec![])
            .node("Div", &["centred", "deviation"], "normal", vec![])
            .weights("w", &[4, 3, 3, 3])
            .node("Conv", &["normal", "w"], "c", vec![ints("pads", &[1, 1, 1, 1])])
            .node("Relu", &["c"], "y", vec![]);
        with_head(onnx, 4)
    };
    // Padding with any one byte would be wrong by up to a third of the range here.
    let onnx = normalised([0.485, 0.1, 0.9]);
    let model = assert_agrees(&onnx);
    assert_eq!(model.architecture.layers.len(), 4);
    let (_, report) = run(&onnx).unwrap();
    assert_says(&report, "centred (Sub)", "layer of its own");
    assert_says(&report, "1 Div", "folded");
}

/// The network with the constant `w` in another type, whose elements are rounded to it.
fn with_type(data_type: DataType, raw: bool) -> (Onnx, Onnx) {
    let (mut typed, mut plain) = (base(), base());
    let of = |onnx: &mut Onnx| {
        let all = &mut onnx.graph().initializer;
        all.iter().position(|tensor| tensor.name == "w").unwrap()
    };
    let place = of(&mut typed);
    let values = plain.graph().initializer[place].float_data.clone();
    let tensor = &mut typed.graph().initializer[place];
    tensor.float_data.clear();
    tensor.data_type = data_type as i32;
    let (bytes, rounded): (Vec<Vec<u8>>, Vec<f32>) = values
        .iter()
        .map(|value| match data_type {
            DataType::Double => (f64::from(*value).to_le_bytes().to_vec(), *value),
            DataType::Float16 => {
                let half = half::f16::from_f32(*value);
                (half.to_le_bytes().to_vec(), half.to_f32())
            }
            _ => {
                let half = half::bf16::from_f32(*value);
                (half.to_le_bytes().to_vec(), half.to_f32())
            }
        })
        .unzip();
    if raw {
        tensor.raw_data = bytes.concat();
    } else if data_type == DataType::Double {
        tensor.double_data = values.iter().map(|value| f64::from(*value)).collect();
    } else {
        let words = bytes
            .iter()
            .map(|bytes| i32::from(u16::from_le_bytes([bytes[0], bytes[1]])));
        tensor.int32_data = words.collect();
    }
    plain.graph().initializer[place].float_data = rounded;
    (typed, plain)
}

#[test]
fn other_float_types_are_read_as_float32() {
    for data_type in [DataType::Float16, DataType::Bfloat16, DataType::Double] {
        for raw in [false, true] {
            let (typed, plain) = with_type(data_type, raw);
            let report = assert_same(&typed, &plain);
            let name = data_type.as_str_name().to_lowercase();
            assert_says(&report, &format!("1 constants of {name}"), "float32");
        }
    }
    let (mut odd, _) = with_type(DataType::Float16, true);
    let tensor = odd
        .graph()
        .initializer
        .iter_mut()
        .find(|tensor| tensor.name == "w")
        .unwrap();
    tensor.raw_data.pop();
    assert_refused(odd, &["constant w", "whole number of elements"]);
    let (mut huge, _) = with_type(DataType::Double, false);
    let tensor = huge
        .graph()
        .initializer
        .iter_mut()
        .find(|tensor| tensor.name == "w")
        .unwrap();
    tensor.double_data[3] = 1e300;
    assert_refused(huge, &["constant w", "element 3", "finite"]);
}

#[test]
fn casts_between_float_types_are_other_names() {
    let half = i64::from(DataType::Float16 as i32);
    let cast = |to| with_head(stem().node("Cast", &["x"], "y", vec![int("to", to)]), 4);
    let plain = with_head(stem().node("Identity", &["x"], "y", vec![]), 4);
    assert_same(&cast(half), &plain);
    assert_same(&cast(1), &plain);
    assert_refused(cast(3), &["node y (Cast)", "element type 3"]);
}

#[test]
fn nodes_in_any_order_are_one_network_and_a_cycle_is_named() {
    let mut reversed = base();
    reversed.graph().node.reverse();
    assert_says(&assert_same(&reversed, &base()), "nodes", "sorted");
    let mut cycle = base();
    cycle.graph().node[0].input[0] = "conv".into();
    assert_refused(cycle, &["node ", "cycle", "its own output"]);
    let mut own = base();
    own.graph().node[2].input[0] = "conv".into();
    assert_refused(own, &["node conv", "own output conv"]);
}

#[test]
fn channels_that_move_back_and_forth_are_where_they_were() {
    let last = || ints("perm", &[0, 2, 3, 1]);
    let first = || ints("perm", &[0, 3, 1, 2]);
    // As TensorFlow's files have it: activations behind transposes, a mean over rows and columns of channels-last maps.
    let mut onnx = Onnx::new(8, 8)
        .node("Transpose", &["image"], "nchw", vec![first()])
        .weights("w1", &[4, 3, 3, 3])
        .uniform("b1", &[4], 0.0, 1.0)
        .node("Conv", &["nchw", "w1", "b1"], "c1", vec![ints("pads", &[1, 1, 1, 1])])
        .node("Transpose", &["c1"], "t1", vec![last()])
        .uniform("shift", &[4], -0.5, 0.5)
        .node("Add", &["t1", "shift"], "a1", vec![])
        .node("Relu", &["a1"], "r1", vec![])
        .node("Transpose", &["r1"], "t2", vec![first()])
        .node("Transpose", &["t2"], "same", vec![ints("perm", &[0, 1, 2, 3])])
        .weights("w2", &[4, 1, 3, 3])
        .node(
            "Conv",
            &["same", "w2"],
            "c2",
            vec![ints("pads", &[1, 1, 1, 1]), int("group", 4)],
        )
        .node("Transpose", &["c2"], "t3", vec![last()])
        .node("Add", &["t3", "r1"], "sum", vec![])
        .node(
            "ReduceMean",
            &["sum"],
            "features",
            vec![ints("axes", &[1, 2]), int("keepdims", 0)],
        )
        .weights("w", &[5, 4])
        .node("Gemm", &["features", "w"], "logits", vec![int("transB", 1)])
        .output("logits", 5);
    onnx.graph().input[0] = value_info("image", &[1, 8, 8, 3]);
    let model = assert_agrees(&onnx);
    assert_eq!(model.architecture.layers.len(), 5);
    onnx.graph().node[0].op_type = "Identity".into();
    onnx.graph().node[0].attribute.clear();
    assert_refused(onnx, &["node c1 (Conv)", "channels last", "Transpose"]);
    let other = stem().node("Transpose", &["x"], "y", vec![ints("perm", &[0, 1, 3, 2])]);
    assert_refused(with_head(other, 4), &["node y (Transpose)", "only channels may move"]);
}

#[test]
fn sizes_computed_in_the_graph_are_those_of_the_tensor() {
    let onnx = stem()
        .node("GlobalAveragePool", &["x"], "pooled", vec![])
        .node("Shape", &["pooled"], "sizes", vec![])
        .node("Constant", &[], "first", vec![int("value_int", 0)])
        .node("Gather", &["sizes", "first"], "batch", vec![int("axis", 0)])
        .integers("axes", vec![0])
        .node("Unsqueeze", &["batch", "axes"], "list", vec![])
        .integers("rest", vec![-1])
        .node("Concat", &["list", "rest"], "target", vec![int("axis", 0)])
        .node("Cast", &["target"], "whole", vec![int("to", 7)])
        .node("Reshape", &["pooled", "whole"], "features", vec![])
        .weights("w", &[5, 4])
        .node("Gemm", &["features", "w"], "logits", vec![int("transB", 1)])
        .output("logits", 5);
    let mut opened = onnx;
    open(&mut opened, 0, Some("N"));
    assert_agrees(&opened);
    let outside = base()
        .node("Shape", &["y"], "sizes", vec![])
        .integers("four", vec![4])
        .node("Gather", &["sizes", "four"], "none", vec![]);
    assert_refused(outside, &["node none (Gather)", "takes [4] of 4"]);
    let mut matrix = base()
        .integers("matrix", vec![1, 2, 3, 4])
        .integers("one", vec![1])
        .node("Gather", &["matrix", "one"], "row", vec![]);
    let constants = &mut matrix.graph().initializer;
    constants
        .iter_mut()
        .find(|tensor| tensor.name == "matrix")
        .unwrap()
        .dims = vec![2, 2];
    assert_refused(matrix, &["node row (Gather)", "expected a list"]);
    let mixed = stem()
        .integers("sizes", vec![1, 4])
        .node("Concat", &["sizes", "x"], "y", vec![int("axis", 1)]);
    assert_refused(with_head(mixed, 4), &["node y (Concat)", "input sizes is a constant"]);
}

/// Behind a clip, behind a sum, and of a tensor that others read besides.
#[test]
fn affine_maps_and_clips_that_no_convolution_takes_are_layers_of_their_own() {
    let six = stem().node("Add", &["x", "six"], "y", vec![]);
    assert_agrees(&with_head(six, 4));
    let shared = || {
        stem()
            .weights("w", &[4, 4, 1, 1])
            .node("Conv", &["x", "w"], "c", vec![])
            .node("Relu", &["c"], "r", vec![])
            .node("Add", &["c", "r"], "s", vec![])
    };
    let onnx = with_head(shared().node("Identity", &["s"], "y", vec![]), 4);
    assert_agrees(&onnx);
    assert_says(&run(&onnx).unwrap().1, "r (Relu)", "a layer of its own");
    let normed = shared()
        .uniform("scale", &[4, 1, 1], -1.5, 1.5)
        .node("Mul", &["s", "scale"], "m", vec![])
        .node("Relu", &["m"], "y", vec![]);
    let onnx = with_head(normed, 4);
    let model = assert_agrees(&onnx);
    assert_says(&run(&onnx).unwrap().1, "m (Mul)", "a layer of its own");
    assert_eq!(model.architecture.layers.len(), 7);
}

/// As SqueezeNet does.
#[test]
fn an_average_of_a_small_map_may_be_the_end() {
    let squeezed = |stride| {
        stem()
            .weights("w", &[5, 4, 3, 3])
            .node(
                "Conv",
                &["x", "w"],
                "conv",
                vec![ints("pads", &[1, 1, 1, 1]), ints("strides", &[stride, stride])],
            )
            .node("Relu", &["conv"], "y", vec![])
            .node("GlobalAveragePool", &["y"], "pooled", vec![])
            .node("Flatten", &["pooled"], "logits", vec![])
            .output("logits", 5)
    };
    assert_agrees(&squeezed(2));
    let (_, report) = run(&squeezed(2)).unwrap();
    assert_says(&report, "pooled (GlobalAveragePool)", "with equal weights");
    assert_refused(
        squeezed(1),
        &["node pooled (GlobalAveragePool)", "over a map of 8x8", "up to 7x7"],
    );
    let added = base().node("Add", &["logits", "logits"], "end", vec![]);
    assert_refused(added.output("end", 5), &["node end (Add)", "is the output"]);
}
