//! The list of participants: search by code, filter by where they are, disposition at a glance.

use jiff::civil::Date;
use protocol::model::Duty;

use crate::desk::{Desk, day, instant, number, text};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::{Pairs, segment};
use crate::http::reply::{Reply, Trouble};
use crate::names;
use crate::parts::field::{Choice, Control, Field, LineKind};
use crate::parts::page::{Body, Section};
use crate::parts::table::{Cell, Pages, Table};
use crate::parts::words::{Empty, Link, Tag};
use crate::show;
use crate::then;

/// How many stand on one page.
pub const PAGE: usize = 50;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Seek {
    pub words: String,
    pub site: String,
    pub phase: String,
    /// The code after which this page begins, or nothing for the first.
    pub after: String,
    /// The time as of which the list is shown; nothing for the list as it stands.
    pub as_of: String,
}

impl Seek {
    pub fn read(query: &Pairs) -> Self {
        let text = |name: &str| query.text(name).to_owned();
        Self {
            words: text("q"),
            site: text("site"),
            phase: text("phase"),
            after: text("after"),
            as_of: text(then::NAME),
        }
    }

    fn address(&self, after: &str) -> String {
        let pairs = [("q", self.words.as_str()), ("site", &self.site), ("phase", &self.phase), ("after", after)];
        format!("/participants?{}", Pairs::encode(pairs.into_iter().filter(|(_, value)| !value.is_empty())))
    }
}

/// One line.
pub struct Line {
    pub code: String,
    pub site: String,
    pub phase: String,
    pub disposition: String,
    pub since: Option<Date>,
    pub next: String,
    pub overdue: u32,
}

/// What the page is made from.
pub struct View {
    pub seek: Seek,
    pub sites: Vec<Choice>,
    pub phases: Vec<Choice>,
    /// Phase and how many, in order: where everybody is.
    pub counts: Vec<(String, String, u64)>,
    pub lines: Vec<Line>,
    pub more: bool,
    pub new_enquiry: Option<String>,
}

/// The whole page.
pub fn body(view: &View) -> Body {
    let mut body = Body::new("Participants");
    let all: u64 = view.counts.iter().map(|(_, _, count)| count).sum();
    body.lead = format!(
        "{} at the sites that you work for.",
        show::count(usize::try_from(all).unwrap_or(0), "person", "people")
    );
    if let Some(address) = &view.new_enquiry {
        body.action(address, "Record an enquiry");
    }
    body.add(Section::bare(seek_form(view)));
    body.add(Section::bare(counts(view)));
    if view.lines.is_empty() {
        let then = "Look for another part of the code, or in every phase.";
        return body.section(Section::bare(Empty::new("Nobody is found.", then)));
    }
    body.add(Section::bare(table(view)));
    body.add(Section::bare(pages(view)));
    body
}

fn seek_form(view: &View) -> String {
    let words = Field::new("q", "Code or part of it", Control::Line { kind: LineKind::Text }).value(&view.seek.words);
    let site = Field::new("site", "Site", Control::Select { options: view.sites.clone() }).value(&view.seek.site);
    let phase =
        Field::new("phase", "Where they are", Control::Select { options: view.phases.clone() }).value(&view.seek.phase);
    // Nothing chosen is everything here.
    let any = |field: Field| field.to_string().replace(">Choose</option>", ">Any</option>");
    let phase = any(phase);
    let site = if view.sites.len() > 1 { any(site) } else { String::new() };
    let as_of = match view.seek.as_of.as_str() {
        "" => String::new(),
        asked => {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", then::NAME, crate::chart::svg::escape(asked))
        }
    };
    format!(
        "<form class=\"seek\" method=\"get\" action=\"/participants\" role=\"search\">{as_of}{words}{site}{phase}<button class=\"button button-second\" type=\"submit\">Find</button></form>"
    )
}

/// Where everybody is, as a row of links: each filters the list.
fn counts(view: &View) -> String {
    let mut out = String::from("<ul class=\"dispositions\" aria-label=\"Where everybody is\">");
    for (code, words, count) in &view.counts {
        let seek = Seek { phase: code.clone(), after: String::new(), ..view.seek.clone() };
        let current = if view.seek.phase == *code { " aria-current=\"true\"" } else { "" };
        let words = crate::chart::svg::escape(words);
        let href = crate::chart::svg::escape(&seek.address(""));
        out.push_str(&format!("<li><a href=\"{href}\"{current}><b>{count}</b> {words}</a></li>"));
    }
    out.push_str("</ul>");
    out
}

fn table(view: &View) -> Table {
    let several = view.sites.len() > 1;
    let rows = view
        .lines
        .iter()
        .map(|line| {
            let mut row = vec![Cell::link(super::participant::base(&line.code), &line.code).as_head()];
            if several {
                row.push(Cell::text(&line.site));
            }
            row.push(Cell::text(&line.phase).with_remark(&line.disposition));
            row.push(Cell::text(&line.since.map(show::date).unwrap_or_default()));
            row.push(Cell::text(&line.next));
            row.push(match line.overdue {
                0 => Cell::text(""),
                count => Cell::tag(Tag::stop(format!("{count} overdue"))),
            });
            row
        })
        .collect();
    let heads: Vec<&str> = if several {
        vec!["Code", "Site", "Where they are", "Since", "Next", "State"]
    } else {
        vec!["Code", "Where they are", "Since", "Next", "State"]
    };
    Table::new("Participants", &heads, rows).unseen_caption()
}

fn pages(view: &View) -> Pages {
    let first = view.lines.first().map(|l| l.code.clone()).unwrap_or_default();
    let last = view.lines.last().map(|l| l.code.clone()).unwrap_or_default();
    Pages {
        shown: format!("{} shown, {first} to {last}", view.lines.len()),
        before: (!view.seek.after.is_empty()).then(|| Link::new(view.seek.address(""), "From the start")),
        after: view.more.then(|| Link::new(view.seek.address(&last), "Next")),
    }
}

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::reading_tables(call)?;
    if !frame::open_to(&desk, Place::Participants) {
        return Err(Trouble::NotFound);
    }
    let seek = Seek::read(&call.query);
    let today = desk.now.to_zoned(desk.own_zone()).date();
    let (lines, more) = lines(&desk, &seek, today)?;
    let sites = desk
        .sites
        .iter()
        .map(|id| {
            Choice::new(
                id.as_str(),
                desk.trial.sites.get(id).map_or_else(|| id.to_string(), |s| format!("{id} {}", s.name)),
            )
        })
        .collect();
    let coordinates = desk.then.is_none() && desk.reader.duties.has_any(&[Duty::Coordinate, Duty::RecordData]);
    let view = View {
        counts: counts_of(&desk, &seek)?,
        sites,
        phases: names::PHASES
            .iter()
            .map(|phase| Choice::new(names::phase_code(*phase), names::phase(*phase)))
            .collect(),
        lines,
        more,
        new_enquiry: desk
            .sites
            .first()
            .filter(|_| coordinates && desk.sites.len() == 1)
            .map(|site| format!("/sites/{}/do/enquiry", segment(site.as_str()))),
        seek,
    };
    let mut body = body(&view);
    body.add(Section::bare(then::form("/participants", desk.then.as_ref(), desk.latest_day())));
    frame::page(call, &desk, Place::Participants, Vec::new(), body)
}

fn counts_of(desk: &Desk<'_>, seek: &Seek) -> Result<Vec<(String, String, u64)>, Trouble> {
    let (marks, sites) = desk.sites_in(1);
    let rows =
        desk.select(&format!("SELECT phase, site, participants FROM phase_count WHERE site IN ({marks})"), &sites)?;
    let mut out = Vec::new();
    for phase in names::PHASES {
        let code = names::phase_code(phase);
        let here =
            rows.iter().filter(|row| text(row, 0) == code && (seek.site.is_empty() || text(row, 1) == seek.site));
        let count: i64 = here.map(|row| number(row, 2)).sum();
        if count > 0 {
            out.push((code, names::phase(phase).to_owned(), u64::try_from(count).unwrap_or(0)));
        }
    }
    Ok(out)
}

/// One page of lines, by code; and whether more follow. Costs what it shows, however many there are.
fn lines(desk: &Desk<'_>, seek: &Seek, today: Date) -> Result<(Vec<Line>, bool), Trouble> {
    let wanted: Vec<&terms::SiteId> =
        desk.sites.iter().filter(|s| seek.site.is_empty() || s.as_str() == seek.site).collect();
    if wanted.is_empty() {
        return Ok((Vec::new(), false));
    }
    let words = format!("%{}%", seek.words.replace(['%', '_'], "").to_uppercase());
    let mut parameters: Vec<&str> = wanted.iter().map(|s| s.as_str()).collect();
    let marks: Vec<String> = (1..=parameters.len()).map(|n| format!("?{n}")).collect();
    let mut sql = format!(
        "SELECT participant, site, phase, stop_scope, enquired_on, consented_on, assigned_on, last_dose_on, stopped_on, next_visit, next_visit_at, doses FROM participant WHERE site IN ({})",
        marks.join(", ")
    );
    if !seek.phase.is_empty() {
        parameters.push(&seek.phase);
        sql.push_str(&format!(" AND phase = ?{}", parameters.len()));
    }
    if !seek.words.is_empty() {
        parameters.push(&words);
        sql.push_str(&format!(" AND participant LIKE ?{}", parameters.len()));
    }
    if !seek.after.is_empty() {
        parameters.push(&seek.after);
        sql.push_str(&format!(" AND participant > ?{}", parameters.len()));
    }
    sql.push_str(&format!(" ORDER BY participant LIMIT {}", PAGE + 1));
    let rows = desk.select(&sql, &parameters)?;
    let more = rows.len() > PAGE;
    let mut out = Vec::new();
    for row in rows.iter().take(PAGE) {
        let site = terms::SiteId::from(text(row, 1));
        let zone = desk.zone(&site);
        let stop =
            serde_json::from_value(serde_json::Value::String(text(row, 3))).ok().map(names::stop).unwrap_or_default();
        let since = [8, 7, 6, 5, 4].into_iter().find_map(|column| day(row, column));
        let next = instant(row, 10).map(|at| {
            let on = at.to_zoned(zone.clone()).date();
            format!(
                "{} {}",
                show::short(on),
                desk.study.visit(&text(row, 9)).map_or_else(|| text(row, 9), |v| v.name.clone())
            )
        });
        let doses = number(row, 11);
        let disposition = if !stop.is_empty() {
            stop.to_owned()
        } else if doses > 0 {
            format!("{} given", show::count(usize::try_from(doses).unwrap_or(0), "dosing session", "dosing sessions"))
        } else {
            String::new()
        };
        out.push(Line {
            code: text(row, 0),
            site: text(row, 1),
            phase: names::phase_of(&text(row, 2)).map_or_else(|| text(row, 2), |p| names::phase(p).to_owned()),
            disposition,
            since,
            next: next.unwrap_or_default(),
            overdue: 0,
        });
    }
    overdue(desk, &mut out, today)?;
    Ok((out, more))
}

/// How many things are overdue for each line that is shown.
fn overdue(desk: &Desk<'_>, lines: &mut [Line], today: Date) -> Result<(), Trouble> {
    if lines.is_empty() {
        return Ok(());
    }
    let day = today.to_string();
    let codes: Vec<String> = lines.iter().map(|l| l.code.clone()).collect();
    let marks: Vec<String> = (2..codes.len() + 2).map(|n| format!("?{n}")).collect();
    let mut parameters: Vec<&str> = vec![&day];
    parameters.extend(codes.iter().map(String::as_str));
    let sql = format!(
        "SELECT participant, COUNT(*) FROM due WHERE closes < ?1 AND participant IN ({}) GROUP BY participant",
        marks.join(", ")
    );
    for row in desk.select(&sql, &parameters)? {
        if let Some(line) = lines.iter_mut().find(|l| l.code == text(&row, 0)) {
            line.overdue = u32::try_from(number(&row, 1)).unwrap_or(0);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_survive_paging_and_hostile_words() {
        let seek =
            Seek { words: "\"><script>".into(), site: "S01".into(), phase: "screening".into(), ..Seek::default() };
        let address = seek.address("S01-050");
        assert_eq!(address, "/participants?q=%22%3E%3Cscript%3E&site=S01&phase=screening&after=S01-050");
    }
}
