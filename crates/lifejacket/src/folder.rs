//! Reading a study's files: from a folder, or from those that the program carries.

use anyhow::{Context, bail};
use protocol::{StudyFiles, Unreadable};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The largest study file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The files of a study: a folder if there is one of that name, else one that the program carries.
pub fn study_files(name: &str) -> anyhow::Result<StudyFiles> {
    let path = Path::new(name);
    if path.is_dir() {
        let mut found = Found::default();
        found.folder(path, path)?;
        let mut files = StudyFiles::new(name.trim_end_matches('/'), found.files);
        files.unreadable = found.unreadable;
        return Ok(files);
    }
    if let Some(files) = protocol::embedded::files(name) {
        return Ok(files);
    }
    let known = protocol::embedded::ids().collect::<Vec<_>>().join(", ");
    bail!("there is no folder \"{name}\", and the program carries no study of that name; it carries {known}")
}

/// What was found in a study's folder.
#[derive(Default)]
struct Found {
    files: Vec<(String, String)>,
    unreadable: BTreeMap<String, Unreadable>,
    /// Folders that were read, by where they really are: links may lead to one twice, or in a circle.
    folders: BTreeSet<PathBuf>,
}

impl Found {
    fn folder(&mut self, root: &Path, folder: &Path) -> anyhow::Result<()> {
        let real = fs::canonicalize(folder).with_context(|| format!("reading the folder {}", folder.display()))?;
        if !self.folders.insert(real) {
            return Ok(());
        }
        let mut entries: Vec<_> = fs::read_dir(folder)
            .with_context(|| format!("reading the folder {}", folder.display()))?
            .collect::<Result<_, _>>()?;
        // What stands here itself goes before what only leads here: its name is the one that the study gives.
        entries.sort_by_key(|entry| (entry.file_type().is_ok_and(|kind| kind.is_symlink()), entry.file_name()));
        for entry in entries {
            let path = entry.path();
            if path.is_dir() {
                self.folder(root, &path)?;
            } else if path.extension().is_some_and(|ending| ending == "toml" || ending == "md") {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                self.file(name, &path);
            }
        }
        Ok(())
    }

    /// Reads one file; what stands in the way is a mistake of the study like any other, told with them.
    fn file(&mut self, name: String, path: &Path) {
        let unread = |why: String, mend: &str| Unreadable { why, byte: 0, mend: mend.to_owned() };
        let size = fs::metadata(path).map(|about| about.len());
        let wrong =
            match size.and_then(|size| if size > FILE_BYTES_MAX { Ok(Err(size)) } else { fs::read(path).map(Ok) }) {
                Ok(Ok(bytes)) => match String::from_utf8(bytes) {
                    Ok(text) => {
                        self.files.push((name, text));
                        return;
                    }
                    Err(error) => {
                        let byte = error.utf8_error().valid_up_to();
                        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                        self.files.push((name.clone(), text));
                        Unreadable { byte, ..unread("it is not UTF-8 text".to_owned(), "save it as UTF-8") }
                    }
                },
                Ok(Err(size)) => {
                    let why = format!("it has {size} bytes; a study file has at most {FILE_BYTES_MAX}");
                    unread(why, "divide it, or take out what is no part of the study")
                }
                Err(error) if path.is_symlink() => {
                    unread(format!("it is a link that leads nowhere ({error})"), "mend the link, or take it out")
                }
                Err(error) => unread(error.to_string(), "see to it that the file may be read"),
            };
        self.unreadable.insert(name, wrong);
    }
}

#[cfg(test)]
mod tests {
    use super::study_files;
    use std::{fs, os::unix::fs::symlink, path::PathBuf};

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("lifejacket-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("forms")).expect("a folder of its own");
        folder
    }

    #[test]
    fn what_cannot_be_read_is_one_mistake_among_the_others() {
        let folder = folder("unreadable");
        let text = "extends = \"small\"\nid = \"mine\"\n\n[[site]]\nid = \"S01\"\ncountry = \"Narnia\"\n";
        fs::write(folder.join("study.toml"), text).expect("written");
        fs::write(folder.join("forms/a.toml"), b"# kept in Z\xfcrich\n").expect("written");
        symlink("nowhere.toml", folder.join("forms/b.toml")).expect("linked");
        let files = study_files(folder.to_str().expect("a name")).expect("the folder is read");
        let (study, mistakes) = protocol::read(&files);
        assert!(study.is_none());
        let errors = mistakes.iter().filter(|one| one.severity == protocol::Severity::Error);
        let said: Vec<_> = errors.map(|one| (one.code, one.line, one.column)).collect();
        assert_eq!(said, [("study.file", 1, 12), ("study.file", 1, 1), ("study.country", 6, 11)], "{mistakes:?}");
        assert!(mistakes.iter().any(|one| one.message.contains("not UTF-8") && one.label == "from byte 11 on"));
        assert!(mistakes.iter().any(|one| one.message.contains("leads nowhere")));
        fs::remove_dir_all(folder).expect("taken away");
    }

    #[test]
    fn a_folder_that_links_lead_to_twice_is_read_once() {
        let folder = folder("links");
        fs::write(folder.join("study.toml"), "extends = \"small\"\nid = \"mine\"\n").expect("written");
        fs::write(folder.join("forms/a.toml"), "[[epoch]]\nid = \"limbo\"\n").expect("written");
        symlink("forms", folder.join("also")).expect("linked");
        symlink("..", folder.join("forms/up")).expect("linked");
        let files = study_files(folder.to_str().expect("a name")).expect("the folder is read");
        assert_eq!(files.files.keys().collect::<Vec<_>>(), ["forms/a.toml", "study.toml"]);
        fs::remove_dir_all(folder).expect("taken away");
    }
}
