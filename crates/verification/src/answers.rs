//! Answers that clear: what must be filled in so that a study's checks and criteria hold, found by trying.
//!
//! The worlds need a participant who may have a dose, in any study. Each field has a few candidates (the ends and the middle of its range,
//! the numbers and codes that expressions compare it with); the fields are turned one by one until all expressions hold.

use conduct::forms::read_form;
use jiff::civil::Date;
use protocol::{
    expression::{Answer, Expression},
    model::{Check, CriterionKind, Field, FieldKind, Form, Study},
};
use std::collections::{BTreeMap, BTreeSet};
use terms::{Decimal, FieldId, FormId, Value};

/// Answers of one form or check.
pub type Values = BTreeMap<FieldId, Value>;

/// Answers of forms and checks under which a dose may be given.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// By form, and by the visit at which it is asked for where an expression names one.
    pub forms: BTreeMap<(Option<String>, FormId), Values>,
    /// By check or criterion of leaving.
    pub checks: BTreeMap<String, Values>,
}

/// One thing that must hold.
struct Wanted<'s> {
    expression: &'s Expression,
    answer: Answer,
}

/// Numbers in the text of an expression, and codes in quotation marks: what its fields are compared with.
fn constants(text: &str) -> (Vec<Decimal>, Vec<String>) {
    let numbers = text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'));
    let numbers = numbers.filter_map(|word| word.parse().ok()).collect();
    let codes = text.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    (numbers, codes)
}

fn candidates(field: &Field, around: &[Decimal], today: Date) -> Vec<Value> {
    let whole = |min: i64, max: i64| -> Vec<Value> {
        let near = around.iter().flat_map(|number| [number.trunc() - 1, number.trunc(), number.trunc() + 1]);
        let all: Vec<i64> = [(min + max) / 2, min, max].into_iter().chain(near).collect();
        all.into_iter().filter(|number| (min..=max).contains(number)).map(Value::Integer).collect()
    };
    match &field.kind {
        FieldKind::Integer { min, max, .. } => whole(*min, *max),
        FieldKind::Decimal { min, max, .. } => {
            let middle = Decimal::thousandths((min.as_thousandths() + max.as_thousandths()) / 2);
            let near = around.iter().flat_map(|number| {
                let at = number.as_thousandths();
                [Decimal::thousandths(at - 1_000), *number, Decimal::thousandths(at + 1_000)]
            });
            let all = [middle, *min, *max].into_iter().chain(near);
            all.filter(|number| min <= number && number <= max).map(Value::Decimal).collect()
        }
        FieldKind::YesNo => vec![Value::Bool(false), Value::Bool(true)],
        FieldKind::Choice { options } => options.iter().map(|option| Value::Text(option.code.clone())).collect(),
        FieldKind::Date => {
            let years = |years: i16| today.checked_sub(jiff::Span::new().years(years)).unwrap_or(today);
            if field.id == *"date_of_birth" { vec![Value::Date(years(40))] } else { vec![Value::Date(years(2))] }
        }
        FieldKind::Time => Vec::new(),
        FieldKind::Text { .. } => vec![Value::Text("as asked".to_owned())],
    }
}

/// Candidates of an instrument as a whole: all items at their least, at their most, and in the middle.
fn sheets(form: &Form) -> Vec<Values> {
    let Some(instrument) = form.instrument.as_deref().and_then(instruments::find) else { return Vec::new() };
    use instruments::Answers as Kind;
    // Some scales ask further only where something was found: each sheet is tried with and without its ratings.
    let one = |(share, ratings, codes): (i64, bool, bool)| -> Values {
        let asked = |item: &&instruments::Item| {
            if matches!(item.answers, Kind::Code(_)) {
                return codes;
            }
            let said = share > 0 && matches!(item.answers, Kind::YesNo);
            (said || !item.optional) && (ratings || matches!(item.answers, Kind::YesNo | Kind::Count { .. }))
        };
        let items = instrument.items.iter().filter(asked);
        let answer = |item: &instruments::Item| match item.answers {
            Kind::Whole { min, max, .. } => Some(Value::Integer(min + (max - min) * share / 2)),
            Kind::YesNo => Some(Value::Bool(share == 2)),
            Kind::OneOf(codes) => codes.first().map(|code| Value::Integer(*code)),
            // The first code of a finding is that it is absent.
            Kind::Code(codes) => codes.first().map(|code| Value::Text(code.code.to_owned())),
            Kind::Count { .. } => Some(Value::Integer(i64::from(share == 2))),
            Kind::Number { min, max, .. } => {
                Some(Value::Decimal(if share == 0 { min } else { max.min(Decimal::whole(24)) }))
            }
            _ => None,
        };
        items.filter_map(|item| Some((FieldId::from(item.id), answer(item)?))).collect()
    };
    let mut all: Vec<Values> = Vec::new();
    let tried = [(0, true, false), (0, false, false), (2, true, false), (1, true, false), (0, false, true)];
    for one_of in tried {
        if let Some(values) = cleared(form, one(one_of)) {
            all.push(values);
        }
    }
    all
}

/// A sheet without the answers that don't go with the others: what is asked only after a yes.
fn cleared(form: &Form, mut values: Values) -> Option<Values> {
    for _ in 0..4 {
        match read_form(form, &values) {
            Ok(_) => return Some(values),
            Err(wrong) => wrong.iter().for_each(|one| {
                values.remove(one.field.as_str());
            }),
        }
    }
    None
}

/// What the names in expressions stand for, over answers that are being tried.
struct Trial<'s> {
    study: &'s Study,
    today: Date,
    forms: BTreeMap<(Option<String>, FormId), Values>,
    scored: BTreeMap<(Option<String>, FormId), BTreeMap<String, Option<Value>>>,
}

impl Trial<'_> {
    fn set(&mut self, key: &(Option<String>, FormId), values: Values) {
        if let Some(form) = self.study.form(key.1.as_str())
            && let Ok(read) = read_form(form, &values)
        {
            let scores = read.scores.into_iter().map(|(name, found)| (name.into_owned(), found.value)).collect();
            self.scored.insert(key.clone(), scores);
        }
        self.forms.insert(key.clone(), values);
    }

    fn look_up(&self, name: &str) -> Option<Value> {
        match name {
            "today" => return Some(Value::Date(self.today)),
            "participant.age_at_consent" => return Some(Value::Integer(40)),
            "participant.days_since_consent" => return Some(Value::Integer(20)),
            "washout.complete" => return Some(Value::Bool(true)),
            "medication.prohibited" => return Some(Value::Bool(false)),
            "dosing.count" => return Some(Value::Integer(0)),
            "session.minutes_since_dose" => return Some(Value::Integer(24 * 60)),
            _ => {}
        }
        let (head, rest) = name.split_once('.')?;
        match head {
            // Whoever signed has answered every question rightly, and agreed to every item.
            "consent" if rest == "quiz_score" => {
                let version = self.study.consent.versions.last()?;
                return i64::try_from(version.questions.len()).ok().map(Value::Integer);
            }
            "consent" => return Some(Value::Bool(true)),
            "done" => return Some(Value::Bool(true)),
            "dosing" => return None,
            _ => {}
        }
        let (key, field) = match rest.split_once('.') {
            Some((form, field)) => ((Some(head.to_owned()), FormId::from(form)), field),
            None => ((None, FormId::from(head)), rest),
        };
        if let Some(score) = self.scored.get(&key).and_then(|scores| scores.get(field)) {
            return score.clone();
        }
        self.forms.get(&key)?.get(field).cloned()
    }

    fn holding(&self, wanted: &[Wanted<'_>]) -> usize {
        wanted.iter().filter(|one| one.expression.evaluate(&|name| self.look_up(name)) == one.answer).count()
    }
}

/// Answers under which these gates' criteria hold, and every check clears.
///
/// # Errors
/// The expressions for which none were found.
pub fn find(study: &Study, gates: &[u8], today: Date) -> Result<Answers, String> {
    let mut wanted: Vec<Wanted<'_>> = Vec::new();
    for criterion in study.criteria.iter().filter(|c| c.gates.iter().any(|gate| gates.contains(gate))) {
        let answer = if criterion.kind == CriterionKind::Inclusion { Answer::Yes } else { Answer::No };
        wanted.push(Wanted { expression: &criterion.check, answer });
    }
    let checks = || study.session.checks.iter().chain(&study.session.discharge.criteria);
    for check in checks().filter(|check| check.pass.names().iter().all(|name| name.contains('.'))) {
        wanted.push(Wanted { expression: &check.pass, answer: Answer::Yes });
    }
    let mut keys: BTreeSet<(Option<String>, FormId)> = BTreeSet::new();
    let applies = checks().filter_map(|check| check.applies.as_ref());
    for name in wanted.iter().map(|one| one.expression).chain(applies).flat_map(|expression| expression.names()) {
        let parts: Vec<&str> = name.split('.').collect();
        match parts.as_slice() {
            [form, _] if study.form(form).is_some() => keys.insert((None, FormId::from(*form))),
            [visit, form, _] if study.form(form).is_some() => {
                keys.insert((Some((*visit).to_owned()), FormId::from(*form)))
            }
            _ => false,
        };
    }
    keys.extend(checks().filter_map(|check| Some((None, check.form.clone()?))));
    let mut trial = Trial { study, today, forms: BTreeMap::new(), scored: BTreeMap::new() };
    let mut around = Vec::new();
    for one in &wanted {
        around.extend(constants(one.expression.text()).0);
    }
    for key in &keys {
        let Some(form) = study.form(key.1.as_str()) else { continue };
        let mut values = sheets(form).into_iter().next().unwrap_or_default();
        for field in form.fields.iter().filter(|field| field.required || field.id == *"date_of_birth") {
            values.extend(candidates(field, &around, today).into_iter().next().map(|value| (field.id.clone(), value)));
        }
        trial.set(key, values);
    }
    turn(&mut trial, &keys, &wanted, &around);
    if let Some(unmet) = wanted.iter().find(|one| one.expression.evaluate(&|name| trial.look_up(name)) != one.answer) {
        return Err(format!("no answers were found under which \"{}\" holds", unmet.expression.text()));
    }
    let mut answers = Answers { forms: trial.forms.clone(), checks: BTreeMap::new() };
    for check in checks() {
        answers.checks.insert(check.id.to_string(), clearing(check, &trial)?);
    }
    Ok(answers)
}

/// Turns sheets and fields one by one while more holds than before.
fn turn(trial: &mut Trial<'_>, keys: &BTreeSet<(Option<String>, FormId)>, wanted: &[Wanted<'_>], around: &[Decimal]) {
    for _ in 0..3 {
        for key in keys {
            let Some(form) = trial.study.form(key.1.as_str()) else { continue };
            let own = trial.forms.get(key).cloned().unwrap_or_default();
            let mut tries: Vec<Values> = Vec::new();
            for sheet in sheets(form) {
                let mut with = own.clone();
                with.extend(sheet);
                tries.push(with);
            }
            for field in &form.fields {
                for value in candidates(field, around, trial.today) {
                    let mut with = own.clone();
                    with.insert(field.id.clone(), value);
                    tries.push(with);
                }
            }
            tries.extend(together(trial, key, wanted, around).into_iter().map(|values| {
                let mut with = own.clone();
                with.extend(values);
                with
            }));
            for values in tries {
                let (before, earlier) = (trial.holding(wanted), trial.forms.get(key).cloned().unwrap_or_default());
                // Each try changes one field of the best so far.
                let mut with = earlier.clone();
                with.extend(values.into_iter().filter(|(field, value)| own.get(field) != Some(value)));
                trial.set(key, with);
                if trial.holding(wanted) <= before {
                    trial.set(key, earlier);
                }
            }
            if trial.holding(wanted) == wanted.len() {
                return;
            }
        }
    }
}

/// Most combinations of fields that are tried together for one expression.
const TOGETHER: usize = 512;

/// For expressions that hold only if several fields of a form are right at once: those fields, in all combinations.
fn together(
    trial: &Trial<'_>,
    key: &(Option<String>, FormId),
    wanted: &[Wanted<'_>],
    around: &[Decimal],
) -> Vec<Values> {
    let Some(form) = trial.study.form(key.1.as_str()) else { return Vec::new() };
    let prefix = key.0.as_ref().map_or_else(|| format!("{}.", key.1), |visit| format!("{visit}.{}.", key.1));
    let mut all = Vec::new();
    for one in wanted.iter().filter(|one| one.expression.evaluate(&|name| trial.look_up(name)) != one.answer) {
        let names: BTreeSet<&str> =
            one.expression.names().iter().filter_map(|name| name.strip_prefix(prefix.as_str())).collect();
        let fields: Vec<&Field> = form.fields.iter().filter(|field| names.contains(field.id.as_str())).collect();
        if fields.len() < 2 {
            continue;
        }
        let mut mixed: Vec<Values> = vec![BTreeMap::new()];
        for field in fields {
            let each = candidates(field, around, trial.today);
            mixed = mixed
                .into_iter()
                .flat_map(|values| {
                    each.iter().map(move |value| {
                        let mut with = values.clone();
                        with.insert(field.id.clone(), value.clone());
                        with
                    })
                })
                .take(TOGETHER)
                .collect();
        }
        all.extend(mixed);
    }
    all
}

/// Values of a check's own fields under which it clears.
fn clearing(check: &Check, trial: &Trial<'_>) -> Result<Values, String> {
    let around = constants(check.pass.text()).0;
    let mut values: Values = BTreeMap::new();
    for field in &check.fields {
        values
            .extend(candidates(field, &around, trial.today).into_iter().next().map(|value| (field.id.clone(), value)));
    }
    let clears = |values: &Values| {
        check.pass.evaluate(&|name| values.get(name).cloned().or_else(|| trial.look_up(name))) == Answer::Yes
    };
    if clears(&values) {
        return Ok(values);
    }
    // Few fields, few candidates: all of them together.
    let mut all: Vec<Values> = vec![BTreeMap::new()];
    for field in &check.fields {
        let each = candidates(field, &around, trial.today);
        all = all
            .into_iter()
            .flat_map(|values| {
                let field = field.id.clone();
                each.iter().map(move |value| {
                    let mut with = values.clone();
                    with.insert(field.clone(), value.clone());
                    with
                })
            })
            .take(20_000)
            .collect();
    }
    all.into_iter()
        .find(clears)
        .ok_or_else(|| format!("no answers were found under which the check \"{}\" clears", check.id))
}

/// Values of a check under which it does not clear; `None` where it always does.
pub fn failing(check: &Check, answers: &Answers, today: Date) -> Option<Values> {
    let clear = answers.checks.get(check.id.as_str())?;
    let around = constants(check.pass.text()).0;
    check.fields.iter().find_map(|field| {
        candidates(field, &around, today).into_iter().find_map(|value| {
            let mut with = clear.clone();
            with.insert(field.id.clone(), value);
            let answer = check.pass.evaluate(&|name| with.get(name).cloned());
            (answer == Answer::No).then_some(with)
        })
    })
}
