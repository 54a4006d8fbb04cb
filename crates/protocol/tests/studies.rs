//! Every study that the program carries reads without a mistake.

use protocol::{StudyFiles, embedded, plain, read};

#[test]
fn carried_studies_are_clean() {
    for id in embedded::ids() {
        let files = embedded::files(id).unwrap();
        let (study, diagnostics) = read(&files);
        // 120 and 40 mg is what that programme gives; the warning is there to be read, not to be silenced.
        let diagnostics: Vec<_> = diagnostics
            .into_iter()
            .filter(|found| !(id == "licensed-practice" && found.code == "study.supplement-half"))
            .collect();
        let text = plain(&diagnostics, |file| StudyFiles::text(&files, file));
        assert!(diagnostics.is_empty(), "{id}:\n{text}");
        assert_eq!(study.unwrap().id, id);
    }
}
