//! Findings for a terminal: message, source lines with a caret, related places, the fix as a patch, environments.
//!
//! annotate-snippets prints them in the style of rustc. The crate reads its whole input once per finding, so it gets only the lines to show, and
//! only spans within one line.

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Patch, Renderer, Snippet, normalize_untrusted_str};

use super::place::{Place, Places};
use super::{Diagnostic, Severity, environments};

/// Places of one file that are at most this many lines apart share an excerpt, with the lines between them folded.
const NEAR: usize = 30;

/// The maximum size of an excerpt in bytes. Longer ones (of a file without line breaks) are unreadable and replaced by file, line and column. So are
/// excerpts with a credential, which would end up in logs.
const LONG: usize = 8192;

pub(super) fn print(diagnostics: &[&Diagnostic], places: &Places, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let reports: Vec<String> = diagnostics.iter().map(|diagnostic| renderer.render(&groups(diagnostic, places)) + "\n").collect();
    reports.join("\n")
}

/// The groups of one finding: the finding, then the fix.
fn groups<'a>(diagnostic: &'a Diagnostic, places: &Places<'a>) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let primary = diagnostic.span.and_then(|span| places.find(span));
    let edit = edit(diagnostic, places);
    let mut group = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.name()).elements(Vec::<Element>::new());
    let mut notes: Vec<String> = Vec::new();
    match &diagnostic.subject {
        Some(subject) if primary.is_none() => group = group.element(Origin::path(subject.as_str())),
        Some(subject) if !diagnostic.message.contains(subject.as_str()) => notes.push(format!("about {subject}")),
        Some(_) => {}
        None => {}
    }
    group = group.elements(excerpts(marks(diagnostic, primary, places), places));
    if edit.is_none() {
        group = group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(normalize_untrusted_str(help))));
    }
    notes.extend(environments(diagnostic));
    group = group.elements(notes.iter().map(|note| Level::NOTE.message(normalize_untrusted_str(note))));
    [Some(group), edit].into_iter().flatten().collect()
}

/// A place to underline.
struct Mark<'a> {
    place: Place<'a>,
    kind: AnnotationKind,
    label: Option<&'a str>,
}

fn marks<'a>(diagnostic: &'a Diagnostic, primary: Option<Place<'a>>, places: &Places<'a>) -> Vec<Mark<'a>> {
    let primary = primary.map(|place| Mark { place, kind: AnnotationKind::Primary, label: diagnostic.label.as_deref() });
    let related = diagnostic.related.iter().filter_map(|other| {
        Some(Mark { place: places.find(other.span)?, kind: AnnotationKind::Context, label: Some(other.message.as_str()) })
    });
    primary.into_iter().chain(related).collect()
}

/// The excerpts of the marks, in the order of their first marks. Nearby marks share an excerpt.
fn excerpts<'a>(marks: Vec<Mark<'a>>, places: &Places<'a>) -> Vec<Element<'a>> {
    let mut clusters: Vec<Vec<Mark>> = Vec::new();
    for mark in marks {
        let near = |other: &Mark| other.place.file == mark.place.file && other.place.start.line.abs_diff(mark.place.start.line) <= NEAR;
        match clusters.iter_mut().find(|cluster| cluster.iter().any(near)) {
            Some(cluster) => cluster.push(mark),
            None => clusters.push(vec![mark]),
        }
    }
    clusters.into_iter().flat_map(|cluster| excerpt(cluster, places)).collect()
}

fn excerpt<'a>(cluster: Vec<Mark<'a>>, places: &Places<'a>) -> Vec<Element<'a>> {
    let lines = || cluster.iter().map(|mark| mark.place.start.line);
    let (Some(first), Some(last), Some(Mark { place, .. })) = (lines().min(), lines().max(), cluster.first()) else { return Vec::new() };
    let range = places.lines(place.file, first, last);
    if range.len() > LONG || !places.showable(place.file, first, last) {
        return cluster.iter().flat_map(named).collect();
    }
    let source = &place.source.text[range.clone()];
    let snippet = Snippet::source(source).path(place.name()).line_start(first);
    vec![snippet.annotations(cluster.iter().map(|mark| annotation(mark, range.start, places))).into()]
}

/// A place as file, line and column, without an excerpt.
fn named<'a>(mark: &Mark<'a>) -> Vec<Element<'a>> {
    let Mark { place, label, .. } = mark;
    let origin = Origin::path(place.name()).line(place.start.line).char_column(place.start.column);
    let label = label.map(|label| Level::NOTE.message(normalize_untrusted_str(label)).into());
    std::iter::once(origin.into()).chain(label).collect()
}

/// The underline of a mark, limited to the mark's first line. `base` is the offset of the excerpt in the file.
fn annotation<'a>(mark: &Mark<'a>, base: usize, places: &Places) -> Annotation<'a> {
    let Mark { place, kind, label } = mark;
    let end_of_line = places.lines(place.file, place.start.line, place.start.line).end;
    let start = place.start.offset.min(end_of_line);
    kind.span(start - base..place.end.offset.clamp(start, end_of_line) - base).label(*label)
}

/// The help with the fix as a patch; `None` if there is no fix to show.
fn edit<'a>(diagnostic: &'a Diagnostic, places: &Places<'a>) -> Option<Group<'a>> {
    let fix = diagnostic.fix.as_ref()?;
    let place = places.editable(fix.span)?;
    let range = places.lines(place.file, place.start.line, place.end.line);
    if range.len() + fix.text.len() > LONG || !places.showable(place.file, place.start.line, place.end.line) {
        return None;
    }
    let patch = Patch::new(place.start.offset - range.start..place.end.offset - range.start, fix.text.as_str());
    let snippet = Snippet::source(&place.source.text[range]).path(place.name()).line_start(place.start.line).patch(patch);
    let help = diagnostic.help.as_deref().unwrap_or("make this edit");
    Some(Level::HELP.secondary_title(normalize_untrusted_str(help)).element(snippet))
}
