//! How dates, times, counts and numbers are written for people: one way, everywhere.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The month's name in full.
pub fn month(number: i8) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    usize::try_from(number - 1).ok().and_then(|index| NAMES.get(index)).copied().unwrap_or("month unknown")
}

fn weekday_name(date: Date) -> &'static str {
    use jiff::civil::Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    match date.weekday() {
        Monday => "Monday",
        Tuesday => "Tuesday",
        Wednesday => "Wednesday",
        Thursday => "Thursday",
        Friday => "Friday",
        Saturday => "Saturday",
        Sunday => "Sunday",
    }
}

/// `10 April 2025`
pub fn date(day: Date) -> String {
    format!("{} {} {}", day.day(), month(day.month()), day.year())
}

/// `10 April`
pub fn day_month(day: Date) -> String {
    format!("{} {}", day.day(), month(day.month()))
}

/// `Thu 10 Apr`
pub fn short(day: Date) -> String {
    let week: String = weekday_name(day).chars().take(3).collect();
    let name: String = month(day.month()).chars().take(3).collect();
    format!("{week} {} {name}", day.day())
}

/// `10 Apr`
pub fn brief(day: Date) -> String {
    let name: String = month(day.month()).chars().take(3).collect();
    format!("{} {name}", day.day())
}

/// `Thursday 10 April`, for where people plan.
pub fn weekday(day: Date) -> String {
    format!("{} {}", weekday_name(day), day_month(day))
}

/// `Thursday 10 April 2025`
pub fn weekday_date(day: Date) -> String {
    format!("{} {}", weekday_name(day), date(day))
}

/// The clock of a site: `11:41`; with its offset where the clocks showed that time twice: `02:30 (UTC+02)`.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let zoned = at.to_zoned(zone.clone());
    let time = zoned.strftime("%H:%M");
    let offset = zone.to_ambiguous_timestamp(zoned.datetime()).offset();
    if matches!(offset, jiff::tz::AmbiguousOffset::Fold { .. }) {
        return format!("{time} (UTC{})", zoned.offset());
    }
    time.to_string()
}

/// `10 April 2025, 11:41`
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let day = at.to_zoned(zone.clone()).date();
    format!("{}, {}", date(day), clock(at, zone))
}

/// A whole number with a real minus sign, and a plus where it is positive.
pub fn signed(value: i64) -> String {
    match value {
        0 => "0".to_owned(),
        v if v < 0 => format!("−{}", v.unsigned_abs()),
        v => format!("+{v}"),
    }
}

/// Minutes since the dose: `+99`, `−7`, `0`.
pub fn offset(minutes: i64) -> String {
    signed(minutes)
}

/// Tenths as a decimal: 368 → `36.8`.
pub fn tenths(value: u32) -> String {
    format!("{}.{}", value / 10, value % 10)
}

/// A count with its noun: `1 thing`, `3 things`; words up to nine where a sentence begins are the template's.
pub fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// A number of days as people say it: days, then months, then years.
pub fn span(days: i32) -> String {
    let many = |number: i32, one: &str, more: &str| count(usize::try_from(number).unwrap_or(0), one, more);
    match days {
        0..100 => many(days, "day", "days"),
        100..730 => many(days / 30, "month", "months"),
        _ => many(days / 365, "year", "years"),
    }
}

/// How the day stands to today, in words that people use: `today`, `tomorrow`, `in 5 days`, `3 days ago`.
pub fn nearness(day: Date, today: Date) -> String {
    let days = today.until(day).map_or(0, |span| span.get_days());
    match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        ahead if ahead > 0 => format!("in {ahead} days"),
        past => format!("{} days ago", -past),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn dates_and_numbers() {
        let d = day(2025, 4, 10);
        for (found, wanted) in [
            (date(d), "10 April 2025"),
            (day_month(d), "10 April"),
            (short(d), "Thu 10 Apr"),
            (brief(d), "10 Apr"),
            (weekday(d), "Thursday 10 April"),
            (weekday_date(d), "Thursday 10 April 2025"),
            (signed(-7), "−7"),
            (signed(99), "+99"),
            (signed(0), "0"),
            (tenths(368), "36.8"),
            (tenths(5), "0.5"),
            (count(1, "thing", "things"), "1 thing"),
            (count(0, "thing", "things"), "0 things"),
            (span(1), "1 day"),
            (span(99), "99 days"),
            (span(100), "3 months"),
            (span(800), "2 years"),
            (nearness(day(2025, 4, 11), d), "tomorrow"),
            (nearness(day(2025, 4, 9), d), "yesterday"),
            (nearness(day(2025, 4, 15), d), "in 5 days"),
            (nearness(day(2025, 4, 1), d), "9 days ago"),
        ] {
            assert_eq!(found, wanted);
        }
    }

    #[test]
    fn clock_is_the_sites() {
        let at: Timestamp = "2025-04-10T09:41:00Z".parse().unwrap();
        assert_eq!(clock(at, &TimeZone::get("Europe/Berlin").unwrap()), "11:41");
        assert_eq!(moment(at, &TimeZone::UTC), "10 April 2025, 09:41");
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (instant, shown) in [
            ("2025-10-25T23:59:00Z", "26 October 2025, 01:59"),
            ("2025-10-26T00:30:00Z", "26 October 2025, 02:30 (UTC+02)"),
            ("2025-10-26T01:30:00Z", "26 October 2025, 02:30 (UTC+01)"),
            ("2025-10-26T02:00:00Z", "26 October 2025, 03:00"),
        ] {
            assert_eq!(moment(instant.parse().unwrap(), &berlin), shown);
        }
    }
}
