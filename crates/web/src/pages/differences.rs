//! Differences between a safe and its book: what was found, what it holds, who must be told until when, the steps to close it.

use std::fmt::Write as _;

use conduct::state::Discrepancy;
use terms::{ContainerId, InstanceId};

use crate::acts;
use crate::chart::svg::escape;
use crate::desk::{Desk, SiteFile};
use crate::http::pairs::segment;
use crate::http::reply::Trouble;
use crate::pages::stock::person_name;
use crate::parts::page::Section;
use crate::parts::words::Icon;
use crate::show;

/// The open differences of a site, the oldest first; two counts that differed from each other among them.
pub fn section(desk: &Desk<'_>, file: &SiteFile) -> Result<Section, Trouble> {
    let mut out = String::new();
    if let Some(by) = file.stock.again_by {
        let _ = write!(
            out,
            "<p><b>Two counts differed from each other.</b> Neither stands: both count again by {}.</p>",
            escape(&show::moment(by, &file.zone))
        );
    }
    let mut open: Vec<(&InstanceId, &Discrepancy)> = file.stock.discrepancies.iter().collect();
    open.sort_by_key(|(instance, open)| (open.since, (*instance).clone()));
    for (instance, open) in open {
        one(desk, file, instance, open, &mut out);
    }
    Ok(Section::new("difference", "Count differs", out)
        .lead("It stays on every page of the site until somebody who did not count has closed it."))
}

fn one(desk: &Desk<'_>, file: &SiteFile, instance: &InstanceId, open: &Discrepancy, out: &mut String) {
    let at = |at| show::moment(at, &file.zone);
    let list = |ids: &[ContainerId]| ids.iter().map(ContainerId::as_str).collect::<Vec<_>>().join(", ");
    let people: Vec<String> = open.people.iter().map(|who| person_name(desk, who.as_str())).collect();
    let mut facts: Vec<(&str, String, bool)> = vec![
        ("What", crate::findings::sentence(&open.text), true),
        ("Found", at(open.since), false),
        ("By", people.join(", "), false),
    ];
    if !open.containers.is_empty() {
        facts.push(("Containers", list(&open.containers), true));
    }
    if let Some(consignment) = &open.consignment {
        facts.push(("Held", format!("What came in {consignment} can’t be let into use. The rest can."), false));
    } else if open.hold.is_some() {
        facts.push(("Held", "Nothing can be authorised at this site until it is closed.".to_owned(), false));
    }
    let mut rows = String::new();
    for (term, words, bold) in facts {
        let words = escape(&words);
        let words = if bold { format!("<b>{words}</b>") } else { words };
        let _ = write!(rows, "<dt>{term}</dt><dd>{words}</dd>");
    }
    let mut steps = String::new();
    let mut step = |done: bool, words: &str, found: &str, late: bool| {
        let icon = if done { Icon::Check } else { Icon::Now };
        let class = if done { "yes" } else { "no" };
        let found = if late { format!("Overdue, {found}") } else { found.to_owned() };
        let _ = write!(
            steps,
            "<li class=\"{class}\">{icon}<span>{}</span><span class=\"found\">{}</span></li>",
            escape(words),
            escape(&found)
        );
    };
    match (&open.recount, open.again_by) {
        (Some(recount), _) => {
            let gone = recount.missing.len() + recount.unexpected.len() + recount.pieces.len();
            let words =
                if gone == 0 { "and agreed with the book".to_owned() } else { "and the difference stands".to_owned() };
            step(true, &format!("Counted again by two, {words}"), &at(recount.at), false);
        }
        (None, Some(by)) => step(false, "Counted again by two", &format!("by {}", at(by)), desk.now > by),
        (None, None) => {}
    }
    for notice in &open.notices {
        let sent = open.sent.contains(&notice.form);
        let words = format!("{} (if missing or theft)", notice.title);
        let found = if sent { "sent".to_owned() } else { format!("by {}", at(notice.due)) };
        step(sent, &words, &found, !sent && desk.now > notice.due);
    }
    step(false, "Closed by a third person, with its cause", "open", false);
    let base = format!("/sites/{}/do", segment(file.id.as_str()));
    let mut actions = String::new();
    for (key, words) in [("resolve", "Close the difference"), ("notice", "Record a notice that was sent")] {
        let address = format!("{base}/{key}/{}", segment(instance.as_str()));
        if acts::offered(file.reader.duties, &address) {
            let class = if key == "resolve" { "button" } else { "button button-second" };
            let _ = write!(actions, "<a class=\"{class}\" href=\"{}\">{words}</a>", escape(&address));
        }
    }
    let count = format!("{base}/count");
    if acts::offered(file.reader.duties, &count) {
        let _ = write!(actions, "<a href=\"{}\">Count again</a>", escape(&count));
    }
    let _ = write!(
        out,
        "<div class=\"split up-4\"><div><dl class=\"facts\">{rows}</dl><div class=\"actions\">{actions}</div></div>\
         <ol class=\"checks\" aria-label=\"Steps to close\">{steps}</ol></div>"
    );
}
