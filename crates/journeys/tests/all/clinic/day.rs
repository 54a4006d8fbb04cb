//! A dosing day, said as people say it: `09:21 nurse: check pressure systolic_1 138 diastolic_1 87`.
//!
//! A line is done, or it ends with `| refused rule rule/condition …`. `K1` is the container of the first dose, `K2` that of the
//! supplement: which ones they are, the sealed service said at the release.

use super::{Clinic, answers::values};
use conduct::{
    Authorisation, Command, Entry, Fact,
    command::{ContainerFact, Destination, DosePart, Going},
};
use jiff::civil::Date;
use terms::{ContainerId, ParticipantId};

/// One participant's session.
pub struct Day {
    pub id: ParticipantId,
    pub session: u8,
    pub visit: String,
    /// First dose and supplement, once they are released.
    pub released: Vec<ContainerId>,
}

impl Day {
    pub fn new(clinic: &Clinic, id: &ParticipantId, session: u8) -> Self {
        let plan = clinic.study.dose.sessions.iter().find(|plan| plan.number == session).unwrap();
        Self { id: id.clone(), session, visit: plan.visit.to_string(), released: Vec::new() }
    }

    /// Runs lines on a day; a line may begin with `+1` for the day after.
    pub fn run(&mut self, clinic: &mut Clinic, date: Date, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (said, expected) = line.split_once('|').map_or((line, ""), |(said, expected)| (said, expected.trim()));
            let (head, act) = said.split_once(": ").unwrap_or_else(|| panic!("no act in {line:?}"));
            let mut head = head.split_whitespace();
            let mut time = head.next().unwrap();
            let mut day = date;
            if time == "+1" {
                day = date.tomorrow().unwrap();
                time = head.next().unwrap();
            }
            let who = head.next().unwrap_or_else(|| panic!("nobody in {line:?}"));
            clinic.clock(day, time);
            let answer = self.say(clinic, who, act.trim());
            match answer {
                Ok(written) => {
                    assert_eq!(expected, "", "{line}: was done");
                    for one in &written {
                        if let Entry::ContainersReleased { initial, supplement, .. } = &one.entry {
                            self.released = std::iter::once(initial).chain(supplement).cloned().collect();
                        }
                    }
                }
                Err(no) => {
                    let found = format!("refused {}", Clinic::refusals(Err(no.clone())).join(" "));
                    assert_eq!(expected, found, "{line}\n{no:#?}");
                }
            }
        }
    }

    fn say(&self, clinic: &mut Clinic, who: &str, act: &str) -> Result<Vec<conduct::Written>, conduct::No> {
        let (act, reason) = act.split_once(" because ").map_or((act, None), |(act, reason)| (act, Some(reason)));
        let words: Vec<&str> = act.split_whitespace().collect();
        let command = self.command(clinic.here(), &words);
        let (who, second) = who.split_once('+').map_or((who, None), |(who, second)| (who, Some(second)));
        let mut asked = clinic.asked(who, second, command);
        asked.request.reason = reason.map(str::to_owned);
        clinic.give(&asked)
    }

    fn command(&self, site: &str, words: &[&str]) -> Command {
        let (participant, session) = (self.id.clone(), self.session);
        let arg = |n: usize| words.get(n).copied().unwrap_or_default();
        let fact = match arg(0) {
            "came" => Fact::RecordVisit {
                participant,
                visit: self.visit.as_str().into(),
                outcome: conduct::command::VisitOutcome::Attended { mode: protocol::model::VisitMode::OnSite },
                day: None,
            },
            "check" => Fact::RecordCheck { participant, session, check: arg(1).into(), values: values(&words[2..]) },
            "form" => Fact::RecordForm {
                seen: None,
                participant,
                form: arg(1).into(),
                visit: Some(self.visit.as_str().into()),
                values: values(&words[2..]),
            },
            "in" => Fact::RecordPresence { participant, session, going: Going::In },
            "out" => Fact::RecordPresence { participant, session, going: Going::Out },
            "reading" => Fact::RecordReading {
                participant,
                session,
                measures: words[1..].chunks(2).map(|pair| (pair[0].to_owned(), pair[1].parse().unwrap())).collect(),
                confirmed: false,
                seen: None,
            },
            verb @ ("swallow" | "supplement") => Fact::RecordSwallow {
                participant,
                session,
                part: if verb == "swallow" { DosePart::Initial } else { DosePart::Supplement },
                container: self.container(arg(1)),
                pieces: arg(2).parse().unwrap(),
                mouth_checked: true,
                seen: None,
            },
            "no_supplement" => Fact::RecordSupplementNotGiven { participant, session, code: arg(1).to_owned() },
            "agree" => Fact::RecordAgreement { participant, session, check: words.get(1).map(|check| (*check).into()) },
            "note" => Fact::RecordSessionNote {
                participant,
                session,
                code: arg(1).to_owned(),
                number: words.get(2).map(|number| number.parse().unwrap()),
                detail: None,
                text: None,
            },
            "leaves" => Fact::RecordDeparture {
                participant,
                session,
                to: if arg(1) == "home" { Destination::Home } else { Destination::Overnight },
                escort: words[2..].join(" "),
            },
            "night" => Fact::RecordNightCheck {
                participant,
                session,
                awake: arg(1) == "awake",
                distress: words.get(2).map(|number| number.parse().unwrap()),
                signs: Vec::new(),
                text: None,
            },
            "withdraw_order" => Fact::WithdrawOrder { participant, session },
            "sign" => Fact::SignSession { participant, session },
            "stop_session" => Fact::StopSession { participant, session },
            "back" => Fact::RecordContainer {
                site: site.into(),
                container: self.container(arg(1)),
                what: ContainerFact::CameBack { pieces: arg(2).parse().unwrap(), seal: None },
            },
            _ => return Command::Authorise(self.authorisation(site, words)),
        };
        Command::Fact(fact)
    }

    fn container(&self, word: &str) -> ContainerId {
        let place = match word {
            "K1" => self.released.first(),
            "K2" => self.released.get(1),
            _ => None,
        };
        place.cloned().unwrap_or_else(|| word.into())
    }

    fn authorisation(&self, site: &str, words: &[&str]) -> Authorisation {
        let (participant, session) = (self.id.clone(), self.session);
        let arg = |n: usize| words.get(n).copied().unwrap_or_default();
        match arg(0) {
            "order" => Authorisation::OrderDose { participant, session, level: arg(1).into(), level_reason: None },
            "release" => Authorisation::ReleaseContainers { participant, session },
            "allow" => Authorisation::AuthoriseDose { participant, session, container: self.container(arg(1)) },
            "open" => Authorisation::AuthoriseSupplement {
                participant,
                session,
                container: self.container(arg(1)),
                wished: true,
                physician_reason: None,
            },
            "discharge" => Authorisation::Discharge { participant, session },
            "close" => Authorisation::CloseSession { participant, session },
            "put_back" => Authorisation::ReturnToSafe { site: site.into(), container: self.container(arg(1)) },
            other => panic!("nobody says {other:?} on such a day"),
        }
    }
}
