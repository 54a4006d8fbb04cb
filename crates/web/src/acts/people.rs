//! What the staff hold and how they are related: certificates and relations, at a site and in the whole trial.

use conduct::{Command, Fact};
use protocol::model::CertificateKind;
use terms::StaffId;

use super::{Act, Kind, Proofs, Reason, Scene, Scope, reader::Reader};
use crate::parts::field::{Choice, Control, Field, LineKind};

fn kinds(scene: &Scene<'_>) -> Vec<Choice> {
    let title = |kind: &CertificateKind| Choice::new(kind.id.as_str(), kind.title.as_str());
    scene.study.certificates.iter().map(title).collect()
}

fn relations(scene: &Scene<'_>) -> Vec<Choice> {
    scene.study.relations.iter().map(|kind| Choice::new(kind.id.as_str(), kind.title.as_str())).collect()
}

fn number(name: &'static str, label: &'static str, unit: &str) -> Field {
    Field::new(name, label, Control::Number { unit: unit.into(), decimal: false }).optional()
}

fn certificate_fields(scene: &Scene<'_>) -> Vec<Field> {
    let (staff, kind) = scene.about.split_once('.').unwrap_or(("", ""));
    let mut fields = vec![
        Field::new("staff", "Whose", Control::Select { options: scene.staff.to_vec() }).value(staff),
        Field::new("certificate", "What", Control::Select { options: kinds(scene) }).value(kind),
        Field::new("issued", "Day of issue", Control::Date),
        Field::new("until", "Last day", Control::Date)
            .hint("As it stands on it; leave empty if it names none.")
            .optional(),
        Field::new("number", "Number", Control::Line { kind: LineKind::Text })
            .hint("As it stands on it. No names.")
            .optional(),
    ];
    if scene.study.certificates.iter().any(|kind| kind.hours_min.is_some()) {
        fields.push(number("hours", "Supervised hours", "hours"));
    }
    fields
}

fn certificate(scene: &Scene<'_>, reader: &mut Reader<'_>) -> Option<Command> {
    let staff = StaffId::from(reader.needed("staff", "Choose the person."));
    let certificate = reader.needed("certificate", "Choose the certificate.");
    let issued = reader.date("issued", "Give the day of issue.");
    let until = reader.maybe_date("until");
    let (number, hours) = (reader.maybe("number"), reader.maybe_whole("hours"));
    let site = scene.site_id.cloned();
    Some(Command::Fact(Fact::RecordCertificate { site, staff, certificate, number, hours, issued: issued?, until }))
}

fn withdrawal_fields(scene: &Scene<'_>) -> Vec<Field> {
    let (staff, kind) = scene.about.split_once('.').unwrap_or(("", ""));
    vec![
        Field::new("staff", "Whose", Control::Select { options: scene.staff.to_vec() }).value(staff),
        Field::new("certificate", "What", Control::Select { options: kinds(scene) }).value(kind),
        Field::new("from", "First day on which it does not hold", Control::Date)
            .hint("Its day of issue, if it never held.")
            .value(scene.today().to_string()),
    ]
}

fn withdrawal(scene: &Scene<'_>, reader: &mut Reader<'_>) -> Option<Command> {
    let staff = StaffId::from(reader.needed("staff", "Choose the person."));
    let certificate = reader.needed("certificate", "Choose the certificate.");
    let from = reader.date("from", "Give the day.");
    Some(Command::Fact(Fact::WithdrawCertificate {
        site: scene.site_id.cloned(),
        staff,
        certificate,
        from: Some(from?),
    }))
}

fn pair_fields(scene: &Scene<'_>) -> Vec<Field> {
    let mut about = scene.about.split('.');
    let mut next = || about.next().unwrap_or_default().to_owned();
    let (one, other, kind) = (next(), next(), next());
    vec![
        Field::new("staff", "Who", Control::Select { options: scene.staff.to_vec() }).value(one),
        Field::new("other", "And whom", Control::Select { options: scene.staff.to_vec() }).value(other),
        Field::new("relation", "How", Control::Select { options: relations(scene) }).value(kind),
    ]
}

fn pair(reader: &mut Reader<'_>) -> (StaffId, StaffId, String) {
    let staff = StaffId::from(reader.needed("staff", "Choose the person."));
    let other = StaffId::from(reader.needed("other", "Choose the other person."));
    (staff, other, reader.needed("relation", "Say how they are related."))
}

const RECORD: &str =
    "What somebody may ask for in a role is looked at on the day of each act. Nothing here refuses what they record.";
const WITHDRAW: &str =
    "What was allowed on the strength of it is looked at again, and flagged where it would not have been.";

pub const ACTS: &[Act] = &[
    Act {
        key: "certificate",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "Record a certificate",
        intro: RECORD,
        button: "Record certificate",
        proofs: Proofs::Signed("I have seen this certificate."),
        reason: Reason::None,
        fields: certificate_fields,
        build: certificate,
    },
    Act {
        key: "withdraw-certificate",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "A certificate does not hold",
        intro: WITHDRAW,
        button: "Record it",
        proofs: Proofs::Signed("This certificate does not hold from this day on."),
        reason: Reason::Asked("How this is known"),
        fields: withdrawal_fields,
        build: withdrawal,
    },
    Act {
        key: "relation",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "Two of the staff are related",
        intro: "People who are related are not the only two with a participant at a dose.",
        button: "Record the relation",
        proofs: Proofs::Signed("This has been declared."),
        reason: Reason::None,
        fields: |scene| {
            let mut fields = pair_fields(scene);
            fields.push(Field::new("from", "Since", Control::Date).value(scene.today().to_string()));
            fields
        },
        build: |scene, reader| {
            let (staff, other, relation) = pair(reader);
            let from = reader.date("from", "Give the day.");
            let site = scene.site_id?.clone();
            Some(Command::Fact(Fact::DeclareRelation { site, staff, other, relation, from: Some(from?) }))
        },
    },
    Act {
        key: "end-relation",
        scope: Scope::Site,
        kind: Kind::Fact,
        title: "A relation has ended",
        intro: "",
        button: "Record the end",
        proofs: Proofs::Signed("This has been declared."),
        reason: Reason::None,
        fields: pair_fields,
        build: |scene, reader| {
            let (staff, other, relation) = pair(reader);
            Some(Command::Fact(Fact::EndRelation { site: scene.site_id?.clone(), staff, other, relation }))
        },
    },
    Act {
        key: "certificate",
        scope: Scope::Trial,
        kind: Kind::Fact,
        title: "Record a certificate for the whole trial",
        intro: RECORD,
        button: "Record certificate",
        proofs: Proofs::Signed("I have seen this certificate."),
        reason: Reason::None,
        fields: certificate_fields,
        build: certificate,
    },
    Act {
        key: "withdraw-certificate",
        scope: Scope::Trial,
        kind: Kind::Fact,
        title: "A certificate does not hold in the whole trial",
        intro: "",
        button: "Record it",
        proofs: Proofs::Signed("This certificate does not hold from this day on."),
        reason: Reason::Asked("How this is known"),
        fields: withdrawal_fields,
        build: withdrawal,
    },
];
