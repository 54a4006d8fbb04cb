//! Items that add up: answers of a scale drawn so that their sum is the total that the person should have.
//!
//! Source: outcomes-sim.md §3.3.

use crate::random::Stream;

/// One item's lowest and highest points and how much of the total it tends to carry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Part {
    pub min: i64,
    pub max: i64,
    pub weight: f64,
}

/// Points for each item, summing to `total` exactly (or to the nearest sum that the items can reach). Shares are drawn
/// from a Dirichlet distribution around the weights; overflow over an item's highest is handed on.
pub(crate) fn spread(total: i64, parts: &[Part], stream: &mut Stream) -> Vec<i64> {
    let lowest: i64 = parts.iter().map(|part| part.min).sum();
    let highest: i64 = parts.iter().map(|part| part.max).sum();
    let mut left = total.clamp(lowest, highest) - lowest;
    let weights: Vec<f64> = parts.iter().map(|part| 8.0 * part.weight.max(0.01)).collect();
    let shares = stream.dirichlet(&weights);
    let mut points: Vec<i64> = Vec::with_capacity(parts.len());
    let all = left as f64;
    for (part, share) in parts.iter().zip(&shares) {
        let expected = all * share;
        let up = stream.chance(expected - expected.floor());
        let drawn = (expected.floor() as i64 + i64::from(up)).clamp(0, part.max - part.min).min(left);
        left -= drawn;
        points.push(drawn);
    }
    // What is left over goes where there is room, by weight: at most one round for each point.
    while left > 0 {
        let room: Vec<f64> = parts
            .iter()
            .zip(&points)
            .map(|(part, drawn)| if *drawn < part.max - part.min { part.weight.max(0.01) } else { 0.0 })
            .collect();
        if room.iter().sum::<f64>() <= 0.0 {
            break;
        }
        let place = stream.weighted(&room);
        if let Some(drawn) = points.get_mut(place) {
            *drawn += 1;
        }
        left -= 1;
    }
    points.iter().zip(parts).map(|(drawn, part)| part.min + drawn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_sum_is_the_total(total in 0i64..=80, seed: u64, heavy in 0usize..20) {
            let mut parts = [Part { min: 0, max: 4, weight: 1.0 }; 20];
            parts[heavy].weight = 6.0;
            let points = spread(total, &parts, &mut Stream::new(seed, 0, Purpose::Answers));
            prop_assert_eq!(points.iter().sum::<i64>(), total);
            prop_assert!(points.iter().all(|p| (0..=4).contains(p)));
        }

        #[test]
        fn totals_out_of_reach_are_held(total in -50i64..200, seed: u64) {
            let parts = [Part { min: 1, max: 5, weight: 1.0 }, Part { min: 1, max: 2, weight: 0.0 }];
            let points = spread(total, &parts, &mut Stream::new(seed, 0, Purpose::Answers));
            prop_assert_eq!(points.iter().sum::<i64>(), total.clamp(2, 7));
        }
    }

    #[test]
    fn heavier_items_carry_more() {
        let parts = [
            Part { min: 0, max: 4, weight: 1.25 },
            Part { min: 0, max: 4, weight: 0.45 },
            Part { min: 0, max: 4, weight: 1.0 },
        ];
        let mut stream = Stream::new(4, 0, Purpose::Answers);
        let mut sums = [0i64; 3];
        for _ in 0..3000 {
            spread(5, &parts, &mut stream).iter().zip(&mut sums).for_each(|(p, sum)| *sum += p);
        }
        assert!(sums[0] > sums[2] && sums[2] > sums[1], "{sums:?}");
    }
}
