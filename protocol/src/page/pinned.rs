//! Numbers of section 1 of the economics, as the program computes them: the page has to come to the same by itself, in integers.

use super::millionths::millionths;
use assay_economics::binomial::{self, Sides, STATED_DELTA};
use assay_economics::error::Error;
use assay_economics::share::Share;
use assay_economics::{hoeffding, hypergeometric};
use serde::Serialize;

/// Rows of arguments, each with its result last. Shares and probabilities are parts of a million, rounded to the nearest; `sides` is 1
/// or 2.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pinned {
    /// Failures, samples, sides: the most that can fail.
    upper: Vec<[u64; 4]>,
    /// Successes, samples: the least that can succeed, one-sided.
    lower: Vec<[u64; 3]>,
    /// Share, failures, sides: fewest samples that exclude the share.
    samples: Vec<[u64; 4]>,
    /// Documents, share: fewest that are drawn to exclude the share.
    drawn: Vec<[u64; 3]>,
    /// Documents, drawn: the most that match unseen.
    hidden: Vec<[u64; 3]>,
    /// Positives, hidden: least share that was found.
    recall: Vec<[u64; 3]>,
    /// Documents, bad ones, drawn: how probably one of them is seen.
    detection: Vec<[u64; 4]>,
    /// Margin, sides: fewest samples.
    hoeffding: Vec<[u64; 3]>,
}

const SIDES: [(u64, Sides); 2] = [(1, Sides::One), (2, Sides::Two)];

fn share(millionths: u64) -> Result<Share, Error> {
    format!("{millionths}/1000000").parse()
}

/// Each with both numbers of sides.
fn two_sided<const N: usize, const M: usize>(
    rows: &[[u64; N]],
    of: impl Fn(&[u64; N], Sides) -> Result<u64, Error>,
    row: impl Fn(&[u64; N], u64, u64) -> [u64; M],
) -> Result<Vec<[u64; M]>, Error> {
    let mut all = Vec::new();
    for given in rows {
        for (number, sides) in SIDES {
            all.push(row(given, number, of(given, sides)?));
        }
    }
    Ok(all)
}

impl Pinned {
    pub(super) fn compute() -> Result<Self, Error> {
        let delta = Share::new(STATED_DELTA)?;
        let part = |value: Result<f64, Error>| value.map(millionths);
        let uppers = [
            [0, 59],
            [1, 93],
            [2, 124],
            [0, 299],
            [0, 366],
            [0, 368],
            [0, 183],
            [0, 72],
        ];
        let lowers = [
            [600, 600],
            [594, 600],
            [480, 600],
            [360, 600],
            [3, 3],
            [6, 8],
            [8, 8],
            [8, 10],
            [0, 4],
            [65_536, 65_536],
        ];
        let shares = [100_000, 50_000, 25_000, 20_000, 10_000, 5_000, 1_000];
        let failing: Vec<[u64; 2]> = shares
            .iter()
            .flat_map(|share| [0, 1, 2].map(|failures| [*share, failures]))
            .collect();
        let sizes = [100, 500, 1_000, 10_000, 100_000, 1_000_000];
        let corpora = sizes
            .iter()
            .flat_map(|of| [50_000, 25_000, 10_000].map(|share| [*of, share]));
        let hidden = [
            [1_000, 57],
            [950, 59],
            [950, 300],
            [9_900, 299],
            [100, 95],
            [4_096, 59],
            [4_096, 299],
            [9_000, 299],
            [999_900, 299],
            [40, 0],
            [37, 37],
        ];
        let recalls = [[50, 45], [1_000, 88], [100, 9_966], [69, 31], [2, 1], [0, 0], [0, 5]];
        let detections = [[4_096, 41, 59], [4_096, 205, 59], [4_096, 41, 299], [1_000, 10, 59]];
        Ok(Self {
            upper: two_sided(
                &uppers,
                |[failures, n], sides| part(binomial::upper(*failures, *n, &delta, sides)),
                |[failures, n], sides, value| [*failures, *n, sides, value],
            )?,
            lower: each(lowers, |[successes, n]| {
                part(binomial::lower(successes, n, &delta, Sides::One))
            })?,
            samples: two_sided(
                &failing,
                |[bad, failures], sides| binomial::samples(&share(*bad)?, &delta, sides, *failures),
                |[bad, failures], sides, value| [*bad, *failures, sides, value],
            )?,
            drawn: each(corpora, |[of, bad]| hypergeometric::samples(of, &share(bad)?, &delta))?,
            hidden: each(hidden, |[of, drawn]| hypergeometric::bound(of, drawn, &delta))?,
            recall: each(recalls, |[positives, hidden]| {
                Ok(millionths(hypergeometric::recall(positives, hidden)))
            })?,
            detection: detections
                .into_iter()
                .map(|[of, bad, drawn]| Ok([of, bad, drawn, part(hypergeometric::detection(of, bad, drawn))?]))
                .collect::<Result<_, Error>>()?,
            hoeffding: two_sided(
                &[[50_000], [25_000], [10_000]],
                |[margin], sides| Ok(hoeffding::samples(&share(*margin)?, &delta, sides)),
                |[margin], sides, value| [*margin, sides, value],
            )?,
        })
    }
}

fn each(
    rows: impl IntoIterator<Item = [u64; 2]>,
    of: impl Fn([u64; 2]) -> Result<u64, Error>,
) -> Result<Vec<[u64; 3]>, Error> {
    rows.into_iter().map(|row| Ok([row[0], row[1], of(row)?])).collect()
}
