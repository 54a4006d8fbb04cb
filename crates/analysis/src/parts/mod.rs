//! The parts of the report, a file each: what is counted, compared and drawn, from one [`Run`].

mod accountability;
mod adverse_events;
mod adverse_rates;
mod baseline;
mod blinding;
mod deviations;
mod disposition;
mod durability;
mod endpoint;
mod exposure;
mod medicines;
mod published;
mod responders;
mod scores;
mod sensitivity;
mod severity;
mod shifts;
mod steps;
mod subgroups;
mod suicidality;
pub mod synopsis;
mod vitals;

use crate::{
    record::Person,
    run::Run,
    shown,
    table::{Cell, Ground, Place, Section, Table, ground},
};
use protocol::model::ReportPart;
use stats::responders::{Counted, newcombe};

/// What the report's first page says of the primary endpoint, in numbers.
pub use endpoint::{Outcome, outcomes};

/// One part; nothing where the plan has nothing for it.
pub fn part(run: &Run<'_>, part: ReportPart, outcomes: &[Outcome<'_>]) -> Option<Section> {
    match part {
        ReportPart::Disposition => Some(disposition::section(run)),
        ReportPart::Baseline => baseline::section(run),
        ReportPart::Exposure => exposure::section(run),
        ReportPart::Primary => endpoint::primary(run, outcomes),
        ReportPart::KeySecondary => endpoint::key_secondary(run, outcomes),
        ReportPart::Sensitivity => sensitivity::section(run, outcomes),
        ReportPart::Responders => responders::section(run),
        ReportPart::Severity => severity::section(run),
        ReportPart::Subgroups => subgroups::section(run),
        ReportPart::AdverseEvents => adverse_events::section(run),
        ReportPart::Vitals => vitals::section(run),
        ReportPart::Suicidality => suicidality::section(run),
        ReportPart::Blinding => blinding::section(run),
        ReportPart::Accountability => Some(accountability::section(run)),
        ReportPart::Deviations => Some(deviations::section(run)),
        ReportPart::Published => published::section(run, outcomes),
    }
}

/// How people stand in the safety tables. Which substance a container held stands in the sealed list, container by container; of
/// that list a report opens the participants' arms and nothing else, and labels are the same in all arms.
pub(crate) const BY_ARM: &str = "by the arm that was assigned";

/// People of one column: an arm, or all of them.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Column id.
    pub id: String,
    /// Column title.
    pub title: String,
    /// Places in the record.
    pub people: Vec<usize>,
}

/// A column for each arm of a set, and one for all where there are several.
pub(crate) fn groups(run: &Run<'_>, set: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = run
        .arms
        .iter()
        .enumerate()
        .map(|(at, arm)| Group { id: arm.id.clone(), title: arm.title.clone(), people: run.members_of(set, at) })
        .collect();
    if run.compares() {
        let people = run.members(set).into_iter().map(|(person, _)| person).collect();
        groups.push(Group { id: "total".to_owned(), title: "Total".to_owned(), people });
    }
    groups
}

/// Heads of such columns, with their numbers of people.
pub(crate) fn heads(table: &mut Table, groups: &[Group]) {
    for group in groups {
        table.column(group.id.clone(), format!("{}, n\u{a0}{}", group.title, group.people.len()));
    }
}

/// The people themselves.
pub(crate) fn persons<'r>(run: &'r Run<'_>, people: &[usize]) -> Vec<&'r Person> {
    people.iter().filter_map(|at| run.person(*at)).collect()
}

/// A record with a name of its own.
pub(crate) fn record(person: &Person, instance: &str) -> Place {
    Place::Record { participant: person.id.clone(), instance: instance.to_owned() }
}

/// An entry of a participant's stream.
pub(crate) fn entry(person: &Person, version: u64) -> Place {
    Place::Entry { stream: format!("participant/{}", person.id), version }
}

/// All entries of a kind in a participant's stream.
pub(crate) fn kind(person: &Person, kind: &'static str) -> Place {
    Place::Kind { participant: person.id.clone(), kind }
}

/// What shows that people are there at all: their assignments, or how far they came without one. Counts of what was not found,
/// and shares of them, rest on it.
pub(crate) fn standing(run: &Run<'_>, people: &[usize]) -> Ground {
    let open = run.study.design.assignment == protocol::model::Assignment::OpenLabel;
    let places = persons(run, people).into_iter().map(|person| {
        let shown = match (person.assigned, person.consented) {
            (Some(_), _) if open => "allocated_open_label",
            (Some(_), _) => "randomised",
            (None, Some(_)) => "consent_recorded",
            (None, None) => "enquiry_recorded",
        };
        kind(person, shown)
    });
    ground(places)
}

/// How many people of a column have something, with its share; `places` gives what shows it, or nothing.
pub(crate) fn having(run: &Run<'_>, group: &Group, places: &dyn Fn(&Person) -> Vec<Place>) -> Cell {
    let found: Vec<Vec<Place>> =
        persons(run, &group.people).into_iter().map(places).filter(|places| !places.is_empty()).collect();
    let (count, of) = (found.len(), group.people.len());
    Cell::count(ground(found.into_iter().flatten()), count)
        .and("of", of as f64)
        .and("percent", shown::percent(count, of))
        .by("participants with at least one")
        .printed(shown::part(count, of))
        .or_on(|| standing(run, &group.people))
}

impl Cell {
    /// With what it rests on, if nothing was found that it would rest on.
    #[must_use]
    pub(crate) fn or_on(mut self, ground: impl FnOnce() -> Ground) -> Self {
        if self.ground.is_empty() {
            self.ground = ground();
        }
        self
    }

    /// The same, printed otherwise.
    #[must_use]
    pub(crate) fn printed(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }
}

/// Mean, standard deviation, median and quartiles of values, with what they rest on.
pub(crate) fn summary(values: &[(f64, Place)], decimals: usize) -> Cell {
    let mut numbers: Vec<f64> = values.iter().map(|(value, _)| *value).collect();
    numbers.sort_by(f64::total_cmp);
    let (Some(mean), deviation) = crate::model::moments(&numbers) else { return Cell::words("–") };
    let deviation = deviation.unwrap_or(f64::NAN);
    let text = format!("{} ({})", shown::number(mean, decimals), shown::number(deviation, decimals));
    Cell::number(text, "mean", mean)
        .and("sd", deviation)
        .and("n", numbers.len() as f64)
        .and("median", quantile(&numbers, 0.5))
        .and("q1", quantile(&numbers, 0.25))
        .and("q3", quantile(&numbers, 0.75))
        .and("min", numbers.first().copied().unwrap_or(f64::NAN))
        .and("max", numbers.last().copied().unwrap_or(f64::NAN))
        .on(&ground(values.iter().map(|(_, place)| place.clone())))
        .by("mean and standard deviation")
}

/// A quantile of sorted values, linear between them (Hyndman and Fan's type 7).
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(low), sorted.get(high)) {
        (Some(a), Some(b)) => a + (place - low as f64) * (b - a),
        _ => f64::NAN,
    }
}

/// Median with quartiles, as skewed things are printed.
pub(crate) fn median(values: &[(f64, Place)], decimals: usize) -> Cell {
    let mut cell = summary(values, decimals);
    let find = |name: &str| cell.numbers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    if let (Some(median), Some(q1), Some(q3)) = (find("median"), find("q1"), find("q3")) {
        cell.text = format!("{} ({})", shown::number(median, decimals), shown::interval(q1, q3, decimals));
        cell.how = "median and quartiles".to_owned();
    }
    cell
}

/// The difference of two proportions with Newcombe's interval, in percentage points.
pub(crate) fn difference(first: (usize, usize), second: (usize, usize), on: &Ground) -> Cell {
    let counted = |(count, of): (usize, usize)| Counted::new(count as u64, of as u64).ok();
    let (Some(one), Some(other)) = (counted(first), counted(second)) else { return Cell::words("–") };
    let [lower, upper] = newcombe(one, other, 0.95);
    let estimate = one.share() - other.share();
    let text = format!("{} ({})", shown::number(100.0 * estimate, 1), shown::interval(100.0 * lower, 100.0 * upper, 1));
    Cell::number(text, "difference", estimate)
        .and("lower", lower)
        .and("upper", upper)
        .on(on)
        .by("difference of proportions, Newcombe's hybrid score interval, 95\u{a0}%")
}

/// Two grounds together.
pub(crate) fn both(one: &Ground, other: &Ground) -> Ground {
    ground(one.iter().chain(other.iter()).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use terms::ParticipantId;

    fn place(n: usize) -> Place {
        Place::Record { participant: ParticipantId::from(format!("S01-{n:03}")), instance: n.to_string() }
    }

    /// Quantiles as R's default gives them for 1, 2, 4, 7, 11, 16.
    #[test]
    fn summaries() {
        let values: Vec<(f64, Place)> =
            [1.0, 2.0, 4.0, 7.0, 11.0, 16.0].into_iter().enumerate().map(|(n, value)| (value, place(n))).collect();
        let cell = summary(&values, 1);
        let find = |name: &str| cell.numbers.iter().find(|(known, _)| *known == name).unwrap().1;
        assert_eq!((find("n"), find("median"), find("q1"), find("q3")), (6.0, 5.5, 2.5, 10.0));
        assert!((find("mean") - 41.0 / 6.0).abs() < 1e-12);
        assert!((find("sd") - 5.776_388_7).abs() < 1e-6, "{}", find("sd"));
        assert_eq!(cell.text, "6.8 (5.8)");
        assert_eq!(median(&values, 1).text, "5.5 (2.5 to 10.0)");
        assert_eq!(cell.ground.len(), 6);
        assert_eq!(summary(&[], 1).text, "–");
    }

    /// Published check: 37 of 52 against 20 of 42 gives 0.2353 (0.0366 to 0.4125).
    #[test]
    fn differences() {
        let cell = difference((37, 52), (20, 42), &Ground::default());
        assert_eq!(cell.text, "23.5 (3.7 to 41.3)");
        let expected = [0.2353, 0.0366, 0.4125];
        for ((_, found), expected) in cell.numbers.iter().zip(expected) {
            assert!((found - expected).abs() < 5e-5, "{found} {expected}");
        }
        assert_eq!(difference((0, 0), (1, 2), &Ground::default()).text, "–");
    }
}
