//! Fills forms and checks of any study: answers drawn by the scenario, totals that follow the person's course, and answers
//! that meet the study's criteria, or miss the one that this person is to miss.
//!
//! Nothing here knows a form by name: fields come from the study, how they are answered from the scenario.

use crate::{
    interviews,
    items::{Part, spread},
    person::{Person, Stage, Treated},
    questions::{Kind, Question, items_of_total, question_of_field, questions_of},
    random::Stream,
    scenario::{FieldDraw, Scenario, ScoreDraw},
    vitals::Curve,
};
use conduct::{ParticipantState, forms::ReadForm, forms::read_form, names::Names};
use jiff::civil::Date;
use protocol::{
    expression::{Answer, Expression},
    model::{Check, Criterion, CriterionKind, Form, Study},
};
use std::collections::BTreeMap;
use terms::{CriterionId, Decimal, FieldId, FormId, MissingReason, Value, VisitId};

/// A count of wrongs that no answer is worth: what can't be read is never chosen.
const UNREADABLE: u32 = 1_000_000;

/// Answers by field.
pub(crate) type Values = BTreeMap<FieldId, Value>;

/// What is looked up of a form again and again.
#[derive(Debug)]
struct Sheet {
    questions: Vec<Question>,
    total: Vec<usize>,
    /// Criteria of the study that look at this form.
    criteria: Vec<usize>,
    /// Checks of the dosing day that look at this form.
    checks: Vec<usize>,
    /// Filled in by raters alone.
    rated: bool,
}

/// Every form of one study version.
#[derive(Debug)]
pub(crate) struct FormBook(BTreeMap<FormId, Sheet>);

impl FormBook {
    pub(crate) fn new(study: &Study, rates: &dyn Fn(&Form) -> bool) -> Self {
        let sheets = study.forms.iter().map(|form| {
            let questions = questions_of(form);
            let instrument = form.instrument.as_deref().and_then(instruments::find);
            let total = instrument.map(|instrument| items_of_total(instrument, &questions)).unwrap_or_default();
            let criteria = study
                .criteria
                .iter()
                .enumerate()
                .filter(|(_, criterion)| looks_at(study, &criterion.check, form))
                .map(|(place, _)| place)
                .collect();
            let checks =
                study.session.checks.iter().enumerate().filter(|(_, check)| looks_at(study, &check.pass, form));
            let checks = checks.map(|(place, _)| place).collect();
            (form.id.clone(), Sheet { questions, total, criteria, checks, rated: rates(form) })
        });
        Self(sheets.collect())
    }

    /// Criteria of the first gate that a person can be made to miss: every name in them is an answer on a form.
    pub(crate) fn missable<'s>(&self, study: &'s Study, gate: u8) -> Vec<&'s Criterion> {
        let on_forms = |criterion: &&Criterion| {
            criterion.gates.contains(&gate)
                && !criterion.check.names().is_empty()
                && criterion.check.names().iter().all(|name| name == "today" || form_in(study, name).is_some())
        };
        study.criteria.iter().filter(on_forms).collect()
    }
}

/// Whether an expression looks at a form.
fn looks_at(study: &Study, expression: &Expression, form: &Form) -> bool {
    expression.names().iter().any(|name| form_in(study, name) == Some(&form.id))
}

/// Something that this person's answers are to bring about.
#[derive(Debug, Clone, Copy)]
struct Demand<'c> {
    id: &'c str,
    expression: &'c Expression,
    /// The answer that would be wrong.
    wrong: bool,
    /// The wrong answer is what is wanted: the criterion that this person is to miss.
    missed: bool,
}

/// The form in a dotted name: `ecg.qtcb`, `V4.caps5.total`.
fn form_in<'s>(study: &'s Study, name: &str) -> Option<&'s FormId> {
    let (head, rest) = name.split_once('.')?;
    if let Some(form) = study.form(head) {
        return Some(&form.id);
    }
    study.visit(head)?;
    study.form(rest.split_once('.')?.0).map(|form| &form.id)
}

/// Who fills in, when, and where the person stands.
#[derive(Clone, Copy)]
pub(crate) struct Filler<'a> {
    pub scenario: &'a Scenario,
    pub study: &'a Study,
    pub book: &'a FormBook,
    pub curve: &'a Curve,
    pub person: &'a Person,
    pub treated: Option<&'a Treated>,
    pub stage: Stage,
    pub state: Option<&'a ParticipantState>,
    pub today: Date,
    pub visit: Option<&'a VisitId>,
    /// The criterion that this person is to miss.
    pub misses: Option<&'a CriterionId>,
    /// The person is to meet every other criterion.
    pub eligible: bool,
    /// Answers may be left out by habit.
    pub untidy: bool,
}

impl Filler<'_> {
    /// Answers to a form.
    pub(crate) fn form(&self, form: &Form, stream: &mut Stream) -> Values {
        let Some(sheet) = self.book.0.get(&form.id) else { return Values::new() };
        let mut values = self.drawn(form, sheet, stream);
        // Raters know no criterion, and write what they find.
        if (self.eligible || self.misses.is_some()) && !sheet.rated {
            self.conform(form, sheet, &mut values, stream);
        }
        // Now and then an answer is left as it is, for the edit check to ask about.
        let careless = self.untidy && stream.chance(self.scenario.habits.edit_question);
        if !careless {
            self.answer_checks(form, sheet, &mut values);
        }
        if self.untidy {
            self.leave_out(form, sheet, &mut values, stream);
        }
        values
    }

    /// Answers to a check that clear it, or don't.
    pub(crate) fn check(&self, check: &Check, clears: bool, stream: &mut Stream) -> Values {
        let questions: Vec<Question> = check.fields.iter().map(question_of_field).collect();
        let mut values = Values::new();
        for question in &questions {
            if let Some(value) = self.natural(check.id.as_str(), question, stream) {
                values.insert(question.id.clone(), value);
            }
        }
        let verdict = |values: &Values| {
            let names = self.state.map(|participant| Names { study: self.study, participant, today: self.today });
            check.pass.evaluate(&|name| match values.get(name) {
                Some(value) => Some(value.clone()).filter(|value| !value.is_missing()),
                None => names?.look_up(name),
            }) == Answer::Yes
        };
        if verdict(&values) != clears {
            let wrong = |values: &Values| u32::from(verdict(values) != clears);
            let named: Vec<&Question> =
                questions.iter().filter(|q| check.pass.names().iter().any(|name| *name == q.id.as_str())).collect();
            search(&named, &numbers_in(&check.pass), self.today, &mut values, &wrong);
        }
        values
    }

    fn drawn(&self, form: &Form, sheet: &Sheet, stream: &mut Stream) -> Values {
        let instrument = form.instrument.as_deref();
        if let Some(values) = instrument.and_then(|id| interviews::answers(self, form, id, stream)) {
            return self.own_fields(form, sheet, values, stream);
        }
        let mut values = Values::new();
        for question in sheet.questions.iter().filter(|question| !question.own) {
            if let Some(value) = self.natural(form.id.as_str(), question, stream) {
                values.insert(question.id.clone(), value);
            }
        }
        if let Some(id) = instrument
            && let Some(total) = self.person.score(self.scenario, id, self.stage, self.treated, stream)
        {
            self.set_total(sheet, id, total, &mut values, stream);
        }
        self.own_fields(form, sheet, values, stream)
    }

    fn own_fields(&self, form: &Form, sheet: &Sheet, mut values: Values, stream: &mut Stream) -> Values {
        for question in sheet.questions.iter().filter(|question| question.own) {
            if let Some(value) = self.natural(form.id.as_str(), question, stream) {
                values.insert(question.id.clone(), value);
            }
        }
        values
    }

    /// Spreads a total over the items that carry it.
    fn set_total(&self, sheet: &Sheet, instrument: &str, total: f64, values: &mut Values, stream: &mut Stream) {
        let own = match self.scenario.scores.get(instrument) {
            Some(ScoreDraw::Own(own)) => Some(own),
            Some(ScoreDraw::Following(_)) | None => None,
        };
        let mut carriers: Vec<&Question> = match own.filter(|own| !own.items.is_empty()) {
            Some(own) => {
                sheet.questions.iter().filter(|q| !q.own && own.items.iter().any(|id| *id == q.id.as_str())).collect()
            }
            None => sheet.total.iter().filter_map(|place| sheet.questions.get(*place)).collect(),
        };
        if instrument == "sds" && !self.person.work_applies {
            values.remove("1");
            values.insert(FieldId::from("work_not_applicable"), Value::Bool(true));
            carriers.retain(|question| question.id != *"1");
        }
        let mean = own.is_some_and(|own| own.mean);
        let points = if mean { total * carriers.len() as f64 } else { total };
        let parts: Vec<Part> = carriers
            .iter()
            .filter_map(|question| question.points())
            .map(|(min, max)| Part { min, max, weight: 1.0 })
            .collect();
        if parts.len() != carriers.len() {
            return;
        }
        for (question, points) in carriers.iter().zip(spread(points.round() as i64, &parts, stream)) {
            if let Some(value) = question.worth(points) {
                values.insert(question.id.clone(), value);
            }
        }
    }

    /// An answer as it comes, before any rule has been looked at; none where the question is left out.
    fn natural(&self, form: &str, question: &Question, stream: &mut Stream) -> Option<Value> {
        let fields = &self.scenario.fields;
        let id = question.id.as_str();
        let draw = fields
            .get(&format!("{form}.{id}"))
            .or_else(|| fields.get(&format!("{form}.*")))
            .or_else(|| fields.get(id).filter(|_| question.own));
        if !question.required {
            let share = draw.map_or(0.0, |draw| draw.answered.unwrap_or(0.5));
            if !stream.chance(share) {
                return None;
            }
        }
        if id == "date_of_birth" {
            return Some(Value::Date(self.born(stream)));
        }
        match draw {
            Some(draw) => self.by_draw(draw, question, stream),
            None => by_kind(question, self.today, stream),
        }
    }

    fn born(&self, stream: &mut Stream) -> Date {
        let years = jiff::Span::new().years(self.person.age);
        let day = self.today.saturating_sub(years);
        conduct::schedule::days_from(day, -(stream.whole(20, 340) as i32))
    }

    fn by_draw(&self, draw: &FieldDraw, question: &Question, stream: &mut Stream) -> Option<Value> {
        let number = |wanted: f64| match &question.kind {
            Kind::Whole { min, max } => Some(Value::Integer((wanted.round() as i64).clamp(*min, *max))),
            Kind::Number { min, max } => {
                let rounded = Decimal::nearest((wanted * 100.0).round() / 100.0)?;
                Some(Value::Decimal(rounded.clamp(*min, *max)))
            }
            _ => None,
        };
        if let Some(measure) = &draw.sign {
            let reading = self.person.signs.reading(self.scenario, self.curve, measure, -1.0, None, stream)?;
            return number(reading.as_f64());
        }
        if let Some(what) = &draw.person {
            return number(match what.as_str() {
                "weight_kg" => ((self.person.weight_kg + stream.normal(0.0, 0.4)) * 10.0).round() / 10.0,
                "ptsd_months" => self.person.ptsd_months as f64,
                _ => f64::from(self.person.age),
            });
        }
        if let Some([mean, sd]) = draw.normal {
            let [low, high] = draw.range.unwrap_or([f64::MIN, f64::MAX]);
            return number(stream.truncated(mean, sd, low, high));
        }
        if let Some(chance) = draw.chance {
            return Some(Value::Bool(stream.chance(chance)));
        }
        if let Some(chance) = draw.chance_female {
            return Some(Value::Bool(stream.chance(chance) && self.person.female));
        }
        if let Some([female, male]) = &draw.by_sex {
            return Some(Value::Text(if self.person.female { female.clone() } else { male.clone() }));
        }
        if let Some([from, to]) = draw.days_ago {
            let day = conduct::schedule::days_from(self.today, -(stream.whole(from, to) as i32));
            return Some(if question.own { Value::Date(day) } else { Value::Text(day.to_string()) });
        }
        if !draw.choice.is_empty() {
            let weights: Vec<f64> = draw.choice.values().copied().collect();
            return draw.choice.keys().nth(stream.weighted(&weights)).map(|code| Value::Text(code.clone()));
        }
        match stream.one(&draw.text) {
            Some(text) => Some(Value::Text(text.clone())),
            None => by_kind(question, self.today, stream),
        }
    }

    /// What a name on this form stands for, or what the record says of another.
    fn look_up(&self, form: &Form, read: &ReadForm, name: &str) -> Option<Value> {
        let here = |field: &str| {
            let score = read.scores.get(field).map(|score| score.value.clone());
            score.unwrap_or_else(|| read.values.get(field).filter(|value| !value.is_missing()).cloned())
        };
        let (head, rest) = name.split_once('.').unwrap_or((name, ""));
        if *form.id.as_str() == *head {
            return here(rest);
        }
        if let Some((inner, field)) = rest.split_once('.')
            && *form.id.as_str() == *inner
            && self.visit.is_some_and(|visit| *visit == *head)
        {
            return here(field);
        }
        if name == "today" {
            return Some(Value::Date(self.today));
        }
        Names { study: self.study, participant: self.state?, today: self.today }.look_up(name)
    }

    /// Whether a demand comes out as it should for this person. What hangs on other forms may stay unknown.
    fn as_wanted(&self, form: &Form, read: &ReadForm, demand: &Demand<'_>) -> bool {
        let here = |name: &String| form_in(self.study, name) == Some(&form.id);
        match demand.expression.evaluate(&|name| self.look_up(form, read, name)) {
            Answer::Unknown(missing) => !demand.missed && !missing.iter().any(here),
            known => (known == if demand.wrong { Answer::Yes } else { Answer::No }) == demand.missed,
        }
    }

    /// What the study's criteria and checks of the day ask of this form.
    fn demands<'c>(&'c self, sheet: &'c Sheet) -> impl Iterator<Item = Demand<'c>> {
        let criteria =
            sheet.criteria.iter().filter_map(|place| self.study.criteria.get(*place)).map(|criterion| Demand {
                id: criterion.id.as_str(),
                expression: &criterion.check,
                wrong: criterion.kind == CriterionKind::Exclusion,
                missed: self.misses == Some(&criterion.id),
            });
        let checks = sheet
            .checks
            .iter()
            .filter_map(|place| self.study.session.checks.get(*place))
            .map(|check| Demand { id: check.id.as_str(), expression: &check.pass, wrong: false, missed: false });
        criteria.chain(checks).filter(|demand| self.eligible || demand.missed)
    }

    fn wrong_demands<'c>(&'c self, form: &Form, sheet: &'c Sheet, values: &Values) -> Vec<Demand<'c>> {
        let Ok(read) = read_form(form, values) else { return Vec::new() };
        self.wrong_of(form, sheet, &read)
    }

    fn wrong_of<'c>(&'c self, form: &Form, sheet: &'c Sheet, read: &ReadForm) -> Vec<Demand<'c>> {
        self.demands(sheet).filter(|demand| !self.as_wanted(form, read, demand)).collect()
    }

    /// Changes answers until everything that looks at this form comes out as it should.
    fn conform(&self, form: &Form, sheet: &Sheet, values: &mut Values, stream: &mut Stream) {
        // Each demand gets two tries: mending one may undo another.
        let mut tried: Vec<&str> = Vec::new();
        loop {
            let wrong = self.wrong_demands(form, sheet, values);
            let untried = |demand: &&Demand<'_>| tried.iter().filter(|id| **id == demand.id).count() < 2;
            let Some(demand) = wrong.iter().find(untried).copied() else { return };
            tried.push(demand.id);
            if self.another_total(form, sheet, values, stream) {
                continue;
            }
            let count = |values: &Values| {
                let Ok(read) = read_form(form, values) else { return UNREADABLE };
                let wrong = self.wrong_of(form, sheet, &read);
                let this = wrong.iter().any(|other| other.id == demand.id);
                u32::try_from(wrong.len()).unwrap_or(u32::MAX) + if this { 100 } else { 0 }
            };
            let names = demand.expression.names();
            let fields =
                |question: &&Question| names.iter().any(|name| name.rsplit('.').next() == Some(question.id.as_str()));
            let mut asked: Vec<&Question> = sheet.questions.iter().filter(fields).collect();
            if asked.is_empty() {
                // A decision of the instrument: any of its items may turn it.
                asked = sheet.questions.iter().filter(|question| !question.own).collect();
            }
            search(&asked, &numbers_in(demand.expression), self.today, values, &count);
        }
    }

    /// For an instrument whose total follows the person: draws totals further and further off until the criteria hold.
    fn another_total(&self, form: &Form, sheet: &Sheet, values: &mut Values, stream: &mut Stream) -> bool {
        let Some(id) = form.instrument.as_deref().filter(|id| self.scenario.scores.contains_key(*id)) else {
            return false;
        };
        let start = self.person.score(self.scenario, id, self.stage, self.treated, stream).unwrap_or(0.0);
        for step in 1..30 {
            for direction in [1.0, -1.0] {
                let mut other = values.clone();
                self.set_total(sheet, id, start + direction * 2.0 * f64::from(step), &mut other, stream);
                if self.wrong_demands(form, sheet, &other).is_empty() {
                    *values = other;
                    return true;
                }
            }
        }
        false
    }

    /// Makes the form's own checks hold, as a careful person would.
    fn answer_checks(&self, form: &Form, sheet: &Sheet, values: &mut Values) {
        for check in &form.checks {
            let holds = |values: &Values| {
                check.check.evaluate(&|name| values.get(name).filter(|value| !value.is_missing()).cloned())
                    != Answer::No
            };
            if holds(values) {
                continue;
            }
            let named: Vec<&Question> =
                sheet.questions.iter().filter(|q| check.check.names().iter().any(|n| *n == q.id.as_str())).collect();
            let wrong = |values: &Values| {
                let Ok(read) = read_form(form, values) else { return UNREADABLE };
                let criteria = u32::try_from(self.wrong_of(form, sheet, &read).len()).unwrap_or(u32::MAX);
                criteria + if holds(values) { 0 } else { 100 }
            };
            search(&named, &numbers_in(&check.check), self.today, values, &wrong);
        }
    }

    fn leave_out(&self, form: &Form, sheet: &Sheet, values: &mut Values, stream: &mut Stream) {
        let habits = &self.scenario.habits;
        let share = if sheet.rated { habits.rating_item_missing } else { habits.item_missing };
        for question in sheet.questions.iter().filter(|question| question.required) {
            if !stream.chance(share) {
                continue;
            }
            let reason =
                stream.one(&[MissingReason::Declined, MissingReason::NotAsked, MissingReason::Unknown]).copied();
            let Some(old) =
                values.insert(question.id.clone(), Value::Missing(reason.unwrap_or(MissingReason::NotAsked)))
            else {
                values.remove(&question.id);
                continue;
            };
            // What a criterion hangs on is asked again until it is answered.
            if (self.eligible || self.misses.is_some()) && !self.wrong_demands(form, sheet, values).is_empty() {
                values.insert(question.id.clone(), old);
            }
        }
    }
}

/// Numbers that a rule names: worth trying around.
fn numbers_in(expression: &Expression) -> Vec<f64> {
    let words = expression.text().split(|c: char| !(c.is_ascii_digit() || c == '.'));
    words.filter_map(|word| word.trim_matches('.').parse().ok()).collect()
}

/// Changes one answer, then two, to what brings the count of wrongs down most; ends at none.
fn search(questions: &[&Question], named: &[f64], today: Date, values: &mut Values, wrong: &dyn Fn(&Values) -> u32) {
    let mut best = wrong(values);
    // What asks for several things at once: every combination of a few yes-or-no questions; of many, all and none.
    let yes_no: Vec<&&Question> = questions.iter().filter(|question| question.kind == Kind::YesNo).collect();
    let combinations: u32 = if (1..=6).contains(&yes_no.len()) { 1 << yes_no.len() } else { 2 };
    for combination in 0..combinations {
        if best == 0 {
            return;
        }
        let mut all = values.clone();
        for (place, question) in yes_no.iter().enumerate() {
            let bit = if combinations == 2 { 0 } else { place };
            all.insert(question.id.clone(), Value::Bool(combination >> bit & 1 == 1));
        }
        let count = wrong(&all);
        if count < best {
            best = count;
            *values = all;
        }
    }
    // Two rounds over single answers reach every pair that can be mended one after the other.
    for _ in 0..3 {
        let before = best;
        for question in questions {
            for candidate in question.candidates(today, named) {
                if best == 0 {
                    return;
                }
                let old = values.insert(question.id.clone(), candidate);
                let count = wrong(values);
                if count < best {
                    best = count;
                    continue;
                }
                match old {
                    Some(old) => values.insert(question.id.clone(), old),
                    None => values.remove(&question.id),
                };
            }
        }
        if best == before {
            break;
        }
    }
    if best == 0 || questions.len() > 12 {
        return;
    }
    search_pairs(questions, named, today, values, wrong, best);
}

fn search_pairs(
    questions: &[&Question],
    named: &[f64],
    today: Date,
    values: &mut Values,
    wrong: &dyn Fn(&Values) -> u32,
    mut best: u32,
) {
    for (place, first) in questions.iter().enumerate() {
        for second in questions.iter().skip(place + 1) {
            for one in first.candidates(today, named) {
                for two in second.candidates(today, named) {
                    let mut other = values.clone();
                    other.insert(first.id.clone(), one.clone());
                    other.insert(second.id.clone(), two);
                    let count = wrong(&other);
                    if count < best {
                        best = count;
                        *values = other;
                    }
                    if best == 0 {
                        return;
                    }
                }
            }
        }
    }
}

/// An answer that fits a question of which nothing else is known.
fn by_kind(question: &Question, today: Date, stream: &mut Stream) -> Option<Value> {
    match &question.kind {
        Kind::Whole { min, max } if question.own => {
            let (low, high) = (*min as f64, *max as f64);
            let drawn = stream.truncated((low + high) / 2.0, (high - low) / 12.0, low, high);
            Some(Value::Integer(drawn.round() as i64))
        }
        Kind::Whole { min, max } => {
            let drawn = min + (stream.normal(0.0, 0.7).abs() as i64);
            Some(Value::Integer(drawn.min(*max)))
        }
        Kind::Number { min, max } => {
            let (low, high) = (min.as_f64(), max.as_f64());
            let drawn = stream.truncated((low + high) / 2.0, (high - low) / 12.0, low, high);
            Decimal::nearest((drawn * 10.0).round() / 10.0).map(Value::Decimal)
        }
        Kind::YesNo => Some(Value::Bool(false)),
        Kind::Code(codes) => codes.first().map(|code| Value::Text(code.clone())),
        Kind::Codes(codes) => {
            let none = codes.iter().find(|code| code.as_str() == "none" || code.as_str() == "does_not_apply");
            none.or_else(|| codes.first()).map(|code| Value::Text(code.clone()))
        }
        Kind::Graded(_) => question.points().and_then(|(low, _)| question.worth(low)),
        Kind::Date => Some(Value::Date(conduct::schedule::days_from(today, -(stream.whole(200, 2000) as i32)))),
        Kind::Time => {
            let (hour, minute) = (stream.whole(8, 16), stream.whole(0, 11) * 5);
            Some(Value::Text(format!("{hour:02}:{minute:02}")))
        }
        Kind::Moment => {
            Some(Value::Text(conduct::schedule::days_from(today, -(stream.whole(1, 20) as i32)).to_string()))
        }
        Kind::Text { .. } => Some(Value::Text("See the source document.".to_owned())),
        Kind::Other => None,
    }
}
