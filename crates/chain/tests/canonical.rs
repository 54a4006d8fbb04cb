//! Canonical bytes: a table of spellings, golden files, and properties against `serde_json` as the independent reader.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use chain::canonical::{self, NotCanonical};
use chain::{Hash, Uncanonical};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Reading {
    systolic: u16,
    diastolic: u16,
    at: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Closed,
    Noted(&'static str),
    Moved(u8, i64),
    Read { z: bool, a: Option<u8> },
}

fn bytes<T: Serialize>(value: T) -> String {
    String::from_utf8(canonical::to_vec(&value).unwrap()).unwrap()
}

#[test]
fn spellings() {
    let cases: [(String, &str); 12] = [
        (
            bytes(Reading { systolic: 132, diastolic: 81, at: "x", note: None }),
            r#"{"at":"x","diastolic":81,"systolic":132}"#,
        ),
        (bytes(Entry::Closed), r#""closed""#),
        (bytes(Entry::Noted("rest")), r#"{"noted":"rest"}"#),
        (bytes(Entry::Moved(1, -2)), r#"{"moved":[1,-2]}"#),
        (bytes(Entry::Read { z: true, a: None }), r#"{"read":{"a":null,"z":true}}"#),
        (bytes(()), "null"),
        (bytes((1u8, "two", [3i32])), r#"[1,"two",[3]]"#),
        (bytes(BTreeMap::from([(10u8, 1), (9, 2)])), r#"{"10":1,"9":2}"#),
        (bytes(0), "0"),
        (bytes(canonical::INTEGER_MAX), "9007199254740991"),
        (bytes("\u{8}\t\n\u{c}\r\"\\/\u{1}\u{1f}\u{7f}é€𝄞"), "\"\\b\\t\\n\\f\\r\\\"\\\\/\\u0001\\u001f\u{7f}é€𝄞\""),
        (bytes(BTreeMap::<String, u8>::new()), "{}"),
    ];
    for (found, needed) in cases {
        assert_eq!(found, needed);
    }
}

/// RFC 8785 §3.2.3 gives this very order: by UTF-16 code units, so that a sign beyond U+FFFF sorts before U+FB33.
#[test]
fn members_sort_by_utf16() {
    let names = ["\u{20ac}", "\r", "\u{fb33}", "1", "\u{1f600}", "\u{80}", "\u{f6}"];
    let value: BTreeMap<_, _> = names.iter().enumerate().map(|(n, name)| (*name, n)).collect();
    assert_eq!(
        bytes(value),
        "{\"\\r\":1,\"1\":3,\"\u{80}\":5,\"\u{f6}\":6,\"\u{20ac}\":0,\"\u{1f600}\":4,\"\u{fb33}\":2}"
    );
}

#[test]
fn refused() {
    #[derive(Serialize)]
    struct Twice {
        a: u8,
        b: u8,
        #[serde(flatten)]
        rest: BTreeMap<&'static str, u8>,
    }
    let twice = |name| canonical::to_vec(&Twice { a: 1, b: 2, rest: BTreeMap::from([(name, 3)]) });
    assert_eq!(twice("c").unwrap(), br#"{"a":1,"b":2,"c":3}"#);
    assert_eq!(twice("b"), Err(Uncanonical::Twice("b".into())));
    assert_eq!(twice("a"), Err(Uncanonical::Twice("a".into())));
    assert!(matches!(canonical::to_vec(&1.5), Err(Uncanonical::Float(_))));
    assert!(matches!(canonical::to_vec(&f32::NAN), Err(Uncanonical::Float(_))));
    assert!(matches!(canonical::to_vec(&(canonical::INTEGER_MAX + 1)), Err(Uncanonical::TooLarge(_))));
    assert!(matches!(canonical::to_vec(&u64::MAX), Err(Uncanonical::TooLarge(_))));
    assert!(canonical::to_vec(&-canonical::INTEGER_MAX).is_ok());
    assert!(matches!(canonical::to_vec(&(-canonical::INTEGER_MAX - 1)), Err(Uncanonical::TooLarge(_))));
    assert!(matches!(canonical::to_vec(&BTreeMap::from([(Some(1), 1)])), Err(Uncanonical::NameNotText(_))));
    assert!(matches!(canonical::to_vec(&BTreeMap::from([((1, 2), 1)])), Err(Uncanonical::NameNotText(_))));
}

#[test]
fn check_says_what_is_not_canonical() {
    assert_eq!(canonical::check(br#"{"a":1,"b":[true,null]}"#), Ok(()));
    assert_eq!(canonical::check(br#"{"b":1,"a":2}"#), Err(NotCanonical::OtherSpelling { at: 2 }));
    assert_eq!(canonical::check(br#"{"a": 1}"#), Err(NotCanonical::OtherSpelling { at: 5 }));
    assert!(matches!(canonical::check(b"{\"a\":1.5}"), Err(NotCanonical::NoSpelling(_))));
    assert!(matches!(canonical::check(b"{\"a\""), Err(NotCanonical::NotJson(_))));
    assert!(matches!(canonical::check(&[b'"', 0xff, b'"']), Err(NotCanonical::NotJson(_))));
}

/// Bytes of each kind of value as they were first released: they must be readable, and spelled so, for ever.
/// The hashes were made with `sha256sum`, not with this crate.
#[test]
fn golden_files() {
    let values: [(&str, Value); 3] = [
        (
            "form",
            json!({"entry": {"form_recorded": {"form": "caps5", "instance": "a1.0", "values": {"20": 3, "1": 2, "3": {"missing": "declined"}}}}, "stamp": {"by": {"role": "rater", "person": {"staff": "IR-1"}}, "at": "2026-03-02T09:12:00Z"}}),
        ),
        (
            "text",
            json!({"note": "said: \"better\"\n\tthan before — 𝄞", "Zoë": null, "zoe": [], "é": {}, "e": [[], {"b": false, "a": true}]}),
        ),
        (
            "numbers",
            json!({"max": 9_007_199_254_740_991_i64, "min": -9_007_199_254_740_991_i64, "zero": 0, "list": [1, -1, 10, 100]}),
        ),
    ];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let sums = std::fs::read_to_string(format!("{folder}/SHA256SUMS")).unwrap();
    for (name, value) in values {
        let golden = std::fs::read(format!("{folder}/{name}.json")).unwrap();
        assert_eq!(String::from_utf8(canonical::to_vec(&value).unwrap()), String::from_utf8(golden.clone()));
        let line = format!("{}  {name}.json", Hash::of(&golden));
        assert!(sums.lines().any(|sum| sum == line), "{line}");
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-canonical::INTEGER_MAX..=canonical::INTEGER_MAX).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Serialises an object's members backwards, so that the writer has to put them in order.
struct Backwards<'v>(&'v Value);
impl Serialize for Backwards<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                serializer.collect_map(members.iter().rev().map(|(name, value)| (name, Backwards(value))))
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Backwards)),
            other => other.serialize(serializer),
        }
    }
}

proptest! {
    #[test]
    fn reads_back_and_has_one_spelling(value in any_value()) {
        let written = canonical::to_vec(&value).unwrap();
        prop_assert_eq!(&serde_json::from_slice::<Value>(&written).unwrap(), &value);
        prop_assert_eq!(canonical::to_vec(&Backwards(&value)).unwrap(), written.clone());
        prop_assert_eq!(canonical::check(&written), Ok(()));
    }
}
