//! One participant: where they are, what comes next and what stands in its way, what is due, the plan against what
//! happened, and their record.

use conduct::due::{Due, DueKind};
use conduct::finding::Finding;
use conduct::next::Step;
use conduct::schedule;
use conduct::view::Reader;
use conduct::{Authorisation, ParticipantState, Phase};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use protocol::model::{Duty, Study};

use crate::acts;
use crate::chart::severity::{Band, Rating, Severity};
use crate::desk::Desk;
use crate::findings::{self, Place};
use crate::frame;
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::names;
use crate::parts::page::{Body, Layout, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Empty, Fact, Link, Strip, Tag};
use crate::parts::work::{Group, Row};
use crate::plan;
use crate::show;
use crate::then;

/// What the page is made from.
pub struct View<'a> {
    pub study: &'a Study,
    /// Label of the version that the participant is on.
    pub version: String,
    pub participant: &'a ParticipantState,
    pub reader: &'a Reader,
    pub steps: &'a [Step],
    pub due: &'a [Due],
    pub today: Date,
    pub zone: &'a TimeZone,
    /// Names of people by their id.
    pub name_of: &'a dyn Fn(&conduct::Person) -> String,
}

impl View<'_> {
    fn base(&self) -> String {
        base(self.participant.id.as_str())
    }

    /// Whether the reader has a duty for an act about participants: what they can't do is not offered.
    fn may(&self, act: &str) -> bool {
        acts::find(acts::Scope::Participant, act).is_some_and(|act| self.reader.duties.has_any(acts::duties(act)))
    }

    /// A link to an act, for those who may do it.
    fn offer(&self, act: &str, words: &str) -> Link {
        if self.may(act) { Link::new(format!("{}/do/{act}", self.base()), words) } else { Link::new("", "") }
    }

    fn place<'b>(&'b self, base: &'b str) -> Place<'b> {
        Place { study: self.study, base, site: self.participant.site.as_str(), session: 0, duties: self.reader.duties }
    }
}

/// The participant's address.
pub fn base(code: &str) -> String {
    format!("/participants/{}", segment(code))
}

/// Where an act's form stands.
pub fn act_address(act: &Authorisation) -> Option<String> {
    let session = |participant: &terms::ParticipantId, number: u8, key: &str| {
        Some(format!("{}/sessions/{number}/do/{key}", base(participant.as_str())))
    };
    let plain =
        |participant: &terms::ParticipantId, key: &str| Some(format!("{}/do/{key}", base(participant.as_str())));
    match act {
        Authorisation::BookVisit { participant, visit, .. } => {
            Some(format!("{}/do/book/{visit}", base(participant.as_str())))
        }
        Authorisation::Enrol { participant } => plain(participant, "enrol"),
        Authorisation::ConfirmEnrolment { participant } => plain(participant, "confirm"),
        Authorisation::Rescreen { participant } => plain(participant, "rescreen"),
        Authorisation::Randomise { participant } => plain(participant, "randomise"),
        Authorisation::CompleteParticipation { participant } => plain(participant, "complete-participation"),
        Authorisation::RequestRating { participant, visit } => {
            Some(format!("{}/do/request-rating/{visit}", base(participant.as_str())))
        }
        Authorisation::OrderDose { participant, session: n, .. } => session(participant, *n, "order"),
        Authorisation::ReleaseContainers { participant, session: n } => session(participant, *n, "release"),
        Authorisation::AuthoriseDose { participant, session: n, .. } => session(participant, *n, "authorise-dose"),
        Authorisation::AuthoriseSupplement { participant, session: n, .. } => {
            session(participant, *n, "authorise-supplement")
        }
        Authorisation::Discharge { participant, session: n } => session(participant, *n, "discharge"),
        Authorisation::CloseSession { participant, session: n } => session(participant, *n, "close-session"),
        _ => None,
    }
}

/// The whole page.
pub fn body(view: &View<'_>) -> Body {
    let participant = view.participant;
    let base = view.base();
    let mut body = Body::new(participant.id.as_str()).lead(lead(view));
    body.action(format!("{base}/casebook"), "Casebook");
    // Who somebody is, and what can be recorded of them, belongs to the present.
    if view.reader.sees_by.is_none() {
        if view.reader.sees_identity() {
            body.action(format!("{base}/person"), "Person and contact");
        }
        body.action(format!("{base}/facts"), "Record a fact");
    }
    body.strip = strip(view);
    body.add(ahead(view));
    body.add(due_section(view));
    body.add(timeline(view));
    if let Some(section) = severity(view) {
        body.add(section);
    }
    for section in record(view) {
        body.add(section);
    }
    body.layout = Layout::Plain;
    body
}

fn lead(view: &View<'_>) -> String {
    let participant = view.participant;
    let mut said = vec![format!("{}.", names::phase(participant.phase))];
    if let Some(stop) = participant.stops.last() {
        said.push(format!("{} on {}.", names::stop(stop.scope), show::date(stop.day)));
    }
    let doses = participant.doses().count();
    if doses > 0 {
        said.push(format!(
            "{} of {} given.",
            show::count(doses, "dosing session", "dosing sessions"),
            view.study.dose.sessions.len()
        ));
    }
    if !participant.holds.is_empty() {
        said.push("A hold is in force.".to_owned());
    }
    said.join(" ")
}

fn strip(view: &View<'_>) -> Strip {
    let participant = view.participant;
    let mut facts = Vec::new();
    match (next_due(view), main_steps(view).first()) {
        (Some(due), _) => facts.push(Fact::new("Next step", &due.title, due_when(due, view.today, view.zone))),
        (None, Some(step)) => {
            facts.push(Fact::new("Next step", &step.title, if step.open() { "nothing in the way" } else { "" }))
        }
        (None, None) => facts.push(Fact::new("Next step", first_due(view).unwrap_or_else(|| "None".to_owned()), "")),
    }
    let booking = view.study.visits.iter().filter_map(|visit| {
        let record = participant.visits.get(&visit.id)?;
        let booking = record.booking.filter(|_| record.standing == conduct::state::VisitStanding::Planned)?;
        Some((booking.starts, visit.name.clone()))
    });
    if let Some((starts, name)) = booking.min() {
        let day = starts.to_zoned(view.zone.clone()).date();
        facts.push(Fact::new("Next seen", format!("{}, {}", show::short(day), show::clock(starts, view.zone)), name));
    }
    let consent = participant.consent().map_or_else(
        || Fact::new("Consent", "None in force", ""),
        |c| Fact::new("Consent", format!("Version {}", c.version), format!("signed {}", show::day_month(c.day))),
    );
    facts.push(consent.leads_to(format!("{}/consent", view.base())));
    let version = format!("/study/{}", participant.study);
    facts.push(Fact::new("Study", format!("{} {}", view.study.id, view.version), "").leads_to(version));
    facts.push(Fact::new("Language", crate::acts::site::language_name(&participant.language), ""));
    Strip { facts }
}

fn first_due(view: &View<'_>) -> Option<String> {
    view.due.iter().filter(|due| view.reader.duties.has(due.duty)).map(|due| due.title.clone()).next()
}

/// What is due next, where no decision lies ahead but the last one, to close the record: then the way there counts.
fn next_due<'a>(view: &'a View<'_>) -> Option<&'a Due> {
    let steps = main_steps(view);
    let closes = |step: &&Step| matches!(step.act, Authorisation::CompleteParticipation { .. });
    let closing = !steps.is_empty() && steps.iter().all(closes);
    let open = view.due.iter().filter(|due| !matches!(due.kind, DueKind::Close));
    open.filter(|_| closing).min_by_key(|due| due.closes.or(due.target).unwrap_or(due.opens))
}

/// Steps other than bookings, which stand in the worklist.
fn main_steps<'a>(view: &'a View<'_>) -> Vec<&'a Step> {
    view.steps.iter().filter(|step| !matches!(step.act, Authorisation::BookVisit { .. })).collect()
}

/// The next act with everything that stands in its way, and what is in order beside it.
fn ahead(view: &View<'_>) -> Section {
    let base = view.base();
    let place = view.place(&base);
    let steps = main_steps(view);
    if let Some(due) = next_due(view) {
        return due_ahead(view, due, &steps);
    }
    let Some(step) = steps.first() else { return nothing_ahead(view) };
    let redacted: Vec<conduct::Broken> = step
        .in_the_way()
        .into_iter()
        .cloned()
        .map(|mut broken| {
            broken.redact(view.study, &view.reader.roles);
            broken
        })
        .collect();
    let broken: Vec<&conduct::Broken> = redacted.iter().collect();
    let side = findings::in_order(&step.findings).drawn();
    let address = act_address(&step.act);
    let mut inside = String::new();
    let mine = address.as_deref().is_some_and(|address| acts::offered(view.reader.duties, address));
    let title = if broken.is_empty() {
        if let Some(address) = address.filter(|_| mine) {
            let words = crate::chart::svg::escape(&step.title);
            inside
                .push_str(&format!("<div class=\"actions\"><a class=\"button\" href=\"{address}\">{words}</a></div>"));
        }
        format!("{}: nothing in the way", step.title)
    } else {
        for refusal in findings::refusals(&broken, &place) {
            inside.push_str(&refusal.to_string());
        }
        format!("What stands in the way: {}", lower_first(&step.title))
    };
    let lead = if broken.is_empty() && mine {
        "It asks for proofs when it is done, and for nothing else.".to_owned()
    } else if broken.is_empty() {
        format!("With: {}.", whose(view.study, &step.act))
    } else {
        findings::summary(&broken)
    };
    let more: Vec<String> = steps.iter().skip(1).map(|later| later_line(view, later)).collect();
    if !more.is_empty() {
        inside.push_str(&format!("<ul class=\"side-list up-4\">{}</ul>", more.join("")));
    }
    let escaped = crate::chart::svg::escape(&title);
    let lead = crate::chart::svg::escape(&lead);
    let markup = format!(
        "<div class=\"split\"><div class=\"way\"><h2 id=\"way\">{escaped}</h2><p>{lead}</p>{inside}</div><aside aria-label=\"In order\">{side}</aside></div>"
    );
    Section { id: String::new(), ..Section::bare(format!("<div class=\"section\">{markup}</div>")) }
}

/// The next thing to do, where it is a visit or a task rather than a decision; the decisions after it in a line each.
fn due_ahead(view: &View<'_>, due: &Due, steps: &[&Step]) -> Section {
    // The pseudonym is for raters alone.
    let title = if due.kind == DueKind::Rate { "Independent rating" } else { due.title.as_str() };
    let tag = due_tag(due, view.today);
    let address = due_address(due, view.participant.id.as_str());
    let mine = view.reader.duties.has(due.duty) && acts::offered(view.reader.duties, &address);
    let action = if mine {
        format!(
            "<div class=\"actions\"><a class=\"button\" href=\"{address}\">{}</a></div>",
            crate::chart::svg::escape(title)
        )
    } else {
        String::new()
    };
    let with = if mine { String::new() } else { format!(" With: {}.", findings::holder(view.study, due.duty)) };
    let later: String = steps.iter().map(|later| later_line(view, later)).collect();
    let later = if later.is_empty() { String::new() } else { format!("<ul class=\"side-list up-4\">{later}</ul>") };
    Section::new("way", format!("Next: {title}"), format!("<p>{tag}</p>{action}{later}"))
        .lead(format!("{}{with}", due_why(due)).trim().to_owned())
}

/// Who asks for an act: the first role that may, as the study calls it.
pub fn whose(study: &Study, act: &Authorisation) -> String {
    let duties = conduct::duties_for(&conduct::Command::Authorise(act.clone()));
    duties.first().map_or_else(String::new, |duty| findings::holder(study, *duty))
}

fn later_line(view: &View<'_>, step: &Step) -> String {
    let words = crate::chart::svg::escape(&step.title);
    let count = step.in_the_way().len();
    let state = if count == 0 { "nothing in the way".to_owned() } else { format!("{count} in the way") };
    match act_address(&step.act).filter(|address| acts::offered(view.reader.duties, address)) {
        Some(address) => format!(
            "<li><div class=\"row\"><a href=\"{address}\">{words}</a><span class=\"quiet\">{state}</span></div></li>"
        ),
        None => format!("<li><div class=\"row\"><span>{words}</span><span class=\"quiet\">{state}</span></div></li>"),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn nothing_ahead(view: &View<'_>) -> Section {
    let base = view.base();
    match view.participant.phase {
        Phase::Enquiry => {
            let links = [("consent", "Take consent", " class=\"button\""), ("do/declined", "They declined", "")];
            let mine = links.iter().filter(|(page, ..)| acts::offered(view.reader.duties, &format!("{base}/{page}")));
            let links: String =
                mine.map(|(page, words, class)| format!("<a{class} href=\"{base}/{page}\">{words}</a>")).collect();
            let body = if links.is_empty() { String::new() } else { format!("<div class=\"actions\">{links}</div>") };
            let who = findings::holder(view.study, Duty::TakeConsent);
            let with = if links.is_empty() { format!(" With: {who}.") } else { String::new() };
            Section::new("way", "Next: consent", body)
                .lead(format!("Nothing of the study may be done before consent.{with}"))
        }
        _ => Section::new("way", "Next", Empty::new("Nothing lies ahead.", "Facts can still be recorded.")),
    }
}

/// Where a due thing is done.
pub fn due_address(due: &Due, code: &str) -> String {
    let base = base(code);
    let visit = due.visit.as_ref().map(ToString::to_string).unwrap_or_default();
    let instance = due.instance.as_ref().map(|i| segment(i.as_str())).unwrap_or_default();
    match due.kind {
        DueKind::Consent => format!("{base}/consent"),
        DueKind::Book => format!("{base}/do/book/{visit}"),
        DueKind::Hold | DueKind::Complete => format!("{base}/visits/{visit}"),
        DueKind::Gate if due.key == "gate.1" => format!("{base}/do/enrol"),
        DueKind::Gate => format!("{base}/do/confirm"),
        DueKind::Assign => format!("{base}/do/randomise"),
        DueKind::Order => format!("{base}/sessions/{}/do/order", due.key.trim_start_matches("order.")),
        DueKind::AskRating => format!("{base}/do/request-rating/{visit}"),
        DueKind::Rate => format!("/ratings/{instance}"),
        DueKind::Task => format!("{base}/do/complete-task/{instance}"),
        DueKind::Question => format!("{base}/forms/{instance}"),
        DueKind::Close => format!("{base}/do/complete-participation"),
    }
}

/// How a due thing stands on a day.
pub fn due_tag(due: &Due, today: Date) -> Tag {
    if let Some(last) = due.closes.filter(|last| *last < today) {
        return Tag::stop(format!("Overdue {}", show::span(schedule::days_between(last, today))));
    }
    match due.kind {
        DueKind::Hold if due.target == Some(today) => Tag::now("Today"),
        DueKind::Hold => Tag::plan("Booked"),
        _ if due.closes == Some(today) => Tag::now("Due today"),
        _ if due.opens <= today => Tag::now("Due now"),
        _ => Tag::plan("Planned"),
    }
}

/// When a due thing is to be done, in a word or two.
pub fn due_when(due: &Due, today: Date, zone: &TimeZone) -> String {
    if due.kind == DueKind::Hold {
        let time = due.starts.map(|at| show::clock(at, zone)).unwrap_or_default();
        return match due.target {
            Some(day) if day == today => time,
            Some(day) => show::short(day),
            None => time,
        };
    }
    match due.closes {
        Some(last) if last < today => format!("since {}", show::brief(last)),
        Some(last) => format!("by {}", show::short(last)),
        None => show::short(due.opens),
    }
}

/// One line about a due thing: its best day and its window.
pub fn due_why(due: &Due) -> String {
    match (due.target, due.closes) {
        (Some(best), Some(last)) if due.kind == DueKind::Book => {
            format!(
                "Window {} to {}, planned for {}.",
                show::day_month(due.opens),
                show::day_month(last),
                show::weekday(best)
            )
        }
        (_, Some(last)) if due.kind != DueKind::Hold => format!("By {}.", show::weekday(last)),
        _ => String::new(),
    }
}

fn due_section(view: &View<'_>) -> Section {
    let code = view.participant.id.as_str();
    let mut rows: Vec<(Option<Date>, Row)> = view
        .due
        .iter()
        .filter(|due| due.opens <= view.today.saturating_add(jiff::Span::new().days(60)))
        .map(|due| {
            let mine = view.reader.duties.has(due.duty);
            let row = Row {
                when: due_when(due, view.today, view.zone),
                code: String::new(),
                href: if mine { due_address(due, code) } else { String::new() },
                // The pseudonym is for raters alone.
                act: if due.kind == DueKind::Rate { "Independent rating".to_owned() } else { due.title.clone() },
                why: due_why(due),
                tag: due_tag(due, view.today),
                side: if mine { String::new() } else { format!("With: {}", findings::holder(view.study, due.duty)) },
            };
            (due.closes.or(due.target), row)
        })
        .collect();
    rows.sort_by_key(|(day, row)| (row.tag.tone, *day));
    let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    if rows.is_empty() {
        return Section::new("due", "Due", Empty::new("Nothing is due in the next 60 days.", ""));
    }
    let group = Group { id: "due".to_owned(), title: "Due".to_owned(), remark: "Most pressing first".to_owned(), rows };
    Section::bare(format!("<div class=\"section\">{group}</div>"))
}

const KEY: &str = concat!(
    "<ul class=\"key\">",
    "<li><svg width=\"28\" height=\"12\" class=\"chart key-mark\" aria-hidden=\"true\"><rect class=\"window\" x=\"0.5\" y=\"0.5\" width=\"27\" height=\"11\" rx=\"2\"/></svg>window</li>",
    "<li><svg width=\"28\" height=\"12\" class=\"chart key-mark\" aria-hidden=\"true\"><rect class=\"window-plan\" x=\"0.5\" y=\"0.5\" width=\"27\" height=\"11\" rx=\"2\"/></svg>window that still moves</li>",
    "<li><svg width=\"12\" height=\"12\" class=\"chart key-mark\" aria-hidden=\"true\"><circle class=\"did\" cx=\"6\" cy=\"6\" r=\"5\"/></svg>done</li>",
    "<li><svg width=\"12\" height=\"12\" class=\"chart key-mark\" aria-hidden=\"true\"><circle class=\"booked\" cx=\"6\" cy=\"6\" r=\"5\"/></svg>booked</li>",
    "<li><svg width=\"12\" height=\"12\" class=\"chart key-mark\" aria-hidden=\"true\"><path class=\"missed\" d=\"M1 1l10 10M1 11l10 -10\"/></svg>missed</li>",
    "<li><svg width=\"16\" height=\"16\" class=\"chart key-mark\" aria-hidden=\"true\"><path class=\"dose\" d=\"M8 0l8 8l-8 8l-8 -8z\"/></svg>dosing session</li>",
    "<li><svg width=\"4\" height=\"14\" class=\"chart key-mark\" aria-hidden=\"true\"><line class=\"target\" x1=\"2\" y1=\"0\" x2=\"2\" y2=\"14\"/></svg>target day</li>",
    "</ul>"
);

fn timeline(view: &View<'_>) -> Section {
    let line = plan::timeline(view.study, view.participant, view.today);
    let Some(drawn) = line.draw() else {
        return Section::new(
            "plan",
            "Planned and done",
            Empty::new("Nothing is planned yet.", "Windows are counted from the day of consent."),
        );
    };
    let body = format!(
        "{KEY}{}<p class=\"up-3\"><a href=\"{}/dates\">All dates as a table</a></p>",
        wide("Timeline", &drawn),
        view.base()
    );
    Section::new("plan", "Planned and done", body)
}

/// A drawing in a region of its own that scrolls sideways on a narrow screen.
pub fn wide(name: &str, drawn: &str) -> String {
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}, scrolls sideways\">{drawn}</div>",
        crate::chart::svg::escape(name)
    )
}

/// The primary outcome on its bands, for readers who may see its form; otherwise absent.
fn severity(view: &View<'_>) -> Option<Section> {
    let endpoint = view.study.analysis.primary.as_ref()?;
    let form = view.study.form(endpoint.form.as_str())?;
    if !view.reader.sees_form(form) {
        return None;
    }
    let bands = bands_of(form, &endpoint.score)?;
    let mut ratings = Vec::new();
    for visit in &view.study.visits {
        let Some((_, record)) = view.participant.form_at(form.id.as_str(), visit.id.as_str()) else { continue };
        let total = record.scores.get(endpoint.score.as_str()).and_then(|s| s.value.as_ref()?.as_decimal());
        if let Some(total) = total.and_then(|t| u32::try_from(t.trunc()).ok()) {
            ratings.push(Rating { label: plan::short_name(visit), total });
        }
    }
    if ratings.is_empty() {
        return None;
    }
    let chart = Severity { id: "severity".to_owned(), title: endpoint.title.clone(), bands, ratings };
    let body = format!(
        "{}<details class=\"history\"><summary>As a table</summary><div class=\"up-3\">{}</div></details>",
        wide(&endpoint.title, &chart.draw()),
        chart.table()
    );
    Some(
        Section::new("severity-title", &endpoint.title, body)
            .lead("Shown to those who may see this form. For everyone else this section is not in the page."),
    )
}

/// Bands of a score with both ends, from its instrument; none where it has no bands.
pub fn bands_of(form: &protocol::model::Form, score: &str) -> Option<Vec<Band>> {
    let instrument = crate::sheet::instrument_of(form)?;
    let (edges, names, top): (Vec<i64>, Vec<String>, i64) = if instrument.id == "caps5" && score == "total" {
        let edges = std::iter::once(0).chain(instruments::Settings::default().caps5_band_edges).collect();
        let short = |name: &&str| name.split(" / ").next().unwrap_or(name).to_owned();
        (edges, instruments::scales::caps5::band_names().iter().map(short).collect(), 80)
    } else {
        let scale = instrument.scales.iter().find(|scale| scale.name == score && !scale.bands.is_empty())?;
        let top = scale
            .items
            .iter()
            .filter_map(|n| instrument.items.get(usize::from(*n) - 1))
            .map(|i| i.points_range().1)
            .sum();
        let edges = scale.bands.iter().map(|band| band.from.trunc()).collect();
        (edges, scale.bands.iter().map(|band| band.name.to_owned()).collect(), top)
    };
    let ends = edges.iter().skip(1).map(|edge| edge - 1).chain([top]);
    let made = edges.iter().zip(ends).zip(names);
    made.map(|((from, to), name)| Some(Band { name, from: u32::try_from(*from).ok()?, to: u32::try_from(to).ok()? }))
        .collect()
}

fn record(view: &View<'_>) -> Vec<Section> {
    let mut all = Vec::new();
    all.extend(medicines(view));
    all.extend(events(view));
    all.extend(deviations(view));
    all.extend(documents(view));
    all.extend(notes(view));
    all.extend(contacts(view));
    all
}

fn struck(words: &str, is_struck: bool) -> String {
    if is_struck { format!("{words} (struck through)") } else { words.to_owned() }
}

fn medicines(view: &View<'_>) -> Option<Section> {
    use conduct::entry::MedicineStanding;
    let base = view.base();
    let mut all: Vec<_> = view.participant.medications.iter().collect();
    all.sort_by_key(|(instance, m)| (m.medicine.last_dose.is_some(), m.struck, (*instance).clone()));
    let may = view.may("update-medicine");
    let rows = all
        .into_iter()
        .map(|(instance, medication)| {
            let standing = match &medication.rule {
                MedicineStanding::Washout { complete: Some(day), .. } if *day <= view.today => {
                    Tag::done(format!("Washed out {}", show::date(*day)))
                }
                MedicineStanding::Washout { complete: Some(day), .. } => {
                    Tag::wait(format!("Clears {}", show::date(*day)))
                }
                MedicineStanding::Washout { complete: None, .. } => Tag::in_the_way("Still taken"),
                MedicineStanding::Rescue { hours } => Tag::plan(format!("Not within {hours} h of a dose")),
                MedicineStanding::Stable { stable_from: Some(day), .. } => {
                    Tag::plan(format!("Stable since {}", show::date(*day)))
                }
                MedicineStanding::Stable { stable_from: None, .. } => Tag::in_the_way("Stable since when?"),
                MedicineStanding::Allowed => Tag::done("May go on"),
                MedicineStanding::Unclassified => Tag::in_the_way("Not known to the study"),
            };
            let address = format!("{base}/do/update-medicine/{}", segment(instance.as_str()));
            let name = struck(&medication.medicine.name, medication.struck);
            let head = if medication.struck || !may { Cell::head(&name) } else { Cell::link(address, &name).as_head() };
            vec![
                head,
                Cell::text(&medication.medicine.dose),
                Cell::text(&medication.medicine.indication),
                Cell::text(&medication.medicine.last_dose.map_or_else(|| "still taken".to_owned(), show::date)),
                Cell::tag(standing),
            ]
        })
        .collect::<Vec<_>>();
    let table = Table::new("Medicines", &["Medicine", "Dose", "For", "Last dose", "Study’s rule"], rows);
    let link = view.offer("medicine", "Record a medicine");
    Some(listed("medicines", "Medicines", table, "No medicine is on record.", link))
}

/// Rows that are shown of a long list before the rest is folded.
const SHOWN: usize = 6;

fn listed(id: &str, title: &str, mut table: Table, nothing: &str, link: Link) -> Section {
    let rest = table.rows.split_off(table.rows.len().min(SHOWN));
    let section = if table.rows.is_empty() {
        Section::new(id, title, Empty::new(nothing, ""))
    } else if rest.is_empty() {
        Section::new(id, title, table.unseen_caption())
    } else {
        let count = rest.len();
        let older = Table::owned(&format!("{title}, earlier"), table.heads.clone(), rest).unseen_caption();
        let folded = format!(
            "<details class=\"history\"><summary>Earlier: {count}</summary><div class=\"up-3\">{older}</div></details>"
        );
        Section::new(id, title, format!("{}{folded}", table.unseen_caption()))
    };
    if link.href.is_empty() { section } else { section.link(link.href, link.words) }
}

fn events(view: &View<'_>) -> Option<Section> {
    let base = view.base();
    let mut all: Vec<_> = view.participant.adverse_events.iter().collect();
    all.sort_by_key(|(instance, found)| (std::cmp::Reverse(found.event.onset), (*instance).clone()));
    let may = view.may("update-adverse-event");
    let rows = all
        .into_iter()
        .map(|(instance, found)| {
            let event = &found.event;
            let address = format!("{base}/do/update-adverse-event/{}", segment(instance.as_str()));
            let term = struck(&event.term, found.struck);
            let head = if found.struck || !may { Cell::head(&term) } else { Cell::link(address, &term).as_head() };
            let until = event.ended.map_or_else(|| "goes on".to_owned(), show::date);
            let serious: Vec<String> = event.serious.iter().map(names::plain).collect();
            let grave = if serious.is_empty() {
                Cell::text("no")
            } else {
                Cell::tag(Tag::in_the_way("Serious")).with_remark(&serious.join(", "))
            };
            vec![
                head,
                Cell::text(&show::date(event.onset)),
                Cell::text(&until),
                Cell::text(&names::plain(&event.severity)),
                grave,
                Cell::text(&names::plain(&event.related)),
                Cell::text(&names::plain(&event.outcome)),
            ]
        })
        .collect::<Vec<_>>();
    let table =
        Table::new("Adverse events", &["What", "From", "To", "Severity", "Serious", "Related", "Outcome"], rows);
    Some(listed(
        "events",
        "Adverse events",
        table,
        "No adverse event is on record.",
        view.offer("adverse-event", "Record an adverse event"),
    ))
}

fn deviations(view: &View<'_>) -> Option<Section> {
    use protocol::model::Trigger;
    // What was measured in the room can tell the arm: those who may not see the room don't see its limits either.
    let seen = |trigger: Option<Trigger>| {
        view.reader.sees_sessions() || !matches!(trigger, Some(Trigger::LimitAmber | Trigger::LimitRed))
    };
    let mut all: Vec<_> = view.participant.deviations.values().filter(|d| seen(d.trigger)).collect();
    all.sort_by_key(|deviation| std::cmp::Reverse(deviation.day));
    if all.is_empty() {
        return None;
    }
    let rows = all
        .into_iter()
        .map(|deviation| {
            vec![
                Cell::head(&deviation.code),
                Cell::text(&show::date(deviation.day)),
                Cell::text(&deviation.title).with_remark(&deviation.detail),
                Cell::text(names::class(deviation.class)),
            ]
        })
        .collect::<Vec<_>>();
    let table = Table::new("Deviations", &["Code", "Day", "What", "Class"], rows);
    Some(listed("deviations", "Deviations", table, "", view.offer("deviation", "Record a deviation")))
}

fn documents(view: &View<'_>) -> Option<Section> {
    let base = view.base();
    let mut all: Vec<_> = view.participant.documents.iter().collect();
    all.sort_by_key(|(_, document)| std::cmp::Reverse(document.at));
    let rows = all
        .into_iter()
        .map(|(instance, document)| {
            let address = format!("{base}/documents/{}", segment(instance.as_str()));
            let name = struck(&document.name, document.struck);
            vec![
                if view.reader.sees_identity() { Cell::link(address, &name).as_head() } else { Cell::head(&name) },
                Cell::text(&document.kind),
                Cell::text(&show::moment(document.at, view.zone)),
                Cell::text(&format!("{} kB", document.bytes.div_ceil(1024))),
                Cell::text(document.sha256.get(..16).unwrap_or(&document.sha256)),
            ]
        })
        .collect::<Vec<_>>();
    let table = Table::new("Documents", &["Name", "Kind", "When", "Size", "SHA-256 begins"], rows);
    Some(listed(
        "documents",
        "Documents",
        table,
        "No document is on record.",
        if acts::offered(view.reader.duties, &format!("{base}/document")) {
            Link::new(format!("{base}/document"), "Attach a document")
        } else {
            Link::new("", "")
        },
    ))
}

fn notes(view: &View<'_>) -> Option<Section> {
    let base = view.base();
    let mut all: Vec<_> = view.participant.notes.iter().collect();
    all.sort_by_key(|(_, note)| std::cmp::Reverse(note.at));
    let may = view.may("strike");
    let rows = all
        .into_iter()
        .map(|(instance, note)| {
            let address = format!("{base}/do/strike/{}", segment(instance.as_str()));
            vec![
                Cell::head(&show::moment(note.at, view.zone)),
                Cell::text(&struck(&note.text, note.struck)),
                Cell::text(&(view.name_of)(&note.by.person)),
                if note.struck || !may { Cell::text("") } else { Cell::link(address, "Strike through") },
            ]
        })
        .collect::<Vec<_>>();
    let table = Table::new("Notes", &["When", "Note", "Who", ""], rows);
    Some(listed("notes", "Notes", table, "No note is on record.", view.offer("note", "Write a note")))
}

fn contacts(view: &View<'_>) -> Option<Section> {
    let all = &view.participant.contacts;
    if all.is_empty() {
        return None;
    }
    let rows = all
        .iter()
        .rev()
        .map(|contact| {
            let visit = contact
                .visit
                .as_ref()
                .and_then(|id| view.study.visit(id.as_str()))
                .map(|v| v.name.clone())
                .unwrap_or_default();
            vec![Cell::head(&show::date(contact.day)), Cell::text(names::contact(contact.outcome)), Cell::text(&visit)]
        })
        .collect::<Vec<_>>();
    Some(Section::new(
        "contacts",
        "Contacts",
        Table::new("Contacts", &["Day", "How it ended", "About"], rows).unseen_caption(),
    ))
}

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::reading(call)?;
    let file = desk.case(call.part("participant"))?;
    let steps = steps_of(&desk, &file.participant)?;
    let due = conduct::due::due(&file.study, &file.participant, &file.zone);
    let name_of = |person: &conduct::Person| desk.name_of(person);
    let view = View {
        study: &file.study,
        version: desk.version_label(&file.participant.study),
        participant: &file.participant,
        reader: &file.reader,
        steps: &steps,
        due: &due,
        today: file.today,
        zone: &file.zone,
        name_of: &name_of,
    };
    let crumbs = vec![
        Link::new("/participants", "Participants"),
        Link::new(
            format!("/participants?site={}", segment(file.participant.site.as_str())),
            format!("Site {}", file.participant.site),
        ),
    ];
    let mut body = body(&view);
    body.add(Section::bare(then::form(&base(file.participant.id.as_str()), desk.then.as_ref(), desk.latest_day())));
    frame::page(call, &desk, frame::Place::Participants, crumbs, body)
}

/// The acts that lie ahead of a participant, each with what the rules find.
pub fn steps_of(desk: &Desk<'_>, participant: &ParticipantState) -> Result<Vec<Step>, Trouble> {
    let streams = match &desk.then {
        Some(then) => desk.services.door.streams_as_of(&participant.id, then.at)?,
        None => desk.services.door.streams_of(Some(&participant.id), None, true, true)?,
    };
    let about =
        conduct::Command::Authorise(Authorisation::CompleteParticipation { participant: participant.id.clone() });
    let request = conduct::Request { id: String::new(), at: None, sent: None, reason: None, command: about };
    let asked = record::Asked {
        request: request.clone(),
        actor: desk.who.proof(desk.now),
        second: None,
        now: desk.now,
        act: terms::ActId::from("ask"),
        pseudonym: String::new(),
    };
    let context = desk.services.door.context(&asked, &streams)?;
    let studies = desk.services.door.studies();
    let case = conduct::case_of(&studies, streams.world(), streams.site_id.as_ref(), &request, &context)
        .map_err(|no| Trouble::Fault(no.to_string()))?;
    Ok(conduct::next::steps(&case))
}

/// Every date as a table.
pub fn dates_get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::reading(call)?;
    let file = desk.case(call.part("participant"))?;
    let at = base(file.participant.id.as_str());
    let crumbs = vec![Link::new("/participants", "Participants"), Link::new(at, file.participant.id.as_str())];
    frame::page(call, &desk, frame::Place::Participants, crumbs, dates(&file.study, &file.participant, file.today))
}

/// Every date of the plan as a table, on a page of its own.
pub fn dates(study: &Study, participant: &ParticipantState, today: Date) -> Body {
    let table = plan::timeline(study, participant, today).table();
    Body::new(format!("{}: all dates", participant.id)).section(Section::bare(table.unseen_caption()))
}

/// Whether any finding is broken that does not wait for the moment of the act.
pub fn is_open(findings: &[Finding]) -> bool {
    findings.iter().filter_map(Finding::broken).all(|broken| conduct::rules::at_the_moment(broken.rule))
}
