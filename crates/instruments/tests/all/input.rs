//! Input as people and machines write it: what is read, and what each mistake is answered with.

use instruments::cli::{answer_json, score_json, score_json_with};
use serde_json::{Value, json};

fn ok(instrument: &str, text: &str) -> Value {
    serde_json::from_str(&score_json(instrument, text, false).unwrap_or_else(|error| panic!("{text}\n{error}")))
        .unwrap()
}

fn error(instrument: &str, text: &str) -> (String, Value) {
    let error = score_json(instrument, text, false).expect_err(text);
    (error.to_string(), serde_json::from_str(&error.to_json()).unwrap())
}

#[test]
fn the_output_names_everything() {
    let answers: serde_json::Map<String, Value> = (1..=20).map(|n| (n.to_string(), json!(2))).collect();
    let output = ok("CAPS-5", &json!({"id": "case 7", "responses": answers}).to_string());
    assert_eq!(output["id"], "case 7");
    assert_eq!(output["instrument"], "caps5");
    assert_eq!(
        output["scores"]["total"],
        json!({"value": 40, "method": "complete", "n_answered": 20, "n_items": 20, "band": "severe", "higher_is_worse": true})
    );
    assert_eq!(output["decisions"]["diagnosis"]["answer"], "indeterminate");
    assert!(output["decisions"]["diagnosis"]["why"].as_str().unwrap().contains("F, G"));
    assert_eq!(output["warnings"], json!([]));
    assert_eq!(output["alerts"], json!([]));
}

#[test]
fn decimals_stay_exact() {
    let output = ok("eq5d5l", r#"{"responses": {"profile": "22233"}}"#);
    assert_eq!(output["scores"]["index_england"]["value"].to_string(), "0.654");
    assert_eq!(output["texts"]["profile"], "22233");
    assert_eq!(ok("sds", r#"{"responses": {"1": 7, "3": 6}}"#)["scores"]["mean"]["value"].to_string(), "6.5");
    assert_eq!(ok("sds", r#"{"responses": {"1": 7, "2": 8, "3": 6}}"#)["scores"]["mean"]["value"].to_string(), "7");
}

#[test]
fn one_answer_in_every_way_it_is_written() {
    // the answer to PHQ-9 item 1 | its sum with eight zeros, or what is wrong
    for (answer, expected) in [
        ("2", Ok("2")),
        ("2.0", Ok("2")),
        ("2e0", Ok("2")),
        ("null", Ok("0")),
        ("\"declined\"", Ok("0")),
        ("{\"missing\": \"lost\"}", Ok("0")),
        ("2.5", Err("found 2.5, needed a whole number from 0 to 3")),
        ("2.0001", Err("at most three decimals")),
        ("\"2\"", Err("write the number without quotation marks")),
        ("\"two\"", Err("found the text \"two\"")),
        ("true", Err("needed a whole number from 0 to 3")),
        ("4", Err("found 4")),
        ("-1", Err("found -1")),
        ("1e300", Err("at most three decimals")),
        ("99999999999999999999", Err("at most three decimals")),
        ("9007199254740993", Err("needed one answer")),
        ("[2]", Err("give one answer")),
        ("{\"missing\": \"lazy\"}", Err("not_asked, declined, unknown, not_applicable, lost")),
        ("{\"points\": 2}", Err("\"points\": 2")),
        ("{}", Ok("0")),
    ] {
        let text = format!(r#"{{"responses": {{"1": {answer},"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0}}}}"#);
        match (score_json("phq9", &text, false), expected) {
            (Ok(output), Ok(sum)) => {
                let output: Value = serde_json::from_str(&output).unwrap();
                assert_eq!(output["scores"]["total"]["value"].to_string(), sum, "{answer}");
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{answer}: {error}"),
            (got, _) => panic!("{answer}: {got:?}"),
        }
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let (text, json) = error("phq9", r#"{"responses": {"1": 7, "2": "x", "12": 1, "3": 0}, "trauma_realted": {}}"#);
    for part in ["4 faults", "item 1", "found 7", "item 2", "item 12", "\"trauma_realted\""] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(json["error"]["code"], "unscorable");
    let faults: Vec<&str> =
        json["error"]["problems"].as_array().unwrap().iter().map(|fault| fault["fault"].as_str().unwrap()).collect();
    assert_eq!(faults, ["unknown_item", "unknown_key", "out_of_range", "wrong_type"]);
    assert_eq!(json["error"]["problems"][2]["found"], "7");
}

#[test]
fn keys_that_mean_nothing() {
    for (instrument, text, part) in [
        ("phq9", r#"{"1": 2}"#, "put the answers under \"responses\""),
        ("phq9", r#"{}"#, "put the answers under \"responses\""),
        ("phq9", r#"[1,2]"#, "needed an object"),
        ("phq9", r#"3"#, "needed an object"),
        ("phq9", r#"{"responses": [1,2]}"#, "needed an object by item"),
        ("phq9", r#"{"responses": null}"#, "needed an object by item"),
        ("phq9", r#"{"responses": {}, "work_not_applicable": true}"#, "only for SDS"),
        ("phq9", r#"{"responses": {}, "trauma_related": {"9": "unlikely"}}"#, "only for CAPS-5"),
        ("caps5", r#"{"responses": {}, "trauma_realted": {"9": "unlikely"}}"#, "did you mean \"trauma_related\"?"),
        ("caps5", r#"{"responses": {}, "trauma_related": [9]}"#, "needed an object by item"),
        ("sds", r#"{"responses": {}, "work_not_applicable": "perhaps"}"#, "true or false"),
        ("phq9", r#"{"responses": {"1": 1}, "responses": {"1": 2}}"#, "keep the right one"),
        ("phq9", r#"{"responses": {"1": 1, "1": 2}}"#, "item 1: found two answers"),
        ("itq", r#"{"responses": {"P1": 1, "1": 2}}"#, "item P1: found two answers"),
        ("caps5", r#"{"responses": {}, "sex": "other"}"#, "female or male"),
        ("caps5", r#"{"responses": {}, "age": 200}"#, "years from 0 to 130"),
        ("caps5", r#"{"responses": {}, "recall": "yesterday"}"#, "past_week"),
        ("caps5", r#"{"responses": {}, "instrument": "pcl5"}"#, "score it by its own instrument"),
        ("caps5", r#"{"responses": {}, "dosing_day": 1}"#, "documentation"),
        ("caps5", r#"{"responses": {}, "version": "x"}"#, "one form only"),
        ("caps5", r#"{"responses": {}, "baseline": {"totl": 44}}"#, "did you mean total?"),
        ("caps5", r#"{"responses": {}, "baseline": {"total": "44"}}"#, "needed a number"),
        ("caps5", r#"{"responses": {}, "baseline": {"diagnosis": 3}}"#, "yes, no or indeterminate"),
        ("caps5", r#"{"responses": {}, "baseline": {"responses": {"1": 9}}}"#, "baseline: item 1"),
        ("caps5", r#"{"responses": {}, "settings": {"caps5_remision_max": 9}}"#, "did you mean caps5_remission_max?"),
        ("caps5", r#"{"responses": {}, "settings": {"adherence_percent": 9223372036854775807}}"#, "0 to 100"),
        ("caps5", r#"{"responses": {}, "settings": {"caps5_band_edges": [1,1,2,3]}}"#, "four rising numbers"),
        ("caps5", r#"{"responses": {"1": 2}, "missing": {"1": "declined"}}"#, "a reason beside an answer"),
        ("caps5", r#"{"responses": {}, "missing": {"99": "declined"}}"#, "item 99"),
        ("caps5", r#"{"responses": {}, "missing": {"1": "tired"}}"#, "not_asked, declined"),
        ("mini7", r#"{"responses": {"A_curent": true}}"#, "did you mean A_current?"),
        ("labs", r#"{"responses": {}, "units": {"sodim": "mmol/L"}}"#, "did you mean sodium?"),
        ("labs", r#"{"responses": {}, "ranges": {"alt": 5}}"#, "[low, high]"),
    ] {
        let (found, _) = error(instrument, text);
        assert!(found.contains(part), "{text}\n  {found}");
    }
}

#[test]
fn what_is_not_json() {
    for (text, part, line) in [
        ("", "the input is empty", 1),
        ("   \n ", "the input is empty", 2),
        ("{\"responses\": {\"1\": 2}", "EOF", 1),
        ("{\n\"responses\": {\"1\": 2,}\n}", "not JSON", 2),
        ("{'responses': 1}", "not JSON", 1),
        ("{\"responses\":{}}\n{\"responses\":{}}", "ask for lines", 2),
        ("{\"responses\": {\"1\": NaN}}", "not JSON", 1),
        ("\u{0}", "not JSON", 1),
    ] {
        let (found, json) = error("phq9", text);
        assert!(found.contains(part), "{text}: {found}");
        assert_eq!(json["error"]["code"], "not_json");
        assert_eq!(json["error"]["line"], line, "{text}");
    }
    let deep = format!("{{\"responses\": {{\"1\": {}1{}}}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(error("phq9", &deep).0.contains("recursion limit"));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_eq!(ok("phq9", "\u{feff}{\"responses\": {\"10\": 0}}")["instrument"], "phq9");
}

#[test]
fn large_and_hostile_answers() {
    let long = "x".repeat(10_000_000);
    let (found, _) = error("phq9", &format!(r#"{{"responses": {{"1": "{long}"}}}}"#));
    assert!(found.len() < 1_000);
    let many: String = (0..200_000).map(|n| format!("\"k{n}\":1,")).collect();
    let (found, json) = error("phq9", &format!(r#"{{"responses": {{{many}"1":1}}}}"#));
    assert!(json["error"]["problems"].as_array().unwrap().len() <= 101);
    assert!(found.len() < 100_000);
    let (found, _) = error(&long, "{}");
    assert!(found.len() < 2_000 && found.contains("there is no instrument"));
}

#[test]
fn an_unknown_instrument_is_answered_with_the_nearest() {
    let (found, json) = error("caps6", r#"{"responses": {}}"#);
    assert!(found.contains("did you mean caps5?"), "{found}");
    assert!(found.contains("conmed"));
    assert_eq!(json["error"]["code"], "unknown_instrument");
}

#[test]
fn lines_are_answered_one_by_one() {
    let text = "{\"id\": \"a\", \"responses\": {\"1\": 1}}\n\nnot json\n{\"id\": 4, \"responses\": {\"1\": 9}}\r\n{\"id\": 5, \"responses\": {\"77\": 9}}\n{\"responses\": {\"1\": 3}}\n";
    let answered = answer_json("phq9", text, true, None).unwrap();
    let lines: Vec<Value> = answered.json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5, "empty lines are passed over");
    let bad = lines.iter().filter(|line| !line["error"].is_null()).count();
    assert_eq!(answered.bad_lines, bad, "told how many are bad");
    let numbers: Vec<i64> = lines.iter().map(|line| line["line"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [1, 3, 4, 5, 6]);
    assert_eq!(lines[0]["id"], "a");
    assert_eq!(lines[1]["error"]["code"], "not_json");
    assert_eq!(lines[2]["id"], "4");
    assert_eq!(lines[2]["error"]["problems"][0]["fault"], "out_of_range");
    assert_eq!(lines[3]["id"], "5");
    assert_eq!(lines[3]["error"]["problems"][0]["fault"], "unknown_item");
    assert!(lines[4]["scores"]["total"]["value"].is_null());
    assert_eq!(score_json("phq9", "", true).unwrap(), "");
}

#[test]
fn a_baseline_may_be_answers() {
    let form = |value: i64| -> Value {
        (1..=20).map(|n| (n.to_string(), json!(value))).collect::<serde_json::Map<_, _>>().into()
    };
    let mut before = form(3);
    let mut now = form(0);
    for form in [&mut before, &mut now] {
        for (item, value) in [("22", 24), ("23", 2), ("24", 2), ("25", 2), ("29", 0), ("30", 0)] {
            form[item] = json!(value);
        }
    }
    let output = ok("caps5", &json!({"responses": now, "baseline": {"responses": before}}).to_string());
    assert_eq!(output["scores"]["total_change"]["value"], -60);
    assert_eq!(output["decisions"]["remission"]["answer"], "yes");
    assert_eq!(output["texts"]["response_group"], "remission");
}

#[test]
fn reasons_for_missing() {
    let output = ok("sds", r#"{"responses": {"2": 8, "3": 6}, "missing": {"1": "not_applicable"}}"#);
    assert_eq!(output["scores"]["mean"]["method"], "complete");
    let output = ok("sds", r#"{"responses": {"1": null, "2": 8, "3": 6}, "missing": {"1": "declined"}}"#);
    assert_eq!(output["scores"]["mean"]["method"], "prorated");
}

#[test]
fn a_pack_of_another_instrument() {
    let pack = instruments::FormPack::parse("instrument = \"meq30\"\nversion = \"1\"\nlanguage = \"en\"\n[keys]\nmystical = [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]\npositive_mood = [16,17,18,19,20,21]\ntranscendence = [22,23,24,25,26,27]\nineffability = [28,29,30]\n").unwrap();
    let error = score_json_with("phq9", r#"{"responses": {}}"#, false, Some(&pack)).unwrap_err();
    assert!(error.to_string().contains("of meq30, not of phq9"));
}
