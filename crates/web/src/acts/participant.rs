//! Acts about one participant: contacts, visits, gates, consent's neighbours, stopping, moving.

use std::collections::BTreeMap;

use conduct::command::{ContactOutcome, HoldOn, StopScope, VisitOutcome};
use conduct::{Authorisation, Command, Fact};
use protocol::model::{ApprovalScope, VisitMode};
use terms::{InstanceId, ParticipantId, SiteId, StudyHash, VisitId};

use super::reader::Reader;
use super::{Act, Kind, Proofs, Reason, Scene, Scope, choices, nothing};
use crate::parts::field::{Choice, Control, Field, LineKind};

pub const CONTACT_OUTCOMES: &[(&str, &str)] = &[
    ("reached", "Spoken to"),
    ("no_answer", "Nobody answered"),
    ("voicemail", "A message was left"),
    ("refused", "Would not speak"),
    ("via_contact", "Reached through the contact person"),
    ("welfare_check", "A welfare check was asked for"),
];

pub const CONTACT_ROUTES: &[(&str, &str)] = &[
    ("telephone", "Telephone"),
    ("message", "Text message"),
    ("email", "Mail"),
    ("letter", "Letter"),
    ("contact_person", "The person whom they named"),
    ("in_person", "In person"),
];

pub const MODES: &[(&str, &str)] = &[("on_site", "At the site"), ("remote", "By video"), ("phone", "By phone")];

pub const STOP_SCOPES: &[(&str, &str)] = &[
    ("treatment", "No more doses; the follow-up goes on"),
    ("discontinued", "The investigator ends treatment; the follow-up goes on"),
    ("study", "Leaves the study: no more visits"),
    ("consent", "Withdraws consent"),
    ("lost_to_follow_up", "Nobody can reach them any more"),
    ("died", "Died"),
];

fn who(scene: &Scene<'_>) -> Option<ParticipantId> {
    scene.participant.map(|p| p.id.clone())
}

fn visit(scene: &Scene<'_>) -> Option<VisitId> {
    (!scene.about.is_empty()).then(|| VisitId::from(scene.about.as_str()))
}

fn mode_field(scene: &Scene<'_>) -> Field {
    let allowed = scene.study.visit(&scene.about).map_or(VisitMode::Either, |visit| visit.mode);
    let options: Vec<Choice> = choices(MODES)
        .into_iter()
        .filter(|choice| match allowed {
            VisitMode::OnSite => choice.code == "on_site",
            VisitMode::Remote => choice.code != "on_site",
            VisitMode::Phone => choice.code == "phone",
            VisitMode::Either => true,
        })
        .collect();
    let first = options.first().map(|o| o.code.clone()).unwrap_or_default();
    Field::new("mode", "How it is held", Control::Choice { options }).value(first)
}

/// The planned day at ten in the morning stands in the field; the window is said beside it.
fn starts_field(scene: &Scene<'_>) -> Field {
    let field = Field::new("starts", "Day and time at the site", Control::Moment);
    let planned = scene
        .participant
        .zip(scene.study.visit(&scene.about))
        .and_then(|(participant, visit)| conduct::schedule::planned(scene.study, participant, visit));
    let Some(planned) = planned else { return field };
    let tomorrow = scene.today().tomorrow().unwrap_or_else(|_| scene.today());
    let day = planned.target.max(tomorrow);
    let window = format!(
        "Window {} to {}, planned for {}.",
        crate::show::date(planned.opens),
        crate::show::date(planned.closes),
        crate::show::weekday_date(planned.target)
    );
    field.hint(window).value(format!("{day}T10:00"))
}

fn minutes_field(scene: &Scene<'_>) -> Field {
    let least = scene.study.visit(&scene.about).and_then(|visit| visit.minutes_min);
    let hint = least.map_or_else(String::new, |minutes| format!("At least {minutes} min are planned."));
    Field::new("minutes", "How long it took", Control::Number { unit: "min".into(), decimal: false })
        .hint(hint)
        .optional()
}

fn words(name: &str, label: &str) -> Field {
    Field::new(name, label, Control::Text { rows: 3 }).hint("No names of people or places.")
}

fn study_reasons(scene: &Scene<'_>) -> Vec<Choice> {
    scene.study.follow_up.reasons.iter().map(|reason| Choice::new(&reason.code, &reason.label)).collect()
}

fn other_sites(scene: &Scene<'_>) -> Vec<Choice> {
    let here = scene.participant.map(|p| p.site.as_str());
    let others = scene.trial.sites.iter().filter(|(id, _)| Some(id.as_str()) != here);
    others.map(|(id, site)| Choice::new(id.as_str(), format!("{id} {}", site.name))).collect()
}

fn versions(scene: &Scene<'_>) -> Vec<Choice> {
    let now = scene.participant.map(|p| &p.study);
    let others = scene.trial.studies.iter().filter(|(hash, ..)| Some(hash) != now);
    others
        .map(|(hash, label, day)| {
            Choice::new(hash.as_str(), format!("Version {label}, adopted {}", crate::show::date(*day)))
        })
        .collect()
}

fn approvals(scene: &Scene<'_>, wanted: ApprovalScope) -> Vec<Choice> {
    let rules = scene.study.approvals.iter().filter(|rule| rule.per == wanted);
    rules.map(|rule| Choice::new(&rule.id, &rule.title)).collect()
}

pub fn approval_fields(scene: &Scene<'_>, wanted: ApprovalScope) -> Vec<Field> {
    vec![
        Field::new("approval", "Which approval", Control::Select { options: approvals(scene, wanted) }),
        Field::new("number", "Number on it", Control::Line { kind: LineKind::Text }),
        Field::new("from", "First day", Control::Date),
        Field::new("until", "Last day", Control::Date),
    ]
}

pub fn approval(scene: &Scene<'_>, reader: &mut Reader<'_>, scope: ApprovalScope) -> Option<Command> {
    let approval = reader.needed("approval", "Choose which approval it is.");
    let number = reader.needed("number", "Give the number on it.");
    let from = reader.date("from", "Give the first day.");
    let until = reader.date("until", "Give the last day.");
    let participant = if scope == ApprovalScope::Participant { Some(who(scene)?) } else { None };
    let site = scene.site_id?.clone();
    Some(Command::Fact(Fact::RecordApproval { approval, scope, site, participant, number, from: from?, until: until? }))
}

fn visit_fact(scene: &Scene<'_>, outcome: VisitOutcome, day: Option<jiff::civil::Date>) -> Option<Command> {
    Some(Command::Fact(Fact::RecordVisit { participant: who(scene)?, visit: visit(scene)?, outcome, day }))
}

fn authorise(act: Authorisation) -> Option<Command> {
    Some(Command::Authorise(act))
}

/// Acts about one participant.
pub const ACTS: &[Act] = &[
    Act {
        key: "contact",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Record a contact",
        intro: "Each try counts, also one that failed: nobody is called lost before the tries that the study asks for.",
        button: "Record contact",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| {
            vec![
                Field::new("outcome", "How did it end?", Control::Choice { options: choices(CONTACT_OUTCOMES) }),
                Field::new("route", "By which route?", Control::Choice { options: choices(CONTACT_ROUTES) }).optional(),
            ]
        },
        build: |scene, reader| {
            let outcome: Option<ContactOutcome> = reader.one_of("outcome", "Say how it ended.");
            let route = reader.maybe_one_of("route");
            Some(Command::Fact(Fact::RecordContact {
                participant: who(scene)?,
                visit: visit(scene),
                outcome: outcome?,
                route,
            }))
        },
    },
    Act {
        key: "declined",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "They declined",
        intro: "Before consent only. Their name and contacts can then be erased whole.",
        button: "Record that they declined",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| vec![words("reason", "Why, in a few words")],
        build: |scene, reader| {
            let reason = reader.needed("reason", "Say why, in a few words; “no reason given” is an answer.");
            Some(Command::Fact(Fact::RecordDeclined { participant: who(scene)?, reason }))
        },
    },
    Act {
        key: "book",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Book the visit",
        intro: "A new time moves an appointment that is there already.",
        button: "Book visit",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| vec![starts_field(scene), mode_field(scene)],
        build: |scene, reader| {
            let starts = reader.moment("starts", "Give the day and the time.");
            let mode = reader.one_of("mode", "Say how it is held.");
            authorise(Authorisation::BookVisit {
                participant: who(scene)?,
                visit: visit(scene)?,
                starts: starts?,
                mode: mode?,
            })
        },
    },
    Act {
        key: "attended",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "The person came",
        intro: "Opens the visit: its forms can be filled in from now on.",
        button: "Record that they came",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| vec![mode_field(scene)],
        build: |scene, reader| {
            let mode = reader.one_of("mode", "Say how it was held.");
            visit_fact(scene, VisitOutcome::Attended { mode: mode? }, None)
        },
    },
    Act {
        key: "completed",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "The visit is done",
        intro: "Required activities that were left out become deviations, each with its class.",
        button: "Record visit as done",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| vec![minutes_field(scene)],
        build: |scene, reader| {
            let minutes = reader.maybe_whole("minutes");
            visit_fact(scene, VisitOutcome::Completed { minutes }, None)
        },
    },
    Act {
        key: "no-show",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Nobody came",
        intro: "The appointment falls away; the visit stays to be booked.",
        button: "Record that nobody came",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| visit_fact(scene, VisitOutcome::NoShow, None),
    },
    Act {
        key: "cancelled",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "The appointment was cancelled",
        intro: "The visit stays to be booked.",
        button: "Record cancellation",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| vec![words("reason", "Why")],
        build: |scene, reader| {
            let reason = reader.needed("reason", "Say why it was cancelled.");
            visit_fact(scene, VisitOutcome::Cancelled { reason }, None)
        },
    },
    Act {
        key: "missed",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "The visit will not take place",
        intro: "A missed visit becomes a deviation. Visits after it can go on.",
        button: "Record as missed",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| vec![words("reason", "Why")],
        build: |scene, reader| {
            let reason = reader.needed("reason", "Say why it will not take place.");
            visit_fact(scene, VisitOutcome::Missed { reason }, None)
        },
    },
    Act {
        key: "request-rating",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Ask for an independent rating",
        intro: "The rater gets a pseudonym and the forms; neither site, visit nor code.",
        button: "Ask for a rating",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| authorise(Authorisation::RequestRating { participant: who(scene)?, visit: visit(scene)? }),
    },
    Act {
        key: "enrol",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Enrol",
        intro: "You decide that every criterion of the first gate is met, on the evidence shown.",
        button: "Enrol",
        proofs: Proofs::SignedMaybeTwo(
            "I have read the evidence for each criterion and find this person eligible at this gate.",
            "I countersign: I have read the evidence for the criteria that rest on judgement.",
        ),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| authorise(Authorisation::Enrol { participant: who(scene)? }),
    },
    Act {
        key: "confirm",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Confirm enrolment",
        intro: "You decide that the person still meets every criterion after baseline, with all washouts complete.",
        button: "Confirm enrolment",
        proofs: Proofs::SignedMaybeTwo(
            "I have read the evidence for each criterion and confirm this person's enrolment.",
            "I countersign: I have read the evidence for the criteria that rest on judgement.",
        ),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| authorise(Authorisation::ConfirmEnrolment { participant: who(scene)? }),
    },
    Act {
        key: "screen-failure",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Not eligible",
        intro: "The criteria that are not met are added from the evidence on record.",
        button: "Record as not eligible",
        proofs: Proofs::Signed("I find this person not eligible at this gate."),
        reason: Reason::None,
        fields: |scene| {
            let options =
                scene.study.gates.iter().map(|gate| Choice::new(gate.number.to_string(), &gate.title)).collect();
            vec![Field::new("gate", "At which gate", Control::Choice { options }), words("reason", "Why, in words")]
        },
        build: |scene, reader| {
            let gate = reader.whole("gate", "Choose the gate.");
            let reason = reader.needed("reason", "Say why, in words.");
            Some(Command::Fact(Fact::RecordScreenFailure { participant: who(scene)?, gate: gate?, reason }))
        },
    },
    Act {
        key: "rescreen",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Start screening again",
        intro: "The earlier attempt stays on record.",
        button: "Start screening again",
        proofs: Proofs::Signed("I decide that this person may be screened again."),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| authorise(Authorisation::Rescreen { participant: who(scene)? }),
    },
    Act {
        key: "randomise",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Randomise",
        intro: "The next place of the sealed list is given to this person. Nobody here learns which arm it is.",
        button: "Randomise",
        proofs: Proofs::Signed("I assign this person to treatment in this study."),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| authorise(Authorisation::Randomise { participant: who(scene)? }),
    },
    Act {
        key: "stop",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Treatment stopped, or the person leaves",
        intro: "Stopping treatment does not stop the follow-up: outcomes are still asked for.",
        button: "Record the stop",
        proofs: Proofs::Signed("I record this stop as the participant or the investigator decided it."),
        reason: Reason::None,
        fields: |scene| {
            vec![
                Field::new("scope", "How far does it go?", Control::Choice { options: choices(STOP_SCOPES) }),
                Field::new("reason", "Reason", Control::Select { options: study_reasons(scene) }),
                words("text", "In words").optional(),
            ]
        },
        build: |scene, reader| {
            let scope: Option<StopScope> = reader.one_of("scope", "Say how far it goes.");
            let reason = reader.needed("reason", "Choose the reason.");
            let text = reader.text("text");
            Some(Command::Fact(Fact::RecordStop { participant: who(scene)?, scope: scope?, reason, text }))
        },
    },
    Act {
        key: "complete-participation",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Close the record",
        intro: "For somebody who has done everything that the study asks.",
        button: "Close the record",
        proofs: Proofs::Signed("I have read this record and find it complete."),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| authorise(Authorisation::CompleteParticipation { participant: who(scene)? }),
    },
    Act {
        key: "erase-identity",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Erase who they are",
        intro: "Name, contacts and documents go for good, the signed consent among them. The record keeps the code, with nobody behind it.",
        button: "Erase for good",
        proofs: Proofs::Signed("The person asked to be erased, and I know that it can’t be brought back."),
        reason: Reason::Asked("How and when they asked, without a name"),
        fields: nothing,
        build: |scene, _| authorise(Authorisation::EraseIdentity { participant: who(scene)? }),
    },
    Act {
        key: "transfer",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Move to another site",
        intro: "The record goes along; the code stays.",
        button: "Move to that site",
        proofs: Proofs::Signed("The participant wishes to go on at the other site, and that site agrees."),
        reason: Reason::None,
        fields: |scene| vec![Field::new("to", "Where to", Control::Select { options: other_sites(scene) })],
        build: |scene, reader| {
            let to = reader.needed("to", "Choose the site.");
            authorise(Authorisation::TransferParticipant { participant: who(scene)?, to: SiteId::from(to) })
        },
    },
    Act {
        key: "move-version",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Move to another version of the study",
        intro: "Until moved, a participant stays on the version that they consented to.",
        button: "Move to that version",
        proofs: Proofs::Signed("This participant goes on under the chosen version of the study."),
        reason: Reason::None,
        fields: |scene| vec![Field::new("to", "Which version", Control::Select { options: versions(scene) })],
        build: |scene, reader| {
            let to = reader.needed("to", "Choose the version.");
            authorise(Authorisation::MoveVersion { participant: who(scene)?, to: StudyHash::from(to) })
        },
    },
    Act {
        key: "approval",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Record an approval",
        intro: "An approval for this participant alone.",
        button: "Record approval",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| approval_fields(scene, ApprovalScope::Participant),
        build: |scene, reader| approval(scene, reader, ApprovalScope::Participant),
    },
    Act {
        key: "hold",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Place a hold",
        intro: "Nothing can be authorised for this participant until the hold is lifted. Facts can always be recorded.",
        button: "Place hold",
        proofs: Proofs::Signed("I place this hold."),
        reason: Reason::None,
        fields: |_| vec![words("text", "Why it must wait")],
        build: |scene, reader| {
            let text = reader.needed("text", "Say why it must wait.");
            Some(Command::Fact(Fact::PlaceHold { on: HoldOn::Participant { participant: who(scene)? }, text }))
        },
    },
    Act {
        key: "lift-hold",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Lift a hold",
        intro: "",
        button: "Lift hold",
        proofs: Proofs::Signed("What this hold waited for is settled."),
        reason: Reason::Asked("What has been settled"),
        fields: nothing,
        build: |scene, _| {
            let hold = InstanceId::from(scene.about.as_str());
            authorise(Authorisation::LiftHold { on: HoldOn::Participant { participant: who(scene)? }, hold })
        },
    },
    Act {
        key: "complete-task",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Answer the task",
        intro: "",
        button: "Record as done",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| vec![words("text", "What was done")],
        build: |scene, reader| {
            let text = reader.needed("text", "Say what was done.");
            let task = InstanceId::from(scene.about.as_str());
            Some(Command::Fact(Fact::CompleteTask { participant: who(scene)?, task, text }))
        },
    },
    Act {
        key: "no-event",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "It was no adverse event",
        intro: "For a question of the session’s room. If it was one, record the adverse event instead.",
        button: "Sign that it was none",
        proofs: Proofs::Signed("I have looked at what happened, and it was no adverse event."),
        reason: Reason::None,
        fields: |_| vec![words("text", "Why not")],
        build: |scene, reader| {
            let text = reader.needed("text", "Say why not.");
            let task = InstanceId::from(scene.about.as_str());
            Some(Command::Fact(Fact::CompleteTask { participant: who(scene)?, task, text }))
        },
    },
    Act {
        key: "strike",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Strike this record through",
        intro: "For a record made by mistake, or for the wrong participant. It stays readable, struck through.",
        button: "Strike through",
        proofs: Proofs::Signed("This record was made by mistake."),
        reason: Reason::Asked("What went wrong"),
        fields: |_| {
            let control = Control::Line { kind: LineKind::Text };
            vec![
                Field::new("belongs_to", "Code of the participant whose it is", control)
                    .hint("If it was made for the wrong person.")
                    .optional(),
            ]
        },
        build: |scene, reader| {
            let belongs_to = reader.maybe("belongs_to").map(ParticipantId::from);
            let instance = InstanceId::from(scene.about.as_str());
            Some(Command::Fact(Fact::StrikeRecord { participant: who(scene)?, instance, belongs_to }))
        },
    },
    Act {
        key: "break-code",
        scope: Scope::Participant,
        kind: Kind::Authorisation,
        title: "Open the allocation in an emergency",
        intro: "Only where treating the person depends on knowing. Who was told, when and why is recorded; everyone else stays blind.",
        button: "Open the allocation",
        proofs: Proofs::Signed("The treatment of this person depends on knowing what they were given."),
        reason: Reason::Asked("Why knowing changes the treatment"),
        fields: nothing,
        build: |scene, _| authorise(Authorisation::BreakCode { participant: who(scene)? }),
    },
];

/// Ticked items of a list, by id.
pub fn ticks(reader: &Reader<'_>, prefix: &str, ids: impl Iterator<Item = String>) -> BTreeMap<String, bool> {
    ids.map(|id| {
        let ticked = reader.form().ticked(&format!("{prefix}{id}"));
        (id, ticked)
    })
    .collect()
}
