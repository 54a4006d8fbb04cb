//! What needs me now, what is planned for today, what is ahead this week; the site at a glance beside it.

use conduct::due::{Due, DueKind};
use conduct::setting_up::{self, Lack, Supplies};
use conduct::state::SiteStanding;
use conduct::view::Reader;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use protocol::model::Study;

use protocol::model::Duty;

use super::participant::{due_address, due_tag, due_when, due_why};
use crate::desk::{Desk, day, instant, number, text};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Layout, Section};
use crate::parts::words::{Empty, Tag, Tone};
use crate::parts::work::{Done, Group, Row, Side, SideLine};
use crate::show;

/// One due thing with whose it is.
pub struct Item {
    pub code: String,
    pub due: Due,
    pub zone: TimeZone,
}

/// What the page is made from.
pub struct View<'a> {
    pub study: &'a Study,
    pub reader: &'a Reader,
    pub today: Date,
    /// `Site S07` or `15 sites`.
    pub place: String,
    pub version: String,
    /// Everything due where the reader has duties, theirs or not.
    pub items: Vec<Item>,
    /// What the trial and the reader's sites lack before people can be treated, theirs or not.
    pub lacks: Vec<Lack>,
    /// What the site itself asks for.
    pub notices: Vec<super::notices::Line>,
    pub done: Vec<String>,
    pub sides: Vec<Side>,
    /// The act that this role begins most often.
    pub begin: Option<(String, String)>,
}

/// The whole page.
pub fn body(view: &View<'_>) -> Body {
    let mut now = Vec::new();
    let mut today = Vec::new();
    let mut week = Vec::new();
    let last = view.today.saturating_add(jiff::Span::new().days(7));
    for item in &view.items {
        let due = &item.due;
        if !view.reader.duties.has(due.duty) {
            continue;
        }
        let row = row(view, item);
        let late = due.closes.is_some_and(|day| day < view.today);
        let booked = due.kind == DueKind::Hold;
        if late
            || (!booked && due.closes.is_some_and(|day| day <= view.today))
            || (!booked && due.kind == DueKind::Task && due.opens <= view.today)
        {
            now.push((due.closes, row));
        } else if booked && due.target == Some(view.today)
            || (!booked && due.opens <= view.today && due.kind != DueKind::Book)
        {
            today.push((due.starts, row));
        } else if booked && due.target.is_some_and(|day| day <= last)
            || due.kind == DueKind::Book
                && due.target.is_some_and(|day| day <= last.saturating_add(jiff::Span::new().days(7)))
            || due.opens <= last && due.kind != DueKind::Book
        {
            week.push((due.target.or(due.closes), row));
        }
    }
    for line in &view.notices {
        if line.day.is_none_or(|day| day <= view.today) {
            now.push((line.day, line.row.clone()));
        } else {
            week.push((line.day, line.row.clone()));
        }
    }
    now.sort_by_key(|(day, row)| (row.tag.tone, *day));
    today.sort_by_key(|(at, row)| (at.is_none(), *at, row.code.clone()));
    week.sort_by_key(|(day, row)| (*day, row.code.clone()));
    let mut now: Vec<Row> = now.into_iter().map(|(_, row)| row).collect();
    now.extend(view.lacks.iter().filter(|lack| view.reader.duties.has(lack.duty)).map(lacking));
    let lead = lead(view, now.len(), today.len());
    let groups = [
        ("now", "Needs you now", "Most pressing first", now),
        ("today", "Today", "In order of time", today.into_iter().map(|(_, row)| row).collect()),
        ("week", "This week", "Only what needs preparing", week.into_iter().map(|(_, row)| row).collect()),
    ];
    let mut body = Body::new(show::weekday(view.today)).lead(lead);
    if let Some((href, words)) = &view.begin {
        body.action(href, words);
    }
    let mut list = String::new();
    for (id, title, remark, mut rows) in groups {
        let all = rows.len();
        rows.truncate(40);
        let hidden = all - rows.len();
        list.push_str(
            &Group { id: id.to_owned(), title: title.to_owned(), remark: remark.to_owned(), rows }.to_string(),
        );
        if hidden > 0 {
            list.push_str(&format!("<p class=\"small quiet up-3\">And {hidden} more, less pressing; they stand on each participant’s page.</p>"));
        }
    }
    if list.trim().is_empty() {
        list = Empty::new("Nothing waits for you.", "What is planned shows here when its window opens.").to_string();
    }
    list.push_str(&Done { title: "Done today".to_owned(), lines: view.done.clone() }.to_string());
    body.layout = Layout::Split;
    body.side_label = "Site at a glance".to_owned();
    for side in &view.sides {
        body.beside(side);
    }
    body.section(Section::bare(list))
}

fn lead(view: &View<'_>, now: usize, today: usize) -> String {
    let counted = match (now, today) {
        (0, 0) => "Nothing needs you now.".to_owned(),
        (0, planned) => format!(
            "Nothing needs you now; {} for today.",
            show::count(planned, "thing is planned", "things are planned")
        ),
        (now, 0) => format!("{} you now.", show::count(now, "thing needs", "things need")),
        (now, planned) => format!(
            "{} you now, {} for today.",
            show::count(now, "thing needs", "things need"),
            show::count(planned, "is planned", "are planned")
        ),
    };
    format!("{}, study {} version {}. {counted}", view.place, view.study.id, view.version)
}

fn row(view: &View<'_>, item: &Item) -> Row {
    let due = &item.due;
    let mut tag = due_tag(due, view.today);
    if due.kind == DueKind::Hold && due.target == Some(view.today) {
        tag = Tag::plan("Planned");
    }
    if due.kind == DueKind::Rate {
        // A rater meets an opaque request: no code, no participant's page.
        return Row {
            when: due_when(due, view.today, &item.zone),
            code: String::new(),
            href: due_address(due, ""),
            act: due.title.clone(),
            why: due_why(due),
            tag,
            side: String::new(),
        };
    }
    Row {
        when: due_when(due, view.today, &item.zone),
        code: item.code.clone(),
        href: due_address(due, &item.code),
        act: due.title.clone(),
        why: due_why(due),
        tag,
        side: String::new(),
    }
}

/// What is lacking, with the act that supplies it.
fn lacking(lack: &Lack) -> Row {
    let key = match lack.supplies {
        Supplies::OpenSite => "open-site",
        Supplies::GrantRole => "grant-role",
        Supplies::Delegate => "delegate",
        Supplies::ActivateSite => "activate-site",
        Supplies::AcceptContainers => "accept",
    };
    let href = match (lack.supplies, &lack.site) {
        (Supplies::Delegate | Supplies::AcceptContainers, Some(site)) => {
            format!("/sites/{}/do/{key}", segment(site.as_str()))
        }
        _ => format!("/trial/do/{key}"),
    };
    Row {
        when: "Now".to_owned(),
        code: String::new(),
        href,
        act: lack.title.clone(),
        why: lack.why.clone(),
        tag: Tag::now("To set up"),
        side: String::new(),
    }
}

/// What the trial lacks, and each of the person's few sites; of many sites only that they may not enrol yet.
fn lacks(desk: &Desk<'_>, today: Date) -> Result<Vec<Lack>, Trouble> {
    let duties = desk.reader.duties;
    if !duties.has_any(&[Duty::AdministerTrial, Duty::LeadSite, Duty::DispenseDrug]) {
        return Ok(Vec::new());
    }
    let door = &desk.services.door;
    let trial = door.trial()?;
    let mut all = setting_up::of_trial(&desk.study, &trial);
    for site in &desk.sites {
        let new = trial.sites.get(site).is_some_and(|opened| opened.standing == SiteStanding::Opened);
        if new || desk.sites.len() <= FEW_SITES {
            all.extend(setting_up::of_site(&desk.study, site, &*door.site(site)?, &*door.stock(site)?, today));
        }
    }
    // The one who leads comes before the site enrols.
    all.sort_by_key(|lack| lack.supplies == Supplies::ActivateSite);
    Ok(all)
}

/// So many sites are looked at one by one.
const FEW_SITES: usize = 3;

/// Dosing sessions that lie ahead, for the side.
pub fn sessions_ahead(lines: Vec<(Date, String, String)>) -> Side {
    let lines = lines
        .into_iter()
        .map(|(day, code, remark)| SideLine {
            words: show::weekday(day),
            href: super::participant::base(&code),
            code,
            tag: None,
            remark,
        })
        .collect();
    Side { title: "Dosing sessions ahead".to_owned(), lines }
}

/// People who don't answer, for the side.
pub fn silent(lines: Vec<(String, usize, String)>) -> Side {
    let lines = lines
        .into_iter()
        .map(|(code, tries, remark)| SideLine {
            href: super::participant::base(&code),
            words: code,
            code: String::new(),
            tag: Some(Tag { tone: Tone::Now, ..Tag::now(show::count(tries, "try", "tries")) }),
            remark,
        })
        .collect();
    Side { title: "Silent participants".to_owned(), lines }
}

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let zone = desk.own_zone();
    let today = desk.now.to_zoned(zone).date();
    let items = items(&desk, today)?;
    let place = match desk.sites.as_slice() {
        // A rater works for no site.
        _ if !desk.reader.sees_participants() && desk.reader.duties.has(Duty::RateOutcomes) => {
            "Independent ratings".to_owned()
        }
        _ if desk.reader.duties.iter().next().is_none() => {
            "No role yet: the sponsor’s administrator, or who leads your site, gives you one".to_owned()
        }
        [] => "No site".to_owned(),
        [one] => format!("Site {one}"),
        many => show::count(many.len(), "site", "sites"),
    };
    let mut sides = Vec::new();
    if desk.reader.sees_participants() {
        if desk.reader.sees_sessions() {
            sides.push(sessions_ahead(sessions_of(&desk, today)?));
        }
        sides.push(silent(silent_of(&desk, today)?));
        sides.push(stock_side(&desk)?);
    }
    sides.push(drafts(&desk)?);
    let coordinates = desk.reader.duties.has(Duty::Coordinate);
    let begin = match desk.sites.as_slice() {
        [one] if coordinates => {
            Some((format!("/sites/{}/do/enquiry", segment(one.as_str())), "Record an enquiry".to_owned()))
        }
        _ => None,
    };
    let version = desk.study.version.clone();
    let view = View {
        study: &desk.study,
        reader: &desk.reader,
        today,
        place,
        version,
        items,
        lacks: lacks(&desk, today)?,
        notices: super::notices::lines(&desk)?,
        done: done_today(&desk, today)?,
        sides,
        begin,
    };
    frame::page(call, &desk, Place::Today, Vec::new(), body(&view))
}

/// Most lines that are read of one duty: more than anybody works through, few enough to be quick.
const LINES_MAX: usize = 120;

/// What is due for the person's duties, soonest first.
fn items(desk: &Desk<'_>, today: Date) -> Result<Vec<Item>, Trouble> {
    let duties: Vec<&str> = desk.reader.duties.iter().map(Duty::name).collect();
    if duties.is_empty() || desk.sites.is_empty() {
        return Ok(Vec::new());
    }
    let (marks, sites) = desk.sites_in(1);
    let duty_marks: Vec<String> = (0..duties.len()).map(|n| format!("?{}", n + sites.len() + 1)).collect();
    let last = today.saturating_add(jiff::Span::new().days(21)).to_string();
    let mut parameters = sites;
    parameters.extend(duties.iter());
    parameters.push(&last);
    let sql = format!(
        "SELECT participant, item, site, kind, title, duty, opens, target, closes, starts_at, visit, instance FROM due \
         WHERE site IN ({marks}) AND duty IN ({}) AND opens <= ?{} ORDER BY closes, participant, item LIMIT {LINES_MAX}",
        duty_marks.join(", "),
        parameters.len()
    );
    let mut out = Vec::new();
    let ratings = own_ratings(desk)?;
    for row in desk.select(&sql, &parameters)? {
        if text(&row, 3) == "rate" && !ratings.contains(&text(&row, 11)) {
            continue;
        }
        let (Some(kind), Some(duty)) = (code(&text(&row, 3)), code(&text(&row, 5))) else { continue };
        let maybe = |index: usize| Some(text(&row, index)).filter(|t| !t.is_empty());
        let due = Due {
            kind,
            key: text(&row, 1),
            title: text(&row, 4),
            duty,
            opens: day(&row, 6).unwrap_or(today),
            target: day(&row, 7),
            // The far future stands for "no last day".
            closes: day(&row, 8).filter(|d| d.year() < 9000),
            starts: instant(&row, 9),
            visit: maybe(10).map(terms::VisitId::from),
            instance: maybe(11).map(terms::InstanceId::from),
        };
        let site = terms::SiteId::from(text(&row, 2));
        out.push(Item { code: text(&row, 0), due, zone: desk.zone(&site) });
    }
    Ok(out)
}

/// Ratings that nobody has taken, and those of the person: another rater's are not there.
fn own_ratings(desk: &Desk<'_>) -> Result<Vec<String>, Trouble> {
    let conduct::Person::Staff(me) = &desk.who.person else { return Ok(Vec::new()) };
    if !desk.reader.duties.has(Duty::RateOutcomes) {
        return Ok(Vec::new());
    }
    let rows =
        desk.select("SELECT request FROM rating WHERE done = 0 AND (rater IS NULL OR rater = ?1)", &[me.as_str()])?;
    Ok(rows.iter().map(|row| text(row, 0)).collect())
}

fn code<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

fn sessions_of(desk: &Desk<'_>, today: Date) -> Result<Vec<(Date, String, String)>, Trouble> {
    let visits: Vec<&protocol::model::Visit> = desk.study.visits.iter().filter(|v| v.session.is_some()).collect();
    if visits.is_empty() || desk.sites.is_empty() {
        return Ok(Vec::new());
    }
    let (marks, mut parameters) = desk.sites_in(1);
    let visit_marks: Vec<String> = visits
        .iter()
        .map(|visit| {
            parameters.push(visit.id.as_str());
            format!("?{}", parameters.len())
        })
        .collect();
    let from = today.to_string();
    parameters.push(&from);
    let sql = format!(
        "SELECT booked_on, participant, visit FROM visit WHERE site IN ({marks}) AND visit IN ({}) AND standing = 'planned' AND booked_on >= ?{} ORDER BY booked_on, participant LIMIT 6",
        visit_marks.join(", "),
        parameters.len()
    );
    let mut out = Vec::new();
    for row in desk.select(&sql, &parameters)? {
        let Some(on) = day(&row, 0) else { continue };
        let name = visits.iter().find(|v| v.id == *text(&row, 2)).map(|v| v.name.clone()).unwrap_or_default();
        out.push((on, text(&row, 1), format!("{name}, {}.", show::nearness(on, today))));
    }
    Ok(out)
}

/// People whose follow-up is overdue and who were not reached at the last tries.
fn silent_of(desk: &Desk<'_>, today: Date) -> Result<Vec<(String, usize, String)>, Trouble> {
    if desk.sites.is_empty() || desk.sites.len() > 3 {
        return Ok(Vec::new());
    }
    let (marks, mut parameters) = desk.sites_in(1);
    let since = today.saturating_sub(jiff::Span::new().days(60)).to_string();
    parameters.push(&since);
    let sql = format!(
        "SELECT c.participant, COUNT(*), MAX(c.day) FROM contact c JOIN participant p ON p.participant = c.participant \
         WHERE p.site IN ({marks}) AND c.outcome IN ('no_answer', 'voicemail') AND c.day >= ?{0} \
         AND p.phase NOT IN ('declined', 'screen_failed', 'completed', 'left') \
         AND NOT EXISTS (SELECT 1 FROM contact r WHERE r.participant = c.participant AND r.version > c.version AND r.outcome NOT IN ('no_answer', 'voicemail')) \
         GROUP BY c.participant HAVING COUNT(*) >= 2 ORDER BY MAX(c.day) LIMIT 5",
        parameters.len()
    );
    let rows = desk.select(&sql, &parameters)?;
    Ok(rows
        .iter()
        .map(|row| {
            let last = day(row, 2).map(show::day_month).unwrap_or_default();
            (text(row, 0), usize::try_from(number(row, 1)).unwrap_or(0), format!("Last tried on {last}."))
        })
        .collect())
}

fn stock_side(desk: &Desk<'_>) -> Result<Side, Trouble> {
    let mut lines = Vec::new();
    if let ([site], true) = (desk.sites.as_slice(), frame::open_to(desk, Place::Stock)) {
        let stock = desk.services.door.stock(site)?;
        let zone = desk.zone(site);
        let words = stock
            .last_count
            .map_or_else(|| "Never counted.".to_owned(), |(at, _)| format!("Counted {}.", show::moment(at, &zone)));
        let tag = if stock.variance { Tag::stop("Count differs") } else { Tag::done("In order") };
        lines.push(SideLine {
            words: "The safe".to_owned(),
            href: "/stock".to_owned(),
            code: String::new(),
            tag: Some(tag),
            remark: words,
        });
    }
    Ok(Side { title: "Stock".to_owned(), lines })
}

/// Forms that the person has begun and not recorded.
fn drafts(desk: &Desk<'_>) -> Result<Side, Trouble> {
    let pages = desk.services.drafts.pages(&desk.who.login).map_err(|e| Trouble::Unavailable(e.to_string()))?;
    let lines = pages
        .into_iter()
        .take(5)
        .map(|(page, kept)| {
            let at = kept.parse().map(|at| show::moment(at, &desk.own_zone())).unwrap_or_default();
            let parts: Vec<&str> = page.split('/').collect();
            let form = parts
                .last()
                .and_then(|id| desk.study.form(id))
                .map_or_else(|| "A form".to_owned(), |f| f.title.clone());
            let whose = if parts.get(1) == Some(&"participants") {
                parts.get(2).map(|c| (*c).to_owned()).unwrap_or_default()
            } else {
                String::new()
            };
            SideLine { words: form, href: page, code: whose, tag: None, remark: format!("Kept {at}.") }
        })
        .collect();
    Ok(Side { title: "Begun, not recorded".to_owned(), lines })
}

/// What was held today at the person's sites.
fn done_today(desk: &Desk<'_>, today: Date) -> Result<Vec<String>, Trouble> {
    if desk.sites.is_empty() || !desk.reader.sees_participants() {
        return Ok(Vec::new());
    }
    let (marks, mut parameters) = desk.sites_in(1);
    let on = today.to_string();
    parameters.push(&on);
    let sql = format!(
        "SELECT participant, visit FROM visit WHERE site IN ({marks}) AND standing IN ('attended', 'completed') AND held_on = ?{} ORDER BY participant LIMIT 30",
        parameters.len()
    );
    let rows = desk.select(&sql, &parameters)?;
    Ok(rows
        .iter()
        .map(|row| {
            format!(
                "{} {}",
                text(row, 0),
                desk.study.visit(&text(row, 1)).map_or_else(|| text(row, 1), |v| v.name.clone())
            )
        })
        .collect())
}
