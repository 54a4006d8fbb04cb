//! Differences: opened by the rules in the append that found them, closed by somebody who did not count.
//!
//! The book is never balanced by itself: what is lost leaves it when the difference is closed, with its cause and its
//! notices. Source: safety.md §6, discrepancy workflow; 21 CFR 1301.76(b).

use super::orders::{country, forms, lacking, plan};
use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::{DiscrepancyKind, Entry, NoticeDue},
    finding::{Broken, Finding, Rule, Unreadable},
    state::{ContainerStanding, Discrepancy},
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use protocol::model::{Duty, LossCause, StockPlan, StockUse, Term};
use std::collections::BTreeMap;
use terms::{ContainerId, InstanceId, SiteId, StaffId};

/// One that is open.
pub const KNOWN: Rule = Rule {
    id: "discrepancy.known",
    sentence: "The difference is open",
    source: "safety.md §6",
    binds: &["resolve_discrepancy"],
    broken: "The act is refused",
};
/// A third person.
pub const THIRD: Rule = Rule {
    id: "discrepancy.third_person",
    sentence: "Who closes a difference signs, and has neither counted nor reported it",
    source: "safety.md §6: the two counters and a third approver",
    binds: &["resolve_discrepancy"],
    broken: "The act is refused; the difference stays open, and on every page of the site",
};
/// Counted again.
pub const RECOUNTED: Rule = Rule {
    id: "discrepancy.recounted",
    sentence: "Two have counted again since, each for themselves, and agreed with each other",
    source: "safety.md §6: both recount",
    binds: &["resolve_discrepancy"],
    broken: "The act is refused",
};
/// The cause fits.
pub const CAUSE: Rule = Rule {
    id: "discrepancy.cause",
    sentence: "The cause fits what the last count found: nothing is called a slip of the pen while something is gone",
    source: "safety.md §6: classified as clerical, breakage, overage, missing or theft",
    binds: &["resolve_discrepancy"],
    broken: "The act is refused",
};
/// Notices were sent.
pub const NOTICES: Rule = Rule {
    id: "discrepancy.notices",
    sentence: "Every notice that the cause asks for was sent",
    source: "The study's plan for the drug; 21 CFR 1301.76(b)",
    binds: &["resolve_discrepancy"],
    broken: "The act is refused; the notice's term runs on",
};
/// In words.
pub const SAID: Rule = Rule {
    id: "discrepancy.said",
    sentence: "It is said how the difference came about, and what is done against it",
    source: "safety.md §6: root cause and measures",
    binds: &["resolve_discrepancy"],
    broken: "The act is refused",
};

/// A difference as the rules find it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub containers: Vec<ContainerId>,
    pub pieces: BTreeMap<ContainerId, i64>,
    pub consignment: Option<String>,
    pub people: Vec<StaffId>,
    /// Nothing is given from this safe until it is closed.
    pub holds: bool,
}

/// The people of the act, as far as they are staff.
pub(super) fn people(case: &Case<'_>) -> Vec<StaffId> {
    [Some(&case.actor), case.second.as_ref()].into_iter().flatten().filter_map(|a| a.staff().cloned()).collect()
}

/// Opens a difference at a site, with its clocks; and a hold on the site where what may be given is in doubt.
pub(super) fn open(
    case: &Case<'_>,
    site: &SiteId,
    what: DiscrepancyKind,
    text: String,
    found: Found,
    draft: &mut Draft,
) {
    let hold = found.holds.then(|| {
        let hold = draft.instance();
        draft.site(site, Entry::HoldPlaced { instance: hold.clone(), text: text.clone() });
        hold
    });
    let instance = draft.instance();
    let plan = plan(case);
    let discovered = case.context.now;
    let by_delivery = matches!(what, DiscrepancyKind::Receipt | DiscrepancyKind::Shipment);
    let again_by =
        plan.filter(|_| !by_delivery).map(|plan| Case::after_minutes(discovered, i64::from(plan.recount_minutes)));
    let due = |form: &&protocol::model::StockForm| {
        let due = due_at(plan?, country(case, site), form.due?, discovered, case);
        Some(NoticeDue { form: form.id.clone(), title: form.title.clone(), causes: form.causes.clone(), due })
    };
    draft.stock(
        site,
        Entry::DiscrepancyOpened {
            instance,
            what,
            text,
            containers: found.containers,
            pieces: found.pieces,
            consignment: found.consignment,
            people: found.people,
            again_by,
            notices: forms(case, site, StockUse::Notice).iter().filter_map(due).collect(),
            hold,
        },
    );
}

/// When a notice is due that is counted from a discovery. Day 0 is the day of discovery; hours run through holidays.
pub fn due_at(plan: &StockPlan, country: &str, term: Term, discovered: Timestamp, case: &Case<'_>) -> Timestamp {
    let day = case.day_of(discovered);
    match term {
        Term::Hours(hours) => {
            discovered.checked_add(SignedDuration::from_hours(i64::from(hours))).unwrap_or(discovered)
        }
        Term::Days(days) => {
            case.end_of_day_on(crate::schedule::days_from(day, i32::try_from(days).unwrap_or(i32::MAX)))
        }
        Term::BusinessDays(days) => case.end_of_day_on(business_day(plan, country, day, days)),
    }
}

/// The n-th business day after a day; with none, the day itself or the next on which business is done.
pub fn business_day(plan: &StockPlan, country: &str, from: Date, days: u32) -> Date {
    let mut day = from;
    let mut left = days;
    loop {
        if left == 0 && plan.is_business_day(country, day) {
            return day;
        }
        let Ok(next) = day.tomorrow() else { return day };
        day = next;
        if left > 0 && plan.is_business_day(country, day) {
            left -= 1;
        }
    }
}

/// Containers and pieces that are gone by the last count: what leaves the book if the difference is closed as a loss.
pub fn gone(case: &Case<'_>, open: &Discrepancy) -> (Vec<ContainerId>, BTreeMap<ContainerId, i64>) {
    let stock = case.world.stock;
    let standing = |id: &ContainerId| stock.and_then(|stock| stock.containers.get(id)).map(|c| &c.standing);
    match (&open.recount, open.what) {
        (_, DiscrepancyKind::Receipt | DiscrepancyKind::Shipment) => {
            let missing = open.containers.iter().filter(|id| standing(id) == Some(&ContainerStanding::Missing));
            (missing.cloned().collect(), BTreeMap::new())
        }
        (Some(recount), _) => {
            let missing = recount.missing.iter().chain(&open.containers);
            let mut lost: Vec<ContainerId> = missing
                .filter(|id| recount.missing.contains(id) || standing(id) == Some(&ContainerStanding::Missing))
                .cloned()
                .collect();
            lost.sort();
            lost.dedup();
            let pieces =
                recount.pieces.iter().map(|(id, [found, book])| (id.clone(), i64::from(*book) - i64::from(*found)));
            (lost, pieces.collect())
        }
        (None, _) => (open.containers.clone(), open.pieces.clone()),
    }
}

pub(super) fn ask(case: &Case<'_>, discrepancy: &InstanceId, cause: LossCause, text: &str) -> Vec<Finding> {
    let Some(open) = case.world.stock.and_then(|stock| stock.discrepancies.get(discrepancy)) else {
        let remedy = "look at the stock's page again: somebody may have closed it";
        return vec![Broken::new(&KNOWN, "no such difference", "one that is open", remedy).into()];
    };
    let mut findings = vec![Finding::holds(&KNOWN, open.text.clone()), third(case, open), recounted(case, open)];
    findings.push(fits(case, open, cause));
    notices(open, cause, &mut findings);
    findings.push(if text.trim().is_empty() {
        Broken::new(&SAID, "nothing said", "how it came about", "say what was found, and what is done against it")
            .by(Duty::LeadSite)
            .into()
    } else {
        Finding::holds(&SAID, "said")
    });
    findings
}

fn third(case: &Case<'_>, open: &Discrepancy) -> Finding {
    let found = match case.actor.staff() {
        Some(me) if open.people.contains(me) => "one of those who counted or reported it",
        Some(_) if !case.actor.proof.signed => "not signed",
        Some(_) => return Finding::holds(&THIRD, "signed by a third person"),
        None => "nobody of the staff",
    };
    Broken::new(
        &THIRD,
        found,
        "the signature of somebody else",
        "the investigator or the sponsor looks into it, and signs",
    )
    .by(Duty::LeadSite)
    .into()
}

fn recounted(case: &Case<'_>, open: &Discrepancy) -> Finding {
    if matches!(open.what, DiscrepancyKind::Receipt | DiscrepancyKind::Shipment) {
        return Finding::holds(&RECOUNTED, "a delivery: it was counted as it arrived");
    }
    open.recount.as_ref().map_or_else(
        || {
            let remedy = "both count the safe again, each by themselves";
            Broken::new(&RECOUNTED, "not counted since", "a count by two since", remedy).by(Duty::DispenseDrug).into()
        },
        |recount| Finding::holds(&RECOUNTED, format!("counted again at {}", case.clock(recount.at))),
    )
}

fn fits(case: &Case<'_>, open: &Discrepancy, cause: LossCause) -> Finding {
    let (lost, pieces) = gone(case, open);
    let short = pieces.values().any(|pieces| *pieces > 0) || !lost.is_empty();
    let over = pieces.values().any(|pieces| *pieces < 0)
        || open.recount.as_ref().is_some_and(|recount| !recount.unexpected.is_empty());
    let by_delivery = matches!(open.what, DiscrepancyKind::Receipt | DiscrepancyKind::Shipment);
    let unexpected = open.recount.as_ref().is_some_and(|recount| !recount.unexpected.is_empty());
    let allowed: &[LossCause] = match (short, over, by_delivery) {
        // A note may be wrong, and a box may be short.
        (false, false, true) => {
            &[LossCause::Clerical, LossCause::Overage, LossCause::Missing, LossCause::Theft, LossCause::Breakage]
        }
        // What broke and is all there, to be destroyed.
        (false, false, false) => &[LossCause::Clerical, LossCause::Breakage],
        (true, false, _) => &[LossCause::Missing, LossCause::Theft, LossCause::Breakage],
        (false, true, _) => &[LossCause::Overage],
        (true, true, _) => &[LossCause::Missing, LossCause::Theft],
    };
    let found = match (short, over) {
        (false, false) => "nothing is gone and nothing too many".to_owned(),
        (true, _) => {
            format!("{} containers and {} pieces gone", lost.len(), pieces.values().filter(|p| **p > 0).sum::<i64>())
        }
        (false, true) => "more than there should be".to_owned(),
    };
    if unexpected {
        let recount = open.recount.as_ref().map(|recount| recount.unexpected.clone()).unwrap_or_default();
        let ids: Vec<&str> = recount.iter().map(ContainerId::as_str).collect();
        let remedy = "record what became of them first: found, received, or back; then count again";
        return Broken::new(
            &CAUSE,
            format!("{} in the safe and not by the book", ids.join(", ")),
            "a count that finds none such",
            remedy,
        )
        .by(Duty::DispenseDrug)
        .into();
    }
    if allowed.contains(&cause) {
        return Finding::holds(&CAUSE, found);
    }
    let words: Vec<&str> = allowed.iter().map(|cause| cause_words(*cause)).collect();
    Broken::new(
        &CAUSE,
        format!("{found}, called {}", cause_words(cause)),
        words.join(" or "),
        "name the cause that fits, or count again",
    )
    .by(Duty::LeadSite)
    .into()
}

/// A cause in words.
pub const fn cause_words(cause: LossCause) -> &'static str {
    match cause {
        LossCause::Clerical => "a slip of the pen or a miscount",
        LossCause::Breakage => "breakage or spillage",
        LossCause::Overage => "an overage",
        LossCause::Missing => "missing",
        LossCause::Theft => "theft",
    }
}

fn notices(open: &Discrepancy, cause: LossCause, findings: &mut Vec<Finding>) {
    let before = findings.len();
    for notice in open.notices.iter().filter(|notice| notice.causes.contains(&cause)) {
        if open.sent.contains(&notice.form) {
            continue;
        }
        let broken = Broken::new(&NOTICES, "not sent", "sent and recorded", "send it, and record its number")
            .about(notice.form.as_str(), format!("{} was sent", notice.title))
            .by(Duty::LeadSite);
        findings.push(broken.into());
    }
    if findings.len() == before {
        findings.push(Finding::holds(&NOTICES, "none outstanding"));
    }
}

pub(super) fn grant(
    case: &Case<'_>,
    site: &SiteId,
    discrepancy: &InstanceId,
    cause: LossCause,
    text: &str,
    draft: &mut Draft,
) {
    let Some(open) = case.world.stock.and_then(|stock| stock.discrepancies.get(discrepancy)) else { return };
    let (lost, pieces) = match cause {
        LossCause::Clerical => (Vec::new(), BTreeMap::new()),
        LossCause::Breakage | LossCause::Overage | LossCause::Missing | LossCause::Theft => gone(case, open),
    };
    let resolved =
        Entry::DiscrepancyResolved { instance: discrepancy.clone(), cause, text: text.to_owned(), lost, pieces };
    draft.stock(site, resolved);
    let stands = |hold: &InstanceId| case.world.site.is_some_and(|site| site.holds.contains_key(hold));
    if let Some(hold) = open.hold.as_ref().filter(|hold| stands(hold)) {
        draft.site(site, Entry::HoldLifted { instance: hold.clone() });
    }
}

/// A notice as it was sent.
#[derive(Debug)]
pub(super) struct Notice<'c> {
    pub form: &'c str,
    pub number: &'c str,
    pub fields: &'c BTreeMap<String, String>,
}

pub(super) fn notice(
    case: &Case<'_>,
    site: &SiteId,
    discrepancy: &InstanceId,
    notice: &Notice<'_>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let wrong =
        |field: &str, what: String, mend: &str| Unreadable { field: field.to_owned(), what, mend: mend.to_owned() };
    let Some(open) = case.world.stock.and_then(|stock| stock.discrepancies.get(discrepancy)) else {
        let mend = "look at the stock's page: somebody may have closed it";
        return Err(wrong("discrepancy", "no such difference is open".to_owned(), mend).into());
    };
    let Some(due) = open.notices.iter().find(|due| due.form == notice.form) else {
        let known: Vec<&str> = open.notices.iter().map(|due| due.form.as_str()).collect();
        let mend = format!("this difference asks for: {}", known.join(", "));
        return Err(wrong("form", format!("there is no notice `{}`", notice.form), &mend).into());
    };
    if notice.number.trim().is_empty() {
        let mend = "give the number, or the reference under which it was sent";
        return Err(wrong("number", "a notice without a reference".to_owned(), mend).into());
    }
    let form = plan(case).and_then(|plan| plan.form(notice.form));
    let empty = form.map(|form| lacking(form, notice.fields)).unwrap_or_default();
    if !empty.is_empty() {
        return Err(
            wrong("fields", format!("not filled in: {}", empty.join("; ")), "fill in what the form asks").into()
        );
    }
    draft.stock(
        site,
        Entry::NoticeRecorded {
            discrepancy: discrepancy.clone(),
            form: notice.form.to_owned(),
            number: notice.number.to_owned(),
            fields: notice.fields.clone(),
            late: case.at > due.due,
        },
    );
    Ok(())
}
