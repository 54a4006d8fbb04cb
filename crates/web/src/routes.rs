//! The table of all addresses: who may come to each, how much may be sent, what answers.

use axum::http::Method;

use crate::http::call::{Call, Door, Route};
use crate::http::reply::{Reply, Trouble};
use crate::pages::{
    account, accounts, act, api, casebook, clock, consent, document, facts, forecast, form, form_record, gate, ledger,
    me, participant, participants, person, ratings, session, staff, stock, study, today, trial,
};

type Page = fn(&Call<'_>) -> Result<Reply, Trouble>;

/// Most that a page's form may send: a form of the study with long texts.
const FORM_KB: usize = 256;
/// Most that a document may weigh, with the form around it.
const DOCUMENT_KB: usize = 10 * 1024 + 16;
/// Most that a program may send at once.
const PROGRAM_KB: usize = 4096;

fn get(path: &'static str, door: Door, page: Page) -> Route {
    Route { method: Method::GET, path, door, limit_kb: 1, act: page }
}

fn post(path: &'static str, door: Door, page: Page) -> Route {
    Route { method: Method::POST, path, door, limit_kb: FORM_KB, act: page }
}

/// Every address of the product.
pub fn table() -> Vec<Route> {
    use Door::{Anyone, Participant, Program, ProgramSignIn, SignedIn, Staff};
    let mut table = vec![
        get("/", Anyone, gate::home),
        get("/healthz", ProgramSignIn, api::health),
        get("/sign-in", Anyone, gate::sign_in_page),
        post("/sign-in", Anyone, gate::sign_in),
        post("/sign-in/persona", Anyone, gate::persona),
        get("/enter/{login}", Anyone, gate::enter),
        post("/sign-out", Anyone, gate::sign_out),
        get("/locked", SignedIn, gate::locked_page),
        post("/locked", SignedIn, gate::unlock),
        get("/clock", Staff, clock::get),
        post("/clock", Staff, clock::post),
        get("/today", Staff, today::get),
        get("/participants", Staff, participants::get),
        get("/participants/{participant}", Staff, participant::get),
        get("/participants/{participant}/dates", Staff, participant::dates_get),
        get("/participants/{participant}/facts", Staff, facts::get),
        get("/participants/{participant}/casebook", Staff, casebook::get),
        get("/participants/{participant}/consent", Staff, consent::get),
        post("/participants/{participant}/consent", Staff, consent::post),
        get("/participants/{participant}/person", Staff, person::get),
        post("/participants/{participant}/person", Staff, person::post),
        get("/participants/{participant}/document", Staff, document::get),
        Route { limit_kb: DOCUMENT_KB, ..post("/participants/{participant}/document", Staff, document::post) },
        get("/participants/{participant}/documents/{instance}", Staff, document::bytes),
        get("/participants/{participant}/visits/{visit}", Staff, casebook::visit_get),
        get("/participants/{participant}/visits/{visit}/forms/{form}", Staff, form::get),
        post("/participants/{participant}/visits/{visit}/forms/{form}", Staff, form::post),
        post("/participants/{participant}/visits/{visit}/forms/{form}/draft", Staff, form::draft),
        get("/participants/{participant}/forms/{instance}", Staff, form_record::read),
        get("/participants/{participant}/forms/{instance}/correct", Staff, form_record::correct_get),
        post("/participants/{participant}/forms/{instance}/correct", Staff, form_record::correct_post),
        get("/participants/{participant}/sessions/{session}", Staff, session::get),
        get("/ratings", Staff, ratings::get),
        get("/ratings/{request}", Staff, ratings::one),
        get("/ratings/{request}/forms/{form}", Staff, ratings::form_get),
        post("/ratings/{request}/forms/{form}", Staff, ratings::form_post),
        post("/ratings/{request}/forms/{form}/draft", Staff, ratings::form_draft),
        get("/stock", Staff, stock::get),
        get("/stock/{site}", Staff, stock::site),
        get("/stock/{site}/ledger", Staff, ledger::get),
        get("/stock/{site}/ledger.csv", Staff, ledger::csv),
        get("/stock/{site}/forecast.csv", Staff, forecast::csv),
        get("/trial", Staff, trial::get),
        get("/study", Staff, study::get),
        get("/study/{hash}", Staff, study::get),
        get("/staff", Staff, staff::get),
        get("/staff/new-account", Staff, accounts::new_get),
        post("/staff/new-account", Staff, accounts::new_post),
        get("/staff/accounts/{login}", Staff, accounts::get),
        post("/staff/accounts/{login}", Staff, accounts::post),
        get("/account", SignedIn, account::get),
        post("/account", SignedIn, account::post),
        get("/me", Participant, me::home),
        get("/me/visits", Participant, me::visits),
        get("/me/agreed", Participant, me::agreed),
        get("/me/stop", Participant, me::stop),
        get("/me/forms/{visit}/{form}", Participant, me::question),
        post("/me/forms/{visit}/{form}", Participant, me::answer),
        Route { limit_kb: 8, ..post("/api/sign-in", ProgramSignIn, api::sign_in) },
        Route { limit_kb: PROGRAM_KB, ..post("/api/commands", Program, api::commands) },
    ];
    for path in [
        "/participants/{participant}/do/{act}",
        "/participants/{participant}/do/{act}/{about}",
        "/participants/{participant}/sessions/{session}/do/{act}",
        "/participants/{participant}/sessions/{session}/do/{act}/{about}",
        "/sites/{site}/do/{act}",
        "/sites/{site}/do/{act}/{about}",
        "/trial/do/{act}",
        "/trial/do/{act}/{about}",
        "/ratings/{request}/do/{act}",
    ] {
        table.push(get(path, Staff, act::get));
        table.push(post(path, Staff, act::post));
    }
    table
}
