//! What a site itself asks of its people today, for the worklist: its stock, and certificates that run out.
//!
//! What is asked for is the rules' answer; this page finds words and addresses for it.

use conduct::accountability::notices::{Asks, notices};
use conduct::staffing::credentials::{RunsOut, Staff, running_out};
use jiff::civil::Date;
use protocol::model::Duty;

use crate::desk::{Desk, SiteFile};
use crate::frame::{self, Place};
use crate::http::pairs::segment;
use crate::http::reply::Trouble;
use crate::parts::words::Tag;
use crate::parts::work::Row;
use crate::show;

/// One line with its last day.
pub struct Line {
    pub day: Option<Date>,
    pub row: Row,
}

/// Sites of which the worklist tells; who has more looks at the pages of stock and staff.
const SITES_MAX: usize = 3;

/// Everything that the person's sites ask of them.
pub fn lines(desk: &Desk<'_>) -> Result<Vec<Line>, Trouble> {
    let mut all = Vec::new();
    if desk.sites.len() > SITES_MAX || !desk.reader.sees_participants() {
        return Ok(all);
    }
    for site in &desk.sites {
        let file = desk.site(site.as_str())?;
        let duties = file.reader.duties;
        let keeps = duties.has_any(&[Duty::DispenseDrug, Duty::Coordinate, Duty::LeadSite]);
        if keeps && frame::open_to(desk, Place::Stock) && !super::stock::counting(desk, &file) {
            stock(desk, &file, &mut all);
        }
        if duties.has_any(&[Duty::LeadSite, Duty::AdministerTrial, Duty::Coordinate]) {
            let staff = Staff { study: &desk.study, trial: &desk.trial, site: Some(&file.state) };
            all.extend(running_out(staff, file.today).iter().map(|line| certificate(desk, &file, line)));
        }
    }
    Ok(all)
}

fn tag(day: Option<Date>, today: Date, ahead: &str) -> Tag {
    match day {
        Some(day) if day < today => Tag::stop("Overdue"),
        Some(day) if day > today => Tag::plan(ahead),
        Some(_) => Tag::now("Due today"),
        None => Tag::now("Due now"),
    }
}

fn when(day: Option<Date>, today: Date) -> String {
    match day {
        Some(day) if day < today => format!("since {}", show::brief(day)),
        Some(day) => format!("by {}", show::short(day)),
        None => "now".to_owned(),
    }
}

fn stock(desk: &Desk<'_>, file: &SiteFile, all: &mut Vec<Line>) {
    let at = segment(file.id.as_str());
    let several = desk.sites.len() > 1;
    for notice in notices(&desk.study, &file.stock, desk.now, &file.zone) {
        let day = notice.due.map(|due| {
            // What ends with a day ends on it.
            let due = due.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(due);
            due.to_zoned(file.zone.clone()).date()
        });
        let wanted = match notice.asks {
            Asks::Count => Some("count"),
            Asks::Temperature => Some("temperature"),
            Asks::Difference(_) | Asks::Notice(_) | Asks::Expiry { .. } => None,
        };
        let form = wanted.map(|key| format!("/sites/{at}/do/{key}"));
        let href = form
            .filter(|form| crate::acts::offered(file.reader.duties, form))
            .unwrap_or_else(|| if several { format!("/stock/{at}") } else { "/stock".to_owned() });
        let row = Row {
            when: when(day, file.today),
            code: String::new(),
            href,
            act: notice.text,
            why: format!("Stock of site {}.", file.id),
            tag: tag(day, file.today, "Ends soon"),
            side: String::new(),
        };
        all.push(Line { day, row });
    }
}

fn certificate(desk: &Desk<'_>, file: &SiteFile, line: &RunsOut<'_>) -> Line {
    let name = desk.name_of(&conduct::Person::Staff(line.staff.clone()));
    let role = super::study::role_title(&desk.study, line.role.as_str());
    let (act, why) = match line.last {
        None => (
            format!("{name}: record “{}”", line.kind.title),
            format!("None is on record; as {role} nothing that needs it can be authorised."),
        ),
        Some(last) if last < file.today => (
            format!("{name}: “{}” has ended", line.kind.title),
            format!("As {role} nothing that needs it can be authorised until it is renewed."),
        ),
        Some(last) => (
            format!("{name}: renew “{}”", line.kind.title),
            format!("It holds to {}; then nothing that needs it as {role} can be authorised.", show::date(last)),
        ),
    };
    let row = Row {
        when: when(line.last, file.today),
        code: String::new(),
        href: format!("/staff?site={}#certificates", segment(file.id.as_str())),
        act,
        why,
        tag: match line.last {
            Some(last) if last < file.today => Tag::stop("Out of date"),
            other => tag(other, file.today, "Ends soon"),
        },
        side: String::new(),
    };
    Line { day: line.last, row }
}
