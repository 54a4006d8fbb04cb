//! Roles, duties, certificates, sites, arms, randomisation, consent.

use super::{Checker, listed};
use crate::model::{Assignment, Content, Duty, Masking, Overnight, RoleScope, VisitKind};
use jiff::tz::TimeZone;

pub fn check(checker: &Checker<'_>) {
    duties(checker);
    roles(checker);
    certificates(checker);
    sites(checker);
    arms(checker);
    consent(checker);
    amendment(checker);
}

/// Every act that the study asks for must be somebody's duty.
fn duties(checker: &Checker<'_>) {
    let parts = checker.parts;
    if parts.roles.is_empty() {
        return;
    }
    let mut needed: Vec<(Duty, &str)> = vec![
        (Duty::Coordinate, "take enquiries and book visits"),
        (Duty::TakeConsent, "take consent"),
        (Duty::RecordData, "record forms and visits"),
        (Duty::DecideEligibility, "decide the gates"),
        (Duty::Prescribe, "order a dose"),
        (Duty::Facilitate, "be with the participant"),
        (Duty::DispenseDrug, "hand containers out"),
        (Duty::WitnessDrug, "be the second person at the safe"),
        (Duty::LeadSite, "delegate staff"),
        (Duty::AdministerTrial, "open sites and load versions"),
        (Duty::Participate, "take part"),
    ];
    if let Some(design) = &parts.design {
        if matches!(design.assignment, Assignment::Randomised { .. }) {
            needed.push((Duty::Randomise, "assign an arm"));
        }
        if design.masking == Masking::DoubleBlind {
            needed.push((Duty::BreakCode, "break the code in an emergency"));
        }
    }
    if let Some(session) = &parts.session {
        let presence = &session.presence;
        if presence.leads_min > 0 {
            needed.push((Duty::LeadSession, "lead the therapy pair"));
        }
        if presence.nurses_min > 0 {
            needed.push((Duty::Nurse, "be the nurse in the room"));
        }
        if session.overnight == Overnight::Required {
            needed.push((Duty::AttendNight, "watch at night"));
        }
    }
    if parts.visits.iter().any(|visit| visit.kind == VisitKind::Rating) && blind(checker) {
        needed.push((Duty::RateOutcomes, "rate outcomes"));
    }
    for (duty, act) in needed {
        if !parts.roles.iter().any(|role| role.duties.contains(&duty)) {
            let message = format!("nobody may {act}: no role has the duty `{}`", duty.name());
            let mend = format!("give `{}` to a role", duty.name());
            checker.note(checker.mistake("study.duty", "role", message, "no role of these").mend(mend));
        }
    }
}

fn blind(checker: &Checker<'_>) -> bool {
    checker.parts.design.as_ref().is_some_and(|design| design.masking == Masking::DoubleBlind)
}

fn roles(checker: &Checker<'_>) {
    for role in &checker.parts.roles {
        let path = format!("role/{}", role.id);
        let duties = format!("{path}/duties");
        if role.duties.is_empty() {
            let message = format!("the role `{}` may do nothing", role.id);
            checker.note(
                checker
                    .mistake("study.role-idle", &duties, message, "no duty")
                    .warning()
                    .mend("give it a duty, or take it out"),
            );
        }
        let own = role.duties.contains(&Duty::Participate);
        if own != (role.scope == RoleScope::Own) {
            checker.note(
                checker
                    .mistake(
                        "study.role-scope",
                        &format!("{path}/scope"),
                        format!("the scope of `{}` doesn't go with its duties", role.id),
                        if own { "participants act for themselves" } else { "only participants act for themselves" },
                    )
                    .mend("`scope = \"own\"` goes with the duty `participate`, and with nothing else"),
            );
        }
        if own && role.duties.len() > 1 {
            let message = format!("`{}` takes part and works in the study at once", role.id);
            checker.note(
                checker
                    .mistake("study.role-scope", &duties, message, "a participant has no other duty")
                    .mend("leave `participate` alone in this role"),
            );
        }
        if !blind(checker) {
            continue;
        }
        let therapy =
            [Duty::Facilitate, Duty::LeadSession, Duty::Nurse, Duty::Prescribe, Duty::RecordData, Duty::Coordinate];
        if let Some(other) = therapy.iter().find(|duty| role.duties.contains(duty))
            && role.duties.contains(&Duty::RateOutcomes)
        {
            let message =
                format!("`{}` rates outcomes and may `{}` too: it would learn the arm", role.id, other.name());
            checker.note(
                checker.mistake("study.rater-duty", &duties, message, "not independent").mend("make two roles of it"),
            );
        }
        let sees = role.duties.iter().any(|duty| {
            matches!(
                duty,
                Duty::RateOutcomes | Duty::Facilitate | Duty::LeadSession | Duty::Participate | Duty::DecideEligibility
            )
        });
        if !role.blinded && sees {
            let message = format!("the study is blind, but `{}` is not", role.id);
            checker.note(
                checker
                    .mistake("study.blind", &format!("{path}/blinded"), message, "would learn the arm")
                    .mend("write `blinded = true`, or `masking = \"open\"` in the design"),
            );
        }
    }
}

/// What staff must hold: good for some time, told of before its end, and held by somebody.
fn certificates(checker: &Checker<'_>) {
    let parts = checker.parts;
    for kind in &parts.certificates {
        let path = format!("certificate/{}", kind.id);
        for role in &kind.roles {
            checker.known("study.unknown-role", "role", "role", role.as_str(), &format!("{path}/roles"));
        }
        let wrong = |key: &str, message: String, label: &str, mend: &str| {
            let place = format!("{path}/{key}");
            checker.note(checker.mistake("study.certificate", &place, message, label).mend(mend));
        };
        if kind.valid_days == Some(0) {
            let message = format!("`{}` has run out on the day of its issue", kind.id);
            wrong("valid_days", message, "0 days", "write the days that it holds, or leave the key out");
        } else if let (Some(notice), Some(valid)) = (kind.notice_days, kind.valid_days)
            && notice >= valid
        {
            let message =
                format!("people are told {notice} days before the end of `{}`, which holds for {valid}", kind.id);
            wrong("notice_days", message, "always", "tell them later than on the day of its issue");
        }
    }
    let Some(presence) = parts.session.as_ref().map(|session| &session.presence) else { return };
    let Some(least) = presence.licensed_min.filter(|least| *least > 0) else { return };
    let place = "session/presence/licensed_min";
    if least > presence.carers_min {
        let message = format!("{least} licensed among {} carers", presence.carers_min);
        let mend = "lower it, or raise `carers_min`";
        checker.note(checker.mistake("study.licence", place, message, "more than `carers_min`").mend(mend));
    }
    let carers =
        |role: &&crate::model::Role| role.duties.iter().any(|duty| matches!(duty, Duty::Facilitate | Duty::Nurse));
    let licences = || parts.certificates.iter().filter(|kind| kind.licensed);
    let held = parts
        .roles
        .iter()
        .filter(carers)
        .any(|role| licences().any(|kind| kind.roles.is_empty() || kind.roles.contains(&role.id)));
    if !held {
        let message = "a licence is asked of carers, and the study has none that one of them could hold";
        let mend = "add a `[[certificate]]` with `licensed = true` for a role that facilitates or nurses";
        checker.note(checker.mistake("study.licence", place, message, "held by nobody").mend(mend));
    }
}

fn sites(checker: &Checker<'_>) {
    let parts = checker.parts;
    for site in &parts.sites {
        let path = format!("site/{}", site.id);
        if TimeZone::get(&site.time_zone).is_err() {
            let zones = ["America/New_York", "Europe/London", "Europe/Zurich", "Australia/Melbourne", "Asia/Jerusalem"];
            let mend = match nearest_zone(&site.time_zone) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("name one of the IANA time zones, such as {}", listed(&zones)),
            };
            let message = format!("`{}` is no time zone", site.time_zone);
            let zone = format!("{path}/time_zone");
            checker.note(checker.mistake("study.time-zone", &zone, message, "days are counted in it").mend(mend));
        }
        if site.country.len() != 2 || !site.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let message = format!("`{}` is no country code", site.country);
            checker.note(
                checker
                    .mistake("study.country", &format!("{path}/country"), message, "not two capital letters")
                    .mend("write the two letters of ISO 3166, such as `US`, `CA`, `GB`"),
            );
        }
        if site.cap == Some(0) {
            let message = format!("`{}` may enrol nobody", site.id);
            checker.note(
                checker
                    .mistake("study.cap", &format!("{path}/cap"), message, "nobody")
                    .warning()
                    .mend("leave the cap out, or the site"),
            );
        }
    }
    let caps: Option<u32> = parts.sites.iter().try_fold(0_u32, |sum, site| Some(sum.saturating_add(site.cap?)));
    if let (Some(caps), Some(design)) = (caps, &parts.design)
        && caps < design.participants_planned
        && !parts.sites.is_empty()
    {
        checker.note(
            checker
                .mistake(
                    "study.cap",
                    "design/participants_planned",
                    format!(
                        "{} people are planned, but all sites together may enrol {caps}",
                        design.participants_planned
                    ),
                    "more than the sites may take",
                )
                .warning()
                .mend("raise a cap, add a site, or plan fewer people"),
        );
    }
}

fn nearest_zone(wrong: &str) -> Option<String> {
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    crate::spelling::nearest(wrong, names.iter().map(String::as_str)).map(str::to_owned)
}

fn arms(checker: &Checker<'_>) {
    let parts = checker.parts;
    for arm in &parts.arms {
        if arm.ratio == 0 {
            let message = format!("nobody would be assigned to `{}`", arm.id);
            checker.note(
                checker
                    .mistake("study.ratio", &format!("arm/{}/ratio", arm.id), message, "a share of nothing")
                    .mend("write its share, from 1, or take the arm out"),
            );
        }
    }
    let Some(design) = &parts.design else { return };
    match &design.assignment {
        Assignment::OpenLabel if parts.arms.len() > 1 => {
            let message = format!("an open-label study has one arm, and this has {}", parts.arms.len());
            checker.note(
                checker
                    .mistake("study.arms", "design/assignment", message, "which arm would people get?")
                    .mend("keep one arm, or write `assignment = \"randomised\"`"),
            );
        }
        Assignment::Randomised { .. } if parts.arms.len() == 1 => checker.note(
            checker
                .mistake("study.arms", "design/assignment", "there is only one arm to randomise to", "one arm")
                .mend("add an arm, or write `assignment = \"open_label\"`"),
        ),
        Assignment::Randomised { strata, block_sizes } => randomisation(checker, strata, block_sizes),
        Assignment::OpenLabel => {}
    }
    let placebo = parts.arms.iter().any(|arm| arm.content == Content::Placebo);
    if design.masking == Masking::Open && placebo {
        checker.note(
            checker
                .mistake(
                    "study.masking",
                    "design/masking",
                    "everybody knows what they get, yet an arm gets placebo",
                    "open",
                )
                .warning()
                .mend("write `masking = \"double_blind\"`, or take the placebo arm out"),
        );
    }
    if design.masking == Masking::DoubleBlind && !placebo && parts.arms.len() == 1 {
        checker.note(
            checker
                .mistake("study.masking", "design/masking", "there is one arm only: nothing to be blind to", "blind")
                .mend("write `masking = \"open\"`, or add an arm"),
        );
    }
}

fn randomisation(checker: &Checker<'_>, strata: &[String], block_sizes: &[u32]) {
    for stratum in strata.iter().filter(|stratum| *stratum != "site") {
        let message = format!("`{stratum}` can't be a stratum");
        let path = format!("design/strata/{stratum}");
        checker.note(checker.mistake("study.strata", &path, message, "not known").mend("only `site` is built in"));
    }
    let sum: u32 = checker.parts.arms.iter().fold(0, |sum, arm| sum.saturating_add(arm.ratio));
    if block_sizes.is_empty() {
        let mend = format!("give sizes that are multiples of {sum}: `block_sizes = [{sum}, {}]`", sum * 2);
        checker.note(
            checker
                .mistake("study.block-size", "design/block_sizes", "there is no block to draw from", "empty")
                .mend(mend),
        );
    }
    for size in block_sizes {
        if sum > 0 && (*size == 0 || size % sum != 0) {
            let message = format!("a block of {size} can't hold the ratio of the arms, which sums to {sum}");
            let mend = format!("use multiples of {sum}, such as {sum} and {}", sum * 2);
            let path = format!("design/block_sizes/{size}");
            checker.note(checker.mistake("study.block-size", &path, message, "not a multiple").mend(mend));
        }
    }
}

fn consent(checker: &Checker<'_>) {
    let Some(plan) = &checker.parts.consent else { return };
    for version in &plan.versions {
        let path = format!("consent/version/{}", version.version);
        let questions = u32::try_from(version.questions.len()).unwrap_or(u32::MAX);
        if version.pass_mark > questions {
            let message = format!("{} right answers are needed of {questions} questions", version.pass_mark);
            checker.note(
                checker
                    .mistake("study.pass-mark", &format!("{path}/pass_mark"), message, "nobody could pass")
                    .mend(format!("at most {questions}")),
            );
        } else if version.pass_mark == 0 && questions > 0 {
            checker.note(
                checker
                    .mistake(
                        "study.pass-mark",
                        &format!("{path}/pass_mark"),
                        "everybody passes the comprehension check",
                        "no right answer is needed",
                    )
                    .warning()
                    .mend("say how many must be right"),
            );
        }
        if !version.items.iter().any(|item| item.required) {
            let message = format!("consent version {} needs nothing to be agreed to", version.version);
            checker.note(
                checker
                    .mistake("study.consent-item", &format!("{path}/item"), message, "no item is required")
                    .mend("mark taking part with `required = true`"),
            );
        }
    }
}

fn amendment(checker: &Checker<'_>) {
    if let (Some(amendment), Some(version)) = (&checker.parts.amendment, &checker.parts.version)
        && amendment.amends == *version
    {
        let message = format!("version {version} amends itself");
        checker.note(
            checker
                .mistake("study.amendment", "amendment/amends", message, "the study's own version")
                .mend("give the study a new `version`, and name the old one here"),
        );
    }
}
