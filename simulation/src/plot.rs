//! What a plot shows: the curves that the conditions predict, beside which the simulated means are drawn.

use serde::Serialize;

/// One plot.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plot {
    /// Of its file, and of the marks that belong to it.
    pub name: &'static str,
    /// Above it.
    pub title: &'static str,
    /// Below the horizontal axis.
    pub x: &'static str,
    /// Beside the vertical one.
    pub y: &'static str,
    /// What is predicted, by label.
    pub curves: Vec<(String, Vec<(f64, f64)>)>,
}

/// A curve through so many steps from `from` to `to`.
pub(crate) fn curve(
    label: impl Into<String>,
    (from, to): (f64, f64),
    value: impl Fn(f64) -> f64,
) -> (String, Vec<(f64, f64)>) {
    const STEPS: u32 = 60;
    let x = |step: u32| from + (to - from) * f64::from(step) / f64::from(STEPS);
    (
        label.into(),
        (0..=STEPS).map(|step| (x(step), value(x(step)))).collect(),
    )
}
