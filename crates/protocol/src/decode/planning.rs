//! Assumptions for planning the trial.

use super::each;
use crate::{
    item::{Item, Words},
    planning::{
        BetterWord, MechanismWord, Planning, PlanningAccrual, PlanningArm, PlanningBaseline, PlanningCovariate,
        PlanningDropout, PlanningLooks, SpendingWord,
    },
};
use terms::Decimal;

/// Trials where the study does not say.
const TRIALS: u32 = 2000;

pub fn planning(item: &Item<'_>) -> Option<Planning> {
    let arms = each(item.some_items("arm"), arm);
    let (sd, correlation) = (item.decimals("sd"), item.decimals("correlation"));
    let baseline = item.table("baseline").and_then(|item| baseline(&item));
    let dropout = item.optional_table("dropout");
    let dropout = dropout.map_or_else(|| Some(nobody_more()), |item| self::dropout(&item));
    let accrual = item.optional_table("accrual").map(|item| accrual(&item));
    let looks = item.optional_table("looks").map(|item| looks(&item));
    let curves = item.optional_table("curves").map(|item| curves(&item)).unwrap_or_default();
    let plan = Planning {
        arms,
        better: item.word("better")?,
        sd,
        correlation,
        baseline: baseline?,
        site_sd: item.optional_decimal("site_sd").unwrap_or_default(),
        site_concentration: item.optional_whole("site_concentration").unwrap_or(0),
        dropout: dropout?,
        accrual: accrual.map_or(Some(None), |found| found.map(Some))?,
        looks: looks.map_or(Some(None), |found| found.map(Some))?,
        covariates: each(item.items("covariate"), covariate),
        participants: curves.0,
        advantages: curves.1,
        trials: item.optional_whole("trials").unwrap_or(TRIALS),
        seed: item.optional_whole("seed").unwrap_or(1),
        source: item.source()?,
    };
    item.finish();
    Some(plan)
}

fn curves(item: &Item<'_>) -> (Vec<u32>, Vec<Decimal>) {
    let curves = (item.wholes("participants"), item.decimals("advantages"));
    item.finish();
    curves
}

fn arm(item: &Item<'_>) -> Option<PlanningArm> {
    let (id, change, hazard) = (item.identifier("id"), item.decimals("change"), item.decimals("hazard"));
    let source = item.source();
    item.finish();
    Some(PlanningArm { id: id?.into(), change, hazard, source: source? })
}

fn baseline(item: &Item<'_>) -> Option<PlanningBaseline> {
    let (mean, sd) = (item.decimal("mean"), item.decimal("sd"));
    let (min, max) = (item.decimal("min"), item.decimal("max"));
    let correlation = item.optional_decimal("correlation").unwrap_or_default();
    item.finish();
    Some(PlanningBaseline { mean: mean?, sd: sd?, min: min?, max: max?, correlation })
}

fn nobody_more() -> PlanningDropout {
    let none = Decimal::ZERO;
    PlanningDropout { mechanism: MechanismWord::Independent, slope: none, centre: none, missed: none }
}

fn dropout(item: &Item<'_>) -> Option<PlanningDropout> {
    let mechanism = item.word("mechanism");
    let (slope, centre) = (item.optional_decimal("slope"), item.optional_decimal("centre"));
    let missed = item.optional_decimal("missed");
    item.finish();
    Some(PlanningDropout {
        mechanism: mechanism?,
        slope: slope.unwrap_or_default(),
        centre: centre.unwrap_or_default(),
        missed: missed.unwrap_or_default(),
    })
}

fn accrual(item: &Item<'_>) -> Option<PlanningAccrual> {
    let (people_per_month, visit_days) = (item.decimal("people_per_month"), item.wholes("visit_days"));
    item.finish();
    Some(PlanningAccrual { people_per_month: people_per_month?, visit_days })
}

fn looks(item: &Item<'_>) -> Option<PlanningLooks> {
    let (fractions, efficacy) = (item.decimals("fractions"), item.word("efficacy"));
    let futility = if item.has("futility") { item.word("futility").map(Some) } else { Some(None) };
    let power = item.optional_decimal("power").unwrap_or(Decimal::thousandths(900));
    item.finish();
    Some(PlanningLooks { fractions, efficacy: efficacy?, futility: futility?, power })
}

fn covariate(item: &Item<'_>) -> Option<PlanningCovariate> {
    let (id, share) = (item.identifier("id"), item.decimal("share"));
    item.finish();
    Some(PlanningCovariate { id: id?, share: share? })
}

macro_rules! words {
    ($($type:ident { $($word:literal => $variant:ident),+ $(,)? })+) => {$(
        impl Words for $type {
            const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }
    )+};
}

words! {
    BetterWord { "lower" => Lower, "higher" => Higher }
    MechanismWord { "independent" => Independent, "seen" => Seen, "unseen" => Unseen }
    SpendingWord { "obrien_fleming" => ObrienFleming, "pocock" => Pocock }
}
