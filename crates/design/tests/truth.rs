//! What is known without simulating must come out of it: error rates, power, coverage, bounds. Each within what so few
//! trials allow; the large run stands in `docs/design.md` (`examples/proof.rs`).

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod plans;

use design::{Accrual, Looks, Mechanism, Plan, Results, ScenarioResult, Shard, run};
use plans::plan;
use stats::group_sequential::{Design, Efficacy, Futility, Spending, power_two_means};

fn results(plan: &Plan) -> Results {
    run(plan, Shard::WHOLE, None, &|_| ()).unwrap().results().unwrap()
}

/// Within four standard errors of a share.
#[track_caller]
fn near(what: &str, found: f64, wanted: f64, trials: u64) {
    let slack = 4.0 * (wanted * (1.0 - wanted) / trials as f64).sqrt();
    assert!((found - wanted).abs() <= slack, "{what}: {found} where {wanted} ± {slack} is wanted");
}

#[test]
fn without_effect_the_test_rejects_one_in_twenty_and_intervals_cover() {
    for (mechanism, people) in [(Mechanism::Independent, 60), (Mechanism::Seen, 60), (Mechanism::Seen, 24)] {
        let mut plan = Plan { participants: people, advantage: 0.0, ..plan(2500) };
        plan.dropout.mechanism = mechanism;
        let results = results(&plan);
        let one = results.null().unwrap();
        near("rejects", one.rejected.share, 0.05, one.trials);
        near("in favour", one.better.share, 0.025, one.trials);
        near("covers", one.coverage.share, 0.95, one.trials);
        assert!(one.bias.abs() < 4.0 * one.bias_se, "{} ± {}", one.bias, one.bias_se);
        assert!((one.sd / one.se - 1.0).abs() < 0.05, "{} {}", one.sd, one.se);
        assert!(one.not_fitted < 0.01 && one.rated < people as f64, "{one:?}");
    }
}

#[test]
fn with_an_effect_estimates_are_true_unless_leaving_hides_it() {
    let mut planned = plan(2000);
    let seen = results(&planned);
    let one = seen.planned().unwrap();
    assert!(one.bias.abs() < 4.0 * one.bias_se);
    near("covers", one.coverage.share, 0.95, one.trials);
    assert!(one.better.share > 0.6 && one.worse_share() < 0.001);
    // Those who do badly leave unseen, and do so on placebo only: its mean looks better than it is.
    planned.dropout.mechanism = Mechanism::Unseen;
    planned.dropout.slope = 0.1;
    planned.compared.hazard = vec![0.0; 3];
    planned.reference.hazard = vec![0.2; 3];
    let unseen = results(&planned);
    let one = unseen.planned().unwrap();
    assert!(one.bias < -1.0, "{}", one.bias);
    assert!(unseen.text().contains("the bias is real"));
}

trait Worse {
    fn worse_share(&self) -> f64;
}

impl Worse for ScenarioResult {
    fn worse_share(&self) -> f64 {
        self.rejected.share - self.better.share
    }
}

#[test]
fn one_visit_without_gaps_has_the_power_of_the_t_test() {
    let mut plan = plan(2500);
    plan.visits.truncate(1);
    for arm in [&mut plan.reference, &mut plan.compared] {
        arm.change.truncate(1);
        arm.hazard = vec![0.0];
    }
    plan.sd = vec![12.0];
    plan.correlation.clear();
    plan.dropout.missed = 0.0;
    plan.site_sd = 0.0;
    plan.sites = 1;
    plan.baseline.correlation = 0.0;
    plan.model.effects = vec!["arm*visit".to_owned()];
    plan.block_sizes = vec![2];
    plan.curve_participants = vec![20, 40, 100];
    plan.curve_advantages = vec![3.0, 6.0];
    let results = results(&plan);
    assert_eq!(results.scenarios.len(), 7);
    for one in &results.scenarios {
        // Each side has half of the two-sided power's error; the other side hardly ever rejects.
        let people = one.participants as u64 / 2;
        let d = one.advantage / 12.0;
        near("power", one.rejected.share, power_two_means(people, d, 0.05), one.trials);
        assert!((one.df - (one.participants as f64 - 2.0)).abs() < 1e-6, "{}", one.df);
    }
    let by_size: Vec<f64> = results.by_participants().iter().map(|one| one.better.share).collect();
    assert!(by_size.windows(2).all(|pair| pair[0] < pair[1]), "{by_size:?}");
}

/// O'Brien & Fleming bounds at half the people and the end, with and without people on their way.
#[test]
fn looks_spend_what_they_may() {
    let group = Design {
        looks: vec![0.5, 1.0],
        alpha: 0.025,
        beta: 0.1,
        efficacy: Efficacy::Spend(Spending::Pocock),
        futility: Some(Futility::NonBinding(Spending::ObrienFleming)),
    };
    let boundary = group.boundary().unwrap();
    let looks = Looks { fractions: vec![0.5], efficacy: boundary.upper.clone(), futility: Vec::new() };
    let mut plan = Plan { advantage: 0.0, looks: Some(looks), ..plan(2500) };
    let open = results(&plan);
    let one = open.null().unwrap();
    near("type I error", one.rejected.share, 0.05, one.trials);
    near("at the look", one.looks[0].shown, 2.0 * boundary.cumulative_alpha[0], one.trials);
    let expected = 60.0 - 30.0 * one.looks[0].shown;
    assert!((one.people - expected).abs() < 1e-9, "{} {expected}", one.people);

    // With futility bounds that are obeyed, fewer are shown, and about half of trials without effect end early.
    plan.looks.as_mut().unwrap().futility = boundary.lower.clone();
    let bound = results(&plan);
    let futile = bound.null().unwrap();
    assert!(futile.rejected.share < one.rejected.share && futile.looks[0].futile > 0.3, "{futile:?}");
    assert!(futile.people < one.people);

    // With people on their way a look sees more than half of them, and the error stays.
    plan.looks.as_mut().unwrap().futility.clear();
    plan.accrual = Some(Accrual { people_per_month: 6.0, visit_days: vec![45.0, 85.0, 126.0] });
    let flowing = results(&plan);
    let one = flowing.null().unwrap();
    near("type I error", one.rejected.share, 0.05, one.trials);
    assert!(one.people > 50.0, "{}", one.people);
    assert!(flowing.text().contains("Where trials end"));
}

#[test]
fn unfitted_trials_and_other_structures_are_counted() {
    // Eight people at four visits, many gaps: the unstructured covariance can't always be had.
    let mut plan = plan(400);
    plan.participants = 8;
    plan.dropout.missed = 0.3;
    plan.sites = 3;
    let results = results(&plan);
    let one = results.planned().unwrap();
    assert!(one.fell_back > 0.05 && one.not_fitted > 0.0, "{one:?}");
    assert!((one.not_fitted_because.iter().sum::<f64>() - one.not_fitted).abs() < 1e-12);
    assert!(results.text().contains("trials without a fit count as showing nothing"));
}
