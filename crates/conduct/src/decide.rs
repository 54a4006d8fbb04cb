//! The one function that decides: who may ask at all, which part of the rules answers, and how a "no" is made.

use crate::{
    accountability,
    case::{Case, Draft, Studies, World, authority},
    command::{Authorisation, Command, Fact, HoldOn, Request},
    context::Context,
    entry::{Person, Written},
    finding::{Broken, Finding, No, Refusal, Unreadable},
    participant,
    schedule::days_from,
    session, staffing, word,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use protocol::model::Duty;
use terms::{InstanceId, ParticipantId, SiteId};

/// What a command is about: which streams must be loaded for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The trial.
    Trial,
    /// A site.
    Site(SiteId),
    /// A participant (and their site).
    Participant(ParticipantId),
    /// The participant behind an opaque rating request.
    Rating(InstanceId),
}

/// Why a fact led to no entries. It can't be a refusal: facts are never refused by a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactNo {
    /// It can't be read.
    Unreadable(Vec<Unreadable>),
    /// Somebody wrote first.
    Conflict {
        /// What changed.
        what: String,
    },
    /// The person may not write this at all.
    NotYours {
        /// What is missing.
        what: String,
    },
}

impl From<Unreadable> for FactNo {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(vec![unreadable])
    }
}

impl From<FactNo> for No {
    fn from(no: FactNo) -> Self {
        match no {
            FactNo::Unreadable(all) => Self::Unreadable(all),
            FactNo::Conflict { what } => Self::Conflict { what },
            FactNo::NotYours { what } => Self::NotYours { what },
        }
    }
}

impl Command {
    /// What the command is about.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Fact(fact) => fact.subject(),
            Self::Authorise(act) => act.subject(),
        }
    }

    /// Whether the site's stock must be loaded.
    pub const fn needs_stock(&self) -> bool {
        match self {
            Self::Fact(fact) => matches!(
                fact,
                Fact::RecordSwallow { .. }
                    | Fact::ReceiveContainers { .. }
                    | Fact::RecordContainer { .. }
                    | Fact::CountStock { .. }
                    | Fact::CompleteReceipt { .. }
                    | Fact::ReceiveShipment { .. }
                    | Fact::RecordTemperature { .. }
                    | Fact::RecordSafeAccess { .. }
                    | Fact::RecallLot { site: Some(_), .. }
                    | Fact::RecordNotice { .. }
                    | Fact::CorrectForm { .. }
            ),
            Self::Authorise(act) => matches!(
                act,
                Authorisation::ReleaseContainers { .. }
                    | Authorisation::AuthoriseDose { .. }
                    | Authorisation::AuthoriseSupplement { .. }
                    | Authorisation::AcceptContainers { .. }
                    | Authorisation::DestroyContainers { .. }
                    | Authorisation::ReturnToSafe { .. }
                    | Authorisation::SignOrderForm { .. }
                    | Authorisation::ShipContainers { .. }
                    | Authorisation::ResolveDiscrepancy { .. }
                    | Authorisation::LiftHold { on: HoldOn::Site { .. }, .. }
                    | Authorisation::OrderDose { .. }
                    | Authorisation::Discharge { .. }
                    | Authorisation::CloseSession { .. }
            ),
        }
    }

    /// Whether the allocation stream must be loaded.
    pub const fn needs_allocation(&self) -> bool {
        matches!(self, Self::Authorise(Authorisation::Randomise { .. }))
    }

    /// The command's name in JSON: `record_form`, `authorise_dose`.
    pub fn name(&self) -> String {
        match self {
            Self::Fact(fact) => word::variant(fact).to_owned(),
            Self::Authorise(act) => act.name().to_owned(),
        }
    }
}

impl Fact {
    /// What the fact is about.
    pub fn subject(&self) -> Subject {
        match self {
            Self::RecordEnquiry { site, .. }
            | Self::ReceiveContainers { site, .. }
            | Self::RecordContainer { site, .. }
            | Self::CountStock { site, .. }
            | Self::CompleteReceipt { site, .. }
            | Self::ReceiveShipment { site, .. }
            | Self::RecordTemperature { site, .. }
            | Self::RecordSafeAccess { site, .. }
            | Self::RecallLot { site: Some(site), .. }
            | Self::RecordNotice { site, .. }
            | Self::EndDelegation { site: Some(site), .. }
            | Self::RecordCertificate { site: Some(site), .. }
            | Self::WithdrawCertificate { site: Some(site), .. }
            | Self::DeclareRelation { site, .. }
            | Self::EndRelation { site, .. }
            | Self::PlaceHold { on: HoldOn::Site { site }, .. }
            | Self::RecordApproval { participant: None, site, .. } => Subject::Site(site.clone()),
            Self::EndDelegation { site: None, .. }
            | Self::RecordCertificate { site: None, .. }
            | Self::WithdrawCertificate { site: None, .. }
            | Self::RecallLot { site: None, .. }
            | Self::PlaceHold { on: HoldOn::Trial, .. } => Subject::Trial,
            Self::RecordRating { request, .. } | Self::RecordRatingMissed { request, .. } => {
                Subject::Rating(request.clone())
            }
            Self::RecordApproval { participant: Some(participant), .. }
            | Self::PlaceHold { on: HoldOn::Participant { participant }, .. }
            | Self::RecordDeclined { participant, .. }
            | Self::RecordConsent { participant, .. }
            | Self::RecordForm { participant, .. }
            | Self::CorrectForm { participant, .. }
            | Self::StrikeRecord { participant, .. }
            | Self::RecordVisit { participant, .. }
            | Self::RecordContact { participant, .. }
            | Self::RecordMedication { participant, .. }
            | Self::UpdateMedication { participant, .. }
            | Self::RecordAdverseEvent { participant, .. }
            | Self::UpdateAdverseEvent { participant, .. }
            | Self::RecordDeviation { participant, .. }
            | Self::RecordNote { participant, .. }
            | Self::AttachDocument { participant, .. }
            | Self::RecordScreenFailure { participant, .. }
            | Self::RecordStop { participant, .. }
            | Self::RecordCheck { participant, .. }
            | Self::RecordPresence { participant, .. }
            | Self::RecordReading { participant, .. }
            | Self::CorrectReading { participant, .. }
            | Self::RecordHandover { participant, .. }
            | Self::CorrectSessionNote { participant, .. }
            | Self::OpenCard { participant, .. }
            | Self::TickCard { participant, .. }
            | Self::CloseCard { participant, .. }
            | Self::CallContact { participant, .. }
            | Self::AcknowledgeAlarm { participant, .. }
            | Self::RecordAlarms { participant, .. }
            | Self::SignSession { participant, .. }
            | Self::RecordSwallow { participant, .. }
            | Self::RecordSupplementNotGiven { participant, .. }
            | Self::RecordAgreement { participant, .. }
            | Self::RecordSessionNote { participant, .. }
            | Self::StopSession { participant, .. }
            | Self::RecordDeparture { participant, .. }
            | Self::RecordNightCheck { participant, .. }
            | Self::WithdrawOrder { participant, .. }
            | Self::CompleteTask { participant, .. } => Subject::Participant(participant.clone()),
        }
    }
}

impl Authorisation {
    /// The authorisation's name in JSON: `authorise_dose`.
    pub fn name(&self) -> &'static str {
        word::variant(self)
    }

    /// What the authorisation is about.
    pub fn subject(&self) -> Subject {
        match self {
            Self::AdoptStudy { .. }
            | Self::OpenSite { .. }
            | Self::LoadAllocation { .. }
            | Self::GrantRole { .. }
            | Self::FreezePlan { .. }
            | Self::LockRecord {}
            | Self::UnlockRecord {}
            | Self::LiftHold { on: HoldOn::Trial, .. } => Subject::Trial,
            Self::ActivateSite { site }
            | Self::CloseSite { site }
            | Self::SetCap { site, .. }
            | Self::Delegate { site, .. }
            | Self::AcceptContainers { site, .. }
            | Self::DestroyContainers { site, .. }
            | Self::ReturnToSafe { site, .. }
            | Self::SignOrderForm { site, .. }
            | Self::ShipContainers { site, .. }
            | Self::ResolveDiscrepancy { site, .. }
            | Self::LiftHold { on: HoldOn::Site { site }, .. } => Subject::Site(site.clone()),
            Self::TakeRating { request } => Subject::Rating(request.clone()),
            Self::LiftHold { on: HoldOn::Participant { participant }, .. }
            | Self::BookVisit { participant, .. }
            | Self::Enrol { participant }
            | Self::ConfirmEnrolment { participant }
            | Self::Rescreen { participant }
            | Self::Randomise { participant }
            | Self::OrderDose { participant, .. }
            | Self::ReleaseContainers { participant, .. }
            | Self::AuthoriseDose { participant, .. }
            | Self::AuthoriseSupplement { participant, .. }
            | Self::Discharge { participant, .. }
            | Self::CloseSession { participant, .. }
            | Self::TransferParticipant { participant, .. }
            | Self::MoveVersion { participant, .. }
            | Self::RequestRating { participant, .. }
            | Self::CompleteParticipation { participant }
            | Self::EraseIdentity { participant }
            | Self::BreakCode { participant } => Subject::Participant(participant.clone()),
        }
    }
}

/// Duties of which one is needed to ask for this at all. Whether the act is allowed is another question.
pub const fn duties_for(command: &Command) -> &'static [Duty] {
    use Duty::{
        AdministerTrial, AttendNight, BreakCode, Coordinate, DecideEligibility, DispenseDrug, Facilitate, LeadSession,
        LeadSite, ManageData, Monitor, MonitorMedically, Nurse, Participate, Prescribe, Randomise, RateOutcomes,
        RecordData, TakeConsent, WitnessDrug,
    };
    match command {
        Command::Fact(fact) => match fact {
            Fact::RecordEnquiry { .. } | Fact::RecordDeclined { .. } | Fact::RecordContact { .. } => {
                &[Coordinate, RecordData, Facilitate]
            }
            Fact::RecordConsent { .. } => &[TakeConsent],
            Fact::RecordForm { .. } => &[
                RecordData,
                Coordinate,
                TakeConsent,
                Facilitate,
                Nurse,
                Prescribe,
                DecideEligibility,
                RateOutcomes,
                Participate,
                AttendNight,
            ],
            Fact::CorrectForm { .. } => {
                &[RecordData, Coordinate, Facilitate, Nurse, Prescribe, RateOutcomes, Participate]
            }
            Fact::StrikeRecord { .. } => &[RecordData, Coordinate, Facilitate, Nurse],
            Fact::RecordVisit { .. } => &[Coordinate, RecordData, Facilitate],
            Fact::RecordMedication { .. } | Fact::UpdateMedication { .. } => {
                &[RecordData, Coordinate, Facilitate, Nurse, Prescribe]
            }
            Fact::RecordAdverseEvent { .. } | Fact::UpdateAdverseEvent { .. } => {
                &[RecordData, Coordinate, Facilitate, Nurse, Prescribe, AttendNight]
            }
            Fact::RecordDeviation { .. } => &[RecordData, Coordinate, Facilitate, Monitor, MonitorMedically],
            Fact::RecordNote { .. } => {
                &[RecordData, Coordinate, Facilitate, Nurse, Prescribe, AttendNight, MonitorMedically]
            }
            Fact::AttachDocument { .. } => &[RecordData, Coordinate, Nurse, Prescribe],
            Fact::RecordScreenFailure { .. } => &[DecideEligibility],
            Fact::RecordStop { .. } => &[Coordinate, RecordData, DecideEligibility, Prescribe, Facilitate],
            Fact::RecordApproval { .. } => &[LeadSite, Prescribe, Coordinate, AdministerTrial],
            Fact::RecordCheck { .. } => {
                &[Facilitate, Nurse, Prescribe, RecordData, Coordinate, DispenseDrug, WitnessDrug, AttendNight]
            }
            Fact::RecordPresence { .. } | Fact::RecordHandover { .. } | Fact::SignSession { .. } => {
                &[Facilitate, Nurse, Prescribe, AttendNight, LeadSession]
            }
            Fact::RecordReading { .. } | Fact::CorrectReading { .. } => &[Facilitate, Nurse, Prescribe, AttendNight],
            Fact::AcknowledgeAlarm { .. } => {
                &[Facilitate, Nurse, Prescribe, AttendNight, LeadSession, LeadSite, MonitorMedically]
            }
            Fact::OpenCard { .. }
            | Fact::TickCard { .. }
            | Fact::CloseCard { .. }
            | Fact::CallContact { .. }
            | Fact::RecordAlarms { .. } => &[Facilitate, Nurse, Prescribe, AttendNight, LeadSession],
            Fact::RecordSwallow { .. } | Fact::RecordSupplementNotGiven { .. } => {
                &[Facilitate, Nurse, Prescribe, DispenseDrug]
            }
            Fact::RecordAgreement { .. } | Fact::WithdrawOrder { .. } => &[Prescribe],
            Fact::RecordSessionNote { .. }
            | Fact::CorrectSessionNote { .. }
            | Fact::StopSession { .. }
            | Fact::RecordDeparture { .. } => &[Facilitate, Nurse, Prescribe, AttendNight],
            Fact::RecordNightCheck { .. } => &[AttendNight, Facilitate, Nurse],
            Fact::ReceiveContainers { .. }
            | Fact::CountStock { .. }
            | Fact::RecordContainer { .. }
            | Fact::CompleteReceipt { .. }
            | Fact::ReceiveShipment { .. }
            | Fact::RecordTemperature { .. }
            | Fact::RecordSafeAccess { .. } => &[DispenseDrug, WitnessDrug],
            Fact::RecallLot { site: Some(_), .. } => &[DispenseDrug, LeadSite, MonitorMedically, AdministerTrial],
            Fact::RecallLot { site: None, .. } => &[MonitorMedically, AdministerTrial],
            Fact::RecordNotice { .. } => &[LeadSite, DispenseDrug, AdministerTrial],
            Fact::EndDelegation { .. }
            | Fact::RecordCertificate { .. }
            | Fact::WithdrawCertificate { .. }
            | Fact::DeclareRelation { .. }
            | Fact::EndRelation { .. } => &[LeadSite, AdministerTrial],
            Fact::PlaceHold { .. } => {
                &[LeadSite, MonitorMedically, AdministerTrial, Prescribe, DecideEligibility, DispenseDrug]
            }
            Fact::CompleteTask { .. } => &[
                RecordData,
                Coordinate,
                Facilitate,
                Nurse,
                Prescribe,
                DecideEligibility,
                MonitorMedically,
                LeadSite,
                DispenseDrug,
                ManageData,
                Monitor,
            ],
            Fact::RecordRating { .. } | Fact::RecordRatingMissed { .. } => &[RateOutcomes],
        },
        Command::Authorise(act) => match act {
            Authorisation::BookVisit { .. } | Authorisation::RequestRating { .. } => {
                &[Coordinate, Facilitate, RecordData]
            }
            Authorisation::Enrol { .. }
            | Authorisation::ConfirmEnrolment { .. }
            | Authorisation::Rescreen { .. }
            | Authorisation::CompleteParticipation { .. } => &[DecideEligibility],
            Authorisation::Randomise { .. } => &[Randomise],
            Authorisation::OrderDose { .. } => &[Prescribe],
            Authorisation::ReleaseContainers { .. }
            | Authorisation::AcceptContainers { .. }
            | Authorisation::DestroyContainers { .. }
            | Authorisation::ReturnToSafe { .. }
            | Authorisation::ShipContainers { .. } => &[DispenseDrug, WitnessDrug],
            Authorisation::SignOrderForm { .. } => &[LeadSite, Prescribe, DispenseDrug, AdministerTrial],
            Authorisation::ResolveDiscrepancy { .. } => &[LeadSite, MonitorMedically, AdministerTrial],
            Authorisation::AuthoriseDose { .. } | Authorisation::AuthoriseSupplement { .. } => {
                &[Facilitate, Nurse, Prescribe]
            }
            Authorisation::Discharge { .. } | Authorisation::CloseSession { .. } => &[Facilitate, Nurse, Prescribe],
            Authorisation::TransferParticipant { .. } | Authorisation::MoveVersion { .. } => {
                &[Coordinate, DecideEligibility, LeadSite]
            }
            Authorisation::TakeRating { .. } => &[RateOutcomes],
            Authorisation::BreakCode { .. } => &[BreakCode],
            Authorisation::EraseIdentity { .. } => &[Coordinate, LeadSite],
            Authorisation::AdoptStudy { .. }
            | Authorisation::OpenSite { .. }
            | Authorisation::ActivateSite { .. }
            | Authorisation::CloseSite { .. }
            | Authorisation::SetCap { .. }
            | Authorisation::LoadAllocation { .. }
            | Authorisation::GrantRole { .. } => &[AdministerTrial],
            Authorisation::FreezePlan { .. } => &[ManageData, AdministerTrial],
            Authorisation::LockRecord {} | Authorisation::UnlockRecord {} => {
                &[ManageData, AdministerTrial, MonitorMedically]
            }
            Authorisation::Delegate { .. } => &[LeadSite, AdministerTrial],
            Authorisation::LiftHold { .. } => &[MonitorMedically, AdministerTrial],
        },
    }
}

/// Gathers what a decision looks at.
///
/// # Errors
/// When the study version that applies isn't known to the store.
pub fn case_of<'a>(
    studies: &'a Studies,
    world: World<'a>,
    site: Option<&'a SiteId>,
    request: &'a Request,
    context: &'a Context,
) -> Result<Case<'a>, No> {
    let hash = world.participant.map(|p| &p.study).or_else(|| world.trial.current_study()).or_else(|| {
        match &request.command {
            Command::Authorise(Authorisation::AdoptStudy { study }) => {
                studies.iter().map(|(h, _)| h).find(|h| *h == study)
            }
            Command::Authorise(_) | Command::Fact(_) => None,
        }
    });
    let Some((hash, study)) = hash.and_then(|hash| Some((hash, studies.get(hash)?))) else {
        return Err(No::Conflict { what: "this store holds no study version that applies here".to_owned() });
    };
    let site = world.participant.map(|p| &p.site).or(site);
    let in_trial = site.and_then(|site| world.trial.sites.get(site));
    let zone = in_trial.map_or(TimeZone::UTC, |site| site.time_zone.clone());
    let (at, device_at) = match &request.command {
        Command::Fact(_) => set_right(request, context.now),
        Command::Authorise(_) => (context.now, None),
    };
    let day = at.to_zoned(zone.clone()).date();
    let today = if at == context.now { day } else { context.now.to_zoned(zone.clone()).date() };
    let actor = authority(study, world.trial, world.site, today, &context.actor);
    let second = context.second.as_ref().map(|proof| authority(study, world.trial, world.site, today, proof));
    Ok(Case {
        study,
        study_hash: hash,
        studies,
        world,
        context,
        actor,
        second,
        site,
        zone,
        zone_name: in_trial.map_or("UTC", |site| site.zone.as_str()),
        at,
        device_at,
        day,
        reason: request.reason.as_deref(),
        brief: false,
    })
}

/// When a fact happened: by the device's clock, set right where that clock shows another time than ours at sending. The
/// device's own time is kept beside it then.
fn set_right(request: &Request, now: Timestamp) -> (Timestamp, Option<Timestamp>) {
    /// A message is under way for some time: less than this is no wrong clock.
    const CLOCK_LEEWAY: SignedDuration = SignedDuration::from_secs(90);
    let Some(at) = request.at else { return (now, None) };
    let Some(sent) = request.sent else { return (at, None) };
    let ahead = sent.duration_since(now);
    if ahead.abs() <= CLOCK_LEEWAY {
        return (at, None);
    }
    (at.checked_sub(ahead).unwrap_or(now), Some(at))
}

/// Decides: entries to append, or why there are none. Nothing is changed here; the entries are the only outcome.
///
/// # Errors
/// [`No::Refused`] for an authorisation that a rule forbids, with every reason; [`No::Unreadable`] for a command that
/// can't be read; [`No::Conflict`] when somebody wrote first; [`No::NotYours`] when the person lacks the duty.
pub fn decide(
    studies: &Studies,
    world: World<'_>,
    site: Option<&SiteId>,
    request: &Request,
    context: &Context,
) -> Result<Vec<Written>, No> {
    decide_without(&|_| false, studies, world, site, request, context)
}

/// The same with some rules switched off: what a broken finding says is dropped where `off` says so.
///
/// For the proof that every rule is needed, and for nothing else: a house test sees to it that no crate but
/// `verification` names this function.
///
/// # Errors
/// As [`decide`].
pub fn decide_without(
    off: &dyn Fn(&Broken) -> bool,
    studies: &Studies,
    world: World<'_>,
    site: Option<&SiteId>,
    request: &Request,
    context: &Context,
) -> Result<Vec<Written>, No> {
    let case = Case { brief: true, ..case_of(studies, world, site, request, context)? };
    let duties = duties_for(&request.command);
    exists(&case, &request.command.subject())?;
    allowed_to_ask(&case, duties, &request.command)?;
    let mut draft = Draft::new(&case, duties);
    match &request.command {
        Command::Fact(fact) => {
            not_in_the_future(&case)?;
            not_before_it_began(&case)?;
            record(&case, fact, &mut draft)?;
            staffing::lock::flag(&case, fact, &mut draft);
        }
        Command::Authorise(act) => {
            let broken: Vec<Broken> = ask(&case, act)
                .into_iter()
                .filter_map(|finding| match finding {
                    Finding::Broken(broken) => Some(broken),
                    Finding::Holds(_) => None,
                })
                .filter(|broken| !off(broken))
                .collect();
            if !broken.is_empty() {
                return Err(Refusal { act: request.command.name(), broken }.into());
            }
            grant(&case, act, &mut draft);
        }
    }
    Ok(draft.finish())
}

/// What the rules say of an authorisation: one finding for each condition, in the rules' order.
pub fn ask(case: &Case<'_>, act: &Authorisation) -> Vec<Finding> {
    let mut findings = participant::ask(case, act)
        .or_else(|| session::ask(case, act))
        .or_else(|| accountability::ask(case, act))
        .or_else(|| staffing::ask(case, act))
        .unwrap_or_default();
    findings.extend(staffing::certificates::acting(case, act));
    findings.extend(staffing::lock::closed(case, act));
    findings
}

fn grant(case: &Case<'_>, act: &Authorisation, draft: &mut Draft) {
    participant::grant(case, act, draft);
    session::grant(case, act, draft);
    accountability::grant(case, act, draft);
    staffing::grant(case, act, draft);
}

fn record(case: &Case<'_>, fact: &Fact, draft: &mut Draft) -> Result<(), FactNo> {
    let done = participant::record(case, fact, draft)?
        || session::record(case, fact, draft)?
        || accountability::record(case, fact, draft)?
        || staffing::record(case, fact, draft)?;
    debug_assert!(done, "a fact that no part of the rules records");
    Ok(())
}

fn allowed_to_ask(case: &Case<'_>, duties: &[Duty], command: &Command) -> Result<(), No> {
    if case.actor.duties.has_any(duties) {
        return own_record_only(case);
    }
    let names: Vec<&str> = duties.iter().map(|duty| duty.name()).collect();
    let here = case.site.map_or_else(|| "in the trial".to_owned(), |site| format!("at {site}"));
    Err(No::NotYours {
        what: format!(
            "{} needs one of these duties {here} today: {}. The investigator can delegate them",
            command.name().replace('_', " "),
            names.join(", ")
        ),
    })
}

/// A participant writes in their own record alone.
fn own_record_only(case: &Case<'_>) -> Result<(), No> {
    match (&case.actor.proof.person, case.world.participant) {
        (Person::Participant(me), Some(participant)) if *me != participant.id => {
            Err(No::NotYours { what: "this is not your own record".to_owned() })
        }
        _ => Ok(()),
    }
}

fn not_in_the_future(case: &Case<'_>) -> Result<(), FactNo> {
    // A tablet's clock may run a little fast; more than that is a mistake in the date.
    let latest = case.context.now.checked_add(SignedDuration::from_mins(5)).unwrap_or(case.context.now);
    if case.at <= latest {
        return Ok(());
    }
    Err(Unreadable {
        field: "at".to_owned(),
        what: format!("{} lies in the future", case.at),
        mend: "give the time at which it happened; what is planned is booked, not recorded".to_owned(),
    }
    .into())
}

/// Nothing happens to a participant before their enquiry (a day's leeway for time zones), and nothing at all longer ago than
/// anybody who records it could remember: a year before its time is a slip of the pen.
fn not_before_it_began(case: &Case<'_>) -> Result<(), FactNo> {
    /// Years back that something may be recorded late where no participant bounds it.
    const YEARS_BACK_MAX: i64 = 5;
    let (earliest, since) = match case.world.participant {
        Some(participant) => (days_from(participant.enquired, -1), "the participant's enquiry"),
        None => {
            let today = case.context.now.to_zoned(case.zone.clone()).date();
            (today.saturating_sub(jiff::Span::new().years(YEARS_BACK_MAX)), "five years ago")
        }
    };
    if case.day >= earliest {
        return Ok(());
    }
    Err(Unreadable {
        field: "at".to_owned(),
        what: format!("{} lies before {since}", case.day),
        mend: "look at the year; what was before the study belongs into a form's answers, or a note".to_owned(),
    }
    .into())
}

fn exists(case: &Case<'_>, subject: &Subject) -> Result<(), No> {
    match subject {
        Subject::Participant(_) | Subject::Rating(_) => {
            case.participant()?;
        }
        Subject::Site(site) if !case.world.trial.sites.contains_key(site) => {
            return Err(Unreadable {
                field: "site".to_owned(),
                what: format!("site {site} has not been opened in this trial"),
                mend: "open the site first, or check its id".to_owned(),
            }
            .into());
        }
        Subject::Site(_) | Subject::Trial => {}
    }
    Ok(())
}
