//! The record as one analysis reads it: everything that is known of each participant, typed, each thing with the place in the
//! record that it came from.

use crate::input::{Row, Rows};
use jiff::{Timestamp, civil::Date};
use std::collections::BTreeMap;
use terms::ParticipantId;

/// Why rows can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A query has no answer.
    #[error("the query `{0}` has no answer")]
    Missing(&'static str),
    /// A cell can't be read.
    #[error("`{query}`, row {row}, column {column}: {found:?} is not {needed}")]
    Cell {
        /// The query.
        query: &'static str,
        /// Row from 1.
        row: usize,
        /// Column from 1.
        column: usize,
        /// What stands there.
        found: Option<String>,
        /// What was needed.
        needed: &'static str,
    },
    /// A row of somebody who is not in the list of participants.
    #[error("`{query}`, row {row}: there is no participant `{participant}`")]
    Stranger {
        /// The query.
        query: &'static str,
        /// Row from 1.
        row: usize,
        /// Whose.
        participant: String,
    },
}

/// A form as it was filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// The record's name of it.
    pub instance: String,
    /// Which form.
    pub form: String,
    /// At which visit.
    pub visit: Option<String>,
    /// The day.
    pub day: Date,
    /// Scores, decisions and texts by name.
    pub scores: BTreeMap<String, Answer>,
    /// Answers by field.
    pub answers: BTreeMap<String, Answer>,
}

/// A value with its number and band, where it has them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// As text; none if it is missing.
    pub text: Option<String>,
    /// As a number.
    pub number: Option<f64>,
    /// Severity band.
    pub band: Option<String>,
}

/// A visit that was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    /// Place of the entry in the participant's stream.
    pub version: u64,
    /// Visit.
    pub visit: String,
    /// The day.
    pub day: Date,
    /// Its window then.
    pub window: Option<(Date, Date)>,
}

/// A decision at a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Place of the entry.
    pub version: u64,
    /// Which gate.
    pub gate: u64,
    /// Passed.
    pub passed: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// A stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Place of the entry.
    pub version: u64,
    /// How far it goes.
    pub scope: String,
    /// Reason code.
    pub reason: String,
    /// The day.
    pub day: Date,
}

/// Something swallowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Dose {
    /// Place of the entry.
    pub version: u64,
    /// Session.
    pub session: u64,
    /// The supplement, or the first dose.
    pub supplement: bool,
    /// How much, by the label.
    pub amount_mg: f64,
    /// When.
    pub at: Timestamp,
}

/// A dosing session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Number.
    pub session: u64,
    /// Level ordered.
    pub level: Option<String>,
    /// First dose.
    pub dosed_at: Option<Timestamp>,
    /// Why the supplement was not given.
    pub not_given: Option<String>,
    /// Stopped.
    pub stopped: bool,
    /// Leaving was allowed.
    pub discharged_at: Option<Timestamp>,
}

/// One measure of a set of vital signs.
#[derive(Debug, Clone, PartialEq)]
pub struct Vital {
    /// The set.
    pub instance: String,
    /// Which.
    pub measure: String,
    /// Session.
    pub session: u64,
    /// Value.
    pub number: f64,
    /// The slot that it fills.
    pub slot: Option<String>,
}

/// A limit that was passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// The set of vital signs.
    pub instance: String,
    /// Which limit.
    pub limit: String,
    /// Session.
    pub session: u64,
    /// Red, or amber.
    pub red: bool,
}

/// An adverse event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The record's name of it.
    pub instance: String,
    /// In the reporter's words.
    pub term: String,
    /// First day.
    pub onset: Date,
    /// Last day.
    pub ended: Option<Date>,
    /// `mild`, `moderate`, `severe`.
    pub severity: String,
    /// Grounds of seriousness.
    pub serious: Option<String>,
    /// Causality.
    pub related: String,
    /// Session after which it came.
    pub session: Option<u64>,
    /// How it was for the participant.
    pub valence: String,
    /// Of special interest: which kind.
    pub interest: Option<String>,
    /// What became of it.
    pub outcome: String,
    /// At or after the first dose.
    pub emergent: bool,
}

/// A deviation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// The record's name of it.
    pub instance: String,
    /// Code.
    pub code: String,
    /// Title.
    pub title: String,
    /// Important, or minor.
    pub important: bool,
    /// What brought it about.
    pub cause: Option<String>,
    /// The day.
    pub day: Date,
}

/// A course of another medicine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medicine {
    /// The record's name of it.
    pub instance: String,
    /// Class in the study, if it is in one.
    pub class: Option<String>,
    /// First day, if known.
    pub started: Option<Date>,
    /// Day of the last dose; nothing while it goes on.
    pub last: Option<Date>,
    /// Day on which its washout was complete.
    pub washed_out: Option<Date>,
    /// Taken as rescue.
    pub rescue: bool,
}

/// One participant, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Code.
    pub id: ParticipantId,
    /// Site.
    pub site: String,
    /// How far they came.
    pub phase: String,
    /// First call.
    pub enquired: Date,
    /// First valid consent.
    pub consented: Option<Date>,
    /// Gate 1.
    pub enrolled: Option<Date>,
    /// Gate 2.
    pub confirmed: Option<Date>,
    /// An arm was assigned.
    pub assigned: Option<Date>,
    /// The allocation was opened in an emergency.
    pub code_broken: Option<Date>,
    /// Forms, oldest first.
    pub forms: Vec<Form>,
    /// Visits as they were held.
    pub attendances: Vec<Attendance>,
    /// Gates.
    pub decisions: Vec<Decision>,
    /// Stops, oldest first.
    pub stops: Vec<Stop>,
    /// Doses.
    pub doses: Vec<Dose>,
    /// Sessions.
    pub sessions: Vec<Session>,
    /// Vital signs.
    pub vitals: Vec<Vital>,
    /// Limits passed.
    pub breaches: Vec<Breach>,
    /// Adverse events.
    pub events: Vec<Event>,
    /// Deviations.
    pub deviations: Vec<Deviation>,
    /// Other medicines.
    pub medicines: Vec<Medicine>,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Where.
    pub site: String,
    /// Number.
    pub container: String,
    /// `initial`, `supplement`.
    pub part: String,
    /// Level on the label.
    pub level: String,
    /// Where it stands.
    pub standing: String,
}

/// A movement of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Site.
    pub site: String,
    /// Place of the entry in the stock's stream.
    pub version: u64,
    /// Container.
    pub container: String,
    /// What became of it.
    pub movement: String,
}

/// A count of the safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Site.
    pub site: String,
    /// Place of the entry.
    pub version: u64,
    /// Containers that should be there.
    pub expected: u64,
    /// Containers that were.
    pub found: u64,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Country code.
    pub country: String,
}

/// The record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Participants in order.
    pub people: Vec<Person>,
    /// Sites in order.
    pub sites: Vec<Site>,
    /// Containers in order.
    pub containers: Vec<Container>,
    /// Movements in order.
    pub movements: Vec<Movement>,
    /// Counts in order.
    pub counts: Vec<Count>,
}

impl Record {
    /// Reads rows of every query.
    ///
    /// # Errors
    /// When a query has no answer, or a cell can't be read.
    pub fn read(rows: &Rows) -> Result<Self, ReadError> {
        let mut record = Self {
            people: each(rows, "participant", person)?,
            sites: each(rows, "site", |cells| {
                Ok(Site { id: cells.text(0)?, name: cells.text(1)?, country: cells.text(2)? })
            })?,
            containers: each(rows, "container", |cells| {
                Ok(Container {
                    site: cells.text(0)?,
                    container: cells.text(1)?,
                    part: cells.text(2)?,
                    level: cells.text(3)?,
                    standing: cells.text(4)?,
                })
            })?,
            movements: each(rows, "stock_movement", |cells| {
                Ok(Movement {
                    site: cells.text(0)?,
                    version: cells.whole(1)?,
                    container: cells.text(2)?,
                    movement: cells.text(3)?,
                })
            })?,
            counts: each(rows, "stock_count", |cells| {
                Ok(Count {
                    site: cells.text(0)?,
                    version: cells.whole(1)?,
                    expected: cells.whole(2)?,
                    found: cells.whole(3)?,
                })
            })?,
        };
        record.forms(rows)?;
        record.course(rows)?;
        record.drug(rows)?;
        record.safety(rows)?;
        Ok(record)
    }

    fn give<T>(
        &mut self,
        rows: &Rows,
        query: &'static str,
        read: impl Fn(&Cells<'_>) -> Result<T, ReadError>,
        to: impl Fn(&mut Person) -> &mut Vec<T>,
    ) -> Result<(), ReadError> {
        for (number, row) in answers(rows, query)?.iter().enumerate() {
            let cells = Cells { query, number, row };
            let id = cells.text(0)?;
            let found = self.people.binary_search_by(|person| person.id.as_str().cmp(&id)).ok();
            let Some(person) = found.and_then(|at| self.people.get_mut(at)) else {
                return Err(ReadError::Stranger { query, row: number + 1, participant: id });
            };
            to(person).push(read(&cells)?);
        }
        Ok(())
    }

    fn forms(&mut self, rows: &Rows) -> Result<(), ReadError> {
        self.give(
            rows,
            "form",
            |cells| {
                Ok(Form {
                    instance: cells.text(1)?,
                    form: cells.text(2)?,
                    visit: cells.maybe(3),
                    day: cells.day(4)?,
                    scores: BTreeMap::new(),
                    answers: BTreeMap::new(),
                })
            },
            |person| &mut person.forms,
        )?;
        for (query, into) in [("score", true), ("answer", false)] {
            for (number, row) in answers(rows, query)?.iter().enumerate() {
                let cells = Cells { query, number, row };
                let (id, instance, name) = (cells.text(0)?, cells.text(1)?, cells.text(2)?);
                let found = self.people.binary_search_by(|person| person.id.as_str().cmp(&id)).ok();
                let Some(person) = found.and_then(|at| self.people.get_mut(at)) else {
                    return Err(ReadError::Stranger { query, row: number + 1, participant: id });
                };
                let Some(form) = person.forms.iter_mut().find(|form| form.instance == instance) else { continue };
                let answer = Answer {
                    text: cells.maybe(3),
                    number: cells.maybe_number(4)?,
                    band: if into { cells.maybe(5) } else { None },
                };
                if into {
                    form.scores.insert(name, answer)
                } else {
                    form.answers.insert(name, answer)
                };
            }
        }
        Ok(())
    }

    fn course(&mut self, rows: &Rows) -> Result<(), ReadError> {
        self.give(
            rows,
            "attendance",
            |cells| {
                let window = match (cells.maybe_day(4)?, cells.maybe_day(5)?) {
                    (Some(from), Some(until)) => Some((from, until)),
                    _ => None,
                };
                Ok(Attendance { version: cells.whole(1)?, visit: cells.text(2)?, day: cells.day(3)?, window })
            },
            |person| &mut person.attendances,
        )?;
        self.give(
            rows,
            "gate_decision",
            |cells| {
                Ok(Decision {
                    version: cells.whole(1)?,
                    gate: cells.whole(2)?,
                    passed: cells.whole(3)? == 1,
                    reason: cells.maybe(4),
                })
            },
            |person| &mut person.decisions,
        )?;
        self.give(
            rows,
            "stop",
            |cells| {
                Ok(Stop {
                    version: cells.whole(1)?,
                    scope: cells.text(2)?,
                    reason: cells.maybe(3).unwrap_or_default(),
                    day: cells.day(4)?,
                })
            },
            |person| &mut person.stops,
        )
    }

    fn drug(&mut self, rows: &Rows) -> Result<(), ReadError> {
        self.give(
            rows,
            "dose",
            |cells| {
                Ok(Dose {
                    version: cells.whole(1)?,
                    session: cells.whole(2)?,
                    supplement: cells.text(3)? == "supplement",
                    amount_mg: cells.number(4)?,
                    at: cells.moment(5)?,
                })
            },
            |person| &mut person.doses,
        )?;
        self.give(
            rows,
            "dosing_session",
            |cells| {
                Ok(Session {
                    session: cells.whole(1)?,
                    level: cells.maybe(2),
                    dosed_at: cells.maybe_moment(3)?,
                    not_given: cells.maybe(5),
                    stopped: cells.maybe(6).is_some(),
                    discharged_at: cells.maybe_moment(7)?,
                })
            },
            |person| &mut person.sessions,
        )
    }

    fn safety(&mut self, rows: &Rows) -> Result<(), ReadError> {
        self.give(
            rows,
            "vital",
            |cells| {
                Ok(Vital {
                    instance: cells.text(1)?,
                    measure: cells.text(2)?,
                    session: cells.whole(3)?,
                    number: cells.number(4)?,
                    slot: cells.maybe(5),
                })
            },
            |person| &mut person.vitals,
        )?;
        self.give(
            rows,
            "breach",
            |cells| {
                Ok(Breach {
                    instance: cells.text(1)?,
                    limit: cells.text(2)?,
                    session: cells.whole(3)?,
                    red: cells.whole(6)? == 1,
                })
            },
            |person| &mut person.breaches,
        )?;
        self.give(rows, "adverse_event", event, |person| &mut person.events)?;
        self.give(
            rows,
            "deviation",
            |cells| {
                Ok(Deviation {
                    instance: cells.text(1)?,
                    code: cells.text(2)?,
                    title: cells.text(3)?,
                    important: cells.text(4)? == "important",
                    cause: cells.maybe(5),
                    day: cells.day(6)?,
                })
            },
            |person| &mut person.deviations,
        )?;
        self.give(
            rows,
            "medication",
            |cells| {
                Ok(Medicine {
                    instance: cells.text(1)?,
                    class: cells.maybe(2),
                    started: cells.maybe_day(3)?,
                    last: cells.maybe_day(4)?,
                    washed_out: cells.maybe_day(5)?,
                    rescue: cells.whole(6)? == 1,
                })
            },
            |person| &mut person.medicines,
        )
    }
}

fn person(cells: &Cells<'_>) -> Result<Person, ReadError> {
    Ok(Person {
        id: ParticipantId::from(cells.text(0)?),
        site: cells.text(1)?,
        phase: cells.text(2)?,
        enquired: cells.day(3)?,
        consented: cells.maybe_day(4)?,
        enrolled: cells.maybe_day(5)?,
        confirmed: cells.maybe_day(6)?,
        assigned: cells.maybe_day(7)?,
        code_broken: cells.maybe_moment(11)?.map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date()),
        forms: Vec::new(),
        attendances: Vec::new(),
        decisions: Vec::new(),
        stops: Vec::new(),
        doses: Vec::new(),
        sessions: Vec::new(),
        vitals: Vec::new(),
        breaches: Vec::new(),
        events: Vec::new(),
        deviations: Vec::new(),
        medicines: Vec::new(),
    })
}

fn event(cells: &Cells<'_>) -> Result<Event, ReadError> {
    Ok(Event {
        instance: cells.text(1)?,
        term: cells.text(2)?,
        onset: cells.day(3)?,
        ended: cells.maybe_day(4)?,
        severity: cells.text(5)?,
        serious: cells.maybe(6).filter(|grounds| !grounds.is_empty()),
        related: cells.text(7)?,
        session: cells.maybe_number(8)?.map(|session| session as u64),
        valence: cells.text(9)?,
        interest: cells.maybe(10),
        outcome: cells.text(11)?,
        emergent: cells.whole(12)? == 1,
    })
}

fn answers<'a>(rows: &'a Rows, query: &'static str) -> Result<&'a Vec<Row>, ReadError> {
    rows.get(query).ok_or(ReadError::Missing(query))
}

fn each<T>(
    rows: &Rows,
    query: &'static str,
    read: impl Fn(&Cells<'_>) -> Result<T, ReadError>,
) -> Result<Vec<T>, ReadError> {
    answers(rows, query)?.iter().enumerate().map(|(number, row)| read(&Cells { query, number, row })).collect()
}

/// One row while it is read.
struct Cells<'a> {
    query: &'static str,
    number: usize,
    row: &'a Row,
}

impl Cells<'_> {
    fn maybe(&self, column: usize) -> Option<String> {
        self.row.get(column).cloned().flatten()
    }

    fn wrong(&self, column: usize, needed: &'static str) -> ReadError {
        ReadError::Cell {
            query: self.query,
            row: self.number + 1,
            column: column + 1,
            found: self.maybe(column),
            needed,
        }
    }

    fn text(&self, column: usize) -> Result<String, ReadError> {
        self.maybe(column).ok_or_else(|| self.wrong(column, "a text"))
    }

    fn whole(&self, column: usize) -> Result<u64, ReadError> {
        self.text(column)?.parse().map_err(|_| self.wrong(column, "a whole number"))
    }

    fn number(&self, column: usize) -> Result<f64, ReadError> {
        self.maybe_number(column)?.ok_or_else(|| self.wrong(column, "a number"))
    }

    fn maybe_number(&self, column: usize) -> Result<Option<f64>, ReadError> {
        let number = self.maybe(column).map(|text| text.parse::<f64>()).transpose();
        let number = number.map_err(|_| self.wrong(column, "a number"))?;
        if number.is_some_and(|number| !number.is_finite()) {
            return Err(self.wrong(column, "a finite number"));
        }
        Ok(number)
    }

    fn day(&self, column: usize) -> Result<Date, ReadError> {
        self.maybe_day(column)?.ok_or_else(|| self.wrong(column, "a day"))
    }

    fn maybe_day(&self, column: usize) -> Result<Option<Date>, ReadError> {
        self.maybe(column).map(|text| text.parse()).transpose().map_err(|_| self.wrong(column, "a day"))
    }

    fn moment(&self, column: usize) -> Result<Timestamp, ReadError> {
        self.maybe_moment(column)?.ok_or_else(|| self.wrong(column, "a moment"))
    }

    fn maybe_moment(&self, column: usize) -> Result<Option<Timestamp>, ReadError> {
        self.maybe(column).map(|text| text.parse()).transpose().map_err(|_| self.wrong(column, "a moment"))
    }
}
