//! Medicines: what the study's rule says of each, and the day on which its washout is complete.
//!
//! `days = ⌈half-lives × t½ / 24⌉ + days after`, at least the class's floor; a medicine may have days of its own.
//! Source: protocol.md §8.

use crate::{
    case::{Case, Draft},
    command::MedicineReport,
    decide::FactNo,
    entry::{Entry, MedicineStanding},
    finding::Unreadable,
    forms,
    schedule::days_from,
    state::Phase,
};
use protocol::model::{Duty, MedicationPlan, MedicineRule, Trigger};
use terms::InstanceId;

/// What the plan says of a medicine by name: its class and standing.
pub fn standing_of(plan: &MedicationPlan, report: &MedicineReport) -> (Option<String>, MedicineStanding) {
    let name = report.name.trim().to_lowercase();
    let found = plan.classes.iter().find_map(|class| {
        let medicine = class.medicines.iter().find(|medicine| medicine.name == name)?;
        Some((class, medicine))
    });
    let Some((class, medicine)) = found else { return (None, MedicineStanding::Unclassified) };
    let washout = |days: u32, prohibited: bool| {
        let complete = report.last_dose.map(|last| days_from(last, i32::try_from(days).unwrap_or(i32::MAX)));
        MedicineStanding::Washout { days, prohibited, complete }
    };
    let standing = match class.rule {
        MedicineRule::Washout { days_min } => washout(plan.washout_days(class, medicine).unwrap_or(days_min), false),
        MedicineRule::Prohibited { days_min } => washout(plan.washout_days(class, medicine).unwrap_or(days_min), true),
        // Taken by schedule, a rescue medicine is tapered and washed out like any other; a single rescue dose only
        // holds off a dose for some hours.
        MedicineRule::Rescue { hours_before_dose } => match plan.days_by_half_life(medicine) {
            Some(days) if !report.rescue => washout(days, false),
            Some(_) | None => MedicineStanding::Rescue { hours: hours_before_dose },
        },
        MedicineRule::Stable { days } => {
            MedicineStanding::Stable { days, stable_from: report.last_change.or(report.started) }
        }
        MedicineRule::Allowed => MedicineStanding::Allowed,
    };
    (Some(class.id.clone()), standing)
}

pub(super) fn record(
    case: &Case<'_>,
    instance: Option<&InstanceId>,
    report: &MedicineReport,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    write(case, instance, report, draft)?;
    crate::session::ground_check(case, draft);
    Ok(())
}

/// Writes a medicine down, and what follows from its class; whether it takes away the ground of something is asked by
/// the caller.
pub(crate) fn write(
    case: &Case<'_>,
    instance: Option<&InstanceId>,
    report: &MedicineReport,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let participant = case.participant()?;
    if let Some(instance) = instance
        && !participant.medications.contains_key(instance)
    {
        return Err(super::records::unknown_record(instance, "medicine").into());
    }
    check_dates(case, report)?;
    let (class, rule) = standing_of(&case.study.medication, report);
    let against = !matches!(participant.phase, Phase::Enquiry | Phase::Screening | Phase::Enrolled)
        && matches!(rule, MedicineStanding::Washout { .. })
        && (report.last_dose.is_none() || report.started.is_some_and(|started| started >= participant.enquired));
    let unclassified = rule == MedicineStanding::Unclassified && instance.is_none();
    let id = instance.cloned().unwrap_or_else(|| draft.instance());
    draft.participant(Entry::MedicationRecorded {
        instance: id.clone(),
        medicine: report.clone(),
        class,
        rule,
        update: instance.is_some(),
    });
    if against && !participant.has_left() && instance.is_none() {
        let detail = format!("{} taken after baseline", report.name);
        draft.consequence(case, Trigger::ProhibitedMedicine, detail, None, Some(&id));
    }
    if unclassified {
        let due = case.due_hours(case.study.due.medicine_hours);
        let title = format!("Say which class {} belongs to: the study doesn't list it", report.name);
        draft.task(title, Duty::MonitorMedically, due, Trigger::ProhibitedMedicine, Some(&id));
    }
    Ok(())
}

fn check_dates(case: &Case<'_>, report: &MedicineReport) -> Result<(), Unreadable> {
    let wrong = |field: &str, what: String| Unreadable {
        field: field.to_owned(),
        what,
        mend: "give the days as they happened".to_owned(),
    };
    if report.name.trim().is_empty() {
        return Err(Unreadable {
            field: "name".to_owned(),
            what: "the medicine has no name".to_owned(),
            mend: "give its generic name".to_owned(),
        });
    }
    let days = [
        ("started", report.started),
        ("taper_started", report.taper_started),
        ("last_dose", report.last_dose),
        ("last_change", report.last_change),
    ];
    for (field, day) in days {
        if let Some(day) = day.filter(|day| *day > case.day) {
            return Err(wrong(field, format!("{day} lies ahead")));
        }
        if let Some(day) = day.filter(|day| forms::impossible(*day)) {
            return Err(wrong(field, format!("{day} is out of living memory: 1900 or later can be meant")));
        }
    }
    if let (Some(started), Some(taper)) = (report.started, report.taper_started)
        && taper < started
    {
        return Err(wrong("taper_started", format!("tapered from {taper}, before it was started on {started}")));
    }
    if let (Some(started), Some(last)) = (report.started, report.last_dose)
        && last < started
    {
        return Err(wrong("last_dose", format!("the last dose on {last} lies before the first on {started}")));
    }
    Ok(())
}
