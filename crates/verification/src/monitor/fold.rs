//! How the onlooker's memory follows the entries.

use super::{
    Monitor,
    memory::{
        Allowed, Checked, Clinic, Day, Filled, Measured, Medicine, Ordered, Person, Place, Rated, Shared, Taken, Way,
    },
};
use conduct::{
    Entry, Stamp, StreamId, Written,
    command::{ContainerFact, Going, Severity, StopScope},
};
use protocol::model::{Study, Trigger};
use terms::{ContainerId, SiteId};

pub(super) fn fold(monitor: &mut Monitor, study: &Study, one: &Written) {
    match &one.stream {
        StreamId::Participant(id) => {
            let site = monitor.people.get(id).and_then(|person| person.site.clone());
            let properly = properly_done(monitor, study, site.as_ref(), one);
            let person = monitor.person_mut(id);
            person.latest = person.latest.max(Some(one.stamp.recorded_at));
            match one.entry.session() {
                Some(number) => {
                    let day = person.days.entry(number).or_default();
                    day.begun = true;
                    in_session(day, &one.stamp, &one.entry, properly);
                }
                None => of_person(person, &one.stamp, &one.entry),
            }
        }
        StreamId::Site(id) => {
            of_site(monitor.shared_mut().sites.entry(id.clone()).or_default(), one);
            monitor.shared_mut().credentials(Some(id), &one.entry);
        }
        StreamId::Stock(id) => of_stock(monitor.shared_mut(), id, one),
        StreamId::Trial => {
            of_trial(monitor.shared_mut(), one);
            monitor.shared_mut().credentials(None, &one.entry);
        }
        StreamId::Allocation => {
            if let Entry::AllocationDrawn { handle, .. } = &one.entry {
                monitor.shared_mut().drawn.push(handle.clone());
            }
        }
    }
}

/// Whether a check was done by somebody with one of its duties.
fn properly_done(monitor: &Monitor, study: &Study, site: Option<&SiteId>, one: &Written) -> bool {
    let Entry::CheckRecorded { check, clears, .. } = &one.entry else { return true };
    let mut all = study.session.checks.iter().chain(&study.session.discharge.criteria);
    let Some(check) = all.find(|known| known.id == *check) else { return true };
    let conduct::Person::Staff(staff) = &one.stamp.by.person else { return *clears };
    let duties = monitor.shared.duties(study, staff, site, one.stamp.day);
    check.by.is_empty() || check.by.iter().any(|duty| duties.contains(duty))
}

fn in_session(day: &mut Day, stamp: &Stamp, entry: &Entry, properly: bool) {
    match entry {
        Entry::DoseOrdered { level, initial, supplement, initial_pieces, supplement_pieces, .. } => {
            let by = match &stamp.by.person {
                conduct::Person::Staff(staff) => Some(staff.clone()),
                conduct::Person::Participant(_) | conduct::Person::Program => None,
            };
            day.order = Some(Ordered {
                by,
                level: level.clone(),
                initial: *initial,
                supplement: *supplement,
                initial_pieces: *initial_pieces,
                supplement_pieces: *supplement_pieces,
            });
        }
        Entry::OrderWithdrawn { .. } => (day.order, day.allowed, day.opened) = (None, None, None),
        Entry::ContainersReleased { initial, supplement, .. } => {
            day.out = Some((initial.clone(), supplement.clone(), stamp.at));
        }
        Entry::CheckRecorded { check, values, .. } => {
            let done = Checked { values: values.clone(), at: stamp.at, day: stamp.day, properly, agreed: false };
            if day.checks.get(check).is_none_or(|earlier| earlier.at <= done.at) {
                day.checks.insert(check.clone(), done);
            }
        }
        Entry::Agreed { check: Some(check), .. } => {
            if let Some(done) = day.checks.get_mut(check) {
                done.agreed = true;
            }
        }
        Entry::Agreed { check: None, .. } => day.agreed = Some(stamp.at),
        Entry::PresenceRecorded { staff, going, .. } => {
            super::company::note(&mut day.goings, staff, stamp.at, *going);
            if *going == Going::In {
                day.there.insert(staff.clone());
            }
        }
        Entry::DoseAuthorised { container, expires, .. } => {
            day.ground_lost = false;
            day.allowed = Some(Allowed { container: container.clone(), at: stamp.at, until: *expires });
        }
        Entry::SupplementAuthorised { container, expires, .. } => {
            day.opened = Some(Allowed { container: container.clone(), at: stamp.at, until: *expires });
        }
        Entry::DoseTaken { part, container, amount, pieces, authorised, .. } => day.taken.push(Taken {
            part: *part,
            container: container.clone(),
            at: stamp.at,
            day: stamp.day,
            amount: *amount,
            pieces: *pieces,
            lawful: *authorised,
        }),
        _ => later_in_session(day, stamp, entry),
    }
}

fn later_in_session(day: &mut Day, stamp: &Stamp, entry: &Entry) {
    match entry {
        Entry::SupplementNotGiven { .. } => day.declined = true,
        Entry::ReadingRecorded { instance, measures, slot, .. } => {
            day.lines.insert(instance.clone());
            let place = day.readings.partition_point(|read| read.at <= stamp.at);
            let (id, measures) = (instance.clone(), measures.clone());
            day.readings.insert(place, Measured { id, at: stamp.at, measures, slot: slot.clone() });
        }
        Entry::ReadingCorrected { instance, changes, .. } => day.correct(instance, changes),
        Entry::SessionNoted { instance, code, .. } => {
            day.lines.insert(instance.clone());
            if code.eq_ignore_ascii_case("VOMIT") {
                day.vomited.get_or_insert(stamp.at);
            }
        }
        Entry::CardOpened { instance, .. } => {
            day.lines.insert(instance.clone());
        }
        Entry::SessionSigned { staff, .. } => {
            day.signed.insert(staff.clone());
        }
        Entry::SessionStopped { .. } => (day.stopped, day.allowed, day.opened) = (true, None, None),
        Entry::Discharged { .. } => day.discharged = true,
        Entry::Departed { to, .. } => day.left = Some((stamp.at, *to)),
        Entry::SessionClosed { .. } => day.closed = true,
        Entry::GroundWithdrawn { rule, .. } => {
            if !rule.as_str().starts_with("supplement.") {
                (day.ground_lost, day.allowed) = (true, None);
            }
            day.opened = None;
        }
        _ => {}
    }
}

fn met(criteria: &[conduct::entry::CriterionFound]) -> std::collections::BTreeSet<terms::CriterionId> {
    let met = criteria.iter().filter(|found| found.answer == conduct::entry::CriterionAnswer::Met);
    met.map(|found| found.criterion.clone()).collect()
}

fn of_person(person: &mut Person, stamp: &Stamp, entry: &Entry) {
    match entry {
        Entry::EnquiryRecorded { site, .. } => {
            person.site = Some(site.clone());
            person.study = Some(stamp.study.clone());
            person.attempts = 1;
        }
        Entry::EnquiryDeclined { .. } => person.way = Way::Gone,
        Entry::ConsentRecorded { version, valid, items, quiz_score, .. } => {
            person.consents.push((version.clone(), *valid, stamp.day));
            if *valid {
                person.items.clone_from(items);
                person.quiz = *quiz_score;
                if person.way == Way::Asked {
                    person.way = Way::Screening;
                }
            }
        }
        Entry::Enrolled { criteria } => {
            person.met.insert(1, met(criteria));
            person.gates.insert(1, (stamp.day, None));
            person.way = Way::Enrolled;
        }
        Entry::EnrolmentConfirmed { expires, criteria } => {
            person.met.insert(2, met(criteria));
            person.gates.insert(2, (stamp.day, *expires));
            if person.way == Way::Enrolled {
                person.way = Way::Confirmed;
            }
        }
        Entry::ScreenFailed { gate, .. } => {
            person.gates.remove(gate);
            person.way = Way::Failed(*gate);
        }
        Entry::Rescreened { .. } => {
            person.attempts += 1;
            person.way = if person.way == Way::Failed(2) { Way::Enrolled } else { Way::Screening };
        }
        Entry::Randomised { .. } | Entry::AllocatedOpenLabel => (person.assigned, person.way) = (true, Way::Assigned),
        Entry::Stopped { scope, .. } => {
            person.stopped = true;
            person.withdrawn |= *scope == StopScope::Consent;
            let goes_on = matches!(scope, StopScope::Treatment | StopScope::Discontinued) && person.assigned;
            person.way = if goes_on { Way::Stopped } else { Way::Gone };
        }
        Entry::IdentityErased => person.erased = true,
        Entry::ParticipationCompleted => person.way = Way::Completed,
        Entry::Transferred { to, .. } => person.site = Some(to.clone()),
        Entry::VersionMoved { to, .. } => person.study = Some(to.clone()),
        Entry::HoldPlaced { instance, .. } => {
            person.holds.insert(instance.clone());
        }
        Entry::HoldLifted { instance } => {
            person.holds.remove(instance);
        }
        Entry::ApprovalRecorded { approval, from, until, .. } => {
            person.approvals.push((approval.clone(), *from, *until));
        }
        Entry::ContactTried { outcome, route, .. } => {
            person.routes.extend(*route);
            use conduct::command::ContactOutcome::{Reached, Refused, ViaContact};
            person.tries.push((stamp.day, matches!(outcome, Reached | Refused | ViaContact)));
        }
        _ => of_record(person, stamp, entry),
    }
}

pub(super) fn of_record(person: &mut Person, stamp: &Stamp, entry: &Entry) {
    match entry {
        Entry::FormRecorded { instance, form, visit, values, scores } => {
            let filled = Filled {
                form: form.clone(),
                visit: visit.clone(),
                day: stamp.day,
                at: stamp.at,
                place: person.forms.len(),
                values: values.as_ref().clone(),
                scores: scores.iter().map(|(name, found)| (name.to_string(), found.value.clone())).collect(),
                struck: false,
            };
            person.forms.insert(instance.clone(), filled);
        }
        Entry::FormCorrected { instance, changes, scores, .. } => {
            if let Some(filled) = person.forms.get_mut(instance) {
                filled.values.extend(changes.iter().map(|(field, change)| (field.clone(), change.new.clone())));
                filled.scores = scores.iter().map(|(name, found)| (name.to_string(), found.value.clone())).collect();
            }
        }
        Entry::RecordStruck { instance, .. } => {
            if let Some(filled) = person.forms.get_mut(instance) {
                filled.struck = true;
            }
            if let Some(medicine) = person.medicines.get_mut(instance) {
                medicine.struck = true;
            }
            person.days.values_mut().for_each(|day| day.readings.retain(|read| read.id != *instance));
        }
        Entry::MedicationRecorded { instance, medicine, .. } => {
            let known = Medicine {
                name: medicine.name.trim().to_lowercase(),
                started: medicine.started,
                last: medicine.last_dose,
                changed: medicine.last_change,
                rescue: medicine.rescue,
                struck: false,
            };
            person.medicines.insert(instance.clone(), known);
        }
        Entry::AdverseEventRecorded { instance, event, .. } => {
            let over = event.ended.is_some()
                || matches!(event.outcome, conduct::command::AdverseEventOutcome::Recovered)
                || event.session.is_none();
            let grave = event.severity == Severity::Severe || !event.serious.is_empty();
            if grave && !over {
                person.grave.insert(instance.clone());
            } else {
                person.grave.remove(instance);
            }
            if !event.serious.is_empty() {
                person.serious.insert(instance.clone());
            }
        }
        Entry::TaskRaised(task) => {
            person.tasks.insert(task.instance.clone());
            match (task.trigger, &task.about) {
                (Trigger::SuicideRisk, _) => {
                    person.alarms.insert(task.instance.clone());
                }
                (Trigger::SeriousAdverseEvent, _) => {
                    person.grave_tasks.insert(task.instance.clone());
                }
                (Trigger::MayBeHarm, Some(about)) => {
                    person.questions.insert(task.instance.clone(), about.clone());
                }
                _ => {}
            }
        }
        Entry::TaskCompleted { instance, .. } => {
            person.tasks.remove(instance);
            person.alarms.remove(instance);
            person.grave_tasks.remove(instance);
            person.questions.remove(instance);
        }
        _ => of_visits(person, entry),
    }
}

fn of_visits(person: &mut Person, entry: &Entry) {
    match entry {
        Entry::VisitBooked { visit, starts, day, .. } => {
            person.visits.entry(visit.clone()).or_default().booked = Some((*starts, *day));
        }
        Entry::VisitCancelled { visit, .. } | Entry::VisitNoShow { visit } => {
            person.visits.entry(visit.clone()).or_default().booked = None;
        }
        Entry::VisitAttended { visit, day, .. } => {
            let kept = person.visits.entry(visit.clone()).or_default();
            kept.booked = None;
            kept.held.get_or_insert(*day);
        }
        Entry::VisitCompleted { visit, day, .. } => {
            let kept = person.visits.entry(visit.clone()).or_default();
            kept.held.get_or_insert(*day);
            kept.complete = true;
        }
        Entry::VisitMissed { visit, planned, .. } => {
            let kept = person.visits.entry(visit.clone()).or_default();
            (kept.booked, kept.missed) = (None, Some(*planned));
        }
        Entry::RatingRequested { request, visit, .. } => {
            person.ratings.insert(request.clone(), Rated { visit: visit.clone(), rater: None, done: false });
        }
        Entry::RatingTaken { request, rater } => {
            if let Some(rating) = person.ratings.get_mut(request) {
                rating.rater = Some(rater.clone());
            }
        }
        Entry::RatingRecorded { request, .. } | Entry::RatingMissed { request, .. } => {
            if let Some(rating) = person.ratings.get_mut(request) {
                rating.done = true;
            }
        }
        _ => {}
    }
}

fn of_site(site: &mut Clinic, one: &Written) {
    match &one.entry {
        Entry::PlaceTaken { participant } | Entry::ParticipantArrived { participant, .. } => {
            site.places.insert(participant.clone());
        }
        Entry::ParticipantLeft { participant, .. } => {
            site.places.remove(participant);
        }
        Entry::Delegated { staff, role, from, until, .. } => {
            site.delegations.push((staff.clone(), role.clone(), *from, *until));
        }
        Entry::DelegationEnded { staff, role } => {
            let last = one.stamp.day.yesterday().unwrap_or(one.stamp.day);
            for (who, what, _, until) in &mut site.delegations {
                if who == staff && what == role && until.is_none_or(|until| until > last) {
                    *until = Some(last);
                }
            }
        }
        Entry::HoldPlaced { instance, .. } => {
            site.holds.insert(instance.clone());
        }
        Entry::HoldLifted { instance } => {
            site.holds.remove(instance);
        }
        Entry::ApprovalRecorded { approval, from, until, .. } => {
            site.approvals.push((approval.clone(), *from, *until));
        }
        _ => {}
    }
}

fn put_in(shared: &mut Shared, id: &ContainerId, place: Place) {
    if let Some(held) = shared.containers.get_mut(id) {
        held.place = place;
    }
}

fn of_stock(shared: &mut Shared, site: &SiteId, one: &Written) {
    match &one.entry {
        Entry::ContainersAccepted { containers } => {
            for id in containers {
                if let Some(held) = shared.containers.get_mut(id) {
                    (held.place, held.set_aside) = (Place::Safe, false);
                }
            }
        }
        Entry::ContainerOut { container, participant, session, .. } => {
            put_in(shared, container, Place::Out(participant.clone(), *session));
        }
        Entry::ContainerBack { container, .. } => {
            let aside = shared.containers.get(container).is_some_and(|held| held.set_aside || held.recalled);
            put_in(shared, container, if aside { Place::Quarantine } else { Place::Safe });
        }
        Entry::ContainerUsed { container, participant, pieces } => {
            put_in(shared, container, Place::Opened(participant.clone()));
            if let Some(held) = shared.containers.get_mut(container) {
                held.used += pieces;
            }
        }
        Entry::ContainerChanged { container, what } => changed(shared, container, what),
        Entry::ContainersDestroyed { containers, .. } => {
            containers.iter().for_each(|id| put_in(shared, id, Place::Destroyed));
        }
        Entry::ContainersShipped { containers, .. } => {
            containers.iter().for_each(|id| put_in(shared, id, Place::SentOut))
        }
        _ => super::papers::of_papers(shared, site, one),
    }
}

fn changed(shared: &mut Shared, id: &ContainerId, what: &ContainerFact) {
    let Some(held) = shared.containers.get_mut(id) else { return };
    match what {
        ContainerFact::Quarantined { .. }
        | ContainerFact::TemperatureExcursion { .. }
        | ContainerFact::Recalled { .. } => {
            // What is out for a session stays out until it is put back.
            if held.used == 0 && !matches!(held.place, Place::Out(..)) {
                held.place = Place::Quarantine;
            }
            held.set_aside = true;
            held.recalled |= matches!(what, ContainerFact::Recalled { .. });
        }
        ContainerFact::Damaged { .. } => held.place = Place::Damaged,
        ContainerFact::Missing => held.place = Place::Missing,
        ContainerFact::ReturnedOut { .. } => held.place = Place::SentOut,
        ContainerFact::CameBack { .. } => held.place = Place::Back,
        ContainerFact::Refused { .. } => (held.place, held.used) = (Place::Back, held.used.max(1)),
        ContainerFact::Wasted { pieces, .. } => held.used += pieces,
        ContainerFact::Found { .. } => held.place = Place::Quarantine,
    }
}

fn of_trial(shared: &mut Shared, one: &Written) {
    match &one.entry {
        Entry::StudyAdopted { study, label, .. } => shared.studies.push((study.clone(), label.clone())),
        Entry::SiteOpened { site, cap, country, .. } => {
            let clinic = shared.sites.entry(site.clone()).or_default();
            clinic.country.clone_from(country);
            (clinic.standing, clinic.cap) = (1, *cap);
        }
        Entry::SiteActivated { site } => shared.sites.entry(site.clone()).or_default().standing = 2,
        Entry::SiteClosed { site } => shared.sites.entry(site.clone()).or_default().standing = 3,
        Entry::CapSet { site, cap } => shared.sites.entry(site.clone()).or_default().cap = *cap,
        Entry::RoleGranted { staff, role } => {
            shared.roles.entry(staff.clone()).or_default().insert(role.clone());
        }
        Entry::RoleEnded { staff, role } => {
            if let Some(roles) = shared.roles.get_mut(staff) {
                roles.remove(role);
            }
        }
        Entry::HoldPlaced { instance, .. } => {
            shared.holds.insert(instance.clone());
        }
        Entry::HoldLifted { instance } => {
            shared.holds.remove(instance);
        }
        Entry::AllocationLoaded { rows, .. } => shared.rows = Some(*rows),
        Entry::AnalysisPlanFrozen { plan, .. } => shared.plan = Some(plan.clone()),
        Entry::RecordLocked { .. } => (shared.locked, shared.opened) = (true, true),
        Entry::RecordUnlocked {} => shared.locked = false,
        _ => {}
    }
}
