//! The reference part of `docs/instruments.md` is written from the definitions; `UPDATE_DOCS=1` writes it anew.

use instruments::{Answers, Form, Instrument, Item, OutputKind, Settings, all, change, outputs};
use std::fmt::Write as _;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/instruments.md");
const PACKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/form-packs.md");
const MARK: &str = "<!-- written from the definitions: UPDATE_DOCS=1 cargo test -p instruments documentation -->\n";

fn reference() -> String {
    let mut text = String::new();
    for instrument in all() {
        describe(&mut text, instrument);
    }
    text
}

fn describe(text: &mut String, instrument: &Instrument) {
    let spaced = |word: String| {
        word.chars().fold(String::new(), |mut out, letter| {
            if letter.is_uppercase() && !out.is_empty() {
                out.push(' ');
            }
            out.extend(letter.to_lowercase());
            out
        })
    };
    let _ = writeln!(text, "\n### `{}` — {}\n", instrument.id, instrument.name);
    let _ = writeln!(text, "{}.\n", capital(instrument.purpose));
    let _ = writeln!(
        text,
        "Rated by: {}. Period: {}. Usual visits: {}. Licence: {}.",
        spaced(format!("{:?}", instrument.rater)),
        instrument.recall.word().replace('_', " "),
        instrument.visits,
        spaced(format!("{:?}", instrument.licence)),
    );
    if !instrument.variants.is_empty() {
        let _ = writeln!(text, "Versions: {}.", instrument.variants.join(", "));
    }
    let _ = writeln!(text, "Missing: {}. Source: {}.\n", instrument.missing, instrument.source);
    let _ = writeln!(text, "| items | answers | what |\n|---|---|---|");
    for (keys, answers, labels) in runs(instrument.items) {
        let _ = writeln!(text, "| {keys} | {} | {labels} |", answers.replace('|', "\\|"));
    }
    let _ = writeln!(text, "\n| gives | kind | meaning |\n|---|---|---|");
    for output in outputs(instrument) {
        let scale = instrument.scales.iter().find(|scale| scale.name == output.name);
        let meaning = match scale {
            Some(scale) => {
                let form = if scale.form == Form::Sum { "Σ" } else { "mean of" };
                let mut meaning =
                    format!("{form} {} {}", if scale.items.len() == 1 { "item" } else { "items" }, ranges(scale.items));
                if scale.reversed.iter().any(|number| scale.items.contains(number)) {
                    let turned: Vec<u16> = scale.reversed.iter().copied().filter(|n| scale.items.contains(n)).collect();
                    let _ = write!(meaning, ", {} reversed", ranges(&turned));
                }
                if scale.missing_allowed > 0 {
                    let _ = write!(meaning, "; {} may be missing", scale.missing_allowed);
                }
                for band in scale.bands {
                    let _ = write!(meaning, "; {} {}", band.from, band.name);
                }
                if scale.higher_is_worse {
                    meaning.push_str(" ▲");
                }
                meaning
            }
            None => output.meaning.replace('|', "\\|"),
        };
        let kind = match output.kind {
            OutputKind::Number => "score",
            OutputKind::Decision => "decision",
            OutputKind::Text => "text",
        };
        let _ = writeln!(text, "| `{}` | {kind} | {meaning} |", output.name);
    }
    for meaningful in instrument.meaningful {
        let _ =
            writeln!(text, "\nMeaningful change of `{}`: {} ({}).", meaningful.score, meaningful.by, meaningful.source);
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// `1–3, 5, 8`.
fn ranges(numbers: &[u16]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let mut parts: Vec<(u16, u16)> = Vec::new();
    for number in sorted {
        match parts.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            _ => parts.push((number, number)),
        }
    }
    let shown = parts.iter().map(|(from, to)| if from == to { from.to_string() } else { format!("{from}–{to}") });
    shown.collect::<Vec<_>>().join(", ")
}

/// Neighbouring items with the same answers on one line: keys, answers, labels.
fn runs(items: &[Item]) -> Vec<(String, String, String)> {
    let mut runs: Vec<(Vec<&Item>, String)> = Vec::new();
    for item in items {
        let answers = match item.answers {
            Answers::Rows(fields) => {
                let fields = fields.iter().map(|field| format!("`{}` ({})", field.id, field.answers.allowed()));
                format!("a list of rows: {}", fields.collect::<Vec<_>>().join("; "))
            }
            other => other.allowed(),
        };
        match runs.last_mut() {
            Some((run, same)) if *same == answers => run.push(item),
            _ => runs.push((vec![item], answers)),
        }
    }
    runs.into_iter()
        .map(|(run, answers)| {
            let key = |item: &&Item| {
                let also = if item.also.is_empty() {
                    String::new()
                } else {
                    format!(" (or {})", item.also.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "))
                };
                format!("`{}`{}{also}", item.id, if item.optional { "*" } else { "" })
            };
            let alike = run.iter().all(|item| item.label == run[0].label);
            let plain = run.iter().all(|item| item.also.is_empty() && !item.optional && item.id.parse::<u16>().is_ok());
            if alike && plain && run.len() > 2 {
                return (format!("`{}` to `{}`", run[0].id, run[run.len() - 1].id), answers, run[0].label.to_owned());
            }
            let keys = run.iter().map(key).collect::<Vec<_>>().join(", ");
            let keys =
                if plain && run.len() > 2 { format!("`{}` to `{}`", run[0].id, run[run.len() - 1].id) } else { keys };
            let labels = run.iter().map(|item| item.label).collect::<Vec<_>>().join("; ");
            (keys, answers, labels)
        })
        .collect()
}

#[test]
fn the_reference_is_current() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let (page, written) = document.split_once(MARK).expect("the mark stands in docs/instruments.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(DOCUMENT, format!("{page}{MARK}{}", reference())).unwrap();
        return;
    }
    assert!(written == reference(), "docs/instruments.md lags: UPDATE_DOCS=1 cargo test -p instruments documentation");
}

#[test]
fn the_page_names_everything() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let settings = serde_json::to_value(Settings::REFERENCE).unwrap();
    for name in settings.as_object().unwrap().keys() {
        assert!(document.contains(&format!("`{name}`")), "setting {name}");
    }
    for instrument in all() {
        assert!(document.contains(&format!("### `{}`", instrument.id)), "{}", instrument.id);
        let special = change::change_outputs(instrument).into_iter().map(|output| output.name);
        for name in special.filter(|name| !name.ends_with("_change") && !name.ends_with("_meaningful_change")) {
            assert!(document.contains(&format!("`{name}`")), "{name}");
        }
    }
}

/// Every pack that the page shows is a pack.
#[test]
fn the_packs_of_the_page_are_read() {
    let page = std::fs::read_to_string(PACKS).unwrap();
    let examples: Vec<&str> = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 3, "{}", examples.len());
    for example in examples {
        instruments::FormPack::parse(example).unwrap_or_else(|wrong| panic!("{example}\n{wrong:?}"));
    }
    for instrument in all().iter().filter(|instrument| !instrument.pack_scales.is_empty()) {
        for scale in instrument.pack_scales {
            assert!(page.contains(&format!("`{}`", scale.name)), "{} {}", instrument.id, scale.name);
        }
    }
}
