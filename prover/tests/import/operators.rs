//! Operators on integers, one node where other files have four: what they compute is what stands between the scales that they name.

use crate::import_support::networks::{assert_refused, run};
use crate::import_support::{float, int, DataType, Onnx};
use crate::scales::{assert_close, bytes, constant, node, scalar, small, with};
use assay_prover::import::ImportError;
use assay_prover::model::{ConvKind, Kernel, LayerParams, Model, Op};
use tract_onnx::pb::{AttributeProto, NodeProto};

/// Scale and zero point of the classifier's input, weights and output in [`small`].
const IN: f64 = 0.02;
const WEIGHTS: f64 = 0.02;
const OUT: f64 = 0.03;

/// [`small`] with a classifier on integers, which makes `logits_q`; `v_zero` is the zero point of its weights.
fn with_classifier(op: &str, domain: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> Onnx {
    with(|onnx| {
        bytes(onnx, "v_zero", &[], DataType::Int8, vec![0]);
        node(onnx, "f").input[0] = "p_q".into();
        let gone = ["logits_q", "p_d", "v_d"];
        onnx.graph().node.retain(|node| !gone.contains(&node.name.as_str()));
        let classifier = node(onnx, "g");
        (classifier.op_type, classifier.domain) = (op.into(), domain.into());
        classifier.input = inputs.iter().map(|name| (*name).into()).collect();
        classifier.output = vec!["logits_q".into()];
        classifier.attribute = attributes;
    })
}

/// Turns the weights of the classifier from `[classes, inputs]` around.
fn transpose(onnx: &mut Onnx) {
    let weights = constant(onnx, "v");
    let rows: Vec<u8> = std::mem::take(&mut weights.raw_data);
    weights.dims = vec![4, 5];
    weights.raw_data = (0..4)
        .flat_map(|input| rows.iter().skip(input).step_by(4))
        .copied()
        .collect();
}

const FACTORS: [&str; 8] = [
    "f",
    "p_scale",
    "p_zero",
    "v",
    "v_scale",
    "v_zero",
    "logits_scale",
    "logits_zero",
];

fn product() -> Onnx {
    let mut onnx = with_classifier("QLinearMatMul", "", &FACTORS, vec![]);
    transpose(&mut onnx);
    onnx
}

/// A QGemm whose weights are transposed, with a bias or without.
fn gemm(bias: Option<[i32; 5]>, alpha: Option<f32>) -> Onnx {
    let mut inputs = FACTORS.to_vec();
    inputs.insert(6, if bias.is_some() { "c" } else { "" });
    let mut attributes = vec![int("transB", 1)];
    attributes.extend(alpha.map(|alpha| float("alpha", alpha)));
    let mut onnx = with_classifier("QGemm", "com.microsoft", &inputs, attributes);
    if let Some(bias) = bias {
        let raw = bias.iter().flat_map(|b| b.to_le_bytes()).collect();
        bytes(&mut onnx, "c", &[5], DataType::Int32, raw);
    }
    onnx
}

fn model(onnx: &Onnx) -> Model {
    let (model, report) = run(onnx).unwrap_or_else(|e| panic!("{e}"));
    assert_close(&report);
    model
}

#[test]
fn a_product_on_integers_is_the_classifier_between_numbers() {
    let plain = model(&small());
    assert_eq!(model(&product()), plain);
    assert_eq!(model(&gemm(None, None)), plain);
    // A scale for each column, the same integers for other numbers.
    let mut columns = product();
    let scale = constant(&mut columns, "v_scale");
    (scale.dims, scale.float_data) = (vec![5], vec![0.02, 0.04, 0.02, 0.02, 0.01]);
    let zero = constant(&mut columns, "v_zero");
    (zero.dims, zero.raw_data) = (vec![5], vec![0; 5]);
    let (LayerParams::Scaled(columns), LayerParams::Scaled(plain)) = (
        model(&columns).params.pop().unwrap(),
        plain.params.last().unwrap().clone(),
    ) else {
        panic!("not scaled")
    };
    for (class, factor) in [1.0, 2.0, 1.0, 1.0, 0.5].into_iter().enumerate() {
        let rows = columns.weights[4 * class..]
            .iter()
            .zip(&plain.weights[4 * class..])
            .take(4);
        for (with, without) in rows {
            assert!(
                (f64::from(*with) - factor * f64::from(*without)).abs() <= 1.0,
                "{class}: {with} {without}"
            );
        }
    }
}

#[test]
fn products_on_integers_of_other_shapes_or_scales_are_refused() {
    let mut turned = product();
    constant(&mut turned, "v").dims = vec![5, 4];
    assert_refused(
        turned,
        &["node g (MatMul)", "weights map 5 numbers to 4, the input has 4"],
    );
    let mut rows = product();
    let scale = constant(&mut rows, "v_scale");
    (scale.dims, scale.float_data) = (vec![4], vec![0.02; 4]);
    let zero = constant(&mut rows, "v_zero");
    (zero.dims, zero.raw_data) = (vec![4], vec![0; 4]);
    assert_refused(rows, &["node g", "4 scales along an axis of [4, 5]"]);
    let mut computed = product();
    let classifier = node(&mut computed, "g");
    for place in 0..3 {
        classifier.input[3 + place] = classifier.input[place].clone();
    }
    assert_refused(computed, &["node g (MatMul)", "is computed, expected a constant"]);
}

/// Weights and bias from their definition: `alpha` times the product of both, and the bias in units of `alpha` times the product of both scales.
#[test]
fn the_alpha_of_a_product_on_integers_is_in_its_weights_and_its_bias() {
    let integers: Vec<i8> = constant(&mut small(), "v").raw_data.iter().map(|w| *w as i8).collect();
    let bias = [700, -1200, 0, 33, -5];
    for alpha in [1.0, 0.5, 3.0, 0.7f32] {
        for given in [None, Some(bias)] {
            let (model, _) = run(&gemm(given, Some(alpha))).unwrap();
            let LayerParams::Scaled(params) = model.params.last().unwrap() else {
                panic!("not scaled")
            };
            let unit = f64::from(1 << 16) * f64::from(alpha) * IN * WEIGHTS / OUT;
            for (found, w) in params.weights.iter().zip(&integers) {
                assert!(
                    (f64::from(*found) - unit * f64::from(*w)).abs() < 0.51,
                    "{alpha}: {found} for {w}"
                );
            }
            for (found, b) in params.bias.iter().zip(given.unwrap_or_default()) {
                // The scale of the bias is a float32.
                let exact = unit * f64::from(b);
                assert!(
                    (*found as f64 - exact).abs() < 0.51 + 1e-6 * exact.abs(),
                    "{alpha}: {found} for {b}"
                );
            }
        }
    }
}

#[test]
fn an_alpha_that_no_scale_can_have_is_refused() {
    let bias = Some([1, 2, 3, 4, 5]);
    for alpha in [0.0, -0.5] {
        assert_refused(
            gemm(bias, Some(alpha)),
            &["node g", "bias scale is", "expected a positive number"],
        );
    }
    for alpha in [f32::NAN, f32::INFINITY] {
        assert!(run(&gemm(bias, Some(alpha))).is_err(), "{alpha}");
        assert_refused(
            gemm(None, Some(alpha)),
            &["node g", "alpha or a beta that is not finite"],
        );
    }
    // Without a bias there is only a product.
    model(&gemm(None, Some(-0.5)));
}

/// Behind the first layer, whose output it reads and whose readers read it.
fn with_factor(inputs: &[&str]) -> Onnx {
    with(|onnx| {
        scalar(onnx, "k_scale", 0.011);
        scalar(onnx, "m_scale", 0.024);
        bytes(onnx, "k", &[4, 1, 1], DataType::Uint8, vec![10, 110, 200, 255]);
        bytes(onnx, "k_zero", &[], DataType::Uint8, vec![100]);
        bytes(onnx, "m_zero", &[], DataType::Uint8, vec![128]);
        let product = NodeProto {
            op_type: "QLinearMul".into(),
            domain: "com.microsoft".into(),
            name: "m".into(),
            input: inputs.iter().map(|name| (*name).into()).collect(),
            output: vec!["m_q".into()],
            ..Default::default()
        };
        let place = onnx.graph().node.iter().position(|node| node.name == "y_d").unwrap();
        onnx.graph().node.insert(place, product);
        let read = node(onnx, "y_d");
        read.input = ["m_q", "m_scale", "m_zero"].map(str::to_owned).into();
    })
}

const TENSOR: [&str; 3] = ["y_q", "y_scale", "y_zero"];
const FACTOR: [&str; 3] = ["k", "k_scale", "k_zero"];
const RESULT: [&str; 2] = ["m_scale", "m_zero"];

#[test]
fn a_factor_for_each_channel_is_a_layer_on_either_side() {
    let [behind, before] = [[TENSOR, FACTOR], [FACTOR, TENSOR]].map(|[lhs, rhs]| {
        let inputs: Vec<&str> = lhs.into_iter().chain(rhs).chain(RESULT).collect();
        model(&with_factor(&inputs))
    });
    assert_eq!(behind, before);
    let each = ConvKind::Depthwise(Kernel { h: 1, w: 1 });
    assert!(matches!(&behind.architecture.layers[1].op, Op::Conv(conv) if conv.kind == each));
    let LayerParams::Scaled(params) = &behind.params[1] else {
        panic!("not scaled")
    };
    let factors = [10.0, 110.0, 200.0, 255.0].map(|k| (k - 100.0) * 0.011 * 0.02 / 0.024 * 65536.0);
    for (found, exact) in params.weights.iter().zip(factors) {
        assert!((f64::from(*found) - exact).abs() < 0.51, "{found} for {exact}");
    }
}

#[test]
fn a_factor_that_is_computed_is_refused() {
    let inputs: Vec<&str> = TENSOR.into_iter().chain(TENSOR).chain(RESULT).collect();
    assert_refused(with_factor(&inputs), &["node m (Mul)", "has no constant input"]);
    let inputs: Vec<&str> = FACTOR.into_iter().chain(FACTOR).chain(RESULT).collect();
    assert_refused(with_factor(&inputs), &["node m (Mul)"]);
}

/// The list for people names everything that a refusal lists as supported.
#[test]
fn every_operator_is_in_the_list_of_networks_that_can_be_imported() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/networks.md");
    let page = std::fs::read_to_string(page).unwrap();
    let unknown = with(|onnx| node(onnx, "y").op_type = "Erf".into());
    let Err(ImportError::UnsupportedOp { supported, .. }) = run(&unknown) else {
        panic!("not refused")
    };
    let missing: Vec<&str> = supported
        .split(", ")
        .filter(|op| !page.contains(&format!("`{op}`")))
        .collect();
    assert!(missing.is_empty() && supported.contains("Concat"), "{missing:?}");
}
