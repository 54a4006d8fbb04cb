//! A study as people know it from protocols, in plain text: the schedule of activities, criteria, doses, the dosing
//! day, medicines, roles. Nothing here decides anything.

mod room;
mod schedule;
mod text;

use crate::{
    decode::word_of,
    model::{
        Assignment, BlockOn, Check, Content, Criterion, CriterionKind, DuePlan, Judged, Limit, Masking, MedicineRule,
        NeededFrom, Overnight, Reconsent, Study, Term, VisitKind,
    },
};
use std::fmt::Write;
use text::{Table, heading, paragraph};

pub use schedule::schedule;

/// The whole study.
pub fn show(study: &Study) -> String {
    let mut out = String::new();
    head(&mut out, study);
    out.push_str(&schedule(study));
    gates(&mut out, study);
    criteria(&mut out, study);
    medicines(&mut out, study);
    doses(&mut out, study);
    day(&mut out, study);
    room::room(&mut out, study);
    consent(&mut out, study);
    roles(&mut out, study);
    safety(&mut out, study);
    stock(&mut out, study);
    analysis(&mut out, study);
    out
}

fn head(out: &mut String, study: &Study) {
    let hash = study.hash();
    let short = hash.as_str().get(..12).unwrap_or(hash.as_str());
    let _ = writeln!(out, "{}\n", study.title);
    let _ = writeln!(out, "{} version {}, {short}", study.id, study.version);
    paragraph(out, "", &study.summary);
    paragraph(out, "source: ", &study.source.to_string());
    if let Some(amendment) = &study.amendment {
        let who = match amendment.reconsent {
            Reconsent::None => "nobody consents again",
            Reconsent::InTreatment => "people before their last dosing session consent again",
            Reconsent::All => "everybody in the study consents again",
        };
        paragraph(out, "", &format!("Amends version {}: {} ({who}).", amendment.amends, amendment.summary));
    }
    heading(out, "Design");
    let masking = match study.design.masking {
        Masking::Open => "open: everybody knows what is given",
        Masking::DoubleBlind => "double-blind",
    };
    let _ = writeln!(out, "{masking}; {} people planned", study.design.participants_planned);
    match &study.design.assignment {
        Assignment::OpenLabel => out.push_str("everybody gets the one arm\n"),
        Assignment::Randomised { strata, block_sizes } => {
            let sizes: Vec<String> = block_sizes.iter().map(u32::to_string).collect();
            let ratio: Vec<String> = study.arms.iter().map(|arm| arm.ratio.to_string()).collect();
            let _ = writeln!(
                out,
                "randomised {} in blocks of {}{}",
                ratio.join(":"),
                sizes.join(" and "),
                if strata.is_empty() { String::new() } else { format!(", stratified by {}", strata.join(" and ")) }
            );
        }
    }
    let mut table = Table::new(&["arm", "content", "share", "title"]);
    for arm in &study.arms {
        let content = if arm.content == Content::Active { "drug" } else { "placebo" };
        table.row([arm.id.to_string(), content.to_owned(), arm.ratio.to_string(), arm.title.clone()]);
    }
    table.write(out);
    heading(out, "Sites");
    let mut table = Table::new(&["site", "name", "country", "time zone", "languages", "cap"]);
    for site in &study.sites {
        let cap = site.cap.map_or_else(|| "–".to_owned(), |cap| cap.to_string());
        table.row([
            site.id.to_string(),
            site.name.clone(),
            site.country.clone(),
            site.time_zone.clone(),
            site.languages.join(" "),
            cap,
        ]);
    }
    table.write(out);
}

fn gates(out: &mut String, study: &Study) {
    heading(out, "Gates");
    for gate in &study.gates {
        let mut parts = vec![format!("decided by {}", ids(&gate.decided_by))];
        if let Some(role) = &gate.countersigned_by {
            parts.push(format!("countersigned by {role}"));
        }
        if !gate.needs_visits.is_empty() {
            parts.push(format!("after {}", ids(&gate.needs_visits)));
        }
        if gate.needs_washout {
            parts.push("washouts complete".to_owned());
        }
        if let Some(days) = gate.within_days_of_consent {
            parts.push(format!("within {days} days of consent"));
        }
        if gate.retries > 0 {
            parts.push(format!("may be tried again {} time{}", gate.retries, if gate.retries == 1 { "" } else { "s" }));
        }
        if let Some(days) = gate.valid_days {
            parts.push(format!("good for dosing for {days} days"));
        }
        paragraph(out, &format!("{} {}: ", gate.number, gate.title), &parts.join("; "));
    }
}

fn ids<T: ToString>(list: &[T]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn criteria(out: &mut String, study: &Study) {
    for (kind, title, rule) in [
        (CriterionKind::Inclusion, "Inclusion criteria", "each must be true; unknown is never met"),
        (CriterionKind::Exclusion, "Exclusion criteria", "each must be false; unknown blocks as well"),
    ] {
        heading(out, title);
        let _ = writeln!(out, "{rule}\n");
        for criterion in study.criteria.iter().filter(|criterion| criterion.kind == kind) {
            one_criterion(out, criterion);
        }
    }
}

fn one_criterion(out: &mut String, criterion: &Criterion) {
    let judged = match criterion.judged {
        Judged::Auto => "computed",
        Judged::Attest => "attested",
        Judged::Judge => "judged, countersigned",
    };
    let gates: Vec<String> = criterion
        .gates
        .iter()
        .map(|gate| if *gate == 0 { "before each session".to_owned() } else { format!("gate {gate}") })
        .collect();
    paragraph(
        out,
        &format!("{:5} ", criterion.id.as_str()),
        &format!("{} [{judged}; {}]", criterion.text, gates.join(", ")),
    );
    let check = criterion.check.text().split_whitespace().collect::<Vec<_>>().join(" ");
    paragraph(out, "      ", &check);
    paragraph(out, "      ", &format!("— {}", criterion.source));
}

fn medicines(out: &mut String, study: &Study) {
    heading(out, "Other medicines");
    let plan = &study.medication;
    let _ = writeln!(
        out,
        "washout: {} half-lives and {} days, or the class's floor where that is more\n",
        plan.half_lives, plan.plus_days
    );
    for class in &plan.classes {
        let rule = match class.rule {
            MedicineRule::Washout { days_min } => format!("washout, at least {days_min} days"),
            MedicineRule::Prohibited { days_min } => format!("prohibited, and {days_min} days since the last"),
            MedicineRule::Rescue { hours_before_dose } => {
                format!("rescue, not in the {hours_before_dose} hours before a dose")
            }
            MedicineRule::Stable { days } => format!("may go on when stable for {days} days"),
            MedicineRule::Allowed => "may go on".to_owned(),
        };
        let taper = if class.taper { "; tapered" } else { "" };
        let each: Vec<String> = class
            .medicines
            .iter()
            .map(|medicine| match (plan.washout_days(class, medicine), &class.rule) {
                (Some(days), MedicineRule::Washout { .. } | MedicineRule::Prohibited { .. }) => {
                    format!("{} {days} d", medicine.name)
                }
                _ => medicine.name.clone(),
            })
            .collect();
        paragraph(out, "", &format!("{}: {rule}{taper}: {} (why: {})", class.title, each.join(", "), class.reason));
    }
}

fn doses(out: &mut String, study: &Study) {
    heading(out, "Doses");
    let plan = &study.dose;
    let _ = writeln!(out, "{}", plan.medicine);
    let mut table = Table::new(&["session", "visit", "level", "initial", "supplement", "together", "usual"]);
    for session in &plan.sessions {
        for id in &session.levels {
            let Some(level) = plan.levels.iter().find(|level| level.id == *id) else { continue };
            table.row([
                session.number.to_string(),
                session.visit.to_string(),
                id.to_string(),
                level.initial_mg.to_string(),
                level.supplement_mg.to_string(),
                level.initial_mg.plus(level.supplement_mg).to_string(),
                if session.level_default == *id { "●".to_owned() } else { String::new() },
            ]);
        }
    }
    table.write(out);
    let _ = writeln!(
        out,
        "at most {} in a session; {} to {} days between sessions, eligibility confirmed again after {}",
        plan.session_max_mg, plan.interval_days_min, plan.interval_days_max, plan.reconfirm_after_days
    );
    if let Some(supplement) = &plan.supplement {
        let block = if supplement.block_on == BlockOn::Amber { "amber or red" } else { "red" };
        let reason = supplement
            .reason_after_minutes
            .map(|minutes| format!(", with the physician's reason after minute {minutes}"))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "supplement from minute {} to {}{reason}; vital signs at most {} minutes old; blocked by {block}",
            supplement.opens_minutes, supplement.closes_minutes, supplement.vitals_fresh_minutes
        );
    }
}

fn day(out: &mut String, study: &Study) {
    let session = &study.session;
    heading(out, "The dosing day: before the dose");
    for check in &session.checks {
        one_check(out, check);
    }
    let presence = &session.presence;
    let _ = writeln!(
        out,
        "\npresent: {} carers, {} in the room always, {} of them leading, {} nurse(s); below that for at most {} minutes",
        presence.carers_min, presence.in_room_min, presence.leads_min, presence.nurses_min, presence.gap_minutes_max
    );
    let related = if presence.related_alone { "may be" } else { "are not" };
    let _ = writeln!(
        out,
        "{} of the carers licensed; people who are related {related} the only ones in the room at a dose",
        study.licensed_min()
    );
    heading(out, "The dosing day: vital signs");
    let mut table = Table::new(&["reading", "minute", "within", "what", ""]);
    for slot in &session.vitals {
        table.row([
            slot.id.clone(),
            format!("{:+}", slot.offset_minutes),
            format!("± {}", slot.within_minutes),
            slot.measures.join(", "),
            if slot.before_supplement { "before the supplement".to_owned() } else { String::new() },
        ]);
    }
    table.write(out);
    let mut table = Table::new(&["limit", "measure", "amber", "red", "then"]);
    for limit in &session.limits {
        table.row([
            limit.id.clone(),
            format!("{} ({})", limit.measure, limit.unit),
            levels(limit.amber_at, limit.amber_low),
            levels(limit.red_at, limit.red_low),
            action(limit),
        ]);
    }
    table.write(out);
    heading(out, "The dosing day: leaving");
    for criterion in &session.discharge.criteria {
        one_check(out, criterion);
    }
    let overnight = match session.overnight {
        Overnight::Required => "people stay the night",
        Overnight::Optional => "people may stay the night",
        Overnight::None => "people go home",
    };
    let discharge = &session.discharge;
    let _ = writeln!(
        out,
        "\nfrom minute {}, and {} after the supplement; {overnight}",
        discharge.earliest_minutes, discharge.after_supplement_minutes
    );
}

fn action(limit: &Limit) -> String {
    if limit.amber_at.is_none() && limit.amber_low.is_none() {
        return format!("red: {}", limit.red_action);
    }
    format!("amber: {}; red: {}", limit.amber_action, limit.red_action)
}

fn levels(at: Option<terms::Decimal>, low: Option<terms::Decimal>) -> String {
    let parts = [at.map(|at| format!("≥ {at}")), low.map(|low| format!("≤ {low}"))];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "–".to_owned() } else { parts.join(", ") }
}

fn one_check(out: &mut String, check: &Check) {
    let alias = check.alias.as_deref().unwrap_or("");
    let good = match check.fresh_minutes {
        Some(minutes) if minutes % 1440 == 0 => format!("good for {} d", minutes / 1440),
        Some(minutes) if minutes % 60 == 0 => format!("good for {} h", minutes / 60),
        Some(minutes) => format!("good for {minutes} min"),
        None => "good for the day".to_owned(),
    };
    let failing = word_of(check.failing);
    let signed = if check.signed { ", signed" } else { "" };
    paragraph(out, &format!("{alias:4} "), &format!("{} [{good}; failing: {failing}{signed}]", check.sentence));
}

fn consent(out: &mut String, study: &Study) {
    heading(out, "Consent");
    for version in &study.consent.versions {
        let _ = writeln!(
            out,
            "version {} ({}): {} of {} questions right",
            version.version,
            version.file,
            version.pass_mark,
            version.questions.len()
        );
        for item in &version.items {
            paragraph(out, if item.required { "  ● " } else { "  ○ " }, &item.text);
        }
    }
}

fn roles(out: &mut String, study: &Study) {
    heading(out, "Roles");
    let mut table = Table::new(&["role", "title", "blind", "duties"]);
    for role in &study.roles {
        let duties: Vec<&str> = role.duties.iter().map(|duty| duty.name()).collect();
        let blind = if role.blinded { "●" } else { "–" };
        table.row([role.id.to_string(), role.title.clone(), blind.to_owned(), duties.join(", ")]);
    }
    table.write(out);
    certificates(out, study);
}

fn certificates(out: &mut String, study: &Study) {
    if !study.certificates.is_empty() {
        heading(out, "Certificates of staff");
        let mut table = Table::new(&["certificate", "needed", "holds", "by"]);
        for kind in &study.certificates {
            let needed = match kind.from {
                _ if kind.roles.is_empty() => "by nobody".to_owned(),
                NeededFrom::Delegation => "from the delegation on".to_owned(),
                NeededFrom::Dosing => "on the dosing day".to_owned(),
            };
            let mut holds = kind.valid_days.map_or_else(|| "as it says".to_owned(), |days| format!("{days} days"));
            if let Some(days) = kind.notice_days {
                let _ = write!(holds, ", told {days} days before");
            }
            if let Some(hours) = kind.hours_min {
                let _ = write!(holds, ", {hours} hours");
            }
            let licence = if kind.licensed { " (a licence)" } else { "" };
            let roles: Vec<&str> = kind.roles.iter().map(|role| role.as_str()).collect();
            table.row([format!("{}{licence}", kind.title), needed, holds, roles.join(", ")]);
        }
        table.write(out);
    }
    if !study.relations.is_empty() {
        let kinds: Vec<&str> = study.relations.iter().map(|kind| kind.title.as_str()).collect();
        paragraph(out, "", &format!("Related are: {}.", kinds.join("; ")));
    }
}

fn safety(out: &mut String, study: &Study) {
    heading(out, "Deviations");
    let mut table = Table::new(&["code", "class", "title"]);
    for rule in &study.deviations {
        table.row([rule.code.clone(), word_of(rule.class).to_owned(), rule.title.clone()]);
    }
    table.write(out);
    heading(out, "Clocks");
    let mut table = Table::new(&["hours", "duty", "what must be done"]);
    for clock in &study.clocks {
        table.row([clock.due_hours.to_string(), clock.duty.name().to_owned(), clock.title.clone()]);
    }
    table.write(out);
    due(out, &study.due);
    if !study.approvals.is_empty() {
        heading(out, "Approvals in force before any dose");
        for approval in &study.approvals {
            paragraph(out, "", &format!("{} (one for each {})", approval.title, word_of(approval.per)));
        }
    }
}

fn due(out: &mut String, plan: &DuePlan) {
    if plan.is_empty() {
        return;
    }
    heading(out, "Due, where no clock says when");
    let mut table = Table::new(&["within", "what"]);
    let rows = [
        (plan.answer_hours, "h", "answer an event without a clock of its own"),
        (plan.safety_answer_minutes, "min", "answer an amber safety answer"),
        (plan.report_hours, "h", "judge a death, a stay in hospital, a wrong dose"),
        (plan.no_show_hours, "h", "call somebody who did not come"),
        (plan.medicine_hours, "h", "class a medicine that is not listed"),
        (plan.early_termination_days, "days", "book the early termination visit"),
        (plan.complete_visit_days, "days", "complete the record of a visit"),
        (plan.question_days, "days", "answer a question about an answer"),
        (plan.gate_days, "days", "decide a gate"),
        (plan.assign_days, "days", "assign an arm"),
        (plan.rating_ask_days, "days", "before a visit: ask for its rating, at the earliest"),
        (plan.rating_target_days, "days", "before a visit: ask for its rating, at best"),
        (plan.rating_days, "days", "do a rating"),
        (plan.order_days, "days", "before a session: order its dose, at the earliest"),
    ];
    for (time, unit, what) in rows {
        if let Some(time) = time {
            table.row([format!("{time} {unit}"), what.to_owned()]);
        }
    }
    table.write(out);
}

fn stock(out: &mut String, study: &Study) {
    let Some(plan) = &study.stock else { return };
    heading(out, "The drug's keeping");
    let (coldest, warmest) = (plan.temperature_c_min, plan.temperature_c_max);
    let text = format!(
        "stored at {coldest} to {warmest} °C, read every {} days; counted by two every {} days, again within {} min of a \
         difference; forecast for {} weeks",
        plan.temperature_every_days, plan.count_every_days, plan.recount_minutes, plan.forecast_weeks
    );
    paragraph(out, "", &text);
    let mut table = Table::new(&["form", "for", "countries", "signed by", "term", "title"]);
    for form in &plan.forms {
        let term = match (form.due, form.valid_days) {
            (Some(Term::Hours(hours)), _) => format!("{hours} h"),
            (Some(Term::BusinessDays(days)), _) => format!("{days} business days"),
            (Some(Term::Days(days)), _) => format!("{days} days"),
            (None, Some(days)) => format!("holds {days} days"),
            (None, None) => "–".to_owned(),
        };
        let countries = if form.countries.is_empty() { "all".to_owned() } else { form.countries.join(", ") };
        let signers: Vec<&str> = form.signed_by.iter().map(|duty| duty.name()).collect();
        let used = word_of(form.used_for).to_owned();
        table.row([form.id.clone(), used, countries, signers.join(", "), term, form.title.clone()]);
    }
    table.write(out);
}

fn analysis(out: &mut String, study: &Study) {
    heading(out, "Analysis");
    let plan = &study.analysis;
    if plan.primary.is_none() {
        out.push_str("nothing is tested\n");
    }
    let endpoints = plan.primary.iter().map(|one| ("primary", one));
    for (rank, endpoint) in endpoints.chain(plan.key_secondary.iter().map(|one| ("secondary", one))) {
        paragraph(
            out,
            "",
            &format!(
                "{rank}: {} ({} {}, {} to {})",
                endpoint.title, endpoint.form, endpoint.score, endpoint.baseline, endpoint.visit
            ),
        );
    }
    for estimand in &plan.estimands {
        let text = &estimand.text;
        paragraph(out, "", &format!("estimand {} (in the set {}): {text}", estimand.id, estimand.set));
    }
    for set in &plan.sets {
        paragraph(out, "", &format!("set {}: {}; by rule: {}", set.id, set.text, set.rule.text()));
    }
    if let Some(model) = &plan.model {
        let structures: Vec<&str> = model.covariance.iter().map(|name| word_of(*name)).collect();
        let text = format!(
            "model: {}; covariance {}; against {}; {}, two-sided {}",
            model.effects.join(" + "),
            structures.join(", then "),
            model.reference,
            word_of(model.multiplicity).replace('_', " "),
            model.alpha
        );
        paragraph(out, "", &text);
    }
    for responder in &plan.responders {
        paragraph(out, "", &format!("responder {}: {}: {}", responder.id, responder.title, responder.check.text()));
    }
    for one in &plan.sensitivity {
        paragraph(out, "", &format!("sensitivity {}: {}", one.id, one.title));
    }
}

/// What a kind of visit is called.
pub(crate) fn kind_words(kind: VisitKind) -> &'static str {
    match kind {
        VisitKind::Screening => "screening",
        VisitKind::Preparation => "preparation session",
        VisitKind::Baseline => "baseline",
        VisitKind::Dosing => "dosing session",
        VisitKind::Integration => "integration session",
        VisitKind::Call => "call",
        VisitKind::Rating => "rating",
        VisitKind::Termination => "termination visit",
        VisitKind::EarlyTermination => "after stopping early",
        VisitKind::FollowUp => "long-term follow-up",
        VisitKind::Unscheduled => "unscheduled",
    }
}
