//! What people do at the bedside: the pieces from which the worlds' alphabets are made.

use crate::{
    answers,
    moves::Move,
    stage::{Stage, day},
};
use conduct::{
    Authorisation, Command, Fact,
    command::{
        AdverseEventOutcome, AdverseEventReport, Causality, ContainerFact, DosePart, Going, HoldOn, MedicineReport,
        Severity, StopScope, Valence,
    },
};
use jiff::civil::Date;
use protocol::model::{Check, Failing, FieldKind, MedicineRule};
use std::collections::BTreeMap;
use terms::{ContainerId, Decimal, FieldId, ParticipantId, StaffId, Value};

/// The container that was released for a part of a session, in a state.
pub(super) fn released(
    person: &ParticipantId,
    session: u8,
    part: DosePart,
) -> impl Fn(&crate::state::State) -> Option<ContainerId> + Send + Sync + Clone + 'static {
    let person = person.clone();
    move |state| {
        let (initial, supplement, _) = state.people.get(&person)?.sessions.get(&session)?.containers.clone()?;
        match part {
            DosePart::Initial => Some(initial),
            DosePart::Supplement => supplement,
        }
    }
}

impl Stage {
    pub(crate) fn allow(&self, person: &ParticipantId, session: u8, by: &StaffId) -> Move {
        let (who, container) = (person.clone(), released(person, session, DosePart::Initial));
        Move::made(by, &format!("asks to let {person} swallow the released dose"), move |state| {
            let container = container(state)?;
            Some(Command::Authorise(Authorisation::AuthoriseDose { participant: who.clone(), session, container }))
        })
    }

    pub(crate) fn allow_from(&self, person: &ParticipantId, session: u8, container: &ContainerId) -> Move {
        let act = Authorisation::AuthoriseDose { participant: person.clone(), session, container: container.clone() };
        let words = format!("asks to let {person} swallow the dose from {container}");
        Move::ask(&self.staff.lead, &words, Command::Authorise(act)).with(&self.staff.co)
    }

    pub(crate) fn swallow(&self, person: &ParticipantId, session: u8, part: DosePart, pieces: u32) -> Move {
        let (who, container) = (person.clone(), released(person, session, part));
        let what = if part == DosePart::Initial { "the first dose" } else { "the supplement" };
        Move::made(
            &self.staff.lead,
            &format!("records that {person} swallowed {what}, {pieces} pieces"),
            move |state| {
                let container = container(state)?;
                Some(Command::Fact(Fact::RecordSwallow {
                    participant: who.clone(),
                    session,
                    part,
                    container,
                    pieces,
                    mouth_checked: true,
                    seen: None,
                }))
            },
        )
    }

    pub(crate) fn swallow_from(&self, person: &ParticipantId, session: u8, part: DosePart, from: &ContainerId) -> Move {
        let what = if part == DosePart::Initial { "the first dose" } else { "the supplement" };
        let fact = Fact::RecordSwallow {
            participant: person.clone(),
            session,
            part,
            container: from.clone(),
            pieces: 1,
            mouth_checked: true,
            seen: None,
        };
        let words = format!("records that {person} swallowed {what} from {from}");
        Move::ask(&self.staff.lead, &words, Command::Fact(fact)).with(&self.staff.co)
    }

    /// Pieces of a part that are ordered for a session.
    pub(crate) fn pieces(&self, session: u8, part: DosePart) -> u32 {
        let level = self.level_of(session).ok().and_then(|level| self.study.level(level.as_str()).cloned());
        level.map_or(1, |level| match part {
            DosePart::Initial => level.initial_pieces,
            DosePart::Supplement => level.supplement_pieces,
        })
    }

    pub(crate) fn open(&self, person: &ParticipantId, session: u8, by: &StaffId, wished: bool) -> Move {
        let (who, container) = (person.clone(), released(person, session, DosePart::Supplement));
        let words = if wished {
            "asks to open the supplement"
        } else {
            "asks to open the supplement, which the participant does not wish"
        };
        Move::made(by, words, move |state| {
            let container = container(state)?;
            Some(Command::Authorise(Authorisation::AuthoriseSupplement {
                participant: who.clone(),
                session,
                container,
                wished,
                physician_reason: None,
            }))
        })
    }

    pub(super) fn open_with_reason(&self, person: &ParticipantId, session: u8) -> Move {
        let (who, container) = (person.clone(), released(person, session, DosePart::Supplement));
        Move::made(&self.staff.prescriber, "asks to open the supplement and says why so late", move |state| {
            let container = container(state)?;
            Some(Command::Authorise(Authorisation::AuthoriseSupplement {
                participant: who.clone(),
                session,
                container,
                wished: true,
                physician_reason: Some("slow onset".to_owned()),
            }))
        })
        .with(&self.staff.lead)
    }

    /// Every check of the day as it clears, as it fails, and by somebody who may not do it.
    pub(super) fn checks(&self, person: &ParticipantId, session: u8, wrong: bool) -> Vec<Move> {
        let mut moves = Vec::new();
        for check in &self.study.session.checks {
            moves.extend(self.check(person, session, check));
            if wrong {
                moves.extend(self.check_fails(person, session, check));
            }
        }
        moves
    }

    pub(crate) fn check_fails(&self, person: &ParticipantId, session: u8, check: &Check) -> Vec<Move> {
        let mut moves = Vec::new();
        if let Some(values) = answers::failing(check, &self.answers, day()) {
            moves.push(self.check_with(person, session, check, values, true));
        }
        if let Some(values) = self.answers.checks.get(check.id.as_str())
            && self.does_not(&check.by) != self.staff.stranger
            && !check.by.is_empty()
        {
            moves.push(self.check_with(person, session, check, values.clone(), false));
        }
        if check.failing == Failing::Prescriber {
            moves.push(self.agrees(person, session, Some(check)));
        }
        moves
    }

    pub(super) fn agrees(&self, person: &ParticipantId, session: u8, check: Option<&Check>) -> Move {
        let words = check.map_or_else(
            || "agrees to go on after the pause".to_owned(),
            |check| format!("clears the check {}", check.id),
        );
        let fact = Fact::RecordAgreement { participant: person.clone(), session, check: check.map(|c| c.id.clone()) };
        Move::ask(&self.staff.prescriber, &words, Command::Fact(fact)).signed().because("judged at the bedside")
    }

    /// A suicide-risk form over the line, where the study has one.
    pub(super) fn alarm(&self, person: &ParticipantId) -> Option<Move> {
        let form = self.study.forms.iter().find(|form| form.instrument.as_deref() == Some("cssrs"))?;
        let mut values: BTreeMap<FieldId, Value> = ["1", "2", "3", "4"]
            .into_iter()
            .map(|item| (FieldId::from(item), Value::Bool(true)))
            .chain([(FieldId::from("5"), Value::Bool(false))])
            .collect();
        for item in ["actual_attempts", "interrupted_attempts", "aborted_attempts", "preparatory_acts"] {
            values.insert(item.into(), Value::Integer(0));
        }
        for item in ["frequency", "duration", "controllability", "deterrents", "reasons"] {
            values.insert(item.into(), Value::Integer(2));
        }
        values.insert("nssi".into(), Value::Bool(false));
        let fact =
            Fact::RecordForm { participant: person.clone(), form: form.id.clone(), visit: None, values, seen: None };
        let by = self.who_fills(form.id.as_str());
        Some(Move::ask(&by, "hears of suicidal thoughts with some intent, and writes them down", Command::Fact(fact)))
    }

    pub(crate) fn who_fills(&self, form: &str) -> StaffId {
        let roles = self.study.form(form).map(|form| form.completed_by.clone()).unwrap_or_default();
        let all = [
            &self.staff.lead,
            &self.staff.co,
            &self.staff.nurse,
            &self.staff.coordinator,
            &self.staff.investigator,
            &self.staff.prescriber,
            &self.staff.rater,
        ];
        let fits = |staff: &&&StaffId| self.role_of(staff).is_some_and(|role| roles.contains(role));
        all.iter().find(fits).map_or_else(|| self.staff.lead.clone(), |staff| (**staff).clone())
    }

    /// Somebody who was there signs the session's record.
    pub(crate) fn signs(&self, person: &ParticipantId, session: u8, by: &StaffId) -> Move {
        let fact = Fact::SignSession { participant: person.clone(), session };
        Move::ask(by, "signs the session's record", Command::Fact(fact))
    }

    /// Of something that may have been harm it is said that it was none.
    pub(crate) fn judges_harm(&self, person: &ParticipantId) -> Move {
        let who = person.clone();
        Move::made(&self.staff.prescriber, "says of what may have been harm that it was none", move |state| {
            let open =
                state.people.get(&who)?.tasks.iter().find(|(_, task)| {
                    task.done.is_none() && task.raised.trigger == protocol::model::Trigger::MayBeHarm
                })?;
            let text = "asked and looked: expected, mild, over".to_owned();
            Some(Command::Fact(Fact::CompleteTask { participant: who.clone(), task: open.0.clone(), text }))
        })
    }

    /// Every open task is done.
    pub(super) fn tasks_done(&self, person: &ParticipantId) -> Move {
        let who = person.clone();
        Move::made(&self.staff.prescriber, "sees the person and answers the oldest open task", move |state| {
            let open = state.people.get(&who)?.tasks.iter().find(|(_, task)| task.done.is_none())?;
            Some(Command::Fact(Fact::CompleteTask {
                participant: who.clone(),
                task: open.0.clone(),
                text: "seen".to_owned(),
            }))
        })
    }

    pub(super) fn hold(&self, on: HoldOn) -> Move {
        let what = match &on {
            HoldOn::Trial => "the trial".to_owned(),
            HoldOn::Site { site } => format!("the site {site}"),
            HoldOn::Participant { participant } => format!("{participant}"),
        };
        let fact = Fact::PlaceHold { on, text: "a rash".to_owned() };
        Move::ask(&self.staff.monitor, &format!("puts a hold on {what}"), Command::Fact(fact))
    }

    /// The oldest hold that stands anywhere is lifted.
    pub(super) fn lift(&self, person: &ParticipantId) -> Move {
        let (who, site) = (person.clone(), self.site.clone());
        Move::made(&self.staff.monitor, "lifts the hold", move |state| {
            let mine = state.people.get(&who)?.holds.keys().next().cloned();
            let of_site = state.sites.get(&site).and_then(|site| site.holds.keys().next().cloned());
            let of_trial = state.trial.holds.keys().next().cloned();
            let (on, hold) = match (mine, of_site, of_trial) {
                (Some(hold), _, _) => (HoldOn::Participant { participant: who.clone() }, hold),
                (None, Some(hold), _) => (HoldOn::Site { site: site.clone() }, hold),
                (None, None, Some(hold)) => (HoldOn::Trial, hold),
                (None, None, None) => return None,
            };
            Some(Command::Authorise(Authorisation::LiftHold { on, hold }))
        })
    }

    pub(super) fn stop(&self, person: &ParticipantId, scope: StopScope) -> Option<Move> {
        let reasons = &self.study.follow_up.reasons;
        let reason = reasons.first().map_or_else(|| "wish".to_owned(), |reason| reason.code.clone());
        let words = match scope {
            StopScope::Consent => "writes down that consent is withdrawn",
            StopScope::LostToFollowUp => "calls the person lost",
            _ => "stops the treatment",
        };
        let fact = Fact::RecordStop { participant: person.clone(), scope, reason, text: "as said".to_owned() };
        Some(Move::ask(&self.staff.coordinator, words, Command::Fact(fact)))
    }

    pub(super) fn container(&self, id: &ContainerId, what: ContainerFact, words: &str) -> Move {
        let fact = Fact::RecordContainer { site: self.site.clone(), container: id.clone(), what };
        Move::ask(&self.staff.pharmacist, &format!("records that {id} {words}"), Command::Fact(fact))
    }

    /// The container of a part, whichever was released, with something that became of it.
    pub(crate) fn released_container(
        &self,
        person: &ParticipantId,
        session: u8,
        part: DosePart,
        what: ContainerFact,
        words: &str,
    ) -> Move {
        let (site, container) = (self.site.clone(), released(person, session, part));
        let which = if part == DosePart::Initial { "the first dose's container" } else { "the supplement's container" };
        Move::made(&self.staff.pharmacist, &format!("records that {which} {words}"), move |state| {
            let container = container(state)?;
            Some(Command::Fact(Fact::RecordContainer { site: site.clone(), container, what: what.clone() }))
        })
    }

    /// The container of a part goes back unopened.
    pub(crate) fn put_back(&self, person: &ParticipantId, session: u8, part: DosePart) -> Move {
        let (site, container) = (self.site.clone(), released(person, session, part));
        let which = if part == DosePart::Initial { "the first dose" } else { "the supplement" };
        Move::made(&self.staff.pharmacist, &format!("puts {which} back into the safe"), move |state| {
            let container = container(state)?;
            Some(Command::Authorise(Authorisation::ReturnToSafe { site: site.clone(), container }))
        })
        .with(&self.staff.witness)
    }

    pub(super) fn note(&self, person: &ParticipantId, session: u8, code: &str) -> Option<Move> {
        let known = self.study.session.codes.iter().find(|known| known.code == code && known.unit.is_none())?;
        let fact = Fact::RecordSessionNote {
            participant: person.clone(),
            session,
            code: known.code.clone(),
            number: None,
            detail: None,
            text: None,
        };
        Some(Move::ask(&self.staff.co, &format!("notes {code}"), Command::Fact(fact)))
    }

    pub(super) fn stop_session(&self, person: &ParticipantId, session: u8) -> Move {
        let fact = Fact::StopSession { participant: person.clone(), session };
        Move::ask(&self.staff.lead, "stops the session", Command::Fact(fact))
    }

    pub(super) fn withdraw_order(&self, person: &ParticipantId, session: u8) -> Move {
        let fact = Fact::WithdrawOrder { participant: person.clone(), session };
        Move::ask(&self.staff.prescriber, "takes the order back", Command::Fact(fact))
    }

    pub(super) fn end_delegation(&self, who: &StaffId) -> Option<Move> {
        let role = self.role_of(who)?.clone();
        let site = self.study.role(role.as_str()).filter(|role| role.scope == protocol::model::RoleScope::Site);
        let site = site.map(|_| self.site.clone());
        let fact = Fact::EndDelegation { site, staff: who.clone(), role };
        let words = format!("ends the delegation of the {who}");
        Some(Move::ask(&self.staff.investigator, &words, Command::Fact(fact)))
    }

    /// A certificate of somebody's turns out not to hold: a licence, or the first that a role asks for.
    pub(super) fn uncertify(&self, who: &StaffId, licensed: bool) -> Option<Move> {
        let trial_wide = *who == self.staff.stranger;
        let role = self.role_of(who);
        let kind = self.study.certificates.iter().find(|kind| {
            let asked = role.is_none_or(|role| kind.roles.contains(role));
            kind.licensed == licensed && if licensed { asked || kind.roles.is_empty() } else { asked }
        })?;
        let site = (!trial_wide).then(|| self.site.clone());
        let fact = Fact::WithdrawCertificate { site, staff: who.clone(), certificate: kind.id.clone(), from: None };
        let by = if trial_wide { &self.staff.admin } else { &self.staff.investigator };
        Some(Move::ask(by, &format!("learns that {who} has no \"{}\" any more", kind.title), Command::Fact(fact)))
    }

    /// Two people are related.
    pub(super) fn relate(&self, one: &StaffId, other: &StaffId) -> Option<Move> {
        let relation = self.study.relations.first()?.id.clone();
        let (site, staff) = (self.site.clone(), one.clone());
        let fact = Fact::DeclareRelation { site, staff, other: other.clone(), relation, from: None };
        Some(Move::ask(&self.staff.admin, &format!("learns that {one} and {other} are related"), Command::Fact(fact)))
    }

    fn medicine(&self, person: &ParticipantId, words: &str, report: MedicineReport) -> Move {
        let fact = Fact::RecordMedication { participant: person.clone(), medicine: report };
        Move::ask(&self.staff.prescriber, words, Command::Fact(fact))
    }

    /// Medicines that stand in a dose's way: one of each rule of the study that has one, and one that nobody knows.
    pub(super) fn medicines(&self, person: &ParticipantId) -> Vec<Move> {
        let report = |name: &str, last: Option<Date>, rescue: bool| MedicineReport {
            name: name.to_owned(),
            dose: "1 daily".to_owned(),
            indication: "as told".to_owned(),
            started: Some(Date::constant(2026, 5, 1)),
            taper_started: None,
            last_dose: last,
            last_change: None,
            rescue,
        };
        let first = |fits: fn(&MedicineRule) -> bool| {
            let class = self.study.medication.classes.iter().find(|class| fits(&class.rule))?;
            class.medicines.first().map(|medicine| medicine.name.clone())
        };
        let yesterday = day().yesterday().ok();
        let mut moves = Vec::new();
        if let Some(name) = first(|rule| matches!(rule, MedicineRule::Prohibited { .. })) {
            let words = format!("learns that {name} is taken");
            moves.push(self.medicine(person, &words, report(&name, None, false)));
            let words = format!("learns that {name} was taken until yesterday");
            moves.push(self.medicine(person, &words, report(&name, yesterday, false)));
        }
        if let Some(name) = first(|rule| matches!(rule, MedicineRule::Washout { .. })) {
            let words = format!("learns that {name} was taken until yesterday");
            moves.push(self.medicine(person, &words, report(&name, yesterday, false)));
        }
        if let Some(name) = first(|rule| matches!(rule, MedicineRule::Rescue { .. })) {
            let words = format!("learns that {name} was taken yesterday");
            moves.push(self.medicine(person, &words, report(&name, yesterday, true)));
        }
        if let Some(name) = first(|rule| matches!(rule, MedicineRule::Stable { .. })) {
            let mut changed = report(&name, None, false);
            changed.last_change = yesterday;
            moves.push(self.medicine(person, &format!("learns that {name} was changed yesterday"), changed));
        }
        moves.push(self.medicine(
            person,
            "learns of a medicine that the study does not list",
            report("unheard-of", None, false),
        ));
        moves
    }

    /// An inhibitor of monoamine oxidase taken until twelve days ago: too near for anybody, whatever the study says.
    pub(super) fn maoi(&self, person: &ParticipantId) -> Move {
        let report = MedicineReport {
            name: "phenelzine".to_owned(),
            dose: "45 mg daily".to_owned(),
            indication: "depression".to_owned(),
            started: Some(Date::constant(2026, 4, 1)),
            taper_started: None,
            last_dose: Some(Date::constant(2026, 4, 30)),
            last_change: None,
            rescue: false,
        };
        self.medicine(person, "learns that phenelzine was taken until twelve days ago", report)
    }

    /// The last medicine on record was somebody else's.
    pub(super) fn strike_medicine(&self, person: &ParticipantId) -> Move {
        let who = person.clone();
        Move::made(&self.staff.coordinator, "strikes the medicine, which was somebody else's", move |state| {
            let found = state.people.get(&who)?.medications.iter().find(|(_, medicine)| !medicine.struck)?;
            Some(Command::Fact(Fact::StrikeRecord {
                participant: who.clone(),
                instance: found.0.clone(),
                belongs_to: Some(ParticipantId::from("S-009")),
            }))
        })
        .because("made in the wrong record")
    }

    /// The last record of the form of a check is struck.
    pub(super) fn strike_form(&self, person: &ParticipantId) -> Option<Move> {
        let form = self
            .study
            .session
            .checks
            .iter()
            .find_map(|check| check.form.clone().filter(|_| check.applies.is_none()))?;
        let who = person.clone();
        let words = format!("strikes the record of {form}");
        Some(
            Move::made(&self.staff.coordinator, &words, move |state| {
                let (instance, _) = state.people.get(&who)?.latest_form(form.as_str())?;
                let instance = instance.clone();
                Some(Command::Fact(Fact::StrikeRecord { participant: who.clone(), instance, belongs_to: None }))
            })
            .because("made by mistake"),
        )
    }

    /// Daily forms corrected so that a criterion is no longer met, one move a field that can do it; and corrected back.
    pub(super) fn corrections(&self, person: &ParticipantId) -> Vec<Move> {
        let mut moves = Vec::new();
        for ((visit, form), values) in &self.answers.forms {
            let Some(plan) = self.study.form(form.as_str()).filter(|form| form.instrument.is_none()) else { continue };
            if visit.is_some() {
                continue;
            }
            for field in &plan.fields {
                let Some(now) = values.get(&field.id) else { continue };
                let other = match (&field.kind, now) {
                    (FieldKind::YesNo, Value::Bool(now)) => Value::Bool(!now),
                    (FieldKind::Decimal { min, .. }, _) => Value::Decimal(*min),
                    (FieldKind::Integer { max, .. }, _) => Value::Integer(*max),
                    (FieldKind::Choice { options }, Value::Text(now)) => {
                        let Some(other) = options.iter().find(|option| option.code != *now) else { continue };
                        Value::Text(other.code.clone())
                    }
                    _ => continue,
                };
                for value in [other, now.clone()] {
                    let (who, form, field) = (person.clone(), form.clone(), field.id.clone());
                    let words = format!("corrects {field} on {form} to {value}");
                    moves.push(
                        Move::made(&self.staff.coordinator, &words, move |state| {
                            let record = state.people.get(&who)?.latest_form(form.as_str())?;
                            Some(Command::Fact(Fact::CorrectForm {
                                participant: who.clone(),
                                instance: record.0.clone(),
                                changes: BTreeMap::from([(field.clone(), value.clone())]),
                                seen: record.1.corrections,
                            }))
                        })
                        .because("read again"),
                    );
                }
            }
        }
        moves
    }

    pub(super) fn severe_event(&self, person: &ParticipantId, session: u8, serious: bool) -> Move {
        let words = if serious {
            "records a serious adverse event that goes on"
        } else {
            "records a severe adverse event that goes on"
        };
        let event = AdverseEventReport {
            term: "chest pain".to_owned(),
            onset: day(),
            ended: None,
            severity: Severity::Severe,
            serious: if serious { vec![conduct::command::Seriousness::Important] } else { Vec::new() },
            related: Causality::Possible,
            session: Some(session),
            valence: Valence::Negative,
            special_interest: None,
            outcome: AdverseEventOutcome::NotRecovered,
            answers: Vec::new(),
        };
        let fact = Fact::RecordAdverseEvent { participant: person.clone(), event };
        Move::ask(&self.staff.prescriber, words, Command::Fact(fact))
    }

    /// Values of each limited measure: calm, amber, red.
    pub(crate) fn readings(&self, person: &ParticipantId, session: u8) -> Vec<Move> {
        let mut moves = vec![self.reading(person, session, &[])];
        for limit in &self.study.session.limits {
            for line in [limit.amber_at, limit.red_at, limit.amber_low.filter(|_| false)].into_iter().flatten() {
                let mut with = vec![(limit.measure.as_str(), line)];
                // The upper pressure stays above the lower.
                if limit.measure == "diastolic" {
                    with.push(("systolic", line.plus(Decimal::whole(30))));
                }
                if limit.measure == "systolic" || limit.measure == "diastolic" {
                    let over = |id: &str, value: Decimal| {
                        self.study
                            .session
                            .limits
                            .iter()
                            .any(|l| l.measure == id && l.amber_at.is_some_and(|at| value >= at))
                    };
                    if limit.measure == "diastolic" && over("systolic", line.plus(Decimal::whole(30))) {
                        with.pop();
                        with.push(("systolic", line.plus(Decimal::whole(10))));
                    }
                }
                moves.push(self.reading(person, session, &with));
            }
        }
        // However a study sets its limits: a pressure that is too high for anybody.
        moves.push(self.reading(
            person,
            session,
            &[("systolic", Decimal::whole(195)), ("diastolic", Decimal::whole(112))],
        ));
        moves
    }

    /// The last reading (or the one before it) is corrected to these values.
    pub(super) fn correct_reading(&self, person: &ParticipantId, back: usize, with: &[(&str, Decimal)]) -> Move {
        let who = person.clone();
        let measures: BTreeMap<String, Decimal> = with.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect();
        let said: Vec<String> = with.iter().map(|(id, value)| format!("{id} {value}")).collect();
        let which = if back == 0 { "the last reading" } else { "the reading before the last" };
        let words = format!("corrects {which} to {}", said.join(", "));
        Move::made(&self.staff.lead, &words, move |state| {
            let readings = &state.people.get(&who)?.sessions.get(&1)?.readings;
            let reading = readings.iter().rev().nth(back)?.instance.clone();
            let (participant, measures) = (who.clone(), measures.clone());
            Some(Command::Fact(Fact::CorrectReading { participant, session: 1, reading, measures, confirmed: false }))
        })
        .because("misread")
    }

    /// Somebody comes into or leaves the room.
    pub(super) fn comings(&self, person: &ParticipantId, session: u8, who: &[&StaffId]) -> Vec<Move> {
        who.iter()
            .flat_map(|staff| [Going::In, Going::Out].map(|going| self.presence(person, session, staff, going)))
            .collect()
    }
}
