//! Who was with the participant, as the onlooker works it out: from what each person's last coming or going before a moment was.
//!
//! The rules compare stays; this looks at single moments, and shares nothing with them.

use super::{Harm, day::Bed, memory::Goings, minutes, must};
use conduct::{Entry, StreamId, command::Going};
use jiff::Timestamp;
use protocol::model::{Duty, Trigger};
use std::collections::BTreeSet;
use terms::StaffId;

/// Who was there at a moment.
pub(super) fn there(goings: &Goings, at: Timestamp) -> impl Iterator<Item = &StaffId> {
    goings.iter().filter_map(move |(staff, mine)| {
        let last = mine.iter().rev().find(|(when, _)| *when <= at)?;
        (last.1 == Going::In).then_some(staff)
    })
}

/// Takes in a coming or going, at its place in time.
pub(super) fn note(goings: &mut Goings, staff: &StaffId, at: Timestamp, going: Going) {
    let mine = goings.entry(staff.clone()).or_default();
    let place = mine.iter().filter(|(when, _)| *when <= at).count();
    mine.insert(place, (at, going));
}

/// How things stood at one moment under the drug, by what was known before an append and by what is known after it.
struct Moment {
    at: Timestamp,
    before: Option<(usize, usize)>,
    after: (usize, usize),
}

impl Bed<'_> {
    fn is_carer(&self, staff: &StaffId) -> bool {
        let duties = self.look.duties_of(staff, self.person.site.as_ref());
        duties.contains(&Duty::Facilitate) || duties.contains(&Duty::Nurse)
    }

    fn people_and_carers(&self, goings: &Goings, at: Timestamp) -> (usize, usize) {
        let people: Vec<&StaffId> = there(goings, at).collect();
        (people.len(), people.iter().filter(|staff| self.is_carer(staff)).count())
    }

    pub(super) fn carers_at(&self, at: Timestamp) -> usize {
        self.people_and_carers(&self.day.goings, at).1
    }

    /// Somebody came or went, at whatever moment they say: of all the time since the first swallow it is asked what is known now
    /// and was not known before.
    pub(super) fn came_or_went(&self, harms: &mut Vec<Harm>) {
        let Some(dosed) = self.day.first().map(|taken| taken.at) else { return };
        let mut after = self.day.goings.clone();
        for one in self.look.performed.written {
            if let (StreamId::Participant(id), Entry::PresenceRecorded { session, staff, going }) =
                (&one.stream, &one.entry)
                && id == self.id
                && *session == self.number
            {
                note(&mut after, staff, one.stamp.at, *going);
            }
        }
        let mut moments = self.moments(&after, dosed);
        for moment in &mut moments {
            moment.before = Some(self.people_and_carers(&self.day.goings, moment.at));
        }
        self.company(&moments, harms);
    }

    /// A first swallow that is told late: who has gone since then left somebody under the drug.
    pub(super) fn since_the_swallow(&self, at: Timestamp, harms: &mut Vec<Harm>) {
        let mut moments = self.moments(&self.day.goings, at);
        // The moment of the swallow itself has an answer of its own.
        if let Some(first) = moments.first_mut() {
            first.before = Some(first.after);
        }
        self.company(&moments, harms);
    }

    /// The moments since the first swallow at which anything changed.
    fn moments(&self, after: &Goings, dosed: Timestamp) -> Vec<Moment> {
        let left = self.day.left.map(|(left, _)| left);
        let all = after.values().flatten().map(|(at, _)| *at).chain([dosed]);
        let under: BTreeSet<Timestamp> = all.filter(|at| *at >= dosed && left.is_none_or(|left| *at < left)).collect();
        let moment = |at| Moment { at, before: None, after: self.people_and_carers(after, at) };
        under.into_iter().map(moment).collect()
    }

    fn company(&self, moments: &[Moment], harms: &mut Vec<Harm>) {
        let plan = &self.study.session.presence;
        let (least, enough) = (plan.in_room_min as usize, plan.carers_min as usize);
        let alone = |(people, _): (usize, usize)| people == 0;
        let few = |(people, carers): (usize, usize)| people > 0 && carers < least;
        let below = |(_, carers): (usize, usize)| carers < enough;
        for (place, moment) in moments.iter().enumerate() {
            let new = |so: &dyn Fn((usize, usize)) -> bool| so(moment.after) && !moment.before.is_some_and(so);
            self.answer(harms, new(&alone), Trigger::ParticipantAlone, "the participant is alone");
            let what = "fewer carers in the room than the minimum";
            self.answer(harms, new(&few), Trigger::CarersBelowMinimum, what);
            if !new(&below) {
                continue;
            }
            let first =
                moments.iter().take(place + 1).rev().take_while(|one| below(one.after)).last().unwrap_or(moment);
            let end = moments.iter().skip(place).find(|one| !below(one.after)).map(|one| one.at);
            let end = end.or(self.day.left.map(|(left, _)| left));
            let most = i64::from(plan.gap_minutes_max);
            let lasts = end.is_none_or(|end| minutes(first.at, end) > most);
            let next = moments.get(place + 1).map(|next| next.at);
            let swallowed = moment.before.is_some()
                && self.day.taken.iter().any(|taken| moment.at <= taken.at && next.is_none_or(|next| taken.at < next));
            let known = moment.before.is_some() && self.known_too_long(moments, first.at, end, below);
            let told = self.look.answered(Trigger::CarersBelowMinimum) || self.look.answered(Trigger::ParticipantAlone);
            must(
                harms,
                told || !(swallowed || lasts && !known),
                "answer.carers_below_minimum",
                format!("{}: the carers became too few, and nothing answers it", self.id),
            );
        }
    }

    /// Whether a part of it was known to be too long before.
    fn known_too_long(
        &self,
        moments: &[Moment],
        from: Timestamp,
        end: Option<Timestamp>,
        below: impl Fn((usize, usize)) -> bool,
    ) -> bool {
        let most = i64::from(self.study.session.presence.gap_minutes_max);
        let inside = moments.iter().filter(|one| from <= one.at && end.is_none_or(|end| one.at < end));
        let mut since = None;
        for one in inside {
            match (one.before.is_some_and(&below), since) {
                (true, None) => since = Some(one.at),
                (false, Some(begun)) if minutes(begun, one.at) > most => return true,
                (false, _) => since = None,
                (true, Some(_)) => {}
            }
        }
        since.zip(end).is_some_and(|(begun, end)| minutes(begun, end) > most)
    }
}
