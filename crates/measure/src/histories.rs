//! Many more participants from few: what a simulated person and their site did before an arm was assigned, asked again
//! of the record's own door for other people, with new codes and ids.

use crate::demonstration::Demonstration;
use anyhow::{Context as _, bail};
use conduct::{Authorisation, Command, Context, Entry, Fact, Person, Request, StreamId, Subject, Written};
use jiff::Timestamp;
use record::Batch;
use simulation::{Accepted, Sink, SinkError};
use std::collections::{BTreeMap, BTreeSet};
use terms::{ActId, InstanceId, ParticipantId};

/// Entries that everybody has at least.
pub const ENTRIES_MIN: usize = 20;

/// Acts after which a history under way is left as it stands.
const ACTS_UNDER_WAY: usize = 45;

/// One act of a history, in the words of whoever it is told of.
#[derive(Clone)]
struct Step {
    /// The request as JSON, cut where ids stand.
    request: Vec<Piece>,
    context: Context,
    about_participant: bool,
}

#[derive(Clone)]
enum Piece {
    Text(String),
    Code,
    /// The act of this step of the history.
    Act(usize),
}

/// A history that can be told of somebody else.
pub struct History {
    steps: Vec<Step>,
    /// It has come to its end: nothing is due any more.
    pub ended: bool,
}

/// What was told.
#[derive(Default)]
pub struct Told {
    /// People.
    pub people: u64,
    /// Entries, in whatever stream.
    pub entries: u64,
    /// Acts that the rules refused this time, by command: places that were taken, appointments in the past.
    pub refused: BTreeMap<String, u64>,
}

#[derive(Default)]
struct Collector {
    acts: BTreeMap<ParticipantId, Vec<(Request, Context)>>,
    ratings: BTreeMap<InstanceId, ParticipantId>,
    assigned: BTreeSet<ParticipantId>,
    ended: BTreeSet<ParticipantId>,
}

impl Sink for Collector {
    fn accepted(&mut self, act: Accepted<'_>) -> Result<(), SinkError> {
        let mut whose = match act.request.command.subject() {
            Subject::Participant(id) => Some(id),
            Subject::Rating(request) => self.ratings.get(&request).cloned(),
            Subject::Site(_) | Subject::Trial => None,
        };
        for one in act.written {
            let StreamId::Participant(id) = &one.stream else { continue };
            match &one.entry {
                Entry::EnquiryRecorded { .. } => whose = Some(id.clone()),
                Entry::RatingRequested { request, .. } => {
                    self.ratings.insert(request.clone(), id.clone());
                }
                _ => {}
            }
        }
        let Some(id) = whose else { return Ok(()) };
        if matches!(act.request.command, Command::Authorise(Authorisation::Randomise { .. })) {
            self.assigned.insert(id.clone());
        }
        if matches!(
            act.request.command,
            Command::Fact(Fact::RecordDeclined { .. } | Fact::RecordScreenFailure { .. } | Fact::RecordStop { .. })
        ) {
            self.ended.insert(id.clone());
        }
        if !self.assigned.contains(&id) && can_be_told(&act.request.command) {
            self.acts.entry(id).or_default().push((act.request.clone(), act.context.clone()));
        }
        Ok(())
    }
}

/// Whether an act says nothing of other people and has nothing beside the record.
const fn can_be_told(command: &Command) -> bool {
    !matches!(
        command,
        Command::Fact(Fact::StrikeRecord { .. } | Fact::AttachDocument { .. })
            | Command::Authorise(Authorisation::TransferParticipant { .. } | Authorisation::MoveVersion { .. })
    )
}

/// Histories out of a simulated trial.
pub fn collect(demonstration: &Demonstration, participants: u32) -> anyhow::Result<Vec<History>> {
    let mut collector = Collector::default();
    demonstration.run(participants, &mut collector)?;
    let mut histories = Vec::new();
    for (code, mut acts) in collector.acts {
        let assigned = collector.assigned.contains(&code);
        let ended = !assigned && collector.ended.contains(&code);
        if !ended {
            acts.truncate(ACTS_UNDER_WAY);
        }
        let begins =
            acts.first().is_some_and(|(first, _)| matches!(first.command, Command::Fact(Fact::RecordEnquiry { .. })));
        if begins && acts.len() >= ENTRIES_MIN / 2 {
            histories.push(History { steps: steps(&code, &acts)?, ended });
        }
    }
    if histories.is_empty() {
        bail!("no simulated person has a history that can be told of others");
    }
    Ok(histories)
}

fn steps(code: &ParticipantId, acts: &[(Request, Context)]) -> anyhow::Result<Vec<Step>> {
    let ids: Vec<&ActId> = acts.iter().map(|(_, context)| &context.act).collect();
    let cut = |(request, context): &(Request, Context)| {
        let text = serde_json::to_string(request).context("writing a request")?;
        let about_participant = !matches!(request.command.subject(), Subject::Site(_) | Subject::Trial);
        Ok(Step { request: cut(&text, code, &ids), context: context.clone(), about_participant })
    };
    acts.iter().map(cut).collect()
}

/// Cuts a text where the participant's code or the id of an act stands.
fn cut(text: &str, code: &ParticipantId, acts: &[&ActId]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut rest, mut plain) = (text, String::new());
    while let Some(next) = rest.chars().next() {
        let found = match rest.strip_prefix(code.as_str()) {
            Some(after) => Some((Piece::Code, after)),
            None => acts
                .iter()
                .enumerate()
                .find_map(|(place, act)| rest.strip_prefix(act.as_str()).map(|after| (Piece::Act(place), after))),
        };
        match found {
            Some((piece, after)) => {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
                pieces.push(piece);
                rest = after;
            }
            None => {
                plain.push(next);
                rest = rest.split_at(next.len_utf8()).1;
            }
        }
    }
    pieces.push(Piece::Text(plain));
    pieces
}

/// Tells a history of somebody new, whose number among all is `number`.
pub fn tell(batch: &mut Batch<'_>, history: &History, number: u64, told: &mut Told) -> anyhow::Result<()> {
    let mut code: Option<ParticipantId> = None;
    let mut own = 0;
    let act = |place: usize| {
        ActId::from(format!("{:08x}{:08x}", number.wrapping_mul(0x9e37_79b1) as u32, {
            // Of one person all acts differ in the lower half, of two people in the same act in the upper one.
            (number as u32).rotate_left(12) ^ place as u32
        }))
    };
    for (place, step) in history.steps.iter().enumerate() {
        let text: String = step
            .request
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Code => code.as_ref().map_or_else(String::new, ToString::to_string),
                Piece::Act(of) => act(*of).to_string(),
            })
            .collect();
        let mut request: Request = serde_json::from_str(&text).context("reading a request again")?;
        request.id = format!("more-{number}-{place}");
        let mut context = step.context.clone();
        context.act = act(place);
        context.pseudonym = context.pseudonym.map(|_| format!("P{number:06}{place:02}"));
        if let (Person::Participant(person), Some(code)) = (&mut context.actor.person, &code) {
            *person = code.clone();
        }
        let participant = code.as_ref().filter(|_| step.about_participant);
        match batch.ask(&request, participant, &context)? {
            Ok(written) => {
                own += of_participants(&written);
                told.entries += written.len() as u64;
                code = code.or_else(|| begun(&written));
            }
            Err(_) => *told.refused.entry(request.command.name()).or_default() += 1,
        }
        if code.is_none() {
            bail!("the enquiry of number {number} led to no participant");
        }
    }
    told.people += 1;
    let Some(code) = code else { return Ok(()) };
    notes(batch, history, &code, number, own, told)
}

/// An enquiry like the history's first act, at a moment: the record's last entry says what time it is.
pub fn tell_late(
    batch: &mut Batch<'_>,
    history: &History,
    number: u64,
    at: Timestamp,
    told: &mut Told,
) -> anyhow::Result<()> {
    let mut first = history.steps.first().context("a history without acts")?.clone();
    first.context.now = at;
    first.context.actor.at = at;
    let alone = History { steps: vec![first], ended: false };
    tell(batch, &alone, number, told)
}

/// Adds notes until there are as many entries as everybody has at least.
fn notes(
    batch: &mut Batch<'_>,
    history: &History,
    code: &ParticipantId,
    number: u64,
    own: usize,
    told: &mut Told,
) -> anyhow::Result<()> {
    let Some(step) = history.steps.iter().find(|step| matches!(step.context.actor.person, Person::Staff(_))) else {
        return Ok(());
    };
    for missing in own..ENTRIES_MIN {
        let mut context = step.context.clone();
        context.act = ActId::from(format!("n{number:010}{missing:03}"));
        let text = format!("Called about the travel to the site, for the {missing}th time.");
        let fact = Fact::RecordNote { participant: code.clone(), text };
        let id = format!("more-{number}-note-{missing}");
        let request = Request { id, at: None, sent: None, reason: None, command: Command::Fact(fact) };
        match batch.ask(&request, Some(code), &context)? {
            Ok(written) => told.entries += written.len() as u64,
            Err(no) => bail!("a note about {code} was answered with no: {no}"),
        }
    }
    Ok(())
}

fn of_participants(written: &[Written]) -> usize {
    written.iter().filter(|one| matches!(one.stream, StreamId::Participant(_))).count()
}

fn begun(written: &[Written]) -> Option<ParticipantId> {
    written.iter().find_map(|one| match (&one.stream, &one.entry) {
        (StreamId::Participant(id), Entry::EnquiryRecorded { .. }) => Some(id.clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_codes_and_acts() {
        let (first, second) = (ActId::from("aaaa"), ActId::from("bbbb"));
        let pieces =
            cut("{\"p\":\"S01-001\",\"i\":\"bbbb.2\",\"ü\":1}", &ParticipantId::from("S01-001"), &[&first, &second]);
        let told: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Code => "S09-100".to_owned(),
                Piece::Act(place) => format!("x{place}"),
            })
            .collect();
        assert_eq!(told, "{\"p\":\"S09-100\",\"i\":\"x1.2\",\"ü\":1}");
    }
}
