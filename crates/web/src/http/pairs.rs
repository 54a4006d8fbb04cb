//! Names and values as a form or an address sends them, in order, repeated names kept.

/// Decoded pairs of a form body or a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Decodes `a=1&b=2`. Anything can be decoded; bytes that are not text become the replacement character.
    pub fn decode(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The first value of a name, without the spaces around it; empty where it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.trim())
    }

    /// The first value, exactly as sent: for secrets, where spaces count.
    pub fn exact(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// Every value of a name that is not empty.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, value)| found == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    pub fn ticked(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Encodes names and values for an address.
    pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect())
    }
}

/// One part of an address, encoded.
pub fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_hostile_bytes_without_failing() {
        for (sent, name, value) in [
            ("a=1&b=2", "b", "2"),
            ("a=+x+", "a", "x"),
            ("a=%C3%A9", "a", "é"),
            ("a=%FF%FE", "a", "\u{fffd}\u{fffd}"),
            ("a=1&a=2", "a", "1"),
            ("&&&=&", "a", ""),
            ("a=%zz%", "a", "%zz%"),
        ] {
            assert_eq!(Pairs::decode(sent.as_bytes()).text(name), value, "{sent}");
        }
    }

    #[test]
    fn a_secret_keeps_its_spaces() {
        assert_eq!(Pairs::decode(b"password=+a+b+").exact("password"), " a b ");
    }

    #[test]
    fn segments_cannot_leave_their_place() {
        assert_eq!(segment("S01/../x y?"), "S01%2F..%2Fx%20y%3F");
    }
}
