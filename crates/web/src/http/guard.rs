//! Guards around every page: security headers, and whether a post really comes from our own form.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Everything comes from ourselves, nothing is inline, nobody may frame us.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds what every answer carries. Pages are never stored; embedded files, named by their hash, are.
pub fn harden(headers: &mut HeaderMap, for_ever: bool) {
    const FIXED: [(HeaderName, &str); 6] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
    ];
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let cache = if for_ever { "public, max-age=31536000, immutable" } else { "no-store" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
}

/// The key with which form tokens are made; drawn when the server starts.
#[derive(Clone)]
pub struct FormKey([u8; 32]);

impl FormKey {
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The token that forms of this sign-in carry.
    pub fn token(&self, session: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(b"form\0");
        mac.update(session.as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a token belongs to this sign-in, in constant time.
    pub fn accepts(&self, session: &str, token: &str) -> bool {
        let wanted = self.token(session);
        !wanted.is_empty() && bool::from(wanted.as_bytes().ct_eq(token.as_bytes()))
    }
}

/// Whether a browser says that the post comes from one of our own pages. Without these headers (a program, an old
/// browser) the form token decides alone.
pub fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Whether a browser says outright that the post comes from one of our own pages. Silence is no answer here.
pub fn from_our_page(headers: &HeaderMap) -> bool {
    let says = |name: &str| headers.contains_key(name);
    same_origin(headers) && (says("sec-fetch-site") || says("origin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_belong_to_one_sign_in_and_one_server() {
        let key = FormKey::new([7; 32]);
        let token = key.token("session-a");
        assert!(key.accepts("session-a", &token));
        for (session, token) in [("session-b", token.as_str()), ("session-a", ""), ("session-a", &token[1..])] {
            assert!(!key.accepts(session, token), "{session} {token}");
        }
        assert!(!FormKey::new([8; 32]).accepts("session-a", &token));
    }

    #[test]
    fn origins() {
        let check = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            same_origin(&headers)
        };
        for (pairs, wanted) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://a"), ("host", "a")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], true),
            (&[("origin", "http://evil"), ("host", "127.0.0.1:8080")], false),
            (&[("origin", "null"), ("host", "127.0.0.1:8080")], false),
            (&[], true),
        ] {
            assert_eq!(check(pairs), wanted, "{pairs:?}");
        }
    }

    #[test]
    fn who_does_not_say_where_from_is_not_believed_to_be_ours() {
        let mut headers = HeaderMap::new();
        assert!(same_origin(&headers) && !from_our_page(&headers));
        headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
        assert!(!from_our_page(&headers));
        headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        assert!(from_our_page(&headers));
    }

    #[test]
    fn nothing_inline_is_allowed() {
        assert!(!POLICY.contains("unsafe"));
    }
}
