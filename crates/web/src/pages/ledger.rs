//! The controlled-drug register of one safe: every movement with its running balance, two names, ground and seal. To read, to
//! print on A4, to keep as CSV. Nothing in it is edited or deleted, and nothing in it tells what a container holds.

use std::fmt::Write as _;

use jiff::Timestamp;
use record::table::Row;

use crate::chart::svg::escape;
use crate::desk::{Desk, SiteFile, instant, number, text};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::names;
use crate::pages::stock::{counting, person_name};
use crate::parts::page::{Body, Section};
use crate::parts::words::{Fact, Icon, Link, Strip};
use crate::show;

/// Lines on one page; the printed register and the file have them all.
const PAGE: i64 = 60;

/// A line of the register as it is shown.
struct Entry {
    version: i64,
    way: String,
    movement: String,
    detail: String,
    containers: String,
    seals: String,
    ground: String,
    change: i64,
    in_safe: i64,
    aside: i64,
    on_hand: i64,
    pieces: i64,
    at: Option<Timestamp>,
    recorded: Option<Timestamp>,
    by: String,
    second: String,
}

const COLUMNS: &str = "version, way, movement, detail, containers, seals, ground, change, in_safe, aside, on_hand, pieces, \
                       happened_at, recorded_at, done_by, second";

fn entry(row: &Row) -> Entry {
    Entry {
        version: number(row, 0),
        way: text(row, 1),
        movement: text(row, 2),
        detail: text(row, 3),
        containers: text(row, 4),
        seals: text(row, 5),
        ground: text(row, 6),
        change: number(row, 7),
        in_safe: number(row, 8),
        aside: number(row, 9),
        on_hand: number(row, 10),
        pieces: number(row, 11),
        at: instant(row, 12),
        recorded: instant(row, 13),
        by: text(row, 14),
        second: text(row, 15),
    }
}

/// Which part of the register is asked for: the whole safe, or the lines of one lot, level and part.
struct Asked {
    lot: String,
    level: String,
    part: String,
}

impl Asked {
    fn of(call: &Call<'_>) -> Self {
        let query = |name: &str| call.query.text(name).to_owned();
        Self { lot: query("lot"), level: query("level"), part: query("part") }
    }

    fn whole(&self) -> bool {
        self.lot.is_empty()
    }

    fn query(&self) -> String {
        if self.whole() {
            return String::new();
        }
        format!("lot={}&level={}&part={}", segment(&self.lot), segment(&self.level), segment(&self.part))
    }

    fn words(&self) -> String {
        let part = if self.part == "supplement" { "supplement" } else { "first dose" };
        format!("{part} {}, lot {}", self.level, self.lot)
    }
}

fn entries(desk: &Desk<'_>, site: &str, asked: &Asked, before: i64, most: i64) -> Result<Vec<Entry>, Trouble> {
    let (before, most) = (before.to_string(), most.to_string());
    let rows = if asked.whole() {
        let sql = format!(
            "SELECT {COLUMNS} FROM ledger WHERE site = ?1 AND line = 0 AND version < CAST(?2 AS INTEGER) \
             ORDER BY version DESC LIMIT CAST(?3 AS INTEGER)"
        );
        desk.select(&sql, &[site, &before, &most])?
    } else {
        let sql = format!(
            "SELECT {COLUMNS} FROM ledger WHERE site = ?1 AND line > 0 AND version < CAST(?2 AS INTEGER) \
             AND lot = ?4 AND level = ?5 AND part = ?6 ORDER BY version DESC LIMIT CAST(?3 AS INTEGER)"
        );
        desk.select(&sql, &[site, &before, &most, &asked.lot, &asked.level, &asked.part])?
    };
    Ok(rows.iter().map(entry).collect())
}

/// The page; with `?print=all` the whole register on one, for paper.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    if !frame::open_to(&desk, Place::Stock) {
        return Err(Trouble::NotFound);
    }
    let code = call.part("site");
    let file = desk.site(code)?;
    let crumbs =
        vec![Link::new("/stock", "Stock"), Link::new(format!("/stock/{}", segment(code)), format!("Site {code}"))];
    if counting(&desk, &file) {
        let body = Body::new(format!("Controlled-drug register, site {code}"))
            .section(Section::bare(crate::pages::stock::being_counted(&file)));
        return frame::page(call, &desk, Place::Stock, crumbs, body);
    }
    let asked = Asked::of(call);
    let all = call.query.text("print") == "all";
    let before = call.query.text("before").parse::<i64>().unwrap_or(i64::MAX);
    let most = if all { i64::from(u32::MAX) } else { PAGE + 1 };
    let mut shown = entries(&desk, code, &asked, before, most)?;
    let more = !all && i64::try_from(shown.len()).unwrap_or(0) > PAGE;
    if more {
        shown.truncate(usize::try_from(PAGE).unwrap_or(0));
    }
    let name = desk.trial.sites.get(&file.id).map(|site| site.name.clone()).unwrap_or_default();
    let which = if asked.whole() { "Every label".to_owned() } else { crate::findings::sentence(&asked.words()) };
    let lead = format!(
        "{name}. {} of study {}; the label doesn’t say which content. {which}. Nothing here is edited or deleted: a mistake is answered by a counter-entry.",
        desk.study.dose.medicine, desk.study.id
    );
    let mut body = Body::new(format!("Controlled-drug register, site {code}")).lead(lead);
    let here = format!("/stock/{}/ledger", segment(code));
    let join = if asked.whole() { String::new() } else { format!("&{}", asked.query()) };
    body.action(format!("{here}?print=all{join}"), "Whole register, to print on A4");
    body.action(format!("{here}.csv?{}", asked.query()), "The register as CSV");
    body.strip = strip(&file, shown.first());
    let mut out = table(&desk, &file, &shown, all);
    if more {
        let last = shown.last().map_or(0, |entry| entry.version);
        let _ = write!(out, "<p class=\"up-3\"><a href=\"?before={last}{}\">Older entries</a></p>", escape(&join));
    }
    body.add(Section::new("register", "Movements", out).lead("Newest first."));
    body.add(Section::new("lines", "By lot, level and part", lines(&desk, code)?));
    body.add(Section::new("signatures", "Signatures", signatures(&desk, code)?));
    frame::page(call, &desk, Place::Stock, crumbs, body)
}

fn strip(file: &SiteFile, last: Option<&Entry>) -> Strip {
    let counted = match file.stock.last_count {
        Some((at, true)) => Fact::new("Last count by two", show::moment(at, &file.zone), "agreed"),
        Some((at, false)) => Fact::new("Last count by two", show::moment(at, &file.zone), "differs"),
        None => Fact::new("Last count by two", "Never", ""),
    };
    let account = file.stock.balance();
    let sum = account.containers;
    let (in_safe, aside) = last.map_or((0, 0), |entry| (entry.in_safe, entry.aside));
    Strip {
        facts: vec![
            Fact::new("In the safe by the book", in_safe.to_string(), format!("containers, {aside} of them set aside")),
            Fact::new(
                "On hand",
                last.map_or(0, |e| e.on_hand).to_string(),
                format!("{} pieces", last.map_or(0, |e| e.pieces)),
            ),
            Fact::new(
                "Received",
                sum.received.to_string(),
                format!(
                    "= {} on hand + {} given + {} sent out + {} destroyed + {} lost",
                    sum.on_hand, sum.given, sum.sent_out, sum.destroyed, sum.lost
                ),
            ),
            counted,
        ],
    }
}

fn table(desk: &Desk<'_>, file: &SiteFile, shown: &[Entry], all: bool) -> String {
    if shown.is_empty() {
        return crate::parts::words::Empty::new("Nothing has moved.", "The first delivery begins the register.")
            .to_string();
    }
    let (first, last) = (shown.first().map_or(0, |e| e.version), shown.last().map_or(0, |e| e.version));
    let kind = if all { "table ledger paper-register" } else { "table ledger" };
    let mut out = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Register, scrolls sideways\"><table class=\"{kind}\">\
         <caption>Entries {last} to {first}</caption><thead><tr>"
    );
    for (head, class) in [
        ("Entry", ""),
        ("When", " class=\"nowrap\""),
        ("Way", ""),
        ("Movement", ""),
        ("Container, seal", ""),
        ("Two people", " class=\"nowrap\""),
        ("Ground", ""),
        ("Change", " class=\"num\""),
        ("In safe", " class=\"num\""),
    ] {
        let _ = write!(out, "<th scope=\"col\"{class}>{head}</th>");
    }
    out.push_str("</tr></thead><tbody>");
    for entry in shown {
        line(desk, file, entry, &mut out);
    }
    out.push_str("</tbody></table></div>");
    out
}

fn line(desk: &Desk<'_>, file: &SiteFile, entry: &Entry, out: &mut String) {
    let open = entry.movement == "difference_opened" && !file.stock.discrepancies.is_empty();
    let when = entry.at.map(|at| show::moment(at, &file.zone)).unwrap_or_default();
    let late = entry.recorded.zip(entry.at).filter(|(written, at)| written.duration_since(*at).as_mins() >= 60);
    let written =
        late.map(|(at, _)| format!("<p>written {}</p>", escape(&show::moment(at, &file.zone)))).unwrap_or_default();
    let (icon, way) = match entry.way.as_str() {
        "in" => (Icon::In, "In"),
        "out" => (Icon::Out, "Out"),
        "count" => (Icon::Same, "Count"),
        _ => (Icon::Plan, "No change"),
    };
    let detail = if entry.detail.is_empty() { String::new() } else { format!("<p>{}</p>", escape(&entry.detail)) };
    let seals =
        if entry.seals.is_empty() { String::new() } else { format!("<p>Seal {}</p>", escape(&ranges(&entry.seals))) };
    let people = [entry.by.as_str(), entry.second.as_str()];
    let names: Vec<String> =
        people.iter().filter(|id| !id.is_empty()).map(|id| escape(&person_name(desk, id))).collect();
    let alone = entry.second.is_empty() && needs_two(&entry.movement);
    let names =
        if alone { format!("{}<p class=\"alone\">one person</p>", names.join("<br>")) } else { names.join("<br>") };
    let aside = if entry.aside > 0 { format!("<p>{} set aside</p>", entry.aside) } else { String::new() };
    let _ = write!(
        out,
        "<tr id=\"entry-{v}\"{class}><th scope=\"row\">{v}</th><td class=\"nowrap\">{when}{written}</td>\
         <td><span class=\"tag tag-plan\">{icon}{way}</span></td><td><b>{movement}</b>{detail}</td>\
         <td>{containers}{seals}</td><td class=\"nowrap\">{names}</td><td>{ground}</td>\
         <td class=\"num\">{change}</td><td class=\"num balance\">{safe}{aside}</td></tr>",
        v = entry.version,
        class = if open { " class=\"open\"" } else { "" },
        when = escape(&when),
        movement = escape(names::movement(&entry.movement)),
        containers = escape(&ranges(&entry.containers)),
        ground = escape(&entry.ground),
        change = if entry.change == 0 { "0".to_owned() } else { show::signed(entry.change) },
        safe = entry.in_safe,
    );
}

/// Movements at the safe that two people make; papers and readings are one person's.
fn needs_two(movement: &str) -> bool {
    matches!(
        movement,
        "received"
            | "accepted"
            | "out"
            | "back"
            | "used"
            | "came_back"
            | "refused"
            | "wasted"
            | "destroyed"
            | "shipped"
            | "returned_out"
            | "safe_opened"
            | "safe_shut"
    )
}

/// `K-1, K-2, K-3` as people read it: many numbers are told by the first, the last and how many.
fn ranges(list: &str) -> String {
    let all: Vec<&str> = list.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    match all.as_slice() {
        [first, .., last] if all.len() > 6 => format!("{first} … {last}, {} in all", all.len()),
        _ => all.join(", "),
    }
}

/// Links to the register of each lot, level and part.
fn lines(desk: &Desk<'_>, site: &str) -> Result<String, Trouble> {
    let rows = desk.select(
        "SELECT lot, level, part, in_safe, aside, on_hand, pieces FROM ledger AS a WHERE site = ?1 AND line > 0 AND version = \
         (SELECT max(version) FROM ledger AS b WHERE b.site = a.site AND b.line > 0 AND b.lot = a.lot AND b.level = a.level \
         AND b.part = a.part) ORDER BY lot, level, part",
        &[site],
    )?;
    let cells = rows
        .iter()
        .map(|row| {
            let asked = Asked { lot: text(row, 0), level: text(row, 1), part: text(row, 2) };
            let href = format!("/stock/{}/ledger?{}", segment(site), asked.query());
            vec![
                crate::parts::table::Cell::link(href, &crate::findings::sentence(&asked.words())).as_head(),
                crate::parts::table::Cell::number(number(row, 3)),
                crate::parts::table::Cell::number(number(row, 4)),
                crate::parts::table::Cell::number(number(row, 5)),
                crate::parts::table::Cell::number(number(row, 6)),
            ]
        })
        .collect();
    let heads = ["Label", "In the safe", "Set aside", "On hand", "Pieces on hand"];
    Ok(crate::parts::table::Table::new("Balance by label", &heads, cells).unseen_caption().to_string())
}

/// What a sheet on paper carries: the chain's head, the study, and lines for two signatures.
fn signatures(desk: &Desk<'_>, site: &str) -> Result<String, Trouble> {
    let chain = format!("site/{site}");
    let heads = desk.services.door.store().heads()?;
    let head = heads.iter().find(|(name, _)| name.to_string() == chain);
    let head = head
        .map(|(_, head)| format!("Chain {chain}, entry {}, {}", head.position, head.hash))
        .unwrap_or_else(|| format!("Chain {chain} is empty"));
    Ok(format!(
        "<p class=\"hash\">{}. Study {} version {}.</p><div class=\"sign-lines\"><p>Name, signature, day</p><p>Name, signature, day</p></div>",
        escape(&head),
        escape(&desk.study.id),
        escape(&desk.study.version)
    ))
}

/// The register as a file, oldest first.
pub fn csv(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    if !frame::open_to(&desk, Place::Stock) {
        return Err(Trouble::NotFound);
    }
    let code = call.part("site");
    let file = desk.site(code)?;
    if counting(&desk, &file) {
        return Err(Trouble::NotYours(
            "The safe is being counted: the register is shown when both counts are in.".to_owned(),
        ));
    }
    let asked = Asked::of(call);
    let mut shown = entries(&desk, code, &asked, i64::MAX, i64::from(u32::MAX))?;
    shown.reverse();
    let mut out = String::from(
        "entry,happened_at,recorded_at,way,movement,detail,containers,seals,first_person,second_person,ground,change,in_safe,aside,on_hand,pieces\r\n",
    );
    for entry in &shown {
        let at = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let cells = [
            entry.version.to_string(),
            at(entry.at),
            at(entry.recorded),
            entry.way.clone(),
            entry.movement.clone(),
            entry.detail.clone(),
            entry.containers.clone(),
            entry.seals.clone(),
            entry.by.clone(),
            entry.second.clone(),
            entry.ground.clone(),
            entry.change.to_string(),
            entry.in_safe.to_string(),
            entry.aside.to_string(),
            entry.on_hand.to_string(),
            entry.pieces.to_string(),
        ];
        out.push_str(&cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(","));
        out.push_str("\r\n");
    }
    let name = format!("register-{code}.csv");
    Ok(Reply::File { kind: "text/csv; charset=utf-8".to_owned(), name, bytes: out.into_bytes() })
}

/// A cell of a CSV file: quoted where it must be, and never a formula when somebody opens it in a spreadsheet.
pub fn quoted(cell: &str) -> String {
    let number = cell.parse::<f64>().is_ok();
    let formula = !number && cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_file() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("a, b", "\"a, b\""),
            ("say \"so\"", "\"say \"\"so\"\"\""),
            ("=1+1", "'=1+1"),
            ("-3", "-3"),
            ("@x", "'@x"),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }

    #[test]
    fn many_numbers_are_told_by_their_ends() {
        assert_eq!(ranges("K-1,K-2"), "K-1, K-2");
        assert_eq!(ranges("1,2,3,4,5,6,7"), "1 … 7, 7 in all");
        assert_eq!(ranges(""), "");
    }
}
