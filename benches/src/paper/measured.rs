//! What `scripts/bench paper` measured on one machine in one go, as it is kept beside the page.

use crate::prove::Report;
use eyre::{ensure, WrapErr};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;

/// All of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Where.
    pub machine: Machine,
    /// Of the program: its commit, with `-dirty` where files differ from it.
    pub commit: String,
    /// Proofs, in the order of the page.
    pub runs: Vec<Run>,
}

/// What the figures depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// As the system calls it.
    pub processor: String,
    /// Processors of this process.
    pub cores: usize,
    /// Bytes.
    pub memory_bytes: u64,
}

/// Proofs of one network in one process.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// What the layout was chosen for.
    pub profile: String,
    /// What made them: `lanes`, `portable` or `stock`.
    pub engine: String,
    /// The network.
    pub network: Network,
    /// What `assay plan` said before, of ours.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub predicted: Option<Predicted>,
    /// What was measured.
    pub report: Report,
}

/// Sizes of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// mobilenet_v2_WIDTH_RESOLUTION, with classes behind it if they are not the paper's.
    pub name: String,
    /// Weights and biases.
    pub parameters: usize,
    /// Bytes of all tensors but the image.
    pub activations: usize,
}

/// Seconds and bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predicted {
    /// Both keys.
    pub keygen_s: f64,
    /// The first proof of the process.
    pub first_s: f64,
    /// Each later one.
    pub later_s: f64,
    /// The peak in the mode that is taken.
    pub memory_bytes: u64,
    /// Of the proof.
    pub proof_bytes: usize,
    /// Of one verification, at most.
    pub gas: u64,
}

impl Network {
    /// What a proof has to touch.
    pub fn size(&self) -> f64 {
        (self.parameters + self.activations) as f64
    }

    /// `mobilenet_v2_035_96` → `(0.35, 96)`, `mobilenet_v2_035_96_10` → `(0.35, 96), 10 classes`.
    pub fn title(&self) -> String {
        let numbers = self.name.strip_prefix("mobilenet_v2_");
        let numbers: Vec<&str> = numbers.into_iter().flat_map(|rest| rest.split('_')).collect();
        let decimal = |width: &str| format!("{}.{}", &width[..1], &width[1..]);
        match numbers[..] {
            [width, resolution] if width.len() > 1 => format!("({}, {resolution})", decimal(width)),
            [width, resolution, classes] if width.len() > 1 => {
                format!("({}, {resolution}), {classes} classes", decimal(width))
            }
            _ => self.name.clone(),
        }
    }
}

impl Run {
    /// By the engine in lanes, with the layout that a plan takes if nothing else is wished.
    pub fn is_default(&self) -> bool {
        self.engine == "lanes" && self.profile == "fast"
    }

    /// By the engine in lanes, with the layout of the least work.
    pub fn is_fastest(&self) -> bool {
        self.engine == "lanes" && self.profile == "fastest"
    }
}

impl Machine {
    /// This one.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn this() -> eyre::Result<Self> {
        let read = |path: &str| std::fs::read_to_string(path).wrap_err_with(|| format!("cannot read {path}"));
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned()))
        };
        let memory = field(&read("/proc/meminfo")?, "MemTotal").unwrap_or_default();
        let kibibytes: u64 = memory
            .trim_end_matches(" kB")
            .parse()
            .wrap_err("MemTotal is no number")?;
        Ok(Self {
            processor: field(&read("/proc/cpuinfo")?, "model name").unwrap_or_else(|| "unknown".into()),
            cores: std::thread::available_parallelism()?.get(),
            memory_bytes: kibibytes * 1024,
        })
    }
}

/// The commit of the sources below `root`.
///
/// # Errors
/// If git does not say.
pub fn commit(root: &Path) -> eyre::Result<String> {
    let said = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"])
        .current_dir(root)
        .output()
        .wrap_err("git does not run")?;
    ensure!(said.status.success(), "git does not say which commit this is");
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}

/// b of the straight line `ln y = a + b·ln x` that is nearest to the points.
pub fn exponent(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).map(f64::ln).sum::<f64>() / n;
    let (x_mean, y_mean) = (mean(|point| point.0), mean(|point| point.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        let terms = points.iter().map(|(x, y)| of(x.ln() - x_mean, y.ln() - y_mean));
        terms.sum()
    };
    sum(&|x, y| x * y) / sum(&|x, _| x * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponent_is_found_and_does_not_depend_on_units() {
        let points = |factor: f64| [1.0, 2.0, 5.0, 9.0].map(|x: f64| (factor * x, 3.0 * x.powf(1.3)));
        assert!((exponent(&points(1.0)) - 1.3).abs() < 1e-12);
        assert!((exponent(&points(1e6)) - 1.3).abs() < 1e-9);
    }

    #[test]
    fn names_are_written_as_in_the_paper() {
        let network = |name: &str| Network {
            name: name.into(),
            parameters: 0,
            activations: 0,
        };
        assert_eq!(network("mobilenet_v2_035_96").title(), "(0.35, 96)");
        assert_eq!(network("mobilenet_v2_05_224").title(), "(0.5, 224)");
        assert_eq!(network("mobilenet_v2_035_96_10").title(), "(0.35, 96), 10 classes");
    }
}
