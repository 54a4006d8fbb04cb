//! Response, loss of diagnosis, remission: as observed, and with everybody not seen counted as no response.

use super::{both, difference, record};
use crate::{
    model::event_words,
    record::Person,
    run::Run,
    shown,
    table::{Cell, Ground, Place, Section, Table, ground},
};
use protocol::{
    expression::Answer as Said,
    model::{Endpoint, Estimand, EventStrategy, Responder},
};
use stats::responders::{Counted, Logistic, Stratum, fisher, mantel_haenszel, number_needed_to_treat};
use std::collections::BTreeMap;
use terms::Value;

/// What a responder's rule says of somebody at the endpoint's visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// True of them.
    Yes,
    /// Not true of them.
    No,
    /// Not known, because something was not seen.
    NotSeen,
}

/// Counts of one arm.
#[derive(Debug, Clone, Default)]
struct Side {
    responders: usize,
    people: usize,
    places: Vec<Place>,
    /// By site: responders and people.
    sites: BTreeMap<String, (usize, usize)>,
}

pub fn section(run: &Run<'_>) -> Option<Section> {
    let primary = run.plan.primary.as_ref()?;
    if run.plan.responders.is_empty() {
        return None;
    }
    let main = run.plan.model.as_ref().and_then(|model| run.plan.estimand(&model.estimand))?;
    let mut section = Section::new("responders", "Responders");
    section.table(observed(run, primary, main));
    let composite = run.plan.estimands.iter().find(|one| counts_events(one));
    section.table(everybody(run, primary, composite.unwrap_or(main)));
    if let Some(table) = adjusted(run, primary, main) {
        section.table(table);
    }
    super::steps::add(run, primary, &main.set, &mut section);
    Some(section)
}

fn counts_events(estimand: &Estimand) -> bool {
    estimand.events.iter().any(|rule| rule.strategy == EventStrategy::Composite)
}

/// Asks a responder's rule about somebody at a visit.
pub fn answer(
    run: &Run<'_>,
    person: &Person,
    endpoint: &Endpoint,
    responder: &Responder,
    at: &str,
) -> (Answer, Vec<Place>) {
    let value = |visit: &str| run.seen(person, endpoint.form.as_str(), &endpoint.score, visit);
    let (Some(base), Some(last)) = (value(endpoint.baseline.as_str()), value(at)) else {
        return (Answer::NotSeen, Vec::new());
    };
    let decimal = |number: f64| number.to_string().parse().ok().map(Value::Decimal);
    let look_up = |name: &str| match name {
        "baseline" => decimal(base.value),
        "change" => decimal(last.value - base.value),
        _ => {
            let answer = last.form.scores.get(name).or_else(|| last.form.answers.get(name))?;
            if let Some(number) = answer.number {
                return decimal(number);
            }
            let text = answer.text.clone()?;
            Some(match (run.is_yes_no(&format!("{}.{name}", endpoint.form)), text.as_str()) {
                (true, "yes") => Value::Bool(true),
                (true, "no") => Value::Bool(false),
                _ => Value::Text(text),
            })
        }
    };
    let places = vec![record(person, &base.form.instance), record(person, &last.form.instance)];
    match responder.check.evaluate(&look_up) {
        Said::Yes => (Answer::Yes, places),
        Said::No => (Answer::No, places),
        Said::Unknown(_) => (Answer::NotSeen, Vec::new()),
    }
}

/// Whether somebody counts as a responder, if they count at all, and what that rests on.
type Counting = (Option<bool>, Vec<Place>);

/// Both sides of one responder. `count`: turns what is known of somebody into responder or not, or leaves them out.
fn sides(run: &Run<'_>, set: &str, count: &dyn Fn(&Person) -> Counting) -> Vec<Side> {
    let mut sides = vec![Side::default(); run.arms.len()];
    for (at, arm) in run.members(set) {
        let (Some(person), Some(side)) = (run.person(at), sides.get_mut(arm)) else { continue };
        let (Some(responded), places) = count(person) else { continue };
        side.people += 1;
        side.responders += usize::from(responded);
        side.places.extend(places);
        let site = side.sites.entry(person.site.clone()).or_default();
        site.0 += usize::from(responded);
        site.1 += 1;
    }
    sides
}

fn new_table(run: &Run<'_>, id: &str, title: &str) -> Table {
    let queries = ["participant", "form", "score", "answer", "stop", "deviation", "dose"];
    let mut table = Table::new(id, title, "Responder", &queries);
    for arm in &run.arms {
        table.column(arm.id.clone(), format!("{}, n of N (%)", arm.title));
    }
    if run.compares() {
        table
            .column("difference", "Difference, points (95\u{a0}% CI)")
            .column("nnt", "NNT")
            .column("odds", "Odds ratio by site (95\u{a0}% CI)")
            .column("p", "p, by site")
            .column("fisher", "p, Fisher");
    }
    table
}

fn row(run: &Run<'_>, responder: &Responder, sides: &[Side], table: &mut Table) {
    let grounds: Vec<Ground> = sides.iter().map(|side| ground(side.places.iter().cloned())).collect();
    let mut cells: Vec<Cell> = sides
        .iter()
        .zip(&grounds)
        .map(|(side, on)| {
            Cell::number(shown::share(side.responders, side.people), "n", side.responders as f64)
                .and("of", side.people as f64)
                .and("percent", shown::percent(side.responders, side.people))
                .on(on)
                .by(format!("participants for whom `{}` is true", responder.check.text()))
        })
        .collect();
    let others = (0..sides.len()).filter(|arm| Some(*arm) != run.reference());
    for (at, arm) in others.enumerate().filter(|_| run.compares()) {
        let (Some(own), Some(other)) = (sides.get(arm), run.reference().and_then(|at| sides.get(at))) else { continue };
        let on = match (grounds.get(arm), run.reference().and_then(|at| grounds.get(at))) {
            (Some(one), Some(other)) => both(one, other),
            _ => Ground::default(),
        };
        let comparison = compared(own, other, &on);
        if at == 0 {
            cells.extend(comparison);
        } else {
            let name = run.arms.get(arm).map(|arm| arm.title.clone()).unwrap_or_default();
            let mut more = vec![Cell::default(); sides.len()];
            more.extend(comparison);
            table.row(responder.id.clone(), responder.title.clone(), std::mem::take(&mut cells));
            cells = more;
            table.row(format!("{}-{arm}", responder.id), name, std::mem::take(&mut cells)).inset(1);
        }
    }
    if !cells.is_empty() {
        table.row(responder.id.clone(), responder.title.clone(), cells);
    }
}

fn compared(own: &Side, other: &Side, on: &Ground) -> Vec<Cell> {
    let counted = |side: &Side| Counted::new(side.responders as u64, side.people as u64).ok();
    let (Some(first), Some(second)) = (counted(own), counted(other)) else { return vec![Cell::words("–"); 5] };
    let gap = first.share() - second.share();
    let nnt = number_needed_to_treat(gap);
    let nnt = match gap > 0.0 {
        true => Cell::number(shown::number(nnt, 1), "nnt", nnt).on(on).by("one over the difference"),
        false => Cell::words("–"),
    };
    let strata: Vec<Stratum> = own
        .sites
        .keys()
        .chain(other.sites.keys())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .map(|site| {
            let of = |side: &Side| side.sites.get(site).copied().unwrap_or_default();
            let ((r1, n1), (r2, n2)) = (of(own), of(other));
            Stratum {
                treated_responders: r1 as u64,
                treated_others: (n1 - r1) as u64,
                control_responders: r2 as u64,
                control_others: (n2 - r2) as u64,
            }
        })
        .collect();
    let (odds, p) = match mantel_haenszel(&strata, 0.95) {
        Ok(pooled) => {
            let [lower, upper] = pooled.odds_ratio_interval;
            let text = format!("{} ({})", shown::number(pooled.odds_ratio, 2), shown::interval(lower, upper, 2));
            let odds = Cell::number(text, "odds_ratio", pooled.odds_ratio).and("lower", lower).and("upper", upper);
            let p = Cell::number(shown::p(pooled.test.p), "p", pooled.test.p);
            (odds.on(on).by("Mantel–Haenszel over sites"), p.on(on).by("Cochran–Mantel–Haenszel over sites"))
        }
        Err(why) => (Cell::words(why.to_string()), Cell::words("–")),
    };
    let exact = fisher(first, second, 0.95);
    let exact = Cell::number(shown::p(exact.two_sided_p), "p", exact.two_sided_p).on(on).by("Fisher's exact test");
    vec![difference((own.responders, own.people), (other.responders, other.people), on), nnt, odds, p, exact]
}

fn observed(run: &Run<'_>, endpoint: &Endpoint, estimand: &Estimand) -> Table {
    let title = format!("Responders at {}, of those seen", run.visit_label(endpoint.visit.as_str()));
    let mut table = new_table(run, "responders", &title);
    for responder in &run.plan.responders {
        let count = |person: &Person| {
            let (answer, places) = answer(run, person, endpoint, responder, endpoint.visit.as_str());
            (if answer == Answer::NotSeen { None } else { Some(answer == Answer::Yes) }, places)
        };
        row(run, responder, &sides(run, &estimand.set, &count), &mut table);
    }
    notes(run, endpoint, &estimand.set, &mut table);
    table
}

fn everybody(run: &Run<'_>, endpoint: &Endpoint, estimand: &Estimand) -> Table {
    let title = format!("Responders at {}, everybody counted", run.visit_label(endpoint.visit.as_str()));
    let mut table = new_table(run, "responders-all", &title);
    let rules = estimand.events.iter().filter(|rule| rule.strategy == EventStrategy::Composite);
    let events: Vec<_> = rules.map(|rule| rule.event).collect();
    for responder in &run.plan.responders {
        let count = |person: &Person| {
            let (answer, mut places) = answer(run, person, endpoint, responder, endpoint.visit.as_str());
            let visit = run.seen(person, endpoint.form.as_str(), &endpoint.score, endpoint.visit.as_str());
            let on = visit.map(|seen| seen.form.day);
            // An event before the rating counts as no response, whatever the rating says.
            let happened = events.iter().filter_map(|event| run.event(person, *event));
            let mut happened = happened.filter(|(day, _)| on.is_none_or(|on| *day <= on));
            let event = happened.next();
            places.extend(event.iter().map(|(_, place)| place.clone()));
            (Some(answer == Answer::Yes && event.is_none()), places)
        };
        row(run, responder, &sides(run, &estimand.set, &count), &mut table);
    }
    let words: Vec<&str> = events.iter().map(|event| event_words(*event)).collect();
    table.note(format!(
        "Not seen counts as no response{}.",
        match words.is_empty() {
            true => String::new(),
            false => format!(", and so does {} before the rating", words.join(", ")),
        }
    ));
    notes(run, endpoint, &estimand.set, &mut table);
    table
}

fn notes(run: &Run<'_>, endpoint: &Endpoint, set: &str, table: &mut Table) {
    let title = run.plan.set(set).map_or(set, |set| set.title.as_str());
    table.note(format!(
        "Set: {title}. Score: {} {}. Loss of diagnosis and remission are different things and stand apart. Not adjusted for \
         multiplicity.",
        endpoint.form, endpoint.score
    ));
}

/// Logistic regression on arm and baseline, standardised over everybody.
fn adjusted(run: &Run<'_>, endpoint: &Endpoint, estimand: &Estimand) -> Option<Table> {
    let reference = run.reference().filter(|_| run.arms.len() == 2)?;
    let arm = 1 - reference;
    let title = format!("Responders at {}, adjusted for the baseline", run.visit_label(endpoint.visit.as_str()));
    let mut table = Table::new("responders-adjusted", title, "Responder", &["participant", "form", "score"]);
    table
        .column("treated", "Risk, everybody treated")
        .column("control", "Risk, nobody treated")
        .column("difference", "Difference, points (95\u{a0}% CI)")
        .column("odds", "Odds ratio (95\u{a0}% CI)");
    for responder in &run.plan.responders {
        let (mut rows, mut responses, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (at, own) in run.members(&estimand.set) {
            let Some(person) = run.person(at) else { continue };
            let (answer, here) = answer(run, person, endpoint, responder, endpoint.visit.as_str());
            let base = run.seen(person, endpoint.form.as_str(), &endpoint.score, endpoint.baseline.as_str());
            let (Some(base), true) = (base, answer != Answer::NotSeen) else { continue };
            rows.push(vec![1.0, f64::from(u8::from(own == arm)), base.value]);
            responses.push(f64::from(u8::from(answer == Answer::Yes)));
            places.extend(here);
        }
        let on = ground(places);
        let cells = match Logistic::new(&rows, &responses) {
            Ok(fit) => {
                let risk = fit.risk_difference(1, 0.95);
                let [odds, lower, upper] = fit.odds_ratio(1, 0.95);
                let percent = |value: f64| shown::number(100.0 * value, 1);
                let interval = shown::interval(100.0 * risk.interval[0], 100.0 * risk.interval[1], 1);
                vec![
                    Cell::number(percent(risk.treated), "risk", risk.treated).on(&on),
                    Cell::number(percent(risk.control), "risk", risk.control).on(&on),
                    Cell::number(format!("{} ({interval})", percent(risk.difference)), "difference", risk.difference)
                        .and("lower", risk.interval[0])
                        .and("upper", risk.interval[1])
                        .on(&on)
                        .by("logistic regression standardised over everybody seen"),
                    Cell::number(
                        format!("{} ({})", shown::number(odds, 2), shown::interval(lower, upper, 2)),
                        "odds_ratio",
                        odds,
                    )
                    .and("lower", lower)
                    .and("upper", upper)
                    .on(&on),
                ]
            }
            Err(why) => vec![Cell::words(why.to_string())],
        };
        table.row(responder.id.clone(), responder.title.clone(), cells);
    }
    Some(table)
}
