//! Form packs: what they replace, what they bring, and every mistake with its place.

use instruments::{FormPack, PackError, Responses, Settings, Sex, Truth, find, item_label, score, score_with};
use terms::Decimal;

/// Invented words for an instrument, complete.
fn pack_text(id: &str) -> String {
    let mut text =
        format!("instrument = \"{id}\"\nversion = \"past_month\"\nlanguage = \"xx\"\ntitle = \"Title\"\n[items]\n");
    for item in find(id).unwrap().items {
        text.push_str(&format!("\"{}\" = \"wording {}\"\n", item.id, item.id));
    }
    text
}

const MEQ: &str = "instrument = \"MEQ30\"\nversion = \"1\"\nlanguage = \"en-GB\"\n[keys]
mystical = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
positive_mood = [16, 17, 18, 19, 20, 21]
transcendence = [22, 23, 24, 25, 26, 27]
ineffability = [28, 29, 30]
";

#[test]
fn words_change_and_scores_do_not() {
    for instrument in instruments::all() {
        let pack =
            FormPack::parse(&pack_text(instrument.id)).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", instrument.id));
        let item = instrument.items.first().unwrap();
        assert_eq!(item_label(Some(&pack), instrument, item), format!("wording {}", item.id));
        assert_eq!(item_label(None, instrument, item), item.label);
        let responses = Responses::default();
        let with = score_with(instrument, &responses, &Settings::REFERENCE, Some(&pack)).unwrap();
        let without = score(instrument, &responses).unwrap();
        assert_eq!((with.scores, with.decisions), (without.scores, without.decisions), "{}", instrument.id);
    }
}

#[test]
fn answer_words() {
    let text = pack_text("gad7")
        .replace("[items]\n", "[answers]\n0 = \"none\"\n1 = \"some\"\n2 = \"more\"\n3 = \"most\"\n[items]\n");
    let text = text.replace(
        "\"7\" = \"wording 7\"",
        "7 = { label = \"seventh\", answers = { 0 = \"a\", 1 = \"b\", 2 = \"c\", 3 = \"d\" } }",
    );
    let pack = FormPack::parse(&text).unwrap();
    assert_eq!((pack.answer("1", "3"), pack.answer("7", "3"), pack.answer("1", "4")), (Some("most"), Some("d"), None));
    assert_eq!(
        (pack.label("7"), pack.title(), pack.language(), pack.version()),
        (Some("seventh"), Some("Title"), "xx", "past_month")
    );
    assert_eq!((pack.instrument(), pack.instructions()), ("gad7", None));
}

#[test]
fn keys_of_meq30() {
    let pack = FormPack::parse(MEQ).unwrap();
    let meq30 = find("meq30").unwrap();
    let scored = |answers: [i64; 30]| {
        let responses = Responses::numbered(&answers.map(Some));
        score_with(meq30, &responses, &Settings::REFERENCE, Some(&pack)).unwrap()
    };
    let mut answers = [5; 30];
    answers[27..].copy_from_slice(&[2, 3, 3]);
    let with_key = scored(answers);
    assert_eq!(with_key.value("mystical"), Some(Decimal::whole(100)));
    assert_eq!(with_key.value("ineffability"), Some("53.33".parse().unwrap()));
    assert_eq!(with_key.decision("complete"), Some(Truth::No));
    assert_eq!(
        score(meq30, &Responses::numbered(&answers.map(Some))).unwrap().decision("complete"),
        Some(Truth::Indeterminate)
    );
    answers[27] = 3;
    assert_eq!(scored(answers).decision("complete"), Some(Truth::Yes));
    // One missing item in a factor prorates it, two do not.
    let gaps = |n: usize| {
        let mut gapped: Vec<Option<i64>> = answers.map(Some).to_vec();
        gapped.iter_mut().take(n).for_each(|answer| *answer = None);
        score_with(meq30, &Responses::numbered(&gapped), &Settings::REFERENCE, Some(&pack)).unwrap().value("mystical")
    };
    assert_eq!((gaps(1), gaps(2)), (Some(Decimal::whole(100)), None));
}

#[test]
fn norms_of_iasc() {
    let text = "instrument = \"iasc\"\nversion = \"1\"\nlanguage = \"en\"\n[keys]
interpersonal_conflicts = [1, 2, 3]
[[norms]]
scale = \"interpersonal_conflicts\"
sex = \"female\"
age_min = 18
age_max = 40
raw = [3, 4, 5, 6]
t = [40, 50, 60, 70]
[[norms]]
scale = \"interpersonal_conflicts\"
sex = \"female\"
age_min = 41
age_max = 90
raw = [3, 4, 5, 6]
t = [41, 51, 61, 69]
";
    let pack = FormPack::parse(text).unwrap();
    let iasc = find("iasc").unwrap();
    let t = |sex: Option<Sex>, age_years: Option<u16>, points: i64| {
        let responses = Responses { sex, age_years, ..Responses::numbered(&[Some(points); 63]) };
        let scored = score_with(iasc, &responses, &Settings::REFERENCE, Some(&pack)).unwrap();
        assert_eq!(scored.value("interpersonal_conflicts"), Some(Decimal::whole(3 * points)));
        (scored.value("interpersonal_conflicts_t").map(Decimal::trunc), scored.decision("elevated").unwrap())
    };
    assert_eq!(t(Some(Sex::Female), Some(40), 2), (Some(70), Truth::Yes));
    assert_eq!(t(Some(Sex::Female), Some(41), 2), (Some(69), Truth::Indeterminate), "other scales have no norms here");
    assert_eq!(t(Some(Sex::Male), Some(30), 2).0, None);
    assert_eq!(t(Some(Sex::Female), None, 2).0, None);
    assert_eq!(t(Some(Sex::Female), Some(30), 3).0, None, "a raw score outside the table");
}

/// What is wrong with a pack: line, column and a part of the message or the mend.
fn check(text: &str, expected: &[(usize, usize, &str)]) {
    let wrong: Vec<PackError> = FormPack::parse(text).expect_err(text);
    let found: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert_eq!(wrong.len(), expected.len(), "{text}\n{}", found.join("\n"));
    for (line, column, part) in expected {
        let hit = wrong
            .iter()
            .any(|error| (error.line, error.column) == (*line, *column) && error.to_string().contains(part));
        assert!(hit, "{line}:{column} {part}\n{}", found.join("\n"));
    }
}

#[test]
fn mistakes_of_the_head() {
    let items = pack_text("isi");
    let items = items.split_once("[items]").unwrap().1;
    check("", &[(1, 1, "\"instrument\" is missing")]);
    check("instrument = \"isi\n", &[(1, 18, "not TOML")]);
    check(
        &format!("instrument = \"isj\"\nversion = \"1\"\nlanguage = \"en\"\n[items]{items}"),
        &[(1, 14, "did you mean isi?")],
    );
    check(
        &format!("instrument = \"isi\"\nlanguage = \"English\"\nlangage = \"en\"\n[items]{items}"),
        &[(1, 1, "\"version\" is missing"), (2, 12, "en-GB"), (3, 1, "did you mean language?")],
    );
    check(
        &format!("instrument = \"isi\"\nversion = 2\nlanguage = \"en\"\n[items]{items}"),
        &[(2, 11, "quotation marks")],
    );
    check("instrument = \"isi\"\nversion = \"1\"\nlanguage = \"en\"\n", &[(1, 1, "no [items], [keys] or [norms]")]);
    check("instrument = \"isi\"\nversion = \"1\"\nlanguage = \"en\"\nitems = 3\n", &[(4, 9, "not a table")]);
}

#[test]
fn mistakes_of_items() {
    let good = pack_text("isi");
    check(&good.replace("\"7\" =", "\"9\" ="), &[(12, 1, "no item \"9\""), (5, 1, "items without a text: 7")]);
    check(&good.replace("\"wording 3\"", "\"\""), &[(8, 7, "item 3 is empty")]);
    check(&good.replace("\"wording 3\"", "3"), &[(8, 7, "item 3 is not a text")]);
    check(&good.replace("\"wording 3\"", "{ text = \"x\" }"), &[(8, 9, "no \"text\""), (8, 1, "has no label")]);
    check(
        &good.replace("\"wording 3\"", "{ label = \"x\", answers = { 0 = \"a\", 9 = \"b\" } }"),
        &[(8, 43, "no answer \"9\""), (8, 32, "answers without a word: 1, 2, 3, 4")],
    );
    check(&good.replace("[items]", "[answers]\n0 = \"a\"\n[items]"), &[(5, 1, "answers without a word: 1, 2, 3, 4")]);
    let itq = pack_text("itq");
    check(&itq.replace("\"P2\" =", "\"1\" ="), &[(7, 1, "stands here twice"), (5, 1, "items without a text: P2")]);
    check(&pack_text("eq5d5l").replace("\"MO\" =", "\"MOO\" ="), &[(6, 1, "did you mean MO?"), (5, 1, "MO")]);
}

#[test]
fn mistakes_of_keys() {
    check(&MEQ.replace("ineffability = [28, 29, 30]", "ineffability = [28, 29]"), &[(8, 16, "2 items, it needs 3")]);
    check(&MEQ.replace("[28, 29, 30]", "[28, 29, 31]"), &[(8, 25, "no item 31"), (8, 16, "2 items, it needs 3")]);
    check(
        &MEQ.replace("[28, 29, 30]", "[28, 29, 29]"),
        &[(8, 25, "stands in ineffability twice"), (8, 16, "it needs 3")],
    );
    check(
        &MEQ.replace("[28, 29, 30]", "[27, 29, 30]"),
        &[(7, 17, "item 27 stands in ineffability and in transcendence")],
    );
    check(
        &MEQ.replace("ineffability", "inefability"),
        &[(8, 1, "did you mean ineffability?"), (1, 1, "[keys] lacks ineffability")],
    );
    check(
        &MEQ.replace("[28, 29, 30]", "[28, 29, \"30\"]"),
        &[(8, 25, "not a whole number"), (1, 1, "[keys] lacks ineffability")],
    );
    check(&MEQ.replace("[28, 29, 30]", "28"), &[(8, 16, "not a list"), (1, 1, "[keys] lacks ineffability")]);
    check(&format!("{}[keys]\ntotal = [1]\n", pack_text("phq9")), &[(17, 1, "the key of PHQ-9 is built in")]);
}

#[test]
fn mistakes_of_norms() {
    let head = "instrument = \"iasc\"\nversion = \"1\"\nlanguage = \"en\"\n[[norms]]\nscale = \"affect_skills\"\n";
    let with = |rest: &str| format!("{head}{rest}\n");
    check(&with("raw = [1, 2]\nt = [40]"), &[(7, 5, "2 raw scores and 1 T scores")]);
    check(&with("raw = [1, 3]\nt = [40, 50]"), &[(6, 11, "raw score 3 where 2 belongs")]);
    check(&with("t = [40]"), &[(4, 1, "a norm needs raw and t")]);
    check(&with("sex = \"other\"\nraw = [1]\nt = [40]"), &[(6, 7, "female")]);
    check(&with("age_min = 40\nage_max = 18\nraw = [1]\nt = [40]"), &[(4, 1, "age_min comes first")]);
    check(&with("age = 40\nraw = [1]\nt = [40]"), &[(6, 1, "a norm has no \"age\"")]);
    check(
        &with("raw = [1]\nt = [40]").replace("affect_skills", "afect_skills"),
        &[(5, 9, "did you mean affect_skills?")],
    );
    let twice = format!(
        "{}[[norms]]\nscale = \"affect_skills\"\nsex = \"male\"\nraw = [1]\nt = [41]\n",
        with("raw = [1]\nt = [40]")
    );
    check(&twice, &[(8, 1, "two norms of affect_skills fit the same person")]);
    check("instrument = \"iasc\"\nversion = \"1\"\nlanguage = \"en\"\nnorms = 3\n", &[(4, 9, "[[norms]]")]);
}
