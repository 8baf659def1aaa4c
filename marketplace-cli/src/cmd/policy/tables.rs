//! The paper's tables with our costs, and what is wrong with them.

use crate::args::economics::{gwei_amount, CostArgs};
use crate::context::Context;
use assay_economics::binomial::{samples, Sides};
use assay_economics::cost::{Cost, Prices};
use assay_economics::hoeffding;
use assay_economics::paper::{Row, Slip, MILLION_PREDICTIONS, SLIPS, TABLE_3, TABLE_4};
use assay_economics::share::Share;
use assay_economics::words::{number, percent};
use assay_protocol::units::grouped;
use serde::Serialize;
use std::fmt;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay policy tables\n  \
    assay policy tables --gwei 0.1 --ether-price 2500\n  \
    assay policy tables --l2-gwei 0.05 --l2-gwei-per-byte 5 --json\n\n\
    The paper: Kang, Hashimoto, Stoica, Sun, Scaling up Trustless DNN Inference with Zero-Knowledge Proofs, arXiv 2210.08674. Table 3\n\
    is the price of knowing, with 95 % confidence, that fewer predictions than a share are wrong; Table 4 that of an accuracy.")]
pub struct Args {
    #[command(flatten)]
    costs: CostArgs,
    /// Price of gas on the L2 of the last line, gwei
    #[arg(long, value_name = "GWEI", value_parser = gwei_amount, default_value_t = 0.01)]
    l2_gwei: f64,
    /// Price of a byte that this L2 posts, gwei
    #[arg(long, value_name = "GWEI", value_parser = gwei_amount, default_value_t = 1.0)]
    l2_gwei_per_byte: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tables {
    table_3: Vec<Line>,
    table_4: Vec<Line>,
    overhead_of_paper: f64,
    overhead_compute: f64,
    overhead_l1: f64,
    slips: Vec<SlipLine>,
    #[serde(skip)]
    prices: Prices,
    #[serde(skip)]
    l2: Prices,
    #[serde(skip)]
    cores: f64,
}

/// Samples for one share, and dollars.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    share: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    paper_samples: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paper_dollars: Option<f64>,
    one_sided: u64,
    two_sided: u64,
    compute: f64,
    l1: f64,
    l2: f64,
    hours: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SlipLine {
    name: &'static str,
    place: &'static str,
    what: &'static str,
}

impl From<Slip> for SlipLine {
    fn from(slip: Slip) -> Self {
        Self {
            name: slip.name,
            place: slip.place,
            what: slip.what,
        }
    }
}

/// Writes a row: its name, then a cell for each share.
fn row(f: &mut fmt::Formatter<'_>, name: &str, lines: &[Line], cell: impl Fn(&Line) -> String) -> fmt::Result {
    write!(f, "  {name:26}")?;
    for line in lines {
        write!(f, "{:>18}", cell(line))?;
    }
    writeln!(f)
}

fn dollars(amount: f64) -> String {
    let cents = (100.0 * amount).round() as u64;
    format!("${}.{:02}", grouped(cents / 100), cents % 100)
}

impl Tables {
    fn table(&self, f: &mut fmt::Formatter<'_>, lines: &[Line]) -> fmt::Result {
        row(f, "", lines, |line| percent(line.share))?;
        row(f, "paper", lines, |line| {
            match (line.paper_samples, line.paper_dollars) {
                (Some(n), Some(price)) => format!("{}, {}", grouped(n), dollars(price)),
                _ => "-".into(),
            }
        })?;
        row(f, "samples, one-sided", lines, |line| grouped(line.one_sided))?;
        row(f, "samples, two-sided", lines, |line| grouped(line.two_sided))?;
        row(f, "cost: compute only", lines, |line| dollars(line.compute))?;
        let l1 = format!("  L1 at {} gwei", number(self.prices.gwei));
        row(f, &l1, lines, |line| dollars(line.l1))?;
        let l2 = format!(
            "  L2 at {}, data {} gwei",
            number(self.l2.gwei),
            number(self.l2.gwei_per_byte)
        );
        row(f, &l2, lines, |line| dollars(line.l2))?;
        row(f, &format!("hours on {} cores", number(self.cores)), lines, |line| {
            format!("{:.1}", line.hours)
        })
    }
}

impl fmt::Display for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Table 3: samples without a failure that show, with 95 % confidence, that fewer are wrong than"
        )?;
        self.table(f, &self.table_3)?;
        writeln!(
            f,
            "\nTable 4: samples that show an accuracy, with 95 % confidence, within"
        )?;
        self.table(f, &self.table_4)?;
        writeln!(
            f,
            "\nCosts are those of the one-sided sizes; ether at ${}, a core and hour at ${}.",
            number(self.prices.ether),
            number(self.prices.core_hour)
        )?;
        writeln!(
            f,
            "The last row of Table 3 on a million predictions worth ${}: the paper's {}, here {} off chain and {} on L1.",
            number(MILLION_PREDICTIONS),
            short(self.overhead_of_paper),
            short(self.overhead_compute),
            short(self.overhead_l1)
        )?;
        writeln!(f, "\nWhat is wrong in the paper:")?;
        for slip in &self.slips {
            writeln!(f, "  {:4}{}: {}", slip.name, slip.place, slip.what)?;
        }
        Ok(())
    }
}

/// A share in percent, two digits behind the point.
fn short(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let (proof, prices) = (args.costs.proof(), args.costs.prices());
    let l2 = Prices {
        gwei: args.l2_gwei,
        gwei_per_byte: args.l2_gwei_per_byte,
        ..prices
    };
    let off_chain = Prices {
        gwei: 0.0,
        gwei_per_byte: 0.0,
        ..prices
    };
    let line = |share: &Share, paper: Option<&Row>, [one, two]: [u64; 2]| Line {
        share: share.value(),
        paper_samples: paper.map(|row| row.samples),
        paper_dollars: paper.map(|row| row.dollars),
        one_sided: one,
        two_sided: two,
        compute: Cost::of(one, proof, off_chain).total(),
        l1: Cost::of(one, proof, prices).total(),
        l2: Cost::of(one, proof, l2).total(),
        hours: one as f64 * proof.seconds / 3600.0,
    };
    let delta = Share::new(0.05)?;
    let sides = [Sides::One, Sides::Two];
    let mut table_3 = Vec::new();
    for text in ["5%", "2.5%", "2%", "1%"] {
        let share: Share = text.parse()?;
        let [one, two] = sides.map(|sides| samples(&share, &delta, sides, 0));
        let paper = TABLE_3.iter().find(|row| row.share == text);
        table_3.push(line(&share, paper, [one?, two?]));
    }
    let mut table_4 = Vec::new();
    for paper in &TABLE_4 {
        let share: Share = paper.share.parse()?;
        let sizes = sides.map(|sides| hoeffding::samples(&share, &delta, sides));
        table_4.push(line(&share, Some(paper), sizes));
    }
    let overhead = |cost: fn(&Line) -> f64| table_3.last().map_or(0.0, |line| cost(line) / MILLION_PREDICTIONS);
    let tables = Tables {
        overhead_of_paper: TABLE_3.last().map_or(0.0, |row| row.dollars / MILLION_PREDICTIONS),
        overhead_compute: overhead(|line| line.compute),
        overhead_l1: overhead(|line| line.l1),
        table_3,
        table_4,
        slips: SLIPS.map(SlipLine::from).into(),
        prices,
        l2,
        cores: proof.cores,
    };
    ctx.out.result(&tables, &tables)
}
