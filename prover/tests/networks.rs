//! Trained networks as exporters write them, from the file to a proof: `models/digits`, and the three of `models/small`.
//!
//! The held-out images have labels, so accuracy can be said; `--nocapture` prints it.

mod definition;

use assay_durable::cache::Cache;
use assay_durable::progress::Silent;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::import::{self, load_png, FloatModel, ImportOptions, ImportReport};
use assay_prover::model::{ConvKind, FoldedModel, Kernel, Model, Op, Shape};
use assay_prover::proof::{
    prove_with_secret, secret_sizes, verify, weights_commit_with_secret, Inference, Keys, ProofBundle, VerifyError,
};
use assay_prover::reference;
use assay_prover::secret::ModelSecret;
use assay_prover::srs::Srs;
use assay_statement::field::{to_be_bytes, Fr};
use assay_statement::input::{input_commit, InputSalt};
use assay_statement::instance;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Images by which a rounded network may be better or worse than the float network.
const MAX_DIFFERENCE: usize = 3;
/// Images on which every layer is computed once more, from the definition.
const DEFINED_IMAGES: usize = 4;

/// A network in `models/FOLDER/FILE`, imported with the calibration images beside it.
struct Network {
    folder: PathBuf,
    onnx: PathBuf,
    options: ImportOptions,
    model: Model,
    folded: FoldedModel,
    report: ImportReport,
}

/// A held-out image and the class it is of.
struct Labelled {
    image: Vec<u8>,
    class: usize,
}

impl Network {
    fn import(folder: &str, file: &str, shift: u32) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(folder);
        let onnx = folder.join(file);
        Self::of(folder, onnx, shift)
    }

    /// The file `onnx`, with the images of `folder`.
    fn of(folder: PathBuf, onnx: PathBuf, shift: u32) -> Self {
        let calibration = folder.join("calibration");
        let options = ImportOptions {
            shift,
            ..ImportOptions::default()
        };
        let (model, report) = import::import(&onnx, calibration.as_path(), &options, &Silent).unwrap();
        println!("{}", report.to_table());
        let folded = model.fold().unwrap();
        Self {
            folder,
            onnx,
            options,
            model,
            folded,
            report,
        }
    }

    /// One of the three small networks, with tables small enough that a proof has 2^15 rows.
    fn small(file: &str) -> Self {
        Self::import("small", file, 14)
    }

    /// One of the three, as onnxruntime quantised it.
    fn quantised(form: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let onnx = root.join(format!("tests/data/quantised/{form}.onnx"));
        Self::of(root.join("../models/small"), onnx, 14)
    }

    fn heldout(&self) -> Vec<Labelled> {
        let directory = std::fs::read_dir(self.folder.join("heldout")).unwrap();
        let mut files: Vec<PathBuf> = directory.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let labelled = files.iter().map(|path| {
            // Files are named index_label.png.
            let (_, label) = path.file_stem().unwrap().to_str().unwrap().split_once('_').unwrap();
            Labelled {
                image: load_png(path, self.model.architecture.input).unwrap(),
                class: label.parse().unwrap(),
            }
        });
        labelled.collect()
    }

    fn top1(&self, image: &[u8]) -> usize {
        let trace = reference::run(&self.model.architecture, &self.folded, image).unwrap();
        trace.top1()
    }

    /// Of the held-out images: how many there are, how many the float network has right and how many the integers, and for how many both
    /// have the same class.
    fn accuracy(&self) -> [usize; 4] {
        let float = FloatModel::load(&self.onnx, &self.options).unwrap();
        let heldout = self.heldout();
        let results: Vec<[bool; 3]> = heldout
            .par_iter()
            .map(|Labelled { image, class }| {
                let logits = float.logits(image).unwrap();
                let best = (0..logits.len()).fold(0, |best, k| if logits[k] > logits[best] { k } else { best });
                let top1 = self.top1(image);
                [best == *class, top1 == *class, best == top1]
            })
            .collect();
        let count = |n: usize| results.iter().filter(|result| result[n]).count();
        [results.len(), count(0), count(1), count(2)]
    }

    /// Both networks have nearly the same right, and at least `floor` of the images.
    fn assert_accurate(&self, floor: f64) {
        assert!(self.report.same_top1 + MAX_DIFFERENCE >= self.report.calibration_images);
        let [of, float, integer, same] = self.accuracy();
        println!("of {of} held-out images float has {float} right, integers {integer}; the same class for {same}");
        assert!(of >= 300);
        assert!(float as f64 >= floor * of as f64, "float {float} of {of}");
        assert!(
            float.abs_diff(integer) <= MAX_DIFFERENCE,
            "float {float}, integers {integer}"
        );
        // Rounding may turn an image either way, but not many.
        assert!(same + MAX_DIFFERENCE >= of, "the same class for {same} of {of}");
    }

    /// Every quotient of every layer is the one of the definition.
    fn assert_defined(&self) {
        let arch = &self.model.architecture;
        let heldout = self.heldout();
        let step = heldout.len() / DEFINED_IMAGES;
        for Labelled { image, .. } in heldout.iter().step_by(step) {
            let trace = reference::run(arch, &self.folded, image).unwrap();
            let quotients = definition::quotients(&self.model, image);
            assert_eq!(trace.layers.len(), quotients.len());
            for (i, (layer, expected)) in trace.layers.iter().zip(quotients).enumerate() {
                let got = definition::found(layer, self.model.architecture.shift);
                assert!(got == expected, "{}", arch.layer_name(i));
            }
        }
    }

    /// Proves which digit a held-out image shows, and that a verifier accepts that and no other digit.
    fn assert_proven(&self) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().join("cache"));
        let frozen = FrozenArchitecture::plan(self.model.architecture.clone()).unwrap();
        assert_eq!(frozen.layout.k, 15);
        let srs = Arc::new(Srs::dev(frozen.layout.k, &cache, &Silent).unwrap());
        let keys = Keys::load_or_build(&frozen, srs, &cache, &Silent).unwrap();
        let key = keys.verifier();
        let [columns, salt_rows, blinding_rows] = secret_sizes(key);
        let secret = ModelSecret::create(&dir.path().join("secret"), columns, salt_rows, blinding_rows).unwrap();
        let Labelled { image, class } = &self.heldout()[0];
        let (salt, ctx) = (InputSalt([7; 31]), to_be_bytes(&Fr::from(11)));
        let inference = Inference {
            model: &self.model,
            secret: &secret,
            image,
            salt: &salt,
            ctx,
        };
        let started = Instant::now();
        let bundle = prove_with_secret(&keys, &inference, &Silent).unwrap();
        let (k, seconds) = (frozen.layout.k, started.elapsed().as_secs_f64());
        println!("k = {k}: proven in {seconds:.2} s, {} bytes", bundle.proof().len());
        verify(key, &bundle).unwrap();
        let statement = bundle.statement().unwrap();
        assert_eq!(statement.ctx, ctx);
        assert_eq!(statement.input_commit, to_be_bytes(&input_commit(image, &salt)));
        assert_eq!(statement.output, to_be_bytes(&Fr::from(*class as u64)));
        let commit = weights_commit_with_secret(key, &self.model, &secret).unwrap();
        assert_eq!(statement.weights_commit, commit);
        let mut instances = bundle.instances().to_vec();
        instances[instance::OUTPUT] = to_be_bytes(&Fr::from((*class as u64 + 1) % 10));
        let proof = bundle.proof().to_vec();
        let other = ProofBundle::new(
            *bundle.arch_id(),
            *bundle.vk_digest(),
            bundle.weight_points(),
            instances,
            proof,
        );
        assert!(matches!(verify(key, &other.unwrap()), Err(VerifyError::False)));
    }

    /// Whether the report says this of a part of the file.
    fn says(&self, subject: &str, what: &str) -> bool {
        let mut changes = self.report.changes.iter();
        changes.any(|change| change.subject.contains(subject) && change.what.contains(what))
    }

    fn kinds(&self) -> Vec<(ConvKind, usize)> {
        let layers = self.model.architecture.layers.iter();
        let convolutions = layers.filter_map(|layer| match &layer.op {
            Op::Conv(conv) => Some((conv.kind, conv.stride)),
            _ => None,
        });
        convolutions.collect()
    }
}

/// Its own scales, weights of uint8 with a zero point.
#[test]
fn quantised_mobilenet_is_imported_defined_and_proven() {
    let network = Network::quantised("mobilenet_v1_qdq_u8_u8");
    assert!(network.report.quantised);
    let heldout = network.heldout();
    let right = heldout
        .iter()
        .filter(|labelled| network.top1(&labelled.image) == labelled.class);
    let (right, of) = (right.count(), heldout.len());
    println!("{right} of {of} held-out images are right");
    assert!(right + MAX_DIFFERENCE >= 297 && of == 300, "{right} of {of}");
    network.assert_defined();
    network.assert_proven();
}

fn square(side: usize) -> Kernel {
    Kernel { h: side, w: side }
}

/// `ASSAY_NETWORKS`: ONNX files with `calibration` and `heldout` beside them, colons between them.
#[test]
#[ignore = "prints a table for scripts/accuracy"]
fn accuracy_by_shift() {
    let digits = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/digits/mobilenet_v2_035_96.onnx");
    let files = std::env::var("ASSAY_NETWORKS").unwrap_or_else(|_| digits.to_owned());
    for onnx in files.split(':').map(PathBuf::from) {
        for shift in [16, 24] {
            let network = Network::of(onnx.parent().unwrap().to_owned(), onnx.clone(), shift);
            let [of, float, integer, same] = network.accuracy();
            let name = onnx.file_stem().unwrap().to_str().unwrap();
            println!("| {name} | {shift} | {of} | {float} | {integer} | {same} |");
        }
    }
}

#[test]
fn mobilenet_v2_keeps_its_accuracy() {
    Network::import("digits", "mobilenet_v2_035_96.onnx", ImportOptions::default().shift).assert_accurate(0.97);
}

/// Grey images, 5×5 kernels without a border, local averages, a whole map flattened into a dense layer.
#[test]
fn lenet_is_imported_defined_and_proven() {
    let lenet = Network::small("lenet.onnx");
    assert!(lenet.says("image", "one channel"));
    assert!(lenet.says("AveragePool", "a depthwise convolution"));
    assert_eq!(lenet.model.architecture.input, Shape::new(3, 32, 32));
    let (convolution, average) = ((ConvKind::Dense(square(5)), 1), (ConvKind::Depthwise(square(2)), 2));
    let flattened = (ConvKind::Dense(square(5)), 1);
    let dense = (ConvKind::Pointwise, 1);
    let expected = [convolution, average, convolution, average, flattened, dense, dense];
    assert_eq!(lenet.kinds(), expected);
    lenet.assert_accurate(0.97);
    lenet.assert_defined();
    lenet.assert_proven();
}

/// An open batch axis, batch norms in the graph, 1×1 convolutions of stride 2, ReLU after the residual adds.
#[test]
fn resnet_is_imported_defined_and_proven() {
    let resnet = Network::small("resnet.onnx");
    assert!(resnet.says("image", "one is read"));
    assert!(resnet.says("12 BatchNormalization", "folded"));
    assert!(resnet.kinds().contains(&(ConvKind::Dense(square(1)), 2)));
    let layers = &resnet.model.architecture.layers;
    let adds = layers.iter().filter(|layer| matches!(layer.op, Op::Add { .. }));
    assert_eq!(adds.count(), 4);
    resnet.assert_accurate(0.97);
    resnet.assert_defined();
    resnet.assert_proven();
}

/// Depthwise separable blocks, and probabilities at the end.
#[test]
fn mobilenet_v1_is_imported_defined_and_proven() {
    let mobilenet = Network::small("mobilenet_v1.onnx");
    assert!(mobilenet.says("Softmax", "dropped"));
    let depthwise = (ConvKind::Depthwise(square(3)), 2);
    assert!(mobilenet.kinds().contains(&depthwise));
    mobilenet.assert_accurate(0.97);
    mobilenet.assert_defined();
    mobilenet.assert_proven();
}
