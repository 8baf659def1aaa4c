//! Bounds move the way they must, sizes and bounds are each other's inverse, exact and floating point agree.

use assay_economics::accuracy::{Opened, Terms};
use assay_economics::binomial::{self, lower, upper, Sides};
use assay_economics::hoeffding;
use assay_economics::hypergeometric::{self, bound, detection, none_drawn};
use assay_economics::share::Share;
use proptest::prelude::*;

fn arb_share() -> impl Strategy<Value = Share> {
    (1u32..1000).prop_map(|thousandths| Share::new(f64::from(thousandths) / 1000.0).expect("a share"))
}

fn arb_delta() -> impl Strategy<Value = Share> {
    (1u32..500).prop_map(|thousandths| Share::new(f64::from(thousandths) / 1000.0).expect("a share"))
}

fn arb_sides() -> impl Strategy<Value = Sides> {
    prop_oneof![Just(Sides::One), Just(Sides::Two)]
}

/// Product of float quotients.
fn none_in_floats(of: u64, bad: u64, drawn: u64) -> f64 {
    (0..drawn)
        .map(|i| (of - bad).saturating_sub(i) as f64 / (of - i) as f64)
        .product()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_size_is_the_least_whose_bound_excludes_the_rate(
        share in arb_share(), delta in arb_delta(), sides in arb_sides(), failures in 0u64..4,
    ) {
        let n = binomial::samples(&share, &delta, sides, failures).unwrap();
        let at = |n| if n > failures { upper(failures, n, &delta, sides).unwrap() } else { 1.0 };
        prop_assert!(at(n) <= share.value() * (1.0 + 1e-9));
        prop_assert!(n == 1 || at(n - 1) > share.value() * (1.0 - 1e-9));
    }

    #[test]
    fn bounds_move_with_failures_samples_and_confidence(
        n in 1u64..2000, k in 0u64..2000, delta in arb_delta(), sides in arb_sides(),
    ) {
        let k = k % n;
        let at = |k, n, delta: &Share| upper(k, n, delta, sides).unwrap();
        let here = at(k, n, &delta);
        prop_assert!(here >= k as f64 / n as f64 || delta.value() > 0.4);
        prop_assert!(at(k + 1, n, &delta) > here);
        prop_assert!(at(k, n + 1, &delta) < here);
        prop_assert!(at(k, n, &delta.half()) > here);
        // Successes of a rate are failures of the other.
        prop_assert!((lower(n - k, n, &delta, sides).unwrap() - (1.0 - here)).abs() < 1e-9);
    }

    #[test]
    fn hoeffding_is_weaker_and_its_size_gives_its_margin(
        margin in 10u32..200, delta in arb_delta(), sides in arb_sides(), k in 0u64..1000, n in 1u64..1000,
    ) {
        let margin = Share::new(f64::from(margin) / 1000.0).unwrap();
        let size = hoeffding::samples(&margin, &delta, sides);
        let shown = |n| 1.0 - hoeffding::lower(n, n, &delta, sides).unwrap();
        prop_assert!(shown(size) <= margin.value() + 1e-12);
        prop_assert!(size == 1 || shown(size - 1) > margin.value() - 1e-12);
        let k = k.min(n);
        prop_assert!(hoeffding::lower(k, n, &delta, sides).unwrap() <= lower(k, n, &delta, sides).unwrap() + 1e-9);
    }

    #[test]
    fn exact_and_floating_probabilities_agree(of in 1u64..5000, bad in 0u64..5000, drawn in 0u64..5000) {
        let (bad, drawn) = (bad % (of + 1), drawn % (of + 1));
        let exact = none_drawn(of, bad, drawn).unwrap();
        prop_assert!((exact - none_in_floats(of, bad, drawn)).abs() < 1e-9);
        prop_assert!((detection(of, bad, drawn).unwrap() - (1.0 - exact)).abs() < 1e-12);
    }

    #[test]
    fn what_is_hidden_shrinks_with_the_sample_and_the_size_excludes_it(
        of in 1u64..3000, drawn in 0u64..3000, share in arb_share(), delta in arb_delta(),
    ) {
        let drawn = drawn % of;
        let h = bound(of, drawn, &delta).unwrap();
        prop_assert!(bound(of, drawn + 1, &delta).unwrap() <= h);
        prop_assert!(none_drawn(of, h, drawn).unwrap() >= delta.value() * (1.0 - 1e-12));
        prop_assert!(h == of || none_drawn(of, h + 1, drawn).unwrap() <= delta.value() * (1.0 + 1e-12));
        let (n, bad) = (hypergeometric::samples(of, &share, &delta).unwrap(), share.ceil_of(of));
        prop_assert!(bound(of, n, &delta).unwrap() < bad);
        prop_assert!(bound(of, n - 1, &delta).unwrap() >= bad);
        // A corpus needs no more than something without end.
        prop_assert!(n <= binomial::samples(&share, &delta, Sides::One, 0).unwrap());
    }

    #[test]
    fn fees_that_deter_are_where_the_gain_ends(
        example in 1.0..100.0, ratio in 0.001..0.9, probe in 1u32..500, proven in 1u32..2000, v in 0.0..1.0, factor in 0.1..150.0,
    ) {
        let terms = |fee| Terms {
            example, proof: example * ratio, inference: example * ratio * 0.01, fee, probe, proven, fault_strikes: 10,
        };
        for opened in [Opened::Probes, Opened::All] {
            let fee = terms(0.0).fee_against_theft(v, opened);
            prop_assert!((terms(fee).max_theft(opened) - v).abs() < 1e-9);
            let fee = terms(0.0).fee_against_griefing(factor, v, opened).unwrap();
            prop_assert!((terms(fee).griefing_factor(v, opened) / factor - 1.0).abs() < 1e-9);
            prop_assert!(terms(1.0).abort_payment(opened) < terms(1.0).success_payment(opened));
            prop_assert!(terms(1.0).success_payment(opened) < terms(1.0).deposit());
        }
    }
}

/// One bad document of M is missed by n with (M − n)/M exactly: at a tie the bound is 0, one draw less leaves 1.
#[test]
fn ties_are_decided_exactly() {
    for (of, delta) in [
        (20u64, "1/20"),
        (100, "0.05"),
        (1000, "0.1%"),
        (1_000_000, "0.07"),
        (3, "1/3"),
    ] {
        let share: Share = delta.parse().unwrap();
        let tie = of - share.ceil_of(of);
        assert_eq!(bound(of, tie, &share), Ok(0), "{of} {delta}");
        assert_eq!(bound(of, tie - 1, &share), Ok(1), "{of} {delta}");
    }
}
