//! Plots as SVG: curves that are predicted, points with their errors that were simulated.

use super::Report;
use crate::measure::Line;
use crate::plot::Plot;
use plotters::prelude::*;

const SIZE: (u32, u32) = (760, 440);

const COLOURS: [RGBColor; 4] = [
    RGBColor(0x1f, 0x5f, 0xa8),
    RGBColor(0xb8, 0x4a, 0x1c),
    RGBColor(0x3a, 0x7d, 0x44),
    RGBColor(0x6b, 0x3f, 0x86),
];

/// A point of a series: where, mean, two standard errors.
type Point = (f64, f64, f64);

/// By label, in the order of the grid, which is that of the curves.
type Series = Vec<(String, Vec<Point>)>;

/// Every plot that has points, by name.
///
/// # Errors
/// If the drawing library has one.
pub fn draw(report: &Report) -> Result<Vec<(&'static str, String)>, String> {
    let drawn = report.plots.iter().filter_map(|plot| {
        let series = series(&report.lines, plot.name);
        (!series.is_empty()).then(|| Ok((plot.name, one(plot, &series)?)))
    });
    drawn.collect()
}

fn series(lines: &[Line], plot: &str) -> Series {
    let mut series = Series::new();
    for line in lines {
        if let Some(mark) = line.mark.as_ref().filter(|mark| mark.plot == plot) {
            let point = (mark.x, line.estimate.mean, 2.0 * line.estimate.error);
            match series.iter_mut().find(|(label, _)| *label == mark.series) {
                Some((_, points)) => points.push(point),
                None => series.push((mark.series.clone(), vec![point])),
            }
        }
    }
    series
}

fn one(plot: &Plot, series: &[(String, Vec<Point>)]) -> Result<String, String> {
    let mut svg = String::new();
    paint(plot, series, &mut svg).map_err(|error| format!("plot {}: {error}", plot.name))?;
    Ok(svg)
}

fn paint(plot: &Plot, series: &[(String, Vec<Point>)], svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let (x, y) = ranges(plot, series);
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(plot.title, ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(plot.x)
        .y_desc(plot.y)
        .label_style(("sans-serif", 12))
        .draw()?;
    let zero = [(chart.x_range().start, 0.0), (chart.x_range().end, 0.0)];
    if chart.y_range().start < 0.0 {
        chart.draw_series(LineSeries::new(zero, BLACK.mix(0.6)))?;
    }
    let mut colours = COLOURS.iter().cycle();
    for ((label, curve), colour) in plot.curves.iter().zip(&mut colours) {
        let drawn = chart.draw_series(LineSeries::new(curve.iter().copied(), colour))?;
        drawn
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
    }
    for ((label, points), colour) in series.iter().zip(COLOURS.iter().cycle()) {
        let bars = points.iter().map(|(x, mean, error)| {
            let (low, high) = ((*x, mean - error), (*x, mean + error));
            PathElement::new([low, high], colour.stroke_width(2))
        });
        chart.draw_series(bars)?;
        let dots = points
            .iter()
            .map(|(x, mean, _)| Circle::new((*x, *mean), 4, colour.filled()));
        chart
            .draw_series(dots)?
            .label(label)
            .legend(move |(x, y)| Circle::new((x + 9, y), 4, colour.filled()));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 12))
        .margin(8)
        .draw()?;
    root.present()?;
    Ok(())
}

/// What both axes must show, with a little room.
fn ranges(plot: &Plot, series: &[(String, Vec<Point>)]) -> (std::ops::Range<f64>, std::ops::Range<f64>) {
    let points = series.iter().flat_map(|(_, points)| points);
    let around = points.flat_map(|(x, y, error)| [(*x, y - error), (*x, y + error)]);
    let all: Vec<(f64, f64)> = around
        .chain(plot.curves.iter().flat_map(|(_, c)| c.iter().copied()))
        .collect();
    let range = |values: Vec<f64>| {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let room = 0.06 * (high - low).max(1e-9);
        low - room..high + room
    };
    (
        range(all.iter().map(|(x, _)| *x).collect()),
        range(all.iter().map(|(_, y)| *y).collect()),
    )
}
