//! Who may do what at a site: the delegation log, approvals and holds of the site.

use conduct::staffing::credentials::Staff;
use protocol::model::{Duty, NeededFrom};

use crate::chart::svg::escape;
use crate::desk::{Desk, SiteFile};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Empty, Tag};
use crate::show;

/// The page: the person's site, or all of theirs.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    if !frame::open_to(&desk, Place::Staff) {
        return Err(Trouble::NotFound);
    }
    let mut body = Body::new("Staff")
        .lead("Who holds which role, from when to when. The rules read it at the moment of each act.");
    let wanted = call.query.text("site");
    let sites: Vec<_> = desk.sites.iter().filter(|s| wanted.is_empty() || s.as_str() == wanted).cloned().collect();
    if sites.len() > 1 {
        let links: String = sites
            .iter()
            .map(|s| format!("<li><a href=\"/staff?site={0}\">Site {0}</a></li>", escape(s.as_str())))
            .collect();
        body.add(Section::bare(format!("<ul class=\"dispositions\" aria-label=\"Sites\">{links}</ul>")));
    }
    if let [one] = sites.as_slice() {
        let file = desk.site(one.as_str())?;
        site(&desk, &file, &mut body);
    }
    body.add(trial_roles(&desk));
    if desk.reader.duties.has(Duty::AdministerTrial) {
        body.add(super::accounts::section(&desk)?);
    }
    frame::page(call, &desk, Place::Staff, Vec::new(), body)
}

fn site(desk: &Desk<'_>, file: &SiteFile, body: &mut Body) {
    let at = format!("/sites/{}", segment(file.id.as_str()));
    let leads = file.reader.duties.has_any(&[Duty::LeadSite, Duty::AdministerTrial]);
    if leads {
        body.action(format!("{at}/do/delegate"), "Delegate a role");
        if !desk.study.certificates.is_empty() {
            body.action(format!("{at}/do/certificate"), "Record a certificate");
        }
        if !desk.study.relations.is_empty() {
            body.action(format!("{at}/do/relation"), "Declare a relation");
        }
        body.action(format!("{at}/do/site-approval"), "Record an approval");
        body.action(format!("{at}/do/site-hold"), "Place a hold");
        body.main_act = true;
    }
    let mut rows: Vec<(bool, Vec<Cell>)> = Vec::new();
    for delegation in &file.state.delegations {
        let known = identity::Who::Staff(delegation.staff.clone());
        let unknown = desk.services.identity.accounts_of(&known).is_ok_and(|all| all.is_empty());
        let name = desk.name_of(&conduct::Person::Staff(delegation.staff.clone()));
        let ended = delegation.until.is_some_and(|until| until < file.today);
        let tag = if ended {
            Tag::done("Ended")
        } else if delegation.from > file.today {
            Tag::plan("To come")
        } else {
            Tag::done("In force")
        };
        let about = format!("{}.{}", delegation.staff, delegation.role);
        let end = if leads && !ended {
            Cell::link(format!("{at}/do/end-delegation/{}", segment(&about)), "Record its end")
        } else {
            Cell::text("")
        };
        let lacks = if ended { Vec::new() } else { lacking(desk, file, delegation) };
        let lacks = if lacks.is_empty() { String::new() } else { format!("lacks: {}", lacks.join(", ")) };
        let no_account = if unknown && !ended { "no account: can't sign in" } else { "" };
        let covers = delegation
            .covers
            .as_ref()
            .map(|s| format!("covers {}", desk.name_of(&conduct::Person::Staff(s.clone()))))
            .unwrap_or_default();
        rows.push((
            ended,
            vec![
                Cell::head(&name).with_remark(no_account),
                Cell::text(&super::study::role_title(&desk.study, delegation.role.as_str())).with_remark(&covers),
                Cell::text(&show::date(delegation.from)),
                Cell::text(&delegation.until.map_or_else(|| "open".to_owned(), show::date)),
                Cell::tag(tag).with_remark(&lacks),
                end,
            ],
        ));
    }
    rows.sort_by_key(|(ended, _)| *ended);
    let rows: Vec<Vec<Cell>> = rows.into_iter().map(|(_, row)| row).collect();
    let table = if rows.is_empty() {
        Empty::new("Nobody is delegated here yet.", "The investigator delegates roles.").to_string()
    } else {
        Table::new("Delegation log", &["Who", "Role", "From", "Until", "State", ""], rows).unseen_caption().to_string()
    };
    body.add(Section::new("log", format!("Delegation log, site {}", file.id), table));
    body.add(certificates(desk, file, &at, leads));
    body.add(relations(desk, file, &at, leads));
    if !file.state.approvals.is_empty() || !desk.study.approvals.is_empty() {
        body.add(approvals(desk, file));
    }
    body.add(holds(file, &at));
}

/// Certificates of the role that somebody does not hold today, by title.
fn lacking(desk: &Desk<'_>, file: &SiteFile, delegation: &conduct::state::Delegation) -> Vec<String> {
    let staff = Staff { study: &desk.study, trial: &desk.trial, site: Some(&file.state) };
    let day = file.today.max(delegation.from);
    let lacks = staff.lacking(&delegation.staff, &delegation.role, day, NeededFrom::Dosing);
    lacks.into_iter().map(|kind| kind.title.clone()).collect()
}

/// What is on record at the site, by person; what has ended stands below.
fn certificates(desk: &Desk<'_>, file: &SiteFile, at: &str, leads: bool) -> Section {
    let kinds = &desk.study.certificates;
    if kinds.is_empty() {
        return Section::bare("");
    }
    let mut rows: Vec<(bool, Vec<Cell>)> = Vec::new();
    for (staff, held) in &file.state.credentials.certificates {
        let name = desk.name_of(&conduct::Person::Staff(staff.clone()));
        for one in held {
            let kind = kinds.iter().find(|kind| kind.id == one.kind);
            let ended = one.last_day().is_some_and(|last| last < file.today);
            let notice = kind.and_then(|kind| kind.notice_days).map_or(0, i64::from);
            let soon = one
                .last_day()
                .is_some_and(|last| file.today.until(last).is_ok_and(|span| i64::from(span.get_days()) < notice));
            let tag = match (one.withdrawn, ended) {
                (Some(from), true) => Tag::in_the_way(format!("Not held from {}", show::date(from))),
                (_, true) => Tag::done("Ended"),
                (_, false) if soon => Tag::now("Ends soon"),
                (_, false) => Tag::done("In date"),
            };
            let about = format!("{staff}.{}", one.kind);
            let end = if leads && !ended {
                Cell::link(format!("{at}/do/withdraw-certificate/{}", segment(&about)), "It does not hold")
            } else {
                Cell::text("")
            };
            let hours = one.hours.map(|hours| format!("{hours} hours")).unwrap_or_default();
            let remark = [one.number.clone().unwrap_or_default(), hours].into_iter().filter(|text| !text.is_empty());
            rows.push((
                ended,
                vec![
                    Cell::head(&name),
                    Cell::text(kind.map_or(one.kind.as_str(), |kind| kind.title.as_str()))
                        .with_remark(&remark.collect::<Vec<_>>().join(", ")),
                    Cell::text(&show::date(one.issued)),
                    Cell::text(&one.until.map_or_else(|| "no end".to_owned(), show::date)),
                    Cell::tag(tag),
                    end,
                ],
            ));
        }
    }
    rows.sort_by_key(|(ended, _)| *ended);
    let rows: Vec<Vec<Cell>> = rows.into_iter().map(|(_, row)| row).collect();
    let table = if rows.is_empty() {
        Empty::new("No certificate is on record.", "Roles ask for them; the investigator records what they have seen.")
            .to_string()
    } else {
        Table::new("Certificates", &["Who", "What", "Issued", "Until", "State", ""], rows).unseen_caption().to_string()
    };
    Section::new("certificates", "Certificates", table)
}

/// Who is related to whom, while it lasts.
fn relations(desk: &Desk<'_>, file: &SiteFile, at: &str, leads: bool) -> Section {
    let lasting: Vec<_> = file.state.credentials.relations.iter().filter(|known| known.until.is_none()).collect();
    if lasting.is_empty() {
        return Section::bare("");
    }
    let name = |staff: &terms::StaffId| desk.name_of(&conduct::Person::Staff(staff.clone()));
    let rows = lasting
        .into_iter()
        .map(|known| {
            let kind = desk.study.relations.iter().find(|kind| kind.id == known.kind);
            let about = format!("{}.{}.{}", known.staff, known.other, known.kind);
            vec![
                Cell::head(&name(&known.staff)),
                Cell::text(&name(&known.other)),
                Cell::text(kind.map_or(known.kind.as_str(), |kind| kind.title.as_str())),
                Cell::text(&show::date(known.from)),
                if leads {
                    Cell::link(format!("{at}/do/end-relation/{}", segment(&about)), "Record its end")
                } else {
                    Cell::text("")
                },
            ]
        })
        .collect();
    Section::new(
        "relations",
        "Related to each other",
        Table::new("Related to each other", &["Who", "And whom", "How", "Since", ""], rows).unseen_caption(),
    )
    .lead("They are not the only two with a participant at a dose.")
}

fn approvals(desk: &Desk<'_>, file: &SiteFile) -> Section {
    let rows: Vec<Vec<Cell>> = file
        .state
        .approvals
        .iter()
        .map(|approval| {
            let title = desk
                .study
                .approvals
                .iter()
                .find(|rule| rule.id == approval.approval)
                .map_or(approval.approval.as_str(), |rule| rule.title.as_str());
            let tag = if approval.until < file.today { Tag::in_the_way("Out of date") } else { Tag::done("In date") };
            vec![
                Cell::head(title),
                Cell::text(&approval.number),
                Cell::text(&show::date(approval.from)),
                Cell::text(&show::date(approval.until)),
                Cell::tag(tag),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Section::new(
            "approvals",
            "Approvals",
            Empty::new("No approval is on record.", "The study asks for one before any dose."),
        );
    }
    Section::new(
        "approvals",
        "Approvals",
        Table::new("Approvals", &["Approval", "Number", "From", "Until", "State"], rows).unseen_caption(),
    )
}

fn holds(file: &SiteFile, at: &str) -> Section {
    if file.state.holds.is_empty() {
        return Section::bare("");
    }
    let may = file.reader.duties.has_any(&[Duty::MonitorMedically, Duty::AdministerTrial]);
    let mut lines = String::new();
    for (instance, hold) in &file.state.holds {
        let lift = if may {
            format!("<a href=\"{at}/do/lift-site-hold/{}\">Lift</a>", segment(instance.as_str()))
        } else {
            String::new()
        };
        lines.push_str(&format!(
            "<li><div class=\"row\"><b>{}</b>{lift}</div><p>Since {}</p></li>",
            escape(&hold.text),
            show::moment(hold.since, &file.zone)
        ));
    }
    Section::new("holds", "Holds on the site", format!("<ul class=\"side-list lined\">{lines}</ul>"))
}

fn trial_roles(desk: &Desk<'_>) -> Section {
    let mut rows = Vec::new();
    for (staff, roles) in &desk.trial.roles {
        for role in roles {
            let name = desk.name_of(&conduct::Person::Staff(staff.clone()));
            rows.push(vec![Cell::head(&name), Cell::text(&super::study::role_title(&desk.study, role.as_str()))]);
        }
    }
    if rows.is_empty() {
        return Section::bare("");
    }
    Section::new(
        "trial-roles",
        "Roles in the whole trial",
        Table::new("Roles in the whole trial", &["Who", "Role"], rows).unseen_caption(),
    )
}
