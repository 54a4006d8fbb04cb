//! The drug's keeping: temperatures, counts, forms with their terms, holidays.

use super::each;
use crate::{
    diagnostic::Mistake,
    item::Item,
    stock::{Calendar, StockField, StockForm, StockPlan, Term},
};
use jiff::civil::Date;

pub fn stock(item: &Item<'_>) -> Option<StockPlan> {
    let (temperature_c_min, temperature_c_max) = (item.decimal("temperature_c_min"), item.decimal("temperature_c_max"));
    let temperature_every_days = item.whole("temperature_every_days");
    let (count_every_days, count_together_minutes) =
        (item.whole("count_every_days"), item.whole("count_together_minutes"));
    let (recount_minutes, certificate) = (item.whole("recount_minutes"), item.flag("certificate"));
    let (forecast_weeks, forecast_spare) = (item.whole("forecast_weeks"), item.whole("forecast_spare"));
    let (forms, calendars) = (each(item.items("form"), form), each(item.items("calendar"), calendar));
    let source = item.source();
    item.finish();
    Some(StockPlan {
        temperature_c_min: temperature_c_min?,
        temperature_c_max: temperature_c_max?,
        temperature_every_days: temperature_every_days?,
        count_every_days: count_every_days?,
        count_together_minutes: count_together_minutes?,
        recount_minutes: recount_minutes?,
        certificate: certificate?,
        forecast_weeks: forecast_weeks?,
        forecast_spare: forecast_spare?,
        forms,
        calendars,
        source: source?,
    })
}

fn form(item: &Item<'_>) -> Option<StockForm> {
    let (id, title, used_for) = (item.identifier("id"), item.text("title"), item.word("used_for"));
    let (countries, signed_by) = (item.texts("countries"), item.words("signed_by"));
    let valid_days = item.optional_whole("valid_days");
    let hours = item.optional_whole("due_hours").map(Term::Hours);
    let business = item.optional_whole("due_business_days").map(Term::BusinessDays);
    let days = item.optional_whole("due_days").map(Term::Days);
    let causes = if item.has("causes") { item.words("causes") } else { Vec::new() };
    let fields = each(item.items("fields"), field);
    let source = item.source();
    item.finish();
    let given = [hours, business, days].into_iter().flatten().count();
    if given > 1 {
        let message = "a notice has one term, and this one has several";
        item.note(
            Mistake::new("study.stock-term", &item.place, message, "due twice")
                .mend("keep one of `due_hours`, `due_business_days` and `due_days`"),
        );
    }
    Some(StockForm {
        id: id?,
        title: title?,
        used_for: used_for?,
        countries,
        signed_by,
        valid_days,
        due: hours.or(business).or(days),
        causes,
        fields,
        source: source?,
    })
}

fn field(item: &Item<'_>) -> Option<StockField> {
    let (id, label) = (item.identifier("id"), item.text("label"));
    let from = if item.has("from") { item.word("from") } else { None };
    let optional = item.flag_or("optional", false);
    item.finish();
    Some(StockField { id: id?, label: label?, from, optional })
}

fn calendar(item: &Item<'_>) -> Option<Calendar> {
    let country = item.text("id");
    let mut holidays: Vec<Date> = Vec::new();
    for day in item.required_texts("holidays") {
        match day.parse() {
            Ok(day) => holidays.push(day),
            Err(_) => item.note(
                Mistake::new(
                    "study.stock-holiday",
                    &item.place_of("holidays"),
                    format!("`{day}` is no day of the calendar"),
                    "not a day",
                )
                .mend("write days as `2025-07-04`"),
            ),
        }
    }
    let source = item.source();
    item.finish();
    Some(Calendar { country: country?, holidays, source: source? })
}
