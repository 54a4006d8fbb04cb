//! Acts at a site: stock, delegations, holds, approvals, and the enquiry that makes a participant.

use conduct::command::{ContainerFact, ContainerReport, DosePart, HoldOn};
use conduct::state::ContainerStanding;
use conduct::{Authorisation, Command, Fact};
use protocol::model::{ApprovalScope, RoleScope};
use terms::{ContainerId, InstanceId, LevelId, RoleId, StaffId};

use super::participant::{approval, approval_fields};
use super::reader::{self, Reader};
use super::{Act, Kind, Proofs, Reason, Scene, Scope, choices, nothing};
use crate::parts::field::{Choice, Control, Field, LineKind};

const CONTAINER_FACTS: &[(&str, &str)] = &[
    ("quarantined", "Set aside"),
    ("damaged", "Broken or spoilt"),
    ("missing", "Not found"),
    ("temperature_excursion", "Stored too warm or too cold"),
    ("came_back", "The opened container came back to the safe"),
    ("refused", "Opened and refused: nothing was swallowed, it is back in the safe"),
    ("wasted", "Pieces were spoilt: dropped, broken, vomited"),
    ("found", "One that was missing was found"),
    ("returned_out", "Sent back to the depot"),
    ("recalled", "Called back by its maker"),
];

pub(super) fn line(name: &str, label: &str) -> Field {
    Field::new(name, label, Control::Line { kind: LineKind::Text })
}

/// Container numbers as people list them: by spaces, commas or lines.
pub(super) fn numbers(text: &str) -> Vec<ContainerId> {
    text.split(|c: char| c.is_whitespace() || c == ',' || c == ';')
        .filter(|part| !part.is_empty())
        .map(|part| ContainerId::from(part.to_uppercase()))
        .collect()
}

pub(super) fn ticked_containers(reader: &Reader<'_>) -> Vec<ContainerId> {
    let ticked = reader.form().iter().filter(|(_, value)| *value == "yes");
    ticked.filter_map(|(name, _)| name.strip_prefix("containers.")).map(ContainerId::from).collect()
}

pub(super) fn container_ticks(scene: &Scene<'_>, wanted: fn(&ContainerStanding) -> bool) -> Vec<Field> {
    let all = scene.stock.into_iter().flat_map(|stock| &stock.containers);
    all.filter(|(_, container)| wanted(&container.standing))
        .map(|(id, container)| {
            let part = match container.part {
                DosePart::Initial => "first dose",
                DosePart::Supplement => "supplement",
            };
            let words = format!(
                "{id}: {part}, level {}, lot {}, to {}",
                container.level,
                container.lot,
                crate::show::date(container.expires)
            );
            Field::new(&format!("containers.{id}"), &words, Control::Tick)
        })
        .collect()
}

/// Pieces in opened containers, one a line: number, pieces.
fn pieces_found(reader: &mut Reader<'_>) -> std::collections::BTreeMap<ContainerId, u32> {
    let mut out = std::collections::BTreeMap::new();
    for row in reader.text("pieces").lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (number, pieces) = row.rsplit_once([' ', ',', ';', '\t']).unwrap_or((row, ""));
        match pieces.trim().parse() {
            Ok(pieces) => {
                let number = number.trim().trim_end_matches([',', ';']).to_uppercase();
                out.insert(ContainerId::from(number), pieces);
            }
            Err(_) => reader.wrong("pieces", format!("“{row}” is not a container’s number and its pieces.")),
        }
    }
    out
}

/// One container a line: number, part, level, lot, last day.
fn reports(reader: &mut Reader<'_>) -> Vec<ContainerReport> {
    let text = reader.needed("containers", "List the containers, one a line.");
    let mut out = Vec::new();
    for (index, row) in text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
        match report(row) {
            Ok(report) => out.push(report),
            Err(words) => reader.wrong("containers", format!("Line {}: {words}", index + 1)),
        }
    }
    out
}

fn report(row: &str) -> Result<ContainerReport, String> {
    let parts: Vec<&str> = row.split([',', ';', '\t']).map(str::trim).collect();
    let (given, more) = parts.split_at_checked(5).unwrap_or((parts.as_slice(), &[]));
    let [number, part, level, lot, expires] = given else {
        return Err(format!("“{}” needs five parts: number, part, level, lot, last day.", row.trim()));
    };
    let further = |place: usize| more.get(place).filter(|text| !text.is_empty()).map(|text| (*text).to_owned());
    let part = match part.to_lowercase().as_str() {
        "initial" | "first" | "first dose" => DosePart::Initial,
        "supplement" => DosePart::Supplement,
        other => return Err(format!("“{other}” is neither “first dose” nor “supplement”.")),
    };
    Ok(ContainerReport {
        container: ContainerId::from(number.to_uppercase()),
        part,
        level: LevelId::from(*level),
        lot: (*lot).to_owned(),
        expires: reader::date(expires)?,
        seal: further(0),
        kit: further(1),
        pieces: None,
    })
}

fn container_fact(scene: &Scene<'_>, reader: &mut Reader<'_>) -> Option<Command> {
    let what = reader.needed("what", "Say what became of it.");
    let reason = |reader: &mut Reader<'_>| reader.needed("reason", "Say why.");
    let fact = match what.as_str() {
        "quarantined" => ContainerFact::Quarantined { reason: reason(reader) },
        "damaged" => ContainerFact::Damaged { reason: reason(reader) },
        "missing" => ContainerFact::Missing,
        "temperature_excursion" => ContainerFact::TemperatureExcursion {
            celsius: reader.decimal("celsius", "Give the warmest or coldest, in °C.")?,
        },
        "came_back" => ContainerFact::CameBack {
            pieces: reader.whole("pieces", "Give the pieces still in it; 0 if it is empty.")?,
            seal: reader.maybe("seal"),
        },
        "refused" => {
            ContainerFact::Refused { pieces: reader.whole("pieces", "Give the pieces in it.")?, reason: reason(reader) }
        }
        "wasted" => ContainerFact::Wasted {
            pieces: reader.whole("pieces", "Give the pieces that were spoilt.")?,
            reason: reason(reader),
        },
        "found" => ContainerFact::Found { place: reader.needed("reason", "Say where it was found.") },
        "returned_out" => ContainerFact::ReturnedOut {
            consignment: reader.needed("consignment", "Give the number of the consignment."),
        },
        "recalled" => ContainerFact::Recalled { reason: reason(reader) },
        "" => return None,
        other => {
            reader.wrong("what", format!("“{other}” is not one of the choices."));
            return None;
        }
    };
    let container = ContainerId::from(reader.needed("container", "Give the number on its label.").to_uppercase());
    Some(Command::Fact(Fact::RecordContainer { site: scene.site_id?.clone(), container, what: fact }))
}

pub fn roles(scene: &Scene<'_>, scope: RoleScope) -> Vec<Choice> {
    let named = scene.study.roles.iter().filter(|role| role.scope == scope);
    named.map(|role| Choice::new(role.id.as_str(), &role.title)).collect()
}

/// Acts at one site.
pub const ACTS: &[Act] = &[
    Act {
        key: "enquiry",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "Somebody asked about the study",
        intro: "They get a code. Their name and how to reach them are kept apart from the record, under a key of their own.",
        button: "Record enquiry",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| {
            let site = scene.site_id.and_then(|id| scene.study.site(id.as_str()));
            let languages: Vec<Choice> = site
                .map(|s| s.languages.iter().map(|l| Choice::new(l, language_name(l))).collect())
                .unwrap_or_default();
            let first = languages.first().map(|c| c.code.clone()).unwrap_or_default();
            vec![
                line("source", "How they heard of it").hint("As: physician, website, friend."),
                Field::new("language", "Language to speak with them", Control::Choice { options: languages })
                    .value(first),
            ]
        },
        build: |scene, reader| {
            let source = reader.needed("source", "Say how they heard of it; “not said” is an answer.");
            let language = reader.needed("language", "Choose the language.");
            Some(Command::Fact(Fact::RecordEnquiry { site: scene.site_id?.clone(), source, language }))
        },
    },
    Act {
        key: "receive",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "Containers arrived",
        intro: "They are set aside until two people accept them.",
        button: "Record arrival",
        proofs: Proofs::Two("I counted what arrived.", "I counted what arrived, by myself."),
        reason: Reason::None,
        fields: |_| {
            vec![
                line("consignment", "Number of the consignment"),
                Field::new("containers", "Containers, one a line", Control::Text { rows: 8 })
                    .hint("Number, first dose or supplement, level, lot, last day; then seal and carton, if they have any. As: K-10001, first dose, 80+40, L24-07, 2026-08-31, S-4471"),
                line("order", "Number of the order form").hint("As the form that was signed for it bears it.").optional(),
                Field::new("noted", "Containers on the delivery note", Control::Number { unit: "containers".into(), decimal: false })
                    .optional(),
                super::stock::certificates_field(),
            ]
        },
        build: |scene, reader| {
            let consignment = reader.needed("consignment", "Give the number on the delivery note.");
            let containers = reports(reader);
            Some(Command::Fact(Fact::ReceiveContainers {
                site: scene.site_id?.clone(),
                consignment,
                containers,
                order: reader.maybe("order"),
                noted: reader.maybe_whole("noted"),
                certificates: super::stock::certificates(reader),
            }))
        },
    },
    Act {
        key: "accept",
        scope: Scope::Site,
        kind: Kind::Authorisation,
        title: "Accept containers into the safe",
        intro: "From quarantine: seals whole, temperature kept, numbers as on the note.",
        button: "Accept containers",
        proofs: Proofs::Two(
            "Seals, numbers and temperature record are in order.",
            "I have checked the same, by myself.",
        ),
        reason: Reason::None,
        fields: |scene| container_ticks(scene, |standing| *standing == ContainerStanding::Quarantined),
        build: |scene, reader| {
            let containers = ticked_containers(reader);
            if containers.is_empty() {
                reader.wrong("", "Tick the containers to accept.");
            }
            Some(Command::Authorise(Authorisation::AcceptContainers { site: scene.site_id?.clone(), containers }))
        },
    },
    Act {
        key: "container",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "Something became of a container",
        intro: "",
        button: "Record",
        proofs: Proofs::SignedMaybeTwo("I saw this myself.", "I saw it too."),
        reason: Reason::None,
        fields: |scene| {
            vec![
                line("container", "Number on its label").value(scene.about.clone()),
                Field::new("what", "What became of it", Control::Choice { options: choices(CONTAINER_FACTS) }),
                line("reason", "Why, or where")
                    .hint("For set aside, broken, refused, spoilt, found, called back.")
                    .optional(),
                Field::new("celsius", "Warmest or coldest", Control::Number { unit: "°C".into(), decimal: true })
                    .optional(),
                Field::new(
                    "pieces",
                    "Pieces still in it, or spoilt",
                    Control::Number { unit: "pieces".into(), decimal: false },
                )
                .optional(),
                line("seal", "Number of the new seal").hint("For an opened container that came back.").optional(),
                line("consignment", "Number of the consignment").hint("For sent back.").optional(),
            ]
        },
        build: container_fact,
    },
    Act {
        key: "count",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "Count the safe",
        intro: "Two count, each by themselves and under their own sign-in. Write down what you see. What should be there, and what the other found, is shown to nobody before both have written.",
        button: "Record my count",
        proofs: Proofs::Signed("I counted what is in the safe, by myself."),
        reason: Reason::None,
        fields: |_| {
            let hint =
                "Each number that you find, opened ones too, by spaces or lines. Leave empty if the safe is empty.";
            let pieces = "Only where an opened container still has pieces in it, one a line. As: K-10001 1";
            vec![
                Field::new("found", "Containers found", Control::Text { rows: 6 }).hint(hint),
                Field::new("pieces", "Pieces in opened containers", Control::Text { rows: 2 }).hint(pieces).optional(),
            ]
        },
        build: |scene, reader| {
            let found = numbers(&reader.text("found"));
            let pieces = pieces_found(reader);
            Some(Command::Fact(Fact::CountStock { site: scene.site_id?.clone(), found, pieces }))
        },
    },
    Act {
        key: "return-to-safe",
        scope: Scope::Site,
        kind: Kind::Authorisation,
        title: "Put an unopened container back",
        intro: "",
        button: "Put back into the safe",
        proofs: Proofs::Two(
            "The seal is whole and I put the container back.",
            "I saw the whole seal and the container go back.",
        ),
        reason: Reason::None,
        fields: |scene| vec![line("container", "Number on its label").value(scene.about.clone())],
        build: |scene, reader| {
            let container =
                ContainerId::from(reader.needed("container", "Give the number on its label.").to_uppercase());
            Some(Command::Authorise(Authorisation::ReturnToSafe { site: scene.site_id?.clone(), container }))
        },
    },
    Act {
        key: "destroy",
        scope: Scope::Site,
        kind: Kind::Authorisation,
        title: "Destroy containers",
        intro: "",
        button: "Record destruction",
        proofs: Proofs::Two("I destroyed the containers named here.", "I saw the containers named here destroyed."),
        reason: Reason::None,
        fields: |scene| {
            let mut fields = container_ticks(scene, |standing| {
                matches!(
                    standing,
                    ContainerStanding::Quarantined
                        | ContainerStanding::Damaged
                        | ContainerStanding::Used { .. }
                        | ContainerStanding::Available
                )
            });
            fields.push(line("method", "How"));
            fields.push(line("record", "Number of the record of destruction").optional());
            fields
        },
        build: |scene, reader| {
            let containers = ticked_containers(reader);
            if containers.is_empty() {
                reader.wrong("", "Tick the containers.");
            }
            let method = reader.needed("method", "Say how.");
            Some(Command::Authorise(Authorisation::DestroyContainers {
                site: scene.site_id?.clone(),
                containers,
                method,
                record: reader.maybe("record"),
            }))
        },
    },
    Act {
        key: "delegate",
        scope: Scope::Site,
        kind: Kind::Authorisation,
        title: "Delegate a role",
        intro: "From the day named, the person may do what the role may.",
        button: "Sign the delegation",
        proofs: Proofs::Signed("I delegate this role; the person is trained for it."),
        reason: Reason::None,
        fields: |scene| {
            let people = scene.staff.to_vec();
            vec![
                Field::new("staff", "To whom", Control::Select { options: people.clone() }),
                Field::new("role", "Role", Control::Select { options: roles(scene, RoleScope::Site) }),
                Field::new("from", "First day", Control::Date).value(scene.today().to_string()),
                Field::new("until", "Last day", Control::Date).hint("Leave empty if it is open.").optional(),
                Field::new("covers", "Covers for", Control::Select { options: people }).optional(),
            ]
        },
        build: |scene, reader| {
            let staff = StaffId::from(reader.needed("staff", "Choose the person."));
            let role = RoleId::from(reader.needed("role", "Choose the role."));
            let from = reader.date("from", "Give the first day.");
            let until = reader.maybe_date("until");
            let covers = reader.maybe("covers").map(StaffId::from);
            Some(Command::Authorise(Authorisation::Delegate {
                site: scene.site_id?.clone(),
                staff,
                role,
                from: from?,
                until,
                covers,
            }))
        },
    },
    Act {
        key: "end-delegation",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "A delegation ended",
        intro: "",
        button: "Record the end",
        proofs: Proofs::Signed("This delegation has ended."),
        reason: Reason::None,
        fields: |scene| {
            let (staff, role) = scene.about.split_once('.').unwrap_or(("", ""));
            vec![
                Field::new("staff", "Whose", Control::Select { options: scene.staff.to_vec() }).value(staff),
                Field::new("role", "Role", Control::Select { options: roles(scene, RoleScope::Site) }).value(role),
            ]
        },
        build: |scene, reader| {
            let staff = StaffId::from(reader.needed("staff", "Choose the person."));
            let role = RoleId::from(reader.needed("role", "Choose the role."));
            Some(Command::Fact(Fact::EndDelegation { site: Some(scene.site_id?.clone()), staff, role }))
        },
    },
    Act {
        key: "site-approval",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "Record an approval of the site",
        intro: "",
        button: "Record approval",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| approval_fields(scene, ApprovalScope::Site),
        build: |scene, reader| approval(scene, reader, ApprovalScope::Site),
    },
    Act {
        key: "site-hold",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "Place a hold on the site",
        intro: "Nothing can be authorised here until it is lifted. Facts can always be recorded.",
        button: "Place hold",
        proofs: Proofs::Signed("I place this hold."),
        reason: Reason::None,
        fields: |_| vec![Field::new("text", "Why it must wait", Control::Text { rows: 3 })],
        build: |scene, reader| {
            let text = reader.needed("text", "Say why it must wait.");
            Some(Command::Fact(Fact::PlaceHold { on: HoldOn::Site { site: scene.site_id?.clone() }, text }))
        },
    },
    Act {
        key: "lift-site-hold",
        scope: Scope::Site,
        kind: Kind::Authorisation,
        title: "Lift a hold on the site",
        intro: "",
        button: "Lift hold",
        proofs: Proofs::Signed("What this hold waited for is settled."),
        reason: Reason::Asked("What has been settled"),
        fields: nothing,
        build: |scene, _| {
            let hold = InstanceId::from(scene.about.as_str());
            Some(Command::Authorise(Authorisation::LiftHold {
                on: HoldOn::Site { site: scene.site_id?.clone() },
                hold,
            }))
        },
    },
];

/// A language's own name, where it is one that sites of ours work in.
pub fn language_name(code: &str) -> String {
    let name = match code {
        "en" => "English",
        "de" => "Deutsch",
        "fr" => "Français",
        "es" => "Español",
        "he" => "עברית",
        "ar" => "العربية",
        "nl" => "Nederlands",
        "cs" => "Čeština",
        "pt" => "Português",
        other => other,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_note_line_by_line() {
        let read = |row: &str| {
            report(row).map(|r| format!("{} {:?} {} {} {}", r.container, r.part, r.level, r.lot, r.expires))
        };
        assert_eq!(
            read("k-1, first dose, 80+40, L7, 2026-08-31").unwrap(),
            "\"K-1\" Initial 80+40 L7 2026-08-31".replace('"', "")
        );
        for (row, part) in [
            ("K-1, first dose, 80+40, L7", "needs five parts"),
            ("K-1, both, 80+40, L7, 2026-08-31", "neither"),
            ("K-1, supplement, 80+40, L7, 2026-02-31", "not a day"),
        ] {
            assert!(read(row).unwrap_err().contains(part), "{row}");
        }
    }

    #[test]
    fn numbers_by_any_separator() {
        let found: Vec<String> = numbers(" k-1, K-2;K-3\nk-4 ").iter().map(ToString::to_string).collect();
        assert_eq!(found, ["K-1", "K-2", "K-3", "K-4"]);
        assert!(numbers(" \n").is_empty());
    }
}
