//! Sheets in, PDF out. The world that the typesetter sees has one page of layout, one file of data, the figures and the fonts of its own
//! package: nothing else can be opened, no network is known, and there is no today.

use std::collections::HashMap;

use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult, SourceDiagnostic},
    foundations::{Bytes, Datetime, Duration, Smart},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::{NotTypeset, sheets::Sheets};

/// How the sheets look.
const LAYOUT: &str = include_str!("sheets.typ");

/// Everything that there is.
struct Desk {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    layout: Source,
    /// Looked up, never walked.
    files: HashMap<FileId, Bytes>,
}

/// Typesets.
pub(crate) fn typeset(sheets: &Sheets) -> Result<Vec<u8>, NotTypeset> {
    let document = document(sheets)?;
    // For archives, and readable by machines that read aloud.
    let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
        .map_err(|problem| NotTypeset::Refused(problem.message().to_string()))?;
    let options = PdfOptions { ident: Smart::Custom(sheets.ident.clone()), standards, ..PdfOptions::default() };
    let bytes = typst_pdf::pdf(&document, &options).map_err(|problems| NotTypeset::Refused(said(&problems)));
    // What was remembered for a next compilation is of no use: the next report is another one.
    typst::comemo::evict(0);
    bytes
}

/// The sheets laid out.
fn document(sheets: &Sheets) -> Result<PagedDocument, NotTypeset> {
    let desk = Desk::new(sheets)?;
    typst::compile::<PagedDocument>(&desk).output.map_err(|problems| NotTypeset::Refused(said(&problems)))
}

fn said(problems: &[SourceDiagnostic]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
}

fn id(path: &str) -> Result<FileId, NotTypeset> {
    let path = VirtualPath::new(path).map_err(|problem| NotTypeset::Refused(format!("{path}: {problem:?}")))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl Desk {
    fn new(sheets: &Sheets) -> Result<Self, NotTypeset> {
        let fonts: Vec<Font> = typst_assets::fonts().flat_map(|data| Font::iter(Bytes::new(data))).collect();
        let mut files = HashMap::new();
        for (path, bytes) in &sheets.files {
            files.insert(id(path)?, Bytes::new(bytes.clone()));
        }
        Ok(Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            layout: Source::new(id("/sheets.typ")?, LAYOUT.to_owned()),
            files,
        })
    }
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.layout.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.layout.id() { Ok(self.layout.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheets::sheets;
    use analysis::{Block, Cell, Checkpoint, Figure, Report, Section, Standing, Table};
    use typst::layout::{Frame, FrameItem};

    const ODD: &str = "#panic() *bold* $x$ @label <tag> // [brackets] \\ `code`";

    fn report() -> Report {
        let mut long = Table::new("long", "A table over sheets", "Participant", &[]);
        long.column("a", "Head of numbers").column("b", "Head of words");
        for row in 0..150 {
            let number = Cell::number(format!("{row}.0"), "a", f64::from(row));
            long.row(
                format!("r{row}"),
                format!("Row {row}"),
                vec![number, Cell::words("words that may break over lines")],
            );
        }
        let mut wide = Table::new("wide", "A table that lies", "Row", &[]);
        for at in 0..12 {
            wide.column(format!("c{at}"), format!("Column {at}"));
        }
        wide.row("r", "Row", vec![Cell::number("−10.1 (−12.2 to −8.1)", "a", 1.0); 12]);
        let svg = "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 40\"><title>t</title><text class=\"t1\" x=\"5\" y=\"20\">Drawn words</text></svg>";
        let figure = Figure {
            id: "drawn".to_owned(),
            title: "A figure".to_owned(),
            svg: svg.to_owned(),
            table: "long".to_owned(),
            notes: Vec::new(),
        };
        let mut section = Section::new("one", "The only section");
        section.words(ODD).table(long).figure(figure).table(wide);
        assert!(matches!(section.blocks.first(), Some(Block::Words(_))));
        Report {
            title: "A trial # of * things".to_owned(),
            study: ("study-id".to_owned(), "3.1".to_owned(), "ab".repeat(32)),
            plan: "cd".repeat(32),
            standing: Standing::Dummy(7),
            frozen: None,
            lock: None,
            checkpoint: Checkpoint {
                synthetic: true,
                recorded_at: "2026-11-30T12:00:00Z".parse().unwrap(),
                entries: 12,
                heads: std::collections::BTreeMap::new(),
                digest: "ef".repeat(32),
                program: "lifejacket test".to_owned(),
                late: 0,
            },
            queries: Vec::new(),
            sections: vec![section],
        }
    }

    /// The words of a frame in the order in which they were set, and how many images are in it.
    fn words(frame: &Frame, out: &mut String) -> usize {
        let mut images = 0;
        for (_, item) in frame.items() {
            match item {
                FrameItem::Group(group) => images += words(&group.frame, out),
                FrameItem::Text(text) => {
                    out.push_str(&text.text);
                    out.push(' ');
                }
                FrameItem::Image(..) => images += 1,
                FrameItem::Shape(..) | FrameItem::Link(..) | FrameItem::Tag(..) => {}
            }
        }
        images
    }

    #[test]
    fn every_sheet_says_what_it_is_and_heads_repeat() {
        let document = document(&sheets(&report())).unwrap();
        let mut images = 0;
        let sheets: Vec<String> = document
            .pages()
            .iter()
            .map(|page| {
                let mut text = String::new();
                images += words(&page.frame, &mut text);
                // Words are set in runs: only letters and figures are compared.
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect();
        let all = sheets.len();
        assert!(all >= 5, "{all} sheets");
        for (at, sheet) in sheets.iter().enumerate() {
            for said in [
                "study-id, version 3.1 · SYNTHETIC DATA".to_owned(),
                "REHEARSAL WITH A DUMMY ALLOCATION (seed 7)".to_owned(),
                format!("record {} · plan {}", "ef".repeat(8), "cd".repeat(8)),
                format!("page {} of {all}", at + 1),
            ] {
                assert!(sheet.contains(&said), "sheet {}: no {said:?} in {sheet}", at + 1);
            }
        }
        let rows: Vec<&String> =
            sheets.iter().filter(|sheet| sheet.contains("words that may break over lines")).collect();
        assert!(rows.len() >= 3 && rows.iter().all(|sheet| sheet.contains("Head of numbers")), "{} sheets", rows.len());
        let lying: Vec<_> = document.pages().iter().filter(|page| page.frame.width() > page.frame.height()).collect();
        assert_eq!((lying.len(), images), (1, 1));
        assert!(sheets.concat().contains("#panic() *bold* $x$ @label <tag> // [brackets]"), "{}", sheets.concat());
    }

    #[test]
    fn twice_gives_the_same_bytes() {
        let sheets = sheets(&report());
        let once = typeset(&sheets).unwrap();
        assert!(once.starts_with(b"%PDF-1.7") && once.len() > 10_000, "{} bytes", once.len());
        assert_eq!(once, typeset(&sheets).unwrap());
    }

    /// Nothing but what was laid on the desk can be opened, whoever asks.
    #[test]
    fn no_other_file_is_there() {
        let desk = Desk::new(&sheets(&report())).unwrap();
        for path in ["/etc/passwd", "/sheets.typ", "/other.typ"] {
            let id = id(path).unwrap();
            assert_eq!(desk.file(id), Err(FileError::AccessDenied), "{path}");
            assert_eq!(desk.source(id).is_ok(), path == "/sheets.typ");
        }
        assert!(desk.file(id("/report.json").unwrap()).is_ok() && desk.today(None).is_none());
    }
}
