//! The trial as a whole, from its data: enrolment by site, the flow of participants, visits due, sites and holds.
//! Nothing here depends on an allocation.

use std::collections::BTreeMap;

use conduct::state::SiteStanding;
use jiff::civil::Date;
use protocol::model::Duty;

use super::participant::wide;
use crate::chart::curve::{Curve, Series};
use crate::chart::flow::{Flow, Step};
use crate::chart::svg::escape;
use crate::desk::{Desk, day, number, text};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Empty, Fact, Strip, Tag};
use crate::show;
use crate::then;

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::reading_tables(call)?;
    if !frame::open_to(&desk, Place::Trial) {
        return Err(Trouble::NotFound);
    }
    let counts = milestones(&desk)?;
    let today = desk.now.to_zoned(desk.own_zone()).date();
    let mut body = Body::new(format!("Trial {}", desk.study.id));
    body.lead = format!("{}. Version {}.", desk.study.title.trim_end_matches('.'), desk.study.version);
    body.strip = strip(&desk, &counts)?;
    let acts = desk.then.is_none();
    if acts && super::analysis::open_to(&desk) {
        body.action("/analysis", "Analysis");
    }
    if acts && desk.reader.duties.has(Duty::AdministerTrial) {
        body.action("/trial/do/open-site", "Open a site");
        body.action("/trial/do/activate-site", "Let a site enrol");
        body.action("/trial/do/grant-role", "Give a role");
        if !desk.study.certificates.is_empty() {
            body.action("/trial/do/certificate", "Record a certificate");
        }
    }
    if acts && desk.reader.duties.has_any(&[Duty::AdministerTrial, Duty::MonitorMedically]) {
        body.action("/trial/do/trial-hold", "Place a hold");
        body.action("/trial/do/recall-lot", "Call a lot back");
    }
    let flow = format!(
        "<div class=\"two section\"><section aria-labelledby=\"flow-h\"><h2 id=\"flow-h\">Flow of participants</h2><div class=\"figure\">{}</div></section><section aria-labelledby=\"curve-h\"><h2 id=\"curve-h\">Assigned by site</h2><div class=\"figure\">{}</div></section></div>",
        flow_drawn(&desk, &counts)?,
        curve_drawn(&desk, today)?
    );
    body.add(Section::bare(flow));
    body.add(holds(&desk));
    body.add(due_by_site(&desk, today)?);
    body.add(sites(&desk, &counts)?);
    body.add(Section::bare(then::form("/trial", desk.then.as_ref(), desk.latest_day())));
    frame::page(call, &desk, Place::Trial, Vec::new(), body)
}

/// Milestone → site → how many.
type Counts = BTreeMap<String, BTreeMap<String, u64>>;

fn milestones(desk: &Desk<'_>) -> Result<Counts, Trouble> {
    let mut out: Counts = BTreeMap::new();
    for row in desk.select("SELECT milestone, site, participants FROM milestone_count", &[])? {
        let count = u64::try_from(number(&row, 2)).unwrap_or(0);
        out.entry(text(&row, 0)).or_default().insert(text(&row, 1), count);
    }
    Ok(out)
}

fn total(counts: &Counts, milestone: &str) -> u64 {
    counts.get(milestone).map_or(0, |sites| sites.values().sum())
}

fn at_site(counts: &Counts, milestone: &str, site: &str) -> u64 {
    counts.get(milestone).and_then(|sites| sites.get(site)).copied().unwrap_or(0)
}

fn phases(desk: &Desk<'_>) -> Result<BTreeMap<String, u64>, Trouble> {
    let rows = desk.select("SELECT phase, SUM(participants) FROM phase_count GROUP BY phase", &[])?;
    Ok(rows.iter().map(|row| (text(row, 0), u64::try_from(number(row, 1)).unwrap_or(0))).collect())
}

fn strip(desk: &Desk<'_>, counts: &Counts) -> Result<Strip, Trouble> {
    let phases = phases(desk)?;
    let phase = |name: &str| phases.get(name).copied().unwrap_or(0);
    let active = desk.trial.sites.values().filter(|s| s.standing == SiteStanding::Active).count();
    Ok(Strip {
        facts: vec![
            Fact::new(
                "Assigned",
                total(counts, "assigned").to_string(),
                format!("of {} planned", desk.study.design.participants_planned),
            ),
            Fact::new("In treatment", (phase("assigned") + phase("in_treatment")).to_string(), "people"),
            Fact::new("In follow-up", phase("follow_up").to_string(), "people"),
            Fact::new("Completed", phase("completed").to_string(), "people"),
            Fact::new("Sites", active.to_string(), format!("active of {} planned", desk.study.sites.len())),
        ],
    })
}

/// The flow, from the counts: where each person stopped, by the last thing known of them.
fn flow_drawn(desk: &Desk<'_>, counts: &Counts) -> Result<String, Trouble> {
    let phases = phases(desk)?;
    let phase = |name: &str| phases.get(name).copied().unwrap_or(0);
    let stops = desk.select("SELECT stop_scope, COUNT(*) FROM participant WHERE stop_scope IS NOT NULL AND assigned_on IS NOT NULL GROUP BY stop_scope", &[])?;
    let before = desk.select(
        "SELECT CASE WHEN confirmed_on IS NOT NULL THEN 'confirmed' WHEN enrolled_on IS NOT NULL THEN 'enrolled' ELSE 'screening' END, COUNT(*) \
         FROM participant WHERE stop_scope IS NOT NULL AND assigned_on IS NULL GROUP BY 1",
        &[],
    )?;
    let left = |at: &str| {
        before.iter().find(|row| text(row, 0) == at).map_or(0, |row| u64::try_from(number(row, 1)).unwrap_or(0))
    };
    let all_doses = desk.select(
        "SELECT doses, COUNT(*) FROM participant WHERE assigned_on IS NOT NULL GROUP BY doses ORDER BY doses DESC",
        &[],
    )?;
    let planned = i64::try_from(desk.study.dose.sessions.len()).unwrap_or(0);
    let full: u64 = all_doses
        .iter()
        .filter(|row| number(row, 0) >= planned)
        .map(|row| u64::try_from(number(row, 1)).unwrap_or(0))
        .sum();
    let line = |words: &str, count: u64| (words.to_owned(), count);
    let some = |lines: Vec<(String, u64)>| lines.into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>();
    let stop_lines = stops
        .iter()
        .filter_map(|row| {
            let scope = serde_json::from_value(serde_json::Value::String(text(row, 0))).ok()?;
            Some((crate::names::stop_short(scope).to_owned(), u64::try_from(number(row, 1)).unwrap_or(0)))
        })
        .collect();
    let trunk = vec![
        Step {
            title: "Enquired".to_owned(),
            count: total(counts, "enquired"),
            lines: Vec::new(),
            left: some(vec![line("Declined", phase("declined")), line("Not yet consented", phase("enquiry"))]),
        },
        Step {
            title: "Consented and screened".to_owned(),
            count: total(counts, "consented"),
            lines: Vec::new(),
            left: some(vec![
                line("Not eligible", phase("screen_failed")),
                line("Left during screening", left("screening")),
                line("In screening", phase("screening")),
            ]),
        },
        Step {
            title: "Enrolled".to_owned(),
            count: total(counts, "enrolled"),
            lines: Vec::new(),
            left: some(vec![
                line("Not confirmed", phase("baseline_failed")),
                line("Left before confirmation", left("enrolled")),
                line("Not yet confirmed", phase("enrolled")),
            ]),
        },
        Step {
            title: "Confirmed".to_owned(),
            count: total(counts, "confirmed"),
            lines: Vec::new(),
            left: some(vec![
                line("Left before assignment", left("confirmed")),
                line("To be assigned", phase("confirmed")),
            ]),
        },
        Step { title: "Assigned".to_owned(), count: total(counts, "assigned"), lines: Vec::new(), left: stop_lines },
        Step {
            title: "At least one dosing session".to_owned(),
            count: total(counts, "first_dose"),
            lines: some(vec![line(&format!("All {planned} sessions"), full)]),
            left: Vec::new(),
        },
        Step { title: "Completed".to_owned(), count: phase("completed"), lines: Vec::new(), left: Vec::new() },
    ];
    let flow = Flow { id: "flow".to_owned(), title: "Flow of participants".to_owned(), trunk, branches: Vec::new() };
    Ok(format!("{}{}", wide("Flow of participants", &flow.draw()), folded_table(&flow.table().to_string())))
}

fn folded_table(table: &str) -> String {
    format!("<details class=\"history\"><summary>As a table</summary><div class=\"up-3\">{table}</div></details>")
}

fn curve_drawn(desk: &Desk<'_>, today: Date) -> Result<String, Trouble> {
    let rows = desk.select(
        "SELECT site, day, participants FROM milestone_day WHERE milestone = 'assigned' ORDER BY site, day",
        &[],
    )?;
    let mut series: BTreeMap<String, Vec<Date>> = BTreeMap::new();
    for row in &rows {
        if let Some(at) = day(row, 1) {
            let times = usize::try_from(number(row, 2)).unwrap_or(0);
            series.entry(text(row, 0)).or_default().extend(std::iter::repeat_n(at, times));
        }
    }
    let own = match desk.sites.as_slice() {
        [one] => Some(one.as_str().to_owned()),
        _ => series.iter().max_by_key(|(_, days)| days.len()).map(|(site, _)| site.clone()),
    };
    let series: Vec<Series> =
        series.into_iter().map(|(site, days)| Series { name: format!("Site {site}"), days }).collect();
    let bold = own.and_then(|site| series.iter().position(|s| s.name == format!("Site {site}"))).unwrap_or(usize::MAX);
    let curve = Curve { id: "curve".to_owned(), title: "Assigned by site".to_owned(), series, bold, until: today };
    Ok(match curve.draw() {
        None => Empty::new("Nobody is assigned yet.", "The curve begins with the first.").to_string(),
        Some(drawn) => format!("{}{}", wide("Assigned by site", &drawn), folded_table(&curve.table().to_string())),
    })
}

fn holds(desk: &Desk<'_>) -> Section {
    if desk.trial.holds.is_empty() {
        return Section::bare("");
    }
    let zone = desk.own_zone();
    let may = desk.reader.duties.has_any(&[Duty::MonitorMedically, Duty::AdministerTrial]);
    let mut lines = String::new();
    for (instance, hold) in &desk.trial.holds {
        let lift = if may {
            format!("<a href=\"/trial/do/lift-trial-hold/{}\">Lift</a>", segment(instance.as_str()))
        } else {
            String::new()
        };
        lines.push_str(&format!(
            "<li><div class=\"row\"><b>{}</b>{lift}</div><p>Since {}</p></li>",
            escape(&hold.text),
            show::moment(hold.since, &zone)
        ));
    }
    Section::new("holds", "Holds on the trial", format!("<ul class=\"side-list lined\">{lines}</ul>"))
}

fn due_by_site(desk: &Desk<'_>, today: Date) -> Result<Section, Trouble> {
    let day = today.to_string();
    let week = today.saturating_add(jiff::Span::new().days(7)).to_string();
    let rows = desk.select(
        "SELECT site, SUM(CASE WHEN closes < ?1 THEN 1 ELSE 0 END), SUM(CASE WHEN closes >= ?1 AND opens <= ?1 THEN 1 ELSE 0 END), \
         SUM(CASE WHEN kind = 'hold' AND target >= ?1 AND target <= ?2 THEN 1 ELSE 0 END) FROM due GROUP BY site ORDER BY site",
        &[&day, &week],
    )?;
    if rows.is_empty() {
        return Ok(Section::new("due", "Visits and tasks due", Empty::new("Nothing is due.", "")));
    }
    let cells = rows
        .iter()
        .map(|row| {
            let late = number(row, 1);
            let state = if late > 0 {
                Cell::tag(Tag::stop(format!("{late} overdue")))
            } else {
                Cell::tag(Tag::done("None overdue"))
            };
            vec![
                if desk.sites.iter().any(|site| site.as_str() == text(row, 0)) {
                    Cell::link(
                        format!("/participants?site={}", segment(&text(row, 0))),
                        &format!("Site {}", text(row, 0)),
                    )
                    .as_head()
                } else {
                    Cell::head(&format!("Site {}", text(row, 0)))
                },
                Cell::number(number(row, 3)),
                Cell::number(number(row, 2)),
                state,
            ]
        })
        .collect();
    let heads = ["Site", "Visits booked, next 7 days", "Open now", "Overdue"];
    Ok(Section::new(
        "due",
        "Visits and tasks due",
        Table::new("Visits and tasks due by site", &heads, cells).unseen_caption(),
    ))
}

fn sites(desk: &Desk<'_>, counts: &Counts) -> Result<Section, Trouble> {
    let rows = desk.select("SELECT site, participants FROM phase_count WHERE phase = 'completed'", &[])?;
    let completed: BTreeMap<String, u64> =
        rows.iter().map(|row| (text(row, 0), u64::try_from(number(row, 1)).unwrap_or(0))).collect();
    let cells = desk
        .study
        .sites
        .iter()
        .map(|planned| {
            let id = planned.id.as_str();
            let found = desk.trial.sites.get(&planned.id);
            let tag = match found.map(|s| s.standing) {
                None => Tag::plan("Not opened"),
                Some(SiteStanding::Opened) => Tag::plan("Opened"),
                Some(SiteStanding::Active) => Tag::done("Active"),
                Some(SiteStanding::Closed) => Tag::done("Closed to enrolment"),
            };
            let cap = found.and_then(|s| s.cap).map_or_else(|| "no cap".to_owned(), |cap| cap.to_string());
            vec![
                Cell::head(id),
                Cell::text(found.map_or(planned.name.as_str(), |s| s.name.as_str())),
                Cell::text(found.map_or(planned.country.as_str(), |s| s.country.as_str())),
                Cell::number(at_site(counts, "consented", id)),
                Cell::number(at_site(counts, "enrolled", id)),
                Cell::number(at_site(counts, "assigned", id)),
                Cell::number(completed.get(id).copied().unwrap_or(0)),
                Cell::text(&cap),
                Cell::tag(tag),
            ]
        })
        .collect();
    let heads = ["Site", "Name", "Country", "Consented", "Enrolled", "Assigned", "Completed", "Cap", "State"];
    Ok(Section::new("sites", "Sites", Table::new("Sites", &heads, cells).unseen_caption()))
}
