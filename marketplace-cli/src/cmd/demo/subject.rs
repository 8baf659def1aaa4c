//! Which network is played with, and the images it is asked about.

use alloy::primitives::U256;
use assay_chain::error::{hinted, hinted_because, usage};
use assay_chain::repository::Repository;
use assay_durable::report::Reporter;
use assay_marketplace::model::import::import_model;
use assay_marketplace::proving::{load_model, output};
use assay_marketplace::testset::{labelled_images, read_image};
use assay_marketplace::verifier::record::metric_of;
use assay_protocol::abi::Metric;
use assay_protocol::ids::{is_correct, needed_correct};
use assay_protocol::testset::ImageSize;
use assay_prover::import::ImportOptions;
use assay_prover::model::Model;
use rand::{rngs::StdRng, seq::SliceRandom, SeedableRng};
use std::path::{Path, PathBuf};

/// Three of four.
pub(super) const TARGET_BPS: u16 = 7500;

/// What is asked for.
#[derive(Debug, clap::Args)]
pub(super) struct SubjectArgs {
    /// Your own network in place of the demo's, in the accuracy stories: a file of assay model import, or an ONNX file, imported with the
    /// defaults. Your files stay as they are: the demo works with a copy
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// With --model: labelled PNG images of its size, as assay mc test-set build takes them
    #[arg(long, value_name = "DIR", requires = "model")]
    images: Option<PathBuf>,
    /// With an ONNX file: PNG images that set the activations' ranges [default: those of --images]
    #[arg(long, value_name = "DIR", requires = "model")]
    calibration: Option<PathBuf>,
    /// Examples to verify [default: 4, with --farm 12]
    #[arg(long, value_parser = clap::value_parser!(u32).range(4..=300))]
    pub(super) examples: Option<u32>,
    /// Chooses the examples
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
}

/// Where the network and its images are, and how many examples the story takes.
pub(super) struct Source {
    network: PathBuf,
    /// For a network that is imported.
    calibration: PathBuf,
    images: PathBuf,
    /// What the registry says of it.
    uri: String,
    pub(super) examples: u32,
    /// Of the examples those that are probed and do not count.
    probes: u32,
    seed: u64,
}

impl Source {
    /// What `--model` names, which only some stories take, or the demo's own.
    ///
    /// # Errors
    /// If `--model` stands without images, or with a story that it has no part in.
    pub(super) fn of(asked: &SubjectArgs, takes_own: bool, probes: u32) -> eyre::Result<Self> {
        let (network, calibration, images, uri) = match (&asked.model, &asked.images) {
            (None, _) => {
                let digits = digits()?;
                let network = digits.join("mobilenet_v2_035_96.onnx");
                let folders = (digits.join("calibration"), digits.join("heldout"));
                (network, folders.0, folders.1, "models/digits".into())
            }
            (Some(_), _) if !takes_own => {
                return Err(usage(
                    "--model plays accuracy-simple and accuracy-full; the other stories are about the demo's own networks",
                ))
            }
            (Some(_), None) => {
                return Err(usage(
                    "--model takes --images DIR: PNG images of the network's size, named NNNN_LABEL.png or beside a labels.csv",
                ))
            }
            (Some(network), Some(images)) => {
                let name = network.file_name().unwrap_or_default().to_string_lossy();
                let calibration = asked.calibration.clone().unwrap_or_else(|| images.clone());
                (network.clone(), calibration, images.clone(), name.into_owned())
            }
        };
        Ok(Self {
            network,
            calibration,
            images,
            uri,
            examples: asked.examples.unwrap_or(4),
            probes,
            seed: asked.seed,
        })
    }

    /// The model, and on how many calibration images it agrees with the float network, if it is imported here.
    fn model(&self, work: &Path, out: &Reporter) -> eyre::Result<(Model, Option<String>)> {
        if self
            .network
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("onnx"))
        {
            let (options, to) = (ImportOptions::default(), work.join("imported.assay"));
            let (model, report) = import_model(&self.network, Some(&self.calibration), &options, &to, out)?;
            return Ok((
                model,
                Some(format!("{} of {}", report.same_top1, report.calibration_images)),
            ));
        }
        let loaded = load_model(&self.network).map_err(|error| {
            hinted_because(
                error,
                "the demo cannot play with this file",
                "--model takes what assay model import wrote, or a file whose name ends in .onnx",
            )
        });
        Ok((loaded?, None))
    }
}

/// Where the demo's own network is, with images.
pub(super) fn digits() -> eyre::Result<PathBuf> {
    Ok(Repository::find()?.root().join("models/digits"))
}

/// A network that a market takes, and labelled images of its size.
pub(super) struct Subject {
    pub(super) model: Model,
    pub(super) images: Vec<(PathBuf, u32)>,
    /// On how many calibration images float and integer network agree; none of a network that was imported before.
    pub(super) agreement: Option<String>,
    pub(super) uri: String,
}

impl Subject {
    /// Nothing is written but into `work`.
    ///
    /// # Errors
    /// If the network or an image cannot be read, no market takes the network, or the story cannot end well: too few images, labels that
    /// are no class, too few right answers.
    pub(super) fn load(source: Source, work: &Path, out: &Reporter) -> eyre::Result<Self> {
        let (model, agreement) = source.model(work, out)?;
        let metric = metric_of(model.architecture.output)?;
        let subject = Self {
            images: choose(&source.images, source.examples as usize, source.seed)?,
            model,
            agreement,
            uri: source.uri,
        };
        subject.require_end(metric, source.probes)?;
        Ok(subject)
    }

    /// Of every image.
    pub(super) fn size(&self) -> ImageSize {
        let shape = self.model.architecture.input;
        ImageSize {
            height: shape.h as u32,
            width: shape.w as u32,
        }
    }

    /// Whether the network gets enough of its images right for the story to end with its target met, if the probes are right too.
    fn require_end(&self, metric: Metric, probes: u32) -> eyre::Result<()> {
        let (architecture, folded) = (&self.model.architecture, self.model.fold()?);
        let classes = architecture.classes() as u32;
        let mut right = 0;
        for (path, label) in &self.images {
            if *label >= classes {
                return Err(usage(format!(
                    "image {} has label {label}, the network's classes are 0 to {}",
                    path.display(),
                    classes - 1
                )));
            }
            let word: U256 = output(architecture, &folded, &read_image(path, self.size())?)?;
            right += u32::from(is_correct(metric, classes, word, *label));
        }
        let all = self.images.len() as u32;
        let needed = probes + needed_correct(TARGET_BPS, all - probes);
        if right >= needed {
            return Ok(());
        }
        Err(hinted(
            format!("the network is right about {right} of the {all} images that were drawn; the story's target takes {needed}"),
            "another --seed draws other images, more --examples are nearer to the network's accuracy; assay model test measures it",
        ))
    }
}

/// The same images for the same seed.
fn choose(dir: &Path, count: usize, seed: u64) -> eyre::Result<Vec<(PathBuf, u32)>> {
    let mut images = labelled_images(dir)?;
    if count > images.len() {
        return Err(usage(format!(
            "{} holds {} labelled images, not {count}",
            dir.display(),
            images.len()
        )));
    }
    images.shuffle(&mut StdRng::seed_from_u64(seed));
    images.truncate(count);
    Ok(images)
}
