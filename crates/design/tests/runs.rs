//! Threads and shards change nothing; what can't be simulated is said; parts that do not belong together are refused.

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod plans;

use design::{Changes, Part, Plan, PlanError, Shard, StudyPlanError, merge, plan_of, run};
use plans::plan;
use proptest::prelude::*;
use std::{num::NonZero, sync::atomic::AtomicU64, sync::atomic::Ordering};

fn part(plan: &Plan, shard: Shard, threads: usize) -> Part {
    run(plan, shard, NonZero::new(threads), &|_| ()).unwrap()
}

#[test]
fn threads_change_nothing_and_progress_counts_all() {
    let mut plan = plan(60);
    plan.curve_participants = vec![24, 60];
    let alone = part(&plan, Shard::WHOLE, 1);
    for threads in [2, 3, 7] {
        assert_eq!(alone, part(&plan, Shard::WHOLE, threads));
    }
    let done = AtomicU64::new(0);
    run(&plan, Shard::WHOLE, None, &|trials| {
        done.fetch_add(trials, Ordering::Relaxed);
    })
    .unwrap();
    assert_eq!(done.into_inner(), 60);
    let other = part(&Plan { seed: 8, ..plan.clone() }, Shard::WHOLE, 2);
    assert_ne!(alone.results(), other.results());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Any number of shards, on any threads, in any order, through their files: the same bytes as in one piece.
    #[test]
    fn shards_add_up_to_the_byte(of in 1u64..9, threads in 1usize..4, turn in 0usize..9, seed in any::<u64>(), dropout in 0.0f64..0.5) {
        let mut plan = Plan { seed, participants: 24, sites: 2, ..plan(25) };
        plan.set_dropout(dropout).unwrap();
        plan.curve_advantages = vec![4.0];
        let whole = part(&plan, Shard::WHOLE, 2).results().unwrap();
        let mut parts: Vec<(String, Part)> = (1..=of)
            .map(|number| {
                let text = part(&plan, Shard { number, of }, threads).to_json();
                (format!("part {number}"), Part::from_json("part", &text).unwrap())
            })
            .collect();
        let count = parts.len();
        parts.rotate_left(turn % count);
        let merged = merge(&parts).unwrap().results().unwrap();
        prop_assert_eq!(merged.to_json(), whole.to_json());
        prop_assert_eq!(merged.text(), whole.text());
        prop_assert_eq!(merged.curves(), whole.curves());
    }

    /// The share of people who leave is what was asked for, whatever the hazards were.
    #[test]
    fn dropout_is_what_was_asked_for(share in 0.0f64..0.9, hazards in proptest::collection::vec(0.0f64..0.4, 6)) {
        let mut plan = plan(1);
        plan.reference.hazard = hazards[..3].to_vec();
        plan.compared.hazard = hazards[3..].to_vec();
        plan.set_dropout(share).unwrap();
        prop_assert!((plan.expected_dropout() - share).abs() < 1e-9, "{}", plan.expected_dropout());
        prop_assert!(plan.reference.hazard.iter().all(|hazard| (0.0..=1.0).contains(hazard)));
    }
}

#[test]
fn what_cannot_be_simulated_is_said() {
    let said = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan(10);
        change(&mut plan);
        run(&plan, Shard::WHOLE, None, &|_| ()).map(|_| ()).unwrap_err().to_string()
    };
    type Case<'a> = (&'a dyn Fn(&mut Plan), &'a str);
    let cases: [Case<'_>; 16] = [
        (&|plan| plan.participants = 3, "the number of participants is 3; it must be from 8"),
        (&|plan| plan.trials = 0, "the number of trials is 0"),
        (&|plan| plan.advantage = f64::NAN, "the effect is NaN"),
        (&|plan| plan.sd[1] = 0.0, "a standard deviation is 0; it must be above 0"),
        (&|plan| plan.sd.truncate(2), "the standard deviation has 2 numbers where 3 are needed"),
        (&|plan| plan.correlation = vec![0.9, -0.9, 0.9], "no three numbers can have these correlations"),
        (&|plan| plan.baseline.min = 200.0, "the baseline's least value is 200"),
        (&|plan| plan.reference.hazard[0] = 1.5, "a probability of leaving is 1.5"),
        (&|plan| plan.block_sizes = vec![3], "a block of 3 can't hold whole shares"),
        (&|plan| plan.model.effects = vec!["baseline".into(), "arm".into()], "`arm*visit` is needed"),
        (&|plan| plan.model.effects.push("gusess".into()), "`gusess` is neither of baseline, arm, visit, site nor"),
        (&|plan| plan.model.effects.push("(".into()), "a variable is needed"),
        (&|plan| plan.model.covariance = vec!["uss".into()], "no covariance is called `uss`"),
        (&|plan| plan.model.alpha = 0.0, "alpha is 0"),
        (&|plan| plan.sites = 0, "the number of sites is 0"),
        (&|plan| plan.dropout.missed = 1.0, "the share of visits missed is 1"),
    ];
    for (change, words) in cases {
        let found = said(change);
        assert!(found.contains(words), "{found}\nwanted: {words}");
    }
    assert!(matches!(plan(1).set_dropout(0.95), Err(PlanError::Number { .. })));
}

#[test]
fn parts_of_different_runs_are_refused() {
    let plan = Plan { participants: 24, ..plan(6) };
    let shard = |plan: &Plan, number| part(plan, Shard { number, of: 3 }, 1);
    let named = |parts: &[&Part]| -> Vec<(String, Part)> {
        parts.iter().enumerate().map(|(index, part)| (format!("{index}.json"), (*part).clone())).collect()
    };
    let [one, two, three] = [1, 2, 3].map(|number| shard(&plan, number));
    let other = shard(&Plan { seed: 99, ..plan.clone() }, 2);
    let longer = part(&plan, Shard { number: 2, of: 4 }, 1);
    let said = |parts: &[&Part]| merge(&named(parts)).map(|_| ()).unwrap_err().to_string();
    assert!(said(&[]).contains("name the files"));
    assert!(said(&[&one, &three]).contains("shard 2 of 3 is missing"));
    assert!(said(&[&one, &two, &one]).contains("0.json and 2.json both hold shard 1/3"));
    assert!(said(&[&one, &other, &three]).contains("0.json and 1.json belong to different runs: their `seed` differs"));
    assert!(said(&[&one, &longer]).contains("number of shards"));
    assert!(one.results().is_none());
    merge(&named(&[&three, &one, &two])).unwrap();

    let read = |text: &str| Part::from_json("file", text).map(|_| ()).unwrap_err().to_string();
    let text = one.to_json();
    assert!(read("{").contains("file is no part of a run"));
    assert!(read(&text.replace("lifejacket-design-1", "lifejacket-design-0")).contains("its format is"));
    assert!(read(&text.replace("\"trials\":2,", "\"trials\":3,")).contains("was it changed by hand?"));
    assert!(
        read(&text.replace("\"participants\":24", "\"participants\":2")).contains("the number of participants is 2")
    );
}

#[test]
fn the_studies_that_the_program_carries_can_be_planned() {
    let mut planned = 0;
    for id in protocol::embedded::ids() {
        let study = protocol::embedded::load(id).unwrap();
        let changes = Changes { trials: Some(4), participants: Some(40), ..Changes::default() };
        match plan_of(&study, &changes) {
            Ok(plan) => {
                let results = part(&plan, Shard::WHOLE, 2).results().unwrap();
                assert_eq!(results.planned().unwrap().trials, 4);
                assert!(results.text().starts_with(&format!("Design of {}: 4 simulated trials", study.id)));
                planned += 1;
            }
            Err(error) => {
                assert!(matches!(error, StudyPlanError::NoPlanning(_)), "{id}: {error}");
                assert!(study.analysis.primary.is_none(), "{id} has an endpoint and no planning");
            }
        }
    }
    assert!(planned >= 5, "{planned}");
}

#[test]
fn what_is_asked_for_goes_before_the_files() {
    let study = protocol::embedded::load("reference-mapp2").unwrap();
    let asked =
        Changes { participants: Some(77), advantage: Some(5.5), dropout: Some(0.25), trials: Some(3), seed: Some(42) };
    let plan = plan_of(&study, &asked).unwrap();
    assert_eq!((plan.participants, plan.advantage, plan.trials, plan.seed), (77, 5.5, 3, 42));
    assert!((plan.expected_dropout() - 0.25).abs() < 1e-9);
    let files = plan_of(&study, &Changes::default()).unwrap();
    assert_eq!((files.participants, files.advantage, files.better), (104, 8.9, -1.0));
    assert_eq!(files.visits.len(), 3);
    // Two-sided 5 %, one look at 60 % by O'Brien and Fleming: 2.669 and 1.981 (gsDesign).
    let looks = files.looks.unwrap();
    assert!((looks.efficacy[0] - 2.669).abs() < 1e-3 && (looks.efficacy[1] - 1.981).abs() < 1e-3, "{looks:?}");
    let wrong = plan_of(&study, &Changes { participants: Some(2), ..Changes::default() }).unwrap_err();
    assert!(wrong.to_string().contains("the number of participants is 2"), "{wrong}");
}
