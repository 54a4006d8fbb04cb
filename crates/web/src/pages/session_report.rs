//! The session on paper: everything that was written about it, under its headings and in order, late lines with both
//! times, corrected and struck ones still readable.

use conduct::session::report::{self, Line, Report, Section as Heading};
use conduct::{StreamId, Written};
use record::Range;

use super::ahead::Room;
use super::session::file_of;
use crate::desk::Desk;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::Link;
use crate::show;

const HEADINGS: [Heading; 9] = [
    Heading::Dose,
    Heading::Checks,
    Heading::Presence,
    Heading::Readings,
    Heading::Timeline,
    Heading::Alarms,
    Heading::Leaving,
    Heading::Events,
    Heading::Signatures,
];

/// The report of one session.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let (file, number) = file_of(&desk, call.part("participant"), call.part("session"))?;
    let room = Room::of(&desk, &file, number, call.token())?;
    let mut entries: Vec<Written> = Vec::new();
    let stream = StreamId::Participant(file.participant.id.clone()).to_string();
    desk.services.door.store().read(Range::Stream { name: &stream, after: 0, as_of: None }, &mut |stored| {
        entries.extend(record::written_read(&stored)?);
        Ok(true)
    })?;
    let report = report::report(&file.study, &file.participant, number, &entries);
    let code = file.participant.id.as_str();
    let mut body = Body::new(format!("{code}: report of session {number}"));
    body.lead = room.lead();
    body.add(Section::bare(room.head_table(&report)));
    body.add(Section::bare(room.chart()));
    for heading in HEADINGS {
        let lines: Vec<&Line> = report.section(heading).collect();
        if !lines.is_empty() {
            let id = format!("part-{}", heading.title().to_lowercase().replace([' ', ','], "-"));
            body.add(Section::new(&id, heading.title(), room.lines_table(heading.title(), &lines)));
        }
    }
    let crumbs = vec![
        Link::new("/participants", "Participants"),
        Link::new(room.base.clone(), code),
        Link::new(room.at(), format!("Session {number}")),
    ];
    frame::page(call, &desk, Place::Participants, crumbs, body)
}

impl Room<'_> {
    fn head_table(&self, report: &Report) -> String {
        let study = &self.file.study;
        let clock = |at: Option<jiff::Timestamp>| at.map_or_else(|| "none".to_owned(), |at| self.clock(at));
        let stays: Vec<String> = report
            .stays
            .iter()
            .map(|(staff, from, until)| {
                let until = until.map_or_else(String::new, |until| self.clock(until));
                format!(
                    "{} {} to {until}",
                    self.desk.name_of(&conduct::Person::Staff(staff.clone())),
                    self.clock(*from)
                )
            })
            .collect();
        let rows = [
            ("Study", format!("{}, version {}", study.id, study.version)),
            ("Site", self.file.participant.site.to_string()),
            ("Day", report.day.map_or_else(|| "Nothing was written yet".to_owned(), show::weekday_date)),
            ("Time zone", report.zone.clone()),
            ("First dose", clock(report.dosed_at)),
            ("Supplement", clock(report.supplement_at)),
            ("In the room", stays.join("; ")),
            ("Written out", show::moment(self.desk.now, &self.file.zone)),
        ];
        let rows = rows.into_iter().map(|(label, value)| vec![Cell::head(label), Cell::text(&value)]).collect();
        Table::new("The session", &["", ""], rows).unseen_caption().to_string()
    }

    fn lines_table(&self, title: &str, lines: &[&Line]) -> String {
        let rows = lines
            .iter()
            .map(|line| {
                let minute = line.minute.map_or_else(String::new, |minute| format!("{} min", show::offset(minute)));
                let mut said = line.what.clone();
                if line.struck {
                    said.push_str(" (struck through)");
                }
                if let Some(reason) = &line.reason {
                    said.push_str(&format!(". Reason: {reason}"));
                }
                let mut when = self.clock(line.at);
                if line.late {
                    when.push_str(&format!(", written down {}", self.clock(line.recorded_at)));
                }
                if let Some(device) = line.device_at {
                    when.push_str(&format!(", device clock {}", self.clock(device)));
                }
                let second = line.second.as_ref().map(|second| format!(" and {}", self.desk.name_of(&second.person)));
                let by = format!("{}{}", self.desk.name_of(&line.by.person), second.unwrap_or_default());
                vec![Cell::head(&when), Cell::text(&minute), Cell::text(&said), Cell::text(&by)]
            })
            .collect();
        Table::new(title, &["At", "Since the dose", "What", "By"], rows).unseen_caption().to_string()
    }
}
