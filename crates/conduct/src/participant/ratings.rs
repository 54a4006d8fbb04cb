//! Blinded outcome ratings: the rater meets an opaque request and a pseudonym that is new each time; never the code,
//! visit, site or arm. Source: protocol.md R-ORD-6, instruments.md §30.4.

use super::visits::{belongs, known};
use crate::{
    case::{Case, Draft},
    command::Disclosure,
    decide::FactNo,
    entry::Entry,
    finding::{Broken, Finding, Rule, Unreadable},
    state::{ParticipantState, Rating},
};
use protocol::model::{ActivityKind, Duty, Requirement, Study, Trigger};
use std::collections::BTreeMap;
use terms::{FieldId, FormId, InstanceId, RoleId, Value, VisitId};

/// The visit has something to rate.
pub const HAS_RATING: Rule = Rule {
    id: "rating.visit",
    sentence: "The visit has a form for an independent rater, and no rating of it is open or done",
    source: "The study's schedule of activities",
    binds: &["request_rating"],
    broken: "The act is refused",
};
/// The rater is independent.
pub const INDEPENDENT: Rule = Rule {
    id: "rating.independent",
    sentence: "The rater has no role at any site",
    source: "protocol.md §10: central blinded pool",
    binds: &["take_rating"],
    broken: "Deviation wrong_person",
};
/// The rating is free.
pub const FREE: Rule = Rule {
    id: "rating.free",
    sentence: "Nobody has taken the rating yet",
    source: "One rating, one rater",
    binds: &["take_rating"],
    broken: "The act is refused",
};
/// Not the same person twice.
pub const NOT_MET: Rule = Rule {
    id: "rating.not_met",
    sentence: "The rater has not met this person before, where that can be avoided",
    source: "instruments.md §30.4",
    binds: &["take_rating"],
    broken: "The rating is taken with a reason",
};

pub(super) const RULES: &[&Rule] = &[&HAS_RATING, &INDEPENDENT, &FREE, &NOT_MET];

/// Forms of a visit that an independent rater fills in.
pub fn rating_forms_of(study: &Study, visit: &str) -> Vec<FormId> {
    study
        .activities_at(visit)
        .filter(|(_, need)| *need == Requirement::Required)
        .filter_map(|(activity, _)| match &activity.what {
            ActivityKind::Form(form) => study.form(form.as_str()),
            _ => None,
        })
        .filter(|form| {
            let rates =
                |role: &RoleId| study.role(role.as_str()).is_some_and(|r| r.duties.contains(&Duty::RateOutcomes));
            !form.completed_by.is_empty() && form.completed_by.iter().all(rates)
        })
        .map(|form| form.id.clone())
        .collect()
}

pub(super) fn ask_request(case: &Case<'_>, participant: &ParticipantState, id: &VisitId) -> Vec<Finding> {
    let Some(visit) = case.study.visit(id.as_str()) else {
        return vec![
            Broken::new(&HAS_RATING, format!("there is no visit {id}"), "a visit with a rating", "choose another")
                .into(),
        ];
    };
    let forms = rating_forms_of(case.study, id.as_str());
    let open = participant.ratings.values().any(|rating| rating.visit == *id && !rating.done);
    let done = forms.iter().all(|form| participant.form_at(form.as_str(), id.as_str()).is_some());
    let found = if forms.is_empty() {
        "no form of this visit is for an independent rater"
    } else if open {
        "a rating has been asked for"
    } else if done {
        "it has been rated"
    } else {
        return vec![belongs(case, participant, visit), Finding::holds(&HAS_RATING, format!("{} forms", forms.len()))];
    };
    vec![
        belongs(case, participant, visit),
        Broken::new(&HAS_RATING, found, "a visit that is still to be rated", "nothing needs doing here").into(),
    ]
}

pub(super) fn ask_take(case: &Case<'_>, participant: &ParticipantState, request: &InstanceId) -> Vec<Finding> {
    let me = case.actor.staff();
    let rating = participant.ratings.get(request);
    let free = match rating {
        Some(Rating { rater: None, done: false, .. }) => Finding::holds(&FREE, "free"),
        Some(_) | None => Broken::new(&FREE, "taken or done", "an open request", "choose another from the pool").into(),
    };
    let at_site =
        me.is_some_and(|me| case.world.site.is_some_and(|site| site.delegations.iter().any(|d| d.staff == *me)));
    let independent = if at_site {
        Broken::new(&INDEPENDENT, "this rater has a role at a site", "none", "another rater takes it").into()
    } else {
        Finding::holds(&INDEPENDENT, "no role at the site")
    };
    let met = participant.ratings.values().any(|rating| rating.rater.is_some() && rating.rater.as_ref() == me);
    let not_met = if met && case.reason.is_none() {
        Broken::new(
            &NOT_MET,
            "this rater has met the person",
            "another rater, or a reason why none can be had",
            "leave it to another rater; if there is none, take it with the reason",
        )
        .into()
    } else {
        Finding::holds(&NOT_MET, if met { "met before, with a reason" } else { "not met before" })
    };
    vec![free, independent, not_met]
}

pub(super) fn grant_request(case: &Case<'_>, visit: &VisitId, draft: &mut Draft) {
    let request = draft.instance();
    let pseudonym = case.context.pseudonym.clone().unwrap_or_else(|| format!("P-{request}"));
    let forms = rating_forms_of(case.study, visit.as_str());
    draft.participant(Entry::RatingRequested { request, visit: visit.clone(), pseudonym, forms });
}

pub(super) fn grant_take(case: &Case<'_>, request: &InstanceId, draft: &mut Draft) {
    if let Some(rater) = case.actor.staff() {
        draft.participant(Entry::RatingTaken { request: request.clone(), rater: rater.clone() });
    }
}

fn open_request<'a>(case: &Case<'a>, request: &InstanceId) -> Result<&'a Rating, Unreadable> {
    let unknown = |what: &str| Unreadable {
        field: "request".to_owned(),
        what: format!("{what}: {request}"),
        mend: "open the rating again from your list".to_owned(),
    };
    let rating = case
        .world
        .participant
        .and_then(|p| p.ratings.get(request))
        .ok_or_else(|| unknown("there is no such rating"))?;
    if rating.done { Err(unknown("this rating is done")) } else { Ok(rating) }
}

pub(super) fn record(
    case: &Case<'_>,
    request: &InstanceId,
    form: &FormId,
    values: &BTreeMap<FieldId, Value>,
    disclosure: Disclosure,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let participant = case.participant()?;
    let rating = open_request(case, request)?;
    if !rating.forms.contains(form) {
        return Err(Unreadable {
            field: "form".to_owned(),
            what: format!("this rating doesn't ask for {form}"),
            mend: "fill in the forms that the request names".to_owned(),
        }
        .into());
    }
    known(case, &rating.visit)?;
    let about = super::records::form(case, form, Some(&rating.visit), values, None, draft)?;
    if rating.rater.is_none() || rating.rater.as_ref() != case.actor.staff() {
        draft.consequence(
            case,
            Trigger::WrongPerson,
            "rated by somebody who had not taken the rating",
            None,
            Some(&about),
        );
    }
    if disclosure != Disclosure::Nothing {
        draft.consequence(
            case,
            Trigger::RaterUnblinded,
            "the rater learnt something that they should not",
            None,
            Some(&about),
        );
    }
    let last = rating.forms.iter().filter(|f| *f != form).all(|f| {
        participant.form_at(f.as_str(), rating.visit.as_str()).is_some_and(|(_, record)| record.at >= rating.at)
    });
    if last {
        draft.participant(Entry::RatingRecorded { request: request.clone(), disclosure });
    }
    Ok(())
}

pub(super) fn missed(case: &Case<'_>, request: &InstanceId, text: &str, draft: &mut Draft) -> Result<(), FactNo> {
    open_request(case, request)?;
    draft.participant(Entry::RatingMissed { request: request.clone(), text: text.to_owned() });
    Ok(())
}
