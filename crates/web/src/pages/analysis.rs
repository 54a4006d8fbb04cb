//! The analysis on the page: figures of the report with their tables, all arms together until the record is locked, by arm after it
//! for those who look after the trial and nothing else. What is drawn is what `report` draws: the same crate makes both.

use std::sync::{Arc, Mutex, PoisonError};

use analysis::{Block, Figure, Report, Standing};
use exchange::analysed::{Analysed, Arms, NotAnalysed};

use super::participant::wide;
use crate::chart::svg::escape;
use crate::desk::{Desk, number};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::parts::Markup;
use crate::parts::page::{Body, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Empty, Fact, Icon, Link, Strip};
use crate::show;

/// Parts of the report that are shown here, in this order: those that rest on the outcomes and on nothing that is hidden further.
const PARTS: [&str; 5] = ["primary", "published", "key_secondary", "subgroups", "disposition"];

/// Parts with a line or a mark for each person: heavy, so on a page of their own.
const PERSON_BY_PERSON: [&str; 2] = ["severity", "responders"];

/// The seed of the rehearsal that the page offers.
const REHEARSAL: u64 = 1;

/// Reports as they were last made: one a way of showing arms, remade when something has been written since.
#[derive(Default)]
pub struct Reports(Mutex<Vec<(Arms, u64, Arc<Report>)>>);

impl Reports {
    fn get(&self, desk: &Desk<'_>, arms: Arms) -> Result<Arc<Report>, Trouble> {
        let rows = desk.services.door.store().select("SELECT COALESCE(MAX(id), 0) FROM entry", &[])?;
        let last = rows.first().map_or(0, |row| u64::try_from(number(row, 0)).unwrap_or(0));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., report)) = kept.iter().find(|(own, at, _)| *own == arms && *at == last) {
            return Ok(Arc::clone(report));
        }
        let program = concat!("lifejacket ", env!("CARGO_PKG_VERSION"));
        let analysed = Analysed::read(&desk.services.door, program, arms)?;
        let report = analysis::report(&analysed.input()).map_err(|error| Trouble::Fault(error.to_string()))?;
        let report = Arc::new(report);
        kept.retain(|(own, ..)| *own != arms);
        kept.push((arms, last, Arc::clone(&report)));
        Ok(report)
    }
}

impl From<NotAnalysed> for Trouble {
    fn from(error: NotAnalysed) -> Self {
        match error {
            NotAnalysed::Store(error) => error.into(),
            other => Self::Unavailable(format!("{}.", crate::findings::sentence(&other.to_string()))),
        }
    }
}

/// Whether the page is the reader's, for the link to it.
pub fn open_to(desk: &Desk<'_>) -> bool {
    desk.reader.sees_analysis(&desk.study)
}

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    if !open_to(&desk) {
        return Err(Trouble::NotFound);
    }
    let by_arm = desk.reader.sees_arms_after_lock(&desk.study);
    let rehearsed = call.query.ticked("rehearse");
    let arms = match (rehearsed, by_arm) {
        (true, _) => Arms::Dummy(REHEARSAL),
        (false, true) => Arms::AsLocked,
        (false, false) => Arms::Together,
    };
    let report = call.services.reports.get(&desk, arms)?;
    let by_person = call.query.text("part") == "people";
    let body = body(&desk, &report, by_arm, by_person);
    let mut crumbs = vec![Link::new("/trial", "Trial")];
    if by_person {
        crumbs.push(Link::new(if rehearsed { "/analysis?rehearse=yes" } else { "/analysis" }, "Analysis"));
    }
    frame::page(call, &desk, Place::Trial, crumbs, body)
}

fn body(desk: &Desk<'_>, report: &Report, by_arm: bool, by_person: bool) -> Body {
    let (title, parts, here): (_, &[&str], _) = if by_person {
        ("Analysis, person by person", &PERSON_BY_PERSON, "/analysis?part=people")
    } else {
        ("Analysis", &PARTS, "/analysis")
    };
    let with = |address: &str| format!("{address}{}rehearse=yes", if address.contains('?') { '&' } else { '?' });
    let mut body = Body::new(title);
    body.lead = match (report.standing, report.lock.is_some()) {
        (Standing::Final, _) => "The record is locked and the allocation is open: by arm.".to_owned(),
        (Standing::Blinded, true) => {
            "The record is locked. All arms together: your roles stay blind, because people may still be in follow-up."
                .to_owned()
        }
        (Standing::Blinded, false) => "The record is not locked: all arms together.".to_owned(),
        (Standing::Dummy(_), _) => "A rehearsal: arms are made up, and no difference here means anything.".to_owned(),
        (Standing::Open, _) => "One arm, and everybody knows it.".to_owned(),
    };
    if let Standing::Dummy(_) = report.standing {
        let warning = report.standing.warning().unwrap_or_default();
        body.notice = Markup(format!(
            "<div class=\"written\" role=\"status\">{}<div><p>{}</p></div></div>",
            Icon::Warn,
            escape(&warning)
        ));
        body.action(here, "End the rehearsal");
    } else if report.standing == Standing::Blinded {
        body.action(with(here), "Rehearse with made-up arms");
    }
    if !by_person {
        let people = "/analysis?part=people";
        let rehearsed = matches!(report.standing, Standing::Dummy(_));
        body.action(if rehearsed { with(people) } else { people.to_owned() }, "Person by person");
    }
    let zone = desk.own_zone();
    body.strip = Strip {
        facts: vec![
            Fact::new("Arms", arms_word(report.standing), if by_arm { "by arm after the lock" } else { "blind" }),
            Fact::new("Recorded until", show::moment(report.checkpoint.recorded_at, &zone), "the last entry looked at"),
            Fact::new("Entries", report.checkpoint.entries.to_string(), short(&report.checkpoint.digest)),
            Fact::new("Plan", short(&report.plan), "its hash, frozen before the lock"),
        ],
    };
    let mut drawn = 0;
    for part in parts {
        let Some(section) = report.sections.iter().find(|section| section.id == *part) else { continue };
        if section.blocks.iter().any(|block| matches!(block, Block::Figure(_))) {
            body.add(shown(section));
            drawn += 1;
        }
    }
    if drawn == 0 {
        body.add(Section::bare(Empty::new(
            "There is nothing to draw yet.",
            "Figures begin with the first ratings after the baseline.",
        )));
    }
    body.add(Section::new(
        "whole",
        "The whole report",
        "<p class=\"read\">These figures are part of the report, which has every table, for the screen and for paper: \
         <code>lifejacket report --data DIR --out DIR</code>. Each number leads to the entries under it: <code>lifejacket trace</code>.</p>",
    ));
    body
}

const fn arms_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Final => "Open",
        Standing::Dummy(_) => "Made up",
        Standing::Blinded => "Together",
        Standing::Open => "One",
    }
}

fn short(hash: &str) -> String {
    hash.get(..12).unwrap_or(hash).to_owned()
}

/// Figures and words as they stand, every table folded.
fn shown(section: &analysis::Section) -> Section {
    let mut out = String::new();
    for block in &section.blocks {
        match block {
            Block::Words(text) => out.push_str(&format!("<p class=\"read\">{}</p>", code(text))),
            Block::Figure(figure) => out.push_str(&drawing(&section.title, figure)),
            Block::Table(table) => out.push_str(&format!(
                "<details class=\"history\"><summary>Table: {}</summary><div class=\"up-3\">{}{}</div></details>",
                escape(&table.title),
                as_table(table),
                table.notes.iter().map(|note| format!("<p class=\"quiet\">{}</p>", code(note))).collect::<String>()
            )),
        }
    }
    Section::new(&section.id, &section.title, out)
}

/// A figure; the part of the report is in its name, since two endpoints have figures that are called the same.
fn drawing(part: &str, figure: &Figure) -> String {
    let notes: Vec<String> = figure.notes.iter().map(|note| code(note)).collect();
    format!(
        "<figure class=\"figure\"><h3>{}</h3>{}<figcaption>{}</figcaption></figure>",
        escape(&figure.title),
        wide(&format!("{part}: {}", figure.title), &figure.svg),
        if notes.is_empty() { "Its numbers stand in the table below.".to_owned() } else { notes.join(" ") }
    )
}

/// Words with what stands between backticks as code.
fn code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) }).collect()
}

fn as_table(table: &analysis::Table) -> Table {
    let wordy = table.wordy();
    let heads = std::iter::once(table.head.clone()).chain(table.columns.iter().map(|column| column.title.clone()));
    let rows = table.rows.iter().map(|row| {
        let cells = row.cells.iter().zip(&wordy).map(|(cell, wordy)| Cell { number: !wordy, ..Cell::text(&cell.text) });
        std::iter::once(Cell::head(&row.title)).chain(cells).collect()
    });
    Table::owned(&table.title, heads.collect(), rows.collect()).unseen_caption()
}
