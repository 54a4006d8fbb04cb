//! The dose in its steps, the supplement in its window, and the containers of the session.

use conduct::command::{Destination, DosePart};
use conduct::finding::Finding;

use super::ahead::{Ahead, Room};
use crate::chart::svg::escape;
use crate::findings::sentence;
use crate::parts::words::{Icon, Tag};
use crate::show;

/// A step of the dose: what, whether it is done, and what is to be said about it.
struct Step {
    what: &'static str,
    done: bool,
    said: String,
}

impl Room<'_> {
    /// The panel beside the reading: the dose until it is swallowed, then the supplement until that is decided.
    pub fn drug(&self, ahead: &Ahead) -> String {
        let panel = if self.state.dosed_at().is_none() { self.dose() } else { self.supplement(ahead) };
        format!("{panel}{}", self.containers())
    }

    fn dose(&self) -> String {
        let state = self.state;
        let checks = &self.file.study.session.checks;
        let open = checks.iter().filter(|check| self.stands_open(check)).count();
        let granted = state.dose_authorised.as_ref().filter(|granted| granted.expires > self.desk.now);
        let lapsed = state.dose_authorised.is_some() && granted.is_none();
        let steps = [
            Step {
                what: "Ordered and signed",
                done: state.order.is_some(),
                said: state.order.as_ref().map_or("No order".to_owned(), |order| {
                    format!("{}, then {}. {}", order.initial, order.supplement, self.clock(order.at))
                }),
            },
            Step {
                what: "Checks in order",
                done: open == 0,
                said: format!("{} of {}", checks.len() - open, checks.len()),
            },
            Step {
                what: "Out of the safe, by two",
                done: state.containers.is_some(),
                said: state.containers.as_ref().map_or("In the safe".to_owned(), |(_, _, at)| self.clock(*at)),
            },
            Step {
                what: "Allowed",
                done: granted.is_some(),
                said: match granted {
                    Some(granted) => format!("until {}", self.clock(granted.expires)),
                    None if lapsed => "the permission ran out".to_owned(),
                    None => "not yet".to_owned(),
                },
            },
            Step { what: "Swallowed, seen by two", done: false, said: "not yet".to_owned() },
        ];
        let tag = match (granted, lapsed, state.stopped) {
            (_, _, Some(_)) => Tag::stop("Stopped"),
            (Some(_), ..) => Tag::now("Allowed now"),
            (None, true, _) => Tag::in_the_way("Ran out"),
            _ => Tag::plan("Not yet"),
        };
        let count = granted.map_or_else(String::new, |granted| {
            format!(
                "<p class=\"count\"><span class=\"big\">{}</span><span>minutes left to swallow {}. The oldest check ends it at {}.</span></p>",
                self.countdown(granted.expires),
                escape(granted.container.as_str()),
                self.clock(granted.expires)
            )
        });
        let rows: String = steps
            .iter()
            .map(|step| {
                format!(
                    "<li class=\"{}\">{}<span>{}</span><span class=\"found\">{}</span></li>",
                    if step.done { "yes" } else { "no-yet" },
                    if step.done { Icon::Check } else { Icon::Plan },
                    step.what,
                    escape(&step.said)
                )
            })
            .collect();
        let mut acts = String::new();
        if granted.is_some() && self.may_do("swallow") {
            acts.push_str(&self.act_link("swallow/initial", "Swallowed: record it", "button"));
        } else if self.may_do("swallow") {
            acts.push_str(&self.act_link("swallow/initial", "Something was swallowed", ""));
        }
        panel("drug-title", "The dose", &tag, &format!("{count}<ul class=\"checks\">{rows}</ul>"), &acts)
    }

    fn act_link(&self, key: &str, words: &str, class: &str) -> String {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        format!("<a{class} href=\"{}/do/{key}\">{words}</a>", self.at())
    }

    fn supplement(&self, ahead: &Ahead) -> String {
        let state = self.state;
        let amount = state.order.as_ref().map(|order| order.supplement);
        let title = amount.map_or("Supplement".to_owned(), |amount| format!("Supplement, {amount}"));
        if amount == Some(terms::Milligrams::ZERO) || self.file.study.dose.supplement.is_none() {
            return String::new();
        }
        if let Some(swallow) = state.swallow(DosePart::Supplement) {
            let said = format!(
                "<p>{} in {}, from {}, at {}.</p>",
                swallow.amount,
                show::count(usize::try_from(swallow.pieces).unwrap_or(0), "piece", "pieces"),
                escape(swallow.container.as_str()),
                self.clock(swallow.at)
            );
            return panel("drug-title", &title, &Tag::done("Swallowed"), &said, "");
        }
        if let Some(code) = &state.supplement_not_given {
            let codes = &self.file.study.session.supplement_refusals;
            let label = codes.iter().find(|known| known.code == *code).map_or(code.as_str(), |known| &known.label);
            let said =
                format!("<p>{}. The sealed container goes back to the safe today.</p>", escape(&sentence(label)));
            let acts = if self.may_do("swallow") {
                self.act_link("swallow/supplement", "Swallowed nevertheless: record it", "")
            } else {
                String::new()
            };
            return panel("drug-title", &title, &Tag::done("Not given"), &said, &acts);
        }
        if state.departed.is_some() || state.closed.is_some() {
            return String::new();
        }
        self.supplement_open(&title, ahead)
    }

    fn supplement_open(&self, title: &str, ahead: &Ahead) -> String {
        let state = self.state;
        let Some(times) = &state.supplement_times else { return String::new() };
        let granted = state.supplement_authorised.as_ref().filter(|granted| granted.expires > self.desk.now);
        let (broken, held): (Vec<&Finding>, Vec<&Finding>) =
            ahead.supplement.iter().partition(|finding| finding.broken().is_some());
        let now = self.desk.now;
        let window = format!("Window {} to {}.", self.clock(times.opens), self.clock(times.closes));
        let (tag, count) = if let Some(granted) = granted {
            let words = format!("minutes left to swallow {}.", escape(granted.container.as_str()));
            (Tag::now("Allowed now"), Some((granted.expires, words)))
        } else if now > times.closes {
            (Tag::stop("Too late"), None)
        } else if now < times.opens {
            (Tag::wait("Window not open"), Some((times.opens, format!("minutes until it opens. {window}"))))
        } else if broken.is_empty() {
            (Tag::now("May be asked for"), Some((times.closes, format!("minutes left. {window}"))))
        } else {
            (Tag::in_the_way("Not yet"), Some((times.closes, format!("minutes left. {window}"))))
        };
        let mut body = match count {
            Some((until, words)) => format!(
                "<p class=\"count\"><span class=\"big\">{}</span><span>{words}</span></p>",
                self.countdown(until)
            ),
            None => format!("<p>The window is over for everybody. {window}</p>"),
        };
        body.push_str(&self.window_bar(times.opens, times.closes));
        if granted.is_none() {
            body.push_str(&self.conditions(&broken, &held));
        }
        let mut acts = String::new();
        if granted.is_some() {
            if self.may_do("swallow") {
                acts.push_str(&self.act_link("swallow/supplement", "Swallowed: record it", "button"));
            }
        } else if broken.is_empty() && !ahead.supplement.is_empty() && self.may_do("authorise-supplement") {
            acts.push_str(&self.act_link("authorise-supplement", "Open the supplement", "button"));
        }
        if self.may_do("no-supplement") {
            acts.push_str(&self.act_link("no-supplement", "Declined or withheld", "button button-second"));
        }
        if granted.is_none() && self.may_do("swallow") {
            acts.push_str(&self.act_link("swallow/supplement", "Swallowed: record it", ""));
        }
        panel("drug-title", title, &tag, &body, &acts)
    }

    fn window_bar(&self, opens: jiff::Timestamp, closes: jiff::Timestamp) -> String {
        let whole = closes.duration_since(opens).as_secs().max(1);
        let gone = self.desk.now.duration_since(opens).as_secs().clamp(0, whole);
        format!(
            "<svg class=\"progress-bar\" viewBox=\"0 0 300 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rest\" width=\"300\" height=\"6\" rx=\"3\"/><rect class=\"done\" width=\"{}\" height=\"6\" rx=\"3\"/></svg>",
            gone * 300 / whole
        )
    }

    /// What stands in the way, each with its rule and remedy; what is in order is a count that opens.
    fn conditions(&self, broken: &[&Finding], held: &[&Finding]) -> String {
        let mut out = String::from("<ul class=\"checks up-3\">");
        for item in broken.iter().filter_map(|finding| finding.broken()) {
            out.push_str(&format!(
                "<li class=\"no\">{}<span>{}<span class=\"small quiet rule\">{}. {}.</span></span><span class=\"found\">{}</span></li>",
                Icon::Warn,
                escape(&sentence(&item.sentence)),
                escape(item.rule),
                escape(&sentence(item.remedy.trim_end_matches('.'))),
                escape(&item.found)
            ));
        }
        out.push_str("</ul>");
        if !held.is_empty() {
            let rows: String = held
                .iter()
                .filter_map(|finding| match finding {
                    Finding::Holds(held) => Some(format!(
                        "<li class=\"yes\">{}<span>{}</span><span class=\"found\">{}</span></li>",
                        Icon::Check,
                        escape(&sentence(&held.sentence)),
                        escape(&held.found)
                    )),
                    Finding::Broken(_) => None,
                })
                .collect();
            out.push_str(&format!(
                "<details class=\"history up-3\"><summary>In order: {}</summary><ul class=\"checks\">{rows}</ul></details>",
                held.len()
            ));
        }
        out
    }

    /// Containers and what was swallowed from them.
    fn containers(&self) -> String {
        let mut lines = String::new();
        if let Some((initial, supplement, at)) = &self.state.containers {
            lines.push_str(&format!(
                "<li><div class=\"row\"><b>{}</b><span>first dose</span></div><p>Out of the safe {}</p></li>",
                escape(initial.as_str()),
                self.clock(*at)
            ));
            if let Some(supplement) = supplement {
                let opened = self.state.swallow(DosePart::Supplement).is_some();
                let where_it_is = if opened { "Opened" } else { "Sealed, in the locked box" };
                lines.push_str(&format!(
                    "<li><div class=\"row\"><b>{}</b><span>supplement</span></div><p>{where_it_is}</p></li>",
                    escape(supplement.as_str())
                ));
            }
        }
        for swallow in &self.state.swallowed {
            let part = match swallow.part {
                DosePart::Initial => "First dose",
                DosePart::Supplement => "Supplement",
            };
            let tag = if swallow.authorised { Tag::done("Authorised") } else { Tag::stop("Not authorised") };
            lines.push_str(&format!(
                "<li><div class=\"row\"><b>{part} swallowed</b>{tag}</div><p>{}, {}, from {}</p></li>",
                self.clock(swallow.at),
                swallow.amount,
                escape(swallow.container.as_str())
            ));
        }
        if lines.is_empty() {
            return String::new();
        }
        format!(
            "<section class=\"side-block containers\"><h2>Containers and doses</h2><ul class=\"side-list\">{lines}</ul></section>"
        )
    }

    /// Where somebody went, in words.
    pub const fn went(to: Destination) -> &'static str {
        match to {
            Destination::Overnight => "Stays the night here",
            Destination::Home => "Went home",
            Destination::Hospital => "Went to hospital",
        }
    }
}

fn panel(id: &str, title: &str, tag: &Tag, body: &str, acts: &str) -> String {
    let acts = if acts.is_empty() { String::new() } else { format!("<div class=\"actions up-4\">{acts}</div>") };
    format!(
        "<section class=\"panel\" aria-labelledby=\"{id}\"><div class=\"panel-in\"><div class=\"room-title\"><h2 id=\"{id}\">{}</h2>{tag}</div>{body}{acts}</div></section>",
        escape(title)
    )
}
