//! Numbers computed elsewhere (exact rationals, mpmath, SciPy), row by row: 10⁻⁶ relative, or as many digits as the row has.

use assay_economics::accuracy::{Opened, Terms};
use assay_economics::audits::{hiding_factor, tries_to_dodge};
use assay_economics::binomial::{self, believed_upper, lower, upper, Sides};
use assay_economics::cost::{Cost, Prices, Proof};
use assay_economics::hoeffding;
use assay_economics::hypergeometric::{self, bound, detection, none_drawn, recall};
use assay_economics::paper;
use assay_economics::rounds::{capacity, carried, Round};
use assay_economics::share::Share;
use assay_economics::tuning::{griefing_threshold, unprofitable_threshold, Evasion};

/// A proof as the economics page counts it: by the library's prover.
const PAGE: Proof = Proof {
    seconds: 48.0,
    ..Proof::measured()
};

fn share(text: &str) -> Share {
    text.parse().expect("a share")
}

fn delta() -> Share {
    share("5%")
}

/// Half a unit in the last digit of what is pinned, or 10⁻⁶ of it.
#[track_caller]
fn close(found: f64, pinned: &str) {
    let value: f64 = pinned.parse().expect("a number");
    let (mantissa, exponent) = pinned.split_once('e').unwrap_or((pinned, "0"));
    let places = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len()) as i32;
    let digit = 0.5 * 10f64.powi(exponent.parse::<i32>().expect("an exponent") - places);
    let tolerance = digit.max(1e-6 * value.abs()) * (1.0 + 1e-9);
    assert!((found - value).abs() <= tolerance, "{found} is not {pinned}");
}

#[track_caller]
fn all_close(found: impl IntoIterator<Item = f64>, pinned: &[&str]) {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), pinned.len());
    for (found, pinned) in found.into_iter().zip(pinned) {
        close(found, pinned);
    }
}

#[test]
fn rows_1_to_6_sizes_of_a_measured_accuracy() {
    let sizes = |sides| ["5%", "2.5%", "1%"].map(|margin| hoeffding::samples(&share(margin), &delta(), sides));
    assert_eq!(sizes(Sides::One), [600, 2397, 14_979]);
    assert_eq!(sizes(Sides::Two), [738, 2952, 18_445]);
}

#[test]
fn rows_7_to_9_sizes_without_a_failure() {
    let sizes = |delta: &str, sides, rates: &[&str]| -> Vec<u64> {
        let size = |rate: &&str| binomial::samples(&share(rate), &share(delta), sides, 0).expect("a size");
        rates.iter().map(size).collect()
    };
    let rates = ["10%", "5%", "2.5%", "2%", "1%", "0.5%", "0.1%"];
    assert_eq!(sizes("5%", Sides::One, &rates), [29, 59, 119, 149, 299, 598, 2995]);
    assert_eq!(sizes("5%", Sides::Two, &rates), [36, 72, 146, 183, 368, 736, 3688]);
    assert_eq!(sizes("1%", Sides::One, &["5%", "2.5%", "1%"]), [90, 182, 459]);
}

#[test]
fn rows_10_and_11_upper_bounds() {
    let bounds = |sides, cases: &[(u64, u64)]| -> Vec<f64> {
        let bound = |(k, n): &(u64, u64)| upper(*k, *n, &delta(), sides).expect("a bound");
        cases.iter().map(bound).collect()
    };
    let two = bounds(Sides::Two, &[(0, 366), (0, 368), (0, 183), (0, 72)]);
    all_close(two, &["0.010028", "0.009974", "0.019956", "0.049944"]);
    let one = bounds(Sides::One, &[(0, 59), (1, 93), (2, 124), (0, 299)]);
    all_close(one, &["0.049508", "0.049994", "0.049900", "0.009969"]);
}

#[test]
fn rows_12_to_14_lower_bounds() {
    let bounds = |cases: &[(u64, u64)]| -> Vec<f64> {
        let bound = |(k, n): &(u64, u64)| lower(*k, *n, &delta(), Sides::One).expect("a bound");
        cases.iter().map(bound).collect()
    };
    let large = bounds(&[(600, 600), (594, 600), (480, 600), (360, 600)]);
    all_close(large, &["0.995020", "0.980359", "0.771230", "0.565955"]);
    let small = bounds(&[(3, 3), (6, 8), (8, 8), (8, 10)]);
    all_close(small, &["0.368403", "0.400311", "0.687656", "0.493099"]);
    close(
        hoeffding::lower(480, 600, &delta(), Sides::One).expect("a bound"),
        "0.750036",
    );
}

#[test]
fn row_15_sizes_with_failures_allowed() {
    let sizes =
        |rate: &str| [0, 1, 2].map(|k| binomial::samples(&share(rate), &delta(), Sides::One, k).expect("a size"));
    assert_eq!([sizes("5%"), sizes("1%")], [[59, 93, 124], [299, 473, 628]]);
}

#[test]
fn rows_16_to_21_sizes_for_a_corpus() {
    let rows = [
        (100, [45, 63, 95]),
        (500, [56, 102, 225]),
        (1_000, [57, 112, 258]),
        (10_000, [59, 118, 294]),
        (100_000, [59, 119, 298]),
        (1_000_000, [59, 119, 299]),
    ];
    for (of, pinned) in rows {
        let size = |rate| hypergeometric::samples(of, &share(rate), &delta()).expect("a size");
        assert_eq!(["5%", "2.5%", "1%"].map(size), pinned, "{of}");
    }
}

#[test]
fn rows_22_to_27_hidden_documents() {
    let h = |of, n| bound(of, n, &delta()).expect("a bound");
    assert_eq!([h(1000, 57), h(950, 59), h(950, 300), h(9900, 299)], [49, 45, 7, 97]);
    assert_eq!(none_drawn(100, 1, 95), Ok(0.05));
    assert_eq!(h(100, 95), 0);
    assert_eq!([h(4096, 59), h(4096, 299)], [201, 39]);
}

#[test]
fn rows_28_and_29_recall() {
    let h = |of, n| bound(of, n, &delta()).expect("a bound");
    assert_eq!([h(950, 59), h(9000, 299), h(999_900, 299)], [45, 88, 9966]);
    all_close([recall(50, 45), recall(1000, 88)], &["0.5263", "0.9191"]);
    assert!(recall(100, 9966) >= 0.0099);
}

#[test]
fn rows_30_and_31_detection() {
    let cases = [(4096, 41, 59), (4096, 205, 59), (4096, 41, 299), (1000, 10, 59)];
    let found = cases.map(|(of, bad, n)| detection(of, bad, n).expect("a probability"));
    all_close(found, &["0.449989", "0.952715", "0.956004", "0.457171"]);
    let tries = tries_to_dodge(&share("1%"), 299);
    all_close([1.0 / tries, tries], &["0.049536", "20.19"]);
}

/// E = 1, Z = 0.1, P = 0.001, N1 = 100, N2 = 600.
fn market(fee: f64) -> Terms {
    Terms {
        example: 1.0,
        proof: 0.1,
        inference: 0.001,
        fee,
        probe: 100,
        proven: 600,
        fault_strikes: 10,
    }
}

/// ε: N1·P/99, N1·P, N1(P + E).
const FEES: [f64; 3] = [0.1 / 99.0, 0.1, 100.1];

#[test]
fn rows_32_to_34_payments_and_an_honest_provider() {
    let m = market(FEES[1]);
    let probes = Opened::Probes;
    all_close(
        [
            m.deposit(),
            m.abort_payment(probes),
            m.success_payment(probes),
            m.work(),
        ],
        &["1400", "0.1", "120.2", "60.1"],
    );
    close(m.max_failure(probes), "0.0395343");
    close(m.max_abort(probes), "0.998336");
    assert!(market(FEES[2]).max_abort(probes) < 0.0);
}

#[test]
fn rows_35_to_38_thieves_and_griefers() {
    let probes = Opened::Probes;
    all_close(
        [market(FEES[0]), market(FEES[1])].map(|m| m.max_theft(probes)),
        &["0.0010101", "0.198"],
    );
    let m = market(FEES[1]);
    all_close(
        [probes, Opened::All].map(|o| m.fee_against_theft(1.0, o)),
        &["0.503015", "3.521106"],
    );
    all_close([0.0, 1.0].map(|v| m.griefing_factor(v, probes)), &["99", "0.197605"]);
    close(m.fee_against_griefing(99.0, 1.0, probes).expect("a fee"), "99.1");
    assert_eq!(m.fee_against_griefing(199.0, 1.0, probes), None);
}

#[test]
fn rows_39_and_40_tuned_sets() {
    close(market(FEES[1]).profitable_tuning(), "1.428e-4");
    let evasion = Evasion::new(100, 600, 360);
    all_close([79, 78].map(|c| evasion.probability(c)), &["1.2016e-4", "2.6851e-4"]);
    let thresholds = FEES.map(|fee| {
        let m = market(fee);
        [
            unprofitable_threshold(&m, 360),
            griefing_threshold(&m, 360, 1.0),
            griefing_threshold(&m, 360, 100.0),
        ]
    });
    assert_eq!(
        thresholds,
        [[80, 81, 85], [79, 80, 84], [69, 70, 77]].map(|row| row.map(Some))
    );
}

#[test]
fn rows_41_to_43_optimistic_results() {
    let (ten, one) = (
        market(FEES[1]),
        Terms {
            fault_strikes: 1,
            ..market(FEES[1])
        },
    );
    let stake = 100_000.0;
    all_close(
        [ten, one].map(|m| m.conviction_after_failing(0.0)),
        &["0.603206", "0.938279"],
    );
    all_close(
        [ten, one].map(|m| m.conviction_after_failing(stake)),
        &["0.990246", "0.999016"],
    );
    all_close(
        [0.0, stake].map(|v| ten.conviction_before_proceeding(v)),
        &["0.047655", "0.976589"],
    );
    let missed = [10, 50].map(|n| none_drawn(390, 30, n).expect("a probability"));
    all_close(missed, &["0.444765", "0.013712"]);
}

#[test]
fn rows_44_to_46_the_paper() {
    close(paper::alpha_to_proceed(100.0, 700.0, 0.001, 1.0), "7.0702e-5");
    all_close(
        paper::alpha_of_griefing(100.0, 600.0, 0.001, 0.1, 1.0),
        &["1.769616", "0.884070"],
    );
    let overhead = paper::TABLE_3[2].dollars / paper::MILLION_PREDICTIONS;
    close(100.0 * overhead, "2.59");
}

#[test]
fn row_47_failure_rates() {
    let cases = [(0, 299, (1, 1)), (3, 100, (1, 1)), (0, 0, (1, 9))];
    let found = cases.map(|(k, n, prior)| believed_upper(k, n, prior, &delta()).expect("a bound"));
    all_close(found, &["0.009936", "0.074979", "0.283129"]);
}

#[test]
fn row_48_the_devnet() {
    let devnet = Terms {
        example: 10.0,
        proof: 2.0,
        inference: 0.01,
        fee: 1.0,
        probe: 1,
        proven: 3,
        fault_strikes: 10,
    };
    close(devnet.max_failure(Opened::Probes), "0.065312");
    all_close(
        [Opened::Probes, Opened::All].map(|o| devnet.griefing_factor(1.0, o)),
        &["18.0736", "4.8480"],
    );
    close(devnet.conviction_after_failing(0.0), "0.479221");
    assert_eq!(unprofitable_threshold(&devnet, 3), None);
}

#[test]
fn rounds_and_audits() {
    let round = |deposit| Round {
        outputs: 4096,
        cap: 59,
        provider_deposit: deposit,
        price: 0.0,
        proof: 1.0,
        inference: 0.01,
    };
    let r = round(118.0);
    all_close(
        [(0.0, 1.0), (0.0, 0.1), (0.04, 1.0)].map(|(g, q)| r.deterring_deposit(g, q)),
        &["40.96", "409.6", "204.8"],
    );
    close(round(2.0 * 4096.0).deterring_probability(0.0), "0.005");
    all_close(
        [r, round(8192.0)].map(|r| r.contest_belief()),
        &["0.016667", "0.000244"],
    );
    close(r.contest_deposit(), "118");
    assert_eq!([600, 4096, 59].map(|each| carried(8197, each)), [13, 2, 138]);
    assert_eq!(capacity(86_400, 48.0), 900);
    let bonds = [100, 1].map(|hidden| hiding_factor(9900, hidden, 299).expect("a factor"));
    all_close(bonds, &["104.805", "33.110"]);
}

#[test]
fn costs() {
    let total = |prices| Cost::of(1, PAGE, prices).total();
    close(Cost::of(1, PAGE, Prices::off_chain()).total(), "0.001333");
    all_close(
        [0.1, 1.0, 10.0].map(|gwei| total(Prices::l1(gwei))),
        &["0.2389", "2.3773", "23.761"],
    );
    let l2 = [(0.001, 0.0), (0.01, 1.0), (0.05, 5.0)].map(|(gwei, byte)| total(Prices::l2(gwei, byte)));
    all_close(l2, &["0.0037", "0.0434", "0.2116"]);
    let row =
        |prices, sizes: &[u64]| -> Vec<f64> { sizes.iter().map(|n| Cost::of(*n, PAGE, prices).total()).collect() };
    let (three, four) = ([59, 119, 149, 299], [600, 2397, 14_979]);
    all_close(row(Prices::off_chain(), &three), &["0.08", "0.16", "0.20", "0.40"]);
    all_close(row(Prices::l1(0.1), &three), &["14.10", "28.43", "35.60", "71.44"]);
    all_close(row(Prices::l1(1.0), &three), &["140.26", "282.90", "354.22", "710.82"]);
    all_close(row(Prices::off_chain(), &four), &["0.80", "3.20", "19.97"]);
    all_close(row(Prices::l1(0.1), &four), &["143.36", "572.72", "3578.97"]);
    all_close(row(Prices::l1(1.0), &four), &["1426.40", "5698.45", "35609.99"]);
    all_close(
        four.map(|n| n as f64 * PAGE.seconds / 3600.0),
        &["8.0", "32.0", "199.7"],
    );
}
