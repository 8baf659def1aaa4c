//! `bench farm --plot`: how long the paper's sets take with so many workers, and what they cost, with the queue's measured part in it.

use assay_economics::cost::{Cost, Prices, Proof};
use assay_economics::paper::TABLE_4;
use eyre::eyre;
use plotters::prelude::*;
use std::collections::BinaryHeap;
use std::fmt::Write;
use std::path::Path;

/// What a task takes of a worker's time beside its proof, seconds: medians of a take and of a finish with 1,000 workers.
const BESIDE: f64 = 0.002 + 0.003;
/// Takes and finishes a second, measured in the middle of that run: faster they are not handed out.
const CALLS_PER_SECOND: f64 = 395.0;
/// Of the plot.
const WORKERS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
/// Of the table.
const SHOWN: [u64; 4] = [1, 10, 100, 1000];
/// Gas prices of the table, gwei.
const GWEI: [f64; 2] = [0.1, 1.0];
const HOUR: f64 = 3600.0;

/// Sets of the paper's Table 4, the second as it should be: it is rounded down there.
fn sets() -> impl Iterator<Item = u64> {
    TABLE_4
        .iter()
        .map(|row| if row.samples == 2396 { 2397 } else { row.samples })
}

/// Seconds until the last of these proofs is there: each worker takes the next as soon as it is free and the queue hands it out.
fn wall(proofs: u64, workers: u64, durations: &mut impl FnMut() -> f64) -> f64 {
    // Microseconds, negative: the heap gives the highest.
    let whole = |seconds: f64| -((seconds * 1e6) as i64);
    let mut free: BinaryHeap<i64> = (0..workers.min(proofs)).map(|_| 0).collect();
    let (mut handed_out, mut last) = (0.0_f64, 0.0_f64);
    for _ in 0..proofs {
        let from = -(free.pop().unwrap_or_default() as f64) / 1e6;
        handed_out = from.max(handed_out + 2.0 / CALLS_PER_SECOND);
        let end = handed_out + BESIDE + durations();
        last = last.max(end);
        free.push(whole(end));
    }
    last
}

/// Writes the picture into the directory, and prints the tables as Markdown.
///
/// # Errors
/// If it cannot be drawn or written.
pub fn run(directory: &Path, mut duration: impl FnMut(f64) -> f64) -> eyre::Result<()> {
    let mean = Proof::measured().seconds;
    let mut durations = || duration(mean);
    let mut lines = Vec::new();
    for proofs in sets() {
        let points = WORKERS.map(|workers| (workers as f64, wall(proofs, workers, &mut durations) / HOUR));
        lines.push((proofs, points.to_vec()));
    }
    std::fs::create_dir_all(directory)?;
    std::fs::write(directory.join("wall.svg"), painted(&lines)?)?;
    println!("{}", tables(&lines)?);
    Ok(())
}

/// A number of proofs, and hours by number of workers.
type Line = (u64, Vec<(f64, f64)>);

fn painted(lines: &[Line]) -> eyre::Result<String> {
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, (820, 400)).into_drawing_area();
    paint(&root, lines).map_err(|error| eyre!("cannot draw: {error}"))?;
    drop(root);
    Ok(svg)
}

fn paint(
    root: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    lines: &[Line],
) -> Result<(), Box<dyn std::error::Error>> {
    const TEXT: (&str, u32) = ("sans-serif", 12);
    root.fill(&WHITE)?;
    let hours = lines.iter().flat_map(|(_, points)| points.iter().map(|point| point.1));
    let (low, high) = hours.fold((f64::INFINITY, 0.0_f64), |(low, high), hour| {
        (low.min(hour), high.max(hour))
    });
    let mut chart = ChartBuilder::on(root)
        .caption(
            format!(
                "Hours until all is proven, {} s a proof on average",
                Proof::measured().seconds
            ),
            ("sans-serif", 16),
        )
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d((1.0..1000.0).log_scale(), (low / 1.5..high * 1.5).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("workers")
        .y_desc("hours")
        .label_style(TEXT)
        .draw()?;
    for ((proofs, points), colour) in lines.iter().zip([BLUE, GREEN, RED]) {
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3))?
            .label(format!("{proofs} proofs"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(BLACK.mix(0.3))
        .label_font(TEXT)
        .draw()?;
    root.present()?;
    Ok(())
}

fn tables(lines: &[Line]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "| proofs by workers | {} |",
        SHOWN.map(|workers| workers.to_string()).join(" | ")
    )?;
    writeln!(text, "|---|{}", "---|".repeat(SHOWN.len()))?;
    for (proofs, points) in lines {
        let shown = points.iter().filter(|point| SHOWN.contains(&(point.0 as u64)));
        let shown: Vec<String> = shown.map(|point| in_time(point.1 * HOUR)).collect();
        writeln!(text, "| {proofs} | {} |", shown.join(" | "))?;
    }
    let proof = Proof::measured();
    let gas = GWEI.map(|gwei| format!("gas at {gwei} gwei | all of it"));
    writeln!(
        text,
        "\n| proofs | openings | core-hours | at {} $ | {} | the paper's Table 4 |",
        Prices::ASSUMED_CORE_HOUR,
        gas.join(" | ")
    )?;
    writeln!(text, "|---|---|---|---|{}---|", "---|---|".repeat(GWEI.len()))?;
    for ((proofs, _), row) in lines.iter().zip(&TABLE_4) {
        let hours = *proofs as f64 * proof.seconds * proof.cores / HOUR;
        let compute = Cost::of(*proofs, proof, Prices::off_chain()).compute;
        let gas = GWEI.map(|gwei| {
            let cost = Cost::of(*proofs, proof, Prices::l1(gwei));
            format!("{:.2} $ | {:.2} $", cost.gas, cost.total())
        });
        writeln!(
            text,
            "| {proofs} | {proofs} | {hours:.1} | {compute:.2} $ | {} | {} $ |",
            gas.join(" | "),
            row.dollars
        )?;
    }
    Ok(text)
}

/// For people.
fn in_time(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / HOUR),
        _ => format!("{:.1} days", seconds / HOUR / 24.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_share_proofs_until_the_queue_or_the_last_proof_decides() {
        let mut ten = || 10.0;
        let near = |is: f64, wanted: f64| (is - wanted).abs() < wanted * 0.01;
        assert!(near(wall(600, 1, &mut ten), 6000.0));
        assert!(near(wall(600, 10, &mut ten), 600.0));
        // Nothing is gained by more workers than proofs, and 15,000 are not handed out at once.
        assert!(near(wall(600, 600, &mut ten), wall(600, 1000, &mut ten)));
        assert!(wall(15_000, 15_000, &mut ten) > 15_000.0 * 2.0 / CALLS_PER_SECOND);
    }
}
