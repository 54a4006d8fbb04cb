//! From the tree to the model, section by section. Only the shape is looked at here; what the parts mean to each other
//! is seen in `check`.

mod analysis;
mod consent;
mod eligibility;
mod forms;
mod medicine;
mod people;
mod planning;
mod room;
mod safety;
mod schedule;
mod session;
mod stock;
mod words;

pub use consent::sha256;
pub use words::word_of;

use crate::{
    expression::{Names, Scope},
    files::Place,
    item::{Item, Notebook, Words},
    model::{
        Activity, Amendment, AnalysisPlan, ApprovalRule, Arm, Assignment, CertificateKind, Clock, ConsentPlan,
        Criterion, Design, DeviationRule, DosePlan, DuePlan, Epoch, FollowUpPlan, Form, Gate, MedicationPlan, Places,
        Planning, RelationKind, Role, SessionPlan, Site, StockPlan, Study, Visit,
    },
    scope,
    tree::Table,
};
use std::collections::BTreeMap;
use terms::Source;

/// What could be read of a study, so that the checks can go on after a mistake.
#[derive(Default)]
pub struct Parts {
    pub id: Option<String>,
    pub title: Option<String>,
    pub version: Option<String>,
    pub summary: Option<String>,
    pub source: Option<Source>,
    pub design: Option<Design>,
    pub amendment: Option<Amendment>,
    pub roles: Vec<Role>,
    pub arms: Vec<Arm>,
    pub sites: Vec<Site>,
    pub epochs: Vec<Epoch>,
    pub visits: Vec<Visit>,
    pub activities: Vec<Activity>,
    pub forms: Vec<Form>,
    pub criteria: Vec<Criterion>,
    pub gates: Vec<Gate>,
    pub medication: Option<MedicationPlan>,
    pub consent: Option<ConsentPlan>,
    pub dose: Option<DosePlan>,
    pub session: Option<SessionPlan>,
    pub deviations: Vec<DeviationRule>,
    pub clocks: Vec<Clock>,
    pub approvals: Vec<ApprovalRule>,
    pub certificates: Vec<CertificateKind>,
    pub relations: Vec<RelationKind>,
    pub follow_up: Option<FollowUpPlan>,
    pub due: DuePlan,
    pub stock: Option<StockPlan>,
    pub analysis: Option<AnalysisPlan>,
    pub planning: Option<Planning>,
    /// Names that criteria may use.
    pub scope: Scope,
}

impl Parts {
    /// The study, where every section was read.
    pub fn study(self) -> Option<Study> {
        Some(Study {
            id: self.id?,
            title: self.title?,
            version: self.version?,
            summary: self.summary?,
            source: self.source?,
            design: self.design?,
            amendment: self.amendment,
            roles: self.roles,
            arms: self.arms,
            sites: self.sites,
            epochs: self.epochs,
            visits: self.visits,
            activities: self.activities,
            forms: self.forms,
            criteria: self.criteria,
            gates: self.gates,
            medication: self.medication?,
            consent: self.consent?,
            dose: self.dose?,
            session: self.session?,
            deviations: self.deviations,
            clocks: self.clocks,
            approvals: self.approvals,
            certificates: self.certificates,
            relations: self.relations,
            follow_up: self.follow_up?,
            due: self.due,
            stock: self.stock,
            analysis: self.analysis?,
            planning: self.planning,
            places: Places::default(),
        })
    }
}

/// Takes the tree apart. `texts` are the study's files that aren't TOML, such as the consent.
pub fn decode(notebook: &Notebook, root: &Table, texts: &BTreeMap<String, String>, start: Place) -> Parts {
    let item = Item::new(notebook, root, start, String::new());
    // These two are for the reader of files, who has seen them.
    item.optional_text("extends");
    item.optional_table("remove");
    let mut parts = Parts {
        id: item.text("id"),
        title: item.text("title"),
        version: item.text("version"),
        summary: item.text("summary"),
        source: item.source(),
        design: item.table("design").and_then(|item| design(&item)),
        amendment: item.optional_table("amendment").and_then(|item| amendment(&item)),
        roles: each(item.some_items("role"), people::role),
        arms: each(item.some_items("arm"), people::arm),
        sites: each(item.some_items("site"), people::site),
        epochs: each(item.some_items("epoch"), schedule::epoch),
        visits: each(item.some_items("visit"), schedule::visit),
        activities: each(item.some_items("activity"), schedule::activity),
        forms: each(item.some_items("form"), forms::form),
        gates: each(item.some_items("gate"), schedule::gate),
        medication: item.table("medication").and_then(|item| medicine::medication(&item)),
        consent: item.table("consent").and_then(|item| consent::consent(&item, texts)),
        dose: item.table("dose").and_then(|item| medicine::dose(&item)),
        deviations: each(item.items("deviation"), safety::deviation),
        clocks: each(item.items("clock"), safety::clock),
        approvals: each(item.items("approval"), safety::approval),
        certificates: each(item.items("certificate"), people::certificate),
        relations: each(item.items("relation"), people::relation),
        follow_up: item.table("follow_up").and_then(|item| safety::follow_up(&item)),
        due: item.optional_table("due").map(|item| safety::due(&item)).unwrap_or_default(),
        stock: item.optional_table("stock").and_then(|item| stock::stock(&item)),
        planning: item.optional_table("planning").and_then(|item| planning::planning(&item)),
        ..Parts::default()
    };
    parts.scope = scope::participant(&parts.forms, &parts.visits, &parts.activities, parts.consent.as_ref());
    let names = &Names { own: &parts.scope, outer: None };
    parts.criteria = each(item.some_items("criterion"), |item| eligibility::criterion(item, names));
    parts.session = item.table("session").and_then(|item| session::session(&item, &parts.scope));
    let primary_form = |id: &str| parts.forms.iter().find(|form| form.id == *id)?.instrument.clone();
    parts.analysis = item.table("analysis").and_then(|item| analysis::analysis(&item, &parts.scope, &primary_form));
    item.finish();
    parts
}

/// Each of a list of tables that can be read.
fn each<T>(items: Vec<Item<'_>>, read: impl Fn(&Item<'_>) -> Option<T>) -> Vec<T> {
    items.iter().filter_map(read).collect()
}

#[derive(Debug, Clone, Copy)]
enum AssignmentWord {
    Randomised,
    OpenLabel,
}

impl Words for AssignmentWord {
    const ALL: &'static [(&'static str, Self)] = &[("randomised", Self::Randomised), ("open_label", Self::OpenLabel)];
}

fn design(item: &Item<'_>) -> Option<Design> {
    let masking = item.word("masking");
    let assignment = match item.word("assignment") {
        Some(AssignmentWord::Randomised) => Some(Assignment::Randomised {
            strata: item.texts("strata"),
            block_sizes: {
                let sizes = item.wholes("block_sizes");
                if !item.has("block_sizes") {
                    item.required_texts("block_sizes");
                }
                sizes
            },
        }),
        Some(AssignmentWord::OpenLabel) => Some(Assignment::OpenLabel),
        None => {
            // Their keys are right in one of the two.
            item.texts("strata");
            item.wholes::<u32>("block_sizes");
            None
        }
    };
    let (participants_planned, source) = (item.whole("participants_planned"), item.source());
    item.finish();
    Some(Design {
        masking: masking?,
        assignment: assignment?,
        participants_planned: participants_planned?,
        source: source?,
    })
}

fn amendment(item: &Item<'_>) -> Option<Amendment> {
    let (amends, summary, reconsent) = (item.text("amends"), item.text("summary"), item.word("reconsent"));
    item.finish();
    Some(Amendment { amends: amends?, summary: summary?, reconsent: reconsent? })
}
