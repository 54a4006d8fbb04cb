//! Reading a study's files: from a folder, or from those that the program carries.

use anyhow::{Context, bail};
use protocol::StudyFiles;
use std::{fs, path::Path};

/// The largest study file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The files of a study: a folder if there is one of that name, else one that the program carries.
pub fn study_files(name: &str) -> anyhow::Result<StudyFiles> {
    let path = Path::new(name);
    if path.is_dir() {
        let mut files = Vec::new();
        collect(path, path, &mut files)?;
        return Ok(StudyFiles::new(name.trim_end_matches('/'), files));
    }
    if let Some(files) = protocol::embedded::files(name) {
        return Ok(files);
    }
    let known = protocol::embedded::ids().collect::<Vec<_>>().join(", ");
    bail!("there is no folder \"{name}\", and the program carries no study of that name; it carries {known}")
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .with_context(|| format!("reading the folder {}", folder.display()))?
        .collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let known = path.extension().is_some_and(|ending| ending == "toml" || ending == "md");
        if !known {
            continue;
        }
        let size = entry.metadata()?.len();
        if size > FILE_BYTES_MAX {
            bail!("{} has {size} bytes; a study file has at most {FILE_BYTES_MAX}", path.display());
        }
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            anyhow::anyhow!("{} is not UTF-8 text: byte {at} can't be read; save it as UTF-8", path.display())
        })?;
        let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        files.push((relative, text));
    }
    Ok(())
}
