//! The page's pictures.

use crate::paper::measured::{exponent, Measured, Run};
use crate::paper::published::TABLE_1;
use eyre::eyre;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use std::collections::BTreeMap;

const SIZE: (u32, u32) = (820, 400);
const TEXT: &str = "sans-serif";
/// What is above a chart with several colours.
const LEGEND_SHARE: f64 = 1.45;
/// Of the bar of a network, which is 1 wide with what is between it and the next.
const THICK: f64 = 0.6;
/// Room around the points of a logarithmic chart.
const ROOM: f64 = 1.5;

type Chart<'c, 'b> = ChartContext<'c, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Every picture with the name of its file.
///
/// # Errors
/// If the drawing library has one.
pub fn draw(measured: &Measured) -> eyre::Result<Vec<(&'static str, String)>> {
    let seconds = |run: &Run| run.report.step_s.clone();
    let gigabytes = |run: &Run| {
        let steps = run.report.step_rss_bytes.iter();
        steps.map(|(name, bytes)| (name.clone(), *bytes as f64 / 1e9)).collect()
    };
    Ok(vec![
        ("time.svg", painted(|root| stacked(root, measured, seconds))?),
        ("memory.svg", painted(|root| beside(root, measured, gigabytes))?),
        ("size.svg", painted(|root| against_size(root, measured))?),
    ])
}

type Painted = Result<(), Box<dyn std::error::Error>>;
type Area<'b> = DrawingArea<SVGBackend<'b>, plotters::coord::Shift>;

fn painted(paint: impl FnOnce(&Area<'_>) -> Painted) -> eyre::Result<String> {
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
    let done = root
        .fill(&WHITE)
        .map_err(Into::into)
        .and_then(|()| paint(&root))
        .and_then(|()| Ok(root.present()?));
    done.map_err(|error| eyre!("cannot draw: {error}"))?;
    drop(root);
    Ok(svg)
}

/// The paper's networks as this program proves them by default.
fn papers(measured: &Measured) -> Vec<&Run> {
    let of = |name| {
        measured
            .runs
            .iter()
            .find(|run| run.network.name == name && run.is_default())
    };
    TABLE_1.iter().filter_map(|row| of(row.name)).collect()
}

fn colour(index: usize, of: usize) -> HSLColor {
    HSLColor(
        0.62 - 0.62 * index as f64 / of.max(1) as f64,
        0.55,
        if index.is_multiple_of(2) { 0.45 } else { 0.62 },
    )
}

/// Names of all steps, by the first network that has them, and the values of each network.
fn steps(runs: &[&Run], of: impl Fn(&Run) -> BTreeMap<String, f64>) -> (Vec<String>, Vec<BTreeMap<String, f64>>) {
    let values: Vec<_> = runs.iter().map(|run| of(run)).collect();
    let mut names: Vec<String> = Vec::new();
    for name in values.iter().flat_map(BTreeMap::keys) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    (names, values)
}

/// How the seconds of a proof are spent: shares, since the networks differ by a factor.
fn stacked(root: &Area<'_>, measured: &Measured, of: impl Fn(&Run) -> BTreeMap<String, f64>) -> Painted {
    let runs = papers(measured);
    let (names, values) = steps(&runs, of);
    let mut chart = chart(
        root,
        "Where the time of a proof goes, per cent",
        runs.len(),
        100.0 * LEGEND_SHARE,
    )?;
    for (step, name) in names.iter().enumerate() {
        let paint = colour(step, names.len());
        let bars = values.iter().enumerate().map(|(row, value)| {
            let share = |names: &[String]| -> f64 {
                let part: f64 = names.iter().filter_map(|name| value.get(name)).sum();
                100.0 * part / value.values().sum::<f64>()
            };
            bar(row, share(&names[..step]), share(&names[..=step]), paint)
        });
        named(&mut chart, bars, name, paint)?;
    }
    labelled(&mut chart, root, &runs, |run| format!("{:.1} s", run.report.prove_s))
}

/// The memory that is in use at the end of each step: the highest counts, so they stand behind each other.
fn beside(root: &Area<'_>, measured: &Measured, of: impl Fn(&Run) -> BTreeMap<String, f64>) -> Painted {
    let runs = papers(measured);
    let (names, values) = steps(&runs, of);
    let most = values.iter().flat_map(BTreeMap::values).copied().fold(0.0, f64::max);
    let title = "Memory in use at the end of each step, GB";
    let mut chart = chart(root, title, runs.len(), most * LEGEND_SHARE)?;
    let thick = THICK / names.len().max(1) as f64;
    for (step, name) in names.iter().enumerate() {
        let paint = colour(step, names.len());
        let bars = values.iter().enumerate().filter_map(|(row, value)| {
            let top = row as f64 + (1.0 - THICK) / 2.0 + step as f64 * thick;
            let value = *value.get(name)?;
            Some(Rectangle::new([(0.0, top), (value, top + thick)], paint.filled()))
        });
        named(&mut chart, bars, name, paint)?;
    }
    let peak = |run: &Run| format!("peak {:.1} GB", run.report.peak_rss_bytes as f64 / 1e9);
    labelled(&mut chart, root, &runs, peak)
}

fn chart<'c, 'b>(
    root: &'c Area<'b>,
    title: &str,
    rows: usize,
    most: f64,
) -> Result<Chart<'c, 'b>, Box<dyn std::error::Error>> {
    let mut chart = ChartBuilder::on(root)
        .caption(title, (TEXT, 16))
        .margin(10)
        .x_label_area_size(28)
        .y_label_area_size(112)
        .build_cartesian_2d(0.0..most, rows as f64..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(WHITE)
        .label_style((TEXT, 12))
        .draw()?;
    Ok(chart)
}

fn bar(row: usize, from: f64, to: f64, paint: HSLColor) -> Rectangle<(f64, f64)> {
    let top = row as f64 + (1.0 - THICK) / 2.0;
    Rectangle::new([(from, top), (to, top + THICK)], paint.filled())
}

fn named<'b>(
    chart: &mut Chart<'_, 'b>,
    bars: impl Iterator<Item = Rectangle<(f64, f64)>>,
    name: &str,
    paint: HSLColor,
) -> Painted {
    let drawn = chart.draw_series(bars)?;
    drawn
        .label(name)
        .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], paint.filled()));
    Ok(())
}

/// The name of each network and a figure of it left of its bar, and the legend.
fn labelled<'c, 'b: 'c>(
    chart: &mut Chart<'c, 'b>,
    root: &Area<'b>,
    runs: &[&Run],
    figure: impl Fn(&Run) -> String,
) -> Painted {
    for (row, run) in runs.iter().enumerate() {
        let (_, y) = chart.backend_coord(&(0.0, row as f64 + 0.5));
        root.draw(&Text::new(run.network.title(), (12, y - 14), (TEXT, 14)))?;
        root.draw(&Text::new(figure(run), (12, y + 3), (TEXT, 12)))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(BLACK.mix(0.3))
        .background_style(WHITE)
        .label_font((TEXT, 11))
        .draw()?;
    Ok(())
}

/// Processor time against what has to be touched.
fn against_size(root: &Area<'_>, measured: &Measured) -> Painted {
    let runs: Vec<&Run> = measured.runs.iter().filter(|run| run.is_fastest()).collect();
    let points: Vec<(f64, f64)> = runs
        .iter()
        .map(|run| (run.network.size() / 1e6, run.report.cpu_s))
        .collect();
    let range = |of: fn(&(f64, f64)) -> f64| {
        let low = points.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(of).fold(0.0, f64::max);
        (low / ROOM..high * ROOM).log_scale()
    };
    let mut chart = ChartBuilder::on(root)
        .caption("Processor time of a proof, layouts of the least work", (TEXT, 16))
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(range(|point| point.0), range(|point| point.1))?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("activations + weights, millions")
        .y_desc("seconds of one core")
        .label_style((TEXT, 12))
        .draw()?;
    let slope = exponent(&points);
    let n = points.len() as f64;
    let height: f64 = points.iter().map(|(x, y)| (y.ln() - slope * x.ln()) / n).sum();
    let line = points.iter().map(|(x, _)| (*x, (height + slope * x.ln()).exp()));
    let mut line: Vec<(f64, f64)> = line.collect();
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    chart
        .draw_series(LineSeries::new(line, BLUE.mix(0.6)))?
        .label(format!("exponent {slope:.2}"))
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLUE.mix(0.6)));
    chart.draw_series(points.iter().zip(&runs).map(|(point, run)| {
        let text = format!("{}, k = {}", run.network.title(), run.report.k);
        EmptyElement::at(*point) + Circle::new((0, 0), 4, RED.filled()) + Text::new(text, (7, -5), (TEXT, 11))
    }))?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .border_style(BLACK.mix(0.3))
        .label_font((TEXT, 12))
        .draw()?;
    Ok(())
}
