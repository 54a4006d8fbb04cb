//! Container numbers: random digits and a check digit, so that a slip of the pen or the eye is caught before a look-up.
//!
//! The check digit is Damm's: it finds every single wrong digit and every swap of neighbours.
//! Source: H. M. Damm, "Total anti-symmetrische Quasigruppen", 2004, table for order 10.

use rand::{Rng, RngExt};

/// Digits of a container number before its check digit.
const DIGITS: u32 = 6;

const TABLE: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// The check digit of some digits; `None` if something else than digits is among them.
pub fn check_digit(digits: &str) -> Option<u8> {
    digits.bytes().try_fold(0u8, |row, byte| {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        TABLE.get(usize::from(row))?.get(usize::from(digit)).copied()
    })
}

/// Whether a text is a container number whose check digit is right.
pub fn is_container_number(text: &str) -> bool {
    text.len() == DIGITS as usize + 1 && check_digit(text) == Some(0)
}

/// A random number with its check digit: `3052914`.
pub(crate) fn number_draw(random: &mut impl Rng) -> String {
    let first = 10u32.pow(DIGITS - 1);
    let digits = random.random_range(first..first * 10).to_string();
    let check = check_digit(&digits).unwrap_or_default();
    format!("{digits}{check}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    #[test]
    fn published_example() {
        assert_eq!(check_digit("572"), Some(4));
        assert_eq!(check_digit("5724"), Some(0));
        assert_eq!(check_digit("57a"), None);
    }

    proptest! {
        #[test]
        fn one_wrong_digit_and_swapped_neighbours_are_found(seed: u64, place in 0usize..7, other in 0u8..10) {
            let number = number_draw(&mut ChaCha20Rng::seed_from_u64(seed));
            prop_assert!(is_container_number(&number));
            let mut wrong = number.clone().into_bytes();
            if wrong[place] != b'0' + other {
                wrong[place] = b'0' + other;
                prop_assert!(!is_container_number(std::str::from_utf8(&wrong).unwrap()));
            }
            let mut swapped = number.into_bytes();
            if place < 6 && swapped[place] != swapped[place + 1] {
                swapped.swap(place, place + 1);
                prop_assert!(!is_container_number(std::str::from_utf8(&swapped).unwrap()));
            }
        }
    }
}
