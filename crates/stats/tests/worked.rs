//! Worked examples that were computed elsewhere: published trials' counts and means, textbook designs, one small trial by
//! hand-written linear algebra. Each number here comes from outside this crate.

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use stats::blinding::{Guesses, bang_control, bang_graded, bang_treatment, james};
use stats::effect_size::{EffectSizeError, Summary, within_average};
use stats::group_sequential::{
    Design, Efficacy, PromisingZone, Spending, blinded_sample_size, conditional_power, power_two_means,
    predictive_drift, sample_size_two_means, weighted_z,
};
use stats::mmrm::{DfMethod, Fit, Model, Vcov, Weights};
use stats::multiplicity::{Adjustment, adjust};
use stats::responders::{Counted, fisher, newcombe, number_needed_to_treat};
use stats::rubin::pool;
use stats::table::Table;

#[track_caller]
fn close(found: f64, wanted: f64, slack: f64) {
    assert!((found - wanted).abs() <= slack, "{found} where {wanted} ± {slack} is wanted");
}

/// Means, standard deviations and people as printed for the first phase 3 trial; d and its interval as printed: 0.91
/// (0.44 to 1.37) for the CAPS-5, 0.43 (−0.01 to 0.88) for the SDS.
#[test]
fn effect_sizes_from_published_means() {
    let group = |n, mean, sd| Summary { n, mean, sd };
    let caps = group(42, -24.4, 11.6).between(group(37, -13.9, 11.5), 0.95).unwrap();
    close(caps.d, -0.909, 5e-4);
    close(caps.g, -0.900, 5e-4);
    close(caps.se, 0.2368, 5e-5);
    close(caps.interval[0], -1.373, 5e-4);
    close(caps.interval[1], -0.445, 5e-4);
    assert!(caps.exact[0] < caps.d && caps.d < caps.exact[1] && (caps.exact[1] - caps.interval[1]).abs() < 0.01);
    let sds = group(42, -3.1, 2.6).between(group(37, -2.0, 2.4), 0.95).unwrap();
    close(sds.d, -0.4385, 5e-5);
    close(sds.interval[0], -0.886, 5e-4);
    close(sds.interval[1], 0.009, 5e-4);
    close(group(42, -19.7, 14.0).between(group(39, -10.8, 11.3), 0.95).unwrap().d, -0.697, 5e-4);
    // Within arms as printed: 2.1 and 1.2.
    let within = group(42, -24.4, 11.6).within(0.95).unwrap();
    close(within.d, -2.103, 5e-4);
    assert!(within.exact[0] < -1.5 && within.exact[1] > -2.7 && within.exact[1] < -1.5);
    close(within_average(-24.4, 6.0, 13.0), -24.4 / 9.5, 1e-12);
    assert_eq!(group(1, 0.0, 1.0).within(0.95), Err(EffectSizeError::TooFew { group: 1, found: 1 }));
    assert_eq!(group(5, 0.0, 0.0).between(group(5, 1.0, 1.0), 0.95), Err(EffectSizeError::NoSpread));
}

/// Responders of both trials: difference, Newcombe's limits, people to treat, Fisher's p.
#[test]
fn responders_of_two_trials() {
    for (x, n, y, m, difference, low, high, nnt, p) in [
        (28, 42, 12, 37, 0.3423, 0.1215, 0.5200, 2.92, 0.0033),
        (14, 42, 2, 37, 0.2793, 0.1052, 0.4354, 3.58, 0.0021),
        (37, 42, 22, 37, 0.2864, 0.0932, 0.4596, 3.49, 0.0045),
        (37, 52, 20, 42, 0.2353, 0.0366, 0.4125, 4.25, 0.0331),
        (24, 52, 9, 42, 0.2473, 0.0537, 0.4123, 4.04, 0.0168),
        (45, 52, 29, 42, 0.1749, 0.0074, 0.3402, 5.72, 0.0463),
    ] {
        let (one, other) = (Counted::new(x, n).unwrap(), Counted::new(y, m).unwrap());
        close(one.share() - other.share(), difference, 5e-5);
        let limits = newcombe(one, other, 0.95);
        close(limits[0], low, 5e-5);
        close(limits[1], high, 5e-5);
        close(number_needed_to_treat(one.share() - other.share()), nnt, 5e-3);
        close(fisher(one, other, 0.95).two_sided_p, p, 5e-5);
    }
}

#[test]
fn sample_sizes_by_the_noncentral_t() {
    for (d, at_80, power_80, at_90, power_90) in [
        (0.4, 100, 0.8036, 133, 0.9015),
        (0.5, 64, 0.8015, 86, 0.9032),
        (0.6, 45, 0.8037, 60, 0.9031),
        (0.7, 34, 0.8116, 44, 0.9009),
        (0.8, 26, 0.8075, 34, 0.9015),
        (0.91, 20, 0.8008, 27, 0.9068),
    ] {
        for (power, people, exact) in [(0.8, at_80, power_80), (0.9, at_90, power_90)] {
            assert_eq!(sample_size_two_means(d, 0.05, power), Some(people), "{d}");
            close(power_two_means(people, d, 0.05), exact, 5e-5);
        }
    }
    assert_eq!(sample_size_two_means(0.0, 0.05, 0.8), None);
}

/// Conditional power at 60 % under the current trend; spending of one side's error; the rules that change a size.
#[test]
fn looks_and_sizes_anew() {
    for (z, wanted) in [(1.0, 0.145), (1.5, 0.485), (2.0, 0.837), (2.5, 0.977)] {
        close(conditional_power(z, 0.6, 1.959964, predictive_drift(z, 0.6)), wanted, 5e-4);
    }
    for (t, spent) in [(0.5, 0.0031), (0.6, 0.0076)] {
        close(2.0 * Spending::ObrienFleming.spent(0.025, t), spent, 5e-5);
    }
    let design = Design {
        looks: vec![0.5, 1.0],
        alpha: 0.025,
        beta: 0.1,
        efficacy: Efficacy::Spend(Spending::ObrienFleming),
        futility: None,
    };
    close(design.boundary().unwrap().upper[0], 2.963, 5e-4);
    close(weighted_z(1.5, 2.0, 0.36), 0.6 * 1.5 + 0.8 * 2.0, 1e-12);

    let rule = PromisingZone { least: 0.36, target: 0.9, largest: 2.0 };
    let promising = rule.re_estimate(1.5, 0.6, 1.959964);
    assert!(promising.factor > 1.0 && promising.factor <= 2.0, "{promising:?}");
    assert!(promising.new_conditional_power > promising.conditional_power);
    // The new size has the power aimed at, or is the largest allowed.
    assert!((promising.new_conditional_power - 0.9).abs() < 1e-9 || promising.factor == 2.0);
    for unchanged in [0.5, 2.6, -1.0] {
        assert_eq!(rule.re_estimate(unchanged, 0.6, 1.959964).factor, 1.0, "{unchanged}");
    }
    // Pooled SD 12.4 with a difference of 9 inside is 11.55 within: d = 0.779, 28 an arm at 80 %; never below the plan.
    assert_eq!(
        blinded_sample_size(20, 9.0, 12.4, 0.05, 0.8),
        Some(sample_size_two_means(9.0 / 11.5540, 0.05, 0.8).unwrap())
    );
    assert_eq!(blinded_sample_size(60, 9.0, 12.4, 0.05, 0.8), Some(60));
    assert_eq!(blinded_sample_size(60, 9.0, 4.0, 0.05, 0.8), None, "the difference alone spreads more than that");
}

#[test]
fn blinding_of_two_tables() {
    let guesses = |treatment, control, unknown| Guesses { treatment, control, unknown };
    let check = |active: Guesses, placebo: Guesses, bang_a: [f64; 4], bang_p: [f64; 4], james_of: [f64; 2]| {
        for (index, wanted) in
            [(bang_treatment(active, 0.95).unwrap(), bang_a), (bang_control(placebo, 0.95).unwrap(), bang_p)]
        {
            let found = [index.value, index.se, index.interval[0], index.interval[1]];
            found.iter().zip(wanted).for_each(|(found, wanted)| close(*found, wanted, 6e-4));
        }
        let found = james(active, placebo, 0.95).unwrap();
        close(found.index.value, james_of[0], 5e-5);
        close(found.index.se, james_of[1], 5e-5);
        found
    };
    let trial = check(
        guesses(49, 1, 2),
        guesses(9, 33, 2),
        [0.9231, 0.0459, 0.833, 1.013],
        [0.5455, 0.1222, 0.306, 0.785],
        [0.1483, 0.0362],
    );
    close(trial.unknown, 0.041667, 5e-7);
    close(trial.observed, 0.054348, 5e-7);
    close(trial.expected, 0.244329, 5e-7);
    close(trial.kappa, -0.777563, 5e-7);
    check(
        guesses(30, 10, 6),
        guesses(15, 20, 9),
        [0.4348, 0.1216, 0.196, 0.673],
        [0.1136, 0.1334, -0.148, 0.375],
        [0.4482, 0.0523],
    );
    close(bang_graded([10, 5, 4, 3, 2], 0.95).unwrap().value, (10.0 + 2.5 - 1.5 - 2.0) / 24.0, 1e-12);
    assert_eq!(bang_treatment(guesses(0, 0, 0), 0.95), None);
}

#[test]
fn several_tests_and_several_imputations() {
    let p = [0.0112, 0.030, 0.021, 0.20];
    for (method, wanted) in
        [(Adjustment::Holm, [0.0448, 0.063, 0.063, 0.200]), (Adjustment::Hochberg, [0.0448, 0.060, 0.060, 0.200])]
    {
        adjust(&p, method).iter().zip(wanted).for_each(|(found, wanted)| close(*found, wanted, 1e-12));
    }
    let estimates = [(-9.1, 2.30), (-8.4, 2.41), (-9.6, 2.25), (-8.8, 2.36), (-9.3, 2.32)];
    let pooled = pool(&estimates, 86.0, 0.95).unwrap();
    close(pooled.estimate, -9.040, 1e-9);
    close(pooled.total_variance, 5.67812, 1e-9);
    close(pooled.df, 77.146, 5e-4);
    close(pooled.p, 0.000293, 5e-7);
}

/// Twelve people, three visits, three gaps. Estimates, Σ and −2 log L by an independent implementation in NumPy; standard
/// errors and degrees of freedom by Kenward–Roger's linear form with the observed information.
#[test]
fn a_small_trial_by_hand() {
    let rows = [
        (1, 44, "-8,-17,-26"),
        (1, 39, "-5,-12,-19"),
        (1, 51, "-12,-22,-33"),
        (1, 36, "-2,-9,"),
        (1, 47, "-11,-18,-24"),
        (1, 42, "-6,-20,-30"),
        (0, 45, "-4,-9,-13"),
        (0, 38, "-1,-4,-6"),
        (0, 50, "-9,-12,-20"),
        (0, 41, "-6,,"),
        (0, 46, "0,-8,-11"),
        (0, 37, "-3,-5,-14"),
    ];
    let mut csv = "id,arm,base,visit,change\n".to_owned();
    for (person, (arm, base, changes)) in rows.iter().enumerate() {
        for (visit, change) in changes.split(',').enumerate() {
            csv += &format!("{person},{arm},{base},T{},{change}\n", visit + 2);
        }
    }
    let mut model = Model::from_formula("change ~ 0 + visit + arm:visit + I(base - 43) + us(visit | id)").unwrap();
    model.levels.insert("arm".into(), vec!["0".into(), "1".into()]);
    let fit = Fit::new(&Table::from_csv(&csv).unwrap(), &model).unwrap();
    close(fit.criteria().deviance, 129.427337, 1e-5);
    let sigma = &fit.sigma()[0];
    for (found, wanted) in
        sigma.iter().zip([5.589169, 1.578116, 5.245435, 1.578116, 4.689674, 8.960542, 5.245435, 8.960542, 21.640072])
    {
        close(*found, wanted, 1e-3);
    }
    let inference = fit.inference(DfMethod::KenwardRoger, Vcov::KenwardRogerLinear).unwrap();
    let found: std::collections::BTreeMap<String, _> =
        fit.design().kept_names().iter().map(|name| (*name).to_owned()).zip(inference.coefficients()).collect();
    for (name, estimate, se, df) in [
        ("visitT4:arm1", -10.903976, 2.8546, 7.320),
        ("visitT3:arm1", -8.572964, 1.3204, 7.881),
        ("visitT2:arm1", -3.319475, 1.3653, 9.875),
        ("I(base - 43)", -0.541575, 0.0971, 6.825),
    ] {
        let one = found.get(name).unwrap_or_else(|| panic!("{name} is not among {:?}", found.keys()));
        close(one.estimate, estimate, 1e-5);
        close(one.se, se, 1e-3);
        close(one.df, df, 1e-2);
    }
    close(found["visitT2"].estimate, -3.923596, 1e-5);
    assert!(inference.means(Weights::Equal).iter().all(|(_, mean)| mean.is_some()));
}
