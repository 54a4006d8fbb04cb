//! Where a condition that does not hold can be mended: the one page that leads there, for those who may use it.

use conduct::Duties;
use conduct::finding::Broken;
use protocol::model::Study;

use crate::acts;
use crate::http::pairs::segment;
use crate::parts::words::Link;

/// Where the reader is and what they may do, for links to what mends a condition.
pub struct Place<'a> {
    pub study: &'a Study,
    /// `/participants/S01-001`, or the site's address; empty where there is nothing to link to.
    pub base: &'a str,
    /// The site's code; empty where none is in hand.
    pub site: &'a str,
    /// The dosing session in hand; 0 for none.
    pub session: u8,
    /// What the reader may do: what they can't is not linked to.
    pub duties: Duties,
}

/// A page on which the reader can mend the condition, where there is one.
pub fn mend(broken: &Broken, place: &Place<'_>) -> Option<Link> {
    if place.base.is_empty() {
        return None;
    }
    let link = session_link(broken, place).or_else(|| link(broken, place))?;
    acts::offered(place.duties, &link.href).then_some(link)
}

fn link(broken: &Broken, place: &Place<'_>) -> Option<Link> {
    let base = place.base;
    let condition = broken.condition.as_deref().unwrap_or("");
    if let Some(visit) = place.study.visit(condition) {
        return Some(Link::new(
            format!("{base}/visits/{}", segment(visit.id.as_str())),
            format!("Open {}", visit.name),
        ));
    }
    match broken.rule {
        rule if rule.starts_with("participant.consent") => Some(Link::new(format!("{base}/consent"), "Take consent")),
        "eligibility.criterion" => asked_at(broken, place),
        rule if rule.contains("washout") => Some(Link::new(format!("{base}#medicines"), "See the medicines")),
        rule if rule.contains("task") || rule == "session.suicide_risk" => {
            Some(Link::new(format!("{base}#due"), "See the tasks"))
        }
        "session.approval" => {
            let per_site = broken.who == Some(protocol::model::Duty::LeadSite);
            let at = if per_site {
                format!("/sites/{}/do/site-approval", segment(place.site))
            } else {
                format!("{base}/do/approval")
            };
            Some(Link::new(at, "Record the approval"))
        }
        "session.reconfirmed" | "eligibility.confirmation" => {
            Some(Link::new(format!("{base}/do/confirm"), "Confirm enrolment"))
        }
        _ => None,
    }
}

/// The visit at which a criterion's missing answer is asked: its evidence names visit and form, `V4.labs.sodium_mmol_l`.
fn asked_at(broken: &Broken, place: &Place<'_>) -> Option<Link> {
    broken.evidence.iter().find_map(|evidence| {
        let (first, rest) = evidence.name.split_once('.')?;
        let at_visit = |visit: &str| format!("{}/visits/{}", place.base, segment(visit));
        if let Some(form) = place.study.form(first) {
            let visit = &place.study.session(place.session)?.visit;
            let at = format!("{}/forms/{}", at_visit(visit.as_str()), segment(form.id.as_str()));
            return Some(Link::new(at, format!("Fill in: {}", form.title)));
        }
        let visit = place.study.visit(first)?;
        place.study.form(rest.split('.').next()?)?;
        Some(Link::new(at_visit(visit.id.as_str()), format!("Open {}", visit.name)))
    })
}

/// Conditions of a dosing session: each has its own form.
fn session_link(broken: &Broken, place: &Place<'_>) -> Option<Link> {
    if place.session == 0 {
        return None;
    }
    let act =
        |key: &str, words: &str| Some(Link::new(format!("{}/sessions/{}/do/{key}", place.base, place.session), words));
    let condition = broken.condition.as_deref().unwrap_or("");
    match broken.rule {
        "session.check" | "session.discharge" => act(&format!("check/{}", segment(condition)), "Record this check"),
        "session.check_form" => {
            let plan = &place.study.session;
            let check = plan.checks.iter().chain(&plan.discharge.criteria).find(|check| check.id == *condition)?;
            let form = place.study.form(check.form.as_ref()?.as_str())?;
            let visit = &place.study.session(place.session)?.visit;
            let at = format!("{}/visits/{}/forms/{}", place.base, segment(visit.as_str()), segment(form.id.as_str()));
            Some(Link::new(at, format!("Fill in: {}", form.title)))
        }
        "session.order" => act("order", "Order the dose"),
        "session.carers" | "session.lead" | "session.nurse" => act("presence", "Come into the room"),
        "dose.limits" | "supplement.vitals" | "supplement.limits" => act("reading", "Take a reading"),
        "dose.open_to_swallow" => act("release", "Take the containers out of the safe"),
        "close.departed" => act("departure", "The participant left"),
        "close.supplement" => act("no-supplement", "The supplement is not given"),
        "release.day" => {
            let visit = &place.study.session(place.session)?.visit;
            Some(Link::new(format!("{}/visits/{}", place.base, segment(visit.as_str())), "Open the visit"))
        }
        "close.containers" | "discharge.nothing_out" => {
            let container = broken.found.split([' ', ',']).next().unwrap_or("");
            let key = if broken.rule == "close.containers" { "container" } else { "return-to-safe" };
            let at = format!("/sites/{}/do/{key}/{}", segment(place.site), segment(container));
            Some(Link::new(at, "Bring the container back"))
        }
        _ => None,
    }
}
