//! One command of each act, for asking the core whose duty it is. Never sent.

use conduct::{Command, duties_for};
use protocol::model::Duty;

use super::{Act, Kind};

/// Act and the command that it makes, without `fact` or `authorise` around it.
const SAMPLES: &[(&str, &str)] = &[
    ("contact", r#"{"record_contact":{"participant":"p","outcome":"reached"}}"#),
    ("declined", r#"{"record_declined":{"participant":"p","reason":"r"}}"#),
    ("book", r#"{"book_visit":{"participant":"p","visit":"v","starts":"2025-01-01T00:00:00Z","mode":"phone"}}"#),
    ("attended", VISIT),
    ("completed", VISIT),
    ("no-show", VISIT),
    ("cancelled", VISIT),
    ("missed", VISIT),
    ("request-rating", r#"{"request_rating":{"participant":"p","visit":"v"}}"#),
    ("enrol", r#"{"enrol":{"participant":"p"}}"#),
    ("confirm", r#"{"confirm_enrolment":{"participant":"p"}}"#),
    ("screen-failure", r#"{"record_screen_failure":{"participant":"p","gate":1,"reason":"r"}}"#),
    ("rescreen", r#"{"rescreen":{"participant":"p"}}"#),
    ("randomise", r#"{"randomise":{"participant":"p"}}"#),
    ("stop", r#"{"record_stop":{"participant":"p","scope":"treatment","reason":"r","text":""}}"#),
    ("complete-participation", r#"{"complete_participation":{"participant":"p"}}"#),
    ("erase-identity", r#"{"erase_identity":{"participant":"p"}}"#),
    ("transfer", r#"{"transfer_participant":{"participant":"p","to":"s"}}"#),
    ("move-version", r#"{"move_version":{"participant":"p","to":"h"}}"#),
    ("approval", APPROVAL),
    ("site-approval", APPROVAL),
    ("hold", HOLD),
    ("site-hold", HOLD),
    ("trial-hold", HOLD),
    ("lift-hold", LIFT),
    ("lift-site-hold", LIFT),
    ("lift-trial-hold", LIFT),
    ("no-event", r#"{"complete_task":{"participant":"p","task":"t","text":"x"}}"#),
    ("complete-task", r#"{"complete_task":{"participant":"p","task":"t","text":"x"}}"#),
    ("strike", r#"{"strike_record":{"participant":"p","instance":"i"}}"#),
    ("break-code", r#"{"break_code":{"participant":"p"}}"#),
    ("medicine", r#"{"record_medication":{"participant":"p","medicine":{"name":"n","dose":"d","indication":"i"}}}"#),
    (
        "update-medicine",
        r#"{"update_medication":{"participant":"p","instance":"i","medicine":{"name":"n","dose":"d","indication":"i"}}}"#,
    ),
    (
        "adverse-event",
        r#"{"record_adverse_event":{"participant":"p","event":{"term":"t","onset":"2025-01-01","severity":"mild","related":"possible","valence":"neutral","outcome":"unknown"}}}"#,
    ),
    (
        "update-adverse-event",
        r#"{"update_adverse_event":{"participant":"p","instance":"i","event":{"term":"t","onset":"2025-01-01","severity":"mild","related":"possible","valence":"neutral","outcome":"unknown"}}}"#,
    ),
    ("deviation", r#"{"record_deviation":{"participant":"p","text":"t","class":"minor"}}"#),
    ("note", r#"{"record_note":{"participant":"p","text":"t"}}"#),
    ("order", r#"{"order_dose":{"participant":"p","session":1,"level":"l"}}"#),
    ("withdraw-order", r#"{"withdraw_order":{"participant":"p","session":1}}"#),
    ("release", r#"{"release_containers":{"participant":"p","session":1}}"#),
    ("check", r#"{"record_check":{"participant":"p","session":1,"check":"c","values":{}}}"#),
    ("presence", r#"{"record_presence":{"participant":"p","session":1,"going":"in"}}"#),
    ("reading", r#"{"record_reading":{"participant":"p","session":1,"measures":{}}}"#),
    ("authorise-dose", r#"{"authorise_dose":{"participant":"p","session":1,"container":"k"}}"#),
    (
        "swallow",
        r#"{"record_swallow":{"participant":"p","session":1,"part":"initial","container":"k","pieces":1,"mouth_checked":true}}"#,
    ),
    (
        "authorise-supplement",
        r#"{"authorise_supplement":{"participant":"p","session":1,"container":"k","wished":true}}"#,
    ),
    ("no-supplement", r#"{"record_supplement_not_given":{"participant":"p","session":1,"code":"c"}}"#),
    ("agreement", r#"{"record_agreement":{"participant":"p","session":1}}"#),
    ("session-note", r#"{"record_session_note":{"participant":"p","session":1,"code":"c"}}"#),
    ("correct-reading", r#"{"correct_reading":{"participant":"p","session":1,"reading":"i","measures":{}}}"#),
    ("correct-note", r#"{"correct_session_note":{"participant":"p","session":1,"note":"i","code":"c"}}"#),
    ("strike-line", r#"{"strike_record":{"participant":"p","instance":"i"}}"#),
    ("handover", r#"{"record_handover":{"participant":"p","session":1}}"#),
    ("open-card", r#"{"open_card":{"participant":"p","session":1,"card":"c"}}"#),
    ("tick-card", r#"{"tick_card":{"participant":"p","session":1,"card":"i","step":0}}"#),
    ("close-card", r#"{"close_card":{"participant":"p","session":1,"card":"i","text":"t"}}"#),
    ("call-contact", r#"{"call_contact":{"participant":"p","session":1,"contact":"c","reached":true}}"#),
    ("acknowledge", r#"{"acknowledge_alarm":{"participant":"p","session":1,"alarm":"i"}}"#),
    ("record-alarms", r#"{"record_alarms":{"participant":"p","session":1}}"#),
    ("stop-session", r#"{"stop_session":{"participant":"p","session":1}}"#),
    ("discharge", r#"{"discharge":{"participant":"p","session":1}}"#),
    ("departure", r#"{"record_departure":{"participant":"p","session":1,"to":"home","escort":"named"}}"#),
    ("night-check", r#"{"record_night_check":{"participant":"p","session":1,"awake":false}}"#),
    ("sign-session", r#"{"sign_session":{"participant":"p","session":1}}"#),
    ("close-session", r#"{"close_session":{"participant":"p","session":1}}"#),
    ("enquiry", r#"{"record_enquiry":{"site":"s","source":"x","language":"en"}}"#),
    ("receive", r#"{"receive_containers":{"site":"s","consignment":"c","containers":[]}}"#),
    ("accept", r#"{"accept_containers":{"site":"s","containers":[]}}"#),
    ("container", r#"{"record_container":{"site":"s","container":"k","what":"missing"}}"#),
    ("count", r#"{"count_stock":{"site":"s","found":[]}}"#),
    ("return-to-safe", r#"{"return_to_safe":{"site":"s","container":"k"}}"#),
    ("destroy", r#"{"destroy_containers":{"site":"s","containers":[],"method":"m"}}"#),
    ("order-form", r#"{"sign_order_form":{"site":"s","form":"f","number":"n","fields":{},"lines":[]}}"#),
    ("complete-receipt", r#"{"complete_receipt":{"site":"s","consignment":"c"}}"#),
    ("temperature", r#"{"record_temperature":{"site":"s","logger":"l","readings":[]}}"#),
    ("safe-access", r#"{"record_safe_access":{"site":"s","going":"opened","purpose":"p"}}"#),
    ("ship", r#"{"ship_containers":{"site":"s","to":"t","shipment":"n","containers":[],"seal":"x"}}"#),
    ("receive-shipment", r#"{"receive_shipment":{"site":"s","shipment":"n","found":[],"seal_whole":true}}"#),
    ("recall", r#"{"recall_lot":{"site":"s","lot":"l","reason":"r"}}"#),
    ("recall-lot", r#"{"recall_lot":{"lot":"l","reason":"r"}}"#),
    ("notice", r#"{"record_notice":{"site":"s","discrepancy":"i","form":"f","number":"n"}}"#),
    ("resolve", r#"{"resolve_discrepancy":{"site":"s","discrepancy":"i","cause":"clerical","text":"t"}}"#),
    ("delegate", r#"{"delegate":{"site":"s","staff":"a","role":"r","from":"2025-01-01"}}"#),
    ("end-delegation", END),
    ("certificate", r#"{"record_certificate":{"staff":"a","certificate":"c","issued":"2025-01-01"}}"#),
    ("withdraw-certificate", r#"{"withdraw_certificate":{"staff":"a","certificate":"c"}}"#),
    ("relation", r#"{"declare_relation":{"site":"s","staff":"a","other":"b","relation":"r"}}"#),
    ("end-relation", r#"{"end_relation":{"site":"s","staff":"a","other":"b","relation":"r"}}"#),
    ("end-role", END),
    ("adopt-study", r#"{"adopt_study":{"study":"h"}}"#),
    ("open-site", r#"{"open_site":{"site":"s"}}"#),
    ("activate-site", r#"{"activate_site":{"site":"s"}}"#),
    ("close-site", r#"{"close_site":{"site":"s"}}"#),
    ("set-cap", r#"{"set_cap":{"site":"s"}}"#),
    ("freeze-plan", r#"{"freeze_plan":{"plan":"h"}}"#),
    ("lock-record", r#"{"lock_record":{}}"#),
    ("unlock-record", r#"{"unlock_record":{}}"#),
    ("grant-role", r#"{"grant_role":{"staff":"a","role":"r"}}"#),
    ("take", r#"{"take_rating":{"request":"i"}}"#),
    ("rating-missed", r#"{"record_rating_missed":{"request":"i","text":"t"}}"#),
];

const VISIT: &str = r#"{"record_visit":{"participant":"p","visit":"v","outcome":"no_show"}}"#;
const APPROVAL: &str = r#"{"record_approval":{"approval":"a","scope":"site","site":"s","number":"n","from":"2025-01-01","until":"2025-01-01"}}"#;
const HOLD: &str = r#"{"place_hold":{"on":"trial","text":"t"}}"#;
const LIFT: &str = r#"{"lift_hold":{"on":"trial","hold":"i"}}"#;
const END: &str = r#"{"end_delegation":{"staff":"a","role":"r"}}"#;

fn command(act: &Act) -> Option<Command> {
    let (_, sample) = SAMPLES.iter().find(|(key, _)| *key == act.key)?;
    match act.kind {
        Kind::Fact => serde_json::from_str(sample).ok().map(Command::Fact),
        Kind::Authorisation => serde_json::from_str(sample).ok().map(Command::Authorise),
    }
}

/// Duties of which one is needed to ask for this act at all. None for an act that nobody could name.
pub fn duties(act: &Act) -> &'static [Duty] {
    command(act).map_or(&[], |command| duties_for(&command))
}

/// Commands of pages that are no act's form: how the address ends, and a command of the page.
const PAGES: &[(&str, &str)] = &[
    ("/consent", r#"{"record_consent":{"participant":"p","version":"1","items":{},"answers":{},"copy_given":true}}"#),
    ("/correct", r#"{"correct_form":{"participant":"p","instance":"i","changes":{},"seen":0}}"#),
    ("/document", r#"{"attach_document":{"participant":"p","kind":"other","name":"n","sha256":"x","bytes":1}}"#),
];
const FORM: &str = r#"{"record_form":{"participant":"p","form":"f","values":{}}}"#;

/// Duties of which one is needed on a page that records something and is no act's form; nothing for other pages.
pub fn page_duties(address: &str) -> Option<&'static [Duty]> {
    let sample = PAGES.iter().find(|(end, _)| address.ends_with(end)).map(|(_, sample)| *sample);
    let form = address.contains("/visits/") && address.contains("/forms/");
    let command = serde_json::from_str(sample.or_else(|| form.then_some(FORM))?).ok().map(Command::Fact)?;
    Some(duties_for(&command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_that_records_is_somebodys_duty() {
        for (page, _) in PAGES {
            assert!(page_duties(page).is_some_and(|duties| !duties.is_empty()), "{page}");
        }
        assert!(page_duties("/participants/p/visits/V1/forms/caps5").is_some_and(|duties| !duties.is_empty()));
    }

    #[test]
    fn every_act_is_somebodys_duty() {
        for act in super::super::all() {
            assert!(command(act).is_some(), "{} has no sample that reads as its kind", act.key);
            assert!(!duties(act).is_empty(), "{}", act.key);
        }
    }

    #[test]
    fn no_two_acts_share_an_address() {
        let mut all: Vec<String> = super::super::all().map(|a| format!("{:?}/{}", a.scope, a.key)).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    /// Commands that stand on a page of their own, or that no page makes.
    const BESIDE: &[&str] =
        &["record_consent", "record_form", "correct_form", "record_rating", "attach_document", "load_allocation"];

    #[test]
    fn every_command_of_the_core_has_a_form() {
        let schema = serde_json::to_value(schemars::schema_for!(Command)).unwrap().to_string();
        let have: Vec<String> = super::super::all().filter_map(command).map(|c| c.name()).collect();
        for kind in ["Fact", "Authorisation"] {
            for name in names_of(kind) {
                assert!(schema.contains(&format!("\"{name}\"")), "{name} is no command any more");
                assert!(have.contains(&name) || BESIDE.contains(&name.as_str()), "{name} ({kind}) has no page");
            }
        }
    }

    /// Names of a command's variants, from the core's own JSON Schema.
    fn names_of(kind: &str) -> Vec<String> {
        let schema = serde_json::to_value(schemars::schema_for!(Command)).unwrap();
        let variants = schema["$defs"][kind]["oneOf"].as_array().unwrap().clone();
        variants
            .iter()
            .flat_map(|v| {
                let keys =
                    v["properties"].as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
                let single = v["const"].as_str().map(str::to_owned);
                keys.into_iter().chain(single)
            })
            .collect()
    }
}
