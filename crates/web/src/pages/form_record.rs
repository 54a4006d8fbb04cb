//! A form that is on record: read with its history, and corrected with a reason, showing old and new together.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use conduct::finding::No;
use conduct::state::FormRecord;
use conduct::{Command, Fact, Request};
use protocol::model::Form;
use record::Answer;
use terms::{FieldId, InstanceId, Value, VisitId};

use super::act::{ask, request_id};
use super::form::{
    Correcting, Entry, Spot, at_field, entry, hidden, hidden_as, no_to_trouble, only_theirs, siblings, spot,
};
use crate::acts;
use crate::acts::reader::{Reader, Wrong};
use crate::chart::svg::escape;
use crate::desk::{Desk, text};
use crate::findings::sentence;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::field::{Control, Field, Past};
use crate::parts::page::{Body, Layout, Section};
use crate::parts::table::{Cell, Table};
use crate::sheet;
use crate::show;

/// A form on record with its scores and history.
pub fn read(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::reading(call)?;
    let (spot, instance, record) = on_record(call, desk)?;
    let form = spot.form()?;
    let history = history(&spot, &instance, &record)?;
    let wording = call.services.packs.wording(form, Some(&spot.file.participant.language));
    let mut body = Body::new(&form.title);
    body.lead = format!(
        "Filled in on {} by {}.",
        show::moment(record.at, &spot.file.zone),
        spot.desk.name_of(&record.by.person)
    );
    if record.struck {
        body.lead.push_str(" Struck through: made by mistake or for somebody else.");
    } else {
        for (address, words) in [
            (format!("{}/forms/{}/correct", spot.base(), segment(instance.as_str())), "Correct"),
            (format!("{}/do/strike/{}", spot.base(), segment(instance.as_str())), "Strike through"),
        ] {
            if acts::offered(spot.file.reader.duties, &address) {
                body.action(address, words);
            }
        }
    }
    body.layout = Layout::Form;
    body.side_label = "This form".to_owned();
    let rows = sheet::listed(form, &record.values, wording)
        .into_iter()
        .map(|(id, label, value)| {
            let past = history.get(&id).map(Vec::as_slice).unwrap_or_default();
            let remark = match past {
                [_, older @ ..] if !older.is_empty() => {
                    format!(
                        "Corrected {}; before: {}",
                        show::count(older.len(), "time", "times"),
                        older.iter().map(|p| p.value.clone()).collect::<Vec<_>>().join(", ")
                    )
                }
                _ => String::new(),
            };
            vec![Cell::head(&label), Cell::text(&value).with_remark(&remark)]
        })
        .collect::<Vec<_>>();
    body.add(Section::bare(Table::new("Answers", &["Question", "Answer"], rows).unseen_caption()));
    let open: Vec<String> = spot
        .file
        .participant
        .questions
        .values()
        .filter(|q| q.about == instance && !q.answered)
        .map(|q| q.message.clone())
        .collect();
    if !open.is_empty() {
        let list: String = open.iter().map(|m| format!("<li>{}</li>", escape(&sentence(m)))).collect();
        body.add(
            Section::new("asked", "Open questions", format!("<ul class=\"plain\">{list}</ul>"))
                .lead("A correction answers them."),
        );
    }
    let all: Vec<Vec<Cell>> = history_rows(&history, form, &record, wording);
    if !all.is_empty() {
        body.add(Section::new(
            "history",
            "History",
            Table::new("History", &["Question", "Was", "Became", "Who, when", "Reason"], all).unseen_caption(),
        ));
    }
    if spot.scores {
        body.beside(recorded_scores(&record));
    }
    body.beside(siblings(&spot, form));
    frame::page(call, &spot.desk, Place::Participants, spot.crumbs(), body)
}

fn recorded_scores(record: &FormRecord) -> String {
    let mut rows = String::new();
    // The total is what people look for; what it is made of follows.
    let mut scores: Vec<_> = record.scores.iter().collect();
    scores.sort_by_key(|(name, _)| name.as_ref() != "total");
    for (name, score) in scores {
        let value = score.value.as_ref().map_or_else(|| "not scorable".to_owned(), ToString::to_string);
        let band = score.band.as_ref().map(|b| format!(", {b}")).unwrap_or_default();
        rows.push_str(&format!(
            "<dt>{}</dt><dd><b>{}</b>{} <span class=\"quiet\">{}</span></dd>",
            escape(&sentence(&name.replace('_', " "))),
            escape(&value),
            escape(&band),
            escape(&score.method.replace('_', " "))
        ));
    }
    if rows.is_empty() {
        String::new()
    } else {
        format!("<section class=\"side-block\"><h2>Scores</h2><dl class=\"facts up-3\">{rows}</dl></section>")
    }
}

fn on_record<'a>(call: &Call<'a>, desk: Desk<'a>) -> Result<(Spot<'a>, InstanceId, FormRecord), Trouble> {
    let file = desk.case(call.part("participant"))?;
    let instance = InstanceId::from(call.part("instance"));
    let record = file.participant.forms.get(&instance).ok_or(Trouble::NotFound)?.as_ref().clone();
    let spot = spot(call, desk, record.form.as_str(), record.visit.as_ref().map(VisitId::as_str))?;
    Ok((spot, instance, record))
}

/// Values of each field over time, newest first, from the corrections on record.
fn history(
    spot: &Spot<'_>,
    instance: &InstanceId,
    record: &FormRecord,
) -> Result<BTreeMap<String, Vec<Past>>, Trouble> {
    let rows = spot.desk.select(
        "SELECT field, was, becomes, reason, corrected_by, recorded_at FROM correction WHERE participant = ?1 AND instance = ?2 ORDER BY number",
        &[spot.code.as_str(), instance.as_str()],
    )?;
    // Corrections that were made later are not known yet at the time that is shown.
    let known = |row: &&record::table::Row| {
        spot.desk.then.as_ref().is_none_or(|then| crate::desk::instant(row, 5).is_none_or(|at| at <= then.at))
    };
    let mut out: BTreeMap<String, Vec<Past>> = BTreeMap::new();
    let first = format!("{}, {}", spot.desk.name_of(&record.by.person), show::moment(record.at, &spot.file.zone));
    for row in rows.iter().filter(known) {
        let who = spot.desk.name_of(&conduct::Person::Staff(terms::StaffId::from(text(row, 4))));
        let when = crate::desk::instant(row, 5).map(|at| show::moment(at, &spot.file.zone)).unwrap_or_default();
        let past = out.entry(text(row, 0)).or_default();
        if past.is_empty() {
            past.push(Past { value: text(row, 1), who: first.clone(), reason: "First entry".to_owned() });
        }
        past.insert(0, Past { value: text(row, 2), who: format!("{who}, {when}"), reason: text(row, 3) });
    }
    Ok(out)
}

fn history_rows(
    history: &BTreeMap<String, Vec<Past>>,
    form: &Form,
    record: &FormRecord,
    wording: sheet::Wording<'_>,
) -> Vec<Vec<Cell>> {
    let labels: BTreeMap<String, String> =
        sheet::listed(form, &record.values, wording).into_iter().map(|(id, label, _)| (id, label)).collect();
    let mut rows = Vec::new();
    for (field, past) in history {
        let label = labels.get(field).map_or(field.as_str(), String::as_str);
        for pair in past.windows(2) {
            let [new, old] = pair else { continue };
            rows.push(vec![
                Cell::head(label),
                Cell::text(&old.value),
                Cell::text(&new.value),
                Cell::text(&new.who),
                Cell::text(&new.reason),
            ]);
        }
    }
    rows
}

/// The form with what stands in it, to be corrected.
pub fn correct_get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let (spot, instance, record) = on_record(call, desk)?;
    only_theirs(&spot, &call.address)?;
    let history = history(&spot, &instance, &record)?;
    let correcting = Correcting { instance: instance.to_string(), seen: record.corrections, history };
    let entry_state =
        Entry { typed: sheet::as_typed(&record.values), correcting: Some(correcting), ..Entry::default() };
    entry(call, &spot, &entry_state, StatusCode::OK)
}

/// First the old and the new together, with the reason to be given; then the correction itself.
pub fn correct_post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let desk = Desk::of(call.services, who, call.now)?;
    let (spot, instance, record) = on_record(call, desk)?;
    let form = spot.form()?;
    let typed = sheet::typed(form, &call.form);
    let mut reader = Reader::new(&call.form, spot.file.zone.clone());
    let values = sheet::read(form, &typed, &mut reader);
    let seen = call.form.text("seen").parse().unwrap_or(record.corrections);
    let mut wrong = reader.finish();
    if wrong.is_empty()
        && let Err(more) = sheet::score(form, &values)
    {
        wrong = more;
    }
    let changes = changes(&record, &values);
    let again = super::held::again(call);
    let redraw = |wrong: Vec<Wrong>| -> Result<Reply, Trouble> {
        let status = if again { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let correcting =
            Correcting { instance: instance.to_string(), seen, history: history(&spot, &instance, &record)? };
        entry(call, &spot, &Entry { typed: typed.clone(), wrong, correcting: Some(correcting), kept: None }, status)
    };
    if again {
        return redraw(Vec::new());
    }
    if !wrong.is_empty() {
        return redraw(wrong);
    }
    if changes.is_empty() {
        return redraw(vec![Wrong::new("", "Nothing is different from what is on record.")]);
    }
    let reason = call.form.text("reason_given");
    if call.form.text("do") != "correct" || reason.is_empty() {
        let missing = call.form.text("do") == "correct";
        return confirm_page(
            call,
            &spot,
            form,
            &Confirm {
                instance: &instance,
                record: &record,
                changes: &changes,
                typed: &typed,
                seen,
                missing,
                conflict: None,
            },
        );
    }
    let command = Command::Fact(Fact::CorrectForm {
        participant: spot.file.participant.id.clone(),
        instance: instance.clone(),
        changes: changes.clone(),
        seen,
    });
    let request = Request { id: request_id(call), at: None, sent: None, reason: Some(reason.to_owned()), command };
    match ask(call, request.clone(), who.proof(call.now), None)? {
        Answer::Done(_) => Ok(Reply::see(format!(
            "{}/forms/{}?written={}",
            done_with(call, &spot),
            segment(instance.as_str()),
            segment(&request.id)
        ))),
        Answer::No(No::Unreadable(all)) => redraw(all.iter().map(at_field).collect()),
        Answer::No(No::Conflict { what }) => {
            let confirm = Confirm {
                instance: &instance,
                record: &record,
                changes: &changes,
                typed: &typed,
                seen: record.corrections,
                missing: false,
                conflict: Some(Conflict::Corrected(what)),
            };
            confirm_page(call, &spot, form, &confirm)
        }
        Answer::No(no) => Err(no_to_trouble(&no)),
    }
}

/// The participant's address, with the draft gone that the correction was made from, if there was one.
fn done_with(call: &Call<'_>, spot: &Spot<'_>) -> String {
    let _ = call.who().map(|who| call.services.drafts.drop(&who.login, &spot.address()));
    spot.base()
}

/// What differs from the record: changed answers, and those taken away.
pub(super) fn changes(record: &FormRecord, values: &BTreeMap<FieldId, Value>) -> BTreeMap<FieldId, Value> {
    let mut out = BTreeMap::new();
    for (field, value) in values {
        let same = record.values.get(field).is_some_and(|old| same_answer(old, value));
        if !same {
            out.insert(field.clone(), value.clone());
        }
    }
    for (field, old) in record.values.iter() {
        if !values.contains_key(field) && !old.is_missing() {
            out.insert(field.clone(), Value::Missing(terms::MissingReason::NotAsked));
        }
    }
    out
}

/// A whole number typed into a decimal field is the same answer.
fn same_answer(old: &Value, new: &Value) -> bool {
    old == new || old.as_decimal().is_some() && old.as_decimal() == new.as_decimal()
}

pub(super) struct Confirm<'a> {
    pub(super) instance: &'a InstanceId,
    pub(super) record: &'a FormRecord,
    pub(super) changes: &'a BTreeMap<FieldId, Value>,
    pub(super) typed: &'a BTreeMap<String, String>,
    pub(super) seen: u32,
    pub(super) missing: bool,
    /// Somebody wrote first.
    pub(super) conflict: Option<Conflict>,
}

/// Who wrote first, in words.
pub(super) enum Conflict {
    /// The form itself was recorded while it was filled in a second time.
    Recorded(String),
    /// It was corrected while another correction was made.
    Corrected(String),
}

impl Conflict {
    fn title(&self) -> &'static str {
        match self {
            Self::Recorded(_) => "This form is on record already",
            Self::Corrected(_) => "Somebody corrected this form first",
        }
    }

    fn what(&self) -> &str {
        match self {
            Self::Recorded(what) | Self::Corrected(what) => what,
        }
    }
}

pub(super) fn confirm_page(
    call: &Call<'_>,
    spot: &Spot<'_>,
    form: &Form,
    confirm: &Confirm<'_>,
) -> Result<Reply, Trouble> {
    let mut body = Body::new(format!("Correct: {}", form.title))
        .lead("What stands there now stays readable beside what it becomes.");
    body.layout = Layout::Form;
    let wording = call.services.packs.wording(form, Some(&spot.file.participant.language));
    let mut all = confirm.record.values.as_ref().clone();
    all.extend(confirm.changes.clone());
    let new: BTreeMap<String, (String, String)> =
        sheet::listed(form, &all, wording).into_iter().map(|(id, label, value)| (id, (label, value))).collect();
    let old: BTreeMap<String, String> =
        sheet::listed(form, &confirm.record.values, wording).into_iter().map(|(id, _, value)| (id, value)).collect();
    let rows = confirm
        .changes
        .keys()
        .map(|field| {
            let (label, value) = new.get(field.as_str()).cloned().unwrap_or_else(|| (field.to_string(), String::new()));
            let before = old.get(field.as_str()).cloned().unwrap_or_else(|| "no answer".to_owned());
            vec![Cell::head(&label), Cell::text(&before), Cell::text(&value)]
        })
        .collect::<Vec<_>>();
    let mut markup = String::new();
    let mut status = StatusCode::OK;
    if let Some(what) = &confirm.conflict {
        status = StatusCode::CONFLICT;
        markup.push_str(&format!(
            "<div class=\"errors\" role=\"alert\" tabindex=\"-1\" id=\"errors\" autofocus><h2>{}</h2><p>{}.</p><p>“On record” below is what stands there now. Look at both, then record yours as a correction or leave it. Nothing of yours was written.</p></div>",
            what.title(),
            escape(sentence(what.what()).trim_end_matches('.'))
        ));
    }
    markup
        .push_str(&Table::new("Old and new", &["Question", "On record", "Becomes"], rows).unseen_caption().to_string());
    let correcting =
        Correcting { instance: confirm.instance.to_string(), seen: confirm.seen, history: BTreeMap::new() };
    let state = Entry { correcting: Some(correcting), ..Entry::default() };
    // A correction after a conflict is another request than the one that met it.
    let hidden = if confirm.conflict.is_some() {
        hidden_as(call, &call.services.fresh_id(), &state)
    } else {
        hidden(call, &state)
    };
    markup.push_str(&format!(
        "<form method=\"post\" action=\"{}/forms/{}/correct\">{hidden}",
        spot.base(),
        segment(confirm.instance.as_str())
    ));
    for (name, value) in confirm.typed {
        markup.push_str(&format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)));
    }
    let error = if confirm.missing { "Say why it is corrected." } else { "" };
    let hint = "As: typing error, read from the wrong line, measured again.";
    let reason = Field::new("reason_given", "Reason", Control::Text { rows: 2 })
        .hint(hint)
        .error(error)
        .value(call.form.text("reason_given"));
    markup.push_str(&reason.to_string());
    markup.push_str(&format!(
        "<div class=\"actions\"><button class=\"button\" type=\"submit\" name=\"do\" value=\"correct\">Correct</button><a href=\"{}/forms/{}/correct\">Go back and change</a></div></form>",
        spot.base(),
        segment(confirm.instance.as_str())
    ));
    if matches!(confirm.conflict, Some(Conflict::Recorded(_))) {
        markup.push_str(&format!(
            "<form method=\"post\" action=\"{}\" class=\"up-4\"><input type=\"hidden\" name=\"token\" value=\"{}\"><button class=\"quiet-button\" type=\"submit\" name=\"do\" value=\"discard\">Leave it as it is on record</button></form>",
            escape(&spot.address()),
            escape(&call.token())
        ));
    }
    body.add(Section::bare(markup));
    frame::page_with(call, &spot.desk, Place::Participants, spot.crumbs(), body, status)
}
