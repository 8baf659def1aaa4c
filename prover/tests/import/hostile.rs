//! Files that reach beyond themselves, mean more than they hold, or are none.

use super::import_support::networks::*;
use super::import_support::*;
use super::wild::assert_same;
use assay_durable::progress::Silent;
use assay_prover::import::{self, ImportOptions};
use assay_prover::model::Model;
use std::path::Path;
use tract_onnx::pb;

/// Imports the base network with `w` stored in `weights.bin` beside it, after a change of both.
fn external(change: impl FnOnce(&Path, &mut pb::TensorProto)) -> Result<Model, String> {
    let directory = tempfile::tempdir().unwrap();
    write_images(directory.path(), 6, 8, 8);
    let mut onnx = base();
    let tensor = onnx
        .graph()
        .initializer
        .iter_mut()
        .find(|tensor| tensor.name == "w")
        .unwrap();
    let bytes: Vec<u8> = tensor.float_data.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(
        directory.path().join("weights.bin"),
        [vec![7; 16], bytes.clone()].concat(),
    )
    .unwrap();
    tensor.float_data.clear();
    tensor.data_location = Some(1);
    let entry = |key: &str, value: String| pb::StringStringEntryProto { key: key.into(), value };
    tensor.external_data = vec![
        entry("location", "weights.bin".into()),
        entry("offset", "16".into()),
        entry("length", bytes.len().to_string()),
    ];
    change(directory.path(), tensor);
    let imported = import::import(
        &onnx.write(directory.path()),
        directory.path(),
        &ImportOptions::default(),
        &Silent,
    );
    imported.map(|(model, _)| model).map_err(|error| error.to_string())
}

fn locate(tensor: &mut pb::TensorProto, location: &str) {
    tensor.external_data[0].value = location.into();
}

#[test]
fn constants_beside_the_file_are_read() {
    assert!(external(|_, _| ()).unwrap() == run(&base()).unwrap().0);
    let below = external(|folder, tensor| {
        std::fs::create_dir(folder.join("data")).unwrap();
        std::fs::rename(folder.join("weights.bin"), folder.join("data/w")).unwrap();
        locate(tensor, "./data/w");
        tensor.external_data.truncate(2);
    });
    assert!(below.unwrap() == run(&base()).unwrap().0);
}

#[test]
fn what_is_not_wholly_beside_the_file_is_refused() {
    let refused = |change: fn(&Path, &mut pb::TensorProto), expected: &str| {
        let error = external(change).err().unwrap();
        assert!(
            error.contains("constant w: ") && error.contains(expected),
            "{error} does not contain {expected}"
        );
    };
    refused(|_, tensor| locate(tensor, "absent.bin"), "copy it there");
    refused(|_, tensor| locate(tensor, ""), "names no file");
    refused(
        |_, tensor| locate(tensor, "../weights.bin"),
        "outside of the network's folder",
    );
    refused(|_, tensor| locate(tensor, "x/../../weights.bin"), "not beside");
    refused(
        |folder, tensor| locate(tensor, folder.join("weights.bin").to_str().unwrap()),
        "outside of the network's folder",
    );
    refused(
        |folder, tensor| {
            std::os::unix::fs::symlink("weights.bin", folder.join("link")).unwrap();
            locate(tensor, "link");
        },
        "is a link",
    );
    refused(
        |folder, tensor| {
            std::os::unix::fs::symlink("/", folder.join("root")).unwrap();
            locate(tensor, "root/etc/passwd");
        },
        "is a link",
    );
    refused(|_, tensor| locate(tensor, "."), "is no file");
    refused(
        |_, tensor| tensor.external_data[1].value = "17".into(),
        "is the file complete?",
    );
    refused(
        |_, tensor| tensor.external_data[1].value = u64::MAX.to_string(),
        "is the file complete?",
    );
    refused(|_, tensor| tensor.external_data[1].value = "-1".into(), "offset \"-1\"");
    refused(
        |_, tensor| tensor.external_data[2].value = "8".into(),
        "8 bytes of weights.bin",
    );
    refused(|_, tensor| tensor.external_data.clear(), "does not say where");
    refused(
        |_, tensor| tensor.raw_data = vec![0; 576],
        "both in the file and outside",
    );
    // What is in the file counts, whatever it names besides.
    let within = external(|folder, tensor| {
        std::fs::write(folder.join("weights.bin"), b"").unwrap();
        let entries = tensor.external_data.clone();
        let plain = base().graph().initializer.clone();
        *tensor = plain.into_iter().find(|other| other.name == "w").unwrap();
        tensor.external_data = entries;
    });
    assert!(within.unwrap() == run(&base()).unwrap().0);
    refused(|_, tensor| tensor.dims = vec![i64::MAX, 4], "cannot be read");
    refused(|_, tensor| tensor.data_type = 99, "cannot be read");
}

#[test]
fn constants_that_share_bytes_are_refused() {
    let mut onnx = base();
    let directory = tempfile::tempdir().unwrap();
    write_images(directory.path(), 1, 8, 8);
    std::fs::write(directory.path().join("all.bin"), vec![0; 1 << 12]).unwrap();
    for tensor in onnx
        .graph()
        .initializer
        .iter_mut()
        .filter(|tensor| tensor.float_data.len() > 9)
    {
        tensor.float_data.clear();
        tensor.data_location = Some(1);
        tensor.external_data = vec![pb::StringStringEntryProto {
            key: "location".into(),
            value: "all.bin".into(),
        }];
    }
    let options = ImportOptions::default();
    let refused = import::import(&onnx.write(directory.path()), directory.path(), &options, &Silent);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("has too"), "{refused}");
}

#[test]
fn an_empty_file_is_said_to_be_empty() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("network.onnx");
    std::fs::write(&path, b"").unwrap();
    let refused = import::import(&path, directory.path(), &ImportOptions::default(), &Silent);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("it is empty"), "{refused}");
}

#[test]
fn small_files_that_mean_much_end_at_once() {
    let mut doubled = base().integers("l0", vec![1]);
    for i in 0..40 {
        let (from, to) = (format!("l{i}"), format!("l{}", i + 1));
        doubled = doubled.node("Concat", &[&from, &from], &to, vec![int("axis", 0)]);
    }
    assert_refused(doubled, &["(Concat)", "joins more than 64 sizes"]);
    let axisless = base()
        .integers("one", vec![1])
        .node("Concat", &["one", "one"], "sizes", vec![]);
    assert_refused(axisless, &["(Concat)", "attribute axis is missing"]);

    let mut names = base().uniform("big", &[1, 1 << 20], 0.0, 1.0);
    for i in 0..20_000 {
        names = names.node("Cast", &["big"], &format!("c{i}"), vec![int("to", 1)]);
    }
    let (model, _) = run(&names).unwrap();
    assert!(model == run(&base()).unwrap().0);

    let mut biases = stem().uniform("big", &[1, 1 << 20], 0.0, 1.0);
    for i in 0..20_000 {
        biases = biases.node("Conv", &["x", "stem_w", "big"], &format!("c{i}"), vec![]);
    }
    assert_refused(biases.output("c9", 5), &["node c0 (Conv)"]);

    for (op, constant, refusal) in [("Mul", "one", "weights"), ("Relu", "", "activations")] {
        let mut deep = Onnx::new(1, 1)
            .weights("w", &[1 << 16, 3, 1, 1])
            .floats("one", &[1], vec![1.0])
            .node("Conv", &["image", "w"], "c0", vec![]);
        for i in 0..5_000 {
            deep = deep.node(op, &[&format!("c{i}"), constant], &format!("c{}", i + 1), vec![]);
        }
        assert_refused(deep.output("c5000", 1 << 16), &[refusal]);
    }
    let mut long = stem();
    for i in 0..20_000 {
        let from = if i == 0 { "x".into() } else { format!("r{i}") };
        long = long.node("Relu", &[&from], &format!("r{}", i + 1), vec![]);
    }
    assert_refused(long.output("r20000", 4), &["more than 16384 operators"]);

    let mut shared = Onnx::new(1, 1)
        .weights("w", &[4096, 4096, 1, 1])
        .weights("first", &[4096, 3, 1, 1])
        .node("Conv", &["image", "first"], "c0", vec![]);
    for i in 0..40 {
        shared = shared.node("Conv", &[&format!("c{i}"), "w"], &format!("c{}", i + 1), vec![]);
    }
    assert_refused(shared.output("c40", 4096), &["more than 134217728 weights"]);
}

#[test]
fn what_is_no_network_of_one_output_each_is_refused() {
    let second = |mut onnx: Onnx, of: &str, name: &str| {
        let node = onnx.graph().node.iter_mut().find(|node| node.name == of).unwrap();
        node.output.push(name.into());
        onnx
    };
    let training = second(base(), "conv", "second");
    assert_refused(training, &["node conv (Conv)", "more than one output"]);
    let mask = || with_head(stem().node("Dropout", &["x"], "y", vec![]), 4);
    assert_refused(
        second(mask(), "y", "head_w"),
        &["node y (Dropout)", "head_w is defined twice"],
    );
    assert_same(&second(mask(), "y", "mask"), &mask());
    let mut nameless = base();
    nameless.graph().initializer[0].name.clear();
    assert_refused(nameless, &["a constant without a name"]);
    let mut forged = base();
    forged.graph().node[0].name = "conv\n100 parameters".into();
    assert_refused(forged, &["control characters", "conv\\n100"]);
    let mut coloured = base();
    coloured.graph().input[0] = value_info("image", &[1, 0, 8, 8]);
    assert_refused(coloured, &["leaves sizes open"]);
}

#[test]
fn what_is_no_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let refused = import::import(directory.path(), directory.path(), &ImportOptions::default(), &Silent);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("no ordinary file"), "{refused}");
}
