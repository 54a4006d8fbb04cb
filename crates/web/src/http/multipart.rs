//! Forms with a file: parts between boundary lines (RFC 7578). Text parts become pairs, files are kept as bytes.

use super::pairs::Pairs;

/// A file as a form sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The form's field.
    pub name: String,
    pub file_name: String,
    pub bytes: Vec<u8>,
}

/// The boundary of a content type, where it is a form with files.
pub fn boundary(content_type: &str) -> Option<&str> {
    let rest = content_type.strip_prefix("multipart/form-data")?;
    let value = rest.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?.trim_matches('"');
    (!value.is_empty() && value.len() <= 70).then_some(value)
}

/// Takes a body apart. What doesn't fit the form of parts is left out; nothing is ever read beyond the body.
pub fn parts(boundary: &str, body: &[u8]) -> (Pairs, Vec<Upload>) {
    let line = format!("--{boundary}");
    let mut pairs = Vec::new();
    let mut uploads = Vec::new();
    for part in split(body, line.as_bytes()).into_iter().skip(1) {
        let Some(part) = part.strip_prefix(b"\r\n") else { continue };
        let Some(end) = find(part, b"\r\n\r\n") else { continue };
        let (head, rest) = part.split_at(end);
        let content = rest.get(4..).unwrap_or_default();
        let content = content.strip_suffix(b"\r\n").unwrap_or(content);
        let head = String::from_utf8_lossy(head);
        let Some(name) = parameter(&head, "name") else { continue };
        match parameter(&head, "filename") {
            Some(file_name) => uploads.push(Upload { name, file_name: last_part(&file_name), bytes: content.to_vec() }),
            None => pairs.push((name, String::from_utf8_lossy(content).into_owned())),
        }
    }
    (pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect(), uploads)
}

fn find(in_bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    in_bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn split<'a>(body: &'a [u8], at: &[u8]) -> Vec<&'a [u8]> {
    let mut out = Vec::new();
    let mut rest = body;
    while let Some(found) = find(rest, at) {
        let (before, after) = rest.split_at(found);
        out.push(before);
        rest = after.get(at.len()..).unwrap_or_default();
    }
    out.push(rest);
    out
}

/// A parameter of the part's disposition: `name="file"`.
fn parameter(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let found = line.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(found.trim_matches('"').to_owned())
}

/// A file's own name, without the folders that some browsers send along.
fn last_part(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_files_come_apart() {
        let body = b"--xx\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\necg\r\n--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\scans\\a b.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--not the end\r\n\r\n--xx--\r\n";
        let (pairs, uploads) = parts("xx", body);
        assert_eq!(pairs.text("kind"), "ecg");
        assert_eq!(uploads.len(), 1);
        assert_eq!(uploads[0].file_name, "a b.pdf");
        assert_eq!(uploads[0].bytes, b"%PDF\r\n--not the end\r\n");
    }

    #[test]
    fn broken_bodies_are_no_trouble() {
        for body in [
            &b""[..],
            b"--xx",
            b"--xx\r\n",
            b"--xx\r\nContent-Disposition: form-data\r\n\r\nz",
            b"\xff\xfe--xx\r\n\r\n\r\n\r\n--xx--",
        ] {
            let (pairs, uploads) = parts("xx", body);
            assert!(pairs.iter().next().is_none() && uploads.is_empty(), "{body:?}");
        }
    }

    #[test]
    fn boundaries() {
        assert_eq!(boundary("multipart/form-data; boundary=abc"), Some("abc"));
        assert_eq!(boundary("multipart/form-data; boundary=\"a b\""), Some("a b"));
        assert_eq!(boundary("application/x-www-form-urlencoded"), None);
        assert_eq!(boundary("multipart/form-data"), None);
    }
}
