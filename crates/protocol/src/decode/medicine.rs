//! Concomitant medicines and the study's own doses.

use super::{each, schedule::ids};
use crate::{
    item::{Item, Words},
    model::{DoseLevel, DosePlan, DoseSession, MedicationPlan, Medicine, MedicineClass, MedicineRule, SupplementPlan},
};

pub fn medication(item: &Item<'_>) -> Option<MedicationPlan> {
    let (half_lives, plus_days) = (item.whole("half_lives"), item.whole("plus_days"));
    let classes = each(item.items("class"), class);
    let source = item.source();
    item.finish();
    Some(MedicationPlan { half_lives: half_lives?, plus_days: plus_days?, source: source?, classes })
}

#[derive(Debug, Clone, Copy)]
enum RuleWord {
    Washout,
    Prohibited,
    Rescue,
    Stable,
    Allowed,
}

impl Words for RuleWord {
    const ALL: &'static [(&'static str, Self)] = &[
        ("washout", Self::Washout),
        ("prohibited", Self::Prohibited),
        ("rescue", Self::Rescue),
        ("stable", Self::Stable),
        ("allowed", Self::Allowed),
    ];
}

fn class(item: &Item<'_>) -> Option<MedicineClass> {
    let (id, title) = (item.identifier("id"), item.text("title"));
    let rule = match item.word("rule") {
        Some(RuleWord::Washout) => item.whole("days_min").map(|days_min| MedicineRule::Washout { days_min }),
        Some(RuleWord::Prohibited) => item.whole("days_min").map(|days_min| MedicineRule::Prohibited { days_min }),
        Some(RuleWord::Rescue) => {
            item.whole("hours_before_dose").map(|hours_before_dose| MedicineRule::Rescue { hours_before_dose })
        }
        Some(RuleWord::Stable) => item.whole("days").map(|days| MedicineRule::Stable { days }),
        Some(RuleWord::Allowed) => Some(MedicineRule::Allowed),
        None => return None,
    };
    let taper = item.flag_or("taper", false);
    let medicines = each(item.some_items("medicines"), |item| {
        let (name, half_life_hours) = (item.text("name"), item.optional_decimal("half_life_hours"));
        let days = item.optional_whole("days");
        item.finish();
        Some(Medicine { name: name?, half_life_hours, days })
    });
    let (reason, source) = (item.text("reason"), item.source());
    item.finish();
    Some(MedicineClass { id: id?, title: title?, rule: rule?, taper, medicines, reason: reason?, source: source? })
}

pub fn dose(item: &Item<'_>) -> Option<DosePlan> {
    let medicine = item.text("medicine");
    let sessions = each(item.some_items("session"), dose_session);
    let levels = each(item.some_items("level"), level);
    let session_max_mg = item.milligrams("session_max_mg");
    let (interval_days_min, interval_days_max) = (item.whole("interval_days_min"), item.whole("interval_days_max"));
    let reconfirm_after_days = item.whole("reconfirm_after_days");
    let (open_to_swallow_minutes, vomit_minutes) = (item.whole("open_to_swallow_minutes"), item.whole("vomit_minutes"));
    let supplement = item.optional_table("supplement").and_then(|item| supplement(&item));
    let source = item.source();
    item.finish();
    Some(DosePlan {
        medicine: medicine?,
        sessions,
        levels,
        session_max_mg: session_max_mg?,
        interval_days_min: interval_days_min?,
        interval_days_max: interval_days_max?,
        reconfirm_after_days: reconfirm_after_days?,
        open_to_swallow_minutes: open_to_swallow_minutes?,
        vomit_minutes: vomit_minutes?,
        supplement,
        source: source?,
    })
}

fn dose_session(item: &Item<'_>) -> Option<DoseSession> {
    let (number, visit) = (item.whole("number"), item.text("visit"));
    let (levels, level_default) = (ids(item.required_texts("levels")), item.text("level_default"));
    let source = item.source();
    item.finish();
    Some(DoseSession {
        number: number?,
        visit: visit?.into(),
        levels,
        level_default: level_default?.into(),
        source: source?,
    })
}

fn level(item: &Item<'_>) -> Option<DoseLevel> {
    let id = item.text("id");
    let (initial_mg, supplement_mg) = (item.milligrams("initial_mg"), item.milligrams("supplement_mg"));
    let (initial_pieces, supplement_pieces) = (item.whole("initial_pieces"), item.whole("supplement_pieces"));
    let source = item.source();
    item.finish();
    Some(DoseLevel {
        id: id?.into(),
        initial_mg: initial_mg?,
        supplement_mg: supplement_mg?,
        initial_pieces: initial_pieces?,
        supplement_pieces: supplement_pieces?,
        source: source?,
    })
}

fn supplement(item: &Item<'_>) -> Option<SupplementPlan> {
    let (opens_minutes, closes_minutes) = (item.whole("opens_minutes"), item.whole("closes_minutes"));
    let reason_after_minutes = item.optional_whole("reason_after_minutes");
    let (vitals_fresh_minutes, block_on) = (item.whole("vitals_fresh_minutes"), item.word("block_on"));
    let (lift_after_minutes, source) = (item.whole("lift_after_minutes"), item.source());
    item.finish();
    Some(SupplementPlan {
        opens_minutes: opens_minutes?,
        closes_minutes: closes_minutes?,
        reason_after_minutes,
        vitals_fresh_minutes: vitals_fresh_minutes?,
        block_on: block_on?,
        lift_after_minutes: lift_after_minutes?,
        source: source?,
    })
}
