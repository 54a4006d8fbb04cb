//! Permuted blocks: the order of arms in one stratum.

use rand::{Rng, RngExt, seq::SliceRandom};

/// Why no blocks can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// No arm, or ratios that sum to nothing.
    #[error("there is no arm to allocate to: every ratio is 0")]
    NoArms,
    /// No block sizes.
    #[error("no block size is given")]
    NoSizes,
    /// A size that the ratio does not divide.
    #[error("a block of {size} can't hold whole shares of the ratio, which sums to {sum}")]
    Uneven {
        /// The block's size.
        size: u32,
        /// Sum of the ratio.
        sum: u32,
    },
}

/// At least `rows` places in whole permuted blocks; each place is an index into `ratios`.
///
/// Every block's size is drawn evenly from `sizes`; within it each arm has its exact share, in random order. The last block is
/// whole too, so the result may be longer than `rows` by less than the largest size.
///
/// # Errors
/// When a size is not a multiple of the ratio's sum, or there is nothing to allocate.
pub fn blocks(ratios: &[u32], sizes: &[u32], rows: usize, random: &mut impl Rng) -> Result<Vec<usize>, BlockError> {
    let sum: u32 = ratios.iter().sum();
    if sum == 0 {
        return Err(BlockError::NoArms);
    }
    if let Some(size) = sizes.iter().find(|size| **size == 0 || !size.is_multiple_of(sum)) {
        return Err(BlockError::Uneven { size: *size, sum });
    }
    let mut places: Vec<usize> = Vec::with_capacity(rows + 8);
    while places.len() < rows {
        let drawn = random.random_range(0..sizes.len().max(1));
        let size = sizes.get(drawn).ok_or(BlockError::NoSizes)?;
        let shares = size / sum;
        let mut block: Vec<usize> = ratios
            .iter()
            .enumerate()
            .flat_map(|(arm, ratio)| std::iter::repeat_n(arm, (ratio * shares) as usize))
            .collect();
        block.shuffle(random);
        places.append(&mut block);
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    #[test]
    fn what_cannot_be_a_block() {
        let random = &mut ChaCha20Rng::seed_from_u64(1);
        assert_eq!(blocks(&[1, 1], &[2, 3], 10, random), Err(BlockError::Uneven { size: 3, sum: 2 }));
        assert_eq!(blocks(&[1, 1], &[0], 10, random), Err(BlockError::Uneven { size: 0, sum: 2 }));
        assert_eq!(blocks(&[0, 0], &[2], 10, random), Err(BlockError::NoArms));
        assert_eq!(blocks(&[], &[2], 10, random), Err(BlockError::NoArms));
        assert_eq!(blocks(&[1], &[], 10, random), Err(BlockError::NoSizes));
    }

    proptest! {
        /// With one size, every block is balanced; with mixed sizes, no prefix is further out of balance than half the largest block.
        #[test]
        fn balance(seed: u64, rows in 1usize..200, mixed: bool) {
            let sizes: &[u32] = if mixed { &[2, 4, 6] } else { &[4] };
            let places = blocks(&[1, 1], sizes, rows, &mut ChaCha20Rng::seed_from_u64(seed)).unwrap();
            prop_assert!(places.len() >= rows && places.len() < rows + 6);
            if !mixed {
                for block in places.chunks(4) {
                    prop_assert_eq!(block.iter().filter(|arm| **arm == 0).count(), 2);
                }
            }
            let largest = i32::try_from(*sizes.iter().max().unwrap()).unwrap() / 2;
            let mut difference = 0i32;
            for arm in &places {
                difference += if *arm == 0 { 1 } else { -1 };
                prop_assert!(difference.abs() <= largest);
            }
            prop_assert_eq!(difference, 0);
        }

        #[test]
        fn shares_follow_the_ratio(seed: u64) {
            let places = blocks(&[2, 1, 1], &[4, 8], 400, &mut ChaCha20Rng::seed_from_u64(seed)).unwrap();
            let first = places.iter().filter(|arm| **arm == 0).count();
            prop_assert_eq!(first * 2, places.len());
        }
    }
}
