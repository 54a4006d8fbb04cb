//! The test vectors in machine form (`tests/cases/vectors.jsonl`), read as they stand and checked against the scores.

use instruments::{Responses, Scored, find, score};
use serde_json::Value as Json;
use terms::{Decimal, Value};

const VECTORS: &str = include_str!("../cases/vectors.jsonl");

fn decimal(json: &Json) -> Decimal {
    Decimal::nearest(json.as_f64().unwrap()).unwrap()
}

fn numbers(json: &Json) -> Vec<Option<i64>> {
    json.as_array().unwrap().iter().map(Json::as_i64).collect()
}

fn scored(instrument: &str, responses: Responses) -> Scored {
    score(find(instrument).unwrap(), &responses).unwrap()
}

fn check_one(vector: &Json) {
    let responses = |key: &str| Responses::numbered(&numbers(&vector[key]));
    let yes = |scored: &Scored, name: &str| scored.decision(name).unwrap().is_yes();
    match vector["id"].as_str().unwrap() {
        "C2" => {
            let mut responses = responses("caps").with("22", vector["dur_m"].as_i64().unwrap());
            for (key, ids) in [("g", ["23", "24", "25"].as_slice()), ("diss", &["29", "30"])] {
                for (id, value) in ids.iter().zip(numbers(&vector[key])) {
                    responses = responses.with(id, value.unwrap());
                }
            }
            let scored = scored("caps5", responses);
            assert_eq!(scored.value("total"), Some(decimal(&vector["tss"])));
            assert_eq!(yes(&scored, "diagnosis"), vector["dx"]);
            assert_eq!(yes(&scored, "dissociative_subtype"), vector["sub"]);
        }
        "P1" => {
            let scored = scored("pcl5", responses("pcl"));
            assert_eq!(scored.value("total"), Some(decimal(&vector["tot"])));
            assert_eq!(yes(&scored, "provisional_diagnosis"), vector["dx"]);
        }
        "Q1" => {
            let scored = scored("phq9", responses("phq"));
            assert_eq!(scored.value("total"), Some(decimal(&vector["tot"])));
            assert_eq!(scored.score("total").unwrap().band.as_deref(), vector["band"].as_str());
            assert_eq!(!scored.alerts.is_empty(), vector["alert"]);
        }
        "E1" | "E2" => {
            let scored = scored("eq5d5l", Responses::new().with("profile", vector["eq5d"].as_str().unwrap()));
            assert_eq!(scored.value("index_england"), Some(decimal(&vector["england"])));
            assert_eq!(scored.value("index_us"), Some(decimal(&vector["us"])));
        }
        "S2" => {
            let work_not_applicable = vector["work_na"].as_bool().unwrap();
            let scored = scored("sds", Responses { work_not_applicable, ..responses("sds") });
            assert_eq!(scored.value("mean"), Some(decimal(&vector["mean"])));
        }
        // The answers of this one stand among the reference cases; here its components and their sum.
        "PSQI1" => {
            let mut responses = Responses::new();
            for (id, value) in
                [("5a", 2), ("5b", 3), ("5c", 3), ("5d", 2), ("6", 2), ("7", 0), ("8", 1), ("9", 2), ("2", 40)]
            {
                responses = responses.with(id, value);
            }
            for id in ["5e", "5f", "5g", "5h", "5i", "5j"] {
                responses = responses.with(id, 0);
            }
            let hours = Value::Decimal("5.5".parse().unwrap());
            let scored = scored("psqi", responses.with("1", "23:00").with("3", "07:00").with("4", hours));
            let components = [
                "c1_quality",
                "c2_latency",
                "c3_duration",
                "c4_efficiency",
                "c5_disturbance",
                "c6_medication",
                "c7_daytime",
            ];
            for (name, expected) in components.iter().zip(numbers(&vector["c"])) {
                assert_eq!(scored.value(name), expected.map(Decimal::whole), "{name}");
            }
            assert_eq!(scored.value("global"), Some(decimal(&vector["global"])));
        }
        "CPG1" => {
            let mut responses = Responses::new().with("days", vector["days"].as_i64().unwrap());
            for (key, ids) in [("pain", ["current", "worst", "average"]), ("dis", ["daily", "social", "work"])] {
                for (id, value) in ids.iter().zip(numbers(&vector[key])) {
                    responses = responses.with(id, value.unwrap());
                }
            }
            assert_eq!(scored("cpgs", responses).text("grade"), vector["grade"].as_str());
        }
        "PTG1" => {
            let scored = scored("ptgi", Responses::numbered(&[vector["ptgi_all"].as_i64(); 21]));
            assert_eq!(scored.value("total"), Some(decimal(&vector["tot"])));
            let factors = ["relating", "possibilities", "strength", "spiritual", "appreciation"];
            for (name, expected) in factors.iter().zip(numbers(&vector["f"])) {
                assert_eq!(scored.value(name), expected.map(Decimal::whole), "{name}");
            }
        }
        other => panic!("vector {other} is not checked"),
    }
}

#[test]
fn every_vector() {
    let mut seen = 0;
    for line in VECTORS.lines() {
        check_one(&serde_json::from_str(line).unwrap());
        seen += 1;
    }
    assert_eq!(seen, 9);
}
