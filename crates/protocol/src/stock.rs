//! The drug's keeping as data: temperatures, counts, forms of the authorities, their terms and holidays, the forecast.

use crate::model::Duty;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use terms::{Decimal, Source};

/// How the drug is kept, ordered, counted and reported on. A study without one asks for no forms and sets no limits.
#[derive(Debug, Clone, Serialize)]
pub struct StockPlan {
    /// Coldest that a container may be stored at, °C.
    pub temperature_c_min: Decimal,
    /// Warmest, °C.
    pub temperature_c_max: Decimal,
    /// A reading of the logger is due after so many days.
    pub temperature_every_days: u32,
    /// A count by two is due after so many days.
    pub count_every_days: u32,
    /// The two counts of one count lie at most so far apart.
    pub count_together_minutes: u32,
    /// Both count again within so many minutes of a difference.
    pub recount_minutes: u32,
    /// Each lot needs a certificate of analysis before it may be used.
    pub certificate: bool,
    /// Weeks that the forecast looks ahead.
    pub forecast_weeks: u32,
    /// Containers of each content that a site keeps beyond what is planned, for each level and part.
    pub forecast_spare: u32,
    /// Forms of the authorities and of the sponsor.
    pub forms: Vec<StockForm>,
    /// Days on which no business is done, by country.
    pub calendars: Vec<Calendar>,
    /// Where it comes from.
    pub source: Source,
}

impl StockPlan {
    /// The forms of one use in a country, in the order of the file.
    pub fn forms_in<'a>(&'a self, country: &'a str, used_for: StockUse) -> impl Iterator<Item = &'a StockForm> {
        let here = move |form: &&StockForm| {
            form.used_for == used_for && (form.countries.is_empty() || form.countries.iter().any(|c| c == country))
        };
        self.forms.iter().filter(here)
    }

    /// The form with this id.
    pub fn form(&self, id: &str) -> Option<&StockForm> {
        self.forms.iter().find(|form| form.id == id)
    }

    /// Whether business is done on a day: a weekday, and no holiday of the country.
    pub fn is_business_day(&self, country: &str, day: Date) -> bool {
        let weekday = day.weekday().to_monday_one_offset() <= 5;
        let mine = self.calendars.iter().filter(|calendar| calendar.country == country);
        weekday && !mine.flat_map(|calendar| &calendar.holidays).any(|holiday| *holiday == day)
    }
}

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StockUse {
    /// Ordering containers from a supplier.
    Order,
    /// Sending containers from one site to another.
    Transfer,
    /// Destroying containers.
    Destruction,
    /// Telling somebody of a theft or loss.
    Notice,
}

/// A form: its fields, who signs it, how long it holds or until when it must be sent.
#[derive(Debug, Clone, Serialize)]
pub struct StockForm {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it is for.
    pub used_for: StockUse,
    /// Countries in which it is used; empty for all.
    pub countries: Vec<String>,
    /// Who may sign it.
    pub signed_by: Vec<Duty>,
    /// Days for which an order stands, from the day of its signature.
    pub valid_days: Option<u32>,
    /// Until when a notice must be sent, counted from the discovery.
    pub due: Option<Term>,
    /// Causes that it must be sent for; a notice without any is sent for none.
    pub causes: Vec<LossCause>,
    /// What is filled in.
    pub fields: Vec<StockField>,
    /// Where it comes from.
    pub source: Source,
}

/// A term from the moment of discovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// Hours, through nights and holidays.
    Hours(u32),
    /// The end of the n-th business day after the day of discovery.
    BusinessDays(u32),
    /// The end of the n-th calendar day after the day of discovery.
    Days(u32),
}

/// A field of a form.
#[derive(Debug, Clone, Serialize)]
pub struct StockField {
    /// Id.
    pub id: String,
    /// What is asked, as the form prints it.
    pub label: String,
    /// What the record fills in by itself.
    pub from: Option<FieldSource>,
    /// It may be left empty.
    pub optional: bool,
}

/// What the record knows and a form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldSource {
    /// The site's name and id.
    Site,
    /// The day and time of discovery, at the site.
    Discovered,
    /// The substance, as the study calls it.
    Substance,
    /// Numbers of the containers concerned.
    Containers,
    /// How many they are.
    ContainerCount,
    /// Pieces concerned.
    PieceCount,
    /// Their lots.
    Lots,
    /// What was found, in the words of the record.
    Found,
    /// The people who counted or reported it.
    People,
}

/// Why the safe did not agree with the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LossCause {
    /// A slip of the pen, a miscount: nothing is gone.
    Clerical,
    /// Broken or spilt, and not recoverable.
    Breakage,
    /// More than there should be.
    Overage,
    /// Gone, and nobody knows how.
    Missing,
    /// Stolen, or suspected to be.
    Theft,
}

/// Holidays of a country.
#[derive(Debug, Clone, Serialize)]
pub struct Calendar {
    /// ISO country code.
    #[serde(rename = "id")]
    pub country: String,
    /// Days on which no business is done beside weekends.
    pub holidays: Vec<Date>,
    /// Where they come from.
    pub source: Source,
}
