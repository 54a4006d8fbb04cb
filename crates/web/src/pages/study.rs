//! The study as its files say it: schedule, criteria, rules, medicines, doses, the dosing day, consent, versions.
//! Every number stands with its source.

use jiff::civil::Date;
use protocol::model::{
    ActivityKind, Anchor, Criterion, CriterionKind, Judged, MedicineRule, Requirement, Study, Visit,
};
use terms::Source;

use crate::desk::{Desk, number, text};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Fact, Facts, Link, Strip};
use crate::show;

/// A version as the trial adopted it.
pub struct Version {
    pub label: String,
    pub hash: String,
    pub adopted: Option<Date>,
    pub href: String,
    pub current: bool,
    pub participants: usize,
}

/// A rule of the core, for the rule book.
pub struct RuleLine {
    pub id: String,
    pub sentence: String,
    pub source: String,
    pub binds: String,
}

/// Draws one section of the study.
type Drawn = fn(&Study) -> Section;

/// Parts of the study, each a page of its own: code in the address, words, and what stands in it.
const PARTS: &[(&str, &str, &[Drawn])] = &[
    ("schedule", "Schedule", &[schedule]),
    ("eligibility", "Eligibility", &[criteria, gates]),
    ("medicines", "Medicines", &[medicines]),
    ("doses", "Doses", &[doses]),
    ("day", "Dosing day", &[day, vitals]),
    ("consent", "Consent", &[consent]),
    ("deviations", "Deviations", &[deviations]),
];

/// The page of one part; the first where none is named.
pub fn body(study: &Study, versions: &[Version], rules: &[RuleLine], part: &str, at: &str) -> Body {
    let mut body = Body::new(&study.title);
    body.lead = format!("{} version {}. {}", study.id, study.version, study.summary);
    body.strip = strip(study);
    body.add(Section::bare(parts_nav(part, at)));
    match part {
        "rules" => {
            body.add(rule_book(rules));
        }
        "versions" => {
            body.add(versions_table(versions));
        }
        _ => {
            let found = PARTS.iter().find(|(code, ..)| *code == part).or(PARTS.first());
            for section in found.into_iter().flat_map(|(_, _, sections)| sections.iter()) {
                body.add(section(study));
            }
        }
    }
    body
}

fn parts_nav(part: &str, at: &str) -> String {
    let all =
        PARTS.iter().map(|(code, words, _)| (*code, *words)).chain([("rules", "Rules"), ("versions", "Versions")]);
    let known: Vec<(&str, &str)> = all.collect();
    let current = if known.iter().any(|(code, _)| *code == part) { part } else { "schedule" };
    let links: String = known
        .iter()
        .map(|(code, words)| {
            let mark = if *code == current { " aria-current=\"true\"" } else { "" };
            format!("<li><a href=\"{at}?part={code}\"{mark}>{words}</a></li>")
        })
        .collect();
    format!("<nav aria-label=\"Parts of the study\"><ul class=\"dispositions up-4\">{links}</ul></nav>")
}

fn strip(study: &Study) -> Strip {
    let sessions = study.dose.sessions.len();
    Strip {
        facts: vec![
            Fact::new("Planned", study.design.participants_planned.to_string(), "participants"),
            Fact::new("Sites", study.sites.len().to_string(), ""),
            Fact::new(
                "Arms",
                study.arms.len().to_string(),
                study.arms.iter().map(|a| a.title.clone()).collect::<Vec<_>>().join(", "),
            ),
            Fact::new("Visits", study.visits.len().to_string(), format!("{sessions} with a dose")),
            Fact::new("Eligibility", study.criteria.len().to_string(), "criteria"),
        ],
    }
}

/// The source of a number as it is shown beside it.
pub fn source(source: &Source) -> String {
    source.to_string()
}

fn anchor(visit: &Visit, study: &Study) -> String {
    let name = |id: &str| study.visit(id).map_or_else(|| id.to_owned(), |v| v.name.clone());
    match &visit.anchor {
        None => "at any time".to_owned(),
        Some(Anchor::Consent) => "from consent".to_owned(),
        Some(Anchor::Enrolment) => "from enrolment".to_owned(),
        Some(Anchor::Taper) => "from the first taper step".to_owned(),
        Some(Anchor::Confirmation) => "from confirmation".to_owned(),
        Some(Anchor::Stop) => "from the stop of treatment".to_owned(),
        Some(Anchor::Visit(id)) => format!("from {}", name(id.as_str())),
    }
}

fn schedule(study: &Study) -> Section {
    let mut heads = vec!["Activity".to_owned()];
    heads.extend(study.visits.iter().map(|v| v.id.to_string()));
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for activity in &study.activities {
        let mut row = vec![Cell::head(&activity.title)];
        row.extend(study.visits.iter().map(|visit| {
            Cell::text(match activity.at.get(&visit.id) {
                Some(Requirement::Required) => "required",
                Some(Requirement::IfIndicated) => "if needed",
                None => "",
            })
        }));
        rows.push(row);
    }
    let activities = Table::owned("Schedule of activities", heads, rows);
    let visits = study
        .visits
        .iter()
        .map(|visit| {
            let window = match visit.anchor {
                None => String::new(),
                Some(_) => format!("day {}, {} to {}", visit.target_days, visit.window.opens, visit.window.closes),
            };
            vec![
                Cell::head(visit.id.as_str()),
                Cell::text(&visit.name),
                Cell::text(crate::plan::kind_name(visit.kind)),
                Cell::text(&window),
                Cell::text(&anchor(visit, study)),
                Cell::text(&source(&visit.source)),
            ]
        })
        .collect();
    let visits =
        Table::new("Visits", &["Visit", "Name", "Kind", "Planned day and window", "Counted", "Source"], visits);
    Section::new("schedule", "Schedule of activities", format!("{visits}<div class=\"up-6\">{activities}</div>"))
        .lead("Rows are what is done, columns are the visits. Days are calendar days of the site.")
}

fn judged(criterion: &Criterion) -> &'static str {
    match criterion.judged {
        Judged::Auto => "computed",
        Judged::Attest => "attested",
        Judged::Judge => "judged, countersigned",
    }
}

fn criteria(study: &Study) -> Section {
    let rows = study
        .criteria
        .iter()
        .map(|criterion| {
            let kind = match criterion.kind {
                CriterionKind::Inclusion => "must be so",
                CriterionKind::Exclusion => "must not be so",
            };
            let gates: Vec<String> = criterion
                .gates
                .iter()
                .map(|gate| if *gate == 0 { "each session".to_owned() } else { format!("gate {gate}") })
                .collect();
            vec![
                Cell::head(criterion.id.as_str()),
                Cell::text(&criterion.text),
                Cell::text(kind),
                Cell::text(judged(criterion)),
                Cell::text(&gates.join(", ")),
                Cell::text(&source(&criterion.source)),
            ]
        })
        .collect();
    let table = Table::new(
        "Eligibility criteria",
        &["Criterion", "In words", "Sense", "Found how", "Asked at", "Source"],
        rows,
    );
    Section::new("criteria", "Eligibility", table.unseen_caption())
        .lead("A missing answer makes a criterion unknown, and unknown is never met.")
}

fn gates(study: &Study) -> Section {
    let rows = study
        .gates
        .iter()
        .map(|gate| {
            let roles = gate.decided_by.iter().map(|r| role_title(study, r.as_str())).collect::<Vec<_>>().join(", ");
            let counter = gate.countersigned_by.as_ref().map(|r| role_title(study, r.as_str())).unwrap_or_default();
            let visits = gate.needs_visits.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            vec![
                Cell::head(&format!("{}. {}", gate.number, gate.title)),
                Cell::text(&roles),
                Cell::text(&counter),
                Cell::text(&visits),
                Cell::text(&source(&gate.source)),
            ]
        })
        .collect();
    Section::new(
        "gates",
        "Gates",
        Table::new("Gates", &["Gate", "Decided by", "Countersigned by", "Needs visits", "Source"], rows)
            .unseen_caption(),
    )
}

/// A role's title on pages.
pub fn role_title(study: &Study, id: &str) -> String {
    study.role(id).map_or_else(|| id.to_owned(), |role| role.title.clone())
}

fn doses(study: &Study) -> Section {
    let plan = &study.dose;
    let rows = plan
        .sessions
        .iter()
        .map(|session| {
            let levels: Vec<String> = session
                .levels
                .iter()
                .filter_map(|id| study.level(id.as_str()))
                .map(|level| format!("{} then {}", level.initial_mg, level.supplement_mg))
                .collect();
            vec![
                Cell::head(&format!("Session {}", session.number)),
                Cell::text(&study.visit(session.visit.as_str()).map_or_else(String::new, |v| v.name.clone())),
                Cell::text(&levels.join("; ")),
                Cell::text(&session.level_default.to_string()),
                Cell::text(&source(&session.source)),
            ]
        })
        .collect();
    let table = Table::new("Doses", &["Session", "Visit", "Levels that may be ordered", "Planned", "Source"], rows);
    let mut facts = vec![
        Fact::new("Medicine", &plan.medicine, ""),
        Fact::new("Most in one session", plan.session_max_mg.to_string(), ""),
        Fact::new(
            "Between sessions",
            format!("at least {} days", plan.interval_days_min),
            format!("a deviation after {}", plan.interval_days_max),
        ),
        Fact::new("From safe to swallow", format!("at most {} min", plan.open_to_swallow_minutes), ""),
    ];
    if let Some(supplement) = &plan.supplement {
        facts.push(Fact::new(
            "Supplement",
            format!("{} to {} min after the dose", supplement.opens_minutes, supplement.closes_minutes),
            source(&supplement.source),
        ));
    }
    facts.push(Fact::new("Source", source(&plan.source), ""));
    Section::new("doses", "Doses", format!("{}<div class=\"up-4\">{}</div>", Facts { facts }, table.unseen_caption()))
}

fn day(study: &Study) -> Section {
    let rows = study
        .session
        .checks
        .iter()
        .chain(&study.session.discharge.criteria)
        .map(|check| {
            let fresh = check.fresh_minutes.map_or_else(|| "that day".to_owned(), |m| format!("{m} min"));
            vec![
                Cell::head(&check.alias.clone().unwrap_or_else(|| check.id.to_string())),
                Cell::text(&check.sentence),
                Cell::text(&fresh),
                Cell::text(&check.remedy_failed),
                Cell::text(&source(&check.source)),
            ]
        })
        .collect();
    let table = Table::new("Checks of the dosing day", &["Check", "Rule", "Stays good", "If it fails", "Source"], rows);
    Section::new("day", "The dosing day", table.unseen_caption())
        .lead("Before the dose, then before leaving, in the order of the bedside list.")
}

fn vitals(study: &Study) -> Section {
    let limits = study
        .session
        .limits
        .iter()
        .map(|limit| {
            let measure = study
                .session
                .measures
                .iter()
                .find(|m| m.id == limit.measure)
                .map_or(limit.measure.as_str(), |m| m.label.as_str());
            let edge = |high: Option<terms::Decimal>, low: Option<terms::Decimal>| match (high, low) {
                (Some(high), Some(low)) => format!("from {high}, or to {low}"),
                (Some(high), None) => format!("from {high}"),
                (None, Some(low)) => format!("to {low}"),
                (None, None) => String::new(),
            };
            vec![
                Cell::head(&limit.id),
                Cell::text(&format!("{measure}, {}", limit.unit)),
                Cell::text(&edge(limit.amber_at, limit.amber_low)).with_remark(&limit.amber_action),
                Cell::text(&edge(limit.red_at, limit.red_low)).with_remark(&limit.red_action),
                Cell::text(&source(&limit.source)),
            ]
        })
        .collect();
    let limits = Table::new("Limits", &["Limit", "Measure", "Amber", "Red", "Source"], limits);
    let slots = study
        .session
        .vitals
        .iter()
        .map(|slot| {
            vec![
                Cell::head(&slot.id),
                Cell::text(&format!("{} min", show::offset(i64::from(slot.offset_minutes)))),
                Cell::text(&format!("{} min early or late", slot.within_minutes)),
                Cell::text(&slot.measures.join(", ")),
                Cell::text(&source(&slot.source)),
            ]
        })
        .collect();
    let slots = Table::new("Readings", &["Reading", "After the dose", "Counts within", "Measures", "Source"], slots);
    Section::new("vitals", "Vital signs", format!("{slots}<div class=\"up-6\">{limits}</div>"))
}

fn medicines(study: &Study) -> Section {
    let rows = study
        .medication
        .classes
        .iter()
        .map(|class| {
            let rule = match class.rule {
                MedicineRule::Washout { days_min } => format!("washed out, at least {days_min} days"),
                MedicineRule::Prohibited { days_min } => format!("never, stopped {days_min} days before"),
                MedicineRule::Rescue { hours_before_dose } => format!("not within {hours_before_dose} h before a dose"),
                MedicineRule::Stable { days } => format!("may go on if stable for {days} days"),
                MedicineRule::Allowed => "may go on".to_owned(),
            };
            let names: Vec<&str> = class.medicines.iter().map(|m| m.name.as_str()).collect();
            vec![
                Cell::head(&class.title),
                Cell::text(&rule).with_remark(&class.reason),
                Cell::text(if class.taper { "tapered" } else { "" }),
                Cell::text(&names.join(", ")),
                Cell::text(&source(&class.source)),
            ]
        })
        .collect();
    let lead = format!(
        "A washout lasts {} half-lives and {} days, or the class’s floor where that is longer. {}",
        study.medication.half_lives,
        study.medication.plus_days,
        source(&study.medication.source)
    );
    let table = Table::new("Medicines", &["Class", "Rule", "Taper", "Medicines", "Source"], rows);
    Section::new("medicines", "Medicines", table.unseen_caption()).lead(lead)
}

fn consent(study: &Study) -> Section {
    let rows = study
        .consent
        .versions
        .iter()
        .map(|version| {
            let items: Vec<&str> = version.items.iter().map(|item| item.text.as_str()).collect();
            vec![
                Cell::head(&format!("Version {}", version.version)),
                Cell::text(&items.join("; ")),
                Cell::text(&format!("{} of {} right", version.pass_mark, version.questions.len())),
                Cell::text(version.text_sha256.get(..16).unwrap_or(&version.text_sha256)),
            ]
        })
        .collect();
    let table = Table::new(
        "Consent versions",
        &["Version", "Agreed to one by one", "Comprehension", "Text’s SHA-256 begins"],
        rows,
    );
    Section::new("consent", "Consent", table.unseen_caption()).lead(source(&study.consent.source))
}

fn deviations(study: &Study) -> Section {
    let rows = study
        .deviations
        .iter()
        .map(|rule| {
            let class = match rule.class {
                protocol::model::DeviationClass::Minor => "minor",
                protocol::model::DeviationClass::Important => "important",
            };
            vec![Cell::head(&rule.code), Cell::text(&rule.title), Cell::text(class), Cell::text(&source(&rule.source))]
        })
        .collect();
    Section::new(
        "deviations",
        "Deviations",
        Table::new("Deviations", &["Code", "What", "Class", "Source"], rows).unseen_caption(),
    )
}

fn rule_book(rules: &[RuleLine]) -> Section {
    let rows = rules
        .iter()
        .map(|rule| {
            vec![Cell::head(&rule.id), Cell::text(&rule.sentence), Cell::text(&rule.binds), Cell::text(&rule.source)]
        })
        .collect();
    Section::new(
        "rules",
        "Rules",
        Table::new("Rules", &["Rule", "In a sentence", "Stands in the way of", "Source"], rows).unseen_caption(),
    )
    .lead("What the program refuses, by which rule. Facts are never refused; they get an answer.")
}

fn versions_table(versions: &[Version]) -> Section {
    let rows = versions
        .iter()
        .map(|version| {
            let name =
                format!("Version {}{}", version.label, if version.current { ", for new participants" } else { "" });
            vec![
                Cell::link(&version.href, &name).as_head(),
                Cell::text(&version.adopted.map_or_else(|| "not adopted".to_owned(), show::date)),
                Cell::number(version.participants),
                Cell::text(version.hash.get(..16).unwrap_or(&version.hash)),
            ]
        })
        .collect();
    Section::new(
        "versions",
        "Versions",
        Table::new("Versions", &["Version", "Adopted", "Participants on it", "Hash of its meaning begins"], rows)
            .unseen_caption(),
    )
    .lead("A participant stays on the version that they consented to until they are moved.")
}

/// What an activity is, in a word, for casebooks.
pub fn activity_word(kind: &ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Form(_) => "form",
        ActivityKind::Consent => "consent",
        ActivityKind::Gate(_) => "decision",
        ActivityKind::Assignment => "assignment",
        ActivityKind::Dosing => "dosing session",
        ActivityKind::Medication => "medicines",
        ActivityKind::AdverseEvents => "adverse events",
        ActivityKind::Session => "session",
        ActivityKind::Accountability => "accountability",
    }
}

/// The page: the version for new participants, or the one that the address names.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    if !frame::open_to(&desk, Place::Study) {
        return Err(Trouble::NotFound);
    }
    let wanted = call.part("hash");
    let studies = desk.services.door.studies();
    let study = if wanted.is_empty() {
        std::sync::Arc::clone(&desk.study)
    } else {
        studies
            .iter()
            .find(|(hash, _)| *hash == wanted)
            .map(|(_, s)| std::sync::Arc::clone(s))
            .ok_or(Trouble::NotFound)?
    };
    let on: Vec<(String, usize)> = desk
        .select("SELECT study, COUNT(*) FROM participant GROUP BY study", &[])?
        .iter()
        .map(|row| (text(row, 0), usize::try_from(number(row, 1)).unwrap_or(0)))
        .collect();
    let versions: Vec<Version> = studies
        .iter()
        .map(|(hash, study)| {
            let adopted = desk.trial.studies.iter().find(|(known, ..)| known == hash);
            Version {
                label: study.version.clone(),
                hash: hash.to_string(),
                adopted: adopted.map(|(_, _, day)| *day),
                href: format!("/study/{hash}"),
                current: desk.trial.current_study() == Some(hash),
                participants: on.iter().find(|(known, _)| *hash == known.as_str()).map_or(0, |(_, count)| *count),
            }
        })
        .collect();
    let rules: Vec<RuleLine> = conduct::rules::all()
        .into_iter()
        .map(|rule| RuleLine {
            id: rule.id.to_owned(),
            sentence: rule.sentence.to_owned(),
            source: rule.source.to_owned(),
            binds: rule.binds.join(", ").replace('_', " "),
        })
        .collect();
    let at = if wanted.is_empty() { "/study".to_owned() } else { format!("/study/{}", segment(wanted)) };
    let mut page = body(&study, &versions, &rules, call.query.text("part"), &at);
    if desk.reader.duties.has(protocol::model::Duty::AdministerTrial) {
        for version in versions.iter().filter(|v| v.adopted.is_none()) {
            page.action(format!("/trial/do/adopt-study/{}", version.hash), format!("Adopt version {}", version.label));
        }
    }
    let crumbs = if wanted.is_empty() { Vec::new() } else { vec![Link::new("/study", "Study")] };
    frame::page(call, &desk, Place::Study, crumbs, page)
}
