//! Expressions: what can be said, what is refused and how, and that a missing answer never makes anything true.
//!
//! Where nothing is missing and no day occurs, the answers are compared with those of `cel-core`'s own checker and
//! evaluator, on expressions drawn at random.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use jiff::civil::date;
use proptest::prelude::*;
use protocol::expression::{Answer, Expression, ExpressionErrorKind, Kind, Scope};
use std::collections::BTreeMap;
use terms::{Decimal, MissingReason, Value};

fn scope() -> Scope {
    [
        ("a", Kind::Bool),
        ("b", Kind::Bool),
        ("c", Kind::Bool),
        ("n", Kind::Integer),
        ("m", Kind::Integer),
        ("x", Kind::Decimal),
        ("y", Kind::Decimal),
        ("word", Kind::Text),
        ("other", Kind::Text),
        ("today", Kind::Day),
        ("history.last_ect", Kind::Day),
        ("caps5.total", Kind::Decimal),
        ("V4.caps5.total", Kind::Decimal),
    ]
    .map(|(name, kind)| (name.to_owned(), kind))
    .into()
}

fn answer(text: &str, values: &BTreeMap<String, Value>) -> Answer {
    Expression::compile(text, &scope()).unwrap().evaluate(&|name| values.get(name).cloned())
}

fn value(text: &str) -> Value {
    match text {
        "yes" => Value::Bool(true),
        "no" => Value::Bool(false),
        "declined" => Value::Missing(MissingReason::Declined),
        _ => match (text.parse::<i64>(), text.parse::<Decimal>(), text.parse()) {
            (Ok(number), _, _) => Value::Integer(number),
            (_, Ok(number), _) => Value::Decimal(number),
            (_, _, Ok(day)) => Value::Date(day),
            _ => Value::Text(text.to_owned()),
        },
    }
}

/// A table: expression | name=value … | answer.
fn check(table: &str) {
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut parts = line.split(" ;").map(str::trim);
        let (text, given, expected) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let values: BTreeMap<String, Value> = given
            .split_whitespace()
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, text)| (name.to_owned(), value(text)))
            .collect();
        let found = match answer(text, &values) {
            Answer::Yes => "yes".to_owned(),
            Answer::No => "no".to_owned(),
            Answer::Unknown(missing) => format!("unknown {}", missing.join(" ")),
        };
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn answers() {
    check(
        r#"
        caps5.total >= 35                         ; caps5.total=35                  ; yes
        caps5.total >= 35                         ; caps5.total=34                  ; no
        caps5.total >= 35                         ; caps5.total=34.999              ; no
        caps5.total >= 35                         ;                                 ; unknown caps5.total
        V4.caps5.total >= 28                      ; caps5.total=80                  ; unknown V4.caps5.total
        x <= 37.5                                 ; x=37.5                          ; yes
        x - y > 1.5                               ; x=38.6 y=37.1                   ; no
        x + y == 0.3                              ; x=0.1 y=0.2                     ; yes
        (n + m) / 2 <= 140                        ; n=142 m=139                     ; no
        (n + m) / 2 == 140.5                      ; n=142 m=139                     ; yes
        n > 2 * m                                 ; n=113 m=56                      ; yes
        n % 2 == 1                                ; n=7                             ; yes
        -n < 0                                    ; n=1                             ; yes
        today - history.last_ect >= 84            ; today=2025-06-23 history.last_ect=2025-03-31 ; yes
        today - history.last_ect >= 84            ; today=2025-06-22 history.last_ect=2025-03-31 ; no
        history.last_ect + 84 <= today            ; today=2025-06-23 history.last_ect=2025-03-31 ; yes
        today - history.last_ect >= 84            ; today=2025-06-22                ; unknown history.last_ect
        history.last_ect <= today                 ; today=2024-02-29 history.last_ect=2024-02-29 ; yes
        word == "severe"                          ; word=severe                     ; yes
        word in ["mild", "none"]                  ; word=severe                     ; no
        word in ["mild", "none"]                  ;                                 ; unknown word
        a && b                                    ; a=no                            ; no
        b && a                                    ; a=no                            ; no
        a && b                                    ; a=yes                           ; unknown b
        a || b                                    ; b=yes                           ; yes
        a || b                                    ; b=no                            ; unknown a
        a || b                                    ;                                 ; unknown a b
        !a                                        ;                                 ; unknown a
        !a                                        ; a=declined                      ; unknown a
        !a || n > 3                               ; a=no                            ; yes
        a == b                                    ; a=yes                           ; unknown b
        n > (word == "male" ? 450 : 460)          ; n=451 word=male                 ; yes
        n > (word == "male" ? 450 : 460)          ; n=451 word=female               ; no
        n > (word == "male" ? 450 : 460)          ; n=451                           ; unknown word
        n / m > 1                                 ; n=1 m=0                         ; unknown n m
        n > 3                                     ; n=wrong                         ; unknown n
        x > y || a                                ; a=yes                           ; yes
        "#,
    );
}

#[test]
fn refusals() {
    use ExpressionErrorKind::{Syntax, Type, UnknownName, Unsupported};
    for (text, kind, underlined, part_of_mend) in [
        ("caps5.totl >= 35", UnknownName, "caps5.totl", "caps5.total"),
        ("V5.caps5.total >= 35", UnknownName, "V5.caps5.total", "V4.caps5.total"),
        ("ca && b", UnknownName, "ca", "`a`"),
        ("a && n", Type, "n", ""),
        ("n", Type, "n", "compare"),
        ("word > \"a\"", Type, "word > \"a\"", "=="),
        ("word == 3", Type, "word == 3", "quotes"),
        ("a == \"yes\"", Type, "a == \"yes\"", "true"),
        ("history.last_ect < 84", Type, "history.last_ect < 84", "today"),
        ("n in [1, \"two\"]", Type, "\"two\"", ""),
        ("size(word) > 1", Unsupported, "size(word)", "names"),
        ("a == null", Unsupported, "null", "unknown"),
        ("[1].exists(i, i > 0)", Unsupported, "[1].exists(i, i > 0)", ""),
        ("a and b", Syntax, "and", "&&"),
        ("n = 3", Syntax, "=", "=="),
        ("(a", Syntax, "", ""),
        ("", Syntax, "", ""),
    ] {
        let errors = Expression::compile(text, &scope()).unwrap_err();
        let error = errors.first().unwrap();
        assert_eq!(error.kind, kind, "{text}: {error:?}");
        let marked = text.get(error.range.clone()).unwrap();
        assert!(marked.contains(underlined), "{text}: marked {marked:?}");
        assert!(error.mend.as_deref().unwrap_or_default().contains(part_of_mend), "{text}: {error:?}");
    }
}

#[test]
fn all_mistakes_at_once() {
    let errors = Expression::compile("aa && bb || n == \"x\"", &scope()).unwrap_err();
    assert_eq!(errors.len(), 3, "{errors:?}");
}

#[test]
fn names_in_order_once() {
    let expression = Expression::compile("b || a && b && V4.caps5.total > 3", &scope()).unwrap();
    assert_eq!(expression.names(), ["b", "a", "V4.caps5.total"]);
}

#[test]
fn hostile_text_is_answered() {
    for text in ["(".repeat(3000), "!".repeat(3000) + "a", "a ||".repeat(2000), "[".repeat(500), "a.".repeat(900)] {
        assert!(Expression::compile(&text, &scope()).is_err());
    }
}

/// Expressions that are yes or no, over the scope's names without days.
fn random_bool() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("n".to_owned()),
        Just("m".to_owned()),
        Just("x".to_owned()),
        Just("caps5.total".to_owned()),
        (0..200_i64).prop_map(|number| number.to_string()),
        (0..2000_i64).prop_map(|tenths| format!("{}.{}", tenths / 10, tenths % 10)),
    ];
    let number = number.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), prop_oneof![Just("+"), Just("-"), Just("*")], inner)
            .prop_map(|(one, sign, other)| format!("({one} {sign} {other})"))
    });
    let compare = prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("=="), Just("!=")];
    let leaf = prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("c".to_owned()),
        (number.clone(), compare, number).prop_map(|(one, sign, other)| format!("{one} {sign} {other}")),
        Just("word == other".to_owned()),
        Just("word in [\"mild\", \"severe\", other]".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one}) && ({other})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one}) || ({other})")),
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(one, yes, no)| format!("({one} ? {yes} : {no})")),
        ]
    })
}

fn random_values() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let words = || prop_oneof![Just("mild"), Just("severe"), Just("none")];
    let numbers = (0..200_i64, 0..200_i64, 0..200_000_i64, 0..80_000_i64);
    (any::<[bool; 3]>(), numbers, words(), words()).prop_map(|(bools, (n, m, x, total), word, other)| {
        let [a, b, c] = bools.map(Value::Bool);
        let text = |word: &str| Value::Text(word.to_owned());
        let thousandths = |number: i64| Value::Decimal(Decimal::thousandths(number));
        BTreeMap::from([
            ("a".to_owned(), a),
            ("b".to_owned(), b),
            ("c".to_owned(), c),
            ("n".to_owned(), Value::Integer(n)),
            ("m".to_owned(), Value::Integer(m)),
            ("x".to_owned(), thousandths(x / 100 * 100)),
            ("caps5.total".to_owned(), thousandths(total / 1000 * 1000)),
            ("word".to_owned(), text(word)),
            ("other".to_owned(), text(other)),
            ("today".to_owned(), Value::Date(date(2025, 3, 3))),
        ])
    })
}

/// What `cel-core` itself answers, numbers as doubles. Its literals must be doubles too, so whole ones get a point.
fn by_cel(text: &str, values: &BTreeMap<String, Value>) -> bool {
    use cel_core::{CelType, Env, MapActivation, Value as Cel};
    let mut env = Env::with_standard_library();
    let mut activation = MapActivation::new();
    for (name, value) in values {
        let plain = name.replace('.', "_");
        let (kind, held) = match value {
            Value::Bool(answer) => (CelType::Bool, Cel::Bool(*answer)),
            Value::Integer(number) => (CelType::Double, Cel::Double(*number as f64)),
            Value::Decimal(number) => (CelType::Double, Cel::Double(number.as_f64())),
            Value::Text(word) => (CelType::String, Cel::from(word.as_str())),
            _ => continue,
        };
        env = env.with_variable(plain.clone(), kind);
        activation.insert(plain, held);
    }
    let mut doubled = String::new();
    let mut digits = String::new();
    let text = text.replace("caps5.total", "caps5_total");
    for (position, character) in text.char_indices().chain([(text.len(), ' ')]) {
        let in_number = character.is_ascii_digit() || character == '.';
        let starts = position == 0 || !text[..position].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if in_number && (!digits.is_empty() || starts) {
            digits.push(character);
            continue;
        }
        if !digits.is_empty() {
            doubled.push_str(&digits);
            doubled.push_str(if digits.contains('.') { "" } else { ".0" });
            digits.clear();
        }
        doubled.push(character);
    }
    let ast = env.compile(doubled.trim()).unwrap_or_else(|error| panic!("{doubled}: {error:?}"));
    match env.program(&ast).unwrap().eval(&activation) {
        Cel::Bool(answer) => answer,
        other => panic!("{doubled}: {other:?}"),
    }
}

proptest! {
    #[test]
    fn agrees_with_cel(text in random_bool(), values in random_values()) {
        let expected = if by_cel(&text, &values) { Answer::Yes } else { Answer::No };
        // Sums of tenths are inexact as doubles and exact here: equality may differ there, and nothing else.
        let inexact = text.contains("==") || text.contains("!=") || text.contains(">=") || text.contains("<=");
        if !inexact || !text.contains('.') {
            prop_assert_eq!(answer(&text, &values), expected, "{}", text);
        }
    }

    /// Taking answers away may only turn yes and no into unknown; an unknown names only what was taken away.
    #[test]
    fn missing_answers_never_decide(
        text in random_bool(),
        values in random_values(),
        taken in proptest::collection::vec(any::<bool>(), 10),
    ) {
        let mut fewer = values.clone();
        for (name, taken) in values.keys().zip(taken) {
            if taken {
                fewer.remove(name);
            }
        }
        match answer(&text, &fewer) {
            Answer::Unknown(missing) => {
                prop_assert!(!missing.is_empty());
                prop_assert!(missing.iter().all(|name| values.contains_key(name) && !fewer.contains_key(name)));
            }
            known => prop_assert_eq!(known, answer(&text, &values), "{}", text),
        }
    }

    /// With nothing answered, only what is true of everybody can be yes.
    #[test]
    fn nothing_answered_is_never_met_by_a_name(name in prop_oneof![Just("a"), Just("n > 3"), Just("!b"), Just("word == \"mild\"")]) {
        prop_assert!(matches!(answer(name, &BTreeMap::new()), Answer::Unknown(_)));
    }

    #[test]
    fn no_text_panics(text in ".{0,60}") {
        let _ = Expression::compile(&text, &scope());
    }
}
