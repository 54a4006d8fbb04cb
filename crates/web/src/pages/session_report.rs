//! The session on paper: what was ordered and given, who was there, every reading and every line of the timeline.

use super::ahead::Room;
use super::session::file_of;
use crate::chart::svg::escape;
use crate::desk::Desk;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::Link;
use crate::show;

/// The report of one session.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let (file, number) = file_of(&desk, call.part("participant"), call.part("session"))?;
    let room = Room::of(&desk, &file, number, call.token());
    let code = file.participant.id.as_str();
    let mut body = Body::new(format!("{code}: report of session {number}"));
    body.lead = room.lead();
    body.add(Section::bare(room.head_table()));
    body.add(Section::new("given", "Ordered and given", room.given()));
    body.add(Section::new("there", "Who was in the room", room.presence_table()));
    body.add(Section::new("checks", "Checks", room.checks_table()));
    body.add(Section::bare(room.chart()));
    body.add(Section::new("timeline", "Timeline, in order", room.in_order()));
    let crumbs = vec![
        Link::new("/participants", "Participants"),
        Link::new(room.base.clone(), code),
        Link::new(room.at(), format!("Session {number}")),
    ];
    frame::page(call, &desk, Place::Participants, crumbs, body)
}

impl Room<'_> {
    fn head_table(&self) -> String {
        let study = &self.file.study;
        let day = self.state.dosed_at().map(|at| show::weekday_date(at.to_zoned(self.file.zone.clone()).date()));
        let rows = [
            ("Study", format!("{}, version {}", study.id, study.version)),
            ("Site", self.file.participant.site.to_string()),
            ("Day", day.unwrap_or_else(|| "No dose was swallowed".to_owned())),
            ("Written out", show::moment(self.desk.now, &self.file.zone)),
        ];
        let rows = rows.into_iter().map(|(label, value)| vec![Cell::head(label), Cell::text(&value)]).collect();
        Table::new("The session", &["", ""], rows).unseen_caption().to_string()
    }

    fn given(&self) -> String {
        let mut rows = Vec::new();
        let mut push = |what: &str, said: String| rows.push(vec![Cell::head(what), Cell::text(&said)]);
        match &self.state.order {
            Some(order) => push(
                "Ordered",
                format!(
                    "{} and {}, signed by {} at {}",
                    order.initial,
                    order.supplement,
                    self.desk.name_of(&order.by.person),
                    show::moment(order.at, &self.file.zone)
                ),
            ),
            None => push("Ordered", "No order in force".to_owned()),
        }
        if let Some((initial, supplement, at)) = &self.state.containers {
            let second = supplement.as_ref().map_or_else(String::new, |second| format!(" and {second}"));
            push("Containers", format!("{initial}{second}, out of the safe at {}", self.clock(*at)));
        }
        for swallow in &self.state.swallowed {
            let allowed = if swallow.authorised { "allowed" } else { "not allowed" };
            push(
                match swallow.part {
                    conduct::command::DosePart::Initial => "First dose",
                    conduct::command::DosePart::Supplement => "Supplement",
                },
                format!(
                    "{} in {}, from {}, at {}; {allowed}",
                    swallow.amount,
                    show::count(usize::try_from(swallow.pieces).unwrap_or(0), "piece", "pieces"),
                    swallow.container,
                    self.clock(swallow.at)
                ),
            );
        }
        if let Some(code) = &self.state.supplement_not_given {
            push("Supplement", format!("Not given: {code}"));
        }
        if let Some(at) = self.state.stopped {
            push("Stopped", self.clock(at));
        }
        if let Some((at, to)) = self.state.departed {
            push("Left", format!("{} at {}", Self::went(to), show::moment(at, &self.file.zone)));
        }
        if let Some(at) = self.state.closed {
            push("Record closed", show::moment(at, &self.file.zone));
        }
        Table::new("Ordered and given", &["", ""], rows).unseen_caption().to_string()
    }

    fn presence_table(&self) -> String {
        let rows = self
            .state
            .presence
            .iter()
            .map(|span| {
                vec![
                    Cell::head(&self.desk.name_of(&conduct::Person::Staff(span.staff.clone()))),
                    Cell::text(&self.clock(span.from)),
                    Cell::text(&span.until.map(|until| self.clock(until)).unwrap_or_default()),
                ]
            })
            .collect();
        Table::new("Who was in the room", &["Who", "From", "Until"], rows).unseen_caption().to_string()
    }

    fn checks_table(&self) -> String {
        let plan = &self.file.study.session;
        let rows = plan
            .checks
            .iter()
            .chain(&plan.discharge.criteria)
            .map(|check| {
                let done = self.state.checks.get(&check.id);
                vec![
                    Cell::head(&check.sentence),
                    Cell::text(&done.map_or_else(|| "Not done".to_owned(), |done| super::session::found_words(check, done))),
                    Cell::text(&done.map(|done| self.clock(done.at)).unwrap_or_default()),
                    Cell::text(&done.map(|done| self.desk.name_of(&done.by.person)).unwrap_or_default()),
                    Cell::text(done.map_or("", |done| if done.clears { "Cleared" } else if done.agreed { "Agreed" } else { "Did not clear" })),
                ]
            })
            .collect();
        Table::new("Checks", &["Check", "Found", "At", "By", ""], rows).unseen_caption().to_string()
    }

    fn in_order(&self) -> String {
        let mut lines = self.lines();
        lines.reverse();
        let rows: String = lines
            .iter()
            .map(|line| {
                format!(
                    "<li><span class=\"at\">{}</span><div><b>{}</b><p>{}{}{}</p></div></li>",
                    self.offset_of(line.at),
                    escape(&line.what),
                    self.clock(line.at),
                    if line.beside.is_empty() { "" } else { ". " },
                    escape(&line.beside)
                )
            })
            .collect();
        format!("<ol class=\"log\">{rows}</ol>")
    }
}
