//! `assay demo --model`: the story with somebody's own network, and what is said of one that it cannot be played with.

use assay_prover::model::{Model, OutputMode};
use e2e::{assay, labelled_images, root, small_architecture_with};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A directory with a model file and images, of which `correct` of the first four are labelled as the model has them.
struct Own {
    dir: tempfile::TempDir,
}

impl Own {
    fn new(output: OutputMode, correct: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let model = Model::random(small_architecture_with(output), 11).unwrap();
        model.save(&dir.path().join("own.assay")).unwrap();
        labelled_images(&model, &dir.path().join("images"), 3, 4, correct);
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Of the files' own directory.
    fn play(&self, model: &str, options: &[&str]) -> Output {
        Command::new(assay())
            .current_dir(self.dir.path())
            .env("ASSAY_REPO", root())
            .args(["demo", "--json", "--home", "home", "--model", model])
            .args(options)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// The code, and what is said on the error stream.
    fn refused(&self, model: &str, options: &[&str]) -> (Option<i32>, String) {
        let output = self.play(model, options);
        assert!(output.stdout.is_empty());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("a devnet with"), "too late: {said}");
        (output.status.code(), said)
    }
}

const IMAGES: [&str; 2] = ["--images", "images"];

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_story_of_ones_own_network_settles_to_the_wei() {
    for (output, protocol) in [
        (OutputMode::Top1, "accuracy-simple"),
        (OutputMode::Top5, "accuracy-full"),
    ] {
        let own = Own::new(output, 4);
        let played = own.play("own.assay", &[&IMAGES[..], &["--protocol", protocol]].concat());
        let said = String::from_utf8_lossy(&played.stderr);
        assert!(played.status.success(), "{said}");
        let summary: serde_json::Value = serde_json::from_slice(&played.stdout).unwrap();
        assert_eq!(summary["verdict"]["assurance"], "PROVEN", "{summary}");
        assert_eq!(summary["falseProofs"].as_array().unwrap().len(), 2);
        // No float network was looked at, and the secret is the copy's.
        assert!(summary["calibrationAgreement"].is_null());
        assert_eq!(names(own.dir.path()), ["images", "own.assay"]);
    }
}

#[test]
fn networks_and_images_that_make_no_story_are_explained_before_it_begins() {
    let own = Own::new(OutputMode::Top1, 2);
    let says = |(code, said): (Option<i32>, String), expected: i32, words: &[&str]| {
        assert_eq!(code, Some(expected), "{said}");
        words
            .iter()
            .for_each(|word| assert!(said.contains(word), "{word}: {said}"));
    };
    says(
        own.refused("own.assay", &[]),
        2,
        &["--images", "NNNN_LABEL.png", "labels.csv"],
    );
    for protocol in ["predict", "audit"] {
        let options = [&IMAGES[..], &["--protocol", protocol]].concat();
        says(
            own.refused("own.assay", &options),
            2,
            &["accuracy-simple and accuracy-full"],
        );
    }
    says(
        own.refused("absent.assay", &IMAGES),
        1,
        &["absent.assay", "assay model import"],
    );
    let first = names(&own.path("images"))[0].clone();
    let image = format!("images/{first}");
    says(own.refused(&image, &IMAGES), 1, &[&image, "assay model import"]);
    std::fs::write(own.path("none.onnx"), b"none").unwrap();
    says(own.refused("none.onnx", &IMAGES), 1, &["cannot import none.onnx"]);
    // Two of four are right; three are needed.
    says(
        own.refused("own.assay", &IMAGES),
        1,
        &["right about 2 of the 4", "takes 3", "--seed", "assay model test"],
    );
    let five = [&IMAGES[..], &["--examples", "5"]].concat();
    says(
        own.refused("own.assay", &five),
        2,
        &["images holds 4 labelled images, not 5"],
    );

    let table = own.path("images/labels.csv");
    std::fs::write(&table, format!("{first},10\n").repeat(4)).unwrap();
    says(
        own.refused("own.assay", &IMAGES),
        2,
        &["label 10", "classes are 0 to 9"],
    );
    image::RgbImage::new(9, 8).save(own.path("images/wide.png")).unwrap();
    std::fs::write(&table, "wide.png,1\n".repeat(4)).unwrap();
    says(
        own.refused("own.assay", &IMAGES),
        1,
        &["wide.png", "9x8 pixels, the network reads 8x8"],
    );

    let logits = Own::new(OutputMode::Logits, 4);
    says(
        logits.refused("own.assay", &IMAGES),
        1,
        &["logits", "--metric top1, top5 or bin"],
    );
}
