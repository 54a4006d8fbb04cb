//! Sealed bytes open with their key and place, and with nothing else.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use chain::{Key, Sealed};
use proptest::prelude::*;

/// Test vector of draft-irtf-cfrg-xchacha-03, appendix A.3.1.
#[test]
fn published_vector() {
    let key =
        Key::from_slice(&chain::from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f").unwrap())
            .unwrap();
    let nonce = chain::from_hex("404142434445464748494a4b4c4d4e4f5051525354555657").unwrap().try_into().unwrap();
    let context = chain::from_hex("50515253c0c1c2c3c4c5c6c7").unwrap();
    let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
    let sealed = Sealed::seal(&key, nonce, &context, plain).unwrap();
    let closed = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49";
    assert_eq!(sealed.to_string(), format!("v1.404142434445464748494a4b4c4d4e4f5051525354555657.{closed}"));
    assert_eq!(sealed.open(&key, &context).unwrap(), plain);
}

#[test]
fn says_nothing() {
    let sealed = Sealed::seal(&Key::from_array([1; 32]), [2; 24], b"", b"active").unwrap();
    assert_eq!(format!("{sealed:?}"), "Sealed(22 bytes)");
}

#[test]
fn not_sealed() {
    for wrong in ["", "v1.", "v1.00.00", "v2.00.00", "v1.zz.00"] {
        assert!(wrong.parse::<Sealed>().is_err(), "{wrong}");
    }
    assert!(Sealed::from_bytes(&[0; 23]).is_err());
}

proptest! {
    #[test]
    fn opens_only_as_it_was_closed(
        key in any::<[u8; 32]>(), other in any::<[u8; 32]>(), nonce in any::<[u8; 24]>(),
        context in any::<Vec<u8>>(), plain in any::<Vec<u8>>(), flip in any::<prop::sample::Index>(),
    ) {
        prop_assume!(key != other);
        let sealed = Sealed::seal(&Key::from_array(key), nonce, &context, &plain).unwrap();
        prop_assert_eq!(sealed.open(&Key::from_array(key), &context).unwrap(), plain);
        prop_assert_eq!(&Sealed::from_bytes(&sealed.to_bytes()).unwrap(), &sealed);
        prop_assert_eq!(&sealed.to_string().parse::<Sealed>().unwrap(), &sealed);
        prop_assert!(sealed.open(&Key::from_array(other), &context).is_err());
        prop_assert!(sealed.open(&Key::from_array(key), &[&context[..], b"x"].concat()).is_err());
        let mut bytes = sealed.to_bytes();
        let at = flip.index(bytes.len());
        bytes[at] ^= 1;
        prop_assert!(Sealed::from_bytes(&bytes).unwrap().open(&Key::from_array(key), &context).is_err());
    }
}
