//! What remained at follow-up: change since the primary visit, who kept and who lost a response, within each arm.

use super::{
    record,
    responders::{Answer, answer},
};
use crate::{
    model::moments,
    record::Person,
    run::Run,
    shown,
    table::{Cell, Place, Section, Table, ground},
};
use protocol::model::{Endpoint, Responder, VisitKind};
use stats::distributions::{beta_cdf, t_quantile, t_two_sided};

/// Adds the table, where somebody was rated at follow-up.
pub fn add(run: &Run<'_>, primary: &Endpoint, set: &str, section: &mut Section) {
    let rated = |visit: &str| {
        let mut people = run.record.people.iter();
        people.any(|person| run.seen(person, primary.form.as_str(), &primary.score, visit).is_some())
    };
    let visits: Vec<&str> = run
        .study
        .visits
        .iter()
        .filter(|visit| visit.kind == VisitKind::FollowUp && visit.id != primary.visit)
        .map(|visit| visit.id.as_str())
        .filter(|visit| rated(visit))
        .collect();
    if visits.is_empty() {
        return;
    }
    let last = run.visit_label(primary.visit.as_str());
    let mut table = Table::new(
        "durability",
        format!("What remained of {last} at follow-up"),
        "Follow-up visit",
        &["participant", "form", "score", "answer"],
    );
    for (at, arm) in run.arms.iter().enumerate() {
        table.column(arm.id.clone(), format!("{}, n\u{a0}{}", arm.title, run.members_of(set, at).len()));
    }
    for visit in visits {
        let label = run.visit_label(visit);
        table.row(
            label.clone(),
            run.study.visit(visit).map_or_else(|| label.clone(), |known| format!("{label}, {}", known.name)),
            Vec::new(),
        );
        changes(run, primary, set, visit, &label, &mut table);
        for responder in &run.plan.responders {
            kept(run, primary, set, (visit, &label), responder, &mut table);
        }
    }
    table.note(
        "Within each arm, and not compared between arms: after the allocation is known people choose further treatment, and those who come \
         back are not those who don’t.",
    );
    section.table(table);
}

/// Members of one arm.
fn people<'r>(run: &'r Run<'_>, set: &str, arm: usize) -> Vec<&'r Person> {
    run.members_of(set, arm).into_iter().filter_map(|at| run.person(at)).collect()
}

fn changes(run: &Run<'_>, primary: &Endpoint, set: &str, visit: &str, label: &str, table: &mut Table) {
    let [mut seen, mut change, mut interval] = [Vec::new(), Vec::new(), Vec::new()];
    for arm in 0..run.arms.len() {
        let at = |person: &Person, visit: &str| -> Option<(f64, Place)> {
            let seen = run.seen(person, primary.form.as_str(), &primary.score, visit)?;
            Some((seen.value, record(person, &seen.form.instance)))
        };
        let people = people(run, set, arm);
        let first: Vec<_> =
            people.iter().filter_map(|p| Some((at(p, primary.visit.as_str())?, at(p, visit)))).collect();
        let pairs: Vec<_> = first.iter().filter_map(|(first, last)| Some((first, last.as_ref()?))).collect();
        let on = ground(pairs.iter().flat_map(|(first, last)| [first.1.clone(), last.1.clone()]));
        let (count, of) = (pairs.len(), first.len());
        seen.push(
            Cell::count(on.clone(), count)
                .and("of", of as f64)
                .printed(shown::share(count, of))
                .by("participants rated at both visits, of those rated at the first"),
        );
        let values: Vec<f64> = pairs.iter().map(|(first, last)| last.0 - first.0).collect();
        change.push(super::endpoint::mean_cell(&values, 1, &on));
        interval.push(paired(&values).map_or_else(
            || Cell::words("–"),
            |[mean, lower, upper, p]| {
                Cell::number(format!("{}; {}", shown::interval(lower, upper, 1), shown::p(p)), "mean", mean)
                    .and("lower", lower)
                    .and("upper", upper)
                    .and("p", p)
                    .on(&on)
                    .by("paired t test")
            },
        ));
    }
    let last = run.visit_label(primary.visit.as_str());
    table.row(format!("{label}-seen"), format!("rated, of those rated at {last} (%)"), seen).inset(1);
    table.row(format!("{label}-change"), format!("change since {last}, observed mean (SD)"), change).inset(1);
    table.row(format!("{label}-interval"), "95\u{a0}% CI; p, paired t", interval).inset(1);
}

/// Mean of paired differences, its 95 % interval and p; nothing of fewer than two, or of differences all alike.
fn paired(values: &[f64]) -> Option<[f64; 4]> {
    let (mean, deviation) = moments(values);
    let (mean, error) = (mean?, deviation? / (values.len() as f64).sqrt());
    if error <= 0.0 {
        return None;
    }
    let df = values.len() as f64 - 1.0;
    let reach = t_quantile(0.975, df) * error;
    Some([mean, mean - reach, mean + reach, t_two_sided(mean / error, df)])
}

fn kept(
    run: &Run<'_>,
    primary: &Endpoint,
    set: &str,
    (visit, label): (&str, &str),
    responder: &Responder,
    table: &mut Table,
) {
    let [mut now, mut all, mut moved] = [Vec::new(), Vec::new(), Vec::new()];
    for arm in 0..run.arms.len() {
        let people = people(run, set, arm);
        let (mut seen, mut yes, mut lost, mut gained) = (0, Vec::new(), Vec::new(), Vec::new());
        let mut had = 0;
        for person in &people {
            let (before, mut places) = answer(run, person, primary, responder, primary.visit.as_str());
            let (after, here) = answer(run, person, primary, responder, visit);
            if after == Answer::NotSeen {
                continue;
            }
            seen += 1;
            if after == Answer::Yes {
                yes.extend(here.clone());
            }
            places.extend(here);
            had += usize::from(before == Answer::Yes);
            match (before, after) {
                (Answer::Yes, Answer::No) => lost.push(places),
                (Answer::No, Answer::Yes) => gained.push(places),
                _ => {}
            }
        }
        // A responder's answer rests on two forms: the baseline's and the visit's.
        let count = yes.len() / 2;
        let on = ground(yes);
        let share = |of: usize| {
            Cell::count(on.clone(), count)
                .and("of", of as f64)
                .and("percent", shown::percent(count, of))
                .printed(shown::share(count, of))
                .by(format!("participants for whom `{}` is true", responder.check.text()))
                .or_on(|| super::standing(run, &run.members_of(set, arm)))
        };
        now.push(share(seen));
        all.push(share(people.len()));
        let p = mcnemar(lost.len(), gained.len());
        let on = ground(lost.iter().chain(&gained).flatten().cloned());
        moved.push(
            Cell::count(on, lost.len())
                .and("of", had as f64)
                .and("gained", gained.len() as f64)
                .and("p", p)
                .printed(format!("{}; {}; {}", shown::share(lost.len(), had), gained.len(), shown::p(p)))
                .by("lost of those who had it and were seen; newly reached; exact McNemar")
                .or_on(|| super::standing(run, &run.members_of(set, arm))),
        );
    }
    let id = format!("{label}-{}", responder.id);
    table.row(id.clone(), format!("{}, of those rated", responder.title), now).inset(1);
    table.row(format!("{id}-all"), "of everybody in the set", all).inset(2);
    table.row(format!("{id}-lost"), "lost since, of those who had it; newly reached; p, exact McNemar", moved).inset(2);
}

/// Exact two-sided McNemar test: a fair coin for each change of mind.
fn mcnemar(lost: usize, gained: usize) -> f64 {
    let (few, many) = (lost.min(gained) as f64, lost.max(gained) as f64);
    // P(X ≤ few) of a binomial with one half, by the beta distribution.
    (2.0 * beta_cdf(0.5, many, few + 1.0)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `domain/endpoints.md` §13.1: d = −3, 2, −6, 0, −4, 1, −8, −2, 5, −1; 3 relapsed against 8 newly free.
    #[test]
    fn paired_and_exact() {
        let [mean, lower, upper, p] = paired(&[-3.0, 2.0, -6.0, 0.0, -4.0, 1.0, -8.0, -2.0, 5.0, -1.0]).unwrap();
        for (found, wanted, within) in
            [(mean, -1.6, 1e-9), (lower, -4.364, 5e-4), (upper, 1.164, 5e-4), (p, 0.2229, 5e-5)]
        {
            assert!((found - wanted).abs() < within, "{found} {wanted}");
        }
        assert!((mcnemar(3, 8) - 0.2266).abs() < 5e-5, "{}", mcnemar(3, 8));
        assert!((mcnemar(4, 4) - 1.0).abs() < 1e-12 && paired(&[1.0, 1.0]).is_none() && paired(&[]).is_none());
        assert!((mcnemar(0, 5) - 0.0625).abs() < 1e-12, "{}", mcnemar(0, 5));
    }
}
