//! Other medicines: washouts against half-lives, and each medicine in one class.

use super::Checker;
use crate::model::{MedicationPlan, Medicine, MedicineRule};
use std::collections::BTreeMap;

pub fn check(checker: &Checker<'_>) {
    let Some(plan) = &checker.parts.medication else { return };
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for class in &plan.classes {
        let class_path = format!("medication/class/{}", class.id);
        for medicine in &class.medicines {
            let path = format!("{class_path}/medicines/{}", medicine.name);
            if let Some(first) = seen.get(medicine.name.as_str()) {
                let message = format!("`{}` is in two classes: which rule holds?", medicine.name);
                checker.note(
                    checker
                        .mistake("study.medicine-twice", &path, message, "here as well")
                        .note(&checker.place(first), "first named here")
                        .mend("keep it in one class"),
                );
            } else {
                seen.insert(&medicine.name, path.clone());
            }
            if medicine.name.chars().any(char::is_uppercase) {
                let message = format!("`{}` is written with capitals", medicine.name);
                checker.note(
                    checker
                        .mistake("study.medicine-name", &path, message, "generic names are lower case")
                        .mend(format!("write `{}`", medicine.name.to_lowercase())),
                );
            }
            washout(checker, plan, &class.rule, medicine, &path);
        }
        if class.medicines.is_empty() {
            let message = format!("the class `{}` holds no medicine", class.id);
            checker.note(
                checker
                    .mistake("study.class-empty", &format!("{class_path}/medicines"), message, "empty")
                    .warning()
                    .mend("name its medicines: they are looked up by name"),
            );
        }
    }
}

fn washout(checker: &Checker<'_>, plan: &MedicationPlan, rule: &MedicineRule, medicine: &Medicine, path: &str) {
    let Some(computed) = plan.days_by_half_life(medicine) else { return };
    let rule_words = format!("{} half-lives and {} days make {computed}", plan.half_lives, plan.plus_days);
    match (rule, medicine.days) {
        (MedicineRule::Washout { .. } | MedicineRule::Prohibited { .. }, Some(days)) if days < computed => {
            let message = format!("{days} days for `{}` are fewer than the half-life rule asks for", medicine.name);
            let place = format!("{path}/days");
            checker.note(
                checker
                    .mistake("study.washout", &place, message, rule_words)
                    .warning()
                    .mend("let the class's source say why, or write more days"),
            );
        }
        (MedicineRule::Prohibited { days_min }, None) if *days_min < computed => {
            let message =
                format!("{days_min} days since `{}` are fewer than the half-life rule asks for", medicine.name);
            checker.note(
                checker
                    .mistake("study.washout", path, message, rule_words)
                    .mend(format!("raise the class's `days_min` to {computed}, or give this medicine its own `days`")),
            );
        }
        _ => {}
    }
}
