//! Everything that can be written down about a participant, whatever the rules think of it; and what can be asked for.

use super::participant::base;
use crate::acts::{self, Act, Kind, Scope};
use crate::chart::svg::escape;
use crate::desk::Desk;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Section};
use crate::parts::words::Link;

/// Acts that are about one thing and so are offered where that thing stands.
const ELSEWHERE: &[&str] = &[
    "book",
    "attended",
    "completed",
    "no-show",
    "cancelled",
    "missed",
    "request-rating",
    "lift-hold",
    "complete-task",
    "no-event",
    "strike",
    "update-medicine",
    "update-adverse-event",
];

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let file = desk.case(call.part("participant"))?;
    let at = base(file.participant.id.as_str());
    let offered = |kind: Kind| {
        let acts =
            acts::all().filter(|a| a.scope == Scope::Participant && a.kind == kind && !ELSEWHERE.contains(&a.key));
        let acts: Vec<&Act> = acts.filter(|a| file.reader.duties.has_any(acts::duties(a))).collect();
        let mut lines = String::new();
        for act in acts {
            lines.push_str(&format!(
                "<li><div class=\"row\"><a href=\"{at}/do/{}\">{}</a></div><p>{}</p></li>",
                act.key,
                escape(act.title),
                escape(act.intro)
            ));
        }
        lines
    };
    let mut body = Body::new("Record a fact").lead(
        "What has happened is always recorded. The rules answer with what follows: a deviation, a task, a clock.",
    );
    let mut facts = offered(Kind::Fact);
    if acts::offered(file.reader.duties, &format!("{at}/document")) {
        facts.push_str(&format!("<li><div class=\"row\"><a href=\"{at}/document\">Attach a document</a></div><p>A signed consent, an ECG, a laboratory report: kept by its hash.</p></li>"));
    }
    body.add(Section::bare(format!("<ul class=\"side-list lined narrow\">{facts}</ul>")));
    let asked = offered(Kind::Authorisation);
    if !asked.is_empty() {
        body.add(
            Section::new("ask", "Ask for", format!("<ul class=\"side-list lined narrow\">{asked}</ul>"))
                .lead("These look forward, so the rules may say no, with every reason."),
        );
    }
    let crumbs = vec![Link::new("/participants", "Participants"), Link::new(at, file.participant.id.as_str())];
    frame::page(call, &desk, Place::Participants, crumbs, body)
}
