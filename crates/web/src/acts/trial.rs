//! Acts on the trial as a whole, and those of the independent raters.

use conduct::command::{Disclosure, HoldOn};
use conduct::{Authorisation, Command, Fact};
use protocol::model::RoleScope;
use terms::{InstanceId, RoleId, SiteId, StaffId, StudyHash};

use super::site::roles;
use super::{Act, Kind, Proofs, Reason, Scene, Scope, choices, nothing};
use crate::parts::field::{Choice, Control, Field};

pub const DISCLOSURES: &[(&str, &str)] = &[
    ("nothing", "Nothing"),
    ("arm_hint", "A hint at what they were given"),
    ("session_content", "What happened in sessions"),
    ("visit_number", "Which visit it was"),
];

fn sites(scene: &Scene<'_>, open: bool) -> Vec<Choice> {
    let known = |id: &SiteId| scene.trial.sites.contains_key(id);
    let planned = scene.study.sites.iter().filter(|site| known(&site.id) == open);
    planned.map(|site| Choice::new(site.id.as_str(), format!("{} {}", site.id, site.name))).collect()
}

fn site_field(scene: &Scene<'_>, open: bool) -> Field {
    Field::new("site", "Site", Control::Select { options: sites(scene, open) }).value(scene.about.clone())
}

fn role_fields(scene: &Scene<'_>) -> Vec<Field> {
    vec![
        Field::new("staff", "Whose", Control::Select { options: scene.staff.to_vec() }),
        Field::new("role", "Role in the whole trial", Control::Select { options: roles(scene, RoleScope::Trial) }),
    ]
}

/// Acts on the trial.
pub const ACTS: &[Act] = &[
    Act {
        key: "adopt-study",
        scope: Scope::Trial,
        kind: Kind::Authorisation,
        title: "Adopt a version of the study",
        intro: "New participants are screened under it. Those in the study stay on theirs until they are moved.",
        button: "Adopt this version",
        proofs: Proofs::Signed("This version is approved for use."),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| {
            Some(Command::Authorise(Authorisation::AdoptStudy { study: StudyHash::from(scene.about.as_str()) }))
        },
    },
    Act {
        key: "open-site",
        scope: Scope::Trial,
        kind: Kind::Authorisation,
        title: "Open a site",
        intro: "It can get staff and stock; it enrols nobody before it is activated.",
        button: "Open site",
        proofs: Proofs::Signed("This site may be opened."),
        reason: Reason::None,
        fields: |scene| vec![site_field(scene, false)],
        build: |_, reader| {
            let site = SiteId::from(reader.needed("site", "Choose the site."));
            Some(Command::Authorise(Authorisation::OpenSite { site }))
        },
    },
    Act {
        key: "activate-site",
        scope: Scope::Trial,
        kind: Kind::Authorisation,
        title: "Let a site enrol",
        intro: "",
        button: "Activate site",
        proofs: Proofs::Signed("This site has what it needs and may enrol."),
        reason: Reason::None,
        fields: |scene| vec![site_field(scene, true)],
        build: |_, reader| {
            let site = SiteId::from(reader.needed("site", "Choose the site."));
            Some(Command::Authorise(Authorisation::ActivateSite { site }))
        },
    },
    Act {
        key: "close-site",
        scope: Scope::Trial,
        kind: Kind::Authorisation,
        title: "Stop a site from enrolling",
        intro: "Those enrolled there go on.",
        button: "Close site to enrolment",
        proofs: Proofs::Signed("This site enrols nobody any more."),
        reason: Reason::Asked("Why"),
        fields: |scene| vec![site_field(scene, true)],
        build: |_, reader| {
            let site = SiteId::from(reader.needed("site", "Choose the site."));
            Some(Command::Authorise(Authorisation::CloseSite { site }))
        },
    },
    Act {
        key: "set-cap",
        scope: Scope::Trial,
        kind: Kind::Authorisation,
        title: "Change a site’s enrolment cap",
        intro: "",
        button: "Set cap",
        proofs: Proofs::Signed("I set this cap."),
        reason: Reason::None,
        fields: |scene| {
            let cap =
                Field::new("cap", "Most people to enrol", Control::Number { unit: "people".into(), decimal: false });
            vec![site_field(scene, true), cap.hint("Leave empty for no cap.").optional()]
        },
        build: |_, reader| {
            let site = SiteId::from(reader.needed("site", "Choose the site."));
            let cap = reader.maybe_whole("cap");
            Some(Command::Authorise(Authorisation::SetCap { site, cap }))
        },
    },
    Act {
        key: "grant-role",
        scope: Scope::Trial,
        kind: Kind::Authorisation,
        title: "Give a role in the whole trial",
        intro: "",
        button: "Give role",
        proofs: Proofs::Signed("I give this role; the person is trained for it."),
        reason: Reason::None,
        fields: role_fields,
        build: |_, reader| {
            let staff = StaffId::from(reader.needed("staff", "Choose the person."));
            let role = RoleId::from(reader.needed("role", "Choose the role."));
            Some(Command::Authorise(Authorisation::GrantRole { staff, role }))
        },
    },
    Act {
        key: "end-role",
        scope: Scope::Trial,
        kind: Kind::Fact,
        title: "A role in the whole trial ended",
        intro: "",
        button: "Record the end",
        proofs: Proofs::Signed("This role has ended."),
        reason: Reason::None,
        fields: role_fields,
        build: |_, reader| {
            let staff = StaffId::from(reader.needed("staff", "Choose the person."));
            let role = RoleId::from(reader.needed("role", "Choose the role."));
            Some(Command::Fact(Fact::EndDelegation { site: None, staff, role }))
        },
    },
    Act {
        key: "trial-hold",
        scope: Scope::Trial,
        kind: Kind::Fact,
        title: "Place a hold on the whole trial",
        intro: "Nothing can be authorised anywhere until it is lifted. Facts can always be recorded.",
        button: "Place hold",
        proofs: Proofs::Signed("I place this hold."),
        reason: Reason::None,
        fields: |_| vec![Field::new("text", "Why it must wait", Control::Text { rows: 3 })],
        build: |_, reader| {
            let text = reader.needed("text", "Say why it must wait.");
            Some(Command::Fact(Fact::PlaceHold { on: HoldOn::Trial, text }))
        },
    },
    Act {
        key: "lift-trial-hold",
        scope: Scope::Trial,
        kind: Kind::Authorisation,
        title: "Lift a hold on the trial",
        intro: "",
        button: "Lift hold",
        proofs: Proofs::Signed("What this hold waited for is settled."),
        reason: Reason::Asked("What has been settled"),
        fields: nothing,
        build: |scene, _| {
            let hold = InstanceId::from(scene.about.as_str());
            Some(Command::Authorise(Authorisation::LiftHold { on: HoldOn::Trial, hold }))
        },
    },
    Act {
        key: "freeze-plan",
        scope: Scope::Trial,
        kind: Kind::Authorisation,
        title: "Freeze the analysis plan",
        intro: "The plan of the study version in force becomes final. It can’t be done once the allocation was opened.",
        button: "Freeze plan",
        proofs: Proofs::Two("This analysis plan is final.", "This analysis plan may be frozen."),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| Some(Command::Authorise(Authorisation::FreezePlan { plan: scene.study.analysis.hash() })),
    },
    Act {
        key: "lock-record",
        scope: Scope::Trial,
        kind: Kind::Authorisation,
        title: "Lock the record",
        intro: "What is still open is listed and written down with the lock. The lock opens the allocation for the analysis.",
        button: "Lock the record",
        proofs: Proofs::Two("The data are as they should be.", "The record may be locked."),
        reason: Reason::Asked("Why what is still open may stay open"),
        fields: nothing,
        build: |_, _| Some(Command::Authorise(Authorisation::LockRecord {})),
    },
    Act {
        key: "unlock-record",
        scope: Scope::Trial,
        kind: Kind::Authorisation,
        title: "Open the locked record again",
        intro: "It stays visible for ever that it was opened, when, by whom and why.",
        button: "Open the record again",
        proofs: Proofs::Two("Something must be changed.", "The record may be opened again."),
        reason: Reason::Asked("What must be changed, and why"),
        fields: nothing,
        build: |_, _| Some(Command::Authorise(Authorisation::UnlockRecord {})),
    },
    Act {
        key: "take",
        scope: Scope::Rating,
        kind: Kind::Authorisation,
        title: "Take this rating",
        intro: "It is yours from then on; nobody else can take it.",
        button: "Take this rating",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| {
            Some(Command::Authorise(Authorisation::TakeRating { request: InstanceId::from(scene.about.as_str()) }))
        },
    },
    Act {
        key: "rating-missed",
        scope: Scope::Rating,
        kind: Kind::Fact,
        title: "The rating did not take place",
        intro: "",
        button: "Record",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| vec![Field::new("text", "Why", Control::Text { rows: 3 })],
        build: |scene, reader| {
            let text = reader.needed("text", "Say why.");
            Some(Command::Fact(Fact::RecordRatingMissed { request: InstanceId::from(scene.about.as_str()), text }))
        },
    },
];

/// The question about what a participant let slip, on every rating.
pub fn disclosure_field() -> Field {
    Field::new(
        "disclosure",
        "Did the participant let something slip?",
        Control::Choice { options: choices(DISCLOSURES) },
    )
    .value("nothing")
}

/// Its answer.
pub fn disclosure(reader: &mut super::reader::Reader<'_>) -> Option<Disclosure> {
    reader.one_of("disclosure", "Say whether they let something slip.")
}
