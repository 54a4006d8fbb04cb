//! Tables of cases in a string, one line a case, scored through the very text that the command line reads.
//!
//! `answers | expected`. Answers: a list from item 1 on (`2,0,_ 1x5`: commas, slashes and spaces part them, `_` is
//! null, `2x7` is seven twos), then `key=value` answers, `tr:9=unlikely`, and `@key=value` for what stands beside the
//! responses (`@baseline.total=44`). Expected: `name=value`, `name.band=…`, `name.method=…`, `name.n=…` (answered),
//! `name.why~…`, `alert=level`, `alert=none`, `warn~…`, or `error~…`. A `~` is "contains"; in expected words `+` is a space.

use instruments::cli::score_json;
use serde_json::{Map, Value, json};

/// Checks every line of a table.
pub fn check(instrument: &str, table: &str) {
    let lines = table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let (answers, expected) = line.split_once('|').unwrap_or_else(|| panic!("no | in: {line}"));
        let input = case(answers);
        let output = score_json(instrument, &input.to_string(), false);
        for expectation in expected.split_whitespace() {
            check_one(&output, expectation, line);
        }
    }
}

/// The JSON of a line's answers.
pub fn case(answers: &str) -> Value {
    let (mut responses, mut related, mut beside) = (Map::new(), Map::new(), Map::new());
    let mut item = 0;
    for token in answers.split_whitespace() {
        if let Some((key, value)) = token.split_once('=') {
            let value = plain(value);
            if let Some(item) = key.strip_prefix("tr:") {
                related.insert(item.to_owned(), value);
            } else if let Some(key) = key.strip_prefix('@') {
                insert_path(&mut beside, key, value);
            } else {
                responses.insert(key.to_owned(), value);
            }
            continue;
        }
        for part in token.split([',', '/']).filter(|part| !part.is_empty()) {
            let (value, times) = part.split_once('x').map_or((part, 1), |(value, n)| (value, n.parse().unwrap()));
            for _ in 0..times {
                item += 1;
                responses.insert(item.to_string(), plain(value));
            }
        }
    }
    beside.insert("responses".to_owned(), Value::Object(responses));
    if !related.is_empty() {
        beside.insert("trauma_related".to_owned(), Value::Object(related));
    }
    Value::Object(beside)
}

fn insert_path(map: &mut Map<String, Value>, key: &str, value: Value) {
    match key.split_once('.') {
        Some((head, rest)) => {
            let inner = map.entry(head).or_insert_with(|| json!({}));
            insert_path(inner.as_object_mut().unwrap(), rest, value);
        }
        None => drop(map.insert(key.to_owned(), value)),
    }
}

fn plain(text: &str) -> Value {
    match text {
        "_" => Value::Null,
        "Y" => Value::Bool(true),
        "N" => Value::Bool(false),
        _ => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    }
}

fn check_one(output: &Result<String, instruments::cli::ScoreError>, expectation: &str, line: &str) {
    if let Some(part) = expectation.strip_prefix("error~") {
        let error = output.as_ref().expect_err(line).to_string();
        assert!(error.contains(&words(part)), "{line}\n  error was: {error}");
        return;
    }
    let text = output.as_ref().unwrap_or_else(|error| panic!("{line}\n  {error}"));
    let output: Value = serde_json::from_str(text).unwrap();
    if let Some((name, part)) = expectation.split_once('~') {
        let found = match name.strip_suffix(".why") {
            Some(name) => output["decisions"][name]["why"].to_string(),
            None => output["warnings"].to_string(),
        };
        assert!(found.contains(&words(part)), "{line}\n  {name} was: {found}");
        return;
    }
    let (name, expected) = expectation.split_once('=').unwrap_or_else(|| panic!("{line}: {expectation}"));
    if name == "alert" {
        let alerts: Vec<&str> =
            output["alerts"].as_array().unwrap().iter().map(|alert| alert["level"].as_str().unwrap()).collect();
        let found = if alerts.is_empty() { "none".to_owned() } else { alerts.join(",") };
        assert_eq!(found, expected, "{line}\n  alerts were: {}", output["alerts"]);
        return;
    }
    let found = find(&output, name).unwrap_or_else(|| panic!("{line}\n  no {name} in {output}"));
    assert_eq!(found, words(expected), "{line}\n  {name} in {text}");
}

fn find(output: &Value, name: &str) -> Option<String> {
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if let Some((score, part)) = name.split_once('.') {
        let part = if part == "n" { "n_answered" } else { part };
        return output["scores"].get(score)?.get(part).map(shown);
    }
    let score = output["scores"].get(name).map(|score| shown(&score["value"]));
    let decision = || output["decisions"].get(name).map(|decision| shown(&decision["answer"]));
    let text = || output["texts"].get(name).map(shown);
    score.or_else(decision).or_else(text)
}

/// In expected words a plus stands for a space.
fn words(text: &str) -> String {
    text.replace('+', " ")
}
