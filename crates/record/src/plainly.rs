//! What the reader of JSON says of a request, in the words of whoever wrote the request and not of the program's types.

/// A mistake in words, with its place.
pub fn plainly(error: &serde_json::Error) -> String {
    let whole = error.to_string();
    let (line, column) = (error.line(), error.column());
    let said = whole.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&whole);
    let words = words(said);
    if line == 0 { words } else { format!("line {line}, column {column}: {words}") }
}

fn words(said: &str) -> String {
    let quoted = |rest: &str| rest.split('`').next().unwrap_or_default().to_owned();
    if let Some(rest) = said.strip_prefix("missing field `") {
        return format!("the field `{}` is missing", quoted(rest));
    }
    if let Some(rest) = said.strip_prefix("duplicate field `") {
        return format!("the field `{}` is given twice", quoted(rest));
    }
    if let Some(rest) = said.strip_prefix("unknown field `") {
        return format!("there is no field `{}` here; {}", quoted(rest), known(rest, "there are no fields"));
    }
    if let Some(rest) = said.strip_prefix("unknown variant `") {
        return format!("`{}` is not known here; {}", quoted(rest), known(rest, "nothing is"));
    }
    for (prefix, joined) in [("invalid type: ", "stands where"), ("invalid value: ", "can't stand where")] {
        if let Some((found, needed)) = said.strip_prefix(prefix).and_then(|rest| rest.split_once(", expected ")) {
            return format!("{} {joined} {} is needed", found_words(found), needed_words(needed));
        }
    }
    if let Some((count, needed)) = said.strip_prefix("invalid length ").and_then(|rest| rest.split_once(", expected "))
    {
        return format!("a list of {count} stands where {} is needed", needed_words(needed));
    }
    let fixed = match said {
        "trailing characters" => "something stands behind the end of the request",
        "expected value" | "expected ident" => "this is no JSON: a value is missing, or a text without its quotes",
        "key must be a string" => "the name of a field stands in double quotes",
        "trailing comma" => "a comma too many",
        "expected `:`" => "a colon is missing behind the name of a field",
        "expected `,` or `}`" => "a comma is missing, or the brace that closes the object",
        "expected `,` or `]`" => "a comma is missing, or the bracket that closes the list",
        "recursion limit exceeded" => "objects and lists lie too deep in each other",
        "number out of range" => "a number too large to be meant",
        "invalid number" => "this is no number as JSON writes it",
        "invalid escape" => "a backslash in a text is followed by what it can't be",
        said if said.starts_with("EOF while parsing") => {
            "the text ends in the middle: a quote, a brace or a bracket isn't closed"
        }
        said if said.starts_with("control character") => {
            "a text goes over the end of a line, or holds a control character"
        }
        said if said.contains("surrogate") || said.contains("code point") => "half a character stands in a text",
        // What our own types say is said in words already.
        other => other,
    };
    fixed.to_owned()
}

/// What there is instead, from the list that follows the name.
fn known(rest: &str, none: &str) -> String {
    let listed = rest.split_once('`').map_or("", |(_, after)| after);
    let names: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    if names.is_empty() { none.to_owned() } else { format!("there are: {}", names.join(", ")) }
}

fn found_words(found: &str) -> String {
    let kinds = [
        ("map", "an object"),
        ("sequence", "a list"),
        ("null", "nothing (null)"),
        ("unit value", "nothing (null)"),
        ("Option value", "nothing (null)"),
        ("unit variant", "a name alone"),
        ("newtype variant", "a name with something behind it"),
        ("tuple variant", "a name with a list behind it"),
        ("struct variant", "a name with an object behind it"),
    ];
    if let Some((_, words)) = kinds.iter().find(|(kind, _)| *kind == found) {
        return (*words).to_owned();
    }
    let named =
        [("string ", "the text "), ("integer ", "the number "), ("floating point ", "the number "), ("boolean ", "")];
    let found = named.iter().find_map(|(kind, words)| Some(format!("{words}{}", found.strip_prefix(kind)?)));
    found.unwrap_or_else(|| "something else".to_owned())
}

fn needed_words(needed: &str) -> String {
    let first = needed.split(' ').next().unwrap_or_default();
    let words = match needed {
        "unit variant" => "the name alone",
        "newtype variant" => "the name with one value: {\"name\": …}",
        "string or map" | "variant identifier" | "enum" => "a name, or an object with one name in it: {\"name\": {…}}",
        "a string" | "a borrowed string" | "string" => "a text in quotes",
        "a boolean" => "true or false",
        "a map" | "map" => "an object {…}",
        "a sequence" => "a list […]",
        "unit" => "nothing (null)",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0, and not too large,",
        "i8" | "i16" | "i32" | "i64" => "a whole number, and not too large,",
        "f32" | "f64" => "a number",
        other if other.starts_with("struct variant") => "the name with its fields: {\"name\": {…}}",
        other if other.starts_with("tuple variant") => "the name with a list: {\"name\": […]}",
        other if other.starts_with("internally tagged enum") || first == "enum" => {
            "a name, or an object with one name in it: {\"name\": {…}}"
        }
        _ if first == "struct" => "an object with its fields: {…}",
        _ if first == "tuple" => "a list […]",
        other => other,
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::plainly;

    /// Words that only whoever wrote the program understands.
    const OURS: [&str; 8] = ["struct", "variant", "enum", "tuple", "u32", "EOF", "elements", "newtype"];

    #[test]
    fn mistakes_in_a_request_are_told_without_the_programs_types() {
        let cases = [
            ("[]", "a list of 0 stands where an object with its fields: {…} is needed"),
            ("[1]", "the number `1` stands where a text in quotes is needed"),
            ("\"x\"", "the text \"x\" stands where an object with its fields: {…} is needed"),
            ("{", "the text ends in the middle"),
            ("{\"id\": \"1\"", "the text ends in the middle"),
            ("{\"id\": \"1\"}", "the field `command` is missing"),
            ("{\"id\": 5, \"command\": {}}", "the number `5` stands where a text in quotes is needed"),
            ("{\"id\": \"1\", \"comand\": {}}", "there is no field `comand` here; there are: id, "),
            ("{\"id\": \"1\", \"command\": {\"fakt\": {}}}", "`fakt` is not known here; there are: fact, authorise"),
            (
                "{\"id\": \"1\", \"command\": {\"fact\": {\"sing\": {}}}}",
                "`sing` is not known here; there are: record_",
            ),
            (
                "{\"id\": \"1\", \"command\": {\"fact\": \"record_note\"}}",
                "a name alone stands where the name with its fields",
            ),
            (
                "{\"id\": \"1\", \"command\": {\"fact\": {\"record_note\": {\"participant\": \"S01-001\"}}}}",
                "the field `text` is missing",
            ),
            ("{\"id\": \"1\", \"command\": {\"fact\": {\"record_note\": [1]}}}", "the number `1` stands where"),
            (
                "{\"id\": \"1\", \"command\": {\"authorise\": {\"load_allocation\": {\"commitment\": \"c\", \"rows\": -1}}}}",
                "the number `-1` can't stand where a whole number from 0",
            ),
            ("{\"id\": \"1\" \"command\": 1}", "a comma is missing"),
            ("{id: 1}", "the name of a field stands in double quotes"),
            ("nonsense", "this is no JSON"),
        ];
        for (text, expected) in cases {
            let error = serde_json::from_str::<conduct::Request>(text).expect_err(text);
            let said = plainly(&error);
            assert!(said.contains(expected), "{text}: {said} ({error})");
            assert!(said.starts_with("line "), "{said}");
            let ours: Vec<&&str> = OURS.iter().filter(|word| said.contains(**word)).collect();
            assert!(ours.is_empty(), "{text}: {said} speaks of {ours:?}");
        }
    }
}
