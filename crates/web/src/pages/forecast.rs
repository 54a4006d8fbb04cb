//! What a site will need: by level and part of the label, from the visit schedule. It counts every content alike, so no number
//! in it tells an arm.

use conduct::accountability::forecast::{Forecast, forecast, needs};
use conduct::command::DosePart;
use terms::{ParticipantId, SiteId};

use crate::desk::{Desk, SiteFile, text};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::pages::ledger::quoted;
use crate::parts::page::Section;
use crate::parts::table::{Cell, Table};
use crate::show;

const fn part_words(part: DosePart) -> &'static str {
    match part {
        DosePart::Initial => "first dose",
        DosePart::Supplement => "supplement",
    }
}

fn of_site(desk: &Desk<'_>, site: &SiteId) -> Result<Option<Forecast>, Trouble> {
    let under_way = desk.select(
        "SELECT participant FROM participant WHERE site = ?1 AND phase IN ('enrolled', 'confirmed', 'assigned', 'in_treatment') \
         ORDER BY participant",
        &[site.as_str()],
    )?;
    let mut all = Vec::new();
    for row in under_way {
        if let Some(state) = desk.services.door.participant(&ParticipantId::from(text(&row, 0)))? {
            let study = desk.study_of(&state.study)?;
            all.extend(needs(&study, &state));
        }
    }
    let stock = desk.services.door.stock(site)?;
    Ok(forecast(&desk.study, &all, &stock, desk.today_at(site)))
}

/// What has to be sent to a site first, in a few words; nothing if it has enough.
pub fn first_lack(desk: &Desk<'_>, site: &SiteId) -> Result<String, Trouble> {
    let Some(forecast) = of_site(desk, site)? else { return Ok(String::new()) };
    let lacking: u32 = forecast.lines.iter().map(|line| line.send).sum();
    Ok(if lacking == 0 { "nothing".to_owned() } else { show::count(lacking as usize, "container", "containers") })
}

/// The forecast on the stock's page; nothing where the study has no plan for the drug.
pub fn section(desk: &Desk<'_>, file: &SiteFile) -> Result<Option<Section>, Trouble> {
    let Some(forecast) = of_site(desk, &file.id)? else { return Ok(None) };
    let rows = forecast.lines.iter().map(|line| {
        let first = line.first.map(show::date).unwrap_or_else(|| "none".to_owned());
        vec![
            Cell::head(&format!("{} {}", crate::findings::sentence(part_words(line.part)), line.level)),
            Cell::number(line.needed),
            Cell::text(&first),
            Cell::number(line.usable),
            Cell::number(line.coming),
            Cell::number(line.expiring),
            Cell::number(line.send),
        ]
    });
    let heads = ["Label", "Sessions", "The first", "Here and in date", "On the way", "Ending before", "To send"];
    let needs = Table::new("What is needed", &heads, rows.collect()).unseen_caption();
    let ends = forecast.expiries.iter().take(6).map(|expiry| {
        vec![
            Cell::head(&show::date(expiry.day)),
            Cell::text(&format!("{} {}", part_words(expiry.part), expiry.level)),
            Cell::text(&expiry.lot),
            Cell::number(expiry.containers),
        ]
    });
    let ends: Vec<Vec<Cell>> = ends.collect();
    let ends = if ends.is_empty() {
        String::new()
    } else {
        format!(
            "<h3 class=\"up-4\">What ends first</h3>{}",
            Table::new("What ends first", &["Last day", "Label", "Lot", "Containers"], ends).unseen_caption()
        )
    };
    let lead = format!(
        "Sessions to {} from the visit schedule, ordered or planned. Every content is counted alike: what is to be sent is as many of one as of another.",
        show::date(forecast.until)
    );
    let csv = format!("/stock/{}/forecast.csv", segment(file.id.as_str()));
    Ok(Some(Section::new("forecast", "What is needed next", format!("{needs}{ends}")).lead(lead).link(csv, "As CSV")))
}

/// The forecast as a file.
pub fn csv(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    if !frame::open_to(&desk, Place::Stock) {
        return Err(Trouble::NotFound);
    }
    let file = desk.site(call.part("site"))?;
    if crate::pages::stock::counting(&desk, &file) {
        return Err(Trouble::NotYours(
            "The safe is being counted: figures are shown when both counts are in.".to_owned(),
        ));
    }
    let forecast = of_site(&desk, &file.id)?.ok_or(Trouble::NotFound)?;
    let mut out = String::from("site,until,level,part,sessions,first,usable,coming,expiring,send\r\n");
    for line in &forecast.lines {
        let cells = [
            file.id.to_string(),
            forecast.until.to_string(),
            line.level.to_string(),
            part_words(line.part).to_owned(),
            line.needed.to_string(),
            line.first.map(|day| day.to_string()).unwrap_or_default(),
            line.usable.to_string(),
            line.coming.to_string(),
            line.expiring.to_string(),
            line.send.to_string(),
        ];
        out.push_str(&cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(","));
        out.push_str("\r\n");
    }
    let name = format!("forecast-{}.csv", file.id);
    Ok(Reply::File { kind: "text/csv; charset=utf-8".to_owned(), name, bytes: out.into_bytes() })
}
