//! Joined channels in quantised files: the bytes of the whole are the file's, whatever scales its parts have.

use crate::definition;
use crate::import_support::networks::{assert_refused, assert_says, run_with, SIDE};
use crate::import_support::{int, value_info, DataType, Onnx};
use crate::scales::{bytes, scalar};
use assay_prover::import::{ImportOptions, ImportReport};
use assay_prover::model::{Model, Op};
use assay_prover::reference;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// A file under construction; tensors have the names of the numbers that they stand for, and are int8 if it is signed.
struct File {
    onnx: Onnx,
    rng: ChaCha20Rng,
    signed: bool,
}

impl File {
    /// The image as tensor `x`.
    fn new(signed: bool) -> Self {
        let file = Self {
            onnx: Onnx::new(SIDE, SIDE),
            rng: ChaCha20Rng::seed_from_u64(31),
            signed,
        };
        file.rounded("image", "x", 1.0 / 255.0, 0)
    }

    fn node(mut self, op: &str, inputs: &[&str], output: &str) -> Self {
        self.onnx = self.onnx.node(op, inputs, output, vec![]);
        self
    }

    /// QuantizeLinear and DequantizeLinear; the zero point is that of uint8.
    fn rounded(self, from: &str, to: &str, scale: f32, zero: u8) -> Self {
        let bytes = format!("{to}_q");
        self.bytes_of(from, &bytes, scale, zero).numbers_of(&bytes, to, &bytes)
    }

    fn grid(&mut self, of: &str, scale: f32, zero: u8) -> [String; 2] {
        let names = ["scale", "zero"].map(|what| format!("{of}_{what}"));
        scalar(&mut self.onnx, &names[0], scale);
        let (kind, zero) = match self.signed {
            true => (DataType::Int8, zero.wrapping_sub(128)),
            false => (DataType::Uint8, zero),
        };
        bytes(&mut self.onnx, &names[1], &[], kind, vec![zero]);
        names
    }

    fn bytes_of(mut self, from: &str, to: &str, scale: f32, zero: u8) -> Self {
        let [scale, zero] = self.grid(to, scale, zero);
        self.node("QuantizeLinear", &[from, &scale, &zero], to)
    }

    fn numbers_of(self, from: &str, to: &str, grid: &str) -> Self {
        let [scale, zero] = ["scale", "zero"].map(|what| format!("{grid}_{what}"));
        self.node("DequantizeLinear", &[from, &scale, &zero], to)
    }

    fn weights(mut self, name: &str, dims: &[i64]) -> Self {
        let (count, inputs) = (dims.iter().product::<i64>(), dims[1..].iter().product::<i64>());
        let integers = (0..count).map(|_| self.rng.gen_range(-127i8..=127) as u8).collect();
        let [integer, scale] = ["q", "s"].map(|what| format!("{name}_{what}"));
        bytes(&mut self.onnx, &integer, dims, DataType::Int8, integers);
        scalar(&mut self.onnx, &scale, 0.02 / (inputs as f32).sqrt());
        self.node("DequantizeLinear", &[&integer, &scale], name)
    }

    /// Pointwise, not rounded yet.
    fn conv(self, (from, reads): (&str, i64), to: &str, makes: i64) -> Self {
        let weights = format!("{to}_w");
        self.weights(&weights, &[makes, reads, 1, 1])
            .node("Conv", &[from, &weights], to)
    }

    fn clip(mut self, from: &str, to: &str, max: Option<f32>) -> Self {
        let Some(max) = max else {
            return self.node("Relu", &[from], to);
        };
        let [low, high] = ["low", "high"].map(|what| format!("{to}_{what}"));
        scalar(&mut self.onnx, &low, 0.0);
        scalar(&mut self.onnx, &high, max);
        self.node("Clip", &[from, &low, &high], to)
    }

    fn concat(mut self, inputs: &[&str], to: &str) -> Self {
        self.onnx = self.onnx.node("Concat", inputs, to, vec![int("axis", 1)]);
        self
    }

    /// Averages and five classes of a tensor.
    fn head(self, from: &str, channels: i64) -> Onnx {
        let file = self
            .node("GlobalAveragePool", &[from], "p")
            .rounded("p", "pooled", 0.004, 110)
            .node("Flatten", &["pooled"], "f")
            .weights("v", &[channels, 5])
            .node("MatMul", &["f", "v"], "g")
            .rounded("g", "logits", 0.02, 128);
        file.onnx.output("logits", 5)
    }
}

/// What a file is, besides its bytes: how many layers compute, and what each concatenation joins.
fn shape(model: &Model) -> (usize, Vec<Vec<usize>>) {
    let layers = &model.architecture.layers;
    let joins = layers.iter().filter_map(|layer| match &layer.op {
        Op::Concat { inputs } => Some(inputs.iter().map(|input| input.0).collect()),
        _ => None,
    });
    let joins: Vec<Vec<usize>> = joins.collect();
    (layers.len() - joins.len(), joins)
}

/// The model at both kinds of shifts. Its integers are those of the definition, and, with two limbs, the file's own: those that are halfway
/// between two bytes apart, which no random scale has.
#[track_caller]
fn met(onnx: &Onnx) -> (Model, ImportReport) {
    let [_, met] = [16, 24].map(|shift| {
        let options = ImportOptions {
            shift,
            ..ImportOptions::default()
        };
        let (model, report) = run_with(onnx, &options).unwrap_or_else(|e| panic!("{e}"));
        let folded = model.fold().unwrap();
        for seed in 0..3u8 {
            let image: Vec<u8> = (0..model.architecture.image_len())
                .map(|i| (i as u8).wrapping_mul(37).wrapping_add(seed * 91))
                .collect();
            let trace = reference::run(&model.architecture, &folded, &image).unwrap();
            for (i, (layer, expected)) in trace
                .layers
                .iter()
                .zip(definition::quotients(&model, &image))
                .enumerate()
            {
                assert!(
                    definition::found(layer, shift) == expected,
                    "{}",
                    model.architecture.layer_name(i)
                );
            }
        }
        for layer in &report.layers {
            let difference = layer.difference.expect("every layer has bytes in the file");
            let numbers = layer.shape.iter().product::<usize>() * report.calibration_images;
            // Three numbers of a small layer, if one is next to halfway.
            let few = 3.0 / numbers as f64;
            let (mean, most) = if shift == 16 { (0.15, 4) } else { (few.max(0.001), 1) };
            assert!(
                difference.mean <= mean && difference.max <= most,
                "{} {}\n{}",
                layer.name,
                layer.node,
                report.to_table()
            );
        }
        assert_one_scale(&model, &report);
        (model, report)
    });
    met
}

/// All that is joined has one scale and one zero point.
#[track_caller]
fn assert_one_scale(model: &Model, report: &ImportReport) {
    for (layer, joining) in model.architecture.layers.iter().enumerate() {
        if let Op::Concat { inputs } = &joining.op {
            for input in inputs {
                let [whole, part] = [layer, input.0 - 1].map(|i| (report.layers[i].scale, report.layers[i].zero));
                assert_eq!(whole, part, "{}", report.to_table());
            }
        }
    }
}

/// Two rounded convolutions of the image: `a` of 3 channels from 0 on, `b` of 4 channels of both signs.
fn two(signed: bool) -> File {
    File::new(signed)
        .conv(("x", 3), "a_conv", 3)
        .clip("a_conv", "a_relu", None)
        .rounded("a_relu", "a", 0.0093, 0)
        .conv(("x", 3), "b_conv", 4)
        .rounded("b_conv", "b", 0.0147, 120)
}

#[test]
fn parts_of_other_scales_than_the_whole_are_rescaled_by_layers_of_their_own() {
    for signed in [false, true] {
        let onnx = two(signed)
            .concat(&["a", "b"], "j")
            .rounded("j", "y", 0.0171, 101)
            .head("y", 7);
        let (model, report) = met(&onnx);
        // Two convolutions, two that rescale, the average and the classes.
        assert_eq!(shape(&model), (6, vec![vec![3, 4]]));
        assert_says(&report, "j (Concat)", "2 of 2 parts have another scale than the whole");
    }
}

#[test]
fn a_part_of_the_scale_of_the_whole_is_joined_as_it_is() {
    let onnx = two(false)
        .concat(&["a", "b"], "j")
        .rounded("j", "y", 0.0147, 120)
        .head("y", 7);
    let (model, report) = met(&onnx);
    assert_eq!(shape(&model), (5, vec![vec![3, 2]]));
    assert_says(&report, "j (Concat)", "1 of 2 parts have another scale than the whole");
    assert_says(&report, "j (Concat)", ": a_conv");
}

/// With or without the rounding that changes nothing.
#[test]
fn parts_of_one_scale_are_joined_without_a_layer() {
    let parts = || {
        two(false)
            .conv(("x", 3), "c_conv", 2)
            .rounded("c_conv", "c", 0.0147, 120)
            .concat(&["b", "c", "b"], "j")
    };
    let rounded = met(&parts()
        .rounded("j", "y", 0.0147, 120)
        .concat(&["y", "a"], "k")
        .rounded("k", "z", 0.0147, 120)
        .head("z", 13));
    assert_eq!(shape(&rounded.0), (6, vec![vec![2, 3, 2, 4]]));
    let own = || {
        File::new(false)
            .conv(("x", 3), "b_conv", 4)
            .rounded("b_conv", "b", 0.0147, 120)
            .concat(&["b", "b"], "j")
    };
    let (model, report) = met(&own().head("j", 8));
    assert_eq!(shape(&model), (3, vec![vec![1, 1]]));
    assert!(!report.to_table().contains("rescale"));
    assert_eq!(met(&own().rounded("j", "y", 0.0147, 120).head("y", 8)).0, model);
}

/// As onnxruntime's quantiser writes them.
#[test]
fn the_operator_on_integers_is_the_concatenation_between_numbers() {
    let plain = two(false)
        .concat(&["a", "b"], "j")
        .rounded("j", "y", 0.0171, 101)
        .head("y", 7);
    let mut file = two(false);
    let [scale, zero] = file.grid("y_q", 0.0171, 101);
    let inputs = [
        &*scale,
        &zero,
        "a_q",
        "a_q_scale",
        "a_q_zero",
        "b_q",
        "b_q_scale",
        "b_q_zero",
    ];
    file.onnx = file.onnx.node("QLinearConcat", &inputs, "y_q", vec![int("axis", 1)]);
    file.onnx.graph().node.last_mut().unwrap().domain = "com.microsoft".into();
    let mut onnx = file.numbers_of("y_q", "y", "y_q").head("y", 7);
    assert_eq!(met(&onnx).0, met(&plain).0);
    let change = |onnx: &mut Onnx, inputs: usize, axis: i64| {
        let nodes = onnx.graph().node.iter_mut();
        let joining = nodes.filter(|node| node.op_type == "QLinearConcat");
        for node in joining {
            node.input.truncate(inputs);
            node.attribute = vec![int("axis", axis)];
        }
    };
    change(&mut onnx, 8, 2);
    assert_refused_at_once(&onnx, &["node y_q (Concat)", "attribute axis", "is 2"]);
    // One part without its scale, and none at all.
    for inputs in [6, 2, 1, 0] {
        change(&mut onnx, inputs, 1);
        assert!(run_with(&onnx, &ImportOptions::default()).is_err(), "{inputs}");
    }
}

#[track_caller]
fn assert_refused_at_once(onnx: &Onnx, expected: &[&str]) {
    let said = run_with(onnx, &ImportOptions::default()).unwrap_err().to_string();
    assert!(expected.iter().all(|part| said.contains(part)), "{said}");
}

/// Nothing is rounded twice where the file rounds once: the layers of the parts have the scale of the whole.
#[test]
fn parts_that_are_not_rounded_yet_are_rounded_as_the_whole_is() {
    for signed in [false, true] {
        let parts = || {
            File::new(signed)
                .conv(("x", 3), "a", 3)
                .conv(("x", 3), "b_conv", 4)
                .clip("b_conv", "b", None)
        };
        let onnx = parts()
            .concat(&["a", "b"], "j")
            .rounded("j", "y", 0.0171, 101)
            .head("y", 7);
        // What is clipped at the zero point has the bytes below taken off, and put back.
        let (model, _) = met(&onnx);
        assert_eq!(shape(&model), (6, vec![vec![1, 4]]));
        // All of it above 0: only a clip, and no layer more.
        let onnx = parts()
            .concat(&["a", "b"], "j")
            .clip("j", "r", None)
            .rounded("r", "y", 0.0171, 0)
            .head("y", 7);
        let (model, _) = met(&onnx);
        assert_eq!(shape(&model), (4, vec![vec![1, 2]]));
    }
}

/// Symmetric int8: half of the bytes stand for numbers below 0, which there are none of.
#[test]
fn a_whole_from_0_on_is_without_the_bytes_below_its_zero_point() {
    let onnx = File::new(true)
        .conv(("x", 3), "a_conv", 3)
        .clip("a_conv", "a_relu", None)
        .rounded("a_relu", "a", 0.0211, 128)
        .conv(("x", 3), "b_conv", 4)
        .clip("b_conv", "b_relu", Some(1.0))
        .rounded("b_relu", "b", 0.0171, 128)
        .concat(&["a", "b"], "j")
        .rounded("j", "y", 0.0211, 128)
        .head("y", 7);
    let (model, report) = met(&onnx);
    // Each convolution and the layer that takes the lower half off; `b` has one more on the scale of the whole.
    assert_eq!(shape(&model), (7, vec![vec![2, 5]]), "{}", report.to_table());
    let whole = report
        .layers
        .iter()
        .find(|layer| layer.node == "j" && layer.name.contains("concat"));
    assert_eq!(whole.unwrap().zero, 0);
}

#[test]
fn clips_of_the_whole_are_clips_of_its_parts() {
    for (max, zero) in [(None, 40), (Some(1.3), 0), (Some(1.3), 40), (Some(2.9), 40)] {
        let onnx = two(false)
            .conv(("x", 3), "c", 2)
            .concat(&["a", "c", "b"], "j")
            .clip("j", "r", max)
            .rounded("r", "y", 0.0119, zero)
            .head("y", 9);
        met(&onnx);
    }
}

/// What is joined may be joined already, on the same scale or another one; what only another concatenation reads is gone.
#[test]
fn joined_tensors_are_joined_again() {
    let inner = || two(false).concat(&["a", "b"], "j").rounded("j", "y", 0.0171, 101);
    let grown = |file: File, own, scale| {
        let file = file.conv(("y", 7), "c_conv", 2).rounded("c_conv", "c", own, 101);
        let file = file.concat(&["y", "c"], "k").rounded("k", "z", scale, 101);
        file.head("z", 9)
    };
    let (model, _) = met(&grown(inner(), 0.0171, 0.0171));
    assert_eq!(shape(&model), (7, vec![vec![3, 4], vec![3, 4, 6]]));
    // One layer rescales both parts, which are of one scale.
    let (model, _) = met(&grown(inner(), 0.0171, 0.0202));
    assert_eq!(shape(&model), (8, vec![vec![3, 4], vec![3, 4, 6]]));
    // One layer rescales the inner one as a whole, another one what it is joined with.
    let (model, _) = met(&grown(inner(), 0.0119, 0.0202));
    assert_eq!(shape(&model), (9, vec![vec![3, 4], vec![7, 8]]));
    let only_joined = inner().concat(&["y", "a"], "k").rounded("k", "z", 0.0171, 101);
    let (model, _) = met(&only_joined.head("z", 10));
    assert_eq!(shape(&model), (7, vec![vec![3, 4, 5]]));
}

/// A layer of its own, which other readers of the image have nothing to do with; of grey images, too.
#[test]
fn the_image_is_joined_through_a_layer() {
    for channels in [3, 1] {
        let mut file = File::new(false);
        file.onnx.graph().input = vec![value_info("image", &[1, channels, SIDE, SIDE])];
        let onnx = file
            .conv(("x", channels), "a_conv", 2)
            .rounded("a_conv", "a", 0.0147, 120)
            .concat(&["x", "a"], "j")
            .rounded("j", "y", 0.0171, 101)
            .head("y", channels + 2);
        let (model, report) = met(&onnx);
        assert_eq!(shape(&model).0, 5);
        assert_says(&report, "j (Concat)", "image");
    }
}

#[test]
fn what_cannot_be_joined_is_refused_with_the_cure() {
    let unrounded = || File::new(false).conv(("x", 3), "a", 3).conv(("x", 3), "b", 4);
    let read_twice = unrounded()
        .concat(&["a", "b"], "j")
        .rounded("j", "y", 0.0171, 101)
        .conv(("y", 7), "c_conv", 3)
        .rounded("c_conv", "c", 0.0171, 101)
        .node("Add", &["a", "c"], "s")
        .rounded("s", "t", 0.02, 100)
        .head("t", 3);
    let said = [
        "node j (Concat)",
        "reads the output of a (Conv) before it is quantised, as another node does",
        "put a QuantizeLinear between them",
    ];
    assert_refused(read_twice, &said);
    let never_rounded = unrounded().concat(&["a", "b"], "j").conv(("j", 7), "c", 2);
    let said = [
        "node c (Conv)",
        "reads the output of j (Concat), which is not quantised",
    ];
    assert_refused(never_rounded.rounded("c", "y", 0.02, 100).head("y", 2), &said);
    let clipped_between = unrounded().concat(&["a", "b"], "j").clip("j", "r", None);
    let clipped_between = clipped_between.conv(("x", 3), "c", 2).concat(&["r", "c"], "k");
    let said = [
        "node k (Concat)",
        "reads the output of j (Concat), which is not quantised",
    ];
    assert_refused(clipped_between.rounded("k", "y", 0.02, 100).head("y", 9), &said);
    // Rounded, and not: of two scales, and of one.
    for (scale, rounded) in [(0.02, true), (0.02, false), (0.01, false)] {
        let file = two(false)
            .node("GlobalAveragePool", &["a"], "p")
            .rounded("p", "q", 0.01, 0);
        let file = file
            .node("GlobalAveragePool", &["b"], "m")
            .rounded("m", "n", scale, 0)
            .concat(&["q", "n"], "e");
        let onnx = match rounded {
            true => file.rounded("e", "o", 0.02, 100).onnx.output("o", 7),
            false => file.onnx.output("e", 7),
        };
        assert_refused(
            onnx,
            &["node e (Concat)", "is the output", "must end with a convolution"],
        );
    }
}

#[test]
fn joints_of_joints_without_end_are_refused_at_once() {
    let file = File::new(false)
        .conv(("x", 3), "b_conv", 1)
        .rounded("b_conv", "b", 0.0147, 120);
    let mut file = file.concat(&["b", "b"], "j0").rounded("j0", "y0", 0.0147, 120);
    for i in 0..10 {
        let [from, joined, to] = [format!("y{i}"), format!("j{}", i + 1), format!("y{}", i + 1)];
        file = file.concat(&[&from, &from], &joined).rounded(&joined, &to, 0.0147, 120);
    }
    for i in 0..20 {
        let (joined, to) = (format!("k{i}"), format!("z{i}"));
        file = file.concat(&["y10", "y10"], &joined).rounded(&joined, &to, 0.0147, 120);
    }
    assert_refused(
        file.head("z19", 1 << 12),
        &["(Concat)", "joins more than 65536 tensors"],
    );
}

/// Any parts, rounded or not, clipped or not, joined once or twice: the file's own bytes.
#[test]
fn random_files_are_met_integer_by_integer() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    for seed in 0..60 {
        let mut file = File::new(seed % 2 == 0);
        let grid = |rng: &mut ChaCha20Rng| {
            let zeros = [0, 0, 1, 90, 128, 200];
            (rng.gen_range(0.006f32..0.03), zeros[rng.gen_range(0..zeros.len())])
        };
        let clip =
            |rng: &mut ChaCha20Rng| [None, None, Some(None), Some(Some(0.9)), Some(Some(2.1))][rng.gen_range(0..5)];
        let common = grid(&mut rng);
        let (mut read, mut channels) = ("x".to_owned(), 3);
        for joint in 0..2 {
            let mut parts: Vec<String> = Vec::new();
            let mut width = 0;
            if joint > 0 && rng.gen() {
                parts.push(read.clone());
                width += channels;
            }
            for n in 0..rng.gen_range(2..4) {
                let name = |what: &str| format!("{what}{joint}{n}");
                let makes = rng.gen_range(1..4);
                file = file.conv((&read, channels), &name("c"), makes);
                let mut last = name("c");
                if let Some(max) = clip(&mut rng) {
                    file = file.clip(&last, &name("r"), max);
                    last = name("r");
                }
                if rng.gen() {
                    let (scale, zero) = if rng.gen() { common } else { grid(&mut rng) };
                    file = file.rounded(&last, &name("p"), scale, zero);
                    last = name("p");
                }
                parts.push(last);
                width += makes;
            }
            let names: Vec<&str> = parts.iter().map(String::as_str).collect();
            let mut last = format!("j{joint}");
            file = file.concat(&names, &last);
            if let Some(max) = clip(&mut rng) {
                let clipped = format!("k{joint}");
                file = file.clip(&last, &clipped, max);
                last = clipped;
            }
            let (scale, zero) = if rng.gen() { common } else { grid(&mut rng) };
            read = format!("y{joint}");
            file = file.rounded(&last, &read, scale, zero);
            channels = width;
        }
        let onnx = file.head(&read, channels);
        println!("{seed}: {:?}", shape(&met(&onnx).0));
    }
}
