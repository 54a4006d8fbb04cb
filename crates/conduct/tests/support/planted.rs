//! What no act of the dosing day brings about, planted into the record so that a rule about it can be asked.

use super::{Clinic, P, form_entry};
use conduct::{Entry, StreamId};

/// Does what a row says: acts in words, or `seed` for what no act of this part brings about.
pub fn prepare(clinic: &mut Clinic, acts: &[&str]) {
    for act in acts {
        match act.strip_prefix("seed ") {
            Some(seed) => plant(clinic, seed),
            None => {
                let answer = clinic.run(act);
                assert!(!answer.starts_with("refused") && !answer.starts_with("un"), "{act}: {answer}");
            }
        }
    }
}

pub fn plant(clinic: &mut Clinic, seed: &str) {
    let site = StreamId::Site("S01".into());
    match seed {
        "weight 45" => clinic.person(form_entry("f2", "screening", "weight_kg 45 childbearing yes")),
        "weight unknown" => clinic.person(form_entry("f2", "screening", "weight_kg ? childbearing yes")),
        "childbearing no" => clinic.person(form_entry("f2", "screening", "weight_kg 70 childbearing no")),
        "confirmation ran out" => clinic.confirm(Some("2025-03-30")),
        "lorazepam yesterday" => medicine(clinic, "lorazepam", Some("2025-03-30")),
        "lorazepam two days ago" => medicine(clinic, "lorazepam", Some("2025-03-29")),
        "lorazepam some day" => medicine(clinic, "lorazepam", None),
        "sertraline a week ago" => medicine(clinic, "sertraline", Some("2025-03-24")),
        "sertraline in February" => medicine(clinic, "sertraline", Some("2025-02-20")),
        "site only opened" => {
            clinic.trial.sites.get_mut("S01").unwrap().standing = conduct::state::SiteStanding::Opened;
        }
        "site closed" => clinic.write(&StreamId::Trial, Entry::SiteClosed { site: "S01".into() }),
        "hold on the site" => {
            clinic.write(&site, Entry::HoldPlaced { instance: "h1".into(), text: "fire alarm".into() });
        }
        "ethics ran out" => clinic.sites.get_mut("S01").unwrap().approvals.clear(),
        "licence ran out" => clinic.people.get_mut(P).unwrap().approvals.clear(),
        "risk alarm" => risk_task(clinic),
        "risk answered" => {
            risk_task(clinic);
            clinic.person(Entry::TaskCompleted { instance: "t1".into(), text: "seen".into() });
        }
        "three sessions before" => {
            for session in 4..=6 {
                clinic.people.get_mut(P).unwrap().sessions.insert(session, dosed_session("2025-01-06T09:00:00Z"));
            }
        }
        "a dose three weeks ago" => earlier_dose(clinic, "2025-03-10T09:00:00Z"),
        "a dose ten days ago" => earlier_dose(clinic, "2025-03-21T09:00:00Z"),
        "a dose in autumn" => {
            earlier_dose(clinic, "2024-10-01T09:00:00Z");
            clinic.people.get_mut(P).unwrap().decisions.get_mut(&2).unwrap().day = "2024-09-20".parse().unwrap();
        }
        "K1 expired" => {
            clinic.stocks.get_mut("S01").unwrap().containers.get_mut("K1").unwrap().expires =
                "2025-03-30".parse().unwrap()
        }
        "K2 expired" => {
            clinic.stocks.get_mut("S01").unwrap().containers.get_mut("K2").unwrap().expires =
                "2025-03-30".parse().unwrap()
        }
        "delegations end today" => {
            for delegation in &mut clinic.sites.get_mut("S01").unwrap().delegations {
                if delegation.role == *"co_therapist" {
                    delegation.until = Some("2025-03-31".parse().unwrap());
                }
            }
        }
        "severe adverse event" => adverse_event(clinic, None),
        "severe adverse event, over" => adverse_event(clinic, Some("2025-03-31")),
        "ground withdrawn" => clinic.person(Entry::GroundWithdrawn {
            rule: "session.check".into(),
            session: Some(1),
            detail: "corrected".into(),
        }),
        "next day" => clinic.clock("2025-04-01 09:00"),
        "visit missed" => {
            clinic.person(Entry::VisitMissed { visit: "ES1".into(), reason: "ill".into(), planned: None });
        }
        other => panic!("nothing is planted as {other:?}"),
    }
}

pub fn medicine(clinic: &mut Clinic, name: &str, last: Option<&str>) {
    let last_dose = last.map_or(String::new(), |day| format!(",\"last_dose\":\"{day}\""));
    let report =
        format!("{{\"name\":\"{name}\",\"dose\":\"1 mg\",\"indication\":\"sleep\",\"rescue\":true{last_dose}}}");
    let medicine: conduct::command::MedicineReport = serde_json::from_str(&report).unwrap();
    let study = clinic.studies.get(&clinic.hash).unwrap().clone();
    let (class, rule) = conduct::participant::standing_of(&study.medication, &medicine);
    let instance = format!("m-{name}").as_str().into();
    clinic.person(Entry::MedicationRecorded { instance, medicine, class, rule, update: false });
}

pub fn adverse_event(clinic: &mut Clinic, ended: Option<&str>) {
    let ended = ended.map_or(String::new(), |day| format!(",\"ended\":\"{day}\""));
    let event = serde_json::from_str(&format!(
        "{{\"term\":\"chest pain\",\"onset\":\"2025-03-31\",\"severity\":\"severe\",\"related\":\"possible\",\
          \"session\":1,\"valence\":\"negative\",\"outcome\":\"recovering\"{ended}}}"
    ));
    let entry =
        Entry::AdverseEventRecorded { instance: "ae1".into(), event: event.unwrap(), emergent: true, update: false };
    clinic.person(entry);
}

pub fn risk_task(clinic: &mut Clinic) {
    clinic.person(Entry::TaskRaised(conduct::entry::TaskRaised {
        instance: "t1".into(),
        title: "ideation with a plan".into(),
        duty: protocol::model::Duty::Prescribe,
        due: clinic.now,
        trigger: protocol::model::Trigger::SuicideRisk,
        clock: None,
        about: None,
    }));
}

pub fn dosed_session(at: &str) -> conduct::state::SessionState {
    let at: jiff::Timestamp = at.parse().unwrap();
    conduct::state::SessionState {
        swallowed: vec![conduct::state::Swallow {
            part: conduct::command::DosePart::Initial,
            container: "K9".into(),
            amount: terms::Milligrams::ZERO,
            pieces: 2,
            at,
            day: at.to_zoned(jiff::tz::TimeZone::UTC).date(),
            authorised: true,
        }],
        closed: Some(at),
        ..Default::default()
    }
}

/// A dose in another session of the plan, without the rest of its history.
pub fn earlier_dose(clinic: &mut Clinic, at: &str) {
    clinic.people.get_mut(P).unwrap().sessions.insert(3, dosed_session(at));
}
