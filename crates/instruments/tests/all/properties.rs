//! What must hold for every set of answers.

use instruments::change::{Caps5Point, ResponseGroup, caps5_outcome};
use instruments::{
    Answers, Form, Instrument, Method, OutputKind, Responses, Scored, Settings, Sex, Truth, all, change, find, outputs,
    score, score_numbers,
};
use proptest::{prelude::*, sample::select};
use terms::{Decimal, Value};

/// A value that an item takes, chosen by a seed; none is missing.
fn value(answers: &Answers, seed: u64) -> Option<Value> {
    let pick = |n: usize| usize::try_from(seed % n as u64).unwrap();
    let answer = match answers {
        Answers::Whole { min, max, step } => {
            Value::Integer(min + i64::try_from(seed % ((max - min) / step + 1) as u64).unwrap() * step)
        }
        Answers::OneOf(values) => Value::Integer(values[pick(values.len())]),
        Answers::Number { min, max, .. } => {
            let span = (max.as_thousandths() - min.as_thousandths()) as u64 + 1;
            Value::Decimal(Decimal::thousandths(min.as_thousandths() + i64::try_from(seed % span).unwrap()))
        }
        Answers::YesNo => Value::Bool(seed.is_multiple_of(2)),
        Answers::Count { .. } => Value::Integer(i64::try_from(seed % 4).unwrap()),
        Answers::Graded(options) => Value::Text(options[pick(options.len())].0.to_owned()),
        Answers::Code(codes) | Answers::Codes(codes) => Value::Text(codes[pick(codes.len())].code.to_owned()),
        Answers::Time => Value::Text(format!("{:02}:{:02}", seed % 24, seed / 24 % 60)),
        Answers::Moment => Value::Text(format!("2026-{:02}-{:02}", seed % 12 + 1, seed / 12 % 28 + 1)),
        Answers::Text => Value::Text("text".to_owned()),
        Answers::Rows(_) => return None,
    };
    Some(answer)
}

/// Answers to every item, about one in `gaps` left missing; with 0 none is.
fn answers(instrument: &'static Instrument, gaps: u64) -> impl Strategy<Value = Responses> {
    let seeds = proptest::collection::vec((any::<u64>(), any::<u64>()), instrument.items.len());
    let sex = select(vec![None, Some(Sex::Female), Some(Sex::Male)]);
    (seeds, sex).prop_map(move |(seeds, sex)| {
        let mut responses = Responses { sex, ..Responses::default() };
        for (item, (seed, gap)) in instrument.items.iter().zip(seeds) {
            if gaps > 0 && gap % gaps == 0 {
                continue;
            }
            if let Some(value) = value(&item.answers, seed) {
                responses.answers.insert(item.id.to_owned(), value);
            }
        }
        responses
    })
}

fn any_instrument() -> impl Strategy<Value = &'static Instrument> {
    select(all().to_vec())
}

fn with_scales() -> impl Strategy<Value = (&'static Instrument, Responses)> {
    let scaled: Vec<_> = all().iter().copied().filter(|instrument| !instrument.scales.is_empty()).collect();
    (select(scaled), 0_u64..5)
        .prop_flat_map(|(instrument, gaps)| answers(instrument, gaps).prop_map(move |r| (instrument, r)))
}

fn any_answers() -> impl Strategy<Value = (&'static Instrument, Responses)> {
    (any_instrument(), 0_u64..5)
        .prop_flat_map(|(instrument, gaps)| answers(instrument, gaps).prop_map(move |r| (instrument, r)))
}

/// Random answers to a form with skip rules seldom agree; what contradicts is not scored.
fn scored((instrument, responses): &(&'static Instrument, Responses)) -> Option<Scored> {
    score(instrument, responses).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Scoring yields just the outputs that it announces, in that order, each once.
    #[test]
    fn outputs_are_as_announced(case in any_answers()) {
        if let Some(scored) = scored(&case) {
            let announced = |kind: OutputKind| {
                outputs(case.0).into_iter().filter(|o| o.kind == kind).map(|o| o.name.to_owned()).collect::<Vec<_>>()
            };
            let scores: Vec<String> = scored.scores.iter().map(|s| s.name.to_string()).collect();
            let decisions: Vec<String> = scored.decisions.iter().map(|d| d.name.to_string()).collect();
            let texts: Vec<String> = scored.texts.iter().map(|t| t.name.to_string()).collect();
            prop_assert_eq!(scores, announced(OutputKind::Number));
            prop_assert_eq!(decisions, announced(OutputKind::Decision));
            prop_assert_eq!(texts, announced(OutputKind::Text));
        }
    }

    /// A value and its method go together, and no more is answered than applies.
    #[test]
    fn methods_hold(case in any_answers()) {
        for score in scored(&case).iter().flat_map(|scored| &scored.scores) {
            prop_assert_eq!(score.value.is_none(), score.method == Method::NotScorable, "{:?}", score);
            prop_assert!(score.n_answered <= score.n_items, "{:?}", score);
            if score.method == Method::Complete {
                prop_assert_eq!(score.n_answered, score.n_items, "{:?}", score);
            }
            if score.method == Method::Prorated {
                prop_assert!(score.n_answered < score.n_items, "{:?}", score);
            }
            prop_assert!(score.value.is_some() || score.band.is_none(), "{:?}", score);
        }
    }

    /// A plain scale lies in its range, prorated or not, and is prorated only within its rule.
    #[test]
    fn scales_lie_in_their_range(case in with_scales()) {
        let Some(scored) = scored(&case) else { return Ok(()) };
        for scale in case.0.scales {
            let score = scored.score(scale.name).unwrap();
            let ends = scale.items.iter().map(|n| case.0.items[usize::from(*n) - 1].points_range());
            let (low, high) = ends.fold((0, 0), |(low, high), (min, max)| (low + min, high + max));
            let of = scale.items.len() as i64;
            let (low, high) = if scale.form == Form::Sum { (low, high) } else { (low / of, high / of) };
            if let Some(value) = score.value {
                prop_assert!(Decimal::whole(low) <= value && value <= Decimal::whole(high), "{:?}", score);
            }
            let missing = score.n_items - score.n_answered;
            prop_assert_eq!(score.value.is_some(), missing <= scale.missing_allowed && score.n_answered > 0);
        }
    }

    /// The order in which answers are given changes nothing.
    #[test]
    fn order_does_not_matter(case in any_answers()) {
        let mut backwards = Responses { answers: Default::default(), ..case.1.clone() };
        for (key, value) in case.1.answers.iter().rev() {
            backwards.answers.insert(key.clone(), value.clone());
        }
        prop_assert_eq!(score(case.0, &case.1), score(case.0, &backwards));
        let json = |entries: Vec<(&String, &Value)>| {
            let written: Vec<String> = entries.iter().map(|(k, v)| format!("{}:{}", serde_json::json!(k), serde_json::to_string(v).unwrap())).collect();
            format!("{{\"responses\":{{{}}}}}", written.join(","))
        };
        let forwards = json(case.1.answers.iter().collect());
        let reversed = json(case.1.answers.iter().rev().collect());
        let of = |text: &str| instruments::cli::score_json(case.0.id, text, false);
        let (left, right) = (of(&forwards), of(&reversed));
        prop_assert_eq!(left.is_ok(), right.is_ok());
        if let (Ok(left), Ok(right)) = (left, right) {
            prop_assert_eq!(left, right);
        }
    }

    /// Leaving an answer out never turns a decision round: it stays, or becomes indeterminate.
    #[test]
    fn a_gap_never_turns_a_decision(
        (instrument, responses) in select(vec!["caps5", "pcl5", "itq", "ace", "scid5pd", "sds", "labs"])
            .prop_flat_map(|id| { let i = find(id).unwrap(); answers(i, 0).prop_map(move |r| (i, r)) }),
        drop in any::<prop::sample::Index>(),
    ) {
        let Ok(before) = score(instrument, &responses) else { return Ok(()) };
        let mut less = responses.clone();
        let key = drop.get(&less.answers.keys().cloned().collect::<Vec<_>>()).clone();
        // Without the event the interview is taken as given on one; and a side is taken where a finding was recorded.
        prop_assume!(!matches!(key.as_str(), "A" | "1a"));
        prop_assume!(instrument.id != "scid5pd" || key.contains(|c: char| c.is_ascii_digit()));
        less.answers.remove(&key);
        let Ok(after) = score(instrument, &less) else { return Ok(()) };
        for decision in before.decisions {
            // These hang on a score's own method, not on three-valued logic.
            if matches!(&*decision.name, "above_cutoff" | "sum_response" | "sum_remission") { continue }
            let now = after.decision(&decision.name).unwrap();
            prop_assert!(now == decision.answer || now == Truth::Indeterminate, "{} without {key}: {} then {now}", decision.name, decision.answer);
        }
    }

    /// Raising one answer never lowers the sum that it belongs to (or raises it, where it is reversed).
    #[test]
    fn scales_are_monotone(case in with_scales(), at in any::<prop::sample::Index>()) {
        let (instrument, responses) = &case;
        let Some(before) = scored(&case) else { return Ok(()) };
        let item = at.get(instrument.items);
        let Some(Value::Integer(points)) = responses.answers.get(item.id) else { return Ok(()) };
        let mut more = responses.clone();
        let step = if let Answers::Whole { step, .. } = item.answers { step } else { 1 };
        more.answers.insert(item.id.to_owned(), Value::Integer(points + step));
        let Ok(after) = score(instrument, &more) else { return Ok(()) };
        let number = instrument.items.iter().position(|other| other.id == item.id).unwrap() as u16 + 1;
        for scale in instrument.scales.iter().filter(|scale| scale.items.contains(&number)) {
            if let (Some(before), Some(after)) = (before.value(scale.name), after.value(scale.name)) {
                if scale.reversed.contains(&number) {
                    prop_assert!(after < before, "{}", scale.name);
                } else {
                    prop_assert!(after > before, "{}", scale.name);
                }
            }
        }
    }

    /// The quick way gives what the careful way gives.
    #[test]
    fn numbers_and_responses_agree(
        (instrument, answers) in select(vec!["caps5", "pcl5", "phq9", "gad7", "isi", "ptgi", "tas20", "scs", "wai_sr", "des2"])
            .prop_flat_map(|id| { let i = find(id).unwrap(); (Just(i), proptest::collection::vec(proptest::option::weighted(0.9, any::<u64>()), i.items.len())) })
    ) {
        let numbers: Vec<Option<i64>> = instrument.items.iter().zip(answers).map(|(item, seed)| match value(&item.answers, seed?)? {
            Value::Integer(number) => Some(number),
            Value::Bool(answer) => Some(i64::from(answer)),
            Value::Decimal(number) => Some(number.trunc()),
            _ => None,
        }).collect();
        let mut responses = Responses::default();
        for (item, number) in instrument.items.iter().zip(&numbers) {
            if let Some(number) = number {
                responses.answers.insert(item.id.to_owned(), Value::Integer(*number));
            }
        }
        prop_assert_eq!(score_numbers(instrument, &numbers), score(instrument, &responses));
    }

    /// The diagnosis does not follow from the total: it needs at least 12, and fails at any total.
    #[test]
    fn diagnosis_and_total(responses in answers(find("caps5").unwrap(), 0)) {
        let Ok(scored) = score(find("caps5").unwrap(), &responses) else { return Ok(()) };
        if scored.decision("diagnosis") == Some(Truth::Yes) {
            prop_assert!(scored.value("total").unwrap() >= Decimal::whole(12));
        }
        let sum = ["b_severity", "c_severity", "d_severity", "e_severity"].iter().filter_map(|name| scored.value(name));
        prop_assert_eq!(scored.value("total"), Some(sum.fold(Decimal::ZERO, Decimal::plus)));
        if scored.decision("dissociative_subtype") == Some(Truth::Yes) {
            prop_assert_eq!(scored.decision("diagnosis"), Some(Truth::Yes));
        }
    }

    /// Remission lies within the loss of diagnosis, and everyone known belongs to exactly one group.
    #[test]
    fn groups_nest(before in 0_i64..=80, now in 0_i64..=80, had in any::<bool>(), has in any::<bool>()) {
        let point = |total: i64, diagnosis: bool| Caps5Point { total: Some(Decimal::whole(total)), diagnosis: diagnosis.into() };
        let outcome = caps5_outcome(point(before, had), point(now, has), &Settings::REFERENCE);
        if outcome.remission.is_yes() {
            prop_assert!(outcome.loss_of_diagnosis.is_yes());
        }
        prop_assert_eq!(outcome.response.is_yes(), now - before <= -10);
        let group = match (had && !has, now <= 11, now - before <= -10) {
            (true, true, _) => ResponseGroup::Remission,
            (true, false, _) => ResponseGroup::LostDiagnosis,
            (false, _, true) => ResponseGroup::Responder,
            (false, _, false) => ResponseGroup::NonResponder,
        };
        prop_assert_eq!(outcome.group, Some(group));
    }

    /// A value outside the range is refused with the item named, whatever the others are.
    #[test]
    fn out_of_range_is_named(case in any_answers(), at in any::<prop::sample::Index>(), beyond in 1_i64..1000) {
        let (instrument, mut responses) = case;
        let item = at.get(instrument.items);
        let Answers::Whole { max, .. } = item.answers else { return Ok(()) };
        responses.answers.insert(item.id.to_owned(), Value::Integer(max + beyond));
        let wrong = score(instrument, &responses).unwrap_err();
        prop_assert!(wrong.iter().any(|fault| fault.item == item.id && fault.needed.contains(&max.to_string())), "{wrong:?}");
    }

    /// Changes against itself are nought, and every one that appears is announced.
    #[test]
    fn change_against_itself(case in any_answers()) {
        let Some(now) = scored(&case) else { return Ok(()) };
        let responses = Responses { baseline: Some((&now).into()), ..case.1.clone() };
        let Ok(again) = score(case.0, &responses) else { return Ok(()) };
        let announced: Vec<String> = change::change_outputs(case.0).into_iter().map(|o| o.name).collect();
        for score in again.scores.iter().skip(now.scores.len()) {
            prop_assert!(announced.contains(&score.name.to_string()), "{}", score.name);
            prop_assert_eq!(score.value.unwrap_or_default(), Decimal::ZERO, "{}", score.name);
        }
        for decision in again.decisions.iter().skip(now.decisions.len()) {
            prop_assert!(announced.contains(&decision.name.to_string()), "{}", decision.name);
        }
    }

    /// No text that is thrown at it makes it fall over.
    #[test]
    fn hostile_text(instrument in any_instrument(), text in "\\PC{0,200}", lines in any::<bool>()) {
        let _ = instruments::cli::score_json(instrument.id, &text, lines);
        let wrapped = format!("{{\"responses\":{{\"1\":{text}}}}}");
        let _ = instruments::cli::score_json(instrument.id, &wrapped, lines);
        let _ = instruments::FormPack::parse(&text);
    }
}
