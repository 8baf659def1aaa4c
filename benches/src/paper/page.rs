//! `docs/benchmarks.md`.

use crate::paper::measured::{exponent, Measured, Run};
use crate::paper::published::{Published, TABLE_1};
use crate::peers::{Pair, Peers};
use assay_economics::binomial::{samples, Sides};
use assay_economics::cost::{Cost, Prices, Proof};
use assay_economics::hoeffding;
use assay_economics::paper::{Row, TABLE_3, TABLE_4};
use assay_economics::share::Share;
use assay_protocol::units::grouped;
use eyre::{eyre, WrapErr};
use std::fmt::Write;

/// What an answer costs and weighs beyond the verification and the proof, as [`Proof::measured`] has it.
const AROUND: Proof = Proof::measured();
/// Gas prices of the cost tables, gwei.
const L1_GWEI: f64 = 1.0;
const L2_GWEI: f64 = 0.01;
const L2_GWEI_PER_BYTE: f64 = 1.0;
/// A prediction of the plan that is farther off is marked.
const WITHIN: f64 = 0.15;

/// The page.
///
/// # Errors
/// If a network of the paper is missing.
pub fn of(measured: &Measured, peers: Option<&Peers>) -> eyre::Result<String> {
    let mut page = String::new();
    head(&mut page, measured)?;
    paper(&mut page, measured)?;
    predictions(&mut page, measured)?;
    layouts(&mut page, measured)?;
    steps(&mut page, measured)?;
    size(&mut page, measured)?;
    costs(&mut page, measured)?;
    if let Some(peers) = peers {
        beside_peers(&mut page, peers)?;
    }
    Ok(page)
}

/// The run of a network by default.
fn default_of<'m>(measured: &'m Measured, name: &str) -> eyre::Result<&'m Run> {
    let mut runs = measured.runs.iter();
    runs.find(|run| run.network.name == name && run.is_default())
        .ok_or_else(|| eyre!("{name} was not measured"))
}

fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

fn head(page: &mut String, measured: &Measured) -> eyre::Result<()> {
    let machine = &measured.machine;
    writeln!(
        page,
        "<!-- Written by `scripts/bench paper` from benchmarks/measured.json. Nobody edits it. -->\n\
         # Measured\n\n\
         On {} cores of {}, {:.0} GB of memory, program `{}`. Each proof is of random weights and a random image of the \
         real architecture, weights and image committed, verified in Rust and by the generated contract. Times are those of the machine; \
         *ratio* is proving time over one multi-exponentiation of 2^18 random scalars by the library in the same process, which another \
         machine can compare.\n",
        machine.cores,
        machine.processor.trim(),
        gigabytes(machine.memory_bytes),
        measured.commit,
    )?;
    Ok(())
}

fn paper(page: &mut String, measured: &Measured) -> eyre::Result<()> {
    writeln!(
        page,
        "## The paper's three networks (Table 1)\n\n\
         | | {} |\n|---|{}",
        TABLE_1
            .iter()
            .map(|row| Ok(default_of(measured, row.name)?.network.title()))
            .collect::<eyre::Result<Vec<_>>>()?
            .join(" | "),
        "---|".repeat(TABLE_1.len()),
    )?;
    let runs = TABLE_1.iter().map(|row| default_of(measured, row.name));
    let runs: Vec<&Run> = runs.collect::<eyre::Result<_>>()?;
    let mut line = |name: &str, cell: &dyn Fn(&Run, &Published) -> String| {
        let cells = runs.iter().zip(&TABLE_1).map(|(run, row)| cell(run, row));
        writeln!(page, "| {name} | {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "not noted".into());
    line("weights and biases", &|run, _| grouped(run.network.parameters as u64))?;
    line("activations", &|run, _| grouped(run.network.activations as u64))?;
    line("rows, columns committed in a proof", &|run, _| {
        format!("2^{}, {}", run.report.k, run.report.advice_columns)
    })?;
    line("**prove**, median after the first", &|run, _| {
        format!("**{:.1} s**; ratio {:.1}", run.report.prove_s, run.report.ratio)
    })?;
    line("the paper, nothing committed", &|_, row| {
        format!("{:.0} s on {} vCPU", row.prove_s, row.cores)
    })?;
    line("core seconds, here and at most in the paper", &|run, row| {
        let theirs = row.prove_s * f64::from(row.cores);
        format!("{:.0}, {}", run.report.cpu_s, grouped(theirs as u64))
    })?;
    line("the first proof of a process", &|run, _| {
        format!("{:.1} s", run.report.prove_cold_s)
    })?;
    line("keys, both, from nothing", &|run, _| {
        format!("{:.1} s", run.report.keygen_s)
    })?;
    line("the paper's set-up", &|_, row| {
        or_none(row.setup_s.map(|seconds| format!("{seconds:.1} s")))
    })?;
    line("peak memory", &|run, _| {
        format!("{:.2} GB", gigabytes(run.report.peak_rss_bytes))
    })?;
    line("verify in Rust", &|run, _| format!("{:.1} ms", run.report.verify_ms))?;
    line("the paper's verification", &|_, row| {
        or_none(row.verify_s.map(|seconds| format!("{:.0} ms", seconds * 1e3)))
    })?;
    line("proof", &|run, _| {
        format!("{} bytes", grouped(run.report.proof_bytes as u64))
    })?;
    line("the paper's proof", &|_, row| {
        or_none(row.proof_bytes.map(|bytes| format!("{} bytes", grouped(bytes as u64))))
    })?;
    line("gas of a verification, at most", &|run, _| {
        grouped(run.report.gas_at_most)
    })?;
    line("contract code", &|run, _| {
        let [verifier, key] = [run.report.verifier_code_bytes, run.report.vk_code_bytes];
        format!("{} + {} bytes", grouped(verifier as u64), grouped(key as u64))
    })?;
    writeln!(
        page,
        "\n*Not noted* is a figure that this project does not have from the paper's text. The paper has no contract. No accuracy is given \
         here, because ImageNet and weights trained on it are not part of this repository: the network that the demo registers is (0.35, \
         96) trained on scikit-learn's handwritten digits, 298 of 300 held-out images right in float; \
         [models/small](../models/small/README.md) has LeNet-5, a ResNet and MobileNet v1 on the same data.\n"
    )?;
    writeln!(
        page,
        "### What commitments cost (6.2)\n\n\
         The paper's circuit hides weights without binding a provider to them, and its 6.2 adds the price of a commitment. Here the columns \
         of the weights *are* the commitment, so that there is no circuit without it to compare with; what it adds are {} rows of salt in \
         columns that have room for them, and the image's hash. Both are in every figure above.\n",
        grouped(assay_prover::circuit::Layout::DEFAULT_SALT_ROWS as u64),
    )?;
    Ok(())
}

/// Figures before there is a key beside those measured.
fn predictions(page: &mut String, measured: &Measured) -> eyre::Result<()> {
    writeln!(
        page,
        "## What `assay plan` says before\n\n\
         After `assay plan --calibrate`, in the same run; predicted / measured. Bold is farther off than 15 %.\n\n\
         | network | profile | keys | first proof | later proofs | peak memory | proof | gas |\n|---|---|---|---|---|---|---|---|"
    )?;
    for run in &measured.runs {
        let Some(predicted) = &run.predicted else { continue };
        let report = &run.report;
        let pair = |said: f64, is: f64, unit: &str| {
            let off = (said / is - 1.0).abs() > WITHIN;
            let mark = if off { "**" } else { "" };
            format!("{mark}{said:.1} / {is:.1} {unit}{mark}")
        };
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} / {} | {} / {} |",
            run.network.title(),
            run.profile,
            pair(predicted.keygen_s, report.keygen_s, "s"),
            pair(predicted.first_s, report.prove_cold_s, "s"),
            pair(predicted.later_s, report.prove_s, "s"),
            pair(
                gigabytes(predicted.memory_bytes),
                gigabytes(report.peak_rss_bytes),
                "GB"
            ),
            grouped(predicted.proof_bytes as u64),
            grouped(report.proof_bytes as u64),
            grouped(predicted.gas),
            grouped(report.gas_at_most),
        )?;
    }
    writeln!(page)?;
    Ok(())
}

/// Every way in which a network was proven.
fn layouts(page: &mut String, measured: &Measured) -> eyre::Result<()> {
    writeln!(
        page,
        "## Engines and layouts\n\n\
         *lanes*: eight field elements at a time with AVX-512 IFMA; *portable*: without; *stock*: the library's own prover.\n\n\
         | network | profile | engine | k | activations a row | prove | ratio | core seconds | memory | gas |\n\
         |---|---|---|---|---|---|---|---|---|---|"
    )?;
    for run in &measured.runs {
        let report = &run.report;
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {:.1} s | {:.1} | {:.1} | {:.2} GB | {} |",
            run.network.title(),
            run.profile,
            run.engine,
            report.k,
            report.activations_per_row,
            report.prove_s,
            report.ratio,
            report.cpu_s,
            gigabytes(report.peak_rss_bytes),
            grouped(report.gas_at_most),
        )?;
    }
    writeln!(page)?;
    Ok(())
}

fn steps(page: &mut String, measured: &Measured) -> eyre::Result<()> {
    writeln!(
        page,
        "## Time and memory by step\n\n![time by step](benchmarks/time.svg)\n"
    )?;
    writeln!(page, "![memory by step](benchmarks/memory.svg)\n")?;
    let runs = TABLE_1.iter().map(|row| default_of(measured, row.name));
    let runs: Vec<&Run> = runs.collect::<eyre::Result<_>>()?;
    let titles: Vec<_> = runs.iter().map(|run| run.network.title()).collect();
    writeln!(
        page,
        "| step, seconds | {} |\n|---|{}",
        titles.join(" | "),
        "---|".repeat(runs.len())
    )?;
    let mut names: Vec<&String> = runs.iter().flat_map(|run| run.report.step_s.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let seconds = |run: &&Run| {
            run.report
                .step_s
                .get(name)
                .map_or("–".into(), |seconds| format!("{seconds:.2}"))
        };
        writeln!(
            page,
            "| {name} | {} |",
            runs.iter().map(seconds).collect::<Vec<_>>().join(" | ")
        )?;
    }
    writeln!(page)?;
    Ok(())
}

/// From here on the tables of a circuit, which are the same for every network, are a small part of it.
const LARGE: f64 = 1e6;

fn size(page: &mut String, measured: &Measured) -> eyre::Result<()> {
    let runs: Vec<&Run> = measured.runs.iter().filter(|run| run.is_fastest()).collect();
    let sizes = || runs.iter().map(|run| run.network.size());
    let points = |of: fn(&Run) -> f64, from: f64| -> Vec<(f64, f64)> {
        let points = runs.iter().map(|run| (run.network.size(), of(run)));
        points.filter(|(size, _)| *size >= from).collect()
    };
    let (time, memory) = (
        |run: &Run| run.report.cpu_s,
        |run: &Run| run.report.peak_rss_bytes as f64,
    );
    writeln!(
        page,
        "## Cost against the size of a network\n\n![cost against size](benchmarks/size.svg)\n\n\
         Processor time of a proof grows as (activations + weights)^{:.2}, peak memory as ^{:.2}, over {} networks of {:.2} to {:.2} million \
         with the layout of the least work each; over the {} of at least a million ^{:.2} and ^{:.2}: smaller ones pay for tables that are \
         the same for all, and of the others the smallest are mostly weights, which take one cell where an activation takes three and \
         two lookups. Rows are a power of two, so that single networks stand beside the line by as much as their last doubling leaves \
         idle.\n",
        exponent(&points(time, 0.0)),
        exponent(&points(memory, 0.0)),
        runs.len(),
        sizes().fold(f64::INFINITY, f64::min) / 1e6,
        sizes().fold(0.0, f64::max) / 1e6,
        points(time, LARGE).len(),
        exponent(&points(time, LARGE)),
        exponent(&points(memory, LARGE)),
    )?;
    Ok(())
}

fn costs(page: &mut String, measured: &Measured) -> eyre::Result<()> {
    let delta = Share::new(0.05).wrap_err("no share")?;
    writeln!(
        page,
        "## What a verdict costs (Tables 3 and 4)\n\n\
         Samples are counted exactly (one-sided, 95 %); a core and hour at ${}, ether at ${}. On L1 at {L1_GWEI} gwei each proof is \
         answered in a transaction of its own, {} gas beside the verification; an L2 at {L2_GWEI} gwei posts data at {L2_GWEI_PER_BYTE} \
         gwei a byte. `assay policy tables` prints them at other prices, and what is wrong in the paper's.\n",
        Prices::ASSUMED_CORE_HOUR,
        grouped(Prices::ASSUMED_ETHER as u64),
        grouped(AROUND.gas - assay_economics::cost::VERIFICATION_GAS),
    )?;
    writeln!(
        page,
        "| what is shown | samples | paper | network | compute only | L1 | L2 | hours here |\n|---|---|---|---|---|---|---|---|"
    )?;
    let mut line = |what: &str, samples: u64, paper: Option<&Row>| -> eyre::Result<()> {
        for row in &TABLE_1 {
            let run = default_of(measured, row.name)?;
            let report = &run.report;
            let proof = Proof {
                seconds: report.prove_s,
                cores: measured.machine.cores as f64,
                gas: report.gas_at_most + AROUND.gas - assay_economics::cost::VERIFICATION_GAS,
                bytes: report.proof_bytes as u64 + AROUND.bytes - assay_economics::cost::PROOF_BYTES,
            };
            let dollars = |prices| grouped_dollars(Cost::of(samples, proof, prices).total());
            let paper = paper.map_or("–".into(), |row| {
                format!("{}: ${}", grouped(row.samples), row.dollars)
            });
            writeln!(
                page,
                "| {what} | {} | {paper} | {} | {} | {} | {} | {:.1} |",
                grouped(samples),
                run.network.title(),
                dollars(Prices::off_chain()),
                dollars(Prices::l1(L1_GWEI)),
                dollars(Prices::l2(L2_GWEI, L2_GWEI_PER_BYTE)),
                samples as f64 * proof.seconds / 3600.0,
            )?;
        }
        Ok(())
    };
    for text in ["5%", "2%", "1%"] {
        let share: Share = text.parse()?;
        // What the paper calls 2.5 % is the size for 2 %.
        let paper = TABLE_3
            .iter()
            .find(|row| row.share == text || (text == "2%" && row.share == "2.5%"));
        let what = format!("fewer than {text} wrong, none seen");
        line(&what, samples(&share, &delta, Sides::One, 0)?, paper)?;
    }
    for paper in &TABLE_4 {
        let share: Share = paper.share.parse()?;
        let what = format!("accuracy within {}", paper.share);
        line(&what, hoeffding::samples(&share, &delta, Sides::One), Some(paper))?;
    }
    Ok(())
}

fn grouped_dollars(amount: f64) -> String {
    let cents = (100.0 * amount).round() as u64;
    format!("${}.{:02}", grouped(cents / 100), cents % 100)
}

fn beside_peers(page: &mut String, peers: &Peers) -> eyre::Result<()> {
    let machine = &peers.machine;
    writeln!(
        page,
        "\n## Beside ezkl\n\n\
         `scripts/bench peers`: the same ONNX files in one go on {} cores of {}, program `{}`. ezkl with private input and weights to which \
         nothing is committed, calibrated for resources; here weights and image are committed. Its proving time has its witness in it, ours \
         has, too. A chain takes {} bytes of code at most.\n",
        machine.cores,
        machine.processor.trim(),
        peers.commit,
        grouped(crate::peers::MOST_CODE as u64),
    )?;
    for Pair { network, ezkl, ours } in &peers.pairs {
        writeln!(
            page,
            "| {network} | here | ezkl {} | factor |\n|---|---|---|---|",
            ezkl.version
        )?;
        let seconds = |page: &mut String, name: &str, here: f64, there: f64| {
            writeln!(page, "| {name} | {here:.2} s | {there:.1} s | {:.0} |", there / here)
        };
        seconds(page, "keys", ours.keygen_s, ezkl.setup_s)?;
        seconds(page, "**prove**", ours.prove_s, ezkl.prove_s)?;
        seconds(page, "the first proof of a process", ours.prove_cold_s, ezkl.prove_s)?;
        seconds(page, "core seconds of a proof", ours.cpu_s, ezkl.cpu_s)?;
        let [here, there] = [ours.peak_rss_bytes, ezkl.peak_rss_bytes].map(gigabytes);
        writeln!(
            page,
            "| peak memory | {here:.2} GB | {there:.1} GB | {:.0} |",
            there / here
        )?;
        writeln!(
            page,
            "| verify off chain | {:.1} ms | {:.1} ms | {:.1} |",
            ours.verify_ms,
            ezkl.verify_ms,
            ezkl.verify_ms / ours.verify_ms
        )?;
        let pair = |page: &mut String, name: &str, here: u64, there: u64, note: &str| {
            let factor = there as f64 / here as f64;
            writeln!(
                page,
                "| {name} | {} | {}{note} | {factor:.1} |",
                grouped(here),
                grouped(there)
            )
        };
        pair(
            page,
            "proof, bytes",
            ours.proof_bytes as u64,
            ezkl.proof_bytes as u64,
            "",
        )?;
        let note = if ezkl.is_deployable() {
            ""
        } else {
            ", which no chain takes"
        };
        let code = ours.verifier_code_bytes + ours.vk_code_bytes;
        pair(page, "contract code, bytes", code as u64, ezkl.code_bytes as u64, note)?;
        pair(page, "gas of a verification", ours.gas, ezkl.gas, "")?;
        pair(page, "rows", 1 << ours.k, 1 << ezkl.k, "")?;
        writeln!(page)?;
    }
    Ok(())
}
