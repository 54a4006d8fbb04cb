//! Accounts of the staff, kept by the trial's administrator: made, given a new one-time password, unlocked, switched off.
//! The administrator signs each with their PIN, and each stands in the accounts' own log.

use axum::http::StatusCode;
use identity::{Account, AccountError, NewAccount, Standing, Who};
use protocol::model::Duty;
use terms::StaffId;

use super::account::salt;
use crate::chart::svg::escape;
use crate::desk::Desk;
use crate::findings::sentence;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::field::{Control, Errors, Field, LineKind, Sign};
use crate::parts::page::{Body, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Link, Tag};
use crate::show;

const NEW: &str = "/staff/new-account";

fn unavailable(error: impl std::fmt::Display) -> Trouble {
    Trouble::Unavailable(error.to_string())
}

/// The desk of an administrator; the trouble for everybody else.
fn administrator<'a>(call: &'a Call<'_>, otherwise: Trouble) -> Result<Desk<'a>, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    if desk.reader.duties.has(Duty::AdministerTrial) { Ok(desk) } else { Err(otherwise) }
}

fn not_yours() -> Trouble {
    Trouble::NotYours("Accounts are kept by the administrator of the trial.".to_owned())
}

fn standing(account: &Account) -> Tag {
    match account.standing {
        Standing::Enabled if account.password_once => Tag::plan("One-time password"),
        Standing::Enabled => Tag::done("May sign in"),
        Standing::Locked => Tag::in_the_way("Locked"),
        Standing::Disabled => Tag::in_the_way("Switched off"),
    }
}

/// All accounts of staff, for the page of the staff.
pub(super) fn section(desk: &Desk<'_>) -> Result<Section, Trouble> {
    let mut rows = Vec::new();
    let mut after = String::new();
    loop {
        let page = desk.services.identity.accounts(&after, 500).map_err(unavailable)?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.login);
        for account in &page {
            let Who::Staff(id) = &account.who else { continue };
            rows.push(vec![
                Cell::link(format!("/staff/accounts/{}", segment(&account.login)), &account.login).as_head(),
                Cell::text(&account.display_name),
                Cell::text(id.as_str()),
                Cell::tag(standing(account)),
                Cell::text(
                    &account.signed_in_at.map_or_else(|| "never".to_owned(), |at| show::moment(at, &desk.own_zone())),
                ),
            ]);
        }
    }
    let heads = ["Login", "Name", "Staff id", "State", "Last signed in"];
    Ok(Section::new("accounts", "Accounts", Table::new("Accounts", &heads, rows).unseen_caption())
        .lead("Who may sign in. What they may do, the roles above say.")
        .link(NEW, "Make an account"))
}

fn sign(call: &Call<'_>, attest: &str, error: &str) -> String {
    let who = call.who.as_ref();
    Sign {
        attest: attest.to_owned(),
        who: who.map(|who| who.name.clone()).unwrap_or_default(),
        error: error.to_owned(),
        one_click: who.is_some_and(|who| {
            call.services.identity.account(&who.login).is_ok_and(|found| found.is_some_and(|a| a.persona && !a.has_pin))
        }),
        second: None,
    }
    .to_string()
}

fn crumbs() -> Vec<Link> {
    vec![Link::new("/staff", "Staff")]
}

/// The form for a new account.
pub fn new_get(call: &Call<'_>) -> Result<Reply, Trouble> {
    new_page(call, &[], StatusCode::OK)
}

fn new_page(call: &Call<'_>, wrong: &[(&str, String)], status: StatusCode) -> Result<Reply, Trouble> {
    let desk = administrator(call, Trouble::NotFound)?;
    let words = |name: &str| wrong.iter().find(|(at, _)| *at == name).map(|(_, w)| w.clone()).unwrap_or_default();
    let line = |name: &str, label: &str, kind| {
        Field::new(name, label, Control::Line { kind }).value(call.form.text(name)).error(words(name))
    };
    let fields = [
        line("login", "Login", LineKind::Text).hint("2 to 64 letters, digits, “.”, “-”, “_” or “@”."),
        line("name", "Name as others see it", LineKind::Text),
        line("staff", "Staff id", LineKind::Text)
            .hint("By which the record knows them; the login if it is empty.")
            .optional(),
    ];
    let errors = if wrong.is_empty() {
        String::new()
    } else {
        let lines = wrong.iter().map(|(at, w)| (format!("#{}", crate::parts::field::id_of(at)), w.clone())).collect();
        Errors { title: "No account was made".to_owned(), lines }.to_string()
    };
    let form = format!(
        "<form class=\"narrow\" method=\"post\" action=\"{NEW}\"><input type=\"hidden\" name=\"token\" value=\"{}\">{errors}{}{}<div class=\"actions\"><button class=\"button\" type=\"submit\">Make the account</button></div></form>",
        escape(&call.token()),
        fields.iter().map(ToString::to_string).collect::<String>(),
        sign(call, "This person works in the trial and this is their account.", &words("pin")),
    );
    let body = Body::new("Make an account").section(Section::bare(form));
    frame::page_with(call, &desk, Place::Staff, crumbs(), body, status)
}

/// Makes it, and shows its one-time password once.
pub fn new_post(call: &Call<'_>) -> Result<Reply, Trouble> {
    administrator(call, not_yours())?;
    let (login, name) = (call.form.text("login"), call.form.text("name"));
    let mut wrong = Vec::new();
    if let Err(error) = identity::judge_login(login) {
        wrong.push(("login", sentence(&error.to_string())));
    }
    if let Err(error) = identity::judge_name(name) {
        wrong.push(("name", sentence(&error.to_string())));
    }
    if let Err(words) = crate::people::sign(call) {
        wrong.push(("pin", words));
    }
    if wrong.is_empty() {
        let staff = Some(call.form.text("staff").trim()).filter(|id| !id.is_empty()).unwrap_or(login.trim());
        let who = Who::Staff(StaffId::from(staff));
        let new = NewAccount { login: login.to_owned(), display_name: name.to_owned(), who, persona: false };
        match call.services.identity.account_create(&new, call.device_now) {
            Ok(account) => {
                note(call, &account.login, "account made")?;
                return give(call, &account);
            }
            Err(AccountError::Unavailable(error)) => return Err(unavailable(error)),
            Err(error) => wrong.push(("login", sentence(&error.to_string()))),
        }
    }
    new_page(call, &wrong, StatusCode::UNPROCESSABLE_ENTITY)
}

fn note(call: &Call<'_>, login: &str, what: &str) -> Result<(), Trouble> {
    let by = &call.who()?.login;
    call.services.identity.event_note(login, what, by, call.device_now).map_err(unavailable)
}

/// Draws a one-time password, sets it and shows it: this page is the one time that anybody sees it.
fn give(call: &Call<'_>, account: &Account) -> Result<Reply, Trouble> {
    let password = identity::password_once(&(call.services.draw)());
    call.services.identity.password_set_once(&account.login, &password, &salt(call)).map_err(unavailable)?;
    note(call, &account.login, "one-time password given")?;
    let desk = administrator(call, not_yours())?;
    let mut body = Body::new(format!("One-time password for {}", account.display_name));
    body.lead = "It is shown now and never again. Hand it over yourself; it opens only the page on which they choose their own.".to_owned();
    body.add(Section::bare(format!(
        "<dl class=\"facts\"><dt>Login</dt><dd>{}</dd><dt>Password</dt><dd><code id=\"once\">{password}</code></dd></dl>",
        escape(&account.login)
    )));
    body.action("/staff", "Go to Staff");
    frame::page(call, &desk, Place::Staff, crumbs(), body)
}

fn found(call: &Call<'_>) -> Result<Account, Trouble> {
    let account = call.services.identity.account(call.part("login")).map_err(unavailable)?;
    account.filter(|account| matches!(account.who, Who::Staff(_))).ok_or(Trouble::NotFound)
}

/// One account: how it stands, what was done to it, what can be done.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    one(call, "", StatusCode::OK)
}

fn one(call: &Call<'_>, wrong: &str, status: StatusCode) -> Result<Reply, Trouble> {
    let desk = administrator(call, Trouble::NotFound)?;
    let account = found(call)?;
    let own = desk.who.login == account.login;
    let mut buttons = String::new();
    let mut button = |act: &str, words: &str| {
        buttons.push_str(&format!(
            "<button class=\"button button-second\" type=\"submit\" name=\"act\" value=\"{act}\">{words}</button>"
        ));
    };
    if !own {
        button("reset", "Give a new one-time password");
    }
    match account.standing {
        Standing::Enabled if own => {}
        Standing::Enabled => button("disable", "Switch off"),
        Standing::Locked => button("unlock", "Unlock"),
        Standing::Disabled => button("unlock", "Switch on again"),
    }
    let mut body = Body::new(account.display_name.clone());
    body.lead = format!("Login {}.", account.login);
    body.add(Section::bare(standing(&account)));
    if own {
        body.add(Section::bare(
            "<p>This is your own account: change its password and PIN under <a href=\"/account\">your account</a>.</p>",
        ));
    } else {
        body.add(Section::bare(format!(
            "<form class=\"narrow\" method=\"post\" action=\"/staff/accounts/{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">{}<div class=\"actions\">{buttons}</div></form>",
            segment(&account.login),
            escape(&call.token()),
            sign(call, "I have made sure who asks for this.", wrong),
        )));
    }
    let events = call.services.identity.events(&account.login).map_err(unavailable)?;
    let zone = desk.own_zone();
    let rows: Vec<Vec<Cell>> = events
        .iter()
        .map(|event| vec![Cell::head(&show::moment(event.at, &zone)), Cell::text(&event.what), Cell::text(&event.by)])
        .collect();
    if !rows.is_empty() {
        body.add(Section::new(
            "log",
            "What was done",
            Table::new("What was done", &["When", "What", "By"], rows).unseen_caption(),
        ));
    }
    frame::page_with(call, &desk, Place::Staff, crumbs(), body, status)
}

/// Does one of these.
pub fn post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = administrator(call, not_yours())?;
    let account = found(call)?;
    if desk.who.login == account.login {
        return Err(Trouble::NotYours(
            "Nobody resets or switches off their own account. Ask another administrator.".to_owned(),
        ));
    }
    if let Err(words) = crate::people::sign(call) {
        return one(call, &words, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let identity = &call.services.identity;
    match call.form.text("act") {
        "reset" => return give(call, &account),
        "unlock" => {
            identity.account_enable(&account.login).map_err(unavailable)?;
            note(call, &account.login, "unlocked")?;
        }
        "disable" => {
            identity.account_disable(&account.login).map_err(unavailable)?;
            note(call, &account.login, "switched off")?;
        }
        _ => return Err(Trouble::Unreadable("The form does not say what to do with the account.".to_owned())),
    }
    Ok(Reply::see(format!("/staff/accounts/{}", segment(&account.login))))
}
