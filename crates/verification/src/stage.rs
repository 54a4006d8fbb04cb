//! The stage: a small trial of the study that is proved, brought to where a world begins.
//!
//! Two sites, the staff that the study's roles need, a participant (or two) with everything that the day asks for, and a stock. What lies
//! before the world's beginning is written as entries where the gates would ask for weeks of screening (the gates have a world of their
//! own), and asked of the rules from the day itself on.

use crate::{
    answers::{self, Answers},
    moves::{self, Move, Step},
    state::{Off, Outcome, Setting, State},
};
use conduct::{
    Authorisation, Command, Entry, Fact, Person, Stamp, StreamId, Studies, Written,
    command::{ContainerReport, DosePart, Going, VisitOutcome},
    entry::Signatory,
    stream::ChainName,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use protocol::model::{ApprovalScope, Assignment, Check, Duty, RoleScope, Study, VisitMode};
use std::{collections::BTreeMap, sync::Arc};
use terms::{ContainerId, Decimal, LevelId, ParticipantId, RoleId, SiteId, StaffId, StudyHash, VisitId};

/// People by what they do.
#[derive(Debug, Clone)]
pub struct Staff {
    /// Leads the site, decides gates.
    pub investigator: StaffId,
    /// Orders.
    pub prescriber: StaffId,
    /// Leads the session.
    pub lead: StaffId,
    /// The other therapist.
    pub co: StaffId,
    /// A nurse, or another carer.
    pub nurse: StaffId,
    /// Hands out.
    pub pharmacist: StaffId,
    /// Witnesses at the safe.
    pub witness: StaffId,
    /// Books.
    pub coordinator: StaffId,
    /// The medical monitor.
    pub monitor: StaffId,
    /// The sponsor's administrator.
    pub admin: StaffId,
    /// Looks after the data.
    pub manager: StaffId,
    /// Rates.
    pub rater: StaffId,
    /// Somebody with no role at all.
    pub stranger: StaffId,
}

/// A study on its stage.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What is the same in every state.
    pub setting: Setting,
    /// The study.
    pub study: Arc<Study>,
    /// People.
    pub staff: Staff,
    /// The site of the participants.
    pub site: SiteId,
    /// Another site, where the study has one.
    pub elsewhere: Option<SiteId>,
    /// Its zone.
    pub zone: TimeZone,
    /// Answers that clear.
    pub answers: Answers,
    /// The study's amendment, where there is one.
    pub amended: Option<StudyHash>,
    /// A version that amends nothing.
    pub unrelated: StudyHash,
    roles: Vec<(StaffId, RoleId, RoleScope)>,
}

/// The participant of most worlds.
pub const FIRST: &str = "S-001";
/// The other one.
pub const SECOND: &str = "S-002";

/// Why a world can't be set up for a study.
pub type Why = String;

impl Stage {
    /// Sets a study up.
    ///
    /// # Errors
    /// What the study lacks.
    pub fn new(study: Arc<Study>, amended: Option<Arc<Study>>, off: Off) -> Result<Self, Why> {
        let hash = study.hash();
        let mut studies = Studies::new();
        studies.insert(hash.clone(), Arc::clone(&study));
        let amendment = amended.as_ref().map(|amended| amended.hash());
        if let Some(amended) = amended {
            studies.insert(amended.hash(), amended);
        }
        // A version that the store has and that amends nothing: somebody might adopt it by mistake.
        let mut unrelated = (*study).clone();
        unrelated.version = format!("{}-unrelated", study.version);
        unrelated.amendment = None;
        let strange = unrelated.hash();
        studies.insert(strange.clone(), Arc::new(unrelated));
        let site = study.sites.first().ok_or("the study has no site")?;
        let zone = TimeZone::get(&site.time_zone).map_err(|error| error.to_string())?;
        let elsewhere = study.sites.get(1).map(|site| site.id.clone());
        let (staff, roles) = staff_of(&study)?;
        let answers = answers::find(&study, &[0], day())?;
        let setting = Setting { study: Arc::clone(&study), hash, studies, off };
        Ok(Self {
            setting,
            site: site.id.clone(),
            elsewhere,
            zone,
            staff,
            roles,
            answers,
            study,
            amended: amendment,
            unrelated: strange,
        })
    }

    /// The study's own session number one.
    ///
    /// # Errors
    /// Where the plan has none.
    pub fn visit_of(&self, session: u8) -> Result<VisitId, Why> {
        let plan = self.study.session(session).ok_or_else(|| format!("the study has no session {session}"))?;
        Ok(plan.visit.clone())
    }

    /// The level that is ordered for a session.
    ///
    /// # Errors
    /// Where the plan has none.
    pub fn level_of(&self, session: u8) -> Result<LevelId, Why> {
        let plan = self.study.session(session).ok_or_else(|| format!("the study has no session {session}"))?;
        Ok(plan.level_default.clone())
    }

    /// A moment on the stage's first day.
    pub fn at(&self, hour: i8, minute: i8) -> Timestamp {
        let civil = day().at(hour, minute, 0, 0);
        civil.to_zoned(self.zone.clone()).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
    }
}

/// The day on which worlds begin: a Tuesday in May, far from any change of the clocks.
pub fn day() -> Date {
    Date::constant(2026, 5, 12)
}

/// Who has which role, and how far it reaches.
type Roles = Vec<(StaffId, RoleId, RoleScope)>;

fn staff_of(study: &Study) -> Result<(Staff, Roles), Why> {
    let mut roles: Roles = Vec::new();
    let give = |key: &'static str, duty: Duty, not: &[Duty], roles: &mut Vec<_>| -> Result<StaffId, Why> {
        let mut fit: Vec<_> = study.roles.iter().filter(|role| role.duties.contains(&duty)).collect();
        if fit.is_empty() {
            return Err(format!("no role of the study may {}", duty.name().replace('_', " ")));
        }
        // The one that has least of what the others are for, then the one with the fewest duties.
        fit.sort_by_key(|role| (role.duties.iter().filter(|duty| not.contains(duty)).count(), role.duties.len()));
        let role = fit.first().ok_or("no role")?;
        let staff = StaffId::from(key);
        roles.push((staff.clone(), role.id.clone(), role.scope));
        Ok(staff)
    };
    let nursed = study.roles.iter().any(|role| role.duties.contains(&Duty::Nurse));
    let rated = study.roles.iter().any(|role| role.duties.contains(&Duty::RateOutcomes));
    let managed = study.roles.iter().any(|role| role.duties.contains(&Duty::ManageData));
    let watched = study.roles.iter().any(|role| role.duties.contains(&Duty::MonitorMedically));
    let staff = Staff {
        investigator: give("investigator", Duty::DecideEligibility, &[Duty::Prescribe], &mut roles)?,
        prescriber: give("prescriber", Duty::Prescribe, &[Duty::DecideEligibility, Duty::Facilitate], &mut roles)?,
        lead: give("lead", Duty::LeadSession, &[Duty::Prescribe], &mut roles)?,
        co: give("co", Duty::Facilitate, &[Duty::LeadSession, Duty::Nurse], &mut roles)?,
        nurse: give("nurse", if nursed { Duty::Nurse } else { Duty::Facilitate }, &[Duty::LeadSession], &mut roles)?,
        pharmacist: give("pharmacist", Duty::DispenseDrug, &[Duty::Facilitate, Duty::WitnessDrug], &mut roles)?,
        witness: give("witness", Duty::WitnessDrug, &[Duty::DispenseDrug, Duty::LeadSession], &mut roles)?,
        coordinator: give("coordinator", Duty::Coordinate, &[Duty::DecideEligibility, Duty::Facilitate], &mut roles)?,
        monitor: give(
            "monitor",
            if watched { Duty::MonitorMedically } else { Duty::AdministerTrial },
            &[],
            &mut roles,
        )?,
        admin: give("administrator", Duty::AdministerTrial, &[Duty::MonitorMedically], &mut roles)?,
        manager: give("manager", if managed { Duty::ManageData } else { Duty::AdministerTrial }, &[], &mut roles)?,
        rater: if rated { give("rater", Duty::RateOutcomes, &[], &mut roles)? } else { StaffId::from("rater") },
        stranger: StaffId::from("stranger"),
    };
    Ok((staff, roles))
}

/// Brings a state along until a world begins.
#[derive(Debug, Clone)]
pub struct Builder<'s> {
    /// The stage.
    pub stage: &'s Stage,
    /// How it stands.
    pub state: State,
    seeds: u32,
}

impl<'s> Builder<'s> {
    /// The trial with its sites and staff, and nobody in it.
    ///
    /// # Errors
    /// What can't be set up.
    pub fn open(stage: &'s Stage) -> Result<Self, Why> {
        Self::opened(stage, true)
    }

    /// The same, with or without the sealed list.
    ///
    /// # Errors
    /// What can't be set up.
    pub fn opened(stage: &'s Stage, with_list: bool) -> Result<Self, Why> {
        let mut builder = Self { stage, state: State::new(stage.at(8, 0)), seeds: 0 };
        let study = &stage.study;
        builder.seed(
            &StreamId::Trial,
            Entry::StudyAdopted {
                study: stage.setting.hash.clone(),
                label: study.version.clone(),
                title: study.title.clone(),
            },
        );
        for id in [Some(&stage.site), stage.elsewhere.as_ref()].into_iter().flatten() {
            let Some(site) = study.site(id.as_str()) else { continue };
            builder.seed(
                &StreamId::Trial,
                Entry::SiteOpened {
                    site: id.clone(),
                    name: site.name.clone(),
                    country: site.country.clone(),
                    zone: site.time_zone.clone(),
                    cap: site.cap,
                },
            );
            builder.seed(&StreamId::Trial, Entry::SiteActivated { site: id.clone() });
            for rule in study.approvals.iter().filter(|rule| rule.per == ApprovalScope::Site) {
                builder.approve(&StreamId::Site(id.clone()), &rule.id);
            }
        }
        if with_list && matches!(study.design.assignment, Assignment::Randomised { .. }) {
            let rows = study.design.participants_planned.saturating_mul(2);
            builder.seed(&StreamId::Trial, Entry::AllocationLoaded { commitment: "0".repeat(64), rows });
        }
        for (staff, role, scope) in &stage.roles {
            let entry = match scope {
                RoleScope::Trial => Entry::RoleGranted { staff: staff.clone(), role: role.clone() },
                RoleScope::Site | RoleScope::Own => Entry::Delegated {
                    staff: staff.clone(),
                    role: role.clone(),
                    from: day().yesterday().unwrap_or_else(|_| day()),
                    until: None,
                    covers: None,
                },
            };
            let stream = if *scope == RoleScope::Trial { StreamId::Trial } else { StreamId::Site(stage.site.clone()) };
            builder.seed(&stream, entry);
        }
        builder.certified();
        Ok(builder)
    }

    /// Everybody holds what any role asks for, the stranger in the whole trial as well; licences that no role needs are the
    /// lead's and the nurse's, so that a pair can lose its only one.
    fn certified(&mut self) {
        let stage = self.stage;
        let mut people: Vec<(StaffId, Option<RoleId>)> =
            stage.roles.iter().map(|(staff, role, _)| (staff.clone(), Some(role.clone()))).collect();
        people.push((stage.staff.stranger.clone(), None));
        let sites: Vec<SiteId> = [Some(&stage.site), stage.elsewhere.as_ref()].into_iter().flatten().cloned().collect();
        for (staff, role) in people {
            for kind in &stage.study.certificates {
                let holds = match &role {
                    None => true,
                    Some(_) if !kind.licensed => true,
                    Some(_) if kind.roles.is_empty() => staff == stage.staff.lead || staff == stage.staff.nurse,
                    Some(role) => kind.roles.contains(role),
                };
                if !holds {
                    continue;
                }
                let entry = Entry::CertificateRecorded {
                    staff: staff.clone(),
                    certificate: kind.id.clone(),
                    number: None,
                    hours: kind.hours_min,
                    issued: Date::constant(2026, 1, 5),
                    until: None,
                };
                let trial_wide = role.is_none()
                    || stage.roles.iter().any(|(who, _, scope)| *who == staff && *scope == RoleScope::Trial);
                if trial_wide {
                    self.seed(&StreamId::Trial, entry.clone());
                } else {
                    for site in &sites {
                        self.seed(&StreamId::Site(site.clone()), entry.clone());
                    }
                }
            }
        }
    }

    fn approve(&mut self, stream: &StreamId, approval: &str) {
        let (from, until) = (Date::constant(2026, 1, 1), Date::constant(2027, 12, 31));
        let entry = Entry::ApprovalRecorded { approval: approval.to_owned(), number: "1".to_owned(), from, until };
        self.seed(stream, entry);
    }

    /// Writes an entry without asking a rule.
    pub fn seed(&mut self, stream: &StreamId, entry: Entry) {
        self.seeds += 1;
        let day = self.state.now.to_zoned(self.stage.zone.clone()).date();
        let stamp = Stamp {
            act: format!("before{}", self.seeds).into(),
            at: self.state.now,
            day,
            zone: self.stage.study.site(self.stage.site.as_str()).map(|s| s.time_zone.clone()).unwrap_or_default(),
            recorded_at: self.state.now,
            by: Signatory { person: Person::Program, role: None },
            second: None,
            study: self.stage.setting.hash.clone(),
            program: "proof".to_owned(),
            reason: None,
            device_at: None,
        };
        let chain = match stream {
            StreamId::Trial | StreamId::Allocation => ChainName::Trial,
            StreamId::Site(site) | StreamId::Stock(site) => ChainName::Site(site.clone()),
            StreamId::Participant(_) => ChainName::Site(self.stage.site.clone()),
        };
        let written = [Written { stream: stream.clone(), chain, stamp: Arc::new(stamp), entry }];
        self.state.apply(&written);
        self.state.monitor.remember(&self.stage.setting, &written);
    }

    /// Time goes by.
    pub fn wait(&mut self, minutes: i64) {
        self.state.now = moves::later(self.state.now, minutes);
        self.state.pass(minutes);
    }

    /// Makes a move that must be granted or recorded.
    ///
    /// # Errors
    /// The move and its answer otherwise.
    pub fn must(&mut self, one: &Move) -> Result<(), Why> {
        self.seeds += 1;
        let number = u16::try_from(60_000 + self.seeds % 5_000).unwrap_or(u16::MAX);
        let made = moves::make(&self.stage.setting, &self.state, number, one);
        match made {
            Some(Step { outcome: Some(Outcome::No(no)), .. }) => Err(format!("{}: {no}", one.words)),
            Some(Step { state: Some(state), harms, .. }) => {
                if let Some(harm) = harms.first() {
                    return Err(format!("on the way to the world's beginning: {}: {}", one.words, harm.what));
                }
                self.state = state;
                Ok(())
            }
            Some(Step { state: None, .. }) | None => Err(format!("{}: there is nothing to ask", one.words)),
        }
    }

    /// Somebody who was enquired, consented and enrolled some weeks ago, confirmed and assigned last week, with the daily forms filled in.
    ///
    /// # Errors
    /// What can't be set up.
    pub fn participant(&mut self, id: &str) -> Result<ParticipantId, Why> {
        let person = ParticipantId::from(id);
        let stream = StreamId::Participant(person.clone());
        let today = self.state.now;
        self.state.now = moves::later(today, -20 * 24 * 60);
        self.enquiry(&person);
        let study = Arc::clone(&self.stage.study);
        let version = study.consent.versions.last().ok_or("the study has no consent text")?;
        self.seed(
            &stream,
            Entry::ConsentRecorded {
                instance: format!("{id}-consent").into(),
                version: version.version.clone(),
                text_sha256: version.text_sha256.clone(),
                items: version.items.iter().map(|item| (item.id.clone(), true)).collect(),
                quiz_score: u32::try_from(version.questions.len()).unwrap_or(u32::MAX),
                quiz_pass: version.pass_mark,
                copy_given: true,
                valid: true,
                why_not: None,
            },
        );
        self.seed(&stream, Entry::Enrolled { criteria: Vec::new() });
        self.seed(&StreamId::Site(self.stage.site.clone()), Entry::PlaceTaken { participant: person.clone() });
        self.state.now = moves::later(today, -3 * 24 * 60);
        self.seed(&stream, Entry::EnrolmentConfirmed { criteria: Vec::new(), expires: None });
        let handle = format!("row-{id}");
        match study.design.assignment {
            Assignment::Randomised { .. } => {
                self.seed(&stream, Entry::Randomised { handle: handle.clone(), stratum: self.stage.site.to_string() });
            }
            Assignment::OpenLabel => self.seed(&stream, Entry::AllocatedOpenLabel),
        }
        let drawn =
            Entry::AllocationDrawn { handle, stratum: self.stage.site.to_string(), participant: person.clone() };
        self.seed(&StreamId::Allocation, drawn);
        for rule in study.approvals.iter().filter(|rule| rule.per == ApprovalScope::Participant) {
            self.approve(&stream, &rule.id);
        }
        self.state.now = today;
        self.fill_in(&person)?;
        Ok(person)
    }

    /// Somebody who asked about the study.
    pub fn enquiry(&mut self, person: &ParticipantId) {
        let enquiry = Entry::EnquiryRecorded {
            participant: person.clone(),
            site: self.stage.site.clone(),
            source: "letter".to_owned(),
            language: "en".to_owned(),
        };
        self.seed(&StreamId::Participant(person.clone()), enquiry);
    }

    /// The forms that the day's criteria and checks read, by those who may.
    ///
    /// # Errors
    /// A form that can't be recorded.
    pub fn fill_in(&mut self, person: &ParticipantId) -> Result<(), Why> {
        for ((visit, form), values) in &self.stage.answers.forms.clone() {
            let by = self.fills_in(form.as_str());
            let fact = Fact::RecordForm {
                participant: person.clone(),
                form: form.clone(),
                visit: visit.as_deref().map(VisitId::from),
                values: values.clone(),
                seen: None,
            };
            self.must(&Move::ask(&by, &format!("fills in {form}"), Command::Fact(fact)))?;
        }
        Ok(())
    }

    /// Somebody who may fill a form in.
    pub fn fills_in(&self, form: &str) -> StaffId {
        let roles = self.stage.study.form(form).map(|form| form.completed_by.clone()).unwrap_or_default();
        let mut fit = self.stage.roles.iter().filter(|(_, role, _)| roles.contains(role));
        fit.next().map_or_else(|| self.stage.staff.coordinator.clone(), |(staff, _, _)| staff.clone())
    }

    /// Visits that come before a session are complete, and the session is booked for today.
    ///
    /// # Errors
    /// Where the study has no such session.
    pub fn booked(&mut self, person: &ParticipantId, session: u8) -> Result<(), Why> {
        let stream = StreamId::Participant(person.clone());
        let visit = self.stage.visit_of(session)?;
        let study = Arc::clone(&self.stage.study);
        let before = study.visit(visit.as_str()).map(|visit| visit.after.clone()).unwrap_or_default();
        for visit in before {
            let done =
                self.state.people.get(person).is_some_and(|p| p.visits.get(&visit).is_some_and(|v| v.day.is_some()));
            if done {
                continue;
            }
            let day = self.state.now.to_zoned(self.stage.zone.clone()).date().yesterday().unwrap_or_else(|_| day());
            let attended = Entry::VisitAttended {
                visit: visit.clone(),
                day,
                mode: VisitMode::OnSite,
                anchor_day: None,
                window: None,
            };
            self.seed(&stream, attended);
            self.seed(&stream, Entry::VisitCompleted { visit, day, minutes: None });
        }
        let today = self.state.now.to_zoned(self.stage.zone.clone()).date();
        let starts = moves::later(self.state.now, 30);
        self.seed(&stream, Entry::VisitBooked { visit, starts, day: today, mode: VisitMode::OnSite, moved_from: None });
        Ok(())
    }

    /// Containers of every level that may be ordered, in the safe and let into use: so many of each.
    pub fn stocked(&mut self, site: &SiteId, prefix: &str, each: u32) {
        let mut containers = Vec::new();
        let study = Arc::clone(&self.stage.study);
        for (place, level) in study.dose.levels.iter().enumerate() {
            for number in 0..each {
                let mut one = |part: DosePart, letter: char| {
                    containers.push(ContainerReport {
                        container: ContainerId::from(format!("{prefix}{place}{number}{letter}")),
                        part,
                        level: level.id.clone(),
                        lot: "L1".to_owned(),
                        expires: Date::constant(2026, 12, 31),
                        seal: None,
                        kit: None,
                        pieces: None,
                    });
                };
                one(DosePart::Initial, 'A');
                if level.supplement_pieces > 0 {
                    one(DosePart::Supplement, 'B');
                }
            }
        }
        let ids = containers.iter().map(|report| report.container.clone()).collect();
        let stream = StreamId::Stock(site.clone());
        self.seed(
            &stream,
            Entry::ContainersReceived {
                consignment: "C1".to_owned(),
                containers,
                order: None,
                noted: None,
                certificates: BTreeMap::new(),
            },
        );
        self.seed(&stream, Entry::ContainersAccepted { containers: ids });
    }

    /// Ordered by the prescriber.
    ///
    /// # Errors
    /// When the rules say no.
    pub fn ordered(&mut self, person: &ParticipantId, session: u8) -> Result<(), Why> {
        let order = self.stage.order(person, session, None)?;
        self.must(&order)
    }

    /// Every check of the day, done by those who may, and its form filled in.
    ///
    /// # Errors
    /// When one can't be recorded.
    pub fn checked(&mut self, person: &ParticipantId, session: u8) -> Result<(), Why> {
        for check in self.stage.study.session.checks.clone() {
            // What was filled in this morning for the criteria stands for the check as well.
            let filled = check.form.as_ref().and_then(|form| {
                let (_, record) = self.state.people.get(person)?.latest_form(form.as_str())?;
                Some(record.at)
            });
            if let Some(form) = &check.form
                && filled.is_none_or(|at| moves::later(at, 45) < self.state.now)
            {
                let filled = self.stage.form(person, form.as_str(), self.fills_in(form.as_str()));
                self.must(&filled)?;
            }
            let done = self.stage.check(person, session, &check)?;
            self.must(&done)?;
        }
        Ok(())
    }

    /// Carers and a nurse in the room.
    ///
    /// # Errors
    /// When they can't check in.
    pub fn attended(&mut self, person: &ParticipantId, session: u8) -> Result<(), Why> {
        let plan = self.stage.study.session.presence.clone();
        let staff = self.stage.staff.clone();
        let mut here = vec![staff.lead.clone()];
        if plan.carers_min >= 2 {
            here.push(staff.co.clone());
        }
        if plan.nurses_min >= 1 || plan.carers_min >= 3 {
            here.push(staff.nurse.clone());
        }
        for who in here {
            self.must(&self.stage.presence(person, session, &who, Going::In))?;
        }
        Ok(())
    }
}

impl Stage {
    /// The prescriber orders.
    ///
    /// # Errors
    /// Where the study has no such session.
    pub fn order(&self, person: &ParticipantId, session: u8, level: Option<&LevelId>) -> Result<Move, Why> {
        let level = level.cloned().map_or_else(|| self.level_of(session), Ok)?;
        let act =
            Authorisation::OrderDose { participant: person.clone(), session, level: level.clone(), level_reason: None };
        let words = format!("orders {level} for session {session}");
        Ok(Move::ask(&self.staff.prescriber, &words, Command::Authorise(act)).signed())
    }

    /// A form as it clears.
    pub fn form(&self, person: &ParticipantId, form: &str, by: StaffId) -> Move {
        let values = self.answers.forms.get(&(None, form.into())).cloned().unwrap_or_default();
        let fact = Fact::RecordForm { participant: person.clone(), form: form.into(), visit: None, values, seen: None };
        Move::ask(&by, &format!("fills in {form}"), Command::Fact(fact))
    }

    /// A check as it clears.
    ///
    /// # Errors
    /// Where no answers are known under which it does.
    pub fn check(&self, person: &ParticipantId, session: u8, check: &Check) -> Result<Move, Why> {
        let values = self.answers.checks.get(check.id.as_str()).cloned();
        let values = values.ok_or_else(|| format!("no answers are known for {}", check.id))?;
        Ok(self.check_with(person, session, check, values, true))
    }

    /// A check with these answers, by somebody who may do it, or by somebody who may not.
    pub fn check_with(
        &self,
        person: &ParticipantId,
        session: u8,
        check: &Check,
        values: answers::Values,
        may: bool,
    ) -> Move {
        let by = if may { self.does(&check.by) } else { self.does_not(&check.by) };
        let shown: Vec<String> = values.iter().map(|(field, value)| format!("{field} {value}")).collect();
        let shown = if shown.is_empty() { String::new() } else { format!(": {}", shown.join(", ")) };
        let words = format!("does the check {}{shown}", check.id);
        let fact = Fact::RecordCheck { participant: person.clone(), session, check: check.id.clone(), values };
        let done = Move::ask(&by, &words, Command::Fact(fact));
        if check.signed { done.signed() } else { done }
    }

    /// Somebody with one of these duties.
    pub fn does(&self, duties: &[Duty]) -> StaffId {
        self.who(|held| duties.is_empty() || held.iter().any(|duty| duties.contains(duty)))
    }

    /// Somebody at the site with none of them, who may record checks all the same.
    pub fn does_not(&self, duties: &[Duty]) -> StaffId {
        self.who(|held| {
            let records = [Duty::Facilitate, Duty::Nurse, Duty::Prescribe, Duty::RecordData, Duty::Coordinate];
            held.iter().any(|duty| records.contains(duty)) && !held.iter().any(|duty| duties.contains(duty))
        })
    }

    fn who(&self, fits: impl Fn(&[Duty]) -> bool) -> StaffId {
        let at_site = self.roles.iter().filter(|(_, _, scope)| *scope == RoleScope::Site);
        let mut fit =
            at_site.filter(|(_, role, _)| self.study.role(role.as_str()).is_some_and(|role| fits(&role.duties)));
        fit.next().map_or_else(|| self.staff.stranger.clone(), |(staff, _, _)| staff.clone())
    }

    /// The role that somebody was given on this stage.
    pub fn role_of(&self, staff: &StaffId) -> Option<&RoleId> {
        self.roles.iter().find(|(who, _, _)| who == staff).map(|(_, role, _)| role)
    }

    /// Somebody comes or goes.
    pub fn presence(&self, person: &ParticipantId, session: u8, who: &StaffId, going: Going) -> Move {
        let words = if going == Going::In { "comes into the room" } else { "leaves the room" };
        Move::ask(who, words, Command::Fact(Fact::RecordPresence { participant: person.clone(), session, going }))
    }

    /// The safe is opened for a session.
    pub fn release(&self, person: &ParticipantId, session: u8) -> Move {
        let act = Authorisation::ReleaseContainers { participant: person.clone(), session };
        let words = format!("takes {person}'s containers for session {session} out of the safe");
        Move::ask(&self.staff.pharmacist, &words, Command::Authorise(act)).with(&self.staff.witness)
    }

    /// A reading with these values, others in the middle of their limits.
    pub fn reading(&self, person: &ParticipantId, session: u8, with: &[(&str, Decimal)]) -> Move {
        let mut measures: BTreeMap<String, Decimal> = BTreeMap::new();
        for measure in &self.study.session.measures {
            let value = with.iter().find(|(id, _)| *id == measure.id).map(|(_, value)| *value);
            measures
                .insert(measure.id.clone(), value.unwrap_or_else(|| self.calm(&measure.id, measure.min, measure.max)));
        }
        let said: Vec<String> = with.iter().map(|(id, value)| format!("{id} {value}")).collect();
        let words = if said.is_empty() {
            "takes a calm reading".to_owned()
        } else {
            format!("takes a reading: {}", said.join(", "))
        };
        let fact = Fact::RecordReading { participant: person.clone(), session, measures, confirmed: false, seen: None };
        Move::ask(&self.staff.lead, &words, Command::Fact(fact))
    }

    /// A value of a measure that breaches nothing.
    fn calm(&self, id: &str, min: Decimal, max: Decimal) -> Decimal {
        let sensible = match id {
            "systolic" => Some(Decimal::whole(125)),
            "diastolic" => Some(Decimal::whole(75)),
            "temperature" => Some(Decimal::thousandths(36_800)),
            "pulse" => Some(Decimal::whole(70)),
            _ => None,
        };
        if let Some(value) = sensible {
            return value;
        }
        let limits = || self.study.session.limits.iter().filter(|limit| limit.measure == id);
        let high = limits().filter_map(|limit| limit.amber_at.or(limit.red_at)).min().unwrap_or(max);
        let low = limits().filter_map(|limit| limit.amber_low.or(limit.red_low)).max().unwrap_or(min);
        Decimal::thousandths((high.as_thousandths() + low.as_thousandths()) / 2)
    }

    /// Something becomes of a visit.
    pub fn visit(&self, person: &ParticipantId, visit: &VisitId, outcome: VisitOutcome, words: &str) -> Move {
        let fact = Fact::RecordVisit { participant: person.clone(), visit: visit.clone(), outcome, day: None };
        Move::ask(&self.staff.coordinator, &format!("{words} {visit}"), Command::Fact(fact))
    }
}
