//! How answers look on a terminal.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use conduct::{Broken, Finding, Refusal};
use protocol::{Diagnostic, Severity, StudyFiles};
use std::{fmt::Write as _, io::IsTerminal};

/// An error that ended a command.
pub fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

/// A study file's mistakes, in a compiler's manner.
pub fn diagnostics(diagnostics: &[Diagnostic], files: &StudyFiles) -> String {
    let renderer = if std::io::stdout().is_terminal() { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in diagnostics {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let text = files.text(&diagnostic.file).unwrap_or("");
        let clamp = |range: &std::ops::Range<usize>| {
            let end = range.end.min(text.len());
            range.start.min(end)..end
        };
        let snippet = Snippet::source(text)
            .path(diagnostic.file.as_str())
            .annotation(AnnotationKind::Primary.span(clamp(&diagnostic.range)).label(diagnostic.label.as_str()));
        let mut group = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code).element(snippet);
        for note in &diagnostic.notes {
            let text = files.text(&note.file).unwrap_or("");
            let end = note.range.end.min(text.len());
            let range = note.range.start.min(end)..end;
            group = group.element(
                Snippet::source(text)
                    .path(note.file.as_str())
                    .annotation(AnnotationKind::Context.span(range).label(note.label.as_str())),
            );
        }
        if let Some(mend) = &diagnostic.mend {
            group = group.element(Level::HELP.message(mend.as_str()));
        }
        let _ = writeln!(out, "{}\n", renderer.render(&[group]));
    }
    out
}

/// A broken rule in four lines.
pub fn broken(broken: &Broken) -> String {
    let condition = broken.condition.as_deref().map(|c| format!("/{c}")).unwrap_or_default();
    let mut text = format!("{}{condition} — {} ({})\n", broken.rule, broken.sentence, broken.source);
    let _ = writeln!(text, "  found    {}", broken.found);
    for evidence in &broken.evidence {
        let _ = writeln!(text, "           {} = {}", evidence.name, evidence.value);
    }
    let _ = writeln!(text, "  needed   {}", broken.needed);
    let _ = writeln!(text, "  do next  {}", broken.remedy);
    if let Some(day) = broken.clears {
        let _ = writeln!(text, "  clears   {day}");
    }
    text
}

/// A refusal with all its reasons.
pub fn refusal(refusal: &Refusal) -> String {
    let mut text = String::new();
    for reason in &refusal.broken {
        let _ = write!(text, "refused: {}", broken(reason));
    }
    text
}

/// A finding that holds, in one line.
pub fn held(finding: &Finding) -> Option<String> {
    match finding {
        Finding::Holds(held) => Some(format!("✓ {} — {}", held.sentence, held.found)),
        Finding::Broken(_) => None,
    }
}
