//! Small networks, imported and compared with the float run.

use super::*;
use assay_durable::progress::Silent;
use assay_prover::import::{self, ImportError, ImportOptions, ImportReport};
use assay_prover::model::Model;

pub(crate) const SIDE: i64 = 8;

pub(crate) fn run(onnx: &Onnx) -> Result<(Model, ImportReport), ImportError> {
    run_with(onnx, &ImportOptions::default())
}

pub(crate) fn run_with(onnx: &Onnx, options: &ImportOptions) -> Result<(Model, ImportReport), ImportError> {
    let directory = tempfile::tempdir().unwrap();
    write_images(directory.path(), 6, SIDE as u32, SIDE as u32);
    import::import(&onnx.write(directory.path()), directory.path(), options, &Silent)
}

/// A 3×3 convolution of stride 1 and a ReLU6: tensor `x`, 4 channels.
pub(crate) fn stem() -> Onnx {
    Onnx::new(SIDE, SIDE)
        .weights("stem_w", &[4, 3, 3, 3])
        .uniform("stem_b", &[4], 0.0, 1.0)
        .floats("zero", &[], vec![0.0])
        .floats("six", &[], vec![6.0])
        .node(
            "Conv",
            &["image", "stem_w", "stem_b"],
            "stem",
            vec![ints("pads", &[1, 1, 1, 1])],
        )
        .node("Clip", &["stem", "zero", "six"], "x", vec![])
}

/// Pool and classifier behind tensor `y` with `channels` channels.
pub(crate) fn with_head(onnx: Onnx, channels: i64) -> Onnx {
    with_classes(onnx, channels, 5)
}

pub(crate) fn with_classes(onnx: Onnx, channels: i64, classes: i64) -> Onnx {
    onnx.weights("head_w", &[classes, channels])
        .uniform("head_b", &[classes], -1.0, 1.0)
        .node("GlobalAveragePool", &["y"], "pooled", vec![])
        .node("Flatten", &["pooled"], "features", vec![int("axis", 1)])
        .node(
            "Gemm",
            &["features", "head_w", "head_b"],
            "logits",
            vec![int("transB", 1)],
        )
        .output("logits", classes)
}

/// Every layer must follow the float run closely: a wrong padding, order or fold would be 0 dB.
pub(crate) fn assert_agrees(onnx: &Onnx) -> Model {
    let (model, report) = run(onnx).unwrap_or_else(|e| panic!("{e}"));
    for layer in &report.layers {
        let sqnr = layer.sqnr_db.unwrap_or(f64::INFINITY);
        assert!(
            sqnr > 25.0,
            "{} ({}): {sqnr} dB\n{}",
            layer.name,
            layer.node,
            report.to_table()
        );
    }
    assert_eq!(report.layers.len(), model.architecture.layers.len());
    model
}

/// Imports a changed network that is fine without the change; the error must contain all of `expected`.
pub(crate) fn assert_refused(onnx: Onnx, expected: &[&str]) {
    let message = match run(&onnx) {
        Ok(_) => panic!("accepted, expected {expected:?}"),
        Err(error) => {
            let mut message = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(inner) = source {
                message += &format!(": {inner}");
                source = inner.source();
            }
            message
        }
    };
    for part in expected {
        assert!(message.contains(part), "{message:?} does not contain {part:?}");
    }
}

pub(crate) fn base() -> Onnx {
    let onnx = stem()
        .weights("w", &[4, 4, 3, 3])
        .node("Conv", &["x", "w"], "conv", vec![ints("pads", &[1, 1, 1, 1])])
        .node("Clip", &["conv", "zero", "six"], "y", vec![]);
    with_head(onnx, 4)
}

pub(crate) fn assert_says(report: &ImportReport, subject: &str, what: &str) {
    let said = report.changes.iter();
    let found = said
        .filter(|change| change.subject == subject)
        .any(|change| change.what.contains(what));
    assert!(found, "{subject}: {what} is not in {:?}", report.changes);
}
